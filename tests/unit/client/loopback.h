/*
 * A small HTTP/1.1 server on 127.0.0.1 for tests: a thread for each connection, and a script that
 * the path names. It counts connections and requests.
 */
#pragma once

#include <arpa/inet.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <sys/socket.h>

#include "client/transport.h"
#include "test.h"

#define LOOPBACK_THREADS_MAX 400

struct loopback {
    int listener;
    int port;
    atomic_int connections, requests, stop;
    pthread_t acceptor, workers[LOOPBACK_THREADS_MAX];
    size_t worker_count;
    pthread_mutex_t lock;
    char last[4096]; /* The last request's head. */
};

struct loopback_peer {
    struct loopback *server;
    int fd;
};

static inline bool loopback_write(int fd, const char *text, size_t len)
{
    while (len > 0) {
        ssize_t n = send(fd, text, len, MSG_NOSIGNAL);

        if (n <= 0)
            return false;
        text += n;
        len -= (size_t)n;
    }
    return true;
}

static inline bool loopback_say(int fd, const char *text)
{
    return loopback_write(fd, text, strlen(text));
}

/* Endless, until the client has had enough. */
static inline void loopback_flood(int fd)
{
    static char zeros[65536];

    memset(zeros, 'x', sizeof(zeros));
    (void)loopback_say(fd, "HTTP/1.1 200 OK\r\n\r\n");
    while (loopback_write(fd, zeros, sizeof(zeros)))
        continue;
}

static inline void loopback_pause(const struct loopback *server, int ms)
{
    for (int i = 0; i < ms && !atomic_load(&server->stop); i += 10)
        (void)poll(NULL, 0, 10);
}

/* False: the connection ends. */
static inline bool loopback_answer(struct loopback *server, int fd, const char *path)
{
    static const char ok[] = "HTTP/1.1 200 OK\r\nContent-Length: 11\r\n"
                             "Date: Fri, 02 Jan 2026 03:04:05 GMT\r\n"
                             "x-acs-request-id: R-1\r\n\r\n{\"ok\":true}";

    if (strcmp(path, "/slow") == 0) {
        loopback_pause(server, 300);
        return loopback_say(fd, ok);
    }
    if (strcmp(path, "/never") == 0)
        loopback_pause(server, 30000);
    else if (strcmp(path, "/cut") == 0)
        (void)loopback_say(fd, "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf");
    else if (strcmp(path, "/close") == 0)
        return false;
    else if (strcmp(path, "/garbage") == 0)
        (void)loopback_say(fd, "220 mail.example ESMTP\r\n\r\n");
    else if (strcmp(path, "/flood") == 0)
        loopback_flood(fd);
    else if (strcmp(path, "/redirect") == 0)
        return loopback_say(fd, "HTTP/1.1 302 Found\r\nLocation: /ok\r\nContent-Length: 0\r\n\r\n");
    else if (strcmp(path, "/wait-s") == 0)
        return loopback_say(fd, "HTTP/1.1 503 Busy\r\nRetry-After: 7\r\nContent-Length: 0\r\n"
                                "x-oss-request-id: 64A0\r\n\r\n");
    else if (strcmp(path, "/wait-both") == 0)
        return loopback_say(fd, "HTTP/1.1 429 Slow\r\nx-acs-retry-after: 250\r\nRetry-After: 7\r\n"
                                "Content-Length: 0\r\nx-acs-request-id: a\x01z\r\n\r\n");
    else if (strcmp(path, "/interim") == 0)
        return loopback_say(fd, "HTTP/1.1 103 Early Hints\r\nRetry-After: 9\r\n"
                                "x-acs-request-id: EARLY\r\n\r\n") &&
               loopback_say(fd, "HTTP/1.1 204 No Content\r\n\r\n");
    else if (strcmp(path, "/dead-later") == 0) /* Says keep-alive, and closes. */
        (void)loopback_say(fd, ok);
    else
        return loopback_say(fd, ok);
    return false;
}

