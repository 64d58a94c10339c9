#include "cli/posture.h"

int cli_posture(const struct cli *cli, struct mln_posture **out, struct mln_err *err)
{
    const char *catalogs[CLI_PLACES_MAX], *checks[CLI_PLACES_MAX];
    struct mln_posture_options options = {
        .catalogs = catalogs,
        .catalog_count = cli_get_every(cli, OPT_CATALOG, catalogs, CLI_PLACES_MAX),
        .check_folders = checks,
        .check_folder_count = cli_get_every(cli, OPT_CHECKS, checks, CLI_PLACES_MAX),
    };
    int rc = mln_posture_load(&options, out, err);

    return rc == MLN_EINVAL || rc == MLN_ENOTFOUND || rc == MLN_ETOOBIG
                   ? mln_wrap(err, MLN_ECONFIG, "catalogue")
                   : rc;
}

static void show_progress(void *ctx, const struct mln_scan_progress *progress)
{
    const struct cli *cli = ctx;

    if (progress->total > 0)
        cli_progress(cli, "%s %lld of %lld: %.*s", progress->phase, (long long)progress->done,
                (long long)progress->total, MLN_FMT(progress->what));
    else
        cli_progress(cli, "%s %lld: %.*s", progress->phase, (long long)progress->done,
                MLN_FMT(progress->what));
}

static int read_source(const struct cli *cli, struct mln_source_spec *out, struct mln_err *err)
{
    const char *replay = cli_get(cli, OPT_REPLAY), *snapshot = cli_get(cli, OPT_SNAPSHOT);

    if (replay != NULL && snapshot != NULL)
        return mln_fail(err, MLN_EUSAGE, "--replay and --snapshot: give one of them");
    if (replay == NULL && snapshot == NULL)
        return mln_fail(err, MLN_EUSAGE,
                "`merlon %s` needs --replay DIR (recorded answers) or --snapshot FILE",
                cli->line.command->words);
    out->kind = replay != NULL ? MLN_SOURCE_REPLAY : MLN_SOURCE_SNAPSHOT;
    out->value = mln_str_of(replay != NULL ? replay : snapshot);
    return MLN_OK;
}

int cli_scan_read(struct cli *cli, struct cli_scan *out, struct mln_err *err)
{
    int rc;

    *out = (struct cli_scan){ .cli = cli };
    out->options = (struct mln_scan_options){
        .account_id = mln_str_of(cli_get(cli, OPT_ACCOUNT)),
        .clock = cli->clock,
        .stop = cli->stop,
        .progress = show_progress,
        .progress_ctx = cli,
    };
    rc = read_source(cli, &out->options.source, err);
    if (rc == MLN_OK && cli_has(cli, OPT_ONLY))
        rc = check_ids_read(cli, OPT_ONLY, &out->only, &out->options.only_count, err);
    if (rc == MLN_OK && cli_has(cli, OPT_SKIP))
        rc = check_ids_read(cli, OPT_SKIP, &out->skip, &out->options.skip_count, err);
    if (rc == MLN_OK)
        rc = cli_posture(cli, &out->posture, err);
    if (rc != MLN_OK) {
        cli_scan_free(out);
        return rc;
    }
    out->options.only = out->only;
    out->options.skip = out->skip;
    out->options.posture = out->posture;
    return MLN_OK;
}

void cli_scan_free(struct cli_scan *scan)
{
    mln_posture_free(scan->posture);
    free(scan->only);
    free(scan->skip);
    *scan = (struct cli_scan){ 0 };
}

void cli_scan_summary(const struct cli *cli, const struct mln_scan_report *report)
{
    cli_progress(cli, "%s", "");
    cli_note(cli,
            "%lld calls, %lld rows; denied %lld, throttled %lld, failed %lld, not activated %lld",
            (long long)report->calls, (long long)report->rows, (long long)report->denied,
            (long long)report->throttled, (long long)report->failed,
            (long long)report->not_activated);
    cli_note(cli,
            "%lld item%s: %lld passed, %lld failed, %lld not assessed; %lld failed resource%s",
            (long long)report->items, report->items == 1 ? "" : "s",
            (long long)report->items_passed, (long long)report->items_failed,
            (long long)report->items_not_assessed, (long long)report->findings_failed,
            report->findings_failed == 1 ? "" : "s");
}
