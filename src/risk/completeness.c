/*
 * What a verdict rests on, kept with the item as one JSON object: numbers by name, zeros
 * among them, and a list of the calls that were not answered. Where it is shown it is read again
 * as if it came from outside: a member that is missing or makes no sense is 0.
 */
#include "risk/completeness.h"

#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "wire/json.h"
#include "wire/writer.h"

#define GAPS_SAID_MAX 8 /* In a sentence; the rest is counted. */

static const struct {
    const char *name;
    size_t offset;
} numbers[] = {
    /* In the order in which they are written. */
    { "Calls", offsetof(struct mln_completeness, calls) },
    { "Read", offsetof(struct mln_completeness, read) },
    { "NotActivated", offsetof(struct mln_completeness, not_activated) },
    { "NoRegion", offsetof(struct mln_completeness, no_region) },
    { "Denied", offsetof(struct mln_completeness, denied) },
    { "Throttled", offsetof(struct mln_completeness, throttled) },
    { "Unsupported", offsetof(struct mln_completeness, unsupported) },
    { "Failed", offsetof(struct mln_completeness, failed) },
    { "NotRecorded", offsetof(struct mln_completeness, not_recorded) },
    { "NotCollected", offsetof(struct mln_completeness, not_collected) },
    { "Pages", offsetof(struct mln_completeness, pages) },
    { "Rows", offsetof(struct mln_completeness, rows) },
    { "CountedRows", offsetof(struct mln_completeness, counted_rows) },
    { "TotalCount", offsetof(struct mln_completeness, total) },
    { "Regions", offsetof(struct mln_completeness, regions) },
    { "RegionsWithRows", offsetof(struct mln_completeness, regions_with_rows) },
    { "Oldest", offsetof(struct mln_completeness, oldest_ms) },
    { "Newest", offsetof(struct mln_completeness, newest_ms) },
    { "Reused", offsetof(struct mln_completeness, reused) },
};

static bool is_complete(const struct mln_completeness *completeness)
{
    return completeness->denied == 0 && completeness->throttled == 0 &&
           completeness->unsupported == 0 && completeness->failed == 0 &&
           completeness->not_recorded == 0 && completeness->not_collected == 0;
}

static void write_gaps(struct mln_writer *w, const struct mln_completeness *completeness)
{
    mln_writer_list_begin(w, "NotRead");
    for (size_t i = 0; i < completeness->gap_count; i++) {
        const struct mln_gap *gap = &completeness->gaps[i];

        mln_writer_object_begin(w, NULL);
        mln_writer_str(w, "Call", gap->call);
        mln_writer_str(w, "RamAction", gap->action);
        mln_writer_cstr(w, "Why", mln_unread_name(gap->why));
        mln_writer_i64(w, "Calls", gap->calls);
        mln_writer_i64(w, "Regions", gap->regions);
        mln_writer_object_end(w);
    }
    mln_writer_list_end(w);
    mln_writer_i64(w, "MoreNotRead", completeness->more_gaps);
}

static void write_members(struct mln_writer *w, const struct mln_completeness *completeness)
{
    mln_writer_bool(w, "Complete", is_complete(completeness));
    for (size_t i = 0; i < MLN_LEN(numbers); i++)
        mln_writer_i64(w, numbers[i].name,
                *(const int64_t *)((const char *)completeness + numbers[i].offset));
    write_gaps(w, completeness);
}

void mln_completeness_print(const struct mln_completeness *completeness, struct mln_buf *out)
{
    struct mln_writer w;

    if (!completeness->is_known)
        return;
    mln_writer_begin(&w, out, MLN_FORMAT_JSON, NULL);
    write_members(&w, completeness);
    mln_writer_end(&w);
}

/* ---- reading it again ---- */
struct reading {
    struct mln_json *json; /* The texts of the gaps are in it. */
    struct mln_gap gaps[MLN_GAPS_MAX];
    struct mln_completeness completeness;
};

static void reading_fini(struct reading *reading)
{
    mln_json_free(reading->json);
}

static enum mln_unread why_of(struct mln_str name)
{
    for (int why = MLN_UNREAD_DENIED; why <= MLN_UNREAD_NOT_COLLECTED; why++) {
        if (mln_str_is(name, mln_unread_name((enum mln_unread)why)))
            return (enum mln_unread)why;
    }
    return MLN_UNREAD_ERROR;
}

