/*
 * Risk events, as the product decides them: listing, showing, summing up and handling. Front ends
 * call this and never the store. Every function works on one account.
 */
#pragma once

#include "base/clock.h"
#include "base/str.h"

struct mln_store;

enum mln_lang { MLN_LANG_EN, MLN_LANG_ZH };

#define MLN_RISK_ID_MAX        (((int64_t)1 << 53) - 1) /* Scripts hold a RiskId in a double. */
#define MLN_HANDLE_DETAIL_MAX  ((size_t)500)            /* Characters, not bytes. */
#define MLN_RISK_PAGE_SIZE_MAX 100

enum mln_risk_status { MLN_RISK_UNPROCESSED, MLN_RISK_PROCESSED, MLN_RISK_ANY };

/* One risk event, with its names in the language asked for. Views live during the callback. */
struct mln_risk_event {
    int64_t risk_id, rule_id, category_id;
    struct mln_str rule_name, category_name, level_name, product, alarm_source, alert_frequency;
    int level; /* 1 low, 2 medium, 3 high */
    int64_t alarm_count, instance_count, client_ip_count, user_count;
    bool instances_capped, client_ips_capped, users_capped; /* "10000+" in our own front ends */
    int64_t first_alarm_ms, last_alarm_ms, handled_ms;
    bool processed;
    bool rule_replaced; /* A user's file stands in for the built-in rule. */
};
typedef int mln_risk_event_fn(void *ctx, const struct mln_risk_event *event, struct mln_err *err);

struct mln_risk_query {
    struct mln_str account_id;
    enum mln_risk_status status;
    enum mln_lang lang;
    int level;              /* 0: any */
    struct mln_str product; /* empty: any */
    int64_t rule_id;        /* 0: any */
    int64_t since_ms, until_ms;
    int64_t page, page_size; /* from 1; 1..MLN_RISK_PAGE_SIZE_MAX */
};

/* One page in a stable order (newest RiskId first) and the number of matches, from one state of the
 * store. */
MLN_MUST_USE int mln_risk_list(struct mln_store *store, const struct mln_risk_query *query,
        int64_t *total, mln_risk_event_fn *fn, void *ctx, struct mln_err *err);

/* One event with its members, samples and handlings, for `risk show`. MLN_ENOTFOUND. */
struct mln_risk_details {
    mln_risk_event_fn *event;
    int (*member)(void *ctx, const char *kind, struct mln_str value, struct mln_err *err);
    int (*sample)(void *ctx, int64_t alarm_ms, struct mln_str who, struct mln_str statement,
            struct mln_err *err);
    int (*handling)(void *ctx, int64_t handled_ms, struct mln_str who, struct mln_str detail,
            struct mln_err *err);
    void *ctx;
};
MLN_MUST_USE int mln_risk_show(struct mln_store *store, struct mln_str account_id, int64_t risk_id,
        enum mln_lang lang, const struct mln_risk_details *sinks, struct mln_err *err);

/* "High Risk", "Medium Risk", "Low Risk" and their Chinese; for 1..3. */
const char *mln_risk_level_name(int level, enum mln_lang lang);

/*
 * Is `detail` fit to be recorded: UTF-8, 1..500 characters, not blank, no control characters?
 * MLN_EINVAL with the reason.
 */
MLN_MUST_USE int mln_risk_check_detail(struct mln_str detail, struct mln_err *err);

struct mln_risk_handling {
    struct mln_str account_id;
    int64_t risk_id;
    int64_t method;                                  /* 0: the only one today */
    struct mln_str type, detail;                     /* "Manual" */
    struct mln_str user_name, request_id, source_ip; /* who and through what, for the trail */
};

/*
 * Closes an open event and records it in the audit trail, in one transaction. MLN_EINVAL (id,
 * detail), MLN_ENOTFOUND (no such event in this account), MLN_EEXIST (already processed),
 * MLN_ETRANSIENT.
 */
MLN_MUST_USE int mln_risk_handle(struct mln_store *store, const struct mln_clock *clock,
        const struct mln_risk_handling *handling, struct mln_err *err);
