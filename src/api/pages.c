/* What is served beside the protocol: pages for probes and operators, and `/` for a browser. */
#include "api/priv.h"

#define TEXT_TYPE    "text/plain;charset=utf-8"
#define HTML_TYPE    "text/html;charset=utf-8"
#define METRICS_TYPE "text/plain;version=0.0.4;charset=utf-8"

static const char front_page[] =
        "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><title>Merlon</title>"
        "<h1>Merlon</h1><p>This is the API of a Merlon server. The console is not built in.</p>"
        "<p>Use the command line (<code>merlon risk list</code>) or any SDK of Alibaba Cloud with this "
        "address as its endpoint.</p></html>\n";

static int healthz(struct exchange *exchange)
{
    exchange->content_type = TEXT_TYPE;
    mln_buf_add_cstr(&exchange->call.out, "ok\n");
    return 200;
}

static int readyz(struct exchange *exchange)
{
    struct mln_err err = { 0 };
    bool ready = !atomic_load_explicit(&exchange->server->stopping, memory_order_relaxed) &&
                 mln_lane_ping(&exchange->owner->lane, &err) == MLN_OK;

    exchange->content_type = TEXT_TYPE;
    mln_buf_add_cstr(&exchange->call.out, ready ? "ok\n" : "not ready\n");
    return ready ? 200 : 503;
}

static int metrics(struct exchange *exchange)
{
    exchange->content_type = METRICS_TYPE;
    mln_metrics_print(&exchange->server->metrics, &exchange->call.out);
    return 200;
}

static const struct {
    const char *path;
    int (*answer)(struct exchange *exchange); /* Writes the body, gives the status. */
} pages[] = {
    { "/healthz", healthz },
    { "/metrics", metrics },
    { "/readyz", readyz },
};

/* Any of these makes a request one for the API, so that its mistakes get the API's errors. */
static const char *const api_params[] = { "Action", "Signature", "Version" };
static const char *const api_headers[] = { "x-acs-action", "x-acs-version", "Authorization" };

static bool names_a_parameter(struct mln_str query, const char *name)
{
    struct mln_str pair, key;

    while (mln_str_next(&query, '&', &pair)) {
        if (mln_str_next(&pair, '=', &key) && mln_str_is(key, name))
            return true;
    }
    return false;
}

static bool is_for_the_api(const struct mln_acs_request *request)
{
    struct mln_str value;

    for (size_t i = 0; i < MLN_LEN(api_headers); i++) {
        if (mln_acs_header(request, api_headers[i], &value))
            return true;
    }
    for (size_t i = 0; i < MLN_LEN(api_params); i++) {
        if (names_a_parameter(request->raw_query, api_params[i]))
            return true;
    }
    return false;
}

static bool is_read(const struct mln_acs_request *request)
{
    return mln_str_is(request->method, "GET") || mln_str_is(request->method, "HEAD");
}

bool page_answer(struct exchange *exchange)
{
    struct mln_call *call = &exchange->call;

    if (!is_read(&call->request))
        return false;
    if (mln_str_is(exchange->path, "/") && !is_for_the_api(&call->request)) {
        exchange->content_type = HTML_TYPE;
        mln_buf_add_cstr(&call->out, front_page);
        call->status = 200;
        return true;
    }
    for (size_t i = 0; i < MLN_LEN(pages); i++) {
        if (mln_str_is(exchange->path, pages[i].path)) {
            call->status = pages[i].answer(exchange);
            return true;
        }
    }
    return false;
}
