/* `check show`: one item with its texts and the resources that failed. */
#include "cli/check_source.h"
#include "cli/commands.h"
#include "wire/writer.h"

#define SHOWN_BYTES_MAX ((size_t)64 * 1024 * 1024)

/* Where the resources of the item go: JSON through the writer, or text. */
struct sink {
    struct cli *cli;
    struct mln_writer *writer; /* NULL: text */
    bool began;
};

static void put_line(struct cli *cli, const char *label, struct mln_str text)
{
    if (text.len == 0)
        return;
    cli_putf(cli, "%s: ", label);
    cli_put_safe(cli, text);
    cli_put(cli, MLN_STR("\n"));
}

static void put_number(struct cli *cli, const char *label, int64_t number)
{
    cli_putf(cli, "%s: %lld\n", label, (long long)number);
}

static void text_completeness(struct cli *cli, const struct mln_sas_item *item)
{
    MLN_AUTO(mln_buf_free) struct mln_buf read = MLN_BUF_INIT(SHOWN_BYTES_MAX);
    MLN_AUTO(mln_buf_free) struct mln_buf not_read = MLN_BUF_INIT(SHOWN_BYTES_MAX);
    const struct mln_check_result result = { .completeness = item->completeness,
        .not_assessed_reason = item->not_assessed };

    mln_result_completeness_say(&result, cli->lang, &read, &not_read);
    put_line(cli, cli_text(cli, "Read", "已读取"), mln_buf_str(&read));
    put_line(cli, cli_text(cli, "Not read", "未读取"), mln_buf_str(&not_read));
}

static void text_item(struct cli *cli, const struct mln_sas_item *item)
{
    static const char *const en[] = { "Best practice", "Influence", "Suggestion", "Help" };
    static const char *const zh[] = { "最佳实践", "影响", "建议", "帮助" };
    char when[MLN_TIME_TEXT_MAX];

    put_number(cli, cli_text(cli, "Item", "检查项"), item->item_id);
    put_line(cli, cli_text(cli, "Title", "标题"), item->title);
    if (item->replaced)
        put_line(cli, cli_text(cli, "Judged by", "判定依据"),
                mln_str_of(cli_text(cli, "a check of yours, in place of the built-in one",
                        "自定义检查项（替换内置项）")));
    put_line(cli, cli_text(cli, "Level", "级别"), item->level);
    put_line(cli, cli_text(cli, "Status", "状态"), item->status);
    put_line(cli, cli_text(cli, "Not assessed", "未评估原因"), item->not_assessed);
    put_line(cli, cli_text(cli, "Type", "类别"), item->type);
    put_line(cli, cli_text(cli, "Asset type", "资产类型"), item->asset_type);
    put_number(cli, cli_text(cli, "Affected", "受影响"), item->affected);
    if (item->check_time_ms > 0) {
        mln_time_format(item->check_time_ms, when);
        put_line(cli, cli_text(cli, "Checked", "检查时间"), mln_str_of(when));
    }
    text_completeness(cli, item);
    for (size_t i = 0; i < MLN_SAS_TEXTS; i++)
        put_line(cli, cli_text(cli, en[i], zh[i]), item->texts[i]);
}

static void json_item(struct mln_writer *w, const struct mln_sas_item *item)
{
    static const char *const texts[] = { "BestPractice", "Influence", "Suggestion",
        "HelpResource" };
    struct cli_cell cells[CHECK_COLUMNS];

    check_cells(item, cells);
    for (size_t i = 0; i < CHECK_COLUMNS; i++) {
        if (cells[i].type == CLI_CELL_TEXT)
            mln_writer_str(w, check_columns()[i].key, cells[i].text);
        else if (cells[i].type == CLI_CELL_BOOL)
            mln_writer_bool(w, check_columns()[i].key, cells[i].number != 0);
        else if (cells[i].type == CLI_CELL_JSON || cells[i].type == CLI_CELL_NULL)
            mln_result_completeness_write(w, check_columns()[i].key, cells[i].text);
        else
            mln_writer_i64(w, check_columns()[i].key, cells[i].number);
    }
    for (size_t i = 0; i < MLN_SAS_TEXTS; i++)
        mln_writer_str(w, texts[i], item->texts[i]);
}

/* ---- resources ---- */

static void heading(struct sink *sink)
{
    if (!sink->began && sink->writer == NULL)
        cli_putf(sink->cli, "%s:\n", cli_text(sink->cli, "Resources", "资源"));
    sink->began = true;
}

static void text_resource(struct cli *cli, struct mln_str region, struct mln_str id,
        struct mln_str state, struct mln_str value)
{
    cli_put(cli, MLN_STR("  "));
    cli_put_safe(cli, region);
    cli_put(cli, MLN_STR(" "));
    cli_put_safe(cli, id);
    cli_put(cli, MLN_STR(" "));
    cli_put_safe(cli, state);
    cli_put(cli, MLN_STR(": "));
    cli_put_safe(cli, value);
    cli_put(cli, MLN_STR("\n"));
}

static int put_remote(void *ctx, const struct mln_sas_resource *resource, struct mln_err *err)
{
    struct sink *sink = ctx;
    struct mln_writer *w = sink->writer;

    (void)err;
    heading(sink);
    if (w == NULL) {
        text_resource(sink->cli, resource->region, resource->id, resource->status, resource->value);
        return MLN_OK;
    }
    mln_writer_object_begin(w, NULL);
    mln_writer_str(w, "RegionId", resource->region);
    mln_writer_str(w, "ResourceId", resource->id);
    mln_writer_str(w, "Status", resource->status);
    mln_writer_str(w, "Value", resource->value);
    mln_writer_object_end(w);
    return MLN_OK;
}

