#include <stdio.h>

#include "cli/commands.h"

#ifndef MLN_VERSION
#    define MLN_VERSION "unknown"
#endif

static void put_option(struct cli *cli, const struct cli_option_row *row)
{
    char left[64];

    (void)snprintf(left, sizeof(left), "%c%c%s--%s%s%s", row->letter != 0 ? '-' : ' ',
            row->letter != 0 ? row->letter : ' ', row->letter != 0 ? ", " : "  ", row->name,
            row->value != NULL ? " " : "", row->value != NULL ? row->value : "");
    cli_putf(cli, "  %-28s  %s\n", left, cli_text(cli, row->en, row->zh));
}

static void put_options(struct cli *cli, cli_option_set set)
{
    const struct cli_option_row *rows = cli_option_rows();

    for (size_t i = 0; i < OPT_COUNT; i++) {
        if ((set & CLI_OPTION(i)) != 0)
            put_option(cli, &rows[i]);
    }
}

/* Without those that the command gives a meaning of its own. */
static cli_option_set plain_globals(const struct cli_command *command)
{
    const struct cli_option_row *rows = cli_option_rows();
    cli_option_set set = cli_global_options();

    for (size_t i = 0; i < OPT_COUNT; i++) {
        for (size_t own = 0; rows[i].global && own < OPT_COUNT; own++) {
            if ((command->options & CLI_OPTION(own)) != 0 &&
                    strcmp(rows[i].name, rows[own].name) == 0)
                set &= ~CLI_OPTION(i);
        }
    }
    return set;
}

static void put_command_help(struct cli *cli, const struct cli_command *command)
{
    cli_putf(cli, "merlon %s%s%s%s\n\n  %s\n", command->words, *command->args != '\0' ? " " : "",
            command->args, command->options != 0 ? " [OPTIONS]" : "",
            cli_text(cli, command->en, command->zh));
    if (command->options != 0) {
        cli_putf(cli, "\n%s\n", cli_text(cli, "Options:", "选项："));
        put_options(cli, command->options);
    }
    cli_putf(cli, "\n%s\n", cli_text(cli, "Global options:", "全局选项："));
    put_options(cli, plain_globals(command));
}

static void put_overview(struct cli *cli, struct mln_str prefix)
{
    const struct cli_command *all;
    size_t count;
    char left[64];

    cli_putf(cli, "%s\n\n",
            cli_text(cli,
                    "Merlon: what is configured wrong in a cloud account, and what is done to its data.",
                    "Merlon：发现云账号的配置风险，以及针对数据的风险事件。"));
    cli_putf(cli, "%s\n",
            cli_text(cli, "Usage: merlon [OPTIONS] COMMAND [ARGUMENTS]",
                    "用法：merlon [选项] 命令 [参数]"));
    cli_putf(cli, "\n%s\n", cli_text(cli, "Commands:", "命令："));
    all = cli_commands(&count);
    for (size_t i = 0; i < count; i++) {
        if (prefix.len > 0 && !mln_str_starts(mln_str_of(all[i].words), prefix))
            continue;
        (void)snprintf(left, sizeof(left), "%s %s", all[i].words, all[i].args);
        cli_putf(cli, "  %-28s  %s\n", left, cli_text(cli, all[i].en, all[i].zh));
    }
    cli_putf(cli, "\n%s\n",
            cli_text(cli, "Global options, before or after the command:",
                    "全局选项，放在命令之前或之后："));
    put_options(cli, cli_global_options());
    cli_putf(cli, "\n%s\n",
            cli_text(cli, "`merlon help COMMAND` tells more about one.",
                    "`merlon help 命令` 显示该命令的详细说明。"));
}

/* `help risk list`, `help admin`, `risk list --help`, or nothing. */
static int help_about(struct cli *cli, struct mln_str words, struct mln_err *err)
{
    const struct cli_command *all;
    size_t count, matches = 0;

    all = cli_commands(&count);
    for (size_t i = 0; i < count; i++) {
        if (mln_str_is(words, all[i].words)) {
            put_command_help(cli, &all[i]);
            return MLN_OK;
        }
        matches += mln_str_starts(mln_str_of(all[i].words), words) ? 1 : 0;
    }
    if (matches == 0)
        return mln_fail(err, MLN_EUSAGE, "there is no command '%.*s': see `merlon help`",
                (int)(words.len > 60 ? 60 : words.len), words.ptr);
    put_overview(cli, words);
    return MLN_OK;
}

int cmd_help(struct cli *cli, struct mln_err *err)
{
    MLN_AUTO(mln_buf_free) struct mln_buf words = MLN_BUF_INIT(4096);
    struct mln_str text;
    int rc;

    if (cli->line.command != NULL && cli->line.command->run != cmd_help) {
        put_command_help(cli, cli->line.command);
        return MLN_OK;
    }
    for (size_t i = 0; i < cli->line.arg_count; i++)
        mln_buf_addf(&words, "%s%s", i > 0 ? " " : "", cli->line.args[i]);
    rc = mln_buf_done(&words, &text, err);
    return rc == MLN_OK ? help_about(cli, text, err) : rc;
}

int cmd_version(struct cli *cli, struct mln_err *err)
{
    (void)err;
    if (cli->format == CLI_JSON || cli->format == CLI_JSONL)
        cli_putf(cli, "{\"name\":\"merlon\",\"version\":\"%s\"}\n", MLN_VERSION);
    else
        cli_putf(cli, "merlon %s\n", MLN_VERSION);
    return MLN_OK;
}
