/* ListCheckResult and its family: the newer actions of check results. */
#include "sas_fixture.h"

#define RESULT   "ListCheckResult"
#define INSTANCE "ListCheckInstanceResult"

static void a_check_has_every_field(void **state)
{
    struct api *api = *state;

    (void)sas(api, RESULT, "CheckIds.1=7&Lang=en");
    IS_JSON(api);
    HAS(api,
            "{\"Checks\":[{\"AssetType\":3,\"AssetSubType\":0,\"AssetVendor\":0,\"CheckId\":7,"
            "\"CheckPolicies\":[{\"SectionId\":2,\"SectionShowName\":\"Network access control\"}],"
            "\"CheckSaleType\":1,\"CheckShowName\":\"Allow list\",\"CheckType\":\"SYSTEM\","
            "\"InstanceType\":\"RDS\",\"InstanceSubType\":\"INSTANCE\","
            "\"LastCheckTime\":1700000001000,\"OperationType\":\"NOT_SUPPORT_REPAIR\","
            "\"RiskLevel\":\"MEDIUM\",\"Status\":\"NOT_PASS\","
            "\"StatusMessage\":\"it cannot be judged (1 resource)\",\"TaskId\":\"1\","
            "\"TrialPermission\":false,\"Vendor\":\"ALIYUN\",\"VendorShowName\":\"Alibaba Cloud\"}],"
            "\"PageInfo\":{\"Count\":1,\"CurrentPage\":1,\"PageSize\":20,\"TotalCount\":1},"
            "\"RequestId\":\"");
    (void)sas_xml(api, RESULT, "Lang=en");
    HAS(api, "<ListCheckResultResponse><Checks><AssetType>0</AssetType>");
    HAS(api, "</Checks><Checks>");
    HAS(api, "<CheckPolicies><SectionId>2</SectionId>");
    HAS_NOT(api, "\x01");
}

static void checks_are_filtered_by_lists(void **state)
{
    static const struct asked cases[] = {
        { NULL, "\"TotalCount\":5}" },
        { "CheckIds.1=12&CheckIds.2=12&CheckIds.3=6", "\"TotalCount\":2}" },
        { "CheckKey=own%20%3Cb", "\"TotalCount\":1}" },
        { "CheckKey=_______", "\"TotalCount\":0}" },
        { "CheckTypes.1=CUSTOM", "\"CheckId\":100001," },
        { "CheckTypes.1=CUSTOM&CheckTypes.2=SYSTEM", "\"TotalCount\":5}" },
        { "InstanceTypes.1=OSS&InstanceTypes.2=SLB", "\"TotalCount\":2}" },
        { "InstanceTypes.1=NOSUCH", "\"TotalCount\":0}" },
        { "RiskLevels.1=HIGH&RiskLevels.2=LOW", "\"TotalCount\":3}" },
        { "Statuses.1=NOT_PASS", "\"TotalCount\":3}" },
        { "Statuses.1=PASS&Statuses.2=NOT_CHECK", "\"TotalCount\":2}" },
        { "Statuses.1=CHECKING", "\"TotalCount\":0}" },
        { "Statuses.1=WHITELIST", "\"TotalCount\":0}" },
        { "Vendors.1=ALIYUN", "\"TotalCount\":5}" },
        { "Vendors.1=AWS", "\"TotalCount\":0}" },
        { "InstanceIds.1=bucket-a", "\"TotalCount\":1}" },
        { "InstanceIds.1=bucket-a&InstanceIds.2=alice&InstanceIds.3=nobody", "\"TotalCount\":2}" },
        { "InstanceIds.1=nobody", "\"Checks\":[]," },
        { "PageSize=2&CurrentPage=3",
                "\"PageInfo\":{\"Count\":1,\"CurrentPage\":3,\"PageSize\":2,\"TotalCount\":5}" },
        { "PageSize=2&CurrentPage=2147483647", "\"Checks\":[],\"PageInfo\":{\"Count\":0," },
        { "RegionId=cn-hangzhou&TaskSources.1=x&CustomParam=true&SortTypes.1=STATUS",
                "\"TotalCount\":5}" },
    };

    all_answer(*state, RESULT, cases, MLN_LEN(cases));
}

