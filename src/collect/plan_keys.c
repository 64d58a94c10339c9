/*
 * What a call is made for. A query of for_each is prepared against an empty snapshot of the plan,
 * where it may do nothing but read; what it reads says which calls come before.
 */
#include <sqlite3.h>
#include <stdio.h>

#include "collect/priv.h"

#define SQL_MAX ((size_t)64 * 1024)

/* What a query was seen to do. */
struct seen {
    const struct mln_schema *schema;
    bool *tables; /* By the schema's. */
    bool calls;   /* It reads collect_call. */
    char refused[96];
};

/* What the steps share. */
struct linker {
    struct mln_plan_loader *loader;
    struct mln_snapshot *snapshot;
    struct seen seen;
    bool *fills; /* [call * tables + table] */
};

#define WRONG(l, entry, node, ...) mln_yaml_fail((l)->loader->err, (entry)->file, node, __VA_ARGS__)

static const struct mln_schema *schema_of(const struct linker *l)
{
    return &l->loader->plan->schema;
}

/* ---- which call fills which table ---- */

/* NOLINTNEXTLINE(misc-no-recursion): as deep as the rows of a plan nest, which YAML limits */
static void mark_fills(struct linker *l, size_t call, const struct mln_row_map *map)
{
    l->fills[call * schema_of(l)->table_count + map->table] = true;
    for (size_t i = 0; i < map->nested_count; i++)
        mark_fills(l, call, &map->nested[i]);
}

static bool fills(const struct linker *l, size_t call, size_t table)
{
    return l->fills[call * schema_of(l)->table_count + table];
}

static bool comes_before(const struct linker *l, size_t call, size_t other)
{
    const struct mln_plan_entry *entries = l->loader->plan->entries;

    for (size_t t = 0; t < schema_of(l)->table_count; t++)
        if (l->seen.tables[t] && fills(l, other, t))
            return true;
    return l->seen.calls && other < call && entries[other].file == entries[call].file;
}

/* Every call that the tables seen depend on. */
static int set_depends(struct linker *l, size_t call)
{
    struct mln_plan_loader *loader = l->loader;
    size_t count = 0, *depends;

    for (size_t i = 0; i < loader->call_count; i++)
        count += comes_before(l, call, i);
    depends = mln_arena_alloc(&loader->plan->arena, (count + 1) * sizeof(*depends));
    if (depends == NULL)
        return mln_plan_no_memory(loader);
    count = 0;
    for (size_t i = 0; i < loader->call_count; i++)
        if (comes_before(l, call, i))
            depends[count++] = i;
    loader->calls[call].depends = depends;
    loader->calls[call].depend_count = count;
    return MLN_OK;
}

/* ---- the query ---- */

static int refuse(struct seen *seen, const char *what, const char *name)
{
    if (seen->refused[0] == '\0')
        (void)snprintf(
                seen->refused, sizeof(seen->refused), "%s '%s'", what, name != NULL ? name : "");
    return SQLITE_DENY;
}

static int on_read(struct seen *seen, const char *table)
{
    const struct mln_table *found = mln_schema_table(seen->schema, mln_str_of(table));

    if (found != NULL)
        seen->tables[found - seen->schema->tables] = true;
    else if (strcmp(table, MLN_CALL_TABLE) == 0)
        seen->calls = true;
    else if (strcmp(table, "json_each") != 0)
        return refuse(seen, "it reads", table);
    return SQLITE_OK;
}

static int authorise(void *ctx, int action, const char *first, const char *second,
        const char *database, const char *trigger)
{
    struct seen *seen = ctx;

    (void)database;
    (void)trigger;
    switch (action) {
    case SQLITE_SELECT:
        return SQLITE_OK;
    case SQLITE_READ:
        return on_read(seen, first != NULL ? first : "");
    case SQLITE_FUNCTION:
        return second != NULL && strcmp(second, "load_extension") != 0
                       ? SQLITE_OK
                       : refuse(seen, "it calls", second);
    default:
        return refuse(seen, "it does more than read", first);
    }
}

