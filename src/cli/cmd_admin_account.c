#include "cli/commands.h"
#include "cli/connect.h"
#include "cli/rows.h"
#include "risk/scan.h"

/* An account that is there already may be given another source. */
static int set_source(
        const struct cli *cli, struct cli_local *local, struct mln_str account, struct mln_err *err)
{
    const char *source = cli_get(cli, OPT_SOURCE);
    struct mln_source_spec spec;
    int rc = mln_source_parse(mln_str_of(source), &spec, err);

    if (rc != MLN_OK)
        return mln_wrap(err, MLN_EUSAGE, "--source");
    rc = mln_account_set_source(local->store, account, mln_str_of(source), err);
    if (rc == MLN_OK)
        cli_note(cli, "account %.*s reads its configuration from %s", MLN_FMT(account), source);
    return rc;
}

int cmd_admin_account_add(struct cli *cli, struct mln_err *err)
{
    struct mln_str account = mln_str_of(cli->line.args[0]);
    struct cli_local local;
    int rc = cli_check_account(account, err);

    if (rc == MLN_OK)
        rc = cli_local_open(cli, MLN_STORE_WRITE, 0, &local, err);
    if (rc != MLN_OK)
        return rc;
    rc = mln_iam_account_add(&local.iam, account, err);
    if (rc == MLN_OK)
        cli_note(cli, "added account %.*s", MLN_FMT(account));
    if (cli_has(cli, OPT_SOURCE) && (rc == MLN_OK || rc == MLN_EEXIST))
        rc = set_source(cli, &local, account, err);
    cli_local_close(&local);
    return rc;
}

static int put_account(
        void *ctx, struct mln_str account_id, int64_t created_ms, struct mln_err *err)
{
    struct cli_rows *rows = ctx;
    const struct cli_cell cells[] = { cli_cell_text(account_id), cli_cell_time(created_ms) };

    (void)err;
    cli_rows_add(rows, cells);
    return MLN_OK;
}

static int read_accounts(
        struct cli *cli, struct cli_local *local, struct cli_rows *rows, struct mln_err *err)
{
    (void)cli;
    return mln_iam_account_list(&local->iam, put_account, rows, err);
}

int cmd_admin_account_list(struct cli *cli, struct mln_err *err)
{
    static const struct cli_column columns[] = {
        { "account", "ACCOUNT", "账号" },
        { "created", "CREATED", "创建时间" },
    };

    return cli_list_local(
            cli, &(struct cli_listing){ columns, MLN_LEN(columns), 0, read_accounts }, err);
}
