/*
 * Scanning an account: collect its configuration (from the cloud or a recording), judge it, and
 * keep the results in the store under a scan id of their own, in batches; the scan becomes current
 * by one row. Also everything that front ends do with plans, checks and snapshots without a store.
 */
#pragma once

#include "risk/risk.h"

struct mln_endpoints;
struct mln_log;
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
    struct mln_str id, product, version, action, scope, paging, table, ram_action, method;
    double rate;          /* Calls a second in one region. */
    struct mln_str limit; /* What is documented: "10/s"; "" where nothing is. */
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
    struct mln_str value; /* A folder, a file, a profile's name ("": the chain's), a role's ARN. */
};
/* "replay:DIR", "snapshot:FILE", "profile:NAME", "role:ARN". MLN_EINVAL. */
MLN_MUST_USE int mln_source_parse(
        struct mln_str text, struct mln_source_spec *out, struct mln_err *err);

/* How the live cloud is reached, for sources of the kinds PROFILE and ROLE. All borrowed. */
struct mln_live_source {
    const struct mln_env *env;
    const struct mln_random *random;
    const struct mln_log *log; /* May be NULL. */
    const struct mln_endpoints *endpoints;
    const char *cacert, *region, *user_agent; /* NULL: none given. */
    int64_t connect_timeout_ms, timeout_ms;   /* 0: the defaults */
    size_t in_flight_max;                     /* 0: MLN_PACE_IN_FLIGHT */
    bool unpaced;                             /* No rates. */
    /* Of a source of the kind ROLE: whose credentials assume it (NULL: the chain's), and how. */
    const char *profile, *external_id;
};

/* Who the credentials of a source are: what the cloud says. "" where it says nothing. */
struct mln_identity {
    char type[32]; /* "Account", "RAMUser", "AssumedRoleUser" */
    char account_id[32], principal_id[160], user_id[64], role_id[64];
    char arn[320];
};
/* Asks (GetCallerIdentity). MLN_ECREDS, MLN_ECONFIG, MLN_ETRANSIENT, as of mln_api_call(). */
MLN_MUST_USE int mln_live_identity(const struct mln_live_source *live,
        const struct mln_source_spec *source, const struct mln_clock *clock,
        struct mln_identity *out, struct mln_err *err);

/* What became of the calls of a product. */
struct mln_scan_product {
    struct mln_str product;
    int64_t calls, read, denied, throttled, not_activated, failed, rows;
    struct mln_str missing; /* RAM actions that were refused, joined by ", ". */
};

struct mln_scan_progress {
    const char *phase; /* "collect", "check", "store" */
    struct mln_str what;
    int64_t done, total; /* total 0: unknown */
    int64_t rows;        /* collect: read so far */
    int64_t left_ms;     /* collect: -1: cannot be told */
};

struct mln_scan_options {
    const struct mln_posture *posture;
    struct mln_str account_id;
    struct mln_source_spec source;
    const struct mln_live_source *live; /* NULL: the live cloud is out of reach. */
    const char *snapshot_path;          /* Keep the snapshot there; NULL: a temporary file. */
    bool resume;                        /* `snapshot_path` must be there, unfinished. */
    const char *save_raw;               /* Folder for a recording of the answers; NULL: none. */
    const char *since_path;             /* An earlier snapshot; NULL: none. */
    const int64_t *only, *skip;         /* Check ids. */
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
    /* One line for the user, once: the estimate, the clock, what --since could do. May be NULL. */
    void (*note)(void *ctx, const char *text);
    void *note_ctx;
    /* Each product's calls, when collecting has ended or was stopped. May be NULL. */
    void (*product)(void *ctx, const struct mln_scan_product *product);
    void *product_ctx;
};

struct mln_scan_report {
    int64_t scan_id;
    int64_t calls, rows, denied, throttled, failed, not_activated;
    int64_t items, items_passed, items_failed, items_not_assessed;
    int64_t findings_failed, findings_not_assessed, findings_stale;
    int worst_level; /* Of the items that failed and are not marked: 0..3 */
    bool stopped;
    bool resumable; /* It ended early, and `snapshot_path` can be gone on with. */
};

