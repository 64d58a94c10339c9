/* What a query must do for its verdicts to be trusted, and what happens when it does not. */
#include <sqlite3.h>

#include "fixture.h"

struct seen {
    int count, stop_after;
    struct mln_evaluation evaluation;
    char id[16][40], verdict[16][20], reason[16][200], evidence[16][80];
    enum mln_unread why[16];
};

static int note(void *ctx, const struct mln_finding *finding, struct mln_err *err)
{
    struct seen *seen = ctx;
    int at = seen->count++;

    if (seen->stop_after > 0 && seen->count >= seen->stop_after)
        return mln_fail(err, MLN_EIO, "the sink is full");
    if (at >= 16)
        return MLN_OK;
    (void)snprintf(seen->id[at], sizeof(seen->id[at]), "%.*s", MLN_FMT(finding->id));
    (void)snprintf(
            seen->verdict[at], sizeof(seen->verdict[at]), "%s", mln_verdict_name(finding->verdict));
    (void)snprintf(seen->reason[at], sizeof(seen->reason[at]), "%.*s", MLN_FMT(finding->reason));
    (void)snprintf(
            seen->evidence[at], sizeof(seen->evidence[at]), "%.*s", MLN_FMT(finding->evidence));
    seen->why[at] = finding->why;
    return MLN_OK;
}

static void run_sql(struct mln_snapshot *snapshot, const char *sql)
{
    char *message = NULL;

    if (sqlite3_exec(mln_snapshot_db(snapshot), sql, NULL, NULL, &message) != SQLITE_OK)
        fail_msg("%s: %s", sql, message);
}

/* Three buckets, every call made. */
static struct mln_snapshot *new_snapshot(void)
{
    struct mln_snapshot *snapshot = NULL;
    struct mln_err err = { 0 };

    OK(mln_snapshot_create(NULL, &schema, &snapshot, &err), &err);
    for (size_t i = 0; i < CALLS; i++)
        OK(mln_snapshot_call_done(snapshot, mln_str_of(calls[i].id), &err), &err);
    OK(mln_snapshot_set(snapshot, "account_id", MLN_STR("1234567890123456"), &err), &err);
    run_sql(snapshot, "insert into oss_bucket(id, name, region) values"
                      "('b1', 'b1', 'cn-hangzhou'), ('b2', 'b2', 'cn-beijing'), ('b3', 'b3', '')");
    return snapshot;
}

static int evaluate(struct mln_snapshot *snapshot, const struct mln_evaluator_options *options,
        const struct mln_check *check, struct seen *seen, struct mln_err *err)
{
    struct mln_evaluator *evaluator = NULL;
    int rc;

    OK(mln_evaluator_new(snapshot, options, &evaluator, err), err);
    rc = mln_evaluate(evaluator, check, note, seen, &seen->evaluation, err);
    mln_evaluator_free(evaluator);
    return rc;
}

static struct mln_check check_of(const char *scope, const char *query)
{
    return (struct mln_check){ .id = 100001,
        .name = MLN_STR("Mine"),
        .scope = mln_str_of(scope),
        .query = mln_str_of(query) };
}

static int judge(const char *scope, const char *query, struct seen *seen, struct mln_err *err)
{
    struct mln_check check = check_of(scope, query);
    struct mln_evaluator_options options = { .now_ms = 1000 };
    struct mln_snapshot *snapshot = new_snapshot();
    int rc = evaluate(snapshot, &options, &check, seen, err);

    mln_snapshot_free(snapshot);
    return rc;
}

#define COLUMNS "b.id, b.region, b.name, 'pass' as verdict, null as reason, null as evidence"

static void each_row_of_the_scope_has_one_verdict(void **state)
{
    struct seen seen = { 0 };
    struct mln_err err = { 0 };

    (void)state;
    OK(judge("oss_bucket",
               "select b.id, b.region, b.name, case b.id when 'b1' then 'pass' when 'b2' then "
               "'fail' else 'not_applicable' end as verdict, 'r' || :now || :account as reason, "
               "json_object('a', 1) as evidence from oss_bucket b order by 1 desc",
               &seen, &err),
            &err);
    assert_int_equal(seen.count, 3);
    assert_int_equal(seen.evaluation.count[MLN_PASS], 1);
    assert_int_equal(seen.evaluation.count[MLN_FAIL], 1);
    assert_int_equal(seen.evaluation.count[MLN_NOT_APPLICABLE], 1);
    assert_int_equal(seen.evaluation.count[MLN_UNKNOWN], 0);
    assert_int_equal(seen.evaluation.unread_count, 0);
    assert_string_equal(seen.id[1], "b2");
    assert_string_equal(seen.verdict[1], "fail");
    assert_string_equal(seen.reason[1], "r10001234567890123456");
    assert_string_equal(seen.evidence[1], "{\"a\":1}");
    mln_evaluation_free(&seen.evaluation);
}

