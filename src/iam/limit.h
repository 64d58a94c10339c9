/* Rates per key (a user, an address) by the generic cell rate algorithm: one second's worth may
 * come at once. */
#pragma once

#include "base/str.h"

struct mln_limiter;

/* `per_s` per key; at most `max` keys are remembered, the idle are dropped first. */
MLN_MUST_USE int mln_limiter_new(
        int64_t per_s, size_t max, struct mln_limiter **out, struct mln_err *err);
void mln_limiter_free(struct mln_limiter *limiter);

/* Takes one: 0, or the milliseconds (at least 1) until there is one; then nothing is taken.
 * Thread-safe. */
int64_t mln_limiter_take(struct mln_limiter *limiter, struct mln_str key, int64_t now_ms);

/* As take, without taking. */
int64_t mln_limiter_wait_ms(struct mln_limiter *limiter, struct mln_str key, int64_t now_ms);
