/* Resource policies in SQL. */
#include <stdio.h>

#include "sql.h"

#define ALLOW          "\"Effect\":\"Allow\",\"Principal\":[\"*\"],\"Action\":[\"oss:GetObject\"],"
#define OBJECT         "\"Resource\":[\"acs:oss:*:1:b/*\"]"
#define SHIELD         "\"Effect\":\"Deny\",\"Principal\":\"*\",\"Action\":\"oss:*\",\"Resource\":"
#define PUBLIC         "Principal=* Action=oss:GetObject Resource=acs:oss:*:1:b/*"
#define ONE(statement) "{\"Version\":\"1\",\"Statement\":[{" statement "}]}"
#define TWO(a, b)      "{\"Version\":\"1\",\"Statement\":[{" a "},{" b "}]}"
#define WHEN(text)     ALLOW OBJECT ",\"Condition\":{" text "}"

/* The texts of the statements, joined; "NULL" for no policy. */
struct policy_case {
    const char *policy, *texts;
};

static void judge(const struct policy_case *rows, size_t count, const char *question)
{
    struct sql sql;

    sql_open(&sql);
    for (size_t i = 0; i < count; i++) {
        const char *texts[] = { rows[i].policy };
        const char *answer = NULL;

        sql_bind(&sql, question, texts, 1);
        answer = sql_result(&sql);
        if (strcmp(answer, rows[i].texts) != 0)
            fail_msg("%s: got \"%s\", want \"%s\"", rows[i].policy, answer, rows[i].texts);
    }
    sql_close(&sql);
}

#define TEXTS(call)                                                                      \
    "select case when " call " is null then 'NULL' else (select "                        \
    "ifnull(group_concat(json_extract(value, '$.text'), '; '), '') from json_each(" call \
    ")) end from (select ? as p)"

static void finds_grants_to_everyone(void **state)
{
    static const struct policy_case rows[] = {
        { ONE(WHEN("\"Bool\":{\"acs:SecureTransport\":[\"true\"]}")), PUBLIC },
        { ONE(WHEN("\"StringLike\":{\"acs:SourceVpc\":[\"vpc-*\"]}")), PUBLIC },
        { ONE("\"Effect\":\"Allow\",\"Principal\":[\"2000000000000002\"],\"Action\":[\"oss:"
              "GetObject\"]," OBJECT),
                "" },
        { ONE(ALLOW OBJECT), PUBLIC },
        { "{\"Statement\":{" ALLOW OBJECT "}}", PUBLIC },
        { ONE("\"Effect\":\"Allow\",\"Principal\":\"*\",\"Action\":\"oss:GetObject\",\"Resource\":"
              "\"acs:oss:*:1:b/*\""),
                PUBLIC },
        { ONE("\"Effect\":\"Allow\",\"Principal\":{\"RAM\":[\"acs:ram::1:root\",\"*\"]},\"Action\":"
              "[\"a\",\"b\",\"c\",\"d\"],\"Resource\":[\"x\",\"y\"]"),
                "Principal=* Action=a,b,c Resource=x" },
        { ONE("\"Effect\":\"Allow\",\"Principal\":{\"RAM\":[\"acs:ram::1:root\"]}"), "" },
        { ONE("\"Effect\":\"Allow\",\"Principal\":[\"arn:sts::1:assumed-role/r/*\"]"), "" },
        { ONE("\"Effect\":\"Allow\",\"Principal\":[\"arn:sts::*:assumed-role/r/s\"]"),
                "Principal=* Action=? Resource=?" },
        { ONE("\"Effect\":\"Allow\",\"NotPrincipal\":[\"1\"],\"NotAction\":\"oss:Put*\","
              "\"NotResource\":\"r\""),
                "NotPrincipal=? NotAction=oss:Put* NotResource=r" },
        { ONE("\"Effect\":\"Deny\",\"Principal\":\"*\",\"Action\":\"*\",\"Resource\":\"*\""), "" },
        { "{\"Statement\":[]}", "" },
        { "{}", "NULL" },
        { "[]", "NULL" },
        { "null", "NULL" },
        { "not json", "NULL" },
        { "", "NULL" },
        { "{\"Statement\":\"x\"}", "NULL" },
        { "{\"Statement\":[],\"Statement\":[]}", "NULL" },
    };

    (void)state;
    judge(rows, MLN_LEN(rows), TEXTS("policy_public(p, 8, 32)"));
}

