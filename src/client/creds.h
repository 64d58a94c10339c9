/*
 * Where credentials come from: a chain of providers, asked in order.
 *
 *     --profile NAME  >  the environment's key pair  >  ALIBABA_CLOUD_PROFILE  >  `current` of
 * config.json
 *
 * Only MLN_ENOTFOUND moves the chain on: a malformed profile must never fall through to some other
 * identity, because the command would then work on the wrong account and look healthy. Nothing here
 * calls the network, and no message holds any part of a credential.
 */
#pragma once

#include "base/clock.h"
#include "base/env.h"
#include "base/secret.h"

#define MLN_PROFILE_FILE_MAX ((size_t)1024 * 1024)
#define MLN_PROFILE_NAME_MAX 128
#define MLN_CREDS_STEPS_MAX  8
#define MLN_STS_USABLE_MIN_MS \
    ((int64_t)180 * 1000) /* A cached triple must live longer than this. */

struct mln_creds {
    struct mln_secret key_id, secret, token; /* token.len is 0 for a bare key pair. */
    const char *provider;                    /* Static: "env", "profile". */
    char profile[MLN_PROFILE_NAME_MAX];
    char mode[32];
    char region[40];
    char source[256];   /* The file's path, or the names of the variables. */
    char warning[256];  /* Something to tell the user, or empty. */
    int64_t expires_ms; /* 0: does not say. */
};

void mln_creds_wipe(struct mln_creds *creds);

struct mln_creds_options {
    const struct mln_env *env;
    const struct mln_clock *clock;
    const char *profile; /* Asked for by name, or NULL. */
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
 * what to do about it; MLN_ECONFIG: a missing profile or a malformed file. `trace` may be NULL.
 */
MLN_MUST_USE int mln_creds_resolve(const struct mln_creds_options *options, struct mln_creds *out,
        struct mln_creds_trace *trace, struct mln_err *err);

/* Appends the path of config.json: ALIBABA_CLOUD_CONFIG_FILE, else ~/.aliyun/config.json.
 * MLN_ECONFIG without a home. */
MLN_MUST_USE int mln_profile_path(
        const struct mln_env *env, struct mln_buf *out, struct mln_err *err);
