/*
 * Checks: one YAML file each (docs/extending/check.md), a scope and a query over a snapshot. The
 * engine enforces what a verdict needs to be trusted: every row of the scope exactly once, nothing
 * but reading, bounded steps, and "unknown" wherever a table that the query read (learned from
 * SQLite's authorizer, never declared) was not read completely for that row.
 */
#pragma once

#include "base/arena.h"
#include "base/clock.h"
#include "snapshot/snapshot.h"

#define MLN_CHECKS_MAX        ((size_t)1000)
#define MLN_VIEWS_MAX         ((size_t)200)
#define MLN_CHECK_PARAMS_MAX  ((size_t)20)
#define MLN_CHECK_TESTS_MAX   ((size_t)200)
#define MLN_CHECK_TIME_MAX_MS ((int64_t)120000) /* One query over one snapshot. */
#define MLN_CHECK_TEXT_MAX    ((size_t)8192)    /* A reason; evidence. */
#define MLN_CHECK_ID_USER     100000            /* From here on ids are the user's. */

enum { MLN_CHECK_EN, MLN_CHECK_ZH, MLN_CHECK_LANGS };

enum mln_verdict { MLN_PASS, MLN_FAIL, MLN_NOT_APPLICABLE, MLN_UNKNOWN, MLN_VERDICTS };
const char *mln_verdict_name(enum mln_verdict verdict); /* "pass", "not_applicable", ... */

/* Why something could not be judged. */
enum mln_unread {
    MLN_UNREAD_NONE,
    MLN_UNREAD_DENIED, /* reason names the RAM action */
    MLN_UNREAD_THROTTLED,
    MLN_UNREAD_UNSUPPORTED,
    MLN_UNREAD_ERROR,         /* a failed call, or data that makes no sense */
    MLN_UNREAD_NOT_COLLECTED, /* the snapshot ends before it */
};
const char *mln_unread_name(enum mln_unread why); /* "denied", ... */

enum mln_check_text {
    MLN_TEXT_BEST_PRACTICE,
    MLN_TEXT_INFLUENCE,
    MLN_TEXT_SUGGESTION,
    MLN_TEXT_HELP_RESOURCE, /* A link. */
    MLN_CHECK_TEXTS
};

enum mln_param_kind {
    MLN_PARAM_INT,
    MLN_PARAM_REAL,
    MLN_PARAM_BOOL,
    MLN_PARAM_TEXT,
    MLN_PARAM_LIST
};

struct mln_check_param {
    const char *name;
    enum mln_param_kind kind; /* Of `value`. That of `initial`, or both are numbers. */
    struct mln_str value;     /* In force: a number, true, false, text, or a JSON list. */
    struct mln_str initial;   /* The file's. */
    struct mln_str about[MLN_CHECK_LANGS];
};

struct mln_check_mapping {
    struct mln_str standard, clause; /* "CIS Alibaba Cloud 2.0", "5.1" */
};

struct mln_check {
    int64_t id;
    struct mln_str name; /* Code name: "OSS_BucketAcl" */
    struct mln_str title[MLN_CHECK_LANGS];
    int group;              /* 1..6 */
    int level;              /* 1 low, 2 medium, 3 high */
    struct mln_str service; /* RiskAssertType: "OSS" */
    struct mln_str texts[MLN_CHECK_TEXTS][MLN_CHECK_LANGS];
    struct mln_str grid_key; /* Column of the resource: "BucketName" */
    struct mln_str grid_title[MLN_CHECK_LANGS];
    const struct mln_check_param *params;
    size_t param_count;
    const struct mln_check_mapping *mappings;
    size_t mapping_count;
    struct mln_str scope_text, query_text; /* As the file has them. */
    struct mln_str scope, query; /* What is run: SQL (scope: or a table), views in front of it. */
    unsigned stands;             /* Bits of verdicts that hold although something was not read. */
    const char *file;
    bool built_in, replaced; /* replaced: a user's file stands in for the built-in. */
    bool enabled;
    size_t test_count;
};

struct mln_checks;

struct mln_check_file {
    const char *name;
    struct mln_str text;
    bool built_in;
};

/*
 * Reads the files, applies parameter files, and prepares every view and query against an empty
 * snapshot of `schema`: MLN_EINVAL with file and line for anything wrong (unknown table, a query
 * that writes, two built-in or two user's checks with one id, no pass, fail and not-applicable
 * test, ...). The schema is borrowed.
 */
struct mln_checks_source {
    const struct mln_check_file *files;
    size_t file_count;
    const struct mln_check_file *parameters; /* parameters.yaml files; later ones win. */
    size_t parameter_count;
    const struct mln_schema *schema;
    const struct mln_check_file *views;
    size_t view_count;
};
MLN_MUST_USE int mln_checks_load(
        const struct mln_checks_source *source, struct mln_checks **out, struct mln_err *err);
