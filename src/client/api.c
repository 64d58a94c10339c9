#include "client/api.h"

#include <stdio.h>

#include "acs/error.h"
#include "acs/percent.h"

#define QUERY_MAX    ((size_t)1024 * 1024)
#define HEADERS_SENT 16
#define NONCE_BYTES  16

struct mln_api {
    struct mln_api_options options;
};

/* One attempt's working memory; every attempt has a new nonce, date and signature. */
struct attempt {
    struct mln_buf query, url, authorization, signed_headers;
    struct mln_header headers[HEADERS_SENT];
    size_t header_count;
    char nonce[NONCE_BYTES * 2 + 1], date[MLN_TIME_TEXT_MAX], body_sha256[MLN_SHA256_HEX_MAX];
    struct mln_http_response response;
    bool bytes_left;
};

static void attempt_init(struct attempt *attempt)
{
    *attempt = (struct attempt){
        .query = MLN_BUF_INIT(QUERY_MAX),
        .url = MLN_BUF_INIT(QUERY_MAX + 512),
        .authorization = MLN_BUF_INIT(8192),
        .signed_headers = MLN_BUF_INIT(2048),
    };
    mln_http_response_init(&attempt->response);
}

static void attempt_fini(struct attempt *attempt)
{
    mln_buf_free(&attempt->query);
    mln_buf_free(&attempt->url);
    if (attempt->authorization.ptr != NULL)
        explicit_bzero(attempt->authorization.ptr, attempt->authorization.cap);
    mln_buf_free(&attempt->authorization);
    mln_buf_free(&attempt->signed_headers);
    mln_http_response_fini(&attempt->response);
}

int mln_api_new(const struct mln_api_options *options, struct mln_api **out, struct mln_err *err)
{
    struct mln_api *api = calloc(1, sizeof(*api));

    if (api == NULL)
        return mln_fail(err, MLN_ENOMEM, "out of memory");
    api->options = *options;
    *out = api;
    return MLN_OK;
}

void mln_api_free(struct mln_api *api)
{
    free(api);
}

void mln_api_answer_free(struct mln_api_answer *answer)
{
    mln_json_free(answer->doc);
    *answer = (struct mln_api_answer){ 0 };
}

static const struct mln_api_action *find_action(const struct mln_api *api, const char *name)
{
    for (size_t i = 0; i < api->options.action_count; i++) {
        if (strcmp(api->options.actions[i].name, name) == 0)
            return &api->options.actions[i];
    }
    return NULL;
}

static void build_query(const struct mln_params *params, struct mln_buf *out)
{
    for (size_t i = 0; i < params->count; i++) {
        if (i > 0)
            mln_buf_add_char(out, '&');
        mln_percent_encode(params->items[i].name, out);
        mln_buf_add_char(out, '=');
        mln_percent_encode(params->items[i].value, out);
    }
}

static void add_header(struct attempt *attempt, const char *name, struct mln_str value)
{
    attempt->headers[attempt->header_count++] = (struct mln_header){ .name = mln_str_of(name),
        .value = value };
}

/* In byte order of the name: this is the order in which they are signed. */
static void build_headers(const struct mln_api *api, const char *action, struct attempt *attempt)
{
    const struct mln_creds *creds = api->options.creds;
    uint8_t nonce[NONCE_BYTES];
    struct mln_buf hex = MLN_BUF_INIT(sizeof(attempt->nonce));

    mln_random_fill(api->options.random, nonce, sizeof(nonce));
    mln_buf_add_hex(&hex, nonce, sizeof(nonce));
    (void)snprintf(attempt->nonce, sizeof(attempt->nonce), "%.*s", MLN_FMT(mln_buf_str(&hex)));
    mln_buf_free(&hex);
    mln_time_format(mln_now_ms(api->options.clock), attempt->date);
    mln_sha256_hex((struct mln_str){ "", 0 }, attempt->body_sha256);

    add_header(attempt, "host", mln_str_of(api->options.endpoint->host));
    if (creds->token.len > 0)
        add_header(attempt, "x-acs-accesskey-id", mln_secret_bytes(&creds->key_id));
    add_header(attempt, "x-acs-action", mln_str_of(action));
    add_header(attempt, "x-acs-content-sha256", mln_str_of(attempt->body_sha256));
    add_header(attempt, "x-acs-date", mln_str_of(attempt->date));
    if (creds->token.len > 0)
        add_header(attempt, "x-acs-security-token", mln_secret_bytes(&creds->token));
    add_header(attempt, "x-acs-signature-nonce", mln_str_of(attempt->nonce));
    add_header(attempt, "x-acs-version", mln_str_of(api->options.product->version));
    for (size_t i = 0; i < attempt->header_count; i++)
        mln_buf_addf(&attempt->signed_headers, "%s%.*s", i > 0 ? ";" : "",
                MLN_FMT(attempt->headers[i].name));
}

