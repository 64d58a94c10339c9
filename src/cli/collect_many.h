/* `collect` of many accounts: --accounts FILE or --resource-directory ROLE, into the folder -o. */
#pragma once

#include "cli/cli.h"

MLN_MUST_USE int collect_many(struct cli *cli, struct mln_err *err);
