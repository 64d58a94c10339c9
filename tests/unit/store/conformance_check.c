/* Scans, results, findings, changes, marks, requests for scans. */
#include <stdio.h>

#include "conformance.h"

static void add_account(struct mln_store *store, struct mln_str account_id)
{
    const struct mln_account_row row = { account_id, 1 };
    struct mln_err err;

    OK(mln_store_account_add(store, &row, &err), &err);
}

static int64_t begin_scan(struct mln_store *store, int64_t *base)
{
    int64_t scan_id = -1, current = -1;
    struct mln_err err;

    OK(mln_store_scan_begin(store, ACCOUNT, 1000, &scan_id, &current, &err), &err);
    if (base != NULL)
        *base = current;
    return scan_id;
}

static void finish_scan(struct mln_store *store, int64_t scan_id)
{
    const struct mln_scan_row row = { .scan_id = scan_id,
        .finished_ms = 2000 + scan_id,
        .items_failed = scan_id * 10,
        .affected = scan_id * 100 };
    struct mln_err err;

    OK(mln_store_scan_finish(store, ACCOUNT, &row, &err), &err);
}

static void add_finding(struct mln_store *store, int64_t scan_id, int64_t item_id,
        const char *resource, bool failed)
{
    const struct mln_finding_row row = {
        .item_id = item_id,
        .failed = failed,
        .stale = !failed,
        .first_seen_ms = 5,
        .last_seen_ms = 6,
        .resource_id = mln_str_of(resource),
        .region = MLN_STR("r1"),
        .name = MLN_STR("a name"),
        .not_assessed = failed ? MLN_STR("") : MLN_STR("denied"),
        .reason = MLN_STR("a reason"),
        .evidence = MLN_STR("{\"a\":1}"),
        .changed = MLN_STR("{}"),
    };
    struct mln_err err;

    OK(mln_store_finding_add(store, ACCOUNT, scan_id, &row, &err), &err);
}

static void put_result(struct mln_store *store, int64_t scan_id, int64_t position, int64_t item_id)
{
    const struct mln_check_result_row row = {
        .position = position,
        .item_id = item_id,
        .group = 4,
        .level = 3,
        .enabled = true,
        .replaced = true,
        .custom = false,
        .checked_ms = 77,
        .failed = 1,
        .passed = 2,
        .not_applicable = 3,
        .not_assessed = 4,
        .stale = 5,
        .name = MLN_STR("n"),
        .service = MLN_STR("OSS"),
        .title = { MLN_STR("title"), MLN_STR("\xe6\xa0\x87") },
        .reason = MLN_STR("why"),
        .grid_key = MLN_STR("Key"),
        .grid_title = { MLN_STR("g"), MLN_STR("h") },
        .mappings = MLN_STR("[]"),
        .params = { MLN_STR("[1]"), MLN_STR("[2]") },
        .texts = { { MLN_STR("b1"), MLN_STR("b2") }, { MLN_STR("i1"), MLN_STR("i2") },
                { MLN_STR("s1"), MLN_STR("s2") }, { MLN_STR("h1"), MLN_STR("h2") } },
        .completeness = MLN_STR("{\"Calls\":3}"),
    };
    struct mln_err err;

    OK(mln_store_check_result_put(store, ACCOUNT, scan_id, &row, &err), &err);
}

struct seen {
    char text[512];
    size_t count;
    struct mln_finding_row last; /* Numbers only: its views are gone. */
};

static void note(struct seen *seen, struct mln_str what)
{
    size_t len = strlen(seen->text);

    seen->count++;
    (void)snprintf(seen->text + len, sizeof(seen->text) - len, "%s%.*s", len > 0 ? " " : "",
            MLN_FMT(what));
}

static int see_finding(void *ctx, const struct mln_finding_row *row, struct mln_err *err)
{
    struct seen *seen = ctx;

    (void)err;
    note(seen, row->resource_id);
    if (row->mark.kind.len > 0)
        note(seen, row->mark.kind);
    seen->last = *row;
    EQ_STR(row->name, "a name");
    EQ_STR(row->evidence, "{\"a\":1}");
    EQ_STR(row->not_assessed, row->failed ? "" : "denied");
    return MLN_OK;
}

static void pages(
        struct mln_store *store, int64_t scan_id, bool failed, int64_t offset, const char *expected)
{
    const struct mln_finding_place place = { ACCOUNT, scan_id, 7 };
    struct seen seen = { 0 };
    struct mln_err err;

