/*
 * The keys of a call. They are copied out of the snapshot before the first call is made: a
 * statement that stayed open over the snapshot would see what the calls write, and keep its log
 * from being put away. The copy is in the order of regions, and each region is read on its own:
 * limits are the regions', so none may have to wait for another.
 */
#include <sqlite3.h>

#include "acs/endpoint.h"
#include "collect/executor.h"

#define SQL_MAX         ((size_t)4096)
#define REGION_MAX      ((size_t)256) /* Of a name, to tell it from the one before it. */
#define REGIONS_AT_ONCE ((size_t)16)

static int fail_sql(
        struct mln_keys *keys, struct mln_snapshot *snapshot, int code, struct mln_err *err)
{
    if (snapshot != NULL)
        return mln_snapshot_fail(snapshot, code, "read the keys of a call", err);
    return mln_fail(err, code == SQLITE_NOMEM ? MLN_ENOMEM : MLN_EIO,
            "keep the keys of a call in a temporary file: %s",
            keys->store->db != NULL ? sqlite3_errmsg(keys->store->db) : "out of memory");
}

/* ---- the store ---- */

/* One transaction that never ends: nobody reads the file after this run. */
static int open_store(struct mln_key_store *store)
{
    int code;

    if (store->db != NULL)
        return SQLITE_OK;
    code = sqlite3_open_v2(
            "", &store->db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX, NULL);
    if (code == SQLITE_OK)
        code = sqlite3_exec(store->db,
                "PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; PRAGMA cache_size = -4096;"
                "BEGIN",
                NULL, NULL, NULL);
    return code;
}

void mln_key_store_close(struct mln_key_store *store)
{
    (void)sqlite3_close(store->db);
    store->db = NULL;
}

/* ---- copying ---- */

/* What copying one call's keys needs. */
struct copier {
    struct mln_keys *keys;
    struct mln_snapshot *snapshot;
    sqlite3_stmt *from, *to;
    int region_column;
    int64_t rows;
    char region[REGION_MAX]; /* Of the row before, as far as it goes. */
    struct mln_err *err;
};

/* A table of as many columns as the query has. */
static int make_table(struct copier *copier)
{
    struct mln_keys *keys = copier->keys;
    MLN_AUTO(mln_buf_free) struct mln_buf create = MLN_BUF_INIT(SQL_MAX);
    MLN_AUTO(mln_buf_free) struct mln_buf add = MLN_BUF_INIT(SQL_MAX);
    int code = open_store(keys->store);

    mln_buf_addf(&create, "CREATE TABLE k%zu(", keys->table);
    mln_buf_addf(&add, "INSERT INTO k%zu VALUES(", keys->table);
    for (size_t i = 0; i < keys->entry->key_column_count; i++) {
        mln_buf_addf(&create, "%sc%zu", i > 0 ? "," : "", i);
        mln_buf_addf(&add, "%s?%zu", i > 0 ? "," : "", i + 1);
        if (strcmp(keys->entry->key_columns[i], "region") == 0)
            copier->region_column = (int)i;
    }
    mln_buf_add_char(&create, ')');
    mln_buf_add_char(&add, ')');
    if (create.code != MLN_OK || add.code != MLN_OK)
        return mln_fail(copier->err, MLN_ENOMEM, "out of memory");
    if (code == SQLITE_OK)
        code = sqlite3_exec(keys->store->db, create.ptr, NULL, NULL, NULL);
    if (code == SQLITE_OK)
        code = sqlite3_prepare_v2(keys->store->db, add.ptr, -1, &copier->to, NULL);
    return code == SQLITE_OK ? MLN_OK : fail_sql(keys, NULL, code, copier->err);
}

