#include "base/utf8.h"
#include "risk/risk.h"
#include "store/store.h"

/* clang-format off */
static const char *const level_names[][2] = {
    { "",            "" },
    { "Low Risk",    "低风险" },
    { "Medium Risk", "中风险" },
    { "High Risk",   "高风险" },
};
/* clang-format on */

const char *mln_risk_level_name(int level, enum mln_lang lang)
{
    bool known = level >= 1 && level < (int)MLN_LEN(level_names);

    return level_names[known ? level : 0][lang == MLN_LANG_ZH];
}

struct event_sink {
    enum mln_lang lang;
    mln_risk_event_fn *fn;
    void *ctx;
};

static int give_event(void *ctx, const struct mln_risk_event_row *row, struct mln_err *err)
{
    const struct event_sink *sink = ctx;
    bool zh = sink->lang == MLN_LANG_ZH;
    const struct mln_risk_event event = {
        .risk_id = row->risk_id,
        .rule_id = row->rule.rule_id,
        .category_id = row->rule.category_id,
        .rule_name = zh ? row->rule.name_zh : row->rule.name_en,
        .category_name = zh ? row->rule.category_zh : row->rule.category_en,
        .level_name = mln_str_of(mln_risk_level_name(row->rule.level, sink->lang)),
        .product = row->product,
        .alarm_source = MLN_STR("Merlon"),
        .alert_frequency = row->rule.alert_frequency,
        .level = row->rule.level,
        .alarm_count = row->alarm_count,
        .instance_count = row->member_count[MLN_MEMBER_INSTANCE],
        .client_ip_count = row->member_count[MLN_MEMBER_CLIENT_IP],
        .user_count = row->member_count[MLN_MEMBER_USER],
        .instances_capped = row->member_capped[MLN_MEMBER_INSTANCE],
        .client_ips_capped = row->member_capped[MLN_MEMBER_CLIENT_IP],
        .users_capped = row->member_capped[MLN_MEMBER_USER],
        .first_alarm_ms = row->first_alarm_ms,
        .last_alarm_ms = row->last_alarm_ms,
        .handled_ms = row->handled_ms,
        .processed = row->status == MLN_PROCESSED,
        .rule_replaced = row->rule.replaced,
    };

    return sink->fn(sink->ctx, &event, err);
}

int mln_risk_list(struct mln_store *store, const struct mln_risk_query *query, int64_t *total,
        mln_risk_event_fn *fn, void *ctx, struct mln_err *err)
{
    struct event_sink sink = { query->lang, fn, ctx };
    struct mln_risk_event_filter filter = {
        .status = query->status == MLN_RISK_PROCESSED ? MLN_PROCESSED : MLN_UNPROCESSED,
        .any_status = query->status == MLN_RISK_ANY,
        .level = query->level,
        .product = query->product,
        .rule_id = query->rule_id,
        .since_ms = query->since_ms,
        .until_ms = query->until_ms,
        .limit = query->page_size,
    };

    if (query->page < 1 || query->page_size < 1 || query->page_size > MLN_RISK_PAGE_SIZE_MAX)
        return mln_fail(err, MLN_EINVAL, "a page counts from 1 and holds 1 to %d events",
                MLN_RISK_PAGE_SIZE_MAX);
    if (__builtin_mul_overflow(query->page - 1, query->page_size, &filter.offset))
        filter.offset = INT64_MAX;
    return mln_store_risk_event_list(
            store, query->account_id, &filter, total, give_event, &sink, err);
}

struct detail_sink {
    const struct mln_risk_details *to;
};

static int give_member(
        void *ctx, enum mln_member_kind kind, struct mln_str value, struct mln_err *err)
{
    static const char *const names[MLN_MEMBER_KINDS] = { "instance", "client_ip", "user" };
    const struct detail_sink *sink = ctx;

    return sink->to->member(sink->to->ctx, names[kind], value, err);
}

static int give_sample(void *ctx, const struct mln_sample_row *row, struct mln_err *err)
{
    MLN_AUTO(mln_buf_free) struct mln_buf who = MLN_BUF_INIT(4096);
    const struct detail_sink *sink = ctx;

    mln_buf_addf(&who, "%.*s@%.*s", MLN_FMT(row->user), MLN_FMT(row->client_ip));
    if (row->database.len > 0)
        mln_buf_addf(&who, "/%.*s", MLN_FMT(row->database));
    return sink->to->sample(sink->to->ctx, row->alarm_ms, mln_buf_str(&who), row->statement, err);
}

