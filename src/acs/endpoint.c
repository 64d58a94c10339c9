#include "acs/endpoint.h"

#define PRODUCT_MAX 40

static const struct mln_product products[] = {
    { "ResourceManager", "2020-03-31", "resourcemanager", "cn-hangzhou" },
    { "Sas", "2018-12-03", "yundun-sas", "cn-shanghai" },
    { "Sddp", "2019-01-03", "yundun-sddp", "cn-zhangjiakou" },
    { "Sts", "2015-04-01", "sts", "cn-hangzhou" },
};

/* Where a product has a default region of its own; all others are asked at the first region. */
#define REGION_DEFAULT "cn-hangzhou"

#define PUBLIC MLN_NETWORK_PUBLIC
#define VPC    MLN_NETWORK_VPC
static const struct mln_endpoint_row rows[] = {
#define X(product, network, region, host) { product, network, region, host },
#include "acs/endpoint_rows.def"
#undef X
};

static const struct mln_region regions[] = {
#define X(id, site) { id, MLN_SITE_##site },
#include "acs/region.def"
#undef X
};

const struct mln_endpoint_row *mln_endpoint_rows(size_t *count)
{
    *count = MLN_LEN(rows);
    return rows;
}

const struct mln_region *mln_regions(size_t *count)
{
    *count = MLN_LEN(regions);
    return regions;
}

const struct mln_product *mln_product_by_name(const char *name)
{
    for (size_t i = 0; i < MLN_LEN(products); i++) {
        if (strcmp(products[i].name, name) == 0)
            return &products[i];
    }
    return NULL;
}

const struct mln_product *mln_product_by_version(struct mln_str version)
{
    for (size_t i = 0; i < MLN_LEN(products); i++) {
        if (mln_str_is(version, products[i].version))
            return &products[i];
    }
    return NULL;
}

bool mln_region_is_name(struct mln_str region)
{
    if (region.len == 0 || region.len > MLN_REGION_NAME_MAX || region.ptr[0] == '-' ||
            region.ptr[region.len - 1] == '-')
        return false;
    for (size_t i = 0; i < region.len; i++) {
        char c = region.ptr[i];

        if (!(c >= 'a' && c <= 'z') && !(c >= '0' && c <= '9') && c != '-')
            return false;
    }
    return true;
}

struct mln_str mln_region_bare(struct mln_str region)
{
    const struct mln_str prefix = MLN_STR("oss-");

    if (mln_str_starts(region, prefix))
        return (struct mln_str){ region.ptr + prefix.len, region.len - prefix.len };
    return region;
}

/* "R-kvstore" as "rkvstore": how the rows spell it. */
static void fold(const char *code, char out[PRODUCT_MAX])
{
    size_t len = 0;

    for (; *code != '\0' && len < PRODUCT_MAX - 1; code++) {
        if (*code != '-' && *code != '_')
            out[len++] = (char)(*code >= 'A' && *code <= 'Z' ? *code + ('a' - 'A') : *code);
    }
    out[len] = '\0';
}

static int compare_row(const void *key, const void *element)
{
    const struct mln_endpoint_row *wanted = key, *row = element;
    int order = strcmp(wanted->product, row->product);

    if (order == 0)
        order = (int)wanted->network - (int)row->network;
    return order != 0 ? order : strcmp(wanted->region, row->region);
}

static const struct mln_endpoint_row *find_row(
        const char *product, enum mln_network network, const char *region)
{
    const struct mln_endpoint_row wanted = { product, network, region, NULL };

    return bsearch(&wanted, rows, MLN_LEN(rows), sizeof(rows[0]), compare_row);
}

static void add_host(const char *host, struct mln_str region, struct mln_buf *out)
{
    const char *hole = strstr(host, "{region}");

    if (hole == NULL) {
        mln_buf_add_cstr(out, host);
        return;
    }
    mln_buf_addf(out, "%.*s%.*s%s", (int)(hole - host), host, MLN_FMT(region),
            hole + strlen("{region}"));
}

static struct mln_str default_region(const char *product)
{
    char folded[PRODUCT_MAX];

    for (size_t i = 0; i < MLN_LEN(products); i++) {
        fold(products[i].name, folded);
        if (strcmp(folded, product) == 0)
            return mln_str_of(products[i].default_region);
    }
    return mln_str_of(REGION_DEFAULT);
}

int mln_endpoint_host(const char *product, enum mln_network network, struct mln_str region,
        struct mln_buf *out, bool *by_rule, struct mln_err *err)
{
    const struct mln_endpoint_row *row = NULL;
    char code[PRODUCT_MAX], name[MLN_REGION_NAME_MAX + 1] = "";
    struct mln_str done;

    fold(product, code);
    if (region.len == 0)
        region = default_region(code);
    /* The region becomes a part of the host that credentials go to. */
    if (!mln_region_is_name(region))
        return mln_fail(err, MLN_EINVAL, "a region is at most %zu of a-z, 0-9 and '-'",
                MLN_REGION_NAME_MAX);
    memcpy(name, region.ptr, region.len);
    /* A product without a host in VPCs is reached at its public one. */
    for (int i = (int)network; row == NULL && i >= (int)MLN_NETWORK_PUBLIC; i--) {
        row = find_row(code, (enum mln_network)i, name);
        if (row == NULL)
            row = find_row(code, (enum mln_network)i, "*");
    }
    if (row == NULL)
        return mln_fail(
                err, MLN_ENOTFOUND, "the product '%.60s' has no host in the table", product);
    *by_rule = row->region[0] == '*' && strstr(row->host, "{region}") != NULL;
    add_host(row->host, region, out);
    return mln_buf_done(out, &done, err);
}
