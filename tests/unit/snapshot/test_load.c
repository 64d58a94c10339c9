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

static void takes_one_element_without_an_array_as_xml_writes_it(void **state)
{
    static const struct {
        const char *answer, *rows;
    } cases[] = {
        { "{\"Buckets\":{\"Bucket\":{\"Name\":\"a\"}}}", "a;" },
        { "{\"Buckets\":{\"Bucket\":[]}}", "" },
        { "{\"Buckets\":{\"Bucket\":\"\"}}", "" },
        { "{\"Buckets\":{\"Bucket\":null}}", "" },
        { "{\"Buckets\":{}}", "" },
        { "{\"Buckets\":\"\"}", "" },
        { "{\"Buckets\":null}", "" },
        { "{\"Buckets\":{\"Bucket\":[{\"Name\":5}]}}", "5;" },
    };

    (void)state;
    for (size_t i = 0; i < MLN_LEN(cases); i++) {
        struct mln_snapshot *snapshot = in_memory();

        OK(load(snapshot, SAMPLE_LIST_BUCKETS, "", "", cases[i].answer), &err);
        EQ_QUERY(snapshot, "SELECT id FROM bucket", cases[i].rows);
        mln_snapshot_free(snapshot);
    }
}

static void refuses_an_answer_of_another_shape(void **state)
{
    static const struct {
        const char *answer, *part;
    } cases[] = {
        { "{}", "the answer has no 'Buckets'" },
        { "{\"Code\":\"x\"}", "the answer has no 'Buckets'" },
        { "[]", "not an object" },
        { "null", "not an object" },
        { "\"\"", "not an object" },
        { "{\"Buckets\":[]}", "'Buckets' of the answer is not an object" },
        { "{\"Buckets\":1}", "'Buckets' of the answer is not an object" },
        { "{\"Buckets\":{\"Bucket\":\"x\"}}", "not a list" },
        { "{\"Buckets\":{\"Bucket\":true}}", "not a list" },
        { "{\"Buckets\":{\"Bucket\":[1]}}", "not an object" },
        { "{\"Buckets\":{\"Bucket\":[null]}}", "not an object" },
        { "{\"Buckets\":{\"Bucket\":[{}]}}", "no id" },
        { "{\"Buckets\":{\"Bucket\":[{\"Name\":\"\"}]}}", "no id" },
        { "{\"Buckets\":{\"Bucket\":[{\"Name\":{}}]}}", "no id" },
    };

    (void)state;
    for (size_t i = 0; i < MLN_LEN(cases); i++) {
        struct mln_snapshot *snapshot = in_memory();

        FAILS(load(snapshot, SAMPLE_LIST_BUCKETS, "", "", cases[i].answer), MLN_EINVAL, &err,
                cases[i].part);
        EQ_QUERY(snapshot, "SELECT count(*) FROM bucket", "0;");
        mln_snapshot_free(snapshot);
    }
}

static void keeps_the_rows_nested_in_rows(void **state)
{
    struct mln_snapshot *snapshot = in_memory();

    (void)state;
    OK(load(snapshot, SAMPLE_LIST_HOSTS, "r1", "",
               "{\"Hosts\":[{\"Id\":\"h1\",\"Name\":\"one\",\"Disks\":["
               "{\"Id\":\"d1\",\"Size\":40,\"Tags\":{\"Tag\":[\"x\",\"y\"]}},"
               "{\"Id\":\"d2\",\"Tags\":{\"Tag\":\"z\"}}]},{\"Id\":\"h2\",\"Disks\":null},"
               "{\"Id\":\"h3\"}]}"),
            &err);
    EQ_QUERY(snapshot, "SELECT id, name, region FROM host", "h1|one|r1;h2|-|r1;h3|-|r1;");
    EQ_QUERY(snapshot, "SELECT id, region, parent, size, call FROM host_disk",
            "d1|r1|h1|40|1;d2|r1|h1|-|1;");
    EQ_QUERY(snapshot, "SELECT parent, word, raw FROM host_disk_tag",
            "d1|x|\"x\";d1|y|\"y\";d2|z|\"z\";");
    FAILS(load(snapshot, SAMPLE_LIST_HOSTS, "r2", "",
                  "{\"Hosts\":[{\"Id\":\"h4\",\"Disks\":{\"Id\":\"d4\"}},{\"Id\":\"h5\",\"Disks\":3}]}"),
            MLN_EINVAL, &err, "'host_disk'");
    EQ_QUERY(snapshot, "SELECT count(*) FROM host", "3;");
    mln_snapshot_free(snapshot);
}

