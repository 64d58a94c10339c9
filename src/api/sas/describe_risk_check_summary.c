/* DescribeRiskCheckSummary: how many items passed, by group and level. */
#include "api/sas/query.h"
#include "api/sas/sas.h"

enum row { ROW_LANG };

static const struct mln_param_row params[] = {
    [ROW_LANG] = SAS_LANG_ROW,
};

static void write_status(struct mln_writer *w, const char *status, int64_t count)
{
    mln_writer_object_begin(w, NULL);
    mln_writer_i64(w, "Count", count);
    mln_writer_cstr(w, "Status", status);
    mln_writer_object_end(w);
}

static const char *progress_of(const struct mln_result_totals *totals)
{
    if (totals->task == MLN_RESULT_RUNNING)
        return "running";
    if (totals->task == MLN_RESULT_WAITING)
        return "waiting";
    return totals->items > 0 ? "finish" : "notStart";
}

static void write_groups(
        struct mln_writer *w, const struct mln_result_totals *totals, enum mln_lang lang)
{
    mln_writer_list_begin(w, "Groups");
    for (int group = 1; group <= MLN_RESULT_GROUPS; group++) {
        const int64_t *count = totals->group[group].by_status;

        mln_writer_object_begin(w, NULL);
        mln_writer_list_begin(w, "CountByStatus");
        write_status(w, "pass", count[MLN_RESULT_PASS]);
        write_status(w, "failed", count[MLN_RESULT_FAILED]);
        mln_writer_list_end(w);
        mln_writer_i64(w, "Id", group);
        mln_writer_i64(w, "RemainingTime", totals->remaining_s);
        mln_writer_i64(w, "Sort", group);
        mln_writer_cstr(w, "Status", progress_of(totals));
        mln_writer_cstr(w, "Title", mln_result_group_title(group, lang));
        mln_writer_object_end(w);
    }
    mln_writer_list_end(w);
}

static void write_levels(struct mln_writer *w, const struct mln_result_totals *totals)
{
    mln_writer_list_begin(w, "RiskLevelCount");
    for (int level = 3; level >= 1; level--) {
        mln_writer_object_begin(w, NULL);
        mln_writer_i64(w, "Count", totals->failed_by_level[level]);
        mln_writer_cstr(w, "Key", mln_result_level_name(level));
        mln_writer_object_end(w);
    }
    mln_writer_list_end(w);
}

static bool act(struct mln_call *call, struct mln_writer *w)
{
    struct mln_result_totals totals = { 0 };
    struct mln_err err = { 0 };
    struct mln_store *store = NULL;
    int64_t failed, passed;
    int rc;

    if (!mln_call_store(call, &store))
        return false;
    rc = mln_result_totals(store, call->gateway->clock, call->principal->account_id, &totals, &err);
    if (rc != MLN_OK)
        return mln_call_fault(call, rc, &err);
    failed = totals.by_status[MLN_RESULT_FAILED];
    passed = totals.by_status[MLN_RESULT_PASS];
    mln_writer_object_begin(w, "RiskCheckSummary");
    mln_writer_i64(w, "AffectedAssetCount", totals.affected);
    mln_writer_i64(w, "DisabledRiskCount", totals.items - passed);
    mln_writer_i64(w, "EnabledRiskCount", passed);
    write_groups(w, &totals, (enum mln_lang)call->values[ROW_LANG].number);
    mln_writer_i64(w, "ItemCount", totals.items);
    mln_writer_i64(w, "PreviousCount", totals.previous_failed);
    mln_writer_i64(w, "PreviousTime", totals.previous_ms);
    mln_writer_i64(w, "RiskCount", failed);
    write_levels(w, &totals);
    mln_writer_double(
            w, "RiskRate", totals.items > 0 ? (double)failed / (double)totals.items : 0.0);
    mln_writer_object_end(w);
    return true;
}

const struct mln_action mln_sas_describe_risk_check_summary = {
    .product = "Sas",
    .version = "2018-12-03",
    .name = "DescribeRiskCheckSummary",
    .ram_action = "yundun-sas:DescribeRiskCheckSummary",
    .xml_root = "DescribeRiskCheckSummaryResponse",
    .params = params,
    .param_count = MLN_LEN(params),
    .act = act,
};
