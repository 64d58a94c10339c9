#include "client/endpoints.h"

#include <stdio.h>

#define PRODUCT_MAX  sizeof(((struct mln_endpoint_override *)NULL)->product)
#define HOST_MAX     ((size_t)200)
#define VARIABLE     "ALIBABA_CLOUD_ENDPOINT_"
#define HOLE         "{region}"
#define CLOUD_DOMAIN ".aliyuncs.com"
#define METADATA     "ecsmetadata"

/* "R-kvstore" as "rkvstore". False: not the name of a product. */
static bool fold(struct mln_str name, char out[PRODUCT_MAX])
{
    size_t len = 0;

    if (name.len >= PRODUCT_MAX)
        return false;
    for (size_t i = 0; i < name.len; i++) {
        char c = name.ptr[i];

        if (c == '-' || c == '_')
            continue;
        if (c >= 'A' && c <= 'Z')
            c = (char)(c + ('a' - 'A'));
        if (!(c >= 'a' && c <= 'z') && !(c >= '0' && c <= '9'))
            return false;
        out[len++] = c;
    }
    out[len] = '\0';
    return len > 0;
}

/* ---- what the user said ---- */

int mln_endpoints_add(struct mln_endpoints *endpoints, struct mln_str text, struct mln_err *err)
{
    struct mln_endpoint_override override = { 0 };
    struct mln_str rest = text, product;
    size_t at = 0;
    int rc;

    if (text.len > 0 && memchr(text.ptr, '=', text.len) != NULL) {
        (void)mln_str_next(&rest, '=', &product);
        if (!fold(product, override.product))
            return mln_fail(err, MLN_EINVAL,
                    "an endpoint is given as URL or PRODUCT=URL, like Ecs=https://ecs.example.com");
    }
    rc = mln_endpoint_parse(rest, &override.endpoint, err);
    if (rc != MLN_OK)
        return rc;
    while (at < endpoints->count && strcmp(endpoints->overrides[at].product, override.product) != 0)
        at++;
    if (at == MLN_ENDPOINT_OVERRIDES_MAX)
        return mln_fail(err, MLN_EINVAL, "endpoints of at most %zu products can be given",
                MLN_ENDPOINT_OVERRIDES_MAX);
    endpoints->overrides[at] = override;
    if (at == endpoints->count)
        endpoints->count++;
    return MLN_OK;
}

static const struct mln_endpoint *find_override(
        const struct mln_endpoints *endpoints, const char *product)
{
    for (size_t i = 0; i < endpoints->count; i++) {
        if (strcmp(endpoints->overrides[i].product, product) == 0)
            return &endpoints->overrides[i].endpoint;
    }
    return NULL;
}

/* The variable for "R-kvstore" is ..._R_KVSTORE or ..._RKVSTORE. */
static void name_variable(const char *product, bool keep_joints, char *out, size_t size)
{
    size_t len = (size_t)snprintf(out, size, VARIABLE);

    for (; *product != '\0' && len + 1 < size; product++) {
        char c = *product;

        if (c == '-' || c == '_') {
            if (keep_joints)
                out[len++] = '_';
        } else {
            out[len++] = (char)(c >= 'a' && c <= 'z' ? c - ('a' - 'A') : c);
        }
    }
    out[len] = '\0';
}

/* MLN_ENOTFOUND: no variable is set for the product. */
static int from_environment(const struct mln_env *env, const char *product,
        struct mln_endpoint *out, struct mln_err *err)
{
    for (int joints = 1; env != NULL && joints >= 0; joints--) {
        char name[sizeof(VARIABLE) + PRODUCT_MAX];
        const char *value;
        int rc;

        name_variable(product, joints == 1, name, sizeof(name));
        value = mln_env_get(env, name);
        if (value == NULL)
            continue;
        rc = mln_endpoint_parse(mln_str_of(value), out, err);
        return rc == MLN_OK ? rc : mln_wrap(err, rc, "%s", name);
    }
    return mln_fail(err, MLN_ENOTFOUND, "no variable");
}

/* ---- what is known ---- */

static bool is_host(struct mln_str host)
{
    struct mln_str rest = host, label;

    while (mln_str_next(&rest, '.', &label)) {
        if (label.len == 0 || label.len > 63 || label.ptr[0] == '-')
            return false;
        for (size_t i = 0; i < label.len; i++) {
            char c = label.ptr[i];

            if (!(c >= 'a' && c <= 'z') && !(c >= '0' && c <= '9') && c != '-')
                return false;
        }
    }
    return true;
}

