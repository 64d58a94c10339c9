/*
 * PreHandleAuditRisk: a person closes one risk event. What was decided arrives as a list of one
 * element, whose HandleContent is a JSON text or the same members flattened.
 */
#include "api/call.h"
#include "api/sddp/sddp.h"
#include "risk/risk.h"
#include "wire/json.h"

#define LIST                "HandleInfoList"
#define HANDLE_METHOD_CLOSE 0 /* The only one there is. */

/* In the order in which they are missed. */
enum row { ROW_RISK_ID, ROW_HANDLE_INFO_LIST };

static const struct mln_param_row params[] = {
    [ROW_RISK_ID] = { .name = "RiskId",
            .type = MLN_PARAM_INT,
            .required = true,
            .min = 1,
            .max = MLN_RISK_ID_MAX,
            .summary = "The risk event to close" },
    [ROW_HANDLE_INFO_LIST] = { .name = LIST,
            .type = MLN_PARAM_LIST,
            .required = true,
            .summary =
                    "One element: HandleType Manual, HandleContent {HandleMethod, HandleDetail}" },
};

/* The two members of HandleContent, whichever way they came. */
struct content {
    int64_t method;
    struct mln_str detail;
};

/* What is recorded must be what every reader of the same text takes it for. */
static bool has_each_once(struct mln_json_value object)
{
    struct mln_json_iter iter = mln_json_iter(object);
    struct mln_json_value value;
    struct mln_str key = { 0 };
    int methods = 0, details = 0;

    while (mln_json_next(&iter, &key, &value)) {
        methods += mln_str_is(key, "HandleMethod");
        details += mln_str_is(key, "HandleDetail");
    }
    return methods == 1 && details == 1;
}

static bool content_from_json(struct mln_call *call, struct mln_str text, struct content *out)
{
    struct mln_err err = { 0 };
    struct mln_json *doc = NULL;
    struct mln_str detail = { 0 };
    bool found;

    if (mln_json_parse(text, &doc, &err) != MLN_OK)
        return false;
    found = has_each_once(mln_json_root(doc)) &&
            mln_json_get_i64(mln_json_root(doc), "HandleMethod", &out->method) &&
            mln_json_get_str(mln_json_root(doc), "HandleDetail", &detail);
    if (found)
        out->detail = mln_arena_dup(&call->arena, detail);
    mln_json_free(doc);
    return found && out->detail.ptr != NULL;
}

static bool content_from_members(struct mln_call *call, int64_t index, struct content *out)
{
    struct mln_str method;

    return mln_params_list_get(&call->params, LIST, index, "HandleContent.HandleMethod", &method) &&
           mln_str_to_i64(method, &out->method) == MLN_OK &&
           mln_params_list_get(
                   &call->params, LIST, index, "HandleContent.HandleDetail", &out->detail);
}

static bool is_spelled_twice(const struct mln_call *call, int64_t index)
{
    struct mln_str text;

    return mln_params_list_get(&call->params, LIST, index, "HandleContent.HandleMethod", &text) ||
           mln_params_list_get(&call->params, LIST, index, "HandleContent.HandleDetail", &text);
}

static bool read_element(struct mln_call *call, int64_t index, struct mln_risk_handling *out)
{
    struct content content = { 0 };
    struct mln_err err = { 0 };
    struct mln_str text;
    bool found;

    if (!mln_params_list_get(&call->params, LIST, index, "HandleType", &out->type) ||
            !mln_str_is(out->type, "Manual"))
        return false;
    if (mln_params_list_get(&call->params, LIST, index, "HandleContent", &text))
        found = !is_spelled_twice(call, index) && content_from_json(call, text, &content);
    else
        found = content_from_members(call, index, &content);
    if (!found || content.method != HANDLE_METHOD_CLOSE ||
            mln_risk_check_detail(content.detail, &err) != MLN_OK)
        return false;
    out->method = content.method;
    out->detail = content.detail;
    return true;
}

static bool read_list(struct mln_call *call, struct mln_risk_handling *out)
{
    struct mln_param_indexes indexes = { 0 };
    struct mln_err err = { 0 };

    if (mln_params_indexes(&call->params, &call->arena, LIST, 1, &indexes, &err) == MLN_OK &&
            indexes.count == 1 && read_element(call, indexes.items[0], out))
        return true;
    return mln_call_refuse(call, MLN_ACS_INVALID_PARAM, LIST);
}

static bool refuse_unhandled(struct mln_call *call, int rc, const struct mln_err *err)
{
    switch (rc) {
    case MLN_ENOTFOUND:
        return mln_call_refuse(call, MLN_ACS_RISK_ID_NOT_FOUND, NULL);
    case MLN_EEXIST:
        return mln_call_refuse(call, MLN_ACS_RISK_STATUS_PROCESSED, NULL);
    case MLN_EINVAL:
        return mln_call_refuse(call, MLN_ACS_INVALID_PARAM, LIST);
    default:
        return mln_call_fault(call, rc, err);
    }
}

static bool act(struct mln_call *call, struct mln_writer *writer)
{
    struct mln_risk_handling handling = {
        .account_id = call->principal->account_id,
        .risk_id = call->values[ROW_RISK_ID].number,
        .user_name = call->principal->user_name,
        .request_id = mln_str_of(call->request_id),
        .source_ip = mln_str_of(call->address),
    };
    struct mln_err err = { 0 };
    struct mln_store *store = NULL;
    int rc;

    if (!read_list(call, &handling) || !mln_call_store(call, &store))
        return false;
    rc = mln_risk_handle(store, call->gateway->clock, &handling, &err);
    if (rc != MLN_OK)
        return refuse_unhandled(call, rc, &err);
    mln_writer_bool(writer, "Success", true);
    return true;
}

const struct mln_action mln_sddp_pre_handle_audit_risk = {
    .product = "Sddp",
    .version = "2019-01-03",
    .name = "PreHandleAuditRisk",
    .ram_action = "yundun-sddp:PreHandleAuditRisk",
    .xml_root = "PreHandleAuditRiskResponse",
    .writes = true,
    .params = params,
    .param_count = MLN_LEN(params),
    .act = act,
};
