/* The rule language: what compiles, what is refused and where, and what matches. */
#include "detect/rules.h"
#include "one_rule.h"

static struct mln_sql_skeleton skeleton = {
    .text = { "select a from t where b = '?'", 29 },
    .literals = { { "Hello World", 11 }, { "a*b\\c", 5 } },
    .literal_count = 2,
    .literal_total = 2,
    .flags = MLN_SQL_HAS_WHERE | MLN_SQL_TAUTOLOGY,
};

static struct mln_audit_event sample(void)
{
    return (struct mln_audit_event){
        .time_ms = 1772424000000,
        .local_hour = 23,
        .local_weekday = 1,
        .kind = MLN_EVENT_QUERY,
        .status = MLN_STATUS_FAILED,
        .product = MLN_STR("RDS"),
        .engine = MLN_STR("mariadb"),
        .instance = MLN_STR("rm-1"),
        .user = MLN_STR("Web_Legacy"),
        .client_ip = MLN_STR("10.0.0.7"),
        .session = MLN_STR("web_legacy"),
        .database = MLN_STR("shop"),
        .tables = { MLN_STR("shop.customers"), MLN_STR("shop.orders") },
        .table_count = 2,
        .op = MLN_STR("SELECT"),
        .sql = MLN_STR("SELECT a FROM t\nWHERE b = 'Hello World'"),
        .error_code = MLN_STR("1045"),
        .rows_returned = 100,
        .rows_affected = MLN_ABSENT,
        .rows_examined = MLN_ABSENT,
        .latency_us = MLN_ABSENT,
        .skeleton = &skeleton,
    };
}

static bool asks(const char *text)
{
    struct mln_audit_event event = sample();
    struct mln_engine *engine;
    struct mln_rules *rules;
    struct mln_err err;
    size_t alarms = 0;

    OK(compile_text(text, false, &rules, &err), &err);
    OK(mln_engine_new(rules, &one_rule_clock, count_alarm, &alarms, &engine, &err), &err);
    OK(mln_engine_event(engine, &event, &err), &err);
    mln_engine_free(engine);
    mln_rules_free(rules);
    return alarms == 1;
}

#define HEAD "title: t\nlogsource: {category: database_audit}\ndetection:\n"

