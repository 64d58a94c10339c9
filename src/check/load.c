/*
 * Loading checks: files into entries, a user's file in place of a built-in one of the same id,
 * parameter files over both, and every statement prepared against an empty snapshot, so that a
 * mistake is found with file and line before anything is judged.
 */
#include <stdio.h>
#include <strings.h>

#include "base/utf8.h"
#include "check/functions.h"
#include "check/views.h"

#define BUILT_IN_ID_MAX ((int64_t)MLN_CHECK_ID_USER - 1)
#define ID_MAX          INT64_C(2000000000)
#define CODE_NAME_MAX   ((size_t)100)

/* ---- rows of a file ---- */
struct draft {
    int64_t id;
    struct mln_str name, group, level, service, notes;
    struct mln_yaml_strs stands;
    const struct mln_yaml_node *title, *texts, *grid, *params, *mappings, *scope, *query, *tests;
};

#define ROW(key, type, member, flags, min, max)                    \
    {                                                              \
        key, type, offsetof(struct draft, member), flags, min, max \
    }
static const struct mln_yaml_field fields[] = {
    /* sorted rows */
    ROW("grid", MLN_YAML_NODE, grid, MLN_YAML_REQUIRED, 0, 0),
    ROW("group", MLN_YAML_STR, group, MLN_YAML_REQUIRED, 0, 0),
    ROW("id", MLN_YAML_I64, id, MLN_YAML_REQUIRED, 1, ID_MAX),
    ROW("level", MLN_YAML_STR, level, MLN_YAML_REQUIRED, 0, 0),
    ROW("mappings", MLN_YAML_NODE, mappings, 0, 0, 0),
    ROW("name", MLN_YAML_STR, name, MLN_YAML_REQUIRED, 0, 0),
    ROW("notes", MLN_YAML_STR, notes, 0, 0, 0),
    ROW("params", MLN_YAML_NODE, params, 0, 0, 0),
    ROW("query", MLN_YAML_NODE, query, MLN_YAML_REQUIRED, 0, 0),
    ROW("scope", MLN_YAML_NODE, scope, MLN_YAML_REQUIRED, 0, 0),
    ROW("service", MLN_YAML_STR, service, MLN_YAML_REQUIRED, 0, 0),
    ROW("stands", MLN_YAML_STR_LIST, stands, 0, 0, 0),
    ROW("tests", MLN_YAML_NODE, tests, MLN_YAML_REQUIRED, 0, 0),
    ROW("texts", MLN_YAML_NODE, texts, MLN_YAML_REQUIRED, 0, 0),
    ROW("title", MLN_YAML_NODE, title, MLN_YAML_REQUIRED, 0, 0),
};

struct title_row {
    struct mln_str key, lang[MLN_CHECK_LANGS];
};

static const struct mln_yaml_field title_fields[] = {
    /* sorted rows */
    { "en", MLN_YAML_STR, offsetof(struct title_row, lang[MLN_CHECK_EN]), MLN_YAML_REQUIRED, 0, 0 },
    { "zh", MLN_YAML_STR, offsetof(struct title_row, lang[MLN_CHECK_ZH]), MLN_YAML_REQUIRED, 0, 0 },
};

static const struct mln_yaml_field grid_fields[] = {
    /* sorted rows */
    { "en", MLN_YAML_STR, offsetof(struct title_row, lang[MLN_CHECK_EN]), MLN_YAML_REQUIRED, 0, 0 },
    { "key", MLN_YAML_STR, offsetof(struct title_row, key), MLN_YAML_REQUIRED, 0, 0 },
    { "zh", MLN_YAML_STR, offsetof(struct title_row, lang[MLN_CHECK_ZH]), MLN_YAML_REQUIRED, 0, 0 },
};

struct text_row {
    struct mln_str text[MLN_CHECK_TEXTS];
};

