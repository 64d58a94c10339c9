/* Statuses of items: what was found, what was not assessed, and what people decided about it. */
#include "risk/result_priv.h"

#define MARKS_BYTES_MAX ((size_t)64 * 1024 * 1024)

enum mln_result_status mln_result_mark_kind(struct mln_str kind)
{
    if (mln_str_is(kind, mln_result_status_name(MLN_RESULT_IGNORED)))
        return MLN_RESULT_IGNORED;
    if (mln_str_is(kind, mln_result_status_name(MLN_RESULT_FALSE_POSITIVE)))
        return MLN_RESULT_FALSE_POSITIVE;
    return MLN_RESULT_PASS;
}

/* Room for one more element. */
static int grow(void **array, size_t count, size_t *room, size_t size, struct mln_err *err)
{
    size_t wanted = *room > 0 ? *room * 2 : 64;
    void *grown;

    if (count < *room)
        return MLN_OK;
    grown = mln_resize(*array, wanted, size);
    if (grown == NULL)
        return mln_fail(err, MLN_ENOMEM, "out of memory for marks");
    *array = grown;
    *room = wanted;
    return MLN_OK;
}

static int keep_item(void *ctx, const struct mln_mark_row *row, struct mln_err *err)
{
    struct mln_result_marks *marks = ctx;
    struct mln_result_item_mark *mark;
    void *items = marks->items;
    int rc = grow(&items, marks->item_count, &marks->item_room, sizeof(*marks->items), err);

    marks->items = items;
    if (rc != MLN_OK)
        return rc;
    mark = &marks->items[marks->item_count];
    mark->item_id = row->item_id;
    mark->info = (struct mln_mark_info){
        .kind = mln_arena_dup(&marks->arena, row->kind),
        .reason = mln_arena_dup(&marks->arena, row->reason),
        .author = mln_arena_dup(&marks->arena, row->author),
        .marked_ms = row->marked_ms,
        .until_ms = row->until_ms,
    };
    if (mark->info.kind.ptr == NULL || mark->info.reason.ptr == NULL ||
            mark->info.author.ptr == NULL)
        return mln_fail(err, MLN_ETOOBIG, "marks of more than %zu bytes", MARKS_BYTES_MAX);
    marks->item_count++;
    return MLN_OK;
}

static int keep_count(
        void *ctx, int64_t item_id, struct mln_str kind, int64_t count, struct mln_err *err)
{
    struct mln_result_marks *marks = ctx;
    struct mln_result_marked *last;
    void *resources = marks->resources;
    int rc = grow(&resources, marks->resource_count, &marks->resource_room,
            sizeof(*marks->resources), err);

    marks->resources = resources;
    if (rc != MLN_OK)
        return rc;
    /* Rows of one item follow each other. */
    if (marks->resource_count == 0 ||
            marks->resources[marks->resource_count - 1].item_id != item_id)
        marks->resources[marks->resource_count++] = (struct mln_result_marked){ item_id, 0, 0 };
    last = &marks->resources[marks->resource_count - 1];
    if (mln_result_mark_kind(kind) == MLN_RESULT_FALSE_POSITIVE)
        last->false_positive += count;
    else
        last->ignored += count;
    return MLN_OK;
}

int mln_result_marks_load(struct mln_store *store, struct mln_str account_id, int64_t scan_id,
        int64_t now_ms, struct mln_result_marks *out, struct mln_err *err)
{
    int rc;

    *out = (struct mln_result_marks){ .arena = MLN_ARENA_INIT(MARKS_BYTES_MAX) };
    rc = mln_store_mark_items(store, account_id, now_ms, keep_item, out, err);
    if (rc == MLN_OK)
        rc = mln_store_mark_counts(store, account_id, scan_id, now_ms, keep_count, out, err);
    if (rc != MLN_OK)
        mln_result_marks_free(out);
    return rc;
}

void mln_result_marks_free(struct mln_result_marks *marks)
{
    mln_arena_free(&marks->arena);
    free(marks->items);
    free(marks->resources);
    *marks = (struct mln_result_marks){ 0 };
}

/* Both kinds of row begin with the item's id. */
static int by_item(const void *key, const void *row)
{
    int64_t a = *(const int64_t *)key, b = *(const int64_t *)row;

    return (a > b) - (a < b);
}

const struct mln_mark_info *mln_result_mark_of(
        const struct mln_result_marks *marks, int64_t item_id)
{
    const struct mln_result_item_mark *found = NULL;

    if (marks->item_count > 0)
        found = bsearch(&item_id, marks->items, marks->item_count, sizeof(*marks->items), by_item);
    return found != NULL ? &found->info : NULL;
}

enum mln_result_status mln_result_status_of(
        const struct mln_check_result_row *row, const struct mln_result_marks *marks)
{
    const struct mln_mark_info *mark = mln_result_mark_of(marks, row->item_id);
    const struct mln_result_marked *marked = NULL;
    bool assessed = row->not_assessed == 0 && row->reason.len == 0;

    if (mark != NULL)
        return mln_result_mark_kind(mark->kind);
    if (row->failed == 0)
        return assessed ? MLN_RESULT_PASS : MLN_RESULT_WAITING;
    if (marks->resource_count > 0)
        marked = bsearch(&row->item_id, marks->resources, marks->resource_count,
                sizeof(*marks->resources), by_item);
    if (marked == NULL || marked->ignored + marked->false_positive < row->failed)
        return MLN_RESULT_FAILED;
    if (!assessed) /* What nobody has looked at is not among what was marked. */
        return MLN_RESULT_WAITING;
    return marked->ignored > 0 ? MLN_RESULT_IGNORED : MLN_RESULT_FALSE_POSITIVE;
}

/* ---- the last request ---- */
struct task_sink {
    struct mln_result_task *out;
    int64_t now_ms;
};

static int keep_task(void *ctx, const struct mln_task_row *row, struct mln_err *err)
{
    const struct task_sink *sink = ctx;
    struct mln_result_task *out = sink->out;
    struct mln_str rest = row->items, word;

    (void)err;
    /* One whose worker died waits for another. */
    out->state = row->state + 1;
    if (row->state == MLN_TASK_RUNNING && row->lease_ms < sink->now_ms)
        out->state = MLN_TASK_WAITING + 1;
    if (row->state == MLN_TASK_RUNNING)
        out->remaining_s = row->remaining_s;
    out->has_items = row->items.len > 0;
    while (out->item_count < MLN_LEN(out->items) && mln_str_next(&rest, ',', &word)) {
        if (mln_str_to_i64(word, &out->items[out->item_count]) == MLN_OK)
            out->item_count++;
    }
    return MLN_OK;
}

int mln_result_task_load(struct mln_store *store, struct mln_str account_id, int64_t now_ms,
        struct mln_result_task *out, struct mln_err *err)
{
    struct task_sink sink = { out, now_ms };
    int rc;

    out->state = out->remaining_s = 0;
    out->has_items = false;
    out->item_count = 0;
    rc = mln_store_task_last(store, account_id, keep_task, &sink, err);
    return rc == MLN_ENOTFOUND ? MLN_OK : rc;
}

int64_t mln_result_remaining(const struct mln_result_task *task, int64_t item_id)
{
    if (task->state != MLN_TASK_RUNNING + 1 && task->state != MLN_TASK_WAITING + 1)
        return 0;
    if (!task->has_items)
        return task->remaining_s;
    for (size_t i = 0; i < task->item_count; i++) {
        if (task->items[i] == item_id)
            return task->remaining_s;
    }
    return 0;
}
