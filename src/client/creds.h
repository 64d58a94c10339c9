/*
 * Where credentials come from: a chain of providers, asked in order.
 *
 *     --profile NAME  >  the environment's key pair  >  OIDC role  >  ALIBABA_CLOUD_PROFILE  >
 *     `current` of config.json  >  the INI files  >  instance metadata  >  credentials URI
 *
 * Only MLN_ENOTFOUND moves the chain on: a malformed profile must never fall through to some other
 * identity, because the command would then work on the wrong account and look healthy.
 * No message holds any part of a credential.
 */
#pragma once

#include "base/clock.h"
#include "base/env.h"
#include "base/random.h"
#include "base/secret.h"
#include "client/transport.h"
#include "wire/json.h"

struct mln_endpoints;

#define MLN_PROFILE_FILE_MAX  ((size_t)1024 * 1024)
#define MLN_PROFILE_NAME_MAX  128
#define MLN_PROFILE_DEPTH_MAX 8 /* Profiles that lead to one another. */
#define MLN_CREDS_STEPS_MAX   10
#define MLN_STS_USABLE_MIN_MS \
    ((int64_t)180 * 1000) /* A triple must live longer than this to be used. */
#define MLN_STS_PREFETCH_MS ((int64_t)900 * 1000) /* From here on it is renewed beforehand. */
#define MLN_STS_SECONDS     3600                  /* How long a role is assumed for. */

struct mln_creds {
    struct mln_secret key_id, secret, token; /* token.len is 0 for a bare key pair. */
    char provider[64]; /* "env", "cli_profile/ram_role_arn/static_ak": outermost first. */
    char profile[MLN_PROFILE_NAME_MAX];
    char mode[32];
    char region[40];
    char source[256];   /* The file's path, or the names of the variables. */
    char warning[256];  /* Something to tell the user, or empty. */
    int64_t expires_ms; /* 0: does not say. */
};

void mln_creds_wipe(struct mln_creds *creds);

/* Everything is borrowed. */
struct mln_creds_options {
    const struct mln_env *env;
    const struct mln_clock *clock;
    const char *profile; /* Asked for by name, or NULL. */
    /* For the providers that ask a service. NULL: such a provider is described, not asked. */
    const struct mln_transport *transport;
    const struct mln_random *random;
    const struct mln_endpoints *endpoints; /* May be NULL. */
    const char *user_agent;
    int64_t clock_offset_ms; /* The cloud's clock less this machine's. */
};

/* What one provider said, for `auth status`. */
struct mln_creds_step {
    const char *provider;
    int code;
    char note[256];
};

struct mln_creds_trace {
    struct mln_creds_step steps[MLN_CREDS_STEPS_MAX];
    size_t count;
};

/* MLN_ENOTFOUND: ask the next; anything else stops the chain. */
typedef int mln_creds_get_fn(
        const struct mln_creds_options *options, struct mln_creds *out, struct mln_err *err);

struct mln_creds_provider {
    const char *name;
    mln_creds_get_fn *get;
};

/* The rows of the chain, in order. */
const struct mln_creds_provider *mln_creds_chain(size_t *count);

/*
 * The first usable credentials. MLN_ECREDS: none, expired, or of a mode that is not supported, with
 * what to do about it; MLN_ECONFIG: a missing profile or a malformed file; MLN_EDENIED: the cloud
 * does not let a role be assumed; MLN_ETRANSIENT: a service did not answer; MLN_EIO: its
 * certificate does not verify. `trace` may be NULL. Without a transport, a provider that would have
 * to ask a service gives MLN_OK with everything but the keys (key_id.len is 0).
 */
MLN_MUST_USE int mln_creds_resolve(const struct mln_creds_options *options, struct mln_creds *out,
        struct mln_creds_trace *trace, struct mln_err *err);

/* Appends the path of config.json: ALIBABA_CLOUD_CONFIG_FILE, else ~/.aliyun/config.json.
 * MLN_ECONFIG without a home. */
MLN_MUST_USE int mln_profile_path(
        const struct mln_env *env, struct mln_buf *out, struct mln_err *err);

/* The profile `name` of a parsed config.json. */
bool mln_profile_find(struct mln_json_value root, struct mln_str name, struct mln_json_value *out);

/* The profiles of config.json by name, and whether each is `current`. MLN_ENOTFOUND: no file. What
 * `fn` returns but MLN_OK ends it and is returned. */
typedef int mln_profile_fn(void *ctx, const char *name, bool is_current, struct mln_err *err);
MLN_MUST_USE int mln_profiles_each(const struct mln_creds_options *options, mln_profile_fn *fn,
        void *ctx, struct mln_err *err);

/* ---- credentials that stay fresh ---- */
/*
 * From any thread. One caller at a time asks the provider (with the session's own transport); while
 * the old triple still lives the others go on with it.
 */
struct mln_creds_session;
/* Resolves at once; errors as of mln_creds_resolve(). The options' transport is the session's. */
MLN_MUST_USE int mln_creds_session_new(const struct mln_creds_options *options,
        struct mln_creds_session **out, struct mln_err *err);
/*
 * The credentials of `base`, used to assume a role: AssumeRole, again whenever they end. `base` is
 * borrowed and may serve many. `transport` is the new session's own.
 */
struct mln_role {
    const char *arn;          /* acs:ram::1234567890123456:role/name */
    const char *session_name; /* NULL: "merlon" */
    const char *external_id;  /* NULL: none */
};
MLN_MUST_USE int mln_creds_session_assume(struct mln_creds_session *base,
        const struct mln_role *role, const struct mln_transport *transport,
        struct mln_creds_session **out, struct mln_err *err);
void mln_creds_session_free(struct mln_creds_session *session);

/*
 * A copy of the credentials of the moment, for the caller to wipe: renewed beforehand from
 * MLN_STS_PREFETCH_MS before their end, and waited for from MLN_STS_USABLE_MIN_MS. A renewal that
 * fails is tried again 30 to 70 s later while the old ones live.
 */
MLN_MUST_USE int mln_creds_session_get(
        struct mln_creds_session *session, struct mln_creds *out, struct mln_err *err);
/* A number that changes whenever the credentials do. */
uint64_t mln_creds_session_generation(struct mln_creds_session *session);
/*
 * The cloud says that the credentials of `generation` have ended: renews them, unless somebody did
 * meanwhile. MLN_ECREDS: they cannot be renewed, with what to do.
 */
MLN_MUST_USE int mln_creds_session_renew(
        struct mln_creds_session *session, uint64_t generation, struct mln_err *err);
/* What the cloud's clock was found to be, for the requests of the providers. */
void mln_creds_session_set_offset(struct mln_creds_session *session, int64_t offset_ms);
