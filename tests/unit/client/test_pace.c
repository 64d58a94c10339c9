#include <math.h>
#include <pthread.h>

#include "client/pace.h"
#include "test.h"

static struct mln_pace *new_pace(size_t in_flight_max, bool unlimited)
{
    const struct mln_pace_options options = { in_flight_max, unlimited };
    struct mln_pace *pace = NULL;
    struct mln_err err = { 0 };

    OK(mln_pace_new(&options, &pace, &err), &err);
    return pace;
}

static struct mln_pace_bucket *bucket_of(struct mln_pace *pace, const char *name, double rate)
{
    struct mln_pace_bucket *bucket = NULL;
    struct mln_err err = { 0 };

    OK(mln_pace_bucket(pace, mln_str_of(name), rate, &bucket, &err), &err);
    return bucket;
}

static void done(struct mln_pace *pace, struct mln_pace_bucket *bucket, int64_t now_ms)
{
    mln_pace_done(pace, bucket, false, -1, now_ms);
}

/* The calls that can be made until `end_ms`, by a caller who comes exactly when told. */
static int64_t calls_until(
        struct mln_pace *pace, struct mln_pace_bucket *bucket, int64_t *now_ms, int64_t end_ms)
{
    int64_t calls = 0;

    while (*now_ms < end_ms) {
        int64_t wait_ms = mln_pace_take(pace, bucket, *now_ms);

        assert_true(wait_ms >= 0);
        *now_ms += wait_ms;
        if (wait_ms > 0)
            continue;
        calls++;
        done(pace, bucket, *now_ms);
    }
    return calls;
}

static void keeps_its_rate_over_a_long_time(void **state)
{
    static const double rates[] = { 0.5, 3, 5, 7.3, 10, 100, 333, 1000 };

    (void)state;
    for (size_t i = 0; i < MLN_LEN(rates); i++) {
        struct mln_pace *pace = new_pace(0, false);
        int64_t now_ms = 1000000, calls;

        calls = calls_until(pace, bucket_of(pace, "a", rates[i]), &now_ms, now_ms + 1000000);
        if (fabs((double)calls - rates[i] * 1000) > 1.5)
            fail_msg("%g a second: %lld calls in 1000 s", rates[i], (long long)calls);
        mln_pace_free(pace);
    }
}

static void loses_no_fraction_to_a_caller_who_looks_often(void **state)
{
    struct mln_pace *pace = new_pace(0, false);
    struct mln_pace_bucket *bucket = bucket_of(pace, "a", 0.3);
    int64_t calls = 0;

    (void)state;
    for (int64_t now_ms = 0; now_ms < 1000000; now_ms++) {
        if (mln_pace_take(pace, bucket, now_ms) != 0)
            continue;
        calls++;
        done(pace, bucket, now_ms);
    }
    assert_true(calls == 300 || calls == 301);
    mln_pace_free(pace);
}

static void never_exceeds_the_rate_in_its_first_seconds(void **state)
{
    struct mln_pace *pace = new_pace(0, false);
    struct mln_pace_bucket *bucket = bucket_of(pace, "a", 10);
    int64_t now_ms = 5, calls = calls_until(pace, bucket, &now_ms, 5 + 1000);

    (void)state;
    assert_int_equal(calls, 10);
    mln_pace_free(pace);
}

/* The share of a documented limit that is used leaves room for what was saved up. */
static void stays_below_a_limit_after_a_rest(void **state)
{
    static const struct {
        double limit, window_s;
    } limits[] = { { 10, 1 }, { 50, 1 }, { 100, 1 }, { 1000, 1 }, { 0.5, 60 } };

    (void)state;
    for (size_t i = 0; i < MLN_LEN(limits); i++) {
        struct mln_pace *pace = new_pace(0, false);
        struct mln_pace_bucket *bucket = bucket_of(pace, "a", limits[i].limit * 0.9);
        int64_t now_ms = 0, window_ms = (int64_t)(limits[i].window_s * 1000), calls;

        (void)calls_until(pace, bucket, &now_ms, 1);
        now_ms = 3600000;
        calls = calls_until(pace, bucket, &now_ms, now_ms + window_ms);
        assert_true((double)calls <= limits[i].limit * limits[i].window_s);
        mln_pace_free(pace);
    }
}

