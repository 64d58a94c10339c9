#include "client/sddp.h"

#include <stdio.h>

#define LIST   "DescribeRiskRules"
#define HANDLE "PreHandleAuditRisk"

static const struct mln_api_action actions[] = {
    { LIST, false, "list risk events" },
    { HANDLE, true, "handle a risk event" },
};

const struct mln_api_action *mln_sddp_actions(size_t *count)
{
    *count = MLN_LEN(actions);
    return actions;
}

static void free_params(struct mln_params *params)
{
    *params = (struct mln_params){ 0 }; /* Its items are in an arena. */
}

/* ---- listing ---- */

/* One listing of all pages. */
struct listing {
    struct mln_api *api;
    const struct mln_sddp_query *query;
    struct mln_sddp_events *out;
    struct mln_map seen;
    int64_t server_total;
    bool total_known, total_moved; /* Of this pass. */
};

static int add_number(struct mln_params *params, struct mln_arena *arena, struct mln_str name,
        int64_t number, struct mln_err *err)
{
    struct mln_buf text = MLN_BUF_INIT(24);
    struct mln_str copy;

    mln_buf_add_i64(&text, number);
    copy = mln_arena_dup(arena, mln_buf_str(&text));
    mln_buf_free(&text);
    return mln_params_add(params, arena, name, copy, err);
}

static int fetch_page(struct listing *listing, int64_t page, int64_t page_size,
        struct mln_api_answer *answer, struct mln_err *err)
{
    MLN_AUTO(mln_arena_free) struct mln_arena arena = MLN_ARENA_INIT(64 * 1024);
    MLN_AUTO(free_params) struct mln_params params = { 0 };
    const struct mln_sddp_query *query = listing->query;
    int rc = add_number(&params, &arena, MLN_STR("CurrentPage"), page, err);

    if (rc == MLN_OK)
        rc = add_number(&params, &arena, MLN_STR("PageSize"), page_size, err);
    if (rc == MLN_OK)
        rc = mln_params_add(
                &params, &arena, MLN_STR("HandleStatus"), mln_str_of(query->status), err);
    if (rc == MLN_OK && query->lang != NULL)
        rc = mln_params_add(&params, &arena, MLN_STR("Lang"), mln_str_of(query->lang), err);
    if (rc == MLN_OK)
        rc = mln_api_call(listing->api, LIST, &params, answer, err);
    return rc;
}

static int take_item(
        struct listing *listing, struct mln_json_value item, bool *is_new, struct mln_err *err)
{
    struct mln_sddp_event event;
    struct mln_str key;
    int rc = mln_sddp_event_read(item, &listing->out->arena, &event, err);

    if (rc != MLN_OK)
        return rc;
    key = (struct mln_str){ (const char *)&event.risk_id, sizeof(event.risk_id) };
    if (mln_map_get(&listing->seen, key) != NULL)
        return MLN_OK;
    rc = mln_map_put(&listing->seen, key, listing, NULL);
    if (rc != MLN_OK)
        return mln_fail(
                err, rc, "more than %zu risk events: use filters or --limit", MLN_EVENTS_MAX);
    *is_new = true;
    if (listing->query->match != NULL && !listing->query->match(listing->query->match_ctx, &event))
        return MLN_OK;
    return mln_sddp_events_add(listing->out, &event, err);
}

static bool at_limit(const struct listing *listing)
{
    return listing->query->limit > 0 && listing->out->count >= listing->query->limit;
}

static int take_page(struct listing *listing, const struct mln_api_answer *answer, bool *any_new,
        struct mln_err *err)
{
    struct mln_json_value items, item;
    struct mln_json_iter it;
    int64_t total = 0;
    int rc = MLN_OK;

    if (!mln_json_get_i64(answer->data, "TotalCount", &total) || total < 0 ||
            !mln_json_get(answer->data, "Items", &items) ||
            (mln_json_type(items) != MLN_JSON_ARRAY && mln_json_type(items) != MLN_JSON_NULL))
        return mln_fail(err, MLN_EIO,
                "the server's answer has no TotalCount and Items: check the endpoint");
    listing->total_moved = listing->total_moved ||
                           (listing->total_known && total != listing->server_total);
    listing->total_known = true;
    listing->server_total = total;
    it = mln_json_iter(items);
    while (rc == MLN_OK && !at_limit(listing) && mln_json_next(&it, NULL, &item))
        rc = take_item(listing, item, any_new, err);
    (void)snprintf(
            listing->out->request_id, sizeof(listing->out->request_id), "%s", answer->request_id);
    return rc;
}

static int one_page(struct listing *listing, int64_t page, int64_t page_size, bool *any_new,
        struct mln_err *err)
{
    struct mln_api_answer answer = { 0 };
    int rc = fetch_page(listing, page, page_size, &answer, err);

    if (rc == MLN_OK)
        rc = take_page(listing, &answer, any_new, err);
    mln_api_answer_free(&answer);
    if (rc == MLN_OK && listing->query->progress != NULL)
        listing->query->progress(
                listing->query->progress_ctx, listing->seen.count, listing->server_total);
    return rc;
}

