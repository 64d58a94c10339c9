/* Accounts, users, policies, access keys, nonces, the audit trail. */
#include <stdio.h>

#include "conformance.h"

static void add_user(struct mln_store *store, struct mln_str account_id, struct mln_str name,
        struct mln_str user_id)
{
    const struct mln_user_row row = { account_id, user_id, name, false, 42 };
    struct mln_err err;

    OK(mln_store_user_add(store, &row, &err), &err);
}

/* Two accounts, of which each has alice. */
static void people(struct mln_store *store)
{
    struct mln_err err;

    OK(mln_store_account_add(store, &(struct mln_account_row){ ACCOUNT, 1 }, &err), &err);
    OK(mln_store_account_add(store, &(struct mln_account_row){ OTHER, 2 }, &err), &err);
    add_user(store, ACCOUNT, MLN_STR("alice"), MLN_STR("200000000000000001"));
    add_user(store, OTHER, MLN_STR("alice"), MLN_STR("200000000000000002"));
}

static int join_account(void *ctx, const struct mln_account_row *row, struct mln_err *err)
{
    (void)err;
    mln_buf_addf(ctx, "%.*s:%lld ", MLN_FMT(row->account_id), (long long)row->created_ms);
    return MLN_OK;
}

static void lists_accounts_in_order_and_once(void **state)
{
    MLN_AUTO(mln_buf_free) struct mln_buf text = MLN_BUF_INIT(1000);
    struct fixture *fixture = *state;
    struct mln_err err;

    people(fixture->store);
    OK(mln_store_account_list(fixture->store, join_account, &text, &err), &err);
    EQ_STR(mln_buf_str(&text), "1234567890123456:1 6543210987654321:2 ");
    FAILS(mln_store_account_add(fixture->store, &(struct mln_account_row){ ACCOUNT, 3 }, &err),
            MLN_EEXIST, &err, "1234567890123456");
    FAILS(mln_store_account_get(fixture->store, MLN_STR("1"), &err), MLN_ENOTFOUND, &err, "'1'");
}

static int join_user(void *ctx, const struct mln_user_row *row, struct mln_err *err)
{
    (void)err;
    mln_buf_addf(ctx, "%.*s/%.*s %.*s %d %lld;", MLN_FMT(row->account_id), MLN_FMT(row->name),
            MLN_FMT(row->user_id), row->disabled, (long long)row->created_ms);
    return MLN_OK;
}

static void keeps_users_apart_by_account(void **state)
{
    MLN_AUTO(mln_buf_free) struct mln_buf text = MLN_BUF_INIT(1000);
    struct fixture *fixture = *state;
    struct mln_err err;

    people(fixture->store);
    add_user(fixture->store, ACCOUNT, MLN_STR("Bob"), MLN_STR("200000000000000003"));
    OK(mln_store_user_set_disabled(fixture->store, ACCOUNT, MLN_STR("alice"), true, &err), &err);
    OK(mln_store_user_get(fixture->store, OTHER, MLN_STR("alice"), join_user, &text, &err), &err);
    EQ_STR(mln_buf_str(&text), "6543210987654321/alice 200000000000000002 0 42;");
    mln_buf_reset(&text);
    OK(mln_store_user_list(fixture->store, ACCOUNT, join_user, &text, &err), &err);
    EQ_STR(mln_buf_str(&text), "1234567890123456/Bob 200000000000000003 0 42;"
                               "1234567890123456/alice 200000000000000001 1 42;");
}

static void refuses_users_that_clash_or_belong_nowhere(void **state)
{
    struct fixture *fixture = *state;
    struct mln_user_row row = { ACCOUNT, MLN_STR("200000000000000009"), MLN_STR("alice"), false,
        1 };
    struct mln_err err;

    people(fixture->store);
    FAILS(mln_store_user_add(fixture->store, &row, &err), MLN_EEXIST, &err, "alice");
    row.name = MLN_STR("carol");
    row.user_id = MLN_STR("200000000000000002");
    FAILS(mln_store_user_add(fixture->store, &row, &err), MLN_EEXIST, &err, "carol");
    row.account_id = MLN_STR("5");
    row.user_id = MLN_STR("200000000000000009");
    FAILS(mln_store_user_add(fixture->store, &row, &err), MLN_ENOTFOUND, &err, "no account '5'");
    FAILS(mln_store_user_get(fixture->store, ACCOUNT, row.name, join_user, NULL, &err),
            MLN_ENOTFOUND, &err, "carol");
    FAILS(mln_store_user_set_disabled(fixture->store, ACCOUNT, row.name, true, &err), MLN_ENOTFOUND,
            &err, "carol");
}

