/*
 * Correlation rules of Sigma: event_count, value_count, temporal and temporal_ordered over event
 * time. A window belongs to one group of the rules it lists: the instance, and the fields of
 * `group-by`. An event without a field it would be grouped by does not count. Two events are in one
 * window when they are at most `timespan` apart.
 */
#include "detect/rule_priv.h"

static const struct type_row {
    const char *name;
    enum mln_correlation_type type;
} types[] = {
    { "event_count", MLN_EVENT_COUNT },
    { "value_count", MLN_VALUE_COUNT },
    { "temporal", MLN_TEMPORAL },
    { "temporal_ordered", MLN_TEMPORAL_ORDERED },
};

struct block {
    struct mln_str type;
    const struct mln_yaml_node *rules, *group_by, *timespan, *condition, *aliases;
    bool generate;
};

#define ROW(key, kind, member, flags)                          \
    {                                                          \
        key, kind, offsetof(struct block, member), flags, 0, 0 \
    }
static const struct mln_yaml_field block_fields[] = {
    ROW("aliases", MLN_YAML_NODE, aliases, 0),
    ROW("condition", MLN_YAML_NODE, condition, 0),
    ROW("generate", MLN_YAML_BOOL, generate, 0),
    ROW("group-by", MLN_YAML_NODE, group_by, 0),
    ROW("rules", MLN_YAML_NODE, rules, MLN_YAML_REQUIRED),
    ROW("timespan", MLN_YAML_NODE, timespan, MLN_YAML_REQUIRED),
    ROW("type", MLN_YAML_STR, type, MLN_YAML_REQUIRED),
};

static int read_block(
        struct mln_rule_compiler *compiler, const struct mln_yaml_node *node, struct block *out)
{
    return mln_yaml_decode(compiler->file, node, block_fields, MLN_LEN(block_fields), out,
            &compiler->rules->arena, compiler->err);
}

static int read_timespan(
        struct mln_rule_compiler *compiler, const struct mln_yaml_node *node, int64_t *out_ms)
{
    static const struct {
        char letter;
        int64_t ms;
    } units[] = { { 's', 1000 }, { 'm', 60000 }, { 'h', 3600000 }, { 'd', 86400000 } };
    struct mln_str text = node->kind == MLN_YAML_SCALAR ? node->text : (struct mln_str){ 0 };
    int64_t number;

    if (text.len < 2 || mln_str_to_i64((struct mln_str){ text.ptr, text.len - 1 }, &number) < 0)
        number = 0;
    for (size_t i = 0; i < MLN_LEN(units) && number > 0; i++) {
        if (text.ptr[text.len - 1] != units[i].letter || number > MLN_TIMESPAN_MS_MAX / units[i].ms)
            continue;
        *out_ms = number * units[i].ms;
        return MLN_OK;
    }
    return mln_yaml_fail(compiler->err, compiler->file, node,
            "a timespan is a number and s, m, h or d, at most 30d");
}

static int read_bound(struct mln_rule_compiler *compiler, const struct mln_yaml_node *node,
        struct mln_correlation *out)
{
    struct mln_str key = node->key->text;
    int64_t number;

    if (node->kind != MLN_YAML_SCALAR || mln_str_to_i64(node->text, &number) != MLN_OK ||
            number < 0 || number > (int64_t)MLN_WINDOW_ENTRIES_MAX)
        return mln_yaml_fail(compiler->err, compiler->file, node,
                "a count is a whole number of at most %zu", MLN_WINDOW_ENTRIES_MAX);
    if (mln_str_is(key, "neq")) {
        out->has_not = true;
        out->not_equal = number;
        return MLN_OK;
    }
    if (mln_str_is(key, "gte") || mln_str_is(key, "eq"))
        out->at_least = number > out->at_least ? number : out->at_least;
    else if (mln_str_is(key, "gt"))
        out->at_least = number + 1 > out->at_least ? number + 1 : out->at_least;
    if (mln_str_is(key, "lte") || mln_str_is(key, "eq"))
        out->at_most = number < out->at_most ? number : out->at_most;
    else if (mln_str_is(key, "lt"))
        out->at_most = number - 1 < out->at_most ? number - 1 : out->at_most;
    else if (!mln_str_is(key, "gt") && !mln_str_is(key, "gte"))
        return mln_yaml_fail(compiler->err, compiler->file, node->key, "unknown comparison '%.*s'",
                MLN_FMT(key));
    return MLN_OK;
}

static int read_value_field(struct mln_rule_compiler *compiler, const struct mln_yaml_node *node,
        struct mln_correlation *out)
{
    enum mln_field field = node->kind == MLN_YAML_SCALAR ? mln_field_named(node->text)
                                                         : MLN_FIELD_FOREIGN;

