/*
 * One HTML page without scripts and without anything from elsewhere, small enough for any browser:
 * the items, and for each that failed or could not be assessed its first resources.
 */
#include <stdio.h>

#include "report/priv.h"

#define RESOURCES_MAX 200 /* Shown per item; the rest is counted. */

static const char *say(const struct report *report, const char *en, const char *zh)
{
    return report->options->lang == MLN_LANG_ZH ? zh : en;
}

static void put_text(struct report *report, const char *tag, struct mln_str text)
{
    mln_buf_addf(&report->text, "<%s>", tag);
    report_escape(&report->text, text);
    mln_buf_addf(&report->text, "</%s>", tag);
}

static const char *status_text(const struct report *report, const struct mln_check_result *item)
{
    static const char *const en[MLN_RESULT_STATUSES] = { "passed", "failed", "running",
        "not assessed", "ignored", "false positive" };
    static const char *const zh[MLN_RESULT_STATUSES] = { "通过", "未通过", "检查中", "未评估",
        "已忽略", "误报" };

    if (!item->enabled)
        return say(report, "switched off", "已停用");
    return say(report, en[item->status], zh[item->status]);
}

static int put_row(void *ctx, const struct mln_check_result *item, struct mln_err *err)
{
    struct report *report = ctx;

    mln_buf_addf(&report->text,
            "<tr class=\"%s\"><td><a href=\"#i%lld\">%lld</a></td><td>%s</td><td>%s</td>",
            mln_result_status_name(item->status), (long long)item->item_id,
            (long long)item->item_id, mln_result_level_name(item->level),
            status_text(report, item));
    put_text(report, "td", item->title);
    put_text(report, "td", item->service);
    mln_buf_addf(&report->text, "<td>%lld</td></tr>\n", (long long)item->affected);
    return report_flush(report, err);
}

struct resources {
    struct report *report;
    int64_t count;
};

static int put_resource(void *ctx, const struct mln_result_finding *finding, struct mln_err *err)
{
    struct resources *resources = ctx;
    struct report *report = resources->report;

    if (++resources->count > RESOURCES_MAX)
        return MLN_OK;
    if (resources->count == 1)
        mln_buf_addf(&report->text,
                "<table><tr><th>%s</th><th>%s</th><th>%s</th><th>%s</th></tr>\n",
                say(report, "Region", "地域"), say(report, "Resource", "资源"),
                say(report, "State", "状态"), say(report, "Value", "问题条目值"));
    mln_buf_add_cstr(&report->text, "<tr>");
    put_text(report, "td", finding->region);
    put_text(report, "td", finding->resource_id);
    put_text(report, "td", mln_str_of(report_state(finding)));
    put_text(report, "td", finding->reason);
    mln_buf_add_cstr(&report->text, "</tr>\n");
    return report_flush(report, err);
}

static void put_remark(struct report *report, const char *label, const struct mln_buf *text)
{
    if (text->len == 0)
        return;
    mln_buf_addf(&report->text, "<p class=\"read\">%s", label);
    report_escape(&report->text, mln_buf_str(text));
    mln_buf_add_cstr(&report->text, "</p>");
}

static void put_read(struct report *report, const struct mln_check_result *item)
{
    MLN_AUTO(mln_buf_free) struct mln_buf read = MLN_BUF_INIT(REPORT_PIECE_MAX);
    MLN_AUTO(mln_buf_free) struct mln_buf not_read = MLN_BUF_INIT(REPORT_PIECE_MAX);

    mln_result_completeness_say(item, report->options->lang, &read, &not_read);
    put_remark(report, say(report, "Read: ", "已读取："), &read);
    put_remark(report, say(report, "Not read: ", "未读取："), &not_read);
}

static int put_details(void *ctx, const struct mln_check_result *item, struct mln_err *err)
{
    struct report *report = ctx;
    struct resources resources = { .report = report };
    int rc;

    mln_buf_addf(&report->text, "<section id=\"i%lld\"><h2>%lld ", (long long)item->item_id,
            (long long)item->item_id);
    report_escape(&report->text, item->title);
    mln_buf_addf(&report->text, " (%s)</h2>", status_text(report, item));
    if (item->replaced)
        put_text(report, "p",
                mln_str_of(say(report, "Judged by a check of yours, in place of the built-in one.",
                        "由自定义检查项判定（替换内置项）。")));
    put_text(report, "p", item->texts[0].value);
    if (item->not_assessed_reason.len > 0)
        put_text(report, "p", item->not_assessed_reason);
    put_read(report, item);
    if (item->status != MLN_RESULT_PASS) {
        put_text(report, "p", item->texts[1].value);
        put_text(report, "p", item->texts[2].value);
    }
    rc = report_findings(report, item->item_id, put_resource, &resources, err);
    if (resources.count > 0)
        mln_buf_add_cstr(&report->text, "</table>");
    if (resources.count > RESOURCES_MAX)
        mln_buf_addf(&report->text, "<p>+%lld</p>", (long long)(resources.count - RESOURCES_MAX));
    mln_buf_add_cstr(&report->text, "</section>\n");
    return rc == MLN_OK ? report_flush(report, err) : rc;
}

static void put_head(struct report *report)
{
    const struct mln_report_options *options = report->options;
    char now[MLN_TIME_TEXT_MAX];

    mln_time_format(mln_now_ms(options->clock), now);
    mln_buf_addf(&report->text,
            "<!DOCTYPE html>\n<html lang=\"%s\"><head><meta charset=\"utf-8\">"
            "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">"
            "<meta name=\"viewport\" content=\"width=device-width\"><title>Merlon</title><style>"
            "body{font:15px/1.5 sans-serif;max-width:75rem;margin:2rem auto;padding:0 1rem;color:#1c2733}"
            "table{border-collapse:collapse;width:100%%;margin:.5rem 0}"
            "td,th{border-bottom:1px solid #d7dee5;padding:.3rem .5rem;text-align:left;"
            "vertical-align:top;overflow-wrap:anywhere}"
            ".failed td:nth-child(3){color:#a11}.waiting td:nth-child(3){color:#8a5a00}"
            ".pass td:nth-child(3){color:#1b6e35}.read{color:#5a6b7b}h2{font-size:1.1rem;margin-top:2rem}"
            "</style></head><body><h1>%s</h1><p>%s %.*s · %s</p>",
            options->lang == MLN_LANG_ZH ? "zh" : "en", say(report, "Check results", "检查结果"),
            say(report, "Account", "账号"), MLN_FMT(options->account_id), now);
    mln_buf_addf(&report->text,
            "<table><tr><th>%s</th><th>%s</th><th>%s</th><th>%s</th><th>%s</th><th>%s</th></tr>\n",
            say(report, "Item", "检查项"), say(report, "Level", "级别"),
            say(report, "Status", "状态"), say(report, "Title", "标题"),
            say(report, "Asset type", "资产类型"), say(report, "Affected", "受影响"));
}

int report_html(struct report *report, struct mln_err *err)
{
    int rc;

    put_head(report);
    rc = report_items(report, put_row, report, err);
    mln_buf_add_cstr(&report->text, "</table>\n");
    if (rc == MLN_OK)
        rc = report_items(report, put_details, report, err);
    mln_buf_add_cstr(&report->text, "</body></html>\n");
    return rc;
}
