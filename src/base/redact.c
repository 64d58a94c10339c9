#include "base/redact.h"

#include "base/priv.h"

static struct mln_str part(struct mln_str text, size_t from, size_t to)
{
    return (struct mln_str){ .ptr = text.ptr + from, .len = to - from };
}

/* What is hidden because of the byte at `at`: a learned secret from here, or the value of a name.
 */
static struct mln_span hidden_at(const struct mln_redact_walk *walk, size_t at, size_t done)
{
    struct mln_span span = mln_redact_shape(walk->text, at, done);
    size_t end = mln_redact_walk_at(walk, at, done);

    if (end == 0)
        return span;
    if (span.to == 0)
        return (struct mln_span){ .from = at, .to = end };
    return (struct mln_span){ .from = at, .to = end > span.to ? end : span.to };
}

/* One pass: credentials may overlap, so a hidden stretch is searched too and can only grow. */
static void redact_walk(const struct mln_redact_walk *walk, struct mln_buf *out)
{
    struct mln_str text = walk->text;
    struct mln_span hide = { 0 };
    bool hiding = false;
    size_t shown = 0;

    for (size_t at = 0; at < text.len; at++) {
        struct mln_span more;

        if (hiding && at >= hide.to) {
            hiding = false;
            shown = at;
        }
        more = hidden_at(walk, at, hide.to);
        if (more.to > 0 && hide.to <= at)
            hide = more;
        else if (more.to > 0)
            hide = (struct mln_span){ .from = more.from < hide.from ? more.from : hide.from,
                .to = more.to > hide.to ? more.to : hide.to };
        if (!hiding && hide.to > at && hide.from <= at) {
            mln_buf_add(out, part(text, shown, at));
            mln_buf_add_cstr(out, MLN_REDACTED);
            hiding = true;
        }
    }
    if (!hiding)
        mln_buf_add(out, part(text, shown, text.len));
}

void mln_redact(struct mln_str text, struct mln_buf *out)
{
    struct mln_redact_walk walk;

    if (text.len == 0)
        return;
    if (mln_redact_walk_begin(&walk, text))
        redact_walk(&walk, out);
    else
        mln_buf_add_cstr(out, MLN_REDACTED);
    mln_redact_walk_end();
}

static bool may_show(struct mln_str parameter)
{
    static const char *const names[] = { "Action", "CurrentPage", "Format", "HandleStatus", "Lang",
        "PageSize", "RegionId", "Version" };
    struct mln_str name = { 0 };

    if (!mln_str_next(&parameter, '=', &name))
        return false;
    for (size_t i = 0; i < MLN_LEN(names); i++) {
        if (mln_str_is(name, names[i]))
            return true;
    }
    return false;
}

/* The first of `bytes` in `text` from `at`, or the length of the text. */
static size_t find_any(struct mln_str text, size_t at, const char *bytes)
{
    while (at < text.len && (text.ptr[at] == '\0' || strchr(bytes, text.ptr[at]) == NULL))
        at++;
    return at;
}

/* "https://user:password@host" keeps the scheme and the host. */
static void redact_place(struct mln_str place, struct mln_buf *out)
{
    const char *scheme = place.len > 0 ? memmem(place.ptr, place.len, "://", 3) : NULL;
    size_t start = scheme != NULL ? (size_t)(scheme - place.ptr) + 3 : 0;
    size_t end = find_any(place, start, "/"), user = end;

    while (user > start && place.ptr[user - 1] != '@')
        user--;
    if (user > start) {
        mln_redact(part(place, 0, start), out);
        mln_buf_add_cstr(out, MLN_REDACTED "@");
        place = part(place, user, place.len);
    }
    mln_redact(place, out);
}

void mln_redact_url(struct mln_str url, struct mln_buf *out)
{
    size_t end = find_any(url, 0, "?#");
    struct mln_str query = { 0 }, parameter = { 0 };
    char before = '?';

    if (end < url.len && url.ptr[end] == '?')
        query = part(url, end + 1, find_any(url, end, "#"));
    redact_place((struct mln_str){ .ptr = url.ptr, .len = end }, out);
    while (mln_str_next(&query, '&', &parameter)) {
        if (!may_show(parameter))
            continue;
        mln_buf_add_char(out, before);
        mln_redact(parameter, out);
        before = '&';
    }
}
