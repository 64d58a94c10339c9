#include <signal.h>
#include <sqlite3.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "sample.h"

static struct mln_err err;

#define HOSTS                                                                        \
    "{\"Hosts\":[{\"Id\":\"h1\",\"Cpu\":2,\"Disks\":[{\"Id\":\"d1\",\"Size\":40}]}," \
    "{\"Id\":\"h2\",\"Cpu\":4}]}"

static struct mln_snapshot *create(const char *path)
{
    struct mln_snapshot *snapshot = NULL;

    OK(mln_snapshot_create(path, sample_schema(), &snapshot, &err), &err);
    return snapshot;
}

static struct mln_snapshot *open_again(const char *path)
{
    struct mln_snapshot *snapshot = NULL;

    OK(mln_snapshot_open(path, &snapshot, &err), &err);
    return snapshot;
}

static void finishes_a_file_that_stands_alone(void **state)
{
    const char *path = sample_path();
    struct mln_snapshot *snapshot = create(path);
    char name[256];
    struct stat st;

    (void)state;
    OK(sample_load(snapshot, sample_schema(), SAMPLE_LIST_HOSTS, "r1", "", HOSTS, &err), &err);
    OK(mln_snapshot_call_done(snapshot, MLN_STR("ecs:Hosts"), &err), &err);
    OK(mln_snapshot_set(snapshot, "account_id", MLN_STR("1"), &err), &err);
    OK(mln_snapshot_finish(snapshot, &err), &err);
    mln_snapshot_free(snapshot);
    (void)snprintf(name, sizeof(name), "%s-wal", path);
    assert_int_not_equal(stat(name, &st), 0);
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0600);

    snapshot = open_again(path);
    EQ_QUERY(snapshot, "SELECT id, cpu FROM host ORDER BY id", "h1|2;h2|4;");
    EQ_QUERY(snapshot, "SELECT id, parent, size FROM host_disk", "d1|h1|40;");
    EQ_QUERY(snapshot, "SELECT name, value FROM meta ORDER BY name",
            "account_id|1;finished_ms|;plan_hash|aa11;whole|1;");
    EQ_QUERY(snapshot, "SELECT call FROM plan_call WHERE done", "ecs:Hosts;");
    mln_snapshot_free(snapshot);
}

static void does_not_finish_while_somebody_reads(void **state)
{
    const char *path = sample_path();
    struct mln_snapshot *snapshot = create(path);
    sqlite3_stmt *reading = NULL;

    (void)state;
    assert_int_equal(sqlite3_prepare_v2(mln_snapshot_db(snapshot), "SELECT * FROM plan_call", -1,
                             &reading, NULL),
            SQLITE_OK);
    assert_int_equal(sqlite3_step(reading), SQLITE_ROW);
    assert_int_not_equal(mln_snapshot_finish(snapshot, &err), MLN_OK);
    assert_int_equal(sqlite3_finalize(reading), SQLITE_OK);
    OK(mln_snapshot_finish(snapshot, &err), &err);
    mln_snapshot_free(snapshot);
    mln_snapshot_free(open_again(path));
}

static void does_not_touch_a_file_that_is_there(void **state)
{
    const char *path = sample_path();
    struct mln_snapshot *snapshot = create(path), *other = NULL;

    (void)state;
    mln_snapshot_free(snapshot);
    FAILS(mln_snapshot_create(path, sample_schema(), &other, &err), MLN_EEXIST, &err,
            "already there");
    assert_null(other);
    FAILS(mln_snapshot_create("/tmp/no-such-folder-of-ours/a.db", sample_schema(), &other, &err),
            MLN_EIO, &err, "cannot be created");
    FAILS(mln_snapshot_create("", sample_schema(), &other, &err), MLN_ENOTFOUND, &err, "empty");
}

static void a_reader_cannot_write(void **state)
{
    const char *path = sample_path();
    struct mln_snapshot *snapshot = create(path);
    static const char *const statements[] = { "DELETE FROM meta", "CREATE TABLE t(a)",
        "PRAGMA user_version = 7", "ATTACH ':memory:' AS other",
        "CREATE TEMP TRIGGER x AFTER INSERT ON meta BEGIN SELECT 1; END",
        "SELECT load_extension('x')" };

    (void)state;
    OK(mln_snapshot_finish(snapshot, &err), &err);
    mln_snapshot_free(snapshot);
    snapshot = open_again(path);
    for (size_t i = 0; i < MLN_LEN(statements); i++)
        if (sqlite3_exec(mln_snapshot_db(snapshot), statements[i], NULL, NULL, NULL) == SQLITE_OK)
            fail_msg("%s: was done", statements[i]);
    assert_int_not_equal(mln_snapshot_set(snapshot, "a", MLN_STR("b"), &err), MLN_OK);
    mln_snapshot_free(snapshot);
}

