/* One page of an item's resources, kept in the call's arena: answers show it in several lists. */
#pragma once

#include "api/sas/query.h"

struct sas_findings {
    struct mln_result_finding *items;
    size_t count, capacity;
    struct mln_result_grid grid;
    int64_t total;
};

/* Refuses the call (RiskItemNotExists, or a fault) and returns false. */
bool sas_findings_read(struct mln_call *call, const struct mln_finding_query *query,
        enum mln_lang lang, struct sas_findings *out);

/* How many there are; nothing is kept. Refuses the call and returns false. */
bool sas_findings_count(
        struct mln_call *call, const struct mln_finding_query *query, int64_t *total);

/*
 * The page of those that are one of `where`; a mark wins over what was found. Among more than
 * SAS_FILTERED_MAX resources marks are not looked at: every row still says what it is.
 */
#define SAS_FILTERED_MAX ((int64_t)20000)
#define SAS_WHERE_FAILED 1U /* And no mark. */
#define SAS_WHERE_UNREAD 2U /* Neither judged nor marked. */
#define SAS_WHERE_MARKED 4U
bool sas_findings_read_where(struct mln_call *call, const struct mln_finding_query *query,
        unsigned where, enum mln_lang lang, struct sas_findings *out);

/* The key of the resource's column as the writer wants it; a check file may say anything. NULL: out
 * of memory. */
const char *sas_grid_key(struct mln_call *call, const struct sas_findings *findings);

/* "ignored", "falsePositive", "failed", or "waiting" for what could not be judged. */
const char *sas_finding_status(const struct mln_result_finding *finding);

/* Titles of the columns beside the resource's own. */
const char *sas_region_title(enum mln_lang lang);
const char *sas_value_title(enum mln_lang lang);
