/* `query`: SQL over a snapshot, to explore it and to write checks. */
#include "cli/commands.h"
#include "cli/posture.h"

#define QUERY_COLUMNS_MAX 200
#define SQL_MAX           ((size_t)1024 * 1024)
#define QUERY_ROWS_MAX    INT64_MAX

/* Column names are the query's own: copied, because the table of columns borrows them. */
struct asking {
    struct cli *cli;
    struct mln_arena arena;
    struct cli_column columns[QUERY_COLUMNS_MAX];
    size_t count;
    struct cli_rows rows;
    bool began;
};

static int take_columns(void *ctx, const struct mln_str *names, size_t count, struct mln_err *err)
{
    struct asking *asking = ctx;

    if (count > QUERY_COLUMNS_MAX)
        return mln_fail(err, MLN_ETOOBIG, "more than %d columns", QUERY_COLUMNS_MAX);
    for (size_t i = 0; i < count; i++) {
        MLN_AUTO(mln_buf_free) struct mln_buf quoted = MLN_BUF_INIT(4096);
        const char *name;

        /* A key stands between quotes in JSON: what would end them is escaped here. */
        cli_json_quote(names[i], &quoted);
        name = quoted.len >= 2 ? mln_arena_cstr(&asking->arena,
                                         (struct mln_str){ quoted.ptr + 1, quoted.len - 2 })
                               : "";
        if (name == NULL)
            return mln_fail(err, MLN_ENOMEM, "out of memory for column names");
        asking->columns[i] = (struct cli_column){ name, name, name };
    }
    asking->count = count;
    return MLN_OK;
}

/* The head of the output waits for the first row: SQL that fails has nothing on stdout. */
static void begin(struct asking *asking)
{
    if (!asking->began)
        cli_rows_begin(&asking->rows, asking->cli, asking->columns, asking->count);
    asking->began = true;
}

static int take_row(void *ctx, const struct mln_str *values, size_t count, struct mln_err *err)
{
    struct asking *asking = ctx;
    struct cli_cell cells[QUERY_COLUMNS_MAX];

    begin(asking);
    for (size_t i = 0; i < count; i++)
        cells[i] = values[i].ptr != NULL ? cli_cell_text(values[i]) : cli_cell_null();
    cli_rows_add(&asking->rows, cells);
    return cli_out_check(asking->cli, err);
}

/* The question with the catalogue's views that it names. */
static int add_views(const struct cli *cli, struct mln_buf *sql, struct mln_err *err)
{
    const char *catalogs[CLI_PLACES_MAX];
    struct mln_posture_options options = {
        .catalogs = catalogs,
        .catalog_count = cli_get_every(cli, OPT_CATALOG, catalogs, CLI_PLACES_MAX),
    };
    struct mln_str text;
    int rc = mln_posture_views(&options, mln_str_of(cli->line.args[0]), sql, err);

    if (rc != MLN_OK)
        return mln_wrap(err, MLN_ECONFIG, "catalogue");
    mln_buf_add_char(sql, '\0'); /* The statement is a C string. */
    return mln_buf_done(sql, &text, err);
}

int cmd_query(struct cli *cli, struct mln_err *err)
{
    struct asking asking = { .cli = cli, .arena = MLN_ARENA_INIT((size_t)1024 * 1024) };
    struct mln_query_sink sink = {
        .columns = take_columns, .row = take_row, .ctx = &asking, .stop = cli->stop
    };
    MLN_AUTO(mln_buf_free) struct mln_buf sql = MLN_BUF_INIT(SQL_MAX);
    struct mln_err late = { 0 };
    const char *path;
    int rc = cli_need(cli, OPT_SNAPSHOT, &path, err), ended = MLN_OK;

    if (rc == MLN_OK)
        rc = cli_get_number(cli, OPT_LIMIT, 1, QUERY_ROWS_MAX, &sink.rows_max, err);
    if (rc != MLN_OK)
        return rc;
    rc = add_views(cli, &sql, err);
    if (rc != MLN_OK)
        return rc;
    cli_catch_signals(cli);
    rc = mln_snapshot_query(path, sql.ptr, &sink, err);
    if (rc == MLN_EDENIED) /* Nobody's permission is missing. */
        rc = mln_wrap(err, MLN_EUSAGE, "SQL");
    if (rc == MLN_OK)
        begin(&asking);
    if (asking.began)
        ended = cli_rows_end(&asking.rows, -1, rc != MLN_OK, NULL, &late);
    mln_arena_free(&asking.arena);
    if (rc == MLN_OK && ended != MLN_OK)
        *err = late;
    return rc == MLN_OK ? ended : rc;
}
