#include "cli/live.h"

#include "client/pace.h"

#define ROLE_START "acs:ram::"

/* --endpoint names the one server of a private cloud: every product is asked there. */
static int add_endpoint(const struct cli *cli, struct cli_live *out, struct mln_err *err)
{
    const char *given = cli_get(cli, OPT_ENDPOINT);
    int rc = MLN_OK;

    if (given != NULL && strchr(given, '=') != NULL)
        return mln_fail(err, MLN_EUSAGE, "--endpoint: a host or URL is needed");
    if (given != NULL)
        rc = mln_endpoints_add(out->endpoints, mln_str_of(given), err);
    return rc == MLN_OK ? rc : mln_wrap(err, MLN_EUSAGE, "--endpoint");
}

/* It becomes a part of host names. */
static int check_region(const struct cli *cli, struct mln_err *err)
{
    struct mln_str region = mln_str_of(cli_get(cli, OPT_REGION));

    for (size_t i = 0; i < region.len; i++) {
        char c = region.ptr[i];

        if ((c < 'a' || c > 'z') && (c < '0' || c > '9') && c != '-')
            return mln_fail(err, MLN_EUSAGE, "--region: a region like cn-hangzhou is needed");
    }
    return MLN_OK;
}

static int read_role(const struct cli *cli, struct cli_live *out, struct mln_err *err)
{
    const char *role = cli_get(cli, OPT_ROLE);

    out->spec = (struct mln_source_spec){ MLN_SOURCE_PROFILE,
        mln_str_of(cli_get(cli, OPT_PROFILE)) };
    if (role == NULL)
        return MLN_OK;
    if (!mln_str_starts(mln_str_of(role), MLN_STR(ROLE_START)))
        return mln_fail(err, MLN_EUSAGE,
                "--role: an ARN like acs:ram::1234567890123456:role/reader is needed");
    out->spec = (struct mln_source_spec){ MLN_SOURCE_ROLE, mln_str_of(role) };
    return MLN_OK;
}

void cli_live_free(struct cli_live *live)
{
    free(live->endpoints);
    *live = (struct cli_live){ 0 };
}

int cli_live_read(const struct cli *cli, struct cli_live *out, struct mln_err *err)
{
    int64_t connect_s = 0, read_s = 0, in_flight = 0;
    int rc = cli_get_number(cli, OPT_CONNECT_TIMEOUT, 1, 300, &connect_s, err);

    *out = (struct cli_live){ .source = {
                                      .env = cli->env,
                                      .random = cli->random,
                                      .log = &cli->log,
                                      .cacert = cli_get(cli, OPT_CACERT),
                                      .region = cli_get(cli, OPT_REGION),
                                      .user_agent = cli_user_agent,
                                      .unpaced = cli_has(cli, OPT_NO_PACING),
                                      .profile = cli_get(cli, OPT_PROFILE),
                              } };
    if (rc == MLN_OK)
        rc = cli_get_number(cli, OPT_READ_TIMEOUT, 1, 600, &read_s, err);
    if (rc == MLN_OK)
        rc = cli_get_number(cli, OPT_MAX_CONCURRENCY, 1, MLN_PACE_IN_FLIGHT_MAX, &in_flight, err);
    if (rc == MLN_OK)
        rc = check_region(cli, err);
    if (rc == MLN_OK)
        rc = cli_cacert_check(cli, err);
    if (rc == MLN_OK)
        rc = cli_endpoints(cli, &out->endpoints, err);
    if (rc == MLN_OK)
        rc = add_endpoint(cli, out, err);
    if (rc == MLN_OK)
        rc = read_role(cli, out, err);
    if (rc != MLN_OK) {
        cli_live_free(out);
        return rc;
    }
    out->source.endpoints = out->endpoints;
    out->source.connect_timeout_ms = connect_s * MLN_MS_PER_S;
    out->source.timeout_ms = read_s * MLN_MS_PER_S;
    out->source.in_flight_max = (size_t)in_flight;
    return MLN_OK;
}
