#include <stdlib.h>

#include "base/utf8.h"
#include "report/priv.h"

#define PAGE_SIZE MLN_RESULT_PAGE_SIZE_MAX

/* Characters that act on a terminal are legal in JSON; outside of strings there are none. */
static void escape_unsafe(struct mln_str text, struct mln_buf *out)
{
    size_t plain = 0, len;
    uint32_t code;

    for (size_t at = 0; at < text.len; at += len) {
        len = 1;
        if ((unsigned char)text.ptr[at] < 0x7f)
            continue;
        len = mln_utf8_decode(text, at, &code);
        if (len == 0 || !mln_utf8_is_unsafe(code)) {
            len = len > 0 ? len : 1;
            continue;
        }
        mln_buf_add(out, (struct mln_str){ text.ptr + plain, at - plain });
        mln_buf_addf(out, "\\u%04x", (unsigned)code);
        plain = at + len;
    }
    mln_buf_add(out, (struct mln_str){ text.ptr + plain, text.len - plain });
}

int report_flush(struct report *report, struct mln_err *err)
{
    MLN_AUTO(mln_buf_free) struct mln_buf safe = MLN_BUF_INIT(REPORT_PIECE_MAX * 6);
    struct mln_str text;
    int rc = mln_buf_done(&report->text, &text, err);

    if (rc == MLN_OK && report->is_json) {
        escape_unsafe(text, &safe);
        rc = mln_buf_done(&safe, &text, err);
    }
    if (rc == MLN_OK && text.len > 0)
        rc = report->options->write(report->options->ctx, text, err);
    mln_buf_reset(&report->text);
    return rc;
}

/* ---- the items ---- */

static bool keep_texts(struct mln_arena *arena, struct mln_check_result *item)
{
    struct mln_str *const texts[] = { &item->title, &item->name, &item->service, &item->group_title,
        &item->not_assessed_reason, &item->mark.kind, &item->mark.reason, &item->mark.author,
        &item->texts[0].value, &item->texts[1].value, &item->texts[2].value, &item->texts[3].value,
        &item->completeness };

    item->mappings = item->params = (struct mln_str){ 0 };
    for (size_t i = 0; i < MLN_LEN(texts); i++) {
        *texts[i] = mln_arena_dup(arena, *texts[i]);
        if (texts[i]->ptr == NULL)
            return false;
    }
    return true;
}

static int keep_item(void *ctx, const struct mln_check_result *result, struct mln_err *err)
{
    struct report *report = ctx;

    if (report->item_count == report->item_room) {
        size_t room = report->item_room > 0 ? report->item_room * 2 : 64;
        void *items = mln_resize(report->items, room, sizeof(*report->items));

        if (items == NULL)
            return mln_fail(err, MLN_ENOMEM, "out of memory for the report");
        report->items = items;
        report->item_room = room;
    }
    report->items[report->item_count] = *result;
    if (!keep_texts(&report->arena, &report->items[report->item_count]))
        return mln_fail(err, MLN_ENOMEM, "out of memory for the report");
    report->item_count++;
    return MLN_OK;
}

static int list_items(
        struct report *report, mln_check_result_fn *fn, void *ctx, struct mln_err *err)
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

struct comparing {
    const struct report *report;
    size_t at;
    bool differs;
};

static int compare_item(void *ctx, const struct mln_check_result *result, struct mln_err *err)
{
    struct comparing *comparing = ctx;
    const struct report *report = comparing->report;

    (void)err;
    if (comparing->at >= report->item_count ||
            report->items[comparing->at].item_id != result->item_id ||
            report->items[comparing->at].task_id != result->task_id)
        comparing->differs = true;
    comparing->at++;
    return MLN_OK;
}

/* Resources were read in pages: a scan that became current in between would have mixed two. */
static int check_current(struct report *report, struct mln_err *err)
{
    struct comparing comparing = { .report = report };
    int rc = list_items(report, compare_item, &comparing, err);

    if (rc != MLN_OK)
        return rc;
    if (comparing.differs || comparing.at != report->item_count)
        return mln_fail(err, MLN_EPARTIAL,
                "another scan ended while the report was written: write it again");
    return MLN_OK;
}

int report_items(struct report *report, mln_check_result_fn *fn, void *ctx, struct mln_err *err)
{
    int rc = MLN_OK;

    for (size_t i = 0; rc == MLN_OK && i < report->item_count; i++)
        rc = fn(ctx, &report->items[i], err);
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
        if (len == 0) {
            mln_buf_add_cstr(out, "\xef\xbf\xbd");
            len = 1;
        } else if (code == '\n') {
            mln_buf_add_char(out, '\n');
        } else if (mln_utf8_is_unsafe(code) || code == 0xfffe || code == 0xffff) {
            mln_buf_addf(out, "\\u%04x", (unsigned)code);
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
        .is_json = format == MLN_REPORT_OCSF || format == MLN_REPORT_SARIF,
        .arena = MLN_ARENA_INIT(REPORT_ITEMS_MAX),
    };
    int rc = list_items(&report, keep_item, &report, err);

    if (rc == MLN_OK)
        rc = formats[format](&report, err);
    if (rc == MLN_OK)
        rc = report_flush(&report, err);
    if (rc == MLN_OK)
        rc = check_current(&report, err);
    mln_buf_free(&report.text);
    mln_arena_free(&report.arena);
    free(report.items);
    return rc;
}
