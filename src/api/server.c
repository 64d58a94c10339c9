#include "api/server.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <time.h>

#include "api/priv.h"

/* Also the limit of a request line with all its headers; the library clears it for each request. */
#define CONNECTION_MEMORY_BYTES ((size_t)32 * 1024)
#define KEEP_ALIVE_S            25U
#define STOP_POLL_NS            (5L * 1000000)
#define READ_BUSY_MS            2000
#define TLS_PRIORITIES          "NORMAL:-VERS-ALL:+VERS-TLS1.3:+VERS-TLS1.2"

/* A thread serves one server for all its life. */
static _Thread_local struct pool_lane *lane_of_thread;

struct pool_lane *server_lane(struct mln_server *server)
{
    struct pool_lane *lane = lane_of_thread;
    const struct mln_lane_options options = {
        .store_url = server->options.store_url,
        .busy_timeout_ms = READ_BUSY_MS,
        .random = server->options.random,
    };

    if (lane != NULL)
        return lane;
    lane = calloc(1, sizeof(*lane));
    if (lane == NULL)
        return NULL;
    mln_lane_init(&lane->lane, &options);
    log_batch_init(&lane->log);
    (void)pthread_mutex_lock(&server->lanes_lock);
    lane->next = server->lanes;
    server->lanes = lane;
    (void)pthread_mutex_unlock(&server->lanes_lock);
    lane_of_thread = lane;
    return lane;
}

/* What the HTTP library has to say: kept until it runs, then for those who debug. */
static void hear_library(void *cls, const char *format, va_list args) MLN_PRINTF(2, 0);
static void hear_library(void *cls, const char *format, va_list args)
{
    struct mln_server *server = cls;
    char text[256];
    struct mln_log_field field = { .key = "text", .text = text };

    (void)vsnprintf(text, sizeof(text), format, args);
    if (server->daemon == NULL)
        memcpy(server->start_failure, text, sizeof(text));
    mln_log_write(server->options.log, MLN_LOG_DEBUG, "http", &field, 1);
}

/* Arguments are read from the raw URI; the library need not decode them as well. */
static size_t leave_escapes(void *cls, struct MHD_Connection *http, char *text)
{
    (void)cls;
    (void)http;
    return strlen(text);
}

static unsigned thread_count(unsigned wished)
{
    long processors = sysconf(_SC_NPROCESSORS_ONLN);

    if (wished == 0)
        wished = processors > 0 ? (unsigned)processors : 1;
    return wished < MLN_SERVER_THREADS_MAX ? wished : MLN_SERVER_THREADS_MAX;
}

static void fill_defaults(struct mln_server_options *o)
{
    o->skew_ms = o->skew_ms > 0 ? o->skew_ms : MLN_CALL_SKEW_MS;
    o->body_max = o->body_max > 0 ? o->body_max : MLN_BODY_MAX_DEFAULT;
    o->connections_max = o->connections_max > 0 ? o->connections_max : MLN_CONNECTIONS_MAX_DEFAULT;
    if (o->connections_per_address == 0)
        o->connections_per_address = MLN_CONNECTIONS_PER_ADDRESS;
    if (o->request_timeout_ms <= 0)
        o->request_timeout_ms = MLN_REQUEST_TIMEOUT_MS_DEFAULT;
    o->threads = thread_count(o->threads);
    o->connections_max = listener_room(o->connections_max, o->threads);
}

static int open_gateway(struct mln_server *server, struct mln_err *err)
{
    const struct mln_server_options *o = &server->options;
    const struct mln_auth_options auth = {
        .seal = o->seal,
        .clock = o->clock,
        .nonce_ttl_ms = 2 * o->skew_ms,
        .nonces_max = o->nonces_max,
        .requests_per_s = o->requests_per_s,
        .failures_per_s = o->failures_per_s,
    };

    server->gateway = (struct mln_gateway){
        .clock = o->clock,
        .log = o->log,
        .metrics = &server->metrics,
        .skew_ms = o->skew_ms,
    };
    return mln_auth_new(&auth, &server->gateway.auth, err);
}

static int start_scans(struct mln_server *server, struct mln_err *err)
{
    const struct mln_server_options *o = &server->options;
    const struct mln_scans_options options = {
        .store_url = o->store_url,
        .catalogs = o->catalogs,
        .catalog_count = o->catalog_count,
        .live = o->live,
        .clock = o->clock,
        .log = o->log,
        .random = o->random,
    };
    int rc = mln_scans_start(&options, &server->scans, err);

    server->gateway.scans = server->scans;
    return rc;
}

/* Says early, and to the operator, what would else fail every request. */
static int check_store(const struct mln_server_options *o, struct mln_err *err)
{
    const struct mln_lane_options options = { .store_url = o->store_url,
        .writes = true,
        .busy_timeout_ms = READ_BUSY_MS,
        .random = o->random };
    struct mln_lane lane;
    int rc;

    mln_lane_init(&lane, &options);
    rc = mln_lane_ping(&lane, err);
    mln_lane_fini(&lane);
    return rc;
}

static int load_tls(struct mln_server *server, struct mln_err *err)
{
    const struct mln_server_options *o = &server->options;

    server->is_tls = o->tls_cert_path != NULL || o->tls_key_path != NULL;
    if (!server->is_tls)
        return MLN_OK;
    if (MHD_is_feature_supported(MHD_FEATURE_TLS) != MHD_YES)
        return mln_fail(err, MLN_ECONFIG, "the HTTP library was built without TLS");
    return tls_load(o->tls_cert_path, o->tls_key_path, &server->tls, err);
}

