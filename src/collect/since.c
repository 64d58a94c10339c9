/*
 * Calls that an earlier snapshot answers: those for which the plan says which columns of the
 * resource stand for the answer. Its rows go through the same door as an answer, its record keeps
 * the times of then. Everything else is asked again.
 */
#include <sqlite3.h>
#include <stdio.h>

#include "collect/executor.h"

#define SQL_MAX    ((size_t)8192)
#define RECORD_MAX ((size_t)4096)
#define VALUES_MAX ((size_t)1024 * 1024) /* Of the columns that are compared. */

struct mln_since {
    struct mln_snapshot *from;
    sqlite3_stmt *record;
    struct mln_buf finished; /* When it was finished, for the records. */
    struct mln_buf now, then;
};

size_t mln_collect_since_kinds(const struct mln_plan *plan)
{
    size_t count = 0;

    for (size_t i = 0; i < plan->schema.call_count; i++)
        count += plan->entries[i].unchanged_while.count > 0;
    return count;
}

/* ---- opening ---- */

static int check(struct mln_run *run, struct mln_since *since, struct mln_err *err)
{
    MLN_AUTO(mln_buf_free) struct mln_buf hash = MLN_BUF_INIT(MLN_COLLECT_OWN_MAX);
    MLN_AUTO(mln_buf_free) struct mln_buf time = MLN_BUF_INIT(MLN_COLLECT_OWN_MAX);
    char text[MLN_TIME_TEXT_MAX];
    int64_t finished_ms = 0;
    int rc = mln_snapshot_get(since->from, "finished_ms", &time, err);

    if (rc == MLN_OK)
        rc = mln_snapshot_get(since->from, "plan_hash", &hash, err);
    if (rc != MLN_OK)
        return rc;
    if (mln_str_to_i64(mln_buf_str(&time), &finished_ms) != MLN_OK)
        return mln_fail(err, MLN_EINVAL, "the earlier snapshot was not finished; collect anew");
    if (!mln_str_is(mln_buf_str(&hash), run->plan->schema.hash))
        return mln_fail(err, MLN_EINVAL,
                "the earlier snapshot was made with another plan; collect without it");
    mln_time_format(finished_ms, text);
    mln_buf_add_cstr(&since->finished, text);
    return MLN_OK;
}

int mln_since_open(struct mln_run *run, struct mln_err *err)
{
    struct mln_since *since;
    int code, rc;

    if (run->options->since == NULL)
        return MLN_OK;
    since = calloc(1, sizeof(*since));
    if (since == NULL)
        return mln_fail(err, MLN_ENOMEM, "out of memory");
    since->from = run->options->since;
    since->finished.max = MLN_COLLECT_OWN_MAX;
    since->now.max = since->then.max = VALUES_MAX;
    run->since = since;
    rc = check(run, since, err);
    if (rc != MLN_OK)
        return rc;
    code = sqlite3_prepare_v2(mln_snapshot_db(since->from),
            "SELECT id, outcome, http_status, code, message, request_id, items, pages, total, "
            "started_ms, finished_ms FROM collect_call WHERE call = ?1 AND region = ?2 AND key = ?3",
            -1, &since->record, NULL);
    return code == SQLITE_OK ? MLN_OK
                             : mln_snapshot_fail(since->from, code, "read the records", err);
}

void mln_since_close(struct mln_since *since)
{
    if (since == NULL)
        return;
    (void)sqlite3_finalize(since->record);
    mln_buf_free(&since->finished);
    mln_buf_free(&since->now);
    mln_buf_free(&since->then);
    free(since);
}

int mln_since_check_account(const struct mln_run *run, struct mln_err *err)
{
    MLN_AUTO(mln_buf_free) struct mln_buf account = MLN_BUF_INIT(MLN_COLLECT_OWN_MAX);
    int rc;

    if (run->since == NULL)
        return MLN_OK;
    rc = mln_snapshot_get(run->since->from, "account_id", &account, err);
    if (rc == MLN_OK && !mln_str_is(mln_buf_str(&account), run->account))
        return mln_fail(err, MLN_EINVAL,
                "the earlier snapshot is of account %.*s, and this is account %s",
                MLN_FMT(mln_buf_str(&account)), run->account);
    return rc;
}

