/* Resource policies. */
#include "check/fn.h"
#include "check/policy.h"

/* The document; false when the answer is NULL or an error. */
static bool read_policy(sqlite3_context *out, sqlite3_value *value, struct mln_json **doc)
{
    struct mln_str text = { 0 };
    struct mln_err err = { 0 };

    return !mln_fn_is_longer(value, MLN_CHECK_POLICY_MAX) &&
           mln_fn_text(out, value, MLN_CHECK_POLICY_MAX, &text) &&
           mln_json_parse(text, doc, &err) == MLN_OK;
}

static void answer(
        sqlite3_context *out, int rc, const struct mln_buf *buf, const struct mln_err *err)
{
    if (rc == MLN_OK)
        mln_fn_answer(out, mln_buf_str(buf));
    else if (rc != MLN_ENOTFOUND && rc != MLN_ETOOBIG)
        mln_fn_error(out, "%s", err->msg);
}

static void public_statements(sqlite3_context *out, int count, sqlite3_value **values)
{
    MLN_AUTO(mln_buf_free) struct mln_buf buf = MLN_BUF_INIT(MLN_CHECK_LIST_MAX);
    struct mln_json *doc = NULL;
    struct policy_limits limits = { 0 };
    struct mln_err err = { 0 };
    int64_t v4 = 0, v6 = 0;

    (void)count;
    if (mln_fn_is_null(values[0]) || !mln_fn_integer(out, values[1], 0, 32, &v4) ||
            !mln_fn_integer(out, values[2], 0, 128, &v6) || !read_policy(out, values[0], &doc))
        return;
    limits = (struct policy_limits){ .v4 = (unsigned)v4, .v6 = (unsigned)v6 };
    answer(out, policy_public(mln_json_root(doc), &limits, &buf, &err), &buf, &err);
    mln_json_free(doc);
}

static void foreign_statements(sqlite3_context *out, int count, sqlite3_value **values)
{
    MLN_AUTO(mln_buf_free) struct mln_buf buf = MLN_BUF_INIT(MLN_CHECK_LIST_MAX);
    struct mln_json *doc = NULL;
    struct mln_err err = { 0 };
    struct mln_str own = { 0 };

    if (mln_fn_any_null(count, values) ||
            !mln_fn_text(out, values[1], MLN_CHECK_PATTERN_MAX, &own) ||
            !read_policy(out, values[0], &doc))
        return;
    answer(out, policy_foreign(mln_json_root(doc), mln_str_trim(own), &buf, &err), &buf, &err);
    mln_json_free(doc);
}

struct mln_fn_table mln_fn_policies(void)
{
    static const struct mln_fn_row rows[] = {
        { "policy_foreign", 2, foreign_statements, NULL, NULL },
        { "policy_public", 3, public_statements, NULL, NULL },
    };

    return (struct mln_fn_table){ .rows = rows, .count = MLN_LEN(rows) };
}
