#include "cli/check_source.h"

#include <stdio.h>

#define LOCAL_PAGE_SIZE  MLN_RESULT_PAGE_SIZE_MAX
#define IDS_MAX          ((size_t)1000)
#define COMPLETENESS_MAX ((size_t)1024 * 1024)

int check_source_open(
        struct cli *cli, bool for_write, struct check_source *source, struct mln_err *err)
{
    struct cli_service service = { .product = "Sas" };

    *source = (struct check_source){ .cli = cli, .is_local = cli_has(cli, OPT_STORE) };
    if (source->is_local)
        return cli_local_open(cli, for_write ? MLN_STORE_WRITE : MLN_STORE_READ, CLI_NEED_ACCOUNT,
                &source->local, err);
    service.actions = mln_sas_actions(for_write, &service.action_count);
    return cli_remote_open(cli, &service, &source->remote, err);
}

void check_source_close(struct check_source *source)
{
    if (source->is_local)
        cli_local_close(&source->local);
    else
        cli_remote_close(&source->remote);
}

struct cli_origin check_source_origin(const struct check_source *source, const char *request_id)
{
    if (source->is_local)
        return (struct cli_origin){ .store = cli_get(source->cli, OPT_STORE),
            .account = source->local.account.ptr };
    return (struct cli_origin){ .api = "Sas",
        .version = "2018-12-03",
        .endpoint = source->remote.endpoint.host,
        .request_id = request_id };
}

/* ---- options ---- */

int check_id_read(const char *text, int64_t *out, struct mln_err *err)
{
    if (mln_str_to_i64(mln_str_of(text), out) != MLN_OK || *out < 1)
        return mln_fail(err, MLN_EUSAGE, "'%.60s' is no check item: a number is needed", text);
    return MLN_OK;
}

int check_ids_read(const struct cli *cli, enum cli_option option, int64_t **out, size_t *count,
        struct mln_err *err)
{
    struct mln_str rest = mln_str_of(cli_get(cli, option)), part;
    const char *name = cli_option_rows()[option].name;
    int64_t *ids = calloc(IDS_MAX, sizeof(*ids));
    size_t n = 0;

    if (ids == NULL)
        return mln_fail(err, MLN_ENOMEM, "out of memory");
    while (mln_str_next(&rest, ',', &part)) {
        if (n == IDS_MAX || mln_str_to_i64(mln_str_trim(part), &ids[n]) != MLN_OK || ids[n] < 1) {
            free(ids);
            return mln_fail(err, MLN_EUSAGE,
                    "--%s: item numbers with commas between them are needed, %zu at most", name,
                    IDS_MAX);
        }
        n++;
    }
    *out = ids;
    *count = n;
    return MLN_OK;
}

/* A comma list of words to bits, the number of each word being its place. */
static int read_bits(const struct cli *cli, enum cli_option option, const char *(*word)(int),
        int first, int last, unsigned *out, struct mln_err *err)
{
    struct mln_str rest = mln_str_of(cli_get(cli, option)), part;

    *out = 0;
    while (mln_str_next(&rest, ',', &part)) {
        int i = first;

        while (i <= last && !mln_str_eq_nocase(mln_str_trim(part), mln_str_of(word(i))))
            i++;
        if (i > last)
            return mln_fail(err, MLN_EUSAGE,
                    "--%s: '%.*s' is none of its words: see `merlon help %s`",
                    cli_option_rows()[option].name, (int)(part.len > 40 ? 40 : part.len), part.ptr,
                    cli->line.command->words);
        *out |= 1U << i;
    }
    return MLN_OK;
}

static const char *status_word(int status)
{
    return mln_result_status_name((enum mln_result_status)status);
}

static int read_group(const struct cli *cli, int *out, struct mln_err *err)
{
    struct mln_str text = mln_str_of(cli_get(cli, OPT_GROUP));
    int64_t number;

    if (text.len == 0)
        return MLN_OK;
    *out = mln_result_group_parse(text);
    if (*out == 0 && mln_str_to_i64(text, &number) == MLN_OK && number >= 1 &&
            number <= MLN_RESULT_GROUPS)
        *out = (int)number;
    if (*out == 0)
        return mln_fail(err, MLN_EUSAGE,
                "--group: identity, network, audit, data, monitoring, protection or 1 to %d is needed",
                MLN_RESULT_GROUPS);
    return MLN_OK;
}

