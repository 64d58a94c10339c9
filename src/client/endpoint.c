#include <stdio.h>

#include "client/transport.h"

static bool is_host_char(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
           c == '.' || c == '_';
}

/* Splits "host[:port]" or "[v6][:port]". */
static bool split_port(struct mln_str text, struct mln_str *host, struct mln_str *port)
{
    const char *colon;

    *port = (struct mln_str){ 0 };
    if (text.len > 0 && text.ptr[0] == '[') {
        const char *end = memchr(text.ptr, ']', text.len);

        if (end == NULL)
            return false;
        *host = (struct mln_str){ text.ptr, (size_t)(end - text.ptr) + 1 };
        if (host->len == text.len)
            return true;
        *port = (struct mln_str){ end + 2, text.len - host->len - 1 };
        return end[1] == ':' && port->len > 0;
    }
    colon = memchr(text.ptr, ':', text.len);
    *host = text;
    if (colon == NULL)
        return true;
    host->len = (size_t)(colon - text.ptr);
    *port = (struct mln_str){ colon + 1, text.len - host->len - 1 };
    return port->len > 0;
}

static bool host_is_sane(struct mln_str host)
{
    bool v6 = host.len > 2 && host.ptr[0] == '[';

    for (size_t i = v6 ? 1 : 0; i < host.len - (v6 ? 1 : 0); i++) {
        if (!is_host_char(host.ptr[i]) && !(v6 && host.ptr[i] == ':'))
            return false;
    }
    return host.len > 0;
}

/* 127.0.0.0/8 in full dotted form, ::1, localhost; anything odd is not loopback. */
static bool is_loopback(struct mln_str host)
{
    struct mln_str rest = host, part;
    int64_t number = 0;
    int parts = 0;

    if (mln_str_eq_nocase(host, MLN_STR("localhost")) || mln_str_is(host, "[::1]"))
        return true;
    while (mln_str_next(&rest, '.', &part)) {
        if (part.len == 0 || part.len > 3 || mln_str_to_i64(part, &number) != MLN_OK ||
                number < 0 || number > 255 || (parts == 0 && number != 127))
            return false;
        parts++;
    }
    return parts == 4;
}

struct mln_str mln_url_origin(struct mln_str url)
{
    size_t len = mln_str_starts(url, MLN_STR("https://"))  ? strlen("https://")
                 : mln_str_starts(url, MLN_STR("http://")) ? strlen("http://")
                                                           : 0;

    while (len > 0 && len < url.len && url.ptr[len] != '/' && url.ptr[len] != '?' &&
            url.ptr[len] != '#')
        len++;
    return (struct mln_str){ url.ptr, len };
}

int mln_endpoint_parse(struct mln_str text, struct mln_endpoint *out, struct mln_err *err)
{
    struct mln_str host, port, rest = text;
    struct mln_endpoint endpoint = { .https = true };
    int64_t number = 0;

    if (mln_str_starts(rest, MLN_STR("http://")))
        endpoint.https = false;
    if (!endpoint.https || mln_str_starts(rest, MLN_STR("https://"))) {
        size_t skip = endpoint.https ? 8 : 7;

        rest = (struct mln_str){ rest.ptr + skip, rest.len - skip };
        if (mln_str_ends(rest, MLN_STR("/")))
            rest.len--;
    }
    if (rest.len == 0 || rest.len > 200 || !split_port(rest, &host, &port) || !host_is_sane(host) ||
            (port.len > 0 &&
                    (mln_str_to_i64(port, &number) != MLN_OK || number < 1 || number > 65535)))
        return mln_fail(err, MLN_EINVAL,
                "an endpoint is a host name or a URL without path, like sddp.cn-zhangjiakou.aliyuncs.com "
                "or http://127.0.0.1:8080");
    endpoint.loopback = is_loopback(host);
    if (!endpoint.https && !endpoint.loopback)
        return mln_fail(err, MLN_EDENIED,
                "plain http is for loopback addresses only: credentials would travel unprotected; use https");
    if (number == 0 || number == (endpoint.https ? 443 : 80))
        (void)snprintf(endpoint.host, sizeof(endpoint.host), "%.*s", MLN_FMT(host));
    else
        (void)snprintf(endpoint.host, sizeof(endpoint.host), "%.*s:%d", MLN_FMT(host), (int)number);
    *out = endpoint;
    return MLN_OK;
}