    OK(mln_store_finding_page(store, &place, failed, 100, offset, 2, see_finding, &seen, &err),
            &err);
    assert_string_equal(seen.text, expected);
}

static void a_scan_is_current_when_it_is_whole(void **state)
{
    struct fixture *fixture = *state;
    struct mln_scan_row current = { .scan_id = -7 }, previous = { .scan_id = -8 };
    int64_t first, second, base;
    struct mln_err err;

    add_account(fixture->store, ACCOUNT);
    first = begin_scan(fixture->store, &base);
    assert_true(first > 0);
    assert_int_equal(base, 0);
    FAILS(mln_store_scan_current(fixture->store, ACCOUNT, &current, &previous, &err), MLN_ENOTFOUND,
            &err, "never scanned");
    assert_int_equal(current.scan_id, -7);
    finish_scan(fixture->store, first);
    OK(mln_store_scan_current(fixture->store, ACCOUNT, &current, &previous, &err), &err);
    assert_int_equal(current.scan_id, first);
    assert_int_equal(current.started_ms, 1000);
    assert_int_equal(current.items_failed, first * 10);
    assert_int_equal(current.affected, first * 100);
    assert_int_equal(previous.scan_id, 0);
    second = begin_scan(fixture->store, &base);
    assert_true(second > first);
    assert_int_equal(base, first);
    finish_scan(fixture->store, second);
    OK(mln_store_scan_current(fixture->store, ACCOUNT, &current, &previous, &err), &err);
    assert_int_equal(current.scan_id, second);
    assert_int_equal(previous.scan_id, first);
    assert_int_equal(previous.finished_ms, 2000 + first);
}

static void a_later_scan_wins_over_an_earlier_one(void **state)
{
    struct fixture *fixture = *state;
    struct mln_scan_row row = { 0 };
    int64_t first, second;
    struct mln_err err;

    add_account(fixture->store, ACCOUNT);
    first = begin_scan(fixture->store, NULL);
    OK(mln_store_scan_alive(fixture->store, ACCOUNT, first, &err), &err);
    second = begin_scan(fixture->store, NULL);
    FAILS(mln_store_scan_alive(fixture->store, ACCOUNT, first, &err), MLN_EEXIST, &err, "given up");
    row.scan_id = first;
    FAILS(mln_store_scan_finish(fixture->store, ACCOUNT, &row, &err), MLN_EEXIST, &err, "given up");
    FAILS(mln_store_scan_alive(fixture->store, OTHER, second, &err), MLN_EEXIST, &err, "given up");
    OK(mln_store_scan_give_up(fixture->store, ACCOUNT, second, &err), &err);
    FAILS(mln_store_scan_alive(fixture->store, ACCOUNT, second, &err), MLN_EEXIST, &err,
            "given up");
}

static void an_unknown_account_has_no_scan_and_no_source(void **state)
{
    struct fixture *fixture = *state;
    MLN_AUTO(mln_buf_free) struct mln_buf out = MLN_BUF_INIT(64);
    int64_t scan_id = -1, current = -1;
    struct mln_err err;

    FAILS(mln_store_scan_begin(fixture->store, OTHER, 1, &scan_id, &current, &err), MLN_ENOTFOUND,
            &err, "no account");
    assert_int_equal(scan_id, -1);
    FAILS(mln_store_source_put(fixture->store, OTHER, MLN_STR("replay:x"), &err), MLN_ENOTFOUND,
            &err, "no account");
    add_account(fixture->store, OTHER);
    FAILS(mln_store_source_get(fixture->store, OTHER, &out, &err), MLN_ENOTFOUND, &err,
            "no source");
    OK(mln_store_source_put(fixture->store, OTHER, MLN_STR("replay:x"), &err), &err);
    OK(mln_store_source_put(fixture->store, OTHER, MLN_STR("replay:y"), &err), &err);
    OK(mln_store_source_get(fixture->store, OTHER, &out, &err), &err);
    EQ_STR(mln_buf_str(&out), "replay:y");
}

static int64_t prune_all(struct mln_store *store, int64_t scan_id, int64_t limit)
{
    int64_t rounds = 0;
    bool more = true;
    struct mln_err err;

    for (;; rounds++) {
        OK(mln_store_scan_prune(store, ACCOUNT, scan_id, limit, &more, &err), &err);
        if (!more)
            return rounds;
    }
}

