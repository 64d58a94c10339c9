/*
 * Rules and risk events. An event keeps the level that its rule had when the event was opened, so
 * that editing a rule moves no event between lists; the kept counters follow the events' own
 * levels.
 */
#include "store/engine.h"

int mln_store_rule_put(struct mln_store *store, const struct mln_rule_row *row, struct mln_err *err)
{
    MLN_AUTO(mln_query_close) struct mln_query query = { 0 };

    mln_query_open(&query, store, STMT_RULE_PUT);
    mln_query_i64(&query, row->rule_id);
    mln_query_i64(&query, row->category_id);
    mln_query_text(&query, row->name_en);
    mln_query_text(&query, row->name_zh);
    mln_query_text(&query, row->category_en);
    mln_query_text(&query, row->category_zh);
    mln_query_text(&query, row->alert_frequency);
    mln_query_i64(&query, row->level);
    mln_query_i64(&query, row->replaced);
    return mln_query_write(&query, NULL, err);
}

static void read_rule(struct mln_query *query, int column, struct mln_rule_row *out)
{
    out->rule_id = mln_query_get_i64(query, column);
    out->category_id = mln_query_get_i64(query, column + 1);
    out->name_en = mln_query_get_str(query, column + 2);
    out->name_zh = mln_query_get_str(query, column + 3);
    out->category_en = mln_query_get_str(query, column + 4);
    out->category_zh = mln_query_get_str(query, column + 5);
    out->alert_frequency = mln_query_get_str(query, column + 6);
    out->level = (int)mln_query_get_i64(query, column + 7);
    out->replaced = mln_query_get_i64(query, column + 8) != 0;
}

int mln_store_rule_list(
        struct mln_store *store, mln_rule_row_fn *fn, void *ctx, struct mln_err *err)
{
    MLN_AUTO(mln_query_close) struct mln_query query = { 0 };
    int rc;

    mln_query_open(&query, store, STMT_RULE_LIST);
    while ((rc = mln_query_next(&query, err)) > 0) {
        struct mln_rule_row row;

        read_rule(&query, 0, &row);
        rc = fn(ctx, &row, err);
        if (rc != MLN_OK)
            return rc;
    }
    return rc;
}

static int each_event(struct mln_query *query, mln_risk_event_row_fn *fn, void *ctx, int64_t *seen,
        struct mln_err *err)
{
    int rc;

    *seen = 0;
    while ((rc = mln_query_next(query, err)) > 0) {
        int64_t capped_kinds = mln_query_get_i64(query, 8);
        struct mln_risk_event_row row = {
            .risk_id = mln_query_get_i64(query, 0),
            .account_id = mln_query_get_str(query, 1),
            .product = mln_query_get_str(query, 2),
            .status = mln_query_get_i64(query, 3) != 0 ? MLN_PROCESSED : MLN_UNPROCESSED,
            .alarm_count = mln_query_get_i64(query, 4),
            .first_alarm_ms = mln_query_get_i64(query, 9),
            .last_alarm_ms = mln_query_get_i64(query, 10),
            .handled_ms = mln_query_get_i64(query, 11),
        };

        for (int kind = 0; kind < MLN_MEMBER_KINDS; kind++) {
            row.member_count[kind] = mln_query_get_i64(query, 5 + kind);
            row.member_capped[kind] = (capped_kinds >> kind & 1) != 0;
        }
        read_rule(query, 12, &row.rule);
        ++*seen;
        rc = fn(ctx, &row, err);
        if (rc != MLN_OK)
            return rc;
    }
    return rc;
}

int mln_store_risk_event_get(struct mln_store *store, struct mln_str account_id, int64_t risk_id,
        mln_risk_event_row_fn *fn, void *ctx, struct mln_err *err)
{
    MLN_AUTO(mln_query_close) struct mln_query query = { 0 };
    int64_t seen;
    int rc;

    mln_query_open(&query, store, STMT_EVENT_GET);
    mln_query_text(&query, account_id);
    mln_query_i64(&query, risk_id);
    rc = each_event(&query, fn, ctx, &seen, err);
    if (rc == MLN_OK && seen == 0)
        return mln_fail(err, MLN_ENOTFOUND, "there is no risk event %lld", (long long)risk_id);
    return rc;
}

