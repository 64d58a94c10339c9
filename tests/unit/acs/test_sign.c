#include <pthread.h>

#include "acs/sign.h"
#include "test.h"

#define EMPTY_SHA256 "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"

struct v3_case {
    struct mln_acs_request request;
    struct mln_v3_input input;
    struct mln_buf canonical, text;
    char signature[MLN_V3_SIGNATURE_LEN + 1];
    struct mln_err err;
};

static const struct mln_header host_only[] = { { { "Host", 4 }, { "h:1", 3 } } };

static int begin(void **state)
{
    struct v3_case *c = calloc(1, sizeof(*c));

    if (c == NULL)
        return -1;
    c->request = (struct mln_acs_request){
        .method = MLN_STR("GET"), .path = MLN_STR("/"), .headers = host_only, .header_count = 1
    };
    c->input = (struct mln_v3_input){ .request = &c->request,
        .signed_headers = MLN_STR("host"),
        .payload_sha256 = MLN_STR("P"),
        .key = MLN_STR("k") };
    c->canonical.max = c->text.max = MLN_CANONICAL_MAX;
    *state = c;
    return 0;
}

static int end(void **state)
{
    struct v3_case *c = *state;

    mln_buf_free(&c->canonical);
    mln_buf_free(&c->text);
    free(c);
    return 0;
}

static void expect_canonical(struct v3_case *c, const char *want)
{
    mln_buf_reset(&c->canonical);
    OK(mln_v3_sign(&c->input, &c->canonical, NULL, c->signature, &c->err), &c->err);
    EQ_STR(mln_buf_str(&c->canonical), want);
}

static void encodes_the_query_anew(void **state)
{
    struct v3_case *c = *state;

    c->request.raw_query = MLN_STR("b=1+2&a=*!'()&c&%61b=%e4%ba%91&d=%zz");
    expect_canonical(
            c, "GET\n/\na=%2A%21%27%28%29&ab=%E4%BA%91&b=1%202&c=&d=%25zz\nhost:h:1\n\nhost\nP");
}

static void takes_the_query_as_its_caller_has_read_it(void **state)
{
    MLN_AUTO(mln_arena_free) struct mln_arena arena = MLN_ARENA_INIT(65536);
    struct v3_case *c = *state;
    struct mln_params params = { 0 };

    c->request.raw_query = MLN_STR("b=1+2&a=*!'()&c&%61b=%e4%ba%91&d=%zz");
    OK(mln_params_parse_query(&params, &arena, c->request.raw_query, &c->err), &c->err);
    mln_params_sort(&params);
    c->input.query = &params;
    expect_canonical(
            c, "GET\n/\na=%2A%21%27%28%29&ab=%E4%BA%91&b=1%202&c=&d=%25zz\nhost:h:1\n\nhost\nP");
}

static void writes_names_in_either_form(void **state)
{
    struct v3_case *c = *state;

    c->request.raw_query = MLN_STR("a%2Fb=1&k*=2");
    expect_canonical(c, "GET\n/\na%2Fb=1&k%2A=2\nhost:h:1\n\nhost\nP");
    c->input.names = MLN_V3_NAMES_RAW;
    expect_canonical(c, "GET\n/\na/b=1&k*=2\nhost:h:1\n\nhost\nP");
}

static void refuses_raw_names_that_could_be_read_two_ways(void **state)
{
    static const char *const cases[] = { "a%26b=1", "a%3D1%26b=2", "a%0Ab=1" };
    struct v3_case *c = *state;

    c->input.names = MLN_V3_NAMES_RAW;
    memcpy(c->signature, "poison", sizeof("poison"));
    for (size_t i = 0; i < MLN_LEN(cases); i++) {
        c->request.raw_query = mln_str_of(cases[i]);
        FAILS(mln_v3_sign(&c->input, &c->canonical, &c->text, c->signature, &c->err), MLN_EINVAL,
                &c->err, "cannot stand unencoded");
    }
    assert_string_equal(c->signature, "poison");
    assert_int_equal(c->canonical.len, 0);
}

