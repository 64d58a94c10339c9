/* Credentials from an address that the environment or a profile names: https, or http on loopback.
 * Its query may be a secret, so the address is never shown. */
#include "client/priv.h"

#define WHAT "the credentials URI"

/* The scheme and host decide; a user name, a fragment or a blank has no business in it. */
static int check_uri(struct mln_str uri, struct mln_endpoint *endpoint, struct mln_err *err)
{
    struct mln_str origin = mln_url_origin(uri);
    struct mln_err why;
    int rc;

    if (uri.len > MLN_CREDENTIALS_URI_MAX)
        return mln_fail(
                err, MLN_ECONFIG, WHAT " is over its limit of %zu bytes", MLN_CREDENTIALS_URI_MAX);
    if (origin.len == 0)
        return mln_fail(err, MLN_ECONFIG, WHAT " does not begin with https:// or http://");
    for (size_t i = 0; i < uri.len; i++) {
        if (uri.ptr[i] <= ' ' || uri.ptr[i] > '~' || uri.ptr[i] == '#' || uri.ptr[i] == '\\')
            return mln_fail(err, MLN_ECONFIG, WHAT " holds a character that addresses do not have");
    }
    rc = mln_endpoint_parse(origin, endpoint, &why);
    if (rc == MLN_EDENIED)
        return mln_fail(err, MLN_ECONFIG,
                WHAT " is plain http to another machine: credentials come only over https, or from "
                     "loopback");
    return rc == MLN_OK ? MLN_OK
                        : mln_fail(err, MLN_ECONFIG, WHAT " has a host that cannot be read");
}

int mln_creds_from_uri(const struct mln_creds_options *options, struct mln_str uri,
        struct mln_creds *out, struct mln_err *err)
{
    MLN_AUTO(mln_http_response_fini) struct mln_http_response response;
    MLN_AUTO(mln_creds_free_json) struct mln_json *doc = NULL;
    MLN_AUTO(mln_secret_wipe) struct mln_secret url = { 0 };
    struct mln_endpoint endpoint = { 0 };
    struct mln_creds creds = { 0 };
    int rc = check_uri(uri, &endpoint, err);

    mln_http_response_init(&response);
    if (rc == MLN_OK)
        rc = mln_secret_init(&url, uri, err);
    if (rc == MLN_OK && options->transport != NULL) {
        const struct mln_header headers[] = {
            { MLN_STR("host"), mln_str_of(endpoint.host) },
            { MLN_STR("accept"), MLN_STR("application/json") },
            { MLN_STR("user-agent"), mln_creds_user_agent(options) },
        };
        const struct mln_http_request request = {
            .url = url.ptr,
            .method = MLN_HTTP_GET,
            .headers = headers,
            .header_count = MLN_LEN(headers),
            .timeout_ms = MLN_CREDS_TIMEOUT_MS,
            .connect_timeout_ms = MLN_CREDS_CONNECT_MS,
        };

        rc = mln_creds_ask(options, WHAT, &request, &response, NULL, err);
        if (rc == MLN_OK)
            rc = mln_creds_document(WHAT, &response, false, &doc, err);
        if (rc == MLN_OK)
            rc = mln_creds_triple(
                    options, WHAT, mln_json_root(doc), &mln_triple_upper, &creds, err);
    }
    if (rc != MLN_OK)
        return rc;
    mln_creds_name(&creds, "credentials_uri", "CredentialsURI");
    *out = creds;
    return MLN_OK;
}
