/*
 * Search identifiers of Sigma: maps of fields, lists of maps, keywords; with the modifiers below,
 * in any order. A modifier that is not a row is refused, because a rule that is half understood
 * would stay silent.
 */
#include "detect/rule_priv.h"

enum modifier {
    CONTAINS = 1 << 0,
    STARTS = 1 << 1,
    ENDS = 1 << 2,
    ALL = 1 << 3,
    REGEX = 1 << 4,
    IGNORE_CASE = 1 << 5,
    MULTILINE = 1 << 6,
    DOTALL = 1 << 7,
    CIDR = 1 << 8,
    EXPAND = 1 << 9,
    EXISTS = 1 << 10,
    GT = 1 << 11,
    GTE = 1 << 12,
    LT = 1 << 13,
    LTE = 1 << 14,
    CASED = 1 << 15,
    NEQ = 1 << 16,
    WINDASH = 1 << 17,
    FIELDREF = 1 << 18,
};

#define NUMERIC (GT | GTE | LT | LTE)
#define SUB     (IGNORE_CASE | MULTILINE | DOTALL)
#define TEXTUAL (CONTAINS | STARTS | ENDS | CASED | WINDASH)
#define LISTING (ALL | EXPAND | NEQ)

/* `with`: the modifiers that may stand beside it. */
static const struct modifier_row {
    const char *name;
    enum modifier bit;
    unsigned with;
} modifiers[] = {
    { "all", ALL, ~0U },
    { "cased", CASED, LISTING | TEXTUAL | FIELDREF },
    { "cidr", CIDR, LISTING },
    { "contains", CONTAINS, LISTING | CASED | WINDASH | FIELDREF },
    { "dotall", DOTALL, LISTING | SUB | REGEX },
    { "endswith", ENDS, LISTING | CASED | WINDASH | FIELDREF },
    { "exists", EXISTS, 0 },
    { "expand", EXPAND, LISTING | TEXTUAL | CIDR },
    { "fieldref", FIELDREF, LISTING | CONTAINS | STARTS | ENDS | CASED },
    { "gt", GT, NEQ | ALL },
    { "gte", GTE, NEQ | ALL },
    { "i", IGNORE_CASE, LISTING | SUB | REGEX },
    { "ignorecase", IGNORE_CASE, LISTING | SUB | REGEX },
    { "lt", LT, NEQ | ALL },
    { "lte", LTE, NEQ | ALL },
    { "m", MULTILINE, LISTING | SUB | REGEX },
    { "multiline", MULTILINE, LISTING | SUB | REGEX },
    { "neq", NEQ, ~0U },
    { "re", REGEX, LISTING | SUB },
    { "s", DOTALL, LISTING | SUB | REGEX },
    { "startswith", STARTS, LISTING | CASED | WINDASH | FIELDREF },
    { "windash", WINDASH, LISTING | TEXTUAL },
};

static const struct modifier_row *modifier_row(struct mln_str name)
{
    for (size_t i = 0; i < MLN_LEN(modifiers); i++)
        if (mln_str_is(name, modifiers[i].name))
            return &modifiers[i];
    return NULL;
}

static int no_memory(struct mln_rule_compiler *compiler)
{
    return mln_fail(compiler->err, MLN_ENOMEM, "%s: no memory, or more rules than fit",
            compiler->file->name);
}

struct mln_node *mln_node_new(
        struct mln_rule_compiler *compiler, enum mln_node_kind kind, size_t children)
{
    struct mln_node *node = mln_arena_alloc(&compiler->rules->arena, sizeof(*node));

    if (node == NULL)
        return NULL;
    node->kind = kind;
    if (children == 0)
        return node;
    node->children = mln_arena_alloc(&compiler->rules->arena, children * sizeof(struct mln_node *));
    return node->children != NULL ? node : NULL;
}

/* "field|contains|all" into the field and a set of modifiers. */
static int read_key(struct mln_rule_compiler *compiler, const struct mln_yaml_node *key,
        enum mln_field *field, unsigned *set)
{
    struct mln_str rest = key->text, name = { 0 }, part;
    unsigned allowed = ~0U;

