/*
 * Calls of the cloud's RPC APIs: signed (V3), limited to the actions named when the client is
 * opened, retried when that is safe, and with every refusal turned into a code and a sentence of
 * our own.
 */
#pragma once

#include "acs/endpoint.h"
#include "base/log.h"
#include "client/creds.h"
#include "client/retry.h"
#include "client/transport.h"
#include "wire/json.h"

struct mln_api_action {
    const char *name;
    bool is_write;
    const char *summary;
};

struct mln_api_options {
    const struct mln_product *product;
    const struct mln_endpoint *endpoint;
    const struct mln_creds *creds;
    const struct mln_api_action *actions; /* The only ones that are ever sent. */
    size_t action_count;
    struct mln_transport transport;
    const struct mln_clock *clock;
    const struct mln_random *random;
    void (*sleep_ms)(void *ctx, int64_t ms);
    void *sleep_ctx;
    const struct mln_log *log; /* May be NULL. */
    const char *user_agent;
    int64_t timeout_ms; /* 0: MLN_READ_TIMEOUT_MS, MLN_WRITE_TIMEOUT_MS */
};

/* Everything in `options` is borrowed for the client's life. */
struct mln_api;
MLN_MUST_USE int mln_api_new(
        const struct mln_api_options *options, struct mln_api **out, struct mln_err *err);
void mln_api_free(struct mln_api *api);

struct mln_api_answer {
    struct mln_json *doc;
    struct mln_json_value data; /* The members: top level, or those of a `data` object. */
    char request_id[64];
    char code[64];   /* The code of a refusal, when the server gave one. */
    int64_t date_ms; /* The server's clock; 0: unknown. */
    bool sent;       /* A request may have reached the server. Set on failure too. */
};

void mln_api_answer_free(struct mln_api_answer *answer);

/*
 * Calls `action` with `params`. On failure only `sent`, `code` and `request_id` of `answer` are
 * meaningful.
 * MLN_EINVAL: not in the list of actions (nothing is sent), or refused by the server; MLN_EDENIED,
 * MLN_ECREDS (also without an access key: nothing is sent), MLN_ECONFIG (the clock is off),
 * MLN_ENOTFOUND, MLN_EEXIST, MLN_ETRANSIENT, MLN_EIO.
 */
MLN_MUST_USE int mln_api_call(struct mln_api *api, const char *action, struct mln_params *params,
        struct mln_api_answer *answer, struct mln_err *err);

/* One refusal of the cloud, as a row: what it means for us. */
struct mln_refusal {
    const char *code; /* A trailing '*' matches any rest. */
    int meaning;      /* enum mln_code */
    bool retry;
    const char *sentence; /* In place of the server's text, which may repeat credentials; NULL: the
                             server's. */
};
const struct mln_refusal *mln_refusal_of(struct mln_str code);

/*
 * Says that the request's time was refused, and by how much this machine's clock (`now_ms`) differs
 * from the server's (`date_ms`, 0: it did not say). Always MLN_ECONFIG.
 */
int mln_clock_refused(int64_t now_ms, int64_t date_ms, struct mln_err *err);
