#include "risk/scan_pool.h"

#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <time.h>

#include "snapshot/snapshot.h"

/*
 * More checks than threads: one that takes long would else hold up those after it. What their
 * spools have no memory for is in files.
 */
#define JOBS_PER_THREAD 8
#define JOBS_MAX        (MLN_SCAN_THREADS_MAX * JOBS_PER_THREAD)
#define JOB_SPOOL_KIB   2048
#define LOOK_NS         50000000L /* Between two looks at whether to stop. */
#define NS_PER_S        1000000000L

struct job {
    const struct mln_check *check;
    struct mln_scan_filter *filter;
    struct mln_spool *spool;
    struct mln_scan_verdicts verdicts; /* Once it is done, and rc is MLN_OK. */
    struct mln_err err;
    int rc;
    bool is_done;
};

struct worker {
    struct mln_scan_pool *pool;
    struct mln_snapshot *own; /* NULL: it uses the owner's. */
    struct mln_evaluator *evaluator;
    pthread_t thread;
};

/* Jobs are counted from the first on, and a ring keeps those between `taken` and `put`. */
struct mln_scan_pool {
    struct mln_scan_pool_options options;
    struct worker workers[MLN_SCAN_THREADS_MAX];
    size_t worker_count, thread_count;
    struct job jobs[JOBS_MAX];
    size_t job_count;
    size_t taken;         /* The owner's alone. */
    pthread_mutex_t lock; /* Guards what follows, and `is_done`. */
    pthread_cond_t more, done;
    size_t put, begun;
    bool is_ending;
    volatile int stop; /* For the evaluators; raised when the pool ends or the scan is stopped. */
};

/* ---- judging ---- */
static struct job *job_at(struct mln_scan_pool *pool, size_t number)
{
    return &pool->jobs[number % pool->job_count];
}

static int judge_job(const struct worker *worker, struct job *job, struct mln_err *err)
{
    const struct mln_scan_pool_options *options = &worker->pool->options;
    const struct mln_scan_judge judge = { worker->evaluator, job->spool,
        options->all_passes ? NULL : job->filter, options->no_passes };

    return mln_scan_judge(&judge, job->check, &job->verdicts, err);
}

static void *work(void *ctx)
{
    struct worker *worker = ctx;
    struct mln_scan_pool *pool = worker->pool;

    (void)pthread_mutex_lock(&pool->lock);
    for (;;) {
        struct job *job;
        int rc;

        while (pool->begun == pool->put && !pool->is_ending)
            (void)pthread_cond_wait(&pool->more, &pool->lock);
        if (pool->is_ending)
            break;
        job = job_at(pool, pool->begun++);
        (void)pthread_mutex_unlock(&pool->lock);
        rc = judge_job(worker, job, &job->err);
        (void)pthread_mutex_lock(&pool->lock);
        job->rc = rc;
        job->is_done = true;
        (void)pthread_cond_signal(&pool->done);
    }
    (void)pthread_mutex_unlock(&pool->lock);
    return NULL;
}

/* ---- beginning and ending ---- */
/* As many as the scan asks for, or a few of the processors that this process may use. */
static size_t count_threads(const struct mln_scan_options *options)
{
    cpu_set_t set;
    int count = options->threads, most = MLN_SCAN_THREADS_MAX;

    CPU_ZERO(&set);
    if (count <= 0) {
        count = sched_getaffinity(0, sizeof(set), &set) == 0 ? CPU_COUNT(&set) : 1;
        most = MLN_SCAN_THREADS_DEFAULT;
    }
    return (size_t)(count < most ? count : most);
}

/* A snapshot that cannot be opened again is judged by one. */
static int open_snapshots(struct mln_scan_pool *pool, struct mln_err *err)
{
    size_t count = count_threads(pool->options.scan);
    int rc = MLN_OK;

    while (rc == MLN_OK && ++pool->worker_count < count)
        rc = mln_snapshot_again(
                pool->options.snapshot, &pool->workers[pool->worker_count].own, err);
    return rc == MLN_ENOTFOUND ? MLN_OK : rc;
}

