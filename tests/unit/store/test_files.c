/* What is particular to SQLite: files, their modes, foreign and damaged ones, writers at once,
 * plans. */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sqlite3.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "scratch.h"
#include "workload.h"

#define ACCOUNT MLN_STR("1234567890123456")

enum { NOBODY = 65534, WRITERS = 4, FOLDS = 40, CREATORS = 6, CREATION_ROUNDS = 30 };

static int open_at(
        const char *path, enum mln_store_mode mode, struct mln_store **out, struct mln_err *err)
{
    const struct mln_store_options options = { .mode = mode, .busy_timeout_ms = 200 };
    char url[512];

    (void)snprintf(url, sizeof(url), "sqlite:%s", path);
    return mln_store_open(url, &options, out, err);
}

/* A store of two batches, closed. */
static const char *small_store(void)
{
    const char *path = scratch_path("small.db");
    struct mln_store *store = NULL;
    struct mln_err err;

    OK(workload_open(path, NULL, &store, &err), &err);
    OK(workload_batch(store, 0, &err), &err);
    OK(workload_batch(store, 1, &err), &err);
    mln_store_close(store);
    return path;
}

static void change(const char *path, const char *sql)
{
    sqlite3 *db = NULL;

    assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
    assert_int_equal(sqlite3_exec(db, sql, NULL, NULL, NULL), SQLITE_OK);
    (void)sqlite3_close(db);
}

static void put_bytes(const char *path, const char *bytes, size_t len)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);

    assert_true(fd >= 0);
    assert_int_equal(write(fd, bytes, len), (ssize_t)len);
    (void)close(fd);
}

/* Opening fails, says why, and leaves the output alone. */
static void refuses(const char *path, enum mln_store_mode mode, int code, const char *part)
{
    struct mln_store *const poison = (struct mln_store *)&(int){ 0 };
    struct mln_store *store = poison;
    struct mln_err err;

    FAILS(open_at(path, mode, &store, &err), code, &err, part);
    assert_ptr_equal(store, poison);
    if (strstr(err.msg, path) == NULL)
        fail_msg("does not name %s: %s", path, err.msg);
}

static void a_missing_file_is_not_found_unless_it_may_be_created(void **state)
{
    const char *path = scratch_path("missing.db");

    (void)state;
    refuses(path, MLN_STORE_READ, MLN_ENOTFOUND, "does not exist");
    refuses(path, MLN_STORE_WRITE, MLN_ENOTFOUND, "does not exist");
    assert_int_equal(access(path, F_OK), -1);
    refuses("/nonexistent-folder/store.db", MLN_STORE_CREATE, MLN_ENOTFOUND,
            "folder does not exist");
}

static void a_new_file_is_for_its_owner_only(void **state)
{
    const char *path = scratch_path("mode.db");
    char wal[160];
    struct mln_store *store = NULL;
    struct mln_err err;
    struct stat st;

    (void)state;
    OK(open_at(path, MLN_STORE_CREATE, &store, &err), &err);
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(st.st_mode & 07777, 0600);
    (void)snprintf(wal, sizeof(wal), "%s-wal", path);
    assert_int_equal(stat(wal, &st), 0);
    assert_int_equal(st.st_mode & 07777, 0600);
    mln_store_close(store);
}

static void refuses_what_is_no_store_and_leaves_it_alone(void **state)
{
    static const char text[] = "this is a text file, and long enough to hold a SQLite header: "
                               "its first hundred bytes are looked at by the library.";
    const char *path = scratch_path("text");
    char back[sizeof(text)] = "";
    int fd;

    (void)state;
    put_bytes(path, text, sizeof(text));
    for (int mode = MLN_STORE_READ; mode <= MLN_STORE_CREATE; mode++)
        refuses(path, (enum mln_store_mode)mode, MLN_ECORRUPT, "not a Merlon store");
    fd = open(path, O_RDONLY | O_CLOEXEC);
    assert_int_equal(read(fd, back, sizeof(back)), sizeof(back));
    (void)close(fd);
    assert_memory_equal(back, text, sizeof(text));

    path = scratch_path("foreign.db");
    change(path, "CREATE TABLE other (x)");
    for (int mode = MLN_STORE_READ; mode <= MLN_STORE_CREATE; mode++)
        refuses(path, (enum mln_store_mode)mode, MLN_ECORRUPT, "not a Merlon store");
    change(path, "PRAGMA user_version = 1");
    refuses(path, MLN_STORE_CREATE, MLN_ECORRUPT, "not a Merlon store");
}

