/*
 * Writes to a store what a busy detector writes, one commit a second, until it is killed: alarms
 * into open events with members and samples, windows, an offset, the epoch.
 *
 *     detector_writes STORE_URL ACCOUNT
 */
#include <stdio.h>

#include "store/store.h"

#define FOLDS      20
#define MEMBERS    10
#define WINDOWS    200
#define FIRST_RULE 900001

static struct mln_err err;

static void must(int rc)
{
    if (rc == MLN_OK)
        return;
    (void)fprintf(stderr, "detector_writes: %s\n", err.msg);
    exit(1);
}

static void fold(struct mln_store *store, struct mln_str account, int64_t round, int i)
{
    const struct mln_sample_row sample = {
        .alarm_ms = round,
        .instance = MLN_STR("vm"),
        .client_ip = MLN_STR("10.0.0.1"),
        .user = MLN_STR("shop_app"),
        .database = MLN_STR("shop"),
        .statement = MLN_STR("SELECT name FROM customers WHERE id=1 OR 1=1"),
    };
    struct mln_alarm_fold alarms = {
        .account_id = account,
        .product = MLN_STR("RDS0"),
        .rule_id = FIRST_RULE + i,
        .alarm_count = 10,
        .first_alarm_ms = round,
        .last_alarm_ms = round + 1000,
    };
    int64_t risk_id;

    must(mln_store_risk_event_fold(store, &alarms, &risk_id, &err));
    for (int m = 0; m < MEMBERS; m++) {
        char client[64];

        (void)snprintf(client, sizeof(client), "%lld.%d", (long long)round, m);
        must(mln_store_risk_member_add(
                store, risk_id, MLN_MEMBER_CLIENT_IP, mln_str_of(client), &err));
    }
    must(mln_store_risk_sample_add(store, risk_id, &sample, &err));
}

static void commit_batch(struct mln_store *store, struct mln_str account, int64_t round)
{
    struct mln_offset_row offset = {
        .source_id = MLN_STR("file:1:2"),
        .head = MLN_STR("h"),
        .tail = MLN_STR("t"),
        .offset = round,
        .updated_ms = round,
    };
    int64_t epoch;

    must(mln_store_begin(store, &err));
    for (int i = 0; i < FOLDS; i++)
        fold(store, account, round, i);
    for (int i = 0; i < WINDOWS; i++) {
        char key[32];

        (void)snprintf(key, sizeof(key), "window-%d", i);
        must(mln_store_window_put(store, account, FIRST_RULE, mln_str_of(key),
                MLN_STR("0123456789012345678901234567890123456789"), &err));
    }
    must(mln_store_offset_put(store, account, &offset, &err));
    must(mln_store_epoch_get(store, account, &epoch, &err));
    must(mln_store_epoch_advance(store, account, epoch, &err));
    must(mln_store_commit(store, &err));
}

int main(int argc, char **argv)
{
    const struct mln_store_options options = { .mode = MLN_STORE_WRITE };
    struct mln_store *store = NULL;

    if (argc != 3) {
        (void)fprintf(stderr, "usage: detector_writes STORE_URL ACCOUNT\n");
        return 2;
    }
    must(mln_store_open(argv[1], &options, &store, &err));
    for (;;) {
        commit_batch(store, mln_str_of(argv[2]), mln_now_ms(mln_clock_system()));
        (void)sleep(1);
    }
}
