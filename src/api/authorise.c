/* Step 4: may this user do it? */
#include "api/call.h"

#define RESOURCE_MAX ((size_t)128)

static void copy_text(struct mln_str text, char *out, size_t room)
{
    size_t len = text.len < room ? text.len : room - 1;

    memcpy(out, text.ptr, len);
    out[len] = '\0';
}

static bool refuse_denied(struct mln_call *call, enum mln_decision decision)
{
    struct mln_acs_error *error = &call->error;

    (void)mln_call_refuse(call, MLN_ACS_NO_PERMISSION, NULL);
    error->denied = true;
    error->explicit_deny = decision == MLN_EXPLICIT_DENY;
    copy_text(mln_str_of(call->action->ram_action), error->auth_action, sizeof(error->auth_action));
    copy_text(call->principal->user_name, error->principal_name, sizeof(error->principal_name));
    copy_text(call->principal->account_id, error->principal_owner, sizeof(error->principal_owner));
    copy_text(MLN_STR("SubUser"), error->principal_type, sizeof(error->principal_type));
    return false;
}

/* The resource is everything of the product in the account: these actions know no finer one. */
static struct mln_str resource_name(struct mln_call *call)
{
    const struct mln_action *action = call->action;
    const char *colon = strchr(action->ram_action, ':');
    struct mln_str account = call->principal->account_id;
    struct mln_buf text = MLN_BUF_INIT(RESOURCE_MAX);
    struct mln_str out;

    if (colon == NULL)
        return (struct mln_str){ 0 };
    mln_buf_add(&text, MLN_STR("acs:"));
    mln_buf_add(&text, (struct mln_str){ .ptr = action->ram_action,
                               .len = (size_t)(colon - action->ram_action) });
    mln_buf_add(&text, MLN_STR(":*:"));
    mln_buf_add(&text, account);
    mln_buf_add(&text, MLN_STR(":*"));
    out = mln_arena_dup(&call->arena, mln_buf_str(&text));
    mln_buf_free(&text);
    return out;
}

bool mln_step_authorise(struct mln_call *call)
{
    const struct mln_principal *principal = call->principal;
    enum mln_decision decision;

    decision = mln_policy_decide(principal->policies, principal->policy_count,
            mln_str_of(call->action->ram_action), resource_name(call));
    return decision == MLN_ALLOW || refuse_denied(call, decision);
}
