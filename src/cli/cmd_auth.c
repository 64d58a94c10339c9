#include "cli/commands.h"
#include "cli/connect.h"
#include "cli/rows.h"

static const struct cli_column columns[] = {
    { "provider", "PROVIDER", "来源" },
    { "usable", "USABLE", "可用" },
    { "profile", "PROFILE", "配置" },
    { "mode", "MODE", "模式" },
    { "source", "SOURCE", "位置" },
    { "expires", "EXPIRES", "到期" },
    { "note", "NOTE", "说明" },
};

/* Every step of the chain in order; names, places and times, never a part of a key. */
int cmd_auth_status(struct cli *cli, struct mln_err *err)
{
    const struct mln_creds_options options = {
        .env = cli->env, .clock = cli->clock, .profile = cli_get(cli, OPT_PROFILE)
    };
    struct mln_creds *creds = &cli->creds;
    struct mln_creds_trace trace = { 0 };
    struct cli_rows rows;
    struct mln_err late = { 0 };
    int rc = mln_creds_resolve(&options, creds, &trace, err), ended;

    cli_rows_begin(&rows, cli, columns, MLN_LEN(columns));
    for (size_t i = 0; i < trace.count; i++) {
        const struct mln_creds_step *step = &trace.steps[i];
        bool used = step->code == MLN_OK;
        const struct cli_cell cells[] = {
            cli_cell_cstr(step->provider),
            cli_cell_bool(used),
            cli_cell_cstr(used ? creds->profile : ""),
            cli_cell_cstr(used ? creds->mode : ""),
            cli_cell_cstr(used ? creds->source : ""),
            cli_cell_time(used ? creds->expires_ms : 0),
            cli_cell_cstr(used && creds->warning[0] != '\0' ? creds->warning : step->note),
        };

        cli_rows_add(&rows, cells);
    }
    ended = cli_rows_end(&rows, -1, false, NULL, &late);
    if (rc != MLN_OK)
        return mln_wrap(err, MLN_ECREDS, "not usable");
    if (ended != MLN_OK)
        *err = late;
    return ended;
}
