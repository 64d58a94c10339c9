/* The shape of a record: where its fields begin and end, and what they are worth. */
#include "detect/mariadb_record.h"

#include <arpa/inet.h>

static const struct mln_mariadb_operation operations[] = {
    { { "QUERY", 5 }, MLN_MARIADB_STATEMENT },
    { { "READ", 4 }, MLN_MARIADB_TABLE },
    { { "WRITE", 5 }, MLN_MARIADB_TABLE },
    { { "CONNECT", 7 }, MLN_MARIADB_CONNECTION },
    { { "DISCONNECT", 10 }, MLN_MARIADB_DISCONNECTION },
    { { "FAILED_CONNECT", 14 }, MLN_MARIADB_CONNECTION },
    { { "CHANGEUSER", 10 }, MLN_MARIADB_CONNECTION },
    { { "CREATE", 6 }, MLN_MARIADB_TABLE },
    { { "ALTER", 5 }, MLN_MARIADB_TABLE },
    { { "DROP", 4 }, MLN_MARIADB_TABLE },
    { { "RENAME", 6 }, MLN_MARIADB_TABLE },
    { { "PROXY_CONNECT", 13 }, MLN_MARIADB_IGNORED },
};

static struct mln_str slice(const char *from, const char *to)
{
    return (struct mln_str){ .ptr = from, .len = (size_t)(to - from) };
}

static const struct mln_mariadb_operation *operation_of(struct mln_str name)
{
    for (size_t i = 0; i < MLN_LEN(operations); i++)
        if (mln_str_eq(operations[i].name, name))
            return &operations[i];
    return NULL;
}

bool mln_mariadb_number(struct mln_str s, uint64_t *out)
{
    uint64_t number = 0;

    if (s.len == 0 || s.len > 19)
        return false;
    for (size_t i = 0; i < s.len; i++) {
        if (s.ptr[i] < '0' || s.ptr[i] > '9')
            return false;
        number = number * 10 + (uint64_t)(s.ptr[i] - '0');
    }
    *out = number;
    return true;
}

static bool split_left(struct mln_str line, struct mln_mariadb_record *out)
{
    struct mln_str *fields[] = { &out->time, &out->server, &out->user, &out->client,
        &out->connection_text, &out->query_text, &out->operation_name, &out->database };
    const char *at = line.ptr, *end = line.ptr + line.len;

    for (size_t i = 0; i < MLN_LEN(fields); i++) {
        const char *comma = memchr(at, ',', (size_t)(end - at));

        if (comma == NULL)
            return false;
        *fields[i] = slice(at, comma);
        at = comma + 1;
    }
    out->rest = slice(at, end);
    return true;
}

bool mln_mariadb_split_last(struct mln_str *line, struct mln_str *out)
{
    const char *comma = memrchr(line->ptr, ',', line->len);

    if (comma == NULL)
        return false;
    *out = slice(comma + 1, line->ptr + line->len);
    line->len = (size_t)(comma - line->ptr);
    return true;
}

static bool is_connection(const struct mln_mariadb_operation *operation)
{
    return operation != NULL && operation->class != MLN_MARIADB_STATEMENT &&
           operation->class != MLN_MARIADB_TABLE;
}

/* A connection record, whose user name may hold commas; `left` is the same line read from the left.
 */
static bool split_right(
        struct mln_str line, const struct mln_mariadb_record *left, struct mln_mariadb_record *out)
{
    struct mln_str *fields[] = { &out->database, &out->operation_name, &out->query_text,
        &out->connection_text, &out->client };
    struct mln_str retcode, object, head = line;
    uint64_t number;

    if (!mln_mariadb_split_last(&head, &retcode) || !mln_mariadb_split_last(&head, &object) ||
            object.len != 0 || !mln_mariadb_number(retcode, &number))
        return false;
    for (size_t i = 0; i < MLN_LEN(fields); i++)
        if (!mln_mariadb_split_last(&head, fields[i]))
            return false;
    out->operation = operation_of(out->operation_name);
    if (!is_connection(out->operation) || head.ptr + head.len < left->user.ptr)
        return false;
    out->time = left->time;
    out->server = left->server;
    out->user = slice(left->user.ptr, head.ptr + head.len);
    out->rest = slice(object.ptr, line.ptr + line.len);
    return true;
}

