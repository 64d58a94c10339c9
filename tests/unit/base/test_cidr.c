/* Networks and addresses. */
#include "base/cidr.h"
#include "test.h"

static void reads_networks(void **state)
{
    static const struct {
        const char *text;
        unsigned prefix;
    } rows[] = { { "10.0.0.0/8", 104 }, { "0.0.0.0/0", 96 }, { "192.0.2.7", 128 },
        { "192.0.2.7/32", 128 }, { "128.0.0.0/1", 97 }, { "::/0", 0 }, { "::1", 128 },
        { "2001:db8::/32", 32 }, { "fe80::/10", 10 }, { "::ffff:10.0.0.0/104", 104 },
        { "10.1.2.0/23", 119 } };

    (void)state;
    for (size_t i = 0; i < MLN_LEN(rows); i++) {
        struct mln_cidr net = { .prefix = 0xaa };

        if (mln_cidr_parse(mln_str_of(rows[i].text), &net) != MLN_OK)
            fail_msg("%s was refused", rows[i].text);
        assert_int_equal(net.prefix, rows[i].prefix);
    }
}

static void refuses_what_is_not_a_network(void **state)
{
    static const char *const rows[] = { "", "/", "/8", "10.0.0.0/", "10.0.0.0/33", "10.0.0.0/-1",
        "10.0.0.0/+8", "10.0.0.0/08", "10.0.0.0/8/8", "10.0.0.0/8 ", " 10.0.0.0/8", "10.0.0.1/8",
        "10.0.0/8", "010.0.0.0/8", "256.0.0.0", "1.2.3.4.5", "0x7f.0.0.1", "2130706433", "::/129",
        "2001:db8::1/32", "fe80::1%eth0", "1::2::3", ":::", "12345::", "10.0.0.0/1000",
        "10.0.0.0/99999999999999999999", "localhost",
        "1111:2222:3333:4444:5555:6666:7777:8888:9999:aaaa:bbbb" };

    (void)state;
    for (size_t i = 0; i < MLN_LEN(rows); i++) {
        struct mln_cidr net = { .prefix = 0xaa };

        if (mln_cidr_parse(mln_str_of(rows[i]), &net) != MLN_EINVAL)
            fail_msg("'%s' was accepted", rows[i]);
        assert_int_equal(net.prefix, 0xaa);
    }
    assert_int_equal(mln_cidr_parse(MLN_STR("10.0.0.0\0/8"), &(struct mln_cidr){ 0 }), MLN_EINVAL);
    assert_int_equal(mln_cidr_parse((struct mln_str){ 0 }, &(struct mln_cidr){ 0 }), MLN_EINVAL);
}

static void tells_who_is_inside(void **state)
{
    static const struct {
        const char *net, *address;
        bool inside;
    } rows[] = { { "10.0.0.0/8", "10.255.255.255", true }, { "10.0.0.0/8", "11.0.0.0", false },
        { "10.0.0.0/8", "::ffff:10.1.2.3", true }, { "0.0.0.0/0", "255.255.255.255", true },
        { "0.0.0.0/0", "::1", false }, { "192.0.2.7", "192.0.2.7", true },
        { "192.0.2.7", "192.0.2.6", false }, { "10.1.2.0/23", "10.1.3.255", true },
        { "10.1.2.0/23", "10.1.4.0", false }, { "::/0", "2001:db8::1", true },
        { "2001:db8::/33", "2001:db8:7fff::1", true },
        { "2001:db8::/33", "2001:db8:8000::", false }, { "10.0.0.0/8", "ten", false },
        { "10.0.0.0/8", "", false }, { "10.0.0.0/8", "10.0.0.0/8", false } };

    (void)state;
    for (size_t i = 0; i < MLN_LEN(rows); i++) {
        struct mln_cidr net;

        assert_int_equal(mln_cidr_parse(mln_str_of(rows[i].net), &net), MLN_OK);
        if (mln_cidr_contains(&net, mln_str_of(rows[i].address)) != rows[i].inside)
            fail_msg("%s in %s", rows[i].address, rows[i].net);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_networks),
        cmocka_unit_test(refuses_what_is_not_a_network),
        cmocka_unit_test(tells_who_is_inside),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
