#include "api/sas/findings.h"

struct reading {
    struct mln_call *call;
    struct sas_findings *out;
};

/* Views live during the callback only; what answers show is copied. */
static int keep(void *ctx, const struct mln_result_finding *finding, struct mln_err *err)
{
    struct reading *reading = ctx;
    struct sas_findings *out = reading->out;
    struct mln_arena *arena = &reading->call->arena;
    struct mln_result_finding *kept;

    if (out->count == out->capacity)
        return mln_fail(err, MLN_ETOOBIG, "a page of more than %zu resources", out->capacity);
    kept = &out->items[out->count];
    *kept = *finding;
    kept->resource_id = mln_arena_dup(arena, finding->resource_id);
    kept->region = mln_arena_dup(arena, finding->region);
    kept->name = mln_arena_dup(arena, finding->name);
    kept->reason = mln_arena_dup(arena, finding->reason);
    kept->mark.kind = mln_arena_dup(arena, finding->mark.kind);
    if (kept->resource_id.ptr == NULL || kept->region.ptr == NULL || kept->name.ptr == NULL ||
            kept->reason.ptr == NULL || kept->mark.kind.ptr == NULL)
        return mln_fail(err, MLN_ENOMEM, "out of memory for a page of resources");
    out->count++;
    return MLN_OK;
}

bool sas_findings_read(struct mln_call *call, const struct mln_finding_query *query,
        enum mln_lang lang, struct sas_findings *out)
{
    struct reading reading = { .call = call, .out = out };
    struct mln_err err = { 0 };
    struct mln_store *store = NULL;
    int rc;

    if (!mln_call_store(call, &store))
        return false;
    out->capacity = (size_t)query->page_size;
    out->items = mln_arena_alloc(&call->arena, (out->capacity + 1) * sizeof(*out->items));
    if (out->items == NULL)
        return mln_call_fault(call, MLN_ENOMEM, &err);
    rc = mln_result_findings(store, call->gateway->clock, query, lang, &out->grid, &out->total,
            keep, &reading, &err);
    return rc == MLN_OK || sas_refuse(call, rc, MLN_ACS_RISK_ITEM_NOT_EXISTS, &err);
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
