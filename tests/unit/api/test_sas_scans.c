/* StartBaselineSecurityCheck, and the worker that does what it asks for. */
#include <pthread.h>
#include <time.h>

#include "api/scans.h"
#include "risk/scan.h"
#include "sas_fixture.h"

#define START      "StartBaselineSecurityCheck"
#define SUMMARY    "DescribeRiskCheckSummary"
#define WAIT_MS    60000
#define LOOK_MS    10
#define SHUT_AFTER 20 /* Looks at the clock: the scan has begun by then, and is not done. */

/* A clock that holds up whoever looks at it: the worker looks at every step of a scan. */
struct gate {
    struct mln_clock clock;
    pthread_mutex_t lock;
    pthread_cond_t changed;
    int64_t now_ms;
    int looks;
    bool shut, holds;
};

struct scanned {
    struct api *api;
    struct gate gate;
    struct mln_scans *scans;
    char folder[128];
};

static int64_t look(void *ctx)
{
    struct gate *gate = ctx;

    (void)pthread_mutex_lock(&gate->lock);
    gate->looks++;
    while (gate->shut && gate->looks > SHUT_AFTER) {
        gate->holds = true;
        (void)pthread_cond_broadcast(&gate->changed);
        (void)pthread_cond_wait(&gate->changed, &gate->lock);
    }
    gate->holds = false;
    (void)pthread_mutex_unlock(&gate->lock);
    return gate->now_ms;
}

static void shut_gate(struct gate *gate, bool shut)
{
    (void)pthread_mutex_lock(&gate->lock);
    gate->shut = shut;
    gate->looks = 0;
    (void)pthread_cond_broadcast(&gate->changed);
    (void)pthread_mutex_unlock(&gate->lock);
}

static void wait_at_gate(struct gate *gate)
{
    struct timespec end;
    int rc = 0;

    (void)clock_gettime(CLOCK_REALTIME, &end);
    end.tv_sec += WAIT_MS / 1000;
    (void)pthread_mutex_lock(&gate->lock);
    while (!gate->holds && rc == 0)
        rc = pthread_cond_timedwait(&gate->changed, &gate->lock, &end);
    (void)pthread_mutex_unlock(&gate->lock);
    assert_int_equal(rc, 0);
}

/* A recording of the account that has no answer: nothing can be judged, and everything is asked. */
static void record_nothing(const struct api *api, char *folder, size_t room)
{
    static const char text[] =
            "{\"format\":1,\"account\":\"1234567890123456\",\"recorded\":\"2026-11-22T00:00:00Z\"}";
    char path[192];
    FILE *file;

    (void)snprintf(folder, room, "%s/recording", api->iam->folder);
    assert_int_equal(mkdir(folder, 0700), 0);
    (void)snprintf(path, sizeof(path), "%s/recording.json", folder);
    file = fopen(path, "w");
    assert_non_null(file);
    assert_int_equal(fwrite(text, 1, sizeof(text) - 1, file), sizeof(text) - 1);
    assert_int_equal(fclose(file), 0);
}

static int setup(void **state)
{
    static struct scanned s;

    if (sas_setup(state) != 0)
        return -1;
    s = (struct scanned){ .api = *state,
        .gate = { .lock = PTHREAD_MUTEX_INITIALIZER,
                .changed = PTHREAD_COND_INITIALIZER,
                .now_ms = 1700000002000 } };
    s.gate.clock = (struct mln_clock){ look, look, &s.gate };
    record_nothing(s.api, s.folder, sizeof(s.folder));
    *state = &s;
    return 0;
}

static int teardown(void **state)
{
    struct scanned *s = *state;

    shut_gate(&s->gate, false);
    mln_scans_stop(s->scans);
    *state = s->api;
    return api_teardown(state);
}

static void set_source(struct scanned *s, const char *folder)
{
    char source[192];
    struct mln_err err;

    (void)snprintf(source, sizeof(source), "replay:%s", folder);
    OK(mln_account_set_source(s->api->iam->store, ACCOUNT, mln_str_of(source), &err), &err);
}

