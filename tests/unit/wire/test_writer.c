#include <math.h>

#include "test.h"
#include "wire/json.h"
#include "wire/writer.h"

#define OUT_MAX  ((size_t)64 * 1024)
#define XML_DECL "<?xml version=\"1.0\" encoding=\"UTF-8\"?>"

/* Writes one document in `format` and compares it byte for byte. */
static void expect(void (*write)(struct mln_writer *w), enum mln_format format, const char *want)
{
    struct mln_buf out = MLN_BUF_INIT(OUT_MAX);
    struct mln_writer w;

    mln_writer_begin(&w, &out, format, "Root");
    write(&w);
    mln_writer_end(&w);
    EQ_STR(mln_buf_str(&out), want);
    mln_buf_free(&out);
}

static void nothing(struct mln_writer *w)
{
    (void)w;
}

static void scalars(struct mln_writer *w)
{
    mln_writer_cstr(w, "Text", "a b");
    mln_writer_str(w, "Empty", (struct mln_str){ 0 });
    mln_writer_i64(w, "Min", INT64_MIN);
    mln_writer_i64(w, "Max", INT64_MAX);
    mln_writer_bool(w, "Yes", true);
    mln_writer_bool(w, "No", false);
    mln_writer_double(w, "Half", 0.5);
    mln_writer_double(w, "Whole", 3);
    mln_writer_double(w, "Large", 1e22);
    mln_writer_double(w, "NotANumber", nan(""));
    mln_writer_null(w, "Null");
}

static void lists(struct mln_writer *w)
{
    mln_writer_list_begin(w, "None");
    mln_writer_list_end(w);
    mln_writer_list_begin(w, "Items");
    for (int64_t i = 1; i <= 2; i++) {
        mln_writer_object_begin(w, NULL);
        mln_writer_i64(w, "Id", i);
        mln_writer_list_begin(w, "Ips");
        mln_writer_cstr(w, NULL, "10.0.0.1");
        mln_writer_i64(w, NULL, i);
        mln_writer_list_end(w);
        mln_writer_object_end(w);
    }
    mln_writer_list_end(w);
    mln_writer_list_begin(w, "Rows");
    mln_writer_list_begin(w, NULL);
    mln_writer_bool(w, NULL, true);
    mln_writer_null(w, NULL);
    mln_writer_list_end(w);
    mln_writer_list_end(w);
}

static void objects(struct mln_writer *w)
{
    mln_writer_object_begin(w, "Outer");
    mln_writer_object_begin(w, "Inner");
    mln_writer_object_end(w);
    mln_writer_i64(w, "A", 1);
    mln_writer_object_end(w);
    mln_writer_i64(w, "B", 2);
}

static void text_objects(struct mln_writer *w)
{
    mln_writer_text_object_begin(w, "ContentResource");
    mln_writer_cstr(w, "value", "<b> & \"q\" \x01\xef\xbf\xbf");
    mln_writer_list_begin(w, "list");
    mln_writer_i64(w, NULL, 1);
    mln_writer_object_begin(w, NULL);
    mln_writer_null(w, "n");
    mln_writer_object_end(w);
    mln_writer_list_end(w);
    mln_writer_text_object_begin(w, "deeper");
    mln_writer_str_named(w, MLN_STR("a<\"b"), MLN_STR("c"));
    mln_writer_text_object_end(w);
    mln_writer_text_object_end(w);
    mln_writer_cstr(w, "After", "x");
    mln_writer_list_begin(w, "Many");
    mln_writer_text_object_begin(w, NULL);
    mln_writer_text_object_end(w);
    mln_writer_text_object_begin(w, NULL);
    mln_writer_i64(w, "k", 1);
    mln_writer_text_object_end(w);
    mln_writer_list_end(w);
}

static void named(struct mln_writer *w)
{
    mln_writer_str_named(w, MLN_STR("a\n\"b"), MLN_STR("1"));
    mln_writer_str_named(w, MLN_STR(""), MLN_STR(""));
}