static void has_one_row_per_call_in_a_single_table(void **state)
{
    struct mln_snapshot *snapshot = in_memory();

    (void)state;
    OK(load(snapshot, SAMPLE_GET_INFO, "r1", "a",
               "{\"Info\":{\"Public\":\"TRUE\",\"Owner\":{\"Id\":12}}}"),
            &err);
    OK(load(snapshot, SAMPLE_GET_INFO, "r1", "b", "{\"Info\":\"\"}"), &err);
    OK(load(snapshot, SAMPLE_GET_INFO, "r1", "c", "{\"Info\":null}"), &err);
    FAILS(load(snapshot, SAMPLE_GET_INFO, "r1", "d", "{\"Other\":1}"), MLN_EINVAL, &err, "'Info'");
    FAILS(load(snapshot, SAMPLE_GET_INFO, "r1", "d", "{\"Info\":[{}]}"), MLN_EINVAL, &err,
            "object");
    FAILS(load(snapshot, SAMPLE_GET_INFO, "r1", "d", "{\"Info\":7}"), MLN_EINVAL, &err, "object");
    EQ_QUERY(snapshot, "SELECT id, region, parent, answer, is_public, owner, raw FROM bucket_info",
            "a|r1|a|ok|1|12|{\"Public\":\"TRUE\",\"Owner\":{\"Id\":12}};b|r1|b|ok|-|-|-;"
            "c|r1|c|ok|-|-|-;");
    mln_snapshot_free(snapshot);
}

static void keeps_how_a_call_ended_in_place_of_an_answer(void **state)
{
    const struct mln_row_place place = {
        .call_row = 9, .region = MLN_STR("r1"), .parent = MLN_STR("a")
    };
    struct mln_snapshot *snapshot = in_memory();

    (void)state;
    /* Values of an earlier row must not show through. */
    OK(load(snapshot, SAMPLE_GET_INFO, "r1", "z", "{\"Info\":{\"Public\":true}}"), &err);
    OK(mln_snapshot_add_outcome(snapshot, sample_schema()->calls[SAMPLE_GET_INFO].rows, &place,
               MLN_OUTCOME_ABSENT, MLN_STR("NoSuchInfo"), &err),
            &err);
    EQ_QUERY(snapshot,
            "SELECT id, name, region, parent, answer, answer_code, call, is_public, owner, raw "
            "FROM bucket_info WHERE id = 'a'",
            "a|-|r1|a|absent|NoSuchInfo|9|-|-|-;");
    mln_snapshot_free(snapshot);
}

