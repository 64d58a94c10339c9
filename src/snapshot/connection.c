/*
 * Connections and statements. Whatever the file says stays data: no trusted schema, no triggers,
 * no views, nothing attached, no extension, and nothing larger than our limits.
 */
#include <pthread.h>

#include "snapshot/priv.h"

enum {
    LENGTH_MAX = 64 * 1024 * 1024,
    SQL_MAX = 1024 * 1024,
    COLUMNS_MAX = 1000,
    EXPRESSION_DEPTH_MAX = 500,
    SELECTS_MAX = 100,
    STEPS_MAX = 1000000,
    ARGUMENTS_MAX = 100,
    PATTERN_MAX = 10000,
    VARIABLES_MAX = 256,
    BUSY_MS = 2000,
};

static const struct {
    int option, value;
} defences[] = {
    { SQLITE_DBCONFIG_DEFENSIVE, 1 },
    { SQLITE_DBCONFIG_DQS_DDL, 0 },
    { SQLITE_DBCONFIG_DQS_DML, 0 },
    { SQLITE_DBCONFIG_ENABLE_LOAD_EXTENSION, 0 },
    { SQLITE_DBCONFIG_ENABLE_TRIGGER, 0 },
    { SQLITE_DBCONFIG_ENABLE_VIEW, 0 },
    { SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0 },
    { SQLITE_DBCONFIG_WRITABLE_SCHEMA, 0 },
};

static const struct {
    int limit, value;
} limits[] = {
    { SQLITE_LIMIT_ATTACHED, 0 },
    { SQLITE_LIMIT_COLUMN, COLUMNS_MAX },
    { SQLITE_LIMIT_COMPOUND_SELECT, SELECTS_MAX },
    { SQLITE_LIMIT_EXPR_DEPTH, EXPRESSION_DEPTH_MAX },
    { SQLITE_LIMIT_FUNCTION_ARG, ARGUMENTS_MAX },
    { SQLITE_LIMIT_LENGTH, LENGTH_MAX },
    { SQLITE_LIMIT_LIKE_PATTERN_LENGTH, PATTERN_MAX },
    { SQLITE_LIMIT_SQL_LENGTH, SQL_MAX },
    { SQLITE_LIMIT_TRIGGER_DEPTH, 1 },
    { SQLITE_LIMIT_VARIABLE_NUMBER, VARIABLES_MAX },
    { SQLITE_LIMIT_VDBE_OP, STEPS_MAX },
    { SQLITE_LIMIT_WORKER_THREADS, 0 },
};

static const char *const texts[SNAPSHOT_STATEMENT_COUNT] = {
#define X(name, sql) [SNAPSHOT_##name] = (sql),
    SNAPSHOT_STATEMENTS(X)
#undef X
};

int mln_snapshot_new(const char *path, const struct mln_schema *schema, struct mln_snapshot **out,
        struct mln_err *err)
{
    struct mln_snapshot *snapshot = calloc(1, sizeof(*snapshot));

    if (snapshot == NULL)
        return mln_fail(err, MLN_ENOMEM, "out of memory");
    snapshot->raw.max = MLN_SNAPSHOT_RAW_MAX;
    snapshot->scratch.max = MLN_SNAPSHOT_RAW_MAX;
    snapshot->schema = schema;
    snapshot->path = strdup(path != NULL ? path : "");
    if (schema != NULL)
        snapshot->tables = calloc(schema->table_count + 1, sizeof(*snapshot->tables));
    if (snapshot->path == NULL || (schema != NULL && snapshot->tables == NULL)) {
        mln_snapshot_free(snapshot);
        return mln_fail(err, MLN_ENOMEM, "out of memory");
    }
    *out = snapshot;
    return MLN_OK;
}

/*
 * The library counts every allocation under one lock unless it is told so before its first use;
 * later it refuses, and counts on.
 */
static void stop_counting(void)
{
    (void)sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
}

int mln_snapshot_connect(struct mln_snapshot *snapshot, const char *name, int flags,
        enum mln_snapshot_mode mode, struct mln_err *err)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    int code;

    (void)pthread_once(&once, stop_counting);
    code = sqlite3_open_v2(name, &snapshot->db,
            flags | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_PRIVATECACHE | SQLITE_OPEN_EXRESCODE, NULL);

    for (size_t i = 0; code == SQLITE_OK && i < MLN_LEN(defences); i++)
        code = sqlite3_db_config(snapshot->db, defences[i].option, defences[i].value, NULL);
    if (code == SQLITE_OK)
        code = sqlite3_busy_timeout(snapshot->db, BUSY_MS);
    if (code != SQLITE_OK)
        return mln_snapshot_fail(snapshot, code, "open", err);
    for (size_t i = 0; i < MLN_LEN(limits); i++)
        (void)sqlite3_limit(snapshot->db, limits[i].limit, limits[i].value);
    /* Not mapped: a file that is cut short while it is read is an error and not a signal. */
    return mln_snapshot_exec(snapshot,
            mode == SNAPSHOT_READ
                    ? "PRAGMA mmap_size = 0; PRAGMA cell_size_check = ON; PRAGMA cache_size = -32768;"
                      "PRAGMA query_only = ON"
                    : "PRAGMA mmap_size = 0; PRAGMA cell_size_check = ON; PRAGMA cache_size = -32768",
            "open", err);
}

