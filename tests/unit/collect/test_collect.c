/* The executor over answers that a test writes: what is asked, what is kept, what it counts as. */
#include <sqlite3.h>
#include <stdio.h>
#include <unistd.h>

#include "collect/collect.h"
#include "rows.h"
#include "test.h"

#define ASKED_MAX      24
#define LINE_MAX_BYTES 120

#define PRODUCT                                                                              \
    "product: ecs\ncode: Ecs\nversion: \"1\"\nstyle: rpc\nreach: account\nram: ecs\n"        \
    "regions: ecs_region\nsites: [cn-hangzhou, ap-southeast-1]\nerrors: { Closed: "          \
    "not_activated, \"NoSuch*\": gone, Away: no_region, Without: absent, Odd: unsupported, " \
    "\"*NotSupport*\": not_applicable }\ncalls:\n"
#define REGIONS \
    "  - action: DescribeRegions\n    table: ecs_region\n    list: Regions.Region\n    id: RegionId\n"
#define INSTANCES                                                                                  \
    "  - action: DescribeInstances\n    reach: regions\n    request: { RegionId: \"{region}\" }\n" \
    "    table: ecs_instance\n    list: Instances\n    id: Id\n    columns: { vpc: Vpc text }\n"
#define DISKS                                                                                \
    "  - action: DescribeDisk\n    for_each: ecs_instance\n    request: { Id: \"{key}\" }\n" \
    "    table: ecs_disk\n    columns: { size: Size int }\n"
#define LIST(page) \
    "  - action: ListA\n    page: " page "\n    table: ecs_a\n    list: Items\n    id: Id\n"
#define ONE_REGION                                                                                \
    {                                                                                             \
        "ecs/DescribeRegions/_/_.1", 200, "{\"Regions\":{\"Region\":[{\"RegionId\":\"r1\"}]}}", 0 \
    }

/* An answer; `times` 0: always the same, else it is used up and the next of its name follows. */
struct script {
    const char *name;
    int status;
    const char *body;
    int times;
};

struct cloud {
    const struct script *rows;
    size_t count;
    int used[ASKED_MAX];
    const struct mln_collect_request *waiting[64];
    size_t waiting_count;
    bool newest_first, retry, xml, no_region;
    char asked[ASKED_MAX][LINE_MAX_BYTES]; /* Name and parameters. */
    size_t asked_count;
    int64_t pauses[20];
    size_t pause_count;
    volatile int stop;
    size_t stop_after;
};

static int submit(void *ctx, const struct mln_collect_request *request, struct mln_err *err)
{
    struct cloud *cloud = ctx;
    MLN_AUTO(mln_buf_free) struct mln_buf line = MLN_BUF_INIT(4096);

    (void)err;
    mln_replay_name(request, &line);
    for (size_t i = 0; i < request->param_count; i++)
        mln_buf_addf(&line, " %.*s=%.*s", MLN_FMT(request->params[i].name),
                MLN_FMT(request->params[i].value));
    if (request->host.len > 0)
        mln_buf_addf(&line, " @%.*s", MLN_FMT(request->host));
    if (request->path.len > 0)
        mln_buf_addf(&line, " %.*s", MLN_FMT(request->path));
    if (cloud->asked_count < ASKED_MAX)
        (void)snprintf(cloud->asked[cloud->asked_count], LINE_MAX_BYTES, "%.*s",
                MLN_FMT(mln_buf_str(&line)));
    cloud->asked_count++;
    if (cloud->stop_after > 0 && cloud->asked_count >= cloud->stop_after)
        cloud->stop = 1;
    assert_true(cloud->waiting_count < 64);
    cloud->waiting[cloud->waiting_count++] = request;
    return MLN_OK;
}

static const struct script *find(struct cloud *cloud, struct mln_str name)
{
    for (size_t i = 0; i < cloud->count; i++) {
        if (!mln_str_is(name, cloud->rows[i].name) ||
                (cloud->rows[i].times > 0 && cloud->used[i] >= cloud->rows[i].times))
            continue;
        cloud->used[i]++;
        return &cloud->rows[i];
    }
    return NULL;
}

static int next(void *ctx, int64_t wait_ms, struct mln_collect_answer *out, struct mln_err *err)
{
    struct cloud *cloud = ctx;
    MLN_AUTO(mln_buf_free) struct mln_buf name = MLN_BUF_INIT(4096);
    const struct script *row;
    size_t at = cloud->newest_first ? cloud->waiting_count - 1 : 0;

    (void)wait_ms;
    if (cloud->waiting_count == 0)
        return mln_fail(err, MLN_ENOTFOUND, "nothing");
    *out = (struct mln_collect_answer){
        .request = cloud->waiting[at], .retry = cloud->retry, .retry_after_ms = -1
    };
    cloud->waiting_count--;
    for (size_t i = at; i < cloud->waiting_count; i++)
        cloud->waiting[i] = cloud->waiting[i + 1];
    mln_replay_name(out->request, &name);
    row = find(cloud, mln_buf_str(&name));
    if (row == NULL) {
        (void)snprintf(out->failure, sizeof(out->failure), "not recorded");
        out->no_region = cloud->no_region;
        return MLN_OK;
    }
    out->status = row->status;
    out->body = mln_str_of(row->body);
    out->is_xml = cloud->xml;
    return MLN_OK;
}

static void note_pause(void *ctx, int64_t ms)
{
    struct cloud *cloud = ctx;

    if (cloud->pause_count < MLN_LEN(cloud->pauses))
        cloud->pauses[cloud->pause_count] = ms;
    cloud->pause_count++;
}

/* A run of one plan over one script. */
struct trial {
    struct mln_plan *plan;
    struct mln_snapshot *snapshot;
    struct mln_collect_report report;
    struct mln_err err;
    int rc;
    const char *account, *path;
    bool resume;
};

