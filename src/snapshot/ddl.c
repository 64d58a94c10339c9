/*
 * The tables, as text. Verifying compares a file's schema with exactly what is printed here, so a
 * change of one byte is a new format.
 */
#include "snapshot/priv.h"

static const struct mln_snapshot_fixed fixed[] = {
    { "collect_call",
            "CREATE TABLE collect_call(id INTEGER PRIMARY KEY, call TEXT NOT NULL, "
            "region TEXT NOT NULL DEFAULT '', key TEXT NOT NULL DEFAULT '', "
            "outcome TEXT NOT NULL, http_status INTEGER NOT NULL DEFAULT 0, "
            "code TEXT NOT NULL DEFAULT '', message TEXT NOT NULL DEFAULT '', "
            "request_id TEXT NOT NULL DEFAULT '', items INTEGER NOT NULL DEFAULT 0, "
            "pages INTEGER NOT NULL DEFAULT 0, total INTEGER NOT NULL DEFAULT -1, "
            "started_ms INTEGER NOT NULL DEFAULT 0, finished_ms INTEGER NOT NULL DEFAULT 0, "
            "UNIQUE(call, region, key)) STRICT" },
    { "meta", "CREATE TABLE meta(name TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT" },
    { "plan_call", "CREATE TABLE plan_call(call TEXT PRIMARY KEY, scope TEXT NOT NULL, "
                   "ram_action TEXT NOT NULL, parent TEXT NOT NULL, depends TEXT NOT NULL, "
                   "done INTEGER NOT NULL DEFAULT 0) STRICT" },
    { "plan_column", "CREATE TABLE plan_column(table_name TEXT NOT NULL, "
                     "column_name TEXT NOT NULL, type TEXT NOT NULL) STRICT" },
    { "plan_table",
            "CREATE TABLE plan_table(table_name TEXT NOT NULL, call TEXT NOT NULL) STRICT" },
    { NULL, NULL },
};

static const char *const type_names[] = {
    [MLN_COLUMN_TEXT] = "text",
    [MLN_COLUMN_INT] = "int",
    [MLN_COLUMN_REAL] = "real",
    [MLN_COLUMN_BOOL] = "bool",
    [MLN_COLUMN_JSON] = "json",
};

static const char *const stored_as[] = {
    [MLN_COLUMN_TEXT] = "TEXT",
    [MLN_COLUMN_INT] = "INTEGER",
    [MLN_COLUMN_REAL] = "REAL",
    [MLN_COLUMN_BOOL] = "INTEGER",
    [MLN_COLUMN_JSON] = "TEXT",
};

/* A name of an index has a point, which no name of a table has. */
static const struct {
    const char *create, *suffix, *columns;
} indexes[SNAPSHOT_INDEXES] = {
    [SNAPSHOT_INDEX_KEY] = { "CREATE UNIQUE INDEX", "key", "id, region, parent" },
    [SNAPSHOT_INDEX_PARENT] = { "CREATE INDEX", "parent", "parent, region" },
    [SNAPSHOT_INDEX_CALL] = { "CREATE INDEX", "call", "call" },
};

const struct mln_snapshot_fixed *mln_snapshot_fixed(void)
{
    return fixed;
}

bool mln_snapshot_is_name(struct mln_str name)
{
    if (name.len == 0 || name.len > MLN_TABLE_NAME_MAX || name.ptr[0] < 'a' || name.ptr[0] > 'z')
        return false;
    for (size_t i = 0; i < name.len; i++) {
        char c = name.ptr[i];

        if ((c < 'a' || c > 'z') && (c < '0' || c > '9') && c != '_')
            return false;
    }
    return true;
}

bool mln_snapshot_is_column(struct mln_str name)
{
    static const char *const own[] = { "_rowid_", "answer", "answer_code", "call", "id", "name",
        "oid", "parent", "raw", "region", "rowid" };

    for (size_t i = 0; i < MLN_LEN(own); i++)
        if (mln_str_is(name, own[i]))
            return false;
    return mln_snapshot_is_name(name);
}

const char *mln_column_type_name(enum mln_column_type type)
{
    return type_names[type];
}

int mln_column_type_parse(struct mln_str name, enum mln_column_type *out)
{
    for (size_t i = 0; i < MLN_LEN(type_names); i++) {
        if (mln_str_is(name, type_names[i])) {
            *out = (enum mln_column_type)i;
            return MLN_OK;
        }
    }
    return MLN_EINVAL;
}

void mln_snapshot_ddl_begin(struct mln_buf *out, struct mln_str table)
{
    mln_buf_addf(out,
            "CREATE TABLE \"%.*s\"(id TEXT NOT NULL DEFAULT '', name TEXT, "
            "region TEXT NOT NULL DEFAULT '', parent TEXT NOT NULL DEFAULT '', "
            "answer TEXT NOT NULL DEFAULT 'ok', answer_code TEXT NOT NULL DEFAULT '', "
            "call INTEGER NOT NULL DEFAULT 0",
            MLN_FMT(table));
}

void mln_snapshot_ddl_column(struct mln_buf *out, struct mln_str name, enum mln_column_type type)
{
    mln_buf_addf(out, ", \"%.*s\" %s", MLN_FMT(name), stored_as[type]);
}

void mln_snapshot_ddl_end(struct mln_buf *out)
{
    mln_buf_add_cstr(out, ", raw TEXT) STRICT");
}

void mln_snapshot_ddl_index(
        struct mln_buf *out, struct mln_str table, enum mln_snapshot_index index)
{
    mln_buf_addf(out, "%s \"%.*s.%s\" ON \"%.*s\"(%s)", indexes[index].create, MLN_FMT(table),
            indexes[index].suffix, MLN_FMT(table), indexes[index].columns);
}

const char *mln_snapshot_index_suffix(enum mln_snapshot_index index)
{
    return indexes[index].suffix;
}

/* NOLINTNEXTLINE(misc-no-recursion): as deep as the rows of a plan nest, which YAML limits */
static bool map_has_parents(const struct mln_row_map *map, size_t table, bool has_parent)
{
    if (map->table == table && has_parent)
        return true;
    for (size_t i = 0; i < map->nested_count; i++)
        if (map_has_parents(&map->nested[i], table, true))
            return true;
    return false;
}

bool mln_snapshot_has_parents(const struct mln_schema *schema, size_t table)
{
    for (size_t i = 0; i < schema->call_count; i++) {
        const struct mln_schema_call *call = &schema->calls[i];

        if (call->rows != NULL && map_has_parents(call->rows, table, call->scope == MLN_SCOPE_ROW))
            return true;
    }
    return false;
}