/* The row that was added belongs to the newest region, or begins one. */
static int count_row(struct copier *copier, struct mln_str region)
{
    struct mln_keys *keys = copier->keys;
    struct mln_key_region *last;
    bool same = keys->region_count > 0 && mln_str_is(region, copier->region);

    copier->rows++;
    if (!same && keys->region_count < MLN_KEY_REGIONS_MAX) {
        if (keys->region_count % REGIONS_AT_ONCE == 0) {
            struct mln_key_region *more = mln_resize(
                    keys->regions, keys->region_count + REGIONS_AT_ONCE, sizeof(*more));

            if (more == NULL)
                return mln_fail(copier->err, MLN_ENOMEM, "out of memory");
            keys->regions = more;
        }
        keys->regions[keys->region_count++] = (struct mln_key_region){ .next = copier->rows };
        if (region.len < sizeof(copier->region) && memchr(region.ptr, '\0', region.len) == NULL) {
            memcpy(copier->region, region.ptr, region.len);
            copier->region[region.len] = '\0';
        } else {
            copier->region[0] = '\0';
        }
    }
    last = &keys->regions[keys->region_count - 1];
    last->end = copier->rows + 1;
    return MLN_OK;
}

static int add_row(struct copier *copier)
{
    int code = sqlite3_step(copier->to);

    if (code == SQLITE_DONE)
        code = sqlite3_reset(copier->to);
    return code == SQLITE_OK ? MLN_OK : fail_sql(copier->keys, NULL, code, copier->err);
}

/* A NULL has no pointer, and so is told from "". */
static struct mln_str text_of(sqlite3_stmt *stmt, int index)
{
    const char *text = (const char *)sqlite3_column_text(stmt, index);
    int len = sqlite3_column_bytes(stmt, index);

    return (struct mln_str){ text, text != NULL ? (size_t)len : 0 };
}

static int copy_rows(struct copier *copier)
{
    struct mln_keys *keys = copier->keys;
    int read, rc = MLN_OK;

    while (rc == MLN_OK && (read = sqlite3_step(copier->from)) != SQLITE_DONE) {
        struct mln_str region = { "", 0 };
        int code = SQLITE_OK;

        if (read != SQLITE_ROW)
            return fail_sql(keys, copier->snapshot, read, copier->err);
        for (int i = 0; code == SQLITE_OK && i < (int)keys->entry->key_column_count; i++)
            code = sqlite3_bind_value(copier->to, i + 1, sqlite3_column_value(copier->from, i));
        rc = code == SQLITE_OK ? add_row(copier) : fail_sql(keys, NULL, code, copier->err);
        if (sqlite3_column_type(copier->from, copier->region_column) != SQLITE_NULL)
            region = text_of(copier->from, copier->region_column);
        if (rc == MLN_OK)
            rc = count_row(copier, region);
    }
    return rc;
}

/* The regions of everybody that are known here, less those that the table has. */
static int add_regions(struct copier *copier)
{
    struct mln_keys *keys = copier->keys;
    size_t count = 0;
    const struct mln_region *regions = mln_regions(&count);
    char sql[96];
    sqlite3_stmt *find = NULL;
    int code, rc = MLN_OK;

    (void)sqlite3_snprintf(sizeof(sql), sql, "SELECT 1 FROM k%llu WHERE c%d = ?1",
            (unsigned long long)keys->table, copier->region_column);
    code = sqlite3_prepare_v2(keys->store->db, sql, -1, &find, NULL);
    for (size_t i = 0; code == SQLITE_OK && rc == MLN_OK && i < count; i++) {
        if (regions[i].site == MLN_SITE_CLOSED)
            continue;
        code = sqlite3_bind_text(find, 1, regions[i].id, -1, SQLITE_STATIC);
        if (code == SQLITE_OK)
            code = sqlite3_step(find);
        (void)sqlite3_reset(find);
        if (code == SQLITE_ROW || code != SQLITE_DONE) {
            code = code == SQLITE_ROW ? SQLITE_OK : code;
            continue;
        }
        code = SQLITE_OK;
        for (int c = 0; code == SQLITE_OK && c < (int)keys->entry->key_column_count; c++)
            code = sqlite3_bind_text(copier->to, c + 1, regions[i].id, -1, SQLITE_STATIC);
        if (code == SQLITE_OK)
            rc = add_row(copier);
        if (code == SQLITE_OK && rc == MLN_OK)
            rc = count_row(copier, mln_str_of(regions[i].id));
    }
    (void)sqlite3_finalize(find);
    return code == SQLITE_OK ? rc : fail_sql(keys, NULL, code, copier->err);
}

