#include "cli/rows.h"

#include <stdio.h>

#include "base/utf8.h"
#include "wire/writer.h"

#define TABLE_MAX   ((size_t)2 * 1024 * 1024 * 1024)
#define COLUMNS_MAX 256
#define GAP         2

enum cli_format cli_format_of(const struct cli *cli)
{
    if (cli->format != CLI_DEFAULT)
        return cli->format;
    return cli->stdout_tty ? CLI_TABLE : CLI_JSON;
}

struct cli_cell cli_cell_text(struct mln_str text)
{
    return (struct cli_cell){ .type = CLI_CELL_TEXT, .text = text };
}

struct cli_cell cli_cell_cstr(const char *text)
{
    return cli_cell_text(mln_str_of(text));
}

struct cli_cell cli_cell_int(int64_t number)
{
    return (struct cli_cell){ .type = CLI_CELL_INT, .number = number };
}

struct cli_cell cli_cell_time(int64_t time_ms)
{
    return (struct cli_cell){ .type = CLI_CELL_TIME, .number = time_ms };
}

struct cli_cell cli_cell_bool(bool flag)
{
    return (struct cli_cell){ .type = CLI_CELL_BOOL, .number = flag };
}

struct cli_cell cli_cell_json(struct mln_str json)
{
    return json.len > 0 ? (struct cli_cell){ .type = CLI_CELL_JSON, .text = json }
                        : cli_cell_null();
}

struct cli_cell cli_cell_null(void)
{
    return (struct cli_cell){ .type = CLI_CELL_NULL };
}

/* C1 controls, DEL, line separators and bidirectional marks are legal in JSON and act on a
 * terminal. */
void cli_json_safe(struct mln_str json, struct mln_buf *out)
{
    size_t plain = 0, len;
    uint32_t code;

    for (size_t at = 0; at < json.len; at += len) {
        len = 1;
        if ((unsigned char)json.ptr[at] < 0x7f)
            continue;
        len = mln_utf8_decode(json, at, &code);
        if (len == 0 || !mln_utf8_is_unsafe(code)) {
            len = len > 0 ? len : 1;
            continue;
        }
        mln_buf_add(out, (struct mln_str){ json.ptr + plain, at - plain });
        mln_buf_addf(out, "\\u%04x", (unsigned)code);
        plain = at + len;
    }
    mln_buf_add(out, (struct mln_str){ json.ptr + plain, json.len - plain });
}

void cli_json_quote(struct mln_str text, struct mln_buf *out)
{
    MLN_AUTO(mln_buf_free) struct mln_buf quoted = MLN_BUF_INIT(text.len * 6 + 16);

    mln_json_quote(text, &quoted);
    cli_json_safe(mln_buf_str(&quoted), out);
    if (quoted.code != MLN_OK)
        out->code = quoted.code;
}

void cli_rows_begin(
        struct cli_rows *rows, struct cli *cli, const struct cli_column *columns, size_t count)
{
    *rows = (struct cli_rows){ .cli = cli,
        .columns = columns,
        .column_count = count,
        .format = cli_format_of(cli),
        .arena = MLN_ARENA_INIT(TABLE_MAX) };
    if (rows->format == CLI_JSON)
        cli_put(cli, MLN_STR("{\"items\":["));
    if (rows->format != CLI_CSV)
        return;
    for (size_t i = 0; i < count; i++)
        cli_putf(cli, "%s%s", i > 0 ? "," : "", columns[i].key);
    cli_put(cli, MLN_STR("\r\n"));
}

static void put_json_cell(const struct cli_cell *cell, struct mln_buf *out)
{
    switch (cell->type) {
    case CLI_CELL_TEXT:
        cli_json_quote(cell->text, out);
        break;
    case CLI_CELL_INT:
    case CLI_CELL_TIME:
        mln_buf_add_i64(out, cell->number);
        break;
    case CLI_CELL_BOOL:
        mln_buf_add_cstr(out, cell->number != 0 ? "true" : "false");
        break;
    case CLI_CELL_JSON:
        cli_json_safe(cell->text, out);
        break;
    case CLI_CELL_NULL:
        mln_buf_add_cstr(out, "null");
        break;
    }
}

