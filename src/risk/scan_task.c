/*
 * Scans on request. A worker claims a request for the time of a lease, renews it as the scan goes
 * on, and writes how it ended; one that dies leaves a lease that ends, and the request is taken
 * again.
 */
#include "risk/scan_priv.h"

#define ATTEMPTS_MAX  5 /* A request that kills its worker is not taken for ever. */
#define SOURCE_MAX    ((size_t)8192)
#define ITEMS_BYTES   ((size_t)21 * MLN_SCAN_ITEMS_MAX)
#define RENEW_MS      ((int64_t)1000)
#define FIRST_GUESS_S ((int64_t)60)
#define COLLECT_SHARE 500 /* Of 1000: how much of a scan collecting is taken to be. */
#define ACCOUNT_WITHOUT_IT \
    "account %.*s has no source of configuration: set one with 'admin account'"

int mln_account_set_source(struct mln_store *store, struct mln_str account_id,
        struct mln_str source, struct mln_err *err)
{
    struct mln_source_spec spec;
    int rc;

    if (source.len > SOURCE_MAX)
        return mln_fail(err, MLN_EINVAL, "the source is longer than %zu bytes", SOURCE_MAX);
    rc = mln_source_parse(source, &spec, err);
    return rc == MLN_OK ? mln_store_source_put(store, account_id, source, err) : rc;
}

static int read_source(struct mln_store *store, struct mln_str account_id, struct mln_buf *text,
        struct mln_source_spec *out, struct mln_err *err)
{
    int rc = mln_store_source_get(store, account_id, text, err);

    if (rc == MLN_ENOTFOUND)
        return mln_fail(err, MLN_ECONFIG, ACCOUNT_WITHOUT_IT, MLN_FMT(account_id));
    return rc == MLN_OK ? mln_source_parse(mln_buf_str(text), out, err) : rc;
}

int mln_scan_request(struct mln_store *store, const struct mln_clock *clock,
        struct mln_str account_id, const int64_t *only, size_t only_count, int64_t *task_id,
        struct mln_err *err)
{
    MLN_AUTO(mln_buf_free) struct mln_buf source = MLN_BUF_INIT(SOURCE_MAX);
    MLN_AUTO(mln_buf_free) struct mln_buf items = MLN_BUF_INIT(ITEMS_BYTES);
    struct mln_task_row row = { .account_id = account_id, .requested_ms = mln_now_ms(clock) };
    struct mln_source_spec spec;
    int rc = read_source(store, account_id, &source, &spec, err);

    if (rc != MLN_OK)
        return rc;
    if (only_count > MLN_SCAN_ITEMS_MAX)
        return mln_fail(err, MLN_ETOOBIG, "more than %zu check items", MLN_SCAN_ITEMS_MAX);
    for (size_t i = 0; i < only_count; i++) {
        if (only[i] < 1)
            return mln_fail(err, MLN_EINVAL, "a check item's id is a positive number");
        if (i > 0)
            mln_buf_add_char(&items, ',');
        mln_buf_add_i64(&items, only[i]);
    }
    rc = mln_buf_done(&items, &row.items, err);
    return rc == MLN_OK ? mln_store_task_add(store, &row, task_id, err) : rc;
}

/* ---- the worker ---- */
struct worker {
    struct mln_store *store;
    const struct mln_clock *clock;
    struct mln_task_row task;
    struct mln_buf account_id, source;
    int64_t only[MLN_SCAN_ITEMS_MAX];
    size_t only_count;
    int64_t renewed_ms;
};

static void worker_free(struct worker **slot)
{
    struct worker *worker = *slot;

    if (worker == NULL)
        return;
    mln_buf_free(&worker->account_id);
    mln_buf_free(&worker->source);
    free(worker);
}

static int keep_task(void *ctx, const struct mln_task_row *row, struct mln_err *err)
{
    struct worker *worker = ctx;
    struct mln_str rest = row->items, word;
    int rc;

    worker->task = *row;
    mln_buf_add(&worker->account_id, row->account_id);
    rc = mln_buf_done(&worker->account_id, &worker->task.account_id, err);
    worker->task.items = worker->task.message = MLN_STR("");
    while (rc == MLN_OK && row->items.len > 0 && worker->only_count < MLN_SCAN_ITEMS_MAX &&
            mln_str_next(&rest, ',', &word)) {
        rc = mln_str_to_i64(word, &worker->only[worker->only_count++]);
        if (rc != MLN_OK)
            return mln_fail(err, MLN_ECORRUPT, "a scan request with items that are no numbers");
    }
    return rc;
}

