#include "api/action.h"

#include "acs/endpoint.h"
#include "api/sddp/sddp.h"

static const struct mln_action *const actions[] = {
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
