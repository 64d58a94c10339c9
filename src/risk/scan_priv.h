/* What the files of the scan share. */
#pragma once

#include "base/arena.h"
#include "client/creds.h"
#include "client/pace.h"
#include "collect/live.h"
#include "risk/posture_priv.h"
#include "snapshot/snapshot.h"
#include "store/store.h"

/* What the reason of an item begins with when its check broke its contract. */
#define MLN_SCAN_BROKEN "check error: "

/* ---- scan_folder.c: a private folder for a snapshot that is not kept ---- */
#define MLN_SCAN_SNAPSHOT "snapshot.db" /* The file in it. */
struct mln_scan_folder {
    char path[4096]; /* Empty: none. */
    int fd;          /* Locked. */
};
/* Also removes those that killed scans left. */
MLN_MUST_USE int mln_scan_folder_new(struct mln_scan_folder *folder, struct mln_err *err);
void mln_scan_folder_remove(struct mln_scan_folder *folder);

/* ---- scan_source.c: a snapshot to judge ---- */
struct mln_scan_input {
    struct mln_snapshot *snapshot;
    struct mln_scan_folder folder;
};
/* Collects, or opens and rebuilds. The report's calls are counted also on failure. */
MLN_MUST_USE int mln_scan_input_open(const struct mln_scan_options *options,
        struct mln_scan_input *input, struct mln_scan_report *report, struct mln_err *err);
void mln_scan_input_close(struct mln_scan_input *input);
/* The file that is collected into: a new one, one that is gone on with, or a temporary one. */
MLN_MUST_USE int mln_scan_input_make(const struct mln_scan_options *options,
        struct mln_scan_input *input, bool *is_new, struct mln_err *err);
/* Runs the collector into it. `account_id` is the expected one, or "". */
MLN_MUST_USE int mln_scan_input_collect(const struct mln_scan_options *options,
        struct mln_scan_input *input, const struct mln_collect_transport *transport,
        struct mln_str account_id, struct mln_snapshot *since, struct mln_scan_report *report,
        struct mln_err *err);

/* ---- scan_products.c ---- */
/* Tells options->product of each product's calls in the snapshot. */
MLN_MUST_USE int mln_scan_tell_products(
        const struct mln_scan_options *options, struct mln_snapshot *snapshot, struct mln_err *err);

/* ---- scan_login.c: credentials, and the connection that they are renewed over ---- */
struct mln_scan_session;
/* Of a profile, or of the chain ("" or NULL). */
MLN_MUST_USE int mln_scan_session_new(const struct mln_live_source *live,
        const struct mln_clock *clock, const char *profile, struct mln_scan_session **out,
        struct mln_err *err);
/* A role, assumed with those of `base`, which must outlive it and may serve several threads. */
MLN_MUST_USE int mln_scan_session_assume(struct mln_scan_session *base,
        const struct mln_live_source *live, struct mln_str arn, struct mln_str external_id,
        struct mln_scan_session **out, struct mln_err *err);
/* Of a source of the kind PROFILE or ROLE; what it is assumed with goes with it. */
MLN_MUST_USE int mln_scan_session_of(const struct mln_live_source *live,
        const struct mln_source_spec *source, const struct mln_clock *clock,
        struct mln_scan_session **out, struct mln_err *err);
void mln_scan_session_free(struct mln_scan_session *session);
struct mln_creds_session *mln_scan_session_creds(struct mln_scan_session *session);
#define MLN_SCAN_REGION_MAX 40
/* What the user said, else what the profile says; "". */
MLN_MUST_USE int mln_scan_session_region(struct mln_scan_session *session,
        const struct mln_live_source *live, char out[MLN_SCAN_REGION_MAX], struct mln_err *err);
/* "profile prod (RamRoleArn, /home/u/.aliyun/config.json)" */
MLN_MUST_USE int mln_scan_session_describe(
        struct mln_scan_session *session, struct mln_buf *out, struct mln_err *err);
