/*
 * Every change of a file that the store makes is failed in turn. Afterwards the file must open, be
 * sound, hold each batch whose commit succeeded, and hold no other batch in part; a batch whose
 * commit failed may be there as a whole. Going on from there must end where an undisturbed run
 * ends.
 */
#include <signal.h>
#include <stdio.h>
#include <sys/wait.h>
#include <time.h>

#include "fault_vfs.h"
#include "scratch.h"
#include "workload.h"

enum {
    FAULT_BATCHES = 3,
    KILL_BATCHES = 150,
    KILLS = 20,
    CHANGES_MAX = 5000,
};

/* Digests after 0, 1, ... batches of an undisturbed run. */
static uint64_t reference[KILL_BATCHES + 1];

static void make_reference(void)
{
    const char *path = scratch_path("reference.db");
    struct mln_store *store = NULL;
    struct mln_err err;

    OK(workload_open(path, FAULT_VFS, &store, &err), &err);
    for (int64_t i = 0; i <= KILL_BATCHES; i++) {
        reference[i] = workload_check(path);
        if (i < KILL_BATCHES)
            OK(workload_batch(store, i, &err), &err);
    }
    mln_store_close(store);
}

/* The state equals that of whole batches: `least` of them, or one more when a commit was in doubt.
 */
static void check_state(const char *path, const char *vfs, int64_t least, const char *what)
{
    struct mln_store *store = NULL;
    struct mln_err err;
    int64_t done;
    int rc = workload_open(path, vfs, &store, &err);

    if (rc != MLN_OK)
        fail_msg("%s: does not open again: %s", what, err.msg);
    done = workload_done(store);
    mln_store_close(store);
    if (done < least || done > least + 1)
        fail_msg("%s: %lld batches, %lld were committed", what, (long long)done, (long long)least);
    if (workload_check(path) != reference[done])
        fail_msg("%s: not the state after %lld batches", what, (long long)done);
}

/* Closing and opening in between brings checkpoints among the changes. Gives how many were
 * committed. */
static int64_t run_batches(const char *path, bool retry, struct mln_err *err)
{
    struct mln_store *store = NULL;
    int64_t committed = 0;
    int rc = workload_open(path, FAULT_VFS, &store, err);

    if (rc != MLN_OK && retry)
        rc = workload_open(path, FAULT_VFS, &store, err);
    if (rc != MLN_OK)
        return 0;
    while (rc == MLN_OK && committed < FAULT_BATCHES) {
        rc = workload_batch(store, committed, err);
        if (rc != MLN_OK && retry) {
            retry = false;
            committed = workload_done(store);
            rc = MLN_OK;
            continue;
        }
        committed += rc == MLN_OK;
        if (rc == MLN_OK && committed == FAULT_BATCHES / 2) {
            mln_store_close(store);
            store = NULL;
            rc = workload_open(path, FAULT_VFS, &store, err);
        }
        if (rc != MLN_OK && store == NULL && retry)
            rc = workload_open(path, FAULT_VFS, &store, err);
    }
    mln_store_close(store);
    return committed;
}

static void finish(const char *path, const char *what)
{
    struct mln_store *store = NULL;
    struct mln_err err;

    OK(workload_open(path, FAULT_VFS, &store, &err), &err);
    for (int64_t i = workload_done(store); i < FAULT_BATCHES; i++)
        OK(workload_batch(store, i, &err), &err);
    mln_store_close(store);
    if (workload_check(path) != reference[FAULT_BATCHES])
        fail_msg("%s: going on ends elsewhere", what);
}

/* False when the plan's change never came. */
static bool one_fault(struct fault_plan plan)
{
    const char *path = scratch_path("fault.db");
    struct mln_err err = { 0 };
    int64_t committed;
    char what[96];
    bool struck;

    (void)snprintf(what, sizeof(what), "fault %d at change %d%s", (int)plan.kind, plan.nth,
            plan.sticky ? " and all later ones" : "");
    fault_vfs_plan(plan);
    committed = run_batches(path, false, &err);
    struck = fault_vfs_struck();
    if (plan.kind == FAULT_POWER)
        fault_vfs_lose_unsynced((unsigned)plan.nth);
    fault_vfs_plan((struct fault_plan){ .kind = FAULT_NONE });
    /* The default VFS syncs for real: once over all changes is enough. */
    check_state(path, plan.kind == FAULT_FAIL && !plan.sticky ? NULL : FAULT_VFS, committed, what);
    finish(path, what);
    scratch_drop(path);
    return struck;
}

static void every_change(enum fault_kind kind, bool sticky)
{
    struct fault_plan plan = { .kind = kind, .nth = 1, .sticky = sticky };

    while (one_fault(plan)) {
        plan.nth++;
        assert_true(plan.nth < CHANGES_MAX);
    }
    assert_true(plan.nth > 100);
}

