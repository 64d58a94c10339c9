#include "detect/regex_factor.h"

#define DEPTH_MAX 40
#define TEXT_MIN  ((size_t)3)

/* Texts of which one is there; exact: the expression matches nothing but one of them. */
struct texts {
    struct mln_str *items; /* NULL: unknown. */
    size_t count;
};

struct part {
    struct texts exact;
    struct texts needed;
};

struct parser {
    const char *at;
    struct mln_arena *arena;
    unsigned depth;
    bool lost; /* Syntax that is not understood here: no factor. */
    bool no_memory;
};

static struct part parse_alternatives(struct parser *parser);

/* Words that ordinary statements are made of say little. */
static bool is_common(struct mln_str text)
{
    static const char *const words[] = { "select", "from", "where", "and", "insert", "into",
        "values", "update", "set", "order", "by", "limit", "join", "group by", "order by",
        "insert into", "count(", "like", "not", "null", "for", "distinct" };
    struct mln_str bare = mln_str_trim(text);

    for (size_t i = 0; i < MLN_LEN(words); i++)
        if (mln_str_is(bare, words[i]))
            return true;
    return false;
}

static size_t score(const struct texts *texts)
{
    size_t shortest = MLN_FACTOR_BYTES_MAX;

    if (texts->items == NULL || texts->count == 0)
        return 0;
    for (size_t i = 0; i < texts->count; i++) {
        size_t len = texts->items[i].len;

        if (len >= TEXT_MIN && is_common(texts->items[i]))
            len = TEXT_MIN;
        if (len < shortest)
            shortest = len;
    }
    return shortest < TEXT_MIN ? 0 : shortest;
}

static void better(struct texts *best, const struct texts *other)
{
    size_t a = score(best), b = score(other);

    if (b > a || (b == a && b > 0 && other->count < best->count))
        *best = *other;
}

static struct texts texts_new(struct parser *parser, size_t count)
{
    struct texts texts = { mln_arena_alloc(parser->arena, (count + 1) * sizeof(struct mln_str)),
        0 };

    if (texts.items == NULL)
        parser->no_memory = parser->lost = true;
    return texts;
}

static void texts_add(struct texts *texts, struct mln_str text)
{
    for (size_t i = 0; i < texts->count; i++)
        if (mln_str_eq(texts->items[i], text))
            return;
    texts->items[texts->count++] = text;
}

static struct part part_empty(struct parser *parser)
{
    struct part part = { .exact = texts_new(parser, 1) };

    if (!parser->lost)
        texts_add(&part.exact, (struct mln_str){ "", 0 });
    return part;
}

static struct part part_byte(struct parser *parser, char c)
{
    struct part part = { .exact = texts_new(parser, 1) };
    char *copy = mln_arena_alloc(parser->arena, 1);

    if (copy == NULL)
        parser->no_memory = parser->lost = true;
    if (parser->lost)
        return part;
    *copy = c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
    texts_add(&part.exact, (struct mln_str){ copy, 1 });
    return part;
}

static struct texts cross(struct parser *parser, const struct texts *a, const struct texts *b)
{
    struct texts out = { 0 };

    if (a->items == NULL || b->items == NULL || a->count * b->count > MLN_FACTOR_TEXTS_MAX)
        return out;
    for (size_t i = 0; i < a->count; i++)
        for (size_t j = 0; j < b->count; j++)
            if (a->items[i].len + b->items[j].len > MLN_FACTOR_BYTES_MAX)
                return out;
    out = texts_new(parser, a->count * b->count);
    for (size_t i = 0; !parser->lost && i < a->count * b->count; i++) {
        struct mln_str x = a->items[i / b->count], y = b->items[i % b->count];
        char *both = mln_arena_alloc(parser->arena, x.len + y.len + 1);

        if (both == NULL) {
            parser->no_memory = parser->lost = true;
            break;
        }
        memcpy(both, x.ptr, x.len);
        memcpy(both + x.len, y.ptr, y.len);
        texts_add(&out, (struct mln_str){ both, x.len + y.len });
    }
    return out;
}

static struct texts both(struct parser *parser, const struct texts *a, const struct texts *b)
{
    struct texts out = { 0 };

