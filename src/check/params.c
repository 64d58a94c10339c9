/*
 * Parameters: the list in a check, and parameters.yaml, which holds lists that checks share and
 * values that stand in for those of a check. A value in force has the kind that the check gave it.
 */
#include "check/priv.h"

#define SHARED_MAX ((size_t)200)

struct shared_value {
    struct mln_str name;
    struct mln_check_value value;
};

struct file_node {
    const struct mln_yaml_file *file;
    const struct mln_yaml_node *checks; /* `checks:`, may be NULL. */
};

struct mln_check_shared {
    struct shared_value *values;
    size_t value_count;
    struct file_node *files;
    size_t file_count;
};

struct parameters_file {
    const struct mln_yaml_node *checks, *shared;
};

static const struct mln_yaml_field file_fields[] = {
    /* sorted rows */
    { "checks", MLN_YAML_NODE, offsetof(struct parameters_file, checks), 0, 0, 0 },
    { "shared", MLN_YAML_NODE, offsetof(struct parameters_file, shared), 0, 0, 0 },
};

const struct mln_check_value *mln_check_shared_find(
        const struct mln_check_shared *shared, struct mln_str name)
{
    for (size_t i = 0; i < shared->value_count; i++) {
        if (mln_str_eq(shared->values[i].name, name))
            return &shared->values[i].value;
    }
    return NULL;
}

static bool is_name(struct mln_str text)
{
    for (size_t i = 0; i < text.len; i++) {
        char c = text.ptr[i];

        if ((c < 'a' || c > 'z') && (c < 'A' || c > 'Z') && (c < '0' || c > '9') && c != '_')
            return false;
    }
    return text.len > 0 && text.len <= 60 && (text.ptr[0] < '0' || text.ptr[0] > '9');
}

/* A later file may change a shared value, not its kind: checks were written for that. */
static int add_shared(struct mln_check_shared *shared, const struct mln_check_reader *reader,
        const struct mln_yaml_file *file, const struct mln_yaml_node *node)
{
    const struct mln_check_value *earlier = mln_check_shared_find(shared, node->key->text);
    struct mln_check_value value = { .kind = MLN_PARAM_TEXT };
    size_t at = 0;
    int rc = mln_check_value(reader, file, node, &value);

    if (rc != MLN_OK)
        return rc;
    if (!is_name(node->key->text))
        return mln_yaml_fail(reader->err, file, node->key, "a name is [A-Za-z_][A-Za-z0-9_]*");
    if (earlier != NULL && !mln_param_kind_fits(value.kind, earlier->kind))
        return mln_yaml_fail(reader->err, file, node, "the shared value '%.*s' is %s",
                MLN_FMT(node->key->text), mln_param_kind_name(earlier->kind));
    if (earlier == NULL && shared->value_count == SHARED_MAX)
        return mln_yaml_fail(reader->err, file, node, "more than %zu shared values", SHARED_MAX);
    while (at < shared->value_count && !mln_str_eq(shared->values[at].name, node->key->text))
        at++;
    shared->values[at] = (struct shared_value){ node->key->text, value };
    if (at == shared->value_count)
        shared->value_count++;
    return MLN_OK;
}

static int read_file(struct mln_check_shared *shared, const struct mln_check_reader *reader,
        const struct mln_check_file *source)
{
    struct mln_yaml_file *file = mln_arena_alloc(reader->arena, sizeof(*file));
    struct parameters_file top = { NULL, NULL };
    int rc;

    if (file == NULL)
        return mln_check_no_memory(reader->err);
    rc = mln_yaml_parse(source->text, source->name, reader->arena, file, reader->err);
    if (rc != MLN_OK || file->document_count == 0 || file->documents[0]->kind == MLN_YAML_NULL)
        return rc;
    if (file->document_count > 1)
        return mln_yaml_fail(reader->err, file, file->documents[1], "one document a file");
    rc = mln_yaml_decode(file, file->documents[0], file_fields, MLN_LEN(file_fields), &top,
            reader->arena, reader->err);
    if (rc != MLN_OK)
        return rc;
    if (top.shared != NULL && top.shared->kind != MLN_YAML_MAP)
        return mln_yaml_fail(reader->err, file, top.shared, "'shared' is a map of names to values");
    if (top.checks != NULL && top.checks->kind != MLN_YAML_MAP)
        return mln_yaml_fail(reader->err, file, top.checks, "'checks' is a map of check ids");
    for (const struct mln_yaml_node *at = top.shared != NULL ? top.shared->first : NULL;
            rc == MLN_OK && at != NULL; at = at->next)
        rc = add_shared(shared, reader, file, at);
    shared->files[shared->file_count++] = (struct file_node){ file, top.checks };
    return rc;
}

