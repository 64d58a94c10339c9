/*
 * One exchange over libcurl: what the transport of one at a time and that of many share. Header
 * lines and body live in a buffer of our own, which is wiped when the exchange ends. Verbose output
 * is never switched on: it would show headers.
 */
#pragma once

#include <curl/curl.h>

#include "client/transport.h"

#define MLN_EXCHANGE_HEADERS_MAX ((size_t)32)

struct mln_exchange {
    CURL *easy;
    struct mln_http_response response;
    struct mln_buf text; /* Header lines and body, each line with its NUL. */
    struct curl_slist rows[MLN_EXCHANGE_HEADERS_MAX];
    size_t row_count;
    bool retry_after_is_exact; /* x-acs-retry-after was there. */
};

/* The library's own start and end, counted; from any thread. MLN_EIO. */
MLN_MUST_USE int mln_curl_begin(struct mln_err *err);
void mln_curl_end(void);

/* MLN_ENOMEM. */
MLN_MUST_USE int mln_exchange_init(struct mln_exchange *exchange, struct mln_err *err);
/* The easy handle must be out of its multi handle. */
void mln_exchange_fini(struct mln_exchange *exchange);

/*
 * Sets everything for `request`, which is copied; what the exchange held before is wiped. `many`:
 * HTTP/2 and shared connections are welcome. MLN_EDENIED: plain http to somewhere else than this
 * machine; MLN_EINVAL: not a URL of ours, or too many headers.
 */
MLN_MUST_USE int mln_exchange_prepare(struct mln_exchange *exchange,
        const struct mln_curl_options *options, const struct mln_http_request *request, bool many,
        struct mln_err *err);

/* Where the answer's bytes go; the library's callbacks. */
size_t mln_exchange_on_body(char *bytes, size_t size, size_t count, void *ctx);
size_t mln_exchange_on_header(char *bytes, size_t size, size_t count, void *ctx);

/*
 * What came of it: fills status or failure of the response; codes as of mln_transport.send. Wipes
 * what was sent.
 */
MLN_MUST_USE int mln_exchange_end(
        struct mln_exchange *exchange, CURLcode code, struct mln_err *err);
/* Whether a byte of the request may have left. */
bool mln_exchange_bytes_left(const struct mln_exchange *exchange);
