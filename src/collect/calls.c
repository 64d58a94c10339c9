/*
 * Which call is made when. A call begins when all calls that it depends on are done; the calls that
 * have begun take turns, and each has a share of the places, so that no product waits for another's
 * million resources or its slow limit.
 */
#include "collect/executor.h"

static const struct mln_plan_entry *entry_of(const struct mln_run *run, size_t call)
{
    return &run->plan->entries[call];
}

/* Those that are made once per account or site need no more places than that. */
void mln_run_share_places(struct mln_run *run)
{
    size_t count = run->plan->schema.call_count, few = 0, many = 0, share = 1;

    for (size_t i = 0; i < count; i++) {
        struct mln_run_call *call = &run->calls[i];

        if (entry_of(run, i)->keys_sql == NULL) {
            call->live_max = entry_of(run, i)->sites.count > 0 ? entry_of(run, i)->sites.count : 1;
            few += call->live_max;
        } else {
            many++;
        }
    }
    if (many > 0 && run->task_max > few)
        share = (run->task_max - few) / many;
    if (share == 0)
        share = 1;
    for (size_t i = 0; i < count; i++)
        if (run->calls[i].live_max == 0)
            run->calls[i].live_max = share < MLN_CALL_TASKS_MAX ? share : MLN_CALL_TASKS_MAX;
}

/* ---- the state of calls ---- */

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
static int end_calls(struct mln_run *run, struct mln_err *err)
{
    int rc = MLN_OK;

    for (size_t i = 0; rc == MLN_OK && i < run->plan->schema.call_count; i++) {
        struct mln_run_call *call = &run->calls[i];

        if (call->state != MLN_CALL_ENDED || call->live > 0)
            continue;
        mln_keys_close(&call->keys);
        call->state = MLN_CALL_DONE;
        run->changed = true;
        rc = mln_run_begin(run, err);
        if (rc == MLN_OK)
            rc = mln_snapshot_call_done(run->snapshot, mln_str_of(entry_of(run, i)->info.id), err);
    }
    return rc;
}

static int settle_account(struct mln_run *run, struct mln_err *err)
{
    if (run->account_settled)
        return MLN_OK;
    for (size_t i = 0; i < run->plan->schema.call_count; i++)
        if (mln_run_tells_account(run, i) && run->calls[i].state != MLN_CALL_DONE)
            return MLN_OK;
    run->changed = true;
    return mln_run_settle_account(run, err);
}

static int begin_calls(struct mln_run *run, struct mln_err *err)
{
    int rc = MLN_OK;

    for (size_t i = 0; rc == MLN_OK && i < run->plan->schema.call_count; i++) {
        const struct mln_plan_entry *entry = entry_of(run, i);
        bool all_regions = false;

        if (run->calls[i].state != MLN_CALL_WAITING || !may_begin(run, i))
            continue;
        rc = mln_regions_are_unread(run->plan, entry, run->snapshot, &all_regions, err);
        if (rc == MLN_OK)
            rc = mln_keys_open(
                    &run->calls[i].keys, &run->keys, entry, run->snapshot, all_regions, err);
        run->calls[i].keys.places = run->calls[i].live_max;
        run->calls[i].state = rc == MLN_OK ? MLN_CALL_OPEN : MLN_CALL_WAITING;
        run->changed = true;
    }
    return rc;
}

int mln_run_advance(struct mln_run *run, struct mln_err *err)
{
    int rc = MLN_OK;

    while (rc == MLN_OK && run->changed) {
        run->changed = false;
        rc = end_calls(run, err);
        if (rc == MLN_OK)
            rc = settle_account(run, err);
        if (rc == MLN_OK)
            rc = begin_calls(run, err);
    }
    return rc;
}

bool mln_run_is_done(const struct mln_run *run)
{
    for (size_t i = 0; i < run->plan->schema.call_count; i++)
        if (run->calls[i].state == MLN_CALL_OPEN || run->calls[i].live > 0)
            return false;
    return true;
}

/* ---- tasks ---- */

void mln_run_end_task(struct mln_run *run, struct mln_task *task)
{
    struct mln_run_call *call = &run->calls[task->call];

    run->newest = &entry_of(run, task->call)->info;
    mln_keys_ended(&call->keys, &task->key);
    call->live--;
    run->live--;
    run->changed = run->changed || (call->state == MLN_CALL_ENDED && call->live == 0);
    mln_queue_give(&run->queue, task);
    mln_run_tell(run, false);
}

/* What is known already: from this run's beginning, or from another snapshot. */
static int find_known(struct mln_run *run, struct mln_task *task, bool *known, struct mln_err *err)
{
    int rc = mln_run_was_read(run, task, known, err);

    if (rc == MLN_OK && !*known && run->since != NULL && task->key.wrong == NULL)
        rc = mln_since_take(run, task, known, err);
    return rc;
}

/* Starts the call's next instance, unless it is known already. */
static int start_next(struct mln_run *run, size_t call, struct mln_err *err)
{
    struct mln_task *task = mln_queue_take(&run->queue);
    bool known = false;
    int rc;

    if (task == NULL)
        return MLN_OK;
    mln_task_init(task, run, call);
    rc = mln_keys_next(&run->calls[call].keys, &task->arena, &task->key, err);
    if (rc != MLN_OK) {
        mln_queue_give(&run->queue, task);
        return rc;
    }
    run->calls[call].live++;
    run->live++;
    rc = find_known(run, task, &known, err);
    if (rc != MLN_OK || known) {
        mln_run_end_task(run, task);
        return rc;
    }
    rc = task->key.wrong == NULL ? mln_task_submit(task, err) : MLN_EINVAL;
    if (rc != MLN_EINVAL && rc != MLN_ETOOBIG)
        return rc;
    rc = mln_task_refuse(task, task->key.wrong != NULL ? task->key.wrong : err->msg, err);
    mln_run_end_task(run, task);
    return rc;
}

/* Whether it may have another task now; ends it when it has no more keys. */
static bool is_ready(struct mln_run *run, size_t call)
{
    struct mln_run_call *of = &run->calls[call];

    if (of->state != MLN_CALL_OPEN || of->live >= of->live_max)
        return false;
    switch (mln_keys_state(&of->keys)) {
    case MLN_KEYS_READY:
        return true;
    case MLN_KEYS_FULL:
        return false;
    case MLN_KEYS_ENDED:
        break;
    }
    of->state = MLN_CALL_ENDED;
    run->changed = run->changed || of->live == 0;
    return false;
}

int mln_run_fill(struct mln_run *run, struct mln_err *err)
{
    size_t count = run->plan->schema.call_count, passed = 0;
    int rc = MLN_OK;

    while (rc == MLN_OK && run->live < run->task_max && passed < count && !mln_run_must_stop(run)) {
        size_t call = run->turn++ % count;

        passed++;
        if (!is_ready(run, call))
            continue;
        passed = 0;
        rc = start_next(run, call, err);
        if (rc == MLN_OK)
            rc = mln_run_commit_now_and_then(run, err);
    }
    return rc;
}
