/* `query`: SQL over a snapshot, to explore it and to write checks. */
#include "cli/commands.h"
#include "cli/posture.h"

#define QUERY_COLUMNS_MAX 200
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
    cli_rows_begin(&asking->rows, asking->cli, asking->columns, count);
    asking->began = true;
    return MLN_OK;
}

static int take_row(void *ctx, const struct mln_str *values, size_t count, struct mln_err *err)
{
    struct asking *asking = ctx;
    struct cli_cell cells[QUERY_COLUMNS_MAX];

    for (size_t i = 0; i < count; i++)
        cells[i] = values[i].ptr != NULL ? cli_cell_text(values[i]) : cli_cell_null();
    cli_rows_add(&asking->rows, cells);
    return cli_out_check(asking->cli, err);
}

int cmd_query(struct cli *cli, struct mln_err *err)
{
    struct asking asking = { .cli = cli, .arena = MLN_ARENA_INIT((size_t)1024 * 1024) };
    struct mln_query_sink sink = {
        .columns = take_columns, .row = take_row, .ctx = &asking, .stop = cli->stop
    };
    struct mln_err late = { 0 };
    const char *path;
    int rc = cli_need(cli, OPT_SNAPSHOT, &path, err), ended = MLN_OK;

    if (rc == MLN_OK)
        rc = cli_get_number(cli, OPT_LIMIT, 1, QUERY_ROWS_MAX, &sink.rows_max, err);
    if (rc != MLN_OK)
        return rc;
    cli_catch_signals(cli);
    rc = mln_snapshot_query(path, cli->line.args[0], &sink, err);
    if (rc == MLN_EDENIED) /* Nobody's permission is missing. */
        rc = mln_wrap(err, MLN_EUSAGE, "SQL");
    if (asking.began)
        ended = cli_rows_end(&asking.rows, -1, rc != MLN_OK, NULL, &late);
    mln_arena_free(&asking.arena);
    if (rc == MLN_OK && ended != MLN_OK)
        *err = late;
    return rc == MLN_OK ? ended : rc;
}
