#include "risk/batch.h"
#include "test.h"

/* clang-format off */
static const struct { const char *statement, *want; } masks[] = {
    { "SELECT 1", "SELECT 1" },
    { "SELECT 'a' FROM t", "SELECT 'a' FROM t" },
    { "CREATE USER 'x'@'%' IDENTIFIED BY 'hunter2'", "CREATE USER 'x'@'%' IDENTIFIED BY '***'" },
    { "create user x identified by \"hunter2\"", "create user x identified by '***'" },
    { "SET PASSWORD FOR 'x' = PASSWORD('hunter2')", "SET PASSWORD FOR '***' = PASSWORD('***')" },
    { "ALTER USER x IDENTIFIED BY 'it\\'s' , y", "ALTER USER x IDENTIFIED BY '***' , y" },
    { "IDENTIFIED BY 'unterminated", "IDENTIFIED BY '***'" },
    { "IDENTIFIED BY 'ends with \\", "IDENTIFIED BY '***'" },
    { "select * from u where password='p' and name='n'", "select * from u where password='***' and name='***'" },
};
/* clang-format on */

static void masks_the_literals_after_a_secret_word(void **state)
{
    (void)state;
    for (size_t i = 0; i < MLN_LEN(masks); i++) {
        MLN_AUTO(mln_buf_free) struct mln_buf out = MLN_BUF_INIT(4096);

        mln_sample_mask(mln_str_of(masks[i].statement), &out);
        EQ_STR(mln_buf_str(&out), masks[i].want);
    }
}

static void hides_an_access_key_in_a_statement(void **state)
{
    MLN_AUTO(mln_buf_free) struct mln_buf out = MLN_BUF_INIT(4096);

    (void)state;
    mln_sample_mask(MLN_STR("insert into c values ('LTAI5tCANARYCANARYCANARY')"), &out);
    assert_null(strstr(out.ptr, "CANARY"));
}

static void cuts_a_long_statement_and_keeps_its_bytes(void **state)
{
    MLN_AUTO(mln_buf_free) struct mln_buf in = MLN_BUF_INIT((size_t)1024 * 1024);
    MLN_AUTO(mln_buf_free) struct mln_buf out = MLN_BUF_INIT((size_t)1024 * 1024);

    (void)state;
    mln_buf_add(&in, (struct mln_str){ "a\0\xff\x1b", 4 });
    while (in.len < 100000)
        mln_buf_add_char(&in, 'x');
    mln_sample_mask(mln_buf_str(&in), &out);
    assert_int_equal(out.len, MLN_SAMPLE_BYTES_MAX);
    assert_memory_equal(out.ptr, in.ptr, out.len);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(masks_the_literals_after_a_secret_word),
        cmocka_unit_test(hides_an_access_key_in_a_statement),
        cmocka_unit_test(cuts_a_long_statement_and_keeps_its_bytes),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
