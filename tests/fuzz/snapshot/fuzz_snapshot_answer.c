/* Arbitrary JSON as the answer of a call: it becomes rows as a whole, or is refused as a whole. */
#include <sqlite3.h>

#include "snapshot/snapshot.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const struct mln_column columns[] = {
    { "flag", MLN_COLUMN_BOOL },
    { "number", MLN_COLUMN_INT },
    { "part", MLN_COLUMN_JSON },
    { "real", MLN_COLUMN_REAL },
    { "text", MLN_COLUMN_TEXT },
};

static const struct mln_table tables[] = {
    { "inner", columns, MLN_LEN(columns), false, false },
    { "outer", columns, MLN_LEN(columns), false, true },
};

#define PATH(name)                      \
    {                                   \
        .names = { (name) }, .count = 1 \
    }

static const struct mln_column_map maps[] = {
    { 0, PATH("b"), NULL },
    { 1, PATH("i"), NULL },
    { 2, PATH("j"), NULL },
    { 3, PATH("r"), NULL },
    { 4, PATH("t"), NULL },
};
static const struct mln_column_map whole[] = { { 4, { .count = 0 }, NULL } };

static const struct mln_row_map inner = {
    .table = 0,
    .list = PATH("l"),
    .columns = whole,
    .column_count = MLN_LEN(whole),
};
static const struct mln_row_map outer = {
    .table = 1,
    .list = PATH("l"),
    .id = PATH("n"),
    .name = PATH("t"),
    .region = PATH("g"),
    .has_id = true,
    .has_name = true,
    .has_region = true,
    .columns = maps,
    .column_count = MLN_LEN(maps),
    .nested = &inner,
    .nested_count = 1,
};
static const struct mln_schema_call calls[] = {
    { "a:List", MLN_SCOPE_ACCOUNT, "a:List", NULL, &outer, NULL, 0 },
};
static const struct mln_schema schema = { tables, MLN_LEN(tables), calls, MLN_LEN(calls), "00" };

static int64_t count(struct mln_snapshot *snapshot, const char *sql)
{
    sqlite3_stmt *statement = NULL;
    int64_t number;

    if (sqlite3_prepare_v2(mln_snapshot_db(snapshot), sql, -1, &statement, NULL) != SQLITE_OK ||
            sqlite3_step(statement) != SQLITE_ROW)
        abort();
    number = sqlite3_column_int64(statement, 0);
    (void)sqlite3_finalize(statement);
    return number;
}

/* Adds the answer, checks what came of it, and takes it back. */
static void try_answer(struct mln_snapshot *snapshot, struct mln_json_value answer)
{
    const struct mln_row_place place = { .call_row = 1 };
    struct mln_err err;
    int64_t added = 0;
    int rc;

    if (mln_snapshot_begin(snapshot, &err) != MLN_OK)
        abort();
    rc = mln_snapshot_add(snapshot, &outer, &place, answer, &added, &err);
    if (rc != MLN_OK && rc != MLN_EINVAL && rc != MLN_ETOOBIG)
        abort();
    /* Rows of one id and region replace each other; no nested row is without its outer one. */
    if (rc == MLN_OK && count(snapshot, "SELECT count(*) FROM \"outer\"") > added)
        abort();
    if (rc == MLN_OK &&
            count(snapshot, "SELECT count(*) FROM \"inner\" i WHERE NOT EXISTS (SELECT 1 FROM "
                            "\"outer\" o WHERE o.id = i.parent AND o.region = i.region)") > 0)
        abort();
    mln_snapshot_rollback(snapshot);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct mln_snapshot *snapshot;
    struct mln_json *doc = NULL;
    struct mln_err err;

    if (snapshot == NULL && mln_snapshot_create(NULL, &schema, &snapshot, &err) != MLN_OK)
        abort();
    if (mln_json_parse((struct mln_str){ .ptr = (const char *)data, .len = size }, &doc, &err) !=
            MLN_OK)
        return 0;
    try_answer(snapshot, mln_json_root(doc));
    mln_json_free(doc);
    return 0;
}
