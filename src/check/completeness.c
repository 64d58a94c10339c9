#include "check/completeness.h"

#include "check/unread_map.h"

#define OUTCOMES (MLN_OUTCOME_RUNNING + 1)

struct region_set {
    uint64_t bits[MLN_READ_REGIONS_MAX / 64];
};

/* One call of the plan, all its records together. */
struct tally {
    int64_t count[OUTCOMES];
    int64_t not_recorded; /* Of the failed. */
    int64_t pages, rows, counted_rows, total, reused;
    int64_t oldest_ms, newest_ms; /* 0: none */
    struct region_set asked, with_rows;
    struct region_set missed[OUTCOMES - MLN_OUTCOME_DENIED]; /* By outcome, from DENIED on. */
};

struct mln_reads {
    const struct mln_unread_map *map;
    struct tally *tallies;  /* By the map's calls. */
    struct mln_map calls;   /* Id to struct mln_unread_call. */
    struct mln_map regions; /* Name to its number + 1. */
};

struct counter {
    struct mln_reads *reads;
    struct mln_snapshot *snapshot;
    struct mln_err *err;
    const struct mln_unread_call *call; /* Of the record before. */
};

/* ---- sets of regions ---- */
static void set_add(struct region_set *set, size_t region)
{
    set->bits[region / 64] |= UINT64_C(1) << (region % 64);
}

static void set_join(struct region_set *set, const struct region_set *other)
{
    for (size_t i = 0; i < MLN_LEN(set->bits); i++)
        set->bits[i] |= other->bits[i];
}

static int64_t set_count(const struct region_set *set)
{
    int64_t count = 0;

    for (size_t i = 0; i < MLN_LEN(set->bits); i++)
        count += __builtin_popcountll(set->bits[i]);
    return count;
}

/* The number of a region, or -1: nowhere in particular, or more regions than are told apart. */
static int number_of(struct mln_reads *reads, struct mln_str region)
{
    void *known;
    size_t number;

    if (mln_unread_is_everywhere(region))
        return -1;
    known = mln_map_get(&reads->regions, region);
    if (known != NULL)
        return (int)((uintptr_t)known - 1);
    number = reads->regions.count;
    /* NOLINTNEXTLINE(performance-no-int-to-ptr): a number, never followed */
    if (mln_map_put(&reads->regions, region, (void *)(number + 1), NULL) != MLN_OK)
        return -1;
    return (int)number;
}

/* ---- counting ---- */
/* The numbers of a file from elsewhere are whatever they are. */
static void add_up(int64_t *sum, int64_t number)
{
    if (number > 0 && __builtin_add_overflow(*sum, number, sum))
        *sum = INT64_MAX;
}

static void note_time(struct tally *tally, int64_t oldest_ms, int64_t newest_ms)
{
    if (oldest_ms > 0 && (tally->oldest_ms == 0 || oldest_ms < tally->oldest_ms))
        tally->oldest_ms = oldest_ms;
    if (newest_ms > tally->newest_ms)
        tally->newest_ms = newest_ms;
}

enum { CALL, REGION, OUTCOME, ITEMS, PAGES, TOTAL, FINISHED, MESSAGE };

#define RECORDS \
    "select call, region, outcome, items, pages, total, finished_ms, message from collect_call"

static void count_where(struct counter *counter, sqlite3_stmt *row, enum mln_call_scope scope,
        enum mln_outcome outcome, struct tally *tally)
{
    int region = scope >= MLN_SCOPE_REGION
                         ? number_of(counter->reads, mln_check_column(row, REGION))
                         : -1;

    if (region < 0)
        return;
    set_add(&tally->asked, (size_t)region);
    if (sqlite3_column_int64(row, ITEMS) > 0)
        set_add(&tally->with_rows, (size_t)region);
    if (!mln_outcome_is_read(outcome))
        set_add(&tally->missed[outcome - MLN_OUTCOME_DENIED], (size_t)region);
}

/* Most records are of the same call as the one before. */
static const struct mln_unread_call *find_call(struct counter *counter, struct mln_str id)
{
    if (counter->call == NULL || !mln_str_eq(counter->call->id, id))
        counter->call = mln_map_get(&counter->reads->calls, id);
    return counter->call;
}

