/*
 * The run: which call is made when. A call begins when all calls that it depends on are done; the
 * calls that have begun take turns, so that no product waits for another's million resources.
 */
#include "collect/collect.h"

#include <sqlite3.h>

#include "collect/executor.h"

#define TASK_ARENA_MAX ((size_t)256 * 1024 * 1024)

static const struct mln_plan_entry *entry_of(const struct mln_run *run, size_t call)
{
    return &run->plan->entries[call];
}

static bool must_stop(const struct mln_run *run)
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

int mln_run_commit(struct mln_run *run, struct mln_err *err)
{
    int rc;

    if (!run->in_transaction)
        return MLN_OK;
    rc = mln_snapshot_commit(run->snapshot, err);
    run->in_transaction = rc != MLN_OK;
    return rc;
}

static int commit_now_and_then(struct mln_run *run, struct mln_err *err)
{
    if (run->in_transaction && run->unwritten < MLN_COMMIT_ROWS &&
            mln_monotonic_ms(run->options->clock) - run->begun_ms < MLN_COMMIT_MS)
        return MLN_OK;
    return mln_run_commit(run, err);
}

/* ---- resuming ---- */

/* A new snapshot has no records, and is not asked for them. */
static int look_for_records(struct mln_run *run, struct mln_err *err)
{
    sqlite3 *db = mln_snapshot_db(run->snapshot);
    sqlite3_stmt *stmt = NULL;
    int code = sqlite3_prepare_v2(db, "SELECT 1 FROM collect_call LIMIT 1", -1, &stmt, NULL);

    if (code == SQLITE_OK)
        code = sqlite3_step(stmt);
    (void)sqlite3_finalize(stmt);
    if (code == SQLITE_ROW)
        code = sqlite3_prepare_v2(db,
                "SELECT outcome FROM collect_call WHERE call = ?1 AND region = ?2 AND key = ?3", -1,
                &run->recorded, NULL);
    return code == SQLITE_OK || code == SQLITE_DONE
                   ? MLN_OK
                   : mln_snapshot_fail(run->snapshot, code, "read the records", err);
}

static int find_outcome(struct mln_run *run, const struct mln_task *task, struct mln_str key,
        enum mln_outcome *out, struct mln_err *err)
{
    const struct mln_str texts[] = { mln_str_of(entry_of(run, task->call)->info.id),
        task->key.region, key };
    int code = SQLITE_OK;

    *out = MLN_OUTCOME_RUNNING;
    for (int i = 0; code == SQLITE_OK && i < (int)MLN_LEN(texts); i++)
        code = sqlite3_bind_text64(
                run->recorded, i + 1, texts[i].ptr, texts[i].len, SQLITE_STATIC, SQLITE_UTF8);
    if (code == SQLITE_OK)
        code = sqlite3_step(run->recorded);
    if (code == SQLITE_ROW &&
            mln_outcome_parse(
                    mln_str_of((const char *)sqlite3_column_text(run->recorded, 0)), out) < 0)
        *out = MLN_OUTCOME_RUNNING;
    (void)sqlite3_reset(run->recorded);
    return code == SQLITE_ROW || code == SQLITE_DONE
                   ? MLN_OK
                   : mln_snapshot_fail(run->snapshot, code, "read the records", err);
}

/* Whether all keys of the task were read before. */
static int was_read(
        struct mln_run *run, const struct mln_task *task, bool *out, struct mln_err *err)
{
    size_t count = task->key.key_count > 0 && entry_of(run, task->call)->batch > 0
                           ? task->key.key_count
                           : 1;
    enum mln_outcome outcome = MLN_OUTCOME_RUNNING, first = MLN_OUTCOME_RUNNING;
    int rc = MLN_OK;

    *out = run->recorded != NULL;
    for (size_t i = 0; *out && rc == MLN_OK && i < count; i++) {
        rc = find_outcome(run, task, i > 0 ? task->key.keys[i] : task->key.key, &outcome, err);
        first = i == 0 ? outcome : first;
        *out = mln_outcome_is_read(outcome);
    }
    if (rc == MLN_OK && *out) {
        run->report->calls++;
        run->report->outcomes[first]++;
    }
    return rc;
}

/* ---- tasks ---- */

static struct mln_task *free_task(struct mln_run *run)
{
    for (size_t i = 0; i < run->task_max; i++)
        if (!run->tasks[i].used)
            return &run->tasks[i];
    return NULL;
}

