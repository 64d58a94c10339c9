/* Check results as commands see them, whether they come from an endpoint or from a store. */
#pragma once

#include "cli/connect.h"
#include "cli/rows.h"
#include "client/sas.h"
#include "risk/result.h"
#include "risk/scan.h"

struct check_source {
    struct cli *cli;
    bool is_local;
    struct cli_remote remote;
    struct cli_local local;
};

/* --store chooses the store, everything else an endpoint. `source` must not move afterwards. */
MLN_MUST_USE int check_source_open(
        struct cli *cli, bool for_write, struct check_source *source, struct mln_err *err);
void check_source_close(struct check_source *source);

/* What --group --level --status --asset-type --name --item ask for. */
struct check_filter {
    int group;
    unsigned levels, statuses; /* Bits; 0: any */
    struct mln_str asset_type, name;
    int64_t *ids; /* Owned. */
    size_t id_count;
};
MLN_MUST_USE int check_filter_read(
        const struct cli *cli, struct check_filter *out, struct mln_err *err);
void check_filter_free(struct check_filter *filter);

/*
 * Lists into `out`. Over an endpoint that has retired DescribeRiskCheckResult, a warning says once
 * that the newer action was used. MLN_EPARTIAL: `out` holds what was found.
 */
MLN_MUST_USE int check_source_list(struct check_source *source, const struct check_filter *filter,
        struct mln_sas_items *out, struct mln_err *err);

struct cli_origin check_source_origin(const struct check_source *source, const char *request_id);

/* "1,5,12" to numbers; `out` is the caller's to free. MLN_EUSAGE names the option. */
MLN_MUST_USE int check_ids_read(const struct cli *cli, enum cli_option option, int64_t **out,
        size_t *count, struct mln_err *err);
/* An item's number from an argument; MLN_EUSAGE. */
MLN_MUST_USE int check_id_read(const char *text, int64_t *out, struct mln_err *err);

/* Columns of an item, and its cells. */
#define CHECK_COLUMNS 17
const struct cli_column *check_columns(void);
void check_cells(const struct mln_sas_item *item, struct cli_cell out[CHECK_COLUMNS]);

/* One result of the store as an item. MLN_ENOMEM. */
MLN_MUST_USE int check_item_of(const struct mln_check_result *result, struct mln_arena *arena,
        struct mln_sas_item *out, struct mln_err *err);