static void writes_the_same_calls_in_both_syntaxes(void **state)
{
    static const struct {
        void (*write)(struct mln_writer *w);
        const char *json, *xml;
    } cases[] = {
        { nothing, "{}", XML_DECL "<Root></Root>" },
        { scalars,
                "{\"Text\":\"a b\",\"Empty\":\"\",\"Min\":-9223372036854775808,\"Max\":9223372036854775807,"
                "\"Yes\":true,\"No\":false,\"Half\":0.5,\"Whole\":3.0,\"Large\":1e+22,\"NotANumber\":null,"
                "\"Null\":null}",
                XML_DECL
                "<Root><Text>a b</Text><Empty></Empty><Min>-9223372036854775808</Min>"
                "<Max>9223372036854775807</Max><Yes>true</Yes><No>false</No><Half>0.5</Half>"
                "<Whole>3.0</Whole><Large>1e+22</Large></Root>" },
        { lists,
                "{\"None\":[],\"Items\":[{\"Id\":1,\"Ips\":[\"10.0.0.1\",1]},{\"Id\":2,\"Ips\":[\"10.0.0.1\","
                "2]}],\"Rows\":[[true,null]]}",
                XML_DECL
                "<Root><Items><Id>1</Id><Ips>10.0.0.1</Ips><Ips>1</Ips></Items><Items><Id>2</Id>"
                "<Ips>10.0.0.1</Ips><Ips>2</Ips></Items><Rows>true</Rows></Root>" },
        { objects, "{\"Outer\":{\"Inner\":{},\"A\":1},\"B\":2}",
                XML_DECL "<Root><Outer><Inner></Inner><A>1</A></Outer><B>2</B></Root>" },
        { text_objects,
                "{\"ContentResource\":{\"value\":\"<b> & \\\"q\\\" \\u0001\xef\xbf\xbf\",\"list\":[1,{\"n\":"
                "null}],\"deeper\":{\"a<\\\"b\":\"c\"}},\"After\":\"x\",\"Many\":[{},{\"k\":1}]}",
                XML_DECL
                "<Root><ContentResource>{\"value\":\"&lt;b&gt; &amp; \\\"q\\\" \\u0001\xef\xbf\xbd\","
                "\"list\":[1,{\"n\":null}],\"deeper\":{\"a&lt;\\\"b\":\"c\"}}</ContentResource>"
                "<After>x</After><Many>{}</Many><Many>{\"k\":1}</Many></Root>" },
    };

    (void)state;
    for (size_t i = 0; i < MLN_LEN(cases); i++) {
        expect(cases[i].write, MLN_FORMAT_JSON, cases[i].json);
        expect(cases[i].write, MLN_FORMAT_XML, cases[i].xml);
    }
    expect(named, MLN_FORMAT_JSON, "{\"a\\n\\\"b\":\"1\",\"\":\"\"}");
}

#define BAD "\xef\xbf\xbd"

static void escapes_and_repairs_text(void **state)
{
    const struct {
        struct mln_str text;
        const char *json, *xml;
    } cases[] = {
        { MLN_STR("plain"), "plain", "plain" },
        { MLN_STR("\"\\/<>&'"), "\\\"\\\\/<>&'", "\"\\/&lt;&gt;&amp;'" },
        { MLN_STR("\t\n\r"), "\\t\\n\\r", "\t\n&#13;" },
        { MLN_STR("a\0b\x1f\x7f"), "a\\u0000b\\u001f\x7f", "a" BAD "b" BAD "\x7f" },
        { MLN_STR("\xc3\xa9\xe4\xb8\xad\xf0\x9f\x98\x80"), "\xc3\xa9\xe4\xb8\xad\xf0\x9f\x98\x80",
                "\xc3\xa9\xe4\xb8\xad\xf0\x9f\x98\x80" },
        { MLN_STR("\xef\xbf\xbd\xef\xbf\xbe\xef\xbf\xbf"), BAD "\xef\xbf\xbe\xef\xbf\xbf",
                BAD BAD BAD },
        { MLN_STR("\xff"), BAD, BAD },
        { MLN_STR("a\x80z"), "a" BAD "z", "a" BAD "z" },
        { MLN_STR("\xc0\xaf"), BAD BAD, BAD BAD },             /* Overlong. */
        { MLN_STR("\xe0\x9f\xbf"), BAD BAD BAD, BAD BAD BAD }, /* Overlong. */
        { MLN_STR("\xed\xa0\x80"), BAD BAD BAD, BAD BAD BAD }, /* A surrogate. */
        { MLN_STR("\xf4\x90\x80\x80"), BAD BAD BAD BAD, BAD BAD BAD BAD },
        { MLN_STR("\xf0\x8f\xbf\xbf"), BAD BAD BAD BAD, BAD BAD BAD BAD },
        { MLN_STR("\xe4\xb8"), BAD BAD, BAD BAD }, /* Cut off. */
        { MLN_STR("\xe4\xb8\""), BAD BAD "\\\"", BAD BAD "\"" },
        { MLN_STR("\xf4\x8f\xbf\xbf"), "\xf4\x8f\xbf\xbf", "\xf4\x8f\xbf\xbf" },
    };

    (void)state;
    for (size_t i = 0; i < MLN_LEN(cases); i++) {
        for (int format = MLN_FORMAT_JSON; format <= MLN_FORMAT_XML; format++) {
            bool json = format == MLN_FORMAT_JSON;
            struct mln_buf out = MLN_BUF_INIT(OUT_MAX), want = MLN_BUF_INIT(OUT_MAX);
            struct mln_writer w;

            mln_writer_begin(&w, &out, json ? MLN_FORMAT_JSON : MLN_FORMAT_XML, "R");
            mln_writer_str(&w, "T", cases[i].text);
            mln_writer_end(&w);
            mln_buf_add_cstr(&want, json ? "{\"T\":\"" : XML_DECL "<R><T>");
            mln_buf_add_cstr(&want, json ? cases[i].json : cases[i].xml);
            mln_buf_add_cstr(&want, json ? "\"}" : "</T></R>");
            EQ_STR(mln_buf_str(&out), want.ptr);
            mln_buf_free(&want);
            mln_buf_free(&out);
        }
    }
}

