/*
 * A command that prints credentials. It runs without a shell, in a process group of its own, with
 * the user's environment and folder, nothing on its standard input and none of our descriptors.
 * Neither its words but the first nor anything that it prints is ever shown.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <sys/wait.h>

#include "base/clock.h"
#include "client/priv.h"

#define POLL_MS        20
#define FIRST_WORD_MAX ((size_t)64)
#define FIRST_OWN_FD   3

struct process {
    pid_t pid;
    int fd; /* Its standard output. */
    int64_t deadline_ms;
    siginfo_t end; /* si_pid is 0 while it runs. */
};

/* Assignments and odd words stay hidden: they may be a secret in the wrong place. */
static const char *first_word(char *const *argv)
{
    static const char *const hidden = "the command of the profile";
    size_t len = strlen(argv[0]);

    for (size_t i = 0; i < len; i++) {
        char c = argv[0][i];

        if (!(c >= 'a' && c <= 'z') && !(c >= 'A' && c <= 'Z') && !(c >= '0' && c <= '9') &&
                strchr("/._+-", c) == NULL)
            return hidden;
    }
    return len <= FIRST_WORD_MAX ? argv[0] : hidden;
}

static int64_t monotonic_ms(void)
{
    return mln_monotonic_ms(mln_clock_system());
}

