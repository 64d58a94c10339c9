/* AddCheckResultWhiteList and its opposite: marks on whole checks, or on resources under them. */
#pragma once

#include "api/sas/query.h"

#define SAS_MARKS_MAX ((size_t)50000) /* Checks times resources of one call. */

struct sas_marks {
    struct mln_mark_request *items;
    size_t count;
};

/*
 * What CheckIds and InstanceIds mean: every check named; or, with InstanceIds, those resources
 * under the checks named (under any check when none is). Refuses the call and returns false.
 */
bool sas_white_list_read(struct mln_call *call, const char *kind, struct mln_str reason,
        const struct sas_numbers *checks, struct sas_marks *out);

/* Sets or takes back what was read. Refuses the call (none of it is there, or a fault). */
bool sas_white_list_mark(struct mln_call *call, const struct sas_marks *marks);