int mln_check_shared_new(const struct mln_checks_source *source,
        const struct mln_check_reader *reader, struct mln_check_shared **out)
{
    struct mln_check_shared *shared = mln_arena_alloc(reader->arena, sizeof(*shared));
    int rc = MLN_OK;

    if (shared != NULL) {
        shared->values = mln_arena_alloc(reader->arena, SHARED_MAX * sizeof(*shared->values));
        shared->files = mln_arena_alloc(
                reader->arena, (source->parameter_count + 1) * sizeof(*shared->files));
    }
    if (shared == NULL || shared->values == NULL || shared->files == NULL)
        return mln_check_no_memory(reader->err);
    for (size_t i = 0; rc == MLN_OK && i < source->parameter_count; i++)
        rc = read_file(shared, reader, &source->parameters[i]);
    if (rc == MLN_OK)
        *out = shared;
    return rc;
}

/* ---- overrides ---- */
static int override_one(const struct mln_check_reader *reader, const struct mln_yaml_file *file,
        const struct mln_check_entry *entry, const struct mln_yaml_node *node)
{
    struct mln_check_value value = { .kind = MLN_PARAM_TEXT };
    int rc = mln_check_value(reader, file, node, &value);

    for (size_t i = 0; rc == MLN_OK && i < entry->check.param_count; i++) {
        struct mln_check_param *param = &entry->params[i];

        if (!mln_str_is(node->key->text, param->name))
            continue;
        if (!mln_param_kind_fits(value.kind, param->kind))
            return mln_yaml_fail(reader->err, file, node, "'%s' of check %lld is %s", param->name,
                    (long long)entry->check.id, mln_param_kind_name(param->kind));
        param->kind = value.kind;
        param->value = value.text;
        return MLN_OK;
    }
    if (rc != MLN_OK)
        return rc;
    return mln_yaml_fail(reader->err, file, node->key, "check %lld has no parameter '%.*s'",
            (long long)entry->check.id, (int)(node->key->text.len < 60 ? node->key->text.len : 60),
            node->key->text.ptr);
}

static int override_check(const struct mln_check_reader *reader, const struct mln_checks *checks,
        const struct mln_yaml_file *file, const struct mln_yaml_node *node)
{
    const struct mln_check *check = NULL;
    int64_t id = 0;
    int rc = MLN_OK;

    if (mln_str_to_i64(node->key->text, &id) == MLN_OK)
        check = mln_checks_find(checks, id);
    if (check == NULL)
        return mln_yaml_fail(reader->err, file, node->key, "there is no check '%.*s'",
                (int)(node->key->text.len < 60 ? node->key->text.len : 60), node->key->text.ptr);
    if (node->kind != MLN_YAML_MAP)
        return mln_yaml_fail(reader->err, file, node, "a map of parameters to values is expected");
    for (const struct mln_yaml_node *at = node->first; rc == MLN_OK && at != NULL; at = at->next)
        rc = override_one(reader, file, mln_check_entry(checks, check), at);
    return rc;
}

int mln_check_shared_apply(const struct mln_check_shared *shared, const struct mln_checks *checks,
        const struct mln_check_reader *reader)
{
    int rc = MLN_OK;

    for (size_t i = 0; rc == MLN_OK && i < shared->file_count; i++) {
        const struct file_node *file = &shared->files[i];
        const struct mln_yaml_node *at = file->checks != NULL ? file->checks->first : NULL;

        for (; rc == MLN_OK && at != NULL; at = at->next)
            rc = override_check(reader, checks, file->file, at);
    }
    return rc;
}

/* ---- the list of a check ---- */
struct param_row {
    struct mln_str name, about[MLN_CHECK_LANGS];
    const struct mln_yaml_node *initial;
};

