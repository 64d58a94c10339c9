#include "fake.h"

#define PAGE(total, items) "{\"TotalCount\":" total ",\"Items\":[" items "],\"RequestId\":\"R\"}"
#define E(id)              "{\"RiskId\":" id ",\"RuleName\":\"r" id "\",\"WarnLevel\":3}"

/* Each case: the answers in order, the pages they are for, and what comes out. */
static const struct {
    const char *why;
    const char *answers[24];
    int code;
    size_t count;
    const char *ids;
} cases[] = {
    { "nothing", { PAGE("0", "") }, MLN_OK, 0, "" },
    { "null items", { "{\"TotalCount\":0,\"Items\":null}" }, MLN_OK, 0, "" },
    { "one page", { PAGE("2", E("9") "," E("8")) }, MLN_OK, 2, "9 8 " },
    { "two pages", { PAGE("3", E("9") "," E("8")), PAGE("3", E("7")) }, MLN_OK, 3, "9 8 7 " },
    { "inside data", { "{\"code\":200,\"data\":" PAGE("1", E("9")) "}" }, MLN_OK, 1, "9 " },
    { "an id seen twice", { PAGE("3", E("9") "," E("8")), PAGE("3", E("8") "," E("7")) }, MLN_OK, 3,
            "9 8 7 " },
    { "an empty page between", { PAGE("3", E("9") "," E("8")), PAGE("3", ""), PAGE("3", E("7")) },
            MLN_OK, 3, "9 8 7 " },
    { "the total moved: again",
            { PAGE("3", E("9") "," E("8")), PAGE("2", ""), PAGE("2", E("8") "," E("7")) }, MLN_OK,
            2, "8 7 " },
    { "one repeated for ever",
            { PAGE("2", E("9")), PAGE("2", E("9")), PAGE("2", E("9")), PAGE("2", E("9")),
                    PAGE("2", E("9")), PAGE("2", E("9")), PAGE("2", E("9")), PAGE("2", E("9")),
                    PAGE("2", E("9")), PAGE("2", E("9")), PAGE("2", E("9")), PAGE("2", E("9")),
                    PAGE("2", E("9")), PAGE("2", E("9")), PAGE("2", E("9")), PAGE("2", E("9")) },
            MLN_EPARTIAL, 1, "9 " },
    { "more than it counts: again", { PAGE("1", E("9") "," E("8")), PAGE("2", E("9") "," E("8")) },
            MLN_OK, 2, "9 8 " },
    { "no total", { "{\"Items\":[]}" }, MLN_EIO, 0, "" },
    { "negative total", { PAGE("-1", "") }, MLN_EIO, 0, "" },
    { "an item without an id", { PAGE("1", "{}") }, MLN_EIO, 0, "" },
    { "an id beyond 64 bits", { PAGE("1", "{\"RiskId\":99999999999999999999}") }, MLN_EIO, 0, "" },
};

static void lists_all_pages_until_the_count_agrees(void **state)
{
    (void)state;
    for (size_t i = 0; i < MLN_LEN(cases); i++) {
        const struct mln_sddp_query query = { .status = "UNPROCESSED", .page_size = 2 };
        struct mln_buf ids = MLN_BUF_INIT(1024);
        struct mln_sddp_events events;
        struct mln_err err = { 0 };
        struct fake_api f;
        int rc;

        fake_api_open(&f);
        for (size_t k = 0; k < MLN_LEN(cases[i].answers) && cases[i].answers[k] != NULL; k++)
            fake_add(&f.fake, (struct fake_step){ .status = 200, .body = cases[i].answers[k] });
        mln_sddp_events_init(&events);
        rc = mln_sddp_list(f.api, &query, &events, &err);
        if (rc != cases[i].code)
            fail_msg("%s: got %d %s", cases[i].why, rc, err.msg);
        for (size_t k = 0; rc != MLN_EIO && k < events.count; k++)
            mln_buf_addf(&ids, "%lld ", (long long)events.items[k].risk_id);
        if (!mln_str_is(mln_buf_str(&ids), cases[i].ids) || f.fake.calls != f.fake.step_count)
            fail_msg("%s: %.*s after %zu calls", cases[i].why, MLN_FMT(mln_buf_str(&ids)),
                    f.fake.calls);
        assert_int_equal(events.incomplete, cases[i].code == MLN_EPARTIAL);
        mln_buf_free(&ids);
        mln_sddp_events_free(&events);
        fake_api_close(&f);
    }
}

static void stops_at_the_limit_and_asks_for_one_page(void **state)
{
    struct mln_sddp_query query = {
        .status = "PROCESSED", .page_size = 2, .limit = 1, .lang = "zh"
    };
    struct mln_sddp_events events;
    struct mln_err err;
    struct fake_api f;

    (void)state;
    fake_api_open(&f);
    fake_add(&f.fake, (struct fake_step){ .status = 200, .body = PAGE("9", E("9") "," E("8")) });
    fake_add(&f.fake, (struct fake_step){ .status = 200, .body = PAGE("9", E("5")) });
    mln_sddp_events_init(&events);
    OK(mln_sddp_list(f.api, &query, &events, &err), &err);
    assert_int_equal(events.count, 1);
    assert_int_equal(events.total, 9);
    assert_string_equal(f.fake.urls[0],
            "https://sddp.cn-zhangjiakou.aliyuncs.com/?CurrentPage=1&HandleStatus=PROCESSED&Lang=zh&PageSize=2");
    mln_sddp_events_free(&events);
    mln_sddp_events_init(&events);
    query = (struct mln_sddp_query){ .status = "PROCESSED", .page = 5, .page_size = 2 };
    OK(mln_sddp_list(f.api, &query, &events, &err), &err);
    assert_int_equal(events.items[0].risk_id, 5);
    mln_sddp_events_free(&events);
    fake_api_close(&f);
}

static void handles_with_the_flattened_form(void **state)
{
    const struct mln_sddp_handling handling = { 75110196, MLN_STR("false positive (a*b~c+d)") };
    char id[64] = "poison";
    struct mln_err err;
    struct fake_api f;
    bool sent = false;

    (void)state;
    fake_api_open(&f);
    fake_add(&f.fake, (struct fake_step){ .bytes_left = true,
                              .status = 200,
                              .body = "{\"RequestId\":\"R-2\",\"Success\":true}" });
    fake_add(&f.fake, (struct fake_step){ .bytes_left = true,
                              .status = 200,
                              .body = "{\"RequestId\":\"R-3\",\"Success\":false}" });
    OK(mln_sddp_handle(f.api, &handling, id, &sent, &err), &err);
    assert_string_equal(id, "R-2");
    assert_true(sent);
    assert_string_equal(f.fake.urls[0],
            "https://sddp.cn-zhangjiakou.aliyuncs.com/?HandleInfoList.1.HandleContent=%7B%22HandleMethod%22%3A0%2C"
            "%22HandleDetail%22%3A%22false%20positive%20%28a%2Ab~c%2Bd%29%22%7D&HandleInfoList.1.HandleType=Manual&RiskId=75110196");
    FAILS(mln_sddp_handle(f.api, &handling, id, &sent, &err), MLN_EIO, &err, "R-3");
    fake_api_close(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lists_all_pages_until_the_count_agrees),
        cmocka_unit_test(stops_at_the_limit_and_asks_for_one_page),
        cmocka_unit_test(handles_with_the_flattened_form),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
