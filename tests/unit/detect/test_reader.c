/* The MariaDB audit reader: over a real log, over odd lines, and over a restart between any two
 * lines. */
#include <stdio.h>

#include "base/file.h"
#include "detect/reader.h"
#include "test.h"

static struct mln_zone *zone;
static struct mln_reader *reader;
static struct mln_audit_event event;
static struct mln_err err;

static struct mln_reader *new_reader(const char *instance)
{
    struct mln_reader_options options = {
        .product = MLN_STR("RDS"), .instance = mln_str_of(instance), .zone = zone
    };
    struct mln_reader *out = NULL;

    OK(mln_reader_new(mln_reader_format("mariadb-server-audit"), &options, &out, &err), &err);
    return out;
}

static int set_up(void **state)
{
    (void)state;
    OK(mln_zone_new(MLN_STR("Asia/Shanghai"), &zone, &err), &err);
    reader = new_reader("");
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    mln_reader_free(reader);
    mln_zone_free(zone);
    return 0;
}

static enum mln_line_result read_bytes(struct mln_str line, bool truncated)
{
    enum mln_line_result result = MLN_LINE_BAD;

    memset(&event, 0xa5, sizeof(event));
    OK(mln_reader_line(reader, line, truncated, &result, &event, &err), &err);
    return result;
}

static enum mln_line_result read_line(const char *line)
{
    return read_bytes(mln_str_of(line), false);
}

static void read_log(struct mln_buf *file)
{
    OK(mln_file_read(SOURCE_ROOT "/tests/data/mariadb/server_audit.log", file, &err), &err);
}

static struct mln_str nth_line(struct mln_str rest, size_t number)
{
    struct mln_str line = { 0 };

    for (size_t i = 0; i < number; i++)
        assert_true(mln_str_next(&rest, '\n', &line));
    return line;
}

static void understands_every_line_of_a_real_log(void **state)
{
    MLN_AUTO(mln_buf_free) struct mln_buf file = MLN_BUF_INIT((size_t)1 << 20);
    size_t kinds[6] = { 0 }, results[3] = { 0 }, denied = 0, with_tables = 0;
    struct mln_str rest, line;

    (void)state;
    read_log(&file);
    rest = mln_str_trim(mln_buf_str(&file));
    while (mln_str_next(&rest, '\n', &line)) {
        enum mln_line_result result = read_bytes(line, false);

        results[result]++;
        if (result != MLN_LINE_EVENT)
            continue;
        kinds[event.kind]++;
        denied += event.status == MLN_STATUS_DENIED;
        with_tables += event.table_count > 0;
        assert_true((event.skeleton != NULL) == (event.kind == MLN_EVENT_QUERY));
        assert_int_equal(event.rows_returned, MLN_ABSENT);
        EQ_STR(event.instance, "vm");
        EQ_STR(event.product, "RDS");
        EQ_STR(event.engine, "mariadb");
    }
    assert_int_equal(results[MLN_LINE_BAD], 0);
    assert_int_equal(kinds[MLN_EVENT_LOGIN], 55);
    assert_int_equal(kinds[MLN_EVENT_LOGIN_FAILED], 119);
    assert_int_equal(kinds[MLN_EVENT_LOGOUT], 56); /* 175 less those of the failed logins. */
    assert_int_equal(kinds[MLN_EVENT_QUERY], 1532);
    assert_int_equal(kinds[MLN_EVENT_TABLE_ACCESS], 0);
    assert_int_equal(results[MLN_LINE_NOTHING], 543 + 237 + 2 + 5 + 6 + 119);
    assert_int_equal(denied, 59 + 1);
    assert_true(with_tables > 400);
}

struct statement {
    size_t line;
    struct mln_str sql;
};

#define BYTES(literal)               \
    {                                \
        literal, sizeof(literal) - 1 \
    }

