/* Transactions, several connections. */
#include "conformance.h"

static void a_rolled_back_batch_leaves_nothing(void **state)
{
    const struct mln_risk_event_filter open = { .status = MLN_UNPROCESSED };
    struct fixture *fixture = *state;
    struct mln_err err;
    int64_t epoch = -1;

    put_rule(fixture->store, 1, 1);
    OK(mln_store_begin(fixture->store, &err), &err);
    (void)fold(fixture->store, ACCOUNT, 1, MLN_STR("RDS"), 1);
    OK(mln_store_epoch_advance(fixture->store, ACCOUNT, 0, &err), &err);
    assert_int_equal(total(fixture->store, ACCOUNT, &open), 1);
    mln_store_rollback(fixture->store);
    mln_store_rollback(fixture->store);
    assert_int_equal(total(fixture->store, ACCOUNT, &open), 0);
    OK(mln_store_epoch_get(fixture->store, ACCOUNT, &epoch, &err), &err);
    assert_int_equal(epoch, 0);
}

static void transactions_do_not_nest_and_need_a_begin(void **state)
{
    struct fixture *fixture = *state;
    struct mln_err err;

    FAILS(mln_store_commit(fixture->store, &err), MLN_EINVAL, &err, "no transaction");
    OK(mln_store_begin(fixture->store, &err), &err);
    FAILS(mln_store_begin(fixture->store, &err), MLN_EINVAL, &err, "already open");
    FAILS(mln_store_begin_read(fixture->store, &err), MLN_EINVAL, &err, "already open");
    OK(mln_store_commit(fixture->store, &err), &err);
}

static void a_read_transaction_refuses_writes(void **state)
{
    const struct mln_account_row row = { .account_id = ACCOUNT };
    struct fixture *fixture = *state;
    struct mln_err err;

    OK(mln_store_begin_read(fixture->store, &err), &err);
    FAILS(mln_store_account_add(fixture->store, &row, &err), MLN_EINVAL, &err, "read transaction");
    FAILS(mln_store_nonce_add(fixture->store, MLN_STR("k"), MLN_STR("n"), 1, 2, &err), MLN_EINVAL,
            &err, "read transaction");
    OK(mln_store_commit(fixture->store, &err), &err);
    OK(mln_store_account_add(fixture->store, &row, &err), &err);
}

static void a_reader_is_never_blocked_and_sees_one_state(void **state)
{
    const struct mln_risk_event_filter open = { .status = MLN_UNPROCESSED };
    struct fixture *fixture = *state;
    struct mln_store *reader = second_connection(fixture, MLN_STORE_READ);
    int64_t before = -1, after = -1;
    struct mln_err err;

    put_rule(fixture->store, 1, 1);
    OK(mln_store_data_version(reader, &before, &err), &err);
    OK(mln_store_begin(fixture->store, &err), &err);
    (void)fold(fixture->store, ACCOUNT, 1, MLN_STR("RDS"), 1);
    assert_int_equal(total(reader, ACCOUNT, &open), 0);
    OK(mln_store_data_version(reader, &after, &err), &err);
    assert_int_equal(before, after);
    OK(mln_store_begin_read(reader, &err), &err);
    assert_int_equal(total(reader, ACCOUNT, &open), 0);
    OK(mln_store_commit(fixture->store, &err), &err);
    assert_int_equal(total(reader, ACCOUNT, &open), 0);
    OK(mln_store_commit(reader, &err), &err);
    assert_int_equal(total(reader, ACCOUNT, &open), 1);
    OK(mln_store_data_version(reader, &after, &err), &err);
    assert_int_not_equal(before, after);
    mln_store_close(reader);
}

