#include "acs/sign.h"
#include "test.h"

static void expect_parsed(const char *header)
{
    struct mln_v3_authorization out = { 0 };
    struct mln_err err = { 0 };

    OK(mln_v3_authorization_parse(mln_str_of(header), &out, &err), &err);
    EQ_STR(out.algorithm, "ACS3-HMAC-SHA256");
    EQ_STR(out.credential, "id");
    EQ_STR(out.signed_headers, "host;x-acs-date");
    EQ_STR(out.signature, "0a1b");
}

static void reads_attributes_in_any_order(void **state)
{
    (void)state;
    expect_parsed("ACS3-HMAC-SHA256 Credential=id,SignedHeaders=host;x-acs-date,Signature=0a1b");
    expect_parsed("ACS3-HMAC-SHA256 Credential=id,Signature=0a1b,SignedHeaders=host;x-acs-date");
    expect_parsed(
            "  ACS3-HMAC-SHA256  Credential=id , SignedHeaders=host;x-acs-date,\tSignature=0a1b ");
    expect_parsed("ACS3-HMAC-SHA256 Credential=id,New=1,SignedHeaders=host;x-acs-date,"
                  "Signature=0a1b");
}

static void tells_an_algorithm_it_does_not_speak(void **state)
{
    struct mln_v3_authorization out = { 0 };
    struct mln_err err = { 0 };

    (void)state;
    OK(mln_v3_authorization_parse(
               MLN_STR("ACS3-RSA-SHA256 Credential=a,SignedHeaders=b,Signature=c"), &out, &err),
            &err);
    EQ_STR(out.algorithm, "ACS3-RSA-SHA256");
    assert_false(mln_v3_algorithm_supported(out.algorithm));
    assert_false(mln_v3_algorithm_supported(MLN_STR("acs3-hmac-sha256")));
    assert_true(mln_v3_algorithm_supported(MLN_STR("ACS3-HMAC-SHA256")));
    assert_true(mln_v1_method_supported(MLN_STR("HMAC-SHA1")));
    assert_false(mln_v1_method_supported(MLN_STR("SHA256withRSA")));
    assert_false(mln_v1_method_supported(MLN_STR("")));
}

static void refuses_what_is_not_of_that_form(void **state)
{
    static const char *const cases[] = {
        "",
        "Bearer abc",
        "ACS3-HMAC-SHA256",
        "ACS3-HMAC-SHA256 ",
        "ACS3-HMAC-SHA256 Credential=id,SignedHeaders=host",
        "ACS3-HMAC-SHA256 Credential=id,Signature=x",
        "ACS3-HMAC-SHA256 SignedHeaders=host,Signature=x",
        "ACS3-HMAC-SHA256 Credential=,SignedHeaders=host,Signature=x",
        "ACS3-HMAC-SHA256 Credential=id,SignedHeaders=host,Signature=x,Signature=y",
        "ACS3-HMAC-SHA256 Credential=id,Credential=id,SignedHeaders=host,Signature=x",
    };
    struct mln_v3_authorization out = { .credential = MLN_STR("poison") };
    struct mln_err err = { 0 };

    (void)state;
    for (size_t i = 0; i < MLN_LEN(cases); i++)
        FAILS(mln_v3_authorization_parse(mln_str_of(cases[i]), &out, &err), MLN_EINVAL, &err,
                "Authorization");
    EQ_STR(out.credential, "poison");
}

static void finds_the_first_header_in_any_case(void **state)
{
    const struct mln_header headers[] = {
        { MLN_STR("Host"), MLN_STR("a") },
        { MLN_STR("X-Acs-Date"), MLN_STR("b") },
        { MLN_STR("x-acs-date"), MLN_STR("c") },
    };
    const struct mln_acs_request request = { .headers = headers, .header_count = MLN_LEN(headers) };
    struct mln_str out = MLN_STR("poison");

    (void)state;
    assert_false(mln_acs_header(&request, "x-acs", &out));
    EQ_STR(out, "poison");
    assert_true(mln_acs_header(&request, "x-acs-date", &out));
    EQ_STR(out, "b");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_attributes_in_any_order),
        cmocka_unit_test(tells_an_algorithm_it_does_not_speak),
        cmocka_unit_test(refuses_what_is_not_of_that_form),
        cmocka_unit_test(finds_the_first_header_in_any_case),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
