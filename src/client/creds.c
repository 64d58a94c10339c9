#include "client/creds.h"

#include <stdio.h>

#include "client/priv.h"

#define ENV_ID     "ALIBABA_CLOUD_ACCESS_KEY_ID"
#define ENV_SECRET "ALIBABA_CLOUD_ACCESS_KEY_SECRET"
#define ENV_TOKEN  "ALIBABA_CLOUD_SECURITY_TOKEN"

void mln_creds_wipe(struct mln_creds *creds)
{
    mln_secret_wipe(&creds->key_id);
    mln_secret_wipe(&creds->secret);
    mln_secret_wipe(&creds->token);
    *creds = (struct mln_creds){ 0 };
}

static bool is_true(const struct mln_env *env, const char *name)
{
    const char *value = mln_env_get(env, name);

    return value != NULL && mln_str_eq_nocase(mln_str_of(value), MLN_STR("true"));
}

static const char *profiles_switched_off(const struct mln_env *env)
{
    if (is_true(env, "ALIBABA_CLOUD_CLI_PROFILE_DISABLED"))
        return "switched off by ALIBABA_CLOUD_CLI_PROFILE_DISABLED";
    if (is_true(env, "ALIBABA_CLOUD_IGNORE_PROFILE"))
        return "switched off by ALIBABA_CLOUD_IGNORE_PROFILE";
    return NULL;
}

static int from_named_profile(
        const struct mln_creds_options *options, struct mln_creds *out, struct mln_err *err)
{
    if (options->profile == NULL)
        return mln_fail(err, MLN_ENOTFOUND, "--profile not given");
    return mln_creds_from_profile(options, options->profile, out, err);
}

static int from_environment(
        const struct mln_creds_options *options, struct mln_creds *out, struct mln_err *err)
{
    const char *id = mln_env_get(options->env, ENV_ID);
    const char *secret = mln_env_get(options->env, ENV_SECRET);
    const char *token = mln_env_get(options->env, ENV_TOKEN);
    struct mln_creds_parts parts = {
        .key_id = mln_str_of(id),
        .secret = mln_str_of(secret),
        .token = mln_str_of(token),
    };
    int rc;

    if (id == NULL && secret == NULL)
        return mln_fail(err, MLN_ENOTFOUND, ENV_ID " not set");
    if (id == NULL || secret == NULL)
        return mln_fail(err, MLN_ECREDS, "%s is set but %s is not: set both or neither",
                id != NULL ? ENV_ID : ENV_SECRET, id != NULL ? ENV_SECRET : ENV_ID);
    rc = mln_creds_fill(out, &parts, err);
    if (rc == MLN_OK) {
        (void)snprintf(out->provider, sizeof(out->provider), "env");
        (void)snprintf(out->mode, sizeof(out->mode), "%s", token != NULL ? "StsToken" : "AK");
        (void)snprintf(out->source, sizeof(out->source), ENV_ID ", " ENV_SECRET "%s",
                token != NULL ? ", " ENV_TOKEN : "");
    }
    return rc;
}

static int from_profile_variable(
        const struct mln_creds_options *options, struct mln_creds *out, struct mln_err *err)
{
    const char *name = mln_env_get(options->env, "ALIBABA_CLOUD_PROFILE");
    const char *off = profiles_switched_off(options->env);

    if (off != NULL)
        return mln_fail(err, MLN_ENOTFOUND, "%s", off);
    if (name == NULL)
        return mln_fail(err, MLN_ENOTFOUND, "ALIBABA_CLOUD_PROFILE not set");
    return mln_creds_from_profile(options, name, out, err);
}

static int from_current_profile(
        const struct mln_creds_options *options, struct mln_creds *out, struct mln_err *err)
{
    const char *off = profiles_switched_off(options->env);

    if (off != NULL)
        return mln_fail(err, MLN_ENOTFOUND, "%s", off);
    return mln_creds_from_profile(options, NULL, out, err);
}

static const struct mln_creds_provider chain[] = {
    { "--profile", from_named_profile },
    { "environment", from_environment },
    { "ALIBABA_CLOUD_PROFILE", from_profile_variable },
    { "current profile", from_current_profile },
};

const struct mln_creds_provider *mln_creds_chain(size_t *count)
{
    *count = MLN_LEN(chain);
    return chain;
}

/* They go into headers: a line break in one would begin a header of its author's choice. */
static int check_part(const char *what, struct mln_str part, struct mln_err *err)
{
    for (size_t i = 0; i < part.len; i++) {
        if (part.ptr[i] <= ' ' || part.ptr[i] > '~')
            return mln_fail(err, MLN_ECREDS,
                    "the %s holds a blank, a line break or another character that keys do not have",
                    what);
    }
    return MLN_OK;
}

int mln_creds_fill(struct mln_creds *out, const struct mln_creds_parts *parts, struct mln_err *err)
{
    struct mln_creds creds = { 0 };
    int rc = check_part("access key id", parts->key_id, err);

    if (rc == MLN_OK)
        rc = check_part("access key secret", parts->secret, err);
    if (rc == MLN_OK)
        rc = check_part("security token", parts->token, err);
    if (rc == MLN_OK)
        rc = mln_secret_init(&creds.key_id, parts->key_id, err);
    if (rc == MLN_OK)
        rc = mln_secret_init(&creds.secret, parts->secret, err);
    if (rc == MLN_OK && parts->token.len > 0)
        rc = mln_secret_init(&creds.token, parts->token, err);
    if (rc != MLN_OK) {
        mln_creds_wipe(&creds);
        return rc;
    }
    *out = creds;
    return MLN_OK;
}

static void note(struct mln_creds_trace *trace, const char *provider, int code, const char *text)
{
    struct mln_creds_step *step;

    if (trace == NULL || trace->count == MLN_CREDS_STEPS_MAX)
        return;
    step = &trace->steps[trace->count++];
    step->provider = provider;
    step->code = code;
    (void)snprintf(step->note, sizeof(step->note), "%.*s", (int)sizeof(step->note) - 1, text);
}

/* The places looked at and the way out: the reader has nothing else to go by. */
static int nothing_found(const struct mln_creds_trace *trace, struct mln_err *err)
{
    struct mln_buf text = MLN_BUF_INIT(4096);

    for (size_t i = 0; i < trace->count; i++)
        mln_buf_addf(&text, "%s%s", i > 0 ? "; " : "", trace->steps[i].note);
    mln_err_set(err, MLN_ECREDS,
            "no credentials found (%.*s). Create a profile with `aliyun configure`, or have an "
            "administrator run `merlon admin user add`, or set " ENV_ID " and " ENV_SECRET,
            MLN_FMT(mln_buf_str(&text)));
    mln_buf_free(&text);
    return MLN_ECREDS;
}

int mln_creds_resolve(const struct mln_creds_options *options, struct mln_creds *out,
        struct mln_creds_trace *trace, struct mln_err *err)
{
    struct mln_creds_trace own = { 0 };
    int rc;

    for (size_t i = 0; i < MLN_LEN(chain); i++) {
        rc = chain[i].get(options, out, err);
        note(&own, chain[i].name, rc, rc == MLN_OK ? "used" : err->msg);
        if (rc != MLN_ENOTFOUND) {
            if (trace != NULL)
                *trace = own;
            return rc;
        }
    }
    if (trace != NULL)
        *trace = own;
    return nothing_found(&own, err);
}
