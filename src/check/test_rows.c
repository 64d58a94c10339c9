/* The small snapshot of a test: rows typed by the schema, and calls that were not answered. */
#include <math.h>

#include "check/priv.h"

#define JSON_BYTES_MAX ((size_t)1024 * 1024)
#define SQL_BYTES_MAX  ((size_t)16 * 1024)
#define REGION         "cn-hangzhou"
#define ROWS_MAX       ((size_t)10000)

struct filler {
    struct mln_snapshot *snapshot;
    const struct mln_checks *checks;
    const struct mln_check_entry *entry;
    const struct mln_check_test *test;
    struct mln_err *err;
};

/* A value on its way into a row. */
struct cell {
    const char *column;
    enum mln_column_type type;
    const struct mln_yaml_node *node; /* NULL: `text` is meant. */
    struct mln_str text;
};

struct row {
    const struct mln_table *table;
    struct cell cells[MLN_TABLE_COLUMNS_MAX + 8];
    size_t count;
};

static int wrong(struct filler *filler, const struct mln_yaml_node *node, const char *column,
        const char *wanted)
{
    return mln_yaml_fail(
            filler->err, filler->entry->file, node, "column '%s' holds %s", column, wanted);
}

static int bind_text(sqlite3_stmt *statement, int index, struct mln_str text)
{
    return sqlite3_bind_text64(statement, index, text.len > 0 ? text.ptr : "", text.len,
            SQLITE_TRANSIENT, SQLITE_UTF8);
}

/* JSON is written as YAML, or as a text that holds JSON. */
static int bind_json(
        struct filler *filler, sqlite3_stmt *statement, int index, const struct cell *cell)
{
    MLN_AUTO(mln_buf_free) struct mln_buf text = MLN_BUF_INIT(JSON_BYTES_MAX);
    struct mln_json *json = NULL;
    struct mln_err ignored;

    if (cell->node->kind == MLN_YAML_SCALAR && cell->node->quoted) {
        if (mln_json_parse(cell->node->text, &json, &ignored) != MLN_OK)
            return wrong(filler, cell->node, cell->column, "JSON: a text here must be JSON");
        mln_json_free(json);
        (void)bind_text(statement, index, cell->node->text);
        return MLN_OK;
    }
    mln_check_json(cell->node, &text);
    if (text.code != MLN_OK)
        return wrong(filler, cell->node, cell->column, "less JSON than that");
    (void)bind_text(statement, index, mln_buf_str(&text));
    return MLN_OK;
}

static int bind_real(
        struct filler *filler, sqlite3_stmt *statement, int index, const struct cell *cell)
{
    char *end = NULL;
    double number = strtod(cell->node->text.ptr, &end);

    if (cell->node->text.len == 0 || *end != '\0' || isfinite(number) == 0)
        return wrong(filler, cell->node, cell->column, "a number");
    (void)sqlite3_bind_double(statement, index, number);
    return MLN_OK;
}

static int bind_scalar(
        struct filler *filler, sqlite3_stmt *statement, int index, const struct cell *cell)
{
    struct mln_str text = cell->node->text;
    int64_t number = 0;

    switch (cell->type) {
    case MLN_COLUMN_TEXT:
        (void)bind_text(statement, index, text);
        return MLN_OK;
    case MLN_COLUMN_INT:
        if (mln_str_to_i64(text, &number) != MLN_OK)
            return wrong(filler, cell->node, cell->column, "a whole number");
        (void)sqlite3_bind_int64(statement, index, number);
        return MLN_OK;
    case MLN_COLUMN_REAL:
        return bind_real(filler, statement, index, cell);
    case MLN_COLUMN_BOOL:
        number = mln_str_is(text, "true") || mln_str_is(text, "1");
        if (number == 0 && !mln_str_is(text, "false") && !mln_str_is(text, "0"))
            return wrong(filler, cell->node, cell->column, "true or false");
        (void)sqlite3_bind_int64(statement, index, number);
        return MLN_OK;
    case MLN_COLUMN_JSON:
        return bind_json(filler, statement, index, cell);
    }
    return MLN_OK;
}

