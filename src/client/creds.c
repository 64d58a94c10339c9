#include "client/creds.h"

#include <stdio.h>

#include "client/priv.h"

#define ENV_ID     "ALIBABA_CLOUD_ACCESS_KEY_ID"
#define ENV_SECRET "ALIBABA_CLOUD_ACCESS_KEY_SECRET"
#define ENV_TOKEN  "ALIBABA_CLOUD_SECURITY_TOKEN"

#define ENV_ROLE       "ALIBABA_CLOUD_ROLE_ARN"
#define ENV_PROVIDER   "ALIBABA_CLOUD_OIDC_PROVIDER_ARN"
#define ENV_TOKEN_FILE "ALIBABA_CLOUD_OIDC_TOKEN_FILE"
#define ENV_SESSION    "ALIBABA_CLOUD_ROLE_SESSION_NAME"
#define ENV_PROFILE    "ALIBABA_CLOUD_PROFILE"
#define ENV_METADATA   "ALIBABA_CLOUD_ECS_METADATA"
#define ENV_URI        "ALIBABA_CLOUD_CREDENTIALS_URI"

static const char *profiles_switched_off(const struct mln_env *env)
{
    if (mln_creds_is_true(env, "ALIBABA_CLOUD_CLI_PROFILE_DISABLED"))
        return "config.json is switched off by ALIBABA_CLOUD_CLI_PROFILE_DISABLED";
    if (mln_creds_is_true(env, "ALIBABA_CLOUD_IGNORE_PROFILE"))
        return "config.json is switched off by ALIBABA_CLOUD_IGNORE_PROFILE";
    return NULL;
}

/* A name that is asked for is in config.json or, as the SDKs have it, a section of an INI file. */
static int from_name(const struct mln_creds_options *options, const char *name,
        struct mln_creds *out, struct mln_err *err)
{
    struct mln_err why;
    int rc = mln_creds_from_profile(options, name, out, err), other;

    if (rc != MLN_ENOTFOUND && rc != MLN_EINVAL)
        return rc;
    other = mln_creds_from_ini(options, name, out, &why);
    if (other != MLN_OK && other != MLN_ENOTFOUND)
        *err = why;
    if (other != MLN_ENOTFOUND)
        return other;
    if (rc == MLN_EINVAL)
        return err->code = MLN_ECONFIG;
    return mln_wrap(err, err->code = MLN_ECREDS,
            "profile '%.64s' is asked for, create it with `aliyun configure`", name);
}

static int from_named_profile(
        const struct mln_creds_options *options, struct mln_creds *out, struct mln_err *err)
{
    if (options->profile == NULL)
        return mln_fail(err, MLN_ENOTFOUND, "--profile not given");
    return from_name(options, options->profile, out, err);
}

static int from_environment(
        const struct mln_creds_options *options, struct mln_creds *out, struct mln_err *err)
{
    const char *id = mln_env_get(options->env, ENV_ID);
    const char *secret = mln_env_get(options->env, ENV_SECRET);
    const char *token = mln_env_get(options->env, ENV_TOKEN);
    const struct mln_creds_parts parts = {
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
        mln_creds_name(out, "env", token != NULL ? "StsToken" : "AK");
        (void)snprintf(out->source, sizeof(out->source), ENV_ID ", " ENV_SECRET "%s",
                token != NULL ? ", " ENV_TOKEN : "");
    }
    return rc;
}

static int from_oidc(
        const struct mln_creds_options *options, struct mln_creds *out, struct mln_err *err)
{
    static const char *const names[] = { ENV_ROLE, ENV_PROVIDER, ENV_TOKEN_FILE };
    const struct mln_assume assume = {
        .role_arn = mln_str_of(mln_env_get(options->env, ENV_ROLE)),
        .session_name = mln_str_of(mln_env_get(options->env, ENV_SESSION)),
    };
    int rc;

    for (size_t i = 0; i < MLN_LEN(names); i++) {
        if (mln_env_get(options->env, names[i]) == NULL)
            return mln_fail(err, MLN_ENOTFOUND, "%s not set", names[i]);
    }
    rc = mln_creds_assume_oidc(options, &assume,
            mln_str_of(mln_env_get(options->env, ENV_PROVIDER)),
            mln_str_of(mln_env_get(options->env, ENV_TOKEN_FILE)), out, err);
    if (rc != MLN_OK)
        return mln_wrap(err, rc, ENV_ROLE);
    (void)snprintf(out->source, sizeof(out->source), ENV_ROLE ", " ENV_TOKEN_FILE);
    return MLN_OK;
}

static int from_profile_variable(
        const struct mln_creds_options *options, struct mln_creds *out, struct mln_err *err)
{
    const char *name = mln_env_get(options->env, ENV_PROFILE);
    const char *off = profiles_switched_off(options->env);

    if (name == NULL)
        return mln_fail(err, MLN_ENOTFOUND, ENV_PROFILE " not set");
    if (off != NULL)
        return mln_fail(err, MLN_ENOTFOUND, "%s", off);
    return from_name(options, name, out, err);
}

static int from_current_profile(
        const struct mln_creds_options *options, struct mln_creds *out, struct mln_err *err)
{
    const char *off = profiles_switched_off(options->env);
    int rc;

    if (off != NULL)
        return mln_fail(err, MLN_ENOTFOUND, "%s", off);
    if (mln_env_get(options->env, "ALIBABA_CLOUD_CONFIG_FILE") == NULL &&
            mln_env_home(options->env) == NULL)
        return mln_fail(err, MLN_ENOTFOUND, "no home folder is known, so no config.json");
    rc = mln_creds_from_profile(options, NULL, out, err);
    return rc == MLN_EINVAL ? (err->code = MLN_ECONFIG) : rc;
}

