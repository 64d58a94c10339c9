/* Runs the tests that checks carry: each on a small snapshot in memory, rolled back after it. */
#include <stdarg.h>
#include <stdio.h>

#include "check/priv.h"

#define MESSAGE_BYTES_MAX ((size_t)4096)
#define NOW_DEFAULT       "2026-11-22T00:00:00Z"
#define SHOWN_MAX         100

struct tester {
    const struct mln_checks *checks;
    struct mln_snapshot *snapshot;
    mln_check_test_fn *fn;
    void *ctx;
    struct mln_err *err;
};

struct trial {
    const struct mln_checks *checks;
    const struct mln_check_entry *entry;
    const struct mln_check_test *test;
    unsigned char *seen;    /* By expectation. */
    struct mln_buf message; /* The first difference; empty: none. */
};

static void differs(struct trial *trial, const struct mln_yaml_node *node, const char *fmt, ...)
        MLN_PRINTF(3, 4);

static void differs(struct trial *trial, const struct mln_yaml_node *node, const char *fmt, ...)
{
    char text[600];
    va_list args;

    if (trial->message.len > 0)
        return;
    va_start(args, fmt);
    (void)vsnprintf(text, sizeof(text), fmt, args);
    va_end(args);
    mln_buf_addf(&trial->message, "%s:%u: %s", trial->entry->file->name, node->line, text);
}

static int shown(struct mln_str text)
{
    return (int)(text.len < SHOWN_MAX ? text.len : SHOWN_MAX);
}

/* ---- a finding against its expectation ---- */
static bool same_json(const struct mln_yaml_node *node, struct mln_json_value value)
{
    MLN_AUTO(mln_buf_free) struct mln_buf want = MLN_BUF_INIT(MLN_CHECK_TEXT_MAX * 2);
    MLN_AUTO(mln_buf_free) struct mln_buf got = MLN_BUF_INIT(MLN_CHECK_TEXT_MAX * 2);
    MLN_AUTO(mln_buf_free) struct mln_buf again = MLN_BUF_INIT(MLN_CHECK_TEXT_MAX * 2);
    struct mln_json *json = NULL;
    struct mln_err ignored;
    bool same = false;

    mln_check_json(node, &want);
    mln_json_print(value, &got);
    if (mln_json_parse(mln_buf_str(&want), &json, &ignored) != MLN_OK)
        return false;
    mln_json_print(mln_json_root(json), &again); /* Numbers as the other side prints them. */
    same = got.code == MLN_OK && again.code == MLN_OK &&
           mln_str_eq(mln_buf_str(&got), mln_buf_str(&again));
    mln_json_free(json);
    return same;
}

/* The members that the test names must be there; others may be. */
static void compare_evidence(struct trial *trial, const struct mln_yaml_node *expected,
        const struct mln_finding *finding)
{
    struct mln_json *json = NULL;
    struct mln_err ignored;

    if (finding->evidence.len == 0 ||
            mln_json_parse(finding->evidence, &json, &ignored) != MLN_OK) {
        differs(trial, expected, "%.*s: there is no evidence", shown(finding->id), finding->id.ptr);
        return;
    }
    for (const struct mln_yaml_node *at = expected->first; at != NULL; at = at->next) {
        struct mln_json_value value = { NULL, 0 };

        if (!mln_json_get(mln_json_root(json), at->key->text.ptr, &value) || !same_json(at, value))
            differs(trial, at, "%.*s: the evidence differs in '%.*s': %.*s", shown(finding->id),
                    finding->id.ptr, shown(at->key->text), at->key->text.ptr,
                    (int)(finding->evidence.len < 300 ? finding->evidence.len : 300),
                    finding->evidence.ptr);
    }
    mln_json_free(json);
}

