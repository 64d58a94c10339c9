/* The command line's entry: sets the process up, runs one command, turns its result into an exit
 * code. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/resource.h>

#include "cli/commands.h"
#include "report/report.h"

#define OUT_MAX ((size_t)64 * 1024 * 1024)

/* Memory holds secrets: no core file, no other process of this user reading it. */
static void keep_memory_private(void)
{
    const struct rlimit none = { 0, 0 };

    (void)setrlimit(RLIMIT_CORE, &none);
    (void)prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
}

/*
 * Of three descriptors that a caller closed, the next files and sockets would take the places, and
 * messages would be written into them. Each is held so that using it fails, as closed it would.
 */
static void hold_standard_descriptors(void)
{
    for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++) {
        if (fcntl(fd, F_GETFD) < 0 && errno == EBADF)
            /* cppcheck-suppress leakReturnValNotUsed ; held until the end, by its number */
            (void)open("/dev/null", fd == STDIN_FILENO ? O_WRONLY : O_RDONLY);
    }
}

/* A reader that left and a file at its size limit are errors to report, not ends without a word. */
static void ignore_signals(void)
{
    (void)signal(SIGPIPE, SIG_IGN);
    (void)signal(SIGXFSZ, SIG_IGN);
}

static enum mln_lang language_of(const struct mln_env *env)
{
    static const char *const names[] = { "LC_ALL", "LC_MESSAGES", "LANG" };

    for (size_t i = 0; i < MLN_LEN(names); i++) {
        const char *value = mln_env_get(env, names[i]);

        if (value != NULL)
            return strncmp(value, "zh", 2) == 0 ? MLN_LANG_ZH : MLN_LANG_EN;
    }
    return MLN_LANG_EN;
}

static int read_language(struct cli *cli, struct mln_err *err)
{
    const char *value = cli_get(cli, OPT_LANG);

    if (value == NULL)
        return MLN_OK;
    if (strcmp(value, "en") != 0 && strcmp(value, "zh") != 0)
        return mln_fail(err, MLN_EUSAGE, "--lang: en or zh is needed");
    cli->lang = strcmp(value, "zh") == 0 ? MLN_LANG_ZH : MLN_LANG_EN;
    return MLN_OK;
}

static int read_format(struct cli *cli, struct mln_err *err)
{
    static const char *const names[] = { [CLI_TEXT] = "text",
        [CLI_TABLE] = "table",
        [CLI_JSON] = "json",
        [CLI_JSONL] = "jsonl",
        [CLI_CSV] = "csv" };
    const char *value = cli_report_format(cli);
    enum mln_report_format report;

    if (value != NULL && mln_report_parse(value, &report) == MLN_OK) {
        cli->format = CLI_REPORT;
        return MLN_OK;
    }
    value = value != NULL ? value : cli_get(cli, OPT_OUTPUT);
    value = value != NULL ? value : cli_get(cli, OPT_FORMAT_TABLE);
    if (value == NULL && cli_has(cli, OPT_PLAN)) /* There -o names no file. */
        value = cli_get(cli, OPT_OUTPUT_FILE);
    if (value == NULL)
        return MLN_OK;
    for (size_t i = CLI_TEXT; i < MLN_LEN(names); i++) {
        if (strcmp(value, names[i]) == 0) {
            cli->format = (enum cli_format)i;
            return MLN_OK;
        }
    }
    if (cli_report_format(cli) != NULL)
        return mln_fail(err, MLN_EUSAGE,
                "--output: text, table, json, jsonl, csv, sarif, junit, ocsf or html is needed");
    return mln_fail(err, MLN_EUSAGE, "%s: text, table, json, jsonl or csv is needed",
            cli_has(cli, OPT_FORMAT_TABLE) ? "--format" : "--output");
}

static int read_log_level(struct cli *cli, struct mln_err *err)
{
    const char *value = cli_get(cli, OPT_LOG_LEVEL);

    if (value != NULL && mln_log_level_parse(mln_str_of(value), &cli->log.level) != MLN_OK)
        return mln_fail(err, MLN_EUSAGE, "--log-level: error, warn, info or debug is needed");
    return MLN_OK;
}

static int run(struct cli *cli, int argc, char *argv[], struct mln_err *err)
{
    int rc = cli_line_read(argc, argv, &cli->line, err);

    if (rc == MLN_OK)
        rc = read_language(cli, err);
    if (rc == MLN_OK)
        rc = read_format(cli, err);
    if (rc == MLN_OK)
        rc = read_log_level(cli, err);
    if (rc != MLN_OK)
        return rc;
    if (cli_has(cli, OPT_HELP))
        return cmd_help(cli, err);
    if (cli_has(cli, OPT_VERSION))
        return cmd_version(cli, err);
    if (cli->line.command == NULL) {
        (void)cmd_help(cli, err);
        cli->out.fd = STDERR_FILENO;
        return CLI_EXIT_USAGE;
    }
    return cli->line.command->run(cli, err);
}

/* A command returns a negative error code or an exit code; output that was lost makes it a failure.
 */
static int finish(struct cli *cli, int rc, struct mln_err *err)
{
    struct mln_err lost;

    int flushed = cli_flush(cli, &lost);

    if (cli->out.error == EPIPE && (rc >= 0 || rc == MLN_EIO))
        return CLI_EXIT_PIPE;
    if (flushed != MLN_OK && rc >= 0) {
        *err = lost;
        rc = MLN_EIO;
    }
    if (rc >= 0)
        return rc;
    cli_say(cli, "merlon: %s", err->msg);
    return cli_exit_code(rc);
}

int main(int argc, char *argv[])
{
    struct mln_err err = { 0 };
    struct cli cli = {
        .env = mln_env_system(),
        .clock = mln_clock_system(),
        .random = mln_random_system(),
        .stdin_tty = isatty(STDIN_FILENO) == 1,
        .stdout_tty = isatty(STDOUT_FILENO) == 1,
        .stderr_tty = isatty(STDERR_FILENO) == 1,
        .out = { .buf = MLN_BUF_INIT(OUT_MAX), .fd = STDOUT_FILENO },
        .stop = cli_stop_flag(),
    };
    int exit_code;

    hold_standard_descriptors();
    keep_memory_private();
    ignore_signals();
    cli.lang = language_of(cli.env);
    cli.log = (struct mln_log){ .level = MLN_LOG_WARN, .fd = STDERR_FILENO, .clock = cli.clock };
    exit_code = finish(&cli, run(&cli, argc, argv, &err), &err);
    mln_creds_wipe(&cli.creds);
    mln_buf_free(&cli.out.buf);
    cli_line_free(&cli.line);
    return exit_code;
}
