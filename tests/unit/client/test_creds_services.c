#include "client/priv.h"
#include "creds_fake.h"

#define STS      "https://sts.aliyuncs.com/"
#define METADATA "http://100.100.100.200/latest/"
#define ROLES    METADATA "meta-data/ram/security-credentials/"
#define TOKEN    METADATA "api/token"

#define KEY "\"access_key_id\":\"fileCANARYid\",\"access_key_secret\":\"fileCANARYsecret\""
#define PROFILE(more) \
    "{\"current\":\"p\",\"profiles\":[{\"name\":\"p\"," more ",\"region_id\":\"cn-hangzhou\"}]}"
#define ROLE_MEMBERS "\"ram_role_arn\":\"" ROLE "\""

/* Every kind of bad answer, whoever gives it. */
static const struct {
    const char *why;
    int status;
    const char *body;
    int code;
    const char *part;
} bad[] = {
    { "html", 200, "<html>CANARYSECRET</html>", MLN_ECREDS, "not JSON" },
    { "empty", 200, "", MLN_ECREDS, "empty" },
    { "redirect", 302, "CANARYSECRET", MLN_ECREDS, "redirect" },
    { "other redirect", 307, "", MLN_ECREDS, "redirect" },
    { "server error", 500, "CANARYSECRET", MLN_ETRANSIENT, "500" },
    { "gone", 404, "CANARYSECRET", MLN_ECREDS, "" },
    { "broken JSON", 200, "{\"AccessKeySecret\":\"CANARYSECRET", MLN_ECREDS, "not JSON" },
    { "list", 200, "[\"CANARYSECRET\"]", MLN_ECREDS, "" },
    { "text", 200, "\"CANARYSECRET\"", MLN_ECREDS, "" },
    { "null", 200, "null", MLN_ECREDS, "" },
    { "nothing in it", 200, "{}", MLN_ECREDS, "lacks" },
    { "code in a 200", 200,
            "{\"Code\":\"Failed\",\"Message\":\"CANARYSECRET\",\"AccessKeySecret\":"
            "\"CANARYSECRET\"}",
            MLN_ECREDS, "Failed" },
    { "odd code in a 200", 200, "{\"Code\":{\"a\":\"CANARYSECRET\"}}", MLN_ECREDS, "" },
    { "throttled", 429, "CANARYSECRET", MLN_ETRANSIENT, "429" },
    { "code as a sentence", 400, "{\"Code\":\"CANARY SECRET\"}", MLN_ECREDS, "400" },
};

/* What is wrong with a triple; put into each service's own form. */
static const struct {
    const char *why, *members, *part;
} bad_triples[] = {
    { "no id",
            "\"AccessKeySecret\":\"CANARYS\",\"SecurityToken\":\"CANARYT\",\"Expiration\":\"" IN_HOUR
            "\"",
            "lacks AccessKeyId" },
    { "no secret",
            "\"AccessKeyId\":\"CANARYI\",\"SecurityToken\":\"CANARYT\",\"Expiration\":\"" IN_HOUR
            "\"",
            "lacks AccessKeySecret" },
    { "no token",
            "\"AccessKeyId\":\"CANARYI\",\"AccessKeySecret\":\"CANARYS\",\"Expiration\":\"" IN_HOUR
            "\"",
            "lacks SecurityToken" },
    { "no end",
            "\"AccessKeyId\":\"CANARYI\",\"AccessKeySecret\":\"CANARYS\",\"SecurityToken\":\"CANARYT\"",
            "lacks Expiration" },
    { "null token",
            "\"AccessKeyId\":\"CANARYI\",\"AccessKeySecret\":\"CANARYS\",\"SecurityToken\":null,"
            "\"Expiration\":\"" IN_HOUR "\"",
            "lacks SecurityToken" },
    { "number", "\"AccessKeyId\":12,\"AccessKeySecret\":\"CANARYS\"", "not a text" },
    { "object", "\"AccessKeyId\":{\"x\":\"CANARYI\"},\"AccessKeySecret\":\"CANARYS\"",
            "not a text" },
    { "empty secret", "\"AccessKeyId\":\"CANARYI\",\"AccessKeySecret\":\"\"", "is empty" },
    { "ended", TRIPLE("2026-01-02T03:04:05Z"), "ended already" },
    { "ended elsewhere", TRIPLE("2026-01-02T11:04:05+08:00"), "ended already" },
    { "no time", TRIPLE("CANARY"), "not a time" },
    { "seconds",
            "\"AccessKeyId\":\"CANARYI\",\"AccessKeySecret\":\"CANARYS\",\"SecurityToken\":"
            "\"CANARYT\",\"Expiration\":1867323045",
            "not a text" },
    { "line break in the key",
            "\"AccessKeyId\":\"CANARY\\r\\nI\",\"AccessKeySecret\":\"CANARYS\",\"SecurityToken\":"
            "\"CANARYT\",\"Expiration\":\"" IN_HOUR "\"",
            "line break" },
};

