/*
 * Loading a plan: files into products, products into calls and tables, then everything that needs
 * all of them: the queries, the order, the hash.
 */
#include "collect/plan.h"

#include "base/utf8.h"
#include "collect/priv.h"
#include "wire/writer.h"

/* A parsed file and the product in it. */
struct source {
    struct mln_yaml_file *file;
    struct mln_str product;
    bool replaced;
};

int mln_plan_no_memory(struct mln_plan_loader *loader)
{
    return mln_fail(loader->err, MLN_ENOMEM, "the collection plan: out of memory");
}

int mln_plan_text(struct mln_plan_loader *loader, const struct mln_yaml_file *file,
        const struct mln_yaml_node *node, struct mln_str text, const char **out)
{
    char *copy;

    if (!mln_utf8_valid(text) || memchr(text.ptr, '\0', text.len) != NULL)
        return mln_yaml_fail(loader->err, file, node, "the text holds a byte that is no character");
    copy = mln_arena_cstr(&loader->plan->arena, text);
    if (copy == NULL)
        return mln_plan_no_memory(loader);
    *out = copy;
    return MLN_OK;
}

bool mln_plan_is_name(struct mln_str text)
{
    if (text.len == 0 || text.len > MLN_TABLE_NAME_MAX || text.ptr[0] < 'a' || text.ptr[0] > 'z')
        return false;
    for (size_t i = 0; i < text.len; i++) {
        char c = text.ptr[i];

        if ((c < 'a' || c > 'z') && (c < '0' || c > '9') && c != '_')
            return false;
    }
    return true;
}

/* Nothing that looks like an index or a wildcard: a path that is meant otherwise would find
 * nothing, and nothing would be said. */
static bool is_member_name(struct mln_str name)
{
    for (size_t i = 0; i < name.len; i++) {
        unsigned char c = (unsigned char)name.ptr[i];

        if (c <= 0x20 || c == 0x7F || strchr("[]{}*,\"'", c) != NULL)
            return false;
    }
    return name.len > 0;
}

int mln_plan_path(struct mln_plan_loader *loader, const struct mln_yaml_file *file,
        const struct mln_yaml_node *node, struct mln_path *out)
{
    struct mln_path path = { .count = 0 };
    struct mln_str text = node->text, name;
    size_t from = 0;

    if (node->kind != MLN_YAML_SCALAR)
        return mln_yaml_fail(loader->err, file, node, "a path is expected, like Items.Item");
    if (mln_str_is(text, ".")) {
        *out = path;
        return MLN_OK;
    }
    for (size_t i = 0; i <= text.len; i++) {
        if (i < text.len && text.ptr[i] != '.')
            continue;
        name = (struct mln_str){ text.ptr + from, i - from };
        from = i + 1;
        if (!is_member_name(name))
            return mln_yaml_fail(loader->err, file, node,
                    "a path is member names joined by dots, or a single dot");
        if (path.count == MLN_PATH_NAMES_MAX)
            return mln_yaml_fail(
                    loader->err, file, node, "a path has at most %zu names", MLN_PATH_NAMES_MAX);
        path.names[path.count] = mln_arena_cstr(&loader->plan->arena, name);
        if (path.names[path.count++] == NULL)
            return mln_plan_no_memory(loader);
    }
    *out = path;
    return MLN_OK;
}

static bool is_placeholder(struct mln_str name)
{
    return name.len > 0 && mln_plan_is_name(name);
}

bool mln_template_next(struct mln_str text, size_t *at, struct mln_buf *out, struct mln_str *name)
{
    for (size_t i = *at; i < text.len; i++) {
        const char *end = text.ptr[i] == '{' ? memchr(text.ptr + i, '}', text.len - i) : NULL;
        struct mln_str found = { 0 };

        if (end != NULL)
            found = (struct mln_str){ text.ptr + i + 1, (size_t)(end - text.ptr) - i - 1 };
        if (end == NULL || !is_placeholder(found)) {
            if (out != NULL)
                mln_buf_add_char(out, text.ptr[i]);
            continue;
        }
        *name = found;
        *at = (size_t)(end - text.ptr) + 1;
        return true;
    }
    *at = text.len;
    return false;
}

static int parse(
        struct mln_plan_loader *loader, const struct mln_plan_file *from, struct source *out)
{
    struct mln_yaml_file *file = mln_arena_alloc(&loader->yaml, sizeof(*file));
    const struct mln_yaml_node *product;
    int rc;

    if (file == NULL)
        return mln_plan_no_memory(loader);
    rc = mln_yaml_parse(from->text, from->name, &loader->yaml, file, loader->err);
    if (rc != MLN_OK)
        return rc;
    if (file->document_count != 1 || file->documents[0]->kind != MLN_YAML_MAP)
        return mln_fail(
                loader->err, MLN_EINVAL, "%s:1:1: a file holds one product, as a map", file->name);
    product = mln_yaml_get(file->documents[0], "product");
    if (product == NULL || product->kind != MLN_YAML_SCALAR || !mln_plan_is_name(product->text))
        return mln_yaml_fail(loader->err, file, product != NULL ? product : file->documents[0],
                "'product' must be a name: a lower-case letter, then letters, digits and _");
    *out = (struct source){ .file = file, .product = product->text };
    return MLN_OK;
}

static int read_files(
        struct mln_plan_loader *loader, const struct mln_plan_file *files, size_t file_count)
{
    MLN_AUTO_FREE struct source *sources = calloc(file_count + 1, sizeof(*sources));
    int rc = MLN_OK;

