/* Reading plans: what is understood, and that every mistake is found where it stands. */
#include <stdio.h>

#include "collect/plan.h"
#include "snapshot/snapshot.h"
#include "test.h"
#include "wire/json.h"

#define HEAD                                                                                  \
    "product: ecs\ncode: Ecs\nversion: \"1\"\nstyle: rpc\nreach: account\nram: ecs\n" /* 6 */ \
    "regions: ecs_region\nsites: [cn-hangzhou, ap-southeast-1]\n"                     /* 8 */
#define REGIONS                                                                                  \
    "calls:\n  - action: DescribeRegions\n    table: ecs_region\n    list: Regions.Region\n    " \
    "id: RegionId\n" /* 13 */
#define INSTANCES                                                                                     \
    "  - action: DescribeInstances\n    reach: regions\n    request: { RegionId: \"{region}\" }\n"    \
    "    table: ecs_instance\n    list: Instances.Instance\n    id: InstanceId\n    columns:\n      " \
    "vpc: Vpc.Id text\n" /* 21 */
#define BASE HEAD REGIONS INSTANCES
#define ROA \
    "product: ecs\ncode: Ecs\nversion: \"1\"\nstyle: roa\nreach: account\nram: ecs\n" /* 6 */

static int load(const char *text, struct mln_plan **plan, struct mln_err *err)
{
    const struct mln_plan_file file = { .name = "ecs.yaml", .text = mln_str_of(text) };

    return mln_plan_load(&file, 1, plan, err);
}

static size_t call_named(const struct mln_plan *plan, const char *id)
{
    for (size_t i = 0; i < mln_plan_call_count(plan); i++)
        if (strcmp(mln_plan_call(plan, i).id, id) == 0)
            return i;
    fail_msg("no call %s", id);
    return 0;
}

static bool depends_on(const struct mln_plan *plan, const char *id, const char *other)
{
    const struct mln_schema_call *call = &mln_plan_schema(plan)->calls[call_named(plan, id)];

    for (size_t i = 0; i < call->depend_count; i++)
        if (call->depends[i] == call_named(plan, other))
            return true;
    return false;
}

static void reads_calls_tables_and_columns(void **state)
{
    struct mln_plan *plan = NULL;
    const struct mln_schema *schema;
    const struct mln_table *table;
    struct mln_plan_call call;
    struct mln_err err;

    (void)state;
    OK(load(BASE, &plan, &err), &err);
    schema = mln_plan_schema(plan);
    assert_int_equal(mln_plan_call_count(plan), 2);
    assert_int_equal(schema->table_count, 3); /* and `account` */
    call = mln_plan_call(plan, 1);
    assert_string_equal(call.id, "ecs:DescribeInstances");
    assert_string_equal(call.ram_action, "ecs:DescribeInstances");
    assert_string_equal(call.product, "ecs");
    assert_string_equal(call.code, "Ecs");
    assert_string_equal(call.table, "ecs_instance");
    assert_string_equal(call.paging, "");
    assert_int_equal(call.scope, MLN_SCOPE_REGION);
    table = mln_schema_table(schema, MLN_STR("ecs_instance"));
    assert_non_null(table);
    assert_true(table->is_unique && !table->single);
    assert_int_equal(table->column_count, 1);
    assert_string_equal(table->columns[0].name, "vpc");
    assert_int_equal(schema->calls[1].rows->columns[0].path.count, 2);
    assert_ptr_equal(&schema->tables[schema->calls[1].rows->table], table);
    assert_true(mln_schema_table(schema, MLN_STR("account"))->single);
    assert_true(depends_on(plan, "ecs:DescribeInstances", "ecs:DescribeRegions"));
    assert_int_equal(strlen(schema->hash), 64);
    mln_plan_free(plan);
}

