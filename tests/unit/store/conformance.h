/*
 * The promise that every engine keeps, written against store.h alone. An engine's test program
 * gives a factory of fresh places for a store, and runs the suite with it.
 */
#pragma once

#include "store/store.h"
#include "test.h"

struct store_factory {
    /* Points `url` to a place where no store is yet; valid until the next call. */
    const char *(*fresh_url)(void *ctx);
    void *ctx;
};

/* Runs every test of the suite; the number of failures. */
int run_conformance(const char *engine_name, const struct store_factory *factory);

/* ---- for the files of the suite ---- */

/* What each test gets as its state. */
struct fixture {
    struct mln_store *store;
    char url[4096];
};

int open_fixture(void **state);
int close_fixture(void **state);

/* A second connection to the fixture's store, with a short busy time-out. */
struct mln_store *second_connection(const struct fixture *fixture, enum mln_store_mode mode);

#define STORE_TEST(function) cmocka_unit_test_setup_teardown(function, open_fixture, close_fixture)

#define ACCOUNT MLN_STR("1234567890123456")
#define OTHER   MLN_STR("6543210987654321")

int run_iam_tests(void);
int run_event_tests(void);
int run_detector_tests(void);
int run_check_tests(void);
int run_transaction_tests(void);

/* Rows in short. */
void put_rule(struct mln_store *store, int64_t rule_id, int level);
int64_t fold(struct mln_store *store, struct mln_str account_id, int64_t rule_id,
        struct mln_str product, int64_t alarms);
void handle(struct mln_store *store, struct mln_str account_id, int64_t risk_id);
int64_t total(struct mln_store *store, struct mln_str account_id,
        const struct mln_risk_event_filter *filter);