static void decodes_escapes_and_keeps_raw_bytes(void **state)
{
    static const struct statement cases[] = {
        { 2659, BYTES("SELECT \"double \"\"quoted\"\"\", 'its', 'back\\slash'") },
        { 2660, BYTES("SELECT 'line1\nline2\r\nline3' AS multi,\n       1") },
        { 2661, BYTES("SELECT 'tab\there', 'comma,comma', _binary'\xff\xfe\x01'") },
        { 2662, BYTES("SELECT 'emoji \xf0\x9f\x98\x80 \xe4\xb8\xad\xe6\x96\x87'") },
        { 2670, BYTES("SELECT 'a\0b', '\x1b[31mred', 1 -- trailing comment") },
        { 2673, BYTES("SELEC 1") },
    };
    MLN_AUTO(mln_buf_free) struct mln_buf file = MLN_BUF_INIT((size_t)1 << 20);

    (void)state;
    read_log(&file);
    for (size_t i = 0; i < MLN_LEN(cases); i++) {
        struct mln_str line = nth_line(mln_buf_str(&file), cases[i].line);

        assert_int_equal(read_bytes(line, false), MLN_LINE_EVENT);
        if (!mln_str_eq(event.sql, cases[i].sql))
            fail_msg("line %zu: got \"%.*s\"", cases[i].line, MLN_FMT(event.sql));
        assert_false(event.sql_truncated);
    }
    EQ_STR(event.error_code, "1064");
    EQ_STR(event.database, "hr");
}

static void decodes_each_control_byte_that_the_plugin_escapes(void **state)
{
    (void)state;
    assert_int_equal(read_line("20260302 10:00:00,db,app,10.0.0.1,5,6,QUERY,shop,"
                               "'a\\bb\\fc\\nd\\re\\tf',0"),
            MLN_LINE_EVENT);
    EQ_STR(event.sql, "a\bb\fc\nd\re\tf");
}

static void says_when_a_statement_was_cut_at_the_limit(void **state)
{
    MLN_AUTO(mln_buf_free) struct mln_buf file = MLN_BUF_INIT((size_t)1 << 20);

    (void)state;
    read_log(&file);
    for (size_t number = 2668; number <= 2669; number++) {
        assert_int_equal(read_bytes(nth_line(mln_buf_str(&file), number), false), MLN_LINE_EVENT);
        assert_true(event.sql_truncated);
        assert_true((event.skeleton->flags & MLN_SQL_UNTERMINATED) != 0);
        assert_true(event.sql.len == (number == 2668 ? 4096u : 4095u));
    }
    assert_int_equal((unsigned char)event.sql.ptr[event.sql.len - 1], 0xc3);
    assert_int_equal(
            read_line("20260302 10:00:00,vm,u,h,1,2,QUERY,d,'select \\'cut',0"), MLN_LINE_EVENT);
    assert_true(event.sql_truncated);
    assert_int_equal(
            read_line("20260302 10:00:00,vm,u,h,1,2,QUERY,d,'select \\'bad',1064"), MLN_LINE_EVENT);
    assert_false(event.sql_truncated);
}

static void attaches_tables_to_their_statement(void **state)
{
    (void)state;
    assert_int_equal(read_line("20260302 10:03:11,vm,u,h,7,9,READ,shop,orders,"), MLN_LINE_NOTHING);
    assert_int_equal(read_line("20260302 10:03:11,vm,v,h,8,10,READ,hr,salary,"), MLN_LINE_NOTHING);
    assert_int_equal(
            read_line("20260302 10:03:11,vm,u,h,7,9,WRITE,shop,orders,"), MLN_LINE_NOTHING);
    assert_int_equal(
            read_line("20260302 10:03:11,vm,u,h,7,9,WRITE,mysql,table_stats,"), MLN_LINE_NOTHING);
    assert_int_equal(
            read_line("20260302 10:03:11,vm,u,h,7,9,RENAME,shop,a|old.b,"), MLN_LINE_NOTHING);
    assert_int_equal(
            read_line("20260302 10:03:11,vm,u,h,7,9,QUERY,shop,'select 1',0"), MLN_LINE_EVENT);
    assert_int_equal(event.table_count, 3);
    EQ_STR(event.tables[0], "shop.orders");
    EQ_STR(event.tables[1], "shop.a");
    EQ_STR(event.tables[2], "old.b");
    assert_int_equal(
            read_line("20260302 10:03:11,vm,u,h,7,9,QUERY,shop,'select 1',0"), MLN_LINE_EVENT);
    assert_int_equal(event.table_count, 0);
    assert_int_equal(
            read_line("20260302 10:03:11,vm,v,h,8,10,QUERY,hr,'select 1',0"), MLN_LINE_EVENT);
    assert_int_equal(event.table_count, 1);
}

