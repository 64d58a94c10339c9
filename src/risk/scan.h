/*
 * Scanning an account: collect its configuration (from a recording today), judge it, and keep the
 * results in the store under a scan id of their own, in batches; the scan becomes current by one
 * row. Also everything that front ends do with plans, checks and snapshots without a store.
 */
#pragma once

#include "risk/risk.h"

struct mln_store;
struct mln_posture; /* The plan and the checks, loaded. */

#define MLN_SCAN_ITEMS_MAX       ((size_t)1000)
#define MLN_SCAN_THREADS_MAX     4
#define MLN_SCAN_THREADS_DEFAULT 2

struct mln_posture_options {
    const char *const
            *catalogs; /* folders with collect/, checks/, views/, parameters.yaml; later ones win */
    size_t catalog_count;
    const char *const *check_folders; /* folders of check files and parameters.yaml alone */
    size_t check_folder_count;
};
/* MLN_EINVAL with file and line. */
MLN_MUST_USE int mln_posture_load(
        const struct mln_posture_options *options, struct mln_posture **out, struct mln_err *err);
void mln_posture_free(struct mln_posture *posture);

/* Appends `sql` with the catalogue's views that it names in front of it. */
MLN_MUST_USE int mln_posture_views(const struct mln_posture_options *options, struct mln_str sql,
        struct mln_buf *out, struct mln_err *err);

/* The RAM policy of the plan, as JSON. */
void mln_posture_policy(const struct mln_posture *posture, struct mln_buf *out);

/* The calls of the plan. */
struct mln_posture_call {
    struct mln_str id, product, version, action, scope, paging, table, ram_action;
};
typedef int mln_posture_call_fn(
        void *ctx, const struct mln_posture_call *call, struct mln_err *err);
MLN_MUST_USE int mln_posture_calls(
        const struct mln_posture *posture, mln_posture_call_fn *fn, void *ctx, struct mln_err *err);

/* A check as people see it; texts in `lang`. */
struct mln_posture_check {
    int64_t id;
    struct mln_str name, title, service, group_title, level_name;
    int group, level;
    struct mln_str best_practice, influence, suggestion, help_resource;
    struct mln_str scope, query, mappings; /* mappings: "CIS ... 5.1; ..." */
    struct mln_str params;                 /* JSON object of the values in force */
    bool replaced, custom;
    const char *file;
    size_t test_count;
};
typedef int mln_posture_check_fn(
        void *ctx, const struct mln_posture_check *check, struct mln_err *err);
MLN_MUST_USE int mln_posture_checks(const struct mln_posture *posture, enum mln_lang lang,
        mln_posture_check_fn *fn, void *ctx, struct mln_err *err);

/* The embedded tests; `fn` gets every test. `only_id` 0: all checks. */
typedef int mln_posture_test_fn(void *ctx, int64_t check_id, struct mln_str test, bool passed,
        struct mln_str message, struct mln_err *err);
MLN_MUST_USE int mln_posture_test(const struct mln_posture *posture, int64_t only_id,
        mln_posture_test_fn *fn, void *ctx, struct mln_err *err);

/* A new check file that passes its own tests, as text. */
MLN_MUST_USE int mln_posture_skeleton(int64_t id, struct mln_buf *out, struct mln_err *err);

/* ---- where configuration comes from ---- */
enum mln_source_kind {
    MLN_SOURCE_REPLAY,
    MLN_SOURCE_SNAPSHOT,
    MLN_SOURCE_PROFILE,
    MLN_SOURCE_ROLE
};
struct mln_source_spec {
    enum mln_source_kind kind;
    struct mln_str value; /* A folder, a file, a profile's name, a role's ARN. */
};
/* "replay:DIR", "snapshot:FILE", "profile:NAME", "role:ARN". MLN_EINVAL. */
MLN_MUST_USE int mln_source_parse(
        struct mln_str text, struct mln_source_spec *out, struct mln_err *err);

struct mln_scan_progress {
    const char *phase; /* "collect", "check", "store" */
    struct mln_str what;
    int64_t done, total; /* total 0: unknown */
};

