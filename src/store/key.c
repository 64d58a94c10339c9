/* Access keys and the nonces of writes. */
#include "store/engine.h"

/* Expired nonces dropped by one call: more than it adds, so that the table shrinks to what is
 * alive. */
enum { NONCES_PRUNED_MAX = 64 };

static int no_key(struct mln_err *err)
{
    return mln_fail(err, MLN_ENOTFOUND, "there is no such access key");
}

int mln_store_key_add(struct mln_store *store, const struct mln_key_row *row, struct mln_err *err)
{
    MLN_AUTO(mln_query_close) struct mln_query query = { 0 };
    int rc;

    mln_query_open(&query, store, STMT_KEY_ADD);
    mln_query_text(&query, row->account_id);
    mln_query_text(&query, row->user_name);
    mln_query_text(&query, row->access_key_id);
    mln_query_bytes(&query, row->sealed);
    mln_query_text(&query, row->seal_key_id);
    mln_query_i64(&query, row->disabled);
    mln_query_i64(&query, row->created_ms);
    rc = mln_query_write(&query, NULL, err);
    if (rc == MLN_EEXIST)
        return mln_fail(err, rc, "the access key already exists");
    if (rc == MLN_ENOTFOUND)
        return mln_fail(err, rc, "there is no user '%.*s' in account '%.*s'",
                MLN_FMT(row->user_name), MLN_FMT(row->account_id));
    return rc;
}

static int each_key(
        struct mln_query *query, mln_key_row_fn *fn, void *ctx, int64_t *seen, struct mln_err *err)
{
    int rc;

    *seen = 0;
    while ((rc = mln_query_next(query, err)) > 0) {
        const struct mln_key_row row = {
            .access_key_id = mln_query_get_str(query, 0),
            .account_id = mln_query_get_str(query, 1),
            .user_name = mln_query_get_str(query, 2),
            .user_id = mln_query_get_str(query, 3),
            .sealed = mln_query_get_str(query, 4),
            .seal_key_id = mln_query_get_str(query, 5),
            .disabled = mln_query_get_i64(query, 6) != 0,
            .user_disabled = mln_query_get_i64(query, 7) != 0,
            .created_ms = mln_query_get_i64(query, 8),
        };

        ++*seen;
        rc = fn(ctx, &row, err);
        if (rc != MLN_OK)
            return rc;
    }
    return rc;
}

int mln_store_key_get(struct mln_store *store, struct mln_str access_key_id, mln_key_row_fn *fn,
        void *ctx, struct mln_err *err)
{
    MLN_AUTO(mln_query_close) struct mln_query query = { 0 };
    int64_t seen;
    int rc;

    mln_query_open(&query, store, STMT_KEY_GET);
    mln_query_text(&query, access_key_id);
    rc = each_key(&query, fn, ctx, &seen, err);
    return rc == MLN_OK && seen == 0 ? no_key(err) : rc;
}

int mln_store_key_list(struct mln_store *store, struct mln_str account_id, struct mln_str user_name,
        mln_key_row_fn *fn, void *ctx, struct mln_err *err)
{
    MLN_AUTO(mln_query_close) struct mln_query query = { 0 };
    int64_t seen;

    if (account_id.len == 0 && user_name.len > 0)
        return mln_fail(err, MLN_EINVAL, "the keys of a user are listed within an account");
    if (account_id.len == 0) {
        mln_query_open(&query, store, STMT_KEY_LIST_ALL);
        return each_key(&query, fn, ctx, &seen, err);
    }
    mln_query_open(&query, store, user_name.len == 0 ? STMT_KEY_LIST_ACCOUNT : STMT_KEY_LIST_USER);
    mln_query_text(&query, account_id);
    if (user_name.len > 0)
        mln_query_text(&query, user_name);
    return each_key(&query, fn, ctx, &seen, err);
}

int mln_store_key_set_disabled(
        struct mln_store *store, struct mln_str access_key_id, bool disabled, struct mln_err *err)
{
    MLN_AUTO(mln_query_close) struct mln_query query = { 0 };
    int64_t changed;
    int rc;

    mln_query_open(&query, store, STMT_KEY_SET_DISABLED);
    mln_query_text(&query, access_key_id);
    mln_query_i64(&query, disabled);
    rc = mln_query_write(&query, &changed, err);
    return rc == MLN_OK && changed == 0 ? no_key(err) : rc;
}

int mln_store_key_reseal(struct mln_store *store, struct mln_str access_key_id,
        struct mln_str sealed, struct mln_str seal_key_id, struct mln_err *err)
{
    MLN_AUTO(mln_query_close) struct mln_query query = { 0 };
    int64_t changed;
    int rc;

    mln_query_open(&query, store, STMT_KEY_RESEAL);
    mln_query_text(&query, access_key_id);
    mln_query_bytes(&query, sealed);
    mln_query_text(&query, seal_key_id);
    rc = mln_query_write(&query, &changed, err);
    return rc == MLN_OK && changed == 0 ? no_key(err) : rc;
}

static int nonce_insert(struct mln_store *store, struct mln_str access_key_id, struct mln_str nonce,
        int64_t now_ms, int64_t expires_ms, struct mln_err *err)
{
    MLN_AUTO(mln_query_close) struct mln_query query = { 0 };
    int64_t added;
    int rc;

    mln_query_open(&query, store, STMT_NONCE_ADD);
    mln_query_text(&query, access_key_id);
    mln_query_text(&query, nonce);
    mln_query_i64(&query, expires_ms);
    mln_query_i64(&query, now_ms);
    rc = mln_query_write(&query, &added, err);
    if (rc == MLN_OK && added == 0)
        return mln_fail(err, MLN_EEXIST, "the nonce was already used");
    return rc;
}

static int nonce_prune(struct mln_store *store, int64_t now_ms, struct mln_err *err)
{
    MLN_AUTO(mln_query_close) struct mln_query query = { 0 };

    mln_query_open(&query, store, STMT_NONCE_PRUNE);
    mln_query_i64(&query, now_ms);
    mln_query_i64(&query, NONCES_PRUNED_MAX);
    return mln_query_write(&query, NULL, err);
}

int mln_store_nonce_add(struct mln_store *store, struct mln_str access_key_id, struct mln_str nonce,
        int64_t now_ms, int64_t expires_ms, struct mln_err *err)
{
    bool own;
    int rc = mln_write_enter(store, &own, err);

    if (rc < 0)
        return rc;
    rc = nonce_insert(store, access_key_id, nonce, now_ms, expires_ms, err);
    if (rc == MLN_OK)
        rc = nonce_prune(store, now_ms, err);
    return mln_write_leave(store, own, rc, err);
}