/* Each breaks the contract in its own way; the message names the row. */
static void a_query_that_breaks_the_contract_gives_nothing(void **state)
{
    static const struct {
        const char *query, *message;
    } rows[] = {
        { "select " COLUMNS " from oss_bucket b where b.id <> 'b2'",
                "misses a row of the scope: row 'b2' (region 'cn-beijing')" },
        { "select " COLUMNS " from oss_bucket b union all select " COLUMNS
          " from oss_bucket b where b.id = 'b1'",
                "a row twice, or one that is not of the scope: row 'b1'" },
        { "select " COLUMNS " from oss_bucket b where b.id <> 'b3' union all select " COLUMNS
          " from oss_bucket b where b.id = 'b1'",
                ": row 'b" },
        { "select " COLUMNS " from oss_bucket b where b.id <> 'b1' union all select 'x', 'y', 'z', "
          "'pass', null, null",
                "row '" },
        { "select " COLUMNS " from oss_bucket b union all select 'x', 'y', 'z', 'pass', null, null",
                "not of the scope: row 'x' (region 'y')" },
        { "select b.id, 'cn-hangzhou' as region, b.name, 'pass' as verdict, null as reason, "
          "null as evidence from oss_bucket b",
                "row '" },
        { "select b.id, b.region, b.name, 'passed' as verdict, null as reason, null as evidence "
          "from oss_bucket b",
                "a verdict that is none of" },
        { "select b.id, b.region, b.name, null as verdict, null as reason, null as evidence "
          "from oss_bucket b",
                "a verdict that is none of" },
        { "select b.id, b.region, b.name, 'fail' as verdict, null as reason, '{\"a\":}' as "
          "evidence from oss_bucket b",
                "no JSON object: row 'b1'" },
        { "select b.id, b.region, b.name, 'fail' as verdict, null as reason, '[1]' as "
          "evidence from oss_bucket b",
                "no JSON object" },
        { "select b.id, b.region, b.name, 'pass' as verdict, null as reason, '12' as "
          "evidence from oss_bucket b",
                "no JSON object" },
        { "select b.id, b.region, b.name, 'fail' as verdict, 12 as reason, null as "
          "evidence from oss_bucket b",
                "a reason that is no text" },
        { "select 1 as id, b.region, b.name, 'fail' as verdict, null as reason, null as "
          "evidence from oss_bucket b",
                "an id that is no text" },
        { "select null as id, b.region, b.name, 'fail' as verdict, null as reason, null as "
          "evidence from oss_bucket b",
                "an id that is no text" },
        { "select b.id, b.region, b.name, x'00' as verdict, null as reason, null as "
          "evidence from oss_bucket b",
                "a verdict that is none of" },
        { "select b.id, b.region, b.name, 'fail' as verdict, null as reason from oss_bucket b",
                "5 columns, not 6" },
        { "select b.id, b.region, b.name, 'fail' as verdicts, null as reason, null as evidence "
          "from oss_bucket b",
                "column 4 is 'verdicts', not 'verdict'" },
        { "select " COLUMNS " from nowhere b", "no such table: nowhere" },
        { "select b.id, b.region, b.nome from oss_bucket b", "no such column: b.nome" },
        { "delete from oss_bucket", "it may only read" },
        { "insert into oss_bucket(id) values('x') returning id, id, id, id, id, id",
                "it may only read" },
        { "attach 'x' as y", "it may only read" },
        { "pragma table_info(oss_bucket)", "it may only read" },
        { "select " COLUMNS " from oss_bucket b, pragma_table_info('oss_bucket') t",
                "it may only read" },
        { "select " COLUMNS " from oss_bucket b where (select count(*) from sqlite_schema) > 0",
                "no table of the plan" },
        { "select " COLUMNS " from oss_bucket b where (select sql from sqlite_schema) > 0",
                "no table of the plan" },
        { "select " COLUMNS " from oss_bucket b where exists (select 1 from collect_call)",
                "collect_call" },
        { "select " COLUMNS " from oss_bucket b; select 1", "more than one statement" },
        { "explain select " COLUMNS " from oss_bucket b", "it may only read" },
        { "select " COLUMNS " from oss_bucket b where :other", ":other is no parameter" },
        { "select " COLUMNS " from oss_bucket b where ?1", "is written :name" },
        { "select " COLUMNS " from oss_bucket b where coalesce(b.id, '') = ''",
                "coalesce() is refused" },
        { "select " COLUMNS " from oss_bucket b where \"IfNull\"(b.id, '') = ''",
                "ifnull() is refused" },
        { "select " COLUMNS " from oss_bucket b where load_extension('x')",
                "load_extension() is refused" },
        { "select " COLUMNS " from oss_bucket b where datetime('NOW') > ''", "'now' is refused" },
        { "select " COLUMNS " from oss_bucket b where unread('nowhere') is null",
                "a table that the plan does not have" },
        { "", "it is empty" },
        { "-- nothing", "there is no statement" },
    };

    (void)state;
    for (size_t i = 0; i < MLN_LEN(rows); i++) {
        struct seen seen = { .evaluation = { .unread_count = 77 } };
        struct mln_err err = { 0 };

        FAILS(judge("oss_bucket", rows[i].query, &seen, &err), MLN_EINVAL, &err, rows[i].message);
        assert_non_null(strstr(err.msg, "check 100001 (Mine)"));
        assert_int_equal(seen.evaluation.unread_count, 77);
    }
}

