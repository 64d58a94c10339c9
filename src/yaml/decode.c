#include <stdarg.h>
#include <stdio.h>

#include "base/utf8.h"
#include "yaml/priv.h"
#include "yaml/yaml.h"

#define SHOWN_BYTES ((size_t)64)

const struct mln_yaml_node *mln_yaml_get(const struct mln_yaml_node *map, const char *key)
{
    if (map == NULL || map->kind != MLN_YAML_MAP)
        return NULL;
    for (const struct mln_yaml_node *at = map->first; at != NULL; at = at->next) {
        if (mln_str_is(at->key->text, key))
            return at;
    }
    return NULL;
}

void mln_yaml_show(struct mln_str text, struct mln_buf *out)
{
    bool cut = text.len > SHOWN_BYTES;

    if (cut)
        text.len = SHOWN_BYTES;
    /* Never half a character. */
    while (cut && text.len > 0 && ((unsigned char)text.ptr[text.len] & 0xC0) == 0x80)
        text.len--;
    mln_utf8_escape_controls(text, out);
    if (cut)
        mln_buf_add_cstr(out, "...");
}

void mln_yaml_error(struct mln_err *err, const struct mln_yaml_file *file,
        const struct mln_yaml_node *node, const char *fmt, ...)
{
    char reason[sizeof(err->msg)];
    va_list ap;

    va_start(ap, fmt);
    (void)vsnprintf(reason, sizeof(reason), fmt, ap);
    va_end(ap);
    if (node != NULL)
        mln_err_set(err, MLN_EINVAL, "%s:%u:%u: %s", file->name, node->line, node->column, reason);
    else
        mln_err_set(err, MLN_EINVAL, "%s: %s", file->name, reason);
}

/* What the steps of one decoding share. */
struct decoder {
    const struct mln_yaml_file *file;
    struct mln_arena *arena;
    struct mln_err *err;
};

static int wrong(const struct decoder *d, const struct mln_yaml_node *node,
        const struct mln_yaml_field *field, const char *wanted)
{
    return mln_yaml_fail(d->err, d->file, node, "'%s' must be %s", field->key, wanted);
}

static int check_range(const struct decoder *d, const struct mln_yaml_node *node,
        const struct mln_yaml_field *field, int64_t number)
{
    const char *unit = field->type == MLN_YAML_DURATION ? " milliseconds" : "";

    if (field->max > field->min && (number < field->min || number > field->max))
        return mln_yaml_fail(d->err, d->file, node, "'%s' must be between %lld and %lld%s",
                field->key, (long long)field->min, (long long)field->max, unit);
    return MLN_OK;
}

static int decode_str(const struct decoder *d, const struct mln_yaml_node *node,
        const struct mln_yaml_field *field, struct mln_str *out)
{
    if (node->kind != MLN_YAML_SCALAR)
        return wrong(d, node, field, "a text");
    *out = node->text;
    return MLN_OK;
}

static int decode_i64(const struct decoder *d, const struct mln_yaml_node *node,
        const struct mln_yaml_field *field, int64_t *out)
{
    int64_t number = 0;
    int rc;

    if (node->kind != MLN_YAML_SCALAR || node->quoted ||
            mln_str_to_i64(node->text, &number) != MLN_OK)
        return wrong(d, node, field, "a whole number");
    rc = check_range(d, node, field, number);
    if (rc == MLN_OK)
        *out = number;
    return rc;
}

static int decode_bool(const struct decoder *d, const struct mln_yaml_node *node,
        const struct mln_yaml_field *field, bool *out)
{
    bool is_true = mln_str_is(node->text, "true");

    if (node->kind != MLN_YAML_SCALAR || node->quoted ||
            (!is_true && !mln_str_is(node->text, "false")))
        return wrong(d, node, field, "true or false");
    *out = is_true;
    return MLN_OK;
}

/* False for anything but digits and one unit, or when the milliseconds do not fit. */
static bool parse_duration(struct mln_str text, int64_t *out)
{
    static const struct {
        char unit;
        int64_t ms;
    } units[] = { { 's', 1000 }, { 'm', 60000 }, { 'h', 3600000 }, { 'd', 86400000 } };
    int64_t number;

    if (text.len < 2 || text.ptr[0] == '-' ||
            mln_str_to_i64((struct mln_str){ text.ptr, text.len - 1 }, &number) != MLN_OK)
        return false;
    for (size_t i = 0; i < MLN_LEN(units); i++) {
        if (units[i].unit == text.ptr[text.len - 1])
            return !__builtin_mul_overflow(number, units[i].ms, out);
    }
    return false;
}

