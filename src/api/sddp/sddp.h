/* Data Security Center, API version 2019-01-03: the rows of its actions. */
#pragma once

#include "api/action.h"

extern const struct mln_action mln_sddp_describe_risk_rules;
extern const struct mln_action mln_sddp_pre_handle_audit_risk;
