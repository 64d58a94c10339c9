/* A row whose data was not all read is unknown: for each kind of call, of scope and of failure. */
#include <sqlite3.h>

#include "check/unread.h"
#include "fixture.h"

struct seen {
    int count;
    char text[12][120]; /* "id verdict reason" */
    struct mln_evaluation evaluation;
};

static int note(void *ctx, const struct mln_finding *finding, struct mln_err *err)
{
    struct seen *seen = ctx;

    (void)err;
    if (seen->count < 12)
        (void)snprintf(seen->text[seen->count], sizeof(seen->text[0]), "%.*s %s %.*s",
                MLN_FMT(finding->id), mln_verdict_name(finding->verdict), MLN_FMT(finding->reason));
    seen->count++;
    return MLN_OK;
}

static struct mln_snapshot *new_snapshot(size_t not_done)
{
    struct mln_snapshot *snapshot = NULL;
    struct mln_err err = { 0 };

    OK(mln_snapshot_create(NULL, &schema, &snapshot, &err), &err);
    for (size_t i = 0; i < CALLS; i++)
        if (i != not_done)
            OK(mln_snapshot_call_done(snapshot, mln_str_of(calls[i].id), &err), &err);
    if (sqlite3_exec(mln_snapshot_db(snapshot),
                "insert into account(id, name, region) values('1', '1', 'global');"
                "insert into oss_bucket(id, name, region) values('b1', 'b1', 'cn-hangzhou'),"
                "('b2', 'b2', 'cn-beijing');"
                "insert into oss_bucket_info(id, parent, region) values('b1', 'b1', 'cn-hangzhou'),"
                "('b2', 'b2', 'cn-beijing');"
                "insert into ecs_instance(id, name, region) values('i1', 'i1', 'cn-hangzhou'),"
                "('i2', 'i2', 'cn-hangzhou'), ('i3', 'i3', 'cn-beijing');"
                "insert into net_list(id, name, region, parent) values('l1', 'l1', 'cn-hangzhou', "
                "'i1'), ('l2', 'l2', 'cn-hangzhou', 'i2'), ('l3', 'l3', 'cn-beijing', 'i3');",
                NULL, NULL, NULL) != SQLITE_OK)
        fail_msg("%s", sqlite3_errmsg(mln_snapshot_db(snapshot)));
    return snapshot;
}

static void record(struct mln_snapshot *snapshot, const char *call, const char *region,
        const char *key, enum mln_outcome outcome, const char *code)
{
    struct mln_call_record record = { .call = mln_str_of(call),
        .region = mln_str_of(region),
        .key = mln_str_of(key),
        .outcome = outcome,
        .code = mln_str_of(code),
        .total = -1 };
    struct mln_err err = { 0 };
    int64_t row = 0;

    OK(mln_snapshot_call_begin(snapshot, &record, &row, &err), &err);
    OK(mln_snapshot_call_end(snapshot, row, &record, &err), &err);
}

static int judge(struct mln_snapshot *snapshot, const struct mln_check *check, struct seen *seen,
        struct mln_err *err)
{
    struct mln_evaluator_options options = { .now_ms = 0 };
    struct mln_evaluator *evaluator = NULL;
    int rc;

    OK(mln_evaluator_new(snapshot, &options, &evaluator, err), err);
    rc = mln_evaluate(evaluator, check, note, seen, &seen->evaluation, err);
    mln_evaluator_free(evaluator);
    return rc;
}

#define FROM(table, also)                                                                            \
    "select s.id, s.region, s.name, 'pass' as verdict, null as reason, null as evidence from " table \
    " s where (select count(*) from " also ") >= 0 order by s.id"

#define REGION_FAILS "no permission: ecs:DescribeDisks"

