/* Marks: who may be silent, until when, and what the trail says. */
#include "scan_fixture.h"

static const struct thing bad[] = { { "a", "r1", 11, NULL }, { "b", "r1", 12, NULL },
    { "c", "r2", -1, NULL } };

static struct mln_mark_request request(const char *resource, const char *kind)
{
    return (struct mln_mark_request){
        .account_id = ACCOUNT,
        .item_id = SIZE_ID,
        .resource_id = mln_str_of(resource),
        .kind = kind,
        .reason = MLN_STR("known and accepted"),
        .user_name = MLN_STR("alice"),
        .request_id = MLN_STR("R-1"),
        .source_ip = MLN_STR("10.0.0.9"),
    };
}

static void mark(struct fixture *f, const char *resource, const char *kind)
{
    const struct mln_mark_request one = request(resource, kind);
    struct mln_err err;

    OK(mln_result_mark(f->store, &test_clock, &one, 1, &err), &err);
}

static int keep_detail(void *ctx, const struct mln_audit_row *row, struct mln_err *err)
{
    char line[400];

    (void)err;
    EQ_STR(row->user_name, "alice");
    EQ_STR(row->source_ip, "10.0.0.9");
    EQ_STR(row->request_id, "R-1");
    EQ_STR(row->outcome, "ok");
    (void)snprintf(line, sizeof(line), "[%.*s %.*s]", MLN_FMT(row->action), MLN_FMT(row->detail));
    add_text(ctx, mln_str_of(line));
    return MLN_OK;
}

static struct text trail(struct fixture *f, int64_t limit)
{
    struct text out = { "" };
    struct mln_err err;

    OK(mln_store_audit_list(f->store, ACCOUNT, limit, keep_detail, &out, &err), &err);
    return out;
}

static void a_mark_on_an_item_wins_until_it_is_taken_back(void **state)
{
    struct fixture *f = *state;
    struct mln_posture *posture = three_checks();
    struct item_seen seen;

    (void)SCAN(f, posture, bad, NULL);
    mark(f, "", "falsePositive");
    seen = item(f, SIZE_ID);
    assert_string_equal(status(f, SIZE_ID), "falsePositive");
    assert_string_equal(seen.mark, "falsePositive");
    assert_int_equal(seen.result.affected, 2); /* What was found stays what it is. */
    assert_string_equal(trail(f, 1).text,
            "[MarkCheckItem ItemId=100001 Mark=falsePositive Reason=known and accepted]");
    mark(f, "", "ignored"); /* Replaces. */
    assert_string_equal(status(f, SIZE_ID), "ignored");
    (void)SCAN(f, posture, bad, NULL);
    assert_string_equal(status(f, SIZE_ID), "ignored");
    mark(f, "", NULL);
    assert_string_equal(status(f, SIZE_ID), "failed");
    assert_string_equal(
            trail(f, 1).text, "[MarkCheckItem ItemId=100001 Mark=none Reason=known and accepted]");
    mark(f, "", NULL); /* Again is fine. */
    mln_posture_free(posture);
}

static const struct thing judged[] = { { "a", "r1", 11, NULL }, { "b", "r1", 12, NULL },
    { "d", "r2", 1, NULL } };

static void an_item_whose_failures_are_all_marked_takes_their_mark(void **state)
{
    struct fixture *f = *state;
    struct mln_posture *posture = three_checks();
    struct mln_scan_report report;

    (void)SCAN(f, posture, judged, NULL);
    mark(f, "a", "falsePositive");
    assert_string_equal(status(f, SIZE_ID), "failed");
    mark(f, "b", "falsePositive");
    assert_string_equal(status(f, SIZE_ID), "falsePositive");
    mark(f, "b", "ignored");
    assert_string_equal(status(f, SIZE_ID), "ignored");
    assert_string_equal(findings(f, SIZE_ID).text, "a@r1:fail/falsePositive b@r1:fail/ignored");
    assert_string_equal(trail(f, 1).text,
            "[MarkCheckItem ItemId=100001 Resource=b Region=r1 Mark=ignored Reason=known and "
            "accepted]");
    report = SCAN(f, posture, judged, NULL);
    assert_string_equal(status(f, SIZE_ID), "ignored");
    assert_int_equal(report.worst_level, 0);
    assert_int_equal(report.items_failed, 1);
    mark(f, "a", NULL);
    assert_string_equal(status(f, SIZE_ID), "failed");
    mln_posture_free(posture);
}

static void what_was_not_assessed_is_not_covered_by_the_marks_of_others(void **state)
{
    struct fixture *f = *state;
    struct mln_posture *posture = three_checks();

    (void)SCAN(f, posture, bad, NULL); /* c could not be judged. */
    mark(f, "a", "ignored");
    mark(f, "b", "ignored");
    assert_string_equal(status(f, SIZE_ID), "waiting");
    mln_posture_free(posture);
}

