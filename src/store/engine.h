/*
 * What an engine provides: transactions, and its own SQL under the names of the statements. The
 * operations of store.h (iam.c, event.c, ...) are written once over this and know no SQL.
 *
 * A query is opened by name, its parameters are bound in order, its rows are read by column number.
 * The first failure of opening or binding sticks and is reported by the first mln_query_next().
 */
#pragma once

#include "store/store.h"

#define X(name, sql) STMT_##name,
enum mln_statement {
#include "store/sqlite/statements.def"
    STMT_COUNT
};
#undef X

struct mln_query {
    struct mln_store *store;
    void *handle;        /* The engine's statement. */
    int parameter_count; /* Bound so far. */
    int code;            /* The engine's own first failure; 0: none. */
    bool extra;          /* Opened beside a running query of the same name; freed on close. */
};

struct mln_engine {
    const char *scheme; /* "sqlite:" */
    int (*open)(const char *place, const struct mln_store_options *options, struct mln_store **out,
            struct mln_err *err);
    void (*close)(struct mln_store *store);
    int (*ping)(struct mln_store *store, struct mln_err *err);
    int (*data_version)(struct mln_store *store, int64_t *out, struct mln_err *err);
    void (*rollback)(struct mln_store *store);
    void (*query_open)(struct mln_query *query, enum mln_statement name);
    void (*bind_i64)(struct mln_query *query, int64_t number);
    void (*bind_text)(struct mln_query *query, struct mln_str text);
    void (*bind_bytes)(struct mln_query *query, struct mln_str bytes);
    /*
     * 1: a row; 0: the end; negative: MLN_EEXIST for a broken unique constraint, MLN_ENOTFOUND for
     * a broken reference, and the codes that store.h names for the rest.
     */
    int (*next)(struct mln_query *query, struct mln_err *err);
    int64_t (*column_i64)(struct mln_query *query, int column);
    struct mln_str (*column_str)(struct mln_query *query, int column);
    void (*query_close)(struct mln_query *query);
};

enum mln_transaction { MLN_TX_NONE, MLN_TX_READ, MLN_TX_WRITE };

/* The first member of every engine's connection. */
struct mln_store {
    const struct mln_engine *engine;
    enum mln_transaction transaction;
    bool failed; /* A write of this transaction failed half-way: it can only be rolled back. */
};

extern const struct mln_engine mln_sqlite_engine;

void mln_query_open(struct mln_query *query, struct mln_store *store, enum mln_statement name);
void mln_query_i64(struct mln_query *query, int64_t number);
void mln_query_text(struct mln_query *query, struct mln_str text);
void mln_query_bytes(struct mln_query *query, struct mln_str bytes);
MLN_MUST_USE int mln_query_next(struct mln_query *query, struct mln_err *err);
int64_t mln_query_get_i64(struct mln_query *query, int column);
struct mln_str mln_query_get_str(struct mln_query *query, int column); /* Until the next row. */
void mln_query_close(struct mln_query *query);

/* Runs a write to its end. `rows` (may be NULL) gets the number of rows it returned. */
MLN_MUST_USE int mln_query_write(struct mln_query *query, int64_t *rows, struct mln_err *err);

/*
 * The brackets of an operation that writes more than once: a transaction of its own, unless the
 * caller has one. `rc` is the operation's result, and leave() gives the final one. An operation
 * that answers MLN_EEXIST or MLN_ENOTFOUND must have written nothing.
 */
MLN_MUST_USE int mln_write_enter(struct mln_store *store, bool *own, struct mln_err *err);
MLN_MUST_USE int mln_write_leave(struct mln_store *store, bool own, int rc, struct mln_err *err);
