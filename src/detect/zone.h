/* Local times in logs: a fixed offset, an IANA zone, or the machine's own. */
#pragma once

#include "base/clock.h"

struct mln_zone;

/*
 * "" (the machine's zone: TZ, else /etc/localtime), "UTC", "+08:00", "Asia/Shanghai". Zone names
 * are read from the system's zone files; the process's own zone is not touched. MLN_EINVAL when
 * unknown. Free with mln_zone_free().
 */
MLN_MUST_USE int mln_zone_new(struct mln_str name, struct mln_zone **out, struct mln_err *err);
void mln_zone_free(struct mln_zone *zone);

struct mln_civil {
    int year, month, day, hour, minute, second; /* month 1..12 */
};

/*
 * UTC milliseconds of a local time (a NULL zone is UTC). Within a repeated hour the first; within a
 * skipped hour as if the clock had not been moved. Cached per minute: cheap for logs. Not
 * thread-safe.
 */
int64_t mln_zone_to_utc_ms(const struct mln_zone *zone, const struct mln_civil *local);

/* For messages: "Asia/Shanghai", "+08:00", "local (Asia/Shanghai)". */
const char *mln_zone_name(const struct mln_zone *zone);