/* A mistake, appended to a sound plan, and where it is found. */
static const struct refusal {
    const char *text, *message;
} refusals[] = {
    { BASE "  - action: DeleteInstance\n", "ecs.yaml:22:13: an action must read" },
    { BASE "  - action: Describe\n", "ecs.yaml:22:13: an action must read" },
    { BASE "  - action: Getaway\n", "ecs.yaml:22:13: an action must read" },
    { BASE "  - action: GenerateCredentialReports\n", "ecs.yaml:22:13: an action must read" },
    { BASE "  - action: \"Get;Rm\"\n", "ecs.yaml:22:13: an action" },
    { BASE "  - action: ListA\n    colour: red\n", "ecs.yaml:23:5: unknown key 'colour'" },
    { BASE "  - reach: account\n", "ecs.yaml:22:5: 'action' is missing" },
    { BASE "  - action: DescribeInstances\n", "ecs.yaml:22:5: there is a call "
                                              "'ecs:DescribeInstances' already" },
    { BASE "  - action: ListA\n    call: ecs:DescribeInstances\n",
            "ecs.yaml:23:11: there is a call" },
    { BASE "  - action: ListA\n    call: oss:A\n", "ecs.yaml:23:11: the id of a call" },
    { BASE "  - action: ListA\n    table: ecs_instance\n    list: A\n    id: B\n",
            "ecs.yaml:23:12: the table 'ecs_instance' has other columns in ecs.yaml:17" },
    { BASE "  - action: ListA\n    table: ecs_instance\n    list: A\n    id: B\n    columns:\n"
           "      vpc: A int\n",
            "the column 'vpc' is not that of the table" },
    { BASE "  - action: ListA\n    table: ecs_instance\n    list: A\n    columns:\n"
           "      vpc: A text\n",
            "ecs.yaml:23:12: the table 'ecs_instance' has one row per call" },
    { BASE "  - action: ListA\n    table: ecs_a\n    list: A..B\n", "ecs.yaml:24:11: a path is" },
    { BASE "  - action: ListA\n    table: ecs_a\n    list: A[0].B\n", "ecs.yaml:24:11: a path is" },
    { BASE "  - action: ListA\n    table: ecs_a\n    list: a.b.c.d.e.f.g.h.i\n",
            "ecs.yaml:24:11: a path has at most 8" },
    { BASE "  - action: ListA\n    table: ecs_a\n    columns:\n      a: B\n",
            "ecs.yaml:25:10: a column is" },
    { BASE "  - action: ListA\n    table: ecs_a\n    columns:\n      a: B float\n",
            "ecs.yaml:25:10: a column is" },
    { BASE "  - action: ListA\n    table: ecs_a\n    columns:\n      raw: B text\n",
            "ecs.yaml:25:7: a column's name" },
    { BASE "  - action: ListA\n    table: meta\n", "ecs.yaml:23:12: a table's name" },
    { BASE "  - action: ListA\n    table: Ecs\n", "ecs.yaml:23:12: a table's name" },
    { BASE "  - action: ListA\n    list: B\n", "ecs.yaml:22:5: the call says what its rows are" },
    { BASE "  - action: ListA\n    table: ecs_a\n    list: B\n    item: C\n",
            "ecs.yaml:25:11: rows have 'list' or 'item'" },
    { BASE "  - action: ListA\n    reach: world\n", "ecs.yaml:23:12: 'reach' is" },
    { BASE "  - action: ListA\n    reach: regions\n    regions: ecs_zone\n",
            "ecs.yaml:24:14: no call fills the table of regions 'ecs_zone'" },
    { BASE "  - action: ListA\n    reach: regions\n    regions: ecs_instance\n",
            "ecs.yaml:24:14: the table of regions 'ecs_instance' is not" },
    { BASE "  - action: ListA\n    for_each: ecs_zone\n",
            "ecs.yaml:23:15: no call fills a table 'ecs_zone'" },
    { BASE "  - action: ListA\n    for_each: select id as key from ecs_instance\n",
            "ecs.yaml:23:15: the query gives no column 'region'" },
    { BASE "  - action: ListA\n    for_each: select id, region from ecs_instance\n",
            "ecs.yaml:23:15: the query gives no column 'key'" },
    { BASE "  - action: ListA\n    for_each: select id as key, region from ecs_zone\n",
            "ecs.yaml:23:15: the query of 'for_each': no such table" },
    { BASE "  - action: ListA\n    for_each: select from\n", "ecs.yaml:23:15: the query of" },
    { BASE "  - action: ListA\n    for_each: delete from ecs_instance\n",
            "ecs.yaml:23:15: the query of 'for_each'" },
    { BASE "  - action: ListA\n    for_each: drop table ecs_instance\n",
            "ecs.yaml:23:15: the query of 'for_each'" },
    { BASE "  - action: ListA\n    for_each: pragma table_list\n", "ecs.yaml:23:15: the query of" },
    { BASE "  - action: ListA\n    for_each: select name as key, '' as region from sqlite_schema\n",
            "ecs.yaml:23:15: the query of 'for_each'" },
    { BASE "  - action: ListA\n    for_each: select value as key, '' as region from meta\n",
            "ecs.yaml:23:15: the query of 'for_each': it reads 'meta'" },
    { BASE "  - action: ListA\n    for_each: select load_extension('x') as key, region from "
           "ecs_instance\n",
            "ecs.yaml:23:15: the query of 'for_each'" },
    { BASE "  - action: ListA\n    for_each: >-\n      with recursive r(n) as (select 1 union all "
           "select n + 1 from r) select n as key, region from r, ecs_instance\n",
            "the query of 'for_each': it does more than read" },
    { BASE "  - action: ListA\n    for_each: select id as key, region from ecs_instance; select 1\n",
            "ecs.yaml:23:15: 'for_each' is one query" },
    { BASE "  - action: ListA\n    for_each: select :x as key, region from ecs_instance\n",
            "ecs.yaml:23:15: the query of 'for_each' has no parameters" },
    { BASE "  - action: ListA\n    for_each: select 'a' as key, 'b' as region\n",
            "ecs.yaml:23:15: the query of 'for_each' reads no table" },
    { BASE "  - action: ListA\n    for_each: ecs_instance\n    reach: account\n",
            "ecs.yaml:24:12: a call has 'reach' or 'for_each'" },
    { BASE "  - action: ListA\n    for_each: ecs_a\n    table: ecs_a\n    list: A\n    id: B\n",
            "ecs.yaml:23:15: 'ecs:ListA' waits for a call that waits for it" },
    { BASE "  - action: ListA\n    for_each: ecs_b\n    table: ecs_a\n    list: A\n    id: B\n"
           "  - action: ListB\n    for_each: ecs_a\n    table: ecs_b\n    list: A\n    id: B\n",
            "ecs.yaml:23:15: 'ecs:ListA' waits for a call that waits for it" },
    { BASE "  - action: ListA\n    request: { A: \"{key}\" }\n",
            "ecs.yaml:23:19: there is no {key}" },
    { BASE "  - action: ListA\n    request: { A: \"{region}\" }\n",
            "ecs.yaml:23:19: there is no {region}" },
    { BASE "  - action: ListA\n    for_each: ecs_instance\n    request: { A: \"x{vpc}\" }\n",
            "ecs.yaml:24:19: there is no {vpc}" },
    { BASE "  - action: ListA\n    batch: 10\n", "ecs.yaml:23:12: 'batch' needs 'for_each'" },
    { BASE "  - action: ListA\n    for_each: ecs_instance\n    batch: 10\n",
            "ecs.yaml:22:5: a call for many keys needs {keys}" },
    { BASE "  - action: ListA\n    for_each: ecs_instance\n    batch: 0\n",
            "ecs.yaml:24:12: 'batch'" },
    { BASE "  - action: ListA\n    variants: { A: [x], B: [y] }\n", "ecs.yaml:23:15: 'variants'" },
    { BASE "  - action: ListA\n    variants: { A: [x, x] }\n", "ecs.yaml:23:24: this variant" },
    { BASE "  - action: ListA\n    variants: { A: [x] }\n    request: { A: y }\n",
            "ecs.yaml:23:15: the parameter of 'variants'" },
    { BASE "  - action: ListA\n    page: { by: letter }\n", "ecs.yaml:23:17: 'by' is number" },
    { BASE "  - action: ListA\n    page: { by: number, number: N }\n", "ecs.yaml:23:11: pages by" },
    { BASE "  - action: ListA\n    page: { by: token, token: N }\n", "ecs.yaml:23:11: pages by" },
    { BASE "  - action: ListA\n    page: { by: number, number: N, total: T, size: S }\n",
            "ecs.yaml:23:11: 'size'" },
    { BASE "  - action: ListA\n    request: { N: 1 }\n    page: { by: number, number: N, total: T }\n",
            "ecs.yaml:24:33: the parameter of 'number'" },
    { BASE "  - action: ListA\n    errors: { Abc: fine }\n",
            "ecs.yaml:23:20: an error code means" },
    { BASE "  - action: ListA\n    errors: { Abc: ok }\n", "ecs.yaml:23:20: an error code means" },
    { BASE "  - action: ListA\n    errors: { \"*\": absent }\n",
            "ecs.yaml:23:15: an error code is" },
    { BASE "  - action: ListA\n    decode: zip\n    table: ecs_a\n    item: A\n",
            "ecs.yaml:23:13: 'decode' is" },
    { BASE "  - action: ListA\n    decode: base64_csv\n    table: ecs_a\n",
            "ecs.yaml:23:13: 'decode'" },
    { BASE "  - action: ListA\n    decode: base64_csv\n    mask: [A]\n    table: ecs_a\n    item: A\n",
            "ecs.yaml:24:11: 'mask'" },
    { BASE "  - action: ListA\n    ram: \"ecs:*\"\n", "ecs.yaml:23:10: 'ram' is" },
    { BASE "  - action: ListA\n    table: ecs_a\n    rows: [{ table: ecs_b }]\n",
            "ecs.yaml:24:12: 'list' is missing" },
    { BASE "  - action: GetA\n    table: account\n", "ecs.yaml:23:12: the table 'account' is" },
    { BASE "  - action: GetA\n    reach: sites\n    table: account\n    id: A\n",
            "ecs.yaml:24:12: the table 'account' is" },
    { BASE "  - action: ListA\n    limit: 10\n", "ecs.yaml:23:12: a number of calls is like" },
    { BASE "  - action: ListA\n    limit: 0/s\n", "ecs.yaml:23:12: a number of calls" },
    { BASE "  - action: ListA\n    limit: -1/s\n", "ecs.yaml:23:12: a number of calls" },
    { BASE "  - action: ListA\n    limit: 100001/s\n", "ecs.yaml:23:12: a number of calls" },
    { BASE "  - action: ListA\n    rate: 1.5/s\n", "ecs.yaml:23:11: a number of calls" },
    { BASE "  - action: ListA\n    rate: 10/h\n", "ecs.yaml:23:11: a number of calls" },
    { BASE "  - action: ListA\n    rate: 10/s/s\n", "ecs.yaml:23:11: a number of calls" },
    { BASE "  - action: ListA\n    rate: [10/s]\n", "ecs.yaml:23:11: a number of calls" },
    { BASE "  - action: ListA\n    rate: 10/s\n    limit: 10/s\n",
            "ecs.yaml:23:11: 'limit' (documented) or 'rate'" },
    { BASE "  - action: ListA\n    method: PUT\n", "ecs.yaml:23:13: 'method' is GET" },
    { BASE "  - action: ListA\n    path: /a\n", "ecs.yaml:23:11: only calls of style roa" },
    { ROA "calls:\n  - action: ListA\n", "ecs.yaml:8:5: a call of style roa needs 'path'" },
    { ROA "calls:\n  - action: ListA\n    path: a/b\n", "ecs.yaml:9:11: a path is like" },
    { ROA "calls:\n  - action: ListA\n    path: /a?b=c\n", "ecs.yaml:9:11: a path is like" },
    { ROA "calls:\n  - action: ListA\n    path: /a/../b\n", "ecs.yaml:9:11: a path is like" },
    { ROA "calls:\n  - action: ListA\n    path: /a/{key}\n", "ecs.yaml:9:11: there is no {key}" },
    { ROA "calls:\n  - action: ListA\n    path: /a\n    method: GET\n",
            "ecs.yaml:10:13: 'method' is GET" },
    { BASE "  - action: ListA\n    host: example.com\n", "ecs.yaml:23:11: a host is like" },
    { BASE "  - action: ListA\n    host: \"{region}.aliyuncs.com/a\"\n",
            "ecs.yaml:23:11: a host is like" },
    { BASE "  - action: ListA\n    host: \"{a}\"\n", "ecs.yaml:23:11: there is no {a}" },
    { BASE "  - action: ListA\n    for_each: ecs_instance\n    batch: 2\n    host: \"{keys}\"\n"
           "    request: { A: \"{keys}\" }\n",
            "ecs.yaml:25:11: there is no {keys}" },
    { HEAD "host: \"{vpc}\"\n" REGIONS INSTANCES "  - action: ListA\n    for_each: ecs_instance\n",
            "ecs.yaml:9:7: there is no {vpc}" },
    { HEAD "calls: []\n", "ecs.yaml:9:8: 'calls' is a list" },
    { HEAD "style: soap\n" REGIONS, "ecs.yaml" },
    { "product: Ecs\n", "ecs.yaml:1:10: 'product' must be a name" },
    { "a: [", "ecs.yaml:" },
    { "", "ecs.yaml:1:1: a file holds one product" },
    { "- a\n", "ecs.yaml:1:1: a file holds one product" },
};

