/* What is unread for the rows of one check, decided once, looked up for each row. */
#include "check/unread_map.h"

enum how { BY_REGION, BY_KEY, BY_CHILD, BY_KEY_REGION };

struct lens {
    const struct mln_unread_call *call;
    enum how how;
    struct mln_map children; /* BY_CHILD: ids of rows whose parent is a failed key. */
};

struct mln_unread_view {
    const struct mln_unread_reason *whole;
    struct lens *lenses;
    size_t lens_count;
};

void mln_unread_view_free(struct mln_unread_view *view)
{
    if (view == NULL)
        return;
    for (size_t i = 0; i < view->lens_count; i++) {
        if (view->lenses[i].how == BY_CHILD)
            mln_map_fini(&view->lenses[i].children, NULL);
    }
    free(view->lenses);
    free(view);
}

/* The scope's rows are children of the rows that the call was made for. */
static bool is_own_parent(
        const struct mln_unread_map *map, const struct mln_unread_rows *rows, int parent)
{
    const struct mln_unread_table *table = &map->tables[rows->id_table];

    for (size_t i = 0; i < table->call_count; i++) {
        const struct mln_unread_call *call = &map->calls[table->calls[i]];

        if (call->scope == MLN_SCOPE_ROW && call->parent == parent)
            return true;
    }
    return false;
}

static enum how how_for_keys(const struct mln_unread_map *map, const struct mln_unread_rows *rows,
        const struct mln_unread_call *call)
{
    if (call->parent < 0 || rows->id_table < 0)
        return BY_KEY_REGION;
    if (call->parent == rows->id_table)
        return BY_KEY;
    return is_own_parent(map, rows, call->parent) ? BY_CHILD : BY_KEY_REGION;
}

/* One pass over the scope's table, whether or not it has an index. */
static int find_children(const struct mln_unread_map *map, struct sqlite3 *db, int table,
        struct lens *lens, bool *overflow, struct mln_err *err)
{
    MLN_AUTO(mln_check_finalize) sqlite3_stmt *rows = NULL;
    char sql[128];
    int code;

    (void)sqlite3_snprintf(sizeof(sql), sql, "select id, parent from \"%.*w\"",
            (int)map->tables[table].name.len, map->tables[table].name.ptr);
    code = sqlite3_prepare_v2(db, sql, -1, &rows, NULL);
    while (code == SQLITE_OK && (code = sqlite3_step(rows)) == SQLITE_ROW) {
        struct mln_unread_reason *reason = mln_map_get(
                &lens->call->keys, mln_check_column(rows, 1));

        code = SQLITE_OK;
        if (reason != NULL &&
                !mln_unread_remember(&lens->children, mln_check_column(rows, 0), reason)) {
            *overflow = true;
            return MLN_OK;
        }
    }
    return code == SQLITE_DONE ? MLN_OK
                               : mln_fail(err, code == SQLITE_INTERRUPT ? MLN_ETOOBIG : MLN_EIO,
                                         "what was not read: %s", sqlite3_errmsg(db));
}

struct viewer {
    const struct mln_unread_map *map;
    struct sqlite3 *db;
    const struct mln_unread_rows *rows;
    struct mln_unread_view *view;
    bool is_regional;
};

static int add_lens(struct viewer *viewer, const struct mln_unread_call *call, enum how how,
        const struct mln_unread_reason *any, struct mln_err *err)
{
    struct mln_unread_view *view = viewer->view;
    struct lens *lens = &view->lenses[view->lens_count];
    bool overflow = false;
    int rc = MLN_OK;

    *lens = (struct lens){ .call = call, .how = how };
    view->lens_count++;
    if (how != BY_CHILD)
        return MLN_OK;
    mln_map_init(&lens->children, MLN_UNREAD_KEYS_MAX);
    rc = find_children(viewer->map, viewer->db, viewer->rows->id_table, lens, &overflow, err);
    if (rc == MLN_OK && overflow)
        view->whole = any;
    return rc;
}

static int look_through(
        struct viewer *viewer, const struct mln_unread_call *call, struct mln_err *err)
{
    enum how how = how_for_keys(viewer->map, viewer->rows, call);
    int rc = MLN_OK;

