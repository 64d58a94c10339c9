/*
 * Invariant: what the store says of an account after a commit (events, windows, offset) is what an
 * undisturbed run over exactly the lines before the offset would have produced.
 */
#include "risk/ingest.h"

#include <stdio.h>

#include "base/arena.h"
#include "base/file.h"
#include "detect/reader.h"
#include "detect/source.h"
#include "detect/zone.h"
#include "risk/batch.h"
#include "risk/catalog.h"

#define BATCH_LINES_MAX  ((int64_t)20000)
#define BATCH_ALARMS_MAX ((int64_t)1000)
#define LOSSES_MAX       20 /* Batches lost in a row: to a rival, or to one who keeps the lock. */
#define READER_STATE_MAX ((size_t)4 * 1024 * 1024)
#define LIST_FILE_MAX    ((size_t)1024 * 1024)

struct mln_ingest {
    struct mln_store *store;
    struct mln_ingest_options options;
    struct mln_zone *zone;
    struct mln_rules *rules;
    struct mln_engine *engine;
    struct mln_batch batch;
    int64_t epoch; /* The detection epoch that the engine's windows belong to. */
    bool windows_loaded, rules_stored;
};

/* One file being read. */
struct run {
    struct mln_ingest *ingest;
    struct mln_source *source;
    struct mln_reader_options reader_options;
    struct mln_reader *reader;
    struct mln_ingest_report *report;
    struct mln_source_position position;
    struct mln_offset_row
            archived; /* the row of what the file was before it was replaced, to be kept */
    struct mln_arena arena;
    bool exclusive; /* Holds the write lock while it reads a batch. */
};

static int on_alarm(void *ctx, const struct mln_alarm *alarm, struct mln_err *err)
{
    struct mln_ingest *ingest = ctx;

    return mln_batch_add(&ingest->batch, alarm, err);
}

/* ---- setting up ---- */

static int read_lists(
        const struct mln_ingest_options *options, struct mln_lists *lists, struct mln_err *err)
{
    const struct mln_catalog_file *files;
    struct mln_catalog *catalog;
    size_t count;
    int rc = mln_catalog_read("lists", options->catalogs, options->catalog_count, &catalog, err);

    if (rc != MLN_OK)
        return rc;
    files = mln_catalog_files(catalog, &count);
    for (size_t i = 0; rc == MLN_OK && i < count; i++)
        rc = mln_lists_read(lists, files[i].text, files[i].name, true, err);
    mln_catalog_free(catalog);
    for (size_t i = 0; rc == MLN_OK && i < options->list_file_count; i++) {
        MLN_AUTO(mln_buf_free) struct mln_buf text = MLN_BUF_INIT(LIST_FILE_MAX);

        rc = mln_file_read(options->list_files[i], &text, err);
        if (rc == MLN_OK)
            rc = mln_lists_read(lists, mln_buf_str(&text), options->list_files[i], false, err);
    }
    return rc;
}

static int compile_rules(const struct mln_ingest_options *options, const struct mln_lists *lists,
        struct mln_rules **out, struct mln_err *err)
{
    MLN_AUTO_FREE struct mln_rule_source *sources = NULL;
    const struct mln_catalog_file *files;
    struct mln_catalog *catalog;
    size_t count;
    int rc = mln_catalog_read("rules", options->catalogs, options->catalog_count, &catalog, err);

    if (rc != MLN_OK)
        return rc;
    files = mln_catalog_files(catalog, &count);
    sources = calloc(count + 1, sizeof(*sources));
    if (sources == NULL) {
        mln_catalog_free(catalog);
        return mln_fail(err, MLN_ENOMEM, "out of memory");
    }
    for (size_t i = 0; i < count; i++)
        sources[i] = (struct mln_rule_source){ files[i].name, files[i].text, files[i].built_in };
    /* NOLINTNEXTLINE(clang-analyzer-unix.Malloc): the scope frees it */
    rc = mln_rules_compile(sources, count, lists, out, err);
    mln_catalog_free(catalog);
    return rc;
}

static int load_rules(struct mln_ingest *ingest, struct mln_err *err)
{
    struct mln_lists *lists;
    int rc = mln_lists_new(&lists, err);

    if (rc != MLN_OK)
        return rc;
    rc = read_lists(&ingest->options, lists, err);
    if (rc == MLN_OK)
        rc = compile_rules(&ingest->options, lists, &ingest->rules, err);
    mln_lists_free(lists);
    return rc;
}

