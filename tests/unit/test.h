/* What every unit test includes: cmocka with its prerequisites, and assertions that read as
 * sentences. */
#pragma once

/* cmocka needs the others before it. */
/* clang-format off */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
/* clang-format on */

#include "base/str.h"

/* `EQ_STR(view, "text")`: the bytes are the same. */
#define EQ_STR(got, want)                                                           \
    do {                                                                            \
        struct mln_str got_ = (got), want_ = mln_str_of(want);                      \
        if (!mln_str_eq(got_, want_))                                               \
            fail_msg("got \"%.*s\", want \"%.*s\"", MLN_FMT(got_), MLN_FMT(want_)); \
    } while (0)

/* `OK(call, &err)`: the call succeeded; prints its error when not. */
#define OK(rc, err)                                                   \
    do {                                                              \
        int rc_ = (rc);                                               \
        if (rc_ != MLN_OK)                                            \
            fail_msg("%s: failed with %d: %s", #rc, rc_, (err)->msg); \
    } while (0)

/* `FAILS(call, MLN_EINVAL, &err, "part of the message")`. */
#define FAILS(rc, want, err, part)                                                           \
    do {                                                                                     \
        int rc_ = (rc);                                                                      \
        if (rc_ != (want) || strstr((err)->msg, (part)) == NULL)                             \
            fail_msg("%s: got %d \"%s\", want %d \"%s\"", #rc, rc_, (err)->msg, (int)(want), \
                    (part));                                                                 \
    } while (0)
