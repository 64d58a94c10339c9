#include "fixture.h"

static void makes_an_account_a_user_and_a_key_together(void **state)
{
    struct fixture *f = *state;
    MLN_AUTO(mln_new_key_wipe) struct mln_new_key key = { 0 }, second = { 0 };
    struct mln_err err;

    OK(mln_iam_init_account(&f->iam, ACCOUNT, MLN_STR("admin"), &key, &err), &err);
    assert_int_equal(strlen(key.access_key_id), 24);
    assert_int_equal(key.secret.len, 30);
    FAILS(mln_iam_init_account(&f->iam, ACCOUNT, MLN_STR("admin"), &second, &err), MLN_EEXIST, &err,
            "already");
    assert_null(second.secret.ptr);
}

static void refuses_names_and_ids_that_are_none(void **state)
{
    struct fixture *f = *state;
    static const char *const names[] = { "", "-a", "a b", "a/b", "a\nb", "\xff" };
    static const char *const accounts[] = { "", "12a", "123456789012345678901", "-1" };
    struct mln_new_key key = { 0 };
    struct mln_err err;

    for (size_t i = 0; i < MLN_LEN(names); i++)
        FAILS(mln_iam_init_account(&f->iam, ACCOUNT, mln_str_of(names[i]), &key, &err), MLN_EINVAL,
                &err, "user name");
    for (size_t i = 0; i < MLN_LEN(accounts); i++)
        FAILS(mln_iam_init_account(&f->iam, mln_str_of(accounts[i]), MLN_STR("a"), &key, &err),
                MLN_EINVAL, &err, "account id");
}

static void leaves_no_user_behind_when_the_policy_is_unknown(void **state)
{
    struct fixture *f = *state;
    MLN_AUTO(mln_new_key_wipe) struct mln_new_key key = { 0 };
    struct mln_err err;

    OK(mln_iam_init_account(&f->iam, ACCOUNT, MLN_STR("admin"), &key, &err), &err);
    FAILS(mln_iam_user_add(&f->iam, ACCOUNT, MLN_STR("x"), MLN_STR("no-such"), NULL, &err),
            MLN_ENOTFOUND, &err, "no-such");
    OK(mln_iam_user_add(&f->iam, ACCOUNT, MLN_STR("x"), MLN_STR("read-only"), NULL, &err), &err);
}

static void gives_a_user_two_keys_at_most(void **state)
{
    struct fixture *f = *state;
    MLN_AUTO(mln_new_key_wipe) struct mln_new_key a = { 0 }, b = { 0 }, c = { 0 };
    struct mln_err err;

    OK(mln_iam_init_account(&f->iam, ACCOUNT, MLN_STR("admin"), &a, &err), &err);
    OK(mln_iam_key_create(&f->iam, ACCOUNT, MLN_STR("admin"), &b, &err), &err);
    assert_string_not_equal(a.access_key_id, b.access_key_id);
    FAILS(mln_iam_key_create(&f->iam, ACCOUNT, MLN_STR("admin"), &c, &err), MLN_ETOOBIG, &err,
            "2 keys");
}

struct listing {
    int count;
    char text[512];
};

static int note_key(void *ctx, const struct mln_iam_key *key, struct mln_err *err)
{
    struct listing *listing = ctx;
    size_t len = strlen(listing->text);

    (void)err;
    listing->count++;
    (void)snprintf(listing->text + len, sizeof(listing->text) - len, "%s%s ", key->handle,
            key->disabled ? "(off)" : "");
    return MLN_OK;
}

