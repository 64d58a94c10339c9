#include "store/counter.h"

static int change(struct mln_store *store, enum mln_statement statement,
        const struct mln_counter *counter, int64_t *changed, struct mln_err *err)
{
    MLN_AUTO(mln_query_close) struct mln_query query = { 0 };

    mln_query_open(&query, store, statement);
    mln_query_text(&query, counter->account_id);
    mln_query_i64(&query, (int64_t)counter->status);
    mln_query_i64(&query, counter->level);
    mln_query_text(&query, counter->product);
    return mln_query_write(&query, changed, err);
}

int mln_counter_add(struct mln_store *store, const struct mln_counter *counter, struct mln_err *err)
{
    return change(store, STMT_COUNTER_ADD, counter, NULL, err);
}

int mln_counter_drop(
        struct mln_store *store, const struct mln_counter *counter, struct mln_err *err)
{
    int64_t changed;
    int rc = change(store, STMT_COUNTER_DROP, counter, &changed, err);

    if (rc == MLN_OK && changed == 0) {
        store->failed = true;
        return mln_fail(err, MLN_ECORRUPT, "the store's counters do not match its risk events");
    }
    return rc;
}
