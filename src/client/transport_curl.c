/*
 * The transport over libcurl. Nothing is initialised before the first exchange, so that commands
 * that never call the network start fast. Verbose output is never switched on: it would show
 * headers.
 */
#include <curl/curl.h>
#include <stdio.h>

#include "client/transport.h"

struct mln_curl {
    struct mln_curl_options options;
    CURL *easy;
};

struct header_rows {
    struct curl_slist *list;
};

void mln_http_response_init(struct mln_http_response *response)
{
    *response = (struct mln_http_response){ .body = MLN_BUF_INIT(MLN_RESPONSE_MAX),
        .retry_after_ms = -1 };
}

void mln_http_response_fini(struct mln_http_response *response)
{
    mln_buf_free(&response->body);
}

int mln_curl_new(const struct mln_curl_options *options, struct mln_curl **out, struct mln_err *err)
{
    struct mln_curl *curl = calloc(1, sizeof(*curl));

    if (curl == NULL)
        return mln_fail(err, MLN_ENOMEM, "out of memory");
    curl->options = *options;
    *out = curl;
    return MLN_OK;
}

void mln_curl_free(struct mln_curl *curl)
{
    if (curl == NULL)
        return;
    if (curl->easy != NULL) {
        curl_easy_cleanup(curl->easy);
        curl_global_cleanup();
    }
    free(curl);
}

static int open_easy(struct mln_curl *curl, struct mln_err *err)
{
    if (curl->easy != NULL)
        return MLN_OK;
    if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK)
        return mln_fail(err, MLN_EIO, "the HTTP library does not start");
    curl->easy = curl_easy_init();
    if (curl->easy == NULL) {
        curl_global_cleanup();
        return mln_fail(err, MLN_ENOMEM, "out of memory");
    }
    return MLN_OK;
}

/* NOLINTNEXTLINE(readability-non-const-parameter): the library sets the type */
static size_t on_body(char *bytes, size_t size, size_t count, void *ctx)
{
    struct mln_http_response *response = ctx;

    mln_buf_add(&response->body, (struct mln_str){ bytes, size * count });
    return response->body.code == MLN_OK ? size * count : 0;
}

/* NOLINTNEXTLINE(readability-non-const-parameter): the library sets the type */
static size_t on_header(char *bytes, size_t size, size_t count, void *ctx)
{
    struct mln_http_response *response = ctx;
    struct mln_str line = { bytes, size * count }, name, value = { 0 };
    int64_t number = 0;

    if (!mln_str_next(&line, ':', &name))
        return size * count;
    value = mln_str_trim(line);
    if (mln_str_eq_nocase(name, MLN_STR("x-acs-retry-after"))) {
        if (mln_str_to_i64(value, &number) == MLN_OK && number >= 0)
            response->retry_after_ms = number;
    } else if (mln_str_eq_nocase(name, MLN_STR("date")) && value.len < 64) {
        char text[64];
        time_t when;

        (void)snprintf(text, sizeof(text), "%.*s", MLN_FMT(value));
        when = curl_getdate(text, NULL);
        if (when > 0)
            response->date_ms = (int64_t)when * 1000;
    }
    return size * count;
}

static void free_rows(struct header_rows *rows)
{
    curl_slist_free_all(rows->list);
}

static bool add_row(struct header_rows *rows, const char *line)
{
    struct curl_slist *list = curl_slist_append(rows->list, line);

    if (list == NULL)
        return false;
    rows->list = list;
    return true;
}

static bool set_headers(
        CURL *easy, const struct mln_http_request *request, struct header_rows *rows)
{
    MLN_AUTO(mln_buf_free) struct mln_buf line = MLN_BUF_INIT(64 * 1024);
    /* The library would add these two on its own, and they are not part of the protocol. */
    bool ok = add_row(rows, "Content-Type:") && add_row(rows, "Expect:");

    for (size_t i = 0; ok && i < request->header_count; i++) {
        mln_buf_reset(&line);
        mln_buf_addf(&line, "%.*s: %.*s", MLN_FMT(request->headers[i].name),
                MLN_FMT(request->headers[i].value));
        ok = line.code == MLN_OK && add_row(rows, line.ptr);
    }
    if (line.ptr != NULL)
        explicit_bzero(line.ptr, line.cap);
    return ok && curl_easy_setopt(easy, CURLOPT_HTTPHEADER, rows->list) == CURLE_OK;
}

static bool url_is_loopback(const char *url)
{
    struct mln_str text = mln_str_of(url), host;
    struct mln_endpoint endpoint;
    struct mln_err err;
    size_t skip = mln_str_starts(text, MLN_STR("https://")) ? 8 : 7;

    host = (struct mln_str){ text.ptr + skip, strcspn(text.ptr + skip, "/?") };
    return mln_endpoint_parse(host, &endpoint, &err) == MLN_OK && endpoint.loopback;
}

