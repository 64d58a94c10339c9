/* `check diff`: what changed between the scans of an account, newest first. */
#include "cli/check_source.h"
#include "cli/commands.h"

#define FLIPS_DEFAULT 100
#define FLIPS_MAX     1000000

static const struct cli_column columns[] = {
    { "Time", "TIME", "时间" },
    { "ItemId", "ITEM", "检查项" },
    { "RegionId", "REGION", "地域" },
    { "ResourceId", "RESOURCE", "资源" },
    { "From", "FROM", "之前" },
    { "To", "TO", "之后" },
    { "Changed", "CHANGED", "变化" },
};

static int put_flip(void *ctx, const struct mln_result_flip *flip, struct mln_err *err)
{
    const struct cli_cell cells[] = {
        cli_cell_time(flip->time_ms),
        cli_cell_int(flip->item_id),
        cli_cell_text(flip->region),
        cli_cell_text(flip->resource_id),
        cli_cell_text(flip->from),
        cli_cell_text(flip->to),
        cli_cell_text(flip->changed),
    };

    (void)err;
    cli_rows_add(ctx, cells);
    return MLN_OK;
}

static int read_flips(
        struct cli *cli, struct cli_local *local, struct cli_rows *rows, struct mln_err *err)
{
    int64_t item_id = 0, limit = FLIPS_DEFAULT;
    int rc = cli_get_number(cli, OPT_LIMIT, 1, FLIPS_MAX, &limit, err);

    if (rc == MLN_OK && cli->line.arg_count > 0)
        rc = check_id_read(cli->line.args[0], &item_id, err);
    if (rc == MLN_OK)
        rc = mln_result_flips(local->store, local->account, item_id, limit, put_flip, rows, err);
    return rc;
}

int cmd_check_diff(struct cli *cli, struct mln_err *err)
{
    return cli_list_local(cli,
            &(struct cli_listing){ columns, MLN_LEN(columns), CLI_NEED_ACCOUNT, read_flips }, err);
}
