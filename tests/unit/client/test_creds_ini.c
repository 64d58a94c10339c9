#include "client/priv.h"
#include "creds_fake.h"

#define PAIR "access_key_id = iniCANARYid\naccess_key_secret = iniCANARYsecret\n"
#define HERE ".alibabacloud/credentials"

/* ---- the format ---- */

static const struct {
    const char *why, *text;
    int code;
    const char *want; /* The value of "key", or a part of the message. */
} texts[] = {
    { "plain", "[s]\nkey = value\n", MLN_OK, "value" },
    { "no blanks", "[s]\nkey=value", MLN_OK, "value" },
    { "colon", "[s]\nkey: acs:ram::1:role/x", MLN_OK, "acs:ram::1:role/x" },
    { "equals wins", "[s]\nkey = acs:ram::1:role/x", MLN_OK, "acs:ram::1:role/x" },
    { "other case", "[s]\nKEY = value", MLN_OK, "value" },
    { "comment lines", "# a\n; b\n[s]\n  # c\nkey = value\n", MLN_OK, "value" },
    { "trailing comment", "[s] # mine\nkey = value # CANARY", MLN_OK, "value" },
    { "quotes", "[s]\nkey = \"a b\"", MLN_OK, "a b" },
    { "one quote", "[s]\nkey = \"", MLN_OK, "\"" },
    { "empty value", "[s]\nkey =", MLN_OK, "" },
    { "twice: the last", "[s]\nkey = a\nkey = b", MLN_OK, "b" },
    { "CRLF and BOM", "\xef\xbb\xbf[s]\r\nkey = value\r\n", MLN_OK, "value" },
    { "among others", "[a]\nkey = x\n[s]\nkey = y\n[b]\nkey = z\n", MLN_OK, "y" },
    { "absent", "[a]\nkey = x\n", MLN_ENOTFOUND, "no such section" },
    { "empty file", "", MLN_ENOTFOUND, "no such section" },
    { "case of sections counts", "[S]\nkey = x\n", MLN_ENOTFOUND, "no such section" },
    { "no section", "key = CANARY\n", MLN_ECONFIG, "line 1" },
    { "no bracket", "[s]\nkey = a\n[CANARY\n", MLN_ECONFIG, "line 3" },
    { "after the bracket", "[s] CANARY\n", MLN_ECONFIG, "line 1" },
    { "no name", "[ ]\n", MLN_ECONFIG, "line 1" },
    { "no sign", "[s]\n\nCANARY\n", MLN_ECONFIG, "line 3" },
    { "no key", "[s]\n= CANARY\n", MLN_ECONFIG, "line 2" },
    { "section twice", "[s]\nkey = a\n[t]\n[s]\n", MLN_ECONFIG, "twice" },
    { "malformed elsewhere", "[s]\nkey = a\n[t]\nCANARY\n", MLN_ECONFIG, "line 4" },
};

static void reads_a_section_or_names_the_line(void **state)
{
    static struct mln_ini_section section;

    (void)state;
    for (size_t i = 0; i < MLN_LEN(texts); i++) {
        struct mln_err err = { 0 };
        int rc;

        section.count = 77;
        rc = mln_ini_read(mln_str_of(texts[i].text), MLN_STR("s"), &section, &err);
        if (rc != texts[i].code)
            fail_msg("%s: %d %s", texts[i].why, rc, err.msg);
        keeps_secrets(texts[i].why, err.msg);
        if (rc == MLN_OK)
            EQ_STR(mln_ini_get(&section, "key"), texts[i].want);
        else if (strstr(err.msg, texts[i].want) == NULL || section.count != 77)
            fail_msg("%s: %s", texts[i].why, err.msg);
    }
}

static void too_many_keys_are_refused(void **state)
{
    MLN_AUTO(mln_buf_free) struct mln_buf text = MLN_BUF_INIT((size_t)65536);
    static struct mln_ini_section section;
    struct mln_err err = { 0 };

    (void)state;
    mln_buf_add_cstr(&text, "[s]\n");
    for (size_t i = 0; i < MLN_INI_KEYS_MAX; i++)
        mln_buf_addf(&text, "k%zu = v\n", i);
    OK(mln_ini_read(mln_buf_str(&text), MLN_STR("s"), &section, &err), &err);
    mln_buf_add_cstr(&text, "more = v\n");
    FAILS(mln_ini_read(mln_buf_str(&text), MLN_STR("s"), &section, &err), MLN_ECONFIG, &err,
            "more than");
}

/* ---- the chain's step ---- */

