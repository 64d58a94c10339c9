/*
 * What the two programs that fill a snapshot share: a plan of one table as wide as that of a real
 * instance, and pages of an answer for it.
 */
#pragma once

#include "snapshot/snapshot.h"

#define PAGE_ROWS 100

const struct mln_schema *snapshot_schema(void);

/* Appends the page that starts at row `first`, as an API writes it. */
void snapshot_page(int64_t first, int64_t count, struct mln_buf *out);

/* CPU seconds of this process so far, and its peak memory in KiB. */
double snapshot_cpu_s(void);
long snapshot_peak_kib(void);