static void old_scans_are_deleted_in_pieces(void **state)
{
    struct fixture *fixture = *state;
    char resource[16];
    int64_t ids[5];

    add_account(fixture->store, ACCOUNT);
    for (int i = 0; i < 5; i++) {
        ids[i] = begin_scan(fixture->store, NULL);
        for (int k = 0; k < 5; k++) {
            (void)snprintf(resource, sizeof(resource), "res-%d", k);
            add_finding(fixture->store, ids[i], 7, resource, true);
        }
        put_result(fixture->store, ids[i], 1, 7);
        if (i != 1) /* One is cut short. */
            finish_scan(fixture->store, ids[i]);
    }
    /* Scans 0 to 2 go: 3 pieces of findings and one of the rest for each. */
    assert_int_equal(prune_all(fixture->store, ids[4], 2), 3 * 4);
    for (int i = 0; i < 3; i++)
        pages(fixture->store, ids[i], true, 0, "");
    pages(fixture->store, ids[3], true, 0, "res-0 res-1");
    pages(fixture->store, ids[4], true, 4, "res-4");
    /* What a scan that began later has written stays. */
    ids[0] = begin_scan(fixture->store, NULL);
    add_finding(fixture->store, ids[0], 7, "later", true);
    assert_int_equal(prune_all(fixture->store, ids[4], 2), 0);
    pages(fixture->store, ids[0], true, 0, "later");
}

static void findings_come_in_pages_by_verdict(void **state)
{
    struct fixture *fixture = *state;
    const struct mln_finding_row again = {
        .item_id = 7, .resource_id = MLN_STR("b"), .region = MLN_STR("r1")
    };
    struct mln_finding_place place = { ACCOUNT, 1, 7 };
    struct seen seen = { 0 };
    int64_t last_id;
    struct mln_err err;

    add_finding(fixture->store, 1, 7, "c", true);
    add_finding(fixture->store, 1, 7, "b", false);
    add_finding(fixture->store, 1, 7, "d", true);
    add_finding(fixture->store, 1, 7, "a", true);
    add_finding(fixture->store, 1, 8, "other item", true);
    add_finding(fixture->store, 2, 7, "other scan", true);
    pages(fixture->store, 1, true, 0, "c d");
    pages(fixture->store, 1, true, 2, "a");
    pages(fixture->store, 1, false, 0, "b");
    FAILS(mln_store_finding_add(fixture->store, ACCOUNT, 1, &again, &err), MLN_EEXIST, &err, "two");
    OK(mln_store_finding_walk(
               fixture->store, &place, MLN_STR(""), MLN_STR(""), 3, see_finding, &seen, &err),
            &err);
    assert_string_equal(seen.text, "a b c");
    seen = (struct seen){ 0 };
    OK(mln_store_finding_walk(
               fixture->store, &place, MLN_STR("b"), MLN_STR("r1"), 3, see_finding, &seen, &err),
            &err);
    assert_string_equal(seen.text, "c d");
    last_id = seen.last.finding_id;
    seen = (struct seen){ 0 };
    OK(mln_store_finding_get(fixture->store, &place, last_id, 1, see_finding, &seen, &err), &err);
    assert_string_equal(seen.text, "d");
    place.item_id = 8;
    FAILS(mln_store_finding_get(fixture->store, &place, last_id, 1, see_finding, &seen, &err),
            MLN_ENOTFOUND, &err, "no finding");
    place.item_id = 0;
    OK(mln_store_finding_get(fixture->store, &place, last_id, 1, see_finding, &seen, &err), &err);
    assert_string_equal(seen.text, "d d");
    place.account_id = OTHER;
    FAILS(mln_store_finding_get(fixture->store, &place, last_id, 1, see_finding, &seen, &err),
            MLN_ENOTFOUND, &err, "no finding");
}

