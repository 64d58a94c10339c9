/*
 * Errors: a code for the caller to branch on, and a sentence for the operator to read.
 *
 * The caller owns a `struct mln_err` on its stack, so failing allocates nothing and there is
 * nothing to free. Fallible functions return MLN_OK or a negative `enum mln_code`, take `err`
 * (never NULL) as their last parameter, leave their outputs untouched on failure, and never log.
 */
#pragma once

#include "base/base.h"

enum mln_code {
    MLN_OK = 0,
    MLN_ENOMEM = -1,
    MLN_EINVAL = -2,      /* The input is wrong; retrying cannot help. */
    MLN_ENOTFOUND = -3,   /* An expected absence: callers usually handle it. */
    MLN_EEXIST = -4,      /* Already there, already done, or changed meanwhile. */
    MLN_EDENIED = -5,     /* Authenticated, but not allowed. */
    MLN_ETOOBIG = -6,     /* A named limit was reached. */
    MLN_ETRANSIENT = -7,  /* Throttled, busy or unavailable; the retry policy applies. */
    MLN_EIO = -8,         /* A file, the disk or the network failed. */
    MLN_ECONFIG = -9,     /* Configuration is missing or contradicts itself. */
    MLN_ECREDS = -10,     /* No usable credentials, or the signature was refused. */
    MLN_EPARTIAL = -11,   /* Some of it was done; the message says what was not. */
    MLN_ECORRUPT = -12,   /* Stored data is not what we wrote. */
    MLN_EUSAGE = -13,     /* A command line that cannot be understood or lacks a confirmation. */
    MLN_ECANCELLED = -14, /* A signal asked us to stop. */
};

struct mln_err {
    int code;
    char msg[512];
};

/* Records `code` and a formatted sentence in `err`, replacing what was there. */
void mln_err_set(struct mln_err *err, int code, const char *fmt, ...) MLN_PRINTF(3, 4);

/* Puts "context: " before the sentence in `err`. */
void mln_err_prefix(struct mln_err *err, const char *fmt, ...) MLN_PRINTF(2, 3);

/*
 * `return mln_fail(err, MLN_EINVAL, "...")` records a failure; `return mln_wrap(err, rc, "...")`
 * adds "context: " to it on the way up. Macros, so that compilers and analyzers see the non-zero
 * result.
 */
#define mln_fail(err, code, ...) (mln_err_set((err), (code), __VA_ARGS__), (code))
#define mln_wrap(err, code, ...) (mln_err_prefix((err), __VA_ARGS__), (code))

/* A thread-safe strerror: the text of errno value `number`, in a static table of the C library. */
const char *mln_errno_text(int number);
