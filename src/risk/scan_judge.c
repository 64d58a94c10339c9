/*
 * One check over a snapshot: its findings go to the spool and count when it has kept its contract.
 * Of the passes only those are kept that stand where the scan before had a finding, so that a
 * resource that passes now is told from one that is gone.
 */
#include <string.h>

#include "risk/scan_priv.h"

#define REASON_MAX  ((size_t)4096)
#define FILTER_BITS ((uint64_t)1 << 24) /* 2 MiB: 2 % of passes too many at 10^6 findings. */
#define FILTER_KEYS 4

/* A Bloom filter: what it lets through by mistake is sorted out when the rows are compared. */
struct mln_scan_filter {
    bool is_empty;
    uint64_t words[FILTER_BITS / 64];
};

int mln_scan_filter_new(struct mln_scan_filter **out, struct mln_err *err)
{
    struct mln_scan_filter *filter = calloc(1, sizeof(*filter));

    if (filter == NULL)
        return mln_fail(err, MLN_ENOMEM, "out of memory");
    filter->is_empty = true;
    *out = filter;
    return MLN_OK;
}

void mln_scan_filter_free(struct mln_scan_filter *filter)
{
    free(filter);
}

void mln_scan_filter_clear(struct mln_scan_filter *filter)
{
    if (!filter->is_empty)
        memset(filter, 0, sizeof(*filter));
    filter->is_empty = true;
}

static uint64_t hash_bytes(uint64_t hash, struct mln_str text)
{
    for (size_t i = 0; i < text.len; i++)
        hash = (hash ^ (unsigned char)text.ptr[i]) * UINT64_C(0x100000001b3);
    return (hash ^ 0xff) * UINT64_C(0x100000001b3);
}

