/*
 * Judging: the scope's rows and the query's rows stream past once each and are compared as
 * multisets, by their number and by the sum of a keyed hash of (id, region), so that memory does
 * not grow with them. Only when these differ are both read again to name a row.
 */
#include <sodium.h>
#include <stdio.h>

#include "base/map.h"
#include "base/utf8.h"
#include "check/completeness.h"
#include "check/functions.h"
#include "check/priv.h"

#define STEPS_BETWEEN_LOOKS 4000
#define UNREAD_BYTES_MAX    ((size_t)1024 * 1024)
#define ACCOUNT_BYTES_MAX   ((size_t)64)
#define TOTALS_MAX          ((size_t)200) /* Scopes whose sum is remembered. */
#define BUCKETS             256           /* Of the search for one differing row. */
#define BUCKET_ROWS_MAX     ((size_t)1000000)
#define SHOWN_MAX           ((size_t)160)
#define REASON_ROOM         (MLN_CHECK_TEXT_MAX + 16)
#define NAME_BYTES_MAX      MLN_CHECK_TEXT_MAX

enum { ID, REGION, NAME, VERDICT, REASON, EVIDENCE };

/* A multiset of rows; the same rows in any order give the same total. */
struct total {
    int64_t count;
    uint64_t sum[2];
};

struct mln_evaluator {
    struct mln_snapshot *snapshot;
    struct sqlite3 *db;
    struct mln_evaluator_options options;
    struct mln_unread_map *unread;
    struct mln_reads *reads;
    struct mln_buf account, reason;
    unsigned char key[crypto_shorthash_siphashx24_KEYBYTES];
    struct mln_map totals; /* Text of a scope without parameters to its struct total. */
    int64_t deadline_ms;
    bool is_strict, stopped, late;
    char row[2 * NAME_BYTES_MAX + sizeof(size_t)]; /* What is hashed. */
};

struct run {
    struct mln_evaluator *evaluator;
    const struct mln_check *check;
    mln_finding_fn *fn;
    void *ctx;
    struct mln_evaluation *out;
    struct mln_check_guard guard;
    sqlite3_stmt *scope, *query;
    struct mln_unread_rows rows;
    struct mln_unread_view *view;
    struct total expected, got;
    struct mln_err *err;
};

/* ---- the evaluator ---- */
static int load_account(struct mln_evaluator *evaluator, struct mln_err *err)
{
    int rc = mln_snapshot_get(evaluator->snapshot, "account_id", &evaluator->account, err);

    return rc == MLN_ENOTFOUND ? MLN_OK : rc; /* A snapshot that ended before it. */
}

int mln_evaluator_new(struct mln_snapshot *snapshot, const struct mln_evaluator_options *options,
        struct mln_evaluator **out, struct mln_err *err)
{
    struct mln_evaluator *evaluator = calloc(1, sizeof(*evaluator));
    int rc;

    if (evaluator == NULL)
        return mln_fail(err, MLN_ENOMEM, "out of memory");
    evaluator->snapshot = snapshot;
    evaluator->db = mln_snapshot_db(snapshot);
    evaluator->options = *options;
    if (evaluator->options.clock == NULL)
        evaluator->options.clock = mln_clock_system();
    if (evaluator->options.time_max_ms <= 0)
        evaluator->options.time_max_ms = MLN_CHECK_TIME_MAX_MS;
    evaluator->account.max = ACCOUNT_BYTES_MAX;
    evaluator->reason.max = REASON_ROOM;
    mln_map_init(&evaluator->totals, TOTALS_MAX); /* Makes libsodium ready, too. */
    crypto_shorthash_keygen(evaluator->key);
    rc = load_account(evaluator, err);
    if (rc == MLN_OK)
        rc = mln_unread_map_new(snapshot, &evaluator->unread, err);
    if (rc == MLN_OK)
        rc = mln_reads_new(snapshot, evaluator->unread, &evaluator->reads, err);
    if (rc == MLN_OK)
        rc = mln_check_functions_register(evaluator->db, err);
    if (rc == MLN_OK)
        rc = mln_unread_function(evaluator->db, evaluator->unread, false, err);
    if (rc != MLN_OK) {
        mln_evaluator_free(evaluator);
        return rc;
    }
    *out = evaluator;
    return MLN_OK;
}