static int sign(const struct mln_api *api, struct attempt *attempt, struct mln_err *err)
{
    const struct mln_creds *creds = api->options.creds;
    struct mln_acs_request request = {
        .method = MLN_STR("POST"),
        .path = MLN_STR("/"),
        .raw_query = mln_buf_str(&attempt->query),
        .body = MLN_STR(""),
        .headers = attempt->headers,
        .header_count = attempt->header_count,
    };
    struct mln_v3_input input = {
        .request = &request,
        .payload_sha256 = mln_str_of(attempt->body_sha256),
        .key = mln_secret_bytes(&creds->secret),
        .names = MLN_V3_NAMES_ENCODED,
    };
    char signature[MLN_V3_SIGNATURE_LEN + 1];
    struct mln_str done;
    int rc = mln_buf_done(&attempt->signed_headers, &input.signed_headers, err);

    if (rc == MLN_OK)
        rc = mln_v3_sign(&input, NULL, NULL, signature, err);
    if (rc != MLN_OK)
        return rc;
    mln_buf_addf(&attempt->authorization,
            MLN_V3_ALGORITHM " Credential=%.*s,SignedHeaders=%.*s,Signature=%s",
            MLN_FMT(mln_secret_bytes(&creds->key_id)), MLN_FMT(input.signed_headers), signature);
    rc = mln_buf_done(&attempt->authorization, &done, err);
    if (rc != MLN_OK)
        return rc;
    add_header(attempt, "Authorization", done);
    add_header(attempt, "accept", MLN_STR("application/json"));
    add_header(attempt, "user-agent", mln_str_of(api->options.user_agent));
    return MLN_OK;
}

static void log_exchange(const struct mln_api *api, const char *action,
        const struct attempt *attempt, int64_t took_ms, int rc)
{
    const struct mln_log_field fields[] = {
        { "action", action, 0 },
        { "host", api->options.endpoint->host, 0 },
        { "status", NULL, rc == MLN_OK ? attempt->response.status : 0 },
        { "ms", NULL, took_ms },
    };

    if (api->options.log != NULL)
        mln_log_write(api->options.log, MLN_LOG_DEBUG, "POST /", fields, MLN_LEN(fields));
}

static int send_once(const struct mln_api *api, const struct mln_api_action *action,
        const struct mln_params *params, struct attempt *attempt, struct mln_err *err)
{
    const struct mln_api_options *options = &api->options;
    int64_t began = mln_monotonic_ms(options->clock);
    struct mln_http_request request = {
        .timeout_ms = action->is_write ? MLN_WRITE_TIMEOUT_MS : MLN_READ_TIMEOUT_MS,
        .fresh_connection = action->is_write,
    };
    struct mln_str done;
    int rc;

    build_query(params, &attempt->query);
    build_headers(api, action->name, attempt);
    mln_buf_addf(&attempt->url, "%s://%s/%s%.*s", options->endpoint->https ? "https" : "http",
            options->endpoint->host, attempt->query.len > 0 ? "?" : "",
            MLN_FMT(mln_buf_str(&attempt->query)));
    rc = mln_buf_done(&attempt->url, &done, err);
    if (rc == MLN_OK)
        rc = sign(api, attempt, err);
    if (rc != MLN_OK)
        return rc;
    request.url = done.ptr;
    request.headers = attempt->headers;
    request.header_count = attempt->header_count;
    if (options->timeout_ms > 0)
        request.timeout_ms = options->timeout_ms;
    rc = options->transport.send(
            options->transport.ctx, &request, &attempt->response, &attempt->bytes_left, err);
    log_exchange(api, action->name, attempt, mln_monotonic_ms(options->clock) - began, rc);
    if (rc != MLN_OK)
        return mln_wrap(err, rc, "%s", options->endpoint->host);
    return MLN_OK;
}

