/* From a request of ours to the library's options; and the library's start and end. */
#include <pthread.h>
#include <stdio.h>

#include "client/curl_exchange.h"

#define TEXT_MAX        ((size_t)2 * 1024 * 1024)
#define DNS_CACHE_S     300L
#define PROTOCOLS_PLAIN "http,https"

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static size_t users;

int mln_curl_begin(struct mln_err *err)
{
    bool ok = true;

    (void)pthread_mutex_lock(&lock);
    if (users == 0)
        ok = curl_global_init(CURL_GLOBAL_DEFAULT) == CURLE_OK;
    users += ok;
    (void)pthread_mutex_unlock(&lock);
    return ok ? MLN_OK : mln_fail(err, MLN_EIO, "the HTTP library does not start");
}

void mln_curl_end(void)
{
    (void)pthread_mutex_lock(&lock);
    if (--users == 0)
        curl_global_cleanup();
    (void)pthread_mutex_unlock(&lock);
}

int mln_exchange_init(struct mln_exchange *exchange, struct mln_err *err)
{
    *exchange = (struct mln_exchange){ .text = MLN_BUF_INIT(TEXT_MAX) };
    mln_http_response_init(&exchange->response);
    exchange->easy = curl_easy_init();
    return exchange->easy != NULL ? MLN_OK : mln_fail(err, MLN_ENOMEM, "out of memory");
}

static void wipe(struct mln_exchange *exchange)
{
    mln_buf_wipe(&exchange->text);
    exchange->row_count = 0;
}

void mln_exchange_fini(struct mln_exchange *exchange)
{
    if (exchange->easy != NULL)
        curl_easy_cleanup(exchange->easy);
    mln_buf_wipe_free(&exchange->text);
    mln_http_response_fini(&exchange->response);
    exchange->easy = NULL;
}

/* ---- where it goes ---- */

enum reach { REACH_NETWORK, REACH_LINK, REACH_LOOPBACK };

static int judge_url(const struct mln_http_request *request, enum reach *out, struct mln_err *err)
{
    struct mln_str url = mln_str_of(request->url), host;
    bool https = mln_str_starts(url, MLN_STR("https://"));
    struct mln_endpoint endpoint = { 0 };
    size_t skip = https ? 8 : 7;
    int rc;

    if (!https && !mln_str_starts(url, MLN_STR("http://")))
        return mln_fail(err, MLN_EINVAL, "a request goes to an https:// URL");
    host = (struct mln_str){ url.ptr + skip, strcspn(url.ptr + skip, "/?#") };
    rc = mln_endpoint_parse(host, &endpoint, err);
    if (rc != MLN_OK)
        return mln_wrap(err, rc, "URL of a request");
    *out = endpoint.loopback ? REACH_LOOPBACK : REACH_NETWORK;
    if (request->link_local && strcmp(endpoint.host, MLN_METADATA_HOST) == 0)
        *out = REACH_LINK;
    if (!https && *out == REACH_NETWORK)
        return mln_fail(err, MLN_EDENIED,
                "plain http goes to this machine only, not to %s: use https", endpoint.host);
    return MLN_OK;
}

static const char *first_of(const struct mln_env *env, const char *const *names, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        const char *value = mln_env_get(env, names[i]);

        if (value != NULL)
            return value;
    }
    return NULL;
}

/*
 * Read from `env` here: the library would ask the process's own environment. Through a tunnel each
 * connection carries one exchange at a time: with HTTP/2 (libcurl 7.88) tunnels break off now and
 * then, and every exchange on them with them.
 */
