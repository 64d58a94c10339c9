/* Views: what a check names stands in front of it, and a view is as little trusted as a check. */
#include "fixture.h"

#define BIG                                                         \
    "name: big_bucket\nabout: Buckets of more than one byte.\n"     \
    "query: |\n  select id, region, name, size from oss_bucket b\n" \
    "  where size > 1 -- those\n"
/* Over what the check gives. */
#define JUDGED                                             \
    "name: judged\nabout: Buckets with a verdict.\n"       \
    "over: { limits: [least, most] }\n"                    \
    "query: |\n  with big as (select * from big_bucket)\n" \
    "  select b.*, b.size between least and most as is_good from big b join limits\n"
#define CHECK(scope, query)                                                \
    HEAD "params:\n  - { name: most, default: 5, en: Most, zh: 最大 }\n" \
         "scope: " scope "\nquery: |\n" query "tests:\n" CASES
#define CASES                                                                                    \
    "  - { name: p, rows: { oss_bucket: [{ id: b1, size: 2 }, { id: b2, size: 1 }] }, expect: {" \
    " b1: pass } }\n"                                                                            \
    "  - { name: f, rows: { oss_bucket: [{ id: b1, size: 9 }] }, expect: { b1: fail } }\n"       \
    "  - { name: u, rows: { oss_bucket: [{ id: b1, size: 2 }] }, unread: [{ call:"               \
    " 'oss:ListBuckets' }], expect: { b1: { verdict: unknown, reason: 'no permission:"           \
    " oss:ListBuckets' } } }\n"
#define GOOD                                                                     \
    "  with limits as (select 2 as least, :most as most)\n"                      \
    "  select id, region, name, case when is_good then 'pass' else 'fail' end\n" \
    "    as verdict, null as reason, null as evidence from judged\n"

static int load_with(const char *check, const char *const *texts, size_t count, bool built_in,
        struct mln_checks **out, struct mln_err *err)
{
    struct mln_check_file file = { "c.yaml", mln_str_of(check), false }, views[4];
    struct mln_checks_source source = { &file, 1, NULL, 0, &schema, views, count };

    for (size_t i = 0; i < count; i++)
        views[i] = (struct mln_check_file){ i == 0 ? "v0.yaml" : "v1.yaml", mln_str_of(texts[i]),
            built_in && i == 0 };
    *out = NULL;
    return mln_checks_load(&source, out, err);
}

static int must_pass(void *ctx, const struct mln_check_test_result *result, struct mln_err *err)
{
    int *count = ctx;

    (void)err;
    if (!result->passed)
        fail_msg("%.*s: %.*s", MLN_FMT(result->name), MLN_FMT(result->message));
    (*count)++;
    return MLN_OK;
}

static void passes(const char *check, const char *const *texts, size_t count, bool built_in)
{
    struct mln_checks *checks = NULL;
    struct mln_err err = { 0 };
    int ran = 0;

    OK(load_with(check, texts, count, built_in, &checks, &err), &err);
    OK(mln_check_tests(checks, NULL, must_pass, &ran, &err), &err);
    assert_int_equal(ran, 3);
    mln_checks_free(checks);
}

static void a_check_reads_views_and_what_they_read(void **state)
{
    static const char *const texts[] = { JUDGED, BIG };

    (void)state;
    passes(CHECK("big_bucket", GOOD), texts, 2, false);
    passes(CHECK("|\n  -- a comment\n  with recursive a as (select * from big_bucket)\n"
                 "  select id, region from a",
                   GOOD),
            texts, 2, false);
}

static void the_files_text_stays_as_it_is(void **state)
{
    static const char *const texts[] = { JUDGED, BIG };
    struct mln_checks *checks = NULL;
    const struct mln_check *check;
    struct mln_err err = { 0 };

    (void)state;
    OK(load_with(CHECK("big_bucket", GOOD), texts, 2, false, &checks, &err), &err);
    check = mln_checks_at(checks, 0);
    EQ_STR(check->scope_text, "big_bucket");
    assert_true(mln_str_starts(check->query_text, MLN_STR("with limits as")));
    assert_true(mln_str_starts(check->query, MLN_STR("with big_bucket as (select")));
    mln_checks_free(checks);
    OK(load_with(
               CHECK("oss_bucket",
                       "  select id, region, name, 'pass' as verdict, null as reason, null as\n"
                       "    evidence from oss_bucket where :most > 0 and name <> 'judged' --judged\n"),
               texts, 2, false, &checks, &err),
            &err);
    check = mln_checks_at(checks, 0);
    assert_true(mln_str_eq(check->query, check->query_text)); /* A word in a text is no name. */
    mln_checks_free(checks);
}