static void search_values_mean_what_sigma_says(void **state)
{
    static const struct {
        bool matches;
        const char *search; /* The value of a search identifier, in flow style. */
    } cases[] = {
        { true, "{user: web_legacy}" },
        { true, "{user: WEB_*}" },
        { false, "{user: web}" },
        { false, "{user|cased: web_legacy}" },
        { true, "{user|cased: Web_Legacy}" },
        { true, "{user: 'web?legacy'}" },
        { false, "{user: 'web\\?legacy'}" },
        { false, "{user: 'web\\_*'}" },
        { true, "{user: ['x', '*legacy']}" },
        { true, "{user: 'w*b*y'}" },
        { false, "{user: 'w*z*y'}" },
        { true, "{user: '*'}" },
        { false, "{app: '*'}" },
        { true, "{literals: 'a\\*b\\c'}" },
        { true, "{literals: 'a\\*b\\\\c'}" },
        { true, "{literals: 'a*c'}" },
        { true, "{literals|contains: 'lo wo'}" },
        { true, "{literals|contains|all: ['hello', 'world']}" },
        { false, "{literals|contains|all: ['hello', 'moon']}" },
        { true, "{tables: SHOP.ORDERS}" },
        { true, "{tables|startswith: shop.}" },
        { true, "{tables|endswith: .orders}" },
        { false, "{tables|endswith: .order}" },
        { true, "{sql_skel|re: '^select .* where b'}" },
        { false, "{sql_skel|re: '^SELECT'}" },
        { true, "{sql_skel|re|i: '^SELECT'}" },
        { false, "{sql|re: '^where'}" },
        { true, "{sql|re|i|m: '^where'}" },
        { false, "{sql|re: 'FROM t.WHERE'}" },
        { true, "{sql|re|s: 'FROM t.WHERE'}" },
        { true, "{client_ip|cidr: 10.0.0.0/8}" },
        { false, "{client_ip|cidr: [10.1.0.0/16, 'fd00::/8']}" },
        { false, "{user|cidr: 10.0.0.0/8}" },
        { true, "{client_ip|cidr|expand: '%hosts%'}" },
        { true, "{client_ip|expand|cidr: '%hosts%'}" },
        { true, "{user|expand: '%apps%'}" },
        { false, "{user|expand: '%empty%'}" },
        { false, "{user|contains|all|expand: '%empty%'}" },
        { true, "{rows_returned: 100}" },
        { true, "{rows_returned|gte: 100}" },
        { false, "{rows_returned|gt: 100}" },
        { true, "{rows_returned|lte: 100, rows_returned|gt: 99}" },
        { false, "{rows_returned|lt: 100}" },
        { false, "{rows_affected|lt: 100}" },
        { false, "{rows_affected|gte: 0}" },
        { true, "{rows_affected: null}" },
        { true, "{rows_affected|exists: false}" },
        { true, "{rows_returned|exists: true}" },
        { false, "{rows_returned|exists: false}" },
        { true, "{error_code: 1045}" },
        { true, "{error_code|gte: 1000}" },
        { true, "{app: ''}" },
        { true, "{app: null}" },
        { false, "{user: ''}" },
        { false, "{user: null}" },
        { true, "{user|neq: root}" },
        { false, "{user|neq: [root, web_legacy]}" },
        { true, "{app|neq: x}" },
        { true, "{user|fieldref: session}" },
        { false, "{user|fieldref|cased: session}" },
        { true, "{tables|startswith|fieldref: db}" },
        { false, "{user|fieldref: app}" },
        { true, "{kind: query, sql_flags: tautology, status: failed, off_hours: true}" },
        { true, "{sql_flags|all: [tautology, has_where]}" },
        { false, "{sql_flags|all: [tautology, multi]}" },
        { true, "{sql_flags|neq: multi}" },
        { false, "{kind|neq: query}" },
        { true, "{sql_truncated: false, local_hour: 23, local_weekday: 1}" },
        { true, "[{user: x}, {user: web_legacy}]" },
        { true, "[hello, nothing]" },
        { false, "[nothing, never]" },
        { true, "{'|all': [hello, legacy]}" },
        { false, "{'|all': [hello, moon]}" },
        { true, "{sql|windash|contains: 'a FROM'}" },
    };

    (void)state;
    for (size_t i = 0; i < MLN_LEN(cases); i++) {
        char text[512];

        (void)snprintf(text, sizeof(text), HEAD "  s: %s\n  condition: s\n", cases[i].search);
        if (asks(text) != cases[i].matches)
            fail_msg("%s: %s", cases[i].search, cases[i].matches ? "did not match" : "matched");
    }
}

static void windash_permutes_dashes(void **state)
{
    static const struct {
        bool matches;
        const char *literal;
    } cases[] = { { true, "x /opt" }, { true, "x -opt" }, { true, "x \xe2\x80\x93opt" },
        { false, "x opt" }, { false, "x \xe2\x80\x92opt" } };

    (void)state;
    for (size_t i = 0; i < MLN_LEN(cases); i++) {
        struct mln_str kept = skeleton.literals[0];

        skeleton.literals[0] = mln_str_of(cases[i].literal);
        assert_int_equal(asks(HEAD "  s: {literals|windash|endswith: ' -opt'}\n  condition: s\n"),
                cases[i].matches);
        skeleton.literals[0] = kept;
    }
}

