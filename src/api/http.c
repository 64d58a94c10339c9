/*
 * Between the HTTP library and the call: reading the request within its limits, handing a write to
 * the queue, sending the answer.
 */
#include <stdio.h>

#include "api/priv.h"

#define JSON_TYPE "application/json;charset=utf-8"
#define XML_TYPE  "text/xml;charset=utf-8"

static void add_headers(struct MHD_Response *response, const struct exchange *exchange)
{
    const struct mln_call *call = &exchange->call;
    const char *type = exchange->content_type;
    char retry[24], limit[64];

    if (type == NULL)
        type = call->format == MLN_FORMAT_XML ? XML_TYPE : JSON_TYPE;
    (void)MHD_add_response_header(response, "Content-Type", type);
    (void)MHD_add_response_header(response, "x-acs-request-id", call->request_id);
    if (call->refused && call->error.retry_after_ms >= 0) {
        (void)snprintf(retry, sizeof(retry), "%lld", (long long)call->error.retry_after_ms);
        (void)MHD_add_response_header(response, "x-acs-retry-after", retry);
        /* What SDKs of before that header read (Python's up to 0.4.3). */
        (void)snprintf(limit, sizeof(limit), "Remain:0,TimeLeft:%s", retry);
        (void)MHD_add_response_header(response, "x-ratelimit-user", limit);
    }
    if (exchange->closes || atomic_load_explicit(&exchange->server->stopping, memory_order_relaxed))
        (void)MHD_add_response_header(response, "Connection", "close");
}

/* The answer's bytes stay in the exchange until exchange_end(), so the library need not copy them.
 */
static enum MHD_Result send_answer(struct exchange *exchange)
{
    struct mln_str body = mln_buf_str(&exchange->call.out);
    /* NOLINTNEXTLINE(performance-no-int-to-ptr): takes the const off */
    void *bytes = (void *)(uintptr_t)body.ptr;
    struct MHD_Response *response = MHD_create_response_from_buffer(
            body.len, bytes, MHD_RESPMEM_PERSISTENT);
    enum MHD_Result queued;

    if (response == NULL)
        return MHD_NO;
    exchange->stage = STAGE_DONE;
    add_headers(response, exchange);
    if (exchange->connection != NULL)
        connection_expect(exchange->connection, exchange->server,
                mln_monotonic_ms(exchange->server->options.clock));
    queued = MHD_queue_response(exchange->http, (unsigned)exchange->call.status, response);
    MHD_destroy_response(response);
    return queued;
}

static enum MHD_Result refuse(struct exchange *exchange, enum mln_acs_code code)
{
    (void)mln_call_refuse(&exchange->call, code, NULL);
    mln_call_render_refusal(&exchange->call);
    return send_answer(exchange);
}

static enum MHD_Result keep_header(void *cls, enum MHD_ValueKind kind, const char *name,
        size_t name_len, const char *value, size_t value_len)
{
    struct exchange *exchange = cls;

    (void)kind;
    if (exchange->header_count == MLN_HEADERS_MAX)
        return MHD_NO;
    exchange->headers[exchange->header_count++] = (struct mln_header){
        .name = { .ptr = name, .len = name_len },
        .value = { .ptr = value != NULL ? value : "", .len = value_len },
    };
    return MHD_YES;
}

static bool body_is_too_large(const struct exchange *exchange)
{
    struct mln_str text;
    int64_t len;

    if (!mln_acs_header(&exchange->call.request, "Content-Length", &text))
        return false;
    return mln_str_to_i64(text, &len) != MLN_OK ||
           len > (int64_t)exchange->server->options.body_max;
}

/*
 * Could somebody before us (a proxy) see the request end elsewhere than we do? Then what is the
 * rest of this request to the one is the next request, of somebody else, to the other.
 */
