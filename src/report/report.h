/*
 * Exports of an account's check results for other tools, written from the store as a stream:
 * SARIF 2.1.0, JUnit XML, OCSF (Compliance Finding 2003, JSON lines) and one HTML page.
 */
#pragma once

#include "risk/result.h"

enum mln_report_format { MLN_REPORT_HTML, MLN_REPORT_JUNIT, MLN_REPORT_OCSF, MLN_REPORT_SARIF };

/* "sarif", ...; MLN_EINVAL. */
MLN_MUST_USE int mln_report_parse(const char *name, enum mln_report_format *out);

struct mln_report_options {
    struct mln_str account_id;
    enum mln_lang lang;
    const char *version; /* Of the program. */
    const struct mln_clock *clock;
    /* Takes pieces of the text in order; an error ends the export. */
    int (*write)(void *ctx, struct mln_str piece, struct mln_err *err);
    void *ctx;
};
/* MLN_EPARTIAL: another scan became current meanwhile; what was written mixes the two. */
MLN_MUST_USE int mln_report_results(struct mln_store *store, enum mln_report_format format,
        const struct mln_report_options *options, struct mln_err *err);