static int bind_cell(
        struct filler *filler, sqlite3_stmt *statement, int index, const struct cell *cell)
{
    if (cell->node == NULL) {
        (void)bind_text(statement, index, cell->text);
        return MLN_OK;
    }
    if (cell->node->kind == MLN_YAML_NULL) {
        (void)sqlite3_bind_null(statement, index);
        return MLN_OK;
    }
    if (cell->type == MLN_COLUMN_JSON)
        return bind_json(filler, statement, index, cell);
    if (cell->node->kind != MLN_YAML_SCALAR)
        return wrong(filler, cell->node, cell->column, "a single value");
    return bind_scalar(filler, statement, index, cell);
}

static int store_row(struct filler *filler, const struct row *row, const struct mln_yaml_node *node)
{
    MLN_AUTO(mln_buf_free) struct mln_buf sql = MLN_BUF_INIT(SQL_BYTES_MAX);
    MLN_AUTO(mln_check_finalize) sqlite3_stmt *statement = NULL;
    struct sqlite3 *db = mln_snapshot_db(filler->snapshot);
    int code, rc = MLN_OK;

    mln_buf_addf(&sql, "insert into \"%s\"(", row->table->name);
    for (size_t i = 0; i < row->count; i++)
        mln_buf_addf(&sql, "%s\"%s\"", i > 0 ? "," : "", row->cells[i].column);
    mln_buf_add_cstr(&sql, ") values(");
    for (size_t i = 0; i < row->count; i++)
        mln_buf_add_cstr(&sql, i > 0 ? ",?" : "?");
    mln_buf_add_char(&sql, ')');
    if (sql.code != MLN_OK)
        return mln_check_no_memory(filler->err);
    code = sqlite3_prepare_v2(db, sql.ptr, (int)sql.len, &statement, NULL);
    if (code != SQLITE_OK)
        return mln_snapshot_fail(filler->snapshot, code, "prepare a row of a test", filler->err);
    for (size_t i = 0; rc == MLN_OK && i < row->count; i++)
        rc = bind_cell(filler, statement, (int)i + 1, &row->cells[i]);
    if (rc != MLN_OK)
        return rc;
    code = sqlite3_step(statement);
    if ((code & 0xff) == SQLITE_CONSTRAINT)
        return mln_yaml_fail(filler->err, filler->entry->file, node, "the row does not fit: %s",
                sqlite3_errmsg(db));
    return code == SQLITE_DONE
                   ? MLN_OK
                   : mln_snapshot_fail(filler->snapshot, code, "add a row of a test", filler->err);
}

/* ---- a row as written ---- */
static const char *const own_columns[] = { "id", "name", "region", "parent", "answer",
    "answer_code", "raw" };

static int add_cell(struct filler *filler, struct row *row, const struct mln_yaml_node *node)
{
    struct cell cell = { .node = node };

    for (size_t i = 0; i < MLN_LEN(own_columns); i++) {
        if (mln_str_is(node->key->text, own_columns[i])) {
            cell.column = own_columns[i];
            cell.type = mln_str_is(node->key->text, "raw") ? MLN_COLUMN_JSON : MLN_COLUMN_TEXT;
        }
    }
    for (size_t i = 0; cell.column == NULL && i < row->table->column_count; i++) {
        if (mln_str_is(node->key->text, row->table->columns[i].name)) {
            cell.column = row->table->columns[i].name;
            cell.type = row->table->columns[i].type;
        }
    }
    if (cell.column == NULL)
        return mln_yaml_fail(filler->err, filler->entry->file, node->key,
                "table %s has no column '%.*s'", row->table->name,
                (int)(node->key->text.len < 64 ? node->key->text.len : 64), node->key->text.ptr);
    row->cells[row->count++] = cell;
    return MLN_OK;
}

/* What the row does not say itself; false when it does. */
static void add_default(
        struct row *row, const struct mln_yaml_node *node, const char *column, struct mln_str text)
{
    if (mln_yaml_get(node, column) == NULL)
        row->cells[row->count++] = (struct cell){
            .column = column, .type = MLN_COLUMN_TEXT, .text = text
        };
}

static struct mln_str text_member(const struct mln_yaml_node *node, const char *key)
{
    const struct mln_yaml_node *member = mln_yaml_get(node, key);

    return member != NULL && member->kind == MLN_YAML_SCALAR ? member->text : MLN_STR("");
}

