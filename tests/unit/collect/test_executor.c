/*
 * The executor over a cloud of a test: calls take their time, each action of each region has its
 * rate, answers come in any order. Time is counted and not waited for.
 */
#include <fcntl.h>
#include <sqlite3.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/map.h"
#include "base/random.h"
#include "collect/collect.h"
#include "test.h"

#define UNDER_WAY_MAX 4096
#define BUCKETS_MAX   200
#define PATH          "/tmp/mln-executor-XXXXXX"

/* ecs: two lists, the second with a call for each of its rows at a rate of its own. */
#define PRODUCT                                                                             \
    "product: ecs\ncode: Ecs\nversion: \"1\"\nstyle: rpc\nreach: account\nram: ecs\n"       \
    "regions: ecs_region\nerrors: { \"NoSuch*\": gone }\ncalls:\n"                          \
    "  - { action: DescribeRegions, table: ecs_region, list: Regions, id: Id }\n"           \
    "  - { action: ListItems, reach: regions, rate: 100/s, request: { R: \"{region}\" },\n" \
    "      page: { by: number, number: P, size: S, max: 100, total: T },\n"                 \
    "      table: ecs_item, list: Items, id: Id }\n"
#define FAST "  - { action: GetFast, for_each: ecs_item, rate: 50/s, table: ecs_fast, id: Id }\n"
#define SLOW "  - { action: GetSlow, for_each: ecs_item, rate: 30/min, table: ecs_slow, id: Id }\n"
#define WHO  "  - { action: GetWho, ram: none, table: account, id: AccountId }\n"

struct bucket {
    char name[80];
    int64_t free_us;
};

struct under_way {
    const struct mln_collect_request *request;
    int64_t done_us;
};

/* What a test may have go wrong. */
struct cloud {
    int regions, items; /* Items in each region. */
    const char *account;
    int64_t latency_ms;
    double slow_region; /* r1 is so many times slower; 0: it is not. */
    bool slow_too;      /* r2, like r1. */
    size_t in_flight_max;
    bool hold_deaf; /* An answer that is late: GetDeaf, after ten seconds. */
    const char *throttled;
    int throttle_times;
    int64_t retry_after_ms;
    const char *denied; /* An action that is. */
    bool newest_first;
    size_t stop_after, no_creds_after; /* Answers. */
    size_t exit_at;                    /* The process ends at this event. */
    bool twice;
    const char *token; /* Of ListTokens. */
    int64_t grows_at;  /* From this page on r5 has an item more; 0: it has not. */
    bool grown;
    int log; /* File: a line for each request; -1: none. */

    int64_t now_us;
    struct bucket buckets[BUCKETS_MAX];
    size_t bucket_count;
    struct under_way under_way[UNDER_WAY_MAX];
    size_t count, most;
    const struct mln_collect_request *newest;
    size_t asked, answered, events;
    int64_t fast_ended_us, other_ended_us, again_us[8]; /* `other`: in r1. */
    size_t again_count;
    char body[65536];
    volatile int stop;
};

static int64_t now_ms(void *ctx)
{
    const struct cloud *cloud = ctx;

    return cloud->now_us / 1000 + 1;
}

static bool is_action(const struct mln_collect_request *request, const char *action)
{
    return action != NULL && strcmp(request->call.action, action) == 0;
}

static bool is_slow(const struct cloud *cloud, const struct mln_collect_request *request)
{
    return mln_str_is(request->region, "r1") ||
           (cloud->slow_too && mln_str_is(request->region, "r2"));
}

static void event(struct cloud *cloud)
{
    if (++cloud->events == cloud->exit_at)
        _exit(9);
}

static struct bucket *bucket_of(struct cloud *cloud, const struct mln_collect_request *request)
{
    char name[80];

    (void)snprintf(name, sizeof(name), "%s/%.*s", request->call.action, MLN_FMT(request->region));
    for (size_t i = 0; i < cloud->bucket_count; i++)
        if (strcmp(cloud->buckets[i].name, name) == 0)
            return &cloud->buckets[i];
    assert_true(cloud->bucket_count < BUCKETS_MAX);
    memcpy(cloud->buckets[cloud->bucket_count].name, name, sizeof(name));
    return &cloud->buckets[cloud->bucket_count++];
}