    if (node->kind == MLN_YAML_SCALAR && field == MLN_FIELD_FOREIGN)
        return mln_yaml_fail(compiler->err, compiler->file, node,
                "unknown field '%.*s' for an audit event", MLN_FMT(node->text));
    if (field == MLN_FIELD_FOREIGN || out->value_field_count == MLN_GROUP_FIELDS_MAX)
        return mln_yaml_fail(compiler->err, compiler->file, node,
                "the name of a field is wanted, or at most %d", MLN_GROUP_FIELDS_MAX);
    out->value_fields[out->value_field_count++] = field;
    return MLN_OK;
}

static int read_condition(struct mln_rule_compiler *compiler, const struct mln_yaml_node *node,
        struct mln_correlation *out)
{
    int rc = MLN_OK;

    if (node->kind != MLN_YAML_MAP)
        return mln_yaml_fail(compiler->err, compiler->file, node,
                "the condition of a correlation is a map: {gte: 5}");
    for (const struct mln_yaml_node *one = node->first; rc == MLN_OK && one != NULL;
            one = one->next) {
        if (!mln_str_is(one->key->text, "field")) {
            rc = read_bound(compiler, one, out);
            continue;
        }
        if (out->type != MLN_VALUE_COUNT)
            return mln_yaml_fail(
                    compiler->err, compiler->file, one->key, "only value_count counts a field");
        if (one->kind == MLN_YAML_SCALAR)
            rc = read_value_field(compiler, one, out);
        for (const struct mln_yaml_node *field = one->first; rc == MLN_OK && field != NULL;
                field = field->next)
            rc = read_value_field(compiler, field, out);
    }
    if (rc != MLN_OK)
        return rc;
    if (out->type == MLN_VALUE_COUNT && out->value_field_count == 0)
        return mln_yaml_fail(compiler->err, compiler->file, node, "value_count wants a field");
    if (out->at_least > out->at_most || out->at_most < 0)
        return mln_yaml_fail(compiler->err, compiler->file, node, "no count can meet this");
    return MLN_OK;
}

/*
 * How many entries a window keeps: all that a rate just below the threshold leaves within the
 * timespan and the lateness, so that the cap never hides a match.
 */
static size_t entries_wanted(const struct mln_correlation *correlation)
{
    int64_t bound = correlation->only_lower ? correlation->at_least : correlation->at_most;
    int64_t spans = 2 + MLN_LATENESS_MS / correlation->timespan_ms;

    if (bound >= (int64_t)MLN_WINDOW_ENTRIES_MAX / spans)
        return MLN_WINDOW_ENTRIES_MAX;
    return (size_t)((bound + 1) * spans);
}

int mln_correlation_read(struct mln_rule_compiler *compiler, const struct mln_yaml_node *node,
        struct mln_correlation *out)
{
    struct block block = { 0 };
    size_t i;
    int rc = read_block(compiler, node, &block);

    if (rc != MLN_OK)
        return rc;
    for (i = 0; i < MLN_LEN(types) && !mln_str_is(block.type, types[i].name); i++)
        continue;
    if (i == MLN_LEN(types))
        return mln_yaml_fail(compiler->err, compiler->file, mln_yaml_get(node, "type"),
                "correlation type '%.*s' is not supported", MLN_FMT(block.type));
    *out = (struct mln_correlation){
        .type = types[i].type, .generate = block.generate, .at_most = INT64_MAX
    };
    rc = read_timespan(compiler, block.timespan, &out->timespan_ms);
    if (rc == MLN_OK && block.condition != NULL)
        rc = read_condition(compiler, block.condition, out);
    if (rc != MLN_OK)
        return rc;
    if (block.condition == NULL && out->type <= MLN_VALUE_COUNT)
        return mln_yaml_fail(compiler->err, compiler->file, node, "correlation has no condition");
    out->only_lower = out->at_most == INT64_MAX && !out->has_not;
    out->entries_max = entries_wanted(out);
    return MLN_OK;
}

static bool is_called(const struct mln_rule *rule, struct mln_str name)
{
    return !rule->dropped && (mln_str_eq(rule->name, name) || mln_str_eq(rule->id, name) ||
                                     (rule->has_risk && mln_str_is(name, rule->info.key)));
}

/* A rule of the same file comes first; otherwise the one that was read last. */
static struct mln_rule *find_rule(struct mln_rule *const *rules, size_t count,
        const struct mln_rule *from, struct mln_str name)
{
    struct mln_rule *found = NULL;

    for (size_t i = 0; i < count && name.len > 0; i++) {
        if (rules[i] == from || !is_called(rules[i], name))
            continue;
        if (found == NULL || !mln_str_eq(found->source, from->source) ||
                mln_str_eq(rules[i]->source, from->source))
            found = rules[i];
    }
    return found;
}

static int resolve_rules(struct mln_rule_compiler *compiler, const struct mln_yaml_node *node,
        struct mln_rule *rule, struct mln_rule *const *rules, size_t count)
{
    struct mln_correlation *out = rule->correlation;
    const struct mln_yaml_node *first = node->kind == MLN_YAML_LIST ? node->first : node;