static void an_empty_file_is_only_good_for_creating(void **state)
{
    const char *path = scratch_path("empty");
    struct mln_store *store = NULL;
    struct mln_err err;

    (void)state;
    put_bytes(path, "", 0);
    refuses(path, MLN_STORE_READ, MLN_ECORRUPT, "is empty");
    refuses(path, MLN_STORE_WRITE, MLN_ECORRUPT, "is empty");
    OK(open_at(path, MLN_STORE_CREATE, &store, &err), &err);
    mln_store_close(store);
}

static void refuses_what_is_not_a_file(void **state)
{
    const char *folder = scratch_path("folder"), *fifo = scratch_path("fifo");
    const char *link = scratch_path("link");

    (void)state;
    assert_int_equal(mkdir(folder, 0700), 0);
    refuses(folder, MLN_STORE_CREATE, MLN_ECONFIG, "is a folder");
    assert_int_equal(mkfifo(fifo, 0600), 0);
    refuses(fifo, MLN_STORE_READ, MLN_ECONFIG, "not a regular file");
    assert_int_equal(symlink("nowhere", link), 0);
    refuses(link, MLN_STORE_CREATE, MLN_ECONFIG, "symbolic link");
}

static void refuses_urls_without_showing_them(void **state)
{
    const struct mln_store_options options = { .mode = MLN_STORE_CREATE };
    struct mln_store *store = NULL;
    struct mln_err err;

    (void)state;
    FAILS(mln_store_open("postgresql://me:hunter2@db/x", &options, &store, &err), MLN_ECONFIG, &err,
            "postgresql");
    assert_null(strstr(err.msg, "hunter2"));
    FAILS(mln_store_open("store.db", &options, &store, &err), MLN_ECONFIG, &err, "sqlite:PATH");
    FAILS(mln_store_open("sqlite:", &options, &store, &err), MLN_ECONFIG, &err, "no path");
}

static void a_name_that_means_something_to_sqlite_is_a_file(void **state)
{
    static const char *const names[] = { ":memory:", "file:x?mode=memory", "a b%41?#.db" };
    char old[4096], folder[160];
    struct mln_store *store = NULL;
    struct mln_err err;

    (void)state;
    (void)snprintf(folder, sizeof(folder), "%s", scratch_path("names"));
    assert_int_equal(mkdir(folder, 0700), 0);
    assert_non_null(getcwd(old, sizeof(old)));
    assert_int_equal(chdir(folder), 0);
    for (size_t i = 0; i < MLN_LEN(names); i++) {
        OK(open_at(names[i], MLN_STORE_CREATE, &store, &err), &err);
        mln_store_close(store);
        assert_int_equal(access(names[i], F_OK), 0);
        OK(open_at(names[i], MLN_STORE_READ, &store, &err), &err);
        mln_store_close(store);
    }
    assert_int_equal(chdir(old), 0);
}

static void a_newer_schema_is_refused_with_both_versions(void **state)
{
    const char *path = small_store();

    (void)state;
    change(path, "PRAGMA user_version = 4711");
    for (int mode = MLN_STORE_READ; mode <= MLN_STORE_CREATE; mode++) {
        refuses(path, (enum mln_store_mode)mode, MLN_ECONFIG, "4711");
        refuses(path, (enum mln_store_mode)mode, MLN_ECONFIG, "up to 3");
    }
}

