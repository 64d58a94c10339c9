#include "wire/writer.h"

#include <assert.h>
#include <math.h>

#include "wire/priv.h"

/* What a string is written for; both at once for JSON as the text of an XML element. */
enum { FOR_JSON = 1, FOR_XML = 2 };

#define REPLACEMENT "\xEF\xBF\xBD" /* U+FFFD */

/* clang-format off */
/* Which of the two cannot take an ASCII byte as it is, 32 bytes a row. */
static const uint8_t escaped_for[128] = {
    3, 3, 3, 3, 3, 3, 3, 3, 3, 1, 1, 3, 3, 3, 3, 3, 3, 3, 3, 3, 3, 3, 3, 3, 3, 3, 3, 3, 3, 3, 3, 3,
    0, 0, 1, 0, 0, 0, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2, 0, 2, 0,
    0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0,
    0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
};
/* clang-format on */

/* The length of the well-formed UTF-8 sequence that starts with a byte above 0x7F, or 0. */
static size_t sequence_length(const unsigned char *s, size_t left)
{
    unsigned char low = 0x80, high = 0xBF;
    size_t len = s[0] < 0xE0 ? 2 : s[0] < 0xF0 ? 3 : 4;

    if (s[0] < 0xC2 || s[0] > 0xF4 || left < len)
        return 0;
    /* The second byte's range excludes overlong forms, surrogates and what is above U+10FFFF. */
    if (s[0] == 0xE0)
        low = 0xA0;
    else if (s[0] == 0xED)
        high = 0x9F;
    else if (s[0] == 0xF0)
        low = 0x90;
    else if (s[0] == 0xF4)
        high = 0x8F;
    if (s[1] < low || s[1] > high)
        return 0;
    for (size_t i = 2; i < len; i++) {
        if ((s[i] & 0xC0) != 0x80)
            return 0;
    }
    return len;
}

/* U+FFFE and U+FFFF, the only characters of three bytes that XML 1.0 has no place for. */
static bool is_forbidden_in_xml(const unsigned char *s)
{
    return s[0] == 0xEF && s[1] == 0xBF && s[2] >= 0xBE;
}

static void add_json_escape(struct mln_buf *out, unsigned char byte)
{
    switch (byte) {
    case '"':
        mln_buf_add(out, MLN_STR("\\\""));
        break;
    case '\\':
        mln_buf_add(out, MLN_STR("\\\\"));
        break;
    case '\n':
        mln_buf_add(out, MLN_STR("\\n"));
        break;
    case '\r':
        mln_buf_add(out, MLN_STR("\\r"));
        break;
    case '\t':
        mln_buf_add(out, MLN_STR("\\t"));
        break;
    default:
        mln_buf_add(out, MLN_STR("\\u00"));
        mln_buf_add_hex(out, &byte, 1);
        break;
    }
}

static void add_xml_escape(struct mln_buf *out, unsigned char byte)
{
    switch (byte) {
    case '<':
        mln_buf_add(out, MLN_STR("&lt;"));
        break;
    case '>':
        mln_buf_add(out, MLN_STR("&gt;"));
        break;
    case '&':
        mln_buf_add(out, MLN_STR("&amp;"));
        break;
    case '\r': /* As itself, every XML reader would turn it into a line feed. */
        mln_buf_add(out, MLN_STR("&#13;"));
        break;
    default:
        mln_buf_add(out, MLN_STR(REPLACEMENT));
        break;
    }
}

/* Appends `s`: runs that need nothing are copied whole, the bytes between them are escaped or
 * replaced. */
