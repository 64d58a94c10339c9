/*
 * Where a product's calls go: what the user said for it, else the embedded table, else the rule of
 * names. Nothing is asked over the network.
 *
 *     --endpoint-override PRODUCT=URL  >  --endpoint-override URL  >
 * ALIBABA_CLOUD_ENDPOINT_<PRODUCT> >  table of public or VPC hosts  >  rule
 */
#pragma once

#include "acs/endpoint.h"
#include "client/transport.h"

#define MLN_ENDPOINT_OVERRIDES_MAX ((size_t)48)

struct mln_endpoint_override {
    char product[40]; /* "" for every product of the cloud; compared without case, '-' and '_'. */
    struct mln_endpoint endpoint;
};

struct mln_endpoints {
    struct mln_endpoint_override overrides[MLN_ENDPOINT_OVERRIDES_MAX];
    size_t count;
    enum mln_network network;
    const struct mln_env *env;
};

/* "PRODUCT=URL" or "URL"; the later of two for the same product wins. MLN_EINVAL, MLN_EDENIED. */
MLN_MUST_USE int mln_endpoints_add(
        struct mln_endpoints *endpoints, struct mln_str text, struct mln_err *err);

/* How the host was found: one that follows from a rule may not exist. */
enum mln_endpoint_origin { MLN_ENDPOINT_GIVEN, MLN_ENDPOINT_TABLE, MLN_ENDPOINT_RULE };

/*
 * `product` is the code of a plan ("Ecs", "R-kvstore") or one of "Oss", "Sts", "ResourceManager",
 * "OAuth", "EcsMetadata". `region` "" is the product's default. `template` (may be empty) is a host
 * that the plan or an answer names; it must end in ".aliyuncs.com" and gives way to what the user
 * said. MLN_ECONFIG: the product is not in the table and there is no template.
 */
MLN_MUST_USE int mln_endpoints_find(const struct mln_endpoints *endpoints, const char *product,
        struct mln_str region, struct mln_str template, struct mln_endpoint *out,
        enum mln_endpoint_origin *origin, struct mln_err *err);