static void conditions_follow_the_grammar(void **state)
{
    /* y1 and y2 match; n1, n2 and _n do not. */
    static const struct {
        bool matches;
        const char *condition;
    } cases[] = {
        { true, "y1" },
        { false, "n1" },
        { true, "y1 and y2" },
        { false, "y1 and n1" },
        { true, "n1 or y1" },
        { true, "not n1" },
        { true, "not not y1" },
        { true, "y1 or n1 and n2" },
        { false, "(y1 or n1) and n2" },
        { true, "not n1 and not n2" },
        { false, "not (n1 or y1)" },
        { true, "1 of y*" },
        { true, "any of y*" },
        { true, "ALL OF y*" },
        { false, "1 of n*" },
        { false, "all of them" },
        { true, "1 of them" },
        { true, "all of y* and not 1 of n*" },
        { false, "1 of _*" },
        { true, "1 of *1" },
        { true, "[n1, y1]" },
        { false, "[n1, n2]" },
        { true, "((((y1))))AND(not(n1))" },
    };

    (void)state;
    for (size_t i = 0; i < MLN_LEN(cases); i++) {
        char text[512];

        (void)snprintf(text, sizeof(text),
                HEAD "  y1: {db: shop}\n  y2: {op: select}\n  n1: {db: x}\n  n2: {db: y}\n"
                     "  _n: {db: z}\n  condition: %s\n",
                cases[i].condition);
        if (asks(text) != cases[i].matches)
            fail_msg("%s: %s", cases[i].condition, cases[i].matches ? "did not match" : "matched");
    }
}

static void the_log_source_selects_events(void **state)
{
    static const struct {
        bool matches;
        const char *logsource;
    } cases[] = {
        { true, "{category: database_audit}" },
        { true, "{product: mysql}" },
        { true, "{product: MariaDB, category: database_audit}" },
        { true, "{category: database}" },
        { true, "{product: aliyun, service: rds, category: database_audit}" },
        { false, "{product: postgresql, category: database_audit}" },
        { false, "{category: process_creation, product: windows}" },
        { false, "{service: sshd}" },
    };

    (void)state;
    for (size_t i = 0; i < MLN_LEN(cases); i++) {
        char text[512];

        (void)snprintf(text, sizeof(text),
                "title: t\nlogsource: %s\ndetection: {s: {user: '*'}, condition: s}\n",
                cases[i].logsource);
        if (asks(text) != cases[i].matches)
            fail_msg("%s", cases[i].logsource);
    }
}

#define RISK(extra)                                                                           \
    "x-risk: {rule_id: 100001, key: MINE-01, category_id: 101, category: c, category_zh: d, " \
    "name_zh: e" extra "}\n"

