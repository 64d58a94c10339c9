#include <pthread.h>

#include "fixture.h"
#include "iam/auth.h"
#include "iam/limit.h"
#include "iam/nonce.h"

static struct mln_auth *auth_of(struct fixture *f)
{
    const struct mln_auth_options options = { .seal = f->seal,
        .clock = &f->clock,
        .nonce_ttl_ms = 1800000,
        .requests_per_s = 10,
        .failures_per_s = 5 };
    struct mln_auth *auth;
    struct mln_err err;

    OK(mln_auth_new(&options, &auth, &err), &err);
    return auth;
}

static void finds_the_secret_and_the_policies_of_a_key(void **state)
{
    struct fixture *f = *state;
    MLN_AUTO(mln_new_key_wipe) struct mln_new_key key = { 0 };
    struct mln_auth *auth = auth_of(f);
    const struct mln_principal *who = NULL;
    struct mln_err err;

    OK(mln_iam_init_account(&f->iam, ACCOUNT, MLN_STR("admin"), &key, &err), &err);
    OK(mln_auth_principal(auth, f->store, mln_str_of(key.access_key_id), &who, &err), &err);
    EQ_STR(who->account_id, "1234567890123456");
    EQ_STR(who->user_name, "admin");
    assert_int_equal(who->user_id.len, 18);
    assert_true(mln_secret_eq(&who->secret, mln_secret_bytes(&key.secret)));
    assert_false(who->disabled);
    assert_int_equal(
            mln_policy_decide(who->policies, who->policy_count, MLN_STR("x:y"), MLN_STR("*")),
            MLN_ALLOW);
    mln_principal_unref(who);
    mln_auth_free(auth);
}

static void says_not_found_for_an_unknown_key(void **state)
{
    struct fixture *f = *state;
    struct mln_auth *auth = auth_of(f);
    const struct mln_principal *who = (const struct mln_principal *)f;
    struct mln_err err;

    assert_int_equal(
            mln_auth_principal(auth, f->store, MLN_STR("LTAI5tnosuch"), &who, &err), MLN_ENOTFOUND);
    assert_ptr_equal(who, f);
    mln_auth_free(auth);
}

static void notices_a_disabled_key_and_user_within_a_second(void **state)
{
    struct fixture *f = *state;
    MLN_AUTO(mln_new_key_wipe) struct mln_new_key key = { 0 };
    struct mln_auth *auth = auth_of(f);
    const struct mln_principal *old, *now;
    struct mln_str id;
    struct mln_err err;

    OK(mln_iam_init_account(&f->iam, ACCOUNT, MLN_STR("admin"), &key, &err), &err);
    id = mln_str_of(key.access_key_id);
    OK(mln_auth_principal(auth, f->store, id, &old, &err), &err);
    OK(mln_iam_key_set_disabled(&f->iam, ACCOUNT, id, true, &err), &err);
    f->now_ms += 999;
    OK(mln_auth_principal(auth, f->store, id, &now, &err), &err);
    assert_true(now->disabled);
    assert_false(old->disabled); /* What a request under way holds does not change below it. */
    mln_principal_unref(now);
    mln_principal_unref(old);

    OK(mln_iam_key_set_disabled(&f->iam, ACCOUNT, id, false, &err), &err);
    OK(mln_iam_user_set_disabled(&f->iam, ACCOUNT, MLN_STR("admin"), true, &err), &err);
    f->now_ms += 999;
    OK(mln_auth_principal(auth, f->store, id, &now, &err), &err);
    assert_true(now->disabled);
    mln_principal_unref(now);
    mln_auth_free(auth);
}

