/* What the files of this folder share. */
#pragma once

#include "client/creds.h"

struct mln_creds_parts {
    struct mln_str key_id, secret, token;
};

/* Copies the parts into secrets; `out` is untouched on failure. */
MLN_MUST_USE int mln_creds_fill(
        struct mln_creds *out, const struct mln_creds_parts *parts, struct mln_err *err);

/*
 * The credentials of one profile of config.json; `name` NULL means its `current` profile, and then
 * a missing file is MLN_ENOTFOUND.
 */
MLN_MUST_USE int mln_creds_from_profile(const struct mln_creds_options *options, const char *name,
        struct mln_creds *out, struct mln_err *err);

/* Wipes the bytes of a file that held secrets, then frees it. For MLN_AUTO too. */
void mln_buf_wipe_free(struct mln_buf *buf);