/* Writes a snapshot and nothing else (`snapshot_path` is required). */
MLN_MUST_USE int mln_collect_to_file(const struct mln_scan_options *options,
        struct mln_scan_report *report, struct mln_err *err);

/* ---- many accounts ---- */
#define MLN_ACCOUNTS_MAX     ((size_t)10000)
#define MLN_ACCOUNTS_AT_ONCE 4

/* One account, and how its credentials are come by. */
struct mln_scan_account {
    struct mln_str id;   /* "" until it is known. */
    struct mln_str name; /* For people; "". */
    struct mln_str profile, role,
            external_id; /* `role` is an ARN, assumed with `profile` or the chain. */
};

struct mln_scan_accounts; /* A list of them. */
/*
 * Reads a YAML file: a list under `accounts` with `id`, `name`, `profile`, `role` (an ARN, or a
 * role's name together with `id`), `external_id`; a `role` beside it is every account's default.
 * MLN_EINVAL with file, line and column.
 */
MLN_MUST_USE int mln_scan_accounts_read(
        const char *path, struct mln_scan_accounts **out, struct mln_err *err);
/* The accounts of the Resource Directory that the source's credentials belong to, each with
 * `role_name` to assume; the management account itself with those credentials. */
MLN_MUST_USE int mln_scan_accounts_of_directory(const struct mln_scan_options *options,
        const char *role_name, struct mln_scan_accounts **out, struct mln_err *err);
size_t mln_scan_accounts_count(const struct mln_scan_accounts *accounts);
struct mln_scan_account mln_scan_accounts_at(
        const struct mln_scan_accounts *accounts, size_t index);
void mln_scan_accounts_free(struct mln_scan_accounts *accounts);

/* How one account ended: MLN_OK, or why not. */
struct mln_scan_account_end {
    struct mln_scan_account account;
    const char *path;
    int code;
    const char *message;
    const struct mln_scan_report *report;
};
typedef void mln_scan_account_fn(void *ctx, const struct mln_scan_account_end *end);
/*
 * One snapshot for each, FOLDER/<account id>.db (the folder is made, 0700), up to `at_once` (0:
 * MLN_ACCOUNTS_AT_ONCE) at a time under one pace. An unfinished snapshot there is gone on with. One
 * that fails fails alone. `fn` and the callbacks of `options` are called by one thread at a time.
 * MLN_EPARTIAL: some failed; MLN_ECANCELLED.
 */
MLN_MUST_USE int mln_collect_accounts(const struct mln_scan_options *options,
        const struct mln_scan_accounts *accounts, const char *folder, int at_once,
        mln_scan_account_fn *fn, void *ctx, struct mln_err *err);

/* ---- what the credentials may do ---- */
struct mln_permission {
    struct mln_str call, product, ram_action;
    struct mln_str verdict; /* "allowed", "denied", "not activated", "cannot tell", "not tried" */
    struct mln_str reason;  /* A code and a message; "". */
};
typedef int mln_permission_fn(
        void *ctx, const struct mln_permission *permission, struct mln_err *err);
/*
 * Makes the first page of every call of the plan that is made for an account or a region, in one
 * region (the source's, else one that all accounts have), and says how each went. Calls for single
 * resources are not tried. `options` as for collecting; nothing is written.
 */
MLN_MUST_USE int mln_live_permissions(const struct mln_scan_options *options, mln_permission_fn *fn,
        void *ctx, struct mln_err *err);

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
struct mln_scan_worker {
    const struct mln_posture *posture;
    const struct mln_live_source *live; /* NULL: the live cloud is out of reach. */
    const struct mln_clock *clock;
    const volatile int *stop;
};
MLN_MUST_USE int mln_scan_work(
        struct mln_store *store, const struct mln_scan_worker *how, struct mln_err *err);
