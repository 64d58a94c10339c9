#include "acs/params.h"
#include "acs/percent.h"
#include "test.h"

#define ARENA_BYTES ((size_t)8 * 1024 * 1024)

struct fixture {
    struct mln_arena arena;
    struct mln_params params;
    struct mln_err err;
};

static int begin(void **state)
{
    struct fixture *f = calloc(1, sizeof(*f));

    if (f == NULL)
        return -1;
    f->arena.max_bytes = ARENA_BYTES;
    *state = f;
    return 0;
}

static int end(void **state)
{
    struct fixture *f = *state;

    mln_arena_free(&f->arena);
    free(f);
    return 0;
}

/* "name=value;" for each, in order. */
static void expect_params(const struct mln_params *params, const char *want)
{
    MLN_AUTO(mln_buf_free) struct mln_buf got = MLN_BUF_INIT(4096);

    for (size_t i = 0; i < params->count; i++)
        mln_buf_addf(&got, "%.*s=%.*s;", MLN_FMT(params->items[i].name),
                MLN_FMT(params->items[i].value));
    EQ_STR(mln_buf_str(&got), want);
}

static void query(struct fixture *f, const char *text)
{
    OK(mln_params_parse_query(&f->params, &f->arena, mln_str_of(text), &f->err), &f->err);
}

static void json(struct fixture *f, const char *text)
{
    OK(mln_params_parse_json(&f->params, &f->arena, mln_str_of(text), &f->err), &f->err);
}

static void decodes_a_query(void **state)
{
    struct fixture *f = *state;

    query(f, "b=1+2&a=%E4%BA%91&c=&d&=e&f=g=h&&%41%3D=%26&");
    expect_params(&f->params, "b=1 2;a=\xe4\xba\x91;c=;d=;=e;f=g=h;A==&;");
}

static void joins_query_and_form(void **state)
{
    struct fixture *f = *state;

    query(f, "a=1");
    query(f, "");
    query(f, "b=2");
    expect_params(&f->params, "a=1;b=2;");
}

static void flattens_a_json_body(void **state)
{
    static const struct {
        const char *text, *want;
    } cases[] = {
        { "{}", "" },
        { "{\"a\":\"x\",\"b\":12,\"c\":true,\"d\":false,\"e\":null}", "a=x;b=12;c=true;d=false;" },
        { "{\"n\":-9223372036854775808,\"f\":1.5}", "n=-9223372036854775808;f=1.5;" },
        { "{\"ItemIds\":[1,null,\"3\"]}", "ItemIds.1=1;ItemIds.3=3;" },
        { "{\"L\":[],\"O\":{},\"E\":\"\"}", "E=;" },
        { "{\"L\":[{\"A\":[{\"B\":1}],\"C\":{\"D\":2}}]}", "L.1.A.1.B=1;L.1.C.D=2;" },
        { "{\"\":{\"a\":1},\"a\":2}", ".a=1;a=2;" },
        { "{\"k\":\"line\\nbreak\"}", "k=line\nbreak;" },
    };
    struct fixture *f = *state;

    for (size_t i = 0; i < MLN_LEN(cases); i++) {
        f->params = (struct mln_params){ 0 };
        json(f, cases[i].text);
        expect_params(&f->params, cases[i].want);
    }
}

static void refuses_a_body_that_is_no_object(void **state)
{
    static const char *const cases[] = { "", "[1]", "1", "\"a\"", "null", "{\"a\":1", "{}{}" };
    struct fixture *f = *state;

    query(f, "kept=1");
    for (size_t i = 0; i < MLN_LEN(cases); i++)
        FAILS(mln_params_parse_json(&f->params, &f->arena, mln_str_of(cases[i]), &f->err),
                MLN_EINVAL, &f->err, "");
    expect_params(&f->params, "kept=1;");
}

static void stops_at_the_limit_of_parameters_and_keeps_what_was(void **state)
{
    MLN_AUTO(mln_buf_free) struct mln_buf text = MLN_BUF_INIT(64 * 1024);
    MLN_AUTO(mln_buf_free) struct mln_buf list = MLN_BUF_INIT(64 * 1024);
    struct fixture *f = *state;

    mln_buf_add_cstr(&list, "{\"L\":[0");
    for (size_t i = 1; i < MLN_PARAMS_MAX; i++) {
        mln_buf_addf(&text, "p%zu=&", i);
        mln_buf_add_cstr(&list, ",0");
    }
    mln_buf_add_cstr(&list, "]}");
    query(f, "kept=1");
    FAILS(mln_params_parse_json(&f->params, &f->arena, mln_buf_str(&list), &f->err), MLN_ETOOBIG,
            &f->err, "more than 1000 parameters");
    expect_params(&f->params, "kept=1;");
    OK(mln_params_parse_query(&f->params, &f->arena, mln_buf_str(&text), &f->err), &f->err);
    assert_int_equal(f->params.count, MLN_PARAMS_MAX);
    FAILS(mln_params_parse_query(&f->params, &f->arena, MLN_STR("x=1"), &f->err), MLN_ETOOBIG,
            &f->err, "more than 1000 parameters");
    assert_int_equal(f->params.count, MLN_PARAMS_MAX);
}