static int decode_duration(const struct decoder *d, const struct mln_yaml_node *node,
        const struct mln_yaml_field *field, int64_t *out)
{
    int64_t ms = 0;
    int rc;

    if (node->kind != MLN_YAML_SCALAR || !parse_duration(node->text, &ms))
        return wrong(d, node, field, "a duration like 10s, 5m, 1h or 30d");
    rc = check_range(d, node, field, ms);
    if (rc == MLN_OK)
        *out = ms;
    return rc;
}

static int decode_strs(const struct decoder *d, const struct mln_yaml_node *node,
        const struct mln_yaml_field *field, struct mln_yaml_strs *out)
{
    bool is_list = node->kind == MLN_YAML_LIST;
    const struct mln_yaml_node *item = is_list ? node->first : node;
    size_t count = is_list ? node->count : 1;
    struct mln_str *items;

    if (!is_list && node->kind != MLN_YAML_SCALAR)
        return wrong(d, node, field, "a list of texts");
    items = mln_arena_alloc(d->arena, count * sizeof(*items));
    if (items == NULL)
        return mln_fail(d->err, MLN_ENOMEM, "%s: out of memory", d->file->name);
    for (size_t i = 0; i < count; i++, item = item->next) {
        if (item->kind != MLN_YAML_SCALAR)
            return wrong(d, item, field, "a list of texts");
        items[i] = item->text;
    }
    *out = (struct mln_yaml_strs){ .items = items, .count = count };
    return MLN_OK;
}

static int decode_field(const struct decoder *d, const struct mln_yaml_node *node,
        const struct mln_yaml_field *field, void *slot)
{
    switch (field->type) {
    case MLN_YAML_STR:
        return decode_str(d, node, field, slot);
    case MLN_YAML_I64:
        return decode_i64(d, node, field, slot);
    case MLN_YAML_BOOL:
        return decode_bool(d, node, field, slot);
    case MLN_YAML_DURATION:
        return decode_duration(d, node, field, slot);
    case MLN_YAML_STR_LIST:
        return decode_strs(d, node, field, slot);
    case MLN_YAML_NODE:
        *(const struct mln_yaml_node **)slot = node;
        return MLN_OK;
    }
    return MLN_OK;
}

static bool is_known(struct mln_str key, const struct mln_yaml_field *fields, size_t field_count)
{
    for (size_t i = 0; i < field_count; i++) {
        if (mln_str_is(key, fields[i].key))
            return true;
    }
    return false;
}

static int unknown_key(const struct decoder *d, const struct mln_yaml_node *key)
{
    MLN_AUTO(mln_buf_free) struct mln_buf shown = MLN_BUF_INIT(MLN_YAML_SHOWN_MAX);

    mln_yaml_show(key->text, &shown);
    return mln_yaml_fail(d->err, d->file, key, "unknown key '%.*s'", MLN_FMT(mln_buf_str(&shown)));
}

static int decode_fields(const struct decoder *d, const struct mln_yaml_node *map,
        const struct mln_yaml_field *fields, size_t field_count, char *out)
{
    union {
        struct mln_str str;
        struct mln_yaml_strs strs;
        const struct mln_yaml_node *node;
        int64_t number;
        bool flag;
    } unused;

    for (size_t i = 0; i < field_count; i++) {
        const struct mln_yaml_node *node = mln_yaml_get(map, fields[i].key);
        int rc = MLN_OK;

        if (node != NULL)
            rc = decode_field(d, node, &fields[i],
                    out != NULL ? (void *)(out + fields[i].offset) : (void *)&unused);
        else if ((fields[i].flags & MLN_YAML_REQUIRED) != 0)
            rc = mln_yaml_fail(d->err, d->file, map, "'%s' is missing", fields[i].key);
        if (rc < 0)
            return rc;
    }
    return MLN_OK;
}

int mln_yaml_decode(const struct mln_yaml_file *file, const struct mln_yaml_node *map,
        const struct mln_yaml_field *fields, size_t field_count, void *out, struct mln_arena *arena,
        struct mln_err *err)
{
    struct decoder d = { .file = file, .arena = arena, .err = err };
    int rc;

    if (map->kind != MLN_YAML_MAP)
        return mln_yaml_fail(err, file, map, "a map of keys is expected");
    for (const struct mln_yaml_node *at = map->first; at != NULL; at = at->next) {
        if (!is_known(at->key->text, fields, field_count))
            return unknown_key(&d, at->key);
    }
    /* Once to find every mistake, once to store: a refused map leaves `out` as it was. */
    rc = decode_fields(&d, map, fields, field_count, NULL);
    return rc < 0 ? rc : decode_fields(&d, map, fields, field_count, out);
}
