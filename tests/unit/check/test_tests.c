/* The tests that checks carry: run, and told apart when they differ. */
#include "fixture.h"

struct outcome {
    int passed, failed;
    char message[600];
};

static int note(void *ctx, const struct mln_check_test_result *result, struct mln_err *err)
{
    struct outcome *outcome = ctx;

    (void)err;
    if (result->passed)
        outcome->passed++;
    else
        outcome->failed++;
    if (!result->passed && outcome->message[0] == '\0')
        (void)snprintf(
                outcome->message, sizeof(outcome->message), "%.*s", MLN_FMT(result->message));
    return MLN_OK;
}

static struct outcome run(const char *text)
{
    struct outcome outcome = { .message = "" };
    struct mln_checks *checks = NULL;
    struct mln_err err = { 0 };

    OK(load_text(text, &checks, &err), &err);
    OK(mln_check_tests(checks, NULL, note, &outcome, &err), &err);
    mln_checks_free(checks);
    return outcome;
}

#define BY_ACL                                                                                   \
    "scope: oss_bucket\n"                                                                        \
    "query: |\n"                                                                                 \
    "  select b.id, b.region, b.name,\n"                                                         \
    "    case i.acl_grant when 'private' then 'pass' when 'none' then 'not_applicable'\n"        \
    "      else 'fail' end as verdict, i.acl_grant as reason,\n"                                 \
    "    json_object('acl', i.acl_grant, 'share', i.share, 'list', json('[1,2]')) as evidence\n" \
    "  from oss_bucket b left join oss_bucket_info i on i.parent = b.id\n"
#define GOOD                                                                                     \
    "tests:\n"                                                                                   \
    "  - name: three\n"                                                                          \
    "    rows:\n"                                                                                \
    "      oss_bucket: [{ id: b1 }, { id: b2, region: cn-beijing }, { id: b3 }]\n"               \
    "      oss_bucket_info: [{ parent: b1, acl_grant: private }, { parent: b2, acl_grant: "      \
    "public-read, share: 0.5, owner: { a: [1, x] }, logged: true }, { parent: b3, acl_grant: "   \
    "none }]\n"                                                                                  \
    "    expect:\n"                                                                              \
    "      b1: pass\n"                                                                           \
    "      b2: { verdict: fail, reason: public-read, evidence: { share: 0.5, list: [1, 2] } }\n" \
    "      b3: not_applicable\n"

/* More tests of the same file, so that it still covers each verdict when the first is changed. */
#define FAIL_PASS                                                                                               \
    "  - name: cover\n"                                                                                         \
    "    rows: { oss_bucket: [{ id: x1 }, { id: x2 }, { id: x3 }], oss_bucket_info: [{ parent: x1, acl_grant: " \
    "private }, { parent: x3, acl_grant: none }] }\n"                                                           \
    "    expect: { x1: pass, x2: fail, x3: not_applicable }\n"

static void the_skeleton_passes_its_own_tests(void **state)
{
    MLN_AUTO(mln_buf_free) struct mln_buf text = MLN_BUF_INIT(65536);
    struct outcome outcome;

    (void)state;
    mln_check_skeleton(100007, &text);
    assert_int_equal(text.code, MLN_OK);
    outcome = run(text.ptr);
    EQ_STR(mln_str_of(outcome.message), "");
    assert_int_equal(outcome.passed, 3);
    assert_int_equal(outcome.failed, 0);
}

static void every_row_and_every_verdict_is_compared(void **state)
{
    struct outcome outcome = run(HEAD BY_ACL GOOD);

    (void)state;
    EQ_STR(mln_str_of(outcome.message), "");
    assert_int_equal(outcome.passed, 1);
}

/* The good file with one part in place of another: the message of the test that differs. */
static void differs_with(const char *from, const char *to, const char *message)
{
    static const char text[] = HEAD BY_ACL GOOD FAIL_PASS;
    MLN_AUTO(mln_buf_free) struct mln_buf changed = MLN_BUF_INIT(65536);
    const char *at = strstr(text, from);
    struct outcome outcome;

    assert_non_null(at);
    mln_buf_add(&changed, (struct mln_str){ text, (size_t)(at - text) });
    mln_buf_add_cstr(&changed, to);
    mln_buf_add_cstr(&changed, at + strlen(from));
    outcome = run(changed.ptr);
    assert_true(outcome.failed >= 1); /* A broken query fails every test of its check. */
    if (strstr(outcome.message, message) == NULL || strstr(outcome.message, "c.yaml:") == NULL)
        fail_msg("got \"%s\", want \"%s\"", outcome.message, message);
}

static void a_difference_is_told_with_its_line(void **state)
{
    static const char *const rows[][3] = {
        { "b1: pass", "b1: unknown", "b1: expected unknown, got pass" },
        { "reason: public-read,", "reason: private,",
                "b2: expected the reason 'private', got 'public-read'" },
        { "share: 0.5, list", "share: 0.25, list", "b2: the evidence differs in 'share'" },
        { "list: [1, 2]", "list: [2, 1]", "b2: the evidence differs in 'list'" },
        { "list: [1, 2]", "other: 1", "b2: the evidence differs in 'other'" },
        { "      b3: not_applicable\n", "      b4: not_applicable\n",
                "b3: got not_applicable: none, and the test does not name it" },
        { "{ id: b3 }", "", "b3: expected, but the scope has no such row" },
    };

    (void)state;
    for (size_t i = 0; i < MLN_LEN(rows); i++)
        differs_with(rows[i][0], rows[i][1], rows[i][2]);
}

