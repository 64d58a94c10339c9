#include "acs/percent.h"

#include "acs/priv.h"

static bool is_unreserved(unsigned char c)
{
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' ||
           c == '_' || c == '.' || c == '~';
}

void mln_percent_encode(struct mln_str text, struct mln_buf *out)
{
    static const char digits[] = "0123456789ABCDEF";
    size_t escaped = 0;
    char *at;

    for (size_t i = 0; i < text.len; i++)
        escaped += !is_unreserved((unsigned char)text.ptr[i]);
    if (escaped == 0) {
        mln_buf_add(out, text);
        return;
    }
    if (escaped > (SIZE_MAX - text.len) / 2) {
        out->code = MLN_ETOOBIG;
        return;
    }
    /*
     * Exactly what is needed: a reservation for the worst case would meet the limit of `out` too
     * early.
     */
    if (!mln_buf_reserve(out, text.len + 2 * escaped))
        return;
    at = out->ptr + out->len;
    for (size_t i = 0; i < text.len; i++) {
        unsigned char c = (unsigned char)text.ptr[i];

        if (is_unreserved(c)) {
            *at++ = (char)c;
        } else {
            *at++ = '%';
            *at++ = digits[c >> 4];
            *at++ = digits[c & 15];
        }
    }
    *at = '\0';
    out->len += text.len + 2 * escaped;
}

static int hex_digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

static bool is_escaped(struct mln_str text, bool plus_is_space)
{
    return text.len > 0 && (memchr(text.ptr, '%', text.len) != NULL ||
                                   (plus_is_space && memchr(text.ptr, '+', text.len) != NULL));
}

size_t mln_percent_decode_to(struct mln_str text, bool plus_is_space, char *out)
{
    size_t len = 0;

    if (!is_escaped(text, plus_is_space)) {
        if (text.len > 0)
            memmove(out, text.ptr, text.len);
        return text.len;
    }
    for (size_t i = 0; i < text.len; i++) {
        char c = text.ptr[i];
        int high = c == '%' && i + 2 < text.len ? hex_digit(text.ptr[i + 1]) : -1;
        int low = high >= 0 ? hex_digit(text.ptr[i + 2]) : -1;

        if (low >= 0) {
            c = (char)(high * 16 + low);
            i += 2;
        } else if (c == '+' && plus_is_space) {
            c = ' ';
        }
        out[len++] = c;
    }
    return len;
}

void mln_percent_decode(struct mln_str text, bool plus_is_space, struct mln_buf *out)
{
    if (!mln_buf_reserve(out, text.len))
        return;
    out->len += mln_percent_decode_to(text, plus_is_space, out->ptr + out->len);
    out->ptr[out->len] = '\0';
}