static void converts_each_type_or_stores_null(void **state)
{
    static const struct {
        const char *value, *row; /* cpu (int), is_on (bool), load (real), tags (json) */
    } cases[] = {
        { "7", "7|-|7.0|7;" },
        { "1", "1|1|1.0|1;" },
        { "\"42\"", "42|-|-|\"42\";" },
        { "\"-3\"", "-3|-|-|\"-3\";" },
        { "\"4 2\"", "-|-|-|\"4 2\";" },
        { "\"0\"", "0|0|-|\"0\";" },
        { "\"\"", "-|-|-|\"\";" },
        { "\"true\"", "-|1|-|\"true\";" },
        { "\"FALSE\"", "-|0|-|\"FALSE\";" },
        { "\"yes\"", "-|-|-|\"yes\";" },
        { "true", "-|1|-|true;" },
        { "1.5", "-|-|1.5|1.5;" },
        { "9223372036854775807",
                "9223372036854775807|-|9.22337203685478e+18|9223372036854775807;" },
        { "18446744073709551615", "-|-|1.84467440737096e+19|18446744073709551615;" },
        { "\"9223372036854775808\"", "-|-|-|\"9223372036854775808\";" },
        { "null", "-|-|-|-;" },
        { "[1, {\"a\": \"\\u0000\"}]", "-|-|-|[1,{\"a\":\"\\u0000\"}];" },
    };

    (void)state;
    for (size_t i = 0; i < MLN_LEN(cases); i++) {
        MLN_AUTO(mln_buf_free) struct mln_buf answer = MLN_BUF_INIT(4096);
        struct mln_snapshot *snapshot = in_memory();

        mln_buf_addf(&answer,
                "{\"Hosts\":[{\"Id\":\"h\",\"Cpu\":%s,\"On\":%s,\"Load\":%s,\"Tags\":%s}]}",
                cases[i].value, cases[i].value, cases[i].value, cases[i].value);
        OK(load(snapshot, SAMPLE_LIST_HOSTS, "", "", mln_buf_str(&answer).ptr), &err);
        EQ_QUERY(snapshot, "SELECT cpu, is_on, load, tags FROM host", cases[i].row);
        mln_snapshot_free(snapshot);
    }
}

static void stores_text_that_functions_see_whole(void **state)
{
    struct mln_snapshot *snapshot = in_memory();

    (void)state;
    OK(load(snapshot, SAMPLE_LIST_NOTES, "", "",
               "{\"Notes\":[\"a\\u0000b\",\"\xe4\xb8\xad\",7,2.50,true,null,{\"x\":1},\"\"]}"),
            &err);
    EQ_QUERY(snapshot, "SELECT text, length(text) FROM note",
            "a\xef\xbf\xbd"
            "b|3;\xe4\xb8\xad|1;7|1;2.5|3;true|4;-|-;-|-;|0;");
    EQ_QUERY(snapshot, "SELECT raw FROM note WHERE rowid = 1", "\"a\\u0000b\";");
    mln_snapshot_free(snapshot);
}

static void replaces_a_row_of_the_same_id_region_and_parent(void **state)
{
    struct mln_snapshot *snapshot = in_memory();

    (void)state;
    OK(load(snapshot, SAMPLE_LIST_HOSTS, "r1", "",
               "{\"Hosts\":[{\"Id\":\"h1\",\"Cpu\":1,\"Disks\":[{\"Id\":\"d1\",\"Tags\":{\"Tag\":[\"old\"]}}]},"
               "{\"Id\":\"h2\",\"Cpu\":2,\"Disks\":[{\"Id\":\"d2\"}]},"
               "{\"Id\":\"h1\",\"Cpu\":3,\"Disks\":[{\"Id\":\"d3\",\"Tags\":{\"Tag\":[\"new\"]}}]}]}"),
            &err);
    OK(load(snapshot, SAMPLE_LIST_HOSTS, "r2", "", "{\"Hosts\":[{\"Id\":\"h1\",\"Cpu\":4}]}"),
            &err);
    EQ_QUERY(snapshot, "SELECT id, region, cpu FROM host ORDER BY id, region",
            "h1|r1|3;h1|r2|4;h2|r1|2;");
    EQ_QUERY(snapshot, "SELECT id, parent FROM host_disk ORDER BY id", "d2|h2;d3|h1;");
    EQ_QUERY(snapshot, "SELECT word FROM host_disk_tag", "new;");

    OK(load(snapshot, SAMPLE_LIST_GROUPS, "r1", "a",
               "{\"Groups\":[{\"Name\":\"default\",\"Cidr\":\"10.0.0.0/8\"}]}"),
            &err);
    OK(load(snapshot, SAMPLE_LIST_GROUPS, "r1", "b",
               "{\"Groups\":[{\"Name\":\"default\",\"Cidr\":\"0.0.0.0/0\"}]}"),
            &err);
    EQ_QUERY(snapshot, "SELECT id, parent, cidr FROM \"group\"",
            "default|a|10.0.0.0/8;default|b|0.0.0.0/0;");
    mln_snapshot_free(snapshot);
}

