/* Any bytes as a statement: the skeleton stays within its bound and is its own skeleton. */
#include "detect/sql_skeleton.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_literals(const struct mln_sql_skeleton *skeleton, size_t size)
{
    size_t total = 0;

    for (size_t i = 0; i < skeleton->literal_count; i++) {
        for (size_t j = 0; j < skeleton->literals[i].len; j++)
            total += (size_t)(skeleton->literals[i].ptr[j] == '\0') + 1;
    }
    if (total > 2 * size || skeleton->literal_count > skeleton->literal_total)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct mln_sql_scratch first, second;
    struct mln_sql_skeleton skeleton, again;
    struct mln_str sql = { .ptr = (const char *)data, .len = size };
    struct mln_err err;

    mln_sql_scratch_init(&first);
    mln_sql_scratch_init(&second);
    if (mln_sql_skeleton(MLN_SQL_MYSQL, sql, &first, &skeleton, &err) != MLN_OK ||
            mln_sql_skeleton(MLN_SQL_MYSQL, skeleton.text, &second, &again, &err) != MLN_OK)
        abort();
    if (skeleton.text.len > MLN_SQL_TEXT_MAX(size))
        abort();
    check_literals(&skeleton, size);
    /* A cut skeleton may end within a token. */
    if ((again.flags & MLN_SQL_CUT) == 0 && !mln_str_eq(skeleton.text, again.text))
        abort();
    mln_sql_scratch_fini(&first);
    mln_sql_scratch_fini(&second);
    return 0;
}
