/* What the files of the executor share: a run, its calls, and one call on its way. For this folder
 * only. */
#pragma once

#include "acs/sign.h"
#include "collect/priv.h"

/* Calls on their way, asked for or waiting for their time; some two KiB each. */
#define MLN_TASKS_MAX ((size_t)4096)
/*
 * Of one call in one region at once: what it may be asked for in so many seconds, so that the
 * transport never runs out of it, and no more, so that a slow one does not take the others' places.
 */
#define MLN_REGION_TASKS_S   4.0
#define MLN_REGION_TASKS_MIN ((size_t)2)
#define MLN_REGION_TASKS_MAX ((size_t)64)
#define MLN_CALL_TASKS_MAX   ((size_t)256)  /* Of one call; less where calls are many. */
#define MLN_KEY_REGIONS_MAX  ((size_t)1000) /* Told apart; all others take one turn together. */
#define MLN_TASK_BLOCK_BYTES ((size_t)384)

#define MLN_TRIES_MAX       6
#define MLN_TRIES_FOREIGN   3
#define MLN_PAUSE_FIRST_MS  ((int64_t)1000)
#define MLN_PAUSE_MAX_MS    ((int64_t)32000)
#define MLN_WAIT_MAX_MS     ((int64_t)120000) /* However long an answer says. */
#define MLN_LOOK_MS         ((int64_t)500) /* How long one wait is, before the stop flag is seen. */
#define MLN_COMMIT_ROWS     ((int64_t)1000)
#define MLN_COMMIT_MS       ((int64_t)200)
#define MLN_PROGRESS_MS     ((int64_t)100)
#define MLN_EMPTY_PAGES     100 /* In a row. */
#define MLN_TOKEN_MAX       ((size_t)64 * 1024)
#define MLN_FIRST_MAX       ((size_t)4 * 1024 * 1024)
#define MLN_COLLECT_OWN_MAX ((size_t)1024) /* A meta value of ours. */

struct mln_run;

/* ---- the keys of a call, region by region ---- */

/*
 * The keys of all calls of a run, copied out of the snapshot before the first call is made: one
 * private file of SQLite's, which it keeps in memory while small.
 */
struct mln_key_store {
    struct sqlite3 *db; /* Opened with the first keys. */
};
void mln_key_store_close(struct mln_key_store *store);

/* The keys of one region: rows of the copy that follow each other. */
struct mln_key_region {
    int64_t next, end;
    size_t live; /* Given out, and not ended yet. */
};

struct mln_keys {
    const struct mln_plan_entry *entry;
    struct mln_key_store *store;
    size_t table;              /* Its name in the store. */
    struct sqlite3_stmt *stmt; /* Over the copy; NULL: once per account or site. */
    struct mln_key_region *regions;
    size_t region_count, turn;
    size_t open_count; /* Regions that have some left. */
    size_t region_max; /* Live ones of a region, by its rate. */
    size_t places;     /* Of the call: its regions share them; 0: as many as there are. */
    size_t next_site;
};

/* One of them; texts borrow from the arena. */
struct mln_key {
    struct mln_str region, key; /* The first key of a batch. */
    struct mln_str *keys;       /* All of a batch. */
    size_t key_count;
    struct mln_str *columns; /* By the entry's key_columns; ptr NULL: NULL. */
    const char *wrong;       /* Why it cannot be asked for; NULL */
    size_t place;            /* In the regions of the keys. */
};

enum mln_keys_state {
    MLN_KEYS_READY,
    MLN_KEYS_FULL, /* Those that are left are of regions that have as many as they may. */
    MLN_KEYS_ENDED
};

/* `all_regions`: the table of regions cannot be relied on, and those that are known are added. */
MLN_MUST_USE int mln_keys_open(struct mln_keys *keys, struct mln_key_store *store,
        const struct mln_plan_entry *entry, struct mln_snapshot *snapshot, bool all_regions,
        struct mln_err *err);
void mln_keys_close(struct mln_keys *keys);
enum mln_keys_state mln_keys_state(struct mln_keys *keys);
/* The next one, each region in its turn; the state is READY. */
MLN_MUST_USE int mln_keys_next(
        struct mln_keys *keys, struct mln_arena *arena, struct mln_key *out, struct mln_err *err);
/* Its task ended. */
void mln_keys_ended(struct mln_keys *keys, const struct mln_key *key);
/* Tasks that were not begun: of all regions, and of the one that has most. */
void mln_keys_left(const struct mln_keys *keys, int64_t *all, int64_t *most);

/* regions.c: whether a call that fills the table of regions of `entry` was not read. */
MLN_MUST_USE int mln_regions_are_unread(const struct mln_plan *plan,
        const struct mln_plan_entry *entry, struct mln_snapshot *snapshot, bool *out,
        struct mln_err *err);

/* ---- tasks ---- */

/* One instance of a call on its way: all its pages and variants, one request at a time. */
struct mln_task {
    struct mln_run *run; /* NULL while the place is free. */
    struct mln_task *next_free;
    size_t call;
    struct mln_collect_request request;
    struct mln_arena arena, page_arena; /* Of the task; of the request. */
    struct mln_key key;
    bool asked, waiting, begun, reread;
    int64_t call_row, due_ms, started_ms;
    int tries;
    size_t variant;

    /* Of the variant that is being read. */
    int64_t page, items, total, empty_pages;
    bool total_changed, total_fell;
    struct mln_buf token; /* The next page. */
    int64_t seen_at;
    /* Digests: the token of an earlier page, the first element of the newest one. */
    char seen_token[MLN_SHA256_HEX_MAX], first[MLN_SHA256_HEX_MAX];
    struct mln_buf csv_heading;

