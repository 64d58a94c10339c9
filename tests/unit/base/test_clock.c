/* Calendar arithmetic and the one spelling of time. */
#include "base/clock.h"
#include "test.h"

static const struct {
    int64_t ms;
    const char *text;
} both_ways[] = { { 0, "1970-01-01T00:00:00Z" }, { -1000, "1969-12-31T23:59:59Z" },
    { 951782400000, "2000-02-29T00:00:00Z" }, { 4107542400000, "2100-03-01T00:00:00Z" },
    { 1767225599000, "2025-12-31T23:59:59Z" }, { -62135596800000, "0001-01-01T00:00:00Z" },
    { 253402300799000, "9999-12-31T23:59:59Z" } };

static void formats_and_parses_the_same_times(void **state)
{
    (void)state;
    for (size_t i = 0; i < MLN_LEN(both_ways); i++) {
        char text[MLN_TIME_TEXT_MAX];
        int64_t ms = 42;

        mln_time_format(both_ways[i].ms, text);
        assert_string_equal(text, both_ways[i].text);
        assert_int_equal(mln_time_parse(mln_str_of(both_ways[i].text), &ms), MLN_OK);
        assert_int_equal(ms, both_ways[i].ms);
    }
}

static void formatting_rounds_down_and_clamps(void **state)
{
    static const struct {
        int64_t ms;
        const char *text;
    } rows[] = { { 999, "1970-01-01T00:00:00Z" }, { -1, "1969-12-31T23:59:59Z" },
        { -1001, "1969-12-31T23:59:58Z" }, { INT64_MAX, "9999-12-31T23:59:59Z" },
        { INT64_MIN, "0001-01-01T00:00:00Z" } };
    char text[MLN_TIME_TEXT_MAX];

    (void)state;
    for (size_t i = 0; i < MLN_LEN(rows); i++) {
        mln_time_format(rows[i].ms, text);
        assert_string_equal(text, rows[i].text);
    }
}

static void refuses_times_that_are_not_on_the_calendar(void **state)
{
    static const char *const rows[] = { "", "1970-01-01T00:00:00", "1970-01-01T00:00:00Z ",
        "1970-01-01 00:00:00Z", "1970-01-01t00:00:00Z", "1970-01-01T00:00:00z",
        "0000-01-01T00:00:00Z", "1970-00-01T00:00:00Z", "1970-13-01T00:00:00Z",
        "1970-01-00T00:00:00Z", "1970-01-32T00:00:00Z", "1900-02-29T00:00:00Z",
        "2023-02-29T00:00:00Z", "2024-04-31T00:00:00Z", "1970-01-01T24:00:00Z",
        "1970-01-01T00:60:00Z", "1970-01-01T00:00:60Z", "-970-01-01T00:00:00Z",
        "1970-01-01T00:00:0 Z", "1970-1-01T000:00:00Z", "+970-01-01T00:00:00Z" };

    (void)state;
    for (size_t i = 0; i < MLN_LEN(rows); i++) {
        int64_t ms = 42;

        if (mln_time_parse(mln_str_of(rows[i]), &ms) != MLN_EINVAL)
            fail_msg("'%s' was accepted", rows[i]);
        assert_int_equal(ms, 42);
    }
}

static void counts_days_through_every_leap_rule(void **state)
{
    int64_t expected = mln_days_from_civil(1890, 1, 1);

    (void)state;
    assert_int_equal(mln_days_from_civil(1970, 1, 1), 0);
    for (int64_t year = 1890; year < 2410; year++) {
        bool leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);

        assert_int_equal(mln_days_from_civil(year, 1, 1), expected);
        assert_int_equal(mln_days_from_civil(year, 12, 31), expected + (leap ? 365 : 364));
        expected += leap ? 366 : 365;
    }
}

static int64_t stands_at(void *ctx)
{
    const int64_t *ms = ctx;

    return *ms;
}

static void a_test_can_hold_the_clock(void **state)
{
    int64_t ms = 123;
    struct mln_clock clock = { .now_ms = stands_at, .monotonic_ms = stands_at, .ctx = &ms };

    (void)state;
    assert_int_equal(mln_now_ms(&clock), 123);
    assert_int_equal(mln_monotonic_ms(&clock), 123);
    assert_true(mln_now_ms(mln_clock_system()) > 1600000000000);
    assert_true(mln_monotonic_ms(mln_clock_system()) <= mln_monotonic_ms(mln_clock_system()));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(formats_and_parses_the_same_times),
        cmocka_unit_test(formatting_rounds_down_and_clamps),
        cmocka_unit_test(refuses_times_that_are_not_on_the_calendar),
        cmocka_unit_test(counts_days_through_every_leap_rule),
        cmocka_unit_test(a_test_can_hold_the_clock),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
