/*
 * The shapes of credentials: values that say what they are ("LTAI..."), and values under a name
 * that says so, in the spellings of query strings, headers, JSON, XML and strings to sign.
 */
#include "base/priv.h"

enum kind {
    USUAL,
    LONG_TEXT, /* Runs over lines: unquoted, it hides all that follows. */
    ASSIGNED,  /* Also a word of prose: unquoted, it needs a '='. */
};

struct name {
    const char *text;
    enum kind kind;
};

/* Names are looked for anywhere, so that a longer name with the same end is covered by its end. */
static const struct name names[] = {
    { "access-key-id", USUAL },
    { "access-key-secret", USUAL },
    { "access_key_id", USUAL },
    { "access_key_secret", USUAL },
    { "access_token", USUAL },
    { "accesskeyid", USUAL },
    { "accesskeysecret", USUAL },
    { "accesstoken", USUAL },
    { "authorization", USUAL },
    { "canonicalrequest", LONG_TEXT },
    { "canonicalrequestbytes", LONG_TEXT },
    { "credential", ASSIGNED },
    { "oidctoken", USUAL },
    { "refresh_token", USUAL },
    { "security-token", USUAL },
    { "security_token", USUAL },
    { "securitytoken", USUAL },
    { "signature", USUAL },
    { "signatureprovided", USUAL },
    { "string to sign", LONG_TEXT },
    { "stringtosign", LONG_TEXT },
    { "stringtosignbytes", LONG_TEXT },
};

#define ELEMENT_MAX 64 /* The longest element name looked at. */

#define GAP_MAX 8 /* Blanks or backslashes between a name and its value. */

static char lower(char c)
{
    return (char)(c >= 'A' && c <= 'Z' ? c | 0x20 : c);
}

static bool is_alnum(char c)
{
    return (c >= '0' && c <= '9') || (lower(c) >= 'a' && lower(c) <= 'z');
}

static char byte_at(struct mln_str text, size_t at)
{
    return at < text.len ? text.ptr[at] : '\0';
}

static bool holds(struct mln_str text, size_t at, const char *lower_case)
{
    for (size_t i = 0; lower_case[i] != '\0'; i++) {
        if (lower(byte_at(text, at + i)) != lower_case[i])
            return false;
    }
    return true;
}

bool mln_redact_is_name(struct mln_str name)
{
    for (size_t i = 0; i < MLN_LEN(names); i++) {
        size_t len = strlen(names[i].text);

        if (name.len >= len && holds(name, name.len - len, names[i].text))
            return true;
    }
    return false;
}

/* The longest name at `at`, or NULL. */
static const struct name *name_at(struct mln_str text, size_t at, size_t *end)
{
    const struct name *found = NULL;

    if (strchr("acorsACORS", text.ptr[at]) == NULL)
        return NULL;
    for (size_t i = 0; i < MLN_LEN(names); i++) {
        if (names[i].text[0] != lower(text.ptr[at]) || !holds(text, at, names[i].text))
            continue;
        found = &names[i]; /* Sorted: of two that fit, the later is the longer. */
        *end = at + strlen(names[i].text);
    }
    return found;
}

static size_t skip(struct mln_str text, size_t at, char c)
{
    size_t first = at;

    while (at - first < GAP_MAX && byte_at(text, at) == c && at < text.len)
        at++;
    return at;
}

/* Skips `\\"`, `"` or `'`; returns the quote, or 0 and leaves `*at` alone. */
static char skip_quote(struct mln_str text, size_t *at, size_t *slashes)
{
    size_t quote = skip(text, *at, '\\');
    char c = byte_at(text, quote);

    if (c != '"' && c != '\'')
        return '\0';
    *slashes = quote - *at;
    *at = quote + 1;
    return c;
}

/* How a value is told from what follows it. */
enum style { WORD, LINE, LONG, BARE, ELEMENT, QUOTED };