static void saves_up_little_more_than_one_token(void **state)
{
    struct mln_pace *pace = new_pace(0, false);
    struct mln_pace_bucket *bucket = bucket_of(pace, "a", 5);

    (void)state;
    assert_int_equal(mln_pace_take(pace, bucket, 0), 0);
    /* One token and a quarter: what comes in MLN_PACE_LATE_S. */
    assert_int_equal(mln_pace_take(pace, bucket, 3600000), 0);
    assert_int_equal(mln_pace_take(pace, bucket, 3600000), 150);
    assert_int_equal(mln_pace_take(pace, bucket, 3600149), 1);
    assert_int_equal(mln_pace_take(pace, bucket, 3600150), 0);
    /* A clock that steps back gives nothing away. */
    assert_true(mln_pace_take(pace, bucket, 10) > 0);
    mln_pace_free(pace);
}

static void keeps_names_apart(void **state)
{
    struct mln_pace *pace = new_pace(0, false);
    struct mln_pace_bucket *a = bucket_of(pace, "1/ecs/A/cn-hangzhou", 1);

    (void)state;
    assert_ptr_equal(bucket_of(pace, "1/ecs/A/cn-hangzhou", 500), a);
    assert_ptr_not_equal(bucket_of(pace, "1/ecs/A/cn-beijing", 1), a);
    assert_int_equal(mln_pace_take(pace, a, 0), 0);
    assert_int_equal(mln_pace_take(pace, bucket_of(pace, "2/ecs/A/cn-hangzhou", 1), 0), 0);
    assert_int_equal(mln_pace_take(pace, a, 0), 1000);
    mln_pace_free(pace);
}

static void takes_the_default_for_a_rate_that_is_none(void **state)
{
    static const double rates[] = { 0, -1, (double)NAN, (double)INFINITY };
    char name[] = "a";

    (void)state;
    for (size_t i = 0; i < MLN_LEN(rates); i++) {
        struct mln_pace *pace = new_pace(0, false);
        struct mln_pace_bucket *bucket = bucket_of(pace, name, rates[i]);

        assert_int_equal(mln_pace_take(pace, bucket, 0), 0);
        assert_int_equal(mln_pace_take(pace, bucket, 0), 200);
        mln_pace_free(pace);
    }
}

static void rests_and_halves_when_throttled(void **state)
{
    struct mln_pace *pace = new_pace(0, false);
    struct mln_pace_bucket *bucket = bucket_of(pace, "a", 10);
    int64_t now_ms = 0;

    (void)state;
    assert_int_equal(mln_pace_take(pace, bucket, 0), 0);
    mln_pace_done(pace, bucket, true, 3000, 0);
    assert_int_equal(mln_pace_take(pace, bucket, 0), 3000);
    assert_int_equal(mln_pace_take(pace, bucket, 1000), 2000);
    now_ms = 3000;
    /* Five a second and what comes back meanwhile; one was saved up while it rested. */
    assert_int_equal(calls_until(pace, bucket, &now_ms, 13000), 52);
    mln_pace_free(pace);
}

static void comes_back_by_a_tenth_of_the_rate_a_minute(void **state)
{
    struct mln_pace *pace = new_pace(0, false);
    struct mln_pace_bucket *bucket = bucket_of(pace, "a", 10);
    int64_t now_ms = 1000, calls;

    (void)state;
    assert_int_equal(mln_pace_take(pace, bucket, 0), 0);
    mln_pace_done(pace, bucket, true, -1, 0);
    /* From 5 to 10 a second in five minutes, 7.5 on the average. */
    calls = calls_until(pace, bucket, &now_ms, 300000);
    assert_in_range(calls, 2240, 2260);
    calls = calls_until(pace, bucket, &now_ms, 400000);
    assert_in_range(calls, 998, 1001);
    mln_pace_free(pace);
}

