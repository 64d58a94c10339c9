/*
 * Roles: AssumeRole, signed with the credentials of a base, and AssumeRoleWithOIDC, which proves
 * itself by a token and is not signed.
 */
#include <stdio.h>

#include "acs/percent.h"
#include "base/file.h"
#include "client/priv.h"
#include "client/request.h"

#define STS_VERSION  "2015-04-01"
#define SESSION_NAME "merlon"
#define ATTEMPTS     2
#define FORM_MAX     ((size_t)512 * 1024)
#define SKEW_TOLD_MS (60 * MLN_MS_PER_S)

/* ---- where ---- */

int mln_sts_endpoint(const struct mln_creds_options *options, const struct mln_assume *assume,
        struct mln_endpoint *out, struct mln_err *err)
{
    bool all_vpc = options->endpoints != NULL && options->endpoints->network == MLN_NETWORK_VPC;
    bool vpc = all_vpc || assume->vpc ||
               mln_creds_is_true(options->env, "ALIBABA_CLOUD_VPC_ENDPOINT_ENABLED");
    struct mln_str region = assume->sts_region;
    char host[64];

    if (region.len == 0)
        region = mln_str_of(mln_env_get(options->env, "ALIBABA_CLOUD_STS_REGION"));
    if (region.len == 0 && all_vpc)
        region = assume->home_region;
    if (region.len > 0 && !mln_region_is_name(region))
        return mln_fail(err, MLN_ECONFIG,
                "the region for STS (sts_region or ALIBABA_CLOUD_STS_REGION) is not the name of one");
    if (mln_creds_override(options, "Sts", region, out))
        return MLN_OK;
    if (assume->sts_endpoint.len > 0) {
        if (mln_endpoint_parse(assume->sts_endpoint, out, err) != MLN_OK)
            return mln_wrap(err, MLN_ECONFIG, "sts_endpoint");
        return MLN_OK;
    }
    if (region.len == 0)
        (void)snprintf(host, sizeof(host), "sts.aliyuncs.com");
    else
        (void)snprintf(
                host, sizeof(host), "sts%s.%.*s.aliyuncs.com", vpc ? "-vpc" : "", MLN_FMT(region));
    return mln_endpoint_parse(mln_str_of(host), out, err);
}

/* ---- what ---- */

static int check_assume(const struct mln_assume *assume, struct mln_err *err)
{
    if (!mln_str_starts(assume->role_arn, MLN_STR("acs:ram::")) || assume->role_arn.len > 256)
        return mln_fail(err, MLN_ECREDS,
                "the role's ARN is missing or not one: it looks like acs:ram::1234567890123456:role/name");
    if (assume->seconds != 0 && (assume->seconds < MLN_EXPIRED_SECONDS_MIN ||
                                        assume->seconds > MLN_EXPIRED_SECONDS_MAX))
        return mln_fail(err, MLN_ECONFIG, "expired_seconds must be %d to %d",
                MLN_EXPIRED_SECONDS_MIN, MLN_EXPIRED_SECONDS_MAX);
    return MLN_OK;
}

/* Nobody reads of these codes what to do; the rest are known to refusal.c. */
static const char *advice_of(const struct mln_err *err)
{
    /* clang-format off */
    static const struct { const char *code, *advice; } rows[] = {
        { "AuthenticationFail.NoPermission",     "the role's trust policy does not name this identity provider or this token's subject" },
        { "AuthenticationFail.OIDCToken.Expired", "the token has ended: renew the token file" },
        { "AuthenticationFail.OIDCToken",        "the token was not accepted: renew the token file and check its audience" },
        { "EntityNotExist.Role",                 "there is no such role: check the ARN" },
        { "EntityNotExist.OIDCProvider",         "there is no such identity provider: check its ARN" },
        { "NoPermission",                        "the caller needs sts:AssumeRole on the role, and the role's trust policy must name the caller" },
    };
    /* clang-format on */

    for (size_t i = 0; i < MLN_LEN(rows); i++) {
        if (strstr(err->msg, rows[i].code) != NULL)
            return rows[i].advice;
    }
    return NULL;
}