static int submit(void *ctx, const struct mln_collect_request *request, struct mln_err *err)
{
    struct cloud *cloud = ctx;
    struct bucket *bucket = bucket_of(cloud, request);
    double rate = request->call.rate;
    int64_t start_us = bucket->free_us > cloud->now_us ? bucket->free_us : cloud->now_us;
    MLN_AUTO(mln_buf_free) struct mln_buf line = MLN_BUF_INIT(4096);

    event(cloud);
    for (size_t i = 0; i < request->param_count; i++)
        if (request->params[i].value.len > 1000)
            return mln_fail(err, MLN_ETOOBIG, "a parameter is too long");
    assert_true(cloud->count < UNDER_WAY_MAX && cloud->count < cloud->in_flight_max);
    if (cloud->slow_region > 0 && is_slow(cloud, request))
        rate /= cloud->slow_region;
    bucket->free_us = start_us + (int64_t)(1e6 / rate);
    cloud->under_way[cloud->count++] = (struct under_way){ request,
        start_us + 1000 * (cloud->hold_deaf && is_action(request, "GetSlow") ? 10000
                                                                             : cloud->latency_ms) };
    cloud->most = cloud->count > cloud->most ? cloud->count : cloud->most;
    cloud->asked++;
    if (is_action(request, cloud->throttled) && cloud->again_count < MLN_LEN(cloud->again_us))
        cloud->again_us[cloud->again_count++] = cloud->now_us;
    mln_replay_name(request, &line);
    mln_buf_add_char(&line, '\n');
    if (cloud->log >= 0)
        assert_int_equal(write(cloud->log, line.ptr, line.len), line.len);
    return MLN_OK;
}

/* The one that is done first; of several, the newest or the oldest. */
static size_t first_done(const struct cloud *cloud)
{
    size_t first = 0;

    for (size_t i = 1; i < cloud->count; i++)
        if (cloud->under_way[i].done_us < cloud->under_way[first].done_us ||
                (cloud->newest_first &&
                        cloud->under_way[i].done_us == cloud->under_way[first].done_us))
            first = i;
    return first;
}

static void list_items(struct cloud *cloud, const struct mln_collect_request *request)
{
    MLN_AUTO(mln_buf_free) struct mln_buf out = MLN_BUF_INIT(sizeof(cloud->body) - 1);
    int64_t first = (request->page - 1) * 100;
    bool grows = cloud->grows_at > 0 && mln_str_is(request->region, "r5");
    int items = cloud->items;

    cloud->grown = cloud->grown || (grows && request->page >= cloud->grows_at);
    items += grows && cloud->grown;
    mln_buf_addf(&out, "{\"T\":%d,\"Items\":[", items);
    for (int64_t i = first; i < items && i < first + 100; i++)
        mln_buf_addf(&out, "%s{\"Id\":\"%.*s-%lld\"}", i > first ? "," : "",
                MLN_FMT(request->region), (long long)i);
    mln_buf_add_cstr(&out, "]}");
    memcpy(cloud->body, out.ptr, out.len + 1);
}

static void say(struct cloud *cloud, const struct mln_collect_request *request)
{
    MLN_AUTO(mln_buf_free) struct mln_buf out = MLN_BUF_INIT(sizeof(cloud->body) - 1);

    if (is_action(request, "ListItems")) {
        list_items(cloud, request);
        return;
    }
    if (is_action(request, "DescribeRegions")) {
        mln_buf_add_cstr(&out, "{\"Regions\":[");
        for (int i = 1; i <= cloud->regions; i++)
            mln_buf_addf(&out, "%s{\"Id\":\"r%d\"}", i > 1 ? "," : "", i);
        mln_buf_add_cstr(&out, "]}");
    } else if (is_action(request, "GetWho")) {
        mln_buf_addf(&out, "{\"AccountId\":\"%s\"}", cloud->account);
    } else if (is_action(request, "ListTokens")) {
        mln_buf_addf(&out, "{\"Items\":[{\"Id\":\"a\"}],\"Next\":\"%s\"}", cloud->token);
    } else {
        mln_buf_addf(&out, "{\"Id\":\"%.*s\"}", MLN_FMT(request->key));
    }
    memcpy(cloud->body, out.ptr, out.len + 1);
}

static void answer(struct cloud *cloud, const struct mln_collect_request *request,
        struct mln_collect_answer *out)
{
    *out = (struct mln_collect_answer){
        .request = request, .status = 200, .retry_after_ms = -1, .retry = true
    };
    say(cloud, request);
    if (is_action(request, cloud->throttled) && cloud->throttle_times > 0) {
        cloud->throttle_times--;
        out->status = 400;
        out->retry_after_ms = cloud->retry_after_ms;
        (void)snprintf(cloud->body, sizeof(cloud->body), "{\"Code\":\"Throttling\"}");
    } else if (is_action(request, cloud->denied)) {
        out->status = 403;
        (void)snprintf(cloud->body, sizeof(cloud->body), "{\"Code\":\"Forbidden.RAM\"}");
    }
    out->body = mln_str_of(cloud->body);
}

