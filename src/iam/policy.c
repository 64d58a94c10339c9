#include "iam/policy.h"

#include "wire/json.h"

struct statement {
    bool allow;
    const struct mln_str *actions, *resources;
    size_t action_count, resource_count;
};

struct mln_policy {
    const struct statement *statements;
    size_t statement_count;
};

/* What a parser call works on. */
struct parser {
    struct mln_arena *arena;
    struct mln_err *err;
    size_t statement; /* From 1, for messages. */
};

static int no_memory(const struct parser *p)
{
    return mln_fail(p->err, MLN_ETOOBIG, "policy: too large");
}

static int add_item(
        struct parser *p, const char *element, struct mln_json_value item, struct mln_str *out)
{
    struct mln_str text;

    if (!mln_json_to_str(item, &text) || text.len == 0)
        return mln_fail(p->err, MLN_EINVAL, "policy: statement %zu: %s must be text", p->statement,
                element);
    if (text.len > 512)
        return mln_fail(p->err, MLN_ETOOBIG, "policy: statement %zu: %s is longer than 512 bytes",
                p->statement, element);
    *out = mln_arena_dup(p->arena, text);
    return out->ptr != NULL ? MLN_OK : no_memory(p);
}

/* A string or a list of strings. */
static int parse_items(struct parser *p, const char *element, struct mln_json_value value,
        const struct mln_str **out, size_t *count)
{
    bool is_list = mln_json_type(value) == MLN_JSON_ARRAY;
    size_t expected = is_list ? mln_json_count(value) : 1, n = 0;
    struct mln_json_iter iter = mln_json_iter(value);
    struct mln_json_value item = value;
    struct mln_str *items, key;
    int rc = MLN_OK;

    if (expected == 0 || expected > MLN_POLICY_ITEMS_MAX)
        return mln_fail(p->err, MLN_EINVAL, "policy: statement %zu: %s needs 1 to %zu entries",
                p->statement, element, MLN_POLICY_ITEMS_MAX);
    items = mln_arena_alloc(p->arena, expected * sizeof(*items));
    if (items == NULL)
        return no_memory(p);
    while (rc == MLN_OK && n < expected && (!is_list || mln_json_next(&iter, &key, &item)))
        rc = add_item(p, element, item, &items[n++]);
    if (rc != MLN_OK)
        return rc;
    *out = items;
    *count = n;
    return MLN_OK;
}

/*
 * Elements that Merlon does not evaluate are refused, not skipped: a policy must never mean less
 * than its author wrote.
 */
static int parse_statement(struct parser *p, struct mln_json_value object, struct statement *out)
{
    struct mln_json_iter iter = mln_json_iter(object);
    struct mln_json_value value;
    struct mln_str key, effect = { 0 };
    int rc = MLN_OK;

    if (mln_json_type(object) != MLN_JSON_OBJECT)
        return mln_fail(p->err, MLN_EINVAL, "policy: statement %zu is not an object", p->statement);
    while (rc == MLN_OK && mln_json_next(&iter, &key, &value)) {
        bool repeated = (mln_str_is(key, "Effect") && effect.ptr != NULL) ||
                        (mln_str_is(key, "Action") && out->actions != NULL) ||
                        (mln_str_is(key, "Resource") && out->resources != NULL);

        if (repeated)
            rc = mln_fail(
                    p->err, MLN_EINVAL, "policy: statement %zu repeats an element", p->statement);
        else if (mln_str_is(key, "Effect") && mln_json_to_str(value, &effect))
            continue;
        else if (mln_str_is(key, "Action"))
            rc = parse_items(p, "Action", value, &out->actions, &out->action_count);
        else if (mln_str_is(key, "Resource"))
            rc = parse_items(p, "Resource", value, &out->resources, &out->resource_count);
        else
            rc = mln_fail(p->err, MLN_EINVAL,
                    "policy: statement %zu: element '%.*s' is not evaluated by Merlon, so it is not "
                    "accepted (use Effect, Action, Resource)",
                    p->statement, (int)(key.len < 64 ? key.len : 64), key.ptr);
    }
    if (rc != MLN_OK)
        return rc;
    if (!mln_str_is(effect, "Allow") && !mln_str_is(effect, "Deny"))
        return mln_fail(p->err, MLN_EINVAL, "policy: statement %zu: Effect must be Allow or Deny",
                p->statement);
    if (out->action_count == 0 || out->resource_count == 0)
        return mln_fail(p->err, MLN_EINVAL, "policy: statement %zu needs Action and Resource",
                p->statement);
    out->allow = mln_str_is(effect, "Allow");
    return MLN_OK;
}

static int parse_statements(struct parser *p, struct mln_json_value list, struct mln_policy *out)
{
    bool is_list = mln_json_type(list) == MLN_JSON_ARRAY;
    size_t count = is_list ? mln_json_count(list) : 1;
    struct mln_json_iter iter = mln_json_iter(list);
    struct mln_json_value value = list;
    struct statement *statements;
    struct mln_str key;
    int rc = MLN_OK;

    if (count == 0 || count > MLN_POLICY_STATEMENTS_MAX)
        return mln_fail(p->err, MLN_EINVAL, "policy: Statement needs 1 to %zu entries",
                MLN_POLICY_STATEMENTS_MAX);
    statements = mln_arena_alloc(p->arena, count * sizeof(*statements));
    if (statements == NULL)
        return no_memory(p);
    while (rc == MLN_OK && p->statement < count &&
            (!is_list || mln_json_next(&iter, &key, &value))) {
        p->statement++;
        rc = parse_statement(p, value, &statements[p->statement - 1]);
    }
    out->statements = statements;
    out->statement_count = count;
    return rc;
}

