/*
 * Collects an account of RESOURCES servers, each with a disk that is asked for on its own, from a
 * cloud in the same process that answers at once: what is left is the executor and the snapshot.
 * Prints the microseconds of CPU per call, the calls, the peak of private memory in KiB, and the
 * bytes that a call on its way takes.
 *
 *     collect_account FILE RESOURCES [AT_ONCE]
 *
 * AT_ONCE is how many answers are at hand together (1: each is waited for, and what ended before it
 * is written).
 */
#include <malloc.h>
#include <stdio.h>

#include "account.h"
#include "collect/collect.h"

#define QUEUE_MAX     2048
#define PAGE_ELEMENTS 100
#define REGIONS       8
#define FEW           64 /* Calls on their way, when they are weighed. */
#define MANY          320

static const char plan_text[] =
        "product: ecs\ncode: Ecs\nversion: \"1\"\nstyle: rpc\nreach: account\nram: ecs\n"
        "regions: ecs_region\ncalls:\n"
        "  - { action: DescribeRegions, table: ecs_region, list: Regions, id: Id }\n"
        "  - { action: DescribeInstances, reach: regions, rate: 100/s, request: { R: \"{region}\" },\n"
        "      page: { by: number, number: P, size: S, max: 100, total: T },\n"
        "      table: ecs_instance, list: Items, id: InstanceId, name: InstanceName,\n"
        "      columns: { status: Status text, vpc: VpcId text, created: CreationTime text } }\n"
        "  - { action: GetDisk, for_each: ecs_instance, rate: 100/s, request: { Id: \"{key}\" },\n"
        "      table: ecs_disk, columns: { size: Size int, encrypted: Encrypted bool } }\n"
        "  - { action: GetRules, for_each: ecs_instance, rate: 100/s, request: { Id: \"{key}\" },\n"
        "      table: ecs_rule, list: Rules, columns: { port: Port text, source: Source text } }\n"
        "  - { action: GetSlow, for_each: ecs_instance, rate: 30/min, request: { Id: \"{key}\" },\n"
        "      table: ecs_slow, columns: { a: A text } }\n";

struct cloud {
    const struct mln_collect_request *queue[QUEUE_MAX];
    size_t first, count, at_hand, at_once;
    int64_t per_region;
    struct mln_buf body;
    size_t most, few_bytes, task_bytes;
};

static struct mln_err err;

static void must(int rc)
{
    if (rc == MLN_OK)
        return;
    (void)fprintf(stderr, "collect_account: %s\n", err.msg);
    exit(1);
}

/* What so many calls take that are begun one after the other, with no answer between them. */
static void weigh(struct cloud *cloud)
{
    if (cloud->count == FEW)
        cloud->few_bytes = mallinfo2().uordblks;
    else if (cloud->count == MANY && cloud->few_bytes > 0 && cloud->task_bytes == 0)
        cloud->task_bytes = (mallinfo2().uordblks - cloud->few_bytes) / (MANY - FEW);
}

static int submit(void *ctx, const struct mln_collect_request *request, struct mln_err *out)
{
    struct cloud *cloud = ctx;

    (void)out;
    cloud->queue[(cloud->first + cloud->count++) % QUEUE_MAX] = request;
    cloud->most = cloud->count > cloud->most ? cloud->count : cloud->most;
    weigh(cloud);
    return MLN_OK;
}

static void say_instances(struct cloud *cloud, const struct mln_collect_request *request)
{
    int64_t first = (request->page - 1) * PAGE_ELEMENTS;

    mln_buf_addf(&cloud->body, "{\"T\":%lld,\"Items\":[", (long long)cloud->per_region);
    for (int64_t i = first; i < cloud->per_region && i < first + PAGE_ELEMENTS; i++)
        mln_buf_addf(&cloud->body,
                "%s{\"InstanceId\":\"i-%.*s%012lld\",\"InstanceName\":\"worker-%lld\",\"Cpu\":4,"
                "\"Memory\":16384,\"CreationTime\":\"2025-05-12T08:14Z\",\"Description\":\"\","
                "\"HostName\":\"worker-%lld\",\"ImageId\":\"aliyun_3_x64_20G_alibase.vhd\","
                "\"InstanceType\":\"ecs.g7.xlarge\",\"OSName\":\"Alibaba Cloud Linux 3\","
                "\"Status\":\"Running\",\"Tags\":{\"Tag\":[{\"TagKey\":\"team\",\"TagValue\":"
                "\"payments\"}]},\"VpcId\":\"vpc-bp1vwq4rsmoq0cp5u0l4i\"}",
                i > first ? "," : "", MLN_FMT(request->region), (long long)i, (long long)i,
                (long long)i);
    mln_buf_add_cstr(&cloud->body, "]}");
}

