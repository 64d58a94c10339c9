/* One product's file: the rows of its keys, and its calls. */
#include "base/utf8.h"
#include "collect/priv.h"

struct product {
    const struct mln_yaml_file *file;
    struct mln_str product, code, version, style, reach, regions, ram;
    struct mln_yaml_strs sites;
    const struct mln_yaml_node *errors, *calls, *regions_node;
    struct mln_plan_send_yaml send;
    enum mln_plan_style style_value;
    struct mln_plan_errors error_rows;
};

struct call {
    struct mln_str action, call, ram, reach, regions, for_each, table, decode;
    struct mln_yaml_strs sites, mask, unchanged_while;
    int64_t batch;
    const struct mln_yaml_node *request, *variants, *page, *errors;
    const struct mln_yaml_node *list, *item, *id, *name, *region, *columns, *rows;
    struct mln_plan_send_yaml send;
};

struct page {
    struct mln_str by, number, token, size;
    int64_t max;
    const struct mln_yaml_node *next, *total, *more;
};

#define PRODUCT(key, type, member, flags)                        \
    {                                                            \
        key, type, offsetof(struct product, member), flags, 0, 0 \
    }
static const struct mln_yaml_field product_fields[] = {
    /* sorted rows */
    PRODUCT("calls", MLN_YAML_NODE, calls, MLN_YAML_REQUIRED),
    PRODUCT("code", MLN_YAML_STR, code, MLN_YAML_REQUIRED),
    PRODUCT("errors", MLN_YAML_NODE, errors, 0),
    PRODUCT("host", MLN_YAML_NODE, send.host, 0),
    PRODUCT("limit", MLN_YAML_NODE, send.limit, 0),
    PRODUCT("product", MLN_YAML_STR, product, MLN_YAML_REQUIRED),
    PRODUCT("ram", MLN_YAML_STR, ram, MLN_YAML_REQUIRED),
    PRODUCT("rate", MLN_YAML_NODE, send.rate, 0),
    PRODUCT("reach", MLN_YAML_STR, reach, MLN_YAML_REQUIRED),
    PRODUCT("regions", MLN_YAML_STR, regions, 0),
    PRODUCT("sites", MLN_YAML_STR_LIST, sites, 0),
    PRODUCT("style", MLN_YAML_STR, style, MLN_YAML_REQUIRED),
    PRODUCT("version", MLN_YAML_STR, version, MLN_YAML_REQUIRED),
};

#define CALL(key, type, member, flags, min, max)                  \
    {                                                             \
        key, type, offsetof(struct call, member), flags, min, max \
    }
static const struct mln_yaml_field call_fields[] = {
    /* sorted rows */
    CALL("action", MLN_YAML_STR, action, MLN_YAML_REQUIRED, 0, 0),
    CALL("batch", MLN_YAML_I64, batch, 0, 1, MLN_PLAN_BATCH_MAX),
    CALL("call", MLN_YAML_STR, call, 0, 0, 0),
    CALL("columns", MLN_YAML_NODE, columns, 0, 0, 0),
    CALL("decode", MLN_YAML_STR, decode, 0, 0, 0),
    CALL("errors", MLN_YAML_NODE, errors, 0, 0, 0),
    CALL("for_each", MLN_YAML_STR, for_each, 0, 0, 0),
    CALL("host", MLN_YAML_NODE, send.host, 0, 0, 0),
    CALL("id", MLN_YAML_NODE, id, 0, 0, 0),
    CALL("item", MLN_YAML_NODE, item, 0, 0, 0),
    CALL("limit", MLN_YAML_NODE, send.limit, 0, 0, 0),
    CALL("list", MLN_YAML_NODE, list, 0, 0, 0),
    CALL("mask", MLN_YAML_STR_LIST, mask, 0, 0, 0),
    CALL("method", MLN_YAML_NODE, send.method, 0, 0, 0),
    CALL("name", MLN_YAML_NODE, name, 0, 0, 0),
    CALL("page", MLN_YAML_NODE, page, 0, 0, 0),
    CALL("path", MLN_YAML_NODE, send.path, 0, 0, 0),
    CALL("ram", MLN_YAML_STR, ram, 0, 0, 0),
    CALL("rate", MLN_YAML_NODE, send.rate, 0, 0, 0),
    CALL("reach", MLN_YAML_STR, reach, 0, 0, 0),
    CALL("region", MLN_YAML_NODE, region, 0, 0, 0),
    CALL("regions", MLN_YAML_STR, regions, 0, 0, 0),
    CALL("request", MLN_YAML_NODE, request, 0, 0, 0),
    CALL("rows", MLN_YAML_NODE, rows, 0, 0, 0),
    CALL("sites", MLN_YAML_STR_LIST, sites, 0, 0, 0),
    CALL("table", MLN_YAML_STR, table, 0, 0, 0),
    CALL("unchanged_while", MLN_YAML_STR_LIST, unchanged_while, 0, 0, 0),
    CALL("variants", MLN_YAML_NODE, variants, 0, 0, 0),
};