static int explain(const struct mln_assume *assume, int rc, struct mln_err *err)
{
    const char *advice = advice_of(err);
    size_t used;

    mln_err_prefix(err, "role %.*s", (int)(assume->role_arn.len > 120 ? 120 : assume->role_arn.len),
            assume->role_arn.ptr);
    used = strlen(err->msg);
    if (advice != NULL)
        (void)snprintf(err->msg + used, sizeof(err->msg) - used, ": %s", advice);
    return rc;
}

static int read_answer(const struct mln_creds_options *options,
        const struct mln_http_response *response, bool show_message, struct mln_creds *out,
        struct mln_err *err)
{
    MLN_AUTO(mln_creds_free_json) struct mln_json *doc = NULL;
    struct mln_json_value credentials, root;
    int rc = mln_creds_document("STS", response, show_message, &doc, err);

    if (rc != MLN_OK)
        return rc;
    root = mln_json_root(doc);
    if (mln_json_get(root, "Code", &credentials))
        return mln_creds_refused("STS", response, show_message, err);
    if (!mln_json_get(root, "Credentials", &credentials))
        return mln_fail(err, MLN_ECREDS, "the answer of STS lacks Credentials");
    return mln_creds_triple(options, "STS", credentials, &mln_triple_upper, out, err);
}

/* ---- AssumeRole ---- */

static void format_seconds(const struct mln_assume *assume, char out[24])
{
    (void)snprintf(
            out, 24, "%lld", (long long)(assume->seconds > 0 ? assume->seconds : MLN_STS_SECONDS));
}

/* In byte order of the names. */
static int build_params(const struct mln_assume *assume, struct mln_str seconds,
        struct mln_arena *arena, struct mln_params *params, struct mln_err *err)
{
    const struct mln_param rows[] = {
        { MLN_STR("DurationSeconds"), seconds },
        { MLN_STR("ExternalId"), assume->external_id },
        { MLN_STR("Policy"), assume->policy },
        { MLN_STR("RoleArn"), assume->role_arn },
        { MLN_STR("RoleSessionName"),
                assume->session_name.len > 0 ? assume->session_name : MLN_STR(SESSION_NAME) },
    };
    int rc = MLN_OK;

    for (size_t i = 0; rc == MLN_OK && i < MLN_LEN(rows); i++) {
        if (rows[i].value.len > 0)
            rc = mln_params_add(params, arena, rows[i].name, rows[i].value, err);
    }
    return rc;
}

static int send_assume(const struct mln_creds_options *options, const struct mln_request_spec *spec,
        struct mln_http_response *response, struct mln_err *err)
{
    struct mln_signed_request request;
    int rc;

    mln_signed_request_init(&request);
    rc = mln_request_sign(spec, &request, err);
    if (rc == MLN_OK) {
        request.http.timeout_ms = MLN_CREDS_TIMEOUT_MS;
        request.http.connect_timeout_ms = MLN_CREDS_CONNECT_MS;
        rc = mln_creds_ask(options, "STS", &request.http, response, NULL, err);
    }
    mln_signed_request_fini(&request);
    return rc;
}

/* Why one more attempt makes sense. */
static bool is_worth_another(int rc, const struct mln_http_response *response)
{
    if (rc == MLN_ETRANSIENT)
        return response->failure != MLN_HTTP_TIMED_OUT;
    return rc == MLN_ECONFIG && response->date_ms > 0; /* The request's time was refused. */
}

static void tell_of_clock(int64_t offset_ms, struct mln_creds *creds)
{
    if (offset_ms <= SKEW_TOLD_MS && offset_ms >= -SKEW_TOLD_MS)
        return;
    (void)snprintf(creds->warning, sizeof(creds->warning),
            "this machine's clock is %lld seconds %s the cloud's",
            (long long)(offset_ms < 0 ? -offset_ms : offset_ms) / 1000,
            offset_ms < 0 ? "ahead of" : "behind");
}

