/*
 * Sign-ins that another tool made (CloudSSO, OAuth). Its cached triple is used while it lives; then
 * its access token, while that lives, is exchanged for another triple, which stays in memory. A
 * refresh token is never used: using it would sign the other tool out.
 */
#include <stdio.h>

#include "client/priv.h"
#include "wire/writer.h"

#define BEARER_MAX ((size_t)64 * 1024)

static int say_again(const struct mln_login *login, const char *why, struct mln_err *err)
{
    if (login->is_sso)
        return mln_fail(err, MLN_ECREDS,
                "%s: sign in again with `aliyun configure --profile %.*s --mode CloudSSO`", why,
                MLN_SHORT(login->name));
    return mln_fail(err, MLN_ECREDS,
            "%s: run `aliyun sts GetCallerIdentity --profile %.*s` to renew it", why,
            MLN_SHORT(login->name));
}

static bool seconds_are_sane(int64_t seconds)
{
    return seconds > 0 && seconds < INT64_MAX / MLN_MS_PER_S;
}

static bool cached_lives(const struct mln_creds_options *options, const struct mln_login *login)
{
    return login->cached.key_id.len > 0 && login->cached.secret.len > 0 &&
           login->cached.token.len > 0 && seconds_are_sane(login->cached_until_s) &&
           login->cached_until_s * MLN_MS_PER_S - mln_creds_now_ms(options) > MLN_STS_USABLE_MIN_MS;
}

static bool access_token_lives(
        const struct mln_creds_options *options, const struct mln_login *login)
{
    return login->access_token.len > 0 && seconds_are_sane(login->access_token_until_s) &&
           login->access_token_until_s * MLN_MS_PER_S > mln_creds_now_ms(options);
}

/* The scheme and host of the page where the user signs in. */
static int sso_endpoint(
        const struct mln_login *login, struct mln_endpoint *out, struct mln_err *err)
{
    struct mln_str origin = mln_url_origin(login->sign_in_url);

    if (origin.len == 0 || mln_endpoint_parse(origin, out, err) != MLN_OK)
        return mln_fail(err, MLN_ECREDS,
                "cloud_sso_sign_in_url is not an https address: fill it with `aliyun configure`");
    return MLN_OK;
}

static int oauth_endpoint(const struct mln_creds_options *options, const struct mln_login *login,
        struct mln_endpoint *out, struct mln_err *err)
{
    bool intl = mln_str_eq_nocase(login->site, MLN_STR("INTL"));

    if (!intl && login->site.len > 0 && !mln_str_eq_nocase(login->site, MLN_STR("CN")))
        return mln_fail(err, MLN_ECREDS, "oauth_site_type is neither CN nor INTL");
    if (mln_creds_override(options, "OAuth", MLN_STR(""), out))
        return MLN_OK;
    return mln_endpoint_parse(
            mln_str_of(intl ? "oauth.alibabacloud.com" : "oauth.aliyun.com"), out, err);
}

static int sso_body(const struct mln_login *login, struct mln_buf *out, struct mln_err *err)
{
    struct mln_writer writer;
    struct mln_str done;

    if (login->account_id.len == 0 || login->access_config.len == 0)
        return mln_fail(err, MLN_ECREDS,
                "cloud_sso_account_id or cloud_sso_access_config is empty: fill the profile with "
                "`aliyun configure`");
    mln_writer_begin(&writer, out, MLN_FORMAT_JSON, NULL);
    mln_writer_str(&writer, "AccountId", login->account_id);
    mln_writer_str(&writer, "AccessConfigurationId", login->access_config);
    mln_writer_end(&writer);
    return mln_buf_done(out, &done, err);
}

static int exchange(const struct mln_creds_options *options, const struct mln_login *login,
        const struct mln_endpoint *endpoint, struct mln_str body, struct mln_creds *out,
        struct mln_err *err)
{
    const char *what = login->is_sso ? "CloudSSO" : "OAuth";
    MLN_AUTO(mln_http_response_fini) struct mln_http_response response;
    MLN_AUTO(mln_creds_free_json) struct mln_json *doc = NULL;
    MLN_AUTO(mln_buf_wipe_free) struct mln_buf bearer = MLN_BUF_INIT(BEARER_MAX);
    struct mln_json_value triple, code;
    char url[512];
    int rc;

