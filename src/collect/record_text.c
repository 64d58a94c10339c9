/*
 * Taking secrets out of an answer that is kept, so that it still reads as the same answer: JSON
 * stays JSON and XML stays XML. What cannot be read is treated as text.
 */
#include <stdio.h>

#include "base/redact.h"
#include "collect/record_priv.h"
#include "wire/writer.h"
#include "wire/xml.h"

#define TEXT_MAX   (2 * MLN_ANSWER_BYTES_MAX)
#define HIDDEN     "[redacted]"
#define ELEMENT_IN ((size_t)256) /* Names of elements that are looked for. */

/* Appends the redacted text; true when something was hidden. */
static bool redact(struct mln_str text, struct mln_buf *out)
{
    size_t from = out->len;

    if (text.len == 0)
        return false;
    mln_redact(text, out);
    return out->code != MLN_OK ||
           !mln_str_eq(text, (struct mln_str){ out->ptr + from, out->len - from });
}

static bool is_redacted(struct mln_str text)
{
    MLN_AUTO(mln_buf_free) struct mln_buf out = MLN_BUF_INIT(TEXT_MAX);

    return redact(text, &out);
}

/* ---- JSON ---- */

static bool is_named(const struct mln_yaml_strs *names, struct mln_str name)
{
    for (size_t i = 0; i < names->count; i++)
        if (mln_str_eq(names->items[i], name))
            return true;
    return false;
}

/* A value may be secret by what it looks like, or by its name. */
static void put_scalar(struct mln_json_value value, const struct mln_str *key, struct mln_buf *out)
{
    MLN_AUTO(mln_buf_free) struct mln_buf shown = MLN_BUF_INIT(TEXT_MAX);
    MLN_AUTO(mln_buf_free) struct mln_buf whole = MLN_BUF_INIT(TEXT_MAX);
    struct mln_str text, printed;
    size_t from;

    if (key != NULL) {
        mln_json_quote(*key, &whole);
        mln_buf_add_char(&whole, ':');
    }
    from = whole.len;
    if (mln_json_to_str(value, &text)) {
        (void)redact(text, &shown);
        mln_json_quote(mln_buf_str(&shown), &whole);
    } else {
        mln_json_print(value, &whole);
    }
    if (shown.code != MLN_OK || whole.code != MLN_OK) {
        out->code = whole.code != MLN_OK ? whole.code : shown.code;
        return;
    }
    printed = (struct mln_str){ whole.ptr + from, whole.len - from };
    if (is_redacted(mln_buf_str(&whole)) && !mln_str_is(mln_buf_str(&shown), HIDDEN))
        printed = MLN_STR("\"" HIDDEN "\"");
    mln_buf_add(out, printed);
}

/* NOLINTNEXTLINE(misc-no-recursion): as deep as JSON, which is limited */
static void put_json(struct mln_json_value value, const struct mln_str *key,
        const struct mln_yaml_strs *mask, struct mln_buf *out)
{
    bool is_object = mln_json_type(value) == MLN_JSON_OBJECT;
    struct mln_json_iter it = mln_json_iter(value);
    struct mln_json_value member;
    struct mln_str name = { 0 };
    size_t count = 0;

    if (!is_object && mln_json_type(value) != MLN_JSON_ARRAY) {
        put_scalar(value, key, out);
        return;
    }
    mln_buf_add_char(out, is_object ? '{' : '[');
    while (mln_json_next(&it, &name, &member)) {
        mln_buf_add_cstr(out, count++ > 0 ? "," : "");
        if (is_object) {
            mln_json_quote(name, out);
            mln_buf_add_char(out, ':');
        }
        if (is_object && is_named(mask, name))
            mln_mask_value(member, out);
        else
            put_json(member, is_object ? &name : key, mask, out);
    }
    mln_buf_add_char(out, is_object ? '}' : ']');
}

static bool clean_json(struct mln_str body, const struct mln_yaml_strs *mask, struct mln_buf *out)
{
    struct mln_json *json = NULL;
    struct mln_err ignored;

    if (mln_json_parse(body, &json, &ignored) != MLN_OK)
        return false;
    put_json(mln_json_root(json), NULL, mask, out);
    mln_json_free(json);
    return true;
}