static void a_file_that_is_written_to_while_it_is_read_is_noticed(void **state)
{
    const char *path = sample_path();
    struct mln_snapshot *snapshot = create(path);
    FILE *file;

    (void)state;
    OK(mln_snapshot_unchanged(snapshot, &err), &err); /* Our own. */
    OK(mln_snapshot_finish(snapshot, &err), &err);
    mln_snapshot_free(snapshot);
    snapshot = open_again(path);
    OK(mln_snapshot_unchanged(snapshot, &err), &err);
    file = fopen(path, "ab");
    assert_non_null(file);
    assert_int_equal(fputc('x', file), 'x');
    (void)fclose(file);
    FAILS(mln_snapshot_unchanged(snapshot, &err), MLN_ECORRUPT, &err, "was changed while");
    /* Another file in its place is another file. */
    (void)unlink(path);
    OK(mln_snapshot_unchanged(snapshot, &err), &err);
    mln_snapshot_free(snapshot);
}

static void gets_and_sets_what_is_said_of_the_whole(void **state)
{
    MLN_AUTO(mln_buf_free) struct mln_buf value = MLN_BUF_INIT(100);
    struct mln_snapshot *snapshot = create(NULL);

    (void)state;
    OK(mln_snapshot_set(snapshot, "account_id", MLN_STR("1"), &err), &err);
    OK(mln_snapshot_set(snapshot, "account_id", MLN_STR("22"), &err), &err);
    OK(mln_snapshot_get(snapshot, "account_id", &value, &err), &err);
    OK(mln_snapshot_get(snapshot, "finished_ms", &value, &err), &err);
    EQ_STR(mln_buf_str(&value), "22");
    FAILS(mln_snapshot_get(snapshot, "other", &value, &err), MLN_ENOTFOUND, &err, "'other'");
    FAILS(mln_snapshot_set(snapshot, "plan_hash", MLN_STR("x"), &err), MLN_EINVAL, &err,
            "plan_hash");
    mln_snapshot_free(snapshot);
}

static void goes_on_with_a_file_that_was_not_finished(void **state)
{
    const char *path = sample_path();
    struct mln_snapshot *snapshot = create(path);

    (void)state;
    OK(sample_load(snapshot, sample_schema(), SAMPLE_LIST_HOSTS, "r1", "", HOSTS, &err), &err);
    mln_snapshot_free(snapshot);
    FAILS(mln_snapshot_resume(path, sample_later(), &snapshot, &err), MLN_ECONFIG, &err,
            "another plan");
    OK(mln_snapshot_resume(path, sample_schema(), &snapshot, &err), &err);
    OK(sample_load(snapshot, sample_schema(), SAMPLE_LIST_HOSTS, "r1", "",
               "{\"Hosts\":[{\"Id\":\"h9\"}]}", &err),
            &err);
    OK(sample_load(snapshot, sample_schema(), SAMPLE_LIST_HOSTS, "r2", "", HOSTS, &err), &err);
    OK(mln_snapshot_finish(snapshot, &err), &err);
    mln_snapshot_free(snapshot);
    FAILS(mln_snapshot_resume(path, sample_schema(), &snapshot, &err), MLN_EEXIST, &err,
            "finished");
    snapshot = open_again(path);
    EQ_QUERY(snapshot, "SELECT id, region FROM host ORDER BY id", "h1|r2;h2|r2;h9|r1;");
    EQ_QUERY(snapshot, "SELECT name FROM sqlite_schema WHERE name LIKE '%.call'", "");
    mln_snapshot_free(snapshot);
}

static void reads_a_file_that_is_being_written_or_was(void **state)
{
    const char *path = sample_path();
    struct mln_snapshot *snapshot = create(path), *reader = NULL;

    (void)state;
    OK(sample_load(snapshot, sample_schema(), SAMPLE_LIST_HOSTS, "r1", "", HOSTS, &err), &err);
    FAILS(mln_snapshot_open(path, &reader, &err), MLN_ETRANSIENT, &err, "another process");
    mln_snapshot_free(snapshot);
    reader = open_again(path);
    EQ_QUERY(reader, "SELECT count(*) FROM host", "2;");
    mln_snapshot_free(reader);
}

