/*
 * Where a JSON text stops being one, as a line and a column: what a person needs to mend a file
 * whose text must not be shown. The reader itself does not tell.
 */
#include "client/priv.h"

struct cursor {
    struct mln_str text;
    size_t at;
};

static char peek(const struct cursor *c)
{
    return c->at < c->text.len ? c->text.ptr[c->at] : '\0';
}

static void skip_blanks(struct cursor *c)
{
    while (c->at < c->text.len && strchr(" \t\r\n", c->text.ptr[c->at]) != NULL && peek(c) != '\0')
        c->at++;
}

static bool take(struct cursor *c, char want)
{
    if (c->at >= c->text.len || c->text.ptr[c->at] != want)
        return false;
    c->at++;
    return true;
}

static bool take_word(struct cursor *c, const char *word)
{
    for (; *word != '\0'; word++) {
        if (!take(c, *word))
            return false;
    }
    return true;
}

static bool take_string(struct cursor *c)
{
    if (!take(c, '"'))
        return false;
    while (c->at < c->text.len && c->text.ptr[c->at] != '"') {
        unsigned char byte = (unsigned char)c->text.ptr[c->at];

        if (byte < ' ')
            return false;
        if (byte == '\\') {
            c->at++;
            if (c->at >= c->text.len || peek(c) == '\0' || strchr("\"\\/bfnrtu", peek(c)) == NULL)
                return false;
        }
        c->at++;
    }
    return take(c, '"');
}

static bool take_number(struct cursor *c)
{
    size_t from = c->at;

    while (c->at < c->text.len && peek(c) != '\0' && strchr("+-.0123456789eE", peek(c)) != NULL)
        c->at++;
    return c->at > from;
}

/* NOLINTNEXTLINE(misc-no-recursion): bounded by `depth` */
static bool take_value(struct cursor *c, int depth)
{
    bool is_object = peek(c) == '{';
    char end = is_object ? '}' : ']';

    if (!is_object && peek(c) != '[') {
        switch (peek(c)) {
        case '"':
            return take_string(c);
        case 't':
            return take_word(c, "true");
        case 'f':
            return take_word(c, "false");
        case 'n':
            return take_word(c, "null");
        default:
            return take_number(c);
        }
    }
    if (depth == MLN_JSON_DEPTH_MAX)
        return false;
    c->at++;
    skip_blanks(c);
    if (take(c, end))
        return true;
    for (;;) {
        if (is_object && !take_string(c))
            return false;
        skip_blanks(c);
        if (is_object && !take(c, ':'))
            return false;
        skip_blanks(c);
        if (!take_value(c, depth + 1))
            return false;
        skip_blanks(c);
        if (take(c, end))
            return true;
        if (!take(c, ','))
            return false;
        skip_blanks(c);
    }
}

void mln_json_place(struct mln_str text, int *line, int *column)
{
    struct cursor c = { .text = text };

    skip_blanks(&c);
    if (take_value(&c, 0))
        skip_blanks(&c);
    *line = *column = 1;
    for (size_t i = 0; i < c.at && i < text.len; i++) {
        *column = text.ptr[i] == '\n' ? 1 : *column + 1;
        *line += text.ptr[i] == '\n' ? 1 : 0;
    }
}