static void drops_the_rows_of_an_attempt_that_broke_off(void **state)
{
    struct mln_snapshot *snapshot = in_memory();

    (void)state;
    OK(load(snapshot, SAMPLE_LIST_HOSTS, "r1", "",
               "{\"Hosts\":[{\"Id\":\"h1\",\"Disks\":[{\"Id\":\"d1\",\"Tags\":{\"Tag\":[\"a\"]}}]}]}"),
            &err);
    OK(load(snapshot, SAMPLE_LIST_HOSTS, "r2", "", "{\"Hosts\":[{\"Id\":\"h2\"}]}"), &err);
    OK(mln_snapshot_call_done(snapshot, MLN_STR("ecs:Hosts"), &err), &err);
    OK(load(snapshot, SAMPLE_LIST_HOSTS, "r1", "",
               "{\"Hosts\":[{\"Id\":\"h3\",\"Disks\":[{\"Id\":\"d3\"}]}]}"),
            &err);
    EQ_QUERY(snapshot, "SELECT id, call FROM host ORDER BY id", "h2|2;h3|1;");
    EQ_QUERY(snapshot, "SELECT id FROM host_disk", "d3;");
    EQ_QUERY(snapshot, "SELECT count(*) FROM host_disk_tag", "0;");
    EQ_QUERY(snapshot, "SELECT count(*) FROM collect_call", "2;");
    EQ_QUERY(snapshot, "SELECT count(*) FROM plan_call WHERE done", "0;");
    mln_snapshot_free(snapshot);
}

static void drops_a_resource_with_what_hangs_on_it(void **state)
{
    const struct mln_schema *schema = sample_schema();
    struct mln_snapshot *snapshot = in_memory();

    (void)state;
    OK(load(snapshot, SAMPLE_LIST_BUCKETS, "", "",
               "{\"Buckets\":{\"Bucket\":[{\"Name\":\"a\",\"Region\":\"r1\"},{\"Name\":\"a\",\"Region\":\"r2\"},"
               "{\"Name\":\"b\",\"Region\":\"r1\"}]}}"),
            &err);
    OK(load(snapshot, SAMPLE_GET_INFO, "r1", "a", "{\"Info\":{}}"), &err);
    OK(load(snapshot, SAMPLE_GET_INFO, "r2", "a", "{\"Info\":{}}"), &err);
    OK(load(snapshot, SAMPLE_LIST_GROUPS, "r1", "a", "{\"Groups\":[{\"Name\":\"g\"}]}"), &err);
    OK(load(snapshot, SAMPLE_LIST_GROUPS, "r1", "b", "{\"Groups\":[{\"Name\":\"g\"}]}"), &err);
    OK(load(snapshot, SAMPLE_LIST_HOSTS, "r1", "",
               "{\"Hosts\":[{\"Id\":\"h1\",\"Disks\":[{\"Id\":\"d1\",\"Tags\":{\"Tag\":[\"t\"]}}]}]}"),
            &err);
    OK(mln_snapshot_drop(
               snapshot, &schema->tables[SAMPLE_BUCKET], MLN_STR("r1"), MLN_STR("a"), &err),
            &err);
    EQ_QUERY(snapshot, "SELECT id, region FROM bucket", "a|r2;b|r1;");
    EQ_QUERY(snapshot, "SELECT parent, region FROM bucket_info", "a|r2;");
    EQ_QUERY(snapshot, "SELECT id, parent FROM \"group\"", "g|b;");
    OK(mln_snapshot_drop(
               snapshot, &schema->tables[SAMPLE_HOST], MLN_STR("r1"), MLN_STR("h1"), &err),
            &err);
    EQ_QUERY(snapshot,
            "SELECT (SELECT count(*) FROM host), (SELECT count(*) FROM host_disk), "
            "(SELECT count(*) FROM host_disk_tag)",
            "0|0|0;");
    OK(mln_snapshot_drop(
               snapshot, &schema->tables[SAMPLE_HOST], MLN_STR("r1"), MLN_STR("h1"), &err),
            &err);
    mln_snapshot_free(snapshot);
}

