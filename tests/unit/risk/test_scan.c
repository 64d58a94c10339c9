/* Scans over snapshots made by hand: what is stored, what is kept, what changed. */
#include <dirent.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>

#include "scan_fixture.h"

static const struct thing quiet[] = { { "a", "r1", 1, NULL }, { "b", "r2", 2, NULL } };

static int ignore_item(void *ctx, const struct mln_check_result *result, struct mln_err *err)
{
    (void)ctx;
    (void)result;
    (void)err;
    return MLN_OK;
}

static void an_account_without_a_scan_has_no_results(void **state)
{
    struct fixture *f = *state;
    const struct mln_result_query query = {
        .account_id = ACCOUNT, .enabled = -1, .page = 1, .page_size = 20
    };
    struct mln_result_totals totals = { .items = 9 };
    struct mln_err err;
    int64_t total = -1;

    OK(mln_result_list(f->store, &test_clock, &query, &total, ignore_item, NULL, &err), &err);
    assert_int_equal(total, 0);
    OK(mln_result_totals(f->store, &test_clock, ACCOUNT, &totals, &err), &err);
    assert_int_equal(totals.items, 0);
    assert_int_equal(totals.task, MLN_RESULT_PASS);
}

static void an_item_fails_waits_or_passes(void **state)
{
    static const struct thing things[] = { { "a", "r1", 11, NULL }, { "b", "r1", -1, "bad" },
        { "c", "r2", 0, "bad" }, { "d", "r2", 3, NULL } };
    static const struct thing unknown[] = { { "a", "r1", -1, NULL }, { "b", "r1", -1, NULL } };
    struct fixture *f = *state;
    struct mln_posture *posture = three_checks();
    struct mln_scan_report report = SCAN(f, posture, things, NULL);
    struct item_seen seen = item(f, SIZE_ID);

    assert_string_equal(mln_result_status_name(seen.result.status), "failed");
    assert_int_equal(seen.result.affected, 1);
    assert_int_equal(seen.result.passed, 1);
    assert_int_equal(seen.result.not_applicable, 1);
    assert_int_equal(seen.result.not_assessed, 1);
    assert_string_equal(seen.reason, "it cannot be judged (1 resource)");
    assert_int_equal(seen.result.check_time_ms, clock_ms);
    assert_int_equal(seen.result.task_id, report.scan_id);
    assert_true(report.scan_id > 0);
    assert_true(seen.result.custom && seen.result.enabled && !seen.result.replaced);
    assert_string_equal(seen.title, "About T_Size");
    assert_string_equal(seen.mappings,
            "[{\"standard\":\"CIS\",\"clause\":\"5.1\"},{\"standard\":\"CIS\",\"clause\":\"5.2\"}]");
    assert_string_equal(seen.params,
            "[{\"name\":\"max_size\",\"value\":\"10\",\"default\":\"10\",\"about\":\"Largest\"}]");
    assert_string_equal(findings(f, SIZE_ID).text, "a@r1:fail b@r1:unknown");
    assert_string_equal(findings(f, STATE_ID).text, "b@r1:fail c@r2:fail");
    assert_string_equal(status(f, TWICE_ID), "pass");
    assert_int_equal(report.items, 3);
    assert_int_equal(report.items_failed, 2);
    assert_int_equal(report.items_passed, 1);
    assert_int_equal(report.findings_failed, 3);
    assert_int_equal(report.findings_not_assessed, 1);
    assert_int_equal(report.worst_level, 3);
    report = SCAN(f, posture, unknown, NULL);
    assert_string_equal(status(f, SIZE_ID), "waiting");
    assert_string_equal(item(f, SIZE_ID).reason, "it cannot be judged (2 resources)");
    assert_int_equal(report.items_not_assessed, 1);
    assert_int_equal(report.worst_level, 0);
    mln_posture_free(posture);
}

static void an_empty_account_passes(void **state)
{
    struct fixture *f = *state;
    struct mln_posture *posture = three_checks();

    (void)scan_world(f, posture, quiet, 0, NULL);
    assert_string_equal(status(f, SIZE_ID), "pass");
    assert_string_equal(status(f, STATE_ID), "pass");
    mln_posture_free(posture);
}

static void items_come_by_group_and_level(void **state)
{
    struct fixture *f = *state;
    struct mln_posture *posture = three_checks();

    (void)SCAN(f, posture, quiet, NULL);
    assert_int_equal(item(f, STATE_ID).result.sort, 1); /* Network comes before data. */
    assert_int_equal(item(f, SIZE_ID).result.sort, 2);
    assert_int_equal(item(f, TWICE_ID).result.sort, 3);
    mln_posture_free(posture);
}

static void a_region_that_cannot_be_read_keeps_its_failures(void **state)
{
    static const struct thing before[] = { { "a", "r1", 11, NULL }, { "b", "r2", 11, NULL },
        { "c", "r2", 12, NULL } };
    static const struct thing after[] = { { "a", "r1", 1, NULL } };
    struct fixture *f = *state;
    struct mln_posture *posture = three_checks();
    struct mln_scan_report report;
    struct mln_result_totals totals;
    struct item_seen seen;
    struct mln_err err;

    (void)SCAN(f, posture, before, NULL);
    report = SCAN(f, posture, after, "r2");
    seen = item(f, SIZE_ID);
    assert_string_equal(status(f, SIZE_ID), "failed");
    assert_int_equal(seen.result.affected, 2);
    assert_int_equal(seen.result.stale, 2);
    assert_string_equal(seen.reason, "no permission: t:DescribeThings (region r2)");
    assert_string_equal(findings(f, SIZE_ID).text, "b@r2:fail(stale) c@r2:fail(stale)");
    assert_string_equal(flips(f, 0, 10).text, "a:fail>pass{\"size\":[11,1]}");
    assert_int_equal(report.findings_stale, 2);
    OK(mln_result_totals(f->store, &test_clock, ACCOUNT, &totals, &err), &err);
    assert_int_equal(totals.affected, 2);
    assert_int_equal(totals.previous_failed, 1);
    /* Without earlier failures it is not assessed, and no pass. */
    assert_string_equal(status(f, STATE_ID), "waiting");
    /* Read again, and without them: they are gone. */
    (void)SCAN(f, posture, after, NULL);
    assert_string_equal(status(f, SIZE_ID), "pass");
    assert_string_equal(flips(f, 0, 2).text, "c:fail>gone b:fail>gone");
    mln_posture_free(posture);
}