/* Which statement walks an index that fits the filter, and which one counts. */
struct plan {
    enum mln_statement page, count;
    bool kept; /* The count is a kept one: it takes neither rule nor time. */
};

static struct plan plan_of(const struct mln_risk_event_filter *filter)
{
    if (filter->rule_id != 0)
        return (struct plan){ STMT_EVENT_PAGE_RULE, STMT_EVENT_COUNT_RULE, false };
    if (filter->since_ms != 0 || filter->until_ms != 0)
        return (struct plan){ STMT_EVENT_PAGE_TIME, STMT_EVENT_COUNT_TIME, false };
    if (filter->level != 0 && filter->product.len > 0)
        return (struct plan){ STMT_EVENT_PAGE_LEVEL_PRODUCT, STMT_EVENT_COUNT, true };
    if (filter->level != 0)
        return (struct plan){ STMT_EVENT_PAGE_LEVEL, STMT_EVENT_COUNT, true };
    if (filter->product.len > 0)
        return (struct plan){ STMT_EVENT_PAGE_PRODUCT, STMT_EVENT_COUNT, true };
    return (struct plan){ STMT_EVENT_PAGE, STMT_EVENT_COUNT, true };
}

static void bind_filter(struct mln_query *query, struct mln_str account_id,
        const struct mln_risk_event_filter *filter, bool kept)
{
    mln_query_text(query, account_id);
    mln_query_i64(query, filter->any_status ? MLN_UNPROCESSED : (int64_t)filter->status);
    mln_query_i64(query, filter->any_status ? (int64_t)MLN_PROCESSED : -1);
    mln_query_i64(query, filter->level);
    mln_query_text(query, filter->product);
    if (kept)
        return;
    mln_query_i64(query, filter->rule_id);
    mln_query_i64(query, filter->since_ms != 0 ? filter->since_ms : INT64_MIN);
    mln_query_i64(query, filter->until_ms != 0 ? filter->until_ms : INT64_MAX);
}

static int count_events(struct mln_store *store, struct mln_str account_id,
        const struct mln_risk_event_filter *filter, int64_t *out, struct mln_err *err)
{
    MLN_AUTO(mln_query_close) struct mln_query query = { 0 };
    struct plan plan = plan_of(filter);
    int rc;

    mln_query_open(&query, store, plan.count);
    bind_filter(&query, account_id, filter, plan.kept);
    rc = mln_query_next(&query, err);
    if (rc < 0)
        return rc;
    *out = mln_query_get_i64(&query, 0);
    return MLN_OK;
}

int mln_store_risk_event_list(struct mln_store *store, struct mln_str account_id,
        const struct mln_risk_event_filter *filter, int64_t *total, mln_risk_event_row_fn *fn,
        void *ctx, struct mln_err *err)
{
    bool own = store->transaction == MLN_TX_NONE;
    int64_t count = 0, seen;
    int rc;

    if (filter->offset < 0 || filter->limit < 0)
        return mln_fail(err, MLN_EINVAL, "a page starts at 0 and has no negative size");
    /* The page and its total are of one state of the store. */
    rc = own ? mln_store_begin_read(store, err) : MLN_OK;
    if (rc == MLN_OK)
        rc = count_events(store, account_id, filter, &count, err);
    if (rc == MLN_OK && filter->limit > 0 && filter->offset < count) {
        struct mln_query query;

        mln_query_open(&query, store, plan_of(filter).page);
        bind_filter(&query, account_id, filter, false);
        mln_query_i64(&query, filter->limit);
        mln_query_i64(&query, filter->offset);
        rc = each_event(&query, fn, ctx, &seen, err);
        mln_query_close(&query);
    }
    if (own && rc == MLN_OK)
        rc = mln_store_commit(store, err);
    else if (own)
        mln_store_rollback(store);
    if (rc == MLN_OK)
        *total = count;
    return rc;
}