/* How far the scan is, of 1000. */
static int64_t share_done(const struct mln_scan_progress *progress)
{
    int64_t total = progress->total > 0 ? progress->total : 1;
    int64_t done = progress->done < total ? progress->done : total;

    if (strcmp(progress->phase, "collect") == 0)
        return progress->total > 0 ? done * COLLECT_SHARE / total : 0;
    return COLLECT_SHARE + done * (1000 - COLLECT_SHARE) / total;
}

static int64_t guess_remaining(int64_t elapsed_ms, int64_t share)
{
    int64_t remaining_ms = share > 0 ? elapsed_ms * (1000 - share) / share : 0;

    if (share < 20 && elapsed_ms < FIRST_GUESS_S * MLN_MS_PER_S)
        return FIRST_GUESS_S;
    return remaining_ms / MLN_MS_PER_S + 1;
}

/*
 * While a check runs nothing can be written, so that its lease is longer by the time that a check
 * may take. A renewal that fails is no reason to stop: when somebody else has taken the request,
 * the later scan wins.
 */
static void renew(void *ctx, const struct mln_scan_progress *progress)
{
    struct worker *worker = ctx;
    int64_t now_ms = mln_now_ms(worker->clock);
    int64_t lease_ms = now_ms + MLN_SCAN_LEASE_MS;
    struct mln_err ignored;

    if (strcmp(progress->phase, "check") == 0)
        lease_ms += MLN_CHECK_TIME_MAX_MS;
    if (now_ms - worker->renewed_ms < RENEW_MS && worker->task.lease_ms + RENEW_MS >= lease_ms)
        return;
    worker->renewed_ms = now_ms;
    worker->task.lease_ms = lease_ms;
    worker->task.remaining_s = guess_remaining(
            now_ms - worker->task.started_ms, share_done(progress));
    (void)!mln_store_task_update(worker->store, &worker->task, &ignored);
}

static int run(struct worker *worker, const struct mln_scan_worker *how,
        struct mln_scan_report *report, struct mln_err *err)
{
    struct mln_scan_options options = {
        .posture = how->posture,
        .live = how->live,
        .account_id = worker->task.account_id,
        .only = worker->only,
        .only_count = worker->only_count,
        .clock = worker->clock,
        .stop = how->stop,
        .progress = renew,
        .progress_ctx = worker,
    };
    int rc;

    if (worker->task.attempt > ATTEMPTS_MAX)
        return mln_fail(
                err, MLN_EIO, "given up: it was begun %d times and never ended", ATTEMPTS_MAX);
    rc = read_source(worker->store, worker->task.account_id, &worker->source, &options.source, err);
    return rc == MLN_OK ? mln_scan(worker->store, &options, report, err) : rc;
}

static int finish(
        struct worker *worker, int rc, const struct mln_scan_report *report, struct mln_err *err)
{
    struct mln_task_row *task = &worker->task;
    struct mln_err stored;
    int end;

    task->remaining_s = task->lease_ms = 0;
    if (rc == MLN_ECANCELLED) {
        task->state = MLN_TASK_WAITING; /* The next worker does it. */
        task->started_ms = 0;
    } else {
        task->state = rc == MLN_OK ? MLN_TASK_DONE : MLN_TASK_FAILED;
        task->finished_ms = mln_now_ms(worker->clock);
        task->scan_id = report->scan_id;
        task->message = rc == MLN_OK ? MLN_STR("") : mln_str_of(err->msg);
    }
    end = mln_store_task_update(worker->store, task, &stored);
    if (end != MLN_OK && rc == MLN_OK) {
        *err = stored;
        return end;
    }
    if (rc == MLN_OK || rc == MLN_ECANCELLED)
        return rc;
    return mln_wrap(err, MLN_EPARTIAL, "scan of account %.*s", MLN_FMT(task->account_id));
}

int mln_scan_work(struct mln_store *store, const struct mln_scan_worker *how, struct mln_err *err)
{
    MLN_AUTO(worker_free) struct worker *worker = calloc(1, sizeof(*worker));
    struct mln_scan_report report = { 0 };
    int64_t now_ms = mln_now_ms(how->clock);
    int rc;

    if (worker == NULL)
        return mln_fail(err, MLN_ENOMEM, "out of memory");
    worker->store = store;
    worker->clock = how->clock;
    worker->account_id.max = worker->source.max = SOURCE_MAX;
    rc = mln_store_task_claim(store, now_ms, now_ms + MLN_SCAN_LEASE_MS, keep_task, worker, err);
    if (rc != MLN_OK)
        return rc;
    rc = run(worker, how, &report, err);
    return finish(worker, rc, &report, err);
}
