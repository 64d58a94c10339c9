#include "client/sas.h"

#include <stdio.h>

#define DESCRIBE   "DescribeRiskCheckResult"
#define RESOURCES  "DescribeRiskCheckItemResult"
#define SUCCESSOR  "ListCheckResult"
#define NEWER_ROWS "ListCheckInstanceResult"
#define MARK_ITEM  "ModifyRiskCheckStatus"
#define MARK_ROW   "ModifyRiskSingleResultStatus"
#define START      "StartBaselineSecurityCheck"

#define PAGE_SIZE       50
#define REPEATS_MAX     3
#define EMPTY_PAGES_MAX 3
#define PARAMS_BYTES    ((size_t)4 * 1024 * 1024)
#define KEY_MAX         ((size_t)64 * 1024)

/* Reads first. */
static const struct mln_api_action actions[] = {
    { DESCRIBE, false, "list check results" },
    { RESOURCES, false, "list the resources of a check item" },
    { SUCCESSOR, false, "list check results where the older action is retired" },
    { NEWER_ROWS, false, "list the resources of a check item where the older action is retired" },
    { MARK_ITEM, true, "ignore a check item" },
    { MARK_ROW, true, "ignore resources of a check item" },
    { START, true, "start a check run" },
};
#define READS 4

const struct mln_api_action *mln_sas_actions(bool with_writes, size_t *count)
{
    *count = with_writes ? MLN_LEN(actions) : READS;
    return actions;
}

void mln_sas_items_init(struct mln_sas_items *items)
{
    *items = (struct mln_sas_items){ .arena = MLN_ARENA_INIT(MLN_SAS_TEXT_MAX) };
}

void mln_sas_items_free(struct mln_sas_items *items)
{
    free(items->items);
    mln_arena_free(&items->arena);
    *items = (struct mln_sas_items){ 0 };
}

int mln_sas_items_add(
        struct mln_sas_items *out, const struct mln_sas_item *item, struct mln_err *err)
{
    if (out->count == out->capacity) {
        size_t capacity = out->capacity > 0 ? out->capacity * 2 : 64;
        struct mln_sas_item *items = reallocarray(out->items, capacity, sizeof(*items));

        if (items == NULL)
            return mln_fail(err, MLN_ENOMEM, "out of memory for check results");
        out->items = items;
        out->capacity = capacity;
    }
    out->items[out->count++] = *item;
    return MLN_OK;
}

/* ---- parameters ---- */

struct request {
    struct mln_arena arena;
    struct mln_params params;
    int rc;
};

static void request_free(struct request *request)
{
    mln_arena_free(&request->arena);
}

static void put(struct request *request, const char *name, struct mln_str value)
{
    struct mln_err err = { 0 };

    if (request->rc == MLN_OK)
        request->rc = mln_params_add(&request->params, &request->arena,
                mln_arena_dup(&request->arena, mln_str_of(name)), value, &err);
}

static void put_number(struct request *request, const char *name, int64_t number)
{
    char text[24];

    (void)snprintf(text, sizeof(text), "%lld", (long long)number);
    put(request, name, mln_arena_dup(&request->arena, mln_str_of(text)));
}

static void put_numbers(
        struct request *request, const char *list, const int64_t *numbers, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        char name[64];

        (void)snprintf(name, sizeof(name), "%s.%zu", list, i + 1);
        put_number(request, name, numbers[i]);
    }
}

#define REQUEST_INIT                          \
    {                                         \
        .arena = MLN_ARENA_INIT(PARAMS_BYTES) \
    }

static int call(struct mln_api *api, const char *action, struct request *request,
        struct mln_api_answer *answer, struct mln_err *err)
{
    if (request->rc != MLN_OK)
        return mln_fail(err, request->rc, "%s: too many parameters", action);
    return mln_api_call(api, action, &request->params, answer, err);
}

/* ---- one item ---- */

