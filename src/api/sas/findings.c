#include "api/sas/findings.h"

struct reading {
    struct mln_call *call;
    struct sas_findings *out;
    unsigned where;         /* Which ones keep_where() wants. */
    int64_t first, matches; /* Of the page, from 0; so far. */
};

static bool copy(struct mln_arena *arena, struct mln_str *text)
{
    *text = mln_arena_dup(arena, *text);
    return text->ptr != NULL;
}

/* Views live during the callback only: what answers show is copied, the rest is cleared. */
static int keep(void *ctx, const struct mln_result_finding *finding, struct mln_err *err)
{
    struct reading *reading = ctx;
    struct sas_findings *out = reading->out;
    struct mln_arena *arena = &reading->call->arena;
    struct mln_result_finding *kept;

    if (out->count == out->capacity)
        return mln_fail(err, MLN_ETOOBIG, "a page of more than %zu resources", out->capacity);
    kept = &out->items[out->count];
    *kept = (struct mln_result_finding){
        .finding_id = finding->finding_id,
        .resource_id = finding->resource_id,
        .region = finding->region,
        .name = finding->name,
        .reason = finding->reason,
        .failed = finding->failed,
        .first_seen_ms = finding->first_seen_ms,
        .last_seen_ms = finding->last_seen_ms,
        .mark = { .kind = finding->mark.kind },
    };
    if (!copy(arena, &kept->resource_id) || !copy(arena, &kept->region) ||
            !copy(arena, &kept->name) || !copy(arena, &kept->reason) ||
            !copy(arena, &kept->mark.kind))
        return mln_fail(err, MLN_ENOMEM, "out of memory for a page of resources");
    out->count++;
    return MLN_OK;
}

static bool read_page(struct reading *reading, const struct mln_finding_query *query,
        enum mln_lang lang, mln_result_finding_fn *fn)
{
    struct mln_call *call = reading->call;
    struct sas_findings *out = reading->out;
    struct mln_err err = { 0 };
    struct mln_store *store = NULL;
    int rc;

    if (!mln_call_store(call, &store))
        return false;
    rc = mln_result_findings(
            store, call->gateway->clock, query, lang, &out->grid, &out->total, fn, reading, &err);
    return rc == MLN_OK || sas_refuse(call, rc, MLN_ACS_RISK_ITEM_NOT_EXISTS, &err);
}

static bool make_room(
        struct mln_call *call, const struct mln_finding_query *query, struct sas_findings *out)
{
    struct mln_err err = { 0 };

    out->capacity = (size_t)query->page_size;
    out->items = mln_arena_alloc(&call->arena, out->capacity * sizeof(*out->items));
    if (out->items != NULL)
        return true;
    (void)mln_fail(&err, MLN_ENOMEM, "out of memory for a page of resources");
    return mln_call_fault(call, MLN_ENOMEM, &err);
}

bool sas_findings_read(struct mln_call *call, const struct mln_finding_query *query,
        enum mln_lang lang, struct sas_findings *out)
{
    struct reading reading = { .call = call, .out = out };

    return make_room(call, query, out) && read_page(&reading, query, lang, keep);
}

static int ignore(void *ctx, const struct mln_result_finding *finding, struct mln_err *err)
{
    (void)ctx;
    (void)finding;
    (void)err;
    return MLN_OK;
}

bool sas_findings_count(
        struct mln_call *call, const struct mln_finding_query *query, int64_t *total)
{
    struct sas_findings none = { 0 };
    struct reading reading = { .call = call, .out = &none };
    struct mln_finding_query one = *query;

    one.page = one.page_size = 1;
    if (!read_page(&reading, &one, MLN_LANG_EN, ignore))
        return false;
    *total = none.total;
    return true;
}

static unsigned where_is(const struct mln_result_finding *finding)
{
    if (finding->mark.kind.len > 0)
        return SAS_WHERE_MARKED;
    return finding->failed ? SAS_WHERE_FAILED : SAS_WHERE_UNREAD;
}

static int keep_where(void *ctx, const struct mln_result_finding *finding, struct mln_err *err)
{
    struct reading *reading = ctx;
    int64_t at;

    if ((where_is(finding) & reading->where) == 0)
        return MLN_OK;
    at = reading->matches++;
    if (at < reading->first || at - reading->first >= (int64_t)reading->out->capacity)
        return MLN_OK;
    return keep(ctx, finding, err);
}

bool sas_findings_read_where(struct mln_call *call, const struct mln_finding_query *query,
        unsigned where, enum mln_lang lang, struct sas_findings *out)
{
    struct reading reading = { .call = call, .out = out, .where = where };
    struct mln_finding_query part = *query;
    int64_t total = 0;

    if (!sas_findings_count(call, query, &total))
        return false;
    if (total > SAS_FILTERED_MAX)
        return sas_findings_read(call, query, lang, out);
    if (!make_room(call, query, out))
        return false;
    if (__builtin_mul_overflow(query->page - 1, query->page_size, &reading.first))
        reading.first = INT64_MAX;
    part.page_size = MLN_RESULT_PAGE_SIZE_MAX;
    for (part.page = 1;; part.page++) {
        if (!read_page(&reading, &part, lang, keep_where))
            return false;
        if (part.page * part.page_size >= out->total)
            break;
    }
    out->total = reading.matches;
    return true;
}

static bool is_name(struct mln_str text)
{
    for (size_t i = 0; i < text.len; i++) {
        char c = text.ptr[i];
        bool letter = (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || c == '_';

        if (!letter && (i == 0 || c < '0' || c > '9'))
            return false;
    }
    return text.len > 0;
}

const char *sas_grid_key(struct mln_call *call, const struct sas_findings *findings)
{
    struct mln_str key = findings->grid.key;

    return mln_arena_cstr(&call->arena, is_name(key) ? key : MLN_STR("InstanceId"));
}

const char *sas_finding_status(const struct mln_result_finding *finding)
{
    if (mln_str_is(finding->mark.kind, "ignored"))
        return "ignored";
    if (mln_str_is(finding->mark.kind, "falsePositive"))
        return "falsePositive";
    return finding->failed ? "failed" : "waiting";
}

const char *sas_region_title(enum mln_lang lang)
{
    return lang == MLN_LANG_ZH ? "所在地域" : "Region";
}

const char *sas_value_title(enum mln_lang lang)
{
    return lang == MLN_LANG_ZH ? "问题条目值" : "Item value";
}
