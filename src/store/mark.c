/* People's decisions on check items and on their resources. They belong to no scan. */
#include "store/engine.h"

int mln_store_mark_put(struct mln_store *store, struct mln_str account_id,
        const struct mln_mark_row *row, struct mln_err *err)
{
    MLN_AUTO(mln_query_close) struct mln_query query = { 0 };
    int rc;

    mln_query_open(&query, store, STMT_MARK_PUT);
    mln_query_text(&query, account_id);
    mln_query_i64(&query, row->item_id);
    mln_query_text(&query, row->resource_id);
    mln_query_text(&query, row->region);
    mln_query_text(&query, row->kind);
    mln_query_text(&query, row->reason);
    mln_query_text(&query, row->author);
    mln_query_i64(&query, row->marked_ms);
    mln_query_i64(&query, row->until_ms);
    rc = mln_query_write(&query, NULL, err);
    if (rc == MLN_ENOTFOUND)
        return mln_fail(err, rc, "there is no account '%.*s'", MLN_FMT(account_id));
    return rc;
}

int mln_store_mark_drop(struct mln_store *store, struct mln_str account_id,
        const struct mln_mark_row *row, int64_t *count, struct mln_err *err)
{
    MLN_AUTO(mln_query_close) struct mln_query query = { 0 };

    mln_query_open(&query, store, STMT_MARK_DROP);
    mln_query_text(&query, account_id);
    mln_query_i64(&query, row->item_id);
    mln_query_text(&query, row->resource_id);
    mln_query_text(&query, row->region);
    return mln_query_write(&query, count, err);
}

int mln_store_mark_items(struct mln_store *store, struct mln_str account_id, int64_t now_ms,
        mln_mark_row_fn *fn, void *ctx, struct mln_err *err)
{
    MLN_AUTO(mln_query_close) struct mln_query query = { 0 };
    int rc;

    mln_query_open(&query, store, STMT_MARK_ITEMS);
    mln_query_text(&query, account_id);
    mln_query_i64(&query, now_ms);
    while ((rc = mln_query_next(&query, err)) > 0) {
        const struct mln_mark_row row = {
            .item_id = mln_query_get_i64(&query, 0),
            .resource_id = mln_query_get_str(&query, 1),
            .region = mln_query_get_str(&query, 2),
            .kind = mln_query_get_str(&query, 3),
            .reason = mln_query_get_str(&query, 4),
            .author = mln_query_get_str(&query, 5),
            .marked_ms = mln_query_get_i64(&query, 6),
            .until_ms = mln_query_get_i64(&query, 7),
        };

        rc = fn(ctx, &row, err);
        if (rc != MLN_OK)
            return rc;
    }
    return rc;
}

int mln_store_mark_counts(struct mln_store *store, struct mln_str account_id, int64_t scan_id,
        int64_t now_ms, mln_mark_count_fn *fn, void *ctx, struct mln_err *err)
{
    MLN_AUTO(mln_query_close) struct mln_query query = { 0 };
    int rc;

    mln_query_open(&query, store, STMT_MARK_COUNTS);
    mln_query_text(&query, account_id);
    mln_query_i64(&query, scan_id);
    mln_query_i64(&query, now_ms);
    while ((rc = mln_query_next(&query, err)) > 0) {
        rc = fn(ctx, mln_query_get_i64(&query, 0), mln_query_get_str(&query, 1),
                mln_query_get_i64(&query, 2), err);
        if (rc != MLN_OK)
            return rc;
    }
    return rc;
}

static int drop_ended(
        struct mln_store *store, struct mln_str account_id, int64_t now_ms, struct mln_err *err)
{
    MLN_AUTO(mln_query_close) struct mln_query query = { 0 };

    mln_query_open(&query, store, STMT_MARK_PRUNE);
    mln_query_text(&query, account_id);
    mln_query_i64(&query, now_ms);
    return mln_query_write(&query, NULL, err);
}

static int count_marks(
        struct mln_store *store, struct mln_str account_id, int64_t *out, struct mln_err *err)
{
    MLN_AUTO(mln_query_close) struct mln_query query = { 0 };
    int rc;

    mln_query_open(&query, store, STMT_MARK_TOTAL);
    mln_query_text(&query, account_id);
    rc = mln_query_next(&query, err);
    if (rc < 0)
        return rc;
    *out = mln_query_get_i64(&query, 0);
    return MLN_OK;
}

int mln_store_mark_total(struct mln_store *store, struct mln_str account_id, int64_t now_ms,
        int64_t *out, struct mln_err *err)
{
    int64_t count = 0;
    bool own;
    int rc = mln_write_enter(store, &own, err);

    if (rc < 0)
        return rc;
    rc = drop_ended(store, account_id, now_ms, err);
    if (rc == MLN_OK)
        rc = count_marks(store, account_id, &count, err);
    rc = mln_write_leave(store, own, rc, err);
    if (rc == MLN_OK)
        *out = count;
    return rc;
}
