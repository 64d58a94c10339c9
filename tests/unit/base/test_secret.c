/* Secrets: their life, and the redactor's knowledge of them. */
#include "base/redact.h"
#include "base/secret.h"
#include "test.h"

static void is_known_to_the_redactor_while_it_lives(void **state)
{
    struct mln_buf out = MLN_BUF_INIT(1000);
    struct mln_secret one = { 0 }, two = { 0 };
    struct mln_err err = { 0 };

    (void)state;
    OK(mln_secret_init(&one, MLN_STR("c4n4ry-value"), &err), &err);
    OK(mln_secret_init(&two, MLN_STR("c4n4ry-value"), &err), &err);
    assert_int_equal(one.ptr[one.len], '\0');
    EQ_STR(mln_secret_bytes(&one), "c4n4ry-value");
    mln_secret_wipe(&one);
    assert_null(one.ptr);
    mln_redact(MLN_STR("<c4n4ry-value>"), &out);
    EQ_STR(mln_buf_str(&out), "<[redacted]>");
    mln_secret_wipe(&two);
    mln_buf_reset(&out);
    mln_redact(MLN_STR("<c4n4ry-value>"), &out);
    EQ_STR(mln_buf_str(&out), "<c4n4ry-value>");
    mln_secret_wipe(&two);
    mln_buf_free(&out);
}

static void compares_all_bytes(void **state)
{
    struct mln_secret secret = { 0 };
    struct mln_err err = { 0 };

    (void)state;
    assert_true(mln_secret_eq(&secret, (struct mln_str){ 0 }));
    OK(mln_secret_init(&secret, MLN_STR("a\0secret"), &err), &err);
    assert_true(mln_secret_eq(&secret, MLN_STR("a\0secret")));
    assert_false(mln_secret_eq(&secret, MLN_STR("a\0secreT")));
    assert_false(mln_secret_eq(&secret, MLN_STR("a\0secret1")));
    assert_false(mln_secret_eq(&secret, MLN_STR("")));
    mln_secret_wipe(&secret);
}

static void has_a_limit(void **state)
{
    static char big[65537];
    struct mln_secret secret = { .ptr = big, .len = 7 };
    struct mln_err err = { 0 };

    (void)state;
    memset(big, 'k', sizeof(big));
    FAILS(mln_secret_init(&secret, (struct mln_str){ .ptr = big, .len = 65537 }, &err), MLN_ETOOBIG,
            &err, "65536");
    assert_ptr_equal(secret.ptr, big);
    assert_int_equal(secret.len, 7);
    OK(mln_secret_init(&secret, (struct mln_str){ .ptr = big, .len = 65536 }, &err), &err);
    mln_secret_wipe(&secret);
    OK(mln_secret_init(&secret, (struct mln_str){ 0 }, &err), &err);
    EQ_STR(mln_secret_bytes(&secret), "");
    mln_secret_wipe(&secret);
}

/* Sizes around those the memory is handed out in. */
static void secrets_do_not_touch_their_neighbours(void **state)
{
    enum { COUNT = 600 };
    static struct mln_secret secrets[COUNT];
    static char text[COUNT];
    struct mln_err err = { 0 };

    (void)state;
    for (size_t i = 0; i < COUNT; i++) {
        memset(text, (char)('!' + i % 90), i);
        OK(mln_secret_init(&secrets[i], (struct mln_str){ .ptr = text, .len = i }, &err), &err);
    }
    for (size_t i = 0; i < COUNT; i++) {
        memset(text, (char)('!' + i % 90), i);
        assert_true(mln_secret_eq(&secrets[i], (struct mln_str){ .ptr = text, .len = i }));
        assert_int_equal(secrets[i].ptr[i], '\0');
        mln_secret_wipe(&secrets[i]);
    }
}

static void the_bytes_are_gone_after_wiping(void **state)
{
    struct mln_secret secret = { 0 };
    struct mln_err err = { 0 };
    const char *bytes;

    (void)state;
    OK(mln_secret_init(&secret, MLN_STR("0123456789c4n4ry-value"), &err), &err);
    bytes = secret.ptr;
    mln_secret_wipe(&secret);
    for (size_t i = sizeof(void *); i < 22; i++)
        assert_int_equal(bytes[i], 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(is_known_to_the_redactor_while_it_lives),
        cmocka_unit_test(compares_all_bytes),
        cmocka_unit_test(has_a_limit),
        cmocka_unit_test(secrets_do_not_touch_their_neighbours),
        cmocka_unit_test(the_bytes_are_gone_after_wiping),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
