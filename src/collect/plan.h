/*
 * The plan: which read-only API calls make up a snapshot, read from catalog/collect/<product>.yaml
 * (docs/extending/product.md has the format). Everything that is specific to a product is in those
 * files; an action that does not read is refused when the plan is loaded.
 */
#pragma once

#include "snapshot/schema.h"

#define MLN_PLAN_CALLS_MAX  ((size_t)1000)
#define MLN_PLAN_PARAMS_MAX ((size_t)20)
/* How much of a documented limit is used: whoever else works on the account shares it. */
#define MLN_PLAN_LIMIT_SHARE 0.9

struct mln_plan;

/* A catalogue file, as text. */
struct mln_plan_file {
    const char *name; /* For messages. */
    struct mln_str text;
};

/* MLN_EINVAL with "file:line:column: reason". Later files replace products of the same name. */
MLN_MUST_USE int mln_plan_load(const struct mln_plan_file *files, size_t file_count,
        struct mln_plan **out, struct mln_err *err);
void mln_plan_free(struct mln_plan *plan);

/* Borrowed from the plan. */
const struct mln_schema *mln_plan_schema(const struct mln_plan *plan);

/* The least-privilege RAM policy: Allow on exactly the actions that the plan calls, as JSON. */
void mln_plan_policy(const struct mln_plan *plan, struct mln_buf *out);

enum mln_plan_style { MLN_STYLE_RPC, MLN_STYLE_ROA, MLN_STYLE_OSS };

/* One call, for people and for the transport. */
struct mln_plan_call {
    size_t index; /* In the schema's calls. */
    const char *id, *product, *code, *version, *action, *ram_action;
    enum mln_plan_style style;
    enum mln_call_scope scope;
    const char *paging; /* "", "number", "token" */
    const char *table;  /* "" when it fills none. */
    const char *method; /* "GET", "POST" */
    const char *path;   /* ROA: a template; "" for the others. */
    double rate;        /* Calls a second in one region. */
    const char *limit;  /* What is documented: "10/s"; "" where nothing is. */
    bool rate_is_documented;
};
size_t mln_plan_call_count(const struct mln_plan *plan);
struct mln_plan_call mln_plan_call(const struct mln_plan *plan, size_t index);