static void names_keys_by_handles_that_are_no_part_of_them(void **state)
{
    struct fixture *f = *state;
    MLN_AUTO(mln_new_key_wipe) struct mln_new_key a = { 0 }, b = { 0 };
    struct listing listing = { 0 };
    char id[MLN_ACCESS_KEY_ID_MAX];
    struct mln_err err;

    OK(mln_iam_init_account(&f->iam, ACCOUNT, MLN_STR("admin"), &a, &err), &err);
    f->now_ms += 1000;
    OK(mln_iam_key_create(&f->iam, ACCOUNT, MLN_STR("admin"), &b, &err), &err);
    OK(mln_iam_key_by_handle(&f->iam, ACCOUNT, MLN_STR("admin/2"), id, &err), &err);
    assert_string_equal(id, b.access_key_id);
    OK(mln_iam_key_set_disabled(&f->iam, ACCOUNT, mln_str_of(id), true, &err), &err);
    OK(mln_iam_key_list(&f->iam, ACCOUNT, MLN_STR(""), note_key, &listing, &err), &err);
    assert_string_equal(listing.text, "admin/1 admin/2(off) ");
    FAILS(mln_iam_key_by_handle(&f->iam, ACCOUNT, MLN_STR("admin/3"), id, &err), MLN_ENOTFOUND,
            &err, "admin/3");
}

static void touches_no_key_of_another_account(void **state)
{
    struct fixture *f = *state;
    MLN_AUTO(mln_new_key_wipe) struct mln_new_key a = { 0 }, b = { 0 };
    struct mln_err err;

    OK(mln_iam_init_account(&f->iam, ACCOUNT, MLN_STR("admin"), &a, &err), &err);
    OK(mln_iam_init_account(&f->iam, MLN_STR("42"), MLN_STR("admin"), &b, &err), &err);
    FAILS(mln_iam_key_set_disabled(&f->iam, MLN_STR("42"), mln_str_of(a.access_key_id), true, &err),
            MLN_ENOTFOUND, &err, "no such access key in account 42");
}

static int note_audit(void *ctx, const struct mln_audit_row *row, struct mln_err *err)
{
    struct listing *listing = ctx;
    size_t len = strlen(listing->text);

    (void)err;
    listing->count++;
    (void)snprintf(listing->text + len, sizeof(listing->text) - len, "%.*s ", MLN_FMT(row->action));
    return MLN_OK;
}

static void writes_every_change_to_the_audit_trail(void **state)
{
    struct fixture *f = *state;
    MLN_AUTO(mln_new_key_wipe) struct mln_new_key a = { 0 };
    struct listing listing = { 0 };
    struct mln_err err;

    OK(mln_iam_init_account(&f->iam, ACCOUNT, MLN_STR("admin"), &a, &err), &err);
    OK(mln_iam_policy_put(&f->iam, ACCOUNT, MLN_STR("mine"),
               MLN_STR("{\"Version\":\"1\",\"Statement\":[{\"Effect\":\"Allow\",\"Action\":\"a:b\","
                       "\"Resource\":\"*\"}]}"),
               &err),
            &err);
    OK(mln_iam_policy_attach(&f->iam, ACCOUNT, MLN_STR("admin"), MLN_STR("mine"), true, &err),
            &err);
    OK(mln_iam_policy_attach(&f->iam, ACCOUNT, MLN_STR("admin"), MLN_STR("mine"), false, &err),
            &err);
    OK(mln_iam_user_set_disabled(&f->iam, ACCOUNT, MLN_STR("admin"), true, &err), &err);
    OK(mln_store_audit_list(f->store, ACCOUNT, 100, note_audit, &listing, &err), &err);
    assert_string_equal(listing.text,
            "DisableUser DetachPolicy AttachPolicy PutPolicy CreateAccessKey CreateUser ");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(
                makes_an_account_a_user_and_a_key_together, fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(
                refuses_names_and_ids_that_are_none, fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(
                leaves_no_user_behind_when_the_policy_is_unknown, fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(
                gives_a_user_two_keys_at_most, fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(
                names_keys_by_handles_that_are_no_part_of_them, fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(
                touches_no_key_of_another_account, fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(
                writes_every_change_to_the_audit_trail, fixture_setup, fixture_teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
