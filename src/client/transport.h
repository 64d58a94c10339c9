/*
 * HTTP exchanges. The vtable lets tests answer without a network; the product uses libcurl.
 * http:// goes to loopback only, redirects are never followed, answers are bounded.
 */
#pragma once

#include "acs/sign.h"
#include "base/env.h"

#define MLN_RESPONSE_MAX       ((size_t)16 * 1024 * 1024)
#define MLN_CONNECT_TIMEOUT_MS 5000
#define MLN_READ_TIMEOUT_MS    30000 /* A call that only reads, as a whole. */
#define MLN_WRITE_TIMEOUT_MS   10000

/* The instance metadata service, at the same address on every machine of the cloud. */
#define MLN_METADATA_HOST "100.100.100.200"

enum mln_http_method { MLN_HTTP_POST, MLN_HTTP_GET, MLN_HTTP_PUT };

struct mln_http_request {
    const char *url; /* Absolute. */
    enum mln_http_method method;
    const struct mln_header *headers;
    size_t header_count;
    struct mln_str body;        /* Of a POST or PUT; a form unless a header says otherwise. */
    int64_t timeout_ms;         /* For the exchange as a whole. */
    int64_t connect_timeout_ms; /* 0: the transport's own. */
    bool fresh_connection;      /* A reused connection may make the library send twice. */
    bool link_local;            /* Plain http to MLN_METADATA_HOST, never over a proxy. */
};

/* Why no answer arrived. */
enum mln_http_failure {
    MLN_HTTP_ANSWERED,
    MLN_HTTP_NO_NAME, /* The host's name does not resolve. */
    MLN_HTTP_NO_CONNECTION,
    MLN_HTTP_CERTIFICATE, /* It does not verify: not worth a retry. */
    MLN_HTTP_TIMED_OUT,
    MLN_HTTP_TOO_LARGE,
    MLN_HTTP_BROKEN /* Cut off, not HTTP, and everything else. */
};

struct mln_http_response {
    enum mln_http_failure failure;
    int status;
    struct mln_buf body;
    int64_t retry_after_ms; /* x-acs-retry-after (ms), or Retry-After (s); -1: neither. */
    int64_t date_ms;        /* The Date header; 0: none. */
    char request_id[64];    /* x-acs-request-id, x-oss-request-id; "": none */
};

void mln_http_response_init(struct mln_http_response *response);
/* Wipes and frees the body. For MLN_AUTO too. */
void mln_http_response_fini(struct mln_http_response *response);

/*
 * Sends one request and waits. MLN_OK when an answer arrived, whatever its status; MLN_ETRANSIENT
 * (network, time-out), MLN_ETOOBIG, MLN_EIO (the certificate does not verify, not worth a retry).
 * `bytes_left` says, also on failure, whether any byte of the request may have left.
 */
struct mln_transport {
    int (*send)(void *ctx, const struct mln_http_request *request,
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

/* ---- many exchanges at once, on the caller's thread ---- */
struct mln_multi;
/*
 * Connections are kept alive and shared per host (HTTP/2 where the server offers it), at most
 * `connections_max` of them. Not for two threads at once.
 */
MLN_MUST_USE int mln_multi_new(const struct mln_curl_options *options, size_t connections_max,
        struct mln_multi **out, struct mln_err *err);
/* Drops what is under way. */
void mln_multi_free(struct mln_multi *multi);
/* Starts an exchange; everything of `request` is copied. `owner` comes back with the answer. */
MLN_MUST_USE int mln_multi_add(struct mln_multi *multi, const struct mln_http_request *request,
        void *owner, struct mln_err *err);
size_t mln_multi_running(const struct mln_multi *multi);

struct mln_multi_done {
    void *owner;
    int code;          /* As of mln_transport.send; MLN_OK: answered. */
    char message[160]; /* Of a failure. */
    bool went_along;   /* Its connection broke, and an exchange before it has told so. */
    struct mln_http_response response; /* The caller's: mln_http_response_fini(). */
};
/*
 * Waits up to `timeout_ms` (0: only looks), and 100 ms at most, for one exchange to end; also when
 * none is under way. MLN_ENOTFOUND: none did; also after a signal, so that the caller can look at
 * its stop flag.
 */
MLN_MUST_USE int mln_multi_wait(struct mln_multi *multi, int64_t timeout_ms,
        struct mln_multi_done *out, struct mln_err *err);

/* Where calls go. */
struct mln_endpoint {
    bool https;
    char host[256]; /* As in the Host header: with the port unless it is the scheme's own. */
    bool loopback;
    bool link_local; /* The instance metadata service: plain http, and no credentials go there. */
};

/*
 * Reads "host", "host:port", "https://host[:port][/]" or, to loopback only,
 * "http://host[:port][/]". A path, query, user name or anything else is MLN_EINVAL; plain http
 * elsewhere MLN_EDENIED.
 */
MLN_MUST_USE int mln_endpoint_parse(
        struct mln_str text, struct mln_endpoint *out, struct mln_err *err);
/* The "https://host[:port]" or "http://host[:port]" that a URL begins with; "" when neither. */
struct mln_str mln_url_origin(struct mln_str url);
