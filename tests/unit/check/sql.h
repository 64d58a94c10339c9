/* Asking one question of the SQL functions. */
#pragma once

#include <sqlite3.h>

#include "check/functions.h"
#include "test.h"

struct sql {
    sqlite3 *db;
    sqlite3_stmt *stmt;
};

static inline void sql_open(struct sql *sql)
{
    struct mln_err err = { 0 };

    sql->stmt = NULL;
    assert_int_equal(sqlite3_open(":memory:", &sql->db), SQLITE_OK);
    OK(mln_check_functions_register(sql->db, &err), &err);
}

static inline void sql_close(struct sql *sql)
{
    sqlite3_finalize(sql->stmt);
    assert_int_equal(sqlite3_close(sql->db), SQLITE_OK);
}

/* Prepares the question and binds a text to each `?`; MLN_LEN(texts) of them. A NULL is NULL. */
static inline void sql_bind(struct sql *sql, const char *text, const char *const *texts, int count)
{
    sqlite3_finalize(sql->stmt);
    sql->stmt = NULL;
    if (sqlite3_prepare_v2(sql->db, text, -1, &sql->stmt, NULL) != SQLITE_OK)
        fail_msg("%s: %s", text, sqlite3_errmsg(sql->db));
    for (int i = 0; i < count; i++)
        assert_int_equal(
                sqlite3_bind_text(sql->stmt, i + 1, texts[i], -1, SQLITE_STATIC), SQLITE_OK);
}

/* The first column of the first row, "NULL", or the message of an error; valid until the next. */
static inline const char *sql_result(struct sql *sql)
{
    if (sqlite3_step(sql->stmt) != SQLITE_ROW)
        return sqlite3_errmsg(sql->db);
    return sqlite3_column_type(sql->stmt, 0) == SQLITE_NULL
                   ? "NULL"
                   : (const char *)sqlite3_column_text(sql->stmt, 0);
}

struct sql_case {
    const char *question, *answer;
};

static inline void sql_cases(const struct sql_case *rows, size_t count)
{
    struct sql sql;

    sql_open(&sql);
    for (size_t i = 0; i < count; i++) {
        char text[4096];
        const char *answer = NULL;

        (void)snprintf(text, sizeof(text), "select %s", rows[i].question);
        sql_bind(&sql, text, NULL, 0);
        answer = sql_result(&sql);
        if (strcmp(answer, rows[i].answer) != 0)
            fail_msg("%s: got \"%s\", want \"%s\"", rows[i].question, answer, rows[i].answer);
    }
    sql_close(&sql);
}
