/*
 * Fills a store with risk events as years of detection leave them: some open, most handled, over
 * 200 rules and 10 products.
 *
 *     fill_store STORE_URL ACCOUNT EVENTS [OPEN]
 */
#include <stdio.h>

#include "store/store.h"

#define RULES       200
#define PRODUCTS    10
#define BATCH       10000
#define FIRST_RULE  900001
#define FIRST_ALARM ((int64_t)1700000000000)

static struct mln_err err;

static void must(int rc)
{
    if (rc == MLN_OK)
        return;
    (void)fprintf(stderr, "fill_store: %s\n", err.msg);
    exit(1);
}

static void put_rules(struct mln_store *store)
{
    for (int i = 0; i < RULES; i++) {
        char en[64], zh[64];
        struct mln_rule_row row = {
            .rule_id = FIRST_RULE + i,
            .category_id = 100 + i % 20,
            .category_en = MLN_STR("Suspected SQL Injection"),
            .category_zh = MLN_STR("疑似SQL注入"),
            .alert_frequency = MLN_STR("1/day"),
            .level = 1 + i % 3,
        };

        (void)snprintf(en, sizeof(en), "Statement of the suspicious kind %d", i);
        (void)snprintf(zh, sizeof(zh), "可疑语句第%d类", i);
        row.name_en = mln_str_of(en);
        row.name_zh = mln_str_of(zh);
        must(mln_store_rule_put(store, &row, &err));
    }
}

static void add_event(struct mln_store *store, struct mln_str account, int64_t i, bool handle)
{
    char product[16], client[32];
    struct mln_alarm_fold fold = {
        .account_id = account,
        .rule_id = FIRST_RULE + i % RULES,
        .alarm_count = 1 + i % 900,
        .first_alarm_ms = FIRST_ALARM + i * 1000,
        .last_alarm_ms = FIRST_ALARM + i * 1000 + 86400000,
    };
    struct mln_handling_row handling = {
        .account_id = account,
        .handled_ms = fold.last_alarm_ms + 1,
        .type = MLN_STR("Manual"),
        .detail = MLN_STR("Confirmed as false positive"),
        .user_name = MLN_STR("admin"),
        .request_id = MLN_STR("C34D813F-A234-5D66-842D-504D84D5C680"),
    };

    (void)snprintf(product, sizeof(product), "RDS%d", (int)(i / RULES % PRODUCTS));
    (void)snprintf(client, sizeof(client), "10.%d.%d.%d", (int)(i >> 16 & 255), (int)(i >> 8 & 255),
            (int)(i & 255));
    fold.product = mln_str_of(product);
    must(mln_store_risk_event_fold(store, &fold, &handling.risk_id, &err));
    must(mln_store_risk_member_add(
            store, handling.risk_id, MLN_MEMBER_CLIENT_IP, mln_str_of(client), &err));
    if (handle)
        must(mln_store_handling_add(store, &handling, &err));
}

int main(int argc, char **argv)
{
    const struct mln_store_options options = { .mode = MLN_STORE_WRITE };
    struct mln_store *store = NULL;
    struct mln_str account;
    int64_t events, open_events = RULES * PRODUCTS;

    if (argc < 4) {
        (void)fprintf(stderr, "usage: fill_store STORE_URL ACCOUNT EVENTS [OPEN]\n");
        return 2;
    }
    account = mln_str_of(argv[2]);
    events = strtoll(argv[3], NULL, 10);
    if (argc > 4 && strtoll(argv[4], NULL, 10) < open_events)
        open_events = strtoll(argv[4], NULL, 10);
    must(mln_store_open(argv[1], &options, &store, &err));
    for (int64_t i = 0; i < events; i++) {
        if (i % BATCH == 0)
            must(mln_store_begin(store, &err));
        if (i == 0)
            put_rules(store);
        add_event(store, account, i, i < events - open_events);
        if (i % BATCH == BATCH - 1 || i == events - 1)
            must(mln_store_commit(store, &err));
    }
    mln_store_close(store);
    return 0;
}
