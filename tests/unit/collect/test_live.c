/*
 * The live transport against a server on loopback that answers by a script: what goes again, what
 * is passed on, and what ends a run.
 */
#include <arpa/inet.h>
#include <netdb.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <sys/socket.h>

#include "collect/live_priv.h"
#include "test.h"

#define KEY_ID       "TESTCANARYKEYID001"
#define SECRET       "TESTCANARYSECRET001"
#define REQUESTS_MAX 32
#define HEAD_MAX     4096

/* ---- the server ---- */

struct step {
    int status; /* 0: the connection ends without an answer. */
    const char *headers, *body;
};

struct server {
    int fd;
    char url[64];
    const struct step *steps;
    size_t count;
    size_t at;
    char heads[REQUESTS_MAX][HEAD_MAX];
    int64_t at_ms[REQUESTS_MAX];
    pthread_t thread;
    int ended; /* Atomic. */
};

static void answer(struct server *server, int fd)
{
    char head[HEAD_MAX] = "", text[HEAD_MAX];
    const struct step *step;
    size_t len = 0;
    ssize_t n = 1;

    while (strstr(head, "\r\n\r\n") == NULL && n > 0 && len < sizeof(head) - 1) {
        n = read(fd, head + len, sizeof(head) - 1 - len);
        len += n > 0 ? (size_t)n : 0;
        head[len] = '\0';
    }
    if (len == 0 || server->at == REQUESTS_MAX)
        return;
    memcpy(server->heads[server->at], head, sizeof(head));
    server->at_ms[server->at] = mln_monotonic_ms(mln_clock_system());
    step = &server->steps[server->at < server->count ? server->at : server->count - 1];
    server->at++;
    if (step->status == 0)
        return;
    n = snprintf(text, sizeof(text),
            "HTTP/1.1 %d x\r\nContent-Length: %zu\r\nConnection: close\r\n%s\r\n%s", step->status,
            strlen(step->body), step->headers, step->body);
    (void)!write(fd, text, (size_t)n);
}

static void *serve(void *arg)
{
    struct server *server = arg;

    while (!__atomic_load_n(&server->ended, __ATOMIC_ACQUIRE)) {
        struct pollfd waiting = { .fd = server->fd, .events = POLLIN };
        int fd;

        if (poll(&waiting, 1, 20) <= 0)
            continue;
        fd = accept(server->fd, NULL, NULL);
        if (fd < 0)
            continue;
        answer(server, fd);
        (void)close(fd);
    }
    return NULL;
}

static void start(struct server *server)
{
    struct sockaddr_in address = { .sin_family = AF_INET, .sin_addr = { htonl(INADDR_LOOPBACK) } };
    socklen_t len = sizeof(address);

    server->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_true(server->fd >= 0);
    assert_int_equal(bind(server->fd, (struct sockaddr *)&address, len), 0);
    assert_int_equal(listen(server->fd, 64), 0);
    assert_int_equal(getsockname(server->fd, (struct sockaddr *)&address, &len), 0);
    (void)snprintf(
            server->url, sizeof(server->url), "http://127.0.0.1:%u", ntohs(address.sin_port));
    assert_int_equal(pthread_create(&server->thread, NULL, serve, server), 0);
}

static void stop_server(struct server *server)
{
    __atomic_store_n(&server->ended, 1, __ATOMIC_RELEASE);
    (void)pthread_join(server->thread, NULL);
    (void)close(server->fd);
}

/* ---- a transport that asks it ---- */

static bool with_token;

static const char *variable(void *ctx, const char *name)
{
    (void)ctx;
    if (strcmp(name, "ALIBABA_CLOUD_ACCESS_KEY_ID") == 0)
        return KEY_ID;
    if (strcmp(name, "ALIBABA_CLOUD_ACCESS_KEY_SECRET") == 0)
        return SECRET;
    if (with_token && strcmp(name, "ALIBABA_CLOUD_SECURITY_TOKEN") == 0)
        return "TESTCANARYTOKEN001";
    return NULL;
}

static const struct mln_env env = { .get = variable };

struct trial {
    struct server server;
    struct mln_curl *curl;
    struct mln_transport http;
    struct mln_endpoints endpoints;
    struct mln_creds_session *creds;
    struct mln_pace *pace;
    struct mln_live *live;
    struct mln_collect_transport transport;
    struct mln_err err;
    volatile int stop;
    char note[300];
    int notes;
};

static void take_note(void *ctx, const char *text)
{
    struct trial *trial = ctx;

    (void)snprintf(trial->note, sizeof(trial->note), "%s", text);
    trial->notes++;
}

