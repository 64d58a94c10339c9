/* Internals shared by the files of this folder. */
#pragma once

#include "base/str.h"

#define MLN_SHA1_BYTES   20
#define MLN_SHA256_BYTES 32

/*
 * Decodes into `out`, which has room for text.len bytes and may be where `text` stands. Returns the
 * length.
 */
size_t mln_percent_decode_to(struct mln_str text, bool plus_is_space, char *out);

/* MLN_ECONFIG when the crypto library lacks the algorithm or its memory. `key` is copied nowhere.
 */
MLN_MUST_USE int mln_hmac_sha1(struct mln_str key, struct mln_str text,
        unsigned char mac[MLN_SHA1_BYTES], struct mln_err *err);
MLN_MUST_USE int mln_hmac_sha256(struct mln_str key, struct mln_str text,
        unsigned char mac[MLN_SHA256_BYTES], struct mln_err *err);
