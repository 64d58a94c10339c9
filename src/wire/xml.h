/*
 * Reading XML answers through expat: the text of one element of an error, or a whole answer as
 * JSON. Documents with a DTD are refused, so no entity is ever expanded.
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

/*
 * The content of the document's root as JSON: an element with children is an object, one without is
 * its text (empty when that is blanks alone), siblings of one name are an array; attributes and the
 * text between children are left out. `root` (may be NULL) gets the root's name. MLN_EINVAL
 * (malformed), MLN_ETOOBIG, MLN_ENOMEM.
 */
MLN_MUST_USE int mln_xml_to_json(
        struct mln_str xml, struct mln_buf *out, char root[64], struct mln_err *err);
