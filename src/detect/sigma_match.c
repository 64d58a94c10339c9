/* Evaluating compiled rules: one event, one rule, an accumulator. */
#include "detect/rule_priv.h"

#define JIT_STACK_FIRST ((size_t)32 * 1024)
#define JIT_STACK_MAX   ((size_t)1024 * 1024)

int mln_matcher_init(struct mln_matcher *matcher, struct mln_err *err)
{
    *matcher = (struct mln_matcher){
        .match = pcre2_match_data_create(1, NULL),
        .context = pcre2_match_context_create(NULL),
        .stack = pcre2_jit_stack_create(JIT_STACK_FIRST, JIT_STACK_MAX, NULL),
    };
    if (matcher->match == NULL || matcher->context == NULL || matcher->stack == NULL) {
        mln_matcher_fini(matcher);
        return mln_fail(err, MLN_ENOMEM, "engine: no memory");
    }
    (void)pcre2_set_match_limit(matcher->context, MLN_REGEX_MATCH_LIMIT);
    (void)pcre2_set_depth_limit(matcher->context, MLN_REGEX_DEPTH_LIMIT);
    (void)pcre2_set_heap_limit(matcher->context, MLN_REGEX_HEAP_KIB);
    pcre2_jit_stack_assign(matcher->context, NULL, matcher->stack);
    return MLN_OK;
}

void mln_matcher_fini(struct mln_matcher *matcher)
{
    pcre2_match_data_free(matcher->match);
    pcre2_match_context_free(matcher->context);
    pcre2_jit_stack_free(matcher->stack);
    *matcher = (struct mln_matcher){ 0 };
}

static char lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

/* `want` is in lower case unless the comparison is cased. */
static bool same_bytes(const char *text, struct mln_str want, bool cased)
{
    if (cased)
        return memcmp(text, want.ptr, want.len) == 0;
    for (size_t i = 0; i < want.len; i++)
        if (lower(text[i]) != want.ptr[i])
            return false;
    return true;
}

static bool contains(struct mln_str text, struct mln_str want, bool cased)
{
    if (want.len == 0)
        return true;
    if (cased)
        return memmem(text.ptr, text.len, want.ptr, want.len) != NULL;
    for (size_t i = 0; i + want.len <= text.len; i++)
        if (lower(text.ptr[i]) == want.ptr[0] && same_bytes(text.ptr + i, want, false))
            return true;
    return false;
}

static bool text_matches(
        enum mln_pattern_kind kind, struct mln_str text, struct mln_str want, bool cased)
{
    if (text.len < want.len)
        return false;
    switch ((int)kind) {
    case MLN_PATTERN_EQUAL:
        return text.len == want.len && same_bytes(text.ptr, want, cased);
    case MLN_PATTERN_CONTAINS:
        return contains(text, want, cased);
    case MLN_PATTERN_STARTS:
        return same_bytes(text.ptr, want, cased);
    case MLN_PATTERN_ENDS:
        return same_bytes(text.ptr + text.len - want.len, want, cased);
    default:
        return false;
    }
}

static bool regex_matches(
        struct mln_matcher *matcher, const struct mln_pattern *pattern, struct mln_str text)
{
    int rc = pcre2_match(pattern->regex, (PCRE2_SPTR)(text.len > 0 ? text.ptr : ""), text.len, 0, 0,
            matcher->match, matcher->context);

    if (rc < 0 && rc != PCRE2_ERROR_NOMATCH)
        matcher->regex_limits++;
    return rc >= 0;
}

/* Texts of two fields of one event; neither is folded beforehand. */
static bool reference_matches(
        const struct mln_pattern *pattern, struct mln_str text, const struct mln_audit_event *event)
{
    struct mln_field_scratch scratch;
    const struct mln_str *others = NULL;
    size_t count = mln_field_values(event, pattern->other, &scratch, &others);

    for (size_t i = 0; i < count; i++) {
        struct mln_str want = others[i];
        size_t last = text.len >= want.len ? text.len - want.len : 0, from = 0, to = last;

        if (text.len < want.len)
            continue;
        if (pattern->reference_kind == MLN_PATTERN_EQUAL && text.len != want.len)
            continue;
        if (pattern->reference_kind == MLN_PATTERN_STARTS)
            to = 0;
        if (pattern->reference_kind == MLN_PATTERN_ENDS)
            from = last;
        for (size_t at = from; at <= to; at++) {
            struct mln_str part = { text.ptr + at, want.len };

            if (pattern->cased ? mln_str_eq(part, want) : mln_str_eq_nocase(part, want))
                return true;
        }
    }
    return false;
}

