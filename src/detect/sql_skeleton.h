/*
 * The SQL skeleton: what a statement does, without what it talks about. One pass over the bytes
 * drops comments, unwraps executable comments, puts literals aside, lower-cases and collapses
 * blanks. Rules match on the skeleton, so that a word inside a string or a comment is not taken for
 * SQL.
 *
 *     SELECT name FROM t WHERE a = 'drop table x' -- hi   ->   select name from t where a = '?'
 *
 * The normal form. Rules depend on it; the skeleton of a skeleton is itself.
 *
 *   words       ASCII letters in lower case; other bytes as they are. Words and constants are
 *               one blank apart ('a'or'b' -> '?' or '?'), but around '@' as written: '?'@'?'
 *   strings     '..' and ".." become '?'; so do neighbours ('a' 'b'), N'..', _utf8'..' and the
 *               ***** that servers print for a password
 *   numbers     1, 1.5, .5, 1e9, 0xff, x'ff', 0b1, b'1' and \N become 0. A sign stays: -0
 *   quoted      `name` loses its quotes when it is a plain name and no reserved word; else it keeps
 *               them and is in lower case: `two words`, `where`
 *   commas      no blank on either side: select a,b from t
 *   ( and )     no blank inside: in (0,0). Before '(' none after a name, one after a keyword, a
 *               constant, ')' or an operator: count(*)  t(a,b) values (0,'?')  where (a = 0)
 *               After ')' one blank before a word, a constant or '(': (select 0) union
 *   comparison  one blank on both sides of = < > <= >= <> != <=> := << >> && ||
 *   star        as a word: select * from t   a * b; but none beside '.', ',' or inside '(':
 *               count(*)  t.*
 *   dot         no blank around the dot of a name: shop.customers
 *   others      + - / % ^ & | ~ ! : and the rest keep the author's blank, collapsed to one or none;
 *               two '-' in a row are always apart
 *   comments    act as a blank. So do both ends of an executable comment, whose content is kept:
 *               1/ *!50000union* /2 -> 0 union 0. A version that no server has (99999, 200000 and
 *               up) makes it an ordinary comment
 *   0xa0        is a blank too, unless it belongs to a UTF-8 character
 *   ;           "; " between statements, none at the end, empty statements gone. Also in front of a
 *               statement that SET STATEMENT .. FOR, ANALYZE or WITH only wraps:
 *               set statement a = 0; delete from t   with x as (select 0); delete from t
 *
 * Flags see tokens, not text. tautology: after `or` (or ||), with or without parentheses, two equal
 * constants (1=1, 'a'='A', 1 like 1.0) or true; the same after `where`, unless `and` follows: query
 * builders write "where 1=1 and". multi: a word or '(' follows a semicolon, outside the body of a
 * stored program; a wrapped statement is no second one. exec_comment_kw: outside CREATE, whose
 * views and triggers dump tools wrap in executable comments.
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
#define MLN_SQL_VERB_MAX     ((size_t)32)

/* The skeleton is never longer than this. */
#define MLN_SQL_TEXT_MAX(input_len) (2 * (input_len) + 16)

struct mln_sql_skeleton {
    struct mln_str text;
    /* The first strings, decoded; also hex constants of four bytes and more (0x2f657463 is "/etc").
     */
    struct mln_str literals[MLN_SQL_LITERALS_MAX];
    size_t literal_count; /* Kept. */
    size_t literal_total; /* Seen. */
    unsigned flags;
    /* Upper-case first word of the first statement: "SELECT". Of wrapped statements, the inner
     * verb. May be empty. */
    struct mln_str verb;
};

/* Reusable working memory: one per thread. */
struct mln_sql_scratch {
    struct mln_buf text, literals;
};

void mln_sql_scratch_init(struct mln_sql_scratch *scratch);
void mln_sql_scratch_fini(struct mln_sql_scratch *scratch);

/*
 * Builds the skeleton of `sql` (bytes; over MLN_SQL_BYTES_MAX the rest is left out and MLN_SQL_CUT
 * is set). `out` borrows from `scratch` until the next call. MLN_ENOMEM is the only error.
 */
MLN_MUST_USE int mln_sql_skeleton(enum mln_sql_dialect dialect, struct mln_str sql,
        struct mln_sql_scratch *scratch, struct mln_sql_skeleton *out, struct mln_err *err);
