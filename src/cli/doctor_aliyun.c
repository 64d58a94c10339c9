/*
 * The aliyun command line, where it is installed: people make their profiles with it, and two of
 * its settings decide whether that works. It is run without a shell and without credentials.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "base/file.h"
#include "cli/doctor.h"
#include "wire/json.h"

#define RUN_MS     5000
#define OUTPUT_MAX ((size_t)4096)
#define PATH_LEN   4096
#define OLDEST     "3.3.1" /* The first whose sign-in modes and plugins are settled. */

static bool find_program(const struct mln_env *env, char out[PATH_LEN])
{
    struct mln_str rest = mln_str_of(mln_env_get(env, "PATH")), folder;
    struct stat info;

    while (rest.len > 0 && mln_str_next(&rest, ':', &folder)) {
        /* A relative folder would run whatever the current one holds. */
        if (folder.len == 0 || folder.ptr[0] != '/')
            continue;
        if (snprintf(out, PATH_LEN, "%.*s/aliyun", MLN_FMT(folder)) >= PATH_LEN)
            continue;
        if (stat(out, &info) == 0 && S_ISREG(info.st_mode) && access(out, X_OK) == 0)
            return true;
    }
    return false;
}

/* ---- running it ---- */

/* In a group of its own, so that what it starts ends with it. */
static int start(const struct mln_env *env, const char *program, int output, pid_t *pid)
{
    char path[PATH_LEN + 8], home[PATH_LEN + 8];
    char name[] = "aliyun", word[] = "version";
    char *argv[] = { name, word, NULL };
    char *environment[] = { path, home, NULL };
    const char *home_is = mln_env_home(env), *path_is = mln_env_get(env, "PATH");
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attributes;
    int failed;

    (void)snprintf(path, sizeof(path), "PATH=%.4000s", path_is != NULL ? path_is : "");
    (void)snprintf(home, sizeof(home), "HOME=%.4000s", home_is != NULL ? home_is : "/");
    (void)posix_spawn_file_actions_init(&actions);
    (void)posix_spawnattr_init(&attributes);
    (void)posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETPGROUP);
    failed = posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
    if (failed == 0)
        failed = posix_spawn_file_actions_adddup2(&actions, output, STDOUT_FILENO);
    if (failed == 0)
        failed = posix_spawn_file_actions_addopen(
                &actions, STDERR_FILENO, "/dev/null", O_WRONLY, 0);
    if (failed == 0)
        failed = posix_spawn(pid, program, &actions, &attributes, argv, environment);
    (void)posix_spawn_file_actions_destroy(&actions);
    (void)posix_spawnattr_destroy(&attributes);
    return failed;
}

/* What it prints before the time is over; false when it does not end by then. */
static bool read_output(const struct cli *cli, int fd, struct mln_buf *out)
{
    int64_t until_ms = mln_monotonic_ms(cli->clock) + RUN_MS, left_ms;
    struct pollfd poll_fd = { .fd = fd, .events = POLLIN };
    char bytes[512];

    for (;;) {
        ssize_t n;

        left_ms = until_ms - mln_monotonic_ms(cli->clock);
        if (left_ms <= 0)
            return false;
        n = poll(&poll_fd, 1, (int)left_ms);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return false;
        n = read(fd, bytes, sizeof(bytes));
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return n == 0;
        mln_buf_add(out, (struct mln_str){ bytes, (size_t)n });
        if (out->code != MLN_OK)
            return true;
    }
}

static void run_version(const struct cli *cli, const char *program, struct mln_buf *out)
{
    int ends[2], status = 0;
    pid_t pid = -1;
    bool ended;

    if (pipe2(ends, O_CLOEXEC) != 0)
        return;
    if (start(cli->env, program, ends[1], &pid) != 0) {
        (void)close(ends[0]);
        (void)close(ends[1]);
        return;
    }
    (void)close(ends[1]);
    ended = read_output(cli, ends[0], out);
    (void)close(ends[0]);
    /* It said all that is wanted, or too little in time. */
    (void)kill(-pid, SIGKILL);
    while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
        continue;
    if (!ended)
        mln_buf_reset(out);
}

/* ---- what it says ---- */

/* "3.0.277" as three numbers; false for anything else. */
static bool read_version(struct mln_str text, int64_t out[3])
{
    struct mln_str part;
    size_t count = 0;

    while (count < 3 && mln_str_next(&text, '.', &part)) {
        if (mln_str_to_i64(part, &out[count]) != MLN_OK || out[count] < 0)
            return false;
        count++;
    }
    return count == 3 && text.len == 0;
}

