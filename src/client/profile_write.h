/*
 * Adding a profile to a config.json of the aliyun CLI. The other profiles, unknown members and
 * their order stay; the file is replaced atomically with mode 0600. `current` is set only in a new
 * file.
 */
#pragma once

#include "base/secret.h"

struct mln_profile_new {
    struct mln_str name, region;
    struct mln_str key_id, secret;
    bool replace; /* A profile of that name may be there; its key and mode are replaced. */
};

/*
 * Could mln_profile_write() succeed? Asked before a key is made, because its secret has no other
 * place to go. MLN_EEXIST: the name is taken; MLN_ECONFIG: malformed; MLN_EDENIED: the folder
 * cannot be written.
 */
MLN_MUST_USE int mln_profile_check(
        const char *path, const struct mln_profile_new *profile, struct mln_err *err);

MLN_MUST_USE int mln_profile_write(
        const char *path, const struct mln_profile_new *profile, struct mln_err *err);