static void tells_tables_whose_statement_never_came(void **state)
{
    (void)state;
    assert_int_equal(
            read_line("20260302 22:03:11,vm,eve,6.6.6.6:99,7,9,READ,hr,salary,"), MLN_LINE_NOTHING);
    assert_int_equal(
            read_line("20260303 10:03:12,vm,eve,6.6.6.6,7,0,DISCONNECT,hr,,0"), MLN_LINE_EVENT);
    assert_int_equal(event.kind, MLN_EVENT_LOGOUT);
    assert_int_equal(read_line("20260303 10:03:13,vm,u,h,8,10,READ,shop,orders,"), MLN_LINE_EVENT);
    assert_int_equal(event.kind, MLN_EVENT_TABLE_ACCESS);
    assert_int_equal(event.local_hour, 22);
    assert_int_equal(event.local_weekday, 1);
    assert_int_equal(event.time_ms, INT64_C(1772460191000));
    EQ_STR(event.user, "eve");
    EQ_STR(event.client_ip, "6.6.6.6");
    EQ_STR(event.session, "7");
    EQ_STR(event.statement_id, "9");
    EQ_STR(event.op, "READ");
    EQ_STR(event.tables[0], "hr.salary");
}

static void loses_no_table_of_a_log_without_statements(void **state)
{
    size_t told = 0;
    char line[128];

    (void)state;
    for (unsigned i = 0; i < 5000; i++) {
        (void)snprintf(line, sizeof(line), "20260302 10:03:11,vm,u,h,%u,%u,READ,shop,t%u,",
                1 + i % 3000, i, i);
        if (read_line(line) == MLN_LINE_EVENT) {
            char want[32];

            (void)snprintf(want, sizeof(want), "shop.t%zu", told);
            EQ_STR(event.tables[0], want);
            told++;
        }
    }
    assert_int_equal(told, 5000 - 1024);
}

static void keeps_few_statements_of_one_connection_waiting(void **state)
{
    char line[128];

    (void)state;
    for (unsigned i = 0; i < 8; i++) {
        (void)snprintf(line, sizeof(line), "20260302 10:03:11,vm,u,h,1,%u,READ,shop,t%u,", i, i);
        assert_int_equal(read_line(line), MLN_LINE_NOTHING);
    }
    assert_int_equal(read_line("20260302 10:03:11,vm,u,h,1,8,READ,shop,t8,"), MLN_LINE_EVENT);
    EQ_STR(event.tables[0], "shop.t0");
}

static void tells_logins_apart(void **state)
{
    (void)state;
    assert_int_equal(read_line("20260302 10:03:13,vm,root,127.0.0.1,38,0,FAILED_CONNECT,,,1045"),
            MLN_LINE_EVENT);
    assert_int_equal(event.kind, MLN_EVENT_LOGIN_FAILED);
    assert_int_equal(event.status, MLN_STATUS_DENIED);
    EQ_STR(event.error_code, "1045");
    assert_int_equal(
            read_line("20260302 10:03:13,vm,root,127.0.0.1,38,0,DISCONNECT,,,0"), MLN_LINE_NOTHING);
    assert_int_equal(
            read_line("20260302 10:03:13,vm,root,127.0.0.1,38,0,DISCONNECT,,,0"), MLN_LINE_EVENT);
    assert_int_equal(read_line("20260302 10:03:13,vm,,127.0.0.1,39,0,FAILED_CONNECT,,,1156"),
            MLN_LINE_EVENT);
    assert_int_equal(event.status, MLN_STATUS_FAILED);
    assert_int_equal(event.user.len, 0);
    assert_int_equal(
            read_line("20260302 10:03:13,vm,root,127.0.0.1,40,0,CONNECT,shop,,0"), MLN_LINE_EVENT);
    assert_int_equal(event.kind, MLN_EVENT_LOGIN);
    assert_int_equal(event.status, MLN_STATUS_OK);
    assert_int_equal(event.error_code.len, 0);
    EQ_STR(event.database, "shop");
    EQ_STR(event.session, "40");
    assert_int_equal(read_line("20260302 10:03:13,vm,dba,127.0.0.1,40,0,CHANGEUSER,shop,,0"),
            MLN_LINE_EVENT);
    assert_int_equal(event.kind, MLN_EVENT_LOGIN);
    assert_int_equal(read_line("20260302 10:03:13,vm,dba,127.0.0.1,40,0,PROXY_CONNECT,shop,,0"),
            MLN_LINE_NOTHING);
}