static void what_is_written_reads_back(void **state)
{
    struct mln_buf out = MLN_BUF_INIT(OUT_MAX), printed = MLN_BUF_INIT(OUT_MAX);
    void (*const writers[])(
            struct mln_writer *) = { nothing, scalars, lists, objects, text_objects, named };

    (void)state;
    for (size_t i = 0; i < MLN_LEN(writers); i++) {
        struct mln_json *doc = NULL;
        struct mln_writer w;
        struct mln_err err;

        mln_buf_reset(&out);
        mln_buf_reset(&printed);
        mln_writer_begin(&w, &out, MLN_FORMAT_JSON, NULL);
        writers[i](&w);
        mln_writer_end(&w);
        OK(mln_json_parse(mln_buf_str(&out), &doc, &err), &err);
        mln_json_print(mln_json_root(doc), &printed);
        EQ_STR(mln_buf_str(&printed), out.ptr);
        mln_json_free(doc);
    }
    mln_buf_free(&printed);
    mln_buf_free(&out);
}

static void too_deep_fails_the_buffer_and_stays_balanced(void **state)
{
    struct mln_buf out = MLN_BUF_INIT(OUT_MAX);
    struct mln_writer w;
    struct mln_str text;
    struct mln_err err;

    (void)state;
    for (unsigned levels = MLN_WRITER_DEPTH_MAX - 1; levels < MLN_WRITER_DEPTH_MAX + 3; levels++) {
        mln_buf_reset(&out);
        mln_writer_begin(&w, &out, MLN_FORMAT_JSON, "R");
        for (unsigned i = 0; i < levels; i++) {
            if (i % 2 == 0)
                mln_writer_list_begin(&w, "l");
            else
                mln_writer_object_begin(&w, NULL);
        }
        for (unsigned i = levels; i > 0; i--) {
            if (i % 2 == 1)
                mln_writer_list_end(&w);
            else
                mln_writer_object_end(&w);
        }
        mln_writer_end(&w);
        if (levels < MLN_WRITER_DEPTH_MAX)
            OK(mln_buf_done(&out, &text, &err), &err);
        else
            FAILS(mln_buf_done(&out, &text, &err), MLN_ETOOBIG, &err, "limit");
    }
    mln_buf_free(&out);
}

static void a_full_buffer_is_reported_once(void **state)
{
    struct mln_buf out = MLN_BUF_INIT(40);
    struct mln_writer w;
    struct mln_str text = MLN_STR("poison");
    struct mln_err err;

    (void)state;
    mln_writer_begin(&w, &out, MLN_FORMAT_XML, "Root");
    text_objects(&w);
    mln_writer_end(&w);
    FAILS(mln_buf_done(&out, &text, &err), MLN_ETOOBIG, &err, "40 bytes");
    EQ_STR(text, "poison");
    mln_buf_free(&out);
}

static void quotes_a_string_by_itself(void **state)
{
    struct mln_buf out = MLN_BUF_INIT(OUT_MAX);

    (void)state;
    mln_json_quote(MLN_STR("a\"<\xff"), &out);
    mln_json_quote((struct mln_str){ 0 }, &out);
    EQ_STR(mln_buf_str(&out), "\"a\\\"<" BAD "\"\"\"");
    mln_buf_free(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(writes_the_same_calls_in_both_syntaxes),
        cmocka_unit_test(escapes_and_repairs_text),
        cmocka_unit_test(what_is_written_reads_back),
        cmocka_unit_test(too_deep_fails_the_buffer_and_stays_balanced),
        cmocka_unit_test(a_full_buffer_is_reported_once),
        cmocka_unit_test(quotes_a_string_by_itself),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
