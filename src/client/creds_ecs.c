/*
 * The role of an ECS instance, from its metadata service. Version 2 (a token, then reads with it)
 * with a way back to version 1 unless that is switched off. The service is on a link-local address
 * and speaks plain http; nothing secret is sent to it, and no proxy is ever used.
 */
#include <stdio.h>

#include "client/priv.h"

#define ROLE_PATH     "/latest/meta-data/ram/security-credentials/"
#define TOKEN_SECONDS "21600"
#define TOKEN_LEN_MAX ((size_t)1024)
#define ROLE_LEN_MAX  ((size_t)64)
#define WHAT          "the instance metadata service"

struct metadata {
    const struct mln_creds_options *options;
    struct mln_endpoint endpoint;
    struct mln_secret token; /* Empty: version 1. */
};

static void close_metadata(struct metadata *metadata)
{
    mln_secret_wipe(&metadata->token);
}

static void find_host(const struct mln_creds_options *options, struct mln_endpoint *out)
{
    if (!mln_creds_override(options, "EcsMetadata", MLN_STR(""), out) || !out->loopback)
        *out = (struct mln_endpoint){ .https = false, .host = MLN_METADATA_HOST };
}

static int ask(const struct metadata *metadata, enum mln_http_method method, const char *path,
        struct mln_http_response *response, bool *bytes_left, struct mln_err *err)
{
    const struct mln_header with_token[] = {
        { MLN_STR("host"), mln_str_of(metadata->endpoint.host) },
        { MLN_STR("x-aliyun-ecs-metadata-token"), mln_secret_bytes(&metadata->token) },
    };
    const struct mln_header with_ttl[] = {
        { MLN_STR("host"), mln_str_of(metadata->endpoint.host) },
        { MLN_STR("x-aliyun-ecs-metadata-token-ttl-seconds"), MLN_STR(TOKEN_SECONDS) },
    };
    char url[512];
    const struct mln_http_request request = {
        .url = url,
        .method = method,
        .headers = method == MLN_HTTP_PUT ? with_ttl : with_token,
        .header_count = method == MLN_HTTP_PUT || metadata->token.len > 0 ? 2 : 1,
        .timeout_ms = MLN_METADATA_TIMEOUT_MS,
        .connect_timeout_ms = MLN_METADATA_CONNECT_MS,
        .fresh_connection = true,
        .link_local = true,
    };

    (void)snprintf(url, sizeof(url), "%s://%s%s", metadata->endpoint.https ? "https" : "http",
            metadata->endpoint.host, path);
    return mln_creds_ask(metadata->options, WHAT, &request, response, bytes_left, err);
}

static bool text_is(struct mln_str text, size_t len_max, const char *more)
{
    for (size_t i = 0; i < text.len; i++) {
        char c = text.ptr[i];

        if (!(c >= 'a' && c <= 'z') && !(c >= 'A' && c <= 'Z') && !(c >= '0' && c <= '9') &&
                (c == '\0' || strchr(more, c) == NULL))
            return false;
    }
    return text.len > 0 && text.len <= len_max;
}

/*
 * MLN_ENOTFOUND when nothing is there. A service that takes the request and never answers the PUT
 * is one whose token cannot travel this far (a container), so version 1 is tried.
 */
static int take_token(struct metadata *metadata, struct mln_err *err)
{
    MLN_AUTO(mln_http_response_fini) struct mln_http_response response;
    bool v1_off = mln_creds_is_true(metadata->options->env, "ALIBABA_CLOUD_IMDSV1_DISABLED");
    bool bytes_left = false;
    struct mln_str token;
    int rc;

    mln_http_response_init(&response);
    rc = ask(metadata, MLN_HTTP_PUT, "/latest/api/token", &response, &bytes_left, err);
    if (rc == MLN_ETRANSIENT && !(bytes_left && response.failure == MLN_HTTP_TIMED_OUT))
        return mln_fail(
                err, MLN_ENOTFOUND, "no instance metadata service answers: not an ECS instance");
    if (rc == MLN_ENOMEM)
        return rc;
    token = mln_str_trim(mln_buf_str(&response.body));
    if (rc == MLN_OK && response.status == 200 && text_is(token, TOKEN_LEN_MAX, "+/=_-."))
        return mln_secret_init(&metadata->token, token, err);
    if (v1_off && rc != MLN_OK)
        return rc;
    if (v1_off)
        return mln_fail(err, MLN_ECREDS,
                WHAT
                " gave no token (HTTP %d), and ALIBABA_CLOUD_IMDSV1_DISABLED forbids version 1",
                response.status);
    return MLN_OK;
}

