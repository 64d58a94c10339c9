/* The command line: options and commands as rows, and the reader of both. */
#pragma once

#include "base/str.h"

#define CLI_ARGS_MAX        ((size_t)10000)
#define CLI_OCCURRENCES_MAX 64

enum cli_option {
#define X(symbol, ...) OPT_##symbol,
#include "cli/option.def"
#undef X
    OPT_COUNT
};

__extension__ typedef unsigned __int128 cli_option_set;

_Static_assert(OPT_COUNT <= 128, "a set of options is one 128-bit word");

#define CLI_OPTION(number) ((cli_option_set)1 << (number))
#define OPT(symbol)        CLI_OPTION(OPT_##symbol)

struct cli_option_row {
    const char *name;
    char letter;
    const char *value; /* NULL: a flag. */
    bool global;
    const char *en, *zh;
};

const struct cli_option_row *cli_option_rows(
        void); /* OPT_COUNT of them, sorted by name. Where two have one name, the command has one of
                  them. */
cli_option_set cli_global_options(void);

struct cli;
typedef int cli_command_fn(struct cli *cli, struct mln_err *err);

struct cli_command {
    const char *words;      /* "admin user add" */
    const char *args;       /* "NAME", for help */
    cli_option_set options; /* Its own, beside the global ones. */
    size_t args_min, args_max;
    cli_command_fn *run;
    const char *en, *zh;
};

const struct cli_command *cli_commands(size_t *count); /* Sorted by words. */

/* What was on the command line; everything borrows from argv. */
struct cli_line {
    const struct cli_command *command; /* NULL: none was named. */
    const char *value[OPT_COUNT];      /* The last one; a flag is ""; NULL: absent. */
    struct {
        enum cli_option option;
        const char *value;
    } every[CLI_OCCURRENCES_MAX]; /* In order, for options that may be repeated. */
    size_t every_count;
    const char **args; /* Without the command's words; owned. */
    size_t arg_count;
};

/* MLN_EUSAGE says what is wrong and names the nearest word. */
MLN_MUST_USE int cli_line_read(
        int argc, char *const argv[], struct cli_line *out, struct mln_err *err);
void cli_line_free(struct cli_line *line);

/* The nearest of the option names or command words within two edits; NULL when none is near. */
const char *cli_nearest(struct mln_str word, const char *const *names, size_t count);