/* Numbers that a gateway turned into text are still numbers. */
static bool read_int(struct mln_json_value object, const char *name, int64_t *out)
{
    struct mln_json_value value;
    struct mln_str text;

    return mln_json_get(object, name, &value) &&
           (mln_json_to_i64(value, out) ||
                   (mln_json_to_str(value, &text) && mln_str_to_i64(text, out) == MLN_OK));
}

static bool read_text(struct mln_json_value object, const char *name, struct mln_arena *arena,
        struct mln_str *out)
{
    struct mln_str text = { 0 };

    if (!mln_json_get_str(object, name, &text))
        return true;
    *out = mln_arena_dup(arena, text);
    return out->ptr != NULL;
}

/* ContentResource is an object; some gateways send its text. */
static bool read_resource(
        struct mln_json_value resource, struct mln_arena *arena, struct mln_str *out)
{
    struct mln_json_value content;
    struct mln_json *doc = NULL;
    struct mln_err err = { 0 };
    struct mln_str text;
    bool done;

    if (!mln_json_get(resource, "ContentResource", &content))
        return true;
    if (!mln_json_to_str(content, &text))
        return read_text(content, "value", arena, out);
    if (mln_json_parse(text, &doc, &err) != MLN_OK)
        return true;
    done = read_text(mln_json_root(doc), "value", arena, out);
    mln_json_free(doc);
    return done;
}

static bool read_texts(
        struct mln_json_value item, struct mln_arena *arena, struct mln_sas_item *out)
{
    static const char *const names[MLN_SAS_TEXTS] = { "bestPractice", "influence", "suggestion",
        "helpResource" };
    struct mln_json_value list, resource;
    struct mln_json_iter iter;
    struct mln_str name = { 0 };
    bool done = true;

    if (!mln_json_get(item, "RiskItemResources", &list))
        return true;
    iter = mln_json_iter(list);
    while (done && mln_json_next(&iter, NULL, &resource)) {
        for (size_t i = 0; i < MLN_SAS_TEXTS; i++) {
            if (mln_json_get_str(resource, "ResourceName", &name) && mln_str_is(name, names[i]))
                done = read_resource(resource, arena, &out->texts[i]);
        }
    }
    return done;
}

static int read_item(struct mln_json_value json, struct mln_arena *arena, struct mln_sas_item *out,
        struct mln_err *err)
{
    const struct {
        const char *name;
        struct mln_str *text;
    } texts[] = {
        { "NotAssessed", &out->not_assessed },
        { "RepairStatus", &out->repair_status },
        { "RiskAssertType", &out->asset_type },
        { "RiskLevel", &out->level },
        { "StartStatus", &out->start_status },
        { "Status", &out->status },
        { "Title", &out->title },
        { "Type", &out->type },
    };

    if (!read_int(json, "ItemId", &out->item_id) || out->item_id < 1)
        return mln_fail(err, MLN_EIO, "the server listed a check item without a usable ItemId");
    (void)read_int(json, "TaskId", &out->task_id);
    (void)read_int(json, "CheckTime", &out->check_time_ms);
    (void)read_int(json, "AffectedCount", &out->affected);
    (void)read_int(json, "RemainingTime", &out->remaining_s);
    (void)read_int(json, "Sort", &out->sort);
    for (size_t i = 0; i < MLN_LEN(texts); i++) {
        if (!read_text(json, texts[i].name, arena, texts[i].text))
            return mln_fail(err, MLN_ENOMEM, "out of memory for check results");
    }
    if (!read_texts(json, arena, out))
        return mln_fail(err, MLN_ENOMEM, "out of memory for check results");
    return MLN_OK;
}

/* The newer words, in the older spelling; a word that is not known stays as it is. */
static bool read_word(
        struct mln_json_value json, const char *name, struct mln_arena *arena, struct mln_str *out)
{
    static const struct {
        const char *newer, *older;
    } words[] = {
        { "CHECKING", "running" },
        { "FAILED", "waiting" },
        { "HIGH", "high" },
        { "LOW", "low" },
        { "MEDIUM", "medium" },
        { "NOT_CHECK", "waiting" },
        { "NOT_PASS", "failed" },
        { "PASS", "pass" },
        { "WHITELIST", "ignored" },
    };

