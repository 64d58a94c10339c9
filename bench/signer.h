/*
 * Signed requests (V3, without a body) for the load programs, as the SDKs send them. The key comes
 * from the environment, never from an argument.
 */
#pragma once

#include "acs/sign.h"
#include "base/clock.h"

#define SIGNER_HEADERS_MAX 12

struct signer {
    struct mln_str key_id, secret;
    const char *host;
    const char *action, *version; /* NULL: DescribeRiskRules of its version. */
};

struct signed_request {
    struct mln_acs_request request; /* Points into the members below. */
    struct mln_header headers[SIGNER_HEADERS_MAX];
    char nonce[33], date[MLN_TIME_TEXT_MAX], authorization[512];
};

/* From ALIBABA_CLOUD_ACCESS_KEY_ID and ALIBABA_CLOUD_ACCESS_KEY_SECRET; exits without them. */
struct signer signer_from_env(const char *host);

/* A request with a nonce of its own. `out` must not move afterwards; exits on failure. */
void signer_sign(const struct signer *signer, const char *query, struct signed_request *out);

/* The request as it goes over the wire. */
void signer_wire(const struct signed_request *request, struct mln_buf *out);
