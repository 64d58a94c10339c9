/* The watch for always-true conditions: a small automaton over tokens. */
#include "detect/sql_token.h"

enum { IDLE, AFTER_WORD, AFTER_CONSTANT, AFTER_OPERATOR, AFTER_TRUTH };

static void restart(struct mln_sql_watch *watch, enum mln_sql_role role)
{
    watch->state = role == MLN_ROLE_WHERE || role == MLN_ROLE_OR ? AFTER_WORD : IDLE;
    watch->after_where = role == MLN_ROLE_WHERE;
    watch->parens = 0;
}

static bool is_constant(enum mln_sql_token token)
{
    return token == MLN_TOKEN_NUMBER || token == MLN_TOKEN_STRING;
}

static void after_word(struct mln_sql_watch *watch, enum mln_sql_token token,
        enum mln_sql_role role, struct mln_str text)
{
    if (token == MLN_TOKEN_OPEN) {
        watch->parens++;
    } else if (is_constant(token)) {
        watch->constant = text;
        watch->state = AFTER_CONSTANT;
    } else if (role == MLN_ROLE_TRUE) {
        watch->state = AFTER_TRUTH;
    } else {
        restart(watch, role);
    }
}

/* A number without the zeros that do not count: 01 and 1.00 are 1. */
static struct mln_str plain_number(struct mln_str text)
{
    bool fraction = memchr(text.ptr, '.', text.len) != NULL &&
                    memchr(text.ptr, 'e', text.len) == NULL &&
                    memchr(text.ptr, 'E', text.len) == NULL;

    while (text.len > 1 && text.ptr[0] == '0' && text.ptr[1] >= '0' && text.ptr[1] <= '9') {
        text.ptr++;
        text.len--;
    }
    while (fraction && text.len > 1 && text.ptr[text.len - 1] == '0')
        text.len--;
    if (text.len > 1 && text.ptr[text.len - 1] == '.')
        text.len--;
    return text;
}

static bool same_constant(struct mln_str a, struct mln_str b)
{
    bool numbers = a.len > 0 && b.len > 0 && a.ptr[0] >= '0' && a.ptr[0] <= '9' &&
                   b.ptr[0] >= '0' && b.ptr[0] <= '9';

    return mln_str_eq_nocase(a, b) || (numbers && mln_str_eq(plain_number(a), plain_number(b)));
}

/* `where 1=1 and` is how query builders begin; arithmetic and further comparisons change the value.
 */
static void after_truth(
        struct mln_sql_watch *watch, enum mln_sql_token token, enum mln_sql_role role)
{
    bool changes = token == MLN_TOKEN_OTHER || token == MLN_TOKEN_STAR || token == MLN_TOKEN_DOT ||
                   token == MLN_TOKEN_LONE_DOT || role == MLN_ROLE_EQUALS ||
                   (token == MLN_TOKEN_COMPARE && role == MLN_ROLE_NONE);

    if (token == MLN_TOKEN_CLOSE && watch->parens > 0) {
        watch->parens--;
        return;
    }
    if (!changes && !(watch->after_where && role == MLN_ROLE_AND))
        watch->found = true;
    restart(watch, role);
}

void mln_sql_watch_token(struct mln_sql_watch *watch, enum mln_sql_token token,
        enum mln_sql_role role, struct mln_str text)
{
    switch (watch->state) {
    case AFTER_WORD:
        after_word(watch, token, role, text);
        break;
    case AFTER_CONSTANT:
        if (role == MLN_ROLE_EQUALS)
            watch->state = AFTER_OPERATOR;
        else if (token == MLN_TOKEN_CLOSE && watch->parens > 0)
            watch->parens--;
        else
            restart(watch, role);
        break;
    case AFTER_OPERATOR:
        if (token == MLN_TOKEN_OPEN)
            watch->parens++;
        else if (is_constant(token) && same_constant(watch->constant, text))
            watch->state = AFTER_TRUTH;
        else
            restart(watch, role);
        break;
    case AFTER_TRUTH:
        after_truth(watch, token, role);
        break;
    default:
        restart(watch, role);
        break;
    }
}

void mln_sql_watch_end(struct mln_sql_watch *watch)
{
    if (watch->state == AFTER_TRUTH)
        watch->found = true;
    restart(watch, MLN_ROLE_NONE);
}
