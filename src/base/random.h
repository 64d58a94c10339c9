/* Randomness as a parameter: the system's generator in the product, a fixed sequence in tests. */
#pragma once

#include "base/base.h"

struct mln_random {
    void (*fill)(void *ctx, void *out, size_t len);
    void *ctx;
};

/* The kernel's generator through libsodium; static, thread-safe, needs no release. */
const struct mln_random *mln_random_system(void);

void mln_random_fill(const struct mln_random *random, void *out, size_t len);

/* 36 upper-case characters of a version 4 UUID (RFC 9562) and a NUL: the spelling of a RequestId.
 */
#define MLN_UUID_TEXT_MAX 37
void mln_uuid_v4(const struct mln_random *random, char out[MLN_UUID_TEXT_MAX]);
