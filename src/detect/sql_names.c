/* Words and quoted identifiers: their one form, and what the words that mean something say. */
#include "detect/sql_scan.h"

/* The lower case of a byte that words are made of; 0 for others, and for 0xa0: see is_nbsp_tail. */
const unsigned char mln_sql_word_bytes[256] = { 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
    0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, '$', 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
    '0', '1', '2', '3', '4', '5', '6', '7', '8', '9', 0, 0, 0, 0, 0, 0, 0, 'a', 'b', 'c', 'd', 'e',
    'f', 'g', 'h', 'i', 'j', 'k', 'l', 'm', 'n', 'o', 'p', 'q', 'r', 's', 't', 'u', 'v', 'w', 'x',
    'y', 'z', 0, 0, 0, 0, '_', 0, 'a', 'b', 'c', 'd', 'e', 'f', 'g', 'h', 'i', 'j', 'k', 'l', 'm',
    'n', 'o', 'p', 'q', 'r', 's', 't', 'u', 'v', 'w', 'x', 'y', 'z', 0, 0, 0, 0, 0, 128, 129, 130,
    131, 132, 133, 134, 135, 136, 137, 138, 139, 140, 141, 142, 143, 144, 145, 146, 147, 148, 149,
    150, 151, 152, 153, 154, 155, 156, 157, 158, 159, 0, 161, 162, 163, 164, 165, 166, 167, 168,
    169, 170, 171, 172, 173, 174, 175, 176, 177, 178, 179, 180, 181, 182, 183, 184, 185, 186, 187,
    188, 189, 190, 191, 192, 193, 194, 195, 196, 197, 198, 199, 200, 201, 202, 203, 204, 205, 206,
    207, 208, 209, 210, 211, 212, 213, 214, 215, 216, 217, 218, 219, 220, 221, 222, 223, 224, 225,
    226, 227, 228, 229, 230, 231, 232, 233, 234, 235, 236, 237, 238, 239, 240, 241, 242, 243, 244,
    245, 246, 247, 248, 249, 250, 251, 252, 253, 254, 255 };

/* 0xa0 is a blank after an ASCII byte, and part of a character after any other. */
static inline bool is_nbsp_tail(const unsigned char *at)
{
    return *at == 0xa0 && at[-1] >= 0x80;
}

static void set_verb(struct mln_sql_scan *s, const char *word, size_t len)
{
    s->verb_len = len < MLN_SQL_VERB_MAX ? len : MLN_SQL_VERB_MAX;
    for (size_t i = 0; i < s->verb_len; i++)
        s->verb[i] = (char)(word[i] >= 'a' && word[i] <= 'z' ? word[i] - 'a' + 'A' : word[i]);
}

/*
 * The word that has just been written from `start` begins the statement that the words before it
 * only wrap. A semicolon goes between, so that rules see it as they see any other.
 */
static void begin_served(struct mln_sql_scan *s, char *start, size_t len)
{
    char *end = start[-1] == ' ' ? start - 1 : start;

    memmove(end + 2, start, len);
    end[0] = ';';
    end[1] = ' ';
    s->out = end + 2 + len;
    s->wrap = MLN_WRAP_NONE;
    mln_sql_watch_end(&s->watch);
}

/* ANALYZE runs what it analyses, and WITH may serve a statement that writes. */
static void notice_verb(struct mln_sql_scan *s, const struct mln_sql_word *word)
{
    bool wrapped = s->wrap == MLN_WRAP_ANALYZE || s->with;

    if (!wrapped || s->parens > 0)
        return;
    set_verb(s, word->text, word->len);
    if (s->wrap == MLN_WRAP_ANALYZE || word->text[0] != 's')
        begin_served(s, s->out - word->len, word->len);
    s->with = false;
}

/* SET STATEMENT variables FOR statement: `for` gives way to a semicolon. */
static bool ends_set_statement(struct mln_sql_scan *s, const char *start, size_t len)
{
    if (s->wrap == MLN_WRAP_SET) {
        bool statement = len == 9 && memcmp(start, "statement", len) == 0;

        s->wrap = statement ? MLN_WRAP_SET_STATEMENT : MLN_WRAP_NONE;
    }
    if (s->wrap != MLN_WRAP_SET_STATEMENT || s->parens > 0 || len != 3 ||
            memcmp(start, "for", len) != 0)
        return false;
    s->out -= len + (start[-1] == ' ');
    s->semicolon = true;
    s->serves = true;
    s->first_word = true;
    s->wrap = MLN_WRAP_NONE;
    s->prev = MLN_TOKEN_START;
    mln_sql_watch_end(&s->watch);
    return true;
}