    if (a->items == NULL || b->items == NULL || a->count + b->count > MLN_FACTOR_TEXTS_MAX)
        return out;
    out = texts_new(parser, a->count + b->count);
    for (size_t i = 0; !parser->lost && i < a->count; i++)
        texts_add(&out, a->items[i]);
    for (size_t i = 0; !parser->lost && i < b->count; i++)
        texts_add(&out, b->items[i]);
    return out;
}

/* [..]: one small set of bytes is exact; anything larger, negated or with ranges is unknown. */
static struct part parse_class(struct parser *parser)
{
    struct part part = { 0 }, one;
    bool simple = parser->at[0] != '^';
    size_t count = 0;

    if (*parser->at == '^')
        parser->at++;
    for (bool first = true; *parser->at != '\0' && (first || *parser->at != ']'); first = false) {
        char c = *parser->at++;

        if (c == '[' && *parser->at == ':')
            parser->lost = true;
        if (c == '\\' && *parser->at != '\0') {
            c = *parser->at++;
            simple = simple && !(c >= '0' && c <= '9') && !(c >= 'a' && c <= 'z') &&
                     !(c >= 'A' && c <= 'Z');
        } else if (c == '-') {
            simple = false;
        }
        if (!simple || ++count > 4) {
            simple = false;
            continue;
        }
        one = part_byte(parser, c);
        part.exact = count == 1 ? one.exact : both(parser, &part.exact, &one.exact);
    }
    if (*parser->at == ']')
        parser->at++;
    else
        parser->lost = true;
    return simple ? part : (struct part){ 0 };
}

static int hex_digit(char c)
{
    return c >= '0' && c <= '9'   ? c - '0'
           : c >= 'a' && c <= 'f' ? c - 'a' + 10
           : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                  : -1;
}

static struct part parse_escape(struct parser *parser)
{
    char c = *parser->at;

    if (c == '\0') {
        parser->lost = true;
        return (struct part){ 0 };
    }
    parser->at++;
    if (strchr("bBAzZG", c) != NULL)
        return part_empty(parser);
    if (strchr("dDwWsShHvVRNX", c) != NULL)
        return (struct part){ 0 };
    if (c == 'n' || c == 't' || c == 'r')
        return part_byte(parser, c == 'n' ? '\n' : c == 't' ? '\t' : '\r');
    if (c == 'x' && hex_digit(parser->at[0]) >= 0 && hex_digit(parser->at[1]) >= 0) {
        int byte = hex_digit(parser->at[0]) * 16 + hex_digit(parser->at[1]);

        parser->at += 2;
        return part_byte(parser, (char)(unsigned char)byte);
    }
    if (c >= '1' && c <= '9') { /* What a group matched, or a byte in octal. */
        while (*parser->at >= '0' && *parser->at <= '9')
            parser->at++;
        return (struct part){ 0 };
    }
    if (c == '0' || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'))
        parser->lost = true;
    return part_byte(parser, c);
}

/* NOLINTNEXTLINE(misc-no-recursion): DEPTH_MAX */
static struct part parse_group(struct parser *parser)
{
    bool look_around = false;
    struct part part;

    if (*parser->at == '*')
        parser->lost = true;
    if (*parser->at == '?') {
        parser->at++;
        if (*parser->at == '<' && (parser->at[1] == '=' || parser->at[1] == '!'))
            parser->at++;
        look_around = *parser->at == '=' || *parser->at == '!';
        if (!look_around && *parser->at != ':' && *parser->at != '>')
            parser->lost = true;
        if (*parser->at != '\0')
            parser->at++;
    }
    if (++parser->depth > DEPTH_MAX)
        parser->lost = true;
    part = parse_alternatives(parser);
    parser->depth--;
    if (*parser->at == ')')
        parser->at++;
    else
        parser->lost = true;
    return look_around ? part_empty(parser) : part;
}

/* NOLINTNEXTLINE(misc-no-recursion): DEPTH_MAX */
static struct part parse_atom(struct parser *parser)
{
    char c = *parser->at++;

