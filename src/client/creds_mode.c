/*
 * The modes of a profile of config.json, read as third-party readers should: mode names fold case,
 * and nothing is ever written back.
 */
#include <stdio.h>

#include "client/priv.h"

#define EXTERNAL_OFF "ALIBABA_CLOUD_DISABLE_EXTERNAL_PROCESS"

/* One profile: its members, and before them those that its External command answered with. */
struct view {
    struct mln_json_value layers[2];
    size_t count;
    struct mln_str name;
};

/* The way from the profile asked for to the one with the key. */
struct walk {
    const struct mln_creds_options *options;
    struct mln_json_value root;
    struct mln_str names[MLN_PROFILE_DEPTH_MAX];
    size_t depth;
};

typedef int mode_fn(
        struct walk *walk, const struct view *view, struct mln_creds *out, struct mln_err *err);

struct profile_mode {
    const char *name;
    mode_fn *read;
    const char *advice; /* For a mode that is refused: what to do. */
};

static const struct profile_mode *find_mode(struct mln_str name);
static int read_view(
        struct walk *walk, const struct view *view, struct mln_creds *out, struct mln_err *err);
static int read_name(
        struct walk *walk, struct mln_str name, struct mln_creds *out, struct mln_err *err);

/* ---- members ---- */

static struct mln_str member(const struct view *view, const char *key)
{
    struct mln_str text = { 0 };

    for (size_t i = 0; i < view->count && text.len == 0; i++)
        (void)mln_json_get_str(view->layers[i], key, &text);
    return text;
}

static int64_t number(const struct view *view, const char *key)
{
    int64_t value = 0;

    for (size_t i = 0; i < view->count && value == 0; i++)
        (void)mln_json_get_i64(view->layers[i], key, &value);
    return value;
}

static bool flag(const struct view *view, const char *key)
{
    struct mln_json_value value;
    bool is_set = false;

    for (size_t i = 0; i < view->count && !is_set; i++) {
        if (mln_json_get(view->layers[i], key, &value))
            (void)mln_json_to_bool(value, &is_set);
    }
    return is_set;
}

/* A text, or the same under the name that another SDK gives it. */
static struct mln_str member_or(const struct view *view, const char *key, const char *other)
{
    struct mln_str text = member(view, key);

    return text.len > 0 ? text : member(view, other);
}

static struct mln_assume read_assume(const struct view *view)
{
    return (struct mln_assume){
        .role_arn = member(view, "ram_role_arn"),
        .session_name = member_or(view, "ram_session_name", "role_session_name"),
        .external_id = member(view, "external_id"),
        .policy = member(view, "policy"),
        .seconds = number(view, "expired_seconds"),
        .sts_endpoint = member(view, "sts_endpoint"),
        .sts_region = member(view, "sts_region"),
        .home_region = member(view, "region_id"),
        .vpc = flag(view, "enable_vpc"),
    };
}

/* ---- modes ---- */

/* All three from the same place: a key never goes with the token of another. */
static struct mln_creds_parts key_parts(const struct view *view)
{
    struct view one = { .count = 1 };

    for (size_t i = 0; i < view->count; i++) {
        one.layers[0] = view->layers[i];
        if (member(&one, "access_key_id").len > 0)
            break;
    }
    return (struct mln_creds_parts){
        .key_id = member(&one, "access_key_id"),
        .secret = member(&one, "access_key_secret"),
        .token = member(&one, "sts_token"),
    };
}

static int read_key(
        const struct view *view, bool with_token, struct mln_creds *out, struct mln_err *err)
{
    struct mln_creds_parts parts = key_parts(view);
    struct mln_creds creds = { 0 };
    int rc;

    if (parts.key_id.len == 0 || parts.secret.len == 0)
        return mln_fail(err, MLN_ECREDS,
                "access_key_id or access_key_secret is empty: fill the profile with `aliyun "
                "configure`");
    if (!with_token)
        parts.token = (struct mln_str){ 0 };
    rc = mln_creds_fill(&creds, &parts, err);
    if (rc != MLN_OK)
        return rc;
    mln_creds_name(&creds, parts.token.len > 0 ? "static_sts" : "static_ak", "");
    *out = creds;
    return MLN_OK;
}

