/*
 * Where a snapshot comes from. One that nobody asked to keep is made in a private folder under
 * TMPDIR and loses its name as soon as it is whole, so that nothing of an account's configuration
 * stays behind.
 */
#include <limits.h>
#include <sqlite3.h>
#include <stdio.h>

#include "risk/scan_priv.h"
#include "snapshot/snapshot.h"

#define ACCOUNT_MAX ((size_t)64)
#define HASH_MAX    ((size_t)256)

static const struct {
    const char *prefix;
    enum mln_source_kind kind;
} kinds[] = {
    { "profile:", MLN_SOURCE_PROFILE },
    { "replay:", MLN_SOURCE_REPLAY },
    { "role:", MLN_SOURCE_ROLE },
    { "snapshot:", MLN_SOURCE_SNAPSHOT },
};

int mln_source_parse(struct mln_str text, struct mln_source_spec *out, struct mln_err *err)
{
    for (size_t i = 0; i < MLN_LEN(kinds); i++) {
        struct mln_str prefix = mln_str_of(kinds[i].prefix);

        if (!mln_str_starts(text, prefix))
            continue;
        if (text.len == prefix.len)
            return mln_fail(err, MLN_EINVAL, "source '%.*s': nothing stands after '%s'",
                    MLN_FMT(text), kinds[i].prefix);
        *out = (struct mln_source_spec){ kinds[i].kind,
            { text.ptr + prefix.len, text.len - prefix.len } };
        return MLN_OK;
    }
    return mln_fail(err, MLN_EINVAL,
            "source '%.*s': write replay:DIR, snapshot:FILE, profile:NAME or role:ARN",
            (int)(text.len < 200 ? text.len : 200), text.ptr != NULL ? text.ptr : "");
}

/* ---- temporary files ---- */
static int temporary_path(struct mln_scan_input *input, char path[PATH_MAX], struct mln_err *err)
{
    int rc = mln_scan_folder_new(&input->folder, err);

    if (rc == MLN_OK)
        (void)snprintf(
                path, PATH_MAX, "%.*s/" MLN_SCAN_SNAPSHOT, PATH_MAX - 32, input->folder.path);
    return rc;
}

/* The open file lives on without a name, and goes with the process however that ends. */
static void forget_names(struct mln_scan_input *input)
{
    mln_scan_folder_remove(&input->folder);
}

void mln_scan_input_close(struct mln_scan_input *input)
{
    mln_snapshot_free(input->snapshot);
    input->snapshot = NULL;
    forget_names(input);
}

/* ---- collecting ---- */
static int copy_path(struct mln_str from, char path[PATH_MAX], struct mln_err *err)
{
    if (from.len == 0 || from.len >= PATH_MAX || memchr(from.ptr, '\0', from.len) != NULL)
        return mln_fail(err, MLN_EINVAL, "the path of the source is empty or too long");
    memcpy(path, from.ptr, from.len);
    path[from.len] = '\0';
    return MLN_OK;
}

/* A file that is there and was not finished is gone on with. */
static int make_snapshot(const char *path, const struct mln_schema *schema,
        struct mln_snapshot **out, bool *is_new, struct mln_err *err)
{
    int rc = mln_snapshot_create(path, schema, out, err);

    *is_new = rc == MLN_OK;
    return rc == MLN_EEXIST ? mln_snapshot_resume(path, schema, out, err) : rc;
}

int mln_scan_input_make(const struct mln_scan_options *options, struct mln_scan_input *input,
        bool *is_new, struct mln_err *err)
{
    const struct mln_schema *schema = mln_plan_schema(options->posture->plan);
    char path[PATH_MAX];
    int rc;

    *is_new = false;
    if (options->snapshot_path != NULL && options->resume)
        return mln_snapshot_resume(options->snapshot_path, schema, &input->snapshot, err);
    if (options->snapshot_path != NULL)
        return make_snapshot(options->snapshot_path, schema, &input->snapshot, is_new, err);
    rc = temporary_path(input, path, err);
    if (rc == MLN_OK)
        rc = mln_snapshot_create(path, schema, &input->snapshot, err);
    *is_new = rc == MLN_OK;
    return rc;
}

struct telling {
    const struct mln_scan_options *options;
};

static void tell(void *ctx, const struct mln_collect_progress *progress)
{
    const struct telling *telling = ctx;
    const struct mln_scan_options *options = telling->options;
    const struct mln_scan_progress out = {
        .phase = "collect",
        .what = mln_str_of(progress->call->id),
        .done = progress->calls,
        .total = progress->known,
        .rows = progress->rows,
        .left_ms = progress->left_ms,
    };

    if (options->progress != NULL)
        options->progress(options->progress_ctx, &out);
}