static void copy_id(struct mln_str id, char out[64])
{
    (void)snprintf(out, 64, "%.*s", MLN_FMT(id));
}

static int clock_is_off(const struct mln_api *api, int64_t date_ms, struct mln_err *err)
{
    int64_t skew_s = (mln_now_ms(api->options.clock) - date_ms) / MLN_MS_PER_S;

    if (date_ms == 0)
        return mln_fail(
                err, MLN_ECONFIG, "the request's time was refused: this machine's clock is off");
    return mln_fail(err, MLN_ECONFIG,
            "the request's time was refused: this machine's clock is %lld seconds %s the server's",
            (long long)(skew_s < 0 ? -skew_s : skew_s), skew_s < 0 ? "behind" : "ahead of");
}

static int denied(const struct mln_api *api, const char *action,
        const struct mln_acs_answer_error *answer, struct mln_err *err)
{
    if (answer->auth_action.len > 0)
        return mln_fail(err, MLN_EDENIED,
                "not allowed: the RAM action %.*s is missing (%.*s, request id %.*s)",
                MLN_FMT(answer->auth_action), MLN_FMT(answer->code), MLN_FMT(answer->request_id));
    return mln_fail(err, MLN_EDENIED,
            "not allowed: the RAM action %s:%s is missing (%.*s, request id %.*s)",
            api->options.product->ram_prefix, action, MLN_FMT(answer->code),
            MLN_FMT(answer->request_id));
}

static int refused(const struct mln_api *api, const char *action,
        const struct mln_http_response *response, const struct mln_acs_answer_error *answer,
        bool *retry, struct mln_err *err)
{
    const struct mln_refusal *row = mln_refusal_of(answer->code);

    *retry = response->status >= 500 || response->status == 429 || response->retry_after_ms >= 0;
    if (row == NULL && *retry)
        return mln_fail(err, MLN_ETRANSIENT, "%s failed: %.*s (HTTP %d, request id %.*s)", action,
                MLN_FMT(answer->code), response->status, MLN_FMT(answer->request_id));
    if (row == NULL)
        return mln_fail(err, MLN_EINVAL, "%s was refused: %.*s: %.*s (HTTP %d, request id %.*s)",
                action, MLN_FMT(answer->code), MLN_FMT(answer->message), response->status,
                MLN_FMT(answer->request_id));
    *retry = row->retry;
    if (row->meaning == MLN_EDENIED)
        return denied(api, action, answer, err);
    if (row->meaning == MLN_ECONFIG)
        return clock_is_off(api, response->date_ms, err);
    return mln_fail(err, row->meaning, "%s: %s (%.*s, HTTP %d, request id %.*s)", action,
            row->sentence, MLN_FMT(answer->code), response->status, MLN_FMT(answer->request_id));
}

/* An answer without the cloud's error body: a proxy, a redirect, something else on that port. */
static int not_ours(const struct mln_http_response *response, bool *retry, struct mln_err *err)
{
    *retry = response->status >= 500 || response->status == 429;
    if (*retry)
        return mln_fail(err, MLN_ETRANSIENT, "the server answered HTTP %d", response->status);
    if (response->status >= 300 && response->status < 400)
        return mln_fail(err, MLN_EIO,
                "the server answered with a redirect (HTTP %d), which is never followed",
                response->status);
    return mln_fail(err, MLN_EIO,
            "the server answered HTTP %d and no error of the API: check the endpoint",
            response->status);
}

static int read_error(const struct mln_api *api, const char *action, const struct attempt *attempt,
        struct mln_api_answer *out, bool *retry, struct mln_err *err)
{
    MLN_AUTO(mln_arena_free) struct mln_arena arena = MLN_ARENA_INIT(MLN_RESPONSE_MAX * 2);
    struct mln_acs_answer_error answer = { 0 };