static void add_text(struct mln_buf *out, struct mln_str s, unsigned use)
{
    const unsigned char *in = (const unsigned char *)s.ptr;
    size_t run = 0, at = 0;

    while (at < s.len) {
        size_t len = 1;

        if (in[at] < 0x80) {
            if ((escaped_for[in[at]] & use) == 0) {
                at++;
                continue;
            }
        } else {
            len = sequence_length(in + at, s.len - at);
            if (len > 0 && ((use & FOR_XML) == 0 || !is_forbidden_in_xml(in + at))) {
                at += len;
                continue;
            }
            len = len > 0 ? len : 1;
        }
        mln_buf_add(out, (struct mln_str){ .ptr = s.ptr + run, .len = at - run });
        if (in[at] >= 0x80)
            mln_buf_add(out, MLN_STR(REPLACEMENT));
        else if ((escaped_for[in[at]] & use & FOR_JSON) != 0)
            add_json_escape(out, in[at]); /* Leaves nothing that XML would mind. */
        else
            add_xml_escape(out, in[at]);
        at += len;
        run = at;
    }
    if (at > run)
        mln_buf_add(out, (struct mln_str){ .ptr = s.ptr + run, .len = at - run });
}

static void add_quoted(struct mln_buf *out, struct mln_str s, unsigned use)
{
    mln_buf_add_char(out, '"');
    add_text(out, s, use);
    mln_buf_add_char(out, '"');
}

void mln_json_quote(struct mln_str text, struct mln_buf *out)
{
    add_quoted(out, text, FOR_JSON);
}

static bool is_json(const struct mln_writer *w)
{
    return w->format == MLN_FORMAT_JSON || w->text_depth != 0;
}

static unsigned use_of(const struct mln_writer *w)
{
    return (is_json(w) ? FOR_JSON : 0U) | (w->format == MLN_FORMAT_XML ? FOR_XML : 0U);
}

static unsigned top(const struct mln_writer *w)
{
    assert(w->depth > 0);
    return (w->depth <= MLN_WRITER_DEPTH_MAX ? w->depth : MLN_WRITER_DEPTH_MAX) - 1;
}

/* Too deep fails the buffer; the depth is still counted, so that begins and ends stay paired. */
static void push(struct mln_writer *w, const char *key, bool is_list)
{
    unsigned at;

    w->depth++;
    if (w->depth > MLN_WRITER_DEPTH_MAX) {
        if (w->out->code == MLN_OK)
            w->out->code = MLN_ETOOBIG;
        return;
    }
    at = top(w);
    w->level[at].key = key;
    w->level[at].is_list = is_list;
    w->level[at].has_members = false;
}

static void add_tag(struct mln_writer *w, const char *opening, const char *name)
{
    mln_buf_add_cstr(w->out, opening);
    mln_buf_add_cstr(w->out, name);
    mln_buf_add_char(w->out, '>');
}

/* The XML element of a member or, inside a list, of the list. */
static const char *element_of(const struct mln_writer *w, const char *key)
{
    return key != NULL ? key : w->level[top(w)].key;
}

static void comma(struct mln_writer *w)
{
    if (w->level[top(w)].has_members)
        mln_buf_add_char(w->out, ',');
    w->level[top(w)].has_members = true;
}

/* A comma where one is due, and a name. In one piece: a page of a list consists of these. */
static void member_begin(struct mln_writer *w, const char *key)
{
    bool follows = w->level[top(w)].has_members;
    size_t len = strlen(key);
    char *at;

    w->level[top(w)].has_members = true;
    if (!mln_buf_reserve(w->out, len + sizeof("\"\":") - 1 + follows))
        return;
    at = w->out->ptr + w->out->len;
    if (follows)
        *at++ = ',';
    *at++ = '"';
    memcpy(at, key, len);
    at += len;
    *at++ = '"';
    *at++ = ':';
    *at = '\0';
    w->out->len = (size_t)(at - w->out->ptr);
}

static void value_begin(struct mln_writer *w, const char *key)
{
    assert(w->depth > MLN_WRITER_DEPTH_MAX || (key == NULL) == w->level[top(w)].is_list);
    if (!is_json(w)) {
        add_tag(w, "<", element_of(w, key));
        return;
    }
    if (key != NULL)
        member_begin(w, key);
    else
        comma(w);
}

static void value_end(struct mln_writer *w, const char *key)
{
    if (!is_json(w))
        add_tag(w, "</", element_of(w, key));
}