/* One failure, one check, and what each row becomes. */
static const struct {
    const char *scope, *query;
    struct {
        const char *call, *region, *key;
        enum mln_outcome outcome;
        const char *code;
    } failure;
    const char *rows[3];
} cases[] = {
    /* Nothing that the query reads has failed. */
    { "oss_bucket", FROM("oss_bucket", "oss_bucket_info"),
            { "ecs:DescribeDisks", "cn-hangzhou", "", MLN_OUTCOME_DENIED, "" },
            { "b1 pass ", "b2 pass ", NULL } },
    /* An answer that says "there is none" is an answer. */
    { "oss_bucket", FROM("oss_bucket", "oss_bucket_info"),
            { "oss:GetBucketInfo", "cn-hangzhou", "b1", MLN_OUTCOME_ABSENT, "" },
            { "b1 pass ", "b2 pass ", NULL } },
    /* A call made for the row itself. */
    { "oss_bucket", FROM("oss_bucket", "oss_bucket_info"),
            { "oss:GetBucketInfo", "cn-hangzhou", "b1", MLN_OUTCOME_DENIED, "" },
            { "b1 unknown no permission: oss:GetBucketInfo", "b2 pass ", NULL } },
    /* The same, where the rows come from a query over the table. */
    { "select b.id, b.region from oss_bucket b order by 1", FROM("oss_bucket", "oss_bucket_info"),
            { "oss:GetBucketInfo", "cn-hangzhou", "b2", MLN_OUTCOME_THROTTLED, "Throttling" },
            { "b1 pass ", "b2 unknown throttled: oss:GetBucketInfo", NULL } },
    /* Ids that are no column of a table cannot be tied to keys. */
    { "select b.id || '' as id, b.region from oss_bucket b", FROM("oss_bucket", "oss_bucket_info"),
            { "oss:GetBucketInfo", "cn-hangzhou", "b2", MLN_OUTCOME_UNSUPPORTED, "" },
            { "b1 unknown not supported: oss:GetBucketInfo",
                    "b2 unknown not supported: oss:GetBucketInfo", NULL } },
    /* The scope is what the call fills: its rows have the key as parent. */
    { "net_list", FROM("net_list", "net_list"),
            { "ecs:DescribeLists", "cn-hangzhou", "i1", MLN_OUTCOME_FAILED, "Internal\nError" },
            { "l1 unknown failed: ecs:DescribeLists (Internal?Error)", "l2 pass ", "l3 pass " } },
    /* A call per region: the rows of that region. */
    { "ecs_instance", FROM("ecs_instance", "ecs_disk"),
            { "ecs:DescribeDisks", "cn-hangzhou", "", MLN_OUTCOME_DENIED, "" },
            { "i1 unknown " REGION_FAILS, "i2 unknown " REGION_FAILS, "i3 pass " } },
    /* A call that the table's call depends on. */
    { "net_list", FROM("net_list", "net_list"),
            { "ecs:DescribeInstances", "cn-beijing", "", MLN_OUTCOME_FAILED, "Odd" },
            { "l1 pass ", "l2 pass ", "l3 unknown failed: ecs:DescribeInstances (Odd)" } },
    { "ecs_instance", FROM("ecs_instance", "ecs_instance"),
            { "ecs:DescribeRegions", "", "", MLN_OUTCOME_DENIED, "" },
            { "i1 unknown no permission: ecs:DescribeRegions",
                    "i2 unknown no permission: ecs:DescribeRegions",
                    "i3 unknown no permission: ecs:DescribeRegions" } },
    /* An account-wide list: a region of another product touches every row. */
    { "oss_bucket", FROM("oss_bucket", "kms_key"),
            { "kms:ListKeys", "cn-hangzhou", "", MLN_OUTCOME_DENIED, "" },
            { "b1 unknown no permission: kms:ListKeys", "b2 unknown no permission: kms:ListKeys",
                    NULL } },
    { "account", FROM("account", "kms_key"),
            { "kms:ListKeys", "cn-hangzhou", "", MLN_OUTCOME_DENIED, "" },
            { "1 unknown no permission: kms:ListKeys", NULL, NULL } },
    { "account", FROM("account", "oss_bucket_info"),
            { "oss:GetBucketInfo", "cn-hangzhou", "b1", MLN_OUTCOME_DENIED, "" },
            { "1 unknown no permission: oss:GetBucketInfo", NULL, NULL } },
    /* A site; a permission that has no name. */
    { "account", FROM("account", "trail"), { "trail:Describe", "intl", "", MLN_OUTCOME_FAILED, "" },
            { "1 unknown failed: trail:Describe", NULL, NULL } },
    { "account", FROM("account", "account"),
            { "sts:GetCallerIdentity", "", "", MLN_OUTCOME_DENIED, "" },
            { "1 unknown no permission: sts:GetCallerIdentity", NULL, NULL } },
};

