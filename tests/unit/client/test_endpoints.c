#include <stdio.h>

#include "client/endpoints.h"
#include "test.h"

struct variable {
    const char *name, *value;
};

static const char *get(void *ctx, const char *name)
{
    const struct variable *variable = ctx;

    return variable->name != NULL && strcmp(variable->name, name) == 0 ? variable->value : NULL;
}

struct fixture {
    struct variable variable;
    struct mln_env env;
    struct mln_endpoints endpoints;
    struct mln_endpoint out;
    enum mln_endpoint_origin origin;
    struct mln_err err;
};

static void open_fixture(struct fixture *f)
{
    memset(f, 0, sizeof(*f));
    f->env = (struct mln_env){ get, &f->variable };
    memcpy(f->out.host, "poison", sizeof("poison"));
    f->endpoints.env = &f->env;
}

static int find(struct fixture *f, const char *product, const char *region, const char *template)
{
    return mln_endpoints_find(&f->endpoints, product, mln_str_of(region), mln_str_of(template),
            &f->out, &f->origin, &f->err);
}

static void add(struct fixture *f, const char *text)
{
    OK(mln_endpoints_add(&f->endpoints, mln_str_of(text), &f->err), &f->err);
}

static void asks_in_its_order(void **state)
{
    static struct fixture f; /* Large for a stack. */

    (void)state;
    open_fixture(&f);
    OK(find(&f, "Ecs", "cn-beijing", ""), &f.err);
    assert_string_equal(f.out.host, "ecs.cn-beijing.aliyuncs.com");
    assert_true(f.out.https && !f.out.loopback && !f.out.link_local);
    assert_int_equal(f.origin, MLN_ENDPOINT_RULE);
    OK(find(&f, "Ecs", "cn-hangzhou", ""), &f.err);
    assert_string_equal(f.out.host, "ecs-cn-hangzhou.aliyuncs.com");
    assert_int_equal(f.origin, MLN_ENDPOINT_TABLE);
    f.variable = (struct variable){ "ALIBABA_CLOUD_ENDPOINT_ECS", "ecs.env.example" };
    OK(find(&f, "Ecs", "cn-beijing", "ecs.plan.aliyuncs.com"), &f.err);
    assert_string_equal(f.out.host, "ecs.env.example");
    assert_int_equal(f.origin, MLN_ENDPOINT_GIVEN);
    add(&f, "https://all.example");
    OK(find(&f, "Ecs", "cn-beijing", ""), &f.err);
    assert_string_equal(f.out.host, "all.example");
    add(&f, "ecs=http://127.0.0.1:80");
    OK(find(&f, "Ecs", "cn-beijing", ""), &f.err);
    assert_string_equal(f.out.host, "127.0.0.1");
    assert_false(f.out.https);
    add(&f, "E-C_S=https://later.example:8443/");
    OK(find(&f, "ecs", "", "x.aliyuncs.com"), &f.err);
    assert_string_equal(f.out.host, "later.example:8443");
    assert_int_equal(f.origin, MLN_ENDPOINT_GIVEN);
    assert_int_equal(f.endpoints.count, 2);
    OK(find(&f, "Vpc", "", ""), &f.err);
    assert_string_equal(f.out.host, "all.example");
}

static void spells_products_as_people_do(void **state)
{
    static const char *const names[] = { "ALIBABA_CLOUD_ENDPOINT_R_KVSTORE",
        "ALIBABA_CLOUD_ENDPOINT_RKVSTORE" };
    static struct fixture f;

    (void)state;
    for (size_t i = 0; i < MLN_LEN(names); i++) {
        open_fixture(&f);
        f.variable = (struct variable){ names[i], "redis.example" };
        OK(find(&f, "R-kvstore", "cn-hangzhou", ""), &f.err);
        assert_string_equal(f.out.host, "redis.example");
    }
    open_fixture(&f);
    OK(find(&f, "r_kvstore", "cn-hangzhou", ""), &f.err);
    assert_string_equal(f.out.host, "r-kvstore.aliyuncs.com");
}