#define PAGE(key, type, member, flags, min, max)                  \
    {                                                             \
        key, type, offsetof(struct page, member), flags, min, max \
    }
static const struct mln_yaml_field page_fields[] = {
    /* sorted rows */
    PAGE("by", MLN_YAML_STR, by, MLN_YAML_REQUIRED, 0, 0),
    PAGE("max", MLN_YAML_I64, max, 0, 1, MLN_PLAN_PAGE_SIZE_MAX),
    PAGE("more", MLN_YAML_NODE, more, 0, 0, 0),
    PAGE("next", MLN_YAML_NODE, next, 0, 0, 0),
    PAGE("number", MLN_YAML_STR, number, 0, 0, 0),
    PAGE("size", MLN_YAML_STR, size, 0, 0, 0),
    PAGE("token", MLN_YAML_STR, token, 0, 0, 0),
    PAGE("total", MLN_YAML_NODE, total, 0, 0, 0),
};

/* What the steps of one call share. */
struct reader {
    struct mln_plan_loader *loader;
    const struct product *product;
    const struct mln_yaml_node *node; /* The call. */
    struct call yaml;
    struct mln_plan_entry *entry;
    struct mln_schema_call *call;
};

/* Where a key of the call stands; the call when it is not there. */
static const struct mln_yaml_node *at(const struct reader *r, const char *key)
{
    const struct mln_yaml_node *node = mln_yaml_get(r->node, key);

    return node != NULL ? node : r->node;
}

#define WRONG(r, node, ...) mln_yaml_fail((r)->loader->err, (r)->product->file, node, __VA_ARGS__)

/* A word of an API: parameter and action names, product codes, RAM actions. */
static bool is_api_word(struct mln_str text)
{
    for (size_t i = 0; i < text.len; i++) {
        unsigned char c = (unsigned char)text.ptr[i];

        if (c <= 0x20 || c >= 0x7F || strchr("\"'<>{}\\%&?#", c) != NULL)
            return false;
    }
    return text.len > 0 && text.len <= 128;
}

/* ---- errors ---- */

static int read_error(struct mln_plan_loader *loader, const struct mln_yaml_file *file,
        const struct mln_yaml_node *node, struct mln_plan_error *out)
{
    struct mln_str code = node->key->text;

    if (node->kind != MLN_YAML_SCALAR || mln_outcome_parse(node->text, &out->outcome) != MLN_OK ||
            out->outcome == MLN_OUTCOME_OK || out->outcome == MLN_OUTCOME_RUNNING)
        return mln_yaml_fail(loader->err, file, node,
                "an error code means absent, not_applicable, not_activated, no_region, gone, "
                "denied, throttled, unsupported or failed");
    if (code.len > 0 && code.ptr[0] == '*') {
        out->any_before = true;
        code = (struct mln_str){ code.ptr + 1, code.len - 1 };
    }
    if (code.len > 0 && code.ptr[code.len - 1] == '*') {
        out->any_after = true;
        code.len--;
    }
    /* Whatever any error means cannot be an answer. */
    if (code.len < 3 || memchr(code.ptr, '*', code.len) != NULL || !is_api_word(code))
        return mln_yaml_fail(loader->err, file, node->key,
                "an error code is at least three letters, with a * before or after them alone");
    out->code = mln_arena_dup(&loader->plan->arena, code);
    return out->code.ptr != NULL ? MLN_OK : mln_plan_no_memory(loader);
}

