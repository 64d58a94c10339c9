#include "client/curl_exchange.h"
#include "loopback.h"

struct fixture {
    struct loopback server;
    struct loopback_env variable;
    struct mln_env env;
    struct mln_multi *multi;
};

static void open_fixture(struct fixture *f, size_t connections_max)
{
    struct mln_curl_options options = { .env = &f->env };
    struct mln_err err = { 0 };

    *f = (struct fixture){ .env = { loopback_env_get, NULL } };
    f->env.ctx = &f->variable;
    loopback_open(&f->server);
    OK(mln_multi_new(&options, connections_max, &f->multi, &err), &err);
}

static void close_fixture(struct fixture *f)
{
    mln_multi_free(f->multi);
    loopback_close(&f->server);
}

static int add(struct fixture *f, const char *path, void *owner, struct mln_err *err)
{
    const struct mln_header header = { MLN_STR("x-test"), MLN_STR("CANARY") };
    struct mln_http_request request = {
        .method = MLN_HTTP_GET, .headers = &header, .header_count = 1, .timeout_ms = 5000
    };
    char url[300];

    (void)snprintf(url, sizeof(url), "http://127.0.0.1:%d%s", f->server.port, path);
    request.url = url;
    return mln_multi_add(f->multi, &request, owner, err);
}

static void wait_one(struct fixture *f, struct mln_multi_done *out)
{
    struct mln_err err = { 0 };

    memset(out, 0x5a, sizeof(*out)); /* All of it is set on success. */
    for (int i = 0; i < 200; i++) {
        int rc = mln_multi_wait(f->multi, 1000, out, &err);

        if (rc == MLN_OK)
            return;
        assert_int_equal(rc, MLN_ENOTFOUND);
    }
    fail_msg("nothing ended");
}

/* One exchange and how it ended. */
static void run(struct fixture *f, const char *path, struct mln_multi_done *out)
{
    struct mln_err err = { 0 };

    OK(add(f, path, f, &err), &err);
    wait_one(f, out);
    assert_ptr_equal(out->owner, f);
    assert_int_equal(mln_multi_running(f->multi), 0);
}

static void answers_come_back_to_their_owners(void **state)
{
    static int owners[200];
    struct mln_multi_done done;
    struct mln_err err = { 0 };
    struct fixture f;

    (void)state;
    open_fixture(&f, 4);
    for (size_t i = 0; i < MLN_LEN(owners); i++) {
        owners[i] = 0;
        OK(add(&f, "/ok", &owners[i], &err), &err);
    }
    assert_int_equal(mln_multi_running(f.multi), 200);
    for (size_t i = 0; i < MLN_LEN(owners); i++) {
        wait_one(&f, &done);
        assert_int_equal(done.code, MLN_OK);
        assert_int_equal(done.response.status, 200);
        assert_int_equal(done.response.failure, MLN_HTTP_ANSWERED);
        assert_int_equal(done.response.date_ms, 1767323045000);
        assert_int_equal(done.response.retry_after_ms, -1);
        assert_string_equal(done.response.request_id, "R-1");
        EQ_STR(mln_buf_str(&done.response.body), "{\"ok\":true}");
        mln_http_response_fini(&done.response);
        ++*(int *)done.owner;
    }
    for (size_t i = 0; i < MLN_LEN(owners); i++)
        assert_int_equal(owners[i], 1);
    assert_int_equal(mln_multi_running(f.multi), 0);
    assert_int_equal(atomic_load(&f.server.requests), 200);
    assert_true(atomic_load(&f.server.connections) <= 4);
    close_fixture(&f);
}

static void says_why_no_answer_came(void **state)
{
    static const struct {
        const char *path;
        enum mln_http_failure failure;
        int code;
        const char *part;
    } cases[] = {
        { "/cut", MLN_HTTP_BROKEN, MLN_ETRANSIENT, "cut off" },
        { "/close", MLN_HTTP_BROKEN, MLN_ETRANSIENT, "without an answer" },
        { "/garbage", MLN_HTTP_BROKEN, MLN_ETRANSIENT, "does not speak HTTP" },
        { "/flood", MLN_HTTP_TOO_LARGE, MLN_ETOOBIG, "16 MiB" },
    };
    struct fixture f;

    (void)state;
    open_fixture(&f, 4);
    for (size_t i = 0; i < MLN_LEN(cases); i++) {
        struct mln_multi_done done;

        run(&f, cases[i].path, &done);
        if (done.code != cases[i].code || done.response.failure != cases[i].failure ||
                strstr(done.message, cases[i].part) == NULL)
            fail_msg("%s: %d %d %s", cases[i].path, done.code, (int)done.response.failure,
                    done.message);
        assert_int_equal(done.response.status, 0);
        assert_true(done.response.body.len <= MLN_RESPONSE_MAX);
        mln_http_response_fini(&done.response);
    }
    close_fixture(&f);
}

