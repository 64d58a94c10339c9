/* Printing check results: rows in every format, or a report for another tool. */
#pragma once

#include "cli/check_source.h"

MLN_MUST_USE int results_put(
        struct check_source *source, const struct check_filter *filter, struct mln_err *err);

/*
 * How many items in the store have something that could not be assessed, be they failed otherwise
 * or not; a mark on an item settles it.
 */
MLN_MUST_USE int results_count_open(struct check_source *source, int64_t *out, struct mln_err *err);