static void a_tests_own_mistakes_are_told_with_their_line(void **state)
{
    static const char *const rows[][3] = {
        { "oss_bucket:", "oss_buckets:", "the plan has no table 'oss_buckets'" },
        { "{ id: b3 }", "{ id: b3, colour: red }", "table oss_bucket has no column 'colour'" },
        { "{ id: b3 }", "{ id: b3, size: big }", "column 'size' holds a whole number" },
        { "{ id: b3 }", "{ name: b3 }", "a row of oss_bucket needs an id" },
        { "{ id: b3 }", "{ id: b3 }, { id: b3 }", "the row does not fit: UNIQUE" },
        { "{ id: b3 }", "b3", "a row is a map" },
        { "logged: true", "logged: maybe", "column 'logged' holds true or false" },
        { "owner: { a: [1, x] }", "owner: '{'", "column 'owner' holds JSON" },
        { "share: 0.5, owner", "share: much, owner", "column 'share' holds a number" },
        { "    expect:\n      b1", "    params: { x: 1 }\n    expect:\n      b1",
                "the check has no such parameter" },
        { "    expect:\n      b1", "    unread: [{ call: 'oss:Nothing' }]\n    expect:\n      b1",
                "the plan has no call 'oss:Nothing'" },
        { "    expect:\n      b1",
                "    unread: [{ call: 'oss:GetBucketInfo' }]\n    expect:\n      b1",
                "made for rows: name the key" },
        { "    expect:\n      b1",
                "    unread: [{ call: 'oss:ListBuckets', key: b1 }]\n    expect:\n      b1",
                "not made for rows" },
        { "    expect:\n      b1",
                "    unread: [{ call: 'oss:ListBuckets', outcome: ok }]\n    expect:\n      b1",
                "an outcome here is" },
        { "    expect:\n      b1",
                "    unread: [{ call: 'oss:ListBuckets', odd: ok }]\n    expect:\n      b1",
                "unknown key 'odd'" },
        { "when 'private' then 'pass'", "when 'private' then 'passed'",
                "a verdict that is none of pass" },
    };

    (void)state;
    for (size_t i = 0; i < MLN_LEN(rows); i++)
        differs_with(rows[i][0], rows[i][1], rows[i][2]);
}

/* What a test may leave out, and how what was not read is said. */
static void defaults_and_unread_calls(void **state)
{
    struct outcome outcome = run(HEAD
            "scope: \"select id, region from account union all select id, region from oss_bucket\"\n"
            "query: |\n"
            "  select a.id, a.region, a.name, case when a.id = :account and a.region = 'global'\n"
            "    and :now = 1795305600000 then 'pass' else 'fail' end as verdict, null as reason,\n"
            "    null as evidence from account a\n"
            "  union all select b.id, b.region, b.name, 'fail', b.region || b.name, null\n"
            "    from oss_bucket b join (select count(*) from oss_bucket_info) on 1\n"
            "tests:\n"
            "  - { name: account, expect: { '1234567890123456': pass } }\n"
            "  - { name: own, rows: { account: [{ id: '7' }] }, expect: { '7': fail } }\n"
            "  - { name: none, rows: { account: [] }, expect: {} }\n"
            "  - name: names and regions\n"
            "    rows: { account: [], oss_bucket: [{ id: b1 }] }\n"
            "    expect: { b1: { verdict: fail, reason: cn-hangzhoub1 } }\n"
            "  - name: another time\n"
            "    now: 2026-01-01T00:00:00Z\n"
            "    expect: { '1234567890123456': fail }\n"
            "  - name: denied\n"
            "    unread: [{ call: 'sts:GetCallerIdentity' }]\n"
            "    expect: { '1234567890123456': { verdict: unknown, reason: 'no permission: "
            "sts:GetCallerIdentity' } }\n"
            "  - name: failed\n"
            "    unread: [{ call: 'oss:ListBuckets', outcome: failed, code: Oops }]\n"
            "    expect: { '1234567890123456': { verdict: unknown, reason: 'failed: "
            "oss:ListBuckets (Oops)' } }\n"
            "  - name: the snapshot ends before\n"
            "    unread: [{ call: 'oss:ListBuckets', outcome: not_collected }]\n"
            "    expect: { '1234567890123456': { verdict: unknown, reason: 'not collected: "
            "oss:ListBuckets' } }\n");

    (void)state;
    EQ_STR(mln_str_of(outcome.message), "");
    assert_int_equal(outcome.passed, 8);
    assert_int_equal(outcome.failed, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_skeleton_passes_its_own_tests),
        cmocka_unit_test(every_row_and_every_verdict_is_compared),
        cmocka_unit_test(a_difference_is_told_with_its_line),
        cmocka_unit_test(a_tests_own_mistakes_are_told_with_their_line),
        cmocka_unit_test(defaults_and_unread_calls),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
