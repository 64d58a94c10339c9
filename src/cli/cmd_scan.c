/* `scan`: an account's configuration in, its check results in the store and on stdout. */
#include "cli/commands.h"
#include "cli/posture.h"
#include "cli/results.h"

/* 1..3; 0 without --fail-on. */
static int read_fail_on(const struct cli *cli, int *out, struct mln_err *err)
{
    struct mln_str word = mln_str_of(cli_get(cli, OPT_FAIL));

    *out = 0;
    for (int level = 1; level <= 3; level++) {
        if (mln_str_eq_nocase(word, mln_str_of(mln_result_level_name(level))))
            *out = level;
    }
    if (word.len > 0 && *out == 0)
        return mln_fail(err, MLN_EUSAGE, "--fail-on: high, medium or low is needed");
    return MLN_OK;
}

static int exit_of(const struct mln_scan_report *report, int fail_on)
{
    if (fail_on > 0 && report->worst_level >= fail_on)
        return CLI_EXIT_FAIL_ON;
    return report->items_not_assessed > 0 ? CLI_EXIT_PARTIAL : MLN_OK;
}

static int scan_and_print(struct cli *cli, struct check_source *source,
        const struct mln_scan_options *options, struct mln_scan_report *report, struct mln_err *err)
{
    int rc = mln_scan(source->local.store, options, report, err);

    if (rc != MLN_OK)
        return rc;
    cli_scan_summary(cli, report);
    return results_put(source, &(struct check_filter){ 0 }, err);
}

int cmd_scan(struct cli *cli, struct mln_err *err)
{
    struct mln_scan_report report = { 0 };
    struct check_source source;
    struct cli_scan scan;
    const char *store;
    int fail_on, rc = read_fail_on(cli, &fail_on, err);

    if (rc == MLN_OK)
        rc = cli_need(cli, OPT_STORE, &store, err);
    if (rc == MLN_OK)
        rc = cli_scan_read(cli, &scan, err);
    if (rc != MLN_OK)
        return rc;
    cli_catch_signals(cli);
    rc = check_source_open(cli, true, &source, err);
    if (rc == MLN_OK) {
        scan.options.account_id = source.local.account;
        rc = scan_and_print(cli, &source, &scan.options, &report, err);
        check_source_close(&source);
    }
    cli_scan_free(&scan);
    return rc == MLN_OK ? exit_of(&report, fail_on) : rc;
}