static void reports_an_exhausted_arena(void **state)
{
    MLN_AUTO(mln_arena_free) struct mln_arena tiny = MLN_ARENA_INIT(16);
    struct fixture *f = *state;

    FAILS(mln_params_parse_query(&f->params, &tiny, MLN_STR("a=1"), &f->err), MLN_ENOMEM, &f->err,
            "no room");
    FAILS(mln_params_parse_json(&f->params, &tiny, MLN_STR("{\"a\":1}"), &f->err), MLN_ENOMEM,
            &f->err, "no room");
    assert_int_equal(f->params.count, 0);
}

static void sorts_in_byte_order(void **state)
{
    struct fixture *f = *state;

    query(f, "b=1&B=2&a=3&_x=4&-y=5&ItemIds.2=6&ItemIds.10=7&%E4%BA%91=8&a=0");
    mln_params_sort(&f->params);
    expect_params(&f->params, "-y=5;B=2;ItemIds.10=7;ItemIds.2=6;_x=4;a=0;a=3;b=1;\xe4\xba\x91=8;");
}

static void finds_a_repeated_name(void **state)
{
    struct fixture *f = *state;
    const struct mln_param *repeated;

    mln_params_sort(&f->params);
    assert_null(mln_params_repeated(&f->params));
    query(f, "b=1&a=1&c=2&A=3");
    mln_params_sort(&f->params);
    assert_null(mln_params_repeated(&f->params));
    query(f, "%62=2");
    mln_params_sort(&f->params);
    repeated = mln_params_repeated(&f->params);
    assert_non_null(repeated);
    EQ_STR(repeated->name, "b");
}

static void finds_a_list_that_came_both_ways(void **state)
{
    struct fixture *f = *state;

    json(f, "{\"A.1\":\"x\",\"A\":[\"y\"]}");
    mln_params_sort(&f->params);
    assert_non_null(mln_params_repeated(&f->params));
}

static void tells_absent_from_empty(void **state)
{
    struct fixture *f = *state;
    struct mln_str out = MLN_STR("poison");

    query(f, "Name=&Lang=en");
    assert_false(mln_params_get(&f->params, "lang", false, &out));
    assert_false(mln_params_get(&f->params, "Name", true, &out));
    EQ_STR(out, "poison");
    assert_true(mln_params_get(&f->params, "Name", false, &out));
    EQ_STR(out, "");
    assert_true(mln_params_get(&f->params, "Lang", true, &out));
    EQ_STR(out, "en");
}

static void orders_a_list_by_number(void **state)
{
    struct fixture *f = *state;
    struct mln_param_indexes out = { 0 };

    query(f, "ItemIds.10=a&ItemIds.2=b&ItemIds.1.x=c&ItemIds.1.y=d&ItemIdsX.3=e&ItemIds=f");
    OK(mln_params_indexes(&f->params, &f->arena, "ItemIds", 3, &out, &f->err), &f->err);
    assert_int_equal(out.count, 3);
    assert_int_equal(out.items[0], 1);
    assert_int_equal(out.items[1], 2);
    assert_int_equal(out.items[2], 10);
    OK(mln_params_indexes(&f->params, &f->arena, "Other", 3, &out, &f->err), &f->err);
    assert_int_equal(out.count, 0);
}

static void refuses_lists_over_their_limit_and_bad_indexes(void **state)
{
    static const char *const bad[] = { "L.0=a", "L.-1=a", "L.01=a", "L.x=a", "L.=a", "L.100001=a",
        "L..1=a", "L.1x=a", "L.+1=a", "L.99999999999999999999=a" };
    struct fixture *f = *state;
    struct mln_param_indexes out = { .count = 77 };

    query(f, "L.1=a&L.2=b&L.100000=c");
    FAILS(mln_params_indexes(&f->params, &f->arena, "L", 2, &out, &f->err), MLN_ETOOBIG, &f->err,
            "L has more than 2");
    for (size_t i = 0; i < MLN_LEN(bad); i++) {
        f->params = (struct mln_params){ 0 };
        query(f, bad[i]);
        FAILS(mln_params_indexes(&f->params, &f->arena, "L", 9, &out, &f->err), MLN_EINVAL, &f->err,
                "an index of L");
    }
    assert_int_equal(out.count, 77);
}

