/*
 * The same answers read by another plan. What an answer said is in `raw`, row by row; which call
 * brought it, how that ended and whether all of its kind were made is copied. A call that the old
 * plan did not make for the same table stays unmade, so nothing of it counts as read.
 */
#include <stdio.h>

#include "snapshot/priv.h"

static const char doing[] = "read it again";

struct rebuild {
    struct mln_snapshot *from, *to;
};

/* Copies what a query on `from` gives into a statement on `to`, column by column. */
static int copy(
        struct rebuild *rebuild, sqlite3_stmt *rows, const char *insert, struct mln_err *err)
{
    MLN_AUTO(mln_snapshot_close_statement) sqlite3_stmt *into = NULL;
    int code, rc = mln_snapshot_prepare(rebuild->to, insert, &into, err);

    while (rc == MLN_OK && (code = sqlite3_step(rows)) != SQLITE_DONE) {
        if (code != SQLITE_ROW)
            return mln_snapshot_fail(rebuild->from, code, doing, err);
        for (int i = 0; code == SQLITE_ROW && i < sqlite3_column_count(rows); i++)
            if (sqlite3_bind_value(into, i + 1, sqlite3_column_value(rows, i)) != SQLITE_OK)
                code = SQLITE_NOMEM;
        rc = code == SQLITE_ROW ? mln_snapshot_run(rebuild->to, into, doing, err)
                                : mln_snapshot_fail(rebuild->to, code, doing, err);
    }
    return rc;
}

static int copy_meta(struct rebuild *rebuild, struct mln_err *err)
{
    MLN_AUTO(mln_snapshot_close_statement) sqlite3_stmt *rows = NULL;
    int rc = mln_snapshot_prepare(rebuild->from,
            "SELECT name, value FROM meta WHERE name NOT IN ('plan_hash', '" MLN_SNAPSHOT_WHOLE
            "')",
            &rows, err);

    if (rc == MLN_OK)
        rc = copy(rebuild, rows, "INSERT OR REPLACE INTO meta(name, value) VALUES(?1, ?2)", err);
    return rc;
}

/* Prepares a query on `from` about one call. */
static int ask(struct rebuild *rebuild, const char *sql, const struct mln_schema_call *call,
        sqlite3_stmt **out, struct mln_err *err)
{
    int rc = mln_snapshot_prepare(rebuild->from, sql, out, err);

    if (rc == MLN_OK && mln_snapshot_bind(*out, 1, mln_str_of(call->id)) != SQLITE_OK)
        rc = mln_snapshot_fail(rebuild->from, SQLITE_NOMEM, doing, err);
    return rc;
}

/* Whether the old plan made the call, and for the table that it fills now. */
static int is_known(
        struct rebuild *rebuild, const struct mln_schema_call *call, bool *out, struct mln_err *err)
{
    MLN_AUTO(mln_snapshot_close_statement) sqlite3_stmt *statement = NULL;
    const char *table = call->rows != NULL ? rebuild->to->schema->tables[call->rows->table].name
                                           : NULL;
    int code, rc = ask(rebuild,
                      "SELECT 1 FROM plan_call p WHERE p.call = ?1 AND (?2 IS NULL OR EXISTS "
                      "(SELECT 1 FROM plan_table t WHERE t.call = p.call AND t.table_name = ?2))",
                      call, &statement, err);

    if (rc < 0)
        return rc;
    if (table != NULL && mln_snapshot_bind(statement, 2, mln_str_of(table)) != SQLITE_OK)
        return mln_snapshot_fail(rebuild->from, SQLITE_NOMEM, doing, err);
    code = sqlite3_step(statement);
    if (code != SQLITE_ROW && code != SQLITE_DONE)
        return mln_snapshot_fail(rebuild->from, code, doing, err);
    *out = code == SQLITE_ROW;
    return MLN_OK;
}

