#include "checks_floor.h"

#include <sqlite3.h>
#include <stdio.h>

#include "wire/writer.h"

#define PAGE_SIZE 20

/* The product's own statements. */
#define X(name, sql) sql_##name,
enum {
#include "store/sqlite/statements.def"
    SQL_COUNT
};
#undef X
#define X(name, sql) [sql_##name] = (sql),
static const char *const statements[SQL_COUNT] = {
#include "store/sqlite/statements.def"
};
#undef X

struct checks_floor {
    sqlite3 *db;
    sqlite3_stmt *begin, *commit, *scan, *items, *marks, *counts, *task;
    struct mln_str account, key;
};

static _Noreturn void die(const char *what)
{
    (void)fprintf(stderr, "checks: %s\n", what);
    exit(1);
}

static sqlite3_stmt *prepare(sqlite3 *db, int name)
{
    sqlite3_stmt *statement = NULL;

    if (sqlite3_prepare_v3(db, statements[name], -1, SQLITE_PREPARE_PERSISTENT, &statement, NULL) !=
            SQLITE_OK)
        die(sqlite3_errmsg(db));
    return statement;
}

struct checks_floor *checks_floor_open(const char *path, struct mln_str account, struct mln_str key)
{
    struct checks_floor *floor = calloc(1, sizeof(*floor));

    if (floor == NULL || sqlite3_open_v2(path, &floor->db, SQLITE_OPEN_READONLY, NULL) != SQLITE_OK)
        die("the store cannot be opened");
    (void)sqlite3_exec(floor->db, "PRAGMA cache_size = -8192", NULL, NULL, NULL);
    floor->begin = prepare(floor->db, sql_BEGIN_READ);
    floor->commit = prepare(floor->db, sql_COMMIT);
    floor->scan = prepare(floor->db, sql_SCAN_CURRENT);
    floor->items = prepare(floor->db, sql_RESULT_LIST);
    floor->marks = prepare(floor->db, sql_MARK_ITEMS);
    floor->counts = prepare(floor->db, sql_MARK_COUNTS);
    floor->task = prepare(floor->db, sql_TASK_LAST);
    floor->account = account;
    floor->key = key;
    return floor;
}

void checks_floor_close(struct checks_floor *floor)
{
    sqlite3_stmt *all[] = { floor->begin, floor->commit, floor->scan, floor->items, floor->marks,
        floor->counts, floor->task };

    for (size_t i = 0; i < MLN_LEN(all); i++)
        (void)sqlite3_finalize(all[i]);
    (void)sqlite3_close(floor->db);
    free(floor);
}