    (void)mln_str_next(&rest, '|', &name);
    *field = name.len == 0 ? MLN_FIELD_ANY : mln_field_named(name);
    if (*field == MLN_FIELD_FOREIGN && compiler->own_taxonomy)
        return mln_yaml_fail(compiler->err, compiler->file, key,
                "unknown field '%.*s' for an audit event", MLN_FMT(name));
    *set = 0;
    while (mln_str_next(&rest, '|', &part)) {
        const struct modifier_row *row = modifier_row(part);

        if (row == NULL)
            return mln_yaml_fail(compiler->err, compiler->file, key,
                    "modifier '%.*s' is not supported", MLN_FMT(part));
        if ((allowed & row->bit) == 0 || (*set & ~(row->with | row->bit)) != 0)
            return mln_yaml_fail(compiler->err, compiler->file, key,
                    "modifier '%.*s' does not go with the ones before it", MLN_FMT(part));
        *set |= row->bit;
        allowed &= row->with | row->bit;
    }
    if ((*set & SUB) != 0 && (*set & REGEX) == 0)
        return mln_yaml_fail(
                compiler->err, compiler->file, key, "modifiers i, m and s belong to re");
    return MLN_OK;
}

static int read_cidr(struct mln_rule_compiler *compiler, const struct mln_yaml_node *node,
        struct mln_str value, bool from_list, struct mln_pattern *out)
{
    const struct mln_value_options plain = { 0 };
    bool like_address = memchr(value.ptr, '/', value.len) != NULL ||
                        memchr(value.ptr, ':', value.len) != NULL ||
                        strspn(value.ptr, "0123456789.") == value.len;

    out->kind = MLN_PATTERN_CIDR;
    if (mln_cidr_parse(value, &out->cidr) == MLN_OK)
        return MLN_OK;
    /* A list of hosts may hold host names: server logs print those, too. */
    if (from_list && !like_address)
        return mln_sigma_text(compiler, node, value, &plain, out);
    return mln_yaml_fail(
            compiler->err, compiler->file, node, "'%.*s' is not an IP network", MLN_FMT(value));
}

static int read_number(struct mln_rule_compiler *compiler, const struct mln_yaml_node *node,
        struct mln_str value, unsigned set, struct mln_pattern *out)
{
    out->kind = (set & GT) != 0    ? MLN_PATTERN_GT
                : (set & GTE) != 0 ? MLN_PATTERN_GTE
                : (set & LT) != 0  ? MLN_PATTERN_LT
                                   : MLN_PATTERN_LTE;
    if (mln_str_to_i64(value, &out->number) != MLN_OK)
        return mln_yaml_fail(compiler->err, compiler->file, node, "'%.*s' is not a whole number",
                MLN_FMT(value));
    return MLN_OK;
}

static int read_fieldref(struct mln_rule_compiler *compiler, const struct mln_yaml_node *node,
        struct mln_str value, unsigned set, struct mln_pattern *out)
{
    out->kind = MLN_PATTERN_FIELDREF;
    out->reference_kind = (set & CONTAINS) != 0 ? MLN_PATTERN_CONTAINS
                          : (set & STARTS) != 0 ? MLN_PATTERN_STARTS
                          : (set & ENDS) != 0   ? MLN_PATTERN_ENDS
                                                : MLN_PATTERN_EQUAL;
    out->cased = (set & CASED) != 0;
    out->other = mln_field_named(value);
    if (out->other == MLN_FIELD_FOREIGN && compiler->own_taxonomy)
        return mln_yaml_fail(compiler->err, compiler->file, node,
                "unknown field '%.*s' for an audit event", MLN_FMT(value));
    return MLN_OK;
}

static int read_text(struct mln_rule_compiler *compiler, const struct mln_yaml_node *node,
        struct mln_str value, unsigned set, bool keyword, struct mln_pattern *out)
{
    struct mln_value_options options = {
        .contains = keyword || (set & CONTAINS) != 0,
        .starts = (set & STARTS) != 0,
        .ends = (set & ENDS) != 0,
        .cased = (set & CASED) != 0,
        .windash = (set & WINDASH) != 0,
    };

    return mln_sigma_text(compiler, node, value, &options, out);
}

static int read_value(struct mln_rule_compiler *compiler, const struct mln_yaml_node *node,
        struct mln_str value, unsigned set, struct mln_item *item)
{
    struct mln_pattern *out = &item->patterns[item->count++];
    unsigned options = ((set & IGNORE_CASE) != 0 ? PCRE2_CASELESS : 0) |
                       ((set & MULTILINE) != 0 ? PCRE2_MULTILINE : 0) |
                       ((set & DOTALL) != 0 ? PCRE2_DOTALL : 0);