static int see_result(void *ctx, const struct mln_check_result_row *row, struct mln_err *err)
{
    struct seen *seen = ctx;
    char text[32];

    (void)err;
    (void)snprintf(
            text, sizeof(text), "%lld:%lld", (long long)row->position, (long long)row->item_id);
    note(seen, mln_str_of(text));
    assert_int_equal(row->group, 4);
    assert_int_equal(row->level, 3);
    assert_true(row->enabled && row->replaced && !row->custom);
    assert_int_equal(row->checked_ms, 77);
    assert_int_equal(row->failed, 1);
    assert_int_equal(row->passed, 2);
    assert_int_equal(row->not_applicable, 3);
    assert_int_equal(row->not_assessed, 4);
    assert_int_equal(row->stale, 5);
    EQ_STR(row->title[MLN_STORE_ZH], "\xe6\xa0\x87");
    EQ_STR(row->reason, "why");
    EQ_STR(row->grid_key, "Key");
    EQ_STR(row->grid_title[MLN_STORE_ZH], "h");
    EQ_STR(row->mappings, "[]");
    EQ_STR(row->params[MLN_STORE_ZH], "[2]");
    EQ_STR(row->texts[0][MLN_STORE_EN], "b1");
    EQ_STR(row->texts[3][MLN_STORE_ZH], "h2");
    EQ_STR(row->completeness, "{\"Calls\":3}");
    return MLN_OK;
}

static bool wants_even_items(void *ctx, const struct mln_check_result_row *row)
{
    (void)ctx;
    EQ_STR(row->service, "OSS");
    return row->item_id % 2 == 0;
}

static void results_come_in_the_order_of_their_places(void **state)
{
    struct fixture *fixture = *state;
    struct seen seen = { 0 };
    struct mln_check_result_sink sink = { .row = see_result, .ctx = &seen };
    struct mln_err err;

    put_result(fixture->store, 1, 2, 12);
    put_result(fixture->store, 1, 1, 13);
    put_result(fixture->store, 1, 3, 4);
    put_result(fixture->store, 2, 1, 99);
    OK(mln_store_check_result_list(fixture->store, ACCOUNT, 1, &sink, &err), &err);
    assert_string_equal(seen.text, "1:13 2:12 3:4");
    sink.wants = wants_even_items;
    seen = (struct seen){ 0 };
    OK(mln_store_check_result_list(fixture->store, ACCOUNT, 1, &sink, &err), &err);
    assert_string_equal(seen.text, "2:12 3:4");
    seen = (struct seen){ 0 };
    sink.wants = NULL;
    OK(mln_store_check_result_get(fixture->store, ACCOUNT, 1, 12, &sink, &err), &err);
    assert_string_equal(seen.text, "2:12");
    FAILS(mln_store_check_result_get(fixture->store, OTHER, 1, 12, &sink, &err), MLN_ENOTFOUND,
            &err, "no check item 12");
    OK(mln_store_check_result_copy(fixture->store, ACCOUNT, 1, 2, 12, 2, &err), &err);
    FAILS(mln_store_check_result_copy(fixture->store, ACCOUNT, 1, 2, 55, 3, &err), MLN_ENOTFOUND,
            &err, "55");
    seen = (struct seen){ 0 };
    OK(mln_store_check_result_list(fixture->store, ACCOUNT, 2, &sink, &err), &err);
    assert_string_equal(seen.text, "1:99 2:12");
}

static int see_flip(void *ctx, const struct mln_flip_row *row, struct mln_err *err)
{
    (void)err;
    EQ_STR(row->before, "fail");
    EQ_STR(row->after, "pass");
    EQ_STR(row->changed, "{}");
    assert_int_equal(row->time_ms, 9);
    note(ctx, row->resource_id);
    return MLN_OK;
}

static void flips(struct mln_store *store, int64_t item_id, int64_t limit, const char *expected)
{
    struct seen seen = { 0 };
    struct mln_err err;

    OK(mln_store_flip_list(store, ACCOUNT, item_id, limit, see_flip, &seen, &err), &err);
    assert_string_equal(seen.text, expected);
}

static void add_flip(
        struct mln_store *store, int64_t scan_id, int64_t item_id, const char *resource)
{
    const struct mln_flip_row row = { item_id, 9, mln_str_of(resource), MLN_STR("r"),
        MLN_STR("fail"), MLN_STR("pass"), MLN_STR("{}") };
    struct mln_err err;

    OK(mln_store_flip_add(store, ACCOUNT, scan_id, &row, &err), &err);
}

