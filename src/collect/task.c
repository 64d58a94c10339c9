/*
 * One call for one region and key: its requests, its answers, its record. Whatever happens to it
 * ends in its record; only a snapshot that cannot be written fails.
 */
#include <sqlite3.h>
#include <stdio.h>

#include "acs/percent.h"
#include "base/random.h"
#include "collect/executor.h"
#include "wire/writer.h"

#define TASK_ARENA_MAX  ((size_t)256 * 1024 * 1024)
#define PARAM_BYTES_MAX ((size_t)256 * 1024)
#define PLACE_BYTES_MAX ((size_t)4096) /* Of a host, of a path. */

static const struct mln_plan_entry *entry_of(const struct mln_task *task)
{
    return &task->run->plan->entries[task->call];
}

static const struct mln_schema_call *call_of(const struct mln_task *task)
{
    return &task->run->plan->schema.calls[task->call];
}

static const struct mln_clock *clock_of(const struct mln_task *task)
{
    return task->run->options->clock;
}

void mln_task_init(struct mln_task *task, struct mln_run *run, size_t call)
{
    *task = (struct mln_task){ .run = run,
        .call = call,
        .arena = { .max_bytes = TASK_ARENA_MAX, .block_bytes = MLN_TASK_BLOCK_BYTES },
        .page_arena = { .max_bytes = TASK_ARENA_MAX, .block_bytes = MLN_TASK_BLOCK_BYTES },
        .token = MLN_BUF_INIT(MLN_TOKEN_MAX),
        .csv_heading = MLN_BUF_INIT(MLN_TOKEN_MAX),
        .all_total = -1,
        .started_ms = mln_now_ms(run->options->clock) };
    mln_task_first_page(task);
}

void mln_task_clear(struct mln_task *task)
{
    mln_arena_free(&task->arena);
    mln_arena_free(&task->page_arena);
    mln_buf_free(&task->token);
    mln_buf_free(&task->csv_heading);
    *task = (struct mln_task){ .run = NULL };
}

/* ---- the request ---- */

/* False when the value is NULL, so that the parameter is left out. */
static bool add_value(const struct mln_task *task, struct mln_str name, struct mln_buf *out)
{
    const struct mln_plan_entry *entry = entry_of(task);
    const struct mln_key *key = &task->key;
    bool json = mln_str_is(name, "keys_json");

    if (mln_str_is(name, "account")) {
        mln_buf_add_cstr(out, task->run->account);
        return true;
    }
    if (entry->batch > 0 && (json || mln_str_is(name, "keys"))) {
        for (size_t i = 0; i < key->key_count; i++) {
            mln_buf_add_cstr(out, i > 0 ? "," : json ? "[" : "");
            if (json)
                mln_json_quote(key->keys[i], out);
            else
                mln_buf_add(out, key->keys[i]);
        }
        mln_buf_add_cstr(out, json ? "]" : "");
        return true;
    }
    if (mln_str_is(name, "region")) {
        mln_buf_add(out, key->region);
        return true;
    }
    for (size_t i = 0; key->columns != NULL && i < entry->key_column_count; i++) {
        if (mln_str_is(name, entry->key_columns[i]) && key->columns[i].ptr != NULL) {
            mln_buf_add(out, key->columns[i]);
            return true;
        }
    }
    return false;
}

static bool expand(const struct mln_task *task, struct mln_str text, struct mln_buf *out)
{
    struct mln_str name;
    size_t at = 0;

    while (mln_template_next(text, &at, out, &name))
        if (!add_value(task, name, out))
            return false;
    return true;
}

/* The parameters that turn the pages. */
static size_t add_page(struct mln_task *task, struct mln_collect_param *params)
{
    const struct mln_plan_page *page = &entry_of(task)->page;
    MLN_AUTO(mln_buf_free) struct mln_buf number = MLN_BUF_INIT(32);
    size_t count = 0;

    if (page->by == MLN_PAGE_NUMBER) {
        mln_buf_add_i64(&number, task->page);
        params[count++] = (struct mln_collect_param){ page->position,
            mln_arena_dup(&task->page_arena, mln_buf_str(&number)) };
    }
    if (page->by == MLN_PAGE_TOKEN && task->page > 1)
        params[count++] = (struct mln_collect_param){ page->position,
            mln_arena_dup(&task->page_arena, mln_buf_str(&task->token)) };
    if (page->size.len > 0) {
        mln_buf_reset(&number);
        mln_buf_add_i64(&number, page->max);
        params[count++] = (struct mln_collect_param){ page->size,
            mln_arena_dup(&task->page_arena, mln_buf_str(&number)) };
    }
    return count;
}