    if ((set & REGEX) != 0)
        return mln_sigma_regex(compiler, node, value, options, out);
    if ((set & CIDR) != 0)
        return read_cidr(compiler, node, value, (set & EXPAND) != 0, out);
    if ((set & NUMERIC) != 0)
        return read_number(compiler, node, value, set, out);
    if ((set & FIELDREF) != 0)
        return read_fieldref(compiler, node, value, set, out);
    if ((set & EXISTS) != 0) {
        out->kind = MLN_PATTERN_EXISTS;
        out->wanted = mln_str_is(value, "true");
        if (!out->wanted && !mln_str_is(value, "false"))
            return mln_yaml_fail(compiler->err, compiler->file, node, "exists is true or false");
        return MLN_OK;
    }
    return read_text(compiler, node, value, set, item->field == MLN_FIELD_ANY, out);
}

/* `%name%`: the values of a configured list. An empty list matches nothing. */
static int read_list(struct mln_rule_compiler *compiler, const struct mln_yaml_node *node,
        unsigned set, struct mln_item *item)
{
    struct mln_str name = node->text;
    const struct mln_str *values;
    size_t count;
    int rc = MLN_OK;

    if (name.len < 3 || name.ptr[0] != '%' || name.ptr[name.len - 1] != '%')
        return mln_yaml_fail(compiler->err, compiler->file, node,
                "expand wants the whole value to be a %%list%%");
    name = (struct mln_str){ name.ptr + 1, name.len - 2 };
    if (!mln_lists_get(compiler->lists, name, &values, &count))
        return mln_yaml_fail(
                compiler->err, compiler->file, node, "unknown list '%.*s'", MLN_FMT(name));
    item->patterns = mln_arena_alloc(
            &compiler->rules->arena, (count + 1) * sizeof(struct mln_pattern));
    if (item->patterns == NULL)
        return no_memory(compiler);
    for (size_t i = 0; rc == MLN_OK && i < count; i++)
        rc = read_value(compiler, node, values[i], set, item);
    return rc;
}

static int read_null(struct mln_rule_compiler *compiler, const struct mln_yaml_node *node,
        unsigned set, struct mln_item *item)
{
    if ((set & ~(unsigned)NEQ) != 0 || item->field == MLN_FIELD_ANY)
        return mln_yaml_fail(compiler->err, compiler->file, node, "null takes no modifier here");
    item->patterns[item->count++].kind = MLN_PATTERN_NULL;
    return MLN_OK;
}

static int read_values(struct mln_rule_compiler *compiler, const struct mln_yaml_node *node,
        unsigned set, struct mln_item *item)
{
    bool is_list = node->kind == MLN_YAML_LIST;
    int rc = MLN_OK;

    if (node->kind == MLN_YAML_MAP || (is_list && node->count == 0))
        return mln_yaml_fail(compiler->err, compiler->file, node, "a value or a list is wanted");
    if (node->count > MLN_ITEM_VALUES_MAX)
        return mln_yaml_fail(
                compiler->err, compiler->file, node, "more than %d values", MLN_ITEM_VALUES_MAX);
    if ((set & EXPAND) != 0 && !is_list && node->kind == MLN_YAML_SCALAR)
        return read_list(compiler, node, set, item);
    if ((set & (ALL | EXPAND)) != 0 && (!is_list || (set & EXPAND) != 0))
        return mln_yaml_fail(compiler->err, compiler->file, node,
                (set & EXPAND) != 0 ? "expand takes one %%list%%" : "all wants a list");
    item->patterns = mln_arena_alloc(
            &compiler->rules->arena, (is_list ? node->count : 1) * sizeof(struct mln_pattern));
    if (item->patterns == NULL)
        return no_memory(compiler);
    if (node->kind == MLN_YAML_NULL)
        return read_null(compiler, node, set, item);
    if (!is_list)
        return read_value(compiler, node, node->text, set, item);
    for (const struct mln_yaml_node *one = node->first; rc == MLN_OK && one != NULL;
            one = one->next) {
        if (one->kind != MLN_YAML_SCALAR)
            return mln_yaml_fail(
                    compiler->err, compiler->file, one, "a list of values holds texts only");
        rc = read_value(compiler, one, one->text, set, item);
    }
    return rc;
}

static bool meets_absent(const struct mln_item *item)
{
    for (size_t i = 0; i < item->count; i++) {
        const struct mln_pattern *pattern = &item->patterns[i];

        if (pattern->kind == MLN_PATTERN_NULL || pattern->kind == MLN_PATTERN_EXISTS ||
                (pattern->kind == MLN_PATTERN_EQUAL && pattern->text.len == 0))
            return true;
    }
    return false;
}