static int next(void *ctx, int64_t wait_ms, struct mln_collect_answer *out, struct mln_err *err)
{
    struct cloud *cloud = ctx;
    size_t at;

    event(cloud);
    assert_in_range(wait_ms, 0, 500);
    if (cloud->no_creds_after > 0 && cloud->answered >= cloud->no_creds_after)
        return mln_fail(err, MLN_ECREDS, "the session has ended");
    if (cloud->stop && cloud->count > 0) {
        cloud->count--;
        *out = (struct mln_collect_answer){ .request = cloud->under_way[cloud->count].request,
            .failure = "stopped",
            .retry_after_ms = -1 };
        return MLN_OK;
    }
    if (cloud->twice && cloud->answered == 1) {
        *out = (struct mln_collect_answer){ .request = cloud->newest, .status = 200 };
        return MLN_OK;
    }
    at = first_done(cloud);
    if (cloud->count == 0 || cloud->under_way[at].done_us > cloud->now_us + 1000 * wait_ms) {
        cloud->now_us += 1000 * wait_ms;
        return mln_fail(err, MLN_ENOTFOUND, "nothing yet");
    }
    if (cloud->under_way[at].done_us > cloud->now_us)
        cloud->now_us = cloud->under_way[at].done_us;
    answer(cloud, cloud->under_way[at].request, out);
    if (is_action(out->request, "GetFast")) {
        if (is_slow(cloud, out->request))
            cloud->other_ended_us = cloud->now_us;
        else
            cloud->fast_ended_us = cloud->now_us;
    }
    cloud->under_way[at] = cloud->under_way[--cloud->count];
    cloud->newest = out->request;
    cloud->answered++;
    if (cloud->stop_after > 0 && cloud->answered >= cloud->stop_after)
        cloud->stop = 1;
    return MLN_OK;
}

static void wait_for(void *ctx, int64_t ms)
{
    struct cloud *cloud = ctx;

    assert_true(ms > 0);
    cloud->now_us += 1000 * ms;
}

static void drop(void *ctx)
{
    struct cloud *cloud = ctx;

    cloud->count = 0;
}

/* ---- a run ---- */

struct trial {
    struct mln_plan *plan;
    struct mln_snapshot *snapshot;
    struct mln_collect_report report;
    struct mln_err err;
    int rc;
    const char *path, *account;
    bool resume;
    const struct mln_random *random;
    void (*progress)(void *ctx, const struct mln_collect_progress *progress);
    void *progress_ctx;
};

static void run(struct trial *trial, const char *text, struct cloud *cloud)
{
    const struct mln_plan_file file = { .name = "ecs.yaml", .text = mln_str_of(text) };
    const struct mln_clock clock = { now_ms, now_ms, cloud };
    struct mln_collect_transport transport;
    const struct mln_collect_options options = {
        .account_id = mln_str_of(trial->account != NULL ? trial->account : "1234"),
        .clock = &clock,
        .random = trial->random,
        .stop = &cloud->stop,
        .progress = trial->progress,
        .progress_ctx = trial->progress_ctx,
    };

    if (cloud->in_flight_max == 0)
        cloud->in_flight_max = 2048;
    if (cloud->latency_ms == 0)
        cloud->latency_ms = 50;
    if (cloud->account == NULL)
        cloud->account = "1234";
    if (cloud->log == 0)
        cloud->log = -1;
    transport = (struct mln_collect_transport){ .in_flight_max = cloud->in_flight_max,
        .submit = submit,
        .next = next,
        .pause = wait_for,
        .drop = drop,
        .ctx = cloud };
    OK(mln_plan_load(&file, 1, &trial->plan, &trial->err), &trial->err);
    trial->rc = trial->resume ? mln_snapshot_resume(trial->path, mln_plan_schema(trial->plan),
                                        &trial->snapshot, &trial->err)
                              : mln_snapshot_create(trial->path, mln_plan_schema(trial->plan),
                                        &trial->snapshot, &trial->err);
    if (trial->rc == MLN_OK)
        trial->rc = mln_collect(
                trial->plan, trial->snapshot, &transport, &options, &trial->report, &trial->err);
}

static void end(struct trial *trial)
{
    mln_snapshot_free(trial->snapshot);
    mln_plan_free(trial->plan);
    trial->snapshot = NULL;
    trial->plan = NULL;
}

