#include "fixture.h"

#define CONTENT_TEXT                                                      \
    "&HandleInfoList.1.HandleType=Manual&HandleInfoList.1.HandleContent=" \
    "%7B%22HandleMethod%22%3A0%2C%22HandleDetail%22%3A%22ok%22%7D"

static int handle(struct api *api, const char *query)
{
    return send_v3(api, &(struct sent){ .action = "PreHandleAuditRisk", .query = query });
}

static void lists_a_page_with_every_field(void **state)
{
    struct api *api = *state;
    static const char *const fields[] = { "\"RiskId\":5", "\"RuleId\":1001",
        "\"RuleName\":\"nightly_mysqldump\"", "\"RuleCategoryId\":11",
        "\"RuleCategoryName\":\"Database Dump Attack\"", "\"WarnLevel\":3",
        "\"WarnLevelName\":\"High Risk\"", "\"ProductCode\":\"Redis\"",
        "\"AlarmSource\":", "\"AlertFrequency\":\"1/day\"", "\"AlarmCount\":4",
        "\"TotalAlarmCount\":4", "\"InstanceCount\":0", "\"TotalInstanceCount\":0",
        "\"ClientIpCount\":0", "\"TotalClientIpCount\":0", "\"UserNameCount\":0",
        "\"TotalUserNameCount\":0", "\"FirstAlarmTime\":1699999000000",
        "\"LastAlarmTime\":1699999100000", "\"HandleStatus\":\"UNPROCESSED\"",
        "\"HandleMarkTime\":0", "\"SupportAi\":false", "\"TotalCount\":5", "\"PageSize\":1,",
        "\"CurrentPage\":1" };

    (void)send_v3(api, &(struct sent){ .query = "PageSize=1" });
    IS_SERVED(api);
    for (size_t i = 0; i < MLN_LEN(fields); i++) {
        if (!answers(api, fields[i]))
            fail_msg("no %s in %s", fields[i], api->call.out.ptr);
    }
    assert_true(answers(api, api->call.request_id));
}

static void answers_in_chinese_and_xml_when_asked(void **state)
{
    struct api *api = *state;

    (void)send_v3(api, &(struct sent){ .query = "Lang=zh", .accept = "application/xml" });
    IS_SERVED(api);
    assert_true(
            answers(api, "<?xml version=\"1.0\" encoding=\"UTF-8\"?><DescribeRiskRulesResponse>"));
    assert_true(answers(api, "拖库攻击"));
    (void)send_v1(
            api, &(struct sent){ 0 }, "SignatureMethod=HMAC-SHA1&SignatureVersion=1.0", false);
    IS_SERVED(api);
    assert_int_equal(api->call.format, MLN_FORMAT_XML);
    (void)send_v1(api, &(struct sent){ 0 },
            "SignatureMethod=HMAC-SHA1&SignatureVersion=1.0&Format=xMl", false);
    assert_int_equal(api->call.format, MLN_FORMAT_XML);
    (void)send_v1(api, &(struct sent){ 0 },
            "SignatureMethod=HMAC-SHA1&SignatureVersion=1.0&Format=yaml", false);
    IS_REFUSED(api, 400, "InvalidParameter.Format");
}

static void filters_the_listing(void **state)
{
    static const struct {
        const char *query, *want;
    } cases[] = {
        { "ProductCode=RDS", "\"TotalCount\":1," },
        { "ProductCode=rds%20", "\"TotalCount\":0," },
        { "WarnLevel=3", "\"TotalCount\":5," },
        { "WarnLevel=1", "\"TotalCount\":0," },
        { "RuleId=1001&WarnLevel=3", "\"TotalCount\":5," },
        { "RuleId=7", "\"TotalCount\":0," },
        { "StartTime=1699999100001", "\"TotalCount\":0," },
        { "EndTime=1699999100000", "\"TotalCount\":5," },
        { "HandleStatus=PROCESSED", "\"TotalCount\":0," },
        { "HandleStatus=", "\"TotalCount\":5," },
        { "CurrentPage=2147483647&PageSize=100", "\"Items\":[]" },
        { "NoSuchParameter=1&RegionId=cn-zhangjiakou", "\"TotalCount\":5," },
    };
    struct api *api = *state;

    for (size_t i = 0; i < MLN_LEN(cases); i++) {
        (void)send_v3(api, &(struct sent){ .query = cases[i].query });
        IS_SERVED(api);
        if (!answers(api, cases[i].want))
            fail_msg("%s: %s", cases[i].query, api->call.out.ptr);
    }
}

