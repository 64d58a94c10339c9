#include <pthread.h>
#include <stdatomic.h>

#include "client/priv.h"
#include "creds_fake.h"

#define MINUTE (60 * MLN_MS_PER_S)

/*
 * A service whose every answer is a new key, good for an hour of the test's own clock. It notices
 * when it is asked twice at once.
 */
static struct {
    atomic_llong now_ms, uptime_ms;
    atomic_int asked, in_flight, most_in_flight;
    atomic_int fail;        /* Does not answer. */
    atomic_int same;        /* Goes on giving the same key. */
    atomic_int refuse_base; /* Says once that the caller's token has ended. */
    useconds_t takes_us;
    struct fake_world world;
} play;

static int64_t play_now(void *ctx)
{
    (void)ctx;
    return atomic_load(&play.now_ms);
}

static int64_t play_uptime(void *ctx)
{
    (void)ctx;
    return atomic_load(&play.uptime_ms);
}

static int play_send(void *ctx, const struct mln_http_request *request,
        struct mln_http_response *response, bool *bytes_left, struct mln_err *err)
{
    int now_in_flight = atomic_fetch_add(&play.in_flight, 1) + 1, number;
    char until[MLN_TIME_TEXT_MAX];

    (void)ctx;
    world_record(&play.world, request); /* Unguarded: a second one at the same time is a race. */
    if (now_in_flight > atomic_load(&play.most_in_flight))
        atomic_store(&play.most_in_flight, now_in_flight);
    number = atomic_fetch_add(&play.asked, 1) + 1;
    if (atomic_load(&play.same) != 0)
        number = 1;
    if (play.takes_us > 0)
        (void)usleep(play.takes_us);
    *bytes_left = true;
    mln_time_format(atomic_load(&play.now_ms) + 60 * MINUTE, until);
    response->status = 200;
    if (atomic_load(&play.refuse_base) > 0 && atomic_fetch_sub(&play.refuse_base, 1) > 0) {
        response->status = 400;
        mln_buf_add_cstr(&response->body, "{\"Code\":\"InvalidSecurityToken.Expired\"}");
    } else {
        mln_buf_addf(&response->body,
                "{\"Code\":\"Success\",\"AccessKeyId\":\"STS.key%d\",\"AccessKeySecret\":"
                "\"secret%d\",\"SecurityToken\":\"token%d\",\"Expiration\":\"%s\"",
                number, number, number, until);
        mln_buf_addf(&response->body, "}");
    }
    (void)atomic_fetch_sub(&play.in_flight, 1);
    if (atomic_load(&play.fail) != 0) {
        response->failure = MLN_HTTP_TIMED_OUT;
        return mln_fail(err, MLN_ETRANSIENT, "late");
    }
    return MLN_OK;
}

/* STS wraps the same members. */
static int play_sts(void *ctx, const struct mln_http_request *request,
        struct mln_http_response *response, bool *bytes_left, struct mln_err *err)
{
    MLN_AUTO(mln_buf_free) struct mln_buf inner = MLN_BUF_INIT((size_t)4096);
    int rc = play_send(ctx, request, response, bytes_left, err);

    if (rc != MLN_OK || response->status != 200)
        return rc;
    mln_buf_add(&inner, (struct mln_str){ response->body.ptr + 18, response->body.len - 18 });
    mln_buf_reset(&response->body);
    mln_buf_addf(&response->body, "{\"Credentials\":{%.*s}", MLN_FMT(mln_buf_str(&inner)));
    return MLN_OK;
}

static void begin(void)
{
    world_open(&play.world);
    atomic_store(&play.now_ms, NOW_MS);
    atomic_store(&play.uptime_ms, 1000);
    atomic_store(&play.asked, 0);
    atomic_store(&play.most_in_flight, 0);
    atomic_store(&play.fail, 0);
    atomic_store(&play.same, 0);
    atomic_store(&play.refuse_base, 0);
    play.takes_us = 0;
    play.world.clock = (struct mln_clock){ play_now, play_uptime, NULL };
    play.world.transport.send = play_send;
    world_set(&play.world, "ALIBABA_CLOUD_CREDENTIALS_URI", "https://c.example/");
    world_set(&play.world, "ALIBABA_CLOUD_ECS_METADATA_DISABLED", "true");
}

