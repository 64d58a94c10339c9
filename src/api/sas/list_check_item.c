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

static int write_params(struct mln_writer *w, struct mln_str text, struct mln_err *err)
{
    struct mln_json_iter iter;
    struct mln_json_value param;
    struct mln_json *doc = NULL;
    int rc = text.len > 0 ? mln_json_parse(text, &doc, err) : MLN_OK;

    if (rc != MLN_OK)
        return mln_wrap(err, MLN_ECORRUPT, "the parameters of a stored check");
    mln_writer_list_begin(w, "CustomConfigs");
    if (doc != NULL) {
        iter = mln_json_iter(mln_json_root(doc));
        while (mln_json_next(&iter, NULL, &param))
            write_param(w, param);
        mln_json_free(doc);
    }
    mln_writer_list_end(w);
    return MLN_OK;
}

struct page {
    struct mln_writer *writer;
    int64_t count;
};

static int write_item(void *ctx, const struct mln_check_result *item, struct mln_err *err)
{
    struct page *page = ctx;
    struct mln_writer *w = page->writer;
    struct sas_cspm_asset asset = sas_cspm_asset(item);
    int rc;

    page->count++;
    mln_writer_object_begin(w, NULL);
    mln_writer_i64(w, "CheckId", item->item_id);
    mln_writer_str(w, "CheckShowName", item->title);
    mln_writer_cstr(w, "CheckType", item->custom ? "CUSTOM" : "SYSTEM");
    rc = write_params(w, item->params, err);
    if (rc != MLN_OK)
        return rc;
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
    return MLN_OK;
}

static bool act(struct mln_call *call, struct mln_writer *w)
{
    const struct mln_value *sent = call->values;
    const struct mln_result_query query = {
        .account_id = call->principal->account_id,
        .lang = (enum mln_lang)sent[ROW_LANG].number,
        .enabled = -1,
        .page = sent[ROW_CURRENT_PAGE].number,
        .page_size = sent[ROW_PAGE_SIZE].number,
    };
    struct page page = { .writer = w };
    struct mln_err err = { 0 };
    struct mln_store *store = NULL;
    int64_t total;
    int rc;

    if (!mln_call_store(call, &store))
        return false;
    mln_writer_list_begin(w, "CheckItems");
    rc = mln_result_list(store, call->gateway->clock, &query, &total, write_item, &page, &err);
    if (rc != MLN_OK)
        return mln_call_fault(call, rc, &err);
    mln_writer_list_end(w);
    sas_write_page_info(w, page.count, false, query.page, query.page_size, total);
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
