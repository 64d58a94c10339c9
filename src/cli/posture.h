/* What commands share that read the catalogue or write a scan. */
#pragma once

#include "cli/check_source.h"

#define CLI_PLACES_MAX 32

/* The plan and the checks, with what --catalog and --checks add. */
MLN_MUST_USE int cli_posture(const struct cli *cli, struct mln_posture **out, struct mln_err *err);

/* --replay or --snapshot, --only, --skip and the progress line. */
struct cli_scan {
    struct cli *cli;
    struct mln_posture *posture;
    int64_t *only, *skip;
    struct mln_scan_options options;
};
MLN_MUST_USE int cli_scan_read(struct cli *cli, struct cli_scan *out, struct mln_err *err);
void cli_scan_free(struct cli_scan *scan);

/* One line on stderr about what was read and found. */
void cli_scan_summary(const struct cli *cli, const struct mln_scan_report *report);
