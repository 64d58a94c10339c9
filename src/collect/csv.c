/* A table in a text: base64 of a CSV (RFC 4180) whose first line names the columns. */
#include "collect/priv.h"
#include "wire/writer.h"

#define CSV_COLUMNS_MAX ((size_t)200)

static int digit(char c)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    const char *found = c != '\0' ? strchr(digits, c) : NULL;

    return found != NULL ? (int)(found - digits) : -1;
}

/* Blanks and line ends are passed over, padding ends it. */
static int decode(struct mln_str text, struct mln_buf *out, struct mln_err *err)
{
    uint32_t word = 0;
    unsigned bits = 0, padding = 0;

    for (size_t i = 0; i < text.len; i++) {
        int value = digit(text.ptr[i]);

        /* NOLINTNEXTLINE(bugprone-not-null-terminated-result): without the NUL, which is no such byte */
        if (memchr(" \t\r\n", text.ptr[i], 4) != NULL)
            continue;
        padding += text.ptr[i] == '=';
        if (text.ptr[i] == '=' && padding <= 2)
            continue;
        if (value < 0 || padding > 0)
            return mln_fail(err, MLN_EINVAL, "the table is no base64");
        word = (word << 6) | (uint32_t)value;
        bits += 6;
        if (bits < 8)
            continue;
        bits -= 8;
        mln_buf_add_char(out, (char)((word >> bits) & 0xFF));
    }
    if (bits >= 6)
        return mln_fail(err, MLN_EINVAL, "the table is cut short");
    return out->code == MLN_OK ? MLN_OK : mln_fail(err, out->code, "the table is too large");
}

/* Fields of one record, unquoted into one buffer. */
struct record {
    struct mln_buf text;
    size_t ends[CSV_COLUMNS_MAX];
    size_t count;
    struct mln_str source; /* As it stands, without the line end. */
};

static struct mln_str field(const struct record *record, size_t index)
{
    size_t from = index > 0 ? record->ends[index - 1] : 0;

    return (struct mln_str){ record->text.ptr != NULL ? record->text.ptr + from : "",
        record->ends[index] - from };
}

/* The place after the field that begins at `at`. */
static int read_field(
        struct mln_str csv, size_t at, struct record *record, size_t *end, struct mln_err *err)
{
    bool quoted = at < csv.len && csv.ptr[at] == '"';

    if (record->count == CSV_COLUMNS_MAX)
        return mln_fail(err, MLN_EINVAL, "the table has more than %zu columns", CSV_COLUMNS_MAX);
    for (at += quoted; at < csv.len; at++) {
        char c = csv.ptr[at];

        if (quoted && c == '"' && at + 1 < csv.len && csv.ptr[at + 1] == '"')
            at++;
        else if (quoted && c == '"')
            break;
        else if (!quoted && (c == ',' || c == '\n' || c == '\r'))
            break;
        mln_buf_add_char(&record->text, c);
    }
    if (quoted && at == csv.len)
        return mln_fail(err, MLN_EINVAL, "the table ends inside a quoted field");
    at += quoted;
    /* NOLINTNEXTLINE(bugprone-not-null-terminated-result): without the NUL, which is no such byte */
    if (at < csv.len && memchr(",\r\n", csv.ptr[at], 3) == NULL)
        return mln_fail(err, MLN_EINVAL, "the table has text after a quoted field");
    record->ends[record->count++] = record->text.len;
    *end = at;
    return MLN_OK;
}

static int read_record(struct mln_str csv, size_t *at, struct record *record, struct mln_err *err)
{
    size_t from = *at, end = from;
    int rc;

    mln_buf_reset(&record->text);
    record->count = 0;
    rc = read_field(csv, end, record, &end, err);
    while (rc == MLN_OK && end < csv.len && csv.ptr[end] == ',')
        rc = read_field(csv, end + 1, record, &end, err);
    if (rc != MLN_OK)
        return rc;
    if (record->text.code != MLN_OK)
        return mln_fail(err, record->text.code, "the table is too large");
    record->source = (struct mln_str){ csv.ptr + from, end - from };
    if (end < csv.len && csv.ptr[end] == '\r')
        end++;
    if (end < csv.len && csv.ptr[end] == '\n')
        end++;
    *at = end;
    return MLN_OK;
}

static int add_object(const struct record *names, const struct record *record, struct mln_buf *out,
        struct mln_err *err)
{
    if (record->count != names->count)
        return mln_fail(err, MLN_EINVAL, "a line of the table has %zu fields and its heading %zu",
                record->count, names->count);
    mln_buf_add_cstr(out, out->len > 1 ? ",{" : "{");
    for (size_t i = 0; i < names->count; i++) {
        if (i > 0)
            mln_buf_add_char(out, ',');
        mln_json_quote(field(names, i), out);
        mln_buf_add_char(out, ':');
        mln_json_quote(field(record, i), out);
    }
    mln_buf_add_char(out, '}');
    return MLN_OK;
}

static bool is_blank(const struct record *record)
{
    return record->count == 1 && record->text.len == 0;
}

static int read_heading(struct mln_str csv, size_t *at, struct mln_buf *heading,
        struct record *names, struct mln_err *err)
{
    size_t ignored = 0;
    int rc = read_record(csv, at, names, err);

    if (rc != MLN_OK || is_blank(names))
        return rc != MLN_OK ? rc : mln_fail(err, MLN_EINVAL, "the table has no heading");
    if (heading->len == 0) {
        mln_buf_add(heading, names->source);
        return heading->code == MLN_OK
                       ? MLN_OK
                       : mln_fail(err, MLN_EINVAL, "the heading of the table is too long");
    }
    if (mln_str_eq(names->source, mln_buf_str(heading)))
        return MLN_OK;
    /* The page goes on without a heading. */
    *at = 0;
    return read_record(mln_buf_str(heading), &ignored, names, err);
}

static int to_json(struct mln_str csv, struct mln_buf *heading, struct mln_buf *out,
        struct record *names, struct record *record, struct mln_err *err)
{
    size_t at = 0;
    int rc;

    if (mln_str_starts(csv, MLN_STR("\xEF\xBB\xBF")))
        csv = (struct mln_str){ csv.ptr + 3, csv.len - 3 };
    mln_buf_add_char(out, '[');
    rc = read_heading(csv, &at, heading, names, err);
    while (rc == MLN_OK && at < csv.len) {
        rc = read_record(csv, &at, record, err);
        if (rc == MLN_OK && !is_blank(record))
            rc = add_object(names, record, out, err);
    }
    mln_buf_add_char(out, ']');
    if (rc == MLN_OK && out->code != MLN_OK)
        rc = mln_fail(err, out->code, "the table is too large");
    return rc;
}

int mln_csv_to_json(
        struct mln_str base64, struct mln_buf *heading, struct mln_buf *out, struct mln_err *err)
{
    MLN_AUTO(mln_buf_free) struct mln_buf csv = MLN_BUF_INIT(MLN_ANSWER_BYTES_MAX);
    struct record names = { .text = MLN_BUF_INIT(MLN_ANSWER_BYTES_MAX) };
    struct record record = { .text = MLN_BUF_INIT(MLN_ANSWER_BYTES_MAX) };
    int rc = decode(base64, &csv, err);

    if (rc == MLN_OK)
        rc = to_json(mln_buf_str(&csv), heading, out, &names, &record, err);
    mln_buf_free(&names.text);
    mln_buf_free(&record.text);
    return rc;
}