int check_filter_read(const struct cli *cli, struct check_filter *out, struct mln_err *err)
{
    int rc;

    *out = (struct check_filter){ 0 };
    rc = read_group(cli, &out->group, err);
    if (rc == MLN_OK)
        rc = read_bits(cli, OPT_LEVEL, mln_result_level_name, 1, 3, &out->levels, err);
    if (rc == MLN_OK)
        rc = read_bits(cli, OPT_STATUS_CHECK, status_word, 0, MLN_RESULT_STATUSES - 1,
                &out->statuses, err);
    if (rc == MLN_OK && cli_has(cli, OPT_ITEM))
        rc = check_ids_read(cli, OPT_ITEM, &out->ids, &out->id_count, err);
    out->asset_type = mln_str_of(cli_get(cli, OPT_ASSET_TYPE));
    out->name = mln_str_of(cli_get(cli, OPT_NAME));
    return rc;
}

void check_filter_free(struct check_filter *filter)
{
    free(filter->ids);
    filter->ids = NULL;
}

/* ---- from a store ---- */

static bool copy_text(struct mln_arena *arena, struct mln_str *text)
{
    *text = mln_arena_dup(arena, *text);
    return text->ptr != NULL;
}

int check_item_of(const struct mln_check_result *result, struct mln_arena *arena,
        struct mln_sas_item *out, struct mln_err *err)
{
    MLN_AUTO(mln_buf_free) struct mln_buf completeness = MLN_BUF_INIT(COMPLETENESS_MAX);
    bool copied;

    *out = (struct mln_sas_item){
        .item_id = result->item_id,
        .task_id = result->task_id,
        .check_time_ms = result->check_time_ms,
        .affected = result->affected,
        .remaining_s = result->remaining_s,
        .sort = result->sort,
        .status = mln_str_of(mln_result_status_name(result->status)),
        .level = mln_str_of(mln_result_level_name(result->level)),
        .title = result->title,
        .asset_type = result->service,
        .type = result->group_title,
        .start_status = mln_str_of(result->enabled ? "enabled" : "disable"),
        .repair_status = mln_str_of("disabled"),
        .not_assessed = result->not_assessed_reason,
        .replaced = result->replaced,
        .custom = result->custom,
    };
    mln_result_completeness_print(result->completeness, &completeness);
    out->completeness = mln_buf_str(&completeness);
    copied = copy_text(arena, &out->title) && copy_text(arena, &out->asset_type) &&
             copy_text(arena, &out->type) && copy_text(arena, &out->not_assessed) &&
             completeness.code == MLN_OK && copy_text(arena, &out->completeness);
    for (size_t i = 0; copied && i < MLN_SAS_TEXTS; i++) {
        out->texts[i] = result->texts[i].value;
        copied = copy_text(arena, &out->texts[i]);
    }
    return copied ? MLN_OK : mln_fail(err, MLN_ENOMEM, "out of memory for check results");
}

static int keep_result(void *ctx, const struct mln_check_result *result, struct mln_err *err)
{
    struct mln_sas_items *out = ctx;
    struct mln_sas_item item;
    int rc = check_item_of(result, &out->arena, &item, err);

    return rc == MLN_OK ? mln_sas_items_add(out, &item, err) : rc;
}

static int list_local(struct check_source *source, const struct check_filter *filter,
        struct mln_sas_items *out, struct mln_err *err)
{
    struct mln_result_query query = {
        .account_id = source->local.account,
        .lang = source->cli->lang,
        .group = filter->group,
        .levels = filter->levels,
        .statuses = filter->statuses,
        .service = filter->asset_type,
        .ids = filter->ids,
        .id_count = filter->id_count,
        .name = filter->name,
        .enabled = -1,
        .page_size = LOCAL_PAGE_SIZE,
    };
    const struct cli *cli = source->cli;
    int rc = cli_get_number(cli, OPT_PAGE, 1, INT32_MAX, &query.page, err);

    if (rc == MLN_OK)
        rc = cli_get_number(cli, OPT_PAGE_SIZE, 1, LOCAL_PAGE_SIZE, &query.page_size, err);
    if (rc != MLN_OK)
        return rc;
    if (query.page > 0)
        return mln_result_list(
                source->local.store, cli->clock, &query, &out->total, keep_result, out, err);
    for (out->total = query.page = 1;
            rc == MLN_OK && (query.page - 1) * query.page_size < out->total; query.page++)
        rc = mln_result_list(
                source->local.store, cli->clock, &query, &out->total, keep_result, out, err);
    return rc;
}

/* ---- from an endpoint: levels and statuses are chosen here, the API takes one of each ---- */