static int count_record(struct counter *counter, sqlite3_stmt *row)
{
    struct mln_reads *reads = counter->reads;
    const struct mln_unread_call *call = find_call(counter, mln_check_column(row, CALL));
    int64_t items = sqlite3_column_int64(row, ITEMS), total = sqlite3_column_int64(row, TOTAL);
    struct mln_str message = mln_check_column(row, MESSAGE);
    enum mln_outcome outcome;
    struct tally *tally;

    if (call == NULL)
        return mln_fail(
                counter->err, MLN_ECORRUPT, "the snapshot's plan has not a call that was made");
    if (mln_outcome_parse(mln_check_column(row, OUTCOME), &outcome) != MLN_OK)
        return mln_fail(
                counter->err, MLN_ECORRUPT, "the snapshot has a call of an unknown outcome");
    tally = &reads->tallies[call - reads->map->calls];
    tally->count[outcome]++;
    add_up(&tally->pages, sqlite3_column_int64(row, PAGES));
    add_up(&tally->rows, items);
    if (total >= 0) {
        add_up(&tally->counted_rows, items);
        add_up(&tally->total, total);
    }
    note_time(tally, sqlite3_column_int64(row, FINISHED), sqlite3_column_int64(row, FINISHED));
    tally->reused += mln_str_starts(message, MLN_STR("unchanged since "));
    tally->not_recorded += outcome == MLN_OUTCOME_FAILED && mln_str_is(message, "not recorded");
    count_where(counter, row, call->scope, outcome, tally);
    return MLN_OK;
}

static int count_records(struct counter *counter)
{
    MLN_AUTO(mln_check_finalize) sqlite3_stmt *rows = NULL;
    int code = sqlite3_prepare_v2(mln_snapshot_db(counter->snapshot), RECORDS, -1, &rows, NULL);
    int rc = MLN_OK;

    while (rc == MLN_OK && code == SQLITE_OK && (code = sqlite3_step(rows)) == SQLITE_ROW) {
        rc = count_record(counter, rows);
        code = SQLITE_OK;
    }
    if (rc == MLN_OK && code != SQLITE_DONE)
        rc = mln_snapshot_fail(counter->snapshot, code, "count what was collected", counter->err);
    return rc;
}

static int index_calls(struct mln_reads *reads)
{
    for (size_t i = 0; i < reads->map->call_count; i++) {
        struct mln_unread_call *call = &reads->map->calls[i];

        if (mln_map_put(&reads->calls, call->id, call, NULL) != MLN_OK)
            return MLN_ENOMEM;
    }
    return MLN_OK;
}

int mln_reads_new(struct mln_snapshot *snapshot, const struct mln_unread_map *map,
        struct mln_reads **out, struct mln_err *err)
{
    struct mln_reads *reads = calloc(1, sizeof(*reads));
    struct counter counter = { reads, snapshot, err, NULL };
    int rc;

    if (reads == NULL)
        return mln_unread_no_memory(err);
    reads->map = map;
    mln_map_init(&reads->calls, MLN_UNREAD_CALLS_MAX);
    mln_map_init(&reads->regions, MLN_READ_REGIONS_MAX);
    reads->tallies = calloc(map->call_count + 1, sizeof(*reads->tallies));
    if (reads->tallies == NULL || index_calls(reads) != MLN_OK)
        rc = mln_unread_no_memory(err);
    else
        rc = count_records(&counter);
    if (rc != MLN_OK) {
        mln_reads_free(reads);
        return rc;
    }
    *out = reads;
    return MLN_OK;
}

void mln_reads_free(struct mln_reads *reads)
{
    if (reads == NULL)
        return;
    mln_map_fini(&reads->calls, NULL);
    mln_map_fini(&reads->regions, NULL);
    free(reads->tallies);
    free(reads);
}

/* ---- adding up for one check ---- */
enum { NOT_NEEDED, NEEDED, FILLS };

/* Which calls fill the tables, and which those depend on, over as many steps as it takes. */
static void find_needed(
        const struct mln_unread_map *map, const struct mln_table_set *tables, unsigned char *need)
{
    bool more = true;

    for (size_t i = 0; i < map->table_count; i++) {
        for (size_t j = 0; mln_table_set_has(tables, i) && j < map->tables[i].call_count; j++)
            need[map->tables[i].calls[j]] = FILLS;
    }
    while (more) {
        more = false;
        for (size_t i = 0; i < map->call_count; i++) {
            for (size_t j = 0; need[i] != NOT_NEEDED && j < map->calls[i].depend_count; j++) {
                size_t on = map->calls[i].depends[j];

                more = more || need[on] == NOT_NEEDED;
                if (need[on] == NOT_NEEDED)
                    need[on] = NEEDED;
            }
        }
    }
}

/* A call whose making never ended has instances that nobody began. */
static int64_t not_collected(const struct mln_unread_call *call, const struct tally *tally)
{
    int64_t running = tally->count[MLN_OUTCOME_RUNNING];

    return running > 0 || call->done ? running : 1;
}

static void add_tally(const struct mln_unread_call *call, const struct tally *tally, bool fills,
        struct tally *sum, struct mln_completeness *out)
{
    const int64_t *count = tally->count;

