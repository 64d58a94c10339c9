/*
 * `scan`: an account's configuration in, its check results on stdout, and in the store when one is
 * named. Without --store they are kept in a private store that goes with the command, so that a
 * pipeline needs nothing but a recording or a snapshot.
 */
#include <stdio.h>

#include "cli/commands.h"
#include "cli/posture.h"
#include "cli/results.h"

#define ACCOUNT_MAX ((size_t)32)

/* Where a scan without a store works. */
struct workplace {
    char folder[CLI_FOLDER_MAX], snapshot[CLI_FOLDER_MAX + 16];
    char account[ACCOUNT_MAX];
};

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

/* ---- without a store ---- */

static int ignore_columns(void *ctx, const struct mln_str *names, size_t count, struct mln_err *err)
{
    (void)ctx;
    (void)names;
    (void)count;
    (void)err;
    return MLN_OK;
}

static int take_account(void *ctx, const struct mln_str *cells, size_t count, struct mln_err *err)
{
    struct workplace *place = ctx;

    (void)count;
    if (cells[0].len >= sizeof(place->account))
        return mln_fail(err, MLN_EINVAL, "it names an account that is none");
    memcpy(place->account, cells[0].ptr, cells[0].len);
    place->account[cells[0].len] = '\0';
    return MLN_OK;
}

/* The account that a snapshot says it is of. */
static int read_account(
        const struct cli *cli, const char *snapshot, struct workplace *place, struct mln_err *err)
{
    const struct mln_query_sink sink = {
        .columns = ignore_columns, .row = take_account, .ctx = place, .stop = cli->stop
    };
    int rc = mln_snapshot_query(
            snapshot, "select value from meta where name = 'account_id'", &sink, err);

    if (rc == MLN_OK && place->account[0] == '\0')
        return mln_fail(err, MLN_EUSAGE,
                "what was collected does not say of which account it is: name it with --account ID");
    return rc;
}

static int find_account(
        const struct cli *cli, struct cli_scan *scan, struct workplace *place, struct mln_err *err)
{
    struct mln_scan_options *options = &scan->options;
    struct mln_scan_report report;
    int rc;

    if (options->account_id.len > 0) {
        if (options->account_id.len >= sizeof(place->account))
            return cli_check_account(options->account_id, err);
        memcpy(place->account, options->account_id.ptr, options->account_id.len);
        return MLN_OK;
    }
    if (options->source.kind == MLN_SOURCE_SNAPSHOT)
        return read_account(cli, cli_get(cli, OPT_SNAPSHOT), place, err);
    /* What is not a snapshot is collected once, and judged from what that gave. */
    (void)snprintf(place->snapshot, sizeof(place->snapshot), "%s/snapshot.db", place->folder);
    options->snapshot_path = place->snapshot;
    rc = mln_collect_to_file(options, &report, err);
    options->snapshot_path = NULL;
    if (rc == MLN_OK)
        rc = read_account(cli, place->snapshot, place, err);
    options->source = (struct mln_source_spec){ MLN_SOURCE_SNAPSHOT, mln_str_of(place->snapshot) };
    return rc;
}

static int open_workplace(struct cli *cli, struct cli_scan *scan, struct workplace *place,
        struct check_source *source, struct mln_err *err)
{
    int rc = cli_private_folder(cli, place->folder, err);

    if (rc != MLN_OK)
        return rc;
    *source = (struct check_source){ .cli = cli, .is_local = true };
    rc = find_account(cli, scan, place, err);
    if (rc != MLN_OK) {
        cli_private_folder_remove(place->folder);
        return rc;
    }
    return cli_local_temporary(cli, place->folder, mln_str_of(place->account), &source->local, err);
}

/* ---- with one ---- */

static int exit_of(struct check_source *source, const struct mln_scan_report *report, int fail_on,
        struct mln_err *err)
{
    int64_t open = 0;
    int rc;

    if (fail_on > 0 && report->worst_level >= fail_on)
        return CLI_EXIT_FAIL_ON;
    rc = results_count_open(source, &open, err);
    if (rc != MLN_OK)
        return rc;
    return open > 0 ? CLI_EXIT_PARTIAL : MLN_OK;
}

static int scan_and_print(
        struct cli_scan *scan, struct check_source *source, int fail_on, struct mln_err *err)
{
    struct mln_scan_report report = { 0 };
    int rc = mln_scan(source->local.store, &scan->options, &report, err);

    if (rc != MLN_OK)
        return rc;
    cli_scan_summary(scan->cli, &report);
    rc = results_put(source, &(struct check_filter){ 0 }, err);
    return rc == MLN_OK ? exit_of(source, &report, fail_on, err) : rc;
}

int cmd_scan(struct cli *cli, struct mln_err *err)
{
    struct workplace place = { 0 };
    struct check_source source;
    struct cli_call_table table;
    struct mln_err late = { 0 };
    struct cli_scan scan;
    int fail_on, rc = read_fail_on(cli, &fail_on, err);

    if (rc == MLN_OK)
        rc = cli_scan_read(cli, &scan, err);
    if (rc != MLN_OK)
        return rc;
    /* What was not read is told beside the results, and also when there are none. */
    cli_call_table_init(&table, cli, true, &scan.options);
    if (cli_has(cli, OPT_STORE))
        rc = check_source_open(cli, true, &source, err);
    else
        rc = open_workplace(cli, &scan, &place, &source, err);
    if (rc == MLN_OK) {
        scan.options.account_id = source.local.account;
        rc = scan_and_print(&scan, &source, fail_on, err);
        check_source_close(&source);
    }
    if (cli_call_table_end(&table, rc < 0, &late) != MLN_OK && rc >= 0) {
        *err = late;
        rc = late.code;
    }
    cli_scan_free(&scan);
    return rc;
}