static bool number_matches(const struct mln_pattern *pattern, int64_t number)
{
    switch ((int)pattern->kind) {
    case MLN_PATTERN_GT:
        return number > pattern->number;
    case MLN_PATTERN_GTE:
        return number >= pattern->number;
    case MLN_PATTERN_LT:
        return number < pattern->number;
    default:
        return number <= pattern->number;
    }
}

static bool value_matches(struct mln_matcher *matcher, const struct mln_pattern *pattern,
        struct mln_str text, const struct mln_audit_event *event)
{
    if (pattern->kind == MLN_PATTERN_REGEX)
        return regex_matches(matcher, pattern, text);
    if (pattern->kind == MLN_PATTERN_CIDR)
        return mln_cidr_contains(&pattern->cidr, text);
    if (pattern->kind == MLN_PATTERN_FIELDREF)
        return reference_matches(pattern, text, event);
    return text_matches(pattern->kind, text, pattern->text, pattern->cased);
}

/* The values of one field of one event. */
struct values {
    const struct mln_audit_event *event;
    enum mln_field field;
    const struct mln_str *items;
    size_t count;
};

static void values_read(struct mln_matcher *matcher, struct values *values,
        const struct mln_audit_event *event, enum mln_field field)
{
    values->event = event;
    values->field = field;
    values->count = mln_field_values(event, field, &matcher->scratch, &values->items);
}

static bool any_value(
        struct mln_matcher *matcher, const struct mln_pattern *pattern, const struct values *values)
{
    int64_t number;

    if (pattern->kind >= MLN_PATTERN_GT && pattern->kind <= MLN_PATTERN_LTE)
        return mln_field_number(values->event, values->field, &number) &&
               number_matches(pattern, number);
    if (pattern->kind == MLN_PATTERN_NULL)
        return values->count == 0;
    if (pattern->kind == MLN_PATTERN_EXISTS)
        return (values->count > 0) == pattern->wanted;
    /* An empty text of ours is the same as none; a foreign field is not there at all. */
    if (values->count == 0 && values->field != MLN_FIELD_FOREIGN &&
            pattern->kind == MLN_PATTERN_EQUAL)
        return pattern->text.len == 0;
    for (size_t i = 0; i < values->count; i++)
        if (value_matches(matcher, pattern, values->items[i], values->event))
            return true;
    return false;
}

static bool keyword_matches(struct mln_matcher *matcher, const struct mln_pattern *pattern,
        const struct mln_audit_event *event)
{
    for (enum mln_field field = 0; field < MLN_FIELD_COUNT; field++) {
        struct values values;

        values_read(matcher, &values, event, field);
        if (any_value(matcher, pattern, &values))
            return true;
    }
    return false;
}

static bool mask_matches(const struct mln_item *item, const struct mln_audit_event *event)
{
    unsigned have = item->field == MLN_FIELD_KIND ? 1U << event->kind
                    : event->skeleton != NULL     ? event->skeleton->flags
                                                  : 0;

    return item->all ? (have & item->mask) == item->mask : (have & item->mask) != 0;
}

static bool item_matches(struct mln_matcher *matcher, const struct mln_item *item,
        const struct mln_audit_event *event)
{
    bool matched = item->all && item->count > 0;
    struct values values;

    if (item->mask != 0)
        return mask_matches(item, event) != item->negated;
    if (item->field != MLN_FIELD_ANY) {
        values_read(matcher, &values, event, item->field);
        if (values.count == 0 && !item->meets_absent)
            return item->negated;
    }
    for (size_t i = 0; i < item->count; i++) {
        bool one = item->field == MLN_FIELD_ANY
                           ? keyword_matches(matcher, &item->patterns[i], event)
                           : any_value(matcher, &item->patterns[i], &values);

        if (one != item->all) {
            matched = one;
            break;
        }
    }
    return matched != item->negated;
}

bool mln_rule_matches(struct mln_matcher *matcher, const struct mln_rule *rule,
        const struct mln_audit_event *event)
{
    bool is = false;

    for (size_t at = 0; at < rule->code_count; at++) {
        const struct mln_instruction *instruction = &rule->code[at];

        if (instruction->opcode == MLN_CODE_TEST)
            is = item_matches(matcher, instruction->item, event);
        else if (instruction->opcode == MLN_CODE_NOT)
            is = !is;
        else if (is == (instruction->opcode == MLN_CODE_IF_TRUE))
            at = (size_t)instruction->target - 1;
    }
    return is;
}
