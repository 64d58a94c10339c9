/*
 * A snapshot: what an account's APIs said, as one SQLite file. One typed table per kind of
 * resource (schema.h), collect_call with the outcome of every call, plan_call and plan_table with
 * what the plan knew (so that a snapshot explains itself), meta with names and values.
 *
 * A file made here is written by one thread; a file from elsewhere is opened as hostile: read-only,
 * no trusted schema, no triggers or views, every name checked against what we would have written.
 * Errors: MLN_ECORRUPT (not a snapshot, or not as we write them), MLN_EIO, MLN_ENOMEM, MLN_EEXIST
 * (the file is there), MLN_ENOTFOUND, MLN_ECONFIG (a newer format).
 */
#pragma once

#include "snapshot/schema.h"
#include "wire/json.h"

#define MLN_SNAPSHOT_APPLICATION_ID 0x4d4c534e /* "MLSN" */
#define MLN_SNAPSHOT_FORMAT         1
#define MLN_SNAPSHOT_RAW_MAX        ((size_t)4 * 1024 * 1024) /* One row's raw JSON. */

struct sqlite3;
struct sqlite3_stmt;
struct mln_snapshot;

/* How a call ended. Everything up to GONE is an answer; the rest means "not read". */
#define MLN_OUTCOMES(X)                 \
    X(OK, "ok")                         \
    X(ABSENT, "absent")                 \
    X(NOT_APPLICABLE, "not_applicable") \
    X(NOT_ACTIVATED, "not_activated")   \
    X(NO_REGION, "no_region")           \
    X(GONE, "gone")                     \
    X(DENIED, "denied")                 \
    X(THROTTLED, "throttled")           \
    X(UNSUPPORTED, "unsupported")       \
    X(FAILED, "failed")                 \
    X(RUNNING, "running")
enum mln_outcome {
#define X(symbol, name) MLN_OUTCOME_##symbol,
    MLN_OUTCOMES(X)
#undef X
};
const char *mln_outcome_name(enum mln_outcome outcome);
MLN_MUST_USE int mln_outcome_parse(struct mln_str name, enum mln_outcome *out); /* MLN_EINVAL */
static inline bool mln_outcome_is_read(enum mln_outcome outcome)
{
    return outcome <= MLN_OUTCOME_GONE;
}

/* Makes a new file, or one in memory when `path` is NULL. The schema is borrowed. */
MLN_MUST_USE int mln_snapshot_create(const char *path, const struct mln_schema *schema,
        struct mln_snapshot **out, struct mln_err *err);

/* Opens a file that was made anywhere, for reading. */
MLN_MUST_USE int mln_snapshot_open(
        const char *path, struct mln_snapshot **out, struct mln_err *err);

/*
 * Another connection to a file that was opened, for another thread, with half the memory.
 * MLN_ENOTFOUND: the file was being written when it was opened, or another one has its name now.
 */
MLN_MUST_USE int mln_snapshot_again(
        const struct mln_snapshot *opened, struct mln_snapshot **out, struct mln_err *err);

/* Of a snapshot that was opened: MLN_ECORRUPT when the file was written to since. What was read of
 * it may then be of different times. */
MLN_MUST_USE int mln_snapshot_unchanged(const struct mln_snapshot *snapshot, struct mln_err *err);

/* Opens a file that we made and did not finish, to go on with it; one that is empty is made anew.
 * MLN_ECONFIG: another plan. */
MLN_MUST_USE int mln_snapshot_resume(const char *path, const struct mln_schema *schema,
        struct mln_snapshot **out, struct mln_err *err);

/*
 * The typed columns of `from` (opened for reading, made by another plan) read again from its raw
 * JSON, as a new snapshot after `schema`. Rows whose call the schema does not know are left out.
 */
MLN_MUST_USE int mln_snapshot_rebuild(struct mln_snapshot *from, const struct mln_schema *schema,
        const char *path, struct mln_snapshot **out, struct mln_err *err);

void mln_snapshot_free(struct mln_snapshot *snapshot);

/* ---- writing ---- */
MLN_MUST_USE int mln_snapshot_begin(struct mln_snapshot *snapshot, struct mln_err *err);
MLN_MUST_USE int mln_snapshot_commit(struct mln_snapshot *snapshot, struct mln_err *err);
void mln_snapshot_rollback(struct mln_snapshot *snapshot);

