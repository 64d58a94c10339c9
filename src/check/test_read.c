/* The tests of a check as they stand in its file, and whether they cover what they must. */
#include "check/priv.h"

struct test_row {
    struct mln_str name, now;
    const struct mln_yaml_node *rows, *unread, *params, *expect;
};

static const struct mln_yaml_field fields[] = {
    /* sorted rows */
    { "expect", MLN_YAML_NODE, offsetof(struct test_row, expect), MLN_YAML_REQUIRED, 0, 0 },
    { "name", MLN_YAML_STR, offsetof(struct test_row, name), MLN_YAML_REQUIRED, 0, 0 },
    { "now", MLN_YAML_STR, offsetof(struct test_row, now), 0, 0, 0 },
    { "params", MLN_YAML_NODE, offsetof(struct test_row, params), 0, 0, 0 },
    { "rows", MLN_YAML_NODE, offsetof(struct test_row, rows), 0, 0, 0 },
    { "unread", MLN_YAML_NODE, offsetof(struct test_row, unread), 0, 0, 0 },
};

static int check_kind(const struct mln_check_reader *reader, const struct mln_yaml_file *file,
        const struct mln_yaml_node *node, enum mln_yaml_kind kind, const char *what)
{
    return node == NULL || node->kind == kind ? MLN_OK
                                              : mln_yaml_fail(reader->err, file, node, "%s", what);
}

int mln_check_expected(const struct mln_check_reader *reader, const struct mln_yaml_file *file,
        const struct mln_yaml_node *node, enum mln_verdict *out)
{
    const struct mln_yaml_node *word = node->kind == MLN_YAML_MAP ? mln_yaml_get(node, "verdict")
                                                                  : node;

    for (const struct mln_yaml_node *at = node->kind == MLN_YAML_MAP ? node->first : NULL;
            at != NULL; at = at->next) {
        bool is_map = mln_str_is(at->key->text, "evidence") && at->kind == MLN_YAML_MAP;
        bool is_text = mln_str_is(at->key->text, "verdict") || mln_str_is(at->key->text, "reason");

        if (!is_map && !(is_text && at->kind != MLN_YAML_MAP && at->kind != MLN_YAML_LIST))
            return mln_yaml_fail(reader->err, file, at->key,
                    "an expectation is a verdict, or { verdict, reason, evidence: { ... } }");
    }
    if (word == NULL || word->kind != MLN_YAML_SCALAR ||
            mln_verdict_parse(word->text, out) != MLN_OK)
        return mln_yaml_fail(reader->err, file, node,
                "an expected verdict is pass, fail, not_applicable or unknown");
    return MLN_OK;
}

/* Bits of the verdicts that the test expects somewhere. */
static int expected_verdicts(const struct mln_check_reader *reader,
        const struct mln_yaml_file *file, const struct mln_yaml_node *expect, unsigned *seen)
{
    for (const struct mln_yaml_node *at = expect->first; at != NULL; at = at->next) {
        enum mln_verdict verdict = MLN_UNKNOWN;
        int rc = mln_check_expected(reader, file, at, &verdict);

        if (rc != MLN_OK)
            return rc;
        *seen |= 1U << verdict;
    }
    return MLN_OK;
}

static int read_test(const struct mln_check_reader *reader, const struct mln_check_entry *entry,
        const struct mln_yaml_node *node, struct mln_check_test *test, unsigned *seen)
{
    struct test_row row = { .name = { 0 } };
    int64_t now_ms;
    int rc = mln_yaml_decode(
            entry->file, node, fields, MLN_LEN(fields), &row, reader->arena, reader->err);

    if (rc == MLN_OK)
        rc = check_kind(reader, entry->file, row.rows, MLN_YAML_MAP,
                "'rows' is a map of tables to lists of rows");
    if (rc == MLN_OK)
        rc = check_kind(
                reader, entry->file, row.unread, MLN_YAML_LIST, "'unread' is a list of calls");
    if (rc == MLN_OK)
        rc = check_kind(reader, entry->file, row.params, MLN_YAML_MAP,
                "'params' is a map of parameters to values");
    if (rc == MLN_OK)
        rc = check_kind(reader, entry->file, row.expect, MLN_YAML_MAP,
                "'expect' is a map of ids to verdicts");
    if (rc == MLN_OK && row.now.len > 0 && mln_time_parse(row.now, &now_ms) != MLN_OK)
        rc = mln_yaml_fail(reader->err, entry->file, mln_yaml_get(node, "now"),
                "'now' is a time like 2026-11-22T00:00:00Z");
    if (rc == MLN_OK)
        rc = expected_verdicts(reader, entry->file, row.expect, seen);
    if (rc != MLN_OK)
        return rc;
    *test = (struct mln_check_test){ row.name, row.now, node, row.rows, row.unread, row.params,
        row.expect };
    return MLN_OK;
}

static int check_cover(const struct mln_check_reader *reader, const struct mln_check_entry *entry,
        const struct mln_yaml_node *list, unsigned seen)
{
    static const char word[] = "not_applicable";
    struct mln_str query = entry->check.query_text;
    bool wants_third = memmem(query.ptr, query.len, word, sizeof(word) - 1) != NULL;
    bool has_unread = false;

    for (size_t i = 0; i < entry->check.test_count; i++)
        has_unread = has_unread ||
                     (entry->tests[i].unread != NULL && entry->tests[i].unread->count > 0);
    for (int verdict = MLN_PASS; verdict <= MLN_NOT_APPLICABLE; verdict++) {
        if ((verdict != MLN_NOT_APPLICABLE || wants_third) && (seen >> verdict & 1) == 0)
            return mln_yaml_fail(reader->err, entry->file, list, "no test expects %s",
                    mln_verdict_name((enum mln_verdict)verdict));
    }
    if (entry->check.stands != 0 && (!has_unread || (seen >> MLN_UNKNOWN & 1) == 0))
        return mln_yaml_fail(reader->err, entry->file, list,
                "a check with 'stands' needs a test with 'unread' that expects unknown");
    return MLN_OK;
}

int mln_check_tests_read(const struct mln_check_reader *reader, const struct mln_yaml_node *list,
        struct mln_check_entry *entry)
{
    struct mln_check_test *tests;
    unsigned seen = 0;
    int rc = MLN_OK;

    if (list->kind != MLN_YAML_LIST || list->count > MLN_CHECK_TESTS_MAX)
        return mln_yaml_fail(reader->err, entry->file, list,
                "'tests' is a list of at most %zu tests", MLN_CHECK_TESTS_MAX);
    tests = mln_arena_alloc(reader->arena, (list->count + 1) * sizeof(*tests));
    if (tests == NULL)
        return mln_check_no_memory(reader->err);
    entry->tests = tests;
    for (const struct mln_yaml_node *at = list->first; rc == MLN_OK && at != NULL; at = at->next)
        rc = read_test(reader, entry, at, &tests[entry->check.test_count++], &seen);
    return rc == MLN_OK ? check_cover(reader, entry, list, seen) : rc;
}