/* A client chooses its user and database names; they must not hide a failed login. */
static void reads_names_with_commas(void **state)
{
    (void)state;
    assert_int_equal(read_line("20260302 10:03:13,vm,a,b,6.6.6.6,38,0,FAILED_CONNECT,,,1045"),
            MLN_LINE_EVENT);
    EQ_STR(event.user, "a,b");
    EQ_STR(event.client_ip, "6.6.6.6");
    assert_int_equal(
            read_line(
                    "20260302 10:03:13,vm,x,1.1.1.1,5,6,QUERY,db,'select 1',6.6.6.6,38,0,FAILED_CONNECT,,,1045"),
            MLN_LINE_EVENT);
    assert_int_equal(event.kind, MLN_EVENT_LOGIN_FAILED);
    EQ_STR(event.user, "x,1.1.1.1,5,6,QUERY,db,'select 1'");
    assert_int_equal(read_line("20260302 10:03:13,vm,a,6.6.6.6,38,0,FAILED_CONNECT,x,y,,1049"),
            MLN_LINE_EVENT);
    EQ_STR(event.database, "x,y");
    EQ_STR(event.user, "a");
}

static void drops_the_port_of_a_client(void **state)
{
    static const char *const clients[][2] = {
        { "10.0.0.9", "10.0.0.9" },
        { "10.0.0.9:51234", "10.0.0.9" },
        { "localhost", "localhost" },
        { "db-1.example.com:33060", "db-1.example.com" },
        { "::1", "::1" },
        { "::1:51234", "::1" },
        { "[2001:db8::1]:3306", "2001:db8::1" },
        { "2001:db8::1", "2001:db8::1" },
        { "2001:db8:0:0:0:0:0:1:51234", "2001:db8:0:0:0:0:0:1" },
        { "", "" },
        { "a:b", "a:b" },
    };
    char line[256];

    (void)state;
    for (size_t i = 0; i < MLN_LEN(clients); i++) {
        (void)snprintf(
                line, sizeof(line), "20260302 10:03:13,vm,u,%s,38,0,CONNECT,,,0", clients[i][0]);
        assert_int_equal(read_line(line), MLN_LINE_EVENT);
        EQ_STR(event.client_ip, clients[i][1]);
    }
}

