/* Internals shared by the files of this folder. */
#pragma once

#include "acs/sign.h"

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

/* Lower-case hex of a digest or MAC, with its NUL. */
void mln_hex_256(const unsigned char bytes[MLN_SHA256_BYTES], char out[MLN_SHA256_HEX_MAX]);

/* Lower-case ASCII letters; other bytes as they are. */
void mln_buf_add_lower(struct mln_buf *out, struct mln_str text);

/* Wipes the bytes of a text that held a token, then frees it. For MLN_AUTO. */
void mln_canonical_free(struct mln_buf *buf);