int mln_ingest_new(struct mln_store *store, const struct mln_ingest_options *options,
        struct mln_ingest **out, struct mln_err *err)
{
    struct mln_ingest *ingest = calloc(1, sizeof(*ingest));
    int rc;

    if (ingest == NULL)
        return mln_fail(err, MLN_ENOMEM, "out of memory");
    ingest->store = store;
    ingest->options = *options;
    mln_batch_init(&ingest->batch);
    rc = mln_store_account_get(store, options->account_id, err);
    if (rc == MLN_OK && mln_reader_format(options->format) == NULL)
        rc = mln_fail(err, MLN_EINVAL, "unknown log format '%s'", options->format);
    if (rc == MLN_OK)
        rc = mln_zone_new(options->time_zone, &ingest->zone, err);
    if (rc == MLN_OK)
        rc = load_rules(ingest, err);
    if (rc == MLN_OK)
        rc = mln_engine_new(ingest->rules, options->clock, on_alarm, ingest, &ingest->engine, err);
    if (rc != MLN_OK) {
        mln_ingest_free(ingest);
        return rc;
    }
    *out = ingest;
    return MLN_OK;
}

void mln_ingest_free(struct mln_ingest *ingest)
{
    if (ingest == NULL)
        return;
    mln_engine_free(ingest->engine);
    mln_rules_free(ingest->rules);
    mln_zone_free(ingest->zone);
    mln_batch_fini(&ingest->batch);
    free(ingest);
}

/* ---- state in the store ---- */

static int restore_window(
        void *ctx, int64_t rule_id, struct mln_str key, struct mln_str state, struct mln_err *err)
{
    struct mln_ingest *ingest = ctx;

    return mln_engine_restore(ingest->engine, rule_id, key, state, err);
}

/* The windows and the epoch they belong to; the caller's transaction makes them one state. */
static int load_windows(struct mln_ingest *ingest, struct mln_err *err)
{
    struct mln_str account = ingest->options.account_id;
    int rc = mln_store_epoch_get(ingest->store, account, &ingest->epoch, err);

    mln_engine_reset(ingest->engine);
    if (rc == MLN_OK)
        rc = mln_store_window_list(ingest->store, account, restore_window, ingest, err);
    ingest->windows_loaded = rc == MLN_OK;
    return rc;
}

struct place {
    struct run *run;
    struct mln_source_position position;
    struct mln_str reader_state;
    enum mln_source_match match;
    bool found;
};

static void copy_text(char *out, size_t size, struct mln_str text)
{
    (void)snprintf(out, size, "%.*s", MLN_FMT(text));
}

static int read_offset(void *ctx, const struct mln_offset_row *row, struct mln_err *err)
{
    struct place *place = ctx;
    struct mln_source_position position = {
        .head_len = row->head_len, .tail_len = row->tail_len, .offset = row->offset
    };
    enum mln_source_match match;
    int rc;

    copy_text(position.source_id, sizeof(position.source_id), row->source_id);
    copy_text(position.head, sizeof(position.head), row->head);
    copy_text(position.tail, sizeof(position.tail), row->tail);
    rc = mln_source_match(place->run->source, &position, &match, err);
    if (rc != MLN_OK)
        return rc;
    if (place->found && (match != MLN_SOURCE_SAME || position.offset < place->position.offset))
        return MLN_OK;
    place->position = position;
    place->match = match;
    place->reader_state = mln_arena_dup(&place->run->arena, row->reader);
    place->found = place->reader_state.ptr != NULL;
    return place->found ? MLN_OK : mln_fail(err, MLN_ENOMEM, "out of memory");
}

/* A file that was moved or copied (logrotate's copytruncate) is known by its first bytes. */
static int find_by_head(struct run *run, struct place *place, struct mln_err *err)
{
    struct mln_str account = run->ingest->options.account_id;
    char head[MLN_FINGERPRINT_HEX];
    int rc = mln_source_head(run->source, (int64_t)MLN_FINGERPRINT_MAX, head, err);

    if (rc == MLN_ENOTFOUND)
        return MLN_OK; /* Shorter than a whole fingerprint. */
    if (rc != MLN_OK)
        return rc;
    return mln_store_offset_by_head(
            run->ingest->store, account, mln_str_of(head), read_offset, place, err);
}

/* The row of what stood at this inode before is kept under another name, in case its copy is read
 * later. */
