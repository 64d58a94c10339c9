/* YAML nodes as values: parameters, shared lists, the JSON of rows in tests. */
#include <math.h>
#include <stdio.h>

#include "check/priv.h"
#include "wire/writer.h"

#define VALUE_BYTES_MAX ((size_t)256 * 1024)

bool mln_param_kind_fits(enum mln_param_kind kind, enum mln_param_kind wanted)
{
    bool numbers = kind == MLN_PARAM_INT || kind == MLN_PARAM_REAL;

    return kind == wanted || (numbers && (wanted == MLN_PARAM_INT || wanted == MLN_PARAM_REAL));
}

static bool is_real(struct mln_str text, double *out)
{
    char copy[64], *end = NULL;

    if (text.len == 0 || text.len >= sizeof(copy) || strspn(text.ptr, "+-.0123456789eE") < text.len)
        return false;
    memcpy(copy, text.ptr, text.len);
    copy[text.len] = '\0';
    *out = strtod(copy, &end);
    return *end == '\0' && isfinite(*out) != 0;
}

static enum mln_param_kind kind_of(const struct mln_yaml_node *node)
{
    int64_t number;
    double real;

    if (node->kind == MLN_YAML_LIST)
        return MLN_PARAM_LIST;
    if (node->quoted)
        return MLN_PARAM_TEXT;
    if (mln_str_is(node->text, "true") || mln_str_is(node->text, "false"))
        return MLN_PARAM_BOOL;
    if (mln_str_to_i64(node->text, &number) == MLN_OK)
        return MLN_PARAM_INT;
    return is_real(node->text, &real) ? MLN_PARAM_REAL : MLN_PARAM_TEXT;
}

static void add_scalar(const struct mln_yaml_node *node, struct mln_buf *out)
{
    int64_t number = 0;
    double real = 0;

    switch (kind_of(node)) {
    case MLN_PARAM_INT:
        (void)!mln_str_to_i64(node->text, &number);
        mln_buf_add_i64(out, number);
        return;
    case MLN_PARAM_REAL:
        (void)is_real(node->text, &real);
        mln_buf_addf(out, "%.17g", real);
        return;
    case MLN_PARAM_BOOL:
        mln_buf_add(out, node->text);
        return;
    case MLN_PARAM_TEXT:
    case MLN_PARAM_LIST:
        mln_json_quote(node->text, out);
        return;
    }
}

/* As deep as MLN_YAML_DEPTH_MAX. */
/* NOLINTNEXTLINE(misc-no-recursion): as deep as JSON, which is limited */
void mln_check_json(const struct mln_yaml_node *node, struct mln_buf *out)
{
    bool is_map = node->kind == MLN_YAML_MAP;

    if (node->kind == MLN_YAML_NULL) {
        mln_buf_add_cstr(out, "null");
        return;
    }
    if (node->kind == MLN_YAML_SCALAR) {
        add_scalar(node, out);
        return;
    }
    mln_buf_add_char(out, is_map ? '{' : '[');
    for (const struct mln_yaml_node *at = node->first; at != NULL; at = at->next) {
        if (at != node->first)
            mln_buf_add_char(out, ',');
        if (is_map) {
            mln_json_quote(at->key->text, out);
            mln_buf_add_char(out, ':');
        }
        mln_check_json(at, out);
    }
    mln_buf_add_char(out, is_map ? '}' : ']');
}

int mln_check_no_memory(struct mln_err *err)
{
    return mln_fail(err, MLN_ENOMEM, "checks: out of memory, or more checks than fit");
}

int mln_check_value(const struct mln_check_reader *reader, const struct mln_yaml_file *file,
        const struct mln_yaml_node *node, struct mln_check_value *out)
{
    MLN_AUTO(mln_buf_free) struct mln_buf text = MLN_BUF_INIT(VALUE_BYTES_MAX);
    struct mln_check_value value;
    char number[64];
    double real = 0;

    if (node->kind != MLN_YAML_SCALAR && node->kind != MLN_YAML_LIST)
        return mln_yaml_fail(
                reader->err, file, node, "a value is a number, true, false, a text or a list");
    value.kind = kind_of(node);
    if (value.kind == MLN_PARAM_LIST) {
        mln_check_json(node, &text);
    } else if (value.kind == MLN_PARAM_REAL && is_real(node->text, &real)) {
        (void)snprintf(number, sizeof(number), "%.17g", real);
        mln_buf_add_cstr(&text, number);
    } else {
        mln_buf_add(&text, node->text);
    }
    if (text.code == MLN_ETOOBIG)
        return mln_yaml_fail(
                reader->err, file, node, "a value has at most %zu bytes", VALUE_BYTES_MAX);
    value.text = mln_arena_dup(reader->arena, mln_buf_str(&text));
    if (text.code != MLN_OK || value.text.ptr == NULL)
        return mln_check_no_memory(reader->err);
    *out = value;
    return MLN_OK;
}
