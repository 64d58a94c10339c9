/* Numbers and strings. */
#include "detect/sql_scan.h"

void mln_sql_put_number(struct mln_sql_scan *s, const unsigned char *end)
{
    const unsigned char *start = s->at;

    mln_sql_begin(s, MLN_TOKEN_NUMBER);
    *s->out++ = '0';
    s->at = end;
    mln_sql_show(s, MLN_ROLE_NONE, start, (size_t)(end - start));
}

static void add_literal(struct mln_sql_scan *s, const char *start, bool joins)
{
    struct mln_sql_skeleton *skeleton = s->skeleton;
    size_t len = (size_t)(s->literal_out - start);

    if (joins) {
        if (skeleton->literal_total == skeleton->literal_count && skeleton->literal_count > 0)
            skeleton->literals[skeleton->literal_count - 1].len += len;
        return;
    }
    if (skeleton->literal_total++ < MLN_SQL_LITERALS_MAX)
        skeleton->literals[skeleton->literal_count++] = (struct mln_str){ .ptr = start,
            .len = len };
}

static int hex_value(unsigned char byte)
{
    if (mln_sql_is_digit(byte))
        return byte - '0';
    byte |= 0x20;
    return byte >= 'a' && byte <= 'f' ? byte - 'a' + 10 : -1;
}

/* The bytes that a hex constant stands for; an odd first digit stands alone. */
static void add_hex(struct mln_sql_scan *s, const unsigned char *digits, size_t count)
{
    const char *start = s->literal_out;
    int high = count % 2 == 1 ? 0 : -1;

    if (count < 8)
        return;
    for (size_t i = 0; i < count; i++) {
        int value = hex_value(digits[i]);

        if (high < 0) {
            high = value;
        } else {
            *s->literal_out++ = (char)(high * 16 + value);
            high = -1;
        }
    }
    add_literal(s, start, false);
}

static const unsigned char *skip_digits(const unsigned char *at, const unsigned char *end)
{
    while (at < end && mln_sql_is_digit(*at))
        at++;
    return at;
}

/* After an 'e' or 'E': the end of a complete exponent, or NULL. */
static const unsigned char *exponent_end(const unsigned char *at, const unsigned char *end)
{
    if (at < end && (*at == '+' || *at == '-'))
        at++;
    return at < end && mln_sql_is_digit(*at) ? skip_digits(at, end) : NULL;
}

static inline bool is_e(const unsigned char *at, const unsigned char *end)
{
    return at < end && (*at | 0x20) == 'e';
}

/* From the dot of a fraction. */
void mln_sql_scan_fraction(struct mln_sql_scan *s, const unsigned char *dot)
{
    const unsigned char *end = skip_digits(dot + 1, s->end);

    if (is_e(end, s->end)) {
        const unsigned char *after = exponent_end(end + 1, s->end);

        if (after != NULL)
            end = after;
    }
    mln_sql_put_number(s, end);
}

/* 0x.. and 0b..: true when the whole word is one; `x` is the letter's place. */
static bool scan_radix(struct mln_sql_scan *s, const unsigned char *x)
{
    const unsigned char *end = x + 1;
    bool hex = (*x | 0x20) == 'x';

    if (!hex && (*x | 0x20) != 'b')
        return false;
    while (end < s->end && (hex ? hex_value(*end) >= 0 : *end == '0' || *end == '1'))
        end++;
    if (end == x + 1 || (end < s->end && mln_sql_is_word(*end)))
        return false;
    if (hex)
        add_hex(s, x + 1, (size_t)(end - x - 1));
    mln_sql_put_number(s, end);
    return true;
}