static void one_row_among_many_is_found(void **state)
{
    struct mln_snapshot *snapshot = new_snapshot();
    struct mln_evaluator_options options = { .now_ms = 0 };
    struct mln_check check = check_of(
            "oss_bucket", "select " COLUMNS " from oss_bucket b where b.id <> 'r31234'");
    struct seen seen = { 0 };
    struct mln_err err = { 0 };

    (void)state;
    run_sql(snapshot,
            "insert into oss_bucket(id, name, region) "
            "with recursive n(i) as (select 1 union all select i + 1 from n where i < 50000) "
            "select 'r' || i, 'r' || i, 'cn-hangzhou' from n");
    FAILS(evaluate(snapshot, &options, &check, &seen, &err), MLN_EINVAL, &err,
            "misses a row of the scope: row 'r31234'");
    mln_snapshot_free(snapshot);
}

static void a_query_that_never_ends_is_stopped_by_the_clock(void **state)
{
    struct mln_snapshot *snapshot = new_snapshot();
    struct mln_evaluator_options options = { .time_max_ms = 50 };
    struct mln_check check = check_of("oss_bucket",
            "with recursive n(i) as (select 1 union all select i + 1 from n) select " COLUMNS
            " from oss_bucket b where (select count(*) from n) > 0");
    struct mln_check after = check_of("oss_bucket", "select " COLUMNS " from oss_bucket b");
    struct seen seen = { 0 };
    struct mln_err err = { 0 };

    (void)state;
    FAILS(evaluate(snapshot, &options, &check, &seen, &err), MLN_ETOOBIG, &err,
            "longer than 50 ms");
    OK(evaluate(snapshot, &options, &after, &seen, &err), &err);
    assert_int_equal(seen.count, 3);
    mln_evaluation_free(&seen.evaluation);
    mln_snapshot_free(snapshot);
}

static void a_stop_cancels_a_query_that_never_ends(void **state)
{
    struct mln_snapshot *snapshot = new_snapshot();
    static const volatile int stop = 1;
    struct mln_evaluator_options options = { .stop = &stop };
    struct mln_check check = check_of(
            "with recursive n(i) as (select 1 union all select i + 1 from n) "
            "select b.id, b.region from oss_bucket b where (select count(*) from n) > 0",
            "select " COLUMNS " from oss_bucket b");
    struct seen seen = { 0 };
    struct mln_err err = { 0 };

    (void)state;
    FAILS(evaluate(snapshot, &options, &check, &seen, &err), MLN_ECANCELLED, &err, "stopped");
    mln_snapshot_free(snapshot);
}

