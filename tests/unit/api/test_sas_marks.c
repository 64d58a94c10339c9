/* Marks on items and resources, by both families of actions, and who may set them. */
#include "sas_fixture.h"

#define ADD    "AddCheckResultWhiteList"
#define REMOVE "RemoveCheckResultWhiteList"
#define ITEM   "ModifyRiskCheckStatus"
#define SINGLE "ModifyRiskSingleResultStatus"

static void status_is(struct api *api, int64_t item_id, const char *status)
{
    char query[64], want[64];

    (void)snprintf(query, sizeof(query), "ItemIds.1=%lld", (long long)item_id);
    (void)snprintf(want, sizeof(want), "[{\"Status\":\"%s\",", status);
    (void)sas(api, "DescribeRiskCheckResult", query);
    HAS(api, want);
}

static void does(struct api *api, const char *action, const char *query)
{
    (void)sas(api, action, query);
    IS_JSON(api);
}

static void an_item_is_ignored_and_reset(void **state)
{
    struct api *api = *state;

    does(api, ITEM, "ItemId=12&TaskId=1&Status=ignored&Lang=zh&SourceIp=1.2.3.4");
    status_is(api, TWO_OPEN, "ignored");
    HAS(api, "\"AffectedCount\":2,"); /* The finding stays. */
    (void)sas(api, "ListCheckResult", "Statuses.1=WHITELIST");
    HAS(api, "\"CheckId\":12,");
    does(api, ITEM, "ItemId=12&TaskId=1&Status=ignored");
    does(api, ITEM, "ItemId=12&TaskId=1&Status=reset");
    status_is(api, TWO_OPEN, "failed");
    does(api, ITEM, "ItemId=12&TaskId=1&Status=reset"); /* There is nothing to take back. */
    does(api, ITEM, "ItemId=6&TaskId=0&Status=ignored");
    status_is(api, PASSED, "ignored");
}

static void resources_are_ignored_and_reset(void **state)
{
    struct api *api = *state;

    does(api, SINGLE, "TaskId=1&Ids.1=1&Status=ignored");
    status_is(api, TWO_OPEN, "failed");
    (void)sas(api, "DescribeRiskCheckItemResult", "ItemId=12");
    HAS(api, "[{\"id\":1,\"status\":\"ignored\"},{\"id\":2,\"status\":\"failed\"}]");
    does(api, SINGLE, "TaskId=1&Ids.1=2&Ids.2=2&Status=ignored");
    status_is(api, TWO_OPEN, "ignored");
    does(api, SINGLE, "TaskId=1&Ids.1=1&Ids.2=2&Status=failed");
    status_is(api, TWO_OPEN, "failed");
    does(api, SINGLE, "TaskId=1&Ids.1=1&Ids.2=4&Status=ignored"); /* Of two items. */
    (void)sas(api, "DescribeRiskCheckItemResult", "ItemId=7");
    HAS(api, "{\"id\":4,\"status\":\"ignored\"}");
}

static void all_of_a_call_or_nothing_is_marked(void **state)
{
    struct api *api = *state;

    (void)sas(api, SINGLE, "TaskId=1&Ids.1=1&Ids.2=4711&Status=ignored");
    IS_REFUSED(api, 400, "RiskItemResultNotExists");
    (void)sas(api, "DescribeRiskCheckItemResult", "ItemId=12");
    HAS(api, "{\"id\":1,\"status\":\"failed\"}");
    (void)sas(api, ADD, "CheckIds.1=12&CheckIds.2=4711");
    IS_REFUSED(api, 400, "RiskItemNotExists");
    status_is(api, TWO_OPEN, "failed");
}

