#include "acs/error.h"
#include "test.h"

static void expect_read(const char *body, const char *code, const char *message,
        const char *request_id, const char *auth_action)
{
    MLN_AUTO(mln_arena_free) struct mln_arena arena = MLN_ARENA_INIT(64 * 1024);
    struct mln_acs_answer_error out = { 0 };

    assert_true(mln_acs_error_read(mln_str_of(body), &arena, &out));
    EQ_STR(out.code, code);
    EQ_STR(out.message, message);
    EQ_STR(out.request_id, request_id);
    EQ_STR(out.auth_action, auth_action);
}

static void reads_json_with_either_first_letter(void **state)
{
    (void)state;
    expect_read("{\"RequestId\":\"R\",\"Code\":\"NoPermission\",\"Message\":\"m\","
                "\"AccessDeniedDetail\":{\"AuthAction\":\"yundun-sas:X\"}}",
            "NoPermission", "m", "R", "yundun-sas:X");
    expect_read("\xef\xbb\xbf {\"requestId\":\"R\",\"code\":\"x.y\",\"message\":\"m\"}\n", "x.y",
            "m", "R", "");
    expect_read("{\"code\":500}", "500", "", "", "");
    expect_read("{\"Code\":\"a\",\"AccessDeniedDetail\":\"text\"}", "a", "", "", "");
}

static void reads_xml(void **state)
{
    (void)state;
    expect_read("<?xml version=\"1.0\"?><Error><RequestId>R</RequestId><Code>InvalidVersion</Code>"
                "<Message>a &lt; b</Message></Error>",
            "InvalidVersion", "a < b", "R", "");
    expect_read("<Error><Code>NoPermission</Code><AccessDeniedDetail>"
                "{\"AuthAction\":\"yundun-sas:X\"}</AccessDeniedDetail></Error>",
            "NoPermission", "", "", "yundun-sas:X");
    expect_read("<Error><Code>AccessDenied</Code><AccessDeniedDetail><AuthAction>oss:X"
                "</AuthAction></AccessDeniedDetail></Error>",
            "AccessDenied", "", "", "oss:X");
}

static void reads_what_merlon_itself_writes(void **state)
{
    (void)state;
    for (int format = 0; format < 2; format++) {
        MLN_AUTO(mln_buf_free) struct mln_buf body = MLN_BUF_INIT(4096);
        struct mln_acs_error error;

        mln_acs_error_init(&error);
        mln_acs_error_set(&error, MLN_ACS_NO_PERMISSION, NULL);
        error.denied = true;
        memcpy(error.auth_action, "yundun-sddp:X", sizeof("yundun-sddp:X"));
        mln_acs_error_write(&error, format == 0 ? MLN_FORMAT_JSON : MLN_FORMAT_XML, MLN_STR("R-1"),
                MLN_STR("h"), "Sddp", &body);
        expect_read(body.ptr, "NoPermission", "caller has no permission", "R-1", "yundun-sddp:X");
        mln_acs_error_fini(&error);
    }
}

static void finds_no_error_where_there_is_no_code(void **state)
{
    static const char *const cases[] = { "", "  ", "{}", "{\"Code\":\"\"}", "{\"Code\":null}",
        "{\"Message\":\"m\"}", "[]", "null", "{\"Code\":", "<html>nf</html>",
        "<Error><Code></Code></Error>", "<Error><Code>x", "bad gateway" };
    MLN_AUTO(mln_arena_free) struct mln_arena arena = MLN_ARENA_INIT(64 * 1024);
    struct mln_acs_answer_error out = { .code = MLN_STR("poison") };

    (void)state;
    for (size_t i = 0; i < MLN_LEN(cases); i++)
        assert_false(mln_acs_error_read(mln_str_of(cases[i]), &arena, &out));
    EQ_STR(out.code, "poison");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_json_with_either_first_letter),
        cmocka_unit_test(reads_xml),
        cmocka_unit_test(reads_what_merlon_itself_writes),
        cmocka_unit_test(finds_no_error_where_there_is_no_code),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