/* A way to credentials, and the row of the world that answers it. */
struct way {
    const char *name, *profile;
    struct fake_variable env[3];
    const char *url;
    enum mln_http_method method;
    const char *before, *after; /* Around a triple's members. */
    const char *provider, *mode;
};

static const struct way ways[] = {
    { "RamRoleArn", PROFILE("\"mode\":\"RamRoleArn\"," KEY "," ROLE_MEMBERS), { { 0 } }, STS,
            MLN_HTTP_POST, "{\"Credentials\":{", "}}", "cli_profile/ram_role_arn/static_ak",
            "RamRoleArn" },
    { "OIDC", NULL,
            { { "ALIBABA_CLOUD_ROLE_ARN", ROLE },
                    { "ALIBABA_CLOUD_OIDC_PROVIDER_ARN", "acs:ram::1:oidc-provider/p" } },
            STS, MLN_HTTP_POST, "{\"Credentials\":{", "}}", "oidc_role_arn", "OIDC" },
    { "EcsRamRole", PROFILE("\"mode\":\"EcsRamRole\",\"ram_role_name\":\"web\""), { { 0 } },
            ROLES "web", MLN_HTTP_GET, "{\"Code\":\"Success\",", "}", "cli_profile/ecs_ram_role",
            "EcsRamRole" },
    { "CredentialsURI",
            PROFILE("\"mode\":\"CredentialsURI\",\"credentials_uri\":\"https://c.example/x?CANARYQ=1\""),
            { { 0 } }, "https://c.example/x?", MLN_HTTP_GET, "{", "}",
            "cli_profile/credentials_uri", "CredentialsURI" },
    { "URI variable", NULL,
            { { "ALIBABA_CLOUD_CREDENTIALS_URI", "http://127.0.0.1:1/?CANARYQ=1" },
                    { "ALIBABA_CLOUD_ECS_METADATA_DISABLED", "true" } },
            "http://127.0.0.1:1/?", MLN_HTTP_GET, "{\"Code\":\"Success\",", "}", "credentials_uri",
            "CredentialsURI" },
    { "CloudSSO",
            PROFILE("\"mode\":\"CloudSSO\",\"access_token\":\"CANARYACCESS\","
                    "\"cloud_sso_access_token_expire\":1767323900,\"cloud_sso_account_id\":\"1\","
                    "\"cloud_sso_access_config\":\"ac-1\",\"cloud_sso_sign_in_url\":"
                    "\"https://signin.example/device/login?a=b\""),
            { { 0 } }, "https://signin.example/cloud-credentials", MLN_HTTP_POST,
            "{\"CloudCredential\":{", "}}", "cli_profile/cloud_sso", "CloudSSO" },
};

static void arrange(struct fake_world *world, const struct way *way)
{
    static char token[128];

    world_open(world);
    if (way->profile != NULL)
        world_file(world, ".aliyun/config.json", way->profile);
    memcpy(world->env, way->env, sizeof(way->env));
    if (strcmp(way->name, "OIDC") == 0) {
        world_file(world, "token", "  CANARYOIDCTOKEN \n");
        (void)snprintf(token, sizeof(token), "%s/token", world->home);
        world_set(world, "ALIBABA_CLOUD_OIDC_TOKEN_FILE", token);
    }
    world->services[0] = (struct fake_service){ .url = way->url, .method = way->method };
    world->services[1] = (struct fake_service){
        .url = TOKEN, .method = MLN_HTTP_PUT, .status = 200, .body = "METATOKEN=="
    };
}

static void every_way_gives_a_whole_triple(void **state)
{
    (void)state;
    for (size_t i = 0; i < MLN_LEN(ways); i++) {
        static struct fake_world world;
        struct mln_creds creds = { 0 };
        struct mln_err err = { 0 };
        char body[1024];

        arrange(&world, &ways[i]);
        (void)snprintf(
                body, sizeof(body), "%s" TRIPLE(IN_HOUR) "%s", ways[i].before, ways[i].after);
        world.services[0].status = 200;
        world.services[0].body = body;
        OK(mln_creds_resolve(&world.options, &creds, NULL, &err), &err);
        EQ_STR(mln_secret_bytes(&creds.key_id), "STS.CANARYID01");
        EQ_STR(mln_secret_bytes(&creds.secret), "CANARYSECRET");
        EQ_STR(mln_secret_bytes(&creds.token), "CANARYTOKEN");
        assert_int_equal(creds.expires_ms, NOW_MS + 3600 * MLN_MS_PER_S);
        assert_string_equal(creds.provider, ways[i].provider);
        assert_string_equal(creds.mode, ways[i].mode);
        keeps_secrets(ways[i].name, creds.source);
        mln_creds_wipe(&creds);
        world_close(&world);
    }
}