static int read_errors(struct mln_plan_loader *loader, const struct mln_yaml_file *file,
        const struct mln_yaml_node *node, struct mln_plan_errors *out)
{
    struct mln_plan_error *rows;
    size_t count = 0;
    int rc = MLN_OK;

    if (node == NULL)
        return MLN_OK;
    if (node->kind != MLN_YAML_MAP || node->count > MLN_PLAN_ERRORS_MAX)
        return mln_yaml_fail(loader->err, file, node,
                "'errors' is a map of at most %zu error codes", MLN_PLAN_ERRORS_MAX);
    rows = mln_arena_alloc(&loader->plan->arena, (node->count + 1) * sizeof(*rows));
    if (rows == NULL)
        return mln_plan_no_memory(loader);
    for (const struct mln_yaml_node *n = node->first; rc == MLN_OK && n != NULL; n = n->next)
        rc = read_error(loader, file, n, &rows[count++]);
    *out = (struct mln_plan_errors){ rows, count };
    return rc;
}

/* ---- what is called ---- */

static bool is_reading(struct mln_str action)
{
    static const char *const prefixes[] = { "Describe", "Get", "List" };

    for (size_t i = 0; i < MLN_LEN(prefixes); i++) {
        size_t len = strlen(prefixes[i]);

        /* "Getaway" and "Listen" are other verbs. */
        if (mln_str_starts(action, mln_str_of(prefixes[i])) && action.len > len &&
                action.ptr[len] >= 'A' && action.ptr[len] <= 'Z')
            return true;
    }
    /* It starts a report about the account's users and changes nothing. */
    return mln_str_is(action, "GenerateCredentialReport");
}

static int read_action(struct reader *r)
{
    struct mln_str action = r->yaml.action;

    if (!is_reading(action))
        return WRONG(r, at(r, "action"),
                "an action must read: its name begins with Describe, Get or List");
    for (size_t i = 0; i < action.len; i++) {
        char c = action.ptr[i];

        if ((c < 'A' || c > 'Z') && (c < 'a' || c > 'z') && (c < '0' || c > '9'))
            return WRONG(r, at(r, "action"), "an action is letters and digits");
    }
    if (action.len > 100)
        return WRONG(r, at(r, "action"), "an action has at most 100 letters");
    return mln_plan_text(
            r->loader, r->product->file, at(r, "action"), action, &r->entry->info.action);
}

/* `id: product:Name` names the call, too: no path has a colon. */
static bool id_names_call(const struct reader *r)
{
    return r->yaml.id != NULL && r->yaml.id->kind == MLN_YAML_SCALAR &&
           memchr(r->yaml.id->text.ptr, ':', r->yaml.id->text.len) != NULL;
}

static int read_id(struct reader *r)
{
    MLN_AUTO(mln_buf_free) struct mln_buf buf = MLN_BUF_INIT(1024);
    struct mln_str prefix = r->product->product, id = r->yaml.call, name;
    const struct mln_yaml_node *node = at(r, "call");
    const char *text = NULL;
    int rc;

    if (id_names_call(r)) {
        if (id.len > 0)
            return WRONG(r, r->yaml.id, "the call has two ids");
        id = r->yaml.id->text;
        node = r->yaml.id;
        r->yaml.id = NULL;
    }
    if (id.len == 0) {
        mln_buf_addf(&buf, "%.*s:%s", MLN_FMT(prefix), r->entry->info.action);
        id = mln_buf_str(&buf);
    }
    name = id;
    if (id.len > prefix.len && mln_str_starts(id, prefix) && id.ptr[prefix.len] == ':')
        name = (struct mln_str){ id.ptr + prefix.len + 1, id.len - prefix.len - 1 };
    if (name.len == id.len || name.len > 120 || !is_api_word(name) ||
            memchr(name.ptr, ':', name.len) != NULL || memchr(name.ptr, '/', name.len) != NULL)
        return WRONG(r, node, "the id of a call is '%.*s:' and a name", MLN_FMT(prefix));
    rc = mln_plan_text(r->loader, r->product->file, node, id, &text);
    for (size_t i = 0; rc == MLN_OK && i < r->loader->call_count; i++)
        if (strcmp(r->loader->plan->entries[i].info.id, text) == 0)
            return WRONG(
                    r, node, "there is a call '%s' already: give this one an id with 'call'", text);
    r->entry->info.id = r->call->id = text;
    return rc;
}

