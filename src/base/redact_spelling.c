/*
 * The bytes a text stands for when it is read as percent-encoded, form-encoded, JSON or XML text.
 * An escape that is not well-formed stands for itself.
 */
#include "base/priv.h"

static int hex_digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    c = (char)(c | 0x20);
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* The number in `digits` hex digits at `at`, or -1. */
static int32_t hex_number(struct mln_str text, size_t at, size_t digits)
{
    int32_t value = 0;

    if (text.len < digits || at > text.len - digits)
        return -1;
    for (size_t i = 0; i < digits; i++) {
        int digit = hex_digit(text.ptr[at + i]);

        if (digit < 0)
            return -1;
        value = value * 16 + digit;
    }
    return value;
}

static unsigned char next_percent(struct mln_spelled *cursor)
{
    int32_t value = hex_number(cursor->text, cursor->at, 2);

    if (value < 0)
        return '%';
    cursor->at += 2;
    if (value == '%' && cursor->spelling == MLN_SPELL_PERCENT_TWICE) {
        int32_t again = hex_number(cursor->text, cursor->at, 2);

        if (again >= 0) {
            cursor->at += 2;
            value = again;
        }
    }
    return (unsigned char)value;
}

/* Queues the UTF-8 of `code` and returns its first byte. */
static unsigned char spread(struct mln_spelled *cursor, uint32_t code)
{
    unsigned count = code < 0x80 ? 1 : code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;

    for (unsigned i = count - 1; i > 0; i--) {
        cursor->more[i] = (unsigned char)(0x80 | (code & 0x3f));
        code >>= 6;
    }
    cursor->more[0] = (unsigned char)(count == 1 ? code : (0xf00U >> count & 0xff) | code);
    cursor->more_at = 1;
    cursor->more_count = count;
    return cursor->more[0];
}

static unsigned char next_json(struct mln_spelled *cursor)
{
    static const char escapes[] = "bfnrt", bytes[] = "\b\f\n\r\t";
    struct mln_str text = cursor->text;
    int32_t high, low;
    const char *hit;
    char c;

    if (cursor->at >= text.len)
        return '\\';
    c = text.ptr[cursor->at++];
    hit = c != '\0' ? strchr(escapes, c) : NULL;
    if (hit != NULL)
        return (unsigned char)bytes[hit - escapes];
    high = c == 'u' ? hex_number(text, cursor->at, 4) : -1;
    if (high < 0)
        return (unsigned char)c;
    cursor->at += 4;
    if (high < 0xd800 || high > 0xdbff || text.len - cursor->at < 6 ||
            memcmp(text.ptr + cursor->at, "\\u", 2) != 0)
        return spread(cursor, (uint32_t)high);
    low = hex_number(text, cursor->at + 2, 4);
    if (low < 0xdc00 || low > 0xdfff)
        return spread(cursor, (uint32_t)high);
    cursor->at += 6;
    return spread(cursor, 0x10000 + ((uint32_t)(high - 0xd800) << 10 | (uint32_t)(low - 0xdc00)));
}

/* "&#38;" or "&#x26;", after the '#'; the code point and where it ends, or -1. */
static int32_t xml_number(struct mln_str text, size_t at, size_t *end)
{
    bool hex = at < text.len && (text.ptr[at] | 0x20) == 'x';
    size_t first = hex ? at + 1 : at;
    int32_t value = 0;

    for (at = first; at < text.len && at - first < 8; at++) {
        int digit = hex_digit(text.ptr[at]);

        if (text.ptr[at] == ';' && at > first) {
            *end = at + 1;
            return value;
        }
        if (digit < 0 || (!hex && digit > 9) || value > 0x10ffff)
            return -1;
        value = value * (hex ? 16 : 10) + digit;
    }
    return -1;
}

static unsigned char next_xml(struct mln_spelled *cursor)
{
    static const struct {
        const char *name;
        char byte;
    } entities[] = { { "amp;", '&' }, { "apos;", '\'' }, { "gt;", '>' }, { "lt;", '<' },
        { "quot;", '"' } };
    struct mln_str rest = { .ptr = cursor->text.ptr + cursor->at,
        .len = cursor->text.len - cursor->at };
    int32_t value;

    for (size_t i = 0; i < MLN_LEN(entities); i++) {
        struct mln_str name = mln_str_of(entities[i].name);

        if (!mln_str_starts(rest, name))
            continue;
        cursor->at += name.len;
        return (unsigned char)entities[i].byte;
    }
    if (rest.len == 0 || rest.ptr[0] != '#')
        return '&';
    value = xml_number(cursor->text, cursor->at + 1, &cursor->at);
    return value >= 0 && value <= 0x10ffff ? spread(cursor, (uint32_t)value) : '&';
}

int mln_spelled_next(struct mln_spelled *cursor)
{
    char c;

    if (cursor->more_at < cursor->more_count)
        return cursor->more[cursor->more_at++];
    if (cursor->at >= cursor->text.len)
        return -1;
    c = cursor->text.ptr[cursor->at++];
    switch (cursor->spelling) {
    case MLN_SPELL_PERCENT:
    case MLN_SPELL_PERCENT_TWICE:
        return c == '%' ? next_percent(cursor) : (unsigned char)c;
    case MLN_SPELL_FORM:
        return c == '%' ? next_percent(cursor) : c == '+' ? ' ' : (unsigned char)c;
    case MLN_SPELL_JSON:
        return c == '\\' ? next_json(cursor) : (unsigned char)c;
    case MLN_SPELL_XML:
        return c == '&' ? next_xml(cursor) : (unsigned char)c;
    case MLN_SPELL_PLAIN:
    case MLN_SPELLINGS:
        break;
    }
    return (unsigned char)c;
}
