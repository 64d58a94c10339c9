/*
 * The run as a whole: transactions, answers, waits. What ended is written before the run waits for
 * more, so that one that is killed has lost nothing but what was under way.
 */
#include "collect/collect.h"

#include <sqlite3.h>

#include "collect/executor.h"

#define DRAIN_LOOKS 20 /* For what is still under way at the end, without an answer. */

bool mln_run_must_stop(const struct mln_run *run)
{
    return run->options->stop != NULL && *run->options->stop != 0;
}

/* ---- transactions ---- */

int mln_run_begin(struct mln_run *run, struct mln_err *err)
{
    int rc;

    if (run->in_transaction)
        return MLN_OK;
    rc = mln_snapshot_begin(run->snapshot, err);
    if (rc != MLN_OK)
        return rc;
    run->in_transaction = true;
    run->unwritten = 0;
    run->begun_ms = mln_monotonic_ms(run->options->clock);
    return MLN_OK;
}

static int commit(struct mln_run *run, struct mln_err *err)
{
    int rc;

    if (!run->in_transaction)
        return MLN_OK;
    rc = mln_snapshot_commit(run->snapshot, err);
    run->in_transaction = rc != MLN_OK;
    return rc;
}

int mln_run_commit_now_and_then(struct mln_run *run, struct mln_err *err)
{
    if (run->in_transaction && run->unwritten < MLN_COMMIT_ROWS &&
            mln_monotonic_ms(run->options->clock) - run->begun_ms < MLN_COMMIT_MS)
        return MLN_OK;
    return commit(run, err);
}

/* ---- answers ---- */

/* How long until the first task that waits is due; -1: none waits. */
static int64_t due_in(const struct mln_run *run)
{
    const struct mln_task *first = mln_queue_first(&run->queue);
    int64_t left;

    if (first == NULL)
        return -1;
    left = first->due_ms - mln_monotonic_ms(run->options->clock);
    return left > 0 ? left : 0;
}

static int ask_first(struct mln_run *run, struct mln_err *err)
{
    struct mln_task *task = mln_queue_first(&run->queue);
    int rc;

    mln_queue_drop_first(&run->queue);
    task->waiting = false;
    rc = mln_task_submit(task, err);
    if (rc != MLN_EINVAL && rc != MLN_ETOOBIG)
        return rc;
    rc = mln_task_refuse(task, err->msg, err);
    mln_run_end_task(run, task);
    return rc;
}

/* Asks again for what has waited long enough; waits for it when nothing else is to be done. */
static int ask_again(struct mln_run *run, struct mln_err *err)
{
    int64_t left = due_in(run);
    int rc = MLN_OK;

    if (left > 0 && run->in_flight == 0) {
        rc = commit(run, err);
        if (rc != MLN_OK)
            return rc;
        run->transport->pause(run->transport->ctx, left);
        return mln_run_must_stop(run) ? MLN_OK : ask_first(run, err);
    }
    while (rc == MLN_OK && due_in(run) == 0)
        rc = ask_first(run, err);
    return rc;
}

static int take(struct mln_run *run, const struct mln_collect_answer *answer, struct mln_err *err)
{
    struct mln_task *task = answer->request->owner;
    bool ended = false;
    int rc;

    if (task == NULL || task->run != run || !task->asked)
        return mln_fail(err, MLN_EIO, "a request was answered twice");
    task->asked = false;
    run->in_flight--;
    /* What comes back unanswered because of the stop is no failure of the call. */
    if (answer->status == 0 && mln_run_must_stop(run))
        return MLN_OK;
    rc = mln_task_answer(task, answer, &ended, err);
    if (ended)
        mln_run_end_task(run, task);
    else if (rc == MLN_OK && task->waiting)
        mln_queue_wait(&run->queue, task);
    return rc == MLN_OK ? mln_run_commit_now_and_then(run, err) : rc;
}

/* One answer, or none: MLN_ENOTFOUND. What ended is kept also when no other can come. */
static int look(struct mln_run *run, int64_t wait_ms, struct mln_err *err)
{
    struct mln_collect_answer answer = { .retry_after_ms = -1 };
    int rc = run->transport->next(run->transport->ctx, wait_ms, &answer, err);
    struct mln_err ignored;

    if (rc == MLN_OK)
        return take(run, &answer, err);
    if (rc != MLN_ENOTFOUND)
        (void)!commit(run, &ignored);
    return rc;
}

/*
 * Waits for an answer, or until a task is due. Before it waits, what has ended is written: a run
 * that is killed then has lost nothing but what was under way.
 */
static int wait_for_answer(struct mln_run *run, struct mln_err *err)
{
    int64_t due_ms = due_in(run);
    int64_t wait_ms = due_ms >= 0 && due_ms < MLN_LOOK_MS ? due_ms : MLN_LOOK_MS;
    int rc = look(run, 0, err);

    if (rc != MLN_ENOTFOUND || wait_ms == 0)
        return rc;
    rc = commit(run, err);
    return rc == MLN_OK ? look(run, wait_ms, err) : rc;
}

static int work(struct mln_run *run, struct mln_err *err)
{
    int rc = MLN_OK;

    while (rc == MLN_OK && !mln_run_must_stop(run)) {
        rc = mln_run_advance(run, err);
        if (rc == MLN_OK)
            rc = mln_run_fill(run, err);
        if (rc != MLN_OK || run->changed)
            continue;
        if (mln_run_is_done(run))
            return MLN_OK;
        rc = ask_again(run, err);
        if (rc == MLN_OK && run->in_flight > 0)
            rc = wait_for_answer(run, err);
        rc = rc == MLN_ENOTFOUND ? MLN_OK : rc;
    }
    return rc;
}