static void begin(struct trial *trial, const struct step *steps, size_t count)
{
    const struct mln_curl_options curl = { .env = &env };
    struct mln_creds_options creds = { .env = &env,
        .clock = mln_clock_system(),
        .random = mln_random_system(),
        .endpoints = &trial->endpoints,
        .user_agent = "test" };
    const struct mln_pace_options pace = { .in_flight_max = 4 };
    struct mln_live_options options = { .endpoints = &trial->endpoints,
        .curl = curl,
        .account_id = MLN_STR("1234"),
        .home_region = MLN_STR("cn-beijing"),
        .clock = mln_clock_system(),
        .random = mln_random_system(),
        .stop = &trial->stop,
        .user_agent = "test",
        .timeout_ms = 3000,
        .note = take_note,
        .note_ctx = trial };

    memset(trial, 0, sizeof(*trial));
    trial->server.steps = steps;
    trial->server.count = count;
    start(&trial->server);
    trial->endpoints.env = &env;
    OK(mln_endpoints_add(&trial->endpoints, mln_str_of(trial->server.url), &trial->err),
            &trial->err);
    OK(mln_curl_new(&curl, &trial->curl, &trial->err), &trial->err);
    trial->http = mln_curl_transport(trial->curl);
    creds.transport = &trial->http;
    OK(mln_creds_session_new(&creds, &trial->creds, &trial->err), &trial->err);
    OK(mln_pace_new(&pace, &trial->pace, &trial->err), &trial->err);
    options.creds = trial->creds;
    options.pace = trial->pace;
    OK(mln_live_new(&options, &trial->live, &trial->err), &trial->err);
    trial->transport = mln_live_transport(trial->live);
}

static void end(struct trial *trial)
{
    mln_live_free(trial->live);
    assert_int_equal(mln_pace_counts(trial->pace).in_flight, 0);
    mln_pace_free(trial->pace);
    mln_creds_session_free(trial->creds);
    mln_curl_free(trial->curl);
    stop_server(&trial->server);
}

static struct mln_collect_request call_of(const char *action)
{
    return (struct mln_collect_request){
        .call = { .id = "ecs:A",
                .product = "ecs",
                .code = "Ecs",
                .version = "2014-05-26",
                .action = action,
                .style = MLN_STYLE_RPC,
                .scope = MLN_SCOPE_REGION,
                .method = "POST",
                .table = "",
                .path = "",
                .rate = 1000 },
        .region = MLN_STR("cn-hangzhou"),
        .key = MLN_STR(""),
        .variant = MLN_STR(""),
        .host = MLN_STR(""),
        .path = MLN_STR(""),
        .page = 1,
    };
}

static int ask(struct trial *trial, const struct mln_collect_request *request,
        struct mln_collect_answer *out)
{
    OK(trial->transport.submit(trial->transport.ctx, request, &trial->err), &trial->err);
    return trial->transport.next(trial->transport.ctx, 5000, out, &trial->err);
}

static bool head_holds(const struct trial *trial, size_t at, const char *text)
{
    return strcasestr(trial->server.heads[at], text) != NULL;
}

#define BEGIN(trial, steps) begin(trial, steps, MLN_LEN(steps))

/* ---- what is passed on ---- */

static void an_answer_is_passed_on_as_it_is(void **state)
{
    static const struct step steps[] = { { 200, "", "{\"RequestId\":\"a\"}" },
        { 404, "", "{\"Code\":\"NoSuch\"}" }, { 200, "", "" }, { 302, "Location: /x\r\n", "" },
        { 200, "", "<html></html>" } };
    struct mln_collect_request request = call_of("DescribeA");
    const struct mln_collect_param params[] = { { MLN_STR("B"), MLN_STR("x y") },
        { MLN_STR("A"), MLN_STR("1") } };
    static struct trial trial;

    (void)state;
    BEGIN(&trial, steps);
    request.params = params;
    request.param_count = MLN_LEN(params);
    for (size_t i = 0; i < MLN_LEN(steps); i++) {
        struct mln_collect_answer got = { .status = -1 };

        OK(ask(&trial, &request, &got), &trial.err);
        assert_ptr_equal(got.request, &request);
        assert_int_equal(got.status, steps[i].status);
        EQ_STR(got.body, steps[i].body);
        assert_int_equal(got.retry, i >= 2); /* What is not the cloud's. */
        assert_false(got.is_xml || got.no_region);
        assert_int_equal(got.retry_after_ms, -1);
    }
    assert_true(head_holds(&trial, 0, "POST /?A=1&B=x%20y HTTP/1.1\r\n"));
    assert_true(head_holds(&trial, 0, "x-acs-action: DescribeA\r\n"));
    assert_true(head_holds(&trial, 0, "Credential=" KEY_ID ","));
    assert_false(head_holds(&trial, 0, SECRET));
    assert_int_equal(trial.server.at, MLN_LEN(steps)); /* A redirect is not followed. */
    end(&trial);
}

