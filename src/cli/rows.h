/*
 * Tables of results, printed as a table, JSON, JSON lines or CSV from one list of columns. JSON is
 * an envelope {items, total, incomplete, source, generated_at}, written row by row.
 */
#pragma once

#include "base/arena.h"
#include "cli/cli.h"

enum cli_cell_type {
    CLI_CELL_TEXT,
    CLI_CELL_INT,
    CLI_CELL_TIME,
    CLI_CELL_BOOL,
    CLI_CELL_JSON,
    CLI_CELL_NULL
};

struct cli_cell {
    enum cli_cell_type type;
    struct mln_str text;
    int64_t number;
};

struct cli_column {
    const char *key;
    const char *en, *zh; /* Table heading; NULL: not in the table. */
};

/* Where the rows come from; NULL members are left out. */
struct cli_origin {
    const char *api, *version, *endpoint, *store, *account, *request_id;
};

struct cli_rows {
    struct cli *cli;
    const struct cli_column *columns;
    size_t column_count;
    enum cli_format format;
    int64_t count;
    struct mln_arena arena; /* Table cells, as text. */
    struct mln_str *cells;
    size_t cell_count, cell_capacity;
    bool failed; /* Out of memory for the table. */
};

/* The format in force: -o, else table on a terminal and JSON elsewhere. */
enum cli_format cli_format_of(const struct cli *cli);

void cli_rows_begin(
        struct cli_rows *rows, struct cli *cli, const struct cli_column *columns, size_t count);
void cli_rows_add(struct cli_rows *rows, const struct cli_cell *cells);
/* `total` < 0: the number of rows. Frees everything. */
MLN_MUST_USE int cli_rows_end(struct cli_rows *rows, int64_t total, bool incomplete,
        const struct cli_origin *origin, struct mln_err *err);

struct cli_cell cli_cell_text(struct mln_str text);
struct cli_cell cli_cell_cstr(const char *text);
struct cli_cell cli_cell_int(int64_t number);
struct cli_cell cli_cell_time(int64_t time_ms); /* 0: none */
struct cli_cell cli_cell_bool(bool flag);
struct cli_cell cli_cell_json(struct mln_str json); /* Valid, in one line; empty: null */
struct cli_cell cli_cell_null(void);                /* SQL's NULL; nothing in CSV */

/* Appends JSON text, with what would act on a terminal escaped: in JSON that stands in strings. */
void cli_json_safe(struct mln_str json, struct mln_buf *out);
/* Appends `text` as a JSON string in which no character acts on a terminal. */
void cli_json_quote(struct mln_str text, struct mln_buf *out);
