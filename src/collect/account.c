/*
 * Whose account it is: the call that fills the table `account` is made before all others, and a
 * snapshot of the wrong account is never begun.
 */
#include <sqlite3.h>

#include "collect/executor.h"

bool mln_run_tells_account(const struct mln_run *run, size_t call)
{
    const struct mln_plan_entry *entry = &run->plan->entries[call];

    return entry->info.scope == MLN_SCOPE_ACCOUNT && strcmp(entry->table, MLN_ACCOUNT_TABLE) == 0;
}

static bool is_account(struct mln_str text)
{
    for (size_t i = 0; i < text.len; i++) {
        char c = text.ptr[i];

        if ((c < '0' || c > '9') && (c < 'a' || c > 'z') && (c < 'A' || c > 'Z') && c != '-' &&
                c != '_')
            return false;
    }
    return text.len > 0;
}

/* The account that the answers name; "" when they name none. */
static int read_account(struct mln_run *run, struct mln_buf *out, struct mln_err *err)
{
    sqlite3_stmt *stmt = NULL;
    /* An earlier run may have had to take the account's word from its options. */
    int code = sqlite3_exec(mln_snapshot_db(run->snapshot),
            "DELETE FROM \"" MLN_ACCOUNT_TABLE "\" WHERE call = 0 AND EXISTS "
            "(SELECT 1 FROM \"" MLN_ACCOUNT_TABLE "\" WHERE call <> 0 AND answer = 'ok')",
            NULL, NULL, NULL);

    if (code == SQLITE_OK)
        code = sqlite3_prepare_v2(mln_snapshot_db(run->snapshot),
                "SELECT id FROM \"" MLN_ACCOUNT_TABLE
                "\" WHERE answer = 'ok' ORDER BY rowid LIMIT 1",
                -1, &stmt, NULL);
    if (code == SQLITE_OK)
        code = sqlite3_step(stmt);
    if (code == SQLITE_ROW) {
        const char *text = (const char *)sqlite3_column_text(stmt, 0);

        mln_buf_add(out, (struct mln_str){
                                 text != NULL ? text : "", (size_t)sqlite3_column_bytes(stmt, 0) });
    }
    (void)sqlite3_finalize(stmt);
    if (code != SQLITE_ROW && code != SQLITE_DONE)
        return mln_snapshot_fail(run->snapshot, code, "read the account", err);
    if (code == SQLITE_ROW && !is_account(mln_buf_str(out)))
        return mln_fail(err, MLN_EINVAL, "the answers name an account whose id is none");
    return MLN_OK;
}

/* The account that was named, where no answer said it. */
static int add_configured(struct mln_run *run, struct mln_err *err)
{
    const struct mln_schema *schema = &run->plan->schema;
    const struct mln_table *table = mln_schema_table(schema, MLN_STR(MLN_ACCOUNT_TABLE));
    const struct mln_row_map map = { .table = (size_t)(table - schema->tables),
        .id = { .names = { "AccountId" }, .count = 1 },
        .has_id = true };
    const struct mln_row_place place = { .region = MLN_STR(MLN_ACCOUNT_REGION),
        .parent = MLN_STR("") };
    MLN_AUTO(mln_buf_free) struct mln_buf text = MLN_BUF_INIT(256);
    struct mln_json *json = NULL;
    int64_t added = 0;
    int rc;

    mln_buf_addf(&text, "{\"AccountId\":\"%s\"}", run->account);
    rc = mln_json_parse(mln_buf_str(&text), &json, err);
    if (rc == MLN_OK)
        rc = mln_snapshot_add(run->snapshot, &map, &place, mln_json_root(json), &added, err);
    mln_json_free(json);
    run->report->rows += added;
    return rc;
}

/* A file that was begun for another account is not gone on with. */
static int check_begun(struct mln_run *run, struct mln_err *err)
{
    MLN_AUTO(mln_buf_free) struct mln_buf begun = MLN_BUF_INIT(MLN_COLLECT_OWN_MAX);
    int rc = mln_snapshot_get(run->snapshot, "account_id", &begun, err);

    if (rc == MLN_ENOTFOUND || (rc == MLN_OK && begun.len == 0))
        return MLN_OK;
    if (rc == MLN_OK && !mln_str_is(mln_buf_str(&begun), run->account))
        return mln_fail(err, MLN_EINVAL,
                "the snapshot was begun for account %.*s, and this is account %s; collect into a "
                "new file",
                MLN_FMT(mln_buf_str(&begun)), run->account);
    return rc;
}

/* Nothing can be read for nobody: what became of the question is the best reason there is. */
static int refuse_nobody(struct mln_run *run, struct mln_err *err)
{
    const int64_t *outcomes = run->report->outcomes;
    int code = outcomes[MLN_OUTCOME_DENIED] > 0      ? MLN_EDENIED
               : outcomes[MLN_OUTCOME_THROTTLED] > 0 ? MLN_ETRANSIENT
                                                     : MLN_EINVAL;
    sqlite3_stmt *stmt = NULL;
    int step = sqlite3_prepare_v2(mln_snapshot_db(run->snapshot),
            "SELECT call, outcome, code, message FROM collect_call ORDER BY id DESC LIMIT 1", -1,
            &stmt, NULL);

    if (step == SQLITE_OK)
        step = sqlite3_step(stmt);
    if (step == SQLITE_ROW)
        code = mln_fail(err, code,
                "no answer says whose account it is, and no account was named (%s: %s %s %s)",
                (const char *)sqlite3_column_text(stmt, 0),
                (const char *)sqlite3_column_text(stmt, 1),
                (const char *)sqlite3_column_text(stmt, 2),
                (const char *)sqlite3_column_text(stmt, 3));
    else
        code = mln_fail(err, code, "no answer says whose account it is, and no account was named");
    (void)sqlite3_finalize(stmt);
    return code;
}

int mln_run_settle_account(struct mln_run *run, struct mln_err *err)
{
    MLN_AUTO(mln_buf_free) struct mln_buf found = MLN_BUF_INIT(sizeof(run->account) - 1);
    struct mln_str wanted = run->options->account_id;
    int rc = mln_run_begin(run, err);

    if (rc == MLN_OK)
        rc = read_account(run, &found, err);
    if (rc != MLN_OK)
        return rc;
    if (found.len == 0 && wanted.len == 0)
        return refuse_nobody(run, err);
    if (found.len > 0 && wanted.len > 0 && !mln_str_eq(mln_buf_str(&found), wanted))
        return mln_fail(err, MLN_EINVAL, "the answers are of account %.*s, not %.*s",
                MLN_FMT(mln_buf_str(&found)), MLN_FMT(wanted));
    if (found.len == 0 && (!is_account(wanted) || wanted.len >= sizeof(run->account)))
        return mln_fail(err, MLN_EINVAL, "'%.*s' is no id of an account", MLN_FMT(wanted));
    if (found.len == 0)
        memcpy(run->account, wanted.ptr, wanted.len);
    else
        memcpy(run->account, found.ptr, found.len);
    rc = check_begun(run, err);
    if (rc == MLN_OK)
        rc = mln_since_check_account(run, err);
    if (rc == MLN_OK && found.len == 0)
        rc = add_configured(run, err);
    if (rc == MLN_OK)
        rc = mln_snapshot_set(run->snapshot, "account_id", mln_str_of(run->account), err);
    run->account_settled = rc == MLN_OK;
    return rc;
}
