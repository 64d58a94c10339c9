/* A store, a plan of one product, three checks over it, and snapshots made by hand. */
#pragma once

#include <sqlite3.h>

#include "fixture.h"
#include "risk/posture_priv.h"
#include "risk/result.h"
#include "risk/scan.h"

#define PLAN                                                                             \
    "product: t\ncode: Ecs\nversion: \"1\"\nstyle: rpc\nreach: account\nram: t\n"        \
    "regions: t_region\ncalls:\n"                                                        \
    "  - action: DescribeRegions\n    table: t_region\n    list: Regions\n    id: Id\n"  \
    "  - action: DescribeThings\n    reach: regions\n    request: { R: \"{region}\" }\n" \
    "    table: t_thing\n    list: Things\n    id: Id\n    name: Id\n"                   \
    "    columns: { size: Size int, state: State text }\n"

#define CHECK_HEAD(id, name, group, level)                                                           \
    "id: " #id "\nname: " #name "\ntitle: { en: About " #name ", zh: 关于" #name " }\n"              \
    "group: " #group "\nlevel: " #level "\nservice: ECS\n"                                           \
    "texts:\n"                                                                                       \
    "  en: { best_practice: b, influence: i, suggestion: s, help_resource: 'https://e.x/' }\n"       \
    "  zh: { best_practice: 一, influence: 二, suggestion: 三, help_resource: 'https://e.x/' }\n" \
    "grid: { key: InstanceId, en: Thing, zh: 东西 }\nscope: t_thing\n"

/* clang-format off */
/* Fails above the limit, is not applicable at 0, cannot say without a size. */
#define SIZE_ID 100001
#define SIZE_CHECK CHECK_HEAD(100001, T_Size, data, high) \
    "params: [{ name: max_size, default: 10, en: Largest, zh: 最大 }]\n" \
    "mappings: { CIS: ['5.1', '5.2'] }\n" \
    "query: |\n  select id, region, name, case when size is null then 'unknown' when size = 0 then" \
    " 'not_applicable' when size > :max_size then 'fail' else 'pass' end as verdict," \
    " case when size > :max_size then 'too large' end as reason," \
    " json_object('size', size, 'state', state) as evidence from t_thing\n" \
    "tests:\n" \
    "  - { name: p, rows: { t_thing: [{ id: a, region: r1, size: 1 }] }, expect: { a: pass } }\n" \
    "  - { name: f, rows: { t_thing: [{ id: a, region: r1, size: 11 }] }, expect: { a: fail } }\n" \
    "  - { name: n, rows: { t_thing: [{ id: a, region: r1, size: 0 }] }, expect: { a: not_applicable } }\n"
#define STATE_ID 100002
#define STATE_CHECK CHECK_HEAD(100002, T_State, network, medium) \
    "query: |\n  select id, region, name, case when state = 'bad' then 'fail' else 'pass' end as" \
    " verdict, case when state = 'bad' then 'bad' end as reason, NULL as evidence from t_thing\n" \
    "tests:\n" \
    "  - { name: p, rows: { t_thing: [{ id: a, region: r1, state: good }] }, expect: { a: pass } }\n" \
    "  - { name: f, rows: { t_thing: [{ id: a, region: r1, state: bad }] }, expect: { a: fail } }\n"
/* Breaks its contract when something has the size 666: that row comes twice. */
#define TWICE_ID 100003
#define TWICE_CHECK CHECK_HEAD(100003, T_Twice, data, low) \
    "query: |\n  select id, region, name, case when state = 'twice' then 'fail' else 'pass' end as" \
    " verdict, NULL as reason, NULL as evidence from t_thing\n" \
    "  union all select id, region, name, 'pass', NULL, NULL from t_thing where size = 666\n" \
    "tests:\n" \
    "  - { name: p, rows: { t_thing: [{ id: a, region: r1 }] }, expect: { a: pass } }\n" \
    "  - { name: f, rows: { t_thing: [{ id: a, region: r1, state: twice }] }, expect: { a: fail } }\n"
/* clang-format on */

static int64_t clock_ms = 1000000;

static inline int64_t read_clock(void *ctx)
{
    (void)ctx;
    return clock_ms;
}

static const struct mln_clock test_clock = { read_clock, read_clock, NULL };

static inline struct mln_posture *make_posture(const char *const *texts, size_t count)
{
    struct mln_plan_file plan = { "plan.yaml", mln_str_of(PLAN) };
    struct mln_posture *posture = calloc(1, sizeof(*posture));
    struct mln_check_file files[8];
    struct mln_checks_source source = { .files = files, .file_count = count };
    struct mln_err err;

    assert_non_null(posture);
    for (size_t i = 0; i < count; i++)
        files[i] = (struct mln_check_file){ "check.yaml", mln_str_of(texts[i]), false };
    OK(mln_plan_load(&plan, 1, &posture->plan, &err), &err);
    source.schema = mln_plan_schema(posture->plan);
    OK(mln_checks_load(&source, &posture->checks, &err), &err);
    OK(mln_posture_arrange(posture, &err), &err);
    return posture;
}

