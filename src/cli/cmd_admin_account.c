#include "cli/commands.h"
#include "cli/connect.h"
#include "cli/rows.h"

int cmd_admin_account_add(struct cli *cli, struct mln_err *err)
{
    struct mln_account_row row = { .account_id = mln_str_of(cli->line.args[0]),
        .created_ms = mln_now_ms(cli->clock) };
    struct cli_local local;
    int rc = cli_check_account(row.account_id, err);

    if (rc == MLN_OK)
        rc = cli_local_open(cli, MLN_STORE_WRITE, 0, &local, err);
    if (rc != MLN_OK)
        return rc;
    rc = mln_store_account_add(local.store, &row, err);
    if (rc == MLN_OK)
        cli_note(cli, "added account %.*s", MLN_FMT(row.account_id));
    cli_local_close(&local);
    return rc;
}

static int put_account(void *ctx, const struct mln_account_row *row, struct mln_err *err)
{
    struct cli_rows *rows = ctx;
    const struct cli_cell cells[] = { cli_cell_text(row->account_id),
        cli_cell_time(row->created_ms) };

    (void)err;
    cli_rows_add(rows, cells);
    return MLN_OK;
}

int cmd_admin_account_list(struct cli *cli, struct mln_err *err)
{
    static const struct cli_column columns[] = {
        { "account", "ACCOUNT", "账号" },
        { "created", "CREATED", "创建时间" },
    };
    struct cli_origin origin = { .store = cli_get(cli, OPT_STORE) };
    struct cli_local local;
    struct cli_rows rows;
    struct mln_err late = { 0 };
    int rc = cli_local_open(cli, MLN_STORE_READ, 0, &local, err), ended;

    if (rc != MLN_OK)
        return rc;
    cli_rows_begin(&rows, cli, columns, MLN_LEN(columns));
    rc = mln_store_account_list(local.store, put_account, &rows, err);
    ended = cli_rows_end(&rows, -1, rc != MLN_OK, &origin, &late);
    cli_local_close(&local);
    if (rc == MLN_OK && ended != MLN_OK)
        *err = late;
    return rc == MLN_OK ? ended : rc;
}
