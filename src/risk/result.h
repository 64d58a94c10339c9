/*
 * Check results, as the product decides them: item statuses from findings and marks, filters,
 * pages, marks, summaries. The rules: any failed resource: failed; else anything not assessed:
 * waiting with the reason; else pass. A mark (ignored, falsePositive) on an item wins over its
 * status; an item whose failed resources are all marked takes their mark, unless something else was
 * not assessed. AffectedCount is the number of failed resources, marked or not.
 */
#pragma once

#include "risk/risk.h"

struct mln_writer;

#define MLN_RESULT_PAGE_SIZE_MAX 1000
#define MLN_MARK_REASON_MAX      ((size_t)500) /* Characters. */
#define MLN_RESULT_GROUPS        6

enum mln_result_status {
    MLN_RESULT_PASS,
    MLN_RESULT_FAILED,
    MLN_RESULT_RUNNING,
    MLN_RESULT_WAITING,
    MLN_RESULT_IGNORED,
    MLN_RESULT_FALSE_POSITIVE,
    MLN_RESULT_STATUSES
};
/* The API's own spelling: "pass", "failed", "falsePositive", ... */
const char *mln_result_status_name(enum mln_result_status status);
/* "high", "medium", "low" for 3..1. */
const char *mln_result_level_name(int level);
/* The title of a group, 1..6. */
const char *mln_result_group_title(int group, enum mln_lang lang);
/* "identity", "network", "audit", "data", "monitoring", "protection"; 0 when there is none. */
int mln_result_group_parse(struct mln_str word);
const char *mln_result_group_word(int group);

#define MLN_RESULT_TEXTS 4
struct mln_result_text {
    const char *name; /* bestPractice, influence, suggestion, helpResource */
    bool is_link;
    struct mln_str value;
};

struct mln_mark_info {
    struct mln_str kind; /* "ignored", "falsePositive"; empty: none */
    struct mln_str reason, author;
    int64_t marked_ms, until_ms; /* until 0: no end */
};

/* One item of one account. Views live during the callback. */
struct mln_check_result {
    int64_t item_id, task_id, check_time_ms;
    struct mln_str title, name, service, group_title;
    int group, level, sort;
    enum mln_result_status status;
    bool enabled, replaced, custom;
    int64_t affected, passed, not_applicable, not_assessed, stale;
    struct mln_str not_assessed_reason; /* "no permission: oss:GetBucketInfo"; empty: assessed */
    struct mln_str completeness;        /* JSON of what was read for it; empty: not known. */
    int64_t remaining_s;                /* Of a running scan. */
    struct mln_mark_info mark;          /* On the item. */
    struct mln_result_text texts[MLN_RESULT_TEXTS];
    struct mln_str mappings; /* JSON: [{"standard":"","clause":""}] */
    struct mln_str params;   /* JSON: [{"name":"","value":"","default":"","about":""}], in `lang` */
};
typedef int mln_check_result_fn(
        void *ctx, const struct mln_check_result *result, struct mln_err *err);

/*
 * What was read for a result. Written as a member, or null when it is not known; printed as a JSON
 * object of its own, or nothing; said as phrases without a point, both empty when it is not known,
 * and the second also when every call was answered.
 */
void mln_result_completeness_write(struct mln_writer *w, const char *key, struct mln_str json);
void mln_result_completeness_print(struct mln_str json, struct mln_buf *out);
void mln_result_completeness_say(const struct mln_check_result *result, enum mln_lang lang,
        struct mln_buf *read, struct mln_buf *not_read);

struct mln_result_query {
    struct mln_str account_id;
    enum mln_lang lang;
    int group;                 /* 0: any */
    unsigned levels, statuses; /* Bits 1 << level, 1 << status; 0: any */
    struct mln_str service;    /* empty: any */
    const int64_t *ids;
    size_t id_count;     /* 0: any */
    struct mln_str name; /* Part of a title in either language or of the code name. */
    int enabled;         /* -1: any; 0, 1 */
    int64_t page, page_size;
};

/* One page (ordered by Sort, then id) and the number of matches, from one state of the store. Marks
 * that ended by `clock` count no more. An account that was never scanned has no results. */
MLN_MUST_USE int mln_result_list(struct mln_store *store, const struct mln_clock *clock,
        const struct mln_result_query *query, int64_t *total, mln_check_result_fn *fn, void *ctx,
        struct mln_err *err);

