/* Going on: what an earlier run has recorded as read is not asked for again. */
#include <sqlite3.h>

#include "collect/executor.h"

/* A new snapshot has no records, and is not asked for them. */
int mln_run_look_for_records(struct mln_run *run, struct mln_err *err)
{
    sqlite3 *db = mln_snapshot_db(run->snapshot);
    sqlite3_stmt *stmt = NULL;
    int code = sqlite3_prepare_v2(db, "SELECT 1 FROM collect_call LIMIT 1", -1, &stmt, NULL);

    if (code == SQLITE_OK)
        code = sqlite3_step(stmt);
    (void)sqlite3_finalize(stmt);
    if (code == SQLITE_ROW)
        code = sqlite3_prepare_v2(db,
                "SELECT outcome FROM collect_call WHERE call = ?1 AND region = ?2 AND key = ?3", -1,
                &run->recorded, NULL);
    return code == SQLITE_OK || code == SQLITE_DONE
                   ? MLN_OK
                   : mln_snapshot_fail(run->snapshot, code, "read the records", err);
}

static int find_outcome(struct mln_run *run, const struct mln_task *task, struct mln_str key,
        enum mln_outcome *out, struct mln_err *err)
{
    const struct mln_str texts[] = { mln_str_of(run->plan->schema.calls[task->call].id),
        task->key.region, key };
    int code = SQLITE_OK;

    *out = MLN_OUTCOME_RUNNING;
    for (int i = 0; code == SQLITE_OK && i < (int)MLN_LEN(texts); i++)
        code = sqlite3_bind_text64(
                run->recorded, i + 1, texts[i].ptr, texts[i].len, SQLITE_STATIC, SQLITE_UTF8);
    if (code == SQLITE_OK)
        code = sqlite3_step(run->recorded);
    if (code == SQLITE_ROW &&
            mln_outcome_parse(
                    mln_str_of((const char *)sqlite3_column_text(run->recorded, 0)), out) < 0)
        *out = MLN_OUTCOME_RUNNING;
    (void)sqlite3_reset(run->recorded);
    return code == SQLITE_ROW || code == SQLITE_DONE
                   ? MLN_OK
                   : mln_snapshot_fail(run->snapshot, code, "read the records", err);
}

int mln_run_was_read(
        struct mln_run *run, const struct mln_task *task, bool *out, struct mln_err *err)
{
    size_t count = task->key.key_count > 0 && run->plan->entries[task->call].batch > 0
                           ? task->key.key_count
                           : 1;
    enum mln_outcome outcome = MLN_OUTCOME_RUNNING, first = MLN_OUTCOME_RUNNING;
    int rc = MLN_OK;

    /* Whose credentials these are is asked each time: the file may be of another account. */
    *out = run->recorded != NULL && !mln_run_tells_account(run, task->call);
    for (size_t i = 0; *out && rc == MLN_OK && i < count; i++) {
        rc = find_outcome(run, task, i > 0 ? task->key.keys[i] : task->key.key, &outcome, err);
        first = i == 0 ? outcome : first;
        *out = mln_outcome_is_read(outcome);
    }
    if (rc == MLN_OK && *out) {
        run->report->calls++;
        run->report->earlier++;
        run->report->outcomes[first]++;
    }
    return rc;
}
