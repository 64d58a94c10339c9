/*
 * The aliyun CLI's config.json as a file: where it is, what is wrong with it, which profile is
 * asked for. A malformed file is told of by path, line and column, never by its text.
 */
#include <stdio.h>

#include "base/file.h"
#include "client/priv.h"

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

/* The reader's reason stays; the text is never repeated, for it may be a secret. */
static int tell_place(const char *path, struct mln_str text, struct mln_err *err)
{
    int line, column;

    mln_json_place(text, &line, &column);
    return mln_wrap(err, err->code = MLN_ECONFIG, "%s, line %d, column %d", path, line, column);
}

static int load(const char *path, struct mln_json **out, struct mln_err *err)
{
    MLN_AUTO(mln_buf_wipe_free) struct mln_buf text = MLN_BUF_INIT(MLN_PROFILE_FILE_MAX);
    int rc;

    if (!mln_buf_reserve(&text, MLN_PROFILE_FILE_MAX)) /* No copy stays behind as it grows. */
        return mln_fail(err, MLN_ENOMEM, "out of memory");
    rc = mln_file_read(path, &text, err);
    if (rc == MLN_ENOTFOUND)
        return mln_fail(err, MLN_ENOTFOUND, "no file %s", path);
    if (rc != MLN_OK)
        return rc == MLN_ENOMEM ? rc : (err->code = MLN_ECONFIG);
    rc = mln_json_parse(mln_buf_str(&text), out, err);
    return rc == MLN_OK || rc == MLN_ENOMEM ? rc : tell_place(path, mln_buf_str(&text), err);
}

int mln_creds_from_profile(const struct mln_creds_options *options, const char *name,
        struct mln_creds *out, struct mln_err *err)
{
    MLN_AUTO(mln_buf_free) struct mln_buf path = MLN_BUF_INIT(4096);
    MLN_AUTO(mln_creds_free_json) struct mln_json *doc = NULL;
    struct mln_str wanted = mln_str_of(name);
    struct mln_creds creds = { 0 };
    int rc = mln_profile_path(options->env, &path, err);

    if (rc == MLN_OK)
        rc = load(path.ptr, &doc, err);
    if (rc != MLN_OK)
        return rc;
    if (name == NULL) {
        (void)mln_json_get_str(mln_json_root(doc), "current", &wanted);
        if (wanted.len == 0)
            return mln_fail(err, MLN_ENOTFOUND, "no current profile in %s", path.ptr);
    }
    rc = mln_profile_read(options, mln_json_root(doc), wanted, &creds, err);
    if (rc == MLN_EINVAL)
        return mln_fail(err, MLN_EINVAL,
                "there is no profile '%.*s' in %s: see `aliyun configure list`", MLN_SHORT(wanted),
                path.ptr);
    if (rc != MLN_OK)
        return mln_wrap(err, rc, "profile '%.*s' of %s", MLN_SHORT(wanted), path.ptr);
    mln_creds_within(&creds, "cli_profile");
    (void)snprintf(creds.profile, sizeof(creds.profile), "%.*s",
            (int)(wanted.len < sizeof(creds.profile) ? wanted.len : sizeof(creds.profile) - 1),
            wanted.ptr);
    (void)snprintf(
            creds.source, sizeof(creds.source), "%.*s", (int)sizeof(creds.source) - 1, path.ptr);
    mln_creds_warn_of_mode(&creds, path.ptr);
    *out = creds;
    return MLN_OK;
}

bool mln_profile_find(struct mln_json_value root, struct mln_str name, struct mln_json_value *out)
{
    struct mln_json_value profiles, profile;
    struct mln_json_iter it;
    struct mln_str is_called;

    if (!mln_json_get(root, "profiles", &profiles))
        return false;
    it = mln_json_iter(profiles);
    while (mln_json_next(&it, NULL, &profile)) {
        if (mln_json_get_str(profile, "name", &is_called) && mln_str_eq(is_called, name)) {
            *out = profile;
            return true;
        }
    }
    return false;
}

int mln_profiles_each(
        const struct mln_creds_options *options, mln_profile_fn *fn, void *ctx, struct mln_err *err)
{
    MLN_AUTO(mln_buf_free) struct mln_buf path = MLN_BUF_INIT(4096);
    MLN_AUTO(mln_creds_free_json) struct mln_json *doc = NULL;
    struct mln_str current = { 0 }, name;
    struct mln_json_value profiles = { 0 }, profile;
    struct mln_json_iter it;
    char text[MLN_PROFILE_NAME_MAX];
    int rc = mln_profile_path(options->env, &path, err);

    if (rc == MLN_OK)
        rc = load(path.ptr, &doc, err);
    if (rc != MLN_OK)
        return rc;
    (void)mln_json_get_str(mln_json_root(doc), "current", &current);
    (void)mln_json_get(mln_json_root(doc), "profiles", &profiles);
    it = mln_json_iter(profiles);
    while (rc == MLN_OK && mln_json_next(&it, NULL, &profile)) {
        if (!mln_json_get_str(profile, "name", &name) || name.len == 0 ||
                name.len >= sizeof(text) || memchr(name.ptr, '\0', name.len) != NULL)
            continue; /* No option could name it. */
        (void)snprintf(text, sizeof(text), "%.*s", MLN_FMT(name));
        rc = fn(ctx, text, mln_str_eq(name, current), err);
    }
    return rc;
}
