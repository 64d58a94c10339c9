#include "api/sas/white_list.h"

#include "api/sas/cspm.h"

static bool add(struct mln_call *call, struct sas_marks *out, int64_t item_id, int64_t finding_id,
        const char *kind, struct mln_str reason)
{
    struct mln_mark_request *request;

    if (out->count == SAS_MARKS_MAX)
        return mln_call_refuse(call, MLN_ACS_INVALID_PARAM, "InstanceIds");
    request = &out->items[out->count++];
    request->item_id = item_id;
    request->finding_id = finding_id;
    request->kind = kind;
    request->reason = reason;
    sas_mark_by(call, request);
    return true;
}

static bool add_resources(struct mln_call *call, struct sas_marks *out, int64_t item_id,
        const struct sas_texts *ids, const char *kind, struct mln_str reason)
{
    const struct mln_finding_query query = {
        .account_id = call->principal->account_id,
        .item_id = item_id,
        .not_assessed_too = true,
        .resource_ids = ids->items,
        .resource_id_count = ids->count,
        .page = 1,
        .page_size = MLN_RESULT_PAGE_SIZE_MAX,
    };
    struct sas_findings findings = { 0 };

    if (!sas_findings_read(call, &query, MLN_LANG_EN, &findings))
        return false;
    for (size_t i = 0; i < findings.count; i++) {
        if (!add(call, out, item_id, findings.items[i].finding_id, kind, reason))
            return false;
    }
    return true;
}

static bool add_everywhere(struct mln_call *call, struct sas_marks *out,
        const struct sas_texts *ids, const char *kind, struct mln_str reason)
{
    const struct mln_result_query query = { .lang = MLN_LANG_EN };
    struct sas_items items = { 0 };

    if (!sas_items_read(call, &query, &items))
        return false;
    for (size_t i = 0; i < items.count; i++) {
        if (!add_resources(call, out, items.items[i].item_id, ids, kind, reason))
            return false;
    }
    return true;
}

bool sas_white_list_read(struct mln_call *call, const char *kind, struct mln_str reason,
        const struct sas_numbers *checks, struct sas_marks *out)
{
    struct sas_texts ids = { 0 };
    struct mln_err err = { 0 };

    if (!sas_read_texts(call, "InstanceIds", &ids))
        return false;
    if (checks->count == 0 && ids.count == 0)
        return mln_call_refuse(call, MLN_ACS_MISSING_PARAM, "CheckIds");
    out->items = mln_arena_alloc(&call->arena, SAS_MARKS_MAX * sizeof(*out->items));
    if (out->items == NULL)
        return mln_call_fault(call, MLN_ENOMEM, &err);
    if (checks->count == 0)
        return add_everywhere(call, out, &ids, kind, reason);
    for (size_t i = 0; i < checks->count; i++) {
        bool done = ids.count > 0 ? add_resources(call, out, checks->items[i], &ids, kind, reason)
                                  : add(call, out, checks->items[i], 0, kind, reason);

        if (!done)
            return false;
    }
    return true;
}
