/* Queries over prepared statements, one per name and connection, and the engine's table row. */
#include "store/sqlite/sqlite.h"

static const char *const texts[STMT_COUNT] = {
#define X(name, sql) [STMT_##name] = (sql),
#include "store/sqlite/statements.def"
#undef X
};

static struct mln_sqlite *sqlite_of(struct mln_store *store)
{
    return (struct mln_sqlite *)store;
}

static sqlite3_stmt *statement_of(const struct mln_query *query)
{
    return query->handle;
}

/* Remembers the first failure. */
static void note(struct mln_query *query, int code)
{
    if (query->code == SQLITE_OK)
        query->code = code;
}

static void query_open(struct mln_query *query, enum mln_statement name)
{
    struct mln_sqlite *store = sqlite_of(query->store);
    sqlite3_stmt **slot = &store->statements[name];
    sqlite3_stmt *fresh = NULL;

    /* A callback may run the operation whose row it is looking at: that one gets its own statement.
     */
    query->extra = *slot != NULL && sqlite3_stmt_busy(*slot) != 0;
    if (*slot != NULL && !query->extra) {
        query->handle = *slot;
        return;
    }
    note(query, sqlite3_prepare_v3(store->db, texts[name], -1,
                        query->extra ? 0 : SQLITE_PREPARE_PERSISTENT, &fresh, NULL));
    query->handle = fresh;
    if (!query->extra)
        *slot = fresh;
}

static void bind_i64(struct mln_query *query, int64_t number)
{
    query->parameter_count++;
    if (query->handle != NULL)
        note(query, sqlite3_bind_int64(statement_of(query), query->parameter_count, number));
}

static void bind_text(struct mln_query *query, struct mln_str text)
{
    query->parameter_count++;
    if (query->handle != NULL)
        note(query,
                sqlite3_bind_text64(statement_of(query), query->parameter_count,
                        text.ptr != NULL ? text.ptr : "", text.len, SQLITE_STATIC, SQLITE_UTF8));
}

static void bind_bytes(struct mln_query *query, struct mln_str bytes)
{
    query->parameter_count++;
    if (query->handle != NULL)
        note(query, sqlite3_bind_blob64(statement_of(query), query->parameter_count,
                            bytes.ptr != NULL ? bytes.ptr : "", bytes.len, SQLITE_STATIC));
}

static int next(struct mln_query *query, struct mln_err *err)
{
    int code = query->code;

    if (code == SQLITE_OK)
        code = sqlite3_step(statement_of(query));
    if (code == SQLITE_ROW)
        return 1;
    if (code == SQLITE_DONE)
        return MLN_OK;
    note(query, code);
    return mln_sqlite_fail(sqlite_of(query->store), code, err);
}

static int64_t column_i64(struct mln_query *query, int column)
{
    return sqlite3_column_int64(statement_of(query), column);
}

static struct mln_str column_str(struct mln_query *query, int column)
{
    const char *bytes = sqlite3_column_blob(statement_of(query), column);
    int len = sqlite3_column_bytes(statement_of(query), column);

    if (bytes == NULL)
        return MLN_STR("");
    return (struct mln_str){ .ptr = bytes, .len = (size_t)len };
}

static void query_close(struct mln_query *query)
{
    sqlite3_stmt *statement = query->handle;

    query->handle = NULL;
    if (statement == NULL)
        return;
    if (query->extra) {
        (void)sqlite3_finalize(statement);
        return;
    }
    /* A failure was already returned by the step that caused it. */
    (void)sqlite3_reset(statement);
    (void)sqlite3_clear_bindings(statement);
}

static void rollback(struct mln_store *store)
{
    /* SQLite has already rolled back by itself after some failures. */
    if (sqlite3_get_autocommit(sqlite_of(store)->db) == 0)
        (void)sqlite3_exec(sqlite_of(store)->db, "ROLLBACK", NULL, NULL, NULL);
}

const struct mln_engine mln_sqlite_engine = {
    .scheme = "sqlite:",
    .open = mln_sqlite_open,
    .close = mln_sqlite_close,
    .ping = mln_sqlite_ping,
    .data_version = mln_sqlite_data_version,
    .rollback = rollback,
    .query_open = query_open,
    .bind_i64 = bind_i64,
    .bind_text = bind_text,
    .bind_bytes = bind_bytes,
    .next = next,
    .column_i64 = column_i64,
    .column_str = column_str,
    .query_close = query_close,
};
