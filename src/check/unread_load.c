/* Reading what was not read: the plan that a snapshot carries, and how each call ended. */
#include "check/unread_map.h"

#define MAP_BYTES_MAX ((size_t)64 * 1024 * 1024)
#define CODES_MAX     16 /* Different codes of one call that are told apart. */
#define REASON_MAX    ((size_t)512)

/* What is done while the map is read. */
struct loader {
    struct mln_unread_map *map;
    struct mln_snapshot *snapshot;
    struct mln_err *err;
    struct mln_map call_index; /* Call id to its struct mln_unread_call. */
    size_t *stack;             /* Of call_count: a walk along what calls depend on. */
    unsigned char *seen;
};

/* ---- reasons ---- */
static enum mln_unread why_of(enum mln_outcome outcome)
{
    switch (outcome) {
    case MLN_OUTCOME_OK:
    case MLN_OUTCOME_ABSENT:
    case MLN_OUTCOME_NOT_APPLICABLE:
    case MLN_OUTCOME_NOT_ACTIVATED:
    case MLN_OUTCOME_NO_REGION:
    case MLN_OUTCOME_GONE:
        return MLN_UNREAD_NONE;
    case MLN_OUTCOME_DENIED:
        return MLN_UNREAD_DENIED;
    case MLN_OUTCOME_THROTTLED:
        return MLN_UNREAD_THROTTLED;
    case MLN_OUTCOME_UNSUPPORTED:
        return MLN_UNREAD_UNSUPPORTED;
    case MLN_OUTCOME_FAILED:
        return MLN_UNREAD_ERROR;
    case MLN_OUTCOME_RUNNING:
        return MLN_UNREAD_NOT_COLLECTED;
    }
    return MLN_UNREAD_NOT_COLLECTED;
}

/* Codes come from outside; a reason is printable ASCII. */
static void add_code(struct mln_buf *out, struct mln_str code)
{
    size_t len = code.len < MLN_UNREAD_CODE_MAX ? code.len : MLN_UNREAD_CODE_MAX;

    if (len == 0)
        return;
    mln_buf_add_cstr(out, " (");
    for (size_t i = 0; i < len; i++)
        mln_buf_add_char(out, code.ptr[i] >= 0x20 && code.ptr[i] < 0x7f ? code.ptr[i] : '?');
    mln_buf_add_char(out, ')');
}

/* The reason of a failure: one for each outcome and code of a call. */
static struct mln_unread_reason *reason_for(struct loader *loader, struct mln_unread_call *call,
        enum mln_outcome outcome, struct mln_str code)
{
    MLN_AUTO(mln_buf_free) struct mln_buf text = MLN_BUF_INIT(REASON_MAX);
    enum mln_unread why = why_of(outcome);
    bool denied = why == MLN_UNREAD_DENIED && call->ram_action.len > 0 &&
                  !mln_str_is(call->ram_action, "none");
    struct mln_unread_failure *failure;

    if (why != MLN_UNREAD_ERROR || call->failure_count >= CODES_MAX)
        code = MLN_STR("");
    for (failure = call->failures; failure != NULL; failure = failure->next) {
        if (failure->reason.why == why && mln_str_eq(failure->code, code))
            return &failure->reason;
    }
    failure = mln_arena_alloc(&loader->map->arena, sizeof(*failure));
    if (failure == NULL)
        return NULL;
    mln_buf_add_cstr(&text, mln_unread_words(why));
    mln_buf_add(&text, denied ? call->ram_action : call->id);
    add_code(&text, code);
    failure->reason.why = why;
    failure->reason.text = mln_arena_dup(&loader->map->arena, mln_buf_str(&text));
    failure->code = mln_arena_dup(&loader->map->arena, code);
    if (text.code != MLN_OK || failure->reason.text.ptr == NULL || failure->code.ptr == NULL)
        return NULL;
    failure->next = call->failures;
    call->failures = failure;
    call->failure_count++;
    return &failure->reason;
}

/* ---- the plan ---- */
static int prepare(struct loader *loader, const char *sql, sqlite3_stmt **out)
{
    int code = sqlite3_prepare_v2(mln_snapshot_db(loader->snapshot), sql, -1, out, NULL);

    return code == SQLITE_OK ? MLN_OK
                             : mln_snapshot_fail(loader->snapshot, code, "read what was collected",
                                       loader->err);
}

/* MLN_OK while there are rows, MLN_ENOTFOUND after the last. */
static int step(struct loader *loader, sqlite3_stmt *statement)
{
    int code = sqlite3_step(statement);

    if (code == SQLITE_ROW)
        return MLN_OK;
    return code == SQLITE_DONE ? MLN_ENOTFOUND
                               : mln_snapshot_fail(loader->snapshot, code,
                                         "read what was collected", loader->err);
}