void mln_evaluator_free(struct mln_evaluator *evaluator)
{
    struct mln_err ignored;

    if (evaluator == NULL)
        return;
    if (evaluator->unread != NULL)
        (void)!mln_unread_function(evaluator->db, NULL, false, &ignored);
    mln_reads_free(evaluator->reads);
    mln_unread_map_free(evaluator->unread);
    mln_buf_free(&evaluator->account);
    mln_buf_free(&evaluator->reason);
    mln_map_fini(&evaluator->totals, free);
    free(evaluator);
}

void mln_evaluator_be_strict(struct mln_evaluator *evaluator)
{
    evaluator->is_strict = true;
}

void mln_evaluation_free(struct mln_evaluation *evaluation)
{
    mln_arena_free(&evaluation->arena);
    evaluation->unread = NULL;
    evaluation->unread_count = 0;
    evaluation->completeness = (struct mln_completeness){ 0 };
}

int mln_check_functions(struct mln_snapshot *snapshot, struct mln_err *err)
{
    struct mln_unread_map *map = NULL;
    int rc = mln_check_functions_register(mln_snapshot_db(snapshot), err);

    if (rc == MLN_OK)
        rc = mln_unread_map_new(snapshot, &map, err);
    /* SQLite frees an owned map also when it refuses the function. */
    return rc == MLN_OK ? mln_unread_function(mln_snapshot_db(snapshot), map, true, err) : rc;
}

/* ---- errors ---- */
static int broken(struct run *run, const char *what)
{
    return mln_fail(run->err, MLN_EINVAL, "check %lld (%.*s): %s", (long long)run->check->id,
            MLN_FMT(run->check->name), what);
}

static void show(struct mln_str text, struct mln_buf *out)
{
    struct mln_buf escaped = MLN_BUF_INIT(SHOWN_MAX * 4);

    if (text.len > SHOWN_MAX / 4)
        text.len = SHOWN_MAX / 4;
    mln_utf8_escape_controls(text, &escaped);
    mln_buf_add(out, mln_buf_str(&escaped));
    mln_buf_free(&escaped);
}

static int broken_row(struct run *run, struct mln_str id, struct mln_str region, const char *what)
{
    MLN_AUTO(mln_buf_free) struct mln_buf text = MLN_BUF_INIT(SHOWN_MAX * 8);

    mln_buf_addf(&text, "%s: row '", what);
    show(id, &text);
    mln_buf_add_cstr(&text, "' (region '");
    show(region, &text);
    mln_buf_add_cstr(&text, "')");
    return broken(run, text.len > 0 ? text.ptr : what);
}

static int step_failed(struct run *run, int code)
{
    struct mln_evaluator *evaluator = run->evaluator;
    char text[400];

    if (evaluator->stopped)
        return mln_fail(run->err, MLN_ECANCELLED, "stopped");
    if (evaluator->late)
        return mln_fail(run->err, MLN_ETOOBIG,
                "check %lld (%.*s): it took longer than %lld ms: does its query end?",
                (long long)run->check->id, MLN_FMT(run->check->name),
                (long long)evaluator->options.time_max_ms);
    code &= 0xff;
    if (code == SQLITE_NOMEM || code == SQLITE_IOERR || code == SQLITE_CORRUPT ||
            code == SQLITE_NOTADB || code == SQLITE_FULL || code == SQLITE_BUSY)
        return mln_snapshot_fail(run->evaluator->snapshot, code, "judge", run->err);
    (void)snprintf(text, sizeof(text), "the query failed: %s", sqlite3_errmsg(evaluator->db));
    return broken(run, text);
}

