/*
 * What a server needs to authenticate: principals by access key id (cached, so that a disabled key
 * stops within a second), nonces in memory, and rate limits. Thread-safe; one per server.
 */
#pragma once

#include "iam/iam.h"
#include "iam/policy.h"

#define MLN_PRINCIPAL_CACHE_MS ((int64_t)500)
#define MLN_PRINCIPALS_MAX     ((size_t)10000)
#define MLN_NONCE_BYTES_MAX    ((size_t)128)

struct mln_auth_options {
    const struct mln_seal *seal;
    const struct mln_clock *clock;
    int64_t nonce_ttl_ms;   /* Twice the allowed clock skew: 30 minutes. */
    size_t nonces_max;      /* 0: 4,000,000. Full: refuse. */
    int64_t requests_per_s; /* Per user; 0: 1,000. */
    int64_t failures_per_s; /* Failed authentications per address; 0: 200. */
    size_t addresses_max;   /* 0: 100,000 remembered; the idle go first. */
};

struct mln_auth;
MLN_MUST_USE int mln_auth_new(
        const struct mln_auth_options *options, struct mln_auth **out, struct mln_err *err);
void mln_auth_free(struct mln_auth *auth);

/* Who calls. Counted references: release with mln_principal_unref(). */
struct mln_principal {
    struct mln_str account_id, user_name, user_id, access_key_id;
    struct mln_str limited_as; /* What the user's limit is kept under. */
    struct mln_secret secret;
    bool disabled; /* the key or its user */
    const struct mln_policy *const *policies;
    size_t policy_count;
};

/*
 * The principal of an access key id, through the cache or from `store` (this thread's connection).
 * MLN_ENOTFOUND: no such key.
 */
MLN_MUST_USE int mln_auth_principal(struct mln_auth *auth, struct mln_store *store,
        struct mln_str access_key_id, const struct mln_principal **out, struct mln_err *err);
void mln_principal_unref(const struct mln_principal *principal);

/* Was this nonce used? Says so without remembering it. */
bool mln_auth_nonce_is_used(
        struct mln_auth *auth, struct mln_str access_key_id, struct mln_str nonce);

/* After the signature verified: MLN_OK, MLN_EEXIST (replayed), MLN_ETRANSIENT (memory of nonces is
 * full). */
MLN_MUST_USE int mln_auth_use_nonce(struct mln_auth *auth, struct mln_str access_key_id,
        struct mln_str nonce, struct mln_err *err);

/* The nonce of a write, kept in the store too, so that it outlives a restart. MLN_EEXIST when
 * replayed. */
MLN_MUST_USE int mln_auth_use_write_nonce(struct mln_auth *auth, struct mln_store *store,
        struct mln_str access_key_id, struct mln_str nonce, struct mln_err *err);

/* Takes one token of the user's bucket: 0, or the milliseconds until there is one. */
int64_t mln_auth_limit_user(struct mln_auth *auth, const struct mln_principal *principal);

/* Is this address over its budget of failures? 0, or the milliseconds to wait. */
int64_t mln_auth_limit_address(struct mln_auth *auth, struct mln_str address);
/* Counts one failed authentication of the address. */
void mln_auth_count_failure(struct mln_auth *auth, struct mln_str address);
