/* Reading zone files and POSIX rules; every count of the file is checked before it is used. */
#include "detect/tzif.h"

#include "base/clock.h"

#define HEADER_LEN ((size_t)44)
#define DAY_S      ((int64_t)86400)

struct counts {
    uint32_t utc, standard, leap, transitions, types, letters;
};

static uint64_t big_endian(const char *at, size_t count)
{
    uint64_t value = 0;

    for (size_t i = 0; i < count; i++)
        value = value << 8 | (unsigned char)at[i];
    return value;
}

static bool read_header(struct mln_str file, struct counts *out)
{
    uint32_t *fields[] = { &out->utc, &out->standard, &out->leap, &out->transitions, &out->types,
        &out->letters };

    if (file.len < HEADER_LEN || memcmp(file.ptr, "TZif", 4) != 0 || file.ptr[4] < '2')
        return false;
    for (size_t i = 0; i < MLN_LEN(fields); i++)
        *fields[i] = (uint32_t)big_endian(file.ptr + 20 + 4 * i, 4);
    /* cppcheck-suppress uninitvar ; set through `fields` */
    return out->transitions <= MLN_TZ_TRANSITIONS_MAX && out->types > 0 && out->types <= 256 &&
           out->letters <= 4096 && out->leap <= 4096 && out->utc <= 256 && out->standard <= 256;
}

static size_t data_len(const struct counts *counts, size_t time_len)
{
    return counts->transitions * (time_len + 1) + counts->types * (size_t)6 + counts->letters +
           counts->leap * (time_len + 4) + counts->standard + counts->utc;
}

static int64_t offset_of_type(const char *types, size_t type)
{
    return (int32_t)(uint32_t)big_endian(types + 6 * type, 4);
}

static bool read_transitions(const char *data, const struct counts *counts, struct mln_tz *out)
{
    const char *indexes = data + counts->transitions * (size_t)8;
    const char *types = indexes + counts->transitions;

    out->count = counts->transitions;
    out->first_offset_s = offset_of_type(types, 0);
    for (size_t i = 0; i < out->count; i++) {
        size_t type = (unsigned char)indexes[i];

        if (type >= counts->types)
            return false;
        out->transitions[i].at_s = (int64_t)big_endian(data + 8 * i, 8);
        out->transitions[i].offset_s = offset_of_type(types, type);
        if (i > 0 && out->transitions[i].at_s <= out->transitions[i - 1].at_s)
            return false;
    }
    return true;
}

/* The second block, with times of eight bytes, follows the first; the rule stands between newlines.
 */
int mln_tz_parse(struct mln_str file, struct mln_tz *out, struct mln_err *err)
{
    struct counts counts;
    size_t len;

    if (!read_header(file, &counts))
        return mln_fail(err, MLN_EINVAL, "not a zone file");
    len = HEADER_LEN + data_len(&counts, 4);
    if (len > file.len)
        return mln_fail(err, MLN_EINVAL, "a zone file that ends early");
    file.ptr += len;
    file.len -= len;
    if (!read_header(file, &counts))
        return mln_fail(err, MLN_EINVAL, "not a zone file");
    len = HEADER_LEN + data_len(&counts, 8);
    if (len > file.len || !read_transitions(file.ptr + HEADER_LEN, &counts, out))
        return mln_fail(err, MLN_EINVAL, "a damaged zone file");
    file.ptr += len;
    file.len -= len;
    out->rule.valid = mln_tz_rule_parse(mln_str_trim(file), &out->rule);
    return MLN_OK;
}

static bool rule_number(struct mln_str *rest, int *out)
{
    int number = 0;
    size_t count = 0;

    for (; count < rest->len && count < 4 && rest->ptr[count] >= '0' && rest->ptr[count] <= '9';
            count++)
        number = number * 10 + (rest->ptr[count] - '0');
    rest->ptr += count;
    rest->len -= count;
    *out = number;
    return count > 0;
}

static bool rule_char(struct mln_str *rest, char want)
{
    if (rest->len == 0 || *rest->ptr != want)
        return false;
    rest->ptr++;
    rest->len--;
    return true;
}

/* [+-]hh[:mm[:ss]] */
static bool rule_time(struct mln_str *rest, int64_t *out)
{
    bool negative = rule_char(rest, '-');
    int hours, minutes = 0, seconds = 0;

    if (!negative)
        (void)rule_char(rest, '+');
    if (!rule_number(rest, &hours) || (rule_char(rest, ':') && !rule_number(rest, &minutes)) ||
            (rule_char(rest, ':') && !rule_number(rest, &seconds)) || hours > 167)
        return false;
    *out = ((int64_t)hours * 60 + minutes) * 60 + seconds;
    if (negative)
        *out = -*out;
    return true;
}

