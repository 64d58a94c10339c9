/*
 * Risk rules: Sigma 2.1 YAML over our taxonomy plus an `x-risk` block, compiled once. A file may
 * hold a detection rule and the correlation over it as two documents. Named lists
 * (%backup_accounts%) are configuration. Rule files are read from the embedded catalogue and from
 * folders; an id that is read again replaces the earlier one and is marked.
 *
 * Rules of the log source `category: database_audit` use our fields (detect/field.def): an unknown
 * one is an error. In rules of other sources it is absent. A rule without x-risk gets an id derived
 * from its Sigma id, name or title; a built-in document without x-risk is only a part of a
 * correlation.
 */
#pragma once

#include "detect/event.h"

struct mln_rules;

struct mln_rule_info {
    int64_t rule_id; /* 10001..99999 ours, 100000 and up the user's; smaller ones are the cloud's.
                      */
    int64_t category_id; /* 11 Database Dump Attack is the cloud's; our own are 101 and up. */
    const char *key;     /* "RDS-DUMP-01" */
    struct mln_str name_en, name_zh, category_en, category_zh, alert_frequency;
    int level; /* 1..3 */
    bool replaced;
    bool is_correlation;
};

/* One file's text for loading; `name` is for messages. */
struct mln_rule_source {
    const char *name;
    struct mln_str text;
    bool built_in;
};

/* Named lists: name -> values. Declared with their meaning in catalog/lists.yaml; values come from
 * configuration. */
struct mln_lists;
MLN_MUST_USE int mln_lists_new(struct mln_lists **out, struct mln_err *err);
void mln_lists_free(struct mln_lists *lists);
/* Reads a YAML map of lists (`backup_accounts: [backup]`); a list is replaced when read again. */
MLN_MUST_USE int mln_lists_read(struct mln_lists *lists, struct mln_str text, const char *name,
        bool declare, struct mln_err *err);

/* Compiles. MLN_EINVAL with file:line:column. Nothing is borrowed from the sources. */
MLN_MUST_USE int mln_rules_compile(const struct mln_rule_source *sources, size_t count,
        const struct mln_lists *lists, struct mln_rules **out, struct mln_err *err);
void mln_rules_free(struct mln_rules *rules);

size_t mln_rules_count(const struct mln_rules *rules);
const struct mln_rule_info *mln_rules_info(const struct mln_rules *rules, size_t index);
