/* The table of log formats, and what every reader does the same way. */
#include "detect/reader.h"

#include "detect/reader_ops.h"
#include "detect/source.h"

static const struct mln_reader_format formats[] = {
    { "mariadb-server-audit", "mariadb", "MariaDB server_audit plugin, file output",
            "MariaDB server_audit 插件的文件输出", &mln_read_mariadb_audit },
};

const struct mln_reader_format *mln_reader_formats(size_t *count)
{
    *count = MLN_LEN(formats);
    return formats;
}

const struct mln_reader_format *mln_reader_format(const char *name)
{
    for (size_t i = 0; i < MLN_LEN(formats); i++)
        if (strcmp(formats[i].name, name) == 0)
            return &formats[i];
    return NULL;
}

/* Both names in one block: the reader outlives its options. */
static bool copy_names(struct mln_reader *reader, const struct mln_reader_options *options)
{
    size_t product = options->product.len, instance = options->instance.len;

    reader->names = calloc(1, product + instance + 1);
    if (reader->names == NULL)
        return false;
    if (product > 0)
        memcpy(reader->names, options->product.ptr, product);
    if (instance > 0)
        memcpy(reader->names + product, options->instance.ptr, instance);
    reader->product = (struct mln_str){ .ptr = reader->names, .len = product };
    reader->instance = (struct mln_str){ .ptr = reader->names + product, .len = instance };
    return true;
}

int mln_reader_new(const struct mln_reader_format *format, const struct mln_reader_options *options,
        struct mln_reader **out, struct mln_err *err)
{
    struct mln_reader *reader = calloc(1, sizeof(*reader));
    int rc;

    if (reader == NULL)
        return mln_fail(err, MLN_ENOMEM, "no memory for a log reader");
    reader->format = format;
    reader->zone = options->zone;
    reader->sql = (struct mln_buf)MLN_BUF_INIT(MLN_LINE_MAX + 1);
    mln_sql_scratch_init(&reader->scratch);
    rc = copy_names(reader, options) ? MLN_OK
                                     : mln_fail(err, MLN_ENOMEM, "no memory for a log reader");
    if (rc == MLN_OK)
        rc = format->ops->state_new(&reader->state, err);
    if (rc < 0) {
        mln_reader_free(reader);
        return rc;
    }
    *out = reader;
    return MLN_OK;
}

void mln_reader_free(struct mln_reader *reader)
{
    if (reader == NULL)
        return;
    if (reader->state != NULL)
        reader->format->ops->state_free(reader->state);
    mln_sql_scratch_fini(&reader->scratch);
    mln_buf_free(&reader->sql);
    free(reader->names);
    free(reader);
}

/* Everything but the tables, whose count says how many there are. */
static void empty_event(const struct mln_reader *reader, struct mln_audit_event *out)
{
    struct mln_str *strings[] = { &out->client_ip, &out->user, &out->app, &out->session,
        &out->statement_id, &out->database, &out->op, &out->sql, &out->error_code };

    for (size_t i = 0; i < MLN_LEN(strings); i++)
        *strings[i] = MLN_STR("");
    out->product = reader->product;
    out->instance = reader->instance;
    out->engine = mln_str_of(reader->format->engine);
    out->status = MLN_STATUS_UNKNOWN;
    out->table_count = 0;
    out->sql_truncated = false;
    out->skeleton = NULL;
    out->rows_returned = out->rows_affected = out->rows_examined = out->latency_us = MLN_ABSENT;
}

int mln_reader_line(struct mln_reader *reader, struct mln_str line, bool truncated,
        enum mln_line_result *result, struct mln_audit_event *out, struct mln_err *err)
{
    empty_event(reader, out);
    if (line.len > MLN_LINE_MAX) {
        line.len = MLN_LINE_MAX;
        truncated = true;
    }
    return reader->format->ops->line(reader, line, truncated, result, out, err);
}

int mln_reader_statement(struct mln_reader *reader, struct mln_str sql, struct mln_audit_event *out,
        struct mln_err *err)
{
    int rc = mln_sql_skeleton(MLN_SQL_MYSQL, sql, &reader->scratch, &reader->skeleton, err);

    if (rc < 0)
        return rc;
    out->kind = MLN_EVENT_QUERY;
    out->sql = sql;
    out->skeleton = &reader->skeleton;
    out->op = reader->skeleton.verb;
    return MLN_OK;
}

void mln_reader_save(const struct mln_reader *reader, struct mln_buf *out)
{
    reader->format->ops->save(reader->state, out);
}

int mln_reader_load(struct mln_reader *reader, struct mln_str state, struct mln_err *err)
{
    return reader->format->ops->load(reader->state, state, err);
}
