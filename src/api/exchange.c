/*
 * A request on its way through the HTTP library: made at the request line, ended when the answer
 * has left or the client has. Exchanges are kept by the thread that serves them and used again.
 */
#include "api/priv.h"

#define IDLE_MAX ((size_t)64) /* Kept per thread. */

static struct exchange *make(struct pool_lane *owner)
{
    struct exchange *exchange = owner->idle;

    if (exchange != NULL) {
        owner->idle = exchange->next;
        owner->idle_count--;
        return exchange;
    }
    return calloc(1, sizeof(*exchange));
}

static void destroy(struct exchange *exchange)
{
    mln_call_fini(&exchange->call);
    mln_buf_free(&exchange->body);
    free(exchange);
}

void pool_lane_free(struct pool_lane *lane)
{
    while (lane->idle != NULL) {
        struct exchange *next = lane->idle->next;

        destroy(lane->idle);
        lane->idle = next;
    }
    mln_lane_fini(&lane->lane);
    log_batch_fini(&lane->log);
    free(lane);
}

static struct connection *connection_of(struct MHD_Connection *http)
{
    const union MHD_ConnectionInfo *info = MHD_get_connection_info(
            http, MHD_CONNECTION_INFO_SOCKET_CONTEXT);

    return info != NULL ? info->socket_context : NULL;
}

static void start(struct exchange *exchange, struct pool_lane *owner, struct MHD_Connection *http)
{
    struct mln_server *server = exchange->server;

    exchange->next = NULL;
    exchange->owner = owner;
    exchange->http = http;
    exchange->connection = connection_of(http);
    exchange->stage = STAGE_NEW;
    exchange->start_ms = mln_monotonic_ms(server->options.clock);
    exchange->content_type = NULL;
    exchange->closes = false;
    exchange->header_count = 0;
    mln_buf_reset(&exchange->body);
    mln_call_begin(&exchange->call, &owner->lane);
    if (exchange->connection != NULL)
        exchange->call.address = exchange->connection->address;
}

/*
 * The library decodes the URI in place; signatures are over what was sent, so it is copied. It
 * would also put each parameter into the connection's memory, which a few hundred exhaust; they are
 * read from the copy, so the library is shown an empty query. The buffer is its own and writable.
 */
static bool keep_uri(struct exchange *exchange, const char *uri)
{
    struct mln_str copy = mln_arena_dup(&exchange->call.arena, mln_str_of(uri));
    const char *mark;

    if (copy.ptr == NULL)
        return false;
    mark = memchr(copy.ptr, '?', copy.len);
    exchange->path = copy;
    exchange->call.request.raw_query = (struct mln_str){ 0 };
    if (mark != NULL) {
        exchange->path.len = (size_t)(mark - copy.ptr);
        /* NOLINTNEXTLINE(performance-no-int-to-ptr): takes the const off */
        *(char *)(uintptr_t)(uri + exchange->path.len + 1) = '\0';
        exchange->call.request.raw_query = (struct mln_str){ .ptr = mark + 1,
            .len = copy.len - exchange->path.len - 1 };
    }
    exchange->call.request.path = exchange->path;
    return true;
}

void *exchange_begin(void *cls, const char *uri, struct MHD_Connection *http)
{
    struct mln_server *server = cls;
    struct pool_lane *owner = server_lane(server);
    struct exchange *exchange = owner != NULL ? make(owner) : NULL;

    atomic_fetch_add_explicit(&server->metrics.in_flight, 1, memory_order_relaxed);
    if (exchange == NULL)
        return NULL;
    if (exchange->server == NULL) {
        exchange->server = server;
        mln_call_init(&exchange->call, &server->gateway);
        exchange->body = (struct mln_buf)MLN_BUF_INIT(server->options.body_max);
    }
    start(exchange, owner, http);
    if (!keep_uri(exchange, uri)) {
        destroy(exchange);
        return NULL;
    }
    return exchange;
}

static void keep_or_destroy(struct exchange *exchange)
{
    struct pool_lane *owner = exchange->owner;

    if (owner->idle_count >= IDLE_MAX) {
        destroy(exchange);
        return;
    }
    mln_call_end(&exchange->call);
    if (exchange->body.cap > MLN_CALL_MEMORY_KEPT) {
        mln_buf_free(&exchange->body);
        exchange->body = (struct mln_buf)MLN_BUF_INIT(exchange->server->options.body_max);
    }
    exchange->next = owner->idle;
    owner->idle = exchange;
    owner->idle_count++;
}

/* 0: the client left before it had its answer. */
static int status(const struct exchange *exchange, enum MHD_RequestTerminationCode why)
{
    return why == MHD_REQUEST_TERMINATED_COMPLETED_OK ? exchange->call.status : 0;
}

void exchange_end(
        void *cls, struct MHD_Connection *http, void **state, enum MHD_RequestTerminationCode why)
{
    struct mln_server *server = cls;
    struct exchange *exchange = *state;
    int64_t now_ms, ms;

    (void)http;
    *state = NULL;
    atomic_fetch_sub_explicit(&server->metrics.in_flight, 1, memory_order_relaxed);
    if (exchange == NULL)
        return;
    now_ms = mln_monotonic_ms(server->options.clock);
    ms = now_ms - exchange->start_ms;
    mln_metrics_request(&server->metrics, exchange->call.action, status(exchange, why), ms);
    access_log(exchange, status(exchange, why), ms);
    if (exchange->connection != NULL)
        connection_expect(exchange->connection, server, now_ms);
    keep_or_destroy(exchange);
}
