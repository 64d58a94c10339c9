/* A scan from end to end: a snapshot, the checks over it, and their results in the store. */
#include "risk/scan.h"

#include "risk/result_priv.h"
#include "risk/scan_pool.h"
#include "snapshot/snapshot.h"

/* What lives as long as one scan. */
struct scan {
    const struct mln_scan_options *options;
    struct mln_scan_input input;
    struct mln_spool *spool;
    struct mln_scan_pool *pool;
    struct mln_scan_writer *writer; /* NULL: judging without a store. */
    size_t next;                    /* What is put into the pool next, of the listed checks. */
    bool chosen[MLN_SCAN_ITEMS_MAX];
    int64_t now_ms;
};

static void scan_fini(struct scan *scan)
{
    mln_scan_writer_free(scan->writer);
    mln_scan_pool_free(scan->pool);
    mln_spool_free(scan->spool);
    mln_scan_input_close(&scan->input);
}

static int scan_prepare(struct scan *scan, struct mln_scan_pool_options how,
        struct mln_scan_report *report, struct mln_err *err)
{
    const struct mln_scan_options *options = scan->options;
    int rc = mln_scan_choose(options, scan->chosen, err);

    if (rc == MLN_OK)
        rc = mln_scan_input_open(options, &scan->input, report, err);
    if (rc != MLN_OK)
        return rc;
    scan->now_ms = how.now_ms = mln_now_ms(options->clock);
    rc = mln_spool_new(MLN_SPOOL_KIB, &scan->spool, err);
    if (rc != MLN_OK)
        return rc;
    how.scan = options;
    how.snapshot = scan->input.snapshot;
    how.spool = scan->spool;
    return mln_scan_pool_new(&how, &scan->pool, err);
}

static bool is_judged(const struct scan *scan, size_t index)
{
    return scan->chosen[index] && scan->options->posture->listed[index]->enabled;
}

/* Puts in as many checks as there is room for. */
static int fill_pool(struct scan *scan, struct mln_err *err)
{
    const struct mln_posture *posture = scan->options->posture;
    struct mln_scan_filter *filter;
    int rc = MLN_OK;

    for (; scan->next < posture->listed_count; scan->next++) {
        const struct mln_check *check = posture->listed[scan->next];

        if (!is_judged(scan, scan->next))
            continue;
        filter = mln_scan_pool_room(scan->pool);
        if (filter == NULL)
            break;
        if (scan->writer != NULL)
            rc = mln_scan_writer_filter(scan->writer, check->id, filter, err);
        if (rc != MLN_OK)
            break;
        mln_scan_pool_put(scan->pool, check);
    }
    return rc;
}

/* The next check that is judged; it goes back with mln_scan_pool_drop(). */
static int take_judged(struct scan *scan, struct mln_scan_judged *judged, struct mln_err *err)
{
    int rc = fill_pool(scan, err);

    return rc == MLN_OK ? mln_scan_pool_take(scan->pool, judged, err) : rc;
}

static void count_item(const struct mln_check_result_row *row, struct mln_scan_report *report)
{
    if (!row->enabled)
        return;
    report->items++;
    if (row->failed > 0)
        report->items_failed++;
    else if (row->not_assessed > 0 || row->reason.len > 0)
        report->items_not_assessed++;
    else
        report->items_passed++;
}

/* ---- into the store ---- */
static int write_item(
        struct scan *scan, const struct mln_check *check, int64_t position, struct mln_err *err)
{
    struct mln_scan_judged judged;
    int rc = take_judged(scan, &judged, err);

    if (rc != MLN_OK)
        return rc;
    mln_scan_say(scan->options, "store", check->name, position - 1,
            (int64_t)scan->options->posture->listed_count);
    rc = mln_scan_writer_item(scan->writer, check, position, &judged, err);
    mln_scan_pool_drop(scan->pool);
    return rc;
}

