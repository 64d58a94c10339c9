/*
 * Taking rows out again: a resource that went away, a row that is replaced, an attempt that broke
 * off. Rare, so the indexes that make it cheap are made when the first one comes.
 */
#include "snapshot/priv.h"

static const char doing[] = "delete rows";

static int need_index(struct mln_snapshot *snapshot, size_t table, enum mln_snapshot_index index,
        struct mln_err *err)
{
    struct mln_snapshot_table *state = &snapshot->tables[table];
    bool *has = index == SNAPSHOT_INDEX_PARENT ? &state->has_parent_index : &state->has_call_index;
    int rc = MLN_OK;

    if (!*has)
        rc = mln_snapshot_index(snapshot, table, index, err);
    if (rc == MLN_OK)
        *has = true;
    return rc;
}

/* `before` the table's name and `after` it. */
static int prepare(struct mln_snapshot *snapshot, const char *before, const char *table,
        const char *after, sqlite3_stmt **out, struct mln_err *err)
{
    MLN_AUTO(mln_buf_free) struct mln_buf sql = MLN_BUF_INIT(MLN_SNAPSHOT_DDL_MAX);
    struct mln_str text;
    int rc;

    mln_buf_addf(&sql, "%s \"%s\" %s", before, table, after);
    rc = mln_buf_done(&sql, &text, err);
    if (rc == MLN_OK)
        rc = mln_snapshot_prepare(snapshot, text.ptr, out, err);
    return rc;
}

/* Whose rows are meant: those that one call made for, or found in, one row. */
struct owner {
    int64_t call;
    struct mln_str region, id;
};

static int bind_owner(
        sqlite3_stmt *statement, const struct owner *owner, const struct mln_row_map *map)
{
    int code = mln_snapshot_bind(statement, 1, owner->id);

    if (code == SQLITE_OK)
        code = sqlite3_bind_int64(statement, 2, owner->call);
    if (code == SQLITE_OK)
        code = mln_snapshot_bind(statement, 3, owner->region);
    /* Rows that say their region themselves may be of another than the row around them. */
    if (code == SQLITE_OK)
        code = sqlite3_bind_int(statement, 4, map->has_region ? 1 : 0);
    return code;
}

#define OF_OWNER "WHERE parent = ?1 AND call = ?2 AND (region = ?3 OR ?4)"

static int drop_rows(struct mln_snapshot *snapshot, const struct mln_row_map *map,
        const struct owner *owner, struct mln_err *err);

/* NOLINTNEXTLINE(misc-no-recursion): as deep as the rows of a plan nest, which YAML limits */
static int drop_nested(struct mln_snapshot *snapshot, const struct mln_row_map *map,
        const struct owner *owner, struct mln_err *err)
{
    int rc = MLN_OK;

    for (size_t i = 0; rc == MLN_OK && i < map->nested_count; i++)
        rc = drop_rows(snapshot, &map->nested[i], owner, err);
    return rc;
}

/* What is nested in the rows that are about to go. */
/* NOLINTNEXTLINE(misc-no-recursion): as deep as the rows of a plan nest, which YAML limits */
static int drop_inner(struct mln_snapshot *snapshot, const struct mln_row_map *map,
        const struct owner *owner, struct mln_err *err)
{
    MLN_AUTO(mln_snapshot_close_statement) sqlite3_stmt *rows = NULL;
    int code, rc = prepare(snapshot, "SELECT id, region FROM",
                      snapshot->schema->tables[map->table].name, OF_OWNER, &rows, err);

    if (rc < 0)
        return rc;
    code = bind_owner(rows, owner, map);
    if (code == SQLITE_OK)
        code = sqlite3_step(rows);
    while (rc == MLN_OK && code == SQLITE_ROW) {
        const struct owner inner = {
            .call = owner->call,
            .id = mln_snapshot_column(rows, 0),
            .region = mln_snapshot_column(rows, 1),
        };

        rc = drop_nested(snapshot, map, &inner, err);
        if (rc == MLN_OK)
            code = sqlite3_step(rows);
    }
    if (rc == MLN_OK && code != SQLITE_DONE)
        rc = mln_snapshot_fail(snapshot, code, doing, err);
    return rc;
}