static char poison;

static void finds_every_mistake_where_it_stands(void **state)
{
    (void)state;
    for (size_t i = 0; i < MLN_LEN(refusals); i++) {
        struct mln_plan *plan = (struct mln_plan *)(void *)&poison;
        struct mln_err err = { 0 };
        int rc = load(refusals[i].text, &plan, &err);

        if (rc != MLN_EINVAL || strstr(err.msg, refusals[i].message) == NULL)
            fail_msg("row %zu: got %d \"%s\", want \"%s\"", i, rc, err.msg, refusals[i].message);
        assert_ptr_equal(plan, &poison);
    }
}

static void knows_whose_ids_the_keys_are(void **state)
{
    static const struct {
        const char *for_each, *parent;
    } rows[] = {
        { "ecs_instance", "ecs_instance" },
        { "select id as key, region from ecs_instance where vpc is not null;", "ecs_instance" },
        { "select i.id as key, r.region from ecs_instance i join ecs_region r on r.id = i.region",
                "ecs_instance" },
        { "select distinct vpc as key, region from ecs_instance", NULL },
        { "select lower(id) as key, region from ecs_instance", NULL },
        { "select key, region from collect_call where outcome = 'denied'", NULL },
        { "select j.value as key, i.region from ecs_instance i, json_each(i.vpc) j", NULL },
        { "select id as key, region from ecs_instance -- all of them", "ecs_instance" },
    };

    (void)state;
    for (size_t i = 0; i < MLN_LEN(rows); i++) {
        char text[2048];
        struct mln_plan *plan = NULL;
        struct mln_err err;
        const char *parent;

        (void)snprintf(text, sizeof(text), "%s  - action: ListA\n    for_each: \"%s\"\n", BASE,
                rows[i].for_each);
        OK(load(text, &plan, &err), &err);
        parent = mln_plan_schema(plan)->calls[2].parent;
        if ((parent == NULL) != (rows[i].parent == NULL) ||
                (parent != NULL && strcmp(parent, rows[i].parent) != 0))
            fail_msg("%s: %s", rows[i].for_each, parent != NULL ? parent : "NULL");
        mln_plan_free(plan);
    }
}

