#include "test.h"
#include "yaml/yaml.h"

#define ARENA_MAX ((size_t)64 * 1024 * 1024)

/* Parses `text` as rules.yaml; the caller frees the arena. */
static struct mln_yaml_file parse(struct mln_arena *arena, const char *text)
{
    struct mln_yaml_file file = { 0 };
    struct mln_err err;

    OK(mln_yaml_parse(mln_str_of(text), "rules.yaml", arena, &file, &err), &err);
    return file;
}

/* Refused with `want`, and the output stays as it was. */
static void refuse(struct mln_str text, int code, const char *want)
{
    struct mln_arena arena = MLN_ARENA_INIT(ARENA_MAX);
    struct mln_yaml_file file = { .name = "poison", .document_count = 77 };
    struct mln_err err = { 0 };

    FAILS(mln_yaml_parse(text, "rules.yaml", &arena, &file, &err), code, &err, want);
    assert_string_equal(file.name, "poison");
    assert_int_equal(file.document_count, 77);
    mln_arena_free(&arena);
}

static void reads_maps_lists_and_scalars_with_their_places(void **state)
{
    struct mln_arena arena = MLN_ARENA_INIT(ARENA_MAX);
    struct mln_yaml_file file = parse(&arena, "# head\n"
                                              "id: 12\n"
                                              "names:\n"
                                              "  - one\n"
                                              "  - {en: two, zh: [ ]}\n");
    const struct mln_yaml_node *root, *names, *pair;

    (void)state;
    assert_string_equal(file.name, "rules.yaml");
    assert_int_equal(file.document_count, 1);
    root = file.documents[0];
    assert_int_equal(root->kind, MLN_YAML_MAP);
    assert_int_equal(root->count, 2);
    EQ_STR(mln_yaml_get(root, "id")->text, "12");
    assert_int_equal(mln_yaml_get(root, "id")->line, 2);
    assert_int_equal(mln_yaml_get(root, "id")->column, 5);
    assert_int_equal(mln_yaml_get(root, "id")->key->column, 1);
    names = mln_yaml_get(root, "names");
    assert_int_equal(names->kind, MLN_YAML_LIST);
    assert_int_equal(names->count, 2);
    assert_null(names->first->key);
    EQ_STR(names->first->text, "one");
    pair = names->first->next;
    assert_null(pair->next);
    EQ_STR(mln_yaml_get(pair, "en")->text, "two");
    assert_int_equal(mln_yaml_get(pair, "zh")->kind, MLN_YAML_LIST);
    assert_int_equal(mln_yaml_get(pair, "zh")->count, 0);
    assert_null(mln_yaml_get(pair, "zh")->first);
    assert_int_equal(pair->line, 5);
    assert_null(mln_yaml_get(pair, "EN"));
    assert_null(mln_yaml_get(names, "one"));
    mln_arena_free(&arena);
}

static void tells_the_kinds_of_scalars_apart(void **state)
{
    static const struct {
        const char *yaml;
        enum mln_yaml_kind kind;
        bool quoted;
        const char *text;
    } cases[] = {
        { "a: word", MLN_YAML_SCALAR, false, "word" },
        { "a: two words # comment", MLN_YAML_SCALAR, false, "two words" },
        { "a: 'it''s'", MLN_YAML_SCALAR, true, "it's" },
        { "a: \"x\\ty\\u4e2d\"", MLN_YAML_SCALAR, true, "x\ty\xe4\xb8\xad" },
        { "a: \"\"", MLN_YAML_SCALAR, true, "" },
        { "a: ''", MLN_YAML_SCALAR, true, "" },
        { "a: ' or ''''=''x'' '", MLN_YAML_SCALAR, true, " or ''='x' " },
        { "a: 'b  c \n   d\n\n\n  e '", MLN_YAML_SCALAR, true, "b  c d\n\ne " },
        { "a: 'b\r\n\r\n c'", MLN_YAML_SCALAR, true, "b\nc" },
        { "a: 'null'", MLN_YAML_SCALAR, true, "null" },
        { "a: null", MLN_YAML_NULL, false, "null" },
        { "a: ~", MLN_YAML_NULL, false, "~" },
        { "a:", MLN_YAML_NULL, false, "" },
        { "a: |\n  one\n   two\n\n", MLN_YAML_SCALAR, true, "one\n two\n" },
        { "a: |-\n  one\n  two\n", MLN_YAML_SCALAR, true, "one\ntwo" },
        { "a: >\n  one\n  two\n", MLN_YAML_SCALAR, true, "one two\n" },
        { "a: one\n  two", MLN_YAML_SCALAR, false, "one two" },
        { "{\"a\": -5}", MLN_YAML_SCALAR, false, "-5" },
        { "\xef\xbb\xbf"
          "a: bom",
                MLN_YAML_SCALAR, false, "bom" },
        { "a: x\r\nb: y\r\n", MLN_YAML_SCALAR, false, "x" },
        { "a: ''''''''''''''''''''''''''''''''''''''''''", MLN_YAML_SCALAR, true,
                "''''''''''''''''''''" },
        { "a: \"\\n\\n\\n\\n\\n\\n\\n\\n\\n\\n\\n\\n\\n\\n\\n\\n\\n\\n\\n\\n\"", MLN_YAML_SCALAR,
                true, "\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n" },
    };

    (void)state;
    for (size_t i = 0; i < MLN_LEN(cases); i++) {
        struct mln_arena arena = MLN_ARENA_INIT(ARENA_MAX);
        struct mln_yaml_file file = parse(&arena, cases[i].yaml);
        const struct mln_yaml_node *node = mln_yaml_get(file.documents[0], "a");

        assert_non_null(node);
        assert_int_equal(node->kind, cases[i].kind);
        assert_int_equal(node->quoted, cases[i].quoted);
        EQ_STR(node->text, cases[i].text);
        mln_arena_free(&arena);
    }
}