static int give_handling(void *ctx, const struct mln_handling_row *row, struct mln_err *err)
{
    const struct detail_sink *sink = ctx;

    return sink->to->handling(sink->to->ctx, row->handled_ms, row->user_name, row->detail, err);
}

#define SHOWN_MEMBERS_MAX 100

int mln_risk_show(struct mln_store *store, struct mln_str account_id, int64_t risk_id,
        enum mln_lang lang, const struct mln_risk_details *sinks, struct mln_err *err)
{
    struct event_sink event = { lang, sinks->event, sinks->ctx };
    struct detail_sink detail = { sinks };
    int rc = mln_store_begin_read(store, err);

    if (rc != MLN_OK)
        return rc;
    rc = mln_store_risk_event_get(store, account_id, risk_id, give_event, &event, err);
    if (rc == MLN_OK)
        rc = mln_store_risk_member_list(
                store, risk_id, SHOWN_MEMBERS_MAX, give_member, &detail, err);
    if (rc == MLN_OK)
        rc = mln_store_risk_sample_list(store, risk_id, give_sample, &detail, err);
    if (rc == MLN_OK)
        rc = mln_store_handling_list(store, account_id, risk_id, give_handling, &detail, err);
    mln_store_rollback(store); /* Nothing was written. */
    return rc;
}

int mln_risk_check_detail(struct mln_str detail, struct mln_err *err)
{
    if (!mln_utf8_valid(detail))
        return mln_fail(err, MLN_EINVAL, "the detail is not UTF-8");
    if (mln_str_trim(detail).len == 0)
        return mln_fail(err, MLN_EINVAL, "the detail is empty: say what was decided");
    if (mln_utf8_count(detail) > MLN_HANDLE_DETAIL_MAX)
        return mln_fail(
                err, MLN_EINVAL, "the detail is longer than %zu characters", MLN_HANDLE_DETAIL_MAX);
    if (mln_utf8_has_control(detail))
        return mln_fail(
                err, MLN_EINVAL, "the detail holds a control character (a line break or the like)");
    return MLN_OK;
}

static int record_handling(struct mln_store *store, const struct mln_risk_handling *h,
        int64_t now_ms, struct mln_err *err)
{
    const struct mln_handling_row row = {
        .account_id = h->account_id,
        .risk_id = h->risk_id,
        .handled_ms = now_ms,
        .method = h->method,
        .type = h->type,
        .detail = h->detail,
        .user_name = h->user_name,
        .request_id = h->request_id,
    };
    MLN_AUTO(mln_buf_free) struct mln_buf detail = MLN_BUF_INIT(64);
    struct mln_audit_row audit = {
        .time_ms = now_ms,
        .account_id = h->account_id,
        .user_name = h->user_name,
        .action = MLN_STR("HandleRiskEvent"),
        .outcome = MLN_STR("ok"),
        .request_id = h->request_id,
        .source_ip = h->source_ip,
    };
    int rc = mln_store_handling_add(store, &row, err);

    if (rc != MLN_OK)
        return rc;
    mln_buf_addf(&detail, "RiskId=%lld", (long long)h->risk_id);
    audit.detail = mln_buf_str(&detail);
    return mln_store_audit_add(store, &audit, err);
}

int mln_risk_handle(struct mln_store *store, const struct mln_clock *clock,
        const struct mln_risk_handling *handling, struct mln_err *err)
{
    int rc = mln_risk_check_detail(handling->detail, err);

    if (rc == MLN_OK && (handling->risk_id < 1 || handling->risk_id > MLN_RISK_ID_MAX))
        rc = mln_fail(err, MLN_EINVAL, "a RiskId is a number from 1 to 2^53-1");
    if (rc == MLN_OK)
        rc = mln_store_begin(store, err);
    if (rc != MLN_OK)
        return rc;
    rc = record_handling(store, handling, mln_now_ms(clock), err);
    if (rc == MLN_OK)
        rc = mln_store_commit(store, err);
    if (rc != MLN_OK)
        mln_store_rollback(store);
    return rc;
}
