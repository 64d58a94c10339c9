/*
 * The detection engine: audit events in, alarms out. Evaluates compiled rules (prefilter first),
 * keeps the windows of correlations over event time, and knows nothing of stores. Not thread-safe.
 *
 * Windows slide; an alarm mutes its key for the rule's `mute`. Events later than the lateness bound
 * behind the newest event still match single-event rules and still count where their window is
 * open. A record dated more than a day after `now` never moves the watermark and enters no window.
 *
 * A window belongs to one rule, one instance and one value of each `group-by` field; an event
 * without such a field does not count. Two events share a window when they are at most `timespan`
 * apart. The mute of a correlation is by window (its timespan unless x-risk says otherwise); the
 * mute of a single rule is by instance, user, client and session (none unless x-risk says so).
 */
#pragma once

#include "base/clock.h"
#include "detect/rules.h"

/* Open windows; over it the stalest goes first, and is counted. */
#define MLN_WINDOWS_MAX        ((size_t)100000)
#define MLN_WINDOW_ENTRIES_MAX ((size_t)10000) /* Times or values in one window. */
#define MLN_LATENESS_MS        ((int64_t)10 * 60 * 1000)
/* How far one log may be behind another and still find its windows and mutes. */
#define MLN_LAG_MS ((int64_t)24 * 60 * 60 * 1000)

struct mln_engine;

struct mln_alarm {
    const struct mln_rule_info *rule;
    const struct mln_audit_event *event; /* The event that completed the match. */
    int64_t time_ms;
};

typedef int mln_alarm_fn(void *ctx, const struct mln_alarm *alarm, struct mln_err *err);

MLN_MUST_USE int mln_engine_new(const struct mln_rules *rules, const struct mln_clock *clock,
        mln_alarm_fn *fn, void *ctx, struct mln_engine **out, struct mln_err *err);
void mln_engine_free(struct mln_engine *engine);

/* Evaluates one event; calls the alarm function 0..n times. An error of that function is passed on.
 */
MLN_MUST_USE int mln_engine_event(
        struct mln_engine *engine, const struct mln_audit_event *event, struct mln_err *err);

/* State: windows and mutes as (rule id, key, bytes). */
typedef int mln_engine_state_fn(
        void *ctx, int64_t rule_id, struct mln_str key, struct mln_str state, struct mln_err *err);
/* Those that changed since the last call; empty bytes mean the window is gone. */
MLN_MUST_USE int mln_engine_changed(
        struct mln_engine *engine, mln_engine_state_fn *fn, void *ctx, struct mln_err *err);
/* Puts one back (before the first event). Bytes that are not ours or of a rule that is gone:
 * MLN_ECORRUPT / ignored. */
MLN_MUST_USE int mln_engine_restore(struct mln_engine *engine, int64_t rule_id, struct mln_str key,
        struct mln_str state, struct mln_err *err);
/* Forgets all windows, to load them again after a rolled-back batch. */
void mln_engine_reset(struct mln_engine *engine);

struct mln_engine_stats {
    int64_t events, evaluated_rules, alarms, muted, late, future, evicted_windows;
    int64_t regex_limits; /* Regular expressions that were given up. */
};
void mln_engine_stats(const struct mln_engine *engine, struct mln_engine_stats *out);
