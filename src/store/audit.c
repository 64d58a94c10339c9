/* The audit trail of writes: appended, never changed. */
#include "store/engine.h"

int mln_store_audit_add(
        struct mln_store *store, const struct mln_audit_row *row, struct mln_err *err)
{
    MLN_AUTO(mln_query_close) struct mln_query query = { 0 };

    mln_query_open(&query, store, STMT_AUDIT_ADD);
    mln_query_text(&query, row->account_id);
    mln_query_i64(&query, row->time_ms);
    mln_query_text(&query, row->user_name);
    mln_query_text(&query, row->action);
    mln_query_text(&query, row->outcome);
    mln_query_text(&query, row->request_id);
    mln_query_text(&query, row->source_ip);
    mln_query_text(&query, row->detail);
    return mln_query_write(&query, NULL, err);
}

int mln_store_audit_list(struct mln_store *store, struct mln_str account_id, int64_t limit,
        mln_audit_row_fn *fn, void *ctx, struct mln_err *err)
{
    MLN_AUTO(mln_query_close) struct mln_query query = { 0 };
    int rc;

    if (limit < 0)
        return mln_fail(err, MLN_EINVAL, "a list has no negative size");
    mln_query_open(&query, store, STMT_AUDIT_LIST);
    mln_query_text(&query, account_id);
    mln_query_i64(&query, limit);
    while ((rc = mln_query_next(&query, err)) > 0) {
        const struct mln_audit_row row = {
            .account_id = mln_query_get_str(&query, 0),
            .time_ms = mln_query_get_i64(&query, 1),
            .user_name = mln_query_get_str(&query, 2),
            .action = mln_query_get_str(&query, 3),
            .outcome = mln_query_get_str(&query, 4),
            .request_id = mln_query_get_str(&query, 5),
            .source_ip = mln_query_get_str(&query, 6),
            .detail = mln_query_get_str(&query, 7),
        };

        rc = fn(ctx, &row, err);
        if (rc != MLN_OK)
            return rc;
    }
    return rc;
}
