/* Any bytes as a check file, and after a line of "%%%" as a parameters.yaml: loaded and its tests
 * run, or refused with a sentence. */
#include "check/check.h"

#define INPUT_MAX ((size_t)64 * 1024)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const struct mln_column bucket_columns[] = { { "storage_class", MLN_COLUMN_TEXT },
    { "size", MLN_COLUMN_INT }, { "tags", MLN_COLUMN_JSON }, { "share", MLN_COLUMN_REAL },
    { "logged", MLN_COLUMN_BOOL } };
static const struct mln_table tables[] = {
    { "account", NULL, 0, false, true },
    { "oss_bucket", bucket_columns, 5, false, true },
    { "oss_bucket_info", bucket_columns, 5, true, true },
};
static const size_t needs_buckets[] = { 1 };
static const struct mln_row_map maps[] = { { .table = 0 }, { .table = 1 }, { .table = 2 } };
static const struct mln_schema_call calls[] = {
    { "sts:GetCallerIdentity", MLN_SCOPE_ACCOUNT, "none", NULL, &maps[0], NULL, 0 },
    { "oss:ListBuckets", MLN_SCOPE_ACCOUNT, "oss:ListBuckets", NULL, &maps[1], NULL, 0 },
    { "oss:GetBucketInfo", MLN_SCOPE_ROW, "oss:GetBucketInfo", "oss_bucket", &maps[2],
            needs_buckets, 1 },
};
static const struct mln_schema schema = { tables, 3, calls, 3,
    "0123456789012345678901234567890123456789012345678901234567890123" };

static int note(void *ctx, const struct mln_check_test_result *result, struct mln_err *err)
{
    (void)ctx;
    (void)err;
    if (!result->passed && result->message.len == 0)
        abort();
    return MLN_OK;
}

/* A query may run for minutes before it is stopped: not here. */
static bool may_loop(struct mln_str text)
{
    static const char word[] = "recursive";

    for (size_t at = 0; at + sizeof(word) - 1 <= text.len; at++) {
        if (mln_str_eq_nocase((struct mln_str){ text.ptr + at, sizeof(word) - 1 },
                    (struct mln_str){ word, sizeof(word) - 1 }))
            return true;
    }
    return false;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct mln_str text = { (const char *)data, size }, second = { 0 };
    const char *cut = size > 0 ? memmem(data, size, "%%%\n", 4) : NULL;
    struct mln_check_file file = { "fuzz.yaml", { 0 }, false },
                          values = { "parameters.yaml", { 0 }, false };
    struct mln_checks_source source = { &file, 1, &values, 0, &schema };
    struct mln_checks *checks = NULL;
    struct mln_err err = { 0 };

    if (size > INPUT_MAX || may_loop(text))
        return 0;
    if (cut != NULL) {
        second = (struct mln_str){ cut + 4, size - (size_t)(cut + 4 - text.ptr) };
        text.len = (size_t)(cut - text.ptr);
        source.parameter_count = 1;
    }
    file.text = text;
    values.text = second;
    if (mln_checks_load(&source, &checks, &err) != MLN_OK) {
        if (err.msg[0] == '\0' || checks != NULL)
            abort();
        return 0;
    }
    if (mln_check_tests(checks, NULL, note, NULL, &err) != MLN_OK && err.msg[0] == '\0')
        abort();
    mln_checks_free(checks);
    return 0;
}