static void refuses_what_is_no_record(void **state)
{
    static const struct mln_str lines[] = {
        { "", 0 },
        { ",,,,,,,,,", 9 },
        { "\0\0\0\0,\0", 6 },
        { "20260302 10:03:11,vm,u,h,1,2,READ,shop,orders", 45 },
        { "20260302 10:03:11,vm,u,h,1,2,READ,shop,orders,0", 47 },
        { "20260302 10:03:11,vm,u,h,1,2,READ,shop", 38 },
        { "20260302 10:03:11,vm,u,h,1,2,NONSENSE,shop,x,0", 46 },
        { "20260302 10:03:11,vm,u,h,x,2,QUERY,shop,'a',0", 45 },
        { "20260302 10:03:11,vm,u,h,1,2,QUERY,shop,a,0", 43 },
        { "20260302 10:03:11,vm,u,h,1,0,CONNECT,shop,,x", 44 },
        { "20260302 10:03:11,vm,u,h,1,0,CONNECT,shop,", 42 },
        { "20260231 10:03:11,vm,u,h,1,2,QUERY,d,'a',0", 42 },
        { "20260302 24:03:11,vm,u,h,1,2,QUERY,d,'a',0", 42 },
        { "20260302T10:03:11,vm,u,h,1,2,QUERY,d,'a',0", 42 },
        { "2026-3-2 10:03:11,vm,u,h,1,2,QUERY,d,'a',0", 42 },
        { "\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0,vm,u,h,1,2,QUERY,d,'a',0", 42 },
    };

    (void)state;
    for (size_t i = 0; i < MLN_LEN(lines); i++)
        if (read_bytes(lines[i], false) != MLN_LINE_BAD)
            fail_msg("not refused: %.*s", MLN_FMT(lines[i]));
    assert_int_equal(
            read_bytes(MLN_STR("20260302 10:03:11,vm,u,h,1,0,CONNECT,a,,0"), true), MLN_LINE_BAD);
}

static void makes_the_best_of_half_a_statement(void **state)
{
    static const char *const lines[] = { "20260302 10:03:11,vm,u,h,1,2,QUERY,d,'drop table a",
        "20260302 10:03:11,vm,u,h,1,2,QUERY,d,'drop table a\\', 5" };

    (void)state;
    for (size_t i = 0; i < MLN_LEN(lines); i++) {
        assert_int_equal(read_line(lines[i]), MLN_LINE_EVENT);
        assert_true(event.sql_truncated);
        assert_int_equal(event.status, MLN_STATUS_UNKNOWN);
        EQ_STR(event.op, "DROP");
    }
    assert_int_equal(
            read_bytes(mln_str_of("20260302 10:03:11,vm,u,h,1,2,QUERY,d,'select 1',0"), true),
            MLN_LINE_EVENT);
    assert_true(event.sql_truncated);
}

static void tells_the_outcome_of_a_statement(void **state)
{
    static const struct {
        const char *code;
        enum mln_event_status status;
    } cases[] = { { "0", MLN_STATUS_OK }, { "1044", MLN_STATUS_DENIED },
        { "1045", MLN_STATUS_DENIED }, { "1142", MLN_STATUS_DENIED }, { "1227", MLN_STATUS_DENIED },
        { "1370", MLN_STATUS_DENIED }, { "1064", MLN_STATUS_FAILED } };
    char line[128];

    (void)state;
    for (size_t i = 0; i < MLN_LEN(cases); i++) {
        (void)snprintf(line, sizeof(line), "20260301 23:03:11,vm,u,h,1,2,QUERY,d,'select a, b',%s",
                cases[i].code);
        assert_int_equal(read_line(line), MLN_LINE_EVENT);
        assert_int_equal(event.status, cases[i].status);
        EQ_STR(event.error_code, i == 0 ? "" : cases[i].code);
        EQ_STR(event.skeleton->text, "select a,b");
        assert_int_equal(event.time_ms, INT64_C(1772377391000)); /* 15:03:11Z */
        assert_int_equal(event.local_hour, 23);
        assert_int_equal(event.local_weekday, 0);
    }
}

static void prefers_the_configured_instance(void **state)
{
    (void)state;
    mln_reader_free(reader);
    reader = new_reader("rm-1");
    assert_int_equal(read_line("20260302 10:03:13,vm,u,h,1,0,CONNECT,,,0"), MLN_LINE_EVENT);
    EQ_STR(event.instance, "rm-1");
}

static void save_to(struct mln_buf *out)
{
    mln_buf_reset(out);
    mln_reader_save(reader, out);
    assert_int_equal(out->code, MLN_OK);
}

