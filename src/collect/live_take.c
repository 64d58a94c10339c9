/* What becomes of an exchange: an answer for the executor, or the same request once more. */
#include <stdio.h>

#include "collect/live_priv.h"

#define FIRST_ACTION "GetCallerIdentity" /* Before all others: it says whose account it is. */
#define OFFSET_TOLD_MS                                                         \
    ((int64_t)5000) /* What the Date header's seconds may be off by, and more. \
                     */

static bool is_name(const struct mln_endpoint *endpoint)
{
    return !endpoint->loopback && strspn(endpoint->host, "0123456789.:[]") < strlen(endpoint->host);
}

static void log_exchange(
        const struct mln_live *live, const struct mln_live_call *call, int64_t took_ms)
{
    const struct mln_collect_request *request = call->request;
    const struct mln_http_response *response = &live->done.response;
    char region[MLN_LIVE_REGION_MAX], path[200], message[80];
    const struct mln_log_field fields[] = {
        { "product", request->call.product, 0 },
        { "action", request->call.action, 0 },
        { "host", call->place.endpoint.host, 0 },
        { "path", path, 0 },
        { "region", region, 0 },
        { "status", NULL, live->done.code == MLN_OK ? response->status : 0 },
        { "ms", NULL, took_ms },
        { "request_id", response->request_id, 0 },
        { "failure", live->done.message, 0 },
    };

    if (live->options.log == NULL || live->options.log->level < MLN_LOG_DEBUG)
        return;
    (void)snprintf(region, sizeof(region), "%.*s", MLN_FMT(request->region));
    (void)snprintf(path, sizeof(path), "%.*s",
            request->path.len > 0 && request->path.len < sizeof(path) ? (int)request->path.len : 1,
            request->path.len > 0 ? request->path.ptr : "/");
    (void)snprintf(message, sizeof(message), "%s", request->call.method);
    mln_log_write(live->options.log, MLN_LOG_DEBUG, message, fields, MLN_LEN(fields));
}

/* ---- no answer ---- */

/*
 * A host that follows from a rule may not exist: then the product is not there. That is said only
 * of a list for a region, by a resolver that answers, and never through a proxy: resources that
 * were not looked at must not read as none.
 */
static bool is_no_region(struct mln_live *live, const struct mln_live_call *call, int64_t now_ms)
{
    return live->done.response.failure == MLN_HTTP_NO_NAME &&
           call->place.origin == MLN_ENDPOINT_RULE &&
           call->request->call.scope == MLN_SCOPE_REGION && call->request->region.len > 0 &&
           live->resolved && !mln_live_has_proxy(live->options.curl.env) &&
           mln_live_name_is_missing(&live->names, &call->place.endpoint, now_ms);
}

static bool is_first_call(const struct mln_live *live, const struct mln_live_call *call)
{
    return !live->proven && strcmp(call->request->call.action, FIRST_ACTION) == 0;
}

/* Whoever is not trusted at the very first call is not at the next thousand. */
static int distrust(struct mln_live *live, const struct mln_live_call *call,
        const struct mln_collect_answer *out, struct mln_err *err)
{
    if (!is_first_call(live, call))
        return MLN_OK;
    mln_err_set(err, MLN_EIO, "%s", out->failure);
    live->ended = *err;
    return MLN_EIO;
}

static int take_failure(struct mln_live *live, const struct mln_live_call *call, int64_t now_ms,
        struct mln_collect_answer *out, struct mln_err *err)
{
    const char *host = call->place.endpoint.host;

    switch (live->done.response.failure) {
    case MLN_HTTP_CERTIFICATE:
        (void)snprintf(out->failure, sizeof(out->failure),
                "%.60s: its certificate does not verify%s", host,
                live->proven ? "" : "; a proxy's or private cloud's authority: --cacert FILE");
        return distrust(live, call, out, err);
    case MLN_HTTP_TOO_LARGE:
        (void)snprintf(out->failure, sizeof(out->failure), "%.60s: the answer is over %zu MiB",
                host, MLN_RESPONSE_MAX / (1024 * 1024));
        return MLN_OK;
    case MLN_HTTP_NO_NAME:
        (void)snprintf(out->failure, sizeof(out->failure), "%.100s: there is no such host", host);
        out->no_region = is_no_region(live, call, now_ms);
        break;
    case MLN_HTTP_ANSWERED:
    case MLN_HTTP_NO_CONNECTION:
    case MLN_HTTP_TIMED_OUT:
    case MLN_HTTP_BROKEN:
        (void)snprintf(out->failure, sizeof(out->failure), "%.60s: %.90s", host,
                live->done.message[0] != '\0' ? live->done.message : "no answer arrived");
        break;
    }
    /* One connection that broke is one reason to ask again, however many calls were on it. */
    out->retry = !out->no_region && (live->done.went_along || mln_pace_retry(live->options.pace));
    return MLN_OK;
}

/* ---- answers that change how requests are made ---- */

/* The next request has the cloud's time. */
static bool set_clock(struct mln_live *live)
{
    int64_t date_ms = live->done.response.date_ms, offset_ms;
    char text[64], note[160];

    if (date_ms == 0)
        return false;
    /* The header's seconds are cut, not rounded. */
    offset_ms = date_ms + 500 - mln_now_ms(live->options.clock);
    live->offset_ms = offset_ms;
    mln_creds_session_set_offset(live->options.creds, offset_ms);
    live->has_offset = true;
    if (!live->told_offset && (offset_ms < -OFFSET_TOLD_MS || offset_ms > OFFSET_TOLD_MS)) {
        mln_live_clock_text(offset_ms, text);
        (void)snprintf(note, sizeof(note),
                "this machine's clock is %s the cloud's: requests are made with the cloud's time",
                text);
        mln_live_note(live, note);
        live->told_offset = true;
    }
    return true;
}

