/*
 * MariaDB server_audit, file output (MariaDB documentation, "Audit Plugin Log Format"):
 *
 *     time,serverhost,user,host,connection,query,operation,database,object,retcode
 *
 * Nothing but the statement is quoted, and commas within it are not special: eight commas count
 * from the left and one from the right. Names of a failed login are the client's choice and may
 * hold commas too, so a record whose object is empty (all connection records) is read from the
 * right.
 *
 * Tables come before their statement; they wait in pending_tables.h. Those whose statement never
 * comes are told as table_access when their connection ends or they are pushed out.
 */
#include "detect/mariadb_record.h"
#include "detect/pending_tables.h"
#include "detect/reader_ops.h"

#define FAILED_IDS  ((size_t)256)  /* Failed connections whose DISCONNECT is still to come. */
#define LIMIT_LEAST ((size_t)1024) /* The plugin's default for the length of a statement. */

static const struct mln_str magic = { "MLNMA1\n", 7 };

/* MySQL error numbers that mean "not allowed". */
static const int64_t denied_codes[] = { 1044, 1045, 1095, 1130, 1142, 1143, 1227, 1370, 1698 };

struct state {
    struct mln_pending_tables pending;
    struct mln_pending *told; /* The last event borrows from it. */
    uint64_t failed[FAILED_IDS];
    size_t failed_count, failed_at;  /* A ring. */
    char time[MLN_MARIADB_TIME_LEN]; /* The last one, converted: */
    int64_t time_ms;
    int local_hour, local_weekday;
};

/* 1970-01-01 was a Thursday; days before it are negative. */
static int weekday_of(const struct mln_civil *civil)
{
    int64_t days = mln_days_from_civil(civil->year, (unsigned)civil->month, (unsigned)civil->day);

    return (int)((days % 7 + 7 + 4) % 7);
}

/* In the log's zone; many records share their second. */
static bool set_time(struct state *state, const struct mln_zone *zone, struct mln_str text,
        struct mln_audit_event *out)
{
    struct mln_civil civil;
    bool known = text.len == sizeof(state->time) && state->time[0] != '\0' &&
                 memcmp(text.ptr, state->time, sizeof(state->time)) == 0;

    if (!known) {
        if (!mln_mariadb_time(text, &civil))
            return false;
        state->time_ms = mln_zone_to_utc_ms(zone, &civil);
        state->local_hour = civil.hour;
        state->local_weekday = weekday_of(&civil);
        memcpy(state->time, text.ptr, sizeof(state->time));
    }
    out->time_ms = state->time_ms;
    out->local_hour = state->local_hour;
    out->local_weekday = state->local_weekday;
    return true;
}

static struct mln_str slice(const char *from, const char *to)
{
    return (struct mln_str){ .ptr = from, .len = (size_t)(to - from) };
}

static void set_status(struct mln_str retcode, struct mln_audit_event *out)
{
    uint64_t code;

    if (!mln_mariadb_number(retcode, &code))
        return;
    out->status = code == 0 ? MLN_STATUS_OK : MLN_STATUS_FAILED;
    if (code != 0)
        out->error_code = retcode;
    for (size_t i = 0; i < MLN_LEN(denied_codes); i++)
        if (code == (uint64_t)denied_codes[i])
            out->status = MLN_STATUS_DENIED;
}

static void remember_failed(struct state *state, uint64_t connection)
{
    state->failed[state->failed_at] = connection;
    state->failed_at = (state->failed_at + 1) % FAILED_IDS;
    if (state->failed_count < FAILED_IDS)
        state->failed_count++;
}

