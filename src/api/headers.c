/* Step 1: the headers that the gateway looks at, found in one pass. */
#include "api/call.h"

static const struct {
    struct mln_str name;
    bool may_repeat;
} known[MLN_KNOWN_HEADERS] = {
    [MLN_HEADER_ACCEPT] = { { "accept", 6 }, true },
    [MLN_HEADER_AUTHORIZATION] = { { "authorization", 13 }, false },
    [MLN_HEADER_CONTENT_TYPE] = { { "content-type", 12 }, false },
    [MLN_HEADER_HOST] = { { "host", 4 }, false },
    [MLN_HEADER_ACTION] = { { "x-acs-action", 12 }, false },
    [MLN_HEADER_CONTENT_SHA256] = { { "x-acs-content-sha256", 20 }, false },
    [MLN_HEADER_DATE] = { { "x-acs-date", 10 }, false },
    [MLN_HEADER_SECURITY_TOKEN] = { { "x-acs-security-token", 20 }, false },
    [MLN_HEADER_NONCE] = { { "x-acs-signature-nonce", 21 }, false },
    [MLN_HEADER_VERSION] = { { "x-acs-version", 13 }, false },
};

static size_t known_header(struct mln_str name)
{
    size_t row = 0;

    while (row < MLN_KNOWN_HEADERS &&
            (name.len != known[row].name.len || !mln_str_eq_nocase(name, known[row].name)))
        row++;
    return row;
}

/*
 * A header that decides something must not be there twice: the signature covers both values, but
 * the gateway would act on one of them.
 */
bool mln_step_headers(struct mln_call *call)
{
    bool seen[MLN_KNOWN_HEADERS] = { false };

    for (size_t i = 0; i < call->request.header_count; i++) {
        const struct mln_header *header = &call->request.headers[i];
        size_t row = known_header(header->name);

        if (row == MLN_KNOWN_HEADERS || (seen[row] && known[row].may_repeat))
            continue;
        if (seen[row])
            return mln_call_refuse(call, MLN_ACS_REPEATED_PARAMETER, known[row].name.ptr);
        seen[row] = true;
        call->header[row] = mln_str_trim(header->value);
    }
    return true;
}
