/* Looks at what commonly goes wrong: clock, network, file modes, store, sealing key. Changes
 * nothing. */
#include <stdio.h>
#include <sys/stat.h>

#include "cli/commands.h"
#include "cli/connect.h"
#include "cli/rows.h"

#define SKEW_WARN_S ((int64_t)60)

enum finding { FINE, SKIPPED, TROUBLE };

struct doctor {
    struct cli *cli;
    struct cli_rows rows;
    size_t troubles;
};

static void report(struct doctor *doctor, const char *check, enum finding finding, const char *note)
{
    static const char *const words[] = { "ok", "skipped", "problem" };
    const struct cli_cell cells[] = { cli_cell_cstr(check), cli_cell_cstr(words[finding]),
        cli_cell_cstr(note) };

    cli_rows_add(&doctor->rows, cells);
    doctor->troubles += finding == TROUBLE ? 1 : 0;
}

static void check_credentials(struct doctor *doctor)
{
    const struct cli *cli = doctor->cli;
    const struct mln_creds_options options = {
        .env = cli->env, .clock = cli->clock, .profile = cli_get(cli, OPT_PROFILE)
    };
    struct mln_creds *creds = &doctor->cli->creds;
    struct mln_err err;

    if (mln_creds_resolve(&options, creds, NULL, &err) != MLN_OK)
        report(doctor, "credentials", cli_has(cli, OPT_STORE) ? SKIPPED : TROUBLE, err.msg);
    else
        report(doctor, "credentials", FINE, creds->source);
}

static void check_file_mode(struct doctor *doctor)
{
    MLN_AUTO(mln_buf_free) struct mln_buf path = MLN_BUF_INIT(4096);
    struct mln_err err;
    struct stat info;
    char note[400];

    if (mln_profile_path(doctor->cli->env, &path, &err) != MLN_OK) {
        report(doctor, "profile file", TROUBLE, err.msg);
    } else if (stat(path.ptr, &info) != 0) {
        report(doctor, "profile file", SKIPPED, "there is none");
    } else if ((info.st_mode & 077) != 0) {
        (void)snprintf(note, sizeof(note),
                "%.300s can be read by others (mode %03o): run chmod 600", path.ptr,
                (unsigned)(info.st_mode & 0777));
        report(doctor, "profile file", TROUBLE, note);
    } else {
        report(doctor, "profile file", FINE, path.ptr);
    }
}

static void check_clock(struct doctor *doctor, int64_t date_ms)
{
    int64_t skew_s = (mln_now_ms(doctor->cli->clock) - date_ms) / MLN_MS_PER_S;
    char note[128];

    if (date_ms == 0) {
        report(doctor, "clock", SKIPPED, "the endpoint does not tell its time");
        return;
    }
    (void)snprintf(note, sizeof(note), "%lld seconds %s the endpoint's",
            (long long)(skew_s < 0 ? -skew_s : skew_s), skew_s < 0 ? "behind" : "ahead of");
    report(doctor, "clock", skew_s > SKEW_WARN_S || skew_s < -SKEW_WARN_S ? TROUBLE : FINE, note);
}

/* One unsigned request: any answer shows that name, certificate and path work. */
static void check_endpoint(struct doctor *doctor)
{
    struct cli *cli = doctor->cli;
    struct mln_http_response response;
    struct mln_endpoint endpoint;
    struct mln_curl *curl = NULL;
    struct mln_err err;
    char url[320];
    bool sent;
    int rc = cli_endpoint(cli, "Sddp", &endpoint, &err);

    if (rc == MLN_OK)
        rc = cli_curl(cli, &curl, &err);
    if (rc != MLN_OK) {
        report(doctor, "endpoint", TROUBLE, err.msg);
        return;
    }
    (void)snprintf(url, sizeof(url), "%s://%s/", endpoint.https ? "https" : "http", endpoint.host);
    mln_http_response_init(&response);
    {
        const struct mln_http_request request = { .url = url, .timeout_ms = MLN_WRITE_TIMEOUT_MS };
        struct mln_transport transport = mln_curl_transport(curl);

        rc = transport.send(transport.ctx, &request, &response, &sent, &err);
    }
    report(doctor, "endpoint", rc == MLN_OK ? FINE : TROUBLE, rc == MLN_OK ? url : err.msg);
    check_clock(doctor, response.date_ms);
    mln_http_response_fini(&response);
    mln_curl_free(curl);
}

static void check_store(struct doctor *doctor)
{
    struct cli_local local;
    struct mln_err err;
    int rc;

    if (!cli_has(doctor->cli, OPT_STORE)) {
        report(doctor, "store", SKIPPED, "no --store given");
        return;
    }
    rc = cli_local_open(doctor->cli, MLN_STORE_READ, 0, &local, &err);
    if (rc == MLN_OK) {
        rc = cli_local_ping(&local, &err);
        cli_local_close(&local);
    }
    report(doctor, "store", rc == MLN_OK ? FINE : TROUBLE,
            rc == MLN_OK ? cli_get(doctor->cli, OPT_STORE) : err.msg);
}

static void check_seal(struct doctor *doctor)
{
    const struct mln_seal_options options = {
        .path = cli_get(doctor->cli, OPT_SEAL_KEY),
        .env = doctor->cli->env,
        .random = doctor->cli->random,
    };
    struct mln_seal *seal = NULL;
    struct mln_err err;
    int rc = mln_seal_open(&options, &seal, &err);
    bool needed = cli_has(doctor->cli, OPT_STORE) || options.path != NULL;

    if (rc == MLN_OK)
        report(doctor, "sealing key", FINE, mln_seal_path(seal));
    else
        report(doctor, "sealing key", rc == MLN_ENOTFOUND && !needed ? SKIPPED : TROUBLE, err.msg);
    mln_seal_free(seal);
}

int cmd_doctor(struct cli *cli, struct mln_err *err)
{
    static const struct cli_column columns[] = {
        { "check", "CHECK", "检查项" },
        { "result", "RESULT", "结果" },
        { "note", "NOTE", "说明" },
    };
    struct doctor doctor = { .cli = cli };
    int rc;

    cli_rows_begin(&doctor.rows, cli, columns, MLN_LEN(columns));
    check_credentials(&doctor);
    check_file_mode(&doctor);
    if (cli_has(cli, OPT_STORE) && !cli_has(cli, OPT_ENDPOINT))
        report(&doctor, "endpoint", SKIPPED, "working on a store");
    else
        check_endpoint(&doctor);
    check_store(&doctor);
    check_seal(&doctor);
    rc = cli_rows_end(&doctor.rows, -1, false, NULL, err);
    if (rc != MLN_OK)
        return rc;
    return doctor.troubles > 0 ? CLI_EXIT_FAILURE : MLN_OK;
}
