#include <stdio.h>

#include "cli/options.h"
#include "test.h"

#define ARGS_MAX 12

struct words {
    const char *argv[ARGS_MAX];
};

static int read_line(const struct words *words, struct cli_line *line, struct mln_err *err)
{
    static char text[ARGS_MAX][64]; /* A read line borrows from it. */
    char *argv[ARGS_MAX + 1];
    int argc = 1;

    argv[0] = text[0];
    for (size_t i = 0; i < ARGS_MAX - 1 && words->argv[i] != NULL; i++) {
        (void)snprintf(text[argc], sizeof(text[0]), "%s", words->argv[i]);
        argv[argc] = text[argc];
        argc++;
    }
    return cli_line_read(argc, argv, line, err);
}

static void understands_options_in_every_place_and_spelling(void **state)
{
    static const struct words cases[] = {
        { { "-o", "json", "-y", "risk", "list", "--level", "high" } },
        { { "risk", "list", "--output=json", "--yes", "--level=high" } },
        { { "risk", "-yo", "json", "list", "--level", "high" } },
        { { "-ojson", "risk", "--level", "high", "list", "-y" } },
    };

    (void)state;
    for (size_t i = 0; i < MLN_LEN(cases); i++) {
        struct cli_line line;
        struct mln_err err;

        OK(read_line(&cases[i], &line, &err), &err);
        assert_string_equal(line.command->words, "risk list");
        assert_string_equal(line.value[OPT_OUTPUT], "json");
        assert_string_equal(line.value[OPT_LEVEL], "high");
        assert_non_null(line.value[OPT_YES]);
        assert_int_equal(line.arg_count, 0);
        cli_line_free(&line);
    }
}

static void keeps_arguments_and_repeated_options_in_order(void **state)
{
    const struct words words = { { "detect", "--lists", "a", "f", "--lists=b", "--", "--lists",
            "-" } };
    struct cli_line line;
    struct mln_err err;

    (void)state;
    OK(read_line(&words, &line, &err), &err);
    assert_int_equal(line.arg_count, 3);
    assert_string_equal(line.args[0], "f");
    assert_string_equal(line.args[1], "--lists");
    assert_string_equal(line.args[2], "-");
    assert_string_equal(line.every[0].value, "a");
    assert_string_equal(line.every[1].value, "b");
    cli_line_free(&line);
}

static void gives_a_shared_name_the_meaning_of_the_command(void **state)
{
    static const struct {
        struct words words;
        enum cli_option option;
        const char *value;
    } cases[] = {
        { { { "collect", "-o", "a.db" } }, OPT_OUTPUT_FILE, "a.db" },
        { { { "-o", "a.db", "collect" } }, OPT_OUTPUT_FILE, "a.db" },
        { { { "-o", "b.db", "collect", "--output=a.db" } }, OPT_OUTPUT_FILE, "a.db" },
        { { { "scan", "-o", "sarif" } }, OPT_OUTPUT_REPORT, "sarif" },
        { { { "-osarif", "check", "results" } }, OPT_OUTPUT_REPORT, "sarif" },
        { { { "risk", "list", "-o", "csv" } }, OPT_OUTPUT, "csv" },
        { { { "-o", "csv", "check", "list" } }, OPT_OUTPUT, "csv" },
        { { { "check", "results", "--status", "pass" } }, OPT_STATUS_CHECK, "pass" },
        { { { "--status", "pass", "check", "results" } }, OPT_STATUS_CHECK, "pass" },
        { { { "--status", "all", "risk", "list" } }, OPT_STATUS, "all" },
        { { { "check", "mark", "1", "--until", "7d" } }, OPT_UNTIL_MARK, "7d" },
        { { { "--until", "7d", "check", "mark", "1" } }, OPT_UNTIL_MARK, "7d" },
        { { { "risk", "list", "--until", "7d" } }, OPT_UNTIL, "7d" },
        { { { "collect", "--policy" } }, OPT_POLICY_PRINT, "" },
        { { { "admin", "user", "add", "x", "--policy", "p" } }, OPT_POLICY, "p" },
    };

    (void)state;
    for (size_t i = 0; i < MLN_LEN(cases); i++) {
        struct cli_line line;
        struct mln_err err;

        OK(read_line(&cases[i].words, &line, &err), &err);
        assert_non_null(line.value[cases[i].option]);
        assert_string_equal(line.value[cases[i].option], cases[i].value);
        for (size_t k = 0; k < OPT_COUNT; k++)
            assert_true(k == (size_t)cases[i].option || line.value[k] == NULL);
        cli_line_free(&line);
    }
}

static void refuses_with_a_word_of_help(void **state)
{
    static const struct {
        struct words words;
        const char *part;
    } cases[] = {
        { { { "risk", "lst" } }, "did you mean 'list'" },
        { { { "rik", "list" } }, "did you mean 'risk'" },
        { { { "xyzzy" } }, "unknown command 'xyzzy'" },
        { { { "admin", "user" } }, "needs a sub-command" },
        { { { "risk", "list", "--levl", "x" } }, "did you mean --level" },
        { { { "risk", "list", "--output" } }, "needs a value" },
        { { { "risk", "list", "--output=" } }, "empty" },
        { { { "risk", "list", "--quiet=1" } }, "takes no value" },
        { { { "risk", "list", "-x" } }, "unknown option -x" },
        { { { "risk", "list", "extra" } }, "an argument too many" },
        { { { "risk", "show" } }, "needs ID" },
        { { { "serve", "--detail", "x" } }, "has no option --detail" },
        { { { "--access-key-secret", "x", "risk", "list" } }, "not taken from the command line" },
        { { { "--AccessKeyId=x", "risk", "list" } }, "not taken from the command line" },
        { { { "--sts-token", "x" } }, "not taken from the command line" },
    };

    (void)state;
    for (size_t i = 0; i < MLN_LEN(cases); i++) {
        struct cli_line line = { .arg_count = 77 };
        struct mln_err err;

        FAILS(read_line(&cases[i].words, &line, &err), MLN_EUSAGE, &err, cases[i].part);
        assert_int_equal(line.arg_count, 77);
    }
}

static void has_sorted_rows_with_texts_in_both_languages(void **state)
{
    const struct cli_option_row *options = cli_option_rows();
    const struct cli_command *commands;
    size_t count;

    (void)state;
    for (size_t i = 0; i < OPT_COUNT; i++) {
        assert_true(i == 0 || strcmp(options[i - 1].name, options[i].name) <= 0);
        assert_true(strlen(options[i].en) > 0 && strlen(options[i].zh) > 0);
        for (size_t k = 0; options[i].letter != 0 && k < i; k++)
            assert_true(options[k].letter != options[i].letter ||
                        strcmp(options[k].name, options[i].name) == 0);
    }
    commands = cli_commands(&count);
    for (size_t i = 0; i < count; i++) {
        assert_true(i == 0 || strcmp(commands[i - 1].words, commands[i].words) < 0);
        assert_true(strlen(commands[i].en) > 0 && strlen(commands[i].zh) > 0);
        assert_non_null(commands[i].run);
        assert_true((commands[i].options & cli_global_options()) == 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(understands_options_in_every_place_and_spelling),
        cmocka_unit_test(keeps_arguments_and_repeated_options_in_order),
        cmocka_unit_test(gives_a_shared_name_the_meaning_of_the_command),
        cmocka_unit_test(refuses_with_a_word_of_help),
        cmocka_unit_test(has_sorted_rows_with_texts_in_both_languages),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
