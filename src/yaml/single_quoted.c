/*
 * Decoding a single-quoted scalar (YAML 1.2, 7.3.2) from its source, because libfyaml miscounts
 * neighbouring quotes and gives one too many or too few.
 */
#include "yaml/priv.h"

/* Length of the blanks and line breaks at `s`; `breaks` counts the latter. */
static size_t white_run(struct mln_str s, size_t *breaks)
{
    size_t len = 0;

    *breaks = 0;
    for (; len < s.len; len++) {
        if (s.ptr[len] == '\n' || s.ptr[len] == '\r')
            *breaks += s.ptr[len] == '\n' || len + 1 == s.len || s.ptr[len + 1] != '\n';
        else if (s.ptr[len] != ' ' && s.ptr[len] != '\t')
            break;
    }
    return len;
}

/* One break folds to a space, more lose the first; the blanks around them are layout. */
static void add_white(struct mln_str run, size_t breaks, struct mln_buf *out)
{
    if (breaks == 0)
        mln_buf_add(out, run);
    else if (breaks == 1)
        mln_buf_add_char(out, ' ');
    for (size_t i = 1; i < breaks; i++)
        mln_buf_add_char(out, '\n');
}

void mln_yaml_single_quoted(struct mln_str source, struct mln_buf *out)
{
    size_t at = 0;

    while (at < source.len) {
        struct mln_str rest = { .ptr = source.ptr + at, .len = source.len - at };
        size_t breaks, white = white_run(rest, &breaks);

        if (white > 0) {
            add_white((struct mln_str){ .ptr = rest.ptr, .len = white }, breaks, out);
            at += white;
            continue;
        }
        mln_buf_add_char(out, rest.ptr[0]);
        at += rest.ptr[0] == '\'' ? 2 : 1;
    }
}
