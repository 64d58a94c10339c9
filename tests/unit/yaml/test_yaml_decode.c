#include "test.h"
#include "yaml/yaml.h"

#define ARENA_MAX ((size_t)1024 * 1024)

struct row {
    struct mln_str name;
    int64_t port, timeout_ms;
    bool enabled;
    struct mln_yaml_strs tags;
    const struct mln_yaml_node *extra;
};

static const struct mln_yaml_field fields[] = {
    { "name", MLN_YAML_STR, offsetof(struct row, name), MLN_YAML_REQUIRED, 0, 0 },
    { "port", MLN_YAML_I64, offsetof(struct row, port), 0, 1, 65535 },
    { "timeout", MLN_YAML_DURATION, offsetof(struct row, timeout_ms), 0, 1000, 3600000 },
    { "enabled", MLN_YAML_BOOL, offsetof(struct row, enabled), 0, 0, 0 },
    { "tags", MLN_YAML_STR_LIST, offsetof(struct row, tags), 0, 0, 0 },
    { "extra", MLN_YAML_NODE, offsetof(struct row, extra), 0, 0, 0 },
};

static int decode(struct mln_arena *arena, const char *text, struct row *out, struct mln_err *err)
{
    struct mln_yaml_file file;

    OK(mln_yaml_parse(mln_str_of(text), "a.yaml", arena, &file, err), err);
    return mln_yaml_decode(&file, file.documents[0], fields, MLN_LEN(fields), out, arena, err);
}

static void fills_every_type(void **state)
{
    struct mln_arena arena = MLN_ARENA_INIT(ARENA_MAX);
    struct row row = { 0 };
    struct mln_err err;

    (void)state;
    OK(decode(&arena,
               "name: 42\nport: 65535\ntimeout: 5m\nenabled: true\ntags: [a, 'b', 3]\nextra: {x: 1}\n",
               &row, &err),
            &err);
    EQ_STR(row.name, "42");
    assert_int_equal(row.port, 65535);
    assert_int_equal(row.timeout_ms, 300000);
    assert_true(row.enabled);
    assert_int_equal(row.tags.count, 3);
    EQ_STR(row.tags.items[1], "b");
    EQ_STR(row.tags.items[2], "3");
    EQ_STR(mln_yaml_get(row.extra, "x")->text, "1");
    mln_arena_free(&arena);
}

static void absent_members_keep_their_defaults(void **state)
{
    struct mln_arena arena = MLN_ARENA_INIT(ARENA_MAX);
    struct row row = { .port = 8080, .timeout_ms = 7, .enabled = true };
    struct mln_err err;

    (void)state;
    OK(decode(&arena, "name: x\ntags: one", &row, &err), &err);
    assert_int_equal(row.port, 8080);
    assert_int_equal(row.timeout_ms, 7);
    assert_true(row.enabled);
    assert_int_equal(row.tags.count, 1);
    EQ_STR(row.tags.items[0], "one");
    assert_null(row.extra);
    mln_arena_free(&arena);
}

static void durations_have_one_unit(void **state)
{
    static const struct {
        const char *text;
        int64_t ms;
    } cases[] = {
        { "1s", 1000 },
        { "3600s", 3600000 },
        { "60m", 3600000 },
        { "'1h'", 3600000 },
    };

    (void)state;
    for (size_t i = 0; i < MLN_LEN(cases); i++) {
        struct mln_arena arena = MLN_ARENA_INIT(ARENA_MAX);
        struct mln_buf text = MLN_BUF_INIT(200);
        struct row row = { 0 };
        struct mln_err err;

        mln_buf_addf(&text, "name: x\ntimeout: %s", cases[i].text);
        OK(decode(&arena, text.ptr, &row, &err), &err);
        assert_int_equal(row.timeout_ms, cases[i].ms);
        mln_buf_free(&text);
        mln_arena_free(&arena);
    }
}