static void an_older_store_is_brought_up_to_date_by_a_writer(void **state)
{
    const char *path = small_store();
    const struct mln_account_row account = { ACCOUNT, 1 };
    struct mln_store *store = NULL;
    int64_t scan_id = -1, current_id = -1;
    struct mln_err err;

    (void)state;
    change(path, "DROP TABLE account_source; DROP TABLE scan; DROP TABLE scan_current;"
                 "DROP TABLE check_result; DROP TABLE finding; DROP TABLE finding_flip;"
                 "DROP TABLE mark; DROP TABLE scan_task; PRAGMA user_version = 1");
    refuses(path, MLN_STORE_READ, MLN_ECONFIG, "this program needs 3");
    OK(open_at(path, MLN_STORE_WRITE, &store, &err), &err);
    OK(mln_store_account_add(store, &account, &err), &err);
    OK(mln_store_scan_begin(store, ACCOUNT, 1, &scan_id, &current_id, &err), &err);
    assert_true(scan_id > 0);
    mln_store_close(store);
    OK(open_at(path, MLN_STORE_READ, &store, &err), &err);
    mln_store_close(store);
}

static int see_old_result(void *ctx, const struct mln_check_result_row *row, struct mln_err *err)
{
    (void)err;
    EQ_STR(row->texts[3][MLN_STORE_ZH], "h2");
    EQ_STR(row->completeness, "");
    *(bool *)ctx = true;
    return MLN_OK;
}

static void results_of_an_older_store_do_not_say_what_was_read(void **state)
{
    const char *path = small_store();
    struct mln_store *store = NULL;
    bool seen = false;
    const struct mln_check_result_sink sink = { .row = see_old_result, .ctx = &seen };
    struct mln_err err;

    (void)state;
    change(path,
            "INSERT INTO check_result VALUES ('1234567890123456', 1, 1, 12, 4, 3, 1, 0, 0, 7, 1, 2, 3,"
            " 4, 5, 'n', 'OSS', 't', 'u', '', 'k', 'g', 'h', '[]', '[]', '[]', 'b1', 'b2', 'i1',"
            " 'i2', 's1', 's2', 'h1', 'h2', 'gone');"
            "ALTER TABLE check_result DROP COLUMN completeness; PRAGMA user_version = 2");
    refuses(path, MLN_STORE_READ, MLN_ECONFIG, "this program needs 3");
    OK(open_at(path, MLN_STORE_WRITE, &store, &err), &err);
    OK(mln_store_check_result_get(store, ACCOUNT, 1, 12, &sink, &err), &err);
    assert_true(seen);
    mln_store_close(store);
}

static void a_damaged_file_is_said_to_be_damaged(void **state)
{
    const char *path = small_store();
    struct mln_store *store = NULL;
    struct mln_err err;
    char junk[4096];
    int fd = open(path, O_WRONLY | O_CLOEXEC), rc;

    (void)state;
    memset(junk, 0xa5, sizeof(junk));
    for (off_t page = 1; page < 20; page++)
        assert_int_equal(pwrite(fd, junk, sizeof(junk), page * 4096), 4096);
    (void)close(fd);
    rc = open_at(path, MLN_STORE_WRITE, &store, &err);
    if (rc == MLN_OK)
        rc = workload_batch(store, 2, &err);
    mln_store_close(store);
    if (rc != MLN_ECORRUPT || strstr(err.msg, "damaged") == NULL)
        fail_msg("got %d: %s", rc, err.msg);
}

static void a_file_that_is_gone_or_replaced_is_noticed(void **state)
{
    const char *path = small_store(), *other = small_store();
    struct mln_store *store = NULL;
    struct mln_err err;

    (void)state;
    OK(open_at(path, MLN_STORE_WRITE, &store, &err), &err);
    OK(mln_store_ping(store, &err), &err);
    assert_int_equal(rename(other, path), 0);
    FAILS(mln_store_ping(store, &err), MLN_EIO, &err, "replaced");
    assert_int_equal(unlink(path), 0);
    FAILS(mln_store_ping(store, &err), MLN_EIO, &err, path);
    mln_store_close(store);
}

/* As an ordinary user: root may write everywhere. */
static void as_nobody(void (*check)(const char *path), const char *path)
{
    int status = -1;
    pid_t pid = fork();

    assert_true(pid >= 0);
    if (pid == 0) {
        if (geteuid() == 0 && setresuid(NOBODY, NOBODY, NOBODY) != 0)
            _exit(2);
        check(path);
        _exit(0);
    }
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_int_equal(status, 0);
}

