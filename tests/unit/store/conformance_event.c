/* Rules, risk events, members, samples, handlings. */
#include <stdio.h>

#include "conformance.h"

struct page {
    int64_t ids[64];
    int levels[64];
    size_t count;
};

static int collect_id(void *ctx, const struct mln_risk_event_row *row, struct mln_err *err)
{
    struct page *page = ctx;

    (void)err;
    assert_true(page->count < MLN_LEN(page->ids));
    page->ids[page->count] = row->risk_id;
    page->levels[page->count++] = row->rule.level;
    return MLN_OK;
}

static int64_t list(struct mln_store *store, const struct mln_risk_event_filter *filter,
        int64_t offset, int64_t limit, struct page *page)
{
    struct mln_risk_event_filter paged = *filter;
    struct mln_err err;
    int64_t count = -1;

    paged.offset = offset;
    paged.limit = limit;
    page->count = 0;
    OK(mln_store_risk_event_list(store, ACCOUNT, &paged, &count, collect_id, page, &err), &err);
    return count;
}

struct event_copy {
    struct mln_risk_event_row row;
    char product[32], name_zh[32];
};

static int copy_event(void *ctx, const struct mln_risk_event_row *row, struct mln_err *err)
{
    struct event_copy *copy = ctx;

    (void)err;
    copy->row = *row;
    (void)snprintf(copy->product, sizeof(copy->product), "%.*s", MLN_FMT(row->product));
    (void)snprintf(copy->name_zh, sizeof(copy->name_zh), "%.*s", MLN_FMT(row->rule.name_zh));
    return MLN_OK;
}

static struct event_copy get(struct mln_store *store, int64_t risk_id)
{
    struct event_copy copy = { 0 };
    struct mln_err err;

    OK(mln_store_risk_event_get(store, ACCOUNT, risk_id, copy_event, &copy, &err), &err);
    return copy;
}

static void opens_an_event_and_folds_more_alarms_into_it(void **state)
{
    struct fixture *fixture = *state;
    struct mln_alarm_fold later = { ACCOUNT, MLN_STR("RDS"), 10001, 3, 500, 9000 };
    struct event_copy event;
    struct mln_err err;
    int64_t risk_id, again = -1;

    put_rule(fixture->store, 10001, 3);
    risk_id = fold(fixture->store, ACCOUNT, 10001, MLN_STR("RDS"), 2);
    OK(mln_store_risk_event_fold(fixture->store, &later, &again, &err), &err);
    assert_int_equal(again, risk_id);
    event = get(fixture->store, risk_id);
    assert_int_equal(event.row.alarm_count, 5);
    assert_int_equal(event.row.first_alarm_ms, 500);
    assert_int_equal(event.row.last_alarm_ms, 9000);
    assert_int_equal(event.row.handled_ms, 0);
    assert_int_equal(event.row.status, MLN_UNPROCESSED);
    assert_int_equal(event.row.rule.rule_id, 10001);
    assert_int_equal(event.row.rule.level, 3);
    assert_string_equal(event.product, "RDS");
    assert_string_equal(event.name_zh, "\xe5\xaf\xbc\xe5\x87\xba");
}

static void keeps_events_apart_by_account_rule_and_product(void **state)
{
    struct fixture *fixture = *state;
    int64_t ids[4];

    put_rule(fixture->store, 1, 1);
    put_rule(fixture->store, 2, 1);
    ids[0] = fold(fixture->store, ACCOUNT, 1, MLN_STR("RDS"), 1);
    ids[1] = fold(fixture->store, ACCOUNT, 2, MLN_STR("RDS"), 1);
    ids[2] = fold(fixture->store, ACCOUNT, 1, MLN_STR("OSS"), 1);
    ids[3] = fold(fixture->store, OTHER, 1, MLN_STR("RDS"), 1);
    for (size_t i = 1; i < MLN_LEN(ids); i++)
        assert_true(ids[i] > ids[i - 1]);
}

