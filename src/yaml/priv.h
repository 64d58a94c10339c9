/* What the files of this folder share. */
#pragma once

#include "base/str.h"

/* The most that mln_yaml_show() appends: every shown byte may become an escape. */
#define MLN_YAML_SHOWN_MAX ((size_t)1024)

/* Appends text from a file for a message: shortened, and harmless on a terminal. */
void mln_yaml_show(struct mln_str text, struct mln_buf *out);

/* Refuses what would make libfyaml slow, large or wrong: MLN_ETOOBIG, MLN_EINVAL. */
MLN_MUST_USE int mln_yaml_guard(struct mln_str text, const char *name, struct mln_err *err);

/* Appends the text of a single-quoted scalar whose source, without the outer quotes, is `source`.
 */
void mln_yaml_single_quoted(struct mln_str source, struct mln_buf *out);
