/* Parses arbitrary bytes, walks every node, and decodes each document by one row of every type. */
#include "yaml/yaml.h"

#define ARENA_MAX ((size_t)64 * 1024 * 1024)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct row {
    struct mln_str str;
    struct mln_yaml_strs strs;
    int64_t number, duration_ms;
    bool flag;
    const struct mln_yaml_node *node;
};

static const struct mln_yaml_field fields[] = {
    { "s", MLN_YAML_STR, offsetof(struct row, str), 0, 0, 0 },
    { "l", MLN_YAML_STR_LIST, offsetof(struct row, strs), 0, 0, 0 },
    { "i", MLN_YAML_I64, offsetof(struct row, number), 0, -10, 10 },
    { "d", MLN_YAML_DURATION, offsetof(struct row, duration_ms), 0, 0, 0 },
    { "b", MLN_YAML_BOOL, offsetof(struct row, flag), 0, 0, 0 },
    { "n", MLN_YAML_NODE, offsetof(struct row, node), 0, 0, 0 },
};

/* The sum of every byte, so that a stray pointer is read; depth is bounded by the parser. */
static size_t walk(const struct mln_yaml_node *node, unsigned depth)
{
    const struct mln_yaml_node *found = mln_yaml_get(node, "s");
    size_t sum = 0, count = 0;

    if (depth > MLN_YAML_DEPTH_MAX || (found != NULL && !mln_str_is(found->key->text, "s")))
        abort();
    for (size_t i = 0; i < node->text.len; i++)
        sum += (unsigned char)node->text.ptr[i];
    for (const struct mln_yaml_node *at = node->first; at != NULL; at = at->next, count++) {
        if ((at->key != NULL) != (node->kind == MLN_YAML_MAP))
            abort();
        sum += walk(at, depth + 1);
    }
    if (count != node->count)
        abort();
    return sum;
}

static void use(const struct mln_yaml_file *file, struct mln_arena *arena)
{
    for (size_t i = 0; i < file->document_count; i++) {
        struct row row = { .number = 5 };
        struct mln_err err;

        (void)walk(file->documents[i], 0);
        if (mln_yaml_decode(file, file->documents[i], fields, MLN_LEN(fields), &row, arena, &err) ==
                        MLN_OK &&
                (row.number < -10 || row.number > 10))
            abort();
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    MLN_AUTO(mln_arena_free) struct mln_arena arena = MLN_ARENA_INIT(ARENA_MAX);
    struct mln_str text = { .ptr = (const char *)data, .len = size };
    struct mln_yaml_file file;
    struct mln_err err;

    if (mln_yaml_parse(text, "fuzz", &arena, &file, &err) == MLN_OK)
        use(&file, &arena);
    return 0;
}