static struct mln_str state_of(const struct mln_result_finding *finding)
{
    if (finding->mark.kind.len > 0)
        return finding->mark.kind;
    if (finding->stale)
        return MLN_STR("failed (stale)");
    return finding->failed ? MLN_STR("failed") : MLN_STR("not assessed");
}

static void json_mark(struct mln_writer *w, const struct mln_mark_info *mark)
{
    if (mark->kind.len == 0)
        return;
    mln_writer_object_begin(w, "Mark");
    mln_writer_str(w, "Kind", mark->kind);
    mln_writer_str(w, "Reason", mark->reason);
    mln_writer_str(w, "Author", mark->author);
    mln_writer_i64(w, "Time", mark->marked_ms);
    mln_writer_i64(w, "Until", mark->until_ms);
    mln_writer_object_end(w);
}

static int put_local(void *ctx, const struct mln_result_finding *finding, struct mln_err *err)
{
    struct sink *sink = ctx;
    struct mln_writer *w = sink->writer;

    (void)err;
    heading(sink);
    if (w == NULL) {
        text_resource(sink->cli, finding->region, finding->resource_id, state_of(finding),
                finding->reason);
        return MLN_OK;
    }
    mln_writer_object_begin(w, NULL);
    mln_writer_str(w, "RegionId", finding->region);
    mln_writer_str(w, "ResourceId", finding->resource_id);
    mln_writer_str(w, "Name", finding->name);
    mln_writer_str(w, "Status", state_of(finding));
    mln_writer_str(w, "Value", finding->reason);
    mln_writer_str(w, "Evidence", finding->evidence);
    mln_writer_i64(w, "FirstSeen", finding->first_seen_ms);
    mln_writer_i64(w, "LastSeen", finding->last_seen_ms);
    json_mark(w, &finding->mark);
    mln_writer_object_end(w);
    return MLN_OK;
}

static int local_resources(
        struct check_source *source, int64_t item_id, struct sink *sink, struct mln_err *err)
{
    struct mln_finding_query query = {
        .account_id = source->local.account,
        .item_id = item_id,
        .not_assessed_too = true,
        .page = 1,
        .page_size = MLN_RESULT_PAGE_SIZE_MAX,
    };
    struct mln_result_grid grid;
    int64_t total = 1;
    int rc = MLN_OK;

    for (; rc == MLN_OK && (query.page - 1) * query.page_size < total; query.page++)
        rc = mln_result_findings(source->local.store, source->cli->clock, &query, source->cli->lang,
                &grid, &total, put_local, sink, err);
    return rc;
}

static int resources(
        struct check_source *source, int64_t item_id, struct sink *sink, struct mln_err *err)
{
    if (source->is_local)
        return local_resources(source, item_id, sink, err);
    return mln_sas_resources(source->remote.api, item_id,
            source->cli->lang == MLN_LANG_ZH ? "zh" : "en", source->cli->stop, put_remote, sink,
            err);
}

static int show_json(
        struct check_source *source, const struct mln_sas_item *item, struct mln_err *err)
{
    MLN_AUTO(mln_buf_free) struct mln_buf out = MLN_BUF_INIT(SHOWN_BYTES_MAX);
    struct mln_writer writer;
    struct sink sink = { .cli = source->cli, .writer = &writer };
    struct mln_str text = { 0 };
    int rc;

    mln_writer_begin(&writer, &out, MLN_FORMAT_JSON, NULL);
    json_item(&writer, item);
    mln_writer_list_begin(&writer, "Resources");
    rc = resources(source, item->item_id, &sink, err);
    mln_writer_list_end(&writer);
    mln_writer_end(&writer);
    if (rc == MLN_OK)
        rc = mln_buf_done(&out, &text, err);
    if (rc != MLN_OK)
        return rc;
    cli_json_safe(text, &source->cli->out.buf);
    cli_put(source->cli, MLN_STR("\n"));
    return MLN_OK;
}

static int show(struct check_source *source, int64_t item_id, struct mln_err *err)
{
    MLN_AUTO(mln_sas_items_free) struct mln_sas_items items = { 0 };
    const struct check_filter filter = { .ids = &item_id, .id_count = 1 };
    struct cli *cli = source->cli;
    struct sink sink = { .cli = cli };
    int rc;

    mln_sas_items_init(&items);
    rc = check_source_list(source, &filter, &items, err);
    if (rc != MLN_OK)
        return rc;
    if (items.count == 0)
        return mln_fail(err, MLN_ENOTFOUND,
                "check item %lld has no result: is its number right, and was the account scanned?",
                (long long)item_id);
    if (cli->format == CLI_JSON || cli->format == CLI_JSONL ||
            (cli->format == CLI_DEFAULT && !cli->stdout_tty))
        return show_json(source, &items.items[0], err);
    text_item(cli, &items.items[0]);
    return resources(source, item_id, &sink, err);
}

int cmd_check_show(struct cli *cli, struct mln_err *err)
{
    struct check_source source;
    int64_t item_id;
    int rc = check_id_read(cli->line.args[0], &item_id, err);

    if (cli->format == CLI_CSV)
        return mln_fail(err, MLN_EUSAGE,
                "one item is no table: use -o text or json (`merlon check results` lists in csv)");
    if (rc == MLN_OK)
        rc = check_source_open(cli, false, &source, err);
    if (rc != MLN_OK)
        return rc;
    rc = show(&source, item_id, err);
    check_source_close(&source);
    return rc;
}
