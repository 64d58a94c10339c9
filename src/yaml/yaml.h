/*
 * Configuration and catalogue files: YAML 1.2 through libfyaml into typed rows, with
 * file:line:column in every error. Unknown keys, wrong types, repeated keys, aliases, anchors, tags
 * and a second document are refused where a table decodes; size and depth are limited.
 *
 * A document is read once into nodes that live in an arena; nothing points back into libfyaml.
 */
#pragma once

#include "base/arena.h"

#define MLN_YAML_BYTES_MAX ((size_t)4 * 1024 * 1024)
#define MLN_YAML_DEPTH_MAX 32
#define MLN_YAML_NODES_MAX 200000

enum mln_yaml_kind { MLN_YAML_NULL, MLN_YAML_SCALAR, MLN_YAML_LIST, MLN_YAML_MAP };

struct mln_yaml_node {
    enum mln_yaml_kind kind;
    bool quoted;                      /* The scalar was quoted: never a number, boolean or null. */
    unsigned line, column;            /* From 1. */
    struct mln_str text;              /* SCALAR */
    struct mln_yaml_node *key, *next; /* As a member: its key node; the next sibling. */
    struct mln_yaml_node *first;      /* LIST, MAP: the first child. */
    size_t count;
};

struct mln_yaml_file {
    const char *name; /* For messages; copied into the arena. */
    struct mln_yaml_node **documents;
    size_t document_count;
};

/*
 * Parses `text`, which may hold several documents (Sigma correlations use that). MLN_EINVAL with
 * "name:line:column: reason", MLN_ETOOBIG, MLN_ENOMEM. Everything is allocated in `arena`.
 */
MLN_MUST_USE int mln_yaml_parse(struct mln_str text, const char *name, struct mln_arena *arena,
        struct mln_yaml_file *out, struct mln_err *err);

/* Reads and parses `path`. */
MLN_MUST_USE int mln_yaml_read(
        const char *path, struct mln_arena *arena, struct mln_yaml_file *out, struct mln_err *err);

/* The member called `key`, or NULL. */
const struct mln_yaml_node *mln_yaml_get(const struct mln_yaml_node *map, const char *key);

/* Records "file:line:column: ..." in err. For errors that the caller finds in a node. */
#define mln_yaml_fail(err, file, node, ...) \
    (mln_yaml_error((err), (file), (node), __VA_ARGS__), MLN_EINVAL)
void mln_yaml_error(struct mln_err *err, const struct mln_yaml_file *file,
        const struct mln_yaml_node *node, const char *fmt, ...) MLN_PRINTF(4, 5);

/* How a member is stored. The destination of each type is named beside it. */
enum mln_yaml_type {
    MLN_YAML_STR,      /* struct mln_str: a scalar, borrowed from the arena. */
    MLN_YAML_I64,      /* int64_t */
    MLN_YAML_BOOL,     /* bool: true, false */
    MLN_YAML_DURATION, /* int64_t milliseconds: 10s, 5m, 1h, 30d */
    MLN_YAML_STR_LIST, /* struct mln_yaml_strs: a list of scalars, or one scalar. */
    MLN_YAML_NODE,     /* const struct mln_yaml_node *: any shape, decoded by the caller. */
};

struct mln_yaml_strs {
    const struct mln_str *items;
    size_t count;
};

enum { MLN_YAML_REQUIRED = 1 };

struct mln_yaml_field {
    const char *key;
    enum mln_yaml_type type;
    size_t offset;
    unsigned flags;
    int64_t min, max; /* I64 and DURATION: inclusive range when max > min. */
};

/*
 * Fills the struct at `out` from a map by the rows of `fields`. Absent optional members are left as
 * they are (set defaults first). A key without a row is refused.
 */
MLN_MUST_USE int mln_yaml_decode(const struct mln_yaml_file *file, const struct mln_yaml_node *map,
        const struct mln_yaml_field *fields, size_t field_count, void *out, struct mln_arena *arena,
        struct mln_err *err);
