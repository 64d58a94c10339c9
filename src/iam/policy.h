/*
 * RAM policies: who may call which action. Version "1", statements of Effect, Action and Resource
 * with
 * `*` and `?` wildcards; Deny wins. What is not evaluated (Condition, NotAction, NotResource,
 * Principal) is refused when it is written, so that no policy means less than it says.
 */
#pragma once

#include "base/arena.h"

#define MLN_POLICY_BYTES_MAX      ((size_t)6144) /* The cloud's limit for a custom policy. */
#define MLN_POLICY_STATEMENTS_MAX ((size_t)100)
#define MLN_POLICY_ITEMS_MAX      ((size_t)200) /* Actions or resources in one statement. */

struct mln_policy;

/* Parses and checks; MLN_EINVAL says which statement and element. Allocated in `arena`. */
MLN_MUST_USE int mln_policy_parse(struct mln_str document, struct mln_arena *arena,
        const struct mln_policy **out, struct mln_err *err);

enum mln_decision { MLN_IMPLICIT_DENY, MLN_EXPLICIT_DENY, MLN_ALLOW };

/*
 * Decides over all policies of a caller. Actions compare without case
 * ("yundun-sddp:DescribeRiskRules"), resources with it. `*` matches any run, also across ':' and
 * '/'.
 */
enum mln_decision mln_policy_decide(const struct mln_policy *const *policies, size_t count,
        struct mln_str action, struct mln_str resource);

/* Policies that come with Merlon; one row each. */
struct mln_builtin_policy {
    const char *name; /* "full-access", "read-only", "risk-handler" */
    const char *summary_en, *summary_zh;
    const char *document;
};
const struct mln_builtin_policy *mln_builtin_policies(size_t *count);
const struct mln_builtin_policy *mln_builtin_policy(struct mln_str name);
