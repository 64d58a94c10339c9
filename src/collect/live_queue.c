/* Requests that wait, by the bucket of the pace that they wait for; the queue that is due first is
 * at the top of a heap. */
#include "collect/live_priv.h"

#define NAME_MAX_BYTES ((size_t)512)

void mln_live_put(struct mln_live_calls *list, struct mln_live_call *call, bool in_front)
{
    call->next = in_front ? list->first : NULL;
    call->previous = in_front ? NULL : list->last;
    if (call->next != NULL)
        call->next->previous = call;
    else
        list->last = call;
    if (call->previous != NULL)
        call->previous->next = call;
    else
        list->first = call;
}

void mln_live_unlink(struct mln_live_calls *list, struct mln_live_call *call)
{
    if (call->next != NULL)
        call->next->previous = call->previous;
    else
        list->last = call->previous;
    if (call->previous != NULL)
        call->previous->next = call->next;
    else
        list->first = call->next;
    call->next = call->previous = NULL;
}

/* ---- the heap ---- */

static bool is_before(const struct mln_live_queue *a, const struct mln_live_queue *b)
{
    return a->due_ms != b->due_ms ? a->due_ms < b->due_ms : a->turn < b->turn;
}

static void swap(struct mln_live *live, size_t a, size_t b)
{
    struct mln_live_queue *queue = live->heap[a];

    live->heap[a] = live->heap[b];
    live->heap[b] = queue;
}

static void rise(struct mln_live *live, size_t at)
{
    while (at > 0 && is_before(live->heap[at], live->heap[(at - 1) / 2])) {
        swap(live, at, (at - 1) / 2);
        at = (at - 1) / 2;
    }
}

static void sink(struct mln_live *live, size_t at)
{
    for (;;) {
        size_t left = 2 * at + 1, least = at;

        for (size_t child = left; child < live->heap_count && child <= left + 1; child++)
            if (is_before(live->heap[child], live->heap[least]))
                least = child;
        if (least == at)
            return;
        swap(live, at, least);
        at = least;
    }
}

static int reserve(struct mln_live *live, struct mln_err *err)
{
    size_t capacity = live->heap_capacity > 0 ? 2 * live->heap_capacity : 64;
    struct mln_live_queue **heap;

    if (live->heap_count < live->heap_capacity)
        return MLN_OK;
    heap = mln_resize((void *)live->heap, capacity, sizeof(struct mln_live_queue *));
    if (heap == NULL)
        return mln_fail(err, MLN_ENOMEM, "out of memory");
    live->heap = heap;
    live->heap_capacity = capacity;
    return MLN_OK;
}

struct mln_live_queue *mln_live_first(struct mln_live *live)
{
    return live->heap_count > 0 ? live->heap[0] : NULL;
}

void mln_live_delay_first(struct mln_live *live, int64_t due_ms)
{
    live->heap[0]->due_ms = due_ms;
    sink(live, 0);
}

struct mln_live_call *mln_live_take_first(struct mln_live *live)
{
    struct mln_live_queue *queue = live->heap[0];
    struct mln_live_call *call = queue->calls.first;

    mln_live_unlink(&queue->calls, call);
    queue->turn = ++live->turn;
    if (queue->calls.first == NULL) {
        queue->is_waiting = false;
        live->heap[0] = live->heap[--live->heap_count];
    }
    if (live->heap_count > 0)
        sink(live, 0);
    return call;
}

/* ---- queues ---- */

int mln_live_queue_for(struct mln_live *live, const struct mln_collect_request *request,
        struct mln_live_queue **out, struct mln_err *err)
{
    MLN_AUTO(mln_buf_free) struct mln_buf name = MLN_BUF_INIT(NAME_MAX_BYTES);
    struct mln_live_queue *queue;
    struct mln_str text;
    int rc;

    mln_buf_addf(&name, "%.*s/%s/%s/%.*s", MLN_FMT(live->options.account_id), request->call.product,
            request->call.action, MLN_FMT(request->region));
    rc = mln_buf_done(&name, &text, err);
    if (rc != MLN_OK)
        return rc;
    queue = mln_map_get(&live->queues, text);
    if (queue != NULL) {
        *out = queue;
        return MLN_OK;
    }
    queue = calloc(1, sizeof(*queue));
    if (queue == NULL)
        return mln_fail(err, MLN_ENOMEM, "out of memory");
    rc = mln_pace_bucket(live->options.pace, text, request->call.rate, &queue->bucket, err);
    if (rc == MLN_OK && mln_map_put(&live->queues, text, queue, NULL) != MLN_OK)
        rc = mln_fail(err, MLN_ENOMEM, "out of memory");
    if (rc != MLN_OK) {
        free(queue);
        return rc;
    }
    *out = queue;
    return MLN_OK;
}

int mln_live_enqueue(
        struct mln_live *live, struct mln_live_call *call, bool in_front, struct mln_err *err)
{
    struct mln_live_queue *queue = call->queue;
    int rc = queue->is_waiting ? MLN_OK : reserve(live, err);

    if (rc != MLN_OK)
        return rc;
    mln_live_put(&queue->calls, call, in_front);
    if (queue->is_waiting)
        return MLN_OK;
    /* When it may go is asked when its turn comes. */
    queue->due_ms = mln_monotonic_ms(live->options.clock);
    queue->is_waiting = true;
    live->heap[live->heap_count++] = queue;
    rise(live, live->heap_count - 1);
    return MLN_OK;
}