/* Comes after the variable's own step, so a name is looked for here only when that one is off. */
static int from_files(
        const struct mln_creds_options *options, struct mln_creds *out, struct mln_err *err)
{
    const char *name = mln_env_get(options->env, ENV_PROFILE);
    int rc = mln_creds_from_ini(options, name, out, err);

    if (rc == MLN_ENOTFOUND && name != NULL)
        return mln_wrap(err, err->code = MLN_ECONFIG, ENV_PROFILE " names '%.64s'", name);
    return rc;
}

static int from_instance(
        const struct mln_creds_options *options, struct mln_creds *out, struct mln_err *err)
{
    const char *role = mln_env_get(options->env, ENV_METADATA);
    int rc = mln_creds_from_instance(options, mln_str_of(role), out, err);

    if (rc != MLN_OK)
        return rc;
    if (options->transport == NULL && role == NULL) {
        mln_creds_wipe(out);
        return mln_fail(err, MLN_ENOTFOUND, "instance metadata was not asked");
    }
    (void)snprintf(out->source, sizeof(out->source), "instance metadata");
    return MLN_OK;
}

static int from_uri(
        const struct mln_creds_options *options, struct mln_creds *out, struct mln_err *err)
{
    const char *uri = mln_env_get(options->env, ENV_URI);
    int rc;

    if (uri == NULL)
        return mln_fail(err, MLN_ENOTFOUND, ENV_URI " not set");
    rc = mln_creds_from_uri(options, mln_str_of(uri), out, err);
    if (rc != MLN_OK)
        return mln_wrap(err, rc, ENV_URI);
    (void)snprintf(out->source, sizeof(out->source), ENV_URI);
    return MLN_OK;
}

static const struct mln_creds_provider chain[] = {
    { "--profile", from_named_profile },
    { "environment", from_environment },
    { "OIDC role", from_oidc },
    { ENV_PROFILE, from_profile_variable },
    { "current profile", from_current_profile },
    { "credentials file", from_files },
    { "instance role", from_instance },
    { "credentials URI", from_uri },
};

const struct mln_creds_provider *mln_creds_chain(size_t *count)
{
    *count = MLN_LEN(chain);
    return chain;
}

/* `out` is written on success only, whatever the provider does. */
static int ask_step(const struct mln_creds_options *options, size_t step, struct mln_creds *out,
        struct mln_err *err)
{
    struct mln_creds creds = { 0 };
    int rc = chain[step].get(options, &creds, err);

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

    if (trace->count == MLN_CREDS_STEPS_MAX)
        return;
    step = &trace->steps[trace->count++];
    step->provider = provider;
    step->code = code;
    (void)snprintf(step->note, sizeof(step->note), "%.*s", (int)sizeof(step->note) - 1, text);
}

/* The way out and the places looked at: the reader has nothing else to go by. */
static int nothing_found(const struct mln_creds_trace *trace, struct mln_err *err)
{
    MLN_AUTO(mln_buf_free) struct mln_buf text = MLN_BUF_INIT((size_t)8192);

    for (size_t i = 1; i < trace->count; i++)
        mln_buf_addf(&text, "%s%s", i > 1 ? "; " : "", trace->steps[i].note);
    return mln_fail(err, MLN_ECREDS,
            "no credentials found: create a profile with `aliyun configure`, have an administrator "
            "run `merlon admin user add`, or set " ENV_ID " and " ENV_SECRET " (%.*s)",
            MLN_FMT(mln_buf_str(&text)));
}

int mln_creds_resolve(const struct mln_creds_options *options, struct mln_creds *out,
        struct mln_creds_trace *trace, struct mln_err *err)
{
    struct mln_creds_trace own = { 0 };
    int rc = MLN_ENOTFOUND;

    for (size_t i = 0; rc == MLN_ENOTFOUND && i < MLN_LEN(chain); i++) {
        rc = ask_step(options, i, out, err);
        note(&own, chain[i].name, rc, rc == MLN_OK ? "used" : err->msg);
    }
    if (rc == MLN_ENOTFOUND)
        rc = nothing_found(&own, err);
    if (trace != NULL)
        *trace = own;
    return rc;
}

int mln_creds_again(const struct mln_creds_options *options, size_t step,
        const struct mln_creds *was, struct mln_creds *out, struct mln_err *err)
{
    struct mln_creds creds = { 0 };
    int rc = ask_step(options, step, &creds, err);

    if (rc == MLN_ENOTFOUND)
        return err->code = step < MLN_LEN(chain) && chain[step].get == from_instance
                                   ? MLN_ETRANSIENT
                                   : MLN_ECREDS;
    if (rc != MLN_OK)
        return rc;
    if (strcmp(creds.provider, was->provider) != 0 || strcmp(creds.profile, was->profile) != 0 ||
            strcmp(creds.source, was->source) != 0) {
        mln_creds_wipe(&creds);
        return mln_fail(err, MLN_ECREDS,
                "the configured credentials are now of another profile or kind than those this run "
                "began with: start again");
    }
    *out = creds;
    return MLN_OK;
}
