/* Risk events as commands see them, whether they come from an endpoint or from a store. */
#pragma once

#include "cli/connect.h"
#include "cli/rows.h"

struct risk_source {
    struct cli *cli;
    bool is_local;
    struct cli_remote remote;
    struct cli_local local;
};

/* --store chooses the store, everything else an endpoint. `source` must not move afterwards. */
MLN_MUST_USE int risk_source_open(
        struct cli *cli, bool for_write, struct risk_source *source, struct mln_err *err);
void risk_source_close(struct risk_source *source);

/* What --level --product --rule --since --until ask for. */
struct risk_filter {
    const struct cli *cli;
    bool any; /* Something is filtered. */
    int64_t since_ms, until_ms;
};
MLN_MUST_USE int risk_filter_read(
        const struct cli *cli, struct risk_filter *out, struct mln_err *err);

struct risk_ask {
    enum mln_risk_status status;      /* UNPROCESSED or PROCESSED */
    const struct risk_filter *filter; /* NULL: none */
    int64_t page, page_size;
    size_t limit;
    bool finish; /* Goes on after a signal: what was sent must be verified. */
};

/* MLN_EPARTIAL: `out` holds what was found and is marked incomplete. */
MLN_MUST_USE int risk_source_list(struct risk_source *source, const struct risk_ask *ask,
        struct mln_sddp_events *out, struct mln_err *err);

MLN_MUST_USE int risk_source_handle(struct risk_source *source,
        const struct mln_sddp_handling *handling, char request_id[64], bool *sent,
        struct mln_err *err);

/* For the envelope; `request_id` may be NULL. */
struct cli_origin risk_source_origin(const struct risk_source *source, const char *request_id);

/* "admin (http://127.0.0.1:8080)" or "sqlite:x.db, account 1": where a write would go. */
void risk_source_name(const struct risk_source *source, struct mln_buf *out);

/* 1..2^53-1; MLN_EUSAGE. */
MLN_MUST_USE int risk_id_read(struct mln_str text, int64_t *out, struct mln_err *err);

/* Number of members, "10000+" at the cap. */
void risk_count_text(int64_t count, struct mln_buf *out);
/* "High Risk" for 1..3, else the server's own name. */
struct mln_str risk_level_text(const struct mln_sddp_event *event, enum mln_lang lang);

/* The block of one event in the listing. `zh` labels only when asked for with --lang. */
void risk_put_block(struct cli *cli, const struct mln_sddp_event *event);

/* Columns of an event, in the order of mln_sddp_fields(); and its cells. */
#define RISK_COLUMNS 23
const struct cli_column *risk_columns(void);
void risk_cells(const struct mln_sddp_event *event, struct cli_cell out[RISK_COLUMNS]);
