/*
 * Scans: beginning, becoming the current one, and deleting old ones a piece at a time. Of an
 * account's unfinished scans only the latest is alive, so that two that run at once cannot both
 * become current, and what a killed one left is told from what a living one writes.
 */
#include "store/engine.h"

int mln_store_source_put(struct mln_store *store, struct mln_str account_id, struct mln_str source,
        struct mln_err *err)
{
    MLN_AUTO(mln_query_close) struct mln_query query = { 0 };
    int rc;

    mln_query_open(&query, store, STMT_SOURCE_PUT);
    mln_query_text(&query, account_id);
    mln_query_text(&query, source);
    rc = mln_query_write(&query, NULL, err);
    if (rc == MLN_ENOTFOUND)
        return mln_fail(err, rc, "there is no account '%.*s'", MLN_FMT(account_id));
    return rc;
}

int mln_store_source_get(struct mln_store *store, struct mln_str account_id, struct mln_buf *out,
        struct mln_err *err)
{
    MLN_AUTO(mln_query_close) struct mln_query query = { 0 };
    struct mln_str done;
    int rc;

    mln_query_open(&query, store, STMT_SOURCE_GET);
    mln_query_text(&query, account_id);
    rc = mln_query_next(&query, err);
    if (rc == 0)
        return mln_fail(err, MLN_ENOTFOUND, "account '%.*s' has no source", MLN_FMT(account_id));
    if (rc < 0)
        return rc;
    mln_buf_add(out, mln_query_get_str(&query, 0));
    return mln_buf_done(out, &done, err);
}

/* A statement whose parameters are an account and a scan. `rows` may be NULL. */
static int write_scan(struct mln_store *store, enum mln_statement name, struct mln_str account_id,
        int64_t scan_id, int64_t *rows, struct mln_err *err)
{
    MLN_AUTO(mln_query_close) struct mln_query query = { 0 };

    mln_query_open(&query, store, name);
    mln_query_text(&query, account_id);
    mln_query_i64(&query, scan_id);
    return mln_query_write(&query, rows, err);
}

static int add_scan(struct mln_store *store, struct mln_str account_id, int64_t started_ms,
        int64_t *scan_id, struct mln_err *err)
{
    MLN_AUTO(mln_query_close) struct mln_query query = { 0 };
    int rc;

    mln_query_open(&query, store, STMT_SCAN_ADD);
    mln_query_text(&query, account_id);
    mln_query_i64(&query, started_ms);
    rc = mln_query_next(&query, err);
    if (rc == MLN_ENOTFOUND)
        return mln_fail(err, rc, "there is no account '%.*s'", MLN_FMT(account_id));
    if (rc < 0)
        return rc;
    *scan_id = mln_query_get_i64(&query, 0);
    return mln_query_write(&query, NULL, err);
}

int mln_store_scan_begin(struct mln_store *store, struct mln_str account_id, int64_t started_ms,
        int64_t *scan_id, int64_t *current_id, struct mln_err *err)
{
    struct mln_scan_row current = { 0 }, previous;
    int64_t added = 0;
    bool own;
    int rc = mln_write_enter(store, &own, err);

    if (rc < 0)
        return rc;
    /* The account first: an operation that answers MLN_ENOTFOUND has written nothing. */
    rc = mln_store_account_get(store, account_id, err);
    if (rc == MLN_OK) {
        MLN_AUTO(mln_query_close) struct mln_query query = { 0 };

        mln_query_open(&query, store, STMT_SCAN_GIVE_UP_ALL);
        mln_query_text(&query, account_id);
        rc = mln_query_write(&query, NULL, err);
    }
    if (rc == MLN_OK)
        rc = add_scan(store, account_id, started_ms, &added, err);
    if (rc == MLN_OK) {
        rc = mln_store_scan_current(store, account_id, &current, &previous, err);
        if (rc == MLN_ENOTFOUND)
            rc = MLN_OK;
    }
    rc = mln_write_leave(store, own, rc, err);
    if (rc == MLN_OK) {
        *scan_id = added;
        *current_id = current.scan_id;
    }
    return rc;
}

static int was_given_up(int64_t scan_id, struct mln_err *err)
{
    return mln_fail(err, MLN_EEXIST,
            "scan %lld was given up: another scan of the account began after it",
            (long long)scan_id);
}

int mln_store_scan_alive(
        struct mln_store *store, struct mln_str account_id, int64_t scan_id, struct mln_err *err)
{
    MLN_AUTO(mln_query_close) struct mln_query query = { 0 };
    int rc;

    mln_query_open(&query, store, STMT_SCAN_ALIVE);
    mln_query_text(&query, account_id);
    mln_query_i64(&query, scan_id);
    rc = mln_query_next(&query, err);
    if (rc == 0)
        return was_given_up(scan_id, err);
    return rc < 0 ? rc : MLN_OK;
}

