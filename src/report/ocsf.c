/*
 * OCSF 1.3 Compliance Findings (class 2003), one JSON object a line: one per failed or unassessed
 * resource, and one for each item that passed or of which something could not be assessed.
 */
#include <stdio.h>

#include "report/priv.h"

#define CLASS_UID    2003
#define CATEGORY_UID 2
#define ACTIVITY_ID  1 /* Create */

enum compliance { COMPLIANCE_UNKNOWN = 0, COMPLIANCE_PASS = 1, COMPLIANCE_FAIL = 3 };
enum state { STATE_NEW = 1, STATE_SUPPRESSED = 3 };

static int64_t severity_of(int level)
{
    return level + 1; /* 2 low, 3 medium, 4 high */
}

static const char *severity_name(int level)
{
    static const char *const names[] = { "Unknown", "Low", "Medium", "High" };

    return names[level];
}

static void write_metadata(struct mln_writer *w, const struct report *report)
{
    mln_writer_object_begin(w, "metadata");
    mln_writer_cstr(w, "version", "1.3.0");
    mln_writer_object_begin(w, "product");
    mln_writer_cstr(w, "name", "Merlon");
    mln_writer_cstr(w, "vendor_name", "Merlon");
    mln_writer_cstr(w, "version", report->options->version);
    mln_writer_object_end(w);
    mln_writer_list_begin(w, "profiles");
    mln_writer_cstr(w, NULL, "cloud");
    mln_writer_list_end(w);
    mln_writer_object_end(w);
}

static void write_compliance(
        struct mln_writer *w, const struct mln_check_result *item, enum compliance status)
{
    const char *name = status == COMPLIANCE_FAIL   ? "Fail"
                       : status == COMPLIANCE_PASS ? "Pass"
                                                   : "Unknown";
    char control[24];

    (void)snprintf(control, sizeof(control), "%lld", (long long)item->item_id);
    mln_writer_object_begin(w, "compliance");
    mln_writer_cstr(w, "control", control);
    mln_writer_cstr(w, "status", name);
    mln_writer_i64(w, "status_id", status);
    mln_writer_list_begin(w, "standards");
    mln_writer_cstr(w, NULL, "Alibaba Cloud Security Center check items");
    mln_writer_list_end(w);
    mln_writer_object_end(w);
}

static void write_cloud(struct mln_writer *w, const struct report *report, struct mln_str region)
{
    mln_writer_object_begin(w, "cloud");
    mln_writer_cstr(w, "provider", "Alibaba Cloud");
    mln_writer_object_begin(w, "account");
    mln_writer_str(w, "uid", report->options->account_id);
    mln_writer_object_end(w);
    if (region.len > 0)
        mln_writer_str(w, "region", region);
    mln_writer_object_end(w);
}

static void write_resource(struct mln_writer *w, const struct mln_check_result *item,
        const struct mln_result_finding *finding)
{
    mln_writer_list_begin(w, "resources");
    mln_writer_object_begin(w, NULL);
    mln_writer_str(w, "uid", finding->resource_id);
    mln_writer_str(w, "name", finding->name);
    mln_writer_str(w, "region", finding->region);
    mln_writer_str(w, "type", item->service);
    mln_writer_object_end(w);
    mln_writer_list_end(w);
}

static void write_finding_info(struct mln_writer *w, const struct report *report,
        const struct mln_check_result *item, const struct mln_result_finding *finding)
{
    MLN_AUTO(mln_buf_free) struct mln_buf uid = MLN_BUF_INIT(64 * 1024);

    mln_buf_addf(&uid, "merlon-%.*s-%lld", MLN_FMT(report->options->account_id),
            (long long)item->item_id);
    if (finding != NULL)
        mln_buf_addf(&uid, "-%.*s-%.*s", MLN_FMT(finding->region), MLN_FMT(finding->resource_id));
    mln_writer_object_begin(w, "finding_info");
    mln_writer_str(w, "uid", mln_buf_str(&uid));
    mln_writer_str(w, "title", item->title);
    mln_writer_str(w, "desc", item->texts[0].value);
    mln_writer_i64(w, "created_time", item->check_time_ms);
    if (finding != NULL) {
        mln_writer_i64(w, "first_seen_time", finding->first_seen_ms);
        mln_writer_i64(w, "last_seen_time", finding->last_seen_ms);
    }
    mln_writer_object_end(w);
}

