/*
 * What every command has at hand: the command line, the machine (environment, clock, randomness)
 * and the two ways out, data on stdout and everything else on stderr, both redacted.
 */
#pragma once

#include "base/env.h"
#include "base/log.h"
#include "base/random.h"
#include "cli/options.h"
#include "client/creds.h"
#include "risk/risk.h"

#define CLI_EXIT_FAILURE     1
#define CLI_EXIT_USAGE       2
#define CLI_EXIT_CONFIG      3
#define CLI_EXIT_CREDS       4
#define CLI_EXIT_DENIED      5
#define CLI_EXIT_NETWORK     6
#define CLI_EXIT_PARTIAL     7
#define CLI_EXIT_FAIL_ON     8
#define CLI_EXIT_NOT_FOUND   9
#define CLI_EXIT_INTERRUPTED 130
#define CLI_EXIT_PIPE        141

enum cli_format { CLI_DEFAULT, CLI_TEXT, CLI_TABLE, CLI_JSON, CLI_JSONL, CLI_CSV, CLI_REPORT };

/* Data for stdout: collected, redacted and written in whole lines. */
struct cli_out {
    struct mln_buf buf;
    int fd;
    int error; /* errno of the first failed write. */
};

struct cli {
    struct cli_line line;
    const struct mln_env *env;
    const struct mln_clock *clock;
    const struct mln_random *random;
    enum mln_lang lang;
    enum cli_format format; /* CLI_DEFAULT unless -o says. */
    bool stdout_tty, stderr_tty, stdin_tty;
    struct cli_out out;
    struct mln_log log;
    /* Kept until everything is printed: the redactor knows a secret only while it is loaded. */
    struct mln_creds creds;
    const volatile int *stop; /* Set by SIGINT and SIGTERM once cli_catch_signals() was called. */
};

/* ---- process.c ---- */
/* The exit code of an error code. */
int cli_exit_code(int code);
/* What a signal sets; zero until then. */
const volatile int *cli_stop_flag(void);
/* From now on SIGINT and SIGTERM set *cli->stop; a second one ends the program. */
void cli_catch_signals(struct cli *cli);

/* ---- output.c ---- */
void cli_put(struct cli *cli, struct mln_str text);
void cli_putf(struct cli *cli, const char *fmt, ...) MLN_PRINTF(2, 3);
/* Appends outside text with its control characters escaped. */
void cli_put_safe(struct cli *cli, struct mln_str text);
/* Writes what was collected; MLN_EIO when stdout cannot take it. */
MLN_MUST_USE int cli_flush(struct cli *cli, struct mln_err *err);
/* MLN_EIO once stdout has failed: whoever makes rows may stop. */
MLN_MUST_USE int cli_out_check(const struct cli *cli, struct mln_err *err);
/* One line on stderr; the newline is added. */
void cli_say(const struct cli *cli, const char *fmt, ...) MLN_PRINTF(2, 3);
/* The same, silent under --quiet. */
void cli_note(const struct cli *cli, const char *fmt, ...) MLN_PRINTF(2, 3);
/* A line on stderr that overwrites itself, when stderr is a terminal. */
void cli_progress(const struct cli *cli, const char *fmt, ...) MLN_PRINTF(2, 3);

/* ---- values.c: reading option values ---- */
/* The option's value, or NULL. */
const char *cli_get(const struct cli *cli, enum cli_option option);
bool cli_has(const struct cli *cli, enum cli_option option);
/* MLN_EUSAGE when a required one is missing. */
MLN_MUST_USE int cli_need(
        const struct cli *cli, enum cli_option option, const char **out, struct mln_err *err);
/* A whole number min..max; *out stays when the option is absent. */
MLN_MUST_USE int cli_get_number(const struct cli *cli, enum cli_option option, int64_t min,
        int64_t max, int64_t *out, struct mln_err *err);
/* RFC 3339, "7d", "12h", "30m", or epoch milliseconds; *out stays when absent. */
MLN_MUST_USE int cli_get_time(
        const struct cli *cli, enum cli_option option, int64_t *out, struct mln_err *err);
/* Every value of an option that may be repeated; at most `max` are stored. */
size_t cli_get_every(const struct cli *cli, enum cli_option option, const char **out, size_t max);
/* Does `word` stand in the comma list of the option? True when the option is absent. */
bool cli_list_has(const struct cli *cli, enum cli_option option, struct mln_str word);
/* What -o says for a command that can print reports, wherever it stood; NULL for others. */
const char *cli_report_format(const struct cli *cli);
/* English or Chinese. */
const char *cli_text(const struct cli *cli, const char *en, const char *zh);