static inline struct mln_posture *three_checks(void)
{
    static const char *const texts[] = { SIZE_CHECK, STATE_CHECK, TWICE_CHECK };

    return make_posture(texts, MLN_LEN(texts));
}

struct thing {
    const char *id, *region;
    int64_t size; /* -1: not known */
    const char *state;
};

struct world {
    const struct thing *things;
    size_t count;
    const char *unread; /* The region that may not be listed, or NULL. */
};

static inline void record_call(struct mln_snapshot *snapshot, const char *call, const char *region,
        enum mln_outcome outcome)
{
    struct mln_call_record record = {
        .call = mln_str_of(call), .region = mln_str_of(region), .outcome = outcome, .total = -1
    };
    struct mln_err err;
    int64_t row;

    OK(mln_snapshot_call_begin(snapshot, &record, &row, &err), &err);
    OK(mln_snapshot_call_end(snapshot, row, &record, &err), &err);
}

static inline void add_thing(sqlite3_stmt *statement, const struct thing *thing)
{
    (void)sqlite3_bind_text(statement, 1, thing->id, -1, SQLITE_TRANSIENT);
    (void)sqlite3_bind_text(statement, 2, thing->region, -1, SQLITE_TRANSIENT);
    (void)sqlite3_bind_text(
            statement, 3, thing->state != NULL ? thing->state : "ok", -1, SQLITE_TRANSIENT);
    if (thing->size >= 0)
        (void)sqlite3_bind_int64(statement, 4, thing->size);
    else
        (void)sqlite3_bind_null(statement, 4);
    assert_int_equal(sqlite3_step(statement), SQLITE_DONE);
    (void)sqlite3_reset(statement);
}

/* A whole snapshot at `path`: regions r1 and r2. */
static inline void write_snapshot(
        const struct mln_posture *posture, const char *path, const struct world *world)
{
    static const char *const regions[] = { "r1", "r2" };
    struct mln_snapshot *snapshot;
    sqlite3_stmt *statement;
    struct mln_err err;

    OK(mln_snapshot_create(path, mln_plan_schema(posture->plan), &snapshot, &err), &err);
    OK(mln_snapshot_begin(snapshot, &err), &err);
    OK(mln_snapshot_set(snapshot, "account_id", ACCOUNT, &err), &err);
    record_call(snapshot, "t:DescribeRegions", "", MLN_OUTCOME_OK);
    for (size_t i = 0; i < MLN_LEN(regions); i++) {
        bool unread = world->unread != NULL && strcmp(world->unread, regions[i]) == 0;

        record_call(snapshot, "t:DescribeThings", regions[i],
                unread ? MLN_OUTCOME_DENIED : MLN_OUTCOME_OK);
    }
    OK(mln_snapshot_call_done(snapshot, MLN_STR("t:DescribeRegions"), &err), &err);
    OK(mln_snapshot_call_done(snapshot, MLN_STR("t:DescribeThings"), &err), &err);
    assert_int_equal(sqlite3_exec(mln_snapshot_db(snapshot),
                             "INSERT INTO t_region (id) VALUES ('r1'), ('r2')", NULL, NULL, NULL),
            SQLITE_OK);
    assert_int_equal(sqlite3_prepare_v2(mln_snapshot_db(snapshot),
                             "INSERT INTO t_thing (id, name, region, state, size)"
                             " VALUES (?1, ?1, ?2, ?3, ?4)",
                             -1, &statement, NULL),
            SQLITE_OK);
    for (size_t i = 0; i < world->count; i++)
        add_thing(statement, &world->things[i]);
    (void)sqlite3_finalize(statement);
    OK(mln_snapshot_commit(snapshot, &err), &err);
    OK(mln_snapshot_finish(snapshot, &err), &err);
    mln_snapshot_free(snapshot);
}

static inline struct mln_scan_options scan_options(
        const struct mln_posture *posture, const char *path)
{
    return (struct mln_scan_options){
        .posture = posture,
        .account_id = ACCOUNT,
        .source = { MLN_SOURCE_SNAPSHOT, mln_str_of(path) },
        .clock = &test_clock,
    };
}