static void the_sinks_failure_ends_the_evaluation(void **state)
{
    struct seen seen = { .stop_after = 2 };
    struct mln_err err = { 0 };

    (void)state;
    FAILS(judge("oss_bucket", "select " COLUMNS " from oss_bucket b", &seen, &err), MLN_EIO, &err,
            "the sink is full");
    assert_int_equal(seen.count, 2);
}

static void reasons_are_printable_ascii_and_bounded(void **state)
{
    struct seen seen = { 0 };
    struct mln_err err = { 0 };

    (void)state;
    OK(judge("oss_bucket",
               "select b.id, b.region, b.name, 'fail' as verdict, "
               "case b.id when 'b1' then '公' || char(27) || 'x' when 'b2' then "
               "cast(x'ff41' as text) else printf('%.*c', 100000, 'y') end as reason, "
               "case b.id when 'b3' then json_object('a', printf('%.*c', 100000, 'y')) end as "
               "evidence from oss_bucket b order by b.id",
               &seen, &err),
            &err);
    assert_string_equal(seen.reason[0], "\\u516C\\u001Bx");
    assert_string_equal(seen.reason[1], "?A");
    assert_string_equal(seen.evidence[2], "{\"evidence\":\"too long to be kept\"}");
    mln_evaluation_free(&seen.evaluation);
}

static void an_unknown_of_the_query_keeps_its_reason(void **state)
{
    struct seen seen = { 0 };
    struct mln_err err = { 0 };

    (void)state;
    OK(judge("oss_bucket",
               "select b.id, b.region, b.name, 'unknown' as verdict, "
               "case b.id when 'b1' then 'the list has an odd entry' when 'b2' then "
               "'no permission: x:Y' end as reason, null as evidence "
               "from oss_bucket b order by b.id",
               &seen, &err),
            &err);
    assert_string_equal(seen.reason[0], "the list has an odd entry");
    assert_int_equal(seen.why[0], MLN_UNREAD_ERROR);
    assert_int_equal(seen.why[1], MLN_UNREAD_DENIED);
    assert_string_equal(seen.reason[2], "it cannot be judged");
    assert_int_equal(seen.why[2], MLN_UNREAD_ERROR);
    mln_evaluation_free(&seen.evaluation);
}

static void the_names_of_with_and_json_each_are_no_tables(void **state)
{
    struct seen seen = { 0 };
    struct mln_err err = { 0 };

    (void)state;
    OK(judge("select id, region from oss_bucket",
               "with few as (select 1 as one) select " COLUMNS " from oss_bucket b "
               "where (select count(*) from few) = 1 and exists (select 1 from "
               "json_each('[\"b1\",\"b2\",\"b3\"]') j where j.value = b.id)",
               &seen, &err),
            &err);
    assert_int_equal(seen.count, 3);
    mln_evaluation_free(&seen.evaluation);
}

static void parameters_are_bound_by_name_and_kind(void **state)
{
    static const struct mln_check_param params[] = {
        { .name = "whole", .kind = MLN_PARAM_INT, .value = { "-7", 2 } },
        { .name = "part", .kind = MLN_PARAM_REAL, .value = { "0.5", 3 } },
        { .name = "flag", .kind = MLN_PARAM_BOOL, .value = { "true", 4 } },
        { .name = "word", .kind = MLN_PARAM_TEXT, .value = { "12", 2 } },
        { .name = "list", .kind = MLN_PARAM_LIST, .value = { "[1,2]", 5 } },
    };
    struct mln_check check = check_of("oss_bucket",
            "select b.id, b.region, b.name, 'fail' as verdict, typeof(:whole) || :whole || "
            "typeof(:part) || :part || typeof(:flag) || :flag || typeof(:word) || :word || "
            "json_array_length(:list) as reason, null as evidence from oss_bucket b");
    struct mln_evaluator_options options = { .now_ms = 0 };
    struct mln_snapshot *snapshot = new_snapshot();
    struct seen seen = { 0 };
    struct mln_err err = { 0 };

    (void)state;
    check.params = params;
    check.param_count = MLN_LEN(params);
    OK(evaluate(snapshot, &options, &check, &seen, &err), &err);
    assert_string_equal(seen.reason[0], "integer-7real0.5integer1text122");
    mln_evaluation_free(&seen.evaluation);
    mln_snapshot_free(snapshot);
}