/* NOLINTNEXTLINE(misc-no-recursion): as deep as the rows of a plan nest, which YAML limits */
static int drop_rows(struct mln_snapshot *snapshot, const struct mln_row_map *map,
        const struct owner *owner, struct mln_err *err)
{
    MLN_AUTO(mln_snapshot_close_statement) sqlite3_stmt *statement = NULL;
    int code, rc = need_index(snapshot, map->table, SNAPSHOT_INDEX_PARENT, err);

    if (rc == MLN_OK && map->nested_count > 0)
        rc = drop_inner(snapshot, map, owner, err);
    if (rc == MLN_OK)
        rc = prepare(snapshot, "DELETE FROM", snapshot->schema->tables[map->table].name, OF_OWNER,
                &statement, err);
    if (rc < 0)
        return rc;
    code = bind_owner(statement, owner, map);
    if (code != SQLITE_OK)
        return mln_snapshot_fail(snapshot, code, doing, err);
    return mln_snapshot_run(snapshot, statement, doing, err);
}

/* What is nested in the rows that the statement finds, as the map says. */
static int drop_found(struct mln_snapshot *snapshot, const struct mln_row_map *map,
        sqlite3_stmt *calls, struct owner *owner, struct mln_err *err)
{
    int code = sqlite3_step(calls), rc = MLN_OK;

    while (rc == MLN_OK && code == SQLITE_ROW) {
        owner->call = sqlite3_column_int64(calls, 0);
        rc = drop_nested(snapshot, map, owner, err);
        if (rc == MLN_OK)
            code = sqlite3_step(calls);
    }
    if (rc == MLN_OK && code != SQLITE_DONE)
        rc = mln_snapshot_fail(snapshot, code, doing, err);
    (void)sqlite3_reset(calls);
    return rc;
}

int mln_snapshot_drop_older(struct mln_snapshot *snapshot, const struct mln_row_map *map,
        const struct mln_row_place *place, struct mln_str id, struct mln_err *err)
{
    MLN_AUTO(mln_snapshot_close_statement) sqlite3_stmt *calls = NULL;
    struct owner owner = { .region = place->region, .id = id };
    int code, rc = prepare(snapshot, "SELECT call FROM", snapshot->schema->tables[map->table].name,
                      "WHERE id = ?1 AND region = ?2 AND parent = ?3", &calls, err);

    if (rc < 0)
        return rc;
    code = mln_snapshot_bind(calls, 1, id);
    if (code == SQLITE_OK)
        code = mln_snapshot_bind(calls, 2, place->region);
    if (code == SQLITE_OK)
        code = mln_snapshot_bind(calls, 3, place->parent);
    if (code != SQLITE_OK)
        return mln_snapshot_fail(snapshot, code, doing, err);
    return drop_found(snapshot, map, calls, &owner, err);
}

/* NOLINTNEXTLINE(misc-no-recursion): as deep as the rows of a plan nest, which YAML limits */
int mln_snapshot_drop_call(struct mln_snapshot *snapshot, const struct mln_row_map *map,
        int64_t call_row, struct mln_err *err)
{
    MLN_AUTO(mln_snapshot_close_statement) sqlite3_stmt *statement = NULL;
    int code, rc = need_index(snapshot, map->table, SNAPSHOT_INDEX_CALL, err);

    for (size_t i = 0; rc == MLN_OK && i < map->nested_count; i++)
        rc = mln_snapshot_drop_call(snapshot, &map->nested[i], call_row, err);
    if (rc == MLN_OK)
        rc = prepare(snapshot, "DELETE FROM", snapshot->schema->tables[map->table].name,
                "WHERE call = ?1", &statement, err);
    if (rc < 0)
        return rc;
    code = sqlite3_bind_int64(statement, 1, call_row);
    if (code != SQLITE_OK)
        return mln_snapshot_fail(snapshot, code, doing, err);
    return mln_snapshot_run(snapshot, statement, doing, err);
}

