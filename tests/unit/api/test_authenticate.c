#include "fixture.h"

static void serves_either_signature_in_query_form_and_json(void **state)
{
    struct api *api = *state;

    (void)send_v3(api, &(struct sent){ .query = "CurrentPage=1&PageSize=2" });
    IS_SERVED(api);
    assert_true(answers(api, "\"TotalCount\":5"));
    (void)send_v3(api, &(struct sent){ .method = "GET", .query = "PageSize=2" });
    IS_SERVED(api);
    (void)send_v3(api, &(struct sent){ .body = "PageSize=2",
                               .content_type = "application/x-www-form-urlencoded" });
    IS_SERVED(api);
    assert_true(answers(api, "\"PageSize\":2"));
    (void)send_v3(api, &(struct sent){ .body = "{\"PageSize\":3}",
                               .content_type = "application/json; charset=utf-8" });
    IS_SERVED(api);
    assert_true(answers(api, "\"PageSize\":3"));
    (void)send_v1(api, &(struct sent){ .query = "PageSize=2" }, NULL, false);
    IS_SERVED(api);
    (void)send_v1(api, &(struct sent){ .query = "PageSize=4" }, NULL, true);
    IS_SERVED(api);
    assert_true(answers(api, "\"PageSize\":4"));
}

static void refuses_what_was_not_signed(void **state)
{
    struct api *api = *state;

    (void)send_v3(api, &(struct sent){ .query = "PageSize=10", .tampered_query = "PageSize=11" });
    IS_REFUSED(api, 400, "SignatureDoesNotMatch");
    assert_true(answers(api, "server CanonicalRequest is [POST"));
    (void)send_v3(api, &(struct sent){ .secret = "wrong" });
    IS_REFUSED(api, 400, "SignatureDoesNotMatch");
    (void)send_v3(api,
            &(struct sent){ .body = "PageSize=1",
                    .content_type = "application/x-www-form-urlencoded",
                    .sha256 = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855" });
    IS_REFUSED(api, 400, "SignatureDoesNotMatch");
    (void)send_v1(api, &(struct sent){ .secret = "wrong" }, NULL, false);
    IS_REFUSED(api, 400, "SignatureDoesNotMatch");
    assert_true(answers(api, "string to sign is:GET&%2F&AccessKeyId"));
}

static void demands_that_host_and_acs_headers_are_signed(void **state)
{
    struct api *api = *state;

    (void)send_v3(
            api, &(struct sent){ .signed_headers = "x-acs-action;x-acs-content-sha256;x-acs-date;"
                                                   "x-acs-signature-nonce;x-acs-version" });
    IS_REFUSED(api, 400, "IncompleteSignature");
    (void)send_v3(api,
            &(struct sent){ .signed_headers = "host;x-acs-action;x-acs-content-sha256;x-acs-date;"
                                              "x-acs-version" });
    IS_REFUSED(api, 400, "IncompleteSignature");
}

static void takes_a_nonce_once(void **state)
{
    struct api *api = *state;
    const struct sent sent = { .nonce = "0123456789abcdef" };

    (void)send_v3(api, &sent);
    IS_SERVED(api);
    (void)send_v3(api, &sent);
    IS_REFUSED(api, 400, "SignatureNonceUsed");
    (void)send_v1(api, &sent, NULL, false);
    IS_REFUSED(api, 400, "SignatureNonceUsed");
}

static void takes_a_nonce_only_with_a_good_signature(void **state)
{
    struct api *api = *state;

    (void)send_v3(api, &(struct sent){ .nonce = "n", .secret = "wrong" });
    IS_REFUSED(api, 400, "SignatureDoesNotMatch");
    (void)send_v3(api, &(struct sent){ .nonce = "n" });
    IS_SERVED(api);
}

static void refuses_bad_credentials_by_name(void **state)
{
    struct api *api = *state;
    char long_id[400];

    memset(long_id, 'A', sizeof(long_id) - 1);
    long_id[sizeof(long_id) - 1] = '\0';
    (void)send_v3(api, &(struct sent){ .key_id = "LTAI0000000000000000" });
    IS_REFUSED(api, 404, "InvalidAccessKeyId.NotFound");
    (void)send_v3(api, &(struct sent){ .key_id = long_id });
    IS_REFUSED(api, 404, "InvalidAccessKeyId.NotFound");
    (void)send_v3(api, &(struct sent){ .date = "yesterday" });
    IS_REFUSED(api, 400, "InvalidTimeStamp.Format");
    (void)send_v3(api, &(struct sent){ .date = "2020-01-01T00:00:00Z" });
    IS_REFUSED(api, 400, "InvalidTimeStamp.Expired");
    (void)send_v3(api, &(struct sent){ .date = "2033-01-01T00:00:00Z" });
    IS_REFUSED(api, 400, "InvalidTimeStamp.Expired");
    (void)send_v3(api, &(struct sent){ .token = "somebody-elses" });
    IS_REFUSED(api, 400, "InvalidSecurityToken.Malformed");
    (void)send_v1(api, &(struct sent){ .query = "SecurityToken=x" }, NULL, false);
    IS_REFUSED(api, 400, "InvalidSecurityToken.Malformed");
    (void)send_v3(api, &(struct sent){ .no_authorization = true });
    IS_REFUSED(api, 400, "MissingAccessKeyId");
}

static void refuses_a_disabled_key(void **state)
{
    struct api *api = *state;
    struct mln_err err;

    OK(mln_iam_key_set_disabled(
               &api->iam->iam, ACCOUNT, mln_str_of(api->admin.access_key_id), true, &err),
            &err);
    (void)send_v3(api, &(struct sent){ 0 });
    IS_REFUSED(api, 400, "InvalidAccessKeyId.Inactive");
}

static void wants_every_common_parameter_of_v1(void **state)
{
    struct api *api = *state;

    (void)send_v1(api, &(struct sent){ 0 }, "SignatureVersion=1.0&Format=JSON", false);
    IS_REFUSED(api, 400, "MissingSignatureMethod");
    (void)send_v1(api, &(struct sent){ 0 }, "SignatureMethod=HMAC-SHA1&Format=JSON", false);
    IS_REFUSED(api, 400, "MissingSignatureVersion");
    (void)send_v1(api, &(struct sent){ 0 },
            "SignatureMethod=HMAC-SHA1&SignatureVersion=2.0&Format=JSON", false);
    IS_REFUSED(api, 400, "InvalidSignatureVersion");
    (void)send_v1(api, &(struct sent){ 0 },
            "SignatureMethod=SHA256withRSA&SignatureVersion=1.0&Format=JSON", false);
    IS_REFUSED(api, 400, "InvalidSignatureMethod");
    (void)send_v1(api, &(struct sent){ .nonce = "" }, NULL, false);
    IS_REFUSED(api, 400, "MissingSignatureNonce");
    (void)send_v1(api, &(struct sent){ .date = "" }, NULL, false);
    IS_REFUSED(api, 400, "MissingTimestamp");
}

static void refuses_a_json_body_that_v1_does_not_sign(void **state)
{
    struct api *api = *state;

    (void)send_v1(api,
            &(struct sent){ .method = "POST",
                    .body = "{\"PageSize\":1}",
                    .content_type = "application/json" },
            NULL, false);
    IS_REFUSED(api, 400, "IncompleteSignature");
}

static void refuses_a_repeated_name(void **state)
{
    struct api *api = *state;

    (void)send_v3(api, &(struct sent){ .query = "PageSize=1&PageSize=2" });
    IS_REFUSED(api, 400, "InvalidParameter.Repeated");
    (void)send_v3(api, &(struct sent){ .query = "PageSize=1",
                               .body = "{\"PageSize\":2}",
                               .content_type = "application/json" });
    IS_REFUSED(api, 400, "InvalidParameter.Repeated");
    (void)send_v1(api, &(struct sent){ .query = "PageSize=1&PageSize=1" }, NULL, true);
    IS_REFUSED(api, 400, "InvalidParameter.Repeated");
}

static void throttles_an_address_that_keeps_failing(void **state)
{
    struct api *api = *state;
    int tries = 0;

    while (tries++ < 1000 && send_v3(api, &(struct sent){ .secret = "wrong" }) == 400 &&
            !answers(api, "\"Throttling\""))
        ;
    IS_REFUSED(api, 400, "Throttling");
    assert_true(api->call.error.retry_after_ms > 0);
    assert_in_range(tries, 100, 400);
    (void)send_v3(api, &(struct sent){ 0 });
    IS_REFUSED(api, 400, "Throttling");
    api->iam->now_ms += 60000;
    (void)send_v3(api, &(struct sent){ 0 });
    IS_SERVED(api);
}

static void throttles_a_user_who_asks_too_often(void **state)
{
    struct api *api = *state;
    int served = 0;

    while (served < 3000 && send_v3(api, &(struct sent){ 0 }) == 200)
        served++;
    IS_REFUSED(api, 400, "Throttling.User");
    assert_true(api->call.error.retry_after_ms > 0);
    assert_in_range(served, 900, 2100);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(
                serves_either_signature_in_query_form_and_json, api_setup, api_teardown),
        cmocka_unit_test_setup_teardown(refuses_what_was_not_signed, api_setup, api_teardown),
        cmocka_unit_test_setup_teardown(
                demands_that_host_and_acs_headers_are_signed, api_setup, api_teardown),
        cmocka_unit_test_setup_teardown(takes_a_nonce_once, api_setup, api_teardown),
        cmocka_unit_test_setup_teardown(
                takes_a_nonce_only_with_a_good_signature, api_setup, api_teardown),
        cmocka_unit_test_setup_teardown(refuses_bad_credentials_by_name, api_setup, api_teardown),
        cmocka_unit_test_setup_teardown(refuses_a_disabled_key, api_setup, api_teardown),
        cmocka_unit_test_setup_teardown(
                wants_every_common_parameter_of_v1, api_setup, api_teardown),
        cmocka_unit_test_setup_teardown(
                refuses_a_json_body_that_v1_does_not_sign, api_setup, api_teardown),
        cmocka_unit_test_setup_teardown(refuses_a_repeated_name, api_setup, api_teardown),
        cmocka_unit_test_setup_teardown(
                throttles_an_address_that_keeps_failing, api_setup, api_teardown),
        cmocka_unit_test_setup_teardown(
                throttles_a_user_who_asks_too_often, api_setup, api_teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