static void takes_what_it_cannot_understand_for_a_grant(void **state)
{
    static const char *const rows[] = {
        "{\"Statement\":[5]}",
        "{\"Statement\":[null]}",
        ONE(""),
        ONE("\"Effect\":\"allow\",\"Principal\":\"*\""),
        ONE("\"Effect\":\"deny\",\"Principal\":\"*\""),
        ONE("\"Effect\":[\"Deny\"],\"Principal\":\"*\""),
        ONE("\"Effect\":\"Deny\",\"Effect\":\"Allow\",\"Principal\":\"*\""),
        ONE("\"Effect\":\"Allow\",\"Principal\":\"1\",\"Principal\":\"*\""),
        ONE("\"Effect\":\"Allow\",\"Principal\":null"),
        ONE("\"Effect\":\"Allow\",\"Principal\":[]"),
        ONE("\"Effect\":\"Allow\",\"Principal\":{}"),
        ONE("\"Effect\":\"Allow\",\"Principal\":[1]"),
        ONE("\"Effect\":\"Allow\",\"Principal\":[\"1\",[\"2\"]]"),
        ONE("\"Effect\":\"Allow\",\"Principal\":{\"RAM\":{\"a\":\"1\"}}"),
        ONE("\"Effect\":\"Allow\",\"principal\":\"1\""),
        ONE("\"Effect\":\"Allow\",\"Principal\":\"2*\""),
        ONE(WHEN("") ",\"Condition\":{\"IpAddress\":{\"acs:SourceIp\":\"47.1.1.1\"}}"),
        ONE(ALLOW "\"condition\":{\"IpAddress\":{\"acs:SourceIp\":\"47.1.1.1\"}}"),
        ONE(ALLOW "\"Condition\":[{\"IpAddress\":{\"acs:SourceIp\":\"47.1.1.1\"}}]"),
        ONE(ALLOW "\"Condition\":{\"IpAddress\":\"47.1.1.1\"}"),
        ONE(ALLOW "\"Condition\":\"IpAddress\""),
    };
    struct sql sql;

    (void)state;
    sql_open(&sql);
    for (size_t i = 0; i < MLN_LEN(rows); i++) {
        sql_bind(&sql, "select json_array_length(policy_public(?, 8, 32))", &rows[i], 1);
        if (strcmp(sql_result(&sql), "1") != 0)
            fail_msg("%s passed", rows[i]);
    }
    sql_close(&sql);
}

