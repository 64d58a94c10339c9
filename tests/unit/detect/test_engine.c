/* Windows over event time, mutes, state and limits. */
#include "detect/engine.h"
#include "one_rule.h"

#define SECOND    ((int64_t)1000)
#define MINUTE    (60 * SECOND)
#define NOON      ((int64_t)1772424000000)
#define KEPT_MAX  64
#define STATE_MAX 4096

#define BASES                                                    \
    "title: a\nname: a\nlogsource: {category: database_audit}\n" \
    "detection: {s: {op: A}, condition: s}\n---\n"               \
    "title: b\nname: b\nlogsource: {category: database_audit}\n" \
    "detection: {s: {op: B}, condition: s}\n---\n"
#define CORRELATION(rest) BASES "title: c\nname: c\ncorrelation: {" rest "}\n"

struct state_kept {
    int64_t rule_id;
    char key[256], state[STATE_MAX];
    size_t key_len, state_len;
};

struct rig {
    struct mln_rules *rules;
    struct mln_engine *engine;
    size_t alarms;
    struct state_kept kept[KEPT_MAX];
    size_t kept_count, gone_count;
};

static struct rig *rig_new(const char *text)
{
    struct rig *rig = calloc(1, sizeof(*rig));
    struct mln_err err;

    assert_non_null(rig);
    OK(compile_text(text, false, &rig->rules, &err), &err);
    OK(mln_engine_new(rig->rules, &one_rule_clock, count_alarm, &rig->alarms, &rig->engine, &err),
            &err);
    return rig;
}

static void rig_free(struct rig *rig)
{
    mln_engine_free(rig->engine);
    mln_rules_free(rig->rules);
    free(rig);
}

/* "A" or "B" by a user from an address, `at` after noon; returns the alarms that it raised. */
static size_t send(struct rig *rig, int64_t at, const char *op, const char *user, const char *ip)
{
    struct mln_audit_event event = {
        .time_ms = NOON + at,
        .kind = MLN_EVENT_QUERY,
        .product = MLN_STR("RDS"),
        .engine = MLN_STR("mariadb"),
        .instance = MLN_STR("rm-1"),
        .op = mln_str_of(op),
        .user = mln_str_of(user),
        .client_ip = mln_str_of(ip),
        .rows_returned = MLN_ABSENT,
        .rows_affected = MLN_ABSENT,
        .rows_examined = MLN_ABSENT,
        .latency_us = MLN_ABSENT,
    };
    size_t before = rig->alarms;
    struct mln_err err;

    OK(mln_engine_event(rig->engine, &event, &err), &err);
    return rig->alarms - before;
}

static int keep_state(
        void *ctx, int64_t rule_id, struct mln_str key, struct mln_str state, struct mln_err *err)
{
    struct rig *rig = ctx;
    struct state_kept *kept = &rig->kept[rig->kept_count];

    (void)err;
    if (state.len == 0) {
        rig->gone_count++;
        return MLN_OK;
    }
    assert_true(rig->kept_count < KEPT_MAX && state.len <= STATE_MAX);
    kept->rule_id = rule_id;
    memcpy(kept->key, key.ptr, key.len);
    memcpy(kept->state, state.ptr, state.len);
    kept->key_len = key.len;
    kept->state_len = state.len;
    rig->kept_count++;
    return MLN_OK;
}

static void save(struct rig *rig)
{
    struct mln_err err;

    rig->kept_count = rig->gone_count = 0;
    OK(mln_engine_changed(rig->engine, keep_state, rig, &err), &err);
}

static void load(struct rig *into, const struct rig *from)
{
    struct mln_err err;

    for (size_t i = 0; i < from->kept_count; i++)
        OK(mln_engine_restore(into->engine, from->kept[i].rule_id,
                   (struct mln_str){ from->kept[i].key, from->kept[i].key_len },
                   (struct mln_str){ from->kept[i].state, from->kept[i].state_len }, &err),
                &err);
}