static void a_users_view_stands_in_for_a_built_in_one(void **state)
{
    static const char *const texts[] = { "name: big_bucket\nabout: None.\nquery: select 1 as id\n",
        BIG, JUDGED };
    struct mln_checks *checks = NULL;
    struct mln_err err = { 0 };

    (void)state;
    passes(CHECK("big_bucket", GOOD), texts, 3, true);
    FAILS(load_with(CHECK("big_bucket", GOOD), texts, 3, false, &checks, &err), MLN_EINVAL, &err,
            "v1.yaml:1:7: 'big_bucket' is a view of 'v0.yaml', too");
}

static void what_is_wrong_in_a_view_is_said_with_its_line(void **state)
{
    static const struct {
        const char *text, *message;
    } rows[] = {
        { "[1]", "a map of keys is expected" },
        { "", "a view file is one document" },
        { "name: a\nquery: select 1\n", "about" },
        { "name: a\nabout: ' '\nquery: select 1\n", "v0.yaml:2:8: 'about' says in a sentence" },
        { "name: A\nabout: x\nquery: select 1\n", "v0.yaml:1:7: a name is small letters" },
        { "name: sqlite_x\nabout: x\nquery: select 1\n", "a name is small letters" },
        { "name: oss_bucket\nabout: x\nquery: select 1\n", "v0.yaml:1:7: 'oss_bucket' is a table" },
        { "name: collect_call\nabout: x\nquery: select 1\n", "is a table" },
        { "name: json_each\nabout: x\nquery: select 1\n", "is a table" },
        { "name: select\nabout: x\nquery: select 1\n", "v0.yaml:3: query: near" },
        { "name: a\nabout: x\nquery: |\n  select 1\n  from nowhere\n",
                "v0.yaml:5: query: no such table: nowhere" },
        { "name: a\nabout: x\nquery: |\n  with b as (\n    select 1)\n  select * form b\n",
                "v0.yaml:6: query: near" },
        { "name: a\nabout: x\nquery: select coalesce(id, 1) from oss_bucket\n",
                "coalesce() is refused" },
        { "name: a\nabout: x\nquery: select random()\n", "random() is refused" },
        { "name: a\nabout: x\nquery: select datetime('now')\n", "'now' is refused" },
        { "name: a\nabout: x\nquery: select * from collect_call\n", "no table of the plan" },
        { "name: a\nabout: x\nquery: select * from sqlite_schema\n", "no table of the plan" },
        { "name: a\nabout: x\nquery: delete from oss_bucket\n", "it may only read" },
        { "name: a\nabout: x\nquery: select 1; drop table oss_bucket\n",
                "more than one statement" },
        { "name: a\nabout: x\nquery: select 1;\n", "v0.yaml:3: query: near \";\"" },
        { "name: a\nabout: x\nquery: 'select 1), c as (select 2'\n",
                "v0.yaml:3: query: near \")\"" },
        { "name: a\nabout: x\nquery: select :most\n", "a view has no parameters" },
        { "name: a\nabout: x\nquery: select ?\n", "a view has no parameters" },
        { "name: a\nabout: x\nquery: ''\n", "it is empty" },
        { "name: a\nabout: x\nquery: select * from a\n", "no such table: a" },
        { "name: a\nabout: x\nquery: select 1 union all select * from a\n", "no such table: a" },
        { "name: a\nabout: x\nover: [b]\nquery: select 1\n", "v0.yaml:3:7: 'over' is a map" },
        { "name: a\nabout: x\nover: { b: c }\nquery: select 1\n", "'over' gives a list" },
        { "name: a\nabout: x\nover: { b: [C] }\nquery: select 1\n", "a column's name" },
        { "name: a\nabout: x\nover: { oss_bucket: [c] }\nquery: select 1\n", "is a table" },
        { "name: a\nabout: x\nover: { a: [c] }\nquery: select 1\n", "'a' is a view itself" },
        { "name: a\nabout: x\nover: { b: [c] }\nquery: select d from b\n", "no such column: d" },
    };
    struct mln_checks *checks = NULL;
    struct mln_err err = { 0 };

    (void)state;
    for (size_t i = 0; i < MLN_LEN(rows); i++)
        FAILS(load_with(CHECK("oss_bucket", GOOD), &rows[i].text, 1, false, &checks, &err),
                MLN_EINVAL, &err, rows[i].message);
    assert_null(checks);
}