static bool set_options(struct mln_curl *curl, const struct mln_http_request *request,
        struct mln_http_response *response)
{
    CURL *easy = curl->easy;
    const char *cacert = curl->options.cacert;
    bool loopback = url_is_loopback(request->url);
    long connect_ms = curl->options.connect_timeout_ms > 0 ? (long)curl->options.connect_timeout_ms
                                                           : MLN_CONNECT_TIMEOUT_MS;
    bool ok = curl_easy_setopt(easy, CURLOPT_URL, request->url) == CURLE_OK;

    if (cacert == NULL)
        cacert = mln_env_get(curl->options.env, "CURL_CA_BUNDLE");
    if (cacert == NULL)
        cacert = mln_env_get(curl->options.env, "SSL_CERT_FILE");
    ok = ok && curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, loopback ? "http,https" : "https") ==
                       CURLE_OK;
    ok = ok && curl_easy_setopt(easy, CURLOPT_FOLLOWLOCATION, 0L) == CURLE_OK;
    ok = ok && curl_easy_setopt(easy, CURLOPT_POST, 1L) == CURLE_OK;
    ok = ok && curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE, 0L) == CURLE_OK;
    ok = ok && curl_easy_setopt(easy, CURLOPT_POSTFIELDS, "") == CURLE_OK;
    ok = ok && curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L) == CURLE_OK;
    ok = ok && curl_easy_setopt(easy, CURLOPT_NETRC, (long)CURL_NETRC_IGNORED) == CURLE_OK;
    ok = ok &&
         curl_easy_setopt(easy, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1) == CURLE_OK;
    ok = ok &&
         curl_easy_setopt(easy, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2) == CURLE_OK;
    ok = ok && curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS, connect_ms) == CURLE_OK;
    ok = ok && curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, (long)request->timeout_ms) == CURLE_OK;
    ok = ok && curl_easy_setopt(easy, CURLOPT_FRESH_CONNECT, request->fresh_connection ? 1L : 0L) ==
                       CURLE_OK;
    ok = ok && curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, on_body) == CURLE_OK;
    ok = ok && curl_easy_setopt(easy, CURLOPT_WRITEDATA, response) == CURLE_OK;
    ok = ok && curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, on_header) == CURLE_OK;
    ok = ok && curl_easy_setopt(easy, CURLOPT_HEADERDATA, response) == CURLE_OK;
    if (loopback) /* A proxy elsewhere has no business with this machine's own traffic. */
        ok = ok && curl_easy_setopt(easy, CURLOPT_PROXY, "") == CURLE_OK;
    if (cacert != NULL)
        ok = ok && curl_easy_setopt(easy, CURLOPT_CAINFO, cacert) == CURLE_OK;
    return ok;
}

static bool is_certificate_trouble(CURLcode code)
{
    return code == CURLE_PEER_FAILED_VERIFICATION || code == CURLE_SSL_CACERT_BADFILE ||
           code == CURLE_SSL_CERTPROBLEM || code == CURLE_SSL_ISSUER_ERROR;
}

static int failed(CURLcode code, const struct mln_http_response *response, struct mln_err *err)
{
    if (response->body.code == MLN_ETOOBIG)
        return mln_fail(err, MLN_ETOOBIG, "the answer is larger than %zu MiB",
                MLN_RESPONSE_MAX / 1024 / 1024);
    if (is_certificate_trouble(code))
        return mln_fail(err, MLN_EIO,
                "the server's certificate does not verify (%s): give its CA with --cacert",
                curl_easy_strerror(code));
    return mln_fail(err, MLN_ETRANSIENT, "%s", curl_easy_strerror(code));
}

static int send_one(void *ctx, const struct mln_http_request *request,
        struct mln_http_response *response, bool *bytes_left, struct mln_err *err)
{
    struct mln_curl *curl = ctx;
    MLN_AUTO(free_rows) struct header_rows rows = { 0 };
    long status = 0, sent = 0;
    CURLcode code;
    int rc = open_easy(curl, err);

    *bytes_left = false;
    if (rc != MLN_OK)
        return rc;
    curl_easy_reset(curl->easy);
    if (!set_options(curl, request, response) || !set_headers(curl->easy, request, &rows))
        return mln_fail(err, MLN_EIO, "the HTTP library refused an option");
    code = curl_easy_perform(curl->easy);
    (void)curl_easy_getinfo(curl->easy, CURLINFO_REQUEST_SIZE, &sent);
    (void)curl_easy_getinfo(curl->easy, CURLINFO_RESPONSE_CODE, &status);
    *bytes_left = sent > 0;
    (void)curl_easy_setopt(curl->easy, CURLOPT_HTTPHEADER, NULL);
    if (code != CURLE_OK)
        return failed(code, response, err);
    response->status = (int)status;
    return MLN_OK;
}

struct mln_transport mln_curl_transport(struct mln_curl *curl)
{
    return (struct mln_transport){ .send = send_one, .ctx = curl };
}
