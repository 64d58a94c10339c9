/* Files from elsewhere: whatever is in them, opening says what is wrong or reads safely. */
#include <fcntl.h>
#include <sqlite3.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "sample.h"

static struct mln_err err;

/* A whole snapshot with a few rows, under a fresh path. */
static const char *good_file(void)
{
    const char *path = sample_path();
    struct mln_snapshot *snapshot = NULL;

    OK(mln_snapshot_create(path, sample_schema(), &snapshot, &err), &err);
    for (int i = 0; i < 40; i++) {
        char region[16];

        (void)snprintf(region, sizeof(region), "r%d", i);
        OK(sample_load(snapshot, sample_schema(), SAMPLE_LIST_HOSTS, region, "",
                   "{\"Hosts\":[{\"Id\":\"h1\",\"Disks\":[{\"Id\":\"d1\"}]},{\"Id\":\"h2\"}]}",
                   &err),
                &err);
    }
    OK(mln_snapshot_finish(snapshot, &err), &err);
    mln_snapshot_free(snapshot);
    return path;
}

/* Changes the file as anybody with SQLite could. */
static void change(const char *path, const char *sql)
{
    char *message = NULL;
    sqlite3 *db = NULL;

    assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
    (void)sqlite3_db_config(db, SQLITE_DBCONFIG_WRITABLE_SCHEMA, 1, NULL);
    (void)sqlite3_db_config(db, SQLITE_DBCONFIG_DEFENSIVE, 0, NULL);
    if (sqlite3_exec(db, sql, NULL, NULL, &message) != SQLITE_OK)
        fail_msg("%s: %s", sql, message);
    assert_int_equal(sqlite3_close(db), SQLITE_OK);
}

static void refuses_a_schema_that_is_not_ours(void **state)
{
    static const struct {
        const char *sql, *part;
        int code;
    } cases[] = {
        { "CREATE VIEW v AS SELECT load_extension('x')", "more than tables", MLN_ECORRUPT },
        { "CREATE TRIGGER t AFTER INSERT ON host BEGIN DELETE FROM host; END", "more than tables",
                MLN_ECORRUPT },
        { "CREATE VIRTUAL TABLE f USING fts5(a)", "not as Merlon writes", MLN_ECORRUPT },
        { "CREATE TABLE other(a)", "a table", MLN_ECORRUPT },
        { "CREATE TABLE \"A b\"(a)", "name of a table", MLN_ECORRUPT },
        { "CREATE INDEX i ON host(cpu)", "an index", MLN_ECORRUPT },
        { "CREATE INDEX i ON host(abs(cpu))", "an index", MLN_ECORRUPT },
        { "CREATE INDEX i ON collect_call(code)", "an index", MLN_ECORRUPT },
        { "CREATE INDEX i ON host(cpu) WHERE cpu > 1", "an index", MLN_ECORRUPT },
        { "ALTER TABLE host ADD COLUMN g INT AS (abs(cpu))", "a table", MLN_ECORRUPT },
        { "ALTER TABLE host ADD COLUMN c TEXT CHECK(abs(c) > 0)", "a table", MLN_ECORRUPT },
        { "ALTER TABLE meta ADD COLUMN c TEXT", "meta", MLN_ECORRUPT },
        { "DROP TABLE plan_column", "", MLN_ECORRUPT },
        { "DROP TABLE meta", "missing", MLN_ECORRUPT },
        { "DELETE FROM plan_column WHERE column_name = 'cpu'", "a table", MLN_ECORRUPT },
        { "INSERT INTO plan_column VALUES('host', 'x\" TEXT); --', 'text')", "a column",
                MLN_ECORRUPT },
        { "INSERT INTO plan_column VALUES('host', 'rowid', 'int')", "a column", MLN_ECORRUPT },
        { "UPDATE plan_column SET type = 'blob'", "a column", MLN_ECORRUPT },
        { "UPDATE sqlite_schema SET sql = 'CREATE TABLE host(id)' WHERE name = 'host'", "",
                MLN_ECORRUPT },
        { "UPDATE sqlite_schema SET sql = 'no sql' WHERE name = 'host'", "", MLN_ECORRUPT },
        { "UPDATE sqlite_schema SET tbl_name = 'note' WHERE name = 'host'", "", MLN_ECORRUPT },
        { "UPDATE sqlite_schema SET type = 'thing' WHERE name = 'host'", "", MLN_ECORRUPT },
        { "UPDATE sqlite_schema SET rootpage = 100000 WHERE name = 'host'", "", MLN_ECORRUPT },
        { "ANALYZE", "a table", MLN_ECORRUPT },
        { "PRAGMA application_id = 1", "another program", MLN_ECORRUPT },
        { "PRAGMA user_version = 2", "newer", MLN_ECONFIG },
        { "PRAGMA user_version = 0", "format", MLN_ECORRUPT },
    };

    (void)state;
    for (size_t i = 0; i < MLN_LEN(cases); i++) {
        const char *path = good_file();
        struct mln_snapshot *snapshot = NULL;
        int rc;

        change(path, cases[i].sql);
        rc = mln_snapshot_open(path, &snapshot, &err);
        if (rc != cases[i].code || strstr(err.msg, cases[i].part) == NULL)
            fail_msg("%s: %d %s", cases[i].sql, rc, rc < 0 ? err.msg : "");
        assert_null(snapshot);
        assert_int_equal(mln_snapshot_resume(path, sample_schema(), &snapshot, &err), rc);
    }
}