static int from_key(
        struct walk *walk, const struct view *view, struct mln_creds *out, struct mln_err *err)
{
    (void)walk;
    return read_key(view, false, out, err);
}

static int from_token(
        struct walk *walk, const struct view *view, struct mln_creds *out, struct mln_err *err)
{
    (void)walk;
    if (key_parts(view).token.len == 0)
        return mln_fail(err, MLN_ECREDS, "mode StsToken without sts_token: renew the profile");
    return read_key(view, true, out, err);
}

static int from_role(
        struct walk *walk, const struct view *view, struct mln_creds *out, struct mln_err *err)
{
    const struct mln_assume assume = read_assume(view);
    MLN_AUTO(mln_creds_wipe) struct mln_creds base = { 0 };
    int rc = read_key(view, true, &base, err);

    return rc == MLN_OK ? mln_creds_assume(walk->options, &assume, &base, out, err) : rc;
}

static int from_instance(
        struct walk *walk, const struct view *view, struct mln_creds *out, struct mln_err *err)
{
    int rc = mln_creds_from_instance(walk->options, member(view, "ram_role_name"), out, err);

    return rc == MLN_ENOTFOUND ? (err->code = MLN_ECREDS) : rc;
}

static int from_instance_and_role(
        struct walk *walk, const struct view *view, struct mln_creds *out, struct mln_err *err)
{
    const struct mln_assume assume = read_assume(view);
    MLN_AUTO(mln_creds_wipe) struct mln_creds base = { 0 };
    int rc = from_instance(walk, view, &base, err);

    return rc == MLN_OK ? mln_creds_assume(walk->options, &assume, &base, out, err) : rc;
}

static int from_chain(
        struct walk *walk, const struct view *view, struct mln_creds *out, struct mln_err *err)
{
    const struct mln_assume assume = read_assume(view);
    MLN_AUTO(mln_creds_wipe) struct mln_creds base = { 0 };
    struct mln_str source = member(view, "source_profile");
    int rc;

    if (source.len == 0)
        return mln_fail(err, MLN_ECREDS, "source_profile is empty: name the profile to begin with");
    rc = read_name(walk, source, &base, err);
    return rc == MLN_OK ? mln_creds_assume(walk->options, &assume, &base, out, err) : rc;
}

static int from_oidc(
        struct walk *walk, const struct view *view, struct mln_creds *out, struct mln_err *err)
{
    const struct mln_assume assume = read_assume(view);

    return mln_creds_assume_oidc(walk->options, &assume, member(view, "oidc_provider_arn"),
            member(view, "oidc_token_file"), out, err);
}

static int from_login(
        struct walk *walk, const struct view *view, struct mln_creds *out, struct mln_err *err)
{
    bool is_sso = mln_str_eq_nocase(member(view, "mode"), MLN_STR("CloudSSO"));
    const struct mln_login login = {
        .is_sso = is_sso,
        .name = view->name,
        .cached = key_parts(view),
        .cached_until_s = number(view, "sts_expiration"),
        .access_token = member(view, is_sso ? "access_token" : "oauth_access_token"),
        .access_token_until_s = number(
                view, is_sso ? "cloud_sso_access_token_expire" : "oauth_access_token_expire"),
        .sign_in_url = member(view, "cloud_sso_sign_in_url"),
        .account_id = member(view, "cloud_sso_account_id"),
        .access_config = member(view, "cloud_sso_access_config"),
        .site = member(view, "oauth_site_type"),
    };

    return mln_creds_from_login(walk->options, &login, out, err);
}

static int check_external_allowed(const struct walk *walk, struct mln_err *err)
{
    const char *off = mln_env_get(walk->options->env, EXTERNAL_OFF);

    if (off != NULL &&
            (strcmp(off, "1") == 0 || mln_creds_is_true(walk->options->env, EXTERNAL_OFF)))
        return mln_fail(err, MLN_ECREDS, "this mode is switched off by " EXTERNAL_OFF);
    return MLN_OK;
}

static int from_uri(
        struct walk *walk, const struct view *view, struct mln_creds *out, struct mln_err *err)
{
    struct mln_str uri = member(view, "credentials_uri");
    int rc = check_external_allowed(walk, err);

