/* Files inside the binary: tables written by tools/embed.py, ended by a row with a NULL name. */
#pragma once

#include "base/base.h"

struct mln_embedded {
    const char *name; /* "rules/rds-dump-01.yaml" */
    const char *data; /* Followed by a NUL. */
    size_t size;      /* Without it. */
};