static int broken_plan(struct loader *loader, const char *what)
{
    return mln_fail(loader->err, MLN_ECORRUPT, "the snapshot's plan %s", what);
}

static int load_tables(struct loader *loader)
{
    MLN_AUTO(mln_check_finalize) sqlite3_stmt *rows = NULL;
    struct mln_unread_map *map = loader->map;
    int rc = prepare(
            loader, "select distinct table_name from plan_table order by table_name", &rows);

    while (rc == MLN_OK && (rc = step(loader, rows)) == MLN_OK) {
        if (map->table_count == MLN_TABLES_MAX)
            return broken_plan(loader, "has too many tables");
        map->tables[map->table_count].name = mln_arena_dup(&map->arena, mln_check_column(rows, 0));
        if (map->tables[map->table_count++].name.ptr == NULL)
            return mln_unread_no_memory(loader->err);
    }
    return rc == MLN_ENOTFOUND ? MLN_OK : rc;
}

static bool parse_scope(struct mln_str name, enum mln_call_scope *out)
{
    static const char *const names[] = {
        [MLN_SCOPE_ACCOUNT] = "account",
        [MLN_SCOPE_SITE] = "site",
        [MLN_SCOPE_REGION] = "region",
        [MLN_SCOPE_ROW] = "row",
    };

    for (size_t i = 0; i < MLN_LEN(names); i++) {
        if (mln_str_is(name, names[i])) {
            *out = (enum mln_call_scope)i;
            return true;
        }
    }
    return false;
}

static int load_call(struct loader *loader, sqlite3_stmt *row)
{
    struct mln_unread_map *map = loader->map;
    struct mln_unread_call *call = &map->calls[map->call_count++];

    mln_map_init(&call->regions, MLN_UNREAD_REGIONS_MAX);
    mln_map_init(&call->keys, MLN_UNREAD_KEYS_MAX);
    mln_map_init(&call->key_regions, MLN_UNREAD_REGIONS_MAX);
    call->id = mln_arena_dup(&map->arena, mln_check_column(row, 0));
    call->ram_action = mln_arena_dup(&map->arena, mln_check_column(row, 2));
    call->parent = mln_unread_map_table(map, mln_check_column(row, 3));
    call->done = sqlite3_column_int(row, 4) != 0;
    if (call->id.ptr == NULL || call->ram_action.ptr == NULL)
        return mln_unread_no_memory(loader->err);
    if (!parse_scope(mln_check_column(row, 1), &call->scope))
        return broken_plan(loader, "has a call of an unknown scope");
    return mln_map_put(&loader->call_index, call->id, call, NULL) == MLN_OK
                   ? MLN_OK
                   : mln_unread_no_memory(loader->err);
}

static int load_calls(struct loader *loader)
{
    MLN_AUTO(mln_check_finalize) sqlite3_stmt *rows = NULL;
    struct mln_unread_map *map = loader->map;
    int rc = prepare(loader,
            "select call, scope, ram_action, parent, done from plan_call order by rowid", &rows);

    while (rc == MLN_OK && (rc = step(loader, rows)) == MLN_OK) {
        if (map->call_count == MLN_UNREAD_CALLS_MAX)
            return broken_plan(loader, "has too many calls");
        rc = load_call(loader, rows);
    }
    return rc == MLN_ENOTFOUND ? MLN_OK : rc;
}

/* The calls that a list of pairs (name, call) gives for one name; both sorted alike. */
static int add_link(struct loader *loader, const size_t **list, size_t *count, size_t call)
{
    size_t *longer = mln_arena_alloc(&loader->map->arena, (*count + 1) * sizeof(*longer));

    if (longer == NULL)
        return mln_unread_no_memory(loader->err);
    if (*count > 0)
        memcpy(longer, *list, *count * sizeof(*longer));
    longer[(*count)++] = call;
    *list = longer;
    return MLN_OK;
}