static void start_worker(struct scanned *s)
{
    const struct mln_scans_options options = {
        .store_url = s->api->iam->url,
        .clock = &s->gate.clock,
        .log = &s->api->log,
        .random = mln_random_system(),
    };
    struct mln_err err;

    OK(mln_scans_start(&options, &s->scans, &err), &err);
    s->api->gateway.scans = s->scans;
}

static void *stop_worker(void *arg)
{
    struct scanned *s = arg;

    s->api->gateway.scans = NULL;
    mln_scans_stop(s->scans);
    s->scans = NULL;
    return NULL;
}

static void pause_ms(long ms)
{
    const struct timespec pause = { .tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000 };

    (void)nanosleep(&pause, NULL);
}

static void wait_until(struct api *api, const char *want)
{
    for (int waited = 0; waited < WAIT_MS; waited += LOOK_MS) {
        (void)sas(api, SUMMARY, NULL);
        if (answers(api, want))
            return;
        pause_ms(LOOK_MS);
    }
    HAS(api, want);
}

static void an_account_without_a_source_is_refused(void **state)
{
    struct scanned *s = *state;

    (void)sas(s->api, START, "Type=check");
    IS_REFUSED(s->api, 400, "RiskCheckNoSource");
    HAS(s->api, "--source");
}

static void odd_requests_are_refused(void **state)
{
    static const struct asked cases[] = {
        { NULL, "\"MissingType\"" },
        { "Type=", "\"MissingType\"" },
        { "Type=CHECK", "\"InvalidType\"" },
        { "Type=check&Lang=xx", "\"InvalidLang\"" },
        { "Type=check&ItemIds.1=x", "\"InvalidItemIds\"" },
        { "Type=check&ItemIds.1=0", "\"InvalidItemIds\"" },
        { "Type=check&ItemIds.1=12&ItemIds.2=4711", "\"RiskItemNotExists\"" },
    };
    struct scanned *s = *state;

    set_source(s, s->folder);
    all_refuse(s->api, START, cases, MLN_LEN(cases));
    (void)sas(s->api, SUMMARY, NULL);
    HAS(s->api, "\"Status\":\"finish\"");
}

static void a_scan_waits_runs_and_ends(void **state)
{
    struct scanned *s = *state;
    struct api *api = s->api;

    set_source(s, s->folder);
    (void)sas(api, START, "Type=check");
    IS_JSON(api);
    HAS(api, "{\"RequestId\":");
    (void)sas(api, SUMMARY, NULL);
    HAS(api, "\"RemainingTime\":0,\"Sort\":1,\"Status\":\"waiting\"");
    (void)sas(api, START, "Type=verify");
    IS_REFUSED(api, 400, "AllRiskItemTaskNotFinished");
    shut_gate(&s->gate, true);
    start_worker(s);
    mln_scans_wake(s->scans);
    wait_at_gate(&s->gate);
    (void)sas(api, SUMMARY, NULL);
    HAS(api, "\"Sort\":1,\"Status\":\"running\"");
    HAS_NOT(api, "\"RemainingTime\":0,");
    (void)sas(api, "DescribeRiskCheckResult", "ItemIds.1=12");
    HAS(api, "[{\"Status\":\"failed\",\"CheckTime\":1700000001000,\"TaskId\":1,");
    HAS_NOT(api, "\"RemainingTime\":0,");
    (void)sas(api, START, "Type=check");
    IS_REFUSED(api, 400, "AllRiskItemTaskNotFinished");
    shut_gate(&s->gate, false);
    wait_until(api, "\"Status\":\"finish\"");
    (void)sas(api, "DescribeRiskCheckResult", "ItemIds.1=6&Lang=en");
    IS_JSON(api);
    HAS(api,
            "[{\"Status\":\"waiting\",\"CheckTime\":1700000002000,\"TaskId\":2,\"RemainingTime\":0,");
    HAS(api, "\"NotAssessed\":\"");
    (void)sas(api, START, "Type=verify");
    IS_JSON(api);
}

