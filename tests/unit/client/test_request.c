#include "client/request.h"
#include "test.h"

#define TOKEN "CANARYTOKENCANARYTOKEN"

struct fixture {
    struct mln_creds creds;
    struct mln_endpoint endpoint;
    struct mln_random random;
    struct mln_arena arena;
    struct mln_params params;
    struct mln_request_spec spec;
    struct mln_signed_request request;
};

static void fill(void *ctx, void *out, size_t len)
{
    (void)ctx;
    memset(out, 0xab, len);
}

static void open_fixture(
        struct fixture *f, enum mln_request_style style, const char *endpoint, const char *token)
{
    struct mln_err err = { 0 };

    *f = (struct fixture){ .random = { fill, NULL }, .arena = MLN_ARENA_INIT(1 << 22) };
    OK(mln_secret_init(&f->creds.key_id, MLN_STR("testid"), &err), &err);
    OK(mln_secret_init(&f->creds.secret, MLN_STR("testsecret"), &err), &err);
    if (token != NULL)
        OK(mln_secret_init(&f->creds.token, mln_str_of(token), &err), &err);
    OK(mln_endpoint_parse(mln_str_of(endpoint), &f->endpoint, &err), &err);
    f->spec = (struct mln_request_spec){
        .style = style,
        .method = style == MLN_REQUEST_OSS ? MLN_HTTP_GET : MLN_HTTP_POST,
        .endpoint = &f->endpoint,
        .creds = &f->creds,
        .action = MLN_STR("DescribeRiskRules"),
        .version = MLN_STR("2019-01-03"),
        .path = MLN_STR("/api/v1/clusters"),
        .region = MLN_STR("oss-cn-shanghai"),
        .params = &f->params,
        .user_agent = "test/1",
        .now_ms = 1767323045000, /* 2026-01-02T03:04:05Z */
        .random = &f->random,
    };
    mln_signed_request_init(&f->request);
}

static void close_fixture(struct fixture *f)
{
    mln_signed_request_fini(&f->request);
    mln_arena_free(&f->arena);
    mln_creds_wipe(&f->creds);
}

static void param(struct fixture *f, const char *name, const char *value)
{
    struct mln_err err = { 0 };

    OK(mln_params_add(&f->params, &f->arena, mln_str_of(name), mln_str_of(value), &err), &err);
    mln_params_sort(&f->params);
}

static struct mln_str header(const struct fixture *f, const char *name)
{
    struct mln_acs_request request = { .headers = f->request.http.headers,
        .header_count = f->request.http.header_count };
    struct mln_str value = MLN_STR("(absent)");

    (void)mln_acs_header(&request, name, &value);
    return value;
}

static void sign(struct fixture *f)
{
    struct mln_err err = { 0 };

    OK(mln_request_sign(&f->spec, &f->request, &err), &err);
}

/* What the server would compute from what was sent. */
static void verify_v3(const struct fixture *f, const char *method, const char *path)
{
    struct mln_err err = { 0 };
    const char *query = strchr(f->request.http.url, '?');
    struct mln_acs_request acs = {
        .method = mln_str_of(method),
        .path = mln_str_of(path),
        .raw_query = mln_str_of(query != NULL ? query + 1 : ""),
        .headers = f->request.http.headers,
        .header_count = f->request.http.header_count,
    };
    struct mln_v3_authorization sent;
    struct mln_v3_input input = { .request = &acs, .key = MLN_STR("testsecret") };
    char hash[MLN_SHA256_HEX_MAX], signature[MLN_V3_SIGNATURE_LEN + 1];

    OK(mln_v3_authorization_parse(header(f, "Authorization"), &sent, &err), &err);
    mln_sha256_hex(MLN_STR(""), hash);
    EQ_STR(header(f, "x-acs-content-sha256"), hash);
    input.signed_headers = sent.signed_headers;
    input.payload_sha256 = mln_str_of(hash);
    OK(mln_v3_sign(&input, NULL, NULL, signature, &err), &err);
    EQ_STR(sent.signature, signature);
    EQ_STR(sent.credential, "testid");
}