static void what_may_pass_is_worth_another_try(void **state)
{
    static const struct step steps[] = {
        { 400, "x-acs-retry-after: 300\r\n", "{\"Code\":\"Throttling.User\"}" },
        { 200, "", "{\"Code\":\"Throttling\",\"Message\":\"m\"}" },
        { 400, "x-acs-retry-after: 1\r\n", "{\"Code\":\"Busy\"}" },
        { 500, "", "oops" },
        { 0, "", "" },
    };
    const struct mln_collect_request request = call_of("DescribeA");
    static struct trial trial;

    (void)state;
    BEGIN(&trial, steps);
    for (size_t i = 0; i < MLN_LEN(steps); i++) {
        struct mln_collect_answer got = { .status = -1 };

        OK(ask(&trial, &request, &got), &trial.err);
        assert_int_equal(got.status, steps[i].status);
        assert_true(got.retry);
        assert_int_equal(got.retry_after_ms, i == 0 ? 300 : i == 2 ? 1 : -1);
        assert_true(got.status != 0 || got.failure[0] != '\0');
    }
    /* A bucket that was throttled rests, for as long as it was told or a second. */
    assert_true(trial.server.at_ms[1] - trial.server.at_ms[0] >= 295);
    assert_true(trial.server.at_ms[2] - trial.server.at_ms[1] >= 950);
    assert_int_equal(mln_pace_counts(trial.pace).throttled, 3);
    assert_int_equal(mln_pace_counts(trial.pace).retries, 5);
    end(&trial);
}

static void a_budget_that_is_spent_ends_the_tries(void **state)
{
    static const struct step steps[] = { { 500, "", "oops" } };
    const struct mln_collect_request request = call_of("DescribeA");
    struct mln_collect_answer got = { .status = -1 };
    static struct trial trial;

    (void)state;
    BEGIN(&trial, steps);
    while (mln_pace_retry(trial.pace))
        continue;
    OK(ask(&trial, &request, &got), &trial.err);
    assert_int_equal(got.status, 500);
    assert_false(got.retry);
    end(&trial);
}

/* ---- what goes again ---- */

static void a_clock_that_is_off_is_corrected_and_told_of_once(void **state)
{
    static const struct step steps[] = {
        { 400, "Date: Thu, 01 Jan 2037 00:00:00 GMT\r\n",
                "{\"Code\":\"InvalidTimeStamp.Expired\"}" },
        { 200, "", "{\"a\":1}" },
        { 200, "", "{\"a\":2}" },
    };
    const struct mln_collect_request request = call_of("DescribeA");
    struct mln_collect_answer got = { .status = -1 };
    static struct trial trial;

    (void)state;
    BEGIN(&trial, steps);
    OK(ask(&trial, &request, &got), &trial.err);
    assert_int_equal(got.status, 200);
    EQ_STR(got.body, "{\"a\":1}");
    assert_true(head_holds(&trial, 1, "x-acs-date: 2037-01-01T00:00:0"));
    assert_true(trial.live->offset_ms > 0);
    OK(ask(&trial, &request, &got), &trial.err);
    assert_true(head_holds(&trial, 2, "x-acs-date: 2037-01-01T00:00:0"));
    assert_int_equal(trial.notes, 1);
    assert_non_null(strstr(trial.note, "this machine's clock is "));
    assert_non_null(strstr(trial.note, " behind the cloud's"));
    end(&trial);
}

static void a_time_that_is_refused_again_is_a_failure_with_the_offset(void **state)
{
    static const struct step steps[] = { { 403, "Date: Thu, 01 Jan 2037 00:00:00 GMT\r\n",
            "<Error><Code>RequestTimeTooSkewed</Code></Error>" } };
    static const struct step without[] = { { 400, "", "{\"Code\":\"IllegalTimestamp\"}" } };
    const struct mln_collect_request request = call_of("DescribeA");
    struct mln_collect_answer got = { .status = -1 };
    static struct trial trial;

    (void)state;
    BEGIN(&trial, steps);
    OK(ask(&trial, &request, &got), &trial.err);
    assert_int_equal(got.status, 0);
    assert_non_null(strstr(got.failure, " d "));
    assert_non_null(strstr(got.failure, "behind the cloud's"));
    assert_int_equal(trial.server.at, 1 + MLN_LIVE_CLOCKS);
    end(&trial);
    BEGIN(&trial, without);
    OK(ask(&trial, &request, &got), &trial.err);
    assert_int_equal(got.status, 0);
    assert_non_null(strstr(got.failure, "set this machine's clock"));
    assert_int_equal(trial.server.at, 1);
    end(&trial);
}