static void compare(struct trial *trial, const struct mln_yaml_node *expected,
        const struct mln_finding *finding)
{
    const struct mln_yaml_node *reason = mln_yaml_get(expected, "reason");
    const struct mln_yaml_node *evidence = mln_yaml_get(expected, "evidence");
    struct mln_err ignored;
    struct mln_check_reader reader = { NULL, &ignored };
    enum mln_verdict verdict = MLN_UNKNOWN;

    (void)!mln_check_expected(&reader, trial->entry->file, expected, &verdict);
    if (finding->verdict != verdict)
        differs(trial, expected, "%.*s: expected %s, got %s%s%.*s%s", shown(finding->id),
                finding->id.ptr, mln_verdict_name(verdict), mln_verdict_name(finding->verdict),
                finding->reason.len > 0 ? " (" : "", shown(finding->reason), finding->reason.ptr,
                finding->reason.len > 0 ? ")" : "");
    if (reason != NULL && !mln_str_eq(finding->reason, reason->text))
        differs(trial, reason, "%.*s: expected the reason '%.*s', got '%.*s'", shown(finding->id),
                finding->id.ptr, shown(reason->text), reason->text.ptr, shown(finding->reason),
                finding->reason.ptr);
    if (evidence != NULL)
        compare_evidence(trial, evidence, finding);
}

static int on_finding(void *ctx, const struct mln_finding *finding, struct mln_err *err)
{
    struct trial *trial = ctx;
    size_t index = 0;

    (void)err;
    for (const struct mln_yaml_node *at = trial->test->expect->first; at != NULL;
            at = at->next, index++) {
        if (!mln_str_eq(at->key->text, finding->id))
            continue;
        trial->seen[index] = 1;
        compare(trial, at, finding);
        return MLN_OK;
    }
    differs(trial, trial->test->expect, "%.*s: got %s%s%.*s, and the test does not name it",
            shown(finding->id), finding->id.ptr, mln_verdict_name(finding->verdict),
            finding->reason.len > 0 ? ": " : "", shown(finding->reason), finding->reason.ptr);
    return MLN_OK;
}

static void find_unseen(struct trial *trial)
{
    size_t index = 0;

    for (const struct mln_yaml_node *at = trial->test->expect->first; at != NULL;
            at = at->next, index++) {
        if (trial->seen[index] == 0)
            differs(trial, at->key, "%.*s: expected, but the scope has no such row",
                    shown(at->key->text), at->key->text.ptr);
    }
}

/* ---- one test ---- */
/* Parameters of the test in place of the check's. `params` has room for all of them. */
static int override(const struct trial *trial, const struct mln_check_reader *reader,
        struct mln_check_param *params)
{
    const struct mln_check *check = &trial->entry->check;
    const struct mln_yaml_node *map = trial->test->params;
    int rc = MLN_OK;

    if (check->param_count > 0)
        memcpy(params, check->params, check->param_count * sizeof(*params));
    for (const struct mln_yaml_node *at = map != NULL ? map->first : NULL;
            rc == MLN_OK && at != NULL; at = at->next) {
        struct mln_check_value value = { .kind = MLN_PARAM_TEXT };
        size_t i = 0;

        while (i < check->param_count && !mln_str_is(at->key->text, params[i].name))
            i++;
        if (i == check->param_count)
            return mln_yaml_fail(
                    reader->err, trial->entry->file, at->key, "the check has no such parameter");
        rc = mln_check_value(reader, trial->entry->file, at, &value);
        if (rc == MLN_OK && !mln_param_kind_fits(value.kind, params[i].kind))
            rc = mln_yaml_fail(reader->err, trial->entry->file, at, "'%s' is %s", params[i].name,
                    mln_param_kind_name(params[i].kind));
        params[i].kind = value.kind;
        params[i].value = value.text;
    }
    return rc;
}

