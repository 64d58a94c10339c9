#include <stdio.h>

#include "iam/iam.h"
#include "iam/policy.h"

#define ACCESS_KEY_ID_PREFIX "LTAI5t"
#define ACCESS_KEY_ID_CHARS  18
#define SECRET_CHARS         30
#define POLICY_ARENA_MAX     ((size_t)256 * 1024)
#define USER_LIST_BYTES_MAX  ((size_t)64 * 1024)

void mln_new_key_wipe(struct mln_new_key *key)
{
    mln_secret_wipe(&key->secret);
    memset(key->access_key_id, 0, sizeof(key->access_key_id));
}

/* Letters and digits, each equally likely: bytes from 248 up would favour the first ones. */
static void random_text(const struct mln_random *random, char *out, size_t count)
{
    static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
    const unsigned limit = 256 - 256 % (sizeof(alphabet) - 1);

    for (size_t i = 0; i < count;) {
        unsigned char byte;

        mln_random_fill(random, &byte, 1);
        if (byte < limit)
            out[i++] = alphabet[byte % (sizeof(alphabet) - 1)];
    }
}

/* 18 digits, the first one not 0: the shape of the cloud's user ids. */
static void random_user_id(const struct mln_random *random, char out[19])
{
    uint64_t number;

    mln_random_fill(random, &number, sizeof(number));
    (void)snprintf(out, 19, "2%017llu", (unsigned long long)(number % 100000000000000000ULL));
}

static int check_account_id(struct mln_str id, struct mln_err *err)
{
    bool ok = id.len >= 1 && id.len <= 20;

    for (size_t i = 0; ok && i < id.len; i++)
        ok = id.ptr[i] >= '0' && id.ptr[i] <= '9';
    if (!ok)
        return mln_fail(err, MLN_EINVAL, "an account id is 1 to 20 digits (the AliUid)");
    return MLN_OK;
}