static void header_of(const struct trial *trial, size_t at, const char *name, char out[100])
{
    const char *found = strcasestr(trial->server.heads[at], name);

    assert_non_null(found);
    (void)snprintf(out, 100, "%.*s", (int)strcspn(found, "\r\n"), found);
}

static void a_nonce_that_was_used_is_replaced(void **state)
{
    static const struct step steps[] = { { 400, "", "{\"Code\":\"SignatureNonceUsed\"}" },
        { 200, "", "{}" } };
    const struct mln_collect_request request = call_of("DescribeA");
    struct mln_collect_answer got = { .status = -1 };
    static struct trial trial;
    char first[100], second[100];

    (void)state;
    BEGIN(&trial, steps);
    OK(ask(&trial, &request, &got), &trial.err);
    assert_int_equal(got.status, 200);
    header_of(&trial, 0, "x-acs-signature-nonce", first);
    header_of(&trial, 1, "x-acs-signature-nonce", second);
    assert_string_not_equal(first, second);
    end(&trial);
}

static struct mln_collect_request bucket_call(const struct mln_collect_param *params, size_t count)
{
    struct mln_collect_request request = call_of("GetBucketAcl");

    request.call.style = MLN_STYLE_OSS;
    request.call.code = "Oss";
    request.call.method = "GET";
    request.region = MLN_STR("cn-hangzhou");
    request.params = params;
    request.param_count = count;
    return request;
}

static void a_bucket_that_is_elsewhere_is_asked_there_once(void **state)
{
    static const struct step steps[] = { { 403, "",
            "<Error><Code>AccessDenied</Code><Message>The bucket you are attempting to access must be "
            "addressed</Message><Endpoint>oss-cn-shanghai.aliyuncs.com</Endpoint></Error>" } };
    const struct mln_collect_param params[] = { { MLN_STR("bucket"), MLN_STR("acme-web") },
        { MLN_STR("acl"), MLN_STR("") } };
    const struct mln_collect_request request = bucket_call(params, MLN_LEN(params));
    struct mln_collect_answer got = { .status = -1 };
    static struct trial trial;

    (void)state;
    BEGIN(&trial, steps);
    OK(ask(&trial, &request, &got), &trial.err);
    assert_int_equal(got.status, 403);
    assert_true(got.is_xml);
    assert_int_equal(trial.server.at, 2);
    assert_true(head_holds(&trial, 0, "GET /acme-web/?acl HTTP/1.1"));
    assert_true(head_holds(&trial, 0, "/cn-hangzhou/oss/aliyun_v4_request"));
    assert_true(head_holds(&trial, 1, "/cn-shanghai/oss/aliyun_v4_request"));
    end(&trial);
}

