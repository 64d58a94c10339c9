/* Shared by the report formats: the walk over items and resources, and pieces of text. */
#pragma once

#include "report/report.h"
#include "wire/writer.h"

#define REPORT_PIECE_MAX ((size_t)16 * 1024 * 1024) /* One item or resource as text. */

/* A report on its way: what was written so far into `text` leaves in pieces. */
struct report {
    struct mln_store *store;
    const struct mln_report_options *options;
    struct mln_buf text;
    int64_t written; /* Entries, for separators. */
};

/* Hands the text to the caller and empties it. */
MLN_MUST_USE int report_flush(struct report *report, struct mln_err *err);

/* Every item, in order. Views live during the callback. */
MLN_MUST_USE int report_items(
        struct report *report, mln_check_result_fn *fn, void *ctx, struct mln_err *err);

/* Every kept resource of an item: failed ones, then those that could not be assessed. */
MLN_MUST_USE int report_findings(struct report *report, int64_t item_id, mln_result_finding_fn *fn,
        void *ctx, struct mln_err *err);

/* "failed", "ignored", "falsePositive", or "waiting". */
const char *report_state(const struct mln_result_finding *finding);

/* Text for XML and HTML; characters that XML 1.0 forbids become U+FFFD. */
void report_escape(struct mln_buf *out, struct mln_str text);

/* The whole of one format. */
MLN_MUST_USE int report_html(struct report *report, struct mln_err *err);
MLN_MUST_USE int report_junit(struct report *report, struct mln_err *err);
MLN_MUST_USE int report_ocsf(struct report *report, struct mln_err *err);
MLN_MUST_USE int report_sarif(struct report *report, struct mln_err *err);
