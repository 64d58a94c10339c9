/*
 * One HTTP exchange. The vtable lets tests answer without a network; the product uses libcurl.
 * http:// goes to loopback only, redirects are never followed, answers are bounded.
 */
#pragma once

#include "acs/sign.h"
#include "base/env.h"

#define MLN_RESPONSE_MAX       ((size_t)16 * 1024 * 1024)
#define MLN_CONNECT_TIMEOUT_MS 5000
#define MLN_READ_TIMEOUT_MS    30000 /* A call that only reads, as a whole. */
#define MLN_WRITE_TIMEOUT_MS   10000

struct mln_http_request {
    const char *url; /* Absolute. */
    const struct mln_header *headers;
    size_t header_count;
    int64_t timeout_ms;
    bool fresh_connection; /* A reused connection may make the library send twice. */
};

struct mln_http_response {
    int status;
    struct mln_buf body;
    int64_t retry_after_ms; /* -1: no x-acs-retry-after. */
    int64_t date_ms;        /* The Date header; 0: none. */
};

void mln_http_response_init(struct mln_http_response *response);
void mln_http_response_fini(struct mln_http_response *response);

/*
 * Sends a POST with an empty body. MLN_OK when an answer arrived, whatever its status;
 * MLN_ETRANSIENT (network, time-out), MLN_ETOOBIG, MLN_EIO (the certificate does not verify, not
 * worth a retry). `bytes_left` says, also on failure, whether any byte of the request may have
 * left.
 */
struct mln_transport {
    int (*post)(void *ctx, const struct mln_http_request *request,
            struct mln_http_response *response, bool *bytes_left, struct mln_err *err);
    void *ctx;
};

struct mln_curl_options {
    const struct mln_env *env;
    const char *cacert;         /* NULL: CURL_CA_BUNDLE, SSL_CERT_FILE, the system's. */
    int64_t connect_timeout_ms; /* 0: MLN_CONNECT_TIMEOUT_MS */
};

struct mln_curl;
MLN_MUST_USE int mln_curl_new(
        const struct mln_curl_options *options, struct mln_curl **out, struct mln_err *err);
void mln_curl_free(struct mln_curl *curl);
struct mln_transport mln_curl_transport(struct mln_curl *curl);

/* Where calls go. */
struct mln_endpoint {
    bool https;
    char host[256]; /* As in the Host header: with the port unless it is the scheme's own. */
    bool loopback;
};

/*
 * Reads "host", "host:port", "https://host[:port][/]" or, to loopback only,
 * "http://host[:port][/]". A path, query, user name or anything else is MLN_EINVAL; plain http
 * elsewhere MLN_EDENIED.
 */
MLN_MUST_USE int mln_endpoint_parse(
        struct mln_str text, struct mln_endpoint *out, struct mln_err *err);