static int join_policy(void *ctx, const struct mln_policy_row *row, struct mln_err *err)
{
    (void)err;
    mln_buf_addf(ctx, "%.*s=%.*s@%lld;", MLN_FMT(row->name), MLN_FMT(row->document),
            (long long)row->updated_ms);
    return MLN_OK;
}

static void policies_are_replaced_attached_and_detached(void **state)
{
    MLN_AUTO(mln_buf_free) struct mln_buf text = MLN_BUF_INIT(1000);
    struct fixture *fixture = *state;
    struct mln_store *store = fixture->store;
    const struct mln_str alice = MLN_STR("alice"), read = MLN_STR("read"), write = MLN_STR("write");
    struct mln_err err;

    people(store);
    OK(mln_store_policy_put(
               store, &(struct mln_policy_row){ ACCOUNT, write, MLN_STR("{}"), 1 }, &err),
            &err);
    OK(mln_store_policy_put(
               store, &(struct mln_policy_row){ ACCOUNT, read, MLN_STR("{}"), 1 }, &err),
            &err);
    OK(mln_store_policy_put(
               store, &(struct mln_policy_row){ ACCOUNT, read, MLN_STR("[]"), 2 }, &err),
            &err);
    for (int twice = 0; twice < 2; twice++)
        OK(mln_store_policy_attach(store, ACCOUNT, alice, read, &err), &err);
    OK(mln_store_policy_list(store, ACCOUNT, join_policy, &text, &err), &err);
    EQ_STR(mln_buf_str(&text), "read=[]@2;write={}@1;");
    mln_buf_reset(&text);
    OK(mln_store_user_policies(store, ACCOUNT, alice, join_policy, &text, &err), &err);
    OK(mln_store_user_policies(store, OTHER, alice, join_policy, &text, &err), &err);
    EQ_STR(mln_buf_str(&text), "read=[]@2;");
    OK(mln_store_policy_detach(store, ACCOUNT, alice, read, &err), &err);
    FAILS(mln_store_policy_detach(store, ACCOUNT, alice, read, &err), MLN_ENOTFOUND, &err, "read");
    FAILS(mln_store_policy_attach(store, ACCOUNT, alice, MLN_STR("x"), &err), MLN_ENOTFOUND, &err,
            "'x'");
    FAILS(mln_store_policy_attach(store, OTHER, alice, read, &err), MLN_ENOTFOUND, &err, "read");
    FAILS(mln_store_policy_put(
                  store, &(struct mln_policy_row){ MLN_STR("5"), read, MLN_STR("{}"), 1 }, &err),
            MLN_ENOTFOUND, &err, "no account '5'");
}

static int join_key(void *ctx, const struct mln_key_row *row, struct mln_err *err)
{
    (void)err;
    mln_buf_addf(ctx, "%.*s %.*s/%.*s(%.*s) ", MLN_FMT(row->access_key_id),
            MLN_FMT(row->account_id), MLN_FMT(row->user_name), MLN_FMT(row->user_id));
    mln_buf_add_hex(ctx, row->sealed.ptr, row->sealed.len);
    mln_buf_addf(ctx, " %.*s %d%d;", MLN_FMT(row->seal_key_id), row->disabled, row->user_disabled);
    return MLN_OK;
}

static void add_key(struct mln_store *store, struct mln_str account_id, struct mln_str id)
{
    const struct mln_key_row row = {
        .access_key_id = id,
        .account_id = account_id,
        .user_name = MLN_STR("alice"),
        .sealed = { "\0\xff", 2 },
        .seal_key_id = MLN_STR("s1"),
    };
    struct mln_err err;

    OK(mln_store_key_add(store, &row, &err), &err);
}