static void say(struct cloud *cloud, const struct mln_collect_request *request)
{
    const char *action = request->call.action;

    mln_buf_reset(&cloud->body);
    if (strcmp(action, "DescribeRegions") == 0) {
        mln_buf_add_cstr(&cloud->body, "{\"Regions\":[");
        for (int i = 0; i < REGIONS; i++)
            mln_buf_addf(&cloud->body, "%s{\"Id\":\"r%d\"}", i > 0 ? "," : "", i);
        mln_buf_add_cstr(&cloud->body, "]}");
    } else if (strcmp(action, "DescribeInstances") == 0) {
        say_instances(cloud, request);
    } else if (strcmp(action, "GetRules") == 0) {
        mln_buf_add_cstr(&cloud->body, "{\"Rules\":[{\"Port\":\"22/22\",\"Source\":\"10.0.0.0/8\"},"
                                       "{\"Port\":\"443/443\",\"Source\":\"0.0.0.0/0\"}]}");
    } else {
        mln_buf_add_cstr(&cloud->body,
                "{\"RequestId\":\"4C2C6C1F-8A1D-4E0A-9D6E-1C2F3B4A5D6E\",\"Size\":200,"
                "\"Encrypted\":true,\"A\":\"x\"}");
    }
}

static int next(void *ctx, int64_t wait_ms, struct mln_collect_answer *out, struct mln_err *why)
{
    struct cloud *cloud = ctx;

    if (cloud->count == 0 || (wait_ms == 0 && cloud->at_hand == 0)) {
        if (cloud->count == 0)
            return mln_fail(why, MLN_ENOTFOUND, "nothing is under way");
        cloud->at_hand = cloud->at_once;
        return mln_fail(why, MLN_ENOTFOUND, "nothing yet");
    }
    if (cloud->at_hand == 0)
        cloud->at_hand = cloud->at_once;
    cloud->few_bytes = 0;
    cloud->at_hand--;
    *out = (struct mln_collect_answer){
        .request = cloud->queue[cloud->first], .status = 200, .retry_after_ms = -1
    };
    cloud->first = (cloud->first + 1) % QUEUE_MAX;
    cloud->count--;
    say(cloud, out->request);
    out->body = mln_buf_str(&cloud->body);
    return MLN_OK;
}

static void dont_wait(void *ctx, int64_t ms)
{
    (void)ctx;
    (void)ms;
}

int main(int argc, char **argv)
{
    const struct mln_plan_file file = { .name = "ecs.yaml",
        .text = { plan_text, sizeof(plan_text) - 1 } };
    static struct cloud cloud = { .at_once = 64, .body = MLN_BUF_INIT((size_t)1024 * 1024) };
    const struct mln_collect_transport transport = { .in_flight_max = QUEUE_MAX,
        .submit = submit,
        .next = next,
        .pause = dont_wait,
        .ctx = &cloud };
    const struct mln_collect_options options = { .account_id = MLN_STR(ACCOUNT_ID),
        .clock = mln_clock_system() };
    struct mln_collect_report report;
    struct mln_snapshot *snapshot = NULL;
    struct mln_plan *plan = NULL;
    double began;

    if (argc < 3) {
        (void)fprintf(stderr, "usage: collect_account FILE RESOURCES [AT_ONCE]\n");
        return 2;
    }
    /* A server, its disk, its rules, and what is asked for slowly. */
    cloud.per_region = strtoll(argv[2], NULL, 10) / 5 / REGIONS;
    if (argc > 3)
        cloud.at_once = strtoull(argv[3], NULL, 10);
    must(mln_plan_load(&file, 1, &plan, &err));
    must(mln_snapshot_create(argv[1], mln_plan_schema(plan), &snapshot, &err));
    began = account_cpu_s();
    must(mln_collect(plan, snapshot, &transport, &options, &report, &err));
    (void)printf("%.1f %lld %ld %zu\n", (account_cpu_s() - began) * 1e6 / (double)report.calls,
            (long long)report.calls, account_peak_kib(), cloud.task_bytes);
    mln_snapshot_free(snapshot);
    mln_plan_free(plan);
    mln_buf_free(&cloud.body);
    return 0;
}
