/* Accounts, users and policies. */
#include "store/engine.h"

int mln_store_account_add(
        struct mln_store *store, const struct mln_account_row *row, struct mln_err *err)
{
    MLN_AUTO(mln_query_close) struct mln_query query = { 0 };
    int rc;

    mln_query_open(&query, store, STMT_ACCOUNT_ADD);
    mln_query_text(&query, row->account_id);
    mln_query_i64(&query, row->created_ms);
    rc = mln_query_write(&query, NULL, err);
    if (rc == MLN_EEXIST)
        return mln_fail(err, rc, "account '%.*s' already exists", MLN_FMT(row->account_id));
    return rc;
}

int mln_store_account_get(struct mln_store *store, struct mln_str account_id, struct mln_err *err)
{
    MLN_AUTO(mln_query_close) struct mln_query query = { 0 };
    int rc;

    mln_query_open(&query, store, STMT_ACCOUNT_GET);
    mln_query_text(&query, account_id);
    rc = mln_query_next(&query, err);
    if (rc == 0)
        return mln_fail(err, MLN_ENOTFOUND,
                "there is no account '%.*s': see 'merlon admin account add'", MLN_FMT(account_id));
    return rc < 0 ? rc : MLN_OK;
}

int mln_store_account_list(
        struct mln_store *store, mln_account_row_fn *fn, void *ctx, struct mln_err *err)
{
    MLN_AUTO(mln_query_close) struct mln_query query = { 0 };
    int rc;

    mln_query_open(&query, store, STMT_ACCOUNT_LIST);
    while ((rc = mln_query_next(&query, err)) > 0) {
        const struct mln_account_row row = {
            .account_id = mln_query_get_str(&query, 0),
            .created_ms = mln_query_get_i64(&query, 1),
        };

        rc = fn(ctx, &row, err);
        if (rc != MLN_OK)
            return rc;
    }
    return rc;
}

int mln_store_user_add(struct mln_store *store, const struct mln_user_row *row, struct mln_err *err)
{
    MLN_AUTO(mln_query_close) struct mln_query query = { 0 };
    int rc;

    mln_query_open(&query, store, STMT_USER_ADD);
    mln_query_text(&query, row->account_id);
    mln_query_text(&query, row->name);
    mln_query_text(&query, row->user_id);
    mln_query_i64(&query, row->disabled);
    mln_query_i64(&query, row->created_ms);
    rc = mln_query_write(&query, NULL, err);
    if (rc == MLN_EEXIST)
        return mln_fail(err, rc, "user '%.*s' already exists in account '%.*s'", MLN_FMT(row->name),
                MLN_FMT(row->account_id));
    if (rc == MLN_ENOTFOUND)
        return mln_fail(err, rc, "there is no account '%.*s'", MLN_FMT(row->account_id));
    return rc;
}

static int each_user(
        struct mln_query *query, mln_user_row_fn *fn, void *ctx, int64_t *seen, struct mln_err *err)
{
    int rc;

    *seen = 0;
    while ((rc = mln_query_next(query, err)) > 0) {
        const struct mln_user_row row = {
            .account_id = mln_query_get_str(query, 0),
            .user_id = mln_query_get_str(query, 1),
            .name = mln_query_get_str(query, 2),
            .disabled = mln_query_get_i64(query, 3) != 0,
            .created_ms = mln_query_get_i64(query, 4),
        };

        ++*seen;
        rc = fn(ctx, &row, err);
        if (rc != MLN_OK)
            return rc;
    }
    return rc;
}

static int no_user(struct mln_str account_id, struct mln_str name, struct mln_err *err)
{
    return mln_fail(err, MLN_ENOTFOUND, "there is no user '%.*s' in account '%.*s'", MLN_FMT(name),
            MLN_FMT(account_id));
}

int mln_store_user_get(struct mln_store *store, struct mln_str account_id, struct mln_str name,
        mln_user_row_fn *fn, void *ctx, struct mln_err *err)
{
    MLN_AUTO(mln_query_close) struct mln_query query = { 0 };
    int64_t seen;
    int rc;

    mln_query_open(&query, store, STMT_USER_GET);
    mln_query_text(&query, account_id);
    mln_query_text(&query, name);
    rc = each_user(&query, fn, ctx, &seen, err);
    if (rc == MLN_OK && seen == 0)
        return no_user(account_id, name, err);
    return rc;
}

