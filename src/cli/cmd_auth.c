/*
 * `auth status`: which credentials would be used, and why not the others. Names, places and times,
 * never a part of a key. Nobody is asked unless --check says so.
 */
#include "cli/commands.h"
#include "cli/live.h"
#include "cli/rows.h"

/* Profiles of which one row each is printed. */
#define PROFILES_MAX 10000

static const struct cli_column columns[] = {
    { "name", "NAME", "名称" },
    { "profile", NULL, NULL },
    { "mode", "MODE", "模式" },
    { "source", "SOURCE", "位置" },
    { "usable", "USABLE", "可用" },
    { "expires", "EXPIRES", "到期" },
    { "reason", "REASON", "说明" },
    { "provider", NULL, NULL },
    { "selected", NULL, NULL },
    /* With --check. */
    { "account", "ACCOUNT", "账号" },
    { "identity", "IDENTITY", "身份类型" },
    { "arn", "ARN", "ARN" },
};
#define COLUMNS_OFFLINE 9

/*
 * The redactor knows a secret only while it is loaded: what was loaded stays until everything is
 * written.
 */
struct loaded {
    struct loaded *next;
    struct mln_creds creds;
};

struct status {
    struct cli *cli;
    struct cli_live live;
    struct cli_rows rows;
    struct loaded *loaded;
    size_t count;
    bool selected_works;
};

static void status_fini(struct status *status)
{
    struct loaded *next;

    cli_live_free(&status->live);
    for (struct loaded *at = status->loaded; at != NULL; at = next) {
        next = at->next;
        mln_creds_wipe(&at->creds);
        free(at);
    }
}

static struct mln_creds *load(struct status *status)
{
    struct loaded *loaded = calloc(1, sizeof(*loaded));

    if (loaded == NULL)
        return NULL;
    loaded->next = status->loaded;
    status->loaded = loaded;
    return &loaded->creds;
}

/* One row; `creds` NULL: there are none, for `reason`. */
struct line {
    const char *name, *provider, *reason;
    const struct mln_creds *creds;
    bool is_selected;
    int code;
};

static const char *reason_of(const struct line *line, const struct mln_err *refused, bool checked)
{
    if (refused->code != MLN_OK)
        return refused->msg;
    if (line->creds == NULL)
        return line->reason;
    if (line->creds->warning[0] != '\0')
        return line->creds->warning;
    if (line->creds->key_id.len == 0 && !checked)
        return "a service gives the keys: --check asks it";
    return line->reason;
}

static void put_line(struct status *status, const struct line *line, const char *profile)
{
    struct cli *cli = status->cli;
    bool checked = cli_has(cli, OPT_CHECK) && line->creds != NULL;
    const struct mln_source_spec spec = { MLN_SOURCE_PROFILE, mln_str_of(profile) };
    struct mln_identity identity = { 0 };
    struct mln_err refused = { 0 };
    int rc = line->code;

    if (checked)
        rc = mln_live_identity(&status->live.source, &spec, cli->clock, &identity, &refused);
    {
        const struct mln_creds none = { 0 };
        const struct mln_creds *creds = line->creds != NULL ? line->creds : &none;
        const struct cli_cell cells[] = {
            cli_cell_cstr(line->name),
            cli_cell_cstr(creds->profile),
            cli_cell_cstr(creds->mode),
            cli_cell_cstr(creds->source),
            cli_cell_bool(rc == MLN_OK),
            cli_cell_time(creds->expires_ms),
            cli_cell_cstr(reason_of(line, &refused, checked)),
            cli_cell_cstr(line->provider),
            cli_cell_bool(line->is_selected),
            cli_cell_cstr(identity.account_id),
            cli_cell_cstr(identity.type),
            cli_cell_cstr(identity.arn),
        };

        cli_rows_add(&status->rows, cells);
    }
    if (line->is_selected)
        status->selected_works = rc == MLN_OK;
}

/* ---- the steps of the chain ---- */