void mln_writer_begin(
        struct mln_writer *w, struct mln_buf *out, enum mln_format format, const char *root)
{
    *w = (struct mln_writer){ .out = out, .format = format, .root = root };
    push(w, root, false);
    if (format == MLN_FORMAT_JSON) {
        mln_buf_add_char(out, '{');
    } else {
        mln_buf_add_cstr(out, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>");
        add_tag(w, "<", root);
    }
}

void mln_writer_end(struct mln_writer *w)
{
    assert(w->depth == 1);
    mln_writer_object_end(w);
}

void mln_writer_object_begin(struct mln_writer *w, const char *key)
{
    const char *element = element_of(w, key);

    value_begin(w, key);
    if (is_json(w))
        mln_buf_add_char(w->out, '{');
    push(w, element, false);
}

void mln_writer_object_end(struct mln_writer *w)
{
    const char *element = w->level[top(w)].key;

    assert(w->text_depth != w->depth);
    if (is_json(w))
        mln_buf_add_char(w->out, '}');
    else
        add_tag(w, "</", element);
    w->depth--;
}

void mln_writer_list_begin(struct mln_writer *w, const char *key)
{
    const char *element = element_of(w, key);

    if (is_json(w)) {
        value_begin(w, key);
        mln_buf_add_char(w->out, '[');
    }
    push(w, element, true);
}

void mln_writer_list_end(struct mln_writer *w)
{
    assert(w->depth > MLN_WRITER_DEPTH_MAX || w->level[top(w)].is_list);
    if (is_json(w))
        mln_buf_add_char(w->out, ']');
    w->depth--;
}

void mln_writer_text_object_begin(struct mln_writer *w, const char *key)
{
    const char *element = element_of(w, key);

    value_begin(w, key);
    mln_buf_add_char(w->out, '{');
    push(w, element, false);
    if (!is_json(w))
        w->text_depth = w->depth;
}

void mln_writer_text_object_end(struct mln_writer *w)
{
    if (w->text_depth != w->depth) {
        mln_writer_object_end(w);
        return;
    }
    mln_buf_add_char(w->out, '}');
    w->text_depth = 0;
    mln_writer_object_end(w);
}

void mln_writer_str(struct mln_writer *w, const char *key, struct mln_str value)
{
    value_begin(w, key);
    if (is_json(w))
        add_quoted(w->out, value, use_of(w));
    else
        add_text(w->out, value, use_of(w));
    value_end(w, key);
}

void mln_writer_cstr(struct mln_writer *w, const char *key, const char *value)
{
    mln_writer_str(w, key, mln_str_of(value));
}

void mln_writer_i64(struct mln_writer *w, const char *key, int64_t value)
{
    value_begin(w, key);
    mln_buf_add_i64(w->out, value);
    value_end(w, key);
}

void mln_writer_bool(struct mln_writer *w, const char *key, bool value)
{
    value_begin(w, key);
    mln_buf_add_cstr(w->out, value ? "true" : "false");
    value_end(w, key);
}

void mln_writer_double(struct mln_writer *w, const char *key, double value)
{
    char digits[MLN_DOUBLE_TEXT_MAX];
    size_t len;

    if (!isfinite(value)) {
        mln_writer_null(w, key); /* Neither syntax has a number for it. */
        return;
    }
    len = mln_double_text(value, digits);
    value_begin(w, key);
    mln_buf_add(w->out, (struct mln_str){ .ptr = digits, .len = len });
    value_end(w, key);
}

void mln_writer_null(struct mln_writer *w, const char *key)
{
    if (!is_json(w))
        return;
    value_begin(w, key);
    mln_buf_add(w->out, MLN_STR("null"));
}

void mln_writer_str_named(struct mln_writer *w, struct mln_str name, struct mln_str value)
{
    assert(is_json(w)); /* An outsider's text is no element name. */
    comma(w);
    add_quoted(w->out, name, use_of(w));
    mln_buf_add_char(w->out, ':');
    add_quoted(w->out, value, use_of(w));
}
