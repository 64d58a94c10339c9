/* Zones against known instants, and against the C library over two centuries of hours. */
#include <stdio.h>
#include <time.h>

#include "detect/zone.h"
#include "test.h"

static struct mln_err err;

static struct mln_zone *zone_of(const char *name)
{
    struct mln_zone *zone = NULL;

    OK(mln_zone_new(mln_str_of(name), &zone, &err), &err);
    return zone;
}

static int64_t utc_s(const struct mln_zone *zone, const char *local)
{
    struct mln_civil civil;

    assert_int_equal(sscanf(local, "%d-%d-%d %d:%d:%d", &civil.year, &civil.month, &civil.day,
                             &civil.hour, &civil.minute, &civil.second),
            6);
    return mln_zone_to_utc_ms(zone, &civil) / MLN_MS_PER_S;
}

struct instant {
    const char *zone, *local, *utc;
};

static void converts_known_instants(void **state)
{
    static const struct instant cases[] = {
        { "UTC", "2026-03-02 10:03:11", "2026-03-02 10:03:11" },
        { "+08:00", "2026-03-02 10:03:11", "2026-03-02 02:03:11" },
        { "-0330", "2026-03-02 10:03:11", "2026-03-02 13:33:11" },
        { "+08", "1969-12-31 10:00:00", "1969-12-31 02:00:00" },
        { "Asia/Shanghai", "2026-03-02 10:03:11", "2026-03-02 02:03:11" },
        { "Asia/Shanghai", "1988-07-01 10:00:00", "1988-07-01 01:00:00" },
        { "Europe/Berlin", "2026-01-15 12:00:00", "2026-01-15 11:00:00" },
        { "Europe/Berlin", "2026-07-15 12:00:00", "2026-07-15 10:00:00" },
        { "Europe/Berlin", "2026-03-29 01:59:59", "2026-03-29 00:59:59" },
        { "Europe/Berlin", "2026-03-29 03:00:00", "2026-03-29 01:00:00" },
        { "Europe/Berlin", "2026-10-25 01:59:59", "2026-10-24 23:59:59" },
        { "Europe/Berlin", "2026-10-25 03:00:00", "2026-10-25 02:00:00" },
        { "Europe/Berlin", "2060-07-15 12:00:00", "2060-07-15 10:00:00" },
        { "America/New_York", "2077-12-01 00:00:00", "2077-12-01 05:00:00" },
        { "Australia/Sydney", "2050-01-01 00:00:00", "2049-12-31 13:00:00" },
        { "Australia/Sydney", "2050-07-01 00:00:00", "2050-06-30 14:00:00" },
        { "Asia/Kolkata", "2026-03-02 10:03:11", "2026-03-02 04:33:11" },
    };
    struct mln_zone *utc = zone_of("UTC");

    (void)state;
    for (size_t i = 0; i < MLN_LEN(cases); i++) {
        struct mln_zone *zone = zone_of(cases[i].zone);

        if (utc_s(zone, cases[i].local) != utc_s(utc, cases[i].utc))
            fail_msg("%s %s is not %s", cases[i].zone, cases[i].local, cases[i].utc);
        assert_string_equal(mln_zone_name(zone), cases[i].zone);
        mln_zone_free(zone);
    }
    mln_zone_free(utc);
    assert_int_equal(utc_s(NULL, "1970-01-02 00:00:00"), 86400);
}

static void takes_the_first_of_a_repeated_hour(void **state)
{
    struct mln_zone *zone = zone_of("Europe/Berlin"), *utc = zone_of("UTC");

    (void)state;
    assert_int_equal(utc_s(zone, "2026-10-25 02:30:00"), utc_s(utc, "2026-10-25 00:30:00"));
    mln_zone_free(zone);
    mln_zone_free(utc);
}

static void goes_on_counting_in_a_skipped_hour(void **state)
{
    struct mln_zone *zone = zone_of("Europe/Berlin"), *utc = zone_of("UTC");

    (void)state;
    assert_int_equal(utc_s(zone, "2026-03-29 02:30:00"), utc_s(utc, "2026-03-29 01:30:00"));
    mln_zone_free(zone);
    mln_zone_free(utc);
}

