/* ListCheckInstanceResult: the resources of one check that did not pass, or were not assessed. */
#include "api/sas/cspm.h"
#include "api/sas/findings.h"
#include "api/sas/sas.h"

#define PAGE_SIZE_MAX 100

enum row {
    ROW_CHECK_ID,
    ROW_CURRENT_PAGE,
    ROW_INSTANCE_IDS,
    ROW_LANG,
    ROW_PAGE_SIZE,
    ROW_STATUSES
};

static const struct mln_param_row params[] = {
    [ROW_CHECK_ID] = { .name = "CheckId",
            .type = MLN_PARAM_INT,
            .required = true,
            .min = 1,
            .max = SAS_ITEM_MAX,
            .summary = "The check" },
    [ROW_CURRENT_PAGE] = SAS_PAGE_ROW,
    [ROW_INSTANCE_IDS] = { .name = "InstanceIds",
            .type = MLN_PARAM_LIST,
            .summary = "Only these resources" },
    [ROW_LANG] = SAS_LANG_ROW,
    [ROW_PAGE_SIZE] = SAS_PAGE_SIZE_ROW(PAGE_SIZE_MAX),
    [ROW_STATUSES] = { .name = "Statuses",
            .type = MLN_PARAM_LIST,
            .summary = "NOT_PASS, NOT_CHECK, WHITELIST; passed resources are counted, not kept" },
};

static const char *status_of(const struct mln_result_finding *finding)
{
    if (finding->mark.kind.len > 0)
        return "WHITELIST";
    return finding->failed ? "NOT_PASS" : "NOT_CHECK";
}

static void write_basic(struct mln_writer *w, const struct mln_result_finding *finding)
{
    mln_writer_object_begin(w, NULL);
    mln_writer_i64(w, "Id", finding->finding_id);
    mln_writer_str(w, "InstanceId", finding->resource_id);
    mln_writer_object_begin(w, "InstanceInfo");
    mln_writer_i64(w, "FirstUpdateTime", finding->first_seen_ms);
    mln_writer_i64(w, "LastUpdateTime", finding->last_seen_ms);
    mln_writer_object_end(w);
    mln_writer_str(w, "InstanceName", finding->name);
    mln_writer_str(w, "RegionId", finding->region);
    mln_writer_cstr(w, "Status", status_of(finding));
    mln_writer_str(w, "StatusMessage", finding->reason);
    mln_writer_object_end(w);
}

static void write_cell(struct mln_writer *w, const char *key, struct mln_str value)
{
    mln_writer_object_begin(w, key);
    mln_writer_str(w, "value", value);
    mln_writer_object_end(w);
}

static void write_column(struct mln_writer *w, struct mln_str key, struct mln_str title)
{
    mln_writer_object_begin(w, NULL);
    mln_writer_str(w, "Key", key);
    mln_writer_bool(w, "Search", false);
    mln_writer_str(w, "ShowName", title);
    mln_writer_cstr(w, "Type", "text");
    mln_writer_object_end(w);
}

static bool write_lists(struct mln_call *call, struct mln_writer *w,
        const struct sas_findings *findings, enum mln_lang lang)
{
    const char *key = sas_grid_key(call, findings);
    struct mln_err err = { 0 };

    if (key == NULL)
        return mln_call_fault(call, MLN_ENOMEM, &err);
    mln_writer_list_begin(w, "BasicData");
    for (size_t i = 0; i < findings->count; i++)
        write_basic(w, &findings->items[i]);
    mln_writer_list_end(w);
    mln_writer_list_begin(w, "Checks");
    for (size_t i = 0; i < findings->count; i++) {
        mln_writer_text_object_begin(w, NULL);
        write_cell(w, "RegionId", findings->items[i].region);
        write_cell(w, key, findings->items[i].resource_id);
        write_cell(w, "VulValue", findings->items[i].reason);
        mln_writer_text_object_end(w);
    }
    mln_writer_list_end(w);
    mln_writer_list_begin(w, "Columns");
    write_column(w, MLN_STR("RegionId"), mln_str_of(sas_region_title(lang)));
    write_column(w, mln_str_of(key), findings->grid.title);
    write_column(w, MLN_STR("VulValue"), mln_str_of(sas_value_title(lang)));
    mln_writer_list_end(w);
    return true;
}

static bool wants(unsigned statuses, unsigned status)
{
    return statuses == 0 || (statuses & status) != 0;
}

/* Marks hide what was found: a list of either side alone is read through them. */
static bool read_findings(struct mln_call *call, struct mln_finding_query *query, unsigned statuses,
        enum mln_lang lang, struct sas_findings *out)
{
    bool failed = wants(statuses, SAS_CSPM_NOT_PASS), unread = wants(statuses, SAS_CSPM_NOT_CHECK);
    bool marked = wants(statuses, SAS_CSPM_WHITELIST);

    query->without_failed = !failed && !marked;
    query->not_assessed_too = unread || marked;
    if (marked && failed && unread)
        return sas_findings_read(call, query, lang, out);
    return sas_findings_read_where(call, query,
            (failed ? SAS_WHERE_FAILED : 0U) | (unread ? SAS_WHERE_UNREAD : 0U) |
                    (marked ? SAS_WHERE_MARKED : 0U),
            lang, out);
}

static bool act(struct mln_call *call, struct mln_writer *w)
{
    const struct mln_value *sent = call->values;
    struct mln_finding_query query = {
        .account_id = call->principal->account_id,
        .item_id = sent[ROW_CHECK_ID].number,
        .page = sent[ROW_CURRENT_PAGE].number,
        .page_size = sent[ROW_PAGE_SIZE].number,
    };
    enum mln_lang lang = (enum mln_lang)sent[ROW_LANG].number;
    struct sas_findings findings = { 0 };
    struct sas_texts ids = { 0 };
    unsigned statuses;

    if (!sas_read_texts(call, "InstanceIds", &ids) ||
            !sas_read_bits(call, "Statuses", sas_cspm_status_words, &statuses))
        return false;
    query.resource_ids = ids.items;
    query.resource_id_count = ids.count;
    if (!read_findings(call, &query, statuses, lang, &findings) ||
            !write_lists(call, w, &findings, lang))
        return false;
    sas_write_page_info(
            w, (int64_t)findings.count, true, query.page, query.page_size, findings.total);
    return true;
}

const struct mln_action mln_sas_list_check_instance_result = {
    .product = "Sas",
    .version = "2018-12-03",
    .name = "ListCheckInstanceResult",
    .ram_action = "yundun-sas:ListCheckInstanceResult",
    .xml_root = "ListCheckInstanceResultResponse",
    .params = params,
    .param_count = MLN_LEN(params),
    .act = act,
};
