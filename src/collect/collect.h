/*
 * The executor: makes the calls of a plan through a transport and writes a snapshot. Which calls
 * follow which is the plan's; pages, retries on throttling, outcomes and completeness are decided
 * here, the same for a recording and for the live cloud.
 */
#pragma once

#include "base/clock.h"
#include "collect/plan.h"
#include "snapshot/snapshot.h"

#define MLN_COLLECT_PAGES_MAX 100000 /* Pages of one call; a token that repeats ends it sooner. */

struct mln_collect_param {
    struct mln_str name, value;
};

/* One request: a page of one call for one region and key. Views live until its answer is taken. */
struct mln_collect_request {
    struct mln_plan_call call;
    struct mln_str region, key, variant; /* "" where there is none. */
    int64_t page;                        /* From 1. */
    const struct mln_collect_param *params;
    size_t param_count;
    void *owner; /* The executor's. */
};

struct mln_collect_answer {
    const struct mln_collect_request *request;
    int status; /* HTTP; 0: no answer arrived, `failure` says why. */
    bool is_xml;
    struct mln_str body; /* Until the next call of next(). */
    char failure[160];
    bool no_region; /* Status 0: the product has no host there. */
    bool retry;     /* Asking again may help (throttled, 5xx, no answer): never a recording. */
    int64_t retry_after_ms; /* -1: not said. */
};

/* Where answers come from: a recording, or the cloud. Used from one thread. */
struct mln_collect_transport {
    size_t in_flight_max;
    /* Takes the request; it comes back through next(). */
    int (*submit)(void *ctx, const struct mln_collect_request *request, struct mln_err *err);
    /* Waits for some answer. MLN_ENOTFOUND: nothing is under way. */
    int (*next)(void *ctx, struct mln_collect_answer *out, struct mln_err *err);
    /* Waits, or does not: a recording never does. */
    void (*pause)(void *ctx, int64_t ms);
    void *ctx;
};

struct mln_collect_options {
    struct mln_str account_id; /* Expected; empty: whatever the answers say. */
    const struct mln_clock *clock;
    const volatile int *stop; /* May be NULL. */
    void (*progress)(void *ctx, const struct mln_plan_call *call, int64_t calls, int64_t rows);
    void *progress_ctx;
};

/* What was read, for the final line and the exit code. */
struct mln_collect_report {
    int64_t calls, pages, rows;
    int64_t outcomes[MLN_OUTCOME_RUNNING + 1];
    bool stopped;
};

/*
 * Collects into `snapshot` (new, or to be resumed). A call that fails is recorded and costs only
 * itself. MLN_EINVAL: the answers are of another account; MLN_ECANCELLED: stopped, resumable;
 * MLN_EIO: the snapshot cannot be written. `report` is filled also on failure.
 */
MLN_MUST_USE int mln_collect(const struct mln_plan *plan, struct mln_snapshot *snapshot,
        const struct mln_collect_transport *transport, const struct mln_collect_options *options,
        struct mln_collect_report *report, struct mln_err *err);

/* ---- a recording: one file per call and page (docs/replay.md) ---- */
struct mln_replay;
/* MLN_ENOTFOUND: no such folder; MLN_EINVAL: it is not a recording. */
MLN_MUST_USE int mln_replay_open(const char *folder, struct mln_replay **out, struct mln_err *err);
void mln_replay_free(struct mln_replay *replay);
struct mln_collect_transport mln_replay_transport(struct mln_replay *replay);
/* The account that recording.json names. Borrowed. */
struct mln_str mln_replay_account(const struct mln_replay *replay);

/*
 * The file of a request inside a recording: "oss/GetBucketInfo/cn-hangzhou/acme-web.1". The status
 * (when not 200) and the format follow as suffixes: ".403.xml". Everything but [A-Za-z0-9_-] and
 * inner dots is percent-encoded; a part over 150 bytes ends in a hash.
 */
void mln_replay_name(const struct mln_collect_request *request, struct mln_buf *out);
