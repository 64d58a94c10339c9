/*
 * Windows as bytes, all numbers little-endian: "MLW", version, type of correlation, the last alarm,
 * the number of entries, the entries, and a hash over key and bytes. The hash tells damage from
 * change.
 */
#include <sodium.h>

#include "detect/window.h"

#define STATE_VERSION  1
#define STATE_HEADER   ((size_t)5 + 8 + 4)
#define STATE_HASH     ((size_t)16)
#define STATE_ENTRY    ((size_t)16)
#define TYPE_DETECTION 255

static unsigned type_of(const struct mln_rule *rule)
{
    return rule->correlation != NULL ? (unsigned)rule->correlation->type : TYPE_DETECTION;
}

static void put(struct mln_buf *out, uint64_t number, unsigned bytes)
{
    for (unsigned i = 0; i < bytes; i++)
        mln_buf_add_char(out, (char)(unsigned char)(number >> (8 * i)));
}

static uint64_t get(const char *from, unsigned bytes)
{
    uint64_t number = 0;

    for (unsigned i = 0; i < bytes; i++)
        number |= (uint64_t)(unsigned char)from[i] << (8 * i);
    return number;
}

static void hash_of(struct mln_str key, struct mln_str bytes, char out[STATE_HASH])
{
    crypto_generichash_state state;

    (void)crypto_generichash_init(&state, NULL, 0, STATE_HASH);
    (void)crypto_generichash_update(&state, (const unsigned char *)key.ptr, key.len);
    (void)crypto_generichash_update(&state, (const unsigned char *)bytes.ptr, bytes.len);
    (void)crypto_generichash_final(&state, (unsigned char *)out, STATE_HASH);
}

void mln_window_encode(const struct mln_window *window, struct mln_buf *out)
{
    char hash[STATE_HASH];

    mln_buf_add_cstr(out, "MLW");
    put(out, STATE_VERSION, 1);
    put(out, type_of(window->rule), 1);
    put(out, (uint64_t)window->alarm_ms, 8);
    put(out, window->count, 4);
    for (size_t i = 0; i < window->count; i++) {
        put(out, (uint64_t)window->entries[i].time_ms, 8);
        put(out, window->entries[i].tag, 8);
    }
    hash_of((struct mln_str){ window->key, window->key_len }, mln_buf_str(out), hash);
    mln_buf_add(out, (struct mln_str){ hash, sizeof(hash) });
}

static bool is_whole(struct mln_str key, struct mln_str state)
{
    char hash[STATE_HASH];
    uint64_t count;

    if (state.len < STATE_HEADER + STATE_HASH || memcmp(state.ptr, "MLW", 3) != 0)
        return false;
    count = get(state.ptr + 13, 4);
    if (state.ptr[3] != STATE_VERSION || count > MLN_WINDOW_ENTRIES_MAX ||
            state.len != STATE_HEADER + count * STATE_ENTRY + STATE_HASH)
        return false;
    hash_of(key, (struct mln_str){ state.ptr, state.len - STATE_HASH }, hash);
    return memcmp(hash, state.ptr + state.len - STATE_HASH, STATE_HASH) == 0;
}

int mln_window_decode(struct mln_windows *windows, const struct mln_rule *rule, struct mln_str key,
        struct mln_str state, struct mln_err *err)
{
    struct mln_window *window;
    size_t count;
    int rc;

    if (!is_whole(key, state))
        return mln_fail(err, MLN_ECORRUPT, "a stored window of rule %lld is damaged",
                (long long)rule->info.rule_id);
    /* A rule that became another kind of rule starts afresh. */
    if ((unsigned char)state.ptr[4] != type_of(rule))
        return MLN_OK;
    rc = mln_windows_get(windows, rule, key, &window, err);
    if (rc != MLN_OK)
        return rc;
    count = (size_t)get(state.ptr + 13, 4);
    window->alarm_ms = (int64_t)get(state.ptr + 5, 8);
    for (size_t i = 0; rc == MLN_OK && rule->correlation != NULL && i < count; i++) {
        const char *from = state.ptr + STATE_HEADER + i * STATE_ENTRY;
        uint64_t tag = get(from + 8, 8);
        bool ignored;

        if (rule->correlation->type < MLN_TEMPORAL || tag < rule->correlation->rule_count)
            rc = mln_window_add(windows, window, (int64_t)get(from, 8), tag, &ignored, err);
    }
    window->changed = false;
    window->stored = true;
    window->round = windows->round - 1; /* Being restored is no use: it may end with this batch. */
    return rc;
}