    if (sources == NULL)
        return mln_plan_no_memory(loader);
    for (size_t i = 0; rc == MLN_OK && i < file_count; i++) {
        rc = parse(loader, &files[i], &sources[i]);
        for (size_t j = 0; rc == MLN_OK && j < i; j++)
            if (mln_str_eq(sources[j].product, sources[i].product))
                sources[j].replaced = true;
    }
    for (size_t i = 0; rc == MLN_OK && i < file_count; i++)
        if (!sources[i].replaced)
            rc = mln_plan_product(loader, sources[i].file);
    /* NOLINTNEXTLINE(clang-analyzer-unix.Malloc): the scope frees it */
    return rc;
}

/* Nodes and files end with the loader. */
static void forget_files(struct mln_plan *plan)
{
    for (size_t i = 0; i < plan->schema.call_count; i++) {
        plan->entries[i].file = NULL;
        plan->entries[i].node = plan->entries[i].for_each_node = NULL;
        plan->entries[i].request_node = plan->entries[i].region_node = NULL;
        plan->entries[i].host_node = plan->entries[i].path_node = NULL;
    }
}

static int load(
        struct mln_plan_loader *loader, const struct mln_plan_file *files, size_t file_count)
{
    struct mln_plan *plan = loader->plan;
    int rc;

    if (file_count > MLN_PLAN_FILES_MAX)
        return mln_fail(loader->err, MLN_ETOOBIG, "a collection plan has at most %zu files",
                MLN_PLAN_FILES_MAX);
    plan->entries = mln_arena_alloc(&plan->arena, MLN_PLAN_CALLS_MAX * sizeof(*plan->entries));
    loader->calls = mln_arena_alloc(&plan->arena, MLN_PLAN_CALLS_MAX * sizeof(*loader->calls));
    loader->tables = mln_arena_alloc(&loader->yaml, MLN_TABLES_MAX * sizeof(*loader->tables));
    if (plan->entries == NULL || loader->calls == NULL || loader->tables == NULL)
        return mln_plan_no_memory(loader);
    rc = read_files(loader, files, file_count);
    if (rc == MLN_OK)
        rc = mln_plan_account_table(loader);
    if (rc == MLN_OK)
        rc = mln_plan_schema_tables(loader);
    if (rc == MLN_OK)
        rc = mln_plan_keys(loader);
    if (rc == MLN_OK)
        rc = mln_plan_check_cycles(loader);
    return rc == MLN_OK ? mln_plan_hash(loader) : rc;
}

int mln_plan_load(const struct mln_plan_file *files, size_t file_count, struct mln_plan **out,
        struct mln_err *err)
{
    struct mln_plan_loader loader = { .plan = calloc(1, sizeof(struct mln_plan)),
        .yaml = MLN_ARENA_INIT(MLN_PLAN_ARENA_MAX),
        .err = err };
    int rc;

    if (loader.plan == NULL)
        return mln_plan_no_memory(&loader);
    loader.plan->arena = (struct mln_arena)MLN_ARENA_INIT(MLN_PLAN_ARENA_MAX);
    rc = load(&loader, files, file_count);
    if (rc == MLN_OK) {
        forget_files(loader.plan);
        *out = MLN_TAKE(loader.plan);
    }
    mln_arena_free(&loader.yaml);
    mln_plan_free(loader.plan);
    return rc;
}

void mln_plan_free(struct mln_plan *plan)
{
    if (plan == NULL)
        return;
    mln_arena_free(&plan->arena);
    free(plan);
}

const struct mln_schema *mln_plan_schema(const struct mln_plan *plan)
{
    return &plan->schema;
}

size_t mln_plan_call_count(const struct mln_plan *plan)
{
    return plan->schema.call_count;
}

struct mln_plan_call mln_plan_call(const struct mln_plan *plan, size_t index)
{
    return plan->entries[index].info;
}

static int by_text(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

void mln_plan_policy(const struct mln_plan *plan, struct mln_buf *out)
{
    MLN_AUTO_FREE const char **actions = calloc(plan->schema.call_count + 1, sizeof(char *));
    struct mln_writer w;
    size_t count = 0;

    if (actions == NULL) {
        out->code = MLN_ENOMEM;
        return;
    }
    for (size_t i = 0; i < plan->schema.call_count; i++)
        if (plan->entries[i].info.ram_action[0] != '\0')
            actions[count++] = plan->entries[i].info.ram_action;
    if (count > 0)
        qsort((void *)actions, count, sizeof(*actions), by_text);
    mln_writer_begin(&w, out, MLN_FORMAT_JSON, NULL);
    mln_writer_cstr(&w, "Version", "1");
    mln_writer_list_begin(&w, "Statement");
    mln_writer_object_begin(&w, NULL);
    mln_writer_cstr(&w, "Effect", "Allow");
    mln_writer_list_begin(&w, "Action");
    for (size_t i = 0; i < count; i++)
        if (i == 0 || strcmp(actions[i - 1], actions[i]) != 0)
            mln_writer_cstr(&w, NULL, actions[i]);
    /* NOLINTNEXTLINE(clang-analyzer-unix.Malloc): the scope frees it */
    mln_writer_list_end(&w);
    mln_writer_cstr(&w, "Resource", "*");
    mln_writer_object_end(&w);
    mln_writer_list_end(&w);
    mln_writer_end(&w);
}
