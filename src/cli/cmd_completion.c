/* Completion scripts, printed from the rows of commands and options. */
#include <stdio.h>

#include "cli/commands.h"

#define WORD_MAX  40
#define WORDS_MAX 64

/* The words that may follow `path` ("" or "risk "), each once, separated by blanks. */
static void put_next_words(struct cli *cli, struct mln_str path)
{
    const struct cli_command *all;
    struct mln_str last = { 0 };
    size_t count;

    all = cli_commands(&count);
    for (size_t i = 0; i < count; i++) {
        struct mln_str rest = mln_str_of(all[i].words), word;

        if (!mln_str_starts(rest, path) || rest.len == path.len)
            continue;
        rest = (struct mln_str){ rest.ptr + path.len, rest.len - path.len };
        (void)mln_str_next(&rest, ' ', &word);
        if (!mln_str_eq(word, last))
            cli_putf(cli, "%s%.*s", last.len > 0 ? " " : "", MLN_FMT(word));
        last = word;
    }
}

/* Every name once, though several options may share it. */
static void put_options(struct cli *cli, cli_option_set set)
{
    const struct cli_option_row *rows = cli_option_rows();
    const char *last = "";

    for (size_t i = 0; i < OPT_COUNT; i++) {
        if ((set & CLI_OPTION(i)) == 0 || strcmp(rows[i].name, last) == 0)
            continue;
        cli_putf(cli, "%s--%s", *last != '\0' ? " " : "", rows[i].name);
        last = rows[i].name;
    }
}

/* Calls `put` once for every path that has words after it. */
static void each_path(struct cli *cli, void (*put)(struct cli *cli, struct mln_str path))
{
    const struct cli_command *all;
    char seen[WORDS_MAX][WORD_MAX];
    size_t count, seen_count = 0;

    all = cli_commands(&count);
    for (size_t i = 0; i < count; i++) {
        const char *words = all[i].words;

        for (const char *blank = strchr(words, ' '); blank != NULL;
                blank = strchr(blank + 1, ' ')) {
            struct mln_str path = { words, (size_t)(blank - words) + 1 };
            size_t k = 0;

            while (k < seen_count && !mln_str_is(path, seen[k]))
                k++;
            if (k < seen_count || seen_count == WORDS_MAX)
                continue;
            (void)snprintf(seen[seen_count++], WORD_MAX, "%.*s", MLN_FMT(path));
            put(cli, path);
        }
    }
}

static void put_bash_case(struct cli *cli, struct mln_str path)
{
    cli_putf(cli, "    '%.*s') words='", MLN_FMT(path));
    put_next_words(cli, path);
    cli_put(cli, MLN_STR("' ;;\n"));
}

/* After a command its own options and everybody's, else everybody's. */
static void put_bash_options(struct cli *cli)
{
    const struct cli_command *all;
    size_t count;

    all = cli_commands(&count);
    for (size_t i = 0; i < count; i++) {
        cli_putf(cli, "    '%s '*) words='", all[i].words);
        put_options(cli, all[i].options | cli_global_options());
        cli_put(cli, MLN_STR("' ;;\n"));
    }
    cli_put(cli, MLN_STR("    *) words='"));
    put_options(cli, cli_global_options());
    cli_put(cli, MLN_STR("' ;;\n"));
}

static void put_bash(struct cli *cli)
{
    cli_put(cli, MLN_STR("_merlon() {\n"
                         "  local path='' word words=''\n"
                         "  for word in \"${COMP_WORDS[@]:1:COMP_CWORD-1}\"; do\n"
                         "    case $word in -*) ;; *) path+=\"$word \" ;; esac\n"
                         "  done\n"
                         "  case $path in\n"
                         "    '') words='"));
    put_next_words(cli, MLN_STR(""));
    cli_put(cli, MLN_STR("' ;;\n"));
    each_path(cli, put_bash_case);
    cli_put(cli, MLN_STR("  esac\n  case ${COMP_WORDS[COMP_CWORD]} in -*) case $path in\n"));
    put_bash_options(cli);
    cli_put(cli,
            MLN_STR("    esac ;; esac\n"
                    "  COMPREPLY=($(compgen -W \"$words\" -- \"${COMP_WORDS[COMP_CWORD]}\"))\n"
                    "  [ -n \"$words\" ] || COMPREPLY=($(compgen -f -- \"${COMP_WORDS[COMP_CWORD]}\"))\n"
                    "}\n"
                    "complete -F _merlon merlon\n"));
}

