/* Credentials that nobody learned, known by their shape or their name. */
#include <time.h>

#include "base/redact.h"
#include "test.h"

static struct mln_buf out = MLN_BUF_INIT(1 << 24);

static struct mln_str redacted(struct mln_str text)
{
    mln_buf_reset(&out);
    mln_redact(text, &out);
    return mln_buf_str(&out);
}

static const struct {
    const char *text, *want;
} rows[] = {
    /* Ids and tokens by their prefix. */
    { "LTAI5tCANARYCANARYCA", "[redacted]" },
    { "id LTAI5tCANARYCANA, next", "id [redacted], next" },
    { "LTAI5tCANAR", "LTAI5tCANAR" },
    { "key=LTAI5tCANARYCANARYCA.", "key=[redacted]." },
    { "STS.NUabcdefghij/x", "[redacted]/x" },
    { "STS.short", "STS.short" },
    { "TMP.3KdQabcdefghij", "[redacted]" },
    { "Bearer eyJhbGciOi.JSUzI1NiIs_-", "Bearer [redacted]" },
    { "curl -H 'authorization: bearer abcdefghijk' x", "curl -H 'authorization: [redacted]' x" },
    { "Bearer token", "Bearer token" },
    /* Query strings and forms. */
    { "Signature=abc%2Bdef%3D&Action=X", "Signature=[redacted]&Action=X" },
    { "AccessKeyId=testid&x=1", "AccessKeyId=[redacted]&x=1" },
    { "OSSAccessKeyId=testid;x", "OSSAccessKeyId=[redacted];x" },
    { "?security-token=CAIS/abc+def=&y", "?security-token=[redacted]&y" },
    { "x-oss-signature=0123abcd", "x-oss-signature=[redacted]" },
    { "SignatureMethod=HMAC-SHA1&SignatureVersion=1.0&SignatureNonce=n",
            "SignatureMethod=HMAC-SHA1&SignatureVersion=1.0&SignatureNonce=n" },
    { "Signature=&Action=X", "Signature=&Action=X" },
    { "access_key_secret = abc\nnext = 1", "access_key_secret = [redacted]\nnext = 1" },
    /* Headers. */
    { "Authorization: ACS3-HMAC-SHA256 Credential=a,SignedHeaders=b,Signature=c\r\nHost: h",
            "Authorization: [redacted]\r\nHost: h" },
    { "x-acs-security-token:CAISabc\nx-acs-version:1",
            "x-acs-security-token:[redacted]\nx-acs-version:1" },
    { "{\"m\":\"Host: x\\r\\nAuthorization: ACS3 abc\\r\\nA: b\"}",
            "{\"m\":\"Host: x\\r\\nAuthorization: [redacted]\\r\\nA: b\"}" },
    { "ACS3-HMAC-SHA256 Credential=YourId,SignedHeaders=host,Signature=0123",
            "ACS3-HMAC-SHA256 Credential=[redacted],SignedHeaders=host,Signature=[redacted]" },
    /* JSON. */
    { "{\"AccessKeyId\":\"id\",\"b\":1}", "{\"AccessKeyId\":\"[redacted]\",\"b\":1}" },
    { "{\"SecurityToken\" : \"a\\\"b\", \"b\":1}",
            "{\"SecurityToken\" : \"[redacted]\", \"b\":1}" },
    { "{\"SecurityToken\":\"ab\\\\\",\"b\":1}", "{\"SecurityToken\":\"[redacted]\",\"b\":1}" },
    { "{\"SecurityToken\":\"\",\"b\":1}", "{\"SecurityToken\":\"\",\"b\":1}" },
    { "{\"SecurityToken\":null,\"Signature\":true}",
            "{\"SecurityToken\":null,\"Signature\":true}" },
    { "{\"Signature\":123}", "{\"Signature\":[redacted]}" },
    { "{\"SecurityToken\":{\"a\":1}}", "{\"SecurityToken\":{\"a\":1}}" },
    { "{\"Authorization\":[\"Bx abc\"],\"b\":1}", "{\"Authorization\":[\"[redacted]\"],\"b\":1}" },
    { "{\"d\":\"{\\\"SecurityToken\\\":\\\"abc\\\",\\\"x\\\":1}\"}",
            "{\"d\":\"{\\\"SecurityToken\\\":\\\"[redacted]\\\",\\\"x\\\":1}\"}" },
    { "{\"StringToSign\":\"GET\\n/\\nx\",\"b\":1}", "{\"StringToSign\":\"[redacted]\",\"b\":1}" },
    { "{\"m\":\"see Signature=\",\"b\":\"c\"}", "{\"m\":\"see Signature=\",\"b\":\"c\"}" },
    { "{'access_token': 'abc', 'b': 1}", "{'access_token': '[redacted]', 'b': 1}" },
    /* XML. */
    { "<OSSAccessKeyId>id</OSSAccessKeyId><b/>",
            "<OSSAccessKeyId>[redacted]</OSSAccessKeyId><b/>" },
    { "<SignatureProvided>s=</SignatureProvided>",
            "<SignatureProvided>[redacted]</SignatureProvided>" },
    { "<StringToSign>GET\n\n\nx-oss-date:1\n/b</StringToSign><c>1</c>",
            "<StringToSign>[redacted]</StringToSign><c>1</c>" },
    { "<CanonicalRequest><![CDATA[GET\n/]]></CanonicalRequest>",
            "<CanonicalRequest>[redacted]</CanonicalRequest>" },
    { "<StringToSign>x-acs-security-token:abc\n</StringToSign><RequestId>1</RequestId>",
            "<StringToSign>[redacted]</StringToSign><RequestId>1</RequestId>" },
    { "<Signature></Signature>", "<Signature></Signature>" },
    /* Strings to sign in prose, and values inside them. */
    { "calculation. server string to sign is:GET&%2F&AccessKeyId%3Dx",
            "calculation. server string to sign is:[redacted]" },
    { "{\"Message\":\"server StringToSign is: GET\\n/\",\"RequestId\":\"R\"}",
            "{\"Message\":\"server StringToSign is: [redacted]\",\"RequestId\":\"R\"}" },
    { "CanonicalRequest: GET\n/\na=b\n\nhost:h", "CanonicalRequest: [redacted]" },
    { "GET&%2F&AccessKeyId%3Dtestid%26Action%3DX",
            "GET&%2F&AccessKeyId%3D[redacted]%26Action%3DX" },
    { "a%253D1%2526SecurityToken%253DCAIS%252Bx%2526b",
            "a%253D1%2526SecurityToken%253D[redacted]%2526b" },
    /* Prose about credentials stays readable. */
    { "MissingSecurityToken: SecurityToken is mandatory",
            "MissingSecurityToken: SecurityToken is mandatory" },
    { "credential: the profile has none", "credential: the profile has none" },
    { "SignatureDoesNotMatch", "SignatureDoesNotMatch" },
    { "InvalidAccessKeyId.NotFound: no such key", "InvalidAccessKeyId.NotFound: no such key" },
    { "nothing to hide here", "nothing to hide here" },
};