static void views_in_a_circle_are_refused(void **state)
{
    static const char *const texts[] = { "name: a\nabout: x\nquery: select * from b\n",
        "name: b\nabout: x\nquery: select * from a\n" };
    struct mln_checks *checks = NULL;
    struct mln_err err = { 0 };

    (void)state;
    FAILS(load_with(CHECK("oss_bucket", GOOD), texts, 2, false, &checks, &err), MLN_EINVAL, &err,
            "v0.yaml:3: query: no such table: a");
}

static void a_mistake_of_the_check_is_found_in_its_own_line(void **state)
{
    static const char *const texts[] = { JUDGED, BIG };
    struct mln_checks *checks = NULL;
    struct mln_err err = { 0 };

    (void)state;
    FAILS(load_with(CHECK("oss_bucket", "  with\n    limits as (select 2 as least, :most as most)\n"
                                        "  select idd from judged\n"),
                  texts, 2, false, &checks, &err),
            MLN_EINVAL, &err, "c.yaml:17: query: no such column: idd");
    FAILS(load_with(CHECK("oss_bucket", "  select id, :most\n  from judged\n"), texts, 2, false,
                  &checks, &err),
            MLN_EINVAL, &err, "c.yaml:15: query: no such table: limits");
    FAILS(load_with(CHECK("oss_bucket", "  with judged as (select 1)\n  select 1 from judged\n"),
                  texts, 2, false, &checks, &err),
            MLN_EINVAL, &err, "duplicate WITH table name: judged");
}

static void quotes_and_comments_that_do_not_end_do_no_harm(void **state)
{
    static const char *const rows[] = { "select 'big_bucket", "select /* big_bucket", "select [a",
        "select \"a", "-- with", "with", "with recursive", "", "\xff\xc3", "/*/", "'", "/", "-" };

    (void)state;
    for (size_t i = 0; i < MLN_LEN(rows); i++) {
        struct mln_check_file view = { "v.yaml", mln_str_of(BIG), false };
        MLN_AUTO(mln_buf_free) struct mln_buf out = MLN_BUF_INIT(65536);
        struct mln_err err = { 0 };

        OK(mln_views_compose(&view, 1, mln_str_of(rows[i]), &out, &err), &err);
        EQ_STR(mln_buf_str(&out), rows[i]);
    }
}

static void a_persons_query_gets_its_views(void **state)
{
    struct mln_check_file view = { "v.yaml", mln_str_of(BIG), false };
    MLN_AUTO(mln_buf_free) struct mln_buf out = MLN_BUF_INIT(65536);
    struct mln_err err = { 0 };

    (void)state;
    OK(mln_views_compose(&view, 1, MLN_STR("select * from BIG_bucket"), &out, &err), &err);
    EQ_STR(mln_buf_str(&out),
            "with big_bucket as (select id, region, name, size from oss_bucket b\n"
            "where size > 1 -- those\n\n) select * from BIG_bucket");
    mln_buf_reset(&out);
    OK(mln_views_compose(&view, 1,
               MLN_STR("explain query plan with a as (select 1) select * from "
                       "a, big_bucket"),
               &out, &err),
            &err);
    assert_true(mln_str_starts(
            mln_buf_str(&out), MLN_STR("explain query plan with big_bucket as (select")));
    assert_true(mln_str_ends(
            mln_buf_str(&out), MLN_STR("),  a as (select 1) select * from a, big_bucket")));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_check_reads_views_and_what_they_read),
        cmocka_unit_test(the_files_text_stays_as_it_is),
        cmocka_unit_test(a_users_view_stands_in_for_a_built_in_one),
        cmocka_unit_test(what_is_wrong_in_a_view_is_said_with_its_line),
        cmocka_unit_test(views_in_a_circle_are_refused),
        cmocka_unit_test(a_mistake_of_the_check_is_found_in_its_own_line),
        cmocka_unit_test(quotes_and_comments_that_do_not_end_do_no_harm),
        cmocka_unit_test(a_persons_query_gets_its_views),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
