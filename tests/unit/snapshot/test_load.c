#include "sample.h"

static struct mln_err err;

static struct mln_snapshot *in_memory(void)
{
    struct mln_snapshot *snapshot = NULL;

    OK(mln_snapshot_create(NULL, sample_schema(), &snapshot, &err), &err);
    return snapshot;
}

static int load(struct mln_snapshot *snapshot, size_t call, const char *region, const char *key,
        const char *answer)
{
    return sample_load(snapshot, sample_schema(), call, region, key, answer, &err);
}

static void turns_a_list_into_rows(void **state)
{
    struct mln_snapshot *snapshot = in_memory();

    (void)state;
    OK(load(snapshot, SAMPLE_LIST_BUCKETS, "", "",
               "{\"Buckets\":{\"Bucket\":[{\"Name\":\"a\",\"Region\":\"r1\",\"Acl\":{\"Grant\":\"private\"}},"
               "{\"Name\":\"b\",\"Created\":7}]}}"),
            &err);
    EQ_QUERY(snapshot,
            "SELECT id, name, region, parent, answer, answer_code, call, acl, created, kind, raw FROM bucket",
            "a|a|r1||ok||1|private|-|oss|{\"Name\":\"a\",\"Region\":\"r1\",\"Acl\":{\"Grant\":\"private\"}};"
            "b|b|||ok||1|-|7|oss|{\"Name\":\"b\",\"Created\":7};");
    EQ_QUERY(snapshot, "SELECT * FROM collect_call", "1|s3:List|||ok|200||||2|0|-1|1|2;");
    mln_snapshot_free(snapshot);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(turns_a_list_into_rows),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
