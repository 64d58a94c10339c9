/* Comments, and the executable ones that are none. */
#include "detect/sql_scan.h"

static void skip_comment(struct mln_sql_scan *s)
{
    const unsigned char *at = s->at + 2;

    s->flags |= MLN_SQL_COMMENT;
    s->gap |= MLN_GAP_COMMENT;
    while (at < s->end && (at = memchr(at, '*', (size_t)(s->end - at))) != NULL) {
        if (at + 1 < s->end && at[1] == '/') {
            s->at = at + 2;
            return;
        }
        at++;
    }
    s->flags |= MLN_SQL_UNTERMINATED;
    s->at = s->end;
}

void mln_sql_skip_line(struct mln_sql_scan *s)
{
    const unsigned char *newline = memchr(s->at, '\n', (size_t)(s->end - s->at));

    s->flags |= MLN_SQL_COMMENT | MLN_SQL_LINE_COMMENT;
    s->tail = s->tail || s->prev == MLN_TOKEN_NUMBER || s->prev == MLN_TOKEN_STRING ||
              s->prev == MLN_TOKEN_CLOSE;
    s->gap |= MLN_GAP_COMMENT;
    s->at = newline == NULL ? s->end : newline + 1;
}

/*
 * Skips the version of an executable comment. Five or six digits are one; fewer before a letter are
 * a known disguise. False for a version that no server reaches: its content is never executed.
 */
static bool open_version(const unsigned char **at, const unsigned char *end)
{
    unsigned version = 0;
    size_t count = 0;

    while (count < 6 && *at + count < end && mln_sql_is_digit((*at)[count]))
        version = version * 10 + (unsigned)((*at)[count++] - '0');
    if (count == 5 ? version >= 99000 : version >= 200000)
        return false;
    if (count >= 5 || (*at + count < end && mln_sql_is_word((*at)[count])))
        *at += count;
    return true;
}

void mln_sql_scan_slash(struct mln_sql_scan *s)
{
    const unsigned char *at = s->at + 2;
    size_t left = (size_t)(s->end - s->at);

    if (left < 2 || s->at[1] != '*') {
        mln_sql_put_mark(s, MLN_TOKEN_OTHER);
        return;
    }
    if (left >= 4 && at[0] == 'M' && at[1] == '!')
        at++;
    if (at == s->end || *at != '!') {
        skip_comment(s);
        return;
    }
    at++;
    if (!open_version(&at, s->end)) {
        skip_comment(s);
        return;
    }
    s->flags |= MLN_SQL_COMMENT | MLN_SQL_EXEC_COMMENT;
    s->gap |= MLN_GAP_UNWRAPPED;
    s->unwrapped++;
    s->at = at;
}
