/* What the files of this folder share. */
#pragma once

#include "base/str.h"

/* The most that mln_yaml_show() appends: every shown byte may become an escape. */
#define MLN_YAML_SHOWN_MAX ((size_t)1024)

/* Appends text from a file for a message: shortened, and harmless on a terminal. */
void mln_yaml_show(struct mln_str text, struct mln_buf *out);