struct value {
    enum style style;
    char quote; /* QUOTED: the quote, and the backslashes before it. */
    size_t slashes;
    size_t from;
};

/* "=" and its percent-encoded spellings, and ":" likewise; the kind as '=' or ':', or 0. */
static char skip_sign(struct mln_str text, size_t *at)
{
    static const struct {
        const char *text;
        char kind;
    } signs[] = { { "=", '=' }, { "%3d", '=' }, { "%253d", '=' }, { "%3a", '=' }, { "%253a", '=' },
        { ":", ':' }, { "is:", ':' }, { "is :", ':' } };

    for (size_t i = 0; i < MLN_LEN(signs); i++) {
        if (!holds(text, *at, signs[i].text))
            continue;
        *at += strlen(signs[i].text);
        return signs[i].kind;
    }
    return '\0';
}

/*
 * A header name or a word of prose: in "MissingSecurityToken: ..." the name is the end of an error
 * code. A letter before it is fine when it ends an escape such as \n or %0A.
 */
static bool starts_word(struct mln_str text, size_t at)
{
    if (at == 0 || !is_alnum(text.ptr[at - 1]))
        return true;
    if (at >= 2 && text.ptr[at - 2] == '\\')
        return true;
    return (at >= 3 && text.ptr[at - 3] == '%') ||
           (at >= 5 && memcmp(text.ptr + at - 5, "%25", 3) == 0);
}

/* The name may be the end of a longer one, and must not stand in a closing tag. */
static bool opens_element(struct mln_str text, size_t at)
{
    size_t first = at > ELEMENT_MAX ? at - ELEMENT_MAX : 0;

    while (at > first && (is_alnum(text.ptr[at - 1]) || strchr("_-.:", text.ptr[at - 1]) != NULL) &&
            text.ptr[at - 1] != '\0')
        at--;
    return at > 0 && text.ptr[at - 1] == '<';
}

/* A quote that closes the text around an empty value: `"...Signature=","next":...`. */
static bool closes(struct mln_str text, size_t after)
{
    return after >= text.len || strchr(",}]:", text.ptr[after]) != NULL;
}

/* Reads what stands between a name and its value; false when nothing that belongs to a value does.
 */
static bool read_sign(struct mln_str text, size_t at, size_t end, enum kind kind, struct value *out)
{
    size_t slashes, after;
    bool quoted_name;
    char sign;

    if (byte_at(text, end) == '>' && opens_element(text, at)) {
        *out = (struct value){ .style = ELEMENT, .from = end + 1 };
        return true;
    }
    quoted_name = skip_quote(text, &end, &slashes) != '\0';
    end = skip(text, end, ' ');
    sign = skip_sign(text, &end);
    if (sign == '\0' ||
            (sign == ':' && !quoted_name && (kind == ASSIGNED || !starts_word(text, at))))
        return false;
    end = skip(text, end, ' ');
    after = skip(text, end, '[');
    out->quote = skip_quote(text, &after, &out->slashes);
    if (out->quote != '\0' && (quoted_name || !closes(text, after))) {
        out->style = QUOTED;
        out->from = after;
        return true;
    }
    out->from = end;
    if (quoted_name)
        out->style = BARE;
    else if (kind == LONG_TEXT)
        out->style = LONG;
    else
        out->style = sign == ':' ? LINE : WORD;
    return true;
}

static bool ends_quoted(struct mln_str text, size_t at, const struct value *value)
{
    size_t run = 0;

    if (text.ptr[at] != value->quote)
        return false;
    while (run < at - value->from && text.ptr[at - run - 1] == '\\')
        run++;
    return run <= value->slashes || (value->slashes == 0 && run % 2 == 0);
}

