/* `collect`: an account's configuration into a snapshot; and what that needs, without doing it. */
#include <stdio.h>

#include "cli/collect_many.h"
#include "cli/commands.h"
#include "cli/posture.h"

#define POLICY_MAX ((size_t)1024 * 1024)
#define RATE_MAX   32

static const struct cli_column columns[] = {
    { "Call", "CALL", "调用" },
    { "Version", "VERSION", "版本" },
    { "Scope", "SCOPE", "范围" },
    { "Paging", "PAGING", "分页" },
    { "Table", "TABLE", "表" },
    { "RamAction", "RAM ACTION", "RAM 操作" },
    { "Rate", "RATE", "频率" },
    { "Method", "METHOD", "方法" },
    { "Product", NULL, NULL },
    { "Action", NULL, NULL },
    { "Limit", NULL, NULL },
};

static const char *rate_text(const struct mln_posture_call *call, char out[RATE_MAX])
{
    (void)snprintf(out, RATE_MAX, "%.3g/s", call->rate);
    return out;
}

static int put_call(void *ctx, const struct mln_posture_call *call, struct mln_err *err)
{
    char rate[RATE_MAX];
    const struct cli_cell cells[] = {
        cli_cell_text(call->id),
        cli_cell_text(call->version),
        cli_cell_text(call->scope),
        cli_cell_text(call->paging),
        cli_cell_text(call->table),
        cli_cell_text(call->ram_action),
        cli_cell_cstr(rate_text(call, rate)),
        cli_cell_text(call->method),
        cli_cell_text(call->product),
        cli_cell_text(call->action),
        cli_cell_text(call->limit),
    };

    (void)err;
    cli_rows_add(ctx, cells);
    return MLN_OK;
}

static int put_plan(struct cli *cli, const struct mln_posture *posture, struct mln_err *err)
{
    struct cli_rows rows;
    struct mln_err late = { 0 };
    int rc, ended;

    cli_rows_begin(&rows, cli, columns, MLN_LEN(columns));
    rc = mln_posture_calls(posture, put_call, &rows, err);
    ended = cli_rows_end(&rows, -1, rc != MLN_OK, NULL, &late);
    if (rc == MLN_OK && ended != MLN_OK)
        *err = late;
    return rc == MLN_OK ? ended : rc;
}

static int put_policy(struct cli *cli, const struct mln_posture *posture, struct mln_err *err)
{
    MLN_AUTO(mln_buf_free) struct mln_buf out = MLN_BUF_INIT(POLICY_MAX);
    struct mln_str text;
    int rc;

    mln_posture_policy(posture, &out);
    rc = mln_buf_done(&out, &text, err);
    if (rc == MLN_OK) {
        cli_put(cli, text);
        cli_put(cli, MLN_STR("\n"));
    }
    return rc;
}

static int print_need(struct cli *cli, struct mln_err *err)
{
    struct mln_posture *posture = NULL;
    int rc;

    if (cli_has(cli, OPT_PLAN) && cli_has(cli, OPT_POLICY_PRINT))
        return mln_fail(err, MLN_EUSAGE, "--plan and --policy: give one of them");
    if (cli_has(cli, OPT_POLICY_PRINT) && cli_has(cli, OPT_OUTPUT_FILE))
        return mln_fail(err, MLN_EUSAGE,
                "--policy writes JSON to standard output: `merlon collect --policy > FILE`");
    rc = cli_posture(cli, &posture, err);
    if (rc == MLN_OK)
        rc = cli_has(cli, OPT_PLAN) ? put_plan(cli, posture, err) : put_policy(cli, posture, err);
    mln_posture_free(posture);
    return rc;
}

/* ---- one account ---- */

static int read_path(const struct cli *cli, const char **out, struct mln_err *err)
{
    const char *resumed = cli_get(cli, OPT_RESUME), *made = cli_get(cli, OPT_OUTPUT_FILE);

    if (resumed != NULL && made != NULL)
        return mln_fail(err, MLN_EUSAGE, "--resume names the file already: leave -o out");
    if (resumed == NULL)
        return cli_need(cli, OPT_OUTPUT_FILE, out, err);
    *out = resumed;
    return MLN_OK;
}

static int tell_failure(const struct cli *cli, int rc, const char *path,
        const struct mln_scan_report *report, struct mln_err *err)
{
    if (rc == MLN_EEXIST && cli_has(cli, OPT_RESUME))
        return mln_fail(
                err, rc, "--resume '%s': is finished; there is nothing to go on with", path);
    if (rc == MLN_EEXIST)
        return mln_fail(
                err, rc, "-o '%s': is a finished snapshot already: give another name", path);
    if (report->resumable && cli_has(cli, OPT_REPLAY))
        cli_note(cli, "%s can be gone on with: merlon collect --replay %s --resume %s", path,
                cli_get(cli, OPT_REPLAY), path);
    else if (report->resumable)
        cli_note(cli, "%s can be gone on with: merlon collect --resume %s", path, path);
    return rc;
}

static int collect_one(struct cli_scan *scan, const char *path, struct mln_err *err)
{
    struct cli *cli = scan->cli;
    struct mln_scan_report report = { 0 };
    struct cli_call_table table;
    struct mln_err late = { 0 };
    int rc, ended;

    scan->options.snapshot_path = path;
    scan->options.resume = cli_has(cli, OPT_RESUME);
    cli_call_table_init(&table, cli, false, &scan->options);
    rc = mln_collect_to_file(&scan->options, &report, err);
    ended = cli_call_table_end(&table, rc != MLN_OK, &late);
    cli_progress(cli, "%s", "");
    if (rc != MLN_OK)
        return tell_failure(cli, rc, path, &report, err);
    cli_note(cli, "%s: %lld calls, %lld rows; denied %lld, throttled %lld, failed %lld", path,
            (long long)report.calls, (long long)report.rows, (long long)report.denied,
            (long long)report.throttled, (long long)report.failed);
    if (ended != MLN_OK) {
        *err = late;
        return ended;
    }
    return report.denied + report.throttled + report.failed > 0 ? CLI_EXIT_PARTIAL : MLN_OK;
}

int cmd_collect(struct cli *cli, struct mln_err *err)
{
    struct cli_scan scan;
    const char *path = NULL;
    int rc;

    if (cli_has(cli, OPT_PLAN) || cli_has(cli, OPT_POLICY_PRINT))
        return print_need(cli, err);
    if (cli_has(cli, OPT_ACCOUNTS) || cli_has(cli, OPT_RESOURCE_DIRECTORY))
        return collect_many(cli, err);
    rc = read_path(cli, &path, err);
    if (rc == MLN_OK)
        rc = cli_scan_read(cli, &scan, err);
    if (rc != MLN_OK)
        return rc;
    rc = collect_one(&scan, path, err);
    cli_scan_free(&scan);
    return rc;
}
