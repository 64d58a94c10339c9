#include <sys/wait.h>

#include "fixture.h"

static void reads_a_file_once_however_often_it_is_named(void **state)
{
    struct fixture *f = *state;
    struct mln_ingest_report report;
    struct mln_err err;

    append_drop(f->log, 1, "eve");
    append_drop(f->log, 2, "eve");
    OK(detect(f, f->log, &report, &err), &err);
    assert_int_equal(open_alarms(f), 2);
    OK(detect(f, f->log, &report, &err), &err);
    assert_true(report.already_read);
    assert_int_equal(report.lines, 0);
    assert_int_equal(open_alarms(f), 2);
    append_drop(f->log, 3, "eve");
    OK(detect(f, f->log, &report, &err), &err);
    assert_int_equal(report.lines, 1);
    assert_int_equal(open_alarms(f), 3);
}

static void leaves_half_a_line_for_the_next_run(void **state)
{
    struct fixture *f = *state;
    static const char half[] = "20260302 10:00:09,db1,eve,10.0.0.9,7,9,QUERY,shop,'DROP TA";
    struct mln_ingest_report report;
    struct mln_err err;

    append_drop(f->log, 1, "eve");
    append(f->log, half, sizeof(half) - 1);
    OK(detect(f, f->log, &report, &err), &err);
    assert_int_equal(report.partial_bytes, sizeof(half) - 1);
    assert_int_equal(open_alarms(f), 1);
    append(f->log, "BLE t9',0\n", 10);
    OK(detect(f, f->log, &report, &err), &err);
    assert_int_equal(open_alarms(f), 2);
}

static void follows_a_file_that_was_renamed(void **state)
{
    struct fixture *f = *state;
    struct mln_ingest_report report;
    struct mln_err err;

    append_drop(f->log, 1, "eve");
    OK(detect(f, f->log, &report, &err), &err);
    append_drop(f->log, 2, "eve");
    assert_int_equal(rename(f->log, f->rotated), 0);
    append_drop(f->log, 3, "eve");
    OK(detect(f, f->log, &report, &err), &err);
    OK(detect(f, f->rotated, &report, &err), &err);
    assert_int_equal(report.lines, 1);
    assert_int_equal(open_alarms(f), 3);
}

static void copy_file(const char *from, const char *to)
{
    MLN_AUTO(mln_buf_free) struct mln_buf text = MLN_BUF_INIT((size_t)16 * 1024 * 1024);
    struct mln_err err;

    OK(mln_file_read(from, &text, &err), &err);
    append(to, text.ptr, text.len);
}

/* logrotate's copytruncate: the copy has another inode, the emptied file the old one. */
static void knows_a_copied_and_truncated_file_in_either_order(void **state)
{
    struct fixture *f = *state;
    struct mln_ingest_report report;
    struct mln_err err;

    for (int i = 1; i <= 100; i++) /* Over 4 KiB: the fingerprint of the head is whole. */
        append_drop(f->log, i, "eve");
    OK(detect(f, f->log, &report, &err), &err);
    assert_int_equal(open_alarms(f), 100);
    append_drop(f->log, 101, "eve"); /* Written between the last run and the rotation. */
    copy_file(f->log, f->rotated);
    assert_int_equal(truncate(f->log, 0), 0);
    append_drop(f->log, 102, "eve");
    OK(detect(f, f->log, &report, &err), &err);
    assert_int_equal(open_alarms(f), 101);
    OK(detect(f, f->rotated, &report, &err), &err);
    assert_int_equal(report.lines, 1);
    assert_int_equal(open_alarms(f), 102);
    OK(detect(f, f->log, &report, &err), &err);
    OK(detect(f, f->rotated, &report, &err), &err);
    assert_int_equal(open_alarms(f), 102);
}

static void reads_a_file_that_was_rewritten_in_place_from_its_start(void **state)
{
    struct fixture *f = *state;
    struct mln_ingest_report report;
    struct mln_err err;

    append_drop(f->log, 1, "eve");
    append_drop(f->log, 2, "eve");
    OK(detect(f, f->log, &report, &err), &err);
    assert_int_equal(truncate(f->log, 0), 0);
    append_drop(f->log, 3, "mallory");
    append_drop(f->log, 4, "mallory");
    append_drop(f->log, 5, "mallory");
    OK(detect(f, f->log, &report, &err), &err);
    assert_true(report.rewritten);
    assert_int_equal(report.lines, 3);
    assert_int_equal(open_alarms(f), 5);
}