static void count_calls(const struct mln_collect_report *from, struct mln_scan_report *report)
{
    report->calls = from->calls;
    report->rows = from->rows;
    report->denied = from->outcomes[MLN_OUTCOME_DENIED];
    report->throttled = from->outcomes[MLN_OUTCOME_THROTTLED];
    report->failed = from->outcomes[MLN_OUTCOME_FAILED] + from->outcomes[MLN_OUTCOME_UNSUPPORTED];
    report->not_activated = from->outcomes[MLN_OUTCOME_NOT_ACTIVATED];
}

int mln_scan_input_collect(const struct mln_scan_options *options, struct mln_scan_input *input,
        const struct mln_collect_transport *transport, struct mln_str account_id,
        struct mln_snapshot *since, struct mln_scan_report *report, struct mln_err *err)
{
    struct telling telling = { options };
    const struct mln_collect_options how = {
        /* What the answers say is compared with it. */
        .account_id = account_id,
        .clock = options->clock,
        .random = options->live != NULL ? options->live->random : NULL,
        .stop = options->stop,
        .since = since,
        .progress = tell,
        .progress_ctx = &telling,
    };
    struct mln_collect_report calls = { 0 };
    int rc = mln_collect(options->posture->plan, input->snapshot, transport, &how, &calls, err);

    count_calls(&calls, report);
    report->stopped = calls.stopped;
    return rc;
}

static int collect(const struct mln_scan_options *options, struct mln_scan_input *input,
        struct mln_replay *replay, struct mln_scan_report *report, struct mln_err *err)
{
    const struct mln_collect_transport transport = mln_replay_transport(replay);
    struct mln_err late = { 0 };
    int rc = mln_scan_input_collect(
            options, input, &transport, mln_replay_account(replay), NULL, report, err);
    int told = mln_scan_tell_products(options, input->snapshot, &late);

    report->resumable = rc != MLN_OK && options->snapshot_path != NULL;
    if (rc != MLN_OK || told == MLN_OK)
        return rc;
    *err = late;
    return told;
}

static int check_recording(const struct mln_scan_options *options, const struct mln_replay *replay,
        struct mln_err *err)
{
    struct mln_str account_id = mln_replay_account(replay);

    if (options->account_id.len == 0 || mln_str_eq(account_id, options->account_id))
        return MLN_OK;
    return mln_fail(err, MLN_EINVAL, "the recording is of account %.*s, not of %.*s",
            MLN_FMT(account_id), MLN_FMT(options->account_id));
}

static int collect_replay(const struct mln_scan_options *options, struct mln_scan_input *input,
        struct mln_scan_report *report, struct mln_err *err)
{
    char folder[PATH_MAX];
    struct mln_replay *replay = NULL;
    bool is_new;
    int rc = copy_path(options->source.value, folder, err);

    if (rc == MLN_OK)
        rc = mln_replay_open(folder, &replay, err);
    if (rc != MLN_OK)
        return rc;
    rc = check_recording(options, replay, err);
    if (rc == MLN_OK)
        rc = mln_scan_input_make(options, input, &is_new, err);
    if (rc == MLN_OK)
        rc = collect(options, input, replay, report, err);
    mln_replay_free(replay);
    if (rc == MLN_OK)
        forget_names(input);
    return rc;
}

static int collect_live(const struct mln_scan_options *options, struct mln_scan_input *input,
        struct mln_scan_report *report, struct mln_err *err)
{
    struct mln_scan_session *session = NULL;
    struct mln_pace *pace = NULL;
    int rc;

    if (options->live == NULL)
        return mln_fail(err, MLN_ECONFIG,
                "the live cloud cannot be reached from here: give a recording (replay:DIR) or a "
                "snapshot");
    rc = mln_scan_session_of(options->live, &options->source, options->clock, &session, err);
    if (rc == MLN_OK)
        rc = mln_scan_pace_new(options->live, &pace, err);
    if (rc == MLN_OK)
        rc = mln_scan_collect_live(options, session, pace, input, report, err);
    mln_pace_free(pace);
    mln_scan_session_free(session);
    if (rc == MLN_OK)
        forget_names(input);
    return rc;
}

/* ---- a file that is there ---- */
static int count_stored(
        struct mln_snapshot *snapshot, struct mln_scan_report *report, struct mln_err *err)
{
    struct mln_collect_report calls = { 0 };
    sqlite3_stmt *statement = NULL;
    int code = sqlite3_prepare_v2(mln_snapshot_db(snapshot),
            "SELECT outcome, count(*), sum(items) FROM collect_call GROUP BY outcome", -1,
            &statement, NULL);

