/* Error sentences: wrapping, truncation, self-reference. */
#include <errno.h>

#include "base/err.h"
#include "test.h"

static int fails_inside(struct mln_err *err)
{
    return mln_fail(err, MLN_EINVAL, "line %d: %s", 3, "no value");
}

static void wrapping_puts_the_context_in_front(void **state)
{
    struct mln_err err = { 0 };
    int rc = fails_inside(&err);

    (void)state;
    rc = mln_wrap(&err, rc, "profile '%s'", "dev");
    assert_int_equal(rc, MLN_EINVAL);
    assert_int_equal(err.code, MLN_EINVAL);
    assert_string_equal(err.msg, "profile 'dev': line 3: no value");
}

static void long_sentences_are_cut(void **state)
{
    struct mln_err err = { 0 };
    char big[2000];

    (void)state;
    memset(big, 'x', sizeof(big));
    big[sizeof(big) - 1] = '\0';
    mln_err_set(&err, MLN_EIO, "%s", big);
    assert_int_equal(strlen(err.msg), sizeof(err.msg) - 1);
    mln_err_prefix(&err, "%s", big);
    assert_int_equal(strlen(err.msg), sizeof(err.msg) - 1);
    mln_err_set(&err, MLN_EIO, "short");
    mln_err_prefix(&err, "%.*s", (int)sizeof(err.msg) - 4, big);
    assert_int_equal(strlen(err.msg), sizeof(err.msg) - 1);
}

static void a_sentence_may_quote_the_one_it_replaces(void **state)
{
    struct mln_err err = { 0 };

    (void)state;
    mln_err_set(&err, MLN_EIO, "disk is full");
    mln_err_set(&err, MLN_EPARTIAL, "3 of 5 done; %s", err.msg);
    assert_string_equal(err.msg, "3 of 5 done; disk is full");
}

static void errno_has_a_text_for_every_number(void **state)
{
    (void)state;
    assert_string_equal(mln_errno_text(ENOENT), "No such file or directory");
    assert_string_equal(mln_errno_text(-1), "unknown error");
    assert_string_equal(mln_errno_text(123456), "unknown error");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(wrapping_puts_the_context_in_front),
        cmocka_unit_test(long_sentences_are_cut),
        cmocka_unit_test(a_sentence_may_quote_the_one_it_replaces),
        cmocka_unit_test(errno_has_a_text_for_every_number),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
