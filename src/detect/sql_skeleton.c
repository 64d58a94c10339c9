/*
 * The skeleton pass. Every token function consumes its bytes, writes its text and leaves `prev`;
 * what stands between two tokens is decided in one place, by the table `spacing`. Both output
 * buffers are reserved for the worst case before the first byte, so that writing needs no checks.
 */
#include "detect/sql_skeleton.h"

#include "detect/sql_token.h"

/* One letter a byte: the table reads as a picture of the code page. */
static const char byte_classes[256 + 1] =
        "OOOOOOOOOBBBBBOOOOOOOOOOOOOOOOOOB=Q#WO=Q()*O,-./DDDDDDDDDD=;===?"
        "@WPWWWWWWWWWWWPWWWWWWWWWPWWOOOOPKWPWWWWWWWWWWWPWWWWWWWWWPWWO=OOO"
        "WWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWW"
        "WWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWW";
/* The lower case of a byte that words are made of; 0 for others. */
static const unsigned char word_bytes[256] = { 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
    0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, '$', 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, '0',
    '1', '2', '3', '4', '5', '6', '7', '8', '9', 0, 0, 0, 0, 0, 0, 0, 'a', 'b', 'c', 'd', 'e', 'f',
    'g', 'h', 'i', 'j', 'k', 'l', 'm', 'n', 'o', 'p', 'q', 'r', 's', 't', 'u', 'v', 'w', 'x', 'y',
    'z', 0, 0, 0, 0, '_', 0, 'a', 'b', 'c', 'd', 'e', 'f', 'g', 'h', 'i', 'j', 'k', 'l', 'm', 'n',
    'o', 'p', 'q', 'r', 's', 't', 'u', 'v', 'w', 'x', 'y', 'z', 0, 0, 0, 0, 0, 128, 129, 130, 131,
    132, 133, 134, 135, 136, 137, 138, 139, 140, 141, 142, 143, 144, 145, 146, 147, 148, 149, 150,
    151, 152, 153, 154, 155, 156, 157, 158, 159, 160, 161, 162, 163, 164, 165, 166, 167, 168, 169,
    170, 171, 172, 173, 174, 175, 176, 177, 178, 179, 180, 181, 182, 183, 184, 185, 186, 187, 188,
    189, 190, 191, 192, 193, 194, 195, 196, 197, 198, 199, 200, 201, 202, 203, 204, 205, 206, 207,
    208, 209, 210, 211, 212, 213, 214, 215, 216, 217, 218, 219, 220, 221, 222, 223, 224, 225, 226,
    227, 228, 229, 230, 231, 232, 233, 234, 235, 236, 237, 238, 239, 240, 241, 242, 243, 244, 245,
    246, 247, 248, 249, 250, 251, 252, 253, 254, 255 };

/* What separates two tokens: nothing, one blank, or a blank if the author left one. */
enum { JOIN, APART, AS_IS };
#define J JOIN
#define A APART
#define G AS_IS
static const unsigned char spacing[MLN_TOKENS][MLN_TOKENS] = {
    /*                     start word kw num str par  (  )  ,  =  *  . lone other */
    [MLN_TOKEN_START] = { J, J, J, J, J, J, J, J, J, J, J, J, J, J },
    [MLN_TOKEN_WORD] = { J, A, A, A, A, A, J, J, J, A, A, J, G, G },
    [MLN_TOKEN_KEYWORD] = { J, A, A, A, A, A, A, J, J, A, A, J, G, G },
    [MLN_TOKEN_NUMBER] = { J, A, A, A, A, A, A, J, J, A, A, J, A, G },
    [MLN_TOKEN_STRING] = { J, A, A, A, A, A, A, J, J, A, A, J, G, G },
    [MLN_TOKEN_PARAM] = { J, A, A, A, A, A, A, J, J, A, A, J, G, G },
    [MLN_TOKEN_OPEN] = { J, J, J, J, J, J, J, J, J, J, J, J, J, J },
    [MLN_TOKEN_CLOSE] = { J, A, A, A, A, A, A, J, J, A, A, J, G, G },
    [MLN_TOKEN_COMMA] = { J, J, J, J, J, J, J, J, J, J, J, J, J, J },
    [MLN_TOKEN_COMPARE] = { J, A, A, A, A, A, A, J, J, A, A, J, A, A },
    [MLN_TOKEN_STAR] = { J, A, A, A, A, A, A, J, J, A, A, J, A, A },
    [MLN_TOKEN_DOT] = { J, J, J, J, J, J, J, J, J, J, J, J, J, J },
    [MLN_TOKEN_LONE_DOT] = { J, G, G, A, G, G, G, J, J, G, G, J, G, G },
    [MLN_TOKEN_OTHER] = { J, G, G, G, G, G, G, J, J, G, G, J, G, G },
};
#undef J
#undef A
#undef G

