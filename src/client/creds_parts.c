/* What all providers need: parts into secrets, names, the cloud's time. */
#include <stdio.h>
#include <sys/stat.h>

#include "client/priv.h"

void mln_creds_wipe(struct mln_creds *creds)
{
    mln_secret_wipe(&creds->key_id);
    mln_secret_wipe(&creds->secret);
    mln_secret_wipe(&creds->token);
    *creds = (struct mln_creds){ 0 };
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

int mln_creds_copy(const struct mln_creds *from, struct mln_creds *out, struct mln_err *err)
{
    const struct mln_creds_parts parts = {
        .key_id = mln_secret_bytes(&from->key_id),
        .secret = mln_secret_bytes(&from->secret),
        .token = mln_secret_bytes(&from->token),
    };
    struct mln_creds filled = { 0 }, copy = *from;
    int rc = mln_creds_fill(&filled, &parts, err);

    if (rc != MLN_OK)
        return rc;
    copy.key_id = filled.key_id;
    copy.secret = filled.secret;
    copy.token = filled.token;
    *out = copy;
    return MLN_OK;
}

void mln_creds_name(struct mln_creds *creds, const char *provider, const char *mode)
{
    (void)snprintf(creds->provider, sizeof(creds->provider), "%s", provider);
    (void)snprintf(creds->mode, sizeof(creds->mode), "%s", mode);
}

void mln_creds_within(struct mln_creds *creds, const char *outer)
{
    char inner[sizeof(creds->provider)];

    memcpy(inner, creds->provider, sizeof(inner));
    (void)snprintf(creds->provider, sizeof(creds->provider), "%s/%.*s", outer,
            (int)(sizeof(creds->provider) - strlen(outer) - 2), inner);
}

void mln_creds_warn_of_mode(struct mln_creds *creds, const char *path)
{
    struct stat info;

    if (creds->warning[0] == '\0' && stat(path, &info) == 0 && (info.st_mode & 077) != 0)
        (void)snprintf(creds->warning, sizeof(creds->warning),
                "%.150s can be read by others (mode %03o): run chmod 600", path,
                (unsigned)(info.st_mode & 0777));
}

struct mln_str mln_creds_user_agent(const struct mln_creds_options *options)
{
    return mln_str_of(options->user_agent != NULL ? options->user_agent : "Merlon");
}

int64_t mln_creds_now_ms(const struct mln_creds_options *options)
{
    return mln_now_ms(options->clock) + options->clock_offset_ms;
}

bool mln_creds_is_true(const struct mln_env *env, const char *name)
{
    const char *value = mln_env_get(env, name);

    return value != NULL && mln_str_eq_nocase(mln_str_of(value), MLN_STR("true"));
}

bool mln_creds_override(const struct mln_creds_options *options, const char *product,
        struct mln_str region, struct mln_endpoint *out)
{
    enum mln_endpoint_origin origin = MLN_ENDPOINT_RULE;
    struct mln_endpoint found = { 0 };
    struct mln_err err;

    if (options->endpoints == NULL ||
            mln_endpoints_find(options->endpoints, product, region, MLN_STR(""), &found, &origin,
                    &err) != MLN_OK ||
            origin != MLN_ENDPOINT_GIVEN)
        return false;
    *out = found;
    return true;
}
