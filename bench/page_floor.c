#include "page_floor.h"

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

struct page_floor {
    sqlite3 *db;
    sqlite3_stmt *begin, *commit, *count, *page;
    struct mln_str account, key;
};

static _Noreturn void die(const char *what)
{
    (void)fprintf(stderr, "page: %s\n", what);
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

struct page_floor *page_floor_open(const char *path, struct mln_str account, struct mln_str key)
{
    struct page_floor *floor = calloc(1, sizeof(*floor));

    if (floor == NULL || sqlite3_open_v2(path, &floor->db, SQLITE_OPEN_READONLY, NULL) != SQLITE_OK)
        die("the store cannot be opened");
    (void)sqlite3_exec(floor->db, "PRAGMA cache_size = -8192", NULL, NULL, NULL);
    floor->begin = prepare(floor->db, sql_BEGIN_READ);
    floor->commit = prepare(floor->db, sql_COMMIT);
    floor->count = prepare(floor->db, sql_EVENT_COUNT);
    floor->page = prepare(floor->db, sql_EVENT_PAGE);
    floor->account = account;
    floor->key = key;
    return floor;
}

void page_floor_close(struct page_floor *floor)
{
    (void)sqlite3_finalize(floor->begin);
    (void)sqlite3_finalize(floor->commit);
    (void)sqlite3_finalize(floor->count);
    (void)sqlite3_finalize(floor->page);
    (void)sqlite3_close(floor->db);
    free(floor);
}

static void verify(const struct page_floor *floor, const struct mln_acs_request *request)
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

static void step_once(sqlite3_stmt *statement)
{
    (void)sqlite3_step(statement);
    (void)sqlite3_reset(statement);
}

static void bind_filter(const struct page_floor *floor, sqlite3_stmt *statement, int64_t status)
{
    (void)sqlite3_bind_text(
            statement, 1, floor->account.ptr, (int)floor->account.len, SQLITE_STATIC);
    (void)sqlite3_bind_int64(statement, 2, status);
    (void)sqlite3_bind_int64(statement, 3, -1);
    (void)sqlite3_bind_int64(statement, 4, 0);
    (void)sqlite3_bind_text(statement, 5, "", 0, SQLITE_STATIC);
}

static int64_t number(sqlite3_stmt *statement, int column)
{
    return sqlite3_column_int64(statement, column);
}

static void put_number(struct mln_writer *w, const char *key, sqlite3_stmt *statement, int column)
{
    mln_writer_i64(w, key, number(statement, column));
}

static void put_text(struct mln_writer *w, const char *key, sqlite3_stmt *statement, int column)
{
    const char *text = (const char *)sqlite3_column_text(statement, column);
    struct mln_str view = { .ptr = text, .len = (size_t)sqlite3_column_bytes(statement, column) };

    mln_writer_str(w, key, view);
}

static void write_item(struct mln_writer *w, sqlite3_stmt *row)
{
    static const char *const levels[] = { "", "Low Risk", "Medium Risk", "High Risk" };

    mln_writer_object_begin(w, NULL);
    put_number(w, "RiskId", row, 0);
    put_number(w, "RuleId", row, 12);
    put_text(w, "RuleName", row, 14);
    put_number(w, "RuleCategoryId", row, 13);
    put_text(w, "RuleCategoryName", row, 16);
    put_number(w, "WarnLevel", row, 19);
    mln_writer_cstr(w, "WarnLevelName", levels[number(row, 19) & 3]);
    put_text(w, "ProductCode", row, 2);
    mln_writer_cstr(w, "AlarmSource", "Merlon");
    put_text(w, "AlertFrequency", row, 18);
    put_number(w, "AlarmCount", row, 4);
    put_number(w, "TotalAlarmCount", row, 4);
    put_number(w, "InstanceCount", row, 5);
    put_number(w, "TotalInstanceCount", row, 5);
    put_number(w, "ClientIpCount", row, 6);
    put_number(w, "TotalClientIpCount", row, 6);
    put_number(w, "UserNameCount", row, 7);
    put_number(w, "TotalUserNameCount", row, 7);
    put_number(w, "FirstAlarmTime", row, 9);
    put_number(w, "LastAlarmTime", row, 10);
    mln_writer_cstr(w, "HandleStatus", number(row, 3) != 0 ? "PROCESSED" : "UNPROCESSED");
    put_number(w, "HandleMarkTime", row, 11);
    mln_writer_bool(w, "SupportAi", false);
    mln_writer_object_end(w);
}

void page_floor_run(struct page_floor *floor, const struct mln_acs_request *request, int64_t status,
        int64_t page, struct mln_buf *out)
{
    struct mln_writer writer;
    int64_t total;

    verify(floor, request);
    mln_buf_reset(out);
    mln_writer_begin(&writer, out, MLN_FORMAT_JSON, "DescribeRiskRulesResponse");
    mln_writer_list_begin(&writer, "Items");
    step_once(floor->begin);
    bind_filter(floor, floor->count, status);
    (void)sqlite3_step(floor->count);
    total = number(floor->count, 0);
    (void)sqlite3_reset(floor->count);
    bind_filter(floor, floor->page, status);
    (void)sqlite3_bind_int64(floor->page, 9, PAGE_SIZE);
    (void)sqlite3_bind_int64(floor->page, 10, (page - 1) * PAGE_SIZE);
    while (sqlite3_step(floor->page) == SQLITE_ROW)
        write_item(&writer, floor->page);
    (void)sqlite3_reset(floor->page);
    step_once(floor->commit);
    mln_writer_list_end(&writer);
    mln_writer_i64(&writer, "TotalCount", total);
    mln_writer_i64(&writer, "PageSize", PAGE_SIZE);
    mln_writer_i64(&writer, "CurrentPage", page);
    mln_writer_cstr(&writer, "RequestId", "C34D813F-A234-5D66-842D-504D84D5C680");
    mln_writer_end(&writer);
}
