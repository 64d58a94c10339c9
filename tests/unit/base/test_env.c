/* The environment as a parameter. */
#include <pwd.h>

#include "base/env.h"
#include "test.h"

static const char *home_or_empty(void *ctx, const char *name)
{
    return strcmp(name, "HOME") == 0 ? ctx : strcmp(name, "EMPTY") == 0 ? "" : NULL;
}

static void an_empty_variable_is_an_unset_one(void **state)
{
    struct mln_env env = { .get = home_or_empty };

    (void)state;
    assert_null(mln_env_get(&env, "EMPTY"));
    assert_null(mln_env_get(&env, "ABSENT"));
}

static void home_is_the_variable_or_the_passwd_entry(void **state)
{
    char home[] = "/home/somebody";
    struct mln_env env = { .get = home_or_empty, .ctx = home };
    const struct passwd *entry = getpwuid(getuid());

    (void)state;
    assert_string_equal(mln_env_home(&env), "/home/somebody");
    env.ctx = NULL;
    if (entry != NULL)
        assert_string_equal(mln_env_home(&env), entry->pw_dir);
}

static void the_system_environment_is_read(void **state)
{
    (void)state;
    assert_int_equal(setenv("MERLON_TEST_VALUE", "on", 1), 0);
    assert_string_equal(mln_env_get(mln_env_system(), "MERLON_TEST_VALUE"), "on");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_empty_variable_is_an_unset_one),
        cmocka_unit_test(home_is_the_variable_or_the_passwd_entry),
        cmocka_unit_test(the_system_environment_is_read),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