static int read_ram(struct reader *r)
{
    MLN_AUTO(mln_buf_free) struct mln_buf buf = MLN_BUF_INIT(1024);
    struct mln_str ram = r->yaml.ram;
    int rc;

    if (mln_str_is(ram, "none")) {
        ram = mln_str_of("");
    } else if (ram.len == 0) {
        mln_buf_addf(&buf, "%.*s:%s", MLN_FMT(r->product->ram), r->entry->info.action);
        ram = mln_buf_str(&buf);
    } else if (!is_api_word(ram) || memchr(ram.ptr, ':', ram.len) == NULL ||
               memchr(ram.ptr, '*', ram.len) != NULL) {
        return WRONG(
                r, at(r, "ram"), "'ram' is a whole RAM action like oss:GetBucketInfo, or none");
    }
    rc = mln_plan_text(r->loader, r->product->file, at(r, "ram"), ram, &r->entry->info.ram_action);
    r->call->ram_action = r->entry->info.ram_action;
    return rc;
}

/* ---- where it is called ---- */

static int read_sites(struct reader *r)
{
    struct mln_yaml_strs sites = r->yaml.sites.count > 0 ? r->yaml.sites : r->product->sites;
    struct mln_str *items;

    if (sites.count == 0 || sites.count > MLN_PLAN_SITES_MAX)
        return WRONG(
                r, r->node, "a call per site needs 'sites': 1 to %zu regions", MLN_PLAN_SITES_MAX);
    items = mln_arena_alloc(&r->loader->plan->arena, sites.count * sizeof(*items));
    if (items == NULL)
        return mln_plan_no_memory(r->loader);
    for (size_t i = 0; i < sites.count; i++) {
        if (!is_api_word(sites.items[i]))
            return WRONG(r, r->node, "a site is the name of a region");
        for (size_t j = 0; j < i; j++)
            if (mln_str_eq(sites.items[i], sites.items[j]))
                return WRONG(r, r->node, "the site '%.*s' stands twice", MLN_FMT(sites.items[i]));
        items[i] = mln_arena_dup(&r->loader->plan->arena, sites.items[i]);
        if (items[i].ptr == NULL)
            return mln_plan_no_memory(r->loader);
    }
    r->entry->sites = (struct mln_yaml_strs){ items, sites.count };
    return MLN_OK;
}

static int read_regions(struct reader *r)
{
    bool own = r->yaml.regions.len > 0;
    struct mln_str table = own ? r->yaml.regions : r->product->regions;

    r->entry->region_node = own ? at(r, "regions") : r->product->regions_node;
    if (table.len == 0)
        return WRONG(r, r->node, "a call per region needs 'regions': the table that lists them");
    return mln_plan_text(
            r->loader, r->product->file, r->entry->region_node, table, &r->entry->region_from);
}

static int read_for_each(struct reader *r)
{
    const struct mln_yaml_node *node = at(r, "for_each");

    if (r->yaml.reach.len > 0)
        return WRONG(r, at(r, "reach"), "a call has 'reach' or 'for_each', not both");
    if (r->yaml.for_each.len == 0 || r->yaml.for_each.len > MLN_PLAN_SQL_MAX)
        return WRONG(r, node, "'for_each' is a table, or a query of at most %zu bytes",
                MLN_PLAN_SQL_MAX);
    r->entry->for_each_node = node;
    r->call->scope = MLN_SCOPE_ROW;
    return mln_plan_text(r->loader, r->product->file, node, r->yaml.for_each, &r->entry->for_each);
}

static int read_reach(struct reader *r)
{
    struct mln_str reach = r->yaml.reach.len > 0 ? r->yaml.reach : r->product->reach;
    bool is_row = mln_yaml_get(r->node, "for_each") != NULL;

    if (r->yaml.batch > 0 && !is_row)
        return WRONG(r, at(r, "batch"), "'batch' needs 'for_each'");
    if (is_row)
        return read_for_each(r);
    if (mln_str_is(reach, "account"))
        r->call->scope = MLN_SCOPE_ACCOUNT;
    else if (mln_str_is(reach, "sites"))
        r->call->scope = MLN_SCOPE_SITE;
    else if (mln_str_is(reach, "regions"))
        r->call->scope = MLN_SCOPE_REGION;
    else
        return WRONG(r, at(r, "reach"), "'reach' is account, sites or regions");
    if (r->call->scope == MLN_SCOPE_SITE)
        return read_sites(r);
    return r->call->scope == MLN_SCOPE_REGION ? read_regions(r) : MLN_OK;
}

