#include "test.h"
#include "wire/json.h"

#define OUT_MAX ((size_t)1024 * 1024)

static struct mln_json *parse(const char *text)
{
    struct mln_json *doc = NULL;
    struct mln_err err;

    OK(mln_json_parse(mln_str_of(text), &doc, &err), &err);
    return doc;
}

static struct mln_json_value member(struct mln_json_value object, const char *key)
{
    struct mln_json_value value = { 0 };

    assert_true(mln_json_get(object, key, &value));
    return value;
}

static void reads_every_type(void **state)
{
    static const struct {
        const char *text;
        enum mln_json_type type;
    } cases[] = {
        { "null", MLN_JSON_NULL },
        { " true\n", MLN_JSON_BOOL },
        { "false", MLN_JSON_BOOL },
        { "0", MLN_JSON_INT },
        { "-9223372036854775808", MLN_JSON_INT },
        { "9223372036854775807", MLN_JSON_INT },
        { "9223372036854775808", MLN_JSON_DOUBLE },
        { "18446744073709551615", MLN_JSON_DOUBLE },
        { "1.0", MLN_JSON_DOUBLE },
        { "1e3", MLN_JSON_DOUBLE },
        { "\"\"", MLN_JSON_STRING },
        { "[]", MLN_JSON_ARRAY },
        { "{}", MLN_JSON_OBJECT },
    };

    (void)state;
    for (size_t i = 0; i < MLN_LEN(cases); i++) {
        struct mln_json *doc = parse(cases[i].text);

        assert_int_equal(mln_json_type(mln_json_root(doc)), cases[i].type);
        mln_json_free(doc);
    }
}

static void refuses_malformed_text_without_quoting_it(void **state)
{
    static const struct {
        const char *text, *reason;
    } cases[] = {
        { "", "there is no value" },
        { " \n", "there is no value" },
        { "{\"secret\":1,}", "the structure is wrong" },
        { "[1 2]", "the structure is wrong" },
        { "{} secret", "the structure is wrong" },
        { "{'secret':1}", "the structure is wrong" },
        { "[\"secret", "a string is not closed" },
        { "[\"secret\n\"]", "a string has a control character" },
        { "\"secret\\q\"", "a string has a wrong escape" },
        { "\"secret\\ud800\"", "a string has a wrong escape" },
        { "\"secret\\udc00\"", "a string has a wrong escape" },
        { "[\"secret\xff\"]", "the text is not UTF-8" },
        { "[\"secret\xed\xa0\x80\"]", "the text is not UTF-8" },
        { "[truth]", "a word is none of" },
        { "[01]", "a number is malformed or out of range" },
        { "[1e400]", "a number is malformed or out of range" },
        { "[18446744073709551616]", "a number is malformed or out of range" },
    };

    (void)state;
    for (size_t i = 0; i < MLN_LEN(cases); i++) {
        struct mln_err err = { 0 };
        struct mln_json *poison = (struct mln_json *)&err, *doc = poison;

        FAILS(mln_json_parse(mln_str_of(cases[i].text), &doc, &err), MLN_EINVAL, &err,
                cases[i].reason);
        assert_null(strstr(err.msg, "secret"));
        assert_ptr_equal(doc, poison);
    }
}

static void limits_the_depth(void **state)
{
    char text[6 * (MLN_JSON_DEPTH_MAX + 2) + 1];

    (void)state;
    for (size_t extra = 0; extra < 2; extra++) {
        size_t levels = MLN_JSON_DEPTH_MAX + extra, at = 0;
        struct mln_json *doc = NULL;
        struct mln_err err;

        for (size_t i = 0; i < levels; i++, at += 5)
            memcpy(text + at, "{\"a\":", 5);
        text[at++] = '1';
        memset(text + at, '}', levels);
        at += levels;
        if (extra == 0)
            OK(mln_json_parse((struct mln_str){ text, at }, &doc, &err), &err);
        else
            FAILS(mln_json_parse((struct mln_str){ text, at }, &doc, &err), MLN_EINVAL, &err,
                    "nested too deeply");
        mln_json_free(doc);
    }
}

