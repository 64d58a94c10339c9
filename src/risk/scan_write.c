/*
 * Writing a scan. The findings of an item (sorted by the spool) and those it had in the scan before
 * (sorted by the store's index) pass by each other once: what is in both keeps its first time, what
 * is new or different is a change, what is only in the scan before passes now, is gone, or could
 * not be read again and is kept, marked stale. Rows go to the store in transactions of their own of
 * bounded size; each looks first whether the scan is still wanted.
 */
#include "risk/completeness.h"
#include "risk/scan_priv.h"

#define BATCH_ROWS       ((size_t)5000)
#define BATCH_BYTES      ((size_t)4 * 1024 * 1024)
#define EARLIER_ROWS     500 /* Read at a time. */
#define EARLIER_BYTES    ((size_t)64 * 1024 * 1024)
#define ARENA_SPARE      ((size_t)256 * 1024) /* More than one row needs. */
#define ITEM_FLIPS_MAX   2000                 /* Changes of one item kept per scan. */
#define FLIPS_KEPT       ((int64_t)100000)    /* Per account. */
#define CHANGES_ROOM     ((size_t)64 * 1024)
#define JSON_ROOM        ((size_t)1024 * 1024)
#define PRUNE_ROWS       ((int64_t)5000)
#define PRUNE_ROUNDS_MAX 1000000 /* A stop for a store that never says "no more". */

struct mln_scan_writer {
    struct mln_scan_target target;
    int64_t scan_id, base_id;
    bool finished;
    /* Rows to be written. */
    struct mln_arena batch_arena;
    struct mln_finding_row findings[BATCH_ROWS];
    struct mln_flip_row flips[BATCH_ROWS];
    size_t finding_count, flip_count;
    /* The item's findings of the scan before, read ahead. */
    struct mln_arena earlier_arena;
    struct mln_finding_row earlier[EARLIER_ROWS];
    size_t earlier_at, earlier_count;
    bool earlier_end;
    /* The item. */
    int64_t item_id;
    bool compares; /* It was judged in the scan before, too. */
    const struct mln_scan_judged *judged;
    int64_t failed, not_assessed, stale, item_flips;
    struct mln_buf changes;
    /* The scan. */
    int64_t items_failed;
    struct mln_scan_sums sums;
};

/* ---- beginning and ending ---- */
/* Deletes what earlier scans left, a transaction at a time; `before` is the scan that goes on. */
static int prune(const struct mln_scan_target *target, int64_t before, struct mln_err *err)
{
    bool more = true;
    int rc = MLN_OK;

    for (int i = 0; rc == MLN_OK && more && i < PRUNE_ROUNDS_MAX; i++) {
        if (target->stop != NULL && *target->stop != 0)
            return MLN_OK; /* The next scan goes on with it. */
        rc = mln_store_scan_prune(
                target->store, target->account_id, before, PRUNE_ROWS, &more, err);
    }
    return rc;
}

int mln_scan_writer_new(
        const struct mln_scan_target *target, struct mln_scan_writer **out, struct mln_err *err)
{
    struct mln_scan_writer *writer = calloc(1, sizeof(*writer));
    int rc;

    if (writer == NULL)
        return mln_fail(err, MLN_ENOMEM, "out of memory");
    writer->target = *target;
    writer->batch_arena.max_bytes = BATCH_BYTES + ARENA_SPARE;
    writer->earlier_arena.max_bytes = EARLIER_BYTES;
    writer->changes.max = CHANGES_ROOM;
    rc = mln_store_scan_begin(target->store, target->account_id, target->now_ms, &writer->scan_id,
            &writer->base_id, err);
    if (rc == MLN_OK)
        rc = prune(target, writer->scan_id, err);
    if (rc != MLN_OK) {
        mln_scan_writer_free(writer);
        return rc;
    }
    *out = writer;
    return MLN_OK;
}

void mln_scan_writer_free(struct mln_scan_writer *writer)
{
    struct mln_err ignored;

    if (writer == NULL)
        return;
    mln_store_rollback(writer->target.store);
    /* When this fails, too, the next scan gives it up. */
    if (!writer->finished && writer->scan_id != 0)
        (void)!mln_store_scan_give_up(
                writer->target.store, writer->target.account_id, writer->scan_id, &ignored);
    mln_arena_free(&writer->batch_arena);
    mln_arena_free(&writer->earlier_arena);
    mln_buf_free(&writer->changes);
    free(writer);
}