static int write_items(struct scan *scan, struct mln_err *err)
{
    const struct mln_posture *posture = scan->options->posture;
    int rc = MLN_OK;

    for (size_t i = 0; rc == MLN_OK && i < posture->listed_count; i++) {
        const struct mln_check *check = posture->listed[i];
        int64_t position = (int64_t)i + 1;

        mln_scan_say(
                scan->options, "check", check->name, (int64_t)i, (int64_t)posture->listed_count);
        if (mln_scan_is_stopped(scan->options))
            return mln_fail(err, MLN_ECANCELLED, "stopped; the earlier results stay current");
        if (!scan->chosen[i])
            rc = mln_scan_writer_keep(scan->writer, check, position, err);
        else if (!check->enabled)
            rc = mln_scan_writer_item(scan->writer, check, position, NULL, err);
        else
            rc = write_item(scan, check, position, err);
    }
    return rc;
}

struct counting {
    const struct mln_result_marks *marks;
    struct mln_scan_report *report;
};

static bool count_result(void *ctx, const struct mln_check_result_row *row)
{
    const struct counting *counting = ctx;
    struct mln_scan_report *report = counting->report;

    count_item(row, report);
    if (row->level > report->worst_level &&
            mln_result_status_of(row, counting->marks) == MLN_RESULT_FAILED)
        report->worst_level = row->level;
    return false;
}

/* What is to be reported is what was stored, marks and items kept from before included. */
static int sum_up(struct scan *scan, struct mln_store *store, struct mln_scan_report *report,
        struct mln_err *err)
{
    struct mln_scan_sums sums = mln_scan_writer_sums(scan->writer);
    struct mln_str account_id = scan->options->account_id;
    struct mln_result_marks marks;
    struct counting counting = { &marks, report };
    const struct mln_check_result_sink sink = { count_result, NULL, &counting };
    int rc = mln_result_marks_load(
            store, account_id, report->scan_id, mln_now_ms(scan->options->clock), &marks, err);

    if (rc != MLN_OK)
        return rc;
    rc = mln_store_check_result_list(store, account_id, report->scan_id, &sink, err);
    mln_result_marks_free(&marks);
    report->findings_failed = sums.failed;
    report->findings_not_assessed = sums.not_assessed;
    report->findings_stale = sums.stale;
    return rc;
}

static int scan_into(struct scan *scan, struct mln_store *store, struct mln_scan_report *report,
        struct mln_err *err)
{
    const struct mln_scan_target target = {
        .store = store,
        .account_id = scan->options->account_id,
        .affected = scan->spool,
        .stop = scan->options->stop,
        .now_ms = scan->now_ms,
    };
    int rc = mln_scan_writer_new(&target, &scan->writer, err);

    if (rc == MLN_OK)
        rc = write_items(scan, err);
    if (rc == MLN_OK)
        rc = mln_snapshot_unchanged(scan->input.snapshot, err);
    if (rc == MLN_OK)
        rc = mln_scan_writer_finish(scan->writer, mln_now_ms(scan->options->clock), err);
    if (rc != MLN_OK)
        return rc;
    report->scan_id = mln_scan_writer_id(scan->writer);
    return sum_up(scan, store, report, err);
}

int mln_scan(struct mln_store *store, const struct mln_scan_options *options,
        struct mln_scan_report *report, struct mln_err *err)
{
    struct scan *scan;
    int rc;

    *report = (struct mln_scan_report){ 0 };
    rc = mln_store_account_get(store, options->account_id, err);
    if (rc != MLN_OK)
        return rc;
    scan = calloc(1, sizeof(*scan));
    if (scan == NULL)
        return mln_fail(err, MLN_ENOMEM, "out of memory");
    scan->options = options;
    rc = scan_prepare(scan, (struct mln_scan_pool_options){ 0 }, report, err);
    if (rc == MLN_OK)
        rc = scan_into(scan, store, report, err);
    scan_fini(scan);
    free(scan);
    report->stopped = rc == MLN_ECANCELLED;
    return rc;
}

/* ---- without a store ---- */
struct judging {
    struct scan *scan;
    bool passes;
    mln_judged_fn *fn;
    void *ctx;
    struct mln_scan_report *report;
};

static int give_rows(const struct judging *judging, int64_t check_id, struct mln_spool *spool,
        struct mln_err *err)
{
    struct mln_spool_row row;
    int rc = mln_spool_rewind(spool, err);

