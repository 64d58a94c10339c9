/* DescribeRisk...: the older actions of check results. */
#include "sas_fixture.h"

#define RESULT "DescribeRiskCheckResult"
#define ITEM   "DescribeRiskCheckItemResult"

static void an_item_has_every_field(void **state)
{
    struct api *api = *state;

    (void)sas(api, RESULT, "ItemIds.1=12&Lang=en");
    IS_JSON(api);
    HAS(api, "{\"List\":[{\"Status\":\"failed\",\"CheckTime\":1700000001000,\"TaskId\":1,"
             "\"RemainingTime\":0,\"Title\":\"Bucket permissions\",\"ItemId\":12,"
             "\"RiskAssertType\":\"OSS\",\"Type\":\"Data security\",\"StartStatus\":\"enabled\","
             "\"AffectedCount\":2,\"Sort\":1,\"RepairStatus\":\"disabled\",\"RiskLevel\":\"high\","
             "\"RiskItemResources\":["
             "{\"ContentResource\":{\"type\":\"text\",\"value\":\"best \\\"practice\\\"\"},"
             "\"ResourceName\":\"bestPractice\"},"
             "{\"ContentResource\":{\"type\":\"text\",\"value\":\"influence\"},"
             "\"ResourceName\":\"influence\"},"
             "{\"ContentResource\":{\"type\":\"text\",\"value\":\"suggestion <a>\"},"
             "\"ResourceName\":\"suggestion\"},"
             "{\"ContentResource\":{\"type\":\"link\",\"value\":\"https://e.x/?a=1&b=2\"},"
             "\"ResourceName\":\"helpResource\"}]}],"
             "\"TotalCount\":1,\"PageCount\":1,\"PageSize\":20,\"CurrentPage\":1,\"Count\":1,"
             "\"RequestId\":\"");
}

static void xml_repeats_elements_and_carries_objects_as_text(void **state)
{
    struct api *api = *state;

    (void)sas_xml(api, RESULT, "ItemIds.1=12&ItemIds.2=30&Lang=en");
    IS_SERVED(api);
    HAS(api, "<?xml version=\"1.0\" encoding=\"UTF-8\"?><DescribeRiskCheckResultResponse>"
             "<List><Status>failed</Status><CheckTime>1700000001000</CheckTime><TaskId>1</TaskId>"
             "<RemainingTime>0</RemainingTime><Title>Bucket permissions</Title><ItemId>12</ItemId>"
             "<RiskAssertType>OSS</RiskAssertType><Type>Data security</Type>"
             "<StartStatus>enabled</StartStatus><AffectedCount>2</AffectedCount><Sort>1</Sort>"
             "<RepairStatus>disabled</RepairStatus><RiskLevel>high</RiskLevel>"
             "<RiskItemResources><ContentResource>{");
    HAS(api, "</RiskItemResources></List><List><Status>waiting</Status>");
    HAS(api, "<ResourceName>bestPractice</ResourceName></RiskItemResources><RiskItemResources>");
    HAS(api, "&amp;b=2");
    HAS_NOT(api, "<type>");
    HAS(api, "<NotAssessed>no permission: ram:GetUser</NotAssessed>");
    HAS(api, "<TotalCount>2</TotalCount><PageCount>1</PageCount><PageSize>20</PageSize>"
             "<CurrentPage>1</CurrentPage><Count>2</Count><RequestId>");
    HAS(api, "</RequestId></DescribeRiskCheckResultResponse>");
    (void)sas_xml(api, RESULT, "CurrentPage=9");
    HAS(api, "<DescribeRiskCheckResultResponse><TotalCount>5</TotalCount>");
}