static void run(struct trial *trial, const char *text, struct cloud *cloud)
{
    const struct mln_plan_file file = { .name = "ecs.yaml", .text = mln_str_of(text) };
    struct mln_collect_transport transport = {
        .in_flight_max = 8, .submit = submit, .next = next, .pause = note_pause, .ctx = cloud
    };
    struct mln_collect_options options = {
        .account_id = mln_str_of(trial->account != NULL ? trial->account : "1234"),
        .clock = mln_clock_system(),
        .stop = &cloud->stop,
    };

    OK(mln_plan_load(&file, 1, &trial->plan, &trial->err), &trial->err);
    if (trial->resume)
        OK(mln_snapshot_resume(
                   trial->path, mln_plan_schema(trial->plan), &trial->snapshot, &trial->err),
                &trial->err);
    else
        OK(mln_snapshot_create(
                   trial->path, mln_plan_schema(trial->plan), &trial->snapshot, &trial->err),
                &trial->err);
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

static void expect(struct trial *trial, const char *sql, const char *want)
{
    expect_rows(trial->snapshot, sql, want);
}

static void check(const char *plan, const struct script *rows, size_t count, const char *sql,
        const char *want)
{
    struct cloud cloud = { .rows = rows, .count = count };
    struct trial trial = { .rc = -100 };

    run(&trial, plan, &cloud);
    OK(trial.rc, &trial.err);
    expect(&trial, sql, want);
    end(&trial);
}
#define CHECK(plan, rows, sql, want) check(plan, rows, MLN_LEN(rows), sql, want)
#define CALLS                        "select call, region, key, outcome, code, message from collect_call order by 1, 2, 3"

/* ---- order, regions, rows ---- */

static const struct script three_instances[] = {
    { "ecs/DescribeRegions/_/_.1", 200,
            "{\"Regions\":{\"Region\":[{\"RegionId\":\"r1\"},{\"RegionId\":\"r2\"}]}}", 0 },
    { "ecs/DescribeInstances/r1/_.1", 200,
            "{\"Instances\":[{\"Id\":\"i1\",\"Vpc\":\"v\"},{\"Id\":\"i2\"}]}", 0 },
    { "ecs/DescribeInstances/r2/_.1", 200, "{\"Instances\":[{\"Id\":\"i3\"}]}", 0 },
    { "ecs/DescribeDisk/r1/i1.1", 200, "{\"RequestId\":\"a\",\"Size\":10}", 0 },
    { "ecs/DescribeDisk/r1/i2.1", 200, "{\"RequestId\":\"b\",\"Size\":\"20\"}", 0 },
    { "ecs/DescribeDisk/r2/i3.1", 200, "{\"RequestId\":\"c\",\"Size\":30}", 0 },
};

static void asks_for_regions_then_instances_then_each_of_them(void **state)
{
    for (int newest_first = 0; newest_first <= 1; newest_first++) {
        struct cloud cloud = { .rows = three_instances,
            .count = MLN_LEN(three_instances),
            .newest_first = newest_first == 1 };
        struct trial trial = { .rc = -100 };

        (void)state;
        /* The order in the file does not matter. */
        run(&trial, PRODUCT DISKS INSTANCES REGIONS, &cloud);
        OK(trial.rc, &trial.err);
        assert_string_equal(cloud.asked[0], "ecs/DescribeRegions/_/_.1");
        assert_string_equal(cloud.asked[1], "ecs/DescribeInstances/r1/_.1 RegionId=r1");
        assert_string_equal(cloud.asked[3], "ecs/DescribeDisk/r1/i1.1 Id=i1");
        expect(&trial, "select id, parent, region, size, answer from ecs_disk order by 1",
                "i1,i1,r1,10,ok | i2,i2,r1,20,ok | i3,i3,r2,30,ok");
        expect(&trial, "select id, region, vpc from ecs_instance order by 1",
                "i1,r1,v | i2,r1,NULL | i3,r2,NULL");
        expect(&trial, "select count(*) from plan_call where done = 1", "3");
        expect(&trial, "select id, region from account", "1234,global");
        expect(&trial, "select value from meta where name = 'account_id'", "1234");
        expect(&trial, "select request_id, items, pages from collect_call where key = 'i2'",
                "b,1,1");
        assert_int_equal(trial.report.calls, 6);
        assert_int_equal(trial.report.outcomes[MLN_OUTCOME_OK], 6);
        assert_int_equal(trial.report.pages, 6);
        assert_int_equal(trial.report.rows, 9); /* With the account. */
        end(&trial);
    }
}

static void a_call_without_parents_is_done_and_without_a_list_is_failed(void **state)
{
    static const struct script rows[] = { ONE_REGION };

    (void)state;
    CHECK(PRODUCT REGIONS INSTANCES DISKS, rows, CALLS,
            "ecs:DescribeInstances,r1,,failed,,not recorded | ecs:DescribeRegions,,,ok,,");
    CHECK(PRODUCT REGIONS INSTANCES DISKS, rows, "select count(*) from plan_call where done", "3");
}

static void a_call_per_site_has_the_site_as_region(void **state)
{
    static const struct script rows[] = {
        { "ecs/ListA/cn-hangzhou/_.1", 200, "{\"Items\":[{\"Id\":\"a\"}]}", 0 },
        { "ecs/ListA/ap-southeast-1/_.1", 200, "{\"Items\":[{\"Id\":\"b\"}]}", 0 },
    };

    (void)state;
    CHECK(PRODUCT "  - action: ListA\n    reach: sites\n    request: { R: \"{region}\", A: "
                  "\"{account}\" }\n    table: ecs_a\n    list: Items\n    id: Id\n",
            rows, "select id, region, parent from ecs_a order by 1",
            "a,cn-hangzhou, | b,ap-southeast-1,");
}

static void nested_rows_hang_on_the_row_around_them(void **state)
{
    static const struct script rows[] = { { "ecs/ListA/_/_.1", 200,
            "{\"Items\":[{\"Id\":\"a\",\"Ips\":{\"Ip\":[\"1.1.1.1\",\"2.2.2.2\"]}},{\"Id\":\"b\"}]}",
            0 } };

    (void)state;
    CHECK(PRODUCT "  - action: ListA\n    table: ecs_a\n    list: Items\n    id: Id\n    rows:\n"
                  "      - { table: ecs_ip, list: Ips.Ip, columns: { ip: . text, kind: =any } }\n",
            rows, "select parent, ip, kind from ecs_ip order by 2",
            "a,1.1.1.1,any | a,2.2.2.2,any");
}

/* ---- parameters ---- */

static void columns_of_the_query_fill_the_request_and_null_leaves_out(void **state)
{
    struct cloud cloud = { .rows = three_instances, .count = MLN_LEN(three_instances) };
    struct trial trial = { .rc = -100 };

    (void)state;
    run(&trial,
            PRODUCT REGIONS INSTANCES
            "  - action: GetB\n    for_each: select id as key, region, vpc from ecs_instance where "
            "region = 'r1'\n    request: { A: \"<{vpc}>\", B: \"{key}/{region}\", C: \"{}{\" }\n",
            &cloud);
    OK(trial.rc, &trial.err);
    assert_string_equal(cloud.asked[3], "ecs/GetB/r1/i1.1 A=<v> B=i1/r1 C={}{");
    assert_string_equal(cloud.asked[4], "ecs/GetB/r1/i2.1 B=i2/r1 C={}{");
    end(&trial);
}

/* A value is one segment of a path, and leads nowhere else. */
static void a_path_takes_keys_as_they_are_and_none_that_lead_away(void **state)
{
    static const struct script rows[] = { { "cs/ListA/_/_.1", 200,
            "{\"Items\":[{\"Id\":\"a/b?c d\"},{\"Id\":\"..\"},{\"Id\":\".\"},{\"Id\":\"...\"}]}",
            0 } };
    struct cloud cloud = { .rows = rows, .count = MLN_LEN(rows) };
    struct trial trial = { .rc = -100 };

    (void)state;
    run(&trial,
            "product: cs\ncode: CS\nversion: \"1\"\nstyle: roa\nreach: account\nram: cs\ncalls:\n"
            "  - { action: ListA, path: /things, table: cs_a, list: Items, id: Id }\n"
            "  - { action: GetA, path: \"/things/{key}/part\", for_each: cs_a }\n",
            &cloud);
    OK(trial.rc, &trial.err);
    assert_int_equal(cloud.asked_count, 3);
    assert_string_equal(cloud.asked[0], "cs/ListA/_/_.1 /things");
    assert_non_null(strstr(cloud.asked[1], " /things/.../part"));
    assert_non_null(strstr(cloud.asked[2], " /things/a%2Fb%3Fc%20d/part"));
    expect(&trial,
            "select key, outcome, message from collect_call where message like '%path%' order by 1",
            ".,failed,there is no {key} for the path of the call | "
            "..,failed,there is no {key} for the path of the call");
    end(&trial);
}

static void a_host_comes_from_the_resource_where_it_names_one(void **state)
{
    static const struct script rows[] = { { "ecs/ListA/_/_.1", 200,
            "{\"Items\":[{\"Id\":\"a\",\"Host\":\"x.aliyuncs.com\"},{\"Id\":\"b\"},"
            "{\"Id\":\"c\",\"Host\":\"evil.test/?\"},{\"Id\":\"d\",\"Host\":\"a:b@evil.test\"}]}",
            0 } };
    struct cloud cloud = { .rows = rows, .count = MLN_LEN(rows) };
    struct trial trial = { .rc = -100 };

    (void)state;
    run(&trial,
            PRODUCT
            "  - { action: ListA, table: ecs_a, list: Items, id: Id, columns: { host: Host text } }\n"
            "  - { action: GetA, host: \"{host}\",\n"
            "      for_each: \"select id as key, region, host from ecs_a\" }\n",
            &cloud);
    OK(trial.rc, &trial.err);
    assert_int_equal(cloud.asked_count, 3);
    assert_string_equal(cloud.asked[1], "ecs/GetA/_/a.1 @x.aliyuncs.com");
    assert_string_equal(cloud.asked[2], "ecs/GetA/_/b.1");
    expect(&trial, "select group_concat(key) from collect_call where message like '%its host%'",
            "c,d");
    end(&trial);
}

static void a_key_with_two_meanings_is_not_asked_for(void **state)
{
    (void)state;
    CHECK(PRODUCT REGIONS INSTANCES
            "  - action: GetB\n    for_each: select 'x' as key, 'r' as region, id from ecs_instance\n",
            three_instances,
            "select key, outcome, message from collect_call where call = 'ecs:GetB'",
            "x,failed,the query of the plan gives this key twice, with different columns");
}

static void a_batch_asks_for_many_and_records_each(void **state)
{
    struct cloud cloud = { .rows = three_instances, .count = MLN_LEN(three_instances) };
    struct trial trial = { .rc = -100 };

    (void)state;
    run(&trial,
            PRODUCT REGIONS INSTANCES
            "  - action: ListB\n    for_each: ecs_instance\n    batch: 10\n    request: { A: "
            "\"{keys}\", B: \"{keys_json}\" }\n    table: ecs_b\n    list: Items\n    id: Id\n",
            &cloud);
    OK(trial.rc, &trial.err);
    assert_string_equal(cloud.asked[3], "ecs/ListB/r1/i1.1 A=i1,i2 B=[\"i1\",\"i2\"]");
    assert_string_equal(cloud.asked[4], "ecs/ListB/r2/i3.1 A=i3 B=[\"i3\"]");
    expect(&trial, "select key, outcome from collect_call where call = 'ecs:ListB' order by 1",
            "i1,failed | i2,failed | i3,failed");
    end(&trial);
}

static void a_variant_that_fails_makes_the_call_unread(void **state)
{
    static const char plan[] = PRODUCT
            "  - action: ListA\n    variants: { T: [x, y] }\n    page: { by: number, number: "
            "N, total: T }\n    table: ecs_a\n    list: Items\n    id: Id\n";
    static const struct script both[] = {
        { "ecs/ListA/_/x.1", 200, "{\"T\":1,\"Items\":[{\"Id\":\"a\"}]}", 0 },
        { "ecs/ListA/_/y.1", 200, "{\"T\":1,\"Items\":[{\"Id\":\"b\"}]}", 0 },
    };

    (void)state;
    CHECK(plan, both, "select group_concat(id) from ecs_a", "a,b");
    CHECK(plan, both, "select key, outcome, items, pages, total from collect_call", ",ok,2,2,2");
    check(plan, both, 1, "select outcome, message, items from collect_call",
            "failed,not recorded,1");
    check(plan, both + 1, 1, "select outcome, message, items from collect_call",
            "failed,not recorded,1");
}

/* ---- pages ---- */

static void pages_end_where_the_total_or_the_token_says(void **state)
{
    static const struct script numbers[] = {
        { "ecs/ListA/_/_.1", 200, "{\"T\":3,\"Items\":[{\"Id\":\"a\"},{\"Id\":\"b\"}]}", 0 },
        { "ecs/ListA/_/_.2", 200, "{\"T\":\"3\",\"Items\":[{\"Id\":\"c\"}]}", 0 },
    };
    static const struct script tokens[] = {
        { "ecs/ListA/_/_.1", 200, "{\"N\":\"t1\",\"Items\":[{\"Id\":\"a\"}]}", 0 },
        { "ecs/ListA/_/_.2", 200, "{\"N\":\"t2\",\"Items\":[]}", 0 },
        { "ecs/ListA/_/_.3", 200, "{\"N\":\"\",\"Items\":[{\"Id\":\"b\"}]}", 0 },
    };
    struct cloud cloud = { .rows = tokens, .count = MLN_LEN(tokens) };
    struct trial trial = { .rc = -100 };

    (void)state;
    CHECK(PRODUCT LIST("{ by: number, number: P, size: S, max: 2, total: T }"), numbers,
            "select outcome, items, pages, total from collect_call", "ok,3,2,3");
    CHECK(PRODUCT LIST("{ by: number, number: P, size: S, max: 2 }"), numbers,
            "select outcome, items, pages, total from collect_call", "ok,3,2,-1");
    run(&trial, PRODUCT LIST("{ by: token, token: Tk, next: N, size: S, max: 7 }"), &cloud);
    OK(trial.rc, &trial.err);
    expect(&trial, "select outcome, items, pages from collect_call", "ok,2,3");
    assert_string_equal(cloud.asked[0], "ecs/ListA/_/_.1 S=7");
    assert_string_equal(cloud.asked[1], "ecs/ListA/_/_.2 Tk=t1 S=7");
    assert_string_equal(cloud.asked[2], "ecs/ListA/_/_.3 Tk=t2 S=7");
    end(&trial);
}

static void an_empty_page_in_the_middle_is_not_the_end(void **state)
{
    static const struct script rows[] = {
        { "ecs/ListA/_/_.1", 200, "{\"T\":5,\"Items\":[{\"Id\":\"a\"},{\"Id\":\"b\"}]}", 0 },
        { "ecs/ListA/_/_.2", 200, "{\"T\":5,\"Items\":[]}", 0 },
        { "ecs/ListA/_/_.3", 200,
                "{\"T\":5,\"Items\":[{\"Id\":\"c\"},{\"Id\":\"d\"},{\"Id\":\"e\"}]}", 0 },
    };

    (void)state;
    CHECK(PRODUCT LIST("{ by: number, number: P, size: S, max: 2, total: T }"), rows,
            "select outcome, items, pages from collect_call", "ok,5,3");
}

static void a_list_that_lacks_items_is_read_again_and_then_failed(void **state)
{
    static const struct script rows[] = {
        { "ecs/ListA/_/_.1", 200, "{\"T\":3,\"Items\":[{\"Id\":\"a\"}]}", 0 },
        { "ecs/ListA/_/_.2", 200, "{\"T\":3,\"Items\":[]}", 0 },
        { "ecs/ListA/_/_.3", 200, "{\"T\":3,\"Items\":[]}", 0 },
    };
    static const struct script heals[] = {
        { "ecs/ListA/_/_.1", 200, "{\"T\":3,\"Items\":[{\"Id\":\"a\"}]}", 1 },
        { "ecs/ListA/_/_.1", 200, "{\"T\":1,\"Items\":[{\"Id\":\"b\"}]}", 0 },
        { "ecs/ListA/_/_.2", 200, "{\"T\":3,\"Items\":[]}", 0 },
    };
    static const struct script twice[] = {
        { "ecs/ListA/_/_.1", 200, "{\"T\":4,\"Items\":[{\"Id\":\"a\"},{\"Id\":\"b\"}]}", 0 },
        { "ecs/ListA/_/_.2", 200, "{\"T\":4,\"Items\":[{\"Id\":\"b\"},{\"Id\":\"c\"}]}", 0 },
    };

    (void)state;
    CHECK(PRODUCT LIST("{ by: number, number: P, size: S, max: 1, total: T }"), rows,
            "select outcome, message, items, total, pages, (select count(*) from ecs_a) from "
            "collect_call",
            "failed,incomplete: 1 of 3,1,3,6,1");
    CHECK(PRODUCT LIST("{ by: number, number: P, size: S, max: 3, total: T }"), heals,
            "select outcome, items, (select group_concat(id) from ecs_a) from collect_call",
            "ok,1,b");
    /* What came twice is one. */
    CHECK(PRODUCT LIST("{ by: number, number: P, size: S, max: 2, total: T }"), twice,
            "select outcome, message from collect_call", "failed,incomplete: 3 of 4");
}

static void pages_that_go_in_circles_are_found(void **state)
{
    static const struct script same[] = {
        { "ecs/ListA/_/_.1", 200, "{\"T\":9,\"M\":true,\"Items\":[{\"Id\":\"a\"}]}", 0 },
        { "ecs/ListA/_/_.2", 200, "{\"T\":9,\"M\":true,\"Items\":[{\"Id\":\"a\"}]}", 0 },
    };
    static const struct script circle[] = {
        { "ecs/ListA/_/_.1", 200, "{\"N\":\"x\",\"Items\":[]}", 0 },
        { "ecs/ListA/_/_.2", 200, "{\"N\":\"y\",\"Items\":[]}", 0 },
        { "ecs/ListA/_/_.3", 200, "{\"N\":\"z\",\"Items\":[]}", 0 },
        { "ecs/ListA/_/_.4", 200, "{\"N\":\"y\",\"Items\":[]}", 0 },
    };
    static const struct script no_token[] = { { "ecs/ListA/_/_.1", 200,
            "{\"M\":\"true\",\"N\":null,\"Items\":[{\"Id\":\"a\"}]}", 0 } };
    static const struct script no_more[] = { { "ecs/ListA/_/_.1", 200,
            "{\"M\":\"False\",\"N\":\"t\",\"Items\":[{\"Id\":\"a\"}]}", 0 } };

    (void)state;
    CHECK(PRODUCT LIST("{ by: number, number: P, total: T }"), same,
            "select outcome, message from collect_call",
            "failed,page 2 begins like the page before it");
    CHECK(PRODUCT LIST("{ by: number, number: P, more: M }"), same,
            "select outcome, message from collect_call",
            "failed,page 2 begins like the page before it");
    CHECK(PRODUCT LIST("{ by: token, token: Tk, next: N }"), circle,
            "select outcome, message from collect_call",
            "failed,the token after page 4 was there before");
    CHECK(PRODUCT LIST("{ by: token, token: Tk, next: N, more: M }"), no_token,
            "select outcome, message from collect_call",
            "failed,there is more after page 1, but no token for it");
    CHECK(PRODUCT LIST("{ by: token, token: Tk, next: N, more: M }"), no_more,
            "select outcome, items from collect_call", "ok,1");
}

static void an_error_on_a_later_page_is_never_an_answer(void **state)
{
    static const struct script rows[] = {
        { "ecs/ListA/_/_.1", 200, "{\"N\":\"t1\",\"Items\":[{\"Id\":\"a\"}]}", 0 },
        { "ecs/ListA/_/_.2", 400, "{\"Code\":\"Closed\",\"Message\":\"m\"}", 0 },
    };

    (void)state;
    CHECK(PRODUCT LIST("{ by: token, token: Tk, next: N }"), rows,
            "select outcome, code, items from collect_call", "failed,Closed,1");
}

/* ---- answers that are none ---- */

static const struct {
    int status;
    const char *body, *outcome;
} answers[] = {
    { 200, "", "failed,,an empty answer" },
    { 200, " \n", "failed,,an empty answer" },
    { 200, "<html><body>login</body></html>", "failed,,the answer is a page and not JSON" },
    { 200, "[]", "failed,,the answer is no JSON object, or an empty one" },
    { 200, "{}", "failed,,the answer is no JSON object, or an empty one" },
    { 200, "null", "failed,,the answer is no JSON object, or an empty one" },
    { 200, "{\"RequestId\":\"x\"}", "failed,,call 'ecs:ListA': the answer has no 'Items'" },
    { 200, "{\"Items\":7}", "failed,,call 'ecs:ListA': the list for table 'ecs_a' is not a list" },
    { 200, "{\"Items\":[{\"Name\":\"x\"}]}",
            "failed,,call 'ecs:ListA': an element for table 'ecs_a' has no id" },
    { 200, "{\"Code\":\"InternalError\",\"Message\":\"m\"}", "failed,InternalError,m" },
    { 200, "{\"Code\":\"Closed\",\"Message\":\"m\"}", "not_activated,Closed,m" },
    { 200, "{\"Success\":false,\"Code\":\"Odd\",\"Items\":[]}", "unsupported,Odd," },
    { 200, "{\"Success\":\"False\",\"Items\":[]}", "failed,,the answer says that it failed" },
    { 200, "{\"Code\":\"200\",\"Success\":true,\"Items\":[]}", "ok,," },
    { 200, "{\"Code\":200,\"Items\":[]}", "ok,," },
    { 204, "", "failed,,an empty answer" },
    { 301, "", "failed,,HTTP status 301 without an error code" },
    { 400, "{\"Code\":\"Throttling.User\",\"Message\":\"slow\"}",
            "throttled,Throttling.User,slow" },
    { 400, "{\"Code\":\"Away\"}", "no_region,Away," },
    { 200, "{\"Code\":\"NoPermission\",\"Items\":[]}", "denied,NoPermission," },
    { 200, "{\"Code\":\"Bad\",\"Items\":null}", "failed,Bad," },
    { 200, "{\"success\":false,\"Items\":[]}", "failed,,the answer says that it failed" },
    { 400, "{\"Code\":\"Without\"}", "absent,Without," },
    { 400, "{\"Code\":\"X.NotSupported\"}", "not_applicable,X.NotSupported," },
    { 400, "{\"Code\":\"NoSuchThing\"}",
            "failed,NoSuchThing,it is gone, and the plan does not say from which table" },
    { 400, "{\"Code\":\"AwayFarther\"}", "failed,AwayFarther," },
    { 403, "{\"Code\":\"Whatever\"}", "denied,Whatever," },
    { 403, "<Error><Code>AccessDenied</Code><Message>no</Message></Error>",
            "denied,AccessDenied,no" },
    { 400, "{\"Code\":\"NoPermission.X\"}", "denied,NoPermission.X," },
    { 403, "{\"Code\":\"InvalidAccessKeyId\",\"Message\":\"CANARY\"}",
            "failed,InvalidAccessKeyId,the access key is not known there: check profile and endpoint" },
    { 401, "", "failed,,HTTP status 401 without an error code" },
    { 403, "<html><body>Sign in</body></html>", "failed,,HTTP status 403 without an error code" },
    { 404, "{\"Code\":\"Forbidden.RAM\"}", "denied,Forbidden.RAM," },
    { 429, "nginx", "throttled,,HTTP status 429 without an error code" },
    { 503, "<html>", "throttled,,HTTP status 503 without an error code" },
    { 500, "{\"Code\":\"A\\nB\",\"Message\":\"x\\u001b[2J\"}", "failed,A\\x0AB,x\\x1B[2J" },
    { 500, "{\"Code\":\"E\",\"Message\":\"key LTAI5tAbCdEfGhIjKlMnOpQr is bad\"}",
            "failed,E,key [redacted] is bad" },
    /* What was signed, and with what, is not repeated. */
    { 400, "{\"Code\":\"SignatureDoesNotMatch\",\"Message\":\"StringToSign is [CANARY]\"}",
            "failed,SignatureDoesNotMatch,the signature does not match: the profile's secret does "
            "not belong to its key" },
    { 400, "{\"Code\":\"SignatureDoesNotMatch.V3\",\"Message\":\"StringToSign is [CANARY]\"}",
            "failed,SignatureDoesNotMatch.V3,the signature does not match: the profile's secret does "
            "not belong to its key" },
    { 400, "{\"Code\":\"IncompleteSignature.X\",\"Message\":\"CANARY\"}",
            "failed,IncompleteSignature.X,the signature was refused" },
};

static void what_is_no_answer_is_never_an_empty_list(void **state)
{
    (void)state;
    for (size_t i = 0; i < MLN_LEN(answers); i++) {
        const struct script row = { "ecs/ListA/_/_.1", answers[i].status, answers[i].body, 0 };

        check(PRODUCT "  - action: ListA\n    table: ecs_a\n    list: Items\n    id: Id\n", &row, 1,
                "select outcome, code, message from collect_call", answers[i].outcome);
        check(PRODUCT "  - action: ListA\n    table: ecs_a\n    list: Items\n    id: Id\n", &row, 1,
                "select count(*) from ecs_a", "0");
    }
}

static void json_that_is_cut_short_is_failed(void **state)
{
    static const struct script row[] = { { "ecs/ListA/_/_.1", 200,
            "{\"Items\":[{\"Id\":\"a\"},{\"Id\":", 0 } };

    (void)state;
    CHECK(PRODUCT "  - action: ListA\n    table: ecs_a\n    list: Items\n    id: Id\n", row,
            "select outcome, substr(message, 1, 26), (select count(*) from ecs_a) from collect_call",
            "failed,the answer cannot be read:,0");
}

static void an_empty_list_may_be_left_out_when_the_total_is_zero(void **state)
{
    static const struct script none[] = { { "ecs/ListA/_/_.1", 200, "{\"T\":0}", 0 } };
    static const struct script some[] = { { "ecs/ListA/_/_.1", 200, "{\"T\":2}", 0 } };

    (void)state;
    CHECK(PRODUCT LIST("{ by: number, number: P, total: T }"), none,
            "select outcome, total from collect_call", "ok,0");
    CHECK(PRODUCT LIST("{ by: number, number: P, total: T }"), some,
            "select outcome, message from collect_call",
            "failed,call 'ecs:ListA': the answer has no 'Items'");
}

/* ---- outcomes ---- */

static void a_table_with_one_row_per_call_says_how_it_ended(void **state)
{
    static const struct script rows[] = {
        ONE_REGION,
        { "ecs/DescribeInstances/r1/_.1", 200,
                "{\"Instances\":[{\"Id\":\"a\"},{\"Id\":\"b\"},{\"Id\":\"c\"},{\"Id\":\"d\"},{\"Id\":\"e\"}]}",
                0 },
        { "ecs/DescribeDisk/r1/a.1", 400, "{\"Code\":\"Without\"}", 0 },
        { "ecs/DescribeDisk/r1/b.1", 403, "{\"Code\":\"Forbidden.RAM\"}", 0 },
        { "ecs/DescribeDisk/r1/c.1", 404, "{\"Code\":\"NoSuchInstance\"}", 0 },
        { "ecs/DescribeDisk/r1/d.1", 200, "{\"Size\":null}", 0 },
        { "ecs/DescribeDisk/r1/e.1", 200, "{\"RequestId\":\"x\"}", 0 },
    };

    (void)state;
    CHECK(PRODUCT REGIONS INSTANCES DISKS, rows,
            "select id, answer, answer_code, size from ecs_disk order by 1",
            "a,absent,Without,NULL | d,ok,,NULL");
    CHECK(PRODUCT REGIONS INSTANCES DISKS, rows, "select group_concat(id) from ecs_instance",
            "a,b,d,e");
    CHECK(PRODUCT REGIONS INSTANCES DISKS, rows,
            "select key, outcome from collect_call where key <> '' order by 1",
            "a,absent | b,denied | c,gone | d,ok | e,failed");
}

static void a_fallback_asks_for_what_was_denied(void **state)
{
    static const struct script rows[] = {
        ONE_REGION,
        { "ecs/DescribeInstances/r1/_.1", 200, "{\"Instances\":[{\"Id\":\"a\"},{\"Id\":\"b\"}]}",
                0 },
        { "ecs/DescribeDisk/r1/a.1", 200, "{\"RequestId\":\"x\"}", 0 },
        { "ecs/DescribeDisk/r1/b.1", 403, "{\"Code\":\"Forbidden.RAM\"}", 0 },
        { "ecs/GetOther/r1/b.1", 200, "{\"RequestId\":\"x\",\"V\":\"v\"}", 0 },
    };

    (void)state;
    CHECK(PRODUCT REGIONS INSTANCES DISKS
            "  - action: GetOther\n    for_each: select key, region from collect_call where call = "
            "'ecs:DescribeDisk' and outcome = 'denied'\n    table: ecs_other\n    columns: { v: V "
            "text }\n",
            rows, "select id, region, v from ecs_other", "b,r1,v");
}

static void throttling_is_waited_for_and_then_given_up(void **state)
{
    static const struct script always[] = { { "ecs/ListA/_/_.1", 400, "{\"Code\":\"Throttling\"}",
            0 } };
    static const struct script twice[] = {
        { "ecs/ListA/_/_.1", 400, "{\"Code\":\"Throttling\"}", 2 },
        { "ecs/ListA/_/_.1", 200, "{\"Items\":[]}", 0 },
    };
    static const char plan[] = PRODUCT
            "  - action: ListA\n    table: ecs_a\n    list: Items\n    id: Id\n";
    struct cloud cloud = { .rows = always, .count = 1, .retry = true };
    struct cloud better = { .rows = twice, .count = 2, .retry = true };
    struct cloud recording = { .rows = always, .count = 1 };
    struct trial trial = { .rc = -100 };

    (void)state;
    run(&trial, plan, &cloud);
    OK(trial.rc, &trial.err);
    expect(&trial, "select outcome, code from collect_call", "throttled,Throttling");
    assert_int_equal(cloud.asked_count, 6);
    assert_int_equal(cloud.pause_count, 5);
    assert_in_range(cloud.pauses[0], 900, 1000);
    assert_in_range(cloud.pauses[4], 15900, 16000);
    assert_int_equal(trial.report.outcomes[MLN_OUTCOME_THROTTLED], 1);
    end(&trial);
    run(&trial, plan, &better);
    expect(&trial, "select outcome, pages from collect_call", "ok,1");
    assert_int_equal(better.pause_count, 2);
    end(&trial);
    run(&trial, plan, &recording);
    expect(&trial, "select outcome from collect_call", "throttled");
    assert_int_equal(recording.asked_count, 1);
    end(&trial);
}

static void a_product_without_a_host_in_the_region_is_not_there(void **state)
{
    static const struct script rows[] = { ONE_REGION };
    struct cloud cloud = { .rows = rows, .count = MLN_LEN(rows), .no_region = true };
    struct trial trial = { .rc = -100 };

    (void)state;
    run(&trial, PRODUCT REGIONS INSTANCES, &cloud);
    OK(trial.rc, &trial.err);
    expect(&trial, "select outcome from collect_call where region = 'r1'", "no_region");
    end(&trial);
}

/* ---- decoding ---- */

static void a_table_in_a_text_is_taken_apart(void **state)
{
    /* user,note / a,"x, ""y""" / b, */
    static const struct script rows[] = { { "ecs/GetA/_/_.1", 200,
            "{\"C\":\"dXNlcixub3RlDQphLCJ4LCAiInkiIiINCmIsDQo=\"}", 0 } };
    static const struct script broken[] = { { "ecs/GetA/_/_.1", 200, "{\"C\":\"dXNlcixub3RlCmE=\"}",
            0 } };
    static const struct script no_text[] = { { "ecs/GetA/_/_.1", 200, "{\"C\":\"!\"}", 0 } };
    static const char plan[] = PRODUCT
            "  - action: GetA\n    decode: base64_csv\n    item: C\n    table: ecs_a\n    id: "
            "user\n    columns: { note: note text }\n";

    (void)state;
    CHECK(plan, rows, "select id, note from ecs_a order by 1", "a,x, \"y\" | b,");
    CHECK(plan, broken, "select outcome, message from collect_call",
            "failed,a line of the table has 1 fields and its heading 2");
    CHECK(plan, no_text, "select outcome, message from collect_call",
            "failed,the table is no base64");
}

static void a_table_goes_on_over_pages_with_or_without_its_heading(void **state)
{
    /* user,n / a,1 -- b,2 -- user,n / c,3 */
    static const struct script rows[] = {
        { "ecs/GetA/_/_.1", 200, "{\"C\":\"dXNlcixuCmEsMQo=\",\"N\":\"t\"}", 0 },
        { "ecs/GetA/_/_.2", 200, "{\"C\":\"YiwyCg==\",\"N\":\"u\"}", 0 },
        { "ecs/GetA/_/_.3", 200, "{\"C\":\"dXNlcixuCmMsMwo=\"}", 0 },
    };

    (void)state;
    CHECK(PRODUCT
            "  - action: GetA\n    decode: base64_csv\n    page: { by: token, token: T, next: N }\n"
            "    item: C\n    table: ecs_a\n    id: user\n    columns: { n: n int }\n",
            rows, "select id, n from ecs_a order by 1", "a,1 | b,2 | c,3");
}

static void xml_is_read_like_json(void **state)
{
    static const struct script rows[] = {
        { "oss/ListBuckets/_/_.1", 200,
                "<R><Buckets><Bucket><Name>a</Name></Bucket></Buckets><IsTruncated>false</IsTruncated>"
                "</R>",
                0 },
        { "oss/GetBucketLogging/_/a.1", 200, "<BucketLoggingStatus/>", 0 },
    };
    struct cloud cloud = { .rows = rows, .count = MLN_LEN(rows), .xml = true };
    struct trial trial = { .rc = -100 };

    (void)state;
    run(&trial,
            "product: oss\ncode: Oss\nversion: \"1\"\nstyle: oss\nreach: account\nram: oss\ncalls:\n"
            "  - action: ListBuckets\n    page: { by: token, token: marker, next: NextMarker, more: "
            "IsTruncated }\n    table: oss_bucket\n    list: Buckets.Bucket\n    id: Name\n"
            "  - action: GetBucketLogging\n    for_each: oss_bucket\n    request: { bucket: "
            "\"{key}\", logging: }\n    table: oss_logging\n    columns: { t: LoggingEnabled.T text "
            "}\n",
            &cloud);
    OK(trial.rc, &trial.err);
    expect(&trial, CALLS, "oss:GetBucketLogging,,a,ok,, | oss:ListBuckets,,,ok,,");
    expect(&trial, "select id, answer, t from oss_logging", "a,ok,NULL");
    assert_string_equal(cloud.asked[1], "oss/GetBucketLogging/_/a.1 bucket=a logging=");
    end(&trial);
    cloud = (struct cloud){ .rows = (const struct script[]){ { "oss/ListBuckets/_/_.1", 200,
                                    "<html><body/></html>", 0 } },
        .count = 1,
        .xml = true };
    run(&trial,
            "product: oss\ncode: Oss\nversion: \"1\"\nstyle: oss\nreach: account\nram: oss\ncalls:\n"
            "  - action: ListBuckets\n    table: oss_bucket\n    list: Buckets.Bucket\n    id: Name\n",
            &cloud);
    expect(&trial, "select outcome from collect_call", "failed");
    end(&trial);
}

static void xml_is_no_answer_where_json_was_asked_for(void **state)
{
    static const struct script row[] = { { "ecs/ListA/_/_.1", 200, "<R><Items/><T>0</T></R>", 0 } };
    struct cloud cloud = { .rows = row, .count = 1, .xml = true };
    struct trial trial = { .rc = -100 };

    (void)state;
    run(&trial, PRODUCT LIST("{ by: number, number: P, total: T }"), &cloud);
    expect(&trial, "select outcome, message from collect_call",
            "failed,the answer is XML and not JSON");
    end(&trial);
}

/* No product is nowhere: the account would look as if it had nothing. */
static void an_empty_list_of_regions_is_not_read(void **state)
{
    static const char *const bodies[] = { "{\"Regions\":{\"Region\":[]}}", "{\"Regions\":{}}",
        "{\"Regions\":null}" };

    (void)state;
    for (size_t i = 0; i < MLN_LEN(bodies); i++) {
        const struct script row = { "ecs/DescribeRegions/_/_.1", 200, bodies[i], 0 };

        check(PRODUCT REGIONS INSTANCES, &row, 1,
                "select outcome, message from collect_call where call = 'ecs:DescribeRegions'",
                "failed,the answer names no region");
    }
}

static void masked_members_are_kept_nowhere(void **state)
{
    static const struct script row[] = { { "ecs/ListA/_/_.1", 200,
            "{\"Items\":[{\"Id\":\"LTAI5tAbCdEfGhIjKlMnOpQr\",\"In\":{\"Url\":[1],\"N\":1.50},"
            "\"Url\":null,\"At\":\"of LTAI5tAbCdEfGhIjKlMnOpQr\"},{\"Id\":\"short\",\"Url\":\"0123456789x\xc3\xa9\xc3\xa9\xc3\xa9\",\"In\":[]}]}",
            0 } };

    (void)state;
    CHECK(PRODUCT "  - action: ListA\n    mask: [Id, Url]\n    table: ecs_a\n    list: Items\n"
                  "    columns: { key: Id text }\n",
            row, "select key, raw from ecs_a order by 1 desc",
            "****OpQr,{\"Id\":\"****OpQr\",\"In\":{\"Url\":\"****\",\"N\":1.5},\"Url\":null,\"At\":"
            "\"of [redacted]\"} | "
            "****,{\"Id\":\"****\",\"Url\":\"****\xc3\xa9\xc3\xa9\",\"In\":[]}");
}

/* ---- the account ---- */

#define WHO                                                                                 \
    "  - action: GetCallerIdentity\n    ram: none\n    table: account\n    id: AccountId\n" \
    "    columns: { arn: Arn text }\n"

static void the_account_is_asked_first_and_must_be_the_right_one(void **state)
{
    static const struct script rows[] = {
        ONE_REGION,
        { "ecs/GetCallerIdentity/_/_.1", 200, "{\"AccountId\":\"1234\",\"Arn\":\"x\"}", 0 },
    };
    struct cloud cloud = { .rows = rows, .count = MLN_LEN(rows) };
    struct cloud again = { .rows = rows, .count = MLN_LEN(rows) };
    struct trial trial = { .rc = -100, .account = "" };

    (void)state;
    run(&trial, PRODUCT REGIONS WHO, &cloud);
    OK(trial.rc, &trial.err);
    assert_string_equal(cloud.asked[0], "ecs/GetCallerIdentity/_/_.1");
    expect(&trial, "select id, region, arn from account", "1234,global,x");
    end(&trial);
    trial.account = "999";
    run(&trial, PRODUCT REGIONS WHO, &again);
    FAILS(trial.rc, MLN_EINVAL, &trial.err, "the answers are of account 1234, not 999");
    assert_int_equal(again.asked_count, 1);
    end(&trial);
}

static void an_account_that_no_answer_names_is_the_one_that_was_given(void **state)
{
    struct cloud cloud = { .count = 0 }, other = { .count = 0 };
    struct trial trial = { .rc = -100 };

    (void)state;
    run(&trial, PRODUCT WHO, &cloud);
    OK(trial.rc, &trial.err);
    expect(&trial, "select id, region, answer from account", "1234,global,ok");
    end(&trial);
    trial.account = "";
    run(&trial, PRODUCT WHO, &other);
    FAILS(trial.rc, MLN_EINVAL, &trial.err, "no answer says whose account it is");
    end(&trial);
}

/* ---- stopping and going on ---- */

static void a_run_that_was_stopped_goes_on_where_it_was(void **state)
{
    char path[] = "/tmp/mln-collect-XXXXXX";
    struct cloud first = {
        .rows = three_instances, .count = MLN_LEN(three_instances), .stop_after = 4
    };
    struct cloud second = { .rows = three_instances, .count = MLN_LEN(three_instances) };
    struct trial trial = { .rc = -100, .path = path };
    int fd = mkstemp(path);

    (void)state;
    assert_true(fd >= 0);
    (void)close(fd);
    (void)unlink(path);
    run(&trial, PRODUCT REGIONS INSTANCES DISKS, &first);
    FAILS(trial.rc, MLN_ECANCELLED, &trial.err, "stopped");
    assert_true(trial.report.stopped);
    end(&trial);
    trial.resume = true;
    run(&trial, PRODUCT REGIONS INSTANCES DISKS, &second);
    OK(trial.rc, &trial.err);
    for (size_t i = 0; i < second.asked_count; i++)
        if (strstr(second.asked[i], "DescribeRegions") != NULL ||
                strstr(second.asked[i], "DescribeInstances") != NULL)
            fail_msg("asked again: %s", second.asked[i]);
    expect(&trial, "select id, size from ecs_disk order by 1", "i1,10 | i2,20 | i3,30");
    expect(&trial, "select count(*) from account", "1");
    assert_int_equal(trial.report.outcomes[MLN_OUTCOME_OK], 6);
    end(&trial);
    (void)unlink(path);
}

/* What was complete may lack what is listed anew, and the second run, too, may be stopped. */
static void nothing_is_complete_when_a_run_goes_on(void **state)
{
    char path[] = "/tmp/mln-collect-XXXXXX";
    struct cloud first = {
        .rows = three_instances, .count = MLN_LEN(three_instances), .stop_after = 4
    };
    struct cloud second = { .rows = three_instances, .count = MLN_LEN(three_instances), .stop = 1 };
    struct trial trial = { .rc = -100, .path = path };
    int fd = mkstemp(path);

    (void)state;
    assert_true(fd >= 0);
    (void)close(fd);
    (void)unlink(path);
    run(&trial, PRODUCT REGIONS INSTANCES DISKS, &first);
    expect(&trial, "select call from plan_call where done order by 1",
            "ecs:DescribeInstances | ecs:DescribeRegions");
    end(&trial);
    trial.resume = true;
    run(&trial, PRODUCT REGIONS INSTANCES DISKS, &second);
    FAILS(trial.rc, MLN_ECANCELLED, &trial.err, "stopped");
    expect(&trial, "select count(*) from plan_call where done", "0");
    end(&trial);
    (void)unlink(path);
}

static void what_failed_before_is_asked_again(void **state)
{
    char path[] = "/tmp/mln-collect-XXXXXX";
    static const struct script bad[] = {
        ONE_REGION,
        { "ecs/DescribeInstances/r1/_.1", 200, "{\"Instances\":[{\"Id\":\"old\"},{\"No\":1}]}", 0 },
        { "ecs/DescribeDisk/r1/old.1", 200, "{\"RequestId\":\"x\"}", 0 },
    };
    static const struct script good[] = {
        { "ecs/DescribeInstances/r1/_.1", 200, "{\"Instances\":[{\"Id\":\"new\"}]}", 0 },
        { "ecs/DescribeDisk/r1/new.1", 200, "{\"RequestId\":\"x\"}", 0 },
    };
    struct cloud first = { .rows = bad, .count = MLN_LEN(bad), .stop_after = 3 };
    struct cloud second = { .rows = good, .count = MLN_LEN(good) };
    struct trial trial = { .rc = -100, .path = path };
    int fd = mkstemp(path);

    (void)state;
    assert_true(fd >= 0);
    (void)close(fd);
    (void)unlink(path);
    run(&trial, PRODUCT REGIONS INSTANCES DISKS, &first);
    FAILS(trial.rc, MLN_ECANCELLED, &trial.err, "stopped");
    end(&trial);
    trial.resume = true;
    run(&trial, PRODUCT REGIONS INSTANCES DISKS, &second);
    OK(trial.rc, &trial.err);
    expect(&trial, "select group_concat(id) from ecs_instance", "new");
    end(&trial);
    (void)unlink(path);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(asks_for_regions_then_instances_then_each_of_them),
        cmocka_unit_test(a_call_without_parents_is_done_and_without_a_list_is_failed),
        cmocka_unit_test(a_call_per_site_has_the_site_as_region),
        cmocka_unit_test(nested_rows_hang_on_the_row_around_them),
        cmocka_unit_test(columns_of_the_query_fill_the_request_and_null_leaves_out),
        cmocka_unit_test(a_path_takes_keys_as_they_are_and_none_that_lead_away),
        cmocka_unit_test(a_host_comes_from_the_resource_where_it_names_one),
        cmocka_unit_test(a_key_with_two_meanings_is_not_asked_for),
        cmocka_unit_test(a_batch_asks_for_many_and_records_each),
        cmocka_unit_test(a_variant_that_fails_makes_the_call_unread),
        cmocka_unit_test(pages_end_where_the_total_or_the_token_says),
        cmocka_unit_test(an_empty_page_in_the_middle_is_not_the_end),
        cmocka_unit_test(a_list_that_lacks_items_is_read_again_and_then_failed),
        cmocka_unit_test(pages_that_go_in_circles_are_found),
        cmocka_unit_test(an_error_on_a_later_page_is_never_an_answer),
        cmocka_unit_test(what_is_no_answer_is_never_an_empty_list),
        cmocka_unit_test(json_that_is_cut_short_is_failed),
        cmocka_unit_test(an_empty_list_may_be_left_out_when_the_total_is_zero),
        cmocka_unit_test(a_table_with_one_row_per_call_says_how_it_ended),
        cmocka_unit_test(a_fallback_asks_for_what_was_denied),
        cmocka_unit_test(throttling_is_waited_for_and_then_given_up),
        cmocka_unit_test(a_table_in_a_text_is_taken_apart),
        cmocka_unit_test(a_table_goes_on_over_pages_with_or_without_its_heading),
        cmocka_unit_test(a_product_without_a_host_in_the_region_is_not_there),
        cmocka_unit_test(masked_members_are_kept_nowhere),
        cmocka_unit_test(xml_is_read_like_json),
        cmocka_unit_test(xml_is_no_answer_where_json_was_asked_for),
        cmocka_unit_test(an_empty_list_of_regions_is_not_read),
        cmocka_unit_test(nothing_is_complete_when_a_run_goes_on),
        cmocka_unit_test(the_account_is_asked_first_and_must_be_the_right_one),
        cmocka_unit_test(an_account_that_no_answer_names_is_the_one_that_was_given),
        cmocka_unit_test(a_run_that_was_stopped_goes_on_where_it_was),
        cmocka_unit_test(what_failed_before_is_asked_again),
    };

    return cmocka_run_group_tests_name("collect", tests, NULL, NULL);
}
