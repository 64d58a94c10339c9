/* AddCheckResultWhiteList: ignores checks, or resources under checks. */
#include "api/sas/sas.h"
#include "api/sas/white_list.h"

enum row { ROW_CHECK_IDS, ROW_INSTANCE_IDS, ROW_REMARK, ROW_RULE_TYPE };

static const struct mln_word rule_types[] = {
    { "WHITE", 0 },
    { 0 },
};

static const struct mln_param_row params[] = {
    [ROW_CHECK_IDS] = { .name = "CheckIds", .type = MLN_PARAM_LIST, .summary = "The checks" },
    [ROW_INSTANCE_IDS] = { .name = "InstanceIds",
            .type = MLN_PARAM_LIST,
            .summary = "Only these resources under the checks" },
    [ROW_REMARK] = { .name = "Remark",
            .type = MLN_PARAM_TEXT,
            .min = 0,
            .max = MLN_MARK_REASON_MAX,
            .summary = "Why" },
    [ROW_RULE_TYPE] = { .name = "RuleType",
            .type = MLN_PARAM_WORD,
            .words = rule_types,
            .fallback = "WHITE",
            .summary = "The only type there is" },
};

static bool act(struct mln_call *call, struct mln_writer *w)
{
    struct sas_numbers checks = { 0 };
    struct sas_marks marks = { 0 };

    if (!sas_read_numbers(call, "CheckIds", &checks) ||
            !sas_white_list_read(call, "ignored", call->values[ROW_REMARK].text, &checks, &marks) ||
            !sas_white_list_mark(call, &marks))
        return false;
    /* A rule is known by the check that it is for. */
    mln_writer_list_begin(w, "RuleIds");
    for (size_t i = 0; i < checks.count; i++)
        mln_writer_i64(w, NULL, checks.items[i]);
    mln_writer_list_end(w);
    return true;
}

const struct mln_action mln_sas_add_check_result_white_list = {
    .product = "Sas",
    .version = "2018-12-03",
    .name = "AddCheckResultWhiteList",
    .ram_action = "yundun-sas:AddCheckResultWhiteList",
    .xml_root = "AddCheckResultWhiteListResponse",
    .writes = true,
    .params = params,
    .param_count = MLN_LEN(params),
    .act = act,
};