#define TEXT_ROW(key, index)                                                               \
    {                                                                                      \
        key, MLN_YAML_STR, offsetof(struct text_row, text[index]), MLN_YAML_REQUIRED, 0, 0 \
    }
static const struct mln_yaml_field text_fields[] = {
    /* sorted rows */
    TEXT_ROW("best_practice", MLN_TEXT_BEST_PRACTICE),
    TEXT_ROW("help_resource", MLN_TEXT_HELP_RESOURCE),
    TEXT_ROW("influence", MLN_TEXT_INFLUENCE),
    TEXT_ROW("suggestion", MLN_TEXT_SUGGESTION),
};

struct texts_row {
    const struct mln_yaml_node *lang[MLN_CHECK_LANGS];
};

static const struct mln_yaml_field texts_fields[] = {
    /* sorted rows */
    { "en", MLN_YAML_NODE, offsetof(struct texts_row, lang[MLN_CHECK_EN]), MLN_YAML_REQUIRED, 0,
            0 },
    { "zh", MLN_YAML_NODE, offsetof(struct texts_row, lang[MLN_CHECK_ZH]), MLN_YAML_REQUIRED, 0,
            0 },
};

struct word {
    const char *name;
    int value;
};

static const struct word groups[] = {
    { "identity", 1 },
    { "network", 2 },
    { "audit", 3 },
    { "data", 4 },
    { "monitoring", 5 },
    { "protection", 6 },
};

static const struct word levels[] = {
    { "low", 1 },
    { "medium", 2 },
    { "high", 3 },
};

struct loader {
    struct mln_checks *checks;
    struct mln_check_reader reader;
    struct mln_check_shared *shared;
    struct mln_check_views *views;
    struct mln_snapshot *empty;
    struct mln_unread_map *map;
    struct mln_err *err;
};

/* ---- one file ---- */
static int find_word(struct loader *loader, const struct mln_check_entry *entry, const char *key,
        const struct word *words, size_t count, int *out)
{
    const struct mln_yaml_node *node = mln_yaml_get(entry->document, key);
    char list[160] = "";

    for (size_t i = 0, at = 0; i < count; i++) {
        if (mln_str_is(node->text, words[i].name)) {
            *out = words[i].value;
            return MLN_OK;
        }
        at += (size_t)snprintf(
                list + at, sizeof(list) - at, "%s%s", i > 0 ? ", " : "", words[i].name);
    }
    return mln_yaml_fail(loader->err, entry->file, node, "'%s' is one of %s", key, list);
}

/* The blocks of Chinese characters: Unified Ideographs with extension A, and the compatible ones.
 */
static bool has_chinese(struct mln_str text)
{
    for (size_t at = 0; at < text.len;) {
        uint32_t code_point = 0;
        size_t len = mln_utf8_decode(text, at, &code_point);

        if ((code_point >= 0x3400 && code_point <= 0x9fff) ||
                (code_point >= 0xf900 && code_point <= 0xfaff) ||
                (code_point >= 0x20000 && code_point <= 0x3ffff))
            return true;
        at += len > 0 ? len : 1;
    }
    return false;
}

static int check_language(struct loader *loader, const struct mln_check_entry *entry,
        const struct mln_yaml_node *map, const char *key, struct mln_str text, int lang)
{
    const struct mln_yaml_node *node = mln_yaml_get(map, key);

    if (mln_str_trim(text).len == 0)
        return mln_yaml_fail(loader->err, entry->file, node, "'%s' is empty", key);
    if (text.len > MLN_CHECK_TEXT_MAX)
        return mln_yaml_fail(loader->err, entry->file, node, "'%s' is longer than %zu bytes", key,
                MLN_CHECK_TEXT_MAX);
    if (lang == MLN_CHECK_EN && has_chinese(text))
        return mln_yaml_fail(
                loader->err, entry->file, node, "'%s' is English and has a Chinese character", key);
    if (lang == MLN_CHECK_ZH && !has_chinese(text))
        return mln_yaml_fail(loader->err, entry->file, node,
                "'%s' is Chinese and has no Chinese character", key);
    return MLN_OK;
}

