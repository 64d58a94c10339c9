/*
 * The words of the newer check actions (ListCheckResult and its family) for what DescribeRisk...
 * calls by other names, and the reading of every item at once: these actions filter by lists.
 */
#pragma once

#include "api/sas/query.h"

enum sas_cspm_status {
    SAS_CSPM_PASS = 1,
    SAS_CSPM_NOT_PASS = 2,
    SAS_CSPM_CHECKING = 4,
    SAS_CSPM_NOT_CHECK = 8,
    SAS_CSPM_WHITELIST = 16,
    SAS_CSPM_FAILED = 32, /* Never the status of an item here. */
};

/* Words to bits, for lists of statuses, levels (1 << level) and types of checks. */
extern const struct mln_word sas_cspm_status_words[];
extern const struct mln_word sas_cspm_level_words[];
extern const struct mln_word sas_cspm_type_words[];
#define SAS_CSPM_CUSTOM 1
#define SAS_CSPM_SYSTEM 2

unsigned sas_cspm_status(const struct mln_check_result *item);
const char *sas_cspm_status_name(unsigned status);
const char *sas_cspm_level(int level); /* "HIGH" */

/* What a product is called there: InstanceType, InstanceSubType, AssetType. */
struct sas_cspm_asset {
    const char *service, *type, *sub_type;
    int64_t asset_type;
};
struct sas_cspm_asset sas_cspm_asset(const struct mln_check_result *item);

/*
 * All items of the account that `query` selects, whatever page it names; `fn` gets each. Refuses
 * the call and returns false.
 */
bool sas_items_each(struct mln_call *call, const struct mln_result_query *query,
        mln_check_result_fn *fn, void *ctx);

/* The same, kept in the call's arena: all but long texts, parameters, mappings and marks. */
struct sas_items {
    struct mln_check_result *items;
    size_t count, capacity;
    struct mln_arena *arena;
};
bool sas_items_read(
        struct mln_call *call, const struct mln_result_query *query, struct sas_items *out);

/* Members of PageInfo; ListCheckInstanceResult spells Count as text. */
void sas_write_page_info(struct mln_writer *w, int64_t count, bool count_as_text, int64_t page,
        int64_t page_size, int64_t total);
