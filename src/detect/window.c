#include "detect/window.h"

/* Of one rule of a temporal correlation: enough for late arrivals, and little. */
#define TEMPORAL_ENTRIES_PER_RULE ((size_t)16)
/* Times beyond this are no times; sums with timespans stay in range. */
#define TIME_LIMIT_MS ((int64_t)1 << 60)

static void window_free(void *value)
{
    struct mln_window *window = value;

    free(window->entries);
    free(window->key);
    free(window);
}

void mln_windows_init(struct mln_windows *windows)
{
    *windows = (struct mln_windows){ 0 };
    mln_map_init(&windows->map, MLN_WINDOWS_MAX + 1);
    mln_map_init(&windows->gone, SIZE_MAX);
}

void mln_windows_fini(struct mln_windows *windows)
{
    mln_map_fini(&windows->map, window_free);
    mln_map_fini(&windows->gone, NULL);
    windows->oldest = windows->newest = NULL;
    windows->entry_total = 0;
}

static void unlink_window(struct mln_windows *windows, struct mln_window *window)
{
    if (window->older != NULL)
        window->older->newer = window->newer;
    else
        windows->oldest = window->newer;
    if (window->newer != NULL)
        window->newer->older = window->older;
    else
        windows->newest = window->older;
    window->older = window->newer = NULL;
}

static void link_newest(struct mln_windows *windows, struct mln_window *window)
{
    window->older = windows->newest;
    if (windows->newest != NULL)
        windows->newest->newer = window;
    else
        windows->oldest = window;
    windows->newest = window;
    window->round = windows->round;
}

void mln_windows_drop(struct mln_windows *windows, struct mln_window *window)
{
    struct mln_str key = { window->key, window->key_len };

    /* Without memory for the note the store keeps a window that nobody fills any more. */
    if (window->stored && mln_map_put(&windows->gone, key, windows, NULL) != MLN_OK)
        window->stored = false;
    unlink_window(windows, window);
    windows->entry_total -= window->capacity;
    (void)mln_map_take(&windows->map, key);
    window_free(window);
}

static void evict_oldest(struct mln_windows *windows)
{
    mln_windows_drop(windows, windows->oldest);
    windows->evicted++;
}

int mln_windows_get(struct mln_windows *windows, const struct mln_rule *rule, struct mln_str key,
        struct mln_window **out, struct mln_err *err)
{
    struct mln_window *window = mln_map_get(&windows->map, key);
    int rc;

    if (window != NULL) {
        if (windows->newest != window) {
            unlink_window(windows, window);
            link_newest(windows, window);
        }
        window->round = windows->round;
        *out = window;
        return MLN_OK;
    }
    if (windows->map.count >= MLN_WINDOWS_MAX)
        evict_oldest(windows);
    window = calloc(1, sizeof(*window));
    if (window == NULL)
        return mln_fail(err, MLN_ENOMEM, "windows: no memory");
    window->rule = rule;
    window->alarm_ms = MLN_ABSENT;
    window->key = mln_resize(NULL, key.len, 1);
    window->key_len = key.len;
    rc = window->key != NULL ? mln_map_put(&windows->map, key, window, NULL) : MLN_ENOMEM;
    if (rc != MLN_OK) {
        window_free(window);
        return mln_fail(err, rc, "windows: no memory");
    }
    memcpy(window->key, key.ptr, key.len);
    (void)mln_map_take(&windows->gone, key);
    window->stored = false;
    link_newest(windows, window);
    *out = window;
    return MLN_OK;
}

static void remove_at(struct mln_window *window, size_t at, size_t count)
{
    memmove(window->entries + at, window->entries + at + count,
            (window->count - at - count) * sizeof(*window->entries));
    window->count -= count;
}

static int grow(struct mln_windows *windows, struct mln_window *window, struct mln_err *err)
{
    size_t capacity = window->capacity < 4 ? 4 : window->capacity * 2;
    struct mln_window_entry *grown;

    if (window->count < window->capacity)
        return MLN_OK;
    while (windows->entry_total + capacity > MLN_WINDOW_TOTAL_ENTRIES_MAX &&
            windows->oldest != window)
        evict_oldest(windows);
    grown = reallocarray(window->entries, capacity, sizeof(*grown));
    if (grown == NULL)
        return mln_fail(err, MLN_ENOMEM, "windows: no memory");
    windows->entry_total += capacity - window->capacity;
    window->entries = grown;
    window->capacity = capacity;
    return MLN_OK;
}

/* A value counts once, at its latest time; of a temporal rule the latest few are kept. */
static bool make_way(struct mln_window *window, int64_t time_ms, uint64_t tag)
{
    enum mln_correlation_type type = window->rule->correlation->type;
    size_t limit = type == MLN_VALUE_COUNT ? 1 : TEMPORAL_ENTRIES_PER_RULE;
    size_t first = window->count, same = 0;

    if (type == MLN_EVENT_COUNT)
        return true;
    for (size_t i = window->count; i-- > 0;) {
        if (window->entries[i].tag != tag)
            continue;
        first = i;
        same++;
    }
    if (same < limit)
        return true;
    if (window->entries[first].time_ms > time_ms)
        return false;
    remove_at(window, first, 1);
    return true;
}

