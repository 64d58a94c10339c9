/*
 * The catalogue: rules, lists, plans, checks and their parameters, from /usr/share/merlon (or, when
 * that is not installed, from the copy inside the binary), then /etc/merlon.d, then the folders a
 * user names. Later files replace earlier entries by id.
 */
#pragma once

#include "base/str.h"

#define MLN_CATALOG_FILES_MAX      ((size_t)5000)
#define MLN_CATALOG_FILE_BYTES_MAX ((size_t)1024 * 1024)
#define MLN_CATALOG_BYTES_MAX      ((size_t)64 * 1024 * 1024)

struct mln_catalog_file {
    const char *name; /* For messages: a path, or "built-in rules/x.yaml". */
    struct mln_str text;
    bool built_in;
};

struct mln_catalog; /* All files of one kind, read. */

/*
 * Reads every "*.yaml" under `kind` ("rules", "collect", "checks", "views") of each place, or its
 * one file "lists.yaml" or "parameters.yaml" for the kind of that name. A folder a user names must
 * exist: MLN_ENOTFOUND.
 */
MLN_MUST_USE int mln_catalog_read(const char *kind, const char *const *folders, size_t folder_count,
        struct mln_catalog **out, struct mln_err *err);
/* Adds the "*.yaml" that stand in `folder` itself (its "parameters.yaml" for that kind alone). */
MLN_MUST_USE int mln_catalog_add_flat(
        struct mln_catalog *catalog, const char *kind, const char *folder, struct mln_err *err);
void mln_catalog_free(struct mln_catalog *catalog);

const struct mln_catalog_file *mln_catalog_files(const struct mln_catalog *catalog, size_t *count);