/* ---- where it goes ---- */

static int keep_place(
        struct mln_task *task, struct mln_buf *text, struct mln_str *out, struct mln_err *err)
{
    if (text->code != MLN_OK)
        return mln_fail(err, text->code, "the host or path is too long");
    *out = mln_arena_dup(&task->page_arena, mln_buf_str(text));
    return out->ptr != NULL ? MLN_OK : mln_fail(err, MLN_ENOMEM, "out of memory");
}

/* Each value is one segment: a value that would lead up, or nowhere, is refused. */
static int build_path(struct mln_task *task, struct mln_str text, struct mln_err *err)
{
    MLN_AUTO(mln_buf_free) struct mln_buf path = MLN_BUF_INIT(PLACE_BYTES_MAX);
    struct mln_str name;
    size_t at = 0;

    while (mln_template_next(text, &at, &path, &name)) {
        MLN_AUTO(mln_buf_free) struct mln_buf value = MLN_BUF_INIT(PLACE_BYTES_MAX);

        if (!add_value(task, name, &value) || value.len == 0 ||
                mln_str_is(mln_buf_str(&value), ".") || mln_str_is(mln_buf_str(&value), ".."))
            return mln_fail(
                    err, MLN_EINVAL, "there is no {%.*s} for the path of the call", MLN_FMT(name));
        mln_percent_encode(mln_buf_str(&value), &path);
    }
    return keep_place(task, &path, &task->request.path, err);
}

static bool is_host(struct mln_str text)
{
    for (size_t i = 0; i < text.len; i++) {
        char c = text.ptr[i];

        if ((c < 'a' || c > 'z') && (c < '0' || c > '9') && (c < 'A' || c > 'Z') && c != '-' &&
                c != '.')
            return false;
    }
    return true;
}

/* Where a resource names no host of its own, its product's serves it. */
static int build_host(struct mln_task *task, struct mln_str text, struct mln_err *err)
{
    MLN_AUTO(mln_buf_free) struct mln_buf host = MLN_BUF_INIT(PLACE_BYTES_MAX);

    if (!expand(task, text, &host))
        return MLN_OK;
    if (!is_host(mln_buf_str(&host)))
        return mln_fail(err, MLN_EINVAL, "what the resource names as its host is none");
    return keep_place(task, &host, &task->request.host, err);
}

static int build_place(struct mln_task *task, struct mln_err *err)
{
    const struct mln_plan_entry *entry = entry_of(task);
    int rc = MLN_OK;

    task->request.host = task->request.path = MLN_STR("");
    if (entry->host.len > 0)
        rc = build_host(task, entry->host, err);
    if (rc == MLN_OK && entry->path.len > 0)
        rc = build_path(task, entry->path, err);
    return rc;
}

static int build(struct mln_task *task, struct mln_err *err)
{
    const struct mln_plan_entry *entry = entry_of(task);
    struct mln_collect_param *params = NULL;
    size_t count = 0;
    int rc;

    mln_arena_reset(&task->page_arena);
    rc = build_place(task, err);
    if (rc != MLN_OK)
        return rc;
    params = mln_arena_alloc(&task->page_arena, (entry->param_count + 4) * sizeof(*params));
    for (size_t i = 0; params != NULL && i < entry->param_count; i++) {
        MLN_AUTO(mln_buf_free) struct mln_buf value = MLN_BUF_INIT(PARAM_BYTES_MAX);

        if (!expand(task, entry->params[i].value, &value))
            continue;
        if (value.code != MLN_OK)
            return mln_fail(err, value.code, "a parameter is too long");
        params[count++] = (struct mln_collect_param){ entry->params[i].name,
            mln_arena_dup(&task->page_arena, mln_buf_str(&value)) };
    }
    if (params != NULL && entry->variants.count > 0)
        params[count++] = (struct mln_collect_param){ entry->variant_name,
            entry->variants.items[task->variant] };
    if (params != NULL)
        count += add_page(task, params + count);
    for (size_t i = 0; params != NULL && i < count; i++)
        if (params[i].value.ptr == NULL)
            return mln_fail(err, MLN_ENOMEM, "out of memory");
    if (params == NULL)
        return mln_fail(err, MLN_ENOMEM, "out of memory");
    task->request.params = params;
    task->request.param_count = count;
    return MLN_OK;
}

