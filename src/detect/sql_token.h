/*
 * Inside the skeleton pass: token kinds, the words that mean something to it, and the watch for
 * always-true conditions. Included by sql_*.c only.
 */
#pragma once

#include "base/str.h"

enum mln_sql_token {
    MLN_TOKEN_START, /* Nothing yet, or a semicolon. */
    MLN_TOKEN_WORD,
    MLN_TOKEN_KEYWORD, /* A word that keeps a blank before '('. */
    MLN_TOKEN_NUMBER,
    MLN_TOKEN_STRING,
    MLN_TOKEN_PARAM, /* '?' */
    MLN_TOKEN_OPEN,
    MLN_TOKEN_CLOSE,
    MLN_TOKEN_COMMA,
    MLN_TOKEN_COMPARE,
    MLN_TOKEN_STAR,
    MLN_TOKEN_DOT, /* Within a name. */
    MLN_TOKEN_LONE_DOT,
    MLN_TOKEN_OTHER,
};
#define MLN_TOKENS (MLN_TOKEN_OTHER + 1)

enum mln_sql_role {
    MLN_ROLE_NONE,
    MLN_ROLE_WHERE,
    MLN_ROLE_OR,
    MLN_ROLE_AND,
    MLN_ROLE_EQUALS,
    MLN_ROLE_TRUE,
    MLN_ROLE_LIMIT,
    MLN_ROLE_CREATE,
    MLN_ROLE_BEGIN,
    MLN_ROLE_WITH,
    MLN_ROLE_VERB, /* A verb that may follow WITH. */
};

enum {
    MLN_WORD_RESERVED = 1, /* As an identifier it keeps its quotes. */
    MLN_WORD_SPACED = 2,   /* One blank before '('. */
    MLN_WORD_INJECTED = 4, /* Suspicious within an executable comment. */
};

struct mln_sql_word {
    char text[12];
    uint8_t len, role, traits;
};

/* The row of a lower-case word, or NULL. */
const struct mln_sql_word *mln_sql_word(const char *text, size_t len);

struct mln_sql_watch {
    int state;
    unsigned parens;
    bool after_where, found;
    struct mln_str constant;
};

/* Shows the watch a token. `text` is the value of a constant; borrowed until the statement ends. */
void mln_sql_watch_token(struct mln_sql_watch *watch, enum mln_sql_token token,
        enum mln_sql_role role, struct mln_str text);
void mln_sql_watch_end(struct mln_sql_watch *watch);