static int check_columns(struct linker *l, struct mln_plan_entry *entry, sqlite3_stmt *stmt)
{
    int count = sqlite3_column_count(stmt);
    const char **names;
    bool has_key = false, has_region = false;

    if (count < 1 || (size_t)count > MLN_PLAN_KEY_COLUMNS)
        return WRONG(l, entry, entry->for_each_node, "the query gives 2 to %zu columns",
                MLN_PLAN_KEY_COLUMNS);
    names = mln_arena_alloc(&l->loader->plan->arena, (size_t)count * sizeof(*names));
    if (names == NULL)
        return mln_plan_no_memory(l->loader);
    for (int i = 0; i < count; i++) {
        const char *name = sqlite3_column_name(stmt, i);

        if (name == NULL || !mln_plan_is_name(mln_str_of(name)))
            return WRONG(l, entry, entry->for_each_node,
                    "column %d of the query needs a name of lower-case letters", i + 1);
        for (int j = 0; j < i; j++)
            if (strcmp(names[j], name) == 0)
                return WRONG(l, entry, entry->for_each_node,
                        "the query gives the column '%s' twice", name);
        names[i] = mln_arena_cstr(&l->loader->plan->arena, mln_str_of(name));
        if (names[i] == NULL)
            return mln_plan_no_memory(l->loader);
        has_key = has_key || strcmp(name, "key") == 0;
        has_region = has_region || strcmp(name, "region") == 0;
    }
    if (!has_key || !has_region)
        return WRONG(l, entry, entry->for_each_node, "the query gives no column '%s'",
                has_key ? "region" : "key");
    entry->key_columns = names;
    entry->key_column_count = (size_t)count;
    return MLN_OK;
}

/* The table whose ids the keys are: only SQLite knows where a column comes from. */
static const char *parent_of(const struct linker *l, sqlite3_stmt *stmt)
{
    for (int i = 0; i < sqlite3_column_count(stmt); i++) {
        const char *table = sqlite3_column_table_name(stmt, i);
        const char *origin = sqlite3_column_origin_name(stmt, i);
        const struct mln_table *found;

        if (strcmp(sqlite3_column_name(stmt, i), "key") != 0)
            continue;
        if (table == NULL || origin == NULL || strcmp(origin, "id") != 0)
            return NULL;
        found = mln_schema_table(schema_of(l), mln_str_of(table));
        return found != NULL ? found->name : NULL;
    }
    return NULL;
}

static size_t tables_seen(const struct seen *seen)
{
    size_t count = 0;

    for (size_t i = 0; i < seen->schema->table_count; i++)
        count += seen->tables[i];
    return count;
}

static int prepare(struct linker *l, const struct mln_plan_entry *entry, const char *sql,
        sqlite3_stmt **out, const char **tail)
{
    sqlite3 *db = mln_snapshot_db(l->snapshot);
    int code;

    memset(l->seen.tables, 0, schema_of(l)->table_count + 1);
    l->seen.calls = false;
    l->seen.refused[0] = '\0';
    (void)sqlite3_set_authorizer(db, authorise, &l->seen);
    code = sqlite3_prepare_v2(db, sql, -1, out, tail);
    (void)sqlite3_set_authorizer(db, NULL, NULL);
    if (code == SQLITE_NOMEM)
        return mln_plan_no_memory(l->loader);
    if (code == SQLITE_OK && l->seen.refused[0] == '\0')
        return MLN_OK;
    return WRONG(l, entry, entry->for_each_node, "the query of 'for_each': %s",
            l->seen.refused[0] != '\0' ? l->seen.refused : sqlite3_errmsg(db));
}

/* Keys in one order, each once, and none of nothing. */
static int set_keys_sql(struct linker *l, struct mln_plan_entry *entry, const char *query)
{
    MLN_AUTO(mln_buf_free) struct mln_buf sql = MLN_BUF_INIT(SQL_MAX);
    struct mln_str text;
    int rc;

    mln_buf_add_cstr(&sql, "SELECT DISTINCT ");
    for (size_t i = 0; i < entry->key_column_count; i++)
        mln_buf_addf(&sql, "%sCAST(\"%s\" AS TEXT)", i > 0 ? ", " : "", entry->key_columns[i]);
    mln_buf_addf(
            &sql, " FROM (%s\n) WHERE length(\"key\") > 0 ORDER BY \"region\", \"key\"", query);
    rc = mln_buf_done(&sql, &text, l->loader->err);
    if (rc != MLN_OK)
        return rc;
    entry->keys_sql = mln_arena_cstr(&l->loader->plan->arena, text);
    return entry->keys_sql != NULL ? MLN_OK : mln_plan_no_memory(l->loader);
}