static void signs_rpc_calls(void **state)
{
    struct fixture f;

    (void)state;
    open_fixture(&f, MLN_REQUEST_RPC, "sddp.cn-zhangjiakou.aliyuncs.com", NULL);
    param(&f, "PageSize", "10");
    param(&f, "Name", "a b/\xe7\x99\xbd");
    param(&f, "Empty", "");
    sign(&f);
    assert_string_equal(f.request.http.url, "https://sddp.cn-zhangjiakou.aliyuncs.com/"
                                            "?Empty=&Name=a%20b%2F%E7%99%BD&PageSize=10");
    assert_int_equal(f.request.http.method, MLN_HTTP_POST);
    assert_int_equal(f.request.http.body.len, 0);
    EQ_STR(header(&f, "host"), "sddp.cn-zhangjiakou.aliyuncs.com");
    EQ_STR(header(&f, "x-acs-action"), "DescribeRiskRules");
    EQ_STR(header(&f, "x-acs-version"), "2019-01-03");
    EQ_STR(header(&f, "x-acs-date"), "2026-01-02T03:04:05Z");
    EQ_STR(header(&f, "x-acs-signature-nonce"), "abababababababababababababababab");
    EQ_STR(header(&f, "x-acs-security-token"), "(absent)");
    EQ_STR(header(&f, "user-agent"), "test/1");
    verify_v3(&f, "POST", "/");
    close_fixture(&f);
}

static void agrees_with_a_recorded_signature(void **state)
{
    struct fixture f;

    (void)state;
    open_fixture(&f, MLN_REQUEST_OSS, "https://oss-cn-shanghai.aliyuncs.com", NULL);
    param(&f, "acl", "");
    f.spec.bucket = MLN_STR("my-bucket");
    sign(&f);
    EQ_STR(header(&f, "Authorization"),
            "OSS4-HMAC-SHA256 Credential=testid/20260102/cn-shanghai/oss/aliyun_v4_request,"
            "Signature=1382398916e74663eac7fcc0fb74f6c3ac6a71cf7a4855b94f99046389c420eb");
    assert_string_equal(f.request.http.url, "https://my-bucket.oss-cn-shanghai.aliyuncs.com/?acl");
    EQ_STR(header(&f, "host"), "my-bucket.oss-cn-shanghai.aliyuncs.com");
    EQ_STR(header(&f, "date"), "Fri, 02 Jan 2026 03:04:05 GMT");
    EQ_STR(header(&f, "x-oss-date"), "20260102T030405Z");
    EQ_STR(header(&f, "x-oss-content-sha256"), "UNSIGNED-PAYLOAD");
    close_fixture(&f);
}

static void sends_the_token_of_a_session(void **state)
{
    struct fixture f;

    (void)state;
    open_fixture(&f, MLN_REQUEST_RPC, "sts.cn-hangzhou.aliyuncs.com", TOKEN);
    sign(&f);
    EQ_STR(header(&f, "x-acs-security-token"), TOKEN);
    EQ_STR(header(&f, "x-acs-accesskey-id"), "testid");
    verify_v3(&f, "POST", "/");
    f.spec.style = MLN_REQUEST_OSS;
    f.spec.method = MLN_HTTP_GET;
    f.spec.endpoint = &f.endpoint;
    sign(&f);
    EQ_STR(header(&f, "x-oss-security-token"), TOKEN);
    EQ_STR(header(&f, "x-acs-security-token"), "(absent)");
    close_fixture(&f);
}

static void signs_paths(void **state)
{
    struct fixture f;

    (void)state;
    open_fixture(&f, MLN_REQUEST_ROA, "cs.cn-hangzhou.aliyuncs.com", NULL);
    f.spec.method = MLN_HTTP_GET;
    f.spec.path = MLN_STR("/clusters/c%2F1/nodes");
    param(&f, "page_size", "50");
    sign(&f);
    assert_string_equal(f.request.http.url,
            "https://cs.cn-hangzhou.aliyuncs.com/clusters/c%2F1/nodes?page_size=50");
    verify_v3(&f, "GET", "/clusters/c%2F1/nodes");
    close_fixture(&f);
}

