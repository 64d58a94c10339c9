/*
 * The redactor: everything Merlon prints or logs passes through it (base/log.h and the front ends'
 * output). It replaces the exact bytes of every live secret (also percent-encoded, base64 and JSON
 * escaped) and the shapes of credentials: access key ids, tokens, Authorization and Signature
 * values, strings to sign. The placeholder is "[redacted]".
 */
#pragma once

#include "base/str.h"

/* Registers bytes to hide until mln_redact_forget() of the same bytes; shorter than 6 bytes is
 * ignored. Thread-safe. */
void mln_redact_learn(struct mln_str secret);
void mln_redact_forget(struct mln_str secret);

/* Appends `text` to `out` with everything secret replaced. */
void mln_redact(struct mln_str text, struct mln_buf *out);

/*
 * Appends a URL without its query, but for the parameters that are no secret
 * (Action, Version, RegionId, CurrentPage, PageSize, HandleStatus, Lang, Format).
 */
void mln_redact_url(struct mln_str url, struct mln_buf *out);
