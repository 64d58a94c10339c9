/*
 * Many exchanges at once over one multi handle: connections, DNS answers and HTTP/2 streams are
 * shared by all. A slot (easy handle and buffers) serves one exchange after the other.
 */
#include <stdio.h>

#include "client/curl_exchange.h"

/* No wait is longer: a caller has a stop flag to look at. */
#define WAIT_SLICE_MS ((int64_t)100)

/* On one connection, which takes all of them along when it breaks; a server's own limit counts when
 * it is lower. */
#define STREAMS_MAX 8L

/* Connections that broke, by their ports: more than can break between two looks. */
#define BROKEN_MAX 16

struct slot {
    struct mln_exchange exchange;
    void *owner;
    struct slot *next;
    size_t place; /* In `under_way`. */
};

struct mln_multi {
    struct mln_curl_options options;
    CURLM *handle;
    struct slot *idle;
    struct slot **under_way;
    size_t running, room;
    long broken[BROKEN_MAX]; /* The latest ones; 0: none. */
    size_t broken_count;
};

static bool configure(CURLM *handle, size_t connections_max)
{
    const long most = (long)connections_max;

    return curl_multi_setopt(handle, CURLMOPT_PIPELINING, (long)CURLPIPE_MULTIPLEX) == CURLM_OK &&
           curl_multi_setopt(handle, CURLMOPT_MAX_CONCURRENT_STREAMS, STREAMS_MAX) == CURLM_OK &&
           curl_multi_setopt(handle, CURLMOPT_MAXCONNECTS, most) == CURLM_OK &&
           curl_multi_setopt(handle, CURLMOPT_MAX_TOTAL_CONNECTIONS, most) == CURLM_OK &&
           curl_multi_setopt(handle, CURLMOPT_MAX_HOST_CONNECTIONS, most) == CURLM_OK;
}

int mln_multi_new(const struct mln_curl_options *options, size_t connections_max,
        struct mln_multi **out, struct mln_err *err)
{
    struct mln_multi *multi;
    int rc = mln_curl_begin(err);

    if (rc != MLN_OK)
        return rc;
    multi = calloc(1, sizeof(*multi));
    if (multi == NULL) {
        mln_curl_end();
        return mln_fail(err, MLN_ENOMEM, "out of memory");
    }
    multi->options = *options;
    multi->handle = curl_multi_init();
    if (multi->handle == NULL || !configure(multi->handle, connections_max)) {
        mln_multi_free(multi);
        return mln_fail(err, MLN_ENOMEM, "the HTTP library does not start: out of memory");
    }
    *out = multi;
    return MLN_OK;
}

static void free_slot(struct slot *slot)
{
    mln_exchange_fini(&slot->exchange);
    free(slot);
}

void mln_multi_free(struct mln_multi *multi)
{
    if (multi == NULL)
        return;
    for (size_t i = 0; i < multi->running; i++) {
        (void)curl_multi_remove_handle(multi->handle, multi->under_way[i]->exchange.easy);
        free_slot(multi->under_way[i]);
    }
    while (multi->idle != NULL) {
        struct slot *next = multi->idle->next;

        free_slot(multi->idle);
        multi->idle = next;
    }
    if (multi->handle != NULL)
        (void)curl_multi_cleanup(multi->handle);
    free(multi->under_way);
    free(multi);
    mln_curl_end();
}

size_t mln_multi_running(const struct mln_multi *multi)
{
    return multi->running;
}

static int take_slot(struct mln_multi *multi, struct slot **out, struct mln_err *err)
{
    struct slot *slot = multi->idle;
    int rc;

    if (multi->running == multi->room) {
        size_t room = multi->room == 0 ? 32 : 2 * multi->room;
        struct slot **grown = mln_resize(multi->under_way, room, sizeof(struct slot *));

        if (grown == NULL)
            return mln_fail(err, MLN_ENOMEM, "out of memory");
        multi->under_way = grown;
        multi->room = room;
    }
    if (slot != NULL) {
        multi->idle = slot->next;
        *out = slot;
        return MLN_OK;
    }
    slot = calloc(1, sizeof(*slot));
    if (slot == NULL)
        return mln_fail(err, MLN_ENOMEM, "out of memory");
    rc = mln_exchange_init(&slot->exchange, err);
    if (rc != MLN_OK) {
        free(slot);
        return rc;
    }
    *out = slot;
    return MLN_OK;
}