static void what_a_rule_gets_wrong_is_said_with_its_place(void **state)
{
    static const struct {
        const char *text, *message;
    } cases[] = {
        { HEAD "  s: {usr: x}\n  condition: s\n", "r.yaml:4:7: unknown field 'usr'" },
        { HEAD "  s: {user|contain: x}\n  condition: s\n", "modifier 'contain' is not supported" },
        { HEAD "  s: {user|base64: x}\n  condition: s\n",
                "r.yaml:4:7: modifier 'base64' is not supported" },
        { HEAD "  s: {user|re|contains: x}\n  condition: s\n", "does not go with" },
        { HEAD "  s: {user|i: x}\n  condition: s\n", "belong to re" },
        { HEAD "  s: {user|all: x}\n  condition: s\n", "all wants a list" },
        { HEAD "  s: {user|re: '('}\n  condition: s\n", "r.yaml:4:16: regular expression" },
        { HEAD "  s: {user|re: '(*UTF)x'}\n  condition: s\n", "must not begin" },
        { HEAD "  s: {client_ip|cidr: 10.0.0.1/8}\n  condition: s\n", "not an IP network" },
        { HEAD "  s: {rows_returned|gte: many}\n  condition: s\n", "not a whole number" },
        { HEAD "  s: {user|expand: '%nobody%'}\n  condition: s\n", "unknown list 'nobody'" },
        { HEAD "  s: {user|expand: nobody}\n  condition: s\n", "whole value" },
        { HEAD "  s: {kind: querry}\n  condition: s\n", "unknown kind of event 'querry'" },
        { HEAD "  s: {sql_flags: [multi, mutli]}\n  condition: s\n", "unknown SQL flag 'mutli'" },
        { HEAD "  s: {user: [a, null]}\n  condition: s\n", "holds texts only" },
        { HEAD "  s: {user: {a: b}}\n  condition: s\n", "a value or a list is wanted" },
        { HEAD "  s: {}\n  condition: s\n", "r.yaml:4:6: an empty search" },
        { HEAD "  s: {user: x}\n  condition: s and t\n",
                "r.yaml:5:20: condition: unknown search at 't'" },
        { HEAD "  s: {user: x}\n  condition: 's and t'\n", "r.yaml:5:21: condition" },
        { HEAD "  s: {user: x}\n  condition: 1 of t*\n", "no search has such a name at 't*'" },
        { HEAD "  _s: {user: x}\n  condition: 1 of them\n", "no search has such a name" },
        { HEAD "  s: {user: x}\n  condition: 2 of s*\n", "only '1 of'" },
        { HEAD "  s: {user: x}\n  condition: (s\n", "')' is wanted at the end" },
        { HEAD "  s: {user: x}\n  condition: s s\n", "'and' or 'or' is wanted at 's'" },
        { HEAD "  s: {user: x}\n  condition: s | count() > 5\n", "wanted at '|'" },
        { HEAD "  s: {user: x}\n  condition: ''\n", "a condition is a text" },
        { HEAD "  s: {user: x}\n", "detection has no condition" },
        { "title: t\ndetection: {s: {user: x}, condition: s}\n", "no logsource" },
        { "title: t\nlogsource: {}\n", "either a detection or a correlation" },
        { "logsource: {}\ndetection: {s: {a: b}, condition: s}\n", "no title" },
        { "title: t\nfilter: {}\n", "filters are not supported" },
        { HEAD "  s: {user: x}\n  condition: s\nlevel: huge\n", "r.yaml:6:8: a level is" },
        { HEAD "  s: {user: x}\n  condition: s\n" RISK(", colour: red"), "colour" },
        { HEAD "  s: {user: x}\n  condition: s\n" RISK(", event_key: [user]"), "event key" },
        { HEAD "  s: {user: x}\n  condition: s\nx-risk: {rule_id: 100001}\n", "is missing" },
        { HEAD "  s: {user: x}\n  condition: s\n"
               "x-risk: {rule_id: 10001, key: K, category_id: 1, category: c, category_zh: d, "
               "name_zh: e}\n",
                "none of the built-in ones" },
    };

    (void)state;
    for (size_t i = 0; i < MLN_LEN(cases); i++) {
        struct mln_rules *rules = (struct mln_rules *)0x1;
        struct mln_err err;

        FAILS(compile_text(cases[i].text, false, &rules, &err), MLN_EINVAL, &err, cases[i].message);
        assert_ptr_equal(rules, (struct mln_rules *)0x1);
    }
}

#define BASE                                                        \
    "title: b\nname: base\nlogsource: {category: database_audit}\n" \
    "detection: {s: {user: '*'}, condition: s}\n---\n"
#define OVER(rest) BASE "title: c\ncorrelation: {" rest "}\n"

