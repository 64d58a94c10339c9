/*
 * Memory for secrets: locked, outside core files, wiped when it is given back. A mapping of its own
 * for each costs about 50 microseconds of system calls, too much for a key that is unsealed for one
 * request, so small pieces are carved from mappings that stay.
 */
#include <pthread.h>
#include <sodium.h>

#include "base/priv.h"

#define CHUNK_BYTES ((size_t)32 * 1024)

struct piece {
    struct piece *next;
};

static struct {
    pthread_mutex_t lock;
    struct {
        size_t bytes;
        struct piece *free;
    } sizes[2]; /* A key; a key with its encodings. */
} vault = { .lock = PTHREAD_MUTEX_INITIALIZER, .sizes = { { .bytes = 64 }, { .bytes = 512 } } };

/* The index of the size that `bytes` fit into, or the number of sizes. */
static size_t size_of(size_t bytes)
{
    size_t i = 0;

    while (i < MLN_LEN(vault.sizes) && vault.sizes[i].bytes < bytes)
        i++;
    return i;
}

static void carve(size_t size)
{
    unsigned char *chunk = sodium_malloc(CHUNK_BYTES);

    for (size_t at = 0; chunk != NULL && at < CHUNK_BYTES; at += vault.sizes[size].bytes) {
        struct piece piece = { .next = vault.sizes[size].free };

        memset(chunk + at, 0, vault.sizes[size].bytes);
        memcpy(chunk + at, &piece, sizeof(piece));
        vault.sizes[size].free = (struct piece *)(void *)(chunk + at);
    }
}

void *mln_vault_take(size_t bytes)
{
    size_t size = size_of(bytes);
    struct piece *piece;

    mln_sodium_ready();
    if (size == MLN_LEN(vault.sizes))
        return sodium_malloc(bytes);
    (void)pthread_mutex_lock(&vault.lock);
    if (vault.sizes[size].free == NULL)
        carve(size);
    piece = vault.sizes[size].free;
    if (piece != NULL)
        vault.sizes[size].free = piece->next;
    (void)pthread_mutex_unlock(&vault.lock);
    return piece;
}

void mln_vault_give(void *ptr, size_t bytes)
{
    size_t size = size_of(bytes);
    struct piece *piece = ptr;

    if (size == MLN_LEN(vault.sizes)) {
        sodium_free(ptr);
        return;
    }
    sodium_memzero(ptr, vault.sizes[size].bytes);
    (void)pthread_mutex_lock(&vault.lock);
    piece->next = vault.sizes[size].free;
    vault.sizes[size].free = piece;
    (void)pthread_mutex_unlock(&vault.lock);
}