#define COUNT3   \
    CORRELATION( \
            "type: event_count, rules: [a], group-by: [user], timespan: 1m, condition: {gte: 3}")

static void counts_slide_over_event_time(void **state)
{
    struct rig *rig = rig_new(COUNT3);

    (void)state;
    assert_int_equal(send(rig, 0, "A", "u", "i"), 0);
    assert_int_equal(send(rig, 50 * SECOND, "A", "u", "i"), 0);
    assert_int_equal(send(rig, 60 * SECOND + 1, "A", "u", "i"), 0);
    assert_int_equal(send(rig, 70 * SECOND, "A", "v", "i"), 0);
    assert_int_equal(send(rig, 70 * SECOND, "C", "u", "i"), 0);
    assert_int_equal(send(rig, 110 * SECOND, "A", "u", "i"), 1);
    rig_free(rig);
}

static void an_alarm_mutes_its_key_for_a_while(void **state)
{
    struct rig *rig = rig_new(COUNT3);
    struct mln_engine_stats stats;

    (void)state;
    for (int i = 0; i < 3; i++)
        (void)send(rig, i * SECOND, "A", "u", "i");
    for (int i = 0; i < 3; i++)
        (void)send(rig, i * SECOND, "A", "v", "i");
    assert_int_equal(rig->alarms, 2);
    for (int i = 3; i < 50; i++)
        assert_int_equal(send(rig, i * SECOND, "A", "u", "i"), 0);
    assert_int_equal(send(rig, 62 * SECOND, "A", "u", "i"), 1);
    mln_engine_stats(rig->engine, &stats);
    assert_int_equal(stats.muted, 47);
    assert_int_equal(stats.alarms, 3);
    rig_free(rig);
}

static void the_order_of_arrival_does_not_matter(void **state)
{
    static const int orders[6][3] = { { 0, 1, 2 }, { 0, 2, 1 }, { 1, 0, 2 }, { 1, 2, 0 },
        { 2, 0, 1 }, { 2, 1, 0 } };
    static const int64_t times[] = { 0, 30 * SECOND, 60 * SECOND };

    (void)state;
    for (size_t i = 0; i < MLN_LEN(orders); i++) {
        struct rig *rig = rig_new(COUNT3);

        assert_int_equal(send(rig, 9 * MINUTE, "A", "u", "i"), 0);
        for (size_t j = 0; j < 3; j++)
            assert_int_equal(send(rig, times[orders[i][j]], "A", "u", "i"), j == 2);
        rig_free(rig);
    }
}

static void an_event_without_its_group_field_does_not_count(void **state)
{
    struct rig *rig = rig_new(COUNT3);

    (void)state;
    for (int i = 0; i < 9; i++)
        assert_int_equal(send(rig, i, "A", "", "i"), 0);
    rig_free(rig);
}

static void values_are_counted_once(void **state)
{
    struct rig *rig = rig_new(
            CORRELATION("type: value_count, rules: [a, b], group-by: [client_ip], "
                        "timespan: 1m, condition: {field: user, gte: 3}"));

    (void)state;
    assert_int_equal(send(rig, 0, "A", "u", "i"), 0);
    assert_int_equal(send(rig, 1 * SECOND, "A", "v", "i"), 0);
    assert_int_equal(send(rig, 2 * SECOND, "A", "v", "i"), 0);
    assert_int_equal(send(rig, 3 * SECOND, "A", "", "i"), 0);
    assert_int_equal(send(rig, 4 * SECOND, "A", "w", "j"), 0);
    assert_int_equal(send(rig, 61 * SECOND, "B", "w", "i"), 0);
    assert_int_equal(send(rig, 61 * SECOND, "B", "x", "i"), 1);
    rig_free(rig);
}

