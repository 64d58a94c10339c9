#include "cli/collect_many.h"

#include "cli/posture.h"

static const struct cli_column columns[] = {
    { "Account", "ACCOUNT", "账号" },
    { "Name", "NAME", "名称" },
    { "Result", "RESULT", "结果" },
    { "Calls", "CALLS", "调用" },
    { "Read", "READ", "已读取" },
    { "Denied", "DENIED", "无权限" },
    { "Throttled", "THROTTLED", "被限流" },
    { "Failed", "FAILED", "失败" },
    { "Rows", "ROWS", "行数" },
    { "Snapshot", "SNAPSHOT", "快照" },
    { "Reason", "REASON", "原因" },
};

struct summary {
    struct cli *cli;
    struct cli_rows rows;
    bool began;
    bool incomplete; /* Some account is not wholly read. */
};

static const char *result_of(const struct mln_scan_account_end *end)
{
    const struct mln_scan_report *report = end->report;

    if (end->code == MLN_ECANCELLED)
        return "stopped";
    if (end->code == MLN_EEXIST)
        return "was done";
    if (end->code != MLN_OK)
        return "failed";
    return report->denied + report->throttled + report->failed > 0 ? "incomplete" : "complete";
}

static void put_account(void *ctx, const struct mln_scan_account_end *end)
{
    struct summary *summary = ctx;
    const struct mln_scan_report *report = end->report;
    const char *result = result_of(end);
    const struct cli_cell cells[] = {
        cli_cell_text(end->account.id),
        cli_cell_text(end->account.name),
        cli_cell_cstr(result),
        cli_cell_int(report->calls),
        cli_cell_int(report->calls - report->denied - report->throttled - report->failed -
                     report->not_activated),
        cli_cell_int(report->denied),
        cli_cell_int(report->throttled),
        cli_cell_int(report->failed),
        cli_cell_int(report->rows),
        cli_cell_cstr(end->path),
        cli_cell_cstr(end->code == MLN_OK ? "" : end->message),
    };

    if (!summary->began)
        cli_rows_begin(&summary->rows, summary->cli, columns, MLN_LEN(columns));
    summary->began = true;
    summary->incomplete |= strcmp(result, "incomplete") == 0;
    cli_rows_add(&summary->rows, cells);
}

static int check_options(const struct cli *cli, const char **folder, struct mln_err *err)
{
    static const struct {
        enum cli_option option;
        const char *name;
    } refused[] = {
        { OPT_ACCOUNT, "account" },
        { OPT_REPLAY, "replay" },
        { OPT_RESUME, "resume" },
        { OPT_SAVE_RAW, "save-raw" },
        { OPT_SINCE_FILE, "since" },
    };

    if (cli_has(cli, OPT_ACCOUNTS) && cli_has(cli, OPT_RESOURCE_DIRECTORY))
        return mln_fail(err, MLN_EUSAGE, "--accounts and --resource-directory: give one of them");
    for (size_t i = 0; i < MLN_LEN(refused); i++) {
        if (cli_has(cli, refused[i].option))
            return mln_fail(err, MLN_EUSAGE, "--%s is for one account%s", refused[i].name,
                    refused[i].option == OPT_RESUME
                            ? ": of many, those that are not finished are gone on with anyway"
                            : "");
    }
    return cli_need(cli, OPT_OUTPUT_FILE, folder, err);
}

static int read_accounts(struct cli_scan *scan, struct mln_scan_accounts **out, struct mln_err *err)
{
    const struct cli *cli = scan->cli;
    int rc;

    if (!cli_has(cli, OPT_ACCOUNTS))
        return mln_scan_accounts_of_directory(
                &scan->options, cli_get(cli, OPT_RESOURCE_DIRECTORY), out, err);
    rc = mln_scan_accounts_read(cli_get(cli, OPT_ACCOUNTS), out, err);
    return rc == MLN_EINVAL || rc == MLN_ETOOBIG || rc == MLN_ENOTFOUND
                   ? mln_wrap(err, MLN_ECONFIG, "--accounts")
                   : rc;
}

static int collect_all(struct cli_scan *scan, const struct mln_scan_accounts *accounts,
        const char *folder, struct mln_err *err)
{
    struct cli *cli = scan->cli;
    struct summary summary = { .cli = cli };
    struct mln_err late = { 0 };
    int rc, ended = MLN_OK;

    rc = mln_collect_accounts(&scan->options, accounts, folder, 0, put_account, &summary, err);
    cli_progress(cli, "%s", "");
    if (summary.began)
        ended = cli_rows_end(&summary.rows, -1, rc != MLN_OK || summary.incomplete, NULL, &late);
    if (rc == MLN_ECANCELLED)
        cli_note(cli, "the same command goes on where it stopped");
    if (rc != MLN_OK)
        return rc;
    if (ended != MLN_OK)
        *err = late;
    else if (summary.incomplete)
        return CLI_EXIT_PARTIAL;
    return ended;
}

int collect_many(struct cli *cli, struct mln_err *err)
{
    struct mln_scan_accounts *accounts = NULL;
    struct cli_scan scan;
    const char *folder = NULL;
    int rc = check_options(cli, &folder, err);

    if (rc == MLN_OK)
        rc = cli_scan_read(cli, &scan, err);
    if (rc != MLN_OK)
        return rc;
    rc = read_accounts(&scan, &accounts, err);
    if (rc == MLN_OK) {
        cli_note(cli, "%zu account%s into %s", mln_scan_accounts_count(accounts),
                mln_scan_accounts_count(accounts) == 1 ? "" : "s", folder);
        rc = collect_all(&scan, accounts, folder, err);
    }
    mln_scan_accounts_free(accounts);
    cli_scan_free(&scan);
    return rc;
}