static int put_chain(struct status *status, struct mln_err *err)
{
    struct cli *cli = status->cli;
    const char *profile = cli_get(cli, OPT_PROFILE);
    const struct mln_creds_options options = {
        .env = cli->env, .clock = cli->clock, .profile = profile
    };
    struct mln_creds_trace trace = { 0 };
    int rc = mln_creds_resolve(&options, &cli->creds, &trace, err);

    for (size_t i = 0; i < trace.count; i++) {
        const struct mln_creds_step *step = &trace.steps[i];
        /* Whatever the chain stopped at is what would be used. */
        const struct line line = {
            .name = step->provider,
            .provider = step->provider,
            .reason = step->note,
            .creds = step->code == MLN_OK ? &cli->creds : NULL,
            .is_selected = step->code != MLN_ENOTFOUND,
            .code = step->code,
        };

        put_line(status, &line, profile);
    }
    return rc;
}

/* ---- every profile ---- */

struct profiles {
    struct status *status;
    const char *selected; /* "": the current one */
};

static int put_profile(void *ctx, const char *name, bool is_current, struct mln_err *err)
{
    const struct profiles *profiles = ctx;
    struct status *status = profiles->status;
    const struct mln_creds_options options = {
        .env = status->cli->env, .clock = status->cli->clock, .profile = name
    };
    struct mln_creds_trace trace = { 0 };
    struct mln_creds *creds = load(status);
    struct mln_err why = { 0 };
    struct line line = { .name = name, .provider = "--profile", .reason = "" };

    if (creds == NULL)
        return mln_fail(err, MLN_ENOMEM, "out of memory");
    if (++status->count > PROFILES_MAX)
        return mln_fail(err, MLN_ETOOBIG, "more than %d profiles", PROFILES_MAX);
    line.code = mln_creds_resolve(&options, creds, &trace, &why);
    line.creds = line.code == MLN_OK ? creds : NULL;
    line.reason = line.code == MLN_OK ? "" : why.msg;
    line.is_selected = profiles->selected[0] != '\0' ? strcmp(profiles->selected, name) == 0
                                                     : is_current;
    put_line(status, &line, name);
    return MLN_OK;
}

static int put_profiles(struct status *status, struct mln_err *err)
{
    struct cli *cli = status->cli;
    const char *by_option = cli_get(cli, OPT_PROFILE);
    const char *by_variable = mln_env_get(cli->env, "ALIBABA_CLOUD_PROFILE");
    const struct mln_creds_options options = { .env = cli->env, .clock = cli->clock };
    struct profiles profiles = { .status = status,
        .selected = by_option != NULL     ? by_option
                    : by_variable != NULL ? by_variable
                                          : "" };
    int rc = mln_profiles_each(&options, put_profile, &profiles, err);

    if (rc == MLN_OK && !status->selected_works)
        return mln_fail(err, MLN_ECREDS, "the selected profile%s%s cannot be used",
                profiles.selected[0] != '\0' ? " " : "", profiles.selected);
    return rc;
}

int cmd_auth_status(struct cli *cli, struct mln_err *err)
{
    struct status status = { .cli = cli };
    struct mln_err late = { 0 };
    int rc = cli_live_read(cli, &status.live, err), ended;

    if (rc != MLN_OK)
        return rc;
    cli_rows_begin(&status.rows, cli, columns,
            cli_has(cli, OPT_CHECK) ? MLN_LEN(columns) : COLUMNS_OFFLINE);
    rc = cli_has(cli, OPT_ALL_PROFILES) ? put_profiles(&status, err) : put_chain(&status, err);
    ended = cli_rows_end(&status.rows, -1, false, NULL, &late);
    if (ended == MLN_OK)
        ended = cli_flush(cli, &late);
    status_fini(&status);
    if (rc == MLN_OK && !status.selected_works)
        return mln_fail(err, MLN_ECREDS, "the credentials do not work: see the table");
    if (rc != MLN_OK)
        return mln_wrap(err, MLN_ECREDS, "not usable");
    if (ended != MLN_OK)
        *err = late;
    return ended;
}
