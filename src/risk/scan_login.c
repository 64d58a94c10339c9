/*
 * Credentials of the live cloud for scans: a session with a connection of its own, over which it
 * asks the services that give credentials, and the few single calls that are made beside a plan.
 */
#include <errno.h>
#include <stdio.h>
#include <time.h>

#include "client/api.h"
#include "client/endpoints.h"
#include "risk/scan_priv.h"

#define ARN_MAX         ((size_t)512)
#define EXTERNAL_ID_MAX ((size_t)1224)

struct mln_scan_session {
    struct mln_curl *curl;
    struct mln_transport transport;
    struct mln_creds_options options;
    struct mln_creds_session *creds;
    struct mln_scan_session *base; /* Owned; NULL: none, or somebody else's. */
    char profile[MLN_PROFILE_NAME_MAX], arn[ARN_MAX + 1], external_id[EXTERNAL_ID_MAX + 1];
    struct mln_creds now; /* Of the call that is made, and where it goes. */
    struct mln_endpoint endpoint;
};

void mln_scan_session_free(struct mln_scan_session *session)
{
    while (session != NULL) {
        struct mln_scan_session *base = session->base;

        mln_creds_session_free(session->creds);
        mln_curl_free(session->curl);
        mln_creds_wipe(&session->now);
        free(session);
        session = base;
    }
}

static void free_slot(struct mln_scan_session **slot)
{
    mln_scan_session_free(*slot);
}

static int session_new(const struct mln_live_source *live, const struct mln_clock *clock,
        struct mln_scan_session **out, struct mln_err *err)
{
    const struct mln_curl_options curl = {
        .env = live->env, .cacert = live->cacert, .connect_timeout_ms = live->connect_timeout_ms
    };
    MLN_AUTO(free_slot) struct mln_scan_session *session = calloc(1, sizeof(*session));
    int rc;

    if (session == NULL)
        return mln_fail(err, MLN_ENOMEM, "out of memory");
    rc = mln_curl_new(&curl, &session->curl, err);
    if (rc != MLN_OK)
        return rc;
    session->transport = mln_curl_transport(session->curl);
    session->options = (struct mln_creds_options){
        .env = live->env,
        .clock = clock,
        .transport = &session->transport,
        .random = live->random,
        .endpoints = live->endpoints,
        .user_agent = live->user_agent,
    };
    *out = MLN_TAKE(session);
    return MLN_OK;
}

/* As a C string of its own; no NUL inside it. */
static int keep(const char *what, struct mln_str from, size_t max, char *out, struct mln_err *err)
{
    if (from.len > max || (from.len > 0 && memchr(from.ptr, '\0', from.len) != NULL))
        return mln_fail(err, MLN_EINVAL, "%s is longer than %zu bytes", what, max);
    if (from.len > 0)
        memcpy(out, from.ptr, from.len);
    out[from.len] = '\0';
    return MLN_OK;
}

int mln_scan_session_new(const struct mln_live_source *live, const struct mln_clock *clock,
        const char *profile, struct mln_scan_session **out, struct mln_err *err)
{
    MLN_AUTO(free_slot) struct mln_scan_session *session = NULL;
    int rc = session_new(live, clock, &session, err);

    if (rc == MLN_OK)
        rc = keep("the profile's name", mln_str_of(profile), sizeof(session->profile) - 1,
                session->profile, err);
    if (rc != MLN_OK)
        return rc;
    if (session->profile[0] != '\0')
        session->options.profile = session->profile;
    rc = mln_creds_session_new(&session->options, &session->creds, err);
    if (rc == MLN_OK)
        *out = MLN_TAKE(session);
    return rc;
}

int mln_scan_session_assume(struct mln_scan_session *base, const struct mln_live_source *live,
        struct mln_str arn, struct mln_str external_id, struct mln_scan_session **out,
        struct mln_err *err)
{
    MLN_AUTO(free_slot) struct mln_scan_session *session = NULL;
    struct mln_role role = { 0 };
    int rc = session_new(live, base->options.clock, &session, err);

