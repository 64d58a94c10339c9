/*
 * Many accounts at once: a few threads, each of which takes the next account of the list and
 * collects it into a file of its own, all under one pace. What is told is told by one at a time.
 */
#include <errno.h>
#include <limits.h>
#include <pthread.h>
#include <stdio.h>
#include <sys/stat.h>

#include "base/file.h"
#include "base/map.h"
#include "risk/scan_priv.h"

#define AT_ONCE_MAX 64

/* Credentials that roles are assumed with: one session for all accounts that name the profile. */
struct base {
    struct base *next;
    struct mln_scan_session *session;
    char profile[MLN_PROFILE_NAME_MAX];
};

struct crew;

/* One thread, and the account that it is at. */
struct member {
    struct crew *crew;
    pthread_t thread;
    bool running;
    struct mln_scan_progress at;
    char name[MLN_SCAN_ACCOUNT_DIGITS + 1];
};

struct crew {
    const struct mln_scan_options *options;
    const struct mln_scan_accounts *accounts;
    const char *folder;
    mln_scan_account_fn *fn;
    void *ctx;
    struct mln_pace *pace;
    struct member members[AT_ONCE_MAX];
    size_t member_count;

    pthread_mutex_t lock; /* Guards what follows, and the callbacks. */
    size_t next, ended, failed, done_before;
    struct mln_scan_progress past; /* Of the accounts that have ended. */
    struct mln_map taken;          /* Ids that have a file in this run. */
    struct base *bases;
    bool cancelled;
};

/* ---- what is told ---- */

static void tell_progress(void *ctx, const struct mln_scan_progress *progress)
{
    struct member *member = ctx;
    struct crew *crew = member->crew;
    char what[80];
    struct mln_scan_progress sum;

    (void)pthread_mutex_lock(&crew->lock);
    member->at = *progress;
    sum = crew->past;
    for (size_t i = 0; i < crew->member_count; i++) {
        const struct mln_scan_progress *at = &crew->members[i].at;

        sum.done += at->done;
        sum.total += at->total;
        sum.rows += at->rows;
        sum.left_ms = at->left_ms > sum.left_ms ? at->left_ms : sum.left_ms;
    }
    (void)snprintf(what, sizeof(what), "%zu of %zu accounts done", crew->ended,
            mln_scan_accounts_count(crew->accounts));
    sum.phase = "collect";
    sum.what = mln_str_of(what);
    crew->options->progress(crew->options->progress_ctx, &sum);
    (void)pthread_mutex_unlock(&crew->lock);
}

static void tell_note(void *ctx, const char *text)
{
    struct member *member = ctx;
    struct crew *crew = member->crew;
    MLN_AUTO(mln_buf_free) struct mln_buf note = MLN_BUF_INIT(8192);

    mln_buf_addf(&note, "account %s: %s", member->name, text);
    (void)pthread_mutex_lock(&crew->lock);
    if (note.code == MLN_OK)
        crew->options->note(crew->options->note_ctx, note.ptr);
    (void)pthread_mutex_unlock(&crew->lock);
}

static void tell_end(struct member *member, const struct mln_scan_account_end *end)
{
    struct crew *crew = member->crew;

    (void)pthread_mutex_lock(&crew->lock);
    crew->ended++;
    crew->done_before += end->code == MLN_EEXIST;
    crew->failed += end->code != MLN_OK && end->code != MLN_EEXIST && end->code != MLN_ECANCELLED;
    crew->cancelled |= end->code == MLN_ECANCELLED;
    crew->past.done += member->at.done;
    crew->past.total += member->at.total;
    crew->past.rows += member->at.rows;
    member->at = (struct mln_scan_progress){ .left_ms = -1 };
    crew->fn(crew->ctx, end);
    (void)pthread_mutex_unlock(&crew->lock);
}

/* ---- credentials ---- */

static int new_base(struct crew *crew, const char *profile, struct base **out, struct mln_err *err)
{
    const struct mln_scan_options *options = crew->options;
    struct base *base = calloc(1, sizeof(*base));
    int rc;

    if (base == NULL)
        return mln_fail(err, MLN_ENOMEM, "out of memory");
    (void)snprintf(base->profile, sizeof(base->profile), "%s", profile);
    if (profile[0] != '\0')
        rc = mln_scan_session_new(options->live, options->clock, profile, &base->session, err);
    else
        rc = mln_scan_session_of(
                options->live, &options->source, options->clock, &base->session, err);
    if (rc != MLN_OK) {
        free(base);
        return rc;
    }
    base->next = crew->bases;
    crew->bases = base;
    *out = base;
    return MLN_OK;
}

/* The first that needs it waits for its credentials, and the others for it. */
static int find_base(
        struct crew *crew, const char *profile, struct mln_scan_session **out, struct mln_err *err)
{
    struct base *base;
    int rc = MLN_OK;

