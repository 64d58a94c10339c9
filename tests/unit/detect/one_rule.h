/* For tests of the rule language: a rule from its detection, asked about one event. */
#pragma once

#include <stdio.h>

#include "detect/engine.h"
#include "test.h"

static int64_t one_rule_now_ms = 1780272000000;

static inline int64_t one_rule_now(void *ctx)
{
    return *(const int64_t *)ctx;
}

static const struct mln_clock one_rule_clock = { one_rule_now, one_rule_now, &one_rule_now_ms };

static inline struct mln_lists *some_lists(void)
{
    struct mln_lists *lists;
    struct mln_err err;

    OK(mln_lists_new(&lists, &err), &err);
    OK(mln_lists_read(lists,
               MLN_STR("apps: {meaning: a, values: [shop_app, 'web_*']}\n"
                       "hosts: {meaning: h, values: [10.0.0.0/24, backup1]}\n"
                       "empty: {meaning: nothing}\n"),
               "lists.yaml", true, &err),
            &err);
    return lists;
}

static inline int compile_text(
        const char *text, bool built_in, struct mln_rules **out, struct mln_err *err)
{
    struct mln_rule_source source = { "r.yaml", mln_str_of(text), built_in };
    struct mln_lists *lists = some_lists();
    int rc = mln_rules_compile(&source, 1, lists, out, err);

    mln_lists_free(lists);
    return rc;
}

static inline int count_alarm(void *ctx, const struct mln_alarm *alarm, struct mln_err *err)
{
    size_t *count = ctx;

    (void)alarm;
    (void)err;
    (*count)++;
    return MLN_OK;
}