    if (!read_text(json, name, arena, out))
        return false;
    for (size_t i = 0; i < MLN_LEN(words); i++) {
        if (mln_str_is(*out, words[i].newer))
            *out = mln_str_of(words[i].older);
    }
    return true;
}

static int read_check(struct mln_json_value json, struct mln_arena *arena, struct mln_sas_item *out,
        struct mln_err *err)
{
    struct mln_json_value policies, policy;
    struct mln_json_iter iter;

    if (!read_int(json, "CheckId", &out->item_id) || out->item_id < 1)
        return mln_fail(err, MLN_EIO, "the server listed a check without a usable CheckId");
    (void)read_int(json, "TaskId", &out->task_id);
    (void)read_int(json, "LastCheckTime", &out->check_time_ms);
    if (mln_json_get(json, "CheckPolicies", &policies)) {
        iter = mln_json_iter(policies);
        if (mln_json_next(&iter, NULL, &policy) &&
                !read_text(policy, "SectionShowName", arena, &out->type))
            return mln_fail(err, MLN_ENOMEM, "out of memory for check results");
    }
    if (!read_word(json, "RiskLevel", arena, &out->level) ||
            !read_word(json, "Status", arena, &out->status) ||
            !read_text(json, "CheckShowName", arena, &out->title) ||
            !read_text(json, "InstanceType", arena, &out->asset_type) ||
            !read_text(json, "StatusMessage", arena, &out->not_assessed))
        return mln_fail(err, MLN_ENOMEM, "out of memory for check results");
    return MLN_OK;
}

/* ---- listing ---- */

/* How one action lists: the older, and its successor. */
struct lister {
    const char *action, *list, *id_list, *name_param;
    int (*read)(struct mln_json_value json, struct mln_arena *arena, struct mln_sas_item *out,
            struct mln_err *err);
};

static const struct lister older = { DESCRIBE, "List", "ItemIds", "Name", read_item };
static const struct lister newer = { SUCCESSOR, "Checks", "CheckIds", "CheckKey", read_check };

struct listing {
    struct mln_api *api;
    const struct mln_sas_query *query;
    const struct lister *lister;
    struct mln_sas_items *out;
    struct mln_map seen;
    int64_t total;
    bool total_known, total_moved;
    bool retired; /* The endpoint does not have the action any more. */
};

static int fetch_page(struct listing *listing, int64_t page, int64_t page_size,
        struct mln_api_answer *answer, struct mln_err *err)
{
    MLN_AUTO(request_free) struct request request = REQUEST_INIT;
    const struct mln_sas_query *query = listing->query;

    put_number(&request, "CurrentPage", page);
    put_number(&request, "PageSize", page_size);
    put(&request, "Lang", mln_str_of(query->lang));
    put_numbers(&request, listing->lister->id_list, query->ids, query->id_count);
    if (query->name.len > 0)
        put(&request, listing->lister->name_param, query->name);
    if (listing->lister == &older && query->group > 0)
        put_number(&request, "GroupId", query->group);
    if (listing->lister == &older && query->asset_type.len > 0)
        put(&request, "AssetType", query->asset_type);
    return call(listing->api, listing->lister->action, &request, answer, err);
}

static int take_item(
        struct listing *listing, struct mln_json_value json, bool *is_new, struct mln_err *err)
{
    struct mln_sas_item item = { 0 };
    struct mln_str key;
    int rc = listing->lister->read(json, &listing->out->arena, &item, err);

    if (rc != MLN_OK)
        return rc;
    key = (struct mln_str){ (const char *)&item.item_id, sizeof(item.item_id) };
    if (mln_map_get(&listing->seen, key) != NULL)
        return MLN_OK;
    rc = mln_map_put(&listing->seen, key, listing, NULL);
    if (rc != MLN_OK)
        return mln_fail(err, rc, "more than %zu check items", MLN_SAS_ITEMS_MAX);
    *is_new = true;
    return mln_sas_items_add(listing->out, &item, err);
}

