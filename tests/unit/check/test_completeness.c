/* What a verdict rests on is counted from the records of the calls that it needs, and no others. */
#include <sqlite3.h>

#include "fixture.h"

#define FROM(table, also)                                                                            \
    "select s.id, s.region, s.name, 'pass' as verdict, null as reason, null as evidence from " table \
    " s where (select count(*) from " also ") >= 0 order by s.id"

static int ignore(void *ctx, const struct mln_finding *finding, struct mln_err *err)
{
    (void)ctx;
    (void)finding;
    (void)err;
    return MLN_OK;
}

/* A snapshot without rows; every call of the plan but `not_done` has been made. */
static struct mln_snapshot *new_snapshot(size_t not_done)
{
    struct mln_snapshot *snapshot = NULL;
    struct mln_err err = { 0 };

    OK(mln_snapshot_create(NULL, &schema, &snapshot, &err), &err);
    for (size_t i = 0; i < CALLS; i++)
        if (i != not_done)
            OK(mln_snapshot_call_done(snapshot, mln_str_of(calls[i].id), &err), &err);
    return snapshot;
}

struct answer {
    const char *call, *region, *key;
    enum mln_outcome outcome;
    int64_t pages, items, total, finished_ms;
    const char *message;
};

static void record(struct mln_snapshot *snapshot, const struct answer *answer)
{
    struct mln_call_record row = {
        .call = mln_str_of(answer->call),
        .region = mln_str_of(answer->region != NULL ? answer->region : ""),
        .key = mln_str_of(answer->key != NULL ? answer->key : ""),
        .outcome = answer->outcome,
        .pages = answer->pages,
        .items = answer->items,
        .total = answer->total,
        .finished_ms = answer->finished_ms,
        .message = mln_str_of(answer->message != NULL ? answer->message : ""),
    };
    struct mln_err err = { 0 };
    int64_t call_row = 0;

    OK(mln_snapshot_call_begin(snapshot, &row, &call_row, &err), &err);
    if (answer->outcome != MLN_OUTCOME_RUNNING)
        OK(mln_snapshot_call_end(snapshot, call_row, &row, &err), &err);
}

/* The gaps borrow from the evaluation. */
static struct mln_evaluation judge(
        struct mln_snapshot *snapshot, const char *scope, const char *query)
{
    const struct mln_check check = { .id = 100001,
        .name = MLN_STR("Test"),
        .scope_text = mln_str_of(scope),
        .query_text = mln_str_of(query),
        .scope = mln_str_of(scope),
        .query = mln_str_of(query) };
    const struct mln_evaluator_options options = { .now_ms = 0 };
    struct mln_evaluation evaluation;
    struct mln_evaluator *evaluator = NULL;
    struct mln_err err = { 0 };

    OK(mln_evaluator_new(snapshot, &options, &evaluator, &err), &err);
    OK(mln_evaluate(evaluator, &check, ignore, NULL, &evaluation, &err), &err);
    mln_evaluator_free(evaluator);
    assert_true(evaluation.completeness.is_known);
    return evaluation;
}

static void the_calls_that_are_needed_are_added_up_and_no_others(void **state)
{
    static const struct answer answers[] = {
        { "sts:GetCallerIdentity", .outcome = MLN_OUTCOME_OK, .pages = 1, .items = 1, .total = -1,
                .finished_ms = 500 },
        { "ecs:DescribeRegions", .outcome = MLN_OUTCOME_OK, .pages = 1, .items = 3, .total = -1,
                .finished_ms = 900 },
        { "ecs:DescribeInstances", "cn-a", .outcome = MLN_OUTCOME_OK, .pages = 3, .items = 120,
                .total = 120, .finished_ms = 1500 },
        { "ecs:DescribeInstances", "cn-b", .outcome = MLN_OUTCOME_OK, .pages = 1, .items = 0,
                .total = 0, .finished_ms = 1200 },
        { "ecs:DescribeInstances", "cn-c", .outcome = MLN_OUTCOME_NO_REGION, .total = -1,
                .finished_ms = 1300 },
        { "ecs:DescribeDisks", "cn-a", .outcome = MLN_OUTCOME_OK, .pages = 2, .items = 7,
                .total = -1, .finished_ms = 1400 },
        { "ecs:DescribeDisks", "cn-b", .outcome = MLN_OUTCOME_NOT_ACTIVATED, .pages = 1,
                .total = -1, .finished_ms = 1400 },
        /* Nothing of these is needed. */
        { "oss:ListBuckets", .outcome = MLN_OUTCOME_DENIED, .total = -1, .finished_ms = 1 },
        { "kms:ListKeys", "cn-z", .outcome = MLN_OUTCOME_THROTTLED, .pages = 9, .items = 9,
                .total = 9, .finished_ms = 9999 },
    };
    struct mln_snapshot *snapshot = new_snapshot(CALLS);
    struct mln_evaluation evaluation;
    const struct mln_completeness *got = &evaluation.completeness;

    (void)state;
    for (size_t i = 0; i < MLN_LEN(answers); i++)
        record(snapshot, &answers[i]);
    evaluation = judge(snapshot, "ecs_instance", FROM("ecs_instance", "ecs_disk"));
    assert_int_equal(got->calls, 7);
    assert_int_equal(got->read, 5);
    assert_int_equal(got->no_region, 1);
    assert_int_equal(got->not_activated, 1);
    assert_int_equal(got->denied + got->throttled + got->unsupported + got->failed, 0);
    assert_int_equal(got->not_recorded + got->not_collected + got->more_gaps, 0);
    assert_int_equal(got->gap_count, 0);
    assert_int_equal(got->pages, 9);
    /* Not the regions and the account: they fill no table that was read. */
    assert_int_equal(got->rows, 127);
    assert_int_equal(got->counted_rows, 120);
    assert_int_equal(got->total, 120);
    assert_int_equal(got->regions, 3);
    assert_int_equal(got->regions_with_rows, 1);
    assert_int_equal(got->oldest_ms, 500);
    assert_int_equal(got->newest_ms, 1500);
    assert_int_equal(got->reused, 0);
    mln_evaluation_free(&evaluation);
    assert_false(evaluation.completeness.is_known);
    mln_snapshot_free(snapshot);
}

