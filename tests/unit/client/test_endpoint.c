#include "client/transport.h"
#include "test.h"

static void reads_hosts_and_urls(void **state)
{
    static const struct {
        const char *text, *host;
        bool https, loopback;
    } cases[] = {
        { "sddp.cn-zhangjiakou.aliyuncs.com", "sddp.cn-zhangjiakou.aliyuncs.com", true, false },
        { "https://a.b:443/", "a.b", true, false },
        { "https://a.b:8443", "a.b:8443", true, false },
        { "http://127.0.0.1:8080", "127.0.0.1:8080", false, true },
        { "http://127.9.9.9", "127.9.9.9", false, true },
        { "http://localhost:80/", "localhost", false, true },
        { "http://[::1]:8080", "[::1]:8080", false, true },
        { "https://[2001:db8::1]", "[2001:db8::1]", true, false },
        { "127.0.0.1:8443", "127.0.0.1:8443", true, true },
    };

    (void)state;
    for (size_t i = 0; i < MLN_LEN(cases); i++) {
        struct mln_endpoint endpoint;
        struct mln_err err;

        OK(mln_endpoint_parse(mln_str_of(cases[i].text), &endpoint, &err), &err);
        EQ_STR(mln_str_of(endpoint.host), cases[i].host);
        assert_int_equal(endpoint.https, cases[i].https);
        assert_int_equal(endpoint.loopback, cases[i].loopback);
    }
}

static void refuses_everything_else(void **state)
{
    static const struct {
        const char *text;
        int code;
    } cases[] = {
        { "", MLN_EINVAL },
        { "https://", MLN_EINVAL },
        { "a.b/path", MLN_EINVAL },
        { "a.b?x", MLN_EINVAL },
        { "user@a.b", MLN_EINVAL },
        { "a b", MLN_EINVAL },
        { "a.b:0", MLN_EINVAL },
        { "a.b:65536", MLN_EINVAL },
        { "a.b:", MLN_EINVAL },
        { "a.b:+1", MLN_EINVAL },
        { "[::1", MLN_EINVAL },
        { "[]", MLN_EINVAL },
        { "ftp://a.b", MLN_EINVAL },
        { "http://a.b", MLN_EDENIED },
        { "http://10.0.0.1", MLN_EDENIED },
        { "http://127.1", MLN_EDENIED },
        { "http://127.0.0.1.evil.example", MLN_EDENIED },
        { "http://127.0.0.256", MLN_EDENIED },
        { "http://localhost.evil.example", MLN_EDENIED },
        { "http://0x7f.0.0.1", MLN_EDENIED },
        { "http://127.0.0.1@a.b", MLN_EINVAL },
        { "a\r\nHost:b", MLN_EINVAL },
    };

    (void)state;
    for (size_t i = 0; i < MLN_LEN(cases); i++) {
        struct mln_endpoint endpoint = { .host = "poison" };
        struct mln_err err;

        if (mln_endpoint_parse(mln_str_of(cases[i].text), &endpoint, &err) != cases[i].code)
            fail_msg("%s: %s", cases[i].text, err.msg);
        assert_string_equal(endpoint.host, "poison");
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_hosts_and_urls),
        cmocka_unit_test(refuses_everything_else),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