int64_t mln_scan_writer_id(const struct mln_scan_writer *writer)
{
    return writer->scan_id;
}

struct mln_scan_sums mln_scan_writer_sums(const struct mln_scan_writer *writer)
{
    return writer->sums;
}

/* ---- batches ---- */
/* What is written with the last rows of an item. */
struct last_words {
    const struct mln_check_result_row *result; /* NULL: copy it from the scan before. */
    int64_t item_id, position;
};

static int write_rows(struct mln_scan_writer *writer, struct mln_err *err)
{
    const struct mln_scan_target *target = &writer->target;
    int rc = mln_store_scan_alive(target->store, target->account_id, writer->scan_id, err);

    for (size_t i = 0; rc == MLN_OK && i < writer->finding_count; i++)
        rc = mln_store_finding_add(
                target->store, target->account_id, writer->scan_id, &writer->findings[i], err);
    for (size_t i = 0; rc == MLN_OK && i < writer->flip_count; i++)
        rc = mln_store_flip_add(
                target->store, target->account_id, writer->scan_id, &writer->flips[i], err);
    return rc;
}

static int write_last(
        struct mln_scan_writer *writer, const struct last_words *last, struct mln_err *err)
{
    const struct mln_scan_target *target = &writer->target;

    if (last->result != NULL)
        return mln_store_check_result_put(
                target->store, target->account_id, writer->scan_id, last->result, err);
    return mln_store_check_result_copy(target->store, target->account_id, writer->base_id,
            writer->scan_id, last->item_id, last->position, err);
}

static int flush(struct mln_scan_writer *writer, const struct last_words *last, struct mln_err *err)
{
    struct mln_store *store = writer->target.store;
    int rc;

    if (writer->target.stop != NULL && *writer->target.stop != 0)
        return mln_fail(err, MLN_ECANCELLED, "stopped; the earlier results stay current");
    if (last == NULL && writer->finding_count == 0 && writer->flip_count == 0)
        return MLN_OK;
    rc = mln_store_begin(store, err);
    if (rc != MLN_OK)
        return rc;
    rc = write_rows(writer, err);
    if (rc == MLN_OK && last != NULL)
        rc = write_last(writer, last, err);
    if (rc == MLN_OK)
        rc = mln_store_commit(store, err);
    else
        mln_store_rollback(store);
    writer->finding_count = writer->flip_count = 0;
    mln_arena_reset(&writer->batch_arena);
    return rc;
}

static int make_room(struct mln_scan_writer *writer, struct mln_err *err)
{
    if (writer->finding_count < BATCH_ROWS && writer->flip_count < BATCH_ROWS &&
            writer->batch_arena.used_bytes < BATCH_BYTES)
        return MLN_OK;
    return flush(writer, NULL, err);
}

/* Copies views into the arena; false without room. */
static bool keep(struct mln_arena *arena, struct mln_str *const *views, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        *views[i] = mln_arena_dup(arena, *views[i]);
        if (views[i]->ptr == NULL)
            return false;
    }
    return true;
}

static bool keep_finding(struct mln_arena *arena, struct mln_finding_row *row)
{
    struct mln_str *const views[] = { &row->resource_id, &row->region, &row->name,
        &row->not_assessed, &row->reason, &row->evidence, &row->changed };

    return keep(arena, views, MLN_LEN(views));
}

static int no_room(struct mln_err *err)
{
    return mln_fail(err, MLN_ETOOBIG, "findings that are larger than a scan can hold");
}

static int add_finding(
        struct mln_scan_writer *writer, const struct mln_finding_row *row, struct mln_err *err)
{
    struct mln_finding_row *kept;
    int rc = make_room(writer, err);

    if (rc != MLN_OK)
        return rc;
    kept = &writer->findings[writer->finding_count];
    *kept = *row;
    kept->item_id = writer->item_id;
    if (!keep_finding(&writer->batch_arena, kept))
        return no_room(err);
    writer->finding_count++;
    writer->failed += row->failed;
    writer->not_assessed += !row->failed;
    writer->stale += row->stale;
    if (!row->failed)
        return MLN_OK;
    return mln_spool_affect(writer->target.affected, row->resource_id, row->region, err);
}

