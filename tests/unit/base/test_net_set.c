/* Sets of addresses, against a bitmap of a small space. */
#include "base/net_set.h"
#include "test.h"

#define SPACE  256U
#define ROUNDS 2000

static uint32_t state_of_chance = 12345;

static uint32_t chance(uint32_t below)
{
    state_of_chance = state_of_chance * 1664525U + 1013904223U;
    return (state_of_chance >> 8) % below;
}

static void add_text(struct mln_net_set *set, const char *text)
{
    struct mln_net net = { 0 };

    if (mln_net_parse(mln_str_of(text), &net) != MLN_OK)
        fail_msg("%s was refused", text);
    mln_net_set_add(set, net.family, net.range);
}

static void prints(struct mln_net_set *set, const char *want)
{
    MLN_AUTO(mln_buf_free) struct mln_buf buf = MLN_BUF_INIT(1 << 20);

    mln_net_set_print(set, &buf);
    EQ_STR(mln_buf_str(&buf), want);
}

static void reads_networks_with_host_bits(void **state)
{
    static const struct {
        const char *text, *printed;
    } rows[] = { { "10.23.12.24/24", "10.23.12.0/24" }, { "192.0.2.7", "192.0.2.7/32" },
        { "10.1.2.3/0", "0.0.0.0/0" }, { "2001:DB8::1/32", "2001:db8::/32" }, { "::1", "::1/128" },
        { "::ffff:10.0.0.1", "10.0.0.1/32" }, { "::ffff:0.0.0.0/96", "0.0.0.0/0" },
        { "::ffff:0:0/95", "::fffe:0:0/95" }, { "255.255.255.255/32", "255.255.255.255/32" } };

    (void)state;
    for (size_t i = 0; i < MLN_LEN(rows); i++) {
        MLN_AUTO(mln_net_set_free) struct mln_net_set set = MLN_NET_SET_INIT(10);

        add_text(&set, rows[i].text);
        prints(&set, rows[i].printed);
    }
}

static void refuses_what_is_no_network(void **state)
{
    static const char *const rows[] = { "", "/", "/8", "10.0.0.0/", "10.0.0.0/33", "10.0.0.0/-1",
        "10.0.0.0/08", "10.0.0.0/8/8", "10.0.0.0/255.0.0.0", "10.0.0", "%", "*", "office", "::/129",
        "fe80::1%eth0", "10.0.0.1-10.0.0.9", " 10.0.0.1" };

    (void)state;
    for (size_t i = 0; i < MLN_LEN(rows); i++) {
        struct mln_net net = { .prefix = 77 };

        if (mln_net_parse(mln_str_of(rows[i]), &net) != MLN_EINVAL || net.prefix != 77)
            fail_msg("'%s' was accepted", rows[i]);
    }
    assert_int_equal(mln_net_parse((struct mln_str){ 0 }, &(struct mln_net){ 0 }), MLN_EINVAL);
}

static void merges_splits_and_prints(void **state)
{
    MLN_AUTO(mln_net_set_free) struct mln_net_set set = MLN_NET_SET_INIT(100);
    MLN_AUTO(mln_net_set_free) struct mln_net_set what = MLN_NET_SET_INIT(100);

    (void)state;
    add_text(&set, "128.0.0.0/1");
    add_text(&set, "8000::/1");
    add_text(&set, "0.0.0.0/1");
    add_text(&set, "::/1");
    prints(&set, "0.0.0.0/0,::/0");
    assert_true(mln_net_set_covers(&set, MLN_NET_V6, mln_net_all(MLN_NET_V6)));
    assert_int_equal(mln_net_set_count(&set), INT64_MAX);
    add_text(&what, "0.0.0.1");
    add_text(&what, "255.255.255.255");
    add_text(&what, "::/0");
    mln_net_set_subtract(&set, &what);
    assert_int_equal(mln_net_set_count(&set), ((int64_t)1 << 32) - 2);
    assert_false(mln_net_set_covers(&set, MLN_NET_V4, mln_net_all(MLN_NET_V4)));
    mln_net_set_subtract(&set, &set);
    assert_true(mln_net_set_is_empty(&set));
    prints(&set, "");
}

static void a_failure_sticks(void **state)
{
    MLN_AUTO(mln_net_set_free) struct mln_net_set set = MLN_NET_SET_INIT(2);
    MLN_AUTO(mln_net_set_free) struct mln_net_set whole = MLN_NET_SET_INIT(2);
    struct mln_err err = { 0 };

    (void)state;
    add_text(&set, "10.0.0.1");
    add_text(&set, "10.0.0.3");
    OK(mln_net_set_done(&set, &err), &err);
    add_text(&set, "10.0.0.5");
    FAILS(mln_net_set_done(&set, &err), MLN_ETOOBIG, &err, "more than 2 address ranges");
    assert_false(
            mln_net_set_covers(&set, MLN_NET_V4, (struct mln_net_range){ 0x0a000001, 0x0a000001 }));
    add_text(&whole, "0.0.0.0/0");
    mln_net_set_subtract(&whole, &set);
    FAILS(mln_net_set_done(&whole, &err), MLN_ETOOBIG, &err, "more than 2");
}

