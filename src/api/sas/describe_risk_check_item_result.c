/*
 * DescribeRiskCheckItemResult: the failed resources of one item as a grid whose columns depend on
 * the item: Region, the resource, and what is wrong with it.
 */
#include "api/sas/findings.h"
#include "api/sas/sas.h"

enum row { ROW_CURRENT_PAGE, ROW_ITEM_ID, ROW_LANG, ROW_PAGE_SIZE };

static const struct mln_param_row params[] = {
    [ROW_CURRENT_PAGE] = SAS_PAGE_ROW,
    [ROW_ITEM_ID] = { .name = "ItemId",
            .type = MLN_PARAM_INT,
            .required = true,
            .min = 1,
            .max = SAS_ITEM_MAX,
            .summary = "The check item" },
    [ROW_LANG] = SAS_LANG_ROW,
    [ROW_PAGE_SIZE] = SAS_PAGE_SIZE_ROW(MLN_RESULT_PAGE_SIZE_MAX),
};

static void write_column(struct mln_writer *w, struct mln_str title, struct mln_str key)
{
    mln_writer_object_begin(w, NULL);
    mln_writer_str(w, "title", title);
    mln_writer_str(w, "key", key);
    mln_writer_object_end(w);
}

static void write_cell(struct mln_writer *w, const char *key, struct mln_str value)
{
    mln_writer_object_begin(w, key);
    mln_writer_cstr(w, "type", "text");
    mln_writer_str(w, "value", value);
    mln_writer_cstr(w, "url", "");
    mln_writer_object_end(w);
}

static bool write_grid(struct mln_call *call, struct mln_writer *w,
        const struct sas_findings *findings, enum mln_lang lang)
{
    const char *key = sas_grid_key(call, findings);
    struct mln_err err = { 0 };

    if (key == NULL)
        return mln_call_fault(call, MLN_ENOMEM, &err);
    mln_writer_text_object_begin(w, "ContentResource");
    mln_writer_list_begin(w, "resultStatus");
    for (size_t i = 0; i < findings->count; i++) {
        mln_writer_object_begin(w, NULL);
        mln_writer_i64(w, "id", findings->items[i].finding_id);
        mln_writer_cstr(w, "status", sas_finding_status(&findings->items[i]));
        mln_writer_object_end(w);
    }
    mln_writer_list_end(w);
    mln_writer_list_begin(w, "columns");
    write_column(w, mln_str_of(sas_region_title(lang)), MLN_STR("RegionId"));
    write_column(w, findings->grid.title, mln_str_of(key));
    write_column(w, mln_str_of(sas_value_title(lang)), MLN_STR("VulValue"));
    mln_writer_list_end(w);
    mln_writer_list_begin(w, "values");
    for (size_t i = 0; i < findings->count; i++) {
        mln_writer_object_begin(w, NULL);
        write_cell(w, "RegionId", findings->items[i].region);
        write_cell(w, key, findings->items[i].resource_id);
        write_cell(w, "VulValue", findings->items[i].reason);
        mln_writer_object_end(w);
    }
    mln_writer_list_end(w);
    mln_writer_text_object_end(w);
    return true;
}

static bool act(struct mln_call *call, struct mln_writer *w)
{
    const struct mln_value *sent = call->values;
    const struct mln_finding_query query = {
        .account_id = call->principal->account_id,
        .item_id = sent[ROW_ITEM_ID].number,
        .page = sent[ROW_CURRENT_PAGE].number,
        .page_size = sent[ROW_PAGE_SIZE].number,
    };
    enum mln_lang lang = (enum mln_lang)sent[ROW_LANG].number;
    struct sas_findings findings = { 0 };

    if (!sas_findings_read(call, &query, lang, &findings))
        return false;
    mln_writer_object_begin(w, "PageContentResource");
    if (!write_grid(call, w, &findings, lang))
        return false;
    mln_writer_i64(w, "Count", (int64_t)findings.count);
    mln_writer_i64(w, "CurrentPage", query.page);
    mln_writer_i64(w, "PageCount", sas_page_count(findings.total, query.page_size));
    mln_writer_i64(w, "PageSize", query.page_size);
    mln_writer_i64(w, "TotalCount", findings.total);
    mln_writer_object_end(w);
    return true;
}

const struct mln_action mln_sas_describe_risk_check_item_result = {
    .product = "Sas",
    .version = "2018-12-03",
    .name = "DescribeRiskCheckItemResult",
    .ram_action = "yundun-sas:DescribeRiskCheckItemResult",
    .xml_root = "DescribeRiskCheckItemResultResponse",
    .params = params,
    .param_count = MLN_LEN(params),
    .act = act,
};
