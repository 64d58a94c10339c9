/*
 * One line per request. Never logged: queries, keys, nonces, signatures, bodies. A request for `/`
 * has nothing of the client's own choosing in its line, so it is written without the redactor's
 * search, which would cost more than the request itself; anything else goes through the log sink.
 */
#include "api/priv.h"

#define PATH_SHOWN     ((size_t)256)
#define USER_SHOWN     ((size_t)128)
#define LINE_BYTES_MAX ((size_t)2048)

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

static void add(struct mln_buf *out, const char *key, const char *plain)
{
    mln_buf_add(out, MLN_STR(",\""));
    mln_buf_add_cstr(out, key);
    mln_buf_add(out, MLN_STR("\":\""));
    mln_buf_add_cstr(out, plain);
    mln_buf_add_char(out, '"');
}

static void add_number(struct mln_buf *out, const char *key, int64_t number)
{
    mln_buf_add(out, MLN_STR(",\""));
    mln_buf_add_cstr(out, key);
    mln_buf_add(out, MLN_STR("\":"));
    mln_buf_add_i64(out, number);
}

/* Names, numbers and addresses that are ours or were checked: no quotes, no control characters. */
static void write_plain(
        const struct exchange *exchange, const struct line *line, int status, int64_t ms)
{
    struct mln_buf *out = &exchange->owner->log_line;
    const struct mln_log *log = exchange->server->options.log;
    char when[MLN_TIME_TEXT_MAX];

    if (out->max == 0)
        *out = (struct mln_buf)MLN_BUF_INIT(LINE_BYTES_MAX);
    mln_buf_reset(out);
    mln_time_format(mln_now_ms(log->clock), when);
    mln_buf_add(out, MLN_STR("{\"time\":\""));
    mln_buf_add_cstr(out, when);
    mln_buf_add(out, MLN_STR("\",\"level\":\"info\",\"message\":\"request\""));
    add(out, "method", line->method);
    add(out, "path", line->path);
    add(out, "action", line->action);
    add_number(out, "status", status);
    add(out, "code", line->code);
    add_number(out, "ms", ms);
    add(out, "request_id", exchange->call.request_id);
    add(out, "address", exchange->call.address);
    add(out, "account", line->account);
    add(out, "user", line->user);
    mln_buf_add(out, MLN_STR("}\n"));
    if (out->code == MLN_OK && write(log->fd, out->ptr, out->len) < 0)
        return; /* There is nowhere left to complain. */
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
