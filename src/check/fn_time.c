/* Times: everything that the cloud writes where a moment is meant, as milliseconds. */
#include <stdio.h>

#include "base/clock.h"
#include "check/fn.h"

#define TIME_TEXT_MAX  ((size_t)64)
#define ZONE_LIMIT_MIN 840 /* +14:00 */

/* What a text says, before it is known whether a zone stands in it. */
struct moment {
    int64_t ms;    /* As if it were UTC. */
    bool has_time; /* False: a day alone. */
    bool has_zone; /* False: ms still lacks the zone of the place. */
};

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* Exactly `digits` digits at the start of `rest`, taken off it. */
static bool take_number(struct mln_str *rest, size_t digits, int64_t *out)
{
    int64_t number = 0;

    if (rest->len < digits)
        return false;
    for (size_t i = 0; i < digits; i++) {
        if (!is_digit(rest->ptr[i]))
            return false;
        number = number * 10 + (rest->ptr[i] - '0');
    }
    *rest = (struct mln_str){ .ptr = rest->ptr + digits, .len = rest->len - digits };
    *out = number;
    return true;
}

static bool take_char(struct mln_str *rest, char c)
{
    if (rest->len == 0 || rest->ptr[0] != c)
        return false;
    *rest = (struct mln_str){ .ptr = rest->ptr + 1, .len = rest->len - 1 };
    return true;
}

static bool take_date(struct mln_str *rest, int64_t *days)
{
    int64_t year = 0, month = 0, day = 0, next = 0;

    if (!take_number(rest, 4, &year) || !take_char(rest, '-') || !take_number(rest, 2, &month) ||
            !take_char(rest, '-') || !take_number(rest, 2, &day))
        return false;
    if (year < 1 || month < 1 || month > 12 || day < 1)
        return false;
    *days = mln_days_from_civil(year, (unsigned)month, (unsigned)day);
    next = month == 12 ? mln_days_from_civil(year + 1, 1, 1)
                       : mln_days_from_civil(year, (unsigned)month + 1, 1);
    return *days < next;
}

/* hh:mm, hh:mm:ss or hh:mm:ss.fraction; what is finer than a millisecond is cut. */
static bool take_time(struct mln_str *rest, int64_t *ms)
{
    int64_t hour = 0, minute = 0, second = 0, scale = 100, fraction = 0;

    if (!take_number(rest, 2, &hour) || !take_char(rest, ':') || !take_number(rest, 2, &minute))
        return false;
    if (take_char(rest, ':')) {
        if (!take_number(rest, 2, &second))
            return false;
        if (take_char(rest, '.')) {
            if (rest->len == 0 || !is_digit(rest->ptr[0]))
                return false;
            for (int64_t digit = 0; take_number(rest, 1, &digit); scale /= 10)
                fraction += digit * scale;
        }
    }
    if (hour > 23 || minute > 59 || second > 59)
        return false;
    *ms = ((hour * 60 + minute) * 60 + second) * MLN_MS_PER_S + fraction;
    return true;
}

/* Z, UTC, +hh:mm, +hhmm; in minutes east. */
static bool take_zone(struct mln_str *rest, int64_t *east_min)
{
    int64_t hours = 0, minutes = 0;
    int sign = 1;

    if (mln_str_eq_nocase(*rest, MLN_STR("z")) || mln_str_eq_nocase(*rest, MLN_STR("utc"))) {
        *rest = (struct mln_str){ 0 };
        *east_min = 0;
        return true;
    }
    if (take_char(rest, '-'))
        sign = -1;
    else if (!take_char(rest, '+'))
        return false;
    if (!take_number(rest, 2, &hours))
        return false;
    (void)take_char(rest, ':');
    if (!take_number(rest, 2, &minutes) || minutes > 59 || hours * 60 + minutes > ZONE_LIMIT_MIN)
        return false;
    *east_min = sign * (hours * 60 + minutes);
    return true;
}

/* A date, perhaps a time, perhaps a zone; nothing behind it. */
static bool read_calendar(struct mln_str text, struct moment *out)
{
    struct moment moment = { 0 };
    struct mln_str rest = text;
    int64_t days = 0, ms = 0, east_min = 0;

    if (!take_date(&rest, &days))
        return false;
    moment.ms = days * MLN_MS_PER_DAY;
    if (rest.len > 0) {
        if ((!take_char(&rest, 'T') && !take_char(&rest, ' ')) || !take_time(&rest, &ms))
            return false;
        moment.has_time = true;
        moment.ms += ms;
        rest = mln_str_trim(rest);
        if (rest.len > 0) {
            if (!take_zone(&rest, &east_min) || rest.len > 0)
                return false;
            moment.has_zone = true;
            moment.ms -= east_min * 60 * MLN_MS_PER_S;
        }
    }
    *out = moment;
    return true;
}