static bool is_alnum(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

static int check_name(const char *what, struct mln_str name, struct mln_err *err)
{
    bool ok = name.len >= 1 && name.len <= MLN_USER_NAME_CHARS_MAX && is_alnum(name.ptr[0]);

    for (size_t i = 0; ok && i < name.len; i++)
        ok = is_alnum(name.ptr[i]) || name.ptr[i] == '.' || name.ptr[i] == '_' ||
             name.ptr[i] == '-';
    if (!ok)
        return mln_fail(err, MLN_EINVAL,
                "a %s is 1 to %d letters, digits, '.', '_' or '-', starting with a letter or digit",
                what, MLN_USER_NAME_CHARS_MAX);
    return MLN_OK;
}

static int audit(const struct mln_iam *iam, struct mln_str account_id, const char *action,
        struct mln_str detail, struct mln_err *err)
{
    const struct mln_audit_row row = {
        .time_ms = mln_now_ms(iam->clock),
        .account_id = account_id,
        .user_name = mln_str_of(iam->actor),
        .action = mln_str_of(action),
        .outcome = MLN_STR("ok"),
        .detail = detail,
    };

    return mln_store_audit_add(iam->store, &row, err);
}

/* Commits when `rc` is MLN_OK, else rolls back; returns what came of it. */
static int finish(const struct mln_iam *iam, int rc, struct mln_err *err)
{
    if (rc == MLN_OK)
        rc = mln_store_commit(iam->store, err);
    if (rc != MLN_OK)
        mln_store_rollback(iam->store);
    return rc;
}

static int ensure_account(const struct mln_iam *iam, struct mln_str account_id, struct mln_err *err)
{
    const struct mln_account_row row = { account_id, mln_now_ms(iam->clock) };
    int rc = mln_store_account_get(iam->store, account_id, err);

    return rc == MLN_ENOTFOUND ? mln_store_account_add(iam->store, &row, err) : rc;
}

int mln_iam_account_add(const struct mln_iam *iam, struct mln_str account_id, struct mln_err *err)
{
    const struct mln_account_row row = { account_id, mln_now_ms(iam->clock) };
    int rc = check_account_id(account_id, err);

    if (rc == MLN_OK)
        rc = mln_store_begin(iam->store, err);
    if (rc != MLN_OK)
        return rc;
    rc = mln_store_account_add(iam->store, &row, err);
    if (rc == MLN_OK)
        rc = audit(iam, account_id, "CreateAccount", account_id, err);
    return finish(iam, rc, err);
}

struct account_sink {
    mln_iam_account_fn *fn;
    void *ctx;
};

static int give_account(void *ctx, const struct mln_account_row *row, struct mln_err *err)
{
    const struct account_sink *sink = ctx;

    return sink->fn(sink->ctx, row->account_id, row->created_ms, err);
}

int mln_iam_account_list(
        const struct mln_iam *iam, mln_iam_account_fn *fn, void *ctx, struct mln_err *err)
{
    struct account_sink sink = { fn, ctx };

    return mln_store_account_list(iam->store, give_account, &sink, err);
}

struct policy_search {
    struct mln_str name;
    bool found;
};

static int match_policy(void *ctx, const struct mln_policy_row *row, struct mln_err *err)
{
    struct policy_search *search = ctx;

    (void)err;
    search->found = search->found || mln_str_eq(row->name, search->name);
    return MLN_OK;
}

/* A built-in policy becomes a row of the account when it is first used, so that users list one
 * kind. */
static int ensure_policy(const struct mln_iam *iam, struct mln_str account_id, struct mln_str name,
        struct mln_err *err)
{
    const struct mln_builtin_policy *builtin = mln_builtin_policy(name);
    struct policy_search search = { .name = name };
    int rc;

    if (builtin != NULL) {
        const struct mln_policy_row row = { account_id, name, mln_str_of(builtin->document),
            mln_now_ms(iam->clock) };

        return mln_store_policy_put(iam->store, &row, err);
    }
    rc = mln_store_policy_list(iam->store, account_id, match_policy, &search, err);
    if (rc == MLN_OK && !search.found)
        rc = mln_fail(err, MLN_ENOTFOUND, "no policy '%.*s' in account %.*s", MLN_FMT(name),
                MLN_FMT(account_id));
    return rc;
}

static int add_user(const struct mln_iam *iam, struct mln_str account_id, struct mln_str name,
        struct mln_str policy, struct mln_err *err)
{
    char user_id[19];
    struct mln_user_row row = { .account_id = account_id, .name = name };
    int rc;

    random_user_id(iam->random, user_id);
    row.user_id = mln_str_of(user_id);
    row.created_ms = mln_now_ms(iam->clock);
    rc = mln_store_user_add(iam->store, &row, err);
    if (rc == MLN_EEXIST)
        return mln_fail(err, rc, "account %.*s has a user '%.*s' already", MLN_FMT(account_id),
                MLN_FMT(name));
    if (rc == MLN_OK)
        rc = ensure_policy(iam, account_id, policy, err);
    if (rc == MLN_OK)
        rc = mln_store_policy_attach(iam->store, account_id, name, policy, err);
    if (rc == MLN_OK)
        rc = audit(iam, account_id, "CreateUser", name, err);
    return rc;
}

static int add_key(const struct mln_iam *iam, struct mln_str account_id, struct mln_str user_name,
        struct mln_new_key *out, struct mln_err *err)
{
    MLN_AUTO(mln_buf_free) struct mln_buf sealed = MLN_BUF_INIT(1024);
    char id[MLN_ACCESS_KEY_ID_MAX] = ACCESS_KEY_ID_PREFIX, text[SECRET_CHARS], seal_key_id[17];
    const struct mln_seal_binding binding = {
        { id, strlen(ACCESS_KEY_ID_PREFIX) + ACCESS_KEY_ID_CHARS }, account_id, user_name
    };
    struct mln_key_row row = { .access_key_id = binding.access_key_id,
        .account_id = account_id,
        .user_name = user_name,
        .created_ms = mln_now_ms(iam->clock) };
    struct mln_secret secret = { 0 };
    int rc;

    random_text(iam->random, id + strlen(ACCESS_KEY_ID_PREFIX), ACCESS_KEY_ID_CHARS);
    random_text(iam->random, text, sizeof(text));
    rc = mln_secret_init(&secret, (struct mln_str){ text, sizeof(text) }, err);
    explicit_bzero(text, sizeof(text));
    if (rc == MLN_OK)
        rc = mln_seal_close_secret(iam->seal, iam->random, &binding, mln_secret_bytes(&secret),
                &sealed, seal_key_id, err);
    row.sealed = mln_buf_str(&sealed);
    row.seal_key_id = mln_str_of(seal_key_id);
    if (rc == MLN_OK)
        rc = mln_store_key_add(iam->store, &row, err);
    if (rc == MLN_OK)
        rc = audit(iam, account_id, "CreateAccessKey", user_name, err);
    if (rc != MLN_OK) {
        mln_secret_wipe(&secret);
        return rc;
    }
    memcpy(out->access_key_id, id, sizeof(id));
    out->secret = secret;
    return MLN_OK;
}

int mln_iam_init_account(const struct mln_iam *iam, struct mln_str account_id,
        struct mln_str user_name, struct mln_new_key *out, struct mln_err *err)
{
    int rc = check_account_id(account_id, err);

    if (rc == MLN_OK)
        rc = check_name("user name", user_name, err);
    if (rc == MLN_OK)
        rc = mln_store_begin(iam->store, err);
    if (rc != MLN_OK)
        return rc;
    rc = ensure_account(iam, account_id, err);
    if (rc == MLN_OK)
        rc = add_user(iam, account_id, user_name, MLN_STR("full-access"), err);
    if (rc == MLN_OK)
        rc = add_key(iam, account_id, user_name, out, err);
    return finish(iam, rc, err);
}

int mln_iam_user_add(const struct mln_iam *iam, struct mln_str account_id, struct mln_str user_name,
        struct mln_str policy_name, struct mln_new_key *out, struct mln_err *err)
{
    int rc = check_name("user name", user_name, err);

    if (rc == MLN_OK)
        rc = mln_store_begin(iam->store, err);
    if (rc != MLN_OK)
        return rc;
    rc = mln_store_account_get(iam->store, account_id, err);
    if (rc == MLN_OK)
        rc = add_user(iam, account_id, user_name, policy_name, err);
    if (rc == MLN_OK && out != NULL)
        rc = add_key(iam, account_id, user_name, out, err);
    return finish(iam, rc, err);
}

int mln_iam_user_set_disabled(const struct mln_iam *iam, struct mln_str account_id,
        struct mln_str user_name, bool disabled, struct mln_err *err)
{
    int rc = mln_store_begin(iam->store, err);

    if (rc != MLN_OK)
        return rc;
    rc = mln_store_user_set_disabled(iam->store, account_id, user_name, disabled, err);
    if (rc == MLN_OK)
        rc = audit(iam, account_id, disabled ? "DisableUser" : "EnableUser", user_name, err);
    return finish(iam, rc, err);
}

static int count_key(void *ctx, const struct mln_key_row *row, struct mln_err *err)
{
    size_t *count = ctx;

    (void)row;
    (void)err;
    (*count)++;
    return MLN_OK;
}

int mln_iam_key_create(const struct mln_iam *iam, struct mln_str account_id,
        struct mln_str user_name, struct mln_new_key *out, struct mln_err *err)
{
    size_t count = 0;
    int rc = mln_store_begin(iam->store, err);

    if (rc != MLN_OK)
        return rc;
    rc = mln_store_key_list(iam->store, account_id, user_name, count_key, &count, err);
    if (rc == MLN_OK && count >= MLN_KEYS_PER_USER_MAX)
        rc = mln_fail(err, MLN_ETOOBIG,
                "user '%.*s' has %zu keys, the most a user may have: delete one first",
                MLN_FMT(user_name), count);
    if (rc == MLN_OK)
        rc = add_key(iam, account_id, user_name, out, err);
    return finish(iam, rc, err);
}

/* Whose key it is, checked against the account, so that one account's administrator cannot name
 * another's. */
struct key_owner {
    struct mln_str account_id;
    char user_name[MLN_USER_NAME_CHARS_MAX + 1];
    bool same_account;
};

static int read_owner(void *ctx, const struct mln_key_row *row, struct mln_err *err)
{
    struct key_owner *owner = ctx;

    (void)err;
    owner->same_account = mln_str_eq(row->account_id, owner->account_id);
    (void)snprintf(owner->user_name, sizeof(owner->user_name), "%.*s", MLN_FMT(row->user_name));
    return MLN_OK;
}

static int owned_key(const struct mln_iam *iam, struct mln_str access_key_id,
        struct key_owner *owner, struct mln_err *err)
{
    int rc = mln_store_key_get(iam->store, access_key_id, read_owner, owner, err);

    if (rc == MLN_ENOTFOUND || (rc == MLN_OK && !owner->same_account))
        return mln_fail(err, MLN_ENOTFOUND, "no such access key in account %.*s",
                MLN_FMT(owner->account_id));
    return rc;
}

int mln_iam_key_set_disabled(const struct mln_iam *iam, struct mln_str account_id,
        struct mln_str access_key_id, bool disabled, struct mln_err *err)
{
    struct key_owner owner = { .account_id = account_id };
    int rc = mln_store_begin(iam->store, err);

    if (rc != MLN_OK)
        return rc;
    rc = owned_key(iam, access_key_id, &owner, err);
    if (rc == MLN_OK)
        rc = mln_store_key_set_disabled(iam->store, access_key_id, disabled, err);
    if (rc == MLN_OK)
        rc = audit(iam, account_id, disabled ? "DisableAccessKey" : "EnableAccessKey",
                mln_str_of(owner.user_name), err);
    return finish(iam, rc, err);
}

int mln_iam_policy_put(const struct mln_iam *iam, struct mln_str account_id, struct mln_str name,
        struct mln_str document, struct mln_err *err)
{
    MLN_AUTO(mln_arena_free) struct mln_arena arena = MLN_ARENA_INIT(POLICY_ARENA_MAX);
    const struct mln_policy_row row = { account_id, name, document, mln_now_ms(iam->clock) };
    const struct mln_policy *policy;
    int rc = check_name("policy name", name, err);

    if (rc == MLN_OK && mln_builtin_policy(name) != NULL)
        rc = mln_fail(err, MLN_EEXIST, "policy '%.*s' comes with Merlon: choose another name",
                MLN_FMT(name));
    if (rc == MLN_OK)
        rc = mln_policy_parse(document, &arena, &policy, err);
    if (rc == MLN_OK)
        rc = mln_store_begin(iam->store, err);
    if (rc != MLN_OK)
        return rc;
    rc = mln_store_account_get(iam->store, account_id, err);
    if (rc == MLN_OK)
        rc = mln_store_policy_put(iam->store, &row, err);
    if (rc == MLN_OK)
        rc = audit(iam, account_id, "PutPolicy", name, err);
    return finish(iam, rc, err);
}

int mln_iam_policy_attach(const struct mln_iam *iam, struct mln_str account_id,
        struct mln_str user_name, struct mln_str policy_name, bool attach, struct mln_err *err)
{
    int rc = mln_store_begin(iam->store, err);

    if (rc != MLN_OK)
        return rc;
    if (attach) {
        rc = ensure_policy(iam, account_id, policy_name, err);
        if (rc == MLN_OK)
            rc = mln_store_policy_attach(iam->store, account_id, user_name, policy_name, err);
    } else {
        rc = mln_store_policy_detach(iam->store, account_id, user_name, policy_name, err);
    }
    if (rc == MLN_OK)
        rc = audit(iam, account_id, attach ? "AttachPolicy" : "DetachPolicy", user_name, err);
    return finish(iam, rc, err);
}

struct policy_sink {
    mln_iam_policy_fn *fn;
    void *ctx;
};

/* A built-in policy has a row too once it is attached; it is listed with the built-in ones. */
static int give_policy(void *ctx, const struct mln_policy_row *row, struct mln_err *err)
{
    const struct policy_sink *sink = ctx;

    if (mln_builtin_policy(row->name) != NULL)
        return MLN_OK;
    return sink->fn(sink->ctx, row->name, row->document, err);
}

int mln_iam_policy_list(const struct mln_iam *iam, struct mln_str account_id, mln_iam_policy_fn *fn,
        void *ctx, struct mln_err *err)
{
    struct policy_sink sink = { fn, ctx };

    return mln_store_policy_list(iam->store, account_id, give_policy, &sink, err);
}

struct user_listing {
    const struct mln_iam *iam;
    mln_iam_user_fn *fn;
    void *ctx;
    struct mln_buf policies;
};

static int add_policy_name(void *ctx, const struct mln_policy_row *row, struct mln_err *err)
{
    struct mln_buf *names = ctx;

    (void)err;
    if (names->len > 0)
        mln_buf_add_char(names, ',');
    mln_buf_add(names, row->name);
    return MLN_OK;
}

static int list_user(void *ctx, const struct mln_user_row *row, struct mln_err *err)
{
    struct user_listing *listing = ctx;
    struct mln_iam_user user = { .name = row->name,
        .user_id = row->user_id,
        .disabled = row->disabled,
        .created_ms = row->created_ms };
    int rc;

    mln_buf_reset(&listing->policies);
    rc = mln_store_user_policies(listing->iam->store, row->account_id, row->name, add_policy_name,
            &listing->policies, err);
    if (rc == MLN_OK)
        rc = mln_buf_done(&listing->policies, &user.policies, err);
    return rc == MLN_OK ? listing->fn(listing->ctx, &user, err) : rc;
}

int mln_iam_user_list(const struct mln_iam *iam, struct mln_str account_id, mln_iam_user_fn *fn,
        void *ctx, struct mln_err *err)
{
    struct user_listing listing = { iam, fn, ctx, MLN_BUF_INIT(USER_LIST_BYTES_MAX) };
    int rc = mln_store_user_list(iam->store, account_id, list_user, &listing, err);

    mln_buf_free(&listing.policies);
    return rc;
}

/* Keys are numbered per user in the order of their making; the store lists them so. */
struct key_listing {
    mln_iam_key_fn *fn;
    void *ctx;
    char user_name[MLN_USER_NAME_CHARS_MAX + 1];
    int number;
    struct mln_str wanted; /* A handle to find, and where its id goes; or empty. */
    char *found;
};

static int list_key(void *ctx, const struct mln_key_row *row, struct mln_err *err)
{
    struct key_listing *listing = ctx;
    struct mln_iam_key key = { .user_name = row->user_name,
        .disabled = row->disabled || row->user_disabled,
        .created_ms = row->created_ms };

    if (!mln_str_is(row->user_name, listing->user_name)) {
        (void)snprintf(
                listing->user_name, sizeof(listing->user_name), "%.*s", MLN_FMT(row->user_name));
        listing->number = 0;
    }
    listing->number++;
    (void)snprintf(key.handle, sizeof(key.handle), "%s/%d", listing->user_name, listing->number);
    if (listing->found != NULL && mln_str_is(listing->wanted, key.handle))
        (void)snprintf(listing->found, MLN_ACCESS_KEY_ID_MAX, "%.*s", MLN_FMT(row->access_key_id));
    return listing->fn != NULL ? listing->fn(listing->ctx, &key, err) : MLN_OK;
}

int mln_iam_key_list(const struct mln_iam *iam, struct mln_str account_id, struct mln_str user_name,
        mln_iam_key_fn *fn, void *ctx, struct mln_err *err)
{
    struct key_listing listing = { .fn = fn, .ctx = ctx };

    return mln_store_key_list(iam->store, account_id, user_name, list_key, &listing, err);
}

int mln_iam_key_by_handle(const struct mln_iam *iam, struct mln_str account_id,
        struct mln_str handle, char out[MLN_ACCESS_KEY_ID_MAX], struct mln_err *err)
{
    char found[MLN_ACCESS_KEY_ID_MAX] = "";
    struct key_listing listing = { .wanted = handle, .found = found };
    int rc = mln_store_key_list(iam->store, account_id, MLN_STR(""), list_key, &listing, err);

    if (rc == MLN_OK && found[0] == '\0')
        rc = mln_fail(err, MLN_ENOTFOUND, "no key '%.*s' in account %.*s", MLN_FMT(handle),
                MLN_FMT(account_id));
    if (rc == MLN_OK)
        memcpy(out, found, sizeof(found));
    return rc;
}
