/*
 * Where a new key goes: a profile file. It is the only place that ever shows a secret, so it is
 * checked before the key is made, and a key that could not be written down is disabled again.
 */
#pragma once

#include "cli/connect.h"
#include "client/profile_write.h"

struct new_profile {
    const char *path;
    struct mln_profile_new row;
};

/* Reads --write-profile, --profile-name (default: `fallback_name`) and checks the file. */
MLN_MUST_USE int new_profile_read(const struct cli *cli, const char *fallback_name,
        struct new_profile *out, struct mln_err *err);

/* Writes the key down; on failure disables it. */
MLN_MUST_USE int new_profile_write(const struct cli *cli, const struct cli_local *local,
        struct new_profile *profile, struct mln_new_key *key, struct mln_err *err);
