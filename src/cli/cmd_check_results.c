/* `check results`: the results of an account, from an endpoint or a store. */
#include "cli/commands.h"
#include "cli/results.h"
#include "report/report.h"

#ifndef MLN_VERSION
#    define MLN_VERSION "unknown"
#endif

static int put_piece(void *ctx, struct mln_str piece, struct mln_err *err)
{
    struct cli *cli = ctx;

    cli_put(cli, piece);
    return cli_flush(cli, err);
}

static int put_report(struct check_source *source, struct mln_err *err)
{
    struct cli *cli = source->cli;
    const struct mln_report_options options = {
        .account_id = source->local.account,
        .lang = cli->lang,
        .version = MLN_VERSION,
        .clock = cli->clock,
        .write = put_piece,
        .ctx = cli,
    };
    enum mln_report_format format;

    if (!source->is_local)
        return mln_fail(err, MLN_EUSAGE,
                "-o %s is written from a store: name it with --store and --account",
                cli_report_format(cli));
    if (mln_report_parse(cli_report_format(cli), &format) != MLN_OK)
        return mln_fail(err, MLN_EUSAGE, "-o %s is no report", cli_report_format(cli));
    return mln_report_results(source->local.store, format, &options, err);
}

static int put_rows(struct check_source *source, const struct mln_sas_items *items, bool partial,
        struct mln_err *err)
{
    struct cli_origin origin = check_source_origin(source, items->request_id);
    struct cli_cell cells[CHECK_COLUMNS];
    struct cli_rows rows;

    cli_rows_begin(&rows, source->cli, check_columns(), CHECK_COLUMNS);
    for (size_t i = 0; i < items->count; i++) {
        check_cells(&items->items[i], cells);
        cli_rows_add(&rows, cells);
    }
    return cli_rows_end(&rows, items->total, partial, &origin, err);
}

int results_put(struct check_source *source, const struct check_filter *filter, struct mln_err *err)
{
    MLN_AUTO(mln_sas_items_free) struct mln_sas_items items = { 0 };
    struct mln_err late = { 0 };
    int rc, printed;

    if (source->cli->format == CLI_REPORT)
        return put_report(source, err);
    mln_sas_items_init(&items);
    rc = check_source_list(source, filter, &items, err);
    if (rc != MLN_OK && rc != MLN_EPARTIAL)
        return rc;
    printed = put_rows(source, &items, rc == MLN_EPARTIAL, &late);
    if (printed != MLN_OK)
        *err = late;
    return printed != MLN_OK ? printed : rc;
}

static int count_open(void *ctx, const struct mln_check_result *result, struct mln_err *err)
{
    int64_t *open = ctx;

    (void)err;
    *open += result->mark.kind.len == 0 &&
             (result->not_assessed > 0 || result->not_assessed_reason.len > 0);
    return MLN_OK;
}

int results_count_open(struct check_source *source, int64_t *out, struct mln_err *err)
{
    const struct mln_result_query query = {
        .account_id = source->local.account,
        .enabled = 1,
        .page = 1,
        .page_size = MLN_RESULT_PAGE_SIZE_MAX, /* As many as there can be checks. */
    };
    int64_t open = 0, total;
    int rc = mln_result_list(
            source->local.store, source->cli->clock, &query, &total, count_open, &open, err);

    if (rc == MLN_OK)
        *out = open;
    return rc;
}

int cmd_check_results(struct cli *cli, struct mln_err *err)
{
    MLN_AUTO(check_filter_free) struct check_filter filter = { 0 };
    struct check_source source;
    int rc = check_filter_read(cli, &filter, err);

    if (rc == MLN_OK)
        rc = check_source_open(cli, false, &source, err);
    if (rc != MLN_OK)
        return rc;
    rc = results_put(&source, &filter, err);
    check_source_close(&source);
    return rc;
}