/* ---- time ---- */
static int look_at_clock(void *ctx)
{
    struct mln_evaluator *evaluator = ctx;

    const volatile int *stop = evaluator->options.stop;

    if (stop != NULL && __atomic_load_n(stop, __ATOMIC_RELAXED) != 0)
        evaluator->stopped = true;
    else if (mln_monotonic_ms(evaluator->options.clock) > evaluator->deadline_ms)
        evaluator->late = true;
    return evaluator->stopped || evaluator->late;
}

static void watch(struct run *run)
{
    struct mln_evaluator *evaluator = run->evaluator;

    evaluator->stopped = evaluator->late = false;
    evaluator->deadline_ms = mln_monotonic_ms(evaluator->options.clock) +
                             evaluator->options.time_max_ms;
    run->guard.map = evaluator->unread;
    mln_check_guard_on(evaluator->db, &run->guard);
    sqlite3_progress_handler(evaluator->db, STEPS_BETWEEN_LOOKS, look_at_clock, evaluator);
}

static void unwatch(struct run *run)
{
    sqlite3_progress_handler(run->evaluator->db, 0, NULL, NULL);
    mln_check_guard_off(run->evaluator->db);
}

/* ---- rows ---- */
static void hash_row(struct mln_evaluator *evaluator, const unsigned char *key, struct mln_str id,
        struct mln_str region, uint64_t out[2])
{
    _Static_assert(crypto_shorthash_siphashx24_BYTES == 16, "two words");
    char *at = evaluator->row;

    /* The length keeps ("ab", "c") and ("a", "bc") apart. */
    memcpy(at, &id.len, sizeof(id.len));
    memcpy(at + sizeof(id.len), id.ptr, id.len);
    memcpy(at + sizeof(id.len) + id.len, region.ptr, region.len);
    (void)crypto_shorthash_siphashx24((unsigned char *)out, (const unsigned char *)at,
            sizeof(id.len) + id.len + region.len, key);
}

static void add_row(struct total *total, const uint64_t hash[2])
{
    total->count++;
    total->sum[0] += hash[0];
    total->sum[1] += hash[1];
}

static bool same_total(const struct total *a, const struct total *b)
{
    return a->count == b->count && a->sum[0] == b->sum[0] && a->sum[1] == b->sum[1];
}

/* The id and the region of the current row. */
static int read_place(
        struct run *run, sqlite3_stmt *statement, struct mln_str *id, struct mln_str *region)
{
    bool is_text = sqlite3_column_type(statement, ID) == SQLITE_TEXT;
    int region_type = sqlite3_column_type(statement, REGION);

    *id = mln_check_column(statement, ID);
    *region = mln_check_column(statement, REGION);
    if (!is_text)
        return broken_row(run, *id, *region, "an id that is no text");
    if (region_type != SQLITE_TEXT && region_type != SQLITE_NULL)
        return broken_row(run, *id, *region, "a region that is no text");
    if (id->len > NAME_BYTES_MAX || region->len > NAME_BYTES_MAX)
        return broken_row(run, *id, *region, "an id or a region that is too long");
    return MLN_OK;
}

static int sum_scope(struct run *run, struct total *total)
{
    int code = SQLITE_DONE, rc = MLN_OK;

    while (rc == MLN_OK && (code = sqlite3_step(run->scope)) == SQLITE_ROW) {
        struct mln_str id, region;
        uint64_t hash[2];

        rc = read_place(run, run->scope, &id, &region);
        if (rc != MLN_OK)
            break;
        hash_row(run->evaluator, run->evaluator->key, id, region, hash);
        add_row(total, hash);
    }
    if (rc == MLN_OK && code != SQLITE_DONE)
        rc = step_failed(run, code);
    (void)sqlite3_reset(run->scope);
    return rc;
}

