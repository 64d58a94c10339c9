/* The Authorization header of signed requests, and finding headers. */
#include "acs/sign.h"

bool mln_acs_header(const struct mln_acs_request *request, const char *name, struct mln_str *out)
{
    struct mln_str wanted = mln_str_of(name);

    for (size_t i = 0; i < request->header_count; i++) {
        if (!mln_str_eq_nocase(request->headers[i].name, wanted))
            continue;
        *out = request->headers[i].value;
        return true;
    }
    return false;
}

bool mln_v3_algorithm_supported(struct mln_str algorithm)
{
    return mln_str_is(algorithm, MLN_V3_ALGORITHM);
}

/* Stores `text`, "Credential=LTAI...", where it belongs; false for a repeat or an empty value. */
static bool take_attribute(struct mln_str text, struct mln_v3_authorization *out)
{
    const struct {
        struct mln_str name;
        struct mln_str *value;
    } attributes[] = {
        { MLN_STR("Credential="), &out->credential },
        { MLN_STR("Signature="), &out->signature },
        { MLN_STR("SignedHeaders="), &out->signed_headers },
    };

    for (size_t i = 0; i < MLN_LEN(attributes); i++) {
        struct mln_str name = attributes[i].name;

        if (!mln_str_starts(text, name))
            continue;
        if (attributes[i].value->len > 0 || text.len == name.len)
            return false;
        *attributes[i].value = (struct mln_str){ text.ptr + name.len, text.len - name.len };
        return true;
    }
    return true; /* An attribute that is not ours. */
}

int mln_v3_authorization_parse(
        struct mln_str header, struct mln_v3_authorization *out, struct mln_err *err)
{
    struct mln_v3_authorization found = { 0 };
    struct mln_str rest = mln_str_trim(header), attribute;

    if (!mln_str_next(&rest, ' ', &found.algorithm) ||
            !mln_str_starts(found.algorithm, MLN_STR("ACS3-")))
        return mln_fail(err, MLN_EINVAL, "Authorization does not begin with an ACS3 algorithm");
    while (mln_str_next(&rest, ',', &attribute)) {
        if (!take_attribute(mln_str_trim(attribute), &found))
            return mln_fail(err, MLN_EINVAL, "Authorization has an empty or repeated attribute");
    }
    if (found.credential.len == 0 || found.signed_headers.len == 0 || found.signature.len == 0)
        return mln_fail(
                err, MLN_EINVAL, "Authorization lacks Credential, SignedHeaders or Signature");
    *out = found;
    return MLN_OK;
}
