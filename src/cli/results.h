/* Printing check results: rows in every format, or a report for another tool. */
#pragma once

#include "cli/check_source.h"

MLN_MUST_USE int results_put(
        struct check_source *source, const struct check_filter *filter, struct mln_err *err);
