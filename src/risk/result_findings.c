/* The resources of one item, and what changed between scans. */

#include "risk/result_priv.h"

struct item {
    const struct mln_finding_query *query;
    enum mln_lang lang;
    struct mln_result_grid *grid;
    int64_t failed, not_assessed;
};

/* Whole characters of `text` that fit into `room`. */
static size_t copy_text(char *to, size_t room, struct mln_str text)
{
    size_t len = text.len < room ? text.len : room;

    while (len > 0 && len < text.len && ((unsigned char)text.ptr[len] & 0xc0) == 0x80)
        len--;
    if (len > 0)
        memcpy(to, text.ptr, len);
    return len;
}

static int keep_item(void *ctx, const struct mln_check_result_row *row, struct mln_err *err)
{
    struct item *item = ctx;
    struct mln_result_grid *grid = item->grid;
    size_t half = sizeof(grid->text) / 2;

    (void)err;
    item->failed = row->failed;
    item->not_assessed = row->not_assessed;
    grid->key = (struct mln_str){ grid->text, copy_text(grid->text, half, row->grid_key) };
    grid->title = (struct mln_str){ grid->text + half,
        copy_text(grid->text + half, half, row->grid_title[item->lang == MLN_LANG_ZH]) };
    return MLN_OK;
}

struct giving {
    mln_result_finding_fn *fn;
    void *ctx;
};

static int give(void *ctx, const struct mln_finding_row *row, struct mln_err *err)
{
    const struct giving *giving = ctx;
    const struct mln_result_finding finding = {
        .finding_id = row->finding_id,
        .resource_id = row->resource_id,
        .region = row->region,
        .name = row->name,
        .reason = row->reason,
        .evidence = row->evidence,
        .failed = row->failed,
        .stale = row->stale,
        .not_assessed = row->not_assessed,
        .first_seen_ms = row->first_seen_ms,
        .last_seen_ms = row->last_seen_ms,
        .mark = { row->mark.kind, row->mark.reason, row->mark.author, row->mark.marked_ms,
                row->mark.until_ms },
        .changed = row->changed,
    };

    return giving->fn(giving->ctx, &finding, err);
}

struct page {
    int64_t offset, limit;
};

/* The failed ones and then the others are one list; each half is a statement. */
/* NOLINTNEXTLINE(readability-function-size): a query, its page and its sink */
static int give_half(struct mln_store *store, const struct mln_finding_place *place, bool failed,
        int64_t now_ms, int64_t count, struct page *page, struct giving *giving,
        struct mln_err *err)
{
    int64_t offset = page->offset, limit = page->limit;
    int rc = MLN_OK;

    if (offset < count && limit > 0) {
        int64_t given = count - offset < limit ? count - offset : limit;

        rc = mln_store_finding_page(store, place, failed, now_ms, offset, limit, give, giving, err);
        page->limit -= given;
    }
    page->offset = offset > count ? offset - count : 0;
    return rc;
}

static int give_page(struct mln_store *store, const struct mln_finding_place *place,
        const struct item *item, int64_t now_ms, struct page page, struct giving *giving,
        struct mln_err *err)
{
    int rc = MLN_OK;

    if (!item->query->without_failed)
        rc = give_half(store, place, true, now_ms, item->failed, &page, giving, err);
    if (rc == MLN_OK && item->query->not_assessed_too)
        rc = give_half(store, place, false, now_ms, item->not_assessed, &page, giving, err);
    return rc;
}

/* ---- named resources ---- */
struct match {
    int64_t finding_id;
    bool failed;
};

struct matches {
    const struct mln_finding_query *query;
    struct match *items;
    size_t count, room;
};

static int keep_match(void *ctx, const struct mln_finding_row *row, struct mln_err *err)
{
    struct matches *matches = ctx;
    const struct mln_finding_query *query = matches->query;

    if (row->failed ? query->without_failed : !query->not_assessed_too)
        return MLN_OK;
    if (matches->count == matches->room) {
        size_t room = matches->room > 0 ? matches->room * 2 : 64;
        struct match *grown = mln_resize(matches->items, room, sizeof(*grown));

        if (grown == NULL)
            return mln_fail(err, MLN_ENOMEM, "out of memory");
        matches->items = grown;
        matches->room = room;
    }
    matches->items[matches->count++] = (struct match){ row->finding_id, row->failed };
    return MLN_OK;
}

static int by_place(const void *a, const void *b)
{
    const struct match *x = a, *y = b;

    if (x->failed != y->failed)
        return x->failed ? -1 : 1;
    return (x->finding_id > y->finding_id) - (x->finding_id < y->finding_id);
}