static int make_whole(struct mln_store *store, struct mln_str account_id,
        const struct mln_scan_row *row, struct mln_err *err)
{
    MLN_AUTO(mln_query_close) struct mln_query query = { 0 };
    int64_t changed = 0;
    int rc;

    mln_query_open(&query, store, STMT_SCAN_WHOLE);
    mln_query_text(&query, account_id);
    mln_query_i64(&query, row->scan_id);
    mln_query_i64(&query, row->finished_ms);
    mln_query_i64(&query, row->items_failed);
    mln_query_i64(&query, row->affected);
    rc = mln_query_write(&query, &changed, err);
    if (rc == MLN_OK && changed == 0)
        return was_given_up(row->scan_id, err);
    return rc;
}

int mln_store_scan_finish(struct mln_store *store, struct mln_str account_id,
        const struct mln_scan_row *row, struct mln_err *err)
{
    bool own;
    int rc = mln_write_enter(store, &own, err);

    if (rc < 0)
        return rc;
    rc = make_whole(store, account_id, row, err);
    if (rc == MLN_OK)
        rc = write_scan(store, STMT_SCAN_SWITCH, account_id, row->scan_id, NULL, err);
    return mln_write_leave(store, own, rc, err);
}

int mln_store_scan_give_up(
        struct mln_store *store, struct mln_str account_id, int64_t scan_id, struct mln_err *err)
{
    return write_scan(store, STMT_SCAN_GIVE_UP, account_id, scan_id, NULL, err);
}

static struct mln_scan_row read_scan(struct mln_query *query, int column)
{
    return (struct mln_scan_row){
        .scan_id = mln_query_get_i64(query, column),
        .started_ms = mln_query_get_i64(query, column + 1),
        .finished_ms = mln_query_get_i64(query, column + 2),
        .items_failed = mln_query_get_i64(query, column + 3),
        .affected = mln_query_get_i64(query, column + 4),
    };
}

int mln_store_scan_current(struct mln_store *store, struct mln_str account_id,
        struct mln_scan_row *current, struct mln_scan_row *previous, struct mln_err *err)
{
    MLN_AUTO(mln_query_close) struct mln_query query = { 0 };
    int rc;

    mln_query_open(&query, store, STMT_SCAN_CURRENT);
    mln_query_text(&query, account_id);
    rc = mln_query_next(&query, err);
    if (rc == 0)
        return mln_fail(
                err, MLN_ENOTFOUND, "account '%.*s' was never scanned", MLN_FMT(account_id));
    if (rc < 0)
        return rc;
    *current = read_scan(&query, 0);
    *previous = read_scan(&query, 5);
    return MLN_OK;
}

static int drop_rows(struct mln_store *store, enum mln_statement name, struct mln_str account_id,
        int64_t scan_id, int64_t limit, int64_t *dropped, struct mln_err *err)
{
    MLN_AUTO(mln_query_close) struct mln_query query = { 0 };

    mln_query_open(&query, store, name);
    mln_query_text(&query, account_id);
    mln_query_i64(&query, scan_id);
    mln_query_i64(&query, limit);
    return mln_query_write(&query, dropped, err);
}

/* Findings first and the scan itself last: a deletion that is cut short is gone on with. */
static int drop_some(struct mln_store *store, struct mln_str account_id, int64_t scan_id,
        bool was_whole, int64_t limit, struct mln_err *err)
{
    int64_t dropped = 0;
    int rc = drop_rows(store, STMT_SCAN_DROP_FINDINGS, account_id, scan_id, limit, &dropped, err);

    if (rc == MLN_OK && dropped == 0 && !was_whole)
        rc = drop_rows(store, STMT_SCAN_DROP_FLIPS, account_id, scan_id, limit, &dropped, err);
    if (rc != MLN_OK || dropped > 0)
        return rc;
    rc = write_scan(store, STMT_SCAN_DROP_RESULTS, account_id, scan_id, NULL, err);
    if (rc == MLN_OK)
        rc = write_scan(store, STMT_SCAN_DROP, account_id, scan_id, NULL, err);
    return rc;
}

static int find_old(struct mln_store *store, struct mln_str account_id, int64_t before_id,
        int64_t *scan_id, bool *was_whole, struct mln_err *err)
{
    MLN_AUTO(mln_query_close) struct mln_query query = { 0 };
    int rc;

    mln_query_open(&query, store, STMT_SCAN_OLD);
    mln_query_text(&query, account_id);
    mln_query_i64(&query, before_id);
    rc = mln_query_next(&query, err);
    if (rc <= 0)
        return rc;
    *scan_id = mln_query_get_i64(&query, 0);
    *was_whole = mln_query_get_i64(&query, 1) == 1;
    return 1;
}

int mln_store_scan_prune(struct mln_store *store, struct mln_str account_id, int64_t scan_id,
        int64_t limit, bool *more, struct mln_err *err)
{
    int64_t old_id = 0;
    bool was_whole = false, found = false, own;
    int rc = mln_write_enter(store, &own, err);

    if (rc < 0)
        return rc;
    rc = find_old(store, account_id, scan_id, &old_id, &was_whole, err);
    if (rc > 0) {
        found = true;
        rc = drop_some(store, account_id, old_id, was_whole, limit, err);
    }
    rc = mln_write_leave(store, own, rc, err);
    if (rc == MLN_OK)
        *more = found;
    return rc;
}
