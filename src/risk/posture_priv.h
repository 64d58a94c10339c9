/* What the scan sees of a posture. */
#pragma once

#include "check/check.h"
#include "collect/collect.h"
#include "risk/catalog.h"
#include "risk/scan.h"

struct mln_posture {
    struct mln_catalog *plan_files, *check_files, *parameter_files, *view_files;
    struct mln_plan *plan;
    struct mln_checks *checks;
    const struct mln_check *listed[MLN_SCAN_ITEMS_MAX]; /* In the order of listings. */
    size_t listed_count;
};

/* Brings the loaded checks into the order of listings. */
MLN_MUST_USE int mln_posture_arrange(struct mln_posture *posture, struct mln_err *err);

/* A JSON list of a check's compliance mappings: [{"standard":"","clause":""}]. */
void mln_posture_mappings(const struct mln_check *check, struct mln_buf *out);
/* A JSON list of its parameters: [{"name":"","value":"","default":"","about":""}]. */
void mln_posture_params(const struct mln_check *check, int lang, struct mln_buf *out);
