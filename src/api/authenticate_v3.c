/*
 * Signature V3: the Authorization header signs the query, the headers that it names, and the hash
 * of the body. The client chooses the list; `host` and every x-acs-* header that is present must be
 * on it.
 */
#include "api/call.h"

static const struct mln_str empty_sha256 = {
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855", 64
};

bool mln_v3_claim(struct mln_call *call, struct mln_claim *claim)
{
    struct mln_v3_authorization authorization;
    struct mln_err err = { 0 };

    if (mln_v3_authorization_parse(call->header[MLN_HEADER_AUTHORIZATION], &authorization, &err) !=
            MLN_OK)
        return mln_call_refuse(call, MLN_ACS_INCOMPLETE_SIGNATURE, NULL);
    if (!mln_str_is(authorization.algorithm, MLN_V3_ALGORITHM))
        return mln_call_refuse(call, MLN_ACS_INVALID_SIGNATURE_METHOD, NULL);
    if (authorization.credential.len == 0)
        return mln_call_refuse(call, MLN_ACS_MISSING_PARAM, "AccessKeyId");
    if (authorization.signature.len == 0)
        return mln_call_refuse(call, MLN_ACS_MISSING_PARAM, "Signature");
    if (call->header[MLN_HEADER_NONCE].len == 0)
        return mln_call_refuse(call, MLN_ACS_MISSING_PARAM, "SignatureNonce");
    if (call->header[MLN_HEADER_DATE].len == 0)
        return mln_call_refuse(call, MLN_ACS_MISSING_PARAM, "Timestamp");
    if (call->header[MLN_HEADER_CONTENT_SHA256].len == 0)
        return mln_call_refuse(call, MLN_ACS_INCOMPLETE_SIGNATURE, NULL);
    *claim = (struct mln_claim){
        .access_key_id = authorization.credential,
        .signature = authorization.signature,
        .signed_headers = authorization.signed_headers,
        .timestamp = call->header[MLN_HEADER_DATE],
        .nonce = call->header[MLN_HEADER_NONCE],
        .token = call->header[MLN_HEADER_SECURITY_TOKEN],
    };
    return true;
}

static bool is_listed(struct mln_str list, struct mln_str name)
{
    struct mln_str item;

    while (mln_str_next(&list, ';', &item)) {
        if (item.len == name.len && mln_str_eq_nocase(item, name))
            return true;
    }
    return false;
}

static bool must_be_signed(struct mln_str name)
{
    const struct mln_str prefix = MLN_STR("x-acs-");

    if (mln_str_eq_nocase(name, MLN_STR("host")))
        return true;
    return name.len > prefix.len &&
           mln_str_eq_nocase((struct mln_str){ .ptr = name.ptr, .len = prefix.len }, prefix);
}

static bool signs_what_it_must(const struct mln_call *call, struct mln_str signed_headers)
{
    if (!is_listed(signed_headers, MLN_STR("host")))
        return false;
    for (size_t i = 0; i < call->request.header_count; i++) {
        struct mln_str name = call->request.headers[i].name;

        if (must_be_signed(name) && !is_listed(signed_headers, name))
            return false;
    }
    return true;
}

static bool refuse_mismatch(struct mln_call *call, const struct mln_v3_input *input)
{
    MLN_AUTO(mln_buf_free) struct mln_buf canonical = MLN_BUF_INIT(MLN_CANONICAL_MAX);
    MLN_AUTO(mln_buf_free) struct mln_buf string_to_sign = MLN_BUF_INIT(MLN_CANONICAL_MAX);
    char signature[MLN_V3_SIGNATURE_LEN + 1];
    struct mln_err err = { 0 };

    (void)mln_call_refuse(call, MLN_ACS_SIGNATURE_DOES_NOT_MATCH_V3, NULL);
    if (mln_v3_sign(input, &canonical, &string_to_sign, signature, &err) == MLN_OK)
        mln_acs_error_detail_v3(
                &call->error, mln_buf_str(&string_to_sign), mln_buf_str(&canonical));
    return false;
}

static bool matches(
        const struct mln_v3_input *input, struct mln_str claimed, int *rc, struct mln_err *err)
{
    char signature[MLN_V3_SIGNATURE_LEN + 1] = "";

    *rc = mln_v3_sign(input, NULL, NULL, signature, err);
    return *rc == MLN_OK && mln_signature_eq(mln_str_of(signature), claimed);
}

bool mln_v3_verify(struct mln_call *call, const struct mln_claim *claim)
{
    char sha256[MLN_SHA256_HEX_MAX];
    struct mln_v3_input input = {
        .request = &call->request,
        .query = &call->params, /* Sorted; the body's parameters are not yet among them. */
        .signed_headers = claim->signed_headers,
        .payload_sha256 = empty_sha256,
        .key = mln_secret_bytes(&call->principal->secret),
        .names = MLN_V3_NAMES_ENCODED,
    };
    struct mln_err err = { 0 };
    bool verified;
    int rc;

    if (!signs_what_it_must(call, claim->signed_headers))
        return mln_call_refuse(call, MLN_ACS_INCOMPLETE_SIGNATURE, NULL);
    if (call->request.body.len > 0) {
        mln_sha256_hex(call->request.body, sha256);
        input.payload_sha256 = mln_str_of(sha256);
    }
    verified = matches(&input, claim->signature, &rc, &err);
    if (!verified && rc == MLN_OK) {
        input.names = MLN_V3_NAMES_RAW; /* Some SDKs leave odd names as they are. */
        verified = matches(&input, claim->signature, &rc, &err);
    }
    if (rc == MLN_EINVAL)
        return mln_call_refuse(call, MLN_ACS_INCOMPLETE_SIGNATURE, NULL);
    if (rc == MLN_ETOOBIG)
        return mln_call_refuse(call, MLN_ACS_REQUEST_ENTITY_TOO_LARGE, NULL);
    if (rc != MLN_OK)
        return mln_call_fault(call, rc, &err);
    if (!verified ||
            !mln_str_eq_nocase(call->header[MLN_HEADER_CONTENT_SHA256], input.payload_sha256))
        return refuse_mismatch(call, &input);
    return true;
}