    if (!mln_acs_error_read(mln_buf_str(&attempt->response.body), &arena, &answer))
        return not_ours(&attempt->response, retry, err);
    copy_id(answer.request_id, out->request_id);
    copy_id(answer.code, out->code);
    return refused(api, action, &attempt->response, &answer, retry, err);
}

/* Gateways and proxies exist that put an error's body under status 200. */
static bool is_refusal(struct mln_json_value root)
{
    static const char *const well[] = { "", "0", "200", "OK", "Success" };
    struct mln_str code;

    if (!mln_json_get_str(root, "Code", &code))
        return false;
    for (size_t i = 0; i < MLN_LEN(well); i++) {
        if (mln_str_eq_nocase(code, mln_str_of(well[i])))
            return false;
    }
    return true;
}

/*
 * Two shapes occur: the members at the top level, and the console's, inside `data`. `refused`: it
 * is an error's body; nothing is taken from it here.
 */
static int read_success(const struct attempt *attempt, struct mln_api_answer *out, bool *refused,
        struct mln_err *err)
{
    struct mln_json *doc;
    struct mln_json_value root, data;
    struct mln_str id = { 0 };

    if (mln_json_parse(mln_buf_str(&attempt->response.body), &doc, err) != MLN_OK)
        return mln_wrap(err, MLN_EIO, "the server's answer is not JSON");
    root = mln_json_root(doc);
    if (mln_json_type(root) != MLN_JSON_OBJECT) {
        mln_json_free(doc);
        return mln_fail(err, MLN_EIO, "the server's answer is not an object");
    }
    *refused = is_refusal(root);
    if (*refused) {
        mln_json_free(doc);
        return MLN_OK;
    }
    out->doc = doc;
    out->data = mln_json_get(root, "data", &data) && mln_json_type(data) == MLN_JSON_OBJECT ? data
                                                                                            : root;
    if (!mln_json_get_str(root, "RequestId", &id) && !mln_json_get_str(root, "requestId", &id))
        (void)mln_json_get_str(out->data, "RequestId", &id);
    copy_id(id, out->request_id);
    return MLN_OK;
}

static int try_once(const struct mln_api *api, const struct mln_api_action *action,
        const struct mln_params *params, struct mln_api_answer *answer,
        struct mln_retry_facts *facts, struct mln_err *err)
{
    struct attempt attempt;
    bool refused;
    int rc;

    attempt_init(&attempt);
    rc = send_once(api, action, params, &attempt, err);
    refused = rc == MLN_OK && attempt.response.status != 200;
    facts->bytes_left = attempt.bytes_left;
    facts->worth_it = rc == MLN_ETRANSIENT;
    facts->retry_after_ms = -1;
    if (rc == MLN_OK && !refused)
        rc = read_success(&attempt, answer, &refused, err);
    if (rc == MLN_OK && refused) {
        facts->retry_after_ms = attempt.response.retry_after_ms;
        rc = read_error(api, action->name, &attempt, answer, &facts->worth_it, err);
    }
    answer->sent = answer->sent || attempt.bytes_left;
    answer->date_ms = attempt.response.date_ms;
    attempt_fini(&attempt);
    return rc;
}

int mln_api_call(struct mln_api *api, const char *action, struct mln_params *params,
        struct mln_api_answer *answer, struct mln_err *err)
{
    const struct mln_api_action *row = find_action(api, action);
    struct mln_retry_facts facts = { 0 };
    int64_t delay_ms;
    int rc;

    *answer = (struct mln_api_answer){ 0 };
    if (row == NULL)
        return mln_fail(
                err, MLN_EINVAL, "the action %s is not among those this command may call", action);
    facts.is_write = row->is_write;
    mln_params_sort(params);
    for (facts.attempt = 1;; facts.attempt++) {
        rc = try_once(api, row, params, answer, &facts, err);
        if (rc == MLN_OK)
            return MLN_OK;
        delay_ms = mln_retry_delay_ms(&facts, api->options.random);
        if (delay_ms < 0)
            return rc;
        api->options.sleep_ms(api->options.sleep_ctx, delay_ms);
    }
}
