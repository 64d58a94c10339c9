/*
 * Fills a snapshot with the account of RESOURCES resources after the plan of the catalogue. Prints
 * the wall seconds of it (from JSON to a finished file), the CPU seconds, the peak memory in KiB,
 * rows and calls.
 *
 *     fill_account FILE RESOURCES
 */
#include <stdio.h>

#include "account.h"
#include "risk/posture_priv.h"

static struct mln_err err;

static void must(int rc)
{
    if (rc == MLN_OK)
        return;
    (void)fprintf(stderr, "fill_account: %s\n", err.msg);
    exit(1);
}

int main(int argc, char **argv)
{
    struct mln_posture_options options = { 0 };
    struct mln_posture *posture = NULL;
    struct mln_snapshot *snapshot = NULL;
    struct account_loading loading;

    if (argc != 3) {
        (void)fprintf(stderr, "usage: fill_account FILE RESOURCES\n");
        return 2;
    }
    must(mln_posture_load(&options, &posture, &err));
    must(mln_snapshot_create(argv[1], mln_plan_schema(posture->plan), &snapshot, &err));
    must(account_load(
            mln_plan_schema(posture->plan), strtoll(argv[2], NULL, 10), snapshot, &loading, &err));
    (void)printf("%.6f %.6f %ld %lld %lld\n", loading.wall_s, loading.cpu_s, account_peak_kib(),
            (long long)loading.rows, (long long)loading.calls);
    mln_snapshot_free(snapshot);
    mln_posture_free(posture);
    return 0;
}
