/* Random bytes and request ids. */
#include "base/random.h"
#include "test.h"

static void fill_from(void *ctx, void *out, size_t len)
{
    memset(out, *(const unsigned char *)ctx, len);
}

static void a_uuid_has_its_version_and_variant(void **state)
{
    static const struct {
        unsigned char byte;
        const char *text;
    } rows[] = { { 0x00, "00000000-0000-4000-8000-000000000000" },
        { 0xff, "FFFFFFFF-FFFF-4FFF-BFFF-FFFFFFFFFFFF" },
        { 0xab, "ABABABAB-ABAB-4BAB-ABAB-ABABABABABAB" } };

    (void)state;
    for (size_t i = 0; i < MLN_LEN(rows); i++) {
        unsigned char byte = rows[i].byte;
        struct mln_random random = { .fill = fill_from, .ctx = &byte };
        char text[MLN_UUID_TEXT_MAX];

        memset(text, 'x', sizeof(text));
        mln_uuid_v4(&random, text);
        assert_string_equal(text, rows[i].text);
    }
}

static void the_system_does_not_repeat_itself(void **state)
{
    char one[MLN_UUID_TEXT_MAX], two[MLN_UUID_TEXT_MAX];
    unsigned char bytes[64] = { 0 }, none[64] = { 0 };

    (void)state;
    mln_uuid_v4(mln_random_system(), one);
    mln_uuid_v4(mln_random_system(), two);
    assert_string_not_equal(one, two);
    mln_random_fill(mln_random_system(), bytes, 0);
    assert_memory_equal(bytes, none, sizeof(none));
    mln_random_fill(mln_random_system(), bytes, sizeof(bytes));
    assert_memory_not_equal(bytes, none, sizeof(none));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_uuid_has_its_version_and_variant),
        cmocka_unit_test(the_system_does_not_repeat_itself),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
