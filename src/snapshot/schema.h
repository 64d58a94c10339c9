/*
 * What a snapshot holds: tables with typed columns, and how an API's answer becomes their rows. The
 * plan (src/collect) fills these in from catalog/collect; here they are plain data that everybody
 * borrows from the plan.
 *
 * Beside its own columns every table has: id, name, region, parent (the key of the row that the
 * call was made for, or the id of the row that holds this one), answer and answer_code (how the
 * call ended, for tables with one row per call), call (collect_call.id) and raw (the API's JSON).
 */
#pragma once

#include "base/str.h"

#define MLN_TABLES_MAX        ((size_t)500)
#define MLN_TABLE_COLUMNS_MAX ((size_t)60)
#define MLN_TABLE_NAME_MAX    ((size_t)63) /* [a-z][a-z0-9_]*; columns alike. */
#define MLN_PATH_NAMES_MAX    ((size_t)8)

/*
 * How a JSON value is stored; NULL when it is absent, null or of another shape. TEXT takes strings,
 * and numbers and booleans as they print; INT also takes a string of digits, BOOL (0, 1) also the
 * words true and false in any case; JSON takes anything, as compact text.
 */
enum mln_column_type {
    MLN_COLUMN_TEXT,
    MLN_COLUMN_INT,
    MLN_COLUMN_REAL,
    MLN_COLUMN_BOOL,
    MLN_COLUMN_JSON
};

struct mln_column {
    const char *name;
    enum mln_column_type type;
};

struct mln_table {
    const char *name;
    const struct mln_column *columns;
    size_t column_count;
    bool single;    /* One row per call, also when the answer is "there is none". */
    bool is_unique; /* A second row of the same id, region and parent replaces the first. */
};

/* Member names from the outside in; none: the value itself. */
struct mln_path {
    const char *names[MLN_PATH_NAMES_MAX];
    size_t count;
};

struct mln_column_map {
    size_t column; /* In the table's columns. */
    struct mln_path path;
    const char *literal; /* The same text in each row, in place of a path; NULL: none. */
};

/* From one element of an answer to one row, and to the rows nested in it. */
struct mln_row_map {
    size_t table;         /* In the schema's tables. */
    struct mln_path list; /* From the answer (or the row that holds it) to the elements. */
    struct mln_path id, name, region; /* `has_*` says which are given. */
    bool has_id, has_name, has_region;
    const struct mln_column_map *columns;
    size_t column_count;
    const struct mln_row_map *nested;
    size_t nested_count;
};

/* A call of the plan: what fills which tables, and on what it depends. */
enum mln_call_scope { MLN_SCOPE_ACCOUNT, MLN_SCOPE_SITE, MLN_SCOPE_REGION, MLN_SCOPE_ROW };

struct mln_schema_call {
    const char *id; /* "oss:GetBucketInfo" */
    enum mln_call_scope scope;
    const char *ram_action; /* "oss:GetBucketInfo" */
    const char *parent;     /* SCOPE_ROW: the table whose ids are its keys; NULL: several. */
    const struct mln_row_map *rows;
    const size_t *depends; /* Calls (in the schema's) that must be complete before it is. */
    size_t depend_count;
};

struct mln_schema {
    const struct mln_table *tables; /* Sorted by name. */
    size_t table_count;
    const struct mln_schema_call *calls; /* In the order of the plan. */
    size_t call_count;
    char hash[65]; /* SHA-256 of all of it, lower-case hex. */
};

/* The table called `name`, or NULL. */
const struct mln_table *mln_schema_table(const struct mln_schema *schema, struct mln_str name);
