/* GetCheckSummary: how many checks passed, did not pass and were not assessed; by group and level.
 */
#include "api/sas/cspm.h"
#include "api/sas/sas.h"

enum row { ROW_IS_ITEM_STATISTIC, ROW_LANG };

/* The Python SDK spells them as its language does. */
static const struct mln_word booleans[] = {
    { "False", 0 },
    { "True", 1 },
    { "false", 0 },
    { "true", 1 },
    { 0 },
};

static const struct mln_param_row params[] = {
    [ROW_IS_ITEM_STATISTIC] = { .name = "IsItemStatistic",
            .type = MLN_PARAM_WORD,
            .words = booleans,
            .summary = "With the number of checks that there are" },
    [ROW_LANG] = SAS_LANG_ROW,
};

enum kind { KIND_NOT_CHECK, KIND_NOT_PASS, KIND_PASS, KINDS };

/* Level 0 holds the sum. */
struct statistic {
    int64_t count[KINDS][4];
};

static enum kind kind_of(const struct mln_check_result *item)
{
    unsigned status = sas_cspm_status(item);

    if (status == SAS_CSPM_NOT_PASS)
        return KIND_NOT_PASS;
    return status == SAS_CSPM_PASS || status == SAS_CSPM_WHITELIST ? KIND_PASS : KIND_NOT_CHECK;
}

struct counting {
    struct statistic all, groups[MLN_RESULT_GROUPS + 1];
    int64_t items;
};

static void add(struct statistic *statistic, const struct mln_check_result *item)
{
    int64_t *count = statistic->count[kind_of(item)];

    count[0]++;
    if (item->level >= 1 && item->level <= 3)
        count[item->level]++;
}

static int add_item(void *ctx, const struct mln_check_result *item, struct mln_err *err)
{
    struct counting *counting = ctx;
    bool known = item->group >= 1 && item->group <= MLN_RESULT_GROUPS;

    (void)err;
    counting->items++;
    add(&counting->all, item);
    add(&counting->groups[known ? item->group : 0], item);
    return MLN_OK;
}

static void write_statistic(
        struct mln_writer *w, const char *key, const struct statistic *statistic)
{
    static const char *const names[KINDS][4] = {
        { "NotCheckCount", "NotCheckLowCount", "NotCheckMediumCount", "NotCheckHighCount" },
        { "NotPassCount", "NotPassLowCount", "NotPassMediumCount", "NotPassHighCount" },
        { "PassCount", "PassLowCount", "PassMediumCount", "PassHighCount" },
    };

    mln_writer_object_begin(w, key);
    for (int kind = 0; kind < KINDS; kind++) {
        for (int level = 0; level < 4; level++)
            mln_writer_i64(w, names[kind][level], statistic->count[kind][level]);
    }
    mln_writer_object_end(w);
}

static void write_group(
        struct mln_writer *w, int group, const struct statistic *statistic, enum mln_lang lang)
{
    mln_writer_object_begin(w, NULL);
    mln_writer_i64(w, "Id", group);
    mln_writer_cstr(w, "ShowName", mln_result_group_title(group, lang));
    mln_writer_i64(w, "PassCount", statistic->count[KIND_PASS][0]);
    mln_writer_i64(w, "FailCount", statistic->count[KIND_NOT_PASS][0]);
    mln_writer_i64(w, "RiskLevelHighCount", statistic->count[KIND_NOT_PASS][3]);
    mln_writer_i64(w, "RiskLevelMediumCount", statistic->count[KIND_NOT_PASS][2]);
    mln_writer_i64(w, "RiskLevelLowCount", statistic->count[KIND_NOT_PASS][1]);
    write_statistic(w, "StandardStatistic", statistic);
    mln_writer_object_end(w);
}

static bool act(struct mln_call *call, struct mln_writer *w)
{
    const struct mln_result_query query = {
        .lang = (enum mln_lang)call->values[ROW_LANG].number,
    };
    struct counting sums = { 0 };
    const struct statistic *all = &sums.all;

    if (!sas_items_each(call, &query, add_item, &sums))
        return false;
    if (call->values[ROW_IS_ITEM_STATISTIC].number != 0) {
        mln_writer_object_begin(w, "OverallItemStatistic");
        mln_writer_i64(w, "ReleaseCount", sums.items);
        mln_writer_i64(w, "ResultCount", sums.items);
        mln_writer_object_end(w);
    }
    write_statistic(w, "OverallStatistic", all);
    mln_writer_list_begin(w, "Summarys");
    mln_writer_object_begin(w, NULL);
    mln_writer_cstr(w, "Type", "RISK");
    mln_writer_i64(w, "PassCount", all->count[KIND_PASS][0]);
    mln_writer_i64(w, "FailCount", all->count[KIND_NOT_PASS][0]);
    mln_writer_list_begin(w, "Standards");
    for (int group = 1; group <= MLN_RESULT_GROUPS; group++)
        write_group(w, group, &sums.groups[group], query.lang);
    mln_writer_list_end(w);
    write_statistic(w, "TypeStatistic", all);
    mln_writer_object_end(w);
    mln_writer_list_end(w);
    return true;
}

const struct mln_action mln_sas_get_check_summary = {
    .product = "Sas",
    .version = "2018-12-03",
    .name = "GetCheckSummary",
    .ram_action = "yundun-sas:GetCheckSummary",
    .xml_root = "GetCheckSummaryResponse",
    .params = params,
    .param_count = MLN_LEN(params),
    .act = act,
};
