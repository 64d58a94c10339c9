#include "iam/limit.h"

#include <pthread.h>
#include <stdatomic.h>

#include "base/map.h"

#define US_PER_MS      ((int64_t)1000)
#define US_PER_S       ((int64_t)1000000)
#define SWEEP_EVERY_MS ((int64_t)1000)

/* When the next one would be due if all came evenly; more than a second ahead means: wait. */
struct bucket {
    int64_t due_us;
};

struct mln_limiter {
    pthread_mutex_t lock;
    struct mln_map buckets;
    int64_t cost_us, swept_ms;
    size_t max;
    atomic_bool used; /* Something was taken: before that nobody waits, and nobody locks. */
};

int mln_limiter_new(int64_t per_s, size_t max, struct mln_limiter **out, struct mln_err *err)
{
    struct mln_limiter *limiter = calloc(1, sizeof(*limiter));

    if (limiter == NULL)
        return mln_fail(err, MLN_ENOMEM, "out of memory");
    (void)pthread_mutex_init(&limiter->lock, NULL);
    mln_map_init(&limiter->buckets, max);
    limiter->cost_us = per_s >= US_PER_S ? 1 : US_PER_S / per_s;
    limiter->max = max;
    *out = limiter;
    return MLN_OK;
}

void mln_limiter_free(struct mln_limiter *limiter)
{
    if (limiter == NULL)
        return;
    mln_map_fini(&limiter->buckets, free);
    (void)pthread_mutex_destroy(&limiter->lock);
    free(limiter);
}

/* Moves the buckets that still matter to a new map; the others would be created again as they are.
 */
static void sweep(struct mln_limiter *limiter, int64_t now_ms)
{
    struct mln_map kept;
    struct mln_str key;
    void *value;
    size_t at = 0;

    mln_map_init(&kept, limiter->max);
    while (mln_map_next(&limiter->buckets, &at, &key, &value)) {
        struct bucket *bucket = value;

        if (bucket->due_us <= now_ms * US_PER_MS || mln_map_put(&kept, key, bucket, NULL) != MLN_OK)
            free(bucket);
    }
    mln_map_fini(&limiter->buckets, NULL);
    limiter->buckets = kept;
    limiter->swept_ms = now_ms;
}

static struct bucket *bucket_of(struct mln_limiter *limiter, struct mln_str key, int64_t now_ms)
{
    struct bucket *bucket = mln_map_get(&limiter->buckets, key);

    if (bucket != NULL)
        return bucket;
    if (limiter->buckets.count >= limiter->max && now_ms - limiter->swept_ms >= SWEEP_EVERY_MS)
        sweep(limiter, now_ms);
    bucket = calloc(1, sizeof(*bucket));
    if (bucket == NULL || mln_map_put(&limiter->buckets, key, bucket, NULL) != MLN_OK) {
        free(bucket);
        return NULL;
    }
    return bucket;
}

static int64_t wait_of(int64_t due_us, int64_t now_us)
{
    return due_us - now_us > US_PER_S ? (due_us - now_us - US_PER_S) / US_PER_MS + 1 : 0;
}

int64_t mln_limiter_take(struct mln_limiter *limiter, struct mln_str key, int64_t now_ms)
{
    int64_t now_us = now_ms * US_PER_MS, wait_ms = SWEEP_EVERY_MS; /* No room for the key: wait. */
    struct bucket *bucket;

    atomic_store_explicit(&limiter->used, true, memory_order_relaxed);
    (void)pthread_mutex_lock(&limiter->lock);
    bucket = bucket_of(limiter, key, now_ms);
    if (bucket != NULL) {
        int64_t due_us = (bucket->due_us > now_us ? bucket->due_us : now_us) + limiter->cost_us;

        wait_ms = wait_of(due_us, now_us);
        if (wait_ms == 0)
            bucket->due_us = due_us;
    }
    (void)pthread_mutex_unlock(&limiter->lock);
    return wait_ms;
}

int64_t mln_limiter_wait_ms(struct mln_limiter *limiter, struct mln_str key, int64_t now_ms)
{
    const struct bucket *bucket;
    int64_t wait_ms = 0;

    if (!atomic_load_explicit(&limiter->used, memory_order_relaxed))
        return 0;
    (void)pthread_mutex_lock(&limiter->lock);
    bucket = mln_map_get(&limiter->buckets, key);
    if (bucket != NULL)
        wait_ms = wait_of(bucket->due_us + limiter->cost_us, now_ms * US_PER_MS);
    (void)pthread_mutex_unlock(&limiter->lock);
    return wait_ms;
}