static void without_a_transport_it_is_described(void **state)
{
    (void)state;
    for (size_t i = 0; i < MLN_LEN(ways); i++) {
        static struct fake_world world;
        struct mln_creds creds = { 0 };
        struct mln_err err = { 0 };

        arrange(&world, &ways[i]);
        world.options.transport = NULL;
        OK(mln_creds_resolve(&world.options, &creds, NULL, &err), &err);
        assert_int_equal(creds.key_id.len + creds.secret.len + creds.token.len, 0);
        assert_string_equal(creds.provider, ways[i].provider);
        assert_string_equal(creds.mode, ways[i].mode);
        assert_true(creds.source[0] != '\0');
        assert_int_equal(world.calls, 0);
        mln_creds_wipe(&creds);
        world_close(&world);
    }
}

static void fails_as(
        struct fake_world *world, const char *way, const char *why, int code, const char *part)
{
    struct mln_creds creds = { .provider = "poison" };
    struct mln_err err = { 0 };
    int rc = mln_creds_resolve(&world->options, &creds, NULL, &err);

    if (rc != code || strstr(err.msg, part) == NULL)
        fail_msg("%s, %s: got %d %s, want %d %s", way, why, rc, err.msg, code, part);
    keeps_secrets(why, err.msg);
    assert_string_equal(creds.provider, "poison");
}

static void a_bad_answer_stops_and_shows_nothing_of_itself(void **state)
{
    (void)state;
    for (size_t i = 0; i < MLN_LEN(ways); i++) {
        static struct fake_world world;

        arrange(&world, &ways[i]);
        for (size_t k = 0; k < MLN_LEN(bad); k++) {
            world.services[0].status = bad[k].status;
            world.services[0].body = bad[k].body;
            fails_as(&world, ways[i].name, bad[k].why, bad[k].code, bad[k].part);
        }
        world_close(&world);
    }
}

static void an_incomplete_triple_is_refused(void **state)
{
    (void)state;
    for (size_t i = 0; i < MLN_LEN(ways); i++) {
        static struct fake_world world;

        arrange(&world, &ways[i]);
        for (size_t k = 0; k < MLN_LEN(bad_triples); k++) {
            char body[1024];

            (void)snprintf(body, sizeof(body), "%s%s%s", ways[i].before, bad_triples[k].members,
                    ways[i].after);
            world.services[0].status = 200;
            world.services[0].body = body;
            fails_as(&world, ways[i].name, bad_triples[k].why, MLN_ECREDS, bad_triples[k].part);
        }
        world_close(&world);
    }
}

static void an_endless_answer_is_refused(void **state)
{
    (void)state;
    for (size_t i = 0; i < MLN_LEN(ways); i++) {
        static struct fake_world world;

        arrange(&world, &ways[i]);
        world.services[0].status = 200;
        world.services[0].body = "CANARYSECRET CANARYSECRET";
        world.repeat_body = 10000;
        world.services[1].body = NULL; /* No token: version 1. */
        fails_as(&world, ways[i].name, "endless", MLN_ECREDS, "limit of 64 KiB");
        world_close(&world);
    }
}

static void no_answer_is_told_in_our_own_words(void **state)
{
    static const struct {
        int rc;
        enum mln_http_failure failure;
        int code;
        const char *part;
    } rows[] = {
        { MLN_ETRANSIENT, MLN_HTTP_NO_NAME, MLN_ETRANSIENT, "does not resolve" },
        { MLN_ETRANSIENT, MLN_HTTP_NO_CONNECTION, MLN_ETRANSIENT, "could not be reached" },
        { MLN_ETRANSIENT, MLN_HTTP_TIMED_OUT, MLN_ETRANSIENT, "in time" },
        { MLN_ETRANSIENT, MLN_HTTP_BROKEN, MLN_ETRANSIENT, "broke" },
        { MLN_EIO, MLN_HTTP_CERTIFICATE, MLN_EIO, "--cacert" },
    };

    (void)state;
    for (size_t i = 0; i < MLN_LEN(ways); i++) {
        for (size_t k = 0; k < MLN_LEN(rows); k++) {
            static struct fake_world world;

            arrange(&world, &ways[i]);
            world.services[0].rc = rows[k].rc;
            world.services[0].failure = rows[k].failure;
            fails_as(&world, ways[i].name, "no answer", rows[k].code, rows[k].part);
            world_close(&world);
        }
    }
}

/* ---- STS ---- */