static void opens_no_event_for_an_unknown_rule_or_without_alarms(void **state)
{
    struct fixture *fixture = *state;
    struct mln_alarm_fold row = { ACCOUNT, MLN_STR("RDS"), 99, 1, 1, 1 };
    int64_t risk_id = -77;
    struct mln_err err;

    FAILS(mln_store_risk_event_fold(fixture->store, &row, &risk_id, &err), MLN_ENOTFOUND, &err,
            "99");
    put_rule(fixture->store, 99, 1);
    row.alarm_count = 0;
    FAILS(mln_store_risk_event_fold(fixture->store, &row, &risk_id, &err), MLN_EINVAL, &err,
            "alarms");
    assert_int_equal(risk_id, -77);
}

static void opens_a_new_event_after_the_old_one_was_handled(void **state)
{
    struct fixture *fixture = *state;
    int64_t first, second;

    put_rule(fixture->store, 1, 2);
    first = fold(fixture->store, ACCOUNT, 1, MLN_STR("RDS"), 1);
    handle(fixture->store, ACCOUNT, first);
    second = fold(fixture->store, ACCOUNT, 1, MLN_STR("RDS"), 1);
    assert_true(second > first);
    assert_int_equal(get(fixture->store, first).row.status, MLN_PROCESSED);
    assert_int_equal(get(fixture->store, first).row.handled_ms, 5000);
    assert_int_equal(get(fixture->store, first).row.alarm_count, 1);
    assert_int_equal(get(fixture->store, second).row.status, MLN_UNPROCESSED);
}

static void refuses_to_handle_twice_or_in_another_account(void **state)
{
    struct fixture *fixture = *state;
    struct mln_handling_row row = { .account_id = OTHER, .type = MLN_STR("Manual") };
    struct mln_err err;

    put_rule(fixture->store, 1, 2);
    row.risk_id = fold(fixture->store, ACCOUNT, 1, MLN_STR("RDS"), 1);
    FAILS(mln_store_handling_add(fixture->store, &row, &err), MLN_ENOTFOUND, &err, "no risk event");
    row.account_id = ACCOUNT;
    OK(mln_store_handling_add(fixture->store, &row, &err), &err);
    FAILS(mln_store_handling_add(fixture->store, &row, &err), MLN_EEXIST, &err,
            "already processed");
    row.risk_id = INT64_MAX;
    FAILS(mln_store_handling_add(fixture->store, &row, &err), MLN_ENOTFOUND, &err, "no risk event");
    FAILS(mln_store_risk_event_get(fixture->store, OTHER, 1, copy_event, NULL, &err), MLN_ENOTFOUND,
            &err, "no risk event");
}

static int check_handling(void *ctx, const struct mln_handling_row *row, struct mln_err *err)
{
    (void)err;
    ++*(int *)ctx;
    EQ_STR(row->type, "Manual");
    EQ_STR(row->detail, "fine");
    EQ_STR(row->user_name, "alice");
    EQ_STR(row->request_id, "R-1");
    assert_int_equal(row->handled_ms, 5000);
    return MLN_OK;
}

static void records_who_decided_what(void **state)
{
    struct fixture *fixture = *state;
    int64_t risk_id;
    struct mln_err err;
    int seen = 0;

    put_rule(fixture->store, 1, 2);
    risk_id = fold(fixture->store, ACCOUNT, 1, MLN_STR("RDS"), 1);
    handle(fixture->store, ACCOUNT, risk_id);
    OK(mln_store_handling_list(fixture->store, ACCOUNT, risk_id, check_handling, &seen, &err),
            &err);
    assert_int_equal(seen, 1);
    OK(mln_store_handling_list(fixture->store, OTHER, risk_id, check_handling, &seen, &err), &err);
    assert_int_equal(seen, 1);
}

