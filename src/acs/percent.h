/*
 * Percent-encoding as Alibaba Cloud signs it: RFC 3986 unreserved characters stay, all else is %XX
 * in upper case.
 */
#pragma once

#include "base/str.h"

void mln_percent_encode(struct mln_str text, struct mln_buf *out);

/*
 * Decodes %XX; with `plus_is_space` also '+' (query strings and forms). A malformed escape is kept
 * as it stands, as the cloud's gateway does.
 */
void mln_percent_decode(struct mln_str text, bool plus_is_space, struct mln_buf *out);
