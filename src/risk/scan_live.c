/*
 * A snapshot from the live cloud. What can be refused without making a file is looked at first:
 * credentials, the earlier snapshot, and, for a file that is gone on with, that the credentials are
 * of the account that it was begun with.
 */
#include <errno.h>
#include <stdio.h>
#include <sys/stat.h>

#include "base/map.h"
#include "risk/scan_priv.h"

#define NOTE_MAX       ((size_t)2048)
#define ACCOUNT_MAX    ((size_t)64)
#define UNANSWERED_MAX 3  /* Attempts at the first call, before the cloud is out of reach. */
#define SILENT_MAX     64 /* Failures in a row where there were answers before: it is lost. */
#define SILENT_MS      ((int64_t)20000)
#define PLACES_MAX     ((size_t)10000)
#define PLACE_MAX      128

int mln_scan_pace_new(
        const struct mln_live_source *live, struct mln_pace **out, struct mln_err *err)
{
    const struct mln_pace_options options = {
        .in_flight_max = live->in_flight_max,
        .unlimited = live->unpaced,
    };

    return mln_pace_new(&options, out, err);
}

/* ---- out of reach ---- */

/*
 * The first call asks whose account it is, and a run without an answer to it ends. It is not
 * asked as often as the others: where nothing answers it, somebody waits for an error. A cloud that
 * falls silent later ends the run, too: it can be gone on with, and a file full of failures cannot.
 * A place that never answered does not count; the product may be out of order there.
 */
struct watch {
    struct mln_collect_transport inner;
    const struct mln_clock *clock;
    bool is_first, answered; /* is_first: the first call matters. */
    bool is_lost, is_dropped;
    int unanswered, silent;
    int64_t silent_since_ms;
    struct mln_map places; /* "product/region" that has answered. */
    char failure[160];     /* Of the last attempt. */
};

static int watch_submit(void *ctx, const struct mln_collect_request *request, struct mln_err *err)
{
    struct watch *watch = ctx;

    return watch->inner.submit(watch->inner.ctx, request, err);
}

static struct mln_str place_of(const struct mln_collect_request *request, char out[PLACE_MAX])
{
    (void)snprintf(out, PLACE_MAX, "%s/%.*s", request->call.product, MLN_FMT(request->region));
    return mln_str_of(out);
}

static void hear(struct watch *watch, const struct mln_collect_answer *answer)
{
    char place[PLACE_MAX];
    struct mln_str key = place_of(answer->request, place);
    bool known = mln_map_get(&watch->places, key) != NULL;

    if (answer->status != 0) {
        watch->silent = 0;
        /* One that is not kept does not count. */
        if (!known && mln_map_put(&watch->places, key, watch, NULL) != MLN_OK)
            return;
    }
    if (answer->status != 0 || answer->no_region || !known)
        return;
    if (watch->silent++ == 0)
        watch->silent_since_ms = mln_monotonic_ms(watch->clock);
    watch->is_lost = watch->silent >= SILENT_MAX &&
                     (!answer->retry ||
                             mln_monotonic_ms(watch->clock) - watch->silent_since_ms >= SILENT_MS);
    (void)snprintf(watch->failure, sizeof(watch->failure), "%s", answer->failure);
}

static int watch_next(
        void *ctx, int64_t timeout_ms, struct mln_collect_answer *out, struct mln_err *err)
{
    struct watch *watch = ctx;
    int rc;

    /* Said between two answers: each belongs to a call that waits for it. */
    if (watch->is_lost && !watch->is_dropped)
        return mln_fail(
                err, MLN_ETRANSIENT, "the cloud does not answer any more: %s", watch->failure);
    rc = watch->inner.next(watch->inner.ctx, timeout_ms, out, err);
    if (rc != MLN_OK)
        return rc;
    hear(watch, out);
    if (watch->answered || !watch->is_first)
        return MLN_OK;
    watch->answered = out->status != 0;
    (void)snprintf(watch->failure, sizeof(watch->failure), "%s", out->failure);
    if (++watch->unanswered >= UNANSWERED_MAX)
        out->retry = false;
    return MLN_OK;
}

