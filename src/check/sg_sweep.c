#include "check/sg_sweep.h"

/* A binary heap of indexes into the layers, lowest rank on top. */
struct heap {
    const struct sg_layer *layers;
    size_t *at;
    size_t count;
};

static int64_t rank_at(const struct heap *heap, size_t slot)
{
    return heap->layers[heap->at[slot]].rank;
}

static void swap(struct heap *heap, size_t a, size_t b)
{
    size_t kept = heap->at[a];

    heap->at[a] = heap->at[b];
    heap->at[b] = kept;
}

static void push(struct heap *heap, size_t index)
{
    size_t slot = heap->count++;

    heap->at[slot] = index;
    while (slot > 0 && rank_at(heap, (slot - 1) / 2) > rank_at(heap, slot)) {
        swap(heap, slot, (slot - 1) / 2);
        slot = (slot - 1) / 2;
    }
}

static void pop(struct heap *heap)
{
    size_t slot = 0;

    heap->at[0] = heap->at[--heap->count];
    for (;;) {
        size_t lowest = slot, child = 2 * slot + 1;

        for (size_t i = child; i < child + 2 && i < heap->count; i++) {
            if (rank_at(heap, i) < rank_at(heap, lowest))
                lowest = i;
        }
        if (lowest == slot)
            return;
        swap(heap, slot, lowest);
        slot = lowest;
    }
}

static int by_first(const void *a, const void *b)
{
    const struct sg_layer *left = a, *right = b;

    return (left->range.first > right->range.first) - (left->range.first < right->range.first);
}

/*
 * The layer on top decides until it ends or the next layer begins. Layers that have ended are
 * dropped when they come to the top.
 */
static void walk(struct heap *heap, size_t count, sg_segment_fn *fn, void *ctx)
{
    const struct sg_layer *layers = heap->layers;
    mln_address at = 0;
    size_t next = 0;

    while (next < count || heap->count > 0) {
        struct mln_net_range part = { 0 };
        const struct sg_layer *top = NULL;

        if (heap->count == 0)
            at = layers[next].range.first;
        while (next < count && layers[next].range.first <= at)
            push(heap, next++);
        top = &layers[heap->at[0]];
        if (top->range.last < at) {
            pop(heap);
            continue;
        }
        part = (struct mln_net_range){ .first = at, .last = top->range.last };
        if (next < count && layers[next].range.first <= part.last)
            part.last = layers[next].range.first - 1;
        fn(ctx, part, top->rank);
        if (part.last == ~(mln_address)0)
            return;
        at = part.last + 1;
    }
}

int sg_sweep(struct sg_layer *layers, size_t count, sg_segment_fn *fn, void *ctx)
{
    struct heap heap = { .layers = layers };

    if (count == 0)
        return MLN_OK;
    heap.at = calloc(count, sizeof(*heap.at));
    if (heap.at == NULL)
        return MLN_ENOMEM;
    qsort(layers, count, sizeof(*layers), by_first);
    walk(&heap, count, fn, ctx);
    free(heap.at);
    return MLN_OK;
}
