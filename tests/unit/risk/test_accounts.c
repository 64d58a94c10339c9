/* The file of accounts that are collected together. */
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "risk/scan.h"
#include "test.h"

static char folder[] = "/tmp/merlon-accounts-XXXXXX";
static char path[64];

static int make_folder(void **state)
{
    (void)state;
    if (mkdtemp(folder) == NULL)
        return -1;
    (void)snprintf(path, sizeof(path), "%s/accounts.yaml", folder);
    return 0;
}

static int remove_folder(void **state)
{
    (void)state;
    (void)unlink(path);
    return rmdir(folder);
}

static void put(const char *text)
{
    FILE *file = fopen(path, "w");

    assert_non_null(file);
    assert_true(fputs(text, file) >= 0);
    assert_int_equal(fclose(file), 0);
}

static void every_way_to_reach_an_account_is_read(void **state)
{
    struct mln_scan_accounts *accounts = NULL;
    struct mln_scan_account a;
    struct mln_err err;

    (void)state;
    put("role: reader\n"
        "external_id: for-all\n"
        "accounts:\n"
        "  - id: 1234567890123456\n"
        "    name: production\n"
        "  - { profile: dev }\n"
        "  - role: acs:ram::42:role/Other.Role-1\n"
        "    profile: base\n"
        "    external_id: own\n"
        "  - { id: '007', profile: seven, name: 生产 }\n");
    OK(mln_scan_accounts_read(path, &accounts, &err), &err);
    assert_int_equal(mln_scan_accounts_count(accounts), 4);
    a = mln_scan_accounts_at(accounts, 0);
    EQ_STR(a.id, "1234567890123456");
    EQ_STR(a.name, "production");
    EQ_STR(a.profile, "");
    EQ_STR(a.role, "acs:ram::1234567890123456:role/reader");
    EQ_STR(a.external_id, "for-all");
    a = mln_scan_accounts_at(accounts, 1);
    EQ_STR(a.id, "");
    EQ_STR(a.profile, "dev");
    EQ_STR(a.role, "");
    EQ_STR(a.external_id, "");
    a = mln_scan_accounts_at(accounts, 2);
    EQ_STR(a.id, "42");
    EQ_STR(a.profile, "base");
    EQ_STR(a.role, "acs:ram::42:role/Other.Role-1");
    EQ_STR(a.external_id, "own");
    a = mln_scan_accounts_at(accounts, 3);
    EQ_STR(a.id, "007");
    EQ_STR(a.role, "");
    EQ_STR(a.name, "生产");
    mln_scan_accounts_free(accounts);
}

static void what_is_wrong_is_named_with_its_place(void **state)
{
    static const struct {
        const char *text, *says;
    } rows[] = {
        { "accounts:\n  - id: 1\n    nmae: x\n", ":3:" },
        { "accounts:\n  - id: 12a\n", "`id` is a number" },
        { "accounts:\n  - id: ../../etc/passwd\n", "`id` is a number" },
        { "accounts:\n  - id: 123456789012345678901\n", "`id` is a number" },
        { "accounts:\n  - name: x\n", ":2:" },
        { "accounts:\n  - name: x\n", "needs a `profile`" },
        { "accounts:\n  - role: reader\n", "needs the account's id" },
        { "role: reader\naccounts:\n  - name: x\n", "needs the account's id" },
        { "accounts:\n  - { id: 1, role: 'a b' }\n", "`role` is a role's name" },
        { "accounts:\n  - { id: 1, role: 'a/b' }\n", "`role` is a role's name" },
        { "accounts:\n  - role: acs:ram::x:role/reader\n", "no ARN" },
        { "accounts:\n  - role: acs:ram::1:user/reader\n", "no ARN" },
        { "accounts:\n  - role: \"acs:ram::1:role/\"\n", "no ARN" },
        { "accounts:\n  - { id: 2, role: 'acs:ram::1:role/reader' }\n", "of account 1, not of 2" },
        { "accounts:\n  - { id: 1, role: r }\n  - { id: 1, profile: p }\n", ":3:" },
        { "accounts:\n  - { id: 1, role: r }\n  - { id: 1, profile: p }\n", "twice" },
        { "accounts:\n  - { id: 1, role: r }\n  - { role: 'acs:ram::1:role/x' }\n", "twice" },
        { "accounts: []\n", "list of accounts" },
        { "accounts: x\n", "list of accounts" },
        { "accounts:\n  - x\n", "an account is a map" },
        { "account:\n  - id: 1\n", "account" },
        { "- id: 1\n", "one map" },
        { "", "one map" },
        { "accounts: [ { id: 1, role: r } ]\n---\naccounts: []\n", "one map" },
        { "accounts:\n  - { id: [1], role: r }\n", ":2:" },
        { "accounts: &a\n  - { id: 1, role: r }\n", "anchors" },
        { "accounts:\n\t- id: 1\n", "accounts.yaml:2" },
    };
    static char untouched;
    struct mln_scan_accounts *accounts = (void *)&untouched;
    struct mln_err err;

    (void)state;
    for (size_t i = 0; i < MLN_LEN(rows); i++) {
        int rc;

        put(rows[i].text);
        rc = mln_scan_accounts_read(path, &accounts, &err);
        if (rc != MLN_EINVAL || strstr(err.msg, rows[i].says) == NULL)
            fail_msg("row %zu: got %d \"%s\", want \"%s\"", i, rc, err.msg, rows[i].says);
        assert_ptr_equal(accounts, &untouched);
    }
}

static void a_file_that_is_not_there_or_too_long_is_refused(void **state)
{
    struct mln_scan_accounts *accounts = NULL;
    struct mln_err err;
    FILE *file;

    (void)state;
    FAILS(mln_scan_accounts_read("/nonexistent/a.yaml", &accounts, &err), MLN_ENOTFOUND, &err,
            "/nonexistent/a.yaml");
    assert_true(mln_scan_accounts_read(folder, &accounts, &err) != MLN_OK);
    file = fopen(path, "w");
    assert_non_null(file);
    (void)fputs("role: r\naccounts:\n", file);
    for (size_t i = 0; i < MLN_ACCOUNTS_MAX + 1; i++)
        (void)fprintf(file, "  - id: %zu\n", i);
    assert_int_equal(fclose(file), 0);
    FAILS(mln_scan_accounts_read(path, &accounts, &err), MLN_EINVAL, &err, "more than 10000");
    assert_null(accounts);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_way_to_reach_an_account_is_read),
        cmocka_unit_test(what_is_wrong_is_named_with_its_place),
        cmocka_unit_test(a_file_that_is_not_there_or_too_long_is_refused),
    };

    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
