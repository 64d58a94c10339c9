/*
 * Rows: which part of an answer becomes which columns of which table. Several calls may fill one
 * table; then they must agree about it, or a check would read columns that one of them leaves NULL.
 */
#include "collect/priv.h"

struct nested {
    struct mln_str table;
    const struct mln_yaml_node *list, *id, *name, *region, *columns, *rows;
};

#define NESTED(key, type, member, flags)                        \
    {                                                           \
        key, type, offsetof(struct nested, member), flags, 0, 0 \
    }
static const struct mln_yaml_field nested_fields[] = {
    /* sorted rows */
    NESTED("columns", MLN_YAML_NODE, columns, 0),
    NESTED("id", MLN_YAML_NODE, id, 0),
    NESTED("list", MLN_YAML_NODE, list, MLN_YAML_REQUIRED),
    NESTED("name", MLN_YAML_NODE, name, 0),
    NESTED("region", MLN_YAML_NODE, region, 0),
    NESTED("rows", MLN_YAML_NODE, rows, 0),
    NESTED("table", MLN_YAML_STR, table, MLN_YAML_REQUIRED),
};

static const struct type_row {
    const char *name;
    enum mln_column_type type;
} types[] = {
    /* sorted rows */
    { "bool", MLN_COLUMN_BOOL },
    { "int", MLN_COLUMN_INT },
    { "json", MLN_COLUMN_JSON },
    { "real", MLN_COLUMN_REAL },
    { "text", MLN_COLUMN_TEXT },
};

/* Columns that every table has, and SQLite's own names for the row's number. */
static const char *const reserved_columns[] = { "answer", "answer_code", "call", "id", "name",
    "oid", "parent", "raw", "region", "rowid", "_rowid_" };
static const char *const reserved_tables[] = { MLN_CALL_TABLE, "json_each", "json_tree", "meta",
    "plan_call", "plan_column", "plan_table" };

static bool is_one_of(struct mln_str text, const char *const *words, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (mln_str_is(text, words[i]))
            return true;
    return false;
}

/* What the steps share. */
struct rows {
    struct mln_plan_loader *loader;
    const struct mln_yaml_file *file;
    const struct mln_yaml_node *node;
    const struct mln_plan_rows_yaml *yaml;
    struct mln_column *columns;
    struct mln_column_map *maps;
    size_t count;
    unsigned depth;
};

#define WRONG(r, node, ...) mln_yaml_fail((r)->loader->err, (r)->file, node, __VA_ARGS__)

static int read_column_path(struct rows *r, const struct mln_yaml_node *node,
        struct mln_column *column, struct mln_column_map *map)
{
    struct mln_str text = mln_str_trim(node->text), type, path;
    size_t at = text.len;
    struct mln_yaml_node part = *node;

    while (at > 0 && text.ptr[at - 1] != ' ')
        at--;
    type = (struct mln_str){ text.ptr + at, text.len - at };
    path = mln_str_trim((struct mln_str){ text.ptr, at });
    for (size_t i = 0; i < MLN_LEN(types); i++) {
        if (!mln_str_is(type, types[i].name) || path.len == 0)
            continue;
        column->type = types[i].type;
        part.text = path;
        return mln_plan_path(r->loader, r->file, &part, &map->path);
    }
    return WRONG(r, node, "a column is a path and one of bool, int, json, real, text; or =text");
}

static int read_column(struct rows *r, const struct mln_yaml_node *node)
{
    struct mln_column *column = &r->columns[r->count];
    struct mln_column_map *map = &r->maps[r->count];
    const char *name = NULL;
    int rc;

    if (!mln_plan_is_name(node->key->text) ||
            is_one_of(node->key->text, reserved_columns, MLN_LEN(reserved_columns)))
        return WRONG(r, node->key,
                "a column's name is lower-case letters, digits and _, and none that every table "
                "has");
    if (node->kind != MLN_YAML_SCALAR)
        return WRONG(r, node, "a column is a path and a type");
    rc = mln_plan_text(r->loader, r->file, node, node->key->text, &name);
    if (rc != MLN_OK)
        return rc;
    column->name = name;
    map->column = r->count++;
    if (node->text.len == 0 || node->text.ptr[0] != '=')
        return read_column_path(r, node, column, map);
    column->type = MLN_COLUMN_TEXT;
    return mln_plan_text(r->loader, r->file, node,
            (struct mln_str){ node->text.ptr + 1, node->text.len - 1 }, &map->literal);
}

static int read_columns(struct rows *r)
{
    const struct mln_yaml_node *node = r->yaml->columns;
    size_t count = node != NULL ? node->count : 0;
    int rc = MLN_OK;

    if (node != NULL && (node->kind != MLN_YAML_MAP || count > MLN_TABLE_COLUMNS_MAX))
        return WRONG(r, node, "'columns' is a map of at most %zu columns", MLN_TABLE_COLUMNS_MAX);
    r->columns = mln_arena_alloc(&r->loader->plan->arena, (count + 1) * sizeof(*r->columns));
    r->maps = mln_arena_alloc(&r->loader->plan->arena, (count + 1) * sizeof(*r->maps));
    if (r->columns == NULL || r->maps == NULL)
        return mln_plan_no_memory(r->loader);
    for (const struct mln_yaml_node *n = count > 0 ? node->first : NULL; rc == MLN_OK && n != NULL;
            n = n->next)
        rc = read_column(r, n);
    return rc;
}

