/* DescribeRiskCheckResult: one page of the account's check items with their results. */
#include "api/sas/query.h"
#include "api/sas/sas.h"

#define WORD_CHARS_MAX 64
#define NAME_CHARS_MAX 128

enum row {
    ROW_ASSET_TYPE,
    ROW_CURRENT_PAGE,
    ROW_GROUP_ID,
    ROW_ITEM_IDS,
    ROW_LANG,
    ROW_NAME,
    ROW_PAGE_SIZE,
    ROW_QUERY_FLAG,
    ROW_RISK_LEVEL,
    ROW_STATUS,
};

static const struct mln_word statuses[] = {
    { "failed", MLN_RESULT_FAILED },
    { "falsePositive", MLN_RESULT_FALSE_POSITIVE },
    { "ignored", MLN_RESULT_IGNORED },
    { "pass", MLN_RESULT_PASS },
    { "running", MLN_RESULT_RUNNING },
    { "waiting", MLN_RESULT_WAITING },
    { 0 },
};

static const struct mln_word flags[] = {
    { "disabled", 0 },
    { "enabled", 1 },
    { 0 },
};

static const struct mln_param_row params[] = {
    [ROW_ASSET_TYPE] = { .name = "AssetType",
            .type = MLN_PARAM_TEXT,
            .min = 1,
            .max = WORD_CHARS_MAX,
            .summary = "Only items about this product" },
    [ROW_CURRENT_PAGE] = SAS_PAGE_ROW,
    [ROW_GROUP_ID] = { .name = "GroupId",
            .type = MLN_PARAM_INT,
            .min = 1,
            .max = MLN_RESULT_GROUPS,
            .summary = "Only items of this group: 1 identity, 2 network, 3 log audit, 4 data, "
                       "5 monitoring, 6 basic protection" },
    [ROW_ITEM_IDS] = { .name = "ItemIds", .type = MLN_PARAM_LIST, .summary = "Only these items" },
    [ROW_LANG] = SAS_LANG_ROW,
    [ROW_NAME] = { .name = "Name",
            .type = MLN_PARAM_TEXT,
            .min = 1,
            .max = NAME_CHARS_MAX,
            .summary = "Only items with this in their title or code name" },
    [ROW_PAGE_SIZE] = SAS_PAGE_SIZE_ROW(MLN_RESULT_PAGE_SIZE_MAX),
    [ROW_QUERY_FLAG] = { .name = "QueryFlag",
            .type = MLN_PARAM_WORD,
            .words = flags,
            .summary = "Only enabled or disabled items" },
    [ROW_RISK_LEVEL] = { .name = "RiskLevel",
            .type = MLN_PARAM_WORD,
            .words = sas_level_words,
            .summary = "Only items of this level" },
    [ROW_STATUS] = { .name = "Status",
            .type = MLN_PARAM_WORD,
            .words = statuses,
            .summary = "Only items with this result" },
};

static void write_text(struct mln_writer *w, const struct mln_result_text *text)
{
    mln_writer_object_begin(w, NULL);
    mln_writer_text_object_begin(w, "ContentResource");
    mln_writer_cstr(w, "type", text->is_link ? "link" : "text");
    mln_writer_str(w, "value", text->value);
    mln_writer_text_object_end(w);
    mln_writer_cstr(w, "ResourceName", text->name);
    mln_writer_object_end(w);
}

struct page {
    struct mln_writer *writer;
    int64_t count;
};

static int write_item(void *ctx, const struct mln_check_result *item, struct mln_err *err)
{
    struct page *page = ctx;
    struct mln_writer *w = page->writer;

    (void)err;
    page->count++;
    mln_writer_object_begin(w, NULL);
    mln_writer_cstr(w, "Status", mln_result_status_name(item->status));
    mln_writer_i64(w, "CheckTime", item->check_time_ms);
    mln_writer_i64(w, "TaskId", item->task_id);
    mln_writer_i64(w, "RemainingTime", item->remaining_s);
    mln_writer_str(w, "Title", item->title);
    mln_writer_i64(w, "ItemId", item->item_id);
    mln_writer_str(w, "RiskAssertType", item->service);
    mln_writer_str(w, "Type", item->group_title);
    mln_writer_cstr(w, "StartStatus", item->enabled ? "enabled" : "disable");
    mln_writer_i64(w, "AffectedCount", item->affected);
    mln_writer_i64(w, "Sort", item->sort);
    mln_writer_cstr(w, "RepairStatus", "disabled");
    mln_writer_cstr(w, "RiskLevel", mln_result_level_name(item->level));
    mln_writer_list_begin(w, "RiskItemResources");
    for (size_t i = 0; i < MLN_RESULT_TEXTS; i++)
        write_text(w, &item->texts[i]);
    mln_writer_list_end(w);
    if (item->not_assessed_reason.len > 0) /* Beyond the cloud's members: why it waits. */
        mln_writer_str(w, "NotAssessed", item->not_assessed_reason);
    mln_writer_object_end(w);
    return MLN_OK;
}

static unsigned bit_of(const struct mln_value *value)
{
    return value->present ? 1U << value->number : 0;
}

static bool act(struct mln_call *call, struct mln_writer *writer)
{
    const struct mln_value *sent = call->values;
    struct mln_result_query query = {
        .account_id = call->principal->account_id,
        .lang = (enum mln_lang)sent[ROW_LANG].number,
        .group = (int)sent[ROW_GROUP_ID].number,
        .levels = bit_of(&sent[ROW_RISK_LEVEL]),
        .statuses = bit_of(&sent[ROW_STATUS]),
        .service = sent[ROW_ASSET_TYPE].text,
        .name = sent[ROW_NAME].text,
        .enabled = sent[ROW_QUERY_FLAG].present ? (int)sent[ROW_QUERY_FLAG].number : -1,
        .page = sent[ROW_CURRENT_PAGE].number,
        .page_size = sent[ROW_PAGE_SIZE].number,
    };
    struct page page = { .writer = writer };
    struct sas_numbers ids = { 0 };
    struct mln_err err = { 0 };
    struct mln_store *store = NULL;
    int64_t total;
    int rc;

    if (!sas_read_numbers(call, "ItemIds", &ids) || !mln_call_store(call, &store))
        return false;
    query.ids = ids.items;
    query.id_count = ids.count;
    mln_writer_list_begin(writer, "List");
    rc = mln_result_list(store, call->gateway->clock, &query, &total, write_item, &page, &err);
    if (rc != MLN_OK)
        return mln_call_fault(call, rc, &err);
    mln_writer_list_end(writer);
    mln_writer_i64(writer, "TotalCount", total);
    mln_writer_i64(writer, "PageCount", sas_page_count(total, query.page_size));
    mln_writer_i64(writer, "PageSize", query.page_size);
    mln_writer_i64(writer, "CurrentPage", query.page);
    mln_writer_i64(writer, "Count", page.count);
    return true;
}

const struct mln_action mln_sas_describe_risk_check_result = {
    .product = "Sas",
    .version = "2018-12-03",
    .name = "DescribeRiskCheckResult",
    .ram_action = "yundun-sas:DescribeRiskCheckResult",
    .xml_root = "DescribeRiskCheckResultResponse",
    .params = params,
    .param_count = MLN_LEN(params),
    .act = act,
};
