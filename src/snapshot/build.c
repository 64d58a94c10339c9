/* Making the tables of a schema, and writing down the plan that they follow. */
#include <stdio.h>

#include "snapshot/priv.h"
#include "wire/writer.h"

static const char *const scopes[] = {
    [MLN_SCOPE_ACCOUNT] = "account",
    [MLN_SCOPE_SITE] = "site",
    [MLN_SCOPE_REGION] = "region",
    [MLN_SCOPE_ROW] = "row",
};

/* Binds texts and steps. */
static int put(struct mln_snapshot *snapshot, sqlite3_stmt *statement, const struct mln_str *values,
        size_t count, struct mln_err *err)
{
    int code = SQLITE_OK;

    for (size_t i = 0; code == SQLITE_OK && i < count; i++)
        code = mln_snapshot_bind(statement, (int)i + 1, values[i]);
    if (code != SQLITE_OK)
        return mln_snapshot_fail(snapshot, code, "write the plan", err);
    return mln_snapshot_run(snapshot, statement, "write the plan", err);
}

static bool is_fixed(const char *name)
{
    for (const struct mln_snapshot_fixed *table = mln_snapshot_fixed(); table->name != NULL;
            table++)
        if (strcmp(name, table->name) == 0)
            return true;
    return strncmp(name, "sqlite_", 7) == 0;
}

static int check_names(const struct mln_table *table, struct mln_err *err)
{
    if (!mln_snapshot_is_name(mln_str_of(table->name)) || is_fixed(table->name))
        return mln_fail(err, MLN_EINVAL, "table '%s': no name for a table", table->name);
    if (table->column_count > MLN_TABLE_COLUMNS_MAX)
        return mln_fail(err, MLN_ETOOBIG, "table '%s': more than %zu columns", table->name,
                MLN_TABLE_COLUMNS_MAX);
    for (size_t i = 0; i < table->column_count; i++) {
        const char *name = table->columns[i].name;

        if (!mln_snapshot_is_column(mln_str_of(name)))
            return mln_fail(
                    err, MLN_EINVAL, "table '%s': no name for a column: '%s'", table->name, name);
    }
    return MLN_OK;
}

static int build_table(
        struct mln_snapshot *snapshot, size_t index, sqlite3_stmt *columns, struct mln_err *err)
{
    MLN_AUTO(mln_buf_free) struct mln_buf sql = MLN_BUF_INIT(MLN_SNAPSHOT_DDL_MAX);
    const struct mln_table *table = &snapshot->schema->tables[index];
    struct mln_str name = mln_str_of(table->name), text = { 0 };
    int rc = check_names(table, err);

    mln_snapshot_ddl_begin(&sql, name);
    for (size_t i = 0; rc == MLN_OK && i < table->column_count; i++) {
        const struct mln_column *column = &table->columns[i];
        struct mln_str values[] = { name, mln_str_of(column->name),
            mln_str_of(mln_column_type_name(column->type)) };

        mln_snapshot_ddl_column(&sql, values[1], column->type);
        rc = put(snapshot, columns, values, MLN_LEN(values), err);
    }
    mln_snapshot_ddl_end(&sql);
    if (rc == MLN_OK)
        rc = mln_buf_done(&sql, &text, err);
    if (rc == MLN_OK)
        rc = mln_snapshot_exec(snapshot, text.ptr, table->name, err);
    if (rc == MLN_OK && table->is_unique)
        rc = mln_snapshot_index(snapshot, index, SNAPSHOT_INDEX_KEY, err);
    return rc;
}

static int has_index(struct mln_snapshot *snapshot, const struct mln_table *table,
        enum mln_snapshot_index index, int64_t *out, struct mln_err *err)
{
    char sql[MLN_TABLE_NAME_MAX + 128];

    (void)snprintf(sql, sizeof(sql),
            "SELECT count(*) FROM sqlite_schema WHERE type = 'index' AND name = '%s.%s'",
            table->name, mln_snapshot_index_suffix(index));
    return mln_snapshot_number(snapshot, sql, out, err);
}

int mln_snapshot_index(struct mln_snapshot *snapshot, size_t table, enum mln_snapshot_index index,
        struct mln_err *err)
{
    MLN_AUTO(mln_buf_free) struct mln_buf sql = MLN_BUF_INIT(MLN_SNAPSHOT_DDL_MAX);
    const struct mln_table *of = &snapshot->schema->tables[table];
    int64_t is_there = 0;
    struct mln_str text = { 0 };
    int rc = has_index(snapshot, of, index, &is_there, err);

    mln_snapshot_ddl_index(&sql, mln_str_of(of->name), index);
    if (rc == MLN_OK)
        rc = mln_buf_done(&sql, &text, err);
    if (rc == MLN_OK && is_there == 0)
        rc = mln_snapshot_exec(snapshot, text.ptr, "make an index", err);
    return rc;
}

