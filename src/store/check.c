/* Results of check items: one row per scan and item, with the item as its file was. */
#include "store/engine.h"

static void bind_head(struct mln_query *query, const struct mln_check_result_row *row)
{
    const int64_t numbers[] = { row->position, row->item_id, row->group, row->level, row->enabled,
        row->replaced, row->custom, row->checked_ms, row->failed, row->passed, row->not_applicable,
        row->not_assessed, row->stale };

    for (size_t i = 0; i < MLN_LEN(numbers); i++)
        mln_query_i64(query, numbers[i]);
    mln_query_text(query, row->name);
    mln_query_text(query, row->service);
    mln_query_text(query, row->title[MLN_STORE_EN]);
    mln_query_text(query, row->title[MLN_STORE_ZH]);
    mln_query_text(query, row->reason);
}

static void bind_tail(struct mln_query *query, const struct mln_check_result_row *row)
{
    mln_query_text(query, row->grid_key);
    for (int lang = 0; lang < MLN_STORE_LANGS; lang++)
        mln_query_text(query, row->grid_title[lang]);
    mln_query_text(query, row->mappings);
    for (int lang = 0; lang < MLN_STORE_LANGS; lang++)
        mln_query_text(query, row->params[lang]);
    for (int text = 0; text < MLN_STORE_ITEM_TEXTS; text++) {
        for (int lang = 0; lang < MLN_STORE_LANGS; lang++)
            mln_query_text(query, row->texts[text][lang]);
    }
    mln_query_text(query, row->completeness);
}

int mln_store_check_result_put(struct mln_store *store, struct mln_str account_id, int64_t scan_id,
        const struct mln_check_result_row *row, struct mln_err *err)
{
    MLN_AUTO(mln_query_close) struct mln_query query = { 0 };

    mln_query_open(&query, store, STMT_RESULT_PUT);
    mln_query_text(&query, account_id);
    mln_query_i64(&query, scan_id);
    bind_head(&query, row);
    bind_tail(&query, row);
    return mln_query_write(&query, NULL, err);
}

int mln_store_check_result_copy(struct mln_store *store, struct mln_str account_id,
        int64_t from_scan_id, int64_t to_scan_id, int64_t item_id, int64_t position,
        struct mln_err *err)
{
    MLN_AUTO(mln_query_close) struct mln_query query = { 0 };
    int64_t copied = 0;
    int rc;

    mln_query_open(&query, store, STMT_RESULT_COPY);
    mln_query_text(&query, account_id);
    mln_query_i64(&query, from_scan_id);
    mln_query_i64(&query, to_scan_id);
    mln_query_i64(&query, item_id);
    mln_query_i64(&query, position);
    rc = mln_query_write(&query, &copied, err);
    if (rc == MLN_OK && copied == 0)
        return mln_fail(err, MLN_ENOTFOUND, "scan %lld has no result of check item %lld",
                (long long)from_scan_id, (long long)item_id);
    return rc;
}

enum { HEAD_NUMBERS = 13, TAIL_COLUMN = 18 };

static void read_head(struct mln_query *query, struct mln_check_result_row *out)
{
    int64_t numbers[HEAD_NUMBERS];

    for (int i = 0; i < HEAD_NUMBERS; i++)
        numbers[i] = mln_query_get_i64(query, i);
    *out = (struct mln_check_result_row){
        .position = numbers[0],
        .item_id = numbers[1],
        .group = (int)numbers[2],
        .level = (int)numbers[3],
        .enabled = numbers[4] != 0,
        .replaced = numbers[5] != 0,
        .custom = numbers[6] != 0,
        .checked_ms = numbers[7],
        .failed = numbers[8],
        .passed = numbers[9],
        .not_applicable = numbers[10],
        .not_assessed = numbers[11],
        .stale = numbers[12],
        .name = mln_query_get_str(query, HEAD_NUMBERS),
        .service = mln_query_get_str(query, HEAD_NUMBERS + 1),
        .title = { mln_query_get_str(query, HEAD_NUMBERS + 2),
                mln_query_get_str(query, HEAD_NUMBERS + 3) },
        .reason = mln_query_get_str(query, HEAD_NUMBERS + 4),
    };
}

static void read_tail(struct mln_query *query, struct mln_check_result_row *row)
{
    int column = TAIL_COLUMN;

    row->grid_key = mln_query_get_str(query, column++);
    for (int lang = 0; lang < MLN_STORE_LANGS; lang++)
        row->grid_title[lang] = mln_query_get_str(query, column++);
    row->mappings = mln_query_get_str(query, column++);
    for (int lang = 0; lang < MLN_STORE_LANGS; lang++)
        row->params[lang] = mln_query_get_str(query, column++);
    for (int text = 0; text < MLN_STORE_ITEM_TEXTS; text++) {
        for (int lang = 0; lang < MLN_STORE_LANGS; lang++)
            row->texts[text][lang] = mln_query_get_str(query, column++);
    }
    row->completeness = mln_query_get_str(query, column);
}

static int each_result(struct mln_query *query, const struct mln_check_result_sink *sink,
        int64_t *seen, struct mln_err *err)
{
    int rc;

    *seen = 0;
    while ((rc = mln_query_next(query, err)) > 0) {
        struct mln_check_result_row row;

        ++*seen;
        read_head(query, &row);
        if (sink->wants != NULL && !sink->wants(sink->ctx, &row))
            continue;
        read_tail(query, &row);
        rc = sink->row(sink->ctx, &row, err);
        if (rc != MLN_OK)
            return rc;
    }
    return rc;
}

int mln_store_check_result_list(struct mln_store *store, struct mln_str account_id, int64_t scan_id,
        const struct mln_check_result_sink *sink, struct mln_err *err)
{
    MLN_AUTO(mln_query_close) struct mln_query query = { 0 };
    int64_t seen;

    mln_query_open(&query, store, STMT_RESULT_LIST);
    mln_query_text(&query, account_id);
    mln_query_i64(&query, scan_id);
    return each_result(&query, sink, &seen, err);
}

int mln_store_check_result_get(struct mln_store *store, struct mln_str account_id, int64_t scan_id,
        int64_t item_id, const struct mln_check_result_sink *sink, struct mln_err *err)
{
    MLN_AUTO(mln_query_close) struct mln_query query = { 0 };
    int64_t seen;
    int rc;

    mln_query_open(&query, store, STMT_RESULT_GET);
    mln_query_text(&query, account_id);
    mln_query_i64(&query, scan_id);
    mln_query_i64(&query, item_id);
    rc = each_result(&query, sink, &seen, err);
    if (rc == MLN_OK && seen == 0)
        return mln_fail(err, MLN_ENOTFOUND, "there is no check item %lld", (long long)item_id);
    return rc;
}