/* With the cloud's clock where the machine's was refused. */
static int assume_with(const struct mln_creds_options *options, struct mln_request_spec *spec,
        struct mln_creds *out, struct mln_err *err)
{
    struct mln_creds_options corrected = *options;
    int rc = MLN_ETRANSIENT;

    for (int attempt = 1; attempt <= ATTEMPTS; attempt++) {
        MLN_AUTO(mln_http_response_fini) struct mln_http_response response;

        mln_http_response_init(&response);
        spec->now_ms = mln_creds_now_ms(&corrected);
        rc = send_assume(options, spec, &response, err);
        if (rc == MLN_OK)
            rc = read_answer(&corrected, &response, true, out, err);
        if (rc == MLN_OK || !is_worth_another(rc, &response))
            break;
        if (rc == MLN_ECONFIG)
            corrected.clock_offset_ms = response.date_ms - mln_now_ms(options->clock);
    }
    if (rc == MLN_OK && corrected.clock_offset_ms != options->clock_offset_ms)
        tell_of_clock(corrected.clock_offset_ms, out);
    return rc;
}

int mln_creds_assume(const struct mln_creds_options *options, const struct mln_assume *assume,
        const struct mln_creds *base, struct mln_creds *out, struct mln_err *err)
{
    MLN_AUTO(mln_arena_free) struct mln_arena arena = MLN_ARENA_INIT((size_t)64 * 1024);
    struct mln_params params = { 0 };
    struct mln_endpoint endpoint = { 0 };
    struct mln_creds creds = { 0 };
    char seconds[24];
    int rc = check_assume(assume, err);

    format_seconds(assume, seconds);
    if (rc == MLN_OK)
        rc = mln_sts_endpoint(options, assume, &endpoint, err);
    if (rc == MLN_OK)
        rc = build_params(assume, mln_str_of(seconds), &arena, &params, err);
    if (rc == MLN_OK && options->transport != NULL) {
        struct mln_request_spec spec = {
            .style = MLN_REQUEST_RPC,
            .method = MLN_HTTP_POST,
            .endpoint = &endpoint,
            .creds = base,
            .action = MLN_STR("AssumeRole"),
            .version = MLN_STR(STS_VERSION),
            .params = &params,
            .user_agent = options->user_agent,
            .random = options->random,
        };

        rc = assume_with(options, &spec, &creds, err);
    }
    if (rc != MLN_OK)
        return explain(assume, rc, err);
    (void)snprintf(creds.provider, sizeof(creds.provider), "%s", base->provider);
    mln_creds_within(&creds, "ram_role_arn");
    *out = creds;
    return MLN_OK;
}

/* ---- AssumeRoleWithOIDC ---- */

static void add_field(struct mln_buf *form, const char *name, struct mln_str value)
{
    if (value.len == 0)
        return;
    if (form->len > 0)
        mln_buf_add_char(form, '&');
    mln_buf_add_cstr(form, name);
    mln_buf_add_char(form, '=');
    mln_percent_encode(value, form);
}

/* Read at each renewal: whoever issues the token replaces the file. */
static int read_token(struct mln_str path, struct mln_secret *out, struct mln_err *err)
{
    MLN_AUTO(mln_buf_wipe_free) struct mln_buf text = MLN_BUF_INIT(MLN_TOKEN_FILE_MAX);
    char name[4096];
    int rc;

    if (path.len == 0 || path.len >= sizeof(name) || memchr(path.ptr, '\0', path.len) != NULL)
        return mln_fail(err, MLN_ECREDS, "the path of the OIDC token file is empty or too long");
    (void)snprintf(name, sizeof(name), "%.*s", MLN_FMT(path));
    if (!mln_buf_reserve(&text, MLN_TOKEN_FILE_MAX))
        return mln_fail(err, MLN_ENOMEM, "out of memory");
    rc = mln_file_read(name, &text, err);
    if (rc != MLN_OK)
        return mln_wrap(err, rc == MLN_ENOMEM ? rc : (err->code = MLN_ECREDS), "OIDC token file");
    if (mln_str_trim(mln_buf_str(&text)).len == 0)
        return mln_fail(err, MLN_ECREDS, "the OIDC token file '%s' is empty", name);
    return mln_secret_init(out, mln_str_trim(mln_buf_str(&text)), err);
}

