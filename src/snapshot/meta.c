/* Names and values of a snapshot as a whole. */
#include "snapshot/priv.h"

int mln_snapshot_put_meta(
        struct mln_snapshot *snapshot, const char *name, struct mln_str value, struct mln_err *err)
{
    sqlite3_stmt *statement;
    int code, rc = mln_snapshot_statement(snapshot, SNAPSHOT_META_SET, &statement, err);

    if (rc < 0)
        return rc;
    code = mln_snapshot_bind(statement, 1, mln_str_of(name));
    if (code == SQLITE_OK)
        code = mln_snapshot_bind(statement, 2, value);
    if (code != SQLITE_OK)
        return mln_snapshot_fail(snapshot, code, "write meta", err);
    return mln_snapshot_run(snapshot, statement, "write meta", err);
}

int mln_snapshot_set(
        struct mln_snapshot *snapshot, const char *name, struct mln_str value, struct mln_err *err)
{
    if (strcmp(name, MLN_SNAPSHOT_WHOLE) == 0 || strcmp(name, "plan_hash") == 0)
        return mln_fail(err, MLN_EINVAL, "snapshot: '%s' is not for setting", name);
    return mln_snapshot_put_meta(snapshot, name, value, err);
}

int mln_snapshot_get(
        struct mln_snapshot *snapshot, const char *name, struct mln_buf *out, struct mln_err *err)
{
    sqlite3_stmt *statement;
    int code, rc = mln_snapshot_statement(snapshot, SNAPSHOT_META_GET, &statement, err);

    if (rc < 0)
        return rc;
    code = mln_snapshot_bind(statement, 1, mln_str_of(name));
    if (code == SQLITE_OK)
        code = sqlite3_step(statement);
    if (code == SQLITE_ROW)
        mln_buf_add(out, mln_snapshot_column(statement, 0));
    else if (code == SQLITE_DONE)
        rc = mln_fail(err, MLN_ENOTFOUND, "the snapshot has no '%s'", name);
    else
        rc = mln_snapshot_fail(snapshot, code, "read meta", err);
    (void)sqlite3_reset(statement);
    return rc;
}

int mln_snapshot_is_whole(struct mln_snapshot *snapshot, bool *out, struct mln_err *err)
{
    MLN_AUTO(mln_buf_free) struct mln_buf ignored = MLN_BUF_INIT(MLN_SNAPSHOT_RAW_MAX);
    int rc = mln_snapshot_get(snapshot, MLN_SNAPSHOT_WHOLE, &ignored, err);

    if (rc < 0 && rc != MLN_ENOTFOUND)
        return rc;
    *out = rc == MLN_OK;
    return MLN_OK;
}
