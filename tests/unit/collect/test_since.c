/* What is taken from an earlier snapshot, and above all what is not. */
#include <sqlite3.h>
#include <stdio.h>
#include <unistd.h>

#include "collect/collect.h"
#include "rows.h"
#include "test.h"

#define PRODUCT                                                                       \
    "product: ecs\ncode: Ecs\nversion: \"1\"\nstyle: rpc\nreach: account\nram: ecs\n" \
    "errors: { NoSuch: gone, Without: absent }\ncalls:\n"                             \
    "  - { action: GetWho, ram: none, table: account, id: AccountId }\n"              \
    "  - { action: ListItems, table: ecs_item, list: Items, id: Id,\n"                \
    "      columns: { modified: At text, size: Size int } }\n"
#define DETAIL                                                                             \
    "  - { action: GetItem, for_each: ecs_item, unchanged_while: [modified, size],\n"      \
    "      request: { Id: \"{key}\" }, table: ecs_detail, columns: { open: Open bool },\n" \
    "      rows: [ { table: ecs_rule, list: Rules, columns: { port: Port int } } ] }\n"
#define PATH "/tmp/mln-since-XXXXXX"

struct cloud {
    const char *account, *items, *detail;
    int detail_status;
    const struct mln_collect_request *waiting[64];
    size_t count, details;
    int64_t now_ms;
};

static int64_t now_ms(void *ctx)
{
    const struct cloud *cloud = ctx;

    return cloud->now_ms;
}

static int submit(void *ctx, const struct mln_collect_request *request, struct mln_err *err)
{
    struct cloud *cloud = ctx;

    (void)err;
    cloud->details += strcmp(request->call.action, "GetItem") == 0;
    cloud->waiting[cloud->count++] = request;
    return MLN_OK;
}

static int next(void *ctx, int64_t wait_ms, struct mln_collect_answer *out, struct mln_err *err)
{
    static char who[64];
    struct cloud *cloud = ctx;

    (void)wait_ms;
    if (cloud->count == 0)
        return mln_fail(err, MLN_ENOTFOUND, "nothing");
    *out = (struct mln_collect_answer){
        .request = cloud->waiting[--cloud->count], .status = 200, .retry_after_ms = -1
    };
    (void)snprintf(who, sizeof(who), "{\"AccountId\":\"%s\"}", cloud->account);
    out->body = mln_str_of(cloud->items);
    if (strcmp(out->request->call.action, "GetWho") == 0)
        out->body = mln_str_of(who);
    if (strcmp(out->request->call.action, "GetItem") == 0) {
        out->body = mln_str_of(cloud->detail);
        out->status = cloud->detail_status != 0 ? cloud->detail_status : 200;
    }
    return MLN_OK;
}

static void dont_wait(void *ctx, int64_t ms)
{
    (void)ctx;
    (void)ms;
}

#define A_AND_B                                                    \
    "{\"Items\":[{\"Id\":\"a\",\"At\":\"2026-01-01\",\"Size\":1}," \
    "{\"Id\":\"b\",\"At\":\"2026-01-02\",\"Size\":2}]}"
#define OPEN   "{\"Open\":true,\"Rules\":[{\"Port\":22},{\"Port\":80}]}"
#define CLOSED "{\"Open\":false,\"Rules\":[]}"

struct trial {
    struct mln_plan *plan;
    struct mln_snapshot *snapshot;
    struct mln_collect_report report;
    struct mln_err err;
    int rc;
};

/* `path` NULL: in memory. */
static void run(struct trial *trial, const char *text, struct cloud *cloud, const char *path,
        struct mln_snapshot *since)
{
    const struct mln_plan_file file = { .name = "ecs.yaml", .text = mln_str_of(text) };
    const struct mln_clock clock = { now_ms, now_ms, cloud };
    const struct mln_collect_transport transport = {
        .in_flight_max = 64, .submit = submit, .next = next, .pause = dont_wait, .ctx = cloud
    };
    const struct mln_collect_options options = {
        .account_id = { "", 0 }, .clock = &clock, .since = since
    };

