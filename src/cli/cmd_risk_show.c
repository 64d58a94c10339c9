/*
 * One risk event in full. Over an endpoint that is what the listing says; a store on this machine
 * also knows its members, sample statements and handlings.
 */
#include "cli/commands.h"
#include "cli/risk_source.h"
#include "wire/writer.h"

#define SHOWN_BYTES_MAX ((size_t)4 * 1024 * 1024)

static int find_event(struct risk_source *source, int64_t id, enum mln_risk_status status,
        struct mln_sddp_events *events, const struct mln_sddp_event **out, struct mln_err *err)
{
    struct risk_ask ask = { .status = status };
    int rc;

    mln_sddp_events_free(events);
    mln_sddp_events_init(events);
    rc = risk_source_list(source, &ask, events, err);
    if (rc != MLN_OK && rc != MLN_EPARTIAL)
        return rc;
    for (size_t i = 0; i < events->count; i++) {
        if (events->items[i].risk_id == id)
            *out = &events->items[i];
    }
    return *out != NULL ? MLN_OK : rc;
}

static void put_details(struct cli *cli, const struct mln_sddp_event *event)
{
    const struct mln_sddp_field *fields;
    struct cli_cell cells[RISK_COLUMNS];
    char when[MLN_TIME_TEXT_MAX];
    size_t count;

    fields = mln_sddp_fields(&count);
    risk_cells(event, cells);
    for (size_t i = 0; i < count; i++) {
        cli_putf(cli, "%s: ", fields[i].name);
        if (cells[i].type == CLI_CELL_TEXT) {
            cli_put_safe(cli, cells[i].text);
        } else if (cells[i].type == CLI_CELL_TIME && cells[i].number > 0) {
            mln_time_format(cells[i].number, when);
            cli_put(cli, mln_str_of(when));
        } else {
            cli_putf(cli, "%lld", (long long)cells[i].number);
        }
        cli_put(cli, MLN_STR("\n"));
    }
}

static bool as_text(const struct cli *cli)
{
    return cli->format == CLI_TEXT || (cli->format == CLI_DEFAULT && cli->stdout_tty);
}

/* ---- what only a store knows, as text ---- */

static int text_member(void *ctx, const char *kind, struct mln_str value, struct mln_err *err)
{
    struct cli *cli = ctx;

    (void)err;
    cli_putf(cli, "%s: ", kind);
    cli_put_safe(cli, value);
    cli_put(cli, MLN_STR("\n"));
    return MLN_OK;
}

static void text_record(
        struct cli *cli, const char *what, int64_t time_ms, struct mln_str who, struct mln_str text)
{
    char when[MLN_TIME_TEXT_MAX];

    mln_time_format(time_ms, when);
    cli_putf(cli, "%s: %s ", what, when);
    cli_put_safe(cli, who);
    cli_put(cli, MLN_STR(" "));
    cli_put_safe(cli, text);
    cli_put(cli, MLN_STR("\n"));
}

static int text_sample(void *ctx, int64_t alarm_ms, struct mln_str who, struct mln_str statement,
        struct mln_err *err)
{
    (void)err;
    text_record(ctx, "sample", alarm_ms, who, statement);
    return MLN_OK;
}

static int text_handling(void *ctx, int64_t handled_ms, struct mln_str who, struct mln_str detail,
        struct mln_err *err)
{
    (void)err;
    text_record(ctx, "handled", handled_ms, who, detail);
    return MLN_OK;
}

/* ---- the same as JSON: a list per kind of record, opened by its first one ---- */

struct json_details {
    struct mln_writer writer;
    const char *list; /* The list that is open; NULL: none. */
};

static struct mln_writer *open_record(struct json_details *details, const char *list)
{
    struct mln_writer *w = &details->writer;

    if (details->list == NULL || strcmp(details->list, list) != 0) {
        if (details->list != NULL)
            mln_writer_list_end(w);
        mln_writer_list_begin(w, list);
        details->list = list;
    }
    mln_writer_object_begin(w, NULL);
    return w;
}

static int json_member(void *ctx, const char *kind, struct mln_str value, struct mln_err *err)
{
    struct mln_writer *w = open_record(ctx, "Members");

    (void)err;
    mln_writer_cstr(w, "Kind", kind);
    mln_writer_str(w, "Value", value);
    mln_writer_object_end(w);
    return MLN_OK;
}

static int json_sample(void *ctx, int64_t alarm_ms, struct mln_str who, struct mln_str statement,
        struct mln_err *err)
{
    struct mln_writer *w = open_record(ctx, "Samples");

    (void)err;
    mln_writer_i64(w, "AlarmTime", alarm_ms);
    mln_writer_str(w, "Who", who);
    mln_writer_str(w, "Statement", statement);
    mln_writer_object_end(w);
    return MLN_OK;
}