/* Rules 1..3 of levels 1..3 on RDS and OSS; one event of each handled, then one more opened. */
static void fill(struct mln_store *store)
{
    for (int rule = 1; rule <= 3; rule++) {
        put_rule(store, rule, rule);
        handle(store, ACCOUNT, fold(store, ACCOUNT, rule, MLN_STR("RDS"), 1));
        (void)fold(store, ACCOUNT, rule, MLN_STR("OSS"), 1);
        (void)fold(store, ACCOUNT, rule, MLN_STR("RDS"), 1);
    }
    (void)fold(store, OTHER, 1, MLN_STR("RDS"), 1);
}

static void filters_and_counts_alike(void **state)
{
    static const struct {
        struct mln_risk_event_filter filter;
        int64_t total;
        int64_t newest; /* 0: none */
    } cases[] = {
        { { .status = MLN_UNPROCESSED }, 6, 9 },
        { { .status = MLN_PROCESSED }, 3, 7 },
        { { .any_status = true }, 9, 9 },
        { { .any_status = true, .status = MLN_PROCESSED }, 9, 9 },
        { { .any_status = true, .level = 2 }, 3, 6 },
        { { .level = 2 }, 2, 6 },
        { { .level = 2, .status = MLN_PROCESSED }, 1, 4 },
        { { .product = { "OSS", 3 } }, 3, 8 },
        { { .any_status = true, .product = { "RDS", 3 } }, 6, 9 },
        { { .any_status = true, .product = { "RDS", 3 }, .level = 1 }, 2, 3 },
        { { .product = { "PolarDB", 7 } }, 0, 0 },
        { { .product = { "' OR 1=1 --", 11 } }, 0, 0 },
        { { .level = 9 }, 0, 0 },
        { { .any_status = true, .rule_id = 3 }, 3, 9 },
        { { .rule_id = 3 }, 2, 9 },
        { { .rule_id = 3, .product = { "OSS", 3 } }, 1, 8 },
        { { .rule_id = 3, .level = 1 }, 0, 0 },
        { { .rule_id = 3, .since_ms = 2000, .until_ms = 2000 }, 2, 9 },
        { { .rule_id = 3, .since_ms = 2001 }, 0, 0 },
        { { .rule_id = 77 }, 0, 0 },
        { { .since_ms = 2000 }, 6, 9 },
        { { .since_ms = 2001 }, 0, 0 },
        { { .until_ms = 2000 }, 6, 9 },
        { { .until_ms = 1999 }, 0, 0 },
        { { .any_status = true, .since_ms = 1, .until_ms = 2000, .level = 3 }, 3, 9 },
        { { .any_status = true, .since_ms = 1, .level = 3, .product = { "OSS", 3 } }, 1, 8 },
    };
    struct fixture *fixture = *state;
    struct page page;

    fill(fixture->store);
    for (size_t i = 0; i < MLN_LEN(cases); i++) {
        int64_t count = list(fixture->store, &cases[i].filter, 0, 64, &page);

        if (count != cases[i].total || page.count != (size_t)count)
            fail_msg("case %zu: total %lld, rows %zu", i, (long long)count, page.count);
        if (page.count > 0 && page.ids[0] != cases[i].newest)
            fail_msg("case %zu: newest is %lld", i, (long long)page.ids[0]);
        for (size_t at = 1; at < page.count; at++)
            assert_true(page.ids[at] < page.ids[at - 1]);
    }
}

static void pages_without_gaps_and_past_the_end(void **state)
{
    const struct mln_risk_event_filter any = { .any_status = true };
    const struct mln_risk_event_filter before = { .any_status = true, .offset = -1, .limit = 2 };
    struct fixture *fixture = *state;
    struct mln_err err;
    struct page page;
    int64_t count = -7;

    fill(fixture->store);
    for (int64_t offset = 0; offset < 9; offset += 2) {
        assert_int_equal(list(fixture->store, &any, offset, 2, &page), 9);
        assert_int_equal(page.count, offset == 8 ? 1 : 2);
        assert_int_equal(page.ids[0], 9 - offset);
    }
    assert_int_equal(list(fixture->store, &any, 9, 2, &page), 9);
    assert_int_equal(page.count, 0);
    assert_int_equal(list(fixture->store, &any, INT64_MAX, INT64_MAX, &page), 9);
    assert_int_equal(page.count, 0);
    assert_int_equal(list(fixture->store, &any, 0, 0, &page), 9);
    assert_int_equal(page.count, 0);
    FAILS(mln_store_risk_event_list(
                  fixture->store, ACCOUNT, &before, &count, collect_id, &page, &err),
            MLN_EINVAL, &err, "page");
    assert_int_equal(count, -7);
}

