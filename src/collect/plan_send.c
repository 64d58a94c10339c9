/* How a call is sent, and how often: method, path, host, rate. What a call says wins over what its
 * product says. */
#include "client/pace.h"
#include "collect/priv.h"

#define RATE_MAX ((int64_t)100000)

/* What the steps of one call share. */
struct reader {
    struct mln_plan_loader *loader;
    const struct mln_yaml_file *file;
    struct mln_plan_entry *entry;
};

#define WRONG(r, node, ...) mln_yaml_fail((r)->loader->err, (r)->file, node, __VA_ARGS__)

/* ---- how often ---- */

/* "10/s", "30/min" as calls a second. */
static bool read_per(struct mln_str text, double *out)
{
    struct mln_str number = { 0 };
    int64_t count = 0;

    if (!mln_str_next(&text, '/', &number) || mln_str_to_i64(number, &count) != MLN_OK ||
            count < 1 || count > RATE_MAX)
        return false;
    if (mln_str_is(text, "s"))
        *out = (double)count;
    else if (mln_str_is(text, "min"))
        *out = (double)count / 60.0;
    else
        return false;
    return true;
}

static int read_rate(const struct reader *r, const struct mln_plan_send_yaml *yaml, bool *found)
{
    const struct mln_yaml_node *node = yaml->limit != NULL ? yaml->limit : yaml->rate;
    double rate = 0;

    *found = node != NULL;
    if (node == NULL)
        return MLN_OK;
    if (yaml->limit != NULL && yaml->rate != NULL)
        return WRONG(r, yaml->rate, "'limit' (documented) or 'rate' (chosen), not both");
    if (node->kind != MLN_YAML_SCALAR || !read_per(node->text, &rate))
        return WRONG(r, node, "a number of calls is like 10/s or 30/min, at most %lld",
                (long long)RATE_MAX);
    r->entry->info.rate_is_documented = yaml->limit != NULL;
    r->entry->info.rate = yaml->limit != NULL ? rate * MLN_PLAN_LIMIT_SHARE : rate;
    return yaml->limit != NULL
                   ? mln_plan_text(r->loader, r->file, node, node->text, &r->entry->info.limit)
                   : MLN_OK;
}

/* ---- how ---- */

static int read_method(const struct reader *r, const struct mln_yaml_node *node)
{
    bool is_rpc = r->entry->info.style == MLN_STYLE_RPC;

    r->entry->info.method = is_rpc ? "POST" : "GET";
    if (node == NULL)
        return MLN_OK;
    if (!is_rpc || node->kind != MLN_YAML_SCALAR || !mln_str_is(node->text, "GET"))
        return WRONG(r, node, "'method' is GET, for an rpc call that cannot be a POST");
    r->entry->info.method = "GET";
    return MLN_OK;
}

/* Whether all of a template but its placeholders is made of such bytes. */
static bool is_made_of(struct mln_str text, const char *others, bool *has_place)
{
    MLN_AUTO(mln_buf_free) struct mln_buf fixed = MLN_BUF_INIT(1024);
    struct mln_str name;
    size_t at = 0;

    *has_place = false;
    while (mln_template_next(text, &at, &fixed, &name))
        *has_place = true;
    for (size_t i = 0; i < fixed.len; i++) {
        char c = fixed.ptr[i];

        if ((c < 'a' || c > 'z') && (c < 'A' || c > 'Z') && (c < '0' || c > '9') &&
                strchr(others, c) == NULL)
            return false;
    }
    return text.len > 0 && fixed.code == MLN_OK;
}

static int keep(const struct reader *r, const struct mln_yaml_node *node, struct mln_str *out)
{
    const char *text = NULL;
    int rc = mln_plan_text(r->loader, r->file, node, node->text, &text);

    if (rc == MLN_OK)
        *out = mln_str_of(text);
    return rc;
}

static int read_path(const struct reader *r, const struct mln_yaml_node *node)
{
    bool is_roa = r->entry->info.style == MLN_STYLE_ROA, has_place = false;
    int rc;

    r->entry->info.path = "";
    r->entry->path_node = node;
    if (node == NULL && is_roa)
        return WRONG(r, r->entry->node, "a call of style roa needs 'path'");
    if (node == NULL)
        return MLN_OK;
    if (!is_roa)
        return WRONG(r, node, "only calls of style roa have a 'path'");
    if (node->kind != MLN_YAML_SCALAR || node->text.len == 0 || node->text.ptr[0] != '/' ||
            !is_made_of(node->text, "/-_.~", &has_place) ||
            memmem(node->text.ptr, node->text.len, "/.", 2) != NULL)
        return WRONG(r, node, "a path is like /clusters/{key}/nodes");
    rc = keep(r, node, &r->entry->path);
    if (rc == MLN_OK)
        r->entry->info.path = r->entry->path.ptr;
    return rc;
}

/* Where a host leads is looked at again when its parts are known. */
static int read_host(const struct reader *r, const struct mln_yaml_node *node)
{
    bool has_place = false;

    r->entry->host_node = node;
    if (node == NULL || (node->kind == MLN_YAML_SCALAR && node->text.len == 0))
        return MLN_OK;
    if (node->kind != MLN_YAML_SCALAR || !is_made_of(node->text, "-.", &has_place) ||
            (!has_place && !mln_str_ends(node->text, MLN_STR(".aliyuncs.com"))))
        return WRONG(r, node, "a host is like {endpoint} or product.{region}.aliyuncs.com");
    return keep(r, node, &r->entry->host);
}

int mln_plan_send(struct mln_plan_loader *loader, const struct mln_yaml_file *file,
        const struct mln_plan_send_yaml *product, const struct mln_plan_send_yaml *call,
        struct mln_plan_entry *entry)
{
    const struct reader r = { loader, file, entry };
    /* A product's host is that of its resources. */
    bool has_host = call->host != NULL || entry->for_each != NULL, found = false;
    int rc;

    entry->info.rate = MLN_PACE_RATE_DEFAULT;
    entry->info.limit = "";
    rc = read_rate(&r, call, &found);
    if (rc == MLN_OK && !found)
        rc = read_rate(&r, product, &found);
    if (rc == MLN_OK)
        rc = read_method(&r, call->method);
    if (rc == MLN_OK)
        rc = read_path(&r, call->path);
    if (rc != MLN_OK || !has_host)
        return rc;
    return read_host(&r, call->host != NULL ? call->host : product->host);
}