static void assume_role_is_signed_and_says_what_the_profile_says(void **state)
{
    static struct fake_world world;
    struct mln_creds creds = { 0 };
    struct mln_err err = { 0 };

    (void)state;
    world_open(&world);
    world_file(&world, ".aliyun/config.json",
            PROFILE("\"mode\":\"ramrolearn\"," KEY ",\"sts_token\":\"CANARYBASE\"," ROLE_MEMBERS
                    ",\"ram_session_name\":\"night run\",\"expired_seconds\":1800,"
                    "\"external_id\":\"x&y\",\"policy\":\"{}\",\"sts_region\":\"cn-beijing\""));
    world.services[0] = (struct fake_service){
        .url = "https://sts.cn-beijing.aliyuncs.com/", .status = 200, .body = STS_OK
    };
    OK(mln_creds_resolve(&world.options, &creds, NULL, &err), &err);
    assert_non_null(strstr(world.url, "DurationSeconds=1800&ExternalId=x%26y&Policy=%7B%7D&RoleArn="
                                      "acs%3Aram%3A%3A1234567890123456%3Arole%2Freader&"
                                      "RoleSessionName=night%20run"));
    assert_non_null(strstr(world.headers, "x-acs-action: AssumeRole\n"));
    assert_non_null(strstr(world.headers, "x-acs-version: 2015-04-01\n"));
    assert_non_null(strstr(world.headers, "x-acs-security-token: CANARYBASE\n"));
    assert_non_null(strstr(world.headers, "ACS3-HMAC-SHA256 Credential=fileCANARYid,"));
    assert_int_equal(world.timeout_ms, 15000);
    assert_int_equal(world.connect_timeout_ms, 5000);
    assert_string_equal(creds.region, "cn-hangzhou");
    assert_string_equal(creds.provider, "cli_profile/ram_role_arn/static_sts");
    mln_creds_wipe(&creds);
    world_close(&world);
}

static void the_host_of_sts_follows_profile_and_variables(void **state)
{
    static const struct {
        const char *override, *region_variable, *vpc_variable;
        struct mln_assume assume;
        bool all_vpc;
        const char *host; /* NULL: refused. */
    } rows[] = {
        { .host = "sts.aliyuncs.com" },
        { .region_variable = "cn-shanghai", .host = "sts.cn-shanghai.aliyuncs.com" },
        { .region_variable = "cn-shanghai",
                .vpc_variable = "TRUE",
                .host = "sts-vpc.cn-shanghai.aliyuncs.com" },
        { .vpc_variable = "true", .host = "sts.aliyuncs.com" },
        { .assume = { .sts_region = { "cn-beijing", 10 } },
                .region_variable = "cn-shanghai",
                .host = "sts.cn-beijing.aliyuncs.com" },
        { .assume = { .sts_region = { "cn-beijing", 10 }, .vpc = true },
                .host = "sts-vpc.cn-beijing.aliyuncs.com" },
        { .assume = { .home_region = { "cn-beijing", 10 } },
                .all_vpc = true,
                .host = "sts-vpc.cn-beijing.aliyuncs.com" },
        { .assume = { .home_region = { "cn-beijing", 10 } }, .host = "sts.aliyuncs.com" },
        { .assume = { .sts_region = { "cn-beijing", 10 },
                  .sts_endpoint = { "sts.private.example", 19 } },
                .host = "sts.private.example" },
        { .assume = { .sts_endpoint = { "http://sts.private.example", 26 } }, .host = NULL },
        { .assume = { .sts_endpoint = { "sts.example/path", 16 } }, .host = NULL },
        { .assume = { .sts_region = { "evil.example/", 13 } }, .host = NULL },
        { .override = "Sts=http://127.0.0.1:99",
                .assume = { .sts_endpoint = { "sts.private.example", 19 } },
                .host = "127.0.0.1:99" },
    };

    (void)state;
    for (size_t i = 0; i < MLN_LEN(rows); i++) {
        static struct fake_world world;
        struct mln_endpoint endpoint = { .host = "poison" };
        struct mln_err err = { 0 };
        int rc;

        world_open(&world);
        if (rows[i].region_variable != NULL)
            world_set(&world, "ALIBABA_CLOUD_STS_REGION", rows[i].region_variable);
        if (rows[i].vpc_variable != NULL)
            world_set(&world, "ALIBABA_CLOUD_VPC_ENDPOINT_ENABLED", rows[i].vpc_variable);
        if (rows[i].override != NULL)
            OK(mln_endpoints_add(&world.endpoints, mln_str_of(rows[i].override), &err), &err);
        world.endpoints.network = rows[i].all_vpc ? MLN_NETWORK_VPC : MLN_NETWORK_PUBLIC;
        rc = mln_sts_endpoint(&world.options, &rows[i].assume, &endpoint, &err);
        if (rows[i].host == NULL) {
            assert_int_equal(rc, MLN_ECONFIG);
            continue;
        }
        OK(rc, &err);
        assert_string_equal(endpoint.host, rows[i].host);
        assert_true(endpoint.https || endpoint.loopback);
    }
}