static void agrees_with_the_c_library(void **state)
{
    static const char *const names[] = { "America/New_York", "Asia/Shanghai", "Australia/Lord_Howe",
        "Europe/London", "Africa/Casablanca", "Pacific/Apia", "America/Sao_Paulo" };

    (void)state;
    for (size_t i = 0; i < MLN_LEN(names); i++) {
        struct mln_zone *zone = zone_of(names[i]);
        size_t different = 0;

        assert_int_equal(setenv("TZ", names[i], 1), 0);
        tzset();
        for (time_t at = 0; at < (time_t)4102444800; at += 3600 * 11 + 1800) {
            struct mln_civil civil;
            struct tm tm;
            int64_t got;

            (void)localtime_r(&at, &tm);
            civil = (struct mln_civil){ tm.tm_year + 1900, tm.tm_mon + 1, tm.tm_mday, tm.tm_hour,
                tm.tm_min, tm.tm_sec };
            got = mln_zone_to_utc_ms(zone, &civil) / MLN_MS_PER_S;
            if (got != (int64_t)at) {
                /* The second of a repeated hour is read as the first. */
                if (got > (int64_t)at || got < (int64_t)at - 7200)
                    fail_msg("%s: %jd read as %jd", names[i], (intmax_t)at, (intmax_t)got);
                different++;
            }
        }
        assert_true(different < 60);
        mln_zone_free(zone);
    }
    assert_int_equal(unsetenv("TZ"), 0);
    tzset();
}

static void uses_the_machines_zone_by_default(void **state)
{
    struct mln_zone *zone;

    (void)state;
    assert_int_equal(setenv("TZ", "Asia/Tokyo", 1), 0);
    zone = zone_of("");
    assert_string_equal(mln_zone_name(zone), "local (Asia/Tokyo)");
    assert_int_equal(utc_s(zone, "1970-01-02 09:00:00"), 86400);
    mln_zone_free(zone);
    assert_int_equal(setenv("TZ", "<+0545>-5:45", 1), 0);
    zone = zone_of("");
    assert_int_equal(utc_s(zone, "1970-01-02 05:45:00"), 86400);
    mln_zone_free(zone);
    assert_int_equal(setenv("TZ", "EST5EDT,M3.2.0,M11.1.0", 1), 0);
    zone = zone_of("");
    assert_int_equal(utc_s(zone, "2026-07-01 00:00:00"), 1782878400);
    assert_int_equal(utc_s(zone, "2026-12-01 00:00:00"), 1796101200);
    mln_zone_free(zone);
    assert_int_equal(setenv("TZ", "../../etc/passwd", 1), 0);
    zone = NULL;
    assert_int_equal(mln_zone_new(MLN_STR(""), &zone, &err), MLN_EINVAL);
    assert_null(zone);
    assert_int_equal(unsetenv("TZ"), 0);
    zone = zone_of("");
    assert_memory_equal(mln_zone_name(zone), "local (", 7);
    mln_zone_free(zone);
}

static void refuses_names_that_are_no_zone(void **state)
{
    static const char *const names[] = { "Nowhere/Land", "../../../etc/passwd", "/etc/localtime",
        "Asia/Shang hai", "Europe", "+25:00", "+8:00", "+08:60", "+08:00x", "tzdata.zi",
        "Asia//../UTC" };

    (void)state;
    for (size_t i = 0; i < MLN_LEN(names); i++) {
        struct mln_zone *zone = (void *)&err;

        if (mln_zone_new(mln_str_of(names[i]), &zone, &err) != MLN_EINVAL)
            fail_msg("not refused: %s", names[i]);
        assert_ptr_equal(zone, &err);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(converts_known_instants),
        cmocka_unit_test(takes_the_first_of_a_repeated_hour),
        cmocka_unit_test(goes_on_counting_in_a_skipped_hour),
        cmocka_unit_test(agrees_with_the_c_library),
        cmocka_unit_test(uses_the_machines_zone_by_default),
        cmocka_unit_test(refuses_names_that_are_no_zone),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
