/* Sockets on their way out, read empty so that their clients get to see the last answer. */
#include <errno.h>
#include <fcntl.h>

#include "api/priv.h"

#define LINGER_MS        ((int64_t)3000)
#define READ_PER_SWEEP   ((size_t)4 * 1024 * 1024)
#define READ_BUFFER_SIZE ((size_t)8 * 1024)

/* The descriptor is the HTTP library's, which closes it next: a duplicate keeps the socket open. */
void linger_add(struct watch *watch, int fd)
{
    char byte;
    int kept;

    if (fd < 0 || watch->linger_count == LINGER_MAX ||
            recv(fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT) == 0)
        return; /* The client closed before us: nothing can be lost. */
    kept = fcntl(fd, F_DUPFD_CLOEXEC, 0);
    if (kept < 0)
        return;
    (void)shutdown(kept, SHUT_WR);
    watch->lingering[watch->linger_count++] = (struct lingerer){
        .fd = kept,
        .until_ms = mln_monotonic_ms(watch->server->options.clock) + LINGER_MS,
    };
    if (watch->linger_count == 1)
        (void)pthread_cond_signal(&watch->wake);
}

/* False when nothing more can come. */
static bool read_some(int fd)
{
    char bytes[READ_BUFFER_SIZE];

    for (size_t done = 0; done < READ_PER_SWEEP; done += sizeof(bytes)) {
        ssize_t n = recv(fd, bytes, sizeof(bytes), MSG_DONTWAIT);

        if (n == 0)
            return false;
        if (n < 0)
            return errno == EAGAIN || errno == EINTR;
    }
    return true;
}

void linger_sweep(struct watch *watch)
{
    int64_t now_ms = mln_monotonic_ms(watch->server->options.clock);
    size_t kept = 0;

    for (size_t i = 0; i < watch->linger_count; i++) {
        struct lingerer *linger = &watch->lingering[i];

        if (linger->until_ms > now_ms && read_some(linger->fd))
            watch->lingering[kept++] = *linger;
        else
            (void)close(linger->fd);
    }
    watch->linger_count = kept;
}

void linger_close_all(struct watch *watch)
{
    for (size_t i = 0; i < watch->linger_count; i++)
        (void)close(watch->lingering[i].fd);
    watch->linger_count = 0;
}
