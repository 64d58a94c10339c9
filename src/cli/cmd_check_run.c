/*
 * `check run`: asks an endpoint for a new run; with a store, reads the account's recorded source
 * now; with a snapshot or a recording, judges it and keeps nothing.
 */
#include <time.h>

#include "cli/commands.h"
#include "cli/posture.h"
#include "cli/results.h"

#define WAIT_S       2
#define WAIT_MAX_S   3600
#define STATE_DONE   3 /* mln_result_totals.scan_state */
#define STATE_FAILED 4

/* ---- judging without a store ---- */

static const struct cli_column judged_columns[] = {
    { "ItemId", "ITEM", "检查项" },
    { "Verdict", "VERDICT", "结论" },
    { "RegionId", "REGION", "地域" },
    { "ResourceId", "RESOURCE", "资源" },
    { "Name", NULL, NULL },
    { "Value", "VALUE", "问题条目值" },
    { "NotAssessed", NULL, NULL },
    { "Evidence", NULL, NULL },
};

/* The head of the output waits for the first finding: an error has nothing on stdout. */
struct judging {
    struct cli *cli;
    struct cli_rows rows;
    bool began;
    int64_t open; /* Could not be assessed. */
};

static void begin(struct judging *judging)
{
    if (!judging->began)
        cli_rows_begin(&judging->rows, judging->cli, judged_columns, MLN_LEN(judged_columns));
    judging->began = true;
}

static int put_judged(void *ctx, const struct mln_judged *judged, struct mln_err *err)
{
    struct judging *judging = ctx;
    const struct cli_cell cells[] = {
        cli_cell_int(judged->check_id),
        cli_cell_text(judged->verdict),
        cli_cell_text(judged->region),
        cli_cell_text(judged->resource_id),
        cli_cell_text(judged->name),
        cli_cell_text(judged->reason),
        cli_cell_text(judged->not_assessed),
        cli_cell_text(judged->evidence),
    };

    begin(judging);
    judging->open += mln_str_is(judged->verdict, "unknown");
    cli_rows_add(&judging->rows, cells);
    return cli_out_check(judging->cli, err);
}

static int judge_with(struct cli *cli, const struct mln_scan_options *options, struct mln_err *err)
{
    struct mln_scan_report report = { 0 };
    struct judging judging = { .cli = cli };
    struct mln_err late = { 0 };
    int rc = mln_judge(options, true, put_judged, &judging, &report, err), ended = MLN_OK;

    if (rc == MLN_OK)
        begin(&judging);
    if (judging.began)
        ended = cli_rows_end(&judging.rows, -1, rc != MLN_OK || judging.open > 0, NULL, &late);
    if (rc != MLN_OK)
        return rc;
    cli_scan_summary(cli, &report);
    if (ended != MLN_OK)
        *err = late;
    else if (judging.open > 0)
        return CLI_EXIT_PARTIAL;
    return ended;
}

/* Here --item means what --only means elsewhere. */
static int judge(struct cli *cli, struct mln_err *err)
{
    struct cli_line *line = &cli->line;
    struct cli_scan scan;
    int rc;

    if (cli_has(cli, OPT_STORE))
        return mln_fail(err, MLN_EUSAGE,
                "`merlon check run` keeps nothing of a recording or a snapshot: leave --store out, "
                "or use `merlon scan`");
    if (!cli_has(cli, OPT_ONLY))
        line->value[OPT_ONLY] = line->value[OPT_ITEM];
    rc = cli_scan_read(cli, &scan, err);
    if (rc != MLN_OK)
        return rc;
    rc = judge_with(cli, &scan.options, err);
    cli_scan_free(&scan);
    return rc;
}

/* ---- a new run ---- */

struct wanted {
    int64_t *ids;
    size_t count;
};

static int pause_for_news(const struct cli *cli, struct mln_err *err)
{
    struct timespec pause = { .tv_sec = WAIT_S };

    (void)nanosleep(&pause, NULL);
    if (*cli->stop != 0)
        return mln_fail(err, MLN_ECANCELLED, "interrupted; the run goes on");
    return MLN_OK;
}

/* Of a request: MLN_ENOTFOUND while it is not over. */
static int state_of_request(struct check_source *source, struct mln_err *err)
{
    struct mln_result_totals totals;
    int rc = mln_result_totals(
            source->local.store, source->cli->clock, source->local.account, &totals, err);

    if (rc != MLN_OK)
        return rc;
    if (totals.scan_state == STATE_FAILED)
        return MLN_EPARTIAL;
    return totals.scan_state == STATE_DONE ? MLN_OK : MLN_ENOTFOUND;
}

/*
 * Works on what waits in the store until the request of this account is over: an older one, of any
 * account, comes first, and a server may have taken ours.
 */
static int work_until_over(
        struct check_source *source, const struct mln_scan_worker *how, struct mln_err *err)
{
    struct cli *cli = source->cli;
    struct mln_err other = { 0 };
    int rc, worked;

    for (;;) {
        worked = mln_scan_work(source->local.store, how, err);
        if (worked != MLN_OK && worked != MLN_EPARTIAL && worked != MLN_ENOTFOUND)
            return worked;
        rc = state_of_request(source, &other);
        if (rc == MLN_EPARTIAL && worked != MLN_EPARTIAL)
            return mln_fail(err, MLN_EPARTIAL, "the run failed where it was done: see its log");
        if (rc == MLN_EPARTIAL || rc == MLN_OK)
            return rc;
        if (rc != MLN_ENOTFOUND) {
            *err = other;
            return rc;
        }
        if (worked != MLN_ENOTFOUND)
            continue;
        cli_progress(cli, "%s", "waiting: another process does the run");
        rc = pause_for_news(cli, err);
        if (rc != MLN_OK)
            return rc;
    }
}