enum { GAP_BLANK = 1, GAP_COMMENT = 2, GAP_UNWRAPPED = 4 };

struct scanner {
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
    char verb[MLN_SQL_VERB_MAX];
    size_t verb_len;
};

static inline bool is_word(unsigned char byte)
{
    return word_bytes[byte] != 0;
}

static inline bool is_digit(unsigned char byte)
{
    return byte >= '0' && byte <= '9';
}

/* Between a word and '@' the author's blank counts: 'user'@'host' is one thing. */
static inline int separation(const struct scanner *s, enum mln_sql_token token)
{
    if (s->gap == 0 && token >= MLN_TOKEN_WORD && token <= MLN_TOKEN_PARAM) {
        if (*s->at == '@' && s->prev >= MLN_TOKEN_WORD && s->prev <= MLN_TOKEN_PARAM &&
                s->prev != MLN_TOKEN_KEYWORD)
            return JOIN;
        if (s->prev == MLN_TOKEN_WORD && s->out[-1] == '@')
            return JOIN;
    }
    return spacing[s->prev][token];
}

/* Writes what stands before `token`, which begins at s->at. */
static inline void begin(struct scanner *s, enum mln_sql_token token)
{
    int how;

    if (s->semicolon) {
        s->semicolon = false;
        *s->out++ = ';';
        *s->out++ = ' ';
        if (!s->body && (token == MLN_TOKEN_WORD || token == MLN_TOKEN_OPEN))
            s->flags |= MLN_SQL_MULTI;
    }
    how = separation(s, token);
    if (how == APART || (how == AS_IS && s->gap != 0))
        *s->out++ = ' ';
    if (s->gap == GAP_COMMENT && s->prev >= MLN_TOKEN_WORD && s->prev <= MLN_TOKEN_NUMBER &&
            token >= MLN_TOKEN_WORD && token <= MLN_TOKEN_NUMBER)
        s->flags |= MLN_SQL_COMMENT_GAP;
    s->gap = 0;
    s->tail = false;
    s->prev = token;
}

static inline void watch(struct scanner *s, enum mln_sql_role role, const void *ptr, size_t len)
{
    if (s->watch.state != 0 || role == MLN_ROLE_WHERE || role == MLN_ROLE_OR)
        mln_sql_watch_token(
                &s->watch, s->prev, role, (struct mln_str){ .ptr = (const char *)ptr, .len = len });
}

static void set_verb(struct scanner *s, const char *word, size_t len)
{
    s->verb_len = len < MLN_SQL_VERB_MAX ? len : MLN_SQL_VERB_MAX;
    for (size_t i = 0; i < s->verb_len; i++)
        s->verb[i] = (char)(word[i] >= 'a' && word[i] <= 'z' ? word[i] - 'a' + 'A' : word[i]);
}

static void notice_keyword(struct scanner *s, const struct mln_sql_word *word)
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
        if (s->with && s->parens == 0) {
            set_verb(s, word->text, word->len);
            s->with = false;
        }
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
static inline void end_word(struct scanner *s, const char *start, bool may_be_keyword)
{
    size_t len = (size_t)(s->out - start);
    const struct mln_sql_word *word = may_be_keyword ? mln_sql_word(start, len) : NULL;
    enum mln_sql_role role = word == NULL ? MLN_ROLE_NONE : (enum mln_sql_role)word->role;

    if (s->first_word) {
        s->first_word = false;
        set_verb(s, start, len);
        s->with = role == MLN_ROLE_WITH;
        s->create = role == MLN_ROLE_CREATE;
    }
    if (word != NULL)
        notice_keyword(s, word);
    watch(s, role, start, len);
}