int mln_task_submit(struct mln_task *task, struct mln_err *err)
{
    const struct mln_plan_entry *entry = entry_of(task);
    int rc = build(task, err);

    if (rc != MLN_OK)
        return rc;
    task->request.call = entry->info;
    task->request.region = task->key.region;
    task->request.key = task->key.key;
    task->request.variant = entry->variants.count > 0 ? entry->variants.items[task->variant]
                                                      : MLN_STR("");
    task->request.page = task->page;
    task->request.owner = task;
    rc = task->run->transport->submit(task->run->transport->ctx, &task->request, err);
    task->asked = rc == MLN_OK;
    task->run->in_flight += rc == MLN_OK;
    return rc;
}

/* ---- the record ---- */

static void keep_text(char *out, size_t size, struct mln_str text)
{
    (void)snprintf(out, size, "%.*s", MLN_FMT(text));
}

static struct mln_call_record record_of(const struct mln_task *task, struct mln_str key)
{
    return (struct mln_call_record){ .call = mln_str_of(call_of(task)->id),
        .region = task->key.region,
        .key = key,
        .outcome = task->outcome,
        .http_status = task->http_status,
        .code = mln_str_of(task->code),
        .message = mln_str_of(task->message),
        .request_id = mln_str_of(task->request_id),
        .total = -1,
        .started_ms = task->started_ms,
        .finished_ms = mln_now_ms(clock_of(task)) };
}

static int begin(struct mln_task *task, struct mln_err *err)
{
    const struct mln_call_record record = record_of(task, task->key.key);
    int rc = mln_run_begin(task->run, err);

    if (rc == MLN_OK)
        rc = mln_snapshot_call_begin(task->run->snapshot, &record, &task->call_row, err);
    task->begun = task->begun || rc == MLN_OK;
    return rc;
}

/* Where the rows of the answer belong; the record has begun. */
static struct mln_row_place place_of(const struct mln_task *task)
{
    bool is_row = call_of(task)->scope == MLN_SCOPE_ROW && entry_of(task)->batch == 0;
    struct mln_str region = task->key.region;

    if (mln_run_tells_account(task->run, task->call))
        region = MLN_STR(MLN_ACCOUNT_REGION);
    return (struct mln_row_place){
        .call_row = task->call_row, .region = region, .parent = is_row ? task->key.key : MLN_STR("")
    };
}

/* What follows from an answer that is no list and no resource. */
static int apply_outcome(struct mln_task *task, struct mln_err *err)
{
    const struct mln_schema_call *call = call_of(task);
    struct mln_snapshot *snapshot = task->run->snapshot;
    const struct mln_row_place place = place_of(task);

    if (task->outcome == MLN_OUTCOME_GONE) {
        const struct mln_table *parent = mln_schema_table(
                &task->run->plan->schema, mln_str_of(call->parent));

        return mln_snapshot_drop(snapshot, parent, task->key.region, task->key.key, err);
    }
    if (task->outcome == MLN_OUTCOME_OK || !mln_outcome_is_read(task->outcome) ||
            !entry_of(task)->single || call->rows == NULL)
        return MLN_OK;
    task->all_items = 1;
    return mln_snapshot_add_outcome(
            snapshot, call->rows, &place, task->outcome, mln_str_of(task->code), err);
}

/* Each key of a batch has its record: what is missing for one of them must be found by its name. */
static int end_batch(struct mln_task *task, struct mln_err *err)
{
    int rc = MLN_OK;

    for (size_t i = 1; rc == MLN_OK && i < task->key.key_count; i++) {
        const struct mln_call_record record = record_of(task, task->key.keys[i]);
        int64_t row = 0;

        rc = mln_snapshot_call_begin(task->run->snapshot, &record, &row, err);
        if (rc == MLN_OK)
            rc = mln_snapshot_call_end(task->run->snapshot, row, &record, err);
    }
    return rc;
}

