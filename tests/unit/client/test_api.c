#include "fake.h"

#define REFUSED(code) "{\"Code\":\"" code "\",\"Message\":\"text of theirs\",\"RequestId\":\"R-1\"}"

static int call(
        struct fake_api *f, const char *action, struct mln_api_answer *answer, struct mln_err *err)
{
    struct mln_params params = { 0 };

    return mln_api_call(f->api, action, &params, answer, err);
}

static void sends_no_action_outside_its_list(void **state)
{
    struct mln_api_answer answer;
    struct mln_err err;
    struct fake_api f;

    (void)state;
    fake_api_open(&f);
    FAILS(call(&f, "DeleteEverything", &answer, &err), MLN_EINVAL, &err, "not among those");
    assert_int_equal(f.fake.calls, 0);
    fake_api_close(&f);
}

static void retries_reads_with_a_new_nonce_each(void **state)
{
    struct mln_api_answer answer;
    struct mln_err err;
    struct fake_api f;

    (void)state;
    fake_api_open(&f);
    fake_add(&f.fake, (struct fake_step){ .rc = MLN_ETRANSIENT, .bytes_left = true });
    fake_add(&f.fake,
            (struct fake_step){
                    .status = 400, .body = REFUSED("Throttling.User"), .retry_after_ms = 777 });
    fake_add(&f.fake, (struct fake_step){ .status = 503, .body = "<html>" });
    fake_add(&f.fake,
            (struct fake_step){ .status = 200, .body = "{\"RequestId\":\"R-9\",\"x\":1}" });
    OK(call(&f, "DescribeRiskRules", &answer, &err), &err);
    assert_string_equal(answer.request_id, "R-9");
    assert_int_equal(f.fake.calls, 4);
    assert_int_equal(f.fake.sleeps, 3);
    assert_true(f.fake.slept_ms >= 777);
    for (size_t i = 1; i < 4; i++)
        assert_string_not_equal(f.fake.nonces[i - 1], f.fake.nonces[i]);
    mln_api_answer_free(&answer);
    fake_api_close(&f);
}

static void never_sends_a_write_again_once_bytes_left(void **state)
{
    static const struct fake_step steps[] = {
        { .rc = MLN_ETRANSIENT, .bytes_left = true },
        { .bytes_left = true, .status = 500, .body = REFUSED("InternalError") },
        { .bytes_left = true, .status = 400, .body = REFUSED("Throttling"), .retry_after_ms = 5 },
    };

    (void)state;
    for (size_t i = 0; i < MLN_LEN(steps); i++) {
        struct mln_api_answer answer;
        struct mln_err err;
        struct fake_api f;

        fake_api_open(&f);
        fake_add(&f.fake, steps[i]);
        FAILS(call(&f, "PreHandleAuditRisk", &answer, &err), MLN_ETRANSIENT, &err, "");
        assert_int_equal(f.fake.calls, 1);
        assert_true(answer.sent);
        fake_api_close(&f);
    }
}

static void tries_a_write_again_when_nothing_left(void **state)
{
    struct mln_api_answer answer;
    struct mln_err err;
    struct fake_api f;

    (void)state;
    fake_api_open(&f);
    fake_add(&f.fake, (struct fake_step){ .rc = MLN_ETRANSIENT });
    fake_add(&f.fake, (struct fake_step){ .bytes_left = true, .status = 200, .body = "{}" });
    OK(call(&f, "PreHandleAuditRisk", &answer, &err), &err);
    assert_int_equal(f.fake.calls, 2);
    mln_api_answer_free(&answer);
    fake_api_close(&f);
}

