/*
 * Sends signed requests over keep-alive connections, one in flight on each, and prints the CPU time
 * that the server's threads spent per request (user and system, from /proc), in microseconds, and
 * the size of the last body. Every answer must be a 200. Signing is done before the clock starts.
 *
 *     load PORT SERVER_PID CONNECTIONS COUNT QUERY [QUERY...]
 */
#include <arpa/inet.h>
#include <dirent.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include "signer.h"

#define CONNECTIONS_MAX 256
#define ANSWER_MAX      ((size_t)1024 * 1024)

struct peer {
    int fd;
    char *in;
    size_t len, need; /* need: the whole answer, 0 until its headers are here. */
};

struct load {
    struct mln_buf wire;
    size_t *begin; /* count + 1 offsets into `wire`. */
    size_t count, sent, done, body_len;
    struct peer peers[CONNECTIONS_MAX];
    int epoll;
};

static _Noreturn void die(const char *what)
{
    (void)fprintf(stderr, "load: %s: %s\n", what, mln_errno_text(errno));
    exit(1);
}

/* Nanoseconds on a processor, of all threads of `pid`. */
static uint64_t cpu_ns(const char *pid)
{
    char path[512];
    uint64_t sum = 0;
    struct dirent *entry;
    DIR *tasks;

    (void)snprintf(path, sizeof(path), "/proc/%s/task", pid);
    tasks = opendir(path);
    if (tasks == NULL)
        die(path);
    while ((entry = readdir(tasks)) != NULL) {
        unsigned long long one = 0;
        FILE *file;

        if (entry->d_name[0] == '.')
            continue;
        (void)snprintf(path, sizeof(path), "/proc/%s/task/%s/schedstat", pid, entry->d_name);
        file = fopen(path, "r");
        if (file == NULL)
            continue;
        if (fscanf(file, "%llu", &one) == 1)
            sum += one;
        (void)fclose(file);
    }
    (void)closedir(tasks);
    return sum;
}

static void sign_all(struct load *load, const char *host, char **queries, size_t query_count)
{
    struct signer signer = signer_from_env(host);

    load->wire = (struct mln_buf)MLN_BUF_INIT((size_t)1 << 31);
    load->begin = calloc(load->count + 1, sizeof(*load->begin));
    if (load->begin == NULL)
        die("memory");
    for (size_t i = 0; i < load->count; i++) {
        struct signed_request request;

        signer_sign(&signer, queries[i % query_count], &request);
        signer_wire(&request, &load->wire);
        load->begin[i + 1] = load->wire.len;
    }
    if (load->wire.code != MLN_OK)
        die("memory");
}

static void connect_peer(struct load *load, struct peer *peer, unsigned port)
{
    struct sockaddr_in address = {
        .sin_family = AF_INET,
        .sin_port = htons((uint16_t)port),
        .sin_addr.s_addr = htonl(INADDR_LOOPBACK),
    };
    struct epoll_event event = { .events = EPOLLIN, .data.ptr = peer };
    int one = 1;

    peer->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    peer->in = calloc(1, ANSWER_MAX);
    if (peer->in == NULL || peer->fd < 0 ||
            connect(peer->fd, (struct sockaddr *)&address, sizeof(address)) < 0 ||
            setsockopt(peer->fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one)) < 0 ||
            epoll_ctl(load->epoll, EPOLL_CTL_ADD, peer->fd, &event) < 0)
        die("connect");
}

static void send_next(struct load *load, struct peer *peer)
{
    size_t i = load->sent, len;

    peer->len = peer->need = 0;
    if (i == load->count)
        return;
    load->sent++;
    len = load->begin[i + 1] - load->begin[i];
    if (send(peer->fd, load->wire.ptr + load->begin[i], len, MSG_NOSIGNAL) != (ssize_t)len)
        die("send");
}

/* Looks at the headers once they are complete. */
static void measure_answer(struct load *load, struct peer *peer)
{
    char *end, *length;

    peer->in[peer->len] = '\0';
    end = strstr(peer->in, "\r\n\r\n");
    if (end == NULL)
        return;
    length = strcasestr(peer->in, "\r\ncontent-length:");
    if (strncmp(peer->in, "HTTP/1.1 200", 12) != 0 || length == NULL || length > end) {
        (void)fprintf(stderr, "load: unexpected answer: %.600s\n", peer->in);
        exit(1);
    }
    load->body_len = (size_t)strtoul(length + strlen("\r\ncontent-length:"), NULL, 10);
    peer->need = (size_t)(end - peer->in) + 4 + load->body_len;
}

static void receive(struct load *load, struct peer *peer)
{
    ssize_t n = recv(peer->fd, peer->in + peer->len, ANSWER_MAX - 1 - peer->len, 0);

    if (n <= 0)
        die("receive");
    peer->len += (size_t)n;
    if (peer->need == 0)
        measure_answer(load, peer);
    if (peer->need == 0 || peer->len < peer->need)
        return;
    load->done++;
    send_next(load, peer);
}

static void run(struct load *load, size_t connections)
{
    struct epoll_event events[CONNECTIONS_MAX];

    for (size_t i = 0; i < connections; i++)
        send_next(load, &load->peers[i]);
    while (load->done < load->count) {
        int n = epoll_wait(load->epoll, events, CONNECTIONS_MAX, 30000);

        if (n <= 0)
            die("no answer for 30 seconds");
        for (int i = 0; i < n; i++)
            receive(load, events[i].data.ptr);
    }
}

int main(int argc, char **argv)
{
    static struct load load;
    size_t connections;
    char host[64];
    uint64_t before, after;

    if (argc < 6) {
        (void)fprintf(stderr, "usage: load PORT SERVER_PID CONNECTIONS COUNT QUERY...\n");
        return 2;
    }
    (void)snprintf(host, sizeof(host), "127.0.0.1:%s", argv[1]);
    connections = (size_t)strtoul(argv[3], NULL, 10);
    load.count = (size_t)strtoul(argv[4], NULL, 10);
    if (connections > CONNECTIONS_MAX)
        connections = CONNECTIONS_MAX;
    sign_all(&load, host, argv + 5, (size_t)argc - 5);
    load.epoll = epoll_create1(EPOLL_CLOEXEC);
    for (size_t i = 0; i < connections; i++)
        connect_peer(&load, &load.peers[i], (unsigned)strtoul(argv[1], NULL, 10));
    before = cpu_ns(argv[2]);
    run(&load, connections);
    after = cpu_ns(argv[2]);
    (void)printf("%.3f %zu\n", (double)(after - before) / 1e3 / (double)load.count, load.body_len);
    return 0;
}