static int read_title(
        struct loader *loader, struct mln_check_entry *entry, const struct draft *draft)
{
    struct title_row title = { .key = MLN_STR("") }, grid = { .key = MLN_STR("") };
    struct mln_check *check = &entry->check;
    int rc = mln_yaml_decode(entry->file, draft->title, title_fields, MLN_LEN(title_fields), &title,
            loader->reader.arena, loader->err);

    if (rc == MLN_OK)
        rc = check_language(
                loader, entry, draft->title, "en", title.lang[MLN_CHECK_EN], MLN_CHECK_EN);
    if (rc == MLN_OK)
        rc = check_language(
                loader, entry, draft->title, "zh", title.lang[MLN_CHECK_ZH], MLN_CHECK_ZH);
    if (rc == MLN_OK)
        rc = mln_yaml_decode(entry->file, draft->grid, grid_fields, MLN_LEN(grid_fields), &grid,
                loader->reader.arena, loader->err);
    if (rc == MLN_OK && (grid.key.len == 0 || grid.lang[MLN_CHECK_EN].len == 0 ||
                                grid.lang[MLN_CHECK_ZH].len == 0))
        rc = mln_yaml_fail(loader->err, entry->file, draft->grid, "'grid' needs key, en and zh");
    for (int lang = 0; rc == MLN_OK && lang < MLN_CHECK_LANGS; lang++) {
        check->title[lang] = title.lang[lang];
        check->grid_title[lang] = grid.lang[lang];
    }
    check->grid_key = grid.key;
    return rc;
}

static int read_language(struct loader *loader, struct mln_check_entry *entry,
        const struct mln_yaml_node *map, int lang)
{
    struct text_row row = { .text = { { 0 } } };
    int rc = mln_yaml_decode(entry->file, map, text_fields, MLN_LEN(text_fields), &row,
            loader->reader.arena, loader->err);

    for (size_t i = 0; rc == MLN_OK && i < MLN_LEN(text_fields); i++) {
        size_t index = (text_fields[i].offset - offsetof(struct text_row, text)) /
                       sizeof(struct mln_str);

        entry->check.texts[index][lang] = row.text[index];
        if (index == MLN_TEXT_HELP_RESOURCE &&
                !mln_str_starts(row.text[index], MLN_STR("https://")))
            rc = mln_yaml_fail(loader->err, entry->file, mln_yaml_get(map, text_fields[i].key),
                    "'help_resource' is a https:// link");
        else if (index != MLN_TEXT_HELP_RESOURCE)
            rc = check_language(loader, entry, map, text_fields[i].key, row.text[index], lang);
    }
    return rc;
}

static int read_texts(
        struct loader *loader, struct mln_check_entry *entry, const struct draft *draft)
{
    struct texts_row row = { { NULL, NULL } };
    int rc = mln_yaml_decode(entry->file, draft->texts, texts_fields, MLN_LEN(texts_fields), &row,
            loader->reader.arena, loader->err);

    for (int lang = 0; rc == MLN_OK && lang < MLN_CHECK_LANGS; lang++)
        rc = read_language(loader, entry, row.lang[lang], lang);
    return rc;
}

static int add_mapping(struct loader *loader, struct mln_check_entry *entry,
        struct mln_check_mapping *list, const struct mln_yaml_node *standard,
        const struct mln_yaml_node *clause)
{
    if (clause->kind != MLN_YAML_SCALAR || clause->text.len == 0)
        return mln_yaml_fail(loader->err, entry->file, clause,
                "a mapping is a standard and a list of its clauses");
    list[entry->check.mapping_count++] = (struct mln_check_mapping){ standard->key->text,
        clause->text };
    return MLN_OK;
}

static int read_mappings(
        struct loader *loader, struct mln_check_entry *entry, const struct mln_yaml_node *map)
{
    struct mln_check_mapping *list;
    size_t count = 0;
    int rc = MLN_OK;

