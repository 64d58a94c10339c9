/*
 * JUnit XML, as CI systems read it: a suite with one case per item. A failed item is a failure that
 * lists its resources, and what of it could not be assessed; one that could not be assessed at all
 * is skipped with the reason, and so is one that a person marked or that is switched off.
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
    if (item->not_assessed_reason.len > 0) {
        mln_buf_add_cstr(&report->text, "not assessed: ");
        report_escape(&report->text, item->not_assessed_reason);
    }
    mln_buf_add_cstr(&report->text, "</failure>");
    return rc;
}

static void put_skipped(struct report *report, struct mln_str why)
{
    mln_buf_add_cstr(&report->text, "<skipped message=\"");
    report_escape(&report->text, why);
    mln_buf_add_cstr(&report->text, "\"/>");
}

/* A person's mark says more than what could not be read. */
static struct mln_str reason_of(const struct mln_check_result *item)
{
    if (item->status == MLN_RESULT_WAITING && item->not_assessed_reason.len > 0)
        return item->not_assessed_reason;
    if (item->mark.reason.len > 0)
        return item->mark.reason;
    return mln_str_of(mln_result_status_name(item->status));
}

/* What the verdict rests on. */
static void put_read(struct report *report, const struct mln_check_result *item)
{
    MLN_AUTO(mln_buf_free) struct mln_buf read = MLN_BUF_INIT(REPORT_PIECE_MAX);
    MLN_AUTO(mln_buf_free) struct mln_buf not_read = MLN_BUF_INIT(REPORT_PIECE_MAX);

    mln_result_completeness_say(item, report->options->lang, &read, &not_read);
    if (read.len == 0)
        return;
    mln_buf_add_cstr(&report->text, "<system-out>read: ");
    report_escape(&report->text, mln_buf_str(&read));
    if (not_read.len > 0) {
        mln_buf_add_cstr(&report->text, "\nnot read: ");
        report_escape(&report->text, mln_buf_str(&not_read));
    }
    mln_buf_add_cstr(&report->text, "</system-out>");
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
    else if (!item->enabled)
        put_skipped(report, MLN_STR("disabled"));
    else if (item->status != MLN_RESULT_PASS)
        put_skipped(report, reason_of(item));
    put_read(report, item);
    mln_buf_add_cstr(&report->text, "</testcase>\n");
    return rc == MLN_OK ? report_flush(report, err) : rc;
}

int report_junit(struct report *report, struct mln_err *err)
{
    int64_t failed = 0, skipped = 0;
    int rc;

    for (size_t i = 0; i < report->item_count; i++) {
        const struct mln_check_result *item = &report->items[i];

        failed += item->status == MLN_RESULT_FAILED;
        skipped += item->status != MLN_RESULT_FAILED &&
                   (item->status != MLN_RESULT_PASS || !item->enabled);
    }
    mln_buf_addf(&report->text,
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites>\n"
            "<testsuite name=\"merlon\" tests=\"%zu\" failures=\"%lld\" errors=\"0\" skipped=\"%lld\">\n",
            report->item_count, (long long)failed, (long long)skipped);
    rc = report_items(report, put_case, report, err);
    mln_buf_add_cstr(&report->text, "</testsuite>\n</testsuites>\n");
    return rc;
}
