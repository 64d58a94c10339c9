#include "base/utf8.h"
#include "report/priv.h"

#define PAGE_SIZE MLN_RESULT_PAGE_SIZE_MAX

int report_flush(struct report *report, struct mln_err *err)
{
    struct mln_str text;
    int rc = mln_buf_done(&report->text, &text, err);

    if (rc == MLN_OK && text.len > 0)
        rc = report->options->write(report->options->ctx, text, err);
    mln_buf_reset(&report->text);
    return rc;
}

int report_items(struct report *report, mln_check_result_fn *fn, void *ctx, struct mln_err *err)
{
    struct mln_result_query query = {
        .account_id = report->options->account_id,
        .lang = report->options->lang,
        .enabled = -1,
        .page = 1,
        .page_size = PAGE_SIZE,
    };
    int64_t total = 1;
    int rc = MLN_OK;

    for (; rc == MLN_OK && (query.page - 1) * PAGE_SIZE < total; query.page++)
        rc = mln_result_list(report->store, report->options->clock, &query, &total, fn, ctx, err);
    return rc;
}

int report_findings(struct report *report, int64_t item_id, mln_result_finding_fn *fn, void *ctx,
        struct mln_err *err)
{
    struct mln_finding_query query = {
        .account_id = report->options->account_id,
        .item_id = item_id,
        .not_assessed_too = true,
        .page = 1,
        .page_size = PAGE_SIZE,
    };
    struct mln_result_grid grid;
    int64_t total = 1;
    int rc = MLN_OK;

    for (; rc == MLN_OK && (query.page - 1) * PAGE_SIZE < total; query.page++)
        rc = mln_result_findings(report->store, report->options->clock, &query,
                report->options->lang, &grid, &total, fn, ctx, err);
    return rc;
}

const char *report_state(const struct mln_result_finding *finding)
{
    if (mln_str_is(finding->mark.kind, "ignored"))
        return "ignored";
    if (mln_str_is(finding->mark.kind, "falsePositive"))
        return "falsePositive";
    return finding->failed ? "failed" : "waiting";
}

void report_escape(struct mln_buf *out, struct mln_str text)
{
    for (size_t at = 0, len; at < text.len; at += len) {
        uint32_t code = 0;

        len = mln_utf8_decode(text, at, &code);
        if (len == 0 || (code < 0x20 && code != '\t' && code != '\n') || code == 0xfffe ||
                code == 0xffff) {
            mln_buf_add_cstr(out, "\xef\xbf\xbd");
            len = len > 0 ? len : 1;
        } else if (code == '&') {
            mln_buf_add_cstr(out, "&amp;");
        } else if (code == '<') {
            mln_buf_add_cstr(out, "&lt;");
        } else if (code == '>') {
            mln_buf_add_cstr(out, "&gt;");
        } else if (code == '"') {
            mln_buf_add_cstr(out, "&quot;");
        } else {
            mln_buf_add(out, (struct mln_str){ text.ptr + at, len });
        }
    }
}

int mln_report_results(struct mln_store *store, enum mln_report_format format,
        const struct mln_report_options *options, struct mln_err *err)
{
    static int (*const formats[])(struct report *, struct mln_err *) = {
        [MLN_REPORT_HTML] = report_html,
        [MLN_REPORT_JUNIT] = report_junit,
        [MLN_REPORT_OCSF] = report_ocsf,
        [MLN_REPORT_SARIF] = report_sarif,
    };
    struct report report = {
        .store = store,
        .options = options,
        .text = MLN_BUF_INIT(REPORT_PIECE_MAX),
    };
    int rc = formats[format](&report, err);

    if (rc == MLN_OK)
        rc = report_flush(&report, err);
    mln_buf_free(&report.text);
    return rc;
}
