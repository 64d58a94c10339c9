/* What changed in a resource's evidence. */
#include "risk/scan_priv.h"
#include "wire/json.h"
#include "wire/writer.h"

/* Of both objects: 2 x MLN_CHECK_TEXT_MAX, with room for what quoting adds. */
#define CHANGES_MAX ((size_t)64 * 1024)

static struct mln_json *parse(struct mln_str text)
{
    struct mln_json *json = NULL;
    struct mln_err ignored;

    if (mln_json_parse(text.len > 0 ? text : MLN_STR("{}"), &json, &ignored) != MLN_OK)
        return NULL;
    return json;
}

static void print(struct mln_json_value value, bool present, struct mln_buf *out)
{
    if (present)
        mln_json_print(value, out);
    else
        mln_buf_add_cstr(out, "null");
}

static bool find(struct mln_json_value object, struct mln_str name, struct mln_json_value *out)
{
    struct mln_json_iter iter = mln_json_iter(object);
    struct mln_str key;

    while (mln_json_next(&iter, &key, out)) {
        if (mln_str_eq(key, name))
            return true;
    }
    return false;
}

struct pair {
    struct mln_json_value value[2];
    bool present[2];
};

static void add_pair(struct mln_str name, const struct pair *pair, struct mln_buf *out)
{
    MLN_AUTO(mln_buf_free) struct mln_buf before = MLN_BUF_INIT(CHANGES_MAX);
    MLN_AUTO(mln_buf_free) struct mln_buf after = MLN_BUF_INIT(CHANGES_MAX);

    print(pair->value[0], pair->present[0], &before);
    print(pair->value[1], pair->present[1], &after);
    if (mln_str_eq(mln_buf_str(&before), mln_buf_str(&after)))
        return;
    mln_buf_add_char(out, out->len > 0 ? ',' : '{');
    mln_json_quote(name, out);
    mln_buf_add_cstr(out, ":[");
    mln_buf_add(out, mln_buf_str(&before));
    mln_buf_add_char(out, ',');
    mln_buf_add(out, mln_buf_str(&after));
    mln_buf_add_char(out, ']');
}

static void add_pairs(
        struct mln_json_value before, struct mln_json_value after, struct mln_buf *out)
{
    struct mln_json_iter iter = mln_json_iter(after);
    struct mln_json_value value, other = { 0 };
    struct mln_str name;

    while (mln_json_next(&iter, &name, &value)) {
        bool present = find(before, name, &other);
        const struct pair pair = { { other, value }, { present, true } };

        add_pair(name, &pair, out);
    }
    iter = mln_json_iter(before);
    while (mln_json_next(&iter, &name, &value)) {
        const struct pair pair = { { value, value }, { true, false } };

        if (!find(after, name, &other))
            add_pair(name, &pair, out);
    }
    if (out->len > 0)
        mln_buf_add_char(out, '}');
}

void mln_scan_changes(struct mln_str before, struct mln_str after, struct mln_buf *out)
{
    struct mln_json *a = NULL, *b = NULL;

    mln_buf_reset(out);
    if (mln_str_eq(before, after))
        return;
    a = parse(before);
    b = parse(after);
    if (a != NULL && b != NULL && mln_json_type(mln_json_root(a)) == MLN_JSON_OBJECT &&
            mln_json_type(mln_json_root(b)) == MLN_JSON_OBJECT)
        add_pairs(mln_json_root(a), mln_json_root(b), out);
    mln_json_free(a);
    mln_json_free(b);
    /* Half a document is worse than none. */
    if (out->code != MLN_OK)
        mln_buf_reset(out);
}