static int64_t first_seen, last_seen;

static int keep_times(void *ctx, const struct mln_result_finding *finding, struct mln_err *err)
{
    (void)ctx;
    (void)err;
    first_seen = finding->first_seen_ms;
    last_seen = finding->last_seen_ms;
    return MLN_OK;
}

static void times_are_carried_over(void **state)
{
    static const struct thing bad[] = { { "a", "r1", 11, NULL } };
    static const struct thing none[] = { { "z", "r1", 1, NULL } };
    struct fixture *f = *state;
    const struct mln_finding_query query = {
        .account_id = ACCOUNT, .item_id = SIZE_ID, .page = 1, .page_size = 1
    };
    struct mln_posture *posture = three_checks();
    struct mln_result_grid grid;
    int64_t started_ms, total;
    struct mln_err err;

    (void)SCAN(f, posture, bad, NULL);
    started_ms = clock_ms;
    (void)SCAN(f, posture, bad, NULL);
    OK(mln_result_findings(
               f->store, &test_clock, &query, MLN_LANG_ZH, &grid, &total, keep_times, NULL, &err),
            &err);
    assert_int_equal(first_seen, started_ms);
    assert_int_equal(last_seen, clock_ms);
    EQ_STR(grid.key, "InstanceId");
    EQ_STR(grid.title, "东西");
    /* Not seen for a scan that could not look: the time it was seen last stays. */
    (void)SCAN(f, posture, none, "r1");
    OK(mln_result_findings(
               f->store, &test_clock, &query, MLN_LANG_ZH, &grid, &total, keep_times, NULL, &err),
            &err);
    assert_int_equal(first_seen, started_ms);
    assert_int_equal(last_seen, clock_ms - 1000);
    mln_posture_free(posture);
}

static void changes_are_told_with_what_changed(void **state)
{
    static const struct thing one[] = { { "a", "r1", 11, NULL }, { "b", "r1", 1, NULL },
        { "c", "r1", 30, NULL }, { "d", "r1", -1, NULL }, { "e", "r1", 40, "x" } };
    static const struct thing two[] = { { "a", "r1", 3, NULL }, { "b", "r1", 12, NULL },
        { "d", "r1", 13, NULL }, { "e", "r1", 41, "x" }, { "f", "r1", -1, NULL } };
    struct fixture *f = *state;
    struct mln_posture *posture = three_checks();

    (void)SCAN(f, posture, one, NULL);
    assert_string_equal(flips(f, 0, 10).text, ""); /* There is nothing to compare with. */
    (void)SCAN(f, posture, two, NULL);
    assert_string_equal(flips(f, SIZE_ID, 10).text,
            "f:new>unknown d:unknown>fail{\"size\":[null,13]} c:fail>gone b:new>fail "
            "a:fail>pass{\"size\":[11,3]}");
    assert_string_equal(findings(f, SIZE_ID).text,
            "b@r1:fail d@r1:fail{\"size\":[null,13]} e@r1:fail{\"size\":[40,41]} f@r1:unknown");
    assert_string_equal(flips(f, STATE_ID, 10).text, "");
    mln_posture_free(posture);
}

static void a_broken_check_keeps_what_failed_before_and_the_others_go_on(void **state)
{
    static const struct thing before[] = { { "a", "r1", 1, "twice" } };
    static const struct thing after[] = { { "a", "r1", 666, "twice" } };
    struct fixture *f = *state;
    struct mln_posture *posture = three_checks();

    (void)SCAN(f, posture, after, NULL);
    assert_string_equal(status(f, TWICE_ID), "waiting");
    assert_string_equal(findings(f, TWICE_ID).text, "");
    (void)SCAN(f, posture, before, NULL);
    assert_string_equal(status(f, TWICE_ID), "failed");
    (void)SCAN(f, posture, after, NULL);
    /* Or whoever can break a check could hide what it found. */
    assert_string_equal(status(f, TWICE_ID), "failed");
    assert_non_null(strstr(item(f, TWICE_ID).reason, "check error: "));
    assert_string_equal(findings(f, TWICE_ID).text, "a@r1:fail(stale)");
    assert_string_equal(flips(f, TWICE_ID, 10).text, "");
    assert_string_equal(status(f, SIZE_ID), "failed");
    /* Nor is it compared with when it works again. */
    (void)SCAN(f, posture, before, NULL);
    assert_string_equal(status(f, TWICE_ID), "failed");
    assert_string_equal(flips(f, TWICE_ID, 10).text, "");
    mln_posture_free(posture);
}

static void items_that_are_not_judged_keep_their_results(void **state)
{
    static const struct thing before[] = { { "a", "r1", 11, "bad" }, { "b", "r1", -1, NULL } };
    static const struct thing after[] = { { "a", "r1", 1, "good" } };
    static const int64_t only[] = { STATE_ID }, none[] = { 4711 };
    struct fixture *f = *state;
    struct mln_posture *posture = three_checks();
    struct mln_scan_options options = scan_options(posture, f->log);
    const struct world world = { after, MLN_LEN(after), NULL };
    struct mln_scan_report report;
    struct item_seen seen;
    int64_t earlier_ms;
    struct mln_err err;

    (void)SCAN(f, posture, before, NULL);
    earlier_ms = clock_ms;
    (void)unlink(f->log);
    write_snapshot(posture, f->log, &world);
    clock_ms += 1000;
    options.only = none;
    options.only_count = 1;
    FAILS(mln_scan(f->store, &options, &report, &err), MLN_ENOTFOUND, &err, "4711");
    options.only = only;
    OK(mln_scan(f->store, &options, &report, &err), &err);
    assert_string_equal(status(f, STATE_ID), "pass");
    assert_int_equal(item(f, STATE_ID).result.check_time_ms, clock_ms);
    seen = item(f, SIZE_ID);
    assert_string_equal(status(f, SIZE_ID), "failed");
    assert_int_equal(seen.result.check_time_ms, earlier_ms);
    assert_int_equal(seen.result.task_id, report.scan_id);
    assert_string_equal(findings(f, SIZE_ID).text, "a@r1:fail b@r1:unknown");
    assert_string_equal(flips(f, 0, 10).text, "a:fail>pass");
    assert_int_equal(report.items, 3);
    /* With `skip` it is the other way round. */
    options.only_count = 0;
    options.skip = only;
    options.skip_count = 1;
    OK(mln_scan(f->store, &options, &report, &err), &err);
    assert_string_equal(status(f, SIZE_ID), "pass");
    assert_string_equal(flips(f, SIZE_ID, 10).text,
            "a:fail>pass{\"size\":[11,1],\"state\":[\"bad\",\"good\"]}");
    mln_posture_free(posture);
}

