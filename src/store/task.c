/*
 * Requests for scans. At most one of an account is open: a unique partial index says so. A worker
 * holds one for as long as its lease, and its attempt's number tells it from those before it.
 */
#include "store/engine.h"

static int insert_task(struct mln_store *store, const struct mln_task_row *row, int64_t *task_id,
        struct mln_err *err)
{
    MLN_AUTO(mln_query_close) struct mln_query query = { 0 };
    int rc;

    mln_query_open(&query, store, STMT_TASK_ADD);
    mln_query_text(&query, row->account_id);
    mln_query_text(&query, row->items);
    mln_query_i64(&query, row->requested_ms);
    rc = mln_query_next(&query, err);
    if (rc == MLN_EEXIST)
        return mln_fail(err, rc, "a scan of account '%.*s' is waiting or running",
                MLN_FMT(row->account_id));
    if (rc == MLN_ENOTFOUND)
        return mln_fail(err, rc, "there is no account '%.*s'", MLN_FMT(row->account_id));
    if (rc < 0)
        return rc;
    *task_id = mln_query_get_i64(&query, 0);
    return mln_query_write(&query, NULL, err);
}

static int drop_old_tasks(struct mln_store *store, struct mln_str account_id, struct mln_err *err)
{
    MLN_AUTO(mln_query_close) struct mln_query query = { 0 };

    mln_query_open(&query, store, STMT_TASK_PRUNE);
    mln_query_text(&query, account_id);
    mln_query_i64(&query, MLN_TASKS_KEPT);
    return mln_query_write(&query, NULL, err);
}

int mln_store_task_add(struct mln_store *store, const struct mln_task_row *row, int64_t *task_id,
        struct mln_err *err)
{
    int64_t added = 0;
    bool own;
    int rc = mln_write_enter(store, &own, err);

    if (rc < 0)
        return rc;
    rc = insert_task(store, row, &added, err);
    if (rc == MLN_OK)
        rc = drop_old_tasks(store, row->account_id, err);
    rc = mln_write_leave(store, own, rc, err);
    if (rc == MLN_OK)
        *task_id = added;
    return rc;
}

static struct mln_task_row read_task(struct mln_query *query)
{
    int64_t state = mln_query_get_i64(query, 5);

    return (struct mln_task_row){
        .account_id = mln_query_get_str(query, 0),
        .items = mln_query_get_str(query, 1),
        .message = mln_query_get_str(query, 2),
        .task_id = mln_query_get_i64(query, 3),
        .attempt = mln_query_get_i64(query, 4),
        .state = (enum mln_task_state)state,
        .requested_ms = mln_query_get_i64(query, 6),
        .started_ms = mln_query_get_i64(query, 7),
        .finished_ms = mln_query_get_i64(query, 8),
        .lease_ms = mln_query_get_i64(query, 9),
        .remaining_s = mln_query_get_i64(query, 10),
        .scan_id = mln_query_get_i64(query, 11),
    };
}

static int one_task(struct mln_query *query, const char *none, mln_task_row_fn *fn, void *ctx,
        struct mln_err *err)
{
    struct mln_task_row row;
    int rc = mln_query_next(query, err);

    if (rc == 0)
        return mln_fail(err, MLN_ENOTFOUND, "%s", none);
    if (rc < 0)
        return rc;
    row = read_task(query);
    return fn(ctx, &row, err);
}

int mln_store_task_claim(struct mln_store *store, int64_t now_ms, int64_t lease_ms,
        mln_task_row_fn *fn, void *ctx, struct mln_err *err)
{
    bool own;
    int rc = mln_write_enter(store, &own, err);

    if (rc < 0)
        return rc;
    {
        MLN_AUTO(mln_query_close) struct mln_query query = { 0 };

        mln_query_open(&query, store, STMT_TASK_CLAIM);
        mln_query_i64(&query, now_ms);
        mln_query_i64(&query, lease_ms);
        rc = one_task(&query, "no scan is waiting", fn, ctx, err);
        if (rc == MLN_OK)
            rc = mln_query_write(&query, NULL, err);
    }
    return mln_write_leave(store, own, rc, err);
}

int mln_store_task_update(
        struct mln_store *store, const struct mln_task_row *row, struct mln_err *err)
{
    MLN_AUTO(mln_query_close) struct mln_query query = { 0 };
    int64_t changed = 0;
    int rc;

    mln_query_open(&query, store, STMT_TASK_UPDATE);
    mln_query_i64(&query, row->task_id);
    mln_query_i64(&query, row->attempt);
    mln_query_i64(&query, row->state);
    mln_query_i64(&query, row->started_ms);
    mln_query_i64(&query, row->finished_ms);
    mln_query_i64(&query, row->lease_ms);
    mln_query_i64(&query, row->remaining_s);
    mln_query_i64(&query, row->scan_id);
    mln_query_text(&query, row->message);
    rc = mln_query_write(&query, &changed, err);
    if (rc == MLN_OK && changed == 0)
        return mln_fail(err, MLN_EEXIST, "scan request %lld was taken over by another worker",
                (long long)row->task_id);
    return rc;
}

int mln_store_task_last(struct mln_store *store, struct mln_str account_id, mln_task_row_fn *fn,
        void *ctx, struct mln_err *err)
{
    MLN_AUTO(mln_query_close) struct mln_query query = { 0 };

    mln_query_open(&query, store, STMT_TASK_LAST);
    mln_query_text(&query, account_id);
    return one_task(&query, "no scan was asked for", fn, ctx, err);
}