static void a_new_failure_reopens_an_item_whose_failures_were_marked(void **state)
{
    static const struct thing worse[] = { { "a", "r1", 11, NULL }, { "b", "r1", 12, NULL },
        { "z", "r2", 13, NULL } };
    static const struct thing fine[] = { { "z", "r2", 13, NULL } };
    struct fixture *f = *state;
    struct mln_posture *posture = three_checks();

    (void)SCAN(f, posture, judged, NULL);
    mark(f, "a", "ignored");
    mark(f, "b", "ignored");
    assert_string_equal(status(f, SIZE_ID), "ignored");
    (void)SCAN(f, posture, worse, NULL);
    assert_string_equal(status(f, SIZE_ID), "failed");
    /* Marks of resources that are gone do not count for others. */
    (void)SCAN(f, posture, fine, NULL);
    assert_string_equal(status(f, SIZE_ID), "failed");
    mln_posture_free(posture);
}

static void a_mark_ends_at_its_time(void **state)
{
    struct fixture *f = *state;
    struct mln_posture *posture = three_checks();
    struct mln_mark_request marks[] = { request("", "ignored"), request("a", "ignored") };
    struct mln_err err;

    (void)SCAN(f, posture, bad, NULL);
    marks[0].until_ms = clock_ms + 100;
    marks[1].until_ms = clock_ms + 100;
    OK(mln_result_mark(f->store, &test_clock, marks, 2, &err), &err);
    clock_ms += 99;
    assert_string_equal(status(f, SIZE_ID), "ignored");
    assert_string_equal(findings(f, SIZE_ID).text, "a@r1:fail/ignored b@r1:fail c@r2:unknown");
    clock_ms += 1;
    assert_string_equal(status(f, SIZE_ID), "failed");
    assert_string_equal(item(f, SIZE_ID).mark, "");
    assert_string_equal(findings(f, SIZE_ID).text, "a@r1:fail b@r1:fail c@r2:unknown");
    mln_posture_free(posture);
}

static int keep_id(void *ctx, const struct mln_result_finding *finding, struct mln_err *err)
{
    (void)err;
    *(int64_t *)ctx = finding->finding_id;
    return MLN_OK;
}

static void a_finding_is_marked_by_its_id_while_its_scan_is_current(void **state)
{
    struct fixture *f = *state;
    struct mln_posture *posture = three_checks();
    const struct mln_finding_query query = {
        .account_id = ACCOUNT, .item_id = SIZE_ID, .page = 1, .page_size = 1
    };
    struct mln_mark_request one = request("", "ignored");
    struct mln_result_grid grid;
    int64_t total, finding_id = 0;
    struct mln_err err;

    (void)SCAN(f, posture, bad, NULL);
    OK(mln_result_findings(f->store, &test_clock, &query, MLN_LANG_EN, &grid, &total, keep_id,
               &finding_id, &err),
            &err);
    assert_int_equal(total, 2);
    one.finding_id = finding_id;
    one.item_id = STATE_ID;
    FAILS(mln_result_mark(f->store, &test_clock, &one, 1, &err), MLN_ENOTFOUND, &err, "no finding");
    one.item_id = 0;
    OK(mln_result_mark(f->store, &test_clock, &one, 1, &err), &err);
    assert_string_equal(findings(f, SIZE_ID).text, "a@r1:fail/ignored b@r1:fail c@r2:unknown");
    one.account_id = MLN_STR("6543210987654321");
    FAILS(mln_result_mark(f->store, &test_clock, &one, 1, &err), MLN_ENOTFOUND, &err,
            "never scanned");
    one.account_id = ACCOUNT;
    (void)SCAN(f, posture, bad, NULL);
    FAILS(mln_result_mark(f->store, &test_clock, &one, 1, &err), MLN_ENOTFOUND, &err, "no finding");
    mln_posture_free(posture);
}

static void one_resource_in_two_regions_is_marked_in_both_or_in_one(void **state)
{
    static const struct thing things[] = { { "a", "r1", 11, NULL }, { "a", "r2", 11, NULL } };
    struct fixture *f = *state;
    struct mln_posture *posture = three_checks();
    struct mln_mark_request one = request("a", "ignored");
    struct mln_err err;

    (void)SCAN(f, posture, things, NULL);
    one.region = MLN_STR("r2");
    OK(mln_result_mark(f->store, &test_clock, &one, 1, &err), &err);
    assert_string_equal(findings(f, SIZE_ID).text, "a@r1:fail a@r2:fail/ignored");
    mark(f, "a", "ignored");
    assert_string_equal(status(f, SIZE_ID), "ignored");
    one.region = MLN_STR("r3");
    FAILS(mln_result_mark(f->store, &test_clock, &one, 1, &err), MLN_ENOTFOUND, &err,
            "no finding of resource 'a'");
    mln_posture_free(posture);
}