/* What the run ended with is that it knows no account; the reason is this. */
static int out_of_reach(const struct watch *watch, int rc, struct mln_err *err)
{
    if (rc != MLN_EINVAL || watch->answered || watch->unanswered == 0)
        return rc;
    return mln_fail(err, MLN_ETRANSIENT,
            "the cloud is out of reach: %s (`merlon doctor` looks at names, certificates and proxies)",
            watch->failure);
}

static void watch_pause(void *ctx, int64_t ms)
{
    struct watch *watch = ctx;

    watch->inner.pause(watch->inner.ctx, ms);
}

static void watch_drop(void *ctx)
{
    struct watch *watch = ctx;

    watch->is_dropped = true;
    if (watch->inner.drop != NULL)
        watch->inner.drop(watch->inner.ctx);
}

static struct mln_collect_transport watch_transport(struct watch *watch)
{
    return (struct mln_collect_transport){
        .in_flight_max = watch->inner.in_flight_max,
        .submit = watch_submit,
        .next = watch_next,
        .pause = watch_pause,
        .drop = watch_drop,
        .ctx = watch,
    };
}

/* ---- a run ---- */

struct run {
    const struct mln_scan_options *options;
    struct mln_scan_session *session;
    struct mln_scan_input *input;
    struct mln_snapshot *since;
    struct mln_live *live;
    struct mln_recorder *recorder;
    struct watch watch;
    char region[MLN_SCAN_REGION_MAX];
    char account[ACCOUNT_MAX + 1]; /* Expected; "". */
    bool is_new;
};

static void run_fini(struct run *run)
{
    mln_map_fini(&run->watch.places, NULL);
    mln_recorder_free(run->recorder);
    mln_live_free(run->live);
    mln_snapshot_free(run->since);
}

/* The account of a snapshot; "" when it does not say. */
static int account_of(struct mln_snapshot *snapshot, char out[ACCOUNT_MAX + 1], struct mln_err *err)
{
    MLN_AUTO(mln_buf_free) struct mln_buf text = MLN_BUF_INIT(ACCOUNT_MAX);
    struct mln_str account;
    int rc = mln_snapshot_get(snapshot, "account_id", &text, err);

    if (rc != MLN_OK && rc != MLN_ENOTFOUND)
        return rc;
    rc = mln_buf_done(&text, &account, err);
    if (rc == MLN_OK)
        (void)snprintf(out, ACCOUNT_MAX + 1, "%.*s", (int)account.len,
                account.ptr != NULL ? account.ptr : "");
    return rc;
}

/* Whose answers are expected: what the user named and what the files say must agree. */
static int expect(struct run *run, const char *account, const char *where, struct mln_err *err)
{
    if (account[0] == '\0')
        return MLN_OK;
    if (run->account[0] != '\0' && strcmp(run->account, account) != 0)
        return mln_fail(
                err, MLN_EINVAL, "%s is of account %s, not of %s", where, account, run->account);
    (void)snprintf(run->account, sizeof(run->account), "%s", account);
    return MLN_OK;
}

static int open_since(struct run *run, struct mln_err *err)
{
    char account[ACCOUNT_MAX + 1] = "";
    int rc;

    if (run->options->since_path == NULL)
        return MLN_OK;
    rc = mln_snapshot_open(run->options->since_path, &run->since, err);
    if (rc == MLN_OK)
        rc = account_of(run->since, account, err);
    if (rc == MLN_OK)
        rc = expect(run, account, "the earlier snapshot", err);
    return rc == MLN_OK ? rc : mln_wrap(err, rc, "--since");
}

/*
 * The calls of a file that is gone on with are not made again, the one that tells the account
 * among them: so it is asked here, for answers of two accounts must never be in one file.
 */
static int check_identity(struct run *run, struct mln_err *err)
{
    const struct mln_scan_options *options = run->options;
    struct mln_identity identity;
    int rc = mln_scan_session_identity(run->session, options->live, &identity, err);

    if (rc != MLN_OK || strcmp(identity.account_id, run->account) == 0)
        return rc;
    return mln_fail(err, MLN_EINVAL,
            "'%s' was begun with account %s, and these credentials are of account %s",
            options->snapshot_path != NULL ? options->snapshot_path : "the snapshot", run->account,
            identity.account_id);
}

