#include "base/map.h"

#include <sodium.h>

#include "base/priv.h"

/*
 * Open addressing with linear probing. Taking an entry out moves its followers back, so that there
 * are no tombstones and a map that shrinks and grows for weeks stays as fast as a new one.
 */
struct mln_map_slot {
    char *key; /* NULL when the slot is free. */
    size_t len;
    uint64_t hash;
    void *value;
};

#define FIRST_CAPACITY ((size_t)16)

void mln_map_init(struct mln_map *map, size_t max)
{
    *map = (struct mln_map){ .max = max };
    mln_sodium_ready();
    randombytes_buf(map->seed, sizeof(map->seed));
}

void mln_map_fini(struct mln_map *map, void (*free_value)(void *value))
{
    for (size_t i = 0; i < map->capacity; i++) {
        if (map->slots[i].key == NULL)
            continue;
        if (free_value != NULL)
            free_value(map->slots[i].value);
        free(map->slots[i].key);
    }
    free(map->slots);
    map->slots = NULL;
    map->count = map->capacity = 0;
}

static uint64_t hash_of(const struct mln_map *map, struct mln_str key)
{
    _Static_assert(sizeof(map->seed) == crypto_shorthash_KEYBYTES, "the seed is the hash's key");
    unsigned char out[crypto_shorthash_BYTES];
    uint64_t hash;

    (void)crypto_shorthash(
            out, (const unsigned char *)(key.len > 0 ? key.ptr : ""), key.len, map->seed);
    memcpy(&hash, out, sizeof(hash));
    return hash;
}

/* The slot that holds `key`, or the free one where it belongs. The table is never full. */
static struct mln_map_slot *find(const struct mln_map *map, struct mln_str key, uint64_t hash)
{
    size_t mask = map->capacity - 1, at = (size_t)hash & mask;

    for (;; at = (at + 1) & mask) {
        struct mln_map_slot *slot = &map->slots[at];

        if (slot->key == NULL)
            return slot;
        if (slot->hash == hash &&
                mln_str_eq((struct mln_str){ .ptr = slot->key, .len = slot->len }, key))
            return slot;
    }
}

static bool grow(struct mln_map *map)
{
    size_t capacity = map->capacity > 0 ? map->capacity * 2 : FIRST_CAPACITY;
    struct mln_map bigger = *map;

    if (capacity < map->capacity)
        return false;
    bigger.slots = calloc(capacity, sizeof(*bigger.slots));
    if (bigger.slots == NULL)
        return false;
    bigger.capacity = capacity;
    for (size_t i = 0; i < map->capacity; i++) {
        size_t at = (size_t)map->slots[i].hash & (capacity - 1);

        if (map->slots[i].key == NULL)
            continue;
        while (bigger.slots[at].key != NULL)
            at = (at + 1) & (capacity - 1);
        bigger.slots[at] = map->slots[i];
    }
    free(map->slots);
    *map = bigger;
    return true;
}

void *mln_map_get(const struct mln_map *map, struct mln_str key)
{
    const struct mln_map_slot *slot;

    if (map->count == 0)
        return NULL;
    slot = find(map, key, hash_of(map, key));
    return slot->key != NULL ? slot->value : NULL;
}

static int add(struct mln_map *map, struct mln_str key, uint64_t hash, void *value)
{
    struct mln_map_slot *slot;
    char *copy;

    if (map->count >= map->max)
        return MLN_ETOOBIG;
    if (map->count >= map->capacity / 4 * 3 && !grow(map))
        return MLN_ENOMEM;
    copy = malloc(key.len > 0 ? key.len : 1);
    if (copy == NULL)
        return MLN_ENOMEM;
    if (key.len > 0)
        memcpy(copy, key.ptr, key.len);
    slot = find(map, key, hash);
    *slot = (struct mln_map_slot){ .key = copy, .len = key.len, .hash = hash, .value = value };
    map->count++;
    return MLN_OK;
}

int mln_map_put(struct mln_map *map, struct mln_str key, void *value, void **old)
{
    uint64_t hash = hash_of(map, key);
    struct mln_map_slot *slot = map->capacity > 0 ? find(map, key, hash) : NULL;
    int rc;

    if (slot != NULL && slot->key != NULL) {
        if (old != NULL)
            *old = slot->value;
        slot->value = value;
        return MLN_OK;
    }
    rc = add(map, key, hash, value);
    if (rc == MLN_OK && old != NULL)
        *old = NULL;
    return rc;
}

void *mln_map_take(struct mln_map *map, struct mln_str key)
{
    size_t mask = map->capacity - 1, hole, at;
    struct mln_map_slot *slot;
    void *value;

    if (map->count == 0)
        return NULL;
    slot = find(map, key, hash_of(map, key));
    if (slot->key == NULL)
        return NULL;
    value = slot->value;
    free(slot->key);
    hole = (size_t)(slot - map->slots);
    for (at = (hole + 1) & mask; map->slots[at].key != NULL; at = (at + 1) & mask) {
        size_t home = (size_t)map->slots[at].hash & mask;

        /* An entry may move back only as far as its home. */
        if (((at - home) & mask) < ((at - hole) & mask))
            continue;
        map->slots[hole] = map->slots[at];
        hole = at;
    }
    map->slots[hole] = (struct mln_map_slot){ 0 };
    map->count--;
    return value;
}

bool mln_map_next(const struct mln_map *map, size_t *at, struct mln_str *key, void **value)
{
    for (; *at < map->capacity; ++*at) {
        const struct mln_map_slot *slot = &map->slots[*at];

        if (slot->key == NULL)
            continue;
        *key = (struct mln_str){ .ptr = slot->key, .len = slot->len };
        *value = slot->value;
        ++*at;
        return true;
    }
    return false;
}