static int copy(
        struct mln_keys *keys, struct mln_snapshot *snapshot, bool all_regions, struct mln_err *err)
{
    struct copier copier = { .keys = keys, .snapshot = snapshot, .err = err };
    char sql[96];
    int code, rc = make_table(&copier);

    if (rc == MLN_OK) {
        code = sqlite3_prepare_v2(
                mln_snapshot_db(snapshot), keys->entry->keys_sql, -1, &copier.from, NULL);
        rc = code == SQLITE_OK ? copy_rows(&copier) : fail_sql(keys, snapshot, code, err);
    }
    if (rc == MLN_OK && all_regions)
        rc = add_regions(&copier);
    (void)sqlite3_finalize(copier.from);
    (void)sqlite3_finalize(copier.to);
    if (rc != MLN_OK)
        return rc;
    (void)sqlite3_snprintf(sizeof(sql), sql,
            "SELECT *, rowid FROM k%llu WHERE rowid >= ?1 ORDER BY rowid",
            (unsigned long long)keys->table);
    code = sqlite3_prepare_v2(keys->store->db, sql, -1, &keys->stmt, NULL);
    return code == SQLITE_OK ? MLN_OK : fail_sql(keys, NULL, code, err);
}

/* ---- opening and closing ---- */

static size_t region_max(const struct mln_plan_entry *entry)
{
    double most = entry->info.rate * MLN_REGION_TASKS_S;

    if (!(most > (double)MLN_REGION_TASKS_MIN))
        return MLN_REGION_TASKS_MIN;
    return most < (double)MLN_REGION_TASKS_MAX ? (size_t)most : MLN_REGION_TASKS_MAX;
}

int mln_keys_open(struct mln_keys *keys, struct mln_key_store *store,
        const struct mln_plan_entry *entry, struct mln_snapshot *snapshot, bool all_regions,
        struct mln_err *err)
{
    int rc = MLN_OK;

    *keys = (struct mln_keys){
        .entry = entry, .store = store, .table = entry->info.index, .region_max = region_max(entry)
    };
    if (entry->keys_sql != NULL)
        rc = copy(keys, snapshot, all_regions, err);
    keys->open_count = keys->region_count;
    if (rc != MLN_OK)
        mln_keys_close(keys);
    return rc == MLN_OK ? MLN_OK : mln_wrap(err, rc, "%s", entry->info.id);
}

void mln_keys_close(struct mln_keys *keys)
{
    char sql[64];

    (void)sqlite3_finalize(keys->stmt);
    keys->stmt = NULL;
    free(keys->regions);
    keys->regions = NULL;
    keys->region_count = 0;
    if (keys->entry == NULL || keys->entry->keys_sql == NULL || keys->store->db == NULL)
        return;
    (void)sqlite3_snprintf(
            sizeof(sql), sql, "DROP TABLE IF EXISTS k%llu", (unsigned long long)keys->table);
    (void)sqlite3_exec(keys->store->db, sql, NULL, NULL, NULL);
}

/* ---- one key after the other ---- */

static size_t site_count(const struct mln_keys *keys)
{
    return keys->entry->sites.count > 0 ? keys->entry->sites.count : 1;
}