static void goes_on_after_a_restart(void **state)
{
    MLN_AUTO(mln_buf_free) struct mln_buf saved = MLN_BUF_INIT((size_t)4 << 20);
    MLN_AUTO(mln_buf_free) struct mln_buf again = MLN_BUF_INIT((size_t)4 << 20);

    (void)state;
    (void)read_line("20260302 10:03:11,vm,u,h,7,9,READ,shop,orders,");
    (void)read_line("20260302 10:03:11,vm,v,h,8,10,READ,hr,salary,");
    (void)read_line("20260302 10:03:11,vm,v,h,8,0,DISCONNECT,,,0");
    (void)read_line("20260302 10:03:13,vm,,h,38,0,FAILED_CONNECT,,,1156");
    save_to(&saved);
    mln_reader_free(reader);
    reader = new_reader("");
    OK(mln_reader_load(reader, mln_buf_str(&saved), &err), &err);
    save_to(&again);
    assert_true(mln_str_eq(mln_buf_str(&saved), mln_buf_str(&again)));
    assert_int_equal(
            read_line("20260302 10:03:11,vm,u,h,7,9,QUERY,shop,'select 1',0"), MLN_LINE_EVENT);
    assert_int_equal(event.table_count, 1);
    assert_int_equal(read_line("20260302 10:03:13,vm,,h,38,0,DISCONNECT,,,0"), MLN_LINE_EVENT);
    assert_int_equal(
            event.kind, MLN_EVENT_TABLE_ACCESS); /* In the place of the failed login's end. */
    EQ_STR(event.tables[0], "hr.salary");
}

static void refuses_a_state_that_is_not_its_own(void **state)
{
    MLN_AUTO(mln_buf_free) struct mln_buf saved = MLN_BUF_INIT((size_t)4 << 20);
    MLN_AUTO(mln_buf_free) struct mln_buf after = MLN_BUF_INIT((size_t)4 << 20);
    struct mln_str bytes;

    (void)state;
    FAILS(mln_reader_load(reader, MLN_STR(""), &err), MLN_ECORRUPT, &err, "not ours");
    FAILS(mln_reader_load(reader, MLN_STR("something else"), &err), MLN_ECORRUPT, &err, "not ours");
    (void)read_line("20260302 10:03:11,vm,u,h,7,9,READ,shop,orders,");
    (void)read_line("20260302 10:03:13,vm,,h,38,0,FAILED_CONNECT,,,1156");
    save_to(&saved);
    bytes = mln_buf_str(&saved);
    for (size_t len = 0; len < bytes.len; len++) {
        struct mln_str part = { .ptr = bytes.ptr, .len = len };
        int rc = mln_reader_load(reader, part, &err);

        /* Only the boundary between two entries is an end as well. */
        if (rc != MLN_ECORRUPT && !(rc == MLN_OK && len > 7))
            fail_msg("%zu bytes of %zu: %d", len, bytes.len, rc);
    }
    OK(mln_reader_load(reader, bytes, &err), &err);
    save_to(&after);
    assert_true(mln_str_eq(bytes, mln_buf_str(&after)));
}

static void lists_its_formats(void **state)
{
    size_t count = 0;
    const struct mln_reader_format *formats = mln_reader_formats(&count);

    (void)state;
    assert_true(count >= 1);
    for (size_t i = 0; i < count; i++)
        assert_ptr_equal(mln_reader_format(formats[i].name), &formats[i]);
    assert_null(mln_reader_format("mariadb"));
}

#define CASE(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(understands_every_line_of_a_real_log),
        CASE(decodes_escapes_and_keeps_raw_bytes),
        CASE(decodes_each_control_byte_that_the_plugin_escapes),
        CASE(says_when_a_statement_was_cut_at_the_limit),
        CASE(attaches_tables_to_their_statement),
        CASE(tells_tables_whose_statement_never_came),
        CASE(loses_no_table_of_a_log_without_statements),
        CASE(keeps_few_statements_of_one_connection_waiting),
        CASE(tells_logins_apart),
        CASE(reads_names_with_commas),
        CASE(drops_the_port_of_a_client),
        CASE(refuses_what_is_no_record),
        CASE(makes_the_best_of_half_a_statement),
        CASE(tells_the_outcome_of_a_statement),
        CASE(prefers_the_configured_instance),
        CASE(goes_on_after_a_restart),
        CASE(refuses_a_state_that_is_not_its_own),
        CASE(lists_its_formats),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
