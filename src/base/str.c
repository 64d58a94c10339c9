#include "base/str.h"

#include <stdarg.h>
#include <stdio.h>

#define FIRST_CAPACITY ((size_t)64)

struct mln_str mln_str_of(const char *cstr)
{
    return (struct mln_str){ .ptr = cstr, .len = cstr != NULL ? strlen(cstr) : 0 };
}

bool mln_str_eq(struct mln_str a, struct mln_str b)
{
    return a.len == b.len && (a.len == 0 || memcmp(a.ptr, b.ptr, a.len) == 0);
}

bool mln_str_is(struct mln_str s, const char *cstr)
{
    return mln_str_eq(s, mln_str_of(cstr));
}

static unsigned char fold(char c)
{
    return (unsigned char)(c >= 'A' && c <= 'Z' ? c + ('a' - 'A') : c);
}

bool mln_str_eq_nocase(struct mln_str a, struct mln_str b)
{
    if (a.len != b.len)
        return false;
    if (mln_str_eq(a, b))
        return true;
    for (size_t i = 0; i < a.len; i++) {
        if (fold(a.ptr[i]) != fold(b.ptr[i]))
            return false;
    }
    return true;
}

int mln_str_cmp(struct mln_str a, struct mln_str b)
{
    size_t common = a.len < b.len ? a.len : b.len;
    int order = common > 0 ? memcmp(a.ptr, b.ptr, common) : 0;

    if (order != 0)
        return order;
    return a.len < b.len ? -1 : a.len > b.len;
}

bool mln_str_starts(struct mln_str s, struct mln_str prefix)
{
    return s.len >= prefix.len && (prefix.len == 0 || memcmp(s.ptr, prefix.ptr, prefix.len) == 0);
}

bool mln_str_ends(struct mln_str s, struct mln_str suffix)
{
    return s.len >= suffix.len &&
           (suffix.len == 0 || memcmp(s.ptr + s.len - suffix.len, suffix.ptr, suffix.len) == 0);
}

static bool is_blank(char c)
{
    return c == ' ' || (c >= '\t' && c <= '\r');
}

struct mln_str mln_str_trim(struct mln_str s)
{
    while (s.len > 0 && is_blank(s.ptr[0])) {
        s.ptr++;
        s.len--;
    }
    while (s.len > 0 && is_blank(s.ptr[s.len - 1]))
        s.len--;
    return s;
}

bool mln_str_next(struct mln_str *rest, char sep, struct mln_str *out)
{
    const char *hit;
    size_t n;

    if (rest->ptr == NULL)
        return false;
    hit = rest->len > 0 ? memchr(rest->ptr, sep, rest->len) : NULL;
    n = hit != NULL ? (size_t)(hit - rest->ptr) : rest->len;
    *out = (struct mln_str){ .ptr = rest->ptr, .len = n };
    *rest = hit != NULL ? (struct mln_str){ .ptr = hit + 1, .len = rest->len - n - 1 }
                        : (struct mln_str){ 0 };
    return true;
}

int mln_str_to_i64(struct mln_str s, int64_t *out)
{
    bool negative = s.len > 0 && s.ptr[0] == '-';
    int64_t value = 0;
    size_t i = negative ? 1 : 0;

    if (i == s.len)
        return MLN_EINVAL;
    for (; i < s.len; i++) {
        int digit = s.ptr[i] - '0';

        if (digit < 0 || digit > 9)
            return MLN_EINVAL;
        if (__builtin_mul_overflow(value, 10, &value) ||
                __builtin_sub_overflow(value, digit, &value))
            return MLN_EINVAL; /* Counted downwards, because -2^63 has no positive twin. */
    }
    if (!negative && value == INT64_MIN)
        return MLN_EINVAL;
    *out = negative ? value : -value;
    return MLN_OK;
}

void mln_buf_free(struct mln_buf *buf)
{
    free(buf->ptr);
    *buf = (struct mln_buf){ .max = buf->max };
}

void mln_buf_reset(struct mln_buf *buf)
{
    buf->len = 0;
    buf->code = MLN_OK;
}

void mln_buf_wipe(struct mln_buf *buf)
{
    if (buf->ptr != NULL)
        explicit_bzero(buf->ptr, buf->cap);
    mln_buf_reset(buf);
}

void mln_buf_wipe_free(struct mln_buf *buf)
{
    mln_buf_wipe(buf);
    mln_buf_free(buf);
}

