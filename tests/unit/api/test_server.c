#include <arpa/inet.h>
#include <poll.h>
#include <sys/socket.h>

#include "api/server.h"
#include "fixture.h"

#define WAIT_MS    5000
#define ANSWER_MAX ((size_t)256 * 1024)

struct running {
    struct api *api;
    struct mln_server *server;
    struct mln_clock clock;
    struct mln_log log;
    struct mln_buf answer;
};

static struct mln_server_options options_for(struct running *r)
{
    struct api *api = r->api;

    /* Requests are dated by the fixture's still clock; deadlines need one that moves. */
    r->clock = (struct mln_clock){ fixture_now, mln_clock_system()->monotonic_ms,
        &api->iam->now_ms };
    r->log = (struct mln_log){ .level = MLN_LOG_ERROR, .json = true, .fd = 2, .clock = &r->clock };
    return (struct mln_server_options){ .listen = "127.0.0.1:0",
        .store_url = api->iam->url,
        .seal = api->iam->seal,
        .log = &r->log,
        .clock = &r->clock,
        .random = mln_random_system() };
}

static int start(void **state, void (*change)(struct mln_server_options *options))
{
    static struct running r;
    struct mln_server_options options;
    struct mln_err err;

    if (api_setup(state) != 0)
        return -1;
    r = (struct running){ .api = *state, .answer = MLN_BUF_INIT(ANSWER_MAX) };
    options = options_for(&r);
    if (change != NULL)
        change(&options);
    OK(mln_server_start(&options, &r.server, &err), &err);
    *state = &r;
    return 0;
}

static int setup(void **state)
{
    return start(state, NULL);
}

static void hurry(struct mln_server_options *options)
{
    options->request_timeout_ms = 300;
}

static int setup_hurried(void **state)
{
    return start(state, hurry);
}

static void limit_connections(struct mln_server_options *options)
{
    options->connections_per_address = 2;
}

static int setup_limited(void **state)
{
    return start(state, limit_connections);
}

static int teardown(void **state)
{
    struct running *r = *state;

    mln_server_free(r->server);
    mln_buf_free(&r->answer);
    *state = r->api;
    return api_teardown(state);
}