static void a_fallback_waits_for_all_calls_above_it(void **state)
{
    static const char text[] = BASE
            "  - action: ListA\n    for_each: select key, region from collect_call where call = 'x'\n"
            "  - action: ListB\n";
    struct mln_plan *plan = NULL;
    struct mln_err err;

    (void)state;
    OK(load(text, &plan, &err), &err);
    assert_true(depends_on(plan, "ecs:ListA", "ecs:DescribeInstances"));
    assert_true(depends_on(plan, "ecs:ListA", "ecs:DescribeRegions"));
    assert_false(depends_on(plan, "ecs:ListA", "ecs:ListB"));
    mln_plan_free(plan);
}

static void a_call_waits_for_all_that_fill_the_table_it_reads(void **state)
{
    static const char text[] = BASE
            "  - action: ListA\n    call: ecs:ListMore\n    table: ecs_instance\n    list: A\n"
            "    id: B\n    columns:\n      vpc: =none\n"
            "  - action: ListC\n    table: ecs_c\n    list: C\n    rows: [{ table: ecs_d, list: D, id: "
            "E }]\n"
            "  - action: ListB\n    for_each: ecs_instance\n"
            "  - action: ListD\n    for_each: ecs_d\n";
    struct mln_plan *plan = NULL;
    struct mln_err err;

    (void)state;
    OK(load(text, &plan, &err), &err);
    assert_true(depends_on(plan, "ecs:ListB", "ecs:DescribeInstances"));
    assert_true(depends_on(plan, "ecs:ListB", "ecs:ListMore"));
    assert_false(depends_on(plan, "ecs:ListB", "ecs:ListC"));
    assert_true(depends_on(plan, "ecs:ListD", "ecs:ListC"));
    mln_plan_free(plan);
}

