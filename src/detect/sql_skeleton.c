/* The pass over a statement: punctuation, the loop, and the result. */
#include "detect/sql_skeleton.h"

#include "detect/sql_scan.h"

/*
 * One letter a byte: the table reads as a picture of the code page. 0xa0 is a blank to a server
 * that speaks latin1; within a word (mln_sql_scan_word) it may be part of a UTF-8 character.
 */
static const char byte_classes[256 + 1] =
        "OOOOOOOOOBBBBBOOOOOOOOOOOOOOOOOOB=Q#WO=Q()*O,-./DDDDDDDDDD=;===?"
        "@WPWWWWWWWWWWWPWWWWWWWWWPWWO\\OOPKWPWWWWWWWWWWWPWWWWWWWWWPWWO=OOO"
        "WWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWBWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWW"
        "WWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWW";

#define J MLN_JOIN
#define A MLN_APART
#define G MLN_AS_IS
const unsigned char mln_sql_spacing[MLN_TOKENS][MLN_TOKENS] = {
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

static void scan_compare(struct mln_sql_scan *s)
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
        mln_sql_begin(s, MLN_TOKEN_COMPARE);
        memcpy(s->out, operators[i].text, len);
        s->out += len;
        s->at += len;
        mln_sql_show(s, (enum mln_sql_role)operators[i].role, "", 0);
        return;
    }
    mln_sql_begin(s, MLN_TOKEN_OTHER); /* A single ! : & | */
    *s->out++ = (char)*s->at++;
    mln_sql_show(s, MLN_ROLE_NONE, "", 0);
}

void mln_sql_put_mark(struct mln_sql_scan *s, enum mln_sql_token token)
{
    mln_sql_begin(s, token);
    *s->out++ = (char)*s->at++;
    mln_sql_show(s, MLN_ROLE_NONE, "", 0);
}

static void close_executable(struct mln_sql_scan *s)
{
    s->unwrapped--;
    s->gap |= MLN_GAP_UNWRAPPED;
    s->at += 2;
}

static void scan_star(struct mln_sql_scan *s)
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
            mln_sql_begin(s, MLN_TOKEN_STRING);
            s->prev = MLN_TOKEN_START;
        }
        memcpy(s->literal_out, "*****", 5);
        s->literal_out += 5;
        s->at += 5;
        mln_sql_put_string(s, start);
    } else {
        while (count-- > 0)
            mln_sql_put_mark(s, MLN_TOKEN_STAR);
    }
}

/* Does the dot after a star join it to what follows, as in *.* ? */
static bool joins_star(const struct mln_sql_scan *s, unsigned char next)
{
    bool closes = s->unwrapped > 0 && s->end - s->at > 2 && s->at[2] == '/';

    if (s->prev != MLN_TOKEN_STAR || s->gap != 0 || mln_sql_is_digit(next))
        return false;
    return mln_sql_is_word(next) || next == '`' || (next == '*' && !closes);
}

/* A dot joins names, begins a fraction, or stands alone. */
static void scan_dot(struct mln_sql_scan *s)
{
    unsigned char next = s->at + 1 < s->end ? s->at[1] : ' ';
    bool after_name = s->prev == MLN_TOKEN_WORD || s->prev == MLN_TOKEN_KEYWORD;

    if ((after_name && (s->gap == 0 || !mln_sql_is_digit(next))) || joins_star(s, next))
        mln_sql_put_mark(s, MLN_TOKEN_DOT);
    else if (mln_sql_is_digit(next) && s->prev != MLN_TOKEN_DOT)
        mln_sql_scan_fraction(s, s->at);
    else
        mln_sql_put_mark(s, MLN_TOKEN_LONE_DOT);
}

/* "--" begins a comment when a blank, a control byte or the end follows. */
static void scan_dash(struct mln_sql_scan *s)
{
    size_t left = (size_t)(s->end - s->at);

    if (left >= 2 && s->at[1] == '-' && (left == 2 || s->at[2] <= ' ' || s->at[2] == 0x7f)) {
        mln_sql_skip_line(s);
        return;
    }
    if (s->prev == MLN_TOKEN_OTHER && s->out[-1] == '-')
        s->gap |= MLN_GAP_BLANK;
    mln_sql_put_mark(s, MLN_TOKEN_OTHER);
}

static void scan_semicolon(struct mln_sql_scan *s)
{
    s->at++;
    if (s->out == s->text)
        return;
    s->semicolon = true;
    s->with = false;
    s->wrap = MLN_WRAP_NONE;
    s->prev = MLN_TOKEN_START;
    s->gap = 0;
    s->parens = 0;
    mln_sql_watch_end(&s->watch);
}

/* A backslash means nothing outside of strings, save that \N in place of a value is NULL. */
static void scan_backslash(struct mln_sql_scan *s)
{
    bool value = s->prev == MLN_TOKEN_KEYWORD || s->prev == MLN_TOKEN_COMPARE ||
                 s->prev == MLN_TOKEN_COMMA || s->prev == MLN_TOKEN_OPEN;

    if (value && s->at + 1 < s->end && s->at[1] == 'N')
        mln_sql_put_number(s, s->at + 2);
    else
        mln_sql_put_mark(s, MLN_TOKEN_OTHER);
}

static void scan(struct mln_sql_scan *s)
{
    while (s->at < s->end) {
        switch (byte_classes[*s->at]) {
        case 'B':
            s->gap |= MLN_GAP_BLANK;
            s->at++;
            break;
        case 'W':
        case '@':
            mln_sql_scan_word(s);
            break;
        case 'P':
            mln_sql_scan_prefix(s);
            break;
        case 'D':
            mln_sql_scan_digits(s);
            break;
        case 'Q':
            mln_sql_scan_string(s);
            break;
        case 'K':
            mln_sql_scan_backtick(s);
            break;
        case '(':
            s->parens++;
            mln_sql_put_mark(s, MLN_TOKEN_OPEN);
            break;
        case ')':
            s->parens -= s->parens > 0;
            mln_sql_put_mark(s, MLN_TOKEN_CLOSE);
            break;
        case ',':
            mln_sql_put_mark(s, MLN_TOKEN_COMMA);
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
            mln_sql_scan_slash(s);
            break;
        case '-':
            scan_dash(s);
            break;
        case '#':
            mln_sql_skip_line(s);
            break;
        case ';':
            scan_semicolon(s);
            break;
        case '?':
            mln_sql_put_mark(s, MLN_TOKEN_PARAM);
            break;
        case '\\':
            scan_backslash(s);
            break;
        default:
            mln_sql_put_mark(s, MLN_TOKEN_OTHER);
            break;
        }
    }
}

static void finish(struct mln_sql_scan *s)
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
    struct mln_sql_scan s = { .skeleton = out, .first_word = true };

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
