/*
 * The spool: a private temporary database that SQLite keeps in memory as far as its cache reaches
 * and in an unnamed file beyond. It sorts an item's findings, so that they are compared with those
 * of the scan before in one pass and are added to the store at the end of its indexes; and nothing
 * of an item reaches the store before its check has kept its contract.
 */
#include <sqlite3.h>
#include <stdio.h>

#include "risk/scan_priv.h"

enum statement { ADD, WALK, CLEAR, REASON, AFFECT, AFFECTED, STATEMENTS };

static const char *const texts[STATEMENTS] = {
    [ADD] = "INSERT INTO row VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
    [WALK] = "SELECT resource_id, region, name, verdict, not_assessed, reason, evidence FROM row"
             " ORDER BY resource_id, region, verdict",
    [CLEAR] = "DELETE FROM row",
    [REASON] = "SELECT reason, count(*) FROM row WHERE verdict = 1 GROUP BY reason"
               " ORDER BY count(*) DESC, reason LIMIT 1",
    [AFFECT] = "INSERT INTO affected VALUES (?1, ?2)",
    [AFFECTED] = "SELECT resource_id, region FROM affected ORDER BY resource_id, region",
};

/* The worst first; by their place in `verdict`. */
static const enum mln_verdict order[] = { MLN_FAIL, MLN_UNKNOWN, MLN_PASS, MLN_NOT_APPLICABLE };

struct mln_spool {
    sqlite3 *db;
    sqlite3_stmt *statements[STATEMENTS];
    bool is_empty;
};

static int spool_fail(struct mln_spool *spool, int code, struct mln_err *err)
{
    if ((code & 0xff) == SQLITE_NOMEM)
        return mln_fail(err, MLN_ENOMEM, "out of memory");
    return mln_fail(err, MLN_EIO, "temporary file (in TMPDIR): %s",
            spool->db != NULL ? sqlite3_errmsg(spool->db) : sqlite3_errstr(code));
}

static int open_spool(struct mln_spool *spool, int memory_kib)
{
    char cache[64];
    int code = sqlite3_open_v2(
            "", &spool->db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX, NULL);

    (void)snprintf(cache, sizeof(cache), "PRAGMA cache_size = -%d", memory_kib);
    if (code == SQLITE_OK)
        code = sqlite3_exec(spool->db, cache, NULL, NULL, NULL);
    if (code == SQLITE_OK)
        code = sqlite3_exec(spool->db,
                "PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF;"
                "PRAGMA temp_store = FILE; PRAGMA locking_mode = EXCLUSIVE;"
                "CREATE TABLE row (resource_id TEXT, region TEXT, name TEXT, verdict INTEGER,"
                " not_assessed TEXT, reason TEXT, evidence TEXT);"
                "CREATE TABLE affected (resource_id TEXT, region TEXT); BEGIN",
                NULL, NULL, NULL);
    for (int i = 0; code == SQLITE_OK && i < STATEMENTS; i++)
        code = sqlite3_prepare_v3(
                spool->db, texts[i], -1, SQLITE_PREPARE_PERSISTENT, &spool->statements[i], NULL);
    return code;
}

int mln_spool_new(int memory_kib, struct mln_spool **out, struct mln_err *err)
{
    struct mln_spool *spool = calloc(1, sizeof(*spool));
    int code;

    if (spool == NULL)
        return mln_fail(err, MLN_ENOMEM, "out of memory");
    spool->is_empty = true;
    code = open_spool(spool, memory_kib);
    if (code != SQLITE_OK) {
        int rc = spool_fail(spool, code, err);

        mln_spool_free(spool);
        return rc;
    }
    *out = spool;
    return MLN_OK;
}

void mln_spool_free(struct mln_spool *spool)
{
    if (spool == NULL)
        return;
    for (int i = 0; i < STATEMENTS; i++)
        (void)sqlite3_finalize(spool->statements[i]);
    (void)sqlite3_close(spool->db);
    free(spool);
}

static int bind(sqlite3_stmt *statement, int index, struct mln_str text)
{
    return sqlite3_bind_text64(statement, index, text.ptr != NULL ? text.ptr : "", text.len,
            SQLITE_STATIC, SQLITE_UTF8);
}

static int run(struct mln_spool *spool, enum statement name, struct mln_err *err)
{
    int code = sqlite3_step(spool->statements[name]);

    (void)sqlite3_reset(spool->statements[name]);
    return code == SQLITE_DONE ? MLN_OK : spool_fail(spool, code, err);
}

int mln_spool_clear(struct mln_spool *spool, struct mln_err *err)
{
    (void)sqlite3_reset(spool->statements[WALK]);
    if (spool->is_empty)
        return MLN_OK;
    spool->is_empty = true;
    return run(spool, CLEAR, err);
}