static int set_attributes(posix_spawnattr_t *attributes)
{
    sigset_t none, all;
    int why;

    (void)sigemptyset(&none);
    (void)sigfillset(&all);
    why = posix_spawnattr_setflags(
            attributes, POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
    if (why == 0)
        why = posix_spawnattr_setpgroup(attributes, 0);
    if (why == 0)
        why = posix_spawnattr_setsigmask(attributes, &none);
    if (why == 0)
        why = posix_spawnattr_setsigdefault(attributes, &all);
    return why;
}

static int set_files(posix_spawn_file_actions_t *files, int out)
{
    int why = posix_spawn_file_actions_addopen(files, STDIN_FILENO, "/dev/null", O_RDONLY, 0);

    if (why == 0)
        why = posix_spawn_file_actions_adddup2(files, out, STDOUT_FILENO);
    if (why == 0)
        why = posix_spawn_file_actions_addopen(files, STDERR_FILENO, "/dev/null", O_WRONLY, 0);
    if (why == 0)
        why = posix_spawn_file_actions_addclosefrom_np(files, FIRST_OWN_FD);
    return why;
}

static int spawn(char *const *argv, int out, pid_t *pid)
{
    posix_spawn_file_actions_t files;
    posix_spawnattr_t attributes;
    int why = posix_spawn_file_actions_init(&files);

    if (why != 0)
        return why;
    why = posix_spawnattr_init(&attributes);
    if (why == 0) {
        why = set_attributes(&attributes);
        if (why == 0)
            why = set_files(&files, out);
        if (why == 0)
            why = posix_spawnp(pid, argv[0], &files, &attributes, argv, environ);
        (void)posix_spawnattr_destroy(&attributes);
    }
    (void)posix_spawn_file_actions_destroy(&files);
    return why;
}

static int start(
        char *const *argv, int64_t timeout_ms, struct process *process, struct mln_err *err)
{
    int ends[2], why;

    if (pipe2(ends, O_CLOEXEC) != 0)
        return mln_fail(err, MLN_EIO, "no pipe to %s: %s", first_word(argv), mln_errno_text(errno));
    /* A command that starts with our output closed would get this end under a standard number. */
    why = ends[1] < FIRST_OWN_FD ? EBADF : spawn(argv, ends[1], &process->pid);
    (void)close(ends[1]);
    if (why != 0) {
        (void)close(ends[0]);
        return mln_fail(err, MLN_ECREDS, "%s (process_command) does not start: %s",
                first_word(argv), mln_errno_text(why));
    }
    process->fd = ends[0];
    process->deadline_ms = monotonic_ms() + timeout_ms;
    return MLN_OK;
}

/* Looks whether it has ended, and leaves it to be collected: until then its number is its own. */
static bool has_ended(struct process *process)
{
    while (process->end.si_pid == 0 &&
            waitid(P_PID, (id_t)process->pid, &process->end, WEXITED | WNOHANG | WNOWAIT) != 0) {
        if (errno != EINTR)
            return true;
    }
    return process->end.si_pid != 0;
}

/* Children that it left behind end with it. */
static void stop(struct process *process)
{
    (void)kill(-process->pid, SIGKILL);
    while (waitpid(process->pid, NULL, 0) < 0 && errno == EINTR)
        continue;
    (void)close(process->fd);
}

/* 1: more may come; 0: the end; -1: too much, or the pipe failed. */
static int read_some(int fd, struct mln_buf *out)
{
    ssize_t n;

    if (out->len == out->max) {
        char extra;

        n = read(fd, &extra, 1);
    } else {
        n = read(fd, out->ptr + out->len, out->max - out->len);
    }
    if (n < 0)
        return errno == EINTR || errno == EAGAIN ? 1 : -1;
    if (n > 0 && out->len == out->max)
        return -1;
    out->len += (size_t)n;
    out->ptr[out->len] = '\0';
    return n > 0 ? 1 : 0;
}

/* A child of the command may hold the pipe open: what the command itself wrote is enough. */
static int collect(
        struct process *process, const char *name, struct mln_buf *out, struct mln_err *err)
{
    struct pollfd watch = { .fd = process->fd, .events = POLLIN };
    int more = 1, ready;
    bool ended = false;

    while (more > 0 || !ended) {
        if (monotonic_ms() >= process->deadline_ms)
            return mln_fail(err, MLN_ECREDS, "%s (process_command) did not end in time", name);
        ended = has_ended(process);
        watch.fd = more > 0 ? process->fd : -1;
        ready = poll(&watch, 1, ended ? 0 : POLL_MS);
        if (ready < 0 && errno == EINTR)
            return mln_fail(err, MLN_ECANCELLED, "interrupted while %s ran", name);
        if (ready > 0)
            more = read_some(process->fd, out);
        else if (ended)
            more = 0;
        if (more < 0)
            return mln_fail(err, MLN_ECREDS,
                    "%s (process_command) prints more than the limit of %zu KiB", name,
                    out->max / 1024);
    }
    return MLN_OK;
}

static int check_end(const siginfo_t *end, const char *name, struct mln_err *err)
{
    if (end->si_pid == 0)
        return mln_fail(err, MLN_ECREDS,
                "how %s (process_command) ended is not known: SIGCHLD is ignored here", name);
    if (end->si_code != CLD_EXITED)
        return mln_fail(err, MLN_ECREDS, "%s (process_command) was ended by signal %d", name,
                end->si_status);
    if (end->si_status != 0)
        return mln_fail(err, MLN_ECREDS, "%s (process_command) failed with exit status %d", name,
                end->si_status);
    return MLN_OK;
}

int mln_command_run(
        struct mln_str command, int64_t timeout_ms, struct mln_buf *out, struct mln_err *err)
{
    struct mln_arena arena = MLN_ARENA_INIT(4 * MLN_PROCESS_COMMAND_MAX);
    struct process process = { .fd = -1 };
    char **argv = NULL;
    int rc = mln_command_split(command, &arena, &argv, err);

    if (rc == MLN_OK && !mln_buf_reserve(out, out->max))
        rc = mln_fail(err, MLN_ENOMEM, "out of memory");
    if (rc == MLN_OK)
        rc = start(argv, timeout_ms, &process, err);
    if (rc == MLN_OK) {
        rc = collect(&process, first_word(argv), out, err);
        stop(&process);
    }
    if (rc == MLN_OK)
        rc = check_end(&process.end, first_word(argv), err);
    mln_arena_free(&arena);
    return rc;
}
