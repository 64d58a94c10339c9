/*
 * SARIF 2.1.0 (OASIS): a rule per item, a result per failed resource; what could not be assessed is
 * a result of kind "open", and a mark is a suppression. Resources are logical locations, and an
 * artifact with a made-up URI for readers that show files only.
 */
#include <stdio.h>

#include "acs/percent.h"
#include "report/priv.h"

static const char *level_of(int level)
{
    static const char *const names[] = { "none", "note", "warning", "error" };

    return names[level];
}

static void rule_text(struct mln_writer *w, const char *key, struct mln_str text)
{
    mln_writer_object_begin(w, key);
    mln_writer_str(w, "text", text);
    mln_writer_object_end(w);
}

/* Into a piece of its own: the writer makes whole documents only. */
static int begin_piece(struct report *report, struct mln_writer *w)
{
    if (report->written++ > 0)
        mln_buf_add_char(&report->text, ',');
    mln_buf_add_char(&report->text, '\n');
    mln_writer_begin(w, &report->text, MLN_FORMAT_JSON, NULL);
    return MLN_OK;
}

static void write_id(struct mln_writer *w, const char *key, int64_t id)
{
    char text[24];

    (void)snprintf(text, sizeof(text), "%lld", (long long)id);
    mln_writer_cstr(w, key, text);
}

static int put_rule(void *ctx, const struct mln_check_result *item, struct mln_err *err)
{
    struct report *report = ctx;
    struct mln_writer w;

    (void)begin_piece(report, &w);
    write_id(&w, "id", item->item_id);
    mln_writer_str(&w, "name", item->name);
    rule_text(&w, "shortDescription", item->title);
    rule_text(&w, "fullDescription", item->texts[0].value);
    rule_text(&w, "help", item->texts[2].value);
    if (item->texts[3].value.len > 0)
        mln_writer_str(&w, "helpUri", item->texts[3].value);
    mln_writer_object_begin(&w, "defaultConfiguration");
    mln_writer_cstr(&w, "level", level_of(item->level));
    mln_writer_object_end(&w);
    mln_writer_object_begin(&w, "properties");
    mln_writer_str(&w, "group", item->group_title);
    mln_writer_str(&w, "assetType", item->service);
    if (item->replaced)
        mln_writer_bool(&w, "replaced", true);
    if (item->completeness.len > 0)
        mln_result_completeness_write(&w, "completeness", item->completeness);
    mln_writer_object_end(&w);
    mln_writer_end(&w);
    return report_flush(report, err);
}

/* The item whose resources are written. */
struct results {
    struct report *report;
    const struct mln_check_result *item;
};

static void write_location(struct mln_writer *w, const struct report *report, struct mln_str region,
        struct mln_str resource_id)
{
    MLN_AUTO(mln_buf_free) struct mln_buf uri = MLN_BUF_INIT(16 * 1024);
    MLN_AUTO(mln_buf_free) struct mln_buf name = MLN_BUF_INIT(16 * 1024);

    mln_buf_addf(&name, "%.*s/%.*s/%.*s", MLN_FMT(report->options->account_id), MLN_FMT(region),
            MLN_FMT(resource_id));
    mln_buf_addf(&uri, "alibabacloud/%.*s/", MLN_FMT(report->options->account_id));
    mln_percent_encode(region, &uri);
    mln_buf_add_char(&uri, '/');
    mln_percent_encode(resource_id, &uri);
    mln_writer_list_begin(w, "locations");
    mln_writer_object_begin(w, NULL);
    mln_writer_object_begin(w, "physicalLocation");
    mln_writer_object_begin(w, "artifactLocation");
    mln_writer_str(w, "uri", mln_buf_str(&uri));
    mln_writer_object_end(w);
    mln_writer_object_end(w);
    mln_writer_list_begin(w, "logicalLocations");
    mln_writer_object_begin(w, NULL);
    mln_writer_str(w, "fullyQualifiedName", mln_buf_str(&name));
    mln_writer_cstr(w, "kind", "resource");
    mln_writer_object_end(w);
    mln_writer_list_end(w);
    mln_writer_object_end(w);
    mln_writer_list_end(w);
}

