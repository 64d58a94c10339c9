/* What became of the calls of each product, read from the snapshot that they are recorded in. */
#include <sqlite3.h>

#include "risk/scan_priv.h"

/* A call that was under way when the run ended has not ended itself, and is not counted. */
#define COUNTS                                                                                \
    "SELECT substr(c.call, 1, instr(c.call, ':') - 1) AS product, count(*), "                 \
    "sum(c.outcome IN ('ok', 'absent', 'not_applicable', 'no_region', 'gone')), "             \
    "sum(c.outcome = 'denied'), sum(c.outcome = 'throttled'), "                               \
    "sum(c.outcome = 'not_activated'), sum(c.outcome IN ('failed', 'unsupported')), "         \
    "sum(c.items), group_concat(DISTINCT CASE WHEN c.outcome = 'denied' AND "                 \
    "p.ram_action <> '' THEN p.ram_action END) FROM collect_call c "                          \
    "LEFT JOIN plan_call p ON p.call = c.call WHERE c.outcome <> 'running' GROUP BY product " \
    "ORDER BY product"

#define MISSING_MAX ((size_t)64 * 1024)

enum { PRODUCT, CALLS, READ, DENIED, THROTTLED, NOT_ACTIVATED, FAILED, ROWS, MISSING };

/* "a:B,c:D" as "a:B, c:D". */
static struct mln_str spaced(struct mln_str list, struct mln_buf *out)
{
    struct mln_str word;

    mln_buf_reset(out);
    while (list.len > 0 && mln_str_next(&list, ',', &word)) {
        mln_buf_add_cstr(out, out->len > 0 ? ", " : "");
        mln_buf_add(out, word);
    }
    return mln_buf_str(out);
}

static void tell(
        const struct mln_scan_options *options, sqlite3_stmt *statement, struct mln_buf *scratch)
{
    const struct mln_scan_product product = {
        .product = mln_snapshot_column(statement, PRODUCT),
        .calls = sqlite3_column_int64(statement, CALLS),
        .read = sqlite3_column_int64(statement, READ),
        .denied = sqlite3_column_int64(statement, DENIED),
        .throttled = sqlite3_column_int64(statement, THROTTLED),
        .not_activated = sqlite3_column_int64(statement, NOT_ACTIVATED),
        .failed = sqlite3_column_int64(statement, FAILED),
        .rows = sqlite3_column_int64(statement, ROWS),
        .missing = spaced(mln_snapshot_column(statement, MISSING), scratch),
    };

    options->product(options->product_ctx, &product);
}

int mln_scan_tell_products(
        const struct mln_scan_options *options, struct mln_snapshot *snapshot, struct mln_err *err)
{
    MLN_AUTO(mln_buf_free) struct mln_buf scratch = MLN_BUF_INIT(MISSING_MAX);
    sqlite3_stmt *statement = NULL;
    int code;

    if (options->product == NULL)
        return MLN_OK;
    code = sqlite3_prepare_v2(mln_snapshot_db(snapshot), COUNTS, -1, &statement, NULL);
    if (code == SQLITE_OK) {
        while ((code = sqlite3_step(statement)) == SQLITE_ROW)
            tell(options, statement, &scratch);
    }
    (void)sqlite3_finalize(statement);
    return code == SQLITE_DONE ? MLN_OK : mln_snapshot_fail(snapshot, code, "count its calls", err);
}