static const struct {
    const char *why, *file, *text, *profile; /* profile: the variable. */
    int code;
    const char *want; /* The provider, or a part of the message. */
} files[] = {
    { "first path", HERE, "[default]\ntype = access_key\n" PAIR, NULL, MLN_OK,
            "profile/static_ak" },
    { "second path", HERE ".ini", "[default]\ntype = access_key\n" PAIR, NULL, MLN_OK,
            "profile/static_ak" },
    { "the old tool's", ".aliyuncli/credentials",
            "[default]\naliyun_access_key_id = a\naliyun_access_key_secret = b\n", NULL, MLN_OK,
            "profile/static_ak" },
    { "the old tool's other profile", ".aliyuncli/credentials",
            "[profile x]\naliyun_access_key_id = a\naliyun_access_key_secret = b\n", "x", MLN_OK,
            "profile/static_ak" },
    { "named", HERE, "[x]\ntype = ACCESS_KEY\n" PAIR, "x", MLN_OK, "profile/static_ak" },
    { "role", HERE, "[default]\ntype = ram_role_arn\n" PAIR "role_arn = " ROLE "\n", NULL, MLN_OK,
            "profile/ram_role_arn/static_ak" },
    { "instance", HERE, "[default]\ntype = ecs_ram_role\nrole_name = web\n", NULL, MLN_OK,
            "profile/ecs_ram_role" },
    { "enabled", HERE, "[default]\nenable = true\ntype = access_key\n" PAIR, NULL, MLN_OK,
            "profile/static_ak" },
    { "switched off", HERE, "[default]\nenable = false\ntype = access_key\n" PAIR, NULL, MLN_ECREDS,
            "switched off by its enable key" },
    { "enable what", HERE, "[default]\nenable = CANARY\ntype = access_key\n" PAIR, NULL,
            MLN_ECONFIG, "neither true nor false" },
    { "no default", HERE, "[x]\ntype = access_key\n" PAIR, NULL, MLN_ECREDS,
            "no section 'default'" },
    { "not there by name", HERE, "[x]\ntype = access_key\n" PAIR, "y", MLN_ECREDS, "'y'" },
    { "no type", HERE, "[default]\n" PAIR, NULL, MLN_ECONFIG, "type is missing" },
    { "rsa", HERE, "[default]\ntype = rsa_key_pair\n" PAIR, NULL, MLN_ECREDS, "not supported" },
    { "half a pair", HERE, "[default]\ntype = access_key\naccess_key_id = CANARY\n", NULL,
            MLN_ECREDS, "access_key_secret is empty" },
    { "role without an ARN", HERE, "[default]\ntype = ram_role_arn\n" PAIR, NULL, MLN_ECREDS,
            "ARN" },
    { "OIDC without a provider", HERE, "[default]\ntype = oidc_role_arn\nrole_arn = " ROLE "\n",
            NULL, MLN_ECREDS, "OIDC provider" },
    { "malformed", HERE, "[default]\ntype = access_key\n" PAIR "CANARY\n", NULL, MLN_ECONFIG,
            "line 5" },
};

static void finds_the_files_of_every_sdk(void **state)
{
    (void)state;
    for (size_t i = 0; i < MLN_LEN(files); i++) {
        static struct fake_world world;
        struct mln_creds creds = { .provider = "poison" };
        struct mln_err err = { 0 };
        int rc;

        world_open(&world);
        world_set(&world, "ALIBABA_CLOUD_ECS_METADATA_DISABLED",
                strcmp(files[i].why, "instance") == 0 ? NULL : "true");
        world_file(&world, files[i].file, files[i].text);
        if (files[i].profile != NULL)
            world_set(&world, "ALIBABA_CLOUD_PROFILE", files[i].profile);
        world.options.transport = NULL;
        rc = mln_creds_resolve(&world.options, &creds, NULL, &err);
        if (rc != files[i].code)
            fail_msg("%s: %d %s", files[i].why, rc, err.msg);
        keeps_secrets(files[i].why, err.msg);
        if (rc == MLN_OK) {
            assert_string_equal(creds.provider, files[i].want);
            assert_string_equal(
                    creds.profile, files[i].profile != NULL ? files[i].profile : "default");
            assert_non_null(strstr(creds.source, files[i].file));
            mln_creds_wipe(&creds);
        } else if (strstr(err.msg, files[i].want) == NULL ||
                   strcmp(creds.provider, "poison") != 0) {
            fail_msg("%s: %s", files[i].why, err.msg);
        }
        world_close(&world);
    }
}

static void the_variable_names_another_file(void **state)
{
    static struct fake_world world;
    static char path[128];
    struct mln_creds creds = { 0 };
    struct mln_err err = { 0 };

    (void)state;
    world_open(&world);
    world_file(&world, HERE, "CANARY");
    world_file(&world, "token", "[default]\ntype = access_key\n" PAIR);
    (void)snprintf(path, sizeof(path), "%s/token", world.home);
    world_set(&world, "ALIBABA_CLOUD_CREDENTIALS_FILE", path);
    OK(mln_creds_resolve(&world.options, &creds, NULL, &err), &err);
    assert_string_equal(creds.source, path);
    mln_creds_wipe(&creds);
    /* An option may name a section, too; config.json comes first. */
    world.options.profile = "default";
    OK(mln_creds_resolve(&world.options, &creds, NULL, &err), &err);
    assert_string_equal(creds.source, path);
    mln_creds_wipe(&creds);
    world_file(&world, ".aliyun/config.json",
            "{\"profiles\":[{\"name\":\"default\",\"access_key_id\":\"i\",\"access_key_secret\":"
            "\"s\"}]}");
    OK(mln_creds_resolve(&world.options, &creds, NULL, &err), &err);
    assert_string_equal(creds.provider, "cli_profile/static_ak");
    mln_creds_wipe(&creds);
    world_close(&world);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_a_section_or_names_the_line),
        cmocka_unit_test(too_many_keys_are_refused),
        cmocka_unit_test(finds_the_files_of_every_sdk),
        cmocka_unit_test(the_variable_names_another_file),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
