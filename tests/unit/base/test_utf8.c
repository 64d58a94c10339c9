/* UTF-8: what is well-formed, what is safe to show, how wide it is. */
#include "base/utf8.h"
#include "test.h"

static void tells_well_formed_text(void **state)
{
    static const struct {
        struct mln_str text;
        bool valid;
    } rows[] = {
        { { "", 0 }, true },
        { { "a\0b", 3 }, true },
        { { "\x7f", 1 }, true },
        { { "\xc2\x80", 2 }, true },
        { { "\xdf\xbf", 2 }, true },
        { { "\xe0\xa0\x80", 3 }, true },
        { { "\xed\x9f\xbf", 3 }, true },
        { { "\xee\x80\x80", 3 }, true },
        { { "\xef\xbf\xbf", 3 }, true },
        { { "\xf0\x90\x80\x80", 4 }, true },
        { { "\xf4\x8f\xbf\xbf", 4 }, true },
        { { "\x80", 1 }, false },             /* A continuation alone. */
        { { "\xc0\x80", 2 }, false },         /* Overlong NUL. */
        { { "\xc1\xbf", 2 }, false },         /* Overlong DEL. */
        { { "\xe0\x9f\xbf", 3 }, false },     /* Overlong U+07FF. */
        { { "\xf0\x8f\xbf\xbf", 4 }, false }, /* Overlong U+FFFF. */
        { { "\xed\xa0\x80", 3 }, false },     /* Surrogates. */
        { { "\xed\xbf\xbf", 3 }, false },
        { { "\xf4\x90\x80\x80", 4 }, false }, /* Above U+10FFFF. */
        { { "\xf5\x80\x80\x80", 4 }, false },
        { { "\xf8\x88\x80\x80\x80", 5 }, false },
        { { "\xff", 1 }, false },
        { { "a\xc3", 2 }, false }, /* Cut. */
        { { "\xe4\xb8", 2 }, false },
        { { "\xf0\x9f\x98", 3 }, false },
        { { "\xe4\xb8\xad", 2 }, false }, /* The view ends before the text does. */
        { { "\xc3\x28", 2 }, false },
    };

    (void)state;
    for (size_t i = 0; i < MLN_LEN(rows); i++) {
        if (mln_utf8_valid(rows[i].text) != rows[i].valid)
            fail_msg("row %zu", i);
    }
}

static void counts_code_points(void **state)
{
    (void)state;
    assert_int_equal(mln_utf8_count(MLN_STR("")), 0);
    assert_int_equal(mln_utf8_count(MLN_STR("a\u00e9\u4e2d\U0001F600")), 4);
}

static void finds_controls(void **state)
{
    static const struct {
        const char *text;
        bool has;
    } rows[] = { { "plain \u4e2d", false }, { "tab\t", true }, { "\x7f", true },
        { "\xc2\x85", true }, { "\xc2\x9f", true }, { "\xc2\xa0", false }, { "\u2028", true },
        { "\u2029", true }, { "\u202e", false }, { "\x1b[31m", true } };

    (void)state;
    for (size_t i = 0; i < MLN_LEN(rows); i++) {
        if (mln_utf8_has_control(mln_str_of(rows[i].text)) != rows[i].has)
            fail_msg("row %zu", i);
    }
    assert_true(mln_utf8_has_control(MLN_STR("\0")));
}

static void escapes_what_could_move_a_cursor(void **state)
{
    static const struct {
        struct mln_str text;
        const char *want;
    } rows[] = {
        { { "plain \xe4\xb8\xad", 9 }, "plain \xe4\xb8\xad" },
        { { "a\nb\tc\r", 6 }, "a\\x0Ab\\x09c\\x0D" },
        { { "\x1b[31m\0", 6 }, "\\x1B[31m\\x00" },
        { { "\xc2\x9b", 2 }, "\\x9B" },
        { { "\xe2\x80\xae!", 4 }, "\\u{202E}!" },
        { { "\xe2\x81\xa6", 3 }, "\\u{2066}" },
        { { "\xe2\x80\xa8", 3 }, "\\u{2028}" },
        { { "\xff\xc3(", 3 }, "\\xFF\\xC3(" },
        { { "\xf0\x9f\x98", 3 }, "\\xF0\\x9F\\x98" },
        { { "back\\slash", 10 }, "back\\slash" },
        { { NULL, 0 }, "" },
    };

    (void)state;
    for (size_t i = 0; i < MLN_LEN(rows); i++) {
        struct mln_buf out = MLN_BUF_INIT(100);

        mln_utf8_escape_controls(rows[i].text, &out);
        EQ_STR(mln_buf_str(&out), rows[i].want);
        mln_buf_free(&out);
    }
}

static void counts_terminal_columns(void **state)
{
    static const struct {
        const char *text;
        size_t columns;
    } rows[] = { { "", 0 }, { "abc", 3 }, { "\u00e9", 1 }, { "e\u0301", 1 }, { "\u4e2d\u6587", 4 },
        { "\uff21", 2 }, { "\uff71", 1 }, { "\ud55c", 2 }, { "\U0001F600", 2 }, { "a\u200bb", 2 },
        { "\u2014", 1 }, { "\u3000", 2 }, { "\u0410", 1 }, { "\U00020000", 2 }, { "\u3042", 2 } };

    (void)state;
    for (size_t i = 0; i < MLN_LEN(rows); i++) {
        if (mln_utf8_columns(mln_str_of(rows[i].text)) != rows[i].columns)
            fail_msg("row %zu: %zu", i, mln_utf8_columns(mln_str_of(rows[i].text)));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(tells_well_formed_text),
        cmocka_unit_test(counts_code_points),
        cmocka_unit_test(finds_controls),
        cmocka_unit_test(escapes_what_could_move_a_cursor),
        cmocka_unit_test(counts_terminal_columns),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
