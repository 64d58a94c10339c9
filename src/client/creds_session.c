/*
 * Credentials that stay fresh. One lock guards the triple; it is not held while a service is asked.
 * Whoever finds the triple old and nobody renewing it does so; the others go on with the old one
 * while it is good enough, else wait for the outcome.
 */
#include <pthread.h>
#include <stdio.h>

#include "client/priv.h"

#define ARN_MAX          ((size_t)256)
#define SESSION_NAME_MAX ((size_t)64)
#define ID_MAX           ((size_t)1224) /* As long as STS takes an external id. */

struct mln_creds_session {
    struct mln_creds_options options;
    struct mln_transport transport; /* The options point here. */
    size_t step;                    /* Of the chain. */

    struct mln_creds_session *base; /* NULL: from the chain. */
    char role_arn[ARN_MAX], role_session[SESSION_NAME_MAX + 1], external_id[ID_MAX + 1];

    pthread_mutex_t lock;
    pthread_cond_t changed;
    struct mln_creds creds;
    uint64_t generation;
    bool renewing;
    int64_t offset_ms;
    bool failed; /* The last attempt; what follows tells of it. */
    int64_t failed_at_ms, again_at_ms;
    struct mln_err failure;
};

/* ---- the time that is left; the lock is held ---- */

static int64_t left_ms(const struct mln_creds_session *session)
{
    if (session->creds.expires_ms == 0)
        return INT64_MAX;
    return session->creds.expires_ms - mln_now_ms(session->options.clock) - session->offset_ms;
}

static int64_t uptime_ms(const struct mln_creds_session *session)
{
    return mln_monotonic_ms(session->options.clock);
}

/* 30 to 70 seconds, so that many processes do not come back together. */
static int64_t pause_ms(const struct mln_creds_session *session)
{
    uint32_t dice = 0;

    mln_random_fill(session->options.random, &dice, sizeof(dice));
    return MLN_CREDS_AGAIN_MIN_MS + dice % (MLN_CREDS_AGAIN_RANGE_MS + 1);
}

/* ---- asking, without the lock ---- */

/* One attempt; *base_ended: STS says so of the credentials that it was made with. */
/* NOLINTNEXTLINE(misc-no-recursion): as deep as the bases of a session, which are there before it */
static int try_role(struct mln_creds_session *session, const struct mln_creds_options *options,
        struct mln_creds *base, struct mln_creds *out, bool *base_ended, struct mln_err *err)
{
    const struct mln_assume assume = {
        .role_arn = mln_str_of(session->role_arn),
        .session_name = mln_str_of(session->role_session),
        .external_id = mln_str_of(session->external_id),
    };
    int rc;

    mln_creds_wipe(base);
    rc = mln_creds_session_get(session->base, base, err);
    if (rc != MLN_OK)
        return rc;
    rc = mln_creds_assume(options, &assume, base, out, err);
    *base_ended = rc == MLN_ECREDS && strstr(err->msg, "InvalidSecurityToken") != NULL;
    return rc;
}

/* NOLINTNEXTLINE(misc-no-recursion): as deep as the bases of a session, which are there before it */
static int assume_role(struct mln_creds_session *session, const struct mln_creds_options *options,
        struct mln_creds *out, struct mln_err *err)
{
    MLN_AUTO(mln_creds_wipe) struct mln_creds base = { 0 };
    uint64_t generation = mln_creds_session_generation(session->base);
    bool base_ended = false;
    int rc = try_role(session, options, &base, out, &base_ended, err);

    /* It may have ended without anybody knowing: then it is renewed, once. */
    if (base_ended)
        rc = mln_creds_session_renew(session->base, generation, err);
    if (base_ended && rc == MLN_OK)
        rc = try_role(session, options, &base, out, &base_ended, err);
    if (rc != MLN_OK)
        return rc;
    (void)snprintf(out->mode, sizeof(out->mode), "RamRoleArn");
    memcpy(out->profile, base.profile, sizeof(out->profile));
    memcpy(out->source, base.source, sizeof(out->source));
    memcpy(out->region, base.region, sizeof(out->region));
    return MLN_OK;
}

/* NOLINTNEXTLINE(misc-no-recursion): as deep as the bases of a session, which are there before it */
static int ask(struct mln_creds_session *session, const struct mln_creds *was, int64_t offset_ms,
        struct mln_creds *out, struct mln_err *err)
{
    struct mln_creds_options options = session->options;

    options.clock_offset_ms = offset_ms;
    if (session->base != NULL)
        return assume_role(session, &options, out, err);
    return mln_creds_again(&options, session->step, was, out, err);
}

/* ---- renewing ---- */

