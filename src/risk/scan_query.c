/* A person's query on a snapshot: one statement that reads, with limits of time and rows. */
#include <sqlite3.h>

#include "check/check.h"
#include "risk/scan.h"

#define QUERY_TIME_MAX_MS   ((int64_t)600000)
#define QUERY_COLUMNS_MAX   256
#define STEPS_BETWEEN_LOOKS 10000

struct watch {
    const volatile int *stop;
    int64_t deadline_ms;
    bool stopped, late;
};

static int look(void *ctx)
{
    struct watch *watch = ctx;

    if (watch->stop != NULL && *watch->stop != 0)
        watch->stopped = true;
    else if (mln_monotonic_ms(mln_clock_system()) > watch->deadline_ms)
        watch->late = true;
    return watch->stopped || watch->late;
}

/* The snapshot is somebody's file: nothing but reading it is allowed. */
static int allow_reading(
        void *ctx, int action, const char *a, const char *b, const char *database, const char *by)
{
    (void)ctx;
    (void)a;
    (void)b;
    (void)database;
    (void)by;
    switch (action) {
    case SQLITE_SELECT:
    case SQLITE_READ:
    case SQLITE_FUNCTION:
    case SQLITE_RECURSIVE:
        return SQLITE_OK;
    default:
        return SQLITE_DENY;
    }
}

static struct mln_str cell(sqlite3_stmt *statement, int column)
{
    const char *text;

    if (sqlite3_column_type(statement, column) == SQLITE_NULL)
        return (struct mln_str){ 0 };
    text = (const char *)sqlite3_column_text(statement, column);
    return text == NULL ? MLN_STR("")
                        : (struct mln_str){ text, (size_t)sqlite3_column_bytes(statement, column) };
}

static int give_names(
        sqlite3_stmt *statement, const struct mln_query_sink *sink, struct mln_err *err)
{
    struct mln_str names[QUERY_COLUMNS_MAX];
    int count = sqlite3_column_count(statement);

    for (int i = 0; i < count; i++)
        names[i] = mln_str_of(sqlite3_column_name(statement, i));
    return sink->columns(sink->ctx, names, (size_t)count, err);
}

static int query_failed(sqlite3 *db, const struct watch *watch, struct mln_err *err)
{
    if (watch->stopped)
        return mln_fail(err, MLN_ECANCELLED, "stopped");
    if (watch->late)
        return mln_fail(err, MLN_ETOOBIG, "the query took longer than %lld s",
                (long long)(QUERY_TIME_MAX_MS / MLN_MS_PER_S));
    if ((sqlite3_errcode(db) & 0xff) == SQLITE_AUTH)
        return mln_fail(err, MLN_EDENIED, "a query only reads: %s", sqlite3_errmsg(db));
    return mln_fail(err, MLN_EINVAL, "query: %s", sqlite3_errmsg(db));
}

static int give_rows(sqlite3 *db, sqlite3_stmt *statement, const struct mln_query_sink *sink,
        const struct watch *watch, struct mln_err *err)
{
    struct mln_str cells[QUERY_COLUMNS_MAX];
    int count = sqlite3_column_count(statement), code = SQLITE_DONE, rc = MLN_OK;
    int64_t given = 0;

    while (rc == MLN_OK && (sink->rows_max == 0 || given < sink->rows_max) &&
            (code = sqlite3_step(statement)) == SQLITE_ROW) {
        for (int i = 0; i < count; i++)
            cells[i] = cell(statement, i);
        given++;
        rc = sink->row(sink->ctx, cells, (size_t)count, err);
    }
    if (rc == MLN_OK && code != SQLITE_DONE && code != SQLITE_ROW)
        return query_failed(db, watch, err);
    return rc;
}

static int prepare(sqlite3 *db, const char *sql, const struct watch *watch, sqlite3_stmt **out,
        struct mln_err *err)
{
    const char *tail = NULL;
    sqlite3_stmt *statement = NULL;

    if (sqlite3_prepare_v2(db, sql, -1, &statement, &tail) != SQLITE_OK)
        return query_failed(db, watch, err);
    if (statement == NULL)
        return mln_fail(err, MLN_EINVAL, "the query is empty");
    if (mln_str_trim(mln_str_of(tail)).len > 0) {
        (void)sqlite3_finalize(statement);
        return mln_fail(err, MLN_EINVAL, "one statement at a time: something follows the first");
    }
    if (sqlite3_column_count(statement) > QUERY_COLUMNS_MAX) {
        (void)sqlite3_finalize(statement);
        return mln_fail(err, MLN_ETOOBIG, "more than %d columns", QUERY_COLUMNS_MAX);
    }
    *out = statement;
    return MLN_OK;
}

int mln_snapshot_query(const char *snapshot_path, const char *sql,
        const struct mln_query_sink *sink, struct mln_err *err)
{
    struct watch watch = { .stop = sink->stop };
    struct mln_snapshot *snapshot = NULL;
    sqlite3_stmt *statement = NULL;
    sqlite3 *db;
    int rc = mln_snapshot_open(snapshot_path, &snapshot, err);

    if (rc != MLN_OK)
        return rc;
    db = mln_snapshot_db(snapshot);
    rc = mln_check_functions(snapshot, err);
    if (rc == MLN_OK) {
        watch.deadline_ms = mln_monotonic_ms(mln_clock_system()) + QUERY_TIME_MAX_MS;
        sqlite3_progress_handler(db, STEPS_BETWEEN_LOOKS, look, &watch);
        (void)sqlite3_set_authorizer(db, allow_reading, NULL);
        rc = prepare(db, sql, &watch, &statement, err);
    }
    if (rc == MLN_OK)
        rc = give_names(statement, sink, err);
    if (rc == MLN_OK)
        rc = give_rows(db, statement, sink, &watch, err);
    (void)sqlite3_finalize(statement);
    mln_snapshot_free(snapshot);
    return rc;
}