/* Credentials go to the object store alone, whatever an answer says, and stay inside a VPC. */
static void a_bucket_is_nowhere_but_in_the_object_store(void **state)
{
    static const char *const bad[] = { "", "a", "evil.com", "oss-cn-shanghai.aliyuncs.com.evil.com",
        "1234.cn-shanghai.fc.aliyuncs.com", "oss-cn-shanghai.fc.aliyuncs.com", "oss-.aliyuncs.com",
        "oss--internal.aliyuncs.com", "evil.com#.aliyuncs.com", "oss-cn-shanghai.aliyuncs.com:8443",
        "oss-cn-shanghai.aliyuncs.com/x", "oss-a@b.aliyuncs.com", "oss-cn-shanghai.aliyuncs.com.",
        "sts.aliyuncs.com", "oss-cn-shanghai\r\nx.aliyuncs.com" };
    static struct mln_endpoints endpoints, given;
    const struct mln_live_options options = { .endpoints = &endpoints },
                                  options_given = { .endpoints = &given };
    const struct mln_live_place was = { .region = "cn-hangzhou", .endpoint = { .host = "h" } };
    struct mln_live_place place = was;
    struct mln_collect_request request = bucket_call(NULL, 0);
    struct mln_err err = { 0 };

    (void)state;
    for (size_t i = 0; i < MLN_LEN(bad); i++) {
        assert_int_equal(mln_live_move(&options, mln_str_of(bad[i]), &place, &err), MLN_EINVAL);
        assert_memory_equal(&place, &was, sizeof(was));
        request.host = mln_str_of(bad[i]);
        if (bad[i][0] != '\0')
            assert_int_equal(mln_live_place(&options, &request, &place, &err), MLN_EINVAL);
        place = was;
    }
    OK(mln_live_move(&options, MLN_STR("oss-cn-shanghai-internal.aliyuncs.com"), &place, &err),
            &err);
    assert_string_equal(place.endpoint.host, "oss-cn-shanghai-internal.aliyuncs.com");
    assert_string_equal(place.region, "cn-shanghai");
    OK(mln_endpoints_add(&given, MLN_STR("https://cloud.example.com"), &err), &err);
    OK(mln_live_move(&options_given, MLN_STR("oss-r1.example.com"), &place, &err), &err);
    assert_string_equal(place.endpoint.host, "cloud.example.com");
    assert_string_equal(place.region, "r1");
    endpoints.network = MLN_NETWORK_VPC;
    OK(mln_live_move(&options, MLN_STR("oss-cn-shanghai.aliyuncs.com"), &place, &err), &err);
    assert_string_equal(place.endpoint.host, "oss-cn-shanghai-internal.aliyuncs.com");
}

/* ---- what ends a run ---- */

static const char *with_uri(void *ctx, const char *name)
{
    return strcmp(name, "ALIBABA_CLOUD_CREDENTIALS_URI") == 0         ? ctx
           : strcmp(name, "ALIBABA_CLOUD_ECS_METADATA_DISABLED") == 0 ? "true"
                                                                      : NULL;
}

/* Of calls that were under way when a token ended, each tells so. */
static void calls_that_fail_together_are_one_failure_to_renew(void **state)
{
    static const struct step steps[] = {
        { 200, "",
                "{\"Code\":\"Success\",\"AccessKeyId\":\"" KEY_ID "\",\"AccessKeySecret\":\"" SECRET
                "\",\"SecurityToken\":\"TESTCANARYTOKEN001\",\"Expiration\":\"2099-01-01T00:00:00Z\"}" },
        { 500, "", "" },
    };
    struct mln_creds_session *session = NULL, *kept;
    struct mln_live_call calls[20] = { { .request = NULL } };
    struct mln_env uri = { .get = with_uri };
    struct mln_creds_options options = { .env = &uri,
        .clock = mln_clock_system(),
        .random = mln_random_system(),
        .user_agent = "test" };
    static struct trial trial;

    (void)state;
    BEGIN(&trial, steps);
    uri.ctx = trial.server.url;
    options.transport = &trial.http;
    OK(mln_creds_session_new(&options, &session, &trial.err), &trial.err);
    kept = trial.live->options.creds;
    trial.live->options.creds = session;
    for (size_t i = 0; i < MLN_LEN(calls); i++) {
        calls[i].generation = mln_creds_session_generation(session);
        OK(mln_live_renew(trial.live, &calls[i], &trial.err), &trial.err);
    }
    assert_int_equal(trial.server.at, 2);
    assert_int_equal(trial.live->renew_failures, 1);
    assert_int_equal(calls[0].renewals, 0);
    trial.live->options.creds = kept;
    mln_creds_session_free(session);
    end(&trial);
}

static void a_key_that_is_refused_ends_the_run(void **state)
{
    static const struct step steps[] = { { 404, "",
            "{\"Code\":\"InvalidAccessKeyId.NotFound\",\"Message\":\"" KEY_ID
            " is not there\"}" } };
    struct mln_collect_request request = call_of("GetCallerIdentity");
    struct mln_collect_answer got = { .status = -1 };
    static struct trial trial;

    (void)state;
    BEGIN(&trial, steps);
    FAILS(ask(&trial, &request, &got), MLN_ECREDS, &trial.err, "InvalidAccessKeyId.NotFound");
    assert_null(strstr(trial.err.msg, "CANARY"));
    assert_int_equal(got.status, -1);
    assert_int_equal(trial.server.at, 1);
    FAILS(trial.transport.next(trial.transport.ctx, 0, &got, &trial.err), MLN_ECREDS, &trial.err,
            "refuses");
    trial.transport.drop(trial.transport.ctx);
    end(&trial);
}

