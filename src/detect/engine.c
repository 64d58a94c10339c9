#include "detect/engine.h"

#include <sodium.h>

#include "detect/prefilter.h"
#include "detect/window.h"

#define GROUP_TEXT_MAX ((size_t)128) /* Longer texts are keyed by their hash. */
#define KEY_BYTES_MAX  ((size_t)4096)
#define STATE_BYTES    (MLN_WINDOW_ENTRIES_MAX * 16 + 64)
#define HASH_BYTES     16

struct mln_engine {
    const struct mln_rules *rules;
    const struct mln_clock *clock;
    mln_alarm_fn *fn;
    void *ctx;
    struct mln_prefilter *prefilter;
    struct mln_matcher matcher;
    struct mln_windows windows;
    struct mln_map by_id;
    struct mln_buf key, state;
    int64_t watermark_ms; /* The newest time seen; MLN_ABSENT before. */
    int64_t now_ms;       /* As last asked: good enough until an event looks like the future. */
    bool in_future;       /* The event at hand is. */
    struct mln_engine_stats stats;
};

static int fill(struct mln_engine *engine, struct mln_err *err)
{
    int rc = MLN_OK;

    for (size_t i = 0; rc == MLN_OK && i < engine->rules->count; i++) {
        struct mln_rule *rule = engine->rules->rules[i];
        struct mln_str id = { (const char *)&rule->info.rule_id, sizeof(rule->info.rule_id) };

        rc = mln_map_put(&engine->by_id, id, rule, NULL);
    }
    if (rc != MLN_OK)
        return mln_fail(err, rc, "engine: no memory");
    rc = mln_matcher_init(&engine->matcher, err);
    return rc == MLN_OK ? mln_prefilter_new(engine->rules, &engine->prefilter, err) : rc;
}

int mln_engine_new(const struct mln_rules *rules, const struct mln_clock *clock, mln_alarm_fn *fn,
        void *ctx, struct mln_engine **out, struct mln_err *err)
{
    struct mln_engine *engine = calloc(1, sizeof(*engine));
    int rc;

    if (engine == NULL)
        return mln_fail(err, MLN_ENOMEM, "engine: no memory");
    engine->rules = rules;
    engine->clock = clock;
    engine->fn = fn;
    engine->ctx = ctx;
    engine->key.max = KEY_BYTES_MAX;
    engine->state.max = STATE_BYTES;
    engine->watermark_ms = MLN_ABSENT;
    mln_windows_init(&engine->windows);
    mln_map_init(&engine->by_id, MLN_RULES_MAX);
    rc = fill(engine, err);
    if (rc != MLN_OK) {
        mln_engine_free(engine);
        return rc;
    }
    *out = engine;
    return MLN_OK;
}

void mln_engine_free(struct mln_engine *engine)
{
    if (engine == NULL)
        return;
    mln_prefilter_free(engine->prefilter);
    mln_matcher_fini(&engine->matcher);
    mln_windows_fini(&engine->windows);
    mln_map_fini(&engine->by_id, NULL);
    mln_buf_free(&engine->key);
    mln_buf_free(&engine->state);
    free(engine);
}

static void key_begin(struct mln_engine *engine, int64_t rule_id)
{
    mln_buf_reset(&engine->key);
    for (unsigned i = 0; i < MLN_WINDOW_KEY_PREFIX; i++)
        mln_buf_add_char(&engine->key, (char)(unsigned char)((uint64_t)rule_id >> (8 * i)));
}

static void key_add(struct mln_engine *engine, struct mln_str value)
{
    unsigned char hash[HASH_BYTES];

    if (value.len <= GROUP_TEXT_MAX) {
        mln_buf_add_char(&engine->key, (char)(unsigned char)value.len);
        mln_buf_add(&engine->key, value);
        return;
    }
    (void)crypto_generichash(
            hash, sizeof(hash), (const unsigned char *)value.ptr, value.len, NULL, 0);
    mln_buf_add_char(&engine->key, (char)(unsigned char)UINT8_MAX);
    mln_buf_add(&engine->key, (struct mln_str){ (const char *)hash, sizeof(hash) });
}