/* A random set and its bitmap; the space ends at the last address to meet the edge. */
static void fill(struct mln_net_set *set, bool bitmap[SPACE], enum mln_net_family family)
{
    mln_address base = mln_net_all(family).last - (SPACE - 1);

    for (uint32_t i = chance(12); i > 0; i--) {
        uint32_t first = chance(SPACE), last = first + chance(SPACE - first);

        if (chance(3) == 0)
            last = first;
        mln_net_set_add(set, family, (struct mln_net_range){ base + first, base + last });
        for (uint32_t at = first; at <= last; at++)
            bitmap[at] = true;
    }
}

static void compare(struct mln_net_set *set, const bool bitmap[SPACE], enum mln_net_family family)
{
    mln_address base = mln_net_all(family).last - (SPACE - 1);
    int64_t count = 0;

    for (uint32_t at = 0; at < SPACE; at++) {
        count += bitmap[at] ? 1 : 0;
        if (mln_net_set_covers(set, family, (struct mln_net_range){ base + at, base + at }) !=
                bitmap[at])
            fail_msg("address %u of family %d", at, (int)family);
    }
    assert_int_equal(mln_net_set_count(set), count);
}

/* What was printed, read again in a random order, is the same set in as few networks. */
static void print_and_read(
        struct mln_net_set *set, const bool bitmap[SPACE], enum mln_net_family family)
{
    MLN_AUTO(mln_net_set_free) struct mln_net_set again = MLN_NET_SET_INIT(SPACE);
    MLN_AUTO(mln_buf_free) struct mln_buf first = MLN_BUF_INIT(1 << 20);
    MLN_AUTO(mln_buf_free) struct mln_buf second = MLN_BUF_INIT(1 << 20);
    struct mln_str rest = { 0 }, part = { 0 };
    struct mln_net nets[SPACE];
    size_t count = 0;

    mln_net_set_print(set, &first);
    rest = mln_buf_str(&first);
    while (rest.len > 0 && mln_str_next(&rest, ',', &part))
        assert_int_equal(mln_net_parse(part, &nets[count++]), MLN_OK);
    while (count > 0) {
        uint32_t pick = chance((uint32_t)count);

        mln_net_set_add(&again, nets[pick].family, nets[pick].range);
        nets[pick] = nets[--count];
    }
    compare(&again, bitmap, family);
    mln_net_set_print(&again, &second);
    assert_true(mln_str_eq(mln_buf_str(&first), mln_buf_str(&second)));
}

static void agrees_with_a_bitmap(void **state)
{
    (void)state;
    for (int round = 0; round < ROUNDS; round++) {
        enum mln_net_family family = round % 2 == 0 ? MLN_NET_V4 : MLN_NET_V6;
        MLN_AUTO(mln_net_set_free) struct mln_net_set left = MLN_NET_SET_INIT(SPACE);
        MLN_AUTO(mln_net_set_free) struct mln_net_set right = MLN_NET_SET_INIT(SPACE);
        bool in_left[SPACE] = { false }, in_right[SPACE] = { false };

        fill(&left, in_left, family);
        fill(&right, in_right, family);
        compare(&left, in_left, family);
        if (round % 3 == 0) {
            mln_net_set_add_set(&left, &right);
            for (size_t at = 0; at < SPACE; at++)
                in_left[at] |= in_right[at];
        } else {
            mln_net_set_subtract(&left, &right);
            for (size_t at = 0; at < SPACE; at++)
                in_left[at] &= !in_right[at];
        }
        compare(&left, in_left, family);
        print_and_read(&left, in_left, family);
    }
}

static void takes_a_hundred_thousand_ranges(void **state)
{
    MLN_AUTO(mln_net_set_free) struct mln_net_set set = MLN_NET_SET_INIT(100000);
    MLN_AUTO(mln_net_set_free) struct mln_net_set odd = MLN_NET_SET_INIT(100000);
    struct mln_err err = { 0 };

    (void)state;
    for (mln_address i = 100000; i > 0; i--) {
        mln_net_set_add(&set, MLN_NET_V4, (struct mln_net_range){ i * 4, i * 4 + 1 });
        mln_net_set_add(&odd, MLN_NET_V4, (struct mln_net_range){ i * 4 + 1, i * 4 + 3 });
    }
    mln_net_set_subtract(&set, &odd);
    OK(mln_net_set_done(&set, &err), &err);
    assert_int_equal(mln_net_set_count(&set), 100000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_networks_with_host_bits),
        cmocka_unit_test(refuses_what_is_no_network),
        cmocka_unit_test(merges_splits_and_prints),
        cmocka_unit_test(a_failure_sticks),
        cmocka_unit_test(agrees_with_a_bitmap),
        cmocka_unit_test(takes_a_hundred_thousand_ranges),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