static void slows_down_once_for_calls_that_were_in_flight_together(void **state)
{
    struct mln_pace *pace = new_pace(0, false);
    struct mln_pace_bucket *bucket = bucket_of(pace, "a", 1000);
    int64_t now_ms = 1000;

    (void)state;
    assert_int_equal(mln_pace_take(pace, bucket, 0), 0);
    for (int i = 0; i < 20; i++)
        assert_int_equal(mln_pace_take(pace, bucket, 500), 0);
    for (int i = 0; i < 21; i++)
        mln_pace_done(pace, bucket, true, -1, 500 + i);
    assert_int_equal(mln_pace_counts(pace).throttled, 21);
    assert_int_equal(mln_pace_take(pace, bucket, 530), 990);
    now_ms = 1520;
    /* Half of the rate, and 51 that were saved up while it rested. */
    assert_in_range(calls_until(pace, bucket, &now_ms, 2520), 551, 555);
    mln_pace_free(pace);
}

static void never_stops_for_good(void **state)
{
    struct mln_pace *pace = new_pace(0, false);
    struct mln_pace_bucket *bucket = bucket_of(pace, "a", 10);
    int64_t now_ms = 0, wait_ms = 0;

    (void)state;
    for (int i = 0; i < 200; i++) {
        while ((wait_ms = mln_pace_take(pace, bucket, now_ms)) > 0)
            now_ms += wait_ms;
        mln_pace_done(pace, bucket, true, i % 2 ? INT64_MAX : 0, now_ms);
    }
    wait_ms = mln_pace_take(pace, bucket, now_ms);
    assert_in_range(wait_ms, 1, 60000);
    mln_pace_free(pace);
}

static void limits_what_is_in_flight(void **state)
{
    struct mln_pace *pace = new_pace(3, true);
    struct mln_pace_bucket *bucket = bucket_of(pace, "a", 1);

    (void)state;
    for (int i = 0; i < 3; i++)
        assert_int_equal(mln_pace_take(pace, bucket, 0), 0);
    assert_int_equal(mln_pace_take(pace, bucket, 0), -1);
    assert_int_equal(mln_pace_counts(pace).in_flight, 3);
    done(pace, bucket, 0);
    assert_int_equal(mln_pace_take(pace, bucket, 0), 0);
    assert_int_equal(mln_pace_take(pace, bucket_of(pace, "b", 1), 0), -1);
    assert_int_equal(mln_pace_counts(pace).calls, 4);
    mln_pace_free(pace);
    /* The rate is named first: no place helps a bucket without a token. */
    pace = new_pace(1, false);
    bucket = bucket_of(pace, "a", 1);
    assert_int_equal(mln_pace_take(pace, bucket, 0), 0);
    assert_int_equal(mln_pace_take(pace, bucket, 0), 1000);
    assert_int_equal(mln_pace_take(pace, bucket, 1000), -1);
    mln_pace_free(pace);
}

static void refuses_more_in_flight_than_is_sane(void **state)
{
    const struct mln_pace_options options = { MLN_PACE_IN_FLIGHT_MAX + 1, false };
    struct mln_pace *pace = NULL;
    struct mln_err err = { 0 };

    (void)state;
    FAILS(mln_pace_new(&options, &pace, &err), MLN_EINVAL, &err, "at most 256");
    assert_null(pace);
    pace = new_pace(0, true);
    for (int i = 0; i < MLN_PACE_IN_FLIGHT; i++)
        assert_int_equal(mln_pace_take(pace, bucket_of(pace, "a", 1), 0), 0);
    assert_int_equal(mln_pace_take(pace, bucket_of(pace, "a", 1), 0), -1);
    mln_pace_free(pace);
}

static void has_no_rate_when_unlimited_but_rests_when_told(void **state)
{
    struct mln_pace *pace = new_pace(0, true);
    struct mln_pace_bucket *bucket = bucket_of(pace, "a", 1);

    (void)state;
    for (int i = 0; i < 1000; i++) {
        assert_int_equal(mln_pace_take(pace, bucket, 0), 0);
        done(pace, bucket, 0);
    }
    assert_int_equal(mln_pace_take(pace, bucket, 0), 0);
    mln_pace_done(pace, bucket, true, 70, 0);
    assert_int_equal(mln_pace_take(pace, bucket, 0), 70);
    assert_int_equal(mln_pace_take(pace, bucket, 70), 0);
    mln_pace_free(pace);
}