/* ---- the resources of one item ---- */
struct mln_result_finding {
    int64_t finding_id; /* resultStatus[].id; ascending, stable while the scan is current */
    struct mln_str resource_id, region, name, reason, evidence;
    bool failed;                 /* else not assessed */
    bool stale;                  /* kept from an earlier scan: its region could not be read */
    struct mln_str not_assessed; /* "denied", ... */
    int64_t first_seen_ms, last_seen_ms;
    struct mln_mark_info mark;
    struct mln_str changed; /* JSON of evidence members that changed since the last verdict */
};
typedef int mln_result_finding_fn(
        void *ctx, const struct mln_result_finding *finding, struct mln_err *err);

struct mln_finding_query {
    struct mln_str account_id;
    int64_t item_id;
    bool not_assessed_too; /* After the failed ones ... */
    bool without_failed;   /* ... or alone. */
    const struct mln_str *resource_ids;
    size_t resource_id_count; /* 0: any */
    int64_t page, page_size;
};
/* How the item's resources are shown: the columns of the grid. */
struct mln_result_grid {
    struct mln_str key,
            title; /* Views of `text`: a copy of the structure would show the old one. */
    char text[512];
};
/* MLN_ENOTFOUND: no such item. */
MLN_MUST_USE int mln_result_findings(struct mln_store *store, const struct mln_clock *clock,
        const struct mln_finding_query *query, enum mln_lang lang, struct mln_result_grid *grid,
        int64_t *total, mln_result_finding_fn *fn, void *ctx, struct mln_err *err);

/* ---- changes between scans ---- */
struct mln_result_flip {
    int64_t item_id, time_ms;
    struct mln_str resource_id, region, from, to; /* "pass", "fail", "unknown", "gone", "new" */
    struct mln_str changed;                       /* JSON: {"member": [before, after]} */
};
typedef int mln_result_flip_fn(void *ctx, const struct mln_result_flip *flip, struct mln_err *err);
/* Newest first. item_id 0: every item. */
MLN_MUST_USE int mln_result_flips(struct mln_store *store, struct mln_str account_id,
        int64_t item_id, int64_t limit, mln_result_flip_fn *fn, void *ctx, struct mln_err *err);

/* ---- marks ---- */
struct mln_mark_request {
    struct mln_str account_id;
    int64_t item_id;
    struct mln_str resource_id, region; /* empty: the item */
    int64_t finding_id; /* or a finding of the current scan (item_id 0: of any item); 0: not used */
    bool may_be_missing;   /* What is not there is passed over. */
    const char *kind;      /* "ignored", "falsePositive"; NULL: take the mark back */
    struct mln_str reason; /* may be empty through the cloud's API */
    int64_t until_ms;      /* 0: no end */
    struct mln_str user_name, request_id, source_ip, action; /* For the audit trail. */
};
/*
 * Sets or takes back marks, all of `requests` in one transaction with the audit trail. MLN_EINVAL,
 * MLN_ENOTFOUND (no such item, or no such resource among its current findings; nothing at all of
 * requests that may be missing).
 */
MLN_MUST_USE int mln_result_mark(struct mln_store *store, const struct mln_clock *clock,
        const struct mln_mark_request *requests, size_t count, struct mln_err *err);

/* ---- totals ---- */
struct mln_result_totals {
    int64_t items, by_status[MLN_RESULT_STATUSES];
    int64_t affected;           /* Distinct failed resources of the account. */
    int64_t failed_by_level[4]; /* By level 1..3. */
    int64_t passed_by_level[4], waiting_by_level[4];
    struct {
        int64_t by_status[MLN_RESULT_STATUSES];
    } group[MLN_RESULT_GROUPS + 1]; /* From 1. */
    int64_t scan_ms;                /* When the current scan ended. */
    int64_t scan_state; /* Of the last request: 0 none, 1 waiting, 2 running, 3 done, 4 failed. */
    int64_t previous_failed, previous_ms; /* Of the scan before. */
    enum mln_result_status task;          /* RUNNING or WAITING while a scan is; else PASS. */
    int64_t remaining_s;
};
MLN_MUST_USE int mln_result_totals(struct mln_store *store, const struct mln_clock *clock,
        struct mln_str account_id, struct mln_result_totals *out, struct mln_err *err);
