#include <stdio.h>

#include "cli/doctor.h"
#include "cli/posture.h"

static int put_permission(void *ctx, const struct mln_permission *permission, struct mln_err *err)
{
    struct doctor *doctor = ctx;
    char check[160], note[700];
    bool is_denied = mln_str_is(permission->verdict, "denied");
    bool is_fine = mln_str_is(permission->verdict, "allowed") ||
                   mln_str_is(permission->verdict, "not activated");

    (void)err;
    (void)snprintf(check, sizeof(check), "permission %.*s", MLN_FMT(permission->call));
    if (is_denied)
        (void)snprintf(note, sizeof(note),
                "denied (%.*s): allow %.*s; `merlon collect --policy` prints all that is needed",
                MLN_FMT(permission->reason), MLN_FMT(permission->ram_action));
    else
        (void)snprintf(note, sizeof(note), "%.*s%s%.*s", MLN_FMT(permission->verdict),
                permission->reason.len > 0 ? ": " : "", MLN_FMT(permission->reason));
    doctor_report(doctor, check,
            is_denied ? DOCTOR_TROUBLE
            : is_fine ? DOCTOR_FINE
                      : DOCTOR_SKIPPED,
            note);
    return MLN_OK;
}

void doctor_permissions(struct doctor *doctor)
{
    struct cli *cli = doctor->cli;
    struct mln_scan_options options = {
        .source = doctor->live.spec,
        .live = &doctor->live.source,
        .account_id = mln_str_of(cli_get(cli, OPT_ACCOUNT)),
        .clock = cli->clock,
        .stop = cli->stop,
    };
    struct mln_posture *posture = NULL;
    struct mln_err err;
    int rc;

    if (!cli_has(cli, OPT_PERMISSIONS)) {
        doctor_report(doctor, "permissions", DOCTOR_SKIPPED,
                "`merlon doctor --permissions` tries the calls of the plan");
        return;
    }
    if (!doctor->has_creds) {
        doctor_report(doctor, "permissions", DOCTOR_SKIPPED, "without credentials that work");
        return;
    }
    rc = cli_posture(cli, &posture, &err);
    options.posture = posture;
    if (rc == MLN_OK)
        rc = mln_live_permissions(&options, put_permission, doctor, &err);
    if (rc != MLN_OK)
        doctor_report(doctor, "permissions", DOCTOR_TROUBLE, err.msg);
    mln_posture_free(posture);
}