    /* Of the whole. */
    int64_t pages, all_items, all_total;
    bool has_outcome;
    enum mln_outcome outcome;
    int http_status;
    char code[160], message[520], request_id[100];
};

/* queue.c: the places for tasks, and the order of those that wait for their time. */
struct mln_queue {
    struct mln_task *tasks, *free;
    struct mln_task **waiting; /* A heap, the first due on top. */
    size_t max, waiting_count;
};
MLN_MUST_USE int mln_queue_init(struct mln_queue *queue, size_t max, struct mln_err *err);
void mln_queue_fini(struct mln_queue *queue);
/* NULL when all places are taken. */
struct mln_task *mln_queue_take(struct mln_queue *queue);
void mln_queue_give(struct mln_queue *queue, struct mln_task *task);
void mln_queue_wait(struct mln_queue *queue, struct mln_task *task);
/* The one that is due first, or NULL. */
struct mln_task *mln_queue_first(const struct mln_queue *queue);
void mln_queue_drop_first(struct mln_queue *queue);

/* ---- a run ---- */

enum mln_call_state { MLN_CALL_WAITING, MLN_CALL_OPEN, MLN_CALL_ENDED, MLN_CALL_DONE };

/* A call of the plan during a run. */
struct mln_run_call {
    enum mln_call_state state;
    struct mln_keys keys;
    size_t live, live_max; /* Its tasks. */
};

struct mln_since;

struct mln_run {
    const struct mln_plan *plan;
    struct mln_snapshot *snapshot;
    const struct mln_collect_transport *transport;
    const struct mln_collect_options *options;
    struct mln_collect_report *report;
    struct mln_run_call *calls;
    struct mln_key_store keys;
    struct mln_queue queue;
    struct mln_since *since;
    size_t task_max, live, in_flight, turn;
    struct sqlite3_stmt *recorded; /* Outcome of a recorded call; NULL in a new snapshot. */
    bool in_transaction, account_settled;
    bool changed;                /* Some call ended: others may begin. */
    int64_t unwritten, begun_ms; /* Rows since the transaction began. */
    int64_t told_ms;             /* When the progress was told last. */
    const struct mln_plan_call *newest;
    char account[65];
};

/* collect.c: everything is written inside a transaction that is committed now and then. */
MLN_MUST_USE int mln_run_begin(struct mln_run *run, struct mln_err *err);
MLN_MUST_USE int mln_run_commit_now_and_then(struct mln_run *run, struct mln_err *err);
bool mln_run_must_stop(const struct mln_run *run);

/* calls.c: which call is made when. */
/* How many tasks each call may have at once. */
void mln_run_share_places(struct mln_run *run);
/* Ends and begins calls, as far as they have come. */
MLN_MUST_USE int mln_run_advance(struct mln_run *run, struct mln_err *err);
/* Fills the free places, each call in its turn. */
MLN_MUST_USE int mln_run_fill(struct mln_run *run, struct mln_err *err);
/* All calls have come to their end. */
bool mln_run_is_done(const struct mln_run *run);
/* The task is recorded, and its place free. */
void mln_run_end_task(struct mln_run *run, struct mln_task *task);

/* progress.c; `at_once`: however short ago it was told last. */
void mln_run_tell(struct mln_run *run, bool at_once);

/* resume.c: what an earlier run has recorded. */
MLN_MUST_USE int mln_run_look_for_records(struct mln_run *run, struct mln_err *err);
/* Whether all keys of the task were read before. */
MLN_MUST_USE int mln_run_was_read(
        struct mln_run *run, const struct mln_task *task, bool *out, struct mln_err *err);

/* since.c: calls that an earlier snapshot answers. */
MLN_MUST_USE int mln_since_open(struct mln_run *run, struct mln_err *err);
void mln_since_close(struct mln_since *since);
/* MLN_EINVAL: the earlier snapshot is of another account than this run. */
MLN_MUST_USE int mln_since_check_account(const struct mln_run *run, struct mln_err *err);
/* Takes the task's rows and its record from the earlier snapshot, when nothing has changed. */
MLN_MUST_USE int mln_since_take(
        struct mln_run *run, struct mln_task *task, bool *taken, struct mln_err *err);

/* task.c */
void mln_task_init(struct mln_task *task, struct mln_run *run, size_t call);
/* Asks for the task's next page. MLN_EINVAL, MLN_ETOOBIG: it cannot be asked for. */
MLN_MUST_USE int mln_task_submit(struct mln_task *task, struct mln_err *err);
/* Takes an answer; *ended when the task is recorded. Fails only when the snapshot does. */
MLN_MUST_USE int mln_task_answer(struct mln_task *task, const struct mln_collect_answer *answer,
        bool *ended, struct mln_err *err);
/* Records a task that cannot be asked for. */
MLN_MUST_USE int mln_task_refuse(struct mln_task *task, const char *why, struct mln_err *err);
void mln_task_clear(struct mln_task *task);

/* account.c: whose account it is. */
/* True when the call tells. */
bool mln_run_tells_account(const struct mln_run *run, size_t call);
MLN_MUST_USE int mln_run_settle_account(struct mln_run *run, struct mln_err *err);

/* pages.c */
enum mln_pages { MLN_PAGES_MORE, MLN_PAGES_END, MLN_PAGES_WRONG };
/* What follows the page that was read: `added` elements of `root`. WRONG fills `why`. */
enum mln_pages mln_task_next_page(
        struct mln_task *task, struct mln_json_value root, int64_t added, char why[200]);
/* Forgets everything about the pages of a variant. */
void mln_task_first_page(struct mln_task *task);
