#include "base/arena.h"

#include <stdalign.h>

/* One block serves a typical request; larger wishes get a block of their own. */
#define BLOCK_BYTES ((size_t)16 * 1024)

struct mln_arena_block {
    struct mln_arena_block *next;
    size_t used, size;
    alignas(max_align_t) char bytes[];
};

void mln_arena_free(struct mln_arena *arena)
{
    while (arena->head != NULL) {
        struct mln_arena_block *next = arena->head->next;

        free(arena->head);
        arena->head = next;
    }
    arena->used_bytes = 0;
}

void mln_arena_reset(struct mln_arena *arena)
{
    struct mln_arena_block *kept = arena->head;

    if (kept == NULL)
        return;
    arena->head = kept->next;
    mln_arena_free(arena);
    kept->next = NULL;
    kept->used = 0;
    arena->head = kept;
}

/* A block of its own stands behind the head, so that the rest of the head stays in use. */
static struct mln_arena_block *block_with_room(struct mln_arena *arena, size_t size)
{
    struct mln_arena_block *block = arena->head;
    size_t usual = arena->block_bytes > 0 ? arena->block_bytes : BLOCK_BYTES;
    size_t room = size > usual ? size : usual;

    if (block != NULL && block->size - block->used >= size)
        return block;
    block = malloc(sizeof(*block) + room);
    if (block == NULL)
        return NULL;
    *block = (struct mln_arena_block){ .next = arena->head, .size = room };
    if (size >= usual && arena->head != NULL) {
        block->next = arena->head->next;
        arena->head->next = block;
    } else {
        arena->head = block;
    }
    return block;
}

void *mln_arena_alloc(struct mln_arena *arena, size_t size)
{
    struct mln_arena_block *block;
    size_t align = alignof(max_align_t);
    void *out;

    if (size > arena->max_bytes || arena->used_bytes > arena->max_bytes - size ||
            size > SIZE_MAX / 2)
        return NULL;
    size = size == 0 ? align : (size + align - 1) / align * align;
    block = block_with_room(arena, size);
    if (block == NULL)
        return NULL;
    out = block->bytes + block->used;
    block->used += size;
    arena->used_bytes += size;
    memset(out, 0, size);
    return out;
}

struct mln_str mln_arena_dup(struct mln_arena *arena, struct mln_str s)
{
    char *copy = s.len < SIZE_MAX ? mln_arena_alloc(arena, s.len + 1) : NULL;

    if (copy == NULL)
        return (struct mln_str){ 0 };
    if (s.len > 0)
        memcpy(copy, s.ptr, s.len);
    return (struct mln_str){ .ptr = copy, .len = s.len };
}

char *mln_arena_cstr(struct mln_arena *arena, struct mln_str s)
{
    char *copy = s.len < SIZE_MAX ? mln_arena_alloc(arena, s.len + 1) : NULL;

    if (copy != NULL && s.len > 0)
        memcpy(copy, s.ptr, s.len);
    return copy;
}