bool mln_mariadb_split(struct mln_str line, struct mln_mariadb_record *out)
{
    struct mln_mariadb_record left, right;

    if (!split_left(line, &left))
        return false;
    left.operation = operation_of(left.operation_name);
    if (split_right(line, &left, &right))
        left = right;
    if (left.operation == NULL || !mln_mariadb_number(left.connection_text, &left.connection) ||
            !mln_mariadb_number(left.query_text, &left.query))
        return false;
    *out = left;
    return true;
}

static bool parse_digits(const char *at, size_t count, int *out)
{
    int number = 0;

    for (size_t i = 0; i < count; i++) {
        if (at[i] < '0' || at[i] > '9')
            return false;
        number = number * 10 + (at[i] - '0');
    }
    *out = number;
    return true;
}

static bool is_date(const struct mln_civil *civil)
{
    static const int days[] = { 31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };
    int year = civil->year;
    bool leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);

    if (year < 1 || civil->month < 1 || civil->month > 12 || civil->day < 1 ||
            civil->day > days[civil->month - 1])
        return false;
    return civil->month != 2 || civil->day != 29 || leap;
}

bool mln_mariadb_time(struct mln_str text, struct mln_civil *out)
{
    const char *at = text.ptr;
    struct mln_civil civil;

    if (text.len != MLN_MARIADB_TIME_LEN || at[8] != ' ' || at[11] != ':' || at[14] != ':')
        return false;
    if (!parse_digits(at, 4, &civil.year) || !parse_digits(at + 4, 2, &civil.month) ||
            !parse_digits(at + 6, 2, &civil.day) || !parse_digits(at + 9, 2, &civil.hour) ||
            !parse_digits(at + 12, 2, &civil.minute) || !parse_digits(at + 15, 2, &civil.second))
        return false;
    if (!is_date(&civil) || civil.hour > 23 || civil.minute > 59 || civil.second > 60)
        return false;
    *out = civil;
    return true;
}

struct mln_str mln_mariadb_address(struct mln_str client)
{
    const char *colon = memrchr(client.ptr, ':', client.len);
    char text[INET6_ADDRSTRLEN];
    struct in6_addr address;
    struct mln_str head;
    uint64_t port;

    if (colon == NULL)
        return client;
    head = slice(client.ptr, colon);
    if (client.len < sizeof(text)) {
        memcpy(text, client.ptr, client.len);
        text[client.len] = '\0';
        if (inet_pton(AF_INET6, text, &address) == 1)
            return client;
    }
    if (!mln_mariadb_number(slice(colon + 1, client.ptr + client.len), &port) || port > UINT16_MAX)
        return client;
    if (head.len >= 2 && head.ptr[0] == '[' && head.ptr[head.len - 1] == ']')
        head = slice(head.ptr + 1, head.ptr + head.len - 1);
    return head;
}

bool mln_mariadb_is_closed(struct mln_str quoted)
{
    size_t backslashes = 0;

    if (quoted.len < 2 || quoted.ptr[quoted.len - 1] != '\'')
        return false;
    while (backslashes + 2 < quoted.len && quoted.ptr[quoted.len - 2 - backslashes] == '\\')
        backslashes++;
    return backslashes % 2 == 0;
}

static char unescape(char byte)
{
    switch (byte) {
    case 'b':
        return '\b';
    case 'f':
        return '\f';
    case 'n':
        return '\n';
    case 'r':
        return '\r';
    case 't':
        return '\t';
    default:
        return byte;
    }
}

int mln_mariadb_unescape(
        struct mln_str raw, struct mln_buf *buf, struct mln_str *out, struct mln_err *err)
{
    const char *at = raw.ptr, *end = raw.ptr + raw.len;
    char *to;

    if (memchr(raw.ptr, '\\', raw.len) == NULL) {
        *out = raw;
        return MLN_OK;
    }
    mln_buf_reset(buf);
    if (!mln_buf_reserve(buf, raw.len))
        return mln_fail(err, MLN_ENOMEM, "no memory for a statement of %zu bytes", raw.len);
    to = buf->ptr;
    while (at < end) {
        const char *escape = memchr(at, '\\', (size_t)(end - at));
        size_t run = (size_t)((escape != NULL ? escape : end) - at);

        memcpy(to, at, run);
        to += run;
        at += run;
        if (at + 1 < end) {
            *to++ = unescape(at[1]);
            at += 2;
        } else {
            at = end; /* A backslash that was cut from its byte. */
        }
    }
    *out = slice(buf->ptr, to);
    return MLN_OK;
}
