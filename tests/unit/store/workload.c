#include "workload.h"

#include <sqlite3.h>
#include <stdio.h>

#define ACCOUNT MLN_STR("1234567890123456")

enum { RULES = 2, STATEMENT_BYTES = 3000 };

int workload_open(const char *path, const char *vfs, struct mln_store **out, struct mln_err *err)
{
    const struct mln_store_options options = { .mode = MLN_STORE_CREATE, .sqlite_vfs = vfs };
    char url[512];

    (void)snprintf(url, sizeof(url), "sqlite:%s", path);
    return mln_store_open(url, &options, out, err);
}

static int add_details(
        struct mln_store *store, int64_t risk_id, int64_t number, struct mln_err *err)
{
    char bytes[STATEMENT_BYTES], name[32];
    const struct mln_sample_row sample = {
        .alarm_ms = number,
        .user = MLN_STR("root"),
        .statement = { bytes, sizeof(bytes) },
    };
    int rc = MLN_OK;

    memset(bytes, (int)('a' + number % 26), sizeof(bytes));
    for (int kind = 0; rc == MLN_OK && kind < MLN_MEMBER_KINDS; kind++) {
        (void)snprintf(name, sizeof(name), "member-%d-%lld", kind, (long long)(number % 7));
        rc = mln_store_risk_member_add(
                store, risk_id, (enum mln_member_kind)kind, mln_str_of(name), err);
    }
    if (rc == MLN_OK)
        rc = mln_store_risk_sample_add(store, risk_id, &sample, err);
    return rc;
}

static int write_rule(struct mln_store *store, int64_t rule_id, int64_t number, struct mln_err *err)
{
    const struct mln_rule_row rule = { .rule_id = rule_id,
        .level = (int)((number + rule_id) % 3) + 1 };
    const struct mln_alarm_fold alarms = { ACCOUNT,
        number % 2 == 0 ? MLN_STR("RDS") : MLN_STR("OSS"), rule_id, number + 1, number,
        number + 10 };
    const struct mln_handling_row handling = { .account_id = ACCOUNT, .type = MLN_STR("Manual") };
    int64_t risk_id = 0;
    int rc = mln_store_rule_put(store, &rule, err);

    if (rc == MLN_OK)
        rc = mln_store_risk_event_fold(store, &alarms, &risk_id, err);
    if (rc == MLN_OK)
        rc = add_details(store, risk_id, number, err);
    if (rc == MLN_OK && (number + rule_id) % 3 == 0) {
        struct mln_handling_row row = handling;

        row.risk_id = risk_id;
        rc = mln_store_handling_add(store, &row, err);
    }
    return rc;
}

static int write_state(struct mln_store *store, int64_t number, struct mln_err *err)
{
    char name[32];
    struct mln_str text;
    const struct mln_offset_row offset = {
        .source_id = MLN_STR("file:1:2"), .head = MLN_STR("h"), .offset = number
    };
    const struct mln_audit_row audit = { .time_ms = number, .account_id = ACCOUNT };
    int rc;

    (void)snprintf(name, sizeof(name), "%lld", (long long)number);
    text = mln_str_of(name);
    rc = mln_store_window_put(
            store, ACCOUNT, number % 4, MLN_STR("key"), number % 5 == 0 ? MLN_STR("") : text, err);
    if (rc == MLN_OK)
        rc = mln_store_offset_put(store, ACCOUNT, &offset, err);
    if (rc == MLN_OK)
        rc = mln_store_audit_add(store, &audit, err);
    if (rc == MLN_OK)
        rc = mln_store_nonce_add(store, MLN_STR("key"), text, number, number + 3, err);
    return rc;
}

int workload_batch(struct mln_store *store, int64_t number, struct mln_err *err)
{
    int rc = mln_store_begin(store, err);

    if (rc == MLN_OK)
        rc = mln_store_epoch_advance(store, ACCOUNT, number, err);
    for (int64_t rule = 1; rc == MLN_OK && rule <= RULES; rule++)
        rc = write_rule(store, rule, number, err);
    if (rc == MLN_OK)
        rc = write_state(store, number, err);
    if (rc == MLN_OK)
        return mln_store_commit(store, err);
    mln_store_rollback(store);
    return rc;
}

