/*
 * Request parameters: decoding them from a query, a form or a JSON body, and rebuilding the lists
 * and objects that SDKs flatten (`ItemIds.1`, `HandleInfoList.1.HandleType`); spec: RPC style of
 * the cloud's OpenAPI. Names and values are decoded bytes, borrowed from an arena.
 */
#pragma once

#include "base/arena.h"

#define MLN_PARAMS_MAX ((size_t)1000)

struct mln_param {
    struct mln_str name, value;
};

struct mln_params {
    struct mln_param *items;
    size_t count, capacity;
};

/* Appends one. MLN_ETOOBIG over MLN_PARAMS_MAX, MLN_ENOMEM. Names and values are borrowed. */
MLN_MUST_USE int mln_params_add(struct mln_params *params, struct mln_arena *arena,
        struct mln_str name, struct mln_str value, struct mln_err *err);

/* Decodes `a=1&b=2` (query or form text) and appends. */
MLN_MUST_USE int mln_params_parse_query(struct mln_params *params, struct mln_arena *arena,
        struct mln_str text, struct mln_err *err);

/*
 * Flattens the top-level members of a JSON object and appends: scalars as text, lists from index 1,
 * nested objects with dots. MLN_EINVAL for anything but an object, null members are skipped.
 */
MLN_MUST_USE int mln_params_parse_json(struct mln_params *params, struct mln_arena *arena,
        struct mln_str text, struct mln_err *err);

/* Sorts by name in byte order (for signing, and to find repeats). */
void mln_params_sort(struct mln_params *params);

/* After sorting: the first name that occurs twice, or NULL. */
const struct mln_param *mln_params_repeated(const struct mln_params *params);

/* The value of `name`; false when absent. Empty counts as absent when `empty_is_absent`. */
bool mln_params_get(const struct mln_params *params, const char *name, bool empty_is_absent,
        struct mln_str *out);

/*
 * The indexes of a flattened list, in numeric order without repeats: for "ItemIds" the N of every
 * ItemIds.N and ItemIds.N.*. Gaps are fine. At most `max`; MLN_ETOOBIG, MLN_EINVAL for an index
 * that is not 1..100000. `out` is in the arena.
 */
struct mln_param_indexes {
    int64_t *items;
    size_t count;
};
MLN_MUST_USE int mln_params_indexes(const struct mln_params *params, struct mln_arena *arena,
        const char *list, size_t max, struct mln_param_indexes *out, struct mln_err *err);

/* The value of `list.index` (member NULL) or `list.index.member`; false when absent. */
bool mln_params_list_get(const struct mln_params *params, const char *list, int64_t index,
        const char *member, struct mln_str *out);
