/* A gateway over a fresh store with two users and a few risk events, and clients that sign for it.
 */
#pragma once

#include <fcntl.h>

#include "acs/percent.h"
#include "api/call.h"
#include "iam/fixture.h"

#define SDDP          "2019-01-03"
#define EVENTS        5
#define SENT_TEXT_MAX 4096

struct api {
    struct fixture *iam;
    struct mln_gateway gateway;
    struct mln_metrics metrics;
    struct mln_log log;
    struct mln_lane reads, writes;
    struct mln_call call;
    struct mln_new_key admin, reader;
    struct mln_header headers[16];
    char text[8][SENT_TEXT_MAX];
    int nonce;
};

/* What a client sends; NULL members take the usual value. */
struct sent {
    const char *method, *action, *version, *query, *body, *content_type, *accept;
    const char *key_id, *secret, *date, *nonce, *token, *sha256, *signed_headers;
    const char *tampered_query; /* Sent in place of what was signed. */
    bool as_reader, no_authorization;
};

static inline const char *either(const char *a, const char *b)
{
    return a != NULL ? a : b;
}

static inline void seed_events(struct mln_store *store)
{
    const struct mln_rule_row rule = {
        .rule_id = 1001,
        .category_id = 11,
        .name_en = MLN_STR("nightly_mysqldump"),
        .name_zh = MLN_STR("夜间导出"),
        .category_en = MLN_STR("Database Dump Attack"),
        .category_zh = MLN_STR("拖库攻击"),
        .alert_frequency = MLN_STR("1/day"),
        .level = 3,
    };
    struct mln_alarm_fold fold = { .account_id = ACCOUNT,
        .rule_id = 1001,
        .alarm_count = 4,
        .first_alarm_ms = 1699999000000,
        .last_alarm_ms = 1699999100000 };
    static const char *const products[EVENTS] = { "RDS", "OSS", "ODPS", "PolarDB", "Redis" };
    struct mln_err err;
    int64_t risk_id;

    OK(mln_store_begin(store, &err), &err);
    OK(mln_store_rule_put(store, &rule, &err), &err);
    for (size_t i = 0; i < EVENTS; i++) {
        fold.product = mln_str_of(products[i]);
        OK(mln_store_risk_event_fold(store, &fold, &risk_id, &err), &err);
    }
    OK(mln_store_commit(store, &err), &err);
}

static inline void make_users(struct api *api)
{
    struct mln_err err;

    OK(mln_iam_init_account(&api->iam->iam, ACCOUNT, MLN_STR("admin"), &api->admin, &err), &err);
    OK(mln_iam_user_add(&api->iam->iam, ACCOUNT, MLN_STR("auditor"), MLN_STR("read-only"),
               &api->reader, &err),
            &err);
}

static inline int api_setup(void **state)
{
    static struct api api;
    struct mln_err err;
    struct mln_auth_options auth = { .nonce_ttl_ms = 1800000 };
    struct mln_lane_options lane = { .random = mln_random_system() };

    if (fixture_setup(state) != 0)
        return -1;
    memset(&api, 0, sizeof(api));
    api.iam = *state;
    make_users(&api);
    seed_events(api.iam->store);
    api.log = (struct mln_log){ .level = MLN_LOG_ERROR, .fd = 2, .clock = &api.iam->clock };
    auth.seal = api.iam->seal;
    auth.clock = &api.iam->clock;
    api.gateway = (struct mln_gateway){ .clock = &api.iam->clock,
        .log = &api.log,
        .metrics = &api.metrics,
        .skew_ms = MLN_CALL_SKEW_MS };
    OK(mln_auth_new(&auth, &api.gateway.auth, &err), &err);
    lane.store_url = api.iam->url;
    mln_lane_init(&api.reads, &lane);
    lane.writes = true;
    mln_lane_init(&api.writes, &lane);
    mln_call_init(&api.call, &api.gateway);
    *state = &api;
    return 0;
}

