/*
 * Which rules can match an event at all: by log source, by kind of event, and by the texts that a
 * rule cannot do without, looked for in one pass (vectorscan). What it leaves out does not match;
 * what it lets through is evaluated.
 */
#pragma once

#include "detect/rule_priv.h"

struct mln_prefilter;

MLN_MUST_USE int mln_prefilter_new(
        const struct mln_rules *rules, struct mln_prefilter **out, struct mln_err *err);
void mln_prefilter_free(struct mln_prefilter *prefilter);

/* Bits of rule indexes; borrowed until the next call. */
MLN_MUST_USE int mln_prefilter_scan(struct mln_prefilter *prefilter,
        const struct mln_audit_event *event, const uint64_t **out, struct mln_err *err);
size_t mln_prefilter_words(const struct mln_prefilter *prefilter);