static void reads_the_sealing_keys_again_after_a_rotation(void **state)
{
    struct fixture *f = *state;
    const struct mln_seal_options options = { .path = f->seal_path, .env = mln_env_system() };
    MLN_AUTO(mln_new_key_wipe) struct mln_new_key key = { 0 };
    struct mln_auth *auth = auth_of(f);
    const struct mln_principal *who;
    struct mln_seal *other;
    int64_t resealed;
    struct mln_err err;

    OK(mln_iam_init_account(&f->iam, ACCOUNT, MLN_STR("admin"), &key, &err), &err);
    OK(mln_seal_open(&options, &other, &err), &err); /* As a command in another process has it. */
    OK(mln_seal_rotate(other, f->store, mln_random_system(), &resealed, &err), &err);
    mln_seal_free(other);
    OK(mln_auth_principal(auth, f->store, mln_str_of(key.access_key_id), &who, &err), &err);
    assert_true(mln_secret_eq(&who->secret, mln_secret_bytes(&key.secret)));
    mln_principal_unref(who);
    mln_auth_free(auth);
}

static void takes_a_nonce_once_per_key(void **state)
{
    struct mln_nonces *nonces;
    struct mln_err err;

    (void)state;
    OK(mln_nonces_new(100, 1000, &nonces, &err), &err);
    assert_false(mln_nonces_used(nonces, MLN_STR("a"), MLN_STR("n1")));
    OK(mln_nonces_use(nonces, MLN_STR("a"), MLN_STR("n1"), 5000, &err), &err);
    assert_true(mln_nonces_used(nonces, MLN_STR("a"), MLN_STR("n1")));
    assert_false(mln_nonces_used(nonces, MLN_STR("b"), MLN_STR("n1")));
    assert_int_equal(mln_nonces_use(nonces, MLN_STR("a"), MLN_STR("n1"), 5999, &err), MLN_EEXIST);
    OK(mln_nonces_use(nonces, MLN_STR("b"), MLN_STR("n1"), 5999, &err), &err);
    OK(mln_nonces_use(nonces, MLN_STR("an"), MLN_STR("1"), 5999, &err), &err);
    mln_nonces_free(nonces);
}

static void remembers_a_nonce_for_its_whole_time(void **state)
{
    struct mln_nonces *nonces;
    struct mln_err err;

    (void)state;
    OK(mln_nonces_new(1000, 1000, &nonces, &err), &err);
    for (int64_t start = 0; start < 1000; start += 100) {
        char text[32];

        (void)snprintf(text, sizeof(text), "n%lld", (long long)start);
        OK(mln_nonces_use(nonces, MLN_STR("a"), mln_str_of(text), 10000 + start, &err), &err);
        assert_int_equal(
                mln_nonces_use(nonces, MLN_STR("a"), mln_str_of(text), 10999 + start, &err),
                MLN_EEXIST);
    }
    OK(mln_nonces_use(nonces, MLN_STR("a"), MLN_STR("n0"), 20000, &err), &err); /* Long expired. */
    mln_nonces_free(nonces);
}

static void refuses_when_its_memory_is_full_until_nonces_expire(void **state)
{
    struct mln_nonces *nonces;
    struct mln_err err;

    (void)state;
    OK(mln_nonces_new(2000, 1000, &nonces, &err), &err);
    for (int i = 0; i < 2000; i++) {
        char text[32];

        (void)snprintf(text, sizeof(text), "n%d", i);
        OK(mln_nonces_use(nonces, MLN_STR("a"), mln_str_of(text), 1000, &err), &err);
    }
    assert_int_equal(
            mln_nonces_use(nonces, MLN_STR("a"), MLN_STR("new"), 1000, &err), MLN_ETRANSIENT);
    assert_int_equal(mln_nonces_use(nonces, MLN_STR("a"), MLN_STR("n7"), 1000, &err), MLN_EEXIST);
    OK(mln_nonces_use(nonces, MLN_STR("a"), MLN_STR("new"), 3000, &err), &err);
    mln_nonces_free(nonces);
}

