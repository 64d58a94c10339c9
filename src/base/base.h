/* Attributes and scope-exit cleanup used by every module; the project's few macros live here. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <unistd.h>

#define MLN_PRINTF(fmt, first) __attribute__((format(printf, fmt, first)))
#define MLN_MUST_USE           __attribute__((warn_unused_result))
#define MLN_UNUSED             __attribute__((unused))
#define MLN_LEN(array)         (sizeof(array) / sizeof((array)[0]))

/* Runs `fn(&var)` when `var` leaves scope, on every return path. */
#define MLN_AUTO(fn) __attribute__((cleanup(fn)))

static inline void mln_auto_freep(void *slot)
{
    void **ptr = (void **)slot; /* The cast is for the one C++ file. */
    free(*ptr);
}

/* Resizes an array to `count` elements of `size` bytes; NULL (and the old array untouched) on
 * exhaustion or overflow. */
static inline void *mln_resize(void *array, size_t count, size_t size)
{
    return reallocarray(array, count, size);
}

static inline void mln_auto_closep(const int *fd)
{
    if (*fd >= 0)
        (void)close(*fd);
}

#define MLN_AUTO_FREE  MLN_AUTO(mln_auto_freep)
#define MLN_AUTO_CLOSE MLN_AUTO(mln_auto_closep)

/* Hands ownership to the caller and disarms the cleanup: `*out = MLN_TAKE(ptr);` */
#define MLN_TAKE(ptr)                       \
    __extension__({                         \
        __typeof__(ptr) mln_taken_ = (ptr); \
        (ptr) = NULL;                       \
        mln_taken_;                         \
    })
