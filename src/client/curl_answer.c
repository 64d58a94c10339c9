/* What came back: the answer's headers and body, or why there is none. */
#include <stdio.h>

#include "client/curl_exchange.h"

#define RETRY_AFTER_S_MAX ((int64_t)86400)
#define DATE_S_MAX        ((time_t)4102444800) /* 2100-01-01: no clock is off by so much. */

void mln_http_response_init(struct mln_http_response *response)
{
    *response = (struct mln_http_response){ .body = MLN_BUF_INIT(MLN_RESPONSE_MAX),
        .retry_after_ms = -1 };
}

void mln_http_response_fini(struct mln_http_response *response)
{
    mln_buf_wipe_free(&response->body); /* Some answers are credentials. */
}

/* NOLINTNEXTLINE(readability-non-const-parameter): the library sets the type */
size_t mln_exchange_on_body(char *bytes, size_t size, size_t count, void *ctx)
{
    struct mln_exchange *exchange = ctx;

    mln_buf_add(&exchange->response.body, (struct mln_str){ bytes, size * count });
    return exchange->response.body.code == MLN_OK ? size * count : 0;
}

static void read_retry_ms(struct mln_exchange *exchange, struct mln_str value)
{
    int64_t number = 0;

    if (mln_str_to_i64(value, &number) != MLN_OK || number < 0)
        return;
    exchange->response.retry_after_ms = number;
    exchange->retry_after_is_exact = true;
}

static void read_retry_s(struct mln_exchange *exchange, struct mln_str value)
{
    int64_t number = 0;

    if (exchange->retry_after_is_exact || mln_str_to_i64(value, &number) != MLN_OK || number < 0 ||
            number > RETRY_AFTER_S_MAX)
        return;
    exchange->response.retry_after_ms = number * 1000;
}

static void read_date(struct mln_exchange *exchange, struct mln_str value)
{
    char text[64];
    time_t when;

    if (value.len >= sizeof(text))
        return;
    (void)snprintf(text, sizeof(text), "%.*s", MLN_FMT(value));
    when = curl_getdate(text, NULL);
    if (when > 0 && when < DATE_S_MAX)
        exchange->response.date_ms = (int64_t)when * 1000;
}

static void read_id(struct mln_exchange *exchange, struct mln_str value)
{
    char *out = exchange->response.request_id;

    if (value.len >= sizeof(exchange->response.request_id))
        return;
    for (size_t i = 0; i < value.len; i++) {
        if (value.ptr[i] <= ' ' || value.ptr[i] >= 0x7f)
            return;
    }
    if (value.len > 0)
        memcpy(out, value.ptr, value.len);
    out[value.len] = '\0';
}

static const struct {
    const char *name;
    void (*read)(struct mln_exchange *exchange, struct mln_str value);
} headers[] = {
    { "date", read_date },
    { "retry-after", read_retry_s },
    { "x-acs-request-id", read_id },
    { "x-acs-retry-after", read_retry_ms },
    { "x-oss-request-id", read_id },
};

/* An interim answer came first, and what it said does not count. */
static void begin_answer(struct mln_exchange *exchange)
{
    exchange->response.retry_after_ms = -1;
    exchange->response.date_ms = 0;
    exchange->response.request_id[0] = '\0';
    exchange->retry_after_is_exact = false;
}

/* NOLINTNEXTLINE(readability-non-const-parameter): the library sets the type */
size_t mln_exchange_on_header(char *bytes, size_t size, size_t count, void *ctx)
{
    struct mln_str line = { bytes, size * count }, name;

    if (mln_str_starts(line, MLN_STR("HTTP/")))
        begin_answer(ctx);
    else if (mln_str_next(&line, ':', &name) && line.ptr != NULL) {
        for (size_t i = 0; i < MLN_LEN(headers); i++) {
            if (mln_str_eq_nocase(name, mln_str_of(headers[i].name)))
                headers[i].read(ctx, mln_str_trim(line));
        }
    }
    return size * count;
}

/* ---- failures ---- */

/* Results of OpenSSL's verification; their numbers are part of its interface. */
#define X509_OK      0L
#define X509_UNASKED 1L /* The library's own, when it came no further than the name. */
#define X509_NOT_YET 9L
#define X509_EXPIRED 10L

/* One row a cause that people can do something about; the rest is told in the library's words.
 * Without a sentence: certificate_trouble(). */