static int json_handling(void *ctx, int64_t handled_ms, struct mln_str who, struct mln_str detail,
        struct mln_err *err)
{
    struct mln_writer *w = open_record(ctx, "Handlings");

    (void)err;
    mln_writer_i64(w, "HandleMarkTime", handled_ms);
    mln_writer_str(w, "Who", who);
    mln_writer_str(w, "HandleDetail", detail);
    mln_writer_object_end(w);
    return MLN_OK;
}

static int ignore_event(void *ctx, const struct mln_risk_event *event, struct mln_err *err)
{
    (void)ctx;
    (void)event;
    (void)err;
    return MLN_OK;
}

static void json_cell(struct mln_writer *w, const char *key, const struct cli_cell *cell)
{
    if (cell->type == CLI_CELL_TEXT)
        mln_writer_str(w, key, cell->text);
    else if (cell->type == CLI_CELL_BOOL)
        mln_writer_bool(w, key, cell->number != 0);
    else
        mln_writer_i64(w, key, cell->number);
}

static int put_json(
        struct risk_source *source, const struct mln_sddp_event *event, struct mln_err *err)
{
    MLN_AUTO(mln_buf_free) struct mln_buf out = MLN_BUF_INIT(SHOWN_BYTES_MAX);
    struct json_details details = { 0 };
    const struct mln_risk_details sinks = { ignore_event, json_member, json_sample, json_handling,
        &details };
    const struct cli_column *columns = risk_columns();
    struct cli_cell cells[RISK_COLUMNS];
    struct mln_str text = { 0 };
    int rc;

    risk_cells(event, cells);
    mln_writer_begin(&details.writer, &out, MLN_FORMAT_JSON, "");
    mln_writer_list_begin(&details.writer, "items");
    mln_writer_object_begin(&details.writer, NULL);
    for (size_t i = 0; i < RISK_COLUMNS; i++)
        json_cell(&details.writer, columns[i].key, &cells[i]);
    rc = mln_risk_show(source->local.store, source->local.account, event->risk_id,
            source->cli->lang, &sinks, err);
    if (details.list != NULL)
        mln_writer_list_end(&details.writer);
    mln_writer_object_end(&details.writer);
    mln_writer_list_end(&details.writer);
    mln_writer_i64(&details.writer, "total", 1);
    mln_writer_end(&details.writer);
    if (rc == MLN_OK)
        rc = mln_buf_done(&out, &text, err);
    if (rc != MLN_OK)
        return rc;
    cli_json_safe(text, &source->cli->out.buf);
    cli_put(source->cli, MLN_STR("\n"));
    return MLN_OK;
}

static int put_rows(struct risk_source *source, const struct mln_sddp_event *event,
        const char *request_id, struct mln_err *err)
{
    struct cli_origin origin = risk_source_origin(source, request_id);
    struct cli_cell cells[RISK_COLUMNS];
    struct cli_rows rows;

    cli_rows_begin(&rows, source->cli, risk_columns(), RISK_COLUMNS);
    risk_cells(event, cells);
    cli_rows_add(&rows, cells);
    return cli_rows_end(&rows, 1, false, &origin, err);
}

static int put_event(struct risk_source *source, const struct mln_sddp_event *event,
        const char *request_id, struct mln_err *err)
{
    struct cli *cli = source->cli;
    const struct mln_risk_details sinks = { ignore_event, text_member, text_sample, text_handling,
        cli };

    if (as_text(cli)) {
        put_details(cli, event);
        return source->is_local ? mln_risk_show(source->local.store, source->local.account,
                                          event->risk_id, cli->lang, &sinks, err)
                                : MLN_OK;
    }
    if (source->is_local && cli_format_of(cli) == CLI_JSON)
        return put_json(source, event, err);
    return put_rows(source, event, request_id, err);
}

static int show_from(struct risk_source *source, int64_t id, struct mln_err *err)
{
    MLN_AUTO(mln_sddp_events_free) struct mln_sddp_events events = { 0 };
    const struct mln_sddp_event *event = NULL;
    int rc = find_event(source, id, MLN_RISK_UNPROCESSED, &events, &event, err);

    if (rc == MLN_OK && event == NULL)
        rc = find_event(source, id, MLN_RISK_PROCESSED, &events, &event, err);
    if (rc == MLN_OK && event == NULL)
        return mln_fail(err, MLN_ENOTFOUND, "there is no risk event %lld", (long long)id);
    if (rc != MLN_OK)
        return rc;
    return put_event(source, event, events.request_id, err);
}

int cmd_risk_show(struct cli *cli, struct mln_err *err)
{
    struct risk_source source;
    int64_t id = 0;
    int rc = risk_id_read(mln_str_of(cli->line.args[0]), &id, err);

    if (rc == MLN_OK)
        rc = risk_source_open(cli, false, &source, err);
    if (rc != MLN_OK)
        return rc;
    rc = show_from(&source, id, err);
    risk_source_close(&source);
    return rc;
}