static int place_of(enum mln_verdict verdict)
{
    int place = 0;

    while (order[place] != verdict)
        place++;
    return place;
}

int mln_spool_add(struct mln_spool *spool, const struct mln_spool_row *row, struct mln_err *err)
{
    sqlite3_stmt *statement = spool->statements[ADD];
    int code = bind(statement, 1, row->resource_id);

    if (code == SQLITE_OK)
        code = bind(statement, 2, row->region);
    if (code == SQLITE_OK)
        code = bind(statement, 3, row->name);
    if (code == SQLITE_OK)
        code = sqlite3_bind_int(statement, 4, place_of(row->verdict));
    if (code == SQLITE_OK)
        code = bind(statement, 5, row->not_assessed);
    if (code == SQLITE_OK)
        code = bind(statement, 6, row->reason);
    if (code == SQLITE_OK)
        code = bind(statement, 7, row->evidence);
    if (code != SQLITE_OK)
        return spool_fail(spool, code, err);
    spool->is_empty = false;
    return run(spool, ADD, err);
}

int mln_spool_rewind(struct mln_spool *spool, struct mln_err *err)
{
    (void)err;
    (void)sqlite3_reset(spool->statements[WALK]);
    return MLN_OK;
}

static struct mln_str column(sqlite3_stmt *statement, int index)
{
    const char *text = (const char *)sqlite3_column_text(statement, index);
    int len = sqlite3_column_bytes(statement, index);

    return text != NULL ? (struct mln_str){ text, (size_t)len } : MLN_STR("");
}

int mln_spool_next(struct mln_spool *spool, struct mln_spool_row *row, struct mln_err *err)
{
    sqlite3_stmt *statement = spool->statements[WALK];
    int code = sqlite3_step(statement);

    if (code == SQLITE_DONE) {
        (void)sqlite3_reset(statement);
        return MLN_OK;
    }
    if (code != SQLITE_ROW)
        return spool_fail(spool, code, err);
    *row = (struct mln_spool_row){
        .resource_id = column(statement, 0),
        .region = column(statement, 1),
        .name = column(statement, 2),
        .verdict = order[sqlite3_column_int(statement, 3) & 3],
        .not_assessed = column(statement, 4),
        .reason = column(statement, 5),
        .evidence = column(statement, 6),
    };
    return 1;
}

int mln_spool_reason(
        struct mln_spool *spool, struct mln_buf *reason, int64_t *count, struct mln_err *err)
{
    sqlite3_stmt *statement = spool->statements[REASON];
    struct mln_str done;
    int code = sqlite3_step(statement), rc = MLN_OK;

    *count = 0;
    if (code == SQLITE_ROW) {
        mln_buf_add(reason, column(statement, 0));
        *count = sqlite3_column_int64(statement, 1);
        rc = mln_buf_done(reason, &done, err);
    } else if (code != SQLITE_DONE) {
        rc = spool_fail(spool, code, err);
    }
    (void)sqlite3_reset(statement);
    return rc;
}

int mln_spool_affect(struct mln_spool *spool, struct mln_str resource_id, struct mln_str region,
        struct mln_err *err)
{
    sqlite3_stmt *statement = spool->statements[AFFECT];
    int code = bind(statement, 1, resource_id);

    if (code == SQLITE_OK)
        code = bind(statement, 2, region);
    return code == SQLITE_OK ? run(spool, AFFECT, err) : spool_fail(spool, code, err);
}

/* The rows come sorted: one is new when it differs from the one before. */
int mln_spool_affected(struct mln_spool *spool, int64_t *out, struct mln_err *err)
{
    MLN_AUTO(mln_buf_free) struct mln_buf last = MLN_BUF_INIT((size_t)64 * 1024);
    MLN_AUTO(mln_buf_free) struct mln_buf place = MLN_BUF_INIT((size_t)64 * 1024);
    sqlite3_stmt *statement = spool->statements[AFFECTED];
    int64_t count = 0;
    int code = SQLITE_DONE, rc = MLN_OK;

    while (rc == MLN_OK && (code = sqlite3_step(statement)) == SQLITE_ROW) {
        struct mln_str text;

        mln_buf_reset(&place);
        mln_buf_add(&place, column(statement, 0));
        mln_buf_add_char(&place, '\0');
        mln_buf_add(&place, column(statement, 1));
        rc = mln_buf_done(&place, &text, err);
        if (rc == MLN_OK && (count == 0 || !mln_str_eq(text, mln_buf_str(&last)))) {
            struct mln_buf swap = last;

            last = place;
            place = swap;
            count++;
        }
    }
    if (rc == MLN_OK && code != SQLITE_DONE)
        rc = spool_fail(spool, code, err);
    (void)sqlite3_reset(statement);
    if (rc == MLN_OK)
        *out = count;
    return rc;
}
