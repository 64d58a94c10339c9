/*
 * Is this file as we would have written it? Its schema must hold our tables and indexes and
 * nothing else, each with exactly the text that ddl.c prints for it: then nothing in it can run.
 */
#include "snapshot/priv.h"

#define SCHEMA_ROWS_MAX (4 * (int64_t)MLN_TABLES_MAX + 16)

static int refuse(struct mln_snapshot *snapshot, const char *why, struct mln_err *err)
{
    return mln_fail(err, MLN_ECORRUPT, "snapshot '%s': is not as Merlon writes it (%s)",
            snapshot->path, why);
}

/* A schema that SQLite itself cannot read is damage, whatever it says. */
static int as_damage(struct mln_snapshot *snapshot, int rc, struct mln_err *err)
{
    return rc == MLN_EINVAL ? refuse(snapshot, "its schema cannot be read", err) : rc;
}

static int check_header(struct mln_snapshot *snapshot, struct mln_err *err)
{
    int64_t application = 0, format = 0, tables = -1;
    int rc = mln_snapshot_number(snapshot, "PRAGMA application_id", &application, err);

    if (rc == MLN_OK)
        rc = mln_snapshot_number(snapshot, "PRAGMA user_version", &format, err);
    if (rc < 0)
        return as_damage(snapshot, rc, err);
    if (application == 0 && format == 0 &&
            mln_snapshot_number(snapshot, "SELECT count(*) FROM sqlite_master", &tables, err) ==
                    MLN_OK &&
            tables == 0)
        return mln_fail(err, MLN_ECORRUPT,
                "snapshot '%s': is empty: the run that began it ended at once; go on with it, or remove it",
                snapshot->path);
    if (application != MLN_SNAPSHOT_APPLICATION_ID)
        return mln_fail(
                err, MLN_ECORRUPT, "snapshot '%s': is another program's database", snapshot->path);
    if (format > MLN_SNAPSHOT_FORMAT)
        return mln_fail(err, MLN_ECONFIG,
                "snapshot '%s': has format %lld, this version reads up to %d; use a newer one",
                snapshot->path, (long long)format, MLN_SNAPSHOT_FORMAT);
    if (format != MLN_SNAPSHOT_FORMAT)
        return refuse(snapshot, "its format is unknown", err);
    return MLN_OK;
}

static const struct mln_snapshot_fixed *find_fixed(struct mln_str name)
{
    const struct mln_snapshot_fixed *table = mln_snapshot_fixed();

    while (table->name != NULL && !mln_str_is(name, table->name))
        table++;
    return table->name != NULL ? table : NULL;
}

/* The text that we would print for the table, by the columns that the file lists. */
static int print_table(struct mln_snapshot *snapshot, struct mln_str table, sqlite3_stmt *columns,
        struct mln_buf *out, struct mln_err *err)
{
    size_t count = 0;
    int code = mln_snapshot_bind(columns, 1, table), rc = MLN_OK;

    mln_snapshot_ddl_begin(out, table);
    if (code == SQLITE_OK)
        code = sqlite3_step(columns);
    while (rc == MLN_OK && code == SQLITE_ROW) {
        struct mln_str name = mln_snapshot_column(columns, 0);
        enum mln_column_type type = MLN_COLUMN_TEXT;

        if (++count > MLN_TABLE_COLUMNS_MAX || !mln_snapshot_is_column(name) ||
                mln_column_type_parse(mln_snapshot_column(columns, 1), &type) < 0)
            rc = refuse(snapshot, "a column of its plan", err);
        mln_snapshot_ddl_column(out, name, type);
        if (rc == MLN_OK)
            code = sqlite3_step(columns);
    }
    if (rc == MLN_OK && code != SQLITE_DONE)
        rc = mln_snapshot_fail(snapshot, code, "read its plan", err);
    (void)sqlite3_reset(columns);
    mln_snapshot_ddl_end(out);
    return rc;
}

static bool is_our_index(struct mln_str table, struct mln_str sql, struct mln_buf *text)
{
    for (int i = 0; i < SNAPSHOT_INDEXES; i++) {
        mln_buf_reset(text);
        mln_snapshot_ddl_index(text, table, (enum mln_snapshot_index)i);
        if (text->code == MLN_OK && mln_str_eq(sql, mln_buf_str(text)))
            return true;
    }
    return false;
}

struct entry {
    struct mln_str type, name, table, sql;
};