static void knows_what_narrows_the_caller(void **state)
{
    static const struct policy_case rows[] = {
        { ONE(WHEN("\"IpAddress\":{\"acs:SourceIp\":[\"203.0.113.0/24\"]}")), "" },
        { ONE(WHEN("\"IpAddress\":{\"ACS:sourceip\":\"2001:db8::/32\"}")), "" },
        { ONE(WHEN("\"IpAddress\":{\"acs:SourceIp\":[\"203.0.113.0/24\",\"0.0.0.0/0\"]}")),
                PUBLIC },
        { ONE(WHEN("\"IpAddress\":{\"acs:SourceIp\":[\"0.0.0.0\"]}")), PUBLIC },
        { ONE(WHEN("\"IpAddress\":{\"acs:SourceIp\":[\"11.0.0.0/7\"]}")), PUBLIC },
        { ONE(WHEN("\"IpAddress\":{\"acs:SourceIp\":[\"2001::/16\"]}")), PUBLIC },
        { ONE(WHEN("\"IpAddress\":{\"acs:SourceIp\":[]}")), PUBLIC },
        { ONE(WHEN("\"IpAddress\":{\"acs:SourceIp\":[\"office\"]}")), PUBLIC },
        { ONE(WHEN("\"IpAddress\":{\"acs:SourceIp\":[7]}")), PUBLIC },
        { ONE(WHEN("\"NotIpAddress\":{\"acs:SourceIp\":\"203.0.113.0/24\"}")), PUBLIC },
        { ONE(WHEN("\"ipaddress\":{\"acs:SourceIp\":\"203.0.113.0/24\"}")), PUBLIC },
        { ONE(WHEN("\"IpAddress\":{\"acs:SourceIp\":\"47.1.1.1\",\"acs:sourceip\":\"0.0.0.0/0\"}")),
                PUBLIC },
        { ONE(WHEN("\"StringEquals\":{\"acs:SourceVpc\":[\"vpc-1\"]}")), "" },
        { ONE(WHEN("\"StringEquals\":{\"acs:SourceVpcId\":\"vpc-1\"}")), "" },
        { ONE(WHEN("\"StringEquals\":{\"acs:SourceVpc\":[\"vpc-1\",\"*\"]}")), PUBLIC },
        { ONE(WHEN("\"StringEquals\":{\"acs:SourceVpc\":[\"vpc-\"]}")), PUBLIC },
        { ONE(WHEN("\"StringLike\":{\"acs:SourceVpc\":[\"vpc-1?\"]}")), PUBLIC },
        { ONE(WHEN("\"StringLike\":{\"acs:SourceVpc\":[\"vpc-1\"]}")), "" },
        { ONE(WHEN("\"StringNotEquals\":{\"acs:SourceVpc\":[\"vpc-1\"]}")), PUBLIC },
        { ONE(WHEN("\"StringEquals\":{\"acs:AccessId\":[\"LTAI5tExample\"]}")), "" },
        { ONE(WHEN("\"StringEquals\":{\"acs:AccessId\":[\"LTAI*\"]}")), PUBLIC },
        { ONE(WHEN("\"StringLike\":{\"acs:UserAgent\":\"curl\"}")), PUBLIC },
        { ONE(WHEN("\"StringLike\":{\"oss:Prefix\":\"a/\"}")), PUBLIC },
        /* All conditions must hold, so one that narrows is enough. */
        { ONE(WHEN("\"Bool\":{\"acs:SecureTransport\":\"true\"},\"IpAddress\":{\"acs:SourceIp\":"
                   "\"47.1.1.1\"}")),
                "" },
    };

    (void)state;
    judge(rows, MLN_LEN(rows), TEXTS("policy_public(p, 8, 32)"));
}

static void a_deny_for_everyone_else_shields(void **state)
{
    static const struct policy_case rows[] = {
        { TWO(ALLOW OBJECT, SHIELD "[\"*\"],\"Condition\":{\"NotIpAddress\":{\"acs:SourceIp\":["
                                   "\"47.1.1.0/24\"]}}"),
                "" },
        { TWO(ALLOW OBJECT, SHIELD "\"acs:oss:*:*:b*\",\"Condition\":{\"StringNotEquals\":{\"acs:"
                                   "SourceVpc\":\"vpc-1\"}}"),
                "" },
        { TWO(ALLOW OBJECT, SHIELD "\"*\""), "" },
        { TWO(ALLOW OBJECT, SHIELD "\"*\",\"Condition\":{\"NotIpAddress\":{\"acs:SourceIp\":"
                                   "\"47.1.1.1\"},\"StringNotEquals\":{\"acs:SourceVpc\":\"vpc-1\"}"
                                   "}"),
                "" },
        { TWO(ALLOW OBJECT, SHIELD "\"*\",\"Condition\":{\"NotIpAddress\":{\"acs:SourceIp\":"
                                   "\"47.1.1.1\"},\"Bool\":{\"acs:SecureTransport\":\"false\"}}"),
                PUBLIC },
        { TWO(ALLOW OBJECT, SHIELD "\"*\",\"Condition\":{\"NotIpAddress\":{\"acs:SourceIp\":"
                                   "\"0.0.0.0/0\"}}"),
                PUBLIC },
        { TWO(ALLOW OBJECT, SHIELD "\"*\",\"Condition\":{\"IpAddress\":{\"acs:SourceIp\":"
                                   "\"47.1.1.1\"}}"),
                PUBLIC },
        { TWO(ALLOW OBJECT, SHIELD "\"*\",\"Condition\":5"), PUBLIC },
        { TWO(ALLOW OBJECT, SHIELD "\"acs:oss:*:1:other/*\""), PUBLIC },
        { TWO(ALLOW OBJECT, SHIELD "\"acs:oss:*:1:b/?\""), PUBLIC },
        { TWO(ALLOW OBJECT, SHIELD "\"*\",\"NotAction\":\"oss:GetObject\""), PUBLIC },
        { TWO(ALLOW OBJECT, "\"Effect\":\"Deny\",\"Principal\":\"*\",\"Action\":\"oss:Put*\","
                            "\"Resource\":\"*\""),
                PUBLIC },
        { TWO(ALLOW OBJECT, "\"Effect\":\"Deny\",\"Principal\":\"1\",\"Action\":\"*\","
                            "\"Resource\":\"*\""),
                PUBLIC },
        { TWO(ALLOW OBJECT, "\"Effect\":\"deny\",\"Principal\":\"1\",\"Action\":\"*\","
                            "\"Resource\":\"*\""),
                PUBLIC },
    };

    (void)state;
    judge(rows, MLN_LEN(rows), TEXTS("policy_public(p, 8, 32)"));
}