static bool framing_is_ambiguous(const struct exchange *exchange)
{
    size_t lengths = 0, encodings = 0;

    for (size_t i = 0; i < exchange->header_count; i++) {
        const struct mln_header *header = &exchange->headers[i];
        struct mln_str name = header->name;

        if (memchr(name.ptr, ' ', name.len) != NULL || memchr(name.ptr, '\t', name.len) != NULL)
            return true; /* "Content-Length : 5" is a length to some. */
        if (mln_str_eq_nocase(name, MLN_STR("Content-Length"))) {
            lengths++;
        } else if (mln_str_eq_nocase(name, MLN_STR("Transfer-Encoding"))) {
            encodings++;
            if (!mln_str_eq_nocase(mln_str_trim(header->value), MLN_STR("chunked")))
                return true;
        }
    }
    return lengths + encodings > 1;
}

static enum MHD_Result refuse_framing(struct exchange *exchange)
{
    exchange->closes = true;
    (void)mln_call_refuse(&exchange->call, MLN_ACS_INVALID_PARAM, "Body");
    mln_call_render_refusal(&exchange->call);
    return send_answer(exchange);
}

/* The headers have arrived. An answer given now is an answer before the body. */
static enum MHD_Result begin(struct exchange *exchange, const char *method)
{
    struct mln_acs_request *request = &exchange->call.request;
    int present;

    present = MHD_get_connection_values_n(exchange->http, MHD_HEADER_KIND, keep_header, exchange);
    request->method = mln_str_of(method);
    request->headers = exchange->headers;
    request->header_count = exchange->header_count;
    (void)mln_acs_header(request, "Host", &exchange->call.header[MLN_HEADER_HOST]);
    if (present > (int)MLN_HEADERS_MAX || body_is_too_large(exchange))
        return refuse(exchange, MLN_ACS_REQUEST_ENTITY_TOO_LARGE);
    if (framing_is_ambiguous(exchange))
        return refuse_framing(exchange);
    exchange->stage = STAGE_BODY;
    return MHD_YES;
}

/*
 * A chunked body says its size only by coming, and the library takes no answer in the middle of
 * one: what is too much is read and dropped until the end, or until the connection's deadline.
 */
static enum MHD_Result take_body(struct exchange *exchange, const char *upload, size_t *upload_len)
{
    if (exchange->stage == STAGE_BODY) {
        mln_buf_add(&exchange->body, (struct mln_str){ .ptr = upload, .len = *upload_len });
        if (exchange->body.code != MLN_OK)
            exchange->stage = STAGE_OVERFLOW;
    }
    *upload_len = 0;
    return MHD_YES;
}

static enum MHD_Result complete(struct exchange *exchange)
{
    struct mln_call *call = &exchange->call;

    if (exchange->connection != NULL)
        connection_pause(exchange->connection);
    call->request.body = mln_buf_str(&exchange->body);
    if (page_answer(exchange))
        return send_answer(exchange);
    if (!mln_str_is(exchange->path, "/"))
        return refuse(exchange, MLN_ACS_INVALID_ACTION_NOT_FOUND);
    if (!mln_call_prepare(call))
        return send_answer(exchange);
    if (!call->action->writes) {
        mln_call_act(call, &exchange->owner->lane);
        return send_answer(exchange);
    }
    if (writes_submit(&exchange->server->writes, exchange))
        return MHD_YES;
    atomic_fetch_add_explicit(
            &exchange->server->metrics.throttled[MLN_THROTTLE_QUEUE], 1, memory_order_relaxed);
    return refuse(exchange, MLN_ACS_SERVICE_UNAVAILABLE);
}

/* NOLINTNEXTLINE(readability-function-size): the library sets the type */
enum MHD_Result http_handle(void *cls, struct MHD_Connection *http, const char *url,
        const char *method, const char *version, const char *upload, size_t *upload_len,
        void **state)
{
    struct exchange *exchange = *state;

    (void)cls;
    (void)http;
    (void)url;
    (void)version;
    if (exchange == NULL)
        return MHD_NO; /* No memory at the request line. */
    if (exchange->stage == STAGE_NEW)
        return begin(exchange, method);
    if (*upload_len > 0)
        return take_body(exchange, upload, upload_len);
    if (exchange->stage == STAGE_DONE)
        return send_answer(exchange);
    if (exchange->stage == STAGE_OVERFLOW)
        return refuse(exchange, MLN_ACS_REQUEST_ENTITY_TOO_LARGE);
    return exchange->stage == STAGE_BODY ? complete(exchange) : MHD_YES;
}