static void trims_headers_and_keeps_their_inner_blanks(void **state)
{
    const struct mln_header headers[] = {
        { MLN_STR("X-Acs-A"), MLN_STR("  b  c\t") },
        { MLN_STR("accept"), MLN_STR("ignored") },
        { MLN_STR("x-acs-a"), MLN_STR("a") },
        { MLN_STR("HOST"), MLN_STR("h") },
    };
    struct v3_case *c = *state;

    c->request.headers = headers;
    c->request.header_count = MLN_LEN(headers);
    c->request.path = MLN_STR("");
    c->input.signed_headers = MLN_STR("host;x-acs-a");
    expect_canonical(c, "GET\n/\n\nhost:h\nx-acs-a:a,b  c\n\nhost;x-acs-a\nP");
}

static void leaves_the_path_as_it_came(void **state)
{
    struct v3_case *c = *state;

    c->request.path = MLN_STR("/a%2fb//c");
    expect_canonical(c, "GET\n/a%2fb//c\n\nhost:h:1\n\nhost\nP");
}

static void refuses_a_signed_header_that_is_not_there(void **state)
{
    static const char *const cases[] = { "host;x-acs-date", "host;", "hos" };
    struct v3_case *c = *state;

    for (size_t i = 0; i < MLN_LEN(cases); i++) {
        c->input.signed_headers = mln_str_of(cases[i]);
        FAILS(mln_v3_sign(&c->input, NULL, NULL, c->signature, &c->err), MLN_EINVAL, &c->err,
                "a signed header is missing");
    }
}

static void stops_at_its_limits(void **state)
{
    MLN_AUTO(mln_buf_free) struct mln_buf names = MLN_BUF_INIT(4096);
    MLN_AUTO(mln_buf_free) struct mln_buf query = MLN_BUF_INIT(MLN_CANONICAL_MAX);
    struct v3_case *c = *state;

    for (size_t i = 0; i <= MLN_HEADERS_MAX; i++)
        mln_buf_add_cstr(&names, i > 0 ? ";host" : "host");
    c->input.signed_headers = mln_buf_str(&names);
    FAILS(mln_v3_sign(&c->input, NULL, NULL, c->signature, &c->err), MLN_ETOOBIG, &c->err,
            "signed headers");
    c->input.signed_headers = MLN_STR("host");
    c->request.header_count = MLN_HEADERS_MAX + 1;
    FAILS(mln_v3_sign(&c->input, NULL, NULL, c->signature, &c->err), MLN_ETOOBIG, &c->err,
            "headers");
    c->request.header_count = 1;
    mln_buf_add_cstr(&query, "a=");
    for (size_t i = 0; i < MLN_CANONICAL_MAX / 2; i++)
        mln_buf_add_char(&query, '*');
    c->request.raw_query = mln_buf_str(&query);
    FAILS(mln_v3_sign(&c->input, NULL, NULL, c->signature, &c->err), MLN_ETOOBIG, &c->err,
            "canonical request");
}

static void leaves_the_signature_out_of_what_v1_signs(void **state)
{
    struct mln_param items[] = {
        { MLN_STR("b"), MLN_STR("a b*~") },
        { MLN_STR("Signature"), MLN_STR("x") },
        { MLN_STR("A"), MLN_STR("") },
    };
    struct mln_params params = { .items = items, .count = MLN_LEN(items) };
    MLN_AUTO(mln_buf_free) struct mln_buf text = MLN_BUF_INIT(256);
    MLN_AUTO(mln_buf_free) struct mln_buf signature = MLN_BUF_INIT(64);
    struct mln_err err = { 0 };

    (void)state;
    OK(mln_v1_sign(MLN_STR("POST"), &params, MLN_STR(""), &text, &signature, &err), &err);
    EQ_STR(mln_buf_str(&text), "POST&%2F&A%3D%26b%3Da%2520b%252A~");
    assert_int_equal(signature.len, 28);
}

