#include "acs/params.h"

#include "acs/priv.h"

#define CAPACITY_FIRST ((size_t)32)
#define INDEX_MAX      100000

int mln_params_add(struct mln_params *params, struct mln_arena *arena, struct mln_str name,
        struct mln_str value, struct mln_err *err)
{
    if (params->count >= MLN_PARAMS_MAX)
        return mln_fail(err, MLN_ETOOBIG, "more than %zu parameters", MLN_PARAMS_MAX);
    if (params->count == params->capacity) {
        size_t capacity = params->capacity == 0 ? CAPACITY_FIRST : params->capacity * 2;
        struct mln_param *grown = mln_arena_alloc(arena, capacity * sizeof(*grown));

        if (grown == NULL)
            return mln_fail(err, MLN_ENOMEM, "no room for parameters");
        if (params->count > 0)
            memcpy(grown, params->items, params->count * sizeof(*grown));
        params->items = grown;
        params->capacity = capacity;
    }
    params->items[params->count++] = (struct mln_param){ .name = name, .value = value };
    return MLN_OK;
}

/* Decodes `part`, which is ours to write, where it stands. */
static struct mln_str decode_in_place(char *part, size_t len)
{
    struct mln_str text = { .ptr = part, .len = len };

    return (struct mln_str){ .ptr = part, .len = mln_percent_decode_to(text, true, part) };
}

static int add_pair(struct mln_params *params, struct mln_arena *arena, char *pair, size_t len,
        struct mln_err *err)
{
    char *equals = memchr(pair, '=', len);
    size_t name_len = equals != NULL ? (size_t)(equals - pair) : len;
    struct mln_str value = MLN_STR("");

    if (equals != NULL)
        value = decode_in_place(equals + 1, len - name_len - 1);
    return mln_params_add(params, arena, decode_in_place(pair, name_len), value, err);
}

int mln_params_parse_query(struct mln_params *params, struct mln_arena *arena, struct mln_str text,
        struct mln_err *err)
{
    size_t count_before = params->count;
    char *copy = mln_arena_cstr(arena, text);

    if (copy == NULL)
        return mln_fail(err, MLN_ENOMEM, "no room for parameters");
    for (size_t at = 0; at < text.len;) {
        const char *end = memchr(copy + at, '&', text.len - at);
        size_t len = end != NULL ? (size_t)(end - (copy + at)) : text.len - at;
        int rc = len > 0 ? add_pair(params, arena, copy + at, len, err) : MLN_OK;

        if (rc != MLN_OK) {
            params->count = count_before;
            return rc;
        }
        at += len + 1;
    }
    return MLN_OK;
}

static int by_name_then_value(const void *left, const void *right)
{
    const struct mln_param *a = left, *b = right;
    int order = mln_str_cmp(a->name, b->name);

    return order != 0 ? order : mln_str_cmp(a->value, b->value);
}

/* SDKs send them in order. */
static bool is_sorted(const struct mln_params *params)
{
    size_t i = 1;

    while (i < params->count && by_name_then_value(&params->items[i - 1], &params->items[i]) <= 0)
        i++;
    return i >= params->count;
}

void mln_params_sort(struct mln_params *params)
{
    if (!is_sorted(params))
        qsort(params->items, params->count, sizeof(*params->items), by_name_then_value);
}

const struct mln_param *mln_params_repeated(const struct mln_params *params)
{
    for (size_t i = 1; i < params->count; i++) {
        if (mln_str_eq(params->items[i - 1].name, params->items[i].name))
            return &params->items[i];
    }
    return NULL;
}

bool mln_params_get(const struct mln_params *params, const char *name, bool empty_is_absent,
        struct mln_str *out)
{
    struct mln_str wanted = mln_str_of(name);

    for (size_t i = 0; i < params->count; i++) {
        if (!mln_str_eq(params->items[i].name, wanted))
            continue;
        if (empty_is_absent && params->items[i].value.len == 0)
            return false;
        *out = params->items[i].value;
        return true;
    }
    return false;
}

/* "ItemIds.10.x" with "ItemIds" gives "10"; false when `name` is no element of `list`. */
static bool index_text(struct mln_str name, struct mln_str list, struct mln_str *out)
{
    const char *dot;

    if (name.len <= list.len || !mln_str_starts(name, list) || name.ptr[list.len] != '.')
        return false;
    out->ptr = name.ptr + list.len + 1;
    out->len = name.len - list.len - 1;
    dot = memchr(out->ptr, '.', out->len);
    if (dot != NULL)
        out->len = (size_t)(dot - out->ptr);
    return true;
}

/* One spelling for each index: with "01" beside "1" an element would have two values. */
static bool index_parse(struct mln_str text, int64_t *out)
{
    return text.len > 0 && text.ptr[0] >= '1' && text.ptr[0] <= '9' &&
           mln_str_to_i64(text, out) == MLN_OK && *out <= INDEX_MAX;
}

static int by_number(const void *left, const void *right)
{
    const int64_t *a = left, *b = right;

    return (*a > *b) - (*a < *b);
}

static size_t sort_unique(int64_t *items, size_t count)
{
    size_t kept = 0;

    if (count > 1)
        qsort(items, count, sizeof(*items), by_number);
    for (size_t i = 0; i < count; i++) {
        if (kept == 0 || items[kept - 1] != items[i])
            items[kept++] = items[i];
    }
    return kept;
}

int mln_params_indexes(const struct mln_params *params, struct mln_arena *arena, const char *list,
        size_t max, struct mln_param_indexes *out, struct mln_err *err)
{
    struct mln_str wanted = mln_str_of(list), text;
    int64_t *items = mln_arena_alloc(arena, params->count * sizeof(*items));
    size_t count = 0;

    if (items == NULL)
        return mln_fail(err, MLN_ENOMEM, "no room for parameters");
    for (size_t i = 0; i < params->count; i++) {
        if (!index_text(params->items[i].name, wanted, &text))
            continue;
        if (!index_parse(text, &items[count]))
            return mln_fail(err, MLN_EINVAL, "an index of %s is not 1..%d", list, INDEX_MAX);
        count++;
    }
    count = sort_unique(items, count);
    if (count > max)
        return mln_fail(err, MLN_ETOOBIG, "%s has more than %zu elements", list, max);
    *out = (struct mln_param_indexes){ .items = items, .count = count };
    return MLN_OK;
}

/* What follows the index in a name: "" for "ItemIds.3", ".x" for "ItemIds.3.x". */
static struct mln_str after_index(struct mln_str name, struct mln_str index)
{
    size_t used = (size_t)(index.ptr + index.len - name.ptr);

    return (struct mln_str){ .ptr = name.ptr + used, .len = name.len - used };
}

bool mln_params_list_get(const struct mln_params *params, const char *list, int64_t index,
        const char *member, struct mln_str *out)
{
    struct mln_str list_name = mln_str_of(list), text, rest;
    int64_t found;

    for (size_t i = 0; i < params->count; i++) {
        struct mln_str name = params->items[i].name;

        if (!index_text(name, list_name, &text) || !index_parse(text, &found) || found != index)
            continue;
        rest = after_index(name, text);
        if (member == NULL ? rest.len != 0 : rest.len == 0)
            continue;
        if (member != NULL && !mln_str_is((struct mln_str){ rest.ptr + 1, rest.len - 1 }, member))
            continue;
        *out = params->items[i].value;
        return true;
    }
    return false;
}
