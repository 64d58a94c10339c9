/*
 * The SQL of a check, prepared under an authorizer that lets it read the plan's tables and nothing
 * else, and that remembers which tables those were: what a query depends on is learned, never
 * declared.
 */
#include <stdio.h>
#include <strings.h>

#include "check/priv.h"

void mln_check_finalize(sqlite3_stmt **statement)
{
    (void)sqlite3_finalize(*statement);
    *statement = NULL;
}

struct mln_str mln_check_column(sqlite3_stmt *statement, int column)
{
    const unsigned char *text = sqlite3_column_text(statement, column);

    return text != NULL ? (struct mln_str){ (const char *)text,
        (size_t)sqlite3_column_bytes(statement, column) }
                        : MLN_STR("");
}

/* ---- the authorizer ---- */
/* Functions of SQLite that a verdict may not rest on. */
static const struct {
    const char *name, *why;
} refused_functions[] = {
    /* sorted rows */
    { "changes", "it does not depend on the snapshot alone" },
    { "coalesce", "a value that was not there must not turn into one that was" },
    { "current_date", "use :now, the time of the scan" },
    { "current_time", "use :now, the time of the scan" },
    { "current_timestamp", "use :now, the time of the scan" },
    { "fts3_tokenizer", "it is not for checks" },
    { "ifnull", "a value that was not there must not turn into one that was" },
    { "last_insert_rowid", "it does not depend on the snapshot alone" },
    { "load_extension", "it is not for checks" },
    { "random", "it does not depend on the snapshot alone" },
    { "randomblob", "it does not depend on the snapshot alone" },
    { "total_changes", "it does not depend on the snapshot alone" },
    { "zeroblob", "it is not for checks" },
};

static int refuse(struct mln_check_guard *guard, const char *word, const char *what,
        const char *name, const char *why)
{
    /* The first is the cause; what SQLite asks after it follows from it. */
    if (guard->refused[0] == '\0') {
        (void)snprintf(guard->refused, sizeof(guard->refused), "%s%.60s%s", what, name, why);
        (void)snprintf(guard->word, sizeof(guard->word), "%s", word);
    }
    return SQLITE_DENY;
}

static int on_function(struct mln_check_guard *guard, const char *name)
{
    char why[120];

    for (size_t i = 0; i < MLN_LEN(refused_functions); i++) {
        if (strcasecmp(name, refused_functions[i].name) != 0)
            continue;
        (void)snprintf(why, sizeof(why), "() is refused: %s", refused_functions[i].why);
        return refuse(guard, name, "", name, why);
    }
    return SQLITE_OK;
}

/* A name without a column is a table of which only rows are counted, or one of WITH. */
static int on_read(struct mln_check_guard *guard, const char *table, const char *column)
{
    static const char *const own[] = { "collect_call", "meta", "plan_call", "plan_column",
        "plan_table" };
    int index = mln_unread_map_table(guard->map, mln_str_of(table));
    bool is_own = strncasecmp(table, "sqlite_", 7) == 0 || strncasecmp(table, "pragma_", 7) == 0;

    for (size_t i = 0; i < MLN_LEN(own); i++)
        is_own = is_own || strcasecmp(table, own[i]) == 0;
    if (index >= 0) {
        mln_table_set_add(&guard->reads, (size_t)index);
        return SQLITE_OK;
    }
    if (strcasecmp(table, "json_each") == 0 || strcasecmp(table, "json_tree") == 0 ||
            (column[0] == '\0' && !is_own))
        return SQLITE_OK;
    return refuse(guard, table, "it reads ", table, ", which is no table of the plan");
}

static int authorize(void *ctx, int action, const char *first, const char *second,
        const char *database, const char *trigger)
{
    struct mln_check_guard *guard = ctx;

    (void)database;
    (void)trigger;
    switch (action) {
    case SQLITE_SELECT:
    case SQLITE_RECURSIVE:
        return SQLITE_OK;
    case SQLITE_READ:
        return on_read(guard, first != NULL ? first : "", second != NULL ? second : "");
    case SQLITE_FUNCTION:
        return on_function(guard, second != NULL ? second : "");
    default:
        return refuse(guard, "", "", "", "it may only read: a single SELECT (or WITH ... SELECT)");
    }
}