static void a_scan_of_some_items_leaves_the_others(void **state)
{
    struct scanned *s = *state;
    struct api *api = s->api;

    set_source(s, s->folder);
    shut_gate(&s->gate, true);
    start_worker(s);
    (void)sas(api, START, "Type=verify&ItemIds.1=12&ItemIds.2=12");
    IS_JSON(api);
    wait_at_gate(&s->gate);
    (void)sas(api, "DescribeRiskCheckResult", "ItemIds.1=12");
    HAS(api, "\"TaskId\":1,");
    HAS_NOT(api, "\"RemainingTime\":0,");
    (void)sas(api, "DescribeRiskCheckResult", "ItemIds.1=6");
    HAS(api, "\"RemainingTime\":0,");
    shut_gate(&s->gate, false);
    wait_until(api, "\"Status\":\"finish\"");
    (void)sas(api, "DescribeRiskCheckResult", "ItemIds.1=12");
    HAS(api, "\"CheckTime\":1700000002000,\"TaskId\":2,");
    (void)sas(api, "DescribeRiskCheckResult", "ItemIds.1=6");
    HAS(api, "[{\"Status\":\"pass\",\"CheckTime\":1700000001000,");
}

static void a_worker_that_is_stopped_leaves_the_scan_to_the_next(void **state)
{
    struct scanned *s = *state;
    struct api *api = s->api;
    pthread_t stopper;

    set_source(s, s->folder);
    shut_gate(&s->gate, true);
    start_worker(s);
    (void)sas(api, START, "Type=check");
    IS_JSON(api);
    wait_at_gate(&s->gate);
    assert_int_equal(pthread_create(&stopper, NULL, stop_worker, s), 0);
    pause_ms(300); /* It has raised the flag by now, and waits for the worker. */
    shut_gate(&s->gate, false);
    assert_int_equal(pthread_join(stopper, NULL), 0);
    (void)sas(api, SUMMARY, NULL);
    HAS(api, "\"ItemCount\":5,");
    HAS(api, "\"Status\":\"waiting\"");
    (void)sas(api, "DescribeRiskCheckResult", "ItemIds.1=12");
    HAS(api,
            "[{\"Status\":\"failed\",\"CheckTime\":1700000001000,\"TaskId\":1,\"RemainingTime\":0,");
    (void)sas(api, START, "Type=check");
    IS_REFUSED(api, 400, "AllRiskItemTaskNotFinished");
    start_worker(s);
    mln_scans_wake(s->scans);
    wait_until(api, "\"Status\":\"finish\"");
    (void)sas(api, "DescribeRiskCheckResult", "ItemIds.1=6");
    HAS(api, "[{\"Status\":\"waiting\",\"CheckTime\":1700000002000,");
}

static void a_scan_that_fails_leaves_the_results_and_the_way_free(void **state)
{
    struct scanned *s = *state;
    struct api *api = s->api;

    set_source(s, "/nowhere/at/all");
    api->log.fd = open("/dev/null", O_WRONLY | O_CLOEXEC);
    start_worker(s);
    (void)sas(api, START, "Type=check");
    IS_JSON(api);
    wait_until(api, "\"Status\":\"finish\"");
    (void)sas(api, "DescribeRiskCheckResult", NULL);
    HAS(api, "\"TotalCount\":5,");
    (void)sas(api, START, "Type=check");
    IS_JSON(api);
    wait_until(api, "\"Status\":\"finish\"");
    stop_worker(s);
    (void)close(api->log.fd);
}

static void a_worker_without_work_stops_at_once(void **state)
{
    struct scanned *s = *state;

    for (int i = 0; i < 20; i++) {
        start_worker(s);
        if (i % 2 == 0)
            mln_scans_wake(s->scans);
        stop_worker(s);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(an_account_without_a_source_is_refused, setup, teardown),
        cmocka_unit_test_setup_teardown(odd_requests_are_refused, setup, teardown),
        cmocka_unit_test_setup_teardown(a_scan_waits_runs_and_ends, setup, teardown),
        cmocka_unit_test_setup_teardown(a_scan_of_some_items_leaves_the_others, setup, teardown),
        cmocka_unit_test_setup_teardown(
                a_worker_that_is_stopped_leaves_the_scan_to_the_next, setup, teardown),
        cmocka_unit_test_setup_teardown(
                a_scan_that_fails_leaves_the_results_and_the_way_free, setup, teardown),
        cmocka_unit_test_setup_teardown(a_worker_without_work_stops_at_once, setup, teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