    if (cloud->account == NULL)
        cloud->account = "1234";
    if (cloud->items == NULL)
        cloud->items = A_AND_B;
    if (cloud->now_ms == 0)
        cloud->now_ms = 1767225600000; /* 2026-01-01 */
    OK(mln_plan_load(&file, 1, &trial->plan, &trial->err), &trial->err);
    OK(mln_snapshot_create(path, mln_plan_schema(trial->plan), &trial->snapshot, &trial->err),
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

/* An earlier snapshot of `first`, changed by `sql`, and a run of `second` since it. */
static void since(struct trial *trial, struct cloud *first, const char *sql, struct cloud *second)
{
    struct trial then = { .rc = -100 };

    if (first->detail == NULL)
        first->detail = OPEN;
    run(&then, PRODUCT DETAIL, first, NULL, NULL);
    OK(then.rc, &then.err);
    if (sql != NULL &&
            sqlite3_exec(mln_snapshot_db(then.snapshot), sql, NULL, NULL, NULL) != SQLITE_OK)
        fail_msg("%s: %s", sql, sqlite3_errmsg(mln_snapshot_db(then.snapshot)));
    second->now_ms = 1767312000000; /* A day later. */
    if (second->detail == NULL)
        second->detail = CLOSED;
    run(trial, PRODUCT DETAIL, second, NULL, then.snapshot);
    end(&then);
}

#define DETAILS "select id, open, answer from ecs_detail order by 1"

static void what_did_not_change_is_taken_with_its_time(void **state)
{
    struct cloud first = { .count = 0 };
    struct cloud second = { .items = "{\"Items\":[{\"Id\":\"a\",\"At\":\"2026-01-01\",\"Size\":1},"
                                     "{\"Id\":\"b\",\"At\":\"2026-01-03\",\"Size\":2},"
                                     "{\"Id\":\"c\",\"At\":\"2026-01-03\",\"Size\":2}]}" };
    struct trial trial = { .rc = -100 };

    (void)state;
    since(&trial, &first, NULL, &second);
    OK(trial.rc, &trial.err);
    expect(&trial, DETAILS, "a,1,ok | b,0,ok | c,0,ok");
    expect(&trial, "select parent, port from ecs_rule order by 1, 2", "a,22 | a,80");
    expect(&trial,
            "select key, outcome, message, started_ms / 86400000, items from collect_call where "
            "call = 'ecs:GetItem' order by 1",
            "a,ok,unchanged since 2026-01-01T00:00:00Z,20454,1 | b,ok,,20455,1 | c,ok,,20455,1");
    expect(&trial,
            "select count(*) from ecs_detail d join collect_call c on c.id = d.call and "
            "c.key = d.id",
            "3");
    assert_int_equal(second.details, 2);
    assert_int_equal(trial.report.reused, 1);
    assert_int_equal(trial.report.calls, 5);
    assert_int_equal(trial.report.outcomes[MLN_OUTCOME_OK], 5);
    end(&trial);
}

static void what_may_have_changed_is_asked_again(void **state)
{
    static const char *const items[] = {
        /* A stamp that is not there, or null, says nothing. */
        "{\"Items\":[{\"Id\":\"a\",\"Size\":1}]}",
        "{\"Items\":[{\"Id\":\"a\",\"At\":null,\"Size\":1}]}",
        "{\"Items\":[{\"Id\":\"a\",\"At\":\"2026-01-01\",\"Size\":2}]}",
        "{\"Items\":[{\"Id\":\"a\",\"At\":\"2026-01-01 \",\"Size\":1}]}",
        "{\"Items\":[{\"Id\":\"A\",\"At\":\"2026-01-01\",\"Size\":1}]}",
    };

    (void)state;
    for (size_t i = 0; i < MLN_LEN(items); i++) {
        struct cloud first = { .items = i < 2 ? items[i] : NULL }, second = { .items = items[i] };
        struct trial trial = { .rc = -100 };

        since(&trial, &first, NULL, &second);
        OK(trial.rc, &trial.err);
        assert_int_equal(second.details, 1);
        assert_int_equal(trial.report.reused, 0);
        end(&trial);
    }
}

static void what_was_not_read_is_asked_again(void **state)
{
    static const char *const outcomes[] = { "denied", "failed", "throttled", "running", "gone",
        "unsupported", "not_activated", "no_region", "nonsense" };

    (void)state;
    for (size_t i = 0; i < MLN_LEN(outcomes); i++) {
        struct cloud first = { .count = 0 }, second = { .count = 0 };
        struct trial trial = { .rc = -100 };
        char sql[160];

        (void)snprintf(sql, sizeof(sql),
                "update collect_call set outcome = '%s' where call = 'ecs:GetItem'", outcomes[i]);
        since(&trial, &first, sql, &second);
        OK(trial.rc, &trial.err);
        expect(&trial, DETAILS, "a,0,ok | b,0,ok");
        assert_int_equal(second.details, 2);
        end(&trial);
    }
}

static void an_answer_without_content_is_taken_as_that(void **state)
{
    struct cloud first = { .detail = "{\"Code\":\"Without\"}", .detail_status = 404 };
    struct cloud second = { .count = 0 };
    struct trial trial = { .rc = -100 };

    (void)state;
    since(&trial, &first, NULL, &second);
    OK(trial.rc, &trial.err);
    expect(&trial, DETAILS, "a,NULL,absent | b,NULL,absent");
    assert_int_equal(second.details, 0);
    assert_int_equal(trial.report.reused, 2);
    end(&trial);
}

/* A day later nothing has changed since the first, and the record says so. */
static void what_was_taken_twice_keeps_its_first_time(void **state)
{
    struct cloud first = { .detail = OPEN }, second = { .detail = CLOSED },
                 third = { .detail = CLOSED };
    struct trial a = { .rc = -100 }, b = { .rc = -100 }, c = { .rc = -100 };

    (void)state;
    run(&a, PRODUCT DETAIL, &first, NULL, NULL);
    second.now_ms = first.now_ms + 86400000;
    run(&b, PRODUCT DETAIL, &second, NULL, a.snapshot);
    third.now_ms = second.now_ms + 86400000;
    run(&c, PRODUCT DETAIL, &third, NULL, b.snapshot);
    OK(c.rc, &c.err);
    expect(&c, "select distinct message from collect_call where call = 'ecs:GetItem'",
            "unchanged since 2026-01-01T00:00:00Z");
    end(&a);
    end(&b);
    end(&c);
}

static void a_snapshot_that_cannot_stand_for_it_is_refused(void **state)
{
    static const struct {
        const char *sql, *account, *why;
    } rows[] = {
        { "update meta set value = '' where name = 'finished_ms'", "1234", "was not finished" },
        { "update meta set value = 'x' where name = 'plan_hash'", "1234", "another plan" },
        { NULL, "999", "is of account 1234, and this is account 999" },
        { "delete from ecs_detail", "1234", "has not the rows of its own call" },
        { "insert into ecs_detail(id, parent, call, raw) select id, parent, call, raw from "
          "ecs_detail",
                "1234", "has not the rows of its own call" },
        { "update ecs_detail set raw = '{'", "1234", "holds what is not JSON" },
        { "update ecs_detail set raw = '[]'", "1234", "does not fit the plan" },
        { "update ecs_detail set answer = 'yes'", "1234", "has an unknown answer" },
    };

    (void)state;
    for (size_t i = 0; i < MLN_LEN(rows); i++) {
        struct cloud first = { .count = 0 }, second = { .account = rows[i].account };
        struct trial trial = { .rc = -100 };

        since(&trial, &first, rows[i].sql, &second);
        if (trial.rc != MLN_EINVAL && trial.rc != MLN_ECORRUPT)
            fail_msg("%zu: %d %s", i, trial.rc, trial.err.msg);
        if (strstr(trial.err.msg, rows[i].why) == NULL)
            fail_msg("%zu: %s", i, trial.err.msg);
        end(&trial);
    }
}

static void a_file_is_read_as_one_from_elsewhere(void **state)
{
    char path[] = PATH;
    struct cloud first = { .detail = OPEN }, second = { .detail = CLOSED };
    struct trial then = { .rc = -100 }, now = { .rc = -100 };
    struct mln_snapshot *opened = NULL;
    int fd = mkstemp(path);

    (void)state;
    assert_true(fd >= 0);
    (void)close(fd);
    (void)unlink(path);
    run(&then, PRODUCT DETAIL, &first, path, NULL);
    OK(then.rc, &then.err);
    end(&then);
    OK(mln_snapshot_open(path, &opened, &now.err), &now.err);
    run(&now, PRODUCT DETAIL, &second, NULL, opened);
    OK(now.rc, &now.err);
    expect(&now, DETAILS, "a,1,ok | b,1,ok");
    assert_int_equal(now.report.reused, 2);
    mln_snapshot_free(opened);
    end(&now);
    (void)unlink(path);
}

static void a_plan_may_say_it_only_where_it_can_be_compared(void **state)
{
    static const struct {
        const char *call, *why;
    } rows[] = {
        { "  - { action: GetX, unchanged_while: [modified], table: x, columns: { a: A text } }\n",
                "'unchanged_while' needs 'for_each'" },
        { "  - { action: GetX, for_each: ecs_item, unchanged_while: [other], table: x, columns: { "
          "a: A text } }\n",
                "the table 'ecs_item' has no column 'other'" },
        { "  - { action: GetX, for_each: ecs_item, unchanged_while: [id], table: x, columns: { "
          "a: A text } }\n",
                "the table 'ecs_item' has no column 'id'" },
        { "  - { action: GetX, for_each: \"select name as key, region from ecs_item\", "
          "unchanged_while: [modified], table: x, columns: { a: A text } }\n",
                "'unchanged_while' needs 'for_each'" },
        { "  - { action: GetX, for_each: ecs_item, unchanged_while: [modified] }\n",
                "'unchanged_while' needs 'for_each'" },
        { "  - { action: ListX, for_each: ecs_item, batch: 2, request: { K: \"{keys}\" }, "
          "unchanged_while: [modified], table: x, list: X, id: Id }\n",
                "'unchanged_while' needs 'for_each'" },
    };

    (void)state;
    for (size_t i = 0; i < MLN_LEN(rows); i++) {
        char text[4096];
        struct mln_plan_file file = { .name = "ecs.yaml" };
        struct mln_plan *plan = NULL;
        struct mln_err err;

        (void)snprintf(text, sizeof(text), "%s%s", PRODUCT, rows[i].call);
        file.text = mln_str_of(text);
        FAILS(mln_plan_load(&file, 1, &plan, &err), MLN_EINVAL, &err, rows[i].why);
        assert_null(plan);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_did_not_change_is_taken_with_its_time),
        cmocka_unit_test(what_may_have_changed_is_asked_again),
        cmocka_unit_test(what_was_not_read_is_asked_again),
        cmocka_unit_test(an_answer_without_content_is_taken_as_that),
        cmocka_unit_test(what_was_taken_twice_keeps_its_first_time),
        cmocka_unit_test(a_snapshot_that_cannot_stand_for_it_is_refused),
        cmocka_unit_test(a_file_is_read_as_one_from_elsewhere),
        cmocka_unit_test(a_plan_may_say_it_only_where_it_can_be_compared),
    };

    return cmocka_run_group_tests_name("since", tests, NULL, NULL);
}
