#include "acs/sign.h"
#include "test.h"

static const struct mln_header headers[] = {
    { { "X-Oss-Date", 10 }, { "20260102T030405Z", 16 } },
    { { "x-oss-content-sha256", 20 }, { " UNSIGNED-PAYLOAD ", 18 } },
    { { "Host", 4 }, { "oss-cn-hangzhou.aliyuncs.com", 28 } },
    { { "Content-Type", 12 }, { "text/plain", 10 } },
    { { "Accept", 6 }, { "x", 1 } },
};

static struct mln_oss4_input input_of(const struct mln_params *query)
{
    return (struct mln_oss4_input){
        .method = MLN_STR("GET"),
        .query = query,
        .headers = headers,
        .header_count = MLN_LEN(headers),
        .region = MLN_STR("cn-hangzhou"),
        .date = MLN_STR("20260102T030405Z"),
        .key_id = MLN_STR("testid"),
        .key = MLN_STR("testsecret"),
    };
}

static void signs_exactly_the_headers_that_count(void **state)
{
    MLN_AUTO(mln_buf_free) struct mln_buf canonical = MLN_BUF_INIT(4096);
    MLN_AUTO(mln_buf_free) struct mln_buf authorization = MLN_BUF_INIT(4096);
    struct mln_oss4_input input = input_of(NULL);
    struct mln_err err = { 0 };

    (void)state;
    OK(mln_oss4_sign(&input, &canonical, &authorization, &err), &err);
    EQ_STR(mln_buf_str(&canonical),
            "GET\n/\n\ncontent-type:text/plain\nx-oss-content-sha256:UNSIGNED-PAYLOAD\n"
            "x-oss-date:20260102T030405Z\n\n\nUNSIGNED-PAYLOAD");
    assert_true(mln_str_starts(mln_buf_str(&authorization),
            MLN_STR("OSS4-HMAC-SHA256 Credential=testid/20260102/cn-hangzhou/oss/"
                    "aliyun_v4_request,Signature=")));
}

static void sorts_the_query_as_it_is_encoded(void **state)
{
    MLN_AUTO(mln_buf_free) struct mln_buf canonical = MLN_BUF_INIT(4096);
    MLN_AUTO(mln_buf_free) struct mln_buf authorization = MLN_BUF_INIT(4096);
    MLN_AUTO(mln_arena_free) struct mln_arena arena = MLN_ARENA_INIT(65536);
    struct mln_params query = { 0 };
    struct mln_oss4_input input = input_of(&query);
    struct mln_err err = { 0 };

    (void)state;
    OK(mln_params_add(&query, &arena, MLN_STR("a1"), MLN_STR("x y"), &err), &err);
    OK(mln_params_add(&query, &arena, MLN_STR("a:"), MLN_STR(""), &err), &err);
    OK(mln_params_add(&query, &arena, MLN_STR("B"), MLN_STR("~"), &err), &err);
    input.bucket = MLN_STR("my-bucket");
    input.object = MLN_STR("dir/a b");
    OK(mln_oss4_sign(&input, &canonical, &authorization, &err), &err);
    assert_true(mln_str_starts(mln_buf_str(&canonical),
            MLN_STR("GET\n/my-bucket/dir/a%20b\nB=~&a%3A&a1=x%20y\ncontent-type:")));
}

static void refuses_what_would_change_the_scope(void **state)
{
    static const struct {
        const char *region, *date, *object, *part;
    } cases[] = {
        { "", "20260102T030405Z", "", "region" },
        { "cn/hangzhou", "20260102T030405Z", "", "region" },
        { "CN", "20260102T030405Z", "", "region" },
        { "cn-hangzhou\n", "20260102T030405Z", "", "region" },
        { "cn-hangzhou", "", "", "date" },
        { "cn-hangzhou", "2026-01-02T03:04", "", "date" },
        { "cn-hangzhou", "20260102 030405Z", "", "date" },
        { "cn-hangzhou", "20260102T030405Z", "key", "bucket" },
    };

    (void)state;
    for (size_t i = 0; i < MLN_LEN(cases); i++) {
        MLN_AUTO(mln_buf_free) struct mln_buf authorization = MLN_BUF_INIT(4096);
        struct mln_oss4_input input = input_of(NULL);
        struct mln_err err = { 0 };

        input.region = mln_str_of(cases[i].region);
        input.date = mln_str_of(cases[i].date);
        input.object = mln_str_of(cases[i].object);
        FAILS(mln_oss4_sign(&input, NULL, &authorization, &err), MLN_EINVAL, &err, cases[i].part);
        assert_int_equal(authorization.len, 0);
    }
}

static void refuses_what_is_too_large(void **state)
{
    static char large[600];
    static struct mln_header many[MLN_HEADERS_MAX + 1];
    MLN_AUTO(mln_buf_free) struct mln_buf authorization = MLN_BUF_INIT(4096);
    struct mln_oss4_input input = input_of(NULL);
    struct mln_err err = { 0 };

    (void)state;
    memset(large, 'k', sizeof(large));
    input.key = (struct mln_str){ large, sizeof(large) };
    FAILS(mln_oss4_sign(&input, NULL, &authorization, &err), MLN_ETOOBIG, &err, "secret");
    input = input_of(NULL);
    for (size_t i = 0; i < MLN_LEN(many); i++)
        many[i] = headers[0];
    input.headers = many;
    input.header_count = MLN_LEN(many);
    FAILS(mln_oss4_sign(&input, NULL, &authorization, &err), MLN_ETOOBIG, &err, "headers");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(signs_exactly_the_headers_that_count),
        cmocka_unit_test(sorts_the_query_as_it_is_encoded),
        cmocka_unit_test(refuses_what_would_change_the_scope),
        cmocka_unit_test(refuses_what_is_too_large),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