static void rests_on(struct fixture *f, int64_t item_id, const char *part)
{
    struct item_seen seen = item(f, item_id);

    if (strstr(seen.completeness, part) == NULL)
        fail_msg("item %lld: '%s' is not in '%s'", (long long)item_id, part, seen.completeness);
}

static void what_a_verdict_rests_on_is_kept_with_it(void **state)
{
    static const struct thing things[] = { { "a", "r1", 11, "bad" } };
    static const struct thing broken[] = { { "a", "r1", 666, "x" } };
    static const int64_t only[] = { STATE_ID };
    struct fixture *f = *state;
    struct mln_posture *posture = three_checks();
    struct mln_scan_options options = scan_options(posture, f->log);
    const struct world world = { broken, MLN_LEN(broken), NULL };
    struct mln_scan_report report;
    struct item_seen earlier;
    struct mln_err err;

    (void)SCAN(f, posture, things, "r2");
    rests_on(f, SIZE_ID, "{\"Complete\":false,\"Calls\":3,\"Read\":2,");
    rests_on(f, SIZE_ID,
            "\"NotRead\":[{\"Call\":\"t:DescribeThings\",\"RamAction\":\"t:DescribeThings\","
            "\"Why\":\"denied\",\"Calls\":1,\"Regions\":1}],\"MoreNotRead\":0}");
    earlier = item(f, SIZE_ID);
    /* What is judged again has its own, what is not keeps that of then. */
    (void)unlink(f->log);
    write_snapshot(posture, f->log, &world);
    options.only = only;
    options.only_count = 1;
    OK(mln_scan(f->store, &options, &report, &err), &err);
    rests_on(f, SIZE_ID, earlier.completeness);
    rests_on(f, STATE_ID, "{\"Complete\":true,\"Calls\":3,\"Read\":3,");
    /* A check that broke its contract has nothing to rest on. */
    options.only_count = 0;
    OK(mln_scan(f->store, &options, &report, &err), &err);
    assert_string_equal(item(f, TWICE_ID).completeness, "");
    mln_posture_free(posture);
}

static void a_reader_sees_the_old_results_until_it_looks_again(void **state)
{
    static const struct thing bad[] = { { "a", "r1", 11, NULL } };
    const struct mln_store_options reading = { .mode = MLN_STORE_READ };
    struct fixture *f = *state;
    struct mln_posture *posture = three_checks();
    struct mln_scan_row old = { 0 }, seen = { 0 }, previous;
    struct mln_store *reader;
    struct mln_err err;

    (void)SCAN(f, posture, quiet, NULL);
    OK(mln_store_open(f->url, &reading, &reader, &err), &err);
    OK(mln_store_begin_read(reader, &err), &err);
    OK(mln_store_scan_current(reader, ACCOUNT, &old, &previous, &err), &err);
    for (int i = 0; i < 3; i++) /* The one it looks at is deleted meanwhile. */
        (void)SCAN(f, posture, bad, NULL);
    OK(mln_store_scan_current(reader, ACCOUNT, &seen, &previous, &err), &err);
    assert_int_equal(seen.scan_id, old.scan_id);
    mln_store_rollback(reader);
    OK(mln_store_scan_current(reader, ACCOUNT, &seen, &previous, &err), &err);
    assert_int_equal(seen.scan_id, old.scan_id + 3);
    mln_store_close(reader);
    mln_posture_free(posture);
}

