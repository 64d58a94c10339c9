/* What the files of SQL functions share. */
#pragma once

#include <sqlite3.h>

#include "base/str.h"
#include "check/functions.h"

/* One function; an aggregate has `step` and `final`, a plain one `call`. */
struct mln_fn_row {
    const char *name;
    int arguments; /* -1: any number. */
    void (*call)(sqlite3_context *out, int count, sqlite3_value **values);
    void (*step)(sqlite3_context *out, int count, sqlite3_value **values);
    void (*final)(sqlite3_context *out);
};

struct mln_fn_table {
    const struct mln_fn_row *rows;
    size_t count;
};
struct mln_fn_table mln_fn_groups(void);
struct mln_fn_table mln_fn_nets(void);
struct mln_fn_table mln_fn_policies(void);
struct mln_fn_table mln_fn_times(void);
struct mln_fn_table mln_fn_words(void);

/* The text of a value that is not NULL, valid until the function returns. False when it is longer
 * than `max` bytes (or memory ended): the error is set then. */
bool mln_fn_text(sqlite3_context *out, sqlite3_value *value, size_t max, struct mln_str *text);

/* Too long to be judged: the function says NULL, so that one odd resource costs only itself. */
bool mln_fn_is_longer(sqlite3_value *value, size_t max);

bool mln_fn_is_null(sqlite3_value *value);

/* True when one of the values is NULL: the answer is NULL then. */
bool mln_fn_any_null(int count, sqlite3_value **values);

/*
 * A whole number between the limits; text of one and true and false count too. Anything else, NULL
 * as well, is the check author's mistake: the error is set and false returned.
 */
bool mln_fn_integer(
        sqlite3_context *out, sqlite3_value *value, int64_t min, int64_t max, int64_t *number);

/* A copy for reasons: printable ASCII, `?` for every other byte, cut where there is no room. */
void mln_fn_ascii(struct mln_str text, char *out, size_t size);

/* Answers with a copy of the text. */
void mln_fn_answer(sqlite3_context *out, struct mln_str text);

/* Ends the function with an SQL error. */
void mln_fn_error(sqlite3_context *out, const char *fmt, ...) MLN_PRINTF(2, 3);