    if (code == SQLITE_OK) {
        while ((code = sqlite3_step(statement)) == SQLITE_ROW) {
            const char *word = (const char *)sqlite3_column_text(statement, 0);
            enum mln_outcome outcome;

            calls.calls += sqlite3_column_int64(statement, 1);
            calls.rows += sqlite3_column_int64(statement, 2);
            if (mln_outcome_parse(mln_str_of(word), &outcome) == MLN_OK)
                calls.outcomes[outcome] = sqlite3_column_int64(statement, 1);
        }
    }
    (void)sqlite3_finalize(statement);
    if (code != SQLITE_DONE)
        return mln_snapshot_fail(snapshot, code, "read its calls", err);
    count_calls(&calls, report);
    return MLN_OK;
}

static int check_account(
        const struct mln_scan_options *options, struct mln_snapshot *snapshot, struct mln_err *err)
{
    MLN_AUTO(mln_buf_free) struct mln_buf account = MLN_BUF_INIT(ACCOUNT_MAX);
    int rc = mln_snapshot_get(snapshot, "account_id", &account, err);

    if (rc == MLN_ENOTFOUND && options->account_id.len == 0)
        return MLN_OK;
    if (rc != MLN_OK && rc != MLN_ENOTFOUND)
        return rc;
    if (options->account_id.len == 0 || mln_str_eq(mln_buf_str(&account), options->account_id))
        return MLN_OK;
    if (account.len == 0)
        return mln_fail(err, MLN_EINVAL,
                "the snapshot does not say of which account it is: it ends before that was read");
    return mln_fail(err, MLN_EINVAL, "the snapshot is of account %.*s, not of %.*s",
            MLN_FMT(mln_buf_str(&account)), MLN_FMT(options->account_id));
}

/* The typed columns are those of the plan that made it: another one reads them again. */
static int rebuild(
        const struct mln_scan_options *options, struct mln_scan_input *input, struct mln_err *err)
{
    const struct mln_schema *schema = mln_plan_schema(options->posture->plan);
    MLN_AUTO(mln_buf_free) struct mln_buf hash = MLN_BUF_INIT(HASH_MAX);
    struct mln_snapshot *rebuilt = NULL;
    char path[PATH_MAX];
    int rc = mln_snapshot_get(input->snapshot, "plan_hash", &hash, err);

    if (rc != MLN_OK && rc != MLN_ENOTFOUND)
        return rc;
    if (rc == MLN_OK && mln_str_is(mln_buf_str(&hash), schema->hash))
        return MLN_OK;
    mln_scan_say(options, "collect", MLN_STR("snapshot"), 0, 0);
    rc = temporary_path(input, path, err);
    if (rc == MLN_OK)
        rc = mln_snapshot_rebuild(input->snapshot, schema, path, &rebuilt, err);
    if (rc == MLN_OK)
        rc = mln_snapshot_unchanged(input->snapshot, err);
    if (rc != MLN_OK) {
        mln_snapshot_free(rebuilt);
        return rc;
    }
    mln_snapshot_free(input->snapshot);
    input->snapshot = rebuilt;
    forget_names(input);
    return MLN_OK;
}

static int open_snapshot(const struct mln_scan_options *options, struct mln_scan_input *input,
        struct mln_scan_report *report, struct mln_err *err)
{
    char path[PATH_MAX];
    int rc = copy_path(options->source.value, path, err);

    if (rc == MLN_OK)
        rc = mln_snapshot_open(path, &input->snapshot, err);
    if (rc == MLN_OK)
        rc = check_account(options, input->snapshot, err);
    if (rc == MLN_OK)
        rc = rebuild(options, input, err);
    if (rc == MLN_OK)
        rc = count_stored(input->snapshot, report, err);
    return rc;
}

int mln_scan_input_open(const struct mln_scan_options *options, struct mln_scan_input *input,
        struct mln_scan_report *report, struct mln_err *err)
{
    int rc;

    input->snapshot = NULL;
    input->folder = (struct mln_scan_folder){ .fd = -1 };
    if (options->source.kind == MLN_SOURCE_REPLAY)
        rc = collect_replay(options, input, report, err);
    else if (options->source.kind == MLN_SOURCE_SNAPSHOT)
        rc = open_snapshot(options, input, report, err);
    else
        rc = collect_live(options, input, report, err);
    if (rc != MLN_OK)
        mln_scan_input_close(input);
    return rc;
}

int mln_collect_to_file(
        const struct mln_scan_options *options, struct mln_scan_report *report, struct mln_err *err)
{
    struct mln_scan_input input;
    int rc;

    *report = (struct mln_scan_report){ 0 };
    if (options->snapshot_path == NULL)
        return mln_fail(err, MLN_EINVAL, "collect: a path for the snapshot is needed");
    if (options->source.kind == MLN_SOURCE_SNAPSHOT)
        return mln_fail(err, MLN_EINVAL, "collect: the source is a snapshot already");
    rc = mln_scan_input_open(options, &input, report, err);
    if (rc == MLN_OK)
        mln_scan_input_close(&input);
    return rc;
}