static int64_t number(struct trial *trial, const char *sql)
{
    sqlite3_stmt *stmt = NULL;
    int64_t value;

    if (sqlite3_prepare_v2(mln_snapshot_db(trial->snapshot), sql, -1, &stmt, NULL) != SQLITE_OK ||
            sqlite3_step(stmt) != SQLITE_ROW)
        fail_msg("%s: %s", sql, sqlite3_errmsg(mln_snapshot_db(trial->snapshot)));
    value = sqlite3_column_int64(stmt, 0);
    sqlite3_finalize(stmt);
    return value;
}

static void make_path(char *path)
{
    int fd = mkstemp(path);

    assert_true(fd >= 0);
    (void)close(fd);
    (void)unlink(path);
}

/* ---- fairness ---- */

static void a_slow_call_holds_up_no_other(void **state)
{
    static const size_t places[] = { 2048, 200, 40 };

    (void)state;
    for (size_t i = 0; i < MLN_LEN(places); i++) {
        struct cloud *cloud = calloc(1, sizeof(*cloud));
        struct trial trial = { .rc = -100 };

        cloud->regions = 2;
        cloud->items = 500;
        cloud->in_flight_max = places[i];
        run(&trial, PRODUCT SLOW FAST, cloud);
        OK(trial.rc, &trial.err);
        /* 500 a region at 50 a second, after two lists; the others take 1,000 s. */
        assert_in_range(cloud->fast_ended_us, 9900000, 11000000);
        assert_in_range(cloud->other_ended_us, 9900000, 11000000);
        assert_in_range(cloud->now_us, 998000000, 1010000000);
        assert_int_equal(number(&trial, "select count(*) from ecs_slow"), 1000);
        assert_int_equal(trial.report.outcomes[MLN_OUTCOME_OK], 2003);
        end(&trial);
        free(cloud);
    }
}

static void a_slow_region_holds_up_no_other(void **state)
{
    struct cloud *cloud = calloc(1, sizeof(*cloud));
    struct trial trial = { .rc = -100 };

    (void)state;
    cloud->regions = 20;
    cloud->items = 300;
    cloud->slow_region = 100;
    run(&trial, PRODUCT FAST, cloud);
    OK(trial.rc, &trial.err);
    /* The list of r1 takes seconds itself; then the others take six, and r1 600. */
    assert_in_range(cloud->fast_ended_us, 6000000, 10000000);
    assert_in_range(cloud->other_ended_us, 590000000, 610000000);
    end(&trial);
    free(cloud);
}

/* Two of six, and a call has 20 places: the two would fill them all. */
static void slow_regions_leave_places_to_the_others(void **state)
{
    struct cloud *cloud = calloc(1, sizeof(*cloud));
    struct trial trial = { .rc = -100 };

    (void)state;
    cloud->regions = 6;
    cloud->items = 200;
    cloud->in_flight_max = 40;
    cloud->slow_region = 100;
    cloud->slow_too = true;
    run(&trial, PRODUCT FAST, cloud);
    OK(trial.rc, &trial.err);
    /* The lists of r1 and r2 take three seconds, the others four after that; r1 and r2 400. */
    assert_in_range(cloud->fast_ended_us, 4000000, 9000000);
    assert_in_range(cloud->other_ended_us, 390000000, 420000000);
    end(&trial);
    free(cloud);
}

static void a_million_waiting_keys_take_few_places(void **state)
{
    struct cloud *cloud = calloc(1, sizeof(*cloud));
    struct trial trial = { .rc = -100 };

    (void)state;
    cloud->regions = 2;
    cloud->items = 2000;
    run(&trial, PRODUCT SLOW, cloud);
    OK(trial.rc, &trial.err);
    assert_in_range(cloud->most, 2, 16);
    end(&trial);
    free(cloud);
}

/* ---- tries ---- */

static void a_call_is_asked_again_in_time_while_another_is_awaited(void **state)
{
    struct cloud *cloud = calloc(1, sizeof(*cloud));
    struct trial trial = { .rc = -100 };

    (void)state;
    cloud->regions = cloud->items = 1;
    cloud->hold_deaf = true;
    cloud->throttled = "GetFast";
    cloud->throttle_times = 2;
    cloud->retry_after_ms = -1;
    run(&trial, PRODUCT SLOW FAST, cloud);
    OK(trial.rc, &trial.err);
    assert_int_equal(cloud->again_count, 3);
    assert_in_range(cloud->again_us[1] - cloud->again_us[0], 1050000, 1060000);
    assert_in_range(cloud->again_us[2] - cloud->again_us[1], 2050000, 2060000);
    assert_in_range(cloud->now_us, 10000000, 10300000);
    end(&trial);
    free(cloud);
}