static int post_form(const struct mln_creds_options *options, const struct mln_endpoint *endpoint,
        struct mln_str form, struct mln_creds *out, struct mln_err *err)
{
    MLN_AUTO(mln_http_response_fini) struct mln_http_response response;
    char date[MLN_TIME_TEXT_MAX], url[512];
    const struct mln_header headers[] = {
        { MLN_STR("host"), mln_str_of(endpoint->host) },
        { MLN_STR("accept"), MLN_STR("application/json") },
        { MLN_STR("content-type"), MLN_STR("application/x-www-form-urlencoded") },
        { MLN_STR("user-agent"), mln_creds_user_agent(options) },
    };
    struct mln_http_request request = {
        .url = url,
        .method = MLN_HTTP_POST,
        .headers = headers,
        .header_count = MLN_LEN(headers),
        .body = form,
        .timeout_ms = MLN_CREDS_TIMEOUT_MS,
        .connect_timeout_ms = MLN_CREDS_CONNECT_MS,
    };
    MLN_AUTO(mln_buf_free) struct mln_buf stamp = MLN_BUF_INIT(128);
    int rc;

    mln_http_response_init(&response);
    mln_time_format(mln_creds_now_ms(options), date);
    mln_percent_encode(mln_str_of(date), &stamp);
    (void)snprintf(url, sizeof(url),
            "%s://%s/?Action=AssumeRoleWithOIDC&Format=JSON&Timestamp=%.*s&Version=" STS_VERSION,
            endpoint->https ? "https" : "http", endpoint->host, MLN_FMT(mln_buf_str(&stamp)));
    rc = mln_creds_ask(options, "STS", &request, &response, NULL, err);
    if (rc == MLN_OK) /* The message may quote the token: only its code is told. */
        rc = read_answer(options, &response, false, out, err);
    return rc;
}

int mln_creds_assume_oidc(const struct mln_creds_options *options, const struct mln_assume *assume,
        struct mln_str provider_arn, struct mln_str token_file, struct mln_creds *out,
        struct mln_err *err)
{
    MLN_AUTO(mln_buf_wipe_free) struct mln_buf form = MLN_BUF_INIT(FORM_MAX);
    MLN_AUTO(mln_secret_wipe) struct mln_secret token = { 0 };
    struct mln_endpoint endpoint = { 0 };
    struct mln_creds creds = { 0 };
    char seconds[24];
    int rc = check_assume(assume, err);

    if (rc == MLN_OK && !mln_str_starts(provider_arn, MLN_STR("acs:ram::")))
        rc = mln_fail(err, MLN_ECREDS, "the ARN of the OIDC provider is missing or not one");
    if (rc == MLN_OK)
        rc = mln_sts_endpoint(options, assume, &endpoint, err);
    if (rc == MLN_OK)
        rc = read_token(token_file, &token, err);
    if (rc == MLN_OK && !mln_buf_reserve(&form, FORM_MAX))
        rc = mln_fail(err, MLN_ENOMEM, "out of memory");
    if (rc != MLN_OK)
        return rc;
    format_seconds(assume, seconds);
    add_field(&form, "DurationSeconds", mln_str_of(seconds));
    add_field(&form, "OIDCProviderArn", provider_arn);
    add_field(&form, "OIDCToken", mln_secret_bytes(&token));
    add_field(&form, "Policy", assume->policy);
    add_field(&form, "RoleArn", assume->role_arn);
    add_field(&form, "RoleSessionName",
            assume->session_name.len > 0 ? assume->session_name : MLN_STR(SESSION_NAME));
    if (form.code != MLN_OK)
        return mln_fail(err, form.code, "the request to STS is too large");
    if (options->transport != NULL)
        rc = post_form(options, &endpoint, mln_buf_str(&form), &creds, err);
    if (rc != MLN_OK)
        return explain(assume, rc, err);
    mln_creds_name(&creds, "oidc_role_arn", "OIDC");
    *out = creds;
    return MLN_OK;
}