static void refuses_values_out_of_their_range(void **state)
{
    static const struct {
        const char *query, *want;
    } cases[] = {
        { "PageSize=ten", "\"InvalidPageSize\"" },
        { "PageSize=0", "\"InvalidPageSize\"" },
        { "PageSize=101", "\"InvalidPageSize\"" },
        { "PageSize=1%00", "\"InvalidPageSize\"" },
        { "CurrentPage=0", "\"InvalidCurrentPage\"" },
        { "CurrentPage=99999999999999999999", "\"InvalidCurrentPage\"" },
        { "HandleStatus=MAYBE", "\"InvalidHandleStatus\"" },
        { "Lang=fr", "\"InvalidLang\"" },
        { "WarnLevel=4", "\"InvalidWarnLevel\"" },
        { "ProductCode=%01", "\"InvalidProductCode\"" },
        { "ProductCode=%ff", "\"InvalidProductCode\"" },
        { "StartTime=-1", "\"InvalidStartTime\"" },
        { "RuleId=9007199254740992", "\"InvalidRuleId\"" },
    };
    struct api *api = *state;

    for (size_t i = 0; i < MLN_LEN(cases); i++) {
        (void)send_v3(api, &(struct sent){ .query = cases[i].query });
        if (api->call.status != 400 || !answers(api, cases[i].want))
            fail_msg("%s: %d %s", cases[i].query, api->call.status, api->call.out.ptr);
    }
}

static void refuses_actions_and_versions_that_are_none(void **state)
{
    struct api *api = *state;

    (void)send_v3(api, &(struct sent){ .action = "NoSuchAction" });
    IS_REFUSED(api, 404, "InvalidAction.NotFound");
    (void)send_v3(api, &(struct sent){ .action = "" });
    IS_REFUSED(api, 400, "MissingAction");
    (void)send_v3(api, &(struct sent){ .version = "" });
    IS_REFUSED(api, 400, "MissingVersion");
    (void)send_v3(api, &(struct sent){ .version = "1999-01-01" });
    IS_REFUSED(api, 400, "InvalidVersion");
    (void)send_v3(api, &(struct sent){ .method = "PUT" });
    IS_REFUSED(api, 400, "UnsupportedHTTPMethod");
}

static void handles_an_event_once(void **state)
{
    struct api *api = *state;

    assert_int_equal(handle(api, "RiskId=3" CONTENT_TEXT), 200);
    assert_true(answers(api, "\"Success\":true"));
    (void)handle(api, "RiskId=3" CONTENT_TEXT);
    IS_REFUSED(api, 400, "InvalidRiskStatus.Processed");
    (void)handle(api, "RiskId=77" CONTENT_TEXT);
    IS_REFUSED(api, 404, "InvalidRiskId.NotFound");
    (void)send_v3(api, &(struct sent){ .query = "HandleStatus=PROCESSED" });
    assert_true(answers(api, "\"TotalCount\":1,"));
    assert_true(answers(api, "\"HandleMarkTime\":1700000000000"));
}

static void takes_every_spelling_of_the_content(void **state)
{
    struct api *api = *state;

    (void)handle(api,
            "RiskId=1&HandleInfoList.1.HandleType=Manual&HandleInfoList.1.HandleContent.HandleMethod=0"
            "&HandleInfoList.1.HandleContent.HandleDetail=ok");
    IS_SERVED(api);
    (void)send_v3(api,
            &(struct sent){ .action = "PreHandleAuditRisk",
                    .content_type = "application/json",
                    .body = "{\"RiskId\":2,\"HandleInfoList\":[{\"HandleType\":\"Manual\",\"HandleContent\":"
                            "{\"HandleMethod\":0,\"HandleDetail\":\"ok\"}}]}" });
    IS_SERVED(api);
    (void)send_v3(api,
            &(struct sent){ .action = "PreHandleAuditRisk",
                    .content_type = "application/json",
                    .body = "{\"RiskId\":3,\"HandleInfoList\":[{\"HandleType\":\"Manual\",\"HandleContent\":"
                            "\"{\\\"HandleMethod\\\": 0, \\\"HandleDetail\\\": \\\"\\\\u786e\\\\u8ba4\\\"}\"}]}" });
    IS_SERVED(api);
}

static void refuses_bad_handlings(void **state)
{
    static const struct {
        const char *query, *want;
    } cases[] = {
        { "", "\"MissingRiskId\"" },
        { "RiskId=1", "\"MissingHandleInfoList\"" },
        { "RiskId=0&HandleInfoList.1.HandleType=Manual", "\"InvalidRiskId\"" },
        { "RiskId=-1&HandleInfoList.1.HandleType=Manual", "\"InvalidRiskId\"" },
        { "RiskId=9007199254740992&HandleInfoList.1.HandleType=Manual", "\"InvalidRiskId\"" },
        { "RiskId=9223372036854775808&HandleInfoList.1.HandleType=Manual", "\"InvalidRiskId\"" },
        { "RiskId=x&HandleInfoList.1.HandleType=Manual", "\"InvalidRiskId\"" },
        { "RiskId=1&HandleInfoList.1.HandleType=Auto", "\"InvalidHandleInfoList\"" },
        { "RiskId=1&HandleInfoList.1.HandleType=Manual", "\"InvalidHandleInfoList\"" },
        { "RiskId=1&HandleInfoList.1.HandleType=Manual&HandleInfoList.1.HandleContent=%7B",
                "\"InvalidHandleInfoList\"" },
        { "RiskId=1&HandleInfoList.1.HandleType=Manual&HandleInfoList.1.HandleContent=%5B%5D",
                "\"InvalidHandleInfoList\"" },
        { "RiskId=1&HandleInfoList.1.HandleType=Manual&HandleInfoList.1.HandleContent.HandleMethod=1"
          "&HandleInfoList.1.HandleContent.HandleDetail=ok",
                "\"InvalidHandleInfoList\"" },
        { "RiskId=1&HandleInfoList.1.HandleType=Manual&HandleInfoList.1.HandleContent.HandleMethod=0"
          "&HandleInfoList.1.HandleContent.HandleDetail=a%0Ab",
                "\"InvalidHandleInfoList\"" },
        { "RiskId=1&HandleInfoList.1.HandleType=Manual&HandleInfoList.2.HandleType=Manual",
                "\"InvalidHandleInfoList\"" },
    };
    struct api *api = *state;

    for (size_t i = 0; i < MLN_LEN(cases); i++) {
        (void)send_v3(
                api, &(struct sent){ .action = "PreHandleAuditRisk", .query = cases[i].query });
        if (api->call.status != 400 || !answers(api, cases[i].want))
            fail_msg("%s: %d %s", cases[i].query, api->call.status, api->call.out.ptr);
    }
}