    if (map == NULL)
        return MLN_OK;
    if (map->kind != MLN_YAML_MAP)
        return mln_yaml_fail(loader->err, entry->file, map,
                "'mappings' is a map of standards to lists of clauses");
    for (const struct mln_yaml_node *at = map->first; at != NULL; at = at->next)
        count += at->kind == MLN_YAML_LIST ? at->count : 1;
    list = mln_arena_alloc(loader->reader.arena, (count + 1) * sizeof(*list));
    if (list == NULL)
        return mln_check_no_memory(loader->err);
    entry->check.mappings = list;
    for (const struct mln_yaml_node *at = map->first; rc == MLN_OK && at != NULL; at = at->next) {
        if (at->kind != MLN_YAML_LIST)
            rc = add_mapping(loader, entry, list, at, at);
        for (const struct mln_yaml_node *clause = at->first;
                rc == MLN_OK && at->kind == MLN_YAML_LIST && clause != NULL; clause = clause->next)
            rc = add_mapping(loader, entry, list, at, clause);
    }
    return rc;
}

static int read_stands(
        struct loader *loader, struct mln_check_entry *entry, const struct draft *draft)
{
    for (size_t i = 0; i < draft->stands.count; i++) {
        enum mln_verdict verdict = MLN_UNKNOWN;

        if (mln_verdict_parse(draft->stands.items[i], &verdict) != MLN_OK || verdict == MLN_UNKNOWN)
            return mln_yaml_fail(loader->err, entry->file, mln_yaml_get(entry->document, "stands"),
                    "'stands' names verdicts: pass, fail, not_applicable");
        entry->check.stands |= 1U << verdict;
    }
    return MLN_OK;
}

static bool is_code_name(struct mln_str name)
{
    for (size_t i = 0; i < name.len; i++) {
        char c = name.ptr[i];

        if ((c < 'a' || c > 'z') && (c < 'A' || c > 'Z') && (c < '0' || c > '9') && c != '_')
            return false;
    }
    return name.len > 0 && name.len <= CODE_NAME_MAX;
}

static int read_names(
        struct loader *loader, struct mln_check_entry *entry, const struct draft *draft)
{
    struct mln_check *check = &entry->check;
    int rc;

    if (!is_code_name(draft->name))
        return mln_yaml_fail(loader->err, entry->file, mln_yaml_get(entry->document, "name"),
                "'name' is a code name: letters, digits and underscores, at most %zu",
                CODE_NAME_MAX);
    if (!is_code_name(draft->service))
        return mln_yaml_fail(loader->err, entry->file, mln_yaml_get(entry->document, "service"),
                "'service' is a word of letters, digits and underscores, like OSS");
    if (draft->scope->kind != MLN_YAML_SCALAR || draft->query->kind != MLN_YAML_SCALAR)
        return mln_yaml_fail(
                loader->err, entry->file, entry->document, "'scope' and 'query' are texts");
    check->id = draft->id;
    check->name = draft->name;
    check->service = draft->service;
    check->scope_text = draft->scope->text;
    check->query_text = draft->query->text;
    entry->scope = draft->scope;
    entry->query = draft->query;
    rc = find_word(loader, entry, "group", groups, MLN_LEN(groups), &check->group);
    if (rc == MLN_OK)
        rc = find_word(loader, entry, "level", levels, MLN_LEN(levels), &check->level);
    return rc;
}

static int read_entry(struct loader *loader, struct mln_check_entry *entry)
{
    struct draft draft = { .id = 0 };
    int rc = mln_yaml_decode(entry->file, entry->document, fields, MLN_LEN(fields), &draft,
            loader->reader.arena, loader->err);

    if (rc == MLN_OK)
        rc = read_names(loader, entry, &draft);
    if (rc == MLN_OK)
        rc = read_title(loader, entry, &draft);
    if (rc == MLN_OK)
        rc = read_texts(loader, entry, &draft);
    if (rc == MLN_OK)
        rc = mln_check_params_read(&loader->reader, loader->shared, draft.params, entry);
    if (rc == MLN_OK)
        rc = read_mappings(loader, entry, draft.mappings);
    if (rc == MLN_OK)
        rc = read_stands(loader, entry, &draft);
    return rc == MLN_OK ? mln_check_tests_read(&loader->reader, draft.tests, entry) : rc;
}