static void finds_full_access_of_other_accounts(void **state)
{
#define FULL(principal) "\"Effect\":\"Allow\",\"Principal\":" principal ",\"Action\":\"oss:*\","
    static const struct policy_case rows[] = {
        { ONE(FULL("\"2000\"") "\"Resource\":\"r\""), "Principal=2000 Action=oss:* Resource=r" },
        { ONE(FULL("[\"1000\",\"2000\"]") OBJECT),
                "Principal=2000 Action=oss:* Resource=acs:oss:*:1:b/*" },
        { ONE(FULL("{\"RAM\":\"acs:ram::2000:root\"}") "\"Resource\":\"r\""),
                "Principal=acs:ram::2000:root Action=oss:* Resource=r" },
        { ONE(FULL("\"1000\"") OBJECT), "" },
        { ONE(FULL("[\"acs:ram::1000:user/x\"]") OBJECT), "" },
        { ONE(FULL("\"*\"") OBJECT), "" },
        { ONE(FULL("\"2000\"") "\"Condition\":{\"Bool\":{\"acs:SecureTransport\":\"true\"}}"), "" },
        { ONE(FULL("\"2000\"") "\"Condition\":{}"), "Principal=2000 Action=oss:* Resource=?" },
        { ONE("\"Effect\":\"Allow\",\"Principal\":\"2000\",\"Action\":\"oss:GetObject\""), "" },
        { ONE("\"Effect\":\"Deny\",\"Principal\":\"2000\",\"Action\":\"*\""), "" },
        { "x", "NULL" },
    };

    (void)state;
    judge(rows, MLN_LEN(rows), TEXTS("policy_foreign(p, '1000')"));
}

/* NULL is "not understood": an error would hide every other bucket. */
static void knows_nothing_of_a_policy_that_is_too_large(void **state)
{
    static const struct sql_case rows[] = {
        { "policy_public(zeroblob(67108864), 8, 32)", "NULL" },
        { "policy_foreign(zeroblob(67108864), '1')", "NULL" },
        { "policy_public('{}', NULL, 32)", "a parameter must be a whole number from 0 to 32" },
        { "policy_public('{}', 8, 129)", "a parameter must be a whole number from 0 to 128" },
        { "policy_public(NULL, 8, 32)", "NULL" },
        { "policy_foreign('{}', NULL)", "NULL" },
        { "json_array_length(policy_public('{\"Statement\":[' || substr(replace(hex(zeroblob(500)),"
          "'0', '5,'), 1, 1999) || ']}', 8, 32))",
                "20" },
        { "policy_public('{\"Statement\":[' || substr(replace(hex(zeroblob(501)), '0', '5,'), 1, "
          "2003) || ']}', 8, 32)",
                "NULL" },
    };

    (void)state;
    sql_cases(rows, MLN_LEN(rows));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(finds_grants_to_everyone),
        cmocka_unit_test(takes_what_it_cannot_understand_for_a_grant),
        cmocka_unit_test(knows_what_narrows_the_caller),
        cmocka_unit_test(a_deny_for_everyone_else_shields),
        cmocka_unit_test(finds_full_access_of_other_accounts),
        cmocka_unit_test(knows_nothing_of_a_policy_that_is_too_large),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