static void a_rule_of_another_level_leaves_old_events_where_they_are(void **state)
{
    struct fixture *fixture = *state;
    struct page page;
    int64_t first, second;

    put_rule(fixture->store, 1, 1);
    first = fold(fixture->store, ACCOUNT, 1, MLN_STR("RDS"), 1);
    put_rule(fixture->store, 1, 3);
    assert_int_equal(fold(fixture->store, ACCOUNT, 1, MLN_STR("RDS"), 1), first);
    assert_int_equal(
            list(fixture->store, &(struct mln_risk_event_filter){ .level = 1 }, 0, 9, &page), 1);
    assert_int_equal(page.ids[0], first);
    assert_int_equal(page.levels[0], 1);
    handle(fixture->store, ACCOUNT, first);
    assert_int_equal(
            total(fixture->store, ACCOUNT, &(struct mln_risk_event_filter){ .level = 1 }), 0);
    second = fold(fixture->store, ACCOUNT, 1, MLN_STR("RDS"), 1);
    assert_int_equal(
            list(fixture->store, &(struct mln_risk_event_filter){ .level = 3 }, 0, 9, &page), 1);
    assert_int_equal(page.ids[0], second);
    assert_int_equal(page.levels[0], 3);
}

static int count_member(
        void *ctx, enum mln_member_kind kind, struct mln_str value, struct mln_err *err)
{
    int64_t *counts = ctx;

    (void)value;
    (void)err;
    counts[kind]++;
    return MLN_OK;
}

static void counts_each_member_once(void **state)
{
    static const struct mln_str values[] = { { "rm-1", 4 }, { "rm-2", 4 }, { "rm-1", 4 }, { "", 0 },
        { "a\0b", 3 }, { "a\0c", 3 }, { "\xff\xfe", 2 }, { "\xff\xfe", 2 } };
    struct fixture *fixture = *state;
    int64_t counts[MLN_MEMBER_KINDS] = { 0 };
    struct mln_err err;
    int64_t risk_id;

    put_rule(fixture->store, 1, 1);
    risk_id = fold(fixture->store, ACCOUNT, 1, MLN_STR("RDS"), 1);
    for (size_t i = 0; i < MLN_LEN(values); i++)
        OK(mln_store_risk_member_add(fixture->store, risk_id, MLN_MEMBER_INSTANCE, values[i], &err),
                &err);
    OK(mln_store_risk_member_add(fixture->store, risk_id, MLN_MEMBER_USER, values[0], &err), &err);
    assert_int_equal(get(fixture->store, risk_id).row.member_count[MLN_MEMBER_INSTANCE], 6);
    assert_int_equal(get(fixture->store, risk_id).row.member_count[MLN_MEMBER_CLIENT_IP], 0);
    assert_int_equal(get(fixture->store, risk_id).row.member_count[MLN_MEMBER_USER], 1);
    OK(mln_store_risk_member_list(fixture->store, risk_id, 100, count_member, counts, &err), &err);
    assert_int_equal(counts[MLN_MEMBER_INSTANCE], 6);
    assert_int_equal(counts[MLN_MEMBER_USER], 1);
    FAILS(mln_store_risk_member_add(fixture->store, 4711, MLN_MEMBER_USER, values[0], &err),
            MLN_ENOTFOUND, &err, "4711");
}