/* Judges a world and stores the results, a second after the scan before. */
static inline struct mln_scan_report scan_world(struct fixture *f,
        const struct mln_posture *posture, const struct thing *things, size_t count,
        const char *unread)
{
    const struct world world = { things, count, unread };
    struct mln_scan_options options = scan_options(posture, f->log);
    struct mln_scan_report report;
    struct mln_err err;

    (void)unlink(f->log);
    write_snapshot(posture, f->log, &world);
    clock_ms += 1000;
    OK(mln_scan(f->store, &options, &report, &err), &err);
    return report;
}
#define SCAN(f, posture, things, unread) \
    scan_world((f), (posture), (things), MLN_LEN(things), (unread))

/* ---- reading back ---- */
struct item_seen {
    struct mln_check_result result; /* Numbers; its views are gone. */
    char reason[256], mark[32], params[256], mappings[256], title[64], completeness[1024];
    bool found;
};

static inline int keep_item_seen(
        void *ctx, const struct mln_check_result *result, struct mln_err *err)
{
    struct item_seen *seen = ctx;

    (void)err;
    seen->result = *result;
    seen->found = true;
    (void)snprintf(
            seen->reason, sizeof(seen->reason), "%.*s", MLN_FMT(result->not_assessed_reason));
    (void)snprintf(seen->mark, sizeof(seen->mark), "%.*s", MLN_FMT(result->mark.kind));
    (void)snprintf(seen->params, sizeof(seen->params), "%.*s", MLN_FMT(result->params));
    (void)snprintf(seen->mappings, sizeof(seen->mappings), "%.*s", MLN_FMT(result->mappings));
    (void)snprintf(seen->title, sizeof(seen->title), "%.*s", MLN_FMT(result->title));
    (void)snprintf(
            seen->completeness, sizeof(seen->completeness), "%.*s", MLN_FMT(result->completeness));
    return MLN_OK;
}

static inline struct item_seen item(struct fixture *f, int64_t item_id)
{
    const struct mln_result_query query = { .account_id = ACCOUNT,
        .ids = &item_id,
        .id_count = 1,
        .enabled = -1,
        .page = 1,
        .page_size = 10 };
    struct item_seen seen = { .found = false };
    struct mln_err err;
    int64_t total = -1;

    OK(mln_result_list(f->store, &test_clock, &query, &total, keep_item_seen, &seen, &err), &err);
    assert_int_equal(total, seen.found);
    return seen;
}

static inline const char *status(struct fixture *f, int64_t item_id)
{
    struct item_seen seen = item(f, item_id);

    return seen.found ? mln_result_status_name(seen.result.status) : "none";
}

struct text {
    char text[1024];
};

static inline void add_text(struct text *out, struct mln_str text)
{
    size_t len = strlen(out->text);

    (void)snprintf(
            out->text + len, sizeof(out->text) - len, "%s%.*s", len > 0 ? " " : "", MLN_FMT(text));
}

static inline int add_finding_seen(
        void *ctx, const struct mln_result_finding *finding, struct mln_err *err)
{
    char line[512];

    (void)err;
    (void)snprintf(line, sizeof(line), "%.*s@%.*s:%s%s%.*s%.*s%.*s", MLN_FMT(finding->resource_id),
            MLN_FMT(finding->region), finding->failed ? "fail" : "unknown",
            finding->stale ? "(stale)" : "", finding->mark.kind.len > 0 ? 1 : 0, "/",
            MLN_FMT(finding->mark.kind), MLN_FMT(finding->changed));
    add_text(ctx, mln_str_of(line));
    return MLN_OK;
}

/* "a@r1:fail b@r2:fail(stale)" */
static inline struct text findings(struct fixture *f, int64_t item_id)
{
    const struct mln_finding_query query = { .account_id = ACCOUNT,
        .item_id = item_id,
        .not_assessed_too = true,
        .page = 1,
        .page_size = 20 };
    struct mln_result_grid grid;
    struct text out = { "" };
    struct mln_err err;
    int64_t total = -1;

    OK(mln_result_findings(f->store, &test_clock, &query, MLN_LANG_EN, &grid, &total,
               add_finding_seen, &out, &err),
            &err);
    return out;
}

static inline int add_flip_seen(void *ctx, const struct mln_result_flip *flip, struct mln_err *err)
{
    char line[512];

    (void)err;
    (void)snprintf(line, sizeof(line), "%.*s:%.*s>%.*s%.*s", MLN_FMT(flip->resource_id),
            MLN_FMT(flip->from), MLN_FMT(flip->to), MLN_FMT(flip->changed));
    add_text(ctx, mln_str_of(line));
    return MLN_OK;
}

/* The latest first: "a:fail>pass". */
static inline struct text flips(struct fixture *f, int64_t item_id, int64_t limit)
{
    struct text out = { "" };
    struct mln_err err;

    OK(mln_result_flips(f->store, ACCOUNT, item_id, limit, add_flip_seen, &out, &err), &err);
    return out;
}
