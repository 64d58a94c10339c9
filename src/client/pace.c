#include "client/pace.h"

#include <math.h>
#include <pthread.h>

#include "base/map.h"
#include "client/retry.h"

#define MS_PER_S   1000.0
#define MS_PER_MIN 60000.0

/* However often a bucket is throttled, it keeps this part of its rate. */
#define RATE_FLOOR (1.0 / 16)
/* Of the full rate, each minute. */
#define COMEBACK 0.1
#define REST_MS  ((int64_t)1000)
/* Tokens are sums of fractions: a whole one may lack this much. */
#define ROUNDING 1e-6

struct mln_pace_bucket {
    double full, rate, tokens;
    int64_t filled_ms; /* Up to when `tokens` and `rate` are reckoned. */
    int64_t rest_ms;   /* No token before. */
    bool begun;
};

struct mln_pace {
    pthread_mutex_t lock;
    struct mln_map buckets;
    size_t in_flight_max;
    bool unlimited;
    double retries; /* What is left of the budget. */
    struct mln_pace_counts counts;
};

int mln_pace_new(const struct mln_pace_options *options, struct mln_pace **out, struct mln_err *err)
{
    struct mln_pace *pace;

    if (options->in_flight_max > MLN_PACE_IN_FLIGHT_MAX)
        return mln_fail(err, MLN_EINVAL, "at most %d calls can be in flight at once, not %zu",
                MLN_PACE_IN_FLIGHT_MAX, options->in_flight_max);
    pace = calloc(1, sizeof(*pace));
    if (pace == NULL)
        return mln_fail(err, MLN_ENOMEM, "out of memory");
    *pace = (struct mln_pace){
        .in_flight_max = options->in_flight_max > 0 ? options->in_flight_max : MLN_PACE_IN_FLIGHT,
        .unlimited = options->unlimited,
        .retries = MLN_PACE_RETRIES_AT_ONCE,
    };
    if (pthread_mutex_init(&pace->lock, NULL) != 0) {
        free(pace);
        return mln_fail(err, MLN_ENOMEM, "out of memory");
    }
    mln_map_init(&pace->buckets, MLN_PACE_BUCKETS_MAX);
    *out = pace;
    return MLN_OK;
}

size_t mln_pace_in_flight_max(const struct mln_pace *pace)
{
    return pace->in_flight_max;
}

void mln_pace_free(struct mln_pace *pace)
{
    if (pace == NULL)
        return;
    mln_map_fini(&pace->buckets, free);
    (void)pthread_mutex_destroy(&pace->lock);
    free(pace);
}

/* The caller holds the lock. */
static int new_bucket(struct mln_pace *pace, struct mln_str name, double rate,
        struct mln_pace_bucket **out, struct mln_err *err)
{
    struct mln_pace_bucket *bucket = calloc(1, sizeof(*bucket));
    int rc = bucket != NULL ? mln_map_put(&pace->buckets, name, bucket, NULL) : MLN_ENOMEM;

    if (rc != MLN_OK) {
        free(bucket);
        if (rc == MLN_ETOOBIG)
            return mln_fail(err, rc, "more than %zu rates to keep apart", MLN_PACE_BUCKETS_MAX);
        return mln_fail(err, rc, "out of memory");
    }
    bucket->full = isfinite(rate) && rate > 0 ? rate : MLN_PACE_RATE_DEFAULT;
    bucket->rate = bucket->full;
    *out = bucket;
    return MLN_OK;
}

int mln_pace_bucket(struct mln_pace *pace, struct mln_str name, double rate,
        struct mln_pace_bucket **out, struct mln_err *err)
{
    struct mln_pace_bucket *bucket;
    int rc = MLN_OK;

    (void)pthread_mutex_lock(&pace->lock);
    bucket = mln_map_get(&pace->buckets, name);
    if (bucket == NULL)
        rc = new_bucket(pace, name, rate, &bucket, err);
    (void)pthread_mutex_unlock(&pace->lock);
    if (rc == MLN_OK)
        *out = bucket;
    return rc;
}

/*
 * Reckons rate and tokens up to now. A bucket never holds much more than one token: what is saved
 * up comes on top of the rate, and a limit counts both.
 */
