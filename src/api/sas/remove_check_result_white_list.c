/* RemoveCheckResultWhiteList: takes back what AddCheckResultWhiteList did. */
#include "api/sas/sas.h"
#include "api/sas/white_list.h"

enum row { ROW_CHECK_IDS, ROW_INSTANCE_IDS, ROW_RULE_ID };

static const struct mln_param_row params[] = {
    [ROW_CHECK_IDS] = { .name = "CheckIds", .type = MLN_PARAM_LIST, .summary = "The checks" },
    [ROW_INSTANCE_IDS] = { .name = "InstanceIds",
            .type = MLN_PARAM_LIST,
            .summary = "Only these resources under the checks" },
    [ROW_RULE_ID] = { .name = "RuleId",
            .type = MLN_PARAM_INT,
            .min = 1,
            .max = SAS_ITEM_MAX,
            .summary = "A rule that AddCheckResultWhiteList named, in place of CheckIds" },
};

static bool act(struct mln_call *call, struct mln_writer *w)
{
    struct mln_value rule = call->values[ROW_RULE_ID];
    struct sas_numbers checks = { 0 };
    struct sas_marks marks = { 0 };

    if (!sas_read_numbers(call, "CheckIds", &checks))
        return false;
    if (checks.count == 0 && rule.present)
        checks = (struct sas_numbers){ .items = &rule.number, .count = 1 };
    if (!sas_white_list_read(call, NULL, (struct mln_str){ 0 }, &checks, &marks) ||
            !sas_white_list_mark(call, &marks))
        return false;
    mln_writer_cstr(w, "Code", "200");
    mln_writer_cstr(w, "Message", "OK");
    mln_writer_bool(w, "Success", true);
    return true;
}

const struct mln_action mln_sas_remove_check_result_white_list = {
    .product = "Sas",
    .version = "2018-12-03",
    .name = "RemoveCheckResultWhiteList",
    .ram_action = "yundun-sas:RemoveCheckResultWhiteList",
    .xml_root = "RemoveCheckResultWhiteListResponse",
    .writes = true,
    .params = params,
    .param_count = MLN_LEN(params),
    .act = act,
};
