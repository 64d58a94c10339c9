#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>

#include "client/priv.h"
#include "creds_fake.h"

/* ---- words ---- */

static const struct {
    const char *command;
    const char *words[5]; /* None: refused. */
} splits[] = {
    { "a", { "a" } },
    { "  a\tb\n c ", { "a", "b", "c" } },
    { "a 'b c' \"d e\"", { "a", "b c", "d e" } },
    { "a b'c'\"d\"e", { "a", "bcde" } },
    { "a '' \"\"", { "a", "", "" } },
    { "a \\  b", { "a", " ", "b" } },
    { "a \\'b", { "a", "'b" } },
    { "a 'b\\n\"c'", { "a", "b\\n\"c" } },
    { "a \"b\\\"c\\\\d\\$e\\`f\\gh\"", { "a", "b\"c\\d$e`f\\gh" } },
    { "a \\\n b\\\nc", { "a", "bc" } },
    { "a \"b\\\nc\"", { "a", "bc" } },
    { "a $HOME *;|&>`x`", { "a", "$HOME", "*;|&>`x`" } },
    { "a #b", { "a", "#b" } },
    { "", { NULL } },
    { " \t\n", { NULL } },
    { "'' a", { NULL } },
    { "a 'b", { NULL } },
    { "a \"b", { NULL } },
    { "a \\", { NULL } },
    { "a \"b\\", { NULL } },
};

static void splits_as_a_shell_would_without_being_one(void **state)
{
    (void)state;
    for (size_t i = 0; i < MLN_LEN(splits); i++) {
        MLN_AUTO(mln_arena_free) struct mln_arena arena = MLN_ARENA_INIT((size_t)65536);
        struct mln_err err = { 0 };
        char **argv = NULL;
        int rc = mln_command_split(mln_str_of(splits[i].command), &arena, &argv, &err);
        size_t n = 0;

        if (splits[i].words[0] == NULL) {
            assert_int_equal(rc, MLN_ECONFIG);
            assert_null(argv);
            continue;
        }
        OK(rc, &err);
        for (; splits[i].words[n] != NULL; n++) {
            if (argv[n] == NULL || strcmp(argv[n], splits[i].words[n]) != 0)
                fail_msg("%s: word %zu is %s", splits[i].command, n, argv[n]);
        }
        assert_null(argv[n]);
    }
}

static void too_long_a_command_is_refused(void **state)
{
    MLN_AUTO(mln_arena_free) struct mln_arena arena = MLN_ARENA_INIT((size_t)65536);
    static char text[MLN_PROCESS_COMMAND_MAX + 1];
    struct mln_err err = { 0 };
    char **argv = NULL;

    (void)state;
    memset(text, 'a', sizeof(text));
    FAILS(mln_command_split((struct mln_str){ text, sizeof(text) }, &arena, &argv, &err),
            MLN_ECONFIG, &err, "limit");
    for (size_t i = 1; i < sizeof(text); i += 2)
        text[i] = ' ';
    FAILS(mln_command_split(
                  (struct mln_str){ text, 2 * MLN_PROCESS_WORDS_MAX + 2 }, &arena, &argv, &err),
            MLN_ECONFIG, &err, "words");
    OK(mln_command_split((struct mln_str){ text, 2 * MLN_PROCESS_WORDS_MAX }, &arena, &argv, &err),
            &err);
    assert_non_null(argv[MLN_PROCESS_WORDS_MAX - 1]);
    assert_null(argv[MLN_PROCESS_WORDS_MAX]);
    FAILS(mln_command_split(MLN_STR("a\0b"), &arena, &argv, &err), MLN_ECONFIG, &err, "NUL");
}

/* ---- running ---- */

static int run(const char *command, int64_t timeout_ms, struct mln_buf *out, struct mln_err *err)
{
    out->max = MLN_CREDS_ANSWER_MAX;
    return mln_command_run(mln_str_of(command), timeout_ms, out, err);
}

static void gives_the_output_and_nothing_else(void **state)
{
    MLN_AUTO(mln_buf_free) struct mln_buf out = { 0 };
    struct mln_err err = { 0 };

    (void)state;
    OK(run("sh -c 'echo out; echo CANARY >&2; cat; exit 0'", 10000, &out, &err), &err);
    EQ_STR(mln_buf_str(&out), "out\n");
}

