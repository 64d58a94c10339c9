/* What the files of this folder share: the snapshot itself, its statements, and its own words. */
#pragma once

#include <sqlite3.h>
#include <sys/stat.h>

#include "snapshot/snapshot.h"

#define MLN_SNAPSHOT_PATH_MAX ((size_t)4096)
#define MLN_SNAPSHOT_DDL_MAX  ((size_t)64 * 1024)

/* Statements of the fixed tables, prepared when first used. */
#define SNAPSHOT_STATEMENTS(X)                                                                \
    X(CALL_ADD, "INSERT INTO collect_call(call, region, key, outcome, started_ms) "           \
                "VALUES(?1, ?2, ?3, 'running', ?4) ON CONFLICT DO NOTHING")                   \
    X(CALL_AGAIN, "UPDATE collect_call SET outcome = 'running', http_status = 0, code = '', " \
                  "message = '', request_id = '', items = 0, pages = 0, total = -1, "         \
                  "started_ms = ?2, finished_ms = 0 WHERE id = ?1")                           \
    X(CALL_END, "UPDATE collect_call SET outcome = ?2, http_status = ?3, code = ?4, "         \
                "message = ?5, request_id = ?6, items = ?7, pages = ?8, total = ?9, "         \
                "started_ms = ?10, finished_ms = ?11 WHERE id = ?1")                          \
    X(CALL_FIND, "SELECT id FROM collect_call WHERE call = ?1 AND region = ?2 AND key = ?3")  \
    X(META_GET, "SELECT value FROM meta WHERE name = ?1")                                     \
    X(META_SET, "INSERT INTO meta(name, value) VALUES(?1, ?2) "                               \
                "ON CONFLICT(name) DO UPDATE SET value = excluded.value")                     \
    X(PLAN_DONE, "UPDATE plan_call SET done = ?2 WHERE call = ?1")
enum snapshot_statement {
#define X(name, sql) SNAPSHOT_##name,
    SNAPSHOT_STATEMENTS(X)
#undef X
            SNAPSHOT_STATEMENT_COUNT
};

/* What is prepared for one table of the schema. */
struct mln_snapshot_table {
    sqlite3_stmt *add;     /* Does nothing when a unique row is there. */
    sqlite3_stmt *replace; /* Unique tables only. */
    bool has_parent_index, has_call_index;
};

struct mln_snapshot {
    sqlite3 *db;
    char *path;       /* For messages; "" in memory. */
    struct stat seen; /* The file when it was opened as one at rest. */
    bool is_at_rest;
    const struct mln_schema *schema; /* NULL when opened for reading. */
    struct mln_snapshot_table *tables;
    sqlite3_stmt *statements[SNAPSHOT_STATEMENT_COUNT];
    struct mln_buf raw, scratch;
};

/* ---- connection.c ---- */
enum mln_snapshot_mode { SNAPSHOT_WRITE, SNAPSHOT_READ };
int mln_snapshot_new(const char *path, const struct mln_schema *schema, struct mln_snapshot **out,
        struct mln_err *err);
/* `name` is what SQLite opens: a path, a URI, or ":memory:". */
int mln_snapshot_connect(struct mln_snapshot *snapshot, const char *name, int flags,
        enum mln_snapshot_mode mode, struct mln_err *err);
/* Journal and cache of a file that is being built. */
int mln_snapshot_tune(struct mln_snapshot *snapshot, struct mln_err *err);
int mln_snapshot_exec(
        struct mln_snapshot *snapshot, const char *sql, const char *doing, struct mln_err *err);
int mln_snapshot_number(
        struct mln_snapshot *snapshot, const char *sql, int64_t *out, struct mln_err *err);
int mln_snapshot_prepare(
        struct mln_snapshot *snapshot, const char *sql, sqlite3_stmt **out, struct mln_err *err);
int mln_snapshot_statement(struct mln_snapshot *snapshot, enum snapshot_statement name,
        sqlite3_stmt **out, struct mln_err *err);
/* Steps to the end and resets; rows are passed over. */
int mln_snapshot_run(struct mln_snapshot *snapshot, sqlite3_stmt *statement, const char *doing,
        struct mln_err *err);
void mln_snapshot_close_statement(sqlite3_stmt **statement);
/* A failure to bind shows again at the next step, as a missing value would not: so it is kept. */
int mln_snapshot_bind(sqlite3_stmt *statement, int index, struct mln_str text);

