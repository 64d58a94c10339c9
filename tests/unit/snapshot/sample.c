#include "sample.h"

#include <ftw.h>
#include <sqlite3.h>
#include <stdio.h>

#define PATH(...)                                                         \
    {                                                                     \
        .names = { __VA_ARGS__ },                                         \
        .count = sizeof((const char *[]){ __VA_ARGS__ }) / sizeof(char *) \
    }

static const struct mln_column bucket_columns[] = {
    { "acl", MLN_COLUMN_TEXT },
    { "created", MLN_COLUMN_TEXT },
    { "kind", MLN_COLUMN_TEXT },
};
static const struct mln_column info_columns[] = {
    { "is_public", MLN_COLUMN_BOOL },
    { "owner", MLN_COLUMN_TEXT },
};
static const struct mln_column group_columns[] = { { "cidr", MLN_COLUMN_TEXT } };
static const struct mln_column host_columns[] = {
    { "cpu", MLN_COLUMN_INT }, { "is_on", MLN_COLUMN_BOOL }, { "load", MLN_COLUMN_REAL },
    { "tags", MLN_COLUMN_JSON }, { "zone", MLN_COLUMN_TEXT }, /* Later version only. */
};
static const struct mln_column disk_columns[] = { { "size", MLN_COLUMN_INT } };
static const struct mln_column tag_columns[] = { { "word", MLN_COLUMN_TEXT } };
static const struct mln_column note_columns[] = { { "text", MLN_COLUMN_TEXT } };

#define TABLES(host_count)                                                            \
    {                                                                                 \
        { "bucket", bucket_columns, MLN_LEN(bucket_columns), false, true },           \
                { "bucket_info", info_columns, MLN_LEN(info_columns), true, false },  \
                { "group", group_columns, MLN_LEN(group_columns), false, true },      \
                { "host", host_columns, (host_count), false, true },                  \
                { "host_disk", disk_columns, MLN_LEN(disk_columns), false, false },   \
                { "host_disk_tag", tag_columns, MLN_LEN(tag_columns), false, false }, \
                { "note", note_columns, MLN_LEN(note_columns), false, false },        \
    }
static const struct mln_table tables[SAMPLE_TABLES] = TABLES(4),
                              later_tables[SAMPLE_TABLES] = TABLES(5);

static const struct mln_column_map bucket_maps[] = {
    { 0, PATH("Acl", "Grant"), NULL },
    { 1, PATH("Created"), NULL },
    { 2, { .count = 0 }, "oss" },
};
static const struct mln_column_map info_maps[] = {
    { 0, PATH("Public"), NULL },
    { 1, PATH("Owner", "Id"), NULL },
};
static const struct mln_column_map group_maps[] = { { 0, PATH("Cidr"), NULL } };
static const struct mln_column_map host_maps[] = {
    { 0, PATH("Cpu"), NULL },
    { 1, PATH("On"), NULL },
    { 2, PATH("Load"), NULL },
    { 3, PATH("Tags"), NULL },
    { 4, PATH("Zone"), NULL },
};
static const struct mln_column_map disk_maps[] = { { 0, PATH("Size"), NULL } };
static const struct mln_column_map tag_maps[] = { { 0, { .count = 0 }, NULL } };
static const struct mln_column_map note_maps[] = { { 0, { .count = 0 }, NULL } };

static const struct mln_row_map bucket_rows = {
    .table = SAMPLE_BUCKET,
    .list = PATH("Buckets", "Bucket"),
    .id = PATH("Name"),
    .name = PATH("Name"),
    .region = PATH("Region"),
    .has_id = true,
    .has_name = true,
    .has_region = true,
    .columns = bucket_maps,
    .column_count = MLN_LEN(bucket_maps),
};
static const struct mln_row_map info_rows = {
    .table = SAMPLE_BUCKET_INFO,
    .list = PATH("Info"),
    .columns = info_maps,
    .column_count = MLN_LEN(info_maps),
};
static const struct mln_row_map group_rows = {
    .table = SAMPLE_GROUP,
    .list = PATH("Groups"),
    .id = PATH("Name"),
    .has_id = true,
    .columns = group_maps,
    .column_count = MLN_LEN(group_maps),
};
static const struct mln_row_map tag_rows = {
    .table = SAMPLE_HOST_DISK_TAG,
    .list = PATH("Tags", "Tag"),
    .columns = tag_maps,
    .column_count = MLN_LEN(tag_maps),
};
static const struct mln_row_map disk_rows = {
    .table = SAMPLE_HOST_DISK,
    .list = PATH("Disks"),
    .id = PATH("Id"),
    .has_id = true,
    .columns = disk_maps,
    .column_count = MLN_LEN(disk_maps),
    .nested = &tag_rows,
    .nested_count = 1,
};
#define HOST_ROWS(count)                                                                     \
    {                                                                                        \
        .table = SAMPLE_HOST, .list = PATH("Hosts"), .id = PATH("Id"), .name = PATH("Name"), \
        .has_id = true, .has_name = true, .columns = host_maps, .column_count = (count),     \
        .nested = &disk_rows, .nested_count = 1,                                             \
    }