static void refuses_a_v1_secret_over_its_limit(void **state)
{
    static const char big[1024] = { 'x' };
    struct mln_params params = { 0 };
    MLN_AUTO(mln_buf_free) struct mln_buf text = MLN_BUF_INIT(256);
    MLN_AUTO(mln_buf_free) struct mln_buf signature = MLN_BUF_INIT(64);
    struct mln_err err = { 0 };

    (void)state;
    FAILS(mln_v1_sign(MLN_STR("GET"), &params, (struct mln_str){ big, sizeof(big) }, &text,
                  &signature, &err),
            MLN_ETOOBIG, &err, "secret is over 512");
    assert_int_equal(text.len + signature.len, 0);
}

static void hashes_and_compares(void **state)
{
    char hash[MLN_SHA256_HEX_MAX];

    (void)state;
    mln_sha256_hex((struct mln_str){ 0 }, hash);
    assert_string_equal(hash, EMPTY_SHA256);
    assert_true(mln_signature_eq(MLN_STR("abc"), MLN_STR("abc")));
    assert_false(mln_signature_eq(MLN_STR("abc"), MLN_STR("abd")));
    assert_false(mln_signature_eq(MLN_STR("abc"), MLN_STR("ab")));
    assert_false(mln_signature_eq(MLN_STR(""), MLN_STR("")));
}

/* An empty key right after another one: the library must not fall back to the key of last time. */
static void forgets_the_key_of_last_time(void **state)
{
    struct v3_case *c = *state;
    char first[MLN_V3_SIGNATURE_LEN + 1];

    c->input.key = (struct mln_str){ 0 };
    OK(mln_v3_sign(&c->input, NULL, NULL, first, &c->err), &c->err);
    c->input.key = MLN_STR("other");
    OK(mln_v3_sign(&c->input, NULL, NULL, c->signature, &c->err), &c->err);
    assert_string_not_equal(first, c->signature);
    c->input.key = (struct mln_str){ 0 };
    OK(mln_v3_sign(&c->input, NULL, NULL, c->signature, &c->err), &c->err);
    assert_string_equal(first, c->signature);
}

static void *sign_many(void *arg)
{
    const struct v3_case *c = arg;
    struct mln_err err = { 0 };
    bool same = true;

    for (int i = 0; i < 200; i++) {
        char signature[MLN_V3_SIGNATURE_LEN + 1];

        same = mln_v3_sign(&c->input, NULL, NULL, signature, &err) == MLN_OK &&
               strcmp(signature, c->signature) == 0 && same;
    }
    return same ? arg : NULL;
}

static void signs_the_same_in_every_thread(void **state)
{
    struct v3_case *c = *state;
    pthread_t threads[4];

    OK(mln_v3_sign(&c->input, NULL, NULL, c->signature, &c->err), &c->err);
    for (size_t i = 0; i < MLN_LEN(threads); i++)
        assert_int_equal(pthread_create(&threads[i], NULL, sign_many, c), 0);
    for (size_t i = 0; i < MLN_LEN(threads); i++) {
        void *result = NULL;

        assert_int_equal(pthread_join(threads[i], &result), 0);
        assert_ptr_equal(result, c);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(encodes_the_query_anew, begin, end),
        cmocka_unit_test_setup_teardown(takes_the_query_as_its_caller_has_read_it, begin, end),
        cmocka_unit_test_setup_teardown(writes_names_in_either_form, begin, end),
        cmocka_unit_test_setup_teardown(refuses_raw_names_that_could_be_read_two_ways, begin, end),
        cmocka_unit_test_setup_teardown(trims_headers_and_keeps_their_inner_blanks, begin, end),
        cmocka_unit_test_setup_teardown(leaves_the_path_as_it_came, begin, end),
        cmocka_unit_test_setup_teardown(refuses_a_signed_header_that_is_not_there, begin, end),
        cmocka_unit_test_setup_teardown(stops_at_its_limits, begin, end),
        cmocka_unit_test(leaves_the_signature_out_of_what_v1_signs),
        cmocka_unit_test(refuses_a_v1_secret_over_its_limit),
        cmocka_unit_test(hashes_and_compares),
        cmocka_unit_test_setup_teardown(forgets_the_key_of_last_time, begin, end),
        cmocka_unit_test_setup_teardown(signs_the_same_in_every_thread, begin, end),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
