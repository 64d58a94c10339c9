/*
 * Profiles of the aliyun CLI's config.json, read as its third-party readers should: mode names fold
 * case, cached session tokens are used while they live, and nothing is refreshed or written back.
 */
#include <stdio.h>
#include <sys/stat.h>

#include "base/file.h"
#include "client/priv.h"
#include "wire/json.h"

enum mode_kind { MODE_KEY, MODE_TOKEN, MODE_CACHED, MODE_REFUSED };

struct profile_mode {
    const char *name;
    enum mode_kind kind;
    const char *advice; /* What to do when it cannot be used. */
};

#define EXPORT_ADVICE \
    "export a key pair or session token into the environment, or use a profile of mode AK or StsToken"
#define LOGIN_ADVICE "sign in again with `aliyun configure --profile %s --mode %s`"

/* clang-format off */
/* sorted rows */
static const struct profile_mode modes[] = {
    { "AK",                      MODE_KEY,     NULL },
    { "Anonymous",               MODE_REFUSED, "it has no credentials; choose another profile" },
    { "BearerToken",             MODE_REFUSED, EXPORT_ADVICE },
    { "ChainableRamRoleArn",     MODE_REFUSED, EXPORT_ADVICE },
    { "CloudSSO",                MODE_CACHED,  "CloudSSO" },
    { "CredentialsURI",          MODE_REFUSED, EXPORT_ADVICE },
    { "EcsRamRole",              MODE_REFUSED, EXPORT_ADVICE },
    { "External",                MODE_REFUSED, EXPORT_ADVICE },
    { "OAuth",                   MODE_CACHED,  "OAuth" },
    { "OIDC",                    MODE_REFUSED, EXPORT_ADVICE },
    { "RamRoleArn",              MODE_REFUSED, EXPORT_ADVICE },
    { "RamRoleArnWithRoleName",  MODE_REFUSED, EXPORT_ADVICE },
    { "RsaKeyPair",              MODE_REFUSED, "key pairs of this kind are retired; use a profile of mode AK" },
    { "StsToken",                MODE_TOKEN,   NULL },
};
/* clang-format on */

void mln_buf_wipe_free(struct mln_buf *buf)
{
    if (buf->ptr != NULL)
        explicit_bzero(buf->ptr, buf->cap);
    mln_buf_free(buf);
}

static void free_json(struct mln_json **doc)
{
    mln_json_free(*doc);
}

int mln_profile_path(const struct mln_env *env, struct mln_buf *out, struct mln_err *err)
{
    const char *file = mln_env_get(env, "ALIBABA_CLOUD_CONFIG_FILE");
    const char *home = mln_env_home(env);
    struct mln_str done;

    if (file != NULL)
        mln_buf_add_cstr(out, file);
    else if (home != NULL)
        mln_buf_addf(out, "%s/.aliyun/config.json", home);
    else
        return mln_fail(
                err, MLN_ECONFIG, "no home folder is known: set HOME or ALIBABA_CLOUD_CONFIG_FILE");
    return mln_buf_done(out, &done, err);
}

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

static bool find_profile(
        struct mln_json_value root, struct mln_str name, struct mln_json_value *out)
{
    struct mln_json_value profiles, profile;
    struct mln_json_iter it;
    struct mln_str got;

    if (!mln_json_get(root, "profiles", &profiles))
        return false;
    it = mln_json_iter(profiles);
    while (mln_json_next(&it, NULL, &profile)) {
        if (mln_json_get_str(profile, "name", &got) && mln_str_eq(got, name)) {
            *out = profile;
            return true;
        }
    }
    return false;
}

static struct mln_str member(struct mln_json_value profile, const char *key)
{
    struct mln_str text = { 0 };

    (void)mln_json_get_str(profile, key, &text);
    return text;
}

/* A triple that an interactive login left behind is used while it lives; it is never renewed here.
 */
static int check_cached(const struct mln_creds_options *options, struct mln_json_value profile,
        const struct profile_mode *mode, int64_t *expires_ms, struct mln_err *err)
{
    struct mln_str name = member(profile, "name");
    int64_t expires_s = 0;

    if (member(profile, "sts_token").len == 0 ||
            !mln_json_get_i64(profile, "sts_expiration", &expires_s) || expires_s <= 0 ||
            expires_s > INT64_MAX / MLN_MS_PER_S)
        return mln_fail(err, MLN_ECREDS, "no cached session: " LOGIN_ADVICE, "NAME", mode->advice);
    if (expires_s * MLN_MS_PER_S - mln_now_ms(options->clock) <= MLN_STS_USABLE_MIN_MS)
        return mln_fail(err, MLN_ECREDS,
                "its session has ended or ends within 3 minutes: run `aliyun sts GetCallerIdentity "
                "--profile %.*s` to renew it",
                MLN_FMT(name));
    *expires_ms = expires_s * MLN_MS_PER_S;
    return MLN_OK;
}

