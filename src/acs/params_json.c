/*
 * A JSON body as parameters: the same names that SDKs build when they flatten a request into a
 * query.
 */
#include "acs/params.h"
#include "wire/json.h"

#define NAME_MAX_BYTES ((size_t)4096)

struct flattening {
    struct mln_params *params;
    struct mln_arena *arena;
    struct mln_buf name; /* The path so far: "HandleInfoList.1.HandleType". */
    unsigned depth;
    struct mln_err *err;
};

static int add_text(struct flattening *f, struct mln_str value)
{
    struct mln_str name, name_copy, value_copy;
    int rc = mln_buf_done(&f->name, &name, f->err);

    if (rc != MLN_OK)
        return mln_wrap(f->err, rc, "parameter name");
    name_copy = mln_arena_dup(f->arena, name);
    value_copy = mln_arena_dup(f->arena, value);
    if (name_copy.ptr == NULL || value_copy.ptr == NULL)
        return mln_fail(f->err, MLN_ENOMEM, "no room for parameters");
    return mln_params_add(f->params, f->arena, name_copy, value_copy, f->err);
}

static int add_number(struct flattening *f, struct mln_json_value value)
{
    MLN_AUTO(mln_buf_free) struct mln_buf text = MLN_BUF_INIT(64);

    mln_json_print(value, &text);
    return add_text(f, mln_buf_str(&text));
}

static int add_value(struct flattening *f, struct mln_json_value value);

/* Recursion ends at the reader's depth limit, MLN_JSON_DEPTH_MAX. */
// NOLINTNEXTLINE(misc-no-recursion)
static int add_members(struct flattening *f, struct mln_json_value container)
{
    bool is_list = mln_json_type(container) == MLN_JSON_ARRAY;
    struct mln_json_iter it = mln_json_iter(container);
    size_t prefix = f->name.len;
    struct mln_json_value value;
    struct mln_str key = { 0 };
    int64_t index = 0;

    while (mln_json_next(&it, &key, &value)) {
        int rc;

        index++;
        if (f->depth > 0)
            mln_buf_add_char(&f->name, '.');
        if (is_list)
            mln_buf_add_i64(&f->name, index);
        else
            mln_buf_add(&f->name, key);
        f->depth++;
        rc = add_value(f, value);
        f->depth--;
        if (rc != MLN_OK)
            return rc;
        f->name.len = prefix;
    }
    return MLN_OK;
}

// NOLINTNEXTLINE(misc-no-recursion)
static int add_value(struct flattening *f, struct mln_json_value value)
{
    struct mln_str text;
    bool truth = false;

    switch (mln_json_type(value)) {
    case MLN_JSON_NULL:
        return MLN_OK; /* Skipped, but it has used up its index. */
    case MLN_JSON_BOOL:
        (void)mln_json_to_bool(value, &truth);
        return add_text(f, truth ? MLN_STR("true") : MLN_STR("false"));
    case MLN_JSON_STRING:
        return mln_json_to_str(value, &text) ? add_text(f, text) : MLN_OK;
    case MLN_JSON_INT:
    case MLN_JSON_DOUBLE:
        return add_number(f, value);
    case MLN_JSON_ARRAY:
    case MLN_JSON_OBJECT:
        return add_members(f, value);
    }
    return MLN_OK;
}

static void free_json(struct mln_json **doc)
{
    mln_json_free(*doc);
}

int mln_params_parse_json(struct mln_params *params, struct mln_arena *arena, struct mln_str text,
        struct mln_err *err)
{
    MLN_AUTO(free_json) struct mln_json *doc = NULL;
    struct flattening f = {
        .params = params, .arena = arena, .name = MLN_BUF_INIT(NAME_MAX_BYTES), .err = err
    };
    size_t count_before = params->count;
    int rc = mln_json_parse(text, &doc, err);

    if (rc != MLN_OK)
        return rc;
    if (mln_json_type(mln_json_root(doc)) != MLN_JSON_OBJECT)
        return mln_fail(err, MLN_EINVAL, "the body is not a JSON object");
    rc = add_members(&f, mln_json_root(doc));
    if (rc != MLN_OK)
        params->count = count_before;
    mln_buf_free(&f.name);
    return rc;
}
