/*
 * From an answer to rows. An answer of another shape than the map says is refused as a whole: the
 * call then counts as failed, where guessing would turn what was not understood into "there is
 * none".
 */
#include "snapshot/priv.h"

/* Columns of every table before its own; parameters of the INSERT count from 1. */
enum { ID = 1, NAME, REGION, PARENT, ANSWER, ANSWER_CODE, CALL, FIRST_COLUMN };

#define INSERT_SQL_MAX ((size_t)64 * 1024)

static const char *const own_columns[] = { "id", "name", "region", "parent", "answer",
    "answer_code", "call" };

/* The values of one row that are not in its columns. */
struct row {
    struct mln_str id, name, region, parent, answer, answer_code;
    bool has_name;
    int64_t call;
    struct mln_json_value element;
};

static const struct mln_table *table_of(
        const struct mln_snapshot *snapshot, const struct mln_row_map *map)
{
    return &snapshot->schema->tables[map->table];
}

static void add_names(struct mln_buf *sql, const struct mln_table *table)
{
    for (size_t i = 0; i < MLN_LEN(own_columns); i++)
        mln_buf_addf(sql, "%s, ", own_columns[i]);
    for (size_t i = 0; i < table->column_count; i++)
        mln_buf_addf(sql, "\"%s\", ", table->columns[i].name);
    mln_buf_add_cstr(sql, "raw");
}

static int prepare_insert(struct mln_snapshot *snapshot, const struct mln_table *table,
        const char *verb, sqlite3_stmt **out, struct mln_err *err)
{
    MLN_AUTO(mln_buf_free) struct mln_buf sql = MLN_BUF_INIT(INSERT_SQL_MAX);
    struct mln_str text;
    int rc;

    mln_buf_addf(&sql, "%s INTO \"%s\"(", verb, table->name);
    add_names(&sql, table);
    mln_buf_add_cstr(&sql, ") VALUES(?1");
    for (size_t i = 2; i <= FIRST_COLUMN + table->column_count; i++)
        mln_buf_addf(&sql, ", ?%zu", i);
    mln_buf_add_char(&sql, ')');
    if (table->is_unique && strcmp(verb, "INSERT") == 0)
        mln_buf_add_cstr(&sql, " ON CONFLICT DO NOTHING");
    rc = mln_buf_done(&sql, &text, err);
    if (rc == MLN_OK)
        rc = mln_snapshot_prepare(snapshot, text.ptr, out, err);
    return rc;
}

static int bind_own(sqlite3_stmt *statement, const struct row *row)
{
    const struct {
        int index;
        struct mln_str text;
    } texts[] = { { ID, row->id }, { REGION, row->region }, { PARENT, row->parent },
        { ANSWER, row->answer }, { ANSWER_CODE, row->answer_code } };
    int code = row->has_name ? mln_snapshot_bind(statement, NAME, row->name)
                             : sqlite3_bind_null(statement, NAME);

    for (size_t i = 0; code == SQLITE_OK && i < MLN_LEN(texts); i++)
        code = mln_snapshot_bind(statement, texts[i].index, texts[i].text);
    if (code == SQLITE_OK)
        code = sqlite3_bind_int64(statement, CALL, row->call);
    return code;
}

/* Columns that the map does not fill stay NULL, whatever the statement held before. */
static int bind_columns(struct mln_snapshot *snapshot, sqlite3_stmt *statement,
        const struct mln_row_map *map, const struct row *row)
{
    const struct mln_table *table = table_of(snapshot, map);
    bool is_answer = row->element.document != NULL;
    int code = SQLITE_OK;

    for (size_t i = 0; map->column_count < table->column_count && i < table->column_count; i++)
        (void)sqlite3_bind_null(statement, FIRST_COLUMN + (int)i);
    for (size_t i = 0; code == SQLITE_OK && i < map->column_count; i++) {
        const struct mln_column_map *column = &map->columns[i];
        int index = FIRST_COLUMN + (int)column->column;

        if (!is_answer)
            code = sqlite3_bind_null(statement, index);
        else if (column->literal != NULL)
            code = mln_snapshot_bind(statement, index, mln_str_of(column->literal));
        else
            code = mln_snapshot_bind_value(statement, index, table->columns[column->column].type,
                    mln_snapshot_at(row->element, &column->path), &snapshot->scratch);
    }
    return code;
}

