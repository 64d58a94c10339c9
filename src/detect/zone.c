/* Zones by name. A zone is a fixed offset or the rules of a zone file; the last minute asked for is
 * kept. */
#include "detect/zone.h"

#include "base/env.h"
#include "base/file.h"
#include "detect/tzif.h"

#define NAME_MAX_LEN ((size_t)128)
#define ZONE_FOLDER  "/usr/share/zoneinfo/"
#define LOCAL_FILE   "/etc/localtime"
#define DAY_S        ((int64_t)86400)

/* Of the last minute: local minutes since the epoch, and what to add for UTC. */
struct cache {
    int64_t minute, to_utc_s;
};

struct mln_zone {
    char name[NAME_MAX_LEN + 16];
    int64_t offset_s; /* When `rules` is NULL. */
    struct mln_tz *rules;
    struct cache *cache;
};

static bool parse_two(const char *at, int64_t *out)
{
    if (at[0] < '0' || at[0] > '9' || at[1] < '0' || at[1] > '9')
        return false;
    *out = (at[0] - '0') * 10 + (at[1] - '0');
    return true;
}

/* "+08:00", "-0330", "+08" */
static bool parse_offset(struct mln_str name, int64_t *out)
{
    int64_t hours, minutes = 0;

    if (name.len < 3 || (name.ptr[0] != '+' && name.ptr[0] != '-') ||
            !parse_two(name.ptr + 1, &hours))
        return false;
    if (name.len == 6 && name.ptr[3] == ':') {
        if (!parse_two(name.ptr + 4, &minutes))
            return false;
    } else if (name.len == 5) {
        if (!parse_two(name.ptr + 3, &minutes))
            return false;
    } else if (name.len != 3) {
        return false;
    }
    if (hours > 14 || minutes > 59)
        return false;
    *out = (hours * 60 + minutes) * 60 * (name.ptr[0] == '-' ? -1 : 1);
    return true;
}

