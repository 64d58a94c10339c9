/* Products of the cloud that Merlon speaks to or for, and their hosts: one row each. */
#pragma once

#include "base/str.h"

struct mln_product {
    const char *name;       /* "Sddp" */
    const char *version;    /* "2019-01-03" */
    const char *ram_prefix; /* "yundun-sddp" */
    const char *default_region;
};

/* By name ("Sddp") or by API version; NULL when unknown. */
const struct mln_product *mln_product_by_name(const char *name);
const struct mln_product *mln_product_by_version(struct mln_str version);

enum mln_network { MLN_NETWORK_PUBLIC, MLN_NETWORK_VPC };

/* One host: X() of endpoint_rows.def. `region` "*" is the product's rule, with {region} in it. */
struct mln_endpoint_row {
    const char *product; /* Lower case, without '-' and '_': "rkvstore". */
    enum mln_network network;
    const char *region, *host;
};
/* All rows, sorted by product, network and region. */
const struct mln_endpoint_row *mln_endpoint_rows(size_t *count);

#define MLN_REGION_NAME_MAX ((size_t)32)

/* [a-z0-9-], at most MLN_REGION_NAME_MAX, no '-' at the ends: it becomes a part of hosts and of
 * what is signed. */
bool mln_region_is_name(struct mln_str region);
/* "cn-hangzhou" of "oss-cn-hangzhou", which is how the object store's answers have it. */
struct mln_str mln_region_bare(struct mln_str region);

/*
 * Appends the host of a product (by its code; case, '-' and '_' do not count) in a region; ""
 * is the product's default region. *by_rule: no row names the region. Region names are checked:
 * MLN_EINVAL; MLN_ENOTFOUND: the product is not in the table. A product
 * without hosts in VPCs has its public ones there.
 */
MLN_MUST_USE int mln_endpoint_host(const char *product, enum mln_network network,
        struct mln_str region, struct mln_buf *out, bool *by_rule, struct mln_err *err);

/* ---- regions ---- */
enum mln_site {
    MLN_SITE_MAINLAND,
    MLN_SITE_OVERSEAS,
    MLN_SITE_CLOSED
}; /* CLOSED: finance, government, retired. */
struct mln_region {
    const char *id;
    enum mln_site site;
};
/* The regions known when this was built, for when DescribeRegions cannot be read. Sorted. */
const struct mln_region *mln_regions(size_t *count);