    out->rules = mln_arena_alloc(
            &compiler->rules->arena, (node->count + 1) * sizeof(struct mln_rule *));
    if (out->rules == NULL)
        return mln_fail(compiler->err, MLN_ENOMEM, "%s: no memory", compiler->file->name);
    for (const struct mln_yaml_node *one = first; one != NULL; one = one->next) {
        struct mln_rule *listed = one->kind == MLN_YAML_SCALAR
                                          ? find_rule(rules, count, rule, one->text)
                                          : NULL;

        if (listed == NULL)
            return mln_yaml_fail(
                    compiler->err, compiler->file, one, "unknown rule '%.*s'", MLN_FMT(one->text));
        for (size_t i = 0; i < out->rule_count; i++)
            if (out->rules[i] == listed)
                return mln_yaml_fail(compiler->err, compiler->file, one, "listed twice");
        if (out->rule_count == MLN_CORRELATION_MAX)
            return mln_yaml_fail(
                    compiler->err, compiler->file, one, "more than %d rules", MLN_CORRELATION_MAX);
        out->rules[out->rule_count++] = listed;
        if (node->kind != MLN_YAML_LIST)
            break;
    }
    if (out->rule_count == 0)
        return mln_yaml_fail(compiler->err, compiler->file, node, "correlation lists no rule");
    return MLN_OK;
}

/* The field that `name` stands for in `listed`: by its alias, or its own. */
static int group_field(struct mln_rule_compiler *compiler, const struct mln_yaml_node *name,
        const struct mln_yaml_node *aliases, const struct mln_rule *listed, enum mln_field *out)
{
    const struct mln_yaml_node *place = name;
    struct mln_str text = name->kind == MLN_YAML_SCALAR ? name->text : (struct mln_str){ 0 };
    const struct mln_yaml_node *alias = NULL;

    for (alias = aliases != NULL ? aliases->first : NULL; alias != NULL; alias = alias->next)
        if (mln_str_eq(alias->key->text, text))
            break;
    if (alias != NULL) {
        for (place = alias->first; place != NULL; place = place->next)
            if (place->key != NULL && is_called(listed, place->key->text))
                break;
        if (place == NULL || place->kind != MLN_YAML_SCALAR)
            return mln_yaml_fail(compiler->err, compiler->file, alias->key,
                    "alias '%.*s' does not say which field it is in every rule", MLN_FMT(text));
        text = place->text;
    }
    *out = mln_field_named(text);
    if (*out == MLN_FIELD_FOREIGN)
        return mln_yaml_fail(compiler->err, compiler->file, place,
                "unknown field '%.*s' for an audit event", MLN_FMT(text));
    if (mln_field_is_list(*out))
        return mln_yaml_fail(compiler->err, compiler->file, place,
                "field '%.*s' has several values and cannot group", MLN_FMT(text));
    return MLN_OK;
}

static int resolve_groups(
        struct mln_rule_compiler *compiler, const struct block *block, struct mln_correlation *out)
{
    const struct mln_yaml_node *node = block->group_by;
    bool is_list = node != NULL && node->kind == MLN_YAML_LIST;
    size_t count = node == NULL || node->kind == MLN_YAML_NULL ? 0 : is_list ? node->count : 1;
    const struct mln_yaml_node *name;
    int rc = MLN_OK;

    if (count > MLN_GROUP_FIELDS_MAX)
        return mln_yaml_fail(compiler->err, compiler->file, node, "more than %d fields to group by",
                MLN_GROUP_FIELDS_MAX);
    out->group_count = count;
    out->group_fields = mln_arena_alloc(
            &compiler->rules->arena, (count * out->rule_count + 1) * sizeof(enum mln_field));
    if (out->group_fields == NULL)
        return mln_fail(compiler->err, MLN_ENOMEM, "%s: no memory", compiler->file->name);
    for (size_t i = 0; rc == MLN_OK && i < out->rule_count; i++) {
        name = is_list ? node->first : node;
        for (size_t j = 0; rc == MLN_OK && j < count; j++, name = name->next)
            rc = group_field(compiler, name, block->aliases, out->rules[i],
                    &out->group_fields[i * count + j]);
    }
    return rc;
}

int mln_correlation_resolve(struct mln_rule_compiler *compiler, const struct mln_yaml_node *node,
        struct mln_rule *rule, struct mln_rule *const *rules, size_t count)
{
    struct mln_correlation *correlation = rule->correlation;
    struct block block = { 0 };
    int rc = read_block(compiler, node, &block);

    if (rc == MLN_OK)
        rc = resolve_rules(compiler, block.rules, rule, rules, count);
    if (rc == MLN_OK)
        rc = resolve_groups(compiler, &block, correlation);
    if (rc != MLN_OK || correlation->type <= MLN_VALUE_COUNT)
        return rc;
    if (correlation->at_least == 0 && correlation->only_lower)
        correlation->at_least = (int64_t)correlation->rule_count;
    if (correlation->at_least > (int64_t)correlation->rule_count)
        return mln_yaml_fail(compiler->err, compiler->file, node,
                "fewer rules are listed than the condition wants");
    return MLN_OK;
}
