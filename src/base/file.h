/* Whole files, read with a limit and replaced atomically. */
#pragma once

#include "base/str.h"

/*
 * Reads all of `path` into `out` (its max is the limit). MLN_ENOTFOUND, MLN_EDENIED, MLN_EINVAL for
 * a directory, MLN_ETOOBIG, MLN_EIO; every message names the path.
 */
MLN_MUST_USE int mln_file_read(const char *path, struct mln_buf *out, struct mln_err *err);

/*
 * Writes a temporary file beside `path` with `mode`, syncs it, renames it over `path` and syncs the
 * folder: a reader sees the old or the new content. A symbolic link is resolved first.
 */
MLN_MUST_USE int mln_file_replace(
        const char *path, struct mln_str content, unsigned mode, struct mln_err *err);

/* Creates `path` and its parents (mode 0700 each); present folders are fine. */
MLN_MUST_USE int mln_dir_make(const char *path, struct mln_err *err);