static void refuses_with_the_key_and_its_place(void **state)
{
    static const struct {
        const char *text, *want;
    } cases[] = {
        { "port: 1", "a.yaml:1:1: 'name' is missing" },
        { "name: x\nprot: 1", "a.yaml:2:1: unknown key 'prot'" },
        { "name: x\n\"\\e[1m\": 1", "a.yaml:2:1: unknown key '\\x1B[1m'" },
        { "name: [x]", "a.yaml:1:7: 'name' must be a text" },
        { "name:", "'name' must be a text" },
        { "name: x\nport: http", "a.yaml:2:7: 'port' must be a whole number" },
        { "name: x\nport: '1'", "'port' must be a whole number" },
        { "name: x\nport: 1.0", "'port' must be a whole number" },
        { "name: x\nport: ~", "'port' must be a whole number" },
        { "name: x\nport: 0", "a.yaml:2:7: 'port' must be between 1 and 65535" },
        { "name: x\nport: 65536", "'port' must be between 1 and 65535" },
        { "name: x\nport: 99999999999999999999", "'port' must be a whole number" },
        { "name: x\ntimeout: 10", "'timeout' must be a duration like 10s" },
        { "name: x\ntimeout: s", "'timeout' must be a duration" },
        { "name: x\ntimeout: -5s", "'timeout' must be a duration" },
        { "name: x\ntimeout: 5 m", "'timeout' must be a duration" },
        { "name: x\ntimeout: 5w", "'timeout' must be a duration" },
        { "name: x\ntimeout: 9223372036854775807d", "'timeout' must be a duration" },
        { "name: x\ntimeout: 2h", "'timeout' must be between 1000 and 3600000 milliseconds" },
        { "name: x\nenabled: yes", "a.yaml:2:10: 'enabled' must be true or false" },
        { "name: x\nenabled: 'true'", "'enabled' must be true or false" },
        { "name: x\nenabled: [true]", "'enabled' must be true or false" },
        { "name: x\ntags: {a: b}", "a.yaml:2:7: 'tags' must be a list of texts" },
        { "name: x\ntags: [a, [b]]", "a.yaml:2:11: 'tags' must be a list of texts" },
        { "name: x\ntags:", "'tags' must be a list of texts" },
        { "- name", "a.yaml:1:1: a map of keys is expected" },
        { "---\n", "a map of keys is expected" },
    };

    (void)state;
    for (size_t i = 0; i < MLN_LEN(cases); i++) {
        struct mln_arena arena = MLN_ARENA_INIT(ARENA_MAX);
        struct row row = { .name = MLN_STR("poison"), .port = 77, .timeout_ms = 78 };
        struct mln_err err = { 0 };

        FAILS(decode(&arena, cases[i].text, &row, &err), MLN_EINVAL, &err, cases[i].want);
        EQ_STR(row.name, "poison");
        assert_int_equal(row.port, 77);
        assert_int_equal(row.timeout_ms, 78);
        assert_null(row.tags.items);
        mln_arena_free(&arena);
    }
}

static void a_long_key_is_shortened_between_characters(void **state)
{
    struct mln_arena arena = MLN_ARENA_INIT(ARENA_MAX);
    struct mln_buf text = MLN_BUF_INIT(ARENA_MAX);
    struct row row = { 0 };
    struct mln_err err = { 0 };

    (void)state;
    mln_buf_add_cstr(&text, "name: x\nab");
    for (size_t i = 0; i < 100; i++)
        mln_buf_add_cstr(&text, "\xe4\xb8\xad");
    mln_buf_add_cstr(&text, ": 1");
    FAILS(decode(&arena, text.ptr, &row, &err), MLN_EINVAL, &err, "\xb8\xad...'");
    assert_true(strlen(err.msg) < 100);
    mln_buf_free(&text);
    mln_arena_free(&arena);
}

static void a_caller_reports_its_own_mistakes_in_the_same_form(void **state)
{
    struct mln_yaml_file file = { .name = "b.yaml" };
    struct mln_yaml_node node = { .line = 3, .column = 9 };
    struct mln_err err = { 0 };

    (void)state;
    FAILS(mln_yaml_fail(&err, &file, &node, "no such table '%s'", "x"), MLN_EINVAL, &err,
            "b.yaml:3:9: no such table 'x'");
    FAILS(mln_yaml_fail(&err, &file, NULL, "empty"), MLN_EINVAL, &err, "b.yaml: empty");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(fills_every_type),
        cmocka_unit_test(absent_members_keep_their_defaults),
        cmocka_unit_test(durations_have_one_unit),
        cmocka_unit_test(refuses_with_the_key_and_its_place),
        cmocka_unit_test(a_long_key_is_shortened_between_characters),
        cmocka_unit_test(a_caller_reports_its_own_mistakes_in_the_same_form),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
