/* What a query over a snapshot gives, as one text. */
#pragma once

#include <sqlite3.h>

#include "snapshot/snapshot.h"
#include "test.h"

/* Rows joined by " | ", columns by ",". */
static inline void expect_rows(struct mln_snapshot *snapshot, const char *sql, const char *want)
{
    MLN_AUTO(mln_buf_free) struct mln_buf got = MLN_BUF_INIT(65536);
    sqlite3_stmt *stmt = NULL;

    if (sqlite3_prepare_v2(mln_snapshot_db(snapshot), sql, -1, &stmt, NULL) != SQLITE_OK)
        fail_msg("%s: %s", sql, sqlite3_errmsg(mln_snapshot_db(snapshot)));
    while (sqlite3_step(stmt) == SQLITE_ROW) {
        mln_buf_add_cstr(&got, got.len > 0 ? " | " : "");
        for (int i = 0; i < sqlite3_column_count(stmt); i++) {
            const char *text = (const char *)sqlite3_column_text(stmt, i);

            mln_buf_addf(&got, "%s%s", i > 0 ? "," : "", text != NULL ? text : "NULL");
        }
    }
    sqlite3_finalize(stmt);
    EQ_STR(mln_buf_str(&got), want);
}