/* Another call may be refused because of where it goes. */
static void a_key_that_is_refused_elsewhere_costs_only_the_call(void **state)
{
    static const struct step steps[] = { { 200, "", "{\"a\":1}" },
        { 403, "", "{\"Code\":\"SignatureDoesNotMatch\"}" } };
    const struct mln_collect_request request = call_of("DescribeA");
    struct mln_collect_answer got = { .status = -1 };
    static struct trial trial;

    (void)state;
    BEGIN(&trial, steps);
    for (int i = 0; i < 12; i++)
        OK(ask(&trial, &request, &got), &trial.err);
    assert_int_equal(got.status, 403);
    assert_false(got.retry);
    end(&trial);
}

static void a_token_that_cannot_be_renewed_ends_the_run(void **state)
{
    static const struct step steps[] = { { 400, "",
            "{\"Code\":\"InvalidSecurityToken.Expired\"}" } };
    const struct mln_collect_request request = call_of("DescribeA");
    struct mln_collect_answer got = { .status = -1 };
    static struct trial trial;
    int rc;

    (void)state;
    with_token = true;
    BEGIN(&trial, steps);
    rc = ask(&trial, &request, &got);
    with_token = false;
    assert_int_equal(rc, MLN_ECREDS);
    assert_true(trial.server.at <= 1 + MLN_LIVE_RENEWALS);
    assert_null(strstr(trial.err.msg, "CANARY"));
    trial.transport.drop(trial.transport.ctx);
    end(&trial);
}

static void a_certificate_that_does_not_verify_at_first_ends_the_run(void **state)
{
    static const struct step steps[] = { { 200, "", "{}" } };
    const struct mln_collect_request request = call_of("GetCallerIdentity");
    struct mln_collect_answer got = { .status = -1 };
    struct mln_live_call call = { .request = &request };
    static struct trial trial;
    bool again = true;

    (void)state;
    BEGIN(&trial, steps);
    /* As if it had been under way. */
    OK(mln_live_queue_for(trial.live, &request, &call.queue, &trial.err), &trial.err);
    mln_live_put(&trial.live->flying, &call, false);
    trial.live->held = 1;
    (void)mln_pace_take(trial.pace, call.queue->bucket, 0);
    trial.live->done.owner = &call;
    trial.live->done.code = MLN_EIO;
    trial.live->done.response.failure = MLN_HTTP_CERTIFICATE;
    FAILS(mln_live_take(trial.live, &got, &again, &trial.err), MLN_EIO, &trial.err, "--cacert");
    FAILS(trial.transport.next(trial.transport.ctx, 0, &got, &trial.err), MLN_EIO, &trial.err,
            "certificate");
    mln_live_unlink(&trial.live->ready, &call);
    end(&trial);
}

static void a_stop_gives_everything_back_at_once(void **state)
{
    static const struct step steps[] = { { 200, "", "{}" } };
    struct mln_collect_request request = call_of("DescribeA");
    struct mln_collect_answer got = { .status = -1 };
    static struct trial trial;
    int64_t began_ms;
    int count = 0;

    (void)state;
    request.call.rate = 0.1;
    BEGIN(&trial, steps);
    for (int i = 0; i < 20; i++)
        OK(trial.transport.submit(trial.transport.ctx, &request, &trial.err), &trial.err);
    OK(trial.transport.next(trial.transport.ctx, 3000, &got, &trial.err), &trial.err);
    trial.stop = 1;
    began_ms = mln_monotonic_ms(mln_clock_system());
    while (trial.transport.next(trial.transport.ctx, 3000, &got, &trial.err) == MLN_OK) {
        assert_int_equal(got.status, 0);
        assert_ptr_equal(got.request, &request);
        count++;
    }
    assert_int_equal(trial.err.code, MLN_ENOTFOUND);
    assert_int_equal(count, 19);
    assert_true(mln_monotonic_ms(mln_clock_system()) - began_ms < 500);
    end(&trial);
}

static void nothing_is_waited_for_longer_than_said(void **state)
{
    static const struct step steps[] = { { 200, "", "{}" } };
    struct mln_collect_request request = call_of("DescribeA");
    struct mln_collect_answer got = { .status = -1 };
    static struct trial trial;
    int64_t began_ms;

    (void)state;
    request.call.rate = 0.1;
    BEGIN(&trial, steps);
    OK(ask(&trial, &request, &got), &trial.err);
    OK(trial.transport.submit(trial.transport.ctx, &request, &trial.err), &trial.err);
    began_ms = mln_monotonic_ms(mln_clock_system());
    FAILS(trial.transport.next(trial.transport.ctx, 150, &got, &trial.err), MLN_ENOTFOUND,
            &trial.err, "");
    assert_in_range(mln_monotonic_ms(mln_clock_system()) - began_ms, 145, 400);
    FAILS(trial.transport.next(trial.transport.ctx, 0, &got, &trial.err), MLN_ENOTFOUND, &trial.err,
            "");
    trial.transport.drop(trial.transport.ctx);
    FAILS(trial.transport.next(trial.transport.ctx, 1000, &got, &trial.err), MLN_ENOTFOUND,
            &trial.err, "under way");
    assert_int_equal(trial.server.at, 1);
    end(&trial);
}