/* Many checks share a scope: its total is worked out once. */
static int total_of_scope(struct run *run)
{
    struct mln_map *totals = &run->evaluator->totals;
    bool is_fixed = sqlite3_bind_parameter_count(run->scope) == 0;
    struct total *known = is_fixed ? mln_map_get(totals, run->check->scope) : NULL;
    int rc;

    if (known != NULL) {
        run->expected = *known;
        return MLN_OK;
    }
    rc = sum_scope(run, &run->expected);
    if (rc != MLN_OK || !is_fixed)
        return rc;
    known = calloc(1, sizeof(*known));
    if (known == NULL)
        return MLN_OK;
    *known = run->expected;
    /* Without room the next check adds up again. */
    if (mln_map_put(totals, run->check->scope, known, NULL) != MLN_OK)
        free(known);
    return MLN_OK;
}

/* ---- one finding ---- */
/* Printable ASCII, within the limit: other characters become \uXXXX, the rest is cut. */
static struct mln_str clean_reason(struct mln_evaluator *evaluator, struct mln_str text)
{
    struct mln_buf *out = &evaluator->reason;
    bool is_clean = text.len <= MLN_CHECK_TEXT_MAX;

    for (size_t i = 0; is_clean && i < text.len; i++)
        is_clean = text.ptr[i] >= 0x20 && text.ptr[i] < 0x7f;
    if (is_clean)
        return text;
    mln_buf_reset(out);
    for (size_t at = 0; at < text.len;) {
        uint32_t code_point = 0;
        size_t len = mln_utf8_decode(text, at, &code_point);

        if (out->len + sizeof("...") + 12 > MLN_CHECK_TEXT_MAX) {
            mln_buf_add_cstr(out, "...");
            break;
        }
        if (len == 0)
            mln_buf_add_char(out, '?');
        else if (code_point >= 0x20 && code_point < 0x7f)
            mln_buf_add_char(out, (char)code_point);
        else if (code_point < 0x10000)
            mln_buf_addf(out, "\\u%04X", (unsigned)code_point);
        else
            mln_buf_addf(out, "\\u{%X}", (unsigned)code_point);
        at += len > 0 ? len : 1;
    }
    return mln_buf_str(out);
}

static bool is_object(struct mln_str text)
{
    struct mln_json *json = NULL;
    struct mln_err ignored;
    bool result;

    if (mln_json_parse(text, &json, &ignored) != MLN_OK)
        return false;
    result = mln_json_type(mln_json_root(json)) == MLN_JSON_OBJECT;
    mln_json_free(json);
    return result;
}

/* The evidence of a pass is looked at from outside only: nobody keeps it. */
static int read_evidence(struct run *run, struct mln_finding *finding)
{
    int type = sqlite3_column_type(run->query, EVIDENCE);
    struct mln_str text = mln_check_column(run->query, EVIDENCE);
    bool is_kept = finding->verdict == MLN_FAIL || finding->verdict == MLN_UNKNOWN ||
                   run->evaluator->is_strict;

    finding->evidence = (struct mln_str){ 0 };
    if (type == SQLITE_NULL)
        return MLN_OK;
    if (type != SQLITE_TEXT || text.len < 2 || text.ptr[0] != '{' || text.ptr[text.len - 1] != '}')
        return broken_row(run, finding->id, finding->region, "evidence that is no JSON object");
    if (text.len > MLN_CHECK_TEXT_MAX)
        text = MLN_STR("{\"evidence\":\"too long to be kept\"}");
    else if (is_kept && !is_object(text))
        return broken_row(run, finding->id, finding->region, "evidence that is no JSON object");
    finding->evidence = text;
    return MLN_OK;
}

static int read_reason(struct run *run, struct mln_finding *finding)
{
    int type = sqlite3_column_type(run->query, REASON);

    if (type != SQLITE_TEXT && type != SQLITE_NULL)
        return broken_row(run, finding->id, finding->region, "a reason that is no text");
    finding->reason = clean_reason(run->evaluator, mln_check_column(run->query, REASON));
    return MLN_OK;
}