static const struct mln_yaml_field param_fields[] = {
    /* sorted rows */
    { "default", MLN_YAML_NODE, offsetof(struct param_row, initial), MLN_YAML_REQUIRED, 0, 0 },
    { "en", MLN_YAML_STR, offsetof(struct param_row, about[MLN_CHECK_EN]), MLN_YAML_REQUIRED, 0,
            0 },
    { "name", MLN_YAML_STR, offsetof(struct param_row, name), MLN_YAML_REQUIRED, 0, 0 },
    { "zh", MLN_YAML_STR, offsetof(struct param_row, about[MLN_CHECK_ZH]), MLN_YAML_REQUIRED, 0,
            0 },
};

struct from_row {
    struct mln_str from;
};

static const struct mln_yaml_field from_fields[] = {
    { "from", MLN_YAML_STR, offsetof(struct from_row, from), MLN_YAML_REQUIRED, 0, 0 },
};

static int read_initial(const struct mln_check_reader *reader,
        const struct mln_check_shared *shared, const struct mln_yaml_file *file,
        const struct mln_yaml_node *node, struct mln_check_value *out)
{
    const struct mln_check_value *found;
    struct from_row row = { MLN_STR("") };
    int rc;

    if (node->kind != MLN_YAML_MAP)
        return mln_check_value(reader, file, node, out);
    rc = mln_yaml_decode(
            file, node, from_fields, MLN_LEN(from_fields), &row, reader->arena, reader->err);
    if (rc != MLN_OK)
        return rc;
    found = mln_check_shared_find(shared, row.from);
    if (found == NULL)
        return mln_yaml_fail(reader->err, file, node, "parameters.yaml has no shared value '%.*s'",
                (int)(row.from.len < 60 ? row.from.len : 60), row.from.ptr);
    *out = *found;
    return MLN_OK;
}

static int check_name(const struct mln_check_reader *reader, const struct mln_check_entry *entry,
        const struct mln_yaml_node *node, struct mln_str name)
{
    if (!is_name(name) || mln_str_is(name, "now") || mln_str_is(name, "account"))
        return mln_yaml_fail(reader->err, entry->file, node,
                "a parameter's name is [A-Za-z_][A-Za-z0-9_]* and neither now nor account");
    for (size_t i = 0; i < entry->check.param_count; i++) {
        if (mln_str_is(name, entry->params[i].name))
            return mln_yaml_fail(
                    reader->err, entry->file, node, "parameter '%.*s' stands twice", MLN_FMT(name));
    }
    return MLN_OK;
}

static int read_param(const struct mln_check_reader *reader, const struct mln_check_shared *shared,
        const struct mln_yaml_node *node, struct mln_check_entry *entry)
{
    struct mln_check_value value = { .kind = MLN_PARAM_TEXT };
    struct param_row row = { .initial = NULL };
    int rc = mln_yaml_decode(entry->file, node, param_fields, MLN_LEN(param_fields), &row,
            reader->arena, reader->err);

    if (rc == MLN_OK)
        rc = check_name(reader, entry, node, row.name);
    if (rc == MLN_OK)
        rc = read_initial(reader, shared, entry->file, row.initial, &value);
    if (rc != MLN_OK)
        return rc;
    entry->params[entry->check.param_count++] = (struct mln_check_param){
        .name = mln_arena_cstr(reader->arena, row.name),
        .kind = value.kind,
        .value = value.text,
        .initial = value.text,
        .about = { row.about[MLN_CHECK_EN], row.about[MLN_CHECK_ZH] },
    };
    return entry->params[entry->check.param_count - 1].name != NULL
                   ? MLN_OK
                   : mln_check_no_memory(reader->err);
}

int mln_check_params_read(const struct mln_check_reader *reader,
        const struct mln_check_shared *shared, const struct mln_yaml_node *list,
        struct mln_check_entry *entry)
{
    int rc = MLN_OK;

    if (list == NULL)
        return MLN_OK;
    if (list->kind != MLN_YAML_LIST || list->count > MLN_CHECK_PARAMS_MAX)
        return mln_yaml_fail(reader->err, entry->file, list,
                "'params' is a list of at most %zu parameters", MLN_CHECK_PARAMS_MAX);
    entry->params = mln_arena_alloc(reader->arena, (list->count + 1) * sizeof(*entry->params));
    if (entry->params == NULL)
        return mln_check_no_memory(reader->err);
    entry->check.params = entry->params;
    for (const struct mln_yaml_node *at = list->first; rc == MLN_OK && at != NULL; at = at->next)
        rc = read_param(reader, shared, at, entry);
    return rc;
}