static void write_suppression(struct mln_writer *w, const struct mln_mark_info *mark)
{
    if (mark->kind.len == 0)
        return;
    mln_writer_list_begin(w, "suppressions");
    mln_writer_object_begin(w, NULL);
    mln_writer_cstr(w, "kind", "external");
    mln_writer_cstr(w, "status", "accepted");
    mln_writer_str(w, "justification", mark->reason);
    mln_writer_object_end(w);
    mln_writer_list_end(w);
}

static const struct mln_mark_info *mark_of(
        const struct mln_check_result *item, const struct mln_result_finding *finding)
{
    return item->mark.kind.len > 0 ? &item->mark : &finding->mark;
}

static int put_result(void *ctx, const struct mln_result_finding *finding, struct mln_err *err)
{
    const struct results *results = ctx;
    const struct mln_check_result *item = results->item;
    MLN_AUTO(mln_buf_free) struct mln_buf message = MLN_BUF_INIT(REPORT_PIECE_MAX);
    struct mln_writer w;

    mln_buf_addf(&message, "%.*s: %.*s: %.*s", MLN_FMT(item->title), MLN_FMT(finding->resource_id),
            MLN_FMT(finding->reason));
    (void)begin_piece(results->report, &w);
    write_id(&w, "ruleId", item->item_id);
    mln_writer_cstr(&w, "kind", finding->failed ? "fail" : "open");
    mln_writer_cstr(&w, "level", finding->failed ? level_of(item->level) : "none");
    rule_text(&w, "message", mln_buf_str(&message));
    write_location(&w, results->report, finding->region, finding->resource_id);
    mln_writer_object_begin(&w, "partialFingerprints");
    write_id(&w, "checkItem/v1", item->item_id);
    mln_writer_str(&w, "resource/v1", finding->resource_id);
    mln_writer_str(&w, "region/v1", finding->region);
    mln_writer_object_end(&w);
    write_suppression(&w, mark_of(item, finding));
    mln_writer_end(&w);
    return report_flush(results->report, err);
}

/* What could not be listed has no resource to show for it: the item says it once more, as a whole.
 */
static int put_open_item(
        struct report *report, const struct mln_check_result *item, struct mln_err *err)
{
    MLN_AUTO(mln_buf_free) struct mln_buf message = MLN_BUF_INIT(REPORT_PIECE_MAX);
    struct mln_writer w;

    mln_buf_addf(&message, "%.*s: not assessed: %.*s", MLN_FMT(item->title),
            MLN_FMT(item->not_assessed_reason));
    (void)begin_piece(report, &w);
    write_id(&w, "ruleId", item->item_id);
    mln_writer_cstr(&w, "kind", "open");
    mln_writer_cstr(&w, "level", "none");
    rule_text(&w, "message", mln_buf_str(&message));
    write_suppression(&w, &item->mark);
    mln_writer_end(&w);
    return report_flush(report, err);
}

static int put_results(void *ctx, const struct mln_check_result *item, struct mln_err *err)
{
    struct report *report = ctx;
    struct results results = { report, item };
    int rc = report_findings(report, item->item_id, put_result, &results, err);

    if (rc == MLN_OK && item->not_assessed_reason.len > 0)
        rc = put_open_item(report, item, err);
    return rc;
}

int report_sarif(struct report *report, struct mln_err *err)
{
    int rc;

    mln_buf_addf(&report->text,
            "{\"$schema\":\"https://json.schemastore.org/sarif-2.1.0.json\",\"version\":\"2.1.0\","
            "\"runs\":[{\"tool\":{\"driver\":{\"name\":\"Merlon\",\"semanticVersion\":\"%s\",\"rules\":[",
            report->options->version);
    rc = report_items(report, put_rule, report, err);
    mln_buf_add_cstr(&report->text, "\n]}},\"results\":[");
    report->written = 0;
    if (rc == MLN_OK)
        rc = report_items(report, put_results, report, err);
    mln_buf_add_cstr(&report->text, "\n]}]}\n");
    return rc;
}