static void lets_a_reader_list_but_not_handle(void **state)
{
    struct api *api = *state;

    (void)send_v3(api, &(struct sent){ .as_reader = true });
    IS_SERVED(api);
    (void)send_v3(api, &(struct sent){ .as_reader = true, .action = "PreHandleAuditRisk" });
    IS_REFUSED(api, 403, "NoPermission");
    assert_true(answers(api, "\"AuthAction\":\"yundun-sddp:PreHandleAuditRisk\""));
    assert_true(answers(api, "\"AccessDeniedDetail\":{"));
}

static void keeps_the_nonce_of_a_write_beyond_a_restart(void **state)
{
    struct api *api = *state;
    struct mln_auth_options options = {
        .seal = api->iam->seal, .clock = &api->iam->clock, .nonce_ttl_ms = 1800000
    };
    const struct sent sent = { .action = "PreHandleAuditRisk",
        .nonce = "once",
        .query =
                "RiskId=1&HandleInfoList.1.HandleType=Manual&HandleInfoList.1.HandleContent.HandleMethod=0"
                "&HandleInfoList.1.HandleContent.HandleDetail=ok" };
    struct mln_err err;

    (void)send_v3(api, &sent);
    IS_SERVED(api);
    mln_call_end(&api->call);
    mln_auth_free(api->gateway.auth);
    api->gateway.auth = NULL;
    OK(mln_auth_new(&options, &api->gateway.auth, &err), &err);
    (void)send_v3(api, &sent);
    IS_REFUSED(api, 400, "SignatureNonceUsed");
}

static void has_rows_that_are_sorted_and_documented(void **state)
{
    size_t count;
    const struct mln_action *const *actions = mln_actions(&count);

    (void)state;
    assert_in_range(count, 1, MLN_METRIC_ACTIONS_MAX - 1);
    for (size_t i = 0; i < count; i++) {
        const struct mln_action *a = actions[i];

        if (i > 0)
            assert_true(strcmp(actions[i - 1]->version, a->version) < 0 ||
                        (strcmp(actions[i - 1]->version, a->version) == 0 &&
                                strcmp(actions[i - 1]->name, a->name) < 0));
        assert_true(mln_str_ends(mln_str_of(a->ram_action), mln_str_of(a->name)));
        assert_true(mln_str_starts(mln_str_of(a->xml_root), mln_str_of(a->name)));
        assert_in_range(a->param_count, 0, MLN_ACTION_PARAMS_MAX);
        for (size_t k = 0; k < a->param_count; k++) {
            assert_non_null(a->params[k].name);
            assert_non_null(a->params[k].summary);
            assert_true((a->params[k].type == MLN_PARAM_WORD) == (a->params[k].words != NULL));
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(lists_a_page_with_every_field, api_setup, api_teardown),
        cmocka_unit_test_setup_teardown(
                answers_in_chinese_and_xml_when_asked, api_setup, api_teardown),
        cmocka_unit_test_setup_teardown(filters_the_listing, api_setup, api_teardown),
        cmocka_unit_test_setup_teardown(refuses_values_out_of_their_range, api_setup, api_teardown),
        cmocka_unit_test_setup_teardown(
                refuses_actions_and_versions_that_are_none, api_setup, api_teardown),
        cmocka_unit_test_setup_teardown(handles_an_event_once, api_setup, api_teardown),
        cmocka_unit_test_setup_teardown(
                takes_every_spelling_of_the_content, api_setup, api_teardown),
        cmocka_unit_test_setup_teardown(refuses_bad_handlings, api_setup, api_teardown),
        cmocka_unit_test_setup_teardown(lets_a_reader_list_but_not_handle, api_setup, api_teardown),
        cmocka_unit_test_setup_teardown(
                keeps_the_nonce_of_a_write_beyond_a_restart, api_setup, api_teardown),
        cmocka_unit_test(has_rows_that_are_sorted_and_documented),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
