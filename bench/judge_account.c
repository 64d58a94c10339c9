/*
 * Judges a snapshot. Prints the wall and the CPU seconds of it, the peak memory in KiB, and how
 * many findings there were and how many of them failed.
 *
 *     judge_account FILE            all checks, findings counted
 *     judge_account FILE each       the same, a line for each check
 *     judge_account FILE 27         one check alone
 *     judge_account FILE list       the same, a line for each finding
 *     judge_account FILE judge N    all checks in N threads (0: the default), as `check run` does;
 *                                   passes are not among the findings
 *     judge_account FILE STORE_URL  a scan into the store
 */
#include <stdio.h>

#include "account.h"
#include "risk/posture_priv.h"
#include "store/store.h"

static struct mln_err err;
static bool is_listing;

static void must(int rc)
{
    if (rc == MLN_OK)
        return;
    (void)fprintf(stderr, "judge_account: %s\n", err.msg);
    exit(1);
}

static int count_finding(void *ctx, const struct mln_finding *finding, struct mln_err *unused)
{
    const struct mln_check *check = ctx;

    (void)unused;
    if (is_listing)
        (void)printf("%lld\t%.*s\t%.*s\t%.*s\t%s\t%.*s\n", (long long)check->id,
                MLN_FMT(finding->id), MLN_FMT(finding->region), MLN_FMT(finding->name),
                mln_verdict_name(finding->verdict), MLN_FMT(finding->reason));
    return MLN_OK;
}

static void judge(const struct mln_posture *posture, const char *path, bool is_each, int64_t only)
{
    struct mln_snapshot *snapshot = NULL;
    struct mln_evaluator_options how = { .now_ms = 1795000000000, .time_max_ms = 3600000 };
    struct mln_evaluator *evaluator = NULL;
    double began = account_wall_s(), before = account_cpu_s(), at = before;
    int64_t count[MLN_VERDICTS] = { 0 };

    must(mln_snapshot_open(path, &snapshot, &err));
    must(mln_evaluator_new(snapshot, &how, &evaluator, &err));
    if (is_each)
        (void)printf("%.3f to open\n", account_cpu_s() - at);
    for (size_t i = 0; i < mln_checks_count(posture->checks); i++) {
        const struct mln_check *check = mln_checks_at(posture->checks, i);
        struct mln_evaluation out;
        int64_t rows = 0;

        if (only != 0 && check->id != only)
            continue;
        at = account_cpu_s();
        must(mln_evaluate(evaluator, check, count_finding, (void *)(uintptr_t)check, &out, &err));
        for (int verdict = 0; verdict < MLN_VERDICTS; verdict++) {
            count[verdict] += out.count[verdict];
            rows += out.count[verdict];
        }
        if (is_each)
            (void)printf("%.3f s, %lld rows (%lld fail, %lld unknown), %.1f us a row: %lld %.*s\n",
                    account_cpu_s() - at, (long long)rows, (long long)out.count[MLN_FAIL],
                    (long long)out.count[MLN_UNKNOWN],
                    1e6 * (account_cpu_s() - at) / (double)(rows > 0 ? rows : 1),
                    (long long)check->id, MLN_FMT(check->name));
        mln_evaluation_free(&out);
    }
    (void)printf("%.6f %.6f %ld %lld %lld\n", account_wall_s() - began, account_cpu_s() - before,
            account_peak_kib(),
            (long long)(count[MLN_PASS] + count[MLN_FAIL] + count[MLN_NOT_APPLICABLE] +
                        count[MLN_UNKNOWN]),
            (long long)count[MLN_FAIL]);
    mln_evaluator_free(evaluator);
    mln_snapshot_free(snapshot);
}

static int count_judged(void *ctx, const struct mln_judged *judged, struct mln_err *unused)
{
    (void)judged;
    (void)unused;
    ++*(long long *)ctx;
    return MLN_OK;
}

static void judge_at_once(const struct mln_posture *posture, const char *path, int threads)
{
    const struct mln_scan_options options = {
        .posture = posture,
        .source = { MLN_SOURCE_SNAPSHOT, mln_str_of(path) },
        .threads = threads,
        .clock = mln_clock_system(),
    };
    struct mln_scan_report report;
    double began = account_wall_s(), before = account_cpu_s();
    long long count = 0;

    must(mln_judge(&options, false, count_judged, &count, &report, &err));
    (void)printf("%.6f %.6f %ld %lld %lld\n", account_wall_s() - began, account_cpu_s() - before,
            account_peak_kib(), count, (long long)report.findings_failed);
}

static void scan(const struct mln_posture *posture, const char *path, const char *url)
{
    struct mln_store_options how = { .mode = MLN_STORE_WRITE };
    struct mln_store *store = NULL;
    struct mln_scan_options options = {
        .posture = posture,
        .account_id = MLN_STR(ACCOUNT_ID),
        .source = { MLN_SOURCE_SNAPSHOT, mln_str_of(path) },
        .clock = mln_clock_system(),
    };
    struct mln_scan_report report;
    double began = account_wall_s(), before = account_cpu_s();

    must(mln_store_open(url, &how, &store, &err));
    must(mln_scan(store, &options, &report, &err));
    mln_store_close(store);
    (void)printf("%.6f %.6f %ld %lld %lld\n", account_wall_s() - began, account_cpu_s() - before,
            account_peak_kib(), (long long)(report.findings_failed + report.findings_not_assessed),
            (long long)report.findings_failed);
}

int main(int argc, char **argv)
{
    struct mln_posture_options options = { 0 };
    struct mln_posture *posture = NULL;
    const char *mode = argc > 2 ? argv[2] : "";

    if (argc < 2 || argc != (strcmp(mode, "judge") == 0 ? 4 : argc > 2 ? 3 : 2)) {
        (void)fprintf(stderr, "usage: judge_account FILE [each|list|ID|judge THREADS|STORE_URL]\n");
        return 2;
    }
    must(mln_posture_load(&options, &posture, &err));
    is_listing = strcmp(mode, "list") == 0;
    if (strcmp(mode, "judge") == 0)
        judge_at_once(posture, argv[1], (int)strtol(argv[3], NULL, 10));
    else if (strchr(mode, ':') == NULL)
        judge(posture, argv[1], strcmp(mode, "each") == 0, strtoll(mode, NULL, 10));
    else
        scan(posture, argv[1], mode);
    mln_posture_free(posture);
    return 0;
}
