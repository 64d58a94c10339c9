/*
 * Reading JSON (RFC 8259) through simdjson behind a C interface: DOM for requests, configuration
 * and API answers. UTF-8 is checked, depth and size are limited, numbers keep 64 bits. A value
 * borrows from its document; strings are decoded views into it.
 */
#pragma once

#include "base/str.h"

struct mln_json; /* One parsed document. */

enum mln_json_type {
    MLN_JSON_NULL,
    MLN_JSON_BOOL,
    MLN_JSON_INT,    /* Fits int64. */
    MLN_JSON_DOUBLE, /* Any other number; integers up to 2^64-1 print exactly. */
    MLN_JSON_STRING,
    MLN_JSON_ARRAY,
    MLN_JSON_OBJECT,
};

/* One value, passed by value; the words belong to the reader. */
struct mln_json_value {
    const void *document;
    size_t index;
};

#define MLN_JSON_DEPTH_MAX 64
#define MLN_JSON_BYTES_MAX ((size_t)64 * 1024 * 1024)

/*
 * Parses the whole of `text`, which is copied. MLN_EINVAL with a short reason (never a part of the
 * text: it may hold secrets), MLN_ETOOBIG, MLN_ENOMEM. An integer beyond 64 bits and a number
 * beyond a double are refused. Free with mln_json_free().
 */
MLN_MUST_USE int mln_json_parse(struct mln_str text, struct mln_json **out, struct mln_err *err);
void mln_json_free(struct mln_json *doc);

struct mln_json_value mln_json_root(const struct mln_json *doc);
/* A zeroed value (no document) reads as null. */
enum mln_json_type mln_json_type(struct mln_json_value value);

/* The first member called `key` of an object; false when absent or not an object. */
bool mln_json_get(struct mln_json_value object, const char *key, struct mln_json_value *out);

/*
 * Typed reads; false when the value has another type. mln_json_to_i64 takes integers only,
 * mln_json_to_double any number.
 */
bool mln_json_to_str(struct mln_json_value value, struct mln_str *out);
bool mln_json_to_i64(struct mln_json_value value, int64_t *out);
bool mln_json_to_double(struct mln_json_value value, double *out);
bool mln_json_to_bool(struct mln_json_value value, bool *out);

/* mln_json_get and a typed read in one. */
bool mln_json_get_str(struct mln_json_value object, const char *key, struct mln_str *out);
bool mln_json_get_i64(struct mln_json_value object, const char *key, int64_t *out);

/* Members or elements in document order. `struct mln_json_iter it = mln_json_iter(v);` then next
 * until false. */
struct mln_json_iter {
    struct mln_json_value container;
    size_t next_index, end_index;
};

/* An empty iteration for anything but an array or object. */
struct mln_json_iter mln_json_iter(struct mln_json_value container);

/* `key` is set for members of an object (may be NULL for arrays). Repeated keys are all visited. */
bool mln_json_next(struct mln_json_iter *iter, struct mln_str *key, struct mln_json_value *value);

/* The number of members or elements; 0 for other types. */
size_t mln_json_count(struct mln_json_value container);

/* Appends the value as compact JSON text. */
void mln_json_print(struct mln_json_value value, struct mln_buf *out);
