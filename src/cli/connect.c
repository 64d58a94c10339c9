#include "cli/connect.h"

#include <errno.h>
#include <time.h>

#include "base/file.h"

#ifndef MLN_VERSION
#    define MLN_VERSION "unknown"
#endif

#define PEM_END    "CERTIFICATE-----"
#define CACERT_MAX ((size_t)16 * 1024 * 1024)

const char cli_user_agent[] = "Merlon/" MLN_VERSION " (Linux)";

int cli_endpoints(const struct cli *cli, struct mln_endpoints **out, struct mln_err *err)
{
    MLN_AUTO_FREE struct mln_endpoints *endpoints = NULL;
    const char *type = cli_get(cli, OPT_ENDPOINT_TYPE);
    const char *given[CLI_OCCURRENCES_MAX];
    size_t count = cli_get_every(cli, OPT_ENDPOINT_OVERRIDE, given, MLN_LEN(given));
    int rc = MLN_OK;

    if (type != NULL && strcmp(type, "vpc") != 0 && strcmp(type, "public") != 0)
        return mln_fail(err, MLN_EUSAGE, "--endpoint-type: public or vpc is needed");
    endpoints = calloc(1, sizeof(*endpoints)); /* Too large for a stack. */
    if (endpoints == NULL)
        return mln_fail(err, MLN_ENOMEM, "out of memory");
    endpoints->env = cli->env;
    endpoints->network = type != NULL && strcmp(type, "vpc") == 0 ? MLN_NETWORK_VPC
                                                                  : MLN_NETWORK_PUBLIC;
    for (size_t i = 0; rc == MLN_OK && i < count; i++)
        rc = mln_endpoints_add(endpoints, mln_str_of(given[i]), err);
    if (rc != MLN_OK)
        return mln_wrap(err, MLN_EUSAGE, "--endpoint-override");
    *out = MLN_TAKE(endpoints);
    return MLN_OK;
}

int cli_cacert_check(const struct cli *cli, struct mln_err *err)
{
    MLN_AUTO(mln_buf_free) struct mln_buf text = MLN_BUF_INIT(CACERT_MAX);
    const char *path = cli_get(cli, OPT_CACERT);
    int rc = path != NULL ? mln_file_read(path, &text, err) : MLN_OK;

    if (rc != MLN_OK)
        return mln_wrap(err, MLN_ECONFIG, "--cacert");
    if (path != NULL && memmem(text.ptr, text.len, PEM_END, strlen(PEM_END)) == NULL)
        return mln_fail(err, MLN_ECONFIG, "--cacert '%s': no certificate (PEM) is in it", path);
    return MLN_OK;
}

int cli_endpoint(
        const struct cli *cli, const char *product, struct mln_endpoint *out, struct mln_err *err)
{
    const char *given = cli_get(cli, OPT_ENDPOINT);
    struct mln_endpoints *endpoints = NULL;
    enum mln_endpoint_origin origin;
    int rc;

    if (given != NULL) {
        rc = mln_endpoint_parse(mln_str_of(given), out, err);
        return rc == MLN_OK ? rc : mln_wrap(err, MLN_EUSAGE, "--endpoint");
    }
    rc = cli_endpoints(cli, &endpoints, err);
    if (rc != MLN_OK)
        return rc;
    rc = mln_endpoints_find(endpoints, product, mln_str_of(cli_get(cli, OPT_REGION)), MLN_STR(""),
            out, &origin, err);
    free(endpoints);
    return rc == MLN_OK ? rc : mln_wrap(err, MLN_EUSAGE, "--region");
}

int cli_curl(const struct cli *cli, struct mln_curl **out, struct mln_err *err)
{
    struct mln_curl_options options = { .env = cli->env, .cacert = cli_get(cli, OPT_CACERT) };
    int64_t connect_s = 0;
    int rc = cli_get_number(cli, OPT_CONNECT_TIMEOUT, 1, 300, &connect_s, err);

    if (rc == MLN_OK)
        rc = cli_cacert_check(cli, err);
    if (rc != MLN_OK)
        return rc;
    options.connect_timeout_ms = connect_s * MLN_MS_PER_S;
    return mln_curl_new(&options, out, err);
}

static void sleep_ms(void *ctx, int64_t ms)
{
    const struct cli *cli = ctx;
    struct timespec left = { .tv_sec = ms / 1000, .tv_nsec = (ms % 1000) * 1000000 };

    cli_progress(cli, "waiting %lld ms before the next attempt", (long long)ms);
    while (nanosleep(&left, &left) != 0 && errno == EINTR && *cli->stop == 0)
        continue;
}

int cli_remote_open(struct cli *cli, const struct cli_service *service, struct cli_remote *out,
        struct mln_err *err)
{
    struct mln_creds_options creds = {
        .env = cli->env,
        .clock = cli->clock,
        .profile = cli_get(cli, OPT_PROFILE),
        .transport = &out->transport,
        .random = cli->random,
        .user_agent = cli_user_agent,
    };
    struct mln_api_options api = {
        .product = mln_product_by_name(service->product),
        .actions = service->actions,
        .action_count = service->action_count,
        .endpoint = &out->endpoint,
        .creds = &cli->creds,
        .clock = cli->clock,
        .random = cli->random,
        .sleep_ms = sleep_ms,
        .sleep_ctx = cli,
        .log = &cli->log,
        .user_agent = cli_user_agent,
    };
    int64_t read_s = 0;
    int rc = cli_get_number(cli, OPT_READ_TIMEOUT, 1, 600, &read_s, err);

    *out = (struct cli_remote){ .creds = &cli->creds };
    api.timeout_ms = read_s * MLN_MS_PER_S;
    if (rc == MLN_OK)
        rc = cli_endpoint(cli, service->product, &out->endpoint, err);
    if (rc == MLN_OK)
        rc = cli_endpoints(cli, &out->endpoints, err);
    if (rc == MLN_OK)
        rc = cli_curl(cli, &out->curl, err);
    if (rc == MLN_OK) {
        out->transport = mln_curl_transport(out->curl);
        creds.endpoints = out->endpoints;
        rc = mln_creds_resolve(&creds, &cli->creds, NULL, err);
    }
    if (rc == MLN_OK) {
        api.transport = out->transport;
        rc = mln_api_new(&api, &out->api, err);
    }
    if (rc != MLN_OK)
        cli_remote_close(out);
    else if (cli->creds.warning[0] != '\0')
        cli_note(cli, "warning: %s", cli->creds.warning);
    return rc;
}

void cli_remote_close(struct cli_remote *remote)
{
    mln_api_free(remote->api);
    mln_curl_free(remote->curl);
    free(remote->endpoints);
    *remote = (struct cli_remote){ 0 };
}