/* False when the event lacks a field that it would be grouped by. */
static bool group_key(struct mln_engine *engine, const struct mln_rule *rule, size_t slot,
        const struct mln_audit_event *event)
{
    const struct mln_correlation *correlation = rule->correlation;
    const enum mln_field *fields = correlation->group_fields + slot * correlation->group_count;
    struct mln_field_scratch scratch;
    const struct mln_str *value;

    key_begin(engine, rule->info.rule_id);
    key_add(engine, event->instance);
    for (size_t i = 0; i < correlation->group_count; i++) {
        if (mln_field_values(event, fields[i], &scratch, &value) == 0)
            return false;
        key_add(engine, *value);
    }
    return true;
}

static int window_of(struct mln_engine *engine, const struct mln_rule *rule,
        struct mln_window **out, struct mln_err *err)
{
    struct mln_str key;
    int rc = mln_buf_done(&engine->key, &key, err);

    return rc == MLN_OK ? mln_windows_get(&engine->windows, rule, key, out, err) : rc;
}

static int raise_alarm(struct mln_engine *engine, const struct mln_rule *rule,
        const struct mln_audit_event *event, struct mln_err *err)
{
    struct mln_alarm alarm = { &rule->info, event, event->time_ms };

    engine->stats.alarms++;
    return engine->fn(engine->ctx, &alarm, err);
}

/* The mute of a rule without a window is kept per instance, user, client and session. */
static int raise_single(struct mln_engine *engine, const struct mln_rule *rule,
        const struct mln_audit_event *event, struct mln_err *err)
{
    struct mln_window *window;
    int rc;

    if (rule->mute_ms == 0 || engine->in_future)
        return raise_alarm(engine, rule, event, err);
    key_begin(engine, rule->info.rule_id);
    key_add(engine, event->instance);
    key_add(engine, event->user);
    key_add(engine, event->client_ip);
    key_add(engine, event->session);
    rc = window_of(engine, rule, &window, err);
    if (rc != MLN_OK)
        return rc;
    if (mln_window_alarm(window, event->time_ms))
        return raise_alarm(engine, rule, event, err);
    engine->stats.muted++;
    return MLN_OK;
}

static int feed(struct mln_engine *engine, const struct mln_rule *rule,
        const struct mln_audit_event *event, struct mln_err *err);

/* NOLINTNEXTLINE(misc-no-recursion): ends after MLN_CORRELATION_DEPTH rounds */
static int complete(struct mln_engine *engine, const struct mln_rule *rule,
        struct mln_window *window, const struct mln_audit_event *event, struct mln_err *err)
{
    int rc = MLN_OK;

    if (rule->alarms && mln_window_alarm(window, event->time_ms))
        rc = raise_alarm(engine, rule, event, err);
    else if (rule->alarms)
        engine->stats.muted++;
    return rc == MLN_OK ? feed(engine, rule, event, err) : rc;
}

/*
 * A value as a tag. The hash has no key, because windows outlive the process; colliding values cost
 * an attacker 2^32 tries and win one uncounted value.
 */
static void value_add(crypto_generichash_state *state, struct mln_str value)
{
    uint64_t len = value.len;

    (void)crypto_generichash_update(state, (const unsigned char *)&len, sizeof(len));
    (void)crypto_generichash_update(state, (const unsigned char *)value.ptr, value.len);
}

static uint64_t value_end(crypto_generichash_state *state)
{
    unsigned char hash[HASH_BYTES];
    uint64_t tag;

    (void)crypto_generichash_final(state, hash, sizeof(hash));
    memcpy(&tag, hash, sizeof(tag));
    return tag;
}

