#include "check/views.h"

#include <stdio.h>

#define NAME_MAX_BYTES MLN_TABLE_NAME_MAX
#define GIVEN_MAX      ((size_t)8) /* Relations of `over`. */

/* A relation that the text which uses the view must give. */
struct given {
    struct mln_str name;
    struct mln_yaml_strs columns;
};

struct view {
    struct mln_str name, query, about;
    const struct mln_yaml_file *file;
    const struct mln_yaml_node *document;
    struct given given[GIVEN_MAX];
    size_t given_count;
    bool built_in, is_inline;
};

struct mln_check_views {
    struct view *items[MLN_VIEWS_MAX];
    size_t count;
};

struct draft {
    struct mln_str name, about, query;
    const struct mln_yaml_node *over;
    bool is_inline;
};

static const struct mln_yaml_field fields[] = {
    /* sorted rows */
    { "about", MLN_YAML_STR, offsetof(struct draft, about), MLN_YAML_REQUIRED, 0, 0 },
    { "inline", MLN_YAML_BOOL, offsetof(struct draft, is_inline), 0, 0, 0 },
    { "name", MLN_YAML_STR, offsetof(struct draft, name), MLN_YAML_REQUIRED, 0, 0 },
    { "over", MLN_YAML_NODE, offsetof(struct draft, over), 0, 0, 0 },
    { "query", MLN_YAML_STR, offsetof(struct draft, query), MLN_YAML_REQUIRED, 0, 0 },
};

/* ---- words of SQL ---- */
static bool is_word_byte(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
           (unsigned char)c >= 0x80;
}

/* The end of what is no word: a comment, something quoted, or one byte. */
static size_t skip_other(struct mln_str sql, size_t at)
{
    struct mln_str rest = { sql.ptr + at, sql.len - at };
    const char *end = NULL;
    size_t width = 1;

    if (mln_str_starts(rest, MLN_STR("--"))) {
        end = memchr(rest.ptr, '\n', rest.len);
    } else if (mln_str_starts(rest, MLN_STR("/*"))) {
        end = memmem(rest.ptr + 2, rest.len - 2, "*/", 2);
        width = 2;
    } else if (rest.ptr[0] == '\'' || rest.ptr[0] == '"' || rest.ptr[0] == '`') {
        /* A doubled quote ends one text and begins the next, which comes to the same. */
        end = memchr(rest.ptr + 1, rest.ptr[0], rest.len - 1);
    } else if (rest.ptr[0] == '[') {
        end = memchr(rest.ptr, ']', rest.len);
    } else {
        return at + 1;
    }
    return end != NULL ? (size_t)(end - sql.ptr) + width : sql.len;
}

/* The next word at or after `*at`, which moves behind it. */
static bool next_word(struct mln_str sql, size_t *at, struct mln_str *word)
{
    size_t begin = *at;

    while (begin < sql.len && !is_word_byte(sql.ptr[begin]))
        begin = skip_other(sql, begin);
    *at = begin;
    while (*at < sql.len && is_word_byte(sql.ptr[*at]))
        (*at)++;
    *word = (struct mln_str){ sql.ptr + begin, *at - begin };
    return word->len > 0;
}

/* Behind the WITH (RECURSIVE) that the text begins with; 0: it begins with something else. */
static size_t behind_with(struct mln_str sql)
{
    struct mln_str word;
    size_t at = 0, end;

    if (!next_word(sql, &at, &word) || !mln_str_eq_nocase(word, MLN_STR("with")))
        return 0;
    end = at;
    return next_word(sql, &at, &word) && mln_str_eq_nocase(word, MLN_STR("recursive")) ? at : end;
}

/* ---- one file ---- */
static bool is_name(struct mln_str name)
{
    for (size_t i = 0; i < name.len; i++) {
        char c = name.ptr[i];

        if ((c < 'a' || c > 'z') && (i == 0 || ((c < '0' || c > '9') && c != '_')))
            return false;
    }
    return name.len > 0 && name.len <= NAME_MAX_BYTES && !mln_str_starts(name, MLN_STR("sqlite_"));
}