/* A region that has stalled must leave places to those that have not. */
static size_t share_of_region(const struct mln_keys *keys)
{
    size_t share = keys->places > 0 && keys->open_count > 0 ? keys->places / keys->open_count
                                                            : keys->region_max;

    share = share > MLN_REGION_TASKS_MIN ? share : MLN_REGION_TASKS_MIN;
    return share < keys->region_max ? share : keys->region_max;
}

enum mln_keys_state mln_keys_state(struct mln_keys *keys)
{
    enum mln_keys_state state = MLN_KEYS_ENDED;
    size_t most = share_of_region(keys);

    if (keys->entry->keys_sql == NULL)
        return keys->next_site < site_count(keys) ? MLN_KEYS_READY : MLN_KEYS_ENDED;
    for (size_t i = 0; i < keys->region_count; i++) {
        size_t at = (keys->turn + i) % keys->region_count;

        if (keys->regions[at].next >= keys->regions[at].end)
            continue;
        if (keys->regions[at].live < most) {
            keys->turn = at;
            return MLN_KEYS_READY;
        }
        state = MLN_KEYS_FULL;
    }
    return state;
}

static struct mln_str column(const struct mln_keys *keys, size_t index)
{
    return text_of(keys->stmt, (int)index);
}

static struct mln_str named(const struct mln_keys *keys, const char *name)
{
    for (size_t i = 0; i < keys->entry->key_column_count; i++)
        if (strcmp(keys->entry->key_columns[i], name) == 0)
            return column(keys, i);
    return (struct mln_str){ 0 };
}

/* Where the cursor is among the rows of a region. */
struct cursor {
    struct mln_keys *keys;
    struct mln_key_region *region;
    bool ahead; /* On a row that was not given out yet. */
};

static int step(struct cursor *cursor, struct mln_err *err)
{
    sqlite3_stmt *stmt = cursor->keys->stmt;
    int code = sqlite3_step(stmt);
    int64_t row = INT64_MAX;

    if (code == SQLITE_ROW)
        row = sqlite3_column_int64(stmt, (int)cursor->keys->entry->key_column_count);
    cursor->ahead = row < cursor->region->end;
    cursor->region->next = cursor->ahead ? row : cursor->region->end;
    return code == SQLITE_ROW || code == SQLITE_DONE ? MLN_OK
                                                     : fail_sql(cursor->keys, NULL, code, err);
}

static int take_row(
        struct mln_keys *keys, struct mln_arena *arena, struct mln_key *key, struct mln_err *err)
{
    size_t count = keys->entry->key_column_count;

    key->columns = mln_arena_alloc(arena, count * sizeof(*key->columns));
    key->region = mln_arena_dup(arena, named(keys, "region"));
    key->key = mln_arena_dup(arena, named(keys, "key"));
    if (key->columns == NULL || key->region.ptr == NULL || key->key.ptr == NULL)
        return mln_fail(err, MLN_ENOMEM, "out of memory");
    for (size_t i = 0; i < count; i++) {
        struct mln_str text = column(keys, i);

        if (text.ptr == NULL)
            continue;
        key->columns[i] = mln_arena_dup(arena, text);
        if (key->columns[i].ptr == NULL)
            return mln_fail(err, MLN_ENOMEM, "the row of a key is too large");
    }
    return MLN_OK;
}

static bool is_of_region(const struct cursor *cursor, const struct mln_key *key)
{
    return cursor->ahead && mln_str_eq(named(cursor->keys, "region"), key->region);
}

static bool is_same(const struct cursor *cursor, struct mln_str region, struct mln_str key)
{
    return cursor->ahead && mln_str_eq(named(cursor->keys, "region"), region) &&
           mln_str_eq(named(cursor->keys, "key"), key);
}

/* Passes over further rows of the key. They differ in another column, and which is meant? */
static int pass_over(struct cursor *cursor, struct mln_str region, struct mln_str key, bool *found,
        struct mln_err *err)
{
    int rc = step(cursor, err);

    while (rc == MLN_OK && is_same(cursor, region, key)) {
        *found = true;
        rc = step(cursor, err);
    }
    return rc;
}