static int bind_raw(struct mln_snapshot *snapshot, sqlite3_stmt *statement,
        const struct mln_table *table, const struct row *row, struct mln_err *err)
{
    int index = FIRST_COLUMN + (int)table->column_count, code;
    struct mln_str raw;
    int rc;

    if (row->element.document == NULL) {
        code = sqlite3_bind_null(statement, index);
    } else {
        mln_buf_reset(&snapshot->raw);
        mln_json_print(row->element, &snapshot->raw);
        rc = mln_buf_done(&snapshot->raw, &raw, err);
        if (rc < 0)
            return mln_wrap(err, rc, "a row of '%s'", table->name);
        code = mln_snapshot_bind(statement, index, raw);
    }
    return code == SQLITE_OK ? MLN_OK : mln_snapshot_fail(snapshot, code, table->name, err);
}

static int put_row(struct mln_snapshot *snapshot, const struct mln_row_map *map,
        const struct row *row, sqlite3_stmt *statement, struct mln_err *err)
{
    const struct mln_table *table = table_of(snapshot, map);
    int code = bind_own(statement, row);

    if (code == SQLITE_OK)
        code = bind_columns(snapshot, statement, map, row);
    if (code != SQLITE_OK)
        return mln_snapshot_fail(snapshot, code, table->name, err);
    code = bind_raw(snapshot, statement, table, row, err);
    if (code == MLN_OK)
        code = mln_snapshot_run(snapshot, statement, table->name, err);
    return code;
}

/* The rows nested in the one that is to be replaced go first: they were found by it. */
static int replace_row(struct mln_snapshot *snapshot, const struct mln_row_map *map,
        const struct row *row, struct mln_err *err)
{
    const struct mln_row_place place = { .region = row->region, .parent = row->parent };
    struct mln_snapshot_table *state = &snapshot->tables[map->table];
    int rc = MLN_OK;

    if (state->replace == NULL)
        rc = prepare_insert(
                snapshot, table_of(snapshot, map), "INSERT OR REPLACE", &state->replace, err);
    if (rc == MLN_OK && map->nested_count > 0)
        rc = mln_snapshot_drop_older(snapshot, map, &place, row->id, err);
    if (rc == MLN_OK)
        rc = put_row(snapshot, map, row, state->replace, err);
    return rc;
}

static int add_row(struct mln_snapshot *snapshot, const struct mln_row_map *map,
        const struct row *row, struct mln_err *err)
{
    struct mln_snapshot_table *state = &snapshot->tables[map->table];
    int rc = MLN_OK;

    if (state->add == NULL)
        rc = prepare_insert(snapshot, table_of(snapshot, map), "INSERT", &state->add, err);
    if (rc == MLN_OK)
        rc = put_row(snapshot, map, row, state->add, err);
    if (rc == MLN_OK && sqlite3_changes(snapshot->db) == 0)
        rc = replace_row(snapshot, map, row, err);
    return rc;
}

/* The texts of a row's own columns outlive the buffer that prints them. */
struct own_texts {
    struct mln_buf id, name, region;
};

static void free_own_texts(struct own_texts *texts)
{
    mln_buf_free(&texts->id);
    mln_buf_free(&texts->name);
    mln_buf_free(&texts->region);
}

static int describe(struct mln_snapshot *snapshot, const struct mln_row_map *map,
        struct own_texts *texts, struct row *row, struct mln_err *err)
{
    const struct mln_table *table = table_of(snapshot, map);
    struct mln_str text;

