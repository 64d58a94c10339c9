/* Shared by the files of the SQLite engine. */
#pragma once

#include <sqlite3.h>
#include <sys/types.h>

#include "store/engine.h"

/* "MLRN": marks a file as ours in the SQLite header. */
#define MLN_SQLITE_APPLICATION_ID 0x4d4c524e

struct mln_sqlite_migration {
    int version;
    const char *sql;
};

/* Generated from migrations/NNNN_*.sql: versions 1 .. mln_sqlite_schema_version without gaps. */
extern const struct mln_sqlite_migration mln_sqlite_migrations[];
extern const int mln_sqlite_schema_version;

struct mln_sqlite {
    struct mln_store base;
    sqlite3 *db;
    char *path;
    dev_t device; /* The file that was opened: ping() notices when the path leads elsewhere. */
    ino_t inode;
    bool at_rest;                         /* Read as it stands, without locks. */
    const volatile uint32_t *index;       /* The WAL index; NULL before it is looked for. */
    sqlite3_stmt *statements[STMT_COUNT]; /* Prepared when first used. */
};

/* Records the meaning of a SQLite result code for the file, and what to do about it. Returns the
 * code. */
MLN_MUST_USE int mln_sqlite_fail(struct mln_sqlite *store, int code, struct mln_err *err);

/* Runs fixed SQL that returns no rows. */
MLN_MUST_USE int mln_sqlite_exec(struct mln_sqlite *store, const char *sql, struct mln_err *err);

/* The first column of the first row of fixed SQL, 0 when there is none. */
MLN_MUST_USE int mln_sqlite_number(
        struct mln_sqlite *store, const char *sql, int64_t *out, struct mln_err *err);

/*
 * Refuses what is not ours (MLN_ECORRUPT) or has another schema than `mode` can live with
 * (MLN_ECONFIG). Writes nothing. `outdated` says whether mln_sqlite_migrate() has something to do.
 */
MLN_MUST_USE int mln_sqlite_check(
        struct mln_sqlite *store, enum mln_store_mode mode, bool *outdated, struct mln_err *err);

/* Brings an older or empty file to the current schema, all in one transaction. */
MLN_MUST_USE int mln_sqlite_migrate(
        struct mln_sqlite *store, enum mln_store_mode mode, struct mln_err *err);

MLN_MUST_USE int mln_sqlite_open(const char *path, const struct mln_store_options *options,
        struct mln_store **out, struct mln_err *err);
void mln_sqlite_close(struct mln_store *store);
MLN_MUST_USE int mln_sqlite_data_version(
        struct mln_store *store, int64_t *out, struct mln_err *err);
MLN_MUST_USE int mln_sqlite_ping(struct mln_store *store, struct mln_err *err);