/* A user's file stands in for a built-in one; any other repetition is a mistake. */
static int place_entry(struct loader *loader, struct mln_check_entry *entry)
{
    struct mln_checks *checks = loader->checks;
    const struct mln_yaml_node *node = mln_yaml_get(entry->document, "id");
    long long id = (long long)entry->check.id;

    for (size_t i = 0; i < checks->count; i++) {
        const struct mln_check *earlier = &checks->entries[i]->check;

        if (earlier->id != entry->check.id)
            continue;
        if (earlier->built_in == entry->check.built_in)
            return mln_yaml_fail(loader->err, entry->file, node,
                    "check id %lld is that of '%s', too", id, earlier->file);
        entry->check.replaced = true;
        checks->entries[i] = entry;
        return MLN_OK;
    }
    if (entry->check.built_in != (entry->check.id <= BUILT_IN_ID_MAX))
        return mln_yaml_fail(loader->err, entry->file, node,
                entry->check.built_in
                        ? "check id %lld: ids from 100000 on belong to users"
                        : "check id %lld is none of the built-in ones; ids of your own begin at "
                          "100000",
                id);
    if (checks->count == MLN_CHECKS_MAX)
        return mln_yaml_fail(
                loader->err, entry->file, node, "more than %zu checks", MLN_CHECKS_MAX);
    checks->entries[checks->count++] = entry;
    return MLN_OK;
}

static int read_file(struct loader *loader, const struct mln_check_file *source)
{
    struct mln_check_entry *entry = mln_arena_alloc(loader->reader.arena, sizeof(*entry));
    struct mln_yaml_file *file = mln_arena_alloc(loader->reader.arena, sizeof(*file));
    int rc;

    if (entry == NULL || file == NULL)
        return mln_check_no_memory(loader->err);
    rc = mln_yaml_parse(source->text, source->name, loader->reader.arena, file, loader->err);
    if (rc != MLN_OK)
        return rc;
    if (file->document_count != 1)
        return mln_yaml_fail(loader->err, file, NULL, "a check file is one document");
    entry->file = file;
    entry->document = file->documents[0];
    entry->check.file = file->name;
    entry->check.built_in = source->built_in;
    entry->check.enabled = true;
    rc = read_entry(loader, entry);
    return rc == MLN_OK ? place_entry(loader, entry) : rc;
}

/* ---- statements ---- */
/* A block begins in the line after its key. */
unsigned mln_check_line(const struct mln_yaml_node *node, size_t offset)
{
    bool is_block = memchr(node->text.ptr, '\n', node->text.len) != NULL;
    unsigned line = is_block ? node->key->line + 1 : node->line;

    for (size_t i = 0; i < offset && i < node->text.len; i++)
        line += node->text.ptr[i] == '\n' ? 1 : 0;
    return line;
}

static int report(struct loader *loader, const struct mln_check_entry *entry, int rc,
        const struct mln_yaml_node *node, const struct mln_check_sql *text,
        const struct mln_check_mistake *mistake)
{
    size_t place = mln_check_sql_place(text, mistake->offset);

    if (rc != MLN_EINVAL)
        return mln_check_no_memory(loader->err);
    return mln_fail(loader->err, MLN_EINVAL, "%s:%u: %.*s: %s", entry->file->name,
            mln_check_line(node, place), MLN_FMT(node->key->text), mistake->text);
}

static int check_params_used(
        struct loader *loader, const struct mln_check_entry *entry, unsigned used)
{
    const struct mln_yaml_node *node = mln_yaml_get(entry->document, "params");

