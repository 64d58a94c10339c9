#include "base/clock.h"

#include <time.h>

static int64_t read_clock(clockid_t id)
{
    struct timespec now;

    (void)clock_gettime(id, &now);
    return (int64_t)now.tv_sec * MLN_MS_PER_S + now.tv_nsec / 1000000;
}

static int64_t system_now(void *ctx)
{
    (void)ctx;
    return read_clock(CLOCK_REALTIME);
}

static int64_t system_monotonic(void *ctx)
{
    (void)ctx;
    return read_clock(CLOCK_MONOTONIC);
}

const struct mln_clock *mln_clock_system(void)
{
    static const struct mln_clock clock = { .now_ms = system_now,
        .monotonic_ms = system_monotonic };

    return &clock;
}

int64_t mln_now_ms(const struct mln_clock *clock)
{
    return clock->now_ms(clock->ctx);
}

int64_t mln_monotonic_ms(const struct mln_clock *clock)
{
    return clock->monotonic_ms(clock->ctx);
}

/* Both directions count eras of 400 years from 0000-03-01, so that the leap day ends a year. */
int64_t mln_days_from_civil(int64_t year, unsigned month, unsigned day)
{
    int64_t shifted = month <= 2 ? year - 1 : year;
    int64_t era = (shifted >= 0 ? shifted : shifted - 399) / 400;
    int64_t year_of_era = shifted - era * 400;
    int64_t day_of_year = (153 * ((int64_t)month + (month > 2 ? -3 : 9)) + 2) / 5 + (int64_t)day -
                          1;
    int64_t day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;

    return era * 146097 + day_of_era - 719468;
}

void mln_time_format(int64_t time_ms, char out[MLN_TIME_TEXT_MAX])
{
    const int64_t first_ms = -62135596800000, last_ms = 253402300799000;
    time_t seconds;
    struct tm tm;

    if (time_ms < first_ms)
        time_ms = first_ms;
    if (time_ms > last_ms)
        time_ms = last_ms;
    seconds = (time_t)(time_ms / MLN_MS_PER_S - (time_ms % MLN_MS_PER_S < 0));
    (void)gmtime_r(&seconds, &tm);
    /* strftime's %Y does not promise four digits. */
    for (int i = 3, year = tm.tm_year + 1900; i >= 0; i--, year /= 10)
        out[i] = (char)('0' + year % 10);
    (void)strftime(out + 4, MLN_TIME_TEXT_MAX - 4, "-%m-%dT%H:%M:%SZ", &tm);
}

static bool digits(const char *at, size_t count, unsigned *out)
{
    unsigned value = 0;

    for (size_t i = 0; i < count; i++) {
        if (at[i] < '0' || at[i] > '9')
            return false;
        value = value * 10 + (unsigned)(at[i] - '0');
    }
    *out = value;
    return true;
}

static unsigned days_in_month(unsigned year, unsigned month)
{
    static const unsigned char days[] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };
    bool leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);

    return month == 2 && leap ? 29 : days[month - 1];
}

int mln_time_parse(struct mln_str text, int64_t *out_ms)
{
    unsigned year, month, day, hour, minute, second;
    const char *at = text.ptr;

    if (text.len != 20 || at[4] != '-' || at[7] != '-' || at[10] != 'T' || at[13] != ':' ||
            at[16] != ':' || at[19] != 'Z')
        return MLN_EINVAL;
    if (!digits(at, 4, &year) || !digits(at + 5, 2, &month) || !digits(at + 8, 2, &day) ||
            !digits(at + 11, 2, &hour) || !digits(at + 14, 2, &minute) ||
            !digits(at + 17, 2, &second))
        return MLN_EINVAL;
    if (year < 1 || month < 1 || month > 12 || day < 1 || day > days_in_month(year, month) ||
            hour > 23 || minute > 59 || second > 59)
        return MLN_EINVAL;
    *out_ms = (((mln_days_from_civil(year, month, day) * 24 + hour) * 60 + minute) * 60 + second) *
              MLN_MS_PER_S;
    return MLN_OK;
}
