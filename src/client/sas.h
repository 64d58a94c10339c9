/*
 * Check results over the API of Security Center (`Sas` 2018-12-03): DescribeRiskCheckResult, and
 * ListCheckResult where an endpoint has retired it; the resources of an item; marks; a new run.
 * Spelling of the wire ends here.
 */
#pragma once

#include "base/map.h"
#include "client/api.h"

#define MLN_SAS_ITEMS_MAX     ((size_t)100000)
#define MLN_SAS_TEXT_MAX      ((size_t)256 * 1024 * 1024) /* All texts of a listing. */
#define MLN_SAS_RESOURCES_MAX ((size_t)1000000)           /* Of one item. */

enum mln_sas_text {
    MLN_SAS_BEST_PRACTICE,
    MLN_SAS_INFLUENCE,
    MLN_SAS_SUGGESTION,
    MLN_SAS_HELP_RESOURCE,
    MLN_SAS_TEXTS
};

/* One item as DescribeRiskCheckResult spells it. Texts borrow from the listing. */
struct mln_sas_item {
    int64_t item_id, task_id, check_time_ms, affected, remaining_s, sort;
    struct mln_str status, level, title, asset_type, type, start_status, repair_status,
            not_assessed;
    struct mln_str texts[MLN_SAS_TEXTS];
    bool replaced, custom;       /* Judged by a check of the user's; endpoints do not tell. */
    struct mln_str completeness; /* JSON of what was read for it; endpoints do not tell. */
};

struct mln_sas_items {
    struct mln_sas_item *items;
    size_t count, capacity;
    int64_t total;   /* What the server says. */
    bool incomplete; /* It never agreed with what was listed. */
    bool successor;  /* Listed by ListCheckResult: texts, group and affected are not known. */
    char request_id[64];
    struct mln_arena arena;
};
void mln_sas_items_init(struct mln_sas_items *items);
void mln_sas_items_free(struct mln_sas_items *items);
/* Appends a copy; its texts must be in the arena. MLN_ENOMEM. */
MLN_MUST_USE int mln_sas_items_add(
        struct mln_sas_items *out, const struct mln_sas_item *item, struct mln_err *err);

/* Every action that the check commands may call; without those that change something. */
const struct mln_api_action *mln_sas_actions(bool with_writes, size_t *count);

struct mln_sas_query {
    const char *lang;                /* "en", "zh" */
    int64_t group;                   /* 0: any */
    struct mln_str asset_type, name; /* empty: any */
    const int64_t *ids;
    size_t id_count;          /* 0: any */
    int64_t page, page_size;  /* page 0: all */
    const volatile int *stop; /* May be NULL. */
};

/*
 * Lists into `out`, in the server's order, each ItemId once; all pages unless one is asked for.
 * MLN_EPARTIAL: the server never agreed with its own total. `out->successor` tells that the newer
 * action was used, because the endpoint refused the older one as retired or unknown.
 */
MLN_MUST_USE int mln_sas_list(struct mln_api *api, const struct mln_sas_query *query,
        struct mln_sas_items *out, struct mln_err *err);

/* A resource of an item, from the grid of DescribeRiskCheckItemResult. */
struct mln_sas_resource {
    int64_t result_id; /* For marks. */
    struct mln_str region, id, value, status;
};
typedef int mln_sas_resource_fn(
        void *ctx, const struct mln_sas_resource *resource, struct mln_err *err);
/*
 * Every resource of an item that did not pass, all pages, each once. MLN_ENOTFOUND: no such item;
 * MLN_EPARTIAL: the server never agreed with its own total (what it listed was given). Where the
 * older action is retired, ListCheckInstanceResult is asked; its resources have no result_id.
 */
MLN_MUST_USE int mln_sas_resources(struct mln_api *api, int64_t item_id, const char *lang,
        const volatile int *stop, mln_sas_resource_fn *fn, void *ctx, struct mln_err *err);

/* Ignores an item (or takes that back). `sent` tells whether the request may have arrived. */
MLN_MUST_USE int mln_sas_mark_item(struct mln_api *api, int64_t item_id, int64_t task_id,
        bool ignore, char request_id[64], bool *sent, struct mln_err *err);

/* Ignores one resource of an item (or takes that back), by its result id. */
MLN_MUST_USE int mln_sas_mark_resource(struct mln_api *api, int64_t result_id, int64_t task_id,
        bool ignore, char request_id[64], bool *sent, struct mln_err *err);

/* Starts a run of the items given, or of all. */
MLN_MUST_USE int mln_sas_start(struct mln_api *api, const int64_t *ids, size_t id_count,
        char request_id[64], bool *sent, struct mln_err *err);
