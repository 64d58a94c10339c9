/* What the files of this folder share: the plan as the executor sees it, and the steps of reading
 * one. */
#pragma once

#include "collect/collect.h"
#include "collect/plan.h"
#include "yaml/yaml.h"

struct sqlite3;
struct sqlite3_stmt;

#define MLN_PLAN_ARENA_MAX     ((size_t)256 * 1024 * 1024)
#define MLN_PLAN_FILES_MAX     ((size_t)1000)
#define MLN_PLAN_ERRORS_MAX    ((size_t)100)
#define MLN_PLAN_SITES_MAX     ((size_t)20)
#define MLN_PLAN_VARIANTS_MAX  ((size_t)20)
#define MLN_PLAN_BATCH_MAX     ((int64_t)1000)
#define MLN_PLAN_MASK_MAX      ((size_t)20)
#define MLN_PLAN_PAGE_SIZE_MAX ((int64_t)10000)
#define MLN_PLAN_ROWS_DEPTH    4
#define MLN_PLAN_KEY_COLUMNS   ((size_t)30) /* Columns of a for_each query. */
#define MLN_PLAN_SQL_MAX       ((size_t)16384)

#define MLN_ACCOUNT_TABLE    "account"
#define MLN_CALL_TABLE       "collect_call"
#define MLN_ACCOUNT_REGION   "global"
#define MLN_ANSWER_BYTES_MAX ((size_t)16 * 1024 * 1024)

struct mln_plan_error {
    struct mln_str code; /* Without the '*'. */
    bool any_before, any_after;
    enum mln_outcome outcome;
};

struct mln_plan_errors {
    const struct mln_plan_error *items;
    size_t count;
};

/* A parameter whose value is a text with {placeholders}. */
struct mln_plan_param {
    struct mln_str name, value;
};

enum mln_plan_by { MLN_PAGE_NONE, MLN_PAGE_NUMBER, MLN_PAGE_TOKEN };

struct mln_plan_page {
    enum mln_plan_by by;
    struct mln_str position, size; /* Parameters: the number or token, and the page size. */
    int64_t max;                   /* 0: not said */
    struct mln_path next, total, more;
    bool has_total, has_more;
};

/* Everything about a call that is not the schema's; at the same index. */
struct mln_plan_entry {
    struct mln_plan_call info;
    const struct mln_yaml_file *file; /* While loading. */
    const struct mln_yaml_node *node, *for_each_node, *request_node, *region_node, *host_node,
            *path_node;
    const char *for_each;    /* SCOPE_ROW: a table or a query. */
    const char *region_from; /* SCOPE_REGION: the table. */
    struct mln_yaml_strs sites;
    const char *keys_sql; /* SCOPE_REGION and SCOPE_ROW: the statement that gives the keys. */
    const char *const *key_columns; /* Its columns: key, region, and what else the query has. */
    size_t key_column_count;
    const struct mln_plan_param *params;
    size_t param_count;
    struct mln_str variant_name;
    struct mln_yaml_strs variants;
    struct mln_plan_page page;
    struct mln_plan_errors errors, product_errors;
    /*
     * Templates, "" where there is none. The executor fills request.host and request.path: in a
     * path each placeholder is percent-encoded as one segment, and none may be empty or NULL; a
     * host with a NULL in it is no host.
     */
    struct mln_str host, path;
    int64_t batch; /* 0: one key a call */
    bool is_csv;
    struct mln_path csv;       /* Where the text is. */
    struct mln_yaml_strs mask; /* Members whose values are not kept whole. */
    /* SCOPE_ROW: columns of the row; while they are the same, the answer is. */
    struct mln_yaml_strs unchanged_while;
    const struct mln_yaml_node *unchanged_node;
    bool single;        /* Its table has one row per call. */
    bool gives_regions; /* Other calls are made once per row of its table. */
    bool is_unique;     /* Its table has each resource once. */
    const char *table;
};

struct mln_plan {
    struct mln_arena arena;
    struct mln_schema schema;
    struct mln_plan_entry *entries;
};

/* ---- loading ---- */

/* A table on its way into the schema. */
struct mln_plan_table {
    struct mln_table table;
    const char *file;
    unsigned line; /* Where it was first said. */
    bool has_id;
    bool said; /* By some call; only `account` may not be. */
};

/* What the steps of loading share. */
struct mln_plan_loader {
    struct mln_plan *plan;
    struct mln_arena yaml; /* Nodes, dropped at the end. */
    struct mln_plan_table *tables;
    size_t table_count;
    struct mln_schema_call *calls; /* By entry. */
    size_t call_count;
    struct mln_err *err;
};

int mln_plan_no_memory(struct mln_plan_loader *loader);
/* A C string in the plan's arena. MLN_EINVAL for a control character or NUL in it. */
MLN_MUST_USE int mln_plan_text(struct mln_plan_loader *loader, const struct mln_yaml_file *file,
        const struct mln_yaml_node *node, struct mln_str text, const char **out);
