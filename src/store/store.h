/*
 * The store: rows and transactions in the words of DESIGN ("risk event", "handling", "window"), and
 * no rule of the product. One engine today (src/store/sqlite); the conformance suite
 * (tests/unit/store/conformance.c) is the promise that every engine keeps.
 *
 * A `struct mln_store` is one connection: use it from one thread at a time, open one per thread. A
 * write outside mln_store_begin()/commit() is its own transaction. Views handed to a callback are
 * valid during the callback only. Errors: MLN_ENOTFOUND, MLN_EEXIST where said; MLN_ETRANSIENT when
 * another writer kept the lock past busy_timeout_ms; MLN_EIO (disk full, read-only, I/O),
 * MLN_ECORRUPT (not our file, damaged), MLN_ECONFIG (written by a newer version). Statements and
 * samples are bytes, not text. Times are UTC epoch milliseconds.
 */
#pragma once

#include "base/clock.h"
#include "base/random.h"

struct mln_store;

enum mln_store_mode { MLN_STORE_READ, MLN_STORE_WRITE, MLN_STORE_CREATE };

struct mln_store_options {
    enum mln_store_mode mode; /* CREATE also creates the file and migrates; WRITE migrates. */
    int busy_timeout_ms;      /* 0: the default, 10,000. */
    const char *sqlite_vfs;   /* Tests inject faults below SQLite; NULL in the product. */
};

/* `url` is "sqlite:PATH". A missing file is MLN_ENOTFOUND unless mode is CREATE. */
MLN_MUST_USE int mln_store_open(const char *url, const struct mln_store_options *options,
        struct mln_store **out, struct mln_err *err);
void mln_store_close(struct mln_store *store);

/*
 * A commit that fails has rolled back: the batch can be tried again. After MLN_EIO it may still
 * turn out to have happened, as a whole, when the store is opened next (the disk took the bytes and
 * failed to say so): the epoch tells. A transaction in which a write failed (other than MLN_EEXIST,
 * MLN_ENOTFOUND) commits nothing: MLN_EIO.
 */
MLN_MUST_USE int mln_store_begin(struct mln_store *store, struct mln_err *err);
MLN_MUST_USE int mln_store_commit(struct mln_store *store, struct mln_err *err);
void mln_store_rollback(struct mln_store *store); /* Nothing to do outside a transaction. */

/* A read transaction: the statements until _commit see one state. */
MLN_MUST_USE int mln_store_begin_read(struct mln_store *store, struct mln_err *err);

/*
 * A number that changes when anybody has committed, and hardly costs anything. What was read after
 * taking it may be kept: while the number is the same, reading again gives the same.
 */
MLN_MUST_USE int mln_store_data_version(struct mln_store *store, int64_t *out, struct mln_err *err);

/* Is the store readable and the schema ours? For /readyz and doctor. */
MLN_MUST_USE int mln_store_ping(struct mln_store *store, struct mln_err *err);

/* ---- accounts ---- */
struct mln_account_row {
    struct mln_str account_id; /* AliUid: 1..20 digits. */
    int64_t created_ms;
};
typedef int mln_account_row_fn(void *ctx, const struct mln_account_row *row, struct mln_err *err);

MLN_MUST_USE int mln_store_account_add(struct mln_store *store, const struct mln_account_row *row,
        struct mln_err *err); /* MLN_EEXIST */
MLN_MUST_USE int mln_store_account_get(struct mln_store *store, struct mln_str account_id,
        struct mln_err *err); /* MLN_OK or MLN_ENOTFOUND */
MLN_MUST_USE int mln_store_account_list(
        struct mln_store *store, mln_account_row_fn *fn, void *ctx, struct mln_err *err);

/* ---- users, policies ---- */
struct mln_user_row {
    struct mln_str account_id, user_id, name; /* user_id: 18 digits, unique in the store. */
    bool disabled;
    int64_t created_ms;
};
typedef int mln_user_row_fn(void *ctx, const struct mln_user_row *row, struct mln_err *err);

MLN_MUST_USE int mln_store_user_add(struct mln_store *store, const struct mln_user_row *row,
        struct mln_err *err); /* MLN_EEXIST */