static void what_was_not_read_is_told_by_call_and_by_why(void **state)
{
    static const struct answer answers[] = {
        { "oss:ListBuckets", .outcome = MLN_OUTCOME_OK, .pages = 1, .items = 6, .total = 6 },
        { "oss:GetBucketInfo", "cn-a", "b1", MLN_OUTCOME_DENIED, .total = -1 },
        { "oss:GetBucketInfo", "cn-a", "b2", MLN_OUTCOME_DENIED, .total = -1 },
        { "oss:GetBucketInfo", "cn-b", "b3", MLN_OUTCOME_DENIED, .total = -1 },
        { "oss:GetBucketInfo", "cn-b", "b4", MLN_OUTCOME_FAILED, .total = -1,
                .message = "not recorded" },
        { "oss:GetBucketInfo", "cn-b", "b5", MLN_OUTCOME_FAILED, .total = -1,
                .message = "not recorded?" },
        { "oss:GetBucketInfo", "cn-c", "b6", MLN_OUTCOME_RUNNING, .total = -1 },
        { "oss:GetBucketInfo", "cn-c", "b7", MLN_OUTCOME_OK, 1, 1, -1, 5,
                "unchanged since 2026-11-22T00:00:00Z" },
        { "oss:GetBucketInfo", "cn-c", "b8", MLN_OUTCOME_OK, 1, 1, -1, 5, "unchanged sinc" },
        { "oss:GetBucketInfo", "cn-c", "b9", MLN_OUTCOME_THROTTLED, .total = -1 },
        { "oss:GetBucketInfo", "cn-c", "ba", MLN_OUTCOME_UNSUPPORTED, .total = -1 },
    };
    struct mln_snapshot *snapshot = new_snapshot(CALLS);
    struct mln_evaluation evaluation;
    const struct mln_completeness *got = &evaluation.completeness;

    (void)state;
    for (size_t i = 0; i < MLN_LEN(answers); i++)
        record(snapshot, &answers[i]);
    evaluation = judge(snapshot, "oss_bucket", FROM("oss_bucket", "oss_bucket_info"));
    assert_int_equal(got->calls, 11);
    assert_int_equal(got->read, 3);
    assert_int_equal(got->denied, 3);
    assert_int_equal(got->throttled, 1);
    assert_int_equal(got->unsupported, 1);
    assert_int_equal(got->failed, 1);
    assert_int_equal(got->not_recorded, 1);
    assert_int_equal(got->not_collected, 1);
    assert_int_equal(got->reused, 1);
    assert_int_equal(got->gap_count, 5);
    EQ_STR(got->gaps[0].call, "oss:GetBucketInfo");
    EQ_STR(got->gaps[0].action, "oss:GetBucketInfo");
    assert_int_equal(got->gaps[0].why, MLN_UNREAD_DENIED);
    assert_int_equal(got->gaps[0].calls, 3);
    assert_int_equal(got->gaps[0].regions, 2);
    assert_int_equal(got->gaps[1].why, MLN_UNREAD_THROTTLED);
    assert_int_equal(got->gaps[2].why, MLN_UNREAD_UNSUPPORTED);
    assert_int_equal(got->gaps[3].why, MLN_UNREAD_ERROR);
    assert_int_equal(got->gaps[3].calls, 2);
    assert_int_equal(got->gaps[4].why, MLN_UNREAD_NOT_COLLECTED);
    assert_int_equal(got->gaps[4].regions, 1);
    mln_evaluation_free(&evaluation);
    mln_snapshot_free(snapshot);
}