/* Loads call after call until it is killed; says on `fd` after each commit how many were. */
static void write_until_killed(const char *path, int fd)
{
    struct mln_snapshot *snapshot = create(path);

    for (int i = 0; i < 100000; i++) {
        char region[16];
        unsigned char byte = 1;

        (void)snprintf(region, sizeof(region), "r%d", i);
        OK(sample_load(snapshot, sample_schema(), SAMPLE_LIST_HOSTS, region, "", HOSTS, &err),
                &err);
        if (write(fd, &byte, 1) != 1)
            _exit(1);
    }
    _exit(0);
}

static int64_t kill_after(const char *path, int commits)
{
    unsigned char bytes[4096];
    int64_t seen = 0;
    ssize_t len;
    int pipe_fd[2];
    pid_t child;

    assert_int_equal(pipe(pipe_fd), 0);
    child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        (void)close(pipe_fd[0]);
        write_until_killed(path, pipe_fd[1]);
    }
    (void)close(pipe_fd[1]);
    while (seen < commits && (len = read(pipe_fd[0], bytes, sizeof(bytes))) > 0)
        seen += len;
    assert_int_equal(kill(child, SIGKILL), 0);
    while ((len = read(pipe_fd[0], bytes, sizeof(bytes))) > 0)
        seen += len;
    (void)close(pipe_fd[0]);
    assert_int_equal(waitpid(child, NULL, 0), child);
    return seen;
}

static void a_killed_writer_leaves_what_it_had_committed(void **state)
{
    (void)state;
    for (int i = 0; i < 8; i++) {
        const char *path = sample_path();
        struct mln_snapshot *snapshot = NULL;
        int64_t seen = kill_after(path, 1 + i * i * 37);
        char want[64], next[64];

        OK(mln_snapshot_resume(path, sample_schema(), &snapshot, &err), &err);
        EQ_QUERY(snapshot, "PRAGMA integrity_check", "ok;");
        /* One more may have been committed than was said. */
        (void)snprintf(want, sizeof(want), "%lld;", (long long)seen * 2);
        (void)snprintf(next, sizeof(next), "%lld;", (long long)seen * 2 + 2);
        if (!mln_str_is(sample_query(snapshot, "SELECT count(*) FROM host"), next))
            EQ_QUERY(snapshot, "SELECT count(*) FROM host", want);
        EQ_QUERY(snapshot, "SELECT count(*) FROM collect_call WHERE outcome <> 'ok' OR items <> 2",
                "0;");
        OK(sample_load(snapshot, sample_schema(), SAMPLE_LIST_HOSTS, "last", "", HOSTS, &err),
                &err);
        OK(mln_snapshot_finish(snapshot, &err), &err);
        mln_snapshot_free(snapshot);
        snapshot = open_again(path);
        EQ_QUERY(snapshot, "SELECT count(*) FROM host WHERE region = 'last'", "2;");
        mln_snapshot_free(snapshot);
    }
}

/* What a plan reads from these answers. */
static void load_all(struct mln_snapshot *snapshot, const struct mln_schema *schema)
{
    const struct mln_row_place place = {
        .call_row = 3, .region = MLN_STR("r1"), .parent = MLN_STR("b")
    };

    OK(sample_load(snapshot, schema, SAMPLE_LIST_BUCKETS, "", "",
               "{\"Buckets\":{\"Bucket\":[{\"Name\":\"a\",\"Region\":\"r1\"},{\"Name\":\"b\"}]}}",
               &err),
            &err);
    OK(sample_load(
               snapshot, schema, SAMPLE_GET_INFO, "r1", "a", "{\"Info\":{\"Public\":true}}", &err),
            &err);
    OK(sample_load(snapshot, schema, SAMPLE_GET_INFO, "r1", "c", "{\"Info\":\"\"}", &err), &err);
    OK(mln_snapshot_add_outcome(snapshot, schema->calls[SAMPLE_GET_INFO].rows, &place,
               MLN_OUTCOME_NOT_APPLICABLE, MLN_STR("No"), &err),
            &err);
    OK(sample_load(snapshot, schema, SAMPLE_LIST_HOSTS, "r2", "",
               "{\"Hosts\":[{\"Id\":\"h1\",\"Name\":\"x\",\"Zone\":\"z1\",\"Disks\":"
               "[{\"Id\":\"d\",\"Size\":1,\"Tags\":{\"Tag\":[\"t\"]}}]},{\"Id\":\"h2\"}]}",
               &err),
            &err);
    OK(sample_load(
               snapshot, schema, SAMPLE_LIST_NOTES, "", "", "{\"Notes\":[\"n\",null,{}]}", &err),
            &err);
    OK(mln_snapshot_call_done(snapshot, MLN_STR("ecs:Hosts"), &err), &err);
    OK(mln_snapshot_set(snapshot, "account_id", MLN_STR("1"), &err), &err);
}