static void results_are_filtered(void **state)
{
    static const struct asked cases[] = {
        { NULL, "\"TotalCount\":5," },
        { "AssetType=oss", "\"TotalCount\":1," },
        { "AssetType=OS", "\"TotalCount\":0," },
        { "GroupId=2", "\"TotalCount\":2," },
        { "GroupId=5", "\"List\":[]" },
        { "RiskLevel=high", "\"TotalCount\":2," },
        { "RiskLevel=medium&GroupId=1", "\"ItemId\":30," },
        { "RiskLevel=low", "\"ItemId\":100001," },
        { "Status=failed", "\"TotalCount\":3," },
        { "Status=pass", "\"ItemId\":6," },
        { "Status=waiting", "\"NotAssessed\":\"no permission: ram:GetUser\"" },
        { "Status=running", "\"TotalCount\":0," },
        { "Status=ignored", "\"TotalCount\":0," },
        { "Status=falsePositive", "\"TotalCount\":0," },
        { "QueryFlag=enabled", "\"TotalCount\":4," },
        { "QueryFlag=disabled", "\"StartStatus\":\"disable\"," },
        { "Name=oss_", "\"TotalCount\":1," },
        { "Name=%E5%AD%98%E5%82%A8", "\"ItemId\":12," },
        { "Name=%25", "\"TotalCount\":1," },       /* No wild cards: */
        { "Name=50%25_off", "\"TotalCount\":1," }, /* "50%_off" */
        { "Name=%25%25", "\"TotalCount\":0," },
        { "Name=__", "\"TotalCount\":0," },
        { "Name=%27%3B--", "\"TotalCount\":0," },
        { "ItemIds.1=12&ItemIds.2=12&ItemIds.9=6", "\"TotalCount\":2," },
        { "ItemIds.1=9007199254740991", "\"TotalCount\":0," },
        { "ItemIds.100000=12", "\"TotalCount\":1," },
        { "ResourceOwnerId=1&SourceIp=1.1.1.1&InstanceId=x&NoSuch=1", "\"TotalCount\":5," },
        { "GroupId=&Status=&Name=", "\"TotalCount\":5," },
    };

    all_answer(*state, RESULT, cases, MLN_LEN(cases));
}

static void odd_values_are_refused_by_name(void **state)
{
    static const struct asked cases[] = {
        { "ItemIds.1=twelve", "\"InvalidItemIds\"" },
        { "ItemIds.1=0", "\"InvalidItemIds\"" },
        { "ItemIds.1=-12", "\"InvalidItemIds\"" },
        { "ItemIds.1=9007199254740992", "\"InvalidItemIds\"" },
        { "ItemIds.1=99999999999999999999999", "\"InvalidItemIds\"" },
        { "ItemIds.1=1%00", "\"InvalidItemIds\"" },
        { "ItemIds.1=", "\"InvalidItemIds\"" },
        { "ItemIds.1=%2B1", "\"InvalidItemIds\"" },
        { "ItemIds.1=1.0", "\"InvalidItemIds\"" },
        { "ItemIds.0=12", "\"InvalidItemIds\"" },
        { "ItemIds.x=12", "\"InvalidItemIds\"" },
        { "ItemIds.1.Id=12", "\"InvalidItemIds\"" },
        { "ItemIds.100001=12", "\"InvalidItemIds\"" },
        { "Name=a%01b", "\"InvalidName\"" },
        { "Name=%ff", "\"InvalidName\"" },
        { "AssetType=%0a", "\"InvalidAssetType\"" },
        { "GroupId=0", "\"InvalidGroupId\"" },
        { "GroupId=7", "\"InvalidGroupId\"" },
        { "GroupId=data", "\"InvalidGroupId\"" },
        { "Lang=EN", "\"InvalidLang\"" },
        { "Lang=fr", "\"InvalidLang\"" },
        { "Lang=en-US", "\"InvalidLang\"" },
        { "PageSize=0", "\"InvalidPageSize\"" },
        { "PageSize=-1", "\"InvalidPageSize\"" },
        { "PageSize=1001", "\"InvalidPageSize\"" },
        { "PageSize=9999999999", "\"InvalidPageSize\"" },
        { "CurrentPage=0", "\"InvalidCurrentPage\"" },
        { "CurrentPage=2147483648", "\"InvalidCurrentPage\"" },
        { "QueryFlag=disable", "\"InvalidQueryFlag\"" },
        { "RiskLevel=HIGH", "\"InvalidRiskLevel\"" },
        { "RiskLevel=3", "\"InvalidRiskLevel\"" },
        { "Status=Failed", "\"InvalidStatus\"" },
        { "Status=PASS", "\"InvalidStatus\"" },
    };

    all_refuse(*state, RESULT, cases, MLN_LEN(cases));
}

