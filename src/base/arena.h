/*
 * An arena: allocations that live and die together, with a limit. Used for a request, a rule file,
 * a batch. Not thread-safe; each thread has its own.
 */
#pragma once

#include "base/str.h"

struct mln_arena_block;

struct mln_arena {
    struct mln_arena_block *head;
    size_t used_bytes, max_bytes;
    size_t block_bytes; /* 0: what a typical request needs. Less for thousands of small ones. */
};

#define MLN_ARENA_INIT(limit) \
    {                         \
        .max_bytes = (limit)  \
    }

/* Frees every block. */
void mln_arena_free(struct mln_arena *arena);

/* Forgets every allocation and keeps the first block for the next round. */
void mln_arena_reset(struct mln_arena *arena);

/* `size` zeroed bytes aligned for any type, or NULL when memory or the limit is exhausted. */
void *mln_arena_alloc(struct mln_arena *arena, size_t size);

/* A copy with a NUL after it; an empty view with ptr NULL when there is no room. */
struct mln_str mln_arena_dup(struct mln_arena *arena, struct mln_str s);

/* The same as a C string; NULL when there is no room. Bytes after an embedded NUL are unreachable.
 */
char *mln_arena_cstr(struct mln_arena *arena, struct mln_str s);