static void knows_the_services_of_its_own(void **state)
{
    static const struct {
        const char *product, *region, *host;
        bool https, link_local;
        enum mln_endpoint_origin origin;
    } cases[] = {
        { "EcsMetadata", "", "100.100.100.200", false, true, MLN_ENDPOINT_TABLE },
        { "OAuth", "", "oauth.aliyun.com", true, false, MLN_ENDPOINT_TABLE },
        { "OAuth", "ap-southeast-1", "oauth.alibabacloud.com", true, false, MLN_ENDPOINT_TABLE },
        { "Oss", "cn-shanghai", "oss-cn-shanghai.aliyuncs.com", true, false, MLN_ENDPOINT_RULE },
        { "Oss", "xx-new-9", "oss-xx-new-9.aliyuncs.com", true, false, MLN_ENDPOINT_RULE },
        { "Sts", "cn-shanghai", "sts.cn-shanghai.aliyuncs.com", true, false, MLN_ENDPOINT_RULE },
        { "ResourceManager", "", "resourcemanager.aliyuncs.com", true, false, MLN_ENDPOINT_TABLE },
    };

    (void)state;
    for (size_t i = 0; i < MLN_LEN(cases); i++) {
        static struct fixture f;

        open_fixture(&f);
        OK(find(&f, cases[i].product, cases[i].region, ""), &f.err);
        assert_string_equal(f.out.host, cases[i].host);
        assert_int_equal(f.out.https, cases[i].https);
        assert_int_equal(f.out.link_local, cases[i].link_local);
        assert_int_equal(f.origin, cases[i].origin);
    }
}

static void leaves_the_metadata_service_out_of_every_product(void **state)
{
    static struct fixture f;

    (void)state;
    open_fixture(&f);
    add(&f, "https://127.0.0.1:9");
    OK(find(&f, "Sts", "", ""), &f.err);
    assert_string_equal(f.out.host, "127.0.0.1:9");
    OK(find(&f, "EcsMetadata", "", ""), &f.err);
    assert_string_equal(f.out.host, "100.100.100.200");
    add(&f, "EcsMetadata=http://127.0.0.1:8");
    OK(find(&f, "EcsMetadata", "", ""), &f.err);
    assert_string_equal(f.out.host, "127.0.0.1:8");
}

static void uses_hosts_of_vpcs(void **state)
{
    static struct fixture f;

    (void)state;
    open_fixture(&f);
    f.endpoints.network = MLN_NETWORK_VPC;
    OK(find(&f, "Ims", "", ""), &f.err);
    assert_string_equal(f.out.host, "ims.vpc-proxy.aliyuncs.com");
}

static void takes_hosts_of_the_cloud_from_others(void **state)
{
    static struct fixture f;

    (void)state;
    open_fixture(&f);
    OK(find(&f, "Oss", "cn-hangzhou", "oss-cn-hzjbp-b-console.aliyuncs.com"), &f.err);
    assert_string_equal(f.out.host, "oss-cn-hzjbp-b-console.aliyuncs.com");
    assert_int_equal(f.origin, MLN_ENDPOINT_TABLE);
    OK(find(&f, "Novel", "cn-beijing", "novel.{region}.aliyuncs.com"), &f.err);
    assert_string_equal(f.out.host, "novel.cn-beijing.aliyuncs.com");
    assert_int_equal(f.origin, MLN_ENDPOINT_RULE);
}

static void takes_no_other_hosts_from_others(void **state)
{
    static const struct {
        const char *region, *template;
    } cases[] = {
        { "", "evil.example" },
        { "", "aliyuncs.com" },
        { "", "evilaliyuncs.com" },
        { "", "evil.example/.aliyuncs.com" },
        { "", "evil.example#.aliyuncs.com" },
        { "", "evil.example:443#a.aliyuncs.com" },
        { "", "user@a.aliyuncs.com" },
        { "", "https://a.aliyuncs.com" },
        { "", "a..aliyuncs.com" },
        { "", ".aliyuncs.com" },
        { "", "-a.aliyuncs.com" },
        { "", "a.aliyuncs.com:8443" },
        { "", "a.aliyuncs.com." },
        { "", "a\n.aliyuncs.com" },
        { "", "a.{region}.aliyuncs.com" },
        { "evil.example/", "a.{region}.aliyuncs.com" },
        { "cn.hangzhou", "a.{region}.aliyuncs.com" },
        { "abcdefghijabcdefghijabcdefghijabc", "a.{region}.aliyuncs.com" },
        { "cn-hangzhou", "a.{region}.{region}.aliyuncs.com" },
    };

    (void)state;
    for (size_t i = 0; i < MLN_LEN(cases); i++) {
        static struct fixture f;
        int rc;

        open_fixture(&f);
        rc = find(&f, "Ecs", cases[i].region, cases[i].template);
        if (rc != MLN_EINVAL)
            fail_msg("%s: %d %s", cases[i].template, rc, f.out.host);
        assert_string_equal(f.out.host, "poison");
    }
}

