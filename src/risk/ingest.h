/*
 * Detection of a log into the store: source -> reader -> engine -> risk events. A batch's events,
 * members, samples, windows and the source's offset are committed in one transaction: a killed
 * detector neither loses nor repeats, and reading a file twice changes nothing. Two detectors of
 * one account may run: the second to commit notices (epoch), rolls its batch back and reads it
 * again.
 */
#pragma once

#include "base/clock.h"
#include "base/str.h"

struct mln_store;
struct mln_ingest;

struct mln_ingest_options {
    struct mln_str account_id;
    const char *format;          /* "mariadb-server-audit" */
    struct mln_str product;      /* "RDS" */
    struct mln_str instance;     /* empty: what the log says */
    struct mln_str time_zone;    /* empty: the machine's */
    const char *const *catalogs; /* folders whose rules/ and lists.yaml are added; later ones win */
    size_t catalog_count;
    const char *const *list_files;
    size_t list_file_count;
    const struct mln_clock *clock;
    const volatile int *stop; /* Set by a signal handler: finish the batch, commit, return. */
};

struct mln_ingest_report {
    int64_t lines, events, bad_lines, cut_lines, alarms, muted, late, future, retried_batches;
    int64_t bytes;
    int64_t partial_bytes; /* an unfinished last line that stays for the next run */
    bool already_read;     /* nothing new since the last run */
    bool rewritten; /* another content than last time (rotated, or rewritten in place): read from
                       its start */
    bool stopped;   /* by `stop` */
    int64_t evicted_windows;
    int64_t regex_limits; /* regular expressions that a statement drove to their limit */
};

MLN_MUST_USE int mln_ingest_new(struct mln_store *store, const struct mln_ingest_options *options,
        struct mln_ingest **out, struct mln_err *err);
void mln_ingest_free(struct mln_ingest *ingest);

/* Reads one file ("-": standard input) to its end. `report` is filled also on failure. */
MLN_MUST_USE int mln_ingest_file(struct mln_ingest *ingest, const char *path,
        struct mln_ingest_report *report, struct mln_err *err);
