/*
 * What credentials may do: the plan is run into memory, but only the first page of each call for
 * the account, and for one region, reaches the cloud. Everything else is answered here, as a call
 * that was not made.
 */
#include <sqlite3.h>
#include <stdio.h>

#include "risk/scan_priv.h"

#define REGION_ANY "cn-hangzhou" /* Every account of the main site has it. */
#define NOT_MADE   "not tried"
#define QUEUE_MAX  256

struct trial {
    struct mln_collect_transport inner;
    const char *region;
    bool *went_on; /* By call: a second page was asked for, so that the first was fine. */
    const struct mln_collect_request *kept[QUEUE_MAX]; /* To be answered here. */
    size_t kept_count;
};

static bool is_for_cloud(const struct trial *trial, const struct mln_collect_request *request)
{
    if (request->page > 1 || request->call.scope == MLN_SCOPE_ROW)
        return false;
    return request->call.scope != MLN_SCOPE_REGION || mln_str_is(request->region, trial->region);
}

static int submit(void *ctx, const struct mln_collect_request *request, struct mln_err *err)
{
    struct trial *trial = ctx;

    if (is_for_cloud(trial, request))
        return trial->inner.submit(trial->inner.ctx, request, err);
    if (request->page > 1)
        trial->went_on[request->call.index] = true;
    if (trial->kept_count == MLN_LEN(trial->kept))
        return mln_fail(err, MLN_ETOOBIG, "more than %d requests at once", QUEUE_MAX);
    trial->kept[trial->kept_count++] = request;
    return MLN_OK;
}

static int next(void *ctx, int64_t timeout_ms, struct mln_collect_answer *out, struct mln_err *err)
{
    struct trial *trial = ctx;

    if (trial->kept_count == 0)
        return trial->inner.next(trial->inner.ctx, timeout_ms, out, err);
    *out = (struct mln_collect_answer){
        .request = trial->kept[--trial->kept_count], .failure = NOT_MADE, .retry_after_ms = -1
    };
    return MLN_OK;
}

static void pause_inner(void *ctx, int64_t ms)
{
    struct trial *trial = ctx;

    trial->inner.pause(trial->inner.ctx, ms);
}

static void drop(void *ctx)
{
    struct trial *trial = ctx;

    trial->kept_count = 0;
    if (trial->inner.drop != NULL)
        trial->inner.drop(trial->inner.ctx);
}

/* ---- what it came to ---- */

struct verdict {
    const char *word;
    char reason[400];
};

static void take_row(sqlite3_stmt *row, bool went_on, struct verdict *out)
{
    const char *outcome = (const char *)sqlite3_column_text(row, 0);
    const char *code = (const char *)sqlite3_column_text(row, 1);
    const char *message = (const char *)sqlite3_column_text(row, 2);
    enum mln_outcome what;

    if (mln_outcome_parse(mln_str_of(outcome), &what) != MLN_OK)
        what = MLN_OUTCOME_FAILED;
    out->reason[0] = '\0';
    if (what == MLN_OUTCOME_NOT_ACTIVATED)
        out->word = "not activated";
    else if (went_on || mln_outcome_is_read(what))
        out->word = "allowed";
    else if (what == MLN_OUTCOME_DENIED)
        out->word = "denied";
    else
        out->word = "cannot tell";
    if (strcmp(out->word, "allowed") != 0)
        (void)snprintf(out->reason, sizeof(out->reason), "%.100s%s%.280s", code,
                *code != '\0' && *message != '\0' ? ": " : "", message);
}

static int find_verdict(const struct mln_plan_call *call, struct mln_snapshot *snapshot,
        const struct trial *trial, struct verdict *out, struct mln_err *err)
{
    sqlite3_stmt *row = NULL;
    /* Of several sites, or regions that were not asked, the one that answered best. */
    int code = sqlite3_prepare_v2(mln_snapshot_db(snapshot),
            "SELECT outcome, code, message FROM collect_call WHERE call = ?1 AND "
            "(?2 = '' OR region = ?2) ORDER BY outcome = 'denied' DESC, outcome = 'ok' DESC LIMIT 1",
            -1, &row, NULL);

    *out = (struct verdict){ .word = "cannot tell", .reason = "the region has nothing of it" };
    if (code == SQLITE_OK)
        code = sqlite3_bind_text(row, 1, call->id, -1, SQLITE_STATIC);
    if (code == SQLITE_OK)
        code = sqlite3_bind_text(
                row, 2, call->scope == MLN_SCOPE_REGION ? trial->region : "", -1, SQLITE_STATIC);
    if (code == SQLITE_OK)
        code = sqlite3_step(row);
    if (code == SQLITE_ROW)
        take_row(row, trial->went_on[call->index], out);
    (void)sqlite3_finalize(row);
    return code == SQLITE_ROW || code == SQLITE_DONE
                   ? MLN_OK
                   : mln_snapshot_fail(snapshot, code, "read its calls", err);
}