/* "A.B.C", "." */
MLN_MUST_USE int mln_plan_path(struct mln_plan_loader *loader, const struct mln_yaml_file *file,
        const struct mln_yaml_node *node, struct mln_path *out);
/* [a-z][a-z0-9_]*, at most MLN_TABLE_NAME_MAX */
bool mln_plan_is_name(struct mln_str text);

/* plan_product.c: one file into entries and tables. */
MLN_MUST_USE int mln_plan_product(struct mln_plan_loader *loader, struct mln_yaml_file *file);

/* plan_send.c: how a call is sent; NULL where nothing is said. */
struct mln_plan_send_yaml {
    const struct mln_yaml_node *host, *limit, *method, *path, *rate;
};
MLN_MUST_USE int mln_plan_send(struct mln_plan_loader *loader, const struct mln_yaml_file *file,
        const struct mln_plan_send_yaml *product, const struct mln_plan_send_yaml *call,
        struct mln_plan_entry *entry);

/* plan_rows.c: what a call (or a nested row) says about its rows. */
struct mln_plan_rows_yaml {
    struct mln_str table;
    const struct mln_yaml_node *list, *item, *id, *name, *region, *columns, *rows;
    bool is_csv;
};
MLN_MUST_USE int mln_plan_rows(struct mln_plan_loader *loader, const struct mln_yaml_file *file,
        const struct mln_yaml_node *node, const struct mln_plan_rows_yaml *yaml,
        struct mln_row_map *out);
/* Adds the table that every plan has. */
MLN_MUST_USE int mln_plan_account_table(struct mln_plan_loader *loader);
/* Sorts the tables and puts them and the maps that point at them into the schema. */
MLN_MUST_USE int mln_plan_schema_tables(struct mln_plan_loader *loader);

/* plan_keys.c: the queries of for_each and the tables of regions, and what they depend on. */
MLN_MUST_USE int mln_plan_keys(struct mln_plan_loader *loader);
/* plan_link.c: cycles, and the hash. */
MLN_MUST_USE int mln_plan_check_cycles(struct mln_plan_loader *loader);
MLN_MUST_USE int mln_plan_hash(struct mln_plan_loader *loader);

/* ---- templates ---- */

/* The next {placeholder} of `text` at or after *at; text between is appended to `out` when that is
 * not NULL. False at the end. */
bool mln_template_next(struct mln_str text, size_t *at, struct mln_buf *out, struct mln_str *name);

/* ---- answers ---- */

/* What an answer turned out to be. */
struct mln_reading {
    enum mln_outcome outcome;     /* OK: `root` is the answer. */
    struct mln_json *json, *list; /* Owned: mln_reading_free(). `list`: a decoded table. */
    struct mln_json_value root;
    struct mln_str code, message, request_id; /* Borrowed from `arena`. */
    struct mln_arena arena;
};
void mln_reading_free(struct mln_reading *reading);
/*
 * What cannot be read is an outcome with a reason; MLN_ENOMEM only. `csv_heading` keeps the heading
 * of a table from one page to the next.
 */
MLN_MUST_USE int mln_read_answer(const struct mln_plan_entry *entry,
        const struct mln_schema_call *call, const struct mln_collect_answer *answer,
        struct mln_buf *csv_heading, struct mln_reading *out, struct mln_err *err);

/* Whether an answer says that there were too many calls; -1: it does not say when to come again. */
bool mln_is_throttled(int status, int64_t retry_after_ms, struct mln_str code);

/* The value at `path`, or a null value with false. */
bool mln_path_find(
        struct mln_json_value from, const struct mln_path *path, struct mln_json_value *out);
/* A string, number or boolean as text. */
bool mln_json_scalar(struct mln_json_value value, struct mln_buf *out);

/* replay_name.c */
/* Of a product that is not in a region; the file holds the reason. */
#define MLN_REPLAY_NO_REGION ".no_region"
/* What the name of a recorded answer may end in (".json", ".403.xml"), but for statuses that are
 * seldom; NULL behind the last. */
const char *mln_replay_suffix(size_t index);

/* mask.c: appends the value with the values of the named members masked, at any depth. */
void mln_mask_json(
        struct mln_json_value value, const struct mln_yaml_strs *names, struct mln_buf *out);

/* "****" and the end of a long text; null stays what it is, and so does what was masked before. */
void mln_mask_value(struct mln_json_value value, struct mln_buf *out);

/*
 * A base64 CSV with a heading as a JSON list of objects. `heading` is empty before the first page;
 * a later page may repeat it or not. MLN_EINVAL, MLN_ETOOBIG, MLN_ENOMEM.
 */
MLN_MUST_USE int mln_csv_to_json(
        struct mln_str base64, struct mln_buf *heading, struct mln_buf *out, struct mln_err *err);
