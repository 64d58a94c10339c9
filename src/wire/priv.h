/* What the files of this folder share. */
#pragma once

#include "wire/json.h"

enum { MLN_DOUBLE_TEXT_MAX = 32 };

/*
 * Writes the shortest decimal text that reads back as the same finite `value`, the same in every
 * locale and always with a point or an exponent. Returns its length, below MLN_DOUBLE_TEXT_MAX.
 */
size_t mln_double_text(double value, char out[MLN_DOUBLE_TEXT_MAX]);
