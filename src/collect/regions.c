/*
 * Regions. What the cloud lists counts; where its list could not be read, the calls are made for
 * the regions that are known here, so that what is found there is judged. The list stays recorded
 * as unread: what could be in a region that nobody knows of is never a pass.
 */
#include <sqlite3.h>

#include "collect/executor.h"

/* Whether some instance of the call was made and not read. */
static int is_unread(
        struct mln_snapshot *snapshot, struct mln_str call, bool *out, struct mln_err *err)
{
    sqlite3_stmt *stmt = NULL;
    int code = sqlite3_prepare_v2(mln_snapshot_db(snapshot),
            "SELECT DISTINCT outcome FROM collect_call WHERE call = ?1", -1, &stmt, NULL);

    if (code == SQLITE_OK)
        code = sqlite3_bind_text64(stmt, 1, call.ptr, call.len, SQLITE_STATIC, SQLITE_UTF8);
    if (code == SQLITE_OK)
        code = sqlite3_step(stmt);
    while (code == SQLITE_ROW) {
        const char *text = (const char *)sqlite3_column_text(stmt, 0);
        enum mln_outcome outcome = MLN_OUTCOME_FAILED;

        if (text == NULL || mln_outcome_parse(mln_str_of(text), &outcome) != MLN_OK ||
                !mln_outcome_is_read(outcome))
            *out = true;
        code = sqlite3_step(stmt);
    }
    (void)sqlite3_finalize(stmt);
    return code == SQLITE_DONE ? MLN_OK
                               : mln_snapshot_fail(snapshot, code, "read the regions", err);
}

int mln_regions_are_unread(const struct mln_plan *plan, const struct mln_plan_entry *entry,
        struct mln_snapshot *snapshot, bool *out, struct mln_err *err)
{
    const struct mln_schema_call *call = &plan->schema.calls[entry->info.index];
    bool unread = false;
    int rc = MLN_OK;

    /* A call for each region depends on those that list the regions, and on nothing else. */
    for (size_t i = 0;
            entry->info.scope == MLN_SCOPE_REGION && rc == MLN_OK && i < call->depend_count; i++)
        rc = is_unread(snapshot, mln_str_of(plan->schema.calls[call->depends[i]].id), &unread, err);
    if (rc == MLN_OK)
        *out = unread;
    return rc;
}
