/* Findings: the resources of an item that failed or could not be assessed, per scan. */
#include "store/engine.h"

int mln_store_finding_add(struct mln_store *store, struct mln_str account_id, int64_t scan_id,
        const struct mln_finding_row *row, struct mln_err *err)
{
    MLN_AUTO(mln_query_close) struct mln_query query = { 0 };
    int rc;

    mln_query_open(&query, store, STMT_FINDING_ADD);
    mln_query_text(&query, account_id);
    mln_query_i64(&query, scan_id);
    mln_query_i64(&query, row->item_id);
    mln_query_i64(&query, row->failed);
    mln_query_i64(&query, row->stale);
    mln_query_i64(&query, row->first_seen_ms);
    mln_query_i64(&query, row->last_seen_ms);
    mln_query_text(&query, row->resource_id);
    mln_query_text(&query, row->region);
    mln_query_text(&query, row->name);
    mln_query_text(&query, row->not_assessed);
    mln_query_text(&query, row->reason);
    mln_query_text(&query, row->evidence);
    mln_query_text(&query, row->changed);
    rc = mln_query_write(&query, NULL, err);
    if (rc == MLN_EEXIST)
        return mln_fail(err, rc, "check item %lld has two findings of resource '%.*s'",
                (long long)row->item_id, MLN_FMT(row->resource_id));
    return rc;
}

enum { MARK_COLUMN = 13 };

static struct mln_mark_row read_mark(struct mln_query *query, const struct mln_finding_row *finding)
{
    return (struct mln_mark_row){
        .item_id = finding->item_id,
        .resource_id = finding->resource_id,
        .region = finding->region,
        .kind = mln_query_get_str(query, MARK_COLUMN),
        .reason = mln_query_get_str(query, MARK_COLUMN + 1),
        .author = mln_query_get_str(query, MARK_COLUMN + 2),
        .marked_ms = mln_query_get_i64(query, MARK_COLUMN + 3),
        .until_ms = mln_query_get_i64(query, MARK_COLUMN + 4),
    };
}

static int each_finding(struct mln_query *query, bool marks, mln_finding_row_fn *fn, void *ctx,
        int64_t *seen, struct mln_err *err)
{
    int rc;

    *seen = 0;
    while ((rc = mln_query_next(query, err)) > 0) {
        struct mln_finding_row row = {
            .finding_id = mln_query_get_i64(query, 0),
            .item_id = mln_query_get_i64(query, 1),
            .failed = mln_query_get_i64(query, 2) != 0,
            .stale = mln_query_get_i64(query, 3) != 0,
            .first_seen_ms = mln_query_get_i64(query, 4),
            .last_seen_ms = mln_query_get_i64(query, 5),
            .resource_id = mln_query_get_str(query, 6),
            .region = mln_query_get_str(query, 7),
            .name = mln_query_get_str(query, 8),
            .not_assessed = mln_query_get_str(query, 9),
            .reason = mln_query_get_str(query, 10),
            .evidence = mln_query_get_str(query, 11),
            .changed = mln_query_get_str(query, 12),
        };

        if (marks)
            row.mark = read_mark(query, &row);
        ++*seen;
        rc = fn(ctx, &row, err);
        if (rc != MLN_OK)
            return rc;
    }
    return rc;
}

static void open_place(struct mln_query *query, struct mln_store *store, enum mln_statement name,
        const struct mln_finding_place *place)
{
    mln_query_open(query, store, name);
    mln_query_text(query, place->account_id);
    mln_query_i64(query, place->scan_id);
    mln_query_i64(query, place->item_id);
}

/* NOLINTNEXTLINE(readability-function-size): a query, its page and its sink */
int mln_store_finding_walk(struct mln_store *store, const struct mln_finding_place *place,
        struct mln_str resource_id, struct mln_str region, int64_t limit, mln_finding_row_fn *fn,
        void *ctx, struct mln_err *err)
{
    MLN_AUTO(mln_query_close) struct mln_query query = { 0 };
    int64_t seen;

    open_place(&query, store, STMT_FINDING_WALK, place);
    mln_query_text(&query, resource_id);
    mln_query_text(&query, region);
    mln_query_i64(&query, limit);
    return each_finding(&query, false, fn, ctx, &seen, err);
}

/* NOLINTNEXTLINE(readability-function-size): a query, its page and its sink */
int mln_store_finding_page(struct mln_store *store, const struct mln_finding_place *place,
        bool failed, int64_t now_ms, int64_t offset, int64_t limit, mln_finding_row_fn *fn,
        void *ctx, struct mln_err *err)
{
    MLN_AUTO(mln_query_close) struct mln_query query = { 0 };
    int64_t seen;

    open_place(&query, store, STMT_FINDING_PAGE, place);
    mln_query_i64(&query, now_ms);
    mln_query_i64(&query, failed);
    mln_query_i64(&query, limit);
    mln_query_i64(&query, offset);
    return each_finding(&query, true, fn, ctx, &seen, err);
}

int mln_store_finding_find(struct mln_store *store, const struct mln_finding_place *place,
        struct mln_str resource_id, int64_t now_ms, mln_finding_row_fn *fn, void *ctx,
        struct mln_err *err)
{
    MLN_AUTO(mln_query_close) struct mln_query query = { 0 };
    int64_t seen;

    open_place(&query, store, STMT_FINDING_FIND, place);
    mln_query_i64(&query, now_ms);
    mln_query_text(&query, resource_id);
    return each_finding(&query, true, fn, ctx, &seen, err);
}

int mln_store_finding_get(struct mln_store *store, const struct mln_finding_place *place,
        int64_t finding_id, int64_t now_ms, mln_finding_row_fn *fn, void *ctx, struct mln_err *err)
{
    MLN_AUTO(mln_query_close) struct mln_query query = { 0 };
    int64_t seen;
    int rc;

    open_place(&query, store, STMT_FINDING_GET, place);
    mln_query_i64(&query, now_ms);
    mln_query_i64(&query, finding_id);
    rc = each_finding(&query, true, fn, ctx, &seen, err);
    if (rc == MLN_OK && seen == 0)
        return mln_fail(err, MLN_ENOTFOUND, "there is no finding %lld", (long long)finding_id);
    return rc;
}