/* True (once) when `connection` is one that never logged in. Newest first: they end soon. */
static bool forget_failed(struct state *state, uint64_t connection)
{
    for (size_t i = 1; i <= state->failed_count; i++) {
        size_t at = (state->failed_at + FAILED_IDS - i) % FAILED_IDS;

        if (state->failed[at] != connection)
            continue;
        for (; i > 1; i--, at = (at + 1) % FAILED_IDS)
            state->failed[at] = state->failed[(at + 1) % FAILED_IDS];
        state->failed_at = (state->failed_at + FAILED_IDS - 1) % FAILED_IDS;
        state->failed_count--;
        return true;
    }
    return false;
}

/* The database name of a login is the client's choice and may hold commas: it ends where
 * ",,retcode" begins. */
static bool connection_tail(struct mln_mariadb_record *record, struct mln_str *retcode)
{
    struct mln_str head = record->rest, object;

    if (!mln_mariadb_split_last(&head, retcode))
        return false;
    if (head.len == 0)
        return true;
    if (!mln_mariadb_split_last(&head, &object) || object.len != 0)
        return false;
    record->database = slice(record->database.ptr, head.ptr + head.len);
    return true;
}

static enum mln_line_result read_connection(
        struct state *state, struct mln_mariadb_record *record, struct mln_audit_event *out)
{
    struct mln_str retcode;
    uint64_t code;

    if (!connection_tail(record, &retcode) || !mln_mariadb_number(retcode, &code))
        return MLN_LINE_BAD;
    out->database = record->database;
    set_status(retcode, out);
    if (record->operation->class == MLN_MARIADB_DISCONNECTION) {
        mln_pending_disconnect(&state->pending, record->connection);
        out->kind = MLN_EVENT_LOGOUT;
        return forget_failed(state, record->connection) ? MLN_LINE_NOTHING : MLN_LINE_EVENT;
    }
    (void)forget_failed(state, record->connection); /* After a restart ids begin anew. */
    out->kind = MLN_EVENT_LOGIN;
    if (code != 0 || mln_str_is(record->operation_name, "FAILED_CONNECT")) {
        if (code == 0)
            out->status = MLN_STATUS_FAILED;
        out->kind = MLN_EVENT_LOGIN_FAILED;
        remember_failed(state, record->connection);
    }
    return MLN_LINE_EVENT;
}

static struct mln_pending_key key_of(const struct mln_mariadb_record *record)
{
    return (struct mln_pending_key){ record->connection, record->query };
}

/* Statistics that the server reads and writes for itself. */
static bool is_noise(struct mln_str database, struct mln_str table)
{
    return mln_str_is(database, "mysql") && mln_str_ends(table, MLN_STR("_stats"));
}

static int add_table(struct state *state, const struct mln_mariadb_record *record,
        const struct mln_audit_event *event, struct mln_str database, struct mln_str table,
        struct mln_err *err)
{
    struct mln_pending_source source = { .time_ms = event->time_ms,
        .local_hour = event->local_hour,
        .local_weekday = event->local_weekday,
        .instance = event->instance,
        .user = event->user,
        .client = event->client_ip,
        .database = record->database,
        .op = record->operation->name,
        .session = record->connection_text,
        .statement_id = record->query_text };

    if (is_noise(database, table))
        return MLN_OK;
    return mln_pending_add(&state->pending, key_of(record), &source, database, table, err);
}

/* RENAME writes "old|database.new". */
static int add_renamed(struct state *state, const struct mln_mariadb_record *record,
        const struct mln_audit_event *event, struct mln_str object, struct mln_err *err)
{
    struct mln_str rest = object, from, database;
    int rc;

    if (!mln_str_next(&rest, '|', &from) || rest.ptr == NULL || from.len == object.len)
        return add_table(state, record, event, record->database, object, err);
    rc = add_table(state, record, event, record->database, from, err);
    if (rc == MLN_OK && mln_str_next(&rest, '.', &database))
        rc = add_table(state, record, event, database, rest, err);
    return rc;
}

