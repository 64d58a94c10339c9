/*
 * One line per request. Never logged: queries, keys, nonces, signatures, bodies. A request for `/`
 * has nothing of the client's own choosing in its line, so it is written without the redactor's
 * search, which would cost more than the request itself; anything else goes through the log sink.
 */
#include "api/priv.h"

#define PATH_SHOWN ((size_t)256)
#define USER_SHOWN ((size_t)128)

/* Up to so many lines in a stretch are written at once, the rest in batches. */
#define STRETCH_MS      ((int64_t)100)
#define LINES_AT_ONCE   100
#define BATCH_BYTES     ((size_t)8 * 1024)
#define BATCH_BYTES_MAX (BATCH_BYTES + 2048)

/* Method names of outsiders stay out of the log's columns. */
static const char *method_shown(struct mln_str method)
{
    static const char *const known[] = { "GET", "POST", "HEAD", "PUT", "DELETE", "OPTIONS",
        "PATCH" };

    for (size_t i = 0; i < MLN_LEN(known); i++) {
        if (mln_str_is(method, known[i]))
            return known[i];
    }
    return "other";
}

static const char *shown(struct mln_str text, char *out, size_t room)
{
    size_t len = text.len < room ? text.len : room - 1;

    if (len > 0)
        memcpy(out, text.ptr, len);
    out[len] = '\0';
    return out;
}

struct line {
    const char *method, *action, *code;
    char path[PATH_SHOWN], account[USER_SHOWN], user[USER_SHOWN];
};

static void fill(const struct exchange *exchange, struct line *line)
{
    const struct mln_call *call = &exchange->call;
    struct mln_str account = { 0 }, user = { 0 };

    if (call->principal != NULL) {
        account = call->principal->account_id;
        user = call->principal->user_name;
    }
    line->method = method_shown(call->request.method);
    line->action = call->action != NULL ? call->action->name : "";
    line->code = call->refused ? call->error.code : "";
    (void)shown(exchange->path, line->path, sizeof(line->path));
    (void)shown(account, line->account, sizeof(line->account));
    (void)shown(user, line->user, sizeof(line->user));
}

/* The text between two values, and the value that follows it. */
static void add(struct mln_buf *out, struct mln_str between, const char *plain)
{
    mln_buf_add(out, between);
    mln_buf_add_cstr(out, plain);
}

static void add_number(struct mln_buf *out, struct mln_str between, int64_t number)
{
    mln_buf_add(out, between);
    mln_buf_add_i64(out, number);
}

/* Names, numbers and addresses that are ours or were checked: no quotes, no control characters. */
static void add_line(struct mln_buf *out, const struct exchange *exchange, const struct line *line,
        int status, int64_t ms, int64_t now_ms)
{
    char when[MLN_TIME_TEXT_MAX];

    mln_time_format(now_ms, when);
    add(out, MLN_STR("{\"time\":\""), when);
    add(out, MLN_STR("\",\"level\":\"info\",\"message\":\"request\",\"method\":\""), line->method);
    add(out, MLN_STR("\",\"path\":\""), line->path);
    add(out, MLN_STR("\",\"action\":\""), line->action);
    add_number(out, MLN_STR("\",\"status\":"), status);
    add(out, MLN_STR(",\"code\":\""), line->code);
    add_number(out, MLN_STR("\",\"ms\":"), ms);
    add(out, MLN_STR(",\"request_id\":\""), exchange->call.request_id);
    add(out, MLN_STR("\",\"address\":\""), exchange->call.address);
    add(out, MLN_STR("\",\"account\":\""), line->account);
    add(out, MLN_STR("\",\"user\":\""), line->user);
    mln_buf_add(out, MLN_STR("\"}\n"));
}

void log_batch_init(struct log_batch *batch)
{
    *batch = (struct log_batch){ .lines = MLN_BUF_INIT(BATCH_BYTES_MAX) };
    (void)pthread_mutex_init(&batch->lock, NULL);
}

void log_batch_fini(struct log_batch *batch)
{
    mln_buf_free(&batch->lines);
    (void)pthread_mutex_destroy(&batch->lock);
}

static void write_batch(struct log_batch *batch, int fd)
{
    struct mln_str text = mln_buf_str(&batch->lines);

    if (text.len > 0 && write(fd, text.ptr, text.len) < 0)
        batch->count = 0; /* There is nowhere left to complain. */
    mln_buf_reset(&batch->lines);
}

static bool may_wait(struct log_batch *batch, int64_t now_ms)
{
    if (now_ms < batch->since_ms || now_ms - batch->since_ms >= STRETCH_MS) {
        batch->since_ms = now_ms;
        batch->count = 0;
    }
    return ++batch->count > LINES_AT_ONCE && batch->lines.len < BATCH_BYTES;
}

static void write_plain(
        const struct exchange *exchange, const struct line *line, int status, int64_t ms)
{
    const struct mln_log *log = exchange->server->options.log;
    struct log_batch *batch = &exchange->owner->log;
    int64_t now_ms = mln_now_ms(log->clock);

    (void)pthread_mutex_lock(&batch->lock);
    add_line(&batch->lines, exchange, line, status, ms, now_ms);
    if (!may_wait(batch, now_ms))
        write_batch(batch, log->fd);
    (void)pthread_mutex_unlock(&batch->lock);
}

void access_log_flush(struct mln_server *server)
{
    (void)pthread_mutex_lock(&server->lanes_lock);
    for (struct pool_lane *lane = server->lanes; lane != NULL; lane = lane->next) {
        (void)pthread_mutex_lock(&lane->log.lock);
        write_batch(&lane->log, server->options.log->fd);
        (void)pthread_mutex_unlock(&lane->log.lock);
    }
    (void)pthread_mutex_unlock(&server->lanes_lock);
}

static void write_checked(
        const struct exchange *exchange, const struct line *line, int status, int64_t ms)
{
    const struct mln_log_field fields[] = {
        { .key = "method", .text = line->method },
        { .key = "path", .text = line->path },
        { .key = "action", .text = line->action },
        { .key = "status", .number = status },
        { .key = "code", .text = line->code },
        { .key = "ms", .number = ms },
        { .key = "request_id", .text = exchange->call.request_id },
        { .key = "address", .text = exchange->call.address },
        { .key = "account", .text = line->account },
        { .key = "user", .text = line->user },
    };

    mln_log_write(exchange->server->options.log, MLN_LOG_INFO, "request", fields, MLN_LEN(fields));
}

void access_log(const struct exchange *exchange, int status, int64_t ms)
{
    const struct mln_log *log = exchange->server->options.log;
    struct line line;

    if (log->level < MLN_LOG_INFO)
        return;
    fill(exchange, &line);
    if (log->json && (mln_str_is(exchange->path, "/") || exchange->content_type != NULL))
        write_plain(exchange, &line, status, ms);
    else
        write_checked(exchange, &line, status, ms);
}
