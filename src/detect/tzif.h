/*
 * Zone rules: the compiled zone files of the system (TZif, RFC 8536, versions 2 and up) with the
 * POSIX rule that goes on after their last transition. Included by zone.c only.
 */
#pragma once

#include "base/str.h"

#define MLN_TZ_FILE_MAX        ((size_t)256 * 1024)
#define MLN_TZ_TRANSITIONS_MAX ((size_t)4096)

/* One change of the POSIX rule: day `n` of `kind`, and seconds after local midnight. */
struct mln_tz_change {
    char kind; /* 'M' month.week.day, 'J' day 1..365 without 29 February, 'N' day 0..365 */
    int month, week, day;
    int64_t seconds;
};

struct mln_tz_rule {
    bool valid, has_dst;
    int64_t standard_s, dst_s; /* East of UTC. */
    struct mln_tz_change start, end;
};

struct mln_tz {
    struct {
        int64_t at_s;
        int64_t offset_s; /* From then on. */
    } transitions[MLN_TZ_TRANSITIONS_MAX];
    size_t count;
    int64_t first_offset_s; /* Before the first transition. */
    struct mln_tz_rule rule;
};

/* Reads a zone file; MLN_EINVAL when it is not one. */
MLN_MUST_USE int mln_tz_parse(struct mln_str file, struct mln_tz *out, struct mln_err *err);

/* "CST-8", "EST5EDT,M3.2.0,M11.1.0"; false when it is not a rule. */
bool mln_tz_rule_parse(struct mln_str text, struct mln_tz_rule *out);

/* Seconds east of UTC at `utc_s`. */
int64_t mln_tz_offset(const struct mln_tz *tz, int64_t utc_s);