static void verify(const struct checks_floor *floor, const struct mln_acs_request *request)
{
    struct mln_v3_authorization authorization;
    struct mln_v3_input input = {
        .request = request,
        .payload_sha256 = MLN_STR(
                "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
        .key = floor->key,
        .names = MLN_V3_NAMES_ENCODED,
    };
    char signature[MLN_V3_SIGNATURE_LEN + 1];
    struct mln_str header;
    struct mln_err err;

    if (!mln_acs_header(request, "Authorization", &header) ||
            mln_v3_authorization_parse(header, &authorization, &err) != MLN_OK)
        die("no authorization");
    input.signed_headers = authorization.signed_headers;
    if (mln_v3_sign(&input, NULL, NULL, signature, &err) != MLN_OK ||
            !mln_signature_eq(mln_str_of(signature), authorization.signature))
        die("wrong signature");
}

static void bind_account(const struct checks_floor *floor, sqlite3_stmt *statement)
{
    (void)sqlite3_bind_text(
            statement, 1, floor->account.ptr, (int)floor->account.len, SQLITE_STATIC);
}

static void step_all(sqlite3_stmt *statement)
{
    while (sqlite3_step(statement) == SQLITE_ROW)
        continue;
    (void)sqlite3_reset(statement);
}

/* As clock readings go: no mark ends in the bench. */
static void read_marks(struct checks_floor *floor, int64_t scan_id)
{
    bind_account(floor, floor->marks);
    (void)sqlite3_bind_int64(floor->marks, 2, 0);
    step_all(floor->marks);
    bind_account(floor, floor->counts);
    (void)sqlite3_bind_int64(floor->counts, 2, scan_id);
    (void)sqlite3_bind_int64(floor->counts, 3, 0);
    step_all(floor->counts);
    bind_account(floor, floor->task);
    step_all(floor->task);
}

static struct mln_str text(sqlite3_stmt *statement, int column)
{
    const char *bytes = (const char *)sqlite3_column_text(statement, column);

    return (struct mln_str){ .ptr = bytes, .len = (size_t)sqlite3_column_bytes(statement, column) };
}

static void put_number(struct mln_writer *w, const char *key, sqlite3_stmt *row, int column)
{
    mln_writer_i64(w, key, sqlite3_column_int64(row, column));
}

static void write_texts(struct mln_writer *w, sqlite3_stmt *row)
{
    static const char *const names[] = { "bestPractice", "influence", "suggestion",
        "helpResource" };

    mln_writer_list_begin(w, "RiskItemResources");
    for (int i = 0; i < 4; i++) {
        mln_writer_object_begin(w, NULL);
        mln_writer_text_object_begin(w, "ContentResource");
        mln_writer_cstr(w, "type", i == 3 ? "link" : "text");
        mln_writer_str(w, "value", text(row, 24 + 2 * i));
        mln_writer_text_object_end(w);
        mln_writer_cstr(w, "ResourceName", names[i]);
        mln_writer_object_end(w);
    }
    mln_writer_list_end(w);
}

static void write_item(struct mln_writer *w, sqlite3_stmt *row, int64_t scan_id)
{
    static const char *const levels[] = { "", "low", "medium", "high" };
    static const char *const groups[] = { "", "Identity and permissions", "Network access control",
        "Log auditing", "Data security", "Monitoring and alerting", "Basic protection" };
    bool failed = sqlite3_column_int64(row, 8) > 0;
    bool waits = sqlite3_column_int64(row, 11) > 0 || sqlite3_column_bytes(row, 17) > 0;

    mln_writer_object_begin(w, NULL);
    mln_writer_cstr(w, "Status", failed ? "failed" : waits ? "waiting" : "pass");
    put_number(w, "CheckTime", row, 7);
    mln_writer_i64(w, "TaskId", scan_id);
    mln_writer_i64(w, "RemainingTime", 0);
    mln_writer_str(w, "Title", text(row, 15));
    put_number(w, "ItemId", row, 1);
    mln_writer_str(w, "RiskAssertType", text(row, 14));
    mln_writer_cstr(w, "Type", groups[sqlite3_column_int64(row, 2) % 7]);
    mln_writer_cstr(w, "StartStatus", sqlite3_column_int64(row, 4) != 0 ? "enabled" : "disable");
    put_number(w, "AffectedCount", row, 8);
    put_number(w, "Sort", row, 0);
    mln_writer_cstr(w, "RepairStatus", "disabled");
    mln_writer_cstr(w, "RiskLevel", levels[sqlite3_column_int64(row, 3) & 3]);
    write_texts(w, row);
    if (sqlite3_column_bytes(row, 17) > 0)
        mln_writer_str(w, "NotAssessed", text(row, 17));
    mln_writer_object_end(w);
}

/* Every row is stepped over, as the count of matches needs; those of the page are read. */
static int64_t write_page(
        struct checks_floor *floor, int64_t scan_id, int64_t page, struct mln_writer *w)
{
    int64_t at = 0, first = (page - 1) * PAGE_SIZE;

    bind_account(floor, floor->items);
    (void)sqlite3_bind_int64(floor->items, 2, scan_id);
    for (; sqlite3_step(floor->items) == SQLITE_ROW; at++) {
        if (at >= first && at < first + PAGE_SIZE)
            write_item(w, floor->items, scan_id);
    }
    (void)sqlite3_reset(floor->items);
    return at;
}

void checks_floor_run(struct checks_floor *floor, const struct mln_acs_request *request,
        int64_t page, struct mln_buf *out)
{
    struct mln_writer writer;
    int64_t scan_id, total, count;

    verify(floor, request);
    mln_buf_reset(out);
    mln_writer_begin(&writer, out, MLN_FORMAT_JSON, "DescribeRiskCheckResultResponse");
    mln_writer_list_begin(&writer, "List");
    step_all(floor->begin);
    bind_account(floor, floor->scan);
    (void)sqlite3_step(floor->scan);
    scan_id = sqlite3_column_int64(floor->scan, 0);
    (void)sqlite3_reset(floor->scan);
    read_marks(floor, scan_id);
    total = write_page(floor, scan_id, page, &writer);
    step_all(floor->commit);
    mln_writer_list_end(&writer);
    count = total - (page - 1) * PAGE_SIZE;
    mln_writer_i64(&writer, "TotalCount", total);
    mln_writer_i64(&writer, "PageCount", (total + PAGE_SIZE - 1) / PAGE_SIZE);
    mln_writer_i64(&writer, "PageSize", PAGE_SIZE);
    mln_writer_i64(&writer, "CurrentPage", page);
    mln_writer_i64(&writer, "Count", count < PAGE_SIZE ? count : PAGE_SIZE);
    mln_writer_cstr(&writer, "RequestId", "C34D813F-A234-5D66-842D-504D84D5C680");
    mln_writer_end(&writer);
}