static int take_page(struct listing *listing, const struct mln_api_answer *answer, bool *any_new,
        struct mln_err *err)
{
    struct mln_json_value totals = answer->data, list, json;
    struct mln_json_iter iter;
    int64_t total = 0;
    int rc = MLN_OK;

    if (listing->lister == &newer && !mln_json_get(answer->data, "PageInfo", &totals))
        totals = answer->data;
    if (!read_int(totals, "TotalCount", &total) || total < 0 ||
            !mln_json_get(answer->data, listing->lister->list, &list) ||
            (mln_json_type(list) != MLN_JSON_ARRAY && mln_json_type(list) != MLN_JSON_NULL))
        return mln_fail(err, MLN_EIO,
                "the server's answer has no TotalCount and %s: check the endpoint",
                listing->lister->list);
    listing->total_moved = listing->total_moved ||
                           (listing->total_known && total != listing->total);
    listing->total_known = true;
    listing->total = total;
    iter = mln_json_iter(list);
    while (rc == MLN_OK && mln_json_next(&iter, NULL, &json))
        rc = take_item(listing, json, any_new, err);
    (void)snprintf(
            listing->out->request_id, sizeof(listing->out->request_id), "%s", answer->request_id);
    return rc;
}

/* Codes of an action that is not served (any more). */
static bool is_retired(const char *code)
{
    static const char *const heads[] = { "InvalidAction", "InvalidApi", "UnsupportedApi",
        "ApiOffline", "Api.Offline", "OfflineApi", "PhasedOut", "ApiDeprecated" };

    for (size_t i = 0; i < MLN_LEN(heads); i++) {
        if (mln_str_starts(mln_str_of(code), mln_str_of(heads[i])))
            return true;
    }
    return false;
}

static int one_page(struct listing *listing, int64_t page, int64_t page_size, bool *any_new,
        struct mln_err *err)
{
    struct mln_api_answer answer = { 0 };
    int rc = fetch_page(listing, page, page_size, &answer, err);

    if (rc == MLN_OK)
        rc = take_page(listing, &answer, any_new, err);
    else
        listing->retired = is_retired(answer.code);
    mln_api_answer_free(&answer);
    return rc;
}

static int all_pages(struct listing *listing, struct mln_err *err)
{
    int64_t page_size = listing->query->page_size > 0 ? listing->query->page_size : PAGE_SIZE;
    int without_news = 0, rc = MLN_OK;

    for (int64_t page = 1; rc == MLN_OK && without_news < EMPTY_PAGES_MAX; page++) {
        bool any_new = false;

        if (listing->query->stop != NULL && *listing->query->stop != 0)
            return mln_fail(err, MLN_ECANCELLED, "interrupted");
        rc = one_page(listing, page, page_size, &any_new, err);
        without_news = any_new ? 0 : without_news + 1;
        if ((int64_t)listing->seen.count >= listing->total)
            break;
    }
    return rc;
}

static void forget(struct listing *listing)
{
    mln_map_fini(&listing->seen, NULL);
    mln_map_init(&listing->seen, MLN_SAS_ITEMS_MAX);
    listing->total_known = false;
    listing->total_moved = false;
    listing->out->count = 0;
    mln_arena_reset(&listing->out->arena);
}

static int list_until_agreed(struct listing *listing, struct mln_err *err)
{
    int rc = MLN_OK;

    for (int pass = 0; pass <= REPEATS_MAX; pass++) {
        forget(listing);
        rc = all_pages(listing, err);
        if (rc != MLN_OK ||
                (!listing->total_moved && (int64_t)listing->seen.count == listing->total))
            return rc;
    }
    listing->out->incomplete = true;
    return mln_fail(err, MLN_EPARTIAL,
            "listed %zu check items where the server counts %lld: the list is incomplete",
            listing->seen.count, (long long)listing->total);
}