/* One call as it was made; (call, region, key) is unique. */
struct mln_call_record {
    struct mln_str call;   /* "oss:GetBucketInfo" */
    struct mln_str region; /* "" for account-wide calls; the site for calls per site. */
    struct mln_str key;    /* "" unless made per row. */
    enum mln_outcome outcome;
    int http_status;
    struct mln_str code, message, request_id; /* Of the last answer; message redacted. */
    int64_t items, pages, total;              /* total: what the API says; -1: it does not. */
    int64_t started_ms, finished_ms;
};

/* Adds the record with outcome RUNNING (or finds it, and drops the rows of an earlier attempt). */
MLN_MUST_USE int mln_snapshot_call_begin(struct mln_snapshot *snapshot,
        const struct mln_call_record *record, int64_t *call_row, struct mln_err *err);
MLN_MUST_USE int mln_snapshot_call_end(struct mln_snapshot *snapshot, int64_t call_row,
        const struct mln_call_record *record, struct mln_err *err);
/* Every instance of the call was made: its tables are as complete as they will be. */
MLN_MUST_USE int mln_snapshot_call_done(
        struct mln_snapshot *snapshot, struct mln_str call, struct mln_err *err);

/* Where the rows of one answer belong. */
struct mln_row_place {
    int64_t call_row;
    struct mln_str region, parent;
};

/*
 * Adds the rows that `map` finds in `answer`; `added` counts those of the map itself.
 * MLN_EINVAL: the answer has not the shape the map says (its list is of another type).
 */
MLN_MUST_USE int mln_snapshot_add(struct mln_snapshot *snapshot, const struct mln_row_map *map,
        const struct mln_row_place *place, struct mln_json_value answer, int64_t *added,
        struct mln_err *err);

/* Adds the row of a single table whose call was answered without content (absent, ...). */
MLN_MUST_USE int mln_snapshot_add_outcome(struct mln_snapshot *snapshot,
        const struct mln_row_map *map, const struct mln_row_place *place, enum mln_outcome outcome,
        struct mln_str code, struct mln_err *err);

/* Which rows of one snapshot become which of another. */
struct mln_snapshot_copy {
    const struct mln_row_map *map;
    struct mln_str key; /* The row that the calls are for. */
    int64_t from_call, to_call;
};
/*
 * Reads the rows again that the call `from_call` of another snapshot brought for the row `key`, as
 * rows of `to_call`. Both are of the same plan. MLN_ECORRUPT: `from` holds what no answer leaves.
 */
MLN_MUST_USE int mln_snapshot_copy_call(struct mln_snapshot *from, struct mln_snapshot *to,
        const struct mln_snapshot_copy *copy, int64_t *copied, struct mln_err *err);

/*
 * Deletes the row `id` of a table: the resource went away between two calls. The rows nested in it
 * and the rows of calls made for it go too. Another region may have a resource of the same name.
 */
MLN_MUST_USE int mln_snapshot_drop(struct mln_snapshot *snapshot, const struct mln_table *table,
        struct mln_str region, struct mln_str id, struct mln_err *err);

MLN_MUST_USE int mln_snapshot_set(
        struct mln_snapshot *snapshot, const char *name, struct mln_str value, struct mln_err *err);

/* Makes the indexes, and the file whole. A file without it can be resumed. */
MLN_MUST_USE int mln_snapshot_finish(struct mln_snapshot *snapshot, struct mln_err *err);

/* ---- reading ---- */
/* meta values: "account_id", "plan_hash", "started_ms", "finished_ms" ("" while unfinished). */
MLN_MUST_USE int mln_snapshot_get(struct mln_snapshot *snapshot, const char *name,
        struct mln_buf *out, struct mln_err *err); /* MLN_ENOTFOUND */

/* The connection, for statements of the engines above; they change nothing about it. */
struct sqlite3 *mln_snapshot_db(struct mln_snapshot *snapshot);
/* A column of the row that a statement is at, as text; "" for NULL. */
struct mln_str mln_snapshot_column(struct sqlite3_stmt *statement, int index);

/* Records the failure of a SQLite result code. Returns the code. */
MLN_MUST_USE int mln_snapshot_fail(
        struct mln_snapshot *snapshot, int sqlite_code, const char *doing, struct mln_err *err);