static int find_role(
        const struct metadata *metadata, char role[ROLE_LEN_MAX + 1], struct mln_err *err)
{
    MLN_AUTO(mln_http_response_fini) struct mln_http_response response;
    struct mln_str name;
    int rc;

    mln_http_response_init(&response);
    rc = ask(metadata, MLN_HTTP_GET, ROLE_PATH, &response, NULL, err);
    if (rc != MLN_OK)
        return rc;
    if (response.status == 404)
        return mln_fail(err, MLN_ENOTFOUND, "this instance has no RAM role attached");
    if (response.status != 200)
        return mln_creds_refused(WHAT, &response, false, err);
    name = mln_str_trim(mln_buf_str(&response.body));
    if (!text_is(name, ROLE_LEN_MAX, "._-"))
        return mln_fail(err, MLN_ECREDS,
                WHAT " answered with something that is not the name of a role: is something else "
                     "answering in its place?");
    (void)snprintf(role, ROLE_LEN_MAX + 1, "%.*s", MLN_FMT(name));
    return MLN_OK;
}

static int read_role(const struct metadata *metadata, const char *role, struct mln_creds *out,
        struct mln_err *err)
{
    MLN_AUTO(mln_http_response_fini) struct mln_http_response response;
    MLN_AUTO(mln_creds_free_json) struct mln_json *doc = NULL;
    char path[sizeof(ROLE_PATH) + ROLE_LEN_MAX];
    struct mln_str code;
    int rc;

    mln_http_response_init(&response);
    (void)snprintf(path, sizeof(path), ROLE_PATH "%s", role);
    rc = ask(metadata, MLN_HTTP_GET, path, &response, NULL, err);
    if (rc == MLN_OK && response.status == 404)
        rc = mln_fail(err, MLN_ECREDS, "this instance does not have the role '%s'", role);
    if (rc == MLN_OK)
        rc = mln_creds_document(WHAT, &response, false, &doc, err);
    if (rc == MLN_OK && !mln_json_get_str(mln_json_root(doc), "Code", &code))
        rc = mln_fail(err, MLN_ECREDS, "the answer of " WHAT " lacks Code");
    if (rc == MLN_OK)
        rc = mln_creds_triple(
                metadata->options, WHAT, mln_json_root(doc), &mln_triple_upper, out, err);
    return rc;
}

int mln_creds_from_instance(const struct mln_creds_options *options, struct mln_str role,
        struct mln_creds *out, struct mln_err *err)
{
    MLN_AUTO(close_metadata) struct metadata metadata = { .options = options };
    struct mln_creds creds = { 0 };
    char name[ROLE_LEN_MAX + 1] = "";
    int rc = MLN_OK;

    if (mln_creds_is_true(options->env, "ALIBABA_CLOUD_ECS_METADATA_DISABLED"))
        return mln_fail(err, MLN_ENOTFOUND,
                "instance metadata is switched off by ALIBABA_CLOUD_ECS_METADATA_DISABLED");
    if (role.len > 0 && !text_is(role, ROLE_LEN_MAX, "._-"))
        return mln_fail(err, MLN_ECONFIG, "the name of the instance's RAM role is not one");
    (void)snprintf(name, sizeof(name), "%.*s", MLN_FMT(role));
    if (options->transport != NULL) {
        find_host(options, &metadata.endpoint);
        rc = take_token(&metadata, err);
        if (rc == MLN_OK && role.len == 0)
            rc = find_role(&metadata, name, err);
        if (rc == MLN_OK)
            rc = read_role(&metadata, name, &creds, err);
    }
    if (rc != MLN_OK)
        return rc;
    mln_creds_name(&creds, "ecs_ram_role", "EcsRamRole");
    *out = creds;
    return MLN_OK;
}