static void reading_again_is_the_same_as_collecting_again(void **state)
{
    static const char *const queries[] = { "SELECT * FROM bucket", "SELECT * FROM bucket_info",
        "SELECT * FROM \"group\"", "SELECT * FROM host", "SELECT * FROM host_disk",
        "SELECT * FROM host_disk_tag", "SELECT * FROM note", "SELECT * FROM collect_call",
        "SELECT * FROM plan_call", "SELECT * FROM plan_table", "SELECT * FROM plan_column",
        "SELECT * FROM meta ORDER BY name",
        "SELECT type, name, sql FROM sqlite_schema ORDER BY name" };
    const char *path = sample_path();
    struct mln_snapshot *old = create(path), *fresh = NULL, *again = NULL;

    (void)state;
    load_all(old, sample_schema());
    OK(mln_snapshot_finish(old, &err), &err);
    mln_snapshot_free(old);
    OK(mln_snapshot_create(NULL, sample_later(), &fresh, &err), &err);
    load_all(fresh, sample_later());
    OK(mln_snapshot_finish(fresh, &err), &err);

    old = open_again(path);
    path = sample_path();
    OK(mln_snapshot_rebuild(old, sample_later(), path, &again, &err), &err);
    mln_snapshot_free(again);
    again = open_again(path);
    for (size_t i = 0; i < MLN_LEN(queries); i++) {
        MLN_AUTO(mln_buf_free) struct mln_buf want = MLN_BUF_INIT(1 << 20);

        mln_buf_add(&want, sample_query(fresh, queries[i]));
        EQ_QUERY(again, queries[i], mln_buf_str(&want).ptr);
    }
    EQ_QUERY(again, "SELECT id, zone FROM host", "h1|z1;h2|-;");
    mln_snapshot_free(again);
    mln_snapshot_free(old);
    mln_snapshot_free(fresh);
}

static void what_the_old_plan_did_not_read_stays_unread(void **state)
{
    struct mln_schema_call calls[SAMPLE_CALLS];
    struct mln_schema fewer = *sample_schema();
    struct mln_snapshot *old = NULL, *again = NULL;

    (void)state;
    /* An old plan in which no call filled the hosts, and one call had another name. */
    memcpy(calls, fewer.calls, sizeof(calls));
    calls[SAMPLE_LIST_HOSTS].rows = NULL;
    calls[SAMPLE_LIST_NOTES].id = "ecs:Other";
    fewer.calls = calls;
    OK(mln_snapshot_create(NULL, &fewer, &old, &err), &err);
    OK(sample_load(old, &fewer, SAMPLE_LIST_NOTES, "", "", "{\"Notes\":[\"n\"]}", &err), &err);
    OK(mln_snapshot_call_done(old, MLN_STR("ecs:Hosts"), &err), &err);
    OK(mln_snapshot_call_done(old, MLN_STR("ecs:Other"), &err), &err);
    OK(mln_snapshot_call_done(old, MLN_STR("s3:List"), &err), &err);
    OK(mln_snapshot_rebuild(old, sample_schema(), NULL, &again, &err), &err);
    EQ_QUERY(again, "SELECT call FROM plan_call WHERE done", "s3:List;");
    EQ_QUERY(again, "SELECT count(*) FROM collect_call", "0;");
    EQ_QUERY(again, "SELECT count(*) FROM note", "0;");
    mln_snapshot_free(again);
    mln_snapshot_free(old);
}

static int forget(void **state)
{
    (void)state;
    sample_forget();
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(finishes_a_file_that_stands_alone),
        cmocka_unit_test(does_not_finish_while_somebody_reads),
        cmocka_unit_test(does_not_touch_a_file_that_is_there),
        cmocka_unit_test(a_reader_cannot_write),
        cmocka_unit_test(a_file_that_is_written_to_while_it_is_read_is_noticed),
        cmocka_unit_test(gets_and_sets_what_is_said_of_the_whole),
        cmocka_unit_test(goes_on_with_a_file_that_was_not_finished),
        cmocka_unit_test(reads_a_file_that_is_being_written_or_was),
        cmocka_unit_test(a_killed_writer_leaves_what_it_had_committed),
        cmocka_unit_test(reading_again_is_the_same_as_collecting_again),
        cmocka_unit_test(what_the_old_plan_did_not_read_stays_unread),
    };

    return cmocka_run_group_tests(tests, NULL, forget);
}