static void nothing_of_ours_is_open_in_it(void **state)
{
    MLN_AUTO(mln_buf_free) struct mln_buf out = { 0 };
    MLN_AUTO_CLOSE int null = open("/dev/null", O_RDONLY | O_CLOEXEC);
    MLN_AUTO_CLOSE int leaked = fcntl(null, F_DUPFD, 50); /* On purpose without CLOEXEC. */
    struct mln_err err = { 0 };

    (void)state;
    assert_int_equal(leaked, 50);
    OK(run("sh -c 'for f in /proc/self/fd/*; do echo $f; done'", 10000, &out, &err), &err);
    assert_non_null(strstr(out.ptr, "/fd/2\n"));
    assert_null(strstr(out.ptr, "/fd/50\n"));
}

static const struct {
    const char *why, *command, *part;
} failures[] = {
    { "status", "sh -c 'echo CANARYSECRET; echo CANARY >&2; exit 7' CANARYWORD",
            "sh (process_command) failed with exit status 7" },
    { "signal", "sh -c 'kill -9 $$' CANARY", "sh (process_command) was ended by signal 9" },
    { "missing", "/nonexistent/helper --token CANARY",
            "/nonexistent/helper (process_command) " }, /* valgrind starts it, and it ends with 127
                                                         */
    { "assignment", "TOKEN=CANARY helper", "the command of the profile" },
    { "sentence", "'CANARY secret'", "the command of the profile" },
    { "endless", "sh -c 'while :; do echo CANARYCANARYCANARYCANARYCANARYCANARY; done'",
            "more than the limit of 64 KiB" },
};

static void a_failure_names_the_first_word_alone(void **state)
{
    (void)state;
    for (size_t i = 0; i < MLN_LEN(failures); i++) {
        MLN_AUTO(mln_buf_free) struct mln_buf out = { 0 };
        struct mln_err err = { 0 };

        FAILS(run(failures[i].command, 10000, &out, &err), MLN_ECREDS, &err, failures[i].part);
        keeps_secrets(failures[i].why, err.msg);
    }
}

static void a_command_that_hangs_ends_with_its_children(void **state)
{
    MLN_AUTO(mln_buf_free) struct mln_buf out = { 0 };
    struct mln_err err = { 0 };
    int64_t began = mln_monotonic_ms(mln_clock_system());
    char *end = NULL;
    long child;

    (void)state;
    FAILS(run("sh -c 'sleep 600 & echo $!; wait'", 500, &out, &err), MLN_ECREDS, &err, "in time");
    assert_true(mln_monotonic_ms(mln_clock_system()) - began < 5000);
    assert_true(out.len > 0);
    out.ptr[out.len] = '\0';
    child = strtol(out.ptr, &end, 10);
    assert_true(child > 1);
    for (int i = 0; i < 100 && kill((pid_t)child, 0) == 0; i++) {
        char path[64], what[512] = "";
        MLN_AUTO_CLOSE int fd = -1;

        (void)snprintf(path, sizeof(path), "/proc/%ld/stat", child);
        fd = open(path, O_RDONLY | O_CLOEXEC);
        if (fd < 0 || read(fd, what, sizeof(what) - 1) <= 0 || strstr(what, ") Z ") != NULL)
            return; /* Gone, or dead and waiting for whoever adopted it. */
        (void)usleep(20000);
    }
    assert_true(kill((pid_t)child, 0) != 0);
}

static void children_left_behind_do_not_hold_it_up(void **state)
{
    MLN_AUTO(mln_buf_free) struct mln_buf out = { 0 };
    struct mln_err err = { 0 };
    int64_t began = mln_monotonic_ms(mln_clock_system());

    (void)state;
    OK(run("sh -c 'sleep 600 & echo done'", 30000, &out, &err), &err);
    EQ_STR(mln_buf_str(&out), "done\n");
    assert_true(mln_monotonic_ms(mln_clock_system()) - began < 5000);
}

/* ---- the mode ---- */

static void profile(struct fake_world *world, const char *json)
{
    char text[2048], path[128];

    /* The output comes from a file, so that quoting is no part of these tests. */
    world_file(world, "token", json);
    (void)snprintf(path, sizeof(path), "%s/token", world->home);
    (void)snprintf(text, sizeof(text),
            "{\"current\":\"p\",\"profiles\":[{\"name\":\"p\",\"mode\":\"External\","
            "\"process_command\":\"cat %s\",\"ram_role_arn\":\"" ROLE
            "\",\"access_key_id\":\"CANARYOLD\",\"access_key_secret\":\"CANARYOLD\",\"sts_token\":"
            "\"CANARYOLD\"}]}",
            path);
    world_file(world, ".aliyun/config.json", text);
}

#define PAIR "\"access_key_id\":\"CANARYID\",\"access_key_secret\":\"CANARYSECRET\""

