/*
 * One streaming writer, two syntaxes. The same calls produce JSON, or the cloud's XML: an object is
 * an element with a child per member, a list is its element repeated, an empty list is nothing.
 *
 *     struct mln_writer w;
 *     mln_writer_begin(&w, out, MLN_FORMAT_XML, "DescribeRiskRulesResponse");
 *     mln_writer_str(&w, "RequestId", id);
 *     mln_writer_list_begin(&w, "Items");
 *     mln_writer_object_begin(&w, NULL);      // an element of the list: no key
 *     mln_writer_i64(&w, "RiskId", 75110196);
 *     mln_writer_object_end(&w);
 *     mln_writer_list_end(&w);
 *     mln_writer_end(&w);
 *
 * JSON strings are always valid UTF-8: invalid bytes become U+FFFD. XML carries no character that
 * XML 1.0 forbids: those become U+FFFD too. Failures stick in `out` (base/str.h).
 */
#pragma once

#include "base/str.h"

enum mln_format { MLN_FORMAT_JSON, MLN_FORMAT_XML };

#define MLN_WRITER_DEPTH_MAX 32

struct mln_writer {
    struct mln_buf *out;
    enum mln_format format;
    const char *root;
    unsigned depth;
    unsigned text_depth; /* Depth at which JSON-in-text began; 0: not inside one. */
    struct {
        const char *key;
        bool is_list, has_members;
    } level[MLN_WRITER_DEPTH_MAX];
};

/* Starts the document; `root` is the XML root element and is ignored in JSON. XML starts with its
 * declaration. */
void mln_writer_begin(
        struct mln_writer *w, struct mln_buf *out, enum mln_format format, const char *root);
void mln_writer_end(struct mln_writer *w);

/* `key` is NULL inside a list, and outlives the matching _end. Keys are ours: ASCII names, never
 * outside text. */
void mln_writer_object_begin(struct mln_writer *w, const char *key);
void mln_writer_object_end(struct mln_writer *w);
void mln_writer_list_begin(struct mln_writer *w, const char *key);
void mln_writer_list_end(struct mln_writer *w);

/*
 * An object that XML carries as JSON text inside its element (ContentResource, AccessDeniedDetail);
 * in JSON it is a plain object.
 */
void mln_writer_text_object_begin(struct mln_writer *w, const char *key);
void mln_writer_text_object_end(struct mln_writer *w);

void mln_writer_str(struct mln_writer *w, const char *key, struct mln_str value);
void mln_writer_cstr(struct mln_writer *w, const char *key, const char *value);
void mln_writer_i64(struct mln_writer *w, const char *key, int64_t value);
void mln_writer_bool(struct mln_writer *w, const char *key, bool value);
void mln_writer_double(struct mln_writer *w, const char *key, double value);
void mln_writer_null(struct mln_writer *w, const char *key); /* XML: nothing at all. */

/* A member whose name is outside text (JSON only: label tables, policies). */
void mln_writer_str_named(struct mln_writer *w, struct mln_str name, struct mln_str value);

/* Appends `text` as a quoted JSON string, as the writer does. For the places that build JSON by
 * hand. */
void mln_json_quote(struct mln_str text, struct mln_buf *out);