    if (map->has_id) {
        if (!mln_snapshot_text(mln_snapshot_at(row->element, &map->id), &texts->id, &row->id) ||
                row->id.len == 0)
            return mln_fail(err, MLN_EINVAL, "an element for table '%s' has no id", table->name);
    } else if (table->single) {
        row->id = row->parent;
    }
    if (map->has_name)
        row->has_name = mln_snapshot_text(
                mln_snapshot_at(row->element, &map->name), &texts->name, &row->name);
    if (map->has_region &&
            mln_snapshot_text(mln_snapshot_at(row->element, &map->region), &texts->region, &text) &&
            text.len > 0)
        row->region = text;
    if (texts->id.code != MLN_OK || texts->name.code != MLN_OK || texts->region.code != MLN_OK)
        return mln_fail(
                err, MLN_ETOOBIG, "an element for table '%s' has too long a name", table->name);
    return MLN_OK;
}

static bool is_empty(struct mln_json_value list)
{
    struct mln_str text;

    return mln_json_type(list) == MLN_JSON_NULL || (mln_json_to_str(list, &text) && text.len == 0);
}

/* Whether the elements are texts and numbers rather than objects: a path takes the element itself.
 */
static bool takes_scalars(const struct mln_row_map *map)
{
    if (map->has_id && map->id.count == 0)
        return true;
    for (size_t i = 0; i < map->column_count; i++)
        if (map->columns[i].literal == NULL && map->columns[i].path.count == 0)
            return true;
    return false;
}

static int add_elements(struct mln_snapshot *snapshot, const struct mln_row_map *map,
        const struct mln_row_place *place, struct mln_json_value list, int64_t *added,
        struct mln_err *err);

/* The container of nested rows may be left out of the row around it when there are none. */
/* NOLINTNEXTLINE(misc-no-recursion): as deep as the rows of a plan nest, which YAML limits */
static int add_nested(struct mln_snapshot *snapshot, const struct mln_row_map *map,
        const struct row *row, struct mln_err *err)
{
    const struct mln_row_place place = {
        .call_row = row->call,
        .region = row->region,
        .parent = row->id,
    };
    int64_t ignored = 0;
    int rc = MLN_OK;

    for (size_t i = 0; rc == MLN_OK && i < map->nested_count; i++)
        rc = add_elements(snapshot, &map->nested[i], &place,
                mln_snapshot_at(row->element, &map->nested[i].list), &ignored, err);
    return rc;
}

/* NOLINTNEXTLINE(misc-no-recursion): as deep as the rows of a plan nest, which YAML limits */
int mln_snapshot_add_element(struct mln_snapshot *snapshot, const struct mln_row_map *map,
        const struct mln_row_place *place, struct mln_json_value element, struct mln_err *err)
{
    MLN_AUTO(free_own_texts)
    struct own_texts texts = { MLN_BUF_INIT(MLN_SNAPSHOT_RAW_MAX),
        MLN_BUF_INIT(MLN_SNAPSHOT_RAW_MAX), MLN_BUF_INIT(MLN_SNAPSHOT_RAW_MAX) };
    struct row row = {
        .region = place->region,
        .parent = place->parent,
        .answer = MLN_STR("ok"),
        .call = place->call_row,
        .element = element,
    };
    int rc;

    /* The one row of a call, also when its part of the answer is empty. */
    if (table_of(snapshot, map)->single && is_empty(element) && !map->has_id &&
            !takes_scalars(map)) {
        row.id = place->parent;
        row.element = (struct mln_json_value){ 0 };
        return add_row(snapshot, map, &row, err);
    }
    if (mln_json_type(element) != MLN_JSON_OBJECT && !takes_scalars(map))
        return mln_fail(err, MLN_EINVAL, "an element for table '%s' is not an object",
                table_of(snapshot, map)->name);
    rc = describe(snapshot, map, &texts, &row, err);
    if (rc == MLN_OK)
        rc = add_row(snapshot, map, &row, err);
    if (rc == MLN_OK && map->nested_count > 0)
        rc = add_nested(snapshot, map, &row, err);
    return rc;
}

