/*
 * Credentials from the INI files of the SDKs: ~/.alibabacloud/credentials and credentials.ini, and
 * from the key pairs that the aliyun CLI of old left in ~/.aliyuncli/credentials.
 */
#include <stdio.h>

#include "base/file.h"
#include "client/priv.h"

#define TYPES "access_key, ecs_ram_role, ram_role_arn or oidc_role_arn"

static struct mln_assume read_assume(const struct mln_ini_section *section)
{
    return (struct mln_assume){
        .role_arn = mln_ini_get(section, "role_arn"),
        .session_name = mln_ini_get(section, "role_session_name"),
        .external_id = mln_ini_get(section, "external_id"),
        .policy = mln_ini_get(section, "policy"),
        .sts_endpoint = mln_ini_get(section, "sts_endpoint"),
        .sts_region = mln_ini_get(section, "sts_region"),
    };
}

static int read_key(const char *id, const char *secret, const struct mln_ini_section *section,
        struct mln_creds *out, struct mln_err *err)
{
    const struct mln_creds_parts parts = {
        .key_id = mln_ini_get(section, id),
        .secret = mln_ini_get(section, secret),
    };
    struct mln_creds creds = { 0 };
    int rc;

    if (parts.key_id.len == 0 || parts.secret.len == 0)
        return mln_fail(err, MLN_ECREDS, "%s or %s is empty", id, secret);
    rc = mln_creds_fill(&creds, &parts, err);
    if (rc != MLN_OK)
        return rc;
    mln_creds_name(&creds, "static_ak", "AK");
    *out = creds;
    return MLN_OK;
}

static int from_key(const struct mln_creds_options *options, const struct mln_ini_section *section,
        struct mln_creds *out, struct mln_err *err)
{
    (void)options;
    return read_key("access_key_id", "access_key_secret", section, out, err);
}

static int from_role(const struct mln_creds_options *options, const struct mln_ini_section *section,
        struct mln_creds *out, struct mln_err *err)
{
    const struct mln_assume assume = read_assume(section);
    MLN_AUTO(mln_creds_wipe) struct mln_creds base = { 0 };
    int rc = from_key(options, section, &base, err);

    if (rc != MLN_OK)
        return rc;
    rc = mln_creds_assume(options, &assume, &base, out, err);
    if (rc == MLN_OK)
        (void)snprintf(out->mode, sizeof(out->mode), "RamRoleArn");
    return rc;
}

static int from_instance(const struct mln_creds_options *options,
        const struct mln_ini_section *section, struct mln_creds *out, struct mln_err *err)
{
    int rc = mln_creds_from_instance(options, mln_ini_get(section, "role_name"), out, err);

    return rc == MLN_ENOTFOUND ? (err->code = MLN_ECREDS) : rc;
}

static int from_oidc(const struct mln_creds_options *options, const struct mln_ini_section *section,
        struct mln_creds *out, struct mln_err *err)
{
    const struct mln_assume assume = read_assume(section);

    return mln_creds_assume_oidc(options, &assume, mln_ini_get(section, "oidc_provider_arn"),
            mln_ini_get(section, "oidc_token_file_path"), out, err);
}

struct type_row {
    const char *name;
    int (*read)(const struct mln_creds_options *options, const struct mln_ini_section *section,
            struct mln_creds *out, struct mln_err *err);
};

/* clang-format off */
/* sorted rows */
static const struct type_row types[] = {
    { "access_key",    from_key },
    { "ecs_ram_role",  from_instance },
    { "oidc_role_arn", from_oidc },
    { "ram_role_arn",  from_role },
};
/* clang-format on */

/* Older samples have "enable"; what is switched off is as good as absent. */
static int check_enabled(const struct mln_ini_section *section, struct mln_err *err)
{
    struct mln_str enable = mln_ini_get(section, "enable");

    if (enable.len == 0 || mln_str_eq_nocase(enable, MLN_STR("true")))
        return MLN_OK;
    if (mln_str_eq_nocase(enable, MLN_STR("false")))
        return mln_fail(err, MLN_ENOTFOUND, "switched off by its enable key");
    return mln_fail(err, MLN_ECONFIG, "enable is neither true nor false");
}