/* Kinds and flags are few and fixed: a misspelt one is an error, and a set of bits is fast. */
static int fold_names(struct mln_rule_compiler *compiler, const struct mln_yaml_node *node,
        unsigned set, struct mln_item *item)
{
    bool kinds = item->field == MLN_FIELD_KIND;
    unsigned mask = 0;

    if ((!kinds && item->field != MLN_FIELD_SQL_FLAGS) || (set & ~(unsigned)(ALL | NEQ)) != 0)
        return MLN_OK;
    for (size_t i = 0; i < item->count; i++) {
        const struct mln_pattern *pattern = &item->patterns[i];
        unsigned bit;

        if (pattern->kind != MLN_PATTERN_EQUAL)
            return MLN_OK;
        bit = kinds ? mln_kind_mask(pattern->text) : mln_flag_mask(pattern->text);
        if (bit == 0)
            return mln_yaml_fail(compiler->err, compiler->file, node, "unknown %s '%.*s'",
                    kinds ? "kind of event" : "SQL flag", MLN_FMT(pattern->text));
        mask |= bit;
    }
    item->mask = mask;
    return MLN_OK;
}

static int read_item(struct mln_rule_compiler *compiler, enum mln_field field, unsigned set,
        const struct mln_yaml_node *value, struct mln_node **out)
{
    struct mln_item *item = mln_arena_alloc(&compiler->rules->arena, sizeof(*item));
    struct mln_node *node = mln_node_new(compiler, MLN_NODE_ITEM, 0);
    int rc;

    if (item == NULL || node == NULL)
        return no_memory(compiler);
    if (++compiler->items > MLN_RULE_ITEMS_MAX)
        return mln_yaml_fail(compiler->err, compiler->file, value, "more than %d conditions",
                MLN_RULE_ITEMS_MAX);
    item->field = field;
    item->all = (set & ALL) != 0;
    item->negated = (set & NEQ) != 0;
    rc = read_values(compiler, value, set, item);
    if (rc == MLN_OK)
        rc = fold_names(compiler, value, set, item);
    if (rc != MLN_OK)
        return rc;
    item->meets_absent = meets_absent(item);
    node->item = item;
    *out = node;
    return MLN_OK;
}

static int read_map(
        struct mln_rule_compiler *compiler, const struct mln_yaml_node *map, struct mln_node **out)
{
    struct mln_node *node = mln_node_new(compiler, MLN_NODE_AND, map->count);
    int rc = MLN_OK;

    if (map->count == 0)
        return mln_yaml_fail(compiler->err, compiler->file, map, "an empty search matches nothing");
    if (node == NULL)
        return no_memory(compiler);
    for (const struct mln_yaml_node *value = map->first; rc == MLN_OK && value != NULL;
            value = value->next) {
        enum mln_field field;
        unsigned set;

        rc = read_key(compiler, value->key, &field, &set);
        if (rc == MLN_OK)
            rc = read_item(compiler, field, set, value, &node->children[node->count++]);
    }
    if (rc == MLN_OK)
        *out = node;
    return rc;
}

int mln_sigma_search(struct mln_rule_compiler *compiler, const struct mln_yaml_node *value,
        struct mln_node **out)
{
    struct mln_node *node;
    int rc = MLN_OK;

    if (value->kind == MLN_YAML_MAP)
        return read_map(compiler, value, out);
    if (value->kind == MLN_YAML_SCALAR || (value->kind == MLN_YAML_LIST && value->count > 0 &&
                                                  value->first->kind == MLN_YAML_SCALAR))
        return read_item(compiler, MLN_FIELD_ANY, 0, value, out);
    if (value->kind != MLN_YAML_LIST || value->count == 0)
        return mln_yaml_fail(compiler->err, compiler->file, value,
                "a map, a list of maps or keywords are wanted");
    node = mln_node_new(compiler, MLN_NODE_OR, value->count);
    if (node == NULL)
        return no_memory(compiler);
    for (const struct mln_yaml_node *map = value->first; rc == MLN_OK && map != NULL;
            map = map->next) {
        if (map->kind != MLN_YAML_MAP)
            return mln_yaml_fail(compiler->err, compiler->file, map, "a map of fields is wanted");
        rc = read_map(compiler, map, &node->children[node->count++]);
    }
    if (rc == MLN_OK)
        *out = node;
    return rc;
}