static inline size_t loopback_body_len(const char *head)
{
    const char *at = strcasestr(head, "\r\ncontent-length:");

    return at != NULL ? strtoul(at + strlen("\r\ncontent-length:"), NULL, 10) : 0;
}

/* One request, with its body at the end of `head`; false: the peer has gone. */
static inline bool loopback_read(struct loopback *server, int fd, char head[4096])
{
    size_t len = 0;
    char *end = NULL;

    head[0] = '\0';
    while ((end = strstr(head, "\r\n\r\n")) == NULL ||
            len < (size_t)(end + 4 - head) + loopback_body_len(head)) {
        struct pollfd ready = { .fd = fd, .events = POLLIN };
        ssize_t n;

        if (atomic_load(&server->stop) || len >= 4095)
            return false;
        if (poll(&ready, 1, 20) <= 0)
            continue;
        n = recv(fd, head + len, 4095 - len, 0);
        if (n <= 0)
            return false;
        len += (size_t)n;
        head[len] = '\0';
    }
    return true;
}

static inline void *loopback_serve(void *ctx)
{
    struct loopback_peer *peer = ctx;
    struct loopback *server = peer->server;
    int fd = peer->fd;
    char head[4096], path[256];

    free(peer);
    while (loopback_read(server, fd, head)) {
        atomic_fetch_add(&server->requests, 1);
        (void)pthread_mutex_lock(&server->lock);
        memcpy(server->last, head, sizeof(head));
        (void)pthread_mutex_unlock(&server->lock);
        if (sscanf(head, "%*s %255s", path) != 1 || !loopback_answer(server, fd, path))
            break;
    }
    (void)close(fd);
    return NULL;
}

static inline void *loopback_accept(void *ctx)
{
    struct loopback *server = ctx;

    while (!atomic_load(&server->stop)) {
        struct pollfd ready = { .fd = server->listener, .events = POLLIN };
        struct loopback_peer *peer;

        if (poll(&ready, 1, 20) <= 0 || server->worker_count == LOOPBACK_THREADS_MAX)
            continue;
        peer = calloc(1, sizeof(*peer));
        peer->server = server;
        peer->fd = accept(server->listener, NULL, NULL);
        atomic_fetch_add(&server->connections, 1);
        if (pthread_create(&server->workers[server->worker_count], NULL, loopback_serve, peer) == 0)
            server->worker_count++;
    }
    return NULL;
}

static inline void loopback_open(struct loopback *server)
{
    struct sockaddr_in address = { .sin_family = AF_INET,
        .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    socklen_t len = sizeof(address);

    *server = (struct loopback){ .listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0) };
    assert_int_equal(pthread_mutex_init(&server->lock, NULL), 0);
    assert_int_equal(bind(server->listener, (struct sockaddr *)&address, sizeof(address)), 0);
    assert_int_equal(listen(server->listener, 128), 0);
    assert_int_equal(getsockname(server->listener, (struct sockaddr *)&address, &len), 0);
    server->port = ntohs(address.sin_port);
    assert_int_equal(pthread_create(&server->acceptor, NULL, loopback_accept, server), 0);
}

static inline void loopback_close(struct loopback *server)
{
    atomic_store(&server->stop, 1);
    (void)pthread_join(server->acceptor, NULL);
    for (size_t i = 0; i < server->worker_count; i++)
        (void)pthread_join(server->workers[i], NULL);
    (void)close(server->listener);
    (void)pthread_mutex_destroy(&server->lock);
}

/* Whether the last request's bytes hold `part`. */
static inline bool loopback_saw(struct loopback *server, const char *part)
{
    bool found;

    (void)pthread_mutex_lock(&server->lock);
    found = strstr(server->last, part) != NULL;
    (void)pthread_mutex_unlock(&server->lock);
    return found;
}

/* An environment with at most one variable. */
struct loopback_env {
    const char *name, *value;
};

static inline const char *loopback_env_get(void *ctx, const char *name)
{
    const struct loopback_env *env = ctx;

    return env->name != NULL && strcmp(env->name, name) == 0 ? env->value : NULL;
}
