/* Shared by the report formats: the walk over items and resources, and pieces of text. */
#pragma once

#include "base/arena.h"
#include "report/report.h"
#include "wire/writer.h"

#define REPORT_PIECE_MAX ((size_t)16 * 1024 * 1024)  /* One item or resource as text. */
#define REPORT_ITEMS_MAX ((size_t)256 * 1024 * 1024) /* The texts of all items. */

/*
 * A report on its way: what was written so far into `text` leaves in pieces. The items are read
 * once, up front: a store reads one thing at a time, and their resources are read while they are
 * walked.
 */
struct report {
    struct mln_store *store;
    const struct mln_report_options *options;
    struct mln_buf text;
    bool is_json;
    int64_t written; /* Entries, for separators. */
    struct mln_check_result *items;
    size_t item_count, item_room;
    struct mln_arena arena; /* The texts of the items. */
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

/*
 * Text for XML and HTML. What XML 1.0 forbids, and what acts on a terminal or turns text around,
 * is written out: \u202e.
 */
void report_escape(struct mln_buf *out, struct mln_str text);

/* The whole of one format. */
MLN_MUST_USE int report_html(struct report *report, struct mln_err *err);
MLN_MUST_USE int report_junit(struct report *report, struct mln_err *err);
MLN_MUST_USE int report_ocsf(struct report *report, struct mln_err *err);
MLN_MUST_USE int report_sarif(struct report *report, struct mln_err *err);