static void what_a_command_prints_is_used(void **state)
{
    static struct fake_world world;
    struct mln_creds creds = { 0 };
    struct mln_err err = { 0 };

    (void)state;
    world_open(&world);
    profile(&world, "{\"mode\":\"AK\"," PAIR "}");
    OK(mln_creds_resolve(&world.options, &creds, NULL, &err), &err);
    EQ_STR(mln_secret_bytes(&creds.key_id), "CANARYID");
    assert_int_equal(creds.token.len, 0);
    assert_string_equal(creds.provider, "cli_profile/external/static_ak");
    assert_string_equal(creds.mode, "External");
    mln_creds_wipe(&creds);

    profile(&world, "{\"mode\":\"StsToken\"," PAIR
                    ",\"sts_token\":\"CANARYT\",\"expiration\":\"" IN_HOUR "\"}");
    OK(mln_creds_resolve(&world.options, &creds, NULL, &err), &err);
    EQ_STR(mln_secret_bytes(&creds.token), "CANARYT");
    assert_int_equal(creds.expires_ms, NOW_MS + 3600 * MLN_MS_PER_S);
    mln_creds_wipe(&creds);

    /* Another mode goes on with the profile's own members. */
    profile(&world, "{\"mode\":\"RamRoleArn\"," PAIR "}");
    world.services[0] = (struct fake_service){
        .url = "https://sts.aliyuncs.com/", .status = 200, .body = STS_OK
    };
    OK(mln_creds_resolve(&world.options, &creds, NULL, &err), &err);
    EQ_STR(mln_secret_bytes(&creds.key_id), "STS.CANARYID01");
    assert_string_equal(creds.provider, "cli_profile/external/ram_role_arn/static_ak");
    mln_creds_wipe(&creds);

    world.options.transport = NULL; /* Described, not run. */
    OK(mln_creds_resolve(&world.options, &creds, NULL, &err), &err);
    assert_string_equal(creds.provider, "cli_profile/external");
    assert_int_equal(creds.key_id.len, 0);
    mln_creds_wipe(&creds);
    world_close(&world);
}

static void what_a_command_prints_amiss_is_not_shown(void **state)
{
    static const struct {
        const char *json, *part;
    } rows[] = {
        { "", "does not print JSON" },
        { "CANARYSECRET", "does not print JSON" },
        { "<html>CANARY</html>", "does not print JSON" },
        { "[\"CANARY\"]", "mode" },
        { "{" PAIR "}", "mode" },
        { "{\"mode\":\"CANARY\"," PAIR "}", "mode that process_command prints" },
        { "{\"mode\":\"External\"," PAIR "}", "mode that process_command prints" },
        { "{\"mode\":\"StsToken\"," PAIR "}", "sts_token" },
        { "{\"mode\":\"AK\",\"access_key_id\":\"CANARY\"}", "empty" },
        { "{\"mode\":\"AK\"," PAIR ",\"expiration\":\"CANARY\"}", "not a time" },
        { "{\"mode\":\"AK\"," PAIR ",\"expiration\":12}", "not a time" },
        { "{\"mode\":\"AK\"," PAIR ",\"expiration\":\"2026-01-02T03:04:05Z\"}", "ended" },
    };
    static struct fake_world world;

    (void)state;
    world_open(&world);
    for (size_t i = 0; i < MLN_LEN(rows); i++) {
        struct mln_creds creds = { .provider = "poison" };
        struct mln_err err = { 0 };

        profile(&world, rows[i].json);
        FAILS(mln_creds_resolve(&world.options, &creds, NULL, &err), MLN_ECREDS, &err,
                rows[i].part);
        keeps_secrets(rows[i].part, err.msg);
        assert_string_equal(creds.provider, "poison");
    }
    world_set(&world, "ALIBABA_CLOUD_DISABLE_EXTERNAL_PROCESS", "true");
    {
        struct mln_creds creds;
        struct mln_err err = { 0 };

        FAILS(mln_creds_resolve(&world.options, &creds, NULL, &err), MLN_ECREDS, &err,
                "ALIBABA_CLOUD_DISABLE_EXTERNAL_PROCESS");
    }
    world_close(&world);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(splits_as_a_shell_would_without_being_one),
        cmocka_unit_test(too_long_a_command_is_refused),
        cmocka_unit_test(gives_the_output_and_nothing_else),
        cmocka_unit_test(nothing_of_ours_is_open_in_it),
        cmocka_unit_test(a_failure_names_the_first_word_alone),
        cmocka_unit_test(a_command_that_hangs_ends_with_its_children),
        cmocka_unit_test(children_left_behind_do_not_hold_it_up),
        cmocka_unit_test(what_a_command_prints_is_used),
        cmocka_unit_test(what_a_command_prints_amiss_is_not_shown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