static void put_zsh(struct cli *cli)
{
    cli_put(cli, MLN_STR("#compdef merlon\nautoload -U +X bashcompinit && bashcompinit\n"));
    put_bash(cli);
}

/* Between single quotes. */
static void put_fish_text(struct cli *cli, const char *text)
{
    for (; *text != '\0'; text++)
        cli_putf(cli, "%s%c", *text == '\'' || *text == '\\' ? "\\" : "", *text);
}

/* One more word of a command, where the words before it stand. */
static void put_fish_command(struct cli *cli, const struct cli_command *command)
{
    const char *last = strrchr(command->words, ' ');

    if (last == NULL)
        cli_putf(cli, "complete -c merlon -n __fish_use_subcommand -a '%s' -d '", command->words);
    else
        cli_putf(cli,
                "complete -c merlon -n 'string match -q \"* %.*s *\" (commandline -c)' -a '%s' -d '",
                (int)(last - command->words), command->words, last + 1);
    put_fish_text(cli, command->en);
    cli_put(cli, MLN_STR("'\n"));
}

static void put_fish_option(
        struct cli *cli, const struct cli_option_row *row, const struct cli_command *command)
{
    cli_put(cli, MLN_STR("complete -c merlon"));
    if (command != NULL)
        cli_putf(cli, " -n 'string match -q \"* %s *\" (commandline -c)'", command->words);
    if (row->letter != 0)
        cli_putf(cli, " -s %c", row->letter);
    cli_putf(cli, " -l %s%s -d '", row->name, row->value != NULL ? " -r" : "");
    put_fish_text(cli, row->en);
    cli_put(cli, MLN_STR("'\n"));
}

static void put_fish_group(struct cli *cli, struct mln_str path)
{
    /* The first word alone: what stands deeper follows a word that is not the first. */
    if (memchr(path.ptr, ' ', path.len - 1) == NULL)
        cli_putf(cli, "complete -c merlon -n __fish_use_subcommand -a '%.*s'\n",
                (int)(path.len - 1), path.ptr);
}

static void put_fish(struct cli *cli)
{
    const struct cli_command *all;
    const struct cli_option_row *rows = cli_option_rows();
    size_t count;

    all = cli_commands(&count);
    each_path(cli, put_fish_group);
    for (size_t i = 0; i < count; i++) {
        put_fish_command(cli, &all[i]);
        for (size_t k = 0; k < OPT_COUNT; k++) {
            if ((all[i].options & CLI_OPTION(k)) != 0)
                put_fish_option(cli, &rows[k], &all[i]);
        }
    }
    for (size_t i = 0; i < OPT_COUNT; i++) {
        if (rows[i].global)
            put_fish_option(cli, &rows[i], NULL);
    }
}

int cmd_completion(struct cli *cli, struct mln_err *err)
{
    static const struct {
        const char *name;
        void (*put)(struct cli *cli);
    } shells[] = {
        { "bash", put_bash },
        { "fish", put_fish },
        { "zsh", put_zsh },
    };

    for (size_t i = 0; i < MLN_LEN(shells); i++) {
        if (strcmp(cli->line.args[0], shells[i].name) == 0) {
            shells[i].put(cli);
            return MLN_OK;
        }
    }
    return mln_fail(err, MLN_EUSAGE, "completion is there for bash, fish and zsh");
}