void mln_sql_scan_digits(struct mln_sql_scan *s)
{
    const unsigned char *start = s->at, *end = skip_digits(s->at, s->end), *after;

    if (s->prev == MLN_TOKEN_DOT) { /* t.1 is a name. */
        mln_sql_scan_word(s);
    } else if (end == s->end) {
        mln_sql_put_number(s, end);
    } else if (*end == '.') {
        mln_sql_scan_fraction(s, end);
    } else if (!mln_sql_is_word(*end)) {
        mln_sql_put_number(s, end);
    } else if (is_e(end, s->end) && (after = exponent_end(end + 1, s->end)) != NULL) {
        mln_sql_put_number(s, after);
    } else if (end - start != 1 || *start != '0' || !scan_radix(s, end)) {
        mln_sql_scan_word(s); /* A name may begin with a digit. */
        /* Keeps `1e` and `+` apart: with a digit after them they would be a number. */
        if (is_e(end, s->end) && s->at == end + 1 && s->at < s->end &&
                (*s->at == '+' || *s->at == '-'))
            s->gap |= MLN_GAP_BLANK;
    }
}

/* The byte that a backslash and `byte` stand for. */
static char unescape(unsigned char byte)
{
    switch (byte) {
    case '0':
        return '\0';
    case 'b':
        return '\b';
    case 'n':
        return '\n';
    case 'r':
        return '\r';
    case 't':
        return '\t';
    case 'Z':
        return 0x1a;
    default:
        return (char)byte;
    }
}

/* Decodes up to the closing quote; s->at is after the opening one. */
static void decode_string(struct mln_sql_scan *s, unsigned char quote)
{
    const unsigned char *at = s->at, *end = s->end;
    char *out = s->literal_out;

    for (;;) {
        while (at < end && *at != quote && *at != '\\')
            *out++ = (char)*at++;
        if (at == end || (*at == '\\' && at + 1 == end)) {
            s->flags |= MLN_SQL_UNTERMINATED;
            at = end;
            break;
        }
        if (*at == '\\') {
            if (at[1] == '%' || at[1] == '_')
                *out++ = '\\';
            *out++ = unescape(at[1]);
            at += 2;
        } else if (at + 1 < end && at[1] == quote) {
            *out++ = (char)quote;
            at += 2;
        } else {
            at++;
            break;
        }
    }
    s->at = at;
    s->literal_out = out;
}

/* `start`: where the value lies in the literals. Neighbours are one string. */
void mln_sql_put_string(struct mln_sql_scan *s, const char *start)
{
    bool joins = s->prev == MLN_TOKEN_STRING;

    add_literal(s, start, joins);
    if (joins) {
        s->gap = 0;
        s->tail = false;
        return;
    }
    memcpy(s->out, "'?'", 3);
    s->out += 3;
    s->prev = MLN_TOKEN_STRING;
    mln_sql_show(s, MLN_ROLE_NONE, start, (size_t)(s->literal_out - start));
}

void mln_sql_scan_string(struct mln_sql_scan *s)
{
    const char *start = s->literal_out;
    unsigned char quote = *s->at;

    if (s->prev != MLN_TOKEN_STRING) {
        mln_sql_begin(s, MLN_TOKEN_STRING);
        s->prev = MLN_TOKEN_START;
    }
    s->at++;
    decode_string(s, quote);
    mln_sql_put_string(s, start);
}

/* x'..' and b'..': true when the content fits. */
static bool scan_quoted_number(struct mln_sql_scan *s, bool hex)
{
    const unsigned char *digits = s->at + 2, *end = digits;

    while (end < s->end && (hex ? hex_value(*end) >= 0 : *end == '0' || *end == '1'))
        end++;
    if (end == s->end || *end != '\'')
        return false;
    if (hex)
        add_hex(s, digits, (size_t)(end - digits));
    mln_sql_put_number(s, end + 1);
    return true;
}

/* A word that may belong to the quote right after it: n'..', x'..', b'..', _utf8'..'. */
void mln_sql_scan_prefix(struct mln_sql_scan *s)
{
    unsigned char letter = *s->at | 0x20;
    const unsigned char *end = s->at + 1;

    if (*s->at == '_') {
        while (end < s->end && mln_sql_is_word(*end))
            end++;
        if (end == s->at + 1)
            end = s->end;
    }
    if (end == s->end || (*end != '\'' && *end != '"') || s->prev == MLN_TOKEN_DOT) {
        mln_sql_scan_word(s);
    } else if (*s->at == '_' || letter == 'n') {
        s->at = end;
        mln_sql_scan_string(s);
    } else if (*end != '\'' || !scan_quoted_number(s, letter == 'x')) {
        mln_sql_scan_word(s);
    }
}