static void stops_counting_members_at_the_cap_and_says_so(void **state)
{
    struct fixture *fixture = *state;
    int64_t counts[MLN_MEMBER_KINDS] = { 0 };
    struct event_copy event;
    struct mln_err err;
    char name[32];
    int64_t risk_id;

    put_rule(fixture->store, 1, 1);
    risk_id = fold(fixture->store, ACCOUNT, 1, MLN_STR("RDS"), 1);
    OK(mln_store_begin(fixture->store, &err), &err);
    for (int i = 0; i < MLN_MEMBERS_MAX; i++) {
        (void)snprintf(name, sizeof(name), "10.0.%d.%d", i / 256, i % 256);
        OK(mln_store_risk_member_add(
                   fixture->store, risk_id, MLN_MEMBER_CLIENT_IP, mln_str_of(name), &err),
                &err);
    }
    event = get(fixture->store, risk_id);
    assert_int_equal(event.row.member_count[MLN_MEMBER_CLIENT_IP], MLN_MEMBERS_MAX);
    assert_false(event.row.member_capped[MLN_MEMBER_CLIENT_IP]);
    /* One that is there changes nothing, one that is new sets the flag only. */
    for (int i = 0; i < 3; i++)
        OK(mln_store_risk_member_add(
                   fixture->store, risk_id, MLN_MEMBER_CLIENT_IP, mln_str_of(name), &err),
                &err);
    assert_false(get(fixture->store, risk_id).row.member_capped[MLN_MEMBER_CLIENT_IP]);
    OK(mln_store_risk_member_add(
               fixture->store, risk_id, MLN_MEMBER_CLIENT_IP, MLN_STR("new"), &err),
            &err);
    OK(mln_store_commit(fixture->store, &err), &err);
    event = get(fixture->store, risk_id);
    assert_int_equal(event.row.member_count[MLN_MEMBER_CLIENT_IP], MLN_MEMBERS_MAX);
    assert_true(event.row.member_capped[MLN_MEMBER_CLIENT_IP]);
    assert_false(event.row.member_capped[MLN_MEMBER_USER]);
    OK(mln_store_risk_member_list(fixture->store, risk_id, INT64_MAX, count_member, counts, &err),
            &err);
    assert_int_equal(counts[MLN_MEMBER_CLIENT_IP], MLN_MEMBERS_MAX);
}

static int check_sample(void *ctx, const struct mln_sample_row *row, struct mln_err *err)
{
    int *seen = ctx;

    (void)err;
    assert_int_equal(row->alarm_ms, *seen);
    assert_int_equal(row->statement.len, 6);
    assert_memory_equal(row->statement.ptr, "a\0\xff'\"b", 6);
    EQ_STR(row->instance, "rm-1");
    EQ_STR(row->client_ip, "10.0.0.1");
    EQ_STR(row->user, "root");
    EQ_STR(row->database, "");
    ++*seen;
    return MLN_OK;
}

static void keeps_the_first_samples_byte_for_byte(void **state)
{
    struct fixture *fixture = *state;
    struct mln_sample_row row = {
        .instance = MLN_STR("rm-1"),
        .client_ip = MLN_STR("10.0.0.1"),
        .user = MLN_STR("root"),
        .statement = { "a\0\xff'\"b", 6 },
    };
    struct mln_err err;
    int64_t risk_id;
    int seen = 0;

    put_rule(fixture->store, 1, 1);
    risk_id = fold(fixture->store, ACCOUNT, 1, MLN_STR("RDS"), 1);
    for (row.alarm_ms = 0; row.alarm_ms < MLN_SAMPLES_MAX + 5; row.alarm_ms++)
        OK(mln_store_risk_sample_add(fixture->store, risk_id, &row, &err), &err);
    OK(mln_store_risk_sample_list(fixture->store, risk_id, check_sample, &seen, &err), &err);
    assert_int_equal(seen, MLN_SAMPLES_MAX);
    FAILS(mln_store_risk_sample_add(fixture->store, 4711, &row, &err), MLN_ENOTFOUND, &err, "4711");
}

static int rule_count(void *ctx, const struct mln_rule_row *row, struct mln_err *err)
{
    (void)err;
    EQ_STR(row->alert_frequency, "1/day");
    assert_int_equal(row->category_id, 7);
    ++*(int *)ctx;
    return MLN_OK;
}

