/* Products of the cloud that Merlon speaks to or for, and their hosts: one row each. */
#pragma once

#include "base/str.h"

struct mln_product {
    const char *name;       /* "Sddp" */
    const char *version;    /* "2019-01-03" */
    const char *ram_prefix; /* "yundun-sddp" */
    const char *default_region;
    const char
            *host_prefix; /* "sddp": before ".<region>.aliyuncs.com" where no row says otherwise. */
};

/* A region whose host does not follow the rule. */
struct mln_endpoint_row {
    const char *product, *region, *host;
};

/* All such rows, sorted by product and region. */
const struct mln_endpoint_row *mln_endpoint_rows(size_t *count);

/* By name ("Sddp") or by API version; NULL when unknown. */
const struct mln_product *mln_product_by_name(const char *name);
const struct mln_product *mln_product_by_version(struct mln_str version);

/*
 * The host of a product in a region ("" = the product's default region), from the embedded rows:
 * Sddp in cn-zhangjiakou is sddp.cn-zhangjiakou.aliyuncs.com. Region names are checked
 * ([a-z0-9-], at most 32): MLN_EINVAL.
 */
MLN_MUST_USE int mln_endpoint_host(const struct mln_product *product, struct mln_str region,
        struct mln_buf *out, struct mln_err *err);
