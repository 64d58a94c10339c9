/* The prefilter may let too much through, never too little. */
#include "catalogue.h"
#include "detect/prefilter.h"
#include "detect/regex_factor.h"

enum who { SOMEONE, APPLICATION, DBA };

static const struct statement {
    const char *key;
    enum who who;
    const char *table;
    const char *sql;
} statements[] = {
#include "statements.def"
};

struct checker {
    struct mln_rules *rules;
    struct mln_prefilter *prefilter;
    struct mln_matcher matcher;
    size_t matches, candidates;
};

static void check_event(struct checker *checker, const struct mln_audit_event *event)
{
    const uint64_t *bits;
    struct mln_err err;

    OK(mln_prefilter_scan(checker->prefilter, event, &bits, &err), &err);
    for (size_t i = 0; i < checker->rules->count; i++) {
        const struct mln_rule *rule = checker->rules->rules[i];
        bool candidate = (bits[i / 64] >> (i % 64) & 1) != 0;

        checker->candidates += candidate;
        if (rule->correlation != NULL || !mln_rule_matches(&checker->matcher, rule, event))
            continue;
        checker->matches++;
        if (!candidate)
            fail_msg("%s was left out: %.*s", rule->info.key, MLN_FMT(event->sql));
    }
}

static void checker_init(struct checker *checker)
{
    struct mln_err err;

    *checker = (struct checker){ .rules = compile_catalogue("examples/lists/shop.yaml") };
    OK(mln_prefilter_new(checker->rules, &checker->prefilter, &err), &err);
    OK(mln_matcher_init(&checker->matcher, &err), &err);
}

static void checker_fini(struct checker *checker)
{
    mln_matcher_fini(&checker->matcher);
    mln_prefilter_free(checker->prefilter);
    mln_rules_free(checker->rules);
}

static void recorded_logs_match_the_same_with_and_without_it(void **state)
{
    static const char *const files[] = { "tests/data/mariadb/server_audit.log",
        "tests/data/mariadb/server_audit_offhours.log" };
    struct mln_reader_options options = { .product = MLN_STR("RDS") };
    struct checker checker;
    struct mln_zone *zone;
    struct mln_err err;

    (void)state;
    checker_init(&checker);
    OK(mln_zone_new(MLN_STR("Asia/Shanghai"), &zone, &err), &err);
    options.zone = zone;
    for (size_t i = 0; i < MLN_LEN(files); i++) {
        struct mln_reader *reader;
        struct mln_buf text;
        struct mln_str rest, line;

        OK(mln_reader_new(mln_reader_format("mariadb-server-audit"), &options, &reader, &err),
                &err);
        read_test_file(files[i], &text);
        rest = mln_buf_str(&text);
        while (mln_str_next(&rest, '\n', &line)) {
            struct mln_audit_event event;
            enum mln_line_result result;

            OK(mln_reader_line(reader, line, false, &result, &event, &err), &err);
            if (result == MLN_LINE_EVENT)
                check_event(&checker, &event);
        }
        mln_buf_free(&text);
        mln_reader_free(reader);
    }
    mln_zone_free(zone);
    assert_true(checker.matches > 300);
    checker_fini(&checker);
}

static void statements_match_the_same_with_and_without_it(void **state)
{
    static const char *const users[] = { "someone", "shop_app", "dba_chen" };
    struct mln_sql_scratch scratch;
    struct checker checker;

    (void)state;
    checker_init(&checker);
    mln_sql_scratch_init(&scratch);
    for (size_t i = 0; i < MLN_LEN(statements); i++) {
        struct mln_audit_event event = plain_event();
        struct mln_sql_skeleton skeleton;
        struct mln_err err;

        event.user = mln_str_of(users[statements[i].who]);
        if (statements[i].table != NULL)
            event.tables[event.table_count++] = mln_str_of(statements[i].table);
        event.sql = mln_str_of(statements[i].sql);
        OK(mln_sql_skeleton(MLN_SQL_MYSQL, event.sql, &scratch, &skeleton, &err), &err);
        event.skeleton = &skeleton;
        event.op = skeleton.verb;
        check_event(&checker, &event);
    }
    mln_sql_scratch_fini(&scratch);
    checker_fini(&checker);
}

static void an_expression_is_reduced_to_the_texts_it_needs(void **state)
{
    static const struct {
        const char *regex, *texts; /* Joined by '|'; "" when nothing is known. */
    } cases[] = {
        { "abc", "abc" },
        { "ABC", "abc" },
        { "^(?:create|drop) (?:temporary )?table\\b",
                "create temporary table|create table|drop temporary table|drop table" },
        { "a|bcd", "" },
        { "abcd|bcde", "abcd|bcde" },
        { "(?:^|; )grant ", "grant " },
        { "ab?cd", "abcd|acd" },
        { "abc*de", "" },
        { "abcd*efg", "abc" },
        { "(?:abcd)*", "" },
        { "(?:abcd)+x", "abcd" },
        { "(?:abcd){0,3}", "" },
        { "(?:abcd){1,3}", "abcd" },
        { "abc{", "abc{" },
        { "select.*foo_bar", "foo_bar" },
        { "x[,;]yz", "x,yz|x;yz" },
        { "x[a-z]yz", "" },
        { "abc[^x]", "abc" },
        { "[]x]abc", "]abc|xabc" },
        { "a\\x42c\\.", "abc." },
        { "(?!foo)barr", "barr" },
        { "(?<=foo)barr", "barr" },
        { "(abc)\\1", "abc" },
        { "(abc)\\1defg", "defg" },
        { "(?i)abc", "" },
        { "(?x)a b c", "" },
        { "\\Qabc\\E", "" },
        { "(?P<n>abc)", "" },
        { "[[:alpha:]]abc", "" },
        { "", "" },
        { "(abc", "" },
        { "abc)", "" },
    };

    (void)state;
    for (size_t i = 0; i < MLN_LEN(cases); i++) {
        MLN_AUTO(mln_arena_free) struct mln_arena arena = MLN_ARENA_INIT(1 << 20);
        MLN_AUTO(mln_buf_free) struct mln_buf joined = MLN_BUF_INIT(4096);
        struct mln_factor factor;

        assert_true(mln_regex_factor(cases[i].regex, &arena, &factor));
        for (size_t j = 0; j < factor.count; j++) {
            mln_buf_add_cstr(&joined, j > 0 ? "|" : "");
            mln_buf_add(&joined, factor.texts[j]);
        }
        if (!mln_str_is(mln_buf_str(&joined), cases[i].texts))
            fail_msg("%s -> %.*s", cases[i].regex, MLN_FMT(mln_buf_str(&joined)));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(recorded_logs_match_the_same_with_and_without_it),
        cmocka_unit_test(statements_match_the_same_with_and_without_it),
        cmocka_unit_test(an_expression_is_reduced_to_the_texts_it_needs),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