static void fill_half(void *ctx, void *out, size_t len)
{
    const uint64_t *number_of = ctx;

    assert_int_equal(len, sizeof(*number_of));
    memcpy(out, number_of, len);
}

static void retries_are_spread_and_never_sooner_than_the_answer_says(void **state)
{
    static const struct {
        uint64_t number;
        int64_t retry_after_ms, waits_ms[5];
    } rows[] = {
        { 0, -1, { 0, 0, 0, 0, 0 } },
        { 700, -1, { 700, 700, 700, 700, 700 } },
        /* Of 0..1000, 0..2000, ... 0..16000. */
        { 16000, -1, { 16000 % 1001, 16000 % 2001, 16000 % 4001, 16000 % 8001, 16000 } },
        { 700, 5000, { 5000, 5000, 5000, 5000, 5000 } },
        { 0, INT64_MAX, { 120000, 120000, 120000, 120000, 120000 } },
    };

    (void)state;
    for (size_t i = 0; i < MLN_LEN(rows); i++) {
        struct cloud *cloud = calloc(1, sizeof(*cloud));
        uint64_t drawn = rows[i].number;
        const struct mln_random drawing = { fill_half, &drawn };
        struct trial trial = { .rc = -100, .random = &drawing };

        cloud->regions = cloud->items = 1;
        cloud->throttled = "GetFast";
        cloud->throttle_times = 100;
        cloud->retry_after_ms = rows[i].retry_after_ms;
        run(&trial, PRODUCT FAST, cloud);
        OK(trial.rc, &trial.err);
        assert_int_equal(cloud->again_count, 6);
        for (size_t j = 0; j < 5; j++)
            assert_int_equal(
                    (cloud->again_us[j + 1] - cloud->again_us[j]) / 1000 - 50, rows[i].waits_ms[j]);
        assert_int_equal(trial.report.outcomes[MLN_OUTCOME_THROTTLED], 1);
        end(&trial);
        free(cloud);
    }
}

/* ---- stopping, and going on ---- */

static void what_comes_back_unanswered_after_a_stop_is_no_failure(void **state)
{
    char path[] = PATH;
    struct cloud *cloud = calloc(2, sizeof(*cloud));
    struct trial trial = { .rc = -100, .path = path };

    (void)state;
    make_path(path);
    cloud[0].regions = cloud[1].regions = 2;
    cloud[0].items = cloud[1].items = 150;
    cloud[0].stop_after = 100;
    run(&trial, PRODUCT FAST, &cloud[0]);
    FAILS(trial.rc, MLN_ECANCELLED, &trial.err, "stopped");
    assert_true(trial.report.stopped);
    assert_int_equal(trial.report.outcomes[MLN_OUTCOME_FAILED], 0);
    assert_int_equal(
            number(&trial,
                    "select count(*) from collect_call where outcome not in ('ok', 'running')"),
            0);
    end(&trial);
    trial.resume = true;
    run(&trial, PRODUCT FAST, &cloud[1]);
    OK(trial.rc, &trial.err);
    /* The answer after which it was stopped is kept, too: 1 + 4 pages of lists, 95 of the others.
     */
    assert_int_equal(trial.report.earlier, 1 + 2 + 95);
    assert_int_equal(cloud[1].asked, 300 - 95);
    assert_int_equal(trial.report.calls, 303);
    end(&trial);
    (void)unlink(path);
    free(cloud);
}

static void what_was_read_before_the_credentials_ended_is_kept(void **state)
{
    char path[] = PATH;
    struct cloud *cloud = calloc(2, sizeof(*cloud));
    struct trial trial = { .rc = -100, .path = path };

    (void)state;
    make_path(path);
    cloud[0].regions = cloud[1].regions = 1;
    cloud[0].items = cloud[1].items = 100;
    cloud[0].no_creds_after = 50;
    run(&trial, PRODUCT FAST, &cloud[0]);
    FAILS(trial.rc, MLN_ECREDS, &trial.err, "the session has ended");
    end(&trial);
    trial.resume = true;
    run(&trial, PRODUCT FAST, &cloud[1]);
    OK(trial.rc, &trial.err);
    assert_int_equal(trial.report.earlier, 50);
    assert_int_equal(cloud[1].asked, 52);
    end(&trial);
    (void)unlink(path);
    free(cloud);
}

/* The requests of a log, by their names. */
static void read_log(const char *path, struct mln_map *asked)
{
    FILE *file = fopen(path, "r");
    char line[200];

    assert_non_null(file);
    while (fgets(line, sizeof(line), file) != NULL)
        assert_int_equal(mln_map_put(asked, mln_str_of(line), asked, NULL), MLN_OK);
    (void)fclose(file);
}

