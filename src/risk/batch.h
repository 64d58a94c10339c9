/*
 * The alarms of one batch, folded before they reach the store: per rule and product the count,
 * first and last time, distinct members and the first samples. Flushed inside the caller's
 * transaction.
 */
#pragma once

#include "base/map.h"
#include "detect/engine.h"
#include "store/store.h"

#define MLN_BATCH_MEMBERS_MAX \
    ((size_t)200000)                        /* Distinct members in one batch; then it is flushed. */
#define MLN_SAMPLE_BYTES_MAX ((size_t)4096) /* Of a sample statement; the rest is cut. */

struct mln_batch {
    struct mln_map folds;   /* rule id + product -> struct fold */
    struct mln_map written; /* risk id + kind + value that the store has: not sent again */
    int64_t alarms;
    size_t members;
};

void mln_batch_init(struct mln_batch *batch);
void mln_batch_fini(struct mln_batch *batch);

/* Forgets the alarms (after a commit or a rollback). After a rollback also `written` is forgotten.
 */
void mln_batch_clear(struct mln_batch *batch, bool rolled_back);

MLN_MUST_USE int mln_batch_add(
        struct mln_batch *batch, const struct mln_alarm *alarm, struct mln_err *err);

/* Writes all folds of `account_id`; the caller holds the transaction. */
MLN_MUST_USE int mln_batch_flush(struct mln_batch *batch, struct mln_store *store,
        struct mln_str account_id, struct mln_err *err);

/* Appends a statement with its passwords masked and cut at MLN_SAMPLE_BYTES_MAX. */
void mln_sample_mask(struct mln_str statement, struct mln_buf *out);
