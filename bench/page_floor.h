/*
 * The least that a page of risk events costs: the signature of the request, the same SELECTs
 * prepared once and run on SQLite itself in one read transaction, and the writer.
 */
#pragma once

#include "acs/sign.h"

struct page_floor;

/* `path` is the store's file, `key` the secret. Exits on failure. */
struct page_floor *page_floor_open(const char *path, struct mln_str account, struct mln_str key);
void page_floor_close(struct page_floor *floor);

/* Verifies `request` and writes page `page` (from 1) of 20 events of `status` to `out`. */
void page_floor_run(struct page_floor *floor, const struct mln_acs_request *request, int64_t status,
        int64_t page, struct mln_buf *out);