static void puts_the_bucket_into_the_path_of_addresses(void **state)
{
    static const struct {
        const char *endpoint, *url;
    } cases[] = {
        { "127.0.0.1:9000", "https://127.0.0.1:9000/my-bucket/?acl" },
        { "http://localhost:9000", "http://localhost:9000/my-bucket/?acl" },
        { "http://[::1]:9000", "http://[::1]:9000/my-bucket/?acl" },
        { "10.1.2.3", "https://10.1.2.3/my-bucket/?acl" },
        { "[2001:db8::1]", "https://[2001:db8::1]/my-bucket/?acl" },
        { "oss.example.com:8443", "https://my-bucket.oss.example.com:8443/?acl" },
        { "1.example.com", "https://my-bucket.1.example.com/?acl" },
    };

    (void)state;
    for (size_t i = 0; i < MLN_LEN(cases); i++) {
        struct fixture f;
        struct mln_str first;

        open_fixture(&f, MLN_REQUEST_OSS, cases[i].endpoint, NULL);
        param(&f, "acl", "");
        f.spec.bucket = MLN_STR("my-bucket");
        sign(&f);
        assert_string_equal(f.request.http.url, cases[i].url);
        /* The same is signed wherever the bucket stands. */
        first = header(&f, "Authorization");
        assert_true(mln_str_ends(first,
                MLN_STR("1382398916e74663eac7fcc0fb74f6c3ac6a71cf7a4855b94f99046389c420eb")));
        close_fixture(&f);
    }
}

static void refuses_what_must_not_be_sent(void **state)
{
    static const struct {
        enum mln_request_style style;
        const char *bucket, *path, *action, *region;
    } cases[] = {
        { MLN_REQUEST_OSS, "ab", "", "", "cn-hangzhou" },
        { MLN_REQUEST_OSS, "-abc", "", "", "cn-hangzhou" },
        { MLN_REQUEST_OSS, "abc-", "", "", "cn-hangzhou" },
        { MLN_REQUEST_OSS, "a.b.evil", "", "", "cn-hangzhou" },
        { MLN_REQUEST_OSS, "evil.example/", "", "", "cn-hangzhou" },
        { MLN_REQUEST_OSS, "ABC", "", "", "cn-hangzhou" },
        { MLN_REQUEST_OSS, "a@b", "", "", "cn-hangzhou" },
        { MLN_REQUEST_OSS, "abcdefghijabcdefghijabcdefghijabcdefghijabcdefghijabcdefghijabcd", "",
                "", "cn-hangzhou" },
        { MLN_REQUEST_OSS, "abc", "", "", "" },
        { MLN_REQUEST_OSS, "abc", "", "", "oss-" },
        { MLN_REQUEST_OSS, "abc", "", "", "cn hangzhou" },
        { MLN_REQUEST_RPC, "", "", "", "" },
        { MLN_REQUEST_RPC, "", "", "A\r\nx: y", "" },
        { MLN_REQUEST_ROA, "", "", "A", "" },
        { MLN_REQUEST_ROA, "", "clusters", "A", "" },
        { MLN_REQUEST_ROA, "", "/a b", "A", "" },
        { MLN_REQUEST_ROA, "", "/a?b", "A", "" },
        { MLN_REQUEST_ROA, "", "/a#b", "A", "" },
        { MLN_REQUEST_ROA, "", "/a/../b", "A", "" },
        { MLN_REQUEST_ROA, "", "/a/%2e%2E/b", "A", "" },
        { MLN_REQUEST_ROA, "", "/.%2e", "A", "" },
        { MLN_REQUEST_ROA, "", "/a\xc3\xa4", "A", "" },
    };

    (void)state;
    for (size_t i = 0; i < MLN_LEN(cases); i++) {
        struct mln_err err = { 0 };
        struct fixture f;
        int rc;

        open_fixture(&f, cases[i].style, "a.aliyuncs.com", NULL);
        f.spec.bucket = mln_str_of(cases[i].bucket);
        f.spec.path = mln_str_of(cases[i].path);
        f.spec.action = mln_str_of(cases[i].action);
        f.spec.region = mln_str_of(cases[i].region);
        rc = mln_request_sign(&f.spec, &f.request, &err);
        if (rc != MLN_EINVAL)
            fail_msg("case %zu: %d %s", i, rc, err.msg);
        assert_null(f.request.http.url);
        close_fixture(&f);
    }
}

