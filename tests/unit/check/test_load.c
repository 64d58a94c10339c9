/* A check file is taken whole or refused with its file and line. */
#include "fixture.h"

#define SCOPE "scope: oss_bucket\n"
#define QUERY                                                            \
    "query: |\n"                                                         \
    "  select b.id, b.region, b.name,\n"                                 \
    "    case when b.size > 1 then 'pass' else 'fail' end as verdict,\n" \
    "    null as reason, null as evidence\n"                             \
    "  from oss_bucket b\n"
#define GOOD HEAD SCOPE QUERY TESTS

static void refuses(const char *text, const char *message)
{
    struct mln_checks *checks = NULL;
    struct mln_err err = { 0 };

    FAILS(load_text(text, &checks, &err), MLN_EINVAL, &err, message);
    assert_null(checks);
}

/* The good file with one part in place of another. */
static void refuses_with(const char *from, const char *to, const char *message)
{
    MLN_AUTO(mln_buf_free) struct mln_buf text = MLN_BUF_INIT(65536);
    const char *at = strstr(GOOD, from);

    assert_non_null(at);
    mln_buf_add(&text, (struct mln_str){ GOOD, (size_t)(at - GOOD) });
    mln_buf_add_cstr(&text, to);
    mln_buf_add_cstr(&text, at + strlen(from));
    assert_int_equal(text.code, MLN_OK);
    refuses(text.ptr, message);
}

static void a_check_is_read_with_all_its_parts(void **state)
{
    struct mln_checks *checks = NULL;
    const struct mln_check *check;
    struct mln_err err = { 0 };

    (void)state;
    OK(load_text(HEAD
               "mappings: { CIS 2.0: [\"5.1\", '5.2'], MLPS: 8.1.4.2 }\n"
               "notes: for readers\n"
               "stands: [fail, not_applicable]\n"
               "params:\n"
               "  - { name: days, default: 30, en: Days, zh: 天数 }\n"
               "  - { name: names, default: [a, 1, true, 0.5, '2'], en: Names, zh: 名称 }\n" SCOPE
               "query: select b.id, b.region, b.name, 'pass' as verdict, :names as reason, "
               "null as evidence from oss_bucket b where :days > 0\n"
               "tests:\n" PASS_TEST FAIL_TEST
               "  - { name: u, unread: [{ call: 'oss:ListBuckets' }], expect: { b1: unknown } }\n",
               &checks, &err),
            &err);
    assert_int_equal(mln_checks_count(checks), 1);
    check = mln_checks_find(checks, 100001);
    assert_ptr_equal(check, mln_checks_at(checks, 0));
    assert_null(mln_checks_at(checks, 1));
    assert_null(mln_checks_find(checks, 100002));
    EQ_STR(check->name, "Test_Check");
    EQ_STR(check->title[MLN_CHECK_ZH], "测试");
    assert_int_equal(check->group, 4);
    assert_int_equal(check->level, 3);
    EQ_STR(check->texts[MLN_TEXT_SUGGESTION][MLN_CHECK_EN], "s");
    EQ_STR(check->texts[MLN_TEXT_INFLUENCE][MLN_CHECK_ZH], "二");
    EQ_STR(check->texts[MLN_TEXT_HELP_RESOURCE][MLN_CHECK_ZH], "https://e.x/");
    EQ_STR(check->grid_key, "BucketName");
    assert_int_equal(check->mapping_count, 3);
    EQ_STR(check->mappings[1].standard, "CIS 2.0");
    EQ_STR(check->mappings[1].clause, "5.2");
    EQ_STR(check->mappings[2].clause, "8.1.4.2");
    assert_int_equal(check->stands, 1U << MLN_FAIL | 1U << MLN_NOT_APPLICABLE);
    assert_int_equal(check->param_count, 2);
    assert_int_equal(check->params[0].kind, MLN_PARAM_INT);
    EQ_STR(check->params[1].value, "[\"a\",1,true,0.5,\"2\"]");
    assert_int_equal(check->test_count, 3);
    assert_false(check->built_in);
    assert_true(check->enabled);
    mln_checks_free(checks);
}