static void turns_refusals_into_codes_without_their_text(void **state)
{
    static const struct {
        const char *body;
        int status, code;
        const char *part;
    } cases[] = {
        { REFUSED("NoPermission"), 403, MLN_EDENIED, "yundun-sddp:DescribeRiskRules" },
        { REFUSED("Forbidden.RAM"), 403, MLN_EDENIED, "yundun-sddp:DescribeRiskRules" },
        { REFUSED("InvalidAccessKeyId.NotFound"), 404, MLN_ECREDS, "R-1" },
        { REFUSED("InvalidAccessKeyId.Inactive"), 400, MLN_ECREDS, "disabled" },
        { REFUSED("SignatureDoesNotMatch"), 400, MLN_ECREDS, "signature" },
        { REFUSED("InvalidSecurityToken.Expired"), 400, MLN_ECREDS, "sign in" },
        { REFUSED("InvalidTimeStamp.Expired"), 400, MLN_ECONFIG, "90 seconds ahead of" },
        { REFUSED("InvalidAction.NotFound"), 404, MLN_EIO, "endpoint" },
        { REFUSED("InvalidRiskId.NotFound"), 404, MLN_ENOTFOUND, "no such" },
        { REFUSED("InvalidRiskStatus.Processed"), 400, MLN_EEXIST, "already" },
        { "<html>", 404, MLN_EIO, "404" },
        { "", 302, MLN_EIO, "redirect" },
    };

    (void)state;
    for (size_t i = 0; i < MLN_LEN(cases); i++) {
        struct mln_api_answer answer;
        struct mln_err err;
        struct fake_api f;

        fake_api_open(&f);
        f.fake.date_ms = f.fake.now_ms - 90000;
        fake_add(&f.fake, (struct fake_step){ .status = cases[i].status, .body = cases[i].body });
        FAILS(call(&f, "DescribeRiskRules", &answer, &err), cases[i].code, &err, cases[i].part);
        assert_null(strstr(err.msg, "theirs"));
        fake_api_close(&f);
    }
}

static void sends_nothing_without_an_access_key(void **state)
{
    struct mln_api_answer answer;
    struct mln_err err;
    struct fake_api f;

    (void)state;
    fake_api_open(&f);
    mln_secret_wipe(&f.creds.key_id);
    FAILS(call(&f, "DescribeRiskRules", &answer, &err), MLN_ECREDS, &err, "no access key");
    assert_int_equal(f.fake.calls, 0);
    assert_false(answer.sent);
    fake_api_close(&f);
}

static void says_how_far_the_clock_is_off(void **state)
{
    struct mln_err err = { 0 };

    (void)state;
    FAILS(mln_clock_refused(1200000, 2400000, &err), MLN_ECONFIG, &err, "1200 seconds behind the");
    FAILS(mln_clock_refused(2400000, 1200000, &err), MLN_ECONFIG, &err, "1200 seconds ahead of");
    FAILS(mln_clock_refused(2400000, 0, &err), MLN_ECONFIG, &err, "clock is off");
}

static void knows_the_codes_of_the_object_store(void **state)
{
    static const struct {
        const char *code;
        int meaning;
    } cases[] = {
        { "AccessDenied", MLN_EDENIED },
        { "RequestTimeTooSkewed", MLN_ECONFIG },
        { "InvalidTimeStamp.Format", MLN_ECONFIG },
        { "SecurityTokenExpired", MLN_ECREDS },
        { "Throttling.Api", MLN_ETRANSIENT },
    };

    (void)state;
    for (size_t i = 0; i < MLN_LEN(cases); i++) {
        const struct mln_refusal *row = mln_refusal_of(mln_str_of(cases[i].code));

        assert_non_null(row);
        assert_int_equal(row->meaning, cases[i].meaning);
    }
    assert_null(mln_refusal_of(MLN_STR("NoSuchBucket")));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sends_no_action_outside_its_list),
        cmocka_unit_test(retries_reads_with_a_new_nonce_each),
        cmocka_unit_test(never_sends_a_write_again_once_bytes_left),
        cmocka_unit_test(tries_a_write_again_when_nothing_left),
        cmocka_unit_test(turns_refusals_into_codes_without_their_text),
        cmocka_unit_test(sends_nothing_without_an_access_key),
        cmocka_unit_test(says_how_far_the_clock_is_off),
        cmocka_unit_test(knows_the_codes_of_the_object_store),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
