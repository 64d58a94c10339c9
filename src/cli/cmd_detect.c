#include "cli/commands.h"
#include "cli/connect.h"
#include "risk/ingest.h"

#define LISTS_MAX ((size_t)32)

static void add_report(struct mln_ingest_report *sum, const struct mln_ingest_report *one)
{
    sum->lines += one->lines;
    sum->events += one->events;
    sum->bad_lines += one->bad_lines;
    sum->cut_lines += one->cut_lines;
    sum->alarms += one->alarms;
    sum->muted += one->muted;
    sum->late += one->late;
    sum->future += one->future;
    sum->bytes += one->bytes;
    sum->evicted_windows += one->evicted_windows;
    sum->regex_limits += one->regex_limits;
}

/* What a person must know about one file, beyond the sums. */
static void note_file(
        const struct cli *cli, const char *path, const struct mln_ingest_report *report)
{
    if (report->already_read)
        cli_note(cli, "%s: nothing new since the last run", path);
    if (report->rewritten)
        cli_note(cli, "%s: was rewritten and is read from its start", path);
    if (report->partial_bytes > 0)
        cli_note(cli, "%s: an unfinished last line of %lld bytes is left for the next run", path,
                (long long)report->partial_bytes);
    if (report->bad_lines > 0)
        cli_note(cli, "%s: %lld lines are not of this format", path, (long long)report->bad_lines);
    if (report->cut_lines > 0)
        cli_note(cli, "%s: %lld lines were too long and cut", path, (long long)report->cut_lines);
    if (report->future > 0)
        cli_note(cli, "%s: %lld records are dated in the future: check --time-zone", path,
                (long long)report->future);
}

/* Reads every file; the codes of those that fail are counted, not fatal. */
static int read_files(struct cli *cli, struct mln_ingest *ingest, struct mln_err *err)
{
    struct mln_ingest_report sum = { 0 };
    size_t failed = 0;
    bool stopped = false;
    int rc;

    for (size_t i = 0; i < cli->line.arg_count && !stopped; i++) {
        struct mln_ingest_report report = { 0 };
        struct mln_err one;

        cli_progress(cli, "reading %s", cli->line.args[i]);
        rc = mln_ingest_file(ingest, cli->line.args[i], &report, &one);
        if (rc != MLN_OK && rc != MLN_ECANCELLED) {
            cli_say(cli, "merlon: %s", one.msg);
            failed++;
        }
        add_report(&sum, &report);
        note_file(cli, cli->line.args[i], &report);
        stopped = report.stopped || *cli->stop != 0;
    }
    cli_note(cli,
            "read %lld lines (%lld bytes): %lld events, %lld alarms, %lld muted, %lld bad lines",
            (long long)sum.lines, (long long)sum.bytes, (long long)sum.events,
            (long long)sum.alarms, (long long)sum.muted, (long long)sum.bad_lines);
    if (sum.evicted_windows > 0)
        cli_note(
                cli, "%lld open windows were dropped at the limit", (long long)sum.evicted_windows);
    if (sum.regex_limits > 0)
        cli_say(cli,
                "warning: %lld regular expressions were given up at their limit: a statement may "
                "have been written to slip through",
                (long long)sum.regex_limits);
    if (stopped)
        return mln_fail(err, MLN_ECANCELLED,
                "interrupted: what was read is committed, the next run goes on from there");
    if (failed > 0 && failed < cli->line.arg_count)
        return mln_fail(err, MLN_EPARTIAL, "%zu of %zu files could not be read", failed,
                cli->line.arg_count);
    if (failed > 0)
        return mln_fail(err, MLN_EIO, "nothing could be read");
    return MLN_OK;
}

static int detect_into(struct cli *cli, struct cli_local *local, struct mln_ingest_options *options,
        struct mln_err *err)
{
    struct mln_ingest *ingest = NULL;
    int rc;

    options->account_id = local->account;
    options->clock = cli->clock;
    cli_catch_signals(cli);
    options->stop = cli->stop;
    rc = mln_ingest_new(local->store, options, &ingest, err);
    if (rc == MLN_EINVAL)
        rc = mln_wrap(err, MLN_ECONFIG, "detect");
    if (rc == MLN_OK)
        rc = read_files(cli, ingest, err);
    mln_ingest_free(ingest);
    return rc;
}

int cmd_detect(struct cli *cli, struct mln_err *err)
{
    const char *lists[LISTS_MAX], *catalogs[LISTS_MAX];
    const char *product = NULL;
    struct mln_ingest_options options = {
        .instance = mln_str_of(cli_get(cli, OPT_INSTANCE)),
        .time_zone = mln_str_of(cli_get(cli, OPT_TIME_ZONE)),
        .catalogs = catalogs,
        .catalog_count = cli_get_every(cli, OPT_CATALOG, catalogs, LISTS_MAX),
        .list_files = lists,
        .list_file_count = cli_get_every(cli, OPT_LISTS, lists, LISTS_MAX),
    };
    struct cli_local local;
    int rc = cli_need(cli, OPT_FORMAT, &options.format, err);

    if (rc == MLN_OK)
        rc = cli_need(cli, OPT_PRODUCT, &product, err);
    if (rc == MLN_OK)
        rc = cli_local_open(cli, MLN_STORE_WRITE, CLI_NEED_ACCOUNT, &local, err);
    if (rc != MLN_OK)
        return rc;
    options.product = mln_str_of(product);
    rc = detect_into(cli, &local, &options, err);
    cli_local_close(&local);
    return rc;
}
