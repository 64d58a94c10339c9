/*
 * Reading the little XML that an error answer is: the text of one element. Through expat; documents
 * with a DTD are refused, so no entity is ever expanded.
 */
#pragma once

#include "base/arena.h"

#define MLN_XML_BYTES_MAX ((size_t)4 * 1024 * 1024)
#define MLN_XML_DEPTH_MAX 64

/*
 * The text of the first element called `element`, without the tags of its children, in `arena`.
 * False, with `out` untouched, when there is none or the document is malformed, too large or too
 * deep.
 */
bool mln_xml_text(
        struct mln_str xml, const char *element, struct mln_arena *arena, struct mln_str *out);
