/* The map of what was not read, shared by the files that fill it and those that ask it. */
#pragma once

#include "base/map.h"
#include "check/priv.h"

struct mln_unread_failure {
    struct mln_unread_reason reason;
    struct mln_str code;
    struct mln_unread_failure *next;
};

struct mln_unread_call {
    struct mln_str id, ram_action;
    enum mln_call_scope scope;
    int parent; /* The table whose ids are its keys; -1: none, or several. */
    const size_t *depends;
    size_t depend_count;
    bool done;
    struct mln_unread_failure *failures;
    size_t failure_count;
    struct mln_unread_reason *whole;  /* Nothing of the call can be relied on. */
    struct mln_map regions;           /* Region to reason: the call of that region failed. */
    struct mln_map keys, key_regions; /* Key to reason; the regions of these keys. */
    struct mln_unread_reason *any_region, *any_key;
};

/* A call with a failure, seen from a table that needs it. */
struct mln_unread_need {
    const struct mln_unread_call *call;
    bool is_keyed; /* Its keys are those of the table: it fills it, or was made for the same rows.
                    */
};

struct mln_unread_table {
    struct mln_str name;
    const size_t *calls;
    size_t call_count;
    bool is_regional; /* Its rows were listed region by region. */
    struct mln_unread_need *needs;
    size_t need_count;
};

struct mln_unread_map {
    struct mln_arena arena;
    struct mln_unread_table tables[MLN_TABLES_MAX];
    size_t table_count;
    struct mln_unread_call *calls;
    size_t call_count;
    size_t key_count; /* Of all calls, against MLN_UNREAD_KEYS_MAX. */
};

int mln_unread_no_memory(struct mln_err *err);

/* A row that belongs to no single region. */
bool mln_unread_is_everywhere(struct mln_str region);

/* False when there is no room (or no memory): then the call as a whole counts as unread. */
bool mln_unread_remember(struct mln_map *map, struct mln_str key, struct mln_unread_reason *reason);

/* The reason for a region; `any` is one of the map's, NULL for none. */
const struct mln_unread_reason *mln_unread_in_region(
        const struct mln_map *map, const struct mln_unread_reason *any, struct mln_str region);

/* Something that one of the tables needs has failed. */
bool mln_unread_needs_any(const struct mln_unread_map *map, const struct mln_table_set *reads);