static void changes_are_seen_when_their_scan_is_whole_and_outlive_it(void **state)
{
    struct fixture *fixture = *state;
    int64_t scan_id;
    bool more = true;
    struct mln_err err;

    add_account(fixture->store, ACCOUNT);
    scan_id = begin_scan(fixture->store, NULL);
    add_flip(fixture->store, scan_id, 1, "a");
    add_flip(fixture->store, scan_id, 2, "b");
    flips(fixture->store, 0, 10, "");
    finish_scan(fixture->store, scan_id);
    flips(fixture->store, 0, 10, "b a");
    flips(fixture->store, 0, 1, "b");
    flips(fixture->store, 1, 10, "a");
    /* A scan that is cut short leaves changes that nobody sees, and that go with it. */
    scan_id = begin_scan(fixture->store, NULL);
    add_flip(fixture->store, scan_id, 1, "lost");
    for (int i = 0; i < 3; i++)
        finish_scan(fixture->store, begin_scan(fixture->store, NULL));
    flips(fixture->store, 0, 10, "b a");
    scan_id = begin_scan(fixture->store, NULL);
    (void)prune_all(fixture->store, scan_id, 2);
    flips(fixture->store, 0, 10, "b a");
    OK(mln_store_flip_prune(fixture->store, ACCOUNT, 1, 5, &more, &err), &err);
    assert_false(more);
    flips(fixture->store, 0, 10, "b");
}

static void mark(struct mln_store *store, int64_t item_id, const char *resource, const char *kind,
        int64_t until_ms)
{
    const struct mln_mark_row row = { item_id, mln_str_of(resource),
        resource[0] != '\0' ? MLN_STR("r1") : MLN_STR(""), mln_str_of(kind), MLN_STR("why"),
        MLN_STR("who"), 3, until_ms };
    struct mln_err err;

    OK(mln_store_mark_put(store, ACCOUNT, &row, &err), &err);
}

static int see_mark(void *ctx, const struct mln_mark_row *row, struct mln_err *err)
{
    (void)err;
    EQ_STR(row->reason, "why");
    EQ_STR(row->author, "who");
    assert_int_equal(row->marked_ms, 3);
    note(ctx, row->kind);
    return MLN_OK;
}

static int see_count(
        void *ctx, int64_t item_id, struct mln_str kind, int64_t count, struct mln_err *err)
{
    char text[64];

    (void)err;
    (void)snprintf(text, sizeof(text), "%lld:%.*s:%lld", (long long)item_id, MLN_FMT(kind),
            (long long)count);
    note(ctx, mln_str_of(text));
    return MLN_OK;
}

static void marks_hold_until_their_time(void **state)
{
    struct fixture *fixture = *state;
    const struct mln_mark_row of_a = { .item_id = 7, .resource_id = MLN_STR("a") };
    const struct mln_mark_row of_item = { .item_id = 7 };
    struct seen seen = { 0 };
    int64_t count = -1;
    struct mln_err err;

    add_account(fixture->store, ACCOUNT);
    add_finding(fixture->store, 1, 7, "a", true);
    add_finding(fixture->store, 1, 7, "b", true);
    add_finding(fixture->store, 1, 7, "c", false);
    mark(fixture->store, 7, "", "ignored", 101);
    mark(fixture->store, 7, "a", "falsePositive", 0);
    mark(fixture->store, 7, "b", "ignored", 101);
    mark(fixture->store, 7, "c", "ignored", 0);
    mark(fixture->store, 7, "gone", "ignored", 0);
    pages(fixture->store, 1, true, 0, "a falsePositive b ignored");
    OK(mln_store_mark_items(fixture->store, ACCOUNT, 100, see_mark, &seen, &err), &err);
    assert_string_equal(seen.text, "ignored");
    seen = (struct seen){ 0 };
    OK(mln_store_mark_items(fixture->store, ACCOUNT, 101, see_mark, &seen, &err), &err);
    assert_string_equal(seen.text, "");
    OK(mln_store_mark_counts(fixture->store, ACCOUNT, 1, 100, see_count, &seen, &err), &err);
    assert_string_equal(seen.text, "7:falsePositive:1 7:ignored:1");
    seen = (struct seen){ 0 };
    OK(mln_store_mark_counts(fixture->store, ACCOUNT, 1, 101, see_count, &seen, &err), &err);
    assert_string_equal(seen.text, "7:falsePositive:1");
    mark(fixture->store, 7, "a", "ignored", 0); /* Replaces. */
    pages(fixture->store, 1, true, 0, "a ignored b ignored");
    OK(mln_store_mark_drop(fixture->store, ACCOUNT, &of_a, &count, &err), &err);
    assert_int_equal(count, 1);
    pages(fixture->store, 1, true, 0, "a b ignored");
    OK(mln_store_mark_drop(fixture->store, ACCOUNT, &of_item, &count, &err), &err);
    assert_int_equal(count, 1);
    OK(mln_store_mark_drop(fixture->store, ACCOUNT, &of_item, &count, &err), &err);
    assert_int_equal(count, 0);
    OK(mln_store_mark_total(fixture->store, ACCOUNT, 100, &count, &err), &err);
    assert_int_equal(count, 3);
    OK(mln_store_mark_total(fixture->store, ACCOUNT, 101, &count, &err), &err);
    assert_int_equal(count, 2);
}

