#include "check/unread.h"

#include "check/unread_map.h"

int mln_unread_no_memory(struct mln_err *err)
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

bool mln_unread_is_everywhere(struct mln_str region)
{
    return region.len == 0 || mln_str_is(region, "global");
}

/* False when there is no room (or no memory): then the call as a whole counts as unread. */
bool mln_unread_remember(struct mln_map *map, struct mln_str key, struct mln_unread_reason *reason)
{
    return mln_map_get(map, key) != NULL || mln_map_put(map, key, reason, NULL) == MLN_OK;
}

/* ---- questions ---- */
const struct mln_unread_reason *mln_unread_in_region(
        const struct mln_map *map, const struct mln_unread_reason *any, struct mln_str region)
{
    const struct mln_unread_reason *reason;

    if (any == NULL || mln_unread_is_everywhere(region))
        return any;
    reason = mln_map_get(map, region);
    if (reason == NULL)
        reason = mln_map_get(map, MLN_STR(""));
    return reason != NULL ? reason : mln_map_get(map, MLN_STR("global"));
}

static const struct mln_unread_reason *ask_call(
        const struct mln_unread_need *need, const struct mln_str *region, const struct mln_str *key)
{
    const struct mln_unread_call *call = need->call;
    const struct mln_unread_reason *reason = call->whole;

    if (reason == NULL)
        reason = region == NULL ? call->any_region
                                : mln_unread_in_region(&call->regions, call->any_region, *region);
    if (reason != NULL || call->any_key == NULL)
        return reason;
    if (region == NULL)
        return call->any_key;
    /* The key of a call further up, made for other rows, is not the one that was asked for. */
    if (key != NULL && need->is_keyed)
        return mln_map_get(&call->keys, *key);
    return mln_unread_in_region(&call->key_regions, call->any_key, *region);
}

const struct mln_unread_reason *mln_unread_ask(const struct mln_unread_map *map, int table,
        const struct mln_str *region, const struct mln_str *key)
{
    const struct mln_unread_table *asked = &map->tables[table];
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

/* The table of the first argument, which is nearly always a constant: it is looked up once. */
static const struct mln_unread_table *asked_table(sqlite3_context *out, sqlite3_value **values)
{
    const struct mln_unread_map *map = sqlite3_user_data(out);
    const struct mln_unread_table *known = sqlite3_get_auxdata(out, 0);
    const struct mln_str *given = NULL;
    struct mln_str name;
    int table;

    if (known != NULL)
        return known;
    if (!read_argument(out, 1, values, 0, &name, &given))
        return NULL;
    table = given != NULL ? mln_unread_map_table(map, *given) : -1;
    if (table < 0) {
        sqlite3_result_error(out, "unread() asks for a table that the plan does not have", -1);
        return NULL;
    }
    /* NOLINTNEXTLINE(performance-no-int-to-ptr): a number or a mark, never followed */
    sqlite3_set_auxdata(out, 0, (void *)(uintptr_t)&map->tables[table], NULL);
    return &map->tables[table];
}

static void call_unread(sqlite3_context *out, int count, sqlite3_value **values)
{
    const struct mln_unread_map *map = sqlite3_user_data(out);
    const struct mln_unread_table *table;
    struct mln_str text[3];
    const struct mln_str *given[3] = { NULL, NULL, NULL };
    const struct mln_unread_reason *reason;

    if (count < 1 || count > 3) {
        sqlite3_result_error(out, "unread() takes a table, a region and a key", -1);
        return;
    }
    table = asked_table(out, values);
    /* Most often nothing is unread, and then the answer costs nothing. */
    if (table == NULL || table->need_count == 0)
        return;
    for (int i = 1; i < 3; i++) {
        if (!read_argument(out, count, values, i, &text[i], &given[i]))
            return;
    }
    reason = mln_unread_ask(map, (int)(table - map->tables), given[1], given[2]);
    if (reason != NULL)
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

bool mln_unread_needs_any(const struct mln_unread_map *map, const struct mln_table_set *reads)
{
    for (size_t i = 0; i < map->table_count; i++) {
        if (mln_table_set_has(reads, i) && map->tables[i].need_count > 0)
            return true;
    }
    return false;
}