static int finish(struct mln_task *task, struct mln_err *err)
{
    struct mln_collect_report *report = task->run->report;
    struct mln_call_record record;
    int rc = task->begun ? mln_run_begin(task->run, err) : begin(task, err);

    if (rc == MLN_OK)
        rc = apply_outcome(task, err);
    record = record_of(task, task->key.key);
    record.items = task->all_items;
    record.pages = task->pages;
    record.total = task->all_total;
    if (rc == MLN_OK)
        rc = mln_snapshot_call_end(task->run->snapshot, task->call_row, &record, err);
    if (rc == MLN_OK)
        rc = end_batch(task, err);
    task->run->unwritten += 1 + (int64_t)task->key.key_count;
    report->calls++;
    report->pages += task->pages;
    report->rows += task->all_items;
    report->outcomes[task->outcome]++;
    return rc;
}

int mln_task_refuse(struct mln_task *task, const char *why, struct mln_err *err)
{
    task->outcome = MLN_OUTCOME_FAILED;
    keep_text(task->message, sizeof(task->message), mln_str_of(why));
    return finish(task, err);
}

static bool is_malformed(int rc)
{
    return rc == MLN_EINVAL || rc == MLN_ETOOBIG;
}

/* Asks for what follows; what cannot be asked for (a token that is too long) ends the task. */
static int ask_on(struct mln_task *task, bool *ended, struct mln_err *err)
{
    int rc = mln_task_submit(task, err);

    if (!is_malformed(rc))
        return rc;
    *ended = true;
    return mln_task_refuse(task, err->msg, err);
}

/* ---- variants ---- */

/* The worst of the variants decides: one that was not read makes the call unread. */
static void merge_outcome(struct mln_task *task, enum mln_outcome outcome, struct mln_str code,
        struct mln_str message)
{
    bool was_read = mln_outcome_is_read(task->outcome), is_read = mln_outcome_is_read(outcome);

    if (task->has_outcome && !was_read)
        return;
    if (task->has_outcome && is_read &&
            (task->outcome == MLN_OUTCOME_OK || outcome != MLN_OUTCOME_OK))
        return;
    task->has_outcome = true;
    task->outcome = outcome;
    keep_text(task->code, sizeof(task->code), code);
    keep_text(task->message, sizeof(task->message), message);
}

static int start_over(struct mln_task *task, bool *ended, struct mln_err *err)
{
    int rc = begin(task, err);

    task->reread = true;
    task->variant = 0;
    task->all_items = 0;
    task->all_total = -1;
    task->has_outcome = false;
    task->outcome = MLN_OUTCOME_OK;
    mln_buf_reset(&task->csv_heading);
    mln_task_first_page(task);
    return rc == MLN_OK ? ask_on(task, ended, err) : rc;
}

/* Rows of unique tables that came twice are one row: pages that overlap hide what is between. */
static int count_rows(struct mln_task *task, int64_t *out, struct mln_err *err)
{
    const struct mln_schema *schema = &task->run->plan->schema;
    const char *table = schema->tables[call_of(task)->rows->table].name;
    MLN_AUTO(mln_buf_free) struct mln_buf sql = MLN_BUF_INIT(256);
    sqlite3_stmt *stmt = NULL;
    int code;

    mln_buf_addf(&sql, "SELECT count(*) FROM \"%s\" WHERE call = ?1", table);
    if (sql.code != MLN_OK)
        return mln_fail(err, MLN_ENOMEM, "out of memory");
    code = sqlite3_prepare_v2(mln_snapshot_db(task->run->snapshot), sql.ptr, -1, &stmt, NULL);
    if (code == SQLITE_OK)
        code = sqlite3_bind_int64(stmt, 1, task->call_row);
    if (code == SQLITE_OK)
        code = sqlite3_step(stmt);
    if (code == SQLITE_ROW)
        *out = sqlite3_column_int64(stmt, 0);
    (void)sqlite3_finalize(stmt);
    return code == SQLITE_ROW ? MLN_OK
                              : mln_snapshot_fail(task->run->snapshot, code, "count rows", err);
}

/* How many of the total there are. Only few calls have many pages and are worth counting. */
static int count_items(struct mln_task *task, int64_t *out, struct mln_err *err)
{
    const struct mln_plan_entry *entry = entry_of(task);

    *out = task->items;
    if (task->total < 0 || task->page == 1 || !entry->is_unique || entry->variants.count > 0 ||
            call_of(task)->scope == MLN_SCOPE_ROW)
        return MLN_OK;
    return count_rows(task, out, err);
}

static int end_variant(struct mln_task *task, enum mln_outcome outcome, struct mln_str code,
        struct mln_str message, bool *ended, struct mln_err *err)
{
    char why[200] = "";
    int64_t items = 0;
    bool short_of = false;
    int rc = MLN_OK;

