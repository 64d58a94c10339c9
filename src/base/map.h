/*
 * A hash map from byte strings to pointers, with a cap. Keys are copied; values are the caller's.
 * The hash is keyed (SipHash, libsodium), so that outsiders who choose keys cannot choose
 * collisions.
 */
#pragma once

#include "base/str.h"

struct mln_map_slot;

struct mln_map {
    struct mln_map_slot *slots;
    size_t count, capacity, max;
    uint8_t seed[16];
};

/* `max` entries at most. Starts empty and without memory. */
void mln_map_init(struct mln_map *map, size_t max);

/* Frees keys and table; `free_value` (may be NULL) is called for each value. */
void mln_map_fini(struct mln_map *map, void (*free_value)(void *value));

/* The value of `key`, or NULL. */
void *mln_map_get(const struct mln_map *map, struct mln_str key);

/* Adds or replaces; the replaced value is stored in `old` when that is not NULL. MLN_ENOMEM,
 * MLN_ETOOBIG. */
MLN_MUST_USE int mln_map_put(struct mln_map *map, struct mln_str key, void *value, void **old);

/* Takes the entry out and returns its value, or NULL. */
void *mln_map_take(struct mln_map *map, struct mln_str key);

/* Iterates in no order: start with *at = 0; false at the end. The map must not change meanwhile. */
bool mln_map_next(const struct mln_map *map, size_t *at, struct mln_str *key, void **value);