static void a_call_that_cannot_be_sent_costs_only_itself(void **state)
{
    static const struct step steps[] = { { 200, "", "{}" } };
    const struct mln_collect_param bad[] = { { MLN_STR("bucket"), MLN_STR("../x") } };
    struct mln_collect_request request = bucket_call(bad, 1);
    struct mln_collect_answer got = { .status = -1 };
    static struct trial trial;

    (void)state;
    BEGIN(&trial, steps);
    OK(ask(&trial, &request, &got), &trial.err);
    assert_int_equal(got.status, 0);
    assert_non_null(strstr(got.failure, "bucket"));
    assert_false(got.retry);
    assert_int_equal(trial.server.at, 0);
    end(&trial);
}

/* ---- parts ---- */

static int said, asked;

static int say(const char *host)
{
    assert_string_equal(host, "ecs.xx-nowhere-1.aliyuncs.com");
    asked++;
    return said;
}

static void names_are_missing_only_when_the_resolver_says_so(void **state)
{
    const struct mln_endpoint endpoint = { .https = true,
        .host = "ecs.xx-nowhere-1.aliyuncs.com:443" };
    struct mln_live_names names;

    (void)state;
    asked = 0;
    mln_live_names_init(&names);
    names.resolve = say;
    said = EAI_AGAIN;
    assert_false(mln_live_name_is_missing(&names, &endpoint, 1000));
    said = EAI_NONAME;
    /* While the resolver is away it is not asked again and again. */
    assert_false(mln_live_name_is_missing(&names, &endpoint, 2000));
    assert_int_equal(asked, 1);
    assert_true(mln_live_name_is_missing(&names, &endpoint, 32000));
    assert_true(mln_live_name_is_missing(&names, &endpoint, 32000));
    assert_int_equal(asked, 2);
    mln_live_names_fini(&names);
}

static void offsets_are_told_in_words(void **state)
{
    static const struct {
        int64_t offset_ms;
        const char *text;
    } rows[] = { { 1203000, "20 min 3 s behind" }, { -1203400, "20 min 3 s ahead of" },
        { 0, "0 s behind" }, { 7200000, "2 h 0 min behind" }, { 90061000, "1 d 1 h behind" } };
    char text[64];

    (void)state;
    for (size_t i = 0; i < MLN_LEN(rows); i++) {
        mln_live_clock_text(rows[i].offset_ms, text);
        assert_string_equal(text, rows[i].text);
    }
}