static struct mln_creds_session *open_session(void)
{
    struct mln_creds_session *session = NULL;
    struct mln_err err = { 0 };

    OK(mln_creds_session_new(&play.world.options, &session, &err), &err);
    return session;
}

static void pass(int64_t ms)
{
    (void)atomic_fetch_add(&play.now_ms, ms);
    (void)atomic_fetch_add(&play.uptime_ms, ms);
}

/* The key now given. */
static void key_is(struct mln_creds_session *session, const char *want)
{
    struct mln_creds creds = { 0 };
    struct mln_err err = { 0 };

    OK(mln_creds_session_get(session, &creds, &err), &err);
    EQ_STR(mln_secret_bytes(&creds.key_id), want);
    mln_creds_wipe(&creds);
}

static void renews_before_the_end(void **state)
{
    struct mln_creds_session *session;

    (void)state;
    begin();
    session = open_session();
    assert_int_equal(mln_creds_session_generation(session), 1);
    pass(44 * MINUTE);
    key_is(session, "STS.key1");
    assert_int_equal(atomic_load(&play.asked), 1);
    pass(MINUTE); /* 15 minutes left. */
    key_is(session, "STS.key2");
    key_is(session, "STS.key2");
    assert_int_equal(atomic_load(&play.asked), 2);
    assert_int_equal(mln_creds_session_generation(session), 2);
    mln_creds_session_free(session);
}

static void keeps_what_lives_when_a_renewal_fails(void **state)
{
    struct mln_creds_session *session;
    struct mln_creds creds = { .provider = "poison" };
    struct mln_err err = { 0 };

    (void)state;
    begin();
    session = open_session();
    atomic_store(&play.fail, 1);
    pass(46 * MINUTE);
    key_is(session, "STS.key1");
    key_is(session, "STS.key1"); /* Not asked again so soon. */
    assert_int_equal(atomic_load(&play.asked), 2);
    pass(29 * MLN_MS_PER_S);
    key_is(session, "STS.key1");
    assert_int_equal(atomic_load(&play.asked), 2);
    pass(42 * MLN_MS_PER_S); /* 71 s: after the longest pause. */
    key_is(session, "STS.key1");
    assert_int_equal(atomic_load(&play.asked), 3);
    pass(11 * MINUTE); /* Less than three minutes left, and still good. */
    key_is(session, "STS.key1");
    assert_int_equal(atomic_load(&play.asked), 4);
    pass(2 * MINUTE);
    FAILS(mln_creds_session_get(session, &creds, &err), MLN_ETRANSIENT, &err, "in time");
    assert_string_equal(creds.provider, "poison");
    FAILS(mln_creds_session_get(session, &creds, &err), MLN_ETRANSIENT, &err, "in time");
    assert_int_equal(atomic_load(&play.asked), 5); /* No storm. */
    atomic_store(&play.fail, 0);
    pass(MLN_CREDS_STORM_MS);
    key_is(session, "STS.key6");
    mln_creds_session_free(session);
}

static void renews_on_demand_once(void **state)
{
    struct mln_creds_session *session;
    struct mln_err err = { 0 };

    (void)state;
    begin();
    session = open_session();
    OK(mln_creds_session_renew(session, 1, &err), &err);
    key_is(session, "STS.key2");
    OK(mln_creds_session_renew(session, 1, &err), &err); /* Somebody did it meanwhile. */
    assert_int_equal(atomic_load(&play.asked), 2);
    atomic_store(&play.fail, 1);
    FAILS(mln_creds_session_renew(session, 2, &err), MLN_ETRANSIENT, &err, "in time");
    FAILS(mln_creds_session_renew(session, 2, &err), MLN_ETRANSIENT, &err, "in time");
    assert_int_equal(atomic_load(&play.asked), 3);
    mln_creds_session_free(session);

    begin();
    atomic_store(&play.same, 1);
    session = open_session();
    FAILS(mln_creds_session_renew(session, 1, &err), MLN_ECREDS, &err, "no newer one");
    mln_creds_session_free(session);
}

