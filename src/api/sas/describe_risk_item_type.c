/* DescribeRiskItemType: the groups of check items. */
#include "api/sas/query.h"
#include "api/sas/sas.h"

enum row { ROW_LANG };

static const struct mln_param_row params[] = {
    [ROW_LANG] = SAS_LANG_ROW,
};

static bool act(struct mln_call *call, struct mln_writer *writer)
{
    enum mln_lang lang = (enum mln_lang)call->values[ROW_LANG].number;

    mln_writer_list_begin(writer, "List");
    for (int group = 1; group <= MLN_RESULT_GROUPS; group++) {
        mln_writer_object_begin(writer, NULL);
        mln_writer_i64(writer, "Id", group);
        mln_writer_cstr(writer, "Title", mln_result_group_title(group, lang));
        mln_writer_object_end(writer);
    }
    mln_writer_list_end(writer);
    return true;
}

const struct mln_action mln_sas_describe_risk_item_type = {
    .product = "Sas",
    .version = "2018-12-03",
    .name = "DescribeRiskItemType",
    .ram_action = "yundun-sas:DescribeRiskItemType",
    .xml_root = "DescribeRiskItemTypeResponse",
    .params = params,
    .param_count = MLN_LEN(params),
    .act = act,
};