static void temporal_wants_every_rule_in_any_order(void **state)
{
    struct rig *rig = rig_new(
            CORRELATION("type: temporal, rules: [a, b], group-by: [user], timespan: 1m"));

    (void)state;
    assert_int_equal(send(rig, 0, "B", "u", "i"), 0);
    assert_int_equal(send(rig, SECOND, "B", "u", "i"), 0);
    assert_int_equal(send(rig, SECOND, "A", "v", "i"), 0);
    assert_int_equal(send(rig, 2 * SECOND, "A", "u", "i"), 1);
    rig_free(rig);
}

static void temporal_ordered_wants_them_in_order(void **state)
{
    struct rig *rig = rig_new(
            CORRELATION("type: temporal_ordered, rules: [a, b], group-by: [user], timespan: 1m"));

    (void)state;
    assert_int_equal(send(rig, 0, "B", "u", "i"), 0);
    assert_int_equal(send(rig, 0, "A", "u", "i"), 0);
    assert_int_equal(send(rig, 2 * MINUTE, "B", "u", "i"), 0);
    /* Late, but before that B and close enough to it. */
    assert_int_equal(send(rig, MINUTE + 30 * SECOND, "A", "u", "i"), 1);
    rig_free(rig);
}

static void correlations_chain_and_base_rules_are_silent_unless_told(void **state)
{
    const char *chain = CORRELATION(
            "type: event_count, rules: [a], group-by: [user], timespan: 1m, condition: {gte: 2}") "---\ntitle: d\ncorrelation: {type: temporal_ordered, rules: [c, b], "
                                                                                                  "group-by: [client_ip], timespan: 5m}\n";
    struct rig *rig = rig_new(chain);

    (void)state;
    assert_int_equal(mln_rules_count(rig->rules), 1);
    (void)send(rig, 0, "A", "u", "i");
    assert_int_equal(send(rig, 1, "B", "u", "i"), 0);
    (void)send(rig, 2, "A", "u", "i");
    (void)send(rig, 3, "A", "u", "i");
    assert_int_equal(send(rig, 4, "B", "w", "j"), 0);
    assert_int_equal(send(rig, 4, "B", "w", "i"), 1);
    rig_free(rig);
    rig = rig_new(CORRELATION("type: event_count, rules: [a], timespan: 1m, condition: {gte: 2}, "
                              "generate: true"));
    assert_int_equal(send(rig, 0, "A", "u", "i"), 1);
    assert_int_equal(send(rig, 0, "A", "u", "i"), 2);
    rig_free(rig);
}

static void aliases_group_by_different_fields(void **state)
{
    struct rig *rig = rig_new(
            CORRELATION("type: temporal, rules: [a, b], timespan: 1m, group-by: [who], "
                        "aliases: {who: {a: user, b: client_ip}}"));

    (void)state;
    assert_int_equal(send(rig, 0, "A", "x", "i"), 0);
    assert_int_equal(send(rig, 0, "B", "x", "y"), 0);
    assert_int_equal(send(rig, 0, "B", "y", "x"), 1);
    rig_free(rig);
}

static void a_count_may_have_an_upper_bound(void **state)
{
    struct rig *rig = rig_new(CORRELATION("type: event_count, rules: [a], timespan: 1m, "
                                          "condition: {gte: 2, lt: 4, neq: 3}"));

    (void)state;
    assert_int_equal(send(rig, 0, "A", "u", "i"), 0);
    assert_int_equal(send(rig, 1, "A", "u", "i"), 1);
    assert_int_equal(send(rig, 5 * MINUTE, "A", "u", "i"), 0);
    rig_free(rig);
}

static void a_killed_detector_goes_on_where_it_was(void **state)
{
    (void)state;
    for (int at = 0; at < 6; at++) {
        struct rig *one = rig_new(COUNT3), *two = rig_new(COUNT3);

        for (int i = 0; i < 6; i++) {
            struct rig *rig = i < at ? one : two;

            if (i == at) {
                save(one);
                load(two, one);
            }
            (void)send(rig, i * 10 * SECOND, "A", "u", "i");
        }
        assert_int_equal(one->alarms + two->alarms, 1);
        save(one);
        assert_int_equal(one->kept_count, 0);
        rig_free(one);
        rig_free(two);
    }
}