static void refuses_a_row_over_its_limit(void **state)
{
    MLN_AUTO(mln_buf_free) struct mln_buf answer = MLN_BUF_INIT(2 * MLN_SNAPSHOT_RAW_MAX);
    struct mln_snapshot *snapshot = in_memory();

    (void)state;
    mln_buf_add_cstr(&answer, "{\"Hosts\":[{\"Id\":\"small\"},{\"Id\":\"h\",\"X\":\"");
    for (size_t i = 0; i < MLN_SNAPSHOT_RAW_MAX; i++)
        mln_buf_add_char(&answer, 'x');
    mln_buf_add_cstr(&answer, "\"}]}");
    FAILS(load(snapshot, SAMPLE_LIST_HOSTS, "r1", "", mln_buf_str(&answer).ptr), MLN_ETOOBIG, &err,
            "call 'ecs:Hosts': a row of 'host'");
    EQ_QUERY(snapshot, "SELECT count(*) FROM host", "0;");
    OK(load(snapshot, SAMPLE_LIST_HOSTS, "r1", "", "{\"Hosts\":[{\"Id\":\"h\"}]}"), &err);
    EQ_QUERY(snapshot, "SELECT id FROM host", "h;");
    mln_snapshot_free(snapshot);
}

static void records_calls_and_what_the_plan_knew(void **state)
{
    const struct mln_call_record record = {
        .call = MLN_STR("s3:Info"),
        .region = MLN_STR("r"),
        .key = MLN_STR("k"),
        .outcome = MLN_OUTCOME_DENIED,
        .http_status = 403,
        .code = MLN_STR("AccessDenied"),
        .message = MLN_STR("no"),
        .request_id = MLN_STR("R"),
        .items = 1,
        .pages = 2,
        .total = 3,
        .started_ms = 4,
        .finished_ms = 5,
    };
    struct mln_snapshot *snapshot = in_memory();
    int64_t row = -7;

    (void)state;
    OK(mln_snapshot_call_begin(snapshot, &record, &row, &err), &err);
    EQ_QUERY(snapshot, "SELECT * FROM collect_call", "1|s3:Info|r|k|running|0||||0|0|-1|4|0;");
    OK(mln_snapshot_call_end(snapshot, row, &record, &err), &err);
    EQ_QUERY(snapshot, "SELECT * FROM collect_call",
            "1|s3:Info|r|k|denied|403|AccessDenied|no|R|1|2|3|4|5;");
    FAILS(mln_snapshot_call_end(snapshot, 99, &record, &err), MLN_ENOTFOUND, &err, "never begun");
    FAILS(mln_snapshot_call_done(snapshot, MLN_STR("no:Such"), &err), MLN_EINVAL, &err, "no:Such");
    EQ_QUERY(snapshot, "SELECT * FROM plan_call",
            "s3:List|account|s3:List||[]|0;s3:Info|row|s3:GetInfo|bucket|[\"s3:List\"]|0;"
            "s3:Groups|row|s3:Groups|bucket|[\"s3:List\",\"s3:Info\"]|0;"
            "ecs:Hosts|region|ecs:Hosts||[]|0;ecs:Notes|account|||[]|0;");
    EQ_QUERY(snapshot, "SELECT table_name FROM plan_table WHERE call = 'ecs:Hosts'",
            "host;host_disk;host_disk_tag;");
    EQ_QUERY(snapshot, "SELECT column_name, type FROM plan_column WHERE table_name = 'host'",
            "cpu|int;is_on|bool;load|real;tags|json;");
    mln_snapshot_free(snapshot);
}

