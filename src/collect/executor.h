/* What the files of the executor share: a run, and one call in it. For this folder only. */
#pragma once

#include "collect/priv.h"

#define MLN_TASKS_MAX      ((size_t)256)
#define MLN_TRIES_MAX      6
#define MLN_PAUSE_FIRST_MS ((int64_t)1000)
#define MLN_PAUSE_MAX_MS   ((int64_t)32000)
#define MLN_WAIT_MAX_MS    ((int64_t)120000) /* However long an answer says. */
#define MLN_LOOK_MS        ((int64_t)500) /* How long one wait is, before the stop flag is seen. */
#define MLN_COMMIT_ROWS    ((int64_t)1000)
#define MLN_COMMIT_MS      ((int64_t)200)
#define MLN_EMPTY_PAGES    100 /* In a row. */
#define MLN_TOKEN_MAX      ((size_t)64 * 1024)
#define MLN_FIRST_MAX      ((size_t)4 * 1024 * 1024)

struct mln_run;

/* One instance of a call on its way: all its pages and variants, one request at a time. */
struct mln_task {
    struct mln_run *run;
    size_t call;
    struct mln_collect_request request;
    struct mln_arena arena, page_arena; /* Of the task; of the request. */
    struct mln_key key;
    bool used, waiting, begun, reread;
    int64_t call_row, due_ms, started_ms;
    int tries;
    size_t variant;

    /* Of the variant that is being read. */
    int64_t page, items, total, empty_pages;
    bool total_changed;
    struct mln_buf token, seen_token; /* The next page; one of an earlier page. */
    int64_t seen_at;
    struct mln_buf first; /* The first element of the newest page. */
    struct mln_buf csv_heading;

    /* Of the whole. */
    int64_t pages, all_items, all_total;
    bool has_outcome;
    enum mln_outcome outcome;
    int http_status;
    char code[160], message[520], request_id[100];
};

enum mln_call_state { MLN_CALL_WAITING, MLN_CALL_OPEN, MLN_CALL_ENDED, MLN_CALL_DONE };

/* A call of the plan during a run. */
struct mln_run_call {
    enum mln_call_state state;
    struct mln_keys keys;
    size_t live; /* Its tasks. */
};

struct mln_run {
    const struct mln_plan *plan;
    struct mln_snapshot *snapshot;
    const struct mln_collect_transport *transport;
    const struct mln_collect_options *options;
    struct mln_collect_report *report;
    struct mln_run_call *calls;
    struct mln_task *tasks; /* task_max of them. */
    size_t task_max, live, in_flight, turn;
    struct sqlite3_stmt *recorded; /* Outcome of a recorded call; NULL in a new snapshot. */
    bool in_transaction, account_settled;
    int64_t unwritten, begun_ms; /* Rows since the transaction began. */
    char account[65];
};

/* run.c: everything is written inside a transaction that is committed now and then. */
MLN_MUST_USE int mln_run_begin(struct mln_run *run, struct mln_err *err);
MLN_MUST_USE int mln_run_commit(struct mln_run *run, struct mln_err *err);

/* task.c */
/* Asks for the task's next page. */
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