static void a_refusal_is_told_with_code_and_request_id_but_no_secret(void **state)
{
    static const struct {
        int status;
        const char *body;
        int code;
        const char *part;
    } rows[] = {
        { 403,
                "{\"Code\":\"NoPermission\",\"Message\":\"You may not do this with "
                "CANARYSECRETCANARYSECRETCANARYSECRET.\",\"RequestId\":\"ABC-1\"}",
                MLN_EDENIED, "sts:AssumeRole" },
        { 403, "{\"Code\":\"NoPermission\",\"Message\":\"no\",\"RequestId\":\"ABC-1\"}",
                MLN_EDENIED, "request id ABC-1" },
        { 404, "{\"Code\":\"EntityNotExist.Role\",\"Message\":\"The role not exists\"}", MLN_ECREDS,
                "no such role" },
        { 400, "{\"Code\":\"SignatureDoesNotMatch\",\"Message\":\"sign CANARY fileCANARYid\"}",
                MLN_ECREDS, "SignatureDoesNotMatch" },
        { 404, "{\"Code\":\"InvalidAccessKeyId.NotFound\",\"Message\":\"fileCANARYid\"}",
                MLN_ECREDS, "InvalidAccessKeyId" },
        { 400, "{\"Code\":\"Throttling.User\",\"Message\":\"slow\"}", MLN_ETRANSIENT,
                "Throttling.User" },
        { 503, "<Error><Code>ServiceUnavailable</Code></Error>", MLN_ETRANSIENT,
                "ServiceUnavailable" },
        { 200, "{\"Code\":\"Throttling\",\"Message\":\"slow\"}", MLN_ETRANSIENT, "Throttling" },
    };
    static struct fake_world world;

    (void)state;
    for (size_t i = 0; i < MLN_LEN(rows); i++) {
        arrange(&world, &ways[0]);
        world.services[0].status = rows[i].status;
        world.services[0].body = rows[i].body;
        fails_as(&world, "STS", rows[i].part, rows[i].code, rows[i].part);
        /* What may pass is tried once more, what may not is not. */
        assert_int_equal(world.calls, rows[i].code == MLN_ETRANSIENT ? 2 : 1);
    }
    world_close(&world);
}

/* The cloud's clock is twenty minutes ahead: it refuses the first request and takes the second. */
static int late_send(void *ctx, const struct mln_http_request *request,
        struct mln_http_response *response, bool *bytes_left, struct mln_err *err)
{
    struct fake_world *world = ctx;
    bool right = false;

    (void)err;
    world_record(world, request);
    *bytes_left = true;
    right = strstr(world->headers, "x-acs-date: 2026-01-02T03:24:05Z\n") != NULL;
    response->date_ms = NOW_MS + 1200 * MLN_MS_PER_S;
    response->status = right ? 200 : 400;
    mln_buf_add_cstr(&response->body, right ? STS_OK : world->services[0].body);
    return MLN_OK;
}

static void a_wrong_clock_is_corrected_and_told(void **state)
{
    static const char *const refusals[] = { "{\"Code\":\"InvalidTimeStamp.Expired\"}",
        "{\"Code\":\"IllegalTimestamp\"}" };

    (void)state;
    for (size_t i = 0; i < MLN_LEN(refusals); i++) {
        static struct fake_world world;
        struct mln_creds creds = { 0 };
        struct mln_err err = { 0 };

        arrange(&world, &ways[0]);
        world.transport.send = late_send;
        world.services[0].body = refusals[i];
        OK(mln_creds_resolve(&world.options, &creds, NULL, &err), &err);
        assert_int_equal(world.calls, 2);
        assert_non_null(strstr(creds.warning, "1200 seconds behind"));
        mln_creds_wipe(&creds);
        world_close(&world);
    }
}

static void oidc_posts_a_form_without_a_signature(void **state)
{
    static struct fake_world world;
    struct mln_creds creds = { 0 };
    struct mln_err err = { 0 };

    (void)state;
    arrange(&world, &ways[1]);
    world_set(&world, "ALIBABA_CLOUD_ROLE_SESSION_NAME", "pod");
    world.services[0].status = 200;
    world.services[0].body = STS_OK;
    OK(mln_creds_resolve(&world.options, &creds, NULL, &err), &err);
    assert_non_null(strstr(world.url, "Action=AssumeRoleWithOIDC&Format=JSON&Timestamp="
                                      "2026-01-02T03%3A04%3A05Z&Version=2015-04-01"));
    assert_null(strstr(world.url, "CANARY"));
    assert_string_equal(world.body, "DurationSeconds=3600&OIDCProviderArn=acs%3Aram%3A%3A1%3Aoidc-"
                                    "provider%2Fp&OIDCToken=CANARYOIDCTOKEN&RoleArn=acs%3Aram%3A%"
                                    "3A1234567890123456%3Arole%2Freader&RoleSessionName=pod");
    assert_null(strstr(world.headers, "authorization"));
    assert_null(strstr(world.headers, "Authorization"));
    mln_creds_wipe(&creds);
    /* The message may quote the token. */
    world.services[0].status = 400;
    world.services[0].body = "{\"Code\":\"AuthenticationFail.OIDCToken.Expired\",\"Message\":"
                             "\"CANARYOID\",\"RequestId\":\"R-9\"}";
    fails_as(&world, "OIDC", "refused", MLN_ECREDS, "renew the token file");
    world_file(&world, "token", " \n");
    fails_as(&world, "OIDC", "empty file", MLN_ECREDS, "empty");
    world_close(&world);
    fails_as(&world, "OIDC", "no file", MLN_ECREDS, "token file");
    /* Two of three variables: not meant. */
    world_set(&world, "ALIBABA_CLOUD_OIDC_TOKEN_FILE", NULL);
    world_set(&world, "ALIBABA_CLOUD_ECS_METADATA_DISABLED", "true");
    fails_as(&world, "OIDC", "unset", MLN_ECREDS, "ALIBABA_CLOUD_OIDC_TOKEN_FILE not set");
}

