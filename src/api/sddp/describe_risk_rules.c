/* DescribeRiskRules: one page of the account's risk events (the wire name speaks of rules). */
#include "api/call.h"
#include "api/sddp/sddp.h"
#include "risk/risk.h"

#define PRODUCT_CHARS_MAX 64
#define TIME_MS_MAX       ((int64_t)253402300799999) /* the end of the year 9999 */

enum row {
    ROW_CURRENT_PAGE,
    ROW_END_TIME,
    ROW_HANDLE_STATUS,
    ROW_LANG,
    ROW_PAGE_SIZE,
    ROW_PRODUCT_CODE,
    ROW_RULE_ID,
    ROW_START_TIME,
    ROW_WARN_LEVEL,
};

static const struct mln_word statuses[] = {
    { "PROCESSED", MLN_RISK_PROCESSED },
    { "UNPROCESSED", MLN_RISK_UNPROCESSED },
    { 0 },
};

static const struct mln_param_row params[] = {
    [ROW_CURRENT_PAGE] = { .name = "CurrentPage",
            .type = MLN_PARAM_INT,
            .min = 1,
            .max = INT32_MAX,
            .fallback = "1",
            .summary = "The page, from 1" },
    [ROW_END_TIME] = { .name = "EndTime",
            .type = MLN_PARAM_INT,
            .min = 0,
            .max = TIME_MS_MAX,
            .summary = "Only events whose last alarm was not later (epoch milliseconds)" },
    [ROW_HANDLE_STATUS] = { .name = "HandleStatus",
            .type = MLN_PARAM_WORD,
            .words = statuses,
            .fallback = "UNPROCESSED",
            .summary = "Open or handled events" },
    [ROW_LANG] = { .name = "Lang",
            .type = MLN_PARAM_WORD,
            .words = mln_language_words,
            .fallback = "en",
            .summary = "The language of names" },
    [ROW_PAGE_SIZE] = { .name = "PageSize",
            .type = MLN_PARAM_INT,
            .min = 1,
            .max = MLN_RISK_PAGE_SIZE_MAX,
            .fallback = "10",
            .summary = "Events on a page" },
    [ROW_PRODUCT_CODE] = { .name = "ProductCode",
            .type = MLN_PARAM_TEXT,
            .min = 1,
            .max = PRODUCT_CHARS_MAX,
            .summary = "Only events of this product" },
    [ROW_RULE_ID] = { .name = "RuleId",
            .type = MLN_PARAM_INT,
            .min = 1,
            .max = MLN_RISK_ID_MAX,
            .summary = "Only events of this rule" },
    [ROW_START_TIME] = { .name = "StartTime",
            .type = MLN_PARAM_INT,
            .min = 0,
            .max = TIME_MS_MAX,
            .summary = "Only events whose last alarm was not earlier (epoch milliseconds)" },
    [ROW_WARN_LEVEL] = { .name = "WarnLevel",
            .type = MLN_PARAM_INT,
            .min = 1,
            .max = 3,
            .summary = "Only events of this level: 1 low, 2 medium, 3 high" },
};

static int write_item(void *ctx, const struct mln_risk_event *event, struct mln_err *err)
{
    struct mln_writer *w = ctx;

    (void)err;
    mln_writer_object_begin(w, NULL);
    mln_writer_i64(w, "RiskId", event->risk_id);
    mln_writer_i64(w, "RuleId", event->rule_id);
    mln_writer_str(w, "RuleName", event->rule_name);
    mln_writer_i64(w, "RuleCategoryId", event->category_id);
    mln_writer_str(w, "RuleCategoryName", event->category_name);
    mln_writer_i64(w, "WarnLevel", event->level);
    mln_writer_str(w, "WarnLevelName", event->level_name);
    mln_writer_str(w, "ProductCode", event->product);
    mln_writer_str(w, "AlarmSource", event->alarm_source);
    mln_writer_str(w, "AlertFrequency", event->alert_frequency);
    mln_writer_i64(w, "AlarmCount", event->alarm_count);
    mln_writer_i64(w, "TotalAlarmCount", event->alarm_count);
    mln_writer_i64(w, "InstanceCount", event->instance_count);
    mln_writer_i64(w, "TotalInstanceCount", event->instance_count);
    mln_writer_i64(w, "ClientIpCount", event->client_ip_count);
    mln_writer_i64(w, "TotalClientIpCount", event->client_ip_count);
    mln_writer_i64(w, "UserNameCount", event->user_count);
    mln_writer_i64(w, "TotalUserNameCount", event->user_count);
    mln_writer_i64(w, "FirstAlarmTime", event->first_alarm_ms);
    mln_writer_i64(w, "LastAlarmTime", event->last_alarm_ms);
    mln_writer_cstr(w, "HandleStatus", event->processed ? "PROCESSED" : "UNPROCESSED");
    mln_writer_i64(w, "HandleMarkTime", event->handled_ms);
    mln_writer_bool(w, "SupportAi", false);
    mln_writer_object_end(w);
    return MLN_OK;
}

static bool act(struct mln_call *call, struct mln_writer *writer)
{
    const struct mln_value *sent = call->values;
    const struct mln_risk_query query = {
        .account_id = call->principal->account_id,
        .status = (enum mln_risk_status)sent[ROW_HANDLE_STATUS].number,
        .lang = (enum mln_lang)sent[ROW_LANG].number,
        .level = (int)sent[ROW_WARN_LEVEL].number,
        .product = sent[ROW_PRODUCT_CODE].text,
        .rule_id = sent[ROW_RULE_ID].number,
        .since_ms = sent[ROW_START_TIME].number,
        .until_ms = sent[ROW_END_TIME].number,
        .page = sent[ROW_CURRENT_PAGE].number,
        .page_size = sent[ROW_PAGE_SIZE].number,
    };
    struct mln_err err = { 0 };
    struct mln_store *store = NULL;
    int64_t total;
    int rc;

    if (!mln_call_store(call, &store))
        return false;
    mln_writer_list_begin(writer, "Items");
    rc = mln_risk_list(store, &query, &total, write_item, writer, &err);
    if (rc != MLN_OK)
        return mln_call_fault(call, rc, &err);
    mln_writer_list_end(writer);
    mln_writer_i64(writer, "TotalCount", total);
    mln_writer_i64(writer, "PageSize", query.page_size);
    mln_writer_i64(writer, "CurrentPage", query.page);
    return true;
}

const struct mln_action mln_sddp_describe_risk_rules = {
    .product = "Sddp",
    .version = "2019-01-03",
    .name = "DescribeRiskRules",
    .ram_action = "yundun-sddp:DescribeRiskRules",
    .xml_root = "DescribeRiskRulesResponse",
    .repeats = true,
    .params = params,
    .param_count = MLN_LEN(params),
    .act = act,
};
