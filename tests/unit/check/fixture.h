/* A small plan, and check files over it, for the tests of the engine. */
#pragma once

#include <stdio.h>

#include "check/check.h"
#include "test.h"

static const struct mln_column bucket_columns[] = { { "storage_class", MLN_COLUMN_TEXT },
    { "size", MLN_COLUMN_INT } };
static const struct mln_column info_columns[] = { { "acl_grant", MLN_COLUMN_TEXT },
    { "owner", MLN_COLUMN_JSON }, { "logged", MLN_COLUMN_BOOL }, { "share", MLN_COLUMN_REAL } };
static const struct mln_column instance_columns[] = { { "engine", MLN_COLUMN_TEXT } };
static const struct mln_column list_columns[] = { { "ips", MLN_COLUMN_TEXT } };

/* Sorted by name. */
enum { ACCOUNT, DISK, INSTANCE, KEY, LIST, BUCKET, INFO, TRAIL, TABLES };
static const struct mln_table tables[TABLES] = {
    { "account", NULL, 0, false, true },
    { "ecs_disk", NULL, 0, false, true },
    { "ecs_instance", instance_columns, 1, false, true },
    { "kms_key", NULL, 0, false, true },
    { "net_list", list_columns, 1, false, false },
    { "oss_bucket", bucket_columns, 2, false, true },
    { "oss_bucket_info", info_columns, 4, true, true },
    { "trail", NULL, 0, false, true },
};

enum { CALLER, REGIONS, BUCKETS, GET_INFO, INSTANCES, LISTS, DISKS, KEYS, TRAILS, CALLS };
static const size_t needs_caller[] = { CALLER }, needs_buckets[] = { BUCKETS },
                    needs_regions[] = { REGIONS }, needs_instances[] = { INSTANCES };
static const struct mln_row_map maps[CALLS] = {
    [CALLER] = { .table = ACCOUNT },
    [BUCKETS] = { .table = BUCKET },
    [GET_INFO] = { .table = INFO },
    [INSTANCES] = { .table = INSTANCE },
    [LISTS] = { .table = LIST },
    [DISKS] = { .table = DISK },
    [KEYS] = { .table = KEY },
    [TRAILS] = { .table = TRAIL },
};
static const struct mln_schema_call calls[CALLS] = {
    { "sts:GetCallerIdentity", MLN_SCOPE_ACCOUNT, "none", NULL, &maps[CALLER], NULL, 0 },
    { "ecs:DescribeRegions", MLN_SCOPE_ACCOUNT, "ecs:DescribeRegions", NULL, NULL, needs_caller,
            1 },
    { "oss:ListBuckets", MLN_SCOPE_ACCOUNT, "oss:ListBuckets", NULL, &maps[BUCKETS], NULL, 0 },
    { "oss:GetBucketInfo", MLN_SCOPE_ROW, "oss:GetBucketInfo", "oss_bucket", &maps[GET_INFO],
            needs_buckets, 1 },
    { "ecs:DescribeInstances", MLN_SCOPE_REGION, "ecs:DescribeInstances", NULL, &maps[INSTANCES],
            needs_regions, 1 },
    { "ecs:DescribeLists", MLN_SCOPE_ROW, "ecs:DescribeLists", "ecs_instance", &maps[LISTS],
            needs_instances, 1 },
    { "ecs:DescribeDisks", MLN_SCOPE_REGION, "ecs:DescribeDisks", NULL, &maps[DISKS], needs_regions,
            1 },
    { "kms:ListKeys", MLN_SCOPE_REGION, "kms:ListKeys", NULL, &maps[KEYS], needs_regions, 1 },
    { "trail:Describe", MLN_SCOPE_SITE, "trail:Describe", NULL, &maps[TRAILS], NULL, 0 },
};
static const struct mln_schema schema = { tables, TABLES, calls, CALLS,
    "0123456789012345678901234567890123456789012345678901234567890123" };

#define HEAD                                                                                         \
    "id: 100001\n"                                                                                   \
    "name: Test_Check\n"                                                                             \
    "title: { en: A test, zh: 测试 }\n"                                                            \
    "group: data\n"                                                                                  \
    "level: high\n"                                                                                  \
    "service: OSS\n"                                                                                 \
    "texts:\n"                                                                                       \
    "  en: { best_practice: b, influence: i, suggestion: s, help_resource: 'https://e.x/' }\n"       \
    "  zh: { best_practice: 一, influence: 二, suggestion: 三, help_resource: 'https://e.x/' }\n" \
    "grid: { key: BucketName, en: Bucket, zh: 存储空间 }\n"
#define PASS_TEST "  - { name: p, rows: { oss_bucket: [{ id: b1 }] }, expect: { b1: pass } }\n"
#define FAIL_TEST "  - { name: f, rows: { oss_bucket: [{ id: b1 }] }, expect: { b1: fail } }\n"
#define TESTS     "tests:\n" PASS_TEST FAIL_TEST

static inline int load_text(const char *text, struct mln_checks **out, struct mln_err *err)
{
    struct mln_check_file file = { "c.yaml", mln_str_of(text), false };
    struct mln_checks_source source = { &file, 1, NULL, 0, &schema };

    return mln_checks_load(&source, out, err);
}
