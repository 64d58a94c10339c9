/*
 * Principals are immutable and counted; the cache holds one reference, each caller another. An
 * entry older than MLN_PRINCIPAL_CACHE_MS is read again, so that a key that was disabled, a policy
 * that was changed or a user that is gone take effect within a second on every node.
 */
#include "iam/auth.h"

#include <pthread.h>
#include <stdatomic.h>

#include "base/map.h"
#include "iam/limit.h"
#include "iam/nonce.h"

#define NONCES_DEFAULT    ((size_t)4000000) /* One user at its rate for two lifetimes, and more. */
#define REQUESTS_DEFAULT  ((int64_t)1000)
#define FAILURES_DEFAULT  ((int64_t)200)
#define ADDRESSES_DEFAULT ((size_t)100000)
#define PRINCIPAL_BYTES   ((size_t)1024 * 1024)
#define POLICIES_PER_USER ((size_t)20)

/* `shown` is what callers get a pointer to. */
struct entry {
    struct mln_principal shown;
    atomic_int references;
    int64_t read_ms;
    struct mln_arena arena;
    const struct mln_policy *policies[POLICIES_PER_USER];
};

struct mln_auth {
    struct mln_auth_options options;
    pthread_mutex_t lock; /* Of `principals` only; never held over a query. */
    struct mln_map principals;
    struct mln_nonces *nonces;
    struct mln_limiter *users, *addresses;
};

static void entry_unref(struct entry *entry)
{
    if (entry == NULL || atomic_fetch_sub(&entry->references, 1) != 1)
        return;
    mln_secret_wipe(&entry->shown.secret);
    mln_arena_free(&entry->arena);
    free(entry);
}

static void entry_unref_value(void *entry)
{
    entry_unref(entry);
}

void mln_principal_unref(const struct mln_principal *principal)
{
    if (principal != NULL)
        /* `shown` is the first member.
         * NOLINTNEXTLINE(performance-no-int-to-ptr): takes the const off */
        entry_unref((struct entry *)(uintptr_t)principal);
}

void mln_auth_free(struct mln_auth *auth)
{
    if (auth == NULL)
        return;
    mln_map_fini(&auth->principals, entry_unref_value);
    mln_nonces_free(auth->nonces);
    mln_limiter_free(auth->users);
    mln_limiter_free(auth->addresses);
    (void)pthread_mutex_destroy(&auth->lock);
    free(auth);
}

int mln_auth_new(const struct mln_auth_options *options, struct mln_auth **out, struct mln_err *err)
{
    struct mln_auth *auth = calloc(1, sizeof(*auth));
    struct mln_auth_options *o;
    int rc;

    if (auth == NULL)
        return mln_fail(err, MLN_ENOMEM, "out of memory");
    auth->options = *options;
    o = &auth->options;
    (void)pthread_mutex_init(&auth->lock, NULL);
    mln_map_init(&auth->principals, MLN_PRINCIPALS_MAX);
    rc = mln_nonces_new(o->nonces_max > 0 ? o->nonces_max : NONCES_DEFAULT, o->nonce_ttl_ms,
            &auth->nonces, err);
    if (rc == MLN_OK)
        rc = mln_limiter_new(o->requests_per_s > 0 ? o->requests_per_s : REQUESTS_DEFAULT,
                MLN_PRINCIPALS_MAX, &auth->users, err);
    if (rc == MLN_OK)
        rc = mln_limiter_new(o->failures_per_s > 0 ? o->failures_per_s : FAILURES_DEFAULT,
                o->addresses_max > 0 ? o->addresses_max : ADDRESSES_DEFAULT, &auth->addresses, err);
    if (rc != MLN_OK) {
        mln_auth_free(auth);
        return rc;
    }
    *out = auth;
    return MLN_OK;
}

/* The cached entry while it is fresh, with a reference for the caller. */
static struct entry *cached(struct mln_auth *auth, struct mln_str id, int64_t now_ms)
{
    struct entry *entry;

