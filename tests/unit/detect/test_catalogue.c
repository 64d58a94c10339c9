/* The shipped rules against recorded attacks and ordinary traffic, and against single statements.
 */
#include "catalogue.h"

#define SHOP       "examples/lists/shop.yaml"
#define LABELS_MAX 64
#define PHASES_DIR "tests/data/"

struct label {
    char file[64], phase[64], expected[128];
    size_t first, last;
};

static struct label labels[LABELS_MAX];
static size_t label_count;

static int read_labels(void **state)
{
    struct mln_buf text;
    struct mln_str rest, line;

    (void)state;
    read_test_file("tests/data/mariadb/labels.tsv", &text);
    rest = mln_buf_str(&text);
    (void)mln_str_next(&rest, '\n', &line);
    while (mln_str_next(&rest, '\n', &line)) {
        struct label *label = &labels[label_count];
        char copy[512];

        if (line.len == 0)
            continue;
        (void)snprintf(copy, sizeof(copy), "%.*s", MLN_FMT(line));
        assert_int_equal(sscanf(copy, "%63[^\t]\t%zu\t%zu\t%63[^\t]\t%127[^\n]", label->file,
                                 &label->first, &label->last, label->phase, label->expected),
                5);
        label_count++;
        assert_true(label_count < LABELS_MAX);
    }
    mln_buf_free(&text);
    assert_true(label_count > 15);
    return 0;
}

/* A place where something is missing or too much; all are printed before the test fails. */
static size_t complaints;

static void expect_key(const struct detector *detector, const struct label *label, const char *key)
{
    if (fired(detector, key, label->first, label->last))
        return;
    print_message("%s %s: %s did not fire\n", label->file, label->phase, key);
    complaints++;
}

static void expect_silence(const struct detector *detector, const struct label *label)
{
    for (size_t i = 0; i < detector->alarm_count; i++) {
        const struct alarm_seen *alarm = &detector->alarms[i];

        if (alarm->line < label->first || alarm->line > label->last)
            continue;
        print_message("%s %s: %s fired at line %zu\n", label->file, label->phase, alarm->key,
                alarm->line);
        complaints++;
    }
}

/* "RDS-PRIV-01..06" is a range; "RDS-SQLI-*" is each of those that the phase holds. */
static void expect_labelled(const struct detector *detector, const struct label *label)
{
    static const char *const injections[] = { "RDS-SQLI-01", "RDS-SQLI-02", "RDS-SQLI-03",
        "RDS-SQLI-04", "RDS-SQLI-05", "RDS-SQLI-06", "RDS-SQLI-09" };
    struct mln_str rest = mln_str_of(label->expected), one;
    char family[64], key[80];
    unsigned from, to;

    if (mln_str_starts(rest, MLN_STR("none")) || strstr(label->expected, "suppress") != NULL) {
        expect_silence(detector, label);
        return;
    }
    while (mln_str_next(&rest, ',', &one)) {
        (void)snprintf(key, sizeof(key), "%.*s", (int)strcspn(one.ptr, ", "), one.ptr);
        if (strchr(key, '*') != NULL) {
            for (size_t i = 0; i < MLN_LEN(injections); i++)
                expect_key(detector, label, injections[i]);
        } else if (sscanf(key, "%63[A-Z-]%2u..%2u", family, &from, &to) == 3) {
            for (unsigned i = from; i <= to; i++) {
                (void)snprintf(key, sizeof(key), "%s%02u", family, i);
                expect_key(detector, label, key);
            }
        } else {
            expect_key(detector, label, key);
        }
    }
}

static void check_file(const char *file, const char *lists)
{
    struct detector *detector = detector_new(lists);
    char path[128];

    (void)snprintf(path, sizeof(path), "%s%s", PHASES_DIR, file);
    run_log(detector, path, "Asia/Shanghai");
    for (size_t i = 0; i < label_count; i++)
        if (strcmp(labels[i].file, file) == 0)
            expect_labelled(detector, &labels[i]);
    detector_free(detector);
}