/* The nested rows of every map that fills the table. */
/* NOLINTNEXTLINE(misc-no-recursion): as deep as the rows of a plan nest, which YAML limits */
static int drop_by_map(struct mln_snapshot *snapshot, const struct mln_row_map *map, size_t table,
        sqlite3_stmt *calls, struct owner *owner, struct mln_err *err)
{
    int rc = MLN_OK;

    if (map->table == table && map->nested_count > 0)
        rc = drop_found(snapshot, map, calls, owner, err);
    for (size_t i = 0; rc == MLN_OK && i < map->nested_count; i++)
        rc = drop_by_map(snapshot, &map->nested[i], table, calls, owner, err);
    return rc;
}

/* The rows that a call made for this row brought. */
static int drop_made_for(struct mln_snapshot *snapshot, const struct mln_schema_call *call,
        struct owner *owner, struct mln_err *err)
{
    const struct mln_call_record record = {
        .call = mln_str_of(call->id),
        .region = owner->region,
        .key = owner->id,
    };
    int rc = mln_snapshot_call_find(snapshot, &record, &owner->call, err);

    if (rc == MLN_ENOTFOUND)
        return MLN_OK;
    if (rc == MLN_OK)
        rc = drop_rows(snapshot, call->rows, owner, err);
    return rc;
}

static int drop_dependents(struct mln_snapshot *snapshot, const struct mln_table *table,
        sqlite3_stmt *calls, struct owner *owner, struct mln_err *err)
{
    const struct mln_schema *schema = snapshot->schema;
    int rc = MLN_OK;

    for (size_t i = 0; rc == MLN_OK && i < schema->call_count; i++) {
        const struct mln_schema_call *call = &schema->calls[i];

        if (call->rows == NULL)
            continue;
        rc = drop_by_map(snapshot, call->rows, (size_t)(table - schema->tables), calls, owner, err);
        if (rc == MLN_OK && call->parent != NULL && strcmp(call->parent, table->name) == 0)
            rc = drop_made_for(snapshot, call, owner, err);
    }
    return rc;
}

static int prepare_for_row(struct mln_snapshot *snapshot, const char *verb,
        const struct mln_table *table, const struct owner *owner, sqlite3_stmt **out,
        struct mln_err *err)
{
    int code, rc = prepare(snapshot, verb, table->name, "WHERE id = ?1 AND region = ?2", out, err);

    if (rc < 0)
        return rc;
    code = mln_snapshot_bind(*out, 1, owner->id);
    if (code == SQLITE_OK)
        code = mln_snapshot_bind(*out, 2, owner->region);
    return code == SQLITE_OK ? MLN_OK : mln_snapshot_fail(snapshot, code, doing, err);
}

int mln_snapshot_drop(struct mln_snapshot *snapshot, const struct mln_table *table,
        struct mln_str region, struct mln_str id, struct mln_err *err)
{
    MLN_AUTO(mln_snapshot_close_statement) sqlite3_stmt *calls = NULL;
    MLN_AUTO(mln_snapshot_close_statement) sqlite3_stmt *statement = NULL;
    struct owner owner = { .region = region, .id = id };
    int rc = prepare_for_row(snapshot, "SELECT call FROM", table, &owner, &calls, err);

    if (rc == MLN_OK)
        rc = drop_dependents(snapshot, table, calls, &owner, err);
    if (rc == MLN_OK)
        rc = prepare_for_row(snapshot, "DELETE FROM", table, &owner, &statement, err);
    if (rc == MLN_OK)
        rc = mln_snapshot_run(snapshot, statement, doing, err);
    return rc;
}
