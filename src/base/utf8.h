/* UTF-8 (RFC 3629): checking, counting, and making outside text safe to show. */
#pragma once

#include "base/str.h"

/* True when `s` is well-formed: no overlong forms, no surrogates, nothing above U+10FFFF. */
bool mln_utf8_valid(struct mln_str s);

/* Code points in well-formed text. */
size_t mln_utf8_count(struct mln_str s);

/* True when well-formed `s` holds a C0 or C1 control character, DEL, or U+2028/U+2029. */
bool mln_utf8_has_control(struct mln_str s);

/*
 * Appends `s` for a terminal or a log: control characters (also C1 and bidirectional overrides)
 * become \xHH or \u{HHHH}; invalid bytes become \xHH. Nothing else changes. '\n' is escaped too.
 */
void mln_utf8_escape_controls(struct mln_str s, struct mln_buf *out);

/* Terminal columns of well-formed text: wide East Asian characters and emoji count two, combining
 * marks none. */
size_t mln_utf8_columns(struct mln_str s);

/*
 * The code point at s.ptr[at] and its length in bytes; 0 when the bytes there are not well-formed
 * UTF-8. `at` must be below s.len.
 */
size_t mln_utf8_decode(struct mln_str s, size_t at, uint32_t *out);

/* True for what must not reach a terminal: C0, DEL, C1, line and paragraph separators,
 * bidirectional controls. */
bool mln_utf8_is_unsafe(uint32_t code_point);
