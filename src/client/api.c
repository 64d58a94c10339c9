#include "client/api.h"

#include <stdio.h>

#include "acs/error.h"
#include "client/request.h"

struct mln_api {
    struct mln_api_options options;
};

/* One attempt's working memory; every attempt has a new nonce, date and signature. */
struct attempt {
    struct mln_signed_request request;
    struct mln_http_response response;
    bool bytes_left;
};

static void attempt_init(struct attempt *attempt)
{
    *attempt = (struct attempt){ 0 };
    mln_signed_request_init(&attempt->request);
    mln_http_response_init(&attempt->response);
}

static void attempt_fini(struct attempt *attempt)
{
    mln_signed_request_fini(&attempt->request);
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

static int sign(const struct mln_api *api, const struct mln_api_action *action,
        const struct mln_params *params, struct attempt *attempt, struct mln_err *err)
{
    const struct mln_api_options *options = &api->options;
    const struct mln_request_spec spec = {
        .style = MLN_REQUEST_RPC,
        .method = MLN_HTTP_POST,
        .endpoint = options->endpoint,
        .creds = options->creds,
        .action = mln_str_of(action->name),
        .version = mln_str_of(options->product->version),
        .params = params,
        .user_agent = options->user_agent,
        .now_ms = mln_now_ms(options->clock),
        .random = options->random,
    };

    return mln_request_sign(&spec, &attempt->request, err);
}

static int send_once(const struct mln_api *api, const struct mln_api_action *action,
        const struct mln_params *params, struct attempt *attempt, struct mln_err *err)
{
    const struct mln_api_options *options = &api->options;
    int64_t began = mln_monotonic_ms(options->clock);
    struct mln_http_request *http = &attempt->request.http;
    int rc = sign(api, action, params, attempt, err);

    if (rc != MLN_OK)
        return rc;
    http->timeout_ms = action->is_write ? MLN_WRITE_TIMEOUT_MS : MLN_READ_TIMEOUT_MS;
    http->fresh_connection = action->is_write;
    if (options->timeout_ms > 0)
        http->timeout_ms = options->timeout_ms;
    rc = options->transport.send(
            options->transport.ctx, http, &attempt->response, &attempt->bytes_left, err);
    log_exchange(api, action->name, attempt, mln_monotonic_ms(options->clock) - began, rc);
    if (rc != MLN_OK)
        return mln_wrap(err, rc, "%s", options->endpoint->host);
    return MLN_OK;
}

static void copy_id(struct mln_str id, char out[64])
{
    (void)snprintf(out, 64, "%.*s", MLN_FMT(id));
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
        return mln_clock_refused(mln_now_ms(api->options.clock), response->date_ms, err);
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
