/*
 * A nonce is kept as a keyed 16-byte hash (SipHash) under a key that is the keyed hash of its
 * access key id: whoever chooses nonces cannot choose collisions. Two generations of sets, each of
 * one ttl: when the young one is a ttl old it becomes the old one, so an entry lives between one
 * and two ttls and nothing is ever searched for expired entries.
 */
#include "iam/nonce.h"

#include <pthread.h>
#include <sodium.h>

#define START_SLOTS ((size_t)1024)

struct hash {
    uint64_t word[2]; /* Both zero: an empty slot. */
};

struct generation {
    struct hash *slots;
    size_t count, capacity; /* A power of two. */
};

struct mln_nonces {
    pthread_mutex_t lock;
    struct generation young, old;
    size_t max;
    int64_t ttl_ms, young_since_ms;
    unsigned char key[crypto_shorthash_siphashx24_KEYBYTES];
};

int mln_nonces_new(size_t max, int64_t ttl_ms, struct mln_nonces **out, struct mln_err *err)
{
    struct mln_nonces *nonces = calloc(1, sizeof(*nonces));

    if (nonces == NULL)
        return mln_fail(err, MLN_ENOMEM, "out of memory");
    (void)pthread_mutex_init(&nonces->lock, NULL);
    nonces->max = max;
    nonces->ttl_ms = ttl_ms;
    randombytes_buf(nonces->key, sizeof(nonces->key));
    *out = nonces;
    return MLN_OK;
}

void mln_nonces_free(struct mln_nonces *nonces)
{
    if (nonces == NULL)
        return;
    free(nonces->young.slots);
    free(nonces->old.slots);
    (void)pthread_mutex_destroy(&nonces->lock);
    free(nonces);
}

static struct hash hash_of(const struct mln_nonces *nonces, struct mln_str id, struct mln_str nonce)
{
    unsigned char key_of_id[crypto_shorthash_siphashx24_KEYBYTES];
    struct hash out;

    _Static_assert(sizeof(key_of_id) == crypto_shorthash_siphashx24_BYTES &&
                           sizeof(out) == crypto_shorthash_siphashx24_BYTES,
            "a hash is a key, and fills the slot");
    (void)crypto_shorthash_siphashx24(
            key_of_id, (const unsigned char *)id.ptr, id.len, nonces->key);
    (void)crypto_shorthash_siphashx24(
            (unsigned char *)&out, (const unsigned char *)nonce.ptr, nonce.len, key_of_id);
    out.word[0] |= 1; /* Never the empty slot. */
    return out;
}

/* The slot that holds `hash`, or the empty one where it belongs. */
static struct hash *slot_of(const struct generation *g, struct hash hash)
{
    size_t at = (size_t)hash.word[1] & (g->capacity - 1);

    while (g->slots[at].word[0] != 0 &&
            (g->slots[at].word[0] != hash.word[0] || g->slots[at].word[1] != hash.word[1]))
        at = (at + 1) & (g->capacity - 1);
    return &g->slots[at];
}

static bool holds(const struct generation *g, struct hash hash)
{
    return g->capacity > 0 && slot_of(g, hash)->word[0] != 0;
}

/* Doubles the table when it is three quarters full. */
static bool grow(struct generation *g)
{
    struct generation larger = { .count = g->count,
        .capacity = g->capacity == 0 ? START_SLOTS : g->capacity * 2 };

    if (g->capacity > 0 && g->count < g->capacity - g->capacity / 4)
        return true;
    larger.slots = calloc(larger.capacity, sizeof(*larger.slots));
    if (larger.slots == NULL)
        return false;
    for (size_t i = 0; i < g->capacity; i++) {
        if (g->slots[i].word[0] != 0)
            *slot_of(&larger, g->slots[i]) = g->slots[i];
    }
    free(g->slots);
    *g = larger;
    return true;
}

static void age(struct mln_nonces *nonces, int64_t now_ms)
{
    int64_t passed = now_ms - nonces->young_since_ms;

    if (nonces->young_since_ms != 0 && passed < nonces->ttl_ms)
        return;
    free(nonces->old.slots);
    nonces->old = passed < nonces->ttl_ms * 2 ? nonces->young : (struct generation){ 0 };
    if (nonces->old.slots == NULL)
        free(nonces->young.slots);
    nonces->young = (struct generation){ 0 };
    nonces->young_since_ms = now_ms;
}

bool mln_nonces_used(struct mln_nonces *nonces, struct mln_str access_key_id, struct mln_str nonce)
{
    struct hash hash = hash_of(nonces, access_key_id, nonce);
    bool used;

    (void)pthread_mutex_lock(&nonces->lock);
    used = holds(&nonces->young, hash) || holds(&nonces->old, hash);
    (void)pthread_mutex_unlock(&nonces->lock);
    return used;
}

int mln_nonces_use(struct mln_nonces *nonces, struct mln_str access_key_id, struct mln_str nonce,
        int64_t now_ms, struct mln_err *err)
{
    struct hash hash = hash_of(nonces, access_key_id, nonce);
    int rc = MLN_OK;

    (void)pthread_mutex_lock(&nonces->lock);
    age(nonces, now_ms);
    if (holds(&nonces->young, hash) || holds(&nonces->old, hash))
        rc = MLN_EEXIST;
    else if (nonces->young.count + nonces->old.count >= nonces->max || !grow(&nonces->young))
        rc = MLN_ETRANSIENT;
    if (rc == MLN_OK) {
        *slot_of(&nonces->young, hash) = hash;
        nonces->young.count++;
    }
    (void)pthread_mutex_unlock(&nonces->lock);
    if (rc == MLN_EEXIST)
        return mln_fail(err, rc, "the nonce was used before");
    if (rc == MLN_ETRANSIENT)
        return mln_fail(err, rc, "the memory of nonces is full");
    return rc;
}