/* Tables that the plan does not list. */
static bool is_taken(const struct mln_schema *schema, struct mln_str name)
{
    static const char *const taken[] = { "collect_call", "json_each", "json_tree", "meta",
        "plan_call", "plan_column", "plan_table" };

    for (size_t i = 0; i < MLN_LEN(taken); i++) {
        if (mln_str_is(name, taken[i]))
            return true;
    }
    return schema != NULL && mln_schema_table(schema, name) != NULL;
}

static int check_name(const struct mln_check_reader *reader, const struct view *view,
        const struct mln_schema *schema, const struct mln_yaml_node *node, struct mln_str name)
{
    if (!is_name(name))
        return mln_yaml_fail(reader->err, view->file, node,
                "a name is small letters, digits and underscores, and begins with a letter");
    if (is_taken(schema, name))
        return mln_yaml_fail(reader->err, view->file, node, "'%.*s' is a table", MLN_FMT(name));
    return MLN_OK;
}

static int read_given(const struct mln_check_reader *reader, struct view *view,
        const struct mln_schema *schema, const struct mln_yaml_node *node)
{
    struct mln_str *columns = mln_arena_alloc(reader->arena, (node->count + 1) * sizeof(*columns));
    struct given *given = &view->given[view->given_count];
    size_t count = 0;
    int rc = check_name(reader, view, schema, node->key, node->key->text);

    if (columns == NULL)
        return mln_check_no_memory(reader->err);
    if (rc == MLN_OK && (node->kind != MLN_YAML_LIST || node->count == 0))
        return mln_yaml_fail(reader->err, view->file, node, "'over' gives a list of columns");
    for (const struct mln_yaml_node *at = node->first; rc == MLN_OK && at != NULL; at = at->next) {
        if (at->kind != MLN_YAML_SCALAR || !is_name(at->text))
            return mln_yaml_fail(reader->err, view->file, at, "a column's name is expected");
        columns[count++] = at->text;
    }
    *given = (struct given){ node->key->text, { columns, count } };
    view->given_count++;
    return rc;
}

static int read_over(const struct mln_check_reader *reader, struct view *view,
        const struct mln_schema *schema, const struct mln_yaml_node *over)
{
    int rc = MLN_OK;

    if (over == NULL)
        return MLN_OK;
    if (over->kind != MLN_YAML_MAP || over->count > GIVEN_MAX)
        return mln_yaml_fail(reader->err, view->file, over,
                "'over' is a map of at most %zu relations to their columns", GIVEN_MAX);
    for (const struct mln_yaml_node *at = over->first; rc == MLN_OK && at != NULL; at = at->next)
        rc = read_given(reader, view, schema, at);
    return rc;
}

static int read_view(const struct mln_check_reader *reader, const struct mln_check_file *source,
        const struct mln_schema *schema, struct view **out)
{
    struct view *view = mln_arena_alloc(reader->arena, sizeof(*view));
    struct mln_yaml_file *file = mln_arena_alloc(reader->arena, sizeof(*file));
    struct draft draft = { .over = NULL };
    int rc;

    if (view == NULL || file == NULL)
        return mln_check_no_memory(reader->err);
    rc = mln_yaml_parse(source->text, source->name, reader->arena, file, reader->err);
    if (rc == MLN_OK && file->document_count != 1)
        rc = mln_yaml_fail(reader->err, file, NULL, "a view file is one document");
    if (rc != MLN_OK)
        return rc;
    *view = (struct view){
        .file = file, .document = file->documents[0], .built_in = source->built_in
    };
    rc = mln_yaml_decode(
            file, view->document, fields, MLN_LEN(fields), &draft, reader->arena, reader->err);
    if (rc != MLN_OK)
        return rc;
    view->name = draft.name;
    view->about = draft.about;
    view->query = draft.query;
    view->is_inline = draft.is_inline;
    *out = view;
    if (mln_str_trim(draft.about).len == 0)
        return mln_yaml_fail(reader->err, file, mln_yaml_get(view->document, "about"),
                "'about' says in a sentence what a row of the view is");
    rc = check_name(reader, view, schema, mln_yaml_get(view->document, "name"), view->name);
    return rc == MLN_OK ? read_over(reader, view, schema, draft.over) : rc;
}