/* ---- what is sent ---- */

static int read_param(
        struct reader *r, const struct mln_yaml_node *node, struct mln_plan_param *out)
{
    const char *name = NULL, *value = NULL;
    struct mln_str text = node->kind == MLN_YAML_NULL ? mln_str_of("") : node->text;
    int rc;

    if (!is_api_word(node->key->text))
        return WRONG(r, node->key, "a parameter's name is a word");
    if (node->kind != MLN_YAML_SCALAR && node->kind != MLN_YAML_NULL)
        return WRONG(r, node, "a parameter is a text");
    rc = mln_plan_text(r->loader, r->product->file, node->key, node->key->text, &name);
    if (rc == MLN_OK)
        rc = mln_plan_text(r->loader, r->product->file, node, text, &value);
    if (rc == MLN_OK)
        *out = (struct mln_plan_param){ mln_str_of(name), mln_str_of(value) };
    return rc;
}

static int read_request(struct reader *r)
{
    const struct mln_yaml_node *request = r->yaml.request;
    struct mln_plan_param *params;
    size_t count = 0;
    int rc = MLN_OK;

    if (request == NULL)
        return MLN_OK;
    if (request->kind != MLN_YAML_MAP || request->count > MLN_PLAN_PARAMS_MAX)
        return WRONG(
                r, request, "'request' is a map of at most %zu parameters", MLN_PLAN_PARAMS_MAX);
    params = mln_arena_alloc(&r->loader->plan->arena, (request->count + 1) * sizeof(*params));
    if (params == NULL)
        return mln_plan_no_memory(r->loader);
    for (const struct mln_yaml_node *n = request->first; rc == MLN_OK && n != NULL; n = n->next)
        rc = read_param(r, n, &params[count++]);
    r->entry->params = params;
    r->entry->param_count = count;
    r->entry->request_node = request;
    return rc;
}

static bool has_param(const struct mln_plan_entry *entry, struct mln_str name)
{
    for (size_t i = 0; i < entry->param_count; i++)
        if (mln_str_eq(entry->params[i].name, name))
            return true;
    return mln_str_eq(entry->variant_name, name);
}

static int read_variants(struct reader *r)
{
    const struct mln_yaml_node *map = r->yaml.variants, *list;
    struct mln_plan_param param = { 0 };
    struct mln_str *items;
    size_t count = 0;
    int rc;

    if (map == NULL)
        return MLN_OK;
    list = map->first;
    if (map->kind != MLN_YAML_MAP || map->count != 1 || list->kind != MLN_YAML_LIST ||
            list->count == 0 || list->count > MLN_PLAN_VARIANTS_MAX)
        return WRONG(r, map, "'variants' is one parameter with a list of 1 to %zu values",
                MLN_PLAN_VARIANTS_MAX);
    items = mln_arena_alloc(&r->loader->plan->arena, list->count * sizeof(*items));
    if (items == NULL)
        return mln_plan_no_memory(r->loader);
    for (const struct mln_yaml_node *n = list->first; n != NULL; n = n->next) {
        const struct mln_yaml_node value = {
            .kind = n->kind, .line = n->line, .column = n->column, .text = n->text, .key = list->key
        };

        rc = read_param(r, &value, &param);
        if (rc != MLN_OK)
            return rc;
        for (size_t j = 0; j < count; j++)
            if (mln_str_eq(items[j], param.value))
                return WRONG(r, n, "this variant stands twice");
        items[count++] = param.value;
    }
    if (has_param(r->entry, param.name))
        return WRONG(r, map, "the parameter of 'variants' stands in 'request', too");
    r->entry->variant_name = param.name;
    r->entry->variants = (struct mln_yaml_strs){ items, count };
    return MLN_OK;
}

static int page_param(struct reader *r, struct mln_str name, const char *key, struct mln_str *out)
{
    const struct mln_yaml_node *node = mln_yaml_get(r->yaml.page, key);
    const char *text = NULL;
    int rc;

    if (node == NULL)
        return MLN_OK;
    if (!is_api_word(name))
        return WRONG(r, node, "'%s' is the name of a parameter", key);
    if (has_param(r->entry, name))
        return WRONG(r, node, "the parameter of '%s' stands in 'request', too", key);
    rc = mln_plan_text(r->loader, r->product->file, node, name, &text);
    if (rc == MLN_OK)
        *out = mln_str_of(text);
    return rc;
}