static struct mln_check check_of(const char *scope, const char *query)
{
    return (struct mln_check){ .id = 100001,
        .name = MLN_STR("Mine"),
        .scope = mln_str_of(scope),
        .query = mln_str_of(query) };
}

static void each_failure_reaches_the_rows_it_may_have_touched(void **state)
{
    (void)state;
    for (size_t i = 0; i < MLN_LEN(cases); i++) {
        struct mln_check check = check_of(cases[i].scope, cases[i].query);
        struct mln_snapshot *snapshot = new_snapshot(CALLS);
        struct seen seen = { 0 };
        struct mln_err err = { 0 };

        record(snapshot, cases[i].failure.call, cases[i].failure.region, cases[i].failure.key,
                cases[i].failure.outcome, cases[i].failure.code);
        OK(judge(snapshot, &check, &seen, &err), &err);
        for (int j = 0; j < seen.count; j++) {
            if (cases[i].rows[j] == NULL || strcmp(seen.text[j], cases[i].rows[j]) != 0)
                fail_msg("case %zu: got \"%s\", want \"%s\"", i, seen.text[j],
                        cases[i].rows[j] != NULL ? cases[i].rows[j] : "");
        }
        assert_int_equal(
                seen.evaluation.count[MLN_PASS] + seen.evaluation.count[MLN_UNKNOWN], seen.count);
        mln_evaluation_free(&seen.evaluation);
        mln_snapshot_free(snapshot);
    }
}

static void a_call_for_rows_of_another_table_touches_its_region(void **state)
{
    struct mln_check check = check_of("ecs_disk", FROM("ecs_disk", "net_list"));
    struct mln_snapshot *snapshot = new_snapshot(CALLS);
    struct seen seen = { 0 };
    struct mln_err err = { 0 };

    (void)state;
    assert_int_equal(sqlite3_exec(mln_snapshot_db(snapshot),
                             "insert into ecs_disk(id, name, region) values('d1', 'd1', "
                             "'cn-hangzhou'), ('d2', 'd2', 'cn-beijing'), ('d3', 'd3', '')",
                             NULL, NULL, NULL),
            SQLITE_OK);
    record(snapshot, "ecs:DescribeLists", "cn-beijing", "i9", MLN_OUTCOME_RUNNING, "");
    OK(judge(snapshot, &check, &seen, &err), &err);
    assert_string_equal(seen.text[0], "d1 pass ");
    assert_string_equal(seen.text[1], "d2 unknown not collected: ecs:DescribeLists");
    assert_string_equal(seen.text[2], "d3 unknown not collected: ecs:DescribeLists");
    mln_evaluation_free(&seen.evaluation);
    mln_snapshot_free(snapshot);
}