static int archive(struct run *run, const struct place *place, struct mln_err *err)
{
    const struct mln_source_position *old = &place->position;
    char id[sizeof(old->source_id) + sizeof(old->head) + 2];
    struct mln_offset_row *row = &run->archived;

    (void)snprintf(id, sizeof(id), "%s:%s", old->source_id, old->head);
    row->source_id = mln_arena_dup(&run->arena, mln_str_of(id));
    row->head = mln_arena_dup(&run->arena, mln_str_of(old->head));
    row->tail = mln_arena_dup(&run->arena, mln_str_of(old->tail));
    row->reader = place->reader_state;
    row->head_len = old->head_len;
    row->tail_len = old->tail_len;
    row->offset = old->offset;
    return row->tail.ptr != NULL ? MLN_OK : mln_fail(err, MLN_ENOMEM, "out of memory");
}

/* A reader that has seen nothing: after a rolled-back batch the old one knows too much. */
static int reset_reader(struct run *run, struct mln_err *err)
{
    mln_reader_free(run->reader);
    run->reader = NULL;
    return mln_reader_new(mln_reader_format(run->ingest->options.format), &run->reader_options,
            &run->reader, err);
}

/* Where to go on: the stored place of this file, of the file it is a copy of, or its start. */
static int find_place(struct run *run, struct mln_err *err)
{
    struct mln_str account = run->ingest->options.account_id;
    struct place place = { .run = run }, copy = { .run = run };
    int rc = mln_store_offset_get(run->ingest->store, account,
            mln_str_of(mln_source_id(run->source)), read_offset, &place, err);

    if (rc != MLN_OK && rc != MLN_ENOTFOUND)
        return rc;
    if (rc == MLN_ENOTFOUND || place.match != MLN_SOURCE_SAME) {
        run->report->rewritten = place.found;
        rc = find_by_head(run, &copy, err);
        if (rc == MLN_OK && place.found && place.match == MLN_SOURCE_OTHER)
            rc = archive(run, &place, err);
        if (rc != MLN_OK)
            return rc;
        place = copy;
    }
    if (!place.found || place.match != MLN_SOURCE_SAME) {
        run->position = (struct mln_source_position){ 0 };
        return mln_source_seek(run->source, 0, err);
    }
    run->position = place.position;
    rc = mln_source_seek(run->source, place.position.offset, err);
    return rc == MLN_OK ? mln_reader_load(run->reader, place.reader_state, err) : rc;
}

static int put_window(
        void *ctx, int64_t rule_id, struct mln_str key, struct mln_str state, struct mln_err *err)
{
    const struct mln_ingest *ingest = ctx;

    return mln_store_window_put(
            ingest->store, ingest->options.account_id, rule_id, key, state, err);
}

static int put_rules(struct mln_ingest *ingest, struct mln_err *err)
{
    int rc = MLN_OK;

    for (size_t i = 0; rc == MLN_OK && i < mln_rules_count(ingest->rules); i++) {
        const struct mln_rule_info *info = mln_rules_info(ingest->rules, i);
        const struct mln_rule_row row = {
            .rule_id = info->rule_id,
            .category_id = info->category_id,
            .name_en = info->name_en,
            .name_zh = info->name_zh,
            .category_en = info->category_en,
            .category_zh = info->category_zh,
            .alert_frequency = info->alert_frequency,
            .level = info->level,
            .replaced = info->replaced,
        };

        rc = mln_store_rule_put(ingest->store, &row, err);
    }
    return rc;
}

static int put_offset(struct run *run, const struct mln_source_position *position,
        struct mln_str reader_state, struct mln_err *err)
{
    struct mln_ingest *ingest = run->ingest;
    const struct mln_offset_row row = {
        .source_id = mln_str_of(position->source_id),
        .head = mln_str_of(position->head),
        .tail = mln_str_of(position->tail),
        .reader = reader_state,
        .head_len = position->head_len,
        .tail_len = position->tail_len,
        .offset = position->offset,
        .updated_ms = mln_now_ms(ingest->options.clock),
    };
    int rc = MLN_OK;

    if (run->archived.source_id.ptr != NULL)
        rc = mln_store_offset_put(ingest->store, ingest->options.account_id, &run->archived, err);
    if (rc == MLN_OK)
        rc = mln_store_offset_put(ingest->store, ingest->options.account_id, &row, err);
    return rc;
}

/* ---- batches ---- */

static int write_batch(struct run *run, const struct mln_source_position *position,
        struct mln_str reader_state, struct mln_err *err)
{
    struct mln_ingest *ingest = run->ingest;
    struct mln_str account = ingest->options.account_id;
    int rc = MLN_OK;