static void put_json_row(struct cli_rows *rows, const struct cli_cell *cells)
{
    struct mln_buf *out = &rows->cli->out.buf;

    mln_buf_add_char(out, '{');
    for (size_t i = 0; i < rows->column_count; i++) {
        mln_buf_addf(out, "%s\"%s\":", i > 0 ? "," : "", rows->columns[i].key);
        put_json_cell(&cells[i], out);
    }
    mln_buf_add_char(out, '}');
}

/* What stands in a table or CSV cell. */
static void cell_as_text(const struct cli_cell *cell, bool for_table, struct mln_buf *out)
{
    char time[MLN_TIME_TEXT_MAX];

    if (cell->type == CLI_CELL_TEXT) {
        mln_utf8_escape_controls(cell->text, out);
    } else if (cell->type == CLI_CELL_NULL) {
        mln_buf_add_cstr(out, for_table ? "NULL" : "");
    } else if (cell->type == CLI_CELL_TIME && cell->number == 0) {
        mln_buf_add_cstr(out, for_table ? "-" : "0");
    } else if (cell->type == CLI_CELL_TIME && for_table) {
        mln_time_format(cell->number, time);
        mln_buf_add_cstr(out, time);
    } else {
        put_json_cell(cell, out);
    }
}

/* RFC 4180; a cell that a spreadsheet would take for a formula gets an apostrophe. */
static void put_csv_cell(struct cli_rows *rows, const struct cli_cell *cell)
{
    MLN_AUTO(mln_buf_free) struct mln_buf text = MLN_BUF_INIT(TABLE_MAX);
    struct mln_buf *out = &rows->cli->out.buf;
    struct mln_str s;
    bool guard;

    cell_as_text(cell, false, &text);
    s = mln_buf_str(&text);
    guard = cell->type == CLI_CELL_TEXT && s.len > 0 && strchr("=+-@\t", s.ptr[0]) != NULL;
    if (!guard && (s.len == 0 || (memchr(s.ptr, '"', s.len) == NULL &&
                                         memchr(s.ptr, ',', s.len) == NULL))) {
        mln_buf_add(out, s);
        return;
    }
    mln_buf_add_cstr(out, guard ? "\"'" : "\"");
    for (size_t i = 0; i < s.len; i++) {
        if (s.ptr[i] == '"')
            mln_buf_add_char(out, '"');
        mln_buf_add_char(out, s.ptr[i]);
    }
    mln_buf_add_char(out, '"');
}

static void keep_cell(struct cli_rows *rows, struct mln_str text)
{
    if (rows->cell_count == rows->cell_capacity) {
        size_t capacity = rows->cell_capacity > 0 ? rows->cell_capacity * 2 : 256;
        struct mln_str *cells = reallocarray(rows->cells, capacity, sizeof(*cells));

        if (cells == NULL) {
            rows->failed = true;
            return;
        }
        rows->cells = cells;
        rows->cell_capacity = capacity;
    }
    rows->cells[rows->cell_count++] = mln_arena_dup(&rows->arena, text);
}

static void keep_table_row(struct cli_rows *rows, const struct cli_cell *cells)
{
    MLN_AUTO(mln_buf_free) struct mln_buf text = MLN_BUF_INIT(TABLE_MAX);

    for (size_t i = 0; i < rows->column_count && !rows->failed; i++) {
        if (rows->columns[i].en == NULL)
            continue;
        mln_buf_reset(&text);
        cell_as_text(&cells[i], true, &text);
        if (text.len == 0)
            mln_buf_add_char(&text, '-');
        keep_cell(rows, mln_buf_str(&text));
    }
}