static void odd_marks_are_refused(void **state)
{
    static const struct asked item[] = {
        { NULL, "\"MissingItemId\"" },
        { "ItemId=12", "\"MissingTaskId\"" },
        { "ItemId=12&TaskId=1", "\"MissingStatus\"" },
        { "ItemId=12&TaskId=x&Status=ignored", "\"InvalidTaskId\"" },
        { "ItemId=12&TaskId=-1&Status=ignored", "\"InvalidTaskId\"" },
        { "ItemId=12&TaskId=1&Status=pass", "\"InvalidStatus\"" },
        { "ItemId=4711&TaskId=1&Status=ignored", "\"RiskItemNotExists\"" },
        { "ItemId=4711&TaskId=1&Status=reset", "\"RiskItemNotExists\"" },
    };
    static const struct asked single[] = {
        { NULL, "\"MissingTaskId\"" },
        { "TaskId=1", "\"MissingIds\"" },
        { "TaskId=1&Ids=1", "\"MissingIds\"" },
        { "TaskId=1&Ids.1=1", "\"MissingStatus\"" },
        { "TaskId=1&Ids.1=x&Status=ignored", "\"InvalidIds\"" },
        { "TaskId=1&Ids.1=0&Status=ignored", "\"InvalidIds\"" },
        { "TaskId=1&Ids.1=1&Status=reset", "\"InvalidStatus\"" },
        { "TaskId=1&Ids.1=4711&Status=failed", "\"RiskItemResultNotExists\"" },
    };
    static const struct asked add[] = {
        { NULL, "\"MissingCheckIds\"" },
        { "CheckIds.1=x", "\"InvalidCheckIds\"" },
        { "CheckIds.1=12&Remark=a%0ab", "\"InvalidRemark\"" },
        { "CheckIds.1=12&RuleType=BLACK", "\"InvalidRuleType\"" },
        { "CheckIds.1=12&InstanceIds.1=", "\"InvalidInstanceIds\"" },
        { "CheckIds.1=12&InstanceIds.1=rm-1", "\"RiskItemResultNotExists\"" },
        { "InstanceIds.1=nobody", "\"RiskItemResultNotExists\"" },
    };
    static const struct asked removal[] = {
        { NULL, "\"MissingCheckIds\"" },
        { "RuleId=0", "\"InvalidRuleId\"" },
        { "RuleId=4711", "\"RiskItemNotExists\"" },
        { "CheckIds.1=12&InstanceIds.1=nobody", "\"RiskItemResultNotExists\"" },
    };

    all_refuse(*state, ITEM, item, MLN_LEN(item));
    all_refuse(*state, SINGLE, single, MLN_LEN(single));
    all_refuse(*state, ADD, add, MLN_LEN(add));
    all_refuse(*state, REMOVE, removal, MLN_LEN(removal));
}

static void checks_are_whitelisted_and_taken_back(void **state)
{
    struct api *api = *state;

    does(api, ADD, "CheckIds.1=12&CheckIds.2=7&Remark=known&RuleType=WHITE");
    HAS(api, "{\"RuleIds\":[12,7],\"RequestId\":");
    status_is(api, TWO_OPEN, "ignored");
    status_is(api, MIXED, "ignored");
    does(api, REMOVE, "RuleId=12");
    HAS(api, "{\"Code\":\"200\",\"Message\":\"OK\",\"Success\":true,\"RequestId\":");
    status_is(api, TWO_OPEN, "failed");
    does(api, REMOVE, "CheckIds.1=7");
    status_is(api, MIXED, "failed");
    (void)sas_xml(api, ADD, "CheckIds.1=12&CheckIds.2=7");
    HAS(api,
            "<AddCheckResultWhiteListResponse><RuleIds>12</RuleIds><RuleIds>7</RuleIds><RequestId>");
}

static void resources_are_whitelisted_under_the_checks_named(void **state)
{
    struct api *api = *state;

    /* Of four pairs two are there. */
    does(api, ADD, "CheckIds.1=12&CheckIds.2=7&InstanceIds.1=bucket-a&InstanceIds.2=rm-1");
    (void)sas(api, "DescribeRiskCheckItemResult", "ItemId=12");
    HAS(api, "[{\"id\":1,\"status\":\"ignored\"},{\"id\":2,\"status\":\"failed\"}]");
    does(api, ADD, "InstanceIds.1=bucket-b"); /* Under any. */
    HAS(api, "\"RuleIds\":[]");
    status_is(api, TWO_OPEN, "ignored");
    does(api, REMOVE, "CheckIds.1=12&CheckIds.2=7&InstanceIds.1=bucket-a&InstanceIds.2=rm-1");
    status_is(api, TWO_OPEN, "failed");
    does(api, REMOVE, "InstanceIds.1=bucket-b");
    (void)sas(api, "DescribeRiskCheckItemResult", "ItemId=12");
    HAS(api, "[{\"id\":1,\"status\":\"failed\"},{\"id\":2,\"status\":\"failed\"}]");
}

/* A mark that nobody can take back would hide the resource when it fails again. */
static void the_mark_of_a_resource_that_is_fine_by_now_is_taken_back(void **state)
{
    struct api *api = *state;
    struct mln_store *store = api->iam->store;

    (void)seed_scan(store, 1);
    does(api, ADD, "CheckIds.1=12&InstanceIds.1=extra-000000");
    (void)seed_scan(store, 0);
    does(api, REMOVE, "CheckIds.1=12&InstanceIds.1=extra-000000");
    (void)seed_scan(store, 1);
    (void)sas(api, "ListCheckInstanceResult", "CheckId=12&Statuses.1=NOT_PASS");
    HAS(api, "extra-000000");
}