/* A resource that is named twice is given once. */
static void drop_repeats(struct matches *matches)
{
    size_t kept = 0;

    for (size_t i = 0; i < matches->count; i++) {
        if (i == 0 || matches->items[i].finding_id != matches->items[kept - 1].finding_id)
            matches->items[kept++] = matches->items[i];
    }
    matches->count = kept;
}

/* NOLINTNEXTLINE(readability-function-size): a query, its page and its sink */
static int give_named(struct mln_store *store, const struct mln_finding_place *place,
        const struct mln_finding_query *query, int64_t now_ms, struct page page, int64_t *total,
        struct giving *giving, struct mln_err *err)
{
    struct matches matches = { .query = query };
    int rc = MLN_OK;

    for (size_t i = 0; rc == MLN_OK && i < query->resource_id_count; i++)
        rc = mln_store_finding_find(
                store, place, query->resource_ids[i], now_ms, keep_match, &matches, err);
    if (rc == MLN_OK && matches.count > 0) {
        qsort(matches.items, matches.count, sizeof(*matches.items), by_place);
        drop_repeats(&matches);
    }
    for (int64_t i = page.offset;
            rc == MLN_OK && i < (int64_t)matches.count && i - page.offset < page.limit; i++)
        rc = mln_store_finding_get(
                store, place, matches.items[i].finding_id, now_ms, give, giving, err);
    *total = (int64_t)matches.count;
    free(matches.items);
    return rc;
}

static int64_t total_of(const struct item *item)
{
    return (item->query->without_failed ? 0 : item->failed) +
           (item->query->not_assessed_too ? item->not_assessed : 0);
}

static int give_findings(struct mln_store *store, int64_t now_ms, struct item *item,
        struct page page, int64_t *total, struct giving *giving, struct mln_err *err)
{
    const struct mln_check_result_sink sink = { .row = keep_item, .ctx = item };
    struct mln_finding_place place = { item->query->account_id, 0, item->query->item_id };
    struct mln_scan_row current, previous;
    int rc = mln_store_scan_current(store, place.account_id, &current, &previous, err);

    if (rc != MLN_OK)
        return rc;
    place.scan_id = current.scan_id;
    rc = mln_store_check_result_get(
            store, place.account_id, place.scan_id, place.item_id, &sink, err);
    if (rc != MLN_OK)
        return rc;
    if (item->query->resource_id_count > 0)
        return give_named(store, &place, item->query, now_ms, page, total, giving, err);
    *total = total_of(item);
    return give_page(store, &place, item, now_ms, page, giving, err);
}

/* NOLINTNEXTLINE(readability-function-size): a query, its page and its sink */
int mln_result_findings(struct mln_store *store, const struct mln_clock *clock,
        const struct mln_finding_query *query, enum mln_lang lang, struct mln_result_grid *grid,
        int64_t *total, mln_result_finding_fn *fn, void *ctx, struct mln_err *err)
{
    struct item item = { .query = query, .lang = lang, .grid = grid };
    struct giving giving = { fn, ctx };
    struct page page = { .limit = query->page_size };
    int64_t matches = 0;
    int rc;

    if (query->page < 1 || query->page_size < 1 || query->page_size > MLN_RESULT_PAGE_SIZE_MAX)
        return mln_fail(err, MLN_EINVAL, "a page counts from 1 and holds 1 to %d resources",
                MLN_RESULT_PAGE_SIZE_MAX);
    if (__builtin_mul_overflow(query->page - 1, query->page_size, &page.offset))
        page.offset = INT64_MAX;
    rc = mln_store_begin_read(store, err);
    if (rc != MLN_OK)
        return rc;
    rc = give_findings(store, mln_now_ms(clock), &item, page, &matches, &giving, err);
    mln_store_rollback(store); /* Nothing was written. */
    if (rc == MLN_OK)
        *total = matches;
    return rc;
}

/* ---- changes ---- */
struct flip_giving {
    mln_result_flip_fn *fn;
    void *ctx;
};

static int give_flip(void *ctx, const struct mln_flip_row *row, struct mln_err *err)
{
    const struct flip_giving *giving = ctx;
    const struct mln_result_flip flip = {
        .item_id = row->item_id,
        .time_ms = row->time_ms,
        .resource_id = row->resource_id,
        .region = row->region,
        .from = row->before,
        .to = row->after,
        .changed = row->changed,
    };

    return giving->fn(giving->ctx, &flip, err);
}

int mln_result_flips(struct mln_store *store, struct mln_str account_id, int64_t item_id,
        int64_t limit, mln_result_flip_fn *fn, void *ctx, struct mln_err *err)
{
    struct flip_giving giving = { fn, ctx };

    if (limit < 0)
        return mln_fail(err, MLN_EINVAL, "a number of changes is not negative");
    return mln_store_flip_list(store, account_id, item_id, limit, give_flip, &giving, err);
}