    if (rc == MLN_OK && uri.len == 0)
        rc = mln_fail(err, MLN_ECREDS, "credentials_uri is empty");
    return rc == MLN_OK ? mln_creds_from_uri(walk->options, uri, out, err) : rc;
}

/* An end that the command names is kept; one that has passed is refused. */
static int read_expiration(
        const struct walk *walk, const struct view *view, int64_t *out, struct mln_err *err)
{
    struct mln_json_value value;
    struct mln_str text;

    if (!mln_json_get(view->layers[0], "expiration", &value) ||
            mln_json_type(value) == MLN_JSON_NULL)
        return MLN_OK;
    if (!mln_json_to_str(value, &text) || (text.len > 0 && mln_creds_time(text, out) != MLN_OK))
        return mln_fail(err, MLN_ECREDS,
                "expiration in the output of process_command is not a time (RFC 3339)");
    if (text.len > 0 && *out <= mln_creds_now_ms(walk->options))
        return mln_fail(err, MLN_ECREDS, "process_command printed credentials that have ended");
    return MLN_OK;
}

/* What it printed stands before the profile's own members, and may be of any other mode. */
static int read_output(struct walk *walk, const struct view *view, struct mln_json_value printed,
        struct mln_creds *out, struct mln_err *err)
{
    const struct view both = { { printed, view->layers[0] }, 2, view->name };
    const struct profile_mode *mode;
    struct mln_str mode_name;
    int64_t expires_ms = 0;
    int rc;

    if (!mln_json_get_str(printed, "mode", &mode_name) || mode_name.len == 0)
        return mln_fail(err, MLN_ECREDS,
                "process_command does not print a JSON object with mode, access_key_id and "
                "access_key_secret");
    mode = find_mode(mode_name);
    if (mode == NULL || strcmp(mode->name, "External") == 0)
        return mln_fail(err, MLN_ECREDS, "the mode that process_command prints is not supported");
    rc = read_expiration(walk, &both, &expires_ms, err);
    if (rc == MLN_OK)
        rc = read_view(walk, &both, out, err);
    if (rc == MLN_OK && out->expires_ms == 0)
        out->expires_ms = expires_ms;
    return rc;
}

static int from_command(
        struct walk *walk, const struct view *view, struct mln_creds *out, struct mln_err *err)
{
    MLN_AUTO(mln_buf_wipe_free) struct mln_buf text = MLN_BUF_INIT(MLN_CREDS_ANSWER_MAX);
    MLN_AUTO(mln_creds_free_json) struct mln_json *doc = NULL;
    MLN_AUTO(mln_arena_free) struct mln_arena arena = MLN_ARENA_INIT(4 * MLN_PROCESS_COMMAND_MAX);
    struct mln_str command = member(view, "process_command");
    bool runs = walk->options->transport != NULL;
    char **argv;
    int rc = check_external_allowed(walk, err);

    if (rc == MLN_OK && mln_str_trim(command).len == 0)
        rc = mln_fail(err, MLN_ECREDS, "process_command is empty");
    if (rc == MLN_OK)
        rc = runs ? mln_command_run(command, MLN_PROCESS_TIMEOUT_MS, &text, err)
                  : mln_command_split(command, &arena, &argv, err);
    if (rc != MLN_OK)
        return rc;
    if (!runs) {
        mln_creds_name(out, "external", "");
        return MLN_OK;
    }
    if (mln_json_parse(mln_buf_str(&text), &doc, err) != MLN_OK)
        return mln_fail(err, MLN_ECREDS, "process_command does not print JSON");
    rc = read_output(walk, view, mln_json_root(doc), out, err);
    if (rc == MLN_OK)
        mln_creds_within(out, "external");
    return rc;
}