static void notice_first(
        struct mln_sql_scan *s, const char *start, size_t len, enum mln_sql_role role)
{
    s->first_word = false;
    set_verb(s, start, len);
    s->with = role == MLN_ROLE_WITH;
    s->create = role == MLN_ROLE_CREATE;
    if (len == 3 && memcmp(start, "set", len) == 0)
        s->wrap = MLN_WRAP_SET;
    else if (len == 7 && memcmp(start, "analyze", len) == 0)
        s->wrap = MLN_WRAP_ANALYZE;
}

static void notice_keyword(struct mln_sql_scan *s, const struct mln_sql_word *word)
{
    switch ((enum mln_sql_role)word->role) {
    case MLN_ROLE_WHERE:
        s->flags |= MLN_SQL_HAS_WHERE;
        break;
    case MLN_ROLE_LIMIT:
        s->flags |= MLN_SQL_HAS_LIMIT;
        break;
    case MLN_ROLE_BEGIN:
        s->body = s->body || s->create;
        break;
    case MLN_ROLE_VERB:
        notice_verb(s, word);
        break;
    case MLN_ROLE_NONE:
    case MLN_ROLE_OR:
    case MLN_ROLE_AND:
    case MLN_ROLE_EQUALS:
    case MLN_ROLE_TRUE:
    case MLN_ROLE_CREATE:
    case MLN_ROLE_WITH:
        break;
    }
    if (s->unwrapped > 0 && (word->traits & MLN_WORD_INJECTED) != 0 && !s->create)
        s->flags |= MLN_SQL_EXEC_COMMENT_KEYWORD;
    if ((word->traits & MLN_WORD_SPACED) != 0)
        s->prev = MLN_TOKEN_KEYWORD;
}

/* A word of the text, quoted or not, that has just been written from `start`. */
static inline void end_word(struct mln_sql_scan *s, const char *start, bool may_be_keyword)
{
    size_t len = (size_t)(s->out - start);
    const struct mln_sql_word *word = may_be_keyword ? mln_sql_word(start, len) : NULL;
    enum mln_sql_role role = word == NULL ? MLN_ROLE_NONE : (enum mln_sql_role)word->role;

    if (s->first_word)
        notice_first(s, start, len, role);
    else if (s->wrap != MLN_WRAP_NONE && may_be_keyword && ends_set_statement(s, start, len))
        return;
    if (word != NULL)
        notice_keyword(s, word);
    mln_sql_show(s, role, start, len);
}

void mln_sql_scan_word(struct mln_sql_scan *s)
{
    bool may_be_keyword = s->prev != MLN_TOKEN_DOT;
    const unsigned char *first = s->at;
    unsigned char byte;
    char *out;

    mln_sql_begin(s, MLN_TOKEN_WORD);
    out = s->out;
    while (s->at < s->end && *s->at == '@') { /* Only in front: select@@version is two words. */
        *out++ = '@';
        s->at++;
    }
    for (; s->at < s->end; s->at++) {
        if ((byte = mln_sql_word_bytes[*s->at]) == 0) {
            if (s->at == first || !is_nbsp_tail(s->at))
                break;
            byte = *s->at;
        }
        *out++ = (char)byte;
    }
    {
        char *start = s->out;

        s->out = out;
        end_word(s, start, may_be_keyword);
    }
}

/* Copies a quoted identifier in lower case; true when it can do without its quotes. */
static bool copy_identifier(struct mln_sql_scan *s)
{
    const unsigned char *at = s->at + 1, *end = s->end;
    char *start = s->out;
    bool plain = at < end && !mln_sql_is_digit(*at);

    *s->out++ = '`';
    while (at < end && (*at != '`' || (at + 1 < end && at[1] == '`'))) {
        if (*at == '`') {
            *s->out++ = '`';
            at++;
        }
        plain = plain && (mln_sql_is_word(*at) || (at > s->at + 1 && is_nbsp_tail(at)));
        *s->out++ = (char)(*at >= 'A' && *at <= 'Z' ? *at | 0x20 : *at);
        at++;
    }
    if (at == end)
        s->flags |= MLN_SQL_UNTERMINATED;
    else
        at++;
    s->at = at;
    return plain && s->out > start + 1;
}

void mln_sql_scan_backtick(struct mln_sql_scan *s)
{
    char *start;
    const struct mln_sql_word *word;
    size_t len;

    mln_sql_begin(s, MLN_TOKEN_WORD);
    start = s->out;
    if (copy_identifier(s)) {
        len = (size_t)(s->out - start) - 1;
        word = mln_sql_word(start + 1, len);
        if (word == NULL || (word->traits & MLN_WORD_RESERVED) == 0) {
            memmove(start, start + 1, len);
            s->out--;
            end_word(s, start, false);
            return;
        }
    }
    *s->out++ = '`';
    end_word(s, start, false);
}
