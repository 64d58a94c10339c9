/*
 * What a regular expression cannot match without: a few texts of which one must be there. Looking
 * for texts is several times cheaper than looking for expressions. Texts are in lower case and are
 * to be looked for without case; a look-around or an anchor is simply dropped, so the texts never
 * promise too much.
 *
 *     ^(?:create|drop) (?:temporary )?table\b   ->   "create table", "create temporary table",
 * "drop ..."
 */
#pragma once

#include "base/arena.h"

#define MLN_FACTOR_TEXTS_MAX ((size_t)64)
#define MLN_FACTOR_BYTES_MAX ((size_t)64)

struct mln_factor {
    const struct mln_str *texts;
    size_t count; /* 0: nothing useful is known. */
};

/* False without memory. */
bool mln_regex_factor(const char *regex, struct mln_arena *arena, struct mln_factor *out);
