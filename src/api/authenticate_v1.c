/* Signature V1: everything is a parameter, of the query or of a form. */
#include "api/call.h"

/* The common parameters that must be there, in the order in which they are missed. */
static const struct {
    const char *name;
    size_t offset; /* in struct mln_claim */
} required[] = {
    { "AccessKeyId", offsetof(struct mln_claim, access_key_id) },
    { "Signature", offsetof(struct mln_claim, signature) },
    { "SignatureNonce", offsetof(struct mln_claim, nonce) },
    { "Timestamp", offsetof(struct mln_claim, timestamp) },
};

static bool check_fixed(struct mln_call *call)
{
    struct mln_str value;

    if (!mln_params_get(&call->params, "SignatureMethod", true, &value))
        return mln_call_refuse(call, MLN_ACS_MISSING_PARAM, "SignatureMethod");
    if (!mln_str_is(value, "HMAC-SHA1"))
        return mln_call_refuse(call, MLN_ACS_INVALID_SIGNATURE_METHOD, NULL);
    if (!mln_params_get(&call->params, "SignatureVersion", true, &value))
        return mln_call_refuse(call, MLN_ACS_MISSING_PARAM, "SignatureVersion");
    if (!mln_str_is(value, "1.0"))
        return mln_call_refuse(call, MLN_ACS_INVALID_PARAM, "SignatureVersion");
    return true;
}

bool mln_v1_claim(struct mln_call *call, struct mln_claim *claim)
{
    for (size_t i = 0; i < MLN_LEN(required); i++) {
        struct mln_str *slot = (struct mln_str *)(void *)((char *)claim + required[i].offset);

        if (!mln_params_get(&call->params, required[i].name, true, slot))
            return mln_call_refuse(call, MLN_ACS_MISSING_PARAM, required[i].name);
    }
    (void)mln_params_get(&call->params, "SecurityToken", true, &claim->token);
    /* The signature does not cover a JSON body: its parameters would be anybody's. */
    if (call->request.body.len > 0 && mln_call_has_json(call))
        return mln_call_refuse(call, MLN_ACS_INCOMPLETE_SIGNATURE, NULL);
    return check_fixed(call);
}

/* A view of the parameters without Signature; the sorting inside changes only the copy. */
static bool unsigned_params(struct mln_call *call, struct mln_params *out)
{
    struct mln_param *items = mln_arena_alloc(
            &call->arena, (call->params.count + 1) * sizeof(*items));
    size_t count = 0;

    if (items == NULL)
        return mln_call_refuse(call, MLN_ACS_REQUEST_ENTITY_TOO_LARGE, NULL);
    for (size_t i = 0; i < call->params.count; i++) {
        if (!mln_str_is(call->params.items[i].name, "Signature"))
            items[count++] = call->params.items[i];
    }
    *out = (struct mln_params){
        .items = items, .count = count, .capacity = call->params.count + 1
    };
    return true;
}

static bool refuse_mismatch(struct mln_call *call, const struct mln_buf *string_to_sign)
{
    (void)mln_call_refuse(call, MLN_ACS_SIGNATURE_DOES_NOT_MATCH_V1, NULL);
    mln_acs_error_detail(&call->error, mln_buf_str(string_to_sign));
    return false;
}

bool mln_v1_verify(struct mln_call *call, const struct mln_claim *claim)
{
    MLN_AUTO(mln_buf_free) struct mln_buf string_to_sign = MLN_BUF_INIT(MLN_CANONICAL_MAX);
    MLN_AUTO(mln_buf_free) struct mln_buf signature = MLN_BUF_INIT(MLN_SIGNATURE_MAX);
    struct mln_err err = { 0 };
    struct mln_params params;
    int rc;

    if (!unsigned_params(call, &params))
        return false;
    rc = mln_v1_sign(call->request.method, &params, mln_secret_bytes(&call->principal->secret),
            &string_to_sign, &signature, &err);
    if (rc == MLN_ETOOBIG)
        return mln_call_refuse(call, MLN_ACS_REQUEST_ENTITY_TOO_LARGE, NULL);
    if (rc != MLN_OK)
        return mln_call_fault(call, rc, &err);
    return mln_signature_eq(mln_buf_str(&signature), claim->signature) ||
           refuse_mismatch(call, &string_to_sign);
}
