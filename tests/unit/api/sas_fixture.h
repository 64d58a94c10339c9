/* The gateway of fixture.h over an account that was scanned: five items, each with another result.
 */
#pragma once

#include "fixture.h"
#include "store/store.h"
#include "wire/json.h"

#define SAS      "2018-12-03"
#define CHECKED  INT64_C(1700000001000)
#define HOSTILE  "<b>&\"50%_off\"\x01\xff"
#define CUSTOM   100001
#define TWO_OPEN 12
#define PASSED   6
#define UNREAD   30
#define MIXED    7

struct seed_item {
    int64_t id;
    int group, level;
    int64_t failed, passed, not_assessed;
    const char *name, *service, *en, *zh, *reason, *grid_key, *params;
    bool disabled, custom;
};

/* clang-format off */
static const struct seed_item seed_items[] = {
    { TWO_OPEN, 4, 3, 2, 1, 0, "OSS_BucketAcl",  "OSS", "Bucket permissions", "存储空间权限", "", "BucketName", "", false, false },
    { PASSED,   2, 3, 0, 4, 0, "SLB_RiskPort",   "SLB", "Risky ports", "高危端口", "", "InstanceId", "", false, false },
    { UNREAD,   1, 2, 0, 0, 1, "RAM_Mfa",        "RAM", "Second factor", "多因素认证", "no permission: ram:GetUser", "UserName", "", false, false },
    { MIXED,    2, 2, 2, 0, 1, "RDS_WhiteList",  "RDS", "Allow list", "白名单", "it cannot be judged (1 resource)", "InstanceId",
      "[{\"name\":\"days\",\"value\":\"7\",\"default\":\"5\",\"about\":\"Days\"}]", false, false },
    { CUSTOM,   3, 1, 1, 0, 0, "X_" HOSTILE,     "ECS", "Own " HOSTILE, "自己 " HOSTILE, "", "a\"b<c", "", true, true },
};
/* clang-format on */

static inline void put_item(
        struct mln_store *store, int64_t scan_id, int64_t position, const struct seed_item *item)
{
    struct mln_check_result_row row = {
        .position = position,
        .item_id = item->id,
        .group = item->group,
        .level = item->level,
        .enabled = !item->disabled,
        .custom = item->custom,
        .checked_ms = CHECKED,
        .failed = item->failed,
        .passed = item->passed,
        .not_assessed = item->not_assessed,
        .name = mln_str_of(item->name),
        .service = mln_str_of(item->service),
        .title = { mln_str_of(item->en), mln_str_of(item->zh) },
        .reason = mln_str_of(item->reason),
        .grid_key = mln_str_of(item->grid_key),
        .grid_title = { MLN_STR("Thing"), MLN_STR("东西") },
        .params = { mln_str_of(item->params), mln_str_of(item->params) },
        .texts = { { MLN_STR("best \"practice\""), MLN_STR("最佳") },
                { MLN_STR("influence"), MLN_STR("影响") },
                { MLN_STR("suggestion <a>"), MLN_STR("建议") },
                { MLN_STR("https://e.x/?a=1&b=2"), MLN_STR("https://e.x/zh") } },
    };
    struct mln_err err;

    OK(mln_store_check_result_put(store, ACCOUNT, scan_id, &row, &err), &err);
}

static inline void put_finding(struct mln_store *store, int64_t scan_id, int64_t item_id,
        bool failed, const char *resource, const char *region, const char *reason)
{
    const struct mln_finding_row row = {
        .item_id = item_id,
        .failed = failed,
        .first_seen_ms = CHECKED - 1000,
        .last_seen_ms = CHECKED,
        .resource_id = mln_str_of(resource),
        .region = mln_str_of(region),
        .name = mln_str_of("name"),
        .not_assessed = mln_str_of(failed ? "" : "denied"),
        .reason = mln_str_of(reason),
    };
    struct mln_err err;

    OK(mln_store_finding_add(store, ACCOUNT, scan_id, &row, &err), &err);
}