static void a_key_carries_its_user_and_both_switches(void **state)
{
    MLN_AUTO(mln_buf_free) struct mln_buf text = MLN_BUF_INIT(1000);
    struct fixture *fixture = *state;
    struct mln_store *store = fixture->store;
    struct mln_err err;

    people(store);
    add_key(store, ACCOUNT, MLN_STR("K1"));
    OK(mln_store_key_get(store, MLN_STR("K1"), join_key, &text, &err), &err);
    OK(mln_store_user_set_disabled(store, ACCOUNT, MLN_STR("alice"), true, &err), &err);
    OK(mln_store_key_reseal(
               store, MLN_STR("K1"), (struct mln_str){ "\x01", 1 }, MLN_STR("s2"), &err),
            &err);
    OK(mln_store_key_get(store, MLN_STR("K1"), join_key, &text, &err), &err);
    OK(mln_store_user_set_disabled(store, ACCOUNT, MLN_STR("alice"), false, &err), &err);
    OK(mln_store_key_set_disabled(store, MLN_STR("K1"), true, &err), &err);
    OK(mln_store_key_get(store, MLN_STR("K1"), join_key, &text, &err), &err);
    EQ_STR(mln_buf_str(&text), "K1 1234567890123456/alice(200000000000000001) 00ff s1 00;"
                               "K1 1234567890123456/alice(200000000000000001) 01 s2 01;"
                               "K1 1234567890123456/alice(200000000000000001) 01 s2 10;");
}

static int join_key_id(void *ctx, const struct mln_key_row *row, struct mln_err *err)
{
    (void)err;
    mln_buf_add(ctx, row->access_key_id);
    return MLN_OK;
}

static void lists_keys_of_a_user_an_account_or_all_in_order_of_making(void **state)
{
    const struct mln_str none = MLN_STR("");
    struct fixture *fixture = *state;
    MLN_AUTO(mln_buf_free) struct mln_buf text = MLN_BUF_INIT(1000);
    struct mln_err err;

    people(fixture->store);
    add_user(fixture->store, ACCOUNT, MLN_STR("bob"), MLN_STR("200000000000000003"));
    add_key(fixture->store, OTHER, MLN_STR("K2"));
    add_key(fixture->store, ACCOUNT, MLN_STR("K3"));
    add_key(fixture->store, ACCOUNT, MLN_STR("K1"));
    OK(mln_store_key_list(fixture->store, none, none, join_key_id, &text, &err), &err);
    mln_buf_add_char(&text, '|');
    OK(mln_store_key_list(fixture->store, OTHER, none, join_key_id, &text, &err), &err);
    mln_buf_add_char(&text, '|');
    OK(mln_store_key_list(fixture->store, ACCOUNT, MLN_STR("bob"), join_key_id, &text, &err), &err);
    mln_buf_add_char(&text, '|');
    OK(mln_store_key_list(fixture->store, ACCOUNT, MLN_STR("alice"), join_key_id, &text, &err),
            &err);
    EQ_STR(mln_buf_str(&text), "K3K1K2|K2||K3K1");
}

static void refuses_keys_that_clash_or_belong_nowhere(void **state)
{
    struct fixture *fixture = *state;
    const struct mln_str id = MLN_STR("K1");
    struct mln_key_row row = { .access_key_id = id,
        .account_id = OTHER,
        .user_name = MLN_STR("alice"),
        .sealed = MLN_STR("x"),
        .seal_key_id = MLN_STR("s1") };
    struct mln_err err;

    FAILS(mln_store_key_add(fixture->store, &row, &err), MLN_ENOTFOUND, &err, "no user 'alice'");
    FAILS(mln_store_key_get(fixture->store, id, join_key, NULL, &err), MLN_ENOTFOUND, &err,
            "no such");
    FAILS(mln_store_key_set_disabled(fixture->store, id, true, &err), MLN_ENOTFOUND, &err,
            "no such");
    FAILS(mln_store_key_reseal(fixture->store, id, id, id, &err), MLN_ENOTFOUND, &err, "no such");
    people(fixture->store);
    add_key(fixture->store, ACCOUNT, id);
    FAILS(mln_store_key_add(fixture->store, &row, &err), MLN_EEXIST, &err, "already exists");
}