static void an_id_with_a_colon_names_the_call(void **state)
{
    static const char text[] = BASE
            "  - action: DescribeInstances\n    id: ecs:Stopped\n    request: { Status: Stopped }\n";
    struct mln_plan *plan = NULL;
    struct mln_err err;

    (void)state;
    OK(load(text, &plan, &err), &err);
    assert_string_equal(mln_plan_call(plan, 2).id, "ecs:Stopped");
    assert_string_equal(mln_plan_call(plan, 2).action, "DescribeInstances");
    mln_plan_free(plan);
}

static void a_later_file_replaces_the_product(void **state)
{
    const struct mln_plan_file files[] = {
        { "a.yaml", mln_str_of(BASE) },
        { "b.yaml", mln_str_of("product: ecs\ncode: E\nversion: \"2\"\nstyle: rpc\nreach: account\n"
                               "ram: ecs\ncalls: [{ action: ListA }]\n") },
    };
    struct mln_plan *plan = NULL;
    struct mln_err err;

    (void)state;
    OK(mln_plan_load(files, 2, &plan, &err), &err);
    assert_int_equal(mln_plan_call_count(plan), 1);
    assert_string_equal(mln_plan_call(plan, 0).version, "2");
    mln_plan_free(plan);
}

static void the_policy_allows_what_is_called_once_and_nothing_else(void **state)
{
    static const char text[] = BASE
            "  - action: ListB\n    ram: \"a:ListB\"\n"
            "  - action: GetNone\n    ram: none\n"
            "  - action: ListB\n    call: ecs:Again\n    ram: \"a:ListB\"\n";
    MLN_AUTO(mln_buf_free) struct mln_buf out = MLN_BUF_INIT(4096);
    struct mln_plan *plan = NULL;
    struct mln_err err;

    (void)state;
    OK(load(text, &plan, &err), &err);
    mln_plan_policy(plan, &out);
    EQ_STR(mln_buf_str(&out),
            "{\"Version\":\"1\",\"Statement\":[{\"Effect\":\"Allow\",\"Action\":[\"a:ListB\","
            "\"ecs:DescribeInstances\",\"ecs:DescribeRegions\"],\"Resource\":\"*\"}]}");
    mln_plan_free(plan);
}