/* The calls that a killed run has recorded as read, by the names of their first pages. */
static void read_records(const char *path, struct mln_map *recorded)
{
    sqlite3 *db = NULL;
    sqlite3_stmt *stmt = NULL;
    int code = sqlite3_open_v2(path, &db, SQLITE_OPEN_READWRITE, NULL);

    if (code == SQLITE_OK)
        code = sqlite3_prepare_v2(db,
                "select 'ecs/' || substr(call, 5) || '/' || iif(region = '', '_', region) || '/' || "
                "iif(key = '', '_', key) || '.1' || char(10) from collect_call where outcome = 'ok'",
                -1, &stmt, NULL);
    /* A file that was killed while it was made is none. */
    while (code == SQLITE_OK && sqlite3_step(stmt) == SQLITE_ROW)
        assert_int_equal(
                mln_map_put(recorded, mln_str_of((const char *)sqlite3_column_text(stmt, 0)),
                        recorded, NULL),
                MLN_OK);
    sqlite3_finalize(stmt);
    sqlite3_close(db);
}

/* One life: everything from the making of the file on. */
static int live_once(const char *path, const char *log, bool resume, size_t exit_at)
{
    pid_t child = fork();
    int status = 0;

    assert_true(child >= 0);
    if (child == 0) {
        struct cloud *cloud = calloc(1, sizeof(*cloud));
        struct trial trial = { .rc = -100, .path = path, .resume = resume };

        cloud->regions = 2;
        cloud->items = 4;
        cloud->exit_at = exit_at;
        cloud->newest_first = true;
        cloud->log = open(log, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
        run(&trial, PRODUCT FAST SLOW, cloud);
        _exit(trial.rc == MLN_OK && number(&trial, "select count(*) from ecs_slow") == 8 &&
                                number(&trial, "select count(*) from ecs_fast") == 8 &&
                                number(&trial, "select count(*) from collect_call") == 19
                        ? 0
                        : 1);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status));
    return WEXITSTATUS(status);
}

static void a_run_that_is_killed_anywhere_repeats_nothing_recorded_and_loses_nothing(void **state)
{
    size_t killed = 0, repeated = 0;
    bool ended = false;

    (void)state;
    for (size_t at = 1; !ended && at < 400; at++) {
        char path[] = PATH, first[] = PATH, second[] = PATH;
        struct mln_map recorded, asked;
        struct mln_str name;
        void *value;
        size_t place = 0;
        int rc;

        make_path(path);
        make_path(first);
        make_path(second);
        mln_map_init(&recorded, 1000);
        mln_map_init(&asked, 1000);
        rc = live_once(path, first, false, at);
        ended = rc != 9;
        if (ended) {
            assert_int_equal(rc, 0);
        } else {
            killed++;
            read_records(path, &recorded);
            assert_int_equal(live_once(path, second, true, 0), 0);
            read_log(second, &asked);
            while (mln_map_next(&recorded, &place, &name, &value))
                repeated += mln_map_get(&asked, name) != NULL;
            assert_int_equal(repeated, 0);
        }
        mln_map_fini(&recorded, NULL);
        mln_map_fini(&asked, NULL);
        (void)unlink(path);
        (void)unlink(first);
        (void)unlink(second);
    }
    assert_true(ended);
    assert_true(killed > 60);
}

