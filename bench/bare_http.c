/*
 * The HTTP library with the smallest handler that answers as the API does: the server's own flags,
 * pool and limits, a body of the same size, the same headers. Prints its port and serves until a
 * signal.
 *
 *     bare_http THREADS BODY_BYTES
 */
#include <microhttpd.h>
#include <stdio.h>
#include <string.h>

#include "base/base.h"

struct answer {
    char *body;
    size_t len;
};

static enum MHD_Result handle(void *cls, struct MHD_Connection *http, const char *url,
        const char *method, const char *version, const char *upload, size_t *upload_len,
        void **state)
{
    static int seen;
    const struct answer *answer = cls;
    struct MHD_Response *response;
    enum MHD_Result queued;

    (void)url;
    (void)method;
    (void)version;
    (void)upload;
    if (*state == NULL) {
        *state = &seen;
        return MHD_YES;
    }
    if (*upload_len > 0) {
        *upload_len = 0;
        return MHD_YES;
    }
    response = MHD_create_response_from_buffer(answer->len, answer->body, MHD_RESPMEM_PERSISTENT);
    if (response == NULL)
        return MHD_NO;
    (void)MHD_add_response_header(response, "Content-Type", "application/json;charset=utf-8");
    (void)MHD_add_response_header(
            response, "x-acs-request-id", "C34D813F-A234-5D66-842D-504D84D5C680");
    queued = MHD_queue_response(http, MHD_HTTP_OK, response);
    MHD_destroy_response(response);
    return queued;
}

int main(int argc, char **argv)
{
    const union MHD_DaemonInfo *info;
    struct MHD_Daemon *daemon;
    struct answer answer;

    if (argc != 3) {
        (void)fprintf(stderr, "usage: bare_http THREADS BODY_BYTES\n");
        return 2;
    }
    answer.len = (size_t)strtoul(argv[2], NULL, 10);
    answer.body = calloc(1, answer.len + 1);
    if (answer.body == NULL)
        return 1;
    memset(answer.body, 'x', answer.len);
    daemon = MHD_start_daemon(MHD_USE_EPOLL_INTERNAL_THREAD | MHD_ALLOW_SUSPEND_RESUME, 0, NULL,
            NULL, handle, &answer, MHD_OPTION_THREAD_POOL_SIZE,
            (unsigned)strtoul(argv[1], NULL, 10), MHD_OPTION_CONNECTION_MEMORY_LIMIT,
            (size_t)32 * 1024, MHD_OPTION_CONNECTION_LIMIT, 4096U, MHD_OPTION_CONNECTION_TIMEOUT,
            25U, MHD_OPTION_END);
    info = daemon != NULL ? MHD_get_daemon_info(daemon, MHD_DAEMON_INFO_BIND_PORT) : NULL;
    if (info == NULL)
        return 1;
    (void)printf("%u\n", (unsigned)info->port);
    (void)fflush(stdout);
    for (;;)
        (void)pause();
}