static void a_second_writer_waits_and_then_says_busy(void **state)
{
    const struct mln_account_row row = { .account_id = ACCOUNT };
    struct fixture *fixture = *state;
    struct mln_store *second = second_connection(fixture, MLN_STORE_WRITE);
    struct mln_err err;

    OK(mln_store_begin(fixture->store, &err), &err);
    FAILS(mln_store_begin(second, &err), MLN_ETRANSIENT, &err, "try again");
    FAILS(mln_store_account_add(second, &row, &err), MLN_ETRANSIENT, &err, "try again");
    OK(mln_store_commit(fixture->store, &err), &err);
    OK(mln_store_account_add(second, &row, &err), &err);
    FAILS(mln_store_account_add(fixture->store, &row, &err), MLN_EEXIST, &err, "already exists");
    mln_store_close(second);
}

static void what_was_committed_is_there_when_opened_again(void **state)
{
    const struct mln_account_row row = { .account_id = ACCOUNT };
    struct fixture *fixture = *state;
    struct mln_store *again;
    struct mln_err err;

    OK(mln_store_account_add(fixture->store, &row, &err), &err);
    OK(mln_store_begin(fixture->store, &err), &err);
    put_rule(fixture->store, 1, 1);
    mln_store_close(fixture->store); /* Rolls back. */
    fixture->store = NULL;
    again = second_connection(fixture, MLN_STORE_CREATE);
    fixture->store = again;
    OK(mln_store_ping(again, &err), &err);
    OK(mln_store_account_get(again, ACCOUNT, &err), &err);
    FAILS(mln_store_risk_event_fold(again,
                  &(struct mln_alarm_fold){ ACCOUNT, MLN_STR("RDS"), 1, 1, 1, 1 }, &(int64_t){ 0 },
                  &err),
            MLN_ENOTFOUND, &err, "no rule");
}

static void a_batch_with_a_failed_write_cannot_be_committed(void **state)
{
    const struct mln_rule_row bad = { .rule_id = 5, .level = 4 };
    const struct mln_account_row row = { .account_id = ACCOUNT };
    struct fixture *fixture = *state;
    struct mln_err err;

    OK(mln_store_begin(fixture->store, &err), &err);
    OK(mln_store_account_add(fixture->store, &row, &err), &err);
    FAILS(mln_store_rule_put(fixture->store, &bad, &err), MLN_EINVAL, &err, "range");
    FAILS(mln_store_commit(fixture->store, &err), MLN_EIO, &err, "nothing was committed");
    FAILS(mln_store_account_get(fixture->store, ACCOUNT, &err), MLN_ENOTFOUND, &err, "no account");
}

static void a_batch_goes_on_after_an_expected_absence(void **state)
{
    const struct mln_account_row row = { .account_id = ACCOUNT };
    struct fixture *fixture = *state;
    struct mln_err err;

    OK(mln_store_begin(fixture->store, &err), &err);
    OK(mln_store_account_add(fixture->store, &row, &err), &err);
    FAILS(mln_store_account_add(fixture->store, &row, &err), MLN_EEXIST, &err, "already exists");
    FAILS(mln_store_account_get(fixture->store, OTHER, &err), MLN_ENOTFOUND, &err, "no account");
    OK(mln_store_commit(fixture->store, &err), &err);
    OK(mln_store_account_get(fixture->store, ACCOUNT, &err), &err);
}

int run_transaction_tests(void)
{
    const struct CMUnitTest tests[] = {
        STORE_TEST(a_rolled_back_batch_leaves_nothing),
        STORE_TEST(transactions_do_not_nest_and_need_a_begin),
        STORE_TEST(a_read_transaction_refuses_writes),
        STORE_TEST(a_reader_is_never_blocked_and_sees_one_state),
        STORE_TEST(a_second_writer_waits_and_then_says_busy),
        STORE_TEST(what_was_committed_is_there_when_opened_again),
        STORE_TEST(a_batch_with_a_failed_write_cannot_be_committed),
        STORE_TEST(a_batch_goes_on_after_an_expected_absence),
    };

    return cmocka_run_group_tests_name("transactions", tests, NULL, NULL);
}
