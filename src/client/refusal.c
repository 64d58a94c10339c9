#include "client/api.h"

/* In the order of asking: the more exact code first. */
/* clang-format off */
static const struct mln_refusal refusals[] = {
    { "Forbidden*",                  MLN_EDENIED,    false, NULL },
    { "IncompleteSignature",         MLN_ECREDS,     false, "the signature was refused" },
    { "InternalError",               MLN_ETRANSIENT, true,  "the server failed" },
    { "InvalidAccessKeyId.Inactive", MLN_ECREDS,     false, "the access key is disabled: enable it or use another profile" },
    { "InvalidAccessKeyId*",         MLN_ECREDS,     false, "the access key is not known there: check profile and endpoint" },
    { "InvalidAction*",              MLN_EIO,        false, "the server does not have this action: check the endpoint" },
    { "InvalidApi*",                 MLN_EIO,        false, "the server does not have this action: check the endpoint" },
    { "InvalidProduct*",             MLN_EIO,        false, "the server does not serve this product: check the endpoint" },
    { "InvalidRiskId.NotFound",      MLN_ENOTFOUND,  false, "there is no such risk event" },
    { "InvalidRiskStatus.Processed", MLN_EEXIST,     false, "it was already handled" },
    { "InvalidSecurityToken*",       MLN_ECREDS,     false, "the session token is not valid or has expired: sign in again" },
    { "InvalidTimeStamp.Expired",    MLN_ECONFIG,    false, "the request's time was refused" },
    { "InvalidVersion",              MLN_EIO,        false, "the server does not serve this API version: check the endpoint" },
    { "MissingSecurityToken",        MLN_ECREDS,     false, "the session token is missing: sign in again" },
    { "NoPermission*",               MLN_EDENIED,    false, NULL },
    { "Rejected.Throttling",         MLN_ETRANSIENT, true,  "too many requests" },
    { "ServiceUnavailable*",         MLN_ETRANSIENT, true,  "the server is not available for the moment" },
    { "SignatureDoesNotMatch",       MLN_ECREDS,     false, "the signature does not match: the profile's secret does not belong to its key" },
    { "SignatureNonceUsed",          MLN_ETRANSIENT, true,  "the request's nonce was refused" },
    { "Throttling*",                 MLN_ETRANSIENT, true,  "too many requests" },
    { "UserDisable*",                MLN_ECREDS,     false, "the user is disabled" },
};
/* clang-format on */

static bool matches(const char *pattern, struct mln_str code)
{
    struct mln_str text = mln_str_of(pattern);

    if (!mln_str_ends(text, MLN_STR("*")))
        return mln_str_eq(text, code);
    text.len--;
    return mln_str_starts(code, text);
}

const struct mln_refusal *mln_refusal_of(struct mln_str code)
{
    for (size_t i = 0; i < MLN_LEN(refusals); i++) {
        if (matches(refusals[i].code, code))
            return &refusals[i];
    }
    return NULL;
}