/* One field counts each of its values; several fields count as one tuple of their first values. */
static size_t tags_of(const struct mln_correlation *correlation, size_t slot,
        const struct mln_audit_event *event, uint64_t tags[MLN_EVENT_TABLES_MAX])
{
    struct mln_field_scratch scratch;
    const struct mln_str *values;
    crypto_generichash_state state;
    size_t count;

    tags[0] = correlation->type == MLN_EVENT_COUNT ? 0 : slot;
    if (correlation->type != MLN_VALUE_COUNT)
        return 1;
    if (correlation->value_field_count == 1) {
        count = mln_field_values(event, correlation->value_fields[0], &scratch, &values);
        for (size_t i = 0; i < count && i < MLN_EVENT_TABLES_MAX; i++) {
            (void)crypto_generichash_init(&state, NULL, 0, HASH_BYTES);
            value_add(&state, values[i]);
            tags[i] = value_end(&state);
        }
        return count < MLN_EVENT_TABLES_MAX ? count : MLN_EVENT_TABLES_MAX;
    }
    (void)crypto_generichash_init(&state, NULL, 0, HASH_BYTES);
    for (size_t i = 0; i < correlation->value_field_count; i++) {
        if (mln_field_values(event, correlation->value_fields[i], &scratch, &values) == 0)
            return 0;
        value_add(&state, values[0]);
    }
    tags[0] = value_end(&state);
    return 1;
}

/* NOLINTNEXTLINE(misc-no-recursion): ends after MLN_CORRELATION_DEPTH rounds */
static int correlate(struct mln_engine *engine, const struct mln_rule *rule, size_t slot,
        const struct mln_audit_event *event, struct mln_err *err)
{
    uint64_t tags[MLN_EVENT_TABLES_MAX];
    struct mln_window *window;
    bool is_complete = false;
    size_t count;
    int rc;

    if (!group_key(engine, rule, slot, event))
        return MLN_OK;
    count = tags_of(rule->correlation, slot, event, tags);
    if (count == 0)
        return MLN_OK;
    rc = window_of(engine, rule, &window, err);
    for (size_t i = 0; rc == MLN_OK && i < count; i++) {
        bool one;

        rc = mln_window_add(&engine->windows, window, event->time_ms, tags[i], &one, err);
        is_complete = is_complete || one;
    }
    return rc == MLN_OK && is_complete ? complete(engine, rule, window, event, err) : rc;
}

/* A match goes to the correlations that list the rule; how deep they nest is limited at loading.
 * NOLINTNEXTLINE(misc-no-recursion): ends after MLN_CORRELATION_DEPTH rounds */
static int feed(struct mln_engine *engine, const struct mln_rule *rule,
        const struct mln_audit_event *event, struct mln_err *err)
{
    int rc = MLN_OK;

    for (size_t i = 0; rc == MLN_OK && !engine->in_future && i < rule->feed_count; i++)
        rc = correlate(engine, rule->feeds[i], rule->feed_slots[i], event, err);
    return rc;
}

/* A record from the future neither moves the watermark nor enters a window: one bad clock must not
 * empty them all. */
static void note_time(struct mln_engine *engine, int64_t time_ms)
{
    engine->in_future = false;
    if (time_ms > engine->now_ms + MLN_MS_PER_DAY) {
        engine->now_ms = mln_now_ms(engine->clock);
        engine->in_future = time_ms > engine->now_ms + MLN_MS_PER_DAY;
    }
    if (engine->in_future)
        engine->stats.future++;
    else if (engine->watermark_ms == MLN_ABSENT || time_ms > engine->watermark_ms)
        engine->watermark_ms = time_ms;
    else if (time_ms < engine->watermark_ms - MLN_LATENESS_MS)
        engine->stats.late++;
}

int mln_engine_event(
        struct mln_engine *engine, const struct mln_audit_event *event, struct mln_err *err)
{
    const uint64_t *bits;
    int rc;

    engine->stats.events++;
    note_time(engine, event->time_ms);
    rc = mln_prefilter_scan(engine->prefilter, event, &bits, err);
    for (size_t word = 0; rc == MLN_OK && word < mln_prefilter_words(engine->prefilter); word++) {
        for (uint64_t left = bits[word]; rc == MLN_OK && left != 0; left &= left - 1) {
            const struct mln_rule *rule =
                    engine->rules->rules[word * 64 + (size_t)__builtin_ctzll(left)];

            engine->stats.evaluated_rules++;
            if (!mln_rule_matches(&engine->matcher, rule, event))
                continue;
            if (rule->alarms)
                rc = raise_single(engine, rule, event, err);
            if (rc == MLN_OK)
                rc = feed(engine, rule, event, err);
        }
    }
    return rc;
}

