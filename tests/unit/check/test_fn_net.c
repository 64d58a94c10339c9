/* Lists of addresses and ports in SQL. */
#include <stdio.h>

#include "sql.h"

static void finds_what_opens_a_list(void **state)
{
    static const struct sql_case rows[] = {
        { "world_open('')", "NULL" },
        { "world_open('127.0.0.1')", "NULL" },
        { "world_open('0.0.0.0')", "0.0.0.0" },
        { "world_open('10.0.0.0/8, 0.0.0.0/0')", "0.0.0.0/0" },
        { "world_open('::/0')", "::/0" },
        { "world_open('::')", "::" },
        { "world_open('%')", "%" },
        { "world_open('*')", "*" },
        { "world_open('0.0.0.0/1')", "NULL" },
        { "world_open('0.0.0.0/1;128.0.0.0/2 192.0.0.0/2')", "0.0.0.0/1,128.0.0.0/2,192.0.0.0/2" },
        { "world_open('10.23.12.24/24')", "NULL" },
        { "world_open('192.168.0.0/16,172.16.0.0/12')", "NULL" },
        { "world_open('2001:DB8::/32')", "NULL" },
        { "world_open('8000::/1,::/1')", "8000::/1,::/1" },
        { "world_open('127.0.0.1,0.0.0.0/32')", "NULL" },
        { "world_open('office-net')", "NULL" },
        { "unparsed('office-net')", "office-net" },
        { "world_open('10.1.2.3/0')", "10.1.2.3/0" },
        { "world_open(' 0.0.0.0/0 ')", "0.0.0.0/0" },
        { "world_open('0.0.0.0/8')", "NULL" },
        { "world_open('0.0.0.0/2,64.0.0.0/2,128.0.0.0/1')", "0.0.0.0/2,64.0.0.0/2,128.0.0.0/1" },
        { "world_open('0.0.0.0/1,128.0.0.0/2')", "NULL" },
        { "world_open('2000::/3')", "2000::/3" },
        { "world_open('2000::/4,3000::/4')", "2000::/4,3000::/4" },
        { "world_open('0.0.0.0/1,8000::/1')", "NULL" },
        { "world_open('0.0.0.0/1,::/1')", "::/1" },
        { "world_open('::/0,0.0.0.0/0')", "::/0" },
        { "world_open('0.0.0.0/1 office 128.0.0.0/1')", "0.0.0.0/1,128.0.0.0/1" },
        { "world_open(net_minus('0.0.0.0/0', '10.0.0.0/8,192.168.0.0/16')) is null", "0" },
        { "world_open(net_minus('0.0.0.0/0', '8.8.8.8'))", "NULL" },
        { "world_open('1.0.0.0/7', 8)", "1.0.0.0/7" },
        { "world_open('10.0.0.0/8', 16)", "NULL" },
        { "world_open('11.0.0.0/8', 8)", "NULL" },
        { "world_open('0.0.0.0/0', 0)", "0.0.0.0/0" },
        { "world_open('0.0.0.0', 1, 0)", "NULL" },
        { "world_open('0.0.0.0', 1, 'true')", "0.0.0.0" },
        { "world_open(NULL)", "NULL" },
        { "world_open('0.0.0.0/0', NULL)", "a parameter must be a whole number from 0 to 32" },
        { "world_open('0.0.0.0/0', 33)", "a parameter must be a whole number from 0 to 32" },
        { "world_open('0.0.0.0/0', 1, 'maybe')", "a parameter must be a whole number from 0 to 1" },
        { "world_open(x'302e302e302e302f3000')", "NULL" },
        { "unparsed(x'302e302e302e302f3000')", "0.0.0.0/0?" },
    };

    (void)state;
    sql_cases(rows, MLN_LEN(rows));
}

