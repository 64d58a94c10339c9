#include "risk/batch.h"

#include "base/arena.h"
#include "base/redact.h"

#define FOLDS_MAX        ((size_t)100000)
#define WRITTEN_MAX      ((size_t)200000)
#define MEMBER_BYTES_MAX ((size_t)256) /* A longer instance, address or user name is cut. */
#define FOLD_BYTES_MAX   ((size_t)64 * 1024 * 1024)
#define MEMBER_KEY_MAX   (MEMBER_BYTES_MAX + 32)

struct fold {
    int64_t rule_id, count, first_ms, last_ms;
    struct mln_str product;
    struct mln_map members[MLN_MEMBER_KINDS]; /* value -> nothing */
    struct mln_sample_row samples[MLN_SAMPLES_MAX];
    size_t sample_count;
    struct mln_arena arena; /* product and samples */
};

static char present; /* What a set holds for each of its keys. */

static void fold_free(void *value)
{
    struct fold *fold = value;

    for (size_t kind = 0; kind < MLN_MEMBER_KINDS; kind++)
        mln_map_fini(&fold->members[kind], NULL);
    mln_arena_free(&fold->arena);
    free(fold);
}

void mln_batch_init(struct mln_batch *batch)
{
    *batch = (struct mln_batch){ 0 };
    mln_map_init(&batch->folds, FOLDS_MAX);
    mln_map_init(&batch->written, WRITTEN_MAX);
}

void mln_batch_fini(struct mln_batch *batch)
{
    mln_map_fini(&batch->folds, fold_free);
    mln_map_fini(&batch->written, NULL);
}

static void forget_written(struct mln_batch *batch)
{
    mln_map_fini(&batch->written, NULL);
    mln_map_init(&batch->written, WRITTEN_MAX);
}

void mln_batch_clear(struct mln_batch *batch, bool rolled_back)
{
    mln_map_fini(&batch->folds, fold_free);
    mln_map_init(&batch->folds, FOLDS_MAX);
    if (rolled_back)
        forget_written(batch);
    batch->alarms = 0;
    batch->members = 0;
}

static struct fold *fold_new(const struct mln_alarm *alarm)
{
    struct fold *fold = calloc(1, sizeof(*fold));

    if (fold == NULL)
        return NULL;
    fold->rule_id = alarm->rule->rule_id;
    fold->first_ms = fold->last_ms = alarm->time_ms;
    fold->arena.max_bytes = FOLD_BYTES_MAX;
    fold->product = mln_arena_dup(&fold->arena, alarm->event->product);
    for (size_t kind = 0; kind < MLN_MEMBER_KINDS; kind++)
        mln_map_init(
                &fold->members[kind], MLN_MEMBERS_MAX + 1); /* One more, so that the cap shows. */
    return fold;
}

static struct fold *fold_of(struct mln_batch *batch, const struct mln_alarm *alarm)
{
    MLN_AUTO(mln_buf_free) struct mln_buf key = MLN_BUF_INIT(1024);
    struct fold *fold;

    mln_buf_addf(&key, "%lld/", (long long)alarm->rule->rule_id);
    mln_buf_add(&key, alarm->event->product);
    fold = mln_map_get(&batch->folds, mln_buf_str(&key));
    if (fold != NULL)
        return fold;
    fold = fold_new(alarm);
    if (fold != NULL && mln_map_put(&batch->folds, mln_buf_str(&key), fold, NULL) != MLN_OK) {
        fold_free(fold);
        return NULL;
    }
    return fold;
}

static struct mln_str member_value(const struct mln_audit_event *event, size_t kind)
{
    struct mln_str value = kind == MLN_MEMBER_INSTANCE    ? event->instance
                           : kind == MLN_MEMBER_CLIENT_IP ? event->client_ip
                                                          : event->user;

    if (value.len > MEMBER_BYTES_MAX)
        value.len = MEMBER_BYTES_MAX;
    return value;
}

