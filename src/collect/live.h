/*
 * The live cloud as a transport of the executor: signs and sends the plan's calls, as many at once
 * as the pace allows, on the caller's thread.
 */
#pragma once

#include "base/log.h"
#include "client/creds.h"
#include "client/endpoints.h"
#include "client/pace.h"
#include "collect/collect.h"

/* Everything is borrowed for the transport's life. */
struct mln_live_options {
    struct mln_creds_session *creds;
    const struct mln_endpoints *endpoints;
    struct mln_pace *pace; /* Shared by accounts that are read at once. */
    struct mln_curl_options curl;
    struct mln_str account_id;  /* Names the buckets; "" until it is known is fine. */
    struct mln_str home_region; /* Where calls of the whole account go; "": each product's own. */
    const struct mln_clock *clock;
    const struct mln_random *random;
    const struct mln_log *log; /* May be NULL: debug lines of method, host, action, status, ms. */
    const volatile int *stop;
    const char *user_agent;
    int64_t timeout_ms; /* 0: MLN_READ_TIMEOUT_MS */
    /* Tells the user something once: the clock is off, credentials were renewed. May be NULL. */
    void (*note)(void *ctx, const char *text);
    void *note_ctx;
};

struct mln_live;
MLN_MUST_USE int mln_live_new(
        const struct mln_live_options *options, struct mln_live **out, struct mln_err *err);
void mln_live_free(struct mln_live *live);
struct mln_collect_transport mln_live_transport(struct mln_live *live);