    if (call->whole != NULL)
        viewer->view->whole = call->whole;
    else if (call->any_region != NULL && !viewer->is_regional)
        viewer->view->whole = call->any_region;
    else if (call->any_key != NULL && how == BY_KEY_REGION && !viewer->is_regional)
        viewer->view->whole = call->any_key;
    if (viewer->view->whole != NULL)
        return MLN_OK;
    if (call->any_region != NULL)
        rc = add_lens(viewer, call, BY_REGION, call->any_region, err);
    if (rc == MLN_OK && call->any_key != NULL)
        rc = add_lens(viewer, call, how, call->any_key, err);
    return rc;
}

static bool rows_are_regional(const struct mln_unread_map *map, const struct mln_unread_rows *rows)
{
    bool regional = true, any = false;

    if (rows->region_table >= 0)
        return map->tables[rows->region_table].is_regional;
    for (size_t i = 0; i < map->table_count; i++) {
        if (!mln_table_set_has(&rows->tables, i))
            continue;
        any = true;
        regional = regional && map->tables[i].is_regional;
    }
    return any && regional;
}

/* Each call with a failure that `reads` needs, once, in the order of the plan. */
static int look(struct viewer *viewer, const struct mln_table_set *reads, unsigned char *wanted,
        struct mln_err *err)
{
    const struct mln_unread_map *map = viewer->map;
    int rc = MLN_OK;

    for (size_t i = 0; i < map->table_count; i++) {
        for (size_t j = 0; mln_table_set_has(reads, i) && j < map->tables[i].need_count; j++)
            wanted[map->tables[i].needs[j].call - map->calls] = 1;
    }
    for (size_t i = 0; rc == MLN_OK && viewer->view->whole == NULL && i < map->call_count; i++) {
        if (wanted[i] != 0)
            rc = look_through(viewer, &map->calls[i], err);
    }
    return rc;
}

int mln_unread_view_new(const struct mln_unread_map *map, struct sqlite3 *db,
        const struct mln_table_set *reads, const struct mln_unread_rows *rows,
        struct mln_unread_view **out, struct mln_err *err)
{
    MLN_AUTO_FREE unsigned char *wanted = NULL;
    struct viewer viewer = { map, db, rows, NULL, rows_are_regional(map, rows) };
    int rc;

    if (!mln_unread_needs_any(map, reads)) {
        *out = NULL;
        return MLN_OK;
    }
    wanted = calloc(map->call_count + 1, 1);
    viewer.view = calloc(1, sizeof(*viewer.view));
    if (viewer.view != NULL)
        viewer.view->lenses = calloc(2 * map->call_count + 1, sizeof(*viewer.view->lenses));
    if (wanted == NULL || viewer.view == NULL || viewer.view->lenses == NULL)
        /* NOLINTNEXTLINE(clang-analyzer-unix.Malloc): the scope frees it */
        rc = mln_unread_no_memory(err);
    else
        rc = look(&viewer, reads, wanted, err);
    if (rc != MLN_OK) {
        mln_unread_view_free(viewer.view);
        return rc;
    }
    *out = viewer.view;
    return MLN_OK;
}

static const struct mln_unread_reason *through(
        const struct lens *lens, struct mln_str id, struct mln_str region)
{
    const struct mln_unread_reason *reason;

    switch (lens->how) {
    case BY_REGION:
        return mln_unread_in_region(&lens->call->regions, lens->call->any_region, region);
    case BY_KEY:
        return mln_map_get(&lens->call->keys, id);
    case BY_CHILD:
        reason = mln_map_get(&lens->call->keys, id);
        return reason != NULL ? reason : mln_map_get(&lens->children, id);
    case BY_KEY_REGION:
        return mln_unread_in_region(&lens->call->key_regions, lens->call->any_key, region);
    }
    return NULL;
}

const struct mln_unread_reason *mln_unread_of(
        const struct mln_unread_view *view, struct mln_str id, struct mln_str region)
{
    const struct mln_unread_reason *reason = view != NULL ? view->whole : NULL;

    for (size_t i = 0; view != NULL && reason == NULL && i < view->lens_count; i++)
        reason = through(&view->lenses[i], id, region);
    return reason;
}
