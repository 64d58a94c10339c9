/*
 * The normalised audit event that every reader emits and every rule sees. Strings are bytes (audit
 * logs hold NUL and invalid UTF-8) and borrow from the reader and its line until the next call.
 * Absent numbers are MLN_ABSENT: absent is not zero, and no rule matches on an absent number.
 */
#pragma once

#include "detect/sql_skeleton.h"

#define MLN_ABSENT           INT64_MIN
#define MLN_EVENT_TABLES_MAX 64

enum mln_event_kind {
#define X(symbol, name) MLN_EVENT_##symbol,
#include "detect/event_kind.def"
#undef X
};

enum mln_event_status { MLN_STATUS_UNKNOWN, MLN_STATUS_OK, MLN_STATUS_FAILED, MLN_STATUS_DENIED };

struct mln_audit_event {
    int64_t time_ms;
    int local_hour;    /* 0..23 in the log's zone */
    int local_weekday; /* 0 Sunday .. 6 */
    enum mln_event_kind kind;
    enum mln_event_status status;
    struct mln_str product; /* "RDS" */
    struct mln_str engine;  /* "mariadb" */
    struct mln_str instance, user, client_ip, app, session, statement_id, database;
    struct mln_str tables[MLN_EVENT_TABLES_MAX]; /* "shop.customers" */
    size_t table_count;
    struct mln_str op;  /* Upper-case verb: "SELECT" */
    struct mln_str sql; /* As logged, unescaped */
    bool sql_truncated;
    struct mln_str error_code; /* The source's own: "1045"; empty when ok */
    int64_t rows_returned, rows_affected, rows_examined, latency_us;
    const struct mln_sql_skeleton *skeleton; /* NULL unless kind is a query */
};