/* One user by name; MLN_ENOTFOUND. */
MLN_MUST_USE int mln_store_user_get(struct mln_store *store, struct mln_str account_id,
        struct mln_str name, mln_user_row_fn *fn, void *ctx, struct mln_err *err);
MLN_MUST_USE int mln_store_user_list(struct mln_store *store, struct mln_str account_id,
        mln_user_row_fn *fn, void *ctx, struct mln_err *err);
MLN_MUST_USE int mln_store_user_set_disabled(struct mln_store *store, struct mln_str account_id,
        struct mln_str name, bool disabled, struct mln_err *err);

struct mln_policy_row {
    struct mln_str account_id, name, document; /* document: RAM policy JSON, checked by iam. */
    int64_t updated_ms;
};
typedef int mln_policy_row_fn(void *ctx, const struct mln_policy_row *row, struct mln_err *err);

/* Adds or replaces. */
MLN_MUST_USE int mln_store_policy_put(
        struct mln_store *store, const struct mln_policy_row *row, struct mln_err *err);
MLN_MUST_USE int mln_store_policy_list(struct mln_store *store, struct mln_str account_id,
        mln_policy_row_fn *fn, void *ctx, struct mln_err *err);
MLN_MUST_USE int mln_store_policy_attach(struct mln_store *store, struct mln_str account_id,
        struct mln_str user_name, struct mln_str policy_name, struct mln_err *err);
MLN_MUST_USE int mln_store_policy_detach(struct mln_store *store, struct mln_str account_id,
        struct mln_str user_name, struct mln_str policy_name, struct mln_err *err);
/* The policies attached to a user. */
MLN_MUST_USE int mln_store_user_policies(struct mln_store *store, struct mln_str account_id,
        struct mln_str user_name, mln_policy_row_fn *fn, void *ctx, struct mln_err *err);

/* ---- access keys ---- */
struct mln_key_row {
    struct mln_str access_key_id, account_id, user_name, user_id;
    struct mln_str sealed;      /* nonce + ciphertext, bytes */
    struct mln_str seal_key_id; /* which sealing key */
    bool disabled;              /* the key itself */
    bool user_disabled;         /* its user (filled on read) */
    int64_t created_ms;
};
typedef int mln_key_row_fn(void *ctx, const struct mln_key_row *row, struct mln_err *err);

MLN_MUST_USE int mln_store_key_add(struct mln_store *store, const struct mln_key_row *row,
        struct mln_err *err); /* MLN_EEXIST; MLN_ENOTFOUND: no such user */
MLN_MUST_USE int mln_store_key_get(struct mln_store *store, struct mln_str access_key_id,
        mln_key_row_fn *fn, void *ctx, struct mln_err *err); /* MLN_ENOTFOUND */
/*
 * Keys of an account, of one user when `user_name` is not empty, of the whole store when both are
 * empty; by account, user and time of making.
 */
MLN_MUST_USE int mln_store_key_list(struct mln_store *store, struct mln_str account_id,
        struct mln_str user_name, mln_key_row_fn *fn, void *ctx, struct mln_err *err);
MLN_MUST_USE int mln_store_key_set_disabled(
        struct mln_store *store, struct mln_str access_key_id, bool disabled, struct mln_err *err);
MLN_MUST_USE int mln_store_key_reseal(struct mln_store *store, struct mln_str access_key_id,
        struct mln_str sealed, struct mln_str seal_key_id, struct mln_err *err);

/* ---- nonces of writes ---- */
/* MLN_EEXIST when the key already used this nonce. Expired rows are dropped on the way (a bounded
 * number). */
MLN_MUST_USE int mln_store_nonce_add(struct mln_store *store, struct mln_str access_key_id,
        struct mln_str nonce, int64_t now_ms, int64_t expires_ms, struct mln_err *err);