/* Scans the account anew: the items of seed_items, `extra` more resources that fail item 12. */
static inline int64_t seed_scan(struct mln_store *store, int64_t extra)
{
    struct mln_scan_row row = { .finished_ms = CHECKED, .items_failed = 3, .affected = 5 };
    struct mln_err err;
    int64_t current;
    char name[32];

    OK(mln_store_begin(store, &err), &err);
    OK(mln_store_scan_begin(store, ACCOUNT, CHECKED - 5000, &row.scan_id, &current, &err), &err);
    for (size_t i = 0; i < MLN_LEN(seed_items); i++) {
        struct seed_item item = seed_items[i];

        if (item.id == TWO_OPEN)
            item.failed += extra;
        put_item(store, row.scan_id, (int64_t)i + 1, &item);
    }
    put_finding(store, row.scan_id, TWO_OPEN, true, "bucket-a", "cn-hangzhou", "public-read");
    put_finding(store, row.scan_id, TWO_OPEN, true, "bucket-b", "cn-beijing", "public-read-write");
    for (int64_t i = 0; i < extra; i++) {
        (void)snprintf(name, sizeof(name), "extra-%06lld", (long long)i);
        put_finding(store, row.scan_id, TWO_OPEN, true, name, "cn-hangzhou", "public-read");
    }
    put_finding(store, row.scan_id, UNREAD, false, "alice", "", "no permission: ram:GetUser");
    put_finding(store, row.scan_id, MIXED, true, "rm-1", "cn-hangzhou", "0.0.0.0/0");
    put_finding(store, row.scan_id, MIXED, true, "rm-2", "cn-hangzhou", "0.0.0.0/0");
    put_finding(store, row.scan_id, MIXED, false, "rm-3", "cn-hangzhou", "denied");
    put_finding(store, row.scan_id, CUSTOM, true, HOSTILE, HOSTILE, HOSTILE);
    OK(mln_store_scan_finish(store, ACCOUNT, &row, &err), &err);
    OK(mln_store_commit(store, &err), &err);
    return row.scan_id;
}

static inline int sas_setup(void **state)
{
    struct api *api;

    if (api_setup(state) != 0)
        return -1;
    api = *state;
    (void)seed_scan(api->iam->store, 0);
    return 0;
}

static inline int sas(struct api *api, const char *action, const char *query)
{
    return send_v3(api, &(struct sent){ .action = action, .version = SAS, .query = query });
}

static inline int sas_xml(struct api *api, const char *action, const char *query)
{
    return send_v3(api, &(struct sent){ .action = action,
                                .version = SAS,
                                .query = query,
                                .accept = "application/xml" });
}

/* The answer is 200 and one JSON document. */
#define IS_JSON(api)                                                            \
    do {                                                                        \
        struct mln_json *doc_ = NULL;                                           \
        struct mln_err err_;                                                    \
        IS_SERVED(api);                                                         \
        OK(mln_json_parse(mln_buf_str(&(api)->call.out), &doc_, &err_), &err_); \
        mln_json_free(doc_);                                                    \
    } while (0)

#define HAS(api, part)                                        \
    do {                                                      \
        struct mln_str all_ = mln_buf_str(&(api)->call.out);  \
        if (!answers((api), (part)))                          \
            fail_msg("no %s in %.*s", (part), MLN_FMT(all_)); \
    } while (0)

#define HAS_NOT(api, part)                                          \
    do {                                                            \
        struct mln_str all_ = mln_buf_str(&(api)->call.out);        \
        if (answers((api), (part)))                                 \
            fail_msg("there is %s in %.*s", (part), MLN_FMT(all_)); \
    } while (0)

struct asked {
    const char *query, *want;
};

static inline void all_answer(
        struct api *api, const char *action, const struct asked *cases, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        (void)sas(api, action, cases[i].query);
        if (api->call.status != 200 || !answers(api, cases[i].want))
            fail_msg("%s %s: %d, want %s in %.*s", action, cases[i].query, api->call.status,
                    cases[i].want, (int)api->call.out.len, api->call.out.ptr);
    }
}

static inline void all_refuse(
        struct api *api, const char *action, const struct asked *cases, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        (void)sas(api, action, cases[i].query);
        if (api->call.status != 400 || !answers(api, cases[i].want))
            fail_msg("%s %s: %d, want %s in %.*s", action, cases[i].query, api->call.status,
                    cases[i].want, (int)api->call.out.len, api->call.out.ptr);
    }
}

/* "Ids.1=1&Ids.2=1&..." */
static inline char *many(const char *name, size_t count, const char *value)
{
    size_t room = count * (strlen(name) + strlen(value) + 16) + 1, len = 0;
    char *text = calloc(1, room);

    assert_non_null(text);
    for (size_t i = 1; i <= count; i++)
        len += (size_t)snprintf(
                text + len, room - len, "%s%s.%zu=%s", i > 1 ? "&" : "", name, i, value);
    return text;
}