static void a_reader_looks_and_does_not_mark(void **state)
{
    static const char *const reads[] = { "DescribeRiskCheckResult", "DescribeRiskCheckSummary",
        "DescribeRiskItemType", "GetCheckSummary", "ListCheckItem", "ListCheckResult" };
    static const char *const writes[][2] = { { ITEM, "ItemId=12&TaskId=1&Status=ignored" },
        { SINGLE, "TaskId=1&Ids.1=1&Status=ignored" }, { ADD, "CheckIds.1=12" },
        { REMOVE, "CheckIds.1=12" }, { "StartBaselineSecurityCheck", "Type=check" } };
    struct api *api = *state;
    char want[96];

    for (size_t i = 0; i < MLN_LEN(reads); i++) {
        (void)send_v3(api, &(struct sent){ .action = reads[i], .version = SAS, .as_reader = true });
        IS_SERVED(api);
    }
    for (size_t i = 0; i < MLN_LEN(writes); i++) {
        (void)send_v3(api, &(struct sent){ .action = writes[i][0],
                                   .version = SAS,
                                   .query = writes[i][1],
                                   .as_reader = true });
        IS_REFUSED(api, 403, "NoPermission");
        (void)snprintf(want, sizeof(want), "\"AuthAction\":\"yundun-sas:%s\"", writes[i][0]);
        HAS(api, want);
    }
    status_is(api, TWO_OPEN, "failed");
}

static int is_by_admin(void *ctx, const struct mln_audit_row *row, struct mln_err *err)
{
    int *seen = ctx;

    (void)err;
    if (mln_str_is(row->action, ADD)) {
        EQ_STR(row->user_name, "admin");
        EQ_STR(row->source_ip, "192.0.2.1");
        assert_true(mln_str_ends(row->detail, MLN_STR("Reason=known")));
        (*seen)++;
    }
    return MLN_OK;
}

static void a_mark_is_in_the_trail(void **state)
{
    struct api *api = *state;
    struct mln_err err;
    int seen = 0;

    does(api, ADD, "CheckIds.1=12&InstanceIds.1=bucket-a&Remark=known");
    OK(mln_store_audit_list(api->iam->store, ACCOUNT, 100, is_by_admin, &seen, &err), &err);
    assert_int_equal(seen, 1);
}

static void an_account_without_a_scan_has_nothing_to_mark(void **state)
{
    struct api *api = *state;

    (void)sas(api, ITEM, "ItemId=12&TaskId=1&Status=ignored");
    IS_REFUSED(api, 400, "RiskItemNotExists");
    (void)sas(api, SINGLE, "TaskId=1&Ids.1=1&Status=ignored");
    IS_REFUSED(api, 400, "RiskItemResultNotExists");
    (void)sas(api, ADD, "CheckIds.1=12");
    IS_REFUSED(api, 400, "RiskItemNotExists");
    (void)sas(api, ADD, "InstanceIds.1=x");
    assert_int_equal(api->call.status, 400);
    (void)sas(api, REMOVE, "RuleId=12");
    IS_REFUSED(api, 400, "RiskItemNotExists");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(an_item_is_ignored_and_reset, sas_setup, api_teardown),
        cmocka_unit_test_setup_teardown(resources_are_ignored_and_reset, sas_setup, api_teardown),
        cmocka_unit_test_setup_teardown(
                all_of_a_call_or_nothing_is_marked, sas_setup, api_teardown),
        cmocka_unit_test_setup_teardown(odd_marks_are_refused, sas_setup, api_teardown),
        cmocka_unit_test_setup_teardown(
                checks_are_whitelisted_and_taken_back, sas_setup, api_teardown),
        cmocka_unit_test_setup_teardown(
                resources_are_whitelisted_under_the_checks_named, sas_setup, api_teardown),
        cmocka_unit_test_setup_teardown(
                the_mark_of_a_resource_that_is_fine_by_now_is_taken_back, sas_setup, api_teardown),
        cmocka_unit_test_setup_teardown(a_reader_looks_and_does_not_mark, sas_setup, api_teardown),
        cmocka_unit_test_setup_teardown(a_mark_is_in_the_trail, sas_setup, api_teardown),
        cmocka_unit_test_setup_teardown(
                an_account_without_a_scan_has_nothing_to_mark, api_setup, api_teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