static int64_t count_rows(struct fixture *f, const char *sql)
{
    sqlite3_stmt *statement = NULL;
    sqlite3 *db = NULL;
    int64_t count;

    assert_int_equal(sqlite3_open_v2(f->url + strlen("sqlite:"), &db, SQLITE_OPEN_READONLY, NULL),
            SQLITE_OK);
    assert_int_equal(sqlite3_prepare_v2(db, sql, -1, &statement, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_step(statement), SQLITE_ROW);
    count = sqlite3_column_int64(statement, 0);
    (void)sqlite3_finalize(statement);
    (void)sqlite3_close(db);
    return count;
}

static void what_a_killed_scan_left_is_removed_by_the_next(void **state)
{
    static const struct thing bad[] = { { "a", "r1", 11, NULL } };
    struct fixture *f = *state;
    struct mln_posture *posture = three_checks();
    const struct mln_finding_row row = {
        .item_id = SIZE_ID, .failed = true, .resource_id = MLN_STR("ghost"), .region = MLN_STR("r1")
    };
    const struct mln_flip_row flip = { .item_id = SIZE_ID, .resource_id = MLN_STR("ghost") };
    int64_t scan_id, current;
    struct mln_err err;

    (void)SCAN(f, posture, bad, NULL);
    OK(mln_store_scan_begin(f->store, ACCOUNT, 1, &scan_id, &current, &err), &err);
    OK(mln_store_finding_add(f->store, ACCOUNT, scan_id, &row, &err), &err);
    OK(mln_store_flip_add(f->store, ACCOUNT, scan_id, &flip, &err), &err);
    assert_string_equal(findings(f, SIZE_ID).text, "a@r1:fail");
    for (int i = 0; i < 4; i++)
        (void)SCAN(f, posture, bad, NULL);
    assert_int_equal(count_rows(f, "SELECT count(*) FROM finding"), 2); /* Current and before. */
    assert_int_equal(count_rows(f, "SELECT count(*) FROM check_result"), 2 * 3);
    assert_int_equal(count_rows(f, "SELECT count(*) FROM scan"), 2);
    assert_int_equal(count_rows(f, "SELECT count(*) FROM finding_flip"), 0);
    mln_posture_free(posture);
}

struct interruption {
    struct fixture *f;
    volatile int stop;
    bool begin; /* Begin another scan in place of stopping. */
};

static void interrupt(void *ctx, const struct mln_scan_progress *progress)
{
    struct interruption *interruption = ctx;
    int64_t scan_id, current;
    struct mln_err err;

    if (strcmp(progress->phase, "store") != 0)
        return;
    if (interruption->begin)
        OK(mln_store_scan_begin(interruption->f->store, ACCOUNT, 1, &scan_id, &current, &err),
                &err);
    else
        interruption->stop = 1;
}

static void a_scan_that_is_stopped_or_outrun_changes_nothing(void **state)
{
    static const struct thing bad[] = { { "a", "r1", 11, NULL } };
    struct fixture *f = *state;
    struct interruption interruption = { .f = f };
    struct mln_posture *posture = three_checks();
    struct mln_scan_options options = scan_options(posture, f->log);
    const struct world world = { bad, MLN_LEN(bad), NULL };
    struct mln_scan_report report;
    struct mln_err err;

    (void)SCAN(f, posture, quiet, NULL);
    (void)unlink(f->log);
    write_snapshot(posture, f->log, &world);
    options.progress = interrupt;
    options.progress_ctx = &interruption;
    options.stop = &interruption.stop;
    FAILS(mln_scan(f->store, &options, &report, &err), MLN_ECANCELLED, &err, "stopped");
    assert_true(report.stopped);
    assert_string_equal(status(f, SIZE_ID), "pass");
    interruption.stop = 0;
    interruption.begin = true;
    FAILS(mln_scan(f->store, &options, &report, &err), MLN_EEXIST, &err, "given up");
    assert_string_equal(status(f, SIZE_ID), "pass");
    options.progress = NULL;
    OK(mln_scan(f->store, &options, &report, &err), &err);
    assert_string_equal(status(f, SIZE_ID), "failed");
    mln_posture_free(posture);
}

static void a_row_given_for_two_parents_is_as_bad_as_its_worst(void **state)
{
    static const struct thing things[] = { { "a", "r1", 1, NULL }, { "a", "r1", 11, NULL },
        { "a", "r1", -1, NULL } };
    static const char *const texts[] = { SIZE_CHECK };
    struct fixture *f = *state;
    struct mln_posture *posture = make_posture(texts, 1);
    struct mln_snapshot *snapshot;
    struct mln_err err;
    sqlite3_stmt *statement;
    struct mln_scan_options options = scan_options(posture, f->log);
    struct mln_scan_report report;

    OK(mln_snapshot_create(f->log, mln_plan_schema(posture->plan), &snapshot, &err), &err);
    OK(mln_snapshot_set(snapshot, "account_id", ACCOUNT, &err), &err);
    record_call(snapshot, "t:DescribeRegions", "", MLN_OUTCOME_OK);
    record_call(snapshot, "t:DescribeThings", "r1", MLN_OUTCOME_OK);
    OK(mln_snapshot_call_done(snapshot, MLN_STR("t:DescribeRegions"), &err), &err);
    OK(mln_snapshot_call_done(snapshot, MLN_STR("t:DescribeThings"), &err), &err);
    for (size_t i = 0; i < MLN_LEN(things); i++) {
        char sql[160];

        (void)snprintf(sql, sizeof(sql),
                "INSERT INTO t_thing (parent, id, name, region, state, size)"
                " VALUES ('p%zu', ?1, ?1, ?2, ?3, ?4)",
                i);
        assert_int_equal(sqlite3_prepare_v2(mln_snapshot_db(snapshot), sql, -1, &statement, NULL),
                SQLITE_OK);
        add_thing(statement, &things[i]);
        (void)sqlite3_finalize(statement);
    }
    OK(mln_snapshot_finish(snapshot, &err), &err);
    mln_snapshot_free(snapshot);
    OK(mln_scan(f->store, &options, &report, &err), &err);
    assert_string_equal(findings(f, SIZE_ID).text, "a@r1:fail");
    assert_int_equal(item(f, SIZE_ID).result.affected, 1);
    mln_posture_free(posture);
}

/* ---- sources ---- */
static void write_file(const char *folder, const char *name, const char *text)
{
    char path[256];
    FILE *file;

    (void)snprintf(path, sizeof(path), "%s/%s", folder, name);
    for (char *at = strchr(path + 1, '/'); at != NULL; at = strchr(at + 1, '/')) {
        *at = '\0';
        (void)mkdir(path, 0700);
        *at = '/';
    }
    file = fopen(path, "w");
    assert_non_null(file);
    (void)fputs(text, file);
    assert_int_equal(fclose(file), 0);
}

static void write_recording(const char *folder)
{
    write_file(folder, "recording.json",
            "{\"format\":1,\"account\":\"1234567890123456\",\"recorded\":\"2026-01-01T00:00:00Z\"}");
    write_file(folder, "t/DescribeRegions/_/_.1.json",
            "{\"Regions\":[{\"Id\":\"r1\"},{\"Id\":\"r2\"}]}");
    write_file(folder, "t/DescribeThings/r1/_.1.json",
            "{\"Things\":[{\"Id\":\"a\",\"Size\":11},{\"Id\":\"b\",\"Size\":1}]}");
    write_file(folder, "t/DescribeThings/r2/_.1.403.json", "{\"Code\":\"Forbidden.RAM\"}");
}

static int files_in(const char *folder)
{
    struct dirent **entries;
    int count = scandir(folder, &entries, NULL, NULL);

    for (int i = 0; i < count; i++)
        free(entries[i]);
    free(entries);
    return count - 2;
}

static void a_recording_is_collected_judged_and_leaves_no_file(void **state)
{
    struct fixture *f = *state;
    struct mln_posture *posture = three_checks();
    struct mln_scan_options options = scan_options(posture, "");
    struct mln_scan_report report;
    char folder[128], temporary[128];
    struct mln_err err;

    (void)snprintf(folder, sizeof(folder), "%s/recording", f->folder);
    (void)snprintf(temporary, sizeof(temporary), "%s/tmp", f->folder);
    assert_int_equal(mkdir(temporary, 0700), 0);
    assert_int_equal(setenv("TMPDIR", temporary, 1), 0);
    write_recording(folder);
    options.source = (struct mln_source_spec){ MLN_SOURCE_REPLAY, mln_str_of(folder) };
    OK(mln_scan(f->store, &options, &report, &err), &err);
    assert_string_equal(findings(f, SIZE_ID).text, "a@r1:fail");
    assert_string_equal(item(f, SIZE_ID).reason, "no permission: t:DescribeThings (region r2)");
    assert_int_equal(report.denied, 1);
    assert_true(report.calls >= 3);
    assert_true(report.rows >= 4);
    assert_int_equal(files_in(temporary), 0);
    /* A recording of another account is refused, and leaves no file either. */
    options.account_id = MLN_STR("6543210987654321");
    {
        const struct mln_account_row other = { options.account_id, 1 };

        OK(mln_store_account_add(f->store, &other, &err), &err);
    }
    FAILS(mln_scan(f->store, &options, &report, &err), MLN_EINVAL, &err, "is of account 1234567");
    assert_int_equal(files_in(temporary), 0);
    /* And is kept where somebody wants it. */
    options.account_id = ACCOUNT;
    options.snapshot_path = f->log;
    OK(mln_collect_to_file(&options, &report, &err), &err);
    options.source = (struct mln_source_spec){ MLN_SOURCE_SNAPSHOT, mln_str_of(f->log) };
    options.snapshot_path = NULL;
    OK(mln_scan(f->store, &options, &report, &err), &err);
    assert_int_equal(report.denied, 1);
    assert_string_equal(findings(f, SIZE_ID).text, "a@r1:fail");
    (void)unsetenv("TMPDIR");
    mln_posture_free(posture);
}

static void leave_folder(const char *parent, const char *name, const char *file, bool old)
{
    const struct timespec times[2] = { { .tv_sec = 1000 }, { .tv_sec = 1000 } };
    char path[400];
    FILE *out;

    (void)snprintf(path, sizeof(path), "%s/%s", parent, name);
    assert_int_equal(mkdir(path, 0700), 0);
    (void)snprintf(path, sizeof(path), "%s/%s/%s", parent, name, file);
    out = fopen(path, "w");
    assert_non_null(out);
    (void)fclose(out);
    (void)snprintf(path, sizeof(path), "%s/%s", parent, name);
    if (old)
        assert_int_equal(utimensat(AT_FDCWD, path, times, 0), 0);
}

static bool is_there(const char *parent, const char *name)
{
    char path[400];
    struct stat st;

    (void)snprintf(path, sizeof(path), "%s/%s", parent, name);
    return lstat(path, &st) == 0;
}

static void folders_of_killed_scans_are_removed_and_nothing_else(void **state)
{
    struct fixture *f = *state;
    char folder[128], temporary[128], target[300];
    struct mln_posture *posture = three_checks();
    struct mln_scan_options options = scan_options(posture, "");
    struct mln_scan_report report;
    struct mln_err err;
    int locked;

    (void)snprintf(folder, sizeof(folder), "%s/recording", f->folder);
    (void)snprintf(temporary, sizeof(temporary), "%s/tmp", f->folder);
    assert_int_equal(mkdir(temporary, 0700), 0);
    leave_folder(temporary, "merlon-scan-aaaaaa", "snapshot.db-wal", true);
    leave_folder(temporary, "merlon-scan-bbbbbb", "notes.txt", true);
    leave_folder(temporary, "merlon-scan-cccccc", "snapshot.db", false);
    leave_folder(temporary, "merlon-scan-dddddd", "snapshot.db", true);
    leave_folder(temporary, "merlon-scan-x", "snapshot.db", true);
    leave_folder(f->folder, "elsewhere", "snapshot.db", true);
    (void)snprintf(target, sizeof(target), "%s/merlon-scan-eeeeee", temporary);
    assert_int_equal(symlink("../elsewhere", target), 0);
    (void)snprintf(target, sizeof(target), "%s/merlon-scan-dddddd", temporary);
    locked = open(target, O_RDONLY | O_DIRECTORY);
    assert_int_equal(flock(locked, LOCK_EX), 0);
    assert_int_equal(setenv("TMPDIR", temporary, 1), 0);
    write_recording(folder);
    options.source = (struct mln_source_spec){ MLN_SOURCE_REPLAY, mln_str_of(folder) };
    OK(mln_scan(f->store, &options, &report, &err), &err);
    assert_false(is_there(temporary, "merlon-scan-aaaaaa"));
    assert_true(is_there(temporary, "merlon-scan-bbbbbb/notes.txt"));
    assert_true(is_there(temporary, "merlon-scan-cccccc/snapshot.db"));
    assert_true(is_there(temporary, "merlon-scan-dddddd/snapshot.db"));
    assert_true(is_there(temporary, "merlon-scan-x/snapshot.db"));
    assert_true(is_there(temporary, "merlon-scan-eeeeee"));
    assert_true(is_there(f->folder, "elsewhere/snapshot.db"));
    assert_int_equal(files_in(temporary), 5);
    (void)close(locked);
    (void)unsetenv("TMPDIR");
    mln_posture_free(posture);
}

static void odd_sources_are_refused(void **state)
{
    struct fixture *f = *state;
    struct mln_posture *posture = three_checks();
    struct mln_scan_options options = scan_options(posture, f->log);
    struct mln_source_spec spec = { MLN_SOURCE_ROLE, MLN_STR("x") };
    struct mln_scan_report report;
    struct mln_err err;

    options.source.kind = MLN_SOURCE_PROFILE;
    FAILS(mln_scan(f->store, &options, &report, &err), MLN_ECONFIG, &err, "cannot be reached");
    options.source.kind = MLN_SOURCE_SNAPSHOT;
    FAILS(mln_scan(f->store, &options, &report, &err), MLN_ENOTFOUND, &err, "does not exist");
    append(f->log, "not a snapshot at all", 21);
    FAILS(mln_scan(f->store, &options, &report, &err), MLN_ECORRUPT, &err, "snapshot");
    (void)scan_world(f, posture, quiet, 2, NULL);
    options.account_id = MLN_STR("1");
    FAILS(mln_scan(f->store, &options, &report, &err), MLN_ENOTFOUND, &err, "no account '1'");
    FAILS(mln_collect_to_file(&options, &report, &err), MLN_EINVAL, &err, "path");
    FAILS(mln_source_parse(MLN_STR("ftp:x"), &spec, &err), MLN_EINVAL, &err, "replay:DIR");
    FAILS(mln_source_parse(MLN_STR("replay:"), &spec, &err), MLN_EINVAL, &err, "nothing");
    FAILS(mln_source_parse(MLN_STR(""), &spec, &err), MLN_EINVAL, &err, "replay:DIR");
    assert_int_equal(spec.kind, MLN_SOURCE_ROLE);
    OK(mln_source_parse(MLN_STR("role:acs:ram::1:role/x"), &spec, &err), &err);
    EQ_STR(spec.value, "acs:ram::1:role/x");
    mln_posture_free(posture);
}

/* ---- without a store ---- */
static int add_judged(void *ctx, const struct mln_judged *judged, struct mln_err *err)
{
    char line[256];

    (void)err;
    (void)snprintf(line, sizeof(line), "%lld:%.*s:%.*s", (long long)judged->check_id,
            MLN_FMT(judged->resource_id), MLN_FMT(judged->verdict));
    add_text(ctx, mln_str_of(line));
    return MLN_OK;
}

static void judging_needs_no_store(void **state)
{
    static const struct thing things[] = { { "b", "r1", 666, NULL }, { "a", "r1", 1, NULL } };
    const struct world world = { things, MLN_LEN(things), "r2" };
    struct fixture *f = *state;
    struct mln_posture *posture = three_checks();
    struct mln_scan_options options = scan_options(posture, f->log);
    struct mln_scan_report report;
    struct text out = { "" };
    struct mln_err err;

    write_snapshot(posture, f->log, &world);
    OK(mln_judge(&options, false, add_judged, &out, &report, &err), &err);
    assert_string_equal(out.text, "100002::unknown 100001:b:fail 100001::unknown 100003::unknown");
    assert_int_equal(report.items_failed, 1);
    assert_int_equal(report.items_not_assessed, 2);
    assert_int_equal(report.worst_level, 3);
    out.text[0] = '\0';
    OK(mln_judge(&options, true, add_judged, &out, &report, &err), &err);
    assert_non_null(strstr(out.text, "100001:a:pass 100001:b:fail"));
    mln_posture_free(posture);
}

/* ---- several threads ---- */
static int hash_judged(void *ctx, const struct mln_judged *judged, struct mln_err *err)
{
    const struct mln_str parts[] = { judged->resource_id, judged->region, judged->name,
        judged->verdict, judged->not_assessed, judged->reason, judged->evidence };
    uint64_t *hash = ctx;

    (void)err;
    *hash = (*hash ^ (uint64_t)judged->check_id) * UINT64_C(0x100000001b3);
    for (size_t i = 0; i < MLN_LEN(parts); i++) {
        for (size_t at = 0; at < parts[i].len; at++)
            *hash = (*hash ^ (unsigned char)parts[i].ptr[at]) * UINT64_C(0x100000001b3);
        *hash = (*hash ^ 0xff) * UINT64_C(0x100000001b3);
    }
    return MLN_OK;
}

static void threads_judge_the_sample_as_one_does(void **state)
{
    static const int threads[] = { 1, 2, 4 };
    struct fixture *f = *state;
    struct mln_posture_options nothing = { 0 };
    struct mln_posture *posture = NULL;
    struct mln_scan_report first = { 0 };
    uint64_t first_hash = 0;
    struct mln_err err;

    OK(mln_posture_load(&nothing, &posture, &err), &err);
    {
        struct mln_scan_options options = scan_options(posture, f->log);

        options.account_id = MLN_STR("");
        options.source = (struct mln_source_spec){ MLN_SOURCE_REPLAY,
            mln_str_of(getenv("MERLON_SAMPLE_ACCOUNT")) };
        options.snapshot_path = f->log;
        OK(mln_collect_to_file(&options, &first, &err), &err);
    }
    for (size_t i = 0; i < MLN_LEN(threads); i++) {
        struct mln_scan_options options = scan_options(posture, f->log);
        struct mln_scan_report report;
        uint64_t hash = 1;

        options.account_id = MLN_STR("");
        options.threads = threads[i];
        OK(mln_judge(&options, true, hash_judged, &hash, &report, &err), &err);
        assert_true(report.items > 40 && report.findings_failed > 0);
        if (i == 0) {
            first = report;
            first_hash = hash;
        }
        assert_int_equal(hash, first_hash);
        assert_memory_equal(&report, &first, sizeof(report));
    }
    mln_posture_free(posture);
}

/* Everything that a scan left: items, findings with their changes, and the latest flips. */
static void describe_store(struct fixture *f, char *out, size_t size)
{
    static const int64_t ids[] = { SIZE_ID, STATE_ID, TWICE_ID };
    size_t len = 0;

    for (size_t i = 0; i < MLN_LEN(ids); i++) {
        struct item_seen seen = item(f, ids[i]);

        len += (size_t)snprintf(out + len, size - len, "%s|%s|%s|%lld\n", status(f, ids[i]),
                seen.reason, findings(f, ids[i]).text, (long long)seen.result.affected);
    }
    (void)snprintf(out + len, size - len, "%s", flips(f, 0, 20).text);
}

static void threads_store_what_one_does(void **state)
{
    static const struct thing before[] = { { "a", "r1", 11, "bad" }, { "b", "r2", 12, "twice" } };
    static const struct thing after[] = { { "a", "r1", 1, "bad" }, { "c", "r1", 666, "twice" } };
    static const int threads[] = { 1, 2, 4 };
    struct mln_posture *posture = three_checks();
    static char texts[MLN_LEN(threads)][4096];
    struct mln_err err;

    for (size_t i = 0; i < MLN_LEN(threads); i++) {
        const struct world worlds[] = { { before, 2, NULL }, { after, 2, "r2" } };
        void *own = NULL;

        assert_int_equal(fixture_teardown(state), 0);
        assert_int_equal(fixture_setup(&own), 0);
        *state = own;
        for (size_t at = 0; at < MLN_LEN(worlds); at++) {
            struct fixture *f = *state;
            struct mln_scan_options options = scan_options(posture, f->log);
            struct mln_scan_report report;

            options.threads = threads[i];
            (void)unlink(f->log);
            write_snapshot(posture, f->log, &worlds[at]);
            OK(mln_scan(f->store, &options, &report, &err), &err);
        }
        describe_store(*state, texts[i], sizeof(texts[i]));
        assert_non_null(strstr(texts[i], "check error"));
        assert_string_equal(texts[i], texts[0]);
    }
    mln_posture_free(posture);
}

static int refuse_judged(void *ctx, const struct mln_judged *judged, struct mln_err *err)
{
    (void)ctx;
    (void)judged;
    return mln_fail(err, MLN_EIO, "nobody listens");
}

static void cut_short(void *ctx, const struct mln_scan_progress *progress)
{
    if (strcmp(progress->phase, "check") == 0)
        assert_int_equal(truncate(ctx, 4096), 0);
}

static void threads_end_with_a_scan_that_fails_or_is_stopped(void **state)
{
    static const struct thing bad[] = { { "a", "r1", 11, "bad" } };
    const struct world world = { bad, MLN_LEN(bad), NULL };
    struct fixture *f = *state;
    struct interruption interruption = { .f = f };
    struct mln_posture *posture = three_checks();
    struct mln_scan_options options = scan_options(posture, f->log);
    struct mln_scan_report report;
    uint64_t hash = 1;
    struct mln_err err;

    (void)SCAN(f, posture, quiet, NULL);
    (void)unlink(f->log);
    write_snapshot(posture, f->log, &world);
    options.threads = 2;
    FAILS(mln_judge(&options, true, refuse_judged, NULL, &report, &err), MLN_EIO, &err, "listens");
    options.progress = interrupt;
    options.progress_ctx = &interruption;
    options.stop = &interruption.stop;
    FAILS(mln_scan(f->store, &options, &report, &err), MLN_ECANCELLED, &err, "stopped");
    assert_true(report.stopped);
    assert_string_equal(status(f, SIZE_ID), "pass");
    options.stop = NULL;
    options.progress = cut_short;
    options.progress_ctx = f->log;
    assert_true(mln_judge(&options, true, hash_judged, &hash, &report, &err) != MLN_OK);
    mln_posture_free(posture);
}

static int keep_columns(void *ctx, const struct mln_str *names, size_t count, struct mln_err *err)
{
    (void)err;
    for (size_t i = 0; i < count; i++)
        add_text(ctx, names[i]);
    return MLN_OK;
}

static int keep_cells(void *ctx, const struct mln_str *cells, size_t count, struct mln_err *err)
{
    (void)err;
    for (size_t i = 0; i < count; i++)
        add_text(ctx, cells[i].ptr != NULL ? cells[i] : MLN_STR("NULL"));
    return MLN_OK;
}

static void a_query_reads_a_snapshot_and_nothing_else(void **state)
{
    static const struct thing things[] = { { "a", "r1", -1, NULL }, { "b", "r1", 2, NULL } };
    static const char *const refused[] = { "delete from t_thing", "create table x (y)",
        "pragma user_version = 3", "attach 'x' as y", "select 1; select 2", "", "select nothing",
        "vacuum", "begin" };
    const struct world world = { things, MLN_LEN(things), NULL };
    struct fixture *f = *state;
    struct mln_posture *posture = three_checks();
    struct text out = { "" };
    struct mln_query_sink sink = { keep_columns, keep_cells, &out, 0, NULL };
    struct mln_err err;

    write_snapshot(posture, f->log, &world);
    OK(mln_snapshot_query(f->log,
               "select id, size, port_in('1/10', 5) as p from t_thing order by id;", &sink, &err),
            &err);
    assert_string_equal(out.text, "id size p a NULL 1 b 2 1");
    out.text[0] = '\0';
    sink.rows_max = 1;
    OK(mln_snapshot_query(f->log, "select id from t_thing order by id", &sink, &err), &err);
    assert_string_equal(out.text, "id a");
    for (size_t i = 0; i < MLN_LEN(refused); i++) {
        int rc = mln_snapshot_query(f->log, refused[i], &sink, &err);

        if (rc != MLN_EINVAL && rc != MLN_EDENIED)
            fail_msg("'%s' gave %d", refused[i], rc);
    }
    mln_posture_free(posture);
}

/* ---- requests ---- */
static int work(struct mln_store *store, const struct mln_posture *posture,
        const volatile int *stop, struct mln_err *err)
{
    const struct mln_scan_worker how = { .posture = posture, .clock = &test_clock, .stop = stop };

    return mln_scan_work(store, &how, err);
}

static void a_request_is_done_by_a_worker(void **state)
{
    static const struct thing bad[] = { { "a", "r1", 11, NULL } };
    static const int64_t only[] = { STATE_ID, SIZE_ID };
    struct fixture *f = *state;
    struct mln_posture *posture = three_checks();
    const struct world world = { bad, MLN_LEN(bad), NULL };
    MLN_AUTO(mln_buf_free) struct mln_buf source = MLN_BUF_INIT(256);
    struct mln_result_totals totals;
    volatile int stop = 1;
    int64_t task_id = -1;
    struct mln_err err;

    FAILS(mln_scan_request(f->store, &test_clock, ACCOUNT, NULL, 0, &task_id, &err), MLN_ECONFIG,
            &err, "no source");
    FAILS(mln_account_set_source(f->store, ACCOUNT, MLN_STR("nonsense"), &err), MLN_EINVAL, &err,
            "replay:DIR");
    mln_buf_addf(&source, "snapshot:%s", f->log);
    OK(mln_account_set_source(f->store, ACCOUNT, mln_buf_str(&source), &err), &err);
    FAILS(work(f->store, posture, NULL, &err), MLN_ENOTFOUND, &err, "waiting");
    OK(mln_scan_request(f->store, &test_clock, ACCOUNT, only, 2, &task_id, &err), &err);
    assert_true(task_id > 0);
    FAILS(mln_scan_request(f->store, &test_clock, ACCOUNT, NULL, 0, &task_id, &err), MLN_EEXIST,
            &err, "waiting or running");
    OK(mln_result_totals(f->store, &test_clock, ACCOUNT, &totals, &err), &err);
    assert_int_equal(totals.task, MLN_RESULT_WAITING);
    assert_int_equal(totals.scan_state, 1);
    /* There is no snapshot: the request fails, and says why. */
    FAILS(work(f->store, posture, NULL, &err), MLN_EPARTIAL, &err, "does not exist");
    OK(mln_result_totals(f->store, &test_clock, ACCOUNT, &totals, &err), &err);
    assert_int_equal(totals.task, MLN_RESULT_PASS);
    assert_int_equal(totals.scan_state, 4);
    write_snapshot(posture, f->log, &world);
    OK(mln_scan_request(f->store, &test_clock, ACCOUNT, only, 2, &task_id, &err), &err);
    /* A worker that is stopped leaves the request for the next. */
    FAILS(work(f->store, posture, &stop, &err), MLN_ECANCELLED, &err, "stopped");
    OK(work(f->store, posture, NULL, &err), &err);
    assert_string_equal(status(f, SIZE_ID), "failed");
    assert_string_equal(status(f, TWICE_ID), "none");
    OK(mln_result_totals(f->store, &test_clock, ACCOUNT, &totals, &err), &err);
    assert_int_equal(totals.scan_state, 3);
    assert_int_equal(totals.items, 2);
    assert_int_equal(totals.failed_by_level[3], 1);
    mln_posture_free(posture);
}

static int lose_task(void *ctx, const struct mln_task_row *row, struct mln_err *err)
{
    (void)ctx;
    (void)row;
    (void)err;
    return MLN_OK;
}

static void a_request_of_a_dead_worker_is_taken_again(void **state)
{
    static const struct thing bad[] = { { "a", "r1", 11, NULL } };
    struct fixture *f = *state;
    struct mln_posture *posture = three_checks();
    MLN_AUTO(mln_buf_free) struct mln_buf source = MLN_BUF_INIT(256);
    const struct world world = { bad, MLN_LEN(bad), NULL };
    struct mln_result_totals totals;
    int64_t task_id;
    struct mln_err err;

    write_snapshot(posture, f->log, &world);
    mln_buf_addf(&source, "snapshot:%s", f->log);
    OK(mln_account_set_source(f->store, ACCOUNT, mln_buf_str(&source), &err), &err);
    OK(mln_scan_request(f->store, &test_clock, ACCOUNT, NULL, 0, &task_id, &err), &err);
    OK(mln_store_task_claim(
               f->store, clock_ms, clock_ms + MLN_SCAN_LEASE_MS, lose_task, NULL, &err),
            &err);
    OK(mln_result_totals(f->store, &test_clock, ACCOUNT, &totals, &err), &err);
    assert_int_equal(totals.task, MLN_RESULT_RUNNING);
    FAILS(work(f->store, posture, NULL, &err), MLN_ENOTFOUND, &err, "waiting");
    clock_ms += MLN_SCAN_LEASE_MS + 1;
    OK(mln_result_totals(f->store, &test_clock, ACCOUNT, &totals, &err), &err);
    assert_int_equal(totals.task, MLN_RESULT_WAITING);
    OK(work(f->store, posture, NULL, &err), &err);
    assert_string_equal(status(f, SIZE_ID), "failed");
    mln_posture_free(posture);
}

/* ---- size ---- */
#define MANY 100000

/* The sanitizers keep what was freed, or need memory of their own. */
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#    define IS_SANITIZED true
#elif defined(__has_feature)
#    if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#        define IS_SANITIZED true
#    endif
#endif
#ifndef IS_SANITIZED
#    define IS_SANITIZED false
#endif

static int64_t resident_kib(void)
{
    FILE *file = fopen("/proc/self/status", "r");
    char line[256];
    long long kib = 0;

    assert_non_null(file);
    while (fgets(line, sizeof(line), file) != NULL)
        (void)sscanf(line, "VmHWM: %lld", &kib);
    (void)fclose(file);
    return kib;
}

static void many_findings_need_little_memory(void **state)
{
    struct fixture *f = *state;
    struct mln_posture *posture = three_checks();
    struct thing *things = calloc(MANY, sizeof(*things));
    char(*names)[24] = calloc(MANY, sizeof(*names));
    struct mln_scan_options options = scan_options(posture, f->log);
    struct world world = { things, MANY, NULL };
    struct mln_scan_report report;
    int64_t before_kib;
    struct mln_err err;

    assert_non_null(things);
    assert_non_null(names);
    for (size_t i = 0; i < MANY; i++) {
        (void)snprintf(names[i], sizeof(names[i]), "i-%08zx", i * 2654435761U % 0xffffffff);
        things[i] = (struct thing){ names[i], i % 2 == 0 ? "r1" : "r2", 11, "bad" };
    }
    write_snapshot(posture, f->log, &world);
    before_kib = resident_kib();
    OK(mln_scan(f->store, &options, &report, &err), &err);
    assert_int_equal(report.findings_failed, 2 * MANY);
    clock_ms += 1000;
    OK(mln_scan(f->store, &options, &report, &err), &err); /* With as many to compare with. */
    assert_int_equal(report.findings_failed, 2 * MANY);
    assert_string_equal(flips(f, 0, 10).text, "");
    assert_int_equal(item(f, SIZE_ID).result.affected, MANY);
    /* 200,000 findings of 200 bytes would be 40 MB; the caches and a batch are less than that. */
    if (!IS_SANITIZED)
        assert_true(resident_kib() - before_kib < 100 * 1024);
    free(things);
    free(names);
    mln_posture_free(posture);
}

#define SCAN_TEST(function) \
    cmocka_unit_test_setup_teardown(function, fixture_setup, fixture_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        SCAN_TEST(an_account_without_a_scan_has_no_results),
        SCAN_TEST(an_item_fails_waits_or_passes),
        SCAN_TEST(an_empty_account_passes),
        SCAN_TEST(items_come_by_group_and_level),
        SCAN_TEST(a_region_that_cannot_be_read_keeps_its_failures),
        SCAN_TEST(times_are_carried_over),
        SCAN_TEST(changes_are_told_with_what_changed),
        SCAN_TEST(a_broken_check_keeps_what_failed_before_and_the_others_go_on),
        SCAN_TEST(items_that_are_not_judged_keep_their_results),
        SCAN_TEST(what_a_verdict_rests_on_is_kept_with_it),
        SCAN_TEST(a_reader_sees_the_old_results_until_it_looks_again),
        SCAN_TEST(what_a_killed_scan_left_is_removed_by_the_next),
        SCAN_TEST(a_scan_that_is_stopped_or_outrun_changes_nothing),
        SCAN_TEST(a_row_given_for_two_parents_is_as_bad_as_its_worst),
        SCAN_TEST(a_recording_is_collected_judged_and_leaves_no_file),
        SCAN_TEST(folders_of_killed_scans_are_removed_and_nothing_else),
        SCAN_TEST(odd_sources_are_refused),
        SCAN_TEST(judging_needs_no_store),
        SCAN_TEST(threads_judge_the_sample_as_one_does),
        SCAN_TEST(threads_store_what_one_does),
        SCAN_TEST(threads_end_with_a_scan_that_fails_or_is_stopped),
        SCAN_TEST(a_query_reads_a_snapshot_and_nothing_else),
        SCAN_TEST(a_request_is_done_by_a_worker),
        SCAN_TEST(a_request_of_a_dead_worker_is_taken_again),
        SCAN_TEST(many_findings_need_little_memory),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
