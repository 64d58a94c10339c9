#include "fixture.h"

static struct mln_risk_handling handling_of(int64_t risk_id, const char *detail)
{
    return (struct mln_risk_handling){ .account_id = ACCOUNT,
        .risk_id = risk_id,
        .type = MLN_STR("Manual"),
        .detail = mln_str_of(detail),
        .user_name = MLN_STR("admin"),
        .request_id = MLN_STR("R") };
}

static void one_event(struct fixture *f)
{
    struct mln_ingest_report report;
    struct mln_err err;

    append_drop(f->log, 1, "eve");
    OK(detect(f, f->log, &report, &err), &err);
}

static void handles_an_event_once(void **state)
{
    struct fixture *f = *state;
    struct mln_risk_handling handling = handling_of(1, "known 已确认");
    struct mln_err err;

    one_event(f);
    OK(mln_risk_handle(f->store, mln_clock_system(), &handling, &err), &err);
    assert_int_equal(mln_risk_handle(f->store, mln_clock_system(), &handling, &err), MLN_EEXIST);
    handling.risk_id = 2;
    assert_int_equal(mln_risk_handle(f->store, mln_clock_system(), &handling, &err), MLN_ENOTFOUND);
}

static void does_not_touch_an_event_of_another_account(void **state)
{
    struct fixture *f = *state;
    const struct mln_account_row other = { MLN_STR("42"), 1 };
    struct mln_risk_handling handling = handling_of(1, "known");
    struct mln_err err;

    one_event(f);
    OK(mln_store_account_add(f->store, &other, &err), &err);
    handling.account_id = MLN_STR("42");
    assert_int_equal(mln_risk_handle(f->store, mln_clock_system(), &handling, &err), MLN_ENOTFOUND);
    assert_int_equal(open_alarms(f), 1);
}

static void refuses_ids_outside_1_to_2_53(void **state)
{
    static const int64_t ids[] = { 0, -1, (int64_t)1 << 53, INT64_MAX, INT64_MIN };
    struct fixture *f = *state;
    struct mln_err err;

    one_event(f);
    for (size_t i = 0; i < MLN_LEN(ids); i++) {
        struct mln_risk_handling handling = handling_of(ids[i], "known");

        FAILS(mln_risk_handle(f->store, mln_clock_system(), &handling, &err), MLN_EINVAL, &err,
                "RiskId");
    }
}

/* clang-format off */
static const struct { const char *detail; int want; } details[] = {
    { "ok", MLN_OK }, { "核实为业务导出", MLN_OK }, { "a\tb", MLN_EINVAL }, { "", MLN_EINVAL },
    { "   ", MLN_EINVAL }, { "line\nbreak", MLN_EINVAL }, { "\x01", MLN_EINVAL }, { "bad \xff", MLN_EINVAL },
    { "\xc2\x85", MLN_EINVAL },
};
/* clang-format on */

static void checks_the_detail_of_a_handling(void **state)
{
    MLN_AUTO(mln_buf_free) struct mln_buf text = MLN_BUF_INIT(4096);
    struct mln_err err;

    (void)state;
    for (size_t i = 0; i < MLN_LEN(details); i++)
        assert_int_equal(
                mln_risk_check_detail(mln_str_of(details[i].detail), &err), details[i].want);
    for (int i = 0; i < 500; i++)
        mln_buf_add_cstr(&text, "误");
    assert_int_equal(mln_risk_check_detail(mln_buf_str(&text), &err), MLN_OK);
    mln_buf_add_cstr(&text, "误");
    FAILS(mln_risk_check_detail(mln_buf_str(&text), &err), MLN_EINVAL, &err, "500");
}

struct shown {
    int members, samples, handlings;
    char statement[64], rule[64];
};

static int note_event(void *ctx, const struct mln_risk_event *event, struct mln_err *err)
{
    struct shown *shown = ctx;

    (void)err;
    (void)snprintf(shown->rule, sizeof(shown->rule), "%.*s", MLN_FMT(event->rule_name));
    return MLN_OK;
}

static int note_member(void *ctx, const char *kind, struct mln_str value, struct mln_err *err)
{
    (void)kind;
    (void)value;
    (void)err;
    ((struct shown *)ctx)->members++;
    return MLN_OK;
}

static int note_sample(void *ctx, int64_t alarm_ms, struct mln_str who, struct mln_str statement,
        struct mln_err *err)
{
    struct shown *shown = ctx;

    (void)alarm_ms;
    (void)who;
    (void)err;
    shown->samples++;
    (void)snprintf(shown->statement, sizeof(shown->statement), "%.*s", MLN_FMT(statement));
    return MLN_OK;
}

static int note_handling(void *ctx, int64_t handled_ms, struct mln_str who, struct mln_str detail,
        struct mln_err *err)
{
    (void)handled_ms;
    (void)who;
    (void)detail;
    (void)err;
    ((struct shown *)ctx)->handlings++;
    return MLN_OK;
}

static void shows_members_samples_and_handlings(void **state)
{
    struct fixture *f = *state;
    struct shown shown = { 0 };
    const struct mln_risk_details sinks = { note_event, note_member, note_sample, note_handling,
        &shown };
    const struct mln_risk_handling handling = handling_of(1, "known");
    struct mln_err err;

    one_event(f);
    OK(mln_risk_handle(f->store, mln_clock_system(), &handling, &err), &err);
    OK(mln_risk_show(f->store, ACCOUNT, 1, MLN_LANG_ZH, &sinks, &err), &err);
    assert_int_equal(shown.members, 3);
    assert_int_equal(shown.samples, 1);
    assert_int_equal(shown.handlings, 1);
    assert_string_equal(shown.statement, "DROP TABLE t1");
    assert_true((unsigned char)shown.rule[0] >= 0x80); /* Chinese. */
    assert_int_equal(mln_risk_show(f->store, ACCOUNT, 2, MLN_LANG_EN, &sinks, &err), MLN_ENOTFOUND);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(handles_an_event_once, fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(
                does_not_touch_an_event_of_another_account, fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(
                refuses_ids_outside_1_to_2_53, fixture_setup, fixture_teardown),
        cmocka_unit_test(checks_the_detail_of_a_handling),
        cmocka_unit_test_setup_teardown(
                shows_members_samples_and_handlings, fixture_setup, fixture_teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