/* ---- the table ---- */

static size_t find_table(const struct mln_plan_loader *loader, struct mln_str name)
{
    for (size_t i = 0; i < loader->table_count; i++)
        if (mln_str_is(name, loader->tables[i].table.name))
            return i;
    return loader->table_count;
}

/* Points the maps at the columns of a table that was said before. */
static int agree_columns(struct rows *r, const struct mln_plan_table *table)
{
    for (size_t i = 0; i < r->count; i++) {
        size_t at = 0;

        while (at < table->table.column_count &&
                strcmp(table->table.columns[at].name, r->columns[i].name) != 0)
            at++;
        if (at == table->table.column_count || table->table.columns[at].type != r->columns[i].type)
            return WRONG(r, mln_yaml_get(r->node, "columns"),
                    "the column '%s' is not that of the table in %s:%u", r->columns[i].name,
                    table->file, table->line);
        r->maps[i].column = at;
    }
    return MLN_OK;
}

static int agree(struct rows *r, const struct mln_plan_table *table, bool single, bool has_id)
{
    const struct mln_yaml_node *node = mln_yaml_get(r->node, "table");

    if (table->table.column_count != r->count)
        return WRONG(r, node, "the table '%s' has other columns in %s:%u", table->table.name,
                table->file, table->line);
    if (table->table.single != single || (!single && table->has_id != has_id))
        return WRONG(r, node,
                "the table '%s' has one row per call, or each resource once, in %s:%u and not here",
                table->table.name, table->file, table->line);
    return agree_columns(r, table);
}

static int add_table(struct rows *r, bool single, bool has_id, size_t *out)
{
    struct mln_plan_loader *loader = r->loader;
    const struct mln_yaml_node *node = mln_yaml_get(r->node, "table");
    struct mln_plan_table *table;
    const char *name = NULL;
    int rc;

    if (!mln_plan_is_name(node->text) || mln_str_starts(node->text, MLN_STR("sqlite_")) ||
            is_one_of(node->text, reserved_tables, MLN_LEN(reserved_tables)))
        return WRONG(r, node,
                "a table's name is lower-case letters, digits and _, and not one of "
                "the snapshot's own");
    *out = find_table(loader, node->text);
    if (*out < loader->table_count)
        return agree(r, &loader->tables[*out], single, has_id);
    if (loader->table_count == MLN_TABLES_MAX)
        return WRONG(r, node, "a plan has at most %zu tables", MLN_TABLES_MAX);
    rc = mln_plan_text(loader, r->file, node, node->text, &name);
    table = &loader->tables[loader->table_count++];
    *table = (struct mln_plan_table){ .table = { .name = name,
                                              .columns = r->columns,
                                              .column_count = r->count,
                                              .single = single,
                                              .is_unique = !single && has_id },
        .file = r->file->name,
        .line = node->line,
        .has_id = has_id };
    return rc;
}

/* ---- the map ---- */

static int optional_path(
        struct rows *r, const struct mln_yaml_node *node, struct mln_path *out, bool *has)
{
    *has = node != NULL;
    return node != NULL ? mln_plan_path(r->loader, r->file, node, out) : MLN_OK;
}

static int read_paths(struct rows *r, struct mln_row_map *out)
{
    bool has_list = false;
    int rc;

    if (r->yaml->list != NULL && r->yaml->item != NULL)
        return WRONG(r, r->yaml->item, "rows have 'list' or 'item', not both");
    rc = optional_path(
            r, r->yaml->list != NULL ? r->yaml->list : r->yaml->item, &out->list, &has_list);
    if (rc == MLN_OK)
        rc = optional_path(r, r->yaml->id, &out->id, &out->has_id);
    if (rc == MLN_OK)
        rc = optional_path(r, r->yaml->name, &out->name, &out->has_name);
    return rc == MLN_OK ? optional_path(r, r->yaml->region, &out->region, &out->has_region) : rc;
}

static int read_map(struct rows *r, struct mln_row_map *out);

/* NOLINTNEXTLINE(misc-no-recursion): as deep as the rows of a plan nest, which YAML limits */
static int read_nested(struct rows *r, const struct mln_yaml_node *node, struct mln_row_map *out)
{
    struct nested nested = { .list = NULL };
    struct mln_plan_rows_yaml yaml;
    struct rows inner = {
        .loader = r->loader, .file = r->file, .node = node, .yaml = &yaml, .depth = r->depth + 1
    };
    int rc = mln_yaml_decode(r->file, node, nested_fields, MLN_LEN(nested_fields), &nested,
            &r->loader->yaml, r->loader->err);

    if (rc != MLN_OK)
        return rc;
    yaml = (struct mln_plan_rows_yaml){
        .table = nested.table,
        .list = nested.list,
        .id = nested.id,
        .name = nested.name,
        .region = nested.region,
        .columns = nested.columns,
        .rows = nested.rows,
    };
    return read_map(&inner, out);
}

