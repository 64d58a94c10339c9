/*
 * The SQL skeleton: what a statement does, without what it talks about. One pass over the bytes drops
 * comments, unwraps executable comments, puts literals aside, lower-cases and collapses blanks. Rules
 * match on the skeleton, so that a word inside a string or a comment is not taken for SQL.
 *
 *     SELECT name FROM t WHERE a = 'drop table x' -- hi   ->   select name from t where a = '?'
 *
 * String literals become '?' (their decoded bytes are kept), numbers and hex become 0; a quoted
 * identifier loses its quotes when it is a plain name.
 */
#pragma once

#include "base/str.h"

enum mln_sql_dialect { MLN_SQL_MYSQL };

/* Flags, as rules spell them in the field sql_flags (detect/sql_flag.def). */
enum mln_sql_flag {
#define X(symbol, name, bit) MLN_SQL_##symbol = 1 << (bit),
#include "detect/sql_flag.def"
#undef X
};

#define MLN_SQL_LITERALS_MAX 64
#define MLN_SQL_BYTES_MAX    ((size_t)1024 * 1024)

struct mln_sql_skeleton {
    struct mln_str text;
    struct mln_str literals[MLN_SQL_LITERALS_MAX]; /* The first ones; decoded. */
    size_t literal_count;                          /* Kept. */
    size_t literal_total;                          /* Seen. */
    unsigned flags;
    struct mln_str verb; /* Upper-case first word of the first statement: "SELECT"; borrowed constant or from the buffer */
};

/* Reusable working memory: one per thread. */
struct mln_sql_scratch {
    struct mln_buf text, literals;
};

void mln_sql_scratch_init(struct mln_sql_scratch *scratch);
void mln_sql_scratch_fini(struct mln_sql_scratch *scratch);

/*
 * Builds the skeleton of `sql` (bytes; over MLN_SQL_BYTES_MAX the rest is left out and MLN_SQL_CUT is
 * set). `out` borrows from `scratch` until the next call. MLN_ENOMEM is the only error.
 */
MLN_MUST_USE int mln_sql_skeleton(enum mln_sql_dialect dialect, struct mln_str sql,
        struct mln_sql_scratch *scratch, struct mln_sql_skeleton *out, struct mln_err *err);
