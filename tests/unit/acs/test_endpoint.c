#include "acs/endpoint.h"
#include "test.h"

static void expect_host(
        const char *product, enum mln_network network, const char *region, const char *want)
{
    MLN_AUTO(mln_buf_free) struct mln_buf host = MLN_BUF_INIT(256);
    struct mln_err err = { 0 };

    bool by_rule = false;

    OK(mln_endpoint_host(product, network, mln_str_of(region), &host, &by_rule, &err), &err);
    EQ_STR(mln_buf_str(&host), want);
}

static void knows_products_by_name_and_version(void **state)
{
    (void)state;
    assert_string_equal(mln_product_by_name("Sddp")->version, "2019-01-03");
    assert_string_equal(mln_product_by_version(MLN_STR("2018-12-03"))->name, "Sas");
    assert_string_equal(mln_product_by_version(MLN_STR("2019-01-03"))->ram_prefix, "yundun-sddp");
    assert_null(mln_product_by_name("sddp"));
    assert_null(mln_product_by_version(MLN_STR("1999-01-01")));
    assert_null(mln_product_by_version(MLN_STR("")));
}

static void follows_the_rows_and_else_the_rule(void **state)
{
    static const char *const cases[][3] = {
        { "Sddp", "", "sddp.cn-zhangjiakou.aliyuncs.com" },
        { "Sddp", "ap-southeast-1", "sddp.ap-southeast-1.aliyuncs.com" },
        { "Sddp", "cn-hongkong", "sddp-api.cn-hongkong.aliyuncs.com" },
        { "Sas", "", "tds.cn-shanghai.aliyuncs.com" },
        { "Sas", "cn-hongkong", "tds.cn-shanghai.aliyuncs.com" },
        { "Sas", "cn-north-2-gov-1", "tds.cn-shanghai.aliyuncs.com" },
        { "Sas", "us-east-1", "tds.ap-southeast-1.aliyuncs.com" },
        { "Sas", "xx-new-1", "sas.xx-new-1.aliyuncs.com" },
        { "Sts", "", "sts.cn-hangzhou.aliyuncs.com" },
        { "Sts", "ap-south-1", "sts.aliyuncs.com" },
        { "Ecs", "cn-hangzhou", "ecs-cn-hangzhou.aliyuncs.com" },
        { "R-kvstore", "cn-chengdu", "r-kvstore.cn-chengdu.aliyuncs.com" },
        { "Dds", "xx-new-1", "mongodb.xx-new-1.aliyuncs.com" },
        { "Cms", "", "metrics.cn-hangzhou.aliyuncs.com" },
        { "waf-openapi", "ap-southeast-1", "wafopenapi.ap-southeast-1.aliyuncs.com" },
        { "DAS", "cn-beijing", "das.cn-shanghai.aliyuncs.com" },
        { "Oss", "cn-hangzhou-finance", "oss-cn-hzjbp-b-console.aliyuncs.com" },
    };

    (void)state;
    for (size_t i = 0; i < MLN_LEN(cases); i++)
        expect_host(cases[i][0], MLN_NETWORK_PUBLIC, cases[i][1], cases[i][2]);
}

static void refuses_a_region_that_could_change_the_host(void **state)
{
    static const char *const cases[] = { "cn.evil", "cn/x", "cn-shanghai@evil", "CN-SHANGHAI",
        "-cn", "cn-", " ", "cn\tx", "aaaaaaaaaabbbbbbbbbbccccccccccddd", "evil.com#" };
    MLN_AUTO(mln_buf_free) struct mln_buf host = MLN_BUF_INIT(256);
    struct mln_err err = { 0 };
    bool by_rule = false;

    (void)state;
    for (size_t i = 0; i < MLN_LEN(cases); i++)
        FAILS(mln_endpoint_host(
                      "Sddp", MLN_NETWORK_PUBLIC, mln_str_of(cases[i]), &host, &by_rule, &err),
                MLN_EINVAL, &err, "a region is");
    assert_int_equal(host.len, 0);
}

static void has_hosts_inside_vpcs_and_else_the_public_ones(void **state)
{
    (void)state;
    expect_host("Oss", MLN_NETWORK_VPC, "cn-beijing", "oss-cn-beijing-internal.aliyuncs.com");
    expect_host("Sddp", MLN_NETWORK_VPC, "cn-zhangjiakou", "sddp-vpc.cn-zhangjiakou.aliyuncs.com");
    expect_host("Cas", MLN_NETWORK_VPC, "cn-hangzhou", "cas-vpc.cn-hangzhou.aliyuncs.com");
    expect_host("Cas", MLN_NETWORK_VPC, "cn-beijing", "cas.aliyuncs.com");
}

static void tells_a_host_of_the_table_from_one_of_a_rule(void **state)
{
    MLN_AUTO(mln_buf_free) struct mln_buf host = MLN_BUF_INIT(1024);
    struct mln_err err = { 0 };
    bool by_rule = true;

    (void)state;
    OK(mln_endpoint_host("ecs", MLN_NETWORK_PUBLIC, MLN_STR("cn-hangzhou"), &host, &by_rule, &err),
            &err);
    assert_false(by_rule);
    OK(mln_endpoint_host("ecs", MLN_NETWORK_PUBLIC, MLN_STR("xx-new-1"), &host, &by_rule, &err),
            &err);
    assert_true(by_rule);
    OK(mln_endpoint_host("ims", MLN_NETWORK_PUBLIC, MLN_STR("xx-new-1"), &host, &by_rule, &err),
            &err);
    assert_false(by_rule);
    FAILS(mln_endpoint_host(
                  "nosuch", MLN_NETWORK_PUBLIC, MLN_STR("cn-beijing"), &host, &by_rule, &err),
            MLN_ENOTFOUND, &err, "nosuch");
}

static void keeps_its_rows_sorted(void **state)
{
    const struct mln_endpoint_row *rows;
    size_t count;

    (void)state;
    rows = mln_endpoint_rows(&count);
    for (size_t i = 0; i < count; i++) {
        int order = i == 0 ? -1 : strcmp(rows[i - 1].product, rows[i].product);

        if (rows[i].region[0] != '*')
            expect_host(rows[i].product, rows[i].network, rows[i].region, rows[i].host);
        if (order == 0)
            order = (int)rows[i - 1].network - (int)rows[i].network;
        assert_true(order < 0 || (order == 0 && strcmp(rows[i - 1].region, rows[i].region) < 0));
    }
}

static void knows_the_regions(void **state)
{
    const struct mln_region *regions;
    size_t count;

    (void)state;
    regions = mln_regions(&count);
    assert_true(count > 30);
    for (size_t i = 1; i < count; i++)
        assert_true(strcmp(regions[i - 1].id, regions[i].id) < 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(knows_products_by_name_and_version),
        cmocka_unit_test(follows_the_rows_and_else_the_rule),
        cmocka_unit_test(refuses_a_region_that_could_change_the_host),
        cmocka_unit_test(has_hosts_inside_vpcs_and_else_the_public_ones),
        cmocka_unit_test(tells_a_host_of_the_table_from_one_of_a_rule),
        cmocka_unit_test(keeps_its_rows_sorted),
        cmocka_unit_test(knows_the_regions),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
