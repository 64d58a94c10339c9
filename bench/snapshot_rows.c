#include "snapshot_rows.h"

#include <sys/resource.h>

static const struct mln_column columns[] = {
    { "charge_type", MLN_COLUMN_TEXT },
    { "cpu", MLN_COLUMN_INT },
    { "created", MLN_COLUMN_TEXT },
    { "deletion_protection", MLN_COLUMN_BOOL },
    { "image", MLN_COLUMN_TEXT },
    { "instance_type", MLN_COLUMN_TEXT },
    { "memory", MLN_COLUMN_INT },
    { "network_type", MLN_COLUMN_TEXT },
    { "public_ips", MLN_COLUMN_JSON },
    { "status", MLN_COLUMN_TEXT },
    { "vpc", MLN_COLUMN_TEXT },
    { "zone", MLN_COLUMN_TEXT },
};

#define PATH1(name)                     \
    {                                   \
        .names = { (name) }, .count = 1 \
    }
#define PATH2(name, inner)                       \
    {                                            \
        .names = { (name), (inner) }, .count = 2 \
    }

static const struct mln_column_map maps[] = {
    { 0, PATH1("InstanceChargeType"), NULL },
    { 1, PATH1("Cpu"), NULL },
    { 2, PATH1("CreationTime"), NULL },
    { 3, PATH1("DeletionProtection"), NULL },
    { 4, PATH1("ImageId"), NULL },
    { 5, PATH1("InstanceType"), NULL },
    { 6, PATH1("Memory"), NULL },
    { 7, PATH1("InstanceNetworkType"), NULL },
    { 8, PATH2("PublicIpAddress", "IpAddress"), NULL },
    { 9, PATH1("Status"), NULL },
    { 10, PATH2("VpcAttributes", "VpcId"), NULL },
    { 11, PATH1("ZoneId"), NULL },
};

static const struct mln_row_map rows = {
    .table = 0,
    .list = PATH2("Instances", "Instance"),
    .id = PATH1("InstanceId"),
    .name = PATH1("InstanceName"),
    .has_id = true,
    .has_name = true,
    .columns = maps,
    .column_count = MLN_LEN(maps),
};

static const struct mln_table tables[] = {
    { "ecs_instance", columns, MLN_LEN(columns), false, true },
};
static const struct mln_schema_call calls[] = {
    { "ecs:DescribeInstances", MLN_SCOPE_REGION, "ecs:DescribeInstances", NULL, &rows, NULL, 0 },
};
static const struct mln_schema schema = { tables, 1, calls, 1, "bench" };

const struct mln_schema *snapshot_schema(void)
{
    return &schema;
}

/* Ids are spread as the cloud's are: neighbours in a page are none in an index. */
static void add_instance(int64_t row, struct mln_buf *out)
{
    unsigned long long id = (unsigned long long)row * 0x9E3779B97F4A7C15U;

    mln_buf_addf(out,
            "{\"InstanceId\":\"i-bp1%016llx\",\"InstanceName\":\"worker-%lld\",\"Cpu\":4,"
            "\"Memory\":16384,\"CreationTime\":\"2026-05-12T08:%02lld:00Z\",\"Description\":\"\","
            "\"DeletionProtection\":false,\"ExpiredTime\":\"2099-12-31T15:59Z\","
            "\"HostName\":\"worker-%lld\",\"ImageId\":\"aliyun_3_x64_20G_alibase_20260415.vhd\","
            "\"InstanceChargeType\":\"PostPaid\",\"InstanceNetworkType\":\"vpc\","
            "\"InstanceType\":\"ecs.g7.xlarge\",\"InternetChargeType\":\"PayByTraffic\","
            "\"InternetMaxBandwidthOut\":5,\"IoOptimized\":true,\"KeyPairName\":\"ops\","
            "\"OSName\":\"Alibaba Cloud Linux 3\",\"OSType\":\"linux\","
            "\"PublicIpAddress\":{\"IpAddress\":[\"203.0.113.%lld\"]},\"RegionId\":\"cn-hangzhou\","
            "\"SecurityGroupIds\":{\"SecurityGroupId\":[\"sg-bp1%04llx\"]},\"Status\":\"Running\","
            "\"Tags\":{\"Tag\":[{\"TagKey\":\"team\",\"TagValue\":\"payments\"}]},"
            "\"VpcAttributes\":{\"PrivateIpAddress\":{\"IpAddress\":[\"10.%lld.%lld.%lld\"]},"
            "\"VSwitchId\":\"vsw-bp1s5fnvk4gn2tws03624\",\"VpcId\":\"vpc-bp1vwq4rsmoq0cp5u0l4i\"},"
            "\"ZoneId\":\"cn-hangzhou-h\"}",
            id, (long long)row, (long long)(row % 60), (long long)row, (long long)(row % 256),
            id >> 48, (long long)(row >> 16 & 255), (long long)(row >> 8 & 255),
            (long long)(row & 255));
}

void snapshot_page(int64_t first, int64_t count, struct mln_buf *out)
{
    mln_buf_addf(out, "{\"PageNumber\":%lld,\"PageSize\":%d,\"Instances\":{\"Instance\":[",
            (long long)(first / PAGE_ROWS + 1), PAGE_ROWS);
    for (int64_t i = 0; i < count; i++) {
        if (i > 0)
            mln_buf_add_char(out, ',');
        add_instance(first + i, out);
    }
    mln_buf_add_cstr(out, "]},\"RequestId\":\"473469C7-AA6F-4DC5-B3DB-A3DC0DE3C83E\"}");
}

double snapshot_cpu_s(void)
{
    struct rusage usage;

    (void)getrusage(RUSAGE_SELF, &usage);
    return (double)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) +
           (double)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e6;
}

long snapshot_peak_kib(void)
{
    struct rusage usage;

    (void)getrusage(RUSAGE_SELF, &usage);
    return usage.ru_maxrss;
}
