#include "api/action.h"

#include "acs/endpoint.h"
#include "api/sas/sas.h"
#include "api/sddp/sddp.h"
#include "risk/risk.h"

const struct mln_word mln_language_words[] = {
    { "en", MLN_LANG_EN },
    { "en_US", MLN_LANG_EN },
    { "en_us", MLN_LANG_EN },
    { "zh", MLN_LANG_ZH },
    { "zh_CN", MLN_LANG_ZH },
    { "zh_cn", MLN_LANG_ZH },
    { 0 },
};

static const struct mln_action *const actions[] = {
    &mln_sas_add_check_result_white_list,
    &mln_sas_describe_risk_check_item_result,
    &mln_sas_describe_risk_check_result,
    &mln_sas_describe_risk_check_summary,
    &mln_sas_describe_risk_item_type,
    &mln_sas_get_check_summary,
    &mln_sas_list_check_instance_result,
    &mln_sas_list_check_item,
    &mln_sas_list_check_result,
    &mln_sas_modify_risk_check_status,
    &mln_sas_modify_risk_single_result_status,
    &mln_sas_remove_check_result_white_list,
    &mln_sas_start_baseline_security_check,
    &mln_sddp_describe_risk_rules,
    &mln_sddp_pre_handle_audit_risk,
};

const struct mln_action *const *mln_actions(size_t *count)
{
    *count = MLN_LEN(actions);
    return actions;
}

const struct mln_action *mln_action_find(struct mln_str version, struct mln_str name)
{
    for (size_t i = 0; i < MLN_LEN(actions); i++) {
        if (mln_str_is(name, actions[i]->name) && mln_str_is(version, actions[i]->version))
            return actions[i];
    }
    return NULL;
}

bool mln_action_version_known(struct mln_str version)
{
    return mln_product_by_version(version) != NULL;
}
