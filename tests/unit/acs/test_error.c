#include "acs/error.h"
#include "test.h"

#define REQUEST_ID "0B2A1F6E-0000-4000-8000-000000000001"

static const char *const symbols[] = {
#define X(symbol, code, status, message) #symbol,
#include "acs/error.def"
#undef X
};

static void expect_body(const struct mln_acs_error *error, enum mln_format format, const char *want)
{
    MLN_AUTO(mln_buf_free) struct mln_buf out = MLN_BUF_INIT(4096);

    mln_acs_error_write(
            error, format, MLN_STR(REQUEST_ID), MLN_STR("127.0.0.1:18100"), "Sddp", &out);
    EQ_STR(mln_buf_str(&out), want);
}

static void keeps_its_rows_sorted_and_complete(void **state)
{
    (void)state;
    for (size_t i = 0; i < MLN_ACS_CODE_COUNT; i++) {
        const struct mln_acs_code_row *row = mln_acs_code_row((enum mln_acs_code)i);

        if (i > 0)
            assert_true(strcmp(symbols[i - 1], symbols[i]) < 0);
        assert_true(row->http_status >= 400 && row->http_status < 600);
        assert_true(strlen(row->code) > 0 && strlen(row->message) > 0);
    }
}

static void answers_with_the_clouds_codes_and_texts(void **state)
{
    static const struct {
        enum mln_acs_code symbol;
        const char *name;
        int status;
        const char *code, *message;
    } cases[] = {
        { MLN_ACS_INVALID_PARAM, "PageSize", 400, "InvalidPageSize",
                "Specified parameter PageSize is not valid." },
        { MLN_ACS_MISSING_PARAM, "RiskId", 400, "MissingRiskId",
                "RiskId is mandatory for this action." },
        { MLN_ACS_INVALID_VERSION, NULL, 400, "InvalidVersion",
                "Specified parameter Version is not valid." },
        { MLN_ACS_INVALID_ACTION_NOT_FOUND, NULL, 404, "InvalidAction.NotFound",
                "Specified api is not found, please check your url and method." },
        { MLN_ACS_INVALID_ACCESS_KEY_ID_NOT_FOUND, NULL, 404, "InvalidAccessKeyId.NotFound",
                "Specified access key is not found." },
        { MLN_ACS_NO_PERMISSION, NULL, 403, "NoPermission", "caller has no permission" },
        { MLN_ACS_THROTTLING_USER, NULL, 400, "Throttling.User",
                "Request was denied due to user flow control." },
        { MLN_ACS_REPEATED_PARAMETER, "Lang", 400, "InvalidParameter.Repeated",
                "Parameter Lang is given more than once." },
        { MLN_ACS_INTERNAL_ERROR, "unused", 500, "InternalError",
                "The request processing has failed due to some unknown error, exception or "
                "failure." },
    };
    struct mln_acs_error error;

    (void)state;
    mln_acs_error_init(&error);
    for (size_t i = 0; i < MLN_LEN(cases); i++) {
        mln_acs_error_set(&error, cases[i].symbol, cases[i].name);
        assert_int_equal(error.http_status, cases[i].status);
        assert_string_equal(error.code, cases[i].code);
        EQ_STR(mln_buf_str(&error.message), cases[i].message);
    }
    assert_int_equal(error.retry_after_ms, -1);
    mln_acs_error_fini(&error);
}

static void puts_the_string_to_sign_after_the_first_colon(void **state)
{
    struct mln_acs_error error;
    struct mln_str message;
    const char *colon;

    (void)state;
    mln_acs_error_init(&error);
    mln_acs_error_set(&error, MLN_ACS_SIGNATURE_DOES_NOT_MATCH_V1, NULL);
    mln_acs_error_detail(&error, MLN_STR("GET&%2F&A%3Db"));
    message = mln_buf_str(&error.message);
    assert_non_null(strstr(message.ptr, "server string to sign is:GET&"));
    colon = strchr(message.ptr, ':');
    assert_string_equal(colon + 1, "GET&%2F&A%3Db");
    mln_acs_error_fini(&error);
}

static void quotes_a_v3_request_in_brackets(void **state)
{
    struct mln_acs_error error;

    (void)state;
    mln_acs_error_init(&error);
    mln_acs_error_set(&error, MLN_ACS_SIGNATURE_DOES_NOT_MATCH_V3, NULL);
    mln_acs_error_detail_v3(&error, MLN_STR("ACS3-HMAC-SHA256\n00"), MLN_STR("GET\n/\n"));
    EQ_STR(mln_buf_str(&error.message),
            "Specified signature does not match our calculation. server StringToSign is "
            "[ACS3-HMAC-SHA256\n00] server CanonicalRequest is [GET\n/\n]");
    mln_acs_error_fini(&error);
}

