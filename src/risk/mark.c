/*
 * Marks: a person's decision about an item or one of its resources. They belong to the account and
 * to no scan, so that they outlive each; the audit trail has who decided what, and why.
 */

#include "base/utf8.h"
#include "risk/result_priv.h"

#define MARKS_MAX         ((int64_t)100000) /* Per account. */
#define RESOURCE_MAX      ((size_t)16384)   /* An id or a region. */
#define DETAIL_MAX        ((size_t)40000)
#define ACTION_WHEN_UNSET MLN_STR("MarkCheckItem")

struct marking {
    struct mln_store *store;
    const struct mln_mark_request *request;
    struct mln_scan_row current;
    int64_t now_ms;
    struct mln_buf resource_id, region; /* Of the finding that is marked. */
};

static void marking_fini(struct marking *marking)
{
    mln_buf_free(&marking->resource_id);
    mln_buf_free(&marking->region);
}

static int check_reason(struct mln_str reason, struct mln_err *err)
{
    if (!mln_utf8_valid(reason))
        return mln_fail(err, MLN_EINVAL, "the reason is not UTF-8");
    if (mln_utf8_count(reason) > MLN_MARK_REASON_MAX)
        return mln_fail(
                err, MLN_EINVAL, "the reason is longer than %zu characters", MLN_MARK_REASON_MAX);
    if (mln_utf8_has_control(reason))
        return mln_fail(
                err, MLN_EINVAL, "the reason holds a control character (a line break or the like)");
    return MLN_OK;
}

static int check_request(
        const struct mln_mark_request *request, int64_t now_ms, struct mln_err *err)
{
    if (request->kind != NULL && mln_result_mark_kind(mln_str_of(request->kind)) == MLN_RESULT_PASS)
        return mln_fail(err, MLN_EINVAL, "a mark is 'ignored' or 'falsePositive'");
    if (request->item_id < 0 || request->finding_id < 0 ||
            (request->item_id == 0 && request->finding_id == 0))
        return mln_fail(err, MLN_EINVAL, "a mark names a check item or a finding");
    if (request->resource_id.len == 0 && request->region.len > 0)
        return mln_fail(err, MLN_EINVAL, "a mark with a region names a resource");
    if (request->resource_id.len > RESOURCE_MAX || request->region.len > RESOURCE_MAX)
        return mln_fail(err, MLN_EINVAL, "the resource's id is too long");
    if (request->kind != NULL && request->until_ms != 0 && request->until_ms <= now_ms)
        return mln_fail(err, MLN_EINVAL, "the mark would have ended already");
    return check_reason(request->reason, err);
}

/* Who decided what: one record for each mark. */
static int record(
        const struct marking *marking, const struct mln_mark_row *row, struct mln_err *err)
{
    const struct mln_mark_request *request = marking->request;
    MLN_AUTO(mln_buf_free) struct mln_buf detail = MLN_BUF_INIT(DETAIL_MAX);
    struct mln_audit_row audit = {
        .time_ms = marking->now_ms,
        .account_id = request->account_id,
        .user_name = request->user_name,
        .action = request->action.len > 0 ? request->action : ACTION_WHEN_UNSET,
        .outcome = MLN_STR("ok"),
        .request_id = request->request_id,
        .source_ip = request->source_ip,
    };
    char until[MLN_TIME_TEXT_MAX];
    int rc;

    mln_buf_addf(&detail, "ItemId=%lld", (long long)row->item_id);
    if (row->resource_id.len > 0)
        mln_buf_addf(&detail, " Resource=%.*s Region=%.*s", MLN_FMT(row->resource_id),
                MLN_FMT(row->region));
    mln_buf_addf(&detail, " Mark=%s", request->kind != NULL ? request->kind : "none");
    if (request->kind != NULL && request->until_ms != 0) {
        mln_time_format(request->until_ms, until);
        mln_buf_addf(&detail, " Until=%s", until);
    }
    if (request->reason.len > 0)
        mln_buf_addf(&detail, " Reason=%.*s", MLN_FMT(request->reason));
    rc = mln_buf_done(&detail, &audit.detail, err);
    return rc == MLN_OK ? mln_store_audit_add(marking->store, &audit, err) : rc;
}