    (void)pthread_mutex_lock(&crew->lock);
    for (base = crew->bases; base != NULL && strcmp(base->profile, profile) != 0;)
        base = base->next;
    if (base == NULL)
        rc = new_base(crew, profile, &base, err);
    if (rc == MLN_OK)
        *out = base->session;
    (void)pthread_mutex_unlock(&crew->lock);
    return rc;
}

static int open_session(struct crew *crew, const struct mln_scan_account *account,
        struct mln_scan_session **out, struct mln_err *err)
{
    const struct mln_scan_options *options = crew->options;
    struct mln_scan_session *base = NULL;
    char profile[MLN_PROFILE_NAME_MAX];
    int rc;

    if (account->profile.len >= sizeof(profile))
        return mln_fail(err, MLN_EINVAL, "the profile's name is longer than %zu bytes",
                sizeof(profile) - 1);
    (void)snprintf(profile, sizeof(profile), "%.*s", MLN_FMT(account->profile));
    if (account->role.len == 0 && profile[0] != '\0')
        return mln_scan_session_new(options->live, options->clock, profile, out, err);
    if (account->role.len == 0)
        return mln_scan_session_of(options->live, &options->source, options->clock, out, err);
    rc = find_base(crew, profile, &base, err);
    if (rc == MLN_OK)
        rc = mln_scan_session_assume(
                base, options->live, account->role, account->external_id, out, err);
    return rc;
}

/* ---- one account ---- */

/* Two profiles may be of one account: the file is the first one's. */
static int take_id(struct crew *crew, struct mln_str id, struct mln_err *err)
{
    int rc = MLN_OK;

    (void)pthread_mutex_lock(&crew->lock);
    if (mln_map_get(&crew->taken, id) != NULL)
        rc = mln_fail(err, MLN_EINVAL, "account %.*s stands in the list twice", MLN_FMT(id));
    else if (mln_map_put(&crew->taken, id, crew, NULL) != MLN_OK)
        rc = mln_fail(err, MLN_ENOMEM, "out of memory");
    (void)pthread_mutex_unlock(&crew->lock);
    return rc;
}

static int settle_id(struct member *member, const struct mln_scan_account *account,
        struct mln_scan_session *session, struct mln_err *err)
{
    struct mln_identity identity;
    int rc;

    if (account->id.len == 0) {
        rc = mln_scan_session_identity(session, member->crew->options->live, &identity, err);
        if (rc != MLN_OK)
            return rc;
        if (!mln_scan_is_account_id(mln_str_of(identity.account_id)))
            return mln_fail(err, MLN_EIO, "the cloud names an account whose id is no number");
        (void)snprintf(member->name, sizeof(member->name), "%.*s", MLN_SCAN_ACCOUNT_DIGITS,
                identity.account_id);
    }
    return take_id(member->crew, mln_str_of(member->name), err);
}

/* A file that is whole is not made anew: the run before was stopped after it. */
static int count_finished(const struct mln_scan_options *options, const char *path,
        struct mln_scan_report *report, struct mln_err *err)
{
    struct mln_scan_options reading = *options;
    struct mln_scan_input input;
    int rc;

    reading.source = (struct mln_source_spec){ MLN_SOURCE_SNAPSHOT, mln_str_of(path) };
    reading.progress = NULL;
    rc = mln_scan_input_open(&reading, &input, report, err);
    if (rc != MLN_OK)
        return rc;
    mln_scan_input_close(&input);
    return mln_fail(err, MLN_EEXIST,
            "its snapshot was finished before: remove it, or give another folder, to read it again");
}

static int collect(struct member *member, const struct mln_scan_account *account, char *path,
        struct mln_scan_report *report, struct mln_err *err)
{
    struct crew *crew = member->crew;
    struct mln_scan_options options = *crew->options;
    struct mln_scan_input input = { .folder = { .fd = -1 } };
    struct mln_scan_session *session = NULL;
    int rc = open_session(crew, account, &session, err);

    if (rc == MLN_OK)
        rc = settle_id(member, account, session, err);
    if (rc == MLN_OK) {
        (void)snprintf(path, PATH_MAX, "%.*s/%s.db", PATH_MAX - 64, crew->folder, member->name);
        options.account_id = mln_str_of(member->name);
        options.snapshot_path = path;
        options.product = NULL;
        options.resume = false;
        options.save_raw = options.since_path = NULL;
        options.progress = crew->options->progress != NULL ? tell_progress : NULL;
        options.note = crew->options->note != NULL ? tell_note : NULL;
        options.progress_ctx = options.note_ctx = member;
        rc = mln_scan_collect_live(&options, session, crew->pace, &input, report, err);
        mln_scan_input_close(&input);
    }
    mln_scan_session_free(session);
    return rc == MLN_EEXIST ? count_finished(&options, path, report, err) : rc;
}

