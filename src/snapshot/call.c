/* collect_call: every call as it was made, and what each plan call has come to. */
#include "snapshot/priv.h"

static const char doing[] = "record a call";

static const struct mln_schema_call *find_call(const struct mln_schema *schema, struct mln_str id)
{
    for (size_t i = 0; i < schema->call_count; i++)
        if (mln_str_is(id, schema->calls[i].id))
            return &schema->calls[i];
    return NULL;
}

static int bind_key(sqlite3_stmt *statement, const struct mln_call_record *record)
{
    int code = mln_snapshot_bind(statement, 1, record->call);

    if (code == SQLITE_OK)
        code = mln_snapshot_bind(statement, 2, record->region);
    if (code == SQLITE_OK)
        code = mln_snapshot_bind(statement, 3, record->key);
    return code;
}

int mln_snapshot_call_find(struct mln_snapshot *snapshot, const struct mln_call_record *record,
        int64_t *call_row, struct mln_err *err)
{
    sqlite3_stmt *statement;
    int code, rc = mln_snapshot_statement(snapshot, SNAPSHOT_CALL_FIND, &statement, err);

    if (rc < 0)
        return rc;
    code = bind_key(statement, record);
    if (code == SQLITE_OK)
        code = sqlite3_step(statement);
    if (code == SQLITE_ROW)
        *call_row = sqlite3_column_int64(statement, 0);
    else if (code == SQLITE_DONE)
        rc = mln_fail(err, MLN_ENOTFOUND, "the call '%.*s' was not made", MLN_FMT(record->call));
    else
        rc = mln_snapshot_fail(snapshot, code, doing, err);
    (void)sqlite3_reset(statement);
    return rc;
}

static int set_done(
        struct mln_snapshot *snapshot, struct mln_str call, bool is_done, struct mln_err *err)
{
    sqlite3_stmt *statement;
    int code, rc = mln_snapshot_statement(snapshot, SNAPSHOT_PLAN_DONE, &statement, err);

    if (rc < 0)
        return rc;
    code = mln_snapshot_bind(statement, 1, call);
    if (code == SQLITE_OK)
        code = sqlite3_bind_int(statement, 2, is_done ? 1 : 0);
    if (code != SQLITE_OK)
        return mln_snapshot_fail(snapshot, code, doing, err);
    rc = mln_snapshot_run(snapshot, statement, doing, err);
    if (rc == MLN_OK && sqlite3_changes(snapshot->db) == 0)
        return mln_fail(err, MLN_EINVAL, "the plan has no call '%.*s'", MLN_FMT(call));
    return rc;
}

/* An attempt that broke off, or failed: what it brought is not what this one will. */
static int call_again(struct mln_snapshot *snapshot, const struct mln_call_record *record,
        int64_t *call_row, struct mln_err *err)
{
    const struct mln_schema_call *call = find_call(snapshot->schema, record->call);
    sqlite3_stmt *statement = NULL;
    int64_t found = 0;
    int code, rc = mln_snapshot_call_find(snapshot, record, &found, err);

    if (rc == MLN_OK)
        rc = set_done(snapshot, record->call, false, err);
    if (rc == MLN_OK && call != NULL && call->rows != NULL)
        rc = mln_snapshot_drop_call(snapshot, call->rows, found, err);
    if (rc == MLN_OK)
        rc = mln_snapshot_statement(snapshot, SNAPSHOT_CALL_AGAIN, &statement, err);
    if (rc < 0)
        return rc;
    code = sqlite3_bind_int64(statement, 1, found);
    if (code == SQLITE_OK)
        code = sqlite3_bind_int64(statement, 2, record->started_ms);
    if (code != SQLITE_OK)
        return mln_snapshot_fail(snapshot, code, doing, err);
    rc = mln_snapshot_run(snapshot, statement, doing, err);
    if (rc == MLN_OK)
        *call_row = found;
    return rc;
}

int mln_snapshot_call_begin(struct mln_snapshot *snapshot, const struct mln_call_record *record,
        int64_t *call_row, struct mln_err *err)
{
    sqlite3_stmt *statement;
    int code, rc = mln_snapshot_statement(snapshot, SNAPSHOT_CALL_ADD, &statement, err);

    if (rc < 0)
        return rc;
    code = bind_key(statement, record);
    if (code == SQLITE_OK)
        code = sqlite3_bind_int64(statement, 4, record->started_ms);
    if (code != SQLITE_OK)
        return mln_snapshot_fail(snapshot, code, doing, err);
    rc = mln_snapshot_run(snapshot, statement, doing, err);
    if (rc < 0)
        return rc;
    if (sqlite3_changes(snapshot->db) == 0)
        return call_again(snapshot, record, call_row, err);
    *call_row = sqlite3_last_insert_rowid(snapshot->db);
    return MLN_OK;
}

int mln_snapshot_call_end(struct mln_snapshot *snapshot, int64_t call_row,
        const struct mln_call_record *record, struct mln_err *err)
{
    const struct {
        int index;
        struct mln_str text;
    } texts[] = { { 2, mln_str_of(mln_outcome_name(record->outcome)) }, { 4, record->code },
        { 5, record->message }, { 6, record->request_id } };
    const struct {
        int index;
        int64_t number;
    } numbers[] = { { 1, call_row }, { 3, record->http_status }, { 7, record->items },
        { 8, record->pages }, { 9, record->total }, { 10, record->started_ms },
        { 11, record->finished_ms } };
    sqlite3_stmt *statement;
    int code = SQLITE_OK, rc = mln_snapshot_statement(snapshot, SNAPSHOT_CALL_END, &statement, err);

    if (rc < 0)
        return rc;
    for (size_t i = 0; code == SQLITE_OK && i < MLN_LEN(texts); i++)
        code = mln_snapshot_bind(statement, texts[i].index, texts[i].text);
    for (size_t i = 0; code == SQLITE_OK && i < MLN_LEN(numbers); i++)
        code = sqlite3_bind_int64(statement, numbers[i].index, numbers[i].number);
    if (code != SQLITE_OK)
        return mln_snapshot_fail(snapshot, code, doing, err);
    rc = mln_snapshot_run(snapshot, statement, doing, err);
    if (rc == MLN_OK && sqlite3_changes(snapshot->db) == 0)
        return mln_fail(err, MLN_ENOTFOUND, "a call that was never begun was ended");
    return rc;
}

int mln_snapshot_call_done(struct mln_snapshot *snapshot, struct mln_str call, struct mln_err *err)
{
    return set_done(snapshot, call, true, err);
}