static int list_by(struct listing *listing, const struct lister *lister, struct mln_err *err)
{
    const struct mln_sas_query *query = listing->query;
    bool any_new = false;

    listing->lister = lister;
    if (query->page == 0)
        return list_until_agreed(listing, err);
    forget(listing);
    return one_page(listing, query->page, query->page_size > 0 ? query->page_size : PAGE_SIZE,
            &any_new, err);
}

int mln_sas_list(struct mln_api *api, const struct mln_sas_query *query, struct mln_sas_items *out,
        struct mln_err *err)
{
    struct listing listing = { .api = api, .query = query, .out = out };
    int rc;

    mln_map_init(&listing.seen, MLN_SAS_ITEMS_MAX);
    rc = list_by(&listing, &older, err);
    if (rc != MLN_OK && listing.retired) {
        out->successor = true;
        rc = list_by(&listing, &newer, err);
    }
    mln_map_fini(&listing.seen, NULL);
    out->total = listing.total;
    return rc;
}

/* ---- resources ---- */

static struct mln_str cell(struct mln_json_value row, struct mln_str column)
{
    struct mln_json_iter iter = mln_json_iter(row);
    struct mln_json_value value;
    struct mln_str key = { 0 }, text = { 0 };

    while (mln_json_next(&iter, &key, &value)) {
        if (mln_str_eq(key, column) && mln_json_get_str(value, "value", &text))
            return text;
    }
    return text;
}

/* The resource's own column: the first that is neither Region nor the value. */
static struct mln_str resource_column(struct mln_json_value grid)
{
    struct mln_json_value columns, column;
    struct mln_json_iter iter;
    struct mln_str key = { 0 };

    if (!mln_json_get(grid, "columns", &columns))
        return key;
    iter = mln_json_iter(columns);
    while (mln_json_next(&iter, NULL, &column)) {
        if (mln_json_get_str(column, "key", &key) && !mln_str_is(key, "RegionId") &&
                !mln_str_is(key, "VulValue"))
            return key;
    }
    return (struct mln_str){ 0 };
}

/* The resources of one item on their way: each is given once, however often a server lists it. */
struct grid_reader {
    struct mln_api *api;
    const char *lang;
    const volatile int *stop;
    mln_sas_resource_fn *fn;
    void *ctx;
    struct mln_map seen;
    int64_t item_id, total;
    bool newer, retired;
};

static int give_resource(
        struct grid_reader *reader, const struct mln_sas_resource *resource, struct mln_err *err)
{
    MLN_AUTO(mln_buf_free) struct mln_buf key = MLN_BUF_INIT(KEY_MAX);
    int rc;

    mln_buf_addf(&key, "%lld %.*s %.*s", (long long)resource->result_id, MLN_FMT(resource->region),
            MLN_FMT(resource->id));
    if (key.code != MLN_OK)
        return mln_fail(err, MLN_EIO, "the server listed a resource with an endless name");
    if (mln_map_get(&reader->seen, mln_buf_str(&key)) != NULL)
        return MLN_OK;
    rc = mln_map_put(&reader->seen, mln_buf_str(&key), reader, NULL);
    if (rc != MLN_OK)
        return mln_fail(err, rc, "more than %zu resources of one item", MLN_SAS_RESOURCES_MAX);
    return mln_str_is(resource->status, "pass") ? MLN_OK : reader->fn(reader->ctx, resource, err);
}

static int take_grid(struct mln_json_value grid, struct grid_reader *reader, struct mln_err *err)
{
    struct mln_json_value statuses = { 0 }, values = { 0 }, status, row;
    struct mln_str column = resource_column(grid);
    struct mln_json_iter status_iter, row_iter;
    int rc = MLN_OK;

    (void)mln_json_get(grid, "resultStatus", &statuses);
    (void)mln_json_get(grid, "values", &values);
    status_iter = mln_json_iter(statuses);
    row_iter = mln_json_iter(values);
    while (rc == MLN_OK && mln_json_next(&row_iter, NULL, &row)) {
        struct mln_sas_resource resource = {
            .region = cell(row, MLN_STR("RegionId")),
            .id = cell(row, column),
            .value = cell(row, MLN_STR("VulValue")),
        };

        if (mln_json_next(&status_iter, NULL, &status)) {
            (void)read_int(status, "id", &resource.result_id);
            (void)mln_json_get_str(status, "status", &resource.status);
        }
        rc = give_resource(reader, &resource, err);
    }
    return rc;
}

