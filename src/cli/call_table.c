#include "cli/posture.h"

static const struct cli_column columns[] = {
    { "Product", "PRODUCT", "产品" },
    { "Calls", "CALLS", "调用" },
    { "Read", "READ", "已读取" },
    { "Denied", "DENIED", "无权限" },
    { "Throttled", "THROTTLED", "被限流" },
    { "NotActivated", "NOT ACTIVATED", "未开通" },
    { "Failed", "FAILED", "失败" },
    { "Rows", "ROWS", "行数" },
    { "MissingRamActions", "MISSING RAM ACTIONS", "缺少的 RAM 操作" },
};

static void begin(struct cli_call_table *table)
{
    if (!table->began)
        cli_rows_begin(&table->rows, table->cli, columns, MLN_LEN(columns));
    table->began = true;
}

static void put_product(void *ctx, const struct mln_scan_product *product)
{
    struct cli_call_table *table = ctx;
    const struct cli_cell cells[] = {
        cli_cell_text(product->product),
        cli_cell_int(product->calls),
        cli_cell_int(product->read),
        cli_cell_int(product->denied),
        cli_cell_int(product->throttled),
        cli_cell_int(product->not_activated),
        cli_cell_int(product->failed),
        cli_cell_int(product->rows),
        cli_cell_text(product->missing),
    };

    begin(table);
    cli_rows_add(&table->rows, cells);
}

void cli_call_table_init(struct cli_call_table *table, struct cli *cli, bool on_stderr,
        struct mln_scan_options *options)
{
    *table = (struct cli_call_table){ .cli = cli, .errors = *cli };
    if (on_stderr) {
        table->errors.out = (struct cli_out){ .buf = { .max = cli->out.buf.max },
            .fd = STDERR_FILENO };
        table->errors.format = CLI_TABLE;
        table->cli = &table->errors;
        if (cli_has(cli, OPT_QUIET))
            return;
    }
    options->product = put_product;
    options->product_ctx = table;
}

int cli_call_table_end(struct cli_call_table *table, bool ended_early, struct mln_err *err)
{
    bool on_stderr = table->cli == &table->errors;
    int rc = MLN_OK;

    if (!ended_early && !on_stderr)
        begin(table);
    if (!table->began)
        return MLN_OK;
    cli_progress(table->cli, "%s", "");
    rc = cli_rows_end(&table->rows, -1, ended_early, NULL, err);
    if (on_stderr) {
        if (rc == MLN_OK)
            rc = cli_flush(table->cli, err);
        mln_buf_free(&table->errors.out.buf);
        /* Whether stderr can be written says nothing about the results on stdout. */
        return rc == MLN_EIO ? MLN_OK : rc;
    }
    return rc;
}