    /* A stream cannot be read again: its alarms are written whatever a rival did to the windows. */
    if (mln_source_is_stream(run->source))
        rc = mln_store_epoch_get(ingest->store, account, &ingest->epoch, err);
    if (rc == MLN_OK)
        rc = mln_store_epoch_advance(ingest->store, account, ingest->epoch, err);
    if (rc == MLN_OK && !ingest->rules_stored)
        rc = put_rules(ingest, err);
    if (rc == MLN_OK)
        rc = mln_batch_flush(&ingest->batch, ingest->store, account, err);
    if (rc == MLN_OK)
        rc = mln_engine_changed(ingest->engine, put_window, ingest, err);
    if (rc == MLN_OK && !mln_source_is_stream(run->source))
        rc = put_offset(run, position, reader_state, err);
    return rc;
}

/* The engine and the batch know of alarms that the store does not: both start again from the store.
 */
static int give_up_batch(struct run *run, int rc)
{
    mln_store_rollback(run->ingest->store);
    run->ingest->windows_loaded = false;
    mln_batch_clear(&run->ingest->batch, true);
    return rc;
}

/* MLN_EEXIST: a rival committed first; nothing of this batch is in the store. */
static int commit_batch(struct run *run, struct mln_err *err)
{
    MLN_AUTO(mln_buf_free) struct mln_buf state = MLN_BUF_INIT(READER_STATE_MAX);
    struct mln_ingest *ingest = run->ingest;
    struct mln_source_position position = { 0 };
    struct mln_str reader_state = { 0 };
    int rc = mln_source_position(run->source, &position, err);

    mln_reader_save(run->reader, &state);
    if (rc == MLN_OK)
        rc = mln_buf_done(&state, &reader_state, err);
    if (rc == MLN_OK && !run->exclusive)
        rc = mln_store_begin(ingest->store, err);
    if (rc != MLN_OK)
        return give_up_batch(run, rc);
    rc = write_batch(run, &position, reader_state, err);
    if (rc == MLN_OK)
        rc = mln_store_commit(ingest->store, err);
    if (rc != MLN_OK)
        return give_up_batch(run, rc);
    run->report->alarms += ingest->batch.alarms;
    ingest->epoch++;
    ingest->rules_stored = true;
    run->position = position;
    mln_batch_clear(&ingest->batch, false);
    return MLN_OK;
}

static bool stop_asked(const struct mln_ingest *ingest)
{
    return ingest->options.stop != NULL && *ingest->options.stop != 0;
}

static int feed_line(struct run *run, const struct mln_source_line *line,
        struct mln_ingest_report *batch, struct mln_err *err)
{
    struct mln_audit_event event;
    enum mln_line_result result;
    int rc = mln_reader_line(run->reader, line->text, line->truncated, &result, &event, err);

    if (rc != MLN_OK)
        return rc;
    batch->lines++;
    batch->bytes += (int64_t)line->text.len + 1;
    batch->cut_lines += line->truncated;
    batch->bad_lines += result == MLN_LINE_BAD;
    if (result != MLN_LINE_EVENT)
        return MLN_OK;
    batch->events++;
    return mln_engine_event(run->ingest->engine, &event, err);
}

static bool batch_is_full(const struct mln_ingest *ingest, int64_t lines)
{
    return lines >= BATCH_LINES_MAX || ingest->batch.alarms >= BATCH_ALARMS_MAX ||
           ingest->batch.members >= MLN_BATCH_MEMBERS_MAX;
}

/*
 * A file that starts with nothing but strangers is the wrong file or the wrong --format. It is
 * refused before its offset is kept, so that reading it again with the right one loses nothing.
 */
static int check_format(
        const struct run *run, const struct mln_ingest_report *batch, struct mln_err *err)
{
    if (run->report->lines > 0 || run->position.offset > 0 || batch->bad_lines < batch->lines)
        return MLN_OK;
    return mln_fail(err, MLN_EINVAL,
            "none of its first %lld lines is a record of the format %s: nothing was read; is "
            "--format right?",
            (long long)batch->lines, run->ingest->options.format);
}