/*
 * Pages until everything that the server counts has been seen. A page may come back empty or
 * repeated while events move; several in a row mean that there is nothing more to get.
 */
static int all_pages(struct listing *listing, struct mln_err *err)
{
    int64_t page_size = listing->query->page_size > 0 ? listing->query->page_size
                                                      : MLN_LIST_PAGE_SIZE;
    int without_news = 0;
    int rc = MLN_OK;

    for (int64_t page = 1; rc == MLN_OK && without_news < MLN_EMPTY_PAGES_MAX; page++) {
        bool any_new = false;

        if (listing->query->stop != NULL && *listing->query->stop != 0)
            return mln_fail(err, MLN_ECANCELLED, "interrupted");
        rc = one_page(listing, page, page_size, &any_new, err);
        without_news = any_new ? 0 : without_news + 1;
        if ((int64_t)listing->seen.count >= listing->server_total || at_limit(listing))
            break;
    }
    return rc;
}

static void forget(struct listing *listing)
{
    mln_map_fini(&listing->seen, NULL);
    mln_map_init(&listing->seen, MLN_EVENTS_MAX);
    listing->total_known = false;
    listing->total_moved = false;
    listing->out->count = 0;
    mln_arena_reset(&listing->out->arena);
}

/*
 * The number is right, and stood still meanwhile: an event that was handled while its page had been
 * read already makes the next one slip through between two pages, and the count look right.
 */
static bool agreed(const struct listing *listing)
{
    return !listing->total_moved && (int64_t)listing->seen.count == listing->server_total;
}

static int list_until_agreed(struct listing *listing, struct mln_err *err)
{
    int rc = MLN_OK;

    for (int pass = 0; pass <= MLN_LIST_REPEATS_MAX; pass++) {
        forget(listing);
        rc = all_pages(listing, err);
        if (rc != MLN_OK || at_limit(listing) || agreed(listing))
            return rc;
    }
    listing->out->incomplete = true;
    return mln_fail(err, MLN_EPARTIAL,
            "listed %zu risk events where the server counts %lld, %d times in a row: the list is incomplete",
            listing->seen.count, (long long)listing->server_total, MLN_LIST_REPEATS_MAX + 1);
}

int mln_sddp_list(struct mln_api *api, const struct mln_sddp_query *query,
        struct mln_sddp_events *out, struct mln_err *err)
{
    struct listing listing = { .api = api, .query = query, .out = out };
    bool any_new = false;
    int rc;

    mln_map_init(&listing.seen, MLN_EVENTS_MAX);
    if (query->page > 0)
        rc = one_page(&listing, query->page,
                query->page_size > 0 ? query->page_size : MLN_LIST_PAGE_SIZE, &any_new, err);
    else
        rc = list_until_agreed(&listing, err);
    mln_map_fini(&listing.seen, NULL);
    out->total = query->match != NULL ? (int64_t)out->count : listing.server_total;
    return rc;
}

/* ---- handling ---- */

void mln_sddp_handling_content(const struct mln_sddp_handling *handling, struct mln_buf *out)
{
    mln_buf_add_cstr(out, "{\"HandleMethod\":0,\"HandleDetail\":");
    mln_json_quote(handling->detail, out);
    mln_buf_add_char(out, '}');
}

static int read_success(const struct mln_api_answer *answer, struct mln_err *err)
{
    struct mln_json_value root = mln_json_root(answer->doc), value;
    bool success = true;

    if (mln_json_get(answer->data, "Success", &value) || mln_json_get(root, "success", &value))
        (void)mln_json_to_bool(value, &success);
    if (!success)
        return mln_fail(
                err, MLN_EIO, "the server did not handle it (request id %s)", answer->request_id);
    return MLN_OK;
}

int mln_sddp_handle(struct mln_api *api, const struct mln_sddp_handling *handling,
        char request_id[64], bool *sent, struct mln_err *err)
{
    MLN_AUTO(mln_arena_free) struct mln_arena arena = MLN_ARENA_INIT(64 * 1024);
    MLN_AUTO(mln_buf_free) struct mln_buf content = MLN_BUF_INIT(16 * 1024);
    MLN_AUTO(free_params) struct mln_params params = { 0 };
    struct mln_api_answer answer = { 0 };
    struct mln_str text;
    int rc;

    mln_sddp_handling_content(handling, &content);
    rc = mln_buf_done(&content, &text, err);
    if (rc == MLN_OK)
        rc = add_number(&params, &arena, MLN_STR("RiskId"), handling->risk_id, err);
    if (rc == MLN_OK)
        rc = mln_params_add(
                &params, &arena, MLN_STR("HandleInfoList.1.HandleType"), MLN_STR("Manual"), err);
    if (rc == MLN_OK)
        rc = mln_params_add(&params, &arena, MLN_STR("HandleInfoList.1.HandleContent"), text, err);
    if (rc == MLN_OK)
        rc = mln_api_call(api, HANDLE, &params, &answer, err);
    *sent = answer.sent;
    if (rc == MLN_OK)
        rc = read_success(&answer, err);
    (void)snprintf(request_id, 64, "%s", answer.request_id);
    mln_api_answer_free(&answer);
    return rc;
}
