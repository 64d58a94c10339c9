#include "acs/endpoint.h"
#include "test.h"

static void expect_host(const char *product, const char *region, const char *want)
{
    MLN_AUTO(mln_buf_free) struct mln_buf host = MLN_BUF_INIT(256);
    struct mln_err err = { 0 };

    OK(mln_endpoint_host(mln_product_by_name(product), mln_str_of(region), &host, &err), &err);
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
    };

    (void)state;
    for (size_t i = 0; i < MLN_LEN(cases); i++)
        expect_host(cases[i][0], cases[i][1], cases[i][2]);
}

static void refuses_a_region_that_could_change_the_host(void **state)
{
    static const char *const cases[] = { "cn.evil", "cn/x", "cn-shanghai@evil", "CN-SHANGHAI",
        "-cn", "cn-", " ", "cn\tx", "aaaaaaaaaabbbbbbbbbbccccccccccddd", "evil.com#" };
    MLN_AUTO(mln_buf_free) struct mln_buf host = MLN_BUF_INIT(256);
    struct mln_err err = { 0 };

    (void)state;
    for (size_t i = 0; i < MLN_LEN(cases); i++)
        FAILS(mln_endpoint_host(mln_product_by_name("Sddp"), mln_str_of(cases[i]), &host, &err),
                MLN_EINVAL, &err, "a region is");
    assert_int_equal(host.len, 0);
}

static void keeps_its_rows_sorted_and_of_known_products(void **state)
{
    const struct mln_endpoint_row *rows;
    size_t count;

    (void)state;
    rows = mln_endpoint_rows(&count);
    for (size_t i = 0; i < count; i++) {
        assert_non_null(mln_product_by_name(rows[i].product));
        expect_host(rows[i].product, rows[i].region, rows[i].host);
        if (i == 0)
            continue;
        if (strcmp(rows[i - 1].product, rows[i].product) == 0)
            assert_true(strcmp(rows[i - 1].region, rows[i].region) < 0);
        else
            assert_true(strcmp(rows[i - 1].product, rows[i].product) < 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(knows_products_by_name_and_version),
        cmocka_unit_test(follows_the_rows_and_else_the_rule),
        cmocka_unit_test(refuses_a_region_that_could_change_the_host),
        cmocka_unit_test(keeps_its_rows_sorted_and_of_known_products),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