static void limits_the_size(void **state)
{
    struct mln_json *doc = NULL;
    struct mln_err err;

    (void)state;
    FAILS(mln_json_parse((struct mln_str){ "1", MLN_JSON_BYTES_MAX + 1 }, &doc, &err), MLN_ETOOBIG,
            &err, "over its limit");
}

static void copies_the_text(void **state)
{
    char text[] = "{\"a\":\"value\"}";
    struct mln_json *doc = parse(text);
    struct mln_str value;

    (void)state;
    memset(text, 'x', sizeof(text));
    assert_true(mln_json_get_str(mln_json_root(doc), "a", &value));
    EQ_STR(value, "value");
    mln_json_free(doc);
}

static void decodes_strings(void **state)
{
    struct mln_json *doc = parse(
            "[\"\\\"\\\\\\/\\b\\f\\n\\r\\t\\u00e9\\ud83d\\ude00\", \"a\\u0000b\"]");
    struct mln_json_iter it = mln_json_iter(mln_json_root(doc));
    struct mln_json_value value;
    struct mln_str text = { 0 };

    (void)state;
    assert_true(mln_json_next(&it, NULL, &value) && mln_json_to_str(value, &text));
    EQ_STR(text, "\"\\/\b\f\n\r\t\xc3\xa9\xf0\x9f\x98\x80");
    assert_true(mln_json_next(&it, NULL, &value) && mln_json_to_str(value, &text));
    assert_true(mln_str_eq(text, MLN_STR("a\0b")));
    assert_false(mln_json_next(&it, NULL, &value));
    mln_json_free(doc);
}

static void typed_reads_refuse_other_types_and_leave_the_output(void **state)
{
    struct mln_json *doc = parse(
            "{\"i\":-7,\"d\":2.5,\"u\":9223372036854775808,\"s\":\"x\",\"b\":true,"
            "\"n\":null}");
    struct mln_json_value root = mln_json_root(doc), poison = { &doc, 7 }, value = poison;
    struct mln_str text = MLN_STR("poison");
    int64_t number = 42;
    double real = 42;
    bool flag = true;

    (void)state;
    assert_false(mln_json_get(root, "absent", &value));
    assert_false(mln_json_get(member(root, "i"), "i", &value));
    assert_true(value.document == poison.document && value.index == poison.index);
    assert_false(mln_json_get_str(root, "i", &text));
    EQ_STR(text, "poison");
    assert_false(mln_json_get_i64(root, "d", &number));
    assert_false(mln_json_get_i64(root, "u", &number));
    assert_false(mln_json_get_i64(root, "s", &number));
    assert_int_equal(number, 42);
    assert_false(mln_json_to_double(member(root, "s"), &real));
    assert_true(real > 41 && real < 43);
    assert_false(mln_json_to_bool(member(root, "n"), &flag));
    assert_true(flag);

    assert_true(mln_json_get_i64(root, "i", &number));
    assert_int_equal(number, -7);
    assert_true(mln_json_to_double(member(root, "i"), &real) && real < -6.9 && real > -7.1);
    assert_true(mln_json_to_double(member(root, "d"), &real) && real > 2.4 && real < 2.6);
    assert_true(mln_json_to_double(member(root, "u"), &real) && real > 9.2e18 && real < 9.3e18);
    assert_true(mln_json_to_bool(member(root, "b"), &flag) && flag);
    mln_json_free(doc);
}

static void a_zeroed_value_reads_as_null(void **state)
{
    struct mln_json_value nothing = { 0 }, value;
    struct mln_json_iter it = mln_json_iter(nothing);

    (void)state;
    assert_int_equal(mln_json_type(nothing), MLN_JSON_NULL);
    assert_int_equal(mln_json_count(nothing), 0);
    assert_false(mln_json_get(nothing, "a", &value));
    assert_false(mln_json_next(&it, NULL, &value));
}