static int read_section(const struct mln_creds_options *options,
        const struct mln_ini_section *section, struct mln_creds *out, struct mln_err *err)
{
    struct mln_str type = mln_ini_get(section, "type");
    int rc = check_enabled(section, err);

    if (rc != MLN_OK)
        return rc;
    if (type.len == 0)
        return mln_fail(err, MLN_ECONFIG, "type is missing: it is " TYPES);
    for (size_t i = 0; i < MLN_LEN(types); i++) {
        if (mln_str_eq_nocase(type, mln_str_of(types[i].name)))
            return types[i].read(options, section, out, err);
    }
    return mln_fail(err, MLN_ECREDS, "its type is not supported: use " TYPES);
}

/* ---- where ---- */

struct place {
    const char *file;   /* Under the home folder. */
    const char *prefix; /* Of the names of sections but "default". */
    bool is_old;        /* The CLI of old: no type, names of its own. */
};

static const struct place places[] = {
    { ".alibabacloud/credentials", "", false },
    { ".alibabacloud/credentials.ini", "", false },
    { ".aliyuncli/credentials", "profile ", true },
};

static const struct place named_place = { NULL, "", false };

static int read_place(const struct mln_creds_options *options, const struct place *place,
        const char *path, const char *name, struct mln_creds *out, struct mln_err *err)
{
    MLN_AUTO(mln_buf_wipe_free) struct mln_buf text = MLN_BUF_INIT(MLN_PROFILE_FILE_MAX);
    struct mln_ini_section section = { .count = 0 };
    char title[MLN_PROFILE_NAME_MAX + 16];
    struct mln_creds creds = { 0 };
    int rc = mln_file_read(path, &text, err);

    if (rc == MLN_ENOTFOUND)
        return mln_fail(err, MLN_ENOTFOUND, "no file %s", path);
    if (rc != MLN_OK)
        return rc == MLN_ENOMEM ? rc : (err->code = MLN_ECONFIG);
    (void)snprintf(title, sizeof(title), "%s%.*s",
            strcmp(name, "default") == 0 ? "" : place->prefix, MLN_PROFILE_NAME_MAX, name);
    rc = mln_ini_read(mln_buf_str(&text), mln_str_of(title), &section, err);
    if (rc == MLN_ENOTFOUND)
        return mln_fail(err, MLN_ENOTFOUND, "no section '%.64s' in %s", name, path);
    if (rc == MLN_OK)
        rc = place->is_old ? read_key("aliyun_access_key_id", "aliyun_access_key_secret", &section,
                                     &creds, err)
                           : read_section(options, &section, &creds, err);
    if (rc != MLN_OK)
        return mln_wrap(err, rc, "section '%.64s' of %s", name, path);
    mln_creds_within(&creds, "profile");
    (void)snprintf(
            creds.profile, sizeof(creds.profile), "%.*s", (int)sizeof(creds.profile) - 1, name);
    (void)snprintf(creds.source, sizeof(creds.source), "%.*s", (int)sizeof(creds.source) - 1, path);
    mln_creds_warn_of_mode(&creds, path);
    *out = creds;
    return MLN_OK;
}

int mln_creds_from_ini(const struct mln_creds_options *options, const char *name,
        struct mln_creds *out, struct mln_err *err)
{
    const char *file = mln_env_get(options->env, "ALIBABA_CLOUD_CREDENTIALS_FILE");
    const char *home = mln_env_home(options->env);
    const char *section = name != NULL ? name : "default";
    struct mln_err why;
    char path[4096];
    int rc = MLN_ENOTFOUND;

    if (file != NULL)
        return read_place(options, &named_place, file, section, out, err);
    if (home == NULL)
        return mln_fail(err, MLN_ENOTFOUND,
                "no home folder is known: set HOME or ALIBABA_CLOUD_CREDENTIALS_FILE");
    mln_err_set(err, MLN_ENOTFOUND, "no file %.200s/.alibabacloud/credentials", home);
    for (size_t i = 0; rc == MLN_ENOTFOUND && i < MLN_LEN(places); i++) {
        (void)snprintf(path, sizeof(path), "%.*s/%s", (int)sizeof(path) - 64, home, places[i].file);
        rc = read_place(options, &places[i], path, section, out, &why);
        /* What is told at the end: a file that is there and did not help, else the first. */
        if (rc != MLN_OK && (rc != MLN_ENOTFOUND || strstr(why.msg, "no file") != why.msg))
            *err = why;
    }
    return rc;
}
