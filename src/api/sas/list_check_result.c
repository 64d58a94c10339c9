/* ListCheckResult: the successor of DescribeRiskCheckResult, with lists as filters. */
#include <stdio.h>

#include "api/sas/cspm.h"
#include "api/sas/findings.h"
#include "api/sas/sas.h"

#define NAME_CHARS_MAX 128
#define PAGE_SIZE_MAX  100
#define LOOKUPS_MAX    ((size_t)50000) /* Checks times resources that one call may look up. */

enum row {
    ROW_CHECK_IDS,
    ROW_CHECK_KEY,
    ROW_CHECK_TYPES,
    ROW_CURRENT_PAGE,
    ROW_INSTANCE_IDS,
    ROW_INSTANCE_TYPES,
    ROW_LANG,
    ROW_PAGE_SIZE,
    ROW_RISK_LEVELS,
    ROW_STATUSES,
    ROW_VENDORS,
};

static const struct mln_param_row params[] = {
    [ROW_CHECK_IDS] = { .name = "CheckIds", .type = MLN_PARAM_LIST, .summary = "Only these" },
    [ROW_CHECK_KEY] = { .name = "CheckKey",
            .type = MLN_PARAM_TEXT,
            .min = 1,
            .max = NAME_CHARS_MAX,
            .summary = "Only checks with this in their name" },
    [ROW_CHECK_TYPES] = { .name = "CheckTypes",
            .type = MLN_PARAM_LIST,
            .summary = "CUSTOM (added by users), SYSTEM" },
    [ROW_CURRENT_PAGE] = SAS_PAGE_ROW,
    [ROW_INSTANCE_IDS] = { .name = "InstanceIds",
            .type = MLN_PARAM_LIST,
            .summary = "Only checks that one of these resources does not pass" },
    [ROW_INSTANCE_TYPES] = { .name = "InstanceTypes",
            .type = MLN_PARAM_LIST,
            .summary = "Only checks about these products" },
    [ROW_LANG] = SAS_LANG_ROW,
    [ROW_PAGE_SIZE] = SAS_PAGE_SIZE_ROW(PAGE_SIZE_MAX),
    [ROW_RISK_LEVELS] = { .name = "RiskLevels",
            .type = MLN_PARAM_LIST,
            .summary = "HIGH, MEDIUM, LOW" },
    [ROW_STATUSES] = { .name = "Statuses",
            .type = MLN_PARAM_LIST,
            .summary = "PASS, NOT_PASS, CHECKING, NOT_CHECK, WHITELIST" },
    [ROW_VENDORS] = { .name = "Vendors",
            .type = MLN_PARAM_LIST,
            .summary = "Only ALIYUN has checks here" },
};

struct filter {
    struct sas_texts instance_types, instance_ids, vendors;
    unsigned statuses, types;
};

static bool has(const struct sas_texts *list, const char *word)
{
    for (size_t i = 0; i < list->count; i++) {
        if (mln_str_is(list->items[i], word))
            return true;
    }
    return list->count == 0;
}

/* Does one of the resources stand among the item's? Refuses the call on a failure: `failed`. */
static bool concerns(
        struct mln_call *call, const struct filter *filter, int64_t item_id, bool *failed)
{
    const struct mln_finding_query query = {
        .account_id = call->principal->account_id,
        .item_id = item_id,
        .not_assessed_too = true,
        .resource_ids = filter->instance_ids.items,
        .resource_id_count = filter->instance_ids.count,
    };
    int64_t found = 0;

    if (filter->instance_ids.count == 0)
        return true;
    *failed = !sas_findings_count(call, &query, &found);
    return found > 0;
}

static bool matches(const struct filter *filter, const struct mln_check_result *item)
{
    unsigned type = item->custom ? SAS_CSPM_CUSTOM : SAS_CSPM_SYSTEM;

    return (filter->statuses == 0 || (filter->statuses & sas_cspm_status(item)) != 0) &&
           (filter->types == 0 || (filter->types & type) != 0) &&
           has(&filter->instance_types, sas_cspm_asset(item).type) &&
           has(&filter->vendors, "ALIYUN");
}