static bool same_keys(const struct mln_creds *a, const struct mln_creds *b)
{
    return mln_secret_eq(&a->key_id, mln_secret_bytes(&b->key_id)) &&
           mln_secret_eq(&a->secret, mln_secret_bytes(&b->secret)) &&
           mln_secret_eq(&a->token, mln_secret_bytes(&b->token));
}

static void keep_failure(struct mln_creds_session *session, const struct mln_err *err)
{
    int64_t now = uptime_ms(session);

    session->failed = true;
    session->failure = *err;
    session->failed_at_ms = now;
    session->again_at_ms = now + (left_ms(session) > 0 ? pause_ms(session) : MLN_CREDS_STORM_MS);
}

/*
 * Called with the lock held and nobody renewing; gives the lock away while it asks. The triple that
 * a service goes on handing out is not a failure: it renews it when it sees fit.
 */
/* NOLINTNEXTLINE(misc-no-recursion): as deep as the bases of a session, which are there before it */
static int renew_now(struct mln_creds_session *session, struct mln_err *err)
{
    struct mln_creds fresh = { 0 }, was = session->creds;
    int64_t offset_ms = session->offset_ms;
    bool is_new;
    int rc;

    was.key_id = was.secret = was.token = (struct mln_secret){ 0 }; /* Only its names are read. */
    session->renewing = true;
    (void)pthread_mutex_unlock(&session->lock);
    rc = ask(session, &was, offset_ms, &fresh, err);
    if (rc == MLN_OK && fresh.key_id.len == 0) {
        mln_creds_wipe(&fresh);
        rc = mln_fail(err, MLN_ECREDS, "credentials of mode %s need a connection", was.mode);
    }
    (void)pthread_mutex_lock(&session->lock);
    session->renewing = false;
    if (rc != MLN_OK) {
        keep_failure(session, err);
    } else {
        is_new = !same_keys(&fresh, &session->creds);
        mln_creds_wipe(&session->creds);
        session->creds = fresh;
        session->generation += is_new ? 1 : 0;
        session->failed = false;
        /* The same again, and still about to end: asked for again after a while. */
        session->again_at_ms = left_ms(session) <= MLN_STS_PREFETCH_MS
                                       ? uptime_ms(session) + pause_ms(session)
                                       : 0;
    }
    (void)pthread_cond_broadcast(&session->changed);
    return rc;
}

static void wait_for_outcome(struct mln_creds_session *session)
{
    while (session->renewing)
        (void)pthread_cond_wait(&session->changed, &session->lock);
}

/*
 * MLN_OK: what is there may be used. Between prefetch and the last minutes one caller renews and
 * the rest do not wait; in the last minutes all wait, and a failure leaves the triple in use until
 * it ends.
 */
/* NOLINTNEXTLINE(misc-no-recursion): as deep as the bases of a session, which are there before it */
static int freshen(struct mln_creds_session *session, struct mln_err *err)
{
    for (;;) {
        int64_t left = left_ms(session);

        if (left > MLN_STS_PREFETCH_MS)
            return MLN_OK;
        if (session->renewing && left > MLN_STS_USABLE_MIN_MS)
            return MLN_OK;
        if (session->renewing) {
            wait_for_outcome(session);
            if (left_ms(session) <= 0 && session->failed) {
                *err = session->failure;
                return err->code;
            }
            continue;
        }
        if (uptime_ms(session) < session->again_at_ms) {
            if (left > 0)
                return MLN_OK;
            if (session->failed) {
                *err = session->failure;
                return err->code;
            }
        }
        if (renew_now(session, err) != MLN_OK && left_ms(session) <= 0)
            return err->code;
    }
}

/* NOLINTNEXTLINE(misc-no-recursion): as deep as the bases of a session, which are there before it */
int mln_creds_session_get(
        struct mln_creds_session *session, struct mln_creds *out, struct mln_err *err)
{
    int rc;

    (void)pthread_mutex_lock(&session->lock);
    rc = freshen(session, err);
    if (rc == MLN_OK)
        rc = mln_creds_copy(&session->creds, out, err);
    (void)pthread_mutex_unlock(&session->lock);
    return rc;
}

uint64_t mln_creds_session_generation(struct mln_creds_session *session)
{
    uint64_t generation;

    (void)pthread_mutex_lock(&session->lock);
    generation = session->generation;
    (void)pthread_mutex_unlock(&session->lock);
    return generation;
}

/* NOLINTNEXTLINE(misc-no-recursion): as deep as the bases of a session, which are there before it */
static int renew_locked(struct mln_creds_session *session, uint64_t generation, struct mln_err *err)
{
    int rc;

    wait_for_outcome(session);
    if (session->generation != generation)
        return MLN_OK;
    if (session->failed && uptime_ms(session) < session->failed_at_ms + MLN_CREDS_STORM_MS) {
        *err = session->failure; /* Many callers, one attempt. */
        return err->code;
    }
    rc = renew_now(session, err);
    if (rc != MLN_OK || session->generation != generation)
        return rc;
    mln_err_set(err, MLN_ECREDS,
            "the cloud says that the session has ended, and its source (%s) has no newer one: "
            "renew it there",
            session->creds.source);
    keep_failure(session, err);
    return MLN_ECREDS;
}

