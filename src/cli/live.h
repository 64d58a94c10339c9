/* How the options say that the live cloud is reached. */
#pragma once

#include "cli/connect.h"
#include "risk/scan.h"

struct cli_live {
    struct mln_endpoints *endpoints;
    struct mln_live_source source;
    struct mln_source_spec spec; /* --role, else --profile, else the chain. */
};
/* `out` must not move afterwards. MLN_EUSAGE. */
MLN_MUST_USE int cli_live_read(const struct cli *cli, struct cli_live *out, struct mln_err *err);
void cli_live_free(struct cli_live *live);