static void leaves_tokens_out_of_what_it_quotes(void **state)
{
    static const char *const cases[][2] = {
        { "GET&%2F&A%3D1%26SecurityToken%3Dsec%252Fret%26Z%3D2",
                "GET&%2F&A%3D1%26SecurityToken%3D***%26Z%3D2" },
        { "GET&%2F&BearerToken%3Dsecret", "GET&%2F&BearerToken%3D***" },
        { "POST\n/\nSecurityToken=sec%26ret\nx-acs-security-token:sec,ret\nx-acs-version:1\n",
                "POST\n/\nSecurityToken=***\nx-acs-security-token:***\nx-acs-version:1\n" },
        { "SecurityToken=a&SecurityToken=b&c=d", "SecurityToken=***&SecurityToken=***&c=d" },
        { "x-acs-bearer-token:", "x-acs-bearer-token:***" },
    };

    (void)state;
    for (size_t i = 0; i < MLN_LEN(cases); i++) {
        struct mln_acs_error error;

        mln_acs_error_init(&error);
        mln_acs_error_detail(&error, mln_str_of(cases[i][0]));
        EQ_STR(mln_buf_str(&error.message), cases[i][1]);
        mln_acs_error_fini(&error);
    }
}

static void leaves_out_a_detail_over_its_limit(void **state)
{
    MLN_AUTO(mln_buf_free) struct mln_buf big = MLN_BUF_INIT(MLN_ACS_DETAIL_MAX + 1);
    struct mln_acs_error error;

    (void)state;
    while (big.len < MLN_ACS_DETAIL_MAX + 1)
        mln_buf_add_char(&big, 'x');
    mln_acs_error_init(&error);
    mln_acs_error_set(&error, MLN_ACS_SIGNATURE_DOES_NOT_MATCH_V3, NULL);
    mln_acs_error_detail(&error, mln_buf_str(&big));
    mln_acs_error_detail_v3(&error, MLN_STR("x"), mln_buf_str(&big));
    EQ_STR(mln_buf_str(&error.message), "Specified signature does not match our calculation.");
    mln_acs_error_fini(&error);
}

static void bounds_a_name_that_came_from_outside(void **state)
{
    char name[400];
    struct mln_acs_error error;

    (void)state;
    memset(name, 'n', sizeof(name) - 1);
    name[sizeof(name) - 1] = '\0';
    mln_acs_error_init(&error);
    mln_acs_error_set(&error, MLN_ACS_INVALID_PARAM, name);
    assert_int_equal(strlen(error.code), strlen("Invalid") + 64);
    mln_acs_error_fini(&error);
}

static void writes_the_body_in_both_formats(void **state)
{
    struct mln_acs_error error;

    (void)state;
    mln_acs_error_init(&error);
    mln_acs_error_set(&error, MLN_ACS_INVALID_VERSION, NULL);
    expect_body(&error, MLN_FORMAT_JSON,
            "{\"RequestId\":\"" REQUEST_ID "\",\"HostId\":\"127.0.0.1:18100\","
            "\"Code\":\"InvalidVersion\",\"Message\":\"Specified parameter Version is not "
            "valid.\",\"Recommend\":\"https://api.aliyun.com/troubleshoot?q=InvalidVersion&"
            "product=Sddp&requestId=" REQUEST_ID "\"}");
    expect_body(&error, MLN_FORMAT_XML,
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?><Error><RequestId>" REQUEST_ID
            "</RequestId><HostId>127.0.0.1:18100</HostId><Code>InvalidVersion</Code>"
            "<Message>Specified parameter Version is not valid.</Message><Recommend>"
            "https://api.aliyun.com/troubleshoot?q=InvalidVersion&amp;product=Sddp&amp;requestId=" REQUEST_ID
            "</Recommend></Error>");
    mln_acs_error_fini(&error);
}

static void explains_a_denial(void **state)
{
    struct mln_acs_error error;

    (void)state;
    mln_acs_error_init(&error);
    mln_acs_error_set(&error, MLN_ACS_NO_PERMISSION, NULL);
    error.denied = true;
    error.explicit_deny = true;
    memcpy(error.auth_action, "yundun-sddp:X", sizeof("yundun-sddp:X"));
    memcpy(error.principal_name, "viewer", sizeof("viewer"));
    memcpy(error.principal_owner, "1001", sizeof("1001"));
    memcpy(error.principal_type, "SubUser", sizeof("SubUser"));
    expect_body(&error, MLN_FORMAT_JSON,
            "{\"RequestId\":\"" REQUEST_ID "\",\"HostId\":\"127.0.0.1:18100\","
            "\"Code\":\"NoPermission\",\"Message\":\"caller has no permission\","
            "\"Recommend\":\"https://api.aliyun.com/troubleshoot?q=NoPermission&product=Sddp&"
            "requestId=" REQUEST_ID "\",\"AccessDeniedDetail\":{\"AuthAction\":\"yundun-sddp:X\","
            "\"AuthPrincipalType\":\"SubUser\",\"AuthPrincipalOwnerId\":\"1001\","
            "\"AuthPrincipalDisplayName\":\"viewer\",\"NoPermissionType\":\"ExplicitDeny\","
            "\"PolicyType\":\"AccountLevelIdentityBasedPolicy\"}}");
    mln_acs_error_fini(&error);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(keeps_its_rows_sorted_and_complete),
        cmocka_unit_test(answers_with_the_clouds_codes_and_texts),
        cmocka_unit_test(puts_the_string_to_sign_after_the_first_colon),
        cmocka_unit_test(quotes_a_v3_request_in_brackets),
        cmocka_unit_test(leaves_tokens_out_of_what_it_quotes),
        cmocka_unit_test(leaves_out_a_detail_over_its_limit),
        cmocka_unit_test(bounds_a_name_that_came_from_outside),
        cmocka_unit_test(writes_the_body_in_both_formats),
        cmocka_unit_test(explains_a_denial),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
