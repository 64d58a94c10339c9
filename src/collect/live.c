#include "collect/live.h"

#include <poll.h>
#include <stdio.h>

#include "collect/live_priv.h"

#define NO_LIMIT_MS ((int64_t)3600 * 1000)

/* ---- taking requests ---- */

static struct mln_live_call *new_call(struct mln_live *live)
{
    struct mln_live_call *call = live->spare.first;

    if (call == NULL)
        return calloc(1, sizeof(*call));
    mln_live_unlink(&live->spare, call);
    *call = (struct mln_live_call){ .request = NULL };
    return call;
}

static int submit(void *ctx, const struct mln_collect_request *request, struct mln_err *err)
{
    struct mln_live *live = ctx;
    struct mln_live_call *call;
    int rc;

    if (live->held == MLN_LIVE_HELD_MAX)
        return mln_fail(err, MLN_ETOOBIG, "more than %zu calls at once", MLN_LIVE_HELD_MAX);
    call = new_call(live);
    if (call == NULL)
        return mln_fail(err, MLN_ENOMEM, "out of memory");
    call->request = request;
    rc = mln_live_place(&live->options, request, &call->place, err);
    if (rc == MLN_OK)
        rc = mln_live_queue_for(live, request, &call->queue, err);
    if (rc == MLN_OK)
        rc = mln_live_enqueue(live, call, false, err);
    if (rc == MLN_ENOMEM) {
        mln_live_put(&live->spare, call, false);
        return rc;
    }
    /* A region that is none, a host that is not the cloud's: it costs this request alone. */
    if (rc != MLN_OK)
        mln_live_fail_call(live, call, err->msg);
    live->held++;
    return MLN_OK;
}

/* ---- giving back ---- */

static void forget_done(struct mln_live *live)
{
    mln_http_response_fini(&live->done.response);
    live->done = (struct mln_multi_done){ .owner = NULL };
    mln_http_response_init(&live->done.response);
}

static void give_back(struct mln_live *live, struct mln_collect_answer *out)
{
    struct mln_live_call *call = live->ready.first;

    mln_live_unlink(&live->ready, call);
    *out = (struct mln_collect_answer){ .request = call->request, .retry_after_ms = -1 };
    (void)snprintf(out->failure, sizeof(out->failure), "%s",
            call->failure[0] != '\0' ? call->failure : "the run was stopped");
    mln_live_put(&live->spare, call, false);
    live->held--;
}

/* Everything that is held becomes ready to be given back; nothing is under way any more. */
static void call_off(struct mln_live *live)
{
    int64_t now_ms = mln_monotonic_ms(live->options.clock);
    struct mln_live_call *call;

    if (live->flying.first != NULL) {
        mln_multi_free(live->multi);
        live->multi = NULL;
    }
    while ((call = live->flying.first) != NULL) {
        mln_live_unlink(&live->flying, call);
        mln_pace_done(live->options.pace, call->queue->bucket, false, -1, now_ms);
        mln_live_put(&live->ready, call, false);
    }
    while (mln_live_first(live) != NULL)
        mln_live_put(&live->ready, mln_live_take_first(live), false);
}

static bool must_stop(const struct mln_live *live)
{
    return live->options.stop != NULL && *live->options.stop != 0;
}

/* ---- waiting ---- */

static void sleep_ms(int64_t ms)
{
    if (ms > 0)
        (void)poll(NULL, 0, (int)(ms < MLN_LIVE_LOOK_MS ? ms : MLN_LIVE_LOOK_MS));
}

/* For an answer, up to `ms` and no longer than the stop flag may be left alone. */
static int wait_for_one(struct mln_live *live, int64_t ms, bool *ended, struct mln_err *err)
{
    int64_t at_most = ms < MLN_LIVE_LOOK_MS ? ms : MLN_LIVE_LOOK_MS;
    int rc;

    *ended = false;
    if (live->flying.first == NULL) {
        sleep_ms(at_most);
        return MLN_OK;
    }
    forget_done(live);
    rc = mln_multi_wait(live->multi, at_most > 0 ? at_most : 0, &live->done, err);
    *ended = rc == MLN_OK;
    return rc == MLN_ENOTFOUND ? MLN_OK : rc;
}

/* What was under way when a run was stopped went with the connections. */
static int have_multi(struct mln_live *live, struct mln_err *err)
{
    size_t connections = mln_pace_in_flight_max(live->options.pace);

    /* Kept for more hosts than are asked at once: each costs memory, a new one costs a handshake.
     */
    if (connections < MLN_LIVE_CONNECTIONS)
        connections = MLN_LIVE_CONNECTIONS;
    return live->multi != NULL ? MLN_OK
                               : mln_multi_new(&live->options.curl, connections, &live->multi, err);
}

