/* Views and buffers. */
#include "base/str.h"
#include "test.h"

static void numbers_are_read_to_the_last_bit(void **state)
{
    static const struct {
        const char *text;
        int64_t value;
    } rows[] = { { "0", 0 }, { "-0", 0 }, { "7", 7 }, { "007", 7 },
        { "9223372036854775807", INT64_MAX }, { "-9223372036854775808", INT64_MIN },
        { "-9223372036854775807", -INT64_MAX }, { "000000000000000000000000000000001", 1 } };

    (void)state;
    for (size_t i = 0; i < MLN_LEN(rows); i++) {
        int64_t value = 42;

        assert_int_equal(mln_str_to_i64(mln_str_of(rows[i].text), &value), MLN_OK);
        assert_true(value == rows[i].value);
    }
}

static void what_is_not_a_number_leaves_the_output_alone(void **state)
{
    static const char *const rows[] = { "", "-", "+1", " 1", "1 ", "1a", "--1", "0x10", "1.0",
        "9223372036854775808", "-9223372036854775809", "99999999999999999999999999",
        "-99999999999999999999999999" };

    (void)state;
    for (size_t i = 0; i < MLN_LEN(rows); i++) {
        int64_t value = 42;

        if (mln_str_to_i64(mln_str_of(rows[i]), &value) != MLN_EINVAL)
            fail_msg("'%s' was accepted", rows[i]);
        assert_int_equal(value, 42);
    }
    assert_int_equal(mln_str_to_i64((struct mln_str){ 0 }, &(int64_t){ 0 }), MLN_EINVAL);
    assert_int_equal(mln_str_to_i64(MLN_STR("1\0"), &(int64_t){ 0 }), MLN_EINVAL);
}

static void numbers_are_written_as_they_are_read(void **state)
{
    struct mln_buf buf = MLN_BUF_INIT(256);

    (void)state;
    mln_buf_add_i64(&buf, INT64_MIN);
    mln_buf_add_char(&buf, ' ');
    mln_buf_add_i64(&buf, INT64_MAX);
    mln_buf_add_char(&buf, ' ');
    mln_buf_add_i64(&buf, 0);
    mln_buf_add_char(&buf, ' ');
    mln_buf_add_hex(&buf, "\x00\xff\x1a", 3);
    EQ_STR(mln_buf_str(&buf), "-9223372036854775808 9223372036854775807 0 00ff1a");
    mln_buf_free(&buf);
}

static void splitting_keeps_empty_parts(void **state)
{
    struct mln_str rest = MLN_STR("a,,b,"), part;

    (void)state;
    assert_true(mln_str_next(&rest, ',', &part));
    EQ_STR(part, "a");
    assert_true(mln_str_next(&rest, ',', &part));
    EQ_STR(part, "");
    assert_true(mln_str_next(&rest, ',', &part));
    EQ_STR(part, "b");
    assert_true(mln_str_next(&rest, ',', &part));
    EQ_STR(part, "");
    assert_false(mln_str_next(&rest, ',', &part));
}

static void comparisons_know_bytes_and_lengths(void **state)
{
    (void)state;
    assert_true(mln_str_eq((struct mln_str){ 0 }, MLN_STR("")));
    assert_true(mln_str_eq_nocase(MLN_STR("Content-MD5"), MLN_STR("content-md5")));
    assert_false(mln_str_eq_nocase(MLN_STR("a["), MLN_STR("A{")));
    assert_true(mln_str_cmp(MLN_STR("a"), MLN_STR("ab")) < 0);
    assert_true(mln_str_cmp(MLN_STR("\xff"), MLN_STR("a")) > 0);
    assert_int_equal(mln_str_cmp((struct mln_str){ 0 }, MLN_STR("")), 0);
    assert_true(mln_str_starts(MLN_STR("abc"), MLN_STR("ab")));
    assert_false(mln_str_starts(MLN_STR("a"), MLN_STR("ab")));
    assert_true(mln_str_ends(MLN_STR("abc"), MLN_STR("bc")));
    assert_true(mln_str_ends(MLN_STR("abc"), (struct mln_str){ 0 }));
    EQ_STR(mln_str_trim(MLN_STR(" \t\r\n x y \v\f")), "x y");
    EQ_STR(mln_str_trim(MLN_STR("   ")), "");
}

static void a_full_buffer_says_so_once_and_forever(void **state)
{
    struct mln_buf buf = MLN_BUF_INIT(5);
    struct mln_str out = MLN_STR("poison");
    struct mln_err err = { 0 };

    (void)state;
    mln_buf_add_cstr(&buf, "12345");
    OK(mln_buf_done(&buf, &out, &err), &err);
    EQ_STR(out, "12345");
    mln_buf_add_char(&buf, '6');
    mln_buf_addf(&buf, "%d", 7);
    out = MLN_STR("poison");
    FAILS(mln_buf_done(&buf, &out, &err), MLN_ETOOBIG, &err, "5 bytes");
    EQ_STR(out, "poison");
    mln_buf_reset(&buf);
    mln_buf_addf(&buf, "%s", "abcde");
    EQ_STR(mln_buf_str(&buf), "abcde");
    assert_int_equal(buf.ptr[5], '\0');
    mln_buf_free(&buf);
}

static void absurd_sizes_do_not_wrap(void **state)
{
    struct mln_buf buf = MLN_BUF_INIT(SIZE_MAX);

    (void)state;
    assert_true(mln_buf_reserve(&buf, 1));
    assert_false(mln_buf_reserve(&buf, SIZE_MAX));
    mln_buf_reset(&buf);
    assert_false(mln_buf_reserve(&buf, SIZE_MAX - 1));
    mln_buf_free(&buf);
}

static void a_buffer_grows_past_its_first_capacity(void **state)
{
    struct mln_buf buf = MLN_BUF_INIT(10000);

    (void)state;
    for (int i = 0; i < 10000; i++)
        mln_buf_add_char(&buf, (char)('a' + i % 26));
    assert_int_equal(buf.code, MLN_OK);
    assert_int_equal(buf.len, 10000);
    assert_int_equal(buf.ptr[9999], 'a' + 9999 % 26);
    assert_true(buf.cap <= 10001);
    mln_buf_free(&buf);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(numbers_are_read_to_the_last_bit),
        cmocka_unit_test(what_is_not_a_number_leaves_the_output_alone),
        cmocka_unit_test(numbers_are_written_as_they_are_read),
        cmocka_unit_test(splitting_keeps_empty_parts),
        cmocka_unit_test(comparisons_know_bytes_and_lengths),
        cmocka_unit_test(a_full_buffer_says_so_once_and_forever),
        cmocka_unit_test(absurd_sizes_do_not_wrap),
        cmocka_unit_test(a_buffer_grows_past_its_first_capacity),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