static const struct cause {
    CURLcode code;
    enum mln_http_failure failure;
    int meaning;
    const char *sentence;
} causes[] = {
    { CURLE_COULDNT_CONNECT, MLN_HTTP_NO_CONNECTION, MLN_ETRANSIENT, "no connection" },
    { CURLE_COULDNT_RESOLVE_HOST, MLN_HTTP_NO_NAME, MLN_ETRANSIENT,
            "the host's name does not resolve" },
    { CURLE_COULDNT_RESOLVE_PROXY, MLN_HTTP_NO_CONNECTION, MLN_ETRANSIENT,
            "the proxy's name does not resolve: see HTTPS_PROXY" },
    /* Of a stream whose connection has gone: others on it have told of the same. */
    { CURLE_FAILED_INIT, MLN_HTTP_BROKEN, MLN_ETRANSIENT, "the connection broke off" },
    { CURLE_GOT_NOTHING, MLN_HTTP_BROKEN, MLN_ETRANSIENT,
            "the connection was closed without an answer" },
    { CURLE_OPERATION_TIMEDOUT, MLN_HTTP_TIMED_OUT, MLN_ETRANSIENT, "no answer in time" },
    { CURLE_OUT_OF_MEMORY, MLN_HTTP_BROKEN, MLN_ENOMEM, "out of memory" },
    { CURLE_PARTIAL_FILE, MLN_HTTP_BROKEN, MLN_ETRANSIENT, "the answer was cut off" },
    { CURLE_PEER_FAILED_VERIFICATION, MLN_HTTP_CERTIFICATE, MLN_EIO, NULL },
    { CURLE_RECV_ERROR, MLN_HTTP_BROKEN, MLN_ETRANSIENT, "the connection broke off" },
    { CURLE_SEND_ERROR, MLN_HTTP_BROKEN, MLN_ETRANSIENT, "the connection broke off" },
    { CURLE_SSL_CACERT_BADFILE, MLN_HTTP_CERTIFICATE, MLN_EIO,
            "the file of CA certificates cannot be read: see --cacert, CURL_CA_BUNDLE, "
            "SSL_CERT_FILE" },
    { CURLE_SSL_CERTPROBLEM, MLN_HTTP_CERTIFICATE, MLN_EIO, "the certificate is not usable" },
    { CURLE_SSL_INVALIDCERTSTATUS, MLN_HTTP_CERTIFICATE, MLN_EIO,
            "the server's certificate does not verify: its status is refused" },
    { CURLE_SSL_ISSUER_ERROR, MLN_HTTP_CERTIFICATE, MLN_EIO,
            "the server's certificate does not verify: give its CA with --cacert" },
    { CURLE_UNSUPPORTED_PROTOCOL, MLN_HTTP_BROKEN, MLN_ETRANSIENT,
            "what answers there does not speak HTTP" },
    { CURLE_WEIRD_SERVER_REPLY, MLN_HTTP_BROKEN, MLN_ETRANSIENT,
            "what answers there does not speak HTTP" },
};

/* The library has one code for a chain that is not trusted and for a name that differs. */
static const char *certificate_trouble(CURL *easy)
{
    long chain = 0;

    (void)curl_easy_getinfo(easy, CURLINFO_SSL_VERIFYRESULT, &chain);
    if (chain == X509_OK || chain == X509_UNASKED)
        return "the server's certificate is for another name: check the endpoint";
    if (chain == X509_EXPIRED || chain == X509_NOT_YET)
        return "the server's certificate is not valid at this time: check it and this machine's "
               "clock";
    return "the server's certificate does not verify: give its CA with --cacert";
}

static int no_answer(struct mln_exchange *exchange, CURLcode code, struct mln_err *err)
{
    struct mln_http_response *response = &exchange->response;
    long proxy_status = 0;

    (void)curl_easy_getinfo(exchange->easy, CURLINFO_HTTP_CONNECTCODE, &proxy_status);
    response->status = 0;
    response->failure = MLN_HTTP_BROKEN;
    if (response->body.code == MLN_ETOOBIG) {
        response->failure = MLN_HTTP_TOO_LARGE;
        return mln_fail(err, MLN_ETOOBIG, "the answer is larger than %zu MiB",
                response->body.max / 1024 / 1024);
    }
    if (response->body.code != MLN_OK)
        return mln_fail(err, response->body.code, "out of memory");
    if (proxy_status >= 300) {
        response->failure = MLN_HTTP_NO_CONNECTION;
        return mln_fail(err, proxy_status >= 500 ? MLN_ETRANSIENT : MLN_EIO,
                "the proxy does not let the connection through (HTTP %ld): see HTTPS_PROXY",
                proxy_status);
    }
    for (size_t i = 0; i < MLN_LEN(causes); i++) {
        if (causes[i].code != code)
            continue;
        response->failure = causes[i].failure;
        return mln_fail(err, causes[i].meaning, "%s",
                causes[i].sentence != NULL ? causes[i].sentence
                                           : certificate_trouble(exchange->easy));
    }
    return mln_fail(err, MLN_ETRANSIENT, "%s", curl_easy_strerror(code));
}

int mln_exchange_end(struct mln_exchange *exchange, CURLcode code, struct mln_err *err)
{
    long status = 0;

    (void)curl_easy_setopt(exchange->easy, CURLOPT_HTTPHEADER, NULL);
    mln_buf_wipe(&exchange->text);
    if (code != CURLE_OK)
        return no_answer(exchange, code, err);
    (void)curl_easy_getinfo(exchange->easy, CURLINFO_RESPONSE_CODE, &status);
    exchange->response.status = (int)status;
    exchange->response.failure = MLN_HTTP_ANSWERED;
    return MLN_OK;
}

bool mln_exchange_bytes_left(const struct mln_exchange *exchange)
{
    long sent = 0;

    (void)curl_easy_getinfo(exchange->easy, CURLINFO_REQUEST_SIZE, &sent);
    return sent > 0;
}