static int page_paths(struct reader *r, const struct page *yaml, struct mln_plan_page *page)
{
    const struct mln_yaml_file *file = r->product->file;
    int rc = MLN_OK;

    page->has_total = yaml->total != NULL;
    page->has_more = yaml->more != NULL;
    if (yaml->next != NULL)
        rc = mln_plan_path(r->loader, file, yaml->next, &page->next);
    if (rc == MLN_OK && yaml->total != NULL)
        rc = mln_plan_path(r->loader, file, yaml->total, &page->total);
    if (rc == MLN_OK && yaml->more != NULL)
        rc = mln_plan_path(r->loader, file, yaml->more, &page->more);
    return rc;
}

static int page_scheme(struct reader *r, const struct page *yaml, struct mln_plan_page *page)
{
    bool is_number = mln_str_is(yaml->by, "number");

    if (!is_number && !mln_str_is(yaml->by, "token"))
        return WRONG(r, mln_yaml_get(r->yaml.page, "by"), "'by' is number or token");
    if (is_number && (yaml->number.len == 0 || yaml->token.len > 0 || yaml->next != NULL))
        return WRONG(
                r, r->yaml.page, "pages by number need 'number' and have no 'token' or 'next'");
    if (!is_number && (yaml->token.len == 0 || yaml->next == NULL || yaml->number.len > 0))
        return WRONG(
                r, r->yaml.page, "pages by token need 'token' and 'next' and have no 'number'");
    if ((yaml->size.len > 0) != (yaml->max > 0))
        return WRONG(r, r->yaml.page, "'size' (the parameter) and 'max' (its value) go together");
    if (is_number && yaml->total == NULL && yaml->more == NULL && yaml->max == 0)
        return WRONG(r, r->yaml.page, "pages by number need 'total', 'more' or 'max' to end");
    page->by = is_number ? MLN_PAGE_NUMBER : MLN_PAGE_TOKEN;
    page->max = yaml->max;
    return MLN_OK;
}

static int read_page(struct reader *r)
{
    struct mln_plan_page *page = &r->entry->page;
    struct page yaml = { .max = 0 };
    int rc;

    r->entry->info.paging = "";
    if (r->yaml.page == NULL)
        return MLN_OK;
    rc = mln_yaml_decode(r->product->file, r->yaml.page, page_fields, MLN_LEN(page_fields), &yaml,
            &r->loader->yaml, r->loader->err);
    if (rc == MLN_OK)
        rc = page_scheme(r, &yaml, page);
    if (rc == MLN_OK)
        rc = page_param(r, yaml.number, "number", &page->position);
    if (rc == MLN_OK)
        rc = page_param(r, yaml.token, "token", &page->position);
    if (rc == MLN_OK)
        rc = page_param(r, yaml.size, "size", &page->size);
    if (rc == MLN_OK)
        rc = page_paths(r, &yaml, page);
    r->entry->info.paging = page->by == MLN_PAGE_NUMBER ? "number" : "token";
    return rc;
}

/* ---- what comes back ---- */

static int read_mask(struct reader *r)
{
    const struct mln_yaml_strs mask = r->yaml.mask;
    struct mln_arena *arena = &r->loader->plan->arena;
    struct mln_str *items;

    if (mask.count == 0)
        return MLN_OK;
    if (mask.count > MLN_PLAN_MASK_MAX || r->entry->is_csv)
        return WRONG(r, at(r, "mask"), "'mask' is 1 to %zu names of members, and not for 'decode'",
                MLN_PLAN_MASK_MAX);
    items = mln_arena_alloc(arena, mask.count * sizeof(*items));
    if (items == NULL)
        return mln_plan_no_memory(r->loader);
    for (size_t i = 0; i < mask.count; i++) {
        items[i] = mln_arena_dup(arena, mask.items[i]);
        if (items[i].ptr == NULL)
            return mln_plan_no_memory(r->loader);
    }
    r->entry->mask = (struct mln_yaml_strs){ items, mask.count };
    return MLN_OK;
}

