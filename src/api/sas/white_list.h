/* AddCheckResultWhiteList and its opposite: marks on whole checks, or on resources under them. */
#pragma once

#include "api/sas/findings.h"

#define SAS_MARKS_MAX ((size_t)10000) /* Marks that one call may set. */

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
