/* Any bytes as a view file, and after a line of "%%%" as a query that may name it: read, prepared
 * and put in front, or refused with a sentence. */
#include "check/check.h"

#define INPUT_MAX ((size_t)64 * 1024)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const struct mln_column bucket_columns[] = { { "size", MLN_COLUMN_INT } };
static const struct mln_table tables[] = { { "oss_bucket", bucket_columns, 1, false, true } };
static const struct mln_row_map rows = { .table = 0 };
static const struct mln_schema_call calls[] = { { "oss:ListBuckets", MLN_SCOPE_ACCOUNT,
        "oss:ListBuckets", NULL, &rows, NULL, 0 } };
static const struct mln_schema schema = { tables, 1, calls, 1,
    "0123456789012345678901234567890123456789012345678901234567890123" };

/* What was composed ends as the query does, unless its WITH came first. */
static void compose(const struct mln_check_file *view, struct mln_str query)
{
    MLN_AUTO(mln_buf_free) struct mln_buf out = MLN_BUF_INIT(4 * INPUT_MAX);
    struct mln_err err = { 0 };
    int rc = mln_views_compose(view, 1, query, &out, &err);

    if (rc != MLN_OK && err.msg[0] == '\0')
        abort();
    if (rc == MLN_OK && query.len > 0 &&
            (out.len == 0 || out.ptr[out.len - 1] != query.ptr[query.len - 1]))
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct mln_str text = { (const char *)data, size }, query = { "", 0 };
    const char *cut = size > 0 ? memmem(data, size, "%%%\n", 4) : NULL;
    struct mln_check_file view = { "fuzz.yaml", { 0 }, false };
    struct mln_checks_source source = { .schema = &schema, .views = &view, .view_count = 1 };
    struct mln_checks *checks = NULL;
    struct mln_err err = { 0 };

    if (size > INPUT_MAX)
        return 0;
    if (cut != NULL) {
        query = (struct mln_str){ cut + 4, size - (size_t)(cut + 4 - text.ptr) };
        text.len = (size_t)(cut - text.ptr);
    }
    view.text = text;
    compose(&view, query);
    if (mln_checks_load(&source, &checks, &err) != MLN_OK) {
        if (err.msg[0] == '\0' || checks != NULL)
            abort();
        return 0;
    }
    mln_checks_free(checks);
    return 0;
}