static int add_members(struct mln_batch *batch, struct fold *fold,
        const struct mln_audit_event *event, struct mln_err *err)
{
    for (size_t kind = 0; kind < MLN_MEMBER_KINDS; kind++) {
        struct mln_map *members = &fold->members[kind];
        struct mln_str value = member_value(event, kind);
        int rc;

        if (value.len == 0 || members->count >= members->max || mln_map_get(members, value) != NULL)
            continue;
        rc = mln_map_put(members, value, &present, NULL);
        if (rc != MLN_OK)
            return mln_fail(err, rc, "out of memory");
        batch->members++;
    }
    return MLN_OK;
}

static int add_sample(struct fold *fold, const struct mln_alarm *alarm, struct mln_err *err)
{
    MLN_AUTO(mln_buf_free) struct mln_buf masked = MLN_BUF_INIT(MLN_SAMPLE_BYTES_MAX * 8);
    const struct mln_audit_event *event = alarm->event;
    struct mln_sample_row *row;

    if (fold->sample_count == MLN_SAMPLES_MAX)
        return MLN_OK;
    mln_sample_mask(event->sql, &masked);
    row = &fold->samples[fold->sample_count];
    row->alarm_ms = alarm->time_ms;
    row->instance = mln_arena_dup(&fold->arena, event->instance);
    row->client_ip = mln_arena_dup(&fold->arena, event->client_ip);
    row->user = mln_arena_dup(&fold->arena, event->user);
    row->database = mln_arena_dup(&fold->arena, event->database);
    row->statement = mln_arena_dup(&fold->arena, mln_buf_str(&masked));
    if (row->statement.ptr == NULL)
        return mln_fail(err, MLN_ENOMEM, "out of memory");
    fold->sample_count++;
    return MLN_OK;
}

int mln_batch_add(struct mln_batch *batch, const struct mln_alarm *alarm, struct mln_err *err)
{
    struct fold *fold = fold_of(batch, alarm);
    int rc;

    if (fold == NULL)
        return mln_fail(err, MLN_ENOMEM, "out of memory");
    fold->count++;
    batch->alarms++;
    if (alarm->time_ms < fold->first_ms)
        fold->first_ms = alarm->time_ms;
    if (alarm->time_ms > fold->last_ms)
        fold->last_ms = alarm->time_ms;
    rc = add_members(batch, fold, alarm->event, err);
    return rc == MLN_OK ? add_sample(fold, alarm, err) : rc;
}

static int flush_member(struct mln_batch *batch, struct mln_store *store, int64_t risk_id,
        size_t kind, struct mln_str value, struct mln_err *err)
{
    MLN_AUTO(mln_buf_free) struct mln_buf key = MLN_BUF_INIT(MEMBER_KEY_MAX);
    int rc;

    mln_buf_addf(&key, "%lld/%zu/", (long long)risk_id, kind);
    mln_buf_add(&key, value);
    if (mln_map_get(&batch->written, mln_buf_str(&key)) != NULL)
        return MLN_OK;
    rc = mln_store_risk_member_add(store, risk_id, (enum mln_member_kind)kind, value, err);
    if (rc != MLN_OK)
        return rc;
    if (batch->written.count >= WRITTEN_MAX)
        forget_written(batch);
    rc = mln_map_put(&batch->written, mln_buf_str(&key), &present, NULL);
    return rc == MLN_OK ? rc : mln_fail(err, rc, "out of memory");
}

