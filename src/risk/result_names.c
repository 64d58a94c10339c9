/* The words of results. */
#include "risk/result.h"

static const char *const status_names[MLN_RESULT_STATUSES] = {
    [MLN_RESULT_PASS] = "pass",
    [MLN_RESULT_FAILED] = "failed",
    [MLN_RESULT_RUNNING] = "running",
    [MLN_RESULT_WAITING] = "waiting",
    [MLN_RESULT_IGNORED] = "ignored",
    [MLN_RESULT_FALSE_POSITIVE] = "falsePositive",
};

static const char *const level_names[] = { "", "low", "medium", "high" };

/* clang-format off */
static const struct {
    const char *word, *title[2];
} groups[MLN_RESULT_GROUPS + 1] = {
    { "",           { "", "" } },
    { "identity",   { "Identity and permissions", "身份认证及权限" } },
    { "network",    { "Network access control",   "网络访问控制" } },
    { "audit",      { "Log auditing",             "日志审计" } },
    { "data",       { "Data security",            "数据安全" } },
    { "monitoring", { "Monitoring and alerting",  "监控告警" } },
    { "protection", { "Basic protection",         "基础安全防护" } },
};
/* clang-format on */

const char *mln_result_status_name(enum mln_result_status status)
{
    return status < MLN_RESULT_STATUSES ? status_names[status] : "";
}

const char *mln_result_level_name(int level)
{
    return level >= 1 && level < (int)MLN_LEN(level_names) ? level_names[level] : "";
}

static int known_group(int group)
{
    return group >= 1 && group <= MLN_RESULT_GROUPS ? group : 0;
}

const char *mln_result_group_title(int group, enum mln_lang lang)
{
    return groups[known_group(group)].title[lang == MLN_LANG_ZH];
}

const char *mln_result_group_word(int group)
{
    return groups[known_group(group)].word;
}

int mln_result_group_parse(struct mln_str word)
{
    for (int group = 1; group <= MLN_RESULT_GROUPS; group++) {
        if (mln_str_is(word, groups[group].word))
            return group;
    }
    return 0;
}