static void reads_elements_and_their_members(void **state)
{
    struct fixture *f = *state;
    struct mln_str out = MLN_STR("poison");

    query(f, "L.1=a&L.10=b&L.2.Type=c&L.2.Content.Method=0&L.2.TypeX=d");
    assert_false(mln_params_list_get(&f->params, "L", 2, NULL, &out));
    assert_false(mln_params_list_get(&f->params, "L", 3, NULL, &out));
    assert_false(mln_params_list_get(&f->params, "L", 1, "Type", &out));
    assert_false(mln_params_list_get(&f->params, "L", 2, "Content", &out));
    assert_false(mln_params_list_get(&f->params, "L", 2, "", &out));
    EQ_STR(out, "poison");
    assert_true(mln_params_list_get(&f->params, "L", 1, NULL, &out));
    EQ_STR(out, "a");
    assert_true(mln_params_list_get(&f->params, "L", 10, NULL, &out));
    EQ_STR(out, "b");
    assert_true(mln_params_list_get(&f->params, "L", 2, "Type", &out));
    EQ_STR(out, "c");
    assert_true(mln_params_list_get(&f->params, "L", 2, "Content.Method", &out));
    EQ_STR(out, "0");
}

/* What a client would send for `n` elements, rebuilt in the order in which they were given. */
static void rebuilds_every_list_that_was_flattened(void **state)
{
    struct fixture *f = *state;

    for (size_t n = 0; n <= 120; n += 15) {
        MLN_AUTO(mln_buf_free) struct mln_buf body = MLN_BUF_INIT(64 * 1024);
        MLN_AUTO(mln_buf_free) struct mln_buf text = MLN_BUF_INIT(64 * 1024);
        struct mln_params from_json = { 0 }, from_query = { 0 };
        struct mln_param_indexes indexes = { 0 };

        mln_buf_add_cstr(&body, "{\"L\":[");
        for (size_t i = 0; i < n; i++)
            mln_buf_addf(&body, "%s{\"Id\":\"v%zu\"}", i > 0 ? "," : "", i * 7 + 1);
        mln_buf_add_cstr(&body, "]}");
        OK(mln_params_parse_json(&from_json, &f->arena, mln_buf_str(&body), &f->err), &f->err);
        mln_params_sort(&from_json);
        for (size_t i = 0; i < from_json.count; i++) {
            mln_percent_encode(from_json.items[i].name, &text);
            mln_buf_add_char(&text, '=');
            mln_percent_encode(from_json.items[i].value, &text);
            mln_buf_add_char(&text, '&');
        }
        OK(mln_params_parse_query(&from_query, &f->arena, mln_buf_str(&text), &f->err), &f->err);
        OK(mln_params_indexes(&from_query, &f->arena, "L", 120, &indexes, &f->err), &f->err);
        assert_int_equal(indexes.count, n);
        for (size_t i = 0; i < n; i++) {
            struct mln_str value = { 0 };
            int64_t number = -1;

            assert_true(mln_params_list_get(&from_query, "L", indexes.items[i], "Id", &value));
            value.ptr++;
            value.len--;
            assert_int_equal(mln_str_to_i64(value, &number), MLN_OK);
            assert_int_equal(number, i * 7 + 1);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(decodes_a_query, begin, end),
        cmocka_unit_test_setup_teardown(joins_query_and_form, begin, end),
        cmocka_unit_test_setup_teardown(flattens_a_json_body, begin, end),
        cmocka_unit_test_setup_teardown(refuses_a_body_that_is_no_object, begin, end),
        cmocka_unit_test_setup_teardown(
                stops_at_the_limit_of_parameters_and_keeps_what_was, begin, end),
        cmocka_unit_test_setup_teardown(reports_an_exhausted_arena, begin, end),
        cmocka_unit_test_setup_teardown(sorts_in_byte_order, begin, end),
        cmocka_unit_test_setup_teardown(finds_a_repeated_name, begin, end),
        cmocka_unit_test_setup_teardown(finds_a_list_that_came_both_ways, begin, end),
        cmocka_unit_test_setup_teardown(tells_absent_from_empty, begin, end),
        cmocka_unit_test_setup_teardown(orders_a_list_by_number, begin, end),
        cmocka_unit_test_setup_teardown(refuses_lists_over_their_limit_and_bad_indexes, begin, end),
        cmocka_unit_test_setup_teardown(reads_elements_and_their_members, begin, end),
        cmocka_unit_test_setup_teardown(rebuilds_every_list_that_was_flattened, begin, end),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