/* `changed` borrows from the writer or is empty. */
static int add_flip(struct mln_scan_writer *writer, struct mln_str resource_id,
        struct mln_str region, const char *before, const char *after, struct mln_str changed,
        struct mln_err *err)
{
    struct mln_flip_row *kept;
    struct mln_str *views[3];
    int rc;

    if (!writer->compares || writer->item_flips >= ITEM_FLIPS_MAX)
        return MLN_OK;
    rc = make_room(writer, err);
    if (rc != MLN_OK)
        return rc;
    writer->item_flips++;
    kept = &writer->flips[writer->flip_count];
    *kept = (struct mln_flip_row){ writer->item_id, writer->target.now_ms, resource_id, region,
        mln_str_of(before), mln_str_of(after), changed };
    views[0] = &kept->resource_id;
    views[1] = &kept->region;
    views[2] = &kept->changed;
    if (!keep(&writer->batch_arena, views, MLN_LEN(views)))
        return no_room(err);
    writer->flip_count++;
    return MLN_OK;
}

/* ---- the findings of the scan before ---- */
static void rewind_earlier(struct mln_scan_writer *writer)
{
    writer->earlier_at = writer->earlier_count = 0;
    writer->earlier_end = writer->base_id == 0;
}

static int keep_earlier(void *ctx, const struct mln_finding_row *row, struct mln_err *err)
{
    struct mln_scan_writer *writer = ctx;
    struct mln_finding_row *kept = &writer->earlier[writer->earlier_count];

    *kept = *row;
    if (!keep_finding(&writer->earlier_arena, kept))
        return no_room(err);
    writer->earlier_count++;
    return MLN_OK;
}

static int read_more(struct mln_scan_writer *writer, struct mln_err *err)
{
    const struct mln_finding_place place = { writer->target.account_id, writer->base_id,
        writer->item_id };
    MLN_AUTO(mln_buf_free) struct mln_buf id = MLN_BUF_INIT((size_t)64 * 1024);
    MLN_AUTO(mln_buf_free) struct mln_buf region = MLN_BUF_INIT((size_t)64 * 1024);
    struct mln_str after_id = { 0 }, after_region = { 0 };
    int rc = MLN_OK;

    /* The last row's place, which the rows to be read overwrite. */
    if (writer->earlier_count > 0) {
        mln_buf_add(&id, writer->earlier[writer->earlier_count - 1].resource_id);
        mln_buf_add(&region, writer->earlier[writer->earlier_count - 1].region);
        rc = mln_buf_done(&id, &after_id, err);
        if (rc == MLN_OK)
            rc = mln_buf_done(&region, &after_region, err);
    }
    if (rc != MLN_OK)
        return rc;
    mln_arena_reset(&writer->earlier_arena);
    writer->earlier_at = writer->earlier_count = 0;
    rc = mln_store_finding_walk(writer->target.store, &place, after_id, after_region, EARLIER_ROWS,
            keep_earlier, writer, err);
    writer->earlier_end = writer->earlier_count < EARLIER_ROWS;
    return rc;
}

/* The next one, or NULL at the end; views live until the next call. */
static int next_earlier(
        struct mln_scan_writer *writer, const struct mln_finding_row **out, struct mln_err *err)
{
    int rc = MLN_OK;

    *out = NULL;
    if (writer->earlier_at == writer->earlier_count && !writer->earlier_end)
        rc = read_more(writer, err);
    if (rc == MLN_OK && writer->earlier_at < writer->earlier_count)
        *out = &writer->earlier[writer->earlier_at++];
    return rc;
}

int mln_scan_writer_filter(struct mln_scan_writer *writer, int64_t item_id,
        struct mln_scan_filter *filter, struct mln_err *err)
{
    const struct mln_finding_row *row = NULL;
    int rc;

    writer->item_id = item_id;
    rewind_earlier(writer);
    while ((rc = next_earlier(writer, &row, err)) == MLN_OK && row != NULL)
        mln_scan_filter_add(filter, row->resource_id, row->region);
    return rc;
}