static inline int api_teardown(void **state)
{
    struct api *api = *state;

    mln_call_fini(&api->call);
    mln_lane_fini(&api->reads);
    mln_lane_fini(&api->writes);
    mln_auth_free(api->gateway.auth);
    mln_new_key_wipe(&api->admin);
    mln_new_key_wipe(&api->reader);
    *state = api->iam;
    return fixture_teardown(state);
}

static inline void add_header(struct api *api, const char *name, const char *value)
{
    if (value != NULL)
        api->headers[api->call.request.header_count++] = (struct mln_header){ mln_str_of(name),
            mln_str_of(value) };
}

static inline const char *now_text(struct api *api)
{
    mln_time_format(api->iam->now_ms, api->text[0]);
    return api->text[0];
}

static inline const char *next_nonce(struct api *api)
{
    (void)snprintf(api->text[1], SENT_TEXT_MAX, "nonce-%d", ++api->nonce);
    return api->text[1];
}

/* Runs the call to its end, as the HTTP layer does. */
static inline int run(struct api *api)
{
    if (mln_call_prepare(&api->call))
        mln_call_act(&api->call, api->call.action->writes ? &api->writes : &api->reads);
    return api->call.status;
}

static inline void authorize_v3(struct api *api, const struct sent *sent)
{
    const struct mln_new_key *key = sent->as_reader ? &api->reader : &api->admin;
    const char *list = either(sent->signed_headers,
            sent->token != NULL ? "host;x-acs-action;x-acs-content-sha256;x-acs-date;"
                                  "x-acs-security-token;x-acs-signature-nonce;x-acs-version"
                                : "host;x-acs-action;x-acs-content-sha256;x-acs-date;"
                                  "x-acs-signature-nonce;x-acs-version");
    struct mln_v3_input input = { .request = &api->call.request,
        .signed_headers = mln_str_of(list),
        .payload_sha256 = mln_str_of(api->text[2]),
        .key = sent->secret != NULL ? mln_str_of(sent->secret) : mln_secret_bytes(&key->secret) };
    char signature[MLN_V3_SIGNATURE_LEN + 1];
    struct mln_err err;

    OK(mln_v3_sign(&input, NULL, NULL, signature, &err), &err);
    (void)snprintf(api->text[3], SENT_TEXT_MAX, "%s Credential=%s,SignedHeaders=%s,Signature=%s",
            MLN_V3_ALGORITHM, either(sent->key_id, key->access_key_id), list, signature);
    add_header(api, "Authorization", api->text[3]);
}

/* The signed request, in api->call. */
static inline void compose_v3(struct api *api, const struct sent *sent)
{
    struct mln_acs_request *request = &api->call.request;

    mln_call_end(&api->call);
    mln_call_begin(&api->call, &api->reads);
    api->call.address = "192.0.2.1";
    *request = (struct mln_acs_request){ .method = mln_str_of(either(sent->method, "POST")),
        .path = MLN_STR("/"),
        .raw_query = mln_str_of(sent->query),
        .body = mln_str_of(sent->body),
        .headers = api->headers };
    mln_sha256_hex(request->body, api->text[2]);
    add_header(api, "host", "127.0.0.1:8080");
    add_header(api, "x-acs-action", either(sent->action, "DescribeRiskRules"));
    add_header(api, "x-acs-version", either(sent->version, SDDP));
    add_header(api, "X-Acs-Date", either(sent->date, now_text(api)));
    add_header(api, "x-acs-signature-nonce", either(sent->nonce, next_nonce(api)));
    add_header(api, "x-acs-content-sha256", either(sent->sha256, api->text[2]));
    add_header(api, "x-acs-security-token", sent->token);
    add_header(api, "content-type", sent->content_type);
    add_header(api, "accept", sent->accept);
    if (!sent->no_authorization)
        authorize_v3(api, sent);
    if (sent->tampered_query != NULL)
        request->raw_query = mln_str_of(sent->tampered_query);
}