static void what_is_gone_can_be_taken_back_and_not_marked(void **state)
{
    static const struct thing fine[] = { { "z", "r2", 1, NULL } };
    struct fixture *f = *state;
    struct mln_posture *posture = three_checks();
    const struct mln_mark_request again = request("a", "ignored");
    const struct mln_mark_request back = request("a", NULL);
    struct mln_err err;

    (void)SCAN(f, posture, bad, NULL);
    mark(f, "a", "ignored");
    (void)SCAN(f, posture, fine, NULL);
    FAILS(mln_result_mark(f->store, &test_clock, &again, 1, &err), MLN_ENOTFOUND, &err,
            "no finding of resource 'a'");
    mark(f, "a", NULL);
    FAILS(mln_result_mark(f->store, &test_clock, &back, 1, &err), MLN_ENOTFOUND, &err,
            "no finding of resource 'a'");
    (void)SCAN(f, posture, bad, NULL);
    assert_string_equal(findings(f, SIZE_ID).text, "a@r1:fail b@r1:fail c@r2:unknown");
    mln_posture_free(posture);
}

static void marks_of_one_request_are_all_set_or_none(void **state)
{
    struct fixture *f = *state;
    struct mln_posture *posture = three_checks();
    const struct mln_mark_request marks[] = { request("a", "ignored"),
        request("nobody", "ignored") };
    struct mln_err err;

    (void)SCAN(f, posture, bad, NULL);
    FAILS(mln_result_mark(f->store, &test_clock, marks, 2, &err), MLN_ENOTFOUND, &err, "nobody");
    assert_string_equal(findings(f, SIZE_ID).text, "a@r1:fail b@r1:fail c@r2:unknown");
    assert_string_equal(trail(f, 5).text, "");
    mln_posture_free(posture);
}

static void odd_requests_are_refused(void **state)
{
    struct fixture *f = *state;
    struct mln_posture *posture = three_checks();
    struct mln_mark_request one = request("", "ignored");
    char text[4 * (MLN_MARK_REASON_MAX + 1)];
    struct mln_err err;

    FAILS(mln_result_mark(f->store, &test_clock, &one, 1, &err), MLN_ENOTFOUND, &err,
            "never scanned");
    (void)SCAN(f, posture, bad, NULL);
    one.kind = "pass";
    FAILS(mln_result_mark(f->store, &test_clock, &one, 1, &err), MLN_EINVAL, &err, "falsePositive");
    one.kind = "ignored";
    one.item_id = 4711;
    FAILS(mln_result_mark(f->store, &test_clock, &one, 1, &err), MLN_ENOTFOUND, &err, "4711");
    one.item_id = 0;
    FAILS(mln_result_mark(f->store, &test_clock, &one, 1, &err), MLN_EINVAL, &err, "names");
    one.item_id = SIZE_ID;
    one.until_ms = clock_ms;
    FAILS(mln_result_mark(f->store, &test_clock, &one, 1, &err), MLN_EINVAL, &err, "ended");
    one.until_ms = 0;
    one.region = MLN_STR("r1");
    FAILS(mln_result_mark(f->store, &test_clock, &one, 1, &err), MLN_EINVAL, &err, "resource");
    one.region = MLN_STR("");
    one.reason = MLN_STR("two\nlines");
    FAILS(mln_result_mark(f->store, &test_clock, &one, 1, &err), MLN_EINVAL, &err, "control");
    one.reason = MLN_STR("\xff");
    FAILS(mln_result_mark(f->store, &test_clock, &one, 1, &err), MLN_EINVAL, &err, "UTF-8");
    for (size_t i = 0; i <= MLN_MARK_REASON_MAX; i++)
        memcpy(text + 3 * i, "\xe4\xb8\x80", 3);
    one.reason = (struct mln_str){ text, 3 * (MLN_MARK_REASON_MAX + 1) };
    FAILS(mln_result_mark(f->store, &test_clock, &one, 1, &err), MLN_EINVAL, &err, "longer");
    one.reason.len = 3 * MLN_MARK_REASON_MAX;
    OK(mln_result_mark(f->store, &test_clock, &one, 1, &err), &err);
    one.reason = MLN_STR(""); /* The cloud's API has none. */
    OK(mln_result_mark(f->store, &test_clock, &one, 1, &err), &err);
    assert_string_equal(status(f, SIZE_ID), "ignored");
    mln_posture_free(posture);
}

#define MARK_TEST(function) \
    cmocka_unit_test_setup_teardown(function, fixture_setup, fixture_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        MARK_TEST(a_mark_on_an_item_wins_until_it_is_taken_back),
        MARK_TEST(an_item_whose_failures_are_all_marked_takes_their_mark),
        MARK_TEST(what_was_not_assessed_is_not_covered_by_the_marks_of_others),
        MARK_TEST(a_new_failure_reopens_an_item_whose_failures_were_marked),
        MARK_TEST(a_mark_ends_at_its_time),
        MARK_TEST(a_finding_is_marked_by_its_id_while_its_scan_is_current),
        MARK_TEST(one_resource_in_two_regions_is_marked_in_both_or_in_one),
        MARK_TEST(what_is_gone_can_be_taken_back_and_not_marked),
        MARK_TEST(marks_of_one_request_are_all_set_or_none),
        MARK_TEST(odd_requests_are_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