/* ---- comparing ---- */
static bool is_unread(const struct mln_scan_verdicts *verdicts, struct mln_str region)
{
    const struct mln_evaluation *evaluation = &verdicts->evaluation;

    if (verdicts->is_broken)
        return true;
    for (size_t i = 0; i < evaluation->unread_count; i++) {
        if (evaluation->unread[i].region.len == 0 ||
                mln_str_eq(evaluation->unread[i].region, region))
            return true;
    }
    return false;
}

/* Nothing was said of it this time. */
static int only_earlier(
        struct mln_scan_writer *writer, const struct mln_finding_row *earlier, struct mln_err *err)
{
    struct mln_finding_row stale = *earlier;

    if (!earlier->failed)
        return MLN_OK;
    if (!is_unread(writer->judged->verdicts, earlier->region))
        return add_flip(
                writer, earlier->resource_id, earlier->region, "fail", "gone", MLN_STR(""), err);
    stale.stale = true;
    stale.changed = MLN_STR("");
    return add_finding(writer, &stale, err);
}

static struct mln_finding_row finding_of(
        const struct mln_scan_writer *writer, const struct mln_spool_row *row)
{
    return (struct mln_finding_row){
        .failed = row->verdict == MLN_FAIL,
        .first_seen_ms = writer->target.now_ms,
        .last_seen_ms = writer->target.now_ms,
        .resource_id = row->resource_id,
        .region = row->region,
        .name = row->name,
        .not_assessed = row->not_assessed,
        .reason = row->reason,
        .evidence = row->evidence,
    };
}

static const char *word_of(enum mln_verdict verdict)
{
    if (verdict == MLN_FAIL)
        return "fail";
    return verdict == MLN_UNKNOWN ? "unknown" : "pass";
}

static int only_now(
        struct mln_scan_writer *writer, const struct mln_spool_row *row, struct mln_err *err)
{
    struct mln_finding_row finding = finding_of(writer, row);
    int rc;

    if (row->verdict != MLN_FAIL && row->verdict != MLN_UNKNOWN)
        return MLN_OK;
    rc = add_flip(
            writer, row->resource_id, row->region, "new", word_of(row->verdict), MLN_STR(""), err);
    return rc == MLN_OK ? add_finding(writer, &finding, err) : rc;
}

static int in_both(struct mln_scan_writer *writer, const struct mln_finding_row *earlier,
        const struct mln_spool_row *row, struct mln_err *err)
{
    enum mln_verdict before = earlier->failed ? MLN_FAIL : MLN_UNKNOWN;
    struct mln_finding_row finding = finding_of(writer, row);
    int rc = MLN_OK;

    mln_scan_changes(earlier->evidence, row->evidence, &writer->changes);
    finding.changed = mln_buf_str(&writer->changes);
    finding.first_seen_ms = earlier->first_seen_ms;
    if (before != row->verdict)
        rc = add_flip(writer, row->resource_id, row->region, word_of(before), word_of(row->verdict),
                finding.changed, err);
    if (rc == MLN_OK && (row->verdict == MLN_FAIL || row->verdict == MLN_UNKNOWN))
        rc = add_finding(writer, &finding, err);
    return rc;
}

/* The next place of the spool: of several rows of one, the first is the worst and stands for it. */
struct place {
    struct mln_buf resource_id, region;
    bool any;
};

static int next_place(struct mln_scan_writer *writer, struct place *place,
        struct mln_spool_row *row, struct mln_err *err)
{
    struct mln_str done;
    int rc;

    do {
        rc = mln_spool_next(writer->judged->spool, row, err);
        if (rc <= 0)
            return rc;
    } while (place->any && mln_str_eq(row->resource_id, mln_buf_str(&place->resource_id)) &&
             mln_str_eq(row->region, mln_buf_str(&place->region)));
    place->any = true;
    mln_buf_reset(&place->resource_id);
    mln_buf_reset(&place->region);
    mln_buf_add(&place->resource_id, row->resource_id);
    mln_buf_add(&place->region, row->region);
    rc = mln_buf_done(&place->resource_id, &done, err);
    if (rc == MLN_OK)
        rc = mln_buf_done(&place->region, &done, err);
    return rc == MLN_OK ? 1 : rc;
}

static int by_place(const struct mln_finding_row *earlier, const struct mln_spool_row *row)
{
    int order = mln_str_cmp(earlier->resource_id, row->resource_id);

    return order != 0 ? order : mln_str_cmp(earlier->region, row->region);
}