/* {"ItemIds":[12,12,...]} */
static char *many_in_json(size_t count)
{
    char *text = calloc(1, count * 3 + 32);
    size_t len = 0;

    assert_non_null(text);
    len += (size_t)snprintf(text, 32, "{\"ItemIds\":[");
    for (size_t i = 0; i < count; i++)
        len += (size_t)snprintf(text + len, 4, "%s12", i > 0 ? "," : "");
    (void)snprintf(text + len, 3, "]}");
    return text;
}

static void a_list_has_at_most_a_thousand_elements(void **state)
{
    struct api *api = *state;
    char *most = many("ItemIds", 1000, "12"), *more = many_in_json(1001);

    (void)sas(api, RESULT, most);
    IS_JSON(api);
    HAS(api, "\"TotalCount\":1,");
    (void)send_v3(api, &(struct sent){ .action = RESULT,
                               .version = SAS,
                               .content_type = "application/json",
                               .body = more });
    assert_int_equal(api->call.status, 413);
    free(most);
    free(more);
}

static void pages_partition_the_list(void **state)
{
    static const struct asked cases[] = {
        { "PageSize=2", "\"PageCount\":3,\"PageSize\":2,\"CurrentPage\":1,\"Count\":2," },
        { "PageSize=2&CurrentPage=3",
                "\"PageCount\":3,\"PageSize\":2,\"CurrentPage\":3,\"Count\":1," },
        { "PageSize=2&CurrentPage=3",
                "[{\"Status\":\"failed\",\"CheckTime\":1700000001000,\"TaskId\":1,"
                "\"RemainingTime\":0,\"Title\":\"自己 " },
        { "PageSize=2&CurrentPage=4", "\"List\":[],\"TotalCount\":5,\"PageCount\":3," },
        { "CurrentPage=2147483647&PageSize=1000", "\"List\":[],\"TotalCount\":5,\"PageCount\":1," },
        { "PageSize=1000", "\"Count\":5," },
    };

    all_answer(*state, RESULT, cases, MLN_LEN(cases));
}

static void texts_are_chinese_unless_english_is_asked_for(void **state)
{
    struct api *api = *state;

    for (int i = 0; i < 2; i++) {
        (void)sas(api, RESULT, i == 0 ? "ItemIds.1=12" : "ItemIds.1=12&Lang=zh");
        IS_JSON(api);
        HAS(api, "\"Title\":\"存储空间权限\"");
        HAS(api, "\"Type\":\"数据安全\"");
        HAS(api, "\"value\":\"最佳\"");
        HAS_NOT(api, "Bucket permissions");
    }
    (void)sas(api, RESULT, "ItemIds.1=12&Lang=en");
    HAS_NOT(api, "存储空间权限");
    HAS_NOT(api, "最佳");
    HAS_NOT(api, "数据安全");
}

static void odd_bytes_of_a_check_leave_the_answer_whole(void **state)
{
    struct api *api = *state;

    (void)sas(api, RESULT, "ItemIds.1=100001&Lang=en");
    IS_JSON(api);
    HAS(api, "\"Title\":\"Own <b>&\\\"50%_off\\\"\\u0001\xef\xbf\xbd\"");
    (void)sas_xml(api, RESULT, "ItemIds.1=100001&Lang=en");
    HAS(api, "<Title>Own &lt;b&gt;&amp;");
    HAS(api, "50%_off");
    HAS_NOT(api, "\x01");
    (void)sas(api, ITEM, "ItemId=100001&Lang=en");
    IS_JSON(api);
    HAS(api, "{\"title\":\"Thing\",\"key\":\"InstanceId\"}"); /* Not the check's own key. */
    (void)sas_xml(api, ITEM, "ItemId=100001&Lang=en");
    HAS_NOT(api, "\x01");
    HAS_NOT(api, "<b>");
}