static void gives_up_in_time(void **state)
{
    struct mln_http_request request = { .method = MLN_HTTP_GET, .timeout_ms = 150 };
    struct mln_multi_done done;
    struct mln_err err = { 0 };
    struct fixture f;
    char url[64];

    (void)state;
    open_fixture(&f, 4);
    (void)snprintf(url, sizeof(url), "http://127.0.0.1:%d/never", f.server.port);
    request.url = url;
    OK(mln_multi_add(f.multi, &request, NULL, &err), &err);
    wait_one(&f, &done);
    assert_int_equal(done.code, MLN_ETRANSIENT);
    assert_int_equal(done.response.failure, MLN_HTTP_TIMED_OUT);
    mln_http_response_fini(&done.response);
    close_fixture(&f);
}

static void tells_a_refused_connection_from_an_unknown_name(void **state)
{
    struct mln_http_request request = { .method = MLN_HTTP_GET };
    struct mln_multi_done done;
    struct mln_err err = { 0 };
    struct fixture f;
    char url[64];

    (void)state;
    open_fixture(&f, 4);
    (void)snprintf(url, sizeof(url), "http://127.0.0.1:%d/", f.server.port);
    loopback_close(&f.server);
    request.url = url;
    OK(mln_multi_add(f.multi, &request, NULL, &err), &err);
    wait_one(&f, &done);
    assert_int_equal(done.code, MLN_ETRANSIENT);
    assert_int_equal(done.response.failure, MLN_HTTP_NO_CONNECTION);
    mln_http_response_fini(&done.response);
    request.url = "https://no-such-host.invalid/";
    OK(mln_multi_add(f.multi, &request, NULL, &err), &err);
    wait_one(&f, &done);
    assert_int_equal(done.code, MLN_ETRANSIENT);
    assert_int_equal(done.response.failure, MLN_HTTP_NO_NAME);
    mln_http_response_fini(&done.response);
    f.variable = (struct loopback_env){ "HTTPS_PROXY", "http://no-such-proxy.invalid:3128" };
    OK(mln_multi_add(f.multi, &request, NULL, &err), &err);
    wait_one(&f, &done);
    assert_int_equal(done.response.failure, MLN_HTTP_NO_CONNECTION);
    assert_non_null(strstr(done.message, "HTTPS_PROXY"));
    mln_http_response_fini(&done.response);
    mln_multi_free(f.multi);
}

static void goes_through_the_proxy_of_its_environment(void **state)
{
    struct mln_http_request request = { .method = MLN_HTTP_GET, .url = "https://a.example/ok" };
    struct mln_multi_done done;
    struct mln_err err = { 0 };
    struct fixture f;
    char proxy[64];

    (void)state;
    open_fixture(&f, 4);
    (void)snprintf(proxy, sizeof(proxy), "http://127.0.0.1:%d", f.server.port);
    f.variable = (struct loopback_env){ "HTTPS_PROXY", proxy };
    OK(mln_multi_add(f.multi, &request, NULL, &err), &err);
    wait_one(&f, &done);
    /* The server takes the CONNECT for a request and answers 200; no TLS comes after it. */
    assert_int_not_equal(done.code, MLN_OK);
    assert_true(loopback_saw(&f.server, "CONNECT a.example:443 HTTP/1.1"));
    assert_false(loopback_saw(&f.server, "/ok"));
    mln_http_response_fini(&done.response);
    /* This machine's own traffic never does. */
    f.variable.name = "all_proxy";
    run(&f, "/ok", &done);
    assert_int_equal(done.code, MLN_OK);
    assert_true(loopback_saw(&f.server, "GET /ok HTTP/1.1"));
    mln_http_response_fini(&done.response);
    close_fixture(&f);
}

