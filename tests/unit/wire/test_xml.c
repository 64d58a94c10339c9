#include "test.h"
#include "wire/xml.h"

#define ARENA_MAX ((size_t)16 * 1024 * 1024)

static void finds_the_text_of_the_first_element(void **state)
{
    static const struct {
        const char *xml, *text;
    } cases[] = {
        { "<?xml version=\"1.0\" encoding=\"UTF-8\"?><Error><Code>NoSuchBucket</Code></Error>",
                "NoSuchBucket" },
        { "<E><A><Code>1</Code></A><Code>2</Code></E>", "1" },
        { "<Code>root</Code>", "root" },
        { "<E><Code/></E>", "" },
        { "<E><Code>a<i>b</i>c</Code></E>", "abc" },
        { "<E><Code>a<Code>b</Code>c</Code><Code>d</Code></E>", "abc" },
        { "<E><Code>&lt;&amp;&#20013;<![CDATA[<x>]]></Code></E>", "<&\xe4\xb8\xad<x>" },
        { "<E><Code>a\r\nb</Code></E>\n", "a\nb" },
    };

    (void)state;
    for (size_t i = 0; i < MLN_LEN(cases); i++) {
        struct mln_arena arena = MLN_ARENA_INIT(ARENA_MAX);
        struct mln_str text = MLN_STR("poison");

        assert_true(mln_xml_text(mln_str_of(cases[i].xml), "Code", &arena, &text));
        EQ_STR(text, cases[i].text);
        mln_arena_free(&arena);
    }
}

static void refuses_what_is_no_answer(void **state)
{
    static const char *const cases[] = {
        "",
        "not xml",
        "<E></E>",
        "<E><code>case</code></E>",
        "<E><Code>cut off",
        "<E><Code>a</Code>",
        "<E><Code>a</Code></F>",
        "<E><Code>a</Code></E><E/>",
        "<E><Code>\xff</Code></E>",
        "<E><Code>&unknown;</Code></E>",
        "<!DOCTYPE E><E><Code>a</Code></E>",
        "<!DOCTYPE E [<!ENTITY a \"aaaa\"><!ENTITY b \"&a;&a;\">]><E><Code>&b;</Code></E>",
        "<!DOCTYPE E SYSTEM \"file:///etc/passwd\"><E><Code>a</Code></E>",
    };

    (void)state;
    for (size_t i = 0; i < MLN_LEN(cases); i++) {
        struct mln_arena arena = MLN_ARENA_INIT(ARENA_MAX);
        struct mln_str text = MLN_STR("poison");

        assert_false(mln_xml_text(mln_str_of(cases[i]), "Code", &arena, &text));
        EQ_STR(text, "poison");
        mln_arena_free(&arena);
    }
}

static void limits_depth_and_size(void **state)
{
    (void)state;
    for (size_t levels = MLN_XML_DEPTH_MAX - 1; levels <= MLN_XML_DEPTH_MAX; levels++) {
        struct mln_arena arena = MLN_ARENA_INIT(ARENA_MAX);
        struct mln_buf xml = MLN_BUF_INIT(ARENA_MAX);
        struct mln_str text;

        for (size_t i = 0; i < levels; i++)
            mln_buf_add_cstr(&xml, "<a>");
        mln_buf_add_cstr(&xml, "<Code>x</Code>");
        for (size_t i = 0; i < levels; i++)
            mln_buf_add_cstr(&xml, "</a>");
        assert_int_equal(
                mln_xml_text(mln_buf_str(&xml), "Code", &arena, &text), levels < MLN_XML_DEPTH_MAX);
        mln_buf_free(&xml);
        mln_arena_free(&arena);
    }
    for (size_t over = 0; over < 2; over++) {
        struct mln_arena arena = MLN_ARENA_INIT(ARENA_MAX);
        struct mln_buf xml = MLN_BUF_INIT(ARENA_MAX);
        struct mln_str text;

        mln_buf_add_cstr(&xml, "<Code>x</Code>");
        while (xml.len < MLN_XML_BYTES_MAX + over)
            mln_buf_add_char(&xml, ' ');
        assert_int_equal(mln_xml_text(mln_buf_str(&xml), "Code", &arena, &text), over == 0);
        mln_buf_free(&xml);
        mln_arena_free(&arena);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(finds_the_text_of_the_first_element),
        cmocka_unit_test(refuses_what_is_no_answer),
        cmocka_unit_test(limits_depth_and_size),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