static void odd_values_are_refused_by_name(void **state)
{
    static const struct asked checks[] = {
        { "CheckIds.1=x", "\"InvalidCheckIds\"" },
        { "CheckIds.1=0", "\"InvalidCheckIds\"" },
        { "CheckKey=%00", "\"InvalidCheckKey\"" },
        { "CheckTypes.1=custom", "\"InvalidCheckTypes\"" },
        { "InstanceIds.1=", "\"InvalidInstanceIds\"" },
        { "RiskLevels.1=high", "\"InvalidRiskLevels\"" },
        { "Statuses.1=pass", "\"InvalidStatuses\"" },
        { "Statuses.1=PASS&Statuses.2=", "\"InvalidStatuses\"" },
        { "PageSize=101", "\"InvalidPageSize\"" },
        { "Lang=ZH", "\"InvalidLang\"" },
    };
    static const struct asked resources[] = {
        { NULL, "\"MissingCheckId\"" },
        { "CheckId=x", "\"InvalidCheckId\"" },
        { "CheckId=4711", "\"RiskItemNotExists\"" },
        { "CheckId=4711&Statuses.1=WHITELIST", "\"RiskItemNotExists\"" },
        { "CheckId=12&Statuses.1=ok", "\"InvalidStatuses\"" },
        { "CheckId=12&PageSize=101", "\"InvalidPageSize\"" },
        { "CheckId=12&InstanceIds.1=", "\"InvalidInstanceIds\"" },
    };

    all_refuse(*state, RESULT, checks, MLN_LEN(checks));
    all_refuse(*state, INSTANCE, resources, MLN_LEN(resources));
}

static void a_thousand_names_are_looked_up(void **state)
{
    struct api *api = *state;
    char *ids = many("InstanceIds", 999, "nobody");

    (void)sas(api, RESULT, ids);
    IS_JSON(api);
    HAS(api, "\"TotalCount\":0}");
    free(ids);
}

/* More checks than any catalogue has. */
static void put_many_items(struct mln_store *store, size_t count)
{
    struct mln_scan_row row = { .finished_ms = CHECKED };
    struct seed_item item = seed_items[0];
    struct mln_err err;
    int64_t current;

    OK(mln_store_begin(store, &err), &err);
    OK(mln_store_scan_begin(store, ACCOUNT, CHECKED, &row.scan_id, &current, &err), &err);
    for (size_t i = 1; i <= count; i++) {
        item.id = (int64_t)i;
        put_item(store, row.scan_id, (int64_t)i, &item);
    }
    OK(mln_store_scan_finish(store, ACCOUNT, &row, &err), &err);
    OK(mln_store_commit(store, &err), &err);
}

static void a_call_looks_up_a_bounded_number_of_pairs(void **state)
{
    struct api *api = *state;
    char *few = many("InstanceIds", 50, "nobody"), *ids = many("InstanceIds", 51, "nobody");

    put_many_items(api->iam->store, 1000);
    (void)sas(api, RESULT, few);
    IS_JSON(api);
    (void)sas(api, RESULT, ids);
    IS_REFUSED(api, 400, "InvalidInstanceIds");
    (void)sas(api, "AddCheckResultWhiteList", ids);
    IS_REFUSED(api, 400, "InvalidInstanceIds");
    (void)sas(api, RESULT, "PageSize=100&CurrentPage=10");
    IS_JSON(api);
    HAS(api,
            "\"PageInfo\":{\"Count\":100,\"CurrentPage\":10,\"PageSize\":100,\"TotalCount\":1000}");
    (void)sas(api, "ListCheckItem", "PageSize=100&CurrentPage=10");
    HAS(api,
            "\"PageInfo\":{\"Count\":100,\"CurrentPage\":10,\"PageSize\":100,\"TotalCount\":1000}");
    (void)sas(api, "DescribeRiskCheckResult", "PageSize=1000");
    HAS(api, "\"Count\":1000,");
    assert_true(api->call.arena.used_bytes < MLN_CALL_ARENA_MAX / 4);
    free(few);
    free(ids);
}

static void resources_of_a_check_have_every_field(void **state)
{
    struct api *api = *state;

    (void)sas(api, INSTANCE, "CheckId=7&PageSize=1&Lang=en");
    IS_JSON(api);
    HAS(api,
            "{\"BasicData\":[{\"Id\":4,\"InstanceId\":\"rm-1\",\"InstanceInfo\":{"
            "\"FirstUpdateTime\":1700000000000,\"LastUpdateTime\":1700000001000},"
            "\"InstanceName\":\"name\",\"RegionId\":\"cn-hangzhou\",\"Status\":\"NOT_PASS\","
            "\"StatusMessage\":\"0.0.0.0/0\"}],\"Checks\":[{\"RegionId\":{\"value\":\"cn-hangzhou\"},"
            "\"InstanceId\":{\"value\":\"rm-1\"},\"VulValue\":{\"value\":\"0.0.0.0/0\"}}],"
            "\"Columns\":[{\"Key\":\"RegionId\",\"Search\":false,\"ShowName\":\"Region\","
            "\"Type\":\"text\"},{\"Key\":\"InstanceId\",\"Search\":false,\"ShowName\":\"Thing\",");
    HAS(api, "\"PageInfo\":{\"Count\":\"1\",\"CurrentPage\":1,\"PageSize\":1,\"TotalCount\":3}");
    (void)sas_xml(api, INSTANCE, "CheckId=100001");
    HAS(api, "<Checks>{");
    HAS_NOT(api, "\x01");
    HAS_NOT(api, "a\"b");
}