static const struct mln_row_map host_rows = HOST_ROWS(4), later_host_rows = HOST_ROWS(5);
static const struct mln_row_map note_rows = {
    .table = SAMPLE_NOTE,
    .list = PATH("Notes"),
    .columns = note_maps,
    .column_count = MLN_LEN(note_maps),
};

static const size_t on_buckets[] = { SAMPLE_LIST_BUCKETS };
static const size_t on_both[] = { SAMPLE_LIST_BUCKETS, SAMPLE_GET_INFO };

#define CALLS(hosts)                                                                             \
    {                                                                                            \
        { "s3:List", MLN_SCOPE_ACCOUNT, "s3:List", NULL, &bucket_rows, NULL, 0 },                \
                { "s3:Info", MLN_SCOPE_ROW, "s3:GetInfo", "bucket", &info_rows, on_buckets, 1 }, \
                { "s3:Groups", MLN_SCOPE_ROW, "s3:Groups", "bucket", &group_rows, on_both, 2 },  \
                { "ecs:Hosts", MLN_SCOPE_REGION, "ecs:Hosts", NULL, (hosts), NULL, 0 },          \
                { "ecs:Notes", MLN_SCOPE_ACCOUNT, "", NULL, &note_rows, NULL, 0 },               \
    }
static const struct mln_schema_call calls[SAMPLE_CALLS] = CALLS(&host_rows),
                                    later_calls[SAMPLE_CALLS] = CALLS(&later_host_rows);

static const struct mln_schema schema = { tables, SAMPLE_TABLES, calls, SAMPLE_CALLS, "aa11" };
static const struct mln_schema later = { later_tables, SAMPLE_TABLES, later_calls, SAMPLE_CALLS,
    "bb22" };

const struct mln_schema *sample_schema(void)
{
    return &schema;
}

const struct mln_schema *sample_later(void)
{
    return &later;
}

static char folder[64], path[128];
static int paths;

const char *sample_path(void)
{
    if (folder[0] == '\0') {
        (void)snprintf(folder, sizeof(folder), "/tmp/mln-snapshot-XXXXXX");
        assert_non_null(mkdtemp(folder));
    }
    (void)snprintf(path, sizeof(path), "%s/%d.db", folder, ++paths);
    return path;
}

static int remove_one(const char *name, const struct stat *st, int type, struct FTW *at)
{
    (void)st;
    (void)type;
    (void)at;
    return remove(name);
}

void sample_forget(void)
{
    if (folder[0] != '\0')
        (void)nftw(folder, remove_one, 8, FTW_DEPTH | FTW_PHYS);
    folder[0] = '\0';
}

int sample_load(struct mln_snapshot *snapshot, const struct mln_schema *of, size_t call,
        const char *region, const char *key, const char *answer, struct mln_err *err)
{
    struct mln_call_record record = {
        .call = mln_str_of(of->calls[call].id),
        .region = mln_str_of(region),
        .key = mln_str_of(key),
        .http_status = 200,
        .total = -1,
        .started_ms = 1,
        .finished_ms = 2,
    };
    struct mln_row_place place = { .region = record.region, .parent = record.key };
    struct mln_json *doc = NULL;
    int64_t added = 0;
    int rc;

    OK(mln_snapshot_begin(snapshot, err), err);
    OK(mln_snapshot_call_begin(snapshot, &record, &place.call_row, err), err);
    OK(mln_json_parse(mln_str_of(answer), &doc, err), err);
    rc = mln_snapshot_add(snapshot, of->calls[call].rows, &place, mln_json_root(doc), &added, err);
    mln_json_free(doc);
    if (rc < 0) {
        mln_snapshot_rollback(snapshot);
        return rc;
    }
    record.items = added;
    OK(mln_snapshot_call_end(snapshot, place.call_row, &record, err), err);
    OK(mln_snapshot_commit(snapshot, err), err);
    return MLN_OK;
}

struct mln_str sample_query(struct mln_snapshot *snapshot, const char *sql)
{
    static struct mln_buf out = MLN_BUF_INIT((size_t)16 * 1024 * 1024);
    sqlite3_stmt *statement = NULL;
    int code;

    mln_buf_reset(&out);
    if (sqlite3_prepare_v2(mln_snapshot_db(snapshot), sql, -1, &statement, NULL) != SQLITE_OK)
        fail_msg("%s: %s", sql, sqlite3_errmsg(mln_snapshot_db(snapshot)));
    while ((code = sqlite3_step(statement)) == SQLITE_ROW) {
        for (int i = 0; i < sqlite3_column_count(statement); i++) {
            const void *text = sqlite3_column_text(statement, i);

            if (i > 0)
                mln_buf_add_char(&out, '|');
            mln_buf_add_cstr(&out, text != NULL ? (const char *)text : "-");
        }
        mln_buf_add_char(&out, ';');
    }
    assert_int_equal(code, SQLITE_DONE);
    (void)sqlite3_finalize(statement);
    return mln_buf_str(&out);
}