static void an_evaluator_judges_many_checks(void **state)
{
    struct mln_check first = check_of("oss_bucket", "select " COLUMNS " from oss_bucket b");
    struct mln_check empty = check_of("kms_key", "select " COLUMNS " from kms_key b");
    struct mln_check broken = check_of("oss_bucket", "select " COLUMNS " from kms_key b");
    struct mln_evaluator_options options = { .now_ms = 0 };
    struct mln_snapshot *snapshot = new_snapshot();
    struct mln_evaluator *evaluator = NULL;
    struct mln_err err = { 0 };

    (void)state;
    OK(mln_evaluator_new(snapshot, &options, &evaluator, &err), &err);
    for (int i = 0; i < 3; i++) {
        struct seen seen = { 0 };

        OK(mln_evaluate(evaluator, &first, note, &seen, &seen.evaluation, &err), &err);
        assert_int_equal(seen.count, 3);
        mln_evaluation_free(&seen.evaluation);
        OK(mln_evaluate(evaluator, &empty, note, &seen, &seen.evaluation, &err), &err);
        mln_evaluation_free(&seen.evaluation);
        FAILS(mln_evaluate(evaluator, &broken, note, &seen, &seen.evaluation, &err), MLN_EINVAL,
                &err, "misses a row of the scope: row 'b");
    }
    mln_evaluator_free(evaluator);
    /* The functions stay for a query of one's own, with their own knowledge of what is unread. */
    OK(mln_check_functions(snapshot, &err), &err);
    run_sql(snapshot, "select unread('oss_bucket'), port_in('22/22', 22)");
    mln_snapshot_free(snapshot);
}

static void a_file_is_judged_as_it_was_left(void **state)
{
    char folder[] = "/tmp/mln-check-XXXXXX", path[64];
    struct mln_check check = check_of("oss_bucket", "select " COLUMNS " from oss_bucket b");
    struct mln_evaluator_options options = { .now_ms = 0 };
    struct mln_snapshot *snapshot = NULL;
    struct seen seen = { 0 };
    struct mln_err err = { 0 };

    (void)state;
    assert_non_null(mkdtemp(folder));
    (void)snprintf(path, sizeof(path), "%s/s.db", folder);
    OK(mln_snapshot_create(path, &schema, &snapshot, &err), &err);
    run_sql(snapshot, "insert into oss_bucket(id, name) values('b1', 'b1')");
    for (size_t i = 0; i < CALLS; i++)
        if (i != BUCKETS)
            OK(mln_snapshot_call_done(snapshot, mln_str_of(calls[i].id), &err), &err);
    OK(mln_snapshot_finish(snapshot, &err), &err);
    mln_snapshot_free(snapshot);
    OK(mln_snapshot_open(path, &snapshot, &err), &err);
    OK(evaluate(snapshot, &options, &check, &seen, &err), &err);
    assert_int_equal(seen.count, 1);
    assert_string_equal(seen.verdict[0], "unknown");
    assert_string_equal(seen.reason[0], "not collected: oss:ListBuckets");
    assert_int_equal(seen.why[0], MLN_UNREAD_NOT_COLLECTED);
    assert_int_equal(seen.evaluation.unread_count, 1);
    mln_evaluation_free(&seen.evaluation);
    mln_snapshot_free(snapshot);
    assert_int_equal(unlink(path), 0);
    assert_int_equal(rmdir(folder), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_row_of_the_scope_has_one_verdict),
        cmocka_unit_test(a_query_that_breaks_the_contract_gives_nothing),
        cmocka_unit_test(one_row_among_many_is_found),
        cmocka_unit_test(a_query_that_never_ends_is_stopped_by_the_clock),
        cmocka_unit_test(a_stop_cancels_a_query_that_never_ends),
        cmocka_unit_test(the_sinks_failure_ends_the_evaluation),
        cmocka_unit_test(reasons_are_printable_ascii_and_bounded),
        cmocka_unit_test(an_unknown_of_the_query_keeps_its_reason),
        cmocka_unit_test(the_names_of_with_and_json_each_are_no_tables),
        cmocka_unit_test(parameters_are_bound_by_name_and_kind),
        cmocka_unit_test(an_evaluator_judges_many_checks),
        cmocka_unit_test(a_file_is_judged_as_it_was_left),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