static void resources_are_filtered_by_what_they_are(void **state)
{
    static const struct asked cases[] = {
        { "CheckId=7", "\"TotalCount\":3}" },
        { "CheckId=7&Statuses.1=NOT_PASS", "\"TotalCount\":1}" },
        { "CheckId=7&Statuses.1=NOT_PASS", "\"InstanceId\":\"rm-1\"" },
        { "CheckId=7&Statuses.1=WHITELIST", "\"TotalCount\":1}" },
        { "CheckId=7&Statuses.1=WHITELIST",
                "\"RegionId\":\"cn-hangzhou\",\"Status\":\"WHITELIST\"" },
        { "CheckId=7&Statuses.1=NOT_CHECK", "\"TotalCount\":1}" },
        { "CheckId=7&Statuses.1=NOT_CHECK", "\"Status\":\"NOT_CHECK\"" },
        { "CheckId=7&Statuses.1=NOT_PASS&Statuses.2=WHITELIST", "\"TotalCount\":2}" },
        { "CheckId=7&Statuses.1=NOT_PASS&Statuses.2=WHITELIST&PageSize=1&CurrentPage=2",
                "\"InstanceId\":\"rm-2\"" },
        { "CheckId=7&Statuses.1=NOT_PASS&Statuses.2=NOT_CHECK&Statuses.3=WHITELIST",
                "\"TotalCount\":3}" },
        { "CheckId=7&Statuses.1=PASS", "\"TotalCount\":0}" },
        { "CheckId=7&Statuses.1=CHECKING&Statuses.2=FAILED", "\"BasicData\":[]" },
        { "CheckId=7&InstanceIds.1=rm-2&InstanceIds.2=rm-2", "\"TotalCount\":1}" },
        { "CheckId=7&InstanceIds.1=rm-2&Statuses.1=NOT_PASS", "\"TotalCount\":0}" },
        { "CheckId=7&InstanceIds.1=rm-%25", "\"TotalCount\":0}" },
        { "CheckId=7&PageSize=100&CurrentPage=2147483647", "\"BasicData\":[]" },
    };
    struct api *api = *state;

    (void)sas(api, "ModifyRiskSingleResultStatus", "TaskId=1&Ids.1=5&Status=ignored");
    IS_SERVED(api);
    all_answer(api, INSTANCE, cases, MLN_LEN(cases));
}

static void marks_are_looked_at_on_every_page(void **state)
{
    struct api *api = *state;

    (void)seed_scan(api->iam->store, 2500);
    (void)sas(api, "AddCheckResultWhiteList",
            "CheckIds.1=12&InstanceIds.1=extra-000000&InstanceIds.2=extra-002499");
    IS_SERVED(api);
    (void)sas(api, INSTANCE, "CheckId=12&Statuses.1=WHITELIST");
    IS_JSON(api);
    HAS(api, "\"InstanceId\":\"extra-000000\"");
    HAS(api, "\"InstanceId\":\"extra-002499\"");
    HAS(api, "\"TotalCount\":2}");
    (void)sas(api, INSTANCE, "CheckId=12&Statuses.1=NOT_PASS&PageSize=100&CurrentPage=25");
    HAS(api,
            "\"PageInfo\":{\"Count\":\"100\",\"CurrentPage\":25,\"PageSize\":100,\"TotalCount\":2500}");
    HAS(api, "\"InstanceId\":\"extra-002498\"");
    (void)sas(api, INSTANCE, "CheckId=12&Statuses.1=NOT_PASS&PageSize=100&CurrentPage=26");
    HAS(api, "\"BasicData\":[]");
}