/* Which table the columns are of is known when the query of 'for_each' is. */
static int read_unchanged(struct reader *r)
{
    const struct mln_yaml_strs columns = r->yaml.unchanged_while;
    struct mln_arena *arena = &r->loader->plan->arena;
    struct mln_str *items;

    if (columns.count == 0)
        return MLN_OK;
    items = mln_arena_alloc(arena, columns.count * sizeof(*items));
    if (items == NULL)
        return mln_plan_no_memory(r->loader);
    for (size_t i = 0; i < columns.count; i++) {
        items[i] = mln_arena_dup(arena, columns.items[i]);
        if (items[i].ptr == NULL)
            return mln_plan_no_memory(r->loader);
    }
    r->entry->unchanged_node = at(r, "unchanged_while");
    r->entry->unchanged_while = (struct mln_yaml_strs){ items, columns.count };
    return MLN_OK;
}

static int read_decode(struct reader *r)
{
    if (r->yaml.decode.len == 0)
        return MLN_OK;
    if (!mln_str_is(r->yaml.decode, "base64_csv"))
        return WRONG(r, at(r, "decode"), "'decode' is base64_csv");
    if (r->yaml.item == NULL || r->yaml.list != NULL)
        return WRONG(r, at(r, "decode"), "'decode' needs 'item', where the text is");
    r->entry->is_csv = true;
    return mln_plan_path(r->loader, r->product->file, r->yaml.item, &r->entry->csv);
}

static int read_rows(struct reader *r)
{
    struct mln_plan_rows_yaml yaml = { .table = r->yaml.table,
        .list = r->yaml.list,
        .item = r->entry->is_csv ? NULL : r->yaml.item,
        .id = r->yaml.id,
        .name = r->yaml.name,
        .region = r->yaml.region,
        .columns = r->yaml.columns,
        .rows = r->yaml.rows,
        .is_csv = r->entry->is_csv };
    struct mln_row_map *map;
    int rc;

    r->entry->table = r->entry->info.table = "";
    if (mln_yaml_get(r->node, "table") == NULL) {
        if (yaml.list != NULL || yaml.item != NULL || yaml.id != NULL || yaml.columns != NULL ||
                yaml.rows != NULL || yaml.is_csv)
            return WRONG(r, r->node, "the call says what its rows are and names no 'table'");
        return MLN_OK;
    }
    map = mln_arena_alloc(&r->loader->plan->arena, sizeof(*map));
    if (map == NULL)
        return mln_plan_no_memory(r->loader);
    rc = mln_plan_rows(r->loader, r->product->file, r->node, &yaml, map);
    if (rc != MLN_OK)
        return rc;
    r->call->rows = map;
    r->entry->table = r->entry->info.table = r->loader->tables[map->table].table.name;
    r->entry->single = r->loader->tables[map->table].table.single;
    /* It says whose snapshot this is, before anything else is asked. */
    if (strcmp(r->entry->table, MLN_ACCOUNT_TABLE) == 0 &&
            (r->call->scope != MLN_SCOPE_ACCOUNT || !r->entry->single || !map->has_id))
        return WRONG(r, at(r, "table"),
                "the table 'account' is filled by one call for the account, with 'id'");
    if (r->entry->batch > 0 && r->entry->single)
        return WRONG(r, at(r, "batch"), "a call for many keys needs 'list'");
    return MLN_OK;
}

static int read_identity(struct reader *r)
{
    struct mln_plan_entry *entry = r->entry;
    const struct product *product = r->product;
    const struct mln_yaml_node *root = product->file->documents[0];
    int rc;

    entry->info.style = product->style_value;
    entry->product_errors = product->error_rows;
    entry->batch = r->yaml.batch;
    rc = mln_plan_text(r->loader, product->file, root, product->product, &entry->info.product);
    if (rc == MLN_OK)
        rc = mln_plan_text(r->loader, product->file, root, product->code, &entry->info.code);
    if (rc == MLN_OK)
        rc = mln_plan_text(r->loader, product->file, root, product->version, &entry->info.version);
    if (rc == MLN_OK)
        rc = read_action(r);
    if (rc == MLN_OK)
        rc = read_id(r);
    return rc == MLN_OK ? read_ram(r) : rc;
}