/* Text that is JSON by construction and a plan's answer by chance. */
static void random_json(struct mln_buf *out, unsigned *seed, int depth)
{
    static const char *const names[] = { "Buckets", "Bucket", "Hosts", "Id", "Name", "Disks",
        "Tags", "Tag", "Cpu", "Acl", "Notes", "Info" };
    static const char *const leaves[] = { "null", "true", "0", "-1", "1e300", "\"\"", "\"a\"",
        "\"\\u0000\"", "\"12\"", "18446744073709551615", "[]", "{}" };
    int kind = rand_r(seed) % (depth > 0 ? 4 : 2), count = rand_r(seed) % 4;

    if (kind < 2 && depth < 5) {
        mln_buf_add_cstr(out, leaves[(unsigned)rand_r(seed) % MLN_LEN(leaves)]);
        return;
    }
    mln_buf_add_char(out, kind == 2 ? '[' : '{');
    for (int i = 0; i < count; i++) {
        if (i > 0)
            mln_buf_add_char(out, ',');
        if (kind != 2)
            mln_buf_addf(out, "\"%s\":", names[(unsigned)rand_r(seed) % MLN_LEN(names)]);
        random_json(out, seed, depth - 1);
    }
    mln_buf_add_char(out, kind == 2 ? ']' : '}');
}

static void takes_or_refuses_any_answer(void **state)
{
    struct mln_snapshot *snapshot = in_memory();
    unsigned seed = 20261122;
    int taken = 0, refused = 0;

    (void)state;
    for (int i = 0; i < 20000; i++) {
        static const char *const around[] = { "{\"Buckets\":{\"Bucket\":%s}}", "{\"Info\":%s}",
            "{\"Groups\":%s}", "{\"Hosts\":[{\"Id\":1,\"Disks\":%s}]}", "{\"Notes\":%s}" };
        MLN_AUTO(mln_buf_free) struct mln_buf part = MLN_BUF_INIT(1 << 20);
        MLN_AUTO(mln_buf_free) struct mln_buf answer = MLN_BUF_INIT(1 << 20);
        const char *form = i % 2 == 0 ? "%s" : around[i % SAMPLE_CALLS];
        const char *at = strstr(form, "%s");

        random_json(&part, &seed, 5);
        mln_buf_add(&answer, (struct mln_str){ .ptr = form, .len = (size_t)(at - form) });
        mln_buf_add(&answer, mln_buf_str(&part));
        mln_buf_add_cstr(&answer, at + 2);
        if (load(snapshot, (size_t)(i % SAMPLE_CALLS), "r", i % 3 == 0 ? "k" : "",
                    mln_buf_str(&answer).ptr) == MLN_OK)
            taken++;
        else if (err.code == MLN_EINVAL)
            refused++;
        else
            fail_msg("%s: %s", mln_buf_str(&answer).ptr, err.msg);
    }
    assert_true(taken > 500 && refused > 500);
    EQ_QUERY(snapshot, "PRAGMA integrity_check", "ok;");
    /* No row hangs in the air. */
    EQ_QUERY(snapshot,
            "SELECT count(*) FROM host_disk d WHERE NOT EXISTS (SELECT 1 FROM host h WHERE "
            "h.id = d.parent AND h.region = d.region AND h.call = d.call)",
            "0;");
    mln_snapshot_free(snapshot);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(turns_a_list_into_rows),
        cmocka_unit_test(takes_one_element_without_an_array_as_xml_writes_it),
        cmocka_unit_test(refuses_an_answer_of_another_shape),
        cmocka_unit_test(keeps_the_rows_nested_in_rows),
        cmocka_unit_test(has_one_row_per_call_in_a_single_table),
        cmocka_unit_test(keeps_how_a_call_ended_in_place_of_an_answer),
        cmocka_unit_test(converts_each_type_or_stores_null),
        cmocka_unit_test(stores_text_that_functions_see_whole),
        cmocka_unit_test(replaces_a_row_of_the_same_id_region_and_parent),
        cmocka_unit_test(drops_the_rows_of_an_attempt_that_broke_off),
        cmocka_unit_test(drops_a_resource_with_what_hangs_on_it),
        cmocka_unit_test(refuses_a_row_over_its_limit),
        cmocka_unit_test(records_calls_and_what_the_plan_knew),
        cmocka_unit_test(takes_or_refuses_any_answer),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
