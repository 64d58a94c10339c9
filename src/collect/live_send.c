/* Sending: credentials of the moment, a signature for each attempt, and no more calls than the pace
 * allows. */
#include <stdio.h>

#include "collect/live_priv.h"

#define CREDS_LOOK_MS                                                                          \
    ((int64_t)1000)                 /* They are asked for again this often, not for each call. \
                                     */
#define PLACE_WAIT_MS ((int64_t)20) /* For a place in flight that another account gives back. */
#define TRY_AGAIN_MS  ((int64_t)1000)

void mln_live_note(struct mln_live *live, const char *text)
{
    if (live->options.note != NULL)
        live->options.note(live->options.note_ctx, text);
}

/* ---- credentials ---- */

/* No call can be made any more; the run ends. */
static int end(struct mln_live *live, struct mln_err *err)
{
    mln_err_prefix(err, "the run ends here");
    err->code = MLN_ECREDS;
    live->ended = *err;
    return MLN_ECREDS;
}

/*
 * A service that does not answer is asked again a little later, without holding up the answers that
 * are under way; *due_ms is left alone when there are credentials.
 */
static int have_creds(struct mln_live *live, int64_t now_ms, bool *have, struct mln_err *err)
{
    uint64_t generation = mln_creds_session_generation(live->options.creds);
    struct mln_creds creds = { 0 };
    int rc;

    *have = live->has_creds && generation == live->generation &&
            now_ms - live->looked_ms < CREDS_LOOK_MS;
    if (*have || now_ms < live->creds_due_ms)
        return MLN_OK;
    rc = mln_creds_session_get(live->options.creds, &creds, err);
    if (rc == MLN_ETRANSIENT && ++live->creds_failures < MLN_LIVE_CREDS_TRIES) {
        live->creds_due_ms = now_ms + (TRY_AGAIN_MS << live->creds_failures);
        return MLN_OK;
    }
    if (rc != MLN_OK)
        return rc == MLN_ENOMEM ? rc : end(live, err);
    mln_creds_wipe(&live->creds);
    live->creds = creds;
    live->has_creds = *have = true;
    live->generation = generation;
    live->looked_ms = now_ms;
    live->creds_failures = 0;
    return MLN_OK;
}

/* Whether to go on waiting for a service that did not answer. Calls that were under way together
 * are refused together: that is one failure. */
static bool may_renew_later(struct mln_live *live, int64_t now_ms)
{
    if (live->renew_failures > 0 && now_ms < live->creds_due_ms)
        return true;
    if (++live->renew_failures >= MLN_LIVE_CREDS_TRIES)
        return false;
    live->creds_due_ms = now_ms + (TRY_AGAIN_MS << live->renew_failures);
    return true;
}

int mln_live_renew(struct mln_live *live, struct mln_live_call *call, struct mln_err *err)
{
    int rc;

    if (call->renewals++ >= MLN_LIVE_RENEWALS) {
        mln_err_set(err, MLN_ECREDS,
                "the cloud refuses credentials that were just renewed: sign in again");
        return end(live, err);
    }
    rc = mln_creds_session_renew(live->options.creds, call->generation, err);
    if (rc == MLN_ENOMEM)
        return rc;
    live->has_creds = false;
    if (rc == MLN_ETRANSIENT && may_renew_later(live, mln_monotonic_ms(live->options.clock))) {
        call->renewals--;
        return MLN_OK;
    }
    if (rc != MLN_OK)
        return end(live, err);
    live->renew_failures = 0;
    if (!live->told_renewal)
        mln_live_note(live, "the session's credentials had ended and were renewed");
    live->told_renewal = true;
    return MLN_OK;
}

/* ---- one request ---- */

static int add_params(const struct mln_collect_request *request, struct mln_arena *arena,
        struct mln_params *out, struct mln_str *bucket, struct mln_err *err)
{
    bool is_oss = request->call.style == MLN_STYLE_OSS;
    int rc = MLN_OK;