static int read_table(struct state *state, const struct mln_mariadb_record *record,
        const struct mln_audit_event *event, enum mln_line_result *result, struct mln_err *err)
{
    struct mln_str object = record->rest, retcode;

    *result = MLN_LINE_NOTHING;
    if (!mln_mariadb_split_last(&object, &retcode) || retcode.len != 0 || object.len == 0) {
        *result = MLN_LINE_BAD;
        return MLN_OK;
    }
    if (mln_str_is(record->operation_name, "RENAME"))
        return add_renamed(state, record, event, object, err);
    return add_table(state, record, event, record->database, object, err);
}

/*
 * The plugin cuts statements at a byte limit without a mark and closes the quote. A limit is nearly
 * always a power of two; a statement that succeeded with a quote or comment left open was cut as
 * well.
 */
static bool looks_cut(size_t logged_len, const struct mln_audit_event *event)
{
    if (logged_len >= LIMIT_LEAST && (logged_len & (logged_len - 1)) == 0)
        return true;
    return event->status == MLN_STATUS_OK && (event->skeleton->flags & MLN_SQL_UNTERMINATED) != 0;
}

/* The view's tables stay where `told` holds them. */
static void take_tables(
        struct state *state, struct mln_pending *pending, struct mln_audit_event *out)
{
    struct mln_pending_view view;

    mln_pending_view(pending, &view);
    memcpy(out->tables, view.tables, view.table_count * sizeof(view.tables[0]));
    out->table_count = view.table_count;
    state->told = pending;
}

static int read_statement(struct mln_reader *reader, const struct mln_mariadb_record *record,
        bool truncated, enum mln_line_result *result, struct mln_audit_event *out,
        struct mln_err *err)
{
    struct state *state = reader->state;
    struct mln_str object = record->rest, retcode = { 0 }, raw, sql;
    struct mln_pending *pending;
    bool complete;
    uint64_t code;
    int rc;

    if (object.len == 0 || object.ptr[0] != '\'') {
        *result = MLN_LINE_BAD;
        return MLN_OK;
    }
    complete = !truncated && mln_mariadb_split_last(&object, &retcode) &&
               mln_mariadb_number(retcode, &code) && mln_mariadb_is_closed(object);
    if (complete) {
        raw = slice(object.ptr + 1, object.ptr + object.len - 1);
        set_status(retcode, out);
    } else { /* Half a record still tells who did what. */
        raw = slice(record->rest.ptr + 1, record->rest.ptr + record->rest.len);
    }
    rc = mln_mariadb_unescape(raw, &reader->sql, &sql, err);
    if (rc == MLN_OK)
        rc = mln_reader_statement(reader, sql, out, err);
    if (rc < 0)
        return rc;
    out->database = record->database;
    out->statement_id = record->query_text;
    out->sql_truncated = !complete || looks_cut(raw.len, out);
    pending = mln_pending_take(&state->pending, key_of(record));
    if (pending != NULL)
        take_tables(state, pending, out);
    *result = MLN_LINE_EVENT;
    return MLN_OK;
}

/* A line that told nothing makes room for an event of tables whose statement never came. */
static bool tell_orphan(struct state *state, struct mln_audit_event *out)
{
    struct mln_pending *orphan = mln_pending_take_orphan(&state->pending);
    struct mln_pending_view view;

    if (orphan == NULL)
        return false;
    mln_pending_view(orphan, &view);
    take_tables(state, orphan, out);
    out->kind = MLN_EVENT_TABLE_ACCESS;
    out->time_ms = orphan->time_ms;
    out->local_hour = orphan->local_hour;
    out->local_weekday = orphan->local_weekday;
    out->instance = view.instance;
    out->user = view.user;
    out->client_ip = view.client;
    out->database = view.database;
    out->op = view.op;
    out->session = view.session;
    out->statement_id = view.statement_id;
    return true;
}

static int read_record(struct mln_reader *reader, struct mln_mariadb_record *record, bool truncated,
        enum mln_line_result *result, struct mln_audit_event *out, struct mln_err *err)
{
    struct state *state = reader->state;