/* A name that stays below the zone folder. */
static bool is_zone_name(struct mln_str name)
{
    static const char others[] = "_+-/";

    if (name.len == 0 || name.len > NAME_MAX_LEN || name.ptr[0] == '/')
        return false;
    for (size_t i = 0; i < name.len; i++) {
        char c = name.ptr[i];
        bool fits = (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') ||
                    memchr(others, c, sizeof(others) - 1) != NULL;

        if (!fits)
            return false;
    }
    return true;
}

static int read_rules(const char *path, struct mln_tz **out, struct mln_err *err)
{
    MLN_AUTO(mln_buf_free) struct mln_buf file = MLN_BUF_INIT(MLN_TZ_FILE_MAX);
    MLN_AUTO_FREE struct mln_tz *rules = calloc(1, sizeof(*rules));
    int rc;

    if (rules == NULL)
        return mln_fail(err, MLN_ENOMEM, "no memory for a zone");
    rc = mln_file_read(path, &file, err);
    if (rc == MLN_OK)
        rc = mln_tz_parse(mln_buf_str(&file), rules, err);
    if (rc < 0)
        return rc; /* NOLINT(clang-analyzer-unix.Malloc): the scope frees it */
    *out = MLN_TAKE(rules);
    return MLN_OK;
}

static void set_name(struct mln_zone *zone, struct mln_str name, bool local)
{
    struct mln_buf text = MLN_BUF_INIT(sizeof(zone->name) - 1);

    mln_buf_addf(&text, local ? "local (%.*s)" : "%.*s", MLN_FMT(name));
    memcpy(zone->name, mln_buf_str(&text).ptr, text.len);
    zone->name[text.len] = '\0';
    mln_buf_free(&text);
}

static int set_named(struct mln_zone *zone, struct mln_str name, struct mln_err *err)
{
    char path[sizeof(ZONE_FOLDER) + NAME_MAX_LEN];
    int rc;

    if (mln_str_is(name, "UTC") || mln_str_is(name, "Z") || parse_offset(name, &zone->offset_s))
        return MLN_OK;
    if (!is_zone_name(name))
        return mln_fail(err, MLN_EINVAL, "'%.*s' is not the name of a time zone",
                name.len > NAME_MAX_LEN ? (int)NAME_MAX_LEN : (int)name.len, name.ptr);
    memcpy(path, ZONE_FOLDER, sizeof(ZONE_FOLDER) - 1);
    memcpy(path + sizeof(ZONE_FOLDER) - 1, name.ptr, name.len);
    path[sizeof(ZONE_FOLDER) - 1 + name.len] = '\0';
    rc = read_rules(path, &zone->rules, err);
    if (rc < 0 && rc != MLN_ENOMEM)
        return mln_fail(
                err, MLN_EINVAL, "time zone '%.*s' is not known on this machine", MLN_FMT(name));
    return rc;
}

/* TZ holds a name, a file (":/path") or a rule ("CST-8"). */
static int set_from_environment(struct mln_zone *zone, struct mln_str value, struct mln_err *err)
{
    struct mln_tz_rule rule;

    if (value.len > 0 && value.ptr[0] == ':') {
        value.ptr++;
        value.len--;
    }
    if (value.len > 0 && value.ptr[0] == '/')
        return read_rules(value.ptr, &zone->rules, err);
    if (!mln_tz_rule_parse(value, &rule))
        return set_named(zone, value, err);
    zone->rules = calloc(1, sizeof(*zone->rules));
    if (zone->rules == NULL)
        return mln_fail(err, MLN_ENOMEM, "no memory for a zone");
    zone->rules->rule = rule;
    return MLN_OK;
}

/* The zone that /etc/localtime is a link to; else the path itself. */
static void name_local(struct mln_zone *zone)
{
    char target[512];
    ssize_t len = readlink(LOCAL_FILE, target, sizeof(target) - 1);
    const char *found = NULL;

    if (len > 0) {
        target[len] = '\0';
        found = strstr(target, "zoneinfo/");
    }
    if (found != NULL && strlen(found) - 9 <= NAME_MAX_LEN)
        set_name(zone, mln_str_of(found + 9), true);
    else
        set_name(zone, MLN_STR(LOCAL_FILE), true);
}

static int set_local(struct mln_zone *zone, struct mln_err *err)
{
    const char *value = mln_env_get(mln_env_system(), "TZ");
    int rc;

    if (value != NULL) {
        struct mln_str name = mln_str_of(value);

        if (name.len > NAME_MAX_LEN)
            return mln_fail(err, MLN_EINVAL, "TZ is longer than %zu bytes", NAME_MAX_LEN);
        set_name(zone, name, true);
        rc = set_from_environment(zone, name, err);
        return rc < 0 ? mln_wrap(err, rc, "the machine's time zone") : MLN_OK;
    }
    name_local(zone);
    rc = read_rules(LOCAL_FILE, &zone->rules, err);
    if (rc == MLN_ENOTFOUND) { /* As the C library does. */
        set_name(zone, MLN_STR("UTC"), true);
        return MLN_OK;
    }
    return rc < 0 ? mln_wrap(err, rc, "the machine's time zone") : MLN_OK;
}

int mln_zone_new(struct mln_str name, struct mln_zone **out, struct mln_err *err)
{
    struct mln_zone *zone = calloc(1, sizeof(*zone));
    int rc;

    if (zone != NULL)
        zone->cache = calloc(1, sizeof(*zone->cache));
    if (zone == NULL || zone->cache == NULL) {
        free(zone);
        return mln_fail(err, MLN_ENOMEM, "no memory for a zone");
    }
    zone->cache->minute = INT64_MIN;
    if (name.len == 0) {
        rc = set_local(zone, err);
    } else {
        rc = set_named(zone, name, err);
        if (rc == MLN_OK)
            set_name(zone, name, false);
    }
    if (rc < 0) {
        mln_zone_free(zone);
        return rc;
    }
    *out = zone;
    return MLN_OK;
}

void mln_zone_free(struct mln_zone *zone)
{
    if (zone == NULL)
        return;
    free(zone->rules);
    free(zone->cache);
    free(zone);
}

/*
 * The offsets of the day before and of the day after are the candidates. In a repeated hour both
 * fit and the earlier one is the first; in a skipped hour neither fits.
 */
static int64_t offset_at_local(const struct mln_tz *rules, int64_t local_s)
{
    int64_t before = mln_tz_offset(rules, local_s - DAY_S);
    int64_t after = mln_tz_offset(rules, local_s + DAY_S);

    if (mln_tz_offset(rules, local_s - before) == before)
        return before;
    return mln_tz_offset(rules, local_s - after) == after ? after : before;
}

int64_t mln_zone_to_utc_ms(const struct mln_zone *zone, const struct mln_civil *local)
{
    int64_t days = mln_days_from_civil(local->year, (unsigned)local->month, (unsigned)local->day);
    int64_t minute = (days * 24 + local->hour) * 60 + local->minute;
    int64_t seconds = minute * 60 + local->second;

    if (zone == NULL)
        return seconds * MLN_MS_PER_S;
    if (zone->rules == NULL)
        return (seconds - zone->offset_s) * MLN_MS_PER_S;
    if (zone->cache->minute != minute) {
        zone->cache->minute = minute;
        zone->cache->to_utc_s = -offset_at_local(zone->rules, minute * 60);
    }
    return (seconds + zone->cache->to_utc_s) * MLN_MS_PER_S;
}

const char *mln_zone_name(const struct mln_zone *zone)
{
    return zone->name;
}
