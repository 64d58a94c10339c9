/*
 * Arbitrary bytes as the answers to a list by number, a list by token, a decoded table and a call
 * for each row. The first byte is the status, the second the format.
 */
#include "collect/collect.h"

#define QUEUE_MAX 64
#define ASKED_MAX 400 /* A list that never ends is cut off here. */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char plan_text[] =
        "product: p\ncode: P\nversion: \"1\"\nstyle: rpc\nreach: account\nram: p\n"
        "errors: { Gone: gone, None: absent, Closed: not_activated }\ncalls:\n"
        "  - action: ListNumber\n    page: { by: number, number: N, size: S, max: 2, total: T, more: M "
        "}\n    table: p_number\n    list: I.I\n    id: Id\n    region: R\n    columns: { a: A text, b: "
        "B int, c: C json }\n    rows: [{ table: p_nested, list: L, columns: { v: . text } }]\n"
        "  - action: ListToken\n    variants: { V: [a, b] }\n    page: { by: token, token: K, next: X, "
        "total: T, more: M }\n    table: p_token\n    list: I\n    columns: { a: A bool, b: B real }\n"
        "  - action: GetTable\n    decode: base64_csv\n    item: C\n    table: p_table\n    columns: { "
        "a: a text }\n"
        "  - action: GetOne\n    for_each: p_number\n    request: { A: \"{key}\" }\n    table: p_one\n"
        "    item: I\n    columns: { a: A text }\n";

struct cloud {
    const struct mln_collect_request *waiting[QUEUE_MAX];
    size_t count, asked;
    int status;
    bool is_xml;
    struct mln_str body;
    volatile int stop;
};

static int submit(void *ctx, const struct mln_collect_request *request, struct mln_err *err)
{
    struct cloud *cloud = ctx;

    (void)err;
    if (cloud->count == QUEUE_MAX)
        abort();
    cloud->waiting[cloud->count++] = request;
    if (++cloud->asked > ASKED_MAX)
        cloud->stop = 1;
    return MLN_OK;
}

static int next(void *ctx, int64_t wait_ms, struct mln_collect_answer *out, struct mln_err *err)
{
    struct cloud *cloud = ctx;

    (void)wait_ms;
    if (cloud->count == 0)
        return mln_fail(err, MLN_ENOTFOUND, "nothing");
    *out = (struct mln_collect_answer){ .request = cloud->waiting[--cloud->count],
        .status = cloud->status,
        .is_xml = cloud->is_xml,
        .body = cloud->body,
        .retry_after_ms = -1 };
    return MLN_OK;
}

static void dont_wait(void *ctx, int64_t ms)
{
    (void)ctx;
    (void)ms;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const int statuses[] = { 200, 200, 200, 400, 403, 404, 503, 0 };
    static struct mln_plan *plan;
    const struct mln_plan_file file = { .name = "p.yaml",
        .text = { plan_text, sizeof(plan_text) - 1 } };
    struct cloud cloud = { .count = 0 };
    const struct mln_collect_transport transport = {
        .in_flight_max = 8, .submit = submit, .next = next, .pause = dont_wait, .ctx = &cloud
    };
    const struct mln_collect_options options = {
        .account_id = MLN_STR("1234"), .clock = mln_clock_system(), .stop = &cloud.stop
    };
    struct mln_collect_report report;
    struct mln_snapshot *snapshot = NULL;
    struct mln_err err;
    int rc;

    if (size < 2)
        return 0;
    cloud.status = statuses[data[0] % MLN_LEN(statuses)];
    cloud.is_xml = data[1] % 2 == 1;
    cloud.body = (struct mln_str){ (const char *)data + 2, size - 2 };
    if (plan == NULL && mln_plan_load(&file, 1, &plan, &err) != MLN_OK)
        abort();
    if (mln_snapshot_create(NULL, mln_plan_schema(plan), &snapshot, &err) != MLN_OK)
        abort();
    rc = mln_collect(plan, snapshot, &transport, &options, &report, &err);
    /* Whatever the answers are, the run comes to an end of its own. */
    if (rc != MLN_OK && rc != MLN_ECANCELLED)
        abort();
    mln_snapshot_free(snapshot);
    return 0;
}
