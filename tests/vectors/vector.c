#include "vector.h"

#include <stdio.h>

#include "base/file.h"

#define FILE_BYTES_MAX ((size_t)64 * 1024)

static const struct {
    const char *name;
    size_t offset;
} fields[] = {
    { "algorithm", offsetof(struct vector, algorithm) },
    { "authorization", offsetof(struct vector, authorization) },
    { "body", offsetof(struct vector, body) },
    { "bucket", offsetof(struct vector, bucket) },
    { "canonical", offsetof(struct vector, canonical) },
    { "form-params", offsetof(struct vector, form_params) },
    { "json-params", offsetof(struct vector, json_params) },
    { "key", offsetof(struct vector, key) },
    { "kind", offsetof(struct vector, kind) },
    { "method", offsetof(struct vector, method) },
    { "names", offsetof(struct vector, names) },
    { "region", offsetof(struct vector, region) },
    { "signature", offsetof(struct vector, signature) },
    { "string-to-sign", offsetof(struct vector, string_to_sign) },
    { "target", offsetof(struct vector, target) },
};

static struct mln_str unescape(struct mln_str text, struct mln_arena *arena)
{
    char *out = mln_arena_cstr(arena, text);
    size_t len = 0;

    for (size_t i = 0; out != NULL && i < text.len; i++) {
        char c = text.ptr[i];

        if (c == '\\' && i + 1 < text.len)
            c = text.ptr[++i] == 'n' ? '\n' : text.ptr[i];
        out[len++] = c;
    }
    return (struct mln_str){ .ptr = out, .len = len };
}

static bool add_header(struct vector *vector, struct mln_str value)
{
    struct mln_str name;

    if (vector->header_count == VECTOR_LIST_MAX || !mln_str_next(&value, ':', &name))
        return false;
    vector->headers[vector->header_count++] = (struct mln_header){ .name = name,
        .value = mln_str_trim(value) };
    return true;
}

static bool add_field(struct vector *vector, struct mln_str name, struct mln_str value)
{
    if (mln_str_is(name, "header"))
        return add_header(vector, value);
    if (mln_str_is(name, "params")) {
        if (vector->param_count == VECTOR_LIST_MAX)
            return false;
        vector->params[vector->param_count++] = value;
        return true;
    }
    for (size_t i = 0; i < MLN_LEN(fields); i++) {
        if (!mln_str_is(name, fields[i].name))
            continue;
        memcpy((char *)vector + fields[i].offset, &value, sizeof(value));
        return true;
    }
    return false;
}

int vector_read(const char *path, struct mln_arena *arena, struct vector *out, struct mln_err *err)
{
    MLN_AUTO(mln_buf_free) struct mln_buf file = MLN_BUF_INIT(FILE_BYTES_MAX);
    struct mln_str rest, line, name;
    int rc = mln_file_read(path, &file, err);

    if (rc != MLN_OK)
        return rc;
    *out = (struct vector){ 0 };
    rest = mln_arena_dup(arena, mln_buf_str(&file));
    while (mln_str_next(&rest, '\n', &line)) {
        if (line.len == 0 || line.ptr[0] == '#')
            continue;
        if (!mln_str_next(&line, ' ', &name) || !add_field(out, name, unescape(line, arena)))
            return mln_fail(err, MLN_EINVAL, "unknown field '%.*s'", MLN_FMT(name));
    }
    return MLN_OK;
}

int vector_compare(const char *stage, struct mln_str got, struct mln_str want, struct mln_err *err)
{
    if (mln_str_eq(got, want))
        return MLN_OK;
    (void)fprintf(stderr, "  %s\n  got  %.*s\n  want %.*s\n", stage, MLN_FMT(got), MLN_FMT(want));
    return mln_fail(err, MLN_EINVAL, "%s differs", stage);
}

struct mln_str vector_query(const struct vector *vector)
{
    struct mln_str rest = vector->target, path;

    if (!mln_str_next(&rest, '?', &path))
        return MLN_STR("");
    return rest;
}

int vector_params(const struct vector *vector, struct mln_arena *arena, struct mln_params *out,
        struct mln_err *err)
{
    int rc = MLN_OK;

    for (size_t i = 0; i < vector->param_count && rc == MLN_OK; i++)
        rc = mln_params_parse_json(out, arena, vector->params[i], err);
    return rc;
}

int vector_compare_params(
        const char *stage, struct mln_params *got, struct mln_params *want, struct mln_err *err)
{
    int rc = MLN_OK;

    mln_params_sort(got);
    mln_params_sort(want);
    if (got->count != want->count)
        return mln_fail(
                err, MLN_EINVAL, "%s: %zu parameters, not %zu", stage, got->count, want->count);
    for (size_t i = 0; i < got->count && rc == MLN_OK; i++) {
        rc = vector_compare(stage, got->items[i].name, want->items[i].name, err);
        if (rc == MLN_OK)
            rc = vector_compare(stage, got->items[i].value, want->items[i].value, err);
    }
    return rc;
}