/* A plan that names a call it does not have cannot say what is missing. */
static int load_links(struct loader *loader, const char *sql, bool is_table)
{
    MLN_AUTO(mln_check_finalize) sqlite3_stmt *rows = NULL;
    struct mln_unread_map *map = loader->map;
    int rc = prepare(loader, sql, &rows);

    while (rc == MLN_OK && (rc = step(loader, rows)) == MLN_OK) {
        const struct mln_unread_call *from,
                *to = mln_map_get(&loader->call_index, mln_check_column(rows, 1));
        struct mln_unread_table *table;
        int index;

        if (to == NULL)
            return broken_plan(loader, "names a call that it has not");
        if (is_table) {
            index = mln_unread_map_table(map, mln_check_column(rows, 0));
            if (index < 0)
                return broken_plan(loader, "names a table that it has not");
            table = &map->tables[index];
            rc = add_link(loader, &table->calls, &table->call_count, (size_t)(to - map->calls));
        } else {
            from = mln_map_get(&loader->call_index, mln_check_column(rows, 0));
            if (from == NULL)
                return broken_plan(loader, "names a call that it has not");
            rc = add_link(loader, &map->calls[from - map->calls].depends,
                    &map->calls[from - map->calls].depend_count, (size_t)(to - map->calls));
        }
    }
    return rc == MLN_ENOTFOUND ? MLN_OK : rc;
}

/* ---- the failures ---- */
static void record_region(
        struct mln_unread_call *call, struct mln_str region, struct mln_unread_reason *reason)
{
    if (call->any_region == NULL)
        call->any_region = reason;
    if (mln_unread_is_everywhere(region) || !mln_unread_remember(&call->regions, region, reason))
        call->whole = reason;
}

static void record_key(struct loader *loader, struct mln_unread_call *call, struct mln_str region,
        struct mln_str key, struct mln_unread_reason *reason)
{
    if (call->any_key == NULL)
        call->any_key = reason;
    if (key.len == 0 || key.len > MLN_UNREAD_KEY_BYTES_MAX ||
            loader->map->key_count >= MLN_UNREAD_KEYS_MAX ||
            !mln_unread_remember(&call->keys, key, reason) ||
            !mln_unread_remember(&call->key_regions, region, reason))
        call->whole = reason;
    loader->map->key_count++;
}

static int load_failure(struct loader *loader, sqlite3_stmt *row)
{
    struct mln_unread_call *call = mln_map_get(&loader->call_index, mln_check_column(row, 0));
    struct mln_str region = mln_check_column(row, 1);
    struct mln_unread_reason *reason;
    enum mln_outcome outcome;

    if (call == NULL)
        return broken_plan(loader, "has not a call that was made");
    if (mln_outcome_parse(mln_check_column(row, 3), &outcome) != MLN_OK)
        return mln_fail(loader->err, MLN_ECORRUPT, "the snapshot has a call of an unknown outcome");
    if (mln_outcome_is_read(outcome) || call->whole != NULL)
        return MLN_OK;
    reason = reason_for(loader, call, outcome, mln_check_column(row, 4));
    if (reason == NULL)
        return mln_unread_no_memory(loader->err);
    if (region.len > MLN_UNREAD_KEY_BYTES_MAX)
        region = MLN_STR("");
    if (call->scope == MLN_SCOPE_REGION)
        record_region(call, region, reason);
    else if (call->scope == MLN_SCOPE_ROW)
        record_key(loader, call, region, mln_check_column(row, 2), reason);
    else
        call->whole = reason;
    return MLN_OK;
}

static int load_failures(struct loader *loader)
{
    MLN_AUTO(mln_check_finalize) sqlite3_stmt *rows = NULL;
    struct mln_unread_map *map = loader->map;
    int rc = prepare(loader,
            "select call, region, key, outcome, code from collect_call where outcome not in "
            "('ok', 'absent', 'not_applicable', 'not_activated', 'no_region', 'gone') order by id",
            &rows);

    while (rc == MLN_OK && (rc = step(loader, rows)) == MLN_OK)
        rc = load_failure(loader, rows);
    for (size_t i = 0; rc == MLN_ENOTFOUND && i < map->call_count; i++) {
        struct mln_unread_call *call = &map->calls[i];

        if (call->done || call->whole != NULL)
            continue;
        call->whole = reason_for(loader, call, MLN_OUTCOME_RUNNING, MLN_STR(""));
        if (call->whole == NULL)
            return mln_unread_no_memory(loader->err);
    }
    return rc == MLN_ENOTFOUND ? MLN_OK : rc;
}

static bool has_failed(const struct mln_unread_call *call)
{
    return call->whole != NULL || call->any_region != NULL || call->any_key != NULL;
}

/* Marks in `seen` the calls of `from` and whatever they depend on. Each call is stacked once. */
static void walk(struct loader *loader, const size_t *from, size_t count)
{
    size_t depth = 0;

    memset(loader->seen, 0, loader->map->call_count);
    for (size_t i = 0; i < count; i++) {
        if (loader->seen[from[i]] == 0)
            loader->stack[depth++] = from[i];
        loader->seen[from[i]] = 1;
    }
    while (depth > 0) {
        const struct mln_unread_call *call = &loader->map->calls[loader->stack[--depth]];

        for (size_t i = 0; i < call->depend_count; i++) {
            if (loader->seen[call->depends[i]] == 0)
                loader->stack[depth++] = call->depends[i];
            loader->seen[call->depends[i]] = 1;
        }
    }
}

