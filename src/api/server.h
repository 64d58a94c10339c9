/*
 * The API server: HTTP and HTTPS on one address, the cloud's RPC protocol on `/`, and a few pages
 * for operators (/healthz, /readyz, /metrics). Reads run on the threads that serve connections;
 * writes wait in a bounded queue for threads of their own, because a store has one writer at a
 * time.
 */
#pragma once

#include "base/clock.h"
#include "base/log.h"
#include "base/random.h"

struct mln_live_source;
struct mln_seal;
struct mln_server;

#define MLN_BODY_MAX_DEFAULT           ((size_t)1024 * 1024)
#define MLN_CONNECTIONS_MAX_DEFAULT    4096
#define MLN_CONNECTIONS_PER_ADDRESS    256
#define MLN_REQUEST_TIMEOUT_MS_DEFAULT ((int64_t)30 * 1000)
#define MLN_SERVER_STOP_MS             ((int64_t)8 * 1000) /* What stop waits for work in flight. */
#define MLN_WRITES_QUEUED_MAX          ((size_t)256)
#define MLN_SERVER_THREADS_MAX         64

/* Zeroed members mean the default. Everything pointed to must outlive the server. */
struct mln_server_options {
    const char *listen; /* "127.0.0.1:8080", "[::1]:8080", "localhost:0"; port 0: any free one */
    const char *store_url;
    const char *tls_cert_path, *tls_key_path; /* PEM; both or neither */
    bool insecure_http; /* Allows plain HTTP on an address that is not loopback. */

    const char *const *catalogs; /* Folders beside the built-in catalogue, for scans. */
    size_t catalog_count;
    const struct mln_live_source *live; /* For scans of the live cloud; NULL: none are made. */

    const struct mln_seal *seal;
    int64_t skew_ms;        /* Accepted difference of clocks; 15 minutes */
    int64_t requests_per_s; /* per user; 1,000 */
    int64_t failures_per_s; /* failed authentications per address; 200 */
    size_t nonces_max;

    size_t body_max; /* bytes; 1 MiB */
    unsigned connections_max, connections_per_address;
    int64_t request_timeout_ms; /* for a request to arrive, and for its answer to leave */
    unsigned threads;           /* one per processor */

    const struct mln_log *log; /* Access lines at level info. */
    const struct mln_clock *clock;
    const struct mln_random *random;
};

/*
 * Opens the store, binds the address and serves. MLN_ECONFIG for a wrong, refused or busy address
 * and for unusable certificates; the message names the address or file. Store errors pass through.
 */
MLN_MUST_USE int mln_server_start(
        const struct mln_server_options *options, struct mln_server **out, struct mln_err *err);

/* The port that is listened on. */
unsigned mln_server_port(const struct mln_server *server);

/*
 * Stops accepting, lets requests in flight finish (MLN_SERVER_STOP_MS at most), then closes every
 * connection and thread. Safe to repeat.
 */
void mln_server_stop(struct mln_server *server);

/* Stops, if need be, and frees. */
void mln_server_free(struct mln_server *server);