    if (rc == MLN_OK)
        rc = keep("the role's ARN", arn, ARN_MAX, session->arn, err);
    if (rc == MLN_OK)
        rc = keep("the external id", external_id, EXTERNAL_ID_MAX, session->external_id, err);
    if (rc != MLN_OK)
        return rc;
    role.arn = session->arn;
    role.external_id = session->external_id[0] != '\0' ? session->external_id : NULL;
    rc = mln_creds_session_assume(base->creds, &role, &session->transport, &session->creds, err);
    if (rc == MLN_OK)
        *out = MLN_TAKE(session);
    return rc;
}

int mln_scan_session_of(const struct mln_live_source *live, const struct mln_source_spec *source,
        const struct mln_clock *clock, struct mln_scan_session **out, struct mln_err *err)
{
    MLN_AUTO(free_slot) struct mln_scan_session *base = NULL;
    struct mln_scan_session *session = NULL;
    char name[MLN_PROFILE_NAME_MAX];
    int rc;

    if (source->kind == MLN_SOURCE_PROFILE) {
        rc = keep("the profile's name", source->value, sizeof(name) - 1, name, err);
        return rc == MLN_OK ? mln_scan_session_new(live, clock, name, out, err) : rc;
    }
    rc = mln_scan_session_new(live, clock, live->profile, &base, err);
    if (rc == MLN_OK)
        rc = mln_scan_session_assume(
                base, live, source->value, mln_str_of(live->external_id), &session, err);
    if (rc != MLN_OK)
        return rc;
    session->base = MLN_TAKE(base);
    *out = session;
    return MLN_OK;
}

struct mln_creds_session *mln_scan_session_creds(struct mln_scan_session *session)
{
    return session->creds;
}

/* ---- what the credentials say of themselves ---- */

static int own_region(
        struct mln_scan_session *session, char out[MLN_SCAN_REGION_MAX], struct mln_err *err)
{
    MLN_AUTO(mln_creds_wipe) struct mln_creds creds = { 0 };
    int rc = mln_creds_session_get(session->creds, &creds, err);

    if (rc != MLN_OK)
        return rc;
    return keep("the region", mln_str_of(creds.region), MLN_SCAN_REGION_MAX - 1, out, err);
}

int mln_scan_session_region(struct mln_scan_session *session, const struct mln_live_source *live,
        char out[MLN_SCAN_REGION_MAX], struct mln_err *err)
{
    struct mln_str given = mln_str_of(live->region);
    int rc;

    if (given.len > 0)
        return keep("the region", given, MLN_SCAN_REGION_MAX - 1, out, err);
    do {
        rc = own_region(session, out, err);
        session = session->base;
    } while (rc == MLN_OK && out[0] == '\0' && session != NULL);
    return rc;
}

int mln_scan_session_describe(
        struct mln_scan_session *session, struct mln_buf *out, struct mln_err *err)
{
    struct mln_creds creds = { 0 };
    struct mln_str text;
    int rc = mln_creds_session_get(session->creds, &creds, err);

    if (rc != MLN_OK)
        return rc;
    if (creds.profile[0] != '\0')
        mln_buf_addf(out, "profile %s", creds.profile);
    else
        mln_buf_add_cstr(out, "credentials");
    mln_buf_addf(out, " (%s, %s)", creds.mode, creds.source);
    if (session->arn[0] != '\0')
        mln_buf_addf(out, " as %s", session->arn);
    mln_creds_wipe(&creds);
    return mln_buf_done(out, &text, err);
}

/* ---- single calls ---- */

static void sleep_ms(void *ctx, int64_t ms)
{
    struct timespec left = { .tv_sec = ms / 1000, .tv_nsec = (ms % 1000) * 1000000 };

    (void)ctx;
    while (nanosleep(&left, &left) != 0 && errno == EINTR)
        continue;
}

