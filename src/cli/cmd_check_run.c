/*
 * `check run`: asks an endpoint for a new run; with a store, reads the account's recorded source
 * now; with a snapshot or a recording, judges it and keeps nothing.
 */
#include <errno.h>
#include <time.h>

#include "cli/commands.h"
#include "cli/posture.h"
#include "cli/results.h"

#define WAIT_S 2

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

static int put_judged(void *ctx, const struct mln_judged *judged, struct mln_err *err)
{
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

    (void)err;
    cli_rows_add(ctx, cells);
    return MLN_OK;
}

static int judge(struct cli *cli, struct mln_err *err)
{
    struct mln_scan_report report = { 0 };
    struct cli_scan scan;
    struct cli_rows rows;
    struct mln_err late = { 0 };
    int rc = cli_scan_read(cli, &scan, err), ended;

    if (rc != MLN_OK)
        return rc;
    cli_catch_signals(cli);
    cli_rows_begin(&rows, cli, judged_columns, MLN_LEN(judged_columns));
    rc = mln_judge(&scan.options, true, put_judged, &rows, &report, err);
    ended = cli_rows_end(&rows, -1, rc != MLN_OK || report.items_not_assessed > 0, NULL, &late);
    cli_scan_free(&scan);
    if (rc != MLN_OK)
        return rc;
    cli_scan_summary(cli, &report);
    if (ended != MLN_OK)
        *err = late;
    else if (report.items_not_assessed > 0)
        return CLI_EXIT_PARTIAL;
    return ended;
}

/* ---- a new run ---- */

struct wanted {
    int64_t *ids;
    size_t count;
};

static int run_local(struct check_source *source, const struct wanted *wanted, struct mln_err *err)
{
    struct cli *cli = source->cli;
    struct mln_posture *posture = NULL;
    int64_t task_id;
    int rc = cli_posture(cli, &posture, err);

    if (rc == MLN_OK)
        rc = mln_scan_request(source->local.store, cli->clock, source->local.account, wanted->ids,
                wanted->count, &task_id, err);
    if (rc == MLN_OK)
        rc = mln_scan_work(source->local.store, posture, cli->clock, cli->stop, err);
    mln_posture_free(posture);
    return rc == MLN_OK ? results_put(source, &(struct check_filter){ 0 }, err) : rc;
}

static bool is_over(const struct mln_sas_items *items)
{
    for (size_t i = 0; i < items->count; i++) {
        if (mln_str_is(items->items[i].status, "running") || items->items[i].remaining_s > 0)
            return false;
    }
    return items->count > 0;
}

static int wait_until_over(struct check_source *source, struct mln_err *err)
{
    const struct check_filter all = { 0 };
    struct cli *cli = source->cli;
    bool over = false;
    int rc = MLN_OK;

    while (rc == MLN_OK && !over && *cli->stop == 0) {
        struct timespec pause = { .tv_sec = WAIT_S };
        struct mln_sas_items items;

        (void)nanosleep(&pause, NULL);
        mln_sas_items_init(&items);
        rc = check_source_list(source, &all, &items, err);
        over = rc == MLN_OK && is_over(&items);
        cli_progress(cli, "waiting: %zu items", items.count);
        mln_sas_items_free(&items);
    }
    if (rc == MLN_OK && !over)
        return mln_fail(err, MLN_ECANCELLED, "interrupted; the run goes on");
    return rc == MLN_OK ? results_put(source, &all, err) : rc;
}

static int run_remote(struct check_source *source, const struct wanted *wanted, struct mln_err *err)
{
    char request_id[64];
    bool sent;
    int rc = mln_sas_start(source->remote.api, wanted->ids, wanted->count, request_id, &sent, err);

    if (rc != MLN_OK)
        return rc;
    cli_note(source->cli, "a run was started (request id %s)", request_id);
    return cli_has(source->cli, OPT_WAIT) ? wait_until_over(source, err) : MLN_OK;
}

int cmd_check_run(struct cli *cli, struct mln_err *err)
{
    struct check_source source;
    struct wanted wanted = { 0 };
    int rc = MLN_OK;

    if (cli_has(cli, OPT_REPLAY) || cli_has(cli, OPT_SNAPSHOT))
        return judge(cli, err);
    if (cli_has(cli, OPT_ITEM))
        rc = check_ids_read(cli, OPT_ITEM, &wanted.ids, &wanted.count, err);
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