static int read_call(struct mln_plan_loader *loader, const struct product *product,
        const struct mln_yaml_node *node)
{
    struct reader r = { .loader = loader, .product = product, .node = node };
    int rc;

    if (loader->call_count == MLN_PLAN_CALLS_MAX)
        return mln_yaml_fail(loader->err, product->file, node, "a plan has at most %zu calls",
                MLN_PLAN_CALLS_MAX);
    rc = mln_yaml_decode(product->file, node, call_fields, MLN_LEN(call_fields), &r.yaml,
            &loader->yaml, loader->err);
    if (rc != MLN_OK)
        return rc;
    r.entry = &loader->plan->entries[loader->call_count];
    r.call = &loader->calls[loader->call_count];
    *r.entry = (struct mln_plan_entry){ .file = product->file, .node = node };
    *r.call = (struct mln_schema_call){ 0 };
    rc = read_identity(&r);
    if (rc == MLN_OK)
        rc = read_reach(&r);
    if (rc == MLN_OK)
        rc = read_request(&r);
    if (rc == MLN_OK)
        rc = read_variants(&r);
    if (rc == MLN_OK)
        rc = read_page(&r);
    if (rc == MLN_OK)
        rc = read_errors(loader, product->file, r.yaml.errors, &r.entry->errors);
    if (rc == MLN_OK)
        rc = mln_plan_send(loader, product->file, &product->send, &r.yaml.send, r.entry);
    if (rc == MLN_OK)
        rc = read_decode(&r);
    if (rc == MLN_OK)
        rc = read_mask(&r);
    if (rc == MLN_OK)
        rc = read_unchanged(&r);
    if (rc == MLN_OK)
        rc = read_rows(&r);
    r.entry->info.index = loader->call_count;
    r.entry->info.scope = r.call->scope;
    loader->call_count += rc == MLN_OK;
    return rc;
}

/* ---- the product ---- */

static int check_product(struct mln_plan_loader *loader, struct product *product)
{
    static const char *const styles[] = { "rpc", "roa", "oss" };
    const struct mln_yaml_node *root = product->file->documents[0];
    const struct {
        const char *key;
        struct mln_str text;
    } words[] = { { "code", product->code }, { "version", product->version },
        { "ram", product->ram } };

    for (size_t i = 0; i < MLN_LEN(words); i++)
        if (!is_api_word(words[i].text) ||
                (i == 2 && memchr(words[i].text.ptr, ':', words[i].text.len) != NULL) ||
                memchr(words[i].text.ptr, '*', words[i].text.len) != NULL)
            return mln_yaml_fail(loader->err, product->file, mln_yaml_get(root, words[i].key),
                    "'%s' must be a word", words[i].key);
    for (size_t i = 0; i < MLN_LEN(styles); i++)
        if (mln_str_is(product->style, styles[i])) {
            product->style_value = (enum mln_plan_style)i;
            return MLN_OK;
        }
    return mln_yaml_fail(
            loader->err, product->file, mln_yaml_get(root, "style"), "'style' is rpc, roa or oss");
}

int mln_plan_product(struct mln_plan_loader *loader, struct mln_yaml_file *file)
{
    const struct mln_yaml_node *root = file->documents[0];
    struct product product = { .file = file, .regions_node = mln_yaml_get(root, "regions") };
    int rc = mln_yaml_decode(file, root, product_fields, MLN_LEN(product_fields), &product,
            &loader->yaml, loader->err);

    if (rc == MLN_OK)
        rc = check_product(loader, &product);
    if (rc == MLN_OK && !mln_str_is(product.reach, "account") &&
            !mln_str_is(product.reach, "sites") && !mln_str_is(product.reach, "regions"))
        rc = mln_yaml_fail(loader->err, file, mln_yaml_get(root, "reach"),
                "'reach' is account, sites or regions");
    if (rc == MLN_OK)
        rc = read_errors(loader, file, product.errors, &product.error_rows);
    if (rc == MLN_OK && (product.calls->kind != MLN_YAML_LIST || product.calls->count == 0))
        rc = mln_yaml_fail(loader->err, file, product.calls, "'calls' is a list of calls");
    for (const struct mln_yaml_node *n = rc == MLN_OK ? product.calls->first : NULL;
            rc == MLN_OK && n != NULL; n = n->next)
        rc = read_call(loader, &product, n);
    return rc;
}
