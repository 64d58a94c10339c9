#include "base/random.h"

#include <pthread.h>
#include <sodium.h>

#include "base/priv.h"

static void start_sodium(void)
{
    if (sodium_init() < 0)
        abort(); /* Without the kernel's generator nothing below may run. */
}

void mln_sodium_ready(void)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;

    (void)pthread_once(&once, start_sodium);
}

static void system_fill(void *ctx, void *out, size_t len)
{
    (void)ctx;
    mln_sodium_ready();
    randombytes_buf(out, len);
}

const struct mln_random *mln_random_system(void)
{
    static const struct mln_random random = { .fill = system_fill };

    return &random;
}

void mln_random_fill(const struct mln_random *random, void *out, size_t len)
{
    if (len > 0)
        random->fill(random->ctx, out, len);
}

void mln_uuid_v4(const struct mln_random *random, char out[MLN_UUID_TEXT_MAX])
{
    static const char digits[] = "0123456789ABCDEF";
    unsigned char bytes[16];
    char *at = out;

    mln_random_fill(random, bytes, sizeof(bytes));
    bytes[6] = (unsigned char)((bytes[6] & 0x0f) | 0x40); /* Version 4. */
    bytes[8] = (unsigned char)((bytes[8] & 0x3f) | 0x80); /* The variant of RFC 9562. */
    for (size_t i = 0; i < sizeof(bytes); i++) {
        if (i == 4 || i == 6 || i == 8 || i == 10)
            *at++ = '-';
        *at++ = digits[bytes[i] >> 4];
        *at++ = digits[bytes[i] & 15];
    }
    *at = '\0';
}
