/* `auth whoami`: what the cloud says of the credentials. */
#include "cli/commands.h"
#include "cli/live.h"
#include "cli/rows.h"

static const struct cli_column columns[] = {
    { "IdentityType", "IDENTITY", "身份类型" },
    { "AccountId", "ACCOUNT", "账号" },
    { "PrincipalId", "PRINCIPAL", "主体" },
    { "UserId", "USER", "用户" },
    { "RoleId", "ROLE", "角色" },
    { "Arn", "ARN", "ARN" },
};

static void put_object(struct cli *cli, const struct mln_identity *identity)
{
    MLN_AUTO(mln_buf_free) struct mln_buf out = MLN_BUF_INIT(8192);
    const char *const values[] = { identity->type, identity->account_id, identity->principal_id,
        identity->user_id, identity->role_id, identity->arn };
    bool any = false;

    mln_buf_add_char(&out, '{');
    for (size_t i = 0; i < MLN_LEN(values); i++) {
        if (values[i][0] == '\0')
            continue;
        mln_buf_addf(&out, "%s\"%s\":", any ? "," : "", columns[i].key);
        cli_json_quote(mln_str_of(values[i]), &out);
        any = true;
    }
    mln_buf_add_cstr(&out, "}\n");
    cli_put(cli, mln_buf_str(&out));
}

static int put_row(struct cli *cli, const struct mln_identity *identity, struct mln_err *err)
{
    const struct cli_cell cells[] = {
        cli_cell_cstr(identity->type),
        cli_cell_cstr(identity->account_id),
        cli_cell_cstr(identity->principal_id),
        cli_cell_cstr(identity->user_id),
        cli_cell_cstr(identity->role_id),
        cli_cell_cstr(identity->arn),
    };
    struct cli_rows rows;

    cli_rows_begin(&rows, cli, columns, MLN_LEN(columns));
    cli_rows_add(&rows, cells);
    return cli_rows_end(&rows, -1, false, NULL, err);
}

int cmd_auth_whoami(struct cli *cli, struct mln_err *err)
{
    struct mln_identity identity;
    struct cli_live live;
    int rc = cli_live_read(cli, &live, err);

    if (rc != MLN_OK)
        return rc;
    rc = mln_live_identity(&live.source, &live.spec, cli->clock, &identity, err);
    cli_live_free(&live);
    if (rc != MLN_OK)
        return rc;
    if (cli->format == CLI_JSON || cli->format == CLI_JSONL) {
        put_object(cli, &identity);
    } else if (cli->format == CLI_TABLE || cli->format == CLI_CSV) {
        return put_row(cli, &identity, err);
    } else {
        cli_put_safe(cli, mln_str_of(identity.arn));
        cli_put(cli, MLN_STR("\n"));
    }
    return MLN_OK;
}