/* ---- XML ---- */

static bool is_xml(struct mln_str text)
{
    MLN_AUTO(mln_buf_free) struct mln_buf json = MLN_BUF_INIT(TEXT_MAX);
    struct mln_err ignored;

    return mln_xml_to_json(text, &json, NULL, &ignored) == MLN_OK;
}

/* The texts between tags, each by itself: what is hidden is hidden whole. */
static void clean_runs(struct mln_str body, struct mln_buf *out)
{
    size_t from = 0;

    for (size_t i = 0; i <= body.len; i++) {
        struct mln_str run = { body.ptr + from, i - from };

        if (i < body.len && body.ptr[i] != '<' && body.ptr[i] != '>')
            continue;
        if (is_redacted(run))
            mln_buf_add_cstr(out, HIDDEN);
        else
            mln_buf_add(out, run);
        if (i < body.len)
            mln_buf_add_char(out, body.ptr[i]);
        from = i + 1;
    }
}

/* Appends `body` with the text of <name>...</name> masked, wherever it stands. */
static void mask_element(struct mln_str body, struct mln_str name, struct mln_buf *out)
{
    char open[ELEMENT_IN];
    size_t len = (size_t)snprintf(open, sizeof(open), "<%.*s>", MLN_FMT(name));
    const char *found;

    while (len < sizeof(open) && (found = memmem(body.ptr, body.len, open, len)) != NULL) {
        size_t text = (size_t)(found - body.ptr) + len, end = text;

        while (end < body.len && body.ptr[end] != '<')
            end++;
        mln_buf_add(out, (struct mln_str){ body.ptr, text });
        if (end > text)
            mln_buf_add_cstr(out, "****");
        body = (struct mln_str){ body.ptr + end, body.len - end };
    }
    mln_buf_add(out, body);
}

/* The masks one after the other, from one buffer into the other. */
static struct mln_str mask_elements(struct mln_str body, const struct mln_yaml_strs *mask,
        struct mln_buf *one, struct mln_buf *other)
{
    for (size_t i = 0; i < mask->count; i++) {
        struct mln_buf *to = i % 2 == 0 ? one : other;

        mln_buf_reset(to);
        mask_element(body, mask->items[i], to);
        body = mln_buf_str(to);
    }
    return body;
}

static void clean_xml(struct mln_str body, const struct mln_yaml_strs *mask, struct mln_buf *out)
{
    MLN_AUTO(mln_buf_free) struct mln_buf one = MLN_BUF_INIT(TEXT_MAX);
    MLN_AUTO(mln_buf_free) struct mln_buf other = MLN_BUF_INIT(TEXT_MAX);
    MLN_AUTO(mln_buf_free) struct mln_buf runs = MLN_BUF_INIT(TEXT_MAX);

    body = mask_elements(body, mask, &one, &other);
    if (redact(body, out) && out->code == MLN_OK && !is_xml(mln_buf_str(out))) {
        clean_runs(body, &runs);
        mln_buf_reset(out);
        (void)redact(mln_buf_str(&runs), out);
    }
    if (one.code != MLN_OK || other.code != MLN_OK || runs.code != MLN_OK)
        out->code = MLN_ENOMEM;
}

/* ---- both ---- */

int mln_record_clean(const struct mln_collect_answer *answer, const struct mln_yaml_strs *mask,
        struct mln_buf *out, struct mln_err *err)
{
    struct mln_str body = answer->body, done;

    if (answer->is_xml) {
        clean_xml(body, mask, out);
    } else if (redact(body, out) || mask->count > 0) {
        MLN_AUTO(mln_buf_free) struct mln_buf json = MLN_BUF_INIT(TEXT_MAX);

        if (out->code == MLN_OK && clean_json(body, mask, &json)) {
            mln_buf_reset(out);
            mln_buf_add(out, mln_buf_str(&json));
            out->code = json.code != MLN_OK ? json.code : out->code;
        }
    }
    return mln_buf_done(out, &done, err);
}
