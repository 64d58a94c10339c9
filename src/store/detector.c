/* The detector's state: windows, the epoch of an account, how far each source was read. */
#include "store/engine.h"

int mln_store_window_put(struct mln_store *store, struct mln_str account_id, int64_t rule_id,
        struct mln_str key, struct mln_str state, struct mln_err *err)
{
    MLN_AUTO(mln_query_close) struct mln_query query = { 0 };

    mln_query_open(&query, store, state.len > 0 ? STMT_WINDOW_PUT : STMT_WINDOW_DROP);
    mln_query_text(&query, account_id);
    mln_query_i64(&query, rule_id);
    mln_query_bytes(&query, key);
    if (state.len > 0)
        mln_query_bytes(&query, state);
    return mln_query_write(&query, NULL, err);
}

int mln_store_window_list(struct mln_store *store, struct mln_str account_id, mln_window_row_fn *fn,
        void *ctx, struct mln_err *err)
{
    MLN_AUTO(mln_query_close) struct mln_query query = { 0 };
    int rc;

    mln_query_open(&query, store, STMT_WINDOW_LIST);
    mln_query_text(&query, account_id);
    while ((rc = mln_query_next(&query, err)) > 0) {
        rc = fn(ctx, mln_query_get_i64(&query, 0), mln_query_get_str(&query, 1),
                mln_query_get_str(&query, 2), err);
        if (rc != MLN_OK)
            return rc;
    }
    return rc;
}

int mln_store_epoch_get(
        struct mln_store *store, struct mln_str account_id, int64_t *out, struct mln_err *err)
{
    MLN_AUTO(mln_query_close) struct mln_query query = { 0 };
    int rc;

    mln_query_open(&query, store, STMT_EPOCH_GET);
    mln_query_text(&query, account_id);
    rc = mln_query_next(&query, err);
    if (rc < 0)
        return rc;
    *out = rc > 0 ? mln_query_get_i64(&query, 0) : 0;
    return MLN_OK;
}

int mln_store_epoch_advance(
        struct mln_store *store, struct mln_str account_id, int64_t expected, struct mln_err *err)
{
    MLN_AUTO(mln_query_close) struct mln_query query = { 0 };
    int64_t changed;
    int rc;

    mln_query_open(&query, store, expected == 0 ? STMT_EPOCH_FIRST : STMT_EPOCH_ADVANCE);
    mln_query_text(&query, account_id);
    if (expected != 0)
        mln_query_i64(&query, expected);
    rc = mln_query_write(&query, &changed, err);
    if (rc == MLN_OK && changed == 0)
        return mln_fail(err, MLN_EEXIST, "another detector has written for account '%.*s'",
                MLN_FMT(account_id));
    return rc;
}

int mln_store_offset_put(struct mln_store *store, struct mln_str account_id,
        const struct mln_offset_row *row, struct mln_err *err)
{
    MLN_AUTO(mln_query_close) struct mln_query query = { 0 };

    mln_query_open(&query, store, STMT_OFFSET_PUT);
    mln_query_text(&query, account_id);
    mln_query_text(&query, row->source_id);
    mln_query_bytes(&query, row->head);
    mln_query_bytes(&query, row->tail);
    mln_query_bytes(&query, row->reader);
    mln_query_i64(&query, row->head_len);
    mln_query_i64(&query, row->tail_len);
    mln_query_i64(&query, row->offset);
    mln_query_i64(&query, row->updated_ms);
    return mln_query_write(&query, NULL, err);
}

static int each_offset(struct mln_query *query, mln_offset_row_fn *fn, void *ctx, int64_t *seen,
        struct mln_err *err)
{
    int rc;

    *seen = 0;
    while ((rc = mln_query_next(query, err)) > 0) {
        const struct mln_offset_row row = {
            .source_id = mln_query_get_str(query, 0),
            .head = mln_query_get_str(query, 1),
            .tail = mln_query_get_str(query, 2),
            .reader = mln_query_get_str(query, 3),
            .head_len = mln_query_get_i64(query, 4),
            .tail_len = mln_query_get_i64(query, 5),
            .offset = mln_query_get_i64(query, 6),
            .updated_ms = mln_query_get_i64(query, 7),
        };

        ++*seen;
        rc = fn(ctx, &row, err);
        if (rc != MLN_OK)
            return rc;
    }
    return rc;
}

int mln_store_offset_get(struct mln_store *store, struct mln_str account_id,
        struct mln_str source_id, mln_offset_row_fn *fn, void *ctx, struct mln_err *err)
{
    MLN_AUTO(mln_query_close) struct mln_query query = { 0 };
    int64_t seen;
    int rc;

    mln_query_open(&query, store, STMT_OFFSET_GET);
    mln_query_text(&query, account_id);
    mln_query_text(&query, source_id);
    rc = each_offset(&query, fn, ctx, &seen, err);
    if (rc == MLN_OK && seen == 0)
        return mln_fail(err, MLN_ENOTFOUND, "source '%.*s' was never read", MLN_FMT(source_id));
    return rc;
}

int mln_store_offset_by_head(struct mln_store *store, struct mln_str account_id,
        struct mln_str head, mln_offset_row_fn *fn, void *ctx, struct mln_err *err)
{
    MLN_AUTO(mln_query_close) struct mln_query query = { 0 };
    int64_t seen;

    mln_query_open(&query, store, STMT_OFFSET_BY_HEAD);
    mln_query_text(&query, account_id);
    mln_query_bytes(&query, head);
    return each_offset(&query, fn, ctx, &seen, err);
}