static void correlations_are_checked(void **state)
{
    static const struct {
        const char *text, *message;
    } cases[] = {
        { OVER("type: value_sum, rules: [base], timespan: 1m"), "'value_sum' is not supported" },
        { OVER("type: event_count, rules: [base], timespan: 1m"), "has no condition" },
        { OVER("type: event_count, rules: [base], timespan: 90d, condition: {gte: 1}"),
                "timespan" },
        { OVER("type: event_count, rules: [base], timespan: -1m, condition: {gte: 1}"),
                "timespan" },
        { OVER("type: event_count, rules: [bse], timespan: 1m, condition: {gte: 1}"),
                "unknown rule 'bse'" },
        { OVER("type: event_count, rules: [], timespan: 1m, condition: {gte: 1}"),
                "lists no rule" },
        { OVER("type: event_count, rules: [base, base], timespan: 1m, condition: {gte: 1}"),
                "listed twice" },
        { OVER("type: event_count, rules: [base], timespan: 1m, condition: {gte: 1}, groupby: [user]"),
                "groupby" },
        { OVER("type: event_count, rules: [base], timespan: 1m, condition: {gte: 1}, group-by: [usr]"),
                "unknown field 'usr'" },
        { OVER("type: event_count, rules: [base], timespan: 1m, condition: {gte: 1}, group-by: [tables]"),
                "cannot group" },
        { OVER("type: event_count, rules: [base], timespan: 1m, condition: {gte: 5, lt: 3}"),
                "no count can meet this" },
        { OVER("type: event_count, rules: [base], timespan: 1m, condition: {more: 5}"),
                "unknown comparison 'more'" },
        { OVER("type: event_count, rules: [base], timespan: 1m, condition: {gte: 10001}"),
                "at most" },
        { OVER("type: event_count, rules: [base], timespan: 1m, condition: {gte: 1, field: user}"),
                "only value_count" },
        { OVER("type: value_count, rules: [base], timespan: 1m, condition: {gte: 1}"),
                "wants a field" },
        { OVER("type: temporal, rules: [base], timespan: 1m, condition: {gte: 2}"), "fewer rules" },
        { "title: a\nname: a\ncorrelation: {type: temporal, rules: [b], timespan: 1m}\n---\n"
          "title: b\nname: b\ncorrelation: {type: temporal, rules: [a], timespan: 1m}\n",
                "in a circle" },
    };

    (void)state;
    for (size_t i = 0; i < MLN_LEN(cases); i++) {
        struct mln_rules *rules;
        struct mln_err err;

        FAILS(compile_text(cases[i].text, false, &rules, &err), MLN_EINVAL, &err, cases[i].message);
    }
}

static void a_rule_of_another_taxonomy_loads_and_stays_silent(void **state)
{
    (void)state;
    assert_false(asks("title: Whoami\nid: 502b42de-4306-40b4-9596-6f590c81f073\nstatus: test\n"
                      "references: [https://example.com]\nauthor: somebody\ntags: [attack.t1033]\n"
                      "logsource: {category: process_creation, product: windows}\n"
                      "detection:\n  selection:\n    - Image|endswith: '\\whoami.exe'\n"
                      "    - OriginalFileName: whoami.exe\n  filter: {ParentImage: null}\n"
                      "  condition: selection and not filter\nlevel: low\nunheard_of: {a: 1}\n"));
    assert_true(asks("title: t\nlogsource: {category: database}\n"
                     "detection: {s: {Image: null, CommandLine|exists: false}, condition: s}\n"));
    assert_false(asks("title: t\nlogsource: {category: database}\n"
                      "detection: {s: {Image: ''}, condition: s}\n"));
}

