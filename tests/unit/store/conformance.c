/* The fixture and the rows in short, and the list of the suite's parts. */
#include "conformance.h"

#include <stdio.h>

static const struct store_factory *factory;

int open_fixture(void **state)
{
    const struct mln_store_options options = { .mode = MLN_STORE_CREATE, .busy_timeout_ms = 2000 };
    struct fixture *fixture = calloc(1, sizeof(*fixture));
    struct mln_err err;

    assert_non_null(fixture);
    (void)snprintf(fixture->url, sizeof(fixture->url), "%s", factory->fresh_url(factory->ctx));
    OK(mln_store_open(fixture->url, &options, &fixture->store, &err), &err);
    *state = fixture;
    return 0;
}

int close_fixture(void **state)
{
    struct fixture *fixture = *state;

    mln_store_close(fixture->store);
    free(fixture);
    return 0;
}

struct mln_store *second_connection(const struct fixture *fixture, enum mln_store_mode mode)
{
    const struct mln_store_options options = { .mode = mode, .busy_timeout_ms = 50 };
    struct mln_store *store = NULL;
    struct mln_err err;

    OK(mln_store_open(fixture->url, &options, &store, &err), &err);
    return store;
}

void put_rule(struct mln_store *store, int64_t rule_id, int level)
{
    const struct mln_rule_row row = {
        .rule_id = rule_id,
        .category_id = 7,
        .name_en = MLN_STR("dump"),
        .name_zh = MLN_STR("\xe5\xaf\xbc\xe5\x87\xba"),
        .category_en = MLN_STR("Database Dump Attack"),
        .category_zh = MLN_STR("\xe6\x8b\x96\xe5\xba\x93"),
        .alert_frequency = MLN_STR("1/day"),
        .level = level,
    };
    struct mln_err err;

    OK(mln_store_rule_put(store, &row, &err), &err);
}

int64_t fold(struct mln_store *store, struct mln_str account_id, int64_t rule_id,
        struct mln_str product, int64_t alarms)
{
    const struct mln_alarm_fold row = {
        .account_id = account_id,
        .product = product,
        .rule_id = rule_id,
        .alarm_count = alarms,
        .first_alarm_ms = 1000,
        .last_alarm_ms = 2000,
    };
    int64_t risk_id = -1;
    struct mln_err err;

    OK(mln_store_risk_event_fold(store, &row, &risk_id, &err), &err);
    return risk_id;
}

void handle(struct mln_store *store, struct mln_str account_id, int64_t risk_id)
{
    const struct mln_handling_row row = {
        .account_id = account_id,
        .risk_id = risk_id,
        .handled_ms = 5000,
        .type = MLN_STR("Manual"),
        .detail = MLN_STR("fine"),
        .user_name = MLN_STR("alice"),
        .request_id = MLN_STR("R-1"),
    };
    struct mln_err err;

    OK(mln_store_handling_add(store, &row, &err), &err);
}

static int ignore_event(void *ctx, const struct mln_risk_event_row *row, struct mln_err *err)
{
    (void)ctx;
    (void)row;
    (void)err;
    return MLN_OK;
}

int64_t total(struct mln_store *store, struct mln_str account_id,
        const struct mln_risk_event_filter *filter)
{
    struct mln_risk_event_filter paged = *filter;
    int64_t count = -1;
    struct mln_err err;

    paged.limit = 1;
    OK(mln_store_risk_event_list(store, account_id, &paged, &count, ignore_event, NULL, &err),
            &err);
    return count;
}

int run_conformance(const char *engine_name, const struct store_factory *engine_factory)
{
    int failures;

    factory = engine_factory;
    (void)printf("# conformance of %s\n", engine_name);
    failures = run_transaction_tests();
    failures += run_iam_tests();
    failures += run_event_tests();
    failures += run_detector_tests();
    failures += run_check_tests();
    return failures;
}
