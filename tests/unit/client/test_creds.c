#include <stdio.h>
#include <sys/stat.h>

#include "base/file.h"
#include "client/creds.h"
#include "test.h"

#define NOW_MS ((int64_t)1767323045000)

static char path[64];

struct variable {
    const char *name, *value;
};

static const char *get(void *ctx, const char *name)
{
    const struct variable *row = ctx;

    if (strcmp(name, "ALIBABA_CLOUD_CONFIG_FILE") == 0)
        return path;
    if (strcmp(name, "HOME") == 0)
        return "/nonexistent";
    for (; row->name != NULL; row++) {
        if (strcmp(row->name, name) == 0)
            return row->value;
    }
    return NULL;
}

static int64_t now(void *ctx)
{
    (void)ctx;
    return NOW_MS;
}

#define KEY "\"access_key_id\":\"fileid\",\"access_key_secret\":\"filesecret\""
#define ENV_PAIR                                       \
    { "ALIBABA_CLOUD_ACCESS_KEY_ID", "envid" },        \
    {                                                  \
        "ALIBABA_CLOUD_ACCESS_KEY_SECRET", "envsecret" \
    }
#define TWO                                                                 \
    "{\"current\":\"a\",\"profiles\":[{\"name\":\"a\",\"mode\":\"ak\"," KEY \
    "},{\"name\":\"b\"," KEY "}]}"
#define ONE(more) "{\"current\":\"a\",\"profiles\":[{\"name\":\"a\"," more "," KEY "}]}"

/* file NULL: there is none. `part`: of the message, or the profile (or "env") on success. */
static const struct {
    const char *why, *file, *profile;
    struct variable env[4];
    int code;
    const char *part;
} cases[] = {
    { "current", TWO, NULL, { { 0 } }, MLN_OK, "a" },
    { "variable before current", TWO, NULL, { { "ALIBABA_CLOUD_PROFILE", "b" } }, MLN_OK, "b" },
    { "key pair before variable", TWO, NULL, { ENV_PAIR, { "ALIBABA_CLOUD_PROFILE", "b" } }, MLN_OK,
            "env" },
    { "option before key pair", TWO, "b", { ENV_PAIR }, MLN_OK, "b" },
    { "half a key pair stops", TWO, NULL, { { "ALIBABA_CLOUD_ACCESS_KEY_ID", "x" } }, MLN_ECREDS,
            "_SECRET is not" },
    { "missing profile stops", TWO, "c", { ENV_PAIR }, MLN_ECONFIG, "no profile 'c'" },
    { "missing variable profile stops", TWO, NULL, { { "ALIBABA_CLOUD_PROFILE", "c" } },
            MLN_ECONFIG, "no profile 'c'" },
    { "no file", NULL, NULL, { { 0 } }, MLN_ECREDS, "no file" },
    { "no file for a named one", NULL, "a", { { 0 } }, MLN_ECREDS, "no file" },
    { "switched off", TWO, NULL, { { "ALIBABA_CLOUD_CLI_PROFILE_DISABLED", "true" } }, MLN_ECREDS,
            "switched off" },
    { "ignored", TWO, NULL, { { "ALIBABA_CLOUD_IGNORE_PROFILE", "TRUE" } }, MLN_ECREDS,
            "switched off" },
    { "empty file", "", NULL, { { 0 } }, MLN_ECONFIG, "config" },
    { "broken file", "{\"current\":\"filesecret", NULL, { { 0 } }, MLN_ECONFIG, "config" },
    { "no current", "{\"profiles\":[]}", NULL, { { 0 } }, MLN_ECREDS, "no current profile" },
    { "empty key", "{\"current\":\"a\",\"profiles\":[{\"name\":\"a\",\"mode\":\"AK\"}]}", NULL,
            { { 0 } }, MLN_ECREDS, "empty" },
    { "token", ONE("\"mode\":\"STSTOKEN\",\"sts_token\":\"tok-token\""), NULL, { { 0 } }, MLN_OK,
            "a" },
    { "token without one", ONE("\"mode\":\"StsToken\""), NULL, { { 0 } }, MLN_ECREDS, "sts_token" },
    { "live session",
            ONE("\"mode\":\"OAuth\",\"sts_token\":\"tok-token\",\"sts_expiration\":1767323226"),
            NULL, { { 0 } }, MLN_OK, "a" },
    { "session about to end",
            ONE("\"mode\":\"OAuth\",\"sts_token\":\"tok-token\",\"sts_expiration\":1767323225"),
            NULL, { { 0 } }, MLN_ECREDS, "renew" },
    { "session without a token", ONE("\"mode\":\"CloudSSO\",\"sts_expiration\":1867323225"), NULL,
            { { 0 } }, MLN_ECREDS, "CloudSSO" },
    { "other mode", ONE("\"mode\":\"rsakeypair\""), NULL, { { 0 } }, MLN_ECREDS,
            "mode RsaKeyPair is not supported" },
    { "unknown mode", ONE("\"mode\":\"xyz\""), NULL, { { 0 } }, MLN_ECREDS, "not known" },
};

static void write_file(const char *text, unsigned mode)
{
    struct mln_err err;

    (void)unlink(path);
    if (text != NULL)
        OK(mln_file_replace(path, mln_str_of(text), mode, &err), &err);
}