/* NOLINTNEXTLINE(misc-no-recursion): as deep as the bases of a session, which are there before it */
int mln_creds_session_renew(
        struct mln_creds_session *session, uint64_t generation, struct mln_err *err)
{
    int rc;

    (void)pthread_mutex_lock(&session->lock);
    rc = renew_locked(session, generation, err);
    (void)pthread_mutex_unlock(&session->lock);
    return rc;
}

void mln_creds_session_set_offset(struct mln_creds_session *session, int64_t offset_ms)
{
    (void)pthread_mutex_lock(&session->lock);
    session->offset_ms = offset_ms;
    (void)pthread_mutex_unlock(&session->lock);
}

/* ---- opening ---- */

static struct mln_creds_session *open_session(
        const struct mln_creds_options *options, const struct mln_transport *transport)
{
    struct mln_creds_session *session = calloc(1, sizeof(*session));

    if (session == NULL)
        return NULL;
    session->options = *options;
    session->options.transport = NULL;
    if (transport != NULL) {
        session->transport = *transport;
        session->options.transport = &session->transport;
    }
    session->offset_ms = options->clock_offset_ms;
    session->generation = 1;
    if (pthread_mutex_init(&session->lock, NULL) != 0) {
        free(session);
        return NULL;
    }
    if (pthread_cond_init(&session->changed, NULL) != 0) {
        (void)pthread_mutex_destroy(&session->lock);
        free(session);
        return NULL;
    }
    return session;
}

void mln_creds_session_free(struct mln_creds_session *session)
{
    if (session == NULL)
        return;
    mln_creds_wipe(&session->creds);
    (void)pthread_cond_destroy(&session->changed);
    (void)pthread_mutex_destroy(&session->lock);
    free(session);
}

int mln_creds_session_new(const struct mln_creds_options *options, struct mln_creds_session **out,
        struct mln_err *err)
{
    struct mln_creds_session *session = open_session(options, options->transport);
    struct mln_creds_trace trace = { 0 };
    int rc;

    if (session == NULL)
        return mln_fail(err, MLN_ENOMEM, "out of memory");
    rc = mln_creds_resolve(&session->options, &session->creds, &trace, err);
    if (rc == MLN_OK && session->creds.key_id.len == 0)
        rc = mln_fail(
                err, MLN_ECREDS, "credentials of mode %s need a connection", session->creds.mode);
    if (rc != MLN_OK) {
        mln_creds_session_free(session);
        return rc;
    }
    session->step = trace.count - 1;
    *out = session;
    return MLN_OK;
}

static bool put(char *to, size_t size, const char *text, const char *otherwise)
{
    const char *from = text != NULL && text[0] != '\0' ? text : otherwise;

    return snprintf(to, size, "%s", from) < (int)size;
}

int mln_creds_session_assume(struct mln_creds_session *base, const struct mln_role *role,
        const struct mln_transport *transport, struct mln_creds_session **out, struct mln_err *err)
{
    struct mln_creds_options options = base->options;
    struct mln_creds_session *session;
    struct mln_creds creds = { 0 };
    int rc = MLN_OK;

    (void)pthread_mutex_lock(&base->lock);
    options.clock_offset_ms = base->offset_ms;
    (void)pthread_mutex_unlock(&base->lock);
    session = open_session(&options, transport);
    if (session == NULL)
        return mln_fail(err, MLN_ENOMEM, "out of memory");
    session->base = base;
    if (!put(session->role_arn, sizeof(session->role_arn), role->arn, "") ||
            !put(session->role_session, sizeof(session->role_session), role->session_name, "") ||
            !put(session->external_id, sizeof(session->external_id), role->external_id, ""))
        rc = mln_fail(err, MLN_EINVAL,
                "a role's ARN (at most %zu bytes), session name (%zu) or external id (%zu) is too "
                "long",
                ARN_MAX - 1, SESSION_NAME_MAX, ID_MAX);
    if (rc == MLN_OK)
        rc = assume_role(session, &session->options, &creds, err);
    if (rc == MLN_OK && creds.key_id.len == 0)
        rc = mln_fail(err, MLN_ECREDS, "a role needs a connection to STS");
    if (rc != MLN_OK) {
        mln_creds_wipe(&creds);
        mln_creds_session_free(session);
        return rc;
    }
    session->creds = creds;
    *out = session;
    return MLN_OK;
}
