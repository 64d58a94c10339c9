/* What `risk handle` was asked to do: which events, and what to record. */
#pragma once

#include "cli/risk_source.h"

#define HANDLE_IDS_MAX ((size_t)10000)

enum handle_result {
    HANDLE_PLANNED,
    HANDLE_DONE,
    HANDLE_UNVERIFIED, /* Sent and accepted, but the listing could not confirm it. */
    HANDLE_FAILED,
    HANDLE_NOT_ATTEMPTED,
};

struct handle_item {
    int64_t risk_id;
    struct mln_sddp_event event; /* As it was listed; texts borrow from the first listing. */
    bool listed;
    enum handle_result result;
    int code; /* Of a failure. */
    char request_id[64], message[320];
};

struct handle_plan {
    struct handle_item *items;
    size_t count;
    struct mln_buf input, detail_file; /* Standard input, --detail-file. */
    struct mln_str detail;
};

void handle_plan_free(struct handle_plan *plan);

/* Ids from the arguments or, for "-", from standard input; each once. MLN_EUSAGE for all that is
 * wrong. */
MLN_MUST_USE int handle_plan_read(
        const struct cli *cli, struct handle_plan *plan, struct mln_err *err);

/* The plan on stderr: every parameter that will be sent, and where to. */
void handle_plan_show(const struct cli *cli, const struct handle_plan *plan, const char *where);

/* Asks on a terminal; elsewhere --yes must have been given. MLN_EUSAGE, or MLN_ECANCELLED for "no".
 */
MLN_MUST_USE int handle_plan_confirm(
        const struct cli *cli, const struct handle_plan *plan, struct mln_err *err);