/* What was not read beats what the query made of it, unless the check says that it stands. */
static void apply_unread(struct run *run, struct mln_finding *finding)
{
    const struct mln_unread_reason *reason = NULL;

    finding->why = MLN_UNREAD_NONE;
    if ((run->check->stands >> finding->verdict & 1) == 0)
        reason = mln_unread_of(run->view, finding->id, finding->region);
    if (reason != NULL) {
        finding->verdict = MLN_UNKNOWN;
        finding->why = reason->why;
        finding->reason = reason->text;
    } else if (finding->verdict == MLN_UNKNOWN) {
        finding->why = mln_unread_parse(finding->reason);
        if (finding->reason.len == 0)
            finding->reason = MLN_STR("it cannot be judged");
    }
}

static int read_finding(struct run *run, struct mln_finding *finding)
{
    struct mln_str word = mln_check_column(run->query, VERDICT);
    int type = sqlite3_column_type(run->query, NAME), rc;

    if (mln_verdict_parse(word, &finding->verdict) != MLN_OK)
        return broken_row(run, finding->id, finding->region,
                "a verdict that is none of pass, fail, not_applicable, unknown");
    if (type != SQLITE_TEXT && type != SQLITE_NULL)
        return broken_row(run, finding->id, finding->region, "a name that is no text");
    finding->name = mln_check_column(run->query, NAME);
    if (finding->name.len > NAME_BYTES_MAX)
        return broken_row(run, finding->id, finding->region, "a name that is too long");
    rc = read_reason(run, finding);
    if (rc == MLN_OK)
        apply_unread(run, finding);
    return rc == MLN_OK ? read_evidence(run, finding) : rc;
}

static int judge_row(struct run *run)
{
    struct mln_finding finding = { 0 };
    uint64_t hash[2];
    int rc = read_place(run, run->query, &finding.id, &finding.region);

    if (rc != MLN_OK)
        return rc;
    hash_row(run->evaluator, run->evaluator->key, finding.id, finding.region, hash);
    add_row(&run->got, hash);
    if (run->got.count > run->expected.count)
        return MLN_ENOTFOUND; /* A row too many: which one is found below. */
    rc = read_finding(run, &finding);
    if (rc != MLN_OK)
        return rc;
    run->out->count[finding.verdict]++;
    return run->fn(run->ctx, &finding, run->err);
}

/* ---- the search for the row that is missing, repeated or foreign ---- */
struct search {
    struct run *run;
    struct total *expected, *got; /* By bucket. */
    size_t bucket;
    struct mln_map rows; /* Of the bucket: id, NUL, region to the balance of both sides. */
    bool is_full;
};

static int collect_row(struct search *search, struct mln_str id, struct mln_str region, int side)
{
    MLN_AUTO(mln_buf_free) struct mln_buf key = MLN_BUF_INIT(3 * NAME_BYTES_MAX);
    intptr_t balance;
    void *known;

    mln_buf_add(&key, id);
    mln_buf_add_char(&key, '\0');
    mln_buf_add(&key, region);
    /* The balance lives in the pointer itself, far from NULL, which says that there is no row. */
    known = mln_map_get(&search->rows, mln_buf_str(&key));
    balance = known == NULL ? INTPTR_MAX / 2 + side : (intptr_t)known + side;
    if (key.code != MLN_OK ||
            /* NOLINTNEXTLINE(performance-no-int-to-ptr): a number or a mark, never followed */
            mln_map_put(&search->rows, mln_buf_str(&key), (void *)balance, NULL) != MLN_OK)
        search->is_full = true;
    return search->is_full ? MLN_ETOOBIG : MLN_OK;
}

