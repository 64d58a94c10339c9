/* The last step of a new file: indexes, the mark that it is whole, and all of it on the disk. */
#include <stdio.h>

#include "snapshot/priv.h"

static int drop_call_index(struct mln_snapshot *snapshot, const char *table, struct mln_err *err)
{
    char sql[MLN_TABLE_NAME_MAX + 64];

    (void)snprintf(sql, sizeof(sql), "DROP INDEX IF EXISTS \"%s.call\"", table);
    return mln_snapshot_exec(snapshot, sql, "drop an index", err);
}

static int index_all(struct mln_snapshot *snapshot, struct mln_err *err)
{
    const struct mln_schema *schema = snapshot->schema;
    int rc = MLN_OK;

    for (size_t i = 0; rc == MLN_OK && i < schema->table_count; i++) {
        rc = drop_call_index(snapshot, schema->tables[i].name, err);
        if (rc == MLN_OK && mln_snapshot_has_parents(schema, i))
            rc = mln_snapshot_index(snapshot, i, SNAPSHOT_INDEX_PARENT, err);
    }
    return rc;
}

/* Leaving the log behind syncs the file, and makes it one file that can be carried away. */
static int leave_log(struct mln_snapshot *snapshot, struct mln_err *err)
{
    static const char doing[] = "write the whole file";
    MLN_AUTO(mln_snapshot_close_statement) sqlite3_stmt *leave = NULL;
    int code, rc = mln_snapshot_exec(snapshot, "PRAGMA synchronous = FULL", doing, err);

    if (rc == MLN_OK)
        rc = mln_snapshot_prepare(snapshot, "PRAGMA journal_mode = DELETE", &leave, err);
    if (rc < 0)
        return rc;
    code = sqlite3_step(leave);
    if (code != SQLITE_ROW)
        return mln_snapshot_fail(snapshot, code == SQLITE_DONE ? SQLITE_BUSY : code, doing, err);
    /* SQLite says in which mode it is, and keeps the log without an error when it cannot leave. */
    if (!mln_str_is(mln_snapshot_column(leave, 0), "delete"))
        return mln_snapshot_fail(snapshot, SQLITE_LOCKED, doing, err);
    return MLN_OK;
}

int mln_snapshot_finish(struct mln_snapshot *snapshot, struct mln_err *err)
{
    int rc = mln_snapshot_begin(snapshot, err);

    if (rc < 0)
        return rc;
    rc = index_all(snapshot, err);
    if (rc == MLN_OK)
        rc = mln_snapshot_put_meta(snapshot, MLN_SNAPSHOT_WHOLE, MLN_STR("1"), err);
    if (rc == MLN_OK)
        rc = mln_snapshot_commit(snapshot, err);
    if (rc < 0) {
        mln_snapshot_rollback(snapshot);
        return rc;
    }
    if (snapshot->path[0] == '\0')
        return MLN_OK;
    rc = leave_log(snapshot, err);
    if (rc == MLN_OK)
        rc = mln_snapshot_exec(snapshot, "PRAGMA locking_mode = NORMAL; PRAGMA query_only = ON",
                "close for writing", err);
    return rc;
}
