/*
 * A request to the cloud, ready to be sent: URL, headers and signature. Three styles: RPC
 * (parameters in the query, ACS3-HMAC-SHA256), ROA (the same signature over a path), and OSS's REST
 * (OSS4-HMAC-SHA256). A request is signed once per attempt: nonce, date and signature are new each
 * time.
 */
#pragma once

#include "acs/sign.h"
#include "client/creds.h"
#include "client/transport.h"

enum mln_request_style { MLN_REQUEST_RPC, MLN_REQUEST_ROA, MLN_REQUEST_OSS };

/* Everything is borrowed until mln_request_sign() returns. */
struct mln_request_spec {
    enum mln_request_style style;
    enum mln_http_method method; /* RPC: POST or GET; OSS: GET. */
    const struct mln_endpoint *endpoint;
    const struct mln_creds *creds;
    struct mln_str action, version; /* RPC, ROA */
    struct mln_str path;            /* ROA: with its leading slash; parts percent-encoded. */
    struct mln_str region, bucket; /* OSS: the region to sign for ("oss-" before it is left out); ""
                                      for no bucket. */
    const struct mln_params
            *params; /* Sorted; OSS: a value of length 0 stands without '='. NULL: none. */
    const char *user_agent;
    int64_t now_ms; /* Wall time, as the cloud has it. */
    const struct mln_random *random;
};

struct mln_signed_request {
    struct mln_http_request http; /* url, method and headers; point into the rest. */
    struct mln_header headers[20];
    struct mln_buf text; /* Their bytes; kept for the next attempt. */
};

void mln_signed_request_init(struct mln_signed_request *request);
/* Wipes and frees. */
void mln_signed_request_fini(struct mln_signed_request *request);

/*
 * Builds and signs; `out` may hold an earlier request, which is wiped first. Time-outs and the like
 * of `out->http` are for the caller to set afterwards. A bucket goes into the host's name, or into
 * the path when the endpoint is an address or loopback; bucket names are checked ([a-z0-9-],
 * 3..63). MLN_EINVAL for what cannot be sent, MLN_ECREDS for credentials that no header can carry
 * or whose parts are empty, MLN_EDENIED for an endpoint that credentials must not go to,
 * MLN_ETOOBIG, MLN_ENOMEM.
 */
MLN_MUST_USE int mln_request_sign(
        const struct mln_request_spec *spec, struct mln_signed_request *out, struct mln_err *err);