static void fixed_keys_are_never_asked_for_and_cannot_be_renewed(void **state)
{
    struct mln_creds_session *session;
    struct mln_err err = { 0 };

    (void)state;
    begin();
    world_set(&play.world, "ALIBABA_CLOUD_ACCESS_KEY_ID", "anid");
    world_set(&play.world, "ALIBABA_CLOUD_ACCESS_KEY_SECRET", "asecret");
    session = open_session();
    pass(100000 * MINUTE);
    key_is(session, "anid");
    FAILS(mln_creds_session_renew(session, 1, &err), MLN_ECREDS, &err, "no newer one");
    key_is(session, "anid");
    assert_int_equal(atomic_load(&play.asked), 0);
    mln_creds_session_free(session);
}

static void never_becomes_somebody_else(void **state)
{
    static const char *const before =
            "{\"current\":\"a\",\"profiles\":[{\"name\":\"a\",\"mode\":"
            "\"CredentialsURI\",\"credentials_uri\":\"https://c.example/\"},"
            "{\"name\":\"b\",\"access_key_id\":\"other\","
            "\"access_key_secret\":\"other\"}]}";
    struct mln_creds_session *session;
    struct mln_err err = { 0 };
    char after[512];

    (void)state;
    begin();
    world_file(&play.world, ".aliyun/config.json", before);
    session = open_session();
    (void)snprintf(after, sizeof(after), "%s", before);
    after[12] = 'b'; /* The user makes another profile the current one. */
    world_file(&play.world, ".aliyun/config.json", after);
    FAILS(mln_creds_session_renew(session, 1, &err), MLN_ECREDS, &err, "start again");
    key_is(session, "STS.key1");
    world_close(&play.world); /* And now the file is gone: not on to the next provider. */
    pass(2 * MLN_CREDS_STORM_MS);
    FAILS(mln_creds_session_renew(session, 1, &err), MLN_ECREDS, &err, "no file");
    mln_creds_session_free(session);
}

static void the_clouds_clock_decides(void **state)
{
    struct mln_creds_session *session;

    (void)state;
    begin();
    session = open_session();
    pass(30 * MINUTE);
    mln_creds_session_set_offset(session, 20 * MINUTE); /* There it is 20 minutes later. */
    key_is(session, "STS.key2");
    mln_creds_session_free(session);
}

static void without_a_transport_there_is_no_session(void **state)
{
    struct mln_creds_session *session = NULL;
    struct mln_err err = { 0 };

    (void)state;
    begin();
    play.world.options.transport = NULL;
    FAILS(mln_creds_session_new(&play.world.options, &session, &err), MLN_ECREDS, &err,
            "CredentialsURI");
    assert_null(session);
}

static void assumes_roles_with_the_base_of_the_moment(void **state)
{
    const struct mln_role role = { .arn = ROLE, .external_id = "x" };
    const struct mln_transport sts = { play_sts, NULL };
    struct mln_creds_session *base, *session = NULL;
    struct mln_err err = { 0 };
    struct mln_creds creds = { 0 };

    (void)state;
    begin();
    base = open_session();
    OK(mln_creds_session_assume(base, &role, &sts, &session, &err), &err);
    assert_non_null(strstr(play.world.headers, "Credential=STS.key1,"));
    assert_non_null(strstr(play.world.url, "ExternalId=x"));
    assert_non_null(strstr(play.world.url, "RoleSessionName=merlon"));
    OK(mln_creds_session_get(session, &creds, &err), &err);
    assert_string_equal(creds.provider, "ram_role_arn/credentials_uri");
    assert_string_equal(creds.mode, "RamRoleArn");
    assert_string_equal(creds.source, "ALIBABA_CLOUD_CREDENTIALS_URI");
    mln_creds_wipe(&creds);

    pass(50 * MINUTE); /* Both are renewed: the role with the base's new key. */
    key_is(session, "STS.key4");
    assert_non_null(strstr(play.world.headers, "Credential=STS.key3,"));

    atomic_store(&play.refuse_base, 1); /* The base has ended, says the cloud. */
    OK(mln_creds_session_renew(session, mln_creds_session_generation(session), &err), &err);
    assert_int_equal(mln_creds_session_generation(base), 3);
    mln_creds_session_free(session);

    session = NULL;
    {
        const struct mln_role bad = { .arn = "CANARY" };

        FAILS(mln_creds_session_assume(base, &bad, &sts, &session, &err), MLN_ECREDS, &err, "ARN");
    }
    assert_null(session);
    mln_creds_session_free(base);
}