static bool is_direct(const struct mln_unread_table *table, size_t call)
{
    for (size_t i = 0; i < table->call_count; i++) {
        if (table->calls[i] == call)
            return true;
    }
    return false;
}

/* Is a key of this call a key of the table: of a call that fills it, or made for the same rows? */
static bool is_keyed_alike(
        const struct mln_unread_map *map, const struct mln_unread_table *table, size_t call)
{
    int parent = map->calls[call].parent;

    for (size_t i = 0; parent >= 0 && i < table->call_count; i++) {
        if (map->calls[table->calls[i]].parent == parent)
            return true;
    }
    return is_direct(table, call);
}

/* Listed by region, or made for rows that were. */
static bool is_regional(struct loader *loader, const struct mln_unread_table *table)
{
    struct mln_unread_map *map = loader->map;

    for (size_t i = 0; i < table->call_count; i++) {
        bool found = false;

        walk(loader, &table->calls[i], 1);
        for (size_t j = 0; j < map->call_count; j++)
            found = found || (loader->seen[j] != 0 && map->calls[j].scope == MLN_SCOPE_REGION);
        if (!found || map->calls[table->calls[i]].scope < MLN_SCOPE_REGION)
            return false;
    }
    return table->call_count > 0;
}

static int find_needs(struct loader *loader, struct mln_unread_table *table)
{
    struct mln_unread_map *map = loader->map;
    size_t count = 0;

    table->is_regional = is_regional(loader, table);
    walk(loader, table->calls, table->call_count);
    for (size_t i = 0; i < map->call_count; i++)
        count += loader->seen[i] != 0 && has_failed(&map->calls[i]) ? 1 : 0;
    if (count == 0)
        return MLN_OK;
    table->needs = mln_arena_alloc(&map->arena, count * sizeof(*table->needs));
    if (table->needs == NULL)
        return mln_unread_no_memory(loader->err);
    /* What fills the table itself comes first: that reason says more than one further up. */
    for (int pass = 0; pass < 2; pass++) {
        for (size_t i = 0; i < map->call_count; i++) {
            if (loader->seen[i] != 0 && has_failed(&map->calls[i]) &&
                    is_direct(table, i) == (pass == 0))
                table->needs[table->need_count++] = (struct mln_unread_need){ &map->calls[i],
                    is_keyed_alike(map, table, i) };
        }
    }
    return MLN_OK;
}

static int load(struct loader *loader)
{
    int rc = load_tables(loader);

    if (rc == MLN_OK)
        rc = load_calls(loader);
    if (rc == MLN_OK)
        rc = load_links(loader, "select table_name, call from plan_table order by rowid", true);
    if (rc == MLN_OK)
        rc = load_links(loader,
                "select p.call, d.value from plan_call p, json_each(p.depends) d order by p.rowid",
                false);
    if (rc == MLN_OK)
        rc = load_failures(loader);
    for (size_t i = 0; rc == MLN_OK && i < loader->map->table_count; i++)
        rc = find_needs(loader, &loader->map->tables[i]);
    return rc;
}

int mln_unread_map_new(
        struct mln_snapshot *snapshot, struct mln_unread_map **out, struct mln_err *err)
{
    struct mln_unread_map *map = calloc(1, sizeof(*map));
    struct loader loader = { .map = map, .snapshot = snapshot, .err = err };
    int rc;

    if (map == NULL)
        return mln_unread_no_memory(err);
    map->arena.max_bytes = MAP_BYTES_MAX;
    map->calls = calloc(MLN_UNREAD_CALLS_MAX, sizeof(*map->calls));
    loader.stack = calloc(MLN_UNREAD_CALLS_MAX, sizeof(*loader.stack));
    loader.seen = calloc(MLN_UNREAD_CALLS_MAX, sizeof(*loader.seen));
    mln_map_init(&loader.call_index, MLN_UNREAD_CALLS_MAX);
    if (map->calls == NULL || loader.stack == NULL || loader.seen == NULL)
        rc = mln_unread_no_memory(err);
    else
        rc = load(&loader);
    mln_map_fini(&loader.call_index, NULL);
    free(loader.stack);
    free(loader.seen);
    if (rc != MLN_OK) {
        mln_unread_map_free(map);
        return rc;
    }
    *out = map;
    return MLN_OK;
}
