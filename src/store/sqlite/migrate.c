/* Whose file is it, which schema has it, and bringing it to ours. */
#include <stdio.h>

#include "store/sqlite/sqlite.h"

struct state {
    int64_t application_id, version, object_count;
};

static int read_state(struct mln_sqlite *store, struct state *out, struct mln_err *err)
{
    int rc = mln_sqlite_number(store, "PRAGMA application_id", &out->application_id, err);

    if (rc == MLN_OK)
        rc = mln_sqlite_number(store, "PRAGMA user_version", &out->version, err);
    if (rc == MLN_OK)
        rc = mln_sqlite_number(
                store, "SELECT count(*) FROM sqlite_schema", &out->object_count, err);
    return rc;
}

/* A file without any table: just created, or left by a creation that was cut short. */
static bool is_blank(const struct state *state)
{
    return state->application_id == 0 && state->version == 0 && state->object_count == 0;
}

static int check_state(struct mln_sqlite *store, enum mln_store_mode mode,
        const struct state *state, struct mln_err *err)
{
    if (is_blank(state) && mode == MLN_STORE_CREATE)
        return MLN_OK;
    if (is_blank(state))
        return mln_fail(err, MLN_ECORRUPT,
                "store '%s': is empty; remove it and create the store again", store->path);
    if (state->application_id != MLN_SQLITE_APPLICATION_ID)
        return mln_fail(err, MLN_ECORRUPT, "store '%s': is not a Merlon store; give another path",
                store->path);
    if (state->version > mln_sqlite_schema_version)
        return mln_fail(err, MLN_ECONFIG,
                "store '%s': has schema version %lld, and this program knows versions up to %d; "
                "use a newer merlon",
                store->path, (long long)state->version, mln_sqlite_schema_version);
    if (state->version < mln_sqlite_schema_version && mode == MLN_STORE_READ)
        return mln_fail(err, MLN_ECONFIG,
                "store '%s': has schema version %lld, and this program needs %d; run a command "
                "that writes to it (serve, detect or admin) to upgrade it",
                store->path, (long long)state->version, mln_sqlite_schema_version);
    return MLN_OK;
}

/* Each step sees the version the file has now: another process may have migrated it meanwhile. */
static int apply(struct mln_sqlite *store, enum mln_store_mode mode, struct mln_err *err)
{
    struct state state = { 0 };
    char pragma[96];
    int rc = read_state(store, &state, err);

    if (rc == MLN_OK)
        rc = check_state(store, mode, &state, err);
    for (int i = (int)state.version; rc == MLN_OK && i < mln_sqlite_schema_version; i++)
        rc = mln_sqlite_exec(store, mln_sqlite_migrations[i].sql, err);
    (void)snprintf(pragma, sizeof(pragma), "PRAGMA application_id = %d; PRAGMA user_version = %d",
            MLN_SQLITE_APPLICATION_ID, mln_sqlite_schema_version);
    if (rc == MLN_OK)
        rc = mln_sqlite_exec(store, pragma, err);
    return rc;
}

int mln_sqlite_check(
        struct mln_sqlite *store, enum mln_store_mode mode, bool *outdated, struct mln_err *err)
{
    struct state state;
    int rc = mln_sqlite_exec(store, "BEGIN", err);

    /* Of one moment: another process may be creating the store just now. */
    if (rc < 0)
        return rc;
    rc = read_state(store, &state, err);
    (void)sqlite3_exec(store->db, "ROLLBACK", NULL, NULL, NULL);
    if (rc == MLN_OK)
        rc = check_state(store, mode, &state, err);
    if (rc == MLN_OK)
        *outdated = state.version < mln_sqlite_schema_version;
    return rc;
}

int mln_sqlite_migrate(struct mln_sqlite *store, enum mln_store_mode mode, struct mln_err *err)
{
    int rc = mln_sqlite_exec(store, "BEGIN EXCLUSIVE", err);

    if (rc < 0)
        return rc;
    rc = apply(store, mode, err);
    if (rc == MLN_OK)
        rc = mln_sqlite_exec(store, "COMMIT", err);
    if (sqlite3_get_autocommit(store->db) == 0)
        (void)sqlite3_exec(store->db, "ROLLBACK", NULL, NULL, NULL);
    return rc;
}
