/* ModifyRiskCheckStatus: ignores a check item, or takes that back. */
#include "api/sas/query.h"
#include "api/sas/sas.h"

/* In the order in which they are missed. */
enum row { ROW_ITEM_ID, ROW_TASK_ID, ROW_STATUS };

enum wish { WISH_IGNORE, WISH_RESET };

static const struct mln_word wishes[] = {
    { "ignored", WISH_IGNORE },
    { "reset", WISH_RESET },
    { 0 },
};

static const struct mln_param_row params[] = {
    [ROW_ITEM_ID] = { .name = "ItemId",
            .type = MLN_PARAM_INT,
            .required = true,
            .min = 1,
            .max = SAS_ITEM_MAX,
            .summary = "The check item" },
    [ROW_TASK_ID] = { .name = "TaskId",
            .type = MLN_PARAM_INT,
            .required = true,
            .min = 0,
            .max = SAS_ITEM_MAX,
            .summary = "The scan it was seen in" },
    [ROW_STATUS] = { .name = "Status",
            .type = MLN_PARAM_WORD,
            .required = true,
            .words = wishes,
            .summary = "Ignore the item, or take that back" },
};

static bool act(struct mln_call *call, struct mln_writer *writer)
{
    struct mln_mark_request request = {
        .item_id = call->values[ROW_ITEM_ID].number,
        .kind = call->values[ROW_STATUS].number == WISH_IGNORE ? "ignored" : NULL,
    };
    struct mln_err err = { 0 };
    struct mln_store *store = NULL;
    int rc;

    (void)writer;
    sas_mark_by(call, &request);
    if (!mln_call_store(call, &store))
        return false;
    rc = mln_result_mark(store, call->gateway->clock, &request, 1, &err);
    return rc == MLN_OK || sas_refuse(call, rc, MLN_ACS_RISK_ITEM_NOT_EXISTS, &err);
}

const struct mln_action mln_sas_modify_risk_check_status = {
    .product = "Sas",
    .version = "2018-12-03",
    .name = "ModifyRiskCheckStatus",
    .ram_action = "yundun-sas:ModifyRiskCheckStatus",
    .xml_root = "ModifyRiskCheckStatusResponse",
    .writes = true,
    .params = params,
    .param_count = MLN_LEN(params),
    .act = act,
};