static void resolves_the_chain_in_order(void **state)
{
    const struct mln_clock clock = { now, now, NULL };

    (void)state;
    for (size_t i = 0; i < MLN_LEN(cases); i++) {
        struct variable env[5] = { 0 };
        const struct mln_env environment = { get, env };
        const struct mln_creds_options options = { &environment, &clock, cases[i].profile };
        struct mln_creds creds = { .provider = "poison" };
        struct mln_err err = { 0 };
        int rc;

        memcpy(env, cases[i].env, sizeof(cases[i].env));
        write_file(cases[i].file, 0600);
        rc = mln_creds_resolve(&options, &creds, NULL, &err);
        if (rc != cases[i].code)
            fail_msg("%s: got %d %s", cases[i].why, rc, err.msg);
        if (rc != MLN_OK) {
            if (strstr(err.msg, cases[i].part) == NULL || strstr(err.msg, "filesecret") != NULL)
                fail_msg("%s: %s", cases[i].why, err.msg);
            assert_string_equal(creds.provider, "poison");
            continue;
        }
        assert_string_equal(
                strcmp(cases[i].part, "env") == 0 ? creds.provider : creds.profile, cases[i].part);
        assert_string_equal(creds.warning, "");
        EQ_STR(mln_secret_bytes(&creds.secret),
                strcmp(cases[i].part, "env") == 0 ? "envsecret" : "filesecret");
        mln_creds_wipe(&creds);
    }
}

static void reports_a_file_that_others_can_read(void **state)
{
    const struct mln_clock clock = { now, now, NULL };
    struct variable env[1] = { 0 };
    const struct mln_env environment = { get, env };
    const struct mln_creds_options options = { &environment, &clock, NULL };
    struct mln_creds creds;
    struct mln_err err;

    (void)state;
    write_file(TWO, 0644);
    assert_int_equal(chmod(path, 0644), 0);
    OK(mln_creds_resolve(&options, &creds, NULL, &err), &err);
    assert_non_null(strstr(creds.warning, "644"));
    mln_creds_wipe(&creds);
}

static int collect(void *ctx, const char *name, bool is_current, struct mln_err *err)
{
    struct mln_buf *seen = ctx;

    mln_buf_addf(seen, "%s%s ", name, is_current ? "*" : "");
    return strcmp(name, "stop") == 0 ? mln_fail(err, MLN_EPARTIAL, "enough") : MLN_OK;
}

static void lists_the_profiles(void **state)
{
    const struct mln_clock clock = { now, now, NULL };
    struct variable env[1] = { 0 };
    const struct mln_env environment = { get, env };
    const struct mln_creds_options options = { &environment, &clock, NULL };
    MLN_AUTO(mln_buf_free) struct mln_buf seen = MLN_BUF_INIT((size_t)4096);
    struct mln_err err;

    (void)state;
    write_file("{\"current\":\"b\",\"profiles\":[{\"name\":\"a\"},{\"name\":12},{\"name\":\"\"},7,"
               "{\"name\":\"x\\u0000y\"},{\"name\":\"b\"},{}]}",
            0600);
    OK(mln_profiles_each(&options, collect, &seen, &err), &err);
    EQ_STR(mln_buf_str(&seen), "a b* ");
    write_file("{\"profiles\":[{\"name\":\"stop\"},{\"name\":\"b\"}]}", 0600);
    FAILS(mln_profiles_each(&options, collect, &seen, &err), MLN_EPARTIAL, &err, "enough");
    EQ_STR(mln_buf_str(&seen), "a b* stop ");
    write_file("{}", 0600);
    OK(mln_profiles_each(&options, collect, &seen, &err), &err);
    write_file("filesecret", 0600);
    FAILS(mln_profiles_each(&options, collect, &seen, &err), MLN_ECONFIG, &err, "line 1, column 2");
    write_file(NULL, 0600);
    FAILS(mln_profiles_each(&options, collect, &seen, &err), MLN_ENOTFOUND, &err, "no file");
}

static void tells_of_every_step(void **state)
{
    static const char *const notes[] = { "--profile not given",
        "ALIBABA_CLOUD_ACCESS_KEY_ID not set", "ALIBABA_CLOUD_ROLE_ARN not set",
        "ALIBABA_CLOUD_PROFILE not set", "no file /tmp/mln-creds",
        "no file /nonexistent/.alibabacloud/credentials", "was not asked",
        "ALIBABA_CLOUD_CREDENTIALS_URI not set" };
    const struct mln_clock clock = { now, now, NULL };
    struct variable env[1] = { 0 };
    const struct mln_env environment = { get, env };
    const struct mln_creds_options options = { &environment, &clock, NULL };
    struct mln_creds_trace trace = { 0 };
    struct mln_creds creds;
    struct mln_err err;
    size_t count;

    (void)state;
    (void)mln_creds_chain(&count);
    assert_true(count <= MLN_CREDS_STEPS_MAX);
    write_file(NULL, 0600);
    FAILS(mln_creds_resolve(&options, &creds, &trace, &err), MLN_ECREDS, &err, "aliyun configure");
    assert_int_equal(trace.count, count);
    for (size_t i = 0; i < count; i++) {
        if (strstr(trace.steps[i].note, notes[i]) == NULL)
            fail_msg("%s: %s", trace.steps[i].provider, trace.steps[i].note);
        if (i > 0 && strstr(err.msg, notes[i]) == NULL)
            fail_msg("%s lacks %s", err.msg, notes[i]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(resolves_the_chain_in_order),
        cmocka_unit_test(reports_a_file_that_others_can_read),
        cmocka_unit_test(lists_the_profiles),
        cmocka_unit_test(tells_of_every_step),
    };
    int failed;

    (void)snprintf(path, sizeof(path), "/tmp/mln-creds-%d-config.json", (int)getpid());
    failed = cmocka_run_group_tests(tests, NULL, NULL);
    (void)unlink(path);
    return failed;
}
