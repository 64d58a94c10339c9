/* Services that hand out credentials, played from a table: what is asked, what is answered. */
#pragma once

#include <stdio.h>

#include "base/file.h"
#include "client/creds.h"
#include "client/endpoints.h"
#include "test.h"

#define NOW_MS  ((int64_t)1767323045000) /* 2026-01-02T03:04:05Z */
#define IN_HOUR "2026-01-02T04:04:05Z"
#define ROLE    "acs:ram::1234567890123456:role/reader"

#define TRIPLE(until)                                                          \
    "\"AccessKeyId\":\"STS.CANARYID01\",\"AccessKeySecret\":\"CANARYSECRET\"," \
    "\"SecurityToken\":\"CANARYTOKEN\",\"Expiration\":\"" until "\""
#define STS_OK "{\"RequestId\":\"R-1\",\"Credentials\":{" TRIPLE(IN_HOUR) "}}"

struct fake_variable {
    const char *name, *value;
};

/* The first row whose `url` is part of the request's, and whose method is as said, answers. */
struct fake_service {
    const char *url;
    enum mln_http_method method;
    int status;
    const char *body;
    int rc; /* Not MLN_OK: no answer. */
    enum mln_http_failure failure;
    bool bytes_left;
    int64_t date_ms;
};

struct fake_world {
    struct fake_variable env[16];
    struct fake_service services[8];
    size_t repeat_body; /* Sends the body so many times more. */
    int64_t now_ms, uptime_ms;
    /* What was asked, the last request in full. */
    size_t calls, puts;
    char url[2048], headers[16384], body[16384];
    bool link_local;
    int64_t connect_timeout_ms, timeout_ms;
    char home[64];

    struct mln_env environment;
    struct mln_clock clock;
    struct mln_transport transport;
    struct mln_endpoints endpoints;
    struct mln_creds_options options;
};

static inline const char *world_get(void *ctx, const char *name)
{
    const struct fake_world *world = ctx;

    for (size_t i = 0; i < MLN_LEN(world->env) && world->env[i].name != NULL; i++) {
        if (strcmp(world->env[i].name, name) == 0)
            return world->env[i].value;
    }
    return strcmp(name, "HOME") == 0 ? world->home : NULL;
}

static inline int64_t world_now(void *ctx)
{
    return ((const struct fake_world *)ctx)->now_ms;
}

static inline int64_t world_uptime(void *ctx)
{
    return ((const struct fake_world *)ctx)->uptime_ms;
}

static inline void world_record(struct fake_world *world, const struct mln_http_request *request)
{
    MLN_AUTO(mln_buf_free) struct mln_buf text = MLN_BUF_INIT(sizeof(world->headers) - 1);

    for (size_t i = 0; i < request->header_count; i++)
        mln_buf_addf(&text, "%.*s: %.*s\n", MLN_FMT(request->headers[i].name),
                MLN_FMT(request->headers[i].value));
    (void)snprintf(world->headers, sizeof(world->headers), "%.*s", MLN_FMT(mln_buf_str(&text)));
    (void)snprintf(world->url, sizeof(world->url), "%s", request->url);
    (void)snprintf(world->body, sizeof(world->body), "%.*s", MLN_FMT(request->body));
    world->link_local = request->link_local;
    world->timeout_ms = request->timeout_ms;
    world->connect_timeout_ms = request->connect_timeout_ms;
    world->calls++;
    world->puts += request->method == MLN_HTTP_PUT ? 1 : 0;
}

static inline int world_send(void *ctx, const struct mln_http_request *request,
        struct mln_http_response *response, bool *bytes_left, struct mln_err *err)
{
    struct fake_world *world = ctx;

    world_record(world, request);
    for (size_t i = 0; i < MLN_LEN(world->services); i++) {
        const struct fake_service *row = &world->services[i];

        if (row->url == NULL || row->method != request->method ||
                strstr(request->url, row->url) == NULL)
            continue;
        *bytes_left = row->bytes_left;
        response->failure = row->failure;
        response->date_ms = row->date_ms;
        if (row->rc != MLN_OK)
            return mln_fail(err, row->rc, "CANARY of the library: %s", request->url);
        response->status = row->status;
        for (size_t n = 0; n <= world->repeat_body && row->body != NULL; n++)
            mln_buf_add_cstr(&response->body, row->body);
        return MLN_OK;
    }
    response->failure = MLN_HTTP_NO_CONNECTION;
    *bytes_left = false;
    return mln_fail(err, MLN_ETRANSIENT, "nobody is there");
}

static inline void world_open(struct fake_world *world)
{
    memset(world, 0, sizeof(*world));
    world->now_ms = NOW_MS;
    (void)snprintf(world->home, sizeof(world->home), "/tmp/mln-creds-%d", (int)getpid());
    world->environment = (struct mln_env){ world_get, world };
    world->clock = (struct mln_clock){ world_now, world_uptime, world };
    world->transport = (struct mln_transport){ world_send, world };
    world->endpoints.env = &world->environment;
    world->options = (struct mln_creds_options){ .env = &world->environment,
        .clock = &world->clock,
        .transport = &world->transport,
        .random = mln_random_system(),
        .endpoints = &world->endpoints,
        .user_agent = "test" };
}

static inline void world_set(struct fake_world *world, const char *name, const char *value)
{
    size_t i = 0;

    while (world->env[i].name != NULL && strcmp(world->env[i].name, name) != 0)
        i++;
    world->env[i] = (struct fake_variable){ name, value };
}

/* Writes a file under the home folder. */
static inline void world_file(struct fake_world *world, const char *name, const char *text)
{
    struct mln_err err;
    char path[256], *slash;

    (void)snprintf(path, sizeof(path), "%s/%s", world->home, name);
    slash = strrchr(path, '/');
    *slash = '\0';
    OK(mln_dir_make(path, &err), &err);
    *slash = '/';
    OK(mln_file_replace(path, mln_str_of(text), 0600, &err), &err);
}

static inline void world_close(struct fake_world *world)
{
    static const char *const names[] = { ".aliyun/config.json", ".alibabacloud/credentials",
        ".alibabacloud/credentials.ini", ".aliyuncli/credentials", "token" };
    static const char *const folders[] = { ".aliyun", ".alibabacloud", ".aliyuncli", "" };
    char path[256];

    for (size_t i = 0; i < MLN_LEN(names); i++) {
        (void)snprintf(path, sizeof(path), "%s/%s", world->home, names[i]);
        (void)unlink(path);
    }
    for (size_t i = 0; i < MLN_LEN(folders); i++) {
        (void)snprintf(path, sizeof(path), "%s/%s", world->home, folders[i]);
        (void)rmdir(path);
    }
}

/* No message may hold a piece of what is secret. */
static inline void keeps_secrets(const char *why, const char *text)
{
    static const char *const canaries[] = { "CANARY", "ANARY", "Q0FOQVJZ" };

    for (size_t i = 0; i < MLN_LEN(canaries); i++) {
        if (strstr(text, canaries[i]) != NULL)
            fail_msg("%s: shows a secret: %s", why, text);
    }
}