/* ---- whether anything changed ---- */

static int bind_texts(sqlite3_stmt *stmt, const struct mln_str *texts, size_t count)
{
    int code = SQLITE_OK;

    for (size_t i = 0; code == SQLITE_OK && i < count; i++)
        code = sqlite3_bind_text64(
                stmt, (int)i + 1, texts[i].ptr, texts[i].len, SQLITE_STATIC, SQLITE_UTF8);
    return code;
}

/* The values of a row, each with its type and length; "" when there is none, or one is NULL. */
static void print_row(sqlite3_stmt *stmt, size_t count, struct mln_buf *out)
{
    for (size_t i = 0; i < count; i++) {
        const char *text = (const char *)sqlite3_column_text(stmt, (int)i);
        size_t len = (size_t)sqlite3_column_bytes(stmt, (int)i);

        if (text == NULL) {
            mln_buf_reset(out);
            return;
        }
        mln_buf_addf(out, "%d:%zu:", sqlite3_column_type(stmt, (int)i), len);
        mln_buf_add(out, (struct mln_str){ text, len });
    }
}

/* The columns of the resource in one of the snapshots; nothing where it is not there once. */
static int read_row(struct mln_snapshot *snapshot, const char *sql, const struct mln_task *task,
        size_t count, struct mln_buf *out, struct mln_err *err)
{
    const struct mln_str texts[] = { task->key.key, task->key.region };
    sqlite3_stmt *stmt = NULL;
    int code = sqlite3_prepare_v2(mln_snapshot_db(snapshot), sql, -1, &stmt, NULL);

    mln_buf_reset(out);
    if (code == SQLITE_OK)
        code = bind_texts(stmt, texts, MLN_LEN(texts));
    if (code == SQLITE_OK)
        code = sqlite3_step(stmt);
    if (code == SQLITE_ROW) {
        print_row(stmt, count, out);
        code = sqlite3_step(stmt);
        if (code == SQLITE_ROW)
            mln_buf_reset(out);
    }
    (void)sqlite3_finalize(stmt);
    return code == SQLITE_DONE || code == SQLITE_ROW
                   ? MLN_OK
                   : mln_snapshot_fail(snapshot, code, "compare a resource", err);
}

static int is_unchanged(
        struct mln_run *run, const struct mln_task *task, bool *out, struct mln_err *err)
{
    const struct mln_yaml_strs *columns = &run->plan->entries[task->call].unchanged_while;
    MLN_AUTO(mln_buf_free) struct mln_buf sql = MLN_BUF_INIT(SQL_MAX);
    struct mln_since *since = run->since;
    int rc;

    for (size_t i = 0; i < columns->count; i++)
        mln_buf_addf(&sql, "%s\"%.*s\"", i > 0 ? ", " : "SELECT ", MLN_FMT(columns->items[i]));
    mln_buf_addf(&sql, " FROM \"%s\" WHERE id = ?1 AND region = ?2 LIMIT 2",
            run->plan->schema.calls[task->call].parent);
    if (sql.code != MLN_OK)
        return mln_fail(err, MLN_ENOMEM, "out of memory");
    rc = read_row(run->snapshot, sql.ptr, task, columns->count, &since->now, err);
    if (rc == MLN_OK)
        rc = read_row(since->from, sql.ptr, task, columns->count, &since->then, err);
    *out = rc == MLN_OK && since->now.code == MLN_OK && since->then.code == MLN_OK &&
           since->now.len > 0 && mln_str_eq(mln_buf_str(&since->now), mln_buf_str(&since->then));
    return rc;
}

/* ---- taking it ---- */

enum { ID, OUTCOME, STATUS, CODE, MESSAGE, REQUEST_ID, ITEMS, PAGES, TOTAL, STARTED, FINISHED };

/* Answers that stand for the resource as it is; one that is gone is not listed any more. */
static bool is_answer(sqlite3_stmt *record, enum mln_outcome *outcome)
{
    return mln_outcome_parse(mln_snapshot_column(record, OUTCOME), outcome) == MLN_OK &&
           (*outcome == MLN_OUTCOME_OK || *outcome == MLN_OUTCOME_ABSENT ||
                   *outcome == MLN_OUTCOME_NOT_APPLICABLE);
}

