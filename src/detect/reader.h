/*
 * Readers: one log format each, behind one row of a table. A reader takes complete lines (without
 * their newline) and emits at most one event per line. Its small state (tables waiting for their
 * query) can be saved and restored, so that a detector may be killed between any two lines.
 */
#pragma once

#include "detect/event.h"
#include "detect/zone.h"

struct mln_reader; /* A reader at work. */

struct mln_reader_options {
    struct mln_str product;      /* "RDS" */
    struct mln_str instance;     /* Empty: what the log says. */
    const struct mln_zone *zone; /* Of log times without one; borrowed. NULL: UTC. */
};

enum mln_line_result {
    MLN_LINE_EVENT,   /* `out` is filled. */
    MLN_LINE_NOTHING, /* Understood, nothing to tell (yet). */
    MLN_LINE_BAD,     /* Not a record of this format: count it, go on. */
};

struct mln_reader_format {
    const char *name; /* "mariadb-server-audit" */
    const char *engine;
    const char *summary_en, *summary_zh;
    const struct mln_reader_ops *ops;
};

/* NULL when unknown; `mln_reader_formats` lists all rows. */
const struct mln_reader_format *mln_reader_format(const char *name);
const struct mln_reader_format *mln_reader_formats(size_t *count);

MLN_MUST_USE int mln_reader_new(const struct mln_reader_format *format,
        const struct mln_reader_options *options, struct mln_reader **out, struct mln_err *err);
void mln_reader_free(struct mln_reader *reader);

/*
 * `truncated`: the line was longer than MLN_LINE_MAX and only its head is given. `out` means
 * something only with MLN_LINE_EVENT; its views borrow from the reader and from `line`. MLN_ENOMEM
 * only.
 */
MLN_MUST_USE int mln_reader_line(struct mln_reader *reader, struct mln_str line, bool truncated,
        enum mln_line_result *result, struct mln_audit_event *out, struct mln_err *err);

/* The state as bytes (bounded), and back. Load refuses bytes that are not ours with MLN_ECORRUPT.
 */
void mln_reader_save(const struct mln_reader *reader, struct mln_buf *out);
MLN_MUST_USE int mln_reader_load(
        struct mln_reader *reader, struct mln_str state, struct mln_err *err);
