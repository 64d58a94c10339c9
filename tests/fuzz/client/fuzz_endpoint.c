/*
 * Where calls go: the first line is an endpoint or override as a user gives it, the second the host
 * that a plan or an answer names, the third a region. Whatever is accepted must be a host that
 * credentials may go to.
 */
#include "client/endpoints.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool holds)
{
    if (!holds)
        abort();
}

static void check_endpoint(const struct mln_endpoint *endpoint)
{
    size_t len = strnlen(endpoint->host, sizeof(endpoint->host));
    struct mln_endpoint again;
    struct mln_err err;

    require(len > 0 && len < sizeof(endpoint->host));
    require(strpbrk(endpoint->host, "/@?#\\ \r\n\t%") == NULL);
    require(endpoint->https || endpoint->loopback);
    /* What it says is what it reads. */
    require(mln_endpoint_parse(mln_str_of(endpoint->host), &again, &err) == MLN_OK);
    require(again.loopback == endpoint->loopback);
}

static const char *no_variable(void *ctx, const char *name)
{
    (void)ctx;
    (void)name;
    return NULL;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct mln_endpoints none, given;
    const struct mln_env env = { no_variable, NULL };
    struct mln_str rest = { (const char *)data, size }, text = MLN_STR(""), host = MLN_STR("");
    enum mln_endpoint_origin origin = MLN_ENDPOINT_GIVEN;
    struct mln_endpoint out;
    struct mln_err err;

    (void)mln_str_next(&rest, '\n', &text);
    (void)mln_str_next(&rest, '\n', &host);
    if (mln_endpoint_parse(text, &out, &err) == MLN_OK)
        check_endpoint(&out);
    given.count = 0;
    if (mln_endpoints_add(&given, text, &err) == MLN_OK)
        check_endpoint(&given.overrides[0].endpoint);
    none.env = &env;
    if (mln_endpoints_find(&none, "Ecs", rest, host, &out, &origin, &err) != MLN_OK)
        return 0;
    check_endpoint(&out);
    require(out.https && !out.loopback);
    require(mln_str_ends(mln_str_of(out.host), MLN_STR(".aliyuncs.com")));
    return 0;
}