static int evaluate(struct trial *trial, struct mln_snapshot *snapshot, struct mln_arena *arena,
        struct mln_err *err)
{
    struct mln_check_param params[MLN_CHECK_PARAMS_MAX];
    struct mln_check check = trial->entry->check;
    struct mln_check_reader reader = { arena, err };
    struct mln_evaluator_options options = { .now_ms = 0 };
    struct mln_evaluation evaluation = { .unread_count = 0 };
    struct mln_evaluator *evaluator = NULL;
    int rc = override(trial, &reader, params);

    check.params = params;
    if (rc == MLN_OK)
        rc = mln_time_parse(trial->test->now.len > 0 ? trial->test->now : MLN_STR(NOW_DEFAULT),
                &options.now_ms);
    if (rc == MLN_OK)
        rc = mln_evaluator_new(snapshot, &options, &evaluator, err);
    if (rc != MLN_OK)
        return rc;
    mln_evaluator_be_strict(evaluator);
    rc = mln_evaluate(evaluator, &check, on_finding, trial, &evaluation, err);
    mln_evaluator_free(evaluator);
    if (rc == MLN_OK)
        mln_evaluation_free(&evaluation);
    return rc;
}

/* What the author got wrong belongs to the test; the rest ends the run. */
static bool is_authors(int code)
{
    return code == MLN_EINVAL || code == MLN_ETOOBIG;
}

static int try_test(struct tester *tester, struct trial *trial)
{
    struct mln_arena arena = MLN_ARENA_INIT(MESSAGE_BYTES_MAX * 256);
    struct mln_err found = { .code = MLN_OK };
    int rc = mln_snapshot_begin(tester->snapshot, tester->err);

    if (rc != MLN_OK)
        return rc;
    rc = mln_check_fill(tester->snapshot, tester->checks, trial->entry, trial->test, &found);
    if (rc != MLN_OK && is_authors(rc))
        mln_buf_add_cstr(&trial->message, found.msg);
    if (rc == MLN_OK) {
        rc = evaluate(trial, tester->snapshot, &arena, &found);
        if (rc != MLN_OK && is_authors(rc))
            differs(trial, trial->test->node, "%s", found.msg);
    }
    mln_snapshot_rollback(tester->snapshot);
    mln_arena_free(&arena);
    if (rc == MLN_OK)
        find_unseen(trial);
    else if (!is_authors(rc))
        *tester->err = found;
    return is_authors(rc) ? MLN_OK : rc;
}

static int run_test(struct tester *tester, const struct mln_check_entry *entry,
        const struct mln_check_test *test)
{
    struct trial trial = { tester->checks, entry, test, calloc(test->expect->count + 1, 1),
        MLN_BUF_INIT(MESSAGE_BYTES_MAX) };
    struct mln_check_test_result result = { .check = &entry->check, .name = test->name };
    int rc = trial.seen == NULL ? mln_check_no_memory(tester->err) : try_test(tester, &trial);

    result.passed = trial.message.len == 0 && trial.message.code == MLN_OK;
    result.message = trial.message.code == MLN_OK ? mln_buf_str(&trial.message)
                                                  : MLN_STR("the message is too long");
    if (rc == MLN_OK)
        rc = tester->fn(tester->ctx, &result, tester->err);
    mln_buf_free(&trial.message);
    free(trial.seen);
    return rc;
}

int mln_check_tests(const struct mln_checks *checks, const struct mln_check *only,
        mln_check_test_fn *fn, void *ctx, struct mln_err *err)
{
    struct tester tester = { checks, NULL, fn, ctx, err };
    int rc = mln_snapshot_create(NULL, checks->schema, &tester.snapshot, err);

    for (size_t i = 0; rc == MLN_OK && i < checks->count; i++) {
        const struct mln_check_entry *entry = checks->entries[i];

        for (size_t j = 0; rc == MLN_OK && j < entry->check.test_count; j++)
            if (only == NULL || only == &entry->check)
                rc = run_test(&tester, entry, &entry->tests[j]);
    }
    mln_snapshot_free(tester.snapshot);
    return rc;
}
