/* What commands share that read the catalogue or write a scan. */
#pragma once

#include "cli/check_source.h"
#include "cli/live.h"

#define CLI_PLACES_MAX 32

/* The plan and the checks, with what --catalog and --checks add. */
MLN_MUST_USE int cli_posture(const struct cli *cli, struct mln_posture **out, struct mln_err *err);

/*
 * Where the configuration is read: --replay, --snapshot, or the live account; --only, --skip, and
 * what is told meanwhile on stderr.
 */
struct cli_scan {
    struct cli *cli;
    struct mln_posture *posture;
    struct cli_live live;
    int64_t *only, *skip;
    struct mln_scan_options options;
    int64_t shown_ms; /* When the progress line was drawn. */
};
/* `out` must not move afterwards. From here on a signal stops the scan, not the program. */
MLN_MUST_USE int cli_scan_read(struct cli *cli, struct cli_scan *out, struct mln_err *err);
void cli_scan_free(struct cli_scan *scan);

/* One line on stderr about what was read and found. */
void cli_scan_summary(const struct cli *cli, const struct mln_scan_report *report);

/* ---- call_table.c: what became of each product's calls ---- */
struct cli_call_table {
    struct cli *cli;
    struct cli errors; /* Prints on stderr. */
    struct cli_rows rows;
    bool began;
};
/* Takes the products of `options`. On stdout, or as text on stderr unless --quiet. `table` must not
 * move afterwards. */
void cli_call_table_init(struct cli_call_table *table, struct cli *cli, bool on_stderr,
        struct mln_scan_options *options);
/* Prints. Nothing was read before it ended early: prints nothing. */
MLN_MUST_USE int cli_call_table_end(
        struct cli_call_table *table, bool ended_early, struct mln_err *err);
