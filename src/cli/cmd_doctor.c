/* Looks at what commonly goes wrong: network, clock, credentials, files, store. Changes nothing. */
#include <stdarg.h>
#include <stdio.h>

#include "cli/commands.h"
#include "cli/doctor.h"

#define NOTE_MAX 1024

void doctor_report(
        struct doctor *doctor, const char *check, enum doctor_finding finding, const char *note)
{
    static const char *const words[] = { "ok", "skipped", "problem" };
    const struct cli_cell cells[] = { cli_cell_cstr(check), cli_cell_cstr(words[finding]),
        cli_cell_cstr(note) };

    cli_rows_add(&doctor->rows, cells);
    doctor->troubles += finding == DOCTOR_TROUBLE ? 1 : 0;
}

void doctor_reportf(
        struct doctor *doctor, const char *check, enum doctor_finding finding, const char *fmt, ...)
{
    char note[NOTE_MAX];
    va_list args;

    va_start(args, fmt);
    (void)vsnprintf(note, sizeof(note), fmt, args);
    va_end(args);
    doctor_report(doctor, check, finding, note);
}

/* What the machine says of them, without asking anybody. */
static bool check_credentials(struct doctor *doctor)
{
    struct cli *cli = doctor->cli;
    const struct mln_creds_options options = {
        .env = cli->env, .clock = cli->clock, .profile = cli_get(cli, OPT_PROFILE)
    };
    struct mln_err err;

    if (mln_creds_resolve(&options, &cli->creds, NULL, &err) != MLN_OK) {
        doctor_report(doctor, "credentials",
                cli_has(cli, OPT_STORE) ? DOCTOR_SKIPPED : DOCTOR_TROUBLE, err.msg);
        return false;
    }
    if (cli->creds.profile[0] != '\0')
        doctor_reportf(doctor, "credentials", DOCTOR_FINE, "profile %s (%s), %s",
                cli->creds.profile, cli->creds.mode, cli->creds.source);
    else
        doctor_reportf(
                doctor, "credentials", DOCTOR_FINE, "%s, %s", cli->creds.mode, cli->creds.source);
    return true;
}

/* A named endpoint is of a server that need not know this call. */
static void check_identity(struct doctor *doctor, bool are_found)
{
    struct cli *cli = doctor->cli;
    struct mln_identity identity;
    struct mln_err err;
    int rc;

    if (!are_found || cli_has(cli, OPT_ENDPOINT) || cli_has(cli, OPT_STORE)) {
        doctor_report(doctor, "identity", DOCTOR_SKIPPED,
                are_found ? "an endpoint or a store was named" : "without credentials");
        return;
    }
    rc = mln_live_identity(&doctor->live.source, &doctor->live.spec, cli->clock, &identity, &err);
    if (rc != MLN_OK) {
        doctor_report(doctor, "identity", DOCTOR_TROUBLE, err.msg);
        return;
    }
    doctor->has_creds = true;
    doctor_reportf(doctor, "identity", DOCTOR_FINE, "account %s, %s %s", identity.account_id,
            identity.type, identity.arn);
}

int cmd_doctor(struct cli *cli, struct mln_err *err)
{
    static const struct cli_column columns[] = {
        { "check", "CHECK", "检查项" },
        { "result", "RESULT", "结果" },
        { "note", "NOTE", "说明" },
    };
    struct doctor doctor = { .cli = cli };
    bool are_found;
    int rc = cli_live_read(cli, &doctor.live, err);

    if (rc != MLN_OK)
        return rc;
    cli_catch_signals(cli);
    cli_rows_begin(&doctor.rows, cli, columns, MLN_LEN(columns));
    are_found = check_credentials(&doctor);
    doctor_network(&doctor);
    check_identity(&doctor, are_found);
    doctor_permissions(&doctor);
    doctor_files(&doctor);
    doctor_aliyun(&doctor);
    cli_live_free(&doctor.live);
    rc = cli_rows_end(&doctor.rows, -1, false, NULL, err);
    if (rc != MLN_OK)
        return rc;
    return doctor.troubles > 0 ? CLI_EXIT_FAILURE : MLN_OK;
}
