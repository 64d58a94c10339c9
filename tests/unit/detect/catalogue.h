/*
 * For tests of rules: compiles the shipped catalogue with lists, and runs statements or whole logs
 * through reader, skeleton and engine. Alarms are kept as (line, key).
 */
#pragma once

#include <dirent.h>
#include <stdio.h>

#include "base/file.h"
#include "detect/engine.h"
#include "detect/reader.h"
#include "test.h"

#define FILE_MAX   ((size_t)16 * 1024 * 1024)
#define ALARMS_MAX 20000
#define FILES_MAX  200

struct alarm_seen {
    size_t line;
    const char *key;
};

struct detector {
    struct mln_rules *rules;
    struct mln_engine *engine;
    size_t line;
    struct alarm_seen alarms[ALARMS_MAX];
    size_t alarm_count;
};

static inline int64_t frozen_ms(void *ctx)
{
    return *(const int64_t *)ctx;
}

/* 2026-06-01, after every log that tests read. */
static int64_t test_now_ms = 1780272000000;
static const struct mln_clock test_clock = { frozen_ms, frozen_ms, &test_now_ms };

static inline int keep_alarm(void *ctx, const struct mln_alarm *alarm, struct mln_err *err)
{
    struct detector *detector = ctx;

    (void)err;
    assert_true(detector->alarm_count < ALARMS_MAX);
    detector->alarms[detector->alarm_count++] = (struct alarm_seen){ detector->line,
        alarm->rule->key };
    return MLN_OK;
}

static inline void read_test_file(const char *path, struct mln_buf *buf)
{
    char whole[1024];
    struct mln_err err;

    *buf = (struct mln_buf)MLN_BUF_INIT(FILE_MAX);
    (void)snprintf(whole, sizeof(whole), "%s/%s", SOURCE_ROOT, path);
    OK(mln_file_read(whole, buf, &err), &err);
}

/* All rules of the catalogue; `lists` is a file of lists, or NULL for empty ones. */
static inline struct mln_rules *compile_catalogue(const char *lists_path)
{
    static struct mln_buf texts[FILES_MAX];
    static char names[FILES_MAX][256];
    struct mln_rule_source sources[FILES_MAX];
    struct mln_buf lists_text;
    struct mln_lists *lists;
    struct mln_rules *rules;
    struct dirent *entry;
    struct mln_err err;
    size_t count = 0;
    DIR *dir = opendir(SOURCE_ROOT "/catalog/rules");

    assert_non_null(dir);
    while ((entry = readdir(dir)) != NULL) {
        if (entry->d_name[0] == '.')
            continue;
        assert_true(count < FILES_MAX);
        (void)snprintf(names[count], sizeof(names[count]), "catalog/rules/%.200s", entry->d_name);
        read_test_file(names[count], &texts[count]);
        sources[count] = (struct mln_rule_source){ names[count], mln_buf_str(&texts[count]), true };
        count++;
    }
    (void)closedir(dir);
    OK(mln_lists_new(&lists, &err), &err);
    read_test_file("catalog/lists.yaml", &lists_text);
    OK(mln_lists_read(lists, mln_buf_str(&lists_text), "catalog/lists.yaml", true, &err), &err);
    mln_buf_free(&lists_text);
    if (lists_path != NULL) {
        read_test_file(lists_path, &lists_text);
        OK(mln_lists_read(lists, mln_buf_str(&lists_text), lists_path, false, &err), &err);
        mln_buf_free(&lists_text);
    }
    OK(mln_rules_compile(sources, count, lists, &rules, &err), &err);
    mln_lists_free(lists);
    for (size_t i = 0; i < count; i++)
        mln_buf_free(&texts[i]);
    return rules;
}

static inline struct detector *detector_new(const char *lists_path)
{
    struct detector *detector = calloc(1, sizeof(*detector));
    struct mln_err err;

    assert_non_null(detector);
    detector->rules = compile_catalogue(lists_path);
    OK(mln_engine_new(detector->rules, &test_clock, keep_alarm, detector, &detector->engine, &err),
            &err);
    return detector;
}

static inline void detector_free(struct detector *detector)
{
    mln_engine_free(detector->engine);
    mln_rules_free(detector->rules);
    free(detector);
}

/* The keys of one statement by one account from one address. */
static MLN_UNUSED void run_sql(
        struct detector *detector, struct mln_audit_event *event, const char *sql)
{
    struct mln_sql_scratch scratch;
    struct mln_sql_skeleton skeleton;
    struct mln_err err;

    mln_sql_scratch_init(&scratch);
    OK(mln_sql_skeleton(MLN_SQL_MYSQL, mln_str_of(sql), &scratch, &skeleton, &err), &err);
    event->sql = mln_str_of(sql);
    event->skeleton = &skeleton;
    event->op = skeleton.verb;
    OK(mln_engine_event(detector->engine, event, &err), &err);
    mln_sql_scratch_fini(&scratch);
}

/* A statement at noon on a Monday. */
static inline struct mln_audit_event plain_event(void)
{
    return (struct mln_audit_event){
        .time_ms = 1772424000000,
        .local_hour = 12,
        .local_weekday = 1,
        .kind = MLN_EVENT_QUERY,
        .status = MLN_STATUS_OK,
        .product = MLN_STR("RDS"),
        .engine = MLN_STR("mariadb"),
        .instance = MLN_STR("rm-1"),
        .user = MLN_STR("someone"),
        .client_ip = MLN_STR("192.0.2.1"),
        .session = MLN_STR("1"),
        .database = MLN_STR("shop"),
        .rows_returned = MLN_ABSENT,
        .rows_affected = MLN_ABSENT,
        .rows_examined = MLN_ABSENT,
        .latency_us = MLN_ABSENT,
    };
}

static inline bool fired(
        const struct detector *detector, const char *key, size_t first, size_t last)
{
    for (size_t i = 0; i < detector->alarm_count; i++)
        if (detector->alarms[i].line >= first && detector->alarms[i].line <= last &&
                (key == NULL || strncmp(detector->alarms[i].key, key, strlen(key)) == 0))
            return true;
    return false;
}

static inline void run_log(struct detector *detector, const char *path, const char *zone_name)
{
    const struct mln_reader_format *format = mln_reader_format("mariadb-server-audit");
    struct mln_reader_options options = { .product = MLN_STR("RDS") };
    struct mln_zone *zone;
    struct mln_reader *reader;
    struct mln_buf text;
    struct mln_str rest, line;
    struct mln_err err;

    assert_non_null(format);
    OK(mln_zone_new(mln_str_of(zone_name), &zone, &err), &err);
    options.zone = zone;
    OK(mln_reader_new(format, &options, &reader, &err), &err);
    read_test_file(path, &text);
    rest = mln_buf_str(&text);
    for (detector->line = 1; mln_str_next(&rest, '\n', &line); detector->line++) {
        struct mln_audit_event event;
        enum mln_line_result result;

        OK(mln_reader_line(reader, line, false, &result, &event, &err), &err);
        if (result == MLN_LINE_EVENT)
            OK(mln_engine_event(detector->engine, &event, &err), &err);
    }
    mln_buf_free(&text);
    mln_reader_free(reader);
    mln_zone_free(zone);
}