static void damaged_state_is_refused_and_foreign_state_ignored(void **state)
{
    struct rig *rig = rig_new(COUNT3), *other = rig_new(COUNT3);
    const struct state_kept *kept = &rig->kept[0];
    struct mln_err err;
    char bytes[STATE_MAX];

    (void)state;
    (void)send(rig, 0, "A", "u", "i");
    (void)send(rig, 1, "A", "u", "i");
    save(rig);
    assert_int_equal(rig->kept_count, 1);
    for (size_t i = 0; i < kept->state_len; i++) {
        memcpy(bytes, kept->state, kept->state_len);
        bytes[i] ^= 1;
        FAILS(mln_engine_restore(other->engine, kept->rule_id,
                      (struct mln_str){ kept->key, kept->key_len },
                      (struct mln_str){ bytes, kept->state_len }, &err),
                MLN_ECORRUPT, &err, "damaged");
        FAILS(mln_engine_restore(other->engine, kept->rule_id,
                      (struct mln_str){ kept->key, kept->key_len },
                      (struct mln_str){ kept->state, i }, &err),
                MLN_ECORRUPT, &err, "damaged");
    }
    OK(mln_engine_restore(other->engine, 4711, (struct mln_str){ kept->key, kept->key_len },
               (struct mln_str){ bytes, 3 }, &err),
            &err);
    assert_int_equal(send(other, 2, "A", "u", "i"), 0);
    rig_free(rig);
    rig_free(other);
}

static void windows_that_are_over_are_given_up(void **state)
{
    struct rig *rig = rig_new(COUNT3);

    (void)state;
    (void)send(rig, 0, "A", "u", "i");
    save(rig);
    assert_int_equal(rig->kept_count, 1);
    (void)send(rig, 23 * 60 * MINUTE, "A", "v", "i"); /* A log may lag a day behind another. */
    save(rig);
    assert_int_equal(rig->kept_count, 1);
    assert_int_equal(rig->gone_count, 0);
    (void)send(rig, 25 * 60 * MINUTE, "A", "v", "i");
    save(rig);
    assert_int_equal(rig->kept_count, 1);
    assert_int_equal(rig->gone_count, 1);
    save(rig);
    assert_int_equal(rig->kept_count + rig->gone_count, 0);
    rig_free(rig);
}

static void a_reset_forgets(void **state)
{
    struct rig *rig = rig_new(COUNT3);

    (void)state;
    (void)send(rig, 0, "A", "u", "i");
    (void)send(rig, 1, "A", "u", "i");
    mln_engine_reset(rig->engine);
    assert_int_equal(send(rig, 2, "A", "u", "i"), 0);
    save(rig);
    assert_int_equal(rig->kept_count, 1);
    rig_free(rig);
}

static void a_record_from_the_future_spoils_no_window(void **state)
{
    struct rig *rig = rig_new(COUNT3);
    int64_t future = one_rule_now_ms - NOON + 2 * MLN_MS_PER_DAY;
    struct mln_engine_stats stats;

    (void)state;
    (void)send(rig, 0, "A", "u", "i");
    (void)send(rig, 1, "A", "u", "i");
    (void)send(rig, future, "A", "u", "i");
    assert_int_equal(send(rig, 2, "A", "u", "i"), 1);
    (void)send(rig, -MLN_LATENESS_MS, "B", "u", "i");
    mln_engine_stats(rig->engine, &stats);
    assert_int_equal(stats.future, 1);
    assert_int_equal(stats.late, 1);
    rig_free(rig);
}

static void an_older_second_file_has_windows_of_its_own(void **state)
{
    struct rig *rig = rig_new(COUNT3);

    (void)state;
    (void)send(rig, 0, "A", "v", "i");
    for (int i = 0; i < 3; i++) {
        assert_int_equal(send(rig, -MLN_MS_PER_DAY + i, "A", "u", "i"), i == 2);
        save(rig);
    }
    rig_free(rig);
}