static int copy_task(void *ctx, const struct mln_task_row *row, struct mln_err *err)
{
    struct mln_task_row *copy = ctx;

    (void)err;
    *copy = *row;
    EQ_STR(row->items, "12,13");
    return MLN_OK;
}

static void a_request_is_taken_once_and_again_after_its_lease(void **state)
{
    struct fixture *fixture = *state;
    const struct mln_task_row row = {
        .account_id = ACCOUNT, .items = MLN_STR("12,13"), .requested_ms = 50
    };
    struct mln_task_row first = { 0 }, second = { 0 }, last = { 0 };
    int64_t task_id = -1, again = -1;
    struct mln_err err;

    FAILS(mln_store_task_add(fixture->store, &row, &task_id, &err), MLN_ENOTFOUND, &err,
            "no account");
    add_account(fixture->store, ACCOUNT);
    FAILS(mln_store_task_last(fixture->store, ACCOUNT, copy_task, &last, &err), MLN_ENOTFOUND, &err,
            "no scan");
    OK(mln_store_task_add(fixture->store, &row, &task_id, &err), &err);
    FAILS(mln_store_task_add(fixture->store, &row, &again, &err), MLN_EEXIST, &err, "waiting");
    assert_int_equal(again, -1);
    OK(mln_store_task_claim(fixture->store, 100, 160, copy_task, &first, &err), &err);
    assert_int_equal(first.task_id, task_id);
    assert_int_equal(first.state, MLN_TASK_RUNNING);
    assert_int_equal(first.started_ms, 100);
    FAILS(mln_store_task_claim(fixture->store, 160, 300, copy_task, &second, &err), MLN_ENOTFOUND,
            &err, "waiting");
    OK(mln_store_task_claim(fixture->store, 161, 300, copy_task, &second, &err), &err);
    assert_int_equal(second.attempt, first.attempt + 1);
    first.items = first.account_id = first.message = MLN_STR("");
    second.items = second.account_id = MLN_STR("");
    FAILS(mln_store_task_update(fixture->store, &first, &err), MLN_EEXIST, &err, "taken over");
    second.state = MLN_TASK_DONE;
    second.finished_ms = 200;
    second.scan_id = 42;
    second.message = MLN_STR("fine");
    OK(mln_store_task_update(fixture->store, &second, &err), &err);
    OK(mln_store_task_last(fixture->store, ACCOUNT, copy_task, &last, &err), &err);
    assert_int_equal(last.state, MLN_TASK_DONE);
    assert_int_equal(last.finished_ms, 200);
    assert_int_equal(last.scan_id, 42);
    assert_int_equal(last.requested_ms, 50);
    FAILS(mln_store_task_update(fixture->store, &second, &err), MLN_EEXIST, &err, "taken over");
    OK(mln_store_task_add(fixture->store, &row, &again, &err), &err);
    assert_true(again > task_id);
}

int run_check_tests(void)
{
    const struct CMUnitTest tests[] = {
        STORE_TEST(a_scan_is_current_when_it_is_whole),
        STORE_TEST(a_later_scan_wins_over_an_earlier_one),
        STORE_TEST(an_unknown_account_has_no_scan_and_no_source),
        STORE_TEST(old_scans_are_deleted_in_pieces),
        STORE_TEST(findings_come_in_pages_by_verdict),
        STORE_TEST(results_come_in_the_order_of_their_places),
        STORE_TEST(changes_are_seen_when_their_scan_is_whole_and_outlive_it),
        STORE_TEST(marks_hold_until_their_time),
        STORE_TEST(a_request_is_taken_once_and_again_after_its_lease),
    };

    return cmocka_run_group_tests_name("checks", tests, NULL, NULL);
}