static size_t insert(struct mln_window *window, int64_t time_ms, uint64_t tag)
{
    size_t at = window->count;

    while (at > 0 && window->entries[at - 1].time_ms > time_ms)
        at--;
    memmove(window->entries + at + 1, window->entries + at,
            (window->count - at) * sizeof(*window->entries));
    window->entries[at] = (struct mln_window_entry){ time_ms, tag };
    window->count++;
    return at;
}

static bool count_matches(const struct mln_correlation *correlation, size_t count)
{
    int64_t number = (int64_t)count;

    return number >= correlation->at_least && number <= correlation->at_most &&
           !(correlation->has_not && number == correlation->not_equal);
}

static size_t distinct_rules(const struct mln_window *window, size_t from, size_t to, bool by_tag)
{
    uint64_t seen = 0;

    if (!by_tag)
        return to - from;
    for (size_t i = from; i < to; i++)
        seen |= (uint64_t)1 << window->entries[i].tag;
    return (size_t)__builtin_popcountll(seen);
}

/* Slides a timespan over the entries around `at`; with an upper bound only the one that ends there
 * counts. */
static bool counted(const struct mln_window *window, size_t at)
{
    const struct mln_correlation *correlation = window->rule->correlation;
    bool by_tag = correlation->type == MLN_TEMPORAL;
    int64_t time_ms = window->entries[at].time_ms, span = correlation->timespan_ms;
    size_t from = at, to = at + 1;

    while (from > 0 && window->entries[from - 1].time_ms >= time_ms - span)
        from--;
    while (to < window->count && window->entries[to].time_ms <= time_ms)
        to++;
    if (!correlation->only_lower || to == window->count)
        return count_matches(correlation, distinct_rules(window, from, to, by_tag));
    for (; from <= at; from++) {
        while (to < window->count &&
                window->entries[to].time_ms <= window->entries[from].time_ms + span)
            to++;
        if (count_matches(correlation, distinct_rules(window, from, to, by_tag)))
            return true;
    }
    return false;
}

/* The tightest chain through `at`: the latest predecessors and the earliest successors. */
static bool ordered(const struct mln_window *window, size_t at)
{
    const struct mln_correlation *correlation = window->rule->correlation;
    uint64_t want = window->entries[at].tag;
    int64_t first_ms = window->entries[at].time_ms, last_ms = first_ms;

    for (size_t i = at; want > 0; i--) {
        if (i == 0)
            return false;
        if (window->entries[i - 1].tag == want - 1) {
            want--;
            first_ms = window->entries[i - 1].time_ms;
        }
    }
    want = window->entries[at].tag + 1;
    for (size_t i = at + 1; want < correlation->rule_count; i++) {
        if (i == window->count)
            return false;
        if (window->entries[i].tag == want) {
            want++;
            last_ms = window->entries[i].time_ms;
        }
    }
    return last_ms - first_ms <= correlation->timespan_ms;
}

static int64_t kept_ms(const struct mln_rule *rule)
{
    return rule->correlation->timespan_ms + MLN_LATENESS_MS;
}

int mln_window_add(struct mln_windows *windows, struct mln_window *window, int64_t time_ms,
        uint64_t tag, bool *complete, struct mln_err *err)
{
    const struct mln_correlation *correlation = window->rule->correlation;
    int64_t newest_ms = window->count > 0 ? window->entries[window->count - 1].time_ms : time_ms;
    size_t at, old = 0;
    int rc;

    *complete = false;
    if (time_ms > TIME_LIMIT_MS || time_ms < -TIME_LIMIT_MS ||
            time_ms < newest_ms - kept_ms(window->rule) || !make_way(window, time_ms, tag))
        return MLN_OK;
    rc = grow(windows, window, err);
    if (rc != MLN_OK)
        return rc;
    at = insert(window, time_ms, tag);
    window->changed = true;
    newest_ms = window->entries[window->count - 1].time_ms;
    while (window->entries[old].time_ms < newest_ms - kept_ms(window->rule))
        old++;
    if (correlation->type <= MLN_VALUE_COUNT && window->count - old > correlation->entries_max)
        old = window->count - correlation->entries_max;
    if (old > 0)
        remove_at(window, 0, old);
    if (at >= old)
        *complete = correlation->type == MLN_TEMPORAL_ORDERED ? ordered(window, at - old)
                                                              : counted(window, at - old);
    return MLN_OK;
}

bool mln_window_alarm(struct mln_window *window, int64_t time_ms)
{
    int64_t mute_ms = window->rule->mute_ms;

    if (mute_ms == 0)
        return true;
    if (window->alarm_ms != MLN_ABSENT && time_ms < window->alarm_ms + mute_ms &&
            time_ms > window->alarm_ms - mute_ms)
        return false;
    if (window->alarm_ms == MLN_ABSENT || time_ms > window->alarm_ms)
        window->alarm_ms = time_ms;
    window->changed = true;
    return true;
}

bool mln_window_is_over(const struct mln_window *window, int64_t watermark_ms)
{
    int64_t line_ms = watermark_ms - MLN_LAG_MS;

    if (window->alarm_ms != MLN_ABSENT && window->alarm_ms + window->rule->mute_ms >= line_ms)
        return false;
    return window->count == 0 ||
           window->entries[window->count - 1].time_ms + kept_ms(window->rule) < line_ms;
}
