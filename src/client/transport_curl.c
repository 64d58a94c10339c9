/*
 * The transport over libcurl, one exchange at a time. Nothing is initialised before the first, so
 * that commands that never call the network start fast.
 */
#include "client/curl_exchange.h"

struct mln_curl {
    struct mln_curl_options options;
    struct mln_exchange exchange;
    bool is_open;
};

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
    if (curl->is_open) {
        mln_exchange_fini(&curl->exchange);
        mln_curl_end();
    }
    free(curl);
}

static int open_library(struct mln_curl *curl, struct mln_err *err)
{
    int rc;

    if (curl->is_open)
        return MLN_OK;
    rc = mln_curl_begin(err);
    if (rc != MLN_OK)
        return rc;
    rc = mln_exchange_init(&curl->exchange, err);
    if (rc != MLN_OK)
        mln_curl_end();
    curl->is_open = rc == MLN_OK;
    return rc;
}

static int send_one(void *ctx, const struct mln_http_request *request,
        struct mln_http_response *response, bool *bytes_left, struct mln_err *err)
{
    struct mln_curl *curl = ctx;
    CURLcode code;
    int rc = open_library(curl, err);

    *bytes_left = false;
    if (rc == MLN_OK)
        rc = mln_exchange_prepare(&curl->exchange, &curl->options, request, false, err);
    if (rc != MLN_OK)
        return rc;
    /* Into the caller's room and to its limit: an answer with a secret is not copied about. */
    mln_http_response_fini(&curl->exchange.response);
    if (response->body.ptr != NULL)
        explicit_bzero(response->body.ptr, response->body.len);
    mln_buf_reset(&response->body);
    curl->exchange.response.body = response->body;
    response->body = (struct mln_buf){ .max = 0 };
    code = curl_easy_perform(curl->exchange.easy);
    *bytes_left = mln_exchange_bytes_left(&curl->exchange);
    rc = mln_exchange_end(&curl->exchange, code, err);
    mln_http_response_fini(response);
    *response = curl->exchange.response;
    mln_http_response_init(&curl->exchange.response);
    return rc;
}

struct mln_transport mln_curl_transport(struct mln_curl *curl)
{
    return (struct mln_transport){ .send = send_one, .ctx = curl };
}
