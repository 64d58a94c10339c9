/*
 * Secrets: a type with no printf path. Its bytes are outside core files (MADV_DONTDUMP), are wiped
 * when it is freed, and are compared in constant time. A loaded secret is known to the redactor
 * (base/redact.h) for as long as it lives.
 */
#pragma once

#include "base/str.h"

struct mln_secret {
    char *ptr; /* NUL-terminated, for the C libraries that need it. */
    size_t len;
};

/* Copies `bytes` (at most 64 KiB) into `out`. MLN_ENOMEM, MLN_ETOOBIG. */
MLN_MUST_USE int mln_secret_init(struct mln_secret *out, struct mln_str bytes, struct mln_err *err);

/* Wipes and frees; a zeroed secret is fine. For MLN_AUTO too. */
void mln_secret_wipe(struct mln_secret *secret);

/* The bytes, for the cryptographic call that needs them. Never format them. */
struct mln_str mln_secret_bytes(const struct mln_secret *secret);

bool mln_secret_eq(const struct mln_secret *secret, struct mln_str other);
