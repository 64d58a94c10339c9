#include "cli/commands.h"
#include "cli/new_profile.h"
#include "cli/rows.h"

int cmd_admin_user_add(struct cli *cli, struct mln_err *err)
{
    const char *name = cli->line.args[0], *policy = NULL;
    struct new_profile profile = { 0 };
    struct mln_new_key key = { 0 };
    bool with_key = cli_has(cli, OPT_WRITE_PROFILE);
    struct cli_local local;
    int rc = cli_need(cli, OPT_POLICY, &policy, err);

    if (rc == MLN_OK)
        rc = new_profile_read(cli, name, &profile, err);
    if (rc == MLN_OK)
        rc = cli_local_open(cli, MLN_STORE_WRITE, CLI_NEED_ACCOUNT | CLI_NEED_SEAL, &local, err);
    if (rc != MLN_OK)
        return rc;
    rc = mln_iam_user_add(&local.iam, local.account, mln_str_of(name), mln_str_of(policy),
            with_key ? &key : NULL, err);
    if (rc == MLN_OK)
        rc = new_profile_write(cli, &local, &profile, &key, err);
    if (rc == MLN_OK)
        cli_note(cli, "added user %s with policy %s", name, policy);
    mln_new_key_wipe(&key);
    cli_local_close(&local);
    return rc;
}

static int set_disabled(struct cli *cli, bool disabled, struct mln_err *err)
{
    struct cli_local local;
    int rc = cli_local_open(cli, MLN_STORE_WRITE, CLI_NEED_ACCOUNT, &local, err);

    if (rc != MLN_OK)
        return rc;
    rc = mln_iam_user_set_disabled(
            &local.iam, local.account, mln_str_of(cli->line.args[0]), disabled, err);
    if (rc == MLN_OK)
        cli_note(cli, "%s user %s", disabled ? "disabled" : "enabled", cli->line.args[0]);
    cli_local_close(&local);
    return rc;
}

int cmd_admin_user_disable(struct cli *cli, struct mln_err *err)
{
    return set_disabled(cli, true, err);
}

int cmd_admin_user_enable(struct cli *cli, struct mln_err *err)
{
    return set_disabled(cli, false, err);
}

static int put_user(void *ctx, const struct mln_iam_user *user, struct mln_err *err)
{
    struct cli_rows *rows = ctx;
    const struct cli_cell cells[] = {
        cli_cell_text(user->name),
        cli_cell_text(user->user_id),
        cli_cell_text(user->policies),
        cli_cell_bool(user->disabled),
        cli_cell_time(user->created_ms),
    };

    (void)err;
    cli_rows_add(rows, cells);
    return MLN_OK;
}

static int read_users(
        struct cli *cli, struct cli_local *local, struct cli_rows *rows, struct mln_err *err)
{
    (void)cli;
    return mln_iam_user_list(&local->iam, local->account, put_user, rows, err);
}

int cmd_admin_user_list(struct cli *cli, struct mln_err *err)
{
    static const struct cli_column columns[] = {
        { "name", "NAME", "名称" },
        { "user_id", "USER ID", "用户 ID" },
        { "policies", "POLICIES", "策略" },
        { "disabled", "DISABLED", "已停用" },
        { "created", "CREATED", "创建时间" },
    };

    return cli_list_local(cli,
            &(struct cli_listing){ columns, MLN_LEN(columns), CLI_NEED_ACCOUNT, read_users }, err);
}
