/* Times, switches, week days and patterns in SQL. */
#include <stdio.h>

#include "sql.h"

static void reads_moments(void **state)
{
    static const struct sql_case rows[] = {
        { "epoch_ms('2025-11-22T00:00:00Z')", "1763769600000" },
        { "epoch_ms('2025-11-22T00:00Z')", "1763769600000" },
        { "epoch_ms('2025-11-22T00:00:00.123456Z')", "1763769600123" },
        { "epoch_ms('2025-11-22T08:00:00+08:00')", "1763769600000" },
        { "epoch_ms('2025-11-22T08:00:00+0800')", "1763769600000" },
        { "epoch_ms('2025-11-21T19:30:00-04:30')", "1763769600000" },
        { "epoch_ms(' 2025-11-22 00:00:00 UTC ')", "1763769600000" },
        { "epoch_ms(1700000000)", "1700000000000" },
        { "epoch_ms('1700000000')", "1700000000000" },
        { "epoch_ms(1700000000123)", "1700000000123" },
        { "epoch_ms(1700000000123.0)", "1700000000123" },
        { "epoch_ms(1e300)", "NULL" },
        { "epoch_ms('2024-02-29T00:00:00Z')", "1709164800000" },
        { "epoch_ms('2025-02-29T00:00:00Z')", "NULL" },
        { "epoch_ms('2025-13-01T00:00:00Z')", "NULL" },
        { "epoch_ms('2025-11-22T24:00:00Z')", "NULL" },
        { "epoch_ms('2025-11-22T00:00:00')", "NULL" },
        { "epoch_ms('2025-11-22T00:00:00+15:00')", "NULL" },
        { "epoch_ms('2025-11-22T00:00:00Zx')", "NULL" },
        { "epoch_ms('2025-11-22T00:00:00.Z')", "NULL" },
        { "epoch_ms('2025-11-22')", "NULL" },
        { "epoch_ms('20251122')", "NULL" },
        { "epoch_ms(0)", "NULL" },
        { "epoch_ms(-1700000000)", "NULL" },
        { "epoch_ms('soon')", "NULL" },
        { "epoch_ms('')", "NULL" },
        { "epoch_ms(x'00')", "NULL" },
        { "epoch_ms(zeroblob(67108864))", "NULL" },
        { "epoch_ms(NULL)", "NULL" },
    };

    (void)state;
    sql_cases(rows, MLN_LEN(rows));
}

static void knows_where_a_day_ends(void **state)
{
    static const struct sql_case rows[] = {
        { "iso_text(day_end_ms('2025-11-22'))", "2025-11-22T15:59:59Z" },
        { "day_end_ms('2025-11-22', 'Z')", "1763855999999" },
        { "day_end_ms('2025-11-22', '+08:00') + 1", "1763827200000" },
        { "day_start_ms('2025-11-22', 'Z')", "1763769600000" },
        { "day_start_ms('2025-11-22')", "1763740800000" },
        { "day_end_ms('2025-11-22 08:00:00', '+08:00')", "1763769600000" },
        { "day_end_ms('2025-11-22T00:00:00Z', '+08:00')", "1763769600000" },
        { "day_end_ms(1763769600000)", "1763769600000" },
        { "day_end_ms('2025-11-31')", "NULL" },
        { "day_end_ms('soon', 'Z')", "NULL" },
        { "day_end_ms(NULL, 'Z')", "NULL" },
        { "day_end_ms('2025-11-22', 'Mars')", "the zone of a day is written '+08:00' or 'Z'" },
        { "days_until('2026-12-02T00:00:00Z', epoch_ms('2026-11-22T00:00:00Z'))", "10" },
        { "days_until('2026-11-22T23:59:59Z', epoch_ms('2026-11-22T00:00:00Z'))", "0" },
        { "days_until('2026-11-21T23:59:59Z', epoch_ms('2026-11-22T00:00:00Z'))", "-1" },
        { "days_until('soon', epoch_ms('2026-11-22T00:00:00Z'))", "NULL" },
        { "iso_text(0)", "1970-01-01T00:00:00Z" },
        { "iso_text(9223372036854775807)", "9999-12-31T23:59:59Z" },
        { "iso_text(NULL)", "NULL" },
    };

    (void)state;
    sql_cases(rows, MLN_LEN(rows));
}

static void reads_words(void **state)
{
    static const struct sql_case rows[] = {
        { "switch_on('Enable')", "1" },
        { "switch_on('enabled')", "1" },
        { "switch_on(1)", "1" },
        { "switch_on('TRUE')", "1" },
        { "switch_on(' on ')", "1" },
        { "switch_on('Open')", "1" },
        { "switch_on('Disable')", "0" },
        { "switch_on('disabled')", "0" },
        { "switch_on(0)", "0" },
        { "switch_on('false')", "0" },
        { "switch_on('off')", "0" },
        { "switch_on('close')", "0" },
        { "switch_on('Closed')", "0" },
        { "switch_on('')", "0" },
        { "switch_on('perhaps')", "NULL" },
        { "switch_on(2)", "NULL" },
        { "switch_on(NULL)", "NULL" },
        { "weekday_count('Monday,Tuesday')", "2" },
        { "weekday_count('monday, Monday')", "1" },
        { "weekday_count('')", "0" },
        { "weekday_count('Funday')", "0" },
        { "weekday_count('Monday,Tuesday,Wednesday,Thursday,Friday,Saturday,Sunday')", "7" },
        { "weekday_count(NULL)", "NULL" },
        { "like_any('prod-7', '[\"x\", \"PROD-*\"]')", "1" },
        { "like_any('prod-7', '[\"prod-?\"]')", "1" },
        { "like_any('prod-77', '[\"prod-?\"]')", "0" },
        { "like_any('prod', '[\"prod*\"]')", "1" },
        { "like_any('a.b', '[\"a?b\", \"a[.]b\"]')", "1" },
        { "like_any('axb', '[\"a.b\"]')", "0" },
        { "like_any('\xe5\x8a\x9e', '[\"?\"]')", "1" },
        { "like_any('', '[\"*\"]')", "1" },
        { "like_any('', '[\"\"]')", "1" },
        { "like_any('x', '[]')", "0" },
        { "(select group_concat(like_any(column1, '[\"b*\"]')) from (values ('a'), ('b'), ('c')))",
                "0,1,0" },
        { "(select group_concat(like_any('b', column1)) from (values ('[\"a\"]'), ('[\"b\"]'), "
          "('[\"c\"]')))",
                "0,1,0" },
        { "like_any(NULL, '[]')", "NULL" },
        { "like_any('x', NULL)", "NULL" },
        { "like_any('x', '\"x\"')", "like_any: the patterns are a JSON list of texts" },
        { "like_any('x', '[1]')", "like_any: patterns are texts of at most 1024 bytes" },
    };

    (void)state;
    sql_cases(rows, MLN_LEN(rows));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_moments),
        cmocka_unit_test(knows_where_a_day_ends),
        cmocka_unit_test(reads_words),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
