#include "cli/options.h"

#include <stdio.h>

#define WORDS_MAX    4 /* of a command */
#define WORD_LEN_MAX 40
#define NEAR_EDITS   2

static const struct cli_option_row rows[] = {
#define X(symbol, name, letter, value, global, en, zh) { name, letter, value, global, en, zh },
#include "cli/option.def"
#undef X
};

const struct cli_option_row *cli_option_rows(void)
{
    return rows;
}

cli_option_set cli_global_options(void)
{
    cli_option_set set = 0;

    for (size_t i = 0; i < OPT_COUNT; i++)
        set |= rows[i].global ? CLI_OPTION(i) : 0;
    return set;
}

static size_t least(size_t a, size_t b, size_t c)
{
    size_t m = a < b ? a : b;

    return m < c ? m : c;
}

/* Levenshtein distance of two short words. */
static size_t edits(struct mln_str a, struct mln_str b)
{
    size_t row[WORD_LEN_MAX + 1], before, diagonal;

    if (a.len > WORD_LEN_MAX || b.len > WORD_LEN_MAX)
        return WORD_LEN_MAX;
    for (size_t j = 0; j <= b.len; j++)
        row[j] = j;
    for (size_t i = 1; i <= a.len; i++) {
        diagonal = row[0];
        row[0] = i;
        for (size_t j = 1; j <= b.len; j++) {
            before = row[j];
            row[j] = least(
                    row[j] + 1, row[j - 1] + 1, diagonal + (a.ptr[i - 1] == b.ptr[j - 1] ? 0 : 1));
            diagonal = before;
        }
    }
    return row[b.len];
}

const char *cli_nearest(struct mln_str word, const char *const *names, size_t count)
{
    const char *best = NULL;
    size_t best_edits = NEAR_EDITS + 1, n;

    for (size_t i = 0; i < count; i++) {
        n = edits(word, mln_str_of(names[i]));
        if (n < best_edits && n < strlen(names[i])) {
            best_edits = n;
            best = names[i];
        }
    }
    return best;
}

static const char *nearest_option(struct mln_str name)
{
    const char *names[OPT_COUNT];

    for (size_t i = 0; i < OPT_COUNT; i++)
        names[i] = rows[i].name;
    return cli_nearest(name, names, OPT_COUNT);
}

/* Keys on a command line end up in shell histories and process lists. */
static bool is_credential_option(struct mln_str name)
{
    static const char *const refused[] = { "access-key", "accesskey", "access_key", "secret",
        "security-token", "sts-token", "token" };

    for (size_t i = 0; i < MLN_LEN(refused); i++) {
        struct mln_str head = mln_str_of(refused[i]);

        if (name.len >= head.len && mln_str_eq_nocase((struct mln_str){ name.ptr, head.len }, head))
            return true;
    }
    return false;
}

static int unknown_option(struct mln_str name, struct mln_err *err)
{
    const char *near = nearest_option(name);

    if (is_credential_option(name))
        return mln_fail(err, MLN_EUSAGE,
                "credentials are not taken from the command line, where histories and process lists "
                "keep them: use a profile (`aliyun configure`) or the environment");
    if (near != NULL)
        return mln_fail(err, MLN_EUSAGE, "unknown option --%.*s: did you mean --%s?",
                (int)(name.len > 60 ? 60 : name.len), name.ptr, near);
    return mln_fail(err, MLN_EUSAGE, "unknown option --%.*s: see `merlon help`",
            (int)(name.len > 60 ? 60 : name.len), name.ptr);
}

/* Where the reader stands. */
struct reader {
    int argc, at;
    char *const *argv;
    struct cli_line *line;
};

static int store_value(struct reader *reader, size_t option, const char *value, struct mln_err *err)
{
    struct cli_line *line = reader->line;

    if (line->every_count == CLI_OCCURRENCES_MAX)
        return mln_fail(err, MLN_EUSAGE, "more than %d options", CLI_OCCURRENCES_MAX);
    line->value[option] = value;
    line->every[line->every_count].option = (enum cli_option)option;
    line->every[line->every_count++].value = value;
    return MLN_OK;
}

/* `given` is what stands after '=' or right after the letter; NULL: nothing. */
static int take_option(struct reader *reader, size_t option, const char *given, struct mln_err *err)
{
    if (rows[option].value == NULL) {
        if (given != NULL)
            return mln_fail(err, MLN_EUSAGE, "--%s takes no value", rows[option].name);
        return store_value(reader, option, "", err);
    }
    if (given == NULL && reader->at + 1 < reader->argc)
        given = reader->argv[++reader->at];
    if (given == NULL)
        return mln_fail(
                err, MLN_EUSAGE, "--%s needs a value: %s", rows[option].name, rows[option].value);
    if (*given == '\0')
        return mln_fail(err, MLN_EUSAGE, "--%s: the value is empty", rows[option].name);
    return store_value(reader, option, given, err);
}