/* NOLINTNEXTLINE(misc-no-recursion): as deep as the rows of a plan nest, which YAML limits */
static int read_all_nested(struct rows *r, struct mln_row_map *out)
{
    const struct mln_yaml_node *rows = r->yaml->rows;
    struct mln_row_map *maps;
    size_t count = 0;
    int rc = MLN_OK;

    if (rows == NULL)
        return MLN_OK;
    if (rows->kind != MLN_YAML_LIST || rows->count > MLN_TABLES_MAX)
        return WRONG(r, rows, "'rows' is a list of tables");
    if (r->depth + 1 == MLN_PLAN_ROWS_DEPTH)
        return WRONG(r, rows, "rows are nested at most %d deep", MLN_PLAN_ROWS_DEPTH);
    maps = mln_arena_alloc(&r->loader->plan->arena, (rows->count + 1) * sizeof(*maps));
    if (maps == NULL)
        return mln_plan_no_memory(r->loader);
    for (const struct mln_yaml_node *n = rows->first; rc == MLN_OK && n != NULL; n = n->next)
        rc = read_nested(r, n, &maps[count++]);
    out->nested = maps;
    out->nested_count = count;
    return rc;
}

/* NOLINTNEXTLINE(misc-no-recursion): as deep as the rows of a plan nest, which YAML limits */
static int read_map(struct rows *r, struct mln_row_map *out)
{
    bool single = r->yaml->list == NULL && !r->yaml->is_csv;
    int rc = read_columns(r);

    if (rc == MLN_OK)
        rc = read_paths(r, out);
    if (rc == MLN_OK)
        rc = add_table(r, single, out->has_id, &out->table);
    out->columns = r->maps;
    out->column_count = r->count;
    return rc == MLN_OK ? read_all_nested(r, out) : rc;
}

int mln_plan_rows(struct mln_plan_loader *loader, const struct mln_yaml_file *file,
        const struct mln_yaml_node *node, const struct mln_plan_rows_yaml *yaml,
        struct mln_row_map *out)
{
    struct rows rows = { .loader = loader, .file = file, .node = node, .yaml = yaml };

    return read_map(&rows, out);
}

/* ---- the schema ---- */

int mln_plan_account_table(struct mln_plan_loader *loader)
{
    size_t at = find_table(loader, MLN_STR(MLN_ACCOUNT_TABLE));

    if (at < loader->table_count)
        return MLN_OK;
    if (at == MLN_TABLES_MAX)
        return mln_fail(loader->err, MLN_EINVAL, "the collection plan: more than %zu tables",
                MLN_TABLES_MAX);
    loader->tables[at] = (struct mln_plan_table){ .table = { .name = MLN_ACCOUNT_TABLE,
                                                          .single = true } };
    loader->table_count++;
    return MLN_OK;
}

static int by_name(const void *a, const void *b)
{
    return strcmp(((const struct mln_table *)a)->name, ((const struct mln_table *)b)->name);
}

/* Maps were made while tables stood in the order of the files. */
/* NOLINTNEXTLINE(misc-no-recursion): as deep as the rows of a plan nest, which YAML limits */
static void renumber(const struct mln_row_map *map, const size_t *places)
{
    /* The maps are the loader's own; only the schema's view of them is constant. */
    /* NOLINTNEXTLINE(performance-no-int-to-ptr): the value is a number, or the loader's own */
    struct mln_row_map *own = (struct mln_row_map *)(uintptr_t)map;

    own->table = places[map->table];
    for (size_t i = 0; i < map->nested_count; i++)
        renumber(&map->nested[i], places);
}

int mln_plan_schema_tables(struct mln_plan_loader *loader)
{
    size_t count = loader->table_count;
    struct mln_table *tables = mln_arena_alloc(&loader->plan->arena, (count + 1) * sizeof(*tables));
    MLN_AUTO_FREE size_t *places = calloc(count + 1, sizeof(*places));
    struct mln_schema *schema = &loader->plan->schema;

    if (tables == NULL || places == NULL)
        /* NOLINTNEXTLINE(clang-analyzer-unix.Malloc): the scope frees it */
        return mln_plan_no_memory(loader);
    for (size_t i = 0; i < count; i++)
        tables[i] = loader->tables[i].table;
    qsort(tables, count, sizeof(*tables), by_name);
    schema->tables = tables;
    schema->table_count = count;
    for (size_t i = 0; i < count; i++)
        places[i] = (size_t)(mln_schema_table(schema, mln_str_of(loader->tables[i].table.name)) -
                             tables);
    for (size_t i = 0; i < loader->call_count; i++) {
        if (loader->calls[i].rows == NULL)
            continue;
        renumber(loader->calls[i].rows, places);
        loader->plan->entries[i].is_unique = tables[loader->calls[i].rows->table].is_unique;
    }
    schema->calls = loader->calls;
    schema->call_count = loader->call_count;
    return MLN_OK;
}