    if (outcome == MLN_OUTCOME_OK && call_of(task)->rows != NULL) {
        rc = count_items(task, &items, err);
        short_of = items < task->total;
        /* No product is nowhere: it would look as if the account had nothing in it. */
        if (rc == MLN_OK && entry_of(task)->gives_regions && task->items == 0) {
            outcome = MLN_OUTCOME_FAILED;
            message = MLN_STR("the answer names no region");
        }
        if (rc == MLN_OK && !task->reread &&
                (short_of || task->total_fell ||
                        (task->total_changed && entry_of(task)->page.by == MLN_PAGE_NUMBER)))
            return start_over(task, ended, err);
        /* What goes while a list is read moves others to pages that were read before. */
        if (rc == MLN_OK && task->total_fell && !short_of) {
            outcome = MLN_OUTCOME_FAILED;
            message = MLN_STR("the list became shorter while it was read, twice");
        }
        (void)snprintf(why, sizeof(why), "incomplete: %lld of %lld", (long long)items,
                (long long)task->total);
    }
    if (rc != MLN_OK)
        return rc;
    task->all_items += task->items;
    if (task->total >= 0)
        task->all_total = (task->all_total > 0 ? task->all_total : 0) + task->total;
    if (short_of)
        merge_outcome(task, MLN_OUTCOME_FAILED, MLN_STR(""), mln_str_of(why));
    else
        merge_outcome(task, outcome, code, message);
    if (task->variant + 1 < entry_of(task)->variants.count) {
        task->variant++;
        mln_buf_reset(&task->csv_heading);
        mln_task_first_page(task);
        return ask_on(task, ended, err);
    }
    *ended = true;
    return finish(task, err);
}

/* ---- the answer ---- */

/*
 * Twice as long each time, and anywhere within that: calls that failed together must not come back
 * together. Never sooner than the answer says.
 */
static int64_t pause_of(const struct mln_task *task, const struct mln_collect_answer *answer)
{
    const struct mln_random *random = task->run->options->random;
    int64_t ms = MLN_PAUSE_FIRST_MS << task->tries, least = answer->retry_after_ms;
    uint64_t number = 0;

    if (ms > MLN_PAUSE_MAX_MS)
        ms = MLN_PAUSE_MAX_MS;
    if (random != NULL) {
        mln_random_fill(random, &number, sizeof(number));
        ms = (int64_t)(number % (uint64_t)(ms + 1));
    }
    if (least > MLN_WAIT_MAX_MS)
        least = MLN_WAIT_MAX_MS;
    return ms > least ? ms : least;
}

/* What is not the cloud's answer at all is soon over, or there to stay. */
static bool is_worth_another_try(const struct mln_task *task,
        const struct mln_collect_answer *answer, const struct mln_reading *reading)
{
    bool passes = reading->outcome == MLN_OUTCOME_THROTTLED || answer->status == 0 ||
                  answer->status >= 500;

    return answer->retry && task->tries + 1 < (passes ? MLN_TRIES_MAX : MLN_TRIES_FOREIGN) &&
           !mln_outcome_is_read(reading->outcome);
}

static bool has_first(struct mln_json_value root, const struct mln_path *path)
{
    struct mln_json_value value;

    return path->count == 0 || mln_json_get(root, path->names[0], &value);
}

/*
 * The whole answer is the row, and it has nothing of what the row is made of: an answer to another
 * question. (OSS answers with an empty element when there is nothing.)
 */
static bool tells_nothing(const struct mln_task *task, struct mln_json_value root)
{
    const struct mln_plan_entry *entry = entry_of(task);
    const struct mln_row_map *rows = call_of(task)->rows;
    size_t asked = 0;

    if (!entry->single || rows->list.count > 0 ||
            (entry->info.style == MLN_STYLE_OSS && mln_json_count(root) == 0))
        return false;
    if ((rows->has_id && has_first(root, &rows->id)) ||
            (rows->has_name && has_first(root, &rows->name)))
        return false;
    for (size_t i = 0; i < rows->column_count; i++) {
        if (rows->columns[i].literal != NULL)
            continue;
        if (has_first(root, &rows->columns[i].path))
            return false;
        asked++;
    }
    for (size_t i = 0; i < rows->nested_count; i++, asked++)
        if (has_first(root, &rows->nested[i].list))
            return false;
    return asked > 0;
}

