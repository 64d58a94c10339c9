/*
 * The keys of a call. They are copied out of the snapshot before the first call is made: a
 * statement that stayed open over the snapshot would see what the calls write, and keep its log
 * from being put away. The copy is a private file of SQLite's that it keeps in memory while small.
 */
#include <sqlite3.h>

#include "collect/priv.h"

static int fail_sql(
        struct mln_keys *keys, struct mln_snapshot *snapshot, int code, struct mln_err *err)
{
    if (snapshot != NULL)
        return mln_snapshot_fail(snapshot, code, "read the keys of a call", err);
    return mln_fail(err, code == SQLITE_NOMEM ? MLN_ENOMEM : MLN_EIO,
            "keep the keys of a call in a temporary file: %s",
            keys->db != NULL ? sqlite3_errmsg(keys->db) : "out of memory");
}

/* A table of as many columns as the query has. */
static int make_copy(struct mln_keys *keys, sqlite3_stmt **insert, struct mln_err *err)
{
    MLN_AUTO(mln_buf_free) struct mln_buf create = MLN_BUF_INIT(4096);
    MLN_AUTO(mln_buf_free) struct mln_buf add = MLN_BUF_INIT(4096);
    int code = sqlite3_open_v2(
            "", &keys->db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX, NULL);

    mln_buf_add_cstr(&create, "CREATE TABLE k(");
    mln_buf_add_cstr(&add, "INSERT INTO k VALUES(");
    for (size_t i = 0; i < keys->entry->key_column_count; i++) {
        mln_buf_addf(&create, "%sc%zu", i > 0 ? "," : "", i);
        mln_buf_addf(&add, "%s?%zu", i > 0 ? "," : "", i + 1);
    }
    mln_buf_add_cstr(&create, "); BEGIN");
    mln_buf_add_cstr(&add, ")");
    if (create.code != MLN_OK || add.code != MLN_OK)
        return mln_fail(err, MLN_ENOMEM, "out of memory");
    if (code == SQLITE_OK)
        code = sqlite3_exec(
                keys->db, "PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF", NULL, NULL, NULL);
    if (code == SQLITE_OK)
        code = sqlite3_exec(keys->db, create.ptr, NULL, NULL, NULL);
    if (code == SQLITE_OK)
        code = sqlite3_prepare_v2(keys->db, add.ptr, -1, insert, NULL);
    return code == SQLITE_OK ? MLN_OK : fail_sql(keys, NULL, code, err);
}

static int copy_rows(struct mln_keys *keys, struct mln_snapshot *snapshot, sqlite3_stmt *from,
        sqlite3_stmt *to, struct mln_err *err)
{
    int read, code = SQLITE_OK;

    while ((read = sqlite3_step(from)) == SQLITE_ROW && code == SQLITE_OK) {
        for (int i = 0; code == SQLITE_OK && i < (int)keys->entry->key_column_count; i++)
            code = sqlite3_bind_value(to, i + 1, sqlite3_column_value(from, i));
        if (code == SQLITE_OK)
            code = sqlite3_step(to);
        if (code == SQLITE_DONE)
            code = sqlite3_reset(to);
    }
    if (code != SQLITE_OK)
        return fail_sql(keys, NULL, code, err);
    return read == SQLITE_DONE ? MLN_OK : fail_sql(keys, snapshot, read, err);
}

static int copy(struct mln_keys *keys, struct mln_snapshot *snapshot, struct mln_err *err)
{
    sqlite3_stmt *from = NULL, *to = NULL;
    int code, rc = make_copy(keys, &to, err);

    if (rc == MLN_OK) {
        code = sqlite3_prepare_v2(
                mln_snapshot_db(snapshot), keys->entry->keys_sql, -1, &from, NULL);
        rc = code == SQLITE_OK ? copy_rows(keys, snapshot, from, to, err)
                               : fail_sql(keys, snapshot, code, err);
    }
    (void)sqlite3_finalize(from);
    (void)sqlite3_finalize(to);
    if (rc != MLN_OK)
        return rc;
    code = sqlite3_prepare_v2(keys->db, "SELECT * FROM k ORDER BY rowid", -1, &keys->stmt, NULL);
    return code == SQLITE_OK ? MLN_OK : fail_sql(keys, NULL, code, err);
}

int mln_keys_open(struct mln_keys *keys, const struct mln_plan_entry *entry,
        struct mln_snapshot *snapshot, struct mln_err *err)
{
    int rc = MLN_OK;

    *keys = (struct mln_keys){ .entry = entry };
    if (entry->keys_sql != NULL)
        rc = copy(keys, snapshot, err);
    if (rc != MLN_OK)
        mln_keys_close(keys);
    return rc == MLN_OK ? MLN_OK : mln_wrap(err, rc, "%s", entry->info.id);
}