/* How many of the arguments are the command's words; 0 when they are not. */
static size_t words_matched(const struct cli_command *command, const struct cli_line *line)
{
    struct mln_str rest = mln_str_of(command->words), word;
    size_t n = 0;

    while (mln_str_next(&rest, ' ', &word)) {
        if (n == line->arg_count || !mln_str_is(word, line->args[n]))
            return 0;
        n++;
    }
    return n;
}

/* The command that the words read so far name, or NULL. */
static const struct cli_command *command_so_far(const struct cli_line *line)
{
    const struct cli_command *all, *best = NULL;
    size_t count, best_words = 0;

    all = cli_commands(&count);
    for (size_t i = 0; i < count; i++) {
        size_t words = words_matched(&all[i], line);

        if (words > best_words) {
            best_words = words;
            best = &all[i];
        }
    }
    return best;
}

/*
 * The row called so by `name`, or by `letter`. A command may give a name of its own meaning
 * (`collect -o FILE`): then its row wins over the others, once its words were read. OPT_COUNT:
 * none.
 */
static size_t find_row(const struct reader *reader, struct mln_str name, char letter)
{
    size_t found = OPT_COUNT, matches = 0;

    for (size_t i = 0; i < OPT_COUNT; i++) {
        const struct cli_command *command;

        if (letter != 0 ? rows[i].letter != letter : !mln_str_is(name, rows[i].name))
            continue;
        if (matches++ == 0) {
            found = i;
            continue;
        }
        command = command_so_far(reader->line);
        if (command != NULL && (command->options & CLI_OPTION(i)) != 0)
            found = i;
    }
    return found;
}

static int take_long(struct reader *reader, const char *text, struct mln_err *err)
{
    struct mln_str rest = mln_str_of(text), name;
    size_t row;

    (void)mln_str_next(&rest, '=', &name);
    row = find_row(reader, name, 0);
    if (row == OPT_COUNT)
        return unknown_option(name, err);
    return take_option(reader, row, strchr(text, '=') != NULL ? text + name.len + 1 : NULL, err);
}

static int take_letters(struct reader *reader, const char *text, struct mln_err *err)
{
    int rc = MLN_OK;

    for (; rc == MLN_OK && *text != '\0'; text++) {
        size_t i = find_row(reader, (struct mln_str){ 0 }, *text);

        if (i == OPT_COUNT)
            return mln_fail(err, MLN_EUSAGE, "unknown option -%c: see `merlon help`", *text);
        if (rows[i].value != NULL)
            return take_option(reader, i, text[1] != '\0' ? text + 1 : NULL, err);
        rc = take_option(reader, i, NULL, err);
    }
    return rc;
}

static int take_all(struct reader *reader, struct mln_err *err)
{
    bool options_end = false;
    int rc = MLN_OK;

    for (reader->at = 1; rc == MLN_OK && reader->at < reader->argc; reader->at++) {
        const char *text = reader->argv[reader->at];

        if (options_end || text[0] != '-' || text[1] == '\0') {
            if (reader->line->arg_count == CLI_ARGS_MAX)
                return mln_fail(err, MLN_EUSAGE, "more than %zu arguments", CLI_ARGS_MAX);
            reader->line->args[reader->line->arg_count++] = text;
        } else if (strcmp(text, "--") == 0) {
            options_end = true;
        } else if (text[1] == '-') {
            rc = take_long(reader, text + 2, err);
        } else {
            rc = take_letters(reader, text + 1, err);
        }
    }
    return rc;
}

static bool starts_a_command(const struct cli_line *line, size_t words)
{
    const struct cli_command *all;
    size_t count;

    all = cli_commands(&count);
    for (size_t i = 0; i < count; i++) {
        struct mln_str rest = mln_str_of(all[i].words), word;
        size_t n = 0;

        while (n < words && mln_str_next(&rest, ' ', &word) && mln_str_is(word, line->args[n]))
            n++;
        if (n == words)
            return true;
    }
    return false;
}

