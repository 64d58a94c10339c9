/* ModifyRiskSingleResultStatus: ignores resources of an item, or takes that back. */
#include "api/sas/query.h"
#include "api/sas/sas.h"

/* In the order in which they are missed. */
enum row { ROW_TASK_ID, ROW_IDS, ROW_STATUS };

enum wish { WISH_FAILED, WISH_IGNORE };

static const struct mln_word wishes[] = {
    { "failed", WISH_FAILED },
    { "ignored", WISH_IGNORE },
    { 0 },
};

static const struct mln_param_row params[] = {
    [ROW_TASK_ID] = { .name = "TaskId",
            .type = MLN_PARAM_INT,
            .required = true,
            .min = 0,
            .max = SAS_ITEM_MAX,
            .summary = "The scan they were seen in" },
    [ROW_IDS] = { .name = "Ids",
            .type = MLN_PARAM_LIST,
            .required = true,
            .summary = "Ids of the item's result rows" },
    [ROW_STATUS] = { .name = "Status",
            .type = MLN_PARAM_WORD,
            .required = true,
            .words = wishes,
            .summary = "Ignore the resources, or take that back" },
};

static bool act(struct mln_call *call, struct mln_writer *writer)
{
    bool ignore = call->values[ROW_STATUS].number == WISH_IGNORE;
    struct mln_mark_request *requests;
    struct sas_numbers ids = { 0 };
    struct mln_err err = { 0 };
    struct mln_store *store = NULL;
    int rc;

    (void)writer;
    if (!sas_read_numbers(call, "Ids", &ids) || !mln_call_store(call, &store))
        return false;
    requests = mln_arena_alloc(&call->arena, (ids.count + 1) * sizeof(*requests));
    if (requests == NULL)
        return mln_call_fault(call, MLN_ENOMEM, &err);
    for (size_t i = 0; i < ids.count; i++) {
        requests[i].finding_id = ids.items[i];
        requests[i].kind = ignore ? "ignored" : NULL;
        sas_mark_by(call, &requests[i]);
    }
    rc = mln_result_mark(store, call->gateway->clock, requests, ids.count, &err);
    return rc == MLN_OK || sas_refuse(call, rc, MLN_ACS_RISK_ITEM_RESULT_NOT_EXISTS, &err);
}

const struct mln_action mln_sas_modify_risk_single_result_status = {
    .product = "Sas",
    .version = "2018-12-03",
    .name = "ModifyRiskSingleResultStatus",
    .ram_action = "yundun-sas:ModifyRiskSingleResultStatus",
    .xml_root = "ModifyRiskSingleResultStatusResponse",
    .writes = true,
    .params = params,
    .param_count = MLN_LEN(params),
    .act = act,
};