    for (size_t i = 0; i < entry->check.param_count; i++) {
        if ((used >> i & 1) == 0)
            return mln_yaml_fail(loader->err, entry->file, node,
                    "parameter '%s' is used neither by the query nor by the scope",
                    entry->params[i].name);
    }
    return MLN_OK;
}

/* A scope that is a view alone is a query of its rows. */
static int compose_scope(
        struct loader *loader, struct mln_check_entry *entry, struct mln_check_sql *out)
{
    MLN_AUTO(mln_buf_free) struct mln_buf sql = MLN_BUF_INIT(MLN_CHECK_SQL_MAX);
    struct mln_str name = mln_str_trim(entry->check.scope_text);

    if (!mln_check_views_has(loader->views, name))
        return mln_check_views_compose(
                loader->views, entry->check.scope_text, &loader->reader, out);
    mln_buf_addf(&sql, "select id, region from %.*s", MLN_FMT(name));
    return mln_check_views_compose(loader->views, mln_buf_str(&sql), &loader->reader, out);
}

static int compose_entry(struct loader *loader, struct mln_check_entry *entry,
        struct mln_check_sql *scope, struct mln_check_sql *query)
{
    int rc = compose_scope(loader, entry, scope);

    if (rc == MLN_OK)
        rc = mln_check_views_compose(
                loader->views, entry->check.query_text, &loader->reader, query);
    entry->check.scope = scope->sql;
    entry->check.query = query->sql;
    return rc == MLN_EINVAL ? mln_wrap(loader->err, rc, "%s", entry->file->name) : rc;
}

static int prepare_entry(struct loader *loader, struct mln_check_entry *entry)
{
    struct mln_check_guard guard = { .map = loader->map };
    struct mln_check_mistake mistake = { .offset = 0 };
    struct sqlite3 *db = mln_snapshot_db(loader->empty);
    struct mln_check_sql scope_text = { .head = 0 }, query_text = { .head = 0 };
    sqlite3_stmt *scope = NULL, *query = NULL;
    const struct mln_yaml_node *node = entry->scope;
    unsigned used = 0;
    int rc = compose_entry(loader, entry, &scope_text, &query_text);

    if (rc != MLN_OK)
        return rc;
    mln_check_guard_on(db, &guard);
    rc = mln_check_prepare_scope(db, &guard, &entry->check, &scope, &mistake);
    if (rc == MLN_OK)
        rc = mln_check_parameters(&entry->check, entry->check.scope, scope, &used, &mistake);
    if (rc == MLN_OK) {
        node = entry->query;
        rc = mln_check_prepare_query(db, &guard, &entry->check, &query, &mistake);
    }
    if (rc == MLN_OK)
        rc = mln_check_parameters(&entry->check, entry->check.query, query, &used, &mistake);
    mln_check_guard_off(db);
    mln_check_finalize(&scope);
    mln_check_finalize(&query);
    return rc == MLN_OK ? check_params_used(loader, entry, used)
                        : report(loader, entry, rc, node,
                                  node == entry->scope ? &scope_text : &query_text, &mistake);
}

static int prepare_all(struct loader *loader)
{
    struct mln_check_guard guard = { .map = NULL };
    int rc = mln_snapshot_create(NULL, loader->checks->schema, &loader->empty, loader->err);

    if (rc == MLN_OK)
        rc = mln_unread_map_new(loader->empty, &loader->map, loader->err);
    if (rc == MLN_OK)
        rc = mln_check_functions_register(mln_snapshot_db(loader->empty), loader->err);
    if (rc == MLN_OK)
        rc = mln_unread_function(mln_snapshot_db(loader->empty), loader->map, false, loader->err);
    guard.map = loader->map;
    if (rc == MLN_OK)
        rc = mln_check_views_prepare(
                loader->views, mln_snapshot_db(loader->empty), &guard, &loader->reader);
    for (size_t i = 0; rc == MLN_OK && i < loader->checks->count; i++)
        rc = prepare_entry(loader, loader->checks->entries[i]);
    mln_snapshot_free(loader->empty);
    mln_unread_map_free(loader->map);
    return rc;
}