int64_t workload_done(struct mln_store *store)
{
    int64_t epoch = -1;
    struct mln_err err;

    OK(mln_store_epoch_get(store, ACCOUNT, &epoch, &err), &err);
    return epoch;
}

static uint64_t mix(uint64_t digest, const void *bytes, int len)
{
    const unsigned char *at = bytes;

    for (int i = 0; i < len; i++)
        digest = (digest ^ at[i]) * 0x100000001b3u;
    return (digest ^ 0xffu) * 0x100000001b3u;
}

static sqlite3_stmt *prepare(sqlite3 *db, const char *sql)
{
    sqlite3_stmt *statement = NULL;

    if (sqlite3_prepare_v2(db, sql, -1, &statement, NULL) != SQLITE_OK)
        fail_msg("%s: %s", sql, sqlite3_errmsg(db));
    return statement;
}

static uint64_t digest_table(sqlite3 *db, const char *table, uint64_t digest)
{
    sqlite3_stmt *statement;
    char sql[128];

    (void)snprintf(sql, sizeof(sql), "SELECT * FROM %s ORDER BY rowid", table);
    digest = mix(digest, table, (int)strlen(table));
    statement = prepare(db, sql);
    while (sqlite3_step(statement) == SQLITE_ROW) {
        for (int i = 0; i < sqlite3_column_count(statement); i++) {
            const void *bytes = sqlite3_column_blob(statement, i);

            digest = mix(digest, bytes, sqlite3_column_bytes(statement, i));
        }
    }
    assert_int_equal(sqlite3_finalize(statement), SQLITE_OK);
    return digest;
}

/* Each query answers with one row whose first column is what it must be. */
static void expect(sqlite3 *db, const char *sql, const char *want)
{
    sqlite3_stmt *statement = prepare(db, sql);

    if (sqlite3_step(statement) != SQLITE_ROW)
        fail_msg("%s: %s", sql, sqlite3_errmsg(db));
    if (strcmp((const char *)sqlite3_column_text(statement, 0), want) != 0)
        fail_msg("%s: got %s, want %s", sql, sqlite3_column_text(statement, 0), want);
    assert_int_equal(sqlite3_finalize(statement), SQLITE_OK);
}

#define RECOUNT                                                           \
    "SELECT account_id, status, level, product, count(*) FROM risk_event" \
    " GROUP BY account_id, status, level, product"
#define KEPT "SELECT account_id, status, level, product, events FROM risk_counter WHERE events > 0"
#define MEMBERS(column, kind)                                                                   \
    "SELECT count(*) FROM risk_event e WHERE " column " <> (SELECT count(*) FROM risk_member m" \
    " WHERE m.risk_id = e.risk_id AND m.kind = " kind ")"

uint64_t workload_check(const char *path)
{
    uint64_t digest = 0xcbf29ce484222325u;
    sqlite3_stmt *tables;
    sqlite3 *db = NULL;

    assert_int_equal(sqlite3_open_v2(path, &db, SQLITE_OPEN_READWRITE, NULL), SQLITE_OK);
    expect(db, "PRAGMA integrity_check", "ok");
    expect(db, "SELECT count(*) FROM pragma_foreign_key_check", "0");
    expect(db, "SELECT count(*) FROM (SELECT * FROM (" RECOUNT ") EXCEPT " KEPT ")", "0");
    expect(db, "SELECT count(*) FROM (SELECT * FROM (" KEPT ") EXCEPT " RECOUNT ")", "0");
    expect(db, MEMBERS("instance_count", "0"), "0");
    expect(db, MEMBERS("client_ip_count", "1"), "0");
    expect(db, MEMBERS("user_count", "2"), "0");
    expect(db,
            "SELECT count(*) FROM risk_event e WHERE sample_count <>"
            " (SELECT count(*) FROM risk_sample s WHERE s.risk_id = e.risk_id)",
            "0");
    expect(db,
            "SELECT count(*) FROM risk_event e WHERE status <>"
            " (SELECT count(*) FROM handling h WHERE h.risk_id = e.risk_id)",
            "0");
    tables = prepare(db, "SELECT name FROM sqlite_schema WHERE type = 'table' ORDER BY name");
    while (sqlite3_step(tables) == SQLITE_ROW)
        digest = digest_table(db, (const char *)sqlite3_column_text(tables, 0), digest);
    (void)sqlite3_finalize(tables);
    (void)sqlite3_close(db);
    return digest;
}