/* One call of a product that reads, with its answer. `params` is sorted here. */
struct mln_api_answer;
struct mln_params;
MLN_MUST_USE int mln_scan_session_call(struct mln_scan_session *session,
        const struct mln_live_source *live, const char *product, const char *action,
        struct mln_params *params, struct mln_api_answer *out, struct mln_err *err);
MLN_MUST_USE int mln_scan_session_identity(struct mln_scan_session *session,
        const struct mln_live_source *live, struct mln_identity *out, struct mln_err *err);

/* ---- scan_accounts.c: a list of accounts ---- */
#define MLN_SCAN_ACCOUNT_DIGITS 20
/* A number, as the names of files are made of. */
bool mln_scan_is_account_id(struct mln_str text);
MLN_MUST_USE int mln_scan_accounts_new(struct mln_scan_accounts **out, struct mln_err *err);
/* Everything is copied. MLN_EEXIST: the id is there already; MLN_ETOOBIG. */
MLN_MUST_USE int mln_scan_accounts_add(struct mln_scan_accounts *accounts,
        const struct mln_scan_account *account, struct mln_err *err);
/* "acs:ram::ID:role/NAME" of a role's name, checked; borrowed from the list. MLN_EINVAL. */
MLN_MUST_USE int mln_scan_accounts_role(struct mln_scan_accounts *accounts, struct mln_str id,
        struct mln_str name, struct mln_str *out, struct mln_err *err);

/* ---- scan_live.c ---- */
MLN_MUST_USE int mln_scan_pace_new(
        const struct mln_live_source *live, struct mln_pace **out, struct mln_err *err);
/* What the user's options say of the live transport; whom it tells of something is not set. */
struct mln_live_options mln_scan_live_options(const struct mln_scan_options *options,
        struct mln_scan_session *session, struct mln_pace *pace, const char *home_region);
/* Collects from the cloud into `input`. What it needs is opened before a file is made. */
MLN_MUST_USE int mln_scan_collect_live(const struct mln_scan_options *options,
        struct mln_scan_session *session, struct mln_pace *pace, struct mln_scan_input *input,
        struct mln_scan_report *report, struct mln_err *err);

/* ---- scan_spool.c: the findings of one item, sorted, in bounded memory ---- */
struct mln_spool;
struct mln_spool_row {
    struct mln_str resource_id, region, name, not_assessed, reason, evidence;
    enum mln_verdict verdict;
};
/* `memory_kib`: of what it holds; the rest is in a file. */
#define MLN_SPOOL_KIB 16384
MLN_MUST_USE int mln_spool_new(int memory_kib, struct mln_spool **out, struct mln_err *err);
void mln_spool_free(struct mln_spool *spool);
/* Forgets the item's findings. */
MLN_MUST_USE int mln_spool_clear(struct mln_spool *spool, struct mln_err *err);
MLN_MUST_USE int mln_spool_add(
        struct mln_spool *spool, const struct mln_spool_row *row, struct mln_err *err);
/*
 * The findings by resource and region, in byte order. Of several with one place the worst comes
 * first: fail, unknown, pass, not applicable. 1: a row, whose views live until the next call; 0:
 * the end. A walk begins with mln_spool_rewind().
 */
MLN_MUST_USE int mln_spool_rewind(struct mln_spool *spool, struct mln_err *err);
MLN_MUST_USE int mln_spool_next(
        struct mln_spool *spool, struct mln_spool_row *row, struct mln_err *err);
/* Why most of those that are unknown are; the first of several. Count 0: none is. */
MLN_MUST_USE int mln_spool_reason(
        struct mln_spool *spool, struct mln_buf *reason, int64_t *count, struct mln_err *err);
/* Failed resources of all items; each is counted once. */
MLN_MUST_USE int mln_spool_affect(struct mln_spool *spool, struct mln_str resource_id,
        struct mln_str region, struct mln_err *err);
MLN_MUST_USE int mln_spool_affected(struct mln_spool *spool, int64_t *out, struct mln_err *err);

