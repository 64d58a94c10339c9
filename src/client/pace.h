/*
 * How fast calls are made: a token bucket for each account, product, action and region, a limit on
 * calls in flight, and a budget of retries. Shared by all accounts of a run, from any thread; time
 * is monotonic milliseconds and comes from the caller, who also does the waiting.
 */
#pragma once

#include "base/str.h"

#define MLN_PACE_RATE_DEFAULT 5.0 /* Calls a second where nothing is documented. */
#define MLN_PACE_LATE_S \
    0.05 /* What a bucket saves up beside one token: for callers that come late. */
#define MLN_PACE_IN_FLIGHT       32
#define MLN_PACE_IN_FLIGHT_MAX   256
#define MLN_PACE_BUCKETS_MAX     ((size_t)200000)
#define MLN_PACE_RETRIES_AT_ONCE 100.0 /* What the budget of retries begins with, and its cap. */
#define MLN_PACE_RETRIES_EARNED  0.1   /* What each call that was answered adds to it. */

struct mln_pace_options {
    size_t in_flight_max; /* 0: MLN_PACE_IN_FLIGHT */
    bool unlimited;       /* No rates; the limit on calls in flight stays. */
};

struct mln_pace;
struct mln_pace_bucket; /* Lives as long as the pace. */

MLN_MUST_USE int mln_pace_new(
        const struct mln_pace_options *options, struct mln_pace **out, struct mln_err *err);
void mln_pace_free(struct mln_pace *pace);
/* How many calls may be in flight. */
size_t mln_pace_in_flight_max(const struct mln_pace *pace);

/* The bucket of that name ("1234/ecs/DescribeInstances/cn-hangzhou"); `rate` per second is taken
 * when it is new. MLN_ETOOBIG, MLN_ENOMEM. */
MLN_MUST_USE int mln_pace_bucket(struct mln_pace *pace, struct mln_str name, double rate,
        struct mln_pace_bucket **out, struct mln_err *err);

/*
 * Takes a token and a place in flight: 0 when the call may be made now, else the milliseconds until
 * the bucket has a token; -1 when only the places in flight are lacking (some call must end first).
 */
int64_t mln_pace_take(struct mln_pace *pace, struct mln_pace_bucket *bucket, int64_t now_ms);

/* A call ended. `throttled`: the bucket rests for `retry_after_ms` (-1: a second), and its rate is
 * halved, to come back by a tenth of the full rate a minute. */
void mln_pace_done(struct mln_pace *pace, struct mln_pace_bucket *bucket, bool throttled,
        int64_t retry_after_ms, int64_t now_ms);

/* Takes one retry from the budget; false when it is spent: what fails then stays failed. */
bool mln_pace_retry(struct mln_pace *pace);

struct mln_pace_counts {
    int64_t calls, throttled, retries, retries_refused;
    int64_t in_flight;
};
struct mln_pace_counts mln_pace_counts(struct mln_pace *pace);
