#include <poll.h>

#include "api/server.h"
#include "cli/commands.h"
#include "cli/connect.h"
#include "cli/live.h"

#define DEFAULT_LISTEN "127.0.0.1:8080"
#define WAIT_MS        200

static int read_options(
        const struct cli *cli, struct mln_server_options *options, struct mln_err *err)
{
    int64_t connections = 0, workers = 0;
    int rc = cli_need(cli, OPT_STORE, &options->store_url, err);

    if (rc == MLN_OK)
        rc = cli_get_number(cli, OPT_REQUESTS_PER_S, 1, 1000000, &options->requests_per_s, err);
    if (rc == MLN_OK)
        rc = cli_get_number(cli, OPT_FAILURES_PER_S, 1, 1000000, &options->failures_per_s, err);
    if (rc == MLN_OK)
        rc = cli_get_number(cli, OPT_MAX_CONNECTIONS, 1, 1000000, &connections, err);
    if (rc == MLN_OK)
        rc = cli_get_number(cli, OPT_WORKERS, 1, MLN_SERVER_THREADS_MAX, &workers, err);
    if (rc != MLN_OK)
        return rc;
    options->listen = cli_has(cli, OPT_LISTEN) ? cli_get(cli, OPT_LISTEN) : DEFAULT_LISTEN;
    options->tls_cert_path = cli_get(cli, OPT_TLS_CERT);
    options->tls_key_path = cli_get(cli, OPT_TLS_KEY);
    options->insecure_http = cli_has(cli, OPT_INSECURE_HTTP);
    options->connections_max = (unsigned)connections;
    options->threads = (unsigned)workers;
    if ((options->tls_cert_path == NULL) != (options->tls_key_path == NULL))
        return mln_fail(err, MLN_EUSAGE, "--tls-cert and --tls-key belong together");
    return MLN_OK;
}

/* The address without its port, which may have been 0. */
static struct mln_str host_of(const char *listen)
{
    const char *colon = strrchr(listen, ':');

    return (struct mln_str){ listen, colon != NULL ? (size_t)(colon - listen) : strlen(listen) };
}

/* One line when ready, then until a signal; what is in flight is finished before it returns. */
static int serve(struct cli *cli, const struct mln_server_options *options, struct mln_err *err)
{
    struct mln_server *server = NULL;
    int rc;

    cli_catch_signals(cli);
    rc = mln_server_start(options, &server, err);
    if (rc != MLN_OK)
        return rc;
    cli_putf(cli, "%s://%.*s:%u\n", options->tls_cert_path != NULL ? "https" : "http",
            MLN_FMT(host_of(options->listen)), mln_server_port(server));
    rc = cli_flush(cli, err);
    while (rc == MLN_OK && *cli->stop == 0)
        (void)poll(NULL, 0, WAIT_MS);
    mln_server_stop(server);
    mln_server_free(server);
    return rc;
}

static int serve_with(struct cli *cli, struct mln_server_options *options, struct mln_err *err)
{
    const struct mln_seal_options seal_options = {
        .path = cli_get(cli, OPT_SEAL_KEY), .env = cli->env, .random = cli->random
    };
    struct mln_seal *seal = NULL;
    int rc = mln_seal_open(&seal_options, &seal, err);

    if (rc == MLN_ENOTFOUND)
        rc = mln_wrap(err, MLN_ECONFIG, "sealing key");
    if (rc != MLN_OK)
        return rc;
    options->seal = seal;
    rc = serve(cli, options, err);
    if (rc == MLN_ENOTFOUND)
        rc = mln_wrap(err, MLN_ECONFIG, "serve");
    mln_seal_free(seal);
    return rc;
}

int cmd_serve(struct cli *cli, struct mln_err *err)
{
    struct mln_log log = cli->log;
    struct mln_server_options options = { .log = &log, .clock = cli->clock, .random = cli->random };
    struct cli_live live; /* For accounts whose source is a profile or a role. */
    int rc = read_options(cli, &options, err);

    log.json = true;
    if (!cli_has(cli, OPT_LOG_LEVEL))
        log.level = MLN_LOG_INFO;
    if (rc == MLN_OK)
        rc = cli_live_read(cli, &live, err);
    if (rc != MLN_OK)
        return rc;
    live.source.log = &log;
    options.live = &live.source;
    rc = serve_with(cli, &options, err);
    cli_live_free(&live);
    return rc;
}