static void never_grants_more_retries_than_its_budget(void **state)
{
    struct mln_pace *pace = new_pace(0, true);
    struct mln_pace_bucket *bucket = bucket_of(pace, "a", 1);
    int granted = 0;

    (void)state;
    for (int i = 0; i < 150; i++)
        granted += mln_pace_retry(pace);
    assert_int_equal(granted, 100);
    assert_int_equal(mln_pace_counts(pace).retries, 100);
    assert_int_equal(mln_pace_counts(pace).retries_refused, 50);
    for (int i = 0; i < 1000; i++) {
        assert_int_equal(mln_pace_take(pace, bucket, 0), 0);
        done(pace, bucket, 0);
        granted += mln_pace_retry(pace);
    }
    assert_int_equal(granted, 200);
    /* What is throttled earns nothing. */
    for (int64_t i = 1; i <= 20; i++) {
        assert_int_equal(mln_pace_take(pace, bucket, i * 1000), 0);
        mln_pace_done(pace, bucket, true, 0, i * 1000);
    }
    assert_false(mln_pace_retry(pace));
    for (int i = 0; i < 5000; i++)
        done(pace, bucket, 0);
    granted = 0;
    while (mln_pace_retry(pace))
        granted++;
    assert_int_equal(granted, 100); /* The cap. */
    mln_pace_free(pace);
}

struct runner {
    struct mln_pace *pace;
    int64_t calls, retries;
};

static void *take_many(void *ctx)
{
    struct runner *runner = ctx;

    for (int64_t now_ms = 0; now_ms < 20000; now_ms++) {
        struct mln_pace_bucket *bucket = NULL;
        struct mln_err err;
        char name[] = { 'n', (char)('0' + now_ms % 10), '\0' };

        if (mln_pace_bucket(runner->pace, mln_str_of(name), 50, &bucket, &err) != MLN_OK ||
                mln_pace_take(runner->pace, bucket, now_ms) != 0)
            continue;
        runner->calls++;
        runner->retries += mln_pace_retry(runner->pace);
        mln_pace_done(runner->pace, bucket, false, -1, now_ms);
    }
    return NULL;
}

static void serves_two_threads(void **state)
{
    struct mln_pace *pace = new_pace(0, false);
    struct runner runners[2] = { { .pace = pace }, { .pace = pace } };
    pthread_t threads[2];
    int64_t calls, retries;

    (void)state;
    for (size_t i = 0; i < 2; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, take_many, &runners[i]), 0);
    for (size_t i = 0; i < 2; i++)
        assert_int_equal(pthread_join(threads[i], NULL), 0);
    calls = runners[0].calls + runners[1].calls;
    retries = runners[0].retries + runners[1].retries;
    assert_int_equal(mln_pace_counts(pace).calls, calls);
    assert_int_equal(mln_pace_counts(pace).retries, retries);
    assert_int_equal(mln_pace_counts(pace).in_flight, 0);
    assert_in_range(calls, 1, 10 * (50 * 20 + 2));
    assert_in_range(retries, 1, 100 + calls / 10 + 1);
    mln_pace_free(pace);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(keeps_its_rate_over_a_long_time),
        cmocka_unit_test(loses_no_fraction_to_a_caller_who_looks_often),
        cmocka_unit_test(never_exceeds_the_rate_in_its_first_seconds),
        cmocka_unit_test(stays_below_a_limit_after_a_rest),
        cmocka_unit_test(saves_up_little_more_than_one_token),
        cmocka_unit_test(keeps_names_apart),
        cmocka_unit_test(takes_the_default_for_a_rate_that_is_none),
        cmocka_unit_test(rests_and_halves_when_throttled),
        cmocka_unit_test(comes_back_by_a_tenth_of_the_rate_a_minute),
        cmocka_unit_test(slows_down_once_for_calls_that_were_in_flight_together),
        cmocka_unit_test(never_stops_for_good),
        cmocka_unit_test(limits_what_is_in_flight),
        cmocka_unit_test(refuses_more_in_flight_than_is_sane),
        cmocka_unit_test(has_no_rate_when_unlimited_but_rests_when_told),
        cmocka_unit_test(never_grants_more_retries_than_its_budget),
        cmocka_unit_test(serves_two_threads),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
