/*
 * Judges several checks at once, each in a thread with a connection and an evaluator of its own,
 * and gives them back in the order they came in, so that nothing that follows depends on timing.
 * One thread owns the pool; what it judges with is made and freed there. With one thread, or a
 * snapshot that cannot be opened again, the owner judges when it takes, and no thread is started.
 */
#pragma once

#include "risk/scan_priv.h"

struct mln_scan_pool;
struct mln_scan_pool_options {
    const struct mln_scan_options *scan;
    struct mln_snapshot *snapshot; /* Borrowed, and nobody else's until the pool is freed. */
    struct mln_spool *spool;       /* Borrowed: for findings when no thread is started. */
    int64_t now_ms;
    bool all_passes, no_passes; /* Neither: those that the filter holds. */
};
MLN_MUST_USE int mln_scan_pool_new(const struct mln_scan_pool_options *options,
        struct mln_scan_pool **out, struct mln_err *err);
/* What is being judged is stopped. */
void mln_scan_pool_free(struct mln_scan_pool *pool);

/* The filter of the check that is put in next, empty; NULL: there is no room for one. */
struct mln_scan_filter *mln_scan_pool_room(struct mln_scan_pool *pool);
/* After mln_scan_pool_room() has given a filter. */
void mln_scan_pool_put(struct mln_scan_pool *pool, const struct mln_check *check);

/*
 * Waits for the first of those that were put in. What it gives is the pool's, and lives until
 * mln_scan_pool_drop(), which goes with every success.
 */
MLN_MUST_USE int mln_scan_pool_take(
        struct mln_scan_pool *pool, struct mln_scan_judged *out, struct mln_err *err);
void mln_scan_pool_drop(struct mln_scan_pool *pool);
