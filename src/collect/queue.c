/*
 * The places for tasks, and a heap of those that wait to be asked for again. Everything is made at
 * the start: a run never fails for want of a place.
 */
#include "collect/executor.h"

int mln_queue_init(struct mln_queue *queue, size_t max, struct mln_err *err)
{
    *queue = (struct mln_queue){ .max = max };
    queue->tasks = calloc(max, sizeof(*queue->tasks));
    queue->waiting = calloc(max, sizeof(struct mln_task *));
    if (queue->tasks == NULL || queue->waiting == NULL) {
        mln_queue_fini(queue);
        return mln_fail(err, MLN_ENOMEM, "out of memory");
    }
    for (size_t i = max; i > 0; i--) {
        queue->tasks[i - 1].next_free = queue->free;
        queue->free = &queue->tasks[i - 1];
    }
    return MLN_OK;
}

void mln_queue_fini(struct mln_queue *queue)
{
    for (size_t i = 0; queue->tasks != NULL && i < queue->max; i++)
        if (queue->tasks[i].run != NULL)
            mln_task_clear(&queue->tasks[i]);
    free(queue->tasks);
    free(queue->waiting);
    *queue = (struct mln_queue){ .max = 0 };
}

struct mln_task *mln_queue_take(struct mln_queue *queue)
{
    struct mln_task *task = queue->free;

    if (task != NULL)
        queue->free = task->next_free;
    return task;
}

void mln_queue_give(struct mln_queue *queue, struct mln_task *task)
{
    mln_task_clear(task);
    task->next_free = queue->free;
    queue->free = task;
}

/* ---- those that wait ---- */

static bool is_before(const struct mln_task *a, const struct mln_task *b)
{
    return a->due_ms < b->due_ms;
}

void mln_queue_wait(struct mln_queue *queue, struct mln_task *task)
{
    size_t at = queue->waiting_count++;

    while (at > 0 && is_before(task, queue->waiting[(at - 1) / 2])) {
        queue->waiting[at] = queue->waiting[(at - 1) / 2];
        at = (at - 1) / 2;
    }
    queue->waiting[at] = task;
}

struct mln_task *mln_queue_first(const struct mln_queue *queue)
{
    return queue->waiting_count > 0 ? queue->waiting[0] : NULL;
}

void mln_queue_drop_first(struct mln_queue *queue)
{
    struct mln_task *last = queue->waiting[--queue->waiting_count];
    size_t at = 0, child;

    while ((child = 2 * at + 1) < queue->waiting_count) {
        if (child + 1 < queue->waiting_count &&
                is_before(queue->waiting[child + 1], queue->waiting[child]))
            child++;
        if (!is_before(queue->waiting[child], last))
            break;
        queue->waiting[at] = queue->waiting[child];
        at = child;
    }
    queue->waiting[at] = last;
}