    (void)pthread_mutex_lock(&auth->lock);
    entry = mln_map_get(&auth->principals, id);
    if (entry != NULL && now_ms - entry->read_ms < MLN_PRINCIPAL_CACHE_MS &&
            now_ms >= entry->read_ms)
        (void)atomic_fetch_add(&entry->references, 1);
    else
        entry = NULL;
    (void)pthread_mutex_unlock(&auth->lock);
    return entry;
}

static void forget(struct mln_auth *auth, struct mln_str id)
{
    (void)pthread_mutex_lock(&auth->lock);
    entry_unref(mln_map_take(&auth->principals, id));
    (void)pthread_mutex_unlock(&auth->lock);
}

/* A full cache is emptied: it holds only what can be read again. */
static void remember(struct mln_auth *auth, struct entry *entry)
{
    void *old = NULL;

    (void)pthread_mutex_lock(&auth->lock);
    if (auth->principals.count >= MLN_PRINCIPALS_MAX) {
        mln_map_fini(&auth->principals, entry_unref_value);
        mln_map_init(&auth->principals, MLN_PRINCIPALS_MAX);
    }
    (void)atomic_fetch_add(&entry->references, 1);
    if (mln_map_put(&auth->principals, entry->shown.access_key_id, entry, &old) != MLN_OK)
        (void)atomic_fetch_sub(&entry->references, 1);
    entry_unref(old);
    (void)pthread_mutex_unlock(&auth->lock);
}

struct reading {
    struct mln_auth *auth;
    struct entry *entry;
};

/* The sealing keys may have been rotated since the server read them: then the file is read once
 * more. */
static int unseal(struct mln_auth *auth, const struct mln_key_row *row, struct mln_secret *out,
        struct mln_err *err)
{
    const struct mln_seal_binding binding = { row->access_key_id, row->account_id, row->user_name };
    struct mln_seal_options options = { .path = mln_seal_path(auth->options.seal),
        .env = mln_env_system() };
    struct mln_seal *newer;
    int rc = mln_seal_open_secret(
            auth->options.seal, &binding, row->sealed, row->seal_key_id, out, err);

    if (rc != MLN_ENOTFOUND)
        return rc;
    rc = mln_seal_open(&options, &newer, err);
    if (rc != MLN_OK)
        return rc;
    rc = mln_seal_open_secret(newer, &binding, row->sealed, row->seal_key_id, out, err);
    mln_seal_free(newer);
    return rc == MLN_ENOTFOUND ? MLN_ECONFIG : rc; /* Not to be taken for an unknown access key. */
}

/* An account id holds no slash. */
static struct mln_str joined(struct mln_arena *arena, struct mln_str account, struct mln_str user)
{
    char *text = mln_arena_alloc(arena, account.len + 1 + user.len);

    if (text == NULL)
        return (struct mln_str){ 0 };
    memcpy(text, account.ptr, account.len);
    text[account.len] = '/';
    memcpy(text + account.len + 1, user.ptr, user.len);
    return (struct mln_str){ .ptr = text, .len = account.len + 1 + user.len };
}

static int read_key(void *ctx, const struct mln_key_row *row, struct mln_err *err)
{
    struct reading *reading = ctx;
    struct entry *entry = reading->entry;
    struct mln_principal *shown = &entry->shown;

    shown->access_key_id = mln_arena_dup(&entry->arena, row->access_key_id);
    shown->account_id = mln_arena_dup(&entry->arena, row->account_id);
    shown->user_name = mln_arena_dup(&entry->arena, row->user_name);
    shown->user_id = mln_arena_dup(&entry->arena, row->user_id);
    shown->limited_as = joined(&entry->arena, row->account_id, row->user_name);
    shown->disabled = row->disabled || row->user_disabled;
    if (shown->user_id.ptr == NULL || shown->limited_as.ptr == NULL)
        return mln_fail(err, MLN_ENOMEM, "out of memory");
    return unseal(reading->auth, row, &shown->secret, err);
}