struct mln_scan_options {
    const struct mln_posture *posture;
    struct mln_str account_id;
    struct mln_source_spec source;
    const char *snapshot_path;  /* Keep the snapshot there; NULL: a temporary file. */
    const int64_t *only, *skip; /* Check ids. */
    size_t only_count, skip_count;
    /*
     * Checks judged at once: 1..MLN_SCAN_THREADS_MAX; 0: one for each processor, up to
     * MLN_SCAN_THREADS_DEFAULT, because each needs memory of its own. The clock is asked from each
     * thread; everything else is called from the caller's.
     */
    int threads;
    const struct mln_clock *clock;
    const volatile int *stop;
    void (*progress)(void *ctx, const struct mln_scan_progress *progress);
    void *progress_ctx;
};

struct mln_scan_report {
    int64_t scan_id;
    int64_t calls, rows, denied, throttled, failed, not_activated;
    int64_t items, items_passed, items_failed, items_not_assessed;
    int64_t findings_failed, findings_not_assessed, findings_stale;
    int worst_level; /* Of the items that failed and are not marked: 0..3 */
    bool stopped;
};

/* Writes a snapshot and nothing else (`snapshot_path` is required). */
MLN_MUST_USE int mln_collect_to_file(const struct mln_scan_options *options,
        struct mln_scan_report *report, struct mln_err *err);

/* Collects, judges, stores. The earlier results stay current until this scan is whole. */
MLN_MUST_USE int mln_scan(struct mln_store *store, const struct mln_scan_options *options,
        struct mln_scan_report *report, struct mln_err *err);

/*
 * Judges without a store (`check run`): findings go to `fn` (passes too when `passes`), one item's
 * findings together.
 */
struct mln_judged {
    int64_t check_id;
    struct mln_str resource_id, region, name, verdict, not_assessed, reason, evidence;
};
typedef int mln_judged_fn(void *ctx, const struct mln_judged *judged, struct mln_err *err);
MLN_MUST_USE int mln_judge(const struct mln_scan_options *options, bool passes, mln_judged_fn *fn,
        void *ctx, struct mln_scan_report *report, struct mln_err *err);

/* A read-only query on a snapshot file. Cells are text; NULL cells have ptr NULL. */
struct mln_query_sink {
    int (*columns)(void *ctx, const struct mln_str *names, size_t count, struct mln_err *err);
    int (*row)(void *ctx, const struct mln_str *cells, size_t count, struct mln_err *err);
    void *ctx;
    int64_t rows_max; /* 0: no limit */
    const volatile int *stop;
};
MLN_MUST_USE int mln_snapshot_query(const char *snapshot_path, const char *sql,
        const struct mln_query_sink *sink, struct mln_err *err);

/* ---- scans on request (StartBaselineSecurityCheck) ---- */
/* Remembers where the account's configuration comes from. */
MLN_MUST_USE int mln_account_set_source(struct mln_store *store, struct mln_str account_id,
        struct mln_str source, struct mln_err *err);

/* MLN_ECONFIG: the account has no source; MLN_EEXIST: a scan is waiting or running. `only` of
 * count 0: every check. Gives the task's id. */
MLN_MUST_USE int mln_scan_request(struct mln_store *store, const struct mln_clock *clock,
        struct mln_str account_id, const int64_t *only, size_t only_count, int64_t *task_id,
        struct mln_err *err);

/*
 * Takes one waiting request and does it, or MLN_ENOTFOUND. For the server's worker: `store` is its
 * own connection. A request whose worker died is taken again after MLN_SCAN_LEASE_MS (when it died
 * while a check ran, after the time that a check may take besides). MLN_EPARTIAL: the scan failed,
 * which is recorded with the request; MLN_ECANCELLED: stopped, the request waits for another
 * worker.
 */
#define MLN_SCAN_LEASE_MS ((int64_t)60000)
MLN_MUST_USE int mln_scan_work(struct mln_store *store, const struct mln_posture *posture,
        const struct mln_clock *clock, const volatile int *stop, struct mln_err *err);