static void a_call_that_was_never_begun_is_missing(void **state)
{
    struct mln_snapshot *snapshot = new_snapshot(CALLER);
    struct mln_evaluation evaluation = judge(
            snapshot, "ecs_instance", FROM("ecs_instance", "ecs_instance"));

    (void)state;
    assert_int_equal(evaluation.completeness.calls, 0);
    assert_int_equal(evaluation.completeness.not_collected, 1);
    assert_int_equal(evaluation.completeness.gap_count, 1);
    EQ_STR(evaluation.completeness.gaps[0].call, "sts:GetCallerIdentity");
    EQ_STR(evaluation.completeness.gaps[0].action, "");
    assert_int_equal(evaluation.completeness.gaps[0].regions, 0);
    mln_evaluation_free(&evaluation);
    mln_snapshot_free(snapshot);
}

static void more_gaps_than_are_told_are_counted(void **state)
{
    static const char everything[] = FROM("ecs_instance",
            "account, ecs_disk, kms_key, net_list, oss_bucket,"
            " oss_bucket_info, trail");
    struct mln_snapshot *snapshot = new_snapshot(CALLS);
    struct mln_evaluation evaluation;
    int64_t gaps = 0;

    (void)state;
    for (size_t i = 0; i < CALLS; i++) {
        for (int outcome = MLN_OUTCOME_DENIED; outcome <= MLN_OUTCOME_RUNNING; outcome++) {
            char key[16];
            const struct answer answer = { calls[i].id, "cn-a", key, (enum mln_outcome)outcome };

            (void)snprintf(key, sizeof(key), "%d", outcome);
            record(snapshot, &answer);
            gaps++;
        }
    }
    evaluation = judge(snapshot, "ecs_instance", everything);
    assert_int_equal(evaluation.completeness.calls, gaps);
    assert_int_equal(evaluation.completeness.gap_count, MLN_GAPS_MAX);
    assert_int_equal(evaluation.completeness.more_gaps, gaps - (int64_t)MLN_GAPS_MAX);
    mln_evaluation_free(&evaluation);
    mln_snapshot_free(snapshot);
}

static void numbers_that_no_cloud_gives_do_not_overflow(void **state)
{
    static const struct answer answers[] = {
        { "ecs:DescribeInstances", "cn-a", "1", MLN_OUTCOME_OK, INT64_MAX, INT64_MAX, INT64_MAX,
                INT64_MAX, NULL },
        { "ecs:DescribeInstances", "cn-a", "2", MLN_OUTCOME_OK, INT64_MAX, INT64_MAX, INT64_MAX,
                INT64_MIN, NULL },
        { "ecs:DescribeInstances", "cn-a", "3", MLN_OUTCOME_OK, INT64_MIN, INT64_MIN, INT64_MIN, -1,
                NULL },
    };
    struct mln_snapshot *snapshot = new_snapshot(CALLS);
    struct mln_evaluation evaluation;
    const struct mln_completeness *got = &evaluation.completeness;

    (void)state;
    for (size_t i = 0; i < MLN_LEN(answers); i++)
        record(snapshot, &answers[i]);
    for (int i = 0; i < 1100; i++) {
        char region[16];
        const struct answer answer = { "ecs:DescribeInstances", region };

        (void)snprintf(region, sizeof(region), "r%d", i);
        record(snapshot, &answer);
    }
    evaluation = judge(snapshot, "ecs_instance", FROM("ecs_instance", "ecs_instance"));
    assert_int_equal(got->calls, 1103);
    assert_true(got->pages == INT64_MAX && got->rows == INT64_MAX);
    assert_true(got->counted_rows == INT64_MAX && got->total == INT64_MAX);
    assert_true(got->oldest_ms == INT64_MAX && got->newest_ms == INT64_MAX);
    assert_int_equal(got->regions, 1024);
    mln_evaluation_free(&evaluation);
    mln_snapshot_free(snapshot);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_calls_that_are_needed_are_added_up_and_no_others),
        cmocka_unit_test(what_was_not_read_is_told_by_call_and_by_why),
        cmocka_unit_test(a_call_that_was_never_begun_is_missing),
        cmocka_unit_test(more_gaps_than_are_told_are_counted),
        cmocka_unit_test(numbers_that_no_cloud_gives_do_not_overflow),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