static int open_target(struct run *run, struct mln_err *err)
{
    char account[ACCOUNT_MAX + 1] = "";
    int rc = mln_scan_input_make(run->options, run->input, &run->is_new, err);

    if (rc != MLN_OK || run->is_new)
        return rc;
    rc = account_of(run->input->snapshot, account, err);
    if (rc == MLN_OK)
        rc = expect(run, account, "the snapshot", err);
    return rc == MLN_OK && account[0] != '\0' ? check_identity(run, err) : rc;
}

struct mln_live_options mln_scan_live_options(const struct mln_scan_options *options,
        struct mln_scan_session *session, struct mln_pace *pace, const char *home_region)
{
    const struct mln_live_source *source = options->live;

    return (struct mln_live_options){
        .creds = mln_scan_session_creds(session),
        .endpoints = source->endpoints,
        .pace = pace,
        .curl = { .env = source->env,
                .cacert = source->cacert,
                .connect_timeout_ms = source->connect_timeout_ms },
        .account_id = options->account_id,
        .home_region = mln_str_of(home_region),
        .clock = options->clock,
        .random = source->random,
        .log = source->log,
        .stop = options->stop,
        .user_agent = source->user_agent,
        .timeout_ms = source->timeout_ms,
    };
}

static int open_transport(struct run *run, struct mln_pace *pace, struct mln_collect_transport *out,
        struct mln_err *err)
{
    const struct mln_scan_options *options = run->options;
    struct mln_live_options live = mln_scan_live_options(options, run->session, pace, run->region);
    int rc;

    live.account_id = mln_str_of(run->account);
    live.note = options->note;
    live.note_ctx = options->note_ctx;
    rc = mln_live_new(&live, &run->live, err);
    if (rc != MLN_OK)
        return rc;
    *out = mln_live_transport(run->live);
    run->watch.inner = *out;
    run->watch.clock = options->clock;
    /* With an account named, a cloud without that one service is still worth asking. */
    run->watch.is_first = run->is_new && options->account_id.len == 0;
    *out = watch_transport(&run->watch);
    if (options->save_raw == NULL)
        return MLN_OK;
    rc = mln_recorder_new(options->save_raw, out, options->posture->plan, &run->recorder, err);
    if (rc != MLN_OK) /* MLN_EEXIST would be taken for the snapshot's. */
        return mln_wrap(err, rc == MLN_EEXIST ? MLN_EINVAL : rc, "--save-raw");
    *out = mln_recorder_transport(run->recorder);
    return MLN_OK;
}

/* ---- what is said before ---- */

static void add_time(struct mln_buf *out, int64_t ms)
{
    int64_t s = (ms + 999) / 1000;

    if (s < 120)
        mln_buf_addf(out, ", about %lld s at the API's rates", (long long)s);
    else
        mln_buf_addf(out, ", about %lld min at the API's rates", (long long)((s + 59) / 60));
}

static int say_estimate(struct run *run, struct mln_err *err)
{
    const struct mln_scan_options *options = run->options;
    MLN_AUTO(mln_buf_free) struct mln_buf note = MLN_BUF_INIT(NOTE_MAX);
    struct mln_snapshot *earlier = run->is_new ? run->since : run->input->snapshot;
    struct mln_collect_estimate estimate = { 0 };
    int rc;

    if (options->note == NULL)
        return MLN_OK;
    rc = mln_collect_estimate(options->posture->plan, earlier, 0, &estimate, err);
    if (rc == MLN_OK)
        rc = mln_scan_session_describe(run->session, &note, err);
    if (rc != MLN_OK)
        return rc;
    /* Without an earlier snapshot the regions that the account has are a guess. */
    mln_buf_addf(&note, ": %s %lld call%s", earlier != NULL ? "at least" : "about",
            (long long)estimate.calls, estimate.calls == 1 ? "" : "s");
    if (!options->live->unpaced)
        add_time(&note, estimate.ms);
    if (estimate.per_resource > 0)
        mln_buf_add_cstr(&note, "; calls per resource come on top");
    if (!run->is_new)
        mln_buf_add_cstr(&note, "; what was read before is not read again");
    if (note.code == MLN_OK)
        options->note(options->note_ctx, note.ptr);
    return MLN_OK;
}