static void visits_members_in_order_with_repeats_and_gets_the_first(void **state)
{
    struct mln_json *doc = parse("{\"a\":1,\"b\":[2,{\"a\":9}],\"a\":3,\"\":{}}");
    struct mln_json_iter it = mln_json_iter(mln_json_root(doc));
    static const char *const keys[] = { "a", "b", "a", "" };
    struct mln_json_value value;
    struct mln_str key;
    int64_t number = 0;
    size_t at = 0;

    (void)state;
    while (mln_json_next(&it, &key, &value))
        EQ_STR(key, keys[at++]);
    assert_int_equal(at, MLN_LEN(keys));
    assert_int_equal(mln_json_count(mln_json_root(doc)), MLN_LEN(keys));
    assert_true(mln_json_get_i64(mln_json_root(doc), "a", &number));
    assert_int_equal(number, 1);
    assert_int_equal(mln_json_count(member(mln_json_root(doc), "b")), 2);
    assert_int_equal(mln_json_count(member(mln_json_root(doc), "")), 0);
    assert_int_equal(mln_json_count(member(mln_json_root(doc), "a")), 0);
    mln_json_free(doc);
}

static void prints_compact_text_that_reads_back(void **state)
{
    static const struct {
        const char *text, *printed;
    } cases[] = {
        { " { \"a\" : [ 1 , -2 , true , false , null ] , \"b\" : { } , \"c\" : [ ] } ",
                "{\"a\":[1,-2,true,false,null],\"b\":{},\"c\":[]}" },
        { "[1.0,0.1,-0.0,5e-324,1.7976931348623157e308,1E5,123456789.125]",
                "[1.0,0.1,-0.0,5e-324,1.7976931348623157e+308,1e+05,123456789.125]" },
        { "[9223372036854775808,18446744073709551615]",
                "[9223372036854775808,18446744073709551615]" },
        { "{\"\\u0001\\\"\":\"\\u0000\\u001f\\/\\u00e9\"}",
                "{\"\\u0001\\\"\":\"\\u0000\\u001f/\xc3\xa9\"}" },
        { "{\"a\":1,\"a\":2}", "{\"a\":1,\"a\":2}" },
    };

    (void)state;
    for (size_t i = 0; i < MLN_LEN(cases); i++) {
        struct mln_buf first = MLN_BUF_INIT(OUT_MAX), second = MLN_BUF_INIT(OUT_MAX);
        struct mln_json *doc = parse(cases[i].text), *again;

        mln_json_print(mln_json_root(doc), &first);
        EQ_STR(mln_buf_str(&first), cases[i].printed);
        again = parse(first.ptr);
        mln_json_print(mln_json_root(again), &second);
        EQ_STR(mln_buf_str(&second), cases[i].printed);
        mln_json_free(again);
        mln_json_free(doc);
        mln_buf_free(&second);
        mln_buf_free(&first);
    }
}

static void reads_a_document_larger_than_the_kept_parser(void **state)
{
    struct mln_buf text = MLN_BUF_INIT(OUT_MAX), printed = MLN_BUF_INIT(OUT_MAX);
    struct mln_json *doc;

    (void)state;
    mln_buf_add_char(&text, '[');
    for (int64_t i = 0; i < 80000; i++) {
        if (i > 0)
            mln_buf_add_char(&text, ',');
        mln_buf_add_i64(&text, i);
    }
    mln_buf_add_char(&text, ']');
    doc = parse(text.ptr);
    assert_int_equal(mln_json_count(mln_json_root(doc)), 80000);
    mln_json_print(mln_json_root(doc), &printed);
    EQ_STR(mln_buf_str(&printed), text.ptr);
    mln_json_free(doc);
    mln_buf_free(&printed);
    mln_buf_free(&text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_every_type),
        cmocka_unit_test(refuses_malformed_text_without_quoting_it),
        cmocka_unit_test(limits_the_depth),
        cmocka_unit_test(limits_the_size),
        cmocka_unit_test(copies_the_text),
        cmocka_unit_test(decodes_strings),
        cmocka_unit_test(typed_reads_refuse_other_types_and_leave_the_output),
        cmocka_unit_test(a_zeroed_value_reads_as_null),
        cmocka_unit_test(visits_members_in_order_with_repeats_and_gets_the_first),
        cmocka_unit_test(prints_compact_text_that_reads_back),
        cmocka_unit_test(reads_a_document_larger_than_the_kept_parser),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