static int check_query(struct linker *l, struct mln_plan_entry *entry, struct mln_schema_call *call,
        const char *query)
{
    sqlite3_stmt *stmt = NULL;
    const char *tail = "";
    int rc = prepare(l, entry, query, &stmt, &tail);

    if (rc == MLN_OK && (stmt == NULL || mln_str_trim(mln_str_of(tail)).len > 0))
        rc = WRONG(l, entry, entry->for_each_node, "'for_each' is one query");
    if (rc == MLN_OK && (!sqlite3_stmt_readonly(stmt) || sqlite3_bind_parameter_count(stmt) > 0))
        rc = WRONG(l, entry, entry->for_each_node, "the query of 'for_each' has no parameters");
    if (rc == MLN_OK)
        rc = check_columns(l, entry, stmt);
    if (rc == MLN_OK && tables_seen(&l->seen) == 0 && !l->seen.calls)
        rc = WRONG(l, entry, entry->for_each_node, "the query of 'for_each' reads no table");
    if (rc == MLN_OK)
        call->parent = parent_of(l, stmt);
    (void)sqlite3_finalize(stmt);
    return rc;
}

static int read_query(struct linker *l, size_t index)
{
    struct mln_plan_entry *entry = &l->loader->plan->entries[index];
    struct mln_schema_call *call = &l->loader->calls[index];
    struct mln_str text = mln_str_trim(mln_str_of(entry->for_each));
    MLN_AUTO(mln_buf_free) struct mln_buf query = MLN_BUF_INIT(SQL_MAX);
    sqlite3_stmt *stmt = NULL;
    const char *tail = "";
    int rc;

    while (text.len > 0 && text.ptr[text.len - 1] == ';')
        text = mln_str_trim((struct mln_str){ text.ptr, text.len - 1 });
    if (mln_plan_is_name(text)) {
        if (mln_schema_table(schema_of(l), text) == NULL)
            return WRONG(
                    l, entry, entry->for_each_node, "no call fills a table '%.*s'", MLN_FMT(text));
        mln_buf_addf(&query, "SELECT id AS key, region AS region FROM \"%.*s\"", MLN_FMT(text));
    } else {
        mln_buf_add(&query, text);
    }
    rc = query.code == MLN_OK ? check_query(l, entry, call, query.ptr) : query.code;
    if (rc == MLN_OK)
        rc = set_keys_sql(l, entry, query.ptr);
    /* As it will be run: what stood alone must stand inside, too. */
    if (rc == MLN_OK)
        rc = prepare(l, entry, entry->keys_sql, &stmt, &tail);
    (void)sqlite3_finalize(stmt);
    return rc == MLN_OK ? set_depends(l, index) : rc;
}

/* ---- regions ---- */

static int read_regions(struct linker *l, size_t index)
{
    static const char *const columns[] = { "key", "region" };
    struct mln_plan_entry *entry = &l->loader->plan->entries[index];
    const struct mln_table *table = mln_schema_table(schema_of(l), mln_str_of(entry->region_from));
    MLN_AUTO(mln_buf_free) struct mln_buf query = MLN_BUF_INIT(SQL_MAX);
    size_t place, found = 0;
    int rc;

    if (table == NULL)
        return WRONG(l, entry, entry->region_node, "no call fills the table of regions '%s'",
                entry->region_from);
    place = (size_t)(table - schema_of(l)->tables);
    memset(l->seen.tables, 0, schema_of(l)->table_count + 1);
    l->seen.tables[place] = true;
    l->seen.calls = false;
    for (size_t i = 0; i < l->loader->call_count; i++) {
        if (!fills(l, i, place))
            continue;
        if (l->loader->calls[i].scope > MLN_SCOPE_SITE)
            return WRONG(l, entry, entry->region_node,
                    "the table of regions '%s' is not filled by a call for the account",
                    entry->region_from);
        l->loader->plan->entries[i].gives_regions = true;
        found++;
    }
    if (found == 0)
        return WRONG(l, entry, entry->region_node, "no call fills the table of regions '%s'",
                entry->region_from);
    entry->key_columns = columns;
    entry->key_column_count = MLN_LEN(columns);
    mln_buf_addf(&query, "SELECT id AS key, id AS region FROM \"%s\"", table->name);
    rc = query.code == MLN_OK ? set_keys_sql(l, entry, query.ptr) : query.code;
    return rc == MLN_OK ? set_depends(l, index) : rc;
}

/* ---- placeholders ---- */

static bool is_known(const struct mln_plan_entry *entry, struct mln_str name)
{
    enum mln_call_scope scope = entry->info.scope;

    if (mln_str_is(name, "account") || (mln_str_is(name, "region") && scope != MLN_SCOPE_ACCOUNT))
        return true;
    if (entry->batch > 0)
        return mln_str_is(name, "keys") || mln_str_is(name, "keys_json");
    for (size_t i = 0; scope == MLN_SCOPE_ROW && i < entry->key_column_count; i++)
        if (mln_str_is(name, entry->key_columns[i]))
            return true;
    return false;
}