static int add_rows(struct mln_task *task, const struct mln_reading *reading, int64_t *added,
        struct mln_err *err)
{
    const struct mln_row_map *rows = call_of(task)->rows;
    const struct mln_row_place place = place_of(task);
    struct mln_json_value root = reading->list != NULL ? mln_json_root(reading->list)
                                                       : reading->root,
                          list;
    int rc;

    if (rows == NULL)
        return MLN_OK;
    /* Some APIs leave the list out when they count none. */
    if (!entry_of(task)->single && entry_of(task)->page.has_total && rows->list.count > 0 &&
            !mln_json_get(root, rows->list.names[0], &list)) {
        MLN_AUTO(mln_buf_free) struct mln_buf count = MLN_BUF_INIT(64);
        struct mln_json_value total;

        if (mln_path_find(root, &entry_of(task)->page.total, &total) &&
                mln_json_scalar(total, &count) && mln_str_is(mln_buf_str(&count), "0"))
            return MLN_OK;
    }
    if (tells_nothing(task, root))
        return mln_fail(err, MLN_EINVAL, "the answer has nothing of what was asked for");
    rc = mln_snapshot_add(task->run->snapshot, rows, &place, root, added, err);
    task->run->unwritten += *added;
    return rc;
}

static int take_page(
        struct mln_task *task, const struct mln_reading *reading, bool *ended, struct mln_err *err)
{
    char why[200] = "";
    int64_t added = 0;
    int rc = add_rows(task, reading, &added, err);

    if (is_malformed(rc))
        return end_variant(task, MLN_OUTCOME_FAILED, MLN_STR(""), mln_str_of(err->msg), ended, err);
    if (rc != MLN_OK)
        return rc;
    switch (mln_task_next_page(task, reading->root, added, why)) {
    case MLN_PAGES_MORE:
        task->page++;
        return ask_on(task, ended, err);
    case MLN_PAGES_WRONG:
        return end_variant(task, MLN_OUTCOME_FAILED, MLN_STR(""), mln_str_of(why), ended, err);
    case MLN_PAGES_END:
        break;
    }
    return end_variant(task, MLN_OUTCOME_OK, MLN_STR(""), MLN_STR(""), ended, err);
}

static int take_other(
        struct mln_task *task, const struct mln_reading *reading, bool *ended, struct mln_err *err)
{
    enum mln_outcome outcome = reading->outcome;
    struct mln_str message = reading->message;

    if (outcome == MLN_OUTCOME_GONE &&
            (call_of(task)->parent == NULL || entry_of(task)->batch > 0)) {
        outcome = MLN_OUTCOME_FAILED;
        message = MLN_STR("it is gone, and the plan does not say from which table");
    } else if (outcome == MLN_OUTCOME_GONE && task->begun) {
        /* What it had before it went. */
        int rc = begin(task, err);

        task->items = task->all_items = 0;
        if (rc != MLN_OK)
            return rc;
    } else if (mln_outcome_is_read(outcome) && task->page > 1) {
        /* Half a list is no answer, whatever the error is said to mean. */
        outcome = MLN_OUTCOME_FAILED;
    }
    return end_variant(task, outcome, reading->code, message, ended, err);
}

int mln_task_answer(struct mln_task *task, const struct mln_collect_answer *answer, bool *ended,
        struct mln_err *err)
{
    struct mln_reading reading;
    int rc = mln_read_answer(
            entry_of(task), call_of(task), answer, &task->csv_heading, &reading, err);

    if (rc != MLN_OK) {
        mln_reading_free(&reading);
        return rc;
    }
    if (is_worth_another_try(task, answer, &reading)) {
        task->due_ms = mln_monotonic_ms(clock_of(task)) + pause_of(task, answer);
        task->tries++;
        task->waiting = true;
        mln_reading_free(&reading);
        return MLN_OK;
    }
    task->tries = 0;
    task->pages++;
    task->http_status = answer->status;
    keep_text(task->request_id, sizeof(task->request_id), reading.request_id);
    rc = task->begun ? mln_run_begin(task->run, err) : begin(task, err);
    if (rc == MLN_OK && reading.outcome == MLN_OUTCOME_OK)
        rc = take_page(task, &reading, ended, err);
    else if (rc == MLN_OK)
        rc = take_other(task, &reading, ended, err);
    mln_reading_free(&reading);
    return rc;
}
