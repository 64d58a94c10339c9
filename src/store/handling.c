/* Decisions of people: closing an open event, and the record of it. */
#include "store/counter.h"
#include "store/engine.h"

static int why_not_open(
        struct mln_store *store, const struct mln_handling_row *row, struct mln_err *err)
{
    MLN_AUTO(mln_query_close) struct mln_query query = { 0 };
    int rc;

    mln_query_open(&query, store, STMT_EVENT_GET);
    mln_query_text(&query, row->account_id);
    mln_query_i64(&query, row->risk_id);
    rc = mln_query_next(&query, err);
    if (rc == 0)
        return mln_fail(err, MLN_ENOTFOUND, "there is no risk event %lld", (long long)row->risk_id);
    if (rc > 0)
        return mln_fail(
                err, MLN_EEXIST, "risk event %lld is already processed", (long long)row->risk_id);
    return rc;
}

static int close_event(
        struct mln_store *store, const struct mln_handling_row *row, struct mln_err *err)
{
    MLN_AUTO(mln_query_close) struct mln_query query = { 0 };
    struct mln_counter counter = { .account_id = row->account_id, .status = MLN_UNPROCESSED };
    int rc;

    mln_query_open(&query, store, STMT_EVENT_CLOSE);
    mln_query_text(&query, row->account_id);
    mln_query_i64(&query, row->risk_id);
    mln_query_i64(&query, row->handled_ms);
    rc = mln_query_next(&query, err);
    if (rc == 0)
        return why_not_open(store, row, err);
    if (rc < 0)
        return rc;
    /* The counters change while the row is held: its product is a view of it. */
    counter.level = mln_query_get_i64(&query, 0);
    counter.product = mln_query_get_str(&query, 1);
    rc = mln_counter_drop(store, &counter, err);
    counter.status = MLN_PROCESSED;
    if (rc == MLN_OK)
        rc = mln_counter_add(store, &counter, err);
    if (rc == MLN_OK)
        rc = mln_query_write(&query, NULL, err);
    return rc;
}

static int insert_handling(
        struct mln_store *store, const struct mln_handling_row *row, struct mln_err *err)
{
    MLN_AUTO(mln_query_close) struct mln_query query = { 0 };

    mln_query_open(&query, store, STMT_HANDLING_ADD);
    mln_query_text(&query, row->account_id);
    mln_query_i64(&query, row->risk_id);
    mln_query_i64(&query, row->handled_ms);
    mln_query_i64(&query, row->method);
    mln_query_text(&query, row->type);
    mln_query_text(&query, row->detail);
    mln_query_text(&query, row->user_name);
    mln_query_text(&query, row->request_id);
    return mln_query_write(&query, NULL, err);
}

int mln_store_handling_add(
        struct mln_store *store, const struct mln_handling_row *row, struct mln_err *err)
{
    bool own;
    int rc = mln_write_enter(store, &own, err);

    if (rc < 0)
        return rc;
    rc = close_event(store, row, err);
    if (rc == MLN_OK)
        rc = insert_handling(store, row, err);
    return mln_write_leave(store, own, rc, err);
}

int mln_store_handling_list(struct mln_store *store, struct mln_str account_id, int64_t risk_id,
        mln_handling_row_fn *fn, void *ctx, struct mln_err *err)
{
    MLN_AUTO(mln_query_close) struct mln_query query = { 0 };
    int rc;

    mln_query_open(&query, store, STMT_HANDLING_LIST);
    mln_query_text(&query, account_id);
    mln_query_i64(&query, risk_id);
    while ((rc = mln_query_next(&query, err)) > 0) {
        const struct mln_handling_row row = {
            .account_id = mln_query_get_str(&query, 0),
            .risk_id = mln_query_get_i64(&query, 1),
            .handled_ms = mln_query_get_i64(&query, 2),
            .method = mln_query_get_i64(&query, 3),
            .type = mln_query_get_str(&query, 4),
            .detail = mln_query_get_str(&query, 5),
            .user_name = mln_query_get_str(&query, 6),
            .request_id = mln_query_get_str(&query, 7),
        };

        rc = fn(ctx, &row, err);
        if (rc != MLN_OK)
            return rc;
    }
    return rc;
}