/* ---- risk rules (what the detector last loaded; names for events of rules that are gone) ---- */
struct mln_rule_row {
    int64_t rule_id, category_id;
    struct mln_str name_en, name_zh, category_en, category_zh;
    struct mln_str alert_frequency; /* "1/day" */
    int level;                      /* 1 low, 2 medium, 3 high */
    bool replaced;                  /* a built-in rule replaced by a user's file */
};
typedef int mln_rule_row_fn(void *ctx, const struct mln_rule_row *row, struct mln_err *err);
MLN_MUST_USE int mln_store_rule_put(
        struct mln_store *store, const struct mln_rule_row *row, struct mln_err *err);
MLN_MUST_USE int mln_store_rule_list(
        struct mln_store *store, mln_rule_row_fn *fn, void *ctx, struct mln_err *err);

/* ---- risk events ---- */
enum mln_handle_status { MLN_UNPROCESSED, MLN_PROCESSED };
enum mln_member_kind {
    MLN_MEMBER_INSTANCE,
    MLN_MEMBER_CLIENT_IP,
    MLN_MEMBER_USER,
    MLN_MEMBER_KINDS
};

#define MLN_MEMBERS_MAX \
    10000 /* Distinct members kept per event and kind; the count then stays there. */
#define MLN_SAMPLES_MAX 20 /* Sample statements kept per event: the first ones. */

struct mln_risk_event_row {
    int64_t risk_id; /* 1 .. 2^53-1, ascending, unique in the store */
    struct mln_str account_id, product;
    struct mln_rule_row
            rule; /* Joined on read; its level is the rule's when the event was opened. */
    enum mln_handle_status status;
    int64_t alarm_count;
    int64_t member_count[MLN_MEMBER_KINDS];
    bool member_capped[MLN_MEMBER_KINDS];              /* More than MLN_MEMBERS_MAX were seen. */
    int64_t first_alarm_ms, last_alarm_ms, handled_ms; /* handled_ms: 0 = never */
};
typedef int mln_risk_event_row_fn(
        void *ctx, const struct mln_risk_event_row *row, struct mln_err *err);

struct mln_risk_event_filter {
    enum mln_handle_status status;
    bool any_status;
    int level;                  /* 0: any */
    struct mln_str product;     /* empty: any */
    int64_t rule_id;            /* 0: any */
    int64_t since_ms, until_ms; /* on last_alarm_ms, inclusive; 0: open */
    int64_t offset, limit;      /* The page of the matches; neither is negative. */
};

/*
 * One page, newest risk_id first, and the number of matches. Counting status, level and product
 * does not depend on the number of events (kept counters).
 */
MLN_MUST_USE int mln_store_risk_event_list(struct mln_store *store, struct mln_str account_id,
        const struct mln_risk_event_filter *filter, int64_t *total, mln_risk_event_row_fn *fn,
        void *ctx, struct mln_err *err);
MLN_MUST_USE int mln_store_risk_event_get(struct mln_store *store, struct mln_str account_id,
        int64_t risk_id, mln_risk_event_row_fn *fn, void *ctx, struct mln_err *err);

struct mln_alarm_fold {
    struct mln_str account_id, product;
    int64_t rule_id;
    int64_t alarm_count, first_alarm_ms, last_alarm_ms;
};
/*
 * Adds alarms to the open event of (account, rule, product), or opens one at the rule's level of
 * now, which the event keeps. Gives its risk_id. MLN_ENOTFOUND: the rule was never put.
 */
MLN_MUST_USE int mln_store_risk_event_fold(struct mln_store *store,
        const struct mln_alarm_fold *fold, int64_t *risk_id, struct mln_err *err);
/* Adds a distinct member and counts it; already there or over the cap is MLN_OK. */
MLN_MUST_USE int mln_store_risk_member_add(struct mln_store *store, int64_t risk_id,
        enum mln_member_kind kind, struct mln_str value, struct mln_err *err);
typedef int mln_member_row_fn(
        void *ctx, enum mln_member_kind kind, struct mln_str value, struct mln_err *err);
MLN_MUST_USE int mln_store_risk_member_list(struct mln_store *store, int64_t risk_id, int64_t limit,
        mln_member_row_fn *fn, void *ctx, struct mln_err *err);