/*
 * With one worker, or when no thread can be had, the owner does the work. Signals are for those who
 * await them.
 */
static void start_threads(struct mln_scan_pool *pool)
{
    sigset_t all, before;
    int failed = pool->worker_count < 2;

    (void)sigfillset(&all);
    (void)pthread_sigmask(SIG_SETMASK, &all, &before);
    while (failed == 0 && pool->thread_count < pool->worker_count) {
        struct worker *worker = &pool->workers[pool->thread_count];

        failed = pthread_create(&worker->thread, NULL, work, worker);
        pool->thread_count += failed == 0;
    }
    (void)pthread_sigmask(SIG_SETMASK, &before, NULL);
}

/* Threads that wait for a first check do not look at theirs yet. */
static int add_evaluators(struct mln_scan_pool *pool, struct mln_err *err)
{
    bool is_threaded = pool->thread_count > 0;
    size_t count = is_threaded ? pool->thread_count : 1;
    const struct mln_evaluator_options how = {
        .now_ms = pool->options.now_ms,
        .clock = pool->options.scan->clock,
        .stop = is_threaded ? &pool->stop : pool->options.scan->stop,
    };
    int rc = MLN_OK;

    for (size_t i = 0; rc == MLN_OK && i < count; i++) {
        struct worker *worker = &pool->workers[i];

        rc = mln_evaluator_new(worker->own != NULL ? worker->own : pool->options.snapshot, &how,
                &worker->evaluator, err);
    }
    return rc;
}

static int add_jobs(struct mln_scan_pool *pool, struct mln_err *err)
{
    size_t count = pool->thread_count > 0 ? pool->thread_count * JOBS_PER_THREAD : 1;
    int rc = MLN_OK;

    for (; rc == MLN_OK && pool->job_count < count; pool->job_count++) {
        struct job *job = &pool->jobs[pool->job_count];

        rc = mln_scan_filter_new(&job->filter, err);
        if (rc == MLN_OK && pool->thread_count > 0)
            rc = mln_spool_new(JOB_SPOOL_KIB, &job->spool, err);
        else
            job->spool = pool->options.spool;
    }
    return rc;
}

static int init_locks(struct mln_scan_pool *pool, struct mln_err *err)
{
    pthread_condattr_t monotonic;
    int failed = pthread_condattr_init(&monotonic);

    if (failed != 0)
        return mln_fail(err, MLN_ENOMEM, "out of memory");
    (void)pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    (void)pthread_mutex_init(&pool->lock, NULL);
    (void)pthread_cond_init(&pool->more, NULL);
    (void)pthread_cond_init(&pool->done, &monotonic);
    (void)pthread_condattr_destroy(&monotonic);
    return MLN_OK;
}

int mln_scan_pool_new(const struct mln_scan_pool_options *options, struct mln_scan_pool **out,
        struct mln_err *err)
{
    struct mln_scan_pool *pool = calloc(1, sizeof(*pool));
    int rc;

    if (pool == NULL)
        return mln_fail(err, MLN_ENOMEM, "out of memory");
    pool->options = *options;
    for (size_t i = 0; i < MLN_SCAN_THREADS_MAX; i++)
        pool->workers[i].pool = pool;
    rc = init_locks(pool, err);
    if (rc != MLN_OK) {
        free(pool);
        return rc;
    }
    rc = open_snapshots(pool, err);
    if (rc == MLN_OK) {
        start_threads(pool);
        rc = add_evaluators(pool, err);
    }
    if (rc == MLN_OK)
        rc = add_jobs(pool, err);
    if (rc != MLN_OK) {
        mln_scan_pool_free(pool);
        return rc;
    }
    *out = pool;
    return MLN_OK;
}

static void raise_stop(struct mln_scan_pool *pool)
{
    __atomic_store_n(&pool->stop, 1, __ATOMIC_RELAXED);
}