static void the_summary_counts_by_section(void **state)
{
    struct api *api = *state;

    (void)sas(api, "GetCheckSummary", "IsItemStatistic=true&Lang=en");
    IS_JSON(api);
    HAS(api,
            "{\"OverallItemStatistic\":{\"ReleaseCount\":5,\"ResultCount\":5},"
            "\"OverallStatistic\":{\"NotCheckCount\":1,\"NotCheckLowCount\":0,"
            "\"NotCheckMediumCount\":1,\"NotCheckHighCount\":0,\"NotPassCount\":3,"
            "\"NotPassLowCount\":1,\"NotPassMediumCount\":1,\"NotPassHighCount\":1,"
            "\"PassCount\":1,\"PassLowCount\":0,\"PassMediumCount\":0,\"PassHighCount\":1},"
            "\"Summarys\":[{\"Type\":\"RISK\",\"PassCount\":1,\"FailCount\":3,\"Standards\":["
            "{\"Id\":1,\"ShowName\":\"Identity and permissions\",\"PassCount\":0,\"FailCount\":0,");
    HAS(api, "{\"Id\":2,\"ShowName\":\"Network access control\",\"PassCount\":1,\"FailCount\":1,"
             "\"RiskLevelHighCount\":0,\"RiskLevelMediumCount\":1,\"RiskLevelLowCount\":0,");
    (void)sas(api, "GetCheckSummary", "IsItemStatistic=True");
    HAS(api, "\"ReleaseCount\":5");
    (void)sas(api, "GetCheckSummary", NULL);
    HAS_NOT(api, "OverallItemStatistic");
    HAS(api, "网络访问控制");
    (void)sas(api, "GetCheckSummary", "IsItemStatistic=yes");
    IS_REFUSED(api, 400, "InvalidIsItemStatistic");
    (void)sas_xml(api, "GetCheckSummary", "Lang=en");
    HAS(api, "<Summarys><Type>RISK</Type>");
    HAS(api, "</Standards><Standards><Id>2</Id>");
}

static void checks_tell_their_parameters(void **state)
{
    struct api *api = *state;

    (void)sas(api, "ListCheckItem", "PageSize=1&CurrentPage=4&Lang=en");
    IS_JSON(api);
    HAS(api,
            "{\"CheckItems\":[{\"CheckId\":7,\"CheckShowName\":\"Allow list\","
            "\"CheckType\":\"SYSTEM\",\"CustomConfigs\":[{\"DefaultValue\":\"5\",\"Name\":\"days\","
            "\"ShowName\":\"Days\",\"Value\":\"7\"}],\"Description\":{\"Type\":\"text\","
            "\"Value\":\"best \\\"practice\\\"\"},\"EstimatedCount\":3,"
            "\"InstanceSubType\":\"INSTANCE\",\"InstanceType\":\"RDS\",\"RiskLevel\":\"MEDIUM\","
            "\"SectionIds\":[2],\"Vendor\":\"0\"}],"
            "\"PageInfo\":{\"Count\":1,\"CurrentPage\":4,\"PageSize\":1,\"TotalCount\":5},");
    (void)sas_xml(api, "ListCheckItem", "PageSize=1&CurrentPage=4");
    HAS(api, "<CheckItems><CheckId>7</CheckId>");
    HAS(api, "<SectionIds>2</SectionIds>");
    HAS(api, "最佳");
    (void)sas(api, "ListCheckItem", "PageSize=100&CurrentPage=2147483647");
    HAS(api, "{\"CheckItems\":[],\"PageInfo\":{\"Count\":0,");
    (void)sas(api, "ListCheckItem", "PageSize=0");
    IS_REFUSED(api, 400, "InvalidPageSize");
}

static void an_account_without_a_scan_is_empty(void **state)
{
    struct api *api = *state;

    (void)sas(api, RESULT, "InstanceIds.1=x");
    IS_JSON(api);
    HAS(api,
            "{\"Checks\":[],\"PageInfo\":{\"Count\":0,\"CurrentPage\":1,\"PageSize\":20,\"TotalCount\":0}");
    (void)sas(api, "ListCheckItem", NULL);
    HAS(api, "\"TotalCount\":0}");
    (void)sas(api, "GetCheckSummary", "IsItemStatistic=true");
    HAS(api, "\"ReleaseCount\":0");
    (void)sas(api, INSTANCE, "CheckId=12");
    IS_REFUSED(api, 400, "RiskItemNotExists");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_check_has_every_field, sas_setup, api_teardown),
        cmocka_unit_test_setup_teardown(checks_are_filtered_by_lists, sas_setup, api_teardown),
        cmocka_unit_test_setup_teardown(odd_values_are_refused_by_name, sas_setup, api_teardown),
        cmocka_unit_test_setup_teardown(a_thousand_names_are_looked_up, sas_setup, api_teardown),
        cmocka_unit_test_setup_teardown(
                a_call_looks_up_a_bounded_number_of_pairs, sas_setup, api_teardown),
        cmocka_unit_test_setup_teardown(
                resources_of_a_check_have_every_field, sas_setup, api_teardown),
        cmocka_unit_test_setup_teardown(
                resources_are_filtered_by_what_they_are, sas_setup, api_teardown),
        cmocka_unit_test_setup_teardown(marks_are_looked_at_on_every_page, sas_setup, api_teardown),
        cmocka_unit_test_setup_teardown(the_summary_counts_by_section, sas_setup, api_teardown),
        cmocka_unit_test_setup_teardown(checks_tell_their_parameters, sas_setup, api_teardown),
        cmocka_unit_test_setup_teardown(
                an_account_without_a_scan_is_empty, api_setup, api_teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