void mln_keys_close(struct mln_keys *keys)
{
    (void)sqlite3_finalize(keys->stmt);
    (void)sqlite3_close(keys->db);
    keys->stmt = NULL;
    keys->db = NULL;
    keys->ended = true;
}

/* ---- one key after the other ---- */

static int step(struct mln_keys *keys, struct mln_err *err)
{
    int code = sqlite3_step(keys->stmt);

    keys->ahead = code == SQLITE_ROW;
    keys->ended = code == SQLITE_DONE;
    return keys->ahead || keys->ended ? MLN_OK : fail_sql(keys, NULL, code, err);
}

static struct mln_str column(const struct mln_keys *keys, size_t index)
{
    const char *text = (const char *)sqlite3_column_text(keys->stmt, (int)index);
    int len = sqlite3_column_bytes(keys->stmt, (int)index);

    return (struct mln_str){ text, text != NULL ? (size_t)len : 0 };
}

static struct mln_str named(const struct mln_keys *keys, const char *name)
{
    for (size_t i = 0; i < keys->entry->key_column_count; i++)
        if (strcmp(keys->entry->key_columns[i], name) == 0)
            return column(keys, i);
    return (struct mln_str){ 0 };
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

static bool is_of_region(const struct mln_keys *keys, const struct mln_key *key)
{
    return keys->ahead && mln_str_eq(named(keys, "region"), key->region);
}

static bool is_same(const struct mln_keys *keys, struct mln_str region, struct mln_str key)
{
    return keys->ahead && mln_str_eq(named(keys, "region"), region) &&
           mln_str_eq(named(keys, "key"), key);
}

/* Passes over further rows of the key. They differ in another column, and which is meant? */
static int pass_over(struct mln_keys *keys, struct mln_str region, struct mln_str key, bool *found,
        struct mln_err *err)
{
    int rc = step(keys, err);

    while (rc == MLN_OK && is_same(keys, region, key)) {
        *found = true;
        rc = step(keys, err);
    }
    return rc;
}

static int take_batch(
        struct mln_keys *keys, struct mln_arena *arena, struct mln_key *key, struct mln_err *err)
{
    size_t max = keys->entry->batch > 0 ? (size_t)keys->entry->batch : 1;
    bool twice = false;
    int rc;

    key->keys = mln_arena_alloc(arena, max * sizeof(*key->keys));
    if (key->keys == NULL)
        return mln_fail(err, MLN_ENOMEM, "out of memory");
    key->keys[0] = key->key;
    key->key_count = 1;
    rc = pass_over(keys, key->region, key->key, &twice, err);
    while (rc == MLN_OK && key->key_count < max && is_of_region(keys, key)) {
        struct mln_str *next = &key->keys[key->key_count++];

        *next = mln_arena_dup(arena, named(keys, "key"));
        if (next->ptr == NULL)
            return mln_fail(err, MLN_ENOMEM, "out of memory");
        rc = pass_over(keys, key->region, *next, &twice, err);
    }
    if (twice && keys->entry->batch == 0)
        key->wrong = "the query of the plan gives this key twice, with different columns";
    return rc;
}

static int next_site(struct mln_keys *keys, struct mln_key *key)
{
    const struct mln_yaml_strs *sites = &keys->entry->sites;
    size_t count = sites->count > 0 ? sites->count : 1;

    if (keys->next_site == count)
        return MLN_ENOTFOUND;
    if (sites->count > 0)
        key->region = sites->items[keys->next_site];
    keys->next_site++;
    return MLN_OK;
}

int mln_keys_next(
        struct mln_keys *keys, struct mln_arena *arena, struct mln_key *out, struct mln_err *err)
{
    struct mln_key key = { .region = MLN_STR(""), .key = MLN_STR("") };
    int rc = MLN_OK;

    if (keys->entry->keys_sql == NULL) {
        rc = next_site(keys, &key);
        if (rc == MLN_OK)
            *out = key;
        return rc;
    }
    if (!keys->ahead && !keys->ended)
        rc = step(keys, err);
    if (rc == MLN_OK && keys->ended)
        return MLN_ENOTFOUND;
    if (rc == MLN_OK)
        rc = take_row(keys, arena, &key, err);
    if (rc == MLN_OK)
        rc = take_batch(keys, arena, &key, err);
    if (rc != MLN_OK)
        return rc;
    /* A call for a region has no key of its own. */
    if (keys->entry->info.scope == MLN_SCOPE_REGION)
        key.key = MLN_STR("");
    *out = key;
    return MLN_OK;
}