static void limits_each_key_to_its_rate_with_a_burst_of_a_second(void **state)
{
    struct mln_limiter *limiter;
    struct mln_err err;
    int64_t now_ms = 1000000, passed = 0;

    (void)state;
    OK(mln_limiter_new(10, 100, &limiter, &err), &err);
    for (int i = 0; i < 10; i++)
        assert_int_equal(mln_limiter_take(limiter, MLN_STR("u"), now_ms), 0);
    assert_true(mln_limiter_take(limiter, MLN_STR("u"), now_ms) > 0);
    assert_int_equal(mln_limiter_take(limiter, MLN_STR("other"), now_ms), 0);
    for (; now_ms < 1010000; now_ms += 10)
        passed += mln_limiter_take(limiter, MLN_STR("u"), now_ms) == 0;
    assert_in_range(passed, 99, 101);
    mln_limiter_free(limiter);
}

static void tells_how_long_to_wait(void **state)
{
    struct mln_limiter *limiter;
    struct mln_err err;
    int64_t wait_ms;

    (void)state;
    OK(mln_limiter_new(1, 100, &limiter, &err), &err);
    assert_int_equal(mln_limiter_take(limiter, MLN_STR("u"), 1000), 0);
    wait_ms = mln_limiter_take(limiter, MLN_STR("u"), 1000);
    assert_in_range(wait_ms, 900, 1100);
    assert_int_equal(mln_limiter_take(limiter, MLN_STR("u"), 1000 + wait_ms), 0);
    mln_limiter_free(limiter);
}

static void forgets_the_idle_when_its_table_is_full(void **state)
{
    struct mln_limiter *limiter;
    struct mln_err err;
    char key[16];

    (void)state;
    OK(mln_limiter_new(10, 50, &limiter, &err), &err);
    for (int i = 0; i < 50; i++) {
        (void)snprintf(key, sizeof(key), "%d", i);
        assert_int_equal(mln_limiter_take(limiter, mln_str_of(key), 10000), 0);
    }
    assert_int_equal(mln_limiter_take(limiter, MLN_STR("late"), 12000), 0);
    mln_limiter_free(limiter);
}

#define THREADS    4
#define PER_THREAD 5000

static void *use_nonces(void *arg)
{
    struct mln_nonces *nonces = arg;
    intptr_t taken = 0;

    for (int i = 0; i < PER_THREAD; i++) {
        struct mln_err err;
        char text[32];

        (void)snprintf(text, sizeof(text), "n%d", i);
        taken += mln_nonces_use(nonces, MLN_STR("a"), mln_str_of(text), 1000, &err) == MLN_OK;
    }
    return (void *)taken;
}

static void gives_each_nonce_to_one_thread_only(void **state)
{
    struct mln_nonces *nonces;
    pthread_t threads[THREADS];
    struct mln_err err;
    intptr_t total = 0;

    (void)state;
    OK(mln_nonces_new(100000, 1000, &nonces, &err), &err);
    for (int i = 0; i < THREADS; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, use_nonces, nonces), 0);
    for (int i = 0; i < THREADS; i++) {
        void *taken;

        assert_int_equal(pthread_join(threads[i], &taken), 0);
        total += (intptr_t)taken;
    }
    assert_int_equal(total, PER_THREAD);
    mln_nonces_free(nonces);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(
                finds_the_secret_and_the_policies_of_a_key, fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(
                says_not_found_for_an_unknown_key, fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(
                notices_a_disabled_key_and_user_within_a_second, fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(
                reads_the_sealing_keys_again_after_a_rotation, fixture_setup, fixture_teardown),
        cmocka_unit_test(takes_a_nonce_once_per_key),
        cmocka_unit_test(remembers_a_nonce_for_its_whole_time),
        cmocka_unit_test(refuses_when_its_memory_is_full_until_nonces_expire),
        cmocka_unit_test(limits_each_key_to_its_rate_with_a_burst_of_a_second),
        cmocka_unit_test(tells_how_long_to_wait),
        cmocka_unit_test(forgets_the_idle_when_its_table_is_full),
        cmocka_unit_test(gives_each_nonce_to_one_thread_only),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