static void init_task(struct mln_run *run, struct mln_task *task, size_t call)
{
    *task = (struct mln_task){ .run = run,
        .call = call,
        .used = true,
        .arena = MLN_ARENA_INIT(TASK_ARENA_MAX),
        .page_arena = MLN_ARENA_INIT(TASK_ARENA_MAX),
        .token = MLN_BUF_INIT(MLN_TOKEN_MAX),
        .seen_token = MLN_BUF_INIT(MLN_TOKEN_MAX),
        .csv_heading = MLN_BUF_INIT(MLN_TOKEN_MAX),
        .all_total = -1,
        .started_ms = mln_now_ms(run->options->clock) };
    mln_task_first_page(task);
}

static void end_task(struct mln_run *run, struct mln_task *task)
{
    size_t call = task->call;

    run->calls[call].live--;
    run->live--;
    mln_task_clear(task);
    if (run->options->progress != NULL) {
        const struct mln_collect_progress progress = { .call = &entry_of(run, call)->info,
            .calls = run->report->calls,
            .known = run->report->calls,
            .rows = run->report->rows,
            .left_ms = -1 };

        run->options->progress(run->options->progress_ctx, &progress);
    }
}

/* Starts the call's next instance. *started stays false when it has no more, or it was read. */
static int start_next(struct mln_run *run, size_t call, bool *started, struct mln_err *err)
{
    struct mln_task *task = free_task(run);
    bool skip = false;
    int rc;

    if (task == NULL)
        return MLN_OK;
    init_task(run, task, call);
    rc = mln_keys_next(&run->calls[call].keys, &task->arena, &task->key, err);
    if (rc == MLN_ENOTFOUND)
        run->calls[call].state = MLN_CALL_ENDED;
    if (rc == MLN_OK)
        rc = was_read(run, task, &skip, err);
    if (rc != MLN_OK || skip) {
        mln_task_clear(task);
        return rc == MLN_ENOTFOUND ? MLN_OK : rc;
    }
    run->calls[call].live++;
    run->live++;
    *started = true;
    rc = task->key.wrong == NULL ? mln_task_submit(task, err) : MLN_EINVAL;
    if (rc != MLN_EINVAL && rc != MLN_ETOOBIG)
        return rc;
    rc = mln_task_refuse(task, task->key.wrong != NULL ? task->key.wrong : err->msg, err);
    end_task(run, task);
    return rc;
}

/* ---- calls ---- */

static bool may_begin(const struct mln_run *run, size_t call)
{
    const struct mln_schema_call *schema = &run->plan->schema.calls[call];

    if (!run->account_settled && !mln_run_tells_account(run, call))
        return false;
    for (size_t i = 0; i < schema->depend_count; i++)
        if (run->calls[schema->depends[i]].state != MLN_CALL_DONE)
            return false;
    return true;
}

/* Every instance of a call was made: what waits for it may begin. */
static int end_calls(struct mln_run *run, bool *changed, struct mln_err *err)
{
    int rc = MLN_OK;

    for (size_t i = 0; rc == MLN_OK && i < run->plan->schema.call_count; i++) {
        struct mln_run_call *call = &run->calls[i];

        if (call->state != MLN_CALL_ENDED || call->live > 0)
            continue;
        mln_keys_close(&call->keys);
        call->state = MLN_CALL_DONE;
        *changed = true;
        rc = mln_run_begin(run, err);
        if (rc == MLN_OK)
            rc = mln_snapshot_call_done(run->snapshot, mln_str_of(entry_of(run, i)->info.id), err);
    }
    return rc;
}

static int settle_account(struct mln_run *run, bool *changed, struct mln_err *err)
{
    if (run->account_settled)
        return MLN_OK;
    for (size_t i = 0; i < run->plan->schema.call_count; i++)
        if (mln_run_tells_account(run, i) && run->calls[i].state != MLN_CALL_DONE)
            return MLN_OK;
    *changed = true;
    return mln_run_settle_account(run, err);
}

static int begin_calls(struct mln_run *run, bool *changed, struct mln_err *err)
{
    int rc = MLN_OK;

    for (size_t i = 0; rc == MLN_OK && i < run->plan->schema.call_count; i++) {
        if (run->calls[i].state != MLN_CALL_WAITING || !may_begin(run, i))
            continue;
        rc = mln_keys_open(&run->calls[i].keys, entry_of(run, i), run->snapshot, err);
        run->calls[i].state = MLN_CALL_OPEN;
        *changed = true;
    }
    return rc;
}

static int advance(struct mln_run *run, struct mln_err *err)
{
    bool changed = true;
    int rc = MLN_OK;

    while (rc == MLN_OK && changed) {
        changed = false;
        rc = end_calls(run, &changed, err);
        if (rc == MLN_OK)
            rc = settle_account(run, &changed, err);
        if (rc == MLN_OK)
            rc = begin_calls(run, &changed, err);
    }
    return rc;
}

