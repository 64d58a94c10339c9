#include "base/utf8.h"

#include "base/priv.h"

size_t mln_utf8_decode(struct mln_str s, size_t at, uint32_t *out)
{
    static const uint32_t least[] = { 0, 0, 0x80, 0x800, 0x10000 };
    unsigned char lead = (unsigned char)s.ptr[at];
    uint32_t code;
    size_t len;

    if (lead < 0x80) {
        *out = lead;
        return 1;
    }
    if (lead < 0xc2 || lead > 0xf4)
        return 0;
    len = lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4;
    if (s.len - at < len)
        return 0;
    code = lead & (0x7fU >> len);
    for (size_t i = 1; i < len; i++) {
        unsigned char next = (unsigned char)s.ptr[at + i];

        if ((next & 0xc0) != 0x80)
            return 0;
        code = code << 6 | (next & 0x3fU);
    }
    if (code < least[len] || code > 0x10ffff || (code >= 0xd800 && code <= 0xdfff))
        return 0;
    *out = code;
    return len;
}

bool mln_utf8_valid(struct mln_str s)
{
    uint32_t code;
    size_t len;

    for (size_t at = 0; at < s.len; at += len) {
        len = mln_utf8_decode(s, at, &code);
        if (len == 0)
            return false;
    }
    return true;
}

size_t mln_utf8_count(struct mln_str s)
{
    size_t count = 0;

    for (size_t i = 0; i < s.len; i++)
        count += ((unsigned char)s.ptr[i] & 0xc0) != 0x80;
    return count;
}

static bool is_control(uint32_t code)
{
    return code < 0x20 || (code >= 0x7f && code <= 0x9f) || code == 0x2028 || code == 0x2029;
}

bool mln_utf8_is_unsafe(uint32_t code)
{
    /* Marks, embeddings, overrides and isolates reorder what stands around them. */
    return is_control(code) || code == 0x061c || code == 0x200e || code == 0x200f ||
           (code >= 0x202a && code <= 0x202e) || (code >= 0x2066 && code <= 0x2069);
}

/* Bytes that are not well-formed are skipped one by one, so that the walk always ends. */
bool mln_utf8_has_control(struct mln_str s)
{
    uint32_t code;
    size_t len;

    for (size_t at = 0; at<s.len; at += len> 0 ? len : 1) {
        len = mln_utf8_decode(s, at, &code);
        if (len > 0 && is_control(code))
            return true;
    }
    return false;
}

void mln_utf8_escape_controls(struct mln_str s, struct mln_buf *out)
{
    size_t at = 0, plain = 0, len;
    uint32_t code = 0;

    while (at < s.len) {
        len = mln_utf8_decode(s, at, &code);
        if (len > 0 && !mln_utf8_is_unsafe(code)) {
            at += len;
            continue;
        }
        mln_buf_add(out, (struct mln_str){ .ptr = s.ptr + plain, .len = at - plain });
        if (len == 0)
            mln_buf_addf(out, "\\x%02X", (unsigned)(unsigned char)s.ptr[at]);
        else
            mln_buf_addf(out, code < 0x100 ? "\\x%02X" : "\\u{%04X}", (unsigned)code);
        at += len > 0 ? len : 1;
        plain = at;
    }
    if (at > plain) /* An empty view may have no pointer to add to. */
        mln_buf_add(out, (struct mln_str){ .ptr = s.ptr + plain, .len = at - plain });
}

struct range {
    uint32_t first, last;
};

static bool in_ranges(const struct range *ranges, size_t count, uint32_t code)
{
    size_t low = 0, high = count;

    while (low < high) {
        size_t middle = low + (high - low) / 2;

        if (code > ranges[middle].last)
            low = middle + 1;
        else if (code < ranges[middle].first)
            high = middle;
        else
            return true;
    }
    return false;
}

static size_t columns_of(uint32_t code)
{
#define R(first, last) { first, last },
    static const struct range zero[] = {
#include "base/utf8_zero.def"
    };
    static const struct range wide[] = {
#include "base/utf8_wide.def"
    };
#undef R

    if (code < 0x300)
        return is_control(code) ? 0 : 1;
    if (in_ranges(zero, MLN_LEN(zero), code))
        return 0;
    return in_ranges(wide, MLN_LEN(wide), code) ? 2 : 1;
}

size_t mln_utf8_columns(struct mln_str s)
{
    size_t columns = 0, len;
    uint32_t code;

    for (size_t at = 0; at<s.len; at += len> 0 ? len : 1) {
        len = mln_utf8_decode(s, at, &code);
        columns += len > 0 ? columns_of(code) : 1;
    }
    return columns;
}