/* One pass over one side; `totals` NULL: collects the rows of the bucket instead. */
static int pass(struct search *search, sqlite3_stmt *statement, struct total *totals, int side)
{
    /* Not secret: the same rows give the same message each time. */
    static const unsigned char same_key[crypto_shorthash_siphashx24_KEYBYTES] = { 0 };
    struct run *run = search->run;
    int code = SQLITE_DONE, rc = MLN_OK;

    (void)sqlite3_reset(statement);
    while (rc == MLN_OK && (code = sqlite3_step(statement)) == SQLITE_ROW) {
        struct mln_str id, region;
        uint64_t hash[2];

        rc = read_place(run, statement, &id, &region);
        if (rc != MLN_OK)
            break;
        hash_row(run->evaluator, same_key, id, region, hash);
        if (totals != NULL)
            add_row(&totals[hash[0] % BUCKETS], hash);
        else if (hash[0] % BUCKETS == search->bucket)
            rc = collect_row(search, id, region, side);
    }
    if (rc == MLN_OK && code != SQLITE_DONE)
        rc = step_failed(run, code);
    (void)sqlite3_reset(statement);
    return rc;
}

/* The smallest row of the bucket that differs. */
static int name_row(struct search *search)
{
    struct mln_str found = { 0 }, key, id, region;
    intptr_t balance = 0;
    size_t at = 0;
    void *value;

    while (mln_map_next(&search->rows, &at, &key, &value)) {
        intptr_t difference = (intptr_t)value - INTPTR_MAX / 2;

        if (difference == 0 || (found.ptr != NULL && mln_str_cmp(key, found) > 0))
            continue;
        found = key;
        balance = difference;
    }
    if (found.ptr == NULL)
        return broken(search->run, "the query does not give each row of the scope exactly once");
    id = (struct mln_str){ found.ptr, strlen(found.ptr) };
    if (id.len >= found.len)
        id.len = found.len - 1;
    region = (struct mln_str){ found.ptr + id.len + 1, found.len - id.len - 1 };
    return broken_row(search->run, id, region,
            balance > 0 ? "the query misses a row of the scope"
                        : "the query gives a row twice, or one that is not of the scope");
}

static int find_difference(struct search *search)
{
    struct run *run = search->run;
    int rc = pass(search, run->scope, search->expected, 0);

    if (rc == MLN_OK)
        rc = pass(search, run->query, search->got, 0);
    if (rc != MLN_OK)
        return rc;
    while (search->bucket < BUCKETS - 1 &&
            same_total(&search->expected[search->bucket], &search->got[search->bucket]))
        search->bucket++;
    rc = pass(search, run->scope, NULL, 1);
    if (rc == MLN_OK)
        rc = pass(search, run->query, NULL, -1);
    if (search->is_full)
        return broken(run, "the query does not give each row of the scope exactly once");
    return rc == MLN_OK ? name_row(search) : rc;
}

static int differ(struct run *run)
{
    struct search search = { .run = run };
    int rc;

    search.expected = calloc(BUCKETS, sizeof(*search.expected));
    search.got = calloc(BUCKETS, sizeof(*search.got));
    mln_map_init(&search.rows, BUCKET_ROWS_MAX);
    if (search.expected == NULL || search.got == NULL)
        rc = broken(run, "the query does not give each row of the scope exactly once");
    else
        rc = find_difference(&search);
    mln_map_fini(&search.rows, NULL);
    free(search.expected);
    free(search.got);
    return rc;
}

/* ---- one check ---- */
static int judge_rows(struct run *run)
{
    int code = SQLITE_DONE, rc = MLN_OK;

    while (rc == MLN_OK && (code = sqlite3_step(run->query)) == SQLITE_ROW) {
        /* The handler looks at steps of SQLite; a slow reader of findings counts, too. */
        if ((run->got.count & 0xfff) == 0xfff && look_at_clock(run->evaluator) != 0)
            return step_failed(run, SQLITE_INTERRUPT);
        rc = judge_row(run);
    }
    if (rc == MLN_OK && code != SQLITE_DONE)
        return step_failed(run, code);
    if (rc == MLN_ENOTFOUND && run->got.count > run->expected.count)
        return differ(run);
    if (rc == MLN_OK && !same_total(&run->expected, &run->got))
        return differ(run);
    return rc;
}