static int resource_page(const struct grid_reader *reader, int64_t page,
        struct mln_api_answer *answer, struct mln_err *err)
{
    MLN_AUTO(request_free) struct request request = REQUEST_INIT;
    int rc;

    put_number(&request, reader->newer ? "CheckId" : "ItemId", reader->item_id);
    put_number(&request, "CurrentPage", page);
    put_number(&request, "PageSize", PAGE_SIZE);
    put(&request, "Lang", mln_str_of(reader->lang));
    rc = call(reader->api, reader->newer ? NEWER_ROWS : RESOURCES, &request, answer, err);
    if (rc != MLN_OK && mln_str_is(mln_str_of(answer->code), "RiskItemNotExists"))
        return mln_fail(
                err, MLN_ENOTFOUND, "there is no check item %lld", (long long)reader->item_id);
    return rc;
}

/* The newer list has passed resources, too; its ids are of no use to the older marks. */
static int take_instances(
        const struct mln_api_answer *answer, struct grid_reader *reader, struct mln_err *err)
{
    struct mln_json_value page, list, json;
    struct mln_arena arena = MLN_ARENA_INIT(PARAMS_BYTES);
    struct mln_json_iter iter;
    int rc = MLN_OK;

    if (!mln_json_get(answer->data, "PageInfo", &page) ||
            !read_int(page, "TotalCount", &reader->total) || reader->total < 0 ||
            !mln_json_get(answer->data, "BasicData", &list) ||
            (mln_json_type(list) != MLN_JSON_ARRAY && mln_json_type(list) != MLN_JSON_NULL))
        return mln_fail(err, MLN_EIO,
                "the server's answer has no PageInfo and BasicData: check the endpoint");
    iter = mln_json_iter(list);
    while (rc == MLN_OK && mln_json_next(&iter, NULL, &json)) {
        struct mln_sas_resource resource = { 0 };

        (void)mln_json_get_str(json, "RegionId", &resource.region);
        (void)mln_json_get_str(json, "InstanceId", &resource.id);
        (void)mln_json_get_str(json, "StatusMessage", &resource.value);
        mln_arena_reset(&arena);
        if (!read_word(json, "Status", &arena, &resource.status))
            rc = mln_fail(err, MLN_ENOMEM, "out of memory for resources");
        else
            rc = give_resource(reader, &resource, err);
    }
    mln_arena_free(&arena);
    return rc;
}

/* `text` is freed by the caller: some gateways send the grid as text. */
static int grid_of(struct mln_json_value page, struct mln_json **text, struct mln_json_value *out,
        struct mln_err *err)
{
    struct mln_json_value content = { 0 };
    struct mln_str inner;
    int rc;

    if (!mln_json_get(page, "ContentResource", &content))
        return mln_fail(err, MLN_EIO, "the server's answer has no ContentResource");
    *out = content;
    if (!mln_json_to_str(content, &inner))
        return MLN_OK;
    rc = mln_json_parse(inner, text, err);
    if (rc != MLN_OK)
        return mln_wrap(err, MLN_EIO, "ContentResource");
    *out = mln_json_root(*text);
    return MLN_OK;
}

static int take_resources(
        const struct mln_api_answer *answer, struct grid_reader *reader, struct mln_err *err)
{
    struct mln_json_value page, grid = { 0 };
    struct mln_json *text = NULL;
    int rc;

    if (!mln_json_get(answer->data, "PageContentResource", &page) ||
            !read_int(page, "TotalCount", &reader->total) || reader->total < 0)
        return mln_fail(
                err, MLN_EIO, "the server's answer has no PageContentResource: check the endpoint");
    rc = grid_of(page, &text, &grid, err);
    if (rc == MLN_OK)
        rc = take_grid(grid, reader, err);
    mln_json_free(text);
    return rc;
}

