/* Local times in logs: a fixed offset, an IANA zone, or the machine's own. */
#pragma once

#include "base/clock.h"

struct mln_zone;

/* "" (the machine's zone), "UTC", "+08:00", "Asia/Shanghai". MLN_EINVAL when unknown. Free with mln_zone_free(). */
MLN_MUST_USE int mln_zone_new(struct mln_str name, struct mln_zone **out, struct mln_err *err);
void mln_zone_free(struct mln_zone *zone);

struct mln_civil {
    int year, month, day, hour, minute, second; /* month 1..12 */
};

/* UTC milliseconds of a local time; within a repeated hour the first. Cached per minute: cheap for logs. Not thread-safe. */
int64_t mln_zone_to_utc_ms(struct mln_zone *zone, const struct mln_civil *local);

/* For messages: "Asia/Shanghai", "+08:00", "local (CST)". */
const char *mln_zone_name(const struct mln_zone *zone);