static int set_mark(struct marking *marking, int64_t item_id, struct mln_str resource_id,
        struct mln_str region, struct mln_err *err)
{
    const struct mln_mark_request *request = marking->request;
    const struct mln_mark_row row = {
        .item_id = item_id,
        .resource_id = resource_id,
        .region = region,
        .kind = mln_str_of(request->kind),
        .reason = request->reason,
        .author = request->user_name,
        .marked_ms = marking->now_ms,
        .until_ms = request->until_ms,
    };
    int64_t dropped;
    int rc;

    if (request->kind != NULL)
        rc = mln_store_mark_put(marking->store, request->account_id, &row, err);
    else
        rc = mln_store_mark_drop(marking->store, request->account_id, &row, &dropped, err);
    return rc == MLN_OK ? record(marking, &row, err) : rc;
}

/* ---- an item ---- */
static int ignore_row(void *ctx, const struct mln_check_result_row *row, struct mln_err *err)
{
    (void)ctx;
    (void)row;
    (void)err;
    return MLN_OK;
}

/* Without a scan there are no items, and a mark that is left of an item that is gone can be taken
 * back. */
static int no_such(struct marking *marking, struct mln_err *err)
{
    const struct mln_mark_request *request = marking->request;
    const struct mln_mark_row row = {
        .item_id = request->item_id, .resource_id = request->resource_id, .region = request->region
    };
    int64_t dropped = 0;
    int rc = MLN_OK;

    if (request->kind == NULL && request->finding_id == 0)
        rc = mln_store_mark_drop(marking->store, request->account_id, &row, &dropped, err);
    if (rc != MLN_OK)
        return rc;
    if (dropped > 0)
        return record(marking, &row, err);
    if (request->resource_id.len > 0)
        return mln_fail(err, MLN_ENOTFOUND,
                "check item %lld has no finding of resource '%.*s' in the current scan",
                (long long)request->item_id, MLN_FMT(request->resource_id));
    return mln_fail(err, MLN_ENOTFOUND, "there is no check item %lld in the current scan",
            (long long)request->item_id);
}

static int mark_item(struct marking *marking, struct mln_err *err)
{
    const struct mln_mark_request *request = marking->request;
    const struct mln_check_result_sink sink = { .row = ignore_row };
    int rc = mln_store_check_result_get(marking->store, request->account_id,
            marking->current.scan_id, request->item_id, &sink, err);

    if (rc == MLN_ENOTFOUND)
        return no_such(marking, err);
    return rc == MLN_OK ? set_mark(marking, request->item_id, MLN_STR(""), MLN_STR(""), err) : rc;
}

/* ---- a finding by its id ---- */
static int keep_finding(void *ctx, const struct mln_finding_row *row, struct mln_err *err)
{
    struct marking *marking = ctx;
    struct mln_str done;
    int rc;

    mln_buf_reset(&marking->resource_id);
    mln_buf_reset(&marking->region);
    mln_buf_add(&marking->resource_id, row->resource_id);
    mln_buf_add(&marking->region, row->region);
    rc = mln_buf_done(&marking->resource_id, &done, err);
    return rc == MLN_OK ? mln_buf_done(&marking->region, &done, err) : rc;
}

struct found {
    struct marking *marking;
    int64_t item_id;
};

static int keep_found(void *ctx, const struct mln_finding_row *row, struct mln_err *err)
{
    struct found *found = ctx;

    found->item_id = row->item_id;
    return keep_finding(found->marking, row, err);
}

static int mark_finding(struct marking *marking, struct mln_err *err)
{
    const struct mln_mark_request *request = marking->request;
    const struct mln_finding_place place = { request->account_id, marking->current.scan_id,
        request->item_id };
    struct found found = { marking, 0 };
    int rc = mln_store_finding_get(
            marking->store, &place, request->finding_id, marking->now_ms, keep_found, &found, err);

    if (rc == MLN_ENOTFOUND)
        return mln_fail(err, rc, "there is no finding %lld in the current scan",
                (long long)request->finding_id);
    return rc == MLN_OK ? set_mark(marking, found.item_id, mln_buf_str(&marking->resource_id),
                                  mln_buf_str(&marking->region), err)
                        : rc;
}