static int check_entry(struct mln_snapshot *snapshot, const struct entry *entry,
        sqlite3_stmt *columns, struct mln_err *err)
{
    MLN_AUTO(mln_buf_free) struct mln_buf text = MLN_BUF_INIT(MLN_SNAPSHOT_DDL_MAX);
    const struct mln_snapshot_fixed *fixed = find_fixed(entry->table);
    bool is_table = mln_str_is(entry->type, "table"), is_index = mln_str_is(entry->type, "index");
    int rc = MLN_OK;

    if (!is_table && !is_index)
        return refuse(snapshot, "it holds more than tables and indexes", err);
    if (is_table && !mln_str_eq(entry->name, entry->table))
        return refuse(snapshot, "a table of two names", err);
    if (is_index && fixed != NULL)
        /* SQLite's own, for UNIQUE and PRIMARY KEY: without text. */
        return entry->sql.len == 0 && mln_str_starts(entry->name, MLN_STR("sqlite_autoindex_"))
                       ? MLN_OK
                       : refuse(snapshot, "an index of its own", err);
    if (is_table && fixed != NULL)
        return mln_str_is(entry->sql, fixed->sql) ? MLN_OK : refuse(snapshot, fixed->name, err);
    if (!mln_snapshot_is_name(entry->table))
        return refuse(snapshot, "the name of a table", err);
    if (is_index)
        return is_our_index(entry->table, entry->sql, &text) ? MLN_OK
                                                             : refuse(snapshot, "an index", err);
    rc = print_table(snapshot, entry->table, columns, &text, err);
    if (rc == MLN_OK && (text.code != MLN_OK || !mln_str_eq(entry->sql, mln_buf_str(&text))))
        rc = refuse(snapshot, "a table", err);
    return rc;
}

static int check_entries(struct mln_snapshot *snapshot, sqlite3_stmt *entries,
        sqlite3_stmt *columns, struct mln_err *err)
{
    int64_t rows = 0, fixed = 0;
    int code = sqlite3_step(entries), rc = MLN_OK;

    while (rc == MLN_OK && code == SQLITE_ROW) {
        const struct entry entry = {
            .type = mln_snapshot_column(entries, 0),
            .name = mln_snapshot_column(entries, 1),
            .table = mln_snapshot_column(entries, 2),
            .sql = mln_snapshot_column(entries, 3),
        };

        if (++rows > SCHEMA_ROWS_MAX)
            return refuse(snapshot, "too many tables", err);
        rc = check_entry(snapshot, &entry, columns, err);
        fixed += mln_str_is(entry.type, "table") && find_fixed(entry.name) != NULL;
        if (rc == MLN_OK)
            code = sqlite3_step(entries);
    }
    if (rc == MLN_OK && code != SQLITE_DONE)
        rc = mln_snapshot_fail(snapshot, code, "read its schema", err);
    for (const struct mln_snapshot_fixed *table = mln_snapshot_fixed(); table->name != NULL;
            table++)
        fixed--;
    if (rc == MLN_OK && fixed != 0)
        rc = refuse(snapshot, "tables are missing", err);
    return rc;
}

static int check_schema(struct mln_snapshot *snapshot, struct mln_err *err)
{
    MLN_AUTO(mln_snapshot_close_statement) sqlite3_stmt *entries = NULL;
    MLN_AUTO(mln_snapshot_close_statement) sqlite3_stmt *columns = NULL;
    int rc = mln_snapshot_prepare(
            snapshot, "SELECT type, name, tbl_name, sql FROM sqlite_schema", &entries, err);

    if (rc == MLN_OK)
        rc = mln_snapshot_prepare(snapshot,
                "SELECT column_name, type FROM plan_column WHERE table_name = ?1 ORDER BY rowid",
                &columns, err);
    if (rc == MLN_OK)
        rc = check_entries(snapshot, entries, columns, err);
    return as_damage(snapshot, rc, err);
}

int mln_snapshot_verify(struct mln_snapshot *snapshot, struct mln_err *err)
{
    MLN_AUTO(mln_snapshot_close_statement) sqlite3_stmt *encoding = NULL;
    int rc = check_header(snapshot, err);

    if (rc == MLN_OK)
        rc = mln_snapshot_prepare(snapshot, "PRAGMA encoding", &encoding, err);
    if (rc < 0)
        return rc;
    if (sqlite3_step(encoding) != SQLITE_ROW ||
            !mln_str_is(mln_snapshot_column(encoding, 0), "UTF-8"))
        return refuse(snapshot, "its text is not UTF-8", err);
    return check_schema(snapshot, err);
}