static void the_resources_of_an_item_are_a_grid(void **state)
{
    struct api *api = *state;

    (void)sas(api, ITEM, "ItemId=12&Lang=en");
    IS_JSON(api);
    HAS(api, "{\"PageContentResource\":{\"ContentResource\":{\"resultStatus\":["
             "{\"id\":1,\"status\":\"failed\"},{\"id\":2,\"status\":\"failed\"}],"
             "\"columns\":[{\"title\":\"Region\",\"key\":\"RegionId\"},"
             "{\"title\":\"Thing\",\"key\":\"BucketName\"},"
             "{\"title\":\"Item value\",\"key\":\"VulValue\"}],"
             "\"values\":[{\"RegionId\":{\"type\":\"text\",\"value\":\"cn-hangzhou\",\"url\":\"\"},"
             "\"BucketName\":{\"type\":\"text\",\"value\":\"bucket-a\",\"url\":\"\"},"
             "\"VulValue\":{\"type\":\"text\",\"value\":\"public-read\",\"url\":\"\"}},");
    HAS(api, "\"Count\":2,\"CurrentPage\":1,\"PageCount\":1,\"PageSize\":20,\"TotalCount\":2},");
    (void)sas_xml(api, ITEM, "ItemId=12");
    HAS(api, "<DescribeRiskCheckItemResultResponse><PageContentResource><ContentResource>{");
    HAS(api, "</ContentResource><Count>2</Count><CurrentPage>1</CurrentPage>");
    HAS_NOT(api, "<resultStatus>");
    HAS(api, "所在地域");
    (void)sas(api, ITEM, "ItemId=12&PageSize=1&CurrentPage=2");
    HAS(api, "\"resultStatus\":[{\"id\":2,");
    HAS(api, "\"Count\":1,\"CurrentPage\":2,\"PageCount\":2,\"PageSize\":1,\"TotalCount\":2}");
    (void)sas(api, ITEM, "ItemId=6");
    HAS(api, "\"values\":[]");
    (void)sas(api, ITEM, "ItemId=12&CurrentPage=2147483647&PageSize=1000");
    HAS(api, "\"resultStatus\":[]");
}

static void odd_items_are_refused(void **state)
{
    static const struct asked cases[] = {
        { NULL, "\"MissingItemId\"" },
        { "ItemId=", "\"MissingItemId\"" },
        { "ItemId=0", "\"InvalidItemId\"" },
        { "ItemId=-1", "\"InvalidItemId\"" },
        { "ItemId=all", "\"InvalidItemId\"" },
        { "ItemId=4711", "\"RiskItemNotExists\"" },
        { "ItemId=9007199254740991", "\"RiskItemNotExists\"" },
        { "ItemId=12&PageSize=1001", "\"InvalidPageSize\"" },
        { "ItemId=12&Lang=xx", "\"InvalidLang\"" },
    };

    all_refuse(*state, ITEM, cases, MLN_LEN(cases));
}

static void the_summary_adds_up(void **state)
{
    struct api *api = *state;

    (void)sas(api, "DescribeRiskCheckSummary", "Lang=en");
    IS_JSON(api);
    HAS(api, "{\"RiskCheckSummary\":{\"AffectedAssetCount\":5,\"DisabledRiskCount\":4,"
             "\"EnabledRiskCount\":1,\"Groups\":[{\"CountByStatus\":["
             "{\"Count\":0,\"Status\":\"pass\"},{\"Count\":0,\"Status\":\"failed\"}],\"Id\":1,"
             "\"RemainingTime\":0,\"Sort\":1,\"Status\":\"finish\","
             "\"Title\":\"Identity and permissions\"},{\"CountByStatus\":["
             "{\"Count\":1,\"Status\":\"pass\"},{\"Count\":1,\"Status\":\"failed\"}],\"Id\":2,");
    HAS(api, "\"ItemCount\":5,\"PreviousCount\":0,\"PreviousTime\":0,\"RiskCount\":3,"
             "\"RiskLevelCount\":[{\"Count\":1,\"Key\":\"high\"},{\"Count\":1,\"Key\":\"medium\"},"
             "{\"Count\":1,\"Key\":\"low\"}],\"RiskRate\":0.6}");
    (void)seed_scan(api->iam->store, 0);
    (void)sas(api, "DescribeRiskCheckSummary", NULL);
    HAS(api, "\"PreviousCount\":3,\"PreviousTime\":1700000001000,");
    HAS(api, "数据安全");
    (void)sas_xml(api, "DescribeRiskCheckSummary", NULL);
    HAS(api, "<Groups><CountByStatus><Count>0</Count><Status>pass</Status></CountByStatus>"
             "<CountByStatus>");
}