    mln_http_response_init(&response);
    (void)snprintf(url, sizeof(url), "%s://%s%s", endpoint->https ? "https" : "http",
            endpoint->host, login->is_sso ? "/cloud-credentials" : "/v1/exchange");
    if (!mln_buf_reserve(&bearer, BEARER_MAX))
        return mln_fail(err, MLN_ENOMEM, "out of memory");
    mln_buf_add_cstr(&bearer, "Bearer ");
    mln_buf_add(&bearer, login->access_token);
    if (bearer.code != MLN_OK)
        return mln_fail(err, MLN_ECREDS, "the access token is over its limit");
    {
        const struct mln_header headers[] = {
            { MLN_STR("host"), mln_str_of(endpoint->host) },
            { MLN_STR("accept"), MLN_STR("application/json") },
            { MLN_STR("authorization"), mln_buf_str(&bearer) },
            { MLN_STR("content-type"), MLN_STR("application/json") },
            { MLN_STR("user-agent"), mln_creds_user_agent(options) },
        };
        const struct mln_http_request request = {
            .url = url,
            .method = MLN_HTTP_POST,
            .headers = headers,
            .header_count = MLN_LEN(headers),
            .body = body,
            .timeout_ms = MLN_CREDS_TIMEOUT_MS,
            .connect_timeout_ms = MLN_CREDS_CONNECT_MS,
        };

        rc = mln_creds_ask(options, what, &request, &response, NULL, err);
    }
    if (rc == MLN_OK)
        rc = mln_creds_document(what, &response, false, &doc, err);
    if (rc != MLN_OK)
        return rc;
    triple = mln_json_root(doc);
    if (mln_json_get(triple, "Code", &code) || mln_json_get(triple, "code", &code))
        return mln_creds_refused(what, &response, false, err);
    if (login->is_sso && !mln_json_get(triple, "CloudCredential", &triple))
        return mln_fail(err, MLN_ECREDS, "the answer of CloudSSO lacks CloudCredential");
    return mln_creds_triple(
            options, what, triple, login->is_sso ? &mln_triple_upper : &mln_triple_lower, out, err);
}

static int ask_anew(const struct mln_creds_options *options, const struct mln_login *login,
        struct mln_creds *out, struct mln_err *err)
{
    MLN_AUTO(mln_buf_free) struct mln_buf body = MLN_BUF_INIT((size_t)8192);
    const struct mln_creds_parts parts = { .token = login->access_token };
    MLN_AUTO(mln_creds_wipe) struct mln_creds checked = { 0 };
    struct mln_endpoint endpoint = { 0 };
    int rc = mln_creds_fill(&checked, &parts, err); /* It goes into a header. */

    if (rc == MLN_OK)
        rc = login->is_sso ? sso_endpoint(login, &endpoint, err)
                           : oauth_endpoint(options, login, &endpoint, err);
    if (rc == MLN_OK && login->is_sso)
        rc = sso_body(login, &body, err);
    if (rc == MLN_OK && options->transport != NULL)
        rc = exchange(options, login, &endpoint, mln_buf_str(&body), out, err);
    return rc;
}

int mln_creds_from_login(const struct mln_creds_options *options, const struct mln_login *login,
        struct mln_creds *out, struct mln_err *err)
{
    struct mln_creds creds = { 0 };
    int rc;

    if (cached_lives(options, login)) {
        rc = mln_creds_fill(&creds, &login->cached, err);
        creds.expires_ms = rc == MLN_OK ? login->cached_until_s * MLN_MS_PER_S : 0;
    } else if (access_token_lives(options, login)) {
        rc = ask_anew(options, login, &creds, err);
    } else if (login->cached.token.len == 0) {
        rc = say_again(login, "nobody is signed in", err);
    } else {
        rc = say_again(login, "its session has ended or ends within 3 minutes", err);
    }
    if (rc != MLN_OK)
        return rc;
    mln_creds_name(
            &creds, login->is_sso ? "cloud_sso" : "oauth", login->is_sso ? "CloudSSO" : "OAuth");
    *out = creds;
    return MLN_OK;
}
