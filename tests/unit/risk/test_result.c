/* Lists, filters, pages and totals of results. */
#include "scan_fixture.h"

static const struct thing things[] = { { "a", "r1", 11, "bad" }, { "b", "r1", 12, NULL },
    { "c", "r2", -1, NULL }, { "d", "r2", 13, NULL }, { "e", "r2", 1, NULL } };

static int add_item(void *ctx, const struct mln_check_result *result, struct mln_err *err)
{
    char line[128];

    (void)err;
    (void)snprintf(
            line, sizeof(line), "%lld:%.*s", (long long)result->item_id, MLN_FMT(result->title));
    add_text(ctx, mln_str_of(line));
    assert_string_equal(result->texts[0].name, "bestPractice");
    assert_string_equal(result->texts[3].name, "helpResource");
    assert_true(result->texts[3].is_link && !result->texts[0].is_link);
    EQ_STR(result->texts[3].value, "https://e.x/");
    return MLN_OK;
}

static void lists(struct fixture *f, const struct mln_result_query *query, int64_t total,
        const char *expected)
{
    struct text out = { "" };
    int64_t got = -1;
    struct mln_err err;

    OK(mln_result_list(f->store, &test_clock, query, &got, add_item, &out, &err), &err);
    assert_string_equal(out.text, expected);
    assert_int_equal(got, total);
}

#define ALL "100002:About T_State 100001:About T_Size 100003:About T_Twice"

static void a_list_is_filtered_and_paged(void **state)
{
    static const int64_t ids[] = { TWICE_ID, 4711 };
    const struct mln_result_query all = {
        .account_id = ACCOUNT, .enabled = -1, .page = 1, .page_size = 20
    };
    struct fixture *f = *state;
    struct mln_posture *posture = three_checks();
    struct mln_result_query query = all;

    (void)SCAN(f, posture, things, NULL);
    lists(f, &query, 3, ALL);
    query.lang = MLN_LANG_ZH;
    query.group = 2;
    lists(f, &query, 1, "100002:关于T_State");
    query = all;
    query.levels = 1U << 3 | 1U << 1;
    lists(f, &query, 2, "100001:About T_Size 100003:About T_Twice");
    query.statuses = 1U << MLN_RESULT_PASS;
    lists(f, &query, 1, "100003:About T_Twice");
    query = all;
    query.service = MLN_STR("ecs");
    lists(f, &query, 3, ALL);
    query.service = MLN_STR("EC");
    lists(f, &query, 0, "");
    query = all;
    query.name = MLN_STR("t_s");
    lists(f, &query, 2, "100002:About T_State 100001:About T_Size");
    query.name = MLN_STR("关于T_Tw"); /* In either language. */
    lists(f, &query, 1, "100003:About T_Twice");
    query = all;
    query.ids = ids;
    query.id_count = 2;
    lists(f, &query, 1, "100003:About T_Twice");
    query = all;
    query.enabled = 0;
    lists(f, &query, 0, "");
    query = all;
    query.page_size = 2;
    lists(f, &query, 3, "100002:About T_State 100001:About T_Size");
    query.page = 2;
    lists(f, &query, 3, "100003:About T_Twice");
    query.page = INT64_MAX;
    lists(f, &query, 3, "");
    query = all;
    query.account_id = MLN_STR("6543210987654321");
    lists(f, &query, 0, "");
    mln_posture_free(posture);
}

static void odd_pages_are_refused(void **state)
{
    struct fixture *f = *state;
    static const int64_t odd[][2] = { { 0, 1 }, { -1, 1 }, { 1, 0 },
        { 1, MLN_RESULT_PAGE_SIZE_MAX + 1 } };
    struct mln_result_query query = { .account_id = ACCOUNT, .enabled = -1 };
    struct mln_finding_query resources = { .account_id = ACCOUNT, .item_id = SIZE_ID };
    struct mln_result_grid grid;
    int64_t total = -1;
    struct mln_err err;

    for (size_t i = 0; i < MLN_LEN(odd); i++) {
        query.page = resources.page = odd[i][0];
        query.page_size = resources.page_size = odd[i][1];
        FAILS(mln_result_list(f->store, &test_clock, &query, &total, add_item, NULL, &err),
                MLN_EINVAL, &err, "page");
        FAILS(mln_result_findings(f->store, &test_clock, &resources, MLN_LANG_EN, &grid, &total,
                      add_finding_seen, NULL, &err),
                MLN_EINVAL, &err, "page");
    }
    assert_int_equal(total, -1);
}

static void gives(struct fixture *f, const struct mln_finding_query *query, int64_t total,
        const char *expected)
{
    struct mln_result_grid grid;
    struct text out = { "" };
    int64_t got = -1;
    struct mln_err err;

    OK(mln_result_findings(f->store, &test_clock, query, MLN_LANG_EN, &grid, &got, add_finding_seen,
               &out, &err),
            &err);
    assert_string_equal(out.text, expected);
    assert_int_equal(got, total);
}