static int read_profile(const struct mln_creds_options *options, struct mln_json_value profile,
        struct mln_creds *out, struct mln_err *err)
{
    struct mln_str mode_name = member(profile, "mode"), region = member(profile, "region_id");
    const struct profile_mode *mode = find_mode(mode_name);
    struct mln_creds_parts parts = {
        .key_id = member(profile, "access_key_id"),
        .secret = member(profile, "access_key_secret"),
        .token = member(profile, "sts_token"),
    };
    int64_t expires_ms = 0;
    int rc = MLN_OK;

    if (mode == NULL)
        return mln_fail(err, MLN_ECREDS, "its mode is not known: " EXPORT_ADVICE);
    if (mode->kind == MODE_REFUSED)
        return mln_fail(
                err, MLN_ECREDS, "mode %s is not supported yet: %s", mode->name, mode->advice);
    if (mode->kind == MODE_CACHED)
        rc = check_cached(options, profile, mode, &expires_ms, err);
    if (rc != MLN_OK)
        return rc;
    if (parts.key_id.len == 0 || parts.secret.len == 0)
        return mln_fail(err, MLN_ECREDS,
                "access_key_id or access_key_secret is empty: fill the "
                "profile with `aliyun configure`");
    if (mode->kind == MODE_TOKEN && parts.token.len == 0)
        return mln_fail(err, MLN_ECREDS, "mode StsToken without sts_token: renew the profile");
    if (mode->kind == MODE_KEY)
        parts.token = (struct mln_str){ 0 };
    rc = mln_creds_fill(out, &parts, err);
    if (rc == MLN_OK) {
        (void)snprintf(out->provider, sizeof(out->provider), "profile");
        out->expires_ms = expires_ms;
        (void)snprintf(out->mode, sizeof(out->mode), "%s", mode->name);
        (void)snprintf(out->region, sizeof(out->region), "%.*s", MLN_FMT(region));
    }
    return rc;
}

static void warn_about_mode(const char *path, struct mln_creds *creds)
{
    struct stat info;

    if (stat(path, &info) == 0 && (info.st_mode & 077) != 0)
        (void)snprintf(creds->warning, sizeof(creds->warning),
                "%s can be read by others (mode %03o): run chmod 600", path,
                (unsigned)(info.st_mode & 0777));
}

/* A missing file stops the chain only when a profile was asked for. */
static int load(const char *path, bool asked, struct mln_json **out, struct mln_err *err)
{
    MLN_AUTO(mln_buf_wipe_free) struct mln_buf text = MLN_BUF_INIT(MLN_PROFILE_FILE_MAX);
    int rc = mln_file_read(path, &text, err);

    if (rc == MLN_ENOTFOUND && !asked)
        return mln_fail(err, MLN_ENOTFOUND, "no file %s", path);
    if (rc == MLN_ENOTFOUND)
        return mln_fail(err, MLN_ECREDS,
                "there is no file %s: create the profile with `aliyun configure`", path);
    if (rc != MLN_OK)
        return rc == MLN_ENOMEM ? rc : (err->code = MLN_ECONFIG);
    if (mln_json_parse(mln_buf_str(&text), out, err) != MLN_OK)
        return mln_wrap(err, MLN_ECONFIG, "%s", path);
    return MLN_OK;
}

int mln_creds_from_profile(const struct mln_creds_options *options, const char *name,
        struct mln_creds *out, struct mln_err *err)
{
    MLN_AUTO(mln_buf_free) struct mln_buf path = MLN_BUF_INIT(4096);
    MLN_AUTO(free_json) struct mln_json *doc = NULL;
    struct mln_str wanted = mln_str_of(name);
    struct mln_json_value profile;
    int rc = mln_profile_path(options->env, &path, err);

    if (rc == MLN_OK)
        rc = load(path.ptr, name != NULL, &doc, err);
    if (rc != MLN_OK)
        return rc;
    if (name == NULL) {
        wanted = member(mln_json_root(doc), "current");
        if (wanted.len == 0)
            return mln_fail(err, MLN_ENOTFOUND, "no current profile in %s", path.ptr);
    }
    if (!find_profile(mln_json_root(doc), wanted, &profile))
        return mln_fail(err, MLN_ECONFIG,
                "there is no profile '%.*s' in %s: see `aliyun configure list`",
                (int)(wanted.len > 64 ? 64 : wanted.len), wanted.ptr, path.ptr);
    rc = read_profile(options, profile, out, err);
    if (rc != MLN_OK)
        return mln_wrap(err, rc, "profile '%.*s' of %s", (int)(wanted.len > 64 ? 64 : wanted.len),
                wanted.ptr, path.ptr);
    (void)snprintf(out->profile, sizeof(out->profile), "%.*s", MLN_FMT(wanted));
    (void)snprintf(out->source, sizeof(out->source), "%s", path.ptr);
    warn_about_mode(path.ptr, out);
    return MLN_OK;
}