/* Says which word is not known and which commands stand where it stands. */
static int unknown_command(const struct cli_line *line, struct mln_err *err)
{
    const struct cli_command *all;
    size_t count, known = 0;
    char words[64][WORD_LEN_MAX];
    const char *names[64];
    size_t name_count = 0;
    const char *near;

    all = cli_commands(&count);
    while (known < line->arg_count && known < WORDS_MAX && starts_a_command(line, known + 1))
        known++;
    for (size_t i = 0; i < count && name_count < MLN_LEN(names); i++) {
        struct mln_str rest = mln_str_of(all[i].words), word = { 0 };
        size_t n = 0;

        while (n < known && mln_str_next(&rest, ' ', &word) && mln_str_is(word, line->args[n]))
            n++;
        if (n != known || !mln_str_next(&rest, ' ', &word))
            continue;
        (void)snprintf(words[name_count], WORD_LEN_MAX, "%.*s", MLN_FMT(word));
        names[name_count] = words[name_count];
        name_count++;
    }
    if (known == line->arg_count) {
        mln_err_set(err, MLN_EUSAGE, "'%s' needs a sub-command: see `merlon help %s`",
                line->args[known - 1], line->args[0]);
        return MLN_EUSAGE;
    }
    near = cli_nearest(mln_str_of(line->args[known]), names, name_count);
    return mln_fail(err, MLN_EUSAGE, "unknown command '%.60s'%s%s%s: see `merlon help`",
            line->args[known], near != NULL ? ": did you mean '" : "", near != NULL ? near : "",
            near != NULL ? "'" : "");
}

/*
 * An option that stood before the command went to the first row of its name, which may be another
 * command's or everybody's: this command's own row is meant. What stood behind it wins.
 */
static void move_to_own_rows(struct cli_line *line)
{
    cli_option_set own = line->command->options;

    for (size_t i = 0; i < OPT_COUNT; i++) {
        for (size_t j = 0; j < OPT_COUNT && line->value[i] != NULL; j++) {
            if (i == j || (own & CLI_OPTION(i)) != 0 || (own & CLI_OPTION(j)) == 0 ||
                    strcmp(rows[i].name, rows[j].name) != 0 ||
                    (rows[i].value == NULL) != (rows[j].value == NULL))
                continue;
            if (line->value[j] == NULL)
                line->value[j] = line->value[i];
            line->value[i] = NULL;
        }
    }
}

static int find_command(struct cli_line *line, struct mln_err *err)
{
    size_t best;

    if (line->arg_count == 0)
        return MLN_OK;
    line->command = command_so_far(line);
    if (line->command == NULL)
        return line->value[OPT_HELP] != NULL ? MLN_OK : unknown_command(line, err);
    best = words_matched(line->command, line);
    line->arg_count -= best;
    memmove(line->args, line->args + best, line->arg_count * sizeof(*line->args));
    move_to_own_rows(line);
    return MLN_OK;
}

static int check_fit(const struct cli_line *line, struct mln_err *err)
{
    const struct cli_command *command = line->command;
    cli_option_set allowed;

    if (command == NULL || line->value[OPT_HELP] != NULL)
        return MLN_OK;
    allowed = command->options | cli_global_options();
    for (size_t i = 0; i < OPT_COUNT; i++) {
        if (line->value[i] != NULL && (allowed & CLI_OPTION(i)) == 0)
            return mln_fail(err, MLN_EUSAGE, "`merlon %s` has no option --%s: see `merlon help %s`",
                    command->words, rows[i].name, command->words);
    }
    if (line->arg_count < command->args_min)
        return mln_fail(err, MLN_EUSAGE, "`merlon %s` needs %s: see `merlon help %s`",
                command->words, command->args, command->words);
    if (line->arg_count > command->args_max)
        return mln_fail(err, MLN_EUSAGE, "`merlon %s` has an argument too many: '%.60s'",
                command->words, line->args[command->args_max]);
    return MLN_OK;
}

int cli_line_read(int argc, char *const argv[], struct cli_line *out, struct mln_err *err)
{
    struct cli_line line = { 0 };
    struct reader reader = { .argc = argc, .argv = argv, .line = &line };
    int rc;

    line.args = calloc((size_t)argc + 1, sizeof(*line.args));
    if (line.args == NULL)
        return mln_fail(err, MLN_ENOMEM, "out of memory");
    rc = take_all(&reader, err);
    if (rc == MLN_OK)
        rc = find_command(&line, err);
    if (rc == MLN_OK)
        rc = check_fit(&line, err);
    if (rc != MLN_OK) {
        cli_line_free(&line);
        return rc;
    }
    *out = line;
    return MLN_OK;
}

void cli_line_free(struct cli_line *line)
{
    free(line->args);
    *line = (struct cli_line){ 0 };
}