/* FNV-1a, and a finish that spreads its upper bits. */
static uint64_t hash_place(struct mln_str resource_id, struct mln_str region)
{
    uint64_t hash = hash_bytes(hash_bytes(UINT64_C(0xcbf29ce484222325), resource_id), region);

    hash = (hash ^ (hash >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    hash = (hash ^ (hash >> 27)) * UINT64_C(0x94d049bb133111eb);
    return hash ^ (hash >> 31);
}

static uint64_t bit_of(uint64_t hash, unsigned key)
{
    return ((hash & 0xffffffff) + key * (hash >> 32)) % FILTER_BITS;
}

void mln_scan_filter_add(
        struct mln_scan_filter *filter, struct mln_str resource_id, struct mln_str region)
{
    uint64_t hash = hash_place(resource_id, region);

    filter->is_empty = false;
    for (unsigned key = 0; key < FILTER_KEYS; key++)
        filter->words[bit_of(hash, key) / 64] |= UINT64_C(1) << bit_of(hash, key) % 64;
}

static bool filter_holds(
        const struct mln_scan_filter *filter, struct mln_str resource_id, struct mln_str region)
{
    uint64_t hash;

    if (filter->is_empty)
        return false;
    hash = hash_place(resource_id, region);
    for (unsigned key = 0; key < FILTER_KEYS; key++) {
        if ((filter->words[bit_of(hash, key) / 64] >> bit_of(hash, key) % 64 & 1) == 0)
            return false;
    }
    return true;
}

/* ---- judging ---- */
struct judging {
    const struct mln_scan_judge *judge;
    int failed; /* The spool's failure, which is not the check's fault. */
};

static bool is_kept(const struct mln_scan_judge *judge, const struct mln_finding *finding)
{
    if (finding->verdict == MLN_FAIL || finding->verdict == MLN_UNKNOWN)
        return true;
    if (judge->no_passes)
        return false;
    return judge->filter == NULL || filter_holds(judge->filter, finding->id, finding->region);
}

static int keep_finding(void *ctx, const struct mln_finding *finding, struct mln_err *err)
{
    struct judging *judging = ctx;
    const struct mln_spool_row row = {
        .resource_id = finding->id,
        .region = finding->region,
        .name = finding->name,
        .not_assessed = mln_str_of(
                finding->verdict == MLN_UNKNOWN ? mln_unread_name(finding->why) : ""),
        .reason = finding->reason,
        .evidence = finding->evidence,
        .verdict = finding->verdict,
    };

    if (is_kept(judging->judge, finding))
        judging->failed = mln_spool_add(judging->judge->spool, &row, err);
    return judging->failed;
}

static int64_t same_reasons(const struct mln_evaluation *evaluation)
{
    int64_t count = 0;

    for (size_t i = 0; i < evaluation->unread_count; i++)
        count += mln_str_eq(evaluation->unread[i].reason, evaluation->unread[0].reason);
    return count;
}

/* "no permission: ecs:DescribeInstances (2 regions); no permission: oss:GetBucketInfo (12
 * resources)" */
static int say_why(
        const struct mln_scan_judge *judge, struct mln_scan_verdicts *out, struct mln_err *err)
{
    MLN_AUTO(mln_buf_free) struct mln_buf reason = MLN_BUF_INIT(MLN_CHECK_TEXT_MAX + 16);
    const struct mln_evaluation *evaluation = &out->evaluation;
    int64_t count = 0;
    int rc;

    if (evaluation->unread_count > 0) {
        const struct mln_unread_scope *first = &evaluation->unread[0];
        int64_t regions = same_reasons(evaluation);

        mln_buf_addf(&out->reason, "%.*s",
                (int)(first->reason.len < 1500 ? first->reason.len : 1500),
                first->reason.ptr != NULL ? first->reason.ptr : "");
        if (first->reason.len == 0)
            mln_buf_add_cstr(&out->reason, "not everything could be listed");
        if (regions > 1)
            mln_buf_addf(&out->reason, " (%lld regions)", (long long)regions);
        else if (first->region.len > 0)
            mln_buf_addf(&out->reason, " (region %.*s)",
                    (int)(first->region.len < 100 ? first->region.len : 100), first->region.ptr);
    }
    rc = mln_spool_reason(judge->spool, &reason, &count, err);
    if (rc == MLN_OK && count > 0)
        mln_buf_addf(&out->reason, "%s%.*s (%lld resource%s)", out->reason.len > 0 ? "; " : "",
                (int)(reason.len < 1500 ? reason.len : 1500), reason.ptr != NULL ? reason.ptr : "",
                (long long)count, count == 1 ? "" : "s");
    return rc;
}

static int void_findings(
        const struct mln_scan_judge *judge, struct mln_scan_verdicts *out, struct mln_err *err)
{
    mln_buf_add_cstr(&out->reason, MLN_SCAN_BROKEN);
    mln_buf_add_cstr(&out->reason, err->msg);
    mln_evaluation_free(&out->evaluation);
    out->evaluation = (struct mln_evaluation){ 0 };
    out->is_broken = true;
    return mln_spool_clear(judge->spool, err);
}

int mln_scan_judge(const struct mln_scan_judge *judge, const struct mln_check *check,
        struct mln_scan_verdicts *out, struct mln_err *err)
{
    struct judging judging = { judge, MLN_OK };
    int rc;

    *out = (struct mln_scan_verdicts){ .reason = MLN_BUF_INIT(REASON_MAX) };
    rc = mln_spool_clear(judge->spool, err);
    if (rc == MLN_OK)
        rc = mln_evaluate(judge->evaluator, check, keep_finding, &judging, &out->evaluation, err);
    if (judging.failed != MLN_OK)
        rc = judging.failed;
    else if (rc == MLN_EINVAL || rc == MLN_ETOOBIG)
        rc = void_findings(judge, out, err);
    else if (rc == MLN_OK)
        rc = say_why(judge, out, err);
    if (rc != MLN_OK) {
        mln_scan_verdicts_free(out);
        return rc;
    }
    out->unknown = out->evaluation.count[MLN_UNKNOWN];
    return MLN_OK;
}

void mln_scan_verdicts_free(struct mln_scan_verdicts *verdicts)
{
    mln_evaluation_free(&verdicts->evaluation);
    mln_buf_free(&verdicts->reason);
}

/* ---- which checks ---- */
static int choose(const struct mln_posture *posture, const int64_t *ids, size_t count, bool value,
        bool *chosen, struct mln_err *err)
{
    for (size_t i = 0; i < count; i++) {
        size_t at = 0;

        while (at < posture->listed_count && posture->listed[at]->id != ids[i])
            at++;
        if (at == posture->listed_count)
            return mln_fail(err, MLN_ENOTFOUND, "there is no check %lld", (long long)ids[i]);
        chosen[at] = value;
    }
    return MLN_OK;
}

int mln_scan_choose(const struct mln_scan_options *options, bool chosen[MLN_SCAN_ITEMS_MAX],
        struct mln_err *err)
{
    const struct mln_posture *posture = options->posture;
    int rc;

    for (size_t i = 0; i < posture->listed_count; i++)
        chosen[i] = options->only_count == 0;
    rc = choose(posture, options->only, options->only_count, true, chosen, err);
    if (rc == MLN_OK)
        rc = choose(posture, options->skip, options->skip_count, false, chosen, err);
    return rc;
}

void mln_scan_say(const struct mln_scan_options *options, const char *phase, struct mln_str what,
        int64_t done, int64_t total)
{
    const struct mln_scan_progress progress = { phase, what, done, total };

    if (options->progress != NULL)
        options->progress(options->progress_ctx, &progress);
}
