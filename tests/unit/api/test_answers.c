#include "api/answers.h"
#include "fixture.h"

static void list(struct api *api, const char *query)
{
    (void)send_v3(api, &(struct sent){ .query = query });
    IS_SERVED(api);
}

static void begin(struct mln_writer *writer, struct mln_buf *out)
{
    mln_buf_reset(out);
    mln_writer_begin(writer, out, MLN_FORMAT_JSON, "Root");
}

static void gives_back_what_was_kept_at_the_same_version(void **state)
{
    MLN_AUTO(mln_answers_free) struct mln_answers answers = { 0 };
    MLN_AUTO(mln_buf_free) struct mln_buf out = MLN_BUF_INIT(1024);
    struct mln_str key = MLN_STR("key");
    struct mln_writer writer;

    (void)state;
    begin(&writer, &out);
    assert_false(mln_answers_get(&answers, key, 7, &writer));
    mln_writer_i64(&writer, "A", 1);
    mln_answers_put(&answers, key, 7, &writer);
    begin(&writer, &out);
    assert_false(mln_answers_get(&answers, key, 8, &writer));
    assert_false(mln_answers_get(&answers, MLN_STR("kez"), 7, &writer));
    assert_true(mln_answers_get(&answers, key, 7, &writer));
    mln_writer_i64(&writer, "B", 2);
    mln_writer_end(&writer);
    EQ_STR(mln_buf_str(&out), "{\"A\":1,\"B\":2}");
}

static void keeps_nothing_large_failed_or_without_a_key(void **state)
{
    MLN_AUTO(mln_answers_free) struct mln_answers answers = { 0 };
    MLN_AUTO(mln_buf_free) struct mln_buf out = MLN_BUF_INIT(1024 * 1024);
    struct mln_str key = MLN_STR("key");
    struct mln_writer writer;

    (void)state;
    begin(&writer, &out);
    mln_answers_put(&answers, (struct mln_str){ 0 }, 7, &writer);
    assert_false(mln_answers_get(&answers, (struct mln_str){ 0 }, 7, &writer));
    while (out.len < MLN_ANSWER_BODY_BYTES_MAX)
        mln_writer_i64(&writer, "A", 1);
    mln_answers_put(&answers, key, 7, &writer);
    begin(&writer, &out);
    assert_false(mln_answers_get(&answers, key, 7, &writer));
    out.code = MLN_ETOOBIG;
    mln_answers_put(&answers, key, 7, &writer);
    begin(&writer, &out);
    assert_false(mln_answers_get(&answers, key, 7, &writer));
}

static void repeats_an_answer_under_a_new_request_id(void **state)
{
    struct api *api = *state;
    char first[MLN_UUID_TEXT_MAX];

    list(api, "PageSize=1");
    memcpy(first, api->call.request_id, sizeof(first));
    assert_non_null(api->reads.answers.slots);
    list(api, "PageSize=1");
    assert_true(answers(api, "\"TotalCount\":5,\"PageSize\":1,\"CurrentPage\":1,\"RequestId\":"));
    assert_true(answers(api, api->call.request_id));
    assert_false(answers(api, first));
}

static void never_repeats_what_a_commit_has_changed(void **state)
{
    struct api *api = *state;
    const struct mln_alarm_fold fold = { .account_id = ACCOUNT,
        .product = MLN_STR("DRDS"),
        .rule_id = 1001,
        .alarm_count = 1,
        .first_alarm_ms = 1,
        .last_alarm_ms = 2 };
    struct mln_handling_row handling = {
        .account_id = ACCOUNT, .type = MLN_STR("Manual"), .detail = MLN_STR("ok")
    };
    struct mln_err err;

    list(api, "PageSize=1");
    assert_true(answers(api, "\"TotalCount\":5,"));
    OK(mln_store_risk_event_fold(api->iam->store, &fold, &handling.risk_id, &err), &err);
    list(api, "PageSize=1");
    assert_true(answers(api, "\"TotalCount\":6,"));
    OK(mln_store_handling_add(api->iam->store, &handling, &err), &err);
    list(api, "PageSize=1");
    assert_true(answers(api, "\"TotalCount\":5,"));
}

static void takes_no_answer_for_another(void **state)
{
    struct api *api = *state;

    list(api, "PageSize=1");
    assert_true(answers(api, "Database Dump Attack"));
    list(api, "PageSize=1&Lang=zh");
    assert_true(answers(api, "拖库攻击"));
    list(api, "PageSize=2");
    assert_true(answers(api, "\"PageSize\":2,"));
    (void)send_v3(api, &(struct sent){ .query = "PageSize=1", .accept = "application/xml" });
    assert_true(answers(api, "<PageSize>1</PageSize>"));
    list(api, "ProductCode=RDS");
    assert_true(answers(api, "\"TotalCount\":1,"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(gives_back_what_was_kept_at_the_same_version),
        cmocka_unit_test(keeps_nothing_large_failed_or_without_a_key),
        cmocka_unit_test_setup_teardown(
                repeats_an_answer_under_a_new_request_id, api_setup, api_teardown),
        cmocka_unit_test_setup_teardown(
                never_repeats_what_a_commit_has_changed, api_setup, api_teardown),
        cmocka_unit_test_setup_teardown(takes_no_answer_for_another, api_setup, api_teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
