/*
 * What a snapshot does not hold. plan_table says which calls fill a table, plan_call on which other
 * calls they depend, collect_call how each call ended. From them comes the answer to one question:
 * was this table read completely for that row, and if not, why not.
 *
 * Every doubt is decided towards "not read": a failure whose place cannot be tied to certain rows
 * counts for all rows it might have touched.
 */
#pragma once

#include "check/check.h"

struct sqlite3;

#define MLN_UNREAD_CALLS_MAX ((size_t)2000)
/* Failed calls per row that are kept one by one; beyond, all of their call counts as unread. */
#define MLN_UNREAD_KEYS_MAX      ((size_t)250000)
#define MLN_UNREAD_KEY_BYTES_MAX ((size_t)4096)
#define MLN_UNREAD_REGIONS_MAX   ((size_t)1000) /* Of one call; beyond, the same. */
#define MLN_UNREAD_CODE_MAX      ((size_t)100)  /* Bytes of an error code that are shown. */

struct mln_unread_map;

struct mln_unread_reason {
    enum mln_unread why;
    struct mln_str text; /* "no permission: oss:GetBucketInfo" */
};

/* Tables, by their index in the map. */
struct mln_table_set {
    uint64_t bits[(MLN_TABLES_MAX + 63) / 64];
};

static inline void mln_table_set_add(struct mln_table_set *set, size_t table)
{
    set->bits[table / 64] |= UINT64_C(1) << (table % 64);
}

static inline bool mln_table_set_has(const struct mln_table_set *set, size_t table)
{
    return (set->bits[table / 64] >> (table % 64) & 1) != 0;
}

/* Reads the plan and the failures once. MLN_ECORRUPT, MLN_ENOMEM. It borrows nothing. */
MLN_MUST_USE int mln_unread_map_new(
        struct mln_snapshot *snapshot, struct mln_unread_map **out, struct mln_err *err);
void mln_unread_map_free(struct mln_unread_map *map);

/* The index of a table of the plan, or -1. */
int mln_unread_map_table(const struct mln_unread_map *map, struct mln_str name);

/* unread('table' [, region [, key]]): why not, or NULL. */
const struct mln_unread_reason *mln_unread_ask(const struct mln_unread_map *map, int table,
        const struct mln_str *region, const struct mln_str *key);

/* The rows that a check judges. */
struct mln_unread_rows {
    struct mln_table_set tables; /* That the scope reads. */
    int id_table, region_table;  /* Whose `id` and `region` the rows bear; -1: cannot be told. */
};

/* What is unread for the rows of one check. */
struct mln_unread_view;

/* `out` is NULL when everything in `reads` was read. */
MLN_MUST_USE int mln_unread_view_new(const struct mln_unread_map *map, struct sqlite3 *db,
        const struct mln_table_set *reads, const struct mln_unread_rows *rows,
        struct mln_unread_view **out, struct mln_err *err);
void mln_unread_view_free(struct mln_unread_view *view);

/* Why something that belongs to the row was not read, or NULL. `view` may be NULL. */
const struct mln_unread_reason *mln_unread_of(
        const struct mln_unread_view *view, struct mln_str id, struct mln_str region);

/* Fills `unread` of the evaluation: the parts of the scope's own tables that were not listed. */
MLN_MUST_USE int mln_unread_scopes(const struct mln_unread_map *map,
        const struct mln_table_set *tables, struct mln_evaluation *out, struct mln_err *err);

/* Adds unread() to the connection. The map outlives it, or belongs to it from now on. */
MLN_MUST_USE int mln_unread_function(
        struct sqlite3 *db, struct mln_unread_map *map, bool owned, struct mln_err *err);
