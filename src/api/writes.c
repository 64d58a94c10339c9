/*
 * Writes wait here. A write may have to wait for another writer of the store; it does so on a
 * thread of its own, while its connection is suspended, so that reads go on.
 */
#include "api/priv.h"

#define WRITE_BUSY_MS 5000 /* Clients give up after 3 to 10 s: waiting longer helps nobody. */

static struct exchange *take(struct writes *writes, bool *hurried)
{
    struct exchange *exchange;

    (void)pthread_mutex_lock(&writes->lock);
    while (writes->first == NULL && !writes->stopping)
        (void)pthread_cond_wait(&writes->wake, &writes->lock);
    exchange = writes->first;
    if (exchange != NULL) {
        writes->first = exchange->next;
        writes->count--;
    }
    if (writes->first == NULL)
        writes->last = NULL;
    *hurried = writes->hurried;
    (void)pthread_mutex_unlock(&writes->lock);
    return exchange;
}

static void serve(struct exchange *exchange, struct mln_lane *lane, bool hurried)
{
    struct mln_call *call = &exchange->call;

    exchange->next = NULL;
    if (hurried) {
        (void)mln_call_refuse(call, MLN_ACS_SERVICE_UNAVAILABLE, NULL);
        mln_call_render_refusal(call);
    } else {
        mln_call_act(call, lane);
    }
    exchange->stage = STAGE_DONE;
    /* From here on the connection's own thread may finish and free the exchange. */
    MHD_resume_connection(exchange->http);
}

static void *run(void *arg)
{
    struct write_worker *worker = arg;
    struct exchange *exchange;
    bool hurried;

    while ((exchange = take(worker->writes, &hurried)) != NULL)
        serve(exchange, &worker->lane, hurried);
    mln_lane_fini(&worker->lane);
    return NULL;
}

int writes_start(struct writes *writes, struct mln_server *server, struct mln_err *err)
{
    const struct mln_lane_options options = {
        .store_url = server->options.store_url,
        .writes = true,
        .busy_timeout_ms = WRITE_BUSY_MS,
        .random = server->options.random,
    };

    writes->server = server;
    (void)pthread_mutex_init(&writes->lock, NULL);
    (void)pthread_cond_init(&writes->wake, NULL);
    for (size_t i = 0; i < WRITE_THREADS; i++) {
        struct write_worker *worker = &writes->worker[i];
        int failed;

        worker->writes = writes;
        mln_lane_init(&worker->lane, &options);
        failed = pthread_create(&worker->thread, NULL, run, worker);
        if (failed != 0)
            return mln_fail(err, MLN_EIO, "cannot start a thread: %s", mln_errno_text(failed));
        writes->thread_count++;
    }
    return MLN_OK;
}

bool writes_submit(struct writes *writes, struct exchange *exchange)
{
    bool has_room;

    (void)pthread_mutex_lock(&writes->lock);
    has_room = writes->count < MLN_WRITES_QUEUED_MAX && !writes->stopping;
    if (has_room) {
        exchange->stage = STAGE_WORKING;
        exchange->next = NULL;
        MHD_suspend_connection(exchange->http);
        if (writes->last != NULL)
            writes->last->next = exchange;
        else
            writes->first = exchange;
        writes->last = exchange;
        writes->count++;
        (void)pthread_cond_signal(&writes->wake);
    }
    (void)pthread_mutex_unlock(&writes->lock);
    return has_room;
}

void writes_hurry(struct writes *writes)
{
    (void)pthread_mutex_lock(&writes->lock);
    writes->hurried = true;
    (void)pthread_mutex_unlock(&writes->lock);
}

void writes_stop(struct writes *writes)
{
    if (writes->server == NULL)
        return;
    (void)pthread_mutex_lock(&writes->lock);
    writes->stopping = true;
    (void)pthread_cond_broadcast(&writes->wake);
    (void)pthread_mutex_unlock(&writes->lock);
    for (size_t i = 0; i < writes->thread_count; i++)
        (void)pthread_join(writes->worker[i].thread, NULL);
    writes->thread_count = 0;
}