static int parse_document(struct parser *p, struct mln_json_value root, struct mln_policy *out)
{
    struct mln_json_iter iter = mln_json_iter(root);
    struct mln_json_value value, statements = root;
    struct mln_str key, version = { 0 };
    bool has_statements = false;

    if (mln_json_type(root) != MLN_JSON_OBJECT)
        return mln_fail(p->err, MLN_EINVAL, "policy: not a JSON object");
    while (mln_json_next(&iter, &key, &value)) {
        if (mln_str_is(key, "Version") && version.ptr == NULL && mln_json_to_str(value, &version))
            continue;
        if (!mln_str_is(key, "Statement") || has_statements)
            return mln_fail(p->err, MLN_EINVAL,
                    "policy: only Version (\"1\") and Statement are accepted, each once");
        statements = value;
        has_statements = true;
    }
    if (!mln_str_is(version, "1"))
        return mln_fail(p->err, MLN_EINVAL, "policy: Version must be \"1\"");
    if (!has_statements)
        return mln_fail(p->err, MLN_EINVAL, "policy: Statement is missing");
    return parse_statements(p, statements, out);
}

int mln_policy_parse(struct mln_str document, struct mln_arena *arena,
        const struct mln_policy **out, struct mln_err *err)
{
    struct parser p = { .arena = arena, .err = err };
    struct mln_policy *policy;
    struct mln_json *doc;
    int rc;

    if (document.len > MLN_POLICY_BYTES_MAX)
        return mln_fail(err, MLN_ETOOBIG, "policy: longer than %zu bytes", MLN_POLICY_BYTES_MAX);
    policy = mln_arena_alloc(arena, sizeof(*policy));
    if (policy == NULL)
        return no_memory(&p);
    rc = mln_json_parse(document, &doc, err);
    if (rc != MLN_OK)
        return mln_wrap(err, rc, "policy");
    rc = parse_document(&p, mln_json_root(doc), policy);
    mln_json_free(doc);
    if (rc == MLN_OK)
        *out = policy;
    return rc;
}

static char fold(char c)
{
    return (char)(c >= 'A' && c <= 'Z' ? c + ('a' - 'A') : c);
}

/* Greedy with one point of return: quadratic at worst, over texts of at most 512 bytes. */
static bool matches_glob(struct mln_str pattern, struct mln_str text, bool nocase)
{
    size_t p = 0, t = 0, star = SIZE_MAX, resume = 0;

    while (t < text.len) {
        bool same = p < pattern.len && (nocase ? fold(pattern.ptr[p]) == fold(text.ptr[t])
                                               : pattern.ptr[p] == text.ptr[t]);

        if (p < pattern.len && pattern.ptr[p] == '*') {
            star = p++;
            resume = t;
        } else if (same || (p < pattern.len && pattern.ptr[p] == '?')) {
            p++;
            t++;
        } else if (star != SIZE_MAX) {
            p = star + 1;
            t = ++resume;
        } else {
            return false;
        }
    }
    while (p < pattern.len && pattern.ptr[p] == '*')
        p++;
    return p == pattern.len;
}

static bool any_glob(const struct mln_str *patterns, size_t count, struct mln_str text, bool nocase)
{
    for (size_t i = 0; i < count; i++) {
        if (matches_glob(patterns[i], text, nocase))
            return true;
    }
    return false;
}

enum mln_decision mln_policy_decide(const struct mln_policy *const *policies, size_t count,
        struct mln_str action, struct mln_str resource)
{
    enum mln_decision decision = MLN_IMPLICIT_DENY;

    for (size_t i = 0; i < count; i++) {
        for (size_t s = 0; s < policies[i]->statement_count; s++) {
            const struct statement *st = &policies[i]->statements[s];

            if (!any_glob(st->actions, st->action_count, action, true) ||
                    !any_glob(st->resources, st->resource_count, resource, false))
                continue;
            if (!st->allow)
                return MLN_EXPLICIT_DENY;
            decision = MLN_ALLOW;
        }
    }
    return decision;
}

/* clang-format off */
static const struct mln_builtin_policy builtin_policies[] = {
    { "full-access",  "Every action",                           "全部操作",
      "{\"Version\":\"1\",\"Statement\":[{\"Effect\":\"Allow\",\"Action\":\"*\",\"Resource\":\"*\"}]}" },
    { "read-only",    "Every action that only reads",           "全部只读操作",
      "{\"Version\":\"1\",\"Statement\":[{\"Effect\":\"Allow\",\"Action\":[\"yundun-sddp:Describe*\","
      "\"yundun-sas:Describe*\",\"yundun-sas:Get*\",\"yundun-sas:List*\"],\"Resource\":\"*\"}]}" },
    { "risk-handler", "List risk events and handle them",       "查询并处理风险事件",
      "{\"Version\":\"1\",\"Statement\":[{\"Effect\":\"Allow\",\"Action\":[\"yundun-sddp:DescribeRiskRules\","
      "\"yundun-sddp:PreHandleAuditRisk\"],\"Resource\":\"*\"}]}" },
};
/* clang-format on */

const struct mln_builtin_policy *mln_builtin_policies(size_t *count)
{
    *count = MLN_LEN(builtin_policies);
    return builtin_policies;
}

const struct mln_builtin_policy *mln_builtin_policy(struct mln_str name)
{
    for (size_t i = 0; i < MLN_LEN(builtin_policies); i++) {
        if (mln_str_is(name, builtin_policies[i].name))
            return &builtin_policies[i];
    }
    return NULL;
}
