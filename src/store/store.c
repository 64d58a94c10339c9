/* Choosing the engine by URL, transactions, and the queries that operations are written with. */
#include "store/store.h"

#include "store/engine.h"

static const struct mln_engine *const engines[] = {
    &mln_sqlite_engine,
};

int mln_store_open(const char *url, const struct mln_store_options *options, struct mln_store **out,
        struct mln_err *err)
{
    size_t scheme_len = strcspn(url, ":");

    for (size_t i = 0; i < MLN_LEN(engines); i++) {
        struct mln_str scheme = mln_str_of(engines[i]->scheme);

        if (mln_str_starts(mln_str_of(url), scheme))
            return engines[i]->open(url + scheme.len, options, out, err);
    }
    /* Only the scheme is shown: what follows it may hold a password. */
    if (url[scheme_len] == '\0')
        return mln_fail(err, MLN_ECONFIG, "the store is not a URL: write it as sqlite:PATH");
    return mln_fail(err, MLN_ECONFIG,
            "store '%.*s:...' is of no known kind: write it as sqlite:PATH", (int)scheme_len, url);
}

void mln_store_close(struct mln_store *store)
{
    if (store == NULL)
        return;
    mln_store_rollback(store);
    store->engine->close(store);
}

int mln_store_ping(struct mln_store *store, struct mln_err *err)
{
    return store->engine->ping(store, err);
}

static int begin(struct mln_store *store, enum mln_statement statement, enum mln_transaction kind,
        struct mln_err *err)
{
    MLN_AUTO(mln_query_close) struct mln_query query = { 0 };
    int rc;

    if (store->transaction != MLN_TX_NONE)
        return mln_fail(err, MLN_EINVAL, "a transaction is already open on this connection");
    mln_query_open(&query, store, statement);
    rc = mln_query_next(&query, err);
    if (rc < 0)
        return rc;
    store->transaction = kind;
    store->failed = false;
    return MLN_OK;
}

int mln_store_begin(struct mln_store *store, struct mln_err *err)
{
    return begin(store, STMT_BEGIN_WRITE, MLN_TX_WRITE, err);
}

int mln_store_begin_read(struct mln_store *store, struct mln_err *err)
{
    return begin(store, STMT_BEGIN_READ, MLN_TX_READ, err);
}

int mln_store_commit(struct mln_store *store, struct mln_err *err)
{
    struct mln_query query;
    int rc;

    if (store->transaction == MLN_TX_NONE)
        return mln_fail(err, MLN_EINVAL, "no transaction is open on this connection");
    if (store->failed) {
        mln_store_rollback(store);
        return mln_fail(
                err, MLN_EIO, "nothing was committed: a write of this transaction had failed");
    }
    mln_query_open(&query, store, STMT_COMMIT);
    rc = mln_query_next(&query, err);
    mln_query_close(&query);
    if (rc < 0) {
        mln_store_rollback(store);
        return rc;
    }
    store->transaction = MLN_TX_NONE;
    return MLN_OK;
}

void mln_store_rollback(struct mln_store *store)
{
    if (store->transaction == MLN_TX_NONE)
        return;
    store->engine->rollback(store);
    store->transaction = MLN_TX_NONE;
    store->failed = false;
}

int mln_store_data_version(struct mln_store *store, int64_t *out, struct mln_err *err)
{
    return store->engine->data_version(store, out, err);
}

int mln_write_enter(struct mln_store *store, bool *own, struct mln_err *err)
{
    if (store->transaction == MLN_TX_READ)
        return mln_fail(err, MLN_EINVAL, "a write inside a read transaction");
    *own = store->transaction == MLN_TX_NONE;
    return *own ? mln_store_begin(store, err) : MLN_OK;
}

int mln_write_leave(struct mln_store *store, bool own, int rc, struct mln_err *err)
{
    if (!own)
        return rc;
    if (rc == MLN_OK)
        return mln_store_commit(store, err);
    mln_store_rollback(store);
    return rc;
}

void mln_query_open(struct mln_query *query, struct mln_store *store, enum mln_statement name)
{
    *query = (struct mln_query){ .store = store };
    store->engine->query_open(query, name);
}

void mln_query_i64(struct mln_query *query, int64_t number)
{
    query->store->engine->bind_i64(query, number);
}

void mln_query_text(struct mln_query *query, struct mln_str text)
{
    query->store->engine->bind_text(query, text);
}

void mln_query_bytes(struct mln_query *query, struct mln_str bytes)
{
    query->store->engine->bind_bytes(query, bytes);
}

int mln_query_next(struct mln_query *query, struct mln_err *err)
{
    struct mln_store *store = query->store;
    int rc = store->engine->next(query, err);

    if (rc < 0 && rc != MLN_EEXIST && rc != MLN_ENOTFOUND && store->transaction == MLN_TX_WRITE)
        store->failed = true;
    return rc;
}

int mln_query_write(struct mln_query *query, int64_t *rows, struct mln_err *err)
{
    int64_t count = 0;
    int rc;

    if (query->store->transaction == MLN_TX_READ)
        return mln_fail(err, MLN_EINVAL, "a write inside a read transaction");
    while ((rc = mln_query_next(query, err)) > 0)
        count++;
    if (rc == MLN_OK && rows != NULL)
        *rows = count;
    return rc;
}

int64_t mln_query_get_i64(struct mln_query *query, int column)
{
    return query->store->engine->column_i64(query, column);
}

struct mln_str mln_query_get_str(struct mln_query *query, int column)
{
    return query->store->engine->column_str(query, column);
}

void mln_query_close(struct mln_query *query)
{
    if (query->store != NULL)
        query->store->engine->query_close(query);
}