/* Fills the free places, each call in its turn. */
static int fill(struct mln_run *run, bool *idle, struct mln_err *err)
{
    size_t count = run->plan->schema.call_count, passed = 0;
    int rc = MLN_OK;

    *idle = true;
    while (rc == MLN_OK && run->live < run->task_max && passed < count && !must_stop(run)) {
        size_t call = run->turn++ % count;
        bool started = false;

        passed++;
        if (run->calls[call].state != MLN_CALL_OPEN)
            continue;
        rc = start_next(run, call, &started, err);
        *idle = false;
        if (started || run->calls[call].state == MLN_CALL_OPEN)
            passed = 0;
        if (rc == MLN_OK)
            rc = commit_now_and_then(run, err);
    }
    return rc;
}

/* ---- answers ---- */

/* The task that is due first; NULL when none waits. */
static struct mln_task *first_waiting(struct mln_run *run)
{
    struct mln_task *first = NULL;

    for (size_t i = 0; i < run->task_max; i++) {
        struct mln_task *task = &run->tasks[i];

        if (task->used && task->waiting && (first == NULL || task->due_ms < first->due_ms))
            first = task;
    }
    return first;
}

/* Asks again for what has waited long enough; waits for it when nothing else is to be done. */
static int ask_again(struct mln_run *run, struct mln_err *err)
{
    struct mln_task *task = first_waiting(run);
    int64_t left;

    if (task == NULL)
        return MLN_OK;
    left = task->due_ms - mln_monotonic_ms(run->options->clock);
    if (left > 0 && run->in_flight > 0)
        return MLN_OK;
    if (left > 0) {
        int rc = mln_run_commit(run, err);

        if (rc != MLN_OK)
            return rc;
        run->transport->pause(run->transport->ctx, left);
        if (must_stop(run))
            return MLN_OK;
    }
    return mln_task_submit(task, err);
}

static int take_answer(struct mln_run *run, struct mln_err *err)
{
    struct mln_collect_answer answer = { .retry_after_ms = -1 };
    int rc = run->transport->next(run->transport->ctx, MLN_LOOK_MS, &answer, err);
    struct mln_task *task;
    bool ended = false;

    if (rc != MLN_OK)
        return rc == MLN_ENOTFOUND ? mln_fail(err, MLN_EIO, "an answer was lost") : rc;
    task = answer.request->owner;
    run->in_flight--;
    rc = mln_task_answer(task, &answer, &ended, err);
    if (ended)
        end_task(run, task);
    return rc == MLN_OK ? commit_now_and_then(run, err) : rc;
}

static int work(struct mln_run *run, struct mln_err *err)
{
    bool idle = false;
    int rc = MLN_OK;

    while (rc == MLN_OK && !must_stop(run)) {
        rc = advance(run, err);
        if (rc == MLN_OK)
            rc = fill(run, &idle, err);
        if (rc == MLN_OK && run->live == 0 && idle)
            return MLN_OK;
        if (rc == MLN_OK)
            rc = ask_again(run, err);
        if (rc == MLN_OK && run->in_flight > 0)
            rc = take_answer(run, err);
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
    int rc = look_for_records(run, err);

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
        rc = mln_run_commit(run, err);
    return rc == MLN_OK ? mln_snapshot_finish(run->snapshot, err) : rc;
}

/* The transport gives everything back before the tasks go: their requests are theirs. */
static void clean_up(struct mln_run *run)
{
    struct mln_err ignored;
    struct mln_collect_answer answer;

    while (run->in_flight > 0 &&
            run->transport->next(run->transport->ctx, MLN_LOOK_MS, &answer, &ignored) == MLN_OK)
        run->in_flight--;
    for (size_t i = 0; run->tasks != NULL && i < run->task_max; i++)
        if (run->tasks[i].used)
            mln_task_clear(&run->tasks[i]);
    for (size_t i = 0; run->calls != NULL && i < run->plan->schema.call_count; i++)
        if (run->calls[i].state == MLN_CALL_OPEN || run->calls[i].state == MLN_CALL_ENDED)
            mln_keys_close(&run->calls[i].keys);
    (void)sqlite3_finalize(run->recorded);
    free(run->tasks);
    free(run->calls);
}

static int run_all(struct mln_run *run, struct mln_err *err)
{
    int rc;

    run->calls = calloc(run->plan->schema.call_count + 1, sizeof(*run->calls));
    run->tasks = calloc(run->task_max, sizeof(*run->tasks));
    if (run->calls == NULL || run->tasks == NULL)
        return mln_fail(err, MLN_ENOMEM, "out of memory");
    rc = start(run, err);
    if (rc == MLN_OK)
        rc = work(run, err);
    if (rc == MLN_OK && must_stop(run)) {
        rc = mln_run_commit(run, err);
        run->report->stopped = true;
        return rc == MLN_OK
                       ? mln_fail(err, MLN_ECANCELLED, "stopped; the snapshot can be gone on with")
                       : rc;
    }
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
