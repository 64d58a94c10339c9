/*
 * Identities: users, access keys, sealing of secrets, and the operations that administrators do
 * with them. Access keys belong to users; a secret is shown once, when it is made, to the profile
 * file that asked for it. At rest a secret is sealed with XChaCha20-Poly1305 (libsodium) under a
 * key from another place than the store; the access key id, account and user are bound as
 * associated data, so that a sealed secret cannot be moved to another row.
 */
#pragma once

#include "base/clock.h"
#include "base/env.h"
#include "base/random.h"
#include "base/secret.h"
#include "store/store.h"

#define MLN_ACCESS_KEY_ID_MAX \
    32 /* "LTAI5t" and 18 letters and digits: 24 characters and a NUL fit. */
#define MLN_USER_NAME_CHARS_MAX 64 /* [A-Za-z0-9._-], starting with a letter or digit */
#define MLN_KEYS_PER_USER_MAX   2  /* As the cloud's RAM: two, so that keys can be rotated. */

/* ---- sealing keys ---- */

/* The keys that seal secrets: the first seals, all open. A file of lines "ID BASE64", mode 0600. */
struct mln_seal;

/*
 * Where the file is: `path` when given, else $MERLON_SEAL_KEY_FILE, else
 * $CREDENTIALS_DIRECTORY/merlon-seal-key (systemd), else ~/.config/merlon/seal.key. `create` makes
 * it (mode 0600, folders 0700) when it is missing. MLN_ENOTFOUND, MLN_EDENIED, MLN_ECONFIG
 * (readable by others, malformed): the message names the file.
 */
struct mln_seal_options {
    const char *path; /* NULL: look as above */
    bool create;
    const struct mln_env *env;
    const struct mln_random *random;
};
MLN_MUST_USE int mln_seal_open(
        const struct mln_seal_options *options, struct mln_seal **out, struct mln_err *err);
void mln_seal_free(struct mln_seal *seal);
const char *mln_seal_path(const struct mln_seal *seal);

/* Seals `secret` for one row. `sealed` gets nonce and ciphertext, `key_id` the id of the sealing
 * key (17 bytes with NUL). */
struct mln_seal_binding {
    struct mln_str access_key_id, account_id, user_name;
};
MLN_MUST_USE int mln_seal_close_secret(const struct mln_seal *seal, const struct mln_random *random,
        const struct mln_seal_binding *binding, struct mln_str secret, struct mln_buf *sealed,
        char key_id[17], struct mln_err *err);

/* MLN_ENOTFOUND: sealed with a key that is not in the file. MLN_ECORRUPT: changed, or moved from
 * another row. */
MLN_MUST_USE int mln_seal_open_secret(const struct mln_seal *seal,
        const struct mln_seal_binding *binding, struct mln_str sealed, struct mln_str key_id,
        struct mln_secret *out, struct mln_err *err);

/*
 * Rotation: puts a new key first in the file, re-seals every secret of the store in one
 * transaction, then removes the old keys. Safe to repeat after a crash at any point: the file holds
 * both keys until the store is done. `resealed` counts secrets.
 */
MLN_MUST_USE int mln_seal_rotate(struct mln_seal *seal, struct mln_store *store,
        const struct mln_random *random, int64_t *resealed, struct mln_err *err);

/* ---- administration ---- */

struct mln_iam {
    struct mln_store *store;
    struct mln_seal *seal;
    const struct mln_clock *clock;
    const struct mln_random *random;
    const char *actor; /* For the audit trail: "local:root" */
};

/* A new key: the id, and the secret for the one place it goes to. */
struct mln_new_key {
    char access_key_id[MLN_ACCESS_KEY_ID_MAX];
    struct mln_secret secret;
};
void mln_new_key_wipe(struct mln_new_key *key);

/*
 * Creates the account when it is new, a user with the built-in policy "full-access", and a key.
 * MLN_EEXIST when the account has that user.
 */
MLN_MUST_USE int mln_iam_init_account(const struct mln_iam *iam, struct mln_str account_id,
        struct mln_str user_name, struct mln_new_key *out, struct mln_err *err);

/* Another account, without users. MLN_EEXIST. */
MLN_MUST_USE int mln_iam_account_add(
        const struct mln_iam *iam, struct mln_str account_id, struct mln_err *err);
typedef int mln_iam_account_fn(
        void *ctx, struct mln_str account_id, int64_t created_ms, struct mln_err *err);
MLN_MUST_USE int mln_iam_account_list(
        const struct mln_iam *iam, mln_iam_account_fn *fn, void *ctx, struct mln_err *err);

/* A user with one policy (built in or stored) and, when `out` is not NULL, a key. */
MLN_MUST_USE int mln_iam_user_add(const struct mln_iam *iam, struct mln_str account_id,
        struct mln_str user_name, struct mln_str policy_name, struct mln_new_key *out,
        struct mln_err *err);
MLN_MUST_USE int mln_iam_user_set_disabled(const struct mln_iam *iam, struct mln_str account_id,
        struct mln_str user_name, bool disabled, struct mln_err *err);
MLN_MUST_USE int mln_iam_key_create(const struct mln_iam *iam, struct mln_str account_id,
        struct mln_str user_name, struct mln_new_key *out, struct mln_err *err);
MLN_MUST_USE int mln_iam_key_set_disabled(const struct mln_iam *iam, struct mln_str account_id,
        struct mln_str access_key_id, bool disabled, struct mln_err *err);

/* Checks the document (iam/policy.h), stores it. */
MLN_MUST_USE int mln_iam_policy_put(const struct mln_iam *iam, struct mln_str account_id,
        struct mln_str name, struct mln_str document, struct mln_err *err);
MLN_MUST_USE int mln_iam_policy_attach(const struct mln_iam *iam, struct mln_str account_id,
        struct mln_str user_name, struct mln_str policy_name, bool attach, struct mln_err *err);

/* The account's own policies; those that come with Merlon are in iam/policy.h. */
typedef int mln_iam_policy_fn(
        void *ctx, struct mln_str name, struct mln_str document, struct mln_err *err);
MLN_MUST_USE int mln_iam_policy_list(const struct mln_iam *iam, struct mln_str account_id,
        mln_iam_policy_fn *fn, void *ctx, struct mln_err *err);

/* Lists for the front ends. */
struct mln_iam_user {
    struct mln_str name, user_id, policies; /* policies: comma list */
    bool disabled;
    int64_t created_ms;
};
typedef int mln_iam_user_fn(void *ctx, const struct mln_iam_user *user, struct mln_err *err);
MLN_MUST_USE int mln_iam_user_list(const struct mln_iam *iam, struct mln_str account_id,
        mln_iam_user_fn *fn, void *ctx, struct mln_err *err);

/* A key as it may be shown: never the id itself. `handle` is a short name made from user and order
 * ("admin/1"). */
struct mln_iam_key {
    struct mln_str user_name;
    char handle[96];
    bool disabled;
    int64_t created_ms;
};
typedef int mln_iam_key_fn(void *ctx, const struct mln_iam_key *key, struct mln_err *err);
MLN_MUST_USE int mln_iam_key_list(const struct mln_iam *iam, struct mln_str account_id,
        struct mln_str user_name, mln_iam_key_fn *fn, void *ctx, struct mln_err *err);
/* The access key id behind a handle; MLN_ENOTFOUND. */
MLN_MUST_USE int mln_iam_key_by_handle(const struct mln_iam *iam, struct mln_str account_id,
        struct mln_str handle, char out[MLN_ACCESS_KEY_ID_MAX], struct mln_err *err);