    if (record->operation->class == MLN_MARIADB_STATEMENT)
        return read_statement(reader, record, truncated, result, out, err);
    if (truncated)
        *result = MLN_LINE_BAD;
    else if (record->operation->class == MLN_MARIADB_TABLE)
        return read_table(state, record, out, result, err);
    else if (record->operation->class == MLN_MARIADB_IGNORED)
        *result = MLN_LINE_NOTHING;
    else
        *result = read_connection(state, record, out);
    return MLN_OK;
}

static int read_line(struct mln_reader *reader, struct mln_str line, bool truncated,
        enum mln_line_result *result, struct mln_audit_event *out, struct mln_err *err)
{
    struct state *state = reader->state;
    struct mln_mariadb_record record;
    int rc;

    mln_pending_free(state->told);
    state->told = NULL;
    if (!mln_mariadb_split(line, &record) || !set_time(state, reader->zone, record.time, out)) {
        *result = MLN_LINE_BAD;
        return MLN_OK;
    }
    if (reader->instance.len == 0)
        out->instance = record.server;
    out->user = record.user;
    out->client_ip = mln_mariadb_address(record.client);
    out->session = record.connection_text;
    out->op = record.operation->name;
    rc = read_record(reader, &record, truncated, result, out, err);
    if (rc == MLN_OK && *result == MLN_LINE_NOTHING && tell_orphan(state, out))
        *result = MLN_LINE_EVENT;
    return rc;
}

static int state_new(void **out, struct mln_err *err)
{
    struct state *state = calloc(1, sizeof(*state));

    if (state == NULL)
        return mln_fail(err, MLN_ENOMEM, "no memory for a log reader");
    *out = state;
    return MLN_OK;
}

static void state_free(void *ptr)
{
    struct state *state = ptr;

    mln_pending_free(state->told);
    mln_pending_fini(&state->pending);
    free(state);
}

/* Failed connections, oldest first, then the waiting tables. */
static void save(const void *ptr, struct mln_buf *out)
{
    const struct state *state = ptr;

    mln_buf_add(out, magic);
    mln_buf_add_i64(out, (int64_t)state->failed_count);
    mln_buf_add_char(out, '\n');
    for (size_t i = state->failed_count; i > 0; i--) {
        mln_buf_add_i64(
                out, (int64_t)state->failed[(state->failed_at + FAILED_IDS - i) % FAILED_IDS]);
        mln_buf_add_char(out, '\n');
    }
    mln_pending_save(&state->pending, out);
}

static bool load_number(struct mln_str *rest, uint64_t *out)
{
    struct mln_str line;

    return mln_str_next(rest, '\n', &line) && mln_mariadb_number(line, out);
}

static int load(void *ptr, struct mln_str bytes, struct mln_err *err)
{
    struct state *state = ptr;
    uint64_t ids[FAILED_IDS], count;
    int rc;

    if (!mln_str_starts(bytes, magic))
        return mln_fail(err, MLN_ECORRUPT, "the state of the log reader is not ours");
    bytes.ptr += magic.len;
    bytes.len -= magic.len;
    if (!load_number(&bytes, &count) || count > FAILED_IDS)
        return mln_fail(err, MLN_ECORRUPT, "the state of the log reader is damaged");
    for (size_t i = 0; i < count; i++)
        if (!load_number(&bytes, &ids[i]))
            return mln_fail(err, MLN_ECORRUPT, "the state of the log reader is damaged");
    rc = mln_pending_load(&state->pending, bytes, err);
    if (rc < 0)
        return rc;
    memcpy(state->failed, ids, count * sizeof(ids[0]));
    state->failed_count = (size_t)count;
    state->failed_at = (size_t)count % FAILED_IDS;
    return MLN_OK;
}

const struct mln_reader_ops mln_read_mariadb_audit = {
    .state_new = state_new,
    .state_free = state_free,
    .line = read_line,
    .save = save,
    .load = load,
};
