/*
 * The server's worker for scans that people ask for: one thread, with a store connection of its
 * own, that takes waiting requests (risk/scan.h). It sleeps until it is woken, and looks by itself
 * now and then for requests whose worker died.
 */
#pragma once

#include "base/clock.h"
#include "base/log.h"
#include "base/random.h"

#define MLN_SCANS_LOOK_MS ((int64_t)5000)

struct mln_live_source;
struct mln_scans;

struct mln_scans_options {
    const char *store_url;
    const char *const *catalogs; /* As for mln_posture_load(). */
    size_t catalog_count;
    const struct mln_live_source *live; /* NULL: accounts of the live cloud are not scanned. */
    const struct mln_clock *clock;
    const struct mln_log *log;
    const struct mln_random *random;
};

/* Everything in `options` is borrowed until stop. The catalogue is read when it is first needed. */
MLN_MUST_USE int mln_scans_start(
        const struct mln_scans_options *options, struct mln_scans **out, struct mln_err *err);

/* There is a new request. Any thread. */
void mln_scans_wake(struct mln_scans *scans);

/* Stops between two calls of a scan, which stays to be taken again; then frees. NULL is fine. */
void mln_scans_stop(struct mln_scans *scans);