/* In the child: cmocka's assertions would return into the parent's tests. */
static void demand(bool holds, const char *what, const struct mln_err *err)
{
    if (holds)
        return;
    (void)fprintf(stderr, "%s: %s\n", what, err->msg);
    _exit(1);
}

static void reads_but_does_not_write(const char *path)
{
    struct mln_store *store = NULL;
    struct mln_err err = { 0 };
    int64_t epoch = -1;
    int rc = open_at(path, MLN_STORE_WRITE, &store, &err);

    demand(rc == MLN_EIO && strstr(err.msg, "read-only") != NULL, "write", &err);
    rc = open_at(path, MLN_STORE_READ, &store, &err);
    demand(rc == MLN_OK, "read", &err);
    rc = mln_store_epoch_get(store, ACCOUNT, &epoch, &err);
    demand(rc == MLN_OK && epoch == 2, "epoch", &err);
    rc = mln_store_epoch_advance(store, ACCOUNT, 2, &err);
    demand(rc == MLN_EIO && strstr(err.msg, "read-only") != NULL, "advance", &err);
    mln_store_close(store);
}

static void cannot_create(const char *path)
{
    struct mln_store *store = NULL;
    struct mln_err err = { 0 };
    int rc = open_at(path, MLN_STORE_CREATE, &store, &err);

    demand(rc == MLN_EIO && strstr(err.msg, "cannot be created") != NULL, "create", &err);
}

static void cannot_read(const char *path)
{
    struct mln_store *store = NULL;
    struct mln_err err = { 0 };
    int rc = open_at(path, MLN_STORE_READ, &store, &err);

    demand(rc == MLN_EIO && strstr(err.msg, path) != NULL, "read", &err);
}

static void a_read_only_store_in_a_read_only_folder_can_be_read(void **state)
{
    const char *path = small_store();

    (void)state;
    assert_int_equal(chmod(path, 0444), 0);
    as_nobody(reads_but_does_not_write, path);
    as_nobody(cannot_create, scratch_path("denied.db"));
    assert_int_equal(chmod(path, 0), 0);
    as_nobody(cannot_read, path);
}

struct writer {
    const char *path;
    const char *failure;
};

/* Opens the store that the others are creating at the same time, and folds into the same event. */
static void *write_along(void *arg)
{
    const struct mln_rule_row rule = { .rule_id = 1, .level = 2 };
    const struct mln_alarm_fold alarm = { ACCOUNT, MLN_STR("RDS"), 1, 1, 1, 1 };
    struct writer *writer = arg;
    struct mln_store *store = NULL;
    struct mln_err err;
    int64_t risk_id;
    int rc = workload_open(writer->path, NULL, &store, &err);

    if (rc == MLN_OK)
        rc = mln_store_rule_put(store, &rule, &err);
    for (int i = 0; rc == MLN_OK && i < FOLDS; i++)
        rc = mln_store_risk_event_fold(store, &alarm, &risk_id, &err);
    if (rc != MLN_OK) {
        (void)fprintf(stderr, "writer: %s\n", err.msg);
        writer->failure = "failed";
    }
    mln_store_close(store);
    return NULL;
}

static int check_alarms(void *ctx, const struct mln_risk_event_row *row, struct mln_err *err)
{
    (void)ctx;
    (void)err;
    assert_int_equal(row->alarm_count, 2 * WRITERS * FOLDS);
    return MLN_OK;
}

