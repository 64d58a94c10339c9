#include <sqlite3.h>
#include <stdio.h>
#include <sys/stat.h>
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
    };

    return cmocka_run_group_tests(tests, NULL, forget);
}
