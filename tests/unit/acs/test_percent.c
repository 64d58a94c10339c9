#include "acs/percent.h"
#include "test.h"

static void expect_encoded(const char *text, const char *want)
{
    MLN_AUTO(mln_buf_free) struct mln_buf out = MLN_BUF_INIT(256);

    mln_percent_encode(mln_str_of(text), &out);
    EQ_STR(mln_buf_str(&out), want);
}

static void expect_decoded(const char *text, bool plus_is_space, const char *want)
{
    MLN_AUTO(mln_buf_free) struct mln_buf out = MLN_BUF_INIT(256);

    mln_percent_decode(mln_str_of(text), plus_is_space, &out);
    EQ_STR(mln_buf_str(&out), want);
}

static void keeps_only_unreserved_characters(void **state)
{
    (void)state;
    expect_encoded("", "");
    expect_encoded("AZaz09-_.~", "AZaz09-_.~");
    expect_encoded(" *+/&=%", "%20%2A%2B%2F%26%3D%25");
    expect_encoded("!'()", "%21%27%28%29");
    expect_encoded("\xe4\xba\x91", "%E4%BA%91");
}

static void decodes_escapes_of_either_case(void **state)
{
    (void)state;
    expect_decoded("%2f%2F", false, "//");
    expect_decoded("%e4%BA%91", false, "\xe4\xba\x91");
    expect_decoded("%25%32%30", false, "%20");
}

static void takes_plus_for_a_space_only_where_asked(void **state)
{
    (void)state;
    expect_decoded("a+b%2Bc", true, "a b+c");
    expect_decoded("a+b%2Bc", false, "a+b+c");
}

static void keeps_a_malformed_escape_as_it_stands(void **state)
{
    (void)state;
    expect_decoded("%", true, "%");
    expect_decoded("%4", true, "%4");
    expect_decoded("%zz%4", true, "%zz%4");
    expect_decoded("%4g%41", true, "%4gA");
    expect_decoded("%%41", true, "%A");
}

static void gives_back_every_byte_it_encoded(void **state)
{
    MLN_AUTO(mln_buf_free) struct mln_buf encoded = MLN_BUF_INIT(1024);
    MLN_AUTO(mln_buf_free) struct mln_buf decoded = MLN_BUF_INIT(1024);
    char bytes[256];

    (void)state;
    for (size_t i = 0; i < sizeof(bytes); i++)
        bytes[i] = (char)i;
    mln_percent_encode((struct mln_str){ bytes, sizeof(bytes) }, &encoded);
    for (int plus_is_space = 0; plus_is_space < 2; plus_is_space++) {
        mln_buf_reset(&decoded);
        mln_percent_decode(mln_buf_str(&encoded), plus_is_space, &decoded);
        assert_int_equal(decoded.len, sizeof(bytes));
        assert_memory_equal(decoded.ptr, bytes, sizeof(bytes));
    }
}

static void fills_a_buffer_to_its_limit_and_not_over_it(void **state)
{
    MLN_AUTO(mln_buf_free) struct mln_buf exact = MLN_BUF_INIT(7);
    MLN_AUTO(mln_buf_free) struct mln_buf small = MLN_BUF_INIT(6);

    (void)state;
    mln_percent_encode(MLN_STR("a b c"), &exact);
    assert_int_equal(exact.code, MLN_ETOOBIG); /* "a%20b%20c" has nine. */
    mln_buf_reset(&exact);
    mln_percent_encode(MLN_STR("abcd "), &exact);
    EQ_STR(mln_buf_str(&exact), "abcd%20");
    mln_percent_encode(MLN_STR("abcd "), &small);
    assert_int_equal(small.code, MLN_ETOOBIG);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(keeps_only_unreserved_characters),
        cmocka_unit_test(decodes_escapes_of_either_case),
        cmocka_unit_test(takes_plus_for_a_space_only_where_asked),
        cmocka_unit_test(keeps_a_malformed_escape_as_it_stands),
        cmocka_unit_test(gives_back_every_byte_it_encoded),
        cmocka_unit_test(fills_a_buffer_to_its_limit_and_not_over_it),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
