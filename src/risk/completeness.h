/* What a verdict rests on, from the evaluation to the JSON that is kept (see risk/result.h). */
#pragma once

#include "check/check.h"
#include "risk/result.h"

/* Appends the JSON object; nothing when it is not known. */
void mln_completeness_print(const struct mln_completeness *completeness, struct mln_buf *out);