static void never_follows_a_redirect(void **state)
{
    struct mln_multi_done done;
    struct fixture f;

    (void)state;
    open_fixture(&f, 4);
    run(&f, "/redirect", &done);
    assert_int_equal(done.code, MLN_OK);
    assert_int_equal(done.response.status, 302);
    assert_int_equal(atomic_load(&f.server.requests), 1);
    mln_http_response_fini(&done.response);
    close_fixture(&f);
}

static void reads_how_long_to_wait(void **state)
{
    struct mln_multi_done done;
    struct fixture f;

    (void)state;
    open_fixture(&f, 4);
    run(&f, "/wait-s", &done);
    assert_int_equal(done.response.status, 503);
    assert_int_equal(done.response.retry_after_ms, 7000);
    assert_string_equal(done.response.request_id, "64A0");
    mln_http_response_fini(&done.response);
    run(&f, "/wait-both", &done);
    assert_int_equal(done.response.retry_after_ms, 250);
    assert_string_equal(done.response.request_id, ""); /* A control character was in it. */
    mln_http_response_fini(&done.response);
    run(&f, "/interim", &done);
    assert_int_equal(done.response.status, 204);
    assert_int_equal(done.response.retry_after_ms, -1);
    assert_string_equal(done.response.request_id, "");
    mln_http_response_fini(&done.response);
    close_fixture(&f);
}

static void reads_go_on_after_a_connection_died(void **state)
{
    struct mln_multi_done done;
    struct fixture f;

    (void)state;
    open_fixture(&f, 4);
    for (int i = 0; i < 20; i++) {
        run(&f, "/dead-later", &done);
        assert_int_equal(done.code, MLN_OK);
        mln_http_response_fini(&done.response);
    }
    close_fixture(&f);
}

static void drops_what_is_under_way(void **state)
{
    struct mln_multi_done done;
    struct mln_err err = { 0 };
    struct fixture f;

    (void)state;
    open_fixture(&f, 8);
    for (int i = 0; i < 20; i++)
        OK(add(&f, i % 2 ? "/never" : "/slow", NULL, &err), &err);
    wait_one(&f, &done);
    mln_http_response_fini(&done.response);
    close_fixture(&f);
}

static void waits_no_longer_than_asked(void **state)
{
    struct mln_multi_done done;
    struct mln_err err = { 0 };
    struct fixture f;

    (void)state;
    open_fixture(&f, 4);
    memset(&done, 0x5a, sizeof(done));
    FAILS(mln_multi_wait(f.multi, 0, &done, &err), MLN_ENOTFOUND, &err, "ended");
    FAILS(mln_multi_wait(f.multi, 20, &done, &err), MLN_ENOTFOUND, &err, "ended");
    OK(add(&f, "/never", NULL, &err), &err);
    FAILS(mln_multi_wait(f.multi, 60000, &done, &err), MLN_ENOTFOUND, &err, "ended");
    assert_int_equal(done.code, 0x5a5a5a5a);
    close_fixture(&f);
}

static void keeps_to_https_and_this_machine(void **state)
{
    static const struct {
        const char *url;
        bool link_local;
        int code;
    } cases[] = {
        { "http://a.example/", false, MLN_EDENIED },
        { "http://a.example/", true, MLN_EDENIED },
        { "http://100.100.100.200/latest", false, MLN_EDENIED },
        { "http://10.0.0.1/", true, MLN_EDENIED },
        { "http://127.0.0.1.a.example/", false, MLN_EDENIED },
        { "http://user@127.0.0.1/", false, MLN_EINVAL },
        { "http://127.0.0.1\\@a.example/", false, MLN_EINVAL },
        { "file:///etc/passwd", false, MLN_EINVAL },
        { "", false, MLN_EINVAL },
    };
    struct mln_err err = { 0 };
    struct fixture f;

    (void)state;
    open_fixture(&f, 4);
    for (size_t i = 0; i < MLN_LEN(cases); i++) {
        struct mln_http_request request = {
            .method = MLN_HTTP_GET, .url = cases[i].url, .link_local = cases[i].link_local
        };
        int rc = mln_multi_add(f.multi, &request, NULL, &err);

        if (rc != cases[i].code)
            fail_msg("%s: %d %s", cases[i].url, rc, err.msg);
    }
    assert_int_equal(mln_multi_running(f.multi), 0);
    close_fixture(&f);
}