static int run_local(struct check_source *source, const struct wanted *wanted, struct mln_err *err)
{
    struct cli *cli = source->cli;
    struct mln_scan_worker how = { .clock = cli->clock, .stop = cli->stop };
    struct mln_posture *posture = NULL;
    struct cli_live live;
    int64_t task_id, open = 0;
    int rc = cli_live_read(cli, &live, err);

    if (rc != MLN_OK)
        return rc;
    rc = cli_posture(cli, &posture, err);
    how.live = &live.source;
    how.posture = posture;
    if (rc == MLN_OK)
        rc = mln_scan_request(source->local.store, cli->clock, source->local.account, wanted->ids,
                wanted->count, &task_id, err);
    if (rc == MLN_OK)
        rc = work_until_over(source, &how, err);
    mln_posture_free(posture);
    cli_live_free(&live);
    if (rc == MLN_OK)
        rc = results_put(source, &(struct check_filter){ 0 }, err);
    if (rc == MLN_OK)
        rc = results_count_open(source, &open, err);
    return rc == MLN_OK && open > 0 ? CLI_EXIT_PARTIAL : rc;
}

/* ---- over an endpoint ---- */

/* What shows that a listing is of a new run. */
struct moment {
    int64_t task_id, check_time_ms;
};

static struct moment moment_of(const struct mln_sas_items *items)
{
    struct moment latest = { 0 };

    for (size_t i = 0; i < items->count; i++) {
        const struct mln_sas_item *item = &items->items[i];

        latest.task_id = item->task_id > latest.task_id ? item->task_id : latest.task_id;
        if (item->check_time_ms > latest.check_time_ms)
            latest.check_time_ms = item->check_time_ms;
    }
    return latest;
}

/* An endpoint may still show the results before when it has taken the request. */
static bool is_over(const struct mln_sas_items *items, const struct moment *before)
{
    struct moment now = moment_of(items);

    for (size_t i = 0; i < items->count; i++) {
        if (mln_str_is(items->items[i].status, "running") || items->items[i].remaining_s > 0)
            return false;
    }
    return now.task_id > before->task_id || now.check_time_ms > before->check_time_ms;
}

static int wait_until_over(
        struct check_source *source, const struct moment *before, struct mln_err *err)
{
    const struct check_filter all = { 0 };
    struct cli *cli = source->cli;
    bool over = false;
    int rc = MLN_OK;

    for (int waited_s = 0; rc == MLN_OK && !over; waited_s += WAIT_S) {
        struct mln_sas_items items;

        if (waited_s >= WAIT_MAX_S)
            return mln_fail(err, MLN_ETRANSIENT,
                    "the run was not over after %d s: look with `merlon check results`",
                    WAIT_MAX_S);
        rc = pause_for_news(cli, err);
        if (rc != MLN_OK)
            return rc;
        mln_sas_items_init(&items);
        rc = check_source_list(source, &all, &items, err);
        over = rc == MLN_OK && is_over(&items, before);
        cli_progress(cli, "waiting: %zu items", items.count);
        mln_sas_items_free(&items);
    }
    return rc == MLN_OK ? results_put(source, &all, err) : rc;
}

static int read_moment(struct check_source *source, struct moment *out, struct mln_err *err)
{
    struct mln_sas_items items;
    int rc;

    mln_sas_items_init(&items);
    rc = check_source_list(source, &(struct check_filter){ 0 }, &items, err);
    if (rc == MLN_OK)
        *out = moment_of(&items);
    mln_sas_items_free(&items);
    return rc;
}

static int run_remote(struct check_source *source, const struct wanted *wanted, struct mln_err *err)
{
    struct moment before = { 0 };
    bool waits = cli_has(source->cli, OPT_WAIT), sent = false;
    char request_id[64];
    int rc = waits ? read_moment(source, &before, err) : MLN_OK;

    if (rc != MLN_OK)
        return rc;
    rc = mln_sas_start(source->remote.api, wanted->ids, wanted->count, request_id, &sent, err);
    if (sent && rc == MLN_ETRANSIENT)
        cli_note(source->cli, "the request may have arrived: look with `merlon check results`");
    if (rc != MLN_OK)
        return rc;
    cli_note(source->cli, "a run was started (request id %s)", request_id);
    return waits ? wait_until_over(source, &before, err) : MLN_OK;
}

int cmd_check_run(struct cli *cli, struct mln_err *err)
{
    enum cli_option list = cli_has(cli, OPT_ITEM) ? OPT_ITEM : OPT_ONLY;
    struct check_source source;
    struct wanted wanted = { 0 };
    int rc = MLN_OK;

    if (cli_has(cli, OPT_ITEM) && cli_has(cli, OPT_ONLY))
        return mln_fail(err, MLN_EUSAGE, "--item and --only say the same: give one of them");
    if (cli_has(cli, OPT_REPLAY) || cli_has(cli, OPT_SNAPSHOT))
        return judge(cli, err);
    if (cli_has(cli, OPT_SKIP))
        return mln_fail(err, MLN_EUSAGE,
                "--skip is for a recording or a snapshot: name the wanted items with --item");
    if (cli_has(cli, list))
        rc = check_ids_read(cli, list, &wanted.ids, &wanted.count, err);
    if (rc == MLN_OK)
        rc = check_source_open(cli, true, &source, err);
    if (rc == MLN_OK) {
        cli_catch_signals(cli);
        rc = source.is_local ? run_local(&source, &wanted, err) : run_remote(&source, &wanted, err);
        check_source_close(&source);
    }
    free(wanted.ids);
    return rc;
}
