/* From JSON values to columns. */
#include "base/utf8.h"
#include "snapshot/priv.h"

struct mln_json_value mln_snapshot_at(struct mln_json_value value, const struct mln_path *path)
{
    for (size_t i = 0; i < path->count; i++)
        if (!mln_json_get(value, path->names[i], &value))
            return (struct mln_json_value){ 0 };
    return value;
}

/* Written so that a compiler makes vectors of it: nearly all text is plain. */
static bool is_plain(struct mln_str text)
{
    unsigned high = 0, zero = 0;

    for (size_t i = 0; i < text.len; i++) {
        unsigned char c = (unsigned char)text.ptr[i];

        high |= c & 0x80U;
        zero |= c == 0;
    }
    return (high | zero) == 0;
}

struct mln_str mln_snapshot_clean(struct mln_str text, struct mln_buf *scratch)
{
    size_t len;

    if (is_plain(text) || (memchr(text.ptr, 0, text.len) == NULL && mln_utf8_valid(text)))
        return text;
    mln_buf_reset(scratch);
    for (size_t at = 0; at < text.len; at += len) {
        uint32_t code = 0;

        len = mln_utf8_decode(text, at, &code);
        if (len == 0 || code == 0) {
            len = 1;
            mln_buf_add_cstr(scratch, "\xef\xbf\xbd");
        } else {
            mln_buf_add(scratch, (struct mln_str){ .ptr = text.ptr + at, .len = len });
        }
    }
    return mln_buf_str(scratch);
}

bool mln_snapshot_text(struct mln_json_value value, struct mln_buf *scratch, struct mln_str *out)
{
    enum mln_json_type type = mln_json_type(value);
    struct mln_str text;

    if (type == MLN_JSON_STRING) {
        (void)mln_json_to_str(value, &text);
        *out = mln_snapshot_clean(text, scratch);
        return true;
    }
    if (type != MLN_JSON_INT && type != MLN_JSON_DOUBLE && type != MLN_JSON_BOOL)
        return false;
    mln_buf_reset(scratch);
    mln_json_print(value, scratch);
    *out = mln_buf_str(scratch);
    return true;
}

static int bind_text(
        sqlite3_stmt *statement, int index, struct mln_json_value value, struct mln_buf *scratch)
{
    struct mln_str text;

    if (!mln_snapshot_text(value, scratch, &text))
        return sqlite3_bind_null(statement, index);
    if (scratch->code != MLN_OK)
        return SQLITE_TOOBIG;
    if (text.ptr != scratch->ptr)
        return mln_snapshot_bind(statement, index, text);
    return sqlite3_bind_text64(statement, index, text.ptr, text.len, SQLITE_TRANSIENT, SQLITE_UTF8);
}

static int bind_int(sqlite3_stmt *statement, int index, struct mln_json_value value)
{
    struct mln_str text;
    int64_t number;

    if (mln_json_to_i64(value, &number) ||
            (mln_json_to_str(value, &text) && mln_str_to_i64(text, &number) == MLN_OK))
        return sqlite3_bind_int64(statement, index, number);
    return sqlite3_bind_null(statement, index);
}

static int bind_real(sqlite3_stmt *statement, int index, struct mln_json_value value)
{
    double number;

    if (mln_json_to_double(value, &number))
        return sqlite3_bind_double(statement, index, number);
    return sqlite3_bind_null(statement, index);
}

static int bind_bool(sqlite3_stmt *statement, int index, struct mln_json_value value)
{
    struct mln_str text;
    int64_t number;
    bool flag;

    if (mln_json_to_bool(value, &flag))
        return sqlite3_bind_int(statement, index, flag ? 1 : 0);
    if (mln_json_to_i64(value, &number) && (number == 0 || number == 1))
        return sqlite3_bind_int64(statement, index, number);
    if (mln_json_to_str(value, &text)) {
        if (mln_str_eq_nocase(text, MLN_STR("true")) || mln_str_is(text, "1"))
            return sqlite3_bind_int(statement, index, 1);
        if (mln_str_eq_nocase(text, MLN_STR("false")) || mln_str_is(text, "0"))
            return sqlite3_bind_int(statement, index, 0);
    }
    return sqlite3_bind_null(statement, index);
}

static int bind_json(
        sqlite3_stmt *statement, int index, struct mln_json_value value, struct mln_buf *scratch)
{
    struct mln_str text;

    if (mln_json_type(value) == MLN_JSON_NULL)
        return sqlite3_bind_null(statement, index);
    mln_buf_reset(scratch);
    mln_json_print(value, scratch);
    if (scratch->code != MLN_OK)
        return SQLITE_TOOBIG;
    text = mln_buf_str(scratch);
    return sqlite3_bind_text64(statement, index, text.ptr, text.len, SQLITE_TRANSIENT, SQLITE_UTF8);
}

int mln_snapshot_bind_value(sqlite3_stmt *statement, int index, enum mln_column_type type,
        struct mln_json_value value, struct mln_buf *scratch)
{
    switch (type) {
    case MLN_COLUMN_TEXT:
        return bind_text(statement, index, value, scratch);
    case MLN_COLUMN_INT:
        return bind_int(statement, index, value);
    case MLN_COLUMN_REAL:
        return bind_real(statement, index, value);
    case MLN_COLUMN_BOOL:
        return bind_bool(statement, index, value);
    case MLN_COLUMN_JSON:
        return bind_json(statement, index, value, scratch);
    }
    return SQLITE_MISUSE;
}
