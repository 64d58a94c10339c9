/*
 * A page of 20 risk events, or of 20 check results, in one process, without HTTP: the gateway's
 * whole work on a request against the least that it must cost (page_floor.h, checks_floor.h), turn
 * by turn. Prints a line a round: CPU microseconds per page of the floor and of the gateway, and
 * the sizes of their answers.
 *
 *     page STORE_FILE ACCOUNT SEAL_FILE ROUNDS COUNT [checks]
 */
#include <stdio.h>
#include <time.h>

#include "api/call.h"
#include "checks_floor.h"
#include "iam/iam.h"
#include "page_floor.h"
#include "signer.h"

#define PAGES        5
#define CHECKS_PAGES 2 /* Of 45 items: both are full. */

struct bench {
    struct signer signer;
    struct page_floor *floor;
    struct checks_floor *checks; /* NULL: risk events. */
    struct mln_gateway gateway;
    struct mln_metrics metrics;
    struct mln_log log;
    struct mln_lane lane;
    struct mln_call call;
    struct mln_buf out;
    struct signed_request *requests;
    size_t count;
};

static _Noreturn void die(const char *what)
{
    (void)fprintf(stderr, "page: %s\n", what);
    exit(1);
}

static double cpu_us(void)
{
    struct timespec now;

    (void)clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return (double)now.tv_sec * 1e6 + (double)now.tv_nsec / 1e3;
}

/* What a commit does to the kept answers: none of them may be used. */
static void outdate_answers(const struct mln_answers *answers)
{
    for (size_t i = 0; answers->slots != NULL && i < MLN_ANSWERS_MAX; i++)
        answers->slots[i].version++;
}

/* Open and handled events in turn, the first pages of each. */
static int64_t status_of(size_t i)
{
    return (int64_t)(i & 1);
}

static int64_t page_of(size_t i)
{
    return (int64_t)(i / 2 % PAGES) + 1;
}

static void sign_checks(struct bench *bench)
{
    static char queries[CHECKS_PAGES][80];

    for (size_t i = 0; i < bench->count; i++) {
        char *query = queries[i % CHECKS_PAGES];

        (void)snprintf(query, sizeof(queries[0]), "CurrentPage=%zu&Lang=en&PageSize=20",
                i % CHECKS_PAGES + 1);
        signer_sign(&bench->signer, query, &bench->requests[i]);
    }
}

static void sign_all(struct bench *bench)
{
    static char queries[2 * PAGES][80];

    if (bench->checks != NULL) {
        sign_checks(bench);
        return;
    }

    for (size_t i = 0; i < bench->count; i++) {
        char *query = queries[i % MLN_LEN(queries)];

        (void)snprintf(query, sizeof(queries[0]), "CurrentPage=%lld&HandleStatus=%s&PageSize=20",
                (long long)page_of(i), status_of(i) != 0 ? "PROCESSED" : "UNPROCESSED");
        signer_sign(&bench->signer, query, &bench->requests[i]);
    }
}

static double run_floor(struct bench *bench)
{
    double began = cpu_us();

    for (size_t i = 0; i < bench->count; i++) {
        const struct mln_acs_request *request = &bench->requests[i].request;

        if (bench->checks != NULL)
            checks_floor_run(bench->checks, request, (int64_t)(i % CHECKS_PAGES) + 1, &bench->out);
        else
            page_floor_run(bench->floor, request, status_of(i), page_of(i), &bench->out);
    }
    return (cpu_us() - began) / (double)bench->count;
}

static double run_gateway(struct bench *bench)
{
    double began = cpu_us();

    for (size_t i = 0; i < bench->count; i++) {
        struct mln_call *call = &bench->call;

        outdate_answers(&bench->lane.answers);
        mln_call_begin(call, &bench->lane);
        call->request = bench->requests[i].request;
        call->address = "127.0.0.1";
        if (mln_call_prepare(call))
            mln_call_act(call, &bench->lane);
        if (call->status != 200)
            die(call->out.ptr);
        mln_call_end(call);
    }
    return (cpu_us() - began) / (double)bench->count;
}

static void open_gateway(struct bench *bench, const char *url, const char *seal_path)
{
    const struct mln_seal_options seal_options = { .path = seal_path, .env = mln_env_system() };
    struct mln_auth_options auth = {
        .clock = mln_clock_system(),
        .nonce_ttl_ms = 2 * MLN_CALL_SKEW_MS,
        .requests_per_s = 1000000,
    };
    const struct mln_lane_options lane = {
        .store_url = url, .busy_timeout_ms = 2000, .random = mln_random_system()
    };
    struct mln_seal *seal = NULL;
    struct mln_err err;

    if (mln_seal_open(&seal_options, &seal, &err) != MLN_OK)
        die(err.msg);
    auth.seal = seal;
    bench->log = (struct mln_log){ .fd = 2, .clock = mln_clock_system() };
    bench->gateway = (struct mln_gateway){ .clock = mln_clock_system(),
        .log = &bench->log,
        .metrics = &bench->metrics,
        .skew_ms = MLN_CALL_SKEW_MS };
    if (mln_auth_new(&auth, &bench->gateway.auth, &err) != MLN_OK)
        die(err.msg);
    mln_lane_init(&bench->lane, &lane);
    mln_call_init(&bench->call, &bench->gateway);
}

int main(int argc, char **argv)
{
    static struct bench bench;
    static char url[4096];
    size_t floor_len;

    if (argc != 6 && !(argc == 7 && strcmp(argv[6], "checks") == 0)) {
        (void)fprintf(stderr, "usage: page STORE_FILE ACCOUNT SEAL_FILE ROUNDS COUNT [checks]\n");
        return 2;
    }
    bench.signer = signer_from_env("127.0.0.1:8080");
    bench.count = (size_t)strtoul(argv[5], NULL, 10);
    bench.requests = calloc(bench.count, sizeof(*bench.requests));
    if (bench.requests == NULL)
        die("memory");
    bench.out = (struct mln_buf)MLN_BUF_INIT(MLN_CALL_ANSWER_MAX);
    (void)snprintf(url, sizeof(url), "sqlite:%s", argv[1]);
    open_gateway(&bench, url, argv[3]);
    bench.floor = page_floor_open(argv[1], mln_str_of(argv[2]), bench.signer.secret);
    if (argc == 7) {
        bench.signer.action = "DescribeRiskCheckResult";
        bench.signer.version = "2018-12-03";
        bench.checks = checks_floor_open(argv[1], mln_str_of(argv[2]), bench.signer.secret);
    }
    for (long round = strtol(argv[4], NULL, 10); round > 0; round--) {
        double floor, gateway;

        sign_all(&bench);
        floor = run_floor(&bench);
        floor_len = bench.out.len;
        gateway = run_gateway(&bench);
        (void)printf("%.3f %.3f %zu %zu\n", floor, gateway, floor_len, bench.call.out.len);
        (void)fflush(stdout);
    }
    page_floor_close(bench.floor);
    if (bench.checks != NULL)
        checks_floor_close(bench.checks);
    return 0;
}