static void scan_word(struct scanner *s)
{
    bool may_be_keyword = s->prev != MLN_TOKEN_DOT;
    unsigned char byte;
    char *out;

    begin(s, MLN_TOKEN_WORD);
    out = s->out;
    while (s->at < s->end && *s->at == '@') { /* Only in front: select@@version is two words. */
        *out++ = '@';
        s->at++;
    }
    while (s->at < s->end && (byte = word_bytes[*s->at]) != 0) {
        *out++ = (char)byte;
        s->at++;
    }
    {
        char *start = s->out;

        s->out = out;
        end_word(s, start, may_be_keyword);
    }
}

static void put_number(struct scanner *s, const unsigned char *end)
{
    const unsigned char *start = s->at;

    begin(s, MLN_TOKEN_NUMBER);
    *s->out++ = '0';
    s->at = end;
    watch(s, MLN_ROLE_NONE, start, (size_t)(end - start));
}

static void add_literal(struct scanner *s, const char *start, bool joins)
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
    if (is_digit(byte))
        return byte - '0';
    byte |= 0x20;
    return byte >= 'a' && byte <= 'f' ? byte - 'a' + 10 : -1;
}

/* The bytes that a hex constant stands for; an odd first digit stands alone. */
static void add_hex(struct scanner *s, const unsigned char *digits, size_t count)
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
    while (at < end && is_digit(*at))
        at++;
    return at;
}

/* After an 'e' or 'E': the end of a complete exponent, or NULL. */
static const unsigned char *exponent_end(const unsigned char *at, const unsigned char *end)
{
    if (at < end && (*at == '+' || *at == '-'))
        at++;
    return at < end && is_digit(*at) ? skip_digits(at, end) : NULL;
}

static inline bool is_e(const unsigned char *at, const unsigned char *end)
{
    return at < end && (*at | 0x20) == 'e';
}

/* From the dot of a fraction. */
static void scan_fraction(struct scanner *s, const unsigned char *dot)
{
    const unsigned char *end = skip_digits(dot + 1, s->end);

    if (is_e(end, s->end)) {
        const unsigned char *after = exponent_end(end + 1, s->end);

        if (after != NULL)
            end = after;
    }
    put_number(s, end);
}

/* 0x.. and 0b..: true when the whole word is one; `x` is the letter's place. */
static bool scan_radix(struct scanner *s, const unsigned char *x)
{
    const unsigned char *end = x + 1;
    bool hex = (*x | 0x20) == 'x';

    if (!hex && (*x | 0x20) != 'b')
        return false;
    while (end < s->end && (hex ? hex_value(*end) >= 0 : *end == '0' || *end == '1'))
        end++;
    if (end == x + 1 || (end < s->end && is_word(*end)))
        return false;
    if (hex)
        add_hex(s, x + 1, (size_t)(end - x - 1));
    put_number(s, end);
    return true;
}