static void refuses_a_database_in_another_encoding(void **state)
{
    const char *path = sample_path();
    struct mln_snapshot *snapshot = NULL;

    (void)state;
    change(path, "PRAGMA encoding = 'UTF-16'; PRAGMA application_id = 0x4d4c534e; "
                 "PRAGMA user_version = 1; CREATE TABLE meta(a)");
    FAILS(mln_snapshot_open(path, &snapshot, &err), MLN_ECORRUPT, &err, "not UTF-8");
}

static void refuses_what_is_no_file(void **state)
{
    const char *path = sample_path();
    struct mln_snapshot *snapshot = NULL;
    int fd;

    (void)state;
    FAILS(mln_snapshot_open(path, &snapshot, &err), MLN_ENOTFOUND, &err, "does not exist");
    FAILS(mln_snapshot_open("", &snapshot, &err), MLN_ENOTFOUND, &err, "empty");
    FAILS(mln_snapshot_open("/tmp", &snapshot, &err), MLN_ECORRUPT, &err, "not a regular file");
    FAILS(mln_snapshot_open("/dev/zero", &snapshot, &err), MLN_ECORRUPT, &err,
            "not a regular file");
    FAILS(mln_snapshot_open(":memory:", &snapshot, &err), MLN_ENOTFOUND, &err, "does not exist");
    FAILS(mln_snapshot_open("file:x?mode=memory", &snapshot, &err), MLN_ENOTFOUND, &err,
            "does not exist");
    assert_int_equal(mkfifo(path, 0600), 0);
    FAILS(mln_snapshot_open(path, &snapshot, &err), MLN_ECORRUPT, &err, "not a regular file");
    FAILS(mln_snapshot_resume(path, sample_schema(), &snapshot, &err), MLN_ECORRUPT, &err,
            "not a regular file");

    path = sample_path();
    fd = open(path, O_WRONLY | O_CREAT, 0600);
    assert_true(fd >= 0);
    FAILS(mln_snapshot_open(path, &snapshot, &err), MLN_ECORRUPT, &err, "not a snapshot");
    for (int i = 0; i < 100; i++)
        assert_int_equal(write(fd, "no database, but a good many bytes\n", 35), 35);
    assert_int_equal(close(fd), 0);
    FAILS(mln_snapshot_open(path, &snapshot, &err), MLN_ECORRUPT, &err, "not a snapshot");
}

/* Reads every table to its end; SQLite's result. */
static int read_all(struct mln_snapshot *snapshot)
{
    static const char *const queries[] = { "SELECT * FROM bucket", "SELECT * FROM host",
        "SELECT * FROM host_disk WHERE parent > '' AND region > ''", "SELECT * FROM collect_call",
        "SELECT * FROM host WHERE id > ''", "SELECT * FROM meta" };
    int code = SQLITE_DONE;

    for (size_t i = 0; code == SQLITE_DONE && i < MLN_LEN(queries); i++) {
        sqlite3_stmt *statement = NULL;

        code = sqlite3_prepare_v2(mln_snapshot_db(snapshot), queries[i], -1, &statement, NULL);
        if (code == SQLITE_OK)
            while ((code = sqlite3_step(statement)) == SQLITE_ROW)
                continue;
        (void)sqlite3_finalize(statement);
    }
    return code;
}

