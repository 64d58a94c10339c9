/* StartBaselineSecurityCheck: asks for a scan of the account's recorded source. */
#include "api/sas/cspm.h"
#include "api/sas/sas.h"
#include "risk/scan.h"

enum row { ROW_ITEM_IDS, ROW_LANG, ROW_TYPE };

enum type { TYPE_CHECK, TYPE_VERIFY };

static const struct mln_word types[] = {
    { "check", TYPE_CHECK },
    { "verify", TYPE_VERIFY },
    { 0 },
};

static const struct mln_param_row params[] = {
    [ROW_ITEM_IDS] = { .name = "ItemIds",
            .type = MLN_PARAM_LIST,
            .summary = "Only these items; all without it" },
    [ROW_LANG] = SAS_LANG_ROW,
    [ROW_TYPE] = { .name = "Type",
            .type = MLN_PARAM_WORD,
            .required = true,
            .words = types,
            .summary = "A run, or a verification after a repair: both read the account anew" },
};

static bool refuse(struct mln_call *call, int rc, const struct mln_err *err)
{
    switch (rc) {
    case MLN_ECONFIG:
        return mln_call_refuse(call, MLN_ACS_RISK_CHECK_NO_SOURCE, NULL);
    case MLN_EEXIST:
        return mln_call_refuse(call, MLN_ACS_ALL_RISK_ITEM_TASK_NOT_FINISHED, NULL);
    default:
        return sas_refuse(call, rc, MLN_ACS_RISK_ITEM_NOT_EXISTS, err);
    }
}

static bool has(const struct sas_items *items, int64_t id)
{
    for (size_t i = 0; i < items->count; i++) {
        if (items->items[i].item_id == id)
            return true;
    }
    return false;
}

/* A run of an item that is none would fail later, where the caller does not see it. Before the
 * first scan nobody here knows the items. */
static bool check_items(struct mln_call *call, const struct sas_numbers *ids)
{
    const struct mln_result_query query = { .lang = MLN_LANG_EN };
    struct sas_items items = { 0 };

    if (ids->count == 0)
        return true;
    if (!sas_items_read(call, &query, &items))
        return false;
    for (size_t i = 0; items.count > 0 && i < ids->count; i++) {
        if (!has(&items, ids->items[i]))
            return mln_call_refuse(call, MLN_ACS_RISK_ITEM_NOT_EXISTS, NULL);
    }
    return true;
}

static bool act(struct mln_call *call, struct mln_writer *writer)
{
    struct sas_numbers ids = { 0 };
    struct mln_err err = { 0 };
    struct mln_store *store = NULL;
    int64_t task_id;
    int rc;

    (void)writer;
    if (!sas_read_numbers(call, "ItemIds", &ids) || !check_items(call, &ids) ||
            !mln_call_store(call, &store))
        return false;
    rc = mln_scan_request(store, call->gateway->clock, call->principal->account_id, ids.items,
            ids.count, &task_id, &err);
    if (rc != MLN_OK)
        return refuse(call, rc, &err);
    if (call->gateway->scans != NULL)
        mln_scans_wake(call->gateway->scans);
    return true;
}

const struct mln_action mln_sas_start_baseline_security_check = {
    .product = "Sas",
    .version = "2018-12-03",
    .name = "StartBaselineSecurityCheck",
    .ram_action = "yundun-sas:StartBaselineSecurityCheck",
    .xml_root = "StartBaselineSecurityCheckResponse",
    .writes = true,
    .params = params,
    .param_count = MLN_LEN(params),
    .act = act,
};