/* True when the byte at `at` is the first one behind the value. */
static bool ends_value(struct mln_str text, size_t at, const struct value *value)
{
    char c = text.ptr[at];

    switch (value->style) {
    case WORD:
        if (c == '%')
            return holds(text, at, "%26") || holds(text, at, "%2526") || holds(text, at, "%0a") ||
                   holds(text, at, "%250a");
        return (unsigned char)c <= ' ' || strchr("&,;\"'<>\\", c) != NULL;
    case LINE:
        return c == '\0' || strchr("\r\n\"'<\\", c) != NULL;
    case LONG:
        return c == '"' || c == '<';
    case BARE:
        return (unsigned char)c <= ' ' || strchr(",}]{[\"", c) != NULL;
    case ELEMENT:
        return c == '<' && byte_at(text, at + 1) == '/';
    case QUOTED:
        return ends_quoted(text, at, value);
    }
    return true;
}

static bool is_json_word(struct mln_str text)
{
    return mln_str_is(text, "null") || mln_str_is(text, "true") || mln_str_is(text, "false");
}

static struct mln_span value_span(struct mln_str text, const struct value *value, size_t done)
{
    size_t end = value->from > done ? value->from : done;

    while (end < text.len && !ends_value(text, end, value))
        end++;
    while (value->style == QUOTED && end < text.len && end > value->from &&
            text.ptr[end - 1] == '\\' && value->slashes > 0)
        end--;
    while (value->style == LONG && end > value->from && text.ptr[end - 1] == '\\')
        end--;
    if (end <= value->from)
        return (struct mln_span){ 0 };
    if (value->style == BARE && is_json_word((struct mln_str){
                                        .ptr = text.ptr + value->from, .len = end - value->from }))
        return (struct mln_span){ 0 };
    return (struct mln_span){ .from = value->from, .to = end };
}

/* A credential that begins with `prefix`, then has at least `least` of the bytes it may consist of.
 */
struct prefix {
    const char *text;
    size_t least;
    const char *more; /* Allowed besides letters and digits. */
    bool any_case;    /* A scheme: the prefix is shown, blanks follow it. */
};

static const struct prefix prefixes[] = {
    { "LTAI", 12, "", false },
    { "STS.", 10, "", false },
    { "TMP.", 10, "", false },
    { "bearer ", 8, "._~+/=-%", true },
};

static struct mln_span prefix_span(
        struct mln_str text, size_t at, const struct prefix *prefix, size_t done)
{
    size_t first = at + strlen(prefix->text), end;

    if (prefix->any_case)
        first = skip(text, first, ' ');
    end = first;
    while (end < text.len &&
            (is_alnum(text.ptr[end]) ||
                    (text.ptr[end] != '\0' && strchr(prefix->more, text.ptr[end]) != NULL))) {
        end++;
        if (end - first == prefix->least && end < done)
            end = done; /* Hidden anyway: go on behind it. */
    }
    if (end - first < prefix->least)
        return (struct mln_span){ 0 };
    return (struct mln_span){ .from = prefix->any_case ? first : at, .to = end };
}

static bool has_prefix(struct mln_str text, size_t at, const struct prefix *prefix)
{
    if (prefix->any_case)
        return holds(text, at, prefix->text);
    return text.len - at >= 4 && memcmp(text.ptr + at, prefix->text, 4) == 0;
}

struct mln_span mln_redact_shape(struct mln_str text, size_t at, size_t done)
{
    const struct name *name;
    struct value value = { 0 };
    size_t end = 0;

    if (text.ptr[at] == '\0' || strchr("LSTBbACORSacors", text.ptr[at]) == NULL)
        return (struct mln_span){ 0 };
    for (size_t i = 0; i < MLN_LEN(prefixes); i++) {
        if (has_prefix(text, at, &prefixes[i]))
            return prefix_span(text, at, &prefixes[i], done);
    }
    name = name_at(text, at, &end);
    if (name == NULL || !read_sign(text, at, end, name->kind, &value))
        return (struct mln_span){ 0 };
    return value_span(text, &value, done);
}
