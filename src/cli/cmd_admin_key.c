#include "cli/commands.h"
#include "cli/new_profile.h"
#include "cli/rows.h"

int cmd_admin_key_create(struct cli *cli, struct mln_err *err)
{
    const char *user = cli->line.args[0];
    struct new_profile profile;
    struct mln_new_key key = { 0 };
    struct cli_local local;
    int rc = new_profile_read(cli, user, &profile, err);

    if (rc == MLN_OK)
        rc = cli_local_open(cli, MLN_STORE_WRITE, CLI_NEED_ACCOUNT | CLI_NEED_SEAL, &local, err);
    if (rc != MLN_OK)
        return rc;
    rc = mln_iam_key_create(&local.iam, local.account, mln_str_of(user), &key, err);
    if (rc == MLN_OK)
        rc = new_profile_write(cli, &local, &profile, &key, err);
    mln_new_key_wipe(&key);
    cli_local_close(&local);
    return rc;
}

/* Keys are named by user and order ("admin/1"): an id is never shown, so it is not typed either. */
int cmd_admin_key_disable(struct cli *cli, struct mln_err *err)
{
    char id[MLN_ACCESS_KEY_ID_MAX];
    struct cli_local local;
    int rc = cli_local_open(cli, MLN_STORE_WRITE, CLI_NEED_ACCOUNT, &local, err);

    if (rc != MLN_OK)
        return rc;
    rc = mln_iam_key_by_handle(&local.iam, local.account, mln_str_of(cli->line.args[0]), id, err);
    if (rc == MLN_OK)
        rc = mln_iam_key_set_disabled(&local.iam, local.account, mln_str_of(id), true, err);
    if (rc == MLN_OK)
        cli_note(cli, "disabled key %s", cli->line.args[0]);
    cli_local_close(&local);
    return rc;
}

int cmd_admin_key_rotate(struct cli *cli, struct mln_err *err)
{
    struct cli_local local;
    int64_t resealed = 0;
    int rc = cli_local_open(cli, MLN_STORE_WRITE, CLI_NEED_SEAL, &local, err);

    if (rc != MLN_OK)
        return rc;
    rc = mln_seal_rotate(local.seal, local.store, cli->random, &resealed, err);
    if (rc == MLN_OK)
        cli_note(cli, "sealed %lld secrets with a new key in %s: keep a copy of that file",
                (long long)resealed, mln_seal_path(local.seal));
    cli_local_close(&local);
    return rc;
}

static int put_key(void *ctx, const struct mln_iam_key *key, struct mln_err *err)
{
    struct cli_rows *rows = ctx;
    const struct cli_cell cells[] = {
        cli_cell_cstr(key->handle),
        cli_cell_text(key->user_name),
        cli_cell_bool(key->disabled),
        cli_cell_time(key->created_ms),
    };

    (void)err;
    cli_rows_add(rows, cells);
    return MLN_OK;
}

static int read_keys(
        struct cli *cli, struct cli_local *local, struct cli_rows *rows, struct mln_err *err)
{
    struct mln_str user = mln_str_of(cli->line.arg_count > 0 ? cli->line.args[0] : NULL);

    return mln_iam_key_list(&local->iam, local->account, user, put_key, rows, err);
}

int cmd_admin_key_list(struct cli *cli, struct mln_err *err)
{
    static const struct cli_column columns[] = {
        { "key", "KEY", "密钥" },
        { "user", "USER", "用户" },
        { "disabled", "DISABLED", "已停用" },
        { "created", "CREATED", "创建时间" },
    };

    return cli_list_local(cli,
            &(struct cli_listing){ columns, MLN_LEN(columns), CLI_NEED_ACCOUNT, read_keys }, err);
}