/* A client for one call: how often these are made does not matter. */
static int call_once(struct mln_scan_session *session, const struct mln_live_source *live,
        const char *product, const char *action, struct mln_params *params,
        struct mln_api_answer *out, struct mln_err *err)
{
    const struct mln_api_action actions[] = { { action, false, "" } };
    const struct mln_api_options options = {
        .product = mln_product_by_name(product),
        .endpoint = &session->endpoint,
        .creds = &session->now,
        .actions = actions,
        .action_count = MLN_LEN(actions),
        .transport = session->transport,
        .clock = session->options.clock,
        .random = live->random,
        .sleep_ms = sleep_ms,
        .log = live->log,
        .user_agent = live->user_agent,
        .timeout_ms = live->timeout_ms,
    };
    struct mln_api *api = NULL;
    int rc = mln_api_new(&options, &api, err);

    if (rc == MLN_OK)
        rc = mln_api_call(api, action, params, out, err);
    mln_api_free(api);
    return rc;
}

int mln_scan_session_call(struct mln_scan_session *session, const struct mln_live_source *live,
        const char *product, const char *action, struct mln_params *params,
        struct mln_api_answer *out, struct mln_err *err)
{
    char region[MLN_SCAN_REGION_MAX] = "";
    enum mln_endpoint_origin origin;
    int rc = mln_scan_session_region(session, live, region, err);

    if (rc == MLN_OK)
        rc = mln_endpoints_find(live->endpoints, product, mln_str_of(region), MLN_STR(""),
                &session->endpoint, &origin, err);
    if (rc == MLN_OK)
        rc = mln_creds_session_get(session->creds, &session->now, err);
    if (rc != MLN_OK)
        return rc;
    rc = call_once(session, live, product, action, params, out, err);
    mln_creds_wipe(&session->now);
    return rc;
}

static void copy_member(struct mln_json_value data, const char *name, char *out, size_t size)
{
    struct mln_str text = { 0 };

    (void)mln_json_get_str(data, name, &text);
    (void)snprintf(out, size, "%.*s", (int)(text.len < size ? text.len : size - 1),
            text.ptr != NULL ? text.ptr : "");
}

int mln_scan_session_identity(struct mln_scan_session *session, const struct mln_live_source *live,
        struct mln_identity *out, struct mln_err *err)
{
    struct mln_api_answer answer = { 0 };
    struct mln_identity identity = { 0 };
    struct mln_params params = { 0 };
    int rc = mln_scan_session_call(
            session, live, "Sts", "GetCallerIdentity", &params, &answer, err);

    if (rc == MLN_OK) {
        copy_member(answer.data, "IdentityType", identity.type, sizeof(identity.type));
        copy_member(answer.data, "AccountId", identity.account_id, sizeof(identity.account_id));
        copy_member(
                answer.data, "PrincipalId", identity.principal_id, sizeof(identity.principal_id));
        copy_member(answer.data, "UserId", identity.user_id, sizeof(identity.user_id));
        copy_member(answer.data, "RoleId", identity.role_id, sizeof(identity.role_id));
        copy_member(answer.data, "Arn", identity.arn, sizeof(identity.arn));
        if (identity.account_id[0] == '\0')
            rc = mln_fail(err, MLN_EIO, "the answer does not say whose account it is");
        else
            *out = identity;
    }
    mln_api_answer_free(&answer);
    return rc == MLN_OK ? rc : mln_wrap(err, rc, "who the credentials are");
}

int mln_live_identity(const struct mln_live_source *live, const struct mln_source_spec *source,
        const struct mln_clock *clock, struct mln_identity *out, struct mln_err *err)
{
    struct mln_scan_session *session = NULL;
    int rc = mln_scan_session_of(live, source, clock, &session, err);

    if (rc == MLN_OK)
        rc = mln_scan_session_identity(session, live, out, err);
    mln_scan_session_free(session);
    return rc;
}
