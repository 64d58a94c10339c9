/*
 * Actions of the API, one row each: what it is called, who may call it, what it takes and which
 * function does it. Validation, help, documentation and the RAM policy all come from these rows.
 */
#pragma once

#include "base/str.h"

struct mln_call;
struct mln_writer;

#define MLN_ACTION_PARAMS_MAX 24

enum mln_param_type {
    MLN_PARAM_INT,  /* decimal, min..max */
    MLN_PARAM_WORD, /* one of `words` */
    MLN_PARAM_TEXT, /* UTF-8 without control characters, min..max characters */
    MLN_PARAM_LIST, /* flattened objects from index 1; the handler reads them */
};

/* A word that a parameter takes, and the number that stands for it. A NULL name ends the list. */
struct mln_word {
    const char *name;
    int64_t value;
};

struct mln_param_row {
    const char *name;
    enum mln_param_type type;
    bool required;
    int64_t min, max;
    const char *fallback; /* The default as it would be sent; NULL: none. */
    const struct mln_word *words;
    const char *summary;
};

/* A parameter after validation: `present` when it was sent or has a default. */
struct mln_value {
    bool present;
    int64_t number;      /* INT and WORD */
    struct mln_str text; /* As sent. */
};

/*
 * Does the action: writes the members of the answer, or refuses the call (mln_call_refuse,
 * mln_call_fault) and returns false. What was written is dropped on a refusal.
 */
typedef bool mln_action_fn(struct mln_call *call, struct mln_writer *writer);

struct mln_action {
    const char *product, *version, *name;
    const char *ram_action; /* "yundun-sddp:DescribeRiskRules" */
    const char *xml_root;   /* "DescribeRiskRulesResponse" */
    bool writes;
    bool repeats; /* The answer follows from account, parameters and store alone: it may be kept. */
    const struct mln_param_row *params;
    size_t param_count;
    mln_action_fn *act;
};

/* What Lang takes, as enum mln_lang. */
extern const struct mln_word mln_language_words[];

/* Every action, sorted by version, then name. */
const struct mln_action *const *mln_actions(size_t *count);

/* NULL when there is none. */
const struct mln_action *mln_action_find(struct mln_str version, struct mln_str name);

/* Does any action have this API version? */
bool mln_action_version_known(struct mln_str version);