static void survives_one_failed_change(void **state)
{
    (void)state;
    every_change(FAULT_FAIL, false);
}

static void survives_a_disk_that_stays_away(void **state)
{
    (void)state;
    every_change(FAULT_FAIL, true);
}

static void survives_a_torn_write(void **state)
{
    (void)state;
    every_change(FAULT_TEAR, false);
}

static void survives_a_full_disk(void **state)
{
    (void)state;
    every_change(FAULT_FULL, true);
}

static void survives_a_power_cut(void **state)
{
    (void)state;
    every_change(FAULT_POWER, true);
}

static void goes_on_with_the_same_connection_after_one_failure(void **state)
{
    const char *path;
    struct mln_err err;
    bool struck = true;

    (void)state;
    for (int nth = 1; struck; nth++) {
        path = scratch_path("retry.db");
        fault_vfs_plan((struct fault_plan){ .kind = FAULT_FAIL, .nth = nth });
        if (run_batches(path, true, &err) != FAULT_BATCHES)
            fail_msg("change %d: %s", nth, err.msg);
        struck = fault_vfs_struck();
        fault_vfs_plan((struct fault_plan){ .kind = FAULT_NONE });
        if (workload_check(path) != reference[FAULT_BATCHES])
            fail_msg("change %d: ends elsewhere", nth);
        scratch_drop(path);
    }
}

static void names_the_file_when_the_disk_is_full(void **state)
{
    const char *path = scratch_path("full.db");
    struct mln_store *store = NULL;
    struct mln_err err;

    (void)state;
    OK(workload_open(path, FAULT_VFS, &store, &err), &err);
    fault_vfs_plan((struct fault_plan){ .kind = FAULT_FULL, .nth = 1, .sticky = true });
    FAILS(workload_batch(store, 0, &err), MLN_EIO, &err, "disk is full");
    assert_non_null(strstr(err.msg, path));
    fault_vfs_plan((struct fault_plan){ .kind = FAULT_NONE });
    OK(workload_batch(store, 0, &err), &err);
    mln_store_close(store);
}

/* Writes batches for ever and says after each commit how many there are. */
static void child(const char *path, int pipe_fd)
{
    struct mln_store *store = NULL;
    struct mln_err err;
    int64_t done;

    if (workload_open(path, NULL, &store, &err) != MLN_OK ||
            mln_store_epoch_get(store, MLN_STR("1234567890123456"), &done, &err) != MLN_OK)
        _exit(1);
    while (done < KILL_BATCHES) {
        if (workload_batch(store, done, &err) != MLN_OK)
            _exit(1);
        done++;
        if (write(pipe_fd, &done, sizeof(done)) != sizeof(done))
            _exit(1);
    }
    _exit(0);
}

/* Gives how many batches the child had reported. */
static int64_t kill_once(const char *path, int64_t done, long delay_us)
{
    const struct timespec delay = { .tv_nsec = delay_us * 1000 };
    int64_t told;
    int fds[2];
    pid_t pid;

    assert_int_equal(pipe(fds), 0);
    pid = fork();
    assert_true(pid >= 0);
    if (pid == 0)
        child(path, fds[1]);
    (void)close(fds[1]);
    (void)nanosleep(&delay, NULL);
    (void)kill(pid, SIGKILL);
    assert_int_equal(waitpid(pid, NULL, 0), pid);
    while (read(fds[0], &told, sizeof(told)) == sizeof(told))
        done = told;
    (void)close(fds[0]);
    return done;
}

static void survives_kills_of_the_writer(void **state)
{
    const char *path = scratch_path("killed.db");
    unsigned seed = 20240607;
    struct mln_store *store = NULL;
    struct mln_err err;
    int64_t done = 0;

    (void)state;
    for (int i = 0; i < KILLS; i++) {
        seed = seed * 1103515245u + 12345u;
        done = kill_once(path, done, (long)(seed >> 16) % 60000 + 1000);
        check_state(path, NULL, done, "kill");
        OK(workload_open(path, NULL, &store, &err), &err);
        done = workload_done(store);
        mln_store_close(store);
    }
    assert_true(done > 0);
}

static int group_setup(void **state)
{
    (void)state;
    make_reference();
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(survives_one_failed_change),
        cmocka_unit_test(survives_a_disk_that_stays_away),
        cmocka_unit_test(survives_a_torn_write),
        cmocka_unit_test(survives_a_full_disk),
        cmocka_unit_test(survives_a_power_cut),
        cmocka_unit_test(goes_on_with_the_same_connection_after_one_failure),
        cmocka_unit_test(names_the_file_when_the_disk_is_full),
        cmocka_unit_test(survives_kills_of_the_writer),
    };
    int failures;

    scratch_make();
    fault_vfs_register();
    failures = cmocka_run_group_tests(tests, group_setup, NULL);
    scratch_remove();
    return failures == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