static int64_t number_of(struct mln_json_value object, const char *name)
{
    int64_t number = 0;

    return mln_json_get_i64(object, name, &number) && number > 0 ? number : 0;
}

static void read_gaps(struct mln_json_value root, struct reading *reading)
{
    struct mln_completeness *out = &reading->completeness;
    struct mln_json_value list, value;
    struct mln_json_iter iter;
    struct mln_str key;

    out->gaps = reading->gaps;
    out->more_gaps = number_of(root, "MoreNotRead");
    if (out->more_gaps > INT32_MAX)
        out->more_gaps = INT32_MAX;
    if (!mln_json_get(root, "NotRead", &list) || mln_json_type(list) != MLN_JSON_ARRAY)
        return;
    iter = mln_json_iter(list);
    while (mln_json_next(&iter, &key, &value)) {
        struct mln_gap gap = { .calls = number_of(value, "Calls"),
            .regions = number_of(value, "Regions") };
        struct mln_str why = { 0 };

        (void)mln_json_get_str(value, "Call", &gap.call);
        (void)mln_json_get_str(value, "RamAction", &gap.action);
        (void)mln_json_get_str(value, "Why", &why);
        gap.why = why_of(why);
        if (out->gap_count < MLN_GAPS_MAX)
            reading->gaps[out->gap_count++] = gap;
        else
            out->more_gaps++;
    }
}

/* False: there is none, or it is none. */
static bool read_json(struct mln_str json, struct reading *out)
{
    struct mln_json_value root;
    struct mln_err ignored;

    if (json.len == 0 || mln_json_parse(json, &out->json, &ignored) != MLN_OK)
        return false;
    root = mln_json_root(out->json);
    if (mln_json_type(root) != MLN_JSON_OBJECT)
        return false;
    out->completeness.is_known = true;
    for (size_t i = 0; i < MLN_LEN(numbers); i++)
        *(int64_t *)((char *)&out->completeness + numbers[i].offset) = number_of(
                root, numbers[i].name);
    read_gaps(root, out);
    return true;
}

void mln_result_completeness_write(struct mln_writer *w, const char *key, struct mln_str json)
{
    MLN_AUTO(reading_fini) struct reading reading = { 0 };

    if (!read_json(json, &reading)) {
        mln_writer_null(w, key);
        return;
    }
    mln_writer_object_begin(w, key);
    write_members(w, &reading.completeness);
    mln_writer_object_end(w);
}

void mln_result_completeness_print(struct mln_str json, struct mln_buf *out)
{
    MLN_AUTO(reading_fini) struct reading reading = { 0 };

    if (read_json(json, &reading))
        mln_completeness_print(&reading.completeness, out);
}

/* ---- sentences ---- */
struct saying {
    enum mln_lang lang;
    struct mln_buf *out;
};

static const char *choose(const struct saying *saying, const char *en, const char *zh)
{
    return saying->lang == MLN_LANG_ZH ? zh : en;
}

static void say(const struct saying *saying, const char *en, const char *zh)
{
    mln_buf_add_cstr(saying->out, choose(saying, en, zh));
}

/* 1,234,567 */
static void say_number(const struct saying *saying, int64_t number)
{
    char digits[24];
    int len = snprintf(digits, sizeof(digits), "%lld", (long long)number);

    for (int i = 0; i < len; i++) {
        if (i > 0 && (len - i) % 3 == 0)
            mln_buf_add_char(saying->out, ',');
        mln_buf_add_char(saying->out, digits[i]);
    }
}

/* "12 calls"; `one` and `many` follow a number in English. */
static void say_count(const struct saying *saying, int64_t number, const char *one,
        const char *many, const char *zh)
{
    say_number(saying, number);
    say(saying, number == 1 ? one : many, zh);
}

/* "; 12 of ..." where there are any. */
static void say_also(const struct saying *saying, int64_t number, const char *en, const char *zh)
{
    if (number == 0)
        return;
    say(saying, "; ", "；");
    say_number(saying, number);
    say(saying, en, zh);
}

