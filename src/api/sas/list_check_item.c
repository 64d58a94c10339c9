/* ListCheckItem: the checks, what they are about, and the parameters that they take. */
#include "api/sas/cspm.h"
#include "api/sas/sas.h"
#include "wire/json.h"

#define PAGE_SIZE_MAX 100

enum row { ROW_CURRENT_PAGE, ROW_LANG, ROW_PAGE_SIZE };

static const struct mln_param_row params[] = {
    [ROW_CURRENT_PAGE] = SAS_PAGE_ROW,
    [ROW_LANG] = SAS_LANG_ROW,
    [ROW_PAGE_SIZE] = SAS_PAGE_SIZE_ROW(PAGE_SIZE_MAX),
};

static void write_param(struct mln_writer *w, struct mln_json_value param)
{
    static const struct {
        const char *key, *member;
    } rows[] = {
        { "DefaultValue", "default" },
        { "Name", "name" },
        { "ShowName", "about" },
        { "Value", "value" },
    };

    mln_writer_object_begin(w, NULL);
    for (size_t i = 0; i < MLN_LEN(rows); i++) {
        struct mln_str text = { 0 };

        if (mln_json_get_str(param, rows[i].member, &text))
            mln_writer_str(w, rows[i].key, text);
    }
    mln_writer_object_end(w);
}

static bool write_params(struct mln_call *call, struct mln_writer *w, struct mln_str text)
{
    struct mln_json_iter iter;
    struct mln_json_value param;
    struct mln_err err = { 0 };
    struct mln_json *doc = NULL;
    int rc = text.len > 0 ? mln_json_parse(text, &doc, &err) : MLN_OK;

    if (rc != MLN_OK)
        return mln_call_fault(call, MLN_ECORRUPT, &err);
    mln_writer_list_begin(w, "CustomConfigs");
    if (doc != NULL) {
        iter = mln_json_iter(mln_json_root(doc));
        while (mln_json_next(&iter, NULL, &param))
            write_param(w, param);
        mln_json_free(doc);
    }
    mln_writer_list_end(w);
    return true;
}

static bool write_item(
        struct mln_call *call, struct mln_writer *w, const struct mln_check_result *item)
{
    struct sas_cspm_asset asset = sas_cspm_asset(item);

    mln_writer_object_begin(w, NULL);
    mln_writer_i64(w, "CheckId", item->item_id);
    mln_writer_str(w, "CheckShowName", item->title);
    mln_writer_cstr(w, "CheckType", item->custom ? "CUSTOM" : "SYSTEM");
    if (!write_params(call, w, item->params))
        return false;
    mln_writer_object_begin(w, "Description");
    mln_writer_cstr(w, "Type", "text");
    mln_writer_str(w, "Value", item->texts[0].value);
    mln_writer_object_end(w);
    mln_writer_i64(w, "EstimatedCount",
            item->affected + item->passed + item->not_applicable + item->not_assessed);
    mln_writer_cstr(w, "InstanceSubType", asset.sub_type);
    mln_writer_cstr(w, "InstanceType", asset.type);
    mln_writer_cstr(w, "RiskLevel", sas_cspm_level(item->level));
    mln_writer_list_begin(w, "SectionIds");
    mln_writer_i64(w, NULL, item->group);
    mln_writer_list_end(w);
    mln_writer_cstr(w, "Vendor", "0");
    mln_writer_object_end(w);
    return true;
}

static bool act(struct mln_call *call, struct mln_writer *w)
{
    const struct mln_value *sent = call->values;
    int64_t page = sent[ROW_CURRENT_PAGE].number, size = sent[ROW_PAGE_SIZE].number;
    const struct mln_result_query query = { .lang = (enum mln_lang)sent[ROW_LANG].number };
    struct sas_items items = { 0 };
    int64_t count = 0;

    if (!sas_items_read(call, &query, &items))
        return false;
    mln_writer_list_begin(w, "CheckItems");
    for (size_t i = 0; i < items.count; i++) {
        if ((int64_t)i / size != page - 1)
            continue;
        if (!write_item(call, w, &items.items[i]))
            return false;
        count++;
    }
    mln_writer_list_end(w);
    sas_write_page_info(w, count, false, page, size, (int64_t)items.count);
    return true;
}

const struct mln_action mln_sas_list_check_item = {
    .product = "Sas",
    .version = "2018-12-03",
    .name = "ListCheckItem",
    .ram_action = "yundun-sas:ListCheckItem",
    .xml_root = "ListCheckItemResponse",
    .params = params,
    .param_count = MLN_LEN(params),
    .act = act,
};
