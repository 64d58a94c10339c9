/*
 * The least that a page of check results costs: the signature of the request, the same SELECTs
 * prepared once and run on SQLite itself in one read transaction, and the writer.
 */
#pragma once

#include "acs/sign.h"

struct checks_floor;

/* `path` is the store's file, `key` the secret. Exits on failure. */
struct checks_floor *checks_floor_open(
        const char *path, struct mln_str account, struct mln_str key);
void checks_floor_close(struct checks_floor *floor);

/* Verifies `request` and writes page `page` (from 1) of 20 items to `out`. */
void checks_floor_run(struct checks_floor *floor, const struct mln_acs_request *request,
        int64_t page, struct mln_buf *out);
