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
    struct mln_str host, path;           /* What the plan's `host` and `path` come to; "". */
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
    /*
     * Some answer, whichever comes first; each request is answered once. Waits for it up to
     * `wait_ms` (0: takes what is at hand; never below). MLN_ENOTFOUND: there is none yet, or
     * nothing is under way; it may come early, after a signal. After `stop` was set it gives
     * everything back at once, unanswered. MLN_ECREDS: no call can be made any more, and the run
     * ends; what was read stays.
     */
    int (*next)(void *ctx, int64_t wait_ms, struct mln_collect_answer *out, struct mln_err *err);
    /* Waits, or does not: a recording never does. A signal may end it early. */
    void (*pause)(void *ctx, int64_t ms);
    /* Forgets all that is under way: after it no request is looked at any more. May be NULL, when
     * next() gives everything back within moments. */
    void (*drop)(void *ctx);
    void *ctx;
};

/* How far it is. `known` grows while lists are read: a call per resource is known once that is. */
struct mln_collect_progress {
    const struct mln_plan_call *call; /* The one that ended last. */
    int64_t calls, known, rows;
    int64_t left_ms; /* Of the calls that are known, at their rates; -1: cannot be told. */
};

struct mln_collect_options {
    struct mln_str account_id; /* Expected; empty: whatever the answers say. */
    const struct mln_clock *clock;
    const struct mln_random *random; /* Spreads retries; NULL: they are not spread. */
    const volatile int *stop;        /* May be NULL. */
    /* An earlier snapshot of the account, finished and of the same plan (else MLN_EINVAL); NULL. */
    struct mln_snapshot *since;
    void (*progress)(void *ctx, const struct mln_collect_progress *progress);
    void *progress_ctx;
};

/* What was read, for the final line and the exit code. */
struct mln_collect_report {
    int64_t calls, pages, rows;
    int64_t outcomes[MLN_OUTCOME_RUNNING + 1];
    int64_t earlier; /* Of the calls: done before, in a run that goes on. */
    int64_t reused;  /* Of the calls: taken from `since`, because nothing changed. */
    bool stopped;
};

/* How many calls of the plan tell what has not changed since an earlier snapshot. */
size_t mln_collect_since_kinds(const struct mln_plan *plan);

/*
 * What a run will take, before it begins: the calls that are certain, and the milliseconds that
 * their rates alone take. `earlier` (may be NULL) is a snapshot of the account, whose resources
 * stand for those of today; without one `per_resource` counts the kinds of calls that are made for
 * each resource and are not in `calls`. `region_count` 0: all regions known.
 */
struct mln_collect_estimate {
    int64_t calls, ms;
    int64_t per_resource;
};
MLN_MUST_USE int mln_collect_estimate(const struct mln_plan *plan, struct mln_snapshot *earlier,
        size_t region_count, struct mln_collect_estimate *out, struct mln_err *err);

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

/* ---- making a recording ---- */
struct mln_recorder;
/*
 * A transport that also writes every answer it passes on into `folder`, in the layout of a
 * recording, with secrets taken out. The folder is made (0700), files are 0600; names come from
 * mln_replay_name(). MLN_EEXIST: it holds a recording of another account. A file that cannot be
 * written makes next() fail with MLN_EIO.
 */
MLN_MUST_USE int mln_recorder_new(const char *folder, const struct mln_collect_transport *inner,
        const struct mln_plan *plan, struct mln_recorder **out, struct mln_err *err);
struct mln_collect_transport mln_recorder_transport(struct mln_recorder *recorder);
/* Writes recording.json; without it the folder is no recording. */
MLN_MUST_USE int mln_recorder_finish(struct mln_recorder *recorder, struct mln_str account_id,
        int64_t recorded_ms, struct mln_err *err);
void mln_recorder_free(struct mln_recorder *recorder);
