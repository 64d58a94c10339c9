/*
 * A row of one snapshot read again into another: what the API said is in `raw`, and goes through
 * the same door as an answer does. Whatever a file from elsewhere has in its columns stays there.
 */
#include <stdio.h>

#include "snapshot/priv.h"

static const char doing[] = "read it again";

static int add_answer(struct mln_snapshot *from, struct mln_snapshot *to,
        const struct mln_row_map *map, const struct mln_row_place *place, sqlite3_stmt *rows,
        struct mln_err *err)
{
    const char *table = to->schema->tables[map->table].name;
    struct mln_json *doc = NULL;
    struct mln_json_value element = { 0 };
    int rc = MLN_OK;

    if (sqlite3_column_type(rows, SNAPSHOT_AGAIN_RAW) != SQLITE_NULL)
        rc = mln_json_parse(mln_snapshot_column(rows, SNAPSHOT_AGAIN_RAW), &doc, err);
    if (rc == MLN_EINVAL)
        return mln_fail(err, MLN_ECORRUPT, "snapshot '%s': table '%s' holds what is not JSON",
                from->path, table);
    if (rc < 0)
        return rc;
    if (doc != NULL)
        element = mln_json_root(doc);
    rc = mln_snapshot_add_element(to, map, place, element, err);
    mln_json_free(doc);
    if (rc == MLN_EINVAL)
        return mln_fail(err, MLN_ECORRUPT,
                "snapshot '%s': table '%s' does not fit the plan; collect it again", from->path,
                table);
    return rc;
}

int mln_snapshot_add_again(struct mln_snapshot *from, struct mln_snapshot *to,
        const struct mln_row_map *map, int64_t call_row, sqlite3_stmt *rows, struct mln_err *err)
{
    const struct mln_row_place place = {
        .call_row = call_row,
        .region = mln_snapshot_column(rows, SNAPSHOT_AGAIN_REGION),
        .parent = mln_snapshot_column(rows, SNAPSHOT_AGAIN_PARENT),
    };
    enum mln_outcome outcome = MLN_OUTCOME_OK;

    if (mln_outcome_parse(mln_snapshot_column(rows, SNAPSHOT_AGAIN_ANSWER), &outcome) < 0)
        return mln_fail(err, MLN_ECORRUPT, "snapshot '%s': table '%s' has an unknown answer",
                from->path, to->schema->tables[map->table].name);
    if (outcome == MLN_OUTCOME_OK)
        return add_answer(from, to, map, &place, rows, err);
    return mln_snapshot_add_outcome(
            to, map, &place, outcome, mln_snapshot_column(rows, SNAPSHOT_AGAIN_CODE), err);
}

/* The rows of a call made for a row have that row's id as their parent, which has an index. */
int mln_snapshot_copy_call(struct mln_snapshot *from, struct mln_snapshot *to,
        const struct mln_snapshot_copy *copy, int64_t *copied, struct mln_err *err)
{
    MLN_AUTO(mln_snapshot_close_statement) sqlite3_stmt *rows = NULL;
    char sql[MLN_TABLE_NAME_MAX + 160];
    int64_t count = 0;
    int code, rc;

    (void)snprintf(sql, sizeof(sql),
            "SELECT " SNAPSHOT_AGAIN_COLUMNS " FROM \"%s\" t WHERE t.parent = ?1 AND t.call = ?2 "
            "ORDER BY t.rowid",
            to->schema->tables[copy->map->table].name);
    rc = mln_snapshot_prepare(from, sql, &rows, err);
    if (rc != MLN_OK)
        return rc;
    code = mln_snapshot_bind(rows, 1, copy->key);
    if (code == SQLITE_OK)
        code = sqlite3_bind_int64(rows, 2, copy->from_call);
    if (code == SQLITE_OK)
        code = sqlite3_step(rows);
    for (; rc == MLN_OK && code == SQLITE_ROW; count++) {
        rc = mln_snapshot_add_again(from, to, copy->map, copy->to_call, rows, err);
        if (rc == MLN_OK)
            code = sqlite3_step(rows);
    }
    if (rc == MLN_OK && code != SQLITE_DONE)
        rc = mln_snapshot_fail(from, code, doing, err);
    if (rc == MLN_OK)
        *copied = count;
    return rc;
}