/* `finding` NULL: the item as a whole. */
static int put_line(struct report *report, const struct mln_check_result *item,
        const struct mln_result_finding *finding, enum compliance status, struct mln_str detail,
        struct mln_err *err)
{
    bool marked = item->mark.kind.len > 0 || (finding != NULL && finding->mark.kind.len > 0);
    struct mln_writer w;

    mln_writer_begin(&w, &report->text, MLN_FORMAT_JSON, NULL);
    mln_writer_i64(&w, "activity_id", ACTIVITY_ID);
    mln_writer_i64(&w, "category_uid", CATEGORY_UID);
    mln_writer_i64(&w, "class_uid", CLASS_UID);
    mln_writer_i64(&w, "type_uid", CLASS_UID * 100 + ACTIVITY_ID);
    mln_writer_i64(&w, "time", item->check_time_ms);
    mln_writer_i64(&w, "severity_id", severity_of(item->level));
    mln_writer_cstr(&w, "severity", severity_name(item->level));
    mln_writer_i64(&w, "status_id", marked ? STATE_SUPPRESSED : STATE_NEW);
    mln_writer_cstr(&w, "status", marked ? "Suppressed" : "New");
    mln_writer_str(&w, "status_detail", detail);
    mln_writer_str(&w, "message", item->title);
    write_metadata(&w, report);
    write_finding_info(&w, report, item, finding);
    write_compliance(&w, item, status);
    write_cloud(&w, report, finding != NULL ? finding->region : (struct mln_str){ 0 });
    if (finding != NULL)
        write_resource(&w, item, finding);
    mln_writer_object_begin(&w, "remediation");
    mln_writer_str(&w, "desc", item->texts[2].value);
    mln_writer_list_begin(&w, "references");
    if (item->texts[3].value.len > 0)
        mln_writer_str(&w, NULL, item->texts[3].value);
    mln_writer_list_end(&w);
    mln_writer_object_end(&w);
    if (item->completeness.len > 0) {
        mln_writer_object_begin(&w, "unmapped"); /* The schema has no place for it. */
        mln_result_completeness_write(&w, "completeness", item->completeness);
        mln_writer_object_end(&w);
    }
    mln_writer_end(&w);
    mln_buf_add_char(&report->text, '\n');
    report->written++;
    return report_flush(report, err);
}

struct lines {
    struct report *report;
    const struct mln_check_result *item;
};

static int put_finding(void *ctx, const struct mln_result_finding *finding, struct mln_err *err)
{
    const struct lines *lines = ctx;

    return put_line(lines->report, lines->item, finding,
            finding->failed ? COMPLIANCE_FAIL : COMPLIANCE_UNKNOWN, finding->reason, err);
}

static int put_item(void *ctx, const struct mln_check_result *item, struct mln_err *err)
{
    struct report *report = ctx;
    struct lines lines = { report, item };
    bool is_open = item->not_assessed_reason.len > 0;
    int64_t before = report->written;
    int rc;

    if (!item->enabled)
        return MLN_OK;
    rc = report_findings(report, item->item_id, put_finding, &lines, err);
    if (rc != MLN_OK || (report->written > before && !is_open))
        return rc;
    return put_line(report, item, NULL, is_open ? COMPLIANCE_UNKNOWN : COMPLIANCE_PASS,
            item->not_assessed_reason, err);
}

int report_ocsf(struct report *report, struct mln_err *err)
{
    return report_items(report, put_item, report, err);
}