/* ---- profiles that lead to others ---- */

#define LINK(name, source)                                                                 \
    "{\"name\":\"" name "\",\"mode\":\"ChainableRamRoleArn\",\"source_profile\":\"" source \
    "\"," ROLE_MEMBERS "}"

static void chained_roles_are_assumed_one_by_one(void **state)
{
    static struct fake_world world;
    struct mln_creds creds = { 0 };
    struct mln_err err = { 0 };

    (void)state;
    world_open(&world);
    world.services[0] = (struct fake_service){ .url = STS, .status = 200, .body = STS_OK };
    world_file(&world, ".aliyun/config.json",
            "{\"current\":\"a\",\"profiles\":[" LINK("a", "b") "," LINK(
                    "b", "c") ",{\"name\":\"c\",\"mode\":\"AK\"," KEY "}]}");
    OK(mln_creds_resolve(&world.options, &creds, NULL, &err), &err);
    assert_int_equal(world.calls, 2);
    assert_string_equal(creds.provider, "cli_profile/ram_role_arn/ram_role_arn/static_ak");
    assert_string_equal(creds.mode, "ChainableRamRoleArn");
    assert_string_equal(creds.profile, "a");
    mln_creds_wipe(&creds);

    world_file(&world, ".aliyun/config.json",
            "{\"current\":\"a\",\"profiles\":[" LINK("a", "b") "," LINK("b", "c") "," LINK(
                    "c", "b") "]}");
    fails_as(&world, "chain", "loop", MLN_ECONFIG, "a -> b -> c -> b");
    world_file(&world, ".aliyun/config.json",
            "{\"current\":\"1\",\"profiles\":[" LINK("1", "2") "," LINK("2", "3") "," LINK(
                    "3", "4") "," LINK("4", "5") "," LINK("5", "6") "," LINK("6", "7") "," LINK("7",
                    "8") "," LINK("8", "9") ",{\"name\":\"9\"," KEY "}]}");
    fails_as(&world, "chain", "deep", MLN_ECONFIG, "more than 8");
    world_file(&world, ".aliyun/config.json",
            "{\"current\":\"a\",\"profiles\":[" LINK("a", "nobody") "]}");
    fails_as(&world, "chain", "nobody", MLN_ECONFIG, "'nobody', which is not there");
    world_close(&world);
}

/* ---- instance metadata ---- */

static void the_instance_is_asked_with_a_token(void **state)
{
    static struct fake_world world;
    struct mln_creds creds = { 0 };
    struct mln_err err = { 0 };

    (void)state;
    world_open(&world);
    world.services[0] = (struct fake_service){
        .url = TOKEN, .method = MLN_HTTP_PUT, .status = 200, .body = "METATOKEN==\n"
    };
    world.services[1] = (struct fake_service){ .url = ROLES "web",
        .method = MLN_HTTP_GET,
        .status = 200,
        .body = "{\"Code\":\"Success\"," TRIPLE(IN_HOUR) "}" };
    world.services[2] = (struct fake_service){
        .url = ROLES, .method = MLN_HTTP_GET, .status = 200, .body = " web\n"
    };
    OK(mln_creds_resolve(&world.options, &creds, NULL, &err), &err);
    assert_string_equal(creds.provider, "ecs_ram_role");
    assert_string_equal(creds.source, "instance metadata");
    assert_int_equal(world.calls, 3);
    assert_true(world.link_local);
    assert_int_equal(world.connect_timeout_ms, 1000);
    assert_int_equal(world.timeout_ms, 2000);
    assert_non_null(strstr(world.headers, "x-aliyun-ecs-metadata-token: METATOKEN==\n"));
    mln_creds_wipe(&creds);

    /* Version 1 when there is no token, and no version 1 when that is forbidden. */
    world.services[0].status = 404;
    OK(mln_creds_resolve(&world.options, &creds, NULL, &err), &err);
    assert_null(strstr(world.headers, "metadata-token"));
    mln_creds_wipe(&creds);
    world.services[0].rc = MLN_ETRANSIENT; /* The answer to the PUT does not come this far. */
    world.services[0].failure = MLN_HTTP_TIMED_OUT;
    world.services[0].bytes_left = true;
    OK(mln_creds_resolve(&world.options, &creds, NULL, &err), &err);
    mln_creds_wipe(&creds);
    world_set(&world, "ALIBABA_CLOUD_IMDSV1_DISABLED", "true");
    fails_as(&world, "ECS", "no v1", MLN_ETRANSIENT, "in time");
    world.services[0].rc = MLN_OK;
    fails_as(&world, "ECS", "no v1", MLN_ECREDS, "ALIBABA_CLOUD_IMDSV1_DISABLED");
}