/* The record says since when it stands; one that was taken itself keeps what it says. */
static int copy_record(
        struct mln_run *run, struct mln_task *task, enum mln_outcome outcome, struct mln_err *err)
{
    sqlite3_stmt *from = run->since->record;
    MLN_AUTO(mln_buf_free) struct mln_buf message = MLN_BUF_INIT(RECORD_MAX);
    const struct mln_schema_call *call = &run->plan->schema.calls[task->call];
    struct mln_call_record record = { .call = mln_str_of(call->id),
        .region = task->key.region,
        .key = task->key.key,
        .outcome = outcome,
        .http_status = sqlite3_column_int(from, STATUS),
        .code = mln_snapshot_column(from, CODE),
        .request_id = mln_snapshot_column(from, REQUEST_ID),
        .items = sqlite3_column_int64(from, ITEMS),
        .pages = sqlite3_column_int64(from, PAGES),
        .total = sqlite3_column_int64(from, TOTAL),
        .started_ms = sqlite3_column_int64(from, STARTED),
        .finished_ms = sqlite3_column_int64(from, FINISHED) };
    int64_t copied = 0;
    int rc;

    if (mln_str_starts(mln_snapshot_column(from, MESSAGE), MLN_STR("unchanged since ")))
        mln_buf_add(&message, mln_snapshot_column(from, MESSAGE));
    else
        mln_buf_addf(&message, "unchanged since %.*s", MLN_FMT(mln_buf_str(&run->since->finished)));
    record.message = mln_buf_str(&message);
    rc = mln_run_begin(run, err);
    if (rc == MLN_OK)
        rc = mln_snapshot_call_begin(run->snapshot, &record, &task->call_row, err);
    if (rc == MLN_OK)
        rc = mln_snapshot_copy_call(run->since->from, run->snapshot,
                &(struct mln_snapshot_copy){ .map = call->rows,
                        .key = task->key.key,
                        .from_call = sqlite3_column_int64(from, ID),
                        .to_call = task->call_row },
                &copied, err);
    if (rc == MLN_OK &&
            (copied > record.items || (run->plan->entries[task->call].single && copied != 1)))
        return mln_fail(err, MLN_ECORRUPT,
                "the earlier snapshot has not the rows of its own call %s; collect without it",
                call->id);
    if (rc == MLN_OK)
        rc = mln_snapshot_call_end(run->snapshot, task->call_row, &record, err);
    run->unwritten += copied + 1;
    run->report->rows += copied;
    return rc;
}

static void count(struct mln_run *run, enum mln_outcome outcome)
{
    run->report->calls++;
    run->report->reused++;
    run->report->outcomes[outcome]++;
}

int mln_since_take(struct mln_run *run, struct mln_task *task, bool *taken, struct mln_err *err)
{
    const struct mln_str texts[] = { mln_str_of(run->plan->schema.calls[task->call].id),
        task->key.region, task->key.key };
    sqlite3_stmt *record = run->since->record;
    enum mln_outcome outcome = MLN_OUTCOME_RUNNING;
    bool unchanged = false;
    int code, rc = MLN_OK;

    if (run->plan->entries[task->call].unchanged_while.count == 0)
        return MLN_OK;
    rc = is_unchanged(run, task, &unchanged, err);
    if (rc != MLN_OK || !unchanged)
        return rc;
    code = bind_texts(record, texts, MLN_LEN(texts));
    if (code == SQLITE_OK)
        code = sqlite3_step(record);
    if (code == SQLITE_ROW && is_answer(record, &outcome)) {
        rc = copy_record(run, task, outcome, err);
        *taken = rc == MLN_OK;
    } else if (code != SQLITE_ROW && code != SQLITE_DONE) {
        rc = mln_snapshot_fail(run->since->from, code, "read the records", err);
    }
    (void)sqlite3_reset(record);
    if (*taken)
        count(run, outcome);
    return rc;
}