/* Reads and commits one batch. `*more` tells whether there may be another. */
static int run_batch(struct run *run, bool *more, struct mln_err *err)
{
    struct mln_ingest *ingest = run->ingest;
    struct mln_ingest_report batch = { 0 };
    struct mln_source_line line;
    bool failed = false, got = false;
    int rc = MLN_OK;

    while (rc == MLN_OK && !batch_is_full(ingest, batch.lines) && !stop_asked(ingest)) {
        got = mln_source_next(run->source, &line, &failed, err);
        if (!got)
            break;
        rc = feed_line(run, &line, &batch, err);
    }
    if (failed)
        rc = err->code;
    if (rc == MLN_OK && batch.lines > 0)
        rc = check_format(run, &batch, err);
    if (rc == MLN_OK && batch.lines > 0)
        rc = commit_batch(run, err);
    if (rc != MLN_OK)
        return rc;
    run->report->lines += batch.lines;
    run->report->bytes += batch.bytes;
    run->report->events += batch.events;
    run->report->bad_lines += batch.bad_lines;
    run->report->cut_lines += batch.cut_lines;
    run->report->stopped = stop_asked(ingest);
    *more = got && !run->report->stopped;
    return MLN_OK;
}

/* Windows, reader and place in the file as the store has them. */
static int load_state(struct run *run, struct mln_err *err)
{
    int rc = load_windows(run->ingest, err);

    if (rc == MLN_OK)
        rc = reset_reader(run, err);
    if (rc == MLN_OK && !mln_source_is_stream(run->source))
        rc = find_place(run, err);
    return rc;
}

/*
 * Makes ready for a batch. A detector that has once lost to a rival holds the write lock from here
 * to its commit: it reads what the rival left and cannot lose again.
 */
static int begin_batch(struct run *run, struct mln_err *err)
{
    struct mln_ingest *ingest = run->ingest;
    int64_t epoch = ingest->epoch;
    int rc;

    if (ingest->windows_loaded && !run->exclusive)
        return MLN_OK;
    rc = run->exclusive ? mln_store_begin(ingest->store, err)
                        : mln_store_begin_read(ingest->store, err);
    if (rc != MLN_OK)
        return rc;
    if (ingest->windows_loaded)
        rc = mln_store_epoch_get(ingest->store, ingest->options.account_id, &epoch, err);
    if (rc == MLN_OK && (!ingest->windows_loaded || epoch != ingest->epoch))
        rc = load_state(run, err);
    if (rc != MLN_OK || !run->exclusive)
        mln_store_rollback(ingest->store);
    return rc;
}

static int run_file(struct run *run, struct mln_err *err)
{
    int lost = 0, rc = MLN_OK;
    bool more = true;

    while (rc == MLN_OK && more) {
        rc = begin_batch(run, err);
        if (rc == MLN_OK)
            rc = run_batch(run, &more, err);
        if (run->exclusive)
            mln_store_rollback(run->ingest->store); /* Nothing to do after a commit. */
        if (rc == MLN_OK)
            lost = 0;
        else if ((rc == MLN_EEXIST || rc == MLN_ETRANSIENT) && ++lost <= LOSSES_MAX &&
                 !mln_source_is_stream(run->source)) {
            run->exclusive = true;
            run->report->retried_batches++;
            rc = MLN_OK;
        }
    }
    return rc;
}

/* The engine counts over all files; the report is of one. */
static void fill_stats(struct run *run, const struct mln_engine_stats *before)
{
    struct mln_engine_stats stats;

    mln_engine_stats(run->ingest->engine, &stats);
    run->report->muted = stats.muted - before->muted;
    run->report->late = stats.late - before->late;
    run->report->future = stats.future - before->future;
    run->report->evicted_windows = stats.evicted_windows - before->evicted_windows;
    run->report->regex_limits = stats.regex_limits - before->regex_limits;
    run->report->already_read = run->report->lines == 0 && run->position.offset > 0;
}

int mln_ingest_file(struct mln_ingest *ingest, const char *path, struct mln_ingest_report *report,
        struct mln_err *err)
{
    const struct mln_ingest_options *options = &ingest->options;
    struct run run = { .ingest = ingest,
        .report = report,
        .reader_options = { options->product, options->instance, ingest->zone },
        .arena = MLN_ARENA_INIT(READER_STATE_MAX * 16) };
    struct mln_engine_stats before;
    int rc;

    mln_engine_stats(ingest->engine, &before);
    *report = (struct mln_ingest_report){ 0 };
    rc = mln_source_open(path, &run.source, err);
    if (rc != MLN_OK)
        return rc;
    ingest->windows_loaded = false; /* Each file starts from what is committed. */
    rc = run_file(&run, err);
    if (rc == MLN_OK)
        report->partial_bytes = mln_source_partial_bytes(run.source);
    fill_stats(&run, &before);
    mln_reader_free(run.reader);
    mln_source_close(run.source);
    mln_arena_free(&run.arena);
    return rc == MLN_OK ? MLN_OK : mln_wrap(err, rc, "%s", path);
}