/* ---- many at once ---- */

#define THREADS 8

static atomic_int stop_now, failures;

static void *hammer(void *ctx)
{
    struct mln_creds_session *session = ctx;
    struct mln_err err = { 0 };

    while (atomic_load(&stop_now) == 0) {
        struct mln_creds creds = { 0 };
        uint64_t generation = mln_creds_session_generation(session);

        if (mln_creds_session_get(session, &creds, &err) != MLN_OK) {
            (void)atomic_fetch_add(&failures, 1);
            continue;
        }
        /* The three belong together. */
        if (strcmp(creds.key_id.ptr + 7, creds.secret.ptr + 6) != 0 ||
                strcmp(creds.key_id.ptr + 7, creds.token.ptr + 5) != 0)
            (void)atomic_fetch_add(&failures, 1000000);
        if (generation % 3 == 0)
            (void)!mln_creds_session_renew(session, generation, &err);
        mln_creds_wipe(&creds);
    }
    return NULL;
}

static void many_threads_ask_once_at_a_time(void **state)
{
    pthread_t threads[THREADS];
    struct mln_creds_session *session;

    (void)state;
    begin();
    play.takes_us = 2000;
    session = open_session();
    atomic_store(&stop_now, 0);
    atomic_store(&failures, 0);
    for (size_t i = 0; i < THREADS; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, hammer, session), 0);
    for (int i = 0; i < 60; i++) {
        atomic_store(&play.fail, i % 3 == 1 ? 1 : 0);
        pass(i % 2 == 0 ? 46 * MINUTE : 2 * MINUTE);
        (void)usleep(5000);
    }
    atomic_store(&play.fail, 0);
    atomic_store(&stop_now, 1);
    for (size_t i = 0; i < THREADS; i++)
        assert_int_equal(pthread_join(threads[i], NULL), 0);
    assert_int_equal(atomic_load(&play.most_in_flight), 1);
    assert_true(atomic_load(&play.asked) > 10);
    assert_true(atomic_load(&failures) < 1000000);
    mln_creds_session_free(session);
}

static atomic_int got_old, got_new;

static void *take_one(void *ctx)
{
    struct mln_creds creds = { 0 };
    struct mln_err err = { 0 };

    if (mln_creds_session_get(ctx, &creds, &err) == MLN_OK)
        (void)atomic_fetch_add(strcmp(creds.key_id.ptr, "STS.key1") == 0 ? &got_old : &got_new, 1);
    mln_creds_wipe(&creds);
    return NULL;
}

/* `minutes` after the first triple eight callers come at once. */
static void come_at_once(int64_t minutes)
{
    pthread_t threads[THREADS];
    struct mln_creds_session *session;

    begin();
    session = open_session();
    play.takes_us = 300000;
    pass(minutes * MINUTE);
    atomic_store(&got_old, 0);
    atomic_store(&got_new, 0);
    for (size_t i = 0; i < THREADS; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, take_one, session), 0);
    for (size_t i = 0; i < THREADS; i++)
        assert_int_equal(pthread_join(threads[i], NULL), 0);
    assert_int_equal(atomic_load(&play.asked), 2);
    mln_creds_session_free(session);
}

static void others_go_on_while_one_renews_or_wait_when_it_is_late(void **state)
{
    (void)state;
    come_at_once(50);
    assert_true(atomic_load(&got_old) > 0); /* They did not wait. */
    come_at_once(58);
    assert_int_equal(atomic_load(&got_new), THREADS);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(renews_before_the_end),
        cmocka_unit_test(keeps_what_lives_when_a_renewal_fails),
        cmocka_unit_test(renews_on_demand_once),
        cmocka_unit_test(fixed_keys_are_never_asked_for_and_cannot_be_renewed),
        cmocka_unit_test(never_becomes_somebody_else),
        cmocka_unit_test(the_clouds_clock_decides),
        cmocka_unit_test(without_a_transport_there_is_no_session),
        cmocka_unit_test(assumes_roles_with_the_base_of_the_moment),
        cmocka_unit_test(many_threads_ask_once_at_a_time),
        cmocka_unit_test(others_go_on_while_one_renews_or_wait_when_it_is_late),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
