#include "cli/cli.h"

const char *cli_get(const struct cli *cli, enum cli_option option)
{
    return cli->line.value[option];
}

bool cli_has(const struct cli *cli, enum cli_option option)
{
    return cli->line.value[option] != NULL;
}

const char *cli_text(const struct cli *cli, const char *en, const char *zh)
{
    return cli->lang == MLN_LANG_ZH ? zh : en;
}

const char *cli_report_format(const struct cli *cli)
{
    if (cli->line.command == NULL || (cli->line.command->options & OPT(OUTPUT_REPORT)) == 0)
        return NULL;
    return cli_has(cli, OPT_OUTPUT_REPORT) ? cli_get(cli, OPT_OUTPUT_REPORT)
                                           : cli_get(cli, OPT_OUTPUT);
}

static const struct cli_option_row *row(enum cli_option option)
{
    return &cli_option_rows()[option];
}

int cli_need(const struct cli *cli, enum cli_option option, const char **out, struct mln_err *err)
{
    if (!cli_has(cli, option))
        return mln_fail(err, MLN_EUSAGE, "`merlon %s` needs --%s %s", cli->line.command->words,
                row(option)->name, row(option)->value);
    *out = cli_get(cli, option);
    return MLN_OK;
}

int cli_get_number(const struct cli *cli, enum cli_option option, int64_t min, int64_t max,
        int64_t *out, struct mln_err *err)
{
    int64_t number = 0;

    if (!cli_has(cli, option))
        return MLN_OK;
    if (mln_str_to_i64(mln_str_of(cli_get(cli, option)), &number) != MLN_OK || number < min ||
            number > max)
        return mln_fail(err, MLN_EUSAGE, "--%s: a whole number from %lld to %lld is needed",
                row(option)->name, (long long)min, (long long)max);
    *out = number;
    return MLN_OK;
}

/* "7d", "12h", "30m": so long ago. */
static bool read_ago(const struct cli *cli, struct mln_str text, int64_t *out)
{
    int64_t unit_ms, number;

    if (text.len < 2 || text.len > 8)
        return false;
    switch (text.ptr[text.len - 1]) {
    case 'd':
        unit_ms = MLN_MS_PER_DAY;
        break;
    case 'h':
        unit_ms = MLN_MS_PER_S * 3600;
        break;
    case 'm':
        unit_ms = MLN_MS_PER_S * 60;
        break;
    default:
        return false;
    }
    text.len--;
    if (mln_str_to_i64(text, &number) != MLN_OK || number < 0 || number > 1000000)
        return false;
    *out = mln_now_ms(cli->clock) - number * unit_ms;
    return true;
}

int cli_get_time(const struct cli *cli, enum cli_option option, int64_t *out, struct mln_err *err)
{
    struct mln_str text = mln_str_of(cli_get(cli, option));
    int64_t when;

    if (text.ptr == NULL)
        return MLN_OK;
    if (mln_time_parse(text, &when) != MLN_OK && !read_ago(cli, text, &when) &&
            (mln_str_to_i64(text, &when) != MLN_OK || when < 0))
        return mln_fail(err, MLN_EUSAGE,
                "--%s: a time like 2026-01-02T03:04:05Z, 7d, 12h, 30m or epoch milliseconds is needed",
                row(option)->name);
    *out = when;
    return MLN_OK;
}

size_t cli_get_every(const struct cli *cli, enum cli_option option, const char **out, size_t max)
{
    size_t count = 0;

    for (size_t i = 0; i < cli->line.every_count && count < max; i++) {
        if (cli->line.every[i].option == option)
            out[count++] = cli->line.every[i].value;
    }
    return count;
}

bool cli_list_has(const struct cli *cli, enum cli_option option, struct mln_str word)
{
    struct mln_str rest = mln_str_of(cli_get(cli, option)), part;

    if (rest.ptr == NULL)
        return true;
    while (mln_str_next(&rest, ',', &part)) {
        if (mln_str_eq_nocase(mln_str_trim(part), word))
            return true;
    }
    return false;
}
