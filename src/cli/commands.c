#include "cli/commands.h"

#define NEW_PROFILE (OPT(WRITE_PROFILE) | OPT(PROFILE_NAME) | OPT(REPLACE_PROFILE) | OPT(SEAL_KEY))
#define FILTERS     (OPT(STATUS) | OPT(LEVEL) | OPT(PRODUCT) | OPT(RULE) | OPT(SINCE) | OPT(UNTIL))
#define LIST        (FILTERS | OPT(PAGE) | OPT(PAGE_SIZE) | OPT(LIMIT))
#define SERVE                                                                          \
    (OPT(LISTEN) | OPT(TLS_CERT) | OPT(TLS_KEY) | OPT(INSECURE_HTTP) | OPT(SEAL_KEY) | \
            OPT(MAX_CONNECTIONS) | OPT(REQUESTS_PER_S) | OPT(FAILURES_PER_S) | OPT(WORKERS))
#define DETECT \
    (OPT(FORMAT) | OPT(PRODUCT) | OPT(INSTANCE) | OPT(TIME_ZONE) | OPT(LISTS) | OPT(CATALOG))
#define HANDLE (OPT(DETAIL) | OPT(DETAIL_FILE) | OPT(DRY_RUN))
#define MANY   CLI_ARGS_MAX
#define PLACES (OPT(CATALOG) | OPT(CHECKS))
#define ITEMS \
    (OPT(ASSET_TYPE) | OPT(GROUP) | OPT(ITEM) | OPT(LEVEL) | OPT(NAME) | OPT(STATUS_CHECK))
#define FROM (OPT(REPLAY) | OPT(SNAPSHOT) | OPT(ONLY) | OPT(SKIP) | PLACES)
#define LIVE (OPT(MAX_CONCURRENCY) | OPT(NO_PACING) | OPT(ROLE))
#define READ (LIVE | OPT(SAVE_RAW) | OPT(SINCE_FILE))
#define COLLECT                                                                               \
    (READ | OPT(ACCOUNTS) | OPT(CATALOG) | OPT(FORMAT_TABLE) | OPT(OUTPUT_FILE) | OPT(PLAN) | \
            OPT(POLICY_PRINT) | OPT(REPLAY) | OPT(RESOURCE_DIRECTORY) | OPT(RESUME))