static int flush_fold(struct mln_batch *batch, struct mln_store *store, struct mln_str account_id,
        const struct fold *fold, struct mln_err *err)
{
    const struct mln_alarm_fold row = { account_id, fold->product, fold->rule_id, fold->count,
        fold->first_ms, fold->last_ms };
    int64_t risk_id = 0;
    int rc = mln_store_risk_event_fold(store, &row, &risk_id, err);

    for (size_t kind = 0; rc == MLN_OK && kind < MLN_MEMBER_KINDS; kind++) {
        struct mln_str value;
        size_t at = 0;
        void *unused;

        while (rc == MLN_OK && mln_map_next(&fold->members[kind], &at, &value, &unused))
            rc = flush_member(batch, store, risk_id, kind, value, err);
    }
    for (size_t i = 0; rc == MLN_OK && i < fold->sample_count; i++)
        rc = mln_store_risk_sample_add(store, risk_id, &fold->samples[i], err);
    return rc;
}

static int by_rule(const void *a, const void *b)
{
    const struct fold *x = *(const struct fold *const *)a, *y = *(const struct fold *const *)b;

    if (x->rule_id != y->rule_id)
        return x->rule_id < y->rule_id ? -1 : 1;
    return mln_str_cmp(x->product, y->product);
}

/* In the order of rule and product, so that the same log always opens events with the same ids. */
int mln_batch_flush(struct mln_batch *batch, struct mln_store *store, struct mln_str account_id,
        struct mln_err *err)
{
    MLN_AUTO_FREE const struct fold **folds = calloc(batch->folds.count + 1, sizeof(*folds));
    size_t at = 0, count = 0;
    struct mln_str key;
    void *value;
    int rc = MLN_OK;

    if (folds == NULL)
        return mln_fail(err, MLN_ENOMEM, "out of memory");
    while (mln_map_next(&batch->folds, &at, &key, &value))
        folds[count++] = value;
    qsort(folds, count, sizeof(*folds), by_rule);
    for (size_t i = 0; rc == MLN_OK && i < count; i++)
        rc = flush_fold(batch, store, account_id, folds[i], err);
    return rc;
}

/* clang-format off */
static const struct mln_str secret_words[] = {
    { "identified by", 13 }, { "identified with", 15 }, { "password", 8 }, { "passwd", 6 }, { "secret", 6 },
};
/* clang-format on */

/* The length of the secret word that starts at `rest`, or 0. */
static size_t secret_word(struct mln_str rest)
{
    for (size_t i = 0; i < MLN_LEN(secret_words); i++) {
        struct mln_str head = { rest.ptr, secret_words[i].len };

        if (rest.len >= head.len && mln_str_eq_nocase(head, secret_words[i]))
            return head.len;
    }
    return 0;
}

/* The end of a quoted literal that starts at text[at], or the end of the text. */
static size_t literal_end(struct mln_str text, size_t at)
{
    char quote = text.ptr[at++];

    while (at < text.len && text.ptr[at] != quote)
        at += text.ptr[at] == '\\' ? 2 : 1;
    return at < text.len ? at + 1 : text.len;
}

/*
 * Every literal in the few words after a secret word is masked: more than the password, never less.
 * "a password" in prose costs a sample some text; a password in the store would cost more.
 */
#define MASK_REACH 64

void mln_sample_mask(struct mln_str statement, struct mln_buf *out)
{
    MLN_AUTO(mln_buf_free) struct mln_buf masked = MLN_BUF_INIT(MLN_SAMPLE_BYTES_MAX * 2);
    size_t reach = 0;

    if (statement.len > MLN_SAMPLE_BYTES_MAX)
        statement.len = MLN_SAMPLE_BYTES_MAX;
    for (size_t at = 0; at < statement.len;) {
        size_t word = secret_word((struct mln_str){ statement.ptr + at, statement.len - at });
        char c = statement.ptr[at];

        if (word > 0)
            reach = at + word + MASK_REACH;
        if (at < reach && (c == '\'' || c == '"')) {
            at = literal_end(statement, at);
            mln_buf_add(&masked, MLN_STR("'***'"));
            continue;
        }
        mln_buf_add(&masked, (struct mln_str){ statement.ptr + at, word > 0 ? word : 1 });
        at += word > 0 ? word : 1;
    }
    mln_redact(mln_buf_str(&masked), out);
}
