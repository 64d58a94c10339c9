/* What the files of the engine share: checks as they were loaded, their statements, one evaluation.
 */
#pragma once

#include <sqlite3.h>

#include "check/check.h"
#include "check/unread.h"
#include "yaml/yaml.h"

#define MLN_CHECK_BYTES_MAX ((size_t)512 * 1024 * 1024) /* All checks with their tests. */
#define MLN_CHECK_SQL_MAX   ((size_t)256 * 1024)        /* One query. */
#define MLN_CHECK_COLUMNS   6

/* ---- checks as loaded ---- */
struct mln_check_test {
    struct mln_str name;
    struct mln_str now; /* A time, or empty. */
    const struct mln_yaml_node *node, *rows, *unread, *params, *expect;
};

struct mln_check_entry {
    struct mln_check check;
    const struct mln_yaml_file *file;
    const struct mln_yaml_node *document, *scope, *query;
    struct mln_check_param *params; /* The check's, to be overridden. */
    const struct mln_check_test *tests;
};

struct mln_checks {
    struct mln_arena arena;
    const struct mln_schema *schema;
    struct mln_check_entry **entries; /* By id. */
    size_t count;
};

/* The private half of a check that the loader made. */
const struct mln_check_entry *mln_check_entry(
        const struct mln_checks *checks, const struct mln_check *check);

/* The line of a place in a text of a file. */
unsigned mln_check_line(const struct mln_yaml_node *node, size_t offset);

/* What the readers of files share. */
struct mln_check_reader {
    struct mln_arena *arena;
    struct mln_err *err;
};
int mln_check_no_memory(struct mln_err *err);

/* ---- values ---- */
struct mln_check_value {
    enum mln_param_kind kind;
    struct mln_str text;
};
/* A scalar or a list as a parameter's value. */
MLN_MUST_USE int mln_check_value(const struct mln_check_reader *reader,
        const struct mln_yaml_file *file, const struct mln_yaml_node *node,
        struct mln_check_value *out);
/* Appends the node as JSON. */
void mln_check_json(const struct mln_yaml_node *node, struct mln_buf *out);
const char *mln_param_kind_name(enum mln_param_kind kind);
/* True when both may stand for each other: the same kind, or two kinds of number. */
bool mln_param_kind_fits(enum mln_param_kind kind, enum mln_param_kind wanted);

/* ---- params.c: parameters.yaml ---- */
struct mln_check_shared;
MLN_MUST_USE int mln_check_shared_new(const struct mln_checks_source *source,
        const struct mln_check_reader *reader, struct mln_check_shared **out);
/* The value called `name` under `shared:`, or NULL. */
const struct mln_check_value *mln_check_shared_find(
        const struct mln_check_shared *shared, struct mln_str name);
MLN_MUST_USE int mln_check_shared_apply(const struct mln_check_shared *shared,
        const struct mln_checks *checks, const struct mln_check_reader *reader);
/* The params: list of a check. */
MLN_MUST_USE int mln_check_params_read(const struct mln_check_reader *reader,
        const struct mln_check_shared *shared, const struct mln_yaml_node *list,
        struct mln_check_entry *entry);

/* ---- tests: list of a check ---- */
MLN_MUST_USE int mln_check_tests_read(const struct mln_check_reader *reader,
        const struct mln_yaml_node *list, struct mln_check_entry *entry);
/* The verdict that an expectation names. */
MLN_MUST_USE int mln_check_expected(const struct mln_check_reader *reader,
        const struct mln_yaml_file *file, const struct mln_yaml_node *node, enum mln_verdict *out);

/* The account of every test; the row of the table `account` unless the test has its own. */
#define MLN_CHECK_TEST_ACCOUNT "1234567890123456"
/* Puts the rows and calls of a test into an empty snapshot. MLN_EINVAL: the test is wrong. */
MLN_MUST_USE int mln_check_fill(struct mln_snapshot *snapshot, const struct mln_checks *checks,
        const struct mln_check_entry *entry, const struct mln_check_test *test,
        struct mln_err *err);

/* "pass", ...: MLN_EINVAL. */
MLN_MUST_USE int mln_verdict_parse(struct mln_str name, enum mln_verdict *out);
/* "no permission: " and so on: what a reason begins with. */
const char *mln_unread_words(enum mln_unread why);
/* Finds the kind by the words that a reason begins with; MLN_UNREAD_ERROR otherwise. */
enum mln_unread mln_unread_parse(struct mln_str reason);

/* ---- statement.c ---- */
/* What the author of a statement got wrong, and where in its text. */
struct mln_check_mistake {
    char text[320];
    size_t offset;
};

/* The authorizer's memory: only reading, only the plan's tables; which ones is kept. */
struct mln_check_guard {
    const struct mln_unread_map *map;
    struct mln_table_set reads;
    char refused[200], word[80];
};
void mln_check_guard_on(struct sqlite3 *db, struct mln_check_guard *guard);
void mln_check_guard_off(struct sqlite3 *db);

/*
 * One statement that gives exactly the columns `names` (NULL: any). The guard is on; its `reads`
 * are what the statement reads from then on. MLN_EINVAL with `mistake` filled; MLN_ENOMEM.
 */
MLN_MUST_USE int mln_check_prepare(struct sqlite3 *db, struct mln_check_guard *guard,
        struct mln_str sql, const char *const *names, size_t name_count, sqlite3_stmt **out,
        struct mln_check_mistake *mistake);
/* A statement of any columns and without parameters: MLN_OK when it may stand in a query. */
MLN_MUST_USE int mln_check_prepare_view(struct sqlite3 *db, struct mln_check_guard *guard,
        struct mln_str sql, struct mln_check_mistake *mistake);
MLN_MUST_USE int mln_check_prepare_scope(struct sqlite3 *db, struct mln_check_guard *guard,
        const struct mln_check *check, sqlite3_stmt **out, struct mln_check_mistake *mistake);
MLN_MUST_USE int mln_check_prepare_query(struct sqlite3 *db, struct mln_check_guard *guard,
        const struct mln_check *check, sqlite3_stmt **out, struct mln_check_mistake *mistake);

/* Every parameter of the statement is :now, :account or one of the check's. Bit i of `used` is set
 * for parameter i. */
MLN_MUST_USE int mln_check_parameters(const struct mln_check *check, struct mln_str sql,
        sqlite3_stmt *statement, unsigned *used, struct mln_check_mistake *mistake);
/* Binds them; the texts are borrowed. */
MLN_MUST_USE int mln_check_bind(const struct mln_check *check, sqlite3_stmt *statement,
        int64_t now_ms, struct mln_str account, struct mln_err *err);

void mln_check_finalize(sqlite3_stmt **statement);
/* A column as text, without a copy; empty for NULL. */
struct mln_str mln_check_column(sqlite3_stmt *statement, int column);

/* ---- evaluate.c ---- */
/* Looks at the evidence of each row, also where nobody keeps it. */
void mln_evaluator_be_strict(struct mln_evaluator *evaluator);