static bool is_older(const int64_t a[3], const int64_t b[3])
{
    for (size_t i = 0; i < 3; i++) {
        if (a[i] != b[i])
            return a[i] < b[i];
    }
    return false;
}

static void check_version(struct doctor *doctor, const char *program)
{
    MLN_AUTO(mln_buf_free) struct mln_buf output = MLN_BUF_INIT(OUTPUT_MAX);
    int64_t version[3], oldest[3];
    struct mln_str text;

    run_version(doctor->cli, program, &output);
    text = mln_str_trim(mln_buf_str(&output));
    if (!read_version(text, version))
        doctor_reportf(doctor, "aliyun", DOCTOR_TROUBLE,
                "%.300s: `aliyun version` says no version within %d s", program, RUN_MS / 1000);
    else if (read_version(MLN_STR(OLDEST), oldest) && is_older(version, oldest))
        doctor_reportf(doctor, "aliyun", DOCTOR_TROUBLE,
                "%.300s: version %.*s is older than " OLDEST
                ": install a newer one (https://aliyuncli.alicdn.com)",
                program, MLN_FMT(text));
    else
        doctor_reportf(
                doctor, "aliyun", DOCTOR_FINE, "%.300s: version %.*s", program, MLN_FMT(text));
}

/* ---- its setting ---- */

static void report_setting(struct doctor *doctor, struct mln_json_value root)
{
    const char *by_option = cli_get(doctor->cli, OPT_PROFILE);
    const char *by_variable = mln_env_get(doctor->cli->env, "ALIBABA_CLOUD_PROFILE");
    struct mln_str name = mln_str_of(by_option != NULL ? by_option : by_variable);
    struct mln_json_value profile, setting;
    bool on = false;

    if (name.len == 0)
        (void)mln_json_get_str(root, "current", &name);
    if (!mln_profile_find(root, name, &profile)) {
        doctor_report(doctor, "aliyun plugins", DOCTOR_SKIPPED, "there is no such profile");
        return;
    }
    if (mln_json_get(profile, "auto_plugin_install", &setting))
        (void)mln_json_to_bool(setting, &on);
    if (on)
        doctor_reportf(doctor, "aliyun plugins", DOCTOR_FINE,
                "profile %.*s installs what it lacks by itself", MLN_FMT(name));
    else
        doctor_reportf(doctor, "aliyun plugins", DOCTOR_TROUBLE,
                "profile %.*s does not install plugins by itself: run `aliyun configure set "
                "--profile %.*s --auto-plugin-install true`",
                MLN_FMT(name), MLN_FMT(name));
}

static void check_plugins(struct doctor *doctor)
{
    MLN_AUTO(mln_buf_free) struct mln_buf path = MLN_BUF_INIT(PATH_LEN);
    MLN_AUTO(mln_buf_wipe_free) struct mln_buf text = MLN_BUF_INIT(MLN_PROFILE_FILE_MAX);
    struct mln_json *json = NULL;
    struct mln_err err;
    const char *by_variable = mln_env_get(
            doctor->cli->env, "ALIBABA_CLOUD_CLI_PLUGIN_AUTO_INSTALL");
    int rc = mln_profile_path(doctor->cli->env, &path, &err);

    if (by_variable != NULL && mln_str_eq_nocase(mln_str_of(by_variable), MLN_STR("true"))) {
        doctor_report(doctor, "aliyun plugins", DOCTOR_FINE,
                "ALIBABA_CLOUD_CLI_PLUGIN_AUTO_INSTALL is true");
        return;
    }
    /* The file holds keys: no copy stays behind as the buffer grows. */
    if (rc == MLN_OK && !mln_buf_reserve(&text, MLN_PROFILE_FILE_MAX))
        rc = mln_fail(&err, MLN_ENOMEM, "out of memory");
    if (rc == MLN_OK)
        rc = mln_file_read(path.ptr, &text, &err);
    if (rc == MLN_OK)
        rc = mln_json_parse(mln_buf_str(&text), &json, &err);
    if (rc == MLN_OK)
        report_setting(doctor, mln_json_root(json));
    else
        doctor_report(doctor, "aliyun plugins", DOCTOR_SKIPPED, err.msg);
    mln_json_free(json);
}

void doctor_aliyun(struct doctor *doctor)
{
    char program[PATH_LEN];

    if (!find_program(doctor->cli->env, program)) {
        doctor_report(doctor, "aliyun", DOCTOR_SKIPPED, "it is not installed, and not needed");
        return;
    }
    check_version(doctor, program);
    check_plugins(doctor);
}
