#include "api/sas/white_list.h"

#include "api/sas/cspm.h"

/* The checks that are meant: those named, or all of the account. */
static bool read_checks(
        struct mln_call *call, const struct sas_numbers *named, struct sas_numbers *out)
{
    const struct mln_result_query query = { .lang = MLN_LANG_EN };
    struct sas_items items = { 0 };
    struct mln_err err = { 0 };

    *out = *named;
    if (named->count > 0)
        return true;
    if (!sas_items_read(call, &query, &items))
        return false;
    out->items = mln_arena_alloc(&call->arena, (items.count + 1) * sizeof(*out->items));
    if (out->items == NULL)
        return mln_call_fault(call, MLN_ENOMEM, &err);
    for (size_t i = 0; i < items.count; i++)
        out->items[out->count++] = items.items[i].item_id;
    return true;
}

/*
 * Resources are marked by their names and not by what was found of them: a mark on one that is fine
 * today would else stay for ever, and hide it when it is not.
 */
static void add(struct mln_call *call, struct sas_marks *out, int64_t item_id,
        const struct mln_str *resource_id, const struct mln_mark_request *like)
{
    struct mln_mark_request *request = &out->items[out->count++];

    *request = *like;
    request->item_id = item_id;
    if (resource_id != NULL) {
        request->resource_id = *resource_id;
        request->may_be_missing = true;
    }
    sas_mark_by(call, request);
}

bool sas_white_list_read(struct mln_call *call, const char *kind, struct mln_str reason,
        const struct sas_numbers *checks, struct sas_marks *out)
{
    const struct mln_mark_request like = { .kind = kind, .reason = reason };
    struct sas_texts ids = { 0 };
    struct sas_numbers meant = { 0 };
    struct mln_err err = { 0 };
    size_t each;

    if (!sas_read_texts(call, "InstanceIds", &ids))
        return false;
    if (checks->count == 0 && ids.count == 0)
        return mln_call_refuse(call, MLN_ACS_MISSING_PARAM, "CheckIds");
    if (!read_checks(call, checks, &meant))
        return false;
    each = ids.count > 0 ? ids.count : 1;
    if (meant.count * each > SAS_MARKS_MAX)
        return mln_call_refuse(call, MLN_ACS_INVALID_PARAM, "InstanceIds");
    out->items = mln_arena_alloc(&call->arena, (meant.count * each + 1) * sizeof(*out->items));
    if (out->items == NULL)
        return mln_call_fault(call, MLN_ENOMEM, &err);
    for (size_t i = 0; i < meant.count; i++) {
        for (size_t k = 0; k < each; k++)
            add(call, out, meant.items[i], ids.count > 0 ? &ids.items[k] : NULL, &like);
    }
    return true;
}

bool sas_white_list_mark(struct mln_call *call, const struct sas_marks *marks)
{
    struct mln_err err = { 0 };
    struct mln_store *store = NULL;
    bool whole = marks->count > 0 && marks->items[0].resource_id.len == 0;
    int rc;

    if (!mln_call_store(call, &store))
        return false;
    rc = marks->count > 0
                 ? mln_result_mark(store, call->gateway->clock, marks->items, marks->count, &err)
                 : MLN_ENOTFOUND;
    return rc == MLN_OK ||
           sas_refuse(call, rc,
                   whole ? MLN_ACS_RISK_ITEM_NOT_EXISTS : MLN_ACS_RISK_ITEM_RESULT_NOT_EXISTS,
                   &err);
}
