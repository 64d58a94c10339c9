/* How risk events look: the block of the listing, the columns of a table, and the policy. */
#include "cli/commands.h"
#include "cli/risk_source.h"

#define MEMBERS_SHOWN_MAX 10000
#define RULER_WIDTH       80

/* In the order of mln_sddp_fields(). */
/* clang-format off */
static const struct cli_column columns[RISK_COLUMNS] = {
    { "RiskId",             "RISK ID",    "风险 ID" },
    { "RuleId",             NULL,         NULL },
    { "RuleName",           "RULE",       "规则" },
    { "RuleCategoryId",     NULL,         NULL },
    { "RuleCategoryName",   "CATEGORY",   "类别" },
    { "WarnLevel",          NULL,         NULL },
    { "WarnLevelName",      "LEVEL",      "级别" },
    { "ProductCode",        "PRODUCT",    "产品" },
    { "AlarmSource",        NULL,         NULL },
    { "AlertFrequency",     NULL,         NULL },
    { "AlarmCount",         "ALARMS",     "告警数" },
    { "TotalAlarmCount",    NULL,         NULL },
    { "InstanceCount",      "ASSETS",     "资产数" },
    { "TotalInstanceCount", NULL,         NULL },
    { "ClientIpCount",      NULL,         NULL },
    { "TotalClientIpCount", NULL,         NULL },
    { "UserNameCount",      NULL,         NULL },
    { "TotalUserNameCount", NULL,         NULL },
    { "FirstAlarmTime",     "FIRST SEEN", "首次发现" },
    { "LastAlarmTime",      "LAST SEEN",  "最近发现" },
    { "HandleStatus",       "STATUS",     "状态" },
    { "HandleMarkTime",     NULL,         NULL },
    { "SupportAi",          NULL,         NULL },
};
/* clang-format on */

const struct cli_column *risk_columns(void)
{
    return columns;
}

void risk_cells(const struct mln_sddp_event *event, struct cli_cell out[RISK_COLUMNS])
{
    const struct mln_sddp_field *fields;
    size_t count;

    fields = mln_sddp_fields(&count);
    for (size_t i = 0; i < count && i < RISK_COLUMNS; i++) {
        switch (fields[i].type) {
        case MLN_SDDP_TEXT:
            out[i] = cli_cell_text(mln_sddp_field_text(event, &fields[i]));
            break;
        case MLN_SDDP_BOOL:
            out[i] = cli_cell_bool(mln_sddp_field_bool(event, &fields[i]));
            break;
        case MLN_SDDP_TIME:
            out[i] = cli_cell_time(mln_sddp_field_int(event, &fields[i]));
            break;
        case MLN_SDDP_INT:
            out[i] = cli_cell_int(mln_sddp_field_int(event, &fields[i]));
            break;
        }
    }
}

void risk_count_text(int64_t count, struct mln_buf *out)
{
    if (count >= MEMBERS_SHOWN_MAX)
        mln_buf_addf(out, "%d+", MEMBERS_SHOWN_MAX);
    else
        mln_buf_add_i64(out, count);
}

struct mln_str risk_level_text(const struct mln_sddp_event *event, enum mln_lang lang)
{
    if (event->warn_level >= 1 && event->warn_level <= 3)
        return mln_str_of(mln_risk_level_name((int)event->warn_level, lang));
    return event->level_name;
}

/* The labels are part of the interface: scripts read them. They change only when --lang zh is
 * given. */
static const char *label(const struct cli *cli, const char *en, const char *zh)
{
    return cli_has(cli, OPT_LANG) ? cli_text(cli, en, zh) : en;
}

static void put_line(struct cli *cli, const char *name, struct mln_str value)
{
    cli_putf(cli, "%s: ", name);
    cli_put_safe(cli, value);
    cli_put(cli, MLN_STR("\n"));
}

static void put_ruler(struct cli *cli, char c)
{
    for (int i = 0; i < RULER_WIDTH; i++)
        cli_put(cli, (struct mln_str){ &c, 1 });
    cli_put(cli, MLN_STR("\n"));
}

void risk_put_block(struct cli *cli, const struct mln_sddp_event *event)
{
    struct mln_buf assets = MLN_BUF_INIT(32);
    enum mln_lang lang = cli_has(cli, OPT_LANG) ? cli->lang : MLN_LANG_EN;

    risk_count_text(event->instance_count, &assets);
    cli_putf(cli, "%s: %lld\n", label(cli, "Risk ID", "风险 ID"), (long long)event->risk_id);
    put_line(cli, label(cli, "Rule Name", "规则名称"), event->rule_name);
    put_line(cli, label(cli, "Risk Level", "风险级别"), risk_level_text(event, lang));
    put_line(cli, label(cli, "Product Type", "产品类型"), event->product);
    cli_putf(cli, "%s: %lld\n", label(cli, "Alert Count", "告警数"), (long long)event->alarm_count);
    put_line(cli, label(cli, "Asset Count", "资产数"), mln_buf_str(&assets));
    put_line(cli, label(cli, "Rule Category", "规则类别"), event->category_name);
    put_ruler(cli, '-');
    mln_buf_free(&assets);
}

int cmd_risk_policy(struct cli *cli, struct mln_err *err)
{
    const struct mln_api_action *actions;
    const char *prefix = mln_product_by_name("Sddp")->ram_prefix;
    bool any = false;
    size_t count;

    (void)err;
    actions = mln_sddp_actions(&count);
    cli_put(cli,
            MLN_STR("{\n  \"Version\": \"1\",\n  \"Statement\": [\n    {\n      \"Effect\": \"Allow\",\n"
                    "      \"Action\": [\n"));
    for (size_t i = 0; i < count; i++) {
        if (actions[i].is_write && cli_has(cli, OPT_READ_ONLY))
            continue;
        cli_putf(cli, "%s        \"%s:%s\"", any ? ",\n" : "", prefix, actions[i].name);
        any = true;
    }
    cli_put(cli, MLN_STR("\n      ],\n      \"Resource\": \"*\"\n    }\n  ]\n}\n"));
    return MLN_OK;
}
