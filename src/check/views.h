/*
 * Views: relations that several checks share, one YAML file each (docs/extending/check.md,
 * "Views"). They are no objects of the database: a text that names views is run with them in front
 * of it, as common table expressions, so that a snapshot stays untouched, a view that is used twice
 * is worked out once, and a view can be given a relation by the text that uses it (`over`).
 */
#pragma once

#include "check/priv.h"

struct mln_check_views;

/* Reads the files; a user's file stands in for a built-in one of the same name. `schema` may be
 * NULL: then names are not compared with tables. MLN_EINVAL with file and line. */
MLN_MUST_USE int mln_check_views_read(const struct mln_check_file *files, size_t count,
        const struct mln_schema *schema, const struct mln_check_reader *reader,
        struct mln_check_views **out);

/* Prepares every view by itself against an empty snapshot. MLN_EINVAL with file and line. */
MLN_MUST_USE int mln_check_views_prepare(const struct mln_check_views *views, struct sqlite3 *db,
        struct mln_check_guard *guard, const struct mln_check_reader *reader);

bool mln_check_views_has(const struct mln_check_views *views, struct mln_str name);

/* A text with its views in front, and where the text itself begins. */
struct mln_check_sql {
    struct mln_str sql;
    size_t head, skipped; /* Bytes before the text; bytes of the text that are not repeated. */
};
/* Borrows from the arena or `sql`. */
MLN_MUST_USE int mln_check_views_compose(const struct mln_check_views *views, struct mln_str sql,
        const struct mln_check_reader *reader, struct mln_check_sql *out);
/* A place of the composed text as a place of the text itself; 0 for one in a view. */
size_t mln_check_sql_place(const struct mln_check_sql *text, size_t offset);
