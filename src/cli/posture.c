#include "cli/posture.h"

#include <stdio.h>

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

#define SHOW_MS ((int64_t)100) /* Between two drawings of the line. */

static void show_calls(const struct cli *cli, const struct mln_scan_progress *progress)
{
    char left[40] = "";
    int64_t s = (progress->left_ms + 999) / 1000;

    if (progress->left_ms >= 0 && s < 120)
        (void)snprintf(left, sizeof(left), ", %lld s left", (long long)s);
    else if (progress->left_ms >= 0)
        (void)snprintf(left, sizeof(left), ", %lld min left", (long long)((s + 59) / 60));
    cli_progress(cli, "collect: %lld of %lld calls, %lld rows%s: %.*s", (long long)progress->done,
            (long long)progress->total, (long long)progress->rows, left, MLN_FMT(progress->what));
}

static void show_progress(void *ctx, const struct mln_scan_progress *progress)
{
    struct cli_scan *scan = ctx;
    const struct cli *cli = scan->cli;
    int64_t now_ms = mln_monotonic_ms(cli->clock);

    /* Thousands of calls a second end; a line is read by people. */
    if (scan->shown_ms != 0 && now_ms - scan->shown_ms < SHOW_MS)
        return;
    scan->shown_ms = now_ms;
    if (progress->total > 0 && strcmp(progress->phase, "collect") == 0)
        show_calls(cli, progress);
    else if (progress->total > 0)
        cli_progress(cli, "%s %lld of %lld: %.*s", progress->phase, (long long)progress->done,
                (long long)progress->total, MLN_FMT(progress->what));
    else
        cli_progress(cli, "%s %lld: %.*s", progress->phase, (long long)progress->done,
                MLN_FMT(progress->what));
}

static void show_note(void *ctx, const char *text)
{
    const struct cli_scan *scan = ctx;

    cli_note(scan->cli, "%s", text);
}

/* What is for the live account alone. */
static int refuse_live_options(const struct cli *cli, struct mln_err *err)
{
    static const struct {
        enum cli_option option;
        const char *name;
    } rows[] = {
        { OPT_MAX_CONCURRENCY, "max-concurrency" },
        { OPT_NO_PACING, "no-pacing" },
        { OPT_ROLE, "role" },
        { OPT_SAVE_RAW, "save-raw" },
        { OPT_SINCE_FILE, "since" },
    };

    for (size_t i = 0; i < MLN_LEN(rows); i++) {
        if (cli_has(cli, rows[i].option))
            return mln_fail(err, MLN_EUSAGE,
                    "--%s is for reading a live account, not for --replay or --snapshot",
                    rows[i].name);
    }
    return MLN_OK;
}

static int read_source(struct cli_scan *scan, struct mln_err *err)
{
    const struct cli *cli = scan->cli;
    const char *replay = cli_get(cli, OPT_REPLAY), *snapshot = cli_get(cli, OPT_SNAPSHOT);
    struct mln_source_spec *out = &scan->options.source;
    int rc;

    if (replay != NULL && snapshot != NULL)
        return mln_fail(err, MLN_EUSAGE, "--replay and --snapshot: give one of them");
    if (replay != NULL || snapshot != NULL) {
        out->kind = replay != NULL ? MLN_SOURCE_REPLAY : MLN_SOURCE_SNAPSHOT;
        out->value = mln_str_of(replay != NULL ? replay : snapshot);
        return refuse_live_options(cli, err);
    }
    rc = cli_live_read(cli, &scan->live, err);
    if (rc != MLN_OK)
        return rc;
    *out = scan->live.spec;
    scan->options.live = &scan->live.source;
    scan->options.save_raw = cli_get(cli, OPT_SAVE_RAW);
    scan->options.since_path = cli_get(cli, OPT_SINCE_FILE);
    return MLN_OK;
}

struct wanted {
    int64_t id;
    bool found;
};

static int look_at_item(void *ctx, const struct mln_posture_check *check, struct mln_err *err)
{
    struct wanted *wanted = ctx;

    (void)err;
    wanted->found |= check->id == wanted->id;
    return MLN_OK;
}

/* A number that is none of an item is told before an account is read for it. */
static int check_known(
        const struct mln_posture *posture, const int64_t *ids, size_t count, struct mln_err *err)
{
    for (size_t i = 0; i < count; i++) {
        struct wanted wanted = { .id = ids[i] };
        int rc = mln_posture_checks(posture, MLN_LANG_EN, look_at_item, &wanted, err);

        if (rc != MLN_OK)
            return rc;
        if (!wanted.found)
            return mln_fail(err, MLN_ENOTFOUND,
                    "there is no check item %lld: see `merlon check list`", (long long)ids[i]);
    }
    return MLN_OK;
}

int cli_scan_read(struct cli *cli, struct cli_scan *out, struct mln_err *err)
{
    int rc;

    cli_catch_signals(cli);
    *out = (struct cli_scan){ .cli = cli };
    out->options = (struct mln_scan_options){
        .account_id = mln_str_of(cli_get(cli, OPT_ACCOUNT)),
        .clock = cli->clock,
        .stop = cli->stop,
        .progress = show_progress,
        .progress_ctx = out,
        .note = show_note,
        .note_ctx = out,
    };
    rc = read_source(out, err);
    if (rc == MLN_OK && cli_has(cli, OPT_ONLY))
        rc = check_ids_read(cli, OPT_ONLY, &out->only, &out->options.only_count, err);
    if (rc == MLN_OK && cli_has(cli, OPT_SKIP))
        rc = check_ids_read(cli, OPT_SKIP, &out->skip, &out->options.skip_count, err);
    if (rc == MLN_OK)
        rc = cli_posture(cli, &out->posture, err);
    if (rc == MLN_OK)
        rc = check_known(out->posture, out->only, out->options.only_count, err);
    if (rc == MLN_OK)
        rc = check_known(out->posture, out->skip, out->options.skip_count, err);
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
    cli_live_free(&scan->live);
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