/* The table whose column a column of the scope is, or -1. */
static int origin(struct run *run, int column, const char *name)
{
    const char *table = sqlite3_column_table_name(run->scope, column);
    const char *from = sqlite3_column_origin_name(run->scope, column);

    if (table == NULL || from == NULL || strcmp(from, name) != 0)
        return -1;
    return mln_unread_map_table(run->evaluator->unread, mln_str_of(table));
}

static int mistaken(
        struct run *run, int rc, const char *what, const struct mln_check_mistake *mistake)
{
    char text[400];

    if (run->evaluator->stopped || run->evaluator->late)
        return step_failed(run, SQLITE_INTERRUPT);
    if (rc == MLN_ENOMEM)
        return mln_fail(run->err, MLN_ENOMEM, "out of memory");
    (void)snprintf(text, sizeof(text), "%s: %s", what, mistake->text);
    return broken(run, text);
}

static int prepare(struct run *run, struct mln_table_set *reads)
{
    struct mln_evaluator *evaluator = run->evaluator;
    struct mln_check_mistake mistake = { .offset = 0 };
    unsigned used = 0;
    int rc = mln_check_prepare_scope(evaluator->db, &run->guard, run->check, &run->scope, &mistake);

    if (rc == MLN_OK)
        rc = mln_check_parameters(run->check, run->check->scope, run->scope, &used, &mistake);
    if (rc != MLN_OK)
        return mistaken(run, rc, "scope", &mistake);
    run->rows = (struct mln_unread_rows){ run->guard.reads, origin(run, ID, "id"),
        origin(run, REGION, "region") };
    rc = mln_check_prepare_query(evaluator->db, &run->guard, run->check, &run->query, &mistake);
    if (rc == MLN_OK)
        rc = mln_check_parameters(run->check, run->check->query, run->query, &used, &mistake);
    if (rc != MLN_OK)
        return mistaken(run, rc, "query", &mistake);
    *reads = run->guard.reads;
    for (size_t i = 0; i < MLN_LEN(reads->bits); i++)
        reads->bits[i] |= run->rows.tables.bits[i];
    rc = mln_check_bind(run->check, run->scope, evaluator->options.now_ms,
            mln_buf_str(&evaluator->account), run->err);
    return rc == MLN_OK ? mln_check_bind(run->check, run->query, evaluator->options.now_ms,
                                  mln_buf_str(&evaluator->account), run->err)
                        : rc;
}

static int judge(struct run *run)
{
    struct mln_table_set reads = { 0 };
    int rc = prepare(run, &reads);

    if (rc == MLN_OK)
        rc = total_of_scope(run);
    if (rc == MLN_OK)
        rc = mln_unread_view_new(run->evaluator->unread, run->evaluator->db, &reads, &run->rows,
                &run->view, run->err);
    if (run->evaluator->stopped || run->evaluator->late)
        rc = step_failed(run, SQLITE_INTERRUPT);
    if (rc == MLN_OK)
        rc = mln_unread_scopes(run->evaluator->unread, &run->rows.tables, run->out, run->err);
    if (rc == MLN_OK)
        rc = mln_reads_sum(
                run->evaluator->reads, &reads, &run->out->arena, &run->out->completeness, run->err);
    return rc == MLN_OK ? judge_rows(run) : rc;
}

int mln_evaluate(struct mln_evaluator *evaluator, const struct mln_check *check, mln_finding_fn *fn,
        void *ctx, struct mln_evaluation *out, struct mln_err *err)
{
    struct mln_evaluation evaluation = { .arena = MLN_ARENA_INIT(UNREAD_BYTES_MAX) };
    struct run run = {
        .evaluator = evaluator,
        .check = check,
        .fn = fn,
        .ctx = ctx,
        .out = &evaluation,
        .err = err,
    };
    int rc;

    watch(&run);
    rc = judge(&run);
    unwatch(&run);
    mln_check_finalize(&run.scope);
    mln_check_finalize(&run.query);
    mln_unread_view_free(run.view);
    if (rc != MLN_OK) {
        mln_evaluation_free(&evaluation);
        return rc;
    }
    *out = evaluation;
    return MLN_OK;
}