static int compare(struct mln_scan_writer *writer, struct place *place, struct mln_err *err)
{
    const struct mln_finding_row *earlier = NULL;
    struct mln_spool_row row = { 0 };
    int more = next_place(writer, place, &row, err);
    int rc = more < 0 ? more : next_earlier(writer, &earlier, err);

    while (rc == MLN_OK && (more > 0 || earlier != NULL)) {
        int order = more == 0 ? -1 : earlier == NULL ? 1 : by_place(earlier, &row);

        if (order < 0)
            rc = only_earlier(writer, earlier, err);
        else if (order > 0)
            rc = only_now(writer, &row, err);
        else
            rc = in_both(writer, earlier, &row, err);
        if (rc == MLN_OK && order <= 0)
            rc = next_earlier(writer, &earlier, err);
        if (rc == MLN_OK && order >= 0) {
            more = next_place(writer, place, &row, err);
            rc = more < 0 ? more : MLN_OK;
        }
    }
    return rc;
}

/* ---- items ---- */
static int note_judged(void *ctx, const struct mln_check_result_row *row, struct mln_err *err)
{
    (void)err;
    *(bool *)ctx = row->enabled && !mln_str_starts(row->reason, MLN_STR(MLN_SCAN_BROKEN));
    return MLN_OK;
}

static int start_item(struct mln_scan_writer *writer, int64_t item_id, struct mln_err *err)
{
    const struct mln_check_result_sink sink = { .row = note_judged, .ctx = &writer->compares };
    int rc = MLN_OK;

    writer->item_id = item_id;
    writer->failed = writer->not_assessed = writer->stale = writer->item_flips = 0;
    writer->compares = false;
    rewind_earlier(writer);
    if (writer->base_id != 0)
        rc = mln_store_check_result_get(writer->target.store, writer->target.account_id,
                writer->base_id, item_id, &sink, err);
    return rc == MLN_ENOTFOUND ? MLN_OK : rc;
}

static int end_item(
        struct mln_scan_writer *writer, const struct last_words *last, struct mln_err *err)
{
    writer->items_failed += writer->failed > 0;
    writer->sums.failed += writer->failed;
    writer->sums.not_assessed += writer->not_assessed;
    writer->sums.stale += writer->stale;
    return flush(writer, last, err);
}

static void describe(const struct mln_scan_writer *writer, const struct mln_check *check,
        struct mln_check_result_row *row)
{
    row->item_id = check->id;
    row->group = check->group;
    row->level = check->level;
    row->enabled = check->enabled;
    row->replaced = check->replaced;
    row->custom = !check->built_in;
    row->checked_ms = writer->target.now_ms;
    row->failed = writer->failed;
    row->not_assessed = writer->not_assessed;
    row->stale = writer->stale;
    row->name = check->name;
    row->service = check->service;
    row->grid_key = check->grid_key;
    for (int lang = 0; lang < MLN_STORE_LANGS; lang++) {
        row->title[lang] = check->title[lang];
        row->grid_title[lang] = check->grid_title[lang];
        for (int text = 0; text < MLN_STORE_ITEM_TEXTS; text++)
            row->texts[text][lang] = check->texts[text][lang];
    }
}

/* `judged` NULL: it is switched off. */
static int put_result(struct mln_scan_writer *writer, const struct mln_check *check,
        const struct mln_scan_judged *judged, struct mln_check_result_row *row, struct mln_err *err)
{
    MLN_AUTO(mln_buf_free) struct mln_buf mappings = MLN_BUF_INIT(JSON_ROOM);
    MLN_AUTO(mln_buf_free) struct mln_buf params_en = MLN_BUF_INIT(JSON_ROOM);
    MLN_AUTO(mln_buf_free) struct mln_buf params_zh = MLN_BUF_INIT(JSON_ROOM);
    MLN_AUTO(mln_buf_free) struct mln_buf completeness = MLN_BUF_INIT(JSON_ROOM);
    const struct last_words last = { row, check->id, row->position };
    int rc;

    mln_posture_mappings(check, &mappings);
    mln_posture_params(check, MLN_CHECK_EN, &params_en);
    mln_posture_params(check, MLN_CHECK_ZH, &params_zh);
    if (judged != NULL)
        mln_completeness_print(&judged->verdicts->evaluation.completeness, &completeness);
    rc = mln_buf_done(&mappings, &row->mappings, err);
    if (rc == MLN_OK)
        rc = mln_buf_done(&params_en, &row->params[MLN_STORE_EN], err);
    if (rc == MLN_OK)
        rc = mln_buf_done(&params_zh, &row->params[MLN_STORE_ZH], err);
    if (rc == MLN_OK)
        rc = mln_buf_done(&completeness, &row->completeness, err);
    return rc == MLN_OK ? end_item(writer, &last, err) : rc;
}