void cli_rows_add(struct cli_rows *rows, const struct cli_cell *cells)
{
    struct cli *cli = rows->cli;

    switch (rows->format) {
    case CLI_JSON:
        cli_put(cli, rows->count > 0 ? MLN_STR(",\n") : MLN_STR("\n"));
        put_json_row(rows, cells);
        break;
    case CLI_JSONL:
        put_json_row(rows, cells);
        cli_put(cli, MLN_STR("\n"));
        break;
    case CLI_CSV:
        for (size_t i = 0; i < rows->column_count; i++) {
            if (i > 0)
                cli_put(cli, MLN_STR(","));
            put_csv_cell(rows, &cells[i]);
        }
        cli_put(cli, MLN_STR("\r\n"));
        break;
    case CLI_DEFAULT:
    case CLI_TEXT:
    case CLI_TABLE:
    case CLI_REPORT:
        keep_table_row(rows, cells);
        break;
    }
    rows->count++;
}

static void put_padded(struct cli *cli, struct mln_str text, size_t width, bool last)
{
    size_t columns = mln_utf8_columns(text);

    cli_put(cli, text);
    for (size_t i = columns; !last && i < width + GAP; i++)
        cli_put(cli, MLN_STR(" "));
}

static void put_table(struct cli_rows *rows)
{
    struct mln_str headings[COLUMNS_MAX];
    size_t width[COLUMNS_MAX], shown = 0, columns;

    for (size_t i = 0; i < rows->column_count && shown < COLUMNS_MAX; i++) {
        if (rows->columns[i].en == NULL)
            continue;
        headings[shown] = mln_str_of(cli_text(rows->cli, rows->columns[i].en, rows->columns[i].zh));
        width[shown] = mln_utf8_columns(headings[shown]);
        shown++;
    }
    if (shown == 0)
        return;
    for (size_t i = 0; i < rows->cell_count; i++) {
        columns = mln_utf8_columns(rows->cells[i]);
        if (columns > width[i % shown])
            width[i % shown] = columns;
    }
    for (size_t i = 0; i < shown; i++)
        put_padded(rows->cli, headings[i], width[i], i + 1 == shown);
    cli_put(rows->cli, MLN_STR("\n"));
    for (size_t i = 0; i < rows->cell_count; i++) {
        put_padded(rows->cli, rows->cells[i], width[i % shown], (i + 1) % shown == 0);
        if ((i + 1) % shown == 0)
            cli_put(rows->cli, MLN_STR("\n"));
    }
}

static void put_member(struct mln_buf *out, const char *key, const char *value, bool *any)
{
    if (value == NULL || *value == '\0')
        return;
    mln_buf_addf(out, "%s\"%s\":", *any ? "," : "", key);
    cli_json_quote(mln_str_of(value), out);
    *any = true;
}

static void put_envelope_end(
        struct cli_rows *rows, int64_t total, bool incomplete, const struct cli_origin *origin)
{
    struct mln_buf *out = &rows->cli->out.buf;
    char now[MLN_TIME_TEXT_MAX];
    bool any = false;

    mln_time_format(mln_now_ms(rows->cli->clock), now);
    mln_buf_addf(out, "\n],\"total\":%lld,\"incomplete\":%s,\"source\":{",
            (long long)(total < 0 ? rows->count : total), incomplete ? "true" : "false");
    put_member(out, "api", origin->api, &any);
    put_member(out, "version", origin->version, &any);
    put_member(out, "endpoint", origin->endpoint, &any);
    put_member(out, "store", origin->store, &any);
    put_member(out, "account", origin->account, &any);
    put_member(out, "request_id", origin->request_id, &any);
    mln_buf_addf(out, "},\"generated_at\":\"%s\"}\n", now);
}

int cli_rows_end(struct cli_rows *rows, int64_t total, bool incomplete,
        const struct cli_origin *origin, struct mln_err *err)
{
    static const struct cli_origin nowhere = { 0 };
    bool is_table = rows->format == CLI_TABLE || rows->format == CLI_TEXT;
    bool failed = rows->failed;

    if (rows->format == CLI_JSON)
        put_envelope_end(rows, total, incomplete, origin != NULL ? origin : &nowhere);
    else if (is_table && !failed)
        put_table(rows);
    free(rows->cells);
    mln_arena_free(&rows->arena);
    if (failed)
        return mln_fail(err, MLN_ENOMEM, "out of memory for the table: use -o jsonl");
    return MLN_OK;
}
