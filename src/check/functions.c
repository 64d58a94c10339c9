#include "check/functions.h"

#include <stdarg.h>
#include <stdio.h>

#include "check/fn.h"

bool mln_fn_is_null(sqlite3_value *value)
{
    return sqlite3_value_type(value) == SQLITE_NULL;
}

bool mln_fn_is_longer(sqlite3_value *value, size_t max)
{
    return sqlite3_value_text(value) != NULL && (size_t)sqlite3_value_bytes(value) > max;
}

bool mln_fn_any_null(int count, sqlite3_value **values)
{
    for (int i = 0; i < count; i++) {
        if (mln_fn_is_null(values[i]))
            return true;
    }
    return false;
}

void mln_fn_error(sqlite3_context *out, const char *fmt, ...)
{
    char text[256];
    va_list args;

    va_start(args, fmt);
    (void)vsnprintf(text, sizeof(text), fmt, args);
    va_end(args);
    sqlite3_result_error(out, text, -1);
}

bool mln_fn_text(sqlite3_context *out, sqlite3_value *value, size_t max, struct mln_str *text)
{
    const unsigned char *bytes = sqlite3_value_text(value);
    size_t len = (size_t)sqlite3_value_bytes(value);

    if (bytes == NULL) {
        sqlite3_result_error_nomem(out);
        return false;
    }
    if (len > max) {
        mln_fn_error(out, "a text of %zu bytes: the limit is %zu", len, max);
        return false;
    }
    *text = (struct mln_str){ .ptr = (const char *)bytes, .len = len };
    return true;
}

bool mln_fn_integer(
        sqlite3_context *out, sqlite3_value *value, int64_t min, int64_t max, int64_t *number)
{
    struct mln_str text = { 0 };
    int64_t read = 0;
    bool known = false;

    if (!mln_fn_is_null(value)) {
        if (!mln_fn_text(out, value, MLN_CHECK_PATTERN_MAX, &text))
            return false;
        known = mln_str_to_i64(text, &read) == MLN_OK;
        if (!known && (mln_str_is(text, "true") || mln_str_is(text, "false"))) {
            read = mln_str_is(text, "true") ? 1 : 0;
            known = true;
        }
    }
    if (!known || read < min || read > max) {
        mln_fn_error(out, "a parameter must be a whole number from %lld to %lld", (long long)min,
                (long long)max);
        return false;
    }
    *number = read;
    return true;
}

void mln_fn_ascii(struct mln_str text, char *out, size_t size)
{
    size_t len = text.len < size ? text.len : size - 1;

    for (size_t i = 0; i < len; i++)
        out[i] = text.ptr[i] > ' ' && text.ptr[i] < 0x7f ? text.ptr[i] : '?';
    out[len] = '\0';
}

void mln_fn_answer(sqlite3_context *out, struct mln_str text)
{
    sqlite3_result_text64(
            out, text.len == 0 ? "" : text.ptr, text.len, SQLITE_TRANSIENT, SQLITE_UTF8);
}

int mln_check_functions_register(struct sqlite3 *db, struct mln_err *err)
{
    const struct mln_fn_table tables[] = { mln_fn_groups(), mln_fn_nets(), mln_fn_policies(),
        mln_fn_times(), mln_fn_words() };
    const int flags = SQLITE_UTF8 | SQLITE_DETERMINISTIC | SQLITE_INNOCUOUS;

    for (size_t i = 0; i < MLN_LEN(tables); i++) {
        for (size_t j = 0; j < tables[i].count; j++) {
            const struct mln_fn_row *row = &tables[i].rows[j];
            int rc = sqlite3_create_function_v2(db, row->name, row->arguments, flags, NULL,
                    row->call, row->step, row->final, NULL);

            if (rc != SQLITE_OK)
                return mln_fail(err, rc == SQLITE_NOMEM ? MLN_ENOMEM : MLN_EIO,
                        "register the SQL function %s: %s", row->name, sqlite3_errstr(rc));
        }
    }
    return MLN_OK;
}