/* ---- all files ---- */
static size_t find_view(const struct mln_check_views *views, struct mln_str name)
{
    size_t i = 0;

    /* NOLINTNEXTLINE(clang-analyzer-core.NullDereference): set on success */
    while (i < views->count && !mln_str_eq_nocase(views->items[i]->name, name))
        i++;
    return i;
}

static int place_view(
        const struct mln_check_reader *reader, struct mln_check_views *views, struct view *view)
{
    /* NOLINTNEXTLINE(clang-analyzer-core.NullDereference): set on success */
    const struct mln_yaml_node *node = mln_yaml_get(view->document, "name");
    size_t at = find_view(views, view->name);

    if (at < views->count && views->items[at]->built_in == view->built_in)
        return mln_yaml_fail(reader->err, view->file, node, "'%.*s' is a view of '%s', too",
                MLN_FMT(view->name), views->items[at]->file->name);
    if (at == MLN_VIEWS_MAX)
        return mln_yaml_fail(reader->err, view->file, node, "more than %zu views", MLN_VIEWS_MAX);
    views->items[at] = view;
    views->count += at == views->count ? 1 : 0;
    return MLN_OK;
}

static int compare_views(const void *a, const void *b)
{
    const struct view *const *x = a, *const *y = b;

    return mln_str_cmp((*x)->name, (*y)->name);
}

static int check_given(const struct mln_check_reader *reader, const struct mln_check_views *views)
{
    for (size_t i = 0; i < views->count; i++) {
        const struct view *view = views->items[i];

        for (size_t j = 0; j < view->given_count; j++) {
            if (find_view(views, view->given[j].name) < views->count)
                return mln_yaml_fail(reader->err, view->file, mln_yaml_get(view->document, "over"),
                        "'%.*s' is a view itself", MLN_FMT(view->given[j].name));
        }
    }
    return MLN_OK;
}

int mln_check_views_read(const struct mln_check_file *files, size_t count,
        const struct mln_schema *schema, const struct mln_check_reader *reader,
        struct mln_check_views **out)
{
    struct mln_check_views *views = mln_arena_alloc(reader->arena, sizeof(*views));
    int rc = MLN_OK;

    if (views == NULL)
        return mln_check_no_memory(reader->err);
    /* Built-in files first, so that a user's file replaces them. */
    for (int own = 0; own < 2; own++) {
        for (size_t i = 0; rc == MLN_OK && i < count; i++) {
            struct view *view = NULL;

            if (files[i].built_in == (own != 0))
                continue;
            rc = read_view(reader, &files[i], schema, &view);
            if (rc == MLN_OK)
                rc = place_view(reader, views, view);
        }
    }
    if (rc == MLN_OK)
        rc = check_given(reader, views);
    if (rc != MLN_OK)
        return rc;
    if (views->count > 0)
        qsort(views->items, views->count, sizeof(views->items[0]), compare_views);
    *out = views;
    return MLN_OK;
}

bool mln_check_views_has(const struct mln_check_views *views, struct mln_str name)
{
    return find_view(views, name) < views->count;
}

/* ---- a text with its views ---- */
struct composer {
    const struct mln_check_views *views;
    const struct view *self; /* Being prepared: not a view of its own text. */
    bool used[MLN_VIEWS_MAX];
    struct mln_buf out;
};

/* Marks the views that the text names, and those that these name. Each is gone into once. */
/* NOLINTNEXTLINE(misc-no-recursion): each view once */
static void mark(struct composer *composer, struct mln_str sql)
{
    struct mln_str word;
    size_t at = 0;

    while (next_word(sql, &at, &word)) {
        size_t i = find_view(composer->views, word);

        /* NOLINTNEXTLINE(clang-analyzer-core.NullDereference): set on success */
        if (i == composer->views->count || composer->used[i] ||
                composer->views->items[i] == composer->self)
            continue;
        composer->used[i] = true;
        mark(composer, composer->views->items[i]->query);
    }
}

static void separate(struct composer *composer)
{
    mln_buf_add_cstr(&composer->out, composer->out.len > 0 ? ", " : "with ");
}