    for (int i = 0; i < OUTCOMES; i++)
        out->calls += count[i];
    out->read += count[MLN_OUTCOME_OK] + count[MLN_OUTCOME_ABSENT] +
                 count[MLN_OUTCOME_NOT_APPLICABLE] + count[MLN_OUTCOME_GONE];
    out->not_activated += count[MLN_OUTCOME_NOT_ACTIVATED];
    out->no_region += count[MLN_OUTCOME_NO_REGION];
    out->denied += count[MLN_OUTCOME_DENIED];
    out->throttled += count[MLN_OUTCOME_THROTTLED];
    out->unsupported += count[MLN_OUTCOME_UNSUPPORTED];
    out->failed += count[MLN_OUTCOME_FAILED] - tally->not_recorded;
    out->not_recorded += tally->not_recorded;
    out->not_collected += not_collected(call, tally);
    out->reused += tally->reused;
    add_up(&out->pages, tally->pages);
    note_time(sum, tally->oldest_ms, tally->newest_ms);
    set_join(&sum->asked, &tally->asked);
    if (!fills)
        return;
    add_up(&out->rows, tally->rows);
    add_up(&out->counted_rows, tally->counted_rows);
    add_up(&out->total, tally->total);
    set_join(&sum->with_rows, &tally->with_rows);
}

static enum mln_unread why_of(enum mln_outcome outcome)
{
    static const enum mln_unread whys[OUTCOMES] = {
        [MLN_OUTCOME_DENIED] = MLN_UNREAD_DENIED,
        [MLN_OUTCOME_THROTTLED] = MLN_UNREAD_THROTTLED,
        [MLN_OUTCOME_UNSUPPORTED] = MLN_UNREAD_UNSUPPORTED,
        [MLN_OUTCOME_FAILED] = MLN_UNREAD_ERROR,
        [MLN_OUTCOME_RUNNING] = MLN_UNREAD_NOT_COLLECTED,
    };

    return whys[outcome];
}

static int add_gap(struct mln_arena *arena, const struct mln_gap *gap, struct mln_completeness *out)
{
    struct mln_gap *kept;

    if (out->gap_count == MLN_GAPS_MAX) {
        out->more_gaps++;
        return MLN_OK;
    }
    if (out->gaps == NULL)
        out->gaps = mln_arena_alloc(arena, MLN_GAPS_MAX * sizeof(*out->gaps));
    if (out->gaps == NULL)
        return MLN_ENOMEM;
    kept = &out->gaps[out->gap_count++];
    *kept = *gap;
    kept->call = mln_arena_dup(arena, gap->call);
    kept->action = mln_arena_dup(arena, gap->action);
    return kept->call.ptr != NULL && kept->action.ptr != NULL ? MLN_OK : MLN_ENOMEM;
}

static int add_gaps(const struct mln_unread_call *call, const struct tally *tally,
        struct mln_arena *arena, struct mln_completeness *out)
{
    int rc = MLN_OK;

    for (int i = MLN_OUTCOME_DENIED; rc == MLN_OK && i < OUTCOMES; i++) {
        const struct mln_gap gap = {
            .call = call->id,
            .action = mln_str_is(call->ram_action, "none") ? MLN_STR("") : call->ram_action,
            .why = why_of((enum mln_outcome)i),
            .calls = i == MLN_OUTCOME_RUNNING ? not_collected(call, tally) : tally->count[i],
            .regions = set_count(&tally->missed[i - MLN_OUTCOME_DENIED]),
        };

        if (gap.calls > 0)
            rc = add_gap(arena, &gap, out);
    }
    return rc;
}

int mln_reads_sum(const struct mln_reads *reads, const struct mln_table_set *tables,
        struct mln_arena *arena, struct mln_completeness *out, struct mln_err *err)
{
    const struct mln_unread_map *map = reads->map;
    MLN_AUTO_FREE unsigned char *need = calloc(map->call_count + 1, 1);
    struct mln_completeness sum = { .is_known = true };
    struct tally all = { 0 };

    if (need == NULL)
        return mln_unread_no_memory(err);
    find_needed(map, tables, need);
    for (size_t i = 0; i < map->call_count; i++) {
        if (need[i] == NOT_NEEDED)
            continue;
        add_tally(&map->calls[i], &reads->tallies[i], need[i] == FILLS, &all, &sum);
        if (add_gaps(&map->calls[i], &reads->tallies[i], arena, &sum) != MLN_OK)
            return mln_unread_no_memory(err);
    }
    /* NOLINTNEXTLINE(clang-analyzer-unix.Malloc): the scope frees it */
    sum.regions = set_count(&all.asked);
    sum.regions_with_rows = set_count(&all.with_rows);
    sum.oldest_ms = all.oldest_ms;
    sum.newest_ms = all.newest_ms;
    *out = sum;
    return MLN_OK;
}
