/*
 * Windows of correlations and mutes of rules, by rule and group key. A window holds (time, tag)
 * pairs in order of time; equal times keep the order of arrival. It keeps what is younger than its
 * own newest entry by the timespan and the lateness, so that the order of arrival within the
 * lateness does not change what is found.
 */
#pragma once

#include "detect/rule_priv.h"

#define MLN_WINDOW_TOTAL_ENTRIES_MAX ((size_t)4000000)

struct mln_window_entry {
    int64_t time_ms;
    uint64_t
            tag; /* event_count: 0; value_count: a hash of the value; temporal: the rule's place. */
};

struct mln_window {
    struct mln_window *older, *newer; /* By last use. */
    const struct mln_rule *rule;
    char *key; /* The rule's id in eight bytes, then the group. */
    size_t key_len;
    struct mln_window_entry *entries;
    size_t count, capacity;
    int64_t alarm_ms; /* The last alarm; MLN_ABSENT before. */
    uint64_t round;   /* Of the last use. */
    bool changed, stored;
};

struct mln_windows {
    struct mln_map map;
    struct mln_window *oldest, *newest;
    struct mln_map gone; /* Keys that were stored and are evicted. */
    size_t entry_total;
    uint64_t round;
    int64_t evicted;
};

#define MLN_WINDOW_KEY_PREFIX ((size_t)8)

void mln_windows_init(struct mln_windows *windows);
void mln_windows_fini(struct mln_windows *windows);

/* The window of `key` (with prefix), made when it is not there. */
MLN_MUST_USE int mln_windows_get(struct mln_windows *windows, const struct mln_rule *rule,
        struct mln_str key, struct mln_window **out, struct mln_err *err);
void mln_windows_drop(struct mln_windows *windows, struct mln_window *window);

/*
 * Adds an entry and says whether the condition holds in a window of time that contains it. False
 * also when the time is too old for this window.
 */
MLN_MUST_USE int mln_window_add(struct mln_windows *windows, struct mln_window *window,
        int64_t time_ms, uint64_t tag, bool *complete, struct mln_err *err);

/* Marks an alarm at this time; false while the rule's mute lasts. */
bool mln_window_alarm(struct mln_window *window, int64_t time_ms);

/* Nothing that is less than MLN_LAG_MS behind `watermark_ms` can use it any more. */
bool mln_window_is_over(const struct mln_window *window, int64_t watermark_ms);

/* As bytes and back. Decoding: MLN_ECORRUPT for bytes that are not ours; false when the rule has
 * changed. */
void mln_window_encode(const struct mln_window *window, struct mln_buf *out);
MLN_MUST_USE int mln_window_decode(struct mln_windows *windows, const struct mln_rule *rule,
        struct mln_str key, struct mln_str state, struct mln_err *err);