static void do_account(struct member *member, size_t index)
{
    struct crew *crew = member->crew;
    struct mln_scan_account account = mln_scan_accounts_at(crew->accounts, index);
    struct mln_scan_report report = { 0 };
    struct mln_err err = { 0 };
    char path[PATH_MAX] = "";
    int rc;

    (void)snprintf(member->name, sizeof(member->name), "%.*s", (int)account.id.len, account.id.ptr);
    member->at = (struct mln_scan_progress){ .left_ms = -1 };
    if (mln_scan_is_stopped(crew->options))
        rc = mln_fail(&err, MLN_ECANCELLED, "not begun");
    else
        rc = collect(member, &account, path, &report, &err);
    if (account.id.len == 0)
        account.id = mln_str_of(member->name);
    tell_end(member, &(struct mln_scan_account_end){ .account = account,
                             .path = path,
                             .code = rc,
                             .message = err.msg,
                             .report = &report });
}

static void *run(void *arg)
{
    struct member *member = arg;
    struct crew *crew = member->crew;
    size_t index, count = mln_scan_accounts_count(crew->accounts);

    for (;;) {
        (void)pthread_mutex_lock(&crew->lock);
        index = crew->next < count ? crew->next++ : count;
        (void)pthread_mutex_unlock(&crew->lock);
        if (index == count)
            return NULL;
        do_account(member, index);
    }
}

/* ---- all of them ---- */

static int start(struct crew *crew, struct mln_err *err)
{
    for (size_t i = 0; i < crew->member_count; i++) {
        int failed = pthread_create(&crew->members[i].thread, NULL, run, &crew->members[i]);

        crew->members[i].running = failed == 0;
        /* One is enough to do all of it. */
        if (failed != 0 && i == 0)
            return mln_fail(err, MLN_EIO, "cannot start a thread: %s", mln_errno_text(failed));
    }
    return MLN_OK;
}

static void finish(struct crew *crew)
{
    struct base *next;

    for (size_t i = 0; i < crew->member_count; i++) {
        if (crew->members[i].running)
            (void)pthread_join(crew->members[i].thread, NULL);
    }
    for (struct base *base = crew->bases; base != NULL; base = next) {
        next = base->next;
        mln_scan_session_free(base->session);
        free(base);
    }
    mln_pace_free(crew->pace);
    mln_map_fini(&crew->taken, NULL);
    (void)pthread_mutex_destroy(&crew->lock);
}

static int sum_up(const struct crew *crew, struct mln_err *err)
{
    size_t count = mln_scan_accounts_count(crew->accounts);

    if (crew->cancelled)
        return mln_fail(err, MLN_ECANCELLED, "stopped");
    if (crew->failed > 0)
        return mln_fail(err, MLN_EPARTIAL, "%zu of %zu accounts failed", crew->failed, count);
    if (crew->done_before == count)
        return mln_fail(err, MLN_EEXIST,
                "every account has a finished snapshot in '%s' already: give another folder",
                crew->folder);
    return MLN_OK;
}

static size_t threads_for(int at_once, size_t accounts)
{
    size_t wanted = at_once > 0 ? (size_t)at_once : MLN_ACCOUNTS_AT_ONCE;

    wanted = wanted > AT_ONCE_MAX ? AT_ONCE_MAX : wanted;
    return wanted > accounts ? accounts : wanted;
}

int mln_collect_accounts(const struct mln_scan_options *options,
        const struct mln_scan_accounts *accounts, const char *folder, int at_once,
        mln_scan_account_fn *fn, void *ctx, struct mln_err *err)
{
    struct crew crew = { .options = options,
        .accounts = accounts,
        .folder = folder,
        .fn = fn,
        .ctx = ctx,
        .past = { .left_ms = -1 } };
    int rc;

    if (options->live == NULL)
        return mln_fail(err, MLN_ECONFIG, "the live cloud cannot be reached from here");
    rc = mln_dir_make(folder, err);
    if (rc == MLN_OK)
        rc = mln_scan_pace_new(options->live, &crew.pace, err);
    if (rc != MLN_OK)
        return rc;
    (void)pthread_mutex_init(&crew.lock, NULL);
    mln_map_init(&crew.taken, MLN_ACCOUNTS_MAX);
    crew.member_count = threads_for(at_once, mln_scan_accounts_count(accounts));
    for (size_t i = 0; i < crew.member_count; i++)
        crew.members[i] = (struct member){ .crew = &crew, .at = { .left_ms = -1 } };
    rc = start(&crew, err);
    finish(&crew);
    return rc == MLN_OK ? sum_up(&crew, err) : rc;
}