static int take_batch(
        struct cursor *cursor, struct mln_arena *arena, struct mln_key *key, struct mln_err *err)
{
    int64_t batch = cursor->keys->entry->batch;
    size_t max = batch > 0 ? (size_t)batch : 1;
    bool twice = false;
    int rc;

    key->keys = mln_arena_alloc(arena, max * sizeof(*key->keys));
    if (key->keys == NULL)
        return mln_fail(err, MLN_ENOMEM, "out of memory");
    key->keys[0] = key->key;
    key->key_count = 1;
    rc = pass_over(cursor, key->region, key->key, &twice, err);
    while (rc == MLN_OK && key->key_count < max && is_of_region(cursor, key)) {
        struct mln_str *next = &key->keys[key->key_count++];

        *next = mln_arena_dup(arena, named(cursor->keys, "key"));
        if (next->ptr == NULL)
            return mln_fail(err, MLN_ENOMEM, "out of memory");
        rc = pass_over(cursor, key->region, *next, &twice, err);
    }
    if (twice && batch == 0)
        key->wrong = "the query of the plan gives this key twice, with different columns";
    return rc;
}

/* The next key of the region whose turn it is. */
static int take_key(
        struct mln_keys *keys, struct mln_arena *arena, struct mln_key *key, struct mln_err *err)
{
    struct cursor cursor = { .keys = keys, .region = &keys->regions[keys->turn] };
    int code = sqlite3_bind_int64(keys->stmt, 1, cursor.region->next);
    int rc = code == SQLITE_OK ? step(&cursor, err) : fail_sql(keys, NULL, code, err);

    if (rc == MLN_OK && !cursor.ahead)
        rc = mln_fail(err, MLN_EIO, "a key of a call is not where it was kept");
    if (rc == MLN_OK)
        rc = take_row(keys, arena, key, err);
    if (rc == MLN_OK)
        rc = take_batch(&cursor, arena, key, err);
    (void)sqlite3_reset(keys->stmt);
    if (rc != MLN_OK)
        return rc;
    key->place = keys->turn;
    cursor.region->live++;
    keys->open_count -= cursor.region->next >= cursor.region->end;
    keys->turn = (keys->turn + 1) % keys->region_count;
    return MLN_OK;
}

int mln_keys_next(
        struct mln_keys *keys, struct mln_arena *arena, struct mln_key *out, struct mln_err *err)
{
    struct mln_key key = { .region = MLN_STR(""), .key = MLN_STR("") };
    int rc = MLN_OK;

    if (keys->entry->keys_sql != NULL)
        rc = take_key(keys, arena, &key, err);
    else if (keys->entry->sites.count > 0)
        key.region = keys->entry->sites.items[keys->next_site++];
    else
        keys->next_site++;
    if (rc != MLN_OK)
        return rc;
    /* A call for a region has no key of its own. */
    if (keys->entry->info.scope == MLN_SCOPE_REGION)
        key.key = MLN_STR("");
    *out = key;
    return MLN_OK;
}

void mln_keys_ended(struct mln_keys *keys, const struct mln_key *key)
{
    if (key->place < keys->region_count && keys->regions[key->place].live > 0)
        keys->regions[key->place].live--;
}

void mln_keys_left(const struct mln_keys *keys, int64_t *all, int64_t *most)
{
    int64_t batch = keys->entry->batch > 0 ? keys->entry->batch : 1;

    *all = *most = 0;
    if (keys->entry->keys_sql == NULL) {
        *all = (int64_t)(site_count(keys) - keys->next_site);
        *most = *all > 0 ? 1 : 0;
    }
    for (size_t i = 0; i < keys->region_count; i++) {
        int64_t left = (keys->regions[i].end - keys->regions[i].next + batch - 1) / batch;

        *all += left;
        *most = left > *most ? left : *most;
    }
}