static bool set_proxy(CURL *easy, const struct mln_env *env, enum reach reach)
{
    static const char *const proxies[] = { "https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY" };
    static const char *const exceptions[] = { "no_proxy", "NO_PROXY" };
    const char *proxy = NULL, *none = NULL;

    /* A proxy elsewhere has no business with this machine's own traffic. */
    if (reach == REACH_NETWORK) {
        proxy = first_of(env, proxies, MLN_LEN(proxies));
        none = first_of(env, exceptions, MLN_LEN(exceptions));
    }
    if (proxy != NULL && (curl_easy_setopt(easy, CURLOPT_HTTP_VERSION,
                                  (long)CURL_HTTP_VERSION_1_1) != CURLE_OK ||
                                 curl_easy_setopt(easy, CURLOPT_PIPEWAIT, 0L) != CURLE_OK))
        return false;
    return curl_easy_setopt(easy, CURLOPT_PROXY, proxy != NULL ? proxy : "") == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_NOPROXY, none != NULL ? none : "") == CURLE_OK;
}

static bool set_trust(CURL *easy, const struct mln_curl_options *options)
{
    static const char *const names[] = { "CURL_CA_BUNDLE", "SSL_CERT_FILE" };
    const char *cacert = options->cacert;

    if (cacert == NULL)
        cacert = first_of(options->env, names, MLN_LEN(names));
    /*
     * One file and no folder of certificates beside it: it says by itself whom to trust, and the
     * library reads it once rather than for every connection.
     */
    return curl_easy_setopt(easy, CURLOPT_CAPATH, NULL) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_PROXY_CAPATH, NULL) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_SSL_VERIFYPEER, 1L) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_SSL_VERIFYHOST, 2L) == CURLE_OK &&
           (cacert == NULL ||
                   (curl_easy_setopt(easy, CURLOPT_CAINFO, cacert) == CURLE_OK &&
                           curl_easy_setopt(easy, CURLOPT_PROXY_CAINFO, cacert) == CURLE_OK));
}

static bool set_numbers(CURL *easy, const struct mln_curl_options *options,
        const struct mln_http_request *request, bool many)
{
    int64_t connect_ms = request->connect_timeout_ms, timeout_ms = request->timeout_ms;
    long version = many ? (long)CURL_HTTP_VERSION_2TLS : (long)CURL_HTTP_VERSION_1_1;

    if (connect_ms <= 0)
        connect_ms = options->connect_timeout_ms;
    if (connect_ms <= 0)
        connect_ms = MLN_CONNECT_TIMEOUT_MS;
    if (timeout_ms <= 0)
        timeout_ms = MLN_READ_TIMEOUT_MS;
    const struct {
        CURLoption option;
        long value;
    } rows[] = {
        { CURLOPT_CONNECTTIMEOUT_MS, (long)connect_ms },
        { CURLOPT_DISALLOW_USERNAME_IN_URL, 1 },
        { CURLOPT_DNS_CACHE_TIMEOUT, DNS_CACHE_S },
        { CURLOPT_FOLLOWLOCATION, 0 },
        { CURLOPT_FRESH_CONNECT, request->fresh_connection },
        { CURLOPT_HTTP_VERSION, version },
        { CURLOPT_NETRC, CURL_NETRC_IGNORED },
        { CURLOPT_NOSIGNAL, 1 },
        { CURLOPT_PATH_AS_IS, 1 }, /* The path is what was signed. */
        { CURLOPT_PIPEWAIT, many },
        { CURLOPT_SUPPRESS_CONNECT_HEADERS, 1 },
        { CURLOPT_TIMEOUT_MS, (long)timeout_ms },
    };
    bool ok = true;

    for (size_t i = 0; i < MLN_LEN(rows); i++)
        ok = ok && curl_easy_setopt(easy, rows[i].option, rows[i].value) == CURLE_OK;
    return ok;
}

static bool set_callbacks(CURL *easy, struct mln_exchange *exchange)
{
    return curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, mln_exchange_on_body) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_WRITEDATA, exchange) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, mln_exchange_on_header) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_HEADERDATA, exchange) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_PRIVATE, exchange) == CURLE_OK;
}

/* ---- what is sent ---- */

