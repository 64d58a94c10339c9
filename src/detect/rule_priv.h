/*
 * Compiled rules, as the rule compiler (rules.c, sigma_*.c, correlation.c) and the engine
 * (engine.c, prefilter.c, window.c) share them. Everything lives in the arena of `struct
 * mln_rules`, except compiled regular expressions, which are freed with it.
 */
#pragma once

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

#include "base/arena.h"
#include "base/cidr.h"
#include "base/map.h"
#include "detect/engine.h"
#include "detect/field.h"
#include "yaml/yaml.h"

#define MLN_RULES_MAX         10000
#define MLN_RULES_BYTES_MAX   ((size_t)256 * 1024 * 1024)
#define MLN_RULE_ITEMS_MAX    4096 /* Items of one rule. */
#define MLN_RULE_CODE_MAX     65536
#define MLN_RULE_DEPTH_MAX    64 /* Parentheses and `not` in a condition. */
#define MLN_ITEM_VALUES_MAX   100000
#define MLN_VALUE_BYTES_MAX   ((size_t)16 * 1024)
#define MLN_GROUP_FIELDS_MAX  8
#define MLN_CORRELATION_MAX   32 /* Rules listed in one correlation. */
#define MLN_CORRELATION_DEPTH 8  /* Correlations of correlations. */
#define MLN_TIMESPAN_MS_MAX   ((int64_t)30 * 86400 * 1000)
#define MLN_REGEX_MATCH_LIMIT 5000000U
#define MLN_REGEX_DEPTH_LIMIT 100000U
#define MLN_REGEX_HEAP_KIB    (32U * 1024U)

enum mln_pattern_kind {
    MLN_PATTERN_EQUAL,
    MLN_PATTERN_CONTAINS,
    MLN_PATTERN_STARTS,
    MLN_PATTERN_ENDS,
    MLN_PATTERN_REGEX,
    MLN_PATTERN_CIDR,
    MLN_PATTERN_GT,
    MLN_PATTERN_GTE,
    MLN_PATTERN_LT,
    MLN_PATTERN_LTE,
    MLN_PATTERN_NULL,
    MLN_PATTERN_EXISTS,
    MLN_PATTERN_FIELDREF,
};

struct mln_pattern {
    enum mln_pattern_kind kind;
    enum mln_pattern_kind reference_kind; /* FIELDREF: how the two texts compare. */
    bool cased, wanted;                   /* `wanted`: the argument of EXISTS. */
    struct mln_str text;                  /* Texts: what to find; lower case unless `cased`. */
    const char *regex_text;               /* REGEX: for the prefilter, too. */
    unsigned regex_options;               /* REGEX: PCRE2_CASELESS, _MULTILINE, _DOTALL. */
    pcre2_code *regex;
    struct mln_cidr cidr;
    int64_t number;
    enum mln_field other;
};

/* One `field|modifiers: values`. */
struct mln_item {
    enum mln_field field;
    bool all, negated;
    bool meets_absent; /* A pattern may hold where the field is absent. */
    unsigned mask; /* Not 0: the values as bits of kind or sql_flags, and no patterns are looked at.
                    */
    struct mln_pattern *patterns;
    size_t count;
};

/* The condition before it becomes code; nodes may be shared. */
enum mln_node_kind { MLN_NODE_ITEM, MLN_NODE_AND, MLN_NODE_OR, MLN_NODE_NOT };

struct mln_node {
    enum mln_node_kind kind;
    const struct mln_item *item;
    struct mln_node **children;
    size_t count;
};

/* One accumulator: TEST sets it, the jumps leave it as it is. */
enum mln_opcode { MLN_CODE_TEST, MLN_CODE_IF_FALSE, MLN_CODE_IF_TRUE, MLN_CODE_NOT };

struct mln_instruction {
    enum mln_opcode opcode;
    uint32_t target;
    const struct mln_item *item;
};

enum mln_correlation_type {
    MLN_EVENT_COUNT,
    MLN_VALUE_COUNT,
    MLN_TEMPORAL,
    MLN_TEMPORAL_ORDERED,
};