/* ---- scan_judge.c: one check over the snapshot, into a spool ---- */
struct mln_scan_filter; /* Places that a pass is looked for at: those with an earlier finding. */
MLN_MUST_USE int mln_scan_filter_new(struct mln_scan_filter **out, struct mln_err *err);
void mln_scan_filter_free(struct mln_scan_filter *filter);
void mln_scan_filter_clear(struct mln_scan_filter *filter);
void mln_scan_filter_add(
        struct mln_scan_filter *filter, struct mln_str resource_id, struct mln_str region);

struct mln_scan_judge {
    struct mln_evaluator *evaluator;
    struct mln_spool *spool;
    const struct mln_scan_filter *filter; /* NULL: every pass is kept. */
    bool no_passes;                       /* None is kept. */
};
struct mln_scan_verdicts {
    struct mln_evaluation evaluation;
    struct mln_buf reason; /* Why not everything was assessed, or how the check broke. */
    bool is_broken;        /* Its findings are void, and cleared. */
    int64_t unknown;       /* Rows that could not be judged. */
};
MLN_MUST_USE int mln_scan_judge(const struct mln_scan_judge *judge, const struct mln_check *check,
        struct mln_scan_verdicts *out, struct mln_err *err);
void mln_scan_verdicts_free(struct mln_scan_verdicts *verdicts);

/* Which of the posture's listed checks are judged. MLN_ENOTFOUND for an id that is no check. */
MLN_MUST_USE int mln_scan_choose(const struct mln_scan_options *options,
        bool chosen[MLN_SCAN_ITEMS_MAX], struct mln_err *err);
void mln_scan_say(const struct mln_scan_options *options, const char *phase, struct mln_str what,
        int64_t done, int64_t total);
static inline bool mln_scan_is_stopped(const struct mln_scan_options *options)
{
    return options->stop != NULL && *options->stop != 0;
}

/* ---- scan_changes.c ---- */
/* The members of two JSON objects that differ: {"member":[before,after]}; empty when none does. */
void mln_scan_changes(struct mln_str before, struct mln_str after, struct mln_buf *out);

/* ---- scan_write.c: an item's findings beside those of the scan before, into the store ---- */
struct mln_scan_writer;
struct mln_scan_target {
    struct mln_store *store;
    struct mln_str account_id;
    struct mln_spool *affected; /* Counts the resources that failed. */
    const volatile int *stop;
    int64_t now_ms;
};
/* Begins a scan, and deletes what earlier ones left behind. */
MLN_MUST_USE int mln_scan_writer_new(
        const struct mln_scan_target *target, struct mln_scan_writer **out, struct mln_err *err);
/* A scan that was not finished is given up. */
void mln_scan_writer_free(struct mln_scan_writer *writer);
int64_t mln_scan_writer_id(const struct mln_scan_writer *writer);
/* Adds to `filter` where the item had findings before. */
MLN_MUST_USE int mln_scan_writer_filter(struct mln_scan_writer *writer, int64_t item_id,
        struct mln_scan_filter *filter, struct mln_err *err);
/* The item as it was judged. */
struct mln_scan_judged {
    struct mln_spool *spool;
    const struct mln_scan_verdicts *verdicts;
};
/* `judged` NULL: it is switched off. */
MLN_MUST_USE int mln_scan_writer_item(struct mln_scan_writer *writer, const struct mln_check *check,
        int64_t position, const struct mln_scan_judged *judged, struct mln_err *err);
/* The item as it was in the scan before, if it was there. */
MLN_MUST_USE int mln_scan_writer_keep(struct mln_scan_writer *writer, const struct mln_check *check,
        int64_t position, struct mln_err *err);
/* Becomes the current scan; then deletes what nobody needs any more. */
MLN_MUST_USE int mln_scan_writer_finish(
        struct mln_scan_writer *writer, int64_t finished_ms, struct mln_err *err);
struct mln_scan_sums {
    int64_t failed, not_assessed, stale; /* Findings. */
};
struct mln_scan_sums mln_scan_writer_sums(const struct mln_scan_writer *writer);
