/*
 * A detector's batches, of which each writes to every table, and a digest of the whole file: after
 * any accident the file must be, row by row, what some number of whole batches makes.
 */
#pragma once

#include "store/store.h"
#include "test.h"

/* Opens (or creates) the store at `path`. */
MLN_MUST_USE int workload_open(
        const char *path, const char *vfs, struct mln_store **out, struct mln_err *err);

/* Writes batch number `number` as one transaction; on failure it is rolled back. */
MLN_MUST_USE int workload_batch(struct mln_store *store, int64_t number, struct mln_err *err);

/* How many batches the store has. */
int64_t workload_done(struct mln_store *store);

/* Fails the test unless the file is sound and its counters equal a recount. Gives the digest of all
 * rows. */
uint64_t workload_check(const char *path);
