/*
 * The floor of load_snapshot: copies the rows of a finished snapshot into a new file with the same
 * tables and indexes through one prepared INSERT, and nothing else. Prints the CPU seconds of the
 * INSERTs: rows are read beforehand, a batch at a time. With "bare" the table has no index.
 *
 *     plain_inserts SNAPSHOT NEW_FILE [bare]
 */
#include <sqlite3.h>
#include <stdio.h>

#include "snapshot_rows.h"

#define BATCH   10000
#define COLUMNS 20
#define INSERT  "INSERT INTO ecs_instance VALUES(?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)"
#define TUNE                                                                                \
    "PRAGMA locking_mode = EXCLUSIVE; PRAGMA journal_mode = WAL; PRAGMA synchronous = OFF;" \
    "PRAGMA wal_autocheckpoint = 4000; PRAGMA cache_size = -32768"

static sqlite3 *from, *to;
static sqlite3_value *batch[BATCH][COLUMNS];

static void must(int code)
{
    if (code == SQLITE_OK || code == SQLITE_DONE)
        return;
    (void)fprintf(stderr, "plain_inserts: %s\n", sqlite3_errstr(code));
    exit(1);
}

/* The tables as they are there. */
static void make_tables(bool bare)
{
    sqlite3_stmt *schema = NULL;

    must(sqlite3_exec(to, TUNE, NULL, NULL, NULL));
    must(sqlite3_prepare_v2(from,
            "SELECT sql FROM sqlite_schema WHERE sql IS NOT NULL ORDER BY type DESC", -1, &schema,
            NULL));
    while (sqlite3_step(schema) == SQLITE_ROW) {
        const char *sql = (const char *)sqlite3_column_text(schema, 0);

        if (!bare || strstr(sql, " INDEX ") == NULL)
            must(sqlite3_exec(to, sql, NULL, NULL, NULL));
    }
    must(sqlite3_finalize(schema));
}

static int read_batch(sqlite3_stmt *rows)
{
    int count = 0;

    while (count < BATCH && sqlite3_step(rows) == SQLITE_ROW) {
        for (int i = 0; i < COLUMNS; i++)
            batch[count][i] = sqlite3_value_dup(sqlite3_column_value(rows, i));
        count++;
    }
    return count;
}

static void insert_batch(sqlite3_stmt *insert, int count)
{
    must(sqlite3_exec(to, "BEGIN", NULL, NULL, NULL));
    for (int row = 0; row < count; row++) {
        for (int i = 0; i < COLUMNS; i++) {
            sqlite3_value *value = batch[row][i];
            int type = sqlite3_value_type(value);

            if (type == SQLITE_TEXT)
                must(sqlite3_bind_text(insert, i + 1, (const char *)sqlite3_value_text(value),
                        sqlite3_value_bytes(value), SQLITE_STATIC));
            else if (type == SQLITE_INTEGER)
                must(sqlite3_bind_int64(insert, i + 1, sqlite3_value_int64(value)));
            else
                must(sqlite3_bind_null(insert, i + 1));
        }
        must(sqlite3_step(insert));
        must(sqlite3_reset(insert));
    }
    must(sqlite3_exec(to, "COMMIT", NULL, NULL, NULL));
}

int main(int argc, char **argv)
{
    sqlite3_stmt *rows = NULL, *insert = NULL;
    double inserting_s = 0, before;
    int count;

    if (argc != 3 && argc != 4) {
        (void)fprintf(stderr, "usage: plain_inserts SNAPSHOT NEW_FILE [bare]\n");
        return 2;
    }
    must(sqlite3_open_v2(argv[1], &from, SQLITE_OPEN_READONLY, NULL));
    must(sqlite3_open(argv[2], &to));
    make_tables(argc == 4);
    must(sqlite3_prepare_v2(from, "SELECT * FROM ecs_instance", -1, &rows, NULL));
    must(sqlite3_prepare_v2(to, INSERT, -1, &insert, NULL));
    while ((count = read_batch(rows)) > 0) {
        before = snapshot_cpu_s();
        insert_batch(insert, count);
        inserting_s += snapshot_cpu_s() - before;
        for (int row = 0; row < count; row++)
            for (int i = 0; i < COLUMNS; i++)
                sqlite3_value_free(batch[row][i]);
    }
    must(sqlite3_finalize(rows));
    must(sqlite3_finalize(insert));
    must(sqlite3_close(from));
    must(sqlite3_close(to));
    (void)printf("%.6f\n", inserting_s);
    return 0;
}