static void no_instance_means_that_nothing_was_found(void **state)
{
    static struct fake_world world;

    (void)state;
    world_open(&world);
    fails_as(&world, "ECS", "nobody there", MLN_ECREDS, "not an ECS instance");
    assert_int_equal(world.calls, 1);
    world.services[0] = (struct fake_service){
        .url = ROLES, .method = MLN_HTTP_GET, .status = 404, .body = "CANARY"
    };
    world.services[1] = (struct fake_service){
        .url = TOKEN, .method = MLN_HTTP_PUT, .status = 200, .body = "T"
    };
    fails_as(&world, "ECS", "no role", MLN_ECREDS, "no RAM role attached");
    world.services[0].status = 200; /* A page of a hotel's network is not a role. */
    world.services[0].body = "<html>CANARY</html>";
    fails_as(&world, "ECS", "html", MLN_ECREDS, "not the name of a role");
    world.services[0].body = "../../CANARY";
    fails_as(&world, "ECS", "path", MLN_ECREDS, "not the name of a role");
    world_set(&world, "ALIBABA_CLOUD_ECS_METADATA_DISABLED", "true");
    world.calls = 0;
    fails_as(&world, "ECS", "off", MLN_ECREDS, "ALIBABA_CLOUD_ECS_METADATA_DISABLED");
    assert_int_equal(world.calls, 0);
}

/* ---- addresses ---- */

static void an_address_is_https_or_loopback(void **state)
{
    static const struct {
        const char *uri, *part;
    } rows[] = {
        { "http://c.example/CANARY", "plain http" },
        { "ftp://c.example/CANARY", "https://" },
        { "file:///CANARY", "https://" },
        { "https://u:CANARY@c.example/", "host" },
        { "https:///CANARY", "host" },
        { "https://c.example/CANARY\r\nx: y", "character" },
        { "https://c.example/#CANARY", "character" },
        { "http://127.0.0.1.evil.example/CANARY", "plain http" },
        { "CANARY", "https://" },
    };
    static struct fake_world world;

    (void)state;
    world_open(&world);
    world_set(&world, "ALIBABA_CLOUD_ECS_METADATA_DISABLED", "true");
    for (size_t i = 0; i < MLN_LEN(rows); i++) {
        world_set(&world, "ALIBABA_CLOUD_CREDENTIALS_URI", rows[i].uri);
        fails_as(&world, "URI", rows[i].uri, MLN_ECONFIG, rows[i].part);
    }
    assert_int_equal(world.calls, 0);
    world_file(&world, ".aliyun/config.json", ways[3].profile);
    world_set(&world, "ALIBABA_CLOUD_DISABLE_EXTERNAL_PROCESS", "1");
    fails_as(&world, "URI", "off", MLN_ECREDS, "ALIBABA_CLOUD_DISABLE_EXTERNAL_PROCESS");
    world_close(&world);
}

/* ---- sign-ins ---- */

static void a_sign_in_is_used_and_never_renewed(void **state)
{
    static struct fake_world world;
    struct mln_creds creds = { 0 };
    struct mln_err err = { 0 };

    (void)state;
    world_open(&world);
    world.services[0] = (struct fake_service){
        .url = "https://oauth.alibabacloud.com/v1/exchange",
        .status = 200,
        .body = "{\"accessKeyId\":\"CANARYI\",\"accessKeySecret\":\"CANARYS\",\"securityToken\":"
                "\"CANARYT\",\"expiration\":\"" IN_HOUR "\"}",
    };
    world_file(&world, ".aliyun/config.json",
            PROFILE("\"mode\":\"OAuth\"," KEY ",\"sts_token\":\"CANARYOLD\",\"sts_expiration\":"
                    "1767323100,\"oauth_site_type\":\"INTL\",\"oauth_access_token\":\"CANARYACCESS\","
                    "\"oauth_refresh_token\":\"CANARYREFRESH\",\"oauth_access_token_expire\":"
                    "1767323046"));
    OK(mln_creds_resolve(&world.options, &creds, NULL, &err), &err);
    EQ_STR(mln_secret_bytes(&creds.key_id), "CANARYI");
    assert_non_null(strstr(world.headers, "authorization: Bearer CANARYACCESS\n"));
    assert_string_equal(world.body, "");
    mln_creds_wipe(&creds);

    world.now_ms += 1000; /* Now the access token has ended, too. */
    world.calls = 0;
    fails_as(&world, "OAuth", "ended", MLN_ECREDS, "aliyun sts GetCallerIdentity --profile p");
    assert_int_equal(world.calls, 0);

    world.now_ms = NOW_MS;
    world_file(&world, ".aliyun/config.json", ways[5].profile);
    world.services[0].url = "https://signin.example/cloud-credentials";
    world.services[0].body = "{\"CloudCredential\":{" TRIPLE(IN_HOUR) "}}";
    OK(mln_creds_resolve(&world.options, &creds, NULL, &err), &err);
    assert_string_equal(world.body, "{\"AccountId\":\"1\",\"AccessConfigurationId\":\"ac-1\"}");
    mln_creds_wipe(&creds);
    world.now_ms += 3600 * MLN_MS_PER_S;
    fails_as(&world, "CloudSSO", "ended", MLN_ECREDS, "--profile p --mode CloudSSO");
    world_close(&world);
}