static void joins_the_lists_of_all_rows(void **state)
{
    static const struct sql_case rows[] = {
        { "world_open_all(column1) from (values ('0.0.0.0/1'), (NULL), ('128.0.0.0/1'))",
                "0.0.0.0/1,128.0.0.0/1" },
        { "world_open_all(column1, 1, 0) from (values ('0.0.0.0'), ('10.0.0.1'))", "NULL" },
        { "world_open_all(column1, 1, 1) from (values ('0.0.0.0/1'), ('0.0.0.0'))", "0.0.0.0" },
        { "world_open_all(column1) from (values ('x')) where 0", "NULL" },
        { "world_open_all(column1, NULL) from (values ('x'))",
                "a parameter must be a whole number from 0 to 32" },
    };

    (void)state;
    sql_cases(rows, MLN_LEN(rows));
}

static void shows_the_widest_of_a_long_list(void **state)
{
    char list[4096] = "";
    size_t used = 0;
    struct sql sql;
    const char *texts[] = { list };

    (void)state;
    for (int i = 0; i < 40; i++)
        used += (size_t)snprintf(list + used, sizeof(list) - used, "47.0.0.%d,", i);
    (void)snprintf(list + used, sizeof(list) - used, "0.0.0.0/1,128.0.0.0/1");
    sql_open(&sql);
    sql_bind(&sql, "select world_open(?)", texts, 1);
    assert_non_null(strstr(sql_result(&sql), "47.0.0.17,0.0.0.0/1,128.0.0.0/1,+22 more"));
    sql_close(&sql);
}

static void calculates_with_lists(void **state)
{
    static const struct sql_case rows[] = {
        { "net_inside('10.0.0.0/8', '10.1.2.3')", "1" },
        { "net_inside('10.0.0.0/9,10.128.0.0/9', '10.0.0.0/8')", "1" },
        { "net_inside('10.0.0.0/9', '10.0.0.0/8')", "0" },
        { "net_inside('10.0.0.0/8 fc00::/7', '10.0.0.1,fd00::1')", "1" },
        { "net_inside('10.0.0.0/8', '::/0')", "0" },
        { "net_inside('0.0.0.0', '8.8.8.8')", "0" },
        { "net_inside('0.0.0.0/0', '0.0.0.0')", "1" },
        { "net_inside('', '8.8.8.8')", "0" },
        { "net_inside('10.0.0.0/8', 'www.example.com')", "NULL" },
        { "net_inside('10.0.0.0/8', '10.0.0.1,office')", "NULL" },
        { "net_inside('10.0.0.0/8', '')", "NULL" },
        { "net_inside(NULL, '10.0.0.1')", "NULL" },
        { "net_minus('10.0.0.0/30', '10.0.0.2')", "10.0.0.0/31,10.0.0.3/32" },
        { "net_minus('10.0.0.0/8', '0.0.0.0/0')", "NULL" },
        { "net_minus('10.0.0.0/8', NULL)", "10.0.0.0/8" },
        { "net_minus(NULL, '10.0.0.0/8')", "NULL" },
        { "net_minus('office,10.0.0.1', '0.0.0.0/0')", "office" },
        { "net_minus('8.8.8.8', '0.0.0.0')", "8.8.8.8/32" },
        { "net_minus('0.0.0.0/0,::/0', '0.0.0.0/0')", "::/0" },
        { "net_count('10.0.0.0/8')", "16777216" },
        { "net_count('10.0.0.1 10.0.0.1')", "1" },
        { "net_count('::/0')", "9223372036854775807" },
        { "net_count('office')", "NULL" },
        { "net_count('')", "0" },
        { "list_join(NULL, 'a', '', ' ', 'b')", "a,b" },
        { "list_join(NULL, '')", "" },
        { "list_join(NULL, NULL)", "NULL" },
        { "unparsed('10.0.0.1, a b')", "a" },
        { "unparsed('10.0.0.1')", "NULL" },
        { "unparsed('\xe5\x8a\x9e')", "???" },
    };

    (void)state;
    sql_cases(rows, MLN_LEN(rows));
}

