#include "api/scans.h"

#include <errno.h>
#include <pthread.h>
#include <time.h>

#include "api/lane.h"
#include "risk/scan.h"

#define SCAN_BUSY_MS 10000

struct mln_scans {
    struct mln_scans_options options;
    struct mln_lane lane;
    struct mln_posture *posture;
    pthread_t thread;
    bool running;
    volatile int stop;    /* Set once; the scan reads it as it reads a signal's. */
    pthread_mutex_t lock; /* Guards `asked`, and `stop` but for the scan. */
    pthread_cond_t wake;
    bool asked;
    struct mln_err reported; /* The worker's last complaint. */
};

/* The scan looks at the flag between two steps, without the lock: seeing it late is fine. */
__attribute__((no_sanitize("thread"))) static void raise_stop(struct mln_scans *scans)
{
    scans->stop = 1;
}

__attribute__((no_sanitize("thread"))) static bool is_stopped(const struct mln_scans *scans)
{
    return scans->stop != 0;
}

/* What goes on failing is looked at every few seconds, and said once. */
static void report(struct mln_scans *scans, const struct mln_err *err)
{
    const struct mln_log_field field = { .key = "error", .text = err->msg };

    if (strcmp(scans->reported.msg, err->msg) == 0)
        return;
    scans->reported = *err;
    mln_log_write(scans->options.log, MLN_LOG_WARN, "scan", &field, 1);
}

static int work(struct mln_scans *scans, struct mln_err *err)
{
    const struct mln_posture_options places = {
        .catalogs = scans->options.catalogs,
        .catalog_count = scans->options.catalog_count,
    };
    struct mln_scan_worker how = {
        .live = scans->options.live,
        .clock = scans->options.clock,
        .stop = &scans->stop,
    };
    struct mln_store *store = NULL;
    int rc = mln_lane_store(&scans->lane, &store, err);

    if (rc == MLN_OK && scans->posture == NULL)
        rc = mln_posture_load(&places, &scans->posture, err);
    how.posture = scans->posture;
    if (rc == MLN_OK)
        rc = mln_scan_work(store, &how, err);
    if (rc == MLN_EIO || rc == MLN_ECORRUPT)
        mln_lane_drop_store(&scans->lane);
    return rc;
}

/* False: it is time to stop. */
static bool wait_for_request(struct mln_scans *scans)
{
    struct timespec until;
    bool go_on;

    (void)clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_sec += MLN_SCANS_LOOK_MS / 1000;
    (void)pthread_mutex_lock(&scans->lock);
    while (!scans->asked && !is_stopped(scans)) {
        if (pthread_cond_timedwait(&scans->wake, &scans->lock, &until) == ETIMEDOUT)
            break;
    }
    scans->asked = false;
    go_on = !is_stopped(scans);
    (void)pthread_mutex_unlock(&scans->lock);
    return go_on;
}

static void *run(void *arg)
{
    struct mln_scans *scans = arg;

    while (wait_for_request(scans)) {
        struct mln_err err = { 0 };
        int rc = MLN_OK;

        while (rc == MLN_OK && !is_stopped(scans))
            rc = work(scans, &err); /* One request after the other, until there is none. */
        if (rc == MLN_ENOTFOUND)
            scans->reported = (struct mln_err){ 0 };
        else if (rc != MLN_OK && rc != MLN_ECANCELLED)
            report(scans, &err);
    }
    return NULL;
}

static void start_wake(struct mln_scans *scans)
{
    pthread_condattr_t attributes;

    (void)pthread_condattr_init(&attributes);
    (void)pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    (void)pthread_cond_init(&scans->wake, &attributes);
    (void)pthread_condattr_destroy(&attributes);
    (void)pthread_mutex_init(&scans->lock, NULL);
}

int mln_scans_start(
        const struct mln_scans_options *options, struct mln_scans **out, struct mln_err *err)
{
    const struct mln_lane_options lane = {
        .store_url = options->store_url,
        .writes = true,
        .busy_timeout_ms = SCAN_BUSY_MS,
        .random = options->random,
    };
    struct mln_scans *scans = calloc(1, sizeof(*scans));
    int failed;

    if (scans == NULL)
        return mln_fail(err, MLN_ENOMEM, "out of memory");
    scans->options = *options;
    start_wake(scans);
    mln_lane_init(&scans->lane, &lane);
    failed = pthread_create(&scans->thread, NULL, run, scans);
    if (failed != 0) {
        mln_scans_stop(scans);
        return mln_fail(err, MLN_EIO, "cannot start a thread: %s", mln_errno_text(failed));
    }
    scans->running = true;
    *out = scans;
    return MLN_OK;
}

void mln_scans_wake(struct mln_scans *scans)
{
    (void)pthread_mutex_lock(&scans->lock);
    scans->asked = true;
    (void)pthread_cond_signal(&scans->wake);
    (void)pthread_mutex_unlock(&scans->lock);
}

void mln_scans_stop(struct mln_scans *scans)
{
    if (scans == NULL)
        return;
    (void)pthread_mutex_lock(&scans->lock);
    raise_stop(scans);
    (void)pthread_cond_signal(&scans->wake);
    (void)pthread_mutex_unlock(&scans->lock);
    if (scans->running)
        (void)pthread_join(scans->thread, NULL);
    mln_posture_free(scans->posture);
    mln_lane_fini(&scans->lane);
    (void)pthread_cond_destroy(&scans->wake);
    (void)pthread_mutex_destroy(&scans->lock);
    free(scans);
}