static void a_sign_in_goes_only_where_it_is_safe(void **state)
{
    static struct fake_world world;

    (void)state;
    world_open(&world);
    world_file(&world, ".aliyun/config.json",
            PROFILE("\"mode\":\"CloudSSO\",\"access_token\":\"CANARYACCESS\","
                    "\"cloud_sso_access_token_expire\":1767323900,\"cloud_sso_account_id\":\"1\","
                    "\"cloud_sso_access_config\":\"a\",\"cloud_sso_sign_in_url\":"
                    "\"http://signin.example/device/login\""));
    fails_as(&world, "CloudSSO", "plain", MLN_ECREDS, "not an https address");
    world_file(&world, ".aliyun/config.json",
            PROFILE("\"mode\":\"OAuth\",\"oauth_access_token\":\"CANARY\\nx: y\","
                    "\"oauth_access_token_expire\":1767323900"));
    fails_as(&world, "OAuth", "line break", MLN_ECREDS, "line break");
    world_file(&world, ".aliyun/config.json",
            PROFILE("\"mode\":\"OAuth\",\"oauth_access_token\":\"CANARY\",\"oauth_site_type\":\"X\","
                    "\"oauth_access_token_expire\":1767323900"));
    fails_as(&world, "OAuth", "site", MLN_ECREDS, "CN nor INTL");
    assert_int_equal(world.calls, 0);
    world_close(&world);
}

static void times_are_read_in_every_spelling(void **state)
{
    static const struct {
        const char *text;
        int64_t ms;
    } rows[] = {
        { "2026-01-02T03:04:05Z", NOW_MS },
        { "2026-01-02t03:04:05z", NOW_MS },
        { "2026-01-02 03:04:05Z", NOW_MS },
        { "2026-01-02T03:04:05.5Z", NOW_MS + 500 },
        { "2026-01-02T03:04:05.123456789Z", NOW_MS + 123 },
        { "2026-01-02T11:04:05+08:00", NOW_MS },
        { "2026-01-01T22:34:05.25-04:30", NOW_MS + 250 },
        { "2026-01-02T03:04:05", 0 },
        { "2026-01-02T03:04:05.Z", 0 },
        { "2026-01-02T03:04:05+0800", 0 },
        { "2026-01-02T03:04:05+-8:00", 0 },
        { "2026-01-02T03:04:05+24:00", 0 },
        { "2026-02-30T03:04:05Z", 0 },
        { "2026-01-02T03:04:05Zx", 0 },
        { "1767323045", 0 },
        { "", 0 },
    };

    (void)state;
    for (size_t i = 0; i < MLN_LEN(rows); i++) {
        int64_t got = 0;
        int rc = mln_creds_time(mln_str_of(rows[i].text), &got);

        if (got != rows[i].ms || (rc == MLN_OK) != (rows[i].ms != 0))
            fail_msg("%s: %d, %lld", rows[i].text, rc, (long long)got);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_way_gives_a_whole_triple),
        cmocka_unit_test(without_a_transport_it_is_described),
        cmocka_unit_test(a_bad_answer_stops_and_shows_nothing_of_itself),
        cmocka_unit_test(an_incomplete_triple_is_refused),
        cmocka_unit_test(an_endless_answer_is_refused),
        cmocka_unit_test(no_answer_is_told_in_our_own_words),
        cmocka_unit_test(assume_role_is_signed_and_says_what_the_profile_says),
        cmocka_unit_test(the_host_of_sts_follows_profile_and_variables),
        cmocka_unit_test(a_refusal_is_told_with_code_and_request_id_but_no_secret),
        cmocka_unit_test(a_wrong_clock_is_corrected_and_told),
        cmocka_unit_test(oidc_posts_a_form_without_a_signature),
        cmocka_unit_test(chained_roles_are_assumed_one_by_one),
        cmocka_unit_test(the_instance_is_asked_with_a_token),
        cmocka_unit_test(no_instance_means_that_nothing_was_found),
        cmocka_unit_test(an_address_is_https_or_loopback),
        cmocka_unit_test(a_sign_in_is_used_and_never_renewed),
        cmocka_unit_test(a_sign_in_goes_only_where_it_is_safe),
        cmocka_unit_test(times_are_read_in_every_spelling),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
