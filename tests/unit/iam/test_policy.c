#include "iam/policy.h"
#include "test.h"

#define ARENA_MAX ((size_t)1024 * 1024)

struct decision_case {
    const char *document, *action, *resource;
    enum mln_decision want;
};

#define STATEMENT(effect, action, resource) \
    "{\"Effect\":\"" effect "\",\"Action\":" action ",\"Resource\":" resource "}"
#define POLICY(statements) "{\"Version\":\"1\",\"Statement\":[" statements "]}"

/* clang-format off */
static const struct decision_case decisions[] = {
    { POLICY(STATEMENT("Allow", "\"*\"", "\"*\"")), "yundun-sddp:DescribeRiskRules", "*", MLN_ALLOW },
    { POLICY(STATEMENT("Allow", "\"yundun-sddp:Describe*\"", "\"*\"")), "yundun-sddp:DescribeRiskRules", "*", MLN_ALLOW },
    { POLICY(STATEMENT("Allow", "\"yundun-sddp:Describe*\"", "\"*\"")), "yundun-sddp:PreHandleAuditRisk", "*", MLN_IMPLICIT_DENY },
    { POLICY(STATEMENT("Allow", "\"YUNDUN-SDDP:describe*\"", "\"*\"")), "yundun-sddp:DescribeRiskRules", "*", MLN_ALLOW },
    { POLICY(STATEMENT("Allow", "[\"a:b\",\"c:?\"]", "\"*\"")), "c:d", "*", MLN_ALLOW },
    { POLICY(STATEMENT("Allow", "[\"a:b\",\"c:?\"]", "\"*\"")), "c:dd", "*", MLN_IMPLICIT_DENY },
    { POLICY(STATEMENT("Allow", "\"*\"", "\"*\"") "," STATEMENT("Deny", "\"*:Pre*\"", "\"*\"")), "yundun-sddp:PreHandleAuditRisk", "*", MLN_EXPLICIT_DENY },
    { POLICY(STATEMENT("Deny", "\"*:Pre*\"", "\"*\"") "," STATEMENT("Allow", "\"*\"", "\"*\"")), "yundun-sddp:PreHandleAuditRisk", "*", MLN_EXPLICIT_DENY },
    { POLICY(STATEMENT("Deny", "\"*\"", "\"acs:x:other\"") "," STATEMENT("Allow", "\"*\"", "\"*\"")), "a:b", "acs:x:mine", MLN_ALLOW },
    { POLICY(STATEMENT("Allow", "\"*\"", "\"acs:*:instance/*\"")), "a:b", "acs:rds:cn:1:instance/rm-1", MLN_ALLOW },
    { POLICY(STATEMENT("Allow", "\"*\"", "\"acs:*:Instance/*\"")), "a:b", "acs:rds:cn:1:instance/rm-1", MLN_IMPLICIT_DENY },
    { POLICY(STATEMENT("Allow", "\"a*b*c\"", "\"*\"")), "aXbYbc", "*", MLN_ALLOW },
    { POLICY(STATEMENT("Allow", "\"a*b*c\"", "\"*\"")), "aXbYbcd", "*", MLN_IMPLICIT_DENY },
    { "{\"Version\":\"1\",\"Statement\":" STATEMENT("Allow", "\"*\"", "[\"*\"]") "}", "a:b", "*", MLN_ALLOW },
};

static const struct { const char *document, *part; } refused[] = {
    { "", "policy" },
    { "[]", "not a JSON object" },
    { "{}", "Version" },
    { "{\"Version\":\"2012-10-17\",\"Statement\":[]}", "Version must be" },
    { "{\"Version\":\"1\"}", "Statement is missing" },
    { POLICY(""), "needs 1 to" },
    { "{\"Version\":\"1\",\"Statement\":[],\"Statement\":[]}", "each once" },
    { "{\"Version\":\"1\",\"Id\":\"x\",\"Statement\":[]}", "only Version" },
    { POLICY("5"), "statement 1 is not an object" },
    { POLICY("{\"Effect\":\"allow\",\"Action\":\"*\",\"Resource\":\"*\"}"), "Effect must be Allow or Deny" },
    { POLICY("{\"Effect\":\"Allow\",\"Action\":\"*\"}"), "needs Action and Resource" },
    { POLICY("{\"Effect\":\"Allow\",\"Action\":[],\"Resource\":\"*\"}"), "Action needs 1 to" },
    { POLICY("{\"Effect\":\"Allow\",\"Action\":[1],\"Resource\":\"*\"}"), "Action must be text" },
    { POLICY("{\"Effect\":\"Allow\",\"Action\":\"*\",\"Action\":\"a\",\"Resource\":\"*\"}"), "repeats" },
    { POLICY("{\"Effect\":\"Allow\",\"Action\":\"*\",\"Resource\":\"*\",\"Condition\":{}}"), "'Condition' is not evaluated" },
    { POLICY("{\"Effect\":\"Allow\",\"NotAction\":\"*\",\"Resource\":\"*\"}"), "'NotAction' is not evaluated" },
    { POLICY("{\"Effect\":\"Deny\",\"Action\":\"*\",\"NotResource\":\"*\"}"), "'NotResource' is not evaluated" },
};
/* clang-format on */

