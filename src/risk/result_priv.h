/* How a stored result and the marks on it become a status; shared by lists, findings and totals. */
#pragma once

#include "base/arena.h"
#include "risk/result.h"
#include "store/store.h"

/* The marks of one account that hold now. */
struct mln_result_marks {
    struct mln_arena arena;
    struct mln_result_item_mark {
        int64_t item_id;
        struct mln_mark_info info;
    } * items; /* On items, by item. */
    size_t item_count, item_room;
    struct mln_result_marked {
        int64_t item_id, ignored, false_positive;
    } * resources; /* How many failed resources of an item are marked, by item. */
    size_t resource_count, resource_room;
};
MLN_MUST_USE int mln_result_marks_load(struct mln_store *store, struct mln_str account_id,
        int64_t scan_id, int64_t now_ms, struct mln_result_marks *out, struct mln_err *err);
void mln_result_marks_free(struct mln_result_marks *marks);

/* The mark on an item, or NULL. */
const struct mln_mark_info *mln_result_mark_of(
        const struct mln_result_marks *marks, int64_t item_id);

enum mln_result_status mln_result_status_of(
        const struct mln_check_result_row *row, const struct mln_result_marks *marks);

/* What is known of the account's last request for a scan. */
struct mln_result_task {
    int64_t state; /* As in struct mln_result_totals. */
    int64_t remaining_s;
    bool has_items; /* Only some items are judged again: those of `items`. */
    int64_t items[MLN_RESULT_PAGE_SIZE_MAX];
    size_t item_count;
};
MLN_MUST_USE int mln_result_task_load(struct mln_store *store, struct mln_str account_id,
        int64_t now_ms, struct mln_result_task *out, struct mln_err *err);
/* Seconds until the item is judged again, 0 when it is not being. */
int64_t mln_result_remaining(const struct mln_result_task *task, int64_t item_id);

/* "ignored", "falsePositive"; MLN_RESULT_PASS for anything else. */
enum mln_result_status mln_result_mark_kind(struct mln_str kind);
