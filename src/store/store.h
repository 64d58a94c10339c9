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