struct mln_correlation {
    enum mln_correlation_type type;
    bool generate;
    int64_t timespan_ms;
    int64_t at_least, at_most; /* The condition as a range ... */
    bool has_not, only_lower;  /* ... `neq`; no upper bound and no `neq`. */
    int64_t not_equal;
    size_t entries_max;
    enum mln_field value_fields[MLN_GROUP_FIELDS_MAX];
    size_t value_field_count;
    struct mln_rule **rules;
    size_t rule_count;
    enum mln_field *group_fields; /* rule_count rows of group_count. */
    size_t group_count;
};

struct mln_logsource {
    struct mln_str category, product, service; /* Empty: any. */
};

struct mln_rule {
    struct mln_rule_info info;
    struct mln_str source, id, name; /* The file; Sigma's id and name. */
    bool built_in, has_risk, dropped;
    bool alarms; /* Raises alarms of its own. */
    size_t index;
    unsigned depth; /* Correlations below it; 0 for a detection rule. */
    int64_t mute_ms;
    struct mln_logsource logsource;
    struct mln_node *condition;
    struct mln_instruction *code;
    size_t code_count;
    struct mln_correlation *correlation; /* NULL: a detection rule. */
    struct mln_rule **feeds;             /* The correlations that list this rule. */
    uint32_t *feed_slots;                /* Its place in each. */
    size_t feed_count;
};

struct mln_rules {
    struct mln_arena arena;
    struct mln_rule **rules; /* All that are in force. */
    size_t count;
    const struct mln_rule_info **infos; /* Those that can raise alarms. */
    size_t info_count;
    pcre2_code **regexes;
    size_t regex_count, regex_capacity;
};

/* What compiling one document needs. */
struct mln_rule_compiler {
    struct mln_rules *rules;
    const struct mln_lists *lists;
    const struct mln_yaml_file *file;
    bool own_taxonomy; /* Unknown fields are errors. */
    size_t items;
    struct mln_err *err;
};

/* lists.c: false when the list is not declared. */
bool mln_lists_get(const struct mln_lists *lists, struct mln_str name,
        const struct mln_str **values, size_t *count);

/* How the texts of an item are to be compared. */
struct mln_value_options {
    bool contains, starts, ends, cased, windash;
};

/* sigma_value.c */
MLN_MUST_USE int mln_sigma_text(struct mln_rule_compiler *compiler,
        const struct mln_yaml_node *node, struct mln_str value,
        const struct mln_value_options *options, struct mln_pattern *out);
MLN_MUST_USE int mln_sigma_regex(struct mln_rule_compiler *compiler,
        const struct mln_yaml_node *node, struct mln_str value, unsigned options,
        struct mln_pattern *out);

/* sigma_item.c: a search identifier's value as a tree. */
MLN_MUST_USE int mln_sigma_search(struct mln_rule_compiler *compiler,
        const struct mln_yaml_node *value, struct mln_node **out);

/* sigma_condition.c: `detection` as a tree, and a tree as code. */
MLN_MUST_USE int mln_sigma_condition(struct mln_rule_compiler *compiler,
        const struct mln_yaml_node *detection, struct mln_node **out);
MLN_MUST_USE int mln_sigma_emit(
        struct mln_rule_compiler *compiler, const struct mln_node *root, struct mln_rule *rule);
struct mln_node *mln_node_new(
        struct mln_rule_compiler *compiler, enum mln_node_kind kind, size_t children);

/* correlation.c: the block `correlation`; the rules it lists are resolved later. */
MLN_MUST_USE int mln_correlation_read(struct mln_rule_compiler *compiler,
        const struct mln_yaml_node *node, struct mln_correlation *out);
MLN_MUST_USE int mln_correlation_resolve(struct mln_rule_compiler *compiler,
        const struct mln_yaml_node *node, struct mln_rule *rule, struct mln_rule *const *rules,
        size_t count);

/* sigma_match.c: working memory of one engine, and the evaluation of one rule. */
struct mln_matcher {
    pcre2_match_data *match;
    pcre2_match_context *context;
    pcre2_jit_stack *stack;
    struct mln_field_scratch scratch;
    int64_t regex_limits; /* How often a limit stopped a regular expression. */
};

MLN_MUST_USE int mln_matcher_init(struct mln_matcher *matcher, struct mln_err *err);
void mln_matcher_fini(struct mln_matcher *matcher);
bool mln_rule_matches(struct mln_matcher *matcher, const struct mln_rule *rule,
        const struct mln_audit_event *event);