void mln_check_guard_on(struct sqlite3 *db, struct mln_check_guard *guard)
{
    (void)sqlite3_set_authorizer(db, authorize, guard);
}

void mln_check_guard_off(struct sqlite3 *db)
{
    (void)sqlite3_set_authorizer(db, NULL, NULL);
}

/* ---- mistakes and where they are ---- */
static bool is_word_byte(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
}

/* Where `word` stands by itself in `sql`; 0 when nowhere. */
static size_t place_of(struct mln_str sql, struct mln_str word)
{
    for (size_t at = 0; word.len > 0 && at + word.len <= sql.len; at++) {
        size_t end = at + word.len;

        if (strncasecmp(sql.ptr + at, word.ptr, word.len) == 0 &&
                (at == 0 || !is_word_byte(sql.ptr[at - 1])) &&
                (end == sql.len || !is_word_byte(sql.ptr[end])))
            return at;
    }
    return 0;
}

static int mistake_at(struct mln_check_mistake *mistake, size_t offset, const char *text)
{
    mistake->offset = offset;
    (void)snprintf(mistake->text, sizeof(mistake->text), "%s", text);
    return MLN_EINVAL;
}

/* SQLite tells the place of a syntax error; a table that is not there it only names, at the end. */
static int prepare_mistake(struct sqlite3 *db, const struct mln_check_guard *guard,
        struct mln_str sql, struct mln_check_mistake *mistake)
{
    const char *text = guard->refused[0] != '\0' ? guard->refused : sqlite3_errmsg(db);
    int offset = sqlite3_error_offset(db);
    struct mln_str word = mln_str_of(guard->word);
    const char *last = strrchr(text, ' ');

    if (offset >= 0 && (size_t)offset <= sql.len)
        return mistake_at(mistake, (size_t)offset, text);
    if (word.len == 0 && last != NULL) {
        const char *dot = strrchr(last, '.');

        word = mln_str_of(dot != NULL ? dot + 1 : last + 1);
    }
    return mistake_at(mistake, place_of(sql, word), text);
}

/* Blanks, comments and a semicolon may follow the statement; SQLite gives no statement for those.
 */
static int check_tail(
        struct sqlite3 *db, struct mln_str sql, const char *tail, struct mln_check_mistake *mistake)
{
    sqlite3_stmt *more = NULL;
    size_t at = (size_t)(tail - sql.ptr);
    int code = sqlite3_prepare_v2(db, tail, (int)(sql.len - at), &more, NULL);
    bool is_empty = code == SQLITE_OK && more == NULL;

    (void)sqlite3_finalize(more);
    return is_empty ? MLN_OK : mistake_at(mistake, at, "there is more than one statement");
}

static int check_columns(sqlite3_stmt *statement, const char *const *names, size_t count,
        struct mln_check_mistake *mistake)
{
    size_t got = (size_t)sqlite3_column_count(statement);
    char text[320];
    int at = 0;

    if (got != count) {
        (void)snprintf(text, sizeof(text), "it gives %zu columns, not %zu:", got, count);
        at = (int)strlen(text);
        for (size_t i = 0; i < count; i++)
            at += snprintf(text + at, sizeof(text) - (size_t)at, " %s", names[i]);
        return mistake_at(mistake, 0, text);
    }
    for (size_t i = 0; i < count; i++) {
        const char *name = sqlite3_column_name(statement, (int)i);

        if (name != NULL && strcmp(name, names[i]) == 0)
            continue;
        (void)snprintf(text, sizeof(text), "column %zu is '%.60s', not '%s'", i + 1,
                name != NULL ? name : "", names[i]);
        return mistake_at(mistake, 0, text);
    }
    return MLN_OK;
}

static int check_statement(struct sqlite3 *db, struct mln_str sql, sqlite3_stmt *statement,
        const char *tail, struct mln_check_mistake *mistake)
{
    if (statement == NULL)
        return mistake_at(mistake, 0, "there is no statement");
    if (sqlite3_stmt_readonly(statement) == 0 || sqlite3_stmt_isexplain(statement) != 0 ||
            sqlite3_column_count(statement) == 0)
        return mistake_at(mistake, 0, "it may only read: a single SELECT (or WITH ... SELECT)");
    return check_tail(db, sql, tail, mistake);
}

