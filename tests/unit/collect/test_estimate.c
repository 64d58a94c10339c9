/* What a run will take, by its plan alone and by an earlier snapshot. */
#include <sqlite3.h>

#include "acs/endpoint.h"
#include "collect/collect.h"
#include "test.h"

#define PRODUCT                                                                        \
    "product: ecs\ncode: Ecs\nversion: \"1\"\nstyle: rpc\nreach: account\nram: ecs\n"  \
    "regions: ecs_region\nsites: [cn-hangzhou, ap-southeast-1]\ncalls:\n"              \
    "  - { action: DescribeRegions, rate: 1/s, table: ecs_region, list: R, id: Id }\n" \
    "  - { action: ListSites, reach: sites, rate: 1/s, table: ecs_s, list: S, id: Id }\n"
#define ITEMS                                                                                       \
    "  - { action: ListItems, reach: regions, rate: 10/s, request: { R: \"{region}\" },\n"          \
    "      page: { by: number, number: P, size: S, max: 10, total: T }, variants: { V: [a, b] },\n" \
    "      table: ecs_item, list: Items, id: Id }\n"
#define EACH \
    "  - { action: GetEach, for_each: ecs_item, rate: 2/s, table: ecs_each, columns: { a: A text } }\n"
#define BATCH                                                                       \
    "  - { action: ListBatch, for_each: ecs_item, batch: 10, rate: 1/s, request: {" \
    " K: \"{keys}\" }, table: ecs_batch, list: B, id: Id }\n"

struct trial {
    struct mln_plan *plan;
    struct mln_snapshot *earlier;
    struct mln_collect_estimate out;
    struct mln_err err;
};

static void load(struct trial *trial, const char *text)
{
    const struct mln_plan_file file = { .name = "ecs.yaml", .text = mln_str_of(text) };

    OK(mln_plan_load(&file, 1, &trial->plan, &trial->err), &trial->err);
}

static void must(struct trial *trial, const char *sql)
{
    if (sqlite3_exec(mln_snapshot_db(trial->earlier), sql, NULL, NULL, NULL) != SQLITE_OK)
        fail_msg("%s: %s", sql, sqlite3_errmsg(mln_snapshot_db(trial->earlier)));
}

/* 20 items in r1, 200 in r2; lists of three pages on average. */
static void make_earlier(struct trial *trial, const char *text)
{
    load(trial, text);
    OK(mln_snapshot_create(NULL, mln_plan_schema(trial->plan), &trial->earlier, &trial->err),
            &trial->err);
    must(trial, "insert into ecs_region(id) values ('r1'), ('r2')");
    must(trial,
            "with recursive n(i) as (select 1 union all select i + 1 from n where i < 220) "
            "insert into ecs_item(id, region) select 'i' || i, iif(i <= 20, 'r1', 'r2') from n");
    must(trial, "insert into collect_call(call, region, outcome, pages) values "
                "('ecs:DescribeRegions', '', 'ok', 1), ('ecs:ListItems', 'r1', 'ok', 2), "
                "('ecs:ListItems', 'r2', 'ok', 20)");
}

static void end(struct trial *trial)
{
    mln_snapshot_free(trial->earlier);
    mln_plan_free(trial->plan);
    trial->earlier = NULL;
    trial->plan = NULL;
}

static void a_plan_alone_tells_the_calls_that_are_certain(void **state)
{
    struct trial trial = { .out = { .calls = -1, .ms = -1, .per_resource = -1 } };

    (void)state;
    load(&trial, PRODUCT ITEMS EACH BATCH);
    OK(mln_collect_estimate(trial.plan, NULL, 5, &trial.out, &trial.err), &trial.err);
    /* Regions, two sites, five regions. */
    assert_int_equal(trial.out.calls, 1 + 2 + 5);
    assert_int_equal(trial.out.per_resource, 2);
    assert_int_equal(trial.out.ms, 100); /* The second variant of a list waits for a token. */
    end(&trial);
}

static void without_a_number_of_regions_all_public_ones_count(void **state)
{
    struct trial trial = { .out = { .calls = -1 } };
    size_t count = 0, open = 0;
    const struct mln_region *regions = mln_regions(&count);

    (void)state;
    for (size_t i = 0; i < count; i++)
        open += regions[i].site != MLN_SITE_CLOSED;
    load(&trial, PRODUCT ITEMS);
    OK(mln_collect_estimate(trial.plan, NULL, 0, &trial.out, &trial.err), &trial.err);
    assert_int_equal(trial.out.calls, 3 + (int64_t)open);
    assert_int_equal(trial.out.per_resource, 0);
    end(&trial);
}

static void an_earlier_snapshot_stands_for_the_resources(void **state)
{
    struct trial trial = { .out = { .calls = -1 } };

    (void)state;
    make_earlier(&trial, PRODUCT ITEMS EACH BATCH);
    OK(mln_collect_estimate(trial.plan, trial.earlier, 0, &trial.out, &trial.err), &trial.err);
    assert_int_equal(trial.out.calls, 1 + 2 + 2 + 220 + 2 + 20);
    assert_int_equal(trial.out.per_resource, 0);
    /* 11 pages of a list at ten a second, then 200 of r2 at two: the first of each at once. */
    assert_in_range(trial.out.ms, 1000 + 99500, 1000 + 99501);
    end(&trial);
}

static void regions_that_could_not_be_listed_are_all_regions(void **state)
{
    struct trial trial = { .out = { .calls = -1 } };

    (void)state;
    make_earlier(&trial, PRODUCT ITEMS);
    must(&trial, "update collect_call set outcome = 'denied' where call = 'ecs:DescribeRegions'");
    OK(mln_collect_estimate(trial.plan, trial.earlier, 0, &trial.out, &trial.err), &trial.err);
    assert_true(trial.out.calls > 30);
    end(&trial);
}

/* What the plan of then did not have is told apart, and never counted as nothing. */
static void a_snapshot_of_another_plan_tells_what_it_can(void **state)
{
    struct trial then = { .plan = NULL }, now = { .out = { .calls = -1 } };

    (void)state;
    make_earlier(&then, PRODUCT ITEMS);
    load(&now, PRODUCT ITEMS EACH
            "  - { action: ListNew, table: ecs_new, list: New, id: Id }\n"
            "  - { action: GetNew, for_each: ecs_new, table: ecs_more, columns: { a: A text } }\n");
    OK(mln_collect_estimate(now.plan, then.earlier, 0, &now.out, &now.err), &now.err);
    assert_int_equal(now.out.calls, 1 + 2 + 2 + 220 + 1);
    assert_int_equal(now.out.per_resource, 1);
    end(&then);
    end(&now);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_plan_alone_tells_the_calls_that_are_certain),
        cmocka_unit_test(without_a_number_of_regions_all_public_ones_count),
        cmocka_unit_test(an_earlier_snapshot_stands_for_the_resources),
        cmocka_unit_test(regions_that_could_not_be_listed_are_all_regions),
        cmocka_unit_test(a_snapshot_of_another_plan_tells_what_it_can),
    };

    return cmocka_run_group_tests_name("estimate", tests, NULL, NULL);
}