struct mln_sample_row {
    int64_t alarm_ms;
    struct mln_str instance, client_ip, user, database,
            statement; /* statement: bytes, secrets masked */
};
typedef int mln_sample_row_fn(void *ctx, const struct mln_sample_row *row, struct mln_err *err);
/* Keeps the first MLN_SAMPLES_MAX; more is MLN_OK and nothing. */
MLN_MUST_USE int mln_store_risk_sample_add(struct mln_store *store, int64_t risk_id,
        const struct mln_sample_row *row, struct mln_err *err);
MLN_MUST_USE int mln_store_risk_sample_list(struct mln_store *store, int64_t risk_id,
        mln_sample_row_fn *fn, void *ctx, struct mln_err *err);

/* ---- handling ---- */
struct mln_handling_row {
    struct mln_str account_id;
    int64_t risk_id, handled_ms;
    int64_t method;
    struct mln_str type, detail, user_name, request_id; /* type "Manual" */
};
typedef int mln_handling_row_fn(void *ctx, const struct mln_handling_row *row, struct mln_err *err);
/* Closes an open event and records who decided what. MLN_ENOTFOUND; MLN_EEXIST when already
 * processed. */
MLN_MUST_USE int mln_store_handling_add(
        struct mln_store *store, const struct mln_handling_row *row, struct mln_err *err);
MLN_MUST_USE int mln_store_handling_list(struct mln_store *store, struct mln_str account_id,
        int64_t risk_id, mln_handling_row_fn *fn, void *ctx, struct mln_err *err);

/* ---- the detector's state ---- */
/* Open windows, baselines and mutes: opaque bytes under a key, per account. An empty state deletes.
 */
MLN_MUST_USE int mln_store_window_put(struct mln_store *store, struct mln_str account_id,
        int64_t rule_id, struct mln_str key, struct mln_str state, struct mln_err *err);
typedef int mln_window_row_fn(
        void *ctx, int64_t rule_id, struct mln_str key, struct mln_str state, struct mln_err *err);
MLN_MUST_USE int mln_store_window_list(struct mln_store *store, struct mln_str account_id,
        mln_window_row_fn *fn, void *ctx, struct mln_err *err);

/*
 * The account's detection epoch: raised by each committed batch. A detector that finds another
 * value than the one it loaded its windows at has a rival, rolls back and loads again. MLN_EEXIST
 * when `expected` is not the stored value (0 before the first batch).
 */
MLN_MUST_USE int mln_store_epoch_get(
        struct mln_store *store, struct mln_str account_id, int64_t *out, struct mln_err *err);
MLN_MUST_USE int mln_store_epoch_advance(
        struct mln_store *store, struct mln_str account_id, int64_t expected, struct mln_err *err);

/* A source (a log file, a partition) and how far it was read. */
struct mln_offset_row {
    struct mln_str source_id; /* Names the stream: "file:DEV:INODE" */
    struct mln_str head;      /* Fingerprint of the first bytes */
    struct mln_str tail;      /* Fingerprint of the bytes before the offset */
    struct mln_str reader;    /* The reader's own state, bytes */
    int64_t head_len, tail_len, offset, updated_ms;
};
typedef int mln_offset_row_fn(void *ctx, const struct mln_offset_row *row, struct mln_err *err);
MLN_MUST_USE int mln_store_offset_put(struct mln_store *store, struct mln_str account_id,
        const struct mln_offset_row *row, struct mln_err *err);
MLN_MUST_USE int mln_store_offset_get(struct mln_store *store, struct mln_str account_id,
        struct mln_str source_id, mln_offset_row_fn *fn, void *ctx, struct mln_err *err);
/* Every source of the account whose head fingerprint is `head` (a file that was moved or copied).
 */
MLN_MUST_USE int mln_store_offset_by_head(struct mln_store *store, struct mln_str account_id,
        struct mln_str head, mln_offset_row_fn *fn, void *ctx, struct mln_err *err);