/* "CST" or "<+08>" */
static bool rule_name(struct mln_str *rest)
{
    size_t len = 0;

    if (rule_char(rest, '<')) {
        const char *close = memchr(rest->ptr, '>', rest->len);

        if (close == NULL)
            return false;
        len = (size_t)(close - rest->ptr) + 1;
    } else {
        while (len < rest->len &&
                ((rest->ptr[len] | 0x20) >= 'a' && (rest->ptr[len] | 0x20) <= 'z'))
            len++;
    }
    rest->ptr += len;
    rest->len -= len;
    return len >= 3;
}

static bool rule_change(struct mln_str *rest, struct mln_tz_change *out)
{
    if (!rule_char(rest, ','))
        return false;
    out->seconds = 2 * 3600;
    if (rule_char(rest, 'M')) {
        out->kind = 'M';
        if (!rule_number(rest, &out->month) || !rule_char(rest, '.') ||
                !rule_number(rest, &out->week) || !rule_char(rest, '.') ||
                !rule_number(rest, &out->day) || out->month < 1 || out->month > 12 ||
                out->week < 1 || out->week > 5 || out->day > 6)
            return false;
    } else {
        out->kind = rule_char(rest, 'J') ? 'J' : 'N';
        if (!rule_number(rest, &out->day) || out->day > 365 || (out->kind == 'J' && out->day < 1))
            return false;
    }
    return !rule_char(rest, '/') || rule_time(rest, &out->seconds);
}

bool mln_tz_rule_parse(struct mln_str text, struct mln_tz_rule *out)
{
    struct mln_tz_rule rule = { .valid = true };

    /* POSIX counts west of UTC. */
    if (!rule_name(&text) || !rule_time(&text, &rule.standard_s))
        return false;
    rule.standard_s = -rule.standard_s;
    if (text.len > 0) {
        rule.has_dst = true;
        rule.dst_s = rule.standard_s + 3600;
        if (!rule_name(&text))
            return false;
        if (text.len > 0 && *text.ptr != ',') {
            if (!rule_time(&text, &rule.dst_s))
                return false;
            rule.dst_s = -rule.dst_s;
        }
        if (!rule_change(&text, &rule.start) || !rule_change(&text, &rule.end) || text.len > 0)
            return false;
    }
    *out = rule;
    return true;
}

static bool is_leap(int64_t year)
{
    return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
}

/* Local seconds since the epoch at which `change` happens in `year`. */
static int64_t change_in(const struct mln_tz_change *change, int64_t year)
{
    int64_t day;

    if (change->kind == 'M') {
        int64_t first = mln_days_from_civil(year, (unsigned)change->month, 1);
        int64_t next = change->month == 12
                               ? mln_days_from_civil(year + 1, 1, 1)
                               : mln_days_from_civil(year, (unsigned)change->month + 1, 1);
        int64_t weekday = ((first + 4) % 7 + 7) % 7;

        day = first + (change->day - weekday + 7) % 7 + (int64_t)(change->week - 1) * 7;
        if (day >= next)
            day -= 7;
    } else {
        day = mln_days_from_civil(year, 1, 1) + change->day;
        if (change->kind == 'J' && !(is_leap(year) && change->day >= 60))
            day--;
    }
    return day * DAY_S + change->seconds;
}

static int64_t year_of(int64_t utc_s)
{
    int64_t days = utc_s / DAY_S - (utc_s % DAY_S < 0), year = 1970 + days / 366;

    while (mln_days_from_civil(year + 1, 1, 1) <= days)
        year++;
    while (mln_days_from_civil(year, 1, 1) > days)
        year--;
    return year;
}

static int64_t rule_offset(const struct mln_tz_rule *rule, int64_t utc_s)
{
    int64_t year, start, end;
    bool dst;

    if (!rule->has_dst)
        return rule->standard_s;
    year = year_of(utc_s + rule->standard_s);
    start = change_in(&rule->start, year) - rule->standard_s;
    end = change_in(&rule->end, year) - rule->dst_s;
    dst = start < end ? utc_s >= start && utc_s < end : utc_s >= start || utc_s < end;
    return dst ? rule->dst_s : rule->standard_s;
}

int64_t mln_tz_offset(const struct mln_tz *tz, int64_t utc_s)
{
    size_t low = 0, high = tz->count;

    if (tz->rule.valid && (tz->count == 0 || utc_s >= tz->transitions[tz->count - 1].at_s))
        return rule_offset(&tz->rule, utc_s);
    while (low < high) { /* The first transition after utc_s. */
        size_t middle = (low + high) / 2;

        if (tz->transitions[middle].at_s <= utc_s)
            low = middle + 1;
        else
            high = middle;
    }
    return low == 0 ? tz->first_offset_s : tz->transitions[low - 1].offset_s;
}