int mln_check_prepare(struct sqlite3 *db, struct mln_check_guard *guard, struct mln_str sql,
        const char *const *names, size_t name_count, sqlite3_stmt **out,
        struct mln_check_mistake *mistake)
{
    MLN_AUTO(mln_check_finalize) sqlite3_stmt *statement = NULL;
    const char *tail = NULL;
    int code, rc;

    guard->reads = (struct mln_table_set){ 0 };
    guard->refused[0] = guard->word[0] = '\0';
    if (sql.len > MLN_CHECK_SQL_MAX)
        return mistake_at(mistake, 0, "it is too long");
    if (sql.len == 0 || memchr(sql.ptr, '\0', sql.len) != NULL)
        return mistake_at(mistake, 0, "it is empty, or has a zero byte");
    code = sqlite3_prepare_v3(
            db, sql.ptr, (int)sql.len, SQLITE_PREPARE_PERSISTENT, &statement, &tail);
    if (code == SQLITE_NOMEM) {
        (void)mistake_at(mistake, 0, "out of memory");
        return MLN_ENOMEM;
    }
    if (code != SQLITE_OK)
        return prepare_mistake(db, guard, sql, mistake);
    rc = check_statement(db, sql, statement, tail, mistake);
    if (rc == MLN_OK && names != NULL)
        rc = check_columns(statement, names, name_count, mistake);
    if (rc == MLN_OK)
        *out = MLN_TAKE(statement);
    return rc;
}

/* SQLite's time functions read the clock for the word 'now'. */
static int check_words(struct mln_str sql, struct mln_check_mistake *mistake)
{
    static const char word[] = "'now'";

    for (size_t at = 0; at + sizeof(word) - 1 <= sql.len; at++) {
        if (strncasecmp(sql.ptr + at, word, sizeof(word) - 1) == 0)
            return mistake_at(mistake, at, "'now' is refused: use :now, the time of the scan");
    }
    return MLN_OK;
}

static bool is_table_name(struct mln_str text)
{
    for (size_t i = 0; i < text.len; i++) {
        if (!is_word_byte(text.ptr[i]))
            return false;
    }
    return text.len > 0;
}

int mln_check_prepare_scope(struct sqlite3 *db, struct mln_check_guard *guard,
        const struct mln_check *check, sqlite3_stmt **out, struct mln_check_mistake *mistake)
{
    static const char *const names[] = { "id", "region" };
    struct mln_str scope = mln_str_trim(check->scope);
    char sql[160];
    int rc;

    if (!is_table_name(scope)) {
        rc = check_words(check->scope, mistake);
        return rc == MLN_OK ? mln_check_prepare(
                                      db, guard, check->scope, names, MLN_LEN(names), out, mistake)
                            : rc;
    }
    if (mln_unread_map_table(guard->map, scope) < 0) {
        (void)snprintf(mistake->text, sizeof(mistake->text),
                "the scope '%.*s' is no table of the plan", (int)(scope.len < 64 ? scope.len : 64),
                scope.ptr);
        mistake->offset = 0;
        return MLN_EINVAL;
    }
    (void)snprintf(sql, sizeof(sql), "select id, region from \"%.*s\"", MLN_FMT(scope));
    rc = mln_check_prepare(db, guard, mln_str_of(sql), names, MLN_LEN(names), out, mistake);
    mistake->offset = rc == MLN_OK ? mistake->offset : 0;
    return rc;
}

int mln_check_prepare_query(struct sqlite3 *db, struct mln_check_guard *guard,
        const struct mln_check *check, sqlite3_stmt **out, struct mln_check_mistake *mistake)
{
    static const char *const names[MLN_CHECK_COLUMNS] = { "id", "region", "name", "verdict",
        "reason", "evidence" };
    int rc = check_words(check->query, mistake);

    return rc == MLN_OK
                   ? mln_check_prepare(db, guard, check->query, names, MLN_LEN(names), out, mistake)
                   : rc;
}

