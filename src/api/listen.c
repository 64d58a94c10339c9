/* The listening socket: bound here, not by the HTTP library, so that a failure names the address.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdio.h>
#include <sys/resource.h>

#include "api/priv.h"

#define HOST_MAX     256
#define PORT_MAX     65535
#define BACKLOG_SIZE 1024

/* Beside connections: lingering ones, a thread's poll, wake-up and store files, everything else. */
#define DESCRIPTORS_PER_THREAD ((rlim_t)8)
#define DESCRIPTORS_OTHER      ((rlim_t)LINGER_MAX + 32)

/* "host:port" or "[v6]:port" in pieces. */
static int split(const char *address, char host[HOST_MAX], int64_t *port, struct mln_err *err)
{
    struct mln_str text = mln_str_of(address), name, digits;
    const char *colon = strrchr(address, ':');

    if (colon == NULL)
        return mln_fail(err, MLN_ECONFIG, "listen address '%s' is not HOST:PORT", address);
    name = (struct mln_str){ .ptr = text.ptr, .len = (size_t)(colon - address) };
    digits = mln_str_of(colon + 1);
    if (name.len >= 2 && name.ptr[0] == '[' && name.ptr[name.len - 1] == ']') {
        name.ptr++;
        name.len -= 2;
    } else if (memchr(name.ptr, ':', name.len) != NULL) {
        return mln_fail(
                err, MLN_ECONFIG, "listen address '%s': write IPv6 as [ADDRESS]:PORT", address);
    }
    if (name.len == 0 || name.len >= HOST_MAX)
        return mln_fail(err, MLN_ECONFIG, "listen address '%s' has no host", address);
    if (mln_str_to_i64(digits, port) != MLN_OK || *port < 0 || *port > PORT_MAX)
        return mln_fail(
                err, MLN_ECONFIG, "listen address '%s' has no port from 0 to 65535", address);
    memcpy(host, name.ptr, name.len);
    host[name.len] = '\0';
    return MLN_OK;
}

static bool is_loopback(const struct sockaddr *address)
{
    if (address->sa_family == AF_INET) {
        const struct sockaddr_in *in = (const void *)address;

        return (ntohl(in->sin_addr.s_addr) >> 24) == 127;
    }
    if (address->sa_family == AF_INET6) {
        const struct sockaddr_in6 *in6 = (const void *)address;

        return IN6_IS_ADDR_LOOPBACK(&in6->sin6_addr) ||
               (IN6_IS_ADDR_V4MAPPED(&in6->sin6_addr) && in6->sin6_addr.s6_addr[12] == 127);
    }
    return false;
}

void address_text(const struct sockaddr *address, char out[ADDRESS_TEXT_MAX])
{
    const struct sockaddr_in *in = (const void *)address;
    const struct sockaddr_in6 *in6 = (const void *)address;
    const char *done = NULL;

    if (address != NULL && address->sa_family == AF_INET)
        done = inet_ntop(AF_INET, &in->sin_addr, out, ADDRESS_TEXT_MAX);
    else if (address != NULL && address->sa_family == AF_INET6 &&
             IN6_IS_ADDR_V4MAPPED(&in6->sin6_addr))
        done = inet_ntop(AF_INET, &in6->sin6_addr.s6_addr[12], out, ADDRESS_TEXT_MAX);
    else if (address != NULL && address->sa_family == AF_INET6)
        done = inet_ntop(AF_INET6, &in6->sin6_addr, out, ADDRESS_TEXT_MAX);
    if (done == NULL)
        memcpy(out, "unknown", sizeof("unknown"));
}

static int bind_socket(
        const char *address, const struct addrinfo *found, int *out, struct mln_err *err)
{
    const int on = 1;
    MLN_AUTO_CLOSE int fd = socket(
            found->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, IPPROTO_TCP);

    if (fd < 0)
        return mln_fail(err, MLN_EIO, "socket for '%s': %s", address, mln_errno_text(errno));
    (void)setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
    if (bind(fd, found->ai_addr, found->ai_addrlen) < 0 || listen(fd, BACKLOG_SIZE) < 0)
        return mln_fail(
                err, MLN_ECONFIG, "cannot listen on %s: %s", address, mln_errno_text(errno));
    *out = fd;
    fd = -1; /* NOLINT(clang-analyzer-deadcode.DeadStores): the scope must not close it */
    return MLN_OK;
}

static int bound_port(int fd, unsigned *out, struct mln_err *err)
{
    union {
        struct sockaddr any;
        struct sockaddr_in v4;
        struct sockaddr_in6 v6;
    } bound = { 0 };
    socklen_t len = sizeof(bound);

    if (getsockname(fd, &bound.any, &len) < 0)
        return mln_fail(err, MLN_EIO, "socket: %s", mln_errno_text(errno));
    *out = ntohs(bound.any.sa_family == AF_INET6 ? bound.v6.sin6_port : bound.v4.sin_port);
    return MLN_OK;
}

static int open_found(const char *address, const struct addrinfo *found, bool any_address,
        struct listener *out, struct mln_err *err)
{
    MLN_AUTO_CLOSE int fd = -1;
    bool loopback = is_loopback(found->ai_addr);
    unsigned port = 0;
    int rc;

    if (!loopback && !any_address)
        return mln_fail(err, MLN_ECONFIG,
                "%s is not a loopback address: serve it over TLS (--tls-cert, --tls-key), "
                "or say --insecure-http",
                address);
    rc = bind_socket(address, found, &fd, err);
    if (rc == MLN_OK)
        rc = bound_port(fd, &port, err);
    if (rc != MLN_OK)
        return rc;
    *out = (struct listener){ .fd = fd, .port = port, .is_loopback = loopback };
    fd = -1;
    return MLN_OK;
}

int listener_open(const char *address, bool any_address, struct listener *out, struct mln_err *err)
{
    const struct addrinfo hints = {
        .ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM, .ai_flags = AI_PASSIVE | AI_NUMERICSERV
    };
    struct addrinfo *found = NULL;
    char host[HOST_MAX], service[8];
    int64_t port;
    int rc = split(address, host, &port, err), failed;

    if (rc != MLN_OK)
        return rc;
    (void)snprintf(service, sizeof(service), "%d", (int)port);
    failed = getaddrinfo(host, service, &hints, &found);
    if (failed != 0)
        return mln_fail(err, MLN_ECONFIG, "listen address '%s': %s", address, gai_strerror(failed));
    rc = open_found(address, found, any_address, out, err);
    freeaddrinfo(found);
    return rc;
}

unsigned listener_room(unsigned wished, unsigned threads)
{
    rlim_t own = DESCRIPTORS_OTHER + DESCRIPTORS_PER_THREAD * (threads + WRITE_THREADS);
    rlim_t needed = wished + own;
    struct rlimit limit;

    if (getrlimit(RLIMIT_NOFILE, &limit) < 0)
        return wished;
    if (limit.rlim_cur < needed) {
        limit.rlim_cur = limit.rlim_max < needed ? limit.rlim_max : needed;
        if (setrlimit(RLIMIT_NOFILE, &limit) < 0 && getrlimit(RLIMIT_NOFILE, &limit) < 0)
            return wished;
    }
    if (limit.rlim_cur >= needed)
        return wished;
    /* The library shares connections out to its threads: each must have one. */
    return limit.rlim_cur > own + threads ? (unsigned)(limit.rlim_cur - own) : threads;
}