static void a_later_rule_replaces_one_with_its_id_and_is_marked(void **state)
{
    const char *ours = HEAD "  s: {user: x}\n  condition: s\nlevel: low\n"
                            "x-risk: {rule_id: 10001, key: OURS, category_id: 101, category: c, "
                            "category_zh: d, name_zh: e}\n";
    const char *theirs = HEAD
            "  s: {user: '*'}\n  condition: s\nlevel: critical\n"
            "x-risk: {rule_id: 10001, key: THEIRS, category_id: 101, category: c, "
            "category_zh: d, name_zh: e, level: 2}\n";
    struct mln_rule_source sources[] = {
        { "theirs.yaml", mln_str_of(theirs), false },
        { "ours.yaml", mln_str_of(ours), true },
        { "again.yaml", mln_str_of(ours), true },
    };
    struct mln_rules *rules;
    struct mln_err err;

    (void)state;
    OK(mln_rules_compile(sources, 2, NULL, &rules, &err), &err);
    assert_int_equal(mln_rules_count(rules), 1);
    assert_string_equal(mln_rules_info(rules, 0)->key, "THEIRS");
    assert_int_equal(mln_rules_info(rules, 0)->level, 2);
    assert_true(mln_rules_info(rules, 0)->replaced);
    assert_null(mln_rules_info(rules, 1));
    mln_rules_free(rules);
    FAILS(mln_rules_compile(sources, 3, NULL, &rules, &err), MLN_EINVAL, &err,
            "rule id 10001 is that of");
    sources[1].text = mln_str_of(HEAD "  s: {user: x}\n  condition: s\n" RISK(""));
    FAILS(mln_rules_compile(sources, 2, NULL, &rules, &err), MLN_EINVAL, &err,
            "built-in rule ids are");
}

static void rules_without_x_risk_get_an_id_that_stays(void **state)
{
    struct mln_rules *rules;
    struct mln_err err;
    int64_t id;

    (void)state;
    OK(compile_text(HEAD "  s: {user: x}\n  condition: s\nlevel: high\n", false, &rules, &err),
            &err);
    id = mln_rules_info(rules, 0)->rule_id;
    assert_true(id >= 100000);
    assert_int_equal(mln_rules_info(rules, 0)->level, 3);
    assert_string_equal(mln_rules_info(rules, 0)->key, "t");
    mln_rules_free(rules);
    OK(compile_text(HEAD "  s: {user: y}\n  condition: s\n", false, &rules, &err), &err);
    assert_int_equal(mln_rules_info(rules, 0)->rule_id, id);
    assert_int_equal(mln_rules_info(rules, 0)->level, 2);
    mln_rules_free(rules);
}

static void lists_are_declared_before_they_are_filled(void **state)
{
    struct mln_lists *lists = some_lists();
    struct mln_err err;

    (void)state;
    OK(mln_lists_read(lists, MLN_STR("apps: [a]\nempty: []\n"), "l.yaml", false, &err), &err);
    FAILS(mln_lists_read(lists, MLN_STR("aps: [a]\n"), "l.yaml", false, &err), MLN_EINVAL, &err,
            "l.yaml:1:1: unknown list 'aps'");
    FAILS(mln_lists_read(lists, MLN_STR("apps: a\n"), "l.yaml", false, &err), MLN_EINVAL, &err,
            "a list of values is wanted");
    FAILS(mln_lists_read(lists, MLN_STR("apps: [[a]]\n"), "l.yaml", false, &err), MLN_EINVAL, &err,
            "a text that is not empty");
    FAILS(mln_lists_read(lists, MLN_STR("mine: {values: [a]}\n"), "l.yaml", false, &err),
            MLN_EINVAL, &err, "meaning");
    OK(mln_lists_read(lists, MLN_STR("mine: {meaning: m, values: [a]}\n"), "l.yaml", false, &err),
            &err);
    mln_lists_free(lists);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(search_values_mean_what_sigma_says),
        cmocka_unit_test(windash_permutes_dashes),
        cmocka_unit_test(conditions_follow_the_grammar),
        cmocka_unit_test(the_log_source_selects_events),
        cmocka_unit_test(what_a_rule_gets_wrong_is_said_with_its_place),
        cmocka_unit_test(correlations_are_checked),
        cmocka_unit_test(a_rule_of_another_taxonomy_loads_and_stays_silent),
        cmocka_unit_test(a_later_rule_replaces_one_with_its_id_and_is_marked),
        cmocka_unit_test(rules_without_x_risk_get_an_id_that_stays),
        cmocka_unit_test(lists_are_declared_before_they_are_filled),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