static void refuses_a_file_of_another_format_and_keeps_no_offset(void **state)
{
    struct fixture *f = *state;
    struct mln_ingest_report report;
    struct mln_err err;

    append(f->log, "hello\nworld\n", 12);
    FAILS(detect(f, f->log, &report, &err), MLN_EINVAL, &err, "is --format right?");
    FAILS(detect(f, f->log, &report, &err), MLN_EINVAL, &err, "is --format right?");
    append_drop(f->log, 1, "eve");
    OK(detect(f, f->log, &report, &err), &err);
    assert_int_equal(report.bad_lines, 2);
    assert_int_equal(open_alarms(f), 1);
}

static void opens_a_new_event_for_alarms_after_the_handling(void **state)
{
    struct fixture *f = *state;
    const struct mln_risk_handling handling = { .account_id = ACCOUNT,
        .risk_id = 1,
        .type = MLN_STR("Manual"),
        .detail = MLN_STR("known"),
        .user_name = MLN_STR("admin"),
        .request_id = MLN_STR("R") };
    const struct mln_risk_query closed = {
        .account_id = ACCOUNT, .status = MLN_RISK_PROCESSED, .page = 1, .page_size = 10
    };
    struct mln_ingest_report report;
    int64_t alarms = 0, total;
    struct mln_err err;

    append_drop(f->log, 1, "eve");
    OK(detect(f, f->log, &report, &err), &err);
    OK(mln_risk_handle(f->store, mln_clock_system(), &handling, &err), &err);
    assert_int_equal(open_alarms(f), 0);
    append_drop(f->log, 2, "eve");
    OK(detect(f, f->log, &report, &err), &err);
    assert_int_equal(open_alarms(f), 1);
    OK(mln_risk_list(f->store, &closed, &total, add_alarms, &alarms, &err), &err);
    assert_int_equal(total, 1);
    assert_int_equal(alarms, 1);
}

static void names_an_account_that_is_missing(void **state)
{
    struct fixture *f = *state;
    struct mln_ingest_options options = ingest_options();
    struct mln_ingest *ingest = NULL;
    struct mln_err err;

    options.account_id = MLN_STR("99");
    FAILS(mln_ingest_new(f->store, &options, &ingest, &err), MLN_ENOTFOUND, &err,
            "admin account add");
    assert_null(ingest);
}

/* Each child reads its own file into the same account; windows and counts must come out whole. */
static void counts_every_alarm_when_detectors_run_at_once(void **state)
{
    enum { CHILDREN = 4, LINES = 3000 };
    static const char *const users[CHILDREN] = { "eve", "mallory", "trudy", "oscar" };
    struct fixture *f = *state;
    pid_t children[CHILDREN];
    char paths[CHILDREN][96];

    for (int c = 0; c < CHILDREN; c++) {
        (void)snprintf(paths[c], sizeof(paths[c]), "%s/log%d", f->folder, c);
        for (int i = 0; i < LINES; i++)
            append_drop(paths[c], i, users[c]); /* Equal files would be copies of one. */
    }
    mln_store_close(f->store);
    f->store = NULL;
    for (int c = 0; c < CHILDREN; c++) {
        children[c] = fork();
        if (children[c] == 0) {
            const struct mln_store_options write = { .mode = MLN_STORE_WRITE };
            struct mln_ingest_report report;
            struct mln_err err;

            if (mln_store_open(f->url, &write, &f->store, &err) != MLN_OK ||
                    detect(f, paths[c], &report, &err) != MLN_OK) {
                (void)fprintf(stderr, "%s\n", err.msg);
                _exit(1);
            }
            mln_store_close(f->store);
            _exit(0);
        }
    }
    for (int c = 0; c < CHILDREN; c++) {
        int status;

        assert_int_equal(waitpid(children[c], &status, 0), children[c]);
        assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
    }
    OK(mln_store_open(f->url, &(struct mln_store_options){ .mode = MLN_STORE_WRITE }, &f->store,
               &(struct mln_err){ 0 }),
            &(struct mln_err){ 0 });
    assert_int_equal(open_alarms(f), CHILDREN * LINES);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(
                reads_a_file_once_however_often_it_is_named, fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(
                leaves_half_a_line_for_the_next_run, fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(
                follows_a_file_that_was_renamed, fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(
                knows_a_copied_and_truncated_file_in_either_order, fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(reads_a_file_that_was_rewritten_in_place_from_its_start,
                fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(refuses_a_file_of_another_format_and_keeps_no_offset,
                fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(
                opens_a_new_event_for_alarms_after_the_handling, fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(
                names_an_account_that_is_missing, fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(
                counts_every_alarm_when_detectors_run_at_once, fixture_setup, fixture_teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