/* ---- the whole ---- */

static int set_time(struct mln_run *run, const char *name, struct mln_err *err)
{
    MLN_AUTO(mln_buf_free) struct mln_buf text = MLN_BUF_INIT(32);
    int rc = mln_run_begin(run, err);

    mln_buf_add_i64(&text, mln_now_ms(run->options->clock));
    return rc == MLN_OK ? mln_snapshot_set(run->snapshot, name, mln_buf_str(&text), err) : rc;
}

/* Calls that were complete may not be any more: what they are made for is listed once more. */
static int forget_done(struct mln_run *run, struct mln_err *err)
{
    int rc = mln_run_begin(run, err), code;

    if (rc != MLN_OK)
        return rc;
    code = sqlite3_exec(
            mln_snapshot_db(run->snapshot), "UPDATE plan_call SET done = 0", NULL, NULL, NULL);
    return code == SQLITE_OK ? MLN_OK
                             : mln_snapshot_fail(run->snapshot, code, "begin once more", err);
}

/* A run that goes on keeps the time of its first start. */
static int start(struct mln_run *run, struct mln_err *err)
{
    MLN_AUTO(mln_buf_free) struct mln_buf ignored = MLN_BUF_INIT(1024);
    int rc = mln_run_look_for_records(run, err);

    if (rc == MLN_OK && run->recorded != NULL)
        rc = forget_done(run, err);
    if (rc == MLN_OK)
        rc = mln_snapshot_get(run->snapshot, "started_ms", &ignored, err);
    return rc == MLN_ENOTFOUND ? set_time(run, "started_ms", err) : rc;
}

static int finish(struct mln_run *run, struct mln_err *err)
{
    int rc = set_time(run, "finished_ms", err);

    (void)sqlite3_finalize(run->recorded);
    run->recorded = NULL;
    if (rc == MLN_OK)
        rc = commit(run, err);
    return rc == MLN_OK ? mln_snapshot_finish(run->snapshot, err) : rc;
}

/* Nothing is under way any more before the tasks go: their requests are theirs. */
static void drop_requests(struct mln_run *run)
{
    const struct mln_collect_transport *transport = run->transport;
    struct mln_collect_answer answer;
    struct mln_err ignored;
    int rc;

    if (run->in_flight > 0 && transport->drop != NULL) {
        transport->drop(transport->ctx);
        return;
    }
    for (int idle = 0; run->in_flight > 0 && idle < DRAIN_LOOKS;) {
        rc = transport->next(transport->ctx, MLN_LOOK_MS, &answer, &ignored);
        run->in_flight -= rc == MLN_OK;
        if (rc == MLN_ENOTFOUND)
            idle++;
        else if (rc != MLN_OK)
            break;
    }
}

static void clean_up(struct mln_run *run)
{
    drop_requests(run);
    for (size_t i = 0; run->calls != NULL && i < run->plan->schema.call_count; i++)
        if (run->calls[i].state == MLN_CALL_OPEN || run->calls[i].state == MLN_CALL_ENDED)
            mln_keys_close(&run->calls[i].keys);
    mln_key_store_close(&run->keys);
    mln_queue_fini(&run->queue);
    mln_since_close(run->since);
    (void)sqlite3_finalize(run->recorded);
    free(run->calls);
}

/* Ends a run before its end; what ended stays. */
static int stop(struct mln_run *run, struct mln_err *err)
{
    int rc = commit(run, err);

    run->report->stopped = true;
    return rc == MLN_OK ? mln_fail(err, MLN_ECANCELLED, "stopped") : rc;
}

static int run_all(struct mln_run *run, struct mln_err *err)
{
    struct mln_err ignored;
    int rc;

    run->calls = calloc(run->plan->schema.call_count + 1, sizeof(*run->calls));
    if (run->calls == NULL)
        return mln_fail(err, MLN_ENOMEM, "out of memory");
    mln_run_share_places(run);
    rc = mln_queue_init(&run->queue, run->task_max, err);
    if (rc == MLN_OK)
        rc = mln_since_open(run, err);
    if (rc == MLN_OK)
        rc = start(run, err);
    if (rc == MLN_OK)
        rc = work(run, err);
    mln_run_tell(run, true);
    if (rc == MLN_OK && mln_run_must_stop(run))
        return stop(run, err);
    if (rc == MLN_ECREDS)
        (void)!commit(run, &ignored);
    return rc == MLN_OK ? finish(run, err) : rc;
}

int mln_collect(const struct mln_plan *plan, struct mln_snapshot *snapshot,
        const struct mln_collect_transport *transport, const struct mln_collect_options *options,
        struct mln_collect_report *report, struct mln_err *err)
{
    struct mln_run run = { .plan = plan,
        .snapshot = snapshot,
        .transport = transport,
        .options = options,
        .report = report,
        .changed = true,
        .task_max = transport->in_flight_max < MLN_TASKS_MAX ? transport->in_flight_max
                                                             : MLN_TASKS_MAX };
    int rc;

    *report = (struct mln_collect_report){ .calls = 0 };
    if (run.task_max == 0)
        run.task_max = 1;
    rc = run_all(&run, err);
    clean_up(&run);
    if (rc != MLN_OK && run.in_transaction)
        mln_snapshot_rollback(snapshot);
    return rc;
}