static void add_views(struct composer *composer)
{
    /* NOLINTNEXTLINE(clang-analyzer-core.NullDereference): set on success */
    for (size_t i = 0; i < composer->views->count; i++) {
        const struct view *view = composer->views->items[i];

        if (!composer->used[i])
            continue;
        separate(composer);
        mln_buf_addf(&composer->out, "%.*s as %s(", MLN_FMT(view->name),
                view->is_inline ? "not materialized " : "");
        /* The line ends a comment that the query may end with. */
        mln_buf_add(&composer->out, view->query);
        mln_buf_add_cstr(&composer->out, "\n)");
    }
}

/* The relation as the text would give it, without rows. */
static void add_given(struct composer *composer, const struct given *given)
{
    separate(composer);
    mln_buf_addf(&composer->out, "%.*s(", MLN_FMT(given->name));
    for (size_t i = 0; i < given->columns.count; i++)
        mln_buf_addf(&composer->out, "%s%.*s", i > 0 ? ", " : "", MLN_FMT(given->columns.items[i]));
    mln_buf_add_cstr(&composer->out, ") as (select ");
    for (size_t i = 0; i < given->columns.count; i++)
        mln_buf_add_cstr(&composer->out, i > 0 ? ", null" : "null");
    mln_buf_add_cstr(&composer->out, " where 0)");
}

static bool gives(const struct view *view, struct mln_str name)
{
    for (size_t i = 0; view != NULL && i < view->given_count; i++) {
        if (mln_str_eq(view->given[i].name, name))
            return true;
    }
    return false;
}

/* What the view is over, and what the views that it uses are over. */
static void add_all_given(struct composer *composer)
{
    const struct view *earlier[MLN_VIEWS_MAX + 1] = { composer->self };
    size_t count = 1;

    for (size_t i = 0; i < composer->views->count; i++) {
        if (composer->used[i])
            earlier[count++] = composer->views->items[i];
    }
    for (size_t i = 0; i < count; i++) {
        for (size_t j = 0; j < earlier[i]->given_count; j++) {
            bool is_there = false;

            for (size_t k = 0; k < i; k++)
                is_there = is_there || gives(earlier[k], earlier[i]->given[j].name);
            if (!is_there)
                add_given(composer, &earlier[i]->given[j]);
        }
    }
}

static void add_text(struct composer *composer, struct mln_str sql, struct mln_check_sql *out)
{
    if (composer->out.len > 0) {
        out->skipped = behind_with(sql);
        mln_buf_add_cstr(&composer->out, out->skipped > 0 ? ", " : " ");
    }
    out->head = composer->out.len;
    mln_buf_add(&composer->out, (struct mln_str){ sql.ptr + out->skipped, sql.len - out->skipped });
}

static int finish(
        struct composer *composer, const struct mln_check_reader *reader, struct mln_check_sql *out)
{
    struct mln_str sql;
    int rc = mln_buf_done(&composer->out, &sql, reader->err);

    if (rc != MLN_OK)
        return rc == MLN_ETOOBIG ? mln_fail(reader->err, MLN_EINVAL,
                                           "a query with its views is longer than %zu bytes",
                                           MLN_CHECK_SQL_MAX)
                                 : rc;
    out->sql = mln_arena_dup(reader->arena, sql);
    return out->sql.ptr != NULL ? MLN_OK : mln_check_no_memory(reader->err);
}

int mln_check_views_compose(const struct mln_check_views *views, struct mln_str sql,
        const struct mln_check_reader *reader, struct mln_check_sql *out)
{
    struct composer composer = { .views = views, .out = MLN_BUF_INIT(MLN_CHECK_SQL_MAX) };
    int rc;

    *out = (struct mln_check_sql){ .sql = sql };
    mark(&composer, sql);
    add_views(&composer);
    if (composer.out.len == 0)
        return MLN_OK;
    add_text(&composer, sql, out);
    rc = finish(&composer, reader, out);
    mln_buf_free(&composer.out);
    return rc;
}

size_t mln_check_sql_place(const struct mln_check_sql *text, size_t offset)
{
    return offset >= text->head ? offset - text->head + text->skipped : 0;
}