/* True when the request goes again. Others that were under way learn from the first. */
static bool mend_clock(
        struct mln_live *live, struct mln_live_call *call, struct mln_collect_answer *out)
{
    char text[64];

    if (call->clocks++ < MLN_LIVE_CLOCKS && (call->offset_ms != live->offset_ms || set_clock(live)))
        return true;
    out->status = 0;
    out->body = MLN_STR("");
    mln_live_clock_text(live->offset_ms, text);
    if (live->has_offset)
        (void)snprintf(out->failure, sizeof(out->failure),
                "the cloud refused its own time, too (this machine's clock is %.40s the cloud's)",
                text);
    else
        (void)snprintf(out->failure, sizeof(out->failure),
                "the request's time was refused and no other was named: set this machine's clock");
    return false;
}

static bool move(
        struct mln_live *live, struct mln_live_call *call, const struct mln_live_reading *reading)
{
    struct mln_err ignored;

    if (call->moved)
        return false;
    call->moved = true;
    return mln_live_move(&live->options, mln_str_of(reading->endpoint), &call->place, &ignored) ==
           MLN_OK;
}

/* The very first call says who asks: a key that is refused there is refused everywhere. */
static int refuse_key(struct mln_live *live, const struct mln_live_call *call,
        const struct mln_live_reading *reading, struct mln_err *err)
{
    if (live->proven || (++live->refusals < MLN_LIVE_REFUSALS && !is_first_call(live, call)))
        return MLN_OK;
    mln_err_set(err, MLN_ECREDS,
            "the cloud refuses the access key (%.40s, HTTP %d, request id %.60s): check the profile "
            "and that the key is enabled",
            reading->code, live->done.response.status, live->done.response.request_id);
    live->ended = *err;
    return MLN_ECREDS;
}

static int act_on(struct mln_live *live, struct mln_live_call *call,
        const struct mln_live_reading *reading, struct mln_collect_answer *out, bool *again,
        struct mln_err *err)
{
    switch (reading->meaning) {
    case MLN_LIVE_THROTTLED:
    case MLN_LIVE_BUSY:
    case MLN_LIVE_FOREIGN:
        out->retry = mln_pace_retry(live->options.pace);
        return MLN_OK;
    case MLN_LIVE_TOKEN_ENDED:
        if (live->creds.token.len == 0)
            return refuse_key(live, call, reading, err);
        *again = true;
        return mln_live_renew(live, call, err);
    case MLN_LIVE_KEY_REFUSED:
        return refuse_key(live, call, reading, err);
    case MLN_LIVE_CLOCK:
        *again = mend_clock(live, call, out);
        return MLN_OK;
    case MLN_LIVE_NONCE:
        *again = call->nonces++ < MLN_LIVE_NONCES;
        return MLN_OK;
    case MLN_LIVE_ELSEWHERE:
        *again = move(live, call, reading);
        return MLN_OK;
    case MLN_LIVE_PLAIN:
        break;
    }
    live->proven = live->proven || (out->status >= 200 && out->status < 300);
    return MLN_OK;
}

/* ---- both ---- */

static int take_answer(struct mln_live *live, struct mln_live_call *call, int64_t now_ms,
        struct mln_collect_answer *out, bool *again, struct mln_err *err)
{
    const struct mln_http_response *response = &live->done.response;
    struct mln_live_reading reading;

    mln_live_read(call->request->call.style, response, &reading);
    mln_pace_done(live->options.pace, call->queue->bucket, reading.meaning == MLN_LIVE_THROTTLED,
            response->retry_after_ms, now_ms);
    live->resolved = live->resolved || is_name(&call->place.endpoint);
    out->status = response->status;
    out->is_xml = reading.is_xml;
    out->body = mln_buf_str(&response->body);
    out->retry_after_ms = response->retry_after_ms;
    return act_on(live, call, &reading, out, again, err);
}

int mln_live_take(
        struct mln_live *live, struct mln_collect_answer *out, bool *again, struct mln_err *err)
{
    struct mln_live_call *call = live->done.owner;
    int64_t now_ms = mln_monotonic_ms(live->options.clock);
    int rc = MLN_OK;

    *again = false;
    *out = (struct mln_collect_answer){ .request = call->request, .retry_after_ms = -1 };
    mln_live_unlink(&live->flying, call);
    log_exchange(live, call, now_ms - call->began_ms);
    if (live->done.code == MLN_OK) {
        rc = take_answer(live, call, now_ms, out, again, err);
    } else {
        mln_pace_done(live->options.pace, call->queue->bucket, false, -1, now_ms);
        rc = take_failure(live, call, now_ms, out, err);
    }
    /* Whatever goes wrong, the request is held until it is given back. */
    if (rc != MLN_OK || !*again) {
        mln_live_put(rc == MLN_OK ? &live->spare : &live->ready, call, false);
        live->held -= rc == MLN_OK;
        return rc;
    }
    rc = mln_live_enqueue(live, call, true, err);
    if (rc != MLN_OK)
        mln_live_put(&live->ready, call, false);
    return rc;
}
