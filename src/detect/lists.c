/*
 * Named lists: who is an application, a backup, a DBA; which tables are sensitive. A list is
 * declared with its meaning (`name: {meaning: ..., values: [...]}`) and filled by configuration
 * (`name: [...]`); filling a list that nobody declared is refused, because a misspelt name would
 * leave the real list empty without a word.
 */
#include "detect/rule_priv.h"

#define LISTS_MAX       1000
#define LIST_BYTES_MAX  ((size_t)64 * 1024 * 1024)
#define LIST_VALUES_MAX MLN_ITEM_VALUES_MAX

struct list {
    struct mln_arena arena;
    struct mln_str *values;
    size_t count;
};

struct mln_lists {
    struct mln_map map;
};

static void list_free(void *value)
{
    struct list *list = value;

    if (list == NULL)
        return;
    mln_arena_free(&list->arena);
    free(list);
}

static void list_auto_free(struct list **list)
{
    list_free(*list);
}

int mln_lists_new(struct mln_lists **out, struct mln_err *err)
{
    struct mln_lists *lists = calloc(1, sizeof(*lists));

    if (lists == NULL)
        return mln_fail(err, MLN_ENOMEM, "lists: no memory");
    mln_map_init(&lists->map, LISTS_MAX);
    *out = lists;
    return MLN_OK;
}

void mln_lists_free(struct mln_lists *lists)
{
    if (lists == NULL)
        return;
    mln_map_fini(&lists->map, list_free);
    free(lists);
}

bool mln_lists_get(const struct mln_lists *lists, struct mln_str name,
        const struct mln_str **values, size_t *count)
{
    const struct list *list = lists != NULL ? mln_map_get(&lists->map, name) : NULL;

    if (list == NULL)
        return false;
    *values = list->values;
    *count = list->count;
    return true;
}

static int read_values(const struct mln_yaml_file *file, const struct mln_yaml_node *node,
        struct list *list, struct mln_err *err)
{
    if (node == NULL || node->kind == MLN_YAML_NULL)
        return MLN_OK;
    if (node->kind != MLN_YAML_LIST)
        return mln_yaml_fail(err, file, node, "a list of values is wanted");
    if (node->count > LIST_VALUES_MAX)
        return mln_yaml_fail(err, file, node, "more than %d values", LIST_VALUES_MAX);
    list->values = mln_arena_alloc(&list->arena, (node->count + 1) * sizeof(*list->values));
    if (list->values == NULL)
        return mln_fail(err, MLN_ENOMEM, "%s: no memory", file->name);
    for (const struct mln_yaml_node *item = node->first; item != NULL; item = item->next) {
        if (item->kind != MLN_YAML_SCALAR || item->text.len == 0)
            return mln_yaml_fail(err, file, item, "a value of a list is a text that is not empty");
        list->values[list->count] = mln_arena_dup(&list->arena, item->text);
        if (list->values[list->count++].ptr == NULL)
            return mln_fail(err, MLN_ENOMEM, "%s: no memory", file->name);
    }
    return MLN_OK;
}

struct declaration {
    struct mln_str meaning, meaning_zh;
    const struct mln_yaml_node *values;
};

static const struct mln_yaml_field declaration_fields[] = {
    { "meaning", MLN_YAML_STR, offsetof(struct declaration, meaning), MLN_YAML_REQUIRED, 0, 0 },
    { "meaning_zh", MLN_YAML_STR, offsetof(struct declaration, meaning_zh), 0, 0, 0 },
    { "values", MLN_YAML_NODE, offsetof(struct declaration, values), 0, 0, 0 },
};

static int read_list(struct mln_lists *lists, const struct mln_yaml_file *file,
        const struct mln_yaml_node *node, bool declare, struct mln_arena *arena,
        struct mln_err *err)
{
    MLN_AUTO(list_auto_free) struct list *list = calloc(1, sizeof(*list));
    struct declaration declaration = { .values = node };
    void *old = NULL;
    int rc = MLN_OK;

    if (list == NULL)
        return mln_fail(err, MLN_ENOMEM, "%s: no memory", file->name);
    list->arena.max_bytes = LIST_BYTES_MAX;
    if (node->kind == MLN_YAML_MAP) {
        declaration.values = NULL;
        rc = mln_yaml_decode(file, node, declaration_fields, MLN_LEN(declaration_fields),
                &declaration, arena, err);
    } else if (!declare && mln_map_get(&lists->map, node->key->text) == NULL) {
        rc = mln_yaml_fail(err, file, node->key,
                "unknown list '%.*s'; a new list is declared with {meaning: ..., values: [...]}",
                MLN_FMT(node->key->text));
    }
    if (rc == MLN_OK)
        rc = read_values(file, declaration.values, list, err);
    if (rc != MLN_OK)
        return rc; /* NOLINT(clang-analyzer-unix.Malloc): the scope frees it */
    rc = mln_map_put(&lists->map, node->key->text, list, &old);
    if (rc != MLN_OK)
        return mln_fail(err, rc, "%s: more than %d lists, or no memory", file->name, LISTS_MAX);
    (void)MLN_TAKE(list);
    list_free(old);
    return MLN_OK;
}

int mln_lists_read(struct mln_lists *lists, struct mln_str text, const char *name, bool declare,
        struct mln_err *err)
{
    MLN_AUTO(mln_arena_free) struct mln_arena arena = MLN_ARENA_INIT(LIST_BYTES_MAX);
    struct mln_yaml_file file;
    int rc = mln_yaml_parse(text, name, &arena, &file, err);

    if (rc != MLN_OK)
        return rc;
    for (size_t i = 0; rc == MLN_OK && i < file.document_count; i++) {
        const struct mln_yaml_node *root = file.documents[i];

        if (root->kind == MLN_YAML_NULL)
            continue;
        if (root->kind != MLN_YAML_MAP)
            return mln_yaml_fail(err, &file, root, "a map of lists is wanted");
        for (const struct mln_yaml_node *node = root->first; rc == MLN_OK && node != NULL;
                node = node->next)
            rc = read_list(lists, &file, node, declare, &arena, err);
    }
    return rc;
}