static void reads_several_documents(void **state)
{
    static const struct {
        const char *yaml;
        size_t count;
    } cases[] = {
        { "", 0 },
        { "# only a comment\n", 0 },
        { "---\n", 1 },
        { "a: 1\n", 1 },
        { "a: 1\n---\n- b\n---\nc\n...\n", 3 },
        { "---\na: 1\n---\nb: 1\n---\nc: 1\n---\nd: 1\n---\ne: 1\n---\nf: 1\n", 6 },
    };

    (void)state;
    for (size_t i = 0; i < MLN_LEN(cases); i++) {
        struct mln_arena arena = MLN_ARENA_INIT(ARENA_MAX);
        struct mln_yaml_file file = parse(&arena, cases[i].yaml);

        assert_int_equal(file.document_count, cases[i].count);
        for (size_t at = 0; at < file.document_count; at++)
            assert_non_null(file.documents[at]);
        mln_arena_free(&arena);
    }
}

static void nothing_points_back_into_the_text(void **state)
{
    struct mln_arena arena = MLN_ARENA_INIT(ARENA_MAX);
    char text[] = "key: value", name[] = "x.yaml";
    struct mln_yaml_file file;
    struct mln_err err;

    (void)state;
    OK(mln_yaml_parse(mln_str_of(text), name, &arena, &file, &err), &err);
    memset(text, '#', sizeof(text) - 1);
    memset(name, '#', sizeof(name) - 1);
    EQ_STR(mln_yaml_get(file.documents[0], "key")->text, "value");
    assert_string_equal(file.name, "x.yaml");
    mln_arena_free(&arena);
}

static void refuses_with_file_line_and_column(void **state)
{
    static const struct {
        const char *yaml, *want;
    } cases[] = {
        { "a: 1\nb: [1", "rules.yaml:3:1: flow sequence without a closing bracket" },
        { "a: b: c", "rules.yaml:1:5: invalid nested block mapping on the same line" },
        { "a:\n\t- b", "rules.yaml:2:1: tab character" },
        { "a: \"x", "rules.yaml:1:5: double-quoted scalar without closing quote" },
        { "@x", "rules.yaml:1:1: plain scalar cannot start with '@'" },
        { "a: &x 1\nb: *x", "rules.yaml:1:7: anchors are not allowed" },
        { "&x a: 1", "anchors are not allowed" },
        { "a: &x [1]", "anchors are not allowed" },
        { "a: *x", "rules.yaml:1:5: aliases are not allowed" },
        { "*x : 1", "aliases are not allowed" },
        { "a: !!str 1", "rules.yaml:1:10: tags are not allowed" },
        { "a: !x {}", "tags are not allowed" },
        { "a: 1\n<<: {b: 1}", "rules.yaml:2:1: merge keys are not allowed" },
        { "? [a]\n: b", "rules.yaml:1:3: a key must be a word" },
        { "? {a: b}\n: b", "a key must be a word" },
        { "~: b", "a key must be a word" },
        { "a: 1\nb: 2\na: 3", "rules.yaml:3:1: key 'a' is repeated: it is in line 1 already" },
        { "x: {a: 1, b: 1, \"a\": 2}", "rules.yaml:1:17: key 'a' is repeated" },
        { "'a\tb': 1\n\"a\\tb\": 2", "key 'a\\x09b' is repeated" },
    };

    (void)state;
    for (size_t i = 0; i < MLN_LEN(cases); i++)
        refuse(mln_str_of(cases[i].yaml), MLN_EINVAL, cases[i].want);
    refuse(MLN_STR("a: \0b"), MLN_EINVAL, "rules.yaml: the file holds a NUL byte");
    refuse(MLN_STR("a: \xff"), MLN_EINVAL, "rules.yaml: the file is not UTF-8");
}