static int copy_call(
        struct rebuild *rebuild, const struct mln_schema_call *call, struct mln_err *err)
{
    MLN_AUTO(mln_snapshot_close_statement) sqlite3_stmt *made = NULL;
    MLN_AUTO(mln_snapshot_close_statement) sqlite3_stmt *done = NULL;
    int rc = ask(rebuild,
            "SELECT id, call, region, key, outcome, http_status, code, message, request_id, items,"
            " pages, total, started_ms, finished_ms FROM collect_call WHERE call = ?1",
            call, &made, err);

    if (rc == MLN_OK)
        rc = copy(rebuild, made,
                "INSERT INTO collect_call(id, call, region, key, outcome, http_status, code,"
                " message, request_id, items, pages, total, started_ms, finished_ms)"
                " VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14)",
                err);
    if (rc == MLN_OK)
        rc = ask(rebuild, "SELECT call, done FROM plan_call WHERE call = ?1", call, &done, err);
    if (rc == MLN_OK)
        rc = copy(rebuild, done, "UPDATE plan_call SET done = ?2 WHERE call = ?1", err);
    return rc;
}

/* Nested rows come out of the rows around them, so only those of the call itself are read. */
static int copy_rows(
        struct rebuild *rebuild, const struct mln_schema_call *call, struct mln_err *err)
{
    MLN_AUTO(mln_snapshot_close_statement) sqlite3_stmt *rows = NULL;
    char sql[512];
    int code, rc;

    (void)snprintf(sql, sizeof(sql),
            "SELECT " SNAPSHOT_AGAIN_COLUMNS " FROM \"%s\" t "
            "JOIN collect_call c ON c.id = t.call WHERE c.call = ?1 ORDER BY t.rowid",
            rebuild->to->schema->tables[call->rows->table].name);
    rc = ask(rebuild, sql, call, &rows, err);
    while (rc == MLN_OK && (code = sqlite3_step(rows)) != SQLITE_DONE)
        rc = code == SQLITE_ROW
                     ? mln_snapshot_add_again(rebuild->from, rebuild->to, call->rows,
                               sqlite3_column_int64(rows, SNAPSHOT_AGAIN_CALL), rows, err)
                     : mln_snapshot_fail(rebuild->from, code, doing, err);
    return rc;
}

static int copy_all(struct rebuild *rebuild, struct mln_err *err)
{
    /* NOLINTNEXTLINE(clang-analyzer-core.NullDereference): set on success */
    const struct mln_schema *schema = rebuild->to->schema;
    int rc = copy_meta(rebuild, err);

    for (size_t i = 0; rc == MLN_OK && i < schema->call_count; i++) {
        const struct mln_schema_call *call = &schema->calls[i];
        bool known = false;

        rc = is_known(rebuild, call, &known, err);
        if (rc == MLN_OK && known)
            rc = copy_call(rebuild, call, err);
        if (rc == MLN_OK && known && call->rows != NULL)
            rc = copy_rows(rebuild, call, err);
        if (rc < 0)
            return mln_wrap(err, rc, "%s", call->id);
    }
    return rc;
}

int mln_snapshot_rebuild(struct mln_snapshot *from, const struct mln_schema *schema,
        const char *path, struct mln_snapshot **out, struct mln_err *err)
{
    struct rebuild rebuild = { .from = from };
    bool is_whole = false;
    int rc = mln_snapshot_is_whole(from, &is_whole, err);

    if (rc == MLN_OK)
        rc = mln_snapshot_create(path, schema, &rebuild.to, err);
    if (rc < 0)
        return rc;
    rc = mln_snapshot_begin(rebuild.to, err);
    if (rc == MLN_OK)
        rc = copy_all(&rebuild, err);
    if (rc == MLN_OK)
        rc = mln_snapshot_commit(rebuild.to, err);
    if (rc == MLN_OK && is_whole)
        rc = mln_snapshot_finish(rebuild.to, err);
    if (rc < 0) {
        mln_snapshot_free(rebuild.to);
        if (path != NULL)
            (void)unlink(path);
        return rc;
    }
    *out = rebuild.to;
    return MLN_OK;
}
