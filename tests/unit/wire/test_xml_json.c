#include "test.h"
#include "wire/json.h"
#include "wire/xml.h"

#define OUT_MAX ((size_t)16 * 1024 * 1024)

static struct mln_err err;

static int convert(const char *xml, struct mln_buf *out, char root[64])
{
    return mln_xml_to_json(mln_str_of(xml), out, root, &err);
}

static void turns_elements_into_members(void **state)
{
    static const struct {
        const char *xml, *json;
    } cases[] = {
        { "<R/>", "\"\"" },
        { "<R>text</R>", "\"text\"" },
        { "<R><A>1</A></R>", "{\"A\":\"1\"}" },
        { "<R><A/></R>", "{\"A\":\"\"}" },
        { "<R>\n  <A>\n  </A>\n</R>", "{\"A\":\"\"}" },
        { "<R><A> kept </A></R>", "{\"A\":\" kept \"}" },
        { "<R><A>1</A><A>2</A></R>", "{\"A\":[\"1\",\"2\"]}" },
        { "<R><A>1</A><B>x</B><A><C>2</C></A><B/></R>",
                "{\"A\":[\"1\",{\"C\":\"2\"}],\"B\":[\"x\",\"\"]}" },
        { "<R>between<A>1</A>is<A>2</A>lost</R>", "{\"A\":[\"1\",\"2\"]}" },
        { "<R a=\"1\"><A b='2'>c</A></R>", "{\"A\":\"c\"}" },
        { "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<!-- x --><R><A>1</A></R>\n",
                "{\"A\":\"1\"}" },
        { "<R><A>&lt;&amp;&quot;&#20013;&#x0a;<![CDATA[</A>]]></A></R>",
                "{\"A\":\"<&\\\"\xe4\xb8\xad\\n</A>\"}" },
        { "<L xmlns=\"http://x\"><p:A xmlns:p=\"u\">1</p:A></L>", "{\"p:A\":\"1\"}" },
        { "<?xml version=\"1.0\" encoding=\"ISO-8859-1\"?><R>\xe9</R>", "\"\xc3\xa9\"" },
    };

    (void)state;
    for (size_t i = 0; i < MLN_LEN(cases); i++) {
        MLN_AUTO(mln_buf_free) struct mln_buf out = MLN_BUF_INIT(OUT_MAX);

        OK(convert(cases[i].xml, &out, NULL), &err);
        EQ_STR(mln_buf_str(&out), cases[i].json);
    }
}

static void gives_the_name_of_the_root(void **state)
{
    MLN_AUTO(mln_buf_free) struct mln_buf out = MLN_BUF_INIT(OUT_MAX);
    char root[64] = "poison", xml[256];

    (void)state;
    OK(convert("<Error><Code>AccessDenied</Code></Error>", &out, root), &err);
    assert_string_equal(root, "Error");

    memset(xml, 'a', sizeof(xml));
    xml[0] = '<';
    memcpy(xml + 100, "/>", 3);
    FAILS(convert(xml, &out, root), MLN_ETOOBIG, &err, "root");
    assert_string_equal(root, "Error");
}

static void refuses_what_is_no_answer(void **state)
{
    static const struct {
        const char *xml, *part;
        int code;
    } cases[] = {
        { "", "no element", MLN_EINVAL },
        { "text", "line 1", MLN_EINVAL },
        { "<R><A>cut off", "malformed", MLN_EINVAL },
        { "<R></S>", "malformed", MLN_EINVAL },
        { "<R/><R/>", "malformed", MLN_EINVAL },
        { "<R>\xff</R>", "malformed", MLN_EINVAL },
        { "<R>&unknown;</R>", "malformed", MLN_EINVAL },
        { "<!DOCTYPE R><R/>", "DTD", MLN_EINVAL },
        { "<!DOCTYPE R SYSTEM \"file:///etc/passwd\"><R/>", "DTD", MLN_EINVAL },
        { "<!DOCTYPE R [<!ENTITY a \"aaaa\"><!ENTITY b \"&a;&a;\">]><R>&b;</R>", "DTD",
                MLN_EINVAL },
    };

    (void)state;
    for (size_t i = 0; i < MLN_LEN(cases); i++) {
        MLN_AUTO(mln_buf_free) struct mln_buf out = MLN_BUF_INIT(OUT_MAX);
        char root[64] = "poison";

        mln_buf_add_cstr(&out, "before");
        FAILS(convert(cases[i].xml, &out, root), cases[i].code, &err, cases[i].part);
        EQ_STR(mln_buf_str(&out), "before");
        assert_string_equal(root, "poison");
    }
}

/* `count` times `unit` between "<R>" and "</R>", with a number in place of '#'. */
static void repeat(struct mln_buf *xml, const char *unit, int count)
{
    mln_buf_add_cstr(xml, "<R>");
    for (int i = 0; i < count; i++) {
        for (const char *at = unit; *at != '\0'; at++) {
            if (*at == '#')
                mln_buf_add_i64(xml, i);
            else
                mln_buf_add_char(xml, *at);
        }
    }
    mln_buf_add_cstr(xml, "</R>");
}

static void bounds_depth_size_and_names(void **state)
{
    static const struct {
        const char *unit, *part;
        int count;
    } cases[] = {
        { "<a>", "deeply", MLN_XML_DEPTH_MAX },
        { "<a#/>", "different names", 513 },
        { "<a>0123456789</a>", "limit", (int)(MLN_XML_BYTES_MAX / 16) },
    };

    (void)state;
    for (size_t i = 0; i < MLN_LEN(cases); i++) {
        MLN_AUTO(mln_buf_free) struct mln_buf xml = MLN_BUF_INIT(OUT_MAX);
        MLN_AUTO(mln_buf_free) struct mln_buf out = MLN_BUF_INIT(OUT_MAX);

        repeat(&xml, cases[i].unit, cases[i].count);
        FAILS(mln_xml_to_json(mln_buf_str(&xml), &out, NULL, &err), MLN_ETOOBIG, &err,
                cases[i].part);
    }
}

static void takes_the_longest_list(void **state)
{
    MLN_AUTO(mln_buf_free) struct mln_buf xml = MLN_BUF_INIT(OUT_MAX);
    MLN_AUTO(mln_buf_free) struct mln_buf out = MLN_BUF_INIT(OUT_MAX);
    struct mln_json *doc = NULL;
    struct mln_json_value list;

    (void)state;
    repeat(&xml, "<a/>", 1000000);
    OK(mln_xml_to_json(mln_buf_str(&xml), &out, NULL, &err), &err);
    OK(mln_json_parse(mln_buf_str(&out), &doc, &err), &err);
    assert_true(mln_json_get(mln_json_root(doc), "a", &list));
    assert_int_equal(mln_json_count(list), 1000000);
    mln_json_free(doc);
}

static void says_when_the_output_is_too_small(void **state)
{
    MLN_AUTO(mln_buf_free) struct mln_buf out = MLN_BUF_INIT(10);

    (void)state;
    mln_buf_add_cstr(&out, "abc");
    FAILS(convert("<R><A>0123456789</A></R>", &out, NULL), MLN_ETOOBIG, &err, "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(turns_elements_into_members),
        cmocka_unit_test(gives_the_name_of_the_root),
        cmocka_unit_test(refuses_what_is_no_answer),
        cmocka_unit_test(bounds_depth_size_and_names),
        cmocka_unit_test(takes_the_longest_list),
        cmocka_unit_test(says_when_the_output_is_too_small),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