static void says_what_to_do_about_an_unknown_product(void **state)
{
    static struct fixture f;

    (void)state;
    open_fixture(&f);
    FAILS(find(&f, "Novel", "cn-beijing", ""), MLN_ECONFIG, &f.err,
            "--endpoint-override Novel=URL");
    FAILS(find(&f, "No vel", "cn-beijing", ""), MLN_EINVAL, &f.err, "letters");
    FAILS(find(&f, "", "cn-beijing", ""), MLN_EINVAL, &f.err, "letters");
    FAILS(find(&f, "Ecs", "cn_beijing", ""), MLN_EINVAL, &f.err, "region");
    assert_string_equal(f.out.host, "poison");
}

static void refuses_overrides_it_cannot_trust(void **state)
{
    static const struct {
        const char *text;
        int code;
    } cases[] = {
        { "", MLN_EINVAL },
        { "Ecs=", MLN_EINVAL },
        { "=https://a.example", MLN_EINVAL },
        { "E cs=https://a.example", MLN_EINVAL },
        { "Ecs=https://a.example/path", MLN_EINVAL },
        { "Ecs=http://a.example", MLN_EDENIED },
        { "EcsMetadata=http://100.100.100.200", MLN_EDENIED },
        { "aaaaaaaaaabbbbbbbbbbccccccccccdddddddddde=https://a.example", MLN_EINVAL },
    };
    static struct fixture f;

    (void)state;
    open_fixture(&f);
    for (size_t i = 0; i < MLN_LEN(cases); i++) {
        int rc = mln_endpoints_add(&f.endpoints, mln_str_of(cases[i].text), &f.err);

        if (rc != cases[i].code)
            fail_msg("%s: %d %s", cases[i].text, rc, f.err.msg);
    }
    assert_int_equal(f.endpoints.count, 0);
    for (size_t i = 0; i < MLN_ENDPOINT_OVERRIDES_MAX; i++) {
        char text[40];

        (void)snprintf(text, sizeof(text), "p%zu=a.example", i);
        add(&f, text);
    }
    add(&f, "p7=b.example"); /* One that is there can still be replaced. */
    FAILS(mln_endpoints_add(&f.endpoints, MLN_STR("one-more=a.example"), &f.err), MLN_EINVAL,
            &f.err, "at most 48");
}

static void names_the_variable_that_is_wrong(void **state)
{
    static struct fixture f;

    (void)state;
    open_fixture(&f);
    f.variable = (struct variable){ "ALIBABA_CLOUD_ENDPOINT_ECS", "http://a.example" };
    FAILS(find(&f, "Ecs", "", ""), MLN_EDENIED, &f.err, "ALIBABA_CLOUD_ENDPOINT_ECS: ");
    assert_string_equal(f.out.host, "poison");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(asks_in_its_order),
        cmocka_unit_test(spells_products_as_people_do),
        cmocka_unit_test(knows_the_services_of_its_own),
        cmocka_unit_test(leaves_the_metadata_service_out_of_every_product),
        cmocka_unit_test(uses_hosts_of_vpcs),
        cmocka_unit_test(takes_hosts_of_the_cloud_from_others),
        cmocka_unit_test(takes_no_other_hosts_from_others),
        cmocka_unit_test(says_what_to_do_about_an_unknown_product),
        cmocka_unit_test(refuses_overrides_it_cannot_trust),
        cmocka_unit_test(names_the_variable_that_is_wrong),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
