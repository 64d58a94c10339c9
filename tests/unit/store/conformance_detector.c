/* Windows, epochs, offsets. */
#include "conformance.h"

static int join_window(
        void *ctx, int64_t rule_id, struct mln_str key, struct mln_str state, struct mln_err *err)
{
    (void)err;
    mln_buf_addf(ctx, "%lld ", (long long)rule_id);
    mln_buf_add_hex(ctx, key.ptr, key.len);
    mln_buf_add_char(ctx, '=');
    mln_buf_add_hex(ctx, state.ptr, state.len);
    mln_buf_add_char(ctx, ';');
    return MLN_OK;
}

static void windows_are_bytes_and_an_empty_state_deletes(void **state)
{
    MLN_AUTO(mln_buf_free) struct mln_buf text = MLN_BUF_INIT(1000);
    struct fixture *fixture = *state;
    struct mln_store *store = fixture->store;
    const struct mln_str key = { "a\0\xff", 3 }, other = MLN_STR("");
    struct mln_err err;

    OK(mln_store_window_put(store, ACCOUNT, 2, key, MLN_STR("1"), &err), &err);
    OK(mln_store_window_put(store, ACCOUNT, 2, key, (struct mln_str){ "\0", 1 }, &err), &err);
    OK(mln_store_window_put(store, ACCOUNT, 1, other, MLN_STR("x"), &err), &err);
    OK(mln_store_window_put(store, ACCOUNT, 1, key, MLN_STR("y"), &err), &err);
    OK(mln_store_window_put(store, OTHER, 1, key, MLN_STR("z"), &err), &err);
    OK(mln_store_window_put(store, ACCOUNT, 1, key, MLN_STR(""), &err), &err);
    OK(mln_store_window_put(store, ACCOUNT, 9, key, MLN_STR(""), &err), &err);
    OK(mln_store_window_list(store, ACCOUNT, join_window, &text, &err), &err);
    EQ_STR(mln_buf_str(&text), "1 =78;2 6100ff=00;");
}

static void the_epoch_advances_only_from_the_expected_value(void **state)
{
    struct fixture *fixture = *state;
    struct mln_store *store = fixture->store;
    int64_t epoch = -1;
    struct mln_err err;

    FAILS(mln_store_epoch_advance(store, ACCOUNT, 1, &err), MLN_EEXIST, &err, "another detector");
    OK(mln_store_epoch_get(store, ACCOUNT, &epoch, &err), &err);
    assert_int_equal(epoch, 0);
    OK(mln_store_epoch_advance(store, ACCOUNT, 0, &err), &err);
    FAILS(mln_store_epoch_advance(store, ACCOUNT, 0, &err), MLN_EEXIST, &err, "another detector");
    OK(mln_store_epoch_advance(store, ACCOUNT, 1, &err), &err);
    FAILS(mln_store_epoch_advance(store, ACCOUNT, 1, &err), MLN_EEXIST, &err, "another detector");
    OK(mln_store_epoch_get(store, ACCOUNT, &epoch, &err), &err);
    assert_int_equal(epoch, 2);
    OK(mln_store_epoch_get(store, OTHER, &epoch, &err), &err);
    assert_int_equal(epoch, 0);
}

static int join_offset(void *ctx, const struct mln_offset_row *row, struct mln_err *err)
{
    (void)err;
    mln_buf_addf(ctx, "%.*s %.*s/%lld %.*s/%lld %.*s %lld %lld;", MLN_FMT(row->source_id),
            MLN_FMT(row->head), (long long)row->head_len, MLN_FMT(row->tail),
            (long long)row->tail_len, MLN_FMT(row->reader), (long long)row->offset,
            (long long)row->updated_ms);
    return MLN_OK;
}

static void offsets_are_found_by_source_and_by_head(void **state)
{
    MLN_AUTO(mln_buf_free) struct mln_buf text = MLN_BUF_INIT(1000);
    struct fixture *fixture = *state;
    struct mln_store *store = fixture->store;
    struct mln_offset_row row = {
        .source_id = MLN_STR("file:1:2"),
        .head = MLN_STR("H"),
        .tail = MLN_STR("T"),
        .reader = MLN_STR("state"),
        .head_len = 4096,
        .tail_len = 64,
        .offset = 100,
        .updated_ms = 7,
    };
    struct mln_err err;

    FAILS(mln_store_offset_get(store, ACCOUNT, row.source_id, join_offset, &text, &err),
            MLN_ENOTFOUND, &err, "file:1:2");
    OK(mln_store_offset_put(store, ACCOUNT, &row, &err), &err);
    row.offset = 200;
    OK(mln_store_offset_put(store, ACCOUNT, &row, &err), &err);
    OK(mln_store_offset_get(store, ACCOUNT, row.source_id, join_offset, &text, &err), &err);
    EQ_STR(mln_buf_str(&text), "file:1:2 H/4096 T/64 state 200 7;");
    row.source_id = MLN_STR("file:1:3");
    OK(mln_store_offset_put(store, ACCOUNT, &row, &err), &err);
    row.source_id = MLN_STR("file:1:4");
    row.head = MLN_STR("I");
    OK(mln_store_offset_put(store, ACCOUNT, &row, &err), &err);
    mln_buf_reset(&text);
    OK(mln_store_offset_by_head(store, OTHER, MLN_STR("H"), join_offset, &text, &err), &err);
    OK(mln_store_offset_by_head(store, ACCOUNT, MLN_STR("H"), join_offset, &text, &err), &err);
    EQ_STR(mln_buf_str(&text),
            "file:1:2 H/4096 T/64 state 200 7;file:1:3 H/4096 T/64 state 200 7;");
}

int run_detector_tests(void)
{
    const struct CMUnitTest tests[] = {
        STORE_TEST(windows_are_bytes_and_an_empty_state_deletes),
        STORE_TEST(the_epoch_advances_only_from_the_expected_value),
        STORE_TEST(offsets_are_found_by_source_and_by_head),
    };

    return cmocka_run_group_tests_name("the detector's state", tests, NULL, NULL);
}
