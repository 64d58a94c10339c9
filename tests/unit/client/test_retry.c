#include "client/retry.h"
#include "test.h"

static void fill_high(void *ctx, void *out, size_t len)
{
    (void)ctx;
    memset(out, 0xff, len);
}

static const struct mln_random high = { fill_high, NULL };

static void decides_by_the_facts(void **state)
{
    static const struct {
        const char *why;
        struct mln_retry_facts facts;
        bool again;
    } cases[] = {
        { "a read that may go better", { 1, false, true, true, -1 }, true },
        { "a read that cannot go better", { 1, false, true, false, -1 }, false },
        { "the last attempt", { MLN_ATTEMPTS_MAX, false, true, true, -1 }, false },
        { "a write that was sent", { 1, true, true, true, -1 }, false },
        { "a write that was sent and throttled", { 1, true, true, true, 10 }, false },
        { "a write that never left", { 1, true, false, true, -1 }, true },
    };

    (void)state;
    for (size_t i = 0; i < MLN_LEN(cases); i++) {
        if ((mln_retry_delay_ms(&cases[i].facts, &high) >= 0) != cases[i].again)
            fail_msg("%s", cases[i].why);
    }
}

static void backs_off_within_a_growing_ceiling(void **state)
{
    (void)state;
    for (int attempt = 1; attempt < MLN_ATTEMPTS_MAX; attempt++) {
        struct mln_retry_facts facts = { attempt, false, true, true, -1 };

        for (int n = 0; n < 200; n++) {
            int64_t delay = mln_retry_delay_ms(&facts, mln_random_system());

            assert_true(delay >= 0 && delay <= MLN_BACKOFF_BASE_MS << (attempt - 1));
        }
    }
}

static void honours_the_server_up_to_a_minute(void **state)
{
    struct mln_retry_facts facts = { 1, false, true, true, 1234 };

    (void)state;
    assert_int_equal(mln_retry_delay_ms(&facts, &high), 1234);
    facts.retry_after_ms = INT64_MAX;
    assert_int_equal(mln_retry_delay_ms(&facts, &high), MLN_RETRY_AFTER_MAX_MS);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(decides_by_the_facts),
        cmocka_unit_test(backs_off_within_a_growing_ceiling),
        cmocka_unit_test(honours_the_server_up_to_a_minute),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
