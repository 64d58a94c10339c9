/* Text: `mln_str` borrows bytes, `mln_buf` owns and grows them. Neither depends on a NUL. */
#pragma once

#include <string.h>

#include "base/err.h"

/* A view: passed by value, never freed, valid only while its owner is. */
struct mln_str {
    const char *ptr;
    size_t len;
};

#define MLN_STR(literal)                             \
    (struct mln_str)                                 \
    {                                                \
        .ptr = (literal), .len = sizeof(literal) - 1 \
    }
/* For printf: `"%.*s", MLN_FMT(s)`. */
#define MLN_FMT(s) (int)(s).len, (s).ptr

/* A view of a C string; NULL gives an empty view. */
struct mln_str mln_str_of(const char *cstr);

bool mln_str_eq(struct mln_str a, struct mln_str b);

/* Compares with a C string literal or variable. */
bool mln_str_is(struct mln_str s, const char *cstr);

/* Equal when ASCII letters are folded; other bytes must be the same. */
bool mln_str_eq_nocase(struct mln_str a, struct mln_str b);

/* Byte order, shorter first on a tie: <0, 0, >0. */
int mln_str_cmp(struct mln_str a, struct mln_str b);

bool mln_str_starts(struct mln_str s, struct mln_str prefix);
bool mln_str_ends(struct mln_str s, struct mln_str suffix);

/* Without ASCII blanks at both ends. */
struct mln_str mln_str_trim(struct mln_str s);

/* Splits off everything before `sep`; false when `rest` is exhausted. */
bool mln_str_next(struct mln_str *rest, char sep, struct mln_str *out);

/* Decimal digits with an optional '-', the whole of `s`, within int64: MLN_EINVAL otherwise,
 * untouched out. */
MLN_MUST_USE int mln_str_to_i64(struct mln_str s, int64_t *out);

/*
 * A growable buffer with a hard limit. The first failure sticks: later appends do nothing and
 * mln_buf_done() reports it once, so a run of appends needs a single check. The bytes are always
 * followed by a NUL that is not counted.
 */
struct mln_buf {
    char *ptr;
    size_t len, cap, max;
    int code; /* MLN_OK, MLN_ENOMEM or MLN_ETOOBIG; sticky. */
};

#define MLN_BUF_INIT(limit) \
    {                       \
        .max = (limit)      \
    }

void mln_buf_free(struct mln_buf *buf);

/* Forgets the content and a sticky failure, keeps the memory. */
void mln_buf_reset(struct mln_buf *buf);

/* The same for what held secrets: all bytes that the memory ever had are overwritten first. Growing
 * leaves copies behind, so room for a secret is reserved beforehand. */
void mln_buf_wipe(struct mln_buf *buf);
void mln_buf_wipe_free(struct mln_buf *buf);

void mln_buf_add(struct mln_buf *buf, struct mln_str s);
void mln_buf_add_cstr(struct mln_buf *buf, const char *cstr);
void mln_buf_add_char(struct mln_buf *buf, char c);
void mln_buf_addf(struct mln_buf *buf, const char *fmt, ...) MLN_PRINTF(2, 3);

/* A decimal number without the cost of printf. */
void mln_buf_add_i64(struct mln_buf *buf, int64_t number);

/* Lower-case hex of `bytes`. */
void mln_buf_add_hex(struct mln_buf *buf, const void *bytes, size_t len);

/*
 * Room for `extra` more bytes, to be written at buf->ptr + buf->len by the caller, who then raises
 * buf->len. False (and a sticky failure) when there is none.
 */
bool mln_buf_reserve(struct mln_buf *buf, size_t extra);

/* The content so far; empty after a failure. */
struct mln_str mln_buf_str(const struct mln_buf *buf);

/* The one check: MLN_OK and the content, or MLN_ENOMEM or MLN_ETOOBIG. `out` borrows from `buf`. */
MLN_MUST_USE int mln_buf_done(const struct mln_buf *buf, struct mln_str *out, struct mln_err *err);
