/*
 * Lists of results and their totals, from one state of the store: one statement for the items, two
 * for the marks. The status of an item is not a column, so that a mark that ends or is taken back
 * shows at once; the filter is applied here, over a few hundred narrow rows at most.
 */
#include "risk/result.h"

#include "risk/result_priv.h"

struct listing {
    const struct mln_result_query *query;
    const struct mln_result_marks *marks;
    const struct mln_result_task *task;
    mln_check_result_fn *fn;
    void *ctx;
    int64_t scan_id;
    int64_t first, matches; /* Of the page, from 0; so far. */
    enum mln_result_status status;
};

static char lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

/* ASCII letters are folded. */
static bool holds(struct mln_str text, struct mln_str part)
{
    for (size_t at = 0; at + part.len <= text.len; at++) {
        size_t same = 0;

        while (same < part.len && lower(text.ptr[at + same]) == lower(part.ptr[same]))
            same++;
        if (same == part.len)
            return true;
    }
    return false;
}

static bool is_listed(const int64_t *ids, size_t count, int64_t id)
{
    for (size_t i = 0; i < count; i++) {
        if (ids[i] == id)
            return true;
    }
    return count == 0;
}

static bool fits(const struct mln_result_query *query, const struct mln_check_result_row *row,
        enum mln_result_status status)
{
    if (query->group != 0 && query->group != row->group)
        return false;
    if (query->levels != 0 && (query->levels >> row->level & 1) == 0)
        return false;
    if (query->statuses != 0 && (query->statuses >> status & 1) == 0)
        return false;
    if (query->service.len > 0 && !mln_str_eq_nocase(query->service, row->service))
        return false;
    if (query->enabled >= 0 && (query->enabled != 0) != row->enabled)
        return false;
    if (!is_listed(query->ids, query->id_count, row->item_id))
        return false;
    return query->name.len == 0 || holds(row->name, query->name) ||
           holds(row->title[MLN_STORE_EN], query->name) ||
           holds(row->title[MLN_STORE_ZH], query->name);
}

static bool wants(void *ctx, const struct mln_check_result_row *row)
{
    struct listing *listing = ctx;
    int64_t at = listing->matches;

    listing->status = mln_result_status_of(row, listing->marks);
    if (!fits(listing->query, row, listing->status))
        return false;
    listing->matches++;
    return at >= listing->first && at - listing->first < listing->query->page_size;
}

static int give(void *ctx, const struct mln_check_result_row *row, struct mln_err *err)
{
    static const char *const names[MLN_RESULT_TEXTS] = { "bestPractice", "influence", "suggestion",
        "helpResource" };
    const struct listing *listing = ctx;
    const struct mln_mark_info *mark = mln_result_mark_of(listing->marks, row->item_id);
    int lang = listing->query->lang == MLN_LANG_ZH ? MLN_STORE_ZH : MLN_STORE_EN;
    struct mln_check_result result = {
        .item_id = row->item_id,
        .task_id = listing->scan_id,
        .check_time_ms = row->checked_ms,
        .title = row->title[lang],
        .name = row->name,
        .service = row->service,
        .group_title = mln_str_of(mln_result_group_title(row->group, listing->query->lang)),
        .group = row->group,
        .level = row->level,
        .sort = (int)row->position,
        .status = listing->status,
        .enabled = row->enabled,
        .replaced = row->replaced,
        .custom = row->custom,
        .affected = row->failed,
        .passed = row->passed,
        .not_applicable = row->not_applicable,
        .not_assessed = row->not_assessed,
        .stale = row->stale,
        .not_assessed_reason = row->reason,
        .completeness = row->completeness,
        .remaining_s = mln_result_remaining(listing->task, row->item_id),
        .mappings = row->mappings,
        .params = row->params[lang],
    };

    if (mark != NULL)
        result.mark = *mark;
    for (int i = 0; i < MLN_RESULT_TEXTS; i++)
        result.texts[i] = (struct mln_result_text){ names[i], i == MLN_RESULT_TEXTS - 1,
            row->texts[i][lang] };
    return listing->fn(listing->ctx, &result, err);
}

/* Everything that a listing and the totals begin with. `current->scan_id` 0: never scanned. */
struct state {
    struct mln_scan_row current, previous;
    struct mln_result_marks marks;
    struct mln_result_task task;
};

static void state_fini(struct state *state)
{
    mln_result_marks_free(&state->marks);
}