/* ---- ddl.c ---- */
enum mln_snapshot_index { SNAPSHOT_INDEX_KEY, SNAPSHOT_INDEX_PARENT, SNAPSHOT_INDEX_CALL };
#define SNAPSHOT_INDEXES 3
/* The fixed tables: name and CREATE text; NULL after the last. */
struct mln_snapshot_fixed {
    const char *name, *sql;
};
const struct mln_snapshot_fixed *mln_snapshot_fixed(void);
bool mln_snapshot_is_name(struct mln_str name);
/* Also none of the columns that every table has. */
bool mln_snapshot_is_column(struct mln_str name);
const char *mln_column_type_name(enum mln_column_type type);
int mln_column_type_parse(struct mln_str name, enum mln_column_type *out);
/* A table of the schema: begin, then each column, then end. */
void mln_snapshot_ddl_begin(struct mln_buf *out, struct mln_str table);
void mln_snapshot_ddl_column(struct mln_buf *out, struct mln_str name, enum mln_column_type type);
void mln_snapshot_ddl_end(struct mln_buf *out);
void mln_snapshot_ddl_index(
        struct mln_buf *out, struct mln_str table, enum mln_snapshot_index index);
const char *mln_snapshot_index_suffix(enum mln_snapshot_index index);
/* Whether rows of the table have parents, so that others look for them by parent. */
bool mln_snapshot_has_parents(const struct mln_schema *schema, size_t table);

/* ---- build.c ---- */
int mln_snapshot_build(struct mln_snapshot *snapshot, struct mln_err *err);
/* Also when it is there already. */
int mln_snapshot_index(struct mln_snapshot *snapshot, size_t table, enum mln_snapshot_index index,
        struct mln_err *err);

/* ---- verify.c ---- */
int mln_snapshot_verify(struct mln_snapshot *snapshot, struct mln_err *err);

/* ---- meta.c ---- */
/* The mark of a whole file. */
#define MLN_SNAPSHOT_WHOLE "whole"
int mln_snapshot_is_whole(struct mln_snapshot *snapshot, bool *out, struct mln_err *err);
int mln_snapshot_put_meta(
        struct mln_snapshot *snapshot, const char *name, struct mln_str value, struct mln_err *err);

/* ---- value.c ---- */
/* The value at a path; a zeroed value (null) when a name on the way is absent. */
struct mln_json_value mln_snapshot_at(struct mln_json_value value, const struct mln_path *path);
/* Text that SQLite's functions see whole: no NUL, no invalid UTF-8. Borrows, or uses `scratch`. */
struct mln_str mln_snapshot_clean(struct mln_str text, struct mln_buf *scratch);
/* As a TEXT column. False when there is nothing that prints. */
bool mln_snapshot_text(struct mln_json_value value, struct mln_buf *scratch, struct mln_str *out);
int mln_snapshot_bind_value(sqlite3_stmt *statement, int index, enum mln_column_type type,
        struct mln_json_value value, struct mln_buf *scratch);

/* ---- load.c ---- */
/* The row of one element, and the rows nested in it. Of a single table also when it is null. */
int mln_snapshot_add_element(struct mln_snapshot *snapshot, const struct mln_row_map *map,
        const struct mln_row_place *place, struct mln_json_value element, struct mln_err *err);

/* ---- again.c ---- */
/* Columns of a query over the rows `t` of a table, to be read again. */
#define SNAPSHOT_AGAIN_COLUMNS "t.region, t.parent, t.answer, t.answer_code, t.call, t.raw"
enum {
    SNAPSHOT_AGAIN_REGION,
    SNAPSHOT_AGAIN_PARENT,
    SNAPSHOT_AGAIN_ANSWER,
    SNAPSHOT_AGAIN_CODE,
    SNAPSHOT_AGAIN_CALL,
    SNAPSHOT_AGAIN_RAW
};
/* The row under the cursor. MLN_ECORRUPT: it is not what such an answer leaves. */
int mln_snapshot_add_again(struct mln_snapshot *from, struct mln_snapshot *to,
        const struct mln_row_map *map, int64_t call_row, sqlite3_stmt *rows, struct mln_err *err);

/* ---- call.c ---- */
/* MLN_ENOTFOUND */
int mln_snapshot_call_find(struct mln_snapshot *snapshot, const struct mln_call_record *record,
        int64_t *call_row, struct mln_err *err);

/* ---- drop.c ---- */
/* The rows nested in the row of that id and place (region and parent), whichever call made it. */
int mln_snapshot_drop_older(struct mln_snapshot *snapshot, const struct mln_row_map *map,
        const struct mln_row_place *place, struct mln_str id, struct mln_err *err);
/* Every row that the call made. */
int mln_snapshot_drop_call(struct mln_snapshot *snapshot, const struct mln_row_map *map,
        int64_t call_row, struct mln_err *err);
