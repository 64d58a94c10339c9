/*
 * Deadlines of connections. The HTTP library closes a connection that is silent; a client that
 * sends one byte now and then is never silent, so a sweeper shuts down sockets whose request has
 * not arrived in time. A connection is listed from its first to its last moment: the library tells
 * of the end before it closes the socket, so that a listed descriptor is never somebody else's.
 */
#include <time.h>

#include "api/priv.h"

#define SWEEP_MS_MAX    ((int64_t)1000)
#define LINGER_SWEEP_MS ((int64_t)5)
#define NS_PER_MS       1000000L
#define NS_PER_S        1000000000L

void connection_expect(
        struct connection *connection, const struct mln_server *server, int64_t now_ms)
{
    atomic_store_explicit(&connection->deadline_ms, now_ms + server->options.request_timeout_ms,
            memory_order_relaxed);
}

void connection_pause(struct connection *connection)
{
    atomic_store_explicit(&connection->deadline_ms, 0, memory_order_relaxed);
}

static void add(struct watch *watch, struct MHD_Connection *http, void **socket_context)
{
    const union MHD_ConnectionInfo *info;
    struct connection *connection = calloc(1, sizeof(*connection));

    *socket_context = connection;
    if (connection == NULL)
        return;
    info = MHD_get_connection_info(http, MHD_CONNECTION_INFO_CLIENT_ADDRESS);
    address_text(info != NULL ? info->client_addr : NULL, connection->address);
    info = MHD_get_connection_info(http, MHD_CONNECTION_INFO_CONNECTION_FD);
    connection->fd = info != NULL ? info->connect_fd : -1;
    connection_expect(connection, watch->server, mln_monotonic_ms(watch->server->options.clock));
    (void)pthread_mutex_lock(&watch->lock);
    connection->next = watch->first;
    if (watch->first != NULL)
        watch->first->previous = connection;
    watch->first = connection;
    (void)pthread_mutex_unlock(&watch->lock);
    atomic_fetch_add_explicit(&watch->server->metrics.connections, 1, memory_order_relaxed);
}

static void drop(struct watch *watch, struct connection *connection)
{
    (void)pthread_mutex_lock(&watch->lock);
    if (connection->next != NULL)
        connection->next->previous = connection->previous;
    if (connection->previous != NULL)
        connection->previous->next = connection->next;
    else
        watch->first = connection->next;
    if (!watch->stopping)
        linger_add(watch, connection->fd);
    (void)pthread_mutex_unlock(&watch->lock);
    atomic_fetch_sub_explicit(&watch->server->metrics.connections, 1, memory_order_relaxed);
    free(connection);
}

void watch_connection(void *cls, struct MHD_Connection *http, void **socket_context,
        enum MHD_ConnectionNotificationCode code)
{
    struct mln_server *server = cls;

    if (code == MHD_CONNECTION_NOTIFY_STARTED)
        add(&server->watch, http, socket_context);
    else if (*socket_context != NULL)
        drop(&server->watch, *socket_context);
}

static void sweep(struct watch *watch)
{
    int64_t now_ms = mln_monotonic_ms(watch->server->options.clock);

    for (struct connection *c = watch->first; c != NULL; c = c->next) {
        int64_t deadline_ms = atomic_load_explicit(&c->deadline_ms, memory_order_relaxed);

        if (deadline_ms == 0 || deadline_ms > now_ms || c->fd < 0)
            continue;
        (void)shutdown(c->fd, SHUT_RDWR);
        connection_pause(c);
        atomic_fetch_add_explicit(&watch->server->metrics.deadline_closed, 1, memory_order_relaxed);
    }
}

/* Sleeps with the lock given back; a signal ends it early. */
static void pause_watch(struct watch *watch, int64_t pause_ms)
{
    struct timespec until;

    (void)clock_gettime(CLOCK_REALTIME, &until);
    until.tv_nsec += (long)(pause_ms % MLN_MS_PER_S) * NS_PER_MS;
    until.tv_sec += (time_t)(pause_ms / MLN_MS_PER_S) + until.tv_nsec / NS_PER_S;
    until.tv_nsec %= NS_PER_S;
    (void)pthread_cond_timedwait(&watch->wake, &watch->lock, &until);
}

static void *run(void *arg)
{
    struct watch *watch = arg;
    int64_t pause_ms = watch->server->options.request_timeout_ms / 4;

    if (pause_ms > SWEEP_MS_MAX)
        pause_ms = SWEEP_MS_MAX;
    if (pause_ms < 1)
        pause_ms = 1;
    (void)pthread_mutex_lock(&watch->lock);
    while (!watch->stopping) {
        pause_watch(watch, watch->linger_count > 0 ? LINGER_SWEEP_MS : pause_ms);
        sweep(watch);
        linger_sweep(watch);
        (void)pthread_mutex_unlock(&watch->lock);
        access_log_flush(watch->server);
        (void)pthread_mutex_lock(&watch->lock);
    }
    (void)pthread_mutex_unlock(&watch->lock);
    return NULL;
}

int watch_start(struct watch *watch, struct mln_server *server, struct mln_err *err)
{
    int failed;

    watch->server = server;
    (void)pthread_mutex_init(&watch->lock, NULL);
    (void)pthread_cond_init(&watch->wake, NULL);
    failed = pthread_create(&watch->thread, NULL, run, watch);
    if (failed != 0)
        return mln_fail(err, MLN_EIO, "cannot start a thread: %s", mln_errno_text(failed));
    watch->running = true;
    return MLN_OK;
}

void watch_stop(struct watch *watch)
{
    if (!watch->running)
        return;
    (void)pthread_mutex_lock(&watch->lock);
    watch->stopping = true;
    (void)pthread_cond_signal(&watch->wake);
    (void)pthread_mutex_unlock(&watch->lock);
    (void)pthread_join(watch->thread, NULL);
    linger_close_all(watch);
    watch->running = false;
}
