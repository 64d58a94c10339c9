/* The parts of a scope itself that were not listed: rows nobody knows of. */
#include "check/unread_map.h"

struct scopes {
    struct mln_evaluation *out;
    struct mln_unread_scope *list;
    size_t count;
};

static void add_scope(
        struct scopes *scopes, struct mln_str region, const struct mln_unread_reason *reason)
{
    if (mln_unread_is_everywhere(region))
        region = MLN_STR("");
    for (size_t i = 0; i < scopes->count; i++) {
        if (mln_str_eq(scopes->list[i].region, region))
            return;
    }
    if (scopes->count == MLN_UNREAD_REGIONS_MAX) {
        /* More regions than exist: the last entry stands for all of them. */
        scopes->list[scopes->count - 1].region = MLN_STR("");
        return;
    }
    scopes->list[scopes->count++] = (struct mln_unread_scope){
        .region = region,
        .reason = reason->text,
        .why = reason->why,
    };
}

static void add_regions(struct scopes *scopes, const struct mln_map *regions)
{
    struct mln_str region;
    void *reason;
    size_t at = 0;

    while (mln_map_next(regions, &at, &region, &reason))
        add_scope(scopes, region, reason);
}

static int compare_scopes(const void *a, const void *b)
{
    const struct mln_unread_scope *x = a, *y = b;

    return mln_str_cmp(x->region, y->region);
}

static int keep_scopes(struct scopes *scopes, struct mln_err *err)
{
    for (size_t i = 0; i < scopes->count; i++) {
        struct mln_unread_scope *scope = &scopes->list[i];

        scope->region = mln_arena_dup(&scopes->out->arena, scope->region);
        scope->reason = mln_arena_dup(&scopes->out->arena, scope->reason);
        if (scope->region.ptr == NULL || scope->reason.ptr == NULL)
            return mln_unread_no_memory(err);
    }
    qsort(scopes->list, scopes->count, sizeof(*scopes->list), compare_scopes);
    scopes->out->unread = scopes->list;
    scopes->out->unread_count = scopes->count;
    return MLN_OK;
}

int mln_unread_scopes(const struct mln_unread_map *map, const struct mln_table_set *tables,
        struct mln_evaluation *out, struct mln_err *err)
{
    struct scopes scopes = { .out = out };

    if (!mln_unread_needs_any(map, tables))
        return MLN_OK;
    scopes.list = mln_arena_alloc(&out->arena, MLN_UNREAD_REGIONS_MAX * sizeof(*scopes.list));
    if (scopes.list == NULL)
        return mln_unread_no_memory(err);
    for (size_t i = 0; i < map->table_count; i++) {
        for (size_t j = 0; mln_table_set_has(tables, i) && j < map->tables[i].need_count; j++) {
            const struct mln_unread_call *call = map->tables[i].needs[j].call;

            if (call->whole != NULL)
                add_scope(&scopes, MLN_STR(""), call->whole);
            add_regions(&scopes, &call->regions);
            add_regions(&scopes, &call->key_regions);
        }
    }
    return keep_scopes(&scopes, err);
}
