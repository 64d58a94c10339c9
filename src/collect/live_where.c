/* Where a call goes. What the user said wins, then what an answer named, then the table. */
#include <netdb.h>
#include <stdio.h>

#include "collect/live_priv.h"

#define OSS_REGION   "cn-hangzhou" /* For calls of the whole account; any region answers them. */
#define ASK_AGAIN_MS ((int64_t)30000)

/* "oss-cn-hangzhou-internal.aliyuncs.com" is in cn-hangzhou; other shapes do not say. */
static struct mln_str region_of(struct mln_str host)
{
    const struct mln_str internal = MLN_STR("-internal");
    struct mln_str name = { 0 };

    if (!mln_str_next(&host, '.', &name) || !mln_str_starts(name, MLN_STR("oss-")))
        return MLN_STR("");
    name = mln_region_bare(name);
    if (mln_str_ends(name, internal))
        name.len -= internal.len;
    return mln_region_is_name(name) ? name : MLN_STR("");
}

/* What an answer names as a bucket's host. Not all hosts below the cloud's domain are the object
 * store's: some run what customers put there. */
static int check_store(struct mln_str host, enum mln_endpoint_origin origin, struct mln_err *err)
{
    struct mln_str rest = host, name;

    if (origin == MLN_ENDPOINT_GIVEN ||
            (region_of(host).len > 0 && mln_str_next(&rest, '.', &name) &&
                    mln_str_is(rest, "aliyuncs.com")))
        return MLN_OK;
    return mln_fail(err, MLN_EINVAL,
            "what an answer names as a bucket's host is none of the object store's: credentials are "
            "not sent there");
}

static int set_region(struct mln_live_place *place, struct mln_str region, struct mln_err *err)
{
    if (region.len >= sizeof(place->region))
        return mln_fail(err, MLN_EINVAL, "the name of the region is too long");
    (void)snprintf(place->region, sizeof(place->region), "%.*s", MLN_FMT(region));
    return MLN_OK;
}

int mln_live_place(const struct mln_live_options *options,
        const struct mln_collect_request *request, struct mln_live_place *out, struct mln_err *err)
{
    bool is_oss = request->call.style == MLN_STYLE_OSS;
    struct mln_str region = request->region.len > 0 ? request->region : options->home_region;
    struct mln_str host = request->host;
    int rc = MLN_OK;

    *out = (struct mln_live_place){ .origin = MLN_ENDPOINT_TABLE };
    if (is_oss) {
        region = region.len > 0 ? mln_region_bare(region) : MLN_STR(OSS_REGION);
        rc = set_region(out, region, err);
    }
    /* What a bucket calls its public host is not what it is called inside a VPC. */
    if (options->endpoints->network == MLN_NETWORK_VPC)
        host = MLN_STR("");
    if (rc == MLN_OK)
        rc = mln_endpoints_find(options->endpoints, request->call.code, region, host,
                &out->endpoint, &out->origin, err);
    return rc == MLN_OK && is_oss && host.len > 0 ? check_store(host, out->origin, err) : rc;
}

int mln_live_move(const struct mln_live_options *options, struct mln_str endpoint,
        struct mln_live_place *place, struct mln_err *err)
{
    struct mln_live_place to = *place;
    struct mln_str region = region_of(endpoint);
    bool vpc = options->endpoints->network == MLN_NETWORK_VPC;
    int rc = region.len > 0 ? set_region(&to, region, err) : MLN_OK;

    /* Inside a VPC the region's own host is asked. */
    if (rc == MLN_OK)
        rc = mln_endpoints_find(options->endpoints, "Oss", mln_str_of(to.region),
                vpc ? MLN_STR("") : endpoint, &to.endpoint, &to.origin, err);
    if (rc == MLN_OK)
        rc = check_store(endpoint, to.origin, err);
    if (rc == MLN_OK)
        *place = to;
    return rc;
}

/* ---- names ---- */

static int ask_resolver(const char *host)
{
    const struct addrinfo hints = { .ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM };
    struct addrinfo *found = NULL;
    int rc = getaddrinfo(host, NULL, &hints, &found);

    if (rc == 0)
        freeaddrinfo(found);
    return rc;
}

void mln_live_names_init(struct mln_live_names *names)
{
    *names = (struct mln_live_names){ .resolve = ask_resolver };
    mln_map_init(&names->hosts, MLN_LIVE_HOSTS_MAX);
}

void mln_live_names_fini(struct mln_live_names *names)
{
    mln_map_fini(&names->hosts, NULL);
}

/* Only "no such name" will do: a resolver that cannot be reached, or has no answer, says nothing
 * about the product. */
bool mln_live_name_is_missing(
        struct mln_live_names *names, const struct mln_endpoint *endpoint, int64_t now_ms)
{
    static char missing, other;
    bool is_missing;
    char host[sizeof(endpoint->host)];
    int rc;
    void *kept;

    (void)snprintf(host, sizeof(host), "%.*s", (int)strcspn(endpoint->host, ":"), endpoint->host);
    kept = mln_map_get(&names->hosts, mln_str_of(host));
    if (kept != NULL)
        return kept == &missing;
    /* While the resolver is away each question takes seconds, and the run waits for it. */
    if (names->failed_ms != 0 && now_ms - names->failed_ms < ASK_AGAIN_MS)
        return false;
    rc = names->resolve(host);
    is_missing = rc == EAI_NONAME || rc == EAI_NODATA;
    if (rc != 0 && !is_missing) {
        names->failed_ms = now_ms;
        return false;
    }
    /* What finds no room is asked for once more. */
    rc = mln_map_put(&names->hosts, mln_str_of(host), is_missing ? &missing : &other, NULL);
    return rc == MLN_OK && is_missing;
}

bool mln_live_has_proxy(const struct mln_env *env)
{
    static const char *const variables[] = { "HTTPS_PROXY", "https_proxy", "ALL_PROXY",
        "all_proxy" };

    for (size_t i = 0; env != NULL && i < MLN_LEN(variables); i++)
        if (mln_env_get(env, variables[i]) != NULL)
            return true;
    return false;
}