static bool set_method(struct mln_exchange *exchange, const struct mln_http_request *request)
{
    CURL *easy = exchange->easy;
    size_t from = exchange->text.len;

    if (request->method == MLN_HTTP_GET)
        return curl_easy_setopt(easy, CURLOPT_HTTPGET, 1L) == CURLE_OK;
    mln_buf_add(&exchange->text, request->body);
    return exchange->text.code == MLN_OK && curl_easy_setopt(easy, CURLOPT_POST, 1L) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)request->body.len) ==
                   CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_POSTFIELDS, exchange->text.ptr + from) == CURLE_OK &&
           (request->method != MLN_HTTP_PUT ||
                   curl_easy_setopt(easy, CURLOPT_CUSTOMREQUEST, "PUT") == CURLE_OK);
}

static void add_row(struct mln_exchange *exchange, struct mln_str name, struct mln_str value)
{
    struct mln_buf *text = &exchange->text;
    struct curl_slist *row = &exchange->rows[exchange->row_count];

    *row = (struct curl_slist){ .data = text->ptr + text->len };
    mln_buf_add(text, name);
    /* A name without a value takes away what the library would add. */
    mln_buf_add_cstr(text, value.len > 0 ? ": " : ":");
    mln_buf_add(text, value);
    mln_buf_add_char(text, '\0');
    if (exchange->row_count++ > 0)
        row[-1].next = row;
}

static bool has_line_break(struct mln_str value)
{
    return value.len > 0 && (memchr(value.ptr, '\n', value.len) != NULL ||
                                    memchr(value.ptr, '\r', value.len) != NULL);
}

/* Room for all of it first: the rows point into the text. */
static int reserve(
        struct mln_exchange *exchange, const struct mln_http_request *request, struct mln_err *err)
{
    size_t bytes = 64 + request->body.len;

    if (request->header_count + 2 > MLN_EXCHANGE_HEADERS_MAX)
        return mln_fail(
                err, MLN_EINVAL, "a request has at most %zu headers", MLN_EXCHANGE_HEADERS_MAX - 2);
    for (size_t i = 0; i < request->header_count; i++) {
        const struct mln_header *header = &request->headers[i];

        if (has_line_break(header->value))
            return mln_fail(
                    err, MLN_EINVAL, "the header %.*s holds a line break", MLN_FMT(header->name));
        bytes += header->name.len + header->value.len + 4;
    }
    if (mln_buf_reserve(&exchange->text, bytes))
        return MLN_OK;
    return mln_fail(err, exchange->text.code, "a request of %zu bytes is too large", bytes);
}

static bool set_request(struct mln_exchange *exchange, const struct mln_http_request *request)
{
    bool ok = set_method(exchange, request);

    add_row(exchange, MLN_STR("Expect"), MLN_STR(""));
    if (request->body.len == 0)
        add_row(exchange, MLN_STR("Content-Type"), MLN_STR(""));
    for (size_t i = 0; i < request->header_count; i++)
        add_row(exchange, request->headers[i].name, request->headers[i].value);
    return ok && exchange->text.code == MLN_OK &&
           curl_easy_setopt(exchange->easy, CURLOPT_URL, request->url) == CURLE_OK &&
           curl_easy_setopt(exchange->easy, CURLOPT_HTTPHEADER, exchange->rows) == CURLE_OK;
}

int mln_exchange_prepare(struct mln_exchange *exchange, const struct mln_curl_options *options,
        const struct mln_http_request *request, bool many, struct mln_err *err)
{
    enum reach reach = REACH_NETWORK;
    CURL *easy = exchange->easy;
    int rc = judge_url(request, &reach, err);

    wipe(exchange);
    if (rc == MLN_OK)
        rc = reserve(exchange, request, err);
    if (rc != MLN_OK)
        return rc;
    mln_http_response_fini(&exchange->response);
    mln_http_response_init(&exchange->response);
    exchange->retry_after_is_exact = false;
    curl_easy_reset(easy);
    if (!set_numbers(easy, options, request, many) || !set_proxy(easy, options->env, reach) ||
            !set_trust(easy, options) || !set_callbacks(easy, exchange) ||
            !set_request(exchange, request) ||
            curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR,
                    reach == REACH_NETWORK ? "https" : PROTOCOLS_PLAIN) != CURLE_OK)
        return mln_fail(err, MLN_EIO, "the HTTP library refused an option");
    return MLN_OK;
}
