/* Between the readers: what a format provides, and what all of them share. Included by read*.c
 * only. */
#pragma once

#include "detect/reader.h"

struct mln_reader {
    const struct mln_reader_format *format;
    struct mln_str product, instance;
    char *names; /* The bytes of both. */
    const struct mln_zone *zone;
    struct mln_sql_scratch scratch;
    struct mln_sql_skeleton skeleton;
    struct mln_buf sql; /* An unescaped statement. */
    void *state;        /* The format's own. */
};

/* `state_new` and `state_free` make and release reader->state; `line` fills an event that is
 * already empty. */
struct mln_reader_ops {
    int (*state_new)(void **state, struct mln_err *err);
    void (*state_free)(void *state);
    int (*line)(struct mln_reader *reader, struct mln_str line, bool truncated,
            enum mln_line_result *result, struct mln_audit_event *out, struct mln_err *err);
    void (*save)(const void *state, struct mln_buf *out);
    int (*load)(void *state, struct mln_str bytes, struct mln_err *err);
};

/* Sets sql, skeleton, op and kind of a statement. MLN_ENOMEM. */
MLN_MUST_USE int mln_reader_statement(struct mln_reader *reader, struct mln_str sql,
        struct mln_audit_event *out, struct mln_err *err);

extern const struct mln_reader_ops mln_read_mariadb_audit;
