/*
 * Hiding what an answer need not tell: values of the members that the plan names, wherever they
 * stand, before anything of the answer is kept.
 */
#include "base/redact.h"
#include "collect/priv.h"
#include "wire/writer.h"

#define TAIL  ((size_t)4)  /* Bytes that still tell one key from another. */
#define WHOLE ((size_t)12) /* A shorter text would be half told by them. */

static bool is_named(const struct mln_yaml_strs *names, struct mln_str name)
{
    for (size_t i = 0; i < names->count; i++)
        if (mln_str_eq(names->items[i], name))
            return true;
    return false;
}

/* What was masked before, in a recording, is not masked once more. */
static bool is_masked(struct mln_str text)
{
    return text.len <= sizeof("****") - 1 + TAIL && mln_str_starts(text, MLN_STR("****"));
}

void mln_mask_value(struct mln_json_value value, struct mln_buf *out)
{
    MLN_AUTO(mln_buf_free) struct mln_buf text = MLN_BUF_INIT(MLN_JSON_BYTES_MAX);
    char shown[sizeof("****") + TAIL] = "****";
    struct mln_str tail;

    if (mln_json_type(value) == MLN_JSON_NULL) {
        mln_json_print(value, out);
        return;
    }
    (void)mln_json_scalar(value, &text);
    tail = mln_buf_str(&text);
    if (text.code == MLN_OK && tail.len >= WHOLE) {
        tail = (struct mln_str){ tail.ptr + tail.len - TAIL, TAIL };
        /* Never from the middle of a character. */
        while (tail.len > 0 && ((unsigned char)tail.ptr[0] & 0xC0) == 0x80)
            tail = (struct mln_str){ tail.ptr + 1, tail.len - 1 };
        memcpy(shown + 4, tail.ptr, tail.len);
    } else if (text.code == MLN_OK && is_masked(tail)) {
        memcpy(shown, tail.ptr, tail.len);
    }
    mln_json_quote(mln_str_of(shown), out);
}

/* An answer that names keys may name them in its other texts, too. */
static void print_scalar(struct mln_json_value value, struct mln_buf *out)
{
    MLN_AUTO(mln_buf_free) struct mln_buf redacted = MLN_BUF_INIT(MLN_JSON_BYTES_MAX);
    struct mln_str text;

    if (!mln_json_to_str(value, &text)) {
        mln_json_print(value, out);
        return;
    }
    mln_redact(text, &redacted);
    if (redacted.code != MLN_OK)
        out->code = redacted.code;
    else
        mln_json_quote(mln_buf_str(&redacted), out);
}

/* Recursion is bounded by MLN_JSON_DEPTH_MAX, as the value was parsed. */
/* NOLINTNEXTLINE(misc-no-recursion): as deep as JSON, which is limited */
void mln_mask_json(
        struct mln_json_value value, const struct mln_yaml_strs *names, struct mln_buf *out)
{
    bool is_object = mln_json_type(value) == MLN_JSON_OBJECT;
    struct mln_json_iter it = mln_json_iter(value);
    struct mln_json_value member;
    struct mln_str key = { 0 };
    size_t count = 0;

    if (!is_object && mln_json_type(value) != MLN_JSON_ARRAY) {
        print_scalar(value, out);
        return;
    }
    mln_buf_add_char(out, is_object ? '{' : '[');
    while (mln_json_next(&it, &key, &member)) {
        if (count++ > 0)
            mln_buf_add_char(out, ',');
        if (is_object) {
            mln_json_quote(key, out);
            mln_buf_add_char(out, ':');
        }
        if (is_object && is_named(names, key))
            mln_mask_value(member, out);
        else
            mln_mask_json(member, names, out);
    }
    mln_buf_add_char(out, is_object ? '}' : ']');
}