static void refuses_credentials_that_cannot_sign(void **state)
{
    struct mln_err err = { 0 };
    struct fixture f;

    (void)state;
    open_fixture(&f, MLN_REQUEST_RPC, "a.aliyuncs.com", "CANARY\r\nx: y");
    FAILS(mln_request_sign(&f.spec, &f.request, &err), MLN_ECREDS, &err, "line break");
    assert_null(strstr(err.msg, "CANARY"));
    mln_secret_wipe(&f.creds.token);
    mln_secret_wipe(&f.creds.key_id);
    FAILS(mln_request_sign(&f.spec, &f.request, &err), MLN_ECREDS, &err, "no access key");
    close_fixture(&f);
}

static void keeps_credentials_from_plain_http(void **state)
{
    struct mln_err err = { 0 };
    struct fixture f;

    (void)state;
    open_fixture(&f, MLN_REQUEST_RPC, "a.aliyuncs.com", NULL);
    f.endpoint.https = false;
    f.endpoint.link_local = true;
    FAILS(mln_request_sign(&f.spec, &f.request, &err), MLN_EDENIED, &err, "https or loopback");
    close_fixture(&f);
}

static void refuses_parameters_without_end(void **state)
{
    static char large[1024 * 1024 + 1];
    struct mln_err err = { 0 };
    struct fixture f;

    (void)state;
    memset(large, '/', sizeof(large) - 1);
    open_fixture(&f, MLN_REQUEST_RPC, "a.aliyuncs.com", NULL);
    param(&f, "a", large);
    FAILS(mln_request_sign(&f.spec, &f.request, &err), MLN_ETOOBIG, &err, "parameters");
    f.params.items[0].value.len = sizeof(large) - 100;
    sign(&f);
    assert_int_equal(strlen(f.request.http.url),
            strlen("https://a.aliyuncs.com/?a=") + 3 * (sizeof(large) - 100));
    close_fixture(&f);
}

/* The text does not move, so whatever was in it is where it is wiped. */
static void wipes_what_it_held(void **state)
{
    struct fixture f;
    const char *bytes;
    size_t len;

    (void)state;
    open_fixture(&f, MLN_REQUEST_RPC, "a.aliyuncs.com", TOKEN);
    for (int i = 0; i < 20; i++)
        param(&f, "Filter", "with/many/odd/characters/that/grow/when/they/are/encoded");
    sign(&f);
    bytes = f.request.text.ptr;
    len = f.request.text.len;
    assert_non_null(memmem(bytes, len, TOKEN, strlen(TOKEN)));
    f.spec.creds = &(struct mln_creds){ .key_id = f.creds.key_id, .secret = f.creds.secret };
    sign(&f);
    assert_ptr_equal(bytes, f.request.text.ptr);
    assert_null(memmem(bytes, f.request.text.cap, TOKEN, strlen(TOKEN)));
    close_fixture(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(signs_rpc_calls),
        cmocka_unit_test(agrees_with_a_recorded_signature),
        cmocka_unit_test(sends_the_token_of_a_session),
        cmocka_unit_test(signs_paths),
        cmocka_unit_test(puts_the_bucket_into_the_path_of_addresses),
        cmocka_unit_test(refuses_what_must_not_be_sent),
        cmocka_unit_test(refuses_credentials_that_cannot_sign),
        cmocka_unit_test(keeps_credentials_from_plain_http),
        cmocka_unit_test(refuses_parameters_without_end),
        cmocka_unit_test(wipes_what_it_held),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