static bool is_damage(int rc)
{
    return rc == MLN_ECORRUPT || rc == MLN_EIO || rc == MLN_ECONFIG;
}

static void notices_that_half_of_a_file_is_missing(void **state)
{
    int noticed = 0, cuts = 0;
    struct stat st;

    (void)state;
    for (int i = 1; i < 8; i++) {
        const char *path = good_file();
        struct mln_snapshot *snapshot = NULL;
        int rc;

        assert_int_equal(stat(path, &st), 0);
        assert_int_equal(truncate(path, st.st_size * i / 8), 0);
        cuts++;
        rc = mln_snapshot_open(path, &snapshot, &err);
        if (rc == MLN_OK) {
            rc = mln_snapshot_fail(snapshot, read_all(snapshot), "read", &err);
            mln_snapshot_free(snapshot);
        }
        if (is_damage(rc))
            noticed++;
    }
    assert_int_equal(noticed, cuts);
}

static void survives_bytes_that_were_changed(void **state)
{
    unsigned seed = 7;

    (void)state;
    for (int round = 0; round < 300; round++) {
        static const char *path;
        struct mln_snapshot *snapshot = NULL;
        struct stat st;
        int fd, rc;

        if (round % 10 == 0)
            path = good_file();
        fd = open(path, O_RDWR);
        assert_int_equal(fstat(fd, &st), 0);
        for (int i = 0; i < 4; i++) {
            unsigned char byte = (unsigned char)rand_r(&seed);
            /* Mostly where pages begin: that is where their structure is. */
            off_t at = rand_r(&seed) % st.st_size;

            if (round % 3 != 0)
                at = at / 16384 * 16384 + at % 16;
            if (at >= 16)
                assert_int_equal(pwrite(fd, &byte, 1, at), 1);
        }
        assert_int_equal(close(fd), 0);
        rc = mln_snapshot_open(path, &snapshot, &err);
        if (rc == MLN_OK) {
            int code = read_all(snapshot);

            if (code != SQLITE_DONE)
                assert_true(is_damage(mln_snapshot_fail(snapshot, code, "read", &err)));
            mln_snapshot_free(snapshot);
        } else if (!is_damage(rc) && rc != MLN_ETOOBIG) {
            fail_msg("round %d: %d %s", round, rc, err.msg);
        }
    }
}

static void refuses_to_rebuild_what_is_not_json(void **state)
{
    static const struct {
        const char *sql, *part;
        int code;
    } cases[] = {
        { "UPDATE host SET raw = '{'", "not JSON", MLN_ECORRUPT },
        { "UPDATE host SET raw = NULL", "", MLN_ECORRUPT },
        { "UPDATE host SET raw = '[]'", "", MLN_ECORRUPT },
        { "UPDATE host SET answer = 'other'", "unknown answer", MLN_ECORRUPT },
        { "UPDATE host SET raw = printf('{\"Id\":\"%.*c\"}', 5000000, 'x')", "", MLN_ETOOBIG },
    };

    (void)state;
    for (size_t i = 0; i < MLN_LEN(cases); i++) {
        const char *path = good_file();
        struct mln_snapshot *snapshot = NULL, *again = NULL;

        change(path, cases[i].sql);
        OK(mln_snapshot_open(path, &snapshot, &err), &err);
        path = sample_path();
        FAILS(mln_snapshot_rebuild(snapshot, sample_later(), path, &again, &err), cases[i].code,
                &err, cases[i].part);
        assert_int_not_equal(access(path, F_OK), 0);
        mln_snapshot_free(snapshot);
    }
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
        cmocka_unit_test(refuses_a_schema_that_is_not_ours),
        cmocka_unit_test(refuses_a_database_in_another_encoding),
        cmocka_unit_test(refuses_what_is_no_file),
        cmocka_unit_test(notices_that_half_of_a_file_is_missing),
        cmocka_unit_test(survives_bytes_that_were_changed),
        cmocka_unit_test(refuses_to_rebuild_what_is_not_json),
    };

    return cmocka_run_group_tests(tests, NULL, forget);
}
