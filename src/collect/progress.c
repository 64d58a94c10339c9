/* How far a run is. Counting goes over all calls, so it is told now and then and not each time. */
#include "collect/executor.h"

/* Calls that are known and not begun, and how long those of the slowest place will take. */
static void count_left(const struct mln_run *run, int64_t *calls, int64_t *ms)
{
    double longest_s = 0;

    *calls = 0;
    for (size_t i = 0; i < run->plan->schema.call_count; i++) {
        const struct mln_run_call *call = &run->calls[i];
        double rate = run->plan->entries[i].info.rate, s;
        int64_t all = 0, most = 0;

        if (call->state != MLN_CALL_OPEN)
            continue;
        mln_keys_left(&call->keys, &all, &most);
        *calls += all;
        s = rate > 0 ? (double)most / rate : 0;
        longest_s = s > longest_s ? s : longest_s;
    }
    *ms = longest_s < 1e12 ? (int64_t)(longest_s * 1000) : -1;
}

void mln_run_tell(struct mln_run *run, bool at_once)
{
    struct mln_collect_progress progress = {
        .call = run->newest, .calls = run->report->calls, .rows = run->report->rows
    };
    int64_t now_ms, left = 0;

    if (run->options->progress == NULL || run->newest == NULL)
        return;
    now_ms = mln_monotonic_ms(run->options->clock);
    if (!at_once && run->told_ms != 0 && now_ms - run->told_ms < MLN_PROGRESS_MS)
        return;
    run->told_ms = now_ms;
    count_left(run, &left, &progress.left_ms);
    progress.known = progress.calls + (int64_t)run->live + left;
    run->options->progress(run->options->progress_ctx, &progress);
}