static void the_hash_follows_every_change_of_meaning(void **state)
{
    static const char *const texts[] = {
        BASE,
        BASE "      vpc2: A text\n",
        HEAD REGIONS,
        BASE "    errors: { Abc: gone }\n",
        BASE "    page: { by: number, number: A, total: B }\n",
        BASE "    variants: { A: [x] }\n",
        BASE "  - action: ListA\n    request: { a: b }\n",
        BASE "  - action: ListA\n    request: { a: c }\n",
        BASE "  - action: ListA\n    for_each: ecs_instance\n",
    };
    char seen[MLN_LEN(texts)][65];

    (void)state;
    for (size_t i = 0; i < MLN_LEN(texts); i++) {
        struct mln_plan *plan = NULL;
        struct mln_err err;

        OK(load(texts[i], &plan, &err), &err);
        memcpy(seen[i], mln_plan_schema(plan)->hash, sizeof(seen[i]));
        mln_plan_free(plan);
        OK(load(texts[i], &plan, &err), &err);
        assert_string_equal(seen[i], mln_plan_schema(plan)->hash);
        mln_plan_free(plan);
        for (size_t j = 0; j < i; j++)
            assert_string_not_equal(seen[i], seen[j]);
    }
}

static double rate_of(const struct mln_plan *plan, const char *id)
{
    return mln_plan_call(plan, call_named(plan, id)).rate;
}

