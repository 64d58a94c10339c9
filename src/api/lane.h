/*
 * What one thread of the server owns: a store connection, opened when it is first needed, and a
 * supply of random bytes. This file's .c is the only one in the API that opens a store.
 */
#pragma once

#include "api/answers.h"
#include "base/random.h"
#include "base/str.h"

struct mln_store;

#define MLN_LANE_RANDOM_BYTES ((size_t)512)

struct mln_lane {
    const char *store_url; /* Borrowed. */
    bool writes;
    int busy_timeout_ms;
    struct mln_store *store; /* NULL until it is needed. */
    struct mln_answers answers;
    const struct mln_random *source;
    struct mln_random random; /* Draws from `supply`; for this lane's thread only. */
    unsigned char supply[MLN_LANE_RANDOM_BYTES];
    size_t supply_left;
};

/* What a lane is made from. */
struct mln_lane_options {
    const char *store_url;
    bool writes;
    int busy_timeout_ms;
    const struct mln_random *random;
};

void mln_lane_init(struct mln_lane *lane, const struct mln_lane_options *options);
void mln_lane_fini(struct mln_lane *lane);

/* The lane's connection; opens it. */
MLN_MUST_USE int mln_lane_store(struct mln_lane *lane, struct mln_store **out, struct mln_err *err);

/* A number that changes when anybody has committed to the store. */
MLN_MUST_USE int mln_lane_version(struct mln_lane *lane, int64_t *out, struct mln_err *err);

/* Closes the connection, so that the next request opens a fresh one (after an I/O failure). */
void mln_lane_drop_store(struct mln_lane *lane);

/* Opens the store and asks whether it is fit to serve. */
MLN_MUST_USE int mln_lane_ping(struct mln_lane *lane, struct mln_err *err);