static void processes_and_threads_create_and_write_at_once(void **state)
{
    struct writer writer = { .path = scratch_path("writers.db") };
    const struct mln_risk_event_filter open_events = { .status = MLN_UNPROCESSED, .limit = 9 };
    pthread_t threads[WRITERS];
    struct writer writers[WRITERS];
    pid_t pids[WRITERS];
    struct mln_store *store = NULL;
    struct mln_err err;
    int64_t count = -1;
    int status = -1;

    (void)state;
    for (size_t i = 0; i < WRITERS; i++) {
        pids[i] = fork();
        if (pids[i] == 0) {
            (void)write_along(&writer);
            _exit(writer.failure != NULL);
        }
    }
    for (size_t i = 0; i < WRITERS; i++) {
        writers[i] = (struct writer){ .path = writer.path };
        assert_int_equal(pthread_create(&threads[i], NULL, write_along, &writers[i]), 0);
    }
    for (size_t i = 0; i < WRITERS; i++) {
        assert_int_equal(pthread_join(threads[i], NULL), 0);
        assert_null(writers[i].failure);
        assert_int_equal(waitpid(pids[i], &status, 0), pids[i]);
        assert_int_equal(status, 0);
    }
    OK(open_at(writer.path, MLN_STORE_READ, &store, &err), &err);
    OK(mln_store_risk_event_list(store, ACCOUNT, &open_events, &count, check_alarms, NULL, &err),
            &err);
    assert_int_equal(count, 1);
    mln_store_close(store);
    (void)workload_check(writer.path);
}

/* All of them at the same moment, many times: a race of two is seldom. */
static void many_processes_may_create_the_same_store(void **state)
{
    (void)state;
    for (int round = 0; round < CREATION_ROUNDS; round++) {
        const char *path = scratch_path("created.db");
        int fds[2], status = -1;
        pid_t pids[CREATORS];

        assert_int_equal(pipe(fds), 0);
        for (size_t i = 0; i < CREATORS; i++) {
            pids[i] = fork();
            if (pids[i] == 0) {
                struct mln_store *store = NULL;
                struct mln_err err = { 0 };
                char go;

                (void)close(fds[1]);
                (void)!read(fds[0], &go, 1); /* Until the parent closes its end. */
                demand(workload_open(path, NULL, &store, &err) == MLN_OK, "create", &err);
                _exit(0);
            }
        }
        (void)close(fds[0]);
        (void)close(fds[1]);
        for (size_t i = 0; i < CREATORS; i++) {
            assert_int_equal(waitpid(pids[i], &status, 0), pids[i]);
            assert_int_equal(status, 0);
        }
        scratch_drop(path);
    }
}

/* Every statement that answers a request finds its rows by an index: none walks a table. */
static void no_statement_walks_a_table_that_grows(void **state)
{
    static const struct {
        const char *name, *sql;
    } statements[] = {
#define X(name, sql) { #name, (sql) },
#include "store/sqlite/statements.def"
#undef X
    };
    static const char *const whole[] = { "SCAN account", "SCAN risk_rule", "SCAN k" };
    const char *path = small_store();
    sqlite3 *db = NULL;

    (void)state;
    assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
    for (size_t i = 0; i < MLN_LEN(statements); i++) {
        sqlite3_stmt *statement = NULL;
        char sql[4096];

        (void)snprintf(sql, sizeof(sql), "EXPLAIN QUERY PLAN %s", statements[i].sql);
        if (sqlite3_prepare_v2(db, sql, -1, &statement, NULL) != SQLITE_OK)
            fail_msg("%s: %s", statements[i].name, sqlite3_errmsg(db));
        while (sqlite3_step(statement) == SQLITE_ROW) {
            const char *detail = (const char *)sqlite3_column_text(statement, 3);
            bool allowed = strstr(detail, "SCAN") == NULL || strcmp(detail, "SCAN page") == 0 ||
                           strcmp(detail, "SCAN CONSTANT ROW") == 0;

            for (size_t at = 0; at < MLN_LEN(whole); at++)
                allowed = allowed || strncmp(detail, whole[at], strlen(whole[at])) == 0;
            if (!allowed)
                fail_msg("%s: %s", statements[i].name, detail);
        }
        (void)sqlite3_finalize(statement);
    }
    (void)sqlite3_close(db);
}

