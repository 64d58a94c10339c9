/*
 * Has anything been committed? Readers of a WAL file learn it from the header of the WAL index,
 * which every connection has mapped and every commit changes (its counter, its frame number, its
 * checksum): the same 48 bytes mean the same state. Looking at them costs no lock and no system
 * call, which is what makes an answer worth keeping.
 */
#include "store/sqlite/sqlite.h"

#define INDEX_REGION_BYTES 32768
#define INDEX_HEADER_WORDS 12

static bool is_wal(struct mln_sqlite *store)
{
    sqlite3_stmt *statement = NULL;
    bool is = false;

    if (sqlite3_prepare_v2(store->db, "PRAGMA main.journal_mode", -1, &statement, NULL) ==
                    SQLITE_OK &&
            sqlite3_step(statement) == SQLITE_ROW)
        is = sqlite3_stricmp((const char *)sqlite3_column_text(statement, 0), "wal") == 0;
    (void)sqlite3_finalize(statement);
    return is;
}

/* The index stays where it is until the connection closes. NULL where there is none: a file that
 * is read at rest. */
static const volatile uint32_t *find_index(struct mln_sqlite *store)
{
    sqlite3_file *file = NULL;
    void volatile *region = NULL;

    if (store->at_rest || !is_wal(store) ||
            sqlite3_file_control(store->db, "main", SQLITE_FCNTL_FILE_POINTER, &file) !=
                    SQLITE_OK ||
            file == NULL || file->pMethods == NULL || file->pMethods->iVersion < 2 ||
            file->pMethods->xShmMap == NULL)
        return NULL;
    (void)file->pMethods->xShmMap(file, 0, INDEX_REGION_BYTES, 0, &region);
    return region;
}

/* A number for 48 bytes: each step is reversible, so different headers hardly ever meet. */
static int64_t number_of(const volatile uint32_t *index)
{
    uint64_t number = 0;

    for (size_t i = 0; i < INDEX_HEADER_WORDS; i += 2) {
        number ^= (uint64_t)index[i] << 32 | index[i + 1];
        number *= 0x9E3779B97F4A7C15U;
        number ^= number >> 29;
    }
    return (int64_t)number;
}

static int ask(struct mln_sqlite *store, int64_t *out, struct mln_err *err)
{
    MLN_AUTO(mln_query_close) struct mln_query query;
    int rc;

    mln_query_open(&query, &store->base, STMT_DATA_VERSION);
    rc = mln_query_next(&query, err);
    if (rc < 0)
        return rc;
    *out = mln_query_get_i64(&query, 0);
    return MLN_OK;
}

int mln_sqlite_data_version(struct mln_store *base, int64_t *out, struct mln_err *err)
{
    struct mln_sqlite *store = (struct mln_sqlite *)base;
    int64_t asked = 0;

    if (store->index == NULL) {
        /* The first read maps the index. */
        int rc = ask(store, &asked, err);

        if (rc != MLN_OK)
            return rc;
        store->index = find_index(store);
    }
    *out = store->index != NULL ? number_of(store->index) : asked;
    return MLN_OK;
}
