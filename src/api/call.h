/*
 * One call of the API, from the request as it arrived to the bytes of the answer, independent of
 * the HTTP library. The steps are functions that run in order until one refuses:
 *
 *     read headers, identify action, authenticate, authorise, validate     mln_call_prepare()
 *     act, render                                                          mln_call_act()
 *
 * A call is reused: mln_call_begin() forgets the last one and keeps its memory. Everything that is
 * read from the request borrows from it, and what is decoded lives in the arena.
 */
#pragma once

#include "acs/error.h"
#include "acs/sign.h"
#include "api/action.h"
#include "api/lane.h"
#include "api/metrics.h"
#include "api/scans.h"
#include "base/log.h"
#include "iam/auth.h"

#define MLN_CALL_ARENA_MAX      ((size_t)16 * 1024 * 1024)
#define MLN_CALL_ANSWER_MAX     ((size_t)16 * 1024 * 1024)
#define MLN_CALL_MEMORY_KEPT    ((size_t)64 * 1024) /* Larger buffers are given back after a call. */
#define MLN_HOST_ID_MAX         ((size_t)255)
#define MLN_SIGNATURE_MAX       ((size_t)1024)
#define MLN_CALL_SKEW_MS        ((int64_t)15 * 60 * 1000)
#define MLN_ACCESS_KEY_SENT_MAX ((size_t)128)

/* What all calls of a server share. Thread-safe or read-only. */
struct mln_gateway {
    struct mln_auth *auth;
    const struct mln_clock *clock;
    const struct mln_log *log;
    struct mln_metrics *metrics;
    struct mln_scans *scans; /* NULL: nobody scans here. */
    int64_t skew_ms;
};

/* Headers that the gateway looks at, in the order of their names (headers.c). */
enum mln_known_header {
    MLN_HEADER_ACCEPT,
    MLN_HEADER_AUTHORIZATION,
    MLN_HEADER_CONTENT_TYPE,
    MLN_HEADER_HOST,
    MLN_HEADER_ACTION,
    MLN_HEADER_CONTENT_SHA256,
    MLN_HEADER_DATE,
    MLN_HEADER_SECURITY_TOKEN,
    MLN_HEADER_NONCE,
    MLN_HEADER_VERSION,
    MLN_KNOWN_HEADERS,
};

struct mln_call {
    const struct mln_gateway *gateway;
    struct mln_lane *lane; /* Of the thread that works on the call now. */

    /* What arrived: set by the HTTP layer after mln_call_begin(). */
    struct mln_acs_request request;
    const char *address; /* The client's, as text. */

    /* What the steps found. */
    char request_id[MLN_UUID_TEXT_MAX];
    struct mln_str header[MLN_KNOWN_HEADERS]; /* Empty: absent. */
    struct mln_params params;
    bool is_v3;
    enum mln_format format;
    const struct mln_action *action;
    const struct mln_principal *principal; /* Held until the next begin. */
    struct mln_str nonce;
    struct mln_value values[MLN_ACTION_PARAMS_MAX]; /* By row of the action. */

    /* The answer. */
    bool refused;
    struct mln_acs_error error;
    struct mln_buf out;
    int status; /* 0 until the answer stands in `out`. */

    struct mln_arena arena;
};

void mln_call_init(struct mln_call *call, const struct mln_gateway *gateway);
void mln_call_fini(struct mln_call *call);

/* Starts a new call on this lane, with a new request id. */
void mln_call_begin(struct mln_call *call, struct mln_lane *lane);

/* Lets go of what the last call held (principal, large buffers). */
void mln_call_end(struct mln_call *call);

/* Runs every step before the action. On false the refusal stands in `out`, rendered. */
bool mln_call_prepare(struct mln_call *call);

/* Does the prepared action on `lane` (a write's may be another thread's) and renders the answer. */
void mln_call_act(struct mln_call *call, struct mln_lane *lane);

/* Renders the refusal that a step or the HTTP layer has recorded. */
void mln_call_render_refusal(struct mln_call *call);

/* Records a refusal and returns false. `name` is the parameter's where the code has one. */
bool mln_call_refuse(struct mln_call *call, enum mln_acs_code code, const char *name);

/*
 * Refuses because something of ours failed: `rc` and `err` say what. Busy is ServiceUnavailable,
 * all else InternalError; the reason goes to the log, never to the client. Returns false.
 */
bool mln_call_fault(struct mln_call *call, int rc, const struct mln_err *err);

/* This thread's store connection, or a refused call. */
bool mln_call_store(struct mln_call *call, struct mln_store **out);

/* The steps, in their order. */
bool mln_step_headers(struct mln_call *call);
bool mln_step_identify(struct mln_call *call);
bool mln_step_authenticate(struct mln_call *call);
bool mln_step_authorise(struct mln_call *call);
bool mln_step_validate(struct mln_call *call);

/* Media types of a body that carries parameters. */
bool mln_call_has_form(const struct mln_call *call);
bool mln_call_has_json(const struct mln_call *call);

/* Adds the parameters of the body (form or JSON); refuses what cannot be read and repeated names.
 */
bool mln_call_read_body(struct mln_call *call);

/* What a request claims about its sender, in either signature version. */
struct mln_claim {
    struct mln_str access_key_id, signature, timestamp, nonce, token;
    struct mln_str signed_headers; /* V3 */
};

/* authenticate_v1.c, authenticate_v3.c: find the claim; check its signature. Both refuse on false.
 */
bool mln_v1_claim(struct mln_call *call, struct mln_claim *claim);
bool mln_v1_verify(struct mln_call *call, const struct mln_claim *claim);
bool mln_v3_claim(struct mln_call *call, struct mln_claim *claim);
bool mln_v3_verify(struct mln_call *call, const struct mln_claim *claim);