static void reads_ports(void **state)
{
    static const struct sql_case rows[] = {
        { "port_in('22/22', 22)", "1" },
        { "port_in('1/65535', 22)", "1" },
        { "port_in('3306/3389', 3389)", "1" },
        { "port_in('3306/3389', 3390)", "0" },
        { "port_in('80', 80)", "1" },
        { "port_in('20-25', '22')", "1" },
        { "port_in('', 22)", "1" },
        { "port_in('-1/-1', 65535)", "1" },
        { "port_in('-1', 1)", "1" },
        { "port_in('Any', 1)", "1" },
        { "port_in('80/80 22/22', 22)", "1" },
        { "port_in('80/80,22/22', 443)", "0" },
        { "port_in('80/80,x,22/22', 22)", "1" },
        { "port_in('80/80,x', 22)", "NULL" },
        { "port_in('x', 22)", "NULL" },
        { "port_in('25/20', 22)", "NULL" },
        { "port_in('1/65536', 22)", "NULL" },
        { "port_in('22/', 22)", "NULL" },
        { "port_in('/22', 22)", "NULL" },
        { "port_in('-22', 22)", "NULL" },
        { "port_in('22', 'ssh')", "NULL" },
        { "port_in('22', 65536)", "NULL" },
        { "port_in(NULL, 22)", "NULL" },
        { "port_any('-1/-1')", "1" },
        { "port_any('any')", "1" },
        { "port_any('')", "1" },
        { "port_any('0/65535')", "1" },
        { "port_any('1/65535')", "1" },
        { "port_any('1/30000,30001/65535')", "1" },
        { "port_any('2/65535')", "0" },
        { "port_any('80')", "0" },
        { "port_any('x')", "NULL" },
        { "port_any(NULL)", "NULL" },
    };

    (void)state;
    sql_cases(rows, MLN_LEN(rows));
}

/* A check asks both: the one resource is unknown then, and all others are judged. */
static void calls_a_list_too_long_that_it_cannot_judge(void **state)
{
    static const struct sql_case rows[] = {
        { "world_open(zeroblob(67108864))", "NULL" },
        { "unparsed(zeroblob(67108864))", "(the list is too long)" },
        { "world_open_all(zeroblob(67108864))", "NULL" },
        { "world_open(replace(hex(zeroblob(200001)), '00', '9.0.0.0/9,1::,'))", "NULL" },
        { "unparsed(replace(hex(zeroblob(200001)), '00', '9.0.0.0/9,'))",
                "(the list is too long)" },
        { "unparsed(replace(hex(zeroblob(200000)), '00', '9.0.0.0/9,'))", "NULL" },
        { "net_minus(zeroblob(67108864), '')", "a text of 67108864 bytes: the limit is 8388608" },
    };
    struct sql sql;

    (void)state;
    sql_cases(rows, MLN_LEN(rows));
    sql_open(&sql);
    sql_bind(&sql, "select list_join(?1, ?1)", NULL, 0);
    assert_int_equal(sqlite3_bind_zeroblob(sql.stmt, 1, 8 * 1024 * 1024), SQLITE_OK);
    assert_string_not_equal(sql_result(&sql), "NULL");
    assert_int_equal(sqlite3_errcode(sql.db), SQLITE_ERROR);
    sql_close(&sql);
}

static void takes_a_hundred_thousand_addresses(void **state)
{
    static const struct sql_case rows[] = {
        { "world_open_all(format('47.%d.%d.1', value / 200 % 200, value % 200)) "
          "from (with recursive n(value) as (select 0 union all select value + 1 from n "
          "where value < 99999) select value from n)",
                "NULL" },
    };

    (void)state;
    sql_cases(rows, MLN_LEN(rows));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(finds_what_opens_a_list),
        cmocka_unit_test(joins_the_lists_of_all_rows),
        cmocka_unit_test(shows_the_widest_of_a_long_list),
        cmocka_unit_test(calculates_with_lists),
        cmocka_unit_test(reads_ports),
        cmocka_unit_test(calls_a_list_too_long_that_it_cannot_judge),
        cmocka_unit_test(takes_a_hundred_thousand_addresses),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
