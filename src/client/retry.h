/*
 * When a call is tried again, and after how long: exponential back-off with full jitter, or what
 * the server asks for, capped. Pure: the caller waits.
 */
#pragma once

#include "base/random.h"

#define MLN_ATTEMPTS_MAX       5
#define MLN_BACKOFF_BASE_MS    ((int64_t)200)
#define MLN_BACKOFF_MAX_MS     ((int64_t)20000)
#define MLN_RETRY_AFTER_MAX_MS ((int64_t)60000)

struct mln_retry_facts {
    int attempt; /* Of the attempt that failed, from 1. */
    bool is_write;
    bool bytes_left;        /* The request, or a part of it, was sent. */
    bool worth_it;          /* Throttled, 5xx, network: it may go better next time. */
    int64_t retry_after_ms; /* -1: the server did not say. */
};

/* The milliseconds to wait before the next attempt, or -1: give up. A write is never sent twice. */
int64_t mln_retry_delay_ms(const struct mln_retry_facts *facts, const struct mln_random *random);