static void nine_tenths_of_a_documented_limit_are_used(void **state)
{
    static const char text[] = HEAD "limit: 20/s\n" REGIONS "  - action: ListA\n    limit: 30/min\n"
                                    "  - action: ListB\n    rate: 100/s\n";
    struct mln_plan *plan = NULL;
    struct mln_plan_call call;
    struct mln_err err;

    (void)state;
    OK(load(text, &plan, &err), &err);
    call = mln_plan_call(plan, 0);
    assert_float_equal(call.rate, 18.0, 1e-9);
    assert_true(call.rate_is_documented);
    assert_string_equal(call.limit, "20/s");
    assert_float_equal(rate_of(plan, "ecs:ListA"), 0.45, 1e-9);
    call = mln_plan_call(plan, call_named(plan, "ecs:ListB"));
    assert_float_equal(call.rate, 100.0, 1e-9);
    assert_false(call.rate_is_documented);
    assert_string_equal(call.limit, "");
    mln_plan_free(plan);
    OK(load(BASE, &plan, &err), &err);
    assert_float_equal(rate_of(plan, "ecs:DescribeRegions"), 5.0, 1e-9);
    assert_false(mln_plan_call(plan, 0).rate_is_documented);
    mln_plan_free(plan);
}

static void a_call_is_a_post_unless_it_says_otherwise(void **state)
{
    static const char rpc[] = BASE "  - action: ListA\n    method: GET\n";
    static const char roa[] = ROA "calls:\n  - action: ListA\n    path: /a/b\n";
    struct mln_plan *plan = NULL;
    struct mln_err err;

    (void)state;
    OK(load(rpc, &plan, &err), &err);
    assert_string_equal(mln_plan_call(plan, 0).method, "POST");
    assert_string_equal(mln_plan_call(plan, 0).path, "");
    assert_string_equal(mln_plan_call(plan, call_named(plan, "ecs:ListA")).method, "GET");
    mln_plan_free(plan);
    OK(load(roa, &plan, &err), &err);
    assert_string_equal(mln_plan_call(plan, 0).method, "GET");
    assert_string_equal(mln_plan_call(plan, 0).path, "/a/b");
    mln_plan_free(plan);
}

static void how_a_call_is_sent_is_not_what_it_asks(void **state)
{
    static const char *const texts[] = {
        BASE "  - action: ListA\n    for_each: select id as key, region, vpc from ecs_instance\n",
        BASE "  - action: ListA\n    for_each: select id as key, region, vpc from ecs_instance\n"
             "    limit: 3/s\n",
        BASE "  - action: ListA\n    for_each: select id as key, region, vpc from ecs_instance\n"
             "    rate: 3/s\n    method: GET\n",
        BASE "  - action: ListA\n    for_each: select id as key, region, vpc from ecs_instance\n"
             "    host: \"{vpc}\"\n",
    };
    char first[65];

    (void)state;
    for (size_t i = 0; i < MLN_LEN(texts); i++) {
        struct mln_plan *plan = NULL;
        struct mln_err err;

        OK(load(texts[i], &plan, &err), &err);
        if (i == 0)
            memcpy(first, mln_plan_schema(plan)->hash, sizeof(first));
        assert_string_equal(first, mln_plan_schema(plan)->hash);
        mln_plan_free(plan);
    }
}

static void an_empty_plan_still_has_the_account(void **state)
{
    struct mln_plan *plan = NULL;
    struct mln_err err;

    (void)state;
    OK(mln_plan_load(NULL, 0, &plan, &err), &err);
    assert_int_equal(mln_plan_call_count(plan), 0);
    assert_non_null(mln_schema_table(mln_plan_schema(plan), MLN_STR("account")));
    mln_plan_free(plan);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_calls_tables_and_columns),
        cmocka_unit_test(finds_every_mistake_where_it_stands),
        cmocka_unit_test(knows_whose_ids_the_keys_are),
        cmocka_unit_test(a_fallback_waits_for_all_calls_above_it),
        cmocka_unit_test(a_call_waits_for_all_that_fill_the_table_it_reads),
        cmocka_unit_test(an_id_with_a_colon_names_the_call),
        cmocka_unit_test(a_later_file_replaces_the_product),
        cmocka_unit_test(the_policy_allows_what_is_called_once_and_nothing_else),
        cmocka_unit_test(the_hash_follows_every_change_of_meaning),
        cmocka_unit_test(nine_tenths_of_a_documented_limit_are_used),
        cmocka_unit_test(a_call_is_a_post_unless_it_says_otherwise),
        cmocka_unit_test(how_a_call_is_sent_is_not_what_it_asks),
        cmocka_unit_test(an_empty_plan_still_has_the_account),
    };

    return cmocka_run_group_tests_name("collect_plan", tests, NULL, NULL);
}