static void say_rows(const struct saying *saying, const struct mln_completeness *of)
{
    say_count(saying, of->rows, " row", " rows", " 行");
    if (of->total == 0 && of->counted_rows == 0)
        return;
    if (of->counted_rows == of->total) {
        say(saying,
                of->counted_rows == of->rows ? " (as many as the cloud counts)"
                                             : " (as many as the cloud counts, where it does)",
                of->counted_rows == of->rows ? "（与云端计数一致）"
                                             : "（与云端计数一致，部分接口不计数）");
        return;
    }
    say(saying, " (", "（");
    say_number(saying, of->counted_rows);
    say(saying, " where the cloud counts ", "，云端计数为 ");
    say_number(saying, of->total);
    say(saying, ")", "）");
}

static void say_times(const struct saying *saying, const struct mln_completeness *of)
{
    char oldest[MLN_TIME_TEXT_MAX], newest[MLN_TIME_TEXT_MAX];

    if (of->oldest_ms == 0)
        return;
    mln_time_format(of->oldest_ms, oldest);
    mln_time_format(of->newest_ms, newest);
    mln_buf_addf(saying->out, "%s%s", choose(saying, ", ", "，"), oldest);
    if (strcmp(newest, oldest) != 0)
        mln_buf_addf(saying->out, "%s%s", choose(saying, " to ", " 至 "), newest);
}

static void say_read(const struct saying *saying, const struct mln_completeness *of)
{
    say_count(saying, of->calls, " call", " calls", " 次调用");
    if (of->regions > 0) {
        say(saying, " in ", "，");
        say_count(saying, of->regions, " region", " regions", " 个地域");
        say(saying, " (", "（");
        say_number(saying, of->regions_with_rows);
        say(saying, " with rows)", " 个有数据）");
    }
    say(saying, ", ", "，");
    say_count(saying, of->pages, " page", " pages", " 页");
    say(saying, ", ", "，");
    say_rows(saying, of);
    say_times(saying, of);
    say_also(saying, of->not_activated, " of a product that is not activated",
            " 次调用的产品未开通");
    say_also(saying, of->no_region, " where the region does not have the product",
            " 次调用的地域没有该产品");
    say_also(saying, of->reused, " unchanged since an earlier snapshot",
            " 次调用沿用较早的快照（未变化）");
}

static void say_gap(const struct saying *saying, const struct mln_gap *gap)
{
    static const struct {
        const char *en, *zh;
    } words[] = {
        [MLN_UNREAD_NONE] = { "", "" },
        [MLN_UNREAD_DENIED] = { "no permission: ", "无权限：" },
        [MLN_UNREAD_THROTTLED] = { "throttled: ", "被限流：" },
        [MLN_UNREAD_UNSUPPORTED] = { "not supported: ", "不支持：" },
        [MLN_UNREAD_ERROR] = { "failed: ", "失败：" },
        [MLN_UNREAD_NOT_COLLECTED] = { "not collected: ", "未采集：" },
    };
    bool denied = gap->why == MLN_UNREAD_DENIED && gap->action.len > 0;

    say(saying, words[gap->why].en, words[gap->why].zh);
    mln_buf_add(saying->out, denied ? gap->action : gap->call);
    say(saying, " (", "（");
    say_count(saying, gap->calls, " call", " calls", " 次调用");
    if (gap->regions > 0) {
        say(saying, " in ", "，");
        say_count(saying, gap->regions, " region", " regions", " 个地域");
    }
    say(saying, ")", "）");
}

/* The second half says where all could be assessed that the gaps changed nothing. */
static void say_not_read(
        const struct saying *saying, const struct mln_completeness *of, bool is_assessed)
{
    size_t shown = of->gap_count < GAPS_SAID_MAX ? of->gap_count : GAPS_SAID_MAX;

    for (size_t i = 0; i < shown; i++) {
        say(saying, i > 0 ? "; " : "", i > 0 ? "；" : "");
        say_gap(saying, &of->gaps[i]);
    }
    say_also(saying, (int64_t)(of->gap_count - shown) + of->more_gaps, " more kinds of call",
            " 种其他调用");
    if (shown > 0 && is_assessed)
        say(saying, "; the status does not depend on it", "；不影响该结论");
}

void mln_result_completeness_say(const struct mln_check_result *result, enum mln_lang lang,
        struct mln_buf *read, struct mln_buf *not_read)
{
    MLN_AUTO(reading_fini) struct reading reading = { 0 };
    struct saying saying = { lang, read };

    if (!read_json(result->completeness, &reading))
        return;
    say_read(&saying, &reading.completeness);
    saying.out = not_read;
    say_not_read(&saying, &reading.completeness, result->not_assessed_reason.len == 0);
}
