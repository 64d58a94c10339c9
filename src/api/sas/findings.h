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

/* "ignored", "falsePositive", "failed", or "waiting" for what could not be judged. */
const char *sas_finding_status(const struct mln_result_finding *finding);

/* Titles of the columns beside the resource's own. */
const char *sas_region_title(enum mln_lang lang);
const char *sas_value_title(enum mln_lang lang);