static void each_recorded_attack_fires_its_rules_and_ordinary_traffic_none(void **state)
{
    (void)state;
    complaints = 0;
    check_file("mariadb/server_audit.log", SHOP);
    check_file("mariadb/server_audit_offhours.log", SHOP);
    check_file("mariadb/server_audit_variants.log", SHOP);
    assert_int_equal(complaints, 0);
}

static void without_lists_a_backup_is_a_dump_and_ordinary_traffic_is_still_silent(void **state)
{
    struct detector *detector = detector_new(NULL);

    (void)state;
    complaints = 0;
    run_log(detector, "tests/data/mariadb/server_audit.log", "Asia/Shanghai");
    for (size_t i = 0; i < label_count; i++) {
        if (strcmp(labels[i].file, "mariadb/server_audit.log") != 0)
            continue;
        if (strstr(labels[i].expected, "suppress") != NULL)
            expect_key(detector, &labels[i], "RDS-DUMP-01");
        if (strcmp(labels[i].phase, "m01_normal") == 0 || strcmp(labels[i].phase, "setup") == 0)
            expect_silence(detector, &labels[i]);
    }
    detector_free(detector);
    assert_int_equal(complaints, 0);
}

/* Who runs a statement. */
enum who { SOMEONE, APPLICATION, DBA };

static const struct statement {
    const char *key; /* The rule that must fire; NULL: none may. */
    enum who who;
    const char *table; /* Read or written, or NULL. */
    const char *sql;
} statements[] = {
#include "statements.def"
};

static void each_statement_fires_its_rule_and_look_alikes_none(void **state)
{
    static const char *const users[] = { "someone", "shop_app", "dba_chen" };
    struct detector *detector = detector_new(SHOP);
    char session[32];

    (void)state;
    complaints = 0;
    for (size_t i = 0; i < MLN_LEN(statements); i++) {
        const struct statement *statement = &statements[i];
        struct mln_audit_event event = plain_event();

        /* An hour and a session apart, so that windows and mutes stay out of it. */
        event.time_ms += (int64_t)i * 3600 * 1000;
        (void)snprintf(session, sizeof(session), "%zu", i);
        event.session = mln_str_of(session);
        event.user = mln_str_of(users[statement->who]);
        if (statement->table != NULL)
            event.tables[event.table_count++] = mln_str_of(statement->table);
        detector->line = i + 1;
        run_sql(detector, &event, statement->sql);
        if (statement->key != NULL && !fired(detector, statement->key, i + 1, i + 1)) {
            print_message("%s did not fire: %s\n", statement->key, statement->sql);
            complaints++;
        }
        for (size_t j = 0; statement->key == NULL && j < detector->alarm_count; j++) {
            if (detector->alarms[j].line != i + 1)
                continue;
            print_message("%s fired: %s\n", detector->alarms[j].key, statement->sql);
            complaints++;
        }
    }
    detector_free(detector);
    assert_int_equal(complaints, 0);
}

/* `fmt` takes a number that changes; all within the same minute. */
static void run_series(struct detector *detector, const char *fmt_before, const char *fmt_after,
        size_t count, int64_t from_ms)
{
    for (size_t i = 0; i < count; i++) {
        struct mln_audit_event event = plain_event();
        char sql[512];

        event.time_ms += from_ms + (int64_t)i * 1000;
        event.user = MLN_STR("shop_app");
        (void)snprintf(sql, sizeof(sql), "%s%zu%s", fmt_before, 40 + i, fmt_after);
        run_sql(detector, &event, sql);
    }
}

