/* Security Center, API version 2018-12-03: the rows of its actions. */
#pragma once

#include "api/action.h"

extern const struct mln_action mln_sas_add_check_result_white_list;
extern const struct mln_action mln_sas_describe_risk_check_item_result;
extern const struct mln_action mln_sas_describe_risk_check_result;
extern const struct mln_action mln_sas_describe_risk_check_summary;
extern const struct mln_action mln_sas_describe_risk_item_type;
extern const struct mln_action mln_sas_get_check_summary;
extern const struct mln_action mln_sas_list_check_instance_result;
extern const struct mln_action mln_sas_list_check_item;
extern const struct mln_action mln_sas_list_check_result;
extern const struct mln_action mln_sas_modify_risk_check_status;
extern const struct mln_action mln_sas_modify_risk_single_result_status;
extern const struct mln_action mln_sas_remove_check_result_white_list;
extern const struct mln_action mln_sas_start_baseline_security_check;