bool mln_buf_reserve(struct mln_buf *buf, size_t extra)
{
    size_t need, cap;
    char *grown;

    if (buf->code != MLN_OK)
        return false;
    if (extra > buf->max || buf->len > buf->max - extra || extra > SIZE_MAX / 2 - buf->len) {
        buf->code = MLN_ETOOBIG;
        return false;
    }
    need = buf->len + extra + 1;
    if (need <= buf->cap)
        return true;
    cap = buf->cap < FIRST_CAPACITY ? FIRST_CAPACITY : buf->cap * 2;
    if (cap > buf->max)
        cap = buf->max + 1; /* The NUL is not counted. */
    if (cap < need)
        cap = need;
    grown = realloc(buf->ptr, cap);
    if (grown == NULL) {
        buf->code = MLN_ENOMEM;
        return false;
    }
    buf->ptr = grown;
    buf->cap = cap;
    return true;
}

/* Most appends fit: capacity never exceeds the limit, so there is nothing else to ask. */
static bool has_room(const struct mln_buf *buf, size_t extra)
{
    return buf->code == MLN_OK && extra < buf->cap - buf->len;
}

void mln_buf_add(struct mln_buf *buf, struct mln_str s)
{
    if (!has_room(buf, s.len) && !mln_buf_reserve(buf, s.len))
        return;
    if (s.len > 0)
        memcpy(buf->ptr + buf->len, s.ptr, s.len);
    buf->len += s.len;
    buf->ptr[buf->len] = '\0';
}

void mln_buf_add_cstr(struct mln_buf *buf, const char *cstr)
{
    mln_buf_add(buf, mln_str_of(cstr));
}

void mln_buf_add_char(struct mln_buf *buf, char c)
{
    if (!has_room(buf, 1) && !mln_buf_reserve(buf, 1))
        return;
    buf->ptr[buf->len++] = c;
    buf->ptr[buf->len] = '\0';
}

void mln_buf_addf(struct mln_buf *buf, const char *fmt, ...)
{
    va_list ap;
    int n;

    va_start(ap, fmt);
    n = vsnprintf(NULL, 0, fmt, ap);
    va_end(ap);
    if (n < 0 && buf->code == MLN_OK)
        buf->code = MLN_ETOOBIG; /* Over INT_MAX bytes. */
    if (n < 0 || !mln_buf_reserve(buf, (size_t)n))
        return;
    va_start(ap, fmt);
    (void)vsnprintf(buf->ptr + buf->len, (size_t)n + 1, fmt, ap);
    va_end(ap);
    buf->len += (size_t)n;
}

void mln_buf_add_i64(struct mln_buf *buf, int64_t number)
{
    char digits[24];
    size_t at = sizeof(digits);
    uint64_t rest = number < 0 ? ~(uint64_t)number + 1 : (uint64_t)number;

    do {
        digits[--at] = (char)('0' + rest % 10);
        rest /= 10;
    } while (rest > 0);
    if (number < 0)
        digits[--at] = '-';
    mln_buf_add(buf, (struct mln_str){ .ptr = digits + at, .len = sizeof(digits) - at });
}

void mln_buf_add_hex(struct mln_buf *buf, const void *bytes, size_t len)
{
    static const char digits[] = "0123456789abcdef";
    const unsigned char *in = bytes;

    if (len > SIZE_MAX / 2 || !mln_buf_reserve(buf, len * 2))
        return;
    for (size_t i = 0; i < len; i++) {
        buf->ptr[buf->len++] = digits[in[i] >> 4];
        buf->ptr[buf->len++] = digits[in[i] & 15];
    }
    buf->ptr[buf->len] = '\0';
}

struct mln_str mln_buf_str(const struct mln_buf *buf)
{
    if (buf->code != MLN_OK || buf->len == 0)
        return MLN_STR("");
    return (struct mln_str){ .ptr = buf->ptr, .len = buf->len };
}

int mln_buf_done(const struct mln_buf *buf, struct mln_str *out, struct mln_err *err)
{
    if (buf->code == MLN_ETOOBIG)
        return mln_fail(err, MLN_ETOOBIG, "text is over its limit of %zu bytes", buf->max);
    if (buf->code != MLN_OK)
        return mln_fail(err, buf->code, "out of memory");
    *out = mln_buf_str(buf);
    return MLN_OK;
}
