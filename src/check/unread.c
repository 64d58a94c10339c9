#include "check/unread.h"

#include "base/map.h"
#include "check/priv.h"

#define MAP_BYTES_MAX ((size_t)64 * 1024 * 1024)
#define CODES_MAX     16 /* Different codes of one call that are told apart. */
#define REASON_MAX    ((size_t)512)

struct failure {
    struct mln_unread_reason reason;
    struct mln_str code;
    struct failure *next;
};

struct call {
    struct mln_str id, ram_action;
    enum mln_call_scope scope;
    int parent; /* The table whose ids are its keys; -1: none, or several. */
    const size_t *depends;
    size_t depend_count;
    bool done;
    struct failure *failures;
    size_t failure_count;
    struct mln_unread_reason *whole;  /* Nothing of the call can be relied on. */
    struct mln_map regions;           /* Region to reason: the call of that region failed. */
    struct mln_map keys, key_regions; /* Key to reason; the regions of these keys. */
    struct mln_unread_reason *any_region, *any_key;
};

/* A call with a failure, seen from a table that needs it. */
struct need {
    const struct call *call;
    bool is_direct; /* It fills the table itself. */
};

struct table {
    struct mln_str name;
    const size_t *calls;
    size_t call_count;
    bool is_regional; /* Its rows were listed region by region. */
    struct need *needs;
    size_t need_count;
};

struct mln_unread_map {
    struct mln_arena arena;
    struct table tables[MLN_TABLES_MAX];
    size_t table_count;
    struct call *calls;
    size_t call_count;
    size_t key_count; /* Of all calls, against MLN_UNREAD_KEYS_MAX. */
};

/* What is done while the map is read. */
struct loader {
    struct mln_unread_map *map;
    struct mln_snapshot *snapshot;
    struct mln_err *err;
    struct mln_map call_index; /* Call id to its struct call. */
    size_t *stack;             /* Of call_count: a walk along what calls depend on. */
    unsigned char *seen;
};

static void finalize(sqlite3_stmt **statement)
{
    (void)sqlite3_finalize(*statement);
}

static struct mln_str text_of(sqlite3_stmt *statement, int column)
{
    const unsigned char *text = sqlite3_column_text(statement, column);
    int len = sqlite3_column_bytes(statement, column);

    return text != NULL ? (struct mln_str){ (const char *)text, (size_t)len } : MLN_STR("");
}

static int no_memory(struct mln_err *err)
{
    return mln_fail(err, MLN_ENOMEM, "what was not read: out of memory, or the plan is too large");
}

void mln_unread_map_free(struct mln_unread_map *map)
{
    if (map == NULL)
        return;
    for (size_t i = 0; i < map->call_count; i++) {
        mln_map_fini(&map->calls[i].regions, NULL);
        mln_map_fini(&map->calls[i].keys, NULL);
        mln_map_fini(&map->calls[i].key_regions, NULL);
    }
    free(map->calls);
    mln_arena_free(&map->arena);
    free(map);
}