void mln_checks_free(struct mln_checks *checks);
size_t mln_checks_count(const struct mln_checks *checks);
const struct mln_check *mln_checks_at(const struct mln_checks *checks, size_t index); /* By id. */
const struct mln_check *mln_checks_find(const struct mln_checks *checks, int64_t id); /* Or NULL. */

/* ---- evaluation ---- */
struct mln_finding {
    struct mln_str id, region, name;
    enum mln_verdict verdict;
    enum mln_unread why;             /* UNKNOWN only. */
    struct mln_str reason, evidence; /* VulValue, ASCII; a JSON object or empty. */
};
typedef int mln_finding_fn(void *ctx, const struct mln_finding *finding, struct mln_err *err);

/* A part of the scope itself that could not be listed. An empty region: all of it. */
struct mln_unread_scope {
    struct mln_str region, reason;
    enum mln_unread why;
};

/* ---- what a verdict rests on ---- */
#define MLN_GAPS_MAX ((size_t)40) /* Told one by one; further ones are counted. */

/* Where a call that a check needs was not answered. */
struct mln_gap {
    struct mln_str call, action; /* "ecs:DescribeDisks"; the RAM action, or "". */
    enum mln_unread why;
    int64_t calls, regions; /* regions 0: it is not made by region. */
};

/*
 * What was read for a check: the calls that fill the tables of its scope and its query, and those
 * that these depend on. `rows`, `counted_rows`, `total` and `regions_with_rows` are of the former
 * alone. A gap need not concern a verdict: it may lie where the scope has no rows, or the check
 * says that the verdict stands without it.
 */
struct mln_completeness {
    bool is_known; /* False: nothing is said. */
    int64_t calls; /* That were begun; the sum of the next nine, but for calls never begun. */
    int64_t read, not_activated, no_region, denied, throttled, unsupported, failed;
    int64_t not_recorded;  /* Of a recording that has not the answer. */
    int64_t not_collected; /* Begun and not ended, or never begun. */
    int64_t pages, rows;
    int64_t counted_rows, total; /* Of calls that say how many there are: read, and said. */
    int64_t regions, regions_with_rows;
    int64_t oldest_ms, newest_ms; /* When the calls ended; 0: not known. */
    int64_t reused;               /* Calls that an earlier snapshot answered. */
    struct mln_gap *gaps;         /* In the order of the plan. */
    size_t gap_count;
    int64_t more_gaps;
};

struct mln_evaluation {
    int64_t count[MLN_VERDICTS];
    struct mln_unread_scope *unread;
    size_t unread_count;
    struct mln_completeness completeness;
    struct mln_arena arena; /* Holds `unread` and the gaps; freed by mln_evaluation_free(). */
};
void mln_evaluation_free(struct mln_evaluation *evaluation);

/* What all evaluations of one snapshot share: functions, what was read. One at a time. */
struct mln_evaluator;
struct mln_evaluator_options {
    int64_t now_ms;
    int64_t time_max_ms; /* 0: MLN_CHECK_TIME_MAX_MS */
    const struct mln_clock *clock;
    const volatile int *stop; /* May be NULL; another thread may set it, atomically. */
};
MLN_MUST_USE int mln_evaluator_new(struct mln_snapshot *snapshot,
        const struct mln_evaluator_options *options, struct mln_evaluator **out,
        struct mln_err *err);
void mln_evaluator_free(struct mln_evaluator *evaluator);

/*
 * Judges every row of the check's scope. MLN_EINVAL: the query broke the contract (the message says
 * how and for which row); findings given before that are void. MLN_ETOOBIG: too slow;
 * MLN_ECANCELLED.
 */
MLN_MUST_USE int mln_evaluate(struct mln_evaluator *evaluator, const struct mln_check *check,
        mln_finding_fn *fn, void *ctx, struct mln_evaluation *out, struct mln_err *err);

/* Registers the SQL functions on a connection; for `query` on a snapshot. */
MLN_MUST_USE int mln_check_functions(struct mln_snapshot *snapshot, struct mln_err *err);

/* Appends `sql` with the views that it names in front of it, for `query` on a snapshot. */
MLN_MUST_USE int mln_views_compose(const struct mln_check_file *views, size_t count,
        struct mln_str sql, struct mln_buf *out, struct mln_err *err);

/* A check file that passes its own tests, for somebody to start from. */
void mln_check_skeleton(int64_t id, struct mln_buf *out);

/* ---- embedded tests ---- */
struct mln_check_test_result {
    const struct mln_check *check;
    struct mln_str name;
    bool passed;
    struct mln_str message; /* What differed. */
};
typedef int mln_check_test_fn(
        void *ctx, const struct mln_check_test_result *result, struct mln_err *err);
/* Runs the tests of every check, or of `only`. */
MLN_MUST_USE int mln_check_tests(const struct mln_checks *checks, const struct mln_check *only,
        mln_check_test_fn *fn, void *ctx, struct mln_err *err);