static void a_nonce_is_used_once_until_it_expires(void **state)
{
    struct fixture *fixture = *state;
    struct mln_store *store = fixture->store;
    const struct mln_str key = MLN_STR("K1"), nonce = MLN_STR("n1");
    struct mln_err err;

    OK(mln_store_nonce_add(store, key, nonce, 1000, 2000, &err), &err);
    FAILS(mln_store_nonce_add(store, key, nonce, 1500, 2500, &err), MLN_EEXIST, &err,
            "already used");
    OK(mln_store_nonce_add(store, MLN_STR("K2"), nonce, 1500, 2500, &err), &err);
    OK(mln_store_nonce_add(store, key, nonce, 2000, 3000, &err), &err);
    FAILS(mln_store_nonce_add(store, key, nonce, 2999, 3999, &err), MLN_EEXIST, &err,
            "already used");
}

static void an_expired_nonce_that_was_not_yet_dropped_is_free_again(void **state)
{
    struct fixture *fixture = *state;
    struct mln_err err;
    char nonce[16];

    OK(mln_store_begin(fixture->store, &err), &err);
    for (int i = 0; i < 500; i++) {
        (void)snprintf(nonce, sizeof(nonce), "n%d", i);
        OK(mln_store_nonce_add(fixture->store, MLN_STR("K"), mln_str_of(nonce), 1, 10 + i, &err),
                &err);
    }
    for (int i = 499; i >= 0; i--) {
        (void)snprintf(nonce, sizeof(nonce), "n%d", i);
        OK(mln_store_nonce_add(fixture->store, MLN_STR("K"), mln_str_of(nonce), 1000, 2000, &err),
                &err);
    }
    OK(mln_store_commit(fixture->store, &err), &err);
}

static int join_audit(void *ctx, const struct mln_audit_row *row, struct mln_err *err)
{
    (void)err;
    mln_buf_addf(ctx, "%lld %.*s %.*s %.*s %.*s %.*s %.*s;", (long long)row->time_ms,
            MLN_FMT(row->user_name), MLN_FMT(row->action), MLN_FMT(row->outcome),
            MLN_FMT(row->request_id), MLN_FMT(row->source_ip), MLN_FMT(row->detail));
    return MLN_OK;
}

static void the_audit_trail_is_listed_newest_first(void **state)
{
    MLN_AUTO(mln_buf_free) struct mln_buf text = MLN_BUF_INIT(1000);
    struct fixture *fixture = *state;
    struct mln_audit_row row = { 1, ACCOUNT, MLN_STR("alice"), MLN_STR("UserAdd"), MLN_STR("ok"),
        MLN_STR("R"), MLN_STR("::1"), MLN_STR("d\x01") };
    struct mln_err err;

    for (row.time_ms = 1; row.time_ms <= 3; row.time_ms++)
        OK(mln_store_audit_add(fixture->store, &row, &err), &err);
    row.account_id = OTHER;
    OK(mln_store_audit_add(fixture->store, &row, &err), &err);
    OK(mln_store_audit_list(fixture->store, ACCOUNT, 2, join_audit, &text, &err), &err);
    EQ_STR(mln_buf_str(&text), "3 alice UserAdd ok R ::1 d\x01;2 alice UserAdd ok R ::1 d\x01;");
}

int run_iam_tests(void)
{
    const struct CMUnitTest tests[] = {
        STORE_TEST(lists_accounts_in_order_and_once),
        STORE_TEST(keeps_users_apart_by_account),
        STORE_TEST(refuses_users_that_clash_or_belong_nowhere),
        STORE_TEST(policies_are_replaced_attached_and_detached),
        STORE_TEST(a_key_carries_its_user_and_both_switches),
        STORE_TEST(lists_keys_of_a_user_an_account_or_all_in_order_of_making),
        STORE_TEST(refuses_keys_that_clash_or_belong_nowhere),
        STORE_TEST(a_nonce_is_used_once_until_it_expires),
        STORE_TEST(an_expired_nonce_that_was_not_yet_dropped_is_free_again),
        STORE_TEST(the_audit_trail_is_listed_newest_first),
    };

    return cmocka_run_group_tests_name("accounts and keys", tests, NULL, NULL);
}
