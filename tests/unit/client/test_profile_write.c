#include <stdio.h>
#include <sys/stat.h>

#include "base/file.h"
#include "client/profile_write.h"
#include "test.h"

static char path[64];

static const struct mln_profile_new profile = {
    .name = { "new", 3 },
    .region = { "cn-x", 4 },
    .key_id = { "id-of-it", 8 },
    .secret = { "se\"cret", 7 },
};

static void expect_file(const char *want)
{
    struct mln_buf text = MLN_BUF_INIT(65536);
    struct mln_err err;
    struct stat info;

    OK(mln_file_read(path, &text, &err), &err);
    EQ_STR(mln_buf_str(&text), want);
    assert_int_equal(stat(path, &info), 0);
    assert_int_equal(info.st_mode & 0777, 0600);
    mln_buf_free(&text);
}

#define NEW_PROFILE                                                                          \
    "{\n\t\t\t\"name\": \"new\",\n\t\t\t\"region_id\": \"cn-x\",\n\t\t\t\"mode\": \"AK\",\n" \
    "\t\t\t\"access_key_id\": \"id-of-it\",\n\t\t\t\"access_key_secret\": \"se\\\"cret\"\n\t\t}"

static void makes_a_new_file_with_a_current_profile(void **state)
{
    struct mln_err err;

    (void)state;
    (void)unlink(path);
    OK(mln_profile_write(path, &profile, &err), &err);
    expect_file("{\n\t\"current\": \"new\",\n\t\"profiles\": [\n\t\t" NEW_PROFILE "\n\t]\n}\n");
}

static void keeps_everything_else_and_its_order(void **state)
{
    struct mln_err err;

    (void)state;
    OK(mln_file_replace(path,
               MLN_STR("{\"zz\":{\"b\":1,\"a\":[]},\"profiles\":[{\"name\":\"x\",\"odd\":null}],\"current\":\"x\"}"),
               0644, &err),
            &err);
    OK(mln_profile_write(path, &profile, &err), &err);
    expect_file(
            "{\n\t\"zz\": {\n\t\t\"b\": 1,\n\t\t\"a\": []\n\t},\n\t\"profiles\": [\n\t\t{\n\t\t\t\"name\": \"x\",\n"
            "\t\t\t\"odd\": null\n\t\t},\n\t\t" NEW_PROFILE "\n\t],\n\t\"current\": \"x\"\n}\n");
}

static void replaces_a_profile_only_when_told(void **state)
{
    struct mln_profile_new again = profile;
    struct mln_err err;
    const char *before =
            "{\"profiles\":[{\"name\":\"new\",\"language\":\"zh\",\"sts_token\":\"t\",\"mode\":\"StsToken\"}]}";

    (void)state;
    OK(mln_file_replace(path, mln_str_of(before), 0600, &err), &err);
    FAILS(mln_profile_check(path, &again, &err), MLN_EEXIST, &err, "'new'");
    FAILS(mln_profile_write(path, &again, &err), MLN_EEXIST, &err, "'new'");
    expect_file(before);
    again.replace = true;
    OK(mln_profile_write(path, &again, &err), &err);
    expect_file(
            "{\n\t\"profiles\": [\n\t\t{\n\t\t\t\"name\": \"new\",\n\t\t\t\"language\": \"zh\",\n\t\t\t\"mode\": \"AK\",\n"
            "\t\t\t\"access_key_id\": \"id-of-it\",\n\t\t\t\"access_key_secret\": \"se\\\"cret\"\n\t\t}\n\t]\n}\n");
}

static void leaves_a_malformed_file_alone(void **state)
{
    static const char *const texts[] = { "{", "[]", "{\"profiles\":{}}", "\xff" };
    struct mln_err err;

    (void)state;
    for (size_t i = 0; i < MLN_LEN(texts); i++) {
        OK(mln_file_replace(path, mln_str_of(texts[i]), 0600, &err), &err);
        FAILS(mln_profile_write(path, &profile, &err), MLN_ECONFIG, &err, path);
        expect_file(texts[i]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(makes_a_new_file_with_a_current_profile),
        cmocka_unit_test(keeps_everything_else_and_its_order),
        cmocka_unit_test(replaces_a_profile_only_when_told),
        cmocka_unit_test(leaves_a_malformed_file_alone),
    };
    int failed;

    (void)snprintf(path, sizeof(path), "/tmp/mln-profile-%d-config.json", (int)getpid());
    failed = cmocka_run_group_tests(tests, NULL, NULL);
    (void)unlink(path);
    return failed;
}