/* ---- all of it ---- */
static int compare_entries(const void *a, const void *b)
{
    const struct mln_check_entry *const *x = a, *const *y = b;

    return ((*x)->check.id > (*y)->check.id) - ((*x)->check.id < (*y)->check.id);
}

/* Built-in files first, whatever their place, so that a user's file replaces them. */
static int read_files(struct loader *loader, const struct mln_checks_source *source)
{
    int rc = MLN_OK;

    for (size_t i = 0; rc == MLN_OK && i < source->file_count; i++)
        if (source->files[i].built_in)
            rc = read_file(loader, &source->files[i]);
    for (size_t i = 0; rc == MLN_OK && i < source->file_count; i++)
        if (!source->files[i].built_in)
            rc = read_file(loader, &source->files[i]);
    if (rc == MLN_OK)
        qsort(loader->checks->entries, loader->checks->count, sizeof(*loader->checks->entries),
                compare_entries);
    return rc;
}

static int load(struct loader *loader, const struct mln_checks_source *source)
{
    struct mln_checks *checks = loader->checks;
    int rc;

    checks->entries = mln_arena_alloc(&checks->arena, MLN_CHECKS_MAX * sizeof(*checks->entries));
    if (checks->entries == NULL)
        return mln_check_no_memory(loader->err);
    rc = mln_check_shared_new(source, &loader->reader, &loader->shared);
    if (rc == MLN_OK)
        rc = read_files(loader, source);
    if (rc == MLN_OK)
        rc = mln_check_views_read(
                source->views, source->view_count, source->schema, &loader->reader, &loader->views);
    if (rc == MLN_OK)
        rc = mln_check_shared_apply(loader->shared, checks, &loader->reader);
    return rc == MLN_OK ? prepare_all(loader) : rc;
}

int mln_checks_load(
        const struct mln_checks_source *source, struct mln_checks **out, struct mln_err *err)
{
    struct mln_checks *checks = calloc(1, sizeof(*checks));
    struct loader loader = { .checks = checks, .err = err };
    int rc;

    if (checks == NULL)
        return mln_check_no_memory(err);
    checks->arena.max_bytes = MLN_CHECK_BYTES_MAX;
    checks->schema = source->schema;
    loader.reader = (struct mln_check_reader){ &checks->arena, err };
    rc = load(&loader, source);
    if (rc != MLN_OK) {
        mln_checks_free(checks);
        return rc;
    }
    *out = checks;
    return MLN_OK;
}

void mln_checks_free(struct mln_checks *checks)
{
    if (checks == NULL)
        return;
    mln_arena_free(&checks->arena);
    free(checks);
}

size_t mln_checks_count(const struct mln_checks *checks)
{
    return checks->count;
}

const struct mln_check *mln_checks_at(const struct mln_checks *checks, size_t index)
{
    return index < checks->count ? &checks->entries[index]->check : NULL;
}

/* Also while checks are still being loaded, when they are sorted but not yet prepared. */
const struct mln_check *mln_checks_find(const struct mln_checks *checks, int64_t id)
{
    size_t low = 0, high = checks->count;

    while (low < high) {
        size_t middle = low + (high - low) / 2;
        int64_t at = checks->entries[middle]->check.id;

        if (at == id)
            return &checks->entries[middle]->check;
        if (at < id)
            low = middle + 1;
        else
            high = middle;
    }
    return NULL;
}

const struct mln_check_entry *mln_check_entry(
        const struct mln_checks *checks, const struct mln_check *check)
{
    for (size_t i = 0; i < checks->count; i++) {
        if (&checks->entries[i]->check == check)
            return checks->entries[i];
    }
    return NULL;
}