static void windows_are_capped_and_evictions_counted(void **state)
{
    struct rig *rig = rig_new(COUNT3);
    struct mln_engine_stats stats;

    (void)state;
    (void)send(rig, 0, "A", "first", "i");
    for (size_t i = 0; i < MLN_WINDOWS_MAX; i++) {
        char user[32];

        (void)snprintf(user, sizeof(user), "u%zu", i);
        (void)send(rig, 1, "A", user, "i");
    }
    mln_engine_stats(rig->engine, &stats);
    assert_int_equal(stats.evicted_windows, 1);
    (void)send(rig, 2, "A", "first", "i");
    assert_int_equal(send(rig, 3, "A", "first", "i"), 0);
    rig_free(rig);
}

static void a_single_rule_may_be_muted_too(void **state)
{
    struct rig *rig = rig_new("title: t\nlogsource: {category: database_audit}\n"
                              "detection: {s: {op: A}, condition: s}\n"
                              "x-risk: {rule_id: 100001, key: K, category_id: 101, category: c, "
                              "category_zh: d, name_zh: e, mute: 10m}\n");

    (void)state;
    assert_int_equal(send(rig, 0, "A", "u", "i"), 1);
    assert_int_equal(send(rig, 9 * MINUTE, "A", "u", "i"), 0);
    assert_int_equal(send(rig, 9 * MINUTE, "A", "u", "j"), 1);
    assert_int_equal(send(rig, 10 * MINUTE, "A", "u", "i"), 1);
    rig_free(rig);
}

static int refuse_alarm(void *ctx, const struct mln_alarm *alarm, struct mln_err *err)
{
    (void)ctx;
    (void)alarm;
    return mln_fail(err, MLN_EIO, "the store is full");
}

static void an_error_of_the_receiver_is_passed_on(void **state)
{
    struct mln_audit_event event = {
        .time_ms = NOON, .kind = MLN_EVENT_QUERY, .engine = MLN_STR("mariadb"), .op = MLN_STR("A")
    };
    struct mln_engine *engine;
    struct mln_rules *rules;
    struct mln_err err;

    (void)state;
    OK(compile_text("title: t\nlogsource: {category: database_audit}\n"
                    "detection: {s: {op: A}, condition: s}\n",
               false, &rules, &err),
            &err);
    OK(mln_engine_new(rules, &one_rule_clock, refuse_alarm, NULL, &engine, &err), &err);
    FAILS(mln_engine_event(engine, &event, &err), MLN_EIO, &err, "the store is full");
    mln_engine_free(engine);
    mln_rules_free(rules);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(counts_slide_over_event_time),
        cmocka_unit_test(an_alarm_mutes_its_key_for_a_while),
        cmocka_unit_test(the_order_of_arrival_does_not_matter),
        cmocka_unit_test(an_event_without_its_group_field_does_not_count),
        cmocka_unit_test(values_are_counted_once),
        cmocka_unit_test(temporal_wants_every_rule_in_any_order),
        cmocka_unit_test(temporal_ordered_wants_them_in_order),
        cmocka_unit_test(correlations_chain_and_base_rules_are_silent_unless_told),
        cmocka_unit_test(aliases_group_by_different_fields),
        cmocka_unit_test(a_count_may_have_an_upper_bound),
        cmocka_unit_test(a_killed_detector_goes_on_where_it_was),
        cmocka_unit_test(damaged_state_is_refused_and_foreign_state_ignored),
        cmocka_unit_test(windows_that_are_over_are_given_up),
        cmocka_unit_test(a_reset_forgets),
        cmocka_unit_test(a_record_from_the_future_spoils_no_window),
        cmocka_unit_test(an_older_second_file_has_windows_of_its_own),
        cmocka_unit_test(windows_are_capped_and_evictions_counted),
        cmocka_unit_test(a_single_rule_may_be_muted_too),
        cmocka_unit_test(an_error_of_the_receiver_is_passed_on),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