static int add_row(struct filler *filler, const struct mln_table *table,
        const struct mln_yaml_node *node, size_t number)
{
    struct row row = { .table = table };
    struct mln_str id = text_member(node, "id");
    char made[32];
    int rc = MLN_OK;

    if (node->kind != MLN_YAML_MAP)
        return mln_yaml_fail(
                filler->err, filler->entry->file, node, "a row is a map of columns to values");
    for (const struct mln_yaml_node *at = node->first; rc == MLN_OK && at != NULL; at = at->next)
        rc = add_cell(filler, &row, at);
    if (rc != MLN_OK)
        return rc;
    if (mln_yaml_get(node, "id") == NULL) {
        if (table->is_unique && !table->single)
            return mln_yaml_fail(
                    filler->err, filler->entry->file, node, "a row of %s needs an id", table->name);
        (void)sqlite3_snprintf(sizeof(made), made, "t-%d", (int)number);
        id = table->single ? text_member(node, "parent") : mln_str_of(made);
    }
    add_default(&row, node, "id", id);
    add_default(&row, node, "name", id);
    add_default(&row, node, "region",
            strcmp(table->name, "account") == 0 ? MLN_STR("global") : MLN_STR(REGION));
    return store_row(filler, &row, node);
}

static int add_rows(struct filler *filler, const struct mln_yaml_node *list)
{
    const struct mln_table *table = mln_schema_table(filler->checks->schema, list->key->text);
    size_t number = 0;
    int rc = MLN_OK;

    if (table == NULL)
        return mln_yaml_fail(filler->err, filler->entry->file, list->key,
                "the plan has no table '%.*s'",
                (int)(list->key->text.len < 64 ? list->key->text.len : 64), list->key->text.ptr);
    if (list->kind != MLN_YAML_LIST || list->count > ROWS_MAX)
        return mln_yaml_fail(filler->err, filler->entry->file, list,
                "the rows of a table are a list of at most %zu", ROWS_MAX);
    for (const struct mln_yaml_node *at = list->first; rc == MLN_OK && at != NULL; at = at->next)
        rc = add_row(filler, table, at, ++number);
    return rc;
}

static int add_account(struct filler *filler)
{
    const struct mln_table *table = mln_schema_table(filler->checks->schema, MLN_STR("account"));
    struct row row = { .table = table };

    if (table == NULL || mln_yaml_get(filler->test->rows, "account") != NULL)
        return MLN_OK;
    row.cells[row.count++] = (struct cell){ .column = "id",
        .text = MLN_STR(MLN_CHECK_TEST_ACCOUNT) };
    row.cells[row.count++] = (struct cell){ .column = "name",
        .text = MLN_STR(MLN_CHECK_TEST_ACCOUNT) };
    row.cells[row.count++] = (struct cell){ .column = "region", .text = MLN_STR("global") };
    return store_row(filler, &row, filler->test->node);
}

/* ---- calls ---- */
struct unread_row {
    struct mln_str call, region, key, outcome, code;
    bool unfinished; /* The snapshot ends before the call. */
    size_t index;
};

static const struct mln_yaml_field unread_fields[] = {
    /* sorted rows */
    { "call", MLN_YAML_STR, offsetof(struct unread_row, call), MLN_YAML_REQUIRED, 0, 0 },
    { "code", MLN_YAML_STR, offsetof(struct unread_row, code), 0, 0, 0 },
    { "key", MLN_YAML_STR, offsetof(struct unread_row, key), 0, 0, 0 },
    { "outcome", MLN_YAML_STR, offsetof(struct unread_row, outcome), 0, 0, 0 },
    { "region", MLN_YAML_STR, offsetof(struct unread_row, region), 0, 0, 0 },
};

static const struct mln_schema_call *find_call(
        const struct mln_schema *schema, struct mln_str id, size_t *index)
{
    for (size_t i = 0; i < schema->call_count; i++) {
        if (mln_str_is(id, schema->calls[i].id)) {
            *index = i;
            return &schema->calls[i];
        }
    }
    return NULL;
}

static int check_unread(struct filler *filler, const struct mln_yaml_node *node,
        struct unread_row *row, enum mln_outcome *outcome)
{
    const struct mln_yaml_file *file = filler->entry->file;
    const struct mln_schema_call *call = find_call(filler->checks->schema, row->call, &row->index);