static void refuses_headers_that_are_more_than_one_line(void **state)
{
    struct mln_header headers[40];
    struct mln_http_request request = {
        .url = "https://a.example/", .headers = headers, .header_count = MLN_LEN(headers)
    };
    struct mln_err err = { 0 };
    struct fixture f;

    (void)state;
    for (size_t i = 0; i < MLN_LEN(headers); i++)
        headers[i] = (struct mln_header){ MLN_STR("x-a"), MLN_STR("CANARY\r\nx: y") };
    open_fixture(&f, 4);
    FAILS(mln_multi_add(f.multi, &request, NULL, &err), MLN_EINVAL, &err, "at most 30");
    request.header_count = 1;
    FAILS(mln_multi_add(f.multi, &request, NULL, &err), MLN_EINVAL, &err, "line break");
    assert_null(strstr(err.msg, "CANARY"));
    close_fixture(&f);
}

/* ---- one at a time, over the same options ---- */

static void sends_methods_and_bodies(void **state)
{
    static const struct {
        enum mln_http_method method;
        const char *body, *line, *part;
    } cases[] = {
        { MLN_HTTP_POST, "", "POST /ok HTTP/1.1", "Content-Length: 0" },
        { MLN_HTTP_POST, "a=1&b=2", "POST /ok HTTP/1.1", "\r\n\r\na=1&b=2" },
        { MLN_HTTP_POST, "a=1", "POST /ok HTTP/1.1", "application/x-www-form-urlencoded" },
        { MLN_HTTP_GET, "", "GET /ok HTTP/1.1", "x-test: CANARY" },
        { MLN_HTTP_PUT, "", "PUT /ok HTTP/1.1", "Content-Length: 0" },
        { MLN_HTTP_PUT, "body", "PUT /ok HTTP/1.1", "\r\n\r\nbody" },
    };
    const struct mln_header header = { MLN_STR("x-test"), MLN_STR("CANARY") };
    struct mln_curl_options options = { 0 };
    struct mln_curl *curl = NULL;
    struct mln_err err = { 0 };
    struct mln_transport transport;
    struct fixture f;
    char url[64];

    (void)state;
    open_fixture(&f, 4);
    options.env = &f.env;
    OK(mln_curl_new(&options, &curl, &err), &err);
    transport = mln_curl_transport(curl);
    (void)snprintf(url, sizeof(url), "http://127.0.0.1:%d/ok", f.server.port);
    for (size_t i = 0; i < MLN_LEN(cases); i++) {
        struct mln_http_request request = { .url = url,
            .method = cases[i].method,
            .headers = &header,
            .header_count = 1,
            .body = mln_str_of(cases[i].body) };
        struct mln_http_response response;
        bool bytes_left = false;

        mln_http_response_init(&response);
        OK(transport.send(transport.ctx, &request, &response, &bytes_left, &err), &err);
        assert_true(bytes_left);
        assert_int_equal(response.status, 200);
        if (!loopback_saw(&f.server, cases[i].line) || !loopback_saw(&f.server, cases[i].part))
            fail_msg("case %zu: %s", i, f.server.last);
        assert_int_equal(loopback_saw(&f.server, "ontent-Type"), cases[i].body[0] != '\0');
        assert_false(loopback_saw(&f.server, "Expect"));
        mln_http_response_fini(&response);
    }
    assert_int_equal(atomic_load(&f.server.connections), 1);
    mln_curl_free(curl);
    close_fixture(&f);
}

static void says_whether_bytes_have_left(void **state)
{
    struct mln_curl_options options = { 0 };
    struct mln_http_request request = { .method = MLN_HTTP_POST };
    struct mln_http_response response;
    struct mln_curl *curl = NULL;
    struct mln_err err = { 0 };
    struct mln_transport transport;
    bool bytes_left = false;
    struct fixture f;
    char url[64];

    (void)state;
    open_fixture(&f, 4);
    options.env = &f.env;
    OK(mln_curl_new(&options, &curl, &err), &err);
    transport = mln_curl_transport(curl);
    (void)snprintf(url, sizeof(url), "http://127.0.0.1:%d/cut", f.server.port);
    request.url = url;
    mln_http_response_init(&response);
    FAILS(transport.send(transport.ctx, &request, &response, &bytes_left, &err), MLN_ETRANSIENT,
            &err, "cut off");
    assert_true(bytes_left);
    assert_int_equal(response.failure, MLN_HTTP_BROKEN);
    mln_http_response_fini(&response);
    loopback_close(&f.server);
    mln_http_response_init(&response);
    FAILS(transport.send(transport.ctx, &request, &response, &bytes_left, &err), MLN_ETRANSIENT,
            &err, "no connection");
    assert_false(bytes_left);
    assert_int_equal(response.failure, MLN_HTTP_NO_CONNECTION);
    mln_http_response_fini(&response);
    mln_curl_free(curl);
    mln_multi_free(f.multi);
}