static int start_library(struct mln_server *server, struct mln_err *err)
{
    const struct mln_server_options *o = &server->options;
    unsigned flags = MHD_USE_EPOLL_INTERNAL_THREAD | MHD_ALLOW_SUSPEND_RESUME | MHD_USE_ERROR_LOG;
    /* NOLINTNEXTLINE(performance-no-int-to-ptr): takes the const off */
    void *priorities = (void *)(uintptr_t)TLS_PRIORITIES;
    const struct MHD_OptionItem tls[] = {
        { MHD_OPTION_HTTPS_MEM_CERT, 0, server->tls.cert.ptr },
        { MHD_OPTION_HTTPS_MEM_KEY, 0, server->tls.key.ptr },
        { MHD_OPTION_HTTPS_PRIORITIES, 0, priorities },
        { MHD_OPTION_END, 0, NULL },
    };
    const struct MHD_OptionItem plain[] = { { MHD_OPTION_END, 0, NULL } };
    struct MHD_Daemon *daemon;

    if (server->is_tls)
        flags |= MHD_USE_TLS;
    daemon = MHD_start_daemon(flags, 0, NULL, NULL, http_handle, server, MHD_OPTION_EXTERNAL_LOGGER,
            hear_library, server, MHD_OPTION_LISTEN_SOCKET, server->listener.fd,
            MHD_OPTION_THREAD_POOL_SIZE, o->threads, MHD_OPTION_CONNECTION_MEMORY_LIMIT,
            CONNECTION_MEMORY_BYTES, MHD_OPTION_CONNECTION_LIMIT, o->connections_max,
            MHD_OPTION_PER_IP_CONNECTION_LIMIT, o->connections_per_address,
            MHD_OPTION_CONNECTION_TIMEOUT, KEEP_ALIVE_S, MHD_OPTION_URI_LOG_CALLBACK,
            exchange_begin, server, MHD_OPTION_UNESCAPE_CALLBACK, leave_escapes, NULL,
            MHD_OPTION_NOTIFY_COMPLETED, exchange_end, server, MHD_OPTION_NOTIFY_CONNECTION,
            watch_connection, server, MHD_OPTION_ARRAY, server->is_tls ? tls : plain,
            MHD_OPTION_END);
    if (daemon == NULL)
        return mln_fail(err, MLN_ECONFIG, "cannot serve %s: %s", o->listen,
                server->start_failure[0] != '\0' ? server->start_failure
                                                 : "the HTTP library refused");
    server->daemon = daemon;
    return MLN_OK;
}

static int start_all(struct mln_server *server, struct mln_err *err)
{
    const struct mln_server_options *o = &server->options;
    int rc = load_tls(server, err);

    if (rc == MLN_OK)
        rc = listener_open(o->listen, server->is_tls || o->insecure_http, &server->listener, err);
    if (rc == MLN_OK)
        rc = check_store(o, err);
    if (rc == MLN_OK)
        rc = open_gateway(server, err);
    if (rc == MLN_OK)
        rc = watch_start(&server->watch, server, err);
    if (rc == MLN_OK)
        rc = writes_start(&server->writes, server, err);
    if (rc == MLN_OK)
        rc = start_scans(server, err);
    return rc == MLN_OK ? start_library(server, err) : rc;
}

int mln_server_start(
        const struct mln_server_options *options, struct mln_server **out, struct mln_err *err)
{
    struct mln_server *server = calloc(1, sizeof(*server));
    int rc;

    if (server == NULL)
        return mln_fail(err, MLN_ENOMEM, "out of memory");
    server->options = *options;
    server->listener.fd = -1;
    fill_defaults(&server->options);
    (void)pthread_mutex_init(&server->lanes_lock, NULL);
    rc = start_all(server, err);
    if (rc != MLN_OK) {
        mln_server_free(server);
        return rc;
    }
    *out = server;
    return MLN_OK;
}

unsigned mln_server_port(const struct mln_server *server)
{
    return server->listener.port;
}

static void wait_for_requests(struct mln_server *server)
{
    const struct timespec pause = { .tv_nsec = STOP_POLL_NS };
    int64_t end_ms = mln_monotonic_ms(server->options.clock) + MLN_SERVER_STOP_MS;

    while (atomic_load(&server->metrics.in_flight) > 0 &&
            mln_monotonic_ms(server->options.clock) < end_ms)
        (void)nanosleep(&pause, NULL);
}

void mln_server_stop(struct mln_server *server)
{
    atomic_store(&server->stopping, true);
    if (server->daemon != NULL) {
        (void)MHD_quiesce_daemon(server->daemon);
        (void)close(server->listener.fd);
        server->listener.fd = -1;
        wait_for_requests(server);
    }
    /* Every suspended connection is resumed by a worker: the library must not stop before. */
    writes_hurry(&server->writes);
    writes_stop(&server->writes);
    mln_scans_stop(server->scans);
    server->scans = NULL;
    watch_stop(&server->watch);
    if (server->daemon != NULL)
        MHD_stop_daemon(server->daemon);
    server->daemon = NULL;
    access_log_flush(server);
}

void mln_server_free(struct mln_server *server)
{
    if (server == NULL)
        return;
    mln_server_stop(server);
    if (server->listener.fd >= 0)
        (void)close(server->listener.fd);
    while (server->lanes != NULL) {
        struct pool_lane *next = server->lanes->next;

        pool_lane_free(server->lanes);
        server->lanes = next;
    }
    if (server->gateway.auth != NULL)
        mln_auth_free(server->gateway.auth);
    tls_free(&server->tls);
    free(server);
}