/*
 * Ten digits are seconds, 13 to 15 milliseconds. Fewer are no time of this cloud (0 stands for
 * "never" in some answers, 20251122 for a day), so nothing is guessed from them.
 */
static bool read_epoch(struct mln_str text, struct moment *out)
{
    int64_t number = 0;

    if (text.len == 0 || !is_digit(text.ptr[0]) || text.ptr[0] == '0' ||
            mln_str_to_i64(text, &number) != MLN_OK)
        return false;
    if (text.len == 10)
        number *= MLN_MS_PER_S;
    else if (text.len < 13 || text.len > 15)
        return false;
    *out = (struct moment){ .ms = number, .has_time = true, .has_zone = true };
    return true;
}

/* A number with a fraction is what JSON makes of a large epoch: its whole part counts. */
static bool read_moment(sqlite3_value *value, struct moment *out)
{
    char digits[32];
    struct mln_str text = { 0 };

    if (sqlite3_value_type(value) == SQLITE_FLOAT) {
        (void)snprintf(digits, sizeof(digits), "%lld", (long long)sqlite3_value_int64(value));
        return read_epoch(mln_str_of(digits), out);
    }
    text.ptr = (const char *)sqlite3_value_text(value);
    text.len = text.ptr == NULL ? 0 : (size_t)sqlite3_value_bytes(value);
    if (text.len > TIME_TEXT_MAX)
        return false;
    text = mln_str_trim(text);
    return read_epoch(text, out) || read_calendar(text, out);
}

static void epoch_ms(sqlite3_context *out, int count, sqlite3_value **values)
{
    struct moment moment = { 0 };

    (void)count;
    if (!mln_fn_is_null(values[0]) && read_moment(values[0], &moment) && moment.has_zone)
        sqlite3_result_int64(out, moment.ms);
}

/* The zone of the place: the second argument, else China's, where the service's days are. */
static bool place_zone(sqlite3_context *out, int count, sqlite3_value **values, int64_t *east_min)
{
    struct mln_str rest = { 0 };

    *east_min = 8 * 60;
    if (count < 2)
        return true;
    if (!mln_fn_text(out, values[1], TIME_TEXT_MAX, &rest))
        return false;
    if (take_zone(&rest, east_min) && rest.len == 0)
        return true;
    mln_fn_error(out, "the zone of a day is written '+08:00' or 'Z'");
    return false;
}

static void day_edge(sqlite3_context *out, int count, sqlite3_value **values, int64_t add_ms)
{
    struct moment moment = { 0 };
    int64_t east_min = 0;

    if (mln_fn_any_null(count, values) || !place_zone(out, count, values, &east_min) ||
            !read_moment(values[0], &moment))
        return;
    if (!moment.has_zone)
        moment.ms -= east_min * 60 * MLN_MS_PER_S;
    if (!moment.has_time)
        moment.ms += add_ms;
    sqlite3_result_int64(out, moment.ms);
}

static void day_end_ms(sqlite3_context *out, int count, sqlite3_value **values)
{
    day_edge(out, count, values, MLN_MS_PER_DAY - 1);
}

static void day_start_ms(sqlite3_context *out, int count, sqlite3_value **values)
{
    day_edge(out, count, values, 0);
}

/* Whole days that are left, rounded down: 0 within the last day, negative afterwards. */
static void days_until(sqlite3_context *out, int count, sqlite3_value **values)
{
    struct moment to = { 0 }, from = { 0 };
    int64_t days = 0, ms = 0;

    if (mln_fn_any_null(count, values) || !read_moment(values[0], &to) ||
            !read_moment(values[1], &from) || !to.has_zone || !from.has_zone)
        return;
    ms = to.ms - from.ms;
    days = ms / MLN_MS_PER_DAY;
    if (ms % MLN_MS_PER_DAY < 0)
        days--;
    sqlite3_result_int64(out, days);
}

static void iso_text(sqlite3_context *out, int count, sqlite3_value **values)
{
    char text[MLN_TIME_TEXT_MAX];

    (void)count;
    if (mln_fn_is_null(values[0]))
        return;
    mln_time_format(sqlite3_value_int64(values[0]), text);
    mln_fn_answer(out, mln_str_of(text));
}

struct mln_fn_table mln_fn_times(void)
{
    static const struct mln_fn_row rows[] = {
        { "day_end_ms", 1, day_end_ms, NULL, NULL },
        { "day_end_ms", 2, day_end_ms, NULL, NULL },
        { "day_start_ms", 1, day_start_ms, NULL, NULL },
        { "day_start_ms", 2, day_start_ms, NULL, NULL },
        { "days_until", 2, days_until, NULL, NULL },
        { "epoch_ms", 1, epoch_ms, NULL, NULL },
        { "iso_text", 1, iso_text, NULL, NULL },
    };

    return (struct mln_fn_table){ .rows = rows, .count = MLN_LEN(rows) };
}