static void the_groups_have_titles_in_both_languages(void **state)
{
    struct api *api = *state;

    (void)sas(api, "DescribeRiskItemType", NULL);
    IS_JSON(api);
    HAS(api, "{\"List\":[{\"Id\":1,\"Title\":\"身份认证及权限\"},{\"Id\":2,");
    HAS(api, "{\"Id\":6,\"Title\":\"基础安全防护\"}],\"RequestId\":");
    (void)sas(api, "DescribeRiskItemType", "Lang=en");
    HAS(api, "{\"Id\":4,\"Title\":\"Data security\"}");
    (void)sas_xml(api, "DescribeRiskItemType", "Lang=en");
    HAS(api, "<List><Id>1</Id><Title>Identity and permissions</Title></List><List><Id>2</Id>");
}

static void an_account_without_a_scan_is_empty(void **state)
{
    static const struct asked cases[] = {
        { NULL, "{\"List\":[],\"TotalCount\":0,\"PageCount\":0,\"PageSize\":20,\"CurrentPage\":1," },
        { "ItemIds.1=12&Status=failed&Name=x", "\"TotalCount\":0," },
    };
    struct api *api = *state;

    all_answer(api, RESULT, cases, MLN_LEN(cases));
    (void)sas(api, ITEM, "ItemId=12");
    IS_REFUSED(api, 400, "RiskItemNotExists");
    (void)sas(api, "DescribeRiskCheckSummary", "Lang=en");
    IS_JSON(api);
    HAS(api, "\"ItemCount\":0,\"PreviousCount\":0,");
    HAS(api, "\"RiskRate\":0");
    HAS(api, "\"Status\":\"notStart\"");
}

static void signatures_of_either_version_ask(void **state)
{
    struct api *api = *state;

    (void)send_v1(api,
            &(struct sent){ .action = RESULT, .version = SAS, .query = "ItemIds.1=12&Lang=en" },
            NULL, false);
    IS_JSON(api);
    HAS(api, "\"TotalCount\":1,");
    (void)send_v1(api,
            &(struct sent){ .action = RESULT, .version = SAS, .query = "ItemIds.1=12&Lang=en" },
            NULL, true);
    HAS(api, "\"TotalCount\":1,");
    (void)send_v3(api, &(struct sent){ .action = RESULT,
                               .version = SAS,
                               .content_type = "application/json",
                               .body = "{\"ItemIds\":[12,\"6\"],\"Lang\":\"en\"}" });
    IS_JSON(api);
    HAS(api, "\"TotalCount\":2,");
    (void)send_v3(api, &(struct sent){ .action = RESULT, .version = SDDP });
    IS_REFUSED(api, 404, "InvalidAction.NotFound");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(an_item_has_every_field, sas_setup, api_teardown),
        cmocka_unit_test_setup_teardown(
                xml_repeats_elements_and_carries_objects_as_text, sas_setup, api_teardown),
        cmocka_unit_test_setup_teardown(results_are_filtered, sas_setup, api_teardown),
        cmocka_unit_test_setup_teardown(odd_values_are_refused_by_name, sas_setup, api_teardown),
        cmocka_unit_test_setup_teardown(
                a_list_has_at_most_a_thousand_elements, sas_setup, api_teardown),
        cmocka_unit_test_setup_teardown(pages_partition_the_list, sas_setup, api_teardown),
        cmocka_unit_test_setup_teardown(
                texts_are_chinese_unless_english_is_asked_for, sas_setup, api_teardown),
        cmocka_unit_test_setup_teardown(
                odd_bytes_of_a_check_leave_the_answer_whole, sas_setup, api_teardown),
        cmocka_unit_test_setup_teardown(
                the_resources_of_an_item_are_a_grid, sas_setup, api_teardown),
        cmocka_unit_test_setup_teardown(odd_items_are_refused, sas_setup, api_teardown),
        cmocka_unit_test_setup_teardown(the_summary_adds_up, sas_setup, api_teardown),
        cmocka_unit_test_setup_teardown(
                the_groups_have_titles_in_both_languages, sas_setup, api_teardown),
        cmocka_unit_test_setup_teardown(
                an_account_without_a_scan_is_empty, api_setup, api_teardown),
        cmocka_unit_test_setup_teardown(signatures_of_either_version_ask, sas_setup, api_teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