static void what_a_file_lacks_or_misspells_is_refused(void **state)
{
    static const char *const rows[][3] = {
        { "name: Test_Check\n", "", "'name' is missing" },
        { "Test_Check", "Test-Check", "c.yaml:2:7: 'name' is a code name" },
        { "group: data", "group: date", "c.yaml:4:8: 'group' is one of identity, network" },
        { "level: high", "level: critical", "'level' is one of low, medium, high" },
        { "service: OSS", "service: a b", "'service' is a word" },
        { "level: high", "level: high\nlevels: high", "unknown key 'levels'" },
        { "en: A test,", "", "'en' is missing" },
        { "zh: 测试", "zh: test", "'zh' is Chinese and has no Chinese character" },
        { "best_practice: b", "best_practice: 是", "'best_practice' is English and has a Chinese" },
        { "influence: 二", "influence: two", "'influence' is Chinese and has no Chinese" },
        { "suggestion: s,", "", "'suggestion' is missing" },
        { "'https://e.x/'", "'http://e.x/'", "'help_resource' is a https:// link" },
        { "id: 100001", "id: 12", "none of the built-in ones" },
        { "id: 100001", "id: 0", "'id' must be between" },
        { FAIL_TEST, "", "no test expects fail" },
        { PASS_TEST, "", "no test expects pass" },
        { "expect: { b1: fail }", "expect: { b1: failed }", "an expected verdict is" },
        { "expect: { b1: fail }", "expect: { b1: { verdict: fail, why: x } }",
                "an expectation is a verdict" },
        { "level: high", "level: high\nstands: [unknown]", "'stands' names verdicts" },
        { "level: high", "level: high\nstands: fail", "a check with 'stands' needs a test" },
        { "'fail' end", "'not_applicable' end", "no test expects not_applicable" },
        { "scope: oss_bucket", "scope: nowhere",
                "c.yaml:11: scope: the scope 'nowhere' is no table" },
        { "scope: oss_bucket", "scope: select id from oss_bucket",
                "gives 1 columns, not 2: id region" },
        { "scope: oss_bucket", "scope: select id, region from oss_bucket where date('now') > ''",
                "c.yaml:11: scope: 'now' is refused" },
        { "scope: oss_bucket", "scope: select id, ifnull(region, '') as region from oss_bucket",
                "c.yaml:11: scope: ifnull() is refused" },
        { "level: high", "level: high\nparams: [{ name: days, default: 1, en: e, zh: z }]",
                "parameter 'days' is used neither" },
        { "level: high", "level: high\nparams: [{ name: now, default: 1, en: e, zh: z }]",
                "neither now nor account" },
        { "level: high", "level: high\nparams: [{ name: d, default: { from: x }, en: e, zh: z }]",
                "no shared value 'x'" },
        { "level: high", "level: high\nparams: [{ name: d, default: null, en: e, zh: z }]",
                "a value is a number" },
    };

    (void)state;
    for (size_t i = 0; i < MLN_LEN(rows); i++)
        refuses_with(rows[i][0], rows[i][1], rows[i][2]);
}

/* The query's first line is line 13 of the file. */
static void a_mistake_in_a_query_is_found_in_its_line(void **state)
{
    static const char *const rows[][3] = {
        { "b.size > 1", "b.sizes > 1", "c.yaml:14: query: no such column: b.sizes" },
        { "from oss_bucket b", "from oss_buckets b",
                "c.yaml:16: query: no such table: oss_buckets" },
        { "null as reason", "coalesce(b.name, '') as reason",
                "c.yaml:15: query: coalesce() is refused" },
        { "null as reason", "nul as reason", "c.yaml:15: query: no such column: nul" },
        { "null as reason", "null reasons", "column 5 is 'reasons', not 'reason'" },
        { "null as reason", ":when as reason", "c.yaml:15: query: :when is no parameter" },
        { "as verdict,", "verdict,,", "c.yaml:14: query: near \",\": syntax error" },
        { "  from oss_bucket b\n", "  from oss_bucket b, sqlite_schema s\n",
                "c.yaml:16: query: it reads sqlite_" },
        { "  from oss_bucket b\n", "  from oss_bucket b; delete from oss_bucket\n",
                "c.yaml:16: query: there is more than one statement" },
        { "  select b.id", "  delete from oss_bucket; select b.id",
                "c.yaml:13: query: it may only read" },
        { "null as reason", "load_extension('x') as reason",
                "c.yaml:15: query: load_extension() is refused" },
    };

    (void)state;
    for (size_t i = 0; i < MLN_LEN(rows); i++)
        refuses_with(rows[i][0], rows[i][1], rows[i][2]);
}

/* ---- several files ---- */
static int load_two(const char *first, bool first_built_in, const char *second,
        const char *parameters, struct mln_checks **out, struct mln_err *err)
{
    struct mln_check_file files[] = { { "one.yaml", mln_str_of(first), first_built_in },
        { "two.yaml", mln_str_of(second), false } };
    struct mln_check_file values[] = {
        { "a/parameters.yaml", MLN_STR("shared: { ports: ['tcp/22', 'udp/53'], limit: 5 }\n"),
                true },
        { "b/parameters.yaml", mln_str_of(parameters), false },
    };
    struct mln_checks_source source = { files, second != NULL ? 2 : 1, values,
        parameters != NULL ? 2 : 1, &schema };

    return mln_checks_load(&source, out, err);
}