static void fill(struct mln_pace_bucket *bucket, int64_t now_ms)
{
    double most = 1 + bucket->full * MLN_PACE_LATE_S, elapsed_ms, before = bucket->rate;

    if (!bucket->begun) {
        bucket->begun = true;
        bucket->tokens = 1;
        bucket->filled_ms = now_ms;
    }
    if (now_ms <= bucket->filled_ms)
        return;
    elapsed_ms = (double)(now_ms - bucket->filled_ms);
    bucket->rate = fmin(
            bucket->full, bucket->rate + bucket->full * COMEBACK * elapsed_ms / MS_PER_MIN);
    bucket->tokens = fmin(
            most, bucket->tokens + elapsed_ms * (before + bucket->rate) / 2 / MS_PER_S);
    bucket->filled_ms = now_ms;
}

/* Milliseconds until a token is there, reckoned from the moment up to which it is filled. */
static int64_t wait_of(const struct mln_pace *pace, const struct mln_pace_bucket *bucket)
{
    int64_t rest_ms = bucket->rest_ms > bucket->filled_ms ? bucket->rest_ms - bucket->filled_ms : 0;
    double missing = 1 - ROUNDING - bucket->tokens, token_ms = 0;

    if (!pace->unlimited && missing > 0)
        token_ms = ceil(missing / bucket->rate * MS_PER_S);
    return rest_ms > (int64_t)token_ms ? rest_ms : (int64_t)token_ms;
}

int64_t mln_pace_take(struct mln_pace *pace, struct mln_pace_bucket *bucket, int64_t now_ms)
{
    int64_t wait_ms;

    (void)pthread_mutex_lock(&pace->lock);
    fill(bucket, now_ms);
    wait_ms = wait_of(pace, bucket);
    if (wait_ms == 0 && pace->counts.in_flight >= (int64_t)pace->in_flight_max)
        wait_ms = -1;
    if (wait_ms == 0) {
        bucket->tokens -= 1;
        pace->counts.in_flight++;
        pace->counts.calls++;
    }
    (void)pthread_mutex_unlock(&pace->lock);
    return wait_ms;
}

/* Those that were in flight together are throttled together: that is one reason to slow down. */
static void slow_down(struct mln_pace_bucket *bucket, int64_t retry_after_ms, int64_t now_ms)
{
    int64_t until_ms = now_ms + REST_MS;

    if (retry_after_ms >= 0)
        until_ms = now_ms + (retry_after_ms < MLN_RETRY_AFTER_MAX_MS ? retry_after_ms
                                                                     : MLN_RETRY_AFTER_MAX_MS);
    fill(bucket, now_ms);
    if (now_ms >= bucket->rest_ms)
        bucket->rate = fmax(bucket->full * RATE_FLOOR, bucket->rate / 2);
    if (until_ms > bucket->rest_ms)
        bucket->rest_ms = until_ms;
    bucket->tokens = fmin(bucket->tokens, 0);
}

void mln_pace_done(struct mln_pace *pace, struct mln_pace_bucket *bucket, bool throttled,
        int64_t retry_after_ms, int64_t now_ms)
{
    (void)pthread_mutex_lock(&pace->lock);
    if (pace->counts.in_flight > 0)
        pace->counts.in_flight--;
    if (throttled) {
        pace->counts.throttled++;
        slow_down(bucket, retry_after_ms, now_ms);
    } else {
        pace->retries = fmin(MLN_PACE_RETRIES_AT_ONCE, pace->retries + MLN_PACE_RETRIES_EARNED);
    }
    (void)pthread_mutex_unlock(&pace->lock);
}

bool mln_pace_retry(struct mln_pace *pace)
{
    bool granted;

    (void)pthread_mutex_lock(&pace->lock);
    granted = pace->retries >= 1 - ROUNDING;
    if (granted) {
        pace->retries -= 1;
        pace->counts.retries++;
    } else {
        pace->counts.retries_refused++;
    }
    (void)pthread_mutex_unlock(&pace->lock);
    return granted;
}

struct mln_pace_counts mln_pace_counts(struct mln_pace *pace)
{
    struct mln_pace_counts counts;

    (void)pthread_mutex_lock(&pace->lock);
    counts = pace->counts;
    (void)pthread_mutex_unlock(&pace->lock);
    return counts;
}