    while (rc == MLN_OK && (rc = mln_spool_next(spool, &row, err)) > 0) {
        const struct mln_judged judged = {
            .check_id = check_id,
            .resource_id = row.resource_id,
            .region = row.region,
            .name = row.name,
            .verdict = mln_str_of(mln_verdict_name(row.verdict)),
            .not_assessed = row.not_assessed,
            .reason = row.reason,
            .evidence = row.evidence,
        };

        rc = judging->fn(judging->ctx, &judged, err);
    }
    return rc;
}

/* What concerns no row: a check that broke its contract, and what could not be listed. */
static int give_doubt(const struct judging *judging, int64_t check_id, struct mln_str region,
        enum mln_unread why, struct mln_str reason, struct mln_err *err)
{
    const struct mln_judged judged = {
        .check_id = check_id,
        .region = region,
        .verdict = mln_str_of(mln_verdict_name(MLN_UNKNOWN)),
        .not_assessed = mln_str_of(mln_unread_name(why)),
        .reason = reason,
    };

    return judging->fn(judging->ctx, &judged, err);
}

static int give_item(const struct judging *judging, const struct mln_check *check,
        const struct mln_scan_judged *judged, struct mln_err *err)
{
    const struct mln_scan_verdicts *verdicts = judged->verdicts;
    const struct mln_evaluation *evaluation = &verdicts->evaluation;
    struct mln_scan_report *report = judging->report;
    const struct mln_check_result_row row = {
        .enabled = true,
        .failed = evaluation->count[MLN_FAIL],
        .not_assessed = evaluation->count[MLN_UNKNOWN],
        .reason = mln_buf_str(&verdicts->reason),
    };
    int rc = give_rows(judging, check->id, judged->spool, err);

    count_item(&row, report);
    report->findings_failed += row.failed;
    report->findings_not_assessed += row.not_assessed;
    if (row.failed > 0 && check->level > report->worst_level)
        report->worst_level = check->level;
    if (rc == MLN_OK && verdicts->is_broken)
        rc = give_doubt(judging, check->id, MLN_STR(""), MLN_UNREAD_ERROR, row.reason, err);
    for (size_t i = 0; rc == MLN_OK && i < evaluation->unread_count; i++)
        rc = give_doubt(judging, check->id, evaluation->unread[i].region, evaluation->unread[i].why,
                evaluation->unread[i].reason, err);
    return rc;
}

static int judge_item(
        const struct judging *judging, const struct mln_check *check, struct mln_err *err)
{
    struct scan *scan = judging->scan;
    struct mln_scan_judged judged;
    int rc = take_judged(scan, &judged, err);

    if (rc != MLN_OK)
        return rc;
    rc = give_item(judging, check, &judged, err);
    mln_scan_pool_drop(scan->pool);
    return rc;
}

static int judge_items(const struct judging *judging, struct mln_err *err)
{
    struct scan *scan = judging->scan;
    const struct mln_posture *posture = scan->options->posture;
    int rc = MLN_OK;

    for (size_t i = 0; rc == MLN_OK && i < posture->listed_count; i++) {
        const struct mln_check *check = posture->listed[i];

        if (!is_judged(scan, i))
            continue;
        mln_scan_say(
                scan->options, "check", check->name, (int64_t)i, (int64_t)posture->listed_count);
        if (mln_scan_is_stopped(scan->options))
            return mln_fail(err, MLN_ECANCELLED, "stopped");
        rc = judge_item(judging, check, err);
    }
    return rc;
}

int mln_judge(const struct mln_scan_options *options, bool passes, mln_judged_fn *fn, void *ctx,
        struct mln_scan_report *report, struct mln_err *err)
{
    struct scan *scan = calloc(1, sizeof(*scan));
    struct judging judging = { scan, passes, fn, ctx, report };
    const struct mln_scan_pool_options how = { .all_passes = passes, .no_passes = !passes };
    int rc;

    if (scan == NULL)
        return mln_fail(err, MLN_ENOMEM, "out of memory");
    *report = (struct mln_scan_report){ 0 };
    scan->options = options;
    rc = scan_prepare(scan, how, report, err);
    if (rc == MLN_OK)
        rc = judge_items(&judging, err);
    if (rc == MLN_OK)
        rc = mln_snapshot_unchanged(scan->input.snapshot, err);
    scan_fini(scan);
    free(scan);
    report->stopped = rc == MLN_ECANCELLED;
    return rc;
}