/* ---- audit trail of writes ---- */
struct mln_audit_row {
    int64_t time_ms;
    struct mln_str account_id, user_name, action, outcome, request_id, source_ip, detail;
};
typedef int mln_audit_row_fn(void *ctx, const struct mln_audit_row *row, struct mln_err *err);
MLN_MUST_USE int mln_store_audit_add(
        struct mln_store *store, const struct mln_audit_row *row, struct mln_err *err);
/* Newest first. */
MLN_MUST_USE int mln_store_audit_list(struct mln_store *store, struct mln_str account_id,
        int64_t limit, mln_audit_row_fn *fn, void *ctx, struct mln_err *err);

/* ---- check results ---- */
/* Where an account's configuration comes from. MLN_ENOTFOUND: no such account; none was set. */
MLN_MUST_USE int mln_store_source_put(struct mln_store *store, struct mln_str account_id,
        struct mln_str source, struct mln_err *err);
MLN_MUST_USE int mln_store_source_get(struct mln_store *store, struct mln_str account_id,
        struct mln_buf *out, struct mln_err *err);

/*
 * A scan is written under an id of its own and seen by nobody until mln_store_scan_finish() makes
 * it the current one. Beginning a scan gives up the account's unfinished ones, so that the latest
 * wins: whoever writes one of those gets MLN_EEXIST from mln_store_scan_alive(), which is asked
 * first in each transaction that writes results or findings.
 */
struct mln_scan_row {
    int64_t scan_id, started_ms, finished_ms;
    int64_t items_failed, affected; /* Items that failed; distinct resources that did. */
};
/* `current_id` (0: none) is the scan to compare with; it stays while this one is alive.
 * MLN_ENOTFOUND: no such account. */
MLN_MUST_USE int mln_store_scan_begin(struct mln_store *store, struct mln_str account_id,
        int64_t started_ms, int64_t *scan_id, int64_t *current_id, struct mln_err *err);
MLN_MUST_USE int mln_store_scan_alive(
        struct mln_store *store, struct mln_str account_id, int64_t scan_id, struct mln_err *err);
MLN_MUST_USE int mln_store_scan_finish(struct mln_store *store, struct mln_str account_id,
        const struct mln_scan_row *row, struct mln_err *err); /* MLN_EEXIST */
/* Gives up an unfinished scan; nothing to do for any other. */
MLN_MUST_USE int mln_store_scan_give_up(
        struct mln_store *store, struct mln_str account_id, int64_t scan_id, struct mln_err *err);
/* The current scan and the one before it (scan_id 0: none). MLN_ENOTFOUND: never scanned. */
MLN_MUST_USE int mln_store_scan_current(struct mln_store *store, struct mln_str account_id,
        struct mln_scan_row *current, struct mln_scan_row *previous, struct mln_err *err);
/*
 * Deletes at most `limit` rows (or one scan's results) of scans before `scan_id` that are neither
 * current nor the one before. `more` is false when there is nothing left to delete.
 */
MLN_MUST_USE int mln_store_scan_prune(struct mln_store *store, struct mln_str account_id,
        int64_t scan_id, int64_t limit, bool *more, struct mln_err *err);

enum { MLN_STORE_EN, MLN_STORE_ZH, MLN_STORE_LANGS };
#define MLN_STORE_ITEM_TEXTS 4

struct mln_check_result_row {
    int64_t position; /* From 1, in the order of listings. */
    int64_t item_id;
    int group, level;
    bool enabled, replaced, custom;
    int64_t checked_ms;
    int64_t failed, passed, not_applicable, not_assessed;
    int64_t stale; /* Of `failed`: kept from an earlier scan. */
    struct mln_str name, service, title[MLN_STORE_LANGS];
    struct mln_str reason; /* Why not everything was assessed; empty: it was. */
    /* Not read before they are wanted: */
    struct mln_str grid_key, grid_title[MLN_STORE_LANGS];
    struct mln_str mappings, params[MLN_STORE_LANGS];
    struct mln_str texts[MLN_STORE_ITEM_TEXTS][MLN_STORE_LANGS];
    struct mln_str completeness; /* JSON of what was read for it; empty: not known. */
};
MLN_MUST_USE int mln_store_check_result_put(struct mln_store *store, struct mln_str account_id,
        int64_t scan_id, const struct mln_check_result_row *row, struct mln_err *err);