static void a_call_that_was_not_finished_makes_every_row_unknown(void **state)
{
    static const size_t unfinished[] = { GET_INFO, BUCKETS };
    static const char *const rows[] = { "b1 unknown not collected: oss:GetBucketInfo",
        "b1 unknown not collected: oss:ListBuckets" };

    (void)state;
    for (size_t i = 0; i < MLN_LEN(unfinished); i++) {
        struct mln_check check = check_of("oss_bucket", FROM("oss_bucket", "oss_bucket_info"));
        struct mln_snapshot *snapshot = new_snapshot(unfinished[i]);
        struct seen seen = { 0 };
        struct mln_err err = { 0 };

        OK(judge(snapshot, &check, &seen, &err), &err);
        assert_string_equal(seen.text[0], rows[i]);
        assert_int_equal(seen.evaluation.count[MLN_UNKNOWN], 2);
        mln_evaluation_free(&seen.evaluation);
        mln_snapshot_free(snapshot);
    }
}

static void verdicts_that_stand_are_kept_and_an_unknown_takes_the_engines_reason(void **state)
{
    struct mln_check check = check_of("oss_bucket",
            "select b.id, b.region, b.name, case b.id when 'b1' then 'fail' when 'b2' then 'pass' "
            "else 'unknown' end as verdict, 'mine' as reason, null as evidence from oss_bucket b "
            "left join oss_bucket_info i on i.parent = b.id order by b.id");
    struct mln_snapshot *snapshot = new_snapshot(CALLS);
    struct seen seen = { 0 };
    struct mln_err err = { 0 };

    (void)state;
    check.stands = 1U << MLN_FAIL;
    assert_int_equal(sqlite3_exec(mln_snapshot_db(snapshot),
                             "insert into oss_bucket(id, name, region) values('b3', 'b3', 'x'), "
                             "('b4', 'b4', 'x')",
                             NULL, NULL, NULL),
            SQLITE_OK);
    record(snapshot, "oss:GetBucketInfo", "x", "b1", MLN_OUTCOME_DENIED, "");
    record(snapshot, "oss:GetBucketInfo", "x", "b2", MLN_OUTCOME_DENIED, "");
    record(snapshot, "oss:GetBucketInfo", "x", "b3", MLN_OUTCOME_DENIED, "");
    OK(judge(snapshot, &check, &seen, &err), &err);
    assert_string_equal(seen.text[0], "b1 fail mine");
    assert_string_equal(seen.text[1], "b2 unknown no permission: oss:GetBucketInfo");
    assert_string_equal(seen.text[2], "b3 unknown no permission: oss:GetBucketInfo");
    assert_string_equal(seen.text[3], "b4 unknown mine");
    mln_evaluation_free(&seen.evaluation);
    mln_snapshot_free(snapshot);
}

static void what_of_the_scope_was_not_listed_is_told_by_region(void **state)
{
    struct mln_check check = check_of("net_list", FROM("net_list", "net_list"));
    struct mln_check buckets = check_of("oss_bucket", FROM("oss_bucket", "kms_key"));
    struct mln_snapshot *snapshot = new_snapshot(CALLS);
    struct seen seen = { 0 };
    struct mln_err err = { 0 };

    (void)state;
    record(snapshot, "ecs:DescribeInstances", "cn-zhangjiakou", "", MLN_OUTCOME_THROTTLED, "");
    record(snapshot, "ecs:DescribeInstances", "cn-beijing", "", MLN_OUTCOME_DENIED, "");
    record(snapshot, "ecs:DescribeLists", "cn-hangzhou", "i1", MLN_OUTCOME_DENIED, "");
    record(snapshot, "kms:ListKeys", "cn-hangzhou", "", MLN_OUTCOME_DENIED, "");
    OK(judge(snapshot, &check, &seen, &err), &err);
    assert_int_equal(seen.evaluation.unread_count, 3);
    EQ_STR(seen.evaluation.unread[0].region, "cn-beijing");
    EQ_STR(seen.evaluation.unread[0].reason, "no permission: ecs:DescribeInstances");
    assert_int_equal(seen.evaluation.unread[0].why, MLN_UNREAD_DENIED);
    EQ_STR(seen.evaluation.unread[1].region, "cn-hangzhou");
    EQ_STR(seen.evaluation.unread[1].reason, "no permission: ecs:DescribeLists");
    EQ_STR(seen.evaluation.unread[2].region, "cn-zhangjiakou");
    assert_int_equal(seen.evaluation.unread[2].why, MLN_UNREAD_THROTTLED);
    mln_evaluation_free(&seen.evaluation);
    /* Of the buckets themselves nothing is missing, though every row is unknown. */
    OK(judge(snapshot, &buckets, &seen, &err), &err);
    assert_int_equal(seen.evaluation.unread_count, 0);
    assert_int_equal(seen.evaluation.count[MLN_UNKNOWN], 2);
    mln_evaluation_free(&seen.evaluation);
    record(snapshot, "oss:ListBuckets", "", "", MLN_OUTCOME_DENIED, "");
    OK(judge(snapshot, &buckets, &seen, &err), &err);
    assert_int_equal(seen.evaluation.unread_count, 1);
    EQ_STR(seen.evaluation.unread[0].region, "");
    EQ_STR(seen.evaluation.unread[0].reason, "no permission: oss:ListBuckets");
    mln_evaluation_free(&seen.evaluation);
    mln_snapshot_free(snapshot);
}