/* clang-format off */
/* sorted rows */
static const struct profile_mode modes[] = {
    { "AK",                     from_key,               NULL },
    { "Anonymous",              NULL,                   "it has no credentials; choose another profile" },
    { "BearerToken",            NULL,                   "few services take its token; use a profile of mode AK, RamRoleArn or OAuth" },
    { "ChainableRamRoleArn",    from_chain,             NULL },
    { "CloudSSO",               from_login,             NULL },
    { "CredentialsURI",         from_uri,               NULL },
    { "EcsRamRole",             from_instance,          NULL },
    { "External",               from_command,           NULL },
    { "OAuth",                  from_login,             NULL },
    { "OIDC",                   from_oidc,              NULL },
    { "RamRoleArn",             from_role,              NULL },
    { "RamRoleArnWithRoleName", from_instance_and_role, NULL },
    { "RsaKeyPair",             NULL,                   "key pairs of this kind are retired; use a profile of mode AK" },
    { "StsToken",               from_token,             NULL },
};
/* clang-format on */

static const struct profile_mode *find_mode(struct mln_str name)
{
    if (name.len == 0)
        return &modes[0]; /* Old files leave it out: a key pair. */
    for (size_t i = 0; i < MLN_LEN(modes); i++) {
        if (mln_str_eq_nocase(name, mln_str_of(modes[i].name)))
            return &modes[i];
    }
    return NULL;
}

static int read_view(
        struct walk *walk, const struct view *view, struct mln_creds *out, struct mln_err *err)
{
    const struct profile_mode *mode = find_mode(member(view, "mode"));
    struct mln_creds creds = { 0 };
    struct mln_str region = member(view, "region_id");
    int rc;

    if (mode == NULL)
        return mln_fail(err, MLN_ECREDS,
                "its mode is not known: use a profile of another mode, or export a key pair into "
                "the environment");
    if (mode->read == NULL)
        return mln_fail(err, MLN_ECREDS, "mode %s is not supported: %s", mode->name, mode->advice);
    rc = mode->read(walk, view, &creds, err);
    if (rc != MLN_OK) {
        mln_creds_wipe(&creds);
        return rc == MLN_ENOMEM ? rc : mln_wrap(err, rc, "mode %s", mode->name);
    }
    (void)snprintf(creds.mode, sizeof(creds.mode), "%s", mode->name);
    (void)snprintf(creds.region, sizeof(creds.region), "%.*s",
            (int)(region.len < sizeof(creds.region) ? region.len : 0), region.ptr);
    *out = creds;
    return MLN_OK;
}

/* ---- profiles ---- */

/* "a -> b -> a" */
static int tell_loop(const struct walk *walk, struct mln_str name, struct mln_err *err)
{
    MLN_AUTO(mln_buf_free) struct mln_buf text = MLN_BUF_INIT((size_t)2048);

    for (size_t i = 0; i < walk->depth; i++)
        mln_buf_addf(&text, "%.*s -> ", MLN_SHORT(walk->names[i]));
    mln_buf_addf(&text, "%.*s", MLN_SHORT(name));
    return mln_fail(err, MLN_ECONFIG, "source_profile leads in a circle: %.*s",
            MLN_FMT(mln_buf_str(&text)));
}

/* MLN_EINVAL: there is no such profile. */
static int read_name(
        struct walk *walk, struct mln_str name, struct mln_creds *out, struct mln_err *err)
{
    struct view view = { .count = 1, .name = name };
    int rc;

    for (size_t i = 0; i < walk->depth; i++) {
        if (mln_str_eq(walk->names[i], name))
            return tell_loop(walk, name, err);
    }
    if (walk->depth == MLN_PROFILE_DEPTH_MAX)
        return mln_fail(err, MLN_ECONFIG,
                "source_profile leads through more than %d profiles, from '%.*s' on",
                MLN_PROFILE_DEPTH_MAX, MLN_SHORT(walk->names[0]));
    if (!mln_profile_find(walk->root, name, &view.layers[0]))
        return walk->depth == 0 ? MLN_EINVAL
                                : mln_fail(err, MLN_ECONFIG,
                                          "source_profile names '%.*s', which is not there",
                                          MLN_SHORT(name));
    walk->names[walk->depth++] = name;
    rc = read_view(walk, &view, out, err);
    walk->depth--;
    return rc;
}

int mln_profile_read(const struct mln_creds_options *options, struct mln_json_value root,
        struct mln_str name, struct mln_creds *out, struct mln_err *err)
{
    struct walk walk = { .options = options, .root = root };

    return read_name(&walk, name, out, err);
}