    for (size_t i = 0; rc == MLN_OK && i < request->param_count; i++) {
        const struct mln_collect_param *param = &request->params[i];

        /* It is a part of the host's name and not of the query. */
        if (is_oss && mln_str_is(param->name, "bucket"))
            *bucket = param->value;
        else
            rc = mln_params_add(out, arena, param->name, param->value, err);
    }
    mln_params_sort(out);
    return rc;
}

static enum mln_request_style style_of(enum mln_plan_style style)
{
    switch (style) {
    case MLN_STYLE_ROA:
        return MLN_REQUEST_ROA;
    case MLN_STYLE_OSS:
        return MLN_REQUEST_OSS;
    case MLN_STYLE_RPC:
        break;
    }
    return MLN_REQUEST_RPC;
}

static int sign(struct mln_live *live, const struct mln_live_call *call, struct mln_err *err)
{
    const struct mln_collect_request *request = call->request;
    struct mln_params params = { 0 };
    struct mln_request_spec spec = {
        .style = style_of(request->call.style),
        .method = strcmp(request->call.method, "GET") == 0 ? MLN_HTTP_GET : MLN_HTTP_POST,
        .endpoint = &call->place.endpoint,
        .creds = &live->creds,
        .action = mln_str_of(request->call.action),
        .version = mln_str_of(request->call.version),
        .path = request->path,
        .region = mln_str_of(call->place.region),
        .bucket = MLN_STR(""),
        .params = &params,
        .user_agent = live->options.user_agent,
        .now_ms = mln_now_ms(live->options.clock) + live->offset_ms,
        .random = live->options.random,
    };
    int rc;

    mln_arena_reset(&live->arena);
    rc = add_params(request, &live->arena, &params, &spec.bucket, err);
    if (rc == MLN_OK)
        rc = mln_request_sign(&spec, &live->signed_request, err);
    if (rc == MLN_OK)
        live->signed_request.http.timeout_ms = live->options.timeout_ms > 0
                                                       ? live->options.timeout_ms
                                                       : MLN_READ_TIMEOUT_MS;
    return rc;
}

void mln_live_fail_call(struct mln_live *live, struct mln_live_call *call, const char *why)
{
    (void)snprintf(call->failure, sizeof(call->failure), "%.159s", why);
    mln_live_put(&live->ready, call, false);
}

static int send_call(
        struct mln_live *live, struct mln_live_call *call, int64_t now_ms, struct mln_err *err)
{
    int rc = sign(live, call, err);

    if (rc == MLN_OK)
        rc = mln_multi_add(live->multi, &live->signed_request.http, call, err);
    if (rc == MLN_OK) {
        call->generation = live->generation;
        call->began_ms = now_ms;
        call->offset_ms = live->offset_ms;
        mln_live_put(&live->flying, call, false);
        return MLN_OK;
    }
    mln_pace_done(live->options.pace, call->queue->bucket, false, -1, now_ms);
    mln_live_fail_call(live, call, err->msg);
    if (rc == MLN_ECREDS)
        return end(live, err);
    return rc == MLN_ENOMEM ? rc : MLN_OK;
}

int mln_live_dispatch(struct mln_live *live, int64_t *due_ms, struct mln_err *err)
{
    struct mln_live_queue *queue;
    int rc = MLN_OK;

    while (rc == MLN_OK && (queue = mln_live_first(live)) != NULL) {
        int64_t now_ms = mln_monotonic_ms(live->options.clock), left;
        bool have = false;

        if (queue->due_ms > now_ms) {
            *due_ms = queue->due_ms;
            return MLN_OK;
        }
        rc = have_creds(live, now_ms, &have, err);
        if (rc != MLN_OK || !have) {
            *due_ms = live->creds_due_ms;
            return rc;
        }
        left = mln_pace_take(live->options.pace, queue->bucket, now_ms);
        if (left < 0) {
            *due_ms = now_ms + PLACE_WAIT_MS;
            return MLN_OK;
        }
        if (left > 0)
            mln_live_delay_first(live, now_ms + left);
        else
            rc = send_call(live, mln_live_take_first(live), now_ms, err);
    }
    return rc;
}
