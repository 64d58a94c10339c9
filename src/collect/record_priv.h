/* What the files of the recorder share. */
#pragma once

#include "collect/priv.h"

/*
 * Appends the answer's body without secrets: what looks like one, and the members of `mask`. It
 * reads as the same answer as before, as far as it was read as one. MLN_ETOOBIG, MLN_ENOMEM.
 */
MLN_MUST_USE int mln_record_clean(const struct mln_collect_answer *answer,
        const struct mln_yaml_strs *mask, struct mln_buf *out, struct mln_err *err);