int mln_snapshot_tune(struct mln_snapshot *snapshot, struct mln_err *err)
{
    /*
     * Nothing is synced before the file is whole: what a killed process has written is with the
     * system all the same, and the log is read back at the next start. Losing power may lose the
     * file, which can be collected again. Rows are wide, and most reads are of whole tables: pages
     * that hold some more of them are read with fewer calls.
     * The size of the cache is said again, as the library keeps it in pages of the size before;
     * half of a reader's, as what is sorted (the keys of a call, an index) takes as much again.
     */
    return mln_snapshot_exec(snapshot,
            "PRAGMA page_size = 16384; PRAGMA cache_size = -16384; PRAGMA locking_mode = EXCLUSIVE;"
            "PRAGMA journal_mode = WAL; PRAGMA synchronous = OFF; PRAGMA wal_autocheckpoint = 1000",
            "prepare for writing", err);
}

void mln_snapshot_close_statement(sqlite3_stmt **statement)
{
    (void)sqlite3_finalize(*statement);
    *statement = NULL;
}

void mln_snapshot_free(struct mln_snapshot *snapshot)
{
    if (snapshot == NULL)
        return;
    for (size_t i = 0; i < SNAPSHOT_STATEMENT_COUNT; i++)
        mln_snapshot_close_statement(&snapshot->statements[i]);
    for (size_t i = 0; snapshot->tables != NULL && i < snapshot->schema->table_count; i++) {
        mln_snapshot_close_statement(&snapshot->tables[i].add);
        mln_snapshot_close_statement(&snapshot->tables[i].replace);
    }
    (void)sqlite3_close_v2(snapshot->db);
    mln_buf_free(&snapshot->raw);
    mln_buf_free(&snapshot->scratch);
    free(snapshot->tables);
    free(snapshot->path);
    free(snapshot);
}

struct sqlite3 *mln_snapshot_db(struct mln_snapshot *snapshot)
{
    return snapshot->db;
}

int mln_snapshot_exec(
        struct mln_snapshot *snapshot, const char *sql, const char *doing, struct mln_err *err)
{
    int code = sqlite3_exec(snapshot->db, sql, NULL, NULL, NULL);

    return code == SQLITE_OK ? MLN_OK : mln_snapshot_fail(snapshot, code, doing, err);
}

int mln_snapshot_prepare(
        struct mln_snapshot *snapshot, const char *sql, sqlite3_stmt **out, struct mln_err *err)
{
    sqlite3_stmt *statement = NULL;
    int code = sqlite3_prepare_v3(
            snapshot->db, sql, -1, SQLITE_PREPARE_PERSISTENT, &statement, NULL);

    if (code != SQLITE_OK)
        return mln_snapshot_fail(snapshot, code, "prepare a statement", err);
    *out = statement;
    return MLN_OK;
}

int mln_snapshot_statement(struct mln_snapshot *snapshot, enum snapshot_statement name,
        sqlite3_stmt **out, struct mln_err *err)
{
    int rc = MLN_OK;

    if (snapshot->statements[name] == NULL)
        rc = mln_snapshot_prepare(snapshot, texts[name], &snapshot->statements[name], err);
    if (rc == MLN_OK)
        *out = snapshot->statements[name];
    return rc;
}

int mln_snapshot_run(struct mln_snapshot *snapshot, sqlite3_stmt *statement, const char *doing,
        struct mln_err *err)
{
    int code, rc = MLN_OK;

    do {
        code = sqlite3_step(statement);
    } while (code == SQLITE_ROW);
    if (code != SQLITE_DONE)
        rc = mln_snapshot_fail(snapshot, code, doing, err);
    (void)sqlite3_reset(statement);
    return rc;
}

int mln_snapshot_number(
        struct mln_snapshot *snapshot, const char *sql, int64_t *out, struct mln_err *err)
{
    MLN_AUTO(mln_snapshot_close_statement) sqlite3_stmt *statement = NULL;
    int code, rc = mln_snapshot_prepare(snapshot, sql, &statement, err);

    if (rc < 0)
        return rc;
    code = sqlite3_step(statement);
    if (code != SQLITE_ROW)
        return mln_snapshot_fail(
                snapshot, code == SQLITE_DONE ? SQLITE_CORRUPT : code, "read", err);
    *out = sqlite3_column_int64(statement, 0);
    return MLN_OK;
}

int mln_snapshot_bind(sqlite3_stmt *statement, int index, struct mln_str text)
{
    return sqlite3_bind_text64(statement, index, text.ptr != NULL ? text.ptr : "", text.len,
            SQLITE_STATIC, SQLITE_UTF8);
}

struct mln_str mln_snapshot_column(sqlite3_stmt *statement, int index)
{
    const unsigned char *text = sqlite3_column_text(statement, index);
    int len = sqlite3_column_bytes(statement, index);

    if (text == NULL)
        return (struct mln_str){ .ptr = "", .len = 0 };
    return (struct mln_str){ .ptr = (const char *)text, .len = (size_t)len };
}

int mln_snapshot_begin(struct mln_snapshot *snapshot, struct mln_err *err)
{
    return mln_snapshot_exec(snapshot, "BEGIN IMMEDIATE", "begin", err);
}

int mln_snapshot_commit(struct mln_snapshot *snapshot, struct mln_err *err)
{
    return mln_snapshot_exec(snapshot, "COMMIT", "commit", err);
}

void mln_snapshot_rollback(struct mln_snapshot *snapshot)
{
    /* Also after a failure that has rolled back by itself. */
    if (sqlite3_get_autocommit(snapshot->db) == 0)
        (void)sqlite3_exec(snapshot->db, "ROLLBACK", NULL, NULL, NULL);
    /* Indexes may have gone with it. */
    for (size_t i = 0; snapshot->schema != NULL && i < snapshot->schema->table_count; i++) {
        snapshot->tables[i].has_parent_index = false;
        snapshot->tables[i].has_call_index = false;
    }
}