/* A text of the call's own, outside of 'request'. */
static int check_place(struct linker *l, const struct mln_plan_entry *entry,
        const struct mln_yaml_node *node, struct mln_str text)
{
    struct mln_str name;
    size_t at = 0;

    while (mln_template_next(text, &at, NULL, &name))
        if (!is_known(entry, name) || mln_str_is(name, "keys") || mln_str_is(name, "keys_json"))
            return WRONG(l, entry, node, "there is no {%.*s} in this call", MLN_FMT(name));
    return MLN_OK;
}

static int check_templates(struct linker *l, const struct mln_plan_entry *entry)
{
    bool uses_keys = false;
    int rc = check_place(l, entry, entry->host_node, entry->host);

    if (rc == MLN_OK)
        rc = check_place(l, entry, entry->path_node, entry->path);
    if (rc != MLN_OK)
        return rc;

    for (size_t i = 0; i < entry->param_count; i++) {
        struct mln_str name, value = entry->params[i].value;
        size_t at = 0;

        while (mln_template_next(value, &at, NULL, &name)) {
            if (!is_known(entry, name))
                return WRONG(l, entry, mln_yaml_get(entry->request_node, entry->params[i].name.ptr),
                        "there is no {%.*s} in this call", MLN_FMT(name));
            uses_keys = uses_keys || mln_str_starts(name, MLN_STR("keys"));
        }
    }
    if (entry->batch > 0 && !uses_keys)
        return WRONG(l, entry, entry->node, "a call for many keys needs {keys} or {keys_json}");
    return MLN_OK;
}

/*
 * An answer may be taken from an earlier snapshot by what the list says of the resource: so the key
 * must be the resource's id, and its table have it once.
 */
static int check_unchanged(struct linker *l, size_t index)
{
    const struct mln_plan_entry *entry = &l->loader->plan->entries[index];
    const struct mln_schema_call *call = &l->loader->calls[index];
    const struct mln_table *table = call->parent != NULL ? mln_schema_table(schema_of(l),
                                                                   mln_str_of(call->parent))
                                                         : NULL;

    if (entry->unchanged_while.count == 0)
        return MLN_OK;
    if (table == NULL || !table->is_unique || entry->batch > 0 || call->rows == NULL)
        return WRONG(l, entry, entry->unchanged_node,
                "'unchanged_while' needs 'for_each' over the ids of one table, one key a call, and "
                "a table of its own");
    for (size_t i = 0; i < entry->unchanged_while.count; i++) {
        struct mln_str name = entry->unchanged_while.items[i];
        bool found = false;

        for (size_t c = 0; c < table->column_count; c++)
            found = found || mln_str_is(name, table->columns[c].name);
        if (!found)
            return WRONG(l, entry, entry->unchanged_node, "the table '%s' has no column '%.*s'",
                    table->name, MLN_FMT(name));
    }
    return MLN_OK;
}

static int link_call(struct linker *l, size_t index)
{
    struct mln_plan_entry *entry = &l->loader->plan->entries[index];
    int rc = MLN_OK;

    if (entry->info.scope == MLN_SCOPE_ROW)
        rc = read_query(l, index);
    else if (entry->info.scope == MLN_SCOPE_REGION)
        rc = read_regions(l, index);
    if (rc == MLN_OK)
        rc = check_unchanged(l, index);
    return rc == MLN_OK ? check_templates(l, entry) : rc;
}

int mln_plan_keys(struct mln_plan_loader *loader)
{
    struct mln_schema *schema = &loader->plan->schema;
    MLN_AUTO_FREE bool *tables = calloc(schema->table_count + 1, sizeof(*tables));
    MLN_AUTO_FREE bool *filled = calloc(
            schema->table_count * loader->call_count + 1, sizeof(*filled));
    struct linker l = { .loader = loader, .seen = { .schema = schema, .tables = tables } };
    int rc;

    if (tables == NULL || filled == NULL)
        /* NOLINTNEXTLINE(clang-analyzer-unix.Malloc): the scope frees it */
        return mln_plan_no_memory(loader);
    l.fills = filled;
    for (size_t i = 0; i < loader->call_count; i++)
        if (loader->calls[i].rows != NULL)
            mark_fills(&l, i, loader->calls[i].rows);
    rc = mln_snapshot_create(NULL, schema, &l.snapshot, loader->err);
    /* SQLite makes json_each known at its first use, which the authorizer would take for a write.
     */
    if (rc == MLN_OK)
        (void)sqlite3_exec(
                mln_snapshot_db(l.snapshot), "SELECT 1 FROM json_each('[]')", NULL, NULL, NULL);
    for (size_t i = 0; rc == MLN_OK && i < loader->call_count; i++)
        rc = link_call(&l, i);
    mln_snapshot_free(l.snapshot);
    return rc;
}
