/* What a detector adds to risk events: alarms, distinct members, the first samples. */
#include "store/counter.h"
#include "store/engine.h"

/* 1: folded into the open event; 0: there is none. */
static int fold_into_open(struct mln_store *store, const struct mln_alarm_fold *fold,
        int64_t *risk_id, struct mln_err *err)
{
    MLN_AUTO(mln_query_close) struct mln_query query = { 0 };
    int rc;

    mln_query_open(&query, store, STMT_EVENT_FOLD);
    mln_query_text(&query, fold->account_id);
    mln_query_i64(&query, fold->rule_id);
    mln_query_text(&query, fold->product);
    mln_query_i64(&query, fold->alarm_count);
    mln_query_i64(&query, fold->first_alarm_ms);
    mln_query_i64(&query, fold->last_alarm_ms);
    rc = mln_query_next(&query, err);
    if (rc <= 0)
        return rc;
    *risk_id = mln_query_get_i64(&query, 0);
    rc = mln_query_write(&query, NULL, err);
    return rc < 0 ? rc : 1;
}

static int open_event(struct mln_store *store, const struct mln_alarm_fold *fold, int64_t *risk_id,
        struct mln_err *err)
{
    MLN_AUTO(mln_query_close) struct mln_query query = { 0 };
    struct mln_counter counter = {
        .account_id = fold->account_id,
        .status = MLN_UNPROCESSED,
        .product = fold->product,
    };
    int rc;

    mln_query_open(&query, store, STMT_EVENT_OPEN);
    mln_query_text(&query, fold->account_id);
    mln_query_i64(&query, fold->rule_id);
    mln_query_text(&query, fold->product);
    mln_query_i64(&query, fold->alarm_count);
    mln_query_i64(&query, fold->first_alarm_ms);
    mln_query_i64(&query, fold->last_alarm_ms);
    rc = mln_query_next(&query, err);
    if (rc == 0)
        return mln_fail(err, MLN_ENOTFOUND, "there is no rule %lld", (long long)fold->rule_id);
    if (rc < 0)
        return rc;
    *risk_id = mln_query_get_i64(&query, 0);
    counter.level = mln_query_get_i64(&query, 1);
    rc = mln_query_write(&query, NULL, err);
    if (rc < 0)
        return rc;
    return mln_counter_add(store, &counter, err);
}

int mln_store_risk_event_fold(struct mln_store *store, const struct mln_alarm_fold *fold,
        int64_t *risk_id, struct mln_err *err)
{
    int64_t folded = 0;
    bool own;
    int rc;

    if (fold->alarm_count < 1 || fold->first_alarm_ms > fold->last_alarm_ms)
        return mln_fail(err, MLN_EINVAL, "alarms to fold are at least one, first before last");
    rc = mln_write_enter(store, &own, err);
    if (rc < 0)
        return rc;
    rc = fold_into_open(store, fold, &folded, err);
    if (rc == 0)
        rc = open_event(store, fold, &folded, err);
    rc = mln_write_leave(store, own, rc < 0 ? rc : MLN_OK, err);
    if (rc == MLN_OK)
        *risk_id = folded;
    return rc;
}

static int no_event(int64_t risk_id, struct mln_err *err)
{
    return mln_fail(err, MLN_ENOTFOUND, "there is no risk event %lld", (long long)risk_id);
}

struct member_state {
    int64_t count;
    bool capped, present;
};

static int look_at_member(struct mln_store *store, int64_t risk_id, enum mln_member_kind kind,
        struct mln_str value, struct member_state *out, struct mln_err *err)
{
    MLN_AUTO(mln_query_close) struct mln_query query = { 0 };
    int rc;

    mln_query_open(&query, store, STMT_MEMBER_LOOK);
    mln_query_i64(&query, risk_id);
    mln_query_i64(&query, (int64_t)kind);
    mln_query_bytes(&query, value);
    rc = mln_query_next(&query, err);
    if (rc == 0)
        return no_event(risk_id, err);
    if (rc < 0)
        return rc;
    out->count = mln_query_get_i64(&query, 0);
    out->capped = mln_query_get_i64(&query, 1) != 0;
    out->present = mln_query_get_i64(&query, 2) != 0;
    return MLN_OK;
}

/* COUNT and CAP: they take the event and the kind. */
static int touch_event(struct mln_store *store, enum mln_statement statement, int64_t risk_id,
        enum mln_member_kind kind, struct mln_err *err)
{
    MLN_AUTO(mln_query_close) struct mln_query query = { 0 };

    mln_query_open(&query, store, statement);
    mln_query_i64(&query, risk_id);
    mln_query_i64(&query, (int64_t)kind);
    return mln_query_write(&query, NULL, err);
}

static int insert_member(struct mln_store *store, int64_t risk_id, enum mln_member_kind kind,
        struct mln_str value, struct mln_err *err)
{
    MLN_AUTO(mln_query_close) struct mln_query query = { 0 };
    int rc;

    mln_query_open(&query, store, STMT_MEMBER_ADD);
    mln_query_i64(&query, risk_id);
    mln_query_i64(&query, (int64_t)kind);
    mln_query_bytes(&query, value);
    rc = mln_query_write(&query, NULL, err);
    if (rc < 0)
        return rc;
    return touch_event(store, STMT_MEMBER_COUNT, risk_id, kind, err);
}