static void drops_expired_nonces_on_the_way(void **state)
{
    const char *path = scratch_path("nonces.db");
    struct mln_store *store = NULL;
    struct mln_err err;
    sqlite3_stmt *statement = NULL;
    sqlite3 *db = NULL;
    char nonce[16];

    (void)state;
    OK(workload_open(path, NULL, &store, &err), &err);
    OK(mln_store_begin(store, &err), &err);
    for (int i = 0; i < 300; i++) {
        (void)snprintf(nonce, sizeof(nonce), "n%d", i);
        OK(mln_store_nonce_add(store, MLN_STR("K"), mln_str_of(nonce), i, i + 10, &err), &err);
    }
    OK(mln_store_commit(store, &err), &err);
    mln_store_close(store);
    assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
    assert_int_equal(
            sqlite3_prepare_v2(db, "SELECT count(*) FROM nonce", -1, &statement, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_step(statement), SQLITE_ROW);
    assert_int_equal(sqlite3_column_int(statement, 0), 10);
    (void)sqlite3_finalize(statement);
    (void)sqlite3_close(db);
}

static void a_used_risk_id_never_comes_back_and_stays_below_2_53(void **state)
{
    const struct mln_alarm_fold alarm = { ACCOUNT, MLN_STR("RDS"), 1, 1, 1, 1 };
    const char *path = small_store();
    struct mln_store *store = NULL;
    struct mln_err err;
    int64_t risk_id = -9;

    (void)state;
    change(path, "PRAGMA foreign_keys = OFF; DELETE FROM risk_member; DELETE FROM risk_sample;"
                 "DELETE FROM handling; DELETE FROM risk_counter; DELETE FROM risk_event;"
                 "UPDATE sqlite_sequence SET seq = 9007199254740990 WHERE name = 'risk_event'");
    OK(open_at(path, MLN_STORE_WRITE, &store, &err), &err);
    OK(mln_store_risk_event_fold(store, &alarm, &risk_id, &err), &err);
    assert_true(risk_id == 9007199254740991);
    mln_store_close(store);
    change(path, "DELETE FROM risk_counter; DELETE FROM risk_event");
    OK(open_at(path, MLN_STORE_WRITE, &store, &err), &err);
    FAILS(mln_store_risk_event_fold(store, &alarm, &risk_id, &err), MLN_EINVAL, &err, "range");
    mln_store_close(store);
}

static void a_value_over_the_limit_is_too_big(void **state)
{
    const size_t len = (size_t)17 * 1024 * 1024;
    MLN_AUTO_FREE char *bytes = calloc(1, len);
    const char *path = small_store();
    struct mln_store *store = NULL;
    struct mln_err err;

    (void)state;
    assert_non_null(bytes);
    OK(open_at(path, MLN_STORE_WRITE, &store, &err), &err);
    FAILS(mln_store_window_put(
                  store, ACCOUNT, 1, MLN_STR("k"), (struct mln_str){ bytes, len }, &err),
            MLN_ETOOBIG, &err, "too long");
    mln_store_close(store);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_missing_file_is_not_found_unless_it_may_be_created),
        cmocka_unit_test(a_new_file_is_for_its_owner_only),
        cmocka_unit_test(refuses_what_is_no_store_and_leaves_it_alone),
        cmocka_unit_test(an_empty_file_is_only_good_for_creating),
        cmocka_unit_test(refuses_what_is_not_a_file),
        cmocka_unit_test(refuses_urls_without_showing_them),
        cmocka_unit_test(a_name_that_means_something_to_sqlite_is_a_file),
        cmocka_unit_test(a_newer_schema_is_refused_with_both_versions),
        cmocka_unit_test(an_older_store_is_brought_up_to_date_by_a_writer),
        cmocka_unit_test(results_of_an_older_store_do_not_say_what_was_read),
        cmocka_unit_test(a_damaged_file_is_said_to_be_damaged),
        cmocka_unit_test(a_file_that_is_gone_or_replaced_is_noticed),
        cmocka_unit_test(a_read_only_store_in_a_read_only_folder_can_be_read),
        cmocka_unit_test(processes_and_threads_create_and_write_at_once),
        cmocka_unit_test(many_processes_may_create_the_same_store),
        cmocka_unit_test(no_statement_walks_a_table_that_grows),
        cmocka_unit_test(drops_expired_nonces_on_the_way),
        cmocka_unit_test(a_used_risk_id_never_comes_back_and_stays_below_2_53),
        cmocka_unit_test(a_value_over_the_limit_is_too_big),
    };
    int failures;

    scratch_make();
    failures = cmocka_run_group_tests(tests, NULL, NULL);
    scratch_remove();
    return failures == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