static void join_threads(struct mln_scan_pool *pool)
{
    raise_stop(pool);
    (void)pthread_mutex_lock(&pool->lock);
    pool->is_ending = true;
    (void)pthread_cond_broadcast(&pool->more);
    (void)pthread_mutex_unlock(&pool->lock);
    for (size_t i = 0; i < pool->thread_count; i++)
        (void)pthread_join(pool->workers[i].thread, NULL);
}

void mln_scan_pool_free(struct mln_scan_pool *pool)
{
    if (pool == NULL)
        return;
    join_threads(pool);
    for (size_t i = 0; i < pool->job_count; i++) {
        struct job *job = &pool->jobs[i];

        if (job->is_done && job->rc == MLN_OK)
            mln_scan_verdicts_free(&job->verdicts);
        mln_scan_filter_free(job->filter);
        if (job->spool != pool->options.spool)
            mln_spool_free(job->spool);
    }
    for (size_t i = 0; i < MLN_SCAN_THREADS_MAX; i++) {
        mln_evaluator_free(pool->workers[i].evaluator);
        mln_snapshot_free(pool->workers[i].own);
    }
    (void)pthread_cond_destroy(&pool->more);
    (void)pthread_cond_destroy(&pool->done);
    (void)pthread_mutex_destroy(&pool->lock);
    free(pool);
}

/* ---- putting in and taking out ---- */
struct mln_scan_filter *mln_scan_pool_room(struct mln_scan_pool *pool)
{
    struct job *job = job_at(pool, pool->put);

    /* Only the owner changes `put`: it reads it without the lock. */
    if (pool->put - pool->taken == pool->job_count)
        return NULL;
    mln_scan_filter_clear(job->filter);
    return job->filter;
}

void mln_scan_pool_put(struct mln_scan_pool *pool, const struct mln_check *check)
{
    struct job *job = job_at(pool, pool->put);

    (void)pthread_mutex_lock(&pool->lock);
    job->check = check;
    job->is_done = false;
    pool->put++;
    (void)pthread_cond_signal(&pool->more);
    (void)pthread_mutex_unlock(&pool->lock);
}

/* The stop flag of the scan is set by a signal or another thread: the owner alone looks at it. */
static void look_at_stop(struct mln_scan_pool *pool)
{
    if (mln_scan_is_stopped(pool->options.scan))
        raise_stop(pool);
}

static void wait_a_little(struct mln_scan_pool *pool)
{
    struct timespec until;

    (void)clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_nsec += LOOK_NS;
    until.tv_sec += until.tv_nsec / NS_PER_S;
    until.tv_nsec %= NS_PER_S;
    (void)pthread_cond_timedwait(&pool->done, &pool->lock, &until);
}

static void await_job(struct mln_scan_pool *pool, const struct job *job)
{
    (void)pthread_mutex_lock(&pool->lock);
    while (!job->is_done) {
        look_at_stop(pool);
        wait_a_little(pool);
    }
    (void)pthread_mutex_unlock(&pool->lock);
}

int mln_scan_pool_take(struct mln_scan_pool *pool, struct mln_scan_judged *out, struct mln_err *err)
{
    struct job *job = job_at(pool, pool->taken);

    if (pool->thread_count > 0) {
        await_job(pool, job);
    } else {
        job->rc = judge_job(&pool->workers[0], job, &job->err);
        job->is_done = true;
    }
    if (job->rc != MLN_OK) {
        *err = job->err;
        return job->rc;
    }
    *out = (struct mln_scan_judged){ job->spool, &job->verdicts };
    return MLN_OK;
}

void mln_scan_pool_drop(struct mln_scan_pool *pool)
{
    struct job *job = job_at(pool, pool->taken);

    mln_scan_verdicts_free(&job->verdicts);
    (void)pthread_mutex_lock(&pool->lock);
    job->is_done = false;
    (void)pthread_mutex_unlock(&pool->lock);
    pool->taken++;
}
