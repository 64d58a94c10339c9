/*
 * JUnit XML, as CI systems read it: a suite with one case per item. A failed item is a failure that
 * lists its resources; one that could not be assessed is skipped with the reason, and so is one
 * that a person marked.
 */
#include "report/priv.h"

#define RESOURCES_MAX 100 /* Named in one failure; the rest is counted. */

struct body {
    struct mln_buf *out;
    int64_t count;
};

static int put_resource(void *ctx, const struct mln_result_finding *finding, struct mln_err *err)
{
    struct body *body = ctx;

    (void)err;
    if (!finding->failed || ++body->count > RESOURCES_MAX)
        return MLN_OK;
    report_escape(body->out, finding->region);
    mln_buf_add_char(body->out, ' ');
    report_escape(body->out, finding->resource_id);
    mln_buf_add_cstr(body->out, ": ");
    report_escape(body->out, finding->reason);
    mln_buf_add_char(body->out, '\n');
    return MLN_OK;
}

static int put_failure(
        struct report *report, const struct mln_check_result *item, struct mln_err *err)
{
    struct body body = { .out = &report->text };
    int rc;

    mln_buf_addf(&report->text, "<failure message=\"%lld failed\" type=\"%s\">",
            (long long)item->affected, mln_result_level_name(item->level));
    rc = report_findings(report, item->item_id, put_resource, &body, err);
    if (body.count > RESOURCES_MAX)
        mln_buf_addf(&report->text, "+%lld more\n", (long long)(body.count - RESOURCES_MAX));
    mln_buf_add_cstr(&report->text, "</failure>");
    return rc;
}

static void put_skipped(struct report *report, struct mln_str why)
{
    mln_buf_add_cstr(&report->text, "<skipped message=\"");
    report_escape(&report->text, why);
    mln_buf_add_cstr(&report->text, "\"/>");
}

static int put_case(void *ctx, const struct mln_check_result *item, struct mln_err *err)
{
    struct report *report = ctx;
    int rc = MLN_OK;

    mln_buf_add_cstr(&report->text, "  <testcase classname=\"");
    report_escape(&report->text, item->service);
    mln_buf_addf(&report->text, "\" name=\"%lld ", (long long)item->item_id);
    report_escape(&report->text, item->title);
    mln_buf_add_cstr(&report->text, "\">");
    if (item->status == MLN_RESULT_FAILED)
        rc = put_failure(report, item, err);
    else if (item->status != MLN_RESULT_PASS)
        put_skipped(report, item->not_assessed_reason.len > 0
                                    ? item->not_assessed_reason
                                    : mln_str_of(mln_result_status_name(item->status)));
    mln_buf_add_cstr(&report->text, "</testcase>\n");
    return rc == MLN_OK ? report_flush(report, err) : rc;
}

int report_junit(struct report *report, struct mln_err *err)
{
    const struct mln_report_options *options = report->options;
    struct mln_result_totals totals = { 0 };
    int64_t failed, passed;
    int rc = mln_result_totals(report->store, options->clock, options->account_id, &totals, err);

    if (rc != MLN_OK)
        return rc;
    failed = totals.by_status[MLN_RESULT_FAILED];
    passed = totals.by_status[MLN_RESULT_PASS];
    mln_buf_addf(&report->text,
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites>\n"
            "<testsuite name=\"merlon\" tests=\"%lld\" failures=\"%lld\" errors=\"0\" skipped=\"%lld\">\n",
            (long long)totals.items, (long long)failed,
            (long long)(totals.items - failed - passed));
    rc = report_items(report, put_case, report, err);
    mln_buf_add_cstr(&report->text, "</testsuite>\n</testsuites>\n");
    return rc;
}