static void failed_resources_come_first_and_in_pages(void **state)
{
    struct fixture *f = *state;
    struct mln_posture *posture = three_checks();
    const struct mln_str ids[] = { MLN_STR("d"), MLN_STR("c"), MLN_STR("a"), MLN_STR("d"),
        MLN_STR("e") };
    struct mln_finding_query query = {
        .account_id = ACCOUNT, .item_id = SIZE_ID, .page = 1, .page_size = 2
    };
    struct mln_result_grid grid;
    int64_t total = -1;
    struct mln_err err;

    FAILS(mln_result_findings(f->store, &test_clock, &query, MLN_LANG_EN, &grid, &total,
                  add_finding_seen, NULL, &err),
            MLN_ENOTFOUND, &err, "never scanned");
    (void)SCAN(f, posture, things, NULL);
    gives(f, &query, 3, "a@r1:fail b@r1:fail");
    query.page = 2;
    gives(f, &query, 3, "d@r2:fail");
    query.not_assessed_too = true;
    gives(f, &query, 4, "d@r2:fail c@r2:unknown");
    query.page = 3;
    gives(f, &query, 4, "");
    query.page = 1;
    query.without_failed = true;
    gives(f, &query, 1, "c@r2:unknown");
    query.without_failed = false;
    query.resource_ids = ids;
    query.resource_id_count = MLN_LEN(ids);
    gives(f, &query, 3, "a@r1:fail d@r2:fail");
    query.page = 2;
    gives(f, &query, 3, "c@r2:unknown");
    query.not_assessed_too = false;
    query.page = 1;
    gives(f, &query, 2, "a@r1:fail d@r2:fail");
    query.item_id = 4711;
    FAILS(mln_result_findings(f->store, &test_clock, &query, MLN_LANG_EN, &grid, &total,
                  add_finding_seen, NULL, &err),
            MLN_ENOTFOUND, &err, "4711");
    assert_int_equal(total, -1);
    mln_posture_free(posture);
}

static void totals_add_up(void **state)
{
    struct fixture *f = *state;
    struct mln_posture *posture = three_checks();
    const struct mln_mark_request one = {
        .account_id = ACCOUNT, .item_id = STATE_ID, .kind = "ignored"
    };
    struct mln_result_totals totals;
    struct mln_err err;

    (void)SCAN(f, posture, things, NULL);
    OK(mln_result_mark(f->store, &test_clock, &one, 1, &err), &err);
    OK(mln_result_totals(f->store, &test_clock, ACCOUNT, &totals, &err), &err);
    assert_int_equal(totals.items, 3);
    assert_int_equal(totals.by_status[MLN_RESULT_FAILED], 1);
    assert_int_equal(totals.by_status[MLN_RESULT_IGNORED], 1);
    assert_int_equal(totals.by_status[MLN_RESULT_PASS], 1);
    assert_int_equal(totals.failed_by_level[3], 1);
    assert_int_equal(totals.failed_by_level[2], 0);
    assert_int_equal(totals.passed_by_level[1], 1);
    assert_int_equal(totals.group[4].by_status[MLN_RESULT_FAILED], 1);
    assert_int_equal(totals.group[2].by_status[MLN_RESULT_IGNORED], 1);
    assert_int_equal(totals.affected, 3); /* a, b and d: a failed twice and counts once. */
    assert_int_equal(totals.scan_ms, clock_ms);
    assert_int_equal(totals.previous_ms, 0);
    (void)SCAN(f, posture, things, NULL);
    OK(mln_result_totals(f->store, &test_clock, ACCOUNT, &totals, &err), &err);
    assert_int_equal(totals.previous_failed, 2);
    assert_int_equal(totals.previous_ms, clock_ms - 1000);
    mln_posture_free(posture);
}

static void a_check_that_is_switched_off_waits_and_says_so(void **state)
{
    struct fixture *f = *state;
    struct mln_posture *posture = three_checks();
    struct mln_result_query query = { .account_id = ACCOUNT, .page = 1, .page_size = 20 };
    struct mln_check *size = NULL;

    (void)SCAN(f, posture, things, NULL);
    for (size_t i = 0; i < posture->listed_count; i++) {
        static struct mln_check copy;

        if (posture->listed[i]->id == SIZE_ID) {
            copy = *posture->listed[i];
            size = &copy;
            size->enabled = false;
            posture->listed[i] = size;
        }
    }
    assert_non_null(size);
    (void)SCAN(f, posture, things, NULL);
    assert_string_equal(status(f, SIZE_ID), "waiting");
    assert_string_equal(item(f, SIZE_ID).reason, "the check is switched off");
    assert_string_equal(findings(f, SIZE_ID).text, "");
    assert_string_equal(flips(f, SIZE_ID, 5).text, "");
    lists(f, &query, 1, "100001:About T_Size");
    mln_posture_free(posture);
}

static void words_of_results(void **state)
{
    (void)state;
    assert_string_equal(mln_result_status_name(MLN_RESULT_FALSE_POSITIVE), "falsePositive");
    assert_string_equal(mln_result_level_name(3), "high");
    assert_string_equal(mln_result_level_name(0), "");
    assert_string_equal(mln_result_level_name(4), "");
    assert_string_equal(mln_result_group_title(7, MLN_LANG_EN), "");
    for (int group = 1; group <= MLN_RESULT_GROUPS; group++) {
        const char *word = mln_result_group_word(group);

        assert_int_equal(mln_result_group_parse(mln_str_of(word)), group);
        assert_true(mln_result_group_title(group, MLN_LANG_ZH)[0] != '\0');
    }
    assert_int_equal(mln_result_group_parse(MLN_STR("")), 0);
    assert_int_equal(mln_result_group_parse(MLN_STR("other")), 0);
}

#define RESULT_TEST(function) \
    cmocka_unit_test_setup_teardown(function, fixture_setup, fixture_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        RESULT_TEST(a_list_is_filtered_and_paged),
        RESULT_TEST(odd_pages_are_refused),
        RESULT_TEST(failed_resources_come_first_and_in_pages),
        RESULT_TEST(totals_add_up),
        RESULT_TEST(a_check_that_is_switched_off_waits_and_says_so),
        cmocka_unit_test(words_of_results),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
