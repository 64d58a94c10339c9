#include "base/file.h"
#include "cli/commands.h"
#include "cli/connect.h"
#include "cli/rows.h"
#include "iam/policy.h"

int cmd_admin_policy_put(struct cli *cli, struct mln_err *err)
{
    MLN_AUTO(mln_buf_free) struct mln_buf document = MLN_BUF_INIT(MLN_POLICY_BYTES_MAX * 2);
    const char *file = NULL;
    struct cli_local local;
    int rc = cli_need(cli, OPT_FILE, &file, err);

    if (rc == MLN_OK)
        rc = mln_file_read(file, &document, err);
    if (rc == MLN_OK)
        rc = cli_local_open(cli, MLN_STORE_WRITE, CLI_NEED_ACCOUNT, &local, err);
    if (rc != MLN_OK)
        return rc;
    rc = mln_iam_policy_put(
            &local.iam, local.account, mln_str_of(cli->line.args[0]), mln_buf_str(&document), err);
    if (rc == MLN_OK)
        cli_note(cli, "stored policy %s", cli->line.args[0]);
    cli_local_close(&local);
    return rc;
}

static int attach(struct cli *cli, bool on, struct mln_err *err)
{
    const char *user = cli->line.args[0], *policy = cli->line.args[1];
    struct cli_local local;
    int rc = cli_local_open(cli, MLN_STORE_WRITE, CLI_NEED_ACCOUNT, &local, err);

    if (rc != MLN_OK)
        return rc;
    rc = mln_iam_policy_attach(
            &local.iam, local.account, mln_str_of(user), mln_str_of(policy), on, err);
    if (rc == MLN_OK)
        cli_note(cli, "%s policy %s %s user %s", on ? "attached" : "detached", policy,
                on ? "to" : "from", user);
    cli_local_close(&local);
    return rc;
}

int cmd_admin_policy_attach(struct cli *cli, struct mln_err *err)
{
    return attach(cli, true, err);
}

int cmd_admin_policy_detach(struct cli *cli, struct mln_err *err)
{
    return attach(cli, false, err);
}

static int put_stored(void *ctx, struct mln_str name, struct mln_str document, struct mln_err *err)
{
    struct cli_rows *rows = ctx;
    const struct cli_cell cells[] = { cli_cell_text(name), cli_cell_cstr("stored"),
        cli_cell_cstr(""), cli_cell_text(document) };

    (void)err;
    cli_rows_add(rows, cells);
    return MLN_OK;
}

static void put_built_in(struct cli *cli, struct cli_rows *rows)
{
    const struct mln_builtin_policy *policies;
    size_t count;

    policies = mln_builtin_policies(&count);
    for (size_t i = 0; i < count; i++) {
        const struct cli_cell cells[] = {
            cli_cell_cstr(policies[i].name),
            cli_cell_cstr("built-in"),
            cli_cell_cstr(cli_text(cli, policies[i].summary_en, policies[i].summary_zh)),
            cli_cell_cstr(policies[i].document),
        };

        cli_rows_add(rows, cells);
    }
}

static int read_policies(
        struct cli *cli, struct cli_local *local, struct cli_rows *rows, struct mln_err *err)
{
    put_built_in(cli, rows);
    return mln_iam_policy_list(&local->iam, local->account, put_stored, rows, err);
}

int cmd_admin_policy_list(struct cli *cli, struct mln_err *err)
{
    static const struct cli_column columns[] = {
        { "name", "NAME", "名称" },
        { "kind", "KIND", "类型" },
        { "summary", "SUMMARY", "说明" },
        { "document", NULL, NULL },
    };

    return cli_list_local(cli,
            &(struct cli_listing){ columns, MLN_LEN(columns), CLI_NEED_ACCOUNT, read_policies },
            err);
}