    if (call == NULL)
        return mln_yaml_fail(filler->err, file, node, "the plan has no call '%.*s'",
                (int)(row->call.len < 100 ? row->call.len : 100), row->call.ptr);
    row->unfinished = mln_str_is(row->outcome, mln_unread_name(MLN_UNREAD_NOT_COLLECTED));
    if (!row->unfinished &&
            (mln_outcome_parse(row->outcome, outcome) != MLN_OK || mln_outcome_is_read(*outcome)))
        return mln_yaml_fail(filler->err, file, node,
                "an outcome here is denied, throttled, unsupported, failed or not_collected");
    if (row->unfinished && (row->region.len > 0 || row->key.len > 0))
        return mln_yaml_fail(
                filler->err, file, node, "a call that is not collected has neither region nor key");
    if (!row->unfinished && (row->key.len > 0) != (call->scope == MLN_SCOPE_ROW))
        return mln_yaml_fail(filler->err, file, node, "call '%s' is %s", call->id,
                call->scope == MLN_SCOPE_ROW ? "made for rows: name the key"
                                             : "not made for rows: it has no key");
    if (row->region.len == 0 && call->scope >= MLN_SCOPE_REGION)
        row->region = MLN_STR(REGION);
    return MLN_OK;
}

static int add_unread(
        struct filler *filler, const struct mln_yaml_node *node, unsigned char *unfinished)
{
    struct unread_row row = { .outcome = MLN_STR("denied") };
    struct mln_arena arena = MLN_ARENA_INIT(JSON_BYTES_MAX);
    struct mln_call_record record = { .total = -1 };
    int64_t call_row = 0;
    int rc = mln_yaml_decode(filler->entry->file, node, unread_fields, MLN_LEN(unread_fields), &row,
            &arena, filler->err);

    mln_arena_free(&arena);
    if (rc == MLN_OK)
        rc = check_unread(filler, node, &row, &record.outcome);
    if (rc != MLN_OK)
        return rc;
    if (row.unfinished) {
        unfinished[row.index] = 1;
        return MLN_OK;
    }
    record.call = row.call;
    record.region = row.region;
    record.key = row.key;
    record.code = row.code;
    rc = mln_snapshot_call_begin(filler->snapshot, &record, &call_row, filler->err);
    return rc == MLN_OK ? mln_snapshot_call_end(filler->snapshot, call_row, &record, filler->err)
                        : rc;
}

static int add_calls(struct filler *filler)
{
    const struct mln_schema *schema = filler->checks->schema;
    const struct mln_yaml_node *list = filler->test->unread;
    MLN_AUTO_FREE unsigned char *unfinished = calloc(schema->call_count + 1, 1);
    int rc = MLN_OK;

    if (unfinished == NULL)
        return mln_check_no_memory(filler->err);
    for (const struct mln_yaml_node *at = list != NULL ? list->first : NULL;
            rc == MLN_OK && at != NULL; at = at->next)
        rc = add_unread(filler, at, unfinished);
    for (size_t i = 0; rc == MLN_OK && i < schema->call_count; i++) {
        if (unfinished[i] == 0)
            rc = mln_snapshot_call_done(
                    filler->snapshot, mln_str_of(schema->calls[i].id), filler->err);
    }
    /* NOLINTNEXTLINE(clang-analyzer-unix.Malloc): the scope frees it */
    return rc;
}

int mln_check_fill(struct mln_snapshot *snapshot, const struct mln_checks *checks,
        const struct mln_check_entry *entry, const struct mln_check_test *test, struct mln_err *err)
{
    struct filler filler = { snapshot, checks, entry, test, err };
    int rc = mln_snapshot_set(snapshot, "account_id", MLN_STR(MLN_CHECK_TEST_ACCOUNT), err);

    if (rc == MLN_OK)
        rc = add_calls(&filler);
    if (rc == MLN_OK)
        rc = add_account(&filler);
    for (const struct mln_yaml_node *at = test->rows != NULL ? test->rows->first : NULL;
            rc == MLN_OK && at != NULL; at = at->next)
        rc = add_rows(&filler, at);
    return rc;
}
