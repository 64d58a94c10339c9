#include "api/metrics.h"

#include "api/action.h"

/* The last slot counts what is not listed, 0 among it: the client left before the answer. */
static const int statuses[MLN_METRIC_STATUSES] = { 200, 400, 403, 404, 413, 429, 500, 503, 0 };
static const int64_t bounds_ms[MLN_METRIC_BUCKETS - 1] = { 1, 2, 5, 10, 25, 100, 500, 2500, 10000 };
static const char *const bound_texts[MLN_METRIC_BUCKETS] = { "0.001", "0.002", "0.005", "0.01",
    "0.025", "0.1", "0.5", "2.5", "10", "+Inf" };
static const char *const throttle_names[MLN_THROTTLES] = { "user", "address", "queue" };

static void count(atomic_uint_fast64_t *counter, uint64_t by)
{
    atomic_fetch_add_explicit(counter, by, memory_order_relaxed);
}

static int64_t value(atomic_uint_fast64_t *counter)
{
    return (int64_t)atomic_load_explicit(counter, memory_order_relaxed);
}

static size_t action_slot(
        const struct mln_action *action, const struct mln_action *const *rows, size_t count)
{
    size_t slot = 0;

    while (slot < count && rows[slot] != action)
        slot++;
    return slot;
}

void mln_metrics_request(struct mln_metrics *metrics, const struct mln_action *action, int status,
        int64_t duration_ms)
{
    size_t action_count, status_slot = 0, bucket = 0;
    const struct mln_action *const *rows = mln_actions(&action_count);

    while (status_slot < MLN_METRIC_STATUSES - 1 && statuses[status_slot] != status)
        status_slot++;
    while (bucket < MLN_METRIC_BUCKETS - 1 && duration_ms > bounds_ms[bucket])
        bucket++;
    count(&metrics->requests[action_slot(action, rows, action_count)][status_slot], 1);
    count(&metrics->duration[bucket], 1);
    count(&metrics->duration_sum_ms, (uint64_t)(duration_ms > 0 ? duration_ms : 0));
}

static void print_requests(struct mln_metrics *metrics, struct mln_buf *out)
{
    size_t action_count;
    const struct mln_action *const *rows = mln_actions(&action_count);

    mln_buf_add_cstr(out, "# HELP merlon_requests_total Requests answered.\n"
                          "# TYPE merlon_requests_total counter\n");
    for (size_t i = 0; i <= action_count; i++) {
        for (size_t k = 0; k < MLN_METRIC_STATUSES; k++) {
            int64_t number = value(&metrics->requests[i][k]);

            if (number == 0)
                continue;
            mln_buf_addf(out, "merlon_requests_total{action=\"%s\",status=\"",
                    i < action_count ? rows[i]->name : "none");
            if (statuses[k] == 0)
                mln_buf_add_cstr(out, "other");
            else
                mln_buf_add_i64(out, statuses[k]);
            mln_buf_addf(out, "\"} %lld\n", (long long)number);
        }
    }
}

static void print_durations(struct mln_metrics *metrics, struct mln_buf *out)
{
    int64_t total = 0, sum_ms = value(&metrics->duration_sum_ms);

    mln_buf_add_cstr(out, "# HELP merlon_request_seconds Time from the request line to the end of "
                          "the answer.\n# TYPE merlon_request_seconds histogram\n");
    for (size_t i = 0; i < MLN_METRIC_BUCKETS; i++) {
        total += value(&metrics->duration[i]);
        mln_buf_addf(out, "merlon_request_seconds_bucket{le=\"%s\"} %lld\n", bound_texts[i],
                (long long)total);
    }
    mln_buf_addf(out, "merlon_request_seconds_sum %.3f\nmerlon_request_seconds_count %lld\n",
            (double)sum_ms / 1000.0, (long long)total);
}

static void print_number(
        struct mln_buf *out, const char *name, const char *type, const char *help, int64_t number)
{
    mln_buf_addf(out, "# HELP %s %s\n# TYPE %s %s\n%s %lld\n", name, help, name, type, name,
            (long long)number);
}

void mln_metrics_print(struct mln_metrics *metrics, struct mln_buf *out)
{
    print_requests(metrics, out);
    print_durations(metrics, out);
    print_number(out, "merlon_requests_in_flight", "gauge", "Requests being received or answered.",
            atomic_load_explicit(&metrics->in_flight, memory_order_relaxed));
    print_number(out, "merlon_connections", "gauge", "Open connections.",
            atomic_load_explicit(&metrics->connections, memory_order_relaxed));
    print_number(out, "merlon_deadline_closed_total", "counter",
            "Connections closed because a request took too long to arrive.",
            value(&metrics->deadline_closed));
    print_number(out, "merlon_auth_failures_total", "counter",
            "Requests that failed authentication.", value(&metrics->auth_failures));
    mln_buf_add_cstr(out, "# HELP merlon_throttled_total Requests refused by a limit.\n"
                          "# TYPE merlon_throttled_total counter\n");
    for (size_t i = 0; i < MLN_THROTTLES; i++)
        mln_buf_addf(out, "merlon_throttled_total{limit=\"%s\"} %lld\n", throttle_names[i],
                (long long)value(&metrics->throttled[i]));
}
