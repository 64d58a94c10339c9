/*
 * Many ranges with a rank each, laid over each other: who decides where? The lowest rank that
 * covers an address does. One pass over the sorted ranges with a heap, n log n.
 */
#pragma once

#include "base/net_set.h"

struct sg_layer {
    struct mln_net_range range;
    int64_t rank;
};

/* Ascending, disjoint; addresses that no layer covers are in none. */
typedef void sg_segment_fn(void *ctx, struct mln_net_range range, int64_t rank);

/* Sorts `layers`. MLN_ENOMEM. */
MLN_MUST_USE int sg_sweep(struct sg_layer *layers, size_t count, sg_segment_fn *fn, void *ctx);