/* ---- a resource ---- */
struct regions {
    const struct mln_mark_request *request;
    struct mln_arena arena;
    struct mln_str names[64]; /* A resource of one id in more regions than there are. */
    size_t count;
};

static int keep_region(void *ctx, const struct mln_finding_row *row, struct mln_err *err)
{
    struct regions *regions = ctx;
    struct mln_str wanted = regions->request->region, name;

    if (wanted.len > 0 && !mln_str_eq(wanted, row->region))
        return MLN_OK;
    if (regions->count == MLN_LEN(regions->names))
        return mln_fail(err, MLN_ETOOBIG, "resource '%.*s' is in more than %zu regions: name one",
                MLN_FMT(row->resource_id), MLN_LEN(regions->names));
    name = mln_arena_dup(&regions->arena, row->region);
    if (name.ptr == NULL)
        return mln_fail(err, MLN_ENOMEM, "out of memory");
    regions->names[regions->count++] = name;
    return MLN_OK;
}

static int mark_resource(struct marking *marking, struct mln_err *err)
{
    const struct mln_mark_request *request = marking->request;
    const struct mln_finding_place place = { request->account_id, marking->current.scan_id,
        request->item_id };
    struct regions regions = { .request = request, .arena = MLN_ARENA_INIT((size_t)2 << 20) };
    int rc = mln_store_finding_find(marking->store, &place, request->resource_id, marking->now_ms,
            keep_region, &regions, err);

    if (rc == MLN_OK && regions.count == 0)
        rc = no_such(marking, err);
    for (size_t i = 0; rc == MLN_OK && i < regions.count; i++)
        rc = set_mark(marking, request->item_id, request->resource_id, regions.names[i], err);
    mln_arena_free(&regions.arena);
    return rc;
}

static int apply(struct marking *marking, struct mln_err *err)
{
    struct mln_scan_row previous;
    int rc = mln_store_scan_current(
            marking->store, marking->request->account_id, &marking->current, &previous, err);

    if (rc != MLN_OK)
        return rc;
    if (marking->request->finding_id != 0)
        return mark_finding(marking, err);
    return marking->request->resource_id.len > 0 ? mark_resource(marking, err)
                                                 : mark_item(marking, err);
}

static int apply_all(struct marking *marking, const struct mln_mark_request *requests, size_t count,
        struct mln_err *err)
{
    size_t missing = 0;

    for (size_t i = 0; i < count; i++) {
        int rc;

        marking->request = &requests[i];
        rc = apply(marking, err);
        if (rc == MLN_ENOTFOUND && requests[i].may_be_missing)
            missing++;
        else if (rc != MLN_OK)
            return rc;
    }
    return missing < count ? MLN_OK : MLN_ENOTFOUND; /* `err` is the last one's. */
}

static int check_total(
        struct mln_store *store, struct mln_str account_id, int64_t now_ms, struct mln_err *err)
{
    int64_t total = 0;
    int rc = mln_store_mark_total(store, account_id, now_ms, &total, err);

    if (rc == MLN_OK && total > MARKS_MAX)
        return mln_fail(err, MLN_ETOOBIG,
                "more than %lld marks: mark the item in place of its resources, or take some back",
                (long long)MARKS_MAX);
    return rc;
}

int mln_result_mark(struct mln_store *store, const struct mln_clock *clock,
        const struct mln_mark_request *requests, size_t count, struct mln_err *err)
{
    MLN_AUTO(marking_fini)
    struct marking marking = {
        .store = store,
        .now_ms = mln_now_ms(clock),
        .resource_id = MLN_BUF_INIT(RESOURCE_MAX),
        .region = MLN_BUF_INIT(RESOURCE_MAX),
    };
    int rc = MLN_OK;

    for (size_t i = 0; rc == MLN_OK && i < count; i++)
        rc = check_request(&requests[i], marking.now_ms, err);
    if (rc != MLN_OK || count == 0)
        return rc;
    rc = mln_store_begin(store, err);
    if (rc != MLN_OK)
        return rc;
    rc = apply_all(&marking, requests, count, err);
    if (rc == MLN_OK)
        rc = check_total(store, requests[0].account_id, marking.now_ms, err);
    if (rc == MLN_OK)
        return mln_store_commit(store, err);
    mln_store_rollback(store);
    return rc;
}