static inline int send_v3(struct api *api, const struct sent *sent)
{
    compose_v3(api, sent);
    return run(api);
}

/* V1: `sent->query` holds the action's own parameters; the common ones are added and signed. */
static inline int send_v1(
        struct api *api, const struct sent *sent, const char *common, bool in_form)
{
    MLN_AUTO(mln_buf_free) struct mln_buf text = MLN_BUF_INIT(SENT_TEXT_MAX);
    MLN_AUTO(mln_buf_free) struct mln_buf signature = MLN_BUF_INIT(256);
    MLN_AUTO(mln_arena_free) struct mln_arena arena = MLN_ARENA_INIT(1024 * 1024);
    struct mln_str method = mln_str_of(either(sent->method, in_form ? "POST" : "GET"));
    struct mln_params params = { 0 };
    struct mln_err err;

    mln_call_end(&api->call);
    mln_call_begin(&api->call, &api->reads);
    api->call.address = "192.0.2.1";
    mln_buf_addf(&text, "Action=%s&Version=%s&AccessKeyId=%s&SignatureNonce=%s&Timestamp=",
            either(sent->action, "DescribeRiskRules"), either(sent->version, SDDP),
            either(sent->key_id, api->admin.access_key_id), either(sent->nonce, next_nonce(api)));
    mln_percent_encode(mln_str_of(either(sent->date, now_text(api))), &text);
    mln_buf_addf(&text, "&%s",
            either(common, "SignatureMethod=HMAC-SHA1&SignatureVersion=1.0&Format=JSON"));
    if (sent->query != NULL)
        mln_buf_addf(&text, "&%s", sent->query);
    OK(mln_params_parse_query(&params, &arena, mln_buf_str(&text), &err), &err);
    OK(mln_v1_sign(method, &params,
               sent->secret != NULL ? mln_str_of(sent->secret)
                                    : mln_secret_bytes(&api->admin.secret),
               NULL, &signature, &err),
            &err);
    mln_buf_add_cstr(&text, "&Signature=");
    mln_percent_encode(mln_buf_str(&signature), &text);
    (void)snprintf(api->text[4], SENT_TEXT_MAX, "%.*s", MLN_FMT(mln_buf_str(&text)));
    api->call.request = (struct mln_acs_request){
        .method = method, .path = MLN_STR("/"), .headers = api->headers
    };
    add_header(api, "Host", "127.0.0.1:8080");
    if (in_form)
        api->call.request.body = mln_str_of(api->text[4]);
    else
        api->call.request.raw_query = mln_str_of(api->text[4]);
    add_header(api, "Content-Type",
            in_form ? "application/x-www-form-urlencoded" : sent->content_type);
    if (sent->body != NULL)
        api->call.request.body = mln_str_of(sent->body);
    return run(api);
}

static inline bool answers(const struct api *api, const char *part)
{
    struct mln_str out = mln_buf_str(&api->call.out);

    return memmem(out.ptr, out.len, part, strlen(part)) != NULL;
}

/* `IS_REFUSED(api, 400, "InvalidPageSize")` */
#define IS_REFUSED(api, want_status, want_code)                                                 \
    do {                                                                                        \
        struct mln_str out_ = mln_buf_str(&(api)->call.out);                                    \
        if ((api)->call.status != (want_status) ||                                              \
                !answers((api), "\"Code\":\"" want_code "\"") ||                                \
                !answers((api), (api)->call.request_id))                                        \
            fail_msg("got %d %.*s, want %d %s", (api)->call.status, MLN_FMT(out_), want_status, \
                    want_code);                                                                 \
    } while (0)

#define IS_SERVED(api)                                                  \
    do {                                                                \
        struct mln_str out_ = mln_buf_str(&(api)->call.out);            \
        if ((api)->call.status != 200)                                  \
            fail_msg("got %d %.*s", (api)->call.status, MLN_FMT(out_)); \
    } while (0)