int mln_store_risk_member_add(struct mln_store *store, int64_t risk_id, enum mln_member_kind kind,
        struct mln_str value, struct mln_err *err)
{
    struct member_state state;
    bool own;
    int rc = mln_write_enter(store, &own, err);

    if (rc < 0)
        return rc;
    rc = look_at_member(store, risk_id, kind, value, &state, err);
    if (rc == MLN_OK && !state.present && state.count < MLN_MEMBERS_MAX)
        rc = insert_member(store, risk_id, kind, value, err);
    else if (rc == MLN_OK && !state.present && !state.capped)
        rc = touch_event(store, STMT_MEMBER_CAP, risk_id, kind, err);
    return mln_write_leave(store, own, rc, err);
}

int mln_store_risk_member_list(struct mln_store *store, int64_t risk_id, int64_t limit,
        mln_member_row_fn *fn, void *ctx, struct mln_err *err)
{
    MLN_AUTO(mln_query_close) struct mln_query query = { 0 };
    int rc;

    if (limit < 0)
        return mln_fail(err, MLN_EINVAL, "a list has no negative size");
    mln_query_open(&query, store, STMT_MEMBER_LIST);
    mln_query_i64(&query, risk_id);
    mln_query_i64(&query, limit);
    while ((rc = mln_query_next(&query, err)) > 0) {
        int64_t kind = mln_query_get_i64(&query, 0);

        rc = fn(ctx, (enum mln_member_kind)kind, mln_query_get_str(&query, 1), err);
        if (rc != MLN_OK)
            return rc;
    }
    return rc;
}

static int event_exists(struct mln_store *store, int64_t risk_id, struct mln_err *err)
{
    MLN_AUTO(mln_query_close) struct mln_query query = { 0 };
    int rc;

    mln_query_open(&query, store, STMT_EVENT_EXISTS);
    mln_query_i64(&query, risk_id);
    rc = mln_query_next(&query, err);
    if (rc == 0)
        return no_event(risk_id, err);
    return rc < 0 ? rc : MLN_OK;
}

/* 1: room for a sample at `position`; 0: none, or no such event. */
static int reserve_sample(
        struct mln_store *store, int64_t risk_id, int64_t *position, struct mln_err *err)
{
    MLN_AUTO(mln_query_close) struct mln_query query = { 0 };
    int rc;

    mln_query_open(&query, store, STMT_SAMPLE_COUNT);
    mln_query_i64(&query, risk_id);
    mln_query_i64(&query, MLN_SAMPLES_MAX);
    rc = mln_query_next(&query, err);
    if (rc <= 0)
        return rc;
    *position = mln_query_get_i64(&query, 0);
    rc = mln_query_write(&query, NULL, err);
    return rc < 0 ? rc : 1;
}

static int insert_sample(struct mln_store *store, int64_t risk_id, int64_t position,
        const struct mln_sample_row *row, struct mln_err *err)
{
    MLN_AUTO(mln_query_close) struct mln_query query = { 0 };

    mln_query_open(&query, store, STMT_SAMPLE_ADD);
    mln_query_i64(&query, risk_id);
    mln_query_i64(&query, position);
    mln_query_i64(&query, row->alarm_ms);
    mln_query_bytes(&query, row->instance);
    mln_query_bytes(&query, row->client_ip);
    mln_query_bytes(&query, row->user);
    mln_query_bytes(&query, row->database);
    mln_query_bytes(&query, row->statement);
    return mln_query_write(&query, NULL, err);
}

int mln_store_risk_sample_add(struct mln_store *store, int64_t risk_id,
        const struct mln_sample_row *row, struct mln_err *err)
{
    int64_t position;
    bool own;
    int rc = mln_write_enter(store, &own, err);

    if (rc < 0)
        return rc;
    rc = reserve_sample(store, risk_id, &position, err);
    if (rc > 0)
        rc = insert_sample(store, risk_id, position, row, err);
    else if (rc == 0)
        rc = event_exists(store, risk_id, err);
    return mln_write_leave(store, own, rc, err);
}

int mln_store_risk_sample_list(struct mln_store *store, int64_t risk_id, mln_sample_row_fn *fn,
        void *ctx, struct mln_err *err)
{
    MLN_AUTO(mln_query_close) struct mln_query query = { 0 };
    int rc;

    mln_query_open(&query, store, STMT_SAMPLE_LIST);
    mln_query_i64(&query, risk_id);
    while ((rc = mln_query_next(&query, err)) > 0) {
        const struct mln_sample_row row = {
            .alarm_ms = mln_query_get_i64(&query, 0),
            .instance = mln_query_get_str(&query, 1),
            .client_ip = mln_query_get_str(&query, 2),
            .user = mln_query_get_str(&query, 3),
            .database = mln_query_get_str(&query, 4),
            .statement = mln_query_get_str(&query, 5),
        };

        rc = fn(ctx, &row, err);
        if (rc != MLN_OK)
            return rc;
    }
    return rc;
}