int mln_store_user_list(struct mln_store *store, struct mln_str account_id, mln_user_row_fn *fn,
        void *ctx, struct mln_err *err)
{
    MLN_AUTO(mln_query_close) struct mln_query query = { 0 };
    int64_t seen;

    mln_query_open(&query, store, STMT_USER_LIST);
    mln_query_text(&query, account_id);
    return each_user(&query, fn, ctx, &seen, err);
}

int mln_store_user_set_disabled(struct mln_store *store, struct mln_str account_id,
        struct mln_str name, bool disabled, struct mln_err *err)
{
    MLN_AUTO(mln_query_close) struct mln_query query = { 0 };
    int64_t changed;
    int rc;

    mln_query_open(&query, store, STMT_USER_SET_DISABLED);
    mln_query_text(&query, account_id);
    mln_query_text(&query, name);
    mln_query_i64(&query, disabled);
    rc = mln_query_write(&query, &changed, err);
    if (rc == MLN_OK && changed == 0)
        return no_user(account_id, name, err);
    return rc;
}

int mln_store_policy_put(
        struct mln_store *store, const struct mln_policy_row *row, struct mln_err *err)
{
    MLN_AUTO(mln_query_close) struct mln_query query = { 0 };
    int rc;

    mln_query_open(&query, store, STMT_POLICY_PUT);
    mln_query_text(&query, row->account_id);
    mln_query_text(&query, row->name);
    mln_query_text(&query, row->document);
    mln_query_i64(&query, row->updated_ms);
    rc = mln_query_write(&query, NULL, err);
    if (rc == MLN_ENOTFOUND)
        return mln_fail(err, rc, "there is no account '%.*s'", MLN_FMT(row->account_id));
    return rc;
}

static int each_policy(
        struct mln_query *query, mln_policy_row_fn *fn, void *ctx, struct mln_err *err)
{
    int rc;

    while ((rc = mln_query_next(query, err)) > 0) {
        const struct mln_policy_row row = {
            .account_id = mln_query_get_str(query, 0),
            .name = mln_query_get_str(query, 1),
            .document = mln_query_get_str(query, 2),
            .updated_ms = mln_query_get_i64(query, 3),
        };

        rc = fn(ctx, &row, err);
        if (rc != MLN_OK)
            return rc;
    }
    return rc;
}

int mln_store_policy_list(struct mln_store *store, struct mln_str account_id, mln_policy_row_fn *fn,
        void *ctx, struct mln_err *err)
{
    MLN_AUTO(mln_query_close) struct mln_query query = { 0 };

    mln_query_open(&query, store, STMT_POLICY_LIST);
    mln_query_text(&query, account_id);
    return each_policy(&query, fn, ctx, err);
}

int mln_store_policy_attach(struct mln_store *store, struct mln_str account_id,
        struct mln_str user_name, struct mln_str policy_name, struct mln_err *err)
{
    MLN_AUTO(mln_query_close) struct mln_query query = { 0 };
    int rc;

    mln_query_open(&query, store, STMT_POLICY_ATTACH);
    mln_query_text(&query, account_id);
    mln_query_text(&query, user_name);
    mln_query_text(&query, policy_name);
    rc = mln_query_write(&query, NULL, err);
    if (rc == MLN_ENOTFOUND)
        return mln_fail(err, rc, "account '%.*s' has no user '%.*s' or no policy '%.*s'",
                MLN_FMT(account_id), MLN_FMT(user_name), MLN_FMT(policy_name));
    return rc;
}

int mln_store_policy_detach(struct mln_store *store, struct mln_str account_id,
        struct mln_str user_name, struct mln_str policy_name, struct mln_err *err)
{
    MLN_AUTO(mln_query_close) struct mln_query query = { 0 };
    int64_t changed;
    int rc;

    mln_query_open(&query, store, STMT_POLICY_DETACH);
    mln_query_text(&query, account_id);
    mln_query_text(&query, user_name);
    mln_query_text(&query, policy_name);
    rc = mln_query_write(&query, &changed, err);
    if (rc == MLN_OK && changed == 0)
        return mln_fail(err, MLN_ENOTFOUND, "policy '%.*s' is not attached to user '%.*s'",
                MLN_FMT(policy_name), MLN_FMT(user_name));
    return rc;
}

int mln_store_user_policies(struct mln_store *store, struct mln_str account_id,
        struct mln_str user_name, mln_policy_row_fn *fn, void *ctx, struct mln_err *err)
{
    MLN_AUTO(mln_query_close) struct mln_query query = { 0 };

    mln_query_open(&query, store, STMT_USER_POLICIES);
    mln_query_text(&query, account_id);
    mln_query_text(&query, user_name);
    return each_policy(&query, fn, ctx, err);
}
