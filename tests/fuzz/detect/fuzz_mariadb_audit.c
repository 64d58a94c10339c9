/*
 * Any bytes as a MariaDB audit log: nothing is read outside a line, and a reader that is saved and
 * restored between any two lines tells the same events.
 */
#include "detect/reader.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct mln_reader *new_reader(void)
{
    struct mln_reader_options options = { .product = MLN_STR("RDS") };
    struct mln_reader *reader;
    struct mln_err err;

    if (mln_reader_new(mln_reader_format("mariadb-server-audit"), &options, &reader, &err) !=
            MLN_OK)
        abort();
    return reader;
}

static struct mln_reader *restored(const struct mln_reader *reader)
{
    MLN_AUTO(mln_buf_free) struct mln_buf state = MLN_BUF_INIT((size_t)4 * 1024 * 1024);
    struct mln_reader *copy = new_reader();
    struct mln_err err;

    mln_reader_save(reader, &state);
    if (state.code != MLN_OK || mln_reader_load(copy, mln_buf_str(&state), &err) != MLN_OK)
        abort();
    return copy;
}

static size_t touch(struct mln_str s)
{
    size_t sum = 0;

    for (size_t i = 0; i < s.len; i++)
        sum += (unsigned char)s.ptr[i];
    return sum;
}

static size_t digest(const struct mln_audit_event *event)
{
    size_t sum = (size_t)event->kind * 7 + (size_t)event->status + event->table_count * 31;

    sum += touch(event->instance) + touch(event->user) + touch(event->client_ip);
    sum += touch(event->session) + touch(event->statement_id) + touch(event->database);
    sum += touch(event->op) + touch(event->sql) + touch(event->error_code);
    for (size_t i = 0; i < event->table_count; i++)
        sum += touch(event->tables[i]);
    if (event->skeleton != NULL)
        sum += touch(event->skeleton->text);
    return sum;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct mln_reader *reader = new_reader();
    struct mln_str rest = { .ptr = (const char *)data, .len = size }, line;
    struct mln_err err;

    while (size > 0 && mln_str_next(&rest, '\n', &line)) {
        struct mln_reader *copy = restored(reader);
        struct mln_audit_event first, second;
        enum mln_line_result result, again;
        bool truncated = line.len % 7 == 6;

        if (mln_reader_line(reader, line, truncated, &result, &first, &err) != MLN_OK ||
                mln_reader_line(copy, line, truncated, &again, &second, &err) != MLN_OK)
            abort();
        if (result != again || (result == MLN_LINE_EVENT && digest(&first) != digest(&second)))
            abort();
        mln_reader_free(copy);
    }
    mln_reader_free(reader);
    return 0;
}