/* A host that somebody else names gets credentials only when it is the cloud's. */
static int from_template(struct mln_str text, struct mln_str region, struct mln_endpoint *out,
        enum mln_endpoint_origin *origin, struct mln_err *err)
{
    MLN_AUTO(mln_buf_free) struct mln_buf host = MLN_BUF_INIT(HOST_MAX);
    const char *hole = memmem(text.ptr, text.len, HOLE, strlen(HOLE));
    const char *after = hole != NULL ? hole + strlen(HOLE) : text.ptr;

    if (hole != NULL) {
        if (!mln_region_is_name(region))
            return mln_fail(err, MLN_EINVAL, "the host of a call needs a region (a-z, 0-9, '-')");
        mln_buf_add(&host, (struct mln_str){ text.ptr, (size_t)(hole - text.ptr) });
        mln_buf_add(&host, region);
    }
    mln_buf_add(&host, (struct mln_str){ after, text.len - (size_t)(after - text.ptr) });
    if (host.code != MLN_OK || !is_host(mln_buf_str(&host)) ||
            !mln_str_ends(mln_buf_str(&host), MLN_STR(CLOUD_DOMAIN)))
        return mln_fail(err, MLN_EINVAL,
                "a call names a host that is not below " CLOUD_DOMAIN
                ": credentials are not sent there");
    *out = (struct mln_endpoint){ .https = true };
    (void)snprintf(out->host, sizeof(out->host), "%.*s", MLN_FMT(mln_buf_str(&host)));
    *origin = hole != NULL ? MLN_ENDPOINT_RULE : MLN_ENDPOINT_TABLE;
    return MLN_OK;
}

/* The one service that no table of hosts has: every machine reaches its own. */
static bool is_metadata(const char *folded, struct mln_endpoint *out)
{
    if (strcmp(folded, METADATA) != 0)
        return false;
    *out = (struct mln_endpoint){ .host = MLN_METADATA_HOST, .link_local = true };
    return true;
}

static int from_table(const struct mln_endpoints *endpoints, const char *product,
        struct mln_str region, struct mln_endpoint *out, enum mln_endpoint_origin *origin,
        struct mln_err *err)
{
    MLN_AUTO(mln_buf_free) struct mln_buf host = MLN_BUF_INIT(HOST_MAX);
    bool by_rule = false;
    int rc = mln_endpoint_host(product, endpoints->network, region, &host, &by_rule, err);

    if (rc == MLN_ENOTFOUND)
        return mln_fail(err, MLN_ECONFIG,
                "no endpoint is known for %s: give it with --endpoint-override %s=URL", product,
                product);
    if (rc == MLN_OK)
        rc = mln_endpoint_parse(mln_buf_str(&host), out, err);
    if (rc != MLN_OK)
        return mln_wrap(err, rc, "endpoint of %s", product);
    *origin = by_rule ? MLN_ENDPOINT_RULE : MLN_ENDPOINT_TABLE;
    return MLN_OK;
}

int mln_endpoints_find(const struct mln_endpoints *endpoints, const char *product,
        struct mln_str region, struct mln_str template, struct mln_endpoint *out,
        enum mln_endpoint_origin *origin, struct mln_err *err)
{
    const struct mln_endpoint *given;
    struct mln_endpoint found = { 0 };
    char folded[PRODUCT_MAX];
    int rc;

    if (!fold(mln_str_of(product), folded))
        return mln_fail(err, MLN_EINVAL, "a product's code is letters, digits, '-' and '_'");
    given = find_override(endpoints, folded);
    /* "Every product" is the cloud's APIs: the metadata service is this machine's own. */
    if (given == NULL && strcmp(folded, METADATA) != 0)
        given = find_override(endpoints, "");
    if (given != NULL) {
        *out = *given;
        *origin = MLN_ENDPOINT_GIVEN;
        return MLN_OK;
    }
    rc = from_environment(endpoints->env, product, &found, err);
    if (rc == MLN_OK)
        *origin = MLN_ENDPOINT_GIVEN;
    else if (rc == MLN_ENOTFOUND && template.len > 0)
        rc = from_template(template, region, &found, origin, err);
    else if (rc == MLN_ENOTFOUND && is_metadata(folded, &found)) {
        *origin = MLN_ENDPOINT_TABLE;
        rc = MLN_OK;
    } else if (rc == MLN_ENOTFOUND)
        rc = from_table(endpoints, product, region, &found, origin, err);
    if (rc == MLN_OK)
        *out = found;
    return rc;
}