/* Whatever was answered before a wait of any length is recorded when the process dies in it. */
static void what_has_ended_is_written_before_a_wait(void **state)
{
    char path[] = PATH, log[] = PATH;
    struct mln_map recorded;
    pid_t child;
    int status = 0;

    (void)state;
    make_path(path);
    make_path(log);
    child = fork();
    if (child == 0) {
        struct cloud *cloud = calloc(1, sizeof(*cloud));
        struct trial trial = { .rc = -100, .path = path };

        cloud->regions = 1;
        cloud->items = 3;
        cloud->hold_deaf = true; /* Three fast ones are answered; the slow ones take ten seconds. */
        cloud->exit_at = 30;
        run(&trial, PRODUCT FAST SLOW, cloud);
        _exit(1);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(WEXITSTATUS(status), 9);
    mln_map_init(&recorded, 100);
    read_records(path, &recorded);
    assert_int_equal(recorded.count, 5);
    mln_map_fini(&recorded, NULL);
    (void)unlink(path);
}

static void a_file_of_another_account_is_not_gone_on_with(void **state)
{
    char path[] = PATH;
    struct cloud *cloud = calloc(3, sizeof(*cloud));
    struct trial trial = { .rc = -100, .path = path, .account = "" };

    (void)state;
    make_path(path);
    cloud[0].regions = cloud[1].regions = 1;
    cloud[0].items = cloud[1].items = 10;
    cloud[0].stop_after = 5;
    cloud[0].account = "1111";
    cloud[1].account = "2222";
    run(&trial, PRODUCT WHO FAST, &cloud[0]);
    FAILS(trial.rc, MLN_ECANCELLED, &trial.err, "stopped");
    end(&trial);
    trial.resume = true;
    run(&trial, PRODUCT WHO FAST, &cloud[1]);
    FAILS(trial.rc, MLN_EINVAL, &trial.err,
            "the snapshot was begun for account 1111, and this is account 2222");
    assert_int_equal(cloud[1].asked, 1);
    end(&trial);
    /* It is as it was. */
    cloud[2].regions = 1;
    cloud[2].items = 10;
    cloud[2].account = "1111";
    run(&trial, PRODUCT WHO FAST, &cloud[2]);
    OK(trial.rc, &trial.err);
    assert_int_equal(trial.report.earlier, 4); /* Whose account it is was asked again. */
    assert_int_equal(cloud[2].asked, 1 + 8);
    end(&trial);
    (void)unlink(path);
    free(cloud);
}

static void a_file_of_another_plan_is_not_gone_on_with(void **state)
{
    char path[] = PATH;
    struct cloud *cloud = calloc(2, sizeof(*cloud));
    struct trial trial = { .rc = -100, .path = path };

    (void)state;
    make_path(path);
    cloud[0].regions = cloud[0].items = 1;
    cloud[0].stop_after = 2;
    run(&trial, PRODUCT FAST, &cloud[0]);
    end(&trial);
    trial.resume = true;
    run(&trial, PRODUCT SLOW, &cloud[1]);
    FAILS(trial.rc, MLN_ECONFIG, &trial.err, "was begun with another plan");
    end(&trial);
    (void)unlink(path);
    free(cloud);
}

/* ---- regions that cannot be listed ---- */

static void the_known_regions_are_asked_when_they_cannot_be_listed(void **state)
{
    struct cloud *cloud = calloc(1, sizeof(*cloud));
    struct trial trial = { .rc = -100 };

    (void)state;
    cloud->items = 1;
    cloud->denied = "DescribeRegions";
    run(&trial, PRODUCT FAST, cloud);
    OK(trial.rc, &trial.err);
    assert_int_equal(
            number(&trial, "select count(*) from ecs_item where region = 'cn-hangzhou'"), 1);
    assert_int_equal(
            number(&trial, "select count(*) from ecs_item where region like '%finance%'"), 0);
    assert_in_range(number(&trial, "select count(*) from ecs_item"), 25, 40);
    assert_int_equal(number(&trial, "select count(*) from ecs_region"), 0);
    assert_int_equal(
            number(&trial, "select count(*) from collect_call where outcome = 'denied'"), 1);
    assert_int_equal(number(&trial, "select count(*) from collect_call where outcome = 'ok'"),
            2 * number(&trial, "select count(*) from ecs_item"));
    end(&trial);
    free(cloud);
}

/* ---- progress ---- */

struct seen {
    struct cloud *cloud;
    int64_t last_us, last_calls, most_left_ms, most_known;
    size_t times;
};

static void see(void *ctx, const struct mln_collect_progress *progress)
{
    struct seen *seen = ctx;

    assert_non_null(progress->call);
    assert_true(progress->calls >= seen->last_calls);
    assert_true(progress->known >= progress->calls);
    if (seen->times > 0 && progress->known > progress->calls)
        assert_true(seen->cloud->now_us - seen->last_us >= 100000);
    seen->last_us = seen->cloud->now_us;
    seen->last_calls = progress->calls;
    if (progress->left_ms > seen->most_left_ms)
        seen->most_left_ms = progress->left_ms;
    if (progress->known > seen->most_known)
        seen->most_known = progress->known;
    seen->times++;
}

static void progress_is_told_now_and_then_with_what_is_left(void **state)
{
    struct cloud *cloud = calloc(1, sizeof(*cloud));
    struct seen seen = { .cloud = cloud };
    struct trial trial = { .rc = -100, .progress = see, .progress_ctx = &seen };

    (void)state;
    cloud->regions = 2;
    cloud->items = 500;
    run(&trial, PRODUCT FAST, cloud);
    OK(trial.rc, &trial.err);
    assert_int_equal(seen.last_calls, 1003);
    assert_int_equal(seen.most_known, 1003);
    /* 500 a region at 50 a second, less what was under way when it was told first. */
    assert_in_range(seen.most_left_ms, 8000, 10000);
    assert_in_range(seen.times, 50, 110);
    end(&trial);
    free(cloud);
}

/* ---- pages that come in any order ---- */

/* Each region's list goes on by itself, whichever answer comes first; one of them changes. */
static void lists_of_many_regions_are_each_read_to_their_end(void **state)
{
    (void)state;
    for (int newest_first = 0; newest_first <= 1; newest_first++) {
        struct cloud *cloud = calloc(1, sizeof(*cloud));
        struct trial trial = { .rc = -100 };

        cloud->regions = 12;
        cloud->items = 950;
        cloud->newest_first = newest_first == 1;
        cloud->grows_at = 3;
        run(&trial, PRODUCT, cloud);
        OK(trial.rc, &trial.err);
        assert_int_equal(number(&trial, "select count(*) from ecs_item"), 12 * 950 + 1);
        assert_int_equal(number(&trial, "select count(*) from collect_call where outcome = 'ok' "
                                        "and region <> 'r5' and pages = 10 and items = 950"),
                11);
        /* What grew between its pages was read once more: ten pages and ten. */
        assert_int_equal(number(&trial, "select count(*) from collect_call where outcome = 'ok' "
                                        "and region = 'r5' and pages = 20 and items = 951"),
                1);
        end(&trial);
        free(cloud);
    }
}

/* ---- odd transports and answers ---- */

static void a_request_that_is_answered_twice_ends_the_run(void **state)
{
    struct cloud *cloud = calloc(1, sizeof(*cloud));
    struct trial trial = { .rc = -100 };

    (void)state;
    cloud->regions = cloud->items = 1;
    cloud->twice = true;
    run(&trial,
            "product: ecs\ncode: Ecs\nversion: \"1\"\nstyle: rpc\nreach: account\nram: ecs\n"
            "calls:\n  - { action: GetOne, table: ecs_one, id: Id }\n"
            "  - { action: GetTwo, table: ecs_two, id: Id }\n",
            cloud);
    FAILS(trial.rc, MLN_EIO, &trial.err, "a request was answered twice");
    end(&trial);
    free(cloud);
}

static void a_token_that_cannot_be_sent_costs_its_call_alone(void **state)
{
    struct cloud *cloud = calloc(1, sizeof(*cloud));
    struct trial trial = { .rc = -100 };
    char *token = calloc(1, 2001);

    (void)state;
    memset(token, 'x', 2000);
    cloud->regions = cloud->items = 1;
    cloud->token = token;
    run(&trial,
            PRODUCT FAST "  - { action: ListTokens, page: { by: token, token: Tk, next: Next }, "
                         "table: ecs_token, list: Items, id: Id }\n",
            cloud);
    OK(trial.rc, &trial.err);
    assert_int_equal(number(&trial, "select count(*) from collect_call where call = "
                                    "'ecs:ListTokens' and outcome = 'failed' and message = 'a "
                                    "parameter is too long'"),
            1);
    assert_int_equal(trial.report.outcomes[MLN_OUTCOME_OK], 3);
    assert_int_equal(trial.report.calls, 4);
    end(&trial);
    free(token);
    free(cloud);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_slow_call_holds_up_no_other),
        cmocka_unit_test(a_slow_region_holds_up_no_other),
        cmocka_unit_test(slow_regions_leave_places_to_the_others),
        cmocka_unit_test(a_million_waiting_keys_take_few_places),
        cmocka_unit_test(a_call_is_asked_again_in_time_while_another_is_awaited),
        cmocka_unit_test(retries_are_spread_and_never_sooner_than_the_answer_says),
        cmocka_unit_test(what_comes_back_unanswered_after_a_stop_is_no_failure),
        cmocka_unit_test(what_was_read_before_the_credentials_ended_is_kept),
        cmocka_unit_test(a_run_that_is_killed_anywhere_repeats_nothing_recorded_and_loses_nothing),
        cmocka_unit_test(what_has_ended_is_written_before_a_wait),
        cmocka_unit_test(a_file_of_another_account_is_not_gone_on_with),
        cmocka_unit_test(a_file_of_another_plan_is_not_gone_on_with),
        cmocka_unit_test(the_known_regions_are_asked_when_they_cannot_be_listed),
        cmocka_unit_test(progress_is_told_now_and_then_with_what_is_left),
        cmocka_unit_test(lists_of_many_regions_are_each_read_to_their_end),
        cmocka_unit_test(a_request_that_is_answered_twice_ends_the_run),
        cmocka_unit_test(a_token_that_cannot_be_sent_costs_its_call_alone),
    };

    return cmocka_run_group_tests_name("executor", tests, NULL, NULL);
}