/* One step: sends what may be sent, and looks for an answer until `until_ms` or the next token. */
static int step(struct mln_live *live, int64_t until_ms, struct mln_collect_answer *out,
        bool *answered, struct mln_err *err)
{
    int64_t now_ms, due_ms = mln_monotonic_ms(live->options.clock) + NO_LIMIT_MS;
    bool ended = false, again = false;
    int rc = have_multi(live, err);

    if (rc == MLN_OK)
        rc = mln_live_dispatch(live, &due_ms, err);
    if (rc != MLN_OK || live->ready.first != NULL)
        return rc;
    now_ms = mln_monotonic_ms(live->options.clock);
    rc = wait_for_one(live, (due_ms < until_ms ? due_ms : until_ms) - now_ms, &ended, err);
    if (rc != MLN_OK || !ended)
        return rc;
    rc = mln_live_take(live, out, &again, err);
    *answered = rc == MLN_OK && !again;
    return rc;
}

static int next(void *ctx, int64_t wait_ms, struct mln_collect_answer *out, struct mln_err *err)
{
    struct mln_live *live = ctx;
    int64_t until_ms = mln_monotonic_ms(live->options.clock) + wait_ms;
    struct mln_collect_answer answer;
    bool answered = false;
    int rc = MLN_OK;

    forget_done(live);
    for (;;) {
        if (must_stop(live))
            call_off(live);
        if (live->ended.code != MLN_OK) {
            *err = live->ended;
            return live->ended.code;
        }
        if (live->ready.first != NULL) {
            give_back(live, out);
            return MLN_OK;
        }
        if (live->held == 0)
            return mln_fail(err, MLN_ENOTFOUND, "no call is under way");
        rc = step(live, until_ms, &answer, &answered, err);
        if (rc == MLN_OK && answered)
            *out = answer;
        if (rc != MLN_OK || answered)
            return rc;
        if (live->ready.first == NULL && mln_monotonic_ms(live->options.clock) >= until_ms)
            return mln_fail(err, MLN_ENOTFOUND, "no answer yet");
    }
}

static void pause_for(void *ctx, int64_t ms)
{
    struct mln_live *live = ctx;
    int64_t until_ms = mln_monotonic_ms(live->options.clock) + ms, now_ms;

    while (!must_stop(live) && (now_ms = mln_monotonic_ms(live->options.clock)) < until_ms)
        sleep_ms(until_ms - now_ms);
}

static void drop(void *ctx)
{
    struct mln_live *live = ctx;
    struct mln_live_call *call;

    call_off(live);
    while ((call = live->ready.first) != NULL) {
        mln_live_unlink(&live->ready, call);
        mln_live_put(&live->spare, call, false);
    }
    live->held = 0;
}

/* ---- the whole ---- */

int mln_live_new(const struct mln_live_options *options, struct mln_live **out, struct mln_err *err)
{
    struct mln_live *live = calloc(1, sizeof(*live));
    int rc;

    if (live == NULL)
        return mln_fail(err, MLN_ENOMEM, "out of memory");
    live->options = *options;
    live->arena = (struct mln_arena)MLN_ARENA_INIT(MLN_LIVE_PARAMS_MAX);
    mln_signed_request_init(&live->signed_request);
    mln_http_response_init(&live->done.response);
    mln_map_init(&live->queues, MLN_PACE_BUCKETS_MAX);
    mln_live_names_init(&live->names);
    rc = have_multi(live, err);
    if (rc == MLN_OK)
        *out = MLN_TAKE(live);
    mln_live_free(live);
    return rc;
}

void mln_live_free(struct mln_live *live)
{
    struct mln_live_call *call;

    if (live == NULL)
        return;
    drop(live);
    while ((call = live->spare.first) != NULL) {
        mln_live_unlink(&live->spare, call);
        free(call);
    }
    mln_multi_free(live->multi);
    mln_http_response_fini(&live->done.response);
    mln_creds_wipe(&live->creds);
    mln_signed_request_fini(&live->signed_request);
    mln_map_fini(&live->queues, free);
    mln_live_names_fini(&live->names);
    mln_arena_free(&live->arena);
    free((void *)live->heap);
    free(live);
}

struct mln_collect_transport mln_live_transport(struct mln_live *live)
{
    return (struct mln_collect_transport){ .in_flight_max = MLN_LIVE_HELD_MAX,
        .submit = submit,
        .next = next,
        .pause = pause_for,
        .drop = drop,
        .ctx = live };
}