/* The result of an item as it was in another scan, at a new place. MLN_ENOTFOUND. */
MLN_MUST_USE int mln_store_check_result_copy(struct mln_store *store, struct mln_str account_id,
        int64_t from_scan_id, int64_t to_scan_id, int64_t item_id, int64_t position,
        struct mln_err *err);

struct mln_check_result_sink {
    /* May be NULL. Is the whole row wanted? It has only the members up to `reason` by now. */
    bool (*wants)(void *ctx, const struct mln_check_result_row *row);
    int (*row)(void *ctx, const struct mln_check_result_row *row, struct mln_err *err);
    void *ctx;
};
/* By position. */
MLN_MUST_USE int mln_store_check_result_list(struct mln_store *store, struct mln_str account_id,
        int64_t scan_id, const struct mln_check_result_sink *sink, struct mln_err *err);
/* One item. MLN_ENOTFOUND. */
MLN_MUST_USE int mln_store_check_result_get(struct mln_store *store, struct mln_str account_id,
        int64_t scan_id, int64_t item_id, const struct mln_check_result_sink *sink,
        struct mln_err *err);

struct mln_mark_row {
    int64_t item_id;
    struct mln_str resource_id, region; /* empty: the item */
    struct mln_str kind, reason, author;
    int64_t marked_ms, until_ms; /* until_ms 0: no end */
};

struct mln_finding_row {
    int64_t finding_id, item_id; /* Ascending in the order they were added; given on reading. */
    bool failed;                 /* Otherwise not assessed. */
    bool stale;
    int64_t first_seen_ms, last_seen_ms;
    struct mln_str resource_id, region, name, not_assessed, reason, evidence, changed;
    struct mln_mark_row mark; /* On reading a page; kind empty: none. */
};
typedef int mln_finding_row_fn(void *ctx, const struct mln_finding_row *row, struct mln_err *err);
/* MLN_EEXIST: the item has a finding of this resource and region in this scan. */
MLN_MUST_USE int mln_store_finding_add(struct mln_store *store, struct mln_str account_id,
        int64_t scan_id, const struct mln_finding_row *row, struct mln_err *err);

struct mln_finding_place {
    struct mln_str account_id;
    int64_t scan_id, item_id;
};
/* The next findings after a resource and region, in their byte order; from the first when both are
 * empty. */
MLN_MUST_USE int mln_store_finding_walk(struct mln_store *store,
        const struct mln_finding_place *place, struct mln_str resource_id, struct mln_str region,
        int64_t limit, mln_finding_row_fn *fn, void *ctx, struct mln_err *err);
/* A page of the failed, or of the not assessed, by id, with the marks that hold at `now_ms`. */
MLN_MUST_USE int mln_store_finding_page(struct mln_store *store,
        const struct mln_finding_place *place, bool failed, int64_t now_ms, int64_t offset,
        int64_t limit, mln_finding_row_fn *fn, void *ctx, struct mln_err *err);
/* Those of one resource, in any region, with marks. */
MLN_MUST_USE int mln_store_finding_find(struct mln_store *store,
        const struct mln_finding_place *place, struct mln_str resource_id, int64_t now_ms,
        mln_finding_row_fn *fn, void *ctx, struct mln_err *err);
/* One by its id. MLN_ENOTFOUND, also when it is of another account, scan or item (0: any item). */
MLN_MUST_USE int mln_store_finding_get(struct mln_store *store,
        const struct mln_finding_place *place, int64_t finding_id, int64_t now_ms,
        mln_finding_row_fn *fn, void *ctx, struct mln_err *err);

/* ---- changes between scans ---- */
struct mln_flip_row {
    int64_t item_id, time_ms;
    struct mln_str resource_id, region, before, after, changed;
};
typedef int mln_flip_row_fn(void *ctx, const struct mln_flip_row *row, struct mln_err *err);
/* Seen when the scan is whole, and kept when the scan is long gone. */
MLN_MUST_USE int mln_store_flip_add(struct mln_store *store, struct mln_str account_id,
        int64_t scan_id, const struct mln_flip_row *row, struct mln_err *err);