static bool has_bit(unsigned bits, struct mln_str word, const char *(*name)(int), int last)
{
    for (int i = 0; i <= last; i++) {
        if ((bits & 1U << i) != 0 && mln_str_is(word, name(i)))
            return true;
    }
    return bits == 0;
}

static bool matches(const struct check_filter *filter, const struct mln_sas_item *item)
{
    return has_bit(filter->levels, item->level, mln_result_level_name, 3) &&
           has_bit(filter->statuses, item->status, status_word, MLN_RESULT_STATUSES - 1) &&
           (filter->asset_type.len == 0 || mln_str_eq_nocase(filter->asset_type, item->asset_type));
}

static int list_remote(struct check_source *source, const struct check_filter *filter,
        struct mln_sas_items *out, struct mln_err *err)
{
    const struct cli *cli = source->cli;
    struct mln_sas_query query = {
        .lang = cli->lang == MLN_LANG_ZH ? "zh" : "en",
        .group = filter->group,
        .asset_type = filter->asset_type,
        .name = filter->name,
        .ids = filter->ids,
        .id_count = filter->id_count,
        .stop = cli->stop,
    };
    size_t kept = 0;
    int rc = cli_get_number(cli, OPT_PAGE, 1, INT32_MAX, &query.page, err);

    if (rc == MLN_OK)
        rc = cli_get_number(cli, OPT_PAGE_SIZE, 1, MLN_RESULT_PAGE_SIZE_MAX, &query.page_size, err);
    if (rc == MLN_OK)
        rc = mln_sas_list(source->remote.api, &query, out, err);
    if (rc != MLN_OK && rc != MLN_EPARTIAL)
        return rc;
    if (out->successor && filter->group != 0)
        return mln_fail(err, MLN_EUSAGE,
                "this endpoint lists by ListCheckResult, which knows no groups: leave --group out");
    if (out->successor)
        cli_note(cli, "warning: this endpoint has retired DescribeRiskCheckResult; ListCheckResult "
                      "was asked instead, which tells neither texts nor affected resources");
    for (size_t i = 0; i < out->count; i++) {
        if (matches(filter, &out->items[i]))
            out->items[kept++] = out->items[i];
    }
    if (kept < out->count)
        out->total = (int64_t)kept;
    out->count = kept;
    return rc;
}

int check_source_list(struct check_source *source, const struct check_filter *filter,
        struct mln_sas_items *out, struct mln_err *err)
{
    return source->is_local ? list_local(source, filter, out, err)
                            : list_remote(source, filter, out, err);
}

/* ---- printing ---- */

const struct cli_column *check_columns(void)
{
    static const struct cli_column columns[CHECK_COLUMNS] = {
        { "ItemId", "ITEM", "检查项" },
        { "RiskLevel", "LEVEL", "级别" },
        { "Status", "STATUS", "状态" },
        { "Title", "TITLE", "标题" },
        { "Type", "TYPE", "类别" },
        { "RiskAssertType", "ASSET TYPE", "资产类型" },
        { "AffectedCount", "AFFECTED", "受影响" },
        { "CheckTime", "CHECKED", "检查时间" },
        { "NotAssessed", "NOT ASSESSED", "未评估原因" },
        { "TaskId", NULL, NULL },
        { "RemainingTime", NULL, NULL },
        { "StartStatus", NULL, NULL },
        { "RepairStatus", NULL, NULL },
        { "Sort", NULL, NULL },
        { "Replaced", NULL, NULL },
        { "Custom", NULL, NULL },
        { "Completeness", NULL, NULL },
    };

    return columns;
}

void check_cells(const struct mln_sas_item *item, struct cli_cell out[CHECK_COLUMNS])
{
    const struct cli_cell cells[CHECK_COLUMNS] = {
        cli_cell_int(item->item_id),
        cli_cell_text(item->level),
        cli_cell_text(item->status),
        cli_cell_text(item->title),
        cli_cell_text(item->type),
        cli_cell_text(item->asset_type),
        cli_cell_int(item->affected),
        cli_cell_time(item->check_time_ms),
        cli_cell_text(item->not_assessed),
        cli_cell_int(item->task_id),
        cli_cell_int(item->remaining_s),
        cli_cell_text(item->start_status),
        cli_cell_text(item->repair_status),
        cli_cell_int(item->sort),
        cli_cell_bool(item->replaced),
        cli_cell_bool(item->custom),
        cli_cell_json(item->completeness),
    };

    memcpy(out, cells, sizeof(cells));
}
