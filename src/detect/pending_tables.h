/*
 * Tables that a log names before the statement that touched them: kept per (connection, query)
 * until their statement comes. What waits too long becomes an orphan, which is told as an event of
 * its own. Bounded in entries, in tables an entry and in the length of names.
 */
#pragma once

#include "detect/event.h"

#define MLN_PENDING_MAX            ((size_t)1024) /* Entries; the oldest becomes an orphan. */
#define MLN_PENDING_CONNECTION_MAX ((size_t)8)    /* Entries of one connection; likewise. */
#define MLN_PENDING_BYTES_MAX      ((size_t)1024 * 1024) /* Beyond it entries get no more tables. */
#define MLN_PENDING_NAME_MAX       ((size_t)256)         /* Bytes of a name; longer ones are cut. */

struct mln_pending;

struct mln_pending_tables {
    struct mln_pending *buckets[1024];
    struct mln_pending *oldest, *newest;            /* Waiting, in order of arrival. */
    struct mln_pending *first_orphan, *last_orphan; /* In order of arrival. */
    size_t count; /* Waiting; orphans are taken out as fast as entries come. */
    size_t bytes; /* Of all. */
};

struct mln_pending_key {
    uint64_t connection, query;
};

/* Who touched the table; borrowed, copied when a new entry begins. */
struct mln_pending_source {
    int64_t time_ms;
    int local_hour, local_weekday;
    struct mln_str instance, user, client, database, op, session, statement_id;
};

struct mln_pending {
    struct mln_pending *chain, *next, *previous;
    struct mln_pending_key key;
    int64_t time_ms;
    int local_hour, local_weekday;
    struct mln_buf bytes; /* The source's names, then tables: each a length and bytes. */
    size_t table_count;
};

void mln_pending_fini(struct mln_pending_tables *tables);

/* Adds one table; a table that is already there is not added again. */
MLN_MUST_USE int mln_pending_add(struct mln_pending_tables *tables, struct mln_pending_key key,
        const struct mln_pending_source *source, struct mln_str database, struct mln_str table,
        struct mln_err *err);

/* Takes the entry out, to be freed with mln_pending_free(); NULL when there is none. */
struct mln_pending *mln_pending_take(struct mln_pending_tables *tables, struct mln_pending_key key);
void mln_pending_free(struct mln_pending *pending);

/* The connection is gone: what waits for its statements becomes orphans. */
void mln_pending_disconnect(struct mln_pending_tables *tables, uint64_t connection);

/* The oldest orphan, taken out; NULL when there is none. */
struct mln_pending *mln_pending_take_orphan(struct mln_pending_tables *tables);

/* Borrows from `pending`. */
struct mln_pending_view {
    struct mln_str instance, user, client, database, op, session, statement_id;
    struct mln_str tables[MLN_EVENT_TABLES_MAX];
    size_t table_count;
};
void mln_pending_view(const struct mln_pending *pending, struct mln_pending_view *out);

/* All entries as bytes, and back (into an empty set): MLN_ECORRUPT, MLN_ENOMEM. */
void mln_pending_save(const struct mln_pending_tables *tables, struct mln_buf *out);
MLN_MUST_USE int mln_pending_load(
        struct mln_pending_tables *tables, struct mln_str state, struct mln_err *err);