static void ask(struct mln_snapshot *snapshot, const char *expression, const char *want)
{
    struct mln_err err = { 0 };
    sqlite3_stmt *statement = NULL;
    char sql[200];

    OK(mln_check_functions(snapshot, &err), &err);
    (void)snprintf(sql, sizeof(sql), "select %s", expression);
    assert_int_equal(
            sqlite3_prepare_v2(mln_snapshot_db(snapshot), sql, -1, &statement, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_step(statement), SQLITE_ROW);
    if (want == NULL)
        assert_int_equal(sqlite3_column_type(statement, 0), SQLITE_NULL);
    else
        assert_string_equal((const char *)sqlite3_column_text(statement, 0), want);
    (void)sqlite3_finalize(statement);
}

static void unread_answers_for_a_table_a_region_and_a_key(void **state)
{
    struct mln_snapshot *snapshot = new_snapshot(CALLS);

    (void)state;
    record(snapshot, "oss:GetBucketInfo", "cn-hangzhou", "b1", MLN_OUTCOME_DENIED, "");
    record(snapshot, "ecs:DescribeDisks", "cn-beijing", "", MLN_OUTCOME_THROTTLED, "");
    ask(snapshot, "unread('oss_bucket')", NULL);
    /* Tables from a column are told apart row by row. */
    ask(snapshot,
            "(select group_concat(unread(column1) is not null) from (values ('oss_bucket'), "
            "('oss_bucket_info'), ('oss_bucket')))",
            "0,1,0");
    ask(snapshot, "unread('oss_bucket_info')", "no permission: oss:GetBucketInfo");
    ask(snapshot, "unread('oss_bucket_info', 'cn-hangzhou')", "no permission: oss:GetBucketInfo");
    ask(snapshot, "unread('oss_bucket_info', 'cn-beijing')", NULL);
    ask(snapshot, "unread('oss_bucket_info', '')", "no permission: oss:GetBucketInfo");
    ask(snapshot, "unread('oss_bucket_info', null, 'b2')", "no permission: oss:GetBucketInfo");
    ask(snapshot, "unread('oss_bucket_info', 'cn-hangzhou', 'b1')",
            "no permission: oss:GetBucketInfo");
    ask(snapshot, "unread('oss_bucket_info', 'cn-hangzhou', 'b2')", NULL);
    ask(snapshot, "unread('ecs_disk', 'cn-beijing', 'x')", "throttled: ecs:DescribeDisks");
    ask(snapshot, "unread('ecs_disk', 'cn-hangzhou', 'x')", NULL);
    mln_snapshot_free(snapshot);
}

static void very_many_failed_keys_are_looked_up_and_more_count_as_all(void **state)
{
    static const int counts[] = { 100000, 300000 };

    (void)state;
    for (size_t i = 0; i < MLN_LEN(counts); i++) {
        struct mln_check check = check_of("oss_bucket", FROM("oss_bucket", "oss_bucket_info"));
        struct mln_snapshot *snapshot = new_snapshot(CALLS);
        struct seen seen = { 0 };
        struct mln_err err = { 0 };
        char sql[300];

        (void)snprintf(sql, sizeof(sql),
                "insert into collect_call(call, region, key, outcome) with recursive n(i) as "
                "(select 1 union all select i + 1 from n where i < %d) "
                "select 'oss:GetBucketInfo', 'x', 'k' || i, 'denied' from n",
                counts[i]);
        assert_int_equal(sqlite3_exec(mln_snapshot_db(snapshot), sql, NULL, NULL, NULL), SQLITE_OK);
        OK(judge(snapshot, &check, &seen, &err), &err);
        assert_int_equal(seen.evaluation.count[MLN_PASS], i == 0 ? 2 : 0);
        assert_int_equal(seen.evaluation.count[MLN_UNKNOWN], i == 0 ? 0 : 2);
        mln_evaluation_free(&seen.evaluation);
        mln_snapshot_free(snapshot);
    }
}

static void a_plan_that_contradicts_itself_is_corrupt(void **state)
{
    static const char *const sqls[] = {
        "insert into plan_table(table_name, call) values('oss_bucket', 'no:Such')",
        "update plan_call set depends = '[\"no:Such\"]' where call = 'oss:ListBuckets'",
        "update plan_call set scope = 'planet' where call = 'oss:ListBuckets'",
        "insert into collect_call(call, outcome) values('no:Such', 'denied')",
        "insert into collect_call(call, outcome) values('oss:ListBuckets', 'odd')",
    };

    (void)state;
    for (size_t i = 0; i < MLN_LEN(sqls); i++) {
        struct mln_snapshot *snapshot = new_snapshot(CALLS);
        struct mln_unread_map *map = NULL;
        struct mln_err err = { 0 };

        assert_int_equal(
                sqlite3_exec(mln_snapshot_db(snapshot), sqls[i], NULL, NULL, NULL), SQLITE_OK);
        FAILS(mln_unread_map_new(snapshot, &map, &err), MLN_ECORRUPT, &err, "the snapshot");
        assert_null(map);
        mln_snapshot_free(snapshot);
    }
}

static void calls_that_depend_on_each_other_in_a_circle_end(void **state)
{
    struct mln_snapshot *snapshot = new_snapshot(CALLS);

    (void)state;
    assert_int_equal(
            sqlite3_exec(mln_snapshot_db(snapshot),
                    "update plan_call set depends = '[\"oss:GetBucketInfo\"]' where call = "
                    "'oss:ListBuckets'",
                    NULL, NULL, NULL),
            SQLITE_OK);
    record(snapshot, "oss:ListBuckets", "", "", MLN_OUTCOME_DENIED, "");
    ask(snapshot, "unread('oss_bucket_info', 'x', 'b1')", "no permission: oss:ListBuckets");
    mln_snapshot_free(snapshot);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_failure_reaches_the_rows_it_may_have_touched),
        cmocka_unit_test(a_call_for_rows_of_another_table_touches_its_region),
        cmocka_unit_test(a_call_that_was_not_finished_makes_every_row_unknown),
        cmocka_unit_test(verdicts_that_stand_are_kept_and_an_unknown_takes_the_engines_reason),
        cmocka_unit_test(what_of_the_scope_was_not_listed_is_told_by_region),
        cmocka_unit_test(unread_answers_for_a_table_a_region_and_a_key),
        cmocka_unit_test(very_many_failed_keys_are_looked_up_and_more_count_as_all),
        cmocka_unit_test(a_plan_that_contradicts_itself_is_corrupt),
        cmocka_unit_test(calls_that_depend_on_each_other_in_a_circle_end),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
