/*
 * Time as a parameter. Wall time is UTC epoch milliseconds (int64_t, `_ms`); it enters every module
 * through `struct mln_clock`, so that tests stand still when they want to.
 */
#pragma once

#include "base/str.h"

#define MLN_MS_PER_S   ((int64_t)1000)
#define MLN_MS_PER_DAY ((int64_t)86400 * 1000)

/* "YYYY-MM-DDTHH:MM:SSZ" with its NUL. */
#define MLN_TIME_TEXT_MAX 24

struct mln_clock {
    int64_t (*now_ms)(void *ctx);       /* Wall time, UTC epoch milliseconds. */
    int64_t (*monotonic_ms)(void *ctx); /* Never runs backwards; origin unspecified. */
    void *ctx;
};

/* The machine's clock; static, needs no release. */
const struct mln_clock *mln_clock_system(void);

int64_t mln_now_ms(const struct mln_clock *clock);
int64_t mln_monotonic_ms(const struct mln_clock *clock);

/* Writes "YYYY-MM-DDTHH:MM:SSZ" (RFC 3339, whole seconds). Times outside years 0001..9999 are
 * clamped. */
void mln_time_format(int64_t time_ms, char out[MLN_TIME_TEXT_MAX]);

/* Exactly "YYYY-MM-DDTHH:MM:SSZ", a real calendar time: MLN_EINVAL otherwise, `out_ms` untouched.
 */
MLN_MUST_USE int mln_time_parse(struct mln_str text, int64_t *out_ms);

/* Days since 1970-01-01 of a proleptic Gregorian date. */
int64_t mln_days_from_civil(int64_t year, unsigned month, unsigned day);