int mln_unread_map_table(const struct mln_unread_map *map, struct mln_str name)
{
    size_t low = 0, high = map->table_count;

    while (low < high) {
        size_t middle = low + (high - low) / 2;
        int order = mln_str_cmp(map->tables[middle].name, name);

        if (order == 0)
            return (int)middle;
        if (order < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return -1;
}

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
static struct mln_unread_reason *reason_for(
        struct loader *loader, struct call *call, enum mln_outcome outcome, struct mln_str code)
{
    MLN_AUTO(mln_buf_free) struct mln_buf text = MLN_BUF_INIT(REASON_MAX);
    enum mln_unread why = why_of(outcome);
    bool denied = why == MLN_UNREAD_DENIED && call->ram_action.len > 0 &&
                  !mln_str_is(call->ram_action, "none");
    struct failure *failure;

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
    MLN_AUTO(finalize) sqlite3_stmt *rows = NULL;
    struct mln_unread_map *map = loader->map;
    int rc = prepare(
            loader, "select distinct table_name from plan_table order by table_name", &rows);

    while (rc == MLN_OK && (rc = step(loader, rows)) == MLN_OK) {
        if (map->table_count == MLN_TABLES_MAX)
            return broken_plan(loader, "has too many tables");
        map->tables[map->table_count].name = mln_arena_dup(&map->arena, text_of(rows, 0));
        if (map->tables[map->table_count++].name.ptr == NULL)
            return no_memory(loader->err);
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
    struct call *call = &map->calls[map->call_count++];

    mln_map_init(&call->regions, MLN_UNREAD_REGIONS_MAX);
    mln_map_init(&call->keys, MLN_UNREAD_KEYS_MAX);
    mln_map_init(&call->key_regions, MLN_UNREAD_REGIONS_MAX);
    call->id = mln_arena_dup(&map->arena, text_of(row, 0));
    call->ram_action = mln_arena_dup(&map->arena, text_of(row, 2));
    call->parent = mln_unread_map_table(map, text_of(row, 3));
    call->done = sqlite3_column_int(row, 4) != 0;
    if (call->id.ptr == NULL || call->ram_action.ptr == NULL)
        return no_memory(loader->err);
    if (!parse_scope(text_of(row, 1), &call->scope))
        return broken_plan(loader, "has a call of an unknown scope");
    return mln_map_put(&loader->call_index, call->id, call, NULL) == MLN_OK
                   ? MLN_OK
                   : no_memory(loader->err);
}

static int load_calls(struct loader *loader)
{
    MLN_AUTO(finalize) sqlite3_stmt *rows = NULL;
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
        return no_memory(loader->err);
    if (*count > 0)
        memcpy(longer, *list, *count * sizeof(*longer));
    longer[(*count)++] = call;
    *list = longer;
    return MLN_OK;
}

/* A plan that names a call it does not have cannot say what is missing. */
static int load_links(struct loader *loader, const char *sql, bool is_table)
{
    MLN_AUTO(finalize) sqlite3_stmt *rows = NULL;
    struct mln_unread_map *map = loader->map;
    int rc = prepare(loader, sql, &rows);

    while (rc == MLN_OK && (rc = step(loader, rows)) == MLN_OK) {
        const struct call *from, *to = mln_map_get(&loader->call_index, text_of(rows, 1));
        struct table *table;
        int index;

        if (to == NULL)
            return broken_plan(loader, "names a call that it has not");
        if (is_table) {
            index = mln_unread_map_table(map, text_of(rows, 0));
            if (index < 0)
                return broken_plan(loader, "names a table that it has not");
            table = &map->tables[index];
            rc = add_link(loader, &table->calls, &table->call_count, (size_t)(to - map->calls));
        } else {
            from = mln_map_get(&loader->call_index, text_of(rows, 0));
            if (from == NULL)
                return broken_plan(loader, "names a call that it has not");
            rc = add_link(loader, &map->calls[from - map->calls].depends,
                    &map->calls[from - map->calls].depend_count, (size_t)(to - map->calls));
        }
    }
    return rc == MLN_ENOTFOUND ? MLN_OK : rc;
}

/* ---- the failures ---- */
static bool is_everywhere(struct mln_str region)
{
    return region.len == 0 || mln_str_is(region, "global");
}

/* False when there is no room (or no memory): then the call as a whole counts as unread. */
static bool remember(struct mln_map *map, struct mln_str key, struct mln_unread_reason *reason)
{
    return mln_map_get(map, key) != NULL || mln_map_put(map, key, reason, NULL) == MLN_OK;
}

static void record_region(
        struct call *call, struct mln_str region, struct mln_unread_reason *reason)
{
    if (call->any_region == NULL)
        call->any_region = reason;
    if (is_everywhere(region) || !remember(&call->regions, region, reason))
        call->whole = reason;
}

static void record_key(struct loader *loader, struct call *call, struct mln_str region,
        struct mln_str key, struct mln_unread_reason *reason)
{
    if (call->any_key == NULL)
        call->any_key = reason;
    if (key.len == 0 || key.len > MLN_UNREAD_KEY_BYTES_MAX ||
            loader->map->key_count >= MLN_UNREAD_KEYS_MAX || !remember(&call->keys, key, reason) ||
            !remember(&call->key_regions, region, reason))
        call->whole = reason;
    loader->map->key_count++;
}

static int load_failure(struct loader *loader, sqlite3_stmt *row)
{
    struct call *call = mln_map_get(&loader->call_index, text_of(row, 0));
    struct mln_str region = text_of(row, 1);
    struct mln_unread_reason *reason;
    enum mln_outcome outcome;

    if (call == NULL)
        return broken_plan(loader, "has not a call that was made");
    if (mln_outcome_parse(text_of(row, 3), &outcome) != MLN_OK)
        return mln_fail(loader->err, MLN_ECORRUPT, "the snapshot has a call of an unknown outcome");
    if (mln_outcome_is_read(outcome) || call->whole != NULL)
        return MLN_OK;
    reason = reason_for(loader, call, outcome, text_of(row, 4));
    if (reason == NULL)
        return no_memory(loader->err);
    if (region.len > MLN_UNREAD_KEY_BYTES_MAX)
        region = MLN_STR("");
    if (call->scope == MLN_SCOPE_REGION)
        record_region(call, region, reason);
    else if (call->scope == MLN_SCOPE_ROW)
        record_key(loader, call, region, text_of(row, 2), reason);
    else
        call->whole = reason;
    return MLN_OK;
}

static int load_failures(struct loader *loader)
{
    MLN_AUTO(finalize) sqlite3_stmt *rows = NULL;
    struct mln_unread_map *map = loader->map;
    int rc = prepare(loader,
            "select call, region, key, outcome, code from collect_call where outcome not in "
            "('ok', 'absent', 'not_applicable', 'not_activated', 'no_region', 'gone') order by id",
            &rows);

    while (rc == MLN_OK && (rc = step(loader, rows)) == MLN_OK)
        rc = load_failure(loader, rows);
    for (size_t i = 0; rc == MLN_ENOTFOUND && i < map->call_count; i++) {
        struct call *call = &map->calls[i];

        if (call->done || call->whole != NULL)
            continue;
        call->whole = reason_for(loader, call, MLN_OUTCOME_RUNNING, MLN_STR(""));
        if (call->whole == NULL)
            return no_memory(loader->err);
    }
    return rc == MLN_ENOTFOUND ? MLN_OK : rc;
}

static bool has_failed(const struct call *call)
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
        const struct call *call = &loader->map->calls[loader->stack[--depth]];

        for (size_t i = 0; i < call->depend_count; i++) {
            if (loader->seen[call->depends[i]] == 0)
                loader->stack[depth++] = call->depends[i];
            loader->seen[call->depends[i]] = 1;
        }
    }
}

static bool is_direct(const struct table *table, size_t call)
{
    for (size_t i = 0; i < table->call_count; i++) {
        if (table->calls[i] == call)
            return true;
    }
    return false;
}

/* Listed by region, or made for rows that were. */
static bool is_regional(struct loader *loader, const struct table *table)
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

static int find_needs(struct loader *loader, struct table *table)
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
        return no_memory(loader->err);
    for (size_t i = 0; i < map->call_count; i++) {
        if (loader->seen[i] != 0 && has_failed(&map->calls[i]))
            table->needs[table->need_count++] = (struct need){ &map->calls[i],
                is_direct(table, i) };
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
        return no_memory(err);
    map->arena.max_bytes = MAP_BYTES_MAX;
    map->calls = calloc(MLN_UNREAD_CALLS_MAX, sizeof(*map->calls));
    loader.stack = calloc(MLN_UNREAD_CALLS_MAX, sizeof(*loader.stack));
    loader.seen = calloc(MLN_UNREAD_CALLS_MAX, sizeof(*loader.seen));
    mln_map_init(&loader.call_index, MLN_UNREAD_CALLS_MAX);
    if (map->calls == NULL || loader.stack == NULL || loader.seen == NULL)
        rc = no_memory(err);
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

/* ---- questions ---- */
static const struct mln_unread_reason *in_region(
        const struct mln_map *map, const struct mln_unread_reason *any, struct mln_str region)
{
    const struct mln_unread_reason *reason;

    if (any == NULL || is_everywhere(region))
        return any;
    reason = mln_map_get(map, region);
    if (reason == NULL)
        reason = mln_map_get(map, MLN_STR(""));
    return reason != NULL ? reason : mln_map_get(map, MLN_STR("global"));
}

static const struct mln_unread_reason *ask_call(
        const struct need *need, const struct mln_str *region, const struct mln_str *key)
{
    const struct call *call = need->call;
    const struct mln_unread_reason *reason = call->whole;

    if (reason == NULL)
        reason = region == NULL ? call->any_region
                                : in_region(&call->regions, call->any_region, *region);
    if (reason != NULL || call->any_key == NULL)
        return reason;
    if (region == NULL)
        return call->any_key;
    /* The key of a call further up is not the one that was asked for. */
    if (key != NULL && need->is_direct)
        return mln_map_get(&call->keys, *key);
    return in_region(&call->key_regions, call->any_key, *region);
}

const struct mln_unread_reason *mln_unread_ask(const struct mln_unread_map *map, int table,
        const struct mln_str *region, const struct mln_str *key)
{
    const struct table *asked = &map->tables[table];
    const struct mln_unread_reason *reason = NULL;

    for (size_t i = 0; reason == NULL && i < asked->need_count; i++)
        reason = ask_call(&asked->needs[i], region, key);
    return reason;
}

static bool read_argument(sqlite3_context *out, int count, sqlite3_value **values, int index,
        struct mln_str *text, const struct mln_str **given)
{
    const unsigned char *bytes;

    *given = NULL;
    if (index >= count || sqlite3_value_type(values[index]) == SQLITE_NULL)
        return true;
    bytes = sqlite3_value_text(values[index]);
    if (bytes == NULL) {
        sqlite3_result_error_nomem(out);
        return false;
    }
    *text = (struct mln_str){ (const char *)bytes, (size_t)sqlite3_value_bytes(values[index]) };
    *given = text;
    return true;
}

static void call_unread(sqlite3_context *out, int count, sqlite3_value **values)
{
    const struct mln_unread_map *map = sqlite3_user_data(out);
    struct mln_str text[3];
    const struct mln_str *given[3] = { NULL, NULL, NULL };
    const struct mln_unread_reason *reason;
    int table;

    if (count < 1 || count > 3) {
        sqlite3_result_error(out, "unread() takes a table, a region and a key", -1);
        return;
    }
    for (int i = 0; i < 3; i++) {
        if (!read_argument(out, count, values, i, &text[i], &given[i]))
            return;
    }
    table = given[0] != NULL ? mln_unread_map_table(map, *given[0]) : -1;
    if (table < 0) {
        sqlite3_result_error(out, "unread() asks for a table that the plan does not have", -1);
        return;
    }
    reason = mln_unread_ask(map, table, given[1], given[2]);
    if (reason == NULL)
        sqlite3_result_null(out);
    else
        sqlite3_result_text64(
                out, reason->text.ptr, reason->text.len, SQLITE_TRANSIENT, SQLITE_UTF8);
}

static void free_owned(void *map)
{
    mln_unread_map_free(map);
}

int mln_unread_function(
        struct sqlite3 *db, struct mln_unread_map *map, bool owned, struct mln_err *err)
{
    int code = sqlite3_create_function_v2(db, "unread", -1,
            SQLITE_UTF8 | SQLITE_DETERMINISTIC | SQLITE_DIRECTONLY, map,
            map != NULL ? call_unread : NULL, NULL, NULL, owned ? free_owned : NULL);

    return code == SQLITE_OK
                   ? MLN_OK
                   : mln_fail(err, code == SQLITE_NOMEM ? MLN_ENOMEM : MLN_EIO,
                             "register the SQL function unread: %s", sqlite3_errstr(code));
}

/* ---- a check's rows ---- */
enum how { BY_REGION, BY_KEY, BY_CHILD, BY_KEY_REGION };

struct lens {
    const struct call *call;
    enum how how;
    struct mln_map children; /* BY_CHILD: ids of rows whose parent is a failed key. */
};

struct mln_unread_view {
    const struct mln_unread_reason *whole;
    struct lens *lenses;
    size_t lens_count;
};

void mln_unread_view_free(struct mln_unread_view *view)
{
    if (view == NULL)
        return;
    for (size_t i = 0; i < view->lens_count; i++) {
        if (view->lenses[i].how == BY_CHILD)
            mln_map_fini(&view->lenses[i].children, NULL);
    }
    free(view->lenses);
    free(view);
}

/* The scope's rows are children of the rows that the call was made for. */
static bool is_own_parent(
        const struct mln_unread_map *map, const struct mln_unread_rows *rows, int parent)
{
    const struct table *table = &map->tables[rows->id_table];

    for (size_t i = 0; i < table->call_count; i++) {
        const struct call *call = &map->calls[table->calls[i]];

        if (call->scope == MLN_SCOPE_ROW && call->parent == parent)
            return true;
    }
    return false;
}

static enum how how_for_keys(const struct mln_unread_map *map, const struct mln_unread_rows *rows,
        const struct call *call)
{
    if (call->parent < 0 || rows->id_table < 0)
        return BY_KEY_REGION;
    if (call->parent == rows->id_table)
        return BY_KEY;
    return is_own_parent(map, rows, call->parent) ? BY_CHILD : BY_KEY_REGION;
}

/* One pass over the scope's table, whether or not it has an index. */
static int find_children(const struct mln_unread_map *map, struct sqlite3 *db, int table,
        struct lens *lens, bool *overflow, struct mln_err *err)
{
    MLN_AUTO(finalize) sqlite3_stmt *rows = NULL;
    char sql[128];
    int code;

    (void)sqlite3_snprintf(sizeof(sql), sql, "select id, parent from \"%.*w\"",
            (int)map->tables[table].name.len, map->tables[table].name.ptr);
    code = sqlite3_prepare_v2(db, sql, -1, &rows, NULL);
    while (code == SQLITE_OK && (code = sqlite3_step(rows)) == SQLITE_ROW) {
        struct mln_unread_reason *reason = mln_map_get(&lens->call->keys, text_of(rows, 1));

        code = SQLITE_OK;
        if (reason != NULL && !remember(&lens->children, text_of(rows, 0), reason)) {
            *overflow = true;
            return MLN_OK;
        }
    }
    return code == SQLITE_DONE ? MLN_OK
                               : mln_fail(err, code == SQLITE_INTERRUPT ? MLN_ETOOBIG : MLN_EIO,
                                         "what was not read: %s", sqlite3_errmsg(db));
}

struct viewer {
    const struct mln_unread_map *map;
    struct sqlite3 *db;
    const struct mln_unread_rows *rows;
    struct mln_unread_view *view;
    bool is_regional;
};

static int add_lens(struct viewer *viewer, const struct call *call, enum how how,
        const struct mln_unread_reason *any, struct mln_err *err)
{
    struct mln_unread_view *view = viewer->view;
    struct lens *lens = &view->lenses[view->lens_count];
    bool overflow = false;
    int rc = MLN_OK;

    *lens = (struct lens){ .call = call, .how = how };
    view->lens_count++;
    if (how != BY_CHILD)
        return MLN_OK;
    mln_map_init(&lens->children, MLN_UNREAD_KEYS_MAX);
    rc = find_children(viewer->map, viewer->db, viewer->rows->id_table, lens, &overflow, err);
    if (rc == MLN_OK && overflow)
        view->whole = any;
    return rc;
}

static int look_through(struct viewer *viewer, const struct call *call, struct mln_err *err)
{
    enum how how = how_for_keys(viewer->map, viewer->rows, call);
    int rc = MLN_OK;

    if (call->whole != NULL)
        viewer->view->whole = call->whole;
    else if (call->any_region != NULL && !viewer->is_regional)
        viewer->view->whole = call->any_region;
    else if (call->any_key != NULL && how == BY_KEY_REGION && !viewer->is_regional)
        viewer->view->whole = call->any_key;
    if (viewer->view->whole != NULL)
        return MLN_OK;
    if (call->any_region != NULL)
        rc = add_lens(viewer, call, BY_REGION, call->any_region, err);
    if (rc == MLN_OK && call->any_key != NULL)
        rc = add_lens(viewer, call, how, call->any_key, err);
    return rc;
}

static bool rows_are_regional(const struct mln_unread_map *map, const struct mln_unread_rows *rows)
{
    bool regional = true, any = false;

    if (rows->region_table >= 0)
        return map->tables[rows->region_table].is_regional;
    for (size_t i = 0; i < map->table_count; i++) {
        if (!mln_table_set_has(&rows->tables, i))
            continue;
        any = true;
        regional = regional && map->tables[i].is_regional;
    }
    return any && regional;
}

/* Each call with a failure that `reads` needs, once, in the order of the plan. */
static int look(struct viewer *viewer, const struct mln_table_set *reads, unsigned char *wanted,
        struct mln_err *err)
{
    const struct mln_unread_map *map = viewer->map;
    int rc = MLN_OK;

    for (size_t i = 0; i < map->table_count; i++) {
        for (size_t j = 0; mln_table_set_has(reads, i) && j < map->tables[i].need_count; j++)
            wanted[map->tables[i].needs[j].call - map->calls] = 1;
    }
    for (size_t i = 0; rc == MLN_OK && viewer->view->whole == NULL && i < map->call_count; i++) {
        if (wanted[i] != 0)
            rc = look_through(viewer, &map->calls[i], err);
    }
    return rc;
}

static bool needs_something(const struct mln_unread_map *map, const struct mln_table_set *reads)
{
    for (size_t i = 0; i < map->table_count; i++) {
        if (mln_table_set_has(reads, i) && map->tables[i].need_count > 0)
            return true;
    }
    return false;
}

int mln_unread_view_new(const struct mln_unread_map *map, struct sqlite3 *db,
        const struct mln_table_set *reads, const struct mln_unread_rows *rows,
        struct mln_unread_view **out, struct mln_err *err)
{
    MLN_AUTO_FREE unsigned char *wanted = NULL;
    struct viewer viewer = { map, db, rows, NULL, rows_are_regional(map, rows) };
    int rc;

    if (!needs_something(map, reads)) {
        *out = NULL;
        return MLN_OK;
    }
    wanted = calloc(map->call_count + 1, 1);
    viewer.view = calloc(1, sizeof(*viewer.view));
    if (viewer.view != NULL)
        viewer.view->lenses = calloc(2 * map->call_count + 1, sizeof(*viewer.view->lenses));
    if (wanted == NULL || viewer.view == NULL || viewer.view->lenses == NULL)
        rc = no_memory(err);
    else
        rc = look(&viewer, reads, wanted, err);
    if (rc != MLN_OK) {
        mln_unread_view_free(viewer.view);
        return rc;
    }
    *out = viewer.view;
    return MLN_OK;
}

static const struct mln_unread_reason *through(
        const struct lens *lens, struct mln_str id, struct mln_str region)
{
    const struct mln_unread_reason *reason;

    switch (lens->how) {
    case BY_REGION:
        return in_region(&lens->call->regions, lens->call->any_region, region);
    case BY_KEY:
        return mln_map_get(&lens->call->keys, id);
    case BY_CHILD:
        reason = mln_map_get(&lens->call->keys, id);
        return reason != NULL ? reason : mln_map_get(&lens->children, id);
    case BY_KEY_REGION:
        return in_region(&lens->call->key_regions, lens->call->any_key, region);
    }
    return NULL;
}

const struct mln_unread_reason *mln_unread_of(
        const struct mln_unread_view *view, struct mln_str id, struct mln_str region)
{
    const struct mln_unread_reason *reason = view != NULL ? view->whole : NULL;

    for (size_t i = 0; view != NULL && reason == NULL && i < view->lens_count; i++)
        reason = through(&view->lenses[i], id, region);
    return reason;
}

/* ---- the scope itself ---- */
struct scopes {
    struct mln_evaluation *out;
    struct mln_unread_scope *list;
    size_t count;
};

static void add_scope(
        struct scopes *scopes, struct mln_str region, const struct mln_unread_reason *reason)
{
    if (is_everywhere(region))
        region = MLN_STR("");
    for (size_t i = 0; i < scopes->count; i++) {
        if (mln_str_eq(scopes->list[i].region, region))
            return;
    }
    if (scopes->count == MLN_UNREAD_REGIONS_MAX) {
        /* More regions than exist: the last entry stands for all of them. */
        scopes->list[scopes->count - 1].region = MLN_STR("");
        return;
    }
    scopes->list[scopes->count++] = (struct mln_unread_scope){
        .region = region,
        .reason = reason->text,
        .why = reason->why,
    };
}

static void add_regions(struct scopes *scopes, const struct mln_map *regions)
{
    struct mln_str region;
    void *reason;
    size_t at = 0;

    while (mln_map_next(regions, &at, &region, &reason))
        add_scope(scopes, region, reason);
}

static int compare_scopes(const void *a, const void *b)
{
    const struct mln_unread_scope *x = a, *y = b;

    return mln_str_cmp(x->region, y->region);
}

static int keep_scopes(struct scopes *scopes, struct mln_err *err)
{
    for (size_t i = 0; i < scopes->count; i++) {
        struct mln_unread_scope *scope = &scopes->list[i];

        scope->region = mln_arena_dup(&scopes->out->arena, scope->region);
        scope->reason = mln_arena_dup(&scopes->out->arena, scope->reason);
        if (scope->region.ptr == NULL || scope->reason.ptr == NULL)
            return no_memory(err);
    }
    qsort(scopes->list, scopes->count, sizeof(*scopes->list), compare_scopes);
    scopes->out->unread = scopes->list;
    scopes->out->unread_count = scopes->count;
    return MLN_OK;
}

int mln_unread_scopes(const struct mln_unread_map *map, const struct mln_table_set *tables,
        struct mln_evaluation *out, struct mln_err *err)
{
    struct scopes scopes = { .out = out };

    if (!needs_something(map, tables))
        return MLN_OK;
    scopes.list = mln_arena_alloc(&out->arena, MLN_UNREAD_REGIONS_MAX * sizeof(*scopes.list));
    if (scopes.list == NULL)
        return no_memory(err);
    for (size_t i = 0; i < map->table_count; i++) {
        for (size_t j = 0; mln_table_set_has(tables, i) && j < map->tables[i].need_count; j++) {
            const struct call *call = map->tables[i].needs[j].call;

            if (call->whole != NULL)
                add_scope(&scopes, MLN_STR(""), call->whole);
            add_regions(&scopes, &call->regions);
            add_regions(&scopes, &call->key_regions);
        }
    }
    return keep_scopes(&scopes, err);
}