/* ---- a view by itself ---- */
static int mistaken(const struct mln_check_reader *reader, const struct view *view, int rc,
        const struct mln_check_sql *text, const struct mln_check_mistake *mistake)
{
    const struct mln_yaml_node *node = mln_yaml_get(view->document, "query");

    if (rc != MLN_EINVAL)
        return mln_check_no_memory(reader->err);
    return mln_fail(reader->err, MLN_EINVAL, "%s:%u: query: %s", view->file->name,
            mln_check_line(node, mln_check_sql_place(text, mistake->offset)), mistake->text);
}

/* The query alone, so that mistakes have a place and nothing closes the bracket around it; then as
 * others use it, which a semicolon or a name that is a word of SQL would spoil. */
static int prepare_view(const struct mln_check_views *views, const struct view *view,
        struct sqlite3 *db, struct mln_check_guard *guard, const struct mln_check_reader *reader)
{
    struct composer composer = {
        .views = views, .self = view, .out = MLN_BUF_INIT(MLN_CHECK_SQL_MAX)
    };
    struct mln_check_mistake mistake = { .offset = 0 };
    struct mln_check_sql text = { .head = 0 };
    int rc;

    mark(&composer, view->query);
    add_all_given(&composer);
    add_views(&composer);
    add_text(&composer, view->query, &text);
    rc = finish(&composer, reader, &text);
    if (rc == MLN_OK) {
        rc = mln_check_prepare_view(db, guard, text.sql, &mistake);
        rc = rc == MLN_OK ? MLN_OK : mistaken(reader, view, rc, &text, &mistake);
    }
    mln_buf_reset(&composer.out);
    composer.used[find_view(views, view->name)] = true;
    add_all_given(&composer);
    add_views(&composer);
    mln_buf_addf(&composer.out, " select * from %.*s", MLN_FMT(view->name));
    if (rc == MLN_OK)
        rc = finish(&composer, reader, &text);
    if (rc == MLN_OK) {
        text.head = text.sql.len; /* Every place is one in a view. */
        rc = mln_check_prepare_view(db, guard, text.sql, &mistake);
        rc = rc == MLN_OK ? MLN_OK : mistaken(reader, view, rc, &text, &mistake);
    }
    mln_buf_free(&composer.out);
    return rc;
}

int mln_check_views_prepare(const struct mln_check_views *views, struct sqlite3 *db,
        struct mln_check_guard *guard, const struct mln_check_reader *reader)
{
    int rc = MLN_OK;

    mln_check_guard_on(db, guard);
    for (size_t i = 0; rc == MLN_OK && i < views->count; i++)
        rc = prepare_view(views, views->items[i], db, guard, reader);
    mln_check_guard_off(db);
    return rc;
}

/* ---- for queries of people ---- */
/* Behind EXPLAIN (QUERY PLAN), which stands before WITH. */
static size_t behind_explain(struct mln_str sql)
{
    struct mln_str word;
    size_t at = 0, end;

    if (!next_word(sql, &at, &word) || !mln_str_eq_nocase(word, MLN_STR("explain")))
        return 0;
    end = at;
    if (next_word(sql, &at, &word) && mln_str_eq_nocase(word, MLN_STR("query")) &&
            next_word(sql, &at, &word))
        end = at;
    return end;
}

int mln_views_compose(const struct mln_check_file *files, size_t count, struct mln_str sql,
        struct mln_buf *out, struct mln_err *err)
{
    struct mln_arena arena = MLN_ARENA_INIT(MLN_CHECK_BYTES_MAX);
    struct mln_check_reader reader = { &arena, err };
    struct mln_check_views *views = NULL;
    struct mln_check_sql text = { .head = 0 };
    size_t explained = behind_explain(sql);
    struct mln_str rest = { sql.ptr + explained, sql.len - explained };
    int rc = mln_check_views_read(files, count, NULL, &reader, &views);

    if (rc == MLN_OK)
        rc = mln_check_views_compose(views, rest, &reader, &text);
    if (rc == MLN_OK) {
        mln_buf_add(out, (struct mln_str){ sql.ptr, explained });
        mln_buf_add_cstr(out, explained > 0 ? " " : "");
        mln_buf_add(out, text.sql);
    }
    mln_arena_free(&arena);
    return rc;
}
