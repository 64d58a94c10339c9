/* What the files of the HTTP layer share: the server, a request on its way, connections. */
#pragma once

#include <microhttpd.h>
#include <pthread.h>
#include <sys/socket.h>

#include "api/call.h"
#include "api/server.h"

#define ADDRESS_TEXT_MAX 64

/* ---- connections and their deadline (deadline.c) ---- */

struct connection {
    struct connection *previous, *next;
    int fd;
    atomic_int_fast64_t deadline_ms; /* Monotonic; 0: the server is at work, no deadline. */
    char address[ADDRESS_TEXT_MAX];
};

/*
 * A socket that we close first while its client may still be sending: closing it with unread bytes
 * would reset the connection, and the client would lose the answer. It is read empty for a moment.
 */
struct lingerer {
    int fd;
    int64_t until_ms;
};

#define LINGER_MAX ((size_t)64)

struct watch {
    struct mln_server *server;
    pthread_mutex_t lock; /* Guards everything below but `thread`. */
    pthread_cond_t wake;
    struct connection *first;
    struct lingerer lingering[LINGER_MAX];
    size_t linger_count;
    bool stopping, running;
    pthread_t thread;
};

MLN_MUST_USE int watch_start(struct watch *watch, struct mln_server *server, struct mln_err *err);
void watch_stop(struct watch *watch);

/* For MHD_OPTION_NOTIFY_CONNECTION; `cls` is the server, `socket_context` the struct connection. */
void watch_connection(void *cls, struct MHD_Connection *http, void **socket_context,
        enum MHD_ConnectionNotificationCode code);

/* linger.c; all with the watch's lock held. */
void linger_add(struct watch *watch, int fd);
void linger_sweep(struct watch *watch);
void linger_close_all(struct watch *watch);

/* From now on the client must get on: a request must arrive, an answer must leave. */
void connection_expect(
        struct connection *connection, const struct mln_server *server, int64_t now_ms);
/* The server is at work: nothing is expected from the client. */
void connection_pause(struct connection *connection);

/* ---- a request on its way (exchange.c) ---- */

enum stage {
    STAGE_NEW,      /* Nothing but the request line is known. */
    STAGE_BODY,     /* The body arrives. */
    STAGE_OVERFLOW, /* It is too large: read on, keep nothing. */
    STAGE_WORKING,  /* Suspended, in the queue of writes. */
    STAGE_DONE,     /* The answer stands in call.out. */
};

struct exchange {
    struct exchange *next; /* In a lane's free list or in the queue. */
    struct mln_server *server;
    struct pool_lane *owner;
    struct connection *connection;
    struct MHD_Connection *http;
    enum stage stage;
    int64_t start_ms;
    struct mln_str path;
    const char *content_type; /* Of the answer, when it is a page. */
    bool closes;              /* Nothing that follows this request is read. */
    struct mln_buf body;
    struct mln_call call;
    struct mln_header headers[MLN_HEADERS_MAX];
    size_t header_count;
};

/*
 * Lines of the access log that wait to be written together. Only a thread that serves more than a
 * thousand requests a second holds lines back, and no longer than until the watch's next round.
 */
struct log_batch {
    pthread_mutex_t lock; /* Of this thread, and of the watch once a round. */
    struct mln_buf lines;
    int64_t since_ms; /* When the current stretch of time began ... */
    int64_t count;    /* ... and the lines in it. */
};

/* What a connection-serving thread owns. */
struct pool_lane {
    struct pool_lane *next;
    struct mln_lane lane;
    struct exchange *idle;
    size_t idle_count;
    struct log_batch log;
};

/* For MHD_OPTION_URI_LOG_CALLBACK: makes the exchange, with the URI as it was sent. */
void *exchange_begin(void *cls, const char *uri, struct MHD_Connection *http);
/* For MHD_OPTION_NOTIFY_COMPLETED. */
void exchange_end(
        void *cls, struct MHD_Connection *http, void **state, enum MHD_RequestTerminationCode why);
void pool_lane_free(struct pool_lane *lane);

/* access_log.c: one line about a finished request; `status` 0: the client left. */
void access_log(const struct exchange *exchange, int status, int64_t ms);
/* Writes the lines that every thread holds back. */
void access_log_flush(struct mln_server *server);
void log_batch_init(struct log_batch *batch);
void log_batch_fini(struct log_batch *batch);

/* ---- HTTP (http.c, pages.c) ---- */

enum MHD_Result http_handle(void *cls, struct MHD_Connection *http, const char *url,
        const char *method, const char *version, const char *upload, size_t *upload_len,
        void **state);

/* Answers a page (health, metrics, console) into the call; false when the request is not for one.
 */
bool page_answer(struct exchange *exchange);

/* ---- the queue of writes (writes.c) ---- */

#define WRITE_THREADS 2

struct write_worker {
    pthread_t thread;
    struct mln_lane lane;
    struct writes *writes;
};

struct writes {
    struct mln_server *server;
    pthread_mutex_t lock; /* Guards everything below. */
    pthread_cond_t wake;
    struct exchange *first, *last;
    size_t count;
    bool stopping, hurried; /* hurried: answer what is left without doing it. */
    size_t thread_count;    /* Started ones. */
    struct write_worker worker[WRITE_THREADS];
};

MLN_MUST_USE int writes_start(
        struct writes *writes, struct mln_server *server, struct mln_err *err);
/* Suspends the connection and queues its call; false when the queue is full. */
bool writes_submit(struct writes *writes, struct exchange *exchange);
/* Refuses what still waits. */
void writes_hurry(struct writes *writes);
void writes_stop(struct writes *writes);

/* ---- the listening socket and TLS (listen.c, tls.c) ---- */

struct listener {
    int fd;
    unsigned port;
    bool is_loopback;
};

/* Binds and listens; a plain address beyond loopback is refused unless `any_address`. */
MLN_MUST_USE int listener_open(
        const char *address, bool any_address, struct listener *out, struct mln_err *err);

/*
 * How many of `wished` connections the process has descriptors for, beside those that the server
 * itself needs; raises the soft limit as far as it may.
 */
unsigned listener_room(unsigned wished, unsigned threads);

/* "192.0.2.7", "2001:db8::1"; IPv4 in IPv6 is shown as IPv4. */
void address_text(const struct sockaddr *address, char out[ADDRESS_TEXT_MAX]);

struct tls {
    struct mln_buf cert, key;
};

MLN_MUST_USE int tls_load(
        const char *cert_path, const char *key_path, struct tls *out, struct mln_err *err);
void tls_free(struct tls *tls);

/* ---- the server (server.c) ---- */

struct mln_server {
    struct mln_server_options options; /* With the defaults filled in. */
    struct mln_gateway gateway;
    struct mln_metrics metrics;
    struct listener listener;
    struct tls tls;
    bool is_tls;
    struct MHD_Daemon *daemon;
    char start_failure[256]; /* What the HTTP library said when it did not start. */
    struct watch watch;
    struct writes writes;
    struct mln_scans *scans;
    atomic_bool stopping;
    pthread_mutex_t lanes_lock;
    struct pool_lane *lanes;
};

/* This thread's lane; made when the thread serves its first request. NULL without memory. */
struct pool_lane *server_lane(struct mln_server *server);