/* Each element of an array; the one element that XML writes without an array; none. */
/* NOLINTNEXTLINE(misc-no-recursion): as deep as the rows of a plan nest, which YAML limits */
static int add_elements(struct mln_snapshot *snapshot, const struct mln_row_map *map,
        const struct mln_row_place *place, struct mln_json_value list, int64_t *added,
        struct mln_err *err)
{
    struct mln_json_iter it = mln_json_iter(list);
    struct mln_json_value element;
    int64_t count = 0;
    int rc = MLN_OK;

    if (mln_json_type(list) == MLN_JSON_ARRAY) {
        while (rc == MLN_OK && mln_json_next(&it, NULL, &element)) {
            rc = mln_snapshot_add_element(snapshot, map, place, element, err);
            count++;
        }
    } else if ((mln_json_type(list) == MLN_JSON_OBJECT && mln_json_count(list) > 0) ||
               (mln_json_type(list) == MLN_JSON_STRING && !is_empty(list) && takes_scalars(map))) {
        rc = mln_snapshot_add_element(snapshot, map, place, list, err);
        count = 1;
    } else if (!is_empty(list)) {
        rc = mln_fail(err, MLN_EINVAL, "the list for table '%s' is not a list",
                table_of(snapshot, map)->name);
    }
    if (rc == MLN_OK)
        *added += count;
    return rc;
}

/*
 * The container must be there: an answer without it is not the answer that the plan describes. An
 * empty one (null, or XML's empty text) holds nothing.
 */
static int find(const struct mln_path *path, struct mln_json_value *value, struct mln_err *err)
{
    struct mln_json_value at = *value;

    for (size_t i = 0; i < path->count; i++) {
        if (is_empty(at) && i > 0)
            break;
        if (mln_json_type(at) != MLN_JSON_OBJECT)
            return mln_fail(err, MLN_EINVAL, "'%s' of the answer is not an object",
                    i > 0 ? path->names[i - 1] : "the whole");
        if (!mln_json_get(at, path->names[i], &at)) {
            if (i == 0)
                return mln_fail(err, MLN_EINVAL, "the answer has no '%s'", path->names[0]);
            at = (struct mln_json_value){ 0 };
        }
    }
    *value = at;
    return MLN_OK;
}

/* The call of a map that stands for itself, for messages. */
static const char *name_of(const struct mln_snapshot *snapshot, const struct mln_row_map *map)
{
    for (size_t i = 0; i < snapshot->schema->call_count; i++)
        if (snapshot->schema->calls[i].rows == map)
            return snapshot->schema->calls[i].id;
    return table_of(snapshot, map)->name;
}

int mln_snapshot_add(struct mln_snapshot *snapshot, const struct mln_row_map *map,
        const struct mln_row_place *place, struct mln_json_value answer, int64_t *added,
        struct mln_err *err)
{
    struct mln_json_value part = answer;
    int64_t count = 0;
    int rc = find(&map->list, &part, err);

    if (rc == MLN_OK && table_of(snapshot, map)->single) {
        rc = mln_snapshot_add_element(snapshot, map, place, part, err);
        count = 1;
    } else if (rc == MLN_OK) {
        rc = add_elements(snapshot, map, place, part, &count, err);
    }
    if (rc == MLN_OK)
        *added += count;
    return rc == MLN_OK ? MLN_OK : mln_wrap(err, rc, "call '%s'", name_of(snapshot, map));
}

int mln_snapshot_add_outcome(struct mln_snapshot *snapshot, const struct mln_row_map *map,
        const struct mln_row_place *place, enum mln_outcome outcome, struct mln_str code,
        struct mln_err *err)
{
    const struct row row = {
        .id = place->parent,
        .region = place->region,
        .parent = place->parent,
        .answer = mln_str_of(mln_outcome_name(outcome)),
        .answer_code = code,
        .call = place->call_row,
    };

    return add_row(snapshot, map, &row, err);
}