/* Growing would leave pieces of a secret behind. */
static void an_answer_is_read_into_the_room_of_the_caller(void **state)
{
    struct mln_http_request request = { .method = MLN_HTTP_GET };
    struct mln_curl_options options = { 0 };
    struct mln_http_response response;
    struct mln_curl *curl = NULL;
    struct mln_transport transport;
    struct mln_err err = { 0 };
    struct fixture f;
    bool bytes_left;
    const char *room;
    char url[64];

    (void)state;
    open_fixture(&f, 4);
    options.env = &f.env;
    OK(mln_curl_new(&options, &curl, &err), &err);
    transport = mln_curl_transport(curl);
    (void)snprintf(url, sizeof(url), "http://127.0.0.1:%d/ok", f.server.port);
    request.url = url;
    mln_http_response_init(&response);
    assert_true(mln_buf_reserve(&response.body, 1000));
    room = response.body.ptr;
    mln_buf_add_cstr(&response.body, "of an earlier answer");
    for (int i = 0; i < 2; i++) {
        OK(transport.send(transport.ctx, &request, &response, &bytes_left, &err), &err);
        assert_ptr_equal(response.body.ptr, room);
        assert_null(memmem(response.body.ptr, response.body.len, "earlier", 7));
    }
    mln_http_response_fini(&response);
    mln_http_response_init(&response);
    response.body.max = 1;
    FAILS(transport.send(transport.ctx, &request, &response, &bytes_left, &err), MLN_ETOOBIG, &err,
            "larger");
    assert_int_equal(response.failure, MLN_HTTP_TOO_LARGE);
    mln_http_response_fini(&response);
    mln_curl_free(curl);
    close_fixture(&f);
}

/* It would be reckoned with. */
static void a_date_that_no_clock_has_is_none(void **state)
{
    static const struct {
        const char *line;
        int64_t date_ms;
    } rows[] = {
        { "Date: Fri, 02 Jan 2026 03:04:05 GMT\r\n", 1767323045000 },
        { "Date: Fri, 31 Dec 9999 23:59:59 GMT\r\n", 0 },
        { "Date: Fri, 31 Dec 999999999 23:59:59 GMT\r\n", 0 },
        { "Date: Thu, 01 Jan 1900 00:00:00 GMT\r\n", 0 },
        { "Date: \r\n", 0 },
    };

    (void)state;
    for (size_t i = 0; i < MLN_LEN(rows); i++) {
        struct mln_exchange exchange = { .row_count = 0 };
        char line[80];

        (void)snprintf(line, sizeof(line), "%s", rows[i].line);
        assert_int_equal(mln_exchange_on_header(line, 1, strlen(line), &exchange), strlen(line));
        assert_int_equal(exchange.response.date_ms, rows[i].date_ms);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(answers_come_back_to_their_owners),
        cmocka_unit_test(says_why_no_answer_came),
        cmocka_unit_test(gives_up_in_time),
        cmocka_unit_test(tells_a_refused_connection_from_an_unknown_name),
        cmocka_unit_test(goes_through_the_proxy_of_its_environment),
        cmocka_unit_test(an_answer_is_read_into_the_room_of_the_caller),
        cmocka_unit_test(a_date_that_no_clock_has_is_none),
        cmocka_unit_test(never_follows_a_redirect),
        cmocka_unit_test(reads_how_long_to_wait),
        cmocka_unit_test(reads_go_on_after_a_connection_died),
        cmocka_unit_test(drops_what_is_under_way),
        cmocka_unit_test(waits_no_longer_than_asked),
        cmocka_unit_test(keeps_to_https_and_this_machine),
        cmocka_unit_test(refuses_headers_that_are_more_than_one_line),
        cmocka_unit_test(sends_methods_and_bodies),
        cmocka_unit_test(says_whether_bytes_have_left),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