static void scan_digits(struct scanner *s)
{
    const unsigned char *start = s->at, *end = skip_digits(s->at, s->end), *after;

    if (s->prev == MLN_TOKEN_DOT) { /* t.1 is a name. */
        scan_word(s);
    } else if (end == s->end) {
        put_number(s, end);
    } else if (*end == '.') {
        scan_fraction(s, end);
    } else if (!is_word(*end)) {
        put_number(s, end);
    } else if (is_e(end, s->end) && (after = exponent_end(end + 1, s->end)) != NULL) {
        put_number(s, after);
    } else if (end - start != 1 || *start != '0' || !scan_radix(s, end)) {
        scan_word(s); /* A name may begin with a digit. */
        /* Keeps `1e` and `+` apart: with a digit after them they would be a number. */
        if (is_e(end, s->end) && s->at == end + 1 && s->at < s->end &&
                (*s->at == '+' || *s->at == '-'))
            s->gap |= GAP_BLANK;
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
static void decode_string(struct scanner *s, unsigned char quote)
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
static void put_string(struct scanner *s, const char *start)
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
    watch(s, MLN_ROLE_NONE, start, (size_t)(s->literal_out - start));
}

static void scan_string(struct scanner *s)
{
    const char *start = s->literal_out;
    unsigned char quote = *s->at;

    if (s->prev != MLN_TOKEN_STRING) {
        begin(s, MLN_TOKEN_STRING);
        s->prev = MLN_TOKEN_START;
    }
    s->at++;
    decode_string(s, quote);
    put_string(s, start);
}

/* x'..' and b'..': true when the content fits. */
static bool scan_quoted_number(struct scanner *s, bool hex)
{
    const unsigned char *digits = s->at + 2, *end = digits;

    while (end < s->end && (hex ? hex_value(*end) >= 0 : *end == '0' || *end == '1'))
        end++;
    if (end == s->end || *end != '\'')
        return false;
    if (hex)
        add_hex(s, digits, (size_t)(end - digits));
    put_number(s, end + 1);
    return true;
}

/* A word that may belong to the quote right after it: n'..', x'..', b'..', _utf8'..'. */
static void scan_prefix(struct scanner *s)
{
    unsigned char letter = *s->at | 0x20;
    const unsigned char *end = s->at + 1;

    if (*s->at == '_') {
        while (end < s->end && is_word(*end))
            end++;
        if (end == s->at + 1)
            end = s->end;
    }
    if (end == s->end || (*end != '\'' && *end != '"') || s->prev == MLN_TOKEN_DOT) {
        scan_word(s);
    } else if (*s->at == '_' || letter == 'n') {
        s->at = end;
        scan_string(s);
    } else if (*end != '\'' || !scan_quoted_number(s, letter == 'x')) {
        scan_word(s);
    }
}

/* Copies a quoted identifier in lower case; true when it can do without its quotes. */
static bool copy_identifier(struct scanner *s)
{
    const unsigned char *at = s->at + 1, *end = s->end;
    char *start = s->out;
    bool plain = at < end && !is_digit(*at);

    *s->out++ = '`';
    while (at < end && (*at != '`' || (at + 1 < end && at[1] == '`'))) {
        if (*at == '`') {
            *s->out++ = '`';
            at++;
        }
        plain = plain && is_word(*at);
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

static void scan_backtick(struct scanner *s)
{
    char *start;
    const struct mln_sql_word *word;
    size_t len;

    begin(s, MLN_TOKEN_WORD);
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

static void scan_compare(struct scanner *s)
{
    static const struct {
        char text[4];
        uint8_t len, role;
    } operators[] = { /* The longest first. */
        { "<=>", 3, MLN_ROLE_EQUALS }, { "<=", 2, 0 }, { ">=", 2, 0 }, { "<>", 2, 0 },
        { "!=", 2, 0 }, { ":=", 2, 0 }, { "<<", 2, 0 }, { ">>", 2, 0 }, { "&&", 2, MLN_ROLE_AND },
        { "||", 2, MLN_ROLE_OR }, { "=", 1, MLN_ROLE_EQUALS }, { "<", 1, 0 }, { ">", 1, 0 }
    };
    size_t left = (size_t)(s->end - s->at);

    for (size_t i = *s->at == '=' ? 10 : 0; i < MLN_LEN(operators); i++) {
        size_t len = operators[i].len;

        if (len > left || memcmp(operators[i].text, s->at, len) != 0)
            continue;
        begin(s, MLN_TOKEN_COMPARE);
        memcpy(s->out, operators[i].text, len);
        s->out += len;
        s->at += len;
        watch(s, (enum mln_sql_role)operators[i].role, "", 0);
        return;
    }
    begin(s, MLN_TOKEN_OTHER); /* A single ! : & | */
    *s->out++ = (char)*s->at++;
    watch(s, MLN_ROLE_NONE, "", 0);
}

static void put_mark(struct scanner *s, enum mln_sql_token token)
{
    begin(s, token);
    *s->out++ = (char)*s->at++;
    watch(s, MLN_ROLE_NONE, "", 0);
}

static void close_executable(struct scanner *s)
{
    s->unwrapped--;
    s->gap |= GAP_UNWRAPPED;
    s->at += 2;
}

static void scan_star(struct scanner *s)
{
    size_t count = 0, left = (size_t)(s->end - s->at);

    while (count < left && s->at[count] == '*')
        count++;
    if (s->unwrapped > 0 && count < left && s->at[count] == '/')
        count--;
    if (count == 0) {
        close_executable(s);
    } else if (count == 5 && s->prev != MLN_TOKEN_DOT) { /* A password that the server masked. */
        const char *start = s->literal_out;

        if (s->prev != MLN_TOKEN_STRING) {
            begin(s, MLN_TOKEN_STRING);
            s->prev = MLN_TOKEN_START;
        }
        memcpy(s->literal_out, "*****", 5);
        s->literal_out += 5;
        s->at += 5;
        put_string(s, start);
    } else {
        while (count-- > 0)
            put_mark(s, MLN_TOKEN_STAR);
    }
}

/* Does the dot after a star join it to what follows, as in *.* ? */
static bool joins_star(const struct scanner *s, unsigned char next)
{
    bool closes = s->unwrapped > 0 && s->end - s->at > 2 && s->at[2] == '/';

    if (s->prev != MLN_TOKEN_STAR || s->gap != 0 || is_digit(next))
        return false;
    return is_word(next) || next == '`' || (next == '*' && !closes);
}

/* A dot joins names, begins a fraction, or stands alone. */
static void scan_dot(struct scanner *s)
{
    unsigned char next = s->at + 1 < s->end ? s->at[1] : ' ';
    bool after_name = s->prev == MLN_TOKEN_WORD || s->prev == MLN_TOKEN_KEYWORD;

    if ((after_name && (s->gap == 0 || !is_digit(next))) || joins_star(s, next))
        put_mark(s, MLN_TOKEN_DOT);
    else if (is_digit(next) && s->prev != MLN_TOKEN_DOT)
        scan_fraction(s, s->at);
    else
        put_mark(s, MLN_TOKEN_LONE_DOT);
}

static void skip_comment(struct scanner *s)
{
    const unsigned char *at = s->at + 2;

    s->flags |= MLN_SQL_COMMENT;
    s->gap |= GAP_COMMENT;
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

static void skip_line(struct scanner *s)
{
    const unsigned char *newline = memchr(s->at, '\n', (size_t)(s->end - s->at));

    s->flags |= MLN_SQL_COMMENT | MLN_SQL_LINE_COMMENT;
    s->tail = s->tail || s->prev == MLN_TOKEN_NUMBER || s->prev == MLN_TOKEN_STRING ||
              s->prev == MLN_TOKEN_CLOSE;
    s->gap |= GAP_COMMENT;
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

    while (count < 6 && *at + count < end && is_digit((*at)[count]))
        version = version * 10 + (unsigned)((*at)[count++] - '0');
    if (count == 5 ? version >= 99000 : version >= 200000)
        return false;
    if (count >= 5 || (*at + count < end && is_word((*at)[count])))
        *at += count;
    return true;
}

static void scan_slash(struct scanner *s)
{
    const unsigned char *at = s->at + 2;
    size_t left = (size_t)(s->end - s->at);

    if (left < 2 || s->at[1] != '*') {
        put_mark(s, MLN_TOKEN_OTHER);
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
    s->gap |= GAP_UNWRAPPED;
    s->unwrapped++;
    s->at = at;
}

/* "--" begins a comment when a blank, a control byte or the end follows. */
static void scan_dash(struct scanner *s)
{
    size_t left = (size_t)(s->end - s->at);

    if (left >= 2 && s->at[1] == '-' && (left == 2 || s->at[2] <= ' ' || s->at[2] == 0x7f)) {
        skip_line(s);
        return;
    }
    if (s->prev == MLN_TOKEN_OTHER && s->out[-1] == '-')
        s->gap |= GAP_BLANK;
    put_mark(s, MLN_TOKEN_OTHER);
}

static void scan_semicolon(struct scanner *s)
{
    s->at++;
    if (s->out == s->text)
        return;
    s->semicolon = true;
    s->prev = MLN_TOKEN_START;
    s->gap = 0;
    s->parens = 0;
    mln_sql_watch_end(&s->watch);
}

static void scan(struct scanner *s)
{
    while (s->at < s->end) {
        switch (byte_classes[*s->at]) {
        case 'B':
            s->gap |= GAP_BLANK;
            s->at++;
            break;
        case 'W':
        case '@':
            scan_word(s);
            break;
        case 'P':
            scan_prefix(s);
            break;
        case 'D':
            scan_digits(s);
            break;
        case 'Q':
            scan_string(s);
            break;
        case 'K':
            scan_backtick(s);
            break;
        case '(':
            s->parens++;
            put_mark(s, MLN_TOKEN_OPEN);
            break;
        case ')':
            s->parens -= s->parens > 0;
            put_mark(s, MLN_TOKEN_CLOSE);
            break;
        case ',':
            put_mark(s, MLN_TOKEN_COMMA);
            break;
        case '=':
            scan_compare(s);
            break;
        case '*':
            scan_star(s);
            break;
        case '.':
            scan_dot(s);
            break;
        case '/':
            scan_slash(s);
            break;
        case '-':
            scan_dash(s);
            break;
        case '#':
            skip_line(s);
            break;
        case ';':
            scan_semicolon(s);
            break;
        case '?':
            put_mark(s, MLN_TOKEN_PARAM);
            break;
        default:
            put_mark(s, MLN_TOKEN_OTHER);
            break;
        }
    }
}

static void finish(struct scanner *s)
{
    mln_sql_watch_end(&s->watch);
    if (s->unwrapped > 0)
        s->flags |= MLN_SQL_UNTERMINATED;
    if (s->tail)
        s->flags |= MLN_SQL_LINE_COMMENT_TAIL;
    if (s->watch.found)
        s->flags |= MLN_SQL_TAUTOLOGY;
    s->skeleton->text = (struct mln_str){ .ptr = s->text, .len = (size_t)(s->out - s->text) };
    memcpy(s->out, s->verb, s->verb_len);
    s->skeleton->verb = (struct mln_str){ .ptr = s->out, .len = s->verb_len };
    s->skeleton->flags = s->flags;
}

void mln_sql_scratch_init(struct mln_sql_scratch *scratch)
{
    size_t max = MLN_SQL_TEXT_MAX(MLN_SQL_BYTES_MAX) + MLN_SQL_VERB_MAX;

    scratch->text = (struct mln_buf)MLN_BUF_INIT(max);
    scratch->literals = (struct mln_buf)MLN_BUF_INIT(max);
}

void mln_sql_scratch_fini(struct mln_sql_scratch *scratch)
{
    mln_buf_free(&scratch->text);
    mln_buf_free(&scratch->literals);
}

int mln_sql_skeleton(enum mln_sql_dialect dialect, struct mln_str sql,
        struct mln_sql_scratch *scratch, struct mln_sql_skeleton *out, struct mln_err *err)
{
    size_t len = sql.len < MLN_SQL_BYTES_MAX ? sql.len : MLN_SQL_BYTES_MAX;
    struct scanner s = { .skeleton = out, .first_word = true };

    (void)dialect; /* One so far. */
    mln_buf_reset(&scratch->text);
    mln_buf_reset(&scratch->literals);
    if (!mln_buf_reserve(&scratch->text, MLN_SQL_TEXT_MAX(len) + MLN_SQL_VERB_MAX) ||
            !mln_buf_reserve(&scratch->literals, len + 1))
        return mln_fail(err, MLN_ENOMEM, "no memory for a statement of %zu bytes", len);
    out->literal_count = 0;
    out->literal_total = 0;
    s.at = len == 0 ? (const unsigned char *)"" : (const unsigned char *)sql.ptr;
    s.end = s.at + len;
    s.text = scratch->text.ptr;
    s.out = s.text;
    s.literal_out = scratch->literals.ptr;
    if (len < sql.len)
        s.flags |= MLN_SQL_CUT;
    scan(&s);
    finish(&s);
    return MLN_OK;
}