static void replaces_rules_by_id_and_refuses_unknown_levels(void **state)
{
    struct fixture *fixture = *state;
    struct mln_rule_row bad = { .rule_id = 5, .level = 4 };
    struct mln_err err;
    int rules = 0;

    put_rule(fixture->store, 2, 1);
    put_rule(fixture->store, 1, 1);
    put_rule(fixture->store, 2, 3);
    FAILS(mln_store_rule_put(fixture->store, &bad, &err), MLN_EINVAL, &err, "range");
    OK(mln_store_rule_list(fixture->store, rule_count, &rules, &err), &err);
    assert_int_equal(rules, 2);
}

static int stop_at_once(void *ctx, const struct mln_risk_event_row *row, struct mln_err *err)
{
    ++*(int *)ctx;
    return mln_fail(err, MLN_ECANCELLED, "stopped at %lld", (long long)row->risk_id);
}

static void a_callback_can_stop_a_list_and_nothing_stays_open(void **state)
{
    struct fixture *fixture = *state;
    const struct mln_risk_event_filter any = { .any_status = true, .limit = 64 };
    int64_t count = -5;
    struct mln_err err;
    int seen = 0;

    fill(fixture->store);
    FAILS(mln_store_risk_event_list(
                  fixture->store, ACCOUNT, &any, &count, stop_at_once, &seen, &err),
            MLN_ECANCELLED, &err, "stopped at 9");
    assert_int_equal(seen, 1);
    assert_int_equal(count, -5);
    OK(mln_store_begin(fixture->store, &err), &err);
    OK(mln_store_commit(fixture->store, &err), &err);
}

struct nested {
    struct mln_store *store;
    int seen;
};

static int list_inside(void *ctx, const struct mln_risk_event_row *row, struct mln_err *err)
{
    struct nested *nested = ctx;
    const struct mln_risk_event_filter any = { .any_status = true, .limit = 64 };
    struct page page = { 0 };
    int64_t count = -1, risk_id = row->risk_id;

    OK(mln_store_risk_event_list(nested->store, ACCOUNT, &any, &count, collect_id, &page, err),
            err);
    assert_int_equal(page.count, 9);
    assert_int_equal(row->risk_id, risk_id);
    nested->seen++;
    return MLN_OK;
}

static void a_callback_may_read_the_same_list(void **state)
{
    struct fixture *fixture = *state;
    const struct mln_risk_event_filter any = { .any_status = true, .limit = 64 };
    struct nested nested = { .store = fixture->store };
    struct mln_err err;
    int64_t count = -1;

    fill(fixture->store);
    OK(mln_store_risk_event_list(fixture->store, ACCOUNT, &any, &count, list_inside, &nested, &err),
            &err);
    assert_int_equal(nested.seen, 9);
}

int run_event_tests(void)
{
    const struct CMUnitTest tests[] = {
        STORE_TEST(opens_an_event_and_folds_more_alarms_into_it),
        STORE_TEST(keeps_events_apart_by_account_rule_and_product),
        STORE_TEST(opens_no_event_for_an_unknown_rule_or_without_alarms),
        STORE_TEST(opens_a_new_event_after_the_old_one_was_handled),
        STORE_TEST(refuses_to_handle_twice_or_in_another_account),
        STORE_TEST(records_who_decided_what),
        STORE_TEST(filters_and_counts_alike),
        STORE_TEST(pages_without_gaps_and_past_the_end),
        STORE_TEST(a_rule_of_another_level_leaves_old_events_where_they_are),
        STORE_TEST(counts_each_member_once),
        STORE_TEST(stops_counting_members_at_the_cap_and_says_so),
        STORE_TEST(keeps_the_first_samples_byte_for_byte),
        STORE_TEST(replaces_rules_by_id_and_refuses_unknown_levels),
        STORE_TEST(a_callback_can_stop_a_list_and_nothing_stays_open),
        STORE_TEST(a_callback_may_read_the_same_list),
    };

    return cmocka_run_group_tests_name("risk events", tests, NULL, NULL);
}