static void errors_ask_for_what_they_say(void **state)
{
    static const struct {
        int status;
        const char *body;
        enum mln_plan_style style;
        enum mln_live_meaning meaning;
    } rows[] = {
        { 200, "{\"TotalCount\":0}", MLN_STYLE_RPC, MLN_LIVE_PLAIN },
        { 200, "{\"Items\":[{\"Code\":\"Throttling\"}]}", MLN_STYLE_RPC, MLN_LIVE_PLAIN },
        { 200, "{\"Code\":\"200\"}", MLN_STYLE_RPC, MLN_LIVE_PLAIN },
        { 200, "{\"code\":\"Throttling.Api\"}", MLN_STYLE_RPC, MLN_LIVE_THROTTLED },
        { 400, "{\"Code\":\"Rejected.Throttling\"}", MLN_STYLE_RPC, MLN_LIVE_THROTTLED },
        { 400, "{\"Code\":\"FlowLimitExceeded\"}", MLN_STYLE_RPC, MLN_LIVE_THROTTLED },
        { 503, "", MLN_STYLE_RPC, MLN_LIVE_THROTTLED },
        { 429, "<html>", MLN_STYLE_OSS, MLN_LIVE_THROTTLED },
        { 502, "<html>", MLN_STYLE_RPC, MLN_LIVE_BUSY },
        { 403, "{\"Code\":\"Forbidden.RAM\"}", MLN_STYLE_RPC, MLN_LIVE_PLAIN },
        { 403, "<Error><Code>SecurityTokenExpired</Code></Error>", MLN_STYLE_OSS,
                MLN_LIVE_TOKEN_ENDED },
        { 403, "<Error><Code>InvalidAccessKeyId</Code></Error>", MLN_STYLE_OSS,
                MLN_LIVE_KEY_REFUSED },
        { 403, "<Error><Code>AccessDenied</Code></Error>", MLN_STYLE_OSS, MLN_LIVE_PLAIN },
        { 403, "<Error><Code>AccessDenied</Code><Endpoint>a</Endpoint></Error>", MLN_STYLE_RPC,
                MLN_LIVE_PLAIN },
        { 301, "<Error><Code>PermanentRedirect</Code><Endpoint>a</Endpoint></Error>", MLN_STYLE_OSS,
                MLN_LIVE_ELSEWHERE },
        /* What stands between may be gone at the next try. */
        { 200, "", MLN_STYLE_RPC, MLN_LIVE_FOREIGN },
        { 200, " \n", MLN_STYLE_OSS, MLN_LIVE_FOREIGN },
        { 200, "<html>sign in</html>", MLN_STYLE_RPC, MLN_LIVE_FOREIGN },
        { 200, "<!DOCTYPE html><p>", MLN_STYLE_OSS, MLN_LIVE_FOREIGN },
        { 200, "<HTML></HTML>", MLN_STYLE_OSS, MLN_LIVE_FOREIGN },
        { 200, "{\"TotalCount\":1,\"Ite", MLN_STYLE_ROA, MLN_LIVE_FOREIGN },
        { 200, "<ListAllMyBucketsResult><Bu", MLN_STYLE_OSS, MLN_LIVE_PLAIN },
        { 200, "{\"Version\":\"1\",\"Statement\":[]}\n", MLN_STYLE_OSS, MLN_LIVE_PLAIN },
        { 302, "", MLN_STYLE_RPC, MLN_LIVE_FOREIGN },
        { 302, "{\"Code\":\"Moved\"}", MLN_STYLE_RPC, MLN_LIVE_PLAIN },
        { 403, "<html>sign in</html>", MLN_STYLE_RPC, MLN_LIVE_FOREIGN },
        { 404, "<html>sign in</html>", MLN_STYLE_OSS, MLN_LIVE_FOREIGN },
        { 404, "", MLN_STYLE_OSS, MLN_LIVE_PLAIN },
        { 401, "{}", MLN_STYLE_RPC, MLN_LIVE_PLAIN },
    };

    (void)state;
    for (size_t i = 0; i < MLN_LEN(rows); i++) {
        struct mln_http_response response = { .status = rows[i].status, .retry_after_ms = -1 };
        struct mln_live_reading reading = { .meaning = MLN_LIVE_NONCE };

        response.body.max = 4096;
        mln_buf_add_cstr(&response.body, rows[i].body);
        mln_live_read(rows[i].style, &response, &reading);
        if (reading.meaning != rows[i].meaning)
            fail_msg("%d %s: %d", rows[i].status, rows[i].body, (int)reading.meaning);
        mln_buf_free(&response.body);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_answer_is_passed_on_as_it_is),
        cmocka_unit_test(what_may_pass_is_worth_another_try),
        cmocka_unit_test(a_budget_that_is_spent_ends_the_tries),
        cmocka_unit_test(a_clock_that_is_off_is_corrected_and_told_of_once),
        cmocka_unit_test(a_time_that_is_refused_again_is_a_failure_with_the_offset),
        cmocka_unit_test(a_nonce_that_was_used_is_replaced),
        cmocka_unit_test(a_bucket_that_is_elsewhere_is_asked_there_once),
        cmocka_unit_test(a_bucket_is_nowhere_but_in_the_object_store),
        cmocka_unit_test(calls_that_fail_together_are_one_failure_to_renew),
        cmocka_unit_test(a_key_that_is_refused_ends_the_run),
        cmocka_unit_test(a_key_that_is_refused_elsewhere_costs_only_the_call),
        cmocka_unit_test(a_token_that_cannot_be_renewed_ends_the_run),
        cmocka_unit_test(a_certificate_that_does_not_verify_at_first_ends_the_run),
        cmocka_unit_test(a_stop_gives_everything_back_at_once),
        cmocka_unit_test(nothing_is_waited_for_longer_than_said),
        cmocka_unit_test(a_call_that_cannot_be_sent_costs_only_itself),
        cmocka_unit_test(names_are_missing_only_when_the_resolver_says_so),
        cmocka_unit_test(offsets_are_told_in_words),
        cmocka_unit_test(errors_ask_for_what_they_say),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
