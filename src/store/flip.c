/* What changed between one scan and the next. */
#include "store/engine.h"

int mln_store_flip_add(struct mln_store *store, struct mln_str account_id, int64_t scan_id,
        const struct mln_flip_row *row, struct mln_err *err)
{
    MLN_AUTO(mln_query_close) struct mln_query query = { 0 };

    mln_query_open(&query, store, STMT_FLIP_ADD);
    mln_query_text(&query, account_id);
    mln_query_i64(&query, scan_id);
    mln_query_i64(&query, row->item_id);
    mln_query_i64(&query, row->time_ms);
    mln_query_text(&query, row->resource_id);
    mln_query_text(&query, row->region);
    mln_query_text(&query, row->before);
    mln_query_text(&query, row->after);
    mln_query_text(&query, row->changed);
    return mln_query_write(&query, NULL, err);
}

int mln_store_flip_list(struct mln_store *store, struct mln_str account_id, int64_t item_id,
        int64_t limit, mln_flip_row_fn *fn, void *ctx, struct mln_err *err)
{
    MLN_AUTO(mln_query_close) struct mln_query query = { 0 };
    int rc;

    mln_query_open(&query, store, item_id == 0 ? STMT_FLIP_LIST : STMT_FLIP_LIST_ITEM);
    mln_query_text(&query, account_id);
    mln_query_i64(&query, limit);
    if (item_id != 0)
        mln_query_i64(&query, item_id);
    while ((rc = mln_query_next(&query, err)) > 0) {
        const struct mln_flip_row row = {
            .item_id = mln_query_get_i64(&query, 0),
            .time_ms = mln_query_get_i64(&query, 1),
            .resource_id = mln_query_get_str(&query, 2),
            .region = mln_query_get_str(&query, 3),
            .before = mln_query_get_str(&query, 4),
            .after = mln_query_get_str(&query, 5),
            .changed = mln_query_get_str(&query, 6),
        };

        rc = fn(ctx, &row, err);
        if (rc != MLN_OK)
            return rc;
    }
    return rc;
}

int mln_store_flip_prune(struct mln_store *store, struct mln_str account_id, int64_t keep,
        int64_t limit, bool *more, struct mln_err *err)
{
    MLN_AUTO(mln_query_close) struct mln_query query = { 0 };
    int64_t dropped = 0;
    int rc;

    mln_query_open(&query, store, STMT_FLIP_PRUNE);
    mln_query_text(&query, account_id);
    mln_query_i64(&query, keep);
    mln_query_i64(&query, limit);
    rc = mln_query_write(&query, &dropped, err);
    if (rc == MLN_OK)
        *more = dropped == limit;
    return rc;
}
