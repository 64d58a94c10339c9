/* Resource policies: any bytes, through both questions. */
#include "check/policy.h"

#define ANSWER_MAX ((size_t)8 * 1024 * 1024)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool holds)
{
    if (!holds)
        abort();
}

/* An answer is a JSON list of at most so many statements. */
static void check_answer(int rc, const struct mln_buf *buf)
{
    struct mln_json *doc = NULL;
    struct mln_err err = { 0 };

    if (rc != MLN_OK)
        return;
    require(mln_json_parse(mln_buf_str(buf), &doc, &err) == MLN_OK);
    require(mln_json_type(mln_json_root(doc)) == MLN_JSON_ARRAY);
    require(mln_json_count(mln_json_root(doc)) <= POLICY_STATEMENTS_SHOWN);
    mln_json_free(doc);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    MLN_AUTO(mln_buf_free) struct mln_buf everyone = MLN_BUF_INIT(ANSWER_MAX);
    MLN_AUTO(mln_buf_free) struct mln_buf foreign = MLN_BUF_INIT(ANSWER_MAX);
    struct policy_limits limits = { .v4 = 8, .v6 = 32 };
    struct mln_json *doc = NULL;
    struct mln_err err = { 0 };
    int rc = 0;

    if (mln_json_parse((struct mln_str){ .ptr = (const char *)data, .len = size }, &doc, &err) !=
            MLN_OK)
        return 0;
    rc = policy_public(mln_json_root(doc), &limits, &everyone, &err);
    check_answer(rc, &everyone);
    rc = policy_foreign(mln_json_root(doc), mln_str_of("1000"), &foreign, &err);
    check_answer(rc, &foreign);
    mln_json_free(doc);
    return 0;
}