int mln_scan_writer_item(struct mln_scan_writer *writer, const struct mln_check *check,
        int64_t position, const struct mln_scan_judged *judged, struct mln_err *err)
{
    struct place place = { MLN_BUF_INIT((size_t)64 * 1024), MLN_BUF_INIT((size_t)64 * 1024),
        false };
    struct mln_check_result_row row = { .position = position };
    int rc = start_item(writer, check->id, err);

    writer->judged = judged;
    /* Of a check that broke its contract nothing is believed, neither what it says is there (the
     * spool is empty) nor what it does not mention: what failed before is kept as stale. */
    if (rc == MLN_OK && judged != NULL) {
        rc = mln_spool_rewind(judged->spool, err);
        if (rc == MLN_OK)
            rc = compare(writer, &place, err);
        mln_buf_free(&place.resource_id);
        mln_buf_free(&place.region);
    }
    if (rc != MLN_OK)
        return rc;
    describe(writer, check, &row);
    if (judged != NULL) {
        const struct mln_scan_verdicts *verdicts = judged->verdicts;

        row.passed = verdicts->evaluation.count[MLN_PASS];
        row.not_applicable = verdicts->evaluation.count[MLN_NOT_APPLICABLE];
        row.reason = mln_buf_str(&verdicts->reason);
    } else {
        row.reason = MLN_STR("the check is switched off");
    }
    return put_result(writer, check, judged, &row, err);
}

int mln_scan_writer_keep(struct mln_scan_writer *writer, const struct mln_check *check,
        int64_t position, struct mln_err *err)
{
    const struct mln_finding_row *row = NULL;
    const struct last_words last = { NULL, check->id, position };
    bool was_there = false;
    struct mln_check_result_sink sink = { .row = note_judged, .ctx = &was_there };
    int rc;

    if (writer->base_id == 0)
        return MLN_OK;
    rc = mln_store_check_result_get(writer->target.store, writer->target.account_id,
            writer->base_id, check->id, &sink, err);
    if (rc == MLN_ENOTFOUND)
        return MLN_OK;
    if (rc == MLN_OK)
        rc = start_item(writer, check->id, err);
    while (rc == MLN_OK && (rc = next_earlier(writer, &row, err)) == MLN_OK && row != NULL)
        rc = add_finding(writer, row, err);
    return rc == MLN_OK ? end_item(writer, &last, err) : rc;
}

static int prune_flips(const struct mln_scan_target *target, struct mln_err *err)
{
    bool more = true;
    int rc = MLN_OK;

    for (int i = 0; rc == MLN_OK && more && i < PRUNE_ROUNDS_MAX; i++)
        rc = mln_store_flip_prune(
                target->store, target->account_id, FLIPS_KEPT, PRUNE_ROWS, &more, err);
    return rc;
}

int mln_scan_writer_finish(struct mln_scan_writer *writer, int64_t finished_ms, struct mln_err *err)
{
    const struct mln_scan_target *target = &writer->target;
    struct mln_scan_row row = {
        .scan_id = writer->scan_id, .finished_ms = finished_ms, .items_failed = writer->items_failed
    };
    struct mln_err ignored;
    int rc = mln_spool_affected(target->affected, &row.affected, err);

    if (rc == MLN_OK)
        rc = mln_store_scan_finish(target->store, target->account_id, &row, err);
    if (rc != MLN_OK)
        return rc;
    writer->finished = true;
    /* The scan is current, whatever comes of tidying up: the next one goes on with that. */
    if (prune(target, writer->scan_id, &ignored) == MLN_OK)
        (void)!prune_flips(target, &ignored);
    return MLN_OK;
}