static int state_load(struct mln_store *store, struct mln_str account_id, int64_t now_ms,
        struct state *state, struct mln_err *err)
{
    int rc = mln_store_scan_current(store, account_id, &state->current, &state->previous, err);

    if (rc == MLN_ENOTFOUND)
        rc = MLN_OK;
    else if (rc == MLN_OK)
        rc = mln_result_marks_load(
                store, account_id, state->current.scan_id, now_ms, &state->marks, err);
    if (rc == MLN_OK)
        rc = mln_result_task_load(store, account_id, now_ms, &state->task, err);
    return rc;
}

int mln_result_list(struct mln_store *store, const struct mln_clock *clock,
        const struct mln_result_query *query, int64_t *total, mln_check_result_fn *fn, void *ctx,
        struct mln_err *err)
{
    MLN_AUTO(state_fini) struct state state = { 0 };
    struct listing listing = { .query = query, .fn = fn, .ctx = ctx };
    const struct mln_check_result_sink sink = { wants, give, &listing };
    int rc;

    if (query->page < 1 || query->page_size < 1 || query->page_size > MLN_RESULT_PAGE_SIZE_MAX)
        return mln_fail(err, MLN_EINVAL, "a page counts from 1 and holds 1 to %d items",
                MLN_RESULT_PAGE_SIZE_MAX);
    if (__builtin_mul_overflow(query->page - 1, query->page_size, &listing.first))
        listing.first = INT64_MAX;
    rc = mln_store_begin_read(store, err);
    if (rc != MLN_OK)
        return rc;
    rc = state_load(store, query->account_id, mln_now_ms(clock), &state, err);
    listing.marks = &state.marks;
    listing.task = &state.task;
    listing.scan_id = state.current.scan_id;
    if (rc == MLN_OK && state.current.scan_id != 0)
        rc = mln_store_check_result_list(
                store, query->account_id, state.current.scan_id, &sink, err);
    mln_store_rollback(store); /* Nothing was written. */
    if (rc == MLN_OK)
        *total = listing.matches;
    return rc;
}

/* ---- totals ---- */
struct summing {
    const struct mln_result_marks *marks;
    struct mln_result_totals *totals;
};

/* Looks at each row and wants none of its texts. */
static bool add_up(void *ctx, const struct mln_check_result_row *row)
{
    const struct summing *summing = ctx;
    struct mln_result_totals *totals = summing->totals;
    enum mln_result_status status = mln_result_status_of(row, summing->marks);
    int level = row->level >= 1 && row->level <= 3 ? row->level : 0;
    int group = row->group >= 1 && row->group <= MLN_RESULT_GROUPS ? row->group : 0;

    totals->items++;
    totals->by_status[status]++;
    totals->group[group].by_status[status]++;
    if (status == MLN_RESULT_FAILED)
        totals->failed_by_level[level]++;
    else if (status == MLN_RESULT_PASS)
        totals->passed_by_level[level]++;
    else if (status == MLN_RESULT_WAITING)
        totals->waiting_by_level[level]++;
    return false;
}

static enum mln_result_status task_status(const struct mln_result_task *task)
{
    if (task->state == MLN_TASK_WAITING + 1)
        return MLN_RESULT_WAITING;
    return task->state == MLN_TASK_RUNNING + 1 ? MLN_RESULT_RUNNING : MLN_RESULT_PASS;
}

int mln_result_totals(struct mln_store *store, const struct mln_clock *clock,
        struct mln_str account_id, struct mln_result_totals *out, struct mln_err *err)
{
    MLN_AUTO(state_fini) struct state state = { 0 };
    struct mln_result_totals totals = { 0 };
    struct summing summing = { &state.marks, &totals };
    const struct mln_check_result_sink sink = { add_up, NULL, &summing };
    int rc = mln_store_begin_read(store, err);

    if (rc != MLN_OK)
        return rc;
    rc = state_load(store, account_id, mln_now_ms(clock), &state, err);
    if (rc == MLN_OK && state.current.scan_id != 0)
        rc = mln_store_check_result_list(store, account_id, state.current.scan_id, &sink, err);
    mln_store_rollback(store);
    if (rc != MLN_OK)
        return rc;
    totals.affected = state.current.affected;
    totals.scan_ms = state.current.finished_ms;
    totals.previous_failed = state.previous.items_failed;
    totals.previous_ms = state.previous.finished_ms;
    totals.scan_state = state.task.state;
    totals.task = task_status(&state.task);
    totals.remaining_s = totals.task == MLN_RESULT_RUNNING ? state.task.remaining_s : 0;
    *out = totals;
    return MLN_OK;
}