static int dial(const struct running *r)
{
    struct sockaddr_in to = { .sin_family = AF_INET,
        .sin_port = htons((uint16_t)mln_server_port(r->server)),
        .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    assert_true(fd >= 0);
    assert_int_equal(connect(fd, (struct sockaddr *)&to, sizeof(to)), 0);
    return fd;
}

static void say(int fd, struct mln_str text)
{
    while (text.len > 0) {
        ssize_t n = send(fd, text.ptr, text.len, MSG_NOSIGNAL);

        assert_true(n > 0);
        text.ptr += n;
        text.len -= (size_t)n;
    }
}

/* One more piece of the answer; false at the end of the connection. */
static bool hear(int fd, struct mln_buf *out)
{
    struct pollfd ready = { .fd = fd, .events = POLLIN };
    ssize_t n;

    if (poll(&ready, 1, WAIT_MS) != 1)
        fail_msg("no answer within %d ms", WAIT_MS);
    assert_true(mln_buf_reserve(out, 4096));
    n = recv(fd, out->ptr + out->len, 4096, 0);
    if (n > 0)
        out->len += (size_t)n;
    return n > 0;
}

/* Reads one answer with a Content-Length; gives its status. */
static int read_answer(struct running *r, int fd)
{
    struct mln_buf *out = &r->answer;

    mln_buf_reset(out);
    for (;;) {
        const char *end = out->len > 0 ? memmem(out->ptr, out->len, "\r\n\r\n", 4) : NULL;
        const char *length = end != NULL ? strcasestr(out->ptr, "\r\nContent-Length: ") : NULL;

        if (length != NULL &&
                out->len >= (size_t)(end + 4 - out->ptr) + strtoul(length + 18, NULL, 10))
            break;
        if (!hear(fd, out))
            fail_msg("the connection ended after: %.*s", (int)out->len, out->ptr);
        out->ptr[out->len] = '\0';
    }
    return (int)strtol(out->ptr + strlen("HTTP/1.1 "), NULL, 10);
}

static int ask(struct running *r, const char *text)
{
    int fd = dial(r), status;

    say(fd, mln_str_of(text));
    status = read_answer(r, fd);
    (void)close(fd);
    return status;
}

static void has(const struct running *r, const char *part)
{
    if (strstr(r->answer.ptr, part) == NULL)
        fail_msg("no \"%s\" in: %s", part, r->answer.ptr);
}

/* The composed request as it goes over the wire. */
static void say_request(int fd, const struct api *api, bool chunked)
{
    MLN_AUTO(mln_buf_free) struct mln_buf text = MLN_BUF_INIT((size_t)1024 * 1024);
    const struct mln_acs_request *request = &api->call.request;

    mln_buf_addf(&text, "%.*s /?%.*s HTTP/1.1\r\n", MLN_FMT(request->method),
            MLN_FMT(request->raw_query));
    for (size_t i = 0; i < request->header_count; i++)
        mln_buf_addf(&text, "%.*s: %.*s\r\n", MLN_FMT(request->headers[i].name),
                MLN_FMT(request->headers[i].value));
    if (chunked)
        mln_buf_addf(&text, "Transfer-Encoding: chunked\r\n\r\n%zx\r\n%.*s\r\n0\r\n\r\n",
                request->body.len, MLN_FMT(request->body));
    else
        mln_buf_addf(&text, "Content-Length: %zu\r\n\r\n%.*s", request->body.len,
                MLN_FMT(request->body));
    say(fd, mln_buf_str(&text));
}

static void answers_signed_requests_on_one_connection(void **state)
{
    struct running *r = *state;
    int fd = dial(r);

    for (int i = 0; i < 3; i++) {
        compose_v3(r->api, &(struct sent){ .query = "PageSize=2&ProductCode=%52DS" });
        say_request(fd, r->api, false);
        assert_int_equal(read_answer(r, fd), 200);
        has(r, "\"TotalCount\":1");
        has(r, "Content-Type: application/json;charset=utf-8\r\n");
        has(r, "x-acs-request-id: ");
        assert_null(strcasestr(r->answer.ptr, "Access-Control"));
    }
    (void)close(fd);
}

static void does_writes_that_come_in_chunks(void **state)
{
    struct running *r = *state;
    const struct sent sent = { .action = "PreHandleAuditRisk",
        .content_type = "application/json; charset=utf-8",
        .body = "{\"RiskId\":2,\"HandleInfoList\":[{\"HandleType\":\"Manual\",\"HandleContent\":"
                "{\"HandleMethod\":0,\"HandleDetail\":\"ok\"}}]}" };
    int fd = dial(r);

    compose_v3(r->api, &sent);
    say_request(fd, r->api, true);
    assert_int_equal(read_answer(r, fd), 200);
    has(r, "\"Success\":true");
    compose_v3(r->api, &sent);
    say_request(fd, r->api, true);
    assert_int_equal(read_answer(r, fd), 400);
    has(r, "InvalidRiskStatus.Processed");
    (void)close(fd);
}

static void shows_its_pages(void **state)
{
    struct running *r = *state;

    assert_int_equal(ask(r, "GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n"), 200);
    assert_int_equal(ask(r, "GET /readyz HTTP/1.1\r\nHost: a\r\n\r\n"), 200);
    assert_int_equal(ask(r, "GET / HTTP/1.1\r\nHost: a\r\n\r\n"), 200);
    has(r, "text/html");
    assert_int_equal(ask(r, "GET /nothing HTTP/1.1\r\nHost: a\r\n\r\n"), 404);
    has(r, "\"Code\":\"InvalidAction.NotFound\"");
    assert_int_equal(ask(r, "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n"), 400);
    has(r, "\"Code\":\"MissingAction\"");
    assert_int_equal(ask(r, "DELETE / HTTP/1.1\r\nHost: a\r\n\r\n"), 400);
    has(r, "\"Code\":\"UnsupportedHTTPMethod\"");
    assert_int_equal(
            ask(r, "GET /?Action=DescribeRiskRules&Format=JSON&Version=2019-01-03 HTTP/1.1\r\n"
                   "Host: a\r\n\r\n"),
            400);
    has(r, "\"Code\":\"MissingAccessKeyId\"");
    has(r, "\"HostId\":\"a\"");
    for (int i = 0; i < 50; i++) { /* A request is counted a moment after its answer left. */
        assert_int_equal(ask(r, "GET /metrics HTTP/1.1\r\nHost: a\r\n\r\n"), 200);
        if (strstr(r->answer.ptr, "in_flight 1\n") != NULL &&
                strstr(r->answer.ptr, "DescribeRiskRules") != NULL)
            break;
    }
    has(r, "merlon_requests_total{action=\"DescribeRiskRules\",status=\"400\"} 1\n");
    has(r, "merlon_requests_in_flight 1\n");
    has(r, "merlon_auth_failures_total 1\n");
}

static void refuses_a_large_body_before_it_comes(void **state)
{
    struct running *r = *state;

    assert_int_equal(
            ask(r, "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1073741824\r\n\r\n"), 413);
    has(r, "\"Code\":\"RequestEntityTooLarge\"");
    assert_int_equal(ask(r, "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1048577\r\n"
                            "Expect: 100-continue\r\n\r\n"),
            413);
}

static void counts_a_chunked_body(void **state)
{
    struct running *r = *state;
    static char chunk[65536];
    int fd = dial(r);

    memset(chunk, 'x', sizeof(chunk));
    say(fd, MLN_STR("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"));
    for (int i = 0; i < 20; i++) {
        say(fd, MLN_STR("10000\r\n"));
        say(fd, (struct mln_str){ chunk, sizeof(chunk) });
        say(fd, MLN_STR("\r\n"));
    }
    say(fd, MLN_STR("0\r\n\r\n"));
    assert_int_equal(read_answer(r, fd), 413);
    (void)close(fd);
}

static void takes_as_many_query_parameters_as_fit(void **state)
{
    struct running *r = *state;
    MLN_AUTO(mln_buf_free) struct mln_buf query = MLN_BUF_INIT((size_t)1024 * 1024);
    int fd = dial(r);

    mln_buf_add_cstr(&query, "PageSize=1");
    for (int i = 0; i < 900; i++)
        mln_buf_addf(&query, "&ItemIds.%d=%d", i + 1, i);
    compose_v3(r->api, &(struct sent){ .query = query.ptr });
    say_request(fd, r->api, false);
    assert_int_equal(read_answer(r, fd), 200);
    (void)close(fd);
}

static void refuses_ten_thousand_parameters(void **state)
{
    struct running *r = *state;
    MLN_AUTO(mln_buf_free) struct mln_buf form = MLN_BUF_INIT((size_t)1024 * 1024);
    MLN_AUTO(mln_buf_free) struct mln_buf head = MLN_BUF_INIT(1024);
    int fd = dial(r);

    for (int i = 0; i < 10000; i++)
        mln_buf_addf(&form, "p%d=%d&", i, i);
    mln_buf_addf(&head,
            "POST / HTTP/1.1\r\nHost: a\r\nContent-Type: application/x-www-form-urlencoded\r\n"
            "Content-Length: %zu\r\n\r\n",
            form.len);
    say(fd, mln_buf_str(&head));
    say(fd, mln_buf_str(&form));
    assert_int_equal(read_answer(r, fd), 413);
    has(r, "\"Code\":\"RequestEntityTooLarge\"");
    (void)close(fd);
    fd = dial(r);
    say(fd, MLN_STR("GET /?"));
    say(fd, mln_buf_str(&form));
    say(fd, MLN_STR(" HTTP/1.1\r\nHost: a\r\n\r\n"));
    assert_in_range(read_answer(r, fd), 413, 431);
    (void)close(fd);
}

static void closes_a_connection_that_dawdles(void **state)
{
    struct running *r = *state;
    int64_t begin_ms = mln_monotonic_ms(&r->clock);
    struct pollfd closed;
    int fd = dial(r);
    char byte;

    say(fd, MLN_STR("GET / HTTP/1.1\r\nHost: a\r\nX-Slow: "));
    closed = (struct pollfd){ .fd = fd, .events = POLLIN };
    while (poll(&closed, 1, 50) == 0) {
        assert_true(mln_monotonic_ms(&r->clock) - begin_ms < WAIT_MS);
        (void)send(fd, "x", 1, MSG_NOSIGNAL);
    }
    assert_true(recv(fd, &byte, 1, 0) <= 0);
    assert_true(mln_monotonic_ms(&r->clock) - begin_ms >= 300);
    (void)close(fd);
    assert_int_equal(ask(r, "GET /metrics HTTP/1.1\r\nHost: a\r\n\r\n"), 200);
    has(r, "merlon_deadline_closed_total 1\n");
}

static void limits_connections_per_address(void **state)
{
    struct running *r = *state;
    int first = dial(r), second = dial(r), third;
    char byte;

    say(first, MLN_STR("GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n"));
    assert_int_equal(read_answer(r, first), 200);
    say(second, MLN_STR("GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n"));
    assert_int_equal(read_answer(r, second), 200);
    third = dial(r);
    assert_true(recv(third, &byte, 1, 0) <= 0);
    (void)close(first);
    (void)close(second);
    (void)close(third);
}

static void finishes_what_is_in_flight_when_stopped(void **state)
{
    struct running *r = *state;
    int idle = dial(r);
    char byte;

    say(idle, MLN_STR("GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n"));
    assert_int_equal(read_answer(r, idle), 200);
    mln_server_stop(r->server);
    assert_true(recv(idle, &byte, 1, 0) <= 0);
    (void)close(idle);
    mln_server_stop(r->server);
}

static void refuses_addresses_it_should_not_serve(void **state)
{
    struct running *r = *state;
    struct mln_server_options options = options_for(r);
    struct mln_server *server = NULL;
    struct mln_err err;
    char busy[64], key[128];
    static const struct {
        const char *listen, *reason;
    } cases[] = {
        { "127.0.0.1", "HOST:PORT" },
        { "::1:80", "[ADDRESS]:PORT" },
        { ":80", "no host" },
        { "127.0.0.1:http", "no port" },
        { "127.0.0.1:65536", "no port" },
        { "0.0.0.0:0", "--insecure-http" },
        { "[::]:0", "--insecure-http" },
    };

    for (size_t i = 0; i < MLN_LEN(cases); i++) {
        options.listen = cases[i].listen;
        FAILS(mln_server_start(&options, &server, &err), MLN_ECONFIG, &err, cases[i].reason);
        assert_null(server);
    }
    (void)snprintf(busy, sizeof(busy), "127.0.0.1:%u", mln_server_port(r->server));
    options.listen = busy;
    FAILS(mln_server_start(&options, &server, &err), MLN_ECONFIG, &err, busy);
    options.listen = "127.0.0.1:0";
    (void)snprintf(key, sizeof(key), "%s/key.pem", r->api->iam->folder);
    (void)close(open(key, O_CREAT | O_WRONLY | O_CLOEXEC, 0644));
    options.tls_cert_path = key;
    options.tls_key_path = key;
    FAILS(mln_server_start(&options, &server, &err), MLN_ECONFIG, &err, "open to others");
    options.tls_key_path = NULL;
    FAILS(mln_server_start(&options, &server, &err), MLN_ECONFIG, &err, "both");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(answers_signed_requests_on_one_connection, setup, teardown),
        cmocka_unit_test_setup_teardown(does_writes_that_come_in_chunks, setup, teardown),
        cmocka_unit_test_setup_teardown(shows_its_pages, setup, teardown),
        cmocka_unit_test_setup_teardown(refuses_a_large_body_before_it_comes, setup, teardown),
        cmocka_unit_test_setup_teardown(counts_a_chunked_body, setup, teardown),
        cmocka_unit_test_setup_teardown(takes_as_many_query_parameters_as_fit, setup, teardown),
        cmocka_unit_test_setup_teardown(refuses_ten_thousand_parameters, setup, teardown),
        cmocka_unit_test_setup_teardown(closes_a_connection_that_dawdles, setup_hurried, teardown),
        cmocka_unit_test_setup_teardown(limits_connections_per_address, setup_limited, teardown),
        cmocka_unit_test_setup_teardown(finishes_what_is_in_flight_when_stopped, setup, teardown),
        cmocka_unit_test_setup_teardown(refuses_addresses_it_should_not_serve, setup, teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