    switch (c) {
    case '(':
        return parse_group(parser);
    case '[':
        return parse_class(parser);
    case '\\':
        return parse_escape(parser);
    case '.':
        return (struct part){ 0 };
    case '^':
    case '$':
        return part_empty(parser);
    default:
        return part_byte(parser, c);
    }
}

/* {n,m} is a quantifier only when it looks like one. */
static bool at_braces(const char *at, size_t *len, bool *optional)
{
    size_t digits = *at == '{' ? strspn(at + 1, "0123456789") : 0, i = 1 + digits;

    if (digits == 0)
        return false;
    if (at[i] == ',')
        i += 1 + strspn(at + i + 1, "0123456789");
    if (at[i] != '}')
        return false;
    *len = i + 1;
    *optional = strspn(at + 1, "0") == digits;
    return true;
}

static void quantify(struct parser *parser, struct part *part)
{
    size_t len = 1;
    bool optional = *parser->at == '?' || *parser->at == '*', once = *parser->at == '?';

    if (!optional && *parser->at != '+' && !at_braces(parser->at, &len, &optional))
        return;
    parser->at += len;
    if (*parser->at == '?' || *parser->at == '+')
        parser->at++;
    if (once) {
        struct part nothing = part_empty(parser);

        part->exact = both(parser, &part->exact, &nothing.exact);
        part->needed = (struct texts){ 0 };
        return;
    }
    if (optional)
        *part = (struct part){ 0 };
    better(&part->needed, &part->exact);
    part->exact = (struct texts){ 0 };
}

/* NOLINTNEXTLINE(misc-no-recursion): DEPTH_MAX */
static struct part parse_sequence(struct parser *parser)
{
    struct part whole = part_empty(parser);
    struct texts run = whole.exact;

    while (!parser->lost && *parser->at != '\0' && *parser->at != '|' && *parser->at != ')') {
        struct part next = parse_atom(parser);
        struct texts longer;

        quantify(parser, &next);
        longer = cross(parser, &run, &next.exact);
        better(&whole.needed, &next.needed);
        if (longer.items != NULL) {
            run = longer;
        } else {
            better(&whole.needed, &run);
            whole.exact = (struct texts){ 0 };
            run = next.exact.items != NULL ? next.exact : part_empty(parser).exact;
        }
    }
    if (whole.exact.items != NULL)
        whole.exact = run;
    better(&whole.needed, &run);
    return whole;
}

/* NOLINTNEXTLINE(misc-no-recursion): DEPTH_MAX */
static struct part parse_alternatives(struct parser *parser)
{
    struct part whole = parse_sequence(parser);

    while (!parser->lost && *parser->at == '|') {
        struct part next;

        parser->at++;
        next = parse_sequence(parser);
        whole.exact = both(parser, &whole.exact, &next.exact);
        whole.needed = score(&whole.needed) > 0 && score(&next.needed) > 0
                               ? both(parser, &whole.needed, &next.needed)
                               : (struct texts){ 0 };
    }
    return whole;
}

static bool contains(struct mln_str text, struct mln_str part)
{
    return memmem(text.ptr, text.len, part.ptr, part.len) != NULL;
}

/* A text within which another one is, is found with it. */
static void drop_redundant(struct texts *texts)
{
    size_t kept = 0;

    for (size_t i = 0; i < texts->count; i++) {
        bool redundant = false;

        for (size_t j = 0; j < texts->count; j++)
            redundant = redundant || (i != j && texts->items[j].len < texts->items[i].len &&
                                             contains(texts->items[i], texts->items[j]));
        if (!redundant)
            texts->items[kept++] = texts->items[i];
    }
    texts->count = kept;
}

bool mln_regex_factor(const char *regex, struct mln_arena *arena, struct mln_factor *out)
{
    struct parser parser = { .at = regex, .arena = arena };
    struct part whole = parse_alternatives(&parser);

    *out = (struct mln_factor){ 0 };
    if (parser.no_memory)
        return false;
    if (parser.lost || *parser.at != '\0' || score(&whole.needed) == 0)
        return true;
    drop_redundant(&whole.needed);
    *out = (struct mln_factor){ whole.needed.items, whole.needed.count };
    return true;
}