static void a_series_of_yes_or_no_questions_is_blind_injection(void **state)
{
    static const struct {
        bool fires;
        const char *before, *after;
    } cases[] = {
        { true, "SELECT a FROM t WHERE id=1 AND ", "=41" },
        { true, "SELECT a FROM t WHERE id=1/**/AND/**/", ">7" },
        { true, "SELECT a FROM t WHERE id=1 AND ORD(MID((SELECT IFNULL(CAST(n AS NCHAR),0x20) FROM u),1,1))>",
                "" },
        { true, "SELECT a FROM t WHERE id=1 AND IF(ASCII(SUBSTRING(user(),1,1))=", ",1,0)" },
        { true, "SELECT a FROM t WHERE id=(SELECT (CASE WHEN (1=1) THEN ", " ELSE 2 END))" },
        { false, "SELECT a FROM t WHERE 1=1 AND id=", "" },
        { false, "SELECT a FROM t WHERE b = 2 AND 1=1 AND id=", "" },
        { false, "SELECT SUBSTR(phone,1,3), LEFT(name, 1) FROM t WHERE id=", "" },
        { false, "SELECT a FROM t WHERE LENGTH(name) > 3 AND id=", "" },
    };

    (void)state;
    for (size_t i = 0; i < MLN_LEN(cases); i++) {
        struct detector *detector = detector_new(SHOP);

        run_series(detector, cases[i].before, cases[i].after, 20, 0);
        if (fired(detector, "RDS-SQLI-08", 0, SIZE_MAX) != cases[i].fires)
            fail_msg("%s", cases[i].before);
        detector_free(detector);
    }
}

static void paging_by_an_application_through_ordinary_tables_is_no_scraping(void **state)
{
    struct detector *detector = detector_new(SHOP);

    (void)state;
    run_series(detector, "SELECT a FROM t ORDER BY id LIMIT ", ",20", 300, 0);
    assert_int_equal(detector->alarm_count, 0);
    detector_free(detector);
}

static void walking_through_the_keys_of_a_sensitive_table_is_scraping(void **state)
{
    static const struct {
        bool fires;
        const char *sql;
    } cases[] = {
        { true, "SELECT * FROM customers WHERE id BETWEEN #00 AND #99" },
        { true, "SELECT * FROM customers WHERE id >= #00 AND id < #99 ORDER BY id" },
        { false, "SELECT COUNT(*) FROM customers WHERE id BETWEEN #00 AND #99 GROUP BY city" },
    };

    (void)state;
    for (size_t i = 0; i < MLN_LEN(cases); i++) {
        struct detector *detector = detector_new(SHOP);

        for (size_t page = 1; page <= 60; page++) {
            struct mln_audit_event event = plain_event();
            char sql[200], *at = sql;
            const char *fmt = cases[i].sql;

            event.time_ms += (int64_t)page * 1000;
            event.tables[event.table_count++] = MLN_STR("shop.customers");
            for (; *fmt != '\0'; fmt++) {
                if (*fmt == '#')
                    at += snprintf(at, 20, "%zu", page);
                else
                    *at++ = *fmt;
            }
            *at = '\0';
            run_sql(detector, &event, sql);
        }
        if (fired(detector, "RDS-DUMP-08", 0, SIZE_MAX) != cases[i].fires)
            fail_msg("%s", cases[i].sql);
        detector_free(detector);
    }
}

static void every_rule_is_named_in_both_languages_with_an_id_of_ours(void **state)
{
    struct mln_rules *rules = compile_catalogue(NULL);

    (void)state;
    assert_true(mln_rules_count(rules) >= 35);
    for (size_t i = 0; i < mln_rules_count(rules); i++) {
        const struct mln_rule_info *info = mln_rules_info(rules, i);

        assert_in_range(info->rule_id, 10001, 99999);
        assert_true(info->category_id == 11 || info->category_id > 100);
        assert_in_range(info->level, 1, 3);
        assert_true(info->name_en.len > 0 && info->name_zh.len > 0);
        assert_true(info->category_en.len > 0 && info->category_zh.len > 0);
        assert_false(info->replaced);
    }
    mln_rules_free(rules);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_recorded_attack_fires_its_rules_and_ordinary_traffic_none),
        cmocka_unit_test(without_lists_a_backup_is_a_dump_and_ordinary_traffic_is_still_silent),
        cmocka_unit_test(each_statement_fires_its_rule_and_look_alikes_none),
        cmocka_unit_test(a_series_of_yes_or_no_questions_is_blind_injection),
        cmocka_unit_test(paging_by_an_application_through_ordinary_tables_is_no_scraping),
        cmocka_unit_test(walking_through_the_keys_of_a_sensitive_table_is_scraping),
        cmocka_unit_test(every_rule_is_named_in_both_languages_with_an_id_of_ours),
    };

    return cmocka_run_group_tests(tests, read_labels, NULL);
}
