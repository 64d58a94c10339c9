#include "client/api.h"

/* In the order of asking: the more exact code first. */
/* clang-format off */
static const struct mln_refusal refusals[] = {
    { "AccessDenied*",               MLN_EDENIED,    false, NULL },
    { "Forbidden*",                  MLN_EDENIED,    false, NULL },
    { "IllegalTimestamp",            MLN_ECONFIG,    false, "the request's time was refused" },
    { "IncompleteSignature*",        MLN_ECREDS,     false, "the signature was refused" },
    { "InternalError",               MLN_ETRANSIENT, true,  "the server failed" },
    { "InvalidAccessKeyId.Inactive", MLN_ECREDS,     false, "the access key is disabled: enable it or use another profile" },
    { "InvalidAccessKeyId*",         MLN_ECREDS,     false, "the access key is not known there: check profile and endpoint" },
    { "InvalidAction*",              MLN_EIO,        false, "the server does not have this action: check the endpoint" },
    { "InvalidApi*",                 MLN_EIO,        false, "the server does not have this action: check the endpoint" },
    { "InvalidProduct*",             MLN_EIO,        false, "the server does not serve this product: check the endpoint" },
    { "InvalidRiskId.NotFound",      MLN_ENOTFOUND,  false, "there is no such risk event" },
    { "InvalidRiskStatus.Processed", MLN_EEXIST,     false, "it was already handled" },
    { "InvalidSecurityToken*",       MLN_ECREDS,     false, "the session token is not valid or has expired: sign in again" },
    { "InvalidTimeStamp*",           MLN_ECONFIG,    false, "the request's time was refused" },
    { "InvalidVersion",              MLN_EIO,        false, "the server does not serve this API version: check the endpoint" },
    { "MissingSecurityToken",        MLN_ECREDS,     false, "the session token is missing: sign in again" },
    { "NoPermission*",               MLN_EDENIED,    false, NULL },
    { "Rejected.Throttling",         MLN_ETRANSIENT, true,  "too many requests" },
    { "RequestTimeTooSkewed",        MLN_ECONFIG,    false, "the request's time was refused" },
    { "SecurityTokenExpired*",       MLN_ECREDS,     false, "the session token has expired: sign in again" },
    { "ServiceUnavailable*",         MLN_ETRANSIENT, true,  "the server is not available for the moment" },
    { "SignatureDoesNotMatch*",      MLN_ECREDS,     false, "the signature does not match: the profile's secret does not belong to its key" },
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

int mln_clock_refused(int64_t now_ms, int64_t date_ms, struct mln_err *err)
{
    int64_t skew_s = (now_ms - date_ms) / MLN_MS_PER_S;

    if (date_ms == 0)
        return mln_fail(
                err, MLN_ECONFIG, "the request's time was refused: this machine's clock is off");
    return mln_fail(err, MLN_ECONFIG,
            "the request's time was refused: this machine's clock is %lld seconds %s the server's",
            (long long)(skew_s < 0 ? -skew_s : skew_s), skew_s < 0 ? "behind" : "ahead of");
}
