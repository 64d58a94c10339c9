/*
 * Inside the skeleton pass: the state of one pass, and how every token begins. Every token function
 * consumes its bytes, writes its text and leaves `prev`; what stands between two tokens is decided
 * in one place, by the table of spacing. Both output buffers are reserved for the worst case before
 * the first byte, so that writing needs no checks. Included by sql_*.c only.
 */
#pragma once

#include "detect/sql_skeleton.h"
#include "detect/sql_token.h"

/* What separates two tokens: nothing, one blank, or a blank if the author left one. */
enum { MLN_JOIN, MLN_APART, MLN_AS_IS };
extern const unsigned char mln_sql_spacing[MLN_TOKENS][MLN_TOKENS];

/* The lower case of a byte that words are made of; 0 for others. */
extern const unsigned char mln_sql_word_bytes[256];

enum { MLN_GAP_BLANK = 1, MLN_GAP_COMMENT = 2, MLN_GAP_UNWRAPPED = 4 };

struct mln_sql_scan {
    const unsigned char *at, *end;
    char *text, *out;
    char *literal_out;
    struct mln_sql_skeleton *skeleton;
    struct mln_sql_watch watch;
    enum mln_sql_token prev;
    unsigned gap, flags, parens, unwrapped;
    bool semicolon;  /* One is due before the next token. */
    bool tail;       /* A line comment followed a constant or ')', and nothing since. */
    bool first_word; /* The next word begins the first statement. */
    bool with, create, body;
    bool serves; /* What follows the semicolon that is due is no second statement. */
    enum { MLN_WRAP_NONE, MLN_WRAP_SET, MLN_WRAP_SET_STATEMENT, MLN_WRAP_ANALYZE } wrap;
    char verb[MLN_SQL_VERB_MAX];
    size_t verb_len;
};

/* In sql_names.c */
void mln_sql_scan_word(struct mln_sql_scan *s);
void mln_sql_scan_backtick(struct mln_sql_scan *s);

/* In sql_constants.c */
void mln_sql_put_number(struct mln_sql_scan *s, const unsigned char *end);
void mln_sql_scan_digits(struct mln_sql_scan *s);
void mln_sql_scan_fraction(struct mln_sql_scan *s, const unsigned char *dot);
void mln_sql_scan_string(struct mln_sql_scan *s);
void mln_sql_scan_prefix(struct mln_sql_scan *s);
/* A string whose value was written to the literals from `start`. */
void mln_sql_put_string(struct mln_sql_scan *s, const char *start);

/* In sql_comments.c */
void mln_sql_skip_line(struct mln_sql_scan *s);
void mln_sql_scan_slash(struct mln_sql_scan *s);

/* In sql_skeleton.c: a token of one byte, written as it is. */
void mln_sql_put_mark(struct mln_sql_scan *s, enum mln_sql_token token);

static inline bool mln_sql_is_word(unsigned char byte)
{
    return mln_sql_word_bytes[byte] != 0;
}

static inline bool mln_sql_is_digit(unsigned char byte)
{
    return byte >= '0' && byte <= '9';
}

/* Between a word and '@' the author's blank counts: 'user'@'host' is one thing. */
static inline int mln_sql_separation(const struct mln_sql_scan *s, enum mln_sql_token token)
{
    if (s->gap == 0 && token >= MLN_TOKEN_WORD && token <= MLN_TOKEN_PARAM) {
        if (*s->at == '@' && s->prev >= MLN_TOKEN_WORD && s->prev <= MLN_TOKEN_PARAM &&
                s->prev != MLN_TOKEN_KEYWORD)
            return MLN_JOIN;
        if (s->prev == MLN_TOKEN_WORD && s->out[-1] == '@')
            return MLN_JOIN;
    }
    return mln_sql_spacing[s->prev][token];
}

/* Writes what stands before `token`, which begins at s->at. */
static inline void mln_sql_begin(struct mln_sql_scan *s, enum mln_sql_token token)
{
    int how;

    if (s->semicolon) {
        s->semicolon = false;
        *s->out++ = ';';
        *s->out++ = ' ';
        if (!s->body && !s->serves && (token == MLN_TOKEN_WORD || token == MLN_TOKEN_OPEN))
            s->flags |= MLN_SQL_MULTI;
        s->serves = false;
    }
    how = mln_sql_separation(s, token);
    if (how == MLN_APART || (how == MLN_AS_IS && s->gap != 0))
        *s->out++ = ' ';
    if (s->gap == MLN_GAP_COMMENT && s->prev >= MLN_TOKEN_WORD && s->prev <= MLN_TOKEN_NUMBER &&
            token >= MLN_TOKEN_WORD && token <= MLN_TOKEN_NUMBER)
        s->flags |= MLN_SQL_COMMENT_GAP;
    s->gap = 0;
    s->tail = false;
    s->prev = token;
}

static inline void mln_sql_show(
        struct mln_sql_scan *s, enum mln_sql_role role, const void *ptr, size_t len)
{
    if (s->watch.state != 0 || role == MLN_ROLE_WHERE || role == MLN_ROLE_OR)
        mln_sql_watch_token(
                &s->watch, s->prev, role, (struct mln_str){ .ptr = (const char *)ptr, .len = len });
}