static int tell(const struct mln_plan *plan, struct mln_snapshot *snapshot,
        const struct trial *trial, mln_permission_fn *fn, void *ctx, struct mln_err *err)
{
    int rc = MLN_OK;

    for (size_t i = 0; rc == MLN_OK && i < mln_plan_call_count(plan); i++) {
        struct mln_plan_call call = mln_plan_call(plan, i);
        struct verdict verdict = { .word = NOT_MADE, .reason = "it is made for each resource" };
        struct mln_permission permission = { .call = mln_str_of(call.id),
            .product = mln_str_of(call.product),
            .ram_action = mln_str_of(call.ram_action) };

        if (call.scope != MLN_SCOPE_ROW)
            rc = find_verdict(&call, snapshot, trial, &verdict, err);
        permission.verdict = mln_str_of(verdict.word);
        permission.reason = mln_str_of(verdict.reason);
        if (rc == MLN_OK)
            rc = fn(ctx, &permission, err);
    }
    return rc;
}

/* ---- the run ---- */

struct trial_run {
    const struct mln_scan_options *options;
    struct mln_scan_session *session;
    struct mln_pace *pace;
    struct mln_live *live;
    struct mln_scan_input input;
    struct trial trial;
    char region[MLN_SCAN_REGION_MAX];
};

static void fini(struct trial_run *run)
{
    mln_live_free(run->live);
    mln_pace_free(run->pace);
    mln_scan_session_free(run->session);
    mln_snapshot_free(run->input.snapshot);
    free(run->trial.went_on);
}

static int open_cloud(struct trial_run *run, struct mln_err *err)
{
    struct mln_live_options live;
    int rc = mln_scan_pace_new(run->options->live, &run->pace, err);

    if (rc != MLN_OK)
        return rc;
    live = mln_scan_live_options(run->options, run->session, run->pace, run->region);
    rc = mln_live_new(&live, &run->live, err);
    if (rc == MLN_OK)
        run->trial.inner = mln_live_transport(run->live);
    return rc;
}

static int run_trial(struct trial_run *run, struct mln_err *err)
{
    const struct mln_collect_transport transport = {
        .in_flight_max = run->trial.inner.in_flight_max,
        .submit = submit,
        .next = next,
        .pause = pause_inner,
        .drop = drop,
        .ctx = &run->trial,
    };
    struct mln_scan_options options = *run->options;
    struct mln_scan_report report = { 0 };

    options.progress = NULL;
    run->trial.region = run->region[0] != '\0' ? run->region : REGION_ANY;
    run->trial.went_on = calloc(
            mln_plan_call_count(options.posture->plan) + 1, sizeof(*run->trial.went_on));
    if (run->trial.went_on == NULL)
        return mln_fail(err, MLN_ENOMEM, "out of memory");
    return mln_scan_input_collect(
            &options, &run->input, &transport, options.account_id, NULL, &report, err);
}

int mln_live_permissions(const struct mln_scan_options *options, mln_permission_fn *fn, void *ctx,
        struct mln_err *err)
{
    const struct mln_plan *plan = options->posture->plan;
    struct trial_run run = { .options = options, .input = { .folder = { .fd = -1 } } };
    int rc;

    if (options->live == NULL)
        return mln_fail(err, MLN_ECONFIG, "the live cloud cannot be reached from here");
    rc = mln_scan_session_of(options->live, &options->source, options->clock, &run.session, err);
    if (rc == MLN_OK)
        rc = mln_scan_session_region(run.session, options->live, run.region, err);
    if (rc == MLN_OK)
        rc = mln_snapshot_create(NULL, mln_plan_schema(plan), &run.input.snapshot, err);
    if (rc == MLN_OK)
        rc = open_cloud(&run, err);
    if (rc == MLN_OK)
        rc = run_trial(&run, err);
    if (rc == MLN_OK)
        rc = tell(plan, run.input.snapshot, &run.trial, fn, ctx, err);
    fini(&run);
    return rc;
}