static int one_resource_page(struct grid_reader *reader, int64_t page, struct mln_err *err)
{
    struct mln_api_answer answer = { 0 };
    int rc = resource_page(reader, page, &answer, err);

    if (rc == MLN_OK)
        rc = reader->newer ? take_instances(&answer, reader, err)
                           : take_resources(&answer, reader, err);
    else
        reader->retired = is_retired(answer.code);
    mln_api_answer_free(&answer);
    return rc;
}

static int all_resources(struct grid_reader *reader, struct mln_err *err)
{
    int without_news = 0, rc = MLN_OK;

    for (int64_t page = 1; rc == MLN_OK && without_news < EMPTY_PAGES_MAX; page++) {
        size_t before = reader->seen.count;

        if (reader->stop != NULL && *reader->stop != 0)
            return mln_fail(err, MLN_ECANCELLED, "interrupted");
        rc = one_resource_page(reader, page, err);
        without_news = reader->seen.count > before ? 0 : without_news + 1;
        if (rc == MLN_OK && (int64_t)reader->seen.count >= reader->total)
            break;
    }
    if (rc == MLN_OK && (int64_t)reader->seen.count != reader->total)
        return mln_fail(err, MLN_EPARTIAL,
                "listed %zu resources where the server counts %lld: the list is incomplete",
                reader->seen.count, (long long)reader->total);
    return rc;
}

int mln_sas_resources(struct mln_api *api, int64_t item_id, const char *lang,
        const volatile int *stop, mln_sas_resource_fn *fn, void *ctx, struct mln_err *err)
{
    struct grid_reader reader = {
        .api = api, .lang = lang, .stop = stop, .fn = fn, .ctx = ctx, .item_id = item_id
    };
    int rc;

    mln_map_init(&reader.seen, MLN_SAS_RESOURCES_MAX);
    rc = all_resources(&reader, err);
    if (rc != MLN_OK && reader.retired && reader.seen.count == 0) {
        reader.newer = true;
        rc = all_resources(&reader, err);
    }
    mln_map_fini(&reader.seen, NULL);
    return rc;
}

/* ---- writes ---- */

static int write_once(struct mln_api *api, const char *action, struct request *request,
        char request_id[64], bool *sent, struct mln_err *err)
{
    struct mln_api_answer answer = { 0 };
    int rc = call(api, action, request, &answer, err);

    *sent = answer.sent;
    (void)snprintf(request_id, 64, "%s", answer.request_id);
    mln_api_answer_free(&answer);
    return rc;
}

int mln_sas_mark_item(struct mln_api *api, int64_t item_id, int64_t task_id, bool ignore,
        char request_id[64], bool *sent, struct mln_err *err)
{
    MLN_AUTO(request_free) struct request request = REQUEST_INIT;

    put_number(&request, "ItemId", item_id);
    put_number(&request, "TaskId", task_id);
    put(&request, "Status", ignore ? MLN_STR("ignored") : MLN_STR("reset"));
    return write_once(api, MARK_ITEM, &request, request_id, sent, err);
}

int mln_sas_mark_resource(struct mln_api *api, int64_t result_id, int64_t task_id, bool ignore,
        char request_id[64], bool *sent, struct mln_err *err)
{
    MLN_AUTO(request_free) struct request request = REQUEST_INIT;

    put_numbers(&request, "Ids", &result_id, 1);
    put_number(&request, "TaskId", task_id);
    put(&request, "Status", ignore ? MLN_STR("ignored") : MLN_STR("failed"));
    return write_once(api, MARK_ROW, &request, request_id, sent, err);
}

int mln_sas_start(struct mln_api *api, const int64_t *ids, size_t id_count, char request_id[64],
        bool *sent, struct mln_err *err)
{
    MLN_AUTO(request_free) struct request request = REQUEST_INIT;

    put(&request, "Type", MLN_STR("check"));
    put_numbers(&request, "ItemIds", ids, id_count);
    return write_once(api, START, &request, request_id, sent, err);
}