static void write_check(struct mln_writer *w, const struct mln_check_result *item)
{
    struct sas_cspm_asset asset = sas_cspm_asset(item);
    char task[24];

    (void)snprintf(task, sizeof(task), "%lld", (long long)item->task_id);
    mln_writer_object_begin(w, NULL);
    mln_writer_i64(w, "AssetType", asset.asset_type);
    mln_writer_i64(w, "AssetSubType", 0);
    mln_writer_i64(w, "AssetVendor", 0);
    mln_writer_i64(w, "CheckId", item->item_id);
    mln_writer_list_begin(w, "CheckPolicies");
    mln_writer_object_begin(w, NULL);
    mln_writer_i64(w, "SectionId", item->group);
    mln_writer_str(w, "SectionShowName", item->group_title);
    mln_writer_object_end(w);
    mln_writer_list_end(w);
    mln_writer_i64(w, "CheckSaleType", 1);
    mln_writer_str(w, "CheckShowName", item->title);
    mln_writer_cstr(w, "CheckType", item->custom ? "CUSTOM" : "SYSTEM");
    mln_writer_cstr(w, "InstanceType", asset.type);
    mln_writer_cstr(w, "InstanceSubType", asset.sub_type);
    mln_writer_i64(w, "LastCheckTime", item->check_time_ms);
    mln_writer_cstr(w, "OperationType", "NOT_SUPPORT_REPAIR");
    mln_writer_cstr(w, "RiskLevel", sas_cspm_level(item->level));
    mln_writer_cstr(w, "Status", sas_cspm_status_name(sas_cspm_status(item)));
    mln_writer_str(w, "StatusMessage", item->not_assessed_reason);
    mln_writer_cstr(w, "TaskId", task);
    mln_writer_bool(w, "TrialPermission", false);
    mln_writer_cstr(w, "Vendor", "ALIYUN");
    mln_writer_cstr(w, "VendorShowName", "Alibaba Cloud");
    mln_writer_object_end(w);
}

static bool read_filter(struct mln_call *call, struct filter *filter,
        struct mln_result_query *query, struct sas_numbers *ids)
{
    return sas_read_numbers(call, "CheckIds", ids) &&
           sas_read_texts(call, "InstanceIds", &filter->instance_ids) &&
           sas_read_texts(call, "InstanceTypes", &filter->instance_types) &&
           sas_read_texts(call, "Vendors", &filter->vendors) &&
           sas_read_bits(call, "CheckTypes", sas_cspm_type_words, &filter->types) &&
           sas_read_bits(call, "RiskLevels", sas_cspm_level_words, &query->levels) &&
           sas_read_bits(call, "Statuses", sas_cspm_status_words, &filter->statuses);
}

static bool act(struct mln_call *call, struct mln_writer *w)
{
    const struct mln_value *sent = call->values;
    int64_t page = sent[ROW_CURRENT_PAGE].number, size = sent[ROW_PAGE_SIZE].number;
    struct mln_result_query query = {
        .lang = (enum mln_lang)sent[ROW_LANG].number,
        .name = sent[ROW_CHECK_KEY].text,
    };
    struct sas_numbers ids = { 0 };
    struct sas_items items = { 0 };
    struct filter filter = { 0 };
    int64_t total = 0, count = 0;
    bool failed = false;

    if (!read_filter(call, &filter, &query, &ids))
        return false;
    query.ids = ids.items;
    query.id_count = ids.count;
    if (!sas_items_read(call, &query, &items))
        return false;
    if (items.count * filter.instance_ids.count > LOOKUPS_MAX)
        return mln_call_refuse(call, MLN_ACS_INVALID_PARAM, "InstanceIds");
    mln_writer_list_begin(w, "Checks");
    for (size_t i = 0; i < items.count; i++) {
        const struct mln_check_result *item = &items.items[i];

        if (!matches(&filter, item) || !concerns(call, &filter, item->item_id, &failed)) {
            if (failed)
                return false;
            continue;
        }
        if (total / size == page - 1) {
            write_check(w, item);
            count++;
        }
        total++;
    }
    mln_writer_list_end(w);
    sas_write_page_info(w, count, false, page, size, total);
    return true;
}

const struct mln_action mln_sas_list_check_result = {
    .product = "Sas",
    .version = "2018-12-03",
    .name = "ListCheckResult",
    .ram_action = "yundun-sas:ListCheckResult",
    .xml_root = "ListCheckResultResponse",
    .params = params,
    .param_count = MLN_LEN(params),
    .act = act,
};
