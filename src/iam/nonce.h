/* Nonces that were used, in memory, for as long as a signature with them could still be valid. */
#pragma once

#include "base/str.h"

struct mln_nonces;

/* Remembers up to `max` for `ttl_ms`. */
MLN_MUST_USE int mln_nonces_new(
        size_t max, int64_t ttl_ms, struct mln_nonces **out, struct mln_err *err);
void mln_nonces_free(struct mln_nonces *nonces);

/* Is it remembered? Thread-safe. */
bool mln_nonces_used(struct mln_nonces *nonces, struct mln_str access_key_id, struct mln_str nonce);

/* MLN_OK, MLN_EEXIST (used before), MLN_ETRANSIENT (full). Thread-safe. */
MLN_MUST_USE int mln_nonces_use(struct mln_nonces *nonces, struct mln_str access_key_id,
        struct mln_str nonce, int64_t now_ms, struct mln_err *err);
