/* Parses arbitrary bytes; what is accepted must print to text that parses and prints the same. */
#include "wire/json.h"

#define PRINTED_MAX ((size_t)64 * 1024 * 1024)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct mln_json *parse(struct mln_str text)
{
    struct mln_json *doc = NULL;
    struct mln_err err;

    return mln_json_parse(text, &doc, &err) == MLN_OK ? doc : NULL;
}

/* Every read on every value, whatever its type. */
static void touch(struct mln_json_value value)
{
    struct mln_json_iter it = mln_json_iter(value);
    struct mln_json_value child;
    struct mln_str text;
    double real;
    int64_t number;
    size_t count = 0;
    bool flag;

    (void)mln_json_to_str(value, &text);
    (void)mln_json_to_i64(value, &number);
    (void)mln_json_to_double(value, &real);
    (void)mln_json_to_bool(value, &flag);
    (void)mln_json_get_i64(value, "a", &number);
    while (mln_json_next(&it, &text, &child)) {
        touch(child);
        count++;
    }
    if (count != mln_json_count(value))
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    MLN_AUTO(mln_buf_free) struct mln_buf first = MLN_BUF_INIT(PRINTED_MAX);
    MLN_AUTO(mln_buf_free) struct mln_buf second = MLN_BUF_INIT(PRINTED_MAX);
    struct mln_json *doc = parse((struct mln_str){ .ptr = (const char *)data, .len = size });
    struct mln_json *again;

    if (doc == NULL)
        return 0;
    touch(mln_json_root(doc));
    mln_json_print(mln_json_root(doc), &first);
    mln_json_free(doc);
    again = parse(mln_buf_str(&first));
    if (again == NULL)
        abort();
    mln_json_print(mln_json_root(again), &second);
    mln_json_free(again);
    if (!mln_str_eq(mln_buf_str(&first), mln_buf_str(&second)))
        abort();
    return 0;
}
