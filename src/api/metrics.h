/*
 * Counters of the server, and their Prometheus text. Labels come from our own tables only, so that
 * nobody outside can make new series.
 */
#pragma once

#include <stdatomic.h>

#include "base/str.h"

#define MLN_METRIC_ACTIONS_MAX 64 /* rows of mln_actions, then "none" */
#define MLN_METRIC_STATUSES    9
#define MLN_METRIC_BUCKETS     10

enum mln_throttle { MLN_THROTTLE_USER, MLN_THROTTLE_ADDRESS, MLN_THROTTLE_QUEUE, MLN_THROTTLES };

struct mln_metrics {
    atomic_uint_fast64_t requests[MLN_METRIC_ACTIONS_MAX][MLN_METRIC_STATUSES];
    atomic_uint_fast64_t duration[MLN_METRIC_BUCKETS]; /* the last one: longer than every bound */
    atomic_uint_fast64_t duration_sum_ms;
    atomic_uint_fast64_t auth_failures;
    atomic_uint_fast64_t throttled[MLN_THROTTLES];
    atomic_int_fast64_t in_flight, connections;
    atomic_uint_fast64_t deadline_closed;
};

struct mln_action;

/* One finished request; `action` is NULL when none was identified, `status` 0 when the client left.
 */
void mln_metrics_request(struct mln_metrics *metrics, const struct mln_action *action, int status,
        int64_t duration_ms);

/* Prometheus text format, version 0.0.4. */
void mln_metrics_print(struct mln_metrics *metrics, struct mln_buf *out);