/* clang-format off */
/* sorted rows */
static const struct cli_command commands[] = {
    { "admin account add",    "ID",          OPT(SOURCE), 1, 1, cmd_admin_account_add, "add an account, or name its source", "增加账号，或设置其配置来源" },
    { "admin account list",   "",            0, 0, 0, cmd_admin_account_list, "list accounts", "列出账号" },
    { "admin init",           "",            OPT(USER) | NEW_PROFILE, 0, 0, cmd_admin_init, "create a store, an account and its first user", "创建存储、账号和第一个用户" },
    { "admin key create",     "USER",        NEW_PROFILE, 1, 1, cmd_admin_key_create, "create an access key", "创建访问密钥" },
    { "admin key disable",    "KEY",         0, 1, 1, cmd_admin_key_disable, "disable an access key (USER/N, see list)", "停用访问密钥（USER/N，见 list）" },
    { "admin key list",       "[USER]",      0, 0, 1, cmd_admin_key_list, "list access keys, without their ids", "列出访问密钥（不显示其 ID）" },
    { "admin key rotate",     "",            OPT(SEAL_KEY), 0, 0, cmd_admin_key_rotate, "seal every secret with a new sealing key", "用新的封存密钥重新封存所有密钥" },
    { "admin policy attach",  "USER POLICY", 0, 2, 2, cmd_admin_policy_attach, "give a user a policy", "为用户授权策略" },
    { "admin policy detach",  "USER POLICY", 0, 2, 2, cmd_admin_policy_detach, "take a policy from a user", "解除用户的策略" },
    { "admin policy list",    "",            0, 0, 0, cmd_admin_policy_list, "list policies", "列出策略" },
    { "admin policy put",     "NAME",        OPT(FILE), 1, 1, cmd_admin_policy_put, "store a policy document", "保存策略文档" },
    { "admin user add",       "NAME",        OPT(POLICY) | NEW_PROFILE, 1, 1, cmd_admin_user_add, "add a user and an access key", "增加用户和访问密钥" },
    { "admin user disable",   "NAME",        0, 1, 1, cmd_admin_user_disable, "disable a user", "停用用户" },
    { "admin user enable",    "NAME",        0, 1, 1, cmd_admin_user_enable, "enable a user", "启用用户" },
    { "admin user list",      "",            0, 0, 0, cmd_admin_user_list, "list users", "列出用户" },
    { "auth status",          "",            OPT(ALL_PROFILES) | OPT(CHECK), 0, 0, cmd_auth_status, "say which credentials are used, without showing them", "说明使用哪个凭证（不显示其内容）" },
    { "auth whoami",          "",            OPT(ROLE), 0, 0, cmd_auth_whoami, "ask the cloud who the credentials are", "向云端查询凭证的身份" },
    { "check diff",           "[ITEM]",      OPT(LIMIT), 0, 1, cmd_check_diff, "show what changed between scans", "显示两次扫描之间的变化" },
    { "check list",           "",            PLACES | OPT(GROUP) | OPT(LEVEL) | OPT(NAME), 0, 0, cmd_check_list, "list the checks of the catalogue", "列出检查项目录" },
    { "check mark",           "ITEM",        OPT(AS) | OPT(REASON) | OPT(RESOURCE) | OPT(UNTIL_MARK), 1, 1, cmd_check_mark, "ignore an item or a resource, or call it a false positive", "忽略检查项或资源，或标为误报" },
    { "check new",            "ID",          0, 1, 1, cmd_check_new, "print a new check that passes its own tests", "打印一个可通过自身测试的新检查项" },
    { "check results",        "",            ITEMS | OPT(OUTPUT_REPORT) | OPT(PAGE) | OPT(PAGE_SIZE), 0, 0, cmd_check_results, "list check results", "列出检查结果" },
    { "check run",            "",            FROM | OPT(ITEM) | OPT(WAIT), 0, 0, cmd_check_run, "start a run, or judge a snapshot without a store", "启动检查，或不经存储直接检查快照" },
    { "check show",           "ITEM",        0, 1, 1, cmd_check_show, "show one item with its resources", "显示一个检查项及其资源" },
    { "check test",           "[DIR]",       PLACES | OPT(ITEM), 0, 1, cmd_check_test, "run the tests inside the checks", "运行检查项自带的测试" },
    { "check unmark",         "ITEM",        OPT(RESOURCE), 1, 1, cmd_check_unmark, "take a mark back", "取消标记" },
    { "collect",              "",            COLLECT, 0, 0, cmd_collect, "write an account's configuration into a snapshot", "把账号配置写入快照" },
    { "completion",           "SHELL",       0, 1, 1, cmd_completion, "print completion for bash, zsh or fish", "打印 bash、zsh 或 fish 的补全脚本" },
    { "detect",               "FILE...",     DETECT, 1, MANY, cmd_detect, "read audit logs and find risk events", "读取审计日志并发现风险事件" },
    { "doctor",               "",            OPT(CATALOG) | OPT(PERMISSIONS) | OPT(SEAL_KEY), 0, 0, cmd_doctor, "check clock, network, credentials, files and store", "检查时钟、网络、凭证、文件和存储" },
    { "help",                 "[COMMAND]",   0, 0, 4, cmd_help, "show help", "显示帮助" },
    { "query",                "SQL",         OPT(CATALOG) | OPT(LIMIT) | OPT(SNAPSHOT), 1, 1, cmd_query, "ask a snapshot with SQL", "用 SQL 查询快照" },
    { "risk handle",          "ID... DETAIL", HANDLE, 1, MANY, cmd_risk_handle, "handle risk events", "处置风险事件" },
    { "risk list",            "",            LIST, 0, 0, cmd_risk_list, "list risk events", "列出风险事件" },
    { "risk policy",          "",            OPT(READ_ONLY), 0, 0, cmd_risk_policy, "print the RAM policy that risk commands need", "打印 risk 命令所需的 RAM 策略" },
    { "risk show",            "ID",          0, 1, 1, cmd_risk_show, "show one risk event", "显示一个风险事件" },
    { "risk summary",         "",            FILTERS | OPT(BY), 0, 0, cmd_risk_summary, "count risk events", "统计风险事件" },
    { "scan",                 "",            FROM | READ | OPT(FAIL) | OPT(OUTPUT_REPORT), 0, 0, cmd_scan, "collect and judge; the results are kept when a store is named", "采集并检查；指定存储时保存结果" },
    { "serve",                "",            SERVE, 0, 0, cmd_serve, "run the API server", "运行 API 服务" },
    { "version",              "",            0, 0, 0, cmd_version, "show the version", "显示版本" },
};
/* clang-format on */

const struct cli_command *cli_commands(size_t *count)
{
    *count = MLN_LEN(commands);
    return commands;
}