static void decides_by_every_statement_and_deny_wins(void **state)
{
    (void)state;
    for (size_t i = 0; i < MLN_LEN(decisions); i++) {
        MLN_AUTO(mln_arena_free) struct mln_arena arena = MLN_ARENA_INIT(ARENA_MAX);
        const struct decision_case *c = &decisions[i];
        const struct mln_policy *policy;
        struct mln_err err;

        OK(mln_policy_parse(mln_str_of(c->document), &arena, &policy, &err), &err);
        assert_int_equal(
                mln_policy_decide(&policy, 1, mln_str_of(c->action), mln_str_of(c->resource)),
                c->want);
    }
}

static void allows_nothing_without_policies(void **state)
{
    (void)state;
    assert_int_equal(mln_policy_decide(NULL, 0, MLN_STR("a:b"), MLN_STR("*")), MLN_IMPLICIT_DENY);
}

static void lets_a_deny_of_another_policy_win(void **state)
{
    MLN_AUTO(mln_arena_free) struct mln_arena arena = MLN_ARENA_INIT(ARENA_MAX);
    const struct mln_policy *both[2];
    struct mln_err err;

    (void)state;
    OK(mln_policy_parse(
               MLN_STR(POLICY(STATEMENT("Allow", "\"*\"", "\"*\""))), &arena, &both[0], &err),
            &err);
    OK(mln_policy_parse(
               MLN_STR(POLICY(STATEMENT("Deny", "\"a:*\"", "\"*\""))), &arena, &both[1], &err),
            &err);
    assert_int_equal(mln_policy_decide(both, 2, MLN_STR("a:b"), MLN_STR("*")), MLN_EXPLICIT_DENY);
    assert_int_equal(mln_policy_decide(both, 2, MLN_STR("c:b"), MLN_STR("*")), MLN_ALLOW);
}

static void refuses_what_it_would_not_evaluate(void **state)
{
    (void)state;
    for (size_t i = 0; i < MLN_LEN(refused); i++) {
        MLN_AUTO(mln_arena_free) struct mln_arena arena = MLN_ARENA_INIT(ARENA_MAX);
        const struct mln_policy *policy = (const struct mln_policy *)&refused;
        struct mln_err err;

        FAILS(mln_policy_parse(mln_str_of(refused[i].document), &arena, &policy, &err), MLN_EINVAL,
                &err, refused[i].part);
        assert_ptr_equal(policy, (const struct mln_policy *)&refused);
    }
}

static void refuses_a_policy_over_the_size_limit(void **state)
{
    MLN_AUTO(mln_arena_free) struct mln_arena arena = MLN_ARENA_INIT(ARENA_MAX);
    MLN_AUTO(mln_buf_free) struct mln_buf text = MLN_BUF_INIT(MLN_POLICY_BYTES_MAX * 2);
    const struct mln_policy *policy;
    struct mln_err err;

    (void)state;
    while (text.len <= MLN_POLICY_BYTES_MAX)
        mln_buf_add_cstr(&text, "          ");
    FAILS(mln_policy_parse(mln_buf_str(&text), &arena, &policy, &err), MLN_ETOOBIG, &err, "longer");
}

static void ships_policies_that_parse(void **state)
{
    const struct mln_builtin_policy *rows;
    size_t count;

    (void)state;
    rows = mln_builtin_policies(&count);
    assert_true(count >= 3);
    for (size_t i = 0; i < count; i++) {
        MLN_AUTO(mln_arena_free) struct mln_arena arena = MLN_ARENA_INIT(ARENA_MAX);
        const struct mln_policy *policy;
        struct mln_err err;

        OK(mln_policy_parse(mln_str_of(rows[i].document), &arena, &policy, &err), &err);
        assert_ptr_equal(mln_builtin_policy(mln_str_of(rows[i].name)), &rows[i]);
        assert_true(rows[i].summary_en[0] != '\0' && rows[i].summary_zh[0] != '\0');
        if (strcmp(rows[i].name, "read-only") == 0)
            assert_int_equal(mln_policy_decide(&policy, 1,
                                     MLN_STR("yundun-sddp:PreHandleAuditRisk"), MLN_STR("*")),
                    MLN_IMPLICIT_DENY);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(decides_by_every_statement_and_deny_wins),
        cmocka_unit_test(allows_nothing_without_policies),
        cmocka_unit_test(lets_a_deny_of_another_policy_win),
        cmocka_unit_test(refuses_what_it_would_not_evaluate),
        cmocka_unit_test(refuses_a_policy_over_the_size_limit),
        cmocka_unit_test(ships_policies_that_parse),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
