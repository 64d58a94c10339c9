/*
 * Fills a snapshot with ROWS instances from pages of JSON, as a collection does: a call of a
 * hundred pages each, begun and ended, one transaction. Prints the CPU seconds of it (the making of
 * the pages and the finishing apart) and the peak memory in KiB.
 *
 *     load_snapshot FILE ROWS
 */
#include <stdio.h>

#include "snapshot_rows.h"

#define CALL_ROWS ((int64_t)10000)
#define PAGE_MAX  ((size_t)1024 * 1024)

static struct mln_err err;
static struct mln_buf page = MLN_BUF_INIT(PAGE_MAX);
static double making_s;

static void must(int rc)
{
    if (rc == MLN_OK)
        return;
    (void)fprintf(stderr, "load_snapshot: %s\n", err.msg);
    exit(1);
}

static void add_page(struct mln_snapshot *snapshot, const struct mln_row_place *place,
        int64_t first, int64_t count, int64_t *added)
{
    struct mln_json *doc = NULL;
    double before = snapshot_cpu_s();

    mln_buf_reset(&page);
    snapshot_page(first, count, &page);
    making_s += snapshot_cpu_s() - before;
    must(mln_json_parse(mln_buf_str(&page), &doc, &err));
    must(mln_snapshot_add(
            snapshot, snapshot_schema()->calls[0].rows, place, mln_json_root(doc), added, &err));
    mln_json_free(doc);
}

static void add_call(struct mln_snapshot *snapshot, int64_t first, int64_t count)
{
    char region[32];
    struct mln_call_record record = { .call = MLN_STR("ecs:DescribeInstances"), .total = count };
    struct mln_row_place place = { 0 };

    (void)snprintf(region, sizeof(region), "region-%lld", (long long)(first / CALL_ROWS));
    record.region = place.region = mln_str_of(region);
    must(mln_snapshot_begin(snapshot, &err));
    must(mln_snapshot_call_begin(snapshot, &record, &place.call_row, &err));
    for (int64_t at = 0; at < count; at += PAGE_ROWS)
        add_page(snapshot, &place, first + at, count - at < PAGE_ROWS ? count - at : PAGE_ROWS,
                &record.items);
    must(mln_snapshot_call_end(snapshot, place.call_row, &record, &err));
    must(mln_snapshot_commit(snapshot, &err));
}

int main(int argc, char **argv)
{
    struct mln_snapshot *snapshot = NULL;
    double before, loading_s;
    int64_t rows;

    if (argc != 3) {
        (void)fprintf(stderr, "usage: load_snapshot FILE ROWS\n");
        return 2;
    }
    rows = strtoll(argv[2], NULL, 10);
    must(mln_snapshot_create(argv[1], snapshot_schema(), &snapshot, &err));
    before = snapshot_cpu_s();
    for (int64_t at = 0; at < rows; at += CALL_ROWS)
        add_call(snapshot, at, rows - at < CALL_ROWS ? rows - at : CALL_ROWS);
    loading_s = snapshot_cpu_s() - before - making_s;
    must(mln_snapshot_finish(snapshot, &err));
    mln_snapshot_free(snapshot);
    mln_buf_free(&page);
    (void)printf("%.6f %ld\n", loading_s, snapshot_peak_kib());
    return 0;
}