static int read_policy(void *ctx, const struct mln_policy_row *row, struct mln_err *err)
{
    struct entry *entry = ctx;
    const struct mln_policy *policy;
    int rc;

    if (entry->shown.policy_count == POLICIES_PER_USER)
        return mln_fail(err, MLN_ETOOBIG, "more than %zu policies for one user", POLICIES_PER_USER);
    rc = mln_policy_parse(row->document, &entry->arena, &policy, err);
    if (rc != MLN_OK)
        return mln_wrap(err, MLN_ECORRUPT, "policy '%.*s'", MLN_FMT(row->name));
    entry->policies[entry->shown.policy_count++] = policy;
    return MLN_OK;
}

static int read_entry(struct mln_auth *auth, struct mln_store *store, struct mln_str id,
        struct entry *entry, struct mln_err *err)
{
    struct reading reading = { auth, entry };
    int rc = mln_store_key_get(store, id, read_key, &reading, err);

    if (rc != MLN_OK)
        return rc;
    rc = mln_store_user_policies(
            store, entry->shown.account_id, entry->shown.user_name, read_policy, entry, err);
    return rc == MLN_ENOTFOUND ? MLN_ECORRUPT : rc;
}

int mln_auth_principal(struct mln_auth *auth, struct mln_store *store, struct mln_str access_key_id,
        const struct mln_principal **out, struct mln_err *err)
{
    int64_t now_ms = mln_monotonic_ms(auth->options.clock);
    struct entry *entry = cached(auth, access_key_id, now_ms);
    int rc;

    if (entry == NULL) {
        entry = calloc(1, sizeof(*entry));
        if (entry == NULL)
            return mln_fail(err, MLN_ENOMEM, "out of memory");
        atomic_init(&entry->references, 1);
        entry->arena.max_bytes = PRINCIPAL_BYTES;
        entry->shown.policies = entry->policies;
        entry->read_ms = now_ms;
        rc = read_entry(auth, store, access_key_id, entry, err);
        if (rc != MLN_OK) {
            entry_unref(entry);
            forget(auth, access_key_id);
            return rc;
        }
        remember(auth, entry);
    }
    *out = &entry->shown;
    return MLN_OK;
}

bool mln_auth_nonce_is_used(
        struct mln_auth *auth, struct mln_str access_key_id, struct mln_str nonce)
{
    return mln_nonces_used(auth->nonces, access_key_id, nonce);
}

int mln_auth_use_nonce(struct mln_auth *auth, struct mln_str access_key_id, struct mln_str nonce,
        struct mln_err *err)
{
    return mln_nonces_use(auth->nonces, access_key_id, nonce, mln_now_ms(auth->options.clock), err);
}

int mln_auth_use_write_nonce(struct mln_auth *auth, struct mln_store *store,
        struct mln_str access_key_id, struct mln_str nonce, struct mln_err *err)
{
    int64_t now_ms = mln_now_ms(auth->options.clock);

    return mln_store_nonce_add(
            store, access_key_id, nonce, now_ms, now_ms + auth->options.nonce_ttl_ms, err);
}

int64_t mln_auth_limit_user(struct mln_auth *auth, const struct mln_principal *principal)
{
    return mln_limiter_take(
            auth->users, principal->limited_as, mln_monotonic_ms(auth->options.clock));
}

int64_t mln_auth_limit_address(struct mln_auth *auth, struct mln_str address)
{
    return mln_limiter_wait_ms(auth->addresses, address, mln_monotonic_ms(auth->options.clock));
}

void mln_auth_count_failure(struct mln_auth *auth, struct mln_str address)
{
    (void)mln_limiter_take(auth->addresses, address, mln_monotonic_ms(auth->options.clock));
}