/* Newest first; item_id 0: of every item. */
MLN_MUST_USE int mln_store_flip_list(struct mln_store *store, struct mln_str account_id,
        int64_t item_id, int64_t limit, mln_flip_row_fn *fn, void *ctx, struct mln_err *err);
/* Deletes at most `limit` of those that are not among the newest `keep`. */
MLN_MUST_USE int mln_store_flip_prune(struct mln_store *store, struct mln_str account_id,
        int64_t keep, int64_t limit, bool *more, struct mln_err *err);

/* ---- marks ---- */
typedef int mln_mark_row_fn(void *ctx, const struct mln_mark_row *row, struct mln_err *err);
/* Adds or replaces. MLN_ENOTFOUND: no such account. */
MLN_MUST_USE int mln_store_mark_put(struct mln_store *store, struct mln_str account_id,
        const struct mln_mark_row *row, struct mln_err *err);
/* Takes back the marks of a resource, in any region when `region` is empty; of the item itself when
 * both are. `count` gets how many there were. */
MLN_MUST_USE int mln_store_mark_drop(struct mln_store *store, struct mln_str account_id,
        const struct mln_mark_row *row, int64_t *count, struct mln_err *err);
/* Marks on items that hold at `now_ms`. */
MLN_MUST_USE int mln_store_mark_items(struct mln_store *store, struct mln_str account_id,
        int64_t now_ms, mln_mark_row_fn *fn, void *ctx, struct mln_err *err);
/* How many failed findings of each item of a scan carry a mark that holds at `now_ms`, by kind. */
typedef int mln_mark_count_fn(
        void *ctx, int64_t item_id, struct mln_str kind, int64_t count, struct mln_err *err);
MLN_MUST_USE int mln_store_mark_counts(struct mln_store *store, struct mln_str account_id,
        int64_t scan_id, int64_t now_ms, mln_mark_count_fn *fn, void *ctx, struct mln_err *err);
/* How many marks the account has; those that ended by `now_ms` are deleted on the way. */
MLN_MUST_USE int mln_store_mark_total(struct mln_store *store, struct mln_str account_id,
        int64_t now_ms, int64_t *out, struct mln_err *err);

/* ---- scans on request ---- */
enum mln_task_state {
    MLN_TASK_WAITING,
    MLN_TASK_RUNNING,
    MLN_TASK_DONE,
    MLN_TASK_FAILED,
};
#define MLN_TASKS_KEPT 100 /* Finished ones, per account. */

struct mln_task_row {
    struct mln_str account_id, items, message; /* items: ids joined by commas; empty: every one */
    int64_t task_id, attempt;
    enum mln_task_state state;
    int64_t requested_ms, started_ms, finished_ms, lease_ms, remaining_s, scan_id;
};
typedef int mln_task_row_fn(void *ctx, const struct mln_task_row *row, struct mln_err *err);
/* MLN_EEXIST: one is waiting or running; MLN_ENOTFOUND: no such account. */
MLN_MUST_USE int mln_store_task_add(struct mln_store *store, const struct mln_task_row *row,
        int64_t *task_id, struct mln_err *err);
/* Gives the oldest one that waits, or whose lease ended before `now_ms`, a new attempt until
 * `lease_ms`. MLN_ENOTFOUND: nothing to do. */
MLN_MUST_USE int mln_store_task_claim(struct mln_store *store, int64_t now_ms, int64_t lease_ms,
        mln_task_row_fn *fn, void *ctx, struct mln_err *err);
/* Writes the state, times, lease and message of a running task. MLN_EEXIST: somebody else has
 * claimed it since `row->attempt`. */
MLN_MUST_USE int mln_store_task_update(
        struct mln_store *store, const struct mln_task_row *row, struct mln_err *err);
/* The account's last one. MLN_ENOTFOUND. */
MLN_MUST_USE int mln_store_task_last(struct mln_store *store, struct mln_str account_id,
        mln_task_row_fn *fn, void *ctx, struct mln_err *err);