static void a_quoted_double_arrow_is_an_ordinary_key(void **state)
{
    struct mln_arena arena = MLN_ARENA_INIT(ARENA_MAX);
    struct mln_yaml_file file = parse(&arena, "'<<': 1");

    (void)state;
    EQ_STR(mln_yaml_get(file.documents[0], "<<")->text, "1");
    mln_arena_free(&arena);
}

static void limits_depth_nodes_and_bytes(void **state)
{
    struct mln_arena arena = MLN_ARENA_INIT(ARENA_MAX);
    struct mln_buf text = MLN_BUF_INIT(ARENA_MAX);

    (void)state;
    for (size_t i = 0; i < MLN_YAML_DEPTH_MAX; i++)
        mln_buf_add_char(&text, '[');
    for (size_t i = 0; i < MLN_YAML_DEPTH_MAX; i++)
        mln_buf_add_char(&text, ']');
    (void)parse(&arena, text.ptr);

    for (size_t levels = MLN_YAML_DEPTH_MAX + 1; levels < 100000; levels *= 8) {
        mln_buf_reset(&text);
        for (size_t i = 0; i < levels; i++)
            mln_buf_add_char(&text, '[');
        refuse(mln_buf_str(&text), MLN_ETOOBIG, "nested too deeply");
    }

    mln_buf_reset(&text);
    for (size_t i = 0; i < MLN_YAML_NODES_MAX; i++)
        mln_buf_add_cstr(&text, "- a\n");
    refuse(mln_buf_str(&text), MLN_ETOOBIG, "too many values");

    mln_buf_reset(&text);
    while (text.len <= MLN_YAML_BYTES_MAX)
        mln_buf_add_cstr(&text, "# comment\n");
    refuse(mln_buf_str(&text), MLN_ETOOBIG, "rules.yaml: over the limit of 4194304 bytes");
    mln_buf_free(&text);
    mln_arena_free(&arena);
}

static void bounds_what_the_library_would_choke_on(void **state)
{
    static const struct {
        const char *head, *unit;
        size_t times;
        const char *want; /* NULL: accepted. */
    } cases[] = {
        { "a: |\n x", "\n", 100, NULL },
        { "a: |\n x", "\n", 101, "rules.yaml:103:1: too many blank lines in a row" },
        { "a: |\n x", "\r\n", 101, "too many blank lines in a row" },
        { "a: |\n x", " ", 4096, NULL },
        { "a: |\n x", " ", 4097, "rules.yaml:2:1: too many blanks in a row" },
        { "", "[", 400001, "too many values in one file" },
        { "{", "?,", 200001, "too many values in one file" },
        { "", "%a\n", 400001, "too many values in one file" },
    };

    (void)state;
    for (size_t i = 0; i < MLN_LEN(cases); i++) {
        struct mln_arena arena = MLN_ARENA_INIT(ARENA_MAX);
        struct mln_buf text = MLN_BUF_INIT(ARENA_MAX);

        mln_buf_add_cstr(&text, cases[i].head);
        for (size_t at = 0; at < cases[i].times; at++)
            mln_buf_add_cstr(&text, cases[i].unit);
        if (cases[i].want != NULL)
            refuse(mln_buf_str(&text), MLN_ETOOBIG, cases[i].want);
        else
            (void)parse(&arena, text.ptr);
        mln_buf_free(&text);
        mln_arena_free(&arena);
    }
}

static void reports_an_arena_without_room(void **state)
{
    struct mln_arena arena = MLN_ARENA_INIT(64);
    struct mln_yaml_file file;
    struct mln_err err;

    (void)state;
    FAILS(mln_yaml_parse(MLN_STR("a: [1, 2]"), "rules.yaml", &arena, &file, &err), MLN_ENOMEM, &err,
            "rules.yaml: out of memory");
    mln_arena_free(&arena);
}

static void a_missing_file_is_reported_by_its_path(void **state)
{
    struct mln_arena arena = MLN_ARENA_INIT(ARENA_MAX);
    struct mln_yaml_file file;
    struct mln_err err;

    (void)state;
    FAILS(mln_yaml_read("/nonexistent/rules.yaml", &arena, &file, &err), MLN_ENOTFOUND, &err,
            "/nonexistent/rules.yaml");
    mln_arena_free(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_maps_lists_and_scalars_with_their_places),
        cmocka_unit_test(tells_the_kinds_of_scalars_apart),
        cmocka_unit_test(reads_several_documents),
        cmocka_unit_test(nothing_points_back_into_the_text),
        cmocka_unit_test(refuses_with_file_line_and_column),
        cmocka_unit_test(a_quoted_double_arrow_is_an_ordinary_key),
        cmocka_unit_test(limits_depth_nodes_and_bytes),
        cmocka_unit_test(bounds_what_the_library_would_choke_on),
        cmocka_unit_test(reports_an_arena_without_room),
        cmocka_unit_test(a_missing_file_is_reported_by_its_path),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