/* The calls that fill each table, once each. */
/* NOLINTNEXTLINE(misc-no-recursion): as deep as the rows of a plan nest, which YAML limits */
static int put_tables(struct mln_snapshot *snapshot, const struct mln_row_map *map,
        struct mln_str call, sqlite3_stmt *tables, struct mln_err *err)
{
    struct mln_str values[] = { mln_str_of(snapshot->schema->tables[map->table].name), call };
    int rc = put(snapshot, tables, values, MLN_LEN(values), err);

    for (size_t i = 0; rc == MLN_OK && i < map->nested_count; i++)
        rc = put_tables(snapshot, &map->nested[i], call, tables, err);
    return rc;
}

static int put_call(struct mln_snapshot *snapshot, const struct mln_schema_call *call,
        sqlite3_stmt *calls, struct mln_err *err)
{
    MLN_AUTO(mln_buf_free) struct mln_buf depends = MLN_BUF_INIT(MLN_SNAPSHOT_RAW_MAX);
    struct mln_str values[] = { mln_str_of(call->id), mln_str_of(scopes[call->scope]),
        mln_str_of(call->ram_action), mln_str_of(call->parent), { 0 } };
    int rc;

    mln_buf_add_char(&depends, '[');
    for (size_t i = 0; i < call->depend_count; i++) {
        if (i > 0)
            mln_buf_add_char(&depends, ',');
        mln_json_quote(mln_str_of(snapshot->schema->calls[call->depends[i]].id), &depends);
    }
    mln_buf_add_char(&depends, ']');
    rc = mln_buf_done(&depends, &values[4], err);
    if (rc == MLN_OK)
        rc = put(snapshot, calls, values, MLN_LEN(values), err);
    return rc;
}

static int build_tables(struct mln_snapshot *snapshot, struct mln_err *err)
{
    MLN_AUTO(mln_snapshot_close_statement) sqlite3_stmt *columns = NULL;
    int rc = mln_snapshot_prepare(snapshot,
            "INSERT INTO plan_column(table_name, column_name, type) VALUES(?1, ?2, ?3)", &columns,
            err);

    if (rc == MLN_OK && snapshot->schema->table_count > MLN_TABLES_MAX)
        return mln_fail(err, MLN_ETOOBIG, "the plan has more than %zu tables", MLN_TABLES_MAX);
    for (size_t i = 0; rc == MLN_OK && i < snapshot->schema->table_count; i++)
        rc = build_table(snapshot, i, columns, err);
    return rc;
}

static int put_plan(struct mln_snapshot *snapshot, struct mln_err *err)
{
    MLN_AUTO(mln_snapshot_close_statement) sqlite3_stmt *calls = NULL;
    MLN_AUTO(mln_snapshot_close_statement) sqlite3_stmt *tables = NULL;
    int rc = mln_snapshot_prepare(snapshot,
            "INSERT INTO plan_call(call, scope, ram_action, parent, depends) "
            "VALUES(?1, ?2, ?3, ?4, ?5)",
            &calls, err);

    if (rc == MLN_OK)
        rc = mln_snapshot_prepare(snapshot,
                "INSERT INTO plan_table(table_name, call) SELECT ?1, ?2 WHERE NOT EXISTS "
                "(SELECT 1 FROM plan_table WHERE table_name = ?1 AND call = ?2)",
                &tables, err);
    for (size_t i = 0; rc == MLN_OK && i < snapshot->schema->call_count; i++) {
        const struct mln_schema_call *call = &snapshot->schema->calls[i];

        rc = put_call(snapshot, call, calls, err);
        if (rc == MLN_OK && call->rows != NULL)
            rc = put_tables(snapshot, call->rows, mln_str_of(call->id), tables, err);
    }
    return rc;
}

static int build(struct mln_snapshot *snapshot, struct mln_err *err)
{
    int rc = MLN_OK;

    for (const struct mln_snapshot_fixed *table = mln_snapshot_fixed();
            rc == MLN_OK && table->name != NULL; table++)
        rc = mln_snapshot_exec(snapshot, table->sql, table->name, err);
    if (rc == MLN_OK)
        rc = build_tables(snapshot, err);
    if (rc == MLN_OK)
        rc = put_plan(snapshot, err);
    if (rc == MLN_OK)
        rc = mln_snapshot_put_meta(snapshot, "plan_hash", mln_str_of(snapshot->schema->hash), err);
    if (rc == MLN_OK)
        rc = mln_snapshot_put_meta(snapshot, "finished_ms", MLN_STR(""), err);
    return rc;
}

int mln_snapshot_build(struct mln_snapshot *snapshot, struct mln_err *err)
{
    char sql[128];
    int rc;

    (void)snprintf(sql, sizeof(sql), "PRAGMA application_id = %d; PRAGMA user_version = %d",
            MLN_SNAPSHOT_APPLICATION_ID, MLN_SNAPSHOT_FORMAT);
    rc = mln_snapshot_begin(snapshot, err);
    if (rc == MLN_OK)
        rc = mln_snapshot_exec(snapshot, sql, "write the header", err);
    if (rc == MLN_OK)
        rc = build(snapshot, err);
    if (rc == MLN_OK)
        rc = mln_snapshot_commit(snapshot, err);
    return rc;
}