static void hides_the_value_and_nothing_else(void **state)
{
    (void)state;
    for (size_t i = 0; i < MLN_LEN(rows); i++)
        EQ_STR(redacted(mln_str_of(rows[i].text)), rows[i].want);
}

static void redacting_twice_changes_nothing_more(void **state)
{
    (void)state;
    for (size_t i = 0; i < MLN_LEN(rows); i++)
        EQ_STR(redacted(mln_str_of(rows[i].want)), rows[i].want);
}

/* A text may be cut anywhere: the part in view must not read past its end. */
static void a_cut_text_is_read_to_its_end_only(void **state)
{
    (void)state;
    for (size_t i = 0; i < MLN_LEN(rows); i++) {
        for (size_t len = 0; len <= strlen(rows[i].text); len++) {
            char *exact = malloc(len > 0 ? len : 1);

            assert_non_null(exact);
            memcpy(exact, rows[i].text, len);
            (void)redacted((struct mln_str){ .ptr = exact, .len = len });
            free(exact);
        }
    }
}

static void stays_linear_on_repetition(void **state)
{
    static const char *const units[] = { "LTAI", "Authorization: ", "Signature=\"",
        "\\\"Signature\\\":\\\"", "<StringToSign>", "Bearer ",
        "CanonicalRequest:", "AccessKeyId%3D", "\\", "Signature=\\\\\\\\" };
    static char text[1 << 19];
    clock_t start = clock();

    (void)state;
    for (size_t i = 0; i < MLN_LEN(units); i++) {
        size_t len = strlen(units[i]);

        for (size_t at = 0; at + len <= sizeof(text); at += len)
            memcpy(text + at, units[i], len);
        (void)redacted((struct mln_str){ .ptr = text, .len = sizeof(text) });
    }
    assert_true(clock() - start < 30 * CLOCKS_PER_SEC);
}

static int free_out(void **state)
{
    (void)state;
    mln_buf_free(&out);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(hides_the_value_and_nothing_else),
        cmocka_unit_test(redacting_twice_changes_nothing_more),
        cmocka_unit_test(a_cut_text_is_read_to_its_end_only),
        cmocka_unit_test(stays_linear_on_repetition),
    };

    return cmocka_run_group_tests(tests, NULL, free_out);
}