static void put_back(struct mln_multi *multi, struct slot *slot)
{
    slot->next = multi->idle;
    multi->idle = slot;
}

int mln_multi_add(struct mln_multi *multi, const struct mln_http_request *request, void *owner,
        struct mln_err *err)
{
    struct slot *slot = NULL;
    int rc = take_slot(multi, &slot, err);

    if (rc != MLN_OK)
        return rc;
    rc = mln_exchange_prepare(&slot->exchange, &multi->options, request, true, err);
    if (rc == MLN_OK && curl_multi_add_handle(multi->handle, slot->exchange.easy) != CURLM_OK)
        rc = mln_fail(err, MLN_ENOMEM, "the HTTP library takes no more requests");
    if (rc != MLN_OK) {
        put_back(multi, slot);
        return rc;
    }
    slot->owner = owner;
    slot->place = multi->running;
    multi->under_way[multi->running++] = slot;
    return MLN_OK;
}

/* Whether an exchange before this one has told that their connection broke. */
static bool is_known_as_broken(
        struct mln_multi *multi, const struct mln_exchange *exchange, CURLcode code)
{
    long port = 0;

    /* Put on a connection that was closed already. */
    if (code == CURLE_FAILED_INIT)
        return true;
    if (exchange->response.failure != MLN_HTTP_BROKEN ||
            curl_easy_getinfo(exchange->easy, CURLINFO_LOCAL_PORT, &port) != CURLE_OK || port <= 0)
        return false;
    for (size_t i = 0; i < BROKEN_MAX; i++)
        if (multi->broken[i] == port)
            return true;
    multi->broken[multi->broken_count++ % BROKEN_MAX] = port;
    return false;
}

static void finish(
        struct mln_multi *multi, struct slot *slot, CURLcode code, struct mln_multi_done *out)
{
    struct slot *last = multi->under_way[--multi->running];
    struct mln_err why = { 0 };

    multi->under_way[slot->place] = last;
    last->place = slot->place;
    *out = (struct mln_multi_done){ .owner = slot->owner };
    out->code = mln_exchange_end(&slot->exchange, code, &why);
    if (out->code != MLN_OK)
        (void)snprintf(
                out->message, sizeof(out->message), "%.*s", (int)sizeof(out->message) - 1, why.msg);
    out->went_along = is_known_as_broken(multi, &slot->exchange, code);
    out->response = slot->exchange.response;
    mln_http_response_init(&slot->exchange.response);
    (void)curl_multi_remove_handle(multi->handle, slot->exchange.easy);
    put_back(multi, slot);
}

/* One that the library has done with. */
static bool take_done(struct mln_multi *multi, struct mln_multi_done *out)
{
    const CURLMsg *message;
    int left;

    while ((message = curl_multi_info_read(multi->handle, &left)) != NULL) {
        void *exchange = NULL;

        if (message->msg != CURLMSG_DONE)
            continue;
        (void)curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, &exchange);
        finish(multi, exchange, message->data.result, out);
        return true;
    }
    return false;
}

static int perform(struct mln_multi *multi, struct mln_err *err)
{
    int running;

    if (curl_multi_perform(multi->handle, &running) != CURLM_OK)
        return mln_fail(err, MLN_EIO, "the HTTP library does not go on");
    return MLN_OK;
}

int mln_multi_wait(struct mln_multi *multi, int64_t timeout_ms, struct mln_multi_done *out,
        struct mln_err *err)
{
    int64_t slice_ms = timeout_ms < WAIT_SLICE_MS ? timeout_ms : WAIT_SLICE_MS;
    int rc;

    if (take_done(multi, out))
        return MLN_OK;
    rc = perform(multi, err);
    if (rc != MLN_OK)
        return rc;
    if (take_done(multi, out))
        return MLN_OK;
    if (slice_ms > 0) {
        if (curl_multi_poll(multi->handle, NULL, 0, (int)slice_ms, NULL) != CURLM_OK)
            return mln_fail(err, MLN_EIO, "the HTTP library does not wait");
        rc = perform(multi, err);
        if (rc != MLN_OK)
            return rc;
        if (take_done(multi, out))
            return MLN_OK;
    }
    return mln_fail(err, MLN_ENOTFOUND, "no exchange has ended");
}