static int report(struct mln_engine *engine, struct mln_window *window, mln_engine_state_fn *fn,
        void *ctx, struct mln_err *err)
{
    struct mln_str key = { window->key + MLN_WINDOW_KEY_PREFIX,
        window->key_len - MLN_WINDOW_KEY_PREFIX };
    struct mln_str state;
    int rc;

    mln_buf_reset(&engine->state);
    mln_window_encode(window, &engine->state);
    rc = mln_buf_done(&engine->state, &state, err);
    if (rc == MLN_OK)
        rc = fn(ctx, window->rule->info.rule_id, key, state, err);
    if (rc != MLN_OK)
        return rc;
    window->changed = false;
    window->stored = true;
    return MLN_OK;
}

static int report_gone(
        struct mln_engine *engine, mln_engine_state_fn *fn, void *ctx, struct mln_err *err)
{
    struct mln_map *gone = &engine->windows.gone;
    struct mln_str key;
    size_t at = 0;
    void *value;
    int rc = MLN_OK;

    while (rc == MLN_OK && mln_map_next(gone, &at, &key, &value)) {
        uint64_t id = 0;

        for (unsigned i = 0; i < MLN_WINDOW_KEY_PREFIX; i++)
            id |= (uint64_t)(unsigned char)key.ptr[i] << (8 * i);
        rc = fn(ctx, (int64_t)id,
                (struct mln_str){
                        key.ptr + MLN_WINDOW_KEY_PREFIX, key.len - MLN_WINDOW_KEY_PREFIX },
                (struct mln_str){ 0 }, err);
    }
    if (rc == MLN_OK) {
        size_t max = gone->max;

        mln_map_fini(gone, NULL);
        mln_map_init(gone, max);
    }
    return rc;
}

int mln_engine_changed(
        struct mln_engine *engine, mln_engine_state_fn *fn, void *ctx, struct mln_err *err)
{
    struct mln_windows *windows = &engine->windows;
    struct mln_window *next;
    int rc = MLN_OK;

    /* Only what this batch did not use may end: a second, older file may be filling its windows. */
    for (struct mln_window *window = windows->oldest;
            window != NULL && window->round != windows->round; window = next) {
        next = window->newer;
        if (mln_window_is_over(window, engine->watermark_ms))
            mln_windows_drop(windows, window);
    }
    /* Changed windows are the most recently used ones. */
    for (struct mln_window *window = windows->newest;
            rc == MLN_OK && window != NULL && window->round == windows->round;
            window = window->older)
        if (window->changed)
            rc = report(engine, window, fn, ctx, err);
    if (rc == MLN_OK)
        rc = report_gone(engine, fn, ctx, err);
    if (rc == MLN_OK)
        windows->round++;
    return rc;
}

int mln_engine_restore(struct mln_engine *engine, int64_t rule_id, struct mln_str key,
        struct mln_str state, struct mln_err *err)
{
    const struct mln_rule *rule = mln_map_get(
            &engine->by_id, (struct mln_str){ (const char *)&rule_id, sizeof(rule_id) });
    struct mln_str whole;
    int rc;

    if (rule == NULL)
        return MLN_OK;
    key_begin(engine, rule_id);
    mln_buf_add(&engine->key, key);
    rc = mln_buf_done(&engine->key, &whole, err);
    return rc == MLN_OK ? mln_window_decode(&engine->windows, rule, whole, state, err) : rc;
}

void mln_engine_reset(struct mln_engine *engine)
{
    int64_t evicted = engine->windows.evicted;

    mln_windows_fini(&engine->windows);
    mln_windows_init(&engine->windows);
    engine->windows.evicted = evicted;
    engine->watermark_ms = MLN_ABSENT;
}

void mln_engine_stats(const struct mln_engine *engine, struct mln_engine_stats *out)
{
    *out = engine->stats;
    out->evicted_windows = engine->windows.evicted;
    out->regex_limits = engine->matcher.regex_limits;
}