static char *with_id(const char *id)
{
    char *text = strdup(GOOD);

    memcpy(strstr(text, "100001"), id, 6);
    return text;
}

static void a_users_file_stands_in_for_a_built_in_one(void **state)
{
    MLN_AUTO_FREE char *built_in = with_id("000012"), *mine = with_id("000012");
    struct mln_checks *checks = NULL;
    struct mln_err err = { 0 };

    (void)state;
    OK(load_two(built_in, true, mine, NULL, &checks, &err), &err);
    assert_int_equal(mln_checks_count(checks), 1);
    assert_true(mln_checks_at(checks, 0)->replaced);
    assert_false(mln_checks_at(checks, 0)->built_in);
    assert_string_equal(mln_checks_at(checks, 0)->file, "two.yaml");
    mln_checks_free(checks);
    checks = NULL;
    FAILS(load_two(GOOD, false, GOOD, NULL, &checks, &err), MLN_EINVAL, &err,
            "two.yaml:1:5: check id 100001 is that of 'one.yaml', too");
    FAILS(load_two(GOOD, true, NULL, NULL, &checks, &err), MLN_EINVAL, &err, "belong to users");
    assert_null(checks);
}

#define PARAMS                                                      \
    "params:\n"                                                     \
    "  - { name: limit, default: { from: limit }, en: e, zh: z }\n" \
    "  - { name: ports, default: { from: ports }, en: e, zh: z }\n" \
    "  - { name: share, default: 0.5, en: e, zh: z }\n"             \
    "  - { name: word, default: x, en: e, zh: z }\n"
#define PARAM_QUERY                                                                             \
    "query: select b.id, b.region, b.name, 'pass' as verdict, :ports || :word as reason, null " \
    "as evidence from oss_bucket b where :limit > 0 and :share > 0\n"

static void parameter_files_change_values_and_not_kinds(void **state)
{
    static const char text[] = HEAD PARAMS SCOPE PARAM_QUERY TESTS;
    static const char *const rows[][2] = {
        { "checks: { 100001: { limits: 1 } }",
                "b/parameters.yaml:1:21: check 100001 has no parameter" },
        { "checks: { 100002: { limit: 1 } }",
                "b/parameters.yaml:1:11: there is no check '100002'" },
        { "checks: { x: { limit: 1 } }", "there is no check 'x'" },
        { "checks:\n  100001:\n    limit: '1'",
                "b/parameters.yaml:3:12: 'limit' of check 100001 is a whole number" },
        { "checks: { 100001: { limit: true } }", "is a whole number" },
        { "checks: { 100001: { ports: a } }", "'ports' of check 100001 is a list" },
        { "checks: { 100001: { word: [a] } }", "'word' of check 100001 is a text" },
        { "checks: { 100001: [a] }", "a map of parameters" },
        { "shared: { limit: [1] }", "the shared value 'limit' is a whole number" },
        { "other: 1", "unknown key 'other'" },
        { "shared: [a]", "'shared' is a map" },
    };
    struct mln_checks *checks = NULL;
    struct mln_err err = { 0 };

    (void)state;
    OK(load_two(text, false, NULL,
               "shared: { limit: 7 }\nchecks: { 100001: { ports: ['a/1'], share: 2 } }", &checks,
               &err),
            &err);
    EQ_STR(mln_checks_at(checks, 0)->params[0].value, "7");
    EQ_STR(mln_checks_at(checks, 0)->params[1].value, "[\"a/1\"]");
    EQ_STR(mln_checks_at(checks, 0)->params[1].initial, "[\"tcp/22\",\"udp/53\"]");
    EQ_STR(mln_checks_at(checks, 0)->params[2].value, "2");
    EQ_STR(mln_checks_at(checks, 0)->params[3].value, "x");
    mln_checks_free(checks);
    checks = NULL;
    for (size_t i = 0; i < MLN_LEN(rows); i++)
        FAILS(load_two(text, false, NULL, rows[i][0], &checks, &err), MLN_EINVAL, &err, rows[i][1]);
    assert_null(checks);
}

static void odd_files_are_refused(void **state)
{
    (void)state;
    refuses("", "a check file is one document");
    refuses("---\na: 1\n---\nb: 1\n", "a check file is one document");
    refuses("[1]", "a map of keys is expected");
    refuses("id: [", "c.yaml:");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_check_is_read_with_all_its_parts),
        cmocka_unit_test(what_a_file_lacks_or_misspells_is_refused),
        cmocka_unit_test(a_mistake_in_a_query_is_found_in_its_line),
        cmocka_unit_test(a_users_file_stands_in_for_a_built_in_one),
        cmocka_unit_test(parameter_files_change_values_and_not_kinds),
        cmocka_unit_test(odd_files_are_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