int mln_check_prepare_view(struct sqlite3 *db, struct mln_check_guard *guard, struct mln_str sql,
        struct mln_check_mistake *mistake)
{
    MLN_AUTO(mln_check_finalize) sqlite3_stmt *statement = NULL;
    const char *name;
    int rc = check_words(sql, mistake);

    if (rc == MLN_OK)
        rc = mln_check_prepare(db, guard, sql, NULL, 0, &statement, mistake);
    if (rc != MLN_OK || sqlite3_bind_parameter_count(statement) == 0)
        return rc;
    name = sqlite3_bind_parameter_name(statement, 1);
    return mistake_at(mistake, name != NULL ? place_of(sql, mln_str_of(name)) : 0,
            "a view has no parameters: what depends on one stays in the check, or comes with 'over'");
}

/* ---- parameters ---- */
static int param_index(const struct mln_check *check, const char *name)
{
    for (size_t i = 0; i < check->param_count; i++) {
        if (strcmp(check->params[i].name, name) == 0)
            return (int)i;
    }
    return -1;
}

int mln_check_parameters(const struct mln_check *check, struct mln_str sql, sqlite3_stmt *statement,
        unsigned *used, struct mln_check_mistake *mistake)
{
    int count = sqlite3_bind_parameter_count(statement);

    for (int i = 1; i <= count; i++) {
        const char *name = sqlite3_bind_parameter_name(statement, i);
        char text[200];
        int index;

        if (name == NULL || name[0] != ':')
            return mistake_at(mistake, 0, "a parameter is written :name");
        index = param_index(check, name + 1);
        if (index >= 0) {
            *used |= 1U << index;
        } else if (strcmp(name, ":now") != 0 && strcmp(name, ":account") != 0) {
            (void)snprintf(text, sizeof(text), "%.60s is no parameter of the check", name);
            return mistake_at(mistake, place_of(sql, mln_str_of(name)), text);
        }
    }
    return MLN_OK;
}

static int bind_text(sqlite3_stmt *statement, int index, struct mln_str text)
{
    return sqlite3_bind_text64(
            statement, index, text.len > 0 ? text.ptr : "", text.len, SQLITE_STATIC, SQLITE_UTF8);
}

static int bind_param(sqlite3_stmt *statement, int index, const struct mln_check_param *param)
{
    int64_t number = 0;

    switch (param->kind) {
    case MLN_PARAM_INT:
        (void)!mln_str_to_i64(param->value, &number);
        return sqlite3_bind_int64(statement, index, number);
    case MLN_PARAM_REAL:
        /* The text is followed by a NUL: the loader copied it. */
        return sqlite3_bind_double(statement, index, strtod(param->value.ptr, NULL));
    case MLN_PARAM_BOOL:
        return sqlite3_bind_int(statement, index, mln_str_is(param->value, "true") ? 1 : 0);
    case MLN_PARAM_TEXT:
    case MLN_PARAM_LIST:
        return bind_text(statement, index, param->value);
    }
    return SQLITE_ERROR;
}

int mln_check_bind(const struct mln_check *check, sqlite3_stmt *statement, int64_t now_ms,
        struct mln_str account, struct mln_err *err)
{
    int count = sqlite3_bind_parameter_count(statement), code = SQLITE_OK;

    for (int i = 1; code == SQLITE_OK && i <= count; i++) {
        const char *name = sqlite3_bind_parameter_name(statement, i);
        int index = name != NULL ? param_index(check, name + 1) : -1;

        if (index >= 0)
            code = bind_param(statement, i, &check->params[index]);
        else if (name != NULL && strcmp(name, ":now") == 0)
            code = sqlite3_bind_int64(statement, i, now_ms);
        else
            code = bind_text(statement, i, account);
    }
    /* A parameter that stayed NULL would change verdicts without a word. */
    return code == SQLITE_OK ? MLN_OK
                             : mln_fail(err, MLN_ENOMEM, "bind the parameters of check %lld: %s",
                                       (long long)check->id, sqlite3_errstr(code));
}