/* Few answers tell whether something changed; what is read again is said. */
static void say_since(const struct run *run)
{
    const struct mln_scan_options *options = run->options;
    const struct mln_plan *plan = options->posture->plan;
    size_t told = mln_collect_since_kinds(plan), all = mln_plan_call_count(plan);
    char note[160];

    if (run->since == NULL || options->note == NULL)
        return;
    if (told == 0)
        (void)snprintf(note, sizeof(note),
                "--since: the API tells of none of the %zu calls what has changed: everything is "
                "read again",
                all);
    else
        (void)snprintf(note, sizeof(note),
                "--since: the API tells of %zu of %zu calls what has changed: the others are made "
                "again",
                told, all);
    options->note(options->note_ctx, note);
}

/* ---- what is done after ---- */

/* Also when the run ended early: what was recorded is good, and the rest is not recorded. */
static int finish_recording(struct run *run, struct mln_err *err)
{
    char account[ACCOUNT_MAX + 1] = "";
    int rc;

    if (run->recorder == NULL)
        return MLN_OK;
    rc = account_of(run->input->snapshot, account, err);
    if (rc == MLN_OK && account[0] != '\0')
        rc = mln_recorder_finish(
                run->recorder, mln_str_of(account), mln_now_ms(run->options->clock), err);
    return rc == MLN_OK ? rc : mln_wrap(err, rc, "--save-raw");
}

static bool was_answered(const struct run *run)
{
    return run->watch.answered || run->watch.unanswered == 0;
}

static int collect(
        struct run *run, struct mln_pace *pace, struct mln_scan_report *report, struct mln_err *err)
{
    struct mln_collect_transport transport;
    struct mln_err late = { 0 };
    int rc = open_transport(run, pace, &transport, err), after;

    if (rc == MLN_OK)
        rc = say_estimate(run, err);
    if (rc != MLN_OK)
        return rc;
    say_since(run);
    rc = mln_scan_input_collect(run->options, run->input, &transport, mln_str_of(run->account),
            run->since, report, err);
    rc = out_of_reach(&run->watch, rc, err);
    report->resumable = rc != MLN_OK && (!run->is_new || (report->calls > 0 && was_answered(run)));
    after = finish_recording(run, &late);
    if (after == MLN_OK)
        after = mln_scan_tell_products(run->options, run->input->snapshot, &late);
    if (rc != MLN_OK || after == MLN_OK)
        return rc;
    *err = late;
    return after;
}

int mln_scan_collect_live(const struct mln_scan_options *options, struct mln_scan_session *session,
        struct mln_pace *pace, struct mln_scan_input *input, struct mln_scan_report *report,
        struct mln_err *err)
{
    struct run run = { .options = options, .session = session, .input = input };
    int rc = MLN_OK;

    mln_map_init(&run.watch.places, PLACES_MAX);

    if (options->account_id.len > ACCOUNT_MAX)
        return mln_fail(err, MLN_EINVAL, "the account's id is longer than %zu bytes", ACCOUNT_MAX);
    if (options->account_id.len > 0)
        (void)snprintf(run.account, sizeof(run.account), "%.*s", MLN_FMT(options->account_id));
    rc = mln_scan_session_region(session, options->live, run.region, err);
    if (rc == MLN_OK)
        rc = open_since(&run, err);
    if (rc == MLN_OK)
        rc = open_target(&run, err);
    if (rc == MLN_OK)
        rc = collect(&run, pace, report, err);
    run_fini(&run);
    /* A new file in which nothing stands is of no use to anybody. */
    if (rc != MLN_OK && run.is_new && !report->resumable && options->snapshot_path != NULL) {
        mln_snapshot_free(input->snapshot);
        input->snapshot = NULL;
        (void)unlink(options->snapshot_path);
    }
    return rc;
}
